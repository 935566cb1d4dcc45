package pull

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/indhold"
	"github.com/moxkit/mox/internal/problem"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/store"
)

// kaldFrist is how long a call may take, beside the time it is asked to wait.
const kaldFrist = time.Minute

// maksSvar is how many bytes of JSON an answer may have: as much as the most work at once.
const maksSvar = maksHent * (oio.MaksBeskedBytes + 1<<20)

// KlientOptions are what a Klient may be given; the zero value is well.
type KlientOptions struct {
	HTTP  *http.Client // nil = one of its own
	CAFil string       // PEM file with the only authorities whose certificates are trusted; "" = the system's. Not with HTTP
}

// Klient is a [Tjeneste] on another machine. Its errors are those of Tjeneste, with code, text, next step and fields, and
// [mox.KodeUtilgaengelig] when MOX cannot be reached; when the caller's own context has ended, that context's error.
// It never tries again by itself, and follows no redirect. It is safe for concurrent use.
type Klient struct {
	rod    string // without the last slash
	noegle string
	http   *http.Client
}

// NewKlient makes a client of the MOX at adresse ("https://mox.kommune.dk:8443"). An address in clear text is for this
// machine only: the key must not cross a network so.
func NewKlient(adresse, noegle string, o KlientOptions) (*Klient, error) {
	u, err := url.Parse(adresse)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, mox.E("klient", mox.KodeUgyldig, "serverens adresse er ikke https://vært:port").Med("giv den med --server")
	case u.Scheme == "http" && !denneMaskine(u.Hostname()):
		return nil, mox.E("klient", mox.KodeUgyldig, "nøglen ville rejse ukrypteret til %s", u.Host).Med("brug https")
	case noegle == "":
		return nil, mox.E("klient", mox.KodeIkkeLoggetInd, "der er ingen nøgle").Med("sæt MOX_NOEGLE, eller angiv serverens mappe med --dir")
	}
	k := &Klient{rod: strings.TrimSuffix(u.String(), "/"), noegle: noegle, http: &http.Client{}}
	if o.HTTP != nil {
		*k.http = *o.HTTP
	} else if k.http.Transport, err = transport(o.CAFil); err != nil {
		return nil, err
	}
	k.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return k, nil
}

func denneMaskine(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func transport(caFil string) (*http.Transport, error) {
	t := &http.Transport{Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: 90 * time.Second, MaxIdleConnsPerHost: 16, ForceAttemptHTTP2: true,
		ResponseHeaderTimeout: maksVent + kaldFrist, ExpectContinueTimeout: time.Second}
	if caFil == "" {
		return t, nil
	}
	pem, err := os.ReadFile(caFil)
	if err != nil {
		return nil, &mox.Error{Kode: mox.KodeUgyldig, Op: "klient", Tekst: "CA-filen " + caFil + " kan ikke læses", Raad: "angiv en fil med certifikater i PEM", Err: err}
	}
	t.TLSClientConfig = &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
	if !t.TLSClientConfig.RootCAs.AppendCertsFromPEM(pem) {
		return nil, mox.E("klient", mox.KodeUgyldig, "CA-filen %s har ingen certifikater", caFil).Med("angiv en fil med certifikater i PEM")
	}
	return t, nil
}

// Luk ends the connections that are not in use.
func (k *Klient) Luk() { k.http.CloseIdleConnections() }

// Kilde is [Tjeneste.Kilde].
func (k *Klient) Kilde(ctx context.Context, agent, kilde string) (store.Kilde, error) {
	var ud kildesvar
	err := k.Kald(ctx, http.MethodGet, "/api/v1/kilder/"+url.PathEscape(agent)+"/"+url.PathEscape(kilde), nil, &ud)
	return ud.kilde(), err
}

// Indlever is [Tjeneste.Indlever]. A call holds 8 MiB: [mox.KodeForStor] asks for fewer records at a time.
func (k *Klient) Indlever(ctx context.Context, i distributor.Indlevering) (ud distributor.Indleveret, err error) {
	err = k.Kald(ctx, http.MethodPost, "/api/v1/indlevering", i, &ud)
	return ud, err
}

// Hent is [Tjeneste.Hent]. At most 25 are given, and it waits at most half a minute; the owner in what is returned is ejer
// with the key's name before it.
//
// When ctx ends while MOX finds work, MOX keeps the work for another.
func (k *Klient) Hent(ctx context.Context, abonnement mox.AbonnementID, ejer string, n int, leje, vent time.Duration) ([]distributor.Arbejde, error) {
	vent = min(max(vent, 0), maksVent)
	var svar hentsvar
	err := k.kald(ctx, http.MethodPost, "/api/v1/abonnementer/"+url.PathEscape(string(abonnement))+"/hent",
		hentkald{Ejer: ejer, N: n, Leje: somSekunder(leje), Vent: somSekunder(vent)}, &svar, kaldFrist+vent)
	if err != nil {
		return nil, err
	}
	var ud []distributor.Arbejde
	for _, s := range svar.Arbejde {
		w, err := s.arbejde()
		if err != nil {
			return nil, err
		}
		ud = append(ud, w)
	}
	return ud, nil
}

// Feed is [Tjeneste.Feed]; it waits at most half a minute.
func (k *Klient) Feed(ctx context.Context, abonnement mox.AbonnementID, efter int64, n int, vent time.Duration) (distributor.Feed, error) {
	vent = min(max(vent, 0), maksVent)
	var svar feedsvar
	err := k.kald(ctx, http.MethodGet, "/api/v1/abonnementer/"+url.PathEscape(string(abonnement))+"/feed?"+url.Values{
		"efter": {strconv.FormatInt(efter, 10)}, "antal": {strconv.Itoa(min(max(n, 1), distributor.MaksFeed))},
		"vent_sekunder": {strconv.FormatFloat(vent.Seconds(), 'f', -1, 64)}}.Encode(), nil, &svar, kaldFrist+vent)
	if err != nil {
		return distributor.Feed{}, err
	}
	return svar.feed()
}

// Sammendrag is [Tjeneste.Sammendrag].
func (k *Klient) Sammendrag(ctx context.Context, abonnement mox.AbonnementID, fra, til int64, dele int) (distributor.Sammendrag, error) {
	q := url.Values{"fra": {strconv.FormatInt(fra, 10)}, "dele": {strconv.Itoa(min(max(dele, 1), distributor.MaksDele))}}
	if til != 0 {
		q.Set("til", strconv.FormatInt(til, 10))
	}
	var svar sammendragsvar
	err := k.Kald(ctx, http.MethodGet, "/api/v1/abonnementer/"+url.PathEscape(string(abonnement))+"/feed/sammendrag?"+q.Encode(), nil, &svar)
	return svar.sammendrag(), err
}

// Forny is [Tjeneste.Forny].
func (k *Klient) Forny(ctx context.Context, ejer string, leverancer []int64, leje time.Duration) (int, error) {
	var svar fornysvar
	err := k.Kald(ctx, http.MethodPost, "/api/v1/lejemaal/forny", fornykald{ejer, leverancer, somSekunder(leje)}, &svar)
	return svar.Fornyet, err
}

// Done is [Tjeneste.Done].
func (k *Klient) Done(ctx context.Context, f distributor.Afslutning) (ud distributor.Afsluttet, err error) {
	err = k.Kald(ctx, http.MethodPost, "/api/v1/leverancer/"+strconv.FormatInt(f.Leverance, 10)+"/afslut", fraAfslutning(f), &ud)
	return ud, err
}

// Send is [Tjeneste.Send]. afsender "" is whoever the key is for; only an operator's key may give another.
func (k *Klient) Send(ctx context.Context, afsender string, b mox.Besked) (ud Modtaget, err error) {
	krop, err := oio.MarshalBesked(&b)
	if err != nil {
		return Modtaget{}, err
	}
	err = k.Kald(ctx, http.MethodPost, sendesti(afsender), json.RawMessage(krop), &ud)
	return ud, err
}

func sendesti(afsender string) string {
	if afsender == "" {
		return "/api/v1/beskeder"
	}
	return "/api/v1/beskeder?" + url.Values{"afsender": {afsender}}.Encode()
}

// Sendt is what became of one of several beskeder: Fejl is nil where MOX has it.
type Sendt struct {
	Modtaget Modtaget
	Fejl     error
}

// SendAlle sends up to [oio.MaksBatch] beskeder in one call of at most 8 MiB; over that the error has [mox.KodeForStor]. MOX
// takes them one by one in their order: what became of each stands in the answer, in the same order. An error of the call
// itself may leave some of them received; all may be sent again.
func (k *Klient) SendAlle(ctx context.Context, afsender string, beskeder []mox.Besked) ([]Sendt, error) {
	liste := make([]json.RawMessage, len(beskeder))
	for i := range beskeder {
		krop, err := oio.MarshalBesked(&beskeder[i])
		if err != nil {
			return nil, err
		}
		liste[i] = krop
	}
	var svar batchsvar
	if err := k.Kald(ctx, http.MethodPost, sendesti(afsender), liste, &svar); err != nil {
		return nil, err
	}
	if len(svar.Svar) != len(beskeder) {
		return nil, utilgaengelig("svaret er ikke på de beskeder, der blev sendt", nil)
	}
	ud := make([]Sendt, len(svar.Svar))
	for i, s := range svar.Svar {
		ud[i] = s.sendt()
	}
	return ud, nil
}

// Beskeder is [Tjeneste.Beskeder], as far as the key's holder may see them.
func (k *Klient) Beskeder(ctx context.Context, id mox.BeskedID) ([]Kendt, error) {
	var svar beskedsvar
	if err := k.Kald(ctx, http.MethodGet, "/api/v1/beskeder/"+url.PathEscape(string(id)), nil, &svar); err != nil {
		return nil, err
	}
	var ud []Kendt
	for _, s := range svar.Beskeder {
		b, err := s.kendt()
		if err != nil {
			return nil, err
		}
		ud = append(ud, b)
	}
	return ud, nil
}

// GemIndhold is [Tjeneste.GemIndhold]. It also sees to it that what was stored is what was read.
func (k *Klient) GemIndhold(ctx context.Context, r io.Reader) (sha string, err error) {
	sum := sha256.New()
	resp, err := k.send(ctx, http.MethodPost, "/indhold", egetIndhold{io.TeeReader(r, sum)}, "application/octet-stream",
		http.Header{"Expect": {"100-continue"}}) // a refusal comes before the bytes
	if err != nil {
		return "", err
	}
	defer luk(resp.Body)
	var svar indholdsvar
	if err := laesSvar(resp, &svar); err != nil {
		return "", err
	}
	sha, ok := indhold.Sha(svar.URN)
	if !ok || sha != hex.EncodeToString(sum.Sum(nil)) {
		return "", utilgaengelig("det gemte indhold er ikke det, der blev sendt", nil)
	}
	return sha, nil
}

// egetIndhold is bytes of the caller's. It hides a Close, which is the caller's to call, and tells a fault in reading them
// from one in reaching MOX.
type egetIndhold struct{ r io.Reader }

type laesefejl struct{ error }

func (e egetIndhold) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	if err != nil && err != io.EOF {
		err = laesefejl{err}
	}
	return n, err
}

// HentIndhold is [Tjeneste.HentIndhold]. The last Read gives an error instead of [io.EOF] when the bytes are not those of the
// SHA-256, so do not use them before.
func (k *Klient) HentIndhold(ctx context.Context, abonnement mox.AbonnementID, sha string) (io.ReadCloser, error) {
	resp, err := k.send(ctx, http.MethodGet, "/indhold/"+url.PathEscape(sha), nil, "", http.Header{abonnementHeader: {string(abonnement)}})
	if err != nil {
		return nil, err
	}
	return &kontrolleret{resp.Body, sha256.New(), sha}, nil
}

// kontrolleret reads document bytes and tells at their end whether they are the ones that were asked for.
type kontrolleret struct {
	io.ReadCloser
	sum  hash.Hash
	skal string
}

func (k *kontrolleret) Read(p []byte) (int, error) {
	n, err := k.ReadCloser.Read(p)
	k.sum.Write(p[:n]) // documented never to fail
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
	case !errors.Is(err, io.EOF):
		err = utilgaengelig("indholdet kom ikke helt", err)
	case hex.EncodeToString(k.sum.Sum(nil)) != k.skal:
		err = utilgaengelig("indholdet er ikke det, der blev bedt om", nil)
	}
	return n, err
}

// Kald makes any JSON call to the server: ind is the body (nil = none), the answer is read into ud (nil = not read). It is
// for the parts of MOX that have no method here.
func (k *Klient) Kald(ctx context.Context, metode, sti string, ind, ud any) error {
	return k.kald(ctx, metode, sti, ind, ud, kaldFrist)
}

// Stroem makes a JSON call whose answer is long, and gives the answer as it comes; the caller reads it and closes.
func (k *Klient) Stroem(ctx context.Context, metode, sti string, ind any) (io.ReadCloser, error) {
	krop, err := somJSON(ind)
	if err != nil {
		return nil, fmt.Errorf("klient: %w", err)
	}
	resp, err := k.send(ctx, metode, sti, krop, oio.TypeJSON, nil)
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// KaldMed makes a call whose body is read as it is sent, and may take as long as that takes.
func (k *Klient) KaldMed(ctx context.Context, sti, type_ string, krop io.Reader, ud any) error {
	resp, err := k.send(ctx, http.MethodPost, sti, egetIndhold{krop}, type_, http.Header{"Expect": {"100-continue"}}) // a refusal comes before the bytes
	if err != nil {
		return err
	}
	defer luk(resp.Body)
	return laesSvar(resp, ud)
}

func (k *Klient) kald(ctx context.Context, metode, sti string, ind, ud any, frist time.Duration) error {
	var krop io.Reader
	type_ := ""
	if ind != nil {
		b, err := somJSON(ind)
		if err != nil {
			return fmt.Errorf("klient: %w", err)
		}
		krop, type_ = b, oio.TypeJSON
	}
	med, slip := context.WithTimeout(ctx, frist)
	defer slip()
	resp, err := k.send(med, metode, sti, krop, type_, nil)
	if err == nil {
		defer luk(resp.Body)
		err = laesSvar(resp, ud)
	}
	switch {
	case ctx.Err() != nil && err != nil:
		return ctx.Err()
	case errors.Is(err, context.DeadlineExceeded):
		return utilgaengelig("MOX på "+k.rod+" svarede ikke i tide", err)
	}
	return err
}

// Linjer gets JSON objects on lines (application/x-ndjson) from the server. The caller closes it; a read error other than
// [io.EOF] says that the answer is not whole.
func (k *Klient) Linjer(ctx context.Context, sti string) (io.ReadCloser, error) {
	resp, err := k.send(ctx, http.MethodGet, sti, nil, "", http.Header{"Accept": {typeLinjer}})
	if err != nil {
		return nil, err
	}
	if t, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); t != typeLinjer {
		luk(resp.Body)
		return nil, utilgaengelig("svaret er ikke fra MOX", fmt.Errorf("Content-Type %q", resp.Header.Get("Content-Type")))
	}
	return stroem{resp.Body}, nil
}

const typeLinjer = "application/x-ndjson"

// stroem reads an answer of any length.
type stroem struct{ io.ReadCloser }

func (s stroem) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, context.Canceled) {
		err = utilgaengelig("svaret kom ikke helt", err)
	}
	return n, err
}

// send makes the call; the caller closes the body. An answer that is an error has been read and closed.
func (k *Klient) send(ctx context.Context, metode, sti string, krop io.Reader, type_ string, h http.Header) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, metode, k.rod+sti, krop)
	if err != nil {
		return nil, mox.E("klient", mox.KodeUgyldig, "kaldet kan ikke skrives som en adresse")
	}
	for navn, v := range h {
		req.Header[navn] = v
	}
	if type_ != "" {
		req.Header.Set("Content-Type", type_)
	}
	req.Header.Set("Authorization", "Bearer "+k.noegle)
	resp, err := k.http.Do(req)
	if err != nil {
		return nil, k.uden(ctx, err)
	}
	if resp.StatusCode >= 300 {
		defer luk(resp.Body)
		return nil, problem.Laes("klient", resp)
	}
	return resp, nil
}

// uden is the error of a call that got no answer.
func (k *Klient) uden(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var egen laesefejl
	if errors.As(err, &egen) {
		return egen.error
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // u tells the whole address
	}
	e := utilgaengelig(fmt.Sprintf("MOX på %s svarer ikke: %v", k.rod, err), err)
	if errors.As(err, new(*tls.CertificateVerificationError)) {
		return e.Med("angiv CA-filen for serverens certifikat, eller brug den adresse, certifikatet gælder")
	}
	return e
}

func utilgaengelig(tekst string, err error) *mox.Error {
	return &mox.Error{Kode: mox.KodeUtilgaengelig, Op: "klient", Tekst: tekst, Raad: "er adressen rigtig, og kører mox serve dér? Prøv så igen", Err: err}
}

func laesSvar(resp *http.Response, ud any) error {
	if ud == nil {
		return nil
	}
	if t, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); t != oio.TypeJSON {
		return utilgaengelig("svaret er ikke fra MOX", fmt.Errorf("Content-Type %q", resp.Header.Get("Content-Type")))
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, maksSvar+1))
	switch {
	case err != nil && resp.Request.Context().Err() != nil:
		return resp.Request.Context().Err()
	case err != nil:
		return utilgaengelig("svaret kom ikke helt", err)
	case len(b) > maksSvar:
		return mox.E("klient", mox.KodeForStor, "svaret er på mere end %d MB", maksSvar>>20)
	}
	if err := json.Unmarshal(b, ud); err != nil {
		return utilgaengelig("svaret kan ikke læses", err)
	}
	return nil
}

// luk reads what little is left, so that the connection can be used again.
func luk(r io.ReadCloser) {
	_, _ = io.CopyN(io.Discard, r, 64<<10) // only for the connection's sake
	_ = r.Close()
}

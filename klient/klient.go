package klient

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/problem"
	"github.com/moxkit/mox/internal/wire"
	"github.com/moxkit/mox/oio"
)

// kaldFrist is how long a call may take, beside the time it is asked to wait.
const kaldFrist = time.Minute

// How long Modtag holds a piece of work between two signs of life.
const (
	mindsteLeje  = time.Second
	standardLeje = time.Minute
)

// maksSvar is how many bytes of JSON an answer may have: as much as the most work at once.
const maksSvar = wire.MaksHent * (oio.MaksBeskedBytes + 1<<20)

// Options are what a Klient may be given; the zero value is well.
type Options struct {
	HTTP  *http.Client // with a client certificate, say; nil = one of its own
	CAFil string       // PEM file with the only authorities whose certificates are trusted; "" = the system's. Not with HTTP
	// Formaal is why the caller reads and writes in the register; it goes with each call. "" = nothing is said.
	Formaal string

	// For [Klient.Modtag]:
	Ejer string        // the name of this worker, as operators see it; "" = the machine's name and the process' number
	Leje time.Duration // how long MOX waits for a sign of life before it gives the work to another, a second to an hour; 0 = a minute
	Log  *slog.Logger  // what came of each attempt, and why nothing comes; nil = nothing is logged
}

// Klient is a client of one MOX, with the key of one system. It never tries a call again by itself, except in [Klient.Modtag],
// and follows no redirect. It is safe for concurrent use.
type Klient struct {
	rod      string // without the last slash
	noegle   string
	formaal  string
	afsender string // "" = whoever the key is for
	http     *http.Client

	ejer string
	leje time.Duration
	log  *slog.Logger
}

// New makes a client of the MOX at adresse ("https://mox.kommune.dk:8481"). An address in clear text is for this machine
// only: the key must not cross a network so. It makes no call. [mox.KodeUgyldig] or [mox.KodeIkkeLoggetInd] for what cannot be
// used.
func New(adresse, noegle string, o Options) (*Klient, error) {
	u, err := url.Parse(adresse)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, mox.E("klient", mox.KodeUgyldig, "adressen på MOX er ikke https://vært:port").Med("skriv den som https://mox.kommune.dk:8481")
	case u.Scheme == "http" && !denneMaskine(u.Hostname()):
		return nil, mox.E("klient", mox.KodeUgyldig, "nøglen ville rejse ukrypteret til %s", u.Host).Med("brug https")
	case noegle == "":
		return nil, mox.E("klient", mox.KodeIkkeLoggetInd, "der er ingen nøgle").Med("brug den nøgle, kommunens drift har lavet til systemet")
	case o.Leje != 0 && (o.Leje < mindsteLeje || o.Leje > wire.MaksLeje):
		return nil, mox.E("klient", mox.KodeUgyldig, "lejemålet er ikke fra %s til %s", mindsteLeje, wire.MaksLeje)
	}
	k := &Klient{rod: strings.TrimSuffix(u.String(), "/"), noegle: noegle, formaal: o.Formaal, http: &http.Client{},
		ejer: cmp.Or(o.Ejer, denneProces()), leje: cmp.Or(o.Leje, standardLeje), log: cmp.Or(o.Log, slog.New(slog.DiscardHandler))}
	if o.HTTP != nil {
		*k.http = *o.HTTP
	} else if k.http.Transport, err = transport(o.CAFil); err != nil {
		return nil, err
	}
	k.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return k, nil
}

// denneProces is a name that no other worker has.
func denneProces() string {
	navn, err := os.Hostname()
	if err != nil {
		navn = "ukendt"
	}
	return fmt.Sprintf("%s-%d", navn, os.Getpid())
}

func denneMaskine(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func transport(caFil string) (*http.Transport, error) {
	t := &http.Transport{Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: 90 * time.Second, MaxIdleConnsPerHost: 16, ForceAttemptHTTP2: true,
		ResponseHeaderTimeout: wire.MaksVent + kaldFrist, ExpectContinueTimeout: time.Second}
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

// Kald makes any JSON call to the server: ind is the body (nil = none), the answer is read into ud (nil = not read). It is
// for the parts of MOX that have no method here.
func (k *Klient) Kald(ctx context.Context, metode, sti string, ind, ud any) error {
	return k.kald(ctx, metode, sti, ind, ud, kaldFrist)
}

// Stroem makes a JSON call whose answer is long, and gives the answer as it comes; the caller reads it and closes.
func (k *Klient) Stroem(ctx context.Context, metode, sti string, ind any) (io.ReadCloser, error) {
	krop, err := wire.JSON(ind)
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
		b, err := wire.JSON(ind)
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
	if k.formaal != "" {
		req.Header.Set("Formaal", k.formaal)
	}
	resp, err := k.http.Do(req)
	if err != nil {
		return nil, k.uden(ctx, err)
	}
	if resp.StatusCode >= 300 {
		defer luk(resp.Body)
		e := problem.Laes("klient", resp)
		if resp.StatusCode == http.StatusRequestTimeout {
			e.Kode = mox.KodeUtilgaengelig // the call did not come through whole
		}
		return nil, e
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

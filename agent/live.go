package agent

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/mapping"
)

// Lys is how a part of a live check went.
type Lys string

// The colours.
const (
	Groen Lys = "grøn"
	Gul   Lys = "gul" // look at it
	Roed  Lys = "rød" // the agent cannot run so
)

// Livetjek is one thing that was tried against the living system.
type Livetjek struct {
	Del   string `json:"del"`  // "source sager", "sink journal"
	Hvad  string `json:"hvad"` // adgang, poster, nøgle, tegnsæt, koder, oversættelse, certifikat, ur
	Lys   Lys    `json:"lys"`
	Tekst string `json:"tekst"`
	Raad  string `json:"raad,omitempty"`
}

// When a certificate and a clock are told of.
const (
	livecertifikat = 30 * 24 * time.Hour
	liveur         = time.Minute
	livefrist      = 30 * time.Second // for each question
)

// Live tries the agent's assumptions against the living system, without effect in it: whether it can be reached and lets the
// agent in; whether the first records, at most [connector.MaxBatch] of each source, can be read and mapped, with keys that are
// theirs alone, in the character set and with the codes that the agent knows; how long its certificate holds; and its clock.
func (a *Agent) Live(ctx context.Context) (ud []Livetjek) {
	set := map[string]bool{}
	for _, k := range a.kilder {
		l := livetjek{del: "source " + k.spec.Name, set: set, ud: &ud}
		if l.adgang(ctx, k.source.Check) {
			l.poster(ctx, k)
		}
		l.nettet(ctx, a.spec, k.spec.From)
	}
	for _, s := range a.sinks {
		l := livetjek{del: "sink " + s.spec.Name, set: set, ud: &ud}
		l.adgang(ctx, s.sink.Check)
		l.nettet(ctx, a.spec, s.spec.To)
	}
	return ud
}

type livetjek struct {
	del string
	set map[string]bool // hosts whose certificate and clock have been looked at
	ud  *[]Livetjek
}

func (l livetjek) sig(hvad string, lys Lys, raad, tekst string, a ...any) {
	*l.ud = append(*l.ud, Livetjek{Del: l.del, Hvad: hvad, Lys: lys, Tekst: mox.Maskeret(fmt.Sprintf(tekst, a...)), Raad: raad})
}

func (l livetjek) adgang(ctx context.Context, tjek func(context.Context) error) bool {
	med, slip := context.WithTimeout(ctx, livefrist)
	defer slip()
	switch err := tjek(med); {
	case errors.Is(err, connector.ErrUntried):
		l.sig("adgang", Gul, "skriv under to et kald, der kun læser: «tjek: {method: GET, url: …}»", "systemet svarer; om det lukker agenten ind, er ikke prøvet")
		return true
	case err != nil:
		l.sig("adgang", Roed, "se, om adressen er rigtig, systemet kører, og brugeren har adgang", "%v", err)
		return false
	}
	l.sig("adgang", Groen, "", "systemet kan nås og lukker agenten ind")
	return true
}

// poster reads the first records as the agent would, and looks at them.
func (l livetjek) poster(ctx context.Context, k *kilde) {
	med, slip := context.WithTimeout(ctx, livefrist)
	defer slip()
	b, err := k.source.Read(med, "")
	switch {
	case err != nil:
		l.sig("poster", Roed, "se, om forespørgslen er rigtig, og om brugeren må læse", "%v", err)
		return
	case len(b.Records) == 0:
		l.sig("poster", Gul, "prøv igen, når systemet har noget at fortælle", "der er ingen poster at se på")
		return
	}
	s := &stikproeve{k: k.spec, noegler: map[string]int{}, regler: map[string]*afvigelse{}}
	for _, r := range b.Records {
		s.post(r)
	}
	l.stikproeve(s, len(b.Records))
}

// stikproeve is what was found in a sample of records.
type stikproeve struct {
	k         *SourceSpec
	ulaeste   []string
	uden      int
	noegler   map[string]int // how often each key, with its version
	tegn      []string       // fields with signs that come of a wrong character set
	regler    map[string]*afvigelse
	raekke    []string // of regler
	oversatte int
}

// afvigelse is one rule that some records break at one field.
type afvigelse struct {
	regel, felt, eksempel string
	antal                 int
}

func (s *stikproeve) post(r connector.Record) {
	switch {
	case r.Err != nil:
		s.ulaeste = append(s.ulaeste, r.Place.String()+": "+r.Err.Error())
		return
	case r.Fields[s.k.Key] == "":
		s.uden++
		return
	}
	s.noegler[r.Fields[s.k.Key]+"\x00"+r.Fields[s.k.Version]]++
	for felt, v := range r.Fields {
		if strings.Contains(v, "\uFFFD") || strings.Contains(v, "Ã¦") || strings.Contains(v, "Ã¸") || strings.Contains(v, "Ã¥") {
			s.tegn = append(s.tegn, felt)
		}
	}
	_, _, err := s.k.table.ToOIO(mapping.Record{Fields: r.Fields, Where: r.Place.String()})
	if err == nil {
		s.oversatte++
		return
	}
	var alle *mapping.Errors
	if !errors.As(err, &alle) {
		s.afvig("oversættelse", "", err.Error())
		return
	}
	for _, f := range alle.Fields {
		s.afvig(f.Regel, f.Felt, f.Error())
	}
}

func (s *stikproeve) afvig(regel, felt, eksempel string) {
	navn := regel + "\x00" + felt
	a := s.regler[navn]
	if a == nil {
		a = &afvigelse{regel: regel, felt: felt, eksempel: eksempel}
		s.regler[navn] = a
		s.raekke = append(s.raekke, navn)
	}
	a.antal++
}

// stikproeve tells what was found.
func (l livetjek) stikproeve(s *stikproeve, antal int) {
	if n := len(s.ulaeste); n > 0 {
		l.sig("poster", andel(n, antal), "ret format, tegnsæt eller fil; de andre poster går videre", "%d af %d poster kan ikke læses, den første %s", n, antal, s.ulaeste[0])
	} else {
		l.sig("poster", Groen, "", "%d poster er læst", antal)
	}
	l.noegler(s, antal)
	if len(s.tegn) > 0 {
		l.sig("tegnsæt", Roed, "sæt charset til det, systemet skriver i", "feltet %s har tegn, der er læst i et forkert tegnsæt (%d felter i alt)", s.tegn[0], len(s.tegn))
	} else {
		l.sig("tegnsæt", Groen, "", "bogstaverne ser rigtige ud")
	}
	koder := false
	for _, navn := range s.raekke {
		a := s.regler[navn]
		hvad, raad := "oversættelse", "ret "+s.k.Map+", eller posterne i systemet"
		if a.regel == mapping.RegelKode {
			hvad, raad, koder = "koder", "føj koden til tabellen i "+s.k.Map, true
		}
		l.sig(hvad, andel(a.antal, antal), raad, "%d af %d poster: %s", a.antal, antal, a.eksempel)
	}
	if !koder {
		l.sig("koder", Groen, "", "alle koder kendes")
	}
	if len(s.raekke) == 0 {
		l.sig("oversættelse", Groen, "", "%d poster kan oversættes", s.oversatte)
	}
}

func (l livetjek) noegler(s *stikproeve, antal int) {
	if s.uden > 0 {
		l.sig("nøgle", andel(s.uden, antal), "sæt key til et felt, alle poster har", "%d af %d poster har ingen værdi i %s", s.uden, antal, s.k.Key)
		return
	}
	gentagne := 0
	for _, n := range s.noegler {
		if n > 1 {
			gentagne++
		}
	}
	if gentagne > 0 {
		l.sig("nøgle", Gul, "er det ikke ændringer af den samme post, så sæt key til et felt, der er posternes eget", "%d nøgler i %s er ved flere poster med samme version", gentagne, s.k.Key)
		return
	}
	l.sig("nøgle", Groen, "", "%s er posternes egen i alle %d", s.k.Key, antal)
}

// andel is red when it holds for most.
func andel(n, af int) Lys {
	if 2*n > af {
		return Roed
	}
	return Gul
}

// nettet looks at the certificate and the clock of a system that is reached by HTTP.
func (l livetjek) nettet(ctx context.Context, spec *Spec, n node) {
	var c struct {
		URL string `yaml:"url"`
		CA  string `yaml:"ca"`
	}
	if n.Node == nil || decodeLoest(n, &c) != nil {
		return
	}
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || l.set[u.Host] {
		return
	}
	l.set[u.Host] = true
	klient, err := liveklient(spec, c.CA)
	if err != nil {
		l.sig("certifikat", Roed, "ret ca", "%v", err)
		return
	}
	defer klient.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, u.Scheme+"://"+u.Host+"/", nil)
	if err != nil {
		return
	}
	foer := time.Now()
	resp, err := klient.Do(req)
	if err != nil {
		return // adgang has told
	}
	_ = resp.Body.Close() // HEAD has none
	l.certifikat(resp.TLS)
	l.ur(resp.Header.Get("Date"), foer, time.Now())
}

func liveklient(spec *Spec, ca string) (*http.Client, error) {
	t := &http.Transport{Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: livefrist}).DialContext, ResponseHeaderTimeout: livefrist}
	if ca != "" {
		if !filepath.IsAbs(ca) {
			ca = filepath.Join(spec.dir(), ca)
		}
		pem, err := os.ReadFile(ca)
		if err != nil {
			return nil, err
		}
		rod, err := x509.SystemCertPool()
		if err != nil {
			rod = x509.NewCertPool()
		}
		rod.AppendCertsFromPEM(pem)
		t.TLSClientConfig = &tls.Config{RootCAs: rod, MinVersion: tls.VersionTLS12}
	}
	return &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, nil
}

func (l livetjek) certifikat(t *tls.ConnectionState) {
	if t == nil || len(t.PeerCertificates) == 0 {
		l.sig("certifikat", Gul, "brug https, hvor et netværk krydses", "forbindelsen er ikke krypteret")
		return
	}
	til := t.PeerCertificates[0].NotAfter
	switch rest := time.Until(til); {
	case rest < livecertifikat:
		l.sig("certifikat", Gul, "bed leverandøren forny det", "systemets certifikat udløber %s", til.Local().Format(time.DateOnly))
	default:
		l.sig("certifikat", Groen, "", "systemets certifikat gælder til %s", til.Local().Format(time.DateOnly))
	}
}

// ur holds the system's clock against ours; a Date header has whole seconds.
func (l livetjek) ur(dato string, foer, efter time.Time) {
	d, err := http.ParseTime(dato)
	if err != nil {
		return // it does not say
	}
	skaev := time.Duration(0)
	if d.Before(foer.Add(-time.Second)) {
		skaev = foer.Sub(d)
	} else if d.After(efter.Add(time.Second)) {
		skaev = d.Sub(efter)
	}
	if skaev > liveur {
		l.sig("ur", Gul, "stil urene efter den samme tidsserver", "systemets ur og vores er %s fra hinanden", skaev.Round(time.Second))
		return
	}
	l.sig("ur", Groen, "", "urene går ens")
}

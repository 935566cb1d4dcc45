package push

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/internal/fejlnet"
	"github.com/moxkit/mox/internal/webhook"
)

func arbejde() distributor.Arbejde {
	b := besked(objekt(1), 7)
	return distributor.Arbejde{Leverance: 1, Forsoeg: 3, Omgang: 1, Noegle: string(b.ID) + ".esdh.1", Besked: b}
}

// lever makes one attempt at an address.
func lever(t testing.TB, o Options, adresse string) levering {
	t.Helper()
	k := nyKlient(o.medStandard())
	t.Cleanup(k.luk)
	a := abonnement("esdh", adresse)
	return k.lever(t.Context(), &a, arbejde())
}

// udfald checks the result, and that the reason says something of hvad.
func (l levering) udfaldEr(t testing.TB, r mox.Resultat, kode, hvad string) {
	t.Helper()
	if l.udfald.Resultat != r || l.udfald.Kode != kode || !strings.Contains(l.udfald.Tekst, hvad) {
		t.Errorf("%+v, want %s %s %q", l.udfald, r, kode, hvad)
	}
}

func TestKaldetBaererHvadModtagerenSkalVide(t *testing.T) {
	conformance.Proves(t, "mox 32")
	t.Parallel()
	m := nyModtager(t)
	o := naboer(m)
	k1, err := webhook.LaesHemmelighed(webhook.NyHemmelighed())
	maa(t, err)
	o.Hemmeligheder = func(a mox.Abonnement) [][]byte { return map[mox.AbonnementID][][]byte{"esdh": {k1}}[a.ID] }
	o.nu = func() time.Time { return nuet }
	o.Oprindelse = "mox.kommune.example"
	lever(t, o, m.URL+"/ind?nr=0101901234").udfaldEr(t, mox.ResAccepteret, "204", "svar 204")
	k := m.kaldt()[0]
	w := arbejde()
	if k.header.Get("abonnementID") != "esdh" || k.header.Get("leveranceforsoeg") != "3" {
		t.Errorf("delivery headers: %v", k.header)
	}
	vil := http.Header{}
	webhook.Underskriv(vil, webhook.ID(string(k.besked.ID)+".esdh.1"), nuet, k.krop, [][]byte{k1})
	for navn := range vil {
		if k.header.Get(navn) != vil.Get(navn) {
			t.Errorf("%s: %q, want %q", navn, k.header.Get(navn), vil.Get(navn))
		}
	}
	if k.header.Get(headerOprindelse) != "mox.kommune.example" || k.header.Get("Content-Type") != "application/json" || k.header.Get("User-Agent") != "MOX" {
		t.Errorf("%v", k.header)
	}
	if k.besked.RegistreringID != w.Besked.RegistreringID || k.besked.ObjektID != w.Besked.ObjektID {
		t.Errorf("%+v", k.besked)
	}
}

func TestHverFormBedesOmSinKode(t *testing.T) {
	t.Parallel()
	m := nyModtager(t)
	var former []mox.PushForm
	o := naboer(m)
	o.kod = func(a *mox.Abonnement, w distributor.Arbejde) (Kald, error) {
		former = append(former, a.Push.Form)
		c, err := somJSON(a, w)
		c.Header = nil // a form without headers of its own
		return c, err
	}
	k := nyKlient(o.medStandard())
	t.Cleanup(k.luk)
	for _, form := range []mox.PushForm{mox.FormCloudEvent, mox.FormStruktureret, mox.FormModtagBesked} {
		a := abonnement("esdh", m.URL)
		a.Push.Form = form
		k.lever(t.Context(), &a, arbejde())
		if fik, vil := m.kaldt()[len(former)-1].header.Get(headerOprindelse), map[bool]string{true: "", false: "mox"}[form == mox.FormModtagBesked]; fik != vil {
			t.Errorf("%s: origin %q", form, fik)
		}
	}
	if !slices.Equal(former, []mox.PushForm{mox.FormCloudEvent, mox.FormStruktureret, mox.FormModtagBesked}) {
		t.Errorf("%v", former)
	}
}

func TestHvadDerIkkeKanFormesKaldesIkke(t *testing.T) {
	t.Parallel()
	m := nyModtager(t)
	o := naboer(m)
	o.kod = func(*mox.Abonnement, distributor.Arbejde) (Kald, error) {
		return Kald{}, errors.New("kan ikke skrives som XML")
	}
	l := lever(t, o, m.URL)
	l.udfaldEr(t, mox.ResFejlet, kodeForm, "kan ikke skrives som XML")
	if l.kaldt || l.udfald.Ansvar != mox.AnsvarMOX || len(m.kaldt()) != 0 {
		t.Errorf("%+v, %d calls", l, len(m.kaldt()))
	}
}

func TestEgetCertifikatOgEgenCA(t *testing.T) {
	t.Parallel()
	u := nyUdsteder(t)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		m := modtagerMed(t, func(s *httptest.Server) {
			s.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: u.pulje(), MinVersion: version, MaxVersion: version}
			s.StartTLS()
		})
		o := naboer(m)
		lever(t, o, m.URL).udfaldEr(t, mox.ResMidlertidig, kodeUtilgaengelig, "tls: ")
		o.Certifikater = []tls.Certificate{nyUdsteder(t).certifikat(t)} // of an authority they do not know
		lever(t, o, m.URL).udfaldEr(t, mox.ResMidlertidig, kodeUtilgaengelig, "tls: ")
		o.Certifikater = []tls.Certificate{u.certifikat(t)}
		lever(t, o, m.URL).udfaldEr(t, mox.ResAccepteret, "204", "")
		o.CA = x509.NewCertPool()
		lever(t, o, m.URL).udfaldEr(t, mox.ResMidlertidig, kodeUtilgaengelig, "modtagerens certifikat kan ikke godkendes")
		if n := m.gjort(); n != 1 {
			t.Errorf("TLS %x: %d beskeder came through", version, n)
		}
	}
}

func TestServerensNavnKontrolleres(t *testing.T) {
	t.Parallel()
	u := nyUdsteder(t)
	m := modtagerMed(t, func(s *httptest.Server) {
		s.TLS = &tls.Config{Certificates: []tls.Certificate{u.certifikat(t, "en-anden.example")}}
		s.StartTLS()
	})
	o := naboer()
	o.CA = u.pulje()
	lever(t, o, m.URL).udfaldEr(t, mox.ResMidlertidig, kodeUtilgaengelig, "modtagerens certifikat kan ikke godkendes")
}

func TestGammelTLSBrugesIkke(t *testing.T) {
	t.Parallel()
	m := modtagerMed(t, func(s *httptest.Server) {
		s.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
		s.StartTLS()
	})
	lever(t, naboer(m), m.URL).udfaldEr(t, mox.ResMidlertidig, kodeUtilgaengelig, "protocol version")
}

func TestIngenBeskedTilSpaerredeAdresser(t *testing.T) {
	t.Parallel()
	m := nyModtager(t)
	o := naboer(m)
	o.TilladteNet = nil
	_, port, _ := strings.Cut(m.Listener.Addr().String(), ":")
	for _, vaert := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "[::1]", "0.0.0.0", "127.1.2.3", "[64:ff9b::7f00:1]", "[2002:7f00:1::1]"} {
		for _, skema := range []string{"https", "http"} {
			l := lever(t, o, skema+"://"+vaert+":"+port+"/ind")
			if l.udfald.Kode != kodeSpaerret && !strings.HasPrefix(vaert, "[") { // a machine without IPv6 refuses before we do
				t.Errorf("%s://%s: %+v", skema, vaert, l)
			}
			if l.udfald.Resultat == mox.ResAccepteret || l.udfald.Kode == kodeSpaerret && l.udfald.Ansvar != mox.AnsvarMOX {
				t.Errorf("%s://%s: %+v", skema, vaert, l)
			}
		}
	}
	if n := len(m.kaldt()); n != 0 {
		t.Errorf("%d calls", n)
	}
}

func TestUdenTLSKunTilTilladteNet(t *testing.T) {
	t.Parallel()
	m := modtagerMed(t, (*httptest.Server).Start)
	lever(t, naboer(), m.URL).udfaldEr(t, mox.ResAccepteret, "204", "")
	o := naboer()
	o.TilladteNet = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	lever(t, o, m.URL).udfaldEr(t, mox.ResFejlet, kodeSpaerret, "uden TLS")
}

// TestIngenProxy looks at the transport itself: the environment's proxy is never used for this machine, so no call would show
// it.
func TestIngenProxy(t *testing.T) {
	t.Parallel()
	k := nyKlient(naboer().medStandard())
	if k.tls.Transport.(*http.Transport).Proxy != nil || k.klar.Transport.(*http.Transport).Proxy != nil {
		t.Error("a proxy that nobody has given")
	}
}

func TestViderestillingFoelgesIkke(t *testing.T) {
	t.Parallel()
	maal := nyModtager(t)
	m := nyModtager(t)
	m.foer = func(w http.ResponseWriter, _ kald1) bool {
		w.Header().Set("Location", maal.URL)
		w.WriteHeader(http.StatusPermanentRedirect)
		return false
	}
	l := lever(t, naboer(m, maal), m.URL)
	l.udfaldEr(t, mox.ResFejlet, "308", "viser videre")
	if len(maal.kaldt()) != 0 || l.udfald.Ansvar != mox.AnsvarMOX {
		t.Errorf("%+v", l)
	}
}

func TestSvaretLaesesTilGraensen(t *testing.T) {
	t.Parallel()
	m := nyModtager(t)
	m.efter = func(w http.ResponseWriter, _ kald1) {
		w.WriteHeader(http.StatusConflict)
		_, _ = w.Write([]byte(strings.Repeat("x", 2*maksSvar)))
	}
	l := lever(t, naboer(m), m.URL)
	if len(l.svar) != maksSvar || l.status != 409 || l.udfald.Resultat != mox.ResAfvist {
		t.Errorf("%d bytes, %d %+v", len(l.svar), l.status, l.udfald)
	}
}

func TestEtJaGaelderOgsaaNaarRestenAfSvaretMangler(t *testing.T) {
	t.Parallel()
	m := nyModtager(t)
	m.efter = func(w http.ResponseWriter, _ kald1) {
		w.Header().Set("Content-Length", "100")
		_, _ = w.Write([]byte("halvt"))
		_ = http.NewResponseController(w).Flush()
		afbryd(w)
	}
	lever(t, naboer(m), m.URL).udfaldEr(t, mox.ResAccepteret, "200", "")
	a := abonnement("esdh", m.URL)
	a.Push.Form = mox.FormModtagBesked
	k := nyKlient(naboer(m).medStandard())
	t.Cleanup(k.luk)
	k.lever(t.Context(), &a, arbejde()).udfaldEr(t, mox.ResUkendt, kodeUdenSvar, "midt i svaret")
}

func TestKaldUdenSvar(t *testing.T) {
	t.Parallel()
	m := nyModtager(t)
	o := naboer(m)
	o.Timeout = 200 * time.Millisecond
	gennem := func(mode fejlnet.Mode) string {
		p := fejlnet.New(t, m.Listener.Addr().String())
		p.Set(mode)
		return "https://" + p.Addr()
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	maa(t, err)
	maa(t, l.Close())
	lever(t, o, "https://"+l.Addr().String()+"/?cpr=0101901234").udfaldEr(t, mox.ResMidlertidig, kodeUtilgaengelig, "refused")
	lever(t, o, gennem(fejlnet.Down)).udfaldEr(t, mox.ResMidlertidig, kodeUtilgaengelig, "reset")
	lever(t, o, gennem(fejlnet.Drop)).udfaldEr(t, mox.ResMidlertidig, kodeUtilgaengelig, "intet svar inden for 200ms") // TLS got no answer
	lever(t, o, "https://findes.ikke.invalid/").udfaldEr(t, mox.ResMidlertidig, kodeUtilgaengelig, "findes.ikke.invalid")
	if n := len(m.kaldt()); n != 0 {
		t.Errorf("%d calls came through", n)
	}
}

func TestKaldHvisSvarGaarTabt(t *testing.T) {
	t.Parallel()
	for navn, c := range map[string]struct {
		efter   func(*fejlnet.Proxy)
		timeout time.Duration // long enough for the call to come through on a machine that has much else to do
		tekst   string
	}{
		"svaret forsvinder":       {func(p *fejlnet.Proxy) { p.Set(fejlnet.DropAnswers) }, 3 * time.Second, "intet svar inden for 3s"},
		"forbindelsen nulstilles": {func(p *fejlnet.Proxy) { p.Set(fejlnet.ResetAnswers) }, time.Minute, "reset"},
	} {
		t.Run(navn, func(t *testing.T) {
			t.Parallel()
			m := nyModtager(t)
			p := fejlnet.New(t, m.Listener.Addr().String())
			m.efter = func(w http.ResponseWriter, _ kald1) {
				c.efter(p)
				w.WriteHeader(http.StatusNoContent)
			}
			o := naboer(m)
			o.Timeout = c.timeout
			lever(t, o, "https://"+p.Addr()+"/?cpr=0101901234").udfaldEr(t, mox.ResUkendt, kodeUdenSvar, c.tekst)
			if m.gjort() != 1 {
				t.Error("the work was not done")
			}
		})
	}
}

func TestEtAfbrudtKaldErUkendt(t *testing.T) {
	t.Parallel()
	m := nyModtager(t)
	ctx, cancel := context.WithCancel(t.Context())
	m.foer = func(w http.ResponseWriter, _ kald1) bool {
		cancel()
		afbrydNaarTestenEr(t, w)
		return false
	}
	k := nyKlient(naboer(m).medStandard())
	t.Cleanup(k.luk)
	a := abonnement("esdh", m.URL)
	k.lever(ctx, &a, arbejde()).udfaldEr(t, mox.ResUkendt, kodeUdenSvar, "MOX blev standset")
	k.lever(ctx, &a, arbejde()).udfaldEr(t, mox.ResMidlertidig, kodeUtilgaengelig, "MOX blev standset") // before anything was sent
}

// afbrydNaarTestenEr takes the connection, so that nothing is ever answered on it.
func afbrydNaarTestenEr(t testing.TB, w http.ResponseWriter) {
	c, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	t.Cleanup(func() { _ = c.Close() })
}

func TestIngenAdresseIFejltekster(t *testing.T) {
	t.Parallel()
	for _, adresse := range []string{"https://127.0.0.1:1/?cpr=0101901234", "https://findes.ikke.invalid/?cpr=0101901234", "https://a b/?cpr=0101901234", "https://127.0.0.1:99999/?cpr=0101901234"} {
		l := lever(t, naboer(), adresse)
		if l.udfald.Resultat == mox.ResAccepteret || l.udfald.Tekst == "" || strings.Contains(l.udfald.Tekst, "cpr") {
			t.Errorf("%s: %+v", adresse, l.udfald)
		}
	}
}

package console

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/konto"
)

const kodeord, foersteKodeord = "fem blå cykler", "tre våde hunde"

// nytLoginHus is a console that one must log in to, over TLS, and Kirsten's account.
func nytLoginHus(t *testing.T) *hus {
	t.Helper()
	h := nytHus(t)
	h.server.Close()
	k := konto.New(h.d.Store(), konto.Options{})
	h.maa(k.Opret(t.Context(), "Kirsten Drift", auth.Drift, foersteKodeord, konto.Hvem{Navn: "lokal"}))
	_, err := k.SkiftKodeord(t.Context(), "Kirsten Drift", foersteKodeord, kodeord, "192.0.2.1")
	h.maa(err)
	h.maa(k.Opret(t.Context(), "Ny Person", auth.Drift, foersteKodeord, konto.Hvem{Navn: "lokal"}))
	h.server = httptest.NewUnstartedServer(nil)
	v, err := auth.NyVagt(auth.Options{Adresser: []string{h.server.Listener.Addr().String()}, Personer: k})
	h.maa(err)
	h.server.Config.Handler = v.Beskyt(New(Options{D: h.d, Landskab: landskab, Login: v, Ekstern: true, Konti: k, Version: "test", Bruger: func(r *http.Request) string {
		i, _ := auth.Fra(r.Context())
		return i.Navn
	}}))
	h.server.StartTLS()
	t.Cleanup(h.server.Close)
	h.klient.Transport = h.server.Client().Transport
	return h
}

// TestEnPersonLoggerInd in a browser: sent to the page to log in, wrong once, then where they wanted to go; what they do is
// logged under their name; and out again. The pages fit a window of 320; with MOX_SCREENSHOTS others are looked at too.
func TestEnPersonLoggerInd(t *testing.T) {
	t.Parallel()
	h := nytLoginHus(t)
	a := h.fyld()
	b := nyBrowser(h, chromedp.Flag("ignore-certificate-errors", true))
	vinduer := append(skaerme(), skaerm{"320", 320, 640, "light"})
	if os.Getenv("MOX_SCREENSHOTS") == "" { // the narrowest is the one that shows
		vinduer = vinduer[len(vinduer)-1:]
	}
	paaAlle := func(navn string) {
		for _, s := range vinduer {
			b.brug(s)
			b.ligger(s.navn, navn)
			b.billede(s.navn + "-" + navn)
		}
	}

	b.aabn("/fejl?ansvar=modtager")
	b.har(b.tekst(), "Log ind", "Brugernavn", "Kodeord", "Log ind med kommunens login")
	b.harIkke(b.tekst(), "Processer", "mox status --link", "Log ud")
	paaAlle("login")
	b.skriv("#navn", "kirsten drift")
	b.skriv("#kodeord", "et forkert kodeord")
	b.klik(".login .primaer")
	b.har(b.tekst(), "Brugernavnet eller kodeordet er forkert.")
	b.vent(`document.querySelector("#navn").value === "kirsten drift" && document.querySelector("#kodeord").value === "" && document.querySelector("#kodeord").getAttribute("aria-describedby") === "login-fejl"`)
	paaAlle("login-forkert")
	b.skriv("#kodeord", kodeord)
	b.klik(".login .primaer")
	b.vent(`location.pathname + location.search === "/fejl?ansvar=modtager"`)
	b.har(b.tekst(), "Processer", "Log ud")
	paaAlle("inde")

	// A link on another site, in a webmail say, leads in: the session is not lost by it.
	post := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `<!doctype html><link rel="icon" href="data:,"><a href="`+h.server.URL+fejlsti(a.fejl422)+`">alarm</a>`)
	}))
	defer post.Close()
	b.goer(chromedp.Navigate(strings.Replace(post.URL, "127.0.0.1", "localhost", 1)))
	b.klik("a")
	b.ventVidere(`document.body !== null && document.body.innerText.includes("ukendt KLE-nummer")`)

	b.aabn("/abonnementer/esdh.sager/pause")
	b.skriv("#begrundelse", "ESDH opgraderes")
	b.klik(".handling .primaer")
	b.har(b.tekst(), "sat på pause")
	if l := h.handlinger("abonnement esdh.sager"); len(l) != 1 || l[0].Hvem != "Kirsten Drift" || l[0].Begrundelse != "ESDH opgraderes" {
		t.Errorf("%+v", l)
	}

	b.klik("a.bruger")
	b.har(b.tekst(), "Din konto", "Kirsten Drift · drift", "Skift kodeord")
	b.skriv("#gammelt", "et forkert kodeord")
	b.skriv("#kodeord", "syv grønne lamper")
	b.skriv("#igen", "syv grønne lamper")
	b.klik(`form[action="/konto/kodeord"] .primaer`)
	b.har(b.tekst(), "det nuværende kodeord er forkert")
	paaAlle("konto")
	b.skriv("#gammelt", kodeord)
	b.skriv("#kodeord", "syv grønne lamper")
	b.skriv("#igen", "syv grønne lamper")
	b.klik(`form[action="/konto/kodeord"] .primaer`)
	b.har(b.tekst(), "Kodeordet er skiftet.")

	b.klik(`.top form[action="/log-ud"] button`)
	b.har(b.tekst(), "Du er logget ud.")
	paaAlle("logget-ud")
	b.aabn(fejlsti(a.fejl422))
	b.har(b.tekst(), "Brugernavn")
	b.harIkke(b.tekst(), "ukendt KLE-nummer")

	b.skriv("#navn", "Ny Person")
	b.skriv("#kodeord", foersteKodeord)
	b.klik(".login .primaer")
	b.ventVidere(`location.pathname === "/konto"`)
	b.har(b.tekst(), "Dit kodeord er valgt af en anden. Vælg dit eget, før du går videre.", "Log ud")
	b.harIkke(b.tekst(), "Processer")
	paaAlle("vaelg-kodeord")
	b.skriv("#gammelt", foersteKodeord)
	b.skriv("#kodeord", kodeord)
	b.skriv("#igen", kodeord)
	b.klik(`form[action="/konto/kodeord"] .primaer`)
	b.har(b.tekst(), "Kodeordet er skiftet.", "Processer")
}

// ventVidere waits as vent does, also while one page leads on to the next, which ends a wait on the first.
func (b *browser) ventVidere(javascript string) {
	b.Helper()
	var err error
	for range 20 {
		if _, err = chromedp.Run(b.ctx, chromedp.Poll[bool](javascript)); err == nil || b.ctx.Err() != nil {
			break
		}
	}
	b.maa(err)
}

// TestLoginsiderneErVelformede in both languages, with what went wrong, and with a name that is markup.
func TestLoginsiderneErVelformede(t *testing.T) {
	t.Parallel()
	h := nytLoginHus(t)
	forsoeg := func(sprog, navn, kodeord string) svaret {
		t.Helper()
		r := h.formular("/log-ind?til=/fejl", "/log-ind", map[string]string{"navn": navn, "kodeord": kodeord, "til": "/fejl"})
		r.Header.Set("Accept-Language", sprog)
		return h.send(r)
	}
	for sprog, tekst := range map[string]string{dansk: "Brugernavnet eller kodeordet er forkert.", engelsk: "The user name or the password is wrong."} {
		h.velformet("log-ind "+sprog, h.hent("/log-ind", sprog).krop)
		h.velformet("log-ind?fejl "+sprog, h.hent("/log-ind?fejl=ikke_tilladt", sprog).krop)
		h.velformet("log-ind?ud "+sprog, h.hent("/log-ind?ud", sprog).krop)
		s := forsoeg(sprog, `"><script>alert(1)</script>`, "<b>her")
		h.velformet("forkert "+sprog, s.krop)
		h.har(s.krop, tekst, "&lt;script&gt;")
		h.harIkke(s.krop, "<script>alert", "b>her", "MOX test")
	}
	for _, sti := range []string{"//ond.example", "https://ond.example", `/\ond.example`, "javascript:alert(1)", ""} {
		h.har(h.hent("/log-ind?til="+strings.ReplaceAll(sti, `\`, "%5C")).krop, `name="til" value="/"`)
	}
	if s := forsoeg(dansk, "Kirsten Drift", kodeord); s.status != http.StatusSeeOther || s.hoved.Get("Location") != "/fejl" {
		t.Fatal(s.status, s.krop)
	}
	for _, sprog := range []string{dansk, engelsk} {
		h.velformet("konto "+sprog, h.hent("/konto", sprog).krop)
	}
}

// formular is a form as the page at fra would send it.
func (h *hus) formular(fra, til string, felter map[string]string) *http.Request {
	h.Helper()
	m := tokenform.FindStringSubmatch(h.side(fra))
	if m == nil {
		h.Fatalf("%s has no form", fra)
	}
	v := "token=" + m[1]
	for k, x := range felter {
		v += "&" + k + "=" + strings.NewReplacer(`"`, "%22", "<", "%3C", ">", "%3E", "/", "%2F", " ", "+").Replace(x)
	}
	r, err := http.NewRequestWithContext(h.Context(), http.MethodPost, h.server.URL+til, strings.NewReader(v))
	h.maa(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", h.server.URL)
	return r
}

// lukket is a Login that cannot.
type lukket struct{ err error }

func (l lukket) LogInd(http.ResponseWriter, *http.Request, string, string) error { return l.err }
func (l lukket) LogUd(http.ResponseWriter, *http.Request) error                  { return l.err }
func (l lukket) SkiftKodeord(http.ResponseWriter, *http.Request, string, string) error {
	return l.err
}

// TestLoginNaarDatabasenErNede: the page says so, and nothing of why.
func TestLoginNaarDatabasenErNede(t *testing.T) {
	t.Parallel()
	for navn, c := range map[string]struct {
		err    error
		status int
		tekst  string
	}{
		"nede":   {mox.E("store", mox.KodeUtilgaengelig, "databasen svarer ikke som ventet").Med("prøv igen"), 503, "databasen svarer ikke som ventet"},
		"defekt": {errors.New("hemmelig årsag"), 500, "Fejlkode"},
	} {
		h := nytHus(t, func(o *Options) { o.Login = lukket{c.err}; o.Bruger = nil })
		s := h.send(h.formular("/log-ind", "/log-ind", map[string]string{"navn": "x", "kodeord": "y"}))
		if s.status != c.status || !strings.Contains(s.krop, c.tekst) || strings.Contains(s.krop, "hemmelig") {
			t.Errorf("%s: %d %s", navn, s.status, s.krop)
		}
		h.velformet(navn, s.krop)
		if s := h.send(h.formular("/log-ind", "/log-ud", nil)); s.status != c.status {
			t.Errorf("%s: log-ud: %d", navn, s.status)
		}
	}
}

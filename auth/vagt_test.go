package auth_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/internal/problem"
)

// ur is a clock that a test moves.
type ur struct {
	mu sync.Mutex
	t  time.Time
}

func (u *ur) nu() time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.t
}

func (u *ur) frem(d time.Duration) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.t = u.t.Add(d)
}

// hus is a guarded server whose every page tells who called.
type hus struct {
	*httptest.Server
	vagt   *auth.Vagt
	ur     *ur
	log    *bytes.Buffer
	noegle map[string]string // by name
}

func nytHus(t *testing.T, tls bool) *hus {
	t.Helper()
	h := &hus{ur: &ur{t: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}, log: &bytes.Buffer{}, noegle: map[string]string{"lokal": "den-lokale-noegle"}}
	var noegler []auth.APINoegle
	for _, n := range []auth.APINoegle{
		{Navn: "byggesag", System: "Byggesag", Rolle: auth.System},
		{Navn: "Åse", Rolle: auth.Laeser},
		{Navn: "gammel", Rolle: auth.Drift, Udloeber: h.ur.nu().Add(time.Hour)},
	} {
		h.noegle[n.Navn], n.SHA256 = auth.NyNoegle()
		noegler = append(noegler, n)
	}
	h.Server = httptest.NewUnstartedServer(nil)
	var err error
	h.vagt, err = auth.NyVagt(auth.Options{Adresser: []string{h.Listener.Addr().String()}, Vaerter: []string{"mox.kommune.dk"}, LokalNoegle: h.noegle["lokal"],
		Noegler: noegler, Nu: h.ur.nu, Log: slog.New(slog.NewTextHandler(h.log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	h.Config.Handler = h.vagt.Beskyt(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hvem, ok := auth.Fra(r.Context())
		if !ok {
			hvem.Navn = "ingen"
		}
		_, _ = io.WriteString(w, "hej "+hvem.Navn)
	}))
	if tls {
		h.StartTLS()
	} else {
		h.Start()
	}
	t.Cleanup(h.Close)
	return h
}

// kald is a call with what matters of it written as "Header: value".
func (h *hus) kald(t *testing.T, metode, sti string, headere ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequest(metode, h.URL+sti, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range headere {
		navn, vaerdi, _ := strings.Cut(l, ": ")
		if navn == "Host" {
			r.Host = vaerdi
		} else {
			r.Header.Add(navn, vaerdi)
		}
	}
	klient := *h.Client()
	klient.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := klient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		t.Fatal(err)
	}
	resp.Body = io.NopCloser(bytes.NewReader(b))
	return resp
}

func tekst(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func (h *hus) med(navn string) string { return "Authorization: Bearer " + h.noegle[navn] }

// session opens a one-time link and gives the cookie.
func (h *hus) session(t *testing.T) string {
	t.Helper()
	c := h.kald(t, "GET", h.vagt.Engangslink()).Cookies()
	if len(c) != 1 {
		t.Fatalf("cookies: %v", c)
	}
	return "Cookie: " + c[0].Name + "=" + c[0].Value
}

func TestVagt(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 31")
	h := nytHus(t, false)
	egen := "Origin: " + h.URL
	cookie := h.session(t)
	_, port, err := net.SplitHostPort(h.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	navigation := []string{"Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"}

	prov := func(navn string, status int, metode, sti string, headere ...string) {
		t.Helper()
		t.Run(navn, func(t *testing.T) {
			t.Helper()
			if resp := h.kald(t, metode, sti, headere...); resp.StatusCode != status {
				t.Errorf("%d, want %d: %s", resp.StatusCode, status, tekst(t, resp))
			}
		})
	}
	prov("nøgle", 200, "POST", "/api/v1/beskeder", h.med("lokal"))
	prov("nøgle med lille b", 200, "GET", "/api/v1/x", "Authorization: bearer "+h.noegle["lokal"])
	prov("systemets nøgle til api", 200, "POST", "/api/v1/beskeder", h.med("byggesag"))
	prov("systemets nøgle til indhold", 200, "POST", "/indhold", h.med("byggesag"))
	prov("systemets nøgle til en side", 403, "GET", "/beskeder", h.med("byggesag"))
	prov("læserens nøgle til en side", 200, "GET", "/beskeder", h.med("Åse"))
	prov("ingen nøgle", 401, "GET", "/api/v1/x")
	prov("ingen nøgle til en side", 401, "GET", "/")
	prov("ingen nøgle til målinger", 401, "GET", "/metrics")
	prov("forkert nøgle", 401, "GET", "/api/v1/x", "Authorization: Bearer forkert")
	prov("nøglens aftryk er ingen nøgle", 401, "GET", "/api/v1/x", "Authorization: Bearer "+strings.Repeat("0", 64))
	prov("tom nøgle", 401, "GET", "/api/v1/x", "Authorization: Bearer ")
	prov("anden slags nøgle", 401, "GET", "/api/v1/x", "Authorization: Basic bG9rYWw6eA==")
	prov("to nøgler", 401, "GET", "/api/v1/x", h.med("lokal"), h.med("Åse"))
	prov("forkert nøgle reddes ikke af en session", 401, "GET", "/", cookie, "Authorization: Bearer forkert")

	prov("åbent: healthz", 200, "GET", "/healthz")
	prov("åbent: readyz", 200, "GET", "/readyz")
	prov("åbent: statisk", 200, "GET", "/statisk/mox.css")
	prov("åbent kun i mappen", 401, "GET", "/statisk/../api/v1/x")
	prov("åbent kun i mappen, kodet", 401, "GET", "/statisk/%2e%2e/beskeder")
	prov("ligner åbent", 401, "GET", "/healthzx")

	prov("localhost", 200, "GET", "/healthz", "Host: localhost:"+port)
	prov("LOCALHOST", 200, "GET", "/healthz", "Host: LOCALHOST:"+port)
	prov("IPv6", 200, "GET", "/healthz", "Host: [::1]:"+port)
	prov("opsat navn", 200, "GET", "/healthz", "Host: mox.kommune.dk")
	prov("opsat navn med port", 200, "GET", "/healthz", "Host: mox.kommune.dk:"+port)
	prov("opsat navn med anden port", 421, "GET", "/healthz", "Host: mox.kommune.dk:1")
	prov("fremmed navn", 421, "GET", "/api/v1/x", "Host: ond.example:"+port, h.med("lokal"))
	prov("fremmed navn til åben side", 421, "GET", "/healthz", "Host: ond.example")
	prov("loopback uden port", 421, "GET", "/healthz", "Host: 127.0.0.1")
	prov("begynder som vores", 421, "GET", "/healthz", "Host: localhost:"+port+".ond.example")

	prov("egen side sender formular", 200, "POST", "/fejl/1", cookie, egen, "Sec-Fetch-Site: same-origin")
	prov("egen side, browser uden Sec-Fetch", 200, "POST", "/fejl/1", cookie, egen)
	prov("egen side, script", 200, "POST", "/api/v1/x", cookie, "Sec-Fetch-Site: same-origin")
	prov("session læser", 200, "GET", "/api/v1/x", cookie)
	prov("session ændrer uden bevis", 403, "POST", "/api/v1/x", cookie)
	prov("session ændrer uden bevis, skrevet adresse", 403, "POST", "/fejl/1", cookie, "Sec-Fetch-Site: none")
	prov("anden side sender formular", 403, "POST", "/fejl/1", cookie, "Origin: https://ond.example", "Sec-Fetch-Site: cross-site")
	prov("anden side med vores nøgle", 403, "POST", "/api/v1/x", h.med("lokal"), "Origin: https://ond.example")
	prov("anden port på samme maskine", 403, "POST", "/api/v1/x", cookie, "Origin: http://127.0.0.1:1", "Sec-Fetch-Site: same-site")
	prov("anden port uden Origin", 403, "GET", "/api/v1/x", cookie, "Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image")
	prov("sandkasse", 403, "POST", "/fejl/1", cookie, "Origin: null")
	prov("to oprindelser", 403, "POST", "/fejl/1", cookie, egen, "Origin: https://ond.example")
	prov("egen vært, anden protokol", 200, "GET", "/healthz", "Origin: https://"+h.Listener.Addr().String())
	prov("forhåndsspørgsmål fra anden side", 403, "OPTIONS", "/api/v1/x", "Origin: https://ond.example", "Access-Control-Request-Method: POST")
	prov("anden side henter statisk", 403, "GET", "/statisk/mox.css", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: style")

	prov("link fra en anden side", 200, "GET", "/beskeder", append(navigation, cookie, "Sec-Fetch-Site: cross-site")...)
	prov("link fra en anden side uden session", 401, "GET", "/beskeder", append(navigation, "Sec-Fetch-Site: cross-site")...)
	prov("link fra en anden side til api", 403, "GET", "/api/v1/x", append(navigation, cookie, "Sec-Fetch-Site: cross-site")...)
	prov("formular fra en anden side som navigation", 403, "POST", "/beskeder", append(navigation, cookie, "Sec-Fetch-Site: cross-site")...)
	prov("ramme på en anden side", 403, "GET", "/beskeder", cookie, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe")
	prov("skrevet adresse", 200, "GET", "/beskeder", append(navigation, cookie, "Sec-Fetch-Site: none")...)
}

func TestAfvisningensForm(t *testing.T) {
	t.Parallel()
	h := nytHus(t, false)

	t.Run("program", func(t *testing.T) {
		t.Parallel()
		resp := h.kald(t, "GET", "/api/v1/x")
		e := problem.Laes("test", resp)
		if e.Kode != mox.KodeIkkeLoggetInd || e.Tekst == "" || e.Raad == "" || resp.Header.Get("WWW-Authenticate") == "" {
			t.Errorf("%+v", e)
		}
	})
	t.Run("side", func(t *testing.T) {
		t.Parallel()
		resp := h.kald(t, "GET", "/beskeder")
		if s := tekst(t, resp); !strings.Contains(s, `<html lang="da">`) || !strings.Contains(s, "mox status --link") || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
			t.Errorf("%s", s)
		}
	})
	t.Run("fremmed navn er altid for programmer", func(t *testing.T) {
		t.Parallel()
		resp := h.kald(t, "GET", "/", "Host: ond.example")
		if e := problem.Laes("test", resp); resp.StatusCode != 421 || e.Kode != mox.KodeIkkeTilladt {
			t.Errorf("%d %+v", resp.StatusCode, e)
		}
	})
	t.Run("alle svar er sikret", func(t *testing.T) {
		t.Parallel()
		for _, sti := range []string{"/", "/healthz", "/api/v1/x"} {
			hd := h.kald(t, "GET", sti).Header
			if hd.Get("X-Content-Type-Options") != "nosniff" || hd.Get("X-Frame-Options") != "DENY" || hd.Get("Referrer-Policy") != "same-origin" ||
				hd.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s: %v", sti, hd)
			}
		}
	})
}

func TestUdloebetNoegle(t *testing.T) {
	t.Parallel()
	h := nytHus(t, false)
	if got := h.kald(t, "GET", "/api/v1/x", h.med("gammel")).StatusCode; got != 200 {
		t.Fatalf("before: %d", got)
	}
	h.ur.frem(time.Hour)
	if _, err := h.vagt.Kend(h.noegle["gammel"]); !errors.Is(err, auth.ErrUdloebet) {
		t.Error(err)
	}
	if _, err := h.vagt.Kend("forkert"); errors.Is(err, auth.ErrUdloebet) || mox.KodeAf(err) != mox.KodeIkkeLoggetInd {
		t.Error(err)
	}
	e := problem.Laes("test", h.kald(t, "GET", "/api/v1/x", h.med("gammel")))
	if e.Kode != mox.KodeIkkeLoggetInd || !strings.Contains(e.Tekst, "udløb 2026-03-01") {
		t.Errorf("%+v", e)
	}
}

func TestEngangslink(t *testing.T) {
	t.Parallel()

	t.Run("bytter koden til en session", func(t *testing.T) {
		t.Parallel()
		h := nytHus(t, false)
		link := h.vagt.Engangslink()
		resp := h.kald(t, "GET", link, "Sec-Fetch-Site: none", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document")
		if resp.StatusCode != 303 || resp.Header.Get("Location") != "/" || len(resp.Cookies()) != 1 {
			t.Fatalf("%d %v", resp.StatusCode, resp.Header)
		}
		c := resp.Cookies()[0]
		_, port, _ := strings.Cut(h.Listener.Addr().String(), ":")
		if c.Name != "mox_session_"+port || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.MaxAge != 12*60*60 || c.Secure || c.Domain != "" {
			t.Errorf("%+v", c)
		}
		cookie := "Cookie: " + c.Name + "=" + c.Value
		if got := tekst(t, h.kald(t, "GET", "/", cookie)); got != "hej lokal" {
			t.Error(got)
		}
		h.ur.frem(12*time.Hour - time.Second)
		if got := h.kald(t, "GET", "/", cookie).StatusCode; got != 200 {
			t.Errorf("just before the end: %d", got)
		}
		h.ur.frem(time.Second)
		if got := h.kald(t, "GET", "/", cookie).StatusCode; got != 401 {
			t.Errorf("after twelve hours: %d", got)
		}
	})

	t.Run("Secure over TLS", func(t *testing.T) {
		t.Parallel()
		h := nytHus(t, true)
		resp := h.kald(t, "GET", h.vagt.Engangslink())
		if c := resp.Cookies(); len(c) != 1 || !c[0].Secure {
			t.Errorf("%v", c)
		}
		if got := h.kald(t, "GET", "/healthz", "Origin: http://"+h.Listener.Addr().String()).StatusCode; got != 403 {
			t.Errorf("clear-text origin on TLS: %d", got)
		}
	})

	afvist := func(t *testing.T, h *hus, metode, link string) {
		t.Helper()
		resp := h.kald(t, metode, link)
		if s := tekst(t, resp); resp.StatusCode != 403 || len(resp.Cookies()) > 0 || !strings.Contains(s, "gælder én gang og i ti minutter") || !strings.Contains(s, "mox status --link") {
			t.Errorf("%d %v %s", resp.StatusCode, resp.Cookies(), s)
		}
	}
	t.Run("bruges én gang", func(t *testing.T) {
		t.Parallel()
		h := nytHus(t, false)
		link := h.vagt.Engangslink()
		h.kald(t, "GET", link)
		afvist(t, h, "GET", link)
	})
	t.Run("i ti minutter", func(t *testing.T) {
		t.Parallel()
		h := nytHus(t, false)
		link := h.vagt.Engangslink()
		h.ur.frem(10 * time.Minute)
		afvist(t, h, "GET", link)
	})
	t.Run("gættet", func(t *testing.T) {
		t.Parallel()
		h := nytHus(t, false)
		for _, sti := range []string{auth.StartSti, auth.StartSti + "?kode=", auth.StartSti + "?kode=x"} {
			afvist(t, h, "GET", sti)
		}
	})
	t.Run("HEAD bruger det ikke", func(t *testing.T) {
		t.Parallel()
		h := nytHus(t, false)
		link := h.vagt.Engangslink()
		if got := h.kald(t, "HEAD", link).StatusCode; got != 405 {
			t.Error(got)
		}
		if got := h.kald(t, "GET", link).StatusCode; got != 303 {
			t.Error(got)
		}
	})
	t.Run("to installationer forstyrrer ikke hinanden", func(t *testing.T) {
		t.Parallel()
		a, b := nytHus(t, false), nytHus(t, false)
		ca, cb := a.session(t), b.session(t)
		if got := a.kald(t, "GET", "/", ca, cb).StatusCode; got != 200 {
			t.Errorf("own and other's: %d", got)
		}
		if got := a.kald(t, "GET", "/", cb).StatusCode; got != 401 {
			t.Errorf("other's: %d", got)
		}
	})
	t.Run("sessioner er ikke koder, og koder ikke sessioner", func(t *testing.T) {
		t.Parallel()
		h := nytHus(t, false)
		navn, vaerdi, _ := strings.Cut(strings.TrimPrefix(h.session(t), "Cookie: "), "=")
		afvist(t, h, "GET", auth.StartSti+"?kode="+vaerdi)
		_, kode, _ := strings.Cut(h.vagt.Engangslink(), "kode=")
		if got := h.kald(t, "GET", "/", "Cookie: "+navn+"="+kode).StatusCode; got != 401 {
			t.Error(got)
		}
	})
	t.Run("et nyt til den lokale nøgle", func(t *testing.T) {
		t.Parallel()
		h := nytHus(t, false)
		resp := h.kald(t, "POST", auth.LinkSti, h.med("lokal"))
		var l auth.Link
		if err := json.NewDecoder(resp.Body).Decode(&l); err != nil || resp.StatusCode != 200 || !l.Udloeber.Equal(h.ur.nu().Add(10*time.Minute)) {
			t.Fatalf("%d %v %+v", resp.StatusCode, err, l)
		}
		sti, ok := strings.CutPrefix(l.Link, h.URL)
		if !ok || h.kald(t, "GET", sti).StatusCode != 303 {
			t.Errorf("link %s", l.Link)
		}
	})
	t.Run("ikke til andre", func(t *testing.T) {
		t.Parallel()
		h := nytHus(t, false)
		for _, l := range []struct {
			metode, header string
			want           int
		}{{"POST", h.med("byggesag"), 403}, {"POST", h.med("gammel"), 403}, {"GET", h.med("lokal"), 405}, {"POST", "X: y", 401}} {
			if got := h.kald(t, l.metode, auth.LinkSti, l.header).StatusCode; got != l.want {
				t.Errorf("%s %s: %d", l.metode, l.header, got)
			}
		}
	})
}

func TestForMangeLinks(t *testing.T) {
	t.Parallel()
	h := nytHus(t, false)
	foerste := h.vagt.Engangslink()
	h.ur.frem(time.Second)
	for range 100 {
		h.vagt.Engangslink()
	}
	sidste := h.vagt.Engangslink()
	if got := h.kald(t, "GET", foerste).StatusCode; got != 403 {
		t.Errorf("the oldest link still works: %d", got)
	}
	if got := h.kald(t, "GET", sidste).StatusCode; got != 303 {
		t.Errorf("the newest link: %d", got)
	}
}

func TestAfvisteTaellesOgLoggesMedMaade(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 53")
	h := nytHus(t, false)
	for range 20 {
		h.kald(t, "GET", "/api/v1/x?cpr=0102031234", "Authorization: Bearer hemmeligheden")
	}
	h.kald(t, "GET", "/", "Host: ond.example")
	if got := h.vagt.Afviste(); got["noegle"] != 20 || got["vaert"] != 1 {
		t.Errorf("%v", got)
	}
	h.ur.frem(time.Minute)
	h.kald(t, "GET", "/beskeder")
	log := h.log.String()
	if n := strings.Count(log, "\n"); n != 2 || !strings.Contains(log, "antal=21") {
		t.Errorf("%d lines: %s", n, log)
	}
	for _, hemmeligt := range []string{"hemmeligheden", "1234", "ond.example", "/api"} {
		if strings.Contains(log, hemmeligt) {
			t.Errorf("%q is in the log: %s", hemmeligt, log)
		}
	}
}

func TestNyVagt(t *testing.T) {
	t.Parallel()
	_, god := auth.NyNoegle()
	adresser := []string{"127.0.0.1:8480"}
	for navn, tilfaelde := range map[string]struct {
		o   auth.Options
		sti string // of the Feltfejl
	}{
		"ingen adresse":         {auth.Options{}, ""},
		"adresse uden port":     {auth.Options{Adresser: []string{"127.0.0.1"}}, ""},
		"nøglen selv i filen":   {auth.Options{Adresser: adresser, Noegler: []auth.APINoegle{{Navn: "a", Rolle: auth.Drift, SHA256: "mox_abc"}}}, "noegler[0].sha256"},
		"uden navn":             {auth.Options{Adresser: adresser, Noegler: []auth.APINoegle{{Rolle: auth.Drift, SHA256: god}}}, "noegler[0].navn"},
		"skråstreg i navn":      {auth.Options{Adresser: adresser, Noegler: []auth.APINoegle{{Navn: "a/b", Rolle: auth.Drift, SHA256: god}}}, "noegler[0].navn"},
		"forbeholdt navn":       {auth.Options{Adresser: adresser, Noegler: []auth.APINoegle{{Navn: "lokal", Rolle: auth.Drift, SHA256: god}}}, "noegler[0].navn"},
		"navn to gange":         {auth.Options{Adresser: adresser, Noegler: []auth.APINoegle{{Navn: "a", Rolle: auth.Drift, SHA256: god}, {Navn: "a", Rolle: auth.Drift, SHA256: god}}}, "noegler[1].navn"},
		"ukendt rolle":          {auth.Options{Adresser: adresser, Noegler: []auth.APINoegle{{Navn: "a", Rolle: "chef", SHA256: god}}}, "noegler[0].rolle"},
		"system uden system":    {auth.Options{Adresser: adresser, Noegler: []auth.APINoegle{{Navn: "a", Rolle: auth.System, SHA256: god}}}, "noegler[0].system"},
		"menneske med system":   {auth.Options{Adresser: adresser, Noegler: []auth.APINoegle{{Navn: "a", Rolle: auth.Drift, System: "B", SHA256: god}}}, "noegler[0].system"},
		"CVR med bogstaver":     {auth.Options{Adresser: adresser, Noegler: []auth.APINoegle{{Navn: "a", Rolle: auth.Laeser, SHA256: god, Myndigheder: []string{"DK123456"}}}}, "noegler[0].myndigheder"},
		"KLE uden punktum":      {auth.Options{Adresser: adresser, Noegler: []auth.APINoegle{{Navn: "a", Rolle: auth.Laeser, SHA256: god, KLE: []string{"27*"}}}}, "noegler[0].kle"},
		"ukendt følsomhed":      {auth.Options{Adresser: adresser, Noegler: []auth.APINoegle{{Navn: "a", Rolle: auth.Laeser, SHA256: god, Foelsomhed: []string{"HEMMELIG"}}}}, "noegler[0].foelsomhed"},
		"system med grænser":    {auth.Options{Adresser: adresser, Noegler: []auth.APINoegle{{Navn: "a", System: "B", Rolle: auth.System, SHA256: god, Beskyttede: true}}}, "noegler[0].system"},
		"aftryk af anden slags": {auth.Options{Adresser: adresser, Noegler: []auth.APINoegle{{Navn: "a", Rolle: auth.Drift, SHA256: god[:40]}}}, "noegler[0].sha256"},
	} {
		t.Run(navn, func(t *testing.T) {
			t.Parallel()
			_, err := auth.NyVagt(tilfaelde.o)
			var e *mox.Error
			if !errors.As(err, &e) || e.Kode != mox.KodeUgyldig {
				t.Fatal(err)
			}
			if tilfaelde.sti != "" && (len(e.Felter) != 1 || e.Felter[0].Sti != tilfaelde.sti) {
				t.Errorf("%+v", e.Felter)
			}
		})
	}
}

// TestNoeglensKreds shows that a person's key carries its limits, and that a system comes to the paths that are for programs.
func TestNoeglensKreds(t *testing.T) {
	t.Parallel()
	person, sha := auth.NyNoegle()
	system, andet := auth.NyNoegle()
	v, err := auth.NyVagt(auth.Options{Adresser: []string{"127.0.0.1:8480"}, Programmer: []string{"sag"}, Noegler: []auth.APINoegle{
		{Navn: "per", Rolle: auth.Laeser, SHA256: sha, Myndigheder: []string{"12345678"}, KLE: []string{"27.*"}, Foelsomhed: []string{mox.Uoplyst}, Beskyttede: true},
		{Navn: "esdh", System: "ESDH", Rolle: auth.System, SHA256: andet}}})
	if err != nil {
		t.Fatal(err)
	}
	vil := &mox.Kreds{Myndigheder: []string{"12345678"}, KLE: []string{"27.*"}, Foelsomhed: []string{mox.Uoplyst}, Beskyttede: true}
	if hvem, err := v.Kend(person); err != nil || !reflect.DeepEqual(hvem.Kreds, vil) {
		t.Errorf("%+v, %v", hvem.Kreds, err)
	}
	h := v.Beskyt(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	for sti, status := range map[string]int{"/sag/sag/x": 204, "/sag": 204, "/sagen": 403, "/": 403} {
		r := httptest.NewRequest("GET", "http://127.0.0.1:8480"+sti, nil)
		r.Header.Set("Authorization", "Bearer "+system)
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code != status {
			t.Errorf("%s: %d, want %d", sti, w.Code, status)
		}
	}
}

func TestStandardporte(t *testing.T) {
	t.Parallel()
	v, err := auth.NyVagt(auth.Options{Adresser: []string{"[::]:443", "10.0.0.5:8443"}})
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]int{"localhost": 200, "127.0.0.1": 200, "[::1]": 200, "localhost:443": 200, "10.0.0.5:8443": 200, "10.0.0.5": 421, "[::]:443": 421, "": 421} {
		r := httptest.NewRequest("GET", "/healthz", nil)
		r.Host = host
		w := httptest.NewRecorder()
		v.Beskyt(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%q: %d", host, w.Code)
		}
	}
}

func TestKontekst(t *testing.T) {
	t.Parallel()
	if _, ok := auth.Fra(context.Background()); ok {
		t.Error("someone out of nothing")
	}
	want := auth.Identitet{Navn: "a", System: "B", Rolle: auth.System}
	if got, ok := auth.Fra(auth.Med(context.Background(), want)); !ok || got != want {
		t.Errorf("%+v", got)
	}
}

func TestRoller(t *testing.T) {
	t.Parallel()
	for r, want := range map[auth.Rolle][3]bool{auth.Laeser: {true, true, false}, auth.Drift: {true, true, true}, auth.Administrator: {true, true, true},
		auth.System: {true, false, false}, "": {}, "chef": {}} {
		if got := [3]bool{r.Kendt(), r.Menneske(), r.Driver()}; got != want {
			t.Errorf("%q: %v", r, got)
		}
	}
}

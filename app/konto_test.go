package app

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/internal/testenv"
	"github.com/moxkit/mox/konto"
)

const kodeord, foersteKodeord = "fem blå cykler", "tre våde hunde"

// rollehus is a running MOX with a TLS listener for others, and a person and a key of each role.
type rollehus struct {
	*testing.T
	app    *App
	url    string // of the TLS listener
	pulje  *x509.CertPool
	noegle map[auth.Rolle]string
	log    *logbog
}

// logbog is a log that a test may read while it is written.
type logbog struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logbog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logbog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func roller() []auth.Rolle { return []auth.Rolle{auth.Laeser, auth.Drift, auth.Administrator} }

func nytRollehus(t *testing.T) *rollehus {
	t.Helper()
	h := &rollehus{T: t, pulje: x509.NewCertPool(), noegle: map[auth.Rolle]string{}, log: &logbog{}}
	dir := t.TempDir()
	ca, err := testenv.NewIssuer()
	h.maa(err)
	h.pulje.AddCert(ca.Certificate)
	cert, err := ca.Issue("mox")
	h.maa(err)
	_, _, err = testenv.WritePEM(dir, "mox", cert)
	h.maa(err)
	var noegler strings.Builder
	for _, r := range roller() {
		klar, sha := auth.NyNoegle()
		h.noegle[r] = klar
		fmt.Fprintf(&noegler, "- {navn: noegle-%s, rolle: %s, sha256: %s}\n", r, r, sha)
	}
	h.maa(os.WriteFile(filepath.Join(dir, "noegler.yaml"), []byte(noegler.String()), 0o600))
	h.maa(os.WriteFile(filepath.Join(dir, "mox.yaml"), []byte("fjern: {listen: '127.0.0.1:0', certifikat: mox.pem, noegle: mox.key, api_noegler: noegler.yaml}\n"), 0o600))
	c, err := LaesConfig(dir)
	h.maa(err)
	c.Listen = "127.0.0.1:0"
	h.app, err = Open(t.Context(), c, Options{Log: slog.New(slog.NewTextHandler(h.log, nil))})
	h.maa(err)
	slut := make(chan struct{})
	go func() {
		defer close(slut)
		_ = h.app.Run(t.Context()) // nil
	}()
	t.Cleanup(func() {
		<-slut
		h.maa(h.app.Close())
	})
	h.url = "https://" + h.app.web.lyttere[1].Addr().String()
	for _, r := range roller() {
		h.opret("Person "+string(r), r)
	}
	return h
}

// opret gives somebody an account, with a password they have chosen.
func (h *rollehus) opret(navn string, r auth.Rolle) {
	h.Helper()
	h.maa(h.app.konti.Opret(h.Context(), navn, r, foersteKodeord, konto.Hvem{Navn: "lokal"}))
	_, err := h.app.konti.SkiftKodeord(h.Context(), navn, foersteKodeord, kodeord, "192.0.2.1")
	h.maa(err)
}

func (h *rollehus) maa(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// browser is one without a past; it follows no redirect.
type browser struct {
	*rollehus
	klient *http.Client
	rod    string
}

func (h *rollehus) browser() *browser {
	h.Helper()
	jar, err := cookiejar.New(nil)
	h.maa(err)
	vej := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: h.pulje}}
	h.Cleanup(vej.CloseIdleConnections)
	return &browser{h, &http.Client{Jar: jar, Transport: vej, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, h.url}
}

type svar struct {
	status int
	krop   string
	hoved  http.Header
	kager  []*http.Cookie
}

func (b *browser) kald(metode, sti, type_, krop string, hoveder ...string) svar {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), metode, b.rod+sti, strings.NewReader(krop))
	b.maa(err)
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Origin", b.rod)
	if type_ != "" {
		r.Header.Set("Content-Type", type_)
	}
	for _, l := range hoveder {
		navn, vaerdi, _ := strings.Cut(l, ": ")
		r.Header.Set(navn, vaerdi)
		if vaerdi == "" {
			r.Header.Del(navn)
		}
	}
	resp, err := b.klient.Do(r)
	b.maa(err)
	defer func() { _ = resp.Body.Close() }()
	raa, err := io.ReadAll(resp.Body)
	b.maa(err)
	return svar{resp.StatusCode, string(raa), resp.Header, resp.Cookies()}
}

func (b *browser) hent(sti string) svar { b.Helper(); return b.kald("GET", sti, "", "") }

var tokenform = regexp.MustCompile(`name="token" value="([^"]+)"`)

// form sends a form with the token that the page at fra gives.
func (b *browser) form(fra, til string, felter map[string]string, hoveder ...string) svar {
	b.Helper()
	v := url.Values{}
	if m := tokenform.FindStringSubmatch(b.hent(fra).krop); m != nil {
		v.Set("token", m[1])
	}
	for k, x := range felter {
		v.Set(k, x)
	}
	return b.kald("POST", til, "application/x-www-form-urlencoded", v.Encode(), hoveder...)
}

func (b *browser) logInd(navn, kodeord string, hoveder ...string) svar {
	b.Helper()
	return b.form("/log-ind", "/log-ind", map[string]string{"navn": navn, "kodeord": kodeord, "til": "/fejl"}, hoveder...)
}

// ind logs a person in.
func (h *rollehus) ind(r auth.Rolle) *browser {
	h.Helper()
	b := h.browser()
	if s := b.logInd("person "+string(r), kodeord); s.status != http.StatusSeeOther || s.hoved.Get("Location") != "/fejl" {
		h.Fatalf("%s: %d %s\n%s", r, s.status, s.hoved, afkortet(s.krop))
	}
	return b
}

// afkortet is enough of an answer to see what it is.
func afkortet(krop string) string { return krop[:min(len(krop), 300)] }

// Whoever has a password that somebody else chose can do nothing with it but choose another.
func TestEtKodeordFraEnAndenGaelderKunTilAtVaelgeSitEget(t *testing.T) {
	t.Parallel()
	h := nytRollehus(t)
	h.maa(h.app.konti.SaetKodeord(t.Context(), "Person administrator", foersteKodeord, konto.Hvem{Navn: "lokal"}))
	b := h.browser()
	if s := b.logInd("Person administrator", foersteKodeord); s.status != http.StatusSeeOther {
		t.Fatal(s.status, afkortet(s.krop))
	}
	for _, sti := range []string{"/", "/fejl", "/konti", "/register", "/findes-ikke", "/konto/andet"} {
		if s := b.hent(sti); s.status != http.StatusSeeOther || s.hoved.Get("Location") != "/konto" {
			t.Errorf("%s: %d %s", sti, s.status, s.hoved.Get("Location"))
		}
	}
	for _, k := range [][2]string{{"GET", "/api/v1/drift/status"}, {"GET", "/sag/sag"}, {"GET", "/metrics"}, {"POST", "/fejl/1/luk"}, {"POST", "/api/v1/drift/brugere"}, {"POST", "/api/v1/lokal/link"}} {
		if s := b.kald(k[0], k[1], "application/json", "{}"); s.status != http.StatusForbidden || !strings.Contains(s.krop, "vælg dit eget") {
			t.Errorf("%s: %d %s", k, s.status, afkortet(s.krop))
		}
	}
	if n := h.app.afviste()["eget_kodeord"]; n != 6 {
		t.Errorf("%d calls are counted as refused, want 6", n)
	}
	side := b.hent("/konto")
	if !strings.Contains(side.krop, "valgt af en anden") || strings.Contains(side.krop, "hovednav") {
		t.Error(side.krop)
	}
	skift := func(nyt string) svar {
		return b.form("/konto", "/konto/kodeord", map[string]string{"gammelt": foersteKodeord, "kodeord": nyt, "igen": nyt})
	}
	if s := skift(foersteKodeord); s.status == http.StatusSeeOther {
		t.Error("the same password again")
	}
	if s := skift(kodeord); s.status != http.StatusSeeOther {
		t.Fatal(s.status, s.krop)
	}
	if s := b.hent("/konto"); strings.Contains(s.krop, "valgt af en anden") || !strings.Contains(s.krop, "hovednav") {
		t.Error(s.krop)
	}
	if s := b.hent("/konti"); s.status != http.StatusOK {
		t.Error(s.status)
	}
}

// TestLogin over real TLS: what the cookie is, that it is new each time, and that logging out is so at the server too.
func TestLogin(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 31")
	h := nytRollehus(t)
	b := h.browser()
	if s := b.hent("/fejl?ansvar=MOX"); s.status != http.StatusSeeOther || s.hoved.Get("Location") != "/log-ind?til=%2Ffejl%3Fansvar%3DMOX" {
		t.Fatalf("%d %s", s.status, s.hoved.Get("Location"))
	}
	fremmed := []string{"Origin: ", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"}
	if s := b.kald("GET", `/fejl?ansvar="MOX"`, "", "", fremmed...); s.status != http.StatusOK || !strings.Contains(s.krop, `content="0; url=/fejl?ansvar=&#34;MOX&#34;"`) {
		t.Errorf("a link on another site, which the cookie does not follow: %d %s", s.status, s.krop)
	}
	if s := b.kald("GET", "//ond.example/", "", "", fremmed...); s.status != http.StatusOK || !strings.Contains(s.krop, `url=/"`) {
		t.Errorf("%d %s", s.status, s.krop)
	}
	side := b.hent("/log-ind")
	for _, inde := range []string{"/fejl", "hovednav", "mox status --link"} {
		if strings.Contains(side.krop, inde) {
			t.Errorf("%q is shown to somebody who is not logged in", inde)
		}
	}
	if n := side.hoved.Get("X-Aabne-Fejl"); n != "0" {
		t.Errorf("the number of open Fejl is told: %s", n)
	}
	s := b.logInd("Person drift", kodeord)
	var kage *http.Cookie
	for _, k := range s.kager {
		if strings.HasPrefix(k.Name, "__Host-mox_person_") {
			kage = k
		}
	}
	if kage == nil || !kage.Secure || !kage.HttpOnly || kage.SameSite != http.SameSiteStrictMode || kage.Path != "/" || kage.Domain != "" || kage.MaxAge != 0 || len(kage.Value) != 43 {
		t.Fatalf("%+v", s.kager)
	}
	if s := b.hent("/"); s.status != http.StatusOK || !strings.Contains(s.krop, "Person drift") || !strings.Contains(s.krop, `action="/log-ud"`) {
		t.Fatal(s.status, afkortet(s.krop))
	}
	if s := b.hent("/log-ind?til=//ond.example"); s.status != http.StatusSeeOther || s.hoved.Get("Location") != "/" {
		t.Errorf("%d %s", s.status, s.hoved.Get("Location"))
	}

	// The session is the server's: a cookie that was copied is worth nothing after logging out.
	tyv := func() int {
		r, err := http.NewRequestWithContext(t.Context(), "GET", h.url+"/api/v1/drift/status", nil)
		h.maa(err)
		r.AddCookie(&http.Cookie{Name: kage.Name, Value: kage.Value})
		resp, err := h.browser().klient.Do(r)
		h.maa(err)
		h.maa(resp.Body.Close())
		return resp.StatusCode
	}
	if n := tyv(); n != http.StatusOK {
		t.Fatal(n)
	}
	if s := b.form("/konto", "/log-ud", nil); s.status != http.StatusSeeOther || s.hoved.Get("Location") != "/log-ind?ud" {
		t.Fatal(s.status, afkortet(s.krop))
	}
	if n := tyv(); n != http.StatusUnauthorized {
		t.Errorf("after logging out: %d", n)
	}
	if s := b.hent("/fejl"); s.status != http.StatusSeeOther {
		t.Errorf("after logging out: %d", s.status)
	}
	if s := b.kald("POST", "/fejl/1/luk", "application/x-www-form-urlencoded", "begrundelse=x"); s.status != http.StatusUnauthorized || !strings.Contains(s.krop, "Intet er ændret") || !strings.Contains(s.krop, `href="/log-ind"`) {
		t.Errorf("a form sent after logging out: %d %s", s.status, s.krop)
	}
	if s := b.hent("/log-ind?ud"); !strings.Contains(s.krop, "Du er logget ud") {
		t.Error(s.krop)
	}
	if log := h.log.String(); !strings.Contains(log, `msg=login bruger="Person drift" fra=127.0.0.1`) || !strings.Contains(log, `msg="logget ud" bruger="Person drift"`) || strings.Contains(log, kodeord) || strings.Contains(log, kage.Value) {
		t.Error(log)
	}
}

// TestLoginKanIkkePaatvinges: a session that somebody else chose is not taken over, another page cannot log one in, and the
// answer to a wrong password tells nothing about the account.
func TestLoginKanIkkePaatvinges(t *testing.T) {
	t.Parallel()
	h := nytRollehus(t)
	b := h.ind(auth.Laeser)
	rod, err := url.Parse(h.url)
	h.maa(err)
	foer := b.klient.Jar.Cookies(rod)
	if s := b.kald("POST", "/log-ud", "application/x-www-form-urlencoded", "token=x"); s.status != http.StatusForbidden {
		t.Errorf("logged out without a token: %d", s.status)
	}
	for navn, hoveder := range map[string][]string{"en anden side": {"Origin: https://ond.example"}, "ingen side": {"Origin: "}, "samme maskine, anden port": {"Origin: https://127.0.0.1:1"},
		"en anden side, uden Origin": {"Origin: ", "Sec-Fetch-Site: cross-site"}} {
		ny := h.browser()
		if s := ny.logInd("Person drift", kodeord, hoveder...); s.status != http.StatusForbidden || len(s.kager) > 1 {
			t.Errorf("%s: %d %v", navn, s.status, s.kager)
		}
	}
	if s := h.browser().kald("POST", "/log-ind", "application/x-www-form-urlencoded", url.Values{"navn": {"Person drift"}, "kodeord": {kodeord}}.Encode()); s.status != http.StatusForbidden {
		t.Errorf("without the form's token: %d", s.status)
	}
	if s := h.browser().form("/log-ind", "/log-ind", map[string]string{"navn": strings.Repeat("x", 20<<10)}); s.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a large form: %d", s.status)
	}

	offer := h.browser()
	offer.klient.Jar.SetCookies(rod, foer) // another's session is planted
	offer.hent("/log-ind")
	var valgt, fik string
	for _, k := range foer {
		if strings.HasPrefix(k.Name, "__Host-mox_person") {
			valgt = k.Value
		}
	}
	s := offer.form("/konto", "/log-ud", nil)
	s = offer.logInd("Person drift", kodeord)
	for _, k := range s.kager {
		if strings.HasPrefix(k.Name, "__Host-mox_person") {
			fik = k.Value
		}
	}
	if valgt == "" || fik == "" || fik == valgt {
		t.Errorf("the session is the one that was planted: %q %q", valgt, fik)
	}
	if s := b.hent("/"); s.status != http.StatusSeeOther {
		t.Errorf("the planted session is good yet: %d", s.status)
	}

	uens := regexp.MustCompile(`name="token" value="[^"]+"|value="(Person drift|Findes Ikke)"`)
	var svar []string
	for _, navn := range []string{"Person drift", "Findes Ikke"} {
		s := h.browser().logInd(navn, "et forkert kodeord")
		if s.status != http.StatusUnauthorized || strings.Contains(s.krop, "et forkert kodeord") || !strings.Contains(s.krop, "Brugernavnet eller kodeordet er forkert.") {
			t.Errorf("%s: %d %s", navn, s.status, afkortet(s.krop))
		}
		svar = append(svar, uens.ReplaceAllString(s.krop, ""))
	}
	if svar[0] != svar[1] {
		t.Errorf("the answer tells which name has an account:\n%s\n%s", svar[0], svar[1])
	}
	for range konto.MaksForNavn {
		_ = h.browser().logInd("Findes Ikke", "x")
	}
	if s := h.browser().logInd("Findes Ikke", "x"); s.status != http.StatusTooManyRequests || s.hoved.Get("Retry-After") != "900" || !strings.Contains(s.krop, "Vent et kvarter") {
		t.Errorf("%d %s", s.status, afkortet(s.krop))
	}
	if n := h.app.afviste(); n["kodeord"] == 0 || n["spaerret"] == 0 {
		t.Error(n)
	}
}

// TestLoginPaaDenneMaskine: beside the one-time link, where there is no TLS; one takes the other's place.
func TestLoginPaaDenneMaskine(t *testing.T) {
	t.Parallel()
	h := nytRollehus(t)
	b := h.browser()
	b.rod = h.app.Adresse()
	if s := b.hent("/log-ind"); !strings.Contains(s.krop, "mox status --link") {
		t.Error(s.krop)
	}
	if s := b.logInd("Person drift", kodeord); s.status != http.StatusSeeOther {
		t.Fatal(s.status, afkortet(s.krop))
	}
	if s := b.hent("/konto"); !strings.Contains(s.krop, "Person drift · drift") || !strings.Contains(s.krop, `name="gammelt"`) {
		t.Error(s.krop)
	}
	if s := b.hent(strings.TrimPrefix(h.app.Link(), b.rod)); s.status != http.StatusSeeOther {
		t.Fatal(s.status)
	}
	s := b.hent("/konto")
	if !strings.Contains(s.krop, "lokal · administrator") || strings.Contains(s.krop, `name="gammelt"`) {
		t.Error(s.krop)
	}
	if s := b.form("/konto", "/konto/kodeord", map[string]string{"gammelt": kodeord, "kodeord": "syv grønne lamper", "igen": "syv grønne lamper"}); s.status != http.StatusForbidden {
		t.Errorf("whoever came by a link has no password: %d", s.status)
	}
	if s := b.form("/konto", "/log-ud", nil); s.status != http.StatusSeeOther {
		t.Fatal(s.status, afkortet(s.krop))
	}
	if s := b.hent("/"); s.status != http.StatusSeeOther || s.hoved.Get("Location") != "/log-ind" {
		t.Errorf("the one-time link's session goes on: %d", s.status)
	}
	if s := b.kald("GET", "/", "", "", "Accept: "); s.status != http.StatusUnauthorized {
		t.Errorf("a program: %d", s.status)
	}
	if s := b.kald("POST", "/sprog", "application/x-www-form-urlencoded", "sprog=en"); s.status != http.StatusForbidden {
		t.Errorf("the language without a token: %d", s.status)
	}
	if s := b.form("/log-ind", "/sprog", map[string]string{"sprog": "en", "tilbage": "/log-ind?til=%2Ffejl"}); s.status != http.StatusSeeOther || s.hoved.Get("Location") != "/log-ind?til=%2Ffejl" {
		t.Errorf("%d %s", s.status, afkortet(s.krop))
	}
	if s := b.hent("/log-ind"); !strings.Contains(s.krop, "User name") {
		t.Error(s.krop)
	}
}

// TestSkiftKodeord on the page, also for whoever may only read.
func TestSkiftKodeord(t *testing.T) {
	t.Parallel()
	h := nytRollehus(t)
	b, anden := h.ind(auth.Laeser), h.ind(auth.Laeser)
	skift := func(gammelt, nyt, igen string) svar {
		return b.form("/konto", "/konto/kodeord", map[string]string{"gammelt": gammelt, "kodeord": nyt, "igen": igen})
	}
	for vil, s := range map[string]svar{
		"er forkert":                        skift("et forkert", "syv grønne lamper", "syv grønne lamper"),
		"er ikke som det nye":               skift(kodeord, "syv grønne lamper", "syv grønne lampe"),
		"kodeordet er på 4 tegn; mindst 12": skift(kodeord, "kort", "kort"),
		"kodeordet er for let at gætte":     skift(kodeord, "Person laeser1", "Person laeser1"),
		"er det, du har":                    skift(kodeord, kodeord, kodeord),
	} {
		if s.status != http.StatusBadRequest || !strings.Contains(s.krop, vil) || strings.Contains(s.krop, "lamper") {
			t.Errorf("%d, want %q:\n%s", s.status, vil, afkortet(s.krop))
		}
	}
	if s := skift(kodeord, "syv grønne lamper", "syv grønne lamper"); s.status != http.StatusSeeOther {
		t.Fatal(s.status, afkortet(s.krop))
	}
	if s := b.form("/konto", "/fejl/1/luk", map[string]string{"begrundelse": "x"}); s.status != http.StatusForbidden || !strings.Contains(s.krop, "Det må du ikke") {
		t.Errorf("what a reader may not do has no page that says so: %d %s", s.status, afkortet(s.krop))
	}
	if s := b.hent("/konto?gjort=kodeord"); s.status != http.StatusOK || !strings.Contains(s.krop, "Kodeordet er skiftet") {
		t.Error(s.status, afkortet(s.krop))
	}
	if s := anden.hent("/konto"); s.status != http.StatusSeeOther {
		t.Errorf("the other browser is logged in yet: %d", s.status)
	}
	if s := h.browser().logInd("Person laeser", kodeord); s.status != http.StatusUnauthorized {
		t.Errorf("the old password: %d", s.status)
	}
	if s := h.browser().logInd("Person laeser", "syv grønne lamper"); s.status != http.StatusSeeOther {
		t.Errorf("the new password: %d", s.status)
	}
}

// TestNavnetErEnNoegles: what is done under a key's name is not done by a person.
func TestNavnetErEnNoegles(t *testing.T) {
	t.Parallel()
	h := nytRollehus(t)
	if err := h.app.konti.Opret(t.Context(), "Noegle-DRIFT", auth.Laeser, kodeord, konto.Hvem{Navn: "lokal"}); mox.KodeAf(err) != mox.KodeKonflikt {
		t.Error(err)
	}
}

// TestRuterOgRoller: a person may what a key of the same role may, on every kind of route, and nobody may without either.
func TestRuterOgRoller(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 31")
	h := nytRollehus(t)
	personer := map[auth.Rolle]*browser{}
	for _, r := range roller() {
		personer[r] = h.ind(r)
	}
	const json, formular = "application/json", "application/x-www-form-urlencoded"
	ingen := [3]int{403, 403, 403}
	for _, c := range []struct {
		metode, sti, type_, krop string
		ude                      int    // who is not logged in
		vil                      [3]int // laeser, drift, administrator
	}{
		{"GET", "/", "", "", 303, [3]int{200, 200, 200}},
		{"GET", "/beskeder", "", "", 303, [3]int{200, 200, 200}},
		{"GET", "/fejl", "", "", 303, [3]int{200, 200, 200}},
		{"GET", "/agenter", "", "", 303, [3]int{200, 200, 200}},
		{"GET", "/alarmer", "", "", 303, [3]int{200, 200, 200}},
		{"GET", "/abonnementer", "", "", 303, [3]int{200, 200, 200}},
		{"GET", "/opret/abonnement", "", "", 303, [3]int{403, 403, 200}},
		{"GET", "/lister", "", "", 303, [3]int{200, 200, 200}},
		{"GET", "/opret/liste", "", "", 303, [3]int{403, 403, 200}},
		{"GET", "/konti", "", "", 303, [3]int{403, 403, 200}},
		{"GET", "/opret/konto", "", "", 303, [3]int{403, 403, 200}},
		{"GET", "/processer", "", "", 303, [3]int{200, 200, 200}},
		{"GET", "/register", "", "", 303, [3]int{200, 200, 200}},
		{"GET", "/konto", "", "", 303, [3]int{200, 200, 200}},
		{"GET", "/metrics", "", "", 401, [3]int{200, 200, 200}},
		{"POST", "/fejl/1/gensend", formular, "begrundelse=x", 401, [3]int{403, 404, 404}},
		{"POST", "/fejl/gruppe", formular, "handling=x", 401, [3]int{403, 404, 404}},
		{"POST", "/beskeder/person", formular, "", 401, [3]int{403, 400, 400}},
		{"POST", "/abonnementer/findes-ikke/pause", formular, "pause=ja&begrundelse=x", 401, [3]int{403, 404, 404}},
		{"POST", "/abonnementer/findes-ikke/luk", formular, "begrundelse=x", 401, [3]int{403, 403, 404}},
		{"POST", "/opret/abonnement", formular, "", 401, [3]int{403, 403, 400}},
		{"POST", "/lister/findes-ikke/aendr", formular, "hvad=tilfoej&vaerdier=x", 401, [3]int{403, 404, 404}},
		{"POST", "/lister/findes-ikke/slet", formular, "begrundelse=x", 401, [3]int{403, 403, 404}},
		{"POST", "/konti/findes-ikke/luk", formular, "begrundelse=x", 401, [3]int{403, 403, 404}},
		{"POST", "/opret/konto", formular, "", 401, [3]int{403, 403, 400}},
		{"POST", "/alarmer/1/kvitter", formular, "begrundelse=x", 401, [3]int{403, 404, 404}},
		{"GET", "/api/v1/drift/status", "", "", 401, [3]int{200, 200, 200}},
		{"GET", "/api/v1/drift/abonnementer", "", "", 401, [3]int{200, 200, 200}},
		{"POST", "/api/v1/drift/fejl/gensend", json, "{", 401, [3]int{403, 400, 400}},
		{"POST", "/api/v1/drift/fejl/1/indhold", json, "{", 401, [3]int{403, 400, 400}},
		{"POST", "/api/v1/drift/alarmer/proev", json, "{", 401, [3]int{403, 400, 400}},
		{"POST", "/api/v1/drift/abonnementer", json, "{", 401, [3]int{403, 403, 400}},
		{"POST", "/api/v1/drift/abonnementer/x/luk", json, "{", 401, [3]int{403, 403, 400}},
		{"GET", "/api/v1/drift/brugere", "", "", 401, [3]int{403, 403, 200}},
		{"POST", "/api/v1/drift/brugere", json, "{", 401, [3]int{403, 403, 400}},
		{"POST", "/api/v1/drift/brugere/x/rolle", json, "{", 401, [3]int{403, 403, 400}},
		{"POST", "/api/v1/drift/brugere/x/kodeord", json, "{", 401, [3]int{403, 403, 400}},
		{"POST", "/api/v1/drift/brugere/x/luk", json, "{", 401, [3]int{403, 403, 400}},
		{"POST", "/api/v1/kopi", json, "{", 401, [3]int{403, 403, 400}},
		{"POST", "/api/v1/efterproev", json, "{", 401, [3]int{403, 403, 400}},
		{"POST", "/api/v1/beskeder", json, "{", 401, [3]int{403, 400, 400}},
		{"GET", "/sag/sag?bvn=1", "", "", 401, [3]int{200, 200, 200}},
		{"POST", "/sag/sag", json, "{", 401, [3]int{403, 400, 400}},
		{"POST", auth.LinkSti, "", "", 401, ingen},
		{"GET", "/healthz", "", "", 200, [3]int{200, 200, 200}},
		{"PUT", "/log-ind", formular, "", 404, [3]int{404, 404, 404}},
	} {
		navn := c.metode + " " + c.sti
		if s := h.browser().kald(c.metode, c.sti, c.type_, c.krop); s.status != c.ude {
			t.Errorf("%s without being logged in: %d, want %d: %s", navn, s.status, c.ude, afkortet(s.krop))
		}
		for i, r := range roller() {
			krop := c.krop
			if c.type_ == formular {
				token := tokenform.FindStringSubmatch(personer[r].hent("/konto").krop)[1]
				krop = "token=" + url.QueryEscape(token) + "&" + krop
			}
			if s := personer[r].kald(c.metode, c.sti, c.type_, krop); s.status != c.vil[i] {
				t.Errorf("%s for the person with the role %s: %d, want %d: %s", navn, r, s.status, c.vil[i], afkortet(s.krop))
			}
			if c.type_ != formular {
				if s := h.browser().kald(c.metode, c.sti, c.type_, krop, "Authorization: Bearer "+h.noegle[r], "Origin: "); s.status != c.vil[i] {
					t.Errorf("%s for the key with the role %s: %d, want %d: %s", navn, r, s.status, c.vil[i], afkortet(s.krop))
				}
			}
			if c.metode != "GET" {
				if s := personer[r].kald(c.metode, c.sti, c.type_, krop, "Origin: "); s.status != http.StatusForbidden {
					t.Errorf("%s with the role %s, from no page of ours: %d", navn, r, s.status)
				}
			}
		}
	}
}

// TestOIDCPersonerIOpsaetningen: the files that mox.yaml names are read, and the page to log in leads to the provider.
func TestOIDCPersonerIOpsaetningen(t *testing.T) {
	t.Parallel()
	var udsteder *httptest.Server
	udsteder = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"issuer": %q, "jwks_uri": %[1]q, "token_endpoint": %[1]q, "authorization_endpoint": "%[2]s/login"}`, udsteder.URL, udsteder.URL)
	}))
	t.Cleanup(udsteder.Close)
	yaml := func(ekstra string) string {
		return "fjern: {vaerter: [mox.kommune.dk]}\noidc_personer: {udsteder: '" + udsteder.URL + "', klient: mox, adresse: 'https://mox.kommune.dk', claim: groups, roller: {a: drift}" + ekstra + "}\n"
	}
	dir := mappe(t, map[string]string{"mox.yaml": yaml(", hemmelighed: oidc.hemmelighed"), "oidc.hemmelighed": "hos-udstederen\n"})
	a, err := aaben(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := a.config.personudsteder(); err != nil || p.Hemmelighed != "hos-udstederen" {
		t.Errorf("%+v %v", p, err)
	}
	for sti, vil := range map[string]string{"/log-ind?til=/fejl": `href="/log-ind/oidc?til=%2Ffejl"`, "/log-ind?fejl=utilgaengelig": "Kommunens login svarer ikke"} {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), "GET", a.Adresse()+sti, nil)
		if a.web.server.Handler.ServeHTTP(w, r); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), vil) {
			t.Errorf("%s: %d %s", sti, w.Code, w.Body)
		}
	}
	w := httptest.NewRecorder()
	a.web.server.Handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", a.Adresse()+auth.LogIndEksternSti, nil))
	til, err := url.Parse(w.Header().Get("Location"))
	if err != nil || !strings.HasPrefix(til.String(), udsteder.URL+"/login?") || til.Query().Get("client_id") != "mox" || til.Query().Get("redirect_uri") != "https://mox.kommune.dk/log-ind/oidc/svar" {
		t.Errorf("%d %s", w.Code, til)
	}
	for ekstra, vil := range map[string]string{", hemmelighed: findes-ikke": "oidc_personer.hemmelighed", ", ca: findes-ikke": "oidc_personer.ca", ", klienten: x": "klienten"} {
		_, err := aaben(t, mappe(t, map[string]string{"mox.yaml": yaml(ekstra)}))
		var e *mox.Error
		if !errors.As(err, &e) || !strings.Contains(e.Tekst+e.Raad, vil) {
			t.Errorf("%s: %v", ekstra, err)
		}
	}
}

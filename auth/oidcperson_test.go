package auth_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/konto"
	"github.com/moxkit/mox/store"
	"github.com/moxkit/mox/store/storetest"
)

const klienthemmelighed = "udstederens-og-mox"

// loginudsteder is a provider where people log in: it gives a code for whoever asks, and for the code, its PKCE verifier and
// the client's secret, once, an ID token.
type loginudsteder struct {
	*udsteder
	mu     sync.Mutex
	koder  map[string]url.Values // what was asked for, by code
	claims map[string]any        // what the next tokens say beside the ordinary
	koden  string                // the last given
}

func nyLoginudsteder(t *testing.T) *loginudsteder {
	t.Helper()
	l := &loginudsteder{udsteder: nyUdsteder(t), koder: map[string]url.Values{}}
	m := http.NewServeMux()
	m.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
		if l.erNede() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"issuer": l.URL, "jwks_uri": l.URL + "/noegler", "authorization_endpoint": l.URL + "/login", "token_endpoint": l.URL + "/token"})
	})
	m.HandleFunc("GET /login", l.login)
	m.HandleFunc("POST /token", l.indloes)
	m.HandleFunc("/", l.svar)
	l.Config.Handler = m
	return l
}

func (l *loginudsteder) erNede() bool {
	l.udsteder.mu.Lock()
	defer l.udsteder.mu.Unlock()
	return l.nede
}

func (l *loginudsteder) siger(claims map[string]any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.claims = claims
}

func (l *loginudsteder) login(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("client_id") != "mox" || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || !strings.Contains(q.Get("scope"), "openid") || len(q.Get("state")) < 40 || len(q.Get("nonce")) < 40 {
		l.Errorf("asked for %v", q)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.koden = "kode-" + q.Get("state")[:20]
	l.koder[l.koden] = q
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+url.Values{"code": {l.koden}, "state": {q.Get("state")}}.Encode(), http.StatusSeeOther)
}

func (l *loginudsteder) indloes(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	q, ok := l.koder[r.PostFormValue("code")]
	delete(l.koder, r.PostFormValue("code"))
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	klient, hemmelighed, _ := r.BasicAuth()
	w.Header().Set("Content-Type", "application/json")
	if !ok || klient != "mox" || hemmelighed != klienthemmelighed || b64(sum[:]) != q.Get("code_challenge") || r.PostFormValue("redirect_uri") != q.Get("redirect_uri") {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error": "invalid_grant"}`)
		return
	}
	claims := map[string]any{"aud": "mox", "sub": "42", "nonce": q.Get("nonce"), "preferred_username": "Kirsten Hansen", "groups": []string{"alle", "mox-drift"}}
	maps.Copy(claims, l.claims)
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": "adgang", "token_type": "Bearer", "id_token": l.token(start, claims)})
}

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// oidchus is a guarded house with accounts, whose people log in at the provider.
type oidchus struct {
	*hus
	*testing.T
	l     *loginudsteder
	konti *konto.Konti
}

func nytOIDCHus(t *testing.T) *oidchus {
	t.Helper()
	s, err := store.Open(t.Context(), storetest.SQLite(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	h := &oidchus{hus: &hus{ur: &ur{t: start}, log: &bytes.Buffer{}}, T: t, l: nyLoginudsteder(t)}
	log := slog.New(slog.NewTextHandler(h.log, nil))
	h.konti = konto.New(s, konto.Options{Nu: h.ur.nu, Log: log})
	h.Server = httptest.NewUnstartedServer(nil)
	adresse := h.Listener.Addr().String()
	h.vagt, err = auth.NyVagt(auth.Options{Adresser: []string{adresse}, Nu: h.ur.nu, Log: log, Personer: h.konti, Eksterne: h.konti, Ekstern: &auth.Personudsteder{Udsteder: h.l.URL, Klient: "mox",
		Hemmelighed: klienthemmelighed, Adresse: "https://" + adresse, Claim: "groups", HTTP: h.l.Client(),
		Roller: map[string]auth.Rolle{"mox-se": auth.Laeser, "mox-drift": auth.Drift, "mox-admin": auth.Administrator}}})
	if err != nil {
		t.Fatal(err)
	}
	h.Config.Handler = h.vagt.Beskyt(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hvem, _ := auth.Fra(r.Context())
		_, _ = io.WriteString(w, "hej "+hvem.Navn+" "+string(hvem.Rolle)+hvem.Konto)
	}))
	h.StartTLS()
	t.Cleanup(h.Close)
	return h
}

// besoeg is a browser that knows both the house and the provider.
type besoeg struct {
	*oidchus
	klient *http.Client
}

func (h *oidchus) besoeg() *besoeg {
	h.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.Fatal(err)
	}
	k := *h.Client()
	k.Jar, k.CheckRedirect = jar, func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &besoeg{h, &k}
}

// gaa opens an address as a browser that was led there from another site.
func (b *besoeg) gaa(adresse string) (status int, videre, krop string) {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, adresse, nil)
	if err != nil {
		b.Fatal(err)
	}
	for k, v := range map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"} {
		r.Header.Set(k, v)
	}
	klient := b.klient
	if strings.HasPrefix(adresse, b.l.URL) {
		klient = &http.Client{Transport: b.l.Client().Transport, CheckRedirect: b.klient.CheckRedirect}
	}
	resp, err := klient.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	return resp.StatusCode, resp.Header.Get("Location"), tekst(b.T, resp)
}

// tilbage goes to the provider and gives the address it sends the browser back to.
func (b *besoeg) tilbage(til string) string {
	b.Helper()
	_, login, _ := b.gaa(b.URL + auth.LogIndEksternSti + "?" + url.Values{"til": {til}}.Encode())
	if !strings.HasPrefix(login, b.l.URL+"/login?") {
		b.Fatalf("not sent to the provider: %s", login)
	}
	_, svar, _ := b.gaa(login)
	if !strings.HasPrefix(svar, b.URL+"/log-ind/oidc/svar?") {
		b.Fatalf("not sent back: %s", svar)
	}
	return svar
}

// ind logs in, and gives who one then is.
func (b *besoeg) ind() string {
	b.Helper()
	status, fejl, krop := b.gaa(b.tilbage("/fejl"))
	if status != http.StatusOK || !strings.Contains(krop, `content="0; url=/fejl"`) {
		b.Fatalf("%d %s %s\n%s", status, fejl, krop, b.log)
	}
	_, _, krop = b.gaa(b.URL + "/fejl")
	return krop
}

func TestLoginHosUdsteder(t *testing.T) {
	t.Parallel()
	h := nytOIDCHus(t)
	b := h.besoeg()
	if hvem := b.ind(); hvem != "hej Kirsten Hansen drift" {
		t.Error(hvem)
	}
	anden := h.besoeg()
	h.l.siger(map[string]any{"groups": []string{"mox-se", "mox-admin"}, "preferred_username": "Kirsten Jensen"}) // another role, and a name that a person keeps
	if hvem := anden.ind(); hvem != "hej Kirsten Hansen administrator" {
		t.Error(hvem)
	}
	if _, _, krop := b.gaa(h.URL + "/fejl"); strings.Contains(krop, "hej") {
		t.Errorf("a session with the role from before: %s", krop)
	}
	l, err := h.konti.Liste(t.Context())
	if err != nil || len(l) != 1 || !l[0].Ekstern || l[0].Rolle != auth.Administrator || l[0].AendretAf != "oidc_personer" {
		t.Errorf("%+v %v", l, err)
	}
	for navn, err := range map[string]error{"rolle": h.konti.SaetRolle(t.Context(), "Kirsten Hansen", auth.Drift, konto.Hvem{}), "kodeord": h.konti.SaetKodeord(t.Context(), "Kirsten Hansen", "fem blå cykler", konto.Hvem{})} {
		if mox.KodeAf(err) != mox.KodeKonflikt {
			t.Errorf("%s is the provider's to say: %v", navn, err)
		}
	}
	if _, err := h.konti.LogInd(t.Context(), "Kirsten Hansen", "", "x"); mox.KodeAf(err) != mox.KodeIkkeLoggetInd {
		t.Errorf("with an empty password: %v", err)
	}
	if _, _, krop := h.besoeg().gaa(h.besoeg().tilbage("//ond.example")); strings.Contains(krop, "ond.example") {
		t.Error(krop)
	}
	for _, hemmeligt := range []string{klienthemmelighed, h.l.koden, "adgang", "eyJ"} {
		if strings.Contains(h.log.String(), hemmeligt) {
			t.Errorf("%q is in the log:\n%s", hemmeligt, h.log)
		}
	}
}

// TestLoginHosUdstederAfvises: each way in which the answer is not good, with what the person is told.
func TestLoginHosUdstederAfvises(t *testing.T) {
	t.Parallel()
	aendret := func(navn, vaerdi string) func(*besoeg, string) string {
		return func(_ *besoeg, svar string) string {
			u, _ := url.Parse(svar)
			q := u.Query()
			q.Set(navn, vaerdi)
			u.RawQuery = q.Encode()
			return u.String()
		}
	}
	siger := func(claims map[string]any) func(*besoeg, string) string {
		return func(b *besoeg, svar string) string {
			b.l.siger(claims)
			return svar
		}
	}
	for navn, c := range map[string]struct {
		foer func(b *besoeg, svar string) string
		kode mox.Kode
	}{
		"en anden browser": {func(b *besoeg, svar string) string {
			b.klient = b.besoeg().klient
			return svar
		}, mox.KodeIkkeTilladt},
		"en anden state": {aendret("state", "x"), mox.KodeIkkeTilladt},
		"ingen state":    {aendret("state", ""), mox.KodeIkkeTilladt},
		"for sent": {func(b *besoeg, svar string) string {
			b.ur.frem(10 * time.Minute)
			return svar
		}, mox.KodeIkkeTilladt},
		"to gange": {func(b *besoeg, svar string) string {
			_, _, _ = b.gaa(svar)
			return svar
		}, mox.KodeIkkeTilladt},
		"ingen kode":               {aendret("code", ""), mox.KodeIkkeLoggetInd},
		"en anden kode":            {aendret("code", "x"), mox.KodeIkkeLoggetInd},
		"en anden nonce":           {siger(map[string]any{"nonce": "x"}), mox.KodeIkkeLoggetInd},
		"ingen nonce":              {siger(map[string]any{"nonce": nil}), mox.KodeIkkeLoggetInd},
		"til en anden":             {siger(map[string]any{"aud": "en-anden"}), mox.KodeIkkeLoggetInd},
		"fra en anden":             {siger(map[string]any{"iss": "https://en-anden.example"}), mox.KodeIkkeLoggetInd},
		"udløbet":                  {siger(map[string]any{"exp": start.Add(-time.Minute).Unix()}), mox.KodeIkkeLoggetInd},
		"ingen rolle":              {siger(map[string]any{"groups": []string{"alle"}}), mox.KodeIkkeTilladt},
		"ingen grupper":            {siger(map[string]any{"groups": nil}), mox.KodeIkkeTilladt},
		"intet navn":               {siger(map[string]any{"preferred_username": nil}), mox.KodeUgyldig},
		"et personnummer som navn": {siger(map[string]any{"preferred_username": "010203-1234"}), mox.KodeUgyldig},
		"et navn, der er brugt": {func(b *besoeg, svar string) string {
			if err := b.konti.Opret(b.Context(), "kirsten hansen", auth.Administrator, "fem blå cykler", konto.Hvem{}); err != nil {
				b.Fatal(err)
			}
			return svar
		}, mox.KodeKonflikt},
		"en lukket konto": {func(b *besoeg, _ string) string {
			_ = b.ind()
			if err := b.konti.Luk(b.Context(), "Kirsten Hansen", konto.Hvem{}); err != nil {
				b.Fatal(err)
			}
			return b.tilbage("/")
		}, mox.KodeIkkeTilladt},
	} {
		t.Run(navn, func(t *testing.T) {
			t.Parallel()
			h := nytOIDCHus(t)
			b := h.besoeg()
			svar := c.foer(b, b.tilbage("/"))
			status, videre, krop := b.gaa(svar)
			if vil := "/log-ind?fejl=" + string(c.kode); status != http.StatusSeeOther || videre != vil {
				t.Errorf("%d %s, want %s: %s", status, videre, vil, krop)
			}
			if navn != "to gange" { // the first time it was good
				if _, _, krop := b.gaa(h.URL + "/fejl"); strings.HasPrefix(krop, "hej") {
					t.Errorf("logged in: %s", krop)
				}
			}
		})
	}
}

// TestUdstederErNede: the person is told, and can when it is up again.
func TestUdstederErNede(t *testing.T) {
	t.Parallel()
	h := nytOIDCHus(t)
	h.l.gaarNed(true)
	b := h.besoeg()
	if status, videre, _ := b.gaa(h.URL + auth.LogIndEksternSti); status != http.StatusSeeOther || videre != "/log-ind?fejl=utilgaengelig" {
		t.Errorf("%d %s", status, videre)
	}
	h.l.gaarNed(false)
	h.ur.frem(time.Minute)
	if hvem := b.ind(); hvem != "hej Kirsten Hansen drift" {
		t.Error(hvem)
	}
	if resp := h.kald(t, "POST", auth.LogIndEksternSti, "Origin: "+h.URL); resp.StatusCode != http.StatusSeeOther || resp.Header.Get("Location") != "/log-ind?fejl=ikke_fundet" {
		t.Errorf("%d %s", resp.StatusCode, resp.Header)
	}
}

func TestOpsaetningAfPersonudsteder(t *testing.T) {
	t.Parallel()
	for navn, c := range map[string]struct {
		aendr func(*auth.Personudsteder)
		sti   string
	}{
		"udsteder uden TLS":      {func(p *auth.Personudsteder) { p.Udsteder = "http://login.kommune.dk" }, "udsteder"},
		"adresse uden TLS":       {func(p *auth.Personudsteder) { p.Adresse = "http://mox.kommune.dk" }, "adresse"},
		"adresse med sti":        {func(p *auth.Personudsteder) { p.Adresse = "https://mox.kommune.dk/a" }, "adresse"},
		"en fremmed adresse":     {func(p *auth.Personudsteder) { p.Adresse = "https://ond.example" }, "adresse"},
		"uden klient":            {func(p *auth.Personudsteder) { p.Klient = "" }, "klient"},
		"uden claim":             {func(p *auth.Personudsteder) { p.Claim = "" }, "claim"},
		"uden roller":            {func(p *auth.Personudsteder) { p.Roller = nil }, "roller"},
		"en ukendt rolle":        {func(p *auth.Personudsteder) { p.Roller = map[string]auth.Rolle{"x": "chef"} }, "roller.x"},
		"et systems rolle":       {func(p *auth.Personudsteder) { p.Roller = map[string]auth.Rolle{"x": auth.System} }, "roller.x"},
		"en adresse, der er god": {func(p *auth.Personudsteder) { p.Adresse = "https://mox.kommune.dk/" }, ""},
	} {
		p := auth.Personudsteder{Udsteder: "https://login.kommune.dk", Klient: "mox", Adresse: "https://mox.kommune.dk", Claim: "groups", Roller: map[string]auth.Rolle{"a": auth.Drift}}
		c.aendr(&p)
		_, err := auth.NyVagt(auth.Options{Adresser: []string{"127.0.0.1:8480"}, Vaerter: []string{"mox.kommune.dk"}, Ekstern: &p})
		var e *mox.Error
		if c.sti == "" && err != nil || c.sti != "" && (!errors.As(err, &e) || e.Kode != mox.KodeUgyldig || len(e.Felter) != 1 || e.Felter[0].Sti != "oidc_personer."+c.sti) {
			t.Errorf("%s: %v", navn, err)
		}
	}
}

package auth_test

import (
	"bytes"
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/internal/problem"
)

// udsteder is an OpenID provider: it tells of itself and of its keys, and signs tokens.
type udsteder struct {
	*testing.T
	*httptest.Server
	audience string

	mu     sync.Mutex
	noegle map[string]*rsa.PrivateKey // by kid
	nede   bool
	spurgt int // how many times for its keys
}

func nyUdsteder(t *testing.T) *udsteder {
	t.Helper()
	u := &udsteder{T: t, audience: "mox", noegle: map[string]*rsa.PrivateKey{}}
	u.nyNoegle("k1")
	u.Server = httptest.NewTLSServer(http.HandlerFunc(u.svar))
	t.Cleanup(u.Close)
	return u
}

func (u *udsteder) svar(w http.ResponseWriter, r *http.Request) {
	u.mu.Lock()
	defer u.mu.Unlock()
	var ud any
	switch {
	case u.nede:
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case r.URL.Path == "/.well-known/openid-configuration":
		ud = map[string]any{"issuer": u.URL, "jwks_uri": u.URL + "/noegler", "id_token_signing_alg_values_supported": []string{"RS256", "HS256", "none"}}
	default:
		u.spurgt++
		var noegler []any
		for kid, k := range u.noegle {
			noegler = append(noegler, map[string]string{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": b64(k.N.Bytes()), "e": b64(big.NewInt(int64(k.E)).Bytes())})
		}
		ud = map[string]any{"keys": noegler}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(ud) // the caller has gone if it fails
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (u *udsteder) nyNoegle(kid string) {
	u.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		u.Fatal(err)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.noegle[kid] = k
}

func (u *udsteder) gaarNed(nede bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.nede = nede
}

func (u *udsteder) blevSpurgt() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.spurgt
}

// token is one for the client byggesag, good for an hour from nu, but for what med says otherwise; nil leaves a claim out.
func (u *udsteder) token(nu time.Time, med map[string]any) string {
	u.Helper()
	claims := map[string]any{"iss": u.URL, "aud": u.audience, "sub": "7", "azp": "byggesag-klient", "iat": nu.Unix(), "exp": nu.Add(time.Hour).Unix()}
	maps.Copy(claims, med)
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	return u.underskrevet(map[string]string{"alg": "RS256", "typ": "JWT", "kid": "k1"}, claims)
}

func (u *udsteder) underskrevet(hoved, claims any) string {
	u.Helper()
	h, errH := json.Marshal(hoved)
	c, errC := json.Marshal(claims)
	if err := errors.Join(errH, errC); err != nil {
		u.Fatal(err)
	}
	tekst := b64(h) + "." + b64(c)
	sum := sha256.Sum256([]byte(tekst))
	u.mu.Lock()
	defer u.mu.Unlock()
	s, err := rsa.SignPKCS1v15(rand.Reader, u.noegle["k1"], crypto.SHA256, sum[:])
	if err != nil {
		u.Fatal(err)
	}
	return tekst + "." + b64(s)
}

// medUdsteder is a house that lets byggesag in with the provider's tokens.
func medUdsteder(t *testing.T, u *udsteder) *hus {
	t.Helper()
	h := &hus{ur: &ur{t: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}, log: &bytes.Buffer{}, noegle: map[string]string{}}
	h.Server = httptest.NewUnstartedServer(nil)
	var err error
	h.vagt, err = auth.NyVagt(auth.Options{Adresser: []string{h.Listener.Addr().String()}, Nu: h.ur.nu, Log: slog.New(slog.NewTextHandler(h.log, nil)),
		Udstedere: []auth.Udsteder{{Udsteder: u.URL, Audience: "mox", Claim: "azp", Klient: u.Client(),
			Systemer: []auth.Tokenindehaver{{Vaerdi: "byggesag-klient", Navn: "byggesag", System: "Byggesag"}}}}})
	if err != nil {
		t.Fatal(err)
	}
	h.Config.Handler = h.vagt.Beskyt(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hvem, _ := auth.Fra(r.Context())
		_, _ = io.WriteString(w, hvem.Navn+" "+hvem.System+" "+string(hvem.Rolle))
	}))
	h.Start()
	t.Cleanup(h.Close)
	return h
}

func (h *hus) medToken(t *testing.T, token string) (status int, e *mox.Error, krop string) {
	t.Helper()
	resp := h.kald(t, "GET", "/api/v1/x", "Authorization: Bearer "+token)
	if resp.StatusCode == http.StatusOK {
		return resp.StatusCode, nil, tekst(t, resp)
	}
	return resp.StatusCode, problem.Laes("test", resp), ""
}

func TestTokens(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 31")
	u, fremmed := nyUdsteder(t), nyUdsteder(t)
	h := medUdsteder(t, u)
	nu := h.ur.nu()
	hoved := func(med map[string]string) map[string]string {
		ud := map[string]string{"alg": "RS256", "kid": "k1"}
		maps.Copy(ud, med)
		return ud
	}
	claims := map[string]any{"iss": u.URL, "aud": "mox", "azp": "byggesag-klient", "exp": nu.Add(time.Hour).Unix()}
	god := u.token(nu, nil)
	for navn, c := range map[string]struct {
		token  string
		status int
		grund  string
	}{
		"godt":                            {god, 200, ""},
		"flere audiences":                 {u.token(nu, map[string]any{"aud": []string{"andet", "mox"}}), 200, ""},
		"udløbet":                         {u.token(nu, map[string]any{"exp": nu.Add(-time.Second).Unix()}), 401, "tokenet er udløbet"},
		"uden udløb":                      {u.token(nu, map[string]any{"exp": nil}), 401, "tokenet er udløbet"},
		"gælder ikke endnu":               {u.token(nu, map[string]any{"nbf": nu.Add(time.Hour).Unix()}), 401, "ikke nu"},
		"til en anden":                    {u.token(nu, map[string]any{"aud": "andet"}), 401, "gælder ikke her"},
		"uden audience":                   {u.token(nu, map[string]any{"aud": nil}), 401, "gælder ikke her"},
		"fra en anden udsteder":           {fremmed.token(nu, nil), 401, "ikke fra en udsteder"},
		"siger, det er fra vores":         {fremmed.token(nu, map[string]any{"iss": u.URL}), 401, "underskrift"},
		"fra ingen":                       {u.token(nu, map[string]any{"iss": nil}), 401, "ikke fra en udsteder"},
		"en klient, ingen har lukket ind": {u.token(nu, map[string]any{"azp": "fremmed-klient"}), 401, "azp"},
		"uden klient":                     {u.token(nu, map[string]any{"azp": nil}), 401, "azp"},
		"klienten er ikke en tekst":       {u.token(nu, map[string]any{"azp": []string{"byggesag-klient"}}), 401, "azp"},
		"alg none":                        {b64([]byte(`{"alg":"none"}`)) + "." + strings.Split(god, ".")[1] + ".", 401, ""},
		"alg none med underskrift":        {u.underskrevet(hoved(map[string]string{"alg": "none"}), claims), 401, ""},
		"HS256 med den offentlige nøgle":  {hs256(t, u, claims), 401, ""},
		"ukendt kid":                      {u.underskrevet(hoved(map[string]string{"kid": "k9"}), claims), 401, "underskrift"},
		"underskriften er en andens":      {god[:strings.LastIndex(god, ".")] + fremmedUnderskrift(fremmed, nu), 401, "underskrift"},
		"indholdet er ændret":             {aendret(god), 401, "underskrift"},
		"tre led, ikke et token":          {"a.b.c", 401, "ikke fra en udsteder"},
		"en nøgle i stedet":               {"mox_abc", 401, "nøglen kendes ikke"},
		"for stort":                       {god + strings.Repeat("A", 20<<10), 401, "højst 16384"},
	} {
		t.Run(navn, func(t *testing.T) {
			status, e, krop := h.medToken(t, c.token)
			switch {
			case status != c.status:
				t.Errorf("%d, want %d: %+v", status, c.status, e)
			case status == 200 && krop != "byggesag Byggesag system":
				t.Error(krop)
			case status == 401 && (e.Kode != mox.KodeIkkeLoggetInd || !strings.Contains(e.Tekst, c.grund) || e.Raad == ""):
				t.Errorf("%+v", e)
			case e != nil && strings.Contains(e.Error()+e.Raad, "eyJ"):
				t.Errorf("the token is in the answer: %v", e)
			}
		})
		h.ur.frem(time.Second)
	}
	if log := h.log.String(); strings.Contains(log, "eyJ") || strings.Contains(log, "mox_abc") {
		t.Errorf("a token or key is in the log: %s", log)
	}
	if h.vagt.Afviste()["token"] == 0 {
		t.Error("refused tokens are not counted")
	}
	if status := h.kald(t, "GET", "/beskeder", "Authorization: Bearer "+u.token(h.ur.nu(), nil)).StatusCode; status != 403 {
		t.Errorf("a system's token opens a page: %d", status)
	}
}

func fremmedUnderskrift(u *udsteder, nu time.Time) string {
	t := u.token(nu, nil)
	return t[strings.LastIndex(t, "."):]
}

// aendret is a token whose claims are another's.
func aendret(token string) string {
	led := strings.Split(token, ".")
	b, _ := base64.RawURLEncoding.DecodeString(led[1]) // it has been made by this test
	led[1] = b64(bytes.Replace(b, []byte(`"sub":"7"`), []byte(`"sub":"8"`), 1))
	return strings.Join(led, ".")
}

// hs256 is signed with the provider's public key as if it were a secret shared with MOX.
func hs256(t *testing.T, u *udsteder, claims any) string {
	t.Helper()
	c, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	tekst := b64([]byte(`{"alg":"HS256","kid":"k1"}`)) + "." + b64(c)
	m := hmac.New(sha256.New, u.noegle["k1"].N.Bytes())
	m.Write([]byte(tekst))
	return tekst + "." + b64(m.Sum(nil))
}

// TestUdstederenSkifterNoegle: a token with a new key is good at once, and made-up keys do not make MOX ask again and again.
func TestUdstederenSkifterNoegle(t *testing.T) {
	t.Parallel()
	u := nyUdsteder(t)
	h := medUdsteder(t, u)
	if status, e, _ := h.medToken(t, u.token(h.ur.nu(), nil)); status != 200 {
		t.Fatalf("%d %+v", status, e)
	}
	h.ur.frem(time.Minute)
	u.nyNoegle("k1") // another key of the same name: the old one is used no more
	for range 3 {
		if status, e, _ := h.medToken(t, u.token(h.ur.nu(), nil)); status != 200 {
			t.Fatalf("%d %+v", status, e)
		}
	}
	h.ur.frem(time.Minute)
	foer := u.blevSpurgt()
	for range 5 {
		opdigtet := u.underskrevet(map[string]string{"alg": "RS256", "kid": "opdigtet"}, map[string]any{"iss": u.URL, "aud": "mox", "exp": h.ur.nu().Add(time.Hour).Unix()})
		if status, e, _ := h.medToken(t, opdigtet); status != 401 {
			t.Errorf("%d %+v", status, e)
		}
	}
	if n := u.blevSpurgt() - foer; n != 1 {
		t.Errorf("the provider was asked %d times", n)
	}
}

// TestUdstederenErNede: then nobody can tell whether a token is good, and the caller is told to try again.
func TestUdstederenErNede(t *testing.T) {
	t.Parallel()
	u := nyUdsteder(t)
	h := medUdsteder(t, u)
	u.gaarNed(true)
	for range 2 {
		if status, e, _ := h.medToken(t, u.token(h.ur.nu(), nil)); status != 503 || e.Kode != mox.KodeUtilgaengelig {
			t.Errorf("%d %+v", status, e)
		}
	}
	u.gaarNed(false)
	h.ur.frem(time.Minute)
	if status, e, _ := h.medToken(t, u.token(h.ur.nu(), nil)); status != 200 {
		t.Errorf("%d %+v", status, e)
	}
	u.gaarNed(true)
	if status, e, _ := h.medToken(t, u.token(h.ur.nu(), nil)); status != 200 {
		t.Errorf("a key that is known: %d %+v", status, e)
	}
	h.ur.frem(time.Minute)
	u.nyNoegle("k1")
	if status, e, _ := h.medToken(t, u.token(h.ur.nu(), nil)); status != 503 || e.Kode != mox.KodeUtilgaengelig {
		t.Errorf("a key that is not: %d %+v", status, e)
	}
}

func TestOpsaetningAfUdstedere(t *testing.T) {
	t.Parallel()
	god := auth.Udsteder{Udsteder: "https://login.example", Audience: "mox", Claim: "azp", Systemer: []auth.Tokenindehaver{{Vaerdi: "a", Navn: "a", System: "A"}}}
	for navn, c := range map[string]struct {
		aendr func(*auth.Udsteder)
		sti   string
	}{
		"http":                 {func(u *auth.Udsteder) { u.Udsteder = "http://login.example" }, "oidc[0].udsteder"},
		"ikke en adresse":      {func(u *auth.Udsteder) { u.Udsteder = "login" }, "oidc[0].udsteder"},
		"uden audience":        {func(u *auth.Udsteder) { u.Audience = "" }, "oidc[0].audience"},
		"uden claim":           {func(u *auth.Udsteder) { u.Claim = "" }, "oidc[0].claim"},
		"ingen systemer":       {func(u *auth.Udsteder) { u.Systemer = nil }, "oidc[0].systemer"},
		"uden system":          {func(u *auth.Udsteder) { u.Systemer[0].System = "" }, "oidc[0].systemer[0].system"},
		"forbeholdt navn":      {func(u *auth.Udsteder) { u.Systemer[0].Navn = "lokal" }, "oidc[0].systemer[0].navn"},
		"uden værdi":           {func(u *auth.Udsteder) { u.Systemer[0].Vaerdi = "" }, "oidc[0].systemer[0].vaerdi"},
		"samme værdi to gange": {func(u *auth.Udsteder) { u.Systemer = append(u.Systemer, u.Systemer[0]) }, "oidc[0].systemer[1].vaerdi"},
	} {
		u := god
		u.Systemer = append([]auth.Tokenindehaver(nil), god.Systemer...)
		c.aendr(&u)
		_, err := auth.NyVagt(auth.Options{Adresser: []string{"127.0.0.1:8480"}, Udstedere: []auth.Udsteder{u}})
		var e *mox.Error
		if !errors.As(err, &e) || e.Kode != mox.KodeUgyldig || len(e.Felter) != 1 || e.Felter[0].Sti != c.sti {
			t.Errorf("%s: %v", navn, err)
		}
	}
	_, err := auth.NyVagt(auth.Options{Adresser: []string{"127.0.0.1:8480"}, Udstedere: []auth.Udsteder{god, god}})
	if mox.KodeAf(err) != mox.KodeUgyldig {
		t.Errorf("twice: %v", err)
	}
}

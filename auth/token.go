package auth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/moxkit/mox"
)

// Limits on tokens, and on how a provider is asked.
const (
	maksToken     = 16 << 10         // bytes
	maksSvar      = 1 << 20          // bytes of a provider's answer
	hentPause     = 10 * time.Second // between two requests for the same: a token with a made-up key costs the provider no more
	udstederFrist = 10 * time.Second
)

// Udsteder is an OpenID provider whose tokens let systems in: those of OAuth 2.0 client credentials, JWTs in the
// Authorization header.
type Udsteder struct {
	Udsteder string           `yaml:"udsteder"` // as it stands in the tokens, and where the provider tells of itself
	Audience string           `yaml:"audience"` // what the provider calls this MOX
	Claim    string           `yaml:"claim"`    // the claim that names the system's client: azp, client_id, appid
	CA       string           `yaml:"ca"`       // PEM file with the provider's issuer; empty = the machine's own
	Systemer []Tokenindehaver `yaml:"systemer"`
	Klient   *http.Client     `yaml:"-"` // made from CA; nil = with the machine's own issuers
}

// Tokenindehaver is a system that comes with tokens.
type Tokenindehaver struct {
	Vaerdi string `yaml:"vaerdi"` // of the claim
	Navn   string `yaml:"navn"`   // as for a key: a system's agent has its own name
	System string `yaml:"system"`
}

// tokenproever finds who a token is for. The providers are asked for their keys when the first token comes.
type tokenproever struct {
	udstedere map[string]*udsteder
	nu        func() time.Time
}

type udsteder struct {
	Udsteder
	hvem   map[string]Identitet
	klient *http.Client
	hent   *hentning

	mu       sync.Mutex
	verifier *oidc.IDTokenVerifier // nil = the provider has not told of itself yet
}

// nyTokenproever checks the providers; nil for none. The error is as [nyRing]'s.
func nyTokenproever(l []Udsteder, nu func() time.Time) (*tokenproever, error) {
	t := &tokenproever{udstedere: map[string]*udsteder{}, nu: nu}
	var fejl []mox.Feltfejl
	for i, u := range l {
		sti := fmt.Sprintf("oidc[%d]", i)
		fejl = append(fejl, u.fejl(sti)...)
		if t.udstedere[u.Udsteder] != nil {
			fejl = append(fejl, mox.Feltfejl{Sti: sti + ".udsteder", Regel: "udsteder", Tekst: "står der to gange"})
		}
		t.udstedere[u.Udsteder] = nyUdsteder(u, nu)
	}
	if len(fejl) > 0 {
		return nil, opsaetningsfejl("oidc", fejl)
	}
	return t, nil
}

func (u *Udsteder) fejl(sti string) (ud []mox.Feltfejl) {
	kraev := func(ok bool, felt, tekst string) {
		if !ok {
			ud = append(ud, mox.Feltfejl{Sti: sti + "." + felt, Regel: felt, Tekst: tekst})
		}
	}
	kraev(sikkerAdresse(u.Udsteder), "udsteder", "er ikke en https-adresse")
	kraev(u.Audience != "", "audience", "mangler: det navn, udstederen kender denne MOX ved")
	kraev(u.Claim != "", "claim", "mangler: det felt i tokenet, der nævner systemet, fx azp eller client_id")
	kraev(len(u.Systemer) > 0, "systemer", "er tom: så kan ingen komme ind med et token herfra")
	set := map[string]bool{}
	for i, s := range u.Systemer {
		her := fmt.Sprintf("systemer[%d].", i)
		kraev(s.Vaerdi != "" && !set[s.Vaerdi], her+"vaerdi", "mangler eller står der to gange")
		kraev(navneform.MatchString(s.Navn) && s.Navn != lokaltNavn, her+"navn", navneregel)
		kraev(s.System != "", her+"system", "mangler")
		set[s.Vaerdi] = true
	}
	return ud
}

func paaMaskinen(vaert string) bool {
	ip := net.ParseIP(vaert)
	return vaert == "localhost" || ip != nil && ip.IsLoopback()
}

func nyUdsteder(u Udsteder, nu func() time.Time) *udsteder {
	ud := &udsteder{Udsteder: u, hvem: map[string]Identitet{}}
	for _, s := range u.Systemer {
		ud.hvem[s.Vaerdi] = Identitet{Navn: s.Navn, System: s.System, Rolle: System}
	}
	vej := http.DefaultTransport
	if u.Klient != nil && u.Klient.Transport != nil {
		vej = u.Klient.Transport
	}
	ud.hent = &hentning{vej: vej, nu: nu, sidst: map[string]hentet{}}
	ud.klient = &http.Client{Transport: ud.hent, Timeout: udstederFrist, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return ud
}

// erToken reports whether what stands after Bearer is a JWT. No key of ours has a dot.
func erToken(s string) bool { return strings.Count(s, ".") == 2 }

// find tells who a token is for. [mox.KodeIkkeLoggetInd] for one that lets nobody in, [ErrUdloebet] for one that did once;
// [mox.KodeUtilgaengelig] when the provider does not say what its keys are. Nothing of the token is in the error.
func (t *tokenproever) find(ctx context.Context, raa string) (Identitet, error) {
	if len(raa) > maksToken {
		return Identitet{}, tokenfejl(nil, "tokenet er på %d bytes; højst %d", len(raa), maksToken)
	}
	u := t.udstedere[udstederI(raa)]
	if u == nil {
		return Identitet{}, tokenfejl(nil, "tokenet er ikke fra en udsteder, MOX kender")
	}
	verifier, err := u.aabn(t.nu)
	if err != nil {
		return Identitet{}, u.nede(err)
	}
	var forsoeg underskrift
	token, err := verifier.Verify(context.WithValue(ctx, underskriftNoegle{}, &forsoeg), raa)
	var udloebet *oidc.TokenExpiredError
	switch {
	case errors.As(err, &udloebet):
		return Identitet{}, tokenfejl(ErrUdloebet, "tokenet er udløbet")
	case err != nil && forsoeg.fejl != nil && u.hent.fejlede():
		return Identitet{}, u.nede(forsoeg.fejl)
	case err != nil && forsoeg.fejl != nil:
		return Identitet{}, tokenfejl(err, "tokenets underskrift er ikke udstederens")
	case err != nil:
		return Identitet{}, tokenfejl(err, "tokenet gælder ikke her eller ikke nu")
	}
	return u.indehaver(token)
}

func tokenfejl(aarsag error, format string, args ...any) error {
	return &mox.Error{Kode: mox.KodeIkkeLoggetInd, Op: "auth", Tekst: fmt.Sprintf(format, args...), Err: aarsag,
		Raad: "hent et nyt token hos udstederen til den audience, MOX har, og send det som Authorization: Bearer <token>"}
}

// udstederI is the issuer that a token says it has; nothing is known to be true of it yet.
func udstederI(raa string) string {
	led := strings.Split(raa, ".")
	b, err := base64.RawURLEncoding.DecodeString(led[1])
	var krop struct {
		Iss string `json:"iss"`
	}
	if err != nil || json.Unmarshal(b, &krop) != nil {
		return ""
	}
	return krop.Iss
}

func (u *udsteder) nede(err error) error {
	return &mox.Error{Kode: mox.KodeUtilgaengelig, Op: "auth", Tekst: "den, der udsteder tokens, svarer ikke som ventet", Raad: "prøv igen om lidt", Err: err}
}

// aabn gives what checks the provider's tokens; the first time the provider is asked where its keys are. The time that may
// take is the client's.
func (u *udsteder) aabn(nu func() time.Time) (*oidc.IDTokenVerifier, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.verifier != nil {
		return u.verifier, nil
	}
	ctx := oidc.ClientContext(context.Background(), u.klient)
	p, err := oidc.NewProvider(ctx, u.Udsteder.Udsteder)
	if err != nil {
		return nil, err
	}
	var om struct {
		JWKS string `json:"jwks_uri"`
	}
	if err := p.Claims(&om); err != nil {
		return nil, err
	}
	u.verifier = oidc.NewVerifier(u.Udsteder.Udsteder, underskrifter{oidc.NewRemoteKeySet(ctx, om.JWKS)},
		&oidc.Config{ClientID: u.Audience, Now: nu, SupportedSigningAlgs: algoritmer()})
	return u.verifier, nil
}

// algoritmer are those by which a provider may sign.
func algoritmer() []string {
	return []string{oidc.RS256, oidc.PS256, oidc.ES256, oidc.ES384, oidc.EdDSA}
}

func (u *udsteder) indehaver(token *oidc.IDToken) (Identitet, error) {
	var claims map[string]any
	if err := token.Claims(&claims); err != nil {
		return Identitet{}, tokenfejl(err, "tokenet kan ikke læses")
	}
	v, _ := claims[u.Claim].(string)
	hvem, ok := u.hvem[v]
	if !ok {
		return Identitet{}, tokenfejl(nil, "tokenets %s nævner ikke et system, der er lukket ind", u.Claim)
	}
	return hvem, nil
}

// underskrifter notes in the call's context that it was the signature which was not good.
type underskrifter struct{ oidc.KeySet }

type underskrift struct{ fejl error }

type underskriftNoegle struct{}

func (s underskrifter) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	b, err := s.KeySet.VerifySignature(ctx, jwt)
	if u, ok := ctx.Value(underskriftNoegle{}).(*underskrift); ok {
		u.fejl = err
	}
	return b, err
}

// hentning asks a provider, and not for the same again within [hentPause].
type hentning struct {
	vej http.RoundTripper
	nu  func() time.Time

	mu    sync.Mutex
	sidst map[string]hentet
}

type hentet struct {
	tid time.Time
	ok  bool
}

var errForNylig = errors.New("auth: the provider has just been asked")

func (h *hentning) RoundTrip(r *http.Request) (*http.Response, error) {
	h.mu.Lock()
	foer, kendt := h.sidst[r.URL.Path]
	nu := h.nu()
	if kendt && nu.Sub(foer.tid) < hentPause {
		h.mu.Unlock()
		return nil, errForNylig
	}
	h.sidst[r.URL.Path] = hentet{nu, false}
	h.mu.Unlock()
	svar, err := h.vej.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	svar.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(svar.Body, maksSvar), svar.Body}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sidst[r.URL.Path] = hentet{nu, svar.StatusCode == http.StatusOK}
	return svar, nil
}

// fejlede reports whether some last request had no good answer.
func (h *hentning) fejlede() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.sidst {
		if !s.ok {
			return true
		}
	}
	return false
}

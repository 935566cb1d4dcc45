package auth

import (
	"cmp"
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/moxkit/mox"
)

// The pages of a login at a provider: where it begins, and where the provider sends the browser back to.
const (
	LogIndEksternSti = LogIndSti + "/oidc"
	logIndSvarSti    = LogIndSti + "/oidc/svar"
)

// Limits on a login at a provider.
const (
	eksternFrist = 10 * time.Minute // from its beginning until the browser is back
	maksEksterne = 4                // answers looked into at once
)

// Personudsteder is an OpenID provider where people log in: authorization code with PKCE.
type Personudsteder struct {
	Udsteder    string           `yaml:"udsteder"`
	Klient      string           `yaml:"klient"`      // what the provider calls this MOX
	Hemmelighed string           `yaml:"hemmelighed"` // file with the client's secret; empty = it has none
	Adresse     string           `yaml:"adresse"`     // of MOX, as the browser has it: https://mox.kommune.dk
	Navn        string           `yaml:"navn"`        // the claim with the person's name; empty = preferred_username
	Claim       string           `yaml:"claim"`       // the claim with groups or roles: groups, or a path, realm_access.roles
	Roller      map[string]Rolle `yaml:"roller"`      // which of them gives which role here
	CA          string           `yaml:"ca"`          // PEM file with the provider's issuer; empty = the machine's own
	HTTP        *http.Client     `yaml:"-"`           // made from CA; nil = with the machine's own issuers
}

// Eksterne keep the accounts of people whom a provider knows; emne is who it is there.
type Eksterne interface {
	LogIndEkstern(ctx context.Context, emne, navn string, rolle Rolle, fra string) (hemmelighed string, err error)
}

// personlogin sends people to a provider, and takes them in when they come back.
type personlogin struct {
	Personudsteder
	konti  Eksterne
	nu     func() time.Time
	klient *http.Client // for the code; what is the same for all is asked for by hent
	hent   *http.Client
	plads  chan struct{}

	mu       sync.Mutex
	udsteder *oidc.Provider // nil = it has not told of itself yet
}

// nyPersonlogin checks the provider; nil for none.
func nyPersonlogin(p *Personudsteder, konti Eksterne, v vaerter, nu func() time.Time) (*personlogin, error) {
	if p == nil {
		return nil, nil
	}
	l := &personlogin{Personudsteder: *p, konti: konti, nu: nu, plads: make(chan struct{}, maksEksterne)}
	if fejl := p.fejl(v); len(fejl) > 0 {
		return nil, opsaetningsfejl("oidc_personer", fejl)
	}
	l.Navn = cmp.Or(l.Navn, "preferred_username")
	vej := http.DefaultTransport
	if p.HTTP != nil && p.HTTP.Transport != nil {
		vej = p.HTTP.Transport
	}
	ikkeVidere := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	l.klient = &http.Client{Transport: begraenset{vej}, Timeout: udstederFrist, CheckRedirect: ikkeVidere}
	l.hent = &http.Client{Transport: &hentning{vej: vej, nu: nu, sidst: map[string]hentet{}}, Timeout: udstederFrist, CheckRedirect: ikkeVidere}
	return l, nil
}

func (p *Personudsteder) fejl(v vaerter) (ud []mox.Feltfejl) {
	kraev := func(ok bool, felt, tekst string) {
		if !ok {
			ud = append(ud, mox.Feltfejl{Sti: "oidc_personer." + felt, Regel: felt, Tekst: tekst})
		}
	}
	kraev(sikkerAdresse(p.Udsteder), "udsteder", "er ikke en https-adresse")
	u, err := url.Parse(p.Adresse)
	kraev(sikkerAdresse(p.Adresse) && err == nil && strings.Trim(u.Path, "/") == "" && u.RawQuery == "", "adresse", "er ikke MOX' egen https-adresse, fx https://mox.kommune.dk")
	kraev(err != nil || v.kender(u.Host), "adresse", "er en vært, som MOX ikke kendes under; sæt den under fjern.vaerter")
	kraev(p.Klient != "", "klient", "mangler: det navn, udstederen kender MOX ved")
	kraev(p.Claim != "", "claim", "mangler: det felt, der nævner personens grupper eller roller")
	kraev(len(p.Roller) > 0, "roller", "er tom: så kan ingen komme ind")
	for vaerdi, r := range p.Roller {
		kraev(r.Menneske(), "roller."+vaerdi, "er ikke laeser, drift eller administrator")
	}
	return ud
}

// sikkerAdresse reports whether what is sent there is read by nobody on the way.
func sikkerAdresse(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http" && paaMaskinen(u.Hostname()))
}

// begraenset reads no more of an answer than one has.
type begraenset struct{ vej http.RoundTripper }

func (b begraenset) RoundTrip(r *http.Request) (*http.Response, error) {
	svar, err := b.vej.RoundTrip(r)
	if err == nil {
		svar.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(svar.Body, maksSvar), svar.Body}
	}
	return svar, err
}

// aabn gives the provider as it tells of itself.
func (l *personlogin) aabn() (*oidc.Provider, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.udsteder == nil {
		p, err := oidc.NewProvider(oidc.ClientContext(context.Background(), l.hent), l.Udsteder)
		if err != nil {
			return nil, &mox.Error{Kode: mox.KodeUtilgaengelig, Op: "login", Tekst: "den, der kender personerne, svarer ikke", Raad: "prøv igen om lidt", Err: err}
		}
		l.udsteder = p
	}
	return l.udsteder, nil
}

func (l *personlogin) oauth(p *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{ClientID: l.Klient, ClientSecret: l.Hemmelighed, Endpoint: p.Endpoint(), Scopes: []string{oidc.ScopeOpenID, "profile"},
		RedirectURL: strings.TrimSuffix(l.Adresse, "/") + logIndSvarSti}
}

// undervejs is what a browser keeps while it is at the provider. It says nothing that another could use, and is believed
// only beside the state that the provider sends back.
type undervejs struct {
	State    string    `json:"s"`
	Nonce    string    `json:"n"`
	Verifier string    `json:"v"`
	Til      string    `json:"t"`
	Udloeber time.Time `json:"u"`
}

// eksterncookie is what the cookie with it is called. It must come along from the provider's page, so it is Lax.
func (v *Vagt) eksterncookie(tls bool) string {
	return strings.Replace(v.personcookie(tls), "mox_person", "mox_oidc", 1)
}

// tilUdsteder sends the browser to the provider.
func (v *Vagt) tilUdsteder(w http.ResponseWriter, r *http.Request) error {
	p, err := v.ekstern.aabn()
	if err != nil {
		return err
	}
	til := r.URL.Query().Get("til")
	if !strings.HasPrefix(til, "/") || strings.HasPrefix(til, "//") || strings.ContainsAny(til, "\\\r\n\t") || len(til) > maksTilbage {
		til = "/"
	}
	u := undervejs{State: nyHemmelighed(), Nonce: nyHemmelighed(), Verifier: oauth2.GenerateVerifier(), Til: til, Udloeber: v.nu().Add(eksternFrist)}
	b, err := json.Marshal(u)
	if err != nil {
		return err
	}
	tls := v.ekstern.overTLS()
	http.SetCookie(w, &http.Cookie{Name: v.eksterncookie(tls), Value: base64.RawURLEncoding.EncodeToString(b), Path: "/", MaxAge: int(eksternFrist / time.Second), HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: tls})
	http.Redirect(w, r, v.ekstern.oauth(p).AuthCodeURL(u.State, oidc.Nonce(u.Nonce), oauth2.S256ChallengeOption(u.Verifier)), http.StatusSeeOther)
	return nil
}

// overTLS reports whether browsers come by TLS: the address says so, also where a proxy ends it.
func (l *personlogin) overTLS() bool { return strings.HasPrefix(l.Adresse, "https://") }

// fraUdsteder takes in a browser that comes back from the provider.
func (v *Vagt) fraUdsteder(w http.ResponseWriter, r *http.Request) error {
	tls := v.ekstern.overTLS()
	u, err := v.undervejs(r, v.eksterncookie(tls))
	http.SetCookie(w, &http.Cookie{Name: v.eksterncookie(tls), Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: tls}) // it is good once
	if err != nil {
		return err
	}
	emne, navn, rolle, err := v.ekstern.indloes(r.Context(), r.URL.Query().Get("code"), u)
	if err != nil {
		return err
	}
	hemmelighed, err := v.ekstern.konti.LogIndEkstern(r.Context(), emne, navn, rolle, fra(r))
	if err != nil {
		return err
	}
	if err := v.slutSessioner(r); err != nil {
		return err
	}
	v.saetCookie(w, tls, hemmelighed)
	skrivVidere(w, u.Til)
	return nil
}

// undervejs reads what the browser kept, and holds it against what the provider sends back.
func (v *Vagt) undervejs(r *http.Request, cookie string) (u undervejs, err error) {
	fremmed := mox.E("login", mox.KodeIkkeTilladt, "loginnet er ikke begyndt i denne browser, eller det er for længe siden").Med("begynd forfra")
	k := r.CookiesNamed(cookie)
	if len(k) != 1 {
		return u, fremmed
	}
	b, err := base64.RawURLEncoding.DecodeString(k[0].Value)
	if err != nil || json.Unmarshal(b, &u) != nil || u.State == "" || u.Nonce == "" || !v.nu().Before(u.Udloeber) || subtle.ConstantTimeCompare([]byte(u.State), []byte(r.URL.Query().Get("state"))) != 1 {
		return u, fremmed
	}
	return u, nil
}

// indloes exchanges the code for what the provider says of the person.
func (l *personlogin) indloes(ctx context.Context, kode string, u undervejs) (emne, navn string, rolle Rolle, err error) {
	select {
	case l.plads <- struct{}{}:
		defer func() { <-l.plads }()
	case <-ctx.Done():
		return "", "", "", ctx.Err()
	}
	p, err := l.aabn()
	if err != nil {
		return "", "", "", err
	}
	afvist := func(err error) error {
		return &mox.Error{Kode: mox.KodeIkkeLoggetInd, Op: "login", Tekst: "udstederen bekræfter ikke loginnet", Raad: "begynd forfra", Err: err}
	}
	if kode == "" {
		return "", "", "", afvist(errors.New("auth: no code"))
	}
	svar, err := l.oauth(p).Exchange(context.WithValue(ctx, oauth2.HTTPClient, l.klient), kode, oauth2.VerifierOption(u.Verifier))
	if err != nil {
		return "", "", "", afvist(err)
	}
	raa, _ := svar.Extra("id_token").(string)
	token, err := p.Verifier(&oidc.Config{ClientID: l.Klient, Now: l.nu, SupportedSigningAlgs: algoritmer()}).Verify(ctx, raa)
	if err == nil && subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(u.Nonce)) != 1 {
		err = errors.New("auth: another nonce")
	}
	if err != nil {
		return "", "", "", afvist(err)
	}
	navn, rolle, err = l.person(token)
	return token.Issuer + " " + token.Subject, navn, rolle, err
}

// person reads name and role: of several the one that may most. [mox.KodeIkkeTilladt] when none is given.
func (l *personlogin) person(token *oidc.IDToken) (navn string, rolle Rolle, err error) {
	var claims map[string]any
	if err := token.Claims(&claims); err != nil {
		return "", "", fmt.Errorf("auth: the claims: %w", err)
	}
	navn, _ = claimVed(claims, l.Navn).(string)
	har := claimliste(claimVed(claims, l.Claim))
	for _, r := range []Rolle{Administrator, Drift, Laeser} {
		if slices.ContainsFunc(har, func(v string) bool { return l.Roller[v] == r }) {
			return navn, r, nil
		}
	}
	return navn, "", mox.E("login", mox.KodeIkkeTilladt, "du har ingen rolle i MOX").Med("bed om en hos den, der giver rettigheder i kommunen")
}

// claimVed is the claim of a name, or at a path of names.
func claimVed(claims map[string]any, sti string) any {
	if v, ok := claims[sti]; ok {
		return v
	}
	foerste, rest, ok := strings.Cut(sti, ".")
	under, _ := claims[foerste].(map[string]any)
	if !ok || under == nil {
		return nil
	}
	return claimVed(under, rest)
}

func claimliste(v any) (ud []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, x := range v {
			if s, ok := x.(string); ok {
				ud = append(ud, s)
			}
		}
	}
	return ud
}

// eksternt answers the pages of a login at a provider. What goes wrong is told on the page where one logs in.
func (v *Vagt) eksternt(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	var err error
	switch {
	case v.ekstern == nil || r.Method != http.MethodGet:
		err = mox.E("login", mox.KodeIkkeFundet, "siden findes ikke")
	case r.URL.Path == LogIndEksternSti:
		err = v.tilUdsteder(w, r)
	default:
		err = v.fraUdsteder(w, r)
	}
	if err != nil {
		v.afvist(r, "oidc")
		v.log.Warn("login gennem oidc_personer mislykkedes", "fejl", mox.Maskeret(fejlMedAarsag(err)), "fra", fra(r))
		http.Redirect(w, r, LogIndSti+"?"+url.Values{"fejl": {string(mox.KodeAf(err))}}.Encode(), http.StatusSeeOther)
	}
}

// fejlMedAarsag is an error with its cause, for the log. Neither has anything of a token or a code.
func fejlMedAarsag(err error) string {
	tekst := err.Error()
	if e := errors.Unwrap(err); e != nil {
		tekst += ": " + e.Error()
	}
	return tekst[:min(len(tekst), maksAarsag)] // a provider may answer at length
}

const maksAarsag = 500 // bytes

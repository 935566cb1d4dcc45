package auth

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/problem"
)

// Personer keep the accounts and the sessions of people who log in with a password. A session is known by its secret, which
// only the browser has. Errors are told to the person.
type Personer interface {
	// Find tells whose session it is; ok is false for none that is good. bruger tells that its holder does something now.
	Find(ctx context.Context, hemmelighed string, bruger bool) (hvem Identitet, ok bool, err error)
	LogInd(ctx context.Context, navn, kodeord, fra string) (hemmelighed string, err error)
	SkiftKodeord(ctx context.Context, konto, gammelt, nyt, fra string) (hemmelighed string, err error)
	LogUd(ctx context.Context, hemmelighed string) error
}

// LogIndSti is the page where a person logs in. It is open, and so is the choice of its language.
const (
	LogIndSti = "/log-ind"
	sprogSti  = "/sprog"
)

// udenLogin reports whether a page is also for whoever is not logged in.
func udenLogin(sti string) bool { return sti == LogIndSti || sti == sprogSti }

// KontoSti is the page where a person changes their password; SkiftSti is what its form is sent to, and LogUdSti what one logs
// out by.
const (
	KontoSti = "/konto"
	SkiftSti = KontoSti + "/kodeord"
	LogUdSti = "/log-ud"
)

// udenEgetKodeord reports whether a page is also for whoever has not chosen their password yet.
func udenEgetKodeord(sti string) bool {
	return sti == KontoSti || sti == SkiftSti || sti == LogUdSti || sti == sprogSti
}

// tilSkift refuses whoever must choose a password first, and sends a person who opens a page to where that is done.
func (v *Vagt) tilSkift(w http.ResponseWriter, r *http.Request) {
	if !v.forProgrammer(r.URL.Path) && r.Method == http.MethodGet {
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, KontoSti, http.StatusSeeOther)
		return
	}
	v.afvist(r, "eget_kodeord") // kodeord is a wrong one
	problem.Skriv(w, r, mox.E("auth", mox.KodeIkkeTilladt, "kodeordet er valgt af en anden").Med("vælg dit eget på "+KontoSti+" først"))
}

// What whoever is not logged in may send, and how long that may take.
const (
	maksUdenLogin  = 16 << 10
	fristUdenLogin = 10 * time.Second
)

// begraens holds a call of somebody unknown to those limits.
func begraens(w http.ResponseWriter, r *http.Request) {
	if laeser(r.Method) {
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maksUdenLogin)
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(fristUdenLogin)) // a connection without deadlines is only slower to give up
}

// LogInd logs a person in, with a session that did not exist before. A call that the browser does not vouch for is refused:
// else another page could log somebody in as somebody else.
func (v *Vagt) LogInd(w http.ResponseWriter, r *http.Request, navn, kodeord string) error {
	if v.personer == nil || !beviser(r) {
		return mox.E("login", mox.KodeIkkeTilladt, "her kan ingen logge ind").Med("åbn MOX' egen side i en nyere browser")
	}
	hemmelighed, err := v.personer.LogInd(r.Context(), navn, kodeord, fra(r))
	if err != nil {
		return err
	}
	if err := v.slutSessioner(r); err != nil {
		return err
	}
	v.saetCookie(w, overTLS(r), hemmelighed)
	return nil
}

// SkiftKodeord gives the person who calls another password, and a new session.
func (v *Vagt) SkiftKodeord(w http.ResponseWriter, r *http.Request, gammelt, nyt string) error {
	hvem, _ := Fra(r.Context())
	if v.personer == nil || hvem.Konto == "" {
		return mox.E("kodeord", mox.KodeIkkeTilladt, "du er ikke logget ind med et kodeord")
	}
	hemmelighed, err := v.personer.SkiftKodeord(r.Context(), hvem.Konto, gammelt, nyt, fra(r))
	if err != nil {
		return err
	}
	v.saetCookie(w, overTLS(r), hemmelighed)
	return nil
}

// LogUd ends the sessions that the browser has, of an account or by a one-time link.
func (v *Vagt) LogUd(w http.ResponseWriter, r *http.Request) error {
	if err := v.slutSessioner(r); err != nil {
		return err
	}
	hvem, _ := Fra(r.Context())
	v.log.Info("logget ud", "bruger", hvem.Navn, "fra", fra(r))
	glemCookies(w, r, v.cookie, v.personcookie(false), v.personcookie(true))
	return nil
}

func glemCookies(w http.ResponseWriter, r *http.Request, navne ...string) {
	for _, navn := range navne {
		http.SetCookie(w, &http.Cookie{Name: navn, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: overTLS(r)})
	}
}

func (v *Vagt) slutSessioner(r *http.Request) error {
	for _, c := range r.CookiesNamed(v.cookie) {
		v.sessioner.slut(c.Value)
	}
	for _, s := range v.hemmeligheder(r) {
		if err := v.personer.LogUd(r.Context(), s); err != nil {
			return err
		}
	}
	return nil
}

// personcookie is what the cookie of a person's session is called: over TLS such that no other host and no unencrypted page
// can have set it.
func (v *Vagt) personcookie(tls bool) string {
	navn := "mox_person" + strings.TrimPrefix(v.cookie, "mox_session")
	if tls {
		return "__Host-" + navn
	}
	return navn
}

// saetCookie gives the browser a session. It is forgotten when the browser closes.
func (v *Vagt) saetCookie(w http.ResponseWriter, tls bool, hemmelighed string) {
	http.SetCookie(w, &http.Cookie{Name: v.personcookie(tls), Value: hemmelighed, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: tls})
}

// hemmeligheder are the secrets of persons' sessions in r. Over TLS only the cookie that nobody else can set counts.
func (v *Vagt) hemmeligheder(r *http.Request) (ud []string) {
	if v.personer == nil {
		return nil
	}
	for _, tls := range []bool{true, false} {
		for _, c := range r.CookiesNamed(v.personcookie(tls)) {
			if tls || r.TLS == nil {
				ud = append(ud, c.Value)
			}
		}
	}
	return ud[:min(len(ud), maksCookies)]
}

// maksCookies is how many sessions one call is looked up for.
const maksCookies = 3

// person finds the person whose session r carries.
func (v *Vagt) person(r *http.Request) (hvem Identitet, ok bool, err error) {
	bruger := !r.URL.Query().Has("del") // the part of a page that keeps itself fresh
	for _, s := range v.hemmeligheder(r) {
		if hvem, ok, err = v.personer.Find(r.Context(), s, bruger); ok || err != nil {
			break
		}
	}
	return hvem, ok, err
}

// overTLS reports whether the browser has come by TLS, if need be to a proxy at this machine.
func overTLS(r *http.Request) bool {
	return r.TLS != nil || strings.HasPrefix(strings.ToLower(r.Header.Get("Origin")), "https://")
}

// fra is the address of the caller.
func fra(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return "ukendt"
	}
	return host
}

// tilLogin sends a person who opens a page to where one logs in, and from there back.
func (v *Vagt) tilLogin(w http.ResponseWriter, r *http.Request) bool {
	dest := r.Header.Get("Sec-Fetch-Dest")
	side := dest == "document" || dest == "" && strings.Contains(r.Header.Get("Accept"), "text/html")
	if v.personer == nil || r.Method != http.MethodGet || !side {
		return false
	}
	sti := r.URL.RequestURI()
	if strings.HasPrefix(sti, "//") || len(sti) > maksTilbage {
		sti = "/"
	}
	if site := r.Header.Get("Sec-Fetch-Site"); site == "cross-site" || site == "same-site" {
		skrivVidere(w, sti) // a link in a mail, say: the browser keeps the session's cookie back until our own page leads on
		return true
	}
	maal := LogIndSti
	if sti != "/" {
		maal += "?" + url.Values{"til": {sti}}.Encode()
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, maal, http.StatusSeeOther)
	return true
}

// maksTilbage is how long an address may be that one comes back to.
const maksTilbage = 1000

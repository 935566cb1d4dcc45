package auth

import (
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

// How long a link and a session live, and how many there may be: more are a mistake or an attack, and then the oldest go.
const (
	linkLevetid    = 10 * time.Minute
	sessionLevetid = 12 * time.Hour
	maksLinks      = 100
	maksSessioner  = 1000
)

// StartSti is where a one-time link leads.
const StartSti = "/lokal/start"

// billetter are secrets that each let someone in until a time. Only their hashes are kept, so that neither a memory dump
// nor the time a look-up takes tells one.
type billetter struct {
	levetid time.Duration
	maks    int

	mu     sync.Mutex
	gyldig map[sha]time.Time // until when
}

func nyeBilletter(levetid time.Duration, maks int) *billetter {
	return &billetter{levetid: levetid, maks: maks, gyldig: map[sha]time.Time{}}
}

func (b *billetter) udsted(nu time.Time) string {
	s := nyHemmelighed()
	b.mu.Lock()
	defer b.mu.Unlock()
	maps.DeleteFunc(b.gyldig, func(_ sha, til time.Time) bool { return !nu.Before(til) })
	if len(b.gyldig) >= b.maks {
		delete(b.gyldig, b.aeldste())
	}
	b.gyldig[aftryk(s)] = nu.Add(b.levetid)
	return s
}

func (b *billetter) aeldste() (ud sha) {
	var foerst time.Time
	for s, til := range b.gyldig {
		if foerst.IsZero() || til.Before(foerst) {
			ud, foerst = s, til
		}
	}
	return ud
}

// gaelder reports whether s lets in; brug uses it up.
func (b *billetter) gaelder(s string, nu time.Time, brug bool) bool {
	a := aftryk(s)
	b.mu.Lock()
	defer b.mu.Unlock()
	til, ok := b.gyldig[a]
	if ok && brug {
		delete(b.gyldig, a)
	}
	return ok && nu.Before(til)
}

// Engangslink makes a link to the console for a person at this machine: path and query, to be put after the server's
// address. It can be used once, within ten minutes.
func (v *Vagt) Engangslink() string {
	return StartSti + "?" + url.Values{"kode": {v.links.udsted(v.nu())}}.Encode()
}

// start exchanges the code of a one-time link for a session.
func (v *Vagt) start(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if r.Method != http.MethodGet { // HEAD too must not use the code up
		w.Header().Set("Allow", http.MethodGet)
		skrivSide(w, http.StatusMethodNotAllowed, sideBrugt)
		return
	}
	if !v.links.gaelder(r.URL.Query().Get("kode"), v.nu(), true) {
		v.afvist(r, "engangslink")
		skrivSide(w, http.StatusForbidden, sideBrugt)
		return
	}
	if v.personer != nil { // whoever opens a link is no longer somebody else
		if err := v.slutSessioner(r); err != nil {
			v.log.Warn("session kunne ikke afsluttes", "fejl", err)
		}
		glemCookies(w, r, v.personcookie(false), v.personcookie(true))
	}
	http.SetCookie(w, &http.Cookie{Name: v.cookie, Value: v.sessioner.udsted(v.nu()), Path: "/", MaxAge: int(sessionLevetid / time.Second),
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// slut ends what s let in to.
func (b *billetter) slut(s string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.gyldig, aftryk(s))
}

// harSession reports whether r carries a session that is still good.
func (v *Vagt) harSession(r *http.Request) bool {
	for _, c := range r.CookiesNamed(v.cookie) {
		if v.sessioner.gaelder(c.Value, v.nu(), false) {
			return true
		}
	}
	return false
}

// cookienavn holds the port, for browsers send a host's cookies to all its ports: two installations on one machine would
// throw each other out.
func cookienavn(port int) string { return "mox_session_" + strconv.Itoa(port) }

package console

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"strings"

	"github.com/moxkit/mox"
)

// csp allows what the console itself serves, and nothing that stands in the page.
const csp = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

const (
	formcookie = "mox_form"
	maksForm   = 4 << 20 // bytes of a posted form: a whole record fits
)

type formnoegle struct{}

// sikret sets the headers of every answer, and gives the browser the secret that its forms must prove to know.
func (c *console) sikret(naeste http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", csp)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin") // not no-referrer: it would blank the Origin of our own forms
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store") // statisk sets its own
		if ude(r.URL.Path) {
			naeste.ServeHTTP(w, r)
			return
		}
		naeste.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), formnoegle{}, hemmelighed(w, r))))
	})
}

// ude reports whether a path has no forms, and so needs no secret.
func ude(sti string) bool {
	return strings.HasPrefix(sti, "/statisk/") || strings.HasPrefix(sti, "/api/")
}

// hemmelighed is the secret in the browser's cookie, new at its first visit.
func hemmelighed(w http.ResponseWriter, r *http.Request) string {
	if k, err := r.Cookie(formcookie); err == nil && len(k.Value) >= 26 && len(k.Value) <= 64 {
		return k.Value
	}
	ny := rand.Text()
	http.SetCookie(w, &http.Cookie{Name: formcookie, Value: ny, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil})
	return ny
}

// token is what a form must carry: derived under the installation's key from the browser's secret and the person, so that
// it fits no other browser and no other person, and outlives a restart.
func (c *console) token(r *http.Request) string {
	s, _ := r.Context().Value(formnoegle{}).(string)
	return c.D.Store().Afled("console-form", s, c.Bruger(r))
}

// form is a handler of a posted form: the form is read and its token checked first.
func (c *console) form(h sidehandler) http.HandlerFunc {
	return c.side(func(w http.ResponseWriter, r *http.Request) error {
		r.Body = http.MaxBytesReader(w, r.Body, maksForm)
		if err := r.ParseForm(); err != nil {
			return mox.E("form", mox.KodeForStor, "formularen kan ikke læses, eller den er for stor")
		}
		if subtle.ConstantTimeCompare([]byte(r.PostForm.Get("token")), []byte(c.token(r))) != 1 {
			return mox.E("form", mox.KodeIkkeTilladt, "formularen hører ikke til denne browser og bruger").
				Med("gå tilbage, genindlæs siden, og prøv igen; intet er ændret")
		}
		return h(w, r)
	})
}

// begrundelse is the reason given in a form.
func begrundelse(r *http.Request) string { return strings.TrimSpace(r.PostFormValue("begrundelse")) }

// kraevBegrundelse refuses a form without a reason.
func kraevBegrundelse(r *http.Request) error {
	if begrundelse(r) != "" {
		return nil
	}
	return &mox.Error{Kode: mox.KodeUgyldig, Op: "form", Tekst: "der mangler en begrundelse", Raad: "skriv kort hvorfor; det gemmes sammen med dit navn",
		Felter: []mox.Feltfejl{{Sti: "begrundelse", Regel: "kraevet", Tekst: "mangler"}}}
}

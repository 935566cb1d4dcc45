package app

import (
	"maps"
	"net/http"

	"github.com/moxkit/mox/auth"
)

// afviste counts all calls and logins that were refused, by reason.
func (a *App) afviste() map[string]uint64 {
	ud := a.web.vagt.Afviste()
	maps.Copy(ud, a.konti.Afviste())
	return ud
}

// omEnSelv reports whether a call is about nobody but the person who makes it: whoever may only read may do it, too.
func omEnSelv(r *http.Request) bool {
	switch r.URL.Path {
	case "/sprog", auth.LogIndSti, auth.LogUdSti, auth.SkiftSti:
		return true
	}
	return false
}

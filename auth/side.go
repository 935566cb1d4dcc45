package auth

import (
	"fmt"
	"html"
	"net/http"
)

// side is a small page that says why MOX does not open, and what to do.
type side struct{ titel, tekst, raad, videre string } // videre is HTML

// What one goes on with.
const (
	linkkommando = "<code>mox status --link</code>"
	loginlink    = `<a href="` + LogIndSti + `">Log ind</a>`
)

var (
	sideBrugt = side{"Linket kan ikke bruges", "Et link til MOX gælder én gang og i ti minutter. Dette er brugt, for gammelt eller ikke helt.",
		"Få et nyt på den maskine, hvor MOX kører:", linkkommando}
	sideIkkeInde = side{"Du er ikke logget ind", "Konsollen åbnes med et engangslink. Var du inde før, er der gået tolv timer, eller MOX er startet igen.",
		"Få et link på den maskine, hvor MOX kører:", linkkommando}
	sideLoggetUd = side{"Du er ikke logget ind", "Intet er ændret. Var du inde før, er du logget ud, fordi du ikke har brugt MOX i et stykke tid, eller fordi din konto er ændret.",
		"Log ind, og gør det igen:", loginlink}
	sideNede = side{"MOX kan ikke svare lige nu", "Det kan ikke afgøres, hvem du er. Prøv igen om lidt.",
		"Bliver det ved, så se, hvordan det står, på den maskine, hvor MOX kører:", linkkommando}
	sideIkkeTilladt = side{"Det er ikke tilladt", "Kaldet kom ikke fra MOX' egne sider, eller nøglen giver ikke adgang til konsollen.",
		"Åbn konsollen med et link:", linkkommando}
)

const skabelon = `<!doctype html>
<html lang="da">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>%[1]s · MOX</title>
<style>body{font:1.1rem/1.5 system-ui,sans-serif;max-width:38rem;margin:4rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
code{display:inline-block;background:#eee;padding:.2rem .5rem}</style>
<main>
<h1>%[1]s</h1>
<p>%[2]s</p>
<p>%[3]s</p>
<p>%[4]s</p>
</main>
</html>
`

func skrivSide(w http.ResponseWriter, status int, s side) {
	sidehoveder(w.Header())
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, skabelon, html.EscapeString(s.titel), html.EscapeString(s.tekst), html.EscapeString(s.raad), s.videre) // a caller that has gone sees nothing
}

func sidehoveder(h http.Header) {
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
}

const videre = `<!doctype html>
<html lang="da">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="0; url=%[1]s">
<title>MOX</title>
<main>
<h1>MOX</h1>
<p><a href="%[1]s">Fortsæt til MOX</a></p>
</main>
</html>
`

// skrivVidere is a page of ours that leads on to sti.
func skrivVidere(w http.ResponseWriter, sti string) {
	sidehoveder(w.Header())
	_, _ = fmt.Fprintf(w, videre, html.EscapeString(sti)) // a caller that has gone sees nothing
}

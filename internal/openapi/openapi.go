// Package openapi describes an HTTP API as an OpenAPI 3.1 document and as a page to read. Both are made from the same table of
// calls and from the Go types that the API reads and writes, so that they say what the code does.
package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/moxkit/mox/internal/problem"
)

// API is what a document is about. Its texts are Danish.
type API struct {
	Titel   string
	Tekst   string
	Version string
	JSON    string // path of the document
	Kald    []Kald
	Felter  map[string]string      // what each name in JSON means; a name means one thing throughout
	Typer   map[reflect.Type]Skema // types that are written in another way than their kind: code lists, seconds
	Skemaer map[string]Skema       // schemas that no Go type has; a field is bound to one by the tag skema:"Navn"
}

// Kald is one call.
type Kald struct {
	Metode    string
	Sti       string // as it is registered: "/api/v1/beskeder/{id}"
	Navn      string // unique, for programs that are generated
	Emne      string // heading on the page
	Resume    string // one line
	Tekst     string
	Parametre []Parameter
	Krop      []Indhold // forms of the body; none = no body
	Svar      []Svar    // when it goes well; a problem document is the answer to everything else
}

// Parameter is one in the path, which always must be there, in the query or in a header, which need not.
type Parameter struct {
	Navn     string
	I        string // path, query or header
	Tekst    string
	Skema    Skema
	Eksempel any // nil = none; in a path there must be one
}

// Indhold is one form of a body. Form is a value of the Go type that it is; nil = as Skema says.
type Indhold struct {
	Type     string
	Form     any
	Skema    Skema
	Kraevet  []string // of a call: the fields that must be there
	Eksempel string   // JSON, or text for other types; "" = none
}

// Svar is one answer.
type Svar struct {
	Status  int
	Tekst   string
	Indhold []Indhold
}

// Skema is a JSON Schema (2020-12).
type Skema map[string]any

// Ref is a schema of [API.Skemaer].
func Ref(navn string) Skema { return Skema{"$ref": "#/components/schemas/" + navn} }

// Tekst is any text.
func Tekst() Skema { return Skema{"type": "string"} }

// Tal is a whole number from mindst to hoejst; hoejst 0 is no limit.
func Tal(mindst, hoejst int) Skema {
	s := Skema{"type": "integer", "minimum": mindst}
	if hoejst > 0 {
		s["maximum"] = hoejst
	}
	return s
}

// Sekunder is a number of seconds from 0 to hoejst.
func Sekunder(hoejst float64) Skema {
	return Skema{"type": "number", "minimum": 0, "maximum": hoejst}
}

// Bytes is a body of bytes that are not JSON.
func Bytes() Skema { return Skema{} }

// Kodeliste is a string that is one of the given.
func Kodeliste[S ~string](v ...S) Skema { return Skema{"type": "string", "enum": v} }

// Dokumentation is an API's document and its page, ready to be served.
type Dokumentation struct {
	json, side []byte
	uforklaret []string
}

// New makes both. It panics when the table contradicts itself; what it is made of never changes, so a test finds that.
func New(a API) *Dokumentation {
	b := &bygger{api: a, komponenter: map[string]any{}, navne: map[noegle]string{}, uforklaret: map[string]bool{}}
	for navn, s := range a.Skemaer {
		b.komponenter[navn] = s
	}
	d := &Dokumentation{json: b.dokument()}
	d.side = b.side()
	d.uforklaret = slices.Sorted(maps.Keys(b.uforklaret))
	return d
}

// Uforklaret are the fields that [API.Felter] has no text for.
func (d *Dokumentation) Uforklaret() []string { return d.uforklaret }

// JSON answers with the document.
func (d *Dokumentation) JSON(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	skriv(w, d.json)
}

// Side answers with the page.
func (d *Dokumentation) Side(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src '"+stilHash()+"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	skriv(w, d.side)
}

func skriv(w http.ResponseWriter, b []byte) {
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(b) // a caller that has gone is told nothing
}

// fejltype is the component of every refusal.
const fejltype = "Problem"

type bygger struct {
	api         API
	komponenter map[string]any
	navne       map[noegle]string
	uforklaret  map[string]bool
}

func (b *bygger) dokument() []byte {
	b.navne[noegle{reflect.TypeFor[problem.Dokument](), false}] = fejltype
	b.komponenter[fejltype] = b.krop(reflect.TypeFor[problem.Dokument](), false, nil)
	stier := map[string]map[string]any{}
	navne := map[string]bool{}
	for _, k := range b.api.Kald {
		if k.Navn == "" || navne[k.Navn] {
			panic("openapi: the call " + k.Metode + " " + k.Sti + " has no name of its own")
		}
		navne[k.Navn] = true
		if stier[k.Sti] == nil {
			stier[k.Sti] = map[string]any{}
		}
		stier[k.Sti][strings.ToLower(k.Metode)] = b.operation(k)
	}
	var ud bytes.Buffer
	enc := json.NewEncoder(&ud)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(map[string]any{
		"openapi":  "3.1.0",
		"info":     map[string]any{"title": b.api.Titel, "description": b.api.Tekst, "version": b.api.Version},
		"servers":  []any{map[string]any{"url": "/"}},
		"security": []any{map[string]any{"noegle": []any{}}},
		"paths":    stier,
		"components": map[string]any{
			"schemas":         b.komponenter,
			"securitySchemes": map[string]any{"noegle": map[string]any{"type": "http", "scheme": "bearer"}},
		},
	}); err != nil {
		panic("openapi: " + err.Error())
	}
	return ud.Bytes()
}

func (b *bygger) operation(k Kald) map[string]any {
	op := map[string]any{"operationId": k.Navn, "tags": []string{k.Emne}, "summary": k.Resume, "responses": b.svar(k)}
	if k.Tekst != "" {
		op["description"] = k.Tekst
	}
	if p := b.parametre(k); len(p) > 0 {
		op["parameters"] = p
	}
	if len(k.Krop) > 0 {
		op["requestBody"] = map[string]any{"required": true, "content": b.indhold(k.Krop, true)}
	}
	return op
}

var stiled = regexp.MustCompile(`\{([a-z0-9]+)\}`)

// parametre are the call's; each name in its path must be among them.
func (b *bygger) parametre(k Kald) (ud []any) {
	for _, m := range stiled.FindAllStringSubmatch(k.Sti, -1) {
		if !slices.ContainsFunc(k.Parametre, func(p Parameter) bool { return p.I == "path" && p.Navn == m[1] && p.Eksempel != nil }) {
			panic("openapi: " + k.Sti + " does not say what " + m[1] + " is, with an example")
		}
	}
	for _, p := range k.Parametre {
		s := map[string]any{"name": p.Navn, "in": p.I, "description": p.Tekst, "schema": p.Skema}
		if p.I == "path" {
			s["required"] = true
		}
		if p.Eksempel != nil {
			s["example"] = p.Eksempel
		}
		ud = append(ud, s)
	}
	return ud
}

func (b *bygger) svar(k Kald) map[string]any {
	ud := map[string]any{"default": map[string]any{"description": "Kaldet er afvist, eller det gik galt.",
		"content": map[string]any{problem.Type: map[string]any{"schema": Ref(fejltype)}}}}
	for _, s := range k.Svar {
		v := map[string]any{"description": s.Tekst}
		if len(s.Indhold) > 0 {
			v["content"] = b.indhold(s.Indhold, false)
		}
		ud[fmt.Sprint(s.Status)] = v
	}
	return ud
}

func (b *bygger) indhold(former []Indhold, ind bool) map[string]any {
	ud := map[string]any{}
	for _, i := range former {
		v := map[string]any{"schema": b.form(i, ind)}
		if i.Eksempel != "" {
			v["example"] = eksempel(i)
		}
		ud[i.Type] = v
	}
	return ud
}

func (b *bygger) form(i Indhold, ind bool) Skema {
	if i.Form == nil {
		return i.Skema
	}
	return b.navngivet(reflect.TypeOf(i.Form), ind, i.Kraevet)
}

// eksempel is an example as it stands in the document: a value for JSON, a text for everything else.
func eksempel(i Indhold) any {
	if !erJSON(i.Type) {
		return i.Eksempel
	}
	if !json.Valid([]byte(i.Eksempel)) {
		panic("openapi: an example is not JSON: " + i.Eksempel)
	}
	return json.RawMessage(i.Eksempel)
}

func erJSON(type_ string) bool {
	return type_ == "application/json" || strings.Contains(type_, "+json")
}

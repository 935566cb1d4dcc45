package openapi

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the page's template and its style
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"
)

//go:embed side.html
var sideskabelon string

//go:embed side.css
var stil string

// stilHash is what lets a browser use the page's own style and no other.
func stilHash() string {
	sum := sha256.Sum256([]byte(stil))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// emne is the calls under one heading.
type emne struct {
	Navn string
	Kald []Kald
}

// skemarad is one field of a schema, as the page shows it.
type skemarad struct {
	Navn, Tekst string
	Type        string
	Ref         string // component it refers to, or whose it is a list of
	Kraevet     bool
}

type skemavisning struct {
	Navn string
	Rad  []skemarad
}

// side renders the page. The components have been made.
func (b *bygger) side() []byte {
	t := template.Must(template.New("side").Funcs(template.FuncMap{
		"ind":   func(i Indhold) skemarad { return b.rad("", b.form(i, true)) },
		"ud":    func(i Indhold) skemarad { return b.rad("", b.form(i, false)) },
		"skema": func(s Skema) skemarad { return b.rad("", s) },
		"vist":  vist,
	}).Parse(sideskabelon))
	var ud bytes.Buffer
	if err := t.Execute(&ud, map[string]any{"API": b.api, "Emner": b.emner(), "Skemaer": b.skemaer(), "Stil": template.CSS(stil)}); err != nil {
		panic("openapi: " + err.Error())
	}
	return ud.Bytes()
}

func (b *bygger) emner() (ud []emne) {
	for _, k := range b.api.Kald {
		i := slices.IndexFunc(ud, func(e emne) bool { return e.Navn == k.Emne })
		if i < 0 {
			i, ud = len(ud), append(ud, emne{Navn: k.Emne})
		}
		ud[i].Kald = append(ud[i].Kald, k)
	}
	return ud
}

func (b *bygger) skemaer() (ud []skemavisning) {
	for _, navn := range slices.Sorted(maps.Keys(b.komponenter)) {
		v := skemavisning{Navn: navn}
		s, _ := b.komponenter[navn].(Skema)
		felter, _ := s["properties"].(map[string]any)
		kraevet, _ := s["required"].([]string)
		for _, f := range slices.Sorted(maps.Keys(felter)) {
			fs, _ := felter[f].(Skema)
			r := b.rad(f, fs)
			r.Kraevet = slices.Contains(kraevet, f)
			v.Rad = append(v.Rad, r)
		}
		ud = append(ud, v)
	}
	return ud
}

// typenavne are what people call the types of JSON.
var typenavne = map[string]string{"string": "tekst", "integer": "heltal", "number": "tal", "boolean": "true eller false", "array": "liste", "object": "objekt"}

// rad describes a schema in one line.
func (b *bygger) rad(navn string, s Skema) skemarad {
	r := skemarad{Navn: navn}
	r.Tekst, _ = s["description"].(string)
	if ref, ok := s["$ref"].(string); ok {
		r.Ref = ref[strings.LastIndex(ref, "/")+1:]
		return r
	}
	type_, _ := s["type"].(string)
	r.Type = typenavne[type_]
	switch {
	case s["oneOf"] != nil:
		r = b.enAf(navn, s)
	case s["enum"] != nil:
		r.Type = "en af: " + strings.NewReplacer("[", "", "]", "", `""`, "tom", ",", ", ").Replace(vist(s["enum"]))
	case s["format"] == "date-time":
		r.Type = "tidspunkt (RFC 3339)"
	case s["contentEncoding"] == "base64":
		r.Type = "bytes i base64"
	case type_ == "array":
		under, _ := s["items"].(Skema)
		indre := b.rad("", under)
		r.Ref, r.Type = indre.Ref, strings.TrimSpace("liste af "+indre.Type)
	case s["maximum"] != nil:
		r.Type += fmt.Sprintf(", %v til %v", s["minimum"], s["maximum"])
	}
	return r
}

// enAf describes one thing, or a list of the same.
func (b *bygger) enAf(navn string, s Skema) skemarad {
	former, _ := s["oneOf"].([]any)
	foerste, _ := former[0].(Skema)
	r := b.rad(navn, foerste)
	r.Type = strings.TrimSpace("én eller en liste af " + r.Type)
	return r
}

// vist is a value as the page shows it: JSON, indented where it is more than a line.
func vist(v any) string {
	if s, ok := v.(string); ok {
		if json.Valid([]byte(s)) {
			var ud bytes.Buffer
			if json.Indent(&ud, []byte(s), "", "  ") == nil {
				return ud.String()
			}
		}
		return s
	}
	var ud bytes.Buffer
	enc := json.NewEncoder(&ud)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic("openapi: " + err.Error())
	}
	return strings.TrimSpace(ud.String())
}

package rest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/moxkit/mox"
)

// struktur is what a type has, as the field's tools read it at /fields and /classes.
type struktur struct {
	Attributter           map[string][]string `json:"attributter"`
	Tilstande             map[string][]string `json:"tilstande"`
	RelationerNulTilEn    []string            `json:"relationer_nul_til_en"`
	RelationerNulTilMange []string            `json:"relationer_nul_til_mange"`
}

func strukturAf(t *mox.Type) struktur {
	ud := struktur{Attributter: map[string][]string{}, Tilstande: map[string][]string{}, RelationerNulTilEn: []string{}, RelationerNulTilMange: []string{}}
	for _, a := range t.Attributter {
		ud.Attributter[strings.TrimPrefix(a.Navn, t.Sti)] = feltnavne(a.Felter)
	}
	for _, tv := range t.Tilstande {
		ud.Tilstande[tv.Felt] = tv.Vaerdi
	}
	for _, rt := range t.Relationer {
		if rt.Flere {
			ud.RelationerNulTilMange = append(ud.RelationerNulTilMange, rt.Navn)
		} else {
			ud.RelationerNulTilEn = append(ud.RelationerNulTilEn, rt.Navn)
		}
	}
	return ud
}

// feltnavne are the names on the wire: fields of one object within a set count as one.
func feltnavne(felter []mox.Felt) []string {
	var ud []string
	for _, f := range felter {
		navn, _, _ := strings.Cut(f.Navn, ".")
		if !slices.Contains(ud, navn) {
			ud = append(ud, navn)
		}
	}
	return ud
}

func (a *api) fields(k *kald) error { return k.svar(http.StatusOK, strukturAf(k.type_)) }

func (a *api) classes(w http.ResponseWriter, r *http.Request) error {
	ud := map[string]struktur{}
	for _, navn := range mox.ObjektTyper() {
		if t, _ := mox.TypeAf(navn); t.Service == r.PathValue("service") {
			ud[t.Sti] = strukturAf(t)
		}
	}
	if len(ud) == 0 {
		return ukendtAdresse()
	}
	return (&kald{w: w, Request: r}).svar(http.StatusOK, ud)
}

func (a *api) siteMap(w http.ResponseWriter, r *http.Request) error {
	ud := []string{"/site-map"}
	for _, navn := range mox.ObjektTyper() {
		t, _ := mox.TypeAf(navn)
		sti := "/" + t.Service + "/" + t.Sti
		ud = append(ud, "/"+t.Service+"/classes", sti, sti+"/<uuid>", sti+"/fields", sti+"/schema", sti+"/soeg")
	}
	slices.Sort(ud)
	return (&kald{w: w, Request: r}).svar(http.StatusOK, map[string][]string{"site-map": slices.Compact(ud)})
}

func (a *api) schema(k *kald) error {
	k.w.Header().Set("Link", `<https://json-schema.org/draft/2020-12/schema>; rel="describedby"`)
	return k.svar(http.StatusOK, Skema(k.type_))
}

// js is a piece of JSON Schema.
type js = map[string]any

// Skema describes the body of Opret and Importer in JSON Schema (2020-12), from the type's table.
func Skema(t *mox.Type) map[string]any {
	egenskaber := js{
		"note":        js{"type": "string"},
		"attributter": lukket(attributskemaer(t), t.Egenskaber().Navn),
		"tilstande":   lukket(tilstandsskemaer(t), kraevede(t)...),
		"relationer":  lukket(relationsskemaer(t.Relationer)),
	}
	udvidelser := js{}
	for _, liste := range mox.Udvidelseslister() {
		udvidelser[liste] = xmlSkema()
	}
	egenskaber["lokaludvidelser"] = lukket(udvidelser)
	if t.Varianter {
		egenskaber["varianter"] = js{"type": "array", "items": variantskema(t)}
	}
	for _, navn := range []string{"fratidspunkt", "tiltidspunkt", "livscykluskode", "brugerref"} { // as they are read; not taken from a caller
		egenskaber[navn] = js{"readOnly": true}
	}
	ud := lukket(egenskaber, "attributter", "tilstande")
	ud["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	ud["title"] = string(t.Navn)
	ud["$defs"] = js{"virkning": virkningsskema(), "tidspunkt": js{"type": "string", "description": `RFC 3339 med tidszone, en dato, "infinity" eller "-infinity"`}}
	return ud
}

// lukket is an object with these properties and no others.
func lukket(egenskaber js, kraev ...string) js {
	ud := js{"type": "object", "properties": egenskaber, "additionalProperties": false}
	if len(kraev) > 0 {
		ud["required"] = kraev
	}
	return ud
}

func kraevede(t *mox.Type) (ud []string) {
	for _, tv := range t.Tilstande {
		if tv.Kraev {
			ud = append(ud, tv.Navn)
		}
	}
	return ud
}

func virkningsskema() js {
	tid := js{"$ref": "#/$defs/tidspunkt"}
	return lukket(js{"from": tid, "to": tid, "from_included": js{"const": true}, "to_included": js{"const": false},
		"aktoerref": js{"type": "string"}, "aktoertypekode": js{"enum": append([]string{""}, mox.AktoerTyper()...)}, "notetekst": js{"type": "string"}}, "from", "to")
}

func medVirkning(egenskaber js) js {
	egenskaber["virkning"] = js{"$ref": "#/$defs/virkning"}
	return egenskaber
}

func attributskemaer(t *mox.Type) js {
	ud := js{}
	for _, a := range t.Attributter {
		egenskaber, kraev := feltskemaer(a.Felter)
		ud[a.Navn] = js{"type": "array", "minItems": 1, "items": lukket(medVirkning(egenskaber), append(kraev, "virkning")...)}
	}
	return ud
}

// feltskemaer describes fields by name; those of a group become an object of their own.
func feltskemaer(felter []mox.Felt) (egenskaber js, kraev []string) {
	egenskaber = js{}
	for i := range felter {
		f := &felter[i]
		navn, rest, gruppe := strings.Cut(f.Navn, ".")
		if !gruppe {
			egenskaber[navn] = feltskema(f)
			if f.Kraev {
				kraev = append(kraev, navn)
			}
			continue
		}
		over, ok := egenskaber[navn].(js)
		if !ok {
			over = lukket(js{})
			egenskaber[navn] = over
		}
		under := *f
		under.Navn = rest
		flet(over["properties"].(js), &under)
	}
	return egenskaber, kraev
}

// flet adds a field of a group, which may be of a group itself.
func flet(til js, f *mox.Felt) {
	ny, _ := feltskemaer([]mox.Felt{*f})
	for navn, skema := range ny {
		gammel, ok := til[navn].(js)
		if !ok {
			til[navn] = skema
			continue
		}
		for n, s := range skema.(js)["properties"].(js) {
			gammel["properties"].(js)[n] = s
		}
	}
}

func feltskema(f *mox.Felt) js {
	ud := js{}
	switch f.Slags {
	case mox.Heltal:
		ud["type"] = "integer"
	case mox.Boolsk:
		ud["type"] = "boolean"
	case mox.Dato:
		ud["type"], ud["format"] = "string", "date"
	case mox.TidspunktSl:
		ud["type"], ud["format"] = "string", "date-time"
	case mox.Liste:
		ud["type"], ud["items"] = "array", js{"type": "string"}
		if f.Under != nil {
			under, kraev := feltskemaer(f.Under)
			ud["items"] = lukket(under, kraev...)
		}
	default:
		ud["type"] = "string"
	}
	if f.Maks > 0 {
		ud["maxLength"] = f.Maks
	}
	if len(f.Vaerdi) > 0 {
		ud = js{"enum": f.Vaerdi}
	}
	return ud
}

func tilstandsskemaer(t *mox.Type) js {
	ud := js{}
	for _, tv := range t.Tilstande {
		ud[tv.Navn] = js{"type": "array", "minItems": 1, "items": lukket(medVirkning(js{tv.Felt: js{"enum": tv.Vaerdi}}), tv.Felt, "virkning")}
	}
	return ud
}

func relationsskemaer(typer []mox.RelationType) js {
	ud := js{}
	for i := range typer {
		rt := &typer[i]
		egenskaber, kraev := feltskemaer(rt.Felter)
		egenskaber["uuid"] = js{"type": "string", "format": "uuid"}
		egenskaber["urn"] = js{"type": "string", "pattern": "^[uU][rR][nN]:."}
		egenskaber["objekttype"] = js{"type": "string"}
		egenskaber["indeks"] = js{"type": "integer", "minimum": 1}
		egenskaber["lokaludvidelse"] = xmlSkema()
		post := lukket(medVirkning(egenskaber), append(kraev, "virkning")...)
		post["not"] = js{"required": []string{"uuid", "urn"}}
		ud[rt.Navn] = js{"type": "array", "items": post}
	}
	return ud
}

// xmlSkema is what others add in XML.
func xmlSkema() js { return js{"type": "string", "contentMediaType": "application/xml"} }

func variantskema(t *mox.Type) js {
	egenskaber := func(felter []mox.Felt) js {
		e, kraev := feltskemaer(felter)
		return js{"type": "array", "items": lukket(medVirkning(e), append(kraev, "virkning")...)}
	}
	del := lukket(js{"deltekst": js{"type": "string", "minLength": 1}, "egenskaber": egenskaber(t.Del),
		"relationer": lukket(relationsskemaer([]mox.RelationType{{Navn: "underredigeringaf"}}))}, "deltekst")
	return lukket(js{"varianttekst": js{"type": "string", "minLength": 1}, "egenskaber": egenskaber(t.Variant), "dele": js{"type": "array", "items": del}}, "varianttekst")
}

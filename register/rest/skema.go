package rest

import (
	"strings"

	"github.com/moxkit/mox"
)

// js is a piece of JSON Schema.
type js = map[string]any

// Skema describes the body of Opret and Importer in JSON Schema (2020-12), from the type's table.
func Skema(t *mox.Type) map[string]any {
	b := skemabygger{"#/$defs/"}
	ud := b.registrering(t, true)
	ud["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	ud["$defs"] = b.faelles()
	return ud
}

// skemabygger makes schemas from a type's table. What several share stands at rod.
type skemabygger struct{ rod string }

func (b skemabygger) ref(navn string) js { return js{"$ref": b.rod + navn} }

// faelles are the schemas that the others refer to.
func (b skemabygger) faelles() js {
	return js{"virkning": b.virkning(), "tidspunkt": js{"type": "string", "description": `RFC 3339 med tidszone, en dato, "infinity" eller "-infinity"`}}
}

// registrering is what the lists of a registrering look like; hel demands what a new objekt must have.
func (b skemabygger) registrering(t *mox.Type, hel bool) js {
	egenskaber := js{
		"note":        js{"type": "string"},
		"attributter": lukket(b.attributter(t)),
		"tilstande":   lukket(b.tilstande(t)),
		"relationer":  lukket(b.relationer(t.Relationer)),
	}
	if hel {
		egenskaber["attributter"] = lukket(b.attributter(t), t.Egenskaber().Navn)
		egenskaber["tilstande"] = lukket(b.tilstande(t), kraevede(t)...)
	}
	udvidelser := js{}
	for _, liste := range mox.Udvidelseslister() {
		udvidelser[liste] = xmlSkema()
	}
	egenskaber["lokaludvidelser"] = lukket(udvidelser)
	if t.Varianter {
		egenskaber["varianter"] = js{"type": "array", "items": b.variant(t)}
	}
	for _, navn := range []string{"fratidspunkt", "tiltidspunkt", "livscykluskode", "brugerref"} { // as they are read; not taken from a caller
		egenskaber[navn] = js{"readOnly": true}
	}
	ud := lukket(egenskaber)
	if hel {
		ud = lukket(egenskaber, "attributter", "tilstande")
	}
	ud["title"] = string(t.Navn)
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

func (b skemabygger) virkning() js {
	tid := b.ref("tidspunkt")
	return lukket(js{"from": tid, "to": tid, "from_included": js{"const": true}, "to_included": js{"const": false},
		"aktoerref": js{"type": "string"}, "aktoertypekode": js{"enum": append([]string{""}, mox.AktoerTyper()...)}, "notetekst": js{"type": "string"}}, "from", "to")
}

func (b skemabygger) medVirkning(egenskaber js) js {
	egenskaber["virkning"] = b.ref("virkning")
	return egenskaber
}

func (b skemabygger) attributter(t *mox.Type) js {
	ud := js{}
	for _, a := range t.Attributter {
		egenskaber, kraev := feltskemaer(a.Felter)
		ud[a.Navn] = js{"type": "array", "minItems": 1, "items": lukket(b.medVirkning(egenskaber), append(kraev, "virkning")...)}
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

func (b skemabygger) tilstande(t *mox.Type) js {
	ud := js{}
	for _, tv := range t.Tilstande {
		ud[tv.Navn] = js{"type": "array", "minItems": 1, "items": lukket(b.medVirkning(js{tv.Felt: js{"enum": tv.Vaerdi}}), tv.Felt, "virkning")}
	}
	return ud
}

func (b skemabygger) relationer(typer []mox.RelationType) js {
	ud := js{}
	for i := range typer {
		rt := &typer[i]
		egenskaber, kraev := feltskemaer(rt.Felter)
		egenskaber["uuid"] = js{"type": "string", "format": "uuid"}
		egenskaber["urn"] = js{"type": "string", "pattern": "^[uU][rR][nN]:."}
		egenskaber["objekttype"] = js{"type": "string"}
		egenskaber["indeks"] = js{"type": "integer", "minimum": 1}
		egenskaber["lokaludvidelse"] = xmlSkema()
		post := lukket(b.medVirkning(egenskaber), append(kraev, "virkning")...)
		post["not"] = js{"required": []string{"uuid", "urn"}}
		ud[rt.Navn] = js{"type": "array", "items": post}
	}
	return ud
}

// xmlSkema is what others add in XML.
func xmlSkema() js { return js{"type": "string", "contentMediaType": "application/xml"} }

func (b skemabygger) variant(t *mox.Type) js {
	egenskaber := func(felter []mox.Felt) js {
		e, kraev := feltskemaer(felter)
		return js{"type": "array", "items": lukket(b.medVirkning(e), append(kraev, "virkning")...)}
	}
	del := lukket(js{"deltekst": js{"type": "string", "minLength": 1}, "egenskaber": egenskaber(t.Del),
		"relationer": lukket(b.relationer([]mox.RelationType{{Navn: "underredigeringaf"}}))}, "deltekst")
	return lukket(js{"varianttekst": js{"type": "string", "minLength": 1}, "egenskaber": egenskaber(t.Variant), "dele": js{"type": "array", "items": del}}, "varianttekst")
}

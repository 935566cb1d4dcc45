package openapi

import (
	"cmp"
	"encoding/json"
	"reflect"
	"strings"
	"time"
	"unicode"
)

// noegle is what a component is known by: a type as it is read (ind), or as it is written. What is read may leave out any
// field but those that are demanded, and has no others; what is written has all that are not left out when empty.
type noegle struct {
	type_ reflect.Type
	ind   bool
}

// navngivet is a reference to the component of a struct type.
func (b *bygger) navngivet(t reflect.Type, ind bool, kraevet []string) Skema {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	_, egen := b.api.Typer[t]
	if t.Kind() != reflect.Struct || t.Name() == "" || egen || t == reflect.TypeFor[time.Time]() {
		return b.skema(t, ind)
	}
	k := noegle{t, ind}
	navn, ok := b.navne[k]
	if !ok {
		navn = b.ledigtNavn(t, ind)
		b.navne[k] = navn
		b.komponenter[navn] = Skema{} // taken, also while its own fields are looked at
		b.komponenter[navn] = b.krop(t, ind, kraevet)
	}
	return Ref(navn)
}

// ledigtNavn is the type's name with a capital letter; a second type of that name gets its package's or "Ind" with it.
func (b *bygger) ledigtNavn(t reflect.Type, ind bool) string {
	navn := stort(t.Name())
	pakke := t.PkgPath()[strings.LastIndex(t.PkgPath(), "/")+1:]
	for _, forslag := range []string{navn, navn + map[bool]string{true: "Ind", false: "Ud"}[ind], stort(pakke) + navn, stort(pakke) + navn + "Ind"} {
		if _, taget := b.komponenter[forslag]; !taget {
			return forslag
		}
	}
	panic("openapi: too many types are named " + navn)
}

func stort(s string) string {
	r := []rune(s)
	r[0] = unicode.ToUpper(r[0])
	return string(r)
}

// skema is the schema of any type.
func (b *bygger) skema(t reflect.Type, ind bool) Skema {
	if s, ok := b.api.Typer[t]; ok {
		return s
	}
	switch t {
	case reflect.TypeFor[time.Time]():
		return Skema{"type": "string", "format": "date-time"}
	case reflect.TypeFor[json.RawMessage]():
		return Skema{}
	case reflect.TypeFor[[]byte]():
		return Skema{"type": "string", "contentEncoding": "base64"}
	}
	switch t.Kind() {
	case reflect.String:
		return Tekst()
	case reflect.Bool:
		return Skema{"type": "boolean"}
	case reflect.Int, reflect.Int64, reflect.Int32:
		return Skema{"type": "integer"}
	case reflect.Float64:
		return Skema{"type": "number"}
	case reflect.Slice:
		return Skema{"type": "array", "items": b.navngivet(t.Elem(), ind, nil)}
	case reflect.Map:
		return Skema{"type": "object", "additionalProperties": b.navngivet(t.Elem(), ind, nil)}
	case reflect.Struct:
		return b.krop(t, ind, nil)
	case reflect.Interface:
		return Skema{}
	}
	panic("openapi: no schema for " + t.String())
}

// krop is the schema of a struct type itself.
func (b *bygger) krop(t reflect.Type, ind bool, kraevet []string) Skema {
	felter := map[string]any{}
	b.felter(t, ind, felter, &kraevet)
	s := Skema{"type": "object", "properties": felter}
	if len(kraevet) > 0 {
		s["required"] = kraevet
	}
	if ind {
		s["additionalProperties"] = false
	}
	return s
}

// felter adds the fields of a struct, those of embedded ones as its own.
func (b *bygger) felter(t reflect.Type, ind bool, ud map[string]any, kraevet *[]string) {
	for i := range t.NumField() {
		f := t.Field(i)
		navn, valg, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && navn == "":
			b.felter(f.Type, ind, ud, kraevet)
			continue
		case !f.IsExported() || navn == "-":
			continue
		case navn == "":
			panic("openapi: " + t.String() + "." + f.Name + " has no name in JSON")
		}
		ud[navn] = b.felt(f, navn, ind)
		if !ind && !strings.Contains(valg, "omit") {
			*kraevet = append(*kraevet, navn)
		}
	}
}

func (b *bygger) felt(f reflect.StructField, navn string, ind bool) Skema {
	s := Skema{}
	if bundet := f.Tag.Get("skema"); bundet != "" {
		if b.api.Skemaer[bundet] == nil {
			panic("openapi: there is no schema " + bundet)
		}
		s = Ref(bundet)
	} else {
		for k, v := range b.navngivet(f.Type, ind, nil) {
			s[k] = v
		}
	}
	if s["description"] = cmp.Or(b.api.Felter[navn], problemfelter()[navn]); s["description"] == "" {
		b.uforklaret[navn] = true
		delete(s, "description")
	}
	return s
}

// problemfelter are the fields of a problem document that no API has others of the same name of.
func problemfelter() map[string]string {
	return map[string]string{"detail": "hvad der er galt, til mennesker", "message": "det samme som detail", "raad": "hvad der kan gøres", "regel": "den brudte regels navn",
		"spec": "det krav, reglen kommer af", "title": "det samme for alle med den kode", "type": "urn:mox:problem: og koden"}
}

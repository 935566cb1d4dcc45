package pull

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/moxkit/mox"
)

// Limits on the JSON of a call, so that little text cannot become much memory.
const (
	maksDybde    = 16
	maksListe    = 1000
	maksVaerdier = 500_000
	maksUkendte  = 20 // unknown fields that are told
	maksNavn     = 100
)

// afkod reads a call's body into v, a pointer to a struct, strictly. What encoding/json would pass over is refused here: a
// field v does not have, under its exact name; a field twice; text that is not UTF-8; anything after the value.
//
// The error is a [*mox.Error], [mox.KodeUgyldig] with the place of each fault, or [mox.KodeForStor].
func afkod(data []byte, v any) error {
	if !utf8.Valid(data) {
		return ugyldigJSON("er ikke UTF-8")
	}
	l := jsonvandring{dec: json.NewDecoder(bytes.NewReader(data))}
	l.dec.UseNumber()
	if err := l.top(reflect.TypeOf(v).Elem()); err != nil {
		return err
	}
	if err := l.ukendte.fejl(); err != nil {
		return err
	}
	err := json.Unmarshal(data, v)
	var type_ *json.UnmarshalTypeError
	switch {
	case errors.As(err, &type_):
		return felter{{Sti: udenIndlejrede(type_.Field), Regel: "type", Tekst: "er ikke af den rette slags"}}.fejl()
	case err != nil: // the texts of other errors quote the value
		return ugyldigJSON("har en værdi, der ikke kan læses; tider skrives som 2026-01-31T12:00:00Z, bytes i base64")
	}
	return nil
}

// udenIndlejrede is a path as encoding/json tells it, without the Go names of embedded structs. No name in our JSON begins with
// a capital letter.
func udenIndlejrede(sti string) string {
	return strings.Join(slices.DeleteFunc(strings.Split(sti, "."), func(led string) bool { return led != "" && led[0] >= 'A' && led[0] <= 'Z' }), ".")
}

func ugyldigJSON(format string, args ...any) error {
	return mox.E("kald", mox.KodeUgyldig, "kaldets JSON "+format, args...).Med("send ét JSON-objekt i UTF-8")
}

// jsonvandring walks through a text beside the type it is to be read into.
type jsonvandring struct {
	dec      *json.Decoder
	vaerdier int
	ukendte  felter
}

func (l *jsonvandring) top(t reflect.Type) error {
	tok, err := l.token()
	if err != nil {
		return err
	}
	if tok != json.Delim('{') {
		return ugyldigJSON("er ikke et objekt")
	}
	if err := l.objekt(t, "", 1); err != nil {
		return err
	}
	if _, err := l.dec.Token(); !errors.Is(err, io.EOF) {
		return ugyldigJSON("har mere efter objektet")
	}
	return nil
}

func (l *jsonvandring) token() (json.Token, error) {
	tok, err := l.dec.Token()
	if err != nil {
		return nil, ugyldigJSON("kan ikke læses ved byte %d", l.dec.InputOffset())
	}
	if s, ok := tok.(string); ok && strings.ContainsRune(s, 0) {
		return nil, ugyldigJSON("har tegnet NUL ved byte %d", l.dec.InputOffset())
	}
	if l.vaerdier++; l.vaerdier > maksVaerdier {
		return nil, mox.E("kald", mox.KodeForStor, "kaldet har for mange værdier").Med("del det i flere kald")
	}
	return tok, nil
}

// vaerdi passes one value; t is nil where anything may stand.
func (l *jsonvandring) vaerdi(t reflect.Type, sti string, dybde int) error {
	tok, err := l.token()
	if err != nil {
		return err
	}
	delim, _ := tok.(json.Delim)
	switch {
	case delim == 0:
		return nil
	case dybde >= maksDybde:
		return mox.E("kald", mox.KodeForStor, "kaldets JSON er mere end %d niveauer dybt", maksDybde)
	case delim == '{':
		return l.objekt(t, sti, dybde+1)
	}
	return l.liste(t, sti, dybde+1)
}

func (l *jsonvandring) objekt(t reflect.Type, sti string, dybde int) error {
	set := map[string]bool{}
	for l.dec.More() {
		tok, err := l.token()
		if err != nil {
			return err
		}
		navn, _ := tok.(string) // the decoder has seen to it
		her := under(sti, navn)
		if set[navn] {
			return felter{{Sti: her, Regel: "dobbelt", Tekst: "står to gange"}}.fejl()
		}
		set[navn] = true
		indre, kendt := felttype(t, navn)
		if !kendt && len(l.ukendte) < maksUkendte {
			l.ukendte.kraev(false, her, "ukendt", "feltet kendes ikke")
		}
		if err := l.vaerdi(indre, her, dybde); err != nil {
			return err
		}
	}
	_, err := l.token()
	return err
}

func (l *jsonvandring) liste(t reflect.Type, sti string, dybde int) error {
	indre := elementtype(t)
	for i := 0; l.dec.More(); i++ {
		if i == maksListe {
			return &mox.Error{Kode: mox.KodeForStor, Op: "kald", Tekst: "en liste i kaldet er for lang", Raad: "del det i flere kald",
				Felter: []mox.Feltfejl{{Sti: sti, Regel: "antal", Tekst: fmt.Sprintf("højst %d", maksListe)}}}
		}
		if err := l.vaerdi(indre, fmt.Sprintf("%s[%d]", sti, i), dybde); err != nil {
			return err
		}
	}
	_, err := l.token()
	return err
}

func under(sti, navn string) string {
	if len(navn) > maksNavn {
		navn = strings.ToValidUTF8(navn[:maksNavn], "") + "…"
	}
	if sti == "" {
		return navn
	}
	return sti + "." + navn
}

// felttype is the type of a field by its JSON name: nil where anything may stand, not kendt where the struct has none.
func felttype(t reflect.Type, navn string) (ud reflect.Type, kendt bool) {
	t = uden(t)
	if t == nil || laeserSelv(t) {
		return nil, true
	}
	switch t.Kind() {
	case reflect.Map:
		return t.Elem(), true
	case reflect.Struct:
		for _, f := range reflect.VisibleFields(t) {
			if n, _, _ := strings.Cut(f.Tag.Get("json"), ","); n == navn && n != "-" && n != "" {
				return f.Type, true
			}
		}
		return nil, false
	}
	return nil, true // json.Unmarshal tells what is wrong
}

func elementtype(t reflect.Type) reflect.Type {
	if t = uden(t); t != nil && (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) {
		return t.Elem()
	}
	return nil
}

// uden is the type a pointer points at.
func uden(t reflect.Type) reflect.Type {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// laeserSelv reports whether a type has its own form in JSON.
func laeserSelv(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]())
}

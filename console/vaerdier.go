package console

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/console/internal/laes"
)

// vaerdi is one value of a besked as a person may correct it.
type vaerdi struct {
	Sti       string
	Navn      string // what a person calls it
	Vaerdi    string
	Valg      []string // the only values it may have; none = anything
	Langt     bool     // needs more than one line
	Vigtig    bool     // most often what is wrong
	Mistaenkt bool     // the receiver's reason mentions it
}

// vaerdier lists values for correction, the likely culprit first: what the receiver's reason mentions, then what systems
// most often refuse, then the rest.
func vaerdier(type_ *mox.Type, felter map[string]string, aarsag string) []vaerdi {
	ud := make([]vaerdi, 0, len(felter))
	for sti, v := range felter {
		ud = append(ud, vaerdi{Sti: sti, Navn: stinavn(type_, sti), Vaerdi: v, Valg: valg(type_, sti, v), Langt: len(v) > 80 || strings.Contains(v, "\n"),
			Vigtig: vigtig(sti), Mistaenkt: naevnt(aarsag, sti, v)})
	}
	slices.SortFunc(ud, func(a, b vaerdi) int {
		if d := rang(a) - rang(b); d != 0 {
			return d
		}
		return strings.Compare(a.Sti, b.Sti)
	})
	return ud
}

// Foerst reports whether the value is shown at once; the others are folded away.
func (v vaerdi) Foerst() bool { return v.Mistaenkt || v.Vigtig }

func rang(v vaerdi) int {
	switch {
	case v.Mistaenkt:
		return 0
	case strings.HasPrefix(v.Sti, "relationer.") && v.Vigtig:
		return 1
	case strings.HasPrefix(v.Sti, "tilstande."):
		return 2
	case v.Vigtig:
		return 3
	}
	return 4
}

// vigtig are the values that receivers most often have an opinion on: the subject class, states, and what names the objekt.
func vigtig(sti string) bool {
	switch sti {
	case "relationer.primaerklasse", "egenskaber.titel", "egenskaber.brugervendtnoegle", "egenskaber.sagsnummer", "egenskaber.kassationskode", "egenskaber.brevdato":
		return true
	}
	return strings.HasPrefix(sti, "tilstande.")
}

// naevnt reports whether the receiver's reason names the value or its field. Short values would be found by accident.
func naevnt(aarsag, sti, v string) bool {
	aarsag = strings.ToLower(aarsag)
	hale := strings.ToLower(v[strings.LastIndex(v, ":")+1:])
	if len(hale) >= 4 && strings.Contains(aarsag, hale) {
		return true
	}
	ord := func(led ...string) bool {
		return slices.ContainsFunc(led, func(l string) bool { return strings.Contains(aarsag, l) })
	}
	switch sti {
	case "relationer.primaerklasse":
		return ord("kle", "emne", "klasse")
	case "tilstande.fremdrift":
		return ord("status", "fremdrift", "tilstand")
	}
	return false
}

// stinavn is a sti in a person's words, as the standard has them: "Primær klasse", "Titel".
func stinavn(type_ *mox.Type, sti string) string {
	led := strings.Split(sti, ".")
	if led[0] == "relationer" && len(led) > 1 {
		if rt, ok := type_.Relation(led[1]); ok && rt.Rolle != "" {
			return strings.Join(append([]string{rt.Rolle}, led[2:]...), " ")
		}
	}
	navn := strings.Join(led[1:], " ")
	if navn == "" {
		return sti
	}
	r, n := utf8.DecodeRuneInString(navn)
	return strings.ToUpper(string(r)) + navn[n:]
}

// valg are the values a field may have, with the one it has.
func valg(type_ *mox.Type, sti, nu string) []string {
	var ud []string
	if navn, ok := strings.CutPrefix(sti, "tilstande."); ok {
		if tv, ok := type_.Tilstand(navn); ok {
			ud = slices.Clone(tv.Vaerdi)
		}
	}
	if slags, ok := type_.StiSlags(sti); ok && slags == mox.Boolsk {
		ud = []string{"true", "false"}
	}
	if len(ud) > 0 && !slices.Contains(ud, nu) {
		ud = append(ud, nu)
	}
	return ud
}

// laeselig is content as a person reads it; binaert is true for content that is no text.
func laeselig(b []byte) (tekst string, binaert bool) {
	var ud bytes.Buffer
	if json.Indent(&ud, b, "", "  ") == nil {
		return ud.String(), false
	}
	if bytes.ContainsRune(b, 0) {
		return "", true
	}
	return laes.Tekst(b), false
}

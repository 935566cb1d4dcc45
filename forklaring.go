package mox

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Betingelse is one condition of a filter, and how a besked answers it.
type Betingelse struct {
	Sti   string   `json:"sti"`            // its place in the filter: "en af[1].opgaveemne"
	Krav  any      `json:"krav"`           // what it asks for
	Har   []string `json:"har,omitempty"`  // what the besked says; none for a related objekt, which is personal data
	Svar  string   `json:"svar"`           // ja, nej, or ukendt where the besked lacks the key
	Under bool     `json:"ikke,omitempty"` // it stands under ikke: there a ja is a no
}

// String is the answer in words.
func (s Svar) String() string {
	switch s {
	case Ja:
		return "ja"
	case Nej:
		return "nej"
	}
	return "ukendt"
}

// Forklar tells whether the filter takes a besked with these metadata, and how each of its conditions is answered, in the
// order they stand in the filter. The zero filter has none.
func (f Filter) Forklar(m map[string][]string) (passer bool, ud []Betingelse) {
	return f.Match(m), forklar("", f.kilde, maalt{m, f.lister}, false)
}

func forklar(sti string, kilde any, m maalt, under bool) (ud []Betingelse) {
	led, ok := kilde.(map[string]any)
	if !ok {
		return nil
	}
	for _, k := range slices.Sorted(maps.Keys(led)) {
		her := strings.TrimPrefix(sti+"."+k, ".")
		switch k {
		case "alle", "en af":
			poster, _ := led[k].([]any)
			for i, p := range poster {
				ud = append(ud, forklar(fmt.Sprintf("%s[%d]", her, i), p, m, under)...)
			}
		case "ikke":
			ud = append(ud, forklar(her, led[k], m, !under)...)
		default:
			ud = append(ud, betingelse(her, k, led[k], m, under))
		}
	}
	return ud
}

func betingelse(sti, noegle string, krav any, m maalt, under bool) Betingelse {
	b := Betingelse{Sti: sti, Krav: krav, Under: under, Svar: Ukendt.String()}
	if f, fejl := LaesFilter(map[string]any{noegle: krav}); len(fejl) == 0 {
		b.Svar = f.vilkaar.svar(m).String()
	}
	if noegle != "relateret" && !strings.HasPrefix(noegle, "relateret.") {
		b.Har = m.felter[noegle]
	}
	return b
}

package console

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/console/internal/laes"
)

// vilkaar is a part of a filter in words: a condition on one key, or several parts and how many of them must hold.
type vilkaar struct {
	Samler string // "alle", "en-af", "ikke" or "ikke-alle": what must hold of Under; "" = a condition
	Under  []vilkaar
	Noegle string
	Krav   []udsagn // all of them
}

// udsagn is one thing that a condition asks of its key.
type udsagn struct {
	Ord   string // what is asked
	Hvad  string // the value, values or time; "" = none
	Liste string // the value list
}

// filterord is a filter in words; none for one that takes everything.
func (s *sprog) filterord(f mox.Filter) []vilkaar { return s.vilkaarene(f.Kilde()) }

func (s *sprog) vilkaarene(kilde any) (ud []vilkaar) {
	led, _ := kilde.(map[string]any)
	for _, k := range slices.Sorted(maps.Keys(led)) {
		switch k {
		case "alle", "en af":
			ud = append(ud, s.samlet(k, led[k]))
		case "ikke":
			v := vilkaar{Samler: "ikke", Under: s.vilkaarene(led[k])}
			if len(v.Under) > 1 {
				v.Samler = "ikke-alle"
			}
			ud = append(ud, v)
		default:
			ud = append(ud, vilkaar{Noegle: k, Krav: s.krav(led[k])})
		}
	}
	return ud
}

// samlet are several filters of which all, or one, must hold.
func (s *sprog) samlet(k string, kilde any) vilkaar {
	ud := vilkaar{Samler: strings.ReplaceAll(k, " ", "-")}
	poster, _ := kilde.([]any)
	for _, p := range poster {
		under := s.vilkaarene(p)
		if len(under) == 1 {
			ud.Under = append(ud.Under, under[0])
			continue
		}
		ud.Under = append(ud.Under, vilkaar{Samler: "alle", Under: under})
	}
	return ud
}

// krav is what a condition asks of its key.
func (s *sprog) krav(kilde any) (ud []udsagn) {
	m, ok := kilde.(map[string]any)
	if !ok {
		return s.vaerdikrav(kilde)
	}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		switch v := fmt.Sprint(m[k]); k {
		case "findes":
			ud = append(ud, udsagn{Ord: map[bool]string{true: s.t("filter.findes"), false: s.t("filter.findes-ikke")}[v == "true"]})
		case "liste":
			ud = append(ud, udsagn{Ord: s.t("filter.liste"), Liste: v})
		case "fra":
			ud = append(ud, udsagn{Ord: s.t("filter.fra"), Hvad: s.filtertid(v)})
		case "til":
			ud = append(ud, udsagn{Ord: s.t("filter.foer"), Hvad: s.filtertid(v)})
		}
	}
	return ud
}

func (s *sprog) filtertid(v string) string {
	t, err := time.Parse(time.RFC3339, v)
	if err != nil {
		return v
	}
	return s.tidstekst(t)
}

// maksOpremset is how many values are named; a filter may have a thousand.
const maksOpremset = 12

// vaerdikrav is one value, or a list of them of which one is enough. Values that begin a KLE number are told apart.
func (s *sprog) vaerdikrav(kilde any) []udsagn {
	liste, ok := kilde.([]any)
	if !ok {
		liste = []any{kilde}
	}
	var hele, forled []string
	parter := 0
	for _, x := range liste {
		v := fmt.Sprint(x)
		switch forledet, jokertegn := strings.CutSuffix(v, "*"); {
		case mox.ErPseudonym(v) || laes.Maskeret(v) != v:
			parter++
		case jokertegn:
			forled = append(forled, forledet)
		default:
			hele = append(hele, v)
		}
	}
	if parter > 0 {
		hele = append(hele, s.antal("filter.part", parter))
	}
	var dele []string
	if len(hele) > 0 {
		dele = append(dele, s.opremset(hele))
	}
	if len(forled) > 0 {
		dele = append(dele, s.t("filter.begynder", s.opremset(forled)))
	}
	if len(hele) == 0 {
		return []udsagn{{Ord: s.t("filter.er-noget"), Hvad: dele[0]}}
	}
	return []udsagn{{Ord: s.t("filter.er"), Hvad: strings.Join(dele, " "+s.t("filter.eller")+" ")}}
}

// opremset is "a, b eller c".
func (s *sprog) opremset(l []string) string {
	if n := len(l) - maksOpremset; n > 1 {
		l = append(slices.Clone(l[:maksOpremset]), s.t("filter.flere", n))
	}
	if len(l) == 1 {
		return l[0]
	}
	return strings.Join(l[:len(l)-1], ", ") + " " + s.t("filter.eller") + " " + l[len(l)-1]
}

// filtersaetning is a filter in one sentence.
func (s *sprog) filtersaetning(f mox.Filter) string {
	if f.Kilde() == nil {
		return s.t("filter.alt")
	}
	return s.saetning(s.filterord(f), "filter.og")
}

func (s *sprog) saetning(l []vilkaar, bindeord string) string {
	var dele []string
	for _, v := range l {
		dele = append(dele, s.led(v))
	}
	if n := len(dele) - 1; n > 1 {
		dele = []string{strings.Join(dele[:n], ", "), dele[n]}
	}
	return strings.Join(dele, " "+s.t(bindeord)+" ")
}

func (s *sprog) led(v vilkaar) string {
	switch v.Samler {
	case "":
		return v.Noegle + " " + s.kravtekst(v.Krav)
	case "en-af":
		return "(" + s.saetning(v.Under, "filter.eller") + ")"
	case "alle":
		return "(" + s.saetning(v.Under, "filter.og") + ")"
	}
	return s.t("filter.ikke") + " (" + s.saetning(v.Under, "filter.og") + ")"
}

func (s *sprog) kravtekst(l []udsagn) string {
	var dele []string
	for _, u := range l {
		dele = append(dele, strings.TrimSpace(u.Ord+" "+u.Hvad+u.Liste))
	}
	return strings.Join(dele, " "+s.t("filter.og")+" ")
}

// betingelse is one condition of a filter, in words, and how a besked answers it.
type betingelse struct {
	Noegle string
	Krav   []udsagn
	Ikke   bool     // it must not hold
	Har    []string // what the besked says
	Skjult bool     // what it says is personal data
	Svar   string   // ja, nej or ukendt
	Holder bool     // the answer is the one that is asked for
}

// betingelser are the conditions of an explanation in words.
func (s *sprog) betingelser(l []mox.Betingelse) (ud []betingelse) {
	for _, b := range l {
		x := betingelse{Noegle: betingelsesnoegle(b.Sti), Krav: s.krav(b.Krav), Ikke: b.Under, Svar: b.Svar, Holder: b.Svar == map[bool]string{false: "ja", true: "nej"}[b.Under]}
		for _, v := range b.Har {
			x.Har = append(x.Har, laes.Maskeret(v))
		}
		x.Skjult = strings.HasPrefix(x.Noegle, "relateret") && b.Svar != "ukendt"
		ud = append(ud, x)
	}
	return ud
}

// betingelsessti is what stands before a condition's key in its place in the filter.
var betingelsessti = regexp.MustCompile(`^(?:(?:alle|en af)\[\d+\]\.|ikke\.)*`)

func betingelsesnoegle(sti string) string { return betingelsessti.ReplaceAllString(sti, "") }

// filtertekst is a filter as it is written; "" for one that takes everything.
func filtertekst(f mox.Filter) string {
	if f.Kilde() == nil {
		return ""
	}
	b, err := json.MarshalIndent(f.Kilde(), "", "  ")
	if err != nil {
		return ""
	}
	return string(b)
}

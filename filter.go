package mox

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Svar is the outcome of a condition: a key the besked lacks makes it Ukendt, and Ukendt is never a match, not even
// under ikke.
type Svar int8

// The three answers.
const (
	Nej Svar = iota
	Ukendt
	Ja
)

// Filter is a predicate over a besked's metadata, never its content. The zero Filter matches everything but
// Kvitteringer and Fejlbeskeder. spec: mox 29
type Filter struct {
	vilkaar vilkaar
	kilde   any    // as read, to be shown and stored again
	lister  Lister // see Med
}

type vilkaar interface {
	svar(m maalt) Svar
}

// maalt is what a filter is held against: a besked's metadata, and the value lists as they are.
type maalt struct {
	felter map[string][]string
	lister Lister
}

type (
	alleAf []vilkaar
	enAf   []vilkaar
	ikke   struct{ v vilkaar }
	findes struct {
		noegle string
		ja     bool
	}
	enAfVaerdi struct {
		noegle   string
		vaerdier map[string]bool
		forled   []string // "27.*" → "27."
	}
	iListe struct {
		noegle, liste string
	}
	tidsrum struct {
		noegle   string
		fra, til time.Time
	}
)

func (l alleAf) svar(m maalt) Svar {
	ud := Ja
	for _, v := range l {
		ud = min(ud, v.svar(m))
	}
	return ud
}

func (l enAf) svar(m maalt) Svar {
	ud := Nej
	for _, v := range l {
		ud = max(ud, v.svar(m))
	}
	return ud
}

func (i ikke) svar(m maalt) Svar { return Ja - i.v.svar(m) }

func (f findes) svar(m maalt) Svar {
	if (len(m.felter[f.noegle]) > 0) == f.ja {
		return Ja
	}
	return Nej
}

func (e enAfVaerdi) svar(m maalt) Svar {
	vaerdier := m.felter[e.noegle]
	if len(vaerdier) == 0 {
		return Ukendt
	}
	for _, v := range vaerdier {
		if e.tager(v) {
			return Ja
		}
	}
	return Nej
}

func (t tidsrum) svar(m maalt) Svar {
	if len(m.felter[t.noegle]) == 0 {
		return Ukendt
	}
	tid, err := time.Parse(time.RFC3339Nano, m.felter[t.noegle][0])
	switch {
	case err != nil:
		return Ukendt
	case !t.fra.IsZero() && tid.Before(t.fra), !t.til.IsZero() && !tid.Before(t.til):
		return Nej
	}
	return Ja
}

// Match reports whether the filter takes a besked with these metadata (see [Besked.Metadata]).
func (f Filter) Match(m map[string][]string) bool {
	ved := maalt{m, f.lister}
	if skalNaevnes(m["beskedtype"]) {
		return tagerOmLevering(f.vilkaar, ved)
	}
	return f.vilkaar == nil || f.vilkaar.svar(ved) == Ja
}

// skalNaevnes reports whether a beskedtype is one that only a filter which names it sees.
func skalNaevnes(beskedtyper []string) bool {
	return slices.ContainsFunc(beskedtyper, func(t string) bool { return t == TypeKvittering || t == TypeFejlbesked || t == TypeSletning })
}

// Naevner reports whether the filter asks for a beskedtype by name, anywhere but under ikke.
func (f Filter) Naevner(beskedtype string) bool { return naevner(f.vilkaar, beskedtype) }

func naevner(v vilkaar, beskedtype string) bool {
	en := func(v vilkaar) bool { return naevner(v, beskedtype) }
	switch v := v.(type) {
	case alleAf:
		return slices.ContainsFunc(v, en)
	case enAf:
		return slices.ContainsFunc(v, en)
	case enAfVaerdi:
		return v.noegle == "beskedtype" && v.vaerdier[beskedtype]
	}
	return false
}

// tagerOmLevering reports whether v takes this Kvittering, Fejlbesked or Sletning and asks for its type by name; otherwise it never
// sees one. Where one of several filters is enough, it is that one which must name them.
func tagerOmLevering(v vilkaar, m maalt) bool {
	naevnt := func(v vilkaar) bool { return tagerOmLevering(v, m) }
	switch v := v.(type) {
	case alleAf:
		return v.svar(m) == Ja && slices.ContainsFunc(v, naevnt)
	case enAf:
		return slices.ContainsFunc(v, naevnt)
	case enAfVaerdi:
		return v.noegle == "beskedtype" && slices.ContainsFunc(m.felter["beskedtype"], func(t string) bool { return v.vaerdier[t] })
	}
	return false
}

// topvilkaar are the conditions that must all hold.
func topvilkaar(v vilkaar) []vilkaar {
	switch v := v.(type) {
	case nil:
		return nil
	case alleAf:
		var ud []vilkaar
		for _, x := range v {
			ud = append(ud, topvilkaar(x)...)
		}
		return ud
	}
	return []vilkaar{v}
}

// LaesFilter reads a filter from decoded JSON or YAML:
//
//	{objekttype: Sag, livscykluskode: [Opstaaet, Rettet], opgaveemne: "02.*", procesID: {findes: true},
//	 relateret.primaerpart: {liste: omsorgsborgere}, registreringstid: {fra: 2026-01-01T00:00:00Z},
//	 "en af": [{...}, {...}], ikke: {...}}
//
// All keys of one object must hold. Unknown keys and values are refused. Each Feltfejl's Sti is the place in the filter.
func LaesFilter(kilde any) (Filter, []Feltfejl) {
	var l filterlaeser
	v := l.objekt("", kilde, 0)
	if len(l.fejl) == 0 {
		l.modsigelser(v)
	}
	if len(l.fejl) > 0 {
		return Filter{}, l.fejl
	}
	return Filter{vilkaar: v, kilde: kilde}, nil
}

// Kilde is the filter as it was read; nil for the zero Filter.
func (f Filter) Kilde() any { return f.kilde }

// MarshalJSON writes the filter as it was read; the zero Filter is null.
func (f Filter) MarshalJSON() ([]byte, error) { return json.Marshal(f.kilde) }

// UnmarshalJSON reads a filter as [LaesFilter] does. A filter that cannot be read is an error, never a filter that takes
// more than was meant.
func (f *Filter) UnmarshalJSON(b []byte) error {
	var kilde any
	if err := json.Unmarshal(b, &kilde); err != nil {
		return err
	}
	if kilde == nil {
		*f = Filter{}
		return nil
	}
	ny, fejl := LaesFilter(kilde)
	if len(fejl) > 0 {
		return &Error{Kode: KodeUgyldig, Op: "filter", Tekst: "filteret kan ikke læses", Felter: fejl}
	}
	*f = ny
	return nil
}

// Limits on a filter.
const (
	maksFilterdybde   = 10
	maksFiltervilkaar = 1000
)

type filterlaeser struct {
	fejl  []Feltfejl
	antal int
}

func (l *filterlaeser) afvis(sti, regel, format string, args ...any) {
	l.fejl = append(l.fejl, Feltfejl{Sti: strings.TrimPrefix(sti, "."), Regel: regel, Tekst: fmt.Sprintf(format, args...)})
}

func (l *filterlaeser) objekt(sti string, kilde any, dybde int) vilkaar {
	m, ok := kilde.(map[string]any)
	if !ok || len(m) == 0 || dybde > maksFilterdybde {
		l.afvis(sti, "form", "et filter er et objekt med mindst én nøgle, højst %d niveauer dybt", maksFilterdybde)
		return nil
	}
	if l.antal += len(m); l.antal > maksFiltervilkaar {
		l.afvis(sti, "antal", "filteret har over %d betingelser", maksFiltervilkaar)
		return nil
	}
	var ud alleAf
	for _, k := range slices.Sorted(maps.Keys(m)) {
		her := sti + "." + k
		switch k {
		case "alle":
			ud = append(ud, alleAf(l.liste(her, m[k], dybde)))
		case "en af":
			ud = append(ud, enAf(l.liste(her, m[k], dybde)))
		case "ikke":
			ud = append(ud, ikke{l.objekt(her, m[k], dybde+1)})
		default:
			ud = append(ud, l.noegle(her, k, m[k]))
		}
	}
	return ud
}

func (l *filterlaeser) liste(sti string, kilde any, dybde int) []vilkaar {
	poster, ok := kilde.([]any)
	if !ok || len(poster) == 0 {
		l.afvis(sti, "form", "skal være en liste med mindst ét filter")
		return nil
	}
	var ud []vilkaar
	for i, p := range poster {
		ud = append(ud, l.objekt(fmt.Sprintf("%s[%d]", sti, i), p, dybde+1))
	}
	return ud
}

func (l *filterlaeser) noegle(sti, noegle string, kilde any) vilkaar {
	felt, kendt := BeskedfeltAf(noegle)
	if rolle, relateret := strings.CutPrefix(noegle, "relateret."); !kendt && noegle != "relateret" && (!relateret || rolle == "") {
		l.afvis(sti, "ukendt", "nøglen kendes ikke; brug navnet på et metadatafelt, relateret.<rolle>, alle, en af eller ikke")
		return nil
	}
	if m, ok := kilde.(map[string]any); ok {
		return l.udtryk(sti, noegle, m, felt != nil && felt.Tid)
	}
	return l.vaerdier(sti, noegle, kilde)
}

func (l *filterlaeser) udtryk(sti, noegle string, m map[string]any, tid bool) vilkaar {
	if ja, ok := m["findes"].(bool); ok && len(m) == 1 {
		return findes{noegle, ja}
	}
	if _, ok := m["liste"]; ok {
		return l.iListe(sti, noegle, m, tid)
	}
	if len(m) == 0 {
		l.afvis(sti, "tom", "siger intet; skriv findes: true|false, liste: navn, eller for tider fra og til")
	}
	ud := tidsrum{noegle: noegle}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		t, err := filtertid(m[k])
		switch {
		case !tid || (k != "fra" && k != "til"):
			l.afvis(sti+"."+k, "ukendt", "kun findes: true|false, liste: navn, og for tider fra og til")
		case err != nil:
			l.afvis(sti+"."+k, "tid", "er ikke et tidspunkt med tidszone")
		case k == "fra":
			ud.fra = t
		default:
			ud.til = t
		}
	}
	if !ud.fra.IsZero() && !ud.til.IsZero() && !ud.fra.Before(ud.til) {
		l.afvis(sti, "modsigelse", "til skal ligge efter fra")
	}
	return ud
}

// filtertid reads a time; YAML may have read it already.
func filtertid(v any) (time.Time, error) {
	if t, ok := v.(time.Time); ok {
		return t, nil
	}
	return time.Parse(time.RFC3339, fmt.Sprint(v))
}

func (l *filterlaeser) vaerdier(sti, noegle string, kilde any) vilkaar {
	liste, ok := kilde.([]any)
	if !ok {
		liste = []any{kilde}
	}
	if len(liste) == 0 {
		l.afvis(sti, "tom", "en tom liste kan intet passe på")
	}
	ud := enAfVaerdi{noegle: noegle, vaerdier: map[string]bool{}}
	for _, x := range liste {
		s, ok := x.(string)
		if !ok || s == "" {
			l.afvis(sti, "form", "en værdi skal være tekst")
			continue
		}
		if forled, jokertegn := strings.CutSuffix(s, "*"); jokertegn && noegle == "opgaveemne" {
			ud.forled = append(ud.forled, forled)
			continue
		}
		l.kendtVaerdi(sti, noegle, s)
		for _, form := range stavemaader(s) {
			ud.vaerdier[form] = true
		}
	}
	return ud
}

// stavemaader are all spellings of a value: a CVR URN has two (spec: mox 8), and a besked keeps a UUID in lower case.
func stavemaader(v string) []string {
	if id := strings.ToLower(v); ErUUID(id) {
		return []string{id, v}
	}
	for _, forled := range cvrForled {
		if nr, ok := strings.CutPrefix(v, forled); ok {
			return forHver(cvrForled[:], func(f string) string { return f + nr })
		}
	}
	return []string{v}
}

func (l *filterlaeser) kendtVaerdi(sti, noegle, v string) {
	switch noegle {
	case "objekttype":
		if _, ok := TypeAf(ObjektType(v)); !ok {
			l.afvis(sti, "kodeliste", "%q er ikke en af %v", v, ObjektTyper())
		}
	case "livscykluskode":
		if !slices.Contains(LivscyklusKoder(), LivscyklusKode(v)) {
			l.afvis(sti, "kodeliste", "%q er ikke en af %v", v, LivscyklusKoder())
		}
	}
}

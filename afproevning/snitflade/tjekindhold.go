package snitflade

import (
	"encoding/base64"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/connector"
)

func gyldigTekst(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// indholdstjek are about what a besked carries, and about envelopes.
func indholdstjek() map[string]tjek {
	return map[string]tjek{
		"indhold_eller_reference": {f: hver(indholdEllerReference)},
		"indholdstype":            {f: hver(indholdstype)},
		"indhold_laeses":          {f: hver(indholdLaeses)},
		"indhold_enig":            {skal: []string{"felt"}, f: hver(indholdEnig)},
		"indhold_helt":            {skal: []string{"trin"}, f: indholdHelt},
		"indhold_graense":         {f: hver(indholdGraense)},
		"uden_kendetegn":          {f: hver(udenKendetegn)},

		"kuvert_dele":   {f: hver(kuvertDele)},
		"kuvert_unikid": {f: hver(kuvertUnikid)},
		"kuvert_dtd":    {f: hver(kuvertUdenDTD)},
		"kuvert_enig":   {f: hver(kuvertEnig)},
	}
}

func indholdEllerReference(_ *forloeb, _ *Forvent, m *Modtaget) fund {
	if len(m.Indhold) == 0 && m.en("objektreference") == "" {
		return fejl("Beskeden har hverken objektet eller en objektreference")
	}
	return godt()
}

func indholdstype(_ *forloeb, _ *Forvent, m *Modtaget) fund {
	switch {
	case len(m.Indhold) == 0:
		return intet("Ingen besked havde indhold")
	case m.Indholdstype == "":
		return fejl("Beskeden har indhold, men siger ikke, hvad det er (content-type)")
	}
	return godt()
}

func indholdLaeses(_ *forloeb, _ *Forvent, m *Modtaget) fund {
	if len(m.Indhold) == 0 {
		return intet("Ingen besked havde indhold")
	}
	if _, err := m.blade(); err != nil {
		return fejl("Indholdet er ikke %s: %v", vist(m.Indholdstype), err)
	}
	return godt()
}

// indholdEnig holds a field against the same in the content, where that says it.
func indholdEnig(_ *forloeb, e *Forvent, m *Modtaget) fund {
	l, err := m.blade()
	i, der := iIndhold(l, indholdsnavne()[e.Felt])
	hoved := m.en(e.Felt)
	switch {
	case err != nil || !der || hoved == "" || e.Felt == "registreringstid" && !erTid(hoved) || e.Felt == "objektID" && !mox.ErUUID(strings.ToLower(hoved)):
		return intet("Ingen besked sagde %s både i metadata og i indholdet", e.Felt)
	case strings.EqualFold(i, hoved) || sammeTid(i, hoved):
		return godt()
	}
	return fejl("%s er %s i metadata og %s i indholdet", e.Felt, vist(hoved), vist(i))
}

// sammeTid reports whether two texts are one time to the microsecond, which is all that content has.
func sammeTid(a, b string) bool {
	x, err1 := time.Parse(time.RFC3339Nano, a)
	y, err2 := time.Parse(time.RFC3339Nano, b)
	return err1 == nil && err2 == nil && x.Truncate(time.Microsecond).Equal(y.Truncate(time.Microsecond))
}

// indholdHelt holds the content of a step against that of the first: a besked carries the objekt whole, not what was changed.
func indholdHelt(fl *forloeb, e *Forvent) fund {
	foer, nu := stier(fl.afTrin(1)), stier(fl.afTrin(e.Trin))
	if len(foer) == 0 || len(nu) == 0 {
		return intet("Der kom ikke to beskeder med indhold at sammenligne")
	}
	for _, sti := range foer {
		if !slices.Contains(nu, sti) {
			return fejl("Beskeden om ændringen har ikke %s, som den første besked om objektet havde", vist(sti))
		}
	}
	return godt()
}

func stier(set []*Modtaget) (ud []string) {
	for _, m := range set {
		l, err := m.blade()
		for _, b := range l {
			// What happened is no part of the objekt, and the XML of the standard has no name for Rettet.
			if err == nil && !strings.HasSuffix(b.sti, "livscykluskode") && !slices.Contains(ud, b.sti) {
				ud = append(ud, b.sti)
			}
		}
	}
	return ud
}

func indholdGraense(_ *forloeb, _ *Forvent, m *Modtaget) fund {
	if len(m.Indhold) > mox.MaksIndhold {
		return fejl("Indholdet er på %d bytes; højst %d", len(m.Indhold), mox.MaksIndhold)
	}
	return godt()
}

// udenKendetegn looks for a document's text in the besked, as it is and in base64.
func udenKendetegn(fl *forloeb, _ *Forvent, m *Modtaget) fund {
	alt := string(m.Indhold) + string(m.Krop)
	if strings.Contains(alt, fl.kendetegn) {
		return fejl("Dokumentets indhold står i beskeden")
	}
	for forskudt := range 3 { // base64 has three ways to write a text, by where it begins
		b64 := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", forskudt) + fl.kendetegn))
		if strings.Contains(alt, b64[4:len(b64)-4]) {
			return fejl("Dokumentets indhold står i beskeden, i base64")
		}
	}
	return godt()
}

// kuvertDele are what an envelope has one of. spec: mox 6
func kuvertDele(_ *forloeb, _ *Forvent, m *Modtaget) fund {
	if m.Kuvert == nil {
		return intet("Ingen besked kom som Haendelsesbesked")
	}
	for _, sti := range []string{"BeskedId", "BeskedVersion", "Beskedkuvert", "Beskedkuvert/Filtreringsdata", "Beskedkuvert/Leveranceinformation", "Beskedkuvert/Filtreringsdata/Beskedtype"} {
		if n := len(fundet(m.Kuvert, sti)); n != 1 {
			return fejl("Kuverten har %d %s; den skal have én", n, sti)
		}
	}
	return godt()
}

// kuvertUnikid finds an id that is both a UUID and a URN. spec: mox 8
func kuvertUnikid(_ *forloeb, _ *Forvent, m *Modtaget) fund {
	if m.Kuvert == nil {
		return intet("Ingen besked kom som Haendelsesbesked")
	}
	var se func(e *connector.Element) fund
	se = func(e *connector.Element) fund {
		n := 0
		for _, k := range e.Kids {
			if k.Name == "UUIDIdentifikator" || k.Name == "URNIdentifikator" {
				n++
			}
			if x := se(k); x.status != Bestaaet {
				return x
			}
		}
		if n > 1 {
			return fejl("%s er både en UUID og en URN", e.Name)
		}
		return godt()
	}
	for _, k := range fundet(m.Kuvert, "Beskedkuvert") {
		if x := se(k); x.status != Bestaaet {
			return x
		}
	}
	return godt()
}

func kuvertUdenDTD(_ *forloeb, _ *Forvent, m *Modtaget) fund {
	switch {
	case m.DTD:
		return fejl("Kuverten har en DTD (<!DOCTYPE …>)")
	case m.Kuvert == nil:
		return intet("Ingen besked kom som Haendelsesbesked")
	}
	return godt()
}

// kuvertEnig holds the headers that are there against the envelope. spec: mox 11
func kuvertEnig(_ *forloeb, _ *Forvent, m *Modtaget) fund {
	ud := intet("Ingen kuvert havde headers ved siden af sig")
	if m.Kuvert == nil {
		return ud
	}
	for navn, hoved := range m.VedSiden {
		if i := m.Felter[navn]; len(i) > 0 && !slices.EqualFunc(hoved, i, func(a, b string) bool { return strings.EqualFold(a, b) || sammeTid(a, b) }) {
			return fejl("%s er %s i headeren og %s i kuverten", navn, vist(strings.Join(hoved, ", ")), vist(strings.Join(i, ", ")))
		}
		ud = godt()
	}
	return ud
}

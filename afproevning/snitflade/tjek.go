package snitflade

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/moxkit/mox"
)

// fund is what a check found.
type fund struct {
	status Status
	tekst  string
}

func godt() fund { return fund{status: Bestaaet} }

func fejl(format string, a ...any) fund { return fund{Fejlet, fmt.Sprintf(format, a...)} }

// intet is a check that had nothing to look at: the case is not tried, and so not passed either.
func intet(format string, a ...any) fund { return fund{IkkeAfproevet, fmt.Sprintf(format, a...)} }

// intetAf is intet because of an error.
func intetAf(err error) fund { return intet("%s", stort(err.Error())) }

// tjek is one check: which arguments it must and may have, and what it does.
type tjek struct {
	skal, maa []string
	f         func(*forloeb, *Forvent) fund
}

// tjekliste is the vocabulary of a role.
func tjekliste(r Rolle) map[string]tjek {
	if r == Modtager {
		return modtagertjek()
	}
	ud := metadatatjek()
	maps.Copy(ud, indholdstjek())
	maps.Copy(ud, adfaerdstjek())
	maps.Copy(ud, vejtjek())
	return ud
}

// hver is a check of each besked by itself. A besked that it is not about is passed over; where it is about none, nothing has
// been looked at.
func hver(f func(fl *forloeb, e *Forvent, m *Modtaget) fund) func(*forloeb, *Forvent) fund {
	return func(fl *forloeb, e *Forvent) fund {
		ud := intet("Der kom ingen besked at se på")
		for _, m := range fl.afTrin(e.Trin) {
			x := f(fl, e, m)
			if m.Ulaeselig != "" && e.Tjek != "laesbar" {
				x = intet("Beskeden kan ikke læses") // that is another case
			}
			switch {
			case x.status == Fejlet:
				return x
			case x.status == Bestaaet:
				ud = x
			case ud.status != Bestaaet:
				ud = x
			}
		}
		return ud
	}
}

// vaerdiformer are the forms that a value may be asked to have.
func vaerdiformer() map[string]func(string) bool {
	return map[string]func(string) bool{
		"uuid":       func(v string) bool { return mox.ErUUID(strings.ToLower(v)) },
		"smaa_uuid":  func(v string) bool { return !mox.ErUUID(strings.ToLower(v)) || v == strings.ToLower(v) },
		"unikid":     func(v string) bool { return mox.ErUUID(strings.ToLower(v)) || mox.ErURN(v) },
		"tid":        erTid,
		"kle":        kleForm.MatchString,
		"cvr":        cvrForm.MatchString,
		"objekttype": func(v string) bool { _, ok := mox.TypeAf(mox.ObjektType(v)); return ok },
	}
}

var (
	kleForm = regexp.MustCompile(`^\d\d(\.\d\d){0,2}$`)
	cvrForm = regexp.MustCompile(`^urn:oio:cvr(-nr)?:\d{8}$`)
)

func erTid(v string) bool {
	_, err := time.Parse(time.RFC3339Nano, v)
	return err == nil
}

// vist is a value as it is told to people: short, and without numbers of persons.
func vist(v string) string {
	if r := []rune(v); len(r) > 60 {
		v = string(r[:59]) + "…"
	}
	return "»" + mox.Maskeret(v) + "«"
}

// metadatatjek are about the metadata of a besked.
func metadatatjek() map[string]tjek {
	return map[string]tjek{
		"laesbar":     {maa: []string{"trin"}, f: hver(laesbar)},
		"findes":      {maa: []string{"felt", "felter", "trin"}, f: hver(findes)},
		"form":        {skal: []string{"felt", "form"}, maa: []string{"trin"}, f: hver(harForm)},
		"vaerdi":      {skal: []string{"felt", "en_af"}, maa: []string{"trin"}, f: hver(harVaerdi)},
		"hvis_der":    {skal: []string{"felt", "en_af"}, f: hver(hvisDer)},
		"ikke_vaerdi": {skal: []string{"felt", "en_af"}, maa: []string{"trin"}, f: hver(harIkkeVaerdi)},
		"system":      {f: hver(egetSystem)},
		"headertype":  {skal: []string{"er"}, f: hver(headertype)},
		"graense":     {f: hver(graense)},
		"utf8":        {f: hver(gyldigUTF8)},
		"ingen_tomme": {f: hver(ingenTomme)},
		"navne":       {f: hver(navne)},
		"tid_nu":      {skal: []string{"felt"}, f: hver(tidNu)},
		"interval":    {f: hver(interval)},
		"ens":         {skal: []string{"felt"}, f: ens},
		"forskellig":  {skal: []string{"felt"}, f: forskellig},

		"part":                {f: hver(part)},
		"relateret_form":      {f: hver(relateretForm)},
		"relateret_antal":     {f: hver(relateretAntal)},
		"cpr_kun_i_relateret": {f: hver(cprKunIRelateret)},
		"cpr_ikke_i_adresse":  {f: hver(cprIkkeIAdresse)},
	}
}

func laesbar(_ *forloeb, _ *Forvent, m *Modtaget) fund {
	if m.Ulaeselig != "" {
		return fejl("Beskeden kan ikke læses som %s: %s", m.Form, m.Ulaeselig)
	}
	return godt()
}

func findes(_ *forloeb, e *Forvent, m *Modtaget) fund {
	felter := e.Felter
	if e.Felt != "" {
		felter = []string{e.Felt}
	}
	for _, felt := range felter {
		if len(m.Felter[felt]) > 0 && m.en(felt) != "" {
			return godt()
		}
	}
	return fejl("%s mangler", strings.Join(felter, " eller "))
}

// harForm passes over a besked without the field: that it is missing is another case.
func harForm(_ *forloeb, e *Forvent, m *Modtaget) fund {
	v := m.Felter[e.Felt]
	if len(v) == 0 {
		return intet("Ingen besked havde %s", e.Felt)
	}
	for _, x := range v {
		if !vaerdiformer()[e.Form](x) {
			return fejl("%s er %s, og det er ikke formen %s", e.Felt, vist(x), strings.ReplaceAll(e.Form, "_", " "))
		}
	}
	return godt()
}

func harVaerdi(_ *forloeb, e *Forvent, m *Modtaget) fund {
	v := m.en(e.Felt)
	switch {
	case v == "":
		return intet("Ingen besked havde %s", e.Felt)
	case slices.Contains(e.EnAf, v):
		return godt()
	}
	return fejl("%s er %s; det skal være %s", e.Felt, vist(v), strings.Join(e.EnAf, " eller "))
}

// hvisDer is for a field that may be left out.
func hvisDer(_ *forloeb, e *Forvent, m *Modtaget) fund {
	if v := m.en(e.Felt); v != "" && !slices.Contains(e.EnAf, v) {
		return fejl("%s er %s; det skal være %s eller udelades", e.Felt, vist(v), strings.Join(e.EnAf, " eller "))
	}
	return godt()
}

func harIkkeVaerdi(_ *forloeb, e *Forvent, m *Modtaget) fund {
	if v := m.en(e.Felt); slices.Contains(e.EnAf, v) {
		return fejl("%s er %s, som er forbeholdt andet", e.Felt, vist(v))
	}
	return godt()
}

func egetSystem(fl *forloeb, _ *Forvent, m *Modtaget) fund {
	switch v := m.en("kildesystem"); v {
	case "", fl.p.System:
		return godt()
	default:
		return fejl("kildesystem er %s, og profilens system er %s", vist(v), vist(fl.p.System))
	}
}

// headertype holds the kinds of AMQP values against the specification: texts, times as texts, and lists.
func headertype(_ *forloeb, e *Forvent, m *Modtaget) fund {
	set := false
	for navn, slags := range m.Slags {
		f, kendt := mox.BeskedfeltAf(navn)
		liste := kendt && f.Flere || strings.HasPrefix(navn, forledRelateret) || strings.HasPrefix(navn, forledRelateretOT)
		var er, vil string
		switch {
		case liste:
			er, vil = "liste", "liste"
		case kendt && f.Tid:
			er, vil = "tid", "tekst"
		case kendt:
			er, vil = "tekst", "tekst"
		}
		if er != e.Er {
			continue
		}
		if set = true; slags != vil {
			return fejl("Headeren %s er %s; den skal være %s", navn, slags, vil)
		}
	}
	if !set {
		return intet("Ingen besked havde en header af den slags")
	}
	return godt()
}

// felter goes through all values of a besked's metadata.
func (m *Modtaget) felter(f func(navn, v string) fund) fund {
	for _, navn := range slices.Sorted(maps.Keys(m.Felter)) {
		for _, v := range m.Felter[navn] {
			if x := f(navn, v); x.status != Bestaaet {
				return x
			}
		}
	}
	return godt()
}

func graense(_ *forloeb, _ *Forvent, m *Modtaget) fund {
	return m.felter(func(navn, v string) fund {
		if len(v) > mox.MaksFeltVaerdi {
			return fejl("%s er på %d bytes; højst %d", navn, len(v), mox.MaksFeltVaerdi)
		}
		return godt()
	})
}

func gyldigUTF8(_ *forloeb, _ *Forvent, m *Modtaget) fund {
	if m.Form != Binaer && !gyldigTekst(string(m.Krop)) {
		return fejl("kroppen er ikke UTF-8")
	}
	return m.felter(func(navn, v string) fund {
		if !gyldigTekst(v) {
			return fejl("%s er ikke UTF-8 uden NUL", navn)
		}
		return godt()
	})
}

func ingenTomme(_ *forloeb, _ *Forvent, m *Modtaget) fund {
	return m.felter(func(navn, v string) fund {
		if v == "" && !strings.HasPrefix(navn, forledRelateretOT) {
			return fejl("%s er sendt uden en værdi", navn)
		}
		return godt()
	})
}

var attributForm = regexp.MustCompile(`^[a-z0-9]+$`)

// navne finds a name that differs from one of the specification in case only, or that no CloudEvent may have.
func navne(_ *forloeb, _ *Forvent, m *Modtaget) fund {
	if len(m.Navne) == 0 {
		return intet("Formen har ingen navne, hvor store og små bogstaver betyder noget")
	}
	for _, navn := range m.Navne {
		if m.Form == Struktureret && navn != "data_base64" && !attributForm.MatchString(navn) {
			return fejl("Attributten %s: et navn i et CloudEvent har kun små bogstaver og tal", vist(navn))
		}
		for _, f := range mox.Beskedfelter() {
			if m.Form != Struktureret && strings.EqualFold(f.Navn, navn) && f.Navn != navn {
				return fejl("Headeren %s skal skrives %s", vist(navn), f.Navn)
			}
		}
	}
	return godt()
}

// skaevtUr is how far the clocks of two machines may differ.
const skaevtUr = 5 * time.Minute

func tidNu(fl *forloeb, e *Forvent, m *Modtaget) fund {
	t, err := time.Parse(time.RFC3339Nano, m.en(e.Felt))
	switch {
	case err != nil:
		return intet("Ingen besked havde %s som et tidspunkt", e.Felt)
	case t.Before(fl.start.Add(-skaevtUr)) || t.After(m.Tid.Add(skaevtUr)):
		return fejl("%s er %s, og beskeden kom %s: det ligner en forkert tidszone eller et skævt ur", e.Felt, t.Format(time.RFC3339), m.Tid.UTC().Format(time.RFC3339))
	}
	return godt()
}

func interval(_ *forloeb, _ *Forvent, m *Modtaget) fund {
	fra, err1 := time.Parse(time.RFC3339Nano, m.en("gyldigFra"))
	til, err2 := time.Parse(time.RFC3339Nano, m.en("gyldigTil"))
	switch {
	case err1 != nil || err2 != nil:
		return intet("Ingen besked havde både gyldigFra og gyldigTil")
	case !fra.Before(til):
		return fejl("gyldigTil skal ligge efter gyldigFra")
	}
	return godt()
}

// ens holds a field's value in the steps against each other.
func ens(fl *forloeb, e *Forvent) fund {
	v := map[string]bool{}
	trin := map[int]bool{}
	for _, m := range fl.set {
		if x := m.en(e.Felt); x != "" {
			v[strings.ToLower(x)], trin[m.Trin] = true, true
		}
	}
	switch {
	case len(trin) < 2:
		return intet("Der kom ikke to beskeder med %s at sammenligne", e.Felt)
	case len(v) > 1:
		return fejl("%s er ikke den samme i alle beskeder om det samme objekt", e.Felt)
	}
	return godt()
}

func forskellig(fl *forloeb, e *Forvent) fund {
	afTrin := map[string]int{}
	trin := map[int]bool{}
	for _, m := range fl.set {
		x := m.en(e.Felt)
		if x == "" {
			continue
		}
		trin[m.Trin] = true
		if t, set := afTrin[x]; set && t != m.Trin {
			return fejl("%s er %s i to beskeder om hver sin hændelse", e.Felt, vist(x))
		}
		afTrin[x] = m.Trin
	}
	if len(trin) < 2 {
		return intet("Der kom ikke to beskeder med %s at sammenligne", e.Felt)
	}
	return godt()
}

func part(fl *forloeb, _ *Forvent, m *Modtaget) fund {
	for _, rolle := range m.roller() {
		for _, v := range m.Felter[rolle] {
			if strings.Contains(v, fl.cpr) {
				return godt()
			}
		}
	}
	return fejl("Parten står ikke som relateret objekt")
}

func relateretForm(_ *forloeb, _ *Forvent, m *Modtaget) fund {
	if len(m.roller()) == 0 {
		return intet("Ingen besked havde relaterede objekter")
	}
	for _, rolle := range m.roller() {
		for _, v := range m.Felter[rolle] {
			if !vaerdiformer()["unikid"](v) {
				return fejl("%s er hverken en UUID eller en URN: %s", rolle, vist(v))
			}
		}
	}
	return godt()
}

func relateretAntal(_ *forloeb, _ *Forvent, m *Modtaget) fund {
	ud := intet("Ingen besked sagde objekttypen for et relateret objekt")
	for navn, typer := range m.Felter {
		rolle, ja := strings.CutPrefix(navn, forledRelateretOT)
		if !ja {
			continue
		}
		if n := len(m.Felter[forledRelateret+rolle]); n != len(typer) {
			return fejl("%s har %d værdier, og %s har %d", navn, len(typer), forledRelateret+rolle, n)
		}
		ud = godt()
	}
	return ud
}

func cprKunIRelateret(fl *forloeb, _ *Forvent, m *Modtaget) fund {
	return m.felter(func(navn, v string) fund {
		if strings.Contains(strings.ReplaceAll(v, "-", ""), fl.cpr) && !strings.HasPrefix(navn, forledRelateret) {
			return fejl("%s har partens CPR-nummer", navn)
		}
		return godt()
	})
}

func cprIkkeIAdresse(fl *forloeb, _ *Forvent, m *Modtaget) fund {
	if hvor := m.Adresse + m.Noegle; strings.Contains(strings.ReplaceAll(hvor, "-", ""), fl.cpr) {
		return fejl("Partens CPR-nummer står i adressen, som beskeden er sendt til")
	}
	return godt()
}

package oio

import (
	"bytes"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/moxkit/mox"
)

func (x *xmllaesning) relationerXML(e *element) map[string][]mox.Relation {
	elementer := map[string][]*element{}
	for _, b := range e.boern {
		rt, familie := x.relationAf(b)
		switch {
		case rt != nil:
			elementer[rt.Navn] = append(elementer[rt.Navn], b)
		case familie: // a role that we have no name for
			x.gem("relationer", b)
		case erUdvidelse(b):
			x.fremmede("relationer", b)
		default:
			x.uventet("relationer", b)
		}
	}
	ud := map[string][]mox.Relation{}
	for i := range x.t.Relationer {
		rt := &x.t.Relationer[i]
		maps.Copy(ud, somListe(rt.Navn, xmlPoster(x, "relationer."+rt.Navn, elementer[rt.Navn],
			func(her string, e *element) mox.Relation { return x.relationXML(her, rt, e) },
			func(s *sti, v *vaerdi) mox.Relation { return x.relation(s, rt, v) })))
	}
	return ud
}

// relationAf finds the relation of an element, by its name or by the role it has in its family. familie tells that only the
// family is known.
func (x *xmllaesning) relationAf(e *element) (rt *mox.RelationType, familie bool) {
	rolle := ""
	if b := barn(e, "Rolle"); b != nil && len(b.boern) > 0 {
		rolle = x.koder.fraID(KodeRolle, strings.TrimSpace(string(b.boern[0].tekst)))
	}
	for i := range x.t.Relationer {
		rt := &x.t.Relationer[i]
		if rt.XML != e.navn {
			continue
		}
		familie = rt.Rolle != "" || len(rt.Felter) > 0
		arter, _ := journalarter(rt)
		if !familie || rt.Navn == rolle || slices.Contains(arter, rolle) {
			return rt, false
		}
	}
	return nil, familie
}

// journalarter are the kinds of a journalpost.
func journalarter(rt *mox.RelationType) ([]string, bool) {
	for i := range rt.Felter {
		if rt.Felter[i].Navn == feltJournalkode {
			return rt.Felter[i].Vaerdi, true
		}
	}
	return nil, false
}

func (x *xmllaesning) relationXML(her string, rt *mox.RelationType, e *element) mox.Relation {
	ud := mox.Relation{Virkning: x.virkningXML(her, e)}
	sts := strings.HasPrefix(x.t.Skema, "urn:oio:sts:")
	if !sts && !rt.Dynamisk {
		ud.ObjektType = rt.Maal
	}
	felter := map[string]string{}
	rest := map[string]string{}
	egne := &element{}
	for _, b := range e.boern {
		switch b.navn {
		case "Virkning":
		case "ReferenceID":
			ud.Reference = x.unikID(her+".reference", b)
		case "Rolle":
			x.rolleXML(her, rt, b, felter, rest)
		case "Type":
			x.typeXML(her, b, &ud, rest)
		case "Indeks":
			x.indeksXML(her, rt, b, &ud, rest)
		case "LokalUdvidelseListe":
			if len(b.boern) > 0 {
				rest[b.navn] = x.baer(b)
			}
		default:
			egne.boern = append(egne.boern, b)
		}
	}
	x.felterXML(her, rt.Felter, "", egne, felter)
	x.feltertillaeg(her, rt.Felter, felter)
	if len(felter) > 0 {
		ud.Felter = felter
	}
	ud.LokalUdvidelse = rest["Rolle"] + rest["Type"] + rest["Indeks"] + rest["LokalUdvidelseListe"]
	x.relationstillaeg(her, &ud)
	return ud
}

func (x *xmllaesning) relationstillaeg(her string, ud *mox.Relation) {
	x.tagURN(her+".reference", &ud.Reference)
	x.tag(her+".objekttype", &ud.ObjektType)
	x.tag(her+".lokaludvidelse", &ud.LokalUdvidelse)
	if _, err := stumper(ud.LokalUdvidelse); err != nil {
		x.afvis(sted(her+".lokaludvidelse"), "xml", "oio 99", "%v", err)
	}
	indeks := ""
	if x.tag(her+".indeks", &indeks); indeks != "" {
		ud.Indeks = x.indeksAf(her, indeks)
	}
}

func (x *xmllaesning) indeksAf(her, v string) int {
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > maksIndeks {
		x.afvis(sted(her+".indeks"), "vaerdi", "oio 50", "skal være et helt tal fra 1 til %d", maksIndeks)
	}
	return n
}

func (x *xmllaesning) rolleXML(her string, rt *mox.RelationType, e *element, felter, rest map[string]string) {
	var id string
	if len(e.boern) > 0 {
		id = strings.TrimSpace(string(e.boern[0].tekst))
	}
	navn := x.koder.fraID(KodeRolle, id)
	switch arter, journalpost := journalarter(rt); {
	case journalpost:
		if slices.Contains(arter, navn) {
			felter[feltJournalkode] = navn
		}
	case rt.Dynamisk && (navn != rt.Navn || len(e.boern) > 1):
		rest["Rolle"] = x.baer(e)
	}
}

func (x *xmllaesning) typeXML(her string, e *element, ud *mox.Relation, rest map[string]string) {
	if len(e.boern) > 1 { // generation 6 may add a label
		rest["Type"] = x.baer(e)
		return
	}
	id := x.unikID(her+".objekttype", e).String()
	if ud.ObjektType = x.koder.fraID(KodeObjekttype, id); id == urnTom {
		ud.ObjektType = ""
	}
}

// indeksXML reads the number of an entry. One that is not ours to number by is carried as it stands.
func (x *xmllaesning) indeksXML(her string, rt *mox.RelationType, e *element, ud *mox.Relation, rest map[string]string) {
	v := x.enTekst(her+".indeks", e)
	n, err := strconv.Atoi(v)
	plads := her[strings.LastIndexByte(her, '[')+1 : len(her)-1]
	nr, _ := strconv.Atoi(plads)
	switch {
	case rt.Indeks && err == nil && n >= 1 && n <= maksIndeks && strconv.Itoa(n) == v:
		ud.Indeks = n
	case rt.Dynamisk && v == strconv.Itoa(nr+1), len(bytes.TrimSpace(e.tekst)) == 0:
	default:
		rest["Indeks"] = x.baer(e)
	}
}

package oio

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/moxkit/mox"
)

// feltJournalkode is the field that a journalpost's role is: its values are the names of roles.
const feltJournalkode = "journalpostkode"

// Roller are the names that roles have: the relations of Sag and Dokument that stand in a family, and the three kinds of
// journalpost.
func Roller() []string {
	var ud []string
	for _, t := range mox.ObjektTyper() {
		type_, _ := mox.TypeAf(t)
		for i := range type_.Relationer {
			rt := &type_.Relationer[i]
			if rt.Rolle != "" || rt.Dynamisk {
				ud = append(ud, rt.Navn)
			}
			for _, f := range rt.Felter {
				if f.Navn == feltJournalkode {
					ud = append(ud, f.Vaerdi...)
				}
			}
		}
	}
	slices.Sort(ud)
	return slices.Compact(ud)
}

// MedRoller is k with the roles of a file in YAML, the UUID of the Klasse that each is in the municipality's Klassifikation:
//
//	primaerklasse: 5d1e4c5e-7a0b-4f4e-9a3c-0f6a5b7c8d9e
//	vedlagtdokument: 7c2f…
//
// The names are [Roller]. The error is an [*mox.Error] with [mox.KodeUgyldig], as of [LaesKoder]; also where k has another
// UUID for the role.
func (k Koder) MedRoller(b []byte) (Koder, error) {
	const op = "oio.MedRoller"
	fil, err := laesKodefil[map[string]string](op, "rollefilen", b)
	if err != nil {
		return Koder{}, err
	}
	ud := Koder{uuid: kopiKoder(k.uuid), navn: kopiKoder(k.navn)}
	var l laesning
	for _, navn := range slices.Sorted(maps.Keys(fil)) {
		her, uuid := sted(vist(navn)), strings.ToLower(fil[navn])
		kendt, er := ud.uuid[[2]string{KodeRolle, navn}]
		switch {
		case !slices.Contains(Roller(), navn):
			l.ukendt(nil, navn, Roller()...)
		case er && kendt != uuid:
			l.afvis(her, "uenig", "", "har en anden UUID i kodefilens liste %s", KodeRolle)
		case !er:
			ud.tilfoej(&l, her, KodeRolle, navn, uuid)
		}
	}
	return ud, ugyldig(op, "rollefilen har fejl", l.fejl)
}

func kopiKoder(m map[[2]string]string) map[[2]string]string {
	ud := make(map[[2]string]string, len(m))
	maps.Copy(ud, m)
	return ud
}

func (s *xmlskriver) relationer(r *mox.Registrering) {
	s.kendte("relationer", relationsnavne(s.t.Relationer), ikkeTomme(r.Relationer))
	fremmede, _ := stumper(r.LokalUdvidelser["relationer"]) // an error is told by udenPlads
	for i := range s.t.Relationer {
		rt := &s.t.Relationer[i]
		for nr := range r.Relationer[rt.Navn] {
			s.relation(rt, fmt.Sprintf("relationer.%s[%d]", rt.Navn, nr), r.Relationer[rt.Navn], nr)
		}
		if sidste := i+1 == len(s.t.Relationer) || s.t.Relationer[i+1].XML != rt.XML; sidste {
			fremmede = slices.DeleteFunc(fremmede, func(f stump) bool { return s.fremmedRelation(rt, &f) })
		}
	}
	var andre strings.Builder
	for _, f := range fremmede {
		andre.Write(f.raa)
	}
	s.udvidelse("relationer", andre.String(), func() {})
}

// fremmedRelation writes an entry that is of rt's family and in no role we know.
func (s *xmlskriver) fremmedRelation(rt *mox.RelationType, f *stump) bool {
	er := s.sts && f.rum == s.t.Skema && f.navn == rt.XML
	if er {
		s.ud.Write(f.raa)
	}
	return er
}

func (s *xmlskriver) relation(rt *mox.RelationType, her string, l []mox.Relation, nr int) {
	rel := &l[nr]
	// Generation 6 has one element for a 0..1 relation: that of the newest virkning.
	if enkelt := !s.sts && !rt.Flere && nr < len(l)-1; enkelt || rt.XML == "" {
		s.somJSON(her, func(p *skriver, sted *sti) { p.relation(sted, rt, rel) })
		return
	}
	if rel.Reference.UUID != "" && rel.Reference.URN != "" {
		s.prov.afvis(sted(her), "reference", "må ikke have både uuid og urn")
	}
	p := "sd:"
	if s.sts {
		p = "gd:"
	}
	x := s.relationsrest(rt, her, rel)
	s.omgivet(s.praefikset(rt.XML), func() {
		s.virkning(p+"Virkning", her, &rel.Virkning)
		if !s.sts {
			s.unikID(p+"ReferenceID", her+".reference", rel.Reference)
		}
		s.rolleTypeIndeks(rt, p, her, rel, nr, x)
		if s.sts {
			s.unikID(p+"ReferenceID", her+".reference", rel.Reference)
			s.ud.WriteString(x["LokalUdvidelseListe"])
		}
		s.felter(her, rt.Felter, rel.Felter)
	})
}

// relationsrest is what the entry's XML held beside what we have names for, by element. What the schema has no place for is noted.
func (s *xmlskriver) relationsrest(rt *mox.RelationType, her string, rel *mox.Relation) map[string]string {
	pladser, rum := []string{}, rumSagdok
	switch {
	case s.sts:
		pladser, rum = []string{"Type", "Indeks", "LokalUdvidelseListe"}, rumGenerelt
	case rt.Dynamisk:
		pladser = []string{"Rolle", "Type", "Indeks"}
	}
	l, err := stumper(rel.LokalUdvidelse)
	if err != nil {
		s.prov.afvis(sted(her+".lokaludvidelse"), "xml", err.Error())
		return nil
	}
	ud := map[string]string{}
	orden := -1
	for _, f := range l {
		plads := slices.Index(pladser, f.navn)
		if f.rum != rum || plads <= orden {
			s.medUden(her+".lokaludvidelse", rel.LokalUdvidelse)
			return nil
		}
		orden = plads
		ud[f.navn] = string(f.raa)
	}
	return ud
}

func (s *xmlskriver) rolleTypeIndeks(rt *mox.RelationType, p, her string, rel *mox.Relation, nr int, x map[string]string) {
	harType := s.sts || rt.Dynamisk
	if harType {
		s.rolle(rt, p, her, rel, x["Rolle"])
	}
	switch id := s.koder.tilID(KodeObjekttype, rel.ObjektType); {
	case x["Type"] != "":
		s.ud.WriteString(x["Type"])
	case !harType && rel.ObjektType == rt.Maal, s.sts && rel.ObjektType == "":
	case rt.Dynamisk && rel.ObjektType == "":
		s.omgivet(p+"Type", func() { s.id(urnTom) })
	case !harType, id == urnTom, utf8.RuneCountInString(id) > 255:
		s.medUden(her+".objekttype", rel.ObjektType)
		if rt.Dynamisk {
			s.omgivet(p+"Type", func() { s.id(urnTom) })
		}
	default:
		s.omgivet(p+"Type", func() { s.id(id) })
	}
	indeks := strconv.Itoa(rel.Indeks)
	switch {
	case x["Indeks"] != "":
		s.ud.WriteString(x["Indeks"])
	case rt.Indeks && rel.Indeks > 0:
		s.enkelt(p+"Indeks", indeks)
		return
	case rt.Dynamisk:
		s.enkelt(p+"Indeks", strconv.Itoa(nr+1))
	}
	if rel.Indeks != 0 {
		s.medUden(her+".indeks", indeks)
	}
}

func (s *xmlskriver) rolle(rt *mox.RelationType, p, her string, rel *mox.Relation, raa string) {
	navn := rt.Navn
	if kode, ok := rel.Felter[feltJournalkode]; ok {
		navn = kode
	}
	switch {
	case raa != "":
		s.ud.WriteString(raa)
	case !slices.Contains(Roller(), navn): // a journalpost of no kind we know
		s.prov.afvis(sted(her+"."+feltJournalkode), "kodeliste", "er ikke en art af journalpost")
	default:
		s.omgivet(p+"Rolle", func() { s.id(s.koder.tilID(KodeRolle, navn)) })
	}
}

// binaer begins a text that stands for bytes that are not text.
const binaer = "data:;base64,"

// somTekst is what the schema has in base64, as text.
func somTekst(b []byte) string {
	if v := string(b); erTekst(v) && !strings.HasPrefix(v, binaer) {
		return v
	}
	return binaer + base64.StdEncoding.EncodeToString(b)
}

func somBytes(v string) []byte {
	if kodet, ok := strings.CutPrefix(v, binaer); ok {
		if b, err := base64.StdEncoding.Strict().DecodeString(kodet); err == nil {
			return b
		}
	}
	return []byte(v)
}

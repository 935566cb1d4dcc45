package register

import (
	"cmp"
	"slices"
	"strings"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store"
)

// What an objekt is found by has a name of the type, a letter and the standard's name: Sag.a.titel is a field of an
// attribute set, Sag.t.fremdrift a state, Sag.r.ejer a relation, Sag.n.notetekst the note of any virkning. An entry's own
// field is Sag.r.journalpost.journalpostkode, one of a variant Dokument.v.produktion, of a part Dokument.d.mimetype.
func feltnavn(t *mox.Type, bogstav, navn string) string {
	return string(t.Navn) + "." + bogstav + "." + navn
}

// samler collects what a registrering is found by.
type samler struct {
	r  *Register
	t  *mox.Type
	ud []store.Registerfelt
}

func (r *Register) felter(t *mox.Type, reg mox.Registrering) []store.Registerfelt {
	s := samler{r: r, t: t}
	for _, l := range reg.Attributter {
		s.attributter("a", l)
	}
	for navn, l := range reg.Tilstande {
		tv, _ := t.Tilstand(navn)
		for _, x := range l {
			s.tag(feltnavn(t, "t", tv.Felt), store.Fold(x.Vaerdi), "", x.Virkning)
		}
	}
	s.relationer(reg.Relationer)
	for _, v := range reg.Varianter {
		s.variant(v)
	}
	return s.ud
}

func (s *samler) variant(v mox.Variant) {
	s.attributter("v", v.Egenskaber)
	for _, a := range v.Egenskaber {
		s.tag(feltnavn(s.t, "v", "varianttekst"), store.Fold(v.VariantTekst), "", a.Virkning)
	}
	for _, d := range v.Dele {
		s.attributter("d", d.Egenskaber)
		for _, a := range d.Egenskaber {
			s.tag(feltnavn(s.t, "d", "deltekst"), store.Fold(d.DelTekst), "", a.Virkning)
		}
		s.relationer(d.Relationer)
	}
}

func (s *samler) attributter(bogstav string, l []mox.Attribut) {
	for _, a := range l {
		for navn, v := range a.Felter {
			s.tag(feltnavn(s.t, bogstav, navn), store.Fold(v), "", a.Virkning)
		}
	}
}

func (s *samler) relationer(lister map[string][]mox.Relation) {
	for navn, l := range lister {
		for _, rel := range l {
			if !rel.Reference.Tom() {
				s.tag(feltnavn(s.t, "r", navn), s.r.referencenoegle(rel.Reference.String()), rel.ObjektType, rel.Virkning)
			}
			for felt, v := range rel.Felter {
				s.tag(feltnavn(s.t, "f", navn+"."+felt), s.r.referencenoegle(v), "", rel.Virkning)
			}
		}
	}
}

func (s *samler) tag(felt, vaerdi, maaltype string, v mox.Virkning) {
	s.ud = append(s.ud, store.Registerfelt{Felt: felt, Vaerdi: vaerdi, Maaltype: maaltype, Fra: v.Fra, Til: v.Til})
	if v.NoteTekst != "" {
		s.ud = append(s.ud, store.Registerfelt{Felt: feltnavn(s.t, "n", "notetekst"), Vaerdi: store.Fold(v.NoteTekst), Fra: v.Fra, Til: v.Til})
	}
}

// personURN begins the reference of a person by number, which no index holds in clear.
const personURN = "urn:oio:cpr-nr:"

// referencenoegle is a reference as it is looked up: a person's number as a pseudonym. spec: mox 53
func (r *Register) referencenoegle(ref string) string {
	ref = store.Fold(ref)
	if nr, ok := strings.CutPrefix(ref, personURN); ok {
		if noegle, ok := mox.Personnoegle(nr); ok {
			nr = noegle
		}
		return personURN + r.store.Pseudonym(nr)
	}
	return ref
}

// forskel is what is found in nye and not in gamle, and the other way round. Each is counted once.
func forskel(nye, gamle []store.Registerfelt) (til, fra []store.Registerfelt) {
	nye, gamle = ordnet(nye), ordnet(gamle)
	for len(nye) > 0 && len(gamle) > 0 {
		switch c := sammenlign(nye[0], gamle[0]); {
		case c < 0:
			til, nye = append(til, nye[0]), nye[1:]
		case c > 0:
			fra, gamle = append(fra, gamle[0]), gamle[1:]
		default:
			nye, gamle = nye[1:], gamle[1:]
		}
	}
	return append(til, nye...), append(fra, gamle...)
}

func ordnet(l []store.Registerfelt) []store.Registerfelt {
	slices.SortFunc(l, sammenlign)
	return slices.CompactFunc(l, func(a, b store.Registerfelt) bool { return a == b })
}

func sammenlign(a, b store.Registerfelt) int {
	return cmp.Or(strings.Compare(a.Felt, b.Felt), strings.Compare(a.Vaerdi, b.Vaerdi), strings.Compare(a.Maaltype, b.Maaltype), a.Fra.Sammenlign(b.Fra), a.Til.Sammenlign(b.Til))
}

// post is what is kept of an objekt beside its registreringer, as they stand at t.
func post(type_ *mox.Type, reg mox.Registrering, t mox.Tidspunkt) store.Registerpost {
	b := mox.Besked{ObjektType: type_.Navn, Registreringstid: tidspunkt(t)}
	b.Udfyld(reg)
	ud := store.Registerpost{BVN: bvn(type_, reg, t), Myndighed: mox.CVR(b.Myndighed), Emne: b.Opgaveemne}
	for _, rel := range reg.Relationer["foelsomhedsklasse"] {
		if rel.Virkning.Indeholder(t) {
			ud.Foelsomhed = store.Fold(rel.Reference.String())
		}
	}
	return ud
}

// bvn is the brugervendtnoegle in force at t; the first there is where none is.
func bvn(type_ *mox.Type, reg mox.Registrering, t mox.Tidspunkt) string {
	l := reg.Attributter[type_.Egenskaber().Navn]
	for _, a := range l {
		if a.Virkning.Indeholder(t) {
			return a.Felter["brugervendtnoegle"]
		}
	}
	if len(l) > 0 {
		return l[0].Felter["brugervendtnoegle"]
	}
	return ""
}

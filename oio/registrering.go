package oio

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/moxkit/mox"
)

// MarshalRegistrering gives the RegistreringBesked in JSON: the objekt and its full registrering, as LoRa writes it
// (spec: oio 1.9, 5.5, 5.6, 5.7; oio 91):
//
//	{"objektID": "…", "objekttype": "Sag", "registrering": {
//	  "fratidspunkt": {"tidsstempeldatotid": "…"}, "livscykluskode": "Rettet", "brugerref": "…", "note": "…",
//	  "attributter": {"sagegenskaber": [{"titel": "…", …, "virkning": {"from": "…", "to": "infinity", …}}]},
//	  "tilstande": {…}, "relationer": {…}, "varianter": […], "lokaludvidelser": {…}}}
//
// Names come in the order of the type's table, so the same registrering always gives the same bytes. Times are UTC with
// microseconds. Parts that say nothing are left out.
//
// The error is an [*mox.Error]: [mox.KodeUgyldig] where the type has no such name or a value is not of its kind,
// [mox.KodeForStor] over [MaksBytes]. A registrering that [mox.Registrering.Valider] finds in order gives no other error.
func MarshalRegistrering(t mox.ObjektType, id mox.ObjektID, r mox.Registrering) ([]byte, error) {
	const op = "oio.MarshalRegistrering"
	type_, err := typeAf(op, t)
	if err != nil {
		return nil, err
	}
	s := nySkriver(&r)
	s.aabn('{')
	s.felt(nil, "objektID", string(id))
	s.felt(nil, "objekttype", string(t))
	s.navn("registrering")
	s.registrering(type_, &r)
	s.luk('}')
	return s.faerdig(op, MaksBytes)
}

// MarshalIndre gives only the registrering, without saying whose it is: the form a database keeps.
// Errors are those of [MarshalRegistrering], with [MaksIndreBytes] as the limit.
func MarshalIndre(t mox.ObjektType, r mox.Registrering) ([]byte, error) {
	const op = "oio.MarshalIndre"
	type_, err := typeAf(op, t)
	if err != nil {
		return nil, err
	}
	s := nySkriver(&r)
	s.registrering(type_, &r)
	return s.faerdig(op, MaksIndreBytes)
}

// MarshalLaest gives a registrering as a register answers it: [MarshalIndre] with its tiltidspunkt, when the next one began
// (spec: oio 5.6). Errors are those of [MarshalRegistrering].
func MarshalLaest(t mox.ObjektType, r mox.Registrering, til mox.Tidspunkt) ([]byte, error) {
	const op = "oio.MarshalLaest"
	type_, err := typeAf(op, t)
	if err != nil {
		return nil, err
	}
	s := nySkriver(&r)
	s.til = til
	s.registrering(type_, &r)
	return s.faerdig(op, math.MaxInt)
}

func typeAf(op string, t mox.ObjektType) (*mox.Type, error) {
	type_, ok := mox.TypeAf(t)
	if !ok {
		return nil, &mox.Error{Kode: mox.KodeUgyldig, Op: op, Tekst: "objekttypen kendes ikke", Felter: []mox.Feltfejl{ukendtType(string(t))}}
	}
	return type_, nil
}

// nySkriver makes room for a registrering of ordinary size at once.
func nySkriver(r *mox.Registrering) *skriver {
	return &skriver{b: make([]byte, 0, 1024+256*len(r.Relationer)+512*len(r.Varianter))}
}

func (s *skriver) faerdig(op string, maks int) ([]byte, error) {
	if len(s.fejl) > 0 {
		return nil, ugyldig(op, "kan ikke skrives", s.fejl)
	}
	if len(s.b) > maks {
		return nil, forStor(op, len(s.b), maks)
	}
	return s.b, nil
}

func (s *skriver) registrering(t *mox.Type, r *mox.Registrering) {
	s.aabn('{')
	if !r.FraTidspunkt.IsZero() {
		s.navn("fratidspunkt")
		s.aabn('{')
		s.felt(nil, "tidsstempeldatotid", mox.Kl(r.FraTidspunkt).String())
		s.luk('}')
	}
	if s.til.Angivet() {
		s.navn("tiltidspunkt")
		s.aabn('{')
		s.felt(nil, "tidsstempeldatotid", s.til.String())
		s.luk('}')
	}
	s.felt(nil, "livscykluskode", string(r.LivscyklusKode))
	s.reference(nil, "brugerref", r.BrugerRef)
	s.felt(nil, "note", r.NoteTekst)
	s.attributter(t, r.Attributter)
	s.tilstande(t, r.Tilstande)
	s.relationer(nil, t.Relationer, r.Relationer)
	s.varianter(t, r.Varianter)
	s.udvidelser(r.LokalUdvidelser)
	s.luk('}')
}

func (s *skriver) udvidelser(l map[string]string) {
	if len(l) == 0 {
		return
	}
	sted := (*sti)(nil).under("lokaludvidelser")
	s.ukendte(&sted, mox.Udvidelseslister(), slices.Collect(maps.Keys(l)))
	s.navn("lokaludvidelser")
	s.aabn('{')
	for _, navn := range mox.Udvidelseslister() {
		s.felt(&sted, navn, l[navn])
	}
	s.luk('}')
}

// gruppe writes an object of lists: one list for each name in the table's order.
func gruppe[V any](s *skriver, sted *sti, navn string, navne []string, lister map[string][]V, skriv func(sted *sti, nr int, v *V)) {
	her := sted.under(navn)
	s.ukendte(&her, navne, ikkeTomme(lister))
	aaben := false
	for _, n := range navne {
		l := lister[n]
		if len(l) == 0 {
			continue
		}
		if !aaben {
			s.navn(navn)
			s.aabn('{')
			aaben = true
		}
		s.navn(n)
		under := her.under(n)
		skrivListe(s, &under, l, skriv)
	}
	if aaben {
		s.luk('}')
	}
}

func skrivListe[V any](s *skriver, sted *sti, l []V, skriv func(sted *sti, nr int, v *V)) {
	s.aabn('[')
	for i := range l {
		her := sted.post(i)
		s.aabn('{')
		skriv(&her, i, &l[i])
		s.luk('}')
	}
	s.luk(']')
}

func ikkeTomme[V any](lister map[string][]V) []string {
	var ud []string
	for n, l := range lister {
		if len(l) > 0 {
			ud = append(ud, n)
		}
	}
	return ud
}

// ukendte refuses the names that the table does not have: left out, they would be lost without a word.
func (s *skriver) ukendte(sted *sti, kendte, navne []string) {
	slices.Sort(navne)
	for _, n := range navne {
		if !slices.Contains(kendte, n) {
			her := sted.under(vist(n))
			s.afvis(&her, "ukendt", "kendes ikke")
		}
	}
}

func (s *skriver) attributter(t *mox.Type, lister map[string][]mox.Attribut) {
	navne := make([]string, len(t.Attributter))
	for i := range t.Attributter {
		navne[i] = t.Attributter[i].Navn
	}
	gruppe(s, nil, "attributter", navne, lister, func(sted *sti, _ int, a *mox.Attribut) {
		saet, _ := t.Attribut(sted.over.navn)
		s.segment(sted, saet.Felter, a)
	})
}

func (s *skriver) segment(sted *sti, felter []mox.Felt, a *mox.Attribut) {
	s.felter(sted, felter, a.Felter)
	s.virkning(sted, &a.Virkning)
}

func (s *skriver) tilstande(t *mox.Type, lister map[string][]mox.Tilstand) {
	navne := make([]string, len(t.Tilstande))
	for i := range t.Tilstande {
		navne[i] = t.Tilstande[i].Navn
	}
	gruppe(s, nil, "tilstande", navne, lister, func(sted *sti, _ int, v *mox.Tilstand) {
		tv, _ := t.Tilstand(sted.over.navn)
		s.felt(sted, tv.Felt, v.Vaerdi)
		s.virkning(sted, &v.Virkning)
	})
}

func (s *skriver) relationer(sted *sti, typer []mox.RelationType, lister map[string][]mox.Relation) {
	if len(lister) == 0 {
		return
	}
	navne := make([]string, len(typer))
	for i := range typer {
		navne[i] = typer[i].Navn
	}
	gruppe(s, sted, "relationer", navne, lister, func(her *sti, _ int, rel *mox.Relation) {
		s.relation(her, &typer[slices.Index(navne, her.over.navn)], rel)
	})
}

func (s *skriver) relation(sted *sti, rt *mox.RelationType, rel *mox.Relation) {
	if rel.Reference.UUID != "" && rel.Reference.URN != "" {
		s.afvis(sted, "reference", "må ikke have både uuid og urn")
	}
	s.felt(sted, "uuid", rel.Reference.UUID)
	s.felt(sted, "urn", rel.Reference.URN)
	s.felt(sted, "objekttype", rel.ObjektType)
	if rel.Indeks != 0 {
		s.navn("indeks")
		s.tal(rel.Indeks)
	}
	s.felter(sted, rt.Felter, rel.Felter)
	s.felt(sted, "lokaludvidelse", rel.LokalUdvidelse)
	s.virkning(sted, &rel.Virkning)
}

func (s *skriver) varianter(t *mox.Type, varianter []mox.Variant) {
	if len(varianter) == 0 {
		return
	}
	sted := (*sti)(nil).under("varianter")
	if !t.Varianter {
		s.afvis(&sted, "ukendt", string(t.Navn)+" har ikke varianter")
	}
	s.navn("varianter")
	skrivListe(s, &sted, varianter, func(her *sti, _ int, v *mox.Variant) {
		s.felt(her, "varianttekst", v.VariantTekst)
		s.egenskaber(her, t.Variant, v.Egenskaber)
		if len(v.Dele) > 0 {
			s.navn("dele")
			dele := her.under("dele")
			skrivListe(s, &dele, v.Dele, func(her *sti, _ int, d *mox.Del) { s.del(her, t, d) })
		}
	})
}

func (s *skriver) del(sted *sti, t *mox.Type, d *mox.Del) {
	s.felt(sted, "deltekst", d.DelTekst)
	s.egenskaber(sted, t.Del, d.Egenskaber)
	s.relationer(sted, delrelationer[:], d.Relationer)
}

func (s *skriver) egenskaber(sted *sti, felter []mox.Felt, l []mox.Attribut) {
	if len(l) == 0 {
		return
	}
	s.navn("egenskaber")
	her := sted.under("egenskaber")
	skrivListe(s, &her, l, func(under *sti, _ int, a *mox.Attribut) { s.segment(under, felter, a) })
}

// delrelationer are the relations a part of a variant may have. spec: oio 3.4
var delrelationer = [...]mox.RelationType{{Navn: "underredigeringaf"}}

// felter writes the values that are there, each as its field's kind.
func (s *skriver) felter(sted *sti, felter []mox.Felt, v map[string]string) {
	if len(v) == 0 {
		return
	}
	if s.feltgruppe(sted, felter, "", v) == len(v) {
		return
	}
	navne := make([]string, len(felter))
	for i := range felter {
		navne[i] = felter[i].Navn
	}
	s.ukendte(sted, navne, slices.Collect(maps.Keys(v)))
}

// feltgruppe writes the fields whose names begin with forled. Those that go on with the same word and a dot stand
// together in the table, and become an object of their own. It tells how many values it wrote.
func (s *skriver) feltgruppe(sted *sti, felter []mox.Felt, forled string, v map[string]string) (skrevet int) {
	for i := 0; i < len(felter); i++ {
		f := &felter[i]
		navn := f.Navn[len(forled):]
		ord, _, under := strings.Cut(navn, ".")
		if !under {
			if x, ok := v[f.Navn]; ok {
				s.navn(navn)
				s.feltvaerdi(sted, f, x)
				skrevet++
			}
			continue
		}
		foran := f.Navn[:len(forled)+len(ord)+1]
		til := i + 1
		for til < len(felter) && strings.HasPrefix(felter[til].Navn, foran) {
			til++
		}
		if slices.ContainsFunc(felter[i:til], func(f mox.Felt) bool { _, ok := v[f.Navn]; return ok }) {
			s.navn(ord)
			s.aabn('{')
			skrevet += s.feltgruppe(sted, felter[i:til], foran, v)
			s.luk('}')
		}
		i = til - 1
	}
	return skrevet
}

// feltvaerdi writes a value as its kind. An empty one is the empty text whatever the kind: that is how a field is cleared
// (spec: oio 56).
func (s *skriver) feltvaerdi(sted *sti, f *mox.Felt, v string) {
	her := sted.under(f.Navn)
	switch {
	case v != "" && f.Slags == mox.Heltal:
		if !heltal(v) {
			s.afvis(&her, "vaerdi", "er ikke et helt tal")
			v = "0"
		}
		s.raa(v)
	case v != "" && f.Slags == mox.Boolsk:
		if v != "true" && v != "false" {
			s.afvis(&her, "vaerdi", "er ikke true eller false")
			v = "false"
		}
		s.raa(v)
	case v != "" && f.Slags == mox.Liste:
		if !json.Valid([]byte(v)) {
			s.afvis(&her, "vaerdi", "er ikke en liste i JSON")
			v = "[]"
		}
		s.raa(v)
	default:
		s.tekst(&her, v)
	}
}

// heltal reports whether v is a whole number as we write it: no plus, no leading zero, no minus zero, at most 64 bits.
func heltal(v string) bool {
	n, err := strconv.ParseInt(v, 10, 64)
	return err == nil && strconv.FormatInt(n, 10) == v
}

func (s *skriver) virkning(sted *sti, v *mox.Virkning) {
	her := sted.under("virkning")
	if !v.Fra.Angivet() || !v.Til.Angivet() {
		s.afvis(&her, "kraevet", "virkning skal have både fra og til")
	}
	s.navn("virkning")
	s.aabn('{')
	s.felt(&her, "from", v.Fra.String())
	s.felt(&her, "to", v.Til.String())
	s.raaFelt("from_included", "true") // an interval is always half-open. spec: oio 17
	s.raaFelt("to_included", "false")
	s.reference(&her, "aktoerref", v.AktoerRef)
	s.felt(&her, "aktoertypekode", v.AktoerTypeKode)
	s.felt(&her, "notetekst", v.NoteTekst)
	s.luk('}')
}

func (s *skriver) raaFelt(navn, v string) {
	s.navn(navn)
	s.raa(v)
}

// reference writes a UUID or URN as one text.
func (s *skriver) reference(sted *sti, navn string, r mox.Reference) {
	if r.UUID != "" && r.URN != "" {
		her := sted.under(navn)
		s.afvis(&her, "reference", "må ikke være både UUID og URN")
	}
	s.felt(sted, navn, r.String())
}

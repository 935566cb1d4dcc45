package mox

import (
	"maps"
	"slices"
)

// An agreement names the fields of an objekttype as a sti does, without the names of entries, variants and parts:
//
//	egenskaber.titel                          a field
//	tilstande.fremdrift                       a state
//	relationer.primaerpart                    a relation: all its entries, with their fields
//	relationer.journalpost.journalpostkode    only that field of its entries
//	varianter.produktion                      a field of the variants
//	varianter.dele.indhold                    a field of the parts: here the reference to a document's bytes
//	varianter.dele.relationer                 the parts' relations
//	note                                      the notes on the registrering and on each virkning

// AftaltFelter are the fields of the type that an agreement may name, in the order of the type's table.
func (t *Type) AftaltFelter() []string {
	var ud []string
	felter := func(forled string, l []Felt) {
		for _, f := range l {
			ud = append(ud, forled+f.Navn)
		}
	}
	for i := range t.Attributter {
		felter(t.forled(&t.Attributter[i]), t.Attributter[i].Felter)
	}
	for _, tv := range t.Tilstande {
		ud = append(ud, "tilstande."+tv.Felt)
	}
	for _, rt := range t.Relationer {
		ud = append(ud, "relationer."+rt.Navn)
		felter("relationer."+rt.Navn+".", rt.Felter)
	}
	if t.Varianter {
		felter("varianter.", t.Variant)
		felter("varianter.dele.", t.Del)
		ud = append(ud, "varianter.dele.relationer")
	}
	return append(ud, "note")
}

func (t *Type) forled(a *AttributSet) string {
	if a == t.Egenskaber() {
		return "egenskaber."
	}
	return a.Navn + "."
}

// Beskaer is r with the agreed fields only, and whether that took anything away. A type for which the agreement names no
// fields is whole.
func (a *Aftale) Beskaer(navn ObjektType, r Registrering) (ud Registrering, fjernet bool) {
	felter, skal := a.Felter[navn]
	t, kendt := TypeAf(navn)
	if !skal || !kendt {
		return r, false
	}
	b := beskaering{type_: t, aftalt: map[string]bool{}}
	for _, f := range felter {
		b.aftalt[f] = true
	}
	ud = b.registrering(r.Kopi())
	return ud, b.fjernet
}

// BeskaerMetadata is b without the metadata that repeat fields which are not agreed: opgaveemne, tilstand, myndighed, and
// related objekter by their role; and whether that took anything away.
func (a *Aftale) BeskaerMetadata(b Besked) (ud Besked, fjernet bool) {
	felter, skal := a.Felter[b.ObjektType]
	t, kendt := TypeAf(b.ObjektType)
	if !skal || !kendt {
		return b, false
	}
	for _, m := range []struct {
		felt *string
		fra  string
	}{{&b.Opgaveemne, "relationer.primaerklasse"}, {&b.Myndighed, "relationer.ejer"}, {&b.Tilstand, t.tilstandsfelt()}} {
		if *m.felt != "" && !slices.Contains(felter, m.fra) {
			*m.felt, fjernet = "", true
		}
	}
	antal := len(b.Relateret)
	b.Relateret = slices.DeleteFunc(slices.Clone(b.Relateret), func(r Relateret) bool { return !slices.Contains(felter, "relationer."+r.Rolle) })
	return b, fjernet || len(b.Relateret) < antal
}

// tilstandsfelt is the field that a besked's tilstand repeats.
func (t *Type) tilstandsfelt() string {
	if len(t.Tilstande) == 0 {
		return ""
	}
	return "tilstande." + t.Tilstande[len(t.Tilstande)-1].Felt
}

// beskaering takes away from its own copy of a registrering.
type beskaering struct {
	type_   *Type
	aftalt  map[string]bool
	fjernet bool
}

// har reports whether the field is agreed, and notes that something goes where it is not.
func (b *beskaering) har(felt string) bool {
	b.fjernet = b.fjernet || !b.aftalt[felt]
	return b.aftalt[felt]
}

func (b *beskaering) registrering(r Registrering) Registrering {
	b.note(&r.NoteTekst)
	for navn, l := range r.Attributter {
		forled := navn + "."
		if set, ok := b.type_.Attribut(navn); ok {
			forled = b.type_.forled(set)
		}
		r.Attributter[navn] = b.attributter(forled, l)
	}
	for navn, l := range r.Tilstande {
		tv, ok := b.type_.Tilstand(navn)
		if !ok || len(l) > 0 && !b.har("tilstande."+tv.Felt) {
			delete(r.Tilstande, navn)
		}
		for i := range l {
			b.note(&l[i].Virkning.NoteTekst)
		}
	}
	for navn, l := range r.Relationer {
		r.Relationer[navn] = b.relationer("relationer."+navn, l)
	}
	r.Varianter = b.varianter(r.Varianter)
	tomme(r.Attributter)
	tomme(r.Relationer)
	return r
}

// tomme drops the lists that hold nothing.
func tomme[V any](m map[string][]V) {
	maps.DeleteFunc(m, func(_ string, l []V) bool { return len(l) == 0 })
}

func (b *beskaering) note(tekst *string) {
	if *tekst != "" && !b.har("note") {
		*tekst = ""
	}
}

func (b *beskaering) attributter(forled string, l []Attribut) []Attribut {
	for i := range l {
		b.felter(forled, l[i].Felter)
		b.note(&l[i].Virkning.NoteTekst)
	}
	return slices.DeleteFunc(l, func(a Attribut) bool { return len(a.Felter) == 0 })
}

func (b *beskaering) felter(forled string, felter map[string]string) {
	maps.DeleteFunc(felter, func(f, _ string) bool { return !b.har(forled + f) })
}

// relationer keeps the entries whole where the relation is agreed; else of each only the agreed fields, if any.
func (b *beskaering) relationer(sti string, l []Relation) []Relation {
	for i := range l {
		b.note(&l[i].Virkning.NoteTekst)
		if b.aftalt[sti] {
			continue
		}
		b.fjernet = true
		l[i].Reference, l[i].ObjektType = Reference{}, ""
		b.felter(sti+".", l[i].Felter)
	}
	return slices.DeleteFunc(l, func(r Relation) bool { return !b.aftalt[sti] && len(r.Felter) == 0 })
}

// varianter keeps the variants and parts of which something is agreed; the names of the others tell, too.
func (b *beskaering) varianter(l []Variant) (ud []Variant) {
	for _, v := range l {
		v.Egenskaber = b.attributter("varianter.", v.Egenskaber)
		v.Dele = b.dele(v.Dele)
		if len(v.Egenskaber) > 0 || len(v.Dele) > 0 {
			ud = append(ud, v)
		} else {
			b.fjernet = true
		}
	}
	return ud
}

func (b *beskaering) dele(l []Del) (ud []Del) {
	for _, d := range l {
		d.Egenskaber = b.attributter("varianter.dele.", d.Egenskaber)
		for navn, r := range d.Relationer {
			d.Relationer[navn] = b.relationer("varianter.dele.relationer", r)
		}
		tomme(d.Relationer)
		if len(d.Egenskaber) > 0 || len(d.Relationer) > 0 {
			ud = append(ud, d)
		} else {
			b.fjernet = true
		}
	}
	return ud
}

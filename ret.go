package mox

import (
	"fmt"
	"maps"
	"slices"
)

// Ret is r corrected by rettelse, as a new registrering with the code [Rettet] and rettelse's BrugerRef and NoteTekst;
// r stays as it is. What rettelse does not name is carried over. spec: oio 1.9
//
// A list that rettelse has not is nil; one that is empty, but not nil, removes what it names. A field or state given as ""
// is cleared over its virkning, and so is a 0..1 relation given without reference. Of a 0..n relation the given entries
// are all there are, and a lone entry without reference means none; where entries are numbered, each replaces the one with
// its indeks, removes it when it says nothing, and is otherwise appended. spec: oio 54-65, 85, 86
//
// The error is an [*Error] with [KodeUgyldig]: what rettelse breaks by itself, or what the result would break.
// Whether an objekt in its state may be corrected at all is for [LivscyklusKode.MaaFoelge] to say.
func (r Registrering) Ret(navn ObjektType, rettelse Registrering) (Registrering, error) {
	t, ok := TypeAf(navn)
	if !ok {
		return r, ukendtType(navn)
	}
	p := validering{type_: t, rettelse: true}
	p.registrering(rettelse)
	if err := p.resultat("rettelsen af " + string(navn)); err != nil {
		return r, err
	}
	ud := r.Kopi()
	ud.LivscyklusKode, ud.BrugerRef, ud.NoteTekst = Rettet, rettelse.BrugerRef, rettelse.NoteTekst
	p = validering{type_: t, delvis: true}
	p.ret(&ud, rettelse)
	p.registrering(ud)
	if err := p.resultat(string(navn) + ", som den ville blive,"); err != nil {
		return r, err
	}
	return ud.trim(), nil
}

// Erstat is r with the lists that lister has in the place of its own, as a new registrering with the code [Rettet]: what the
// standard's ObjektRet does, where Ret follows the field. A list that is nil is carried over; one that is there, empty or not, is
// all there is. Kept is what the lists have no element for in XML: relations of other names, and the parts of a variant that is
// still there. Numbered entries keep the indeks they have; others get the next. spec: oio 1.4, 54, 65
//
// The error is an [*Error] with [KodeUgyldig]: what the result would break.
func (r Registrering) Erstat(navn ObjektType, lister Registrering) (Registrering, error) {
	t, ok := TypeAf(navn)
	if !ok {
		return r, ukendtType(navn)
	}
	p := validering{type_: t, delvis: true}
	ud := r.Kopi()
	ud.LivscyklusKode, ud.BrugerRef, ud.NoteTekst = Rettet, lister.BrugerRef, lister.NoteTekst
	ny := lister.Kopi()
	if lister.Attributter != nil {
		ud.Attributter = ny.Attributter
		ud.udvid("attributter", ny.LokalUdvidelser["attributter"])
	}
	if lister.Tilstande != nil {
		ud.Tilstande = ny.Tilstande
		ud.udvid("tilstande", ny.LokalUdvidelser["tilstande"])
	}
	if lister.Relationer != nil {
		ud.Relationer = p.erstatRelationer(r.Relationer, ny.Relationer)
		ud.udvid("relationer", ny.LokalUdvidelser["relationer"])
	}
	if lister.Varianter != nil {
		ud.Varianter = erstatVarianter(r.Varianter, ny.Varianter)
		ud.udvid("varianter", ny.LokalUdvidelser["varianter"])
	}
	p.registrering(ud)
	if err := p.resultat(string(navn) + ", som den ville blive,"); err != nil {
		return r, err
	}
	return ud.trim(), nil
}

// erstatRelationer are the new relations, with those of gamle that have no element.
func (p *validering) erstatRelationer(gamle, nye map[string][]Relation) map[string][]Relation {
	for i := range p.type_.Relationer {
		rt := &p.type_.Relationer[i]
		switch _, givet := nye[rt.Navn]; {
		case rt.XML == "" && !givet && gamle[rt.Navn] != nil:
			nye[rt.Navn] = kopiRelationer(gamle[rt.Navn])
		case rt.Indeks && givet:
			nye[rt.Navn] = p.kunNaevnte(rt, gamle[rt.Navn], nye[rt.Navn])
		}
	}
	return nye
}

// kunNaevnte is retNummererede, but for the entries that nye does not mention: they go.
func (p *validering) kunNaevnte(rt *RelationType, gamle, nye []Relation) []Relation {
	for _, g := range gamle {
		if !slices.ContainsFunc(nye, func(n Relation) bool { return n.Indeks == g.Indeks }) {
			nye = append(nye, Relation{Indeks: g.Indeks, Virkning: g.Virkning})
		}
	}
	return p.retNummererede(rt, gamle, nye)
}

func erstatVarianter(gamle, nye []Variant) []Variant {
	for i, ny := range nye {
		nr := slices.IndexFunc(gamle, func(g Variant) bool { return g.VariantTekst == ny.VariantTekst })
		if ny.Dele == nil && nr >= 0 {
			nye[i].Dele = Registrering{Varianter: gamle[nr : nr+1]}.Kopi().Varianter[0].Dele
		}
	}
	return nye
}

// Nummereret is r with the entries of each numbered relation counted from 1 in the order they stand, whatever their indeks
// was: so a new objekt begins. spec: oio 64
func (r Registrering) Nummereret(t *Type) Registrering {
	ud := r.Kopi()
	for _, rt := range t.Relationer {
		for i := range ud.Relationer[rt.Navn] {
			ud.Relationer[rt.Navn][i].Indeks = 0
			if rt.Indeks {
				ud.Relationer[rt.Navn][i].Indeks = i + 1
			}
		}
	}
	return ud
}

// ret lays rettelse over ud, and notes what cannot be.
func (p *validering) ret(ud *Registrering, rettelse Registrering) {
	for navn, nye := range rettelse.Attributter {
		ud.Attributter[navn] = retAttributter(ud.Attributter[navn], nye)
	}
	for navn, nye := range rettelse.Tilstande {
		l := ud.Tilstande[navn]
		if len(nye) == 0 {
			l = nil
		}
		for _, ny := range nye {
			l = laegVaerdi(l, ny, ny.Vaerdi == "", (*Tilstand).gaelder, sammeTilstand, sammeTilstand)
		}
		ud.Tilstande[navn] = l
	}
	for _, navn := range slices.Sorted(maps.Keys(rettelse.Relationer)) {
		rt, _ := p.type_.Relation(navn)
		ud.Relationer[navn] = p.retRelation(rt, ud.Relationer[navn], rettelse.Relationer[navn])
	}
	if rettelse.Varianter != nil {
		ud.Varianter = retVarianter(ud.Varianter, rettelse.Varianter)
	}
	for liste, xml := range rettelse.LokalUdvidelser {
		ud.udvid(liste, xml)
	}
}

// udvid sets what a list holds beside what we have names for; "" removes it.
func (r *Registrering) udvid(liste, xml string) {
	switch {
	case xml == "":
		delete(r.LokalUdvidelser, liste)
	case r.LokalUdvidelser == nil:
		r.LokalUdvidelser = map[string]string{liste: xml}
	default:
		r.LokalUdvidelser[liste] = xml
	}
}

func retAttributter(gamle, nye []Attribut) []Attribut {
	if nye == nil {
		return gamle
	}
	if len(nye) == 0 {
		return nil
	}
	for _, ny := range nye {
		gamle = laegAttributter(gamle, ny.Felter, ny.Virkning)
	}
	return gamle
}

func (p *validering) retRelation(rt *RelationType, gamle, nye []Relation) []Relation {
	switch {
	case len(nye) == 0:
		return nil
	case rt.Indeks:
		return p.retNummererede(rt, gamle, nye)
	case rt.Flere:
		if nye[0].sigerIntet() {
			return nil
		}
		return slices.Clone(nye)
	}
	for _, ny := range nye {
		ny.Indeks = 0 // says nothing of a 0..1 relation
		gamle = laegVaerdi(gamle, ny, ny.sigerIntet(), (*Relation).gaelder, gentager, sammeRelation)
	}
	return gamle
}

// gentager reports whether ny says no more than gammel does. One that names no objekttype says nothing of it.
func gentager(gammel, ny Relation) bool {
	return sigerDetSamme(gammel, ny) && (ny.ObjektType == "" || ny.ObjektType == gammel.ObjektType) &&
		(ny.LokalUdvidelse == "" || ny.LokalUdvidelse == gammel.LokalUdvidelse)
}

// sigerIntet reports whether the entry is one that clears.
func (r Relation) sigerIntet() bool { return r.Reference.Tom() && len(r.Felter) == 0 }

// retNummererede replaces, removes and appends entries by indeks. Several segments may share one: they are one instance
// over time. spec: oio 61-63
func (p *validering) retNummererede(rt *RelationType, gamle, nye []Relation) []Relation {
	kendte := map[int]*Relation{}
	for i := range gamle {
		kendte[gamle[i].Indeks] = &gamle[i]
	}
	naevnt := map[int]bool{}
	var ud, tilfoejede []Relation
	for i, ny := range nye {
		gammel, kendt := kendte[ny.Indeks]
		switch {
		case !kendt:
			if ny.Indeks = 0; !ny.sigerIntet() {
				tilfoejede = append(tilfoejede, ny)
			}
			continue
		case !ny.sigerIntet():
			p.sammeRolle(fmt.Sprintf("relationer.%s[%d]", rt.Navn, i), *gammel, ny)
			ud = append(ud, ny)
		}
		naevnt[ny.Indeks] = true
	}
	nummerer(tilfoejede, gamle)
	for _, g := range gamle {
		if !naevnt[g.Indeks] {
			ud = append(ud, g)
		}
	}
	ud = append(ud, tilfoejede...)
	sorterRelationer(ud)
	return ud
}

// sammeRolle demands that an entry stays of its kind. The roles of a journalpost are its codes. spec: oio 65
func (p *validering) sammeRolle(sti string, gammel, ny Relation) {
	if kode := gammel.Felter["journalpostkode"]; ny.Felter["journalpostkode"] != kode {
		p.afvis(sti+".journalpostkode", "rolle", "oio 65", fmt.Sprintf("posten er %q og kan ikke skifte art; afslut den, og tilføj en ny", kode))
	}
}

func retVarianter(gamle, nye []Variant) []Variant {
	if len(nye) == 0 {
		return nil
	}
	for _, ny := range nye {
		if fjernes(ny.Egenskaber) && fjernes(ny.Dele) {
			gamle = slices.DeleteFunc(gamle, func(v Variant) bool { return v.VariantTekst == ny.VariantTekst })
			continue
		}
		v := findEllerNy(&gamle, func(v *Variant) bool { return v.VariantTekst == ny.VariantTekst }, Variant{VariantTekst: ny.VariantTekst})
		v.Egenskaber = retAttributter(v.Egenskaber, ny.Egenskaber)
		if ny.Dele != nil {
			v.Dele = retDele(v.Dele, ny.Dele)
		}
	}
	return gamle
}

func retDele(gamle, nye []Del) []Del {
	if len(nye) == 0 {
		return nil
	}
	for _, ny := range nye {
		if fjernes(ny.Egenskaber) && ny.Relationer != nil && len(ny.Relationer) == 0 {
			gamle = slices.DeleteFunc(gamle, func(d Del) bool { return d.DelTekst == ny.DelTekst })
			continue
		}
		d := findEllerNy(&gamle, func(d *Del) bool { return d.DelTekst == ny.DelTekst }, Del{DelTekst: ny.DelTekst})
		d.Egenskaber = retAttributter(d.Egenskaber, ny.Egenskaber)
		if ny.Relationer != nil {
			d.Relationer = kopiKort(ny.Relationer, kopiRelationer) // the full list. spec: oio 3.4
		}
	}
	return gamle
}

// fjernes reports whether a list was given, and with nothing in it.
func fjernes[S any](l []S) bool { return l != nil && len(l) == 0 }

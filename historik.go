package mox

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"
)

// SomAf finds, among all registreringer of one objekt, the one in force at registreringstid: the newest that does not
// begin later. The order of the argument does not matter. spec: oio 29
func SomAf(historik []Registrering, registreringstid time.Time) (Registrering, bool) {
	var bedst *Registrering
	for i := range historik {
		r := &historik[i]
		if !r.FraTidspunkt.After(registreringstid) && (bedst == nil || !r.FraTidspunkt.Before(bedst.FraTidspunkt)) {
			bedst = r
		}
	}
	if bedst == nil {
		return Registrering{}, false
	}
	return *bedst, true
}

// Paa is what r says about one moment of virkningstid: only segments that hold at t remain, with their whole virkning.
// spec: oio 30
func (r Registrering) Paa(t Tidspunkt) Registrering {
	return r.kun(func(v Virkning) bool { return v.Indeholder(t) })
}

// Under is what r says about the moments from fra until, but not including, til: only segments that hold at some of them
// remain, with their whole virkning. spec: oio 30
func (r Registrering) Under(fra, til Tidspunkt) Registrering {
	v := Virkning{Fra: fra, Til: til}
	return r.kun(v.Overlapper)
}

// kun is r with the segments that are wanted.
func (r Registrering) kun(med func(Virkning) bool) Registrering {
	ud := r.Kopi()
	attributter := func(l []Attribut) []Attribut {
		return slices.DeleteFunc(l, func(a Attribut) bool { return !med(a.Virkning) })
	}
	relationer := func(lister map[string][]Relation) {
		for navn, l := range lister {
			lister[navn] = slices.DeleteFunc(l, func(s Relation) bool { return !med(s.Virkning) })
		}
	}
	for navn, l := range ud.Attributter {
		ud.Attributter[navn] = attributter(l)
	}
	for navn, l := range ud.Tilstande {
		ud.Tilstande[navn] = slices.DeleteFunc(l, func(s Tilstand) bool { return !med(s.Virkning) })
	}
	relationer(ud.Relationer)
	for i := range ud.Varianter {
		v := &ud.Varianter[i]
		v.Egenskaber = attributter(v.Egenskaber)
		for j := range v.Dele {
			v.Dele[j].Egenskaber = attributter(v.Dele[j].Egenskaber)
			relationer(v.Dele[j].Relationer)
		}
	}
	return ud.trim()
}

// trim removes empty lists, so that "nothing" has one form.
func (r Registrering) trim() Registrering {
	maps.DeleteFunc(r.Attributter, func(_ string, l []Attribut) bool { return len(l) == 0 })
	maps.DeleteFunc(r.Tilstande, func(_ string, l []Tilstand) bool { return len(l) == 0 })
	maps.DeleteFunc(r.Relationer, func(_ string, l []Relation) bool { return len(l) == 0 })
	for i := range r.Varianter {
		for j := range r.Varianter[i].Dele {
			maps.DeleteFunc(r.Varianter[i].Dele[j].Relationer, func(_ string, l []Relation) bool { return len(l) == 0 })
		}
	}
	return r
}

// Ens reports whether two registreringer say the same of their objekt, whoever registered it, when and with which
// livscykluskode and note. The order of segments, entries and variants says nothing, and neither does a cut between two
// segments that are alike. spec: oio 16
func (r Registrering) Ens(s Registrering) bool {
	a, b := r.ordnet(), s.ordnet()
	return reflect.DeepEqual(a.Attributter, b.Attributter) && reflect.DeepEqual(a.Tilstande, b.Tilstande) &&
		reflect.DeepEqual(a.Relationer, b.Relationer) && reflect.DeepEqual(a.Varianter, b.Varianter) && maps.Equal(a.LokalUdvidelser, b.LokalUdvidelser)
}

// ordnet is a copy in the one form that every registrering with the same content has.
func (r Registrering) ordnet() Registrering {
	ud := r.Kopi().trim()
	for navn, l := range ud.Attributter {
		ud.Attributter[navn] = ordnAttributter(l)
	}
	for navn, l := range ud.Tilstande {
		ud.Tilstande[navn] = saml(l, (*Tilstand).gaelder, sammeTilstand)
	}
	ordnRelationer(ud.Relationer)
	if len(ud.Varianter) == 0 {
		ud.Varianter = nil
	}
	slices.SortStableFunc(ud.Varianter, func(a, b Variant) int { return cmp.Compare(a.VariantTekst, b.VariantTekst) })
	for i := range ud.Varianter {
		ordnVariant(&ud.Varianter[i])
	}
	return ud
}

func ordnVariant(v *Variant) {
	v.Egenskaber = ordnAttributter(v.Egenskaber)
	if len(v.Dele) == 0 {
		v.Dele = nil
	}
	slices.SortStableFunc(v.Dele, func(a, b Del) int { return cmp.Compare(a.DelTekst, b.DelTekst) })
	for j := range v.Dele {
		v.Dele[j].Egenskaber = ordnAttributter(v.Dele[j].Egenskaber)
		ordnRelationer(v.Dele[j].Relationer)
	}
}

func ordnAttributter(l []Attribut) []Attribut {
	if len(l) == 0 {
		return nil
	}
	for i := range l {
		l[i].Felter = ellerIngen(l[i].Felter)
	}
	return samlAttributter(l)
}

func ellerIngen(felter map[string]string) map[string]string {
	if len(felter) == 0 {
		return nil
	}
	return felter
}

// ordnRelationer sorts the entries so that those of one instance stand together in time.
func ordnRelationer(lister map[string][]Relation) {
	for navn, l := range lister {
		for i := range l {
			l[i].Felter = ellerIngen(l[i].Felter)
		}
		slices.SortStableFunc(l, func(a, b Relation) int {
			return cmp.Or(cmp.Compare(a.Indeks, b.Indeks), cmp.Compare(a.Reference.UUID, b.Reference.UUID), cmp.Compare(a.Reference.URN, b.Reference.URN),
				cmp.Compare(a.ObjektType, b.ObjektType), cmp.Compare(fmt.Sprint(a.Felter), fmt.Sprint(b.Felter)),
				a.Virkning.Fra.Sammenlign(b.Virkning.Fra), a.Virkning.Til.Sammenlign(b.Virkning.Til))
		})
		lister[navn] = foej(l, (*Relation).gaelder, sammeRelation)
	}
}

// laegAttributter lays felter over the segments for the virkning v: within v a given field wins, "" clears it, and a
// field not given stays; outside v nothing changes. spec: oio 55, oio 56
func laegAttributter(segmenter []Attribut, felter map[string]string, v Virkning) []Attribut {
	var ud []Attribut
	daekket := []Virkning{v}
	for _, s := range segmenter {
		for _, rest := range s.Virkning.udenfor(v) {
			ud = append(ud, Attribut{Felter: s.Felter, Virkning: rest})
		}
		if !s.Virkning.Overlapper(v) {
			continue
		}
		inde := v.Snit(s.Virkning)
		if ny := laegAttribut(s, felter, inde); len(ny.Felter) > 0 {
			ud = append(ud, ny)
		}
		daekket = slices.Concat(forHver(daekket, func(d Virkning) []Virkning { return d.udenfor(inde) })...)
	}
	for _, hul := range daekket {
		if nye := medFelter(nil, felter); len(nye) > 0 {
			ud = append(ud, Attribut{Felter: nye, Virkning: hul})
		}
	}
	return samlAttributter(ud)
}

// laegAttribut is s with felter over it in inde. What s says already is still said by whoever said it.
func laegAttribut(s Attribut, felter map[string]string, inde Virkning) Attribut {
	nye := medFelter(s.Felter, felter)
	if maps.Equal(nye, s.Felter) {
		return Attribut{Felter: s.Felter, Virkning: s.Virkning.Snit(inde)}
	}
	return Attribut{Felter: nye, Virkning: arvAktoer(inde, s.Virkning)}
}

func forHver[A, B any](l []A, f func(A) B) []B {
	ud := make([]B, len(l))
	for i, a := range l {
		ud[i] = f(a)
	}
	return ud
}

// arvAktoer keeps who said it when the overlay does not say.
func arvAktoer(v, gammel Virkning) Virkning {
	if v.AktoerRef.Tom() {
		v.AktoerRef, v.AktoerTypeKode = gammel.AktoerRef, gammel.AktoerTypeKode
	}
	return v
}

func medFelter(gamle, nye map[string]string) map[string]string {
	ud := make(map[string]string, len(gamle)+len(nye))
	maps.Copy(ud, gamle)
	for k, v := range nye {
		if v == "" {
			delete(ud, k)
		} else {
			ud[k] = v
		}
	}
	return ud
}

// samlAttributter sorts the segments and joins neighbours that say the same.
func samlAttributter(l []Attribut) []Attribut {
	return saml(l, (*Attribut).gaelder, func(a, b Attribut) bool { return maps.Equal(a.Felter, b.Felter) })
}

func (a *Attribut) gaelder() *Virkning { return &a.Virkning }
func (s *Tilstand) gaelder() *Virkning { return &s.Virkning }
func (r *Relation) gaelder() *Virkning { return &r.Virkning }

func sammeTilstand(a, b Tilstand) bool { return a.Vaerdi == b.Vaerdi }

// sammeRelation reports whether two entries are alike in all but their virkning.
func sammeRelation(a, b Relation) bool {
	return a.Reference == b.Reference && a.ObjektType == b.ObjektType && a.Indeks == b.Indeks && a.LokalUdvidelse == b.LokalUdvidelse && maps.Equal(a.Felter, b.Felter)
}

// saml sorts the segments and joins neighbours that are ens.
func saml[S any](l []S, virkning func(*S) *Virkning, ens func(a, b S) bool) []S {
	slices.SortStableFunc(l, func(a, b S) int { return virkning(&a).Fra.Sammenlign(virkning(&b).Fra) })
	return foej(l, virkning, ens)
}

func foej[S any](l []S, virkning func(*S) *Virkning, ens func(a, b S) bool) []S {
	ud := l[:0]
	for _, s := range l {
		if n := len(ud); n > 0 && ens(ud[n-1], s) && sammeOphav(*virkning(&ud[n-1]), *virkning(&s)) {
			virkning(&ud[n-1]).Til = virkning(&s).Til
			continue
		}
		ud = append(ud, s)
	}
	return ud
}

// sammeOphav reports whether b begins where a ends and was said by the same.
func sammeOphav(a, b Virkning) bool {
	return a.Til.Sammenlign(b.Fra) == 0 && a.AktoerRef == b.AktoerRef && a.AktoerTypeKode == b.AktoerTypeKode && a.NoteTekst == b.NoteTekst
}

// laegVaerdi lays one value over the segments of a state or a 0..1 relation; tom clears over v. siger reports whether an
// old segment says what the new one does, ens whether two are alike in all but virkning. spec: oio 58, oio 59
func laegVaerdi[S any](l []S, ny S, tom bool, virkning func(*S) *Virkning, siger, ens func(a, b S) bool) []S {
	v := *virkning(&ny)
	var ud []S
	for _, s := range l {
		for _, rest := range virkning(&s).udenfor(v) {
			t := s
			*virkning(&t) = rest
			ud = append(ud, t)
		}
	}
	if !tom {
		ud = append(ud, delOp(l, ny, virkning, siger)...)
	}
	return saml(ud, virkning, ens)
}

// delOp cuts ny where an old segment already says the same, so that the part said before keeps who said it.
func delOp[S any](l []S, ny S, virkning func(*S) *Virkning, ens func(a, b S) bool) []S {
	dele := []S{ny}
	for _, s := range l {
		if !ens(s, ny) || !virkning(&s).Overlapper(*virkning(&ny)) {
			continue
		}
		var videre []S
		for _, d := range dele {
			if !virkning(&d).Overlapper(*virkning(&s)) {
				videre = append(videre, d)
				continue
			}
			for _, rest := range virkning(&d).udenfor(*virkning(&s)) {
				t := d
				*virkning(&t) = rest
				videre = append(videre, t)
			}
			inde := s
			*virkning(&inde) = virkning(&s).Snit(*virkning(&d))
			videre = append(videre, inde)
		}
		dele = videre
	}
	return dele
}

func sorterRelationer(l []Relation) {
	slices.SortStableFunc(l, func(a, b Relation) int {
		return cmp.Or(cmp.Compare(a.Indeks, b.Indeks), a.Virkning.Fra.Sammenlign(b.Virkning.Fra))
	})
}

// GaeldendeFra is when the attributes in force at t began to hold; t itself where none are.
func (r Registrering) GaeldendeFra(type_ *Type, t Tidspunkt) Tidspunkt {
	for _, a := range r.Attributter[type_.Egenskaber().Navn] {
		if a.Virkning.Indeholder(t) {
			return a.Virkning.Fra
		}
	}
	return t
}

// FraStart is t, or, when nothing holds at t yet, the moment when the first attribute begins to.
func (r Registrering) FraStart(type_ *Type, t Tidspunkt) Tidspunkt {
	foerst := Uendelig
	for _, a := range r.Attributter[type_.Egenskaber().Navn] {
		if a.Virkning.Indeholder(t) {
			return t
		}
		if a.Virkning.Fra.Sammenlign(t) > 0 && a.Virkning.Fra.Sammenlign(foerst) < 0 {
			foerst = a.Virkning.Fra
		}
	}
	if foerst == Uendelig {
		return t
	}
	return foerst
}

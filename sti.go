package mox

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A sti names one value of an objekt at one moment of virkningstid. It is how maps, filters and lists of changes speak
// of content:
//
//	egenskaber.titel                              a field of the type's attribute set
//	tilstande.fremdrift                           a state
//	relationer.primaerklasse                      a 0..1 relation: UUID or URN
//	relationer.andresager.0                       an entry of a 0..n relation, counted from 0
//	relationer.journalpost.0.journalpostkode      a field of such an entry
//	varianter.original.produktion                 a field of a variant
//	varianter.original.dele.1.mimetype            a field of a part

// StiSlags is the kind of value that sti holds on type t; ok is false when there is no such value.
func (t *Type) StiSlags(sti string) (slags Slags, ok bool) {
	led := strings.SplitN(sti, ".", 2)
	if len(led) < 2 || led[1] == "" {
		return 0, false
	}
	switch led[0] {
	case "egenskaber":
		if f, ok := t.Egenskaber().Felt(led[1]); ok {
			return f.Slags, true
		}
	case "tilstande":
		tv, ok := t.Tilstand(led[1])
		return Tekst, ok && tv.Felt == led[1]
	case "relationer":
		rt, _, felt, err := t.relationSti(led[1])
		if err != nil {
			return 0, false
		}
		if f, ok := findFelt(rt.Felter, felt); ok {
			return f.Slags, true
		}
		return Tekst, true
	case "varianter":
		_, _, f, err := t.variantSti(led[1])
		if err == nil {
			return f.Slags, true
		}
	}
	return 0, false
}

// relationSti reads "navn", "navn.n" or "navn.n.felt".
func (t *Type) relationSti(s string) (rt *RelationType, nr int, felt string, err error) {
	led := strings.SplitN(s, ".", 3)
	rt, ok := t.Relation(led[0])
	if !ok {
		return nil, 0, "", fmt.Errorf("%s har ikke relationen %q", t.Navn, led[0])
	}
	if !rt.Flere {
		if len(led) > 1 {
			return nil, 0, "", fmt.Errorf("relationen %q har kun én værdi; skriv relationer.%s", led[0], led[0])
		}
		return rt, 0, "", nil
	}
	if len(led) < 2 {
		return nil, 0, "", fmt.Errorf("relationen %q har flere værdier; skriv relationer.%s.0", led[0], led[0])
	}
	if nr, err = strconv.Atoi(led[1]); err != nil || nr < 0 || nr > 9999 {
		return nil, 0, "", fmt.Errorf("%q er ikke et nummer fra 0 til 9999", led[1])
	}
	if len(led) == 3 {
		if _, ok := findFelt(rt.Felter, led[2]); !ok {
			return nil, 0, "", fmt.Errorf("relationen %q har ikke feltet %q", led[0], led[2])
		}
		felt = led[2]
	}
	return rt, nr, felt, nil
}

// variantSti reads "variant.felt" or "variant.dele.del.felt". The names of variants and parts may hold dots: a part is
// often called as its file.
func (t *Type) variantSti(s string) (variant, del string, f *Felt, err error) {
	navn, felt := "", s
	if i := strings.LastIndexByte(s, '.'); i >= 0 {
		navn, felt = s[:i], s[i+1:]
	}
	variant, del, iDel := strings.Cut(navn, ".dele.")
	felter := t.Variant
	if iDel {
		felter = t.Del
	}
	f, ok := findFelt(felter, felt)
	if !ok || variant == "" || iDel && del == "" {
		return "", "", nil, fmt.Errorf("%s har ikke varianter.%s", t.Navn, s)
	}
	return variant, del, f, nil
}

// Udflad gives every value of r that holds at t, by sti.
func (r Registrering) Udflad(type_ *Type, t Tidspunkt) map[string]string {
	ud := map[string]string{}
	r = r.Paa(t)
	for _, a := range r.Attributter[type_.Egenskaber().Navn] {
		for k, v := range a.Felter {
			ud["egenskaber."+k] = v
		}
	}
	for _, tv := range type_.Tilstande {
		for _, s := range r.Tilstande[tv.Navn] {
			ud["tilstande."+tv.Felt] = s.Vaerdi
		}
	}
	for _, rt := range type_.Relationer {
		udfladRelation(ud, &rt, r.Relationer[rt.Navn])
	}
	for _, v := range r.Varianter {
		udfladVariant(ud, v)
	}
	return ud
}

func udfladRelation(ud map[string]string, rt *RelationType, l []Relation) {
	for i, rel := range l {
		sti := "relationer." + rt.Navn
		if rt.Flere {
			sti += "." + strconv.Itoa(i)
		}
		if !rel.Reference.Tom() {
			ud[sti] = rel.Reference.String()
		}
		for k, v := range rel.Felter {
			ud[sti+"."+k] = v
		}
	}
}

func udfladVariant(ud map[string]string, v Variant) {
	sti := "varianter." + v.VariantTekst
	for _, a := range v.Egenskaber {
		for k, x := range a.Felter {
			ud[sti+"."+k] = x
		}
	}
	for _, d := range v.Dele {
		for _, a := range d.Egenskaber {
			for k, x := range a.Felter {
				ud[sti+".dele."+d.DelTekst+"."+k] = x
			}
		}
	}
}

// Laeg lays values, given by sti, over r for the virkning v; outside v nothing changes. A value that r already says
// changes nothing; "" clears. The entries given of a 0..n relation are all there are of that relation within v. What is
// not named is carried over. spec: oio 54, oio 60
// The error is an [*Error] with [KodeUgyldig] naming each sti that cannot be set.
func (r Registrering) Laeg(t *Type, vaerdier map[string]string, v Virkning) (Registrering, error) {
	ud := r.Kopi()
	l := laegning{type_: t, v: v, ud: &ud, egenskaber: map[string]string{}, lister: map[string]map[int]Relation{}}
	v.valider("", &l.fejl)
	for _, sti := range slices.Sorted(maps.Keys(vaerdier)) {
		if err := l.saet(sti, vaerdier[sti]); err != nil {
			l.fejl = append(l.fejl, Feltfejl{Sti: sti, Regel: "ukendt", Spec: "oio 50", Tekst: err.Error()})
		}
	}
	if len(l.fejl) > 0 {
		return r, &Error{Kode: KodeUgyldig, Op: "laeg", Tekst: "kan ikke sætte værdier på " + string(t.Navn), Felter: l.fejl}
	}
	l.afslut()
	return ud.trim(), nil
}

type laegning struct {
	type_      *Type
	v          Virkning
	ud         *Registrering
	egenskaber map[string]string
	lister     map[string]map[int]Relation
	fejl       []Feltfejl
}

func (l *laegning) saet(sti, vaerdi string) error {
	foerste, rest, _ := strings.Cut(sti, ".")
	switch foerste {
	case "egenskaber":
		if _, ok := l.type_.Egenskaber().Felt(rest); !ok {
			return fmt.Errorf("%s har ikke feltet %q", l.type_.Navn, rest)
		}
		l.egenskaber[rest] = vaerdi
		return nil
	case "tilstande":
		return l.saetTilstand(rest, vaerdi)
	case "relationer":
		return l.saetRelation(rest, vaerdi)
	case "varianter":
		return l.saetVariant(rest, vaerdi)
	}
	return fmt.Errorf("begynder ikke med egenskaber, tilstande, relationer eller varianter")
}

func (l *laegning) saetTilstand(navn, vaerdi string) error {
	tv, ok := l.type_.Tilstand(navn)
	if !ok || tv.Felt != navn {
		return fmt.Errorf("%s har ikke tilstanden %q", l.type_.Navn, navn)
	}
	l.ud.Tilstande[tv.Navn] = laegVaerdi(l.ud.Tilstande[tv.Navn], Tilstand{Vaerdi: vaerdi, Virkning: l.v}, vaerdi == "",
		(*Tilstand).gaelder, sammeTilstand, sammeTilstand)
	return nil
}

func (l *laegning) saetRelation(rest, vaerdi string) error {
	rt, nr, felt, err := l.type_.relationSti(rest)
	if err != nil {
		return err
	}
	if rt.Flere {
		return l.saetPost(rt, nr, felt, vaerdi)
	}
	ref, err := LaesReference(vaerdi)
	if err != nil {
		return err
	}
	ny := Relation{Reference: ref, ObjektType: rt.Maal, Virkning: l.v}
	l.ud.Relationer[rt.Navn] = laegVaerdi(l.ud.Relationer[rt.Navn], ny, ref.Tom(),
		(*Relation).gaelder, sigerDetSamme, sammeRelation)
	return nil
}

// sigerDetSamme reports whether a sti could not tell the two apart. A sti does not say which objekttype is meant.
func sigerDetSamme(a, b Relation) bool {
	return a.Reference == b.Reference && maps.Equal(a.Felter, b.Felter)
}

func (l *laegning) saetPost(rt *RelationType, nr int, felt, vaerdi string) error {
	if l.lister[rt.Navn] == nil {
		l.lister[rt.Navn] = map[int]Relation{}
	}
	post, ok := l.lister[rt.Navn][nr]
	if !ok {
		post = Relation{ObjektType: rt.Maal, Virkning: l.v}
	}
	if felt != "" {
		post.Felter = medFelter(post.Felter, map[string]string{felt: vaerdi})
	} else {
		ref, err := LaesReference(vaerdi)
		if err != nil {
			return err
		}
		post.Reference = ref
	}
	l.lister[rt.Navn][nr] = post
	return nil
}

func (l *laegning) saetVariant(rest, vaerdi string) error {
	variant, del, f, err := l.type_.variantSti(rest)
	if err != nil {
		return err
	}
	if vaerdi == "" && !l.ud.harVariant(variant, del) {
		return nil // nothing to clear
	}
	v := findEllerNy(&l.ud.Varianter, func(v *Variant) bool { return v.VariantTekst == variant }, Variant{VariantTekst: variant})
	egenskaber := &v.Egenskaber
	if del != "" {
		egenskaber = &findEllerNy(&v.Dele, func(d *Del) bool { return d.DelTekst == del }, Del{DelTekst: del}).Egenskaber
	}
	*egenskaber = laegAttributter(*egenskaber, map[string]string{f.Navn: vaerdi}, l.v)
	return nil
}

// harVariant reports whether r has the variant, and the part of it where del is given.
func (r *Registrering) harVariant(variant, del string) bool {
	return slices.ContainsFunc(r.Varianter, func(v Variant) bool {
		return v.VariantTekst == variant && (del == "" || slices.ContainsFunc(v.Dele, func(d Del) bool { return d.DelTekst == del }))
	})
}

func findEllerNy[S any](l *[]S, er func(*S) bool, ny S) *S {
	for i := range *l {
		if er(&(*l)[i]) {
			return &(*l)[i]
		}
	}
	*l = append(*l, ny)
	return &(*l)[len(*l)-1]
}

// afslut writes what had to wait until all values were known.
func (l *laegning) afslut() {
	if len(l.egenskaber) > 0 {
		navn := l.type_.Egenskaber().Navn
		l.ud.Attributter[navn] = laegAttributter(l.ud.Attributter[navn], l.egenskaber, l.v)
	}
	for navn, poster := range l.lister {
		l.ud.Relationer[navn] = l.nyListe(navn, poster)
	}
}

// nyListe is the new list of a 0..n relation: within the virkning the given entries and no others, outside it what was
// there. An entry that was there before keeps who said it, since when, and its indeks, wherever in the list it stands now;
// a new one gets the next indeks. spec: oio 62, oio 63
func (l *laegning) nyListe(navn string, poster map[int]Relation) []Relation {
	rt, _ := l.type_.Relation(navn)
	gamle := l.ud.Relationer[navn]
	var nye []Relation
	for _, nr := range slices.Sorted(maps.Keys(poster)) {
		if post := poster[nr]; !post.Reference.Tom() || len(post.Felter) > 0 {
			nye = append(nye, post)
		}
	}
	rest := genkend(nye, gamle)
	if rt.Indeks {
		nummerer(nye, gamle)
	}
	for _, g := range rest {
		for _, v := range g.Virkning.udenfor(l.v) {
			g.Virkning = v
			nye = append(nye, g)
		}
	}
	sorterRelationer(nye)
	return nye
}

// genkend finds the old entry that each new one is: first those that say the same, then those that refer to the same
// objekt. An old one is found once. The old ones that no new one continues whole are left.
func genkend(nye, gamle []Relation) (rest []Relation) {
	rest = slices.Clone(gamle)
	fundet := make([]bool, len(nye))
	for i := range nye {
		post := &nye[i]
		nr := slices.IndexFunc(rest, func(g Relation) bool { return sigerDetSamme(g, *post) && g.Virkning.daekker(post.Virkning) })
		if nr >= 0 {
			*post, fundet[i] = rest[nr], true
			rest = slices.Delete(rest, nr, nr+1)
		}
	}
	brugt := make([]bool, len(rest))
	for i := range nye {
		post := &nye[i]
		for nr, g := range rest {
			if !fundet[i] && !brugt[nr] && !post.Reference.Tom() && g.Reference == post.Reference {
				post.Indeks, post.ObjektType = g.Indeks, g.ObjektType
				fundet[i], brugt[nr] = true, true
			}
		}
	}
	return rest
}

// nummerer gives each entry without one the next indeks after the highest ever used.
func nummerer(nye, gamle []Relation) {
	hoejest := 0
	for _, g := range gamle {
		hoejest = max(hoejest, g.Indeks)
	}
	for i := range nye {
		if nye[i].Indeks == 0 {
			hoejest++
			nye[i].Indeks = hoejest
		}
	}
}

// Forskel lists the sti whose value at t differs between two registreringer, sorted.
func Forskel(t *Type, gammel, ny Registrering, tid Tidspunkt) []string {
	return Forskellige(gammel.Udflad(t, tid), ny.Udflad(t, tid))
}

// Forskellige lists the sti whose value is not the same in a and b, sorted.
func Forskellige(a, b map[string]string) []string {
	set := map[string]bool{}
	for k, v := range a {
		if b[k] != v {
			set[k] = true
		}
	}
	for k, v := range b {
		if a[k] != v {
			set[k] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

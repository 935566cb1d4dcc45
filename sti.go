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
		_, _, felt, err := t.relationSti(led[1])
		return Tekst, err == nil && felt != "?"
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

// variantSti reads "variant.felt" or "variant.dele.del.felt".
func (t *Type) variantSti(s string) (variant, del string, f *Felt, err error) {
	led := strings.Split(s, ".")
	ok := false
	switch {
	case len(led) == 2:
		variant = led[0]
		f, ok = findFelt(t.Variant, led[1])
	case len(led) == 4 && led[1] == "dele":
		variant, del = led[0], led[2]
		f, ok = findFelt(t.Del, led[3])
	}
	if !ok || variant == "" {
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

// Laeg lays values, given by sti, over r for the virkning v. A value that r already says changes nothing; "" clears. The
// entries given of a 0..n relation replace all of that relation. What is not named is carried over. spec: oio 54, oio 60
// The error is an [*Error] with [KodeUgyldig] naming each sti that cannot be set.
func (r Registrering) Laeg(t *Type, vaerdier map[string]string, v Virkning) (Registrering, error) {
	ud := r.Kopi()
	l := laegning{type_: t, v: v, ud: &ud, egenskaber: map[string]string{}, lister: map[string]map[int]Relation{}}
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
		func(s *Tilstand) *Virkning { return &s.Virkning }, func(a, b Tilstand) bool { return a.Vaerdi == b.Vaerdi })
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
		func(s *Relation) *Virkning { return &s.Virkning }, ensRelation)
	return nil
}

func ensRelation(a, b Relation) bool {
	return a.Reference == b.Reference && a.Indeks == b.Indeks && maps.Equal(a.Felter, b.Felter)
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
	v := findEllerNy(&l.ud.Varianter, func(v *Variant) bool { return v.VariantTekst == variant }, Variant{VariantTekst: variant})
	egenskaber := &v.Egenskaber
	if del != "" {
		egenskaber = &findEllerNy(&v.Dele, func(d *Del) bool { return d.DelTekst == del }, Del{DelTekst: del}).Egenskaber
	}
	*egenskaber = laegAttributter(*egenskaber, map[string]string{f.Navn: vaerdi}, l.v)
	return nil
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

// nyListe keeps the virkning of an entry that was there before, and numbers the entries where the type wants it.
func (l *laegning) nyListe(navn string, poster map[int]Relation) []Relation {
	rt, _ := l.type_.Relation(navn)
	gamle := l.ud.Relationer[navn]
	var ud []Relation
	for _, nr := range slices.Sorted(maps.Keys(poster)) {
		post := poster[nr]
		if post.Reference.Tom() && len(post.Felter) == 0 {
			continue
		}
		if rt.Indeks {
			post.Indeks = nr + 1
		}
		for _, g := range gamle {
			if ensRelation(g, post) {
				post.Virkning = g.Virkning
			}
		}
		ud = append(ud, post)
	}
	sorterRelationer(ud)
	return ud
}

// Forskel lists the sti whose value at t differs between two registreringer, sorted.
func Forskel(t *Type, gammel, ny Registrering, tid Tidspunkt) []string {
	a, b := gammel.Udflad(t, tid), ny.Udflad(t, tid)
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

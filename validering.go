package mox

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Valider checks a full registrering of an objekt of type t, and returns an [*Error] with [KodeUgyldig] and one Feltfejl
// for each broken rule, or nil. Fields appear in a stable order.
func (r Registrering) Valider(navn ObjektType) error {
	t, ok := TypeAf(navn)
	if !ok {
		return &Error{Kode: KodeUgyldig, Op: "valider", Tekst: fmt.Sprintf("objekttypen %q kendes ikke", navn),
			Raad: fmt.Sprintf("brug en af %v", ObjektTyper())}
	}
	var fejl []Feltfejl
	if !slices.Contains(LivscyklusKoder(), r.LivscyklusKode) {
		fejl = append(fejl, Feltfejl{Sti: "livscykluskode", Regel: "kodeliste", Spec: "mox 10", Tekst: "er ikke en af de fem koder"})
	}
	if regel, spec, tekst := r.BrugerRef.fejl(); regel != "" {
		fejl = append(fejl, Feltfejl{Sti: "brugerref", Regel: regel, Spec: spec, Tekst: tekst})
	}
	validerTekst("note", r.NoteTekst, &fejl)
	t.validerAttributter(r, &fejl)
	t.validerTilstande(r, &fejl)
	t.validerRelationer("", r.Relationer, &fejl)
	t.validerVarianter(r, &fejl)
	if len(fejl) == 0 {
		return nil
	}
	return &Error{Kode: KodeUgyldig, Op: "valider", Tekst: "registreringen af " + string(navn) + " er ugyldig", Felter: fejl}
}

func (t *Type) validerAttributter(r Registrering, ud *[]Feltfejl) {
	for _, navn := range slices.Sorted(maps.Keys(r.Attributter)) {
		saet, ok := t.Attribut(navn)
		sti := "attributter." + navn
		if !ok || saet.Navn != navn {
			*ud = append(*ud, Feltfejl{Sti: sti, Regel: "ukendt", Spec: "oio 50", Tekst: "er ikke et attributsæt på " + string(t.Navn)})
			continue
		}
		validerSegmenter(sti, saet.Felter, r.Attributter[navn], ud)
	}
	if len(r.Attributter[t.Egenskaber().Navn]) == 0 {
		*ud = append(*ud, Feltfejl{Sti: "attributter." + t.Egenskaber().Navn, Regel: "kraevet", Spec: "oio 47", Tekst: "mangler"})
	}
}

func validerSegmenter(sti string, felter []Felt, segmenter []Attribut, ud *[]Feltfejl) {
	virkninger := make([]Virkning, len(segmenter))
	for i, s := range segmenter {
		her := fmt.Sprintf("%s[%d]", sti, i)
		s.Virkning.valider(her, ud)
		virkninger[i] = s.Virkning
		validerFelter(her, felter, s.Felter, ud)
	}
	validerOverlap(sti, virkninger, ud)
}

func validerFelter(sti string, felter []Felt, vaerdier map[string]string, ud *[]Feltfejl) {
	for _, navn := range slices.Sorted(maps.Keys(vaerdier)) {
		f, ok := findFelt(felter, navn)
		if !ok {
			*ud = append(*ud, Feltfejl{Sti: sti + "." + navn, Regel: "ukendt", Spec: "oio 50", Tekst: "feltet kendes ikke"})
			continue
		}
		if tekst := f.fejl(vaerdier[navn]); tekst != "" {
			*ud = append(*ud, Feltfejl{Sti: sti + "." + navn, Regel: "vaerdi", Spec: "oio 50", Tekst: tekst})
		}
	}
	for _, f := range felter {
		if f.Kraev && vaerdier[f.Navn] == "" {
			*ud = append(*ud, Feltfejl{Sti: sti + "." + f.Navn, Regel: "kraevet", Spec: "oio 47", Tekst: "mangler"})
		}
	}
}

const ugyldigTekst = "er ikke gyldig tekst (UTF-8 uden NUL)"

// gyldigTekst reports whether both databases and every wire form can carry s.
func gyldigTekst(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

func validerTekst(sti, v string, ud *[]Feltfejl) {
	if !gyldigTekst(v) {
		*ud = append(*ud, Feltfejl{Sti: sti, Regel: "vaerdi", Spec: "oio 50", Tekst: ugyldigTekst})
	}
}

// fejl says what is wrong with a value of the field, or nothing.
func (f *Felt) fejl(v string) string {
	switch {
	case !gyldigTekst(v):
		return ugyldigTekst
	case f.Maks > 0 && utf8.RuneCountInString(v) > f.Maks:
		return fmt.Sprintf("er på %d tegn; højst %d", utf8.RuneCountInString(v), f.Maks)
	case len(f.Vaerdi) > 0 && !slices.Contains(f.Vaerdi, v):
		return fmt.Sprintf("er ikke en af %v", f.Vaerdi)
	case v == "":
		return ""
	}
	var err error
	switch f.Slags {
	case Heltal:
		var n int64
		if n, err = strconv.ParseInt(v, 10, 64); err == nil && strconv.FormatInt(n, 10) != v {
			return "er et helt tal, men ikke skrevet som " + strconv.FormatInt(n, 10)
		}
	case Boolsk:
		if v != "true" && v != "false" {
			return "er ikke true eller false"
		}
	case Dato:
		_, err = time.Parse(time.DateOnly, v)
	case TidspunktSl:
		_, err = time.Parse(time.RFC3339, v)
	}
	if err != nil {
		return map[Slags]string{Heltal: "er ikke et helt tal", Dato: "er ikke en dato (åååå-mm-dd)", TidspunktSl: "er ikke et tidspunkt med tidszone"}[f.Slags]
	}
	return ""
}

// validerOverlap tells of the first two that overlap. In the order of their starts only neighbours can be the first.
func validerOverlap(sti string, v []Virkning, ud *[]Feltfejl) {
	orden := make([]int, len(v))
	for i := range orden {
		orden[i] = i
	}
	slices.SortStableFunc(orden, func(i, j int) int { return v[i].Fra.Sammenlign(v[j].Fra) })
	for n := 1; n < len(orden); n++ {
		i, j := orden[n], orden[n-1]
		if v[i].Overlapper(v[j]) {
			*ud = append(*ud, Feltfejl{Sti: fmt.Sprintf("%s[%d].virkning", sti, max(i, j)), Regel: "overlap", Spec: "oio 25",
				Tekst: fmt.Sprintf("overlapper [%d]", min(i, j))})
			return
		}
	}
}

func (t *Type) validerTilstande(r Registrering, ud *[]Feltfejl) {
	for _, navn := range slices.Sorted(maps.Keys(r.Tilstande)) {
		sti := "tilstande." + navn
		tv, ok := t.Tilstand(navn)
		if !ok || tv.Navn != navn {
			*ud = append(*ud, Feltfejl{Sti: sti, Regel: "ukendt", Spec: "oio 50", Tekst: "er ikke en tilstand på " + string(t.Navn)})
			continue
		}
		var virkninger []Virkning
		for i, s := range r.Tilstande[navn] {
			her := fmt.Sprintf("%s[%d]", sti, i)
			s.Virkning.valider(her, ud)
			virkninger = append(virkninger, s.Virkning)
			if !slices.Contains(tv.Vaerdi, s.Vaerdi) {
				*ud = append(*ud, Feltfejl{Sti: her + "." + tv.Felt, Regel: "kodeliste", Spec: "oio 49", Tekst: fmt.Sprintf("er ikke en af %v", tv.Vaerdi)})
			}
		}
		validerOverlap(sti, virkninger, ud)
	}
	for _, tv := range t.Tilstande {
		if tv.Kraev && len(r.Tilstande[tv.Navn]) == 0 {
			*ud = append(*ud, Feltfejl{Sti: "tilstande." + tv.Navn, Regel: "kraevet", Spec: "oio 48", Tekst: "mangler"})
		}
	}
}

func (t *Type) validerRelationer(forled string, relationer map[string][]Relation, ud *[]Feltfejl) {
	for _, navn := range slices.Sorted(maps.Keys(relationer)) {
		sti := forled + "relationer." + navn
		rt, ok := t.Relation(navn)
		if forled != "" { // a part's relations: only underredigeringaf. spec: oio 3.4
			rt, ok = &RelationType{Navn: "underredigeringaf"}, navn == "underredigeringaf"
		}
		if !ok {
			*ud = append(*ud, Feltfejl{Sti: sti, Regel: "ukendt", Spec: "oio 50", Tekst: "er ikke en relation på " + string(t.Navn)})
			continue
		}
		var virkninger []Virkning
		for i, rel := range relationer[navn] {
			her := fmt.Sprintf("%s[%d]", sti, i)
			rt.validerEn(her, rel, ud)
			virkninger = append(virkninger, rel.Virkning)
		}
		if !rt.Flere {
			validerOverlap(sti, virkninger, ud)
		}
	}
}

func (rt *RelationType) validerEn(sti string, rel Relation, ud *[]Feltfejl) {
	rel.Virkning.valider(sti, ud)
	regel, spec, tekst := rel.Reference.fejl()
	if rel.Reference.Tom() && !rt.UdenReference {
		regel, spec, tekst = "reference", "oio 5", "skal have uuid eller urn"
	}
	if regel != "" {
		her := sti
		if regel != "reference" {
			her += "." + regel
		}
		*ud = append(*ud, Feltfejl{Sti: her, Regel: regel, Spec: spec, Tekst: tekst})
	}
	validerTekst(sti+".objekttype", rel.ObjektType, ud)
	if rel.Indeks < 0 {
		*ud = append(*ud, Feltfejl{Sti: sti + ".indeks", Regel: "vaerdi", Spec: "oio 50", Tekst: "er mindre end 0"})
	}
	validerFelter(sti, rt.Felter, rel.Felter, ud)
	rt.validerJournalpost(sti, rel, ud)
}

// validerJournalpost keeps note fields on notes and document fields on documents. spec: oio 80
func (rt *RelationType) validerJournalpost(sti string, rel Relation, ud *[]Feltfejl) {
	kode := rel.Felter["journalpostkode"]
	if kode == "" {
		return
	}
	forbudt := "journalnotat."
	if kode == "journalnotat" {
		forbudt = "journaldokument."
	}
	for _, navn := range slices.Sorted(maps.Keys(rel.Felter)) {
		if strings.HasPrefix(navn, forbudt) {
			*ud = append(*ud, Feltfejl{Sti: sti + "." + navn, Regel: "journalpost", Spec: "oio 80", Tekst: "hører ikke til en post af arten " + kode})
		}
	}
}

func (t *Type) validerVarianter(r Registrering, ud *[]Feltfejl) {
	if len(r.Varianter) > 0 && !t.Varianter {
		*ud = append(*ud, Feltfejl{Sti: "varianter", Regel: "ukendt", Spec: "oio 50", Tekst: string(t.Navn) + " har ikke varianter"})
		return
	}
	set := map[string]bool{}
	for i, v := range r.Varianter {
		sti := fmt.Sprintf("varianter[%d]", i)
		if v.VariantTekst == "" || set[v.VariantTekst] {
			*ud = append(*ud, Feltfejl{Sti: sti + ".varianttekst", Regel: "entydig", Spec: "oio 84", Tekst: "mangler eller står der to gange"})
		}
		set[v.VariantTekst] = true
		validerTekst(sti+".varianttekst", v.VariantTekst, ud)
		validerSegmenter(sti+".egenskaber", t.Variant, v.Egenskaber, ud)
		t.validerDele(sti, v.Dele, ud)
	}
}

func (t *Type) validerDele(sti string, dele []Del, ud *[]Feltfejl) {
	set := map[string]bool{}
	for j, d := range dele {
		her := fmt.Sprintf("%s.dele[%d]", sti, j)
		if d.DelTekst == "" || set[d.DelTekst] {
			*ud = append(*ud, Feltfejl{Sti: her + ".deltekst", Regel: "entydig", Spec: "oio 84", Tekst: "mangler eller står der to gange"})
		}
		set[d.DelTekst] = true
		validerTekst(her+".deltekst", d.DelTekst, ud)
		validerSegmenter(her+".egenskaber", t.Del, d.Egenskaber, ud)
		t.validerRelationer(her+".", d.Relationer, ud)
	}
}

package mox

import (
	"encoding/json"
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
		return ukendtType(navn)
	}
	p := validering{type_: t}
	if !slices.Contains(LivscyklusKoder(), r.LivscyklusKode) {
		p.afvis("livscykluskode", "kodeliste", "mox 10", "er ikke en af de fem koder")
	}
	p.registrering(r)
	return p.resultat("registreringen af " + string(navn))
}

func ukendtType(navn ObjektType) error {
	return &Error{Kode: KodeUgyldig, Op: "valider", Tekst: fmt.Sprintf("objekttypen %q kendes ikke", navn), Raad: fmt.Sprintf("brug en af %v", ObjektTyper())}
}

// validering collects what is wrong with a registrering of its type.
type validering struct {
	type_    *Type
	rettelse bool // only what is to change: values may be cleared, and nothing has to be there
	delvis   bool // whole sets may be absent, as when a Ret has removed them
	fejl     []Feltfejl
}

func (p *validering) afvis(sti, regel, spec, tekst string) {
	p.fejl = append(p.fejl, Feltfejl{Sti: sti, Regel: regel, Spec: spec, Tekst: tekst})
}

func (p *validering) resultat(hvad string) error {
	if len(p.fejl) == 0 {
		return nil
	}
	return &Error{Kode: KodeUgyldig, Op: "valider", Tekst: hvad + " er ugyldig", Felter: p.fejl}
}

func (p *validering) registrering(r Registrering) {
	if regel, spec, tekst := r.BrugerRef.fejl(); regel != "" {
		p.afvis("brugerref", regel, spec, tekst)
	}
	p.tekst("note", r.NoteTekst)
	p.attributter(r)
	p.tilstande(r)
	p.relationer("", r.Relationer)
	p.varianter(r)
	for _, liste := range slices.Sorted(maps.Keys(r.LokalUdvidelser)) {
		p.tekst("lokaludvidelser."+liste, r.LokalUdvidelser[liste])
		if !slices.Contains(Udvidelseslister(), liste) {
			p.afvis("lokaludvidelser."+liste, "ukendt", "oio 50", fmt.Sprintf("er ikke en af %v", Udvidelseslister()))
		}
	}
}

func (p *validering) attributter(r Registrering) {
	for _, navn := range slices.Sorted(maps.Keys(r.Attributter)) {
		saet, ok := p.type_.Attribut(navn)
		sti := "attributter." + navn
		if !ok || saet.Navn != navn {
			p.afvis(sti, "ukendt", "oio 50", "er ikke et attributsæt på "+string(p.type_.Navn))
			continue
		}
		p.segmenter(sti, saet.Felter, r.Attributter[navn])
	}
	if navn := p.type_.Egenskaber().Navn; !p.rettelse && !p.delvis && len(r.Attributter[navn]) == 0 {
		p.afvis("attributter."+navn, "kraevet", "oio 47", "mangler")
	}
}

func (p *validering) segmenter(sti string, felter []Felt, segmenter []Attribut) {
	virkninger := make([]Virkning, len(segmenter))
	for i, s := range segmenter {
		her := fmt.Sprintf("%s[%d]", sti, i)
		s.Virkning.valider(her, &p.fejl)
		virkninger[i] = s.Virkning
		p.felter(her, felter, s.Felter, !p.rettelse)
	}
	p.overlap(sti, virkninger)
}

// felter checks values by name. hel tells that they are all there is: what must be there must be there, and nothing is
// there to be cleared.
func (p *validering) felter(sti string, felter []Felt, vaerdier map[string]string, hel bool) {
	for _, navn := range slices.Sorted(maps.Keys(vaerdier)) {
		f, ok := findFelt(felter, navn)
		if !ok {
			p.afvis(sti+"."+navn, "ukendt", "oio 50", "feltet kendes ikke")
			continue
		}
		v := vaerdier[navn]
		if !hel && v == "" {
			continue
		}
		if tekst := f.fejl(v); tekst != "" {
			p.afvis(sti+"."+navn, "vaerdi", "oio 50", tekst)
		}
	}
	for _, f := range felter {
		if f.Kraev && vaerdier[f.Navn] == "" && hel {
			p.afvis(sti+"."+f.Navn, "kraevet", "oio 47", "mangler")
		}
	}
}

const ugyldigTekst = "er ikke gyldig tekst (UTF-8 uden NUL)"

// gyldigTekst reports whether both databases and every wire form can carry s.
func gyldigTekst(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

func (p *validering) tekst(sti, v string) {
	if !gyldigTekst(v) {
		p.afvis(sti, "vaerdi", "oio 50", ugyldigTekst)
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
	case Liste:
		return f.listefejl(v)
	}
	if err != nil {
		return map[Slags]string{Heltal: "er ikke et helt tal", Dato: "er ikke en dato (åååå-mm-dd)", TidspunktSl: "er ikke et tidspunkt med tidszone"}[f.Slags]
	}
	return ""
}

// listefejl says what is wrong with a list in its text form, or nothing.
func (f *Felt) listefejl(v string) string {
	if f.Under == nil {
		if err := json.Unmarshal([]byte(v), new([]string)); err != nil {
			return "er ikke en liste af tekster"
		}
		return ""
	}
	var poster []map[string]string
	if err := json.Unmarshal([]byte(v), &poster); err != nil {
		return "er ikke en liste af objekter med tekster"
	}
	for i, post := range poster {
		for _, navn := range slices.Sorted(maps.Keys(post)) {
			if _, ok := findFelt(f.Under, navn); !ok {
				return fmt.Sprintf("[%d] har et felt, der ikke kendes: %q", i, Maskeret(navn))
			}
		}
	}
	return ""
}

// overlap tells of the first two that overlap. In the order of their starts only neighbours can be the first.
func (p *validering) overlap(sti string, v []Virkning) {
	orden := make([]int, len(v))
	for i := range orden {
		orden[i] = i
	}
	slices.SortStableFunc(orden, func(i, j int) int { return v[i].Fra.Sammenlign(v[j].Fra) })
	for n := 1; n < len(orden); n++ {
		i, j := orden[n], orden[n-1]
		if v[i].Overlapper(v[j]) {
			p.afvis(fmt.Sprintf("%s[%d].virkning", sti, max(i, j)), "overlap", "oio 25", fmt.Sprintf("overlapper [%d]", min(i, j)))
			return
		}
	}
}

func (p *validering) tilstande(r Registrering) {
	for _, navn := range slices.Sorted(maps.Keys(r.Tilstande)) {
		sti := "tilstande." + navn
		tv, ok := p.type_.Tilstand(navn)
		if !ok || tv.Navn != navn {
			p.afvis(sti, "ukendt", "oio 50", "er ikke en tilstand på "+string(p.type_.Navn))
			continue
		}
		var virkninger []Virkning
		for i, s := range r.Tilstande[navn] {
			her := fmt.Sprintf("%s[%d]", sti, i)
			s.Virkning.valider(her, &p.fejl)
			virkninger = append(virkninger, s.Virkning)
			if ryddet := p.rettelse && s.Vaerdi == ""; !ryddet && !slices.Contains(tv.Vaerdi, s.Vaerdi) {
				p.afvis(her+"."+tv.Felt, "kodeliste", "oio 49", fmt.Sprintf("er ikke en af %v", tv.Vaerdi))
			}
		}
		p.overlap(sti, virkninger)
	}
	for _, tv := range p.type_.Tilstande {
		if tv.Kraev && len(r.Tilstande[tv.Navn]) == 0 && !p.rettelse && !p.delvis {
			p.afvis("tilstande."+tv.Navn, "kraevet", "oio 48", "mangler")
		}
	}
}

func (p *validering) relationer(forled string, relationer map[string][]Relation) {
	for _, navn := range slices.Sorted(maps.Keys(relationer)) {
		sti := forled + "relationer." + navn
		rt, ok := p.type_.Relation(navn)
		if forled != "" { // a part's relations: only underredigeringaf. spec: oio 3.4
			rt, ok = &RelationType{Navn: "underredigeringaf"}, navn == "underredigeringaf"
		}
		if !ok {
			p.afvis(sti, "ukendt", "oio 50", "er ikke en relation på "+string(p.type_.Navn))
			continue
		}
		p.relation(sti, rt, relationer[navn], p.rettelse && forled == "")
	}
}

// relation checks the entries of one relation; tomme tells that entries may be of those that clear.
func (p *validering) relation(sti string, rt *RelationType, poster []Relation, tomme bool) {
	virkninger := map[int][]Virkning{} // that may not overlap: of the one value, or of one numbered entry
	for i, rel := range poster {
		her := fmt.Sprintf("%s[%d]", sti, i)
		alene := !rt.Flere || rt.Indeks || len(poster) == 1
		p.post(her, rt, rel, tomme && alene && rel.sigerIntet())
		if nr := rel.Indeks; !rt.Flere {
			virkninger[0] = append(virkninger[0], rel.Virkning)
		} else if rt.Indeks && nr > 0 && !p.rettelse { // in a rettelse only a known indeks says which entry it is
			virkninger[nr] = append(virkninger[nr], rel.Virkning)
		}
	}
	for _, nr := range slices.Sorted(maps.Keys(virkninger)) {
		p.overlap(sti, virkninger[nr])
	}
}

func (p *validering) post(sti string, rt *RelationType, rel Relation, rydder bool) {
	rel.Virkning.valider(sti, &p.fejl)
	regel, spec, tekst := rel.Reference.fejl()
	if rel.Reference.Tom() && !rt.UdenReference && !rydder {
		regel, spec, tekst = "reference", "oio 5", "skal have uuid eller urn"
	}
	if regel != "" {
		her := sti
		if regel != "reference" {
			her += "." + regel
		}
		p.afvis(her, regel, spec, tekst)
	}
	p.tekst(sti+".objekttype", rel.ObjektType)
	p.tekst(sti+".lokaludvidelse", rel.LokalUdvidelse)
	if rel.Indeks < 0 {
		p.afvis(sti+".indeks", "vaerdi", "oio 50", "er mindre end 0")
	}
	if !rydder {
		p.felter(sti, rt.Felter, rel.Felter, true)
	}
	p.journalpost(sti, rel)
}

// journalpost keeps note fields on notes and document fields on documents. spec: oio 80
func (p *validering) journalpost(sti string, rel Relation) {
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
			p.afvis(sti+"."+navn, "journalpost", "oio 80", "hører ikke til en post af arten "+kode)
		}
	}
}

func (p *validering) varianter(r Registrering) {
	if len(r.Varianter) > 0 && !p.type_.Varianter {
		p.afvis("varianter", "ukendt", "oio 50", string(p.type_.Navn)+" har ikke varianter")
		return
	}
	set := map[string]bool{}
	for i, v := range r.Varianter {
		sti := fmt.Sprintf("varianter[%d]", i)
		p.entydig(sti+".varianttekst", v.VariantTekst, set)
		p.segmenter(sti+".egenskaber", p.type_.Variant, v.Egenskaber)
		p.dele(sti, v.Dele)
	}
}

func (p *validering) dele(sti string, dele []Del) {
	set := map[string]bool{}
	for j, d := range dele {
		her := fmt.Sprintf("%s.dele[%d]", sti, j)
		p.entydig(her+".deltekst", d.DelTekst, set)
		p.segmenter(her+".egenskaber", p.type_.Del, d.Egenskaber)
		p.relationer(her+".", d.Relationer)
	}
}

// entydig demands a key that none before it had. spec: oio 84
func (p *validering) entydig(sti, noegle string, set map[string]bool) {
	if noegle == "" || set[noegle] {
		p.afvis(sti, "entydig", "oio 84", "mangler eller står der to gange")
	}
	set[noegle] = true
	p.tekst(sti, noegle)
}

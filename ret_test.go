package mox_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/conformance"
)

// TestRetMod corrects random objekter at random, and compares each day with a model that knows nothing of segments: it has
// a value for each name on each day, and an entry of a list is a name of its own.
func TestRetMod(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "oio 15", "oio 27", "oio 54", "oio 55", "oio 56", "oio 57", "oio 58", "oio 59", "oio 60", "oio 61", "oio 62", "oio 63", "oio 85", "oio 86")
	for _, navn := range []mox.ObjektType{mox.Sag, mox.Dokument, mox.Klasse, mox.Bruger} {
		t.Run(string(navn), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) { retMod(t, navn) })
		})
	}
}

func retMod(t *rapid.T, navn mox.ObjektType) {
	type_, _ := mox.TypeAf(navn)
	r, err := mox.Registrering{LivscyklusKode: mox.Opstaaet}.Laeg(type_, mindste(type_), mox.Virkning{Fra: mox.MinusUendelig, Til: mox.Uendelig})
	if err != nil {
		t.Fatal(err)
	}
	m := retmodel{type_: type_, dage: map[string]map[int]string{}, indeks: map[string][]int{}}
	for sti, v := range mindste(type_) {
		m.saet(strings.Replace(strings.Replace(sti, "egenskaber.", "e.", 1), "tilstande.", "t.", 1), v, foersteDag, sidsteDag)
	}
	for range rapid.IntRange(1, 6).Draw(t, "skridt") {
		rettelse := m.tegn(t)
		foer := r.Kopi()
		ny, err := r.Ret(navn, rettelse)
		if d := cmp.Diff(foer, r.Kopi(), sammenlignTid); d != "" {
			t.Fatalf("Ret changed its receiver: %s", d)
		}
		if mangler := m.mangler(); mangler != "" {
			if err == nil {
				t.Fatalf("Ret leaves out %s", mangler)
			}
			return
		}
		if err != nil {
			t.Fatalf("%v\n%+v", err, rettelse)
		}
		for d := foersteDag; d < sidsteDag; d++ {
			if diff := cmp.Diff(m.paa(d), retPaa(type_, ny, tidspunkt(d))); diff != "" {
				t.Fatalf("day %d after %+v: -model +Ret\n%s", d, rettelse, diff)
			}
		}
		udenOverlap2(t, type_, ny)
		r = ny
	}
}

// udenOverlap2 demands that no numbered entry and no single value has two segments at one time.
func udenOverlap2(t *rapid.T, type_ *mox.Type, r mox.Registrering) {
	ny := r.Kopi()
	for navn := range ny.Relationer {
		if rt, _ := type_.Relation(navn); rt.Flere && !rt.Indeks {
			delete(ny.Relationer, navn) // these may overlap. spec: oio 27
		}
	}
	udenOverlap(t, type_, ny)
}

// retmodel has what holds on each day: e.<felt>, t.<tilstand>, r.<relation>, r.<relation>.<indeks>, l.<relation>=<reference>,
// v.<variant>.<felt> and v.<variant>.<del>.<felt>.
type retmodel struct {
	type_  *mox.Type
	dage   map[string]map[int]string
	indeks map[string][]int // of each numbered relation, those in use
}

func (m *retmodel) saet(navn, v string, fra, til int) {
	if m.dage[navn] == nil {
		m.dage[navn] = map[int]string{}
	}
	for d := fra; d < til; d++ {
		if m.dage[navn][d] = v; v == "" {
			delete(m.dage[navn], d)
		}
	}
}

func (m *retmodel) fjern(forled string) {
	maps.DeleteFunc(m.dage, func(navn string, _ map[int]string) bool { return strings.HasPrefix(navn, forled) })
}

func (m *retmodel) paa(d int) map[string]string {
	ud := map[string]string{}
	for navn, dage := range m.dage {
		if v, ok := dage[d]; ok {
			ud[navn] = v
		}
	}
	return ud
}

// mangler names a mandatory field that a day lacks although it has others of the set.
func (m *retmodel) mangler() string {
	for d := foersteDag; d < sidsteDag; d++ {
		paa := m.paa(d)
		if !slices.ContainsFunc(slices.Collect(maps.Keys(paa)), func(n string) bool { return strings.HasPrefix(n, "e.") }) {
			continue
		}
		for _, f := range m.type_.Egenskaber().Felter {
			if f.Kraev && paa["e."+f.Navn] == "" {
				return fmt.Sprint(f.Navn, " on day ", d)
			}
		}
	}
	return ""
}

// retPaa is what r says at t, by the model's names.
func retPaa(type_ *mox.Type, r mox.Registrering, t mox.Tidspunkt) map[string]string {
	ud := map[string]string{}
	felter := func(forled string, l []mox.Attribut) {
		for _, a := range l {
			for n, v := range a.Felter {
				ud[forled+n] = v
			}
		}
	}
	r = r.Paa(t)
	felter("e.", r.Attributter[type_.Egenskaber().Navn])
	for navn, l := range r.Tilstande {
		tv, _ := type_.Tilstand(navn)
		for _, s := range l {
			ud["t."+tv.Felt] = s.Vaerdi
		}
	}
	for navn, l := range r.Relationer {
		rt, _ := type_.Relation(navn)
		for _, rel := range l {
			switch {
			case rt.Indeks:
				ud[fmt.Sprintf("r.%s.%d", navn, rel.Indeks)] = rel.Reference.String()
			case rt.Flere:
				ud["l."+navn+"="+rel.Reference.String()] = "ja"
			default:
				ud["r."+navn] = rel.Reference.String()
			}
		}
	}
	for _, v := range r.Varianter {
		felter("v."+v.VariantTekst+".", v.Egenskaber)
		for _, d := range v.Dele {
			felter("v."+v.VariantTekst+"."+d.DelTekst+".", d.Egenskaber)
		}
	}
	return ud
}

// tegn draws a rettelse, and does to the model what it says.
func (m *retmodel) tegn(t *rapid.T) mox.Registrering {
	ud := mox.Registrering{Attributter: map[string][]mox.Attribut{}, Tilstande: map[string][]mox.Tilstand{}, Relationer: map[string][]mox.Relation{}}
	if rapid.Bool().Draw(t, "attributter") {
		saet := m.type_.Egenskaber()
		ud.Attributter[saet.Navn] = m.tegnAttributter(t, "e.", saet.Felter)
	}
	for _, tv := range m.type_.Tilstande {
		if rapid.Bool().Draw(t, tv.Navn) {
			ud.Tilstande[tv.Navn] = m.tegnTilstande(t, tv)
		}
	}
	for i := range m.type_.Relationer {
		if rt := &m.type_.Relationer[i]; rt.Felter == nil && rapid.IntRange(0, 5).Draw(t, rt.Navn) == 0 {
			ud.Relationer[rt.Navn] = m.tegnRelationer(t, rt)
		}
	}
	if m.type_.Varianter && rapid.Bool().Draw(t, "varianter") {
		ud.Varianter = m.tegnVarianter(t)
	}
	return ud
}

// tegnDage are intervals that do not overlap; they may touch.
func tegnDage(t *rapid.T) (ud [][2]int) {
	graenser := rapid.SliceOfNDistinct(rapid.IntRange(foersteDag, sidsteDag), 0, 5, rapid.ID).Draw(t, "grænser")
	slices.Sort(graenser)
	for i := 1; i < len(graenser); i++ {
		if rapid.Bool().Draw(t, "med") {
			ud = append(ud, [2]int{graenser[i-1], graenser[i]})
		}
	}
	return ud
}

func virkningAf(t *rapid.T, dage [2]int) mox.Virkning {
	v := mellem(dage[0], dage[1])
	if dage[0] == foersteDag {
		v.Fra = mox.MinusUendelig
	}
	if dage[1] == sidsteDag {
		v.Til = mox.Uendelig
	}
	return medAktoer(t, v)
}

func (m *retmodel) tegnAttributter(t *rapid.T, forled string, felter []mox.Felt) []mox.Attribut {
	ud := []mox.Attribut{}
	for _, dage := range tegnDage(t) {
		a := mox.Attribut{Felter: map[string]string{}, Virkning: virkningAf(t, dage)}
		for _, f := range rapid.SliceOfNDistinct(rapid.SampledFrom(felter), 0, 3, func(f mox.Felt) string { return f.Navn }).Draw(t, "felter") {
			v := tegnEnkelt(t, f)
			a.Felter[f.Navn] = v
			m.saet(forled+f.Navn, v, dage[0], dage[1])
		}
		ud = append(ud, a)
	}
	if len(ud) == 0 {
		for _, f := range felter {
			m.fjern(forled + f.Navn)
		}
	}
	return ud
}

func tegnEnkelt(t *rapid.T, f mox.Felt) string {
	valg := map[mox.Slags][]string{mox.Boolsk: {"true", "false"}, mox.Heltal: {"0", "-7"}, mox.Dato: {"2026-01-01", "2026-12-31"},
		mox.Liste: {`[{"beskrivelse":"a"}]`, `[{"soegeordidentifikator":"b"}]`}}[f.Slags]
	if valg == nil {
		valg = []string{"a", "b", "c"}
	}
	if rapid.IntRange(0, 5).Draw(t, "ryd") == 0 {
		return ""
	}
	return rapid.SampledFrom(valg).Draw(t, f.Navn)
}

func (m *retmodel) tegnTilstande(t *rapid.T, tv mox.TilstandVar) []mox.Tilstand {
	ud := []mox.Tilstand{}
	for _, dage := range tegnDage(t) {
		v := rapid.SampledFrom(append([]string{""}, tv.Vaerdi...)).Draw(t, tv.Felt)
		ud = append(ud, mox.Tilstand{Vaerdi: v, Virkning: virkningAf(t, dage)})
		m.saet("t."+tv.Felt, v, dage[0], dage[1])
	}
	if len(ud) == 0 {
		m.fjern("t." + tv.Felt)
	}
	return ud
}

func (m *retmodel) tegnRelationer(t *rapid.T, rt *mox.RelationType) []mox.Relation {
	switch {
	case rt.Indeks:
		return m.tegnNummererede(t, rt)
	case rt.Flere:
		return m.tegnFlere(t, rt)
	}
	ud := []mox.Relation{}
	for _, dage := range tegnDage(t) {
		v := rapid.SampledFrom([]string{"", "urn:x:1", "urn:x:2"}).Draw(t, rt.Navn)
		ud = append(ud, mox.Relation{Reference: mox.Reference{URN: v}, Virkning: virkningAf(t, dage)})
		m.saet("r."+rt.Navn, v, dage[0], dage[1])
	}
	if len(ud) == 0 {
		m.fjern("r." + rt.Navn)
	}
	return ud
}

func (m *retmodel) tegnFlere(t *rapid.T, rt *mox.RelationType) []mox.Relation {
	m.fjern("l." + rt.Navn + "=")
	if rapid.IntRange(0, 4).Draw(t, "ingen") == 0 {
		return []mox.Relation{{Virkning: mellem(0, 1)}}
	}
	ud := []mox.Relation{}
	for _, dage := range append(tegnDage(t), tegnDage(t)...) { // these may overlap
		v := rapid.SampledFrom([]string{"urn:x:1", "urn:x:2", "urn:x:3"}).Draw(t, rt.Navn)
		ud = append(ud, mox.Relation{Reference: mox.Reference{URN: v}, Virkning: virkningAf(t, dage)})
		m.saet("l."+rt.Navn+"="+v, "ja", dage[0], dage[1])
	}
	return ud
}

func (m *retmodel) tegnNummererede(t *rapid.T, rt *mox.RelationType) []mox.Relation {
	kendte := m.indeks[rt.Navn]
	naeste := 1
	if len(kendte) > 0 {
		naeste = slices.Max(kendte) + 1
	}
	ud := []mox.Relation{}
	for _, nr := range kendte {
		forled := fmt.Sprintf("r.%s.%d", rt.Navn, nr)
		switch rapid.IntRange(0, 2).Draw(t, "post") {
		case 0: // replaced by several segments
			m.fjern(forled)
			dage := tegnDage(t)
			if len(dage) == 0 {
				dage = [][2]int{{0, 1}}
			}
			for _, d := range dage {
				v := rapid.SampledFrom([]string{"urn:x:1", "urn:x:2"}).Draw(t, rt.Navn)
				ud = append(ud, mox.Relation{Indeks: nr, Reference: mox.Reference{URN: v}, Virkning: virkningAf(t, d)})
				m.saet(forled, v, d[0], d[1])
			}
		case 1: // removed
			m.fjern(forled)
			ud = append(ud, mox.Relation{Indeks: nr, Virkning: mellem(0, 1)})
			m.indeks[rt.Navn] = slices.DeleteFunc(slices.Clone(m.indeks[rt.Navn]), func(n int) bool { return n == nr })
		}
	}
	for _, d := range append(tegnDage(t), [2]int{0, 5}) {
		ud = append(ud, mox.Relation{Indeks: rapid.SampledFrom([]int{0, 99}).Draw(t, "indeks"), Reference: mox.Reference{URN: "urn:x:ny"}, Virkning: virkningAf(t, d)})
		m.saet(fmt.Sprintf("r.%s.%d", rt.Navn, naeste), "urn:x:ny", d[0], d[1])
		m.indeks[rt.Navn] = append(m.indeks[rt.Navn], naeste)
		naeste++
	}
	return ud
}

func (m *retmodel) tegnVarianter(t *rapid.T) []mox.Variant {
	ud := []mox.Variant{}
	for _, navn := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"pdf", "arkiv"}), 0, 2, rapid.ID).Draw(t, "varianter") {
		v := mox.Variant{VariantTekst: navn}
		switch rapid.IntRange(0, 3).Draw(t, navn) {
		case 0:
			v.Egenskaber, v.Dele = []mox.Attribut{}, []mox.Del{}
			m.fjern("v." + navn + ".")
		case 1:
			v.Dele = m.tegnDele(t, "v."+navn+".")
		default:
			v.Egenskaber = m.tegnAttributter(t, "v."+navn+".", m.type_.Variant)
		}
		ud = append(ud, v)
	}
	if len(ud) == 0 {
		m.fjern("v.")
	}
	return ud
}

func (m *retmodel) tegnDele(t *rapid.T, variant string) []mox.Del {
	ud := []mox.Del{}
	for _, navn := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"1", "2"}), 0, 2, rapid.ID).Draw(t, "dele") {
		d := mox.Del{DelTekst: navn}
		if rapid.Bool().Draw(t, "fjern") {
			d.Egenskaber, d.Relationer = []mox.Attribut{}, map[string][]mox.Relation{}
			m.fjern(variant + navn + ".")
		} else {
			d.Egenskaber = m.tegnAttributter(t, variant+navn+".", m.type_.Del)
		}
		ud = append(ud, d)
	}
	if len(ud) == 0 {
		for _, navn := range []string{"1", "2"} {
			m.fjern(variant + navn + ".")
		}
	}
	return ud
}

// TestRetVarianter shows the egenskaber of a variant and of a part, each with its own virkning: what a Ret says is laid over
// what was there, and what it does not name stays.
func TestRetVarianter(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "oio 85", "oio 86")
	r := nyt(t, mox.Dokument, map[string]string{"varianter.pdf.produktion": "true", "varianter.pdf.arkivering": "true",
		"varianter.pdf.dele.1.mimetype": "text/html", "varianter.pdf.dele.1.lokation": "urn:x:1"})
	ret := func(r mox.Registrering, varianter []mox.Variant) mox.Registrering {
		t.Helper()
		ud, err := r.Ret(mox.Dokument, mox.Registrering{Varianter: varianter})
		if err != nil {
			t.Fatal(err)
		}
		return ud
	}
	ny := ret(r, []mox.Variant{{VariantTekst: "pdf",
		Egenskaber: []mox.Attribut{{Felter: map[string]string{"produktion": "false"}, Virkning: mellem(3, 5)}},
		Dele:       []mox.Del{{DelTekst: "1", Egenskaber: []mox.Attribut{{Felter: map[string]string{"mimetype": "text/plain"}, Virkning: mox.Fra(tidspunkt(4))}}}}}})
	for d, want := range map[int]string{2: "true true text/html urn:x:1", 3: "false true text/html urn:x:1", 4: "false true text/plain urn:x:1", 5: "true true text/plain urn:x:1"} {
		paa := retPaa(typeAf(t, mox.Dokument), ny, tidspunkt(d))
		if got := fmt.Sprint(paa["v.pdf.produktion"], " ", paa["v.pdf.arkivering"], " ", paa["v.pdf.1.mimetype"], " ", paa["v.pdf.1.lokation"]); got != want {
			t.Errorf("day %d: %s, want %s", d, got, want)
		}
	}
	if uden := ret(ny, nil); !uden.Ens(ny) {
		t.Errorf("without varianter: %+v", uden.Varianter)
	}
	if tom := ret(ny, []mox.Variant{}); len(tom.Varianter) != 0 {
		t.Errorf("with none: %+v", tom.Varianter)
	}
}

package mox_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/conformance"
)

// tidspunkt is day n of a year.
func tidspunkt(n int) mox.Tidspunkt {
	return mox.Kl(time.Date(2026, 1, 1+n, 0, 0, 0, 0, time.UTC))
}

func mellem(fra, til int) mox.Virkning {
	return mox.Virkning{Fra: tidspunkt(fra), Til: tidspunkt(til)}
}

func typeAf(t testing.TB, navn mox.ObjektType) *mox.Type {
	t.Helper()
	ud, ok := mox.TypeAf(navn)
	if !ok {
		t.Fatalf("no type %s", navn)
	}
	return ud
}

// nySag is a valid Sag with the values laid over it from day 0.
func nySag(t testing.TB, vaerdier map[string]string) mox.Registrering {
	t.Helper()
	return nyt(t, mox.Sag, vaerdier)
}

func nyt(t testing.TB, navn mox.ObjektType, vaerdier map[string]string) mox.Registrering {
	t.Helper()
	type_ := typeAf(t, navn)
	alle := mindste(type_)
	maps.Copy(alle, vaerdier)
	r, err := mox.Registrering{LivscyklusKode: mox.Opstaaet, FraTidspunkt: dag("2026-01-01")}.Laeg(type_, alle, mox.Fra(tidspunkt(0)))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Valider(navn); err != nil {
		t.Fatal(err)
	}
	return r
}

func laeg(t testing.TB, navn mox.ObjektType, r mox.Registrering, vaerdier map[string]string, v mox.Virkning) mox.Registrering {
	t.Helper()
	ny, err := r.Laeg(typeAf(t, navn), vaerdier, v)
	if err != nil {
		t.Fatal(err)
	}
	return ny
}

// The model knows nothing of segments: it has a value for each sti on each day, and a list is a set of entries.
const (
	foersteDag = -2 // stands for minus infinity
	sidsteDag  = 12 // stands for infinity
)

type model map[string]map[int]string

func (m model) laeg(vaerdier map[string]string, fra, til int) {
	rens := map[string]bool{}
	for sti := range vaerdier {
		if l, ok := listenavn(sti); ok {
			rens[l] = true
		}
	}
	for d := fra; d < til; d++ {
		for sti := range m {
			if l, ok := listenavn(sti); ok && rens[l] {
				delete(m[sti], d)
			}
		}
		for sti, v := range vaerdier {
			m.saet(sti, v, d)
		}
	}
}

func (m model) saet(sti, v string, d int) {
	if l, ok := listenavn(sti); ok {
		if v == "" {
			return
		}
		sti, v = l+"="+v, "ja" // an entry's place in a list says nothing
	}
	if m[sti] == nil {
		m[sti] = map[int]string{}
	}
	if v == "" {
		delete(m[sti], d)
		return
	}
	m[sti][d] = v
}

func (m model) paa(d int) map[string]string {
	ud := map[string]string{}
	for sti, dage := range m {
		if v, ok := dage[d]; ok {
			ud[sti] = v
		}
	}
	return ud
}

// listenavn is the 0..n relation that a sti, or a set member, is of.
func listenavn(sti string) (string, bool) {
	rest, ok := strings.CutPrefix(sti, "relationer.")
	til := strings.IndexAny(rest, ".=")
	if !ok || til < 0 {
		return "", false
	}
	return "relationer." + rest[:til], true
}

func somModel(udfladet map[string]string) map[string]string {
	ud := map[string]string{}
	for sti, v := range udfladet {
		if l, ok := listenavn(sti); ok {
			sti, v = l+"="+v, "ja"
		}
		ud[sti] = v
	}
	return ud
}

// modelstier are some sti of the type, of every sort it has, and a 0..n relation where it has one.
func modelstier(type_ *mox.Type) (stier []string, liste string) {
	switch type_.Navn {
	case mox.Sag:
		return []string{"egenskaber.titel", "egenskaber.hjemmel", "egenskaber.principiel", "tilstande.fremdrift", "relationer.ejer", "relationer.primaerbehandler"},
			"relationer.andresager"
	case mox.Dokument:
		return []string{"egenskaber.titel", "egenskaber.major", "tilstande.fremdrift", "relationer.ejer",
			"varianter.pdf.produktion", "varianter.pdf.arkivering", "varianter.pdf.dele.1.mimetype", "varianter.papir.dele.a.b.lokation"}, "relationer.parter"
	}
	for _, f := range type_.Egenskaber().Felter[:2] {
		stier = append(stier, "egenskaber."+f.Navn)
	}
	stier = append(stier, "tilstande."+type_.Tilstande[0].Felt)
	for _, rt := range type_.Relationer {
		switch {
		case !rt.Flere && len(stier) < 6:
			stier = append(stier, "relationer."+rt.Navn)
		case rt.Flere && rt.Felter == nil:
			liste = "relationer." + rt.Navn
		}
	}
	return stier, liste
}

func tegnVaerdi(t *rapid.T, type_ *mox.Type, sti string) string {
	ja := rapid.SampledFrom([]string{"", "true", "false"})
	slags, ok := type_.StiSlags(sti)
	switch {
	case !ok:
		t.Fatalf("%s is no sti", sti)
	case slags == mox.Boolsk:
		return ja.Draw(t, sti)
	case slags == mox.Heltal:
		return rapid.SampledFrom([]string{"", "0", "7", "-12"}).Draw(t, sti)
	case strings.HasPrefix(sti, "relationer."):
		return rapid.SampledFrom([]string{"", "urn:x:1", "urn:x:2", "6a7b8c9d-0e1f-4a2b-9c3d-4e5f6a7b8c9d"}).Draw(t, sti)
	case strings.HasPrefix(sti, "tilstande."):
		return rapid.SampledFrom(append([]string{""}, type_.Tilstande[0].Vaerdi...)).Draw(t, sti)
	}
	return rapid.SampledFrom([]string{"", "a", "b", "c"}).Draw(t, sti)
}

func tegnVaerdier(t *rapid.T, type_ *mox.Type) map[string]string {
	ud := map[string]string{}
	stier, liste := modelstier(type_)
	for _, sti := range rapid.SliceOfNDistinct(rapid.SampledFrom(stier), 0, 4, rapid.ID).Draw(t, "stier") {
		ud[sti] = tegnVaerdi(t, type_, sti)
	}
	if liste != "" && rapid.Bool().Draw(t, "liste") {
		ud[liste+".0"] = "" // alone: none
		for i, ref := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"urn:x:1", "urn:x:2", "urn:x:3", "urn:x:4"}), 0, 3, rapid.ID).Draw(t, "poster") {
			ud[fmt.Sprintf("%s.%d", liste, i)] = ref
		}
	}
	return ud
}

func tegnVirkning(t *rapid.T) (v mox.Virkning, fra, til int) {
	fra = rapid.IntRange(foersteDag, sidsteDag-1).Draw(t, "fra")
	til = rapid.IntRange(fra+1, sidsteDag).Draw(t, "til")
	v = mellem(fra, til)
	if fra == foersteDag {
		v.Fra = mox.MinusUendelig
	}
	if til == sidsteDag {
		v.Til = mox.Uendelig
	}
	return medAktoer(t, v), fra, til
}

func medAktoer(t *rapid.T, v mox.Virkning) mox.Virkning {
	if hvem := rapid.SampledFrom([]string{"", "hanne", "jens"}).Draw(t, "aktoer"); hvem != "" {
		v.AktoerRef, v.AktoerTypeKode, v.NoteTekst = mox.Reference{URN: "urn:bruger:" + hvem}, "Bruger", "sagt af "+hvem
	}
	return v
}

// TestLaegMod lays random values over random times, and compares each day with the model.
func TestLaegMod(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "oio 17", "oio 26")
	for _, navn := range mox.ObjektTyper() {
		t.Run(string(navn), func(t *testing.T) {
			t.Parallel()
			type_ := typeAf(t, navn)
			rapid.Check(t, func(t *rapid.T) { laegMod(t, type_) })
		})
	}
}

func laegMod(t *rapid.T, type_ *mox.Type) {
	var r mox.Registrering
	m := model{}
	for range rapid.IntRange(1, 6).Draw(t, "skridt") {
		vaerdier := tegnVaerdier(t, type_)
		v, fra, til := tegnVirkning(t)
		foer := r.Kopi()
		ny, err := r.Laeg(type_, vaerdier, v)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(foer, r.Kopi(), sammenlignTid); d != "" {
			t.Fatalf("Laeg changed its receiver: %s", d)
		}
		m.laeg(vaerdier, fra, til)
		for d := foersteDag; d < sidsteDag; d++ {
			if diff := cmp.Diff(m.paa(d), somModel(ny.Udflad(type_, tidspunkt(d)))); diff != "" {
				t.Fatalf("day %d after laying %v over %v: -model +Laeg\n%s", d, vaerdier, v, diff)
			}
		}
		udenOverlap(t, type_, ny)
		if igen, _ := ny.Laeg(type_, vaerdier, v); !igen.Ens(ny) {
			t.Fatalf("laying the same again is a change\n%s", cmp.Diff(ny, igen, sammenlignTid))
		}
		r = ny
	}
	sigesAlt(t, type_, r)
}

var sammenlignTid = cmp.Comparer(func(a, b mox.Tidspunkt) bool { return a == b })

// sigesAlt lays what r says on one day over that day, whoever says it now: that is no change.
func sigesAlt(t *rapid.T, type_ *mox.Type, r mox.Registrering) {
	d := rapid.IntRange(foersteDag, sidsteDag-1).Draw(t, "dag")
	v := medAktoer(t, mellem(d, d+1))
	ny, err := r.Laeg(type_, r.Udflad(type_, v.Fra), v)
	if err != nil {
		t.Fatal(err)
	}
	if !ny.Ens(r) {
		t.Fatalf("saying on day %d what is said already is a change\n%s", d, cmp.Diff(r, ny, sammenlignTid))
	}
}

type fejler interface {
	Helper()
	Fatalf(string, ...any)
}

// udenOverlap demands that at most one segment of a set, a state or a 0..1 relation holds at a time, and none is empty.
func udenOverlap(t fejler, type_ *mox.Type, r mox.Registrering) {
	t.Helper()
	saet := map[string][]mox.Virkning{}
	for navn, l := range r.Attributter {
		for _, a := range l {
			saet[navn] = append(saet[navn], a.Virkning)
		}
	}
	for navn, l := range r.Tilstande {
		for _, s := range l {
			saet[navn] = append(saet[navn], s.Virkning)
		}
	}
	for navn, l := range r.Relationer {
		for _, rel := range l {
			noegle := fmt.Sprint(navn, rel.Indeks)
			if rt, ok := type_.Relation(navn); ok && rt.Flere {
				noegle = fmt.Sprint(navn, rel.Indeks, rel.Reference)
			}
			saet[noegle] = append(saet[noegle], rel.Virkning)
		}
	}
	for navn, l := range saet {
		for i, v := range l {
			if v.Fra.Sammenlign(v.Til) >= 0 {
				t.Fatalf("%s[%d] is empty: %v", navn, i, v)
			}
			if j := slices.IndexFunc(l[:i], v.Overlapper); j >= 0 {
				t.Fatalf("%s[%d] and [%d] overlap: %v", navn, j, i, l)
			}
		}
	}
}

// TestEnsForm shows what says nothing: the order of segments and entries, a cut between two that are alike, nil or empty.
func TestEnsForm(t *testing.T) {
	t.Parallel()
	a := nyt(t, mox.Dokument, map[string]string{
		"relationer.parter.0": "urn:x:1", "relationer.parter.1": "urn:x:2", "relationer.ejer": "urn:x:3",
		"varianter.a.produktion": "true", "varianter.b.produktion": "true", "varianter.a.dele.1.mimetype": "x", "varianter.a.dele.2.mimetype": "y",
	})
	a = laeg(t, mox.Dokument, a, map[string]string{"egenskaber.titel": "ny", "tilstande.fremdrift": "Fordelt"}, mox.Fra(tidspunkt(5)))
	b := a.Kopi()
	slices.Reverse(b.Attributter["dokumentegenskaber"])
	slices.Reverse(b.Tilstande["dokumentfremdrift"])
	slices.Reverse(b.Relationer["parter"])
	slices.Reverse(b.Varianter)
	slices.Reverse(b.Varianter[1].Dele)
	b.Relationer["parter"][0].Felter = map[string]string{}
	b.Relationer["bilag"] = []mox.Relation{}
	b.Varianter[0].Dele = []mox.Del{}
	ejer := b.Relationer["ejer"][0]
	foer, efter := ejer, ejer
	foer.Virkning.Til, efter.Virkning.Fra = tidspunkt(3), tidspunkt(3)
	b.Relationer["ejer"] = []mox.Relation{efter, foer}
	b.NoteTekst, b.LivscyklusKode, b.BrugerRef, b.FraTidspunkt = "note", mox.Rettet, mox.Reference{URN: "urn:x:9"}, time.Now()
	if !a.Ens(b) || !b.Ens(a) {
		t.Error("the same content in another order is another content")
	}
	if len(b.Attributter["dokumentegenskaber"]) != 2 || b.Attributter["dokumentegenskaber"][0].Felter["titel"] != "ny" {
		t.Error("Ens reordered its argument")
	}
	for navn, aendr := range map[string]func(*mox.Registrering){
		"attribut":   func(r *mox.Registrering) { r.Attributter["dokumentegenskaber"][0].Felter["titel"] = "andet" },
		"virkning":   func(r *mox.Registrering) { r.Tilstande["dokumentfremdrift"][0].Virkning.Til = tidspunkt(4) },
		"reference":  func(r *mox.Registrering) { r.Relationer["parter"][1].Reference.URN = "urn:x:8" },
		"objekttype": func(r *mox.Registrering) { r.Relationer["parter"][1].ObjektType = "Virksomhed" },
		"post væk":   func(r *mox.Registrering) { r.Relationer["parter"] = r.Relationer["parter"][1:] },
		"variant":    func(r *mox.Registrering) { r.Varianter[0].VariantTekst = "c" },
		"del":        func(r *mox.Registrering) { r.Varianter[0].Dele[0].Egenskaber[0].Felter["mimetype"] = "z" },
		"aktør":      func(r *mox.Registrering) { r.Relationer["ejer"][0].Virkning.NoteTekst = "noget" },
	} {
		c := a.Kopi()
		if aendr(&c); a.Ens(c) {
			t.Errorf("%s: a change is not seen", navn)
		}
	}
}

// TestLaegBeholder shows that who said a thing, and what kind of objekt it points to, survives being said again.
func TestLaegBeholder(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 56")
	v := mox.Fra(tidspunkt(0))
	v.AktoerRef, v.AktoerTypeKode, v.NoteTekst = mox.Reference{URN: "urn:bruger:hanne"}, "Bruger", "telefonisk"
	r := laeg(t, mox.Sag, nySag(t, nil), map[string]string{"egenskaber.hjemmel": "§ 16", "relationer.ejer": "urn:x:1", "relationer.andresager.0": "urn:x:2"}, v)
	r.Relationer["ejer"][0].ObjektType = "Virksomhed"
	r.Relationer["andresager"][0].ObjektType = "Klasse"
	r = laeg(t, mox.Sag, r, map[string]string{"egenskaber.hjemmel": "§ 16", "relationer.ejer": "urn:x:1", "relationer.andresager.0": "urn:x:2"}, mox.Fra(tidspunkt(5)))
	if s := r.Attributter["sagegenskaber"]; len(s) != 1 || s[0].Virkning != v {
		t.Errorf("egenskaber: %+v", s)
	}
	if e := r.Relationer["ejer"]; len(e) != 1 || e[0].Virkning != v || e[0].ObjektType != "Virksomhed" {
		t.Errorf("ejer: %+v", e)
	}
	// a new entry before the old one: the old keeps its indeks, its type and its virkning
	r = laeg(t, mox.Sag, r, map[string]string{"relationer.andresager.0": "urn:x:3", "relationer.andresager.1": "urn:x:2"}, mox.Fra(tidspunkt(5)))
	want := []mox.Relation{
		{Reference: mox.Reference{URN: "urn:x:2"}, ObjektType: "Klasse", Indeks: 1, Virkning: v},
		{Reference: mox.Reference{URN: "urn:x:3"}, ObjektType: "Sag", Indeks: 2, Virkning: mox.Fra(tidspunkt(5))},
	}
	if d := cmp.Diff(want, r.Relationer["andresager"], sammenlignTid); d != "" {
		t.Error(d)
	}
}

// TestLaegEnPost shows an indexed entry whose own fields change: it stays the entry it was.
func TestLaegEnPost(t *testing.T) {
	t.Parallel()
	post := func(nr, ref, titel string) map[string]string {
		sti := "relationer.journalpost." + nr
		return map[string]string{sti: ref, sti + ".journalpostkode": "tilakteretdokument", sti + ".journaldokument.dokumenttitel": titel}
	}
	begge := post("0", "urn:d:1", "Ansøgning")
	maps.Copy(begge, post("1", "urn:d:2", "Tegning"))
	r := nySag(t, begge)
	r = laeg(t, mox.Sag, r, post("0", "urn:d:2", "Tegning, rettet"), mox.Fra(tidspunkt(5)))
	type kort struct {
		URN, Titel string
		Indeks     int
		Fra, Til   mox.Tidspunkt
	}
	var har []kort
	for _, p := range r.Relationer["journalpost"] {
		har = append(har, kort{p.Reference.URN, p.Felter["journaldokument.dokumenttitel"], p.Indeks, p.Virkning.Fra, p.Virkning.Til})
	}
	want := []kort{
		{"urn:d:1", "Ansøgning", 1, tidspunkt(0), tidspunkt(5)},
		{"urn:d:2", "Tegning", 2, tidspunkt(0), tidspunkt(5)},
		{"urn:d:2", "Tegning, rettet", 2, tidspunkt(5), mox.Uendelig},
	}
	if d := cmp.Diff(want, har, sammenlignTid); d != "" {
		t.Error(d)
	}
}

func TestGaeldendeFra(t *testing.T) {
	t.Parallel()
	sag := typeAf(t, mox.Sag)
	r := laeg(t, mox.Sag, nySag(t, nil), map[string]string{"egenskaber.titel": "ny"}, mellem(3, 5))
	for d, want := range map[int]int{-1: -1, 0: 0, 2: 0, 3: 3, 4: 3, 5: 5, 9: 5} {
		if got := r.GaeldendeFra(sag, tidspunkt(d)); got != tidspunkt(want) {
			t.Errorf("on day %d: from %v", d, got)
		}
	}
}

func TestSomAf(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "oio 12", "oio 29")
	rapid.Check(t, func(t *rapid.T) {
		dage := rapid.SliceOfNDistinct(rapid.IntRange(0, 20), 0, 8, rapid.ID).Draw(t, "dage")
		var historik []mox.Registrering
		for _, d := range dage {
			tid, _ := tidspunkt(d).Tid()
			historik = append(historik, mox.Registrering{FraTidspunkt: tid, NoteTekst: fmt.Sprint(d)})
		}
		for d := -1; d <= 21; d++ {
			tid, _ := tidspunkt(d).Tid()
			r, ok := mox.SomAf(historik, tid)
			foer := slices.DeleteFunc(slices.Clone(dage), func(x int) bool { return x > d })
			if ok != (len(foer) > 0) {
				t.Fatalf("day %d: %v", d, ok)
			}
			if ok && r.NoteTekst != fmt.Sprint(slices.Max(foer)) {
				t.Fatalf("day %d: got the one of day %s", d, r.NoteTekst)
			}
		}
	})
	// of two from the same moment, which cannot be, the later told
	tid := dag("2026-01-01")
	if r, _ := mox.SomAf([]mox.Registrering{{FraTidspunkt: tid, NoteTekst: "1"}, {FraTidspunkt: tid, NoteTekst: "2"}}, tid); r.NoteTekst != "2" {
		t.Errorf("got %s", r.NoteTekst)
	}
}

// TestPaa shows a moment of virkningstid: what holds then, with its whole virkning, at every level.
func TestPaa(t *testing.T) {
	t.Parallel()
	r := nyt(t, mox.Dokument, map[string]string{"varianter.pdf.produktion": "true", "varianter.pdf.dele.1.mimetype": "x", "relationer.parter.0": "urn:x:1"})
	r.Varianter[0].Dele[0].Relationer = map[string][]mox.Relation{"underredigeringaf": {{Reference: mox.Reference{URN: "urn:x:1"}, Virkning: mellem(0, 3)}}}
	r = laeg(t, mox.Dokument, r, map[string]string{"varianter.pdf.produktion": "false", "varianter.pdf.dele.1.mimetype": "y", "relationer.parter.0": ""}, mellem(5, 7))
	foer, i := r.Paa(tidspunkt(2)), r.Paa(tidspunkt(5))
	if v := foer.Varianter[0]; v.Egenskaber[0].Felter["produktion"] != "true" || v.Egenskaber[0].Virkning != mellem(0, 5) ||
		len(v.Dele[0].Relationer["underredigeringaf"]) != 1 || len(foer.Relationer["parter"]) != 1 {
		t.Errorf("day 2: %+v", foer)
	}
	if v := i.Varianter[0]; v.Egenskaber[0].Felter["produktion"] != "false" || v.Dele[0].Egenskaber[0].Felter["mimetype"] != "y" ||
		len(v.Dele[0].Relationer) != 0 || len(i.Relationer) != 0 {
		t.Errorf("day 5: %+v", i)
	}
	if tom := r.Paa(tidspunkt(-1)); len(tom.Attributter)+len(tom.Tilstande)+len(tom.Relationer) != 0 {
		t.Errorf("before the beginning: %+v", tom)
	}
	if len(r.Varianter[0].Egenskaber) != 3 {
		t.Error("Paa changed its receiver")
	}
}

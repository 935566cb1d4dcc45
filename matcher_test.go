package mox_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/conformance"
)

func tegnVilkaar(t *rapid.T, dybde int) map[string]any {
	valg := []string{"objekttype", "livscykluskode", "opgaveemne", "myndighed", "procesID", "relateret.primaerpart", "beskedtype", "tid", "findes", "liste"}
	if dybde > 0 {
		valg = append(valg, "alle", "en af", "ikke")
	}
	ud := map[string]any{}
	for _, navn := range rapid.SliceOfNDistinct(rapid.SampledFrom(valg), 1, 3, rapid.ID).Draw(t, "nøgler") {
		switch navn {
		case "alle", "en af":
			var l []any
			for range rapid.IntRange(1, 3).Draw(t, "antal") {
				l = append(l, tegnVilkaar(t, dybde-1))
			}
			ud[navn] = l
		case "ikke":
			ud[navn] = tegnVilkaar(t, dybde-1)
		case "tid":
			ud["registreringstid"] = map[string]any{"fra": rapid.SampledFrom([]string{"2026-01-01T00:00:00Z", "2026-03-02T00:00:00Z", "2026-06-01T00:00:00Z"}).Draw(t, "fra")}
		case "liste":
			ud[rapid.SampledFrom([]string{"relateret", "tilstand"}).Draw(t, "nøgle")] = map[string]any{"liste": rapid.SampledFrom([]string{"a", "b", "ukendt"}).Draw(t, "liste")}
		case "findes":
			ud["foelsomhed"] = map[string]any{"findes": rapid.Bool().Draw(t, "ja")}
		default:
			var l []any
			for _, v := range rapid.SliceOfNDistinct(rapid.SampledFrom(filtervaerdier[navn]), 1, 3, rapid.ID).Draw(t, navn) {
				l = append(l, v)
			}
			ud[navn] = l
		}
	}
	return ud
}

var filtervaerdier = map[string][]string{
	"objekttype":            {"Sag", "Dokument"},
	"livscykluskode":        {"Opstaaet", "Rettet", "Slettet"},
	"opgaveemne":            {"02.34.02", "02.34.*", "02.*", "27.*", "27.03.00", "*"},
	"myndighed":             {"urn:oio:cvr:1", "urn:oio:cvr-nr:2", "urn:oio:cvr-nr:1"},
	"procesID":              {"p1", "p2", "p3"},
	"relateret.primaerpart": {"urn:x:1", "urn:x:2"},
	"beskedtype":            {"Sag.Rettet", "Kvittering"},
}

var proevelister = lister{"a": {"urn:x:1", "Oplyst"}, "b": {"urn:x:2"}}

func tegnBesked(t *rapid.T) mox.Besked {
	en := func(navn string, v ...string) string { return rapid.SampledFrom(append(v, "")).Draw(t, navn) }
	b := mox.Besked{ID: "urn:x:b", Type: rapid.SampledFrom([]string{"Sag.Rettet", "Sag.Opstaaet", "Kvittering"}).Draw(t, "type"),
		ObjektType: mox.ObjektType(en("objekttype", "Sag", "Dokument")), LivscyklusKode: mox.LivscyklusKode(en("kode", "Opstaaet", "Rettet")),
		Tilstand: en("tilstand", "Oplyst", "Afgjort"), Opgaveemne: en("emne", "02.34.02", "02.34.05", "27.03.00", "27"), Myndighed: en("myndighed", "urn:oio:cvr:1", "urn:oio:cvr-nr:1", "urn:oio:cvr-nr:2"),
		Foelsomhed: en("følsomhed", "x"), ProcesID: rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"p1", "p2", "p4"}), 0, 2, rapid.ID).Draw(t, "proces"),
		TilladtModtager: rapid.SliceOfN(rapid.SampledFrom([]string{"urn:oio:cvr:1", "urn:oio:cvr-nr:2"}), 0, 2).Draw(t, "tilladt")}
	if rapid.Bool().Draw(t, "tid") {
		b.Registreringstid = dag("2026-03-02")
	}
	if id := en("relateret", "urn:x:1", "urn:x:3"); id != "" {
		b.Relateret = []mox.Relateret{{Rolle: "primaerpart", ID: id}, {Rolle: "andet", ID: "urn:x:2"}}
	}
	return b
}

func tegnAbonnementer(t *rapid.T) []mox.Abonnement {
	var ud []mox.Abonnement
	for i := range rapid.IntRange(0, 12).Draw(t, "abonnementer") {
		f, fejl := mox.LaesFilter(tegnVilkaar(t, 2))
		if len(fejl) > 0 {
			f = mox.Filter{} // contradicts itself: take all instead
		}
		ud = append(ud, mox.Abonnement{ID: mox.AbonnementID(fmt.Sprintf("a%02d", 20-i)), Filter: f,
			Modtager: rapid.SampledFrom([]string{"", "urn:oio:cvr:1", "urn:oio:cvr:2", "urn:oio:cvr-nr:1"}).Draw(t, "modtager")})
	}
	return ud
}

// naivt is what a Matcher gives, without an index: every abonnement is asked. The CVR numbers here differ in their last digit.
func naivt(abonnementer []mox.Abonnement, b *mox.Besked) []mox.AbonnementID {
	ud := []mox.AbonnementID{}
	for _, a := range abonnementer {
		tilladt := len(b.TilladtModtager) == 0
		for _, m := range b.TilladtModtager {
			tilladt = tilladt || a.Modtager != "" && m[len(m)-1] == a.Modtager[len(a.Modtager)-1]
		}
		if tilladt && a.Filter.Med(proevelister).Match(b.Metadata()) {
			ud = append(ud, a.ID)
		}
	}
	slices.Sort(ud)
	return ud
}

func ider(l []*mox.Abonnement) []mox.AbonnementID {
	ud := []mox.AbonnementID{}
	for _, a := range l {
		ud = append(ud, a.ID)
	}
	return ud
}

// TestMatcherSomNaivt shows that the index changes nothing but the time it takes: the same abonnementer, each once, in order.
func TestMatcherSomNaivt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		abonnementer := tegnAbonnementer(t)
		m := mox.NyMatcher(abonnementer).Med(proevelister)
		for range 3 {
			b := tegnBesked(t)
			if d := cmp.Diff(naivt(abonnementer, &b), ider(m.Match(&b))); d != "" {
				t.Fatalf("-naive +Matcher\n%s\n%+v", d, b)
			}
		}
	})
}

// TestMatcherTreFiltre has one besked that fits three filters, in several ways each.
func TestMatcherTreFiltre(t *testing.T) {
	t.Parallel()
	m := mox.NyMatcher([]mox.Abonnement{
		{ID: "c", Filter: laesFilter(t, `{"procesID": ["p-1", "p-2"]}`)},
		{ID: "a", Filter: laesFilter(t, `{"opgaveemne": ["02.*", "02.34.*", "02.34.02"]}`)},
		{ID: "b"},
		{ID: "d", Filter: laesFilter(t, `{"objekttype": "Dokument"}`)},
	})
	b := byggesag()
	if d := cmp.Diff([]mox.AbonnementID{"a", "b", "c"}, ider(m.Match(&b))); d != "" {
		t.Error(d)
	}
	ingen := mox.NyMatcher(nil)
	if got := ingen.Match(&b); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

// TestTilladtModtager shows who may receive: the authorities named, in either spelling, and no one whose is unknown.
func TestTilladtModtager(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 8")
	m := mox.NyMatcher([]mox.Abonnement{
		{ID: "ny", Modtager: "urn:oio:cvr:12345678"}, {ID: "gammel", Modtager: "urn:oio:cvr-nr:12345678"},
		{ID: "anden", Modtager: "urn:oio:cvr:87654321"}, {ID: "ukendt"},
	})
	for _, c := range []struct {
		tilladt []string
		want    []mox.AbonnementID
	}{
		{nil, []mox.AbonnementID{"anden", "gammel", "ny", "ukendt"}},
		{[]string{"urn:oio:cvr-nr:12345678"}, []mox.AbonnementID{"gammel", "ny"}},
		{[]string{"urn:oio:cvr:12345678"}, []mox.AbonnementID{"gammel", "ny"}},
		{[]string{"urn:oio:cvr:1", "urn:oio:cvr:87654321"}, []mox.AbonnementID{"anden"}},
		{[]string{""}, []mox.AbonnementID{}},
	} {
		b := byggesag()
		b.TilladtModtager = c.tilladt
		if d := cmp.Diff(c.want, ider(m.Match(&b))); d != "" {
			t.Errorf("%v: %s", c.tilladt, d)
		}
	}
}

package mox_test

import (
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/conformance"
)

// TestLivscyklus walks every pair of codes. The list is the table of oio 1.5, written off.
func TestLivscyklus(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 10")
	maa := map[[2]mox.LivscyklusKode]bool{
		{"", "Opstaaet"}: true, {"", "Importeret"}: true,
		{"Opstaaet", "Rettet"}: true, {"Opstaaet", "Passiveret"}: true, {"Opstaaet", "Slettet"}: true,
		{"Importeret", "Rettet"}: true, {"Importeret", "Passiveret"}: true, {"Importeret", "Slettet"}: true,
		{"Rettet", "Rettet"}: true, {"Rettet", "Passiveret"}: true, {"Rettet", "Slettet"}: true,
		{"Passiveret", "Importeret"}: true, {"Passiveret", "Slettet"}: true,
		{"Slettet", "Importeret"}: true,
	}
	alle := append(mox.LivscyklusKoder(), "", "Oprettet", "Ukendt", "rettet")
	if len(alle) != 9 {
		t.Fatalf("%d codes", len(alle)-4)
	}
	for _, fra := range alle {
		for _, til := range alle {
			if til.MaaFoelge(fra) != maa[[2]mox.LivscyklusKode{fra, til}] {
				t.Errorf("%q after %q: %v", til, fra, til.MaaFoelge(fra))
			}
		}
	}
}

func TestLaesLivscyklusKode(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]mox.LivscyklusKode{"Opstaaet": mox.Opstaaet, "Importeret": mox.Importeret, "Rettet": mox.Rettet,
		"Passiveret": mox.Passiveret, "Slettet": mox.Slettet, "Oprettet": mox.Opstaaet} {
		if k, ok := mox.LaesLivscyklusKode(s); !ok || k != want {
			t.Errorf("%s: %s, %v", s, k, ok)
		}
	}
	for _, s := range []string{"", "rettet", "Opstået", "Aendret"} {
		if k, ok := mox.LaesLivscyklusKode(s); ok {
			t.Errorf("%q is read as %s", s, k)
		}
	}
}

// TestKopi changes every level of a copy.
func TestKopi(t *testing.T) {
	t.Parallel()
	a := nyt(t, mox.Dokument, map[string]string{"relationer.parter.0": "urn:x:1", "varianter.a.produktion": "true", "varianter.a.dele.1.mimetype": "x"})
	a.Relationer["parter"][0].Felter = map[string]string{"felt": "1"}
	a.Varianter[0].Dele[0].Relationer = map[string][]mox.Relation{"underredigeringaf": {{Reference: mox.Reference{URN: "urn:x:1"}, Virkning: mellem(0, 3)}}}
	b, c := a.Kopi(), a.Kopi()
	b.Attributter["dokumentegenskaber"][0].Felter["titel"] = "?"
	b.Tilstande["dokumentfremdrift"][0].Vaerdi = "?"
	b.Relationer["parter"][0].Felter["felt"] = "?"
	b.Relationer["parter"][0].Reference.URN = "?"
	b.Varianter[0].Egenskaber[0].Felter["produktion"] = "?"
	b.Varianter[0].Dele[0].Egenskaber[0].Felter["mimetype"] = "?"
	b.Varianter[0].Dele[0].Relationer["underredigeringaf"][0].Reference.URN = "?"
	b.Varianter[0].Dele[0].DelTekst = "?"
	b.Varianter[0].VariantTekst = "?"
	if !a.Ens(c) || a.Ens(b) {
		t.Error("a change to a copy reached the original")
	}
}

package distributor_test

import (
	"slices"
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/store"
)

// TestEtAbonnementAfproevesFoerDetErDer: against what has come, with lists that nobody uses yet; and nothing is changed by it.
func TestEtAbonnementAfproevesFoerDetErDer(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer()
		p.nyListe("borgere", "relateret", "0101700001")
		p.accept(besked(borger("0101700001")))
		p.accept(besked(borger("0101700002")))
		p.accept(besked(borger("0101700001"), func(b *mox.Besked) { b.TilladtModtager = []string{"urn:oio:cvr-nr:11111111"} }))
		ab := trukket("omsorg", kunHvor(iListen("relateret.primaerpart", "borgere")))
		if hvad, err := p.d.KanOprettes(p.Context(), ab, false); err != nil || hvad != "opret" {
			p.Errorf("%q %v", hvad, err)
		}
		l, err := p.d.AfproevAbonnement(p.Context(), ab, 10)
		p.maa(err)
		var svar []string
		for _, x := range l {
			svar = append(svar, x.Nu.Grund)
			if x.Nu.Fik != (x.Nu.Grund == "filteret passer") || x.Nu.Leveret != "" || x.Besked.Indhold != nil || len(x.Nu.Betingelser) != 1 {
				p.Errorf("%+v", x)
			}
		}
		if vil := []string{"modtagerens myndighed er ikke blandt beskedens tilladtmodtager", "filteret passer ikke", "filteret passer"}; !slices.Equal(svar, vil) {
			p.Errorf("%q", svar)
		}
		f, err := p.d.ProevFilter(p.Context(), ab.Filter, 10)
		p.maa(err)
		if f.Set != 3 || f.Passer != 2 {
			p.Errorf("%+v", f)
		}
		if len(p.d.Abonnementer()) != 0 {
			p.Errorf("%+v", p.d.Abonnementer())
		}
	})
}

// TestDetDerSketeOgDetDerVilSke is told apart: the filter has been changed since the beskeder came.
func TestDetDerSketeOgDetDerVilSke(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer()
		p.accept(besked())
		byg := trukket("esdh.byg", kunHvor(map[string]any{"opgaveemne": "02.*"}))
		p.maa(p.opretEn(byg))
		p.accept(besked(func(b *mox.Besked) { b.Opgaveemne = "02.34.02" }))
		p.accept(besked(func(b *mox.Besked) { b.Opgaveemne = "27.00.00" }))
		byg.Filter = filter(map[string]any{"opgaveemne": "27.*"})
		_, err := p.d.OpretAbonnement(p.Context(), byg, true, person)
		p.maa(err)
		l, err := p.d.AfproevAbonnement(p.Context(), byg, 10)
		p.maa(err)
		type svar struct {
			fik     bool
			leveret mox.LeveranceTilstand
			da      string
		}
		var fik []svar
		for _, x := range l {
			fik = append(fik, svar{x.Nu.Fik, x.Nu.Leveret, x.Da})
		}
		if vil := []svar{{true, "", "filteret passer ikke"}, {false, mox.Afventer, "filteret passer"}, {false, "", ""}}; !slices.Equal(fik, vil) {
			p.Errorf("%+v", fik)
		}
	})
}

// TestUdgaverne of an abonnement, the newest first; what others change makes none.
func TestUdgaverne(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer()
		ab := trukket("esdh.byg", kunHvor(map[string]any{"opgaveemne": "02.*"}))
		p.maa(p.opretEn(ab))
		p.maa(p.opretEn(trukket("andet.alt")))
		p.nyListe("emner", "opgaveemne", "27.*")
		ab.Filter = filter(iListen("opgaveemne", "emner"))
		_, err := p.d.OpretAbonnement(p.Context(), ab, true, person)
		p.maa(err)
		p.listen("emner", distributor.ListeTilfoej, "28.*")
		p.maa(p.d.LukAbonnement(p.Context(), "andet.alt", true, person))
		l, err := p.d.Udgaver(p.Context(), "esdh.byg")
		p.maa(err)
		if len(l) != 2 || len(l[0].Abonnement.Filter.Lister()) != 1 || len(l[1].Abonnement.Filter.Lister()) != 0 || l[0].Fra.Before(l[1].Fra) || l[0].Version <= l[1].Version {
			p.Errorf("%+v", l)
		}
		if l, err = p.d.Udgaver(p.Context(), "findes.ikke"); err != nil || len(l) != 0 {
			p.Errorf("%+v %v", l, err)
		}
		lukkede, err := p.d.LukkedeAbonnementer(p.Context())
		p.maa(err)
		if len(lukkede) != 1 || lukkede[0].Abonnement.ID != "andet.alt" || lukkede[0].Lukket.IsZero() {
			p.Errorf("%+v", lukkede)
		}
	})
}

// TestKanOprettesSigerSomOpret would.
func TestKanOprettesSigerSomOpret(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("agentens"))
		p.maa(p.opretEn(trukket("esdh.byg")))
		aendret := trukket("esdh.byg", kunHvor(map[string]any{"objekttype": "Sag"}))
		for navn, x := range map[string]struct {
			a     mox.Abonnement
			aendr bool
			hvad  string
			kode  mox.Kode
		}{
			"det samme":     {trukket("esdh.byg"), true, "", ""},
			"ret":           {aendret, true, "ret", ""},
			"findes":        {aendret, false, "", mox.KodeKonflikt},
			"agentens":      {trukket("agentens"), false, "", mox.KodeKonflikt},
			"et andet":      {trukket("esdh.byg", hos("andet")), true, "", mox.KodeKonflikt},
			"ugyldigt":      {trukket("Æ"), false, "", mox.KodeUgyldig},
			"ukendt liste":  {trukket("nyt", kunHvor(iListen("opgaveemne", "ingen"))), false, "", mox.KodeUgyldig},
			"et helt nyt":   {trukket("nyt"), false, "opret", ""},
			"nyt med aendr": {trukket("nyt"), true, "opret", ""},
		} {
			hvad, err := p.d.KanOprettes(p.Context(), x.a, x.aendr)
			if hvad != x.hvad || mox.KodeAf(err) != x.kode && err != nil || (err == nil) != (x.kode == "") {
				p.Errorf("%s: %q %v", navn, hvad, err)
			}
		}
	})
}

// TestEnListeTaellesFoerDenAendres: the counts are those of the change itself, for each kind of it.
func TestEnListeTaellesFoerDenAendres(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.nyListe("borgere", "relateret", "0101700001", "0101700002", "0101700003")
		for _, hvad := range []distributor.Listeaendring{distributor.ListeTilfoej, distributor.ListeFjern, distributor.ListeErstat} {
			nye := []string{"0101700003", "010170-0003", "", "0101700004", "0101700001"}
			proevet, err := p.d.ProevListe(p.Context(), "borgere", hvad, vaerdier(nye...))
			p.maa(err)
			gjort := p.listen("borgere", hvad, nye...)
			gjort.Version--
			if proevet != gjort {
				p.Errorf("%s: counted %+v, did %+v", hvad, proevet, gjort)
			}
		}
		_, err := p.d.ProevListe(p.Context(), "borgere", distributor.ListeTilfoej, vaerdier("Hans"))
		p.kode(err, mox.KodeUgyldig)
		_, err = p.d.ProevListe(p.Context(), "ingen", distributor.ListeTilfoej, vaerdier())
		p.kode(err, mox.KodeIkkeFundet)
	})
}

// TestStaarDenIListen asks as a filter does, and about somebody only with a reason, which is logged by the pseudonym.
func TestStaarDenIListen(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.nyListe("borgere", "relateret", "0101700001")
		p.nyListe("emner", "opgaveemne", "27.*", "02.34.02")
		uden := distributor.Hvem{Navn: "Kirsten"}
		for _, x := range []struct {
			liste, vaerdi string
			h             distributor.Hvem
			ja            bool
			kode          mox.Kode
		}{
			{"emner", "27.03.08", uden, true, ""}, {"emner", "02.34.02", uden, true, ""}, {"emner", "02.34", uden, false, ""}, {"borgere", "010170-0001", person, true, ""},
			{"borgere", "urn:oio:cpr-nr:0101700002", person, false, ""}, {"borgere", "0101700001", uden, false, mox.KodeUgyldig}, {"borgere", "Hans", person, false, mox.KodeUgyldig},
			{"ingen", "x", person, false, mox.KodeIkkeFundet},
		} {
			ja, err := p.d.IListen(p.Context(), x.liste, x.vaerdi, x.h)
			if ja != x.ja || (err == nil) != (x.kode == "") || err != nil && mox.KodeAf(err) != x.kode {
				p.Errorf("%+v: %v %v", x, ja, err)
			}
		}
		var l []store.Handling
		p.maa(p.d.Store().View(p.Context(), func(tx *store.Tx) (err error) {
			l, err = tx.Handlinger("person "+p.d.Store().Pseudonym("urn:oio:cpr-nr:0101700001"), 10)
			return err
		}))
		if len(l) != 1 || l[0].Hvad != "slaa-op-i-liste" || l[0].Begrundelse == "" {
			p.Errorf("%+v", l)
		}
	})
}

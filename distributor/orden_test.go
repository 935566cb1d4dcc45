package distributor_test

import (
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/store"
)

// koe is three beskeder about sagA and one about sagB, accepted in that order.
func (p *proeve) koe() (a1, a2, a3, b1 int64) {
	p.Helper()
	nr := func(id mox.ObjektID) int64 { return p.accept(besked(om(id))).Nr }
	return nr(sagA), nr(sagA), nr(sagA), nr(sagB)
}

func (p *proeve) blokeret(id mox.AbonnementID) int {
	p.Helper()
	o, err := p.d.Overblik(p.Context())
	p.maa(err)
	return o.Stande[id].Blokeret
}

func TestEtObjektsBeskederLeveresEnAdGangenIRaekkefoelge(t *testing.T) {
	conformance.Proves(t, "mox 36")
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"))
		a1, a2, a3, b1 := p.koe()
		ens(p, "blokeret", p.blokeret("esdh"), 2)
		w := p.claim("esdh", 10)
		ens(p, "klar", len(w), 2)
		p.ingen("esdh")
		p.leveret(w[1])
		p.ingen("esdh")
		p.leveret(w[0])
		for _, nr := range []int64{a2, a3} {
			p.leveret(p.en("esdh"))
			p.staar(nr, "esdh.1 Leveret")
		}
		p.staar(a1, "esdh.1 Leveret")
		p.staar(b1, "esdh.1 Leveret")
		ens(p, "blokeret", p.blokeret("esdh"), 0)
	})
}

func TestDenDerIkkeErLoestHolderKunSitEgetObjektTilbage(t *testing.T) {
	conformance.Proves(t, "mox 43")
	for _, c := range []struct {
		navn     string
		med      func(*mox.Abonnement)
		udfald   mox.Udfald
		tilstand string
	}{
		{"Udsat", func(*mox.Abonnement) {}, mox.Udfald{Resultat: mox.ResMidlertidig, Efter: 1e12}, "esdh.1 Udsat"},
		{"Parkeret", func(*mox.Abonnement) {}, mox.Udfald{Resultat: mox.ResAfvist}, "esdh.1 Parkeret"},
		{"Uvis", uigentagelig, mox.Udfald{Resultat: mox.ResUkendt}, "esdh.1 Uvis"},
	} {
		t.Run(c.navn, func(t *testing.T) {
			paaBegge(t, func(p *proeve) {
				p.konfigurer(ab("esdh", c.med))
				a1, a2, a3, b1 := p.koe()
				w := p.claim("esdh", 10)
				p.afslut(w[0], c.udfald)
				p.leveret(w[1])
				p.ingen("esdh")
				p.staar(a1, c.tilstand)
				p.staar(a2, "[esdh.1 Afventer]")
				p.staar(a3, "[esdh.1 Afventer]")
				p.staar(b1, "esdh.1 Leveret")
				ens(p, "blokeret", p.blokeret("esdh"), 2)
				p.accept(besked(om(sagB)))
				p.leveret(p.en("esdh"))
			})
		})
	}
}

func TestUdenOrdenVenterIngenPaaAndre(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh", func(a *mox.Abonnement) { a.Orden = mox.OrdenIngen }))
		p.koe()
		w := p.claim("esdh", 10)
		ens(p, "klar", len(w), 4)
		p.afvist(w[0])
		p.accept(besked())
		p.leveret(p.en("esdh"))
		ens(p, "blokeret", p.blokeret("esdh"), 0)
	})
}

func TestNaarEnPersonHarLukketDenParkeredeGaarDenNaeste(t *testing.T) {
	conformance.Proves(t, "mox 45")
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"))
		a1, a2, _, _ := p.koe()
		w := p.claim("esdh", 10)
		p.afvist(w[0])
		p.leveret(w[1])
		klar := p.d.Klar("esdh")
		v, err := p.d.Luk(p.Context(), store.Udvalg{Fejl: []int64{p.enFejl().ID}}, person, false)
		p.maa(err)
		ens(p, "udført", v.Udfoert, 1)
		p.vaekket(klar)
		p.staar(a1, "esdh.1 Annulleret")
		p.leveret(p.en("esdh"))
		p.staar(a2, "esdh.1 Leveret")
	})
}

func TestRettetBeskedTagerDenParkeredesPladsIKoeen(t *testing.T) {
	conformance.Proves(t, "mox 45")
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh", kunSager))
		a1 := p.accept(besked(medIndhold(sag("Carpott"))))
		a2 := p.accept(besked())
		p.afvist(p.en("esdh"))
		f := p.enFejl()
		klar := p.d.Klar("esdh")
		id, err := p.d.RetOgSend(p.Context(), f.ID, map[string]string{"egenskaber.titel": "Carport"}, person)
		p.maa(err)
		p.vaekket(klar)
		p.staar(a1.Nr, "esdh.1 Annulleret")
		p.staar(a2.Nr, "[esdh.1 Afventer]")
		w := p.en("esdh")
		ens(p, "den rettede først", w.Besked.ID, id)
		ens(p, "forårsaget af", w.Besked.ForaarsagetAf, a1.BeskedID)
		p.leveret(w)
		ens(p, "så den næste", p.en("esdh").Besked.ID, a2.BeskedID)

		rettet := p.forloeb(string(id)).Beskeder[0].Besked
		ens(p, "afsender", rettet.Afsender, distributor.MOX)
		original := p.forloeb(string(a1.BeskedID)).Beskeder[0]
		if string(original.Besked.Indhold) == string(rettet.Indhold) {
			p.Error("indholdet blev ikke rettet")
		}
		ens(p, "fejlen er lukket ved", original.Leverancer[0].Fejl[0].LukketVed, "ret-og-send")
	})
}

// A correction is the same step in the chain as what it corrects: a person has seen it.
func TestRettetBeskedErIkkeEtLedTilIKaeden(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh", kunSager))
		a := p.accept(besked(om(mox.ObjektID(mox.NyUUID()))))
		for range 8 {
			a = p.accept(besked(medIndhold(sag("Carpott")), foraarsagetAf(a.BeskedID)))
			if p.tilstande(a.Nr)[0] == "esdh.1 Afventer" {
				for _, w := range p.claim("esdh", 10) {
					if w.Besked.ID != a.BeskedID || !p.sidsteLed(a.Nr) {
						p.leveret(w)
					} else {
						p.afvist(w)
					}
				}
			}
		}
		id, err := p.d.RetOgSend(p.Context(), p.enFejl().ID, map[string]string{"egenskaber.titel": "Carport"}, person)
		p.maa(err)
		ens(p, "klar", p.en("esdh").Besked.ID, id)
	})
}

// sidsteLed reports whether a chain is as long as it may be.
func (p *proeve) sidsteLed(nr int64) (sidst bool) {
	p.laes(func(tx *store.Tx) error {
		b, _, err := tx.BeskedNr(nr)
		sidst = b.Dybde == 8
		return err
	})
	return sidst
}

func TestPauseGemmerKoeen(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"))
		p.maa(p.d.Pause(p.Context(), "esdh", true, person))
		p.koe()
		p.ingen("esdh")
		o, err := p.d.Overblik(p.Context())
		p.maa(err)
		if s := o.Stande["esdh"]; !s.Pause || s.PauseFordi != person.Begrundelse || s.Antal[mox.Afventer] != 4 || s.Aeldste.IsZero() {
			p.Errorf("standen er %+v", s)
		}
		klar := p.d.Klar("esdh")
		p.maa(p.d.Pause(p.Context(), "esdh", false, person))
		p.vaekket(klar)
		ens(p, "klar", len(p.claim("esdh", 10)), 2)
		p.kode(p.d.Pause(p.Context(), "findes-ikke", true, person), mox.KodeIkkeFundet)
	})
}

// Two transactions that let go and add at the same time must not leave the later one held back by nobody.
func TestSamtidigLukOgAcceptEfterladerIngenHoldtTilbage(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh", kunSager))
		for range 25 {
			p.accept(besked())
			p.afvist(p.en("esdh"))
			u := store.Udvalg{Fejl: []int64{p.enFejl().ID}}
			p.maa(samtidig(
				func() error { _, err := p.d.Luk(p.Context(), u, person, false); return err },
				func() error { _, err := p.d.Accept(p.Context(), "byggesag", besked()); return err },
			))
			p.leveret(p.en("esdh"))
		}
	})
}

// The same for a lease that runs out for the last time, a besked that is past its time, and a person who answers.
func TestSamtidigAfslutningOgAcceptEfterladerIngenHoldtTilbage(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh", kunSager, uigentagelig))
		for range 15 {
			p.accept(besked())
			p.udloebet("esdh")
			p.rens()
			f := p.enFejl()
			p.maa(samtidig(
				func() error { return p.d.Skete(p.Context(), f.ID, person, distributor.Afslutning{}) },
				func() error { _, err := p.d.Accept(p.Context(), "byggesag", besked()); return err },
			))
			p.leveret(p.en("esdh"))

			p.accept(besked(forsent))
			p.maa(samtidig(
				func() error { _, err := p.d.UdloebGamle(p.Context()); return err },
				func() error { _, err := p.d.Accept(p.Context(), "byggesag", besked()); return err },
			))
			p.leveret(p.en("esdh"))
		}
	})
}

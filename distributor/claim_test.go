package distributor_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/store"
	"github.com/moxkit/mox/store/storetest"
)

func forsent(b *mox.Besked) { b.GyldigTil = time.Now().Add(-time.Hour) }

func (p *proeve) forsoeg(leverance int64) (ud []store.Forsoeg) {
	p.Helper()
	p.laes(func(tx *store.Tx) (err error) {
		ud, err = tx.ForsoegAf(leverance)
		return err
	})
	return ud
}

func TestForsoegetErSkrevetFoerDetBegynder(t *testing.T) {
	conformance.Proves(t, "mox 33")
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"))
		p.accept(besked())
		w := p.en("esdh")
		f := p.forsoeg(w.Leverance)
		if len(f) != 1 || f[0].Nr != 1 || f[0].Ejer != p.ejer() || f[0].Begyndt.IsZero() || !f[0].Afsluttet.IsZero() || f[0].Resultat != "" {
			p.Fatalf("forsøgene er %+v", f)
		}
		p.leveret(w)
		f = p.forsoeg(w.Leverance)
		if len(f) != 1 || f[0].Resultat != mox.ResAccepteret || f[0].Afsluttet.Before(f[0].Begyndt) || f[0].ForSent {
			p.Errorf("forsøgene er %+v", f)
		}
	})
}

func TestToArbejdereFaarAldrigDenSamme(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"))
		const antal = 60
		for range antal {
			p.accept(besked(om(mox.ObjektID(mox.NyUUID()))))
		}
		var mu sync.Mutex
		taget := map[int64]int{}
		var f []func() error
		for range 6 {
			f = append(f, func() error {
				for {
					w, err := p.d.Claim(p.Context(), "esdh", p.ejer(), 4, time.Minute)
					mu.Lock()
					for _, x := range w {
						taget[x.Leverance]++
					}
					alle := len(taget) == antal
					mu.Unlock()
					if err != nil || len(w) == 0 && alle {
						return err
					}
				}
			})
		}
		p.maa(samtidig(f...))
		for id, gange := range taget {
			ens(p, "gange", gange, 1)
			ens(p, "forsøg", len(p.forsoeg(id)), 1)
		}
	})
}

func TestUkendtAbonnementHarIntetArbejde(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		_, err := p.d.Claim(p.Context(), "findes-ikke", p.ejer(), 1, time.Minute)
		p.kode(err, mox.KodeIkkeFundet)
	})
}

func TestFornyetLejemaalUdloeberIkke(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"))
		p.accept(besked())
		w := p.udloebet("esdh")
		forny := func(ejer string, vil int) {
			n, err := p.d.Forny(p.Context(), ejer, []int64{w.Leverance}, time.Minute)
			p.maa(err)
			ens(p, "fornyet af "+ejer, n, vil)
		}
		forny("en anden", 0)
		forny(p.ejer(), 1)
		p.rens()
		p.staar(1, "esdh.1 UnderLevering")
		p.leveret(w)
		forny(p.ejer(), 0)
	})
}

func TestUdloebetLejemaalForsoegesIgenHvorGentagelseErHarmloes(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh", func(a *mox.Abonnement) { a.Ro = time.Hour }), ab("post"))
		a := p.accept(besked())
		p.udloebet("esdh")
		w1 := p.udloebet("post")
		ens(p, "usikker første gang", w1.Usikker, false)
		klar := p.d.Klar("post")
		p.rens()
		p.vaekket(klar)
		p.staar(a.Nr, "esdh.1 Udsat", "post.1 Udsat")
		p.ingen("esdh") // its receiver may still be working
		w2 := p.en("post")
		if w2.Forsoeg != 2 || !w2.Usikker || w2.Noegle != w1.Noegle {
			p.Errorf("andet forsøg %+v efter %+v", w2, w1)
		}
		f := p.forsoeg(w2.Leverance)
		if len(f) != 2 || f[0].Resultat != mox.ResUkendt || f[0].Afsluttet.IsZero() {
			p.Errorf("forsøgene er %+v", f)
		}
	})
}

func TestUdloebetLejemaalErUvistHvorGentagelseIkkeErHarmloes(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("post", uigentagelig))
		a := p.accept(besked())
		p.udloebet("post")
		p.rens()
		p.staar(a.Nr, "post.1 Uvis")
		p.ingen("post")
		f := p.enFejl()
		if f.Art != store.FejlLeverance || f.Ansvar != mox.AnsvarModtager || f.Besked != a.Nr || f.Raad == "" {
			p.Errorf("fejlen er %+v", f)
		}
		liste(p, "kvitteringer", p.kvitteringer(a.Nr), []string{"modtaget", "sendt til 1"})
	})
}

func TestStartAfslutterDenDoedeProcessLejemaalMenIkkeDeFjernes(t *testing.T) {
	conformance.Proves(t, "mox 38")
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"), ab("fjern"), ab("post", uigentagelig))
		p.maa(p.d.Start(p.Context()))
		a := p.accept(besked())
		p.en("esdh")
		p.en("post")
		_, err := p.d.Claim(p.Context(), "fjern", "fjern/noegle-7/1", 1, time.Minute)
		p.maa(err)
		p = p.naeste()
		mit := p.accept(besked(om(sagB)))
		w := p.en("esdh")
		ens(p, "mit eget", w.Besked.ID, mit.BeskedID)
		p.maa(p.d.Start(p.Context()))
		if p.paaPostgres() { // where the dead one may be alive
			p.staar(a.Nr, "esdh.1 UnderLevering", "fjern.1 UnderLevering", "post.1 UnderLevering")
			p.tavs()
			p = p.naeste()
			p.maa(p.d.Start(p.Context()))
			p.staar(a.Nr, "esdh.1 Udsat", "fjern.1 UnderLevering", "post.1 Uvis")
			return
		}
		p.staar(a.Nr, "esdh.1 Udsat", "fjern.1 UnderLevering", "post.1 Uvis")
		ens(p, "mit eget", p.leverancer(mit.Nr)[0].Tilstand, mox.UnderLevering)
		ens(p, "usikker", p.en("esdh").Usikker, true)
	})
}

// tavs lets every process that shares the database have been silent for long.
func (p *proeve) tavs() {
	p.Helper()
	p.maa(p.d.Store().Update(p.Context(), func(tx *store.Tx) error { return tx.Hjerteslag("proces/anden", tx.Now().Add(time.Hour)) }))
}

func TestForSenMeldingNoteresPaaSitForsoegOgAendrerIntet(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"), ab("post", uigentagelig))
		a := p.accept(besked())
		sen, sen2 := p.udloebet("esdh"), p.udloebet("post")
		p.rens()
		nu := p.en("esdh")
		for _, w := range []distributor.Arbejde{sen, sen2} {
			if ud := p.afslut(w, mox.Udfald{Resultat: mox.ResAccepteret, Tekst: "sent"}); !ud.ForSent {
				p.Errorf("for sen melding gav %+v", ud)
			}
			if f := p.forsoeg(w.Leverance)[0]; f.Resultat != mox.ResAccepteret || !f.ForSent || f.Tekst != "sent" {
				p.Errorf("forsøget er %+v", f)
			}
		}
		p.staar(a.Nr, "esdh.1 UnderLevering", "post.1 Uvis")
		liste(p, "kvitteringer", p.kvitteringer(a.Nr), []string{"modtaget", "sendt til 2"})
		p.leveret(nu)
	})
}

func TestMeldingFraEnAndenEjerAendrerIntet(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"))
		a := p.accept(besked())
		w := p.en("esdh")
		w.Ejer = "fjern/en-anden"
		if ud := p.afslut(w, mox.Udfald{Resultat: mox.ResAccepteret}); !ud.ForSent {
			p.Errorf("en andens melding gav %+v", ud)
		}
		p.staar(a.Nr, "esdh.1 UnderLevering")
		_, err := p.d.Done(p.Context(), distributor.Afslutning{Leverance: 999, Forsoeg: 1, Ejer: "x"})
		p.kode(err, mox.KodeIkkeFundet)
	})
}

// Someone who does not hold the lease must not write the outcome of the one who does.
func TestMeldingFraEnAndenEjerOptagerIkkeForsoegetsPlads(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"))
		p.accept(besked())
		w := p.en("esdh")
		anden := w
		anden.Ejer = "fjern/en-anden"
		p.afslut(anden, mox.Udfald{Resultat: mox.ResAfvist, Tekst: "ikke sandt"})
		p.leveret(w)
		if f := p.forsoeg(w.Leverance)[0]; f.Resultat != mox.ResAccepteret || f.ForSent {
			p.Errorf("forsøget er %+v", f)
		}
	})
}

// The lease runs out at the very moment the outcome is reported: either is right, but never both.
func TestMeldingOgUdloebSamtidigHarEnVirkning(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("post", uigentagelig))
		for range 20 {
			a := p.accept(besked(om(mox.ObjektID(mox.NyUUID()))))
			w := p.udloebet("post")
			var ud distributor.Afsluttet
			p.maa(samtidig(
				func() (err error) {
					ud, err = p.d.Done(p.Context(), distributor.Afslutning{Leverance: w.Leverance, Forsoeg: w.Forsoeg, Ejer: w.Ejer, Udfald: mox.Udfald{Resultat: mox.ResAccepteret}})
					return err
				},
				func() error { _, err := p.d.AfslutUdloebne(p.Context()); return err },
			))
			aabne := p.fejl(store.Udvalg{})
			if ud.ForSent {
				p.staar(a.Nr, "post.1 Uvis")
				ens(p, "åbne fejl", len(aabne), 1)
				p.maa(p.d.Skete(p.Context(), aabne[0].ID, person, distributor.Afslutning{}))
			} else {
				p.staar(a.Nr, "post.1 Leveret")
				ens(p, "åbne fejl", len(aabne), 0)
			}
			liste(p, "kvitteringer", p.kvitteringer(a.Nr), []string{"modtaget", "sendt til 1", "post accepteret"})
		}
	})
}

func TestNoeglenErDenSammeIndtilDerErLeveret(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"))
		p.accept(besked())
		w1 := p.en("esdh")
		p.afslut(w1, mox.Udfald{Resultat: mox.ResMidlertidig})
		w2 := p.en("esdh")
		ens(p, "usikker efter et kendt udfald", w2.Usikker, false)
		p.afslut(w2, mox.Udfald{Resultat: mox.ResUkendt})
		w3 := p.en("esdh")
		p.afslut(w3, mox.Udfald{Resultat: mox.ResMidlertidig})
		_, err := p.d.Gensend(p.Context(), store.Udvalg{}, person, false)
		p.maa(err)
		w4 := p.en("esdh")
		ens(p, "omgang", w4.Omgang, 2)
		ens(p, "forsøg", w4.Forsoeg, 1)
		ens(p, "usikker i næste omgang", w4.Usikker, true)
		for _, w := range []distributor.Arbejde{w2, w3, w4} {
			ens(p, "nøgle", w.Noegle, w1.Noegle)
		}
	})
}

func TestModtagerensNoeglerFoelgerMedArbejdet(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"))
		p.accept(besked())
		w := p.en("esdh")
		ens(p, "nøgler før", len(w.Noegler), 0)
		_, err := p.d.Done(p.Context(), distributor.Afslutning{Leverance: w.Leverance, Forsoeg: w.Forsoeg, Ejer: w.Ejer, Noegle: "4711", Udfald: mox.Udfald{Resultat: mox.ResAccepteret}})
		p.maa(err)
		p.accept(besked())
		ens(p, "nøgle efter", p.en("esdh").Noegler[string(sagA)], "4711")
	})
}

// The attempt is written and the lease runs: whoever asked must have the work, also when it is about to stop.
func TestArbejdetGaarIkkeTabtNaarArbejderenStopperImens(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	p := nyProeveMed(t, storetest.SQLite(t), distributor.Options{Punkt: func(navn string) {
		if navn == "forsoeg.efter" {
			stop()
		}
	}})
	p.konfigurer(ab("esdh"))
	p.accept(besked())
	w, err := p.d.Claim(ctx, "esdh", p.ejer(), 1, time.Minute)
	p.maa(err)
	ens(p, "arbejde", len(w), 1)
}

func TestVentendeVaekkesAfNytArbejde(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"), ab("post", kunHvor(map[string]any{"handling": "send"})))
		esdh, post := p.d.Klar("esdh"), p.d.Klar("post")
		p.accept(besked())
		p.vaekket(esdh)
		select {
		case <-post:
			p.Error("en, der intet har at gøre, blev vækket")
		default:
		}
		p.d.Vent(p.Context(), esdh, time.Hour)
	})
}

func TestDenDerHarVentetLaengstKommerFoerst(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"))
		var vil, fik []mox.BeskedID
		for range 5 {
			vil = append(vil, p.accept(besked(om(mox.ObjektID(mox.NyUUID())))).BeskedID)
		}
		for range vil {
			fik = append(fik, p.claim("esdh", 1)[0].Besked.ID)
		}
		if !slices.Equal(fik, vil) {
			p.Errorf("rækkefølge %v, skulle være %v", fik, vil)
		}
	})
}

package distributor_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/store"
)

var omKvitteringer = kunHvor(map[string]any{"beskedtype": mox.TypeKvittering})

// hos makes an abonnement belong to a system.
func hos(system string) func(*mox.Abonnement) {
	return func(a *mox.Abonnement) { a.System = system }
}

// iKoe is an abonnement whose receiver takes from a queue and must answer.
func iKoe(frist time.Duration) func(*mox.Abonnement) {
	return func(a *mox.Abonnement) { a.Kraeves, a.Frist = true, frist }
}

// kvittering is a receiver's Kvittering.
func kvittering(paa mox.BeskedID, handling string) mox.Besked {
	return mox.Besked{ID: mox.BeskedID(mox.NyUUID()), Type: mox.TypeKvittering, ForaarsagetAf: paa, Handling: handling, Indholdstype: oio.TypeJSON,
		Indhold: []byte(`{"begrundelse":"sagen er lukket"}`)}
}

func (p *proeve) kvitter(system string, b mox.Besked) {
	p.Helper()
	_, err := p.d.Accept(p.Context(), system, b)
	p.maa(err)
}

func TestKvitteringerErBeskederForDenDerBederOmDem(t *testing.T) {
	conformance.Proves(t, "mox 51")
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh", kunSager), ab("byggesag.kvit", hos("byggesag"), omKvitteringer), ab("andre.kvit", hos("andre"), omKvitteringer), ab("alt", hos("alt")))
		b := p.accept(besked())
		p.afvist(p.kun("esdh", b.BeskedID))
		var arter []string
		for {
			w := p.claim("byggesag.kvit", 1)
			if len(w) == 0 {
				break
			}
			k := w[0].Besked
			var ind map[string]any
			p.maa(json.Unmarshal(k.Indhold, &ind))
			if k.ForaarsagetAf != b.BeskedID || ind["beskedID"] != string(b.BeskedID) || k.Kildesystem != "MOX" || k.ObjektID != sagA {
				p.Errorf("kvitteringen er om %s: %+v", k.ForaarsagetAf, k)
			}
			if k.Handling == "afvist" && (ind["begrundelse"] != "sagen er lukket" || ind["modtager"] != "esdh" || ind["forretning"] != true) {
				p.Errorf("afvist uden grund: %v", ind)
			}
			if k.Handling == "sendt til" && ind["antal"] != 2.0 {
				p.Errorf("sendt til %v", ind["antal"])
			}
			arter = append(arter, k.Handling)
			p.leveret(w[0])
		}
		liste(p, "kvitteringer", arter, []string{"modtaget", "sendt til", "afvist"})
		p.ingen("andre.kvit")
		if w := p.claim("alt", 10); len(w) != 1 || w[0].Besked.ID != b.BeskedID {
			p.Errorf("et filter, der ikke nævner Kvittering, fik %d", len(w))
		}
	})
}

func TestEnKvitteringGiverIngenKvittering(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("byggesag.kvit", hos("byggesag"), omKvitteringer, func(a *mox.Abonnement) { a.Plan.Forsoeg = 1 }))
		p.accept(besked())
		w := p.en("byggesag.kvit")
		p.afvist(w)
		ens(p, "fejl", len(p.fejl(store.Udvalg{})), 1)
		p.laes(func(tx *store.Tx) error {
			n, k, err := tx.Tal()
			ens(p, "beskeder", n, 3) // the besked and its two receipts
			ens(p, "kvitteringer", k, 2)
			return err
		})
	})
}

// TestKvitteringForEnDybKaede: a receipt is no further step, so the eighth link's receipts are no loop.
func TestKvitteringForEnDybKaede(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("byggesag.kvit", hos("byggesag"), omKvitteringer))
		id := p.accept(besked()).BeskedID
		for range 8 {
			id = p.accept(besked(foraarsagetAf(id))).BeskedID
		}
		ens(p, "fejl", len(p.fejl(store.Udvalg{})), 0)
	})
}

func TestModtagerensKvitteringAfslutterDetDerLiggerIKoen(t *testing.T) {
	conformance.Proves(t, "mox 51")
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh", kunSager, iKoe(0)))
		foerst, naeste := p.accept(besked()), p.accept(besked())
		ens(p, "tilstand", p.afslut(p.en("esdh"), mox.Udfald{Resultat: mox.ResOverdraget}).Tilstand, mox.Overdraget)
		p.ingen("esdh") // the objekt waits for the answer
		klar := p.d.Klar("esdh")
		k := kvittering(foerst.BeskedID, "accepteret")
		p.kvitter("esdh", k)
		p.kvitter("esdh", k) // again
		p.vaekket(klar)
		ens(p, "tilstand", p.leverancer(foerst.Nr)[0].Tilstand, mox.Leveret)
		liste(p, "kvitteringer", p.kvitteringer(foerst.Nr)[2:], []string{"esdh afleveret", "esdh accepteret"})
		w := p.en("esdh")
		ens(p, "næste", w.Besked.ID, naeste.BeskedID)
		p.kvitter("esdh", kvittering(naeste.BeskedID, "afvist")) // before MOX has heard that it lies in the queue
		l := p.leverancer(naeste.Nr)[0]
		if l.Tilstand != mox.Parkeret || l.Ansvar != mox.AnsvarModtager || l.Aarsag != "sagen er lukket" {
			p.Errorf("%+v", l)
		}
		if ud := p.afslut(w, mox.Udfald{Resultat: mox.ResOverdraget}); !ud.ForSent || ud.Tilstand != mox.Parkeret {
			p.Errorf("%+v", ud)
		}
	})
}

func TestKvitteringKommerEfterEtUkendtUdfald(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh", kunSager, iKoe(0), func(a *mox.Abonnement) { a.Plan.Foerste, a.Plan.Hoejst = time.Hour, time.Hour }))
		b := p.accept(besked())
		ens(p, "tilstand", p.afslut(p.en("esdh"), mox.Udfald{Resultat: mox.ResUkendt}).Tilstand, mox.Udsat)
		p.kvitter("esdh", kvittering(b.BeskedID, "accepteret"))
		ens(p, "tilstand", p.leverancer(b.Nr)[0].Tilstand, mox.Leveret)
	})
}

func TestFristenForEnKvitteringFortaellesOgHolderIkkeMere(t *testing.T) {
	conformance.Proves(t, "mox 51")
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh", kunSager, iKoe(time.Microsecond)), ab("byggesag.fejl", hos("byggesag"), kunHvor(map[string]any{"beskedtype": mox.TypeFejlbesked})))
		b := p.accept(besked())
		p.accept(besked())
		p.afslut(p.en("esdh"), mox.Udfald{Resultat: mox.ResOverdraget})
		n, err := p.d.UdloebFrister(p.Context())
		p.maa(err)
		ens(p, "udløbne", n, 1)
		ens(p, "tilstand", p.leverancer(b.Nr)[0].Tilstand, mox.Udloebet)
		liste(p, "kvitteringer", p.kvitteringer(b.Nr)[2:], []string{"esdh afleveret", "esdh frist overskredet"})
		p.en("byggesag.fejl")
		p.en("esdh")
		p.kvitter("esdh", kvittering(b.BeskedID, "accepteret")) // too late, and no harm
		ens(p, "tilstand", p.leverancer(b.Nr)[0].Tilstand, mox.Udloebet)
	})
}

func TestKvitteringSomIngenHarRetTil(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh", kunSager, iKoe(0)))
		b := p.accept(besked())
		p.afslut(p.en("esdh"), mox.Udfald{Resultat: mox.ResOverdraget})
		for _, x := range []struct {
			afsender string
			b        mox.Besked
			kode     mox.Kode
		}{
			{"fremmed", kvittering(b.BeskedID, "accepteret"), mox.KodeIkkeFundet},
			{"esdh", kvittering(mox.BeskedID(mox.NyUUID()), "accepteret"), mox.KodeIkkeFundet},
			{"esdh", kvittering("", "accepteret"), mox.KodeIkkeFundet},
			{"esdh", kvittering(b.BeskedID, "læst"), mox.KodeUgyldig},
			{"esdh", kvittering(b.BeskedID, ""), mox.KodeUgyldig},
		} {
			_, err := p.d.Accept(p.Context(), x.afsender, x.b)
			p.kode(err, x.kode)
		}
		ens(p, "tilstand", p.leverancer(b.Nr)[0].Tilstand, mox.Overdraget)
		ens(p, "afviste vist", len(p.fejl(store.Udvalg{Art: store.FejlBesked})), 5)
	})
}

// TestDoedtBrev: without a demanded Kvittering the leverance ended in the queue. What is taken back is shown, holds nothing,
// and can be sent again or closed.
func TestDoedtBrev(t *testing.T) {
	conformance.Proves(t, "mox 44")
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh", kunSager))
		b, naeste := p.accept(besked()), p.accept(besked())
		p.afslut(p.en("esdh"), mox.Udfald{Resultat: mox.ResOverdraget})
		for range 2 { // the broker may tell twice
			p.maa(p.d.DoedtBrev(p.Context(), "esdh", b.BeskedID, "modtageren afviste den"))
		}
		p.kode(p.d.DoedtBrev(p.Context(), "esdh", mox.BeskedID(mox.NyUUID()), "x"), mox.KodeIkkeFundet)
		fejl := p.fejl(store.Udvalg{})
		if len(fejl) != 1 || fejl[0].Ansvar != mox.AnsvarModtager || fejl[0].Tekst != "modtageren afviste den" {
			p.Fatalf("%+v", fejl)
		}
		ens(p, "næste", p.en("esdh").Besked.ID, naeste.BeskedID)
		v, err := p.d.Gensend(p.Context(), store.Udvalg{Fejl: []int64{fejl[0].ID}}, person, false)
		p.maa(err)
		ens(p, "gensendt", v.Udfoert, 1)
		l := p.leverancer(b.Nr)
		if len(l) != 2 || l[0].Tilstand != mox.Overdraget || l[1].Omgang != 2 {
			p.Errorf("%+v", l)
		}
		ens(p, "åbne", len(p.fejl(store.Udvalg{})), 0)
	})
}

func TestDoedtBrevFraDenDerSkalKvittere(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh", kunSager, iKoe(0)))
		b := p.accept(besked())
		p.accept(besked())
		p.afslut(p.en("esdh"), mox.Udfald{Resultat: mox.ResOverdraget})
		p.maa(p.d.DoedtBrev(p.Context(), "esdh", b.BeskedID, "modtageren afviste den"))
		ens(p, "tilstand", p.leverancer(b.Nr)[0].Tilstand, mox.Parkeret)
		p.ingen("esdh")
		v, err := p.d.Luk(p.Context(), store.Udvalg{}, person, false)
		p.maa(err)
		ens(p, "lukket", v.Udfoert, 1)
		p.en("esdh")
	})
}

// TestDoedtBrevFoerMeldingen: a receiver may reject before MOX has written down that the broker has the besked, or when MOX
// does not know it. It is shown all the same, and holds nothing.
func TestDoedtBrevFoerMeldingen(t *testing.T) {
	conformance.Proves(t, "mox 44")
	paaBegge(t, func(p *proeve) {
		koe := func(a *mox.Abonnement) {
			a.Carrier, a.Plan.Foerste, a.Plan.Hoejst = mox.CarrierAMQP, time.Hour, time.Hour
		}
		p.konfigurer(ab("esdh", kunSager, koe))
		b, anden, tredje := p.accept(besked()), p.accept(besked()), p.accept(besked())
		w := p.en("esdh")
		p.maa(p.d.DoedtBrev(p.Context(), "esdh", b.BeskedID, "modtageren afviste den"))
		ens(p, "tilstand", p.leverancer(b.Nr)[0].Tilstand, mox.Overdraget)
		ens(p, "vist", len(p.fejl(store.Udvalg{})), 1)
		if ud := p.afslut(w, mox.Udfald{Resultat: mox.ResOverdraget}); !ud.ForSent {
			p.Errorf("%+v", ud)
		}
		w = p.en("esdh")
		ens(p, "næste", w.Besked.ID, anden.BeskedID)
		ens(p, "tilstand", p.afslut(w, mox.Udfald{Resultat: mox.ResUkendt}).Tilstand, mox.Udsat)
		p.maa(p.d.DoedtBrev(p.Context(), "esdh", anden.BeskedID, "modtageren afviste den"))
		ens(p, "tilstand", p.leverancer(anden.Nr)[0].Tilstand, mox.Overdraget)
		ens(p, "vist", len(p.fejl(store.Udvalg{})), 2)
		liste(p, "kvitteringer", p.kvitteringer(anden.Nr)[2:], []string{"esdh afleveret", "esdh afvist"})
		ens(p, "næste", p.en("esdh").Besked.ID, tredje.BeskedID)
	})
}

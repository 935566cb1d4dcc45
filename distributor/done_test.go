package distributor_test

import (
	"slices"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/store"
)

// udfald is every outcome a carrier may report, and what it makes of a leverance on its first attempt.
func udfald() []mox.Udfald {
	var ud []mox.Udfald
	for _, r := range []mox.Resultat{mox.ResAccepteret, mox.ResAfvist, mox.ResFejlet, mox.ResMidlertidig, mox.ResUkendt, mox.ResOverdraget, mox.ResUdloebet, "vroevl"} {
		for _, a := range []mox.Ansvar{"", mox.AnsvarAfsender} {
			ud = append(ud, mox.Udfald{Resultat: r, Ansvar: a, Kode: "k7", Tekst: "derfor"})
		}
	}
	return ud
}

func TestHvertUdfaldBlivTilDetDommenSiger(t *testing.T) {
	conformance.Proves(t, "mox 39", "mox 44")
	paaBegge(t, func(p *proeve) {
		abonnementer := []mox.Abonnement{ab("enkelt", kunSager, uigentagelig), ab("flere", kunSager, func(a *mox.Abonnement) { a.Ro = time.Hour })}
		p.konfigurer(abonnementer...)
		for _, a := range abonnementer {
			for _, u := range udfald() {
				p.udfald(a, u)
			}
		}
	})
}

// udfald lets one leverance have the outcome u, and checks every trace of it.
func (p *proeve) udfald(a mox.Abonnement, u mox.Udfald) {
	p.Helper()
	id := mox.ObjektID(mox.NyUUID())
	b, efter := p.accept(besked(om(id))), p.accept(besked(om(id)))
	w := p.kun(a.ID, b.BeskedID)
	foer := len(p.fejl(store.Udvalg{}))
	dom := mox.Bedoem(&a, u, 1, 0)
	ud := p.afslut(w, u)
	hvad := string(a.ID) + " " + string(u.Resultat)
	ens(p, hvad, ud.Tilstand, dom.Tilstand)
	i := slices.IndexFunc(p.leverancer(b.Nr), func(l store.Leverance) bool { return l.Abonnement == a.ID })
	l := p.leverancer(b.Nr)[i]
	if l.Tilstand != dom.Tilstand || l.Ansvar != dom.Ansvar || l.Kode != u.Kode || l.Aarsag != u.Tekst || l.Ejer != "" || l.Naeste.Sub(l.Aendret) != dom.Vent {
		p.Errorf("%s: leverancen er %+v, dommen %+v", hvad, l, dom)
	}
	har := p.kvitteringer(b.Nr)[2:]
	var vil []string
	if dom.Kvittering != "" {
		vil = []string{string(a.ID) + " " + string(dom.Kvittering)}
	}
	liste(p, hvad+": kvitteringer", har, vil)
	fejl := p.fejl(store.Udvalg{})[foer:]
	if (len(fejl) == 1) != dom.Tilstand.KraeverHandling() || len(fejl) == 1 && (fejl[0].Leverance != l.ID || fejl[0].Ansvar != dom.Ansvar || fejl[0].Kode != u.Kode || fejl[0].Tekst != u.Tekst || fejl[0].System != a.System || fejl[0].ObjektID != id) {
		p.Errorf("%s: fejl %+v", hvad, fejl)
	}
	f := p.forsoeg(l.ID)
	if len(f) != 1 || f[0].Resultat != u.Resultat || f[0].Kode != u.Kode || f[0].Tekst != u.Tekst || f[0].Afsluttet.IsZero() || f[0].ForSent {
		p.Errorf("%s: forsøg %+v", hvad, f)
	}
	for _, l := range p.leverancer(efter.Nr) {
		if l.Abonnement == a.ID {
			ens(p, hvad+": den næste er holdt tilbage", l.Blokeret, dom.Tilstand.Holder())
		}
	}
}

// kun claims all that is ready and gives the one about a besked; the others stay claimed.
func (p *proeve) kun(a mox.AbonnementID, id mox.BeskedID) distributor.Arbejde {
	p.Helper()
	for _, w := range p.claim(a, 100) {
		if w.Besked.ID == id {
			return w
		}
	}
	p.Fatalf("beskeden %s er ikke klar til %s", id, a)
	return distributor.Arbejde{}
}

func TestSammeMeldingToGangeHarEnVirkning(t *testing.T) {
	conformance.Proves(t, "mox 33")
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh", kunSager), ab("post", kunSager), ab("uvis", kunSager, uigentagelig))
		a := p.accept(besked())
		for id, u := range map[mox.AbonnementID]mox.Udfald{"esdh": {Resultat: mox.ResAccepteret}, "post": {Resultat: mox.ResAfvist}, "uvis": {Resultat: mox.ResUkendt}} {
			w := p.en(id)
			foerst, igen := p.afslut(w, u), p.afslut(w, u)
			if foerst.ForSent || !igen.ForSent || igen.Tilstand != foerst.Tilstand {
				p.Errorf("%s: først %+v, igen %+v", id, foerst, igen)
			}
			ens(p, "forsøget var for sent", p.forsoeg(w.Leverance)[0].ForSent, false)
		}
		p.staar(a.Nr, "esdh.1 Leveret", "post.1 Parkeret", "uvis.1 Uvis")
		ens(p, "kvitteringer", len(p.kvitteringer(a.Nr)), 4)
		ens(p, "fejl", len(p.fejl(store.Udvalg{})), 2)
	})
}

func TestSaaLaengeModtagerenBederOmVentesDer(t *testing.T) {
	conformance.Proves(t, "mox 42")
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh", func(a *mox.Abonnement) { a.Plan = mox.Plan{Forsoeg: 9, Foerste: time.Second, Hoejst: time.Minute} }))
		a := p.accept(besked())
		p.afslut(p.en("esdh"), mox.Udfald{Resultat: mox.ResMidlertidig, Kode: "429", Efter: time.Hour})
		l := p.leverancer(a.Nr)[0]
		ens(p, "ventetid", l.Naeste.Sub(l.Aendret), time.Hour)
		p.ingen("esdh")
		p.laes(func(tx *store.Tx) error {
			tid, err := tx.NaesteTid("esdh")
			ens(p, "næste tid", tid, l.Naeste)
			return err
		})
	})
}

func TestNaarPlanenErBrugtOpSkalEnPersonAfgoereDet(t *testing.T) {
	conformance.Proves(t, "mox 42", "mox 44")
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh", kunSager))
		b := besked(medIndhold(sag("Carport")))
		a := p.accept(b)
		for nr, vil := range []string{"esdh.1 Udsat", "esdh.1 Udsat", "esdh.1 Parkeret"} {
			w := p.en("esdh")
			ens(p, "forsøg", w.Forsoeg, nr+1)
			p.afslut(w, mox.Udfald{Resultat: mox.ResMidlertidig, Kode: "503", Tekst: "lukket for vedligehold"})
			p.staar(a.Nr, vil)
		}
		p.ingen("esdh")
		f := p.enFejl()
		if f.Ansvar != mox.AnsvarModtager || f.Kode != "503" || f.Tekst != "lukket for vedligehold" || f.Oprettet.IsZero() {
			p.Errorf("fejlen er %+v", f)
		}
		liste(p, "kvitteringer", p.kvitteringer(a.Nr), []string{"modtaget", "sendt til 1", "esdh fejlet"})
		bf := p.forloeb(string(a.BeskedID)).Beskeder[0]
		ens(p, "forsøg i forløbet", len(bf.Leverancer[0].Forsoeg), 3)
		ens(p, "uændret indhold", string(bf.Besked.Indhold), string(b.Indhold))
	})
}

func TestCPRNummerISvaretStaarIngenSteder(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh", kunSager))
		a := p.accept(besked())
		w := p.en("esdh")
		p.afslut(w, mox.Udfald{Resultat: mox.ResAfvist, Tekst: "010190-1234 findes ikke"})
		l := p.leverancer(a.Nr)[0]
		for _, s := range []string{l.Aarsag, p.enFejl().Tekst, p.forsoeg(w.Leverance)[0].Tekst} {
			ens(p, "tekst", s, "******-**** findes ikke")
		}
	})
}

func TestStortSvarGemmesKortet(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"))
		p.accept(besked())
		w := p.en("esdh")
		_, err := p.d.Done(p.Context(), distributor.Afslutning{Leverance: w.Leverance, Forsoeg: w.Forsoeg, Ejer: w.Ejer, Svar: make([]byte, 1<<20), Udfald: mox.Udfald{Resultat: mox.ResAccepteret}})
		p.maa(err)
		ens(p, "gemt svar", len(p.forsoeg(w.Leverance)[0].Svar), 4<<10)
	})
}

func TestAbonnementSomErFjernetSkaderIngen(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"))
		a := p.accept(besked())
		w := p.en("esdh")
		p.konfigurer()
		p.afslut(w, mox.Udfald{Resultat: mox.ResUkendt})
		p.staar(a.Nr, "esdh.1 Uvis")
		p.maa(p.d.Skete(p.Context(), p.enFejl().ID, person, distributor.Afslutning{}))
		p.staar(a.Nr, "esdh.1 Leveret")
	})
}

// A receiver may answer in any bytes; the outcome of what it did must be kept all the same.
func TestSvarIUlaeseligeTegnGemmesAlligevel(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh", kunSager), ab("post", kunSager))
		a := p.accept(besked())
		const vroevl = "bl\xe5 \x00"
		p.afslut(p.en("esdh"), mox.Udfald{Resultat: mox.ResAfvist, Kode: vroevl, Tekst: vroevl})
		w := p.en("post")
		_, err := p.d.Done(p.Context(), distributor.Afslutning{Leverance: w.Leverance, Forsoeg: w.Forsoeg, Ejer: w.Ejer, Udfald: mox.Udfald{Resultat: mox.ResAccepteret, Tekst: vroevl},
			Svar: []byte(vroevl), Noegle: "N" + vroevl, EkkoAf: sagA, Ekko: []store.Ekko{{Felt: "F", Skrevet: vroevl, Laest: vroevl}}})
		p.maa(err)
		p.staar(a.Nr, "esdh.1 Parkeret", "post.1 Leveret")
		_, err = p.d.Luk(p.Context(), store.Udvalg{}, distributor.Hvem{Navn: "Inge", Begrundelse: vroevl}, false)
		p.maa(err)
		ens(p, "svaret er gemt byte for byte", string(p.forsoeg(w.Leverance)[0].Svar), vroevl)
	})
}

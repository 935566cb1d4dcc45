package distributor_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/store"
)

// byggesag is a proces that begins with a corrected Sag from byggesag and ends with a registrering from each answering system.
func byggesag(svarFra ...mox.AbonnementID) []mox.Proces {
	return []mox.Proces{{Navn: "Byggesag", SvarFra: svarFra, Start: filter(map[string]any{"kildesystem": "byggesag", "beskedtype": "Sag.Rettet"}),
		Slut: filter(map[string]any{"objekttype": "Sag", "livscykluskode": []any{"Opstaaet", "Rettet"}})}}
}

func (p *proeve) proces(id string) string {
	p.Helper()
	var ud []string
	p.laes(func(tx *store.Tx) error {
		ps, err := tx.ProcesserMedID(id)
		for _, x := range ps {
			ud = append(ud, x.Navn+" "+string(x.Tilstand))
			ens(p, "afsluttet har en tid", x.Afsluttet.IsZero(), x.Tilstand == mox.ProcesIgang)
		}
		return err
	})
	return fmt.Sprint(ud)
}

// svarer lets a claimed leverance be accepted, and the system then say what its own record now looks like.
func (p *proeve) svarer(w distributor.Arbejde, agent, noegle string) distributor.Afsluttet {
	p.Helper()
	ud, err := p.d.Done(p.Context(), svar(w, agent, noegle))
	p.maa(err)
	return ud
}

func svar(w distributor.Arbejde, agent, noegle string) distributor.Afslutning {
	return distributor.Afslutning{Leverance: w.Leverance, Forsoeg: w.Forsoeg, Ejer: w.Ejer, Udfald: mox.Udfald{Resultat: mox.ResAccepteret}, Agent: agent, ActsAs: "svc-" + agent,
		Poster: []distributor.Post{{Noegle: noegle, ObjektType: mox.Sag, Felter: sagsfelter("Journal " + noegle)}}}
}

func TestProcesErAfsluttetNaarAlleHarSvaret(t *testing.T) {
	conformance.Proves(t, "mox 14", "mox 20")
	paaBegge(t, func(p *proeve) {
		p.medProcesser(byggesag(), ab("arkiv", fraByggesag), ab("esdh", fraByggesag))
		a := p.accept(besked())
		id := mox.ProcesIDFor("Byggesag", a.BeskedID)
		liste(p, "procesID", a.ProcesID, []string{id})
		ens(p, "version 5", id[14], '5')
		ens(p, "begyndt", p.proces(id), "[Byggesag igang]")
		ud := p.svarer(p.en("esdh"), "esdh", "J-1")
		ens(p, "slutbeskeder", len(ud.Beskeder), 1)
		ens(p, "én har svaret", p.proces(id), "[Byggesag igang]")
		p.svarer(p.en("arkiv"), "arkiv", "A-1")
		ens(p, "begge har svaret", p.proces(id), "[Byggesag afsluttet]")

		f := p.forloeb(id)
		ens(p, "beskeder", len(f.Beskeder), 3)
		slut := f.Beskeder[1].Besked
		if slut.ForaarsagetAf != a.BeskedID || !slices.Equal(slut.ProcesID, []string{id}) || slut.Kildesystem != "esdh" || slut.Bruger != "svc-esdh" {
			p.Errorf("slutbeskeden er %+v", slut.Besked)
		}
		ens(p, "processer i forløbet", f.Processer[0].Proces.Tilstand, mox.ProcesAfsluttet)
		o, err := p.d.Overblik(p.Context())
		p.maa(err)
		ens(p, "talt", o.Processer["Byggesag"][mox.ProcesAfsluttet], 1)
	})
}

func fraByggesag(a *mox.Abonnement) { a.Filter = filter(map[string]any{"kildesystem": "byggesag"}) }

func TestSvarFraToPaaEnGangAfslutterProcessen(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.medProcesser(byggesag(), ab("arkiv", fraByggesag), ab("esdh", fraByggesag))
		for i := range 15 {
			a := p.accept(besked(om(mox.ObjektID(mox.NyUUID()))))
			w1, w2 := p.en("arkiv"), p.en("esdh")
			p.maa(samtidig(
				func() error { _, err := p.d.Done(p.Context(), svar(w1, "arkiv", fmt.Sprint("A-", i))); return err },
				func() error { _, err := p.d.Done(p.Context(), svar(w2, "esdh", fmt.Sprint("J-", i))); return err },
			))
			ens(p, "begge har svaret", p.proces(a.ProcesID[0]), "[Byggesag afsluttet]")
		}
	})
}

func TestAfsenderensEgetProcesIDBruges(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.medProcesser(byggesag(), ab("esdh", fraByggesag))
		a := p.accept(besked(func(b *mox.Besked) { b.ProcesID = []string{"mit-id"} }))
		liste(p, "procesID", a.ProcesID, []string{"mit-id"})
		ens(p, "begyndt", p.proces("mit-id"), "[Byggesag igang]")
		if igen := p.accept(besked(func(b *mox.Besked) { b.ID, b.ProcesID = a.BeskedID, []string{"mit-id"} })); !igen.Gentaget {
			p.Error("gentagelsen blev ikke kendt")
		}
	})
}

func TestProcesUdenNogenDerSkalSvareBegynderIkke(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.medProcesser(byggesag())
		a := p.accept(besked())
		ens(p, "processer", p.proces(a.ProcesID[0]), "[]")
	})
}

func TestProcesErFejletNaarEnIkkeKanOgAfsluttetNaarDetErRettet(t *testing.T) {
	conformance.Proves(t, "mox 21")
	paaBegge(t, func(p *proeve) {
		p.medProcesser(byggesag(), ab("arkiv", fraByggesag), ab("esdh", fraByggesag))
		a := p.accept(besked())
		id := a.ProcesID[0]
		p.afvist(p.en("esdh"))
		ens(p, "den anden er åben", p.proces(id), "[Byggesag igang]")
		p.svarer(p.en("arkiv"), "arkiv", "A-1")
		ens(p, "én kunne ikke", p.proces(id), "[Byggesag fejlet]")
		_, err := p.d.Gensend(p.Context(), store.Udvalg{}, person, false)
		p.maa(err)
		p.svarer(p.en("esdh"), "esdh", "J-1")
		ens(p, "rettet", p.proces(id), "[Byggesag afsluttet]")
	})
}

func TestProcesErAfsluttetNaarDenRettedeBeskedErBesvaret(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		processer := append(byggesag("esdh"), mox.Proces{Navn: "Anden", Start: filter(map[string]any{"beskedtype": "Sag.Rettet"}), Slut: filter(map[string]any{"kildesystem": "ingen"})})
		p.medProcesser(processer, ab("esdh", fraByggesag))
		a := p.accept(besked(medIndhold(sag("Carpott"))))
		ens(p, "procesID'er", len(a.ProcesID), 2)
		p.afvist(p.en("esdh"))
		_, err := p.d.RetOgSend(p.Context(), p.enFejl().ID, map[string]string{"egenskaber.titel": "Carport"}, person)
		p.maa(err)
		w := p.en("esdh")
		liste(p, "den rettedes procesID", w.Besked.ProcesID, a.ProcesID)
		p.svarer(w, "esdh", "J-1")
		ens(p, "byggesag", p.proces(a.ProcesID[0]), "[Byggesag afsluttet]")
		ens(p, "rettelsen begyndte ingen ny", p.proces(a.ProcesID[1]), "[Anden fejlet]")
	})
}

func TestProcesErUdloebetVedSinFrist(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		processer := byggesag()
		processer[0].Frist = time.Nanosecond
		p.medProcesser(processer, ab("esdh", fraByggesag))
		a := p.accept(besked())
		n, err := p.d.UdloebProcesser(p.Context())
		p.maa(err)
		ens(p, "udløbet", n, 1)
		ens(p, "over fristen", p.proces(a.ProcesID[0]), "[Byggesag udloebet]")
		n, err = p.d.UdloebProcesser(p.Context())
		p.maa(err)
		ens(p, "udløbet igen", n, 0)
		p.svarer(p.en("esdh"), "esdh", "J-1")
		ens(p, "svaret kom alligevel", p.proces(a.ProcesID[0]), "[Byggesag afsluttet]")
	})
}

func TestProcesErFejletNaarBeskedenUdloeb(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.medProcesser(byggesag(), ab("esdh", fraByggesag))
		a := p.accept(besked(forsent))
		p.rens()
		ens(p, "ingen svar kan komme", p.proces(a.ProcesID[0]), "[Byggesag fejlet]")
	})
}

func TestProcesErAabenMensUdfaldetErUvistOgFejletNaarDetOpgives(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.medProcesser(byggesag(), ab("post", fraByggesag, uigentagelig))
		a := p.accept(besked())
		p.udloebet("post")
		p.rens()
		ens(p, "uvist", p.proces(a.ProcesID[0]), "[Byggesag igang]")
		_, err := p.d.Luk(p.Context(), store.Udvalg{}, person, false)
		p.maa(err)
		ens(p, "opgivet", p.proces(a.ProcesID[0]), "[Byggesag fejlet]")
	})
}

func TestSlutbeskedErStartbeskedForDenNaesteOverTreAgenter(t *testing.T) {
	conformance.Proves(t, "mox 22")
	paaBegge(t, func(p *proeve) {
		fra := func(system string) func(*mox.Abonnement) { return kunHvor(map[string]any{"kildesystem": system}) }
		p.medProcesser(byggesag("esdh", "forsendelse", "byggesag.tilbage"), ab("esdh", fra("byggesag")), ab("forsendelse", fra("esdh")),
			ab("byggesag.tilbage", fra("forsendelse"), func(a *mox.Abonnement) { a.System = "byggesag" }))
		a := p.accept(besked())
		id := a.ProcesID[0]
		ider := []mox.BeskedID{a.BeskedID}
		for i, led := range []string{"esdh", "forsendelse", "byggesag.tilbage"} {
			ens(p, led, p.proces(id), "[Byggesag igang]")
			w := p.en(mox.AbonnementID(led))
			ens(p, "begynder med", w.Besked.ID, ider[i])
			liste(p, "procesID", w.Besked.ProcesID, []string{id})
			ider = append(ider, p.svarer(w, led, fmt.Sprint("nr-", i)).Beskeder...)
		}
		ens(p, "til sidst", p.proces(id), "[Byggesag afsluttet]")
		for i, b := range p.forloeb(id).Beskeder[1:] {
			ens(p, "forårsaget af", b.Besked.ForaarsagetAf, ider[i])
		}
	})
}

// The third link waits for an answer of the second, which parks: nothing moves any more, though nobody has refused the third.
func TestProcesErFejletNaarEtTidligereLedErGaaetIStaa(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.medProcesser(byggesag("esdh", "forsendelse"), ab("esdh", kunHvor(map[string]any{"kildesystem": "byggesag"})), ab("forsendelse", kunHvor(map[string]any{"kildesystem": "esdh", "beskedtype": []any{"Sag.Opstaaet", "Sag.Rettet"}})))
		a := p.accept(besked())
		stands := func() {
			_, err := p.d.StandsProcesser(p.Context())
			p.maa(err)
		}
		w := p.en("esdh")
		stands()
		ens(p, "i gang", p.proces(a.ProcesID[0]), "[Byggesag igang]")
		p.afvist(w)
		stands()
		ens(p, "gået i stå", p.proces(a.ProcesID[0]), "[Byggesag fejlet]")
		_, err := p.d.Gensend(p.Context(), store.Udvalg{}, person, false)
		p.maa(err)
		p.svarer(p.en("esdh"), "esdh", "J-1")
		p.svarer(p.en("forsendelse"), "forsendelse", "F-1")
		ens(p, "rettet", p.proces(a.ProcesID[0]), "[Byggesag afsluttet]")
	})
}

func TestFejlbeskedSigerHvadDerIkkeBlevGjort(t *testing.T) {
	conformance.Proves(t, "mox 21")
	paaBegge(t, func(p *proeve) {
		p.medProcesser(byggesag("esdh"), ab("esdh"), ab("overvaagning", kunHvor(map[string]any{"beskedtype": mox.TypeFejlbesked})))
		a := p.accept(besked())
		p.staar(a.Nr, "esdh.1 Afventer")
		klar := p.d.Klar("overvaagning")
		p.afvist(p.en("esdh"))
		p.vaekket(klar)
		w := p.en("overvaagning")
		b := w.Besked
		if b.Type != mox.TypeFejlbesked || b.ForaarsagetAf != a.BeskedID || !slices.Equal(b.ProcesID, a.ProcesID) || b.Kildesystem != "esdh" || b.ObjektID != sagA {
			p.Errorf("fejlbeskeden er %+v", b)
		}
		ens(p, "indhold", string(b.Indhold), `{"abonnement":"esdh","ansvar":"modtager","kode":"409","begrundelse":"sagen er lukket","forsoeg":1}`)

		p.afvist(w) // and its own failure ends there
		ens(p, "fejl", len(p.fejl(store.Udvalg{})), 2)
		ens(p, "beskeder", len(p.forloeb(a.ProcesID[0]).Beskeder), 2)
		p.ingen("overvaagning")
		p.ingen("esdh")
	})
}

// A system without an agent of ours answers with a besked of its own that names what caused it.
func TestSystemUdenAgentSvarerSelv(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.medProcesser(byggesag(), ab("esdh", fraByggesag))
		a := p.accept(besked())
		p.leveret(p.en("esdh"))
		fra := func(system string, b mox.Besked) {
			b.Kildesystem = system
			_, err := p.d.Accept(p.Context(), system, b)
			p.maa(err)
		}
		fra("fremmed", besked(foraarsagetAf(a.BeskedID)))
		ens(p, "en fremmeds svar tæller ikke", p.proces(a.ProcesID[0]), "[Byggesag igang]")
		fra("esdh", besked(foraarsagetAf(a.BeskedID), func(b *mox.Besked) { b.LivscyklusKode = mox.Passiveret }))
		ens(p, "ikke en slutbesked", p.proces(a.ProcesID[0]), "[Byggesag igang]")
		fra("esdh", besked(foraarsagetAf(a.BeskedID)))
		ens(p, "svaret", p.proces(a.ProcesID[0]), "[Byggesag afsluttet]")
	})
}

// The receiver has done its part, but what it answered can be made into no besked: nobody must wait for one.
func TestProcesErFejletNaarSvaretIkkeKanBrugesTilEnSlutbesked(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.medProcesser(byggesag(), ab("esdh", fraByggesag), ab("overvaagning", kunHvor(map[string]any{"beskedtype": mox.TypeFejlbesked})))
		a := p.accept(besked())
		s := svar(p.en("esdh"), "esdh", "J-1")
		delete(s.Poster[0].Felter, "egenskaber.titel")
		s.Poster = append(s.Poster, distributor.Post{Noegle: "", ObjektType: mox.Sag})
		ud, err := p.d.Done(p.Context(), s)
		p.maa(err)
		ens(p, "leverancen", ud.Tilstand, mox.Leveret)
		ens(p, "processen", p.proces(a.ProcesID[0]), "[Byggesag fejlet]")
		ens(p, "fejl", len(p.fejl(store.Udvalg{Art: store.FejlPost})), 2)
		ens(p, "fejlbesked", p.en("overvaagning").Besked.ForaarsagetAf, a.BeskedID)
	})
}

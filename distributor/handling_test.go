package distributor_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/store"
)

// fejlene is one of each: two parked leverancer, an uncertain one, a refused besked and a broken record.
func (p *proeve) fejlene() {
	p.Helper()
	p.konfigurer(ab("esdh", kunSager), ab("post", kunSager, uigentagelig))
	k := p.kilde()
	p.accept(besked())
	p.accept(besked(om(sagB)))
	for _, w := range p.claim("esdh", 10) {
		p.afvist(w)
	}
	p.afslut(p.claim("post", 1)[0], mox.Udfald{Resultat: mox.ResUkendt})
	_, err := p.d.Accept(p.Context(), "byggesag", besked(func(b *mox.Besked) { b.ObjektType = "Bil" }))
	p.kode(err, mox.KodeUgyldig)
	k.poster(post("1", saet("egenskaber.titel", "")))
	ens(p, "fejl", len(p.fejl(store.Udvalg{})), 5)
}

func (p *proeve) handlinger() (ud []string) {
	p.Helper()
	p.laes(func(tx *store.Tx) error {
		hs, err := tx.Handlinger("", 100)
		for _, h := range hs {
			if h.Hvem != person.Navn || h.Begrundelse != person.Begrundelse || h.Tid.IsZero() {
				p.Errorf("handlingen er %+v", h)
			}
			ud = append(ud, fmt.Sprintf("%s %s %d", h.Hvad, h.Maal, h.Antal))
		}
		return err
	})
	return ud
}

type handling func(store.Udvalg, bool) (distributor.Virkning, error)

func (p *proeve) udvalgshandlinger() map[string]handling {
	return map[string]handling{
		"gensend": func(u store.Udvalg, preview bool) (distributor.Virkning, error) {
			return p.d.Gensend(p.Context(), u, person, preview)
		},
		"luk": func(u store.Udvalg, preview bool) (distributor.Virkning, error) {
			return p.d.Luk(p.Context(), u, person, preview)
		},
	}
}

func TestForhaandsvisningTaellerDetHandlingenGoer(t *testing.T) {
	conformance.Proves(t, "mox 45")
	for hvad, vil := range map[string]distributor.Virkning{"gensend": {Valgt: 5, Udfoert: 2, Udeladt: 3}, "luk": {Valgt: 5, Udfoert: 5}} {
		t.Run(hvad, func(t *testing.T) {
			paaBegge(t, func(p *proeve) {
				p.fejlene()
				goer := p.udvalgshandlinger()[hvad]
				u := store.Udvalg{Lukkede: true} // closed ones are not acted on, whatever is asked
				foer, err := goer(u, true)
				p.maa(err)
				ens(p, "åbne efter forhåndsvisning", len(p.fejl(store.Udvalg{})), 5)
				ens(p, "handlinger efter forhåndsvisning", len(p.handlinger()), 0)
				gjort, err := goer(u, false)
				p.maa(err)
				ens(p, "forhåndsvist", fmt.Sprint(foer), fmt.Sprint(gjort))
				if gjort.Valgt != vil.Valgt || gjort.Udfoert != vil.Udfoert || gjort.Udeladt != vil.Udeladt {
					p.Errorf("gjort %+v, skulle være %+v", gjort, vil)
				}
				ens(p, "åbne bagefter", len(p.fejl(store.Udvalg{})), 5-vil.Udfoert)
				liste(p, "handlinger", p.handlinger(), []string{fmt.Sprintf("%s fejl %d og %d flere %d", hvad, gjort.Fejl[0], vil.Udfoert-1, vil.Udfoert)})
				igen, err := goer(u, false)
				p.maa(err)
				ens(p, "udført igen", igen.Udfoert, 0)
			})
		})
	}
}

func TestUdvalgVaelgerDetDerErSagt(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.fejlene()
		alle := p.fejl(store.Udvalg{})
		for navn, c := range map[string]struct {
			u   store.Udvalg
			vil int
		}{
			"alt": {store.Udvalg{}, 5}, "art": {store.Udvalg{Art: store.FejlLeverance}, 3}, "ansvar": {store.Udvalg{Ansvar: mox.AnsvarAfsender}, 2}, "kode": {store.Udvalg{Kode: "409"}, 2},
			"system": {store.Udvalg{System: "post"}, 1}, "objekt": {store.Udvalg{ObjektID: sagB}, 1}, "abonnement": {store.Udvalg{Abonnement: "esdh"}, 2},
			"to": {store.Udvalg{Fejl: []int64{alle[0].ID, alle[4].ID, 99}}, 2}, "siden": {store.Udvalg{Siden: alle[3].Oprettet}, 2}, "efter": {store.Udvalg{EfterID: alle[1].ID}, 3},
			"antal": {store.Udvalg{Antal: 2}, 2}, "lukkede": {store.Udvalg{Lukkede: true}, 5},
		} {
			har := p.fejl(c.u)
			if len(har) != c.vil {
				p.Errorf("%s: %d, skulle være %d", navn, len(har), c.vil)
			}
			if navn == "antal" {
				continue
			}
			p.laes(func(tx *store.Tx) error {
				n, err := tx.TaelFejl(c.u)
				ens(p, navn+": talt", n, int64(c.vil))
				return err
			})
		}
		o, err := p.d.Overblik(p.Context())
		p.maa(err)
		if o.Fejl[0].Antal != 2 || o.Fejl[0].Kode != "409" || len(o.Fejl) != 4 {
			p.Errorf("grupperne er %+v", o.Fejl)
		}
	})
}

func TestGensendErEnNyOmgangForDenneModtagerAlene(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh", kunSager), ab("post", kunSager))
		a := p.accept(besked())
		p.leveret(p.en("post"))
		p.afvist(p.en("esdh"))
		klar := p.d.Klar("esdh")
		_, err := p.d.Gensend(p.Context(), store.Udvalg{}, person, false)
		p.maa(err)
		p.vaekket(klar)
		p.staar(a.Nr, "esdh.1 Annulleret", "post.1 Leveret", "esdh.2 Afventer")
		p.ingen("post")
		p.leveret(p.en("esdh"))
		liste(p, "kvitteringer", p.kvitteringer(a.Nr), []string{"modtaget", "sendt til 2", "post accepteret", "esdh afvist", "esdh accepteret"})
		f := p.fejl(store.Udvalg{Lukkede: true})[0]
		if f.Aaben || f.LukketAf != person.Navn || f.LukketVed != "gensend" || f.Begrundelse != person.Begrundelse || f.Lukket.IsZero() {
			p.Errorf("fejlen er %+v", f)
		}
	})
}

func TestSamtidigeGensendGiverEnOmgang(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh", kunSager))
		a := p.accept(besked())
		p.afvist(p.en("esdh"))
		var f []func() error
		for range 8 {
			f = append(f, func() error { _, err := p.d.Gensend(p.Context(), store.Udvalg{}, person, false); return err })
		}
		p.maa(samtidig(f...))
		p.staar(a.Nr, "esdh.1 Annulleret", "esdh.2 Afventer")
		ens(p, "handlinger", len(p.handlinger()), 1)
	})
}

func TestSamtidigeRetOgSendGiverEnRettetBesked(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh", kunSager))
		p.accept(besked(medIndhold(sag("Carpott"))))
		p.afvist(p.en("esdh"))
		id := p.enFejl().ID
		koder := make([]mox.Kode, 6)
		var f []func() error
		for i := range koder {
			f = append(f, func() error {
				_, err := p.d.RetOgSend(p.Context(), id, map[string]string{"egenskaber.titel": "Carport"}, person)
				koder[i] = mox.KodeAf(err)
				return nil
			})
		}
		p.maa(samtidig(f...))
		godt := 0
		for _, k := range koder {
			if k == "" {
				godt++
			} else {
				ens(p, "kode", k, mox.KodeKonflikt)
			}
		}
		ens(p, "rettet", godt, 1)
		ens(p, "klar", len(p.claim("esdh", 10)), 1)
	})
}

func TestDetDerIkkeKanRettesBliverStaaende(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh", kunSager))
		a := p.accept(besked(medIndhold(sag("Carport"))))
		p.afvist(p.en("esdh"))
		id := p.enFejl().ID
		for navn, rettelser := range map[string]map[string]string{"ukendt sti": {"egenskaber.findesikke": "x"}, "mangler": {"egenskaber.titel": ""}} {
			_, err := p.d.RetOgSend(p.Context(), id, rettelser, person)
			if mox.KodeAf(err) != mox.KodeUgyldig {
				p.Errorf("%s: %v", navn, err)
			}
		}
		p.staar(a.Nr, "esdh.1 Parkeret")
		_, err := p.d.RetOgSend(p.Context(), 999, nil, person)
		p.kode(err, mox.KodeIkkeFundet)
		b := p.accept(besked(om(sagB))) // a besked without content of ours
		p.afvist(p.kun("esdh", b.BeskedID))
		_, err = p.d.RetOgSend(p.Context(), p.fejl(store.Udvalg{ObjektID: sagB})[0].ID, map[string]string{"egenskaber.titel": "x"}, person)
		p.kode(err, mox.KodeUgyldig)
	})
}

func TestLukKraeverEnBegrundelse(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh", kunSager))
		a := p.accept(besked())
		p.afvist(p.en("esdh"))
		_, err := p.d.Luk(p.Context(), store.Udvalg{}, distributor.Hvem{Navn: "Inge"}, false)
		p.kode(err, mox.KodeUgyldig)
		p.staar(a.Nr, "esdh.1 Parkeret")
		ens(p, "fejl", len(p.fejl(store.Udvalg{})), 1)
	})
}

func TestUvistSomSketeErLeveretMedDetPersonenVed(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.medProcesser(byggesag(), ab("post", fraByggesag, uigentagelig))
		a := p.accept(besked())
		p.udloebet("post")
		p.rens()
		naeste := p.accept(besked())
		f := p.enFejl()
		svar := distributor.Afslutning{Agent: "post", Poster: []distributor.Post{{Noegle: "F-1", ObjektType: mox.Sag, Felter: sagsfelter("Brev")}}, Noegle: "F-1"}
		p.maa(p.d.Skete(p.Context(), f.ID, person, svar))
		p.staar(a.Nr, "post.1 Leveret")
		liste(p, "kvitteringer", p.kvitteringer(a.Nr), []string{"modtaget", "sendt til 1", "post accepteret"})
		ens(p, "processen", p.proces(a.ProcesID[0]), "[Byggesag afsluttet]")
		ens(p, "åbne fejl", len(p.fejl(store.Udvalg{})), 0)
		liste(p, "handlinger", p.handlinger(), []string{fmt.Sprintf("skete fejl %d 1", f.ID)})
		w := p.en("post")
		ens(p, "den næste", w.Besked.ID, naeste.BeskedID)
		ens(p, "nøglen", w.Noegler[string(sagA)], "F-1")
		p.kode(p.d.Skete(p.Context(), f.ID, person, svar), mox.KodeKonflikt)
	})
}

func TestUvistSomIkkeSketeGoeresIgen(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("post", kunSager, uigentagelig))
		a := p.accept(besked())
		w1 := p.udloebet("post")
		p.rens()
		f := p.enFejl()
		v, err := p.d.Gensend(p.Context(), store.Udvalg{}, person, false)
		p.maa(err)
		ens(p, "gensend udelader den", v.Udeladt, 1)
		klar := p.d.Klar("post")
		p.maa(p.d.SketeIkke(p.Context(), f.ID, person))
		p.vaekket(klar)
		p.staar(a.Nr, "post.1 Annulleret", "post.2 Afventer")
		w := p.en("post")
		ens(p, "usikker", w.Usikker, false)
		ens(p, "nøgle", w.Noegle, w1.Noegle)
		liste(p, "handlinger", p.handlinger(), []string{fmt.Sprintf("skete-ikke fejl %d 1", f.ID)})
		p.kode(p.d.SketeIkke(p.Context(), f.ID, person), mox.KodeKonflikt)
		p.kode(p.d.SketeIkke(p.Context(), 999, person), mox.KodeKonflikt)
	})
}

func TestRettetPostTagesIndDerHvorDenStod(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"))
		k := p.kilde()
		daarlig := post("1", saet("egenskaber.titel", ""))
		k.poster(daarlig)
		k.poster(post("2", saet("egenskaber.kassationskode", "")))
		f := p.fejl(store.Udvalg{})[0]
		stand, err := p.d.Kilde(p.Context(), "byggesag", "sager")
		p.maa(err)

		_, err = p.d.RetPost(p.Context(), f.ID, k.indlevering(nil, daarlig), person) // corrected into the same
		p.kode(err, mox.KodeUgyldig)
		if !strings.Contains(fmt.Sprint(err), "titel") {
			p.Errorf("fejlen siger ikke, hvad der er galt: %v", err)
		}
		ens(p, "antal", p.fejl(store.Udvalg{})[0].Antal, 1)

		ud, err := p.d.RetPost(p.Context(), f.ID, k.indlevering(nil, post("1")), person)
		p.maa(err)
		ens(p, "besked", p.en("esdh").Besked.ID, ud.Beskeder[0])
		ens(p, "åbne fejl", len(p.fejl(store.Udvalg{})), 1)
		efter, err := p.d.Kilde(p.Context(), "byggesag", "sager")
		p.maa(err)
		ens(p, "kildens position", efter.Position, stand.Position)
		liste(p, "handlinger", p.handlinger(), []string{fmt.Sprintf("ret-og-send fejl %d 1", f.ID)})
		_, err = p.d.RetPost(p.Context(), f.ID, k.indlevering(nil, post("1")), person)
		p.kode(err, mox.KodeKonflikt)
	})
}

func TestForloebFindesPaaBeskedProcesOgObjekt(t *testing.T) {
	conformance.Proves(t, "mox 49")
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"))
		a := p.accept(besked(func(b *mox.Besked) { b.ProcesID = []string{"proces-1"} }))
		b := p.accept(besked())
		for id, vil := range map[string]int{string(a.BeskedID): 1, "proces-1": 1, string(sagA): 2, string(b.BeskedID): 1} {
			ens(p, id, len(p.forloeb(id).Beskeder), vil)
		}
		ens(p, "ældste først", p.forloeb(string(sagA)).Beskeder[0].Besked.ID, a.BeskedID)
		_, err := p.d.Forloeb(p.Context(), "010190-1234")
		p.kode(err, mox.KodeIkkeFundet)
		if strings.Contains(err.Error(), "1234") {
			p.Errorf("fejlen gentager nummeret: %v", err)
		}
	})
}

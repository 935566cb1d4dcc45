package distributor_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/store"
)

func TestHvertAbonnementSomPasserFaarSinLeverance(t *testing.T) {
	conformance.Proves(t, "mox 28")
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("arkiv"), ab("borgerservice", kunHvor(map[string]any{"opgaveemne": "27.*"})), ab("esdh"), ab("post", kunHvor(map[string]any{"objekttype": "Sag"})))
		a := p.accept(besked(func(b *mox.Besked) { b.Opgaveemne = "02.34.02" }))
		liste(p, "sendt til", a.SendtTil, []mox.AbonnementID{"arkiv", "esdh", "post"})
		p.staar(a.Nr, "arkiv.1 Afventer", "esdh.1 Afventer", "post.1 Afventer")
		liste(p, "kvitteringer", p.kvitteringer(a.Nr), []string{"modtaget", "sendt til 3"})
		for _, id := range a.SendtTil {
			w := p.en(id)
			ens(p, "beskedID", w.Besked.ID, a.BeskedID)
		}
	})
}

func TestBeskedSomIngenVilHaveErModtagetOgSendtTilNul(t *testing.T) {
	conformance.Proves(t, "mox 27")
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("borgerservice", kunHvor(map[string]any{"opgaveemne": "27.*"})))
		a := p.accept(besked())
		liste(p, "kvitteringer", p.kvitteringer(a.Nr), []string{"modtaget", "sendt til 0"})
		ens(p, "fejl", len(p.fejl(store.Udvalg{})), 0)
	})
}

func TestSammeBeskedIgenHarEnVirkning(t *testing.T) {
	conformance.Proves(t, "mox 40")
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"))
		b := besked(medIndhold(sag("Carport")))
		foerst := p.accept(b)
		b.Dannet = time.Now() // tells about the sending, not about what happened
		b.Indhold = []byte(strings.Replace(string(b.Indhold), ":", " : ", 1))
		igen := p.accept(b)
		if foerst.Gentaget || !igen.Gentaget || igen.Nr != foerst.Nr {
			p.Errorf("først %+v, igen %+v", foerst, igen)
		}
		p.leveret(p.en("esdh"))
		p.ingen("esdh")
		liste(p, "kvitteringer", p.kvitteringer(foerst.Nr), []string{"modtaget", "sendt til 1", "esdh accepteret"})
	})
}

func TestSammeBeskedFraSekstenPaaEnGangHarEnVirkning(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"))
		b := besked()
		svar := make([]distributor.Accepteret, 16)
		var f []func() error
		for i := range svar {
			f = append(f, func() (err error) {
				svar[i], err = p.d.Accept(p.Context(), "byggesag", b)
				return err
			})
		}
		p.maa(samtidig(f...))
		nye := 0
		for _, a := range svar {
			if !a.Gentaget {
				nye++
			}
			ens(p, "nr", a.Nr, svar[0].Nr)
		}
		ens(p, "nye", nye, 1)
		p.staar(svar[0].Nr, "esdh.1 Afventer")
		liste(p, "kvitteringer", p.kvitteringer(svar[0].Nr), []string{"modtaget", "sendt til 1"})
	})
}

func TestToAfsendereMaaVaelgeSammeBeskedID(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"))
		b := besked()
		foerst := p.accept(b)
		b.Objektreference = "https://miljoe.example/9"
		anden, err := p.d.Accept(p.Context(), "miljoe", b)
		p.maa(err)
		if anden.Gentaget || anden.Nr == foerst.Nr {
			p.Errorf("den anden afsenders besked blev taget for en gentagelse: %+v", anden)
		}
	})
}

func TestSammeBeskedIDMedAndetIndholdAfvisesOgVises(t *testing.T) {
	conformance.Proves(t, "mox 41")
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"))
		b := besked()
		a := p.accept(b)
		b.Handling = "noget andet"
		for range 2 {
			_, err := p.d.Accept(p.Context(), "byggesag", b)
			p.kode(err, mox.KodeAndetIndhold)
		}
		p.staar(a.Nr, "esdh.1 Afventer")
		f := p.enFejl()
		if f.Art != store.FejlBesked || f.Ansvar != mox.AnsvarAfsender || f.Kode != string(mox.KodeAndetIndhold) || f.System != "byggesag" || f.Besked != a.Nr || f.Antal != 2 || len(f.Raa) == 0 {
			p.Errorf("fejlen er %+v", f)
		}
	})
}

func TestUgyldigBeskedAfvisesMedSinKodeOgVisesForAfsenderen(t *testing.T) {
	conformance.Proves(t, "mox 1", "mox 2")
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"))
		for _, c := range []struct {
			navn string
			kode mox.Kode
			med  func(*mox.Besked)
		}{
			{"uden beskedID", mox.KodeUdenBeskedID, func(b *mox.Besked) { b.ID = "" }},
			{"ukendt version", mox.KodeBeskedversion, func(b *mox.Besked) { b.Version = "9.0" }},
			{"uden objekt", mox.KodeUgyldig, func(b *mox.Besked) { b.ObjektID = "" }},
			{"for stor", mox.KodeForStor, func(b *mox.Besked) { b.Indhold = make([]byte, mox.MaksIndhold+1) }},
			{"NUL i en tekst", mox.KodeUgyldig, func(b *mox.Besked) { b.Handling = "a\x00b" }},
			{"NUL i beskedtypen", mox.KodeUgyldig, func(b *mox.Besked) { b.Type = "a\x00b" }},
			{"ikke UTF-8 i kildesystem", mox.KodeUgyldig, func(b *mox.Besked) { b.Kildesystem = "bl\xe5" }},
			{"NUL i objektID", mox.KodeUgyldig, func(b *mox.Besked) { b.ObjektID = "\x00" }},
			{"NUL i en rolle", mox.KodeUgyldig, func(b *mox.Besked) { b.Relateret = []mox.Relateret{{Rolle: "a\x00", ID: "urn:oio:cvr-nr:11111111"}} }},
			{"NUL i procesID", mox.KodeUgyldig, func(b *mox.Besked) { b.ProcesID = []string{"a\x00"} }},
			{"NUL i foraarsagetAf", mox.KodeUgyldig, func(b *mox.Besked) { b.ForaarsagetAf = "urn:a\x00" }},
			{"NUL i indholdstype", mox.KodeUgyldig, func(b *mox.Besked) { b.Indholdstype = "a\x00" }},
			{"metadata siger en anden sag", mox.KodeUenig, func(b *mox.Besked) {
				medIndhold(sag("Carport"))(b)
				b.ObjektID = sagB
			}},
		} {
			foer := len(p.fejl(store.Udvalg{}))
			_, err := p.d.Accept(p.Context(), "byggesag", besked(c.med))
			if mox.KodeAf(err) != c.kode {
				p.Errorf("%s: %v", c.navn, err)
			}
			alle := p.fejl(store.Udvalg{})
			if len(alle) != foer+1 {
				p.Errorf("%s: %d nye fejl", c.navn, len(alle)-foer)
				continue
			}
			if f := alle[foer]; f.Art != store.FejlBesked || f.Ansvar != mox.AnsvarAfsender || f.Kode != string(c.kode) || f.System != "byggesag" {
				p.Errorf("%s: fejlen er %+v", c.navn, f)
			}
		}
		p.ingen("esdh")
	})
}

func TestBeskedEfterGyldigTilUdleveresIkkeOgAfsenderenFaarDetAtVide(t *testing.T) {
	conformance.Proves(t, "mox 37")
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"))
		a := p.accept(besked(func(b *mox.Besked) { b.GyldigTil = time.Now().Add(-time.Hour) }))
		naeste := p.accept(besked())
		p.staar(naeste.Nr, "[esdh.1 Afventer]")
		p.ingen("esdh")
		klar := p.d.Klar("esdh")
		p.rens()
		p.vaekket(klar)
		p.staar(a.Nr, "esdh.1 Udloebet")
		liste(p, "kvitteringer", p.kvitteringer(a.Nr), []string{"modtaget", "sendt til 1", "esdh frist overskredet"})
		ens(p, "den næste", p.en("esdh").Besked.ID, naeste.BeskedID)
	})
}

func TestKunTilladtModtagerFaarBeskeden(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		modtager := func(urn string) func(*mox.Abonnement) { return func(a *mox.Abonnement) { a.Modtager = urn } }
		p.konfigurer(ab("anden", modtager("urn:oio:cvr-nr:22222222")), ab("rette", modtager("urn:oio:cvr:11111111")), ab("ukendt"))
		a := p.accept(besked(func(b *mox.Besked) { b.TilladtModtager = []string{"urn:oio:cvr-nr:11111111"} }))
		liste(p, "sendt til", a.SendtTil, []mox.AbonnementID{"rette"})
	})
}

func TestEtSystemFaarIkkeSitEgetIgen(t *testing.T) {
	conformance.Proves(t, "mox 24")
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("byggesag"), ab("esdh"))
		a := p.accept(besked())
		liste(p, "med kildesystem", a.SendtTil, []mox.AbonnementID{"esdh"})
		a = p.accept(besked(func(b *mox.Besked) { b.Kildesystem = "" }))
		liste(p, "uden kildesystem", a.SendtTil, []mox.AbonnementID{"esdh"})
		a = p.accept(besked(func(b *mox.Besked) { b.Kildesystem = "esdh" }))
		liste(p, "sendt videre for et andet", a.SendtTil, nil)
	})
}

func TestForaarsagetAfArverProcesID(t *testing.T) {
	conformance.Proves(t, "mox 14")
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"))
		start := p.accept(besked(func(b *mox.Besked) { b.ProcesID = []string{"proces-1", "proces-2"} }))
		anden := p.accept(besked(foraarsagetAf(start.BeskedID)))
		tredje := p.accept(besked(foraarsagetAf(anden.BeskedID), om(sagB)))
		liste(p, "arvet", tredje.ProcesID, []string{"proces-1", "proces-2"})
		egen := p.accept(besked(foraarsagetAf(anden.BeskedID), func(b *mox.Besked) { b.ProcesID = []string{"egen"} }))
		liste(p, "eget", egen.ProcesID, []string{"egen"})
		ens(p, "beskeder i processen", len(p.forloeb("proces-2").Beskeder), 3)
		if w := p.claim("esdh", 10); len(w) == 0 || !slices.Equal(w[len(w)-1].Besked.ProcesID, []string{"proces-1", "proces-2"}) {
			p.Errorf("modtageren ser ikke procesID: %+v", w)
		}
	})
}

func TestKaedePaaMereEndOtteErEnLoekke(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh", kunSager), ab("post", kunSager))
		a := p.accept(besked())
		for range 8 {
			a = p.accept(besked(foraarsagetAf(a.BeskedID), om(mox.ObjektID(mox.NyUUID()))))
		}
		p.staar(a.Nr, "esdh.1 Afventer", "post.1 Afventer")
		for range 2 { // the second is deeper still
			a = p.accept(besked(foraarsagetAf(a.BeskedID), om(mox.ObjektID(mox.NyUUID()))))
			p.staar(a.Nr, "esdh.1 Parkeret", "post.1 Parkeret")
		}
		fejl := p.fejl(store.Udvalg{Kode: string(mox.KodeLoekke)})
		ens(p, "fejl", len(fejl), 4)
		ens(p, "ansvar", fejl[0].Ansvar, mox.AnsvarMOX)

		_, err := p.d.Gensend(p.Context(), store.Udvalg{Fejl: []int64{fejl[0].ID}}, person, false)
		p.maa(err)
		ens(p, "gensendt af en person", len(p.claim("esdh", 10)), 10)
	})
}

func TestSammeVaerdierTilbageTilDenSomSagdeDemErEnLoekke(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		udenOrden := func(a *mox.Abonnement) { a.Orden = mox.OrdenIngen }
		p.konfigurer(ab("byggesag", kunSager, udenOrden), ab("post", kunSager, udenOrden))
		fra := func(system string) func(*mox.Besked) {
			return func(b *mox.Besked) { b.Kildesystem = system }
		}
		svar := func(aarsag distributor.Accepteret, system, titel string) distributor.Accepteret {
			b := besked(foraarsagetAf(aarsag.BeskedID), fra(system), medIndhold(sag(titel)))
			a, err := p.d.Accept(p.Context(), system, b)
			p.maa(err)
			return a
		}
		foerst := p.accept(besked(medIndhold(sag("Carport"))))
		p.staar(svar(foerst, "esdh", "Carport med skur").Nr, "byggesag.1 Afventer", "post.1 Afventer")
		igen := svar(foerst, "esdh", "Carport")
		p.staar(igen.Nr, "byggesag.1 Parkeret", "post.1 Afventer")
		p.staar(svar(svar(foerst, "arkiv", "Garage"), "esdh", "Carport").Nr, "byggesag.1 Parkeret", "post.1 Afventer")
		f := p.fejl(store.Udvalg{Kode: string(mox.KodeLoekke)})
		ens(p, "fejl", len(f), 2)
		ens(p, "ansvar", f[0].Ansvar, mox.AnsvarMOX)
	})
}

func TestSammeKonfigurationHarSammeVersion(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		version := func() (v int64) {
			a := p.accept(besked())
			p.laes(func(tx *store.Tx) error {
				b, _, err := tx.BeskedNr(a.Nr)
				v = b.Konfiguration
				return err
			})
			return v
		}
		p.konfigurer(ab("esdh", kunSager))
		foerst := version()
		p.konfigurer(ab("esdh", kunSager))
		ens(p, "den samme igen", version(), foerst)
		p.konfigurer(ab("esdh", kunHvor(map[string]any{"beskedtype": "Sag.Opstaaet"})))
		anden := version()
		if anden == foerst {
			p.Error("et andet filter er samme version")
		}
		p.konfigurer(ab("esdh", kunSager))
		ens(p, "den første igen", version(), foerst)
		p.laes(func(tx *store.Tx) error {
			tekst, ok, err := tx.Konfiguration(anden)
			if !ok || !strings.Contains(tekst, `"beskedtype":"Sag.Opstaaet"`) {
				p.Errorf("den gemte konfiguration er %q", tekst)
			}
			return err
		})
	})
}

func TestUmuligKonfigurationAfvises(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.kode(p.d.Konfigurer(p.Context(), []mox.Abonnement{ab("esdh"), ab("esdh")}, nil), mox.KodeUgyldig)
		p.kode(p.d.Konfigurer(p.Context(), []mox.Abonnement{ab("esdh")}, []mox.Proces{{Navn: "Byggesag", SvarFra: []mox.AbonnementID{"post"}}}), mox.KodeUgyldig)
	})
}

// Thirty-two at once share commits where the driver lets them; those that are refused take no other with them.
func TestAfvisteTagerIngenMedSig(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"))
		brugt := besked()
		p.accept(brugt)
		svar := make([]distributor.Accepteret, 32)
		koder := make([]mox.Kode, 32)
		var f []func() error
		for i := range svar {
			f = append(f, func() error {
				b := besked(om(mox.ObjektID(mox.NyUUID())))
				switch i % 4 {
				case 1:
					b.ObjektType = "Bil"
				case 2:
					b.ID = brugt.ID // with other content: found out within the transaction
				}
				a, err := p.d.Accept(p.Context(), "byggesag", b)
				svar[i], koder[i] = a, mox.KodeAf(err)
				return nil
			})
		}
		p.maa(samtidig(f...))
		for i, k := range koder {
			vil := map[int]mox.Kode{1: mox.KodeUgyldig, 2: mox.KodeAndetIndhold}[i%4]
			if k != vil {
				p.Errorf("nr. %d: %q, skulle være %q", i, k, vil)
			}
			if vil == "" {
				p.staar(svar[i].Nr, "esdh.1 Afventer")
			}
		}
		ens(p, "klar", len(p.claim("esdh", 100)), 17)
		ens(p, "fejl", len(p.fejl(store.Udvalg{})), 16)
	})
}

func TestAccepteretBeskedErDerEfterEtNedbrud(t *testing.T) {
	conformance.Proves(t, "mox 34", "mox 36")
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"))
		var nr []int64
		for i := range 5 {
			nr = append(nr, p.accept(besked(om(mox.ObjektID(fmt.Sprintf("aaaaaaaa-0000-4000-8000-00000000000%d", i))))).Nr)
		}
		p = p.naeste()
		var fik []int64
		for _, w := range p.claim("esdh", 10) {
			for _, l := range p.leverancer(nr[len(fik)]) {
				ens(p, "leverance", w.Leverance, l.ID)
			}
			fik = append(fik, w.Leverance)
			p.leveret(w)
		}
		ens(p, "leveret", len(fik), 5)
	})
}

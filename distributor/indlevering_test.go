package distributor_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/store"
)

// post is a record of a Sag, as mapped.
func post(noegle string, med ...func(*distributor.Post)) distributor.Post {
	p := distributor.Post{Noegle: noegle, ObjektType: mox.Sag, Felter: sagsfelter("Carport"), Raa: []byte("rå " + noegle), Sted: `{"linje": 7}`}
	for _, f := range med {
		f(&p)
	}
	return p
}

func saet(sti, v string) func(*distributor.Post) {
	return func(p *distributor.Post) {
		p.Felter = maps.Clone(p.Felter)
		p.Felter[sti] = v
	}
}

func version(v string) func(*distributor.Post) { return func(p *distributor.Post) { p.Version = v } }

func livscyklus(k mox.LivscyklusKode) func(*distributor.Post) {
	return func(p *distributor.Post) { p.Livscyklus = k }
}

// kilde is one source of byggesag, read step by step; its first run is over.
type kilde struct {
	*proeve
	trin int
}

func (p *proeve) kilde() *kilde {
	p.Helper()
	k := &kilde{proeve: p}
	k.lever(func(i *distributor.Indlevering) { i.Faerdig = true })
	return k
}

// indlevering is the next Indlevering of the source, from where it stands.
func (k *kilde) indlevering(med func(*distributor.Indlevering), poster ...distributor.Post) distributor.Indlevering {
	i := distributor.Indlevering{Agent: "byggesag", System: "byggesag", ActsAs: "svc-mox", Kilde: "sager", Position: fmt.Sprint(k.trin + 1), Poster: poster}
	if k.trin > 0 {
		i.Forventet = fmt.Sprint(k.trin)
	}
	if med != nil {
		med(&i)
	}
	return i
}

func (k *kilde) lever(med func(*distributor.Indlevering), poster ...distributor.Post) distributor.Indleveret {
	k.Helper()
	ud, err := k.d.Indlever(k.Context(), k.indlevering(med, poster...))
	k.maa(err)
	k.trin++
	return ud
}

func (k *kilde) poster(poster ...distributor.Post) distributor.Indleveret {
	k.Helper()
	return k.lever(nil, poster...)
}

// fuld hands in a complete listing.
func (k *kilde) fuld(andel float64, poster ...distributor.Post) distributor.Indleveret {
	k.Helper()
	return k.lever(func(i *distributor.Indlevering) { i.Fuld, i.MaksAndel = true, andel }, poster...)
}

// hentet is the besked with an id.
func (p *proeve) hentet(id mox.BeskedID) mox.Besked {
	p.Helper()
	return p.forloeb(string(id)).Beskeder[0].Besked.Besked
}

// en is the one besked that came of an Indlevering.
func (k *kilde) en(ud distributor.Indleveret) mox.Besked {
	k.Helper()
	if len(ud.Beskeder) != 1 {
		k.Fatalf("%d beskeder, skulle være 1: %+v", len(ud.Beskeder), ud)
	}
	return k.hentet(ud.Beskeder[0])
}

// tal are what came of an Indlevering: beskeder, uændrede, forældede, ekko, fejl, lært.
func (k *kilde) tal(ud distributor.Indleveret, beskeder, uaendrede, foraeldede, ekko, fejl, laert int) {
	k.Helper()
	har := [6]int{len(ud.Beskeder), ud.Uaendrede, ud.Foraeldede, ud.Ekko, ud.Fejl, ud.Laert}
	if vil := [6]int{beskeder, uaendrede, foraeldede, ekko, fejl, laert}; har != vil {
		k.Errorf("beskeder, uændrede, forældede, ekko, fejl, lært: %v, skulle være %v", har, vil)
	}
}

func (p *proeve) felter(b mox.Besked) map[string]string {
	p.Helper()
	t, _, r, err := oio.UnmarshalRegistrering(b.Indhold)
	p.maa(err)
	type_, _ := mox.TypeAf(t)
	return r.Udflad(type_, mox.Kl(b.Registreringstid))
}

func TestPosterOgPositionErEnHelhed(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"))
		k := p.kilde()
		ud := k.poster(post("1"), post("2"))
		k.tal(ud, 2, 0, 0, 0, 0, 0)
		stand, err := p.d.Kilde(p.Context(), "byggesag", "sager")
		p.maa(err)
		if stand.Position != "2" || stand.Laest != 2 || stand.Beskeder != 2 || stand.Startet.IsZero() {
			p.Errorf("kilden er %+v", stand)
		}
		// the answer was lost, and the agent tries again from where it thinks it stands
		forkert := k.indlevering(func(i *distributor.Indlevering) { i.Forventet = "1" }, post("1", saet("egenskaber.titel", "Andet")), post("3"))
		_, err = p.d.Indlever(p.Context(), forkert)
		p.kode(err, mox.KodePosition)
		ens(p, "klar", len(p.claim("esdh", 10)), 2)
	})
}

func TestToSomLaeserSammeKildeFaarEnVirkning(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"))
		k := p.kilde()
		koder := make([]mox.Kode, 8)
		var f []func() error
		for i := range koder {
			f = append(f, func() error {
				_, err := p.d.Indlever(p.Context(), k.indlevering(nil, post("1"), post("2")))
				koder[i] = mox.KodeAf(err)
				return nil
			})
		}
		p.maa(samtidig(f...))
		godt := 0
		for _, kode := range koder {
			if kode == "" {
				godt++
			} else {
				ens(p, "kode", kode, mox.KodePosition)
			}
		}
		ens(p, "taget imod", godt, 1)
		ens(p, "klar", len(p.claim("esdh", 10)), 2)
	})
}

func TestKunReelleAendringerBliverBeskeder(t *testing.T) {
	conformance.Proves(t, "mox 54")
	paaBegge(t, func(p *proeve) {
		k := p.kilde()
		foerste := k.en(k.poster(post("1")))
		ens(p, "første gang", foerste.LivscyklusKode, mox.Opstaaet)
		ens(p, "bruger", foerste.Bruger, "svc-mox")
		ens(p, "opgaveemne læst af indholdet", foerste.Opgaveemne, "02.34.02")
		ens(p, "tilstand læst af indholdet", foerste.Tilstand, "Opstaaet")
		k.tal(k.poster(post("1")), 0, 1, 0, 0, 0, 0)
		anden := k.en(k.poster(post("1", saet("egenskaber.titel", "Carport og skur"))))
		ens(p, "anden gang", anden.LivscyklusKode, mox.Rettet)
		ens(p, "samme objekt", anden.ObjektID, foerste.ObjektID)
		ens(p, "titel", p.felter(anden)["egenskaber.titel"], "Carport og skur")
		ens(p, "hele registreringen følger med", p.felter(anden)["egenskaber.beskrivelse"], "Nyt carport")
		if !anden.Registreringstid.After(foerste.Registreringstid) || anden.ID == foerste.ID {
			p.Errorf("anden besked %+v", anden)
		}
		andet := k.en(k.poster(post("2")))
		if andet.ObjektID == foerste.ObjektID {
			p.Error("to nøgler fik samme objekt")
		}
	})
}

func TestFlereAendringerAfEtObjektIEnIndlevering(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"))
		k := p.kilde()
		ud := k.poster(post("1"), post("1", saet("egenskaber.titel", "B")), post("1", saet("egenskaber.titel", "C")))
		k.tal(ud, 3, 0, 0, 0, 0, 0)
		tid := time.Time{}
		for _, id := range ud.Beskeder {
			w := p.en("esdh")
			ens(p, "i rækkefølge", w.Besked.ID, id)
			if !w.Besked.Registreringstid.After(tid) {
				p.Errorf("registreringstid %v er ikke efter %v", w.Besked.Registreringstid, tid)
			}
			tid = w.Besked.Registreringstid
			p.leveret(w)
		}
	})
}

func TestIdentitetenErDenSammeEfterEtNedbrud(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		k := p.kilde()
		foer := k.en(k.poster(post("1")))
		k.proeve = p.naeste()
		k.tal(k.poster(post("1")), 0, 1, 0, 0, 0, 0)
		ens(p, "objekt", k.en(k.poster(post("1", saet("egenskaber.titel", "B")))).ObjektID, foer.ObjektID)
	})
}

func TestAeldreVersionErForaeldet(t *testing.T) {
	conformance.Proves(t, "mox 47")
	paaBegge(t, func(p *proeve) {
		k := p.kilde()
		k.tal(k.poster(post("1", version("9"))), 1, 0, 0, 0, 0, 0)
		k.tal(k.poster(post("1", version("10"), saet("egenskaber.titel", "Ny"))), 1, 0, 0, 0, 0, 0)
		k.tal(k.poster(post("1", version("9"))), 0, 0, 1, 0, 0, 0)
		k.tal(k.poster(post("1", saet("egenskaber.titel", "Ny"))), 0, 1, 0, 0, 0, 0) // a record that tells no version is no older
		k.tal(k.poster(post("1", version("9"))), 0, 0, 1, 0, 0, 0)
	})
}

func TestVersionerSammenlignes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		vil  int
	}{{"9", "10", -1}, {"10", "9", 1}, {"7", "07", 0}, {"a", "b", -1}, {"2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", -1}, {"", "1", -1}} {
		if har := distributor.SammenlignVersion(c.a, c.b); har != c.vil {
			t.Errorf("%q mod %q: %d, skulle være %d", c.a, c.b, har, c.vil)
		}
	}
}

func TestDetMOXSelvHarSkrevetErIkkeEnNyhed(t *testing.T) {
	conformance.Proves(t, "mox 24")
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("byggesag", kunHvor(map[string]any{"kildesystem": "esdh"})))
		k := p.kilde()
		lokale := func(journalnr string) func(*distributor.Post) {
			return func(x *distributor.Post) {
				x.Lokale = map[string]string{"JOURNALNR": journalnr}
				saet("egenskaber.hjemmel", journalnr)(x)
			}
		}
		stier := func(i *distributor.Indlevering) {
			i.Stier = map[string][]string{"JOURNALNR": {"egenskaber.hjemmel"}}
		}
		k.tal(k.lever(stier, post("1", lokale(""))), 1, 0, 0, 0, 0, 0)
		sagen := p.d.Store().ObjektID("byggesag", mox.Sag, "1")
		b := besked(om(sagen), func(b *mox.Besked) { b.Kildesystem = "esdh" })
		_, err := p.d.Accept(p.Context(), "esdh", b)
		p.maa(err)
		w := p.en("byggesag")
		_, err = p.d.Done(p.Context(), distributor.Afslutning{Leverance: w.Leverance, Forsoeg: w.Forsoeg, Ejer: w.Ejer, Udfald: mox.Udfald{Resultat: mox.ResAccepteret},
			EkkoAf: sagen, Ekko: []store.Ekko{{Felt: "JOURNALNR", Skrevet: "2026-17", Laest: "2026-17 "}}})
		p.maa(err)
		k.tal(k.lever(stier, post("1", lokale("2026-17"))), 0, 0, 0, 1, 0, 0)
		k.tal(k.lever(stier, post("1", lokale("2026-17 "))), 0, 0, 0, 1, 0, 0)
		anden := k.en(k.lever(stier, post("1", lokale("2026-17"), saet("egenskaber.titel", "Rettet af en sagsbehandler"))))
		ens(p, "titel", p.felter(anden)["egenskaber.titel"], "Rettet af en sagsbehandler")
		ens(p, "det skrevne følger med, når noget andet ændres", p.felter(anden)["egenskaber.hjemmel"], "2026-17")
		titel := saet("egenskaber.titel", "Rettet af en sagsbehandler")
		k.tal(k.lever(stier, post("1", lokale("2026-99"), titel)), 1, 0, 0, 0, 0, 0)
		tilbage := k.en(k.lever(stier, post("1", lokale("2026-17"), titel))) // a person took it back: that is a change
		ens(p, "taget tilbage", p.felter(tilbage)["egenskaber.hjemmel"], "2026-17")
	})
}

func TestHenvisningMedLokalNoegleBlivTilObjektet(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		k := p.kilde()
		b := k.en(k.poster(post("2", saet("relationer.oversag", "noegle:Sag:1")))) // before the one it refers to
		hoved := k.en(k.poster(post("1")))
		ens(p, "oversag", p.felter(b)["relationer.oversag"], string(hoved.ObjektID))
		if strings.Contains(string(b.Indhold), "noegle:") {
			p.Error("den lokale nøgle forlod distributoren")
		}
	})
}

func TestBaselineLaererOgSenderIntet(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"))
		laer := func(x *distributor.Post) { x.Laer = true }
		k := &kilde{proeve: p}
		k.tal(k.lever(func(i *distributor.Indlevering) { i.Faerdig = true }, post("1", laer), post("2", laer)), 0, 0, 0, 0, 0, 2)
		p.ingen("esdh")
		k.tal(k.poster(post("1")), 0, 1, 0, 0, 0, 0)
		ens(p, "efter", k.en(k.poster(post("2", saet("egenskaber.titel", "Ny")))).LivscyklusKode, mox.Rettet)
		ens(p, "ny", k.en(k.poster(post("3"))).LivscyklusKode, mox.Opstaaet)
	})
}

func TestFoersteGennemloebImportererDetDerVarDer(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		k := &kilde{proeve: p}
		ens(p, "første gennemløb", k.en(k.poster(post("1"))).LivscyklusKode, mox.Importeret)
		ens(p, "sidste del", k.en(k.lever(func(i *distributor.Indlevering) { i.Faerdig = true }, post("2"))).LivscyklusKode, mox.Importeret)
		ens(p, "derefter", k.en(k.poster(post("3"))).LivscyklusKode, mox.Opstaaet)
	})
}

func TestPostDerIkkeKanBrugesBlivEnFejlOgHolderIntetTilbage(t *testing.T) {
	conformance.Proves(t, "mox 55")
	paaBegge(t, func(p *proeve) {
		k := p.kilde()
		daarlige := map[string]distributor.Post{
			"ulæselig": post("a", func(x *distributor.Post) {
				x.Fejl = &distributor.Postfejl{Ansvar: mox.AnsvarAfsender, Kode: "ulaeselig", Tekst: "linje 7"}
			}),
			"uden nøgle":      post(""),
			"ukendt type":     post("b", func(x *distributor.Post) { x.ObjektType = "Bil" }),
			"mangler felt":    post("c", saet("egenskaber.titel", "")),
			"ukendt sti":      post("d", saet("egenskaber.findesikke", "x")),
			"ukendt tilstand": post("e", saet("tilstande.fremdrift", "Sidst")),
			"for stor":        post("f", saet("egenskaber.integrationsdata", strings.Repeat("x", mox.MaksIndhold))),
			"NUL i nøglen":    post("g\x00"),
			"NUL i version":   post("h", version("\x00")),
			"NUL i handling":  post("i", func(x *distributor.Post) { x.Handling = "a\x00" }),
			"ikke UTF-8":      post("bl\xe5"),
			"lang handling":   post("j", func(x *distributor.Post) { x.Handling = strings.Repeat("x", 2000) }),
			"NUL i lokale":    post("k", func(x *distributor.Post) { x.Ekko = []store.Ekko{{Felt: "a", Skrevet: "\x00"}} }),
			"NUL i reference": post("l", saet("relationer.oversag", "noegle:Sag:\x00")),
			"ukendt maal":     post("m", saet("relationer.oversag", "noegle:Bil:1")),
		}
		for navn, daarlig := range daarlige {
			foer := len(p.fejl(store.Udvalg{}))
			god := post("god " + navn)
			ud, err := p.d.Indlever(p.Context(), k.indlevering(nil, daarlig, god))
			if err != nil {
				p.Errorf("%s: %v", navn, err)
				continue
			}
			k.trin++
			if len(ud.Beskeder) != 1 || ud.Fejl != 1 {
				p.Errorf("%s: %+v", navn, ud)
			}
			fejl := p.fejl(store.Udvalg{})[foer:]
			if len(fejl) != 1 || fejl[0].Art != store.FejlPost || fejl[0].System != "byggesag" || fejl[0].Kilde != "byggesag/sager" || fejl[0].Sted != daarlig.Sted || string(fejl[0].Raa) != string(daarlig.Raa) {
				p.Errorf("%s: fejlen er %+v", navn, fejl)
			}
			if navn == "mangler felt" && !strings.Contains(fejl[0].Tekst, "titel") {
				p.Errorf("fejlen siger ikke, hvilket felt der mangler: %s", fejl[0].Tekst)
			}
		}
	})
}

// A record that could not be sent has not been taken in: when the limit that it broke is lifted, it is news.
func TestPostDerIkkeKunneSendesErIkkeKendtBagefter(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		k := p.kilde()
		k.tal(k.poster(post("1", func(x *distributor.Post) { x.Handling = strings.Repeat("x", 2000) })), 0, 0, 0, 0, 1, 0)
		ens(p, "uden den lange handling", k.en(k.poster(post("1"))).LivscyklusKode, mox.Opstaaet)
	})
}

func TestSammeFejlpostIgenTaellesOp(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		k := p.kilde()
		for range 3 {
			k.tal(k.poster(post("1", saet("egenskaber.titel", ""))), 0, 0, 0, 0, 1, 0)
		}
		ens(p, "antal", p.enFejl().Antal, 3)
		k.tal(k.poster(post("2", saet("egenskaber.titel", ""))), 0, 0, 0, 0, 1, 0)
		ens(p, "fejl", len(p.fejl(store.Udvalg{})), 2)
	})
}

func TestPassiveretOgGenopstaaet(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		k := p.kilde()
		k.poster(post("1"))
		ens(p, "trukket", k.en(k.poster(post("1", livscyklus(mox.Passiveret)))).LivscyklusKode, mox.Passiveret)
		k.tal(k.poster(post("1", livscyklus(mox.Passiveret))), 0, 1, 0, 0, 0, 0)
		ens(p, "tilbage", k.en(k.poster(post("1", saet("egenskaber.titel", "Igen")))).LivscyklusKode, mox.Importeret)
		ens(p, "slettet", k.en(k.poster(post("1", livscyklus(mox.Slettet)))).LivscyklusKode, mox.Slettet)
		ens(p, "tilbage uændret", k.en(k.poster(post("1", saet("egenskaber.titel", "Igen")))).LivscyklusKode, mox.Importeret)
		ens(p, "var væk, før vi hørte om den", k.en(k.poster(post("2", livscyklus(mox.Passiveret)))).LivscyklusKode, mox.Importeret)
	})
}

func TestFuldListeTraekkerDetTilbageSomMangler(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		k := p.kilde()
		alle := []distributor.Post{post("1", version("1")), post("2", version("1")), post("3", version("1")), post("4", version("1"))}
		k.fuld(0.25, alle...)
		ud := k.fuld(0.25, alle[:3]...)
		k.tal(ud, 1, 3, 0, 0, 0, 0)
		b := k.en(ud)
		ens(p, "trukket", b.LivscyklusKode, mox.Passiveret)
		ens(p, "objekt", b.ObjektID, p.d.Store().ObjektID("byggesag", mox.Sag, "4"))
		k.tal(k.fuld(0.25, alle[:3]...), 0, 3, 0, 0, 0, 0)
		ens(p, "på listen igen", k.en(k.fuld(0.25, alle...)).LivscyklusKode, mox.Importeret)
	})
}

func TestFuldListeDerManglerForMegetTraekkerIntetTilbage(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		k := p.kilde()
		alle := []distributor.Post{post("1"), post("2"), post("3"), post("4")}
		k.fuld(0.25, alle...)
		k.tal(k.fuld(0.25, alle[:2]...), 0, 2, 0, 0, 0, 0)
		ens(p, "fejl", p.enFejl().Kode, "for_mange_trukket")
		k.tal(k.fuld(0.25, alle...), 0, 4, 0, 0, 0, 0)
		k.tal(k.fuld(0.25), 0, 0, 0, 0, 0, 0)
	})
}

func TestFuldListeOverFlereIndleveringer(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		k := p.kilde()
		k.fuld(1, post("1"), post("2"), post("3"))
		k.tal(k.poster(post("1")), 0, 1, 0, 0, 0, 0)
		k.tal(k.fuld(1, post("3")), 1, 1, 0, 0, 0, 0)
	})
}

// What stands in a listing has not been withdrawn, though it could not be used.
func TestFuldListeTraekkerIkkeDetTilbageSomStaarDerMenIkkeKanBruges(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		k := p.kilde()
		k.fuld(1, post("1", version("5")), post("2"), post("3"))
		k.tal(k.fuld(1, post("1", version("4")), post("2", saet("egenskaber.titel", "")), post("3", func(x *distributor.Post) {
			x.Fejl = &distributor.Postfejl{Ansvar: mox.AnsvarMOX, Kode: "map", Tekst: "kunne ikke omsættes"}
		})), 0, 0, 1, 0, 2, 0)

		// one whose key cannot be read may be any of them
		ulaeselig := func(x *distributor.Post) {
			x.Fejl = &distributor.Postfejl{Ansvar: mox.AnsvarAfsender, Kode: "ulaeselig", Tekst: "linje 7"}
		}
		k.tal(k.fuld(1, post("1", version("5")), post("2"), post("", ulaeselig)), 0, 2, 0, 0, 1, 0)
		_, err := p.d.Luk(p.Context(), store.Udvalg{}, person, false)
		p.maa(err)
		k.tal(k.fuld(1, post("1", version("5")), post("2")), 1, 2, 0, 0, 0, 0)
	})
}

func TestEnForStorIndleveringAfvises(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		_, err := p.d.Indlever(p.Context(), distributor.Indlevering{Agent: "a", Kilde: "k", Poster: make([]distributor.Post, distributor.MaksPoster+1)})
		p.kode(err, mox.KodeForStor)
	})
}

func TestVedlagtDokumentsIndholdMaaKunLaesesAfDenDerFikBeskeden(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh", kunHvor(map[string]any{"objekttype": "Dokument"})), ab("post", kunHvor(map[string]any{"objekttype": "Sag"})))
		k := p.kilde()
		sha := strings.Repeat("ab", 32)
		k.tal(k.poster(post("d1", func(x *distributor.Post) {
			x.ObjektType = mox.Dokument
			x.Felter = map[string]string{"egenskaber.brugervendtnoegle": "d1", "egenskaber.beskrivelse": "Tegning", "egenskaber.brevdato": "2026-01-01", "egenskaber.titel": "Tegning",
				"egenskaber.dokumenttype": "tegning", "tilstande.fremdrift": "Modtaget", "varianter.PDF.dele.1.indhold": oio.IndholdURN + sha}
		})), 1, 0, 0, 0, 0, 0)
		ja, err := p.d.MaaLaeseIndhold(p.Context(), "esdh", sha)
		p.maa(err)
		nej, err := p.d.MaaLaeseIndhold(p.Context(), "post", sha)
		p.maa(err)
		ens(p, "esdh må", ja, true)
		ens(p, "post må", nej, false)
	})
}

func TestSystemetsUrMaaVaereLidtForan(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"))
		k := p.kilde()
		fra := func(d time.Duration) func(*distributor.Post) {
			return func(x *distributor.Post) { x.Fra = time.Now().Add(d) }
		}
		k.lever(nil, post("1", fra(2*time.Minute)), post("2", fra(48*time.Hour)))
		nu := mox.Kl(time.Now().Add(time.Second))
		for noegle, gaelder := range map[string]bool{"1": true, "2": false} {
			p.laes(func(tx *store.Tx) error {
				id, err := tx.Objekt("byggesag", mox.Sag, noegle)
				if err != nil {
					return err
				}
				o, _, err := tx.Objektstand(id, "byggesag")
				if err != nil {
					return err
				}
				r, err := oio.UnmarshalIndre(mox.Sag, o.Registrering)
				ens(p, "sag "+noegle+" gælder nu", len(r.Paa(nu).Attributter) > 0, gaelder)
				return err
			})
		}
	})
}

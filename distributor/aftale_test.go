package distributor_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/store"
	"github.com/moxkit/mox/store/storetest"
)

// medAftaler is the next process on the same database, with these agreements.
func (p *proeve) medAftaler(l ...mox.Aftale) *proeve {
	p.Helper()
	p.maa(p.d.Store().Close())
	ny := nyProeveMed(p.T, p.url, distributor.Options{Jitter: func() float64 { return 0 }, Aftaler: l})
	ny.maa(ny.d.Konfigurer(p.Context(), p.d.Abonnementer(), p.d.Processer()))
	return ny
}

// aftale is an agreement that lets the system send and receive sager that are not sensitive.
func aftale(system string, med ...func(*mox.Aftale)) mox.Aftale {
	sager := []mox.Ret{{Objekttyper: []mox.ObjektType{mox.Sag}}}
	a := mox.Aftale{Navn: system + "-aftale", System: system, Dataansvarlig: mox.Part{Navn: "Eksempel Kommune", CVR: "29189846"}, Databehandler: mox.Part{Navn: "Leverandøren", CVR: "12345678"},
		Formaal: "sagsbehandling", Hjemmel: "byggeloven", Kategorier: []string{"navn"}, Slettefrist: "5 år", Godkendt: mox.Godkendelse{Af: "DPO", Dato: time.Now()},
		GyldigFra: time.Now().AddDate(-1, 0, 0), MaaSende: sager, MaaModtage: sager}
	for _, f := range med {
		f(&a)
	}
	return a
}

func kunFelter(t mox.ObjektType, felter ...string) func(*mox.Aftale) {
	return func(a *mox.Aftale) { a.Felter = map[mox.ObjektType][]string{t: felter} }
}

func udloebet(a *mox.Aftale) { a.GyldigTil = time.Now().Add(-time.Hour) }

func foelsomhed(v string) func(*mox.Besked) { return func(b *mox.Besked) { b.Foelsomhed = v } }

func offentlig(b *mox.Besked) { b.Foelsomhed = mox.IkkeFortrolig }

func TestAfsenderUdenRetAfvises(t *testing.T) {
	conformance.Proves(t, "mox 31")
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"))
		p = p.medAftaler(aftale("esdh"), aftale("byggesag"), aftale("gammel", udloebet))
		for _, x := range []struct {
			afsender string
			b        mox.Besked
			grund    string
		}{
			{"byggesag", besked(foelsomhed("FOELSOMME_PERSONOPLYSNINGER")), "aftalen byggesag-aftale tillader ikke at sende foelsomhed FOELSOMME_PERSONOPLYSNINGER"},
			{"gammel", besked(offentlig), "tilslutningsaftalen med gammel gælder ikke på det tidspunkt"},
			{"fremmed", besked(offentlig), "der er ingen tilslutningsaftale med fremmed"},
		} {
			_, err := p.d.Accept(p.Context(), x.afsender, x.b)
			p.kode(err, mox.KodeIkkeTilladt)
			f := p.fejl(store.Udvalg{System: x.afsender})
			if len(f) != 1 || f[0].Kode != string(mox.KodeIkkeTilladt) || f[0].Ansvar != mox.AnsvarAfsender || f[0].Tekst != x.grund || len(f[0].Raa) == 0 {
				p.Errorf("%s: %+v", x.afsender, f)
			}
		}
		p.accept(besked(offentlig))
		ens(p, "leveret til esdh", len(p.claim("esdh", 10)), 1)
	})
}

// What is waiting goes out, or is held back, as the agreements are when they have been read again.
func TestAftalerIndlaesesMensMOXKoerer(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"))
		p = p.medAftaler(aftale("esdh"), aftale("byggesag"))
		p.accept(besked(offentlig))
		p.accept(besked(offentlig, om("8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c12")))
		foer := p.d.Aftaler()
		p.kode(p.d.SaetAftaler(p.Context(), mox.Aftaler{aftale("esdh"), aftale("esdh")}, person), mox.KodeUgyldig)
		ens(p, "de forrige gælder", len(p.d.Aftaler()), len(foer))
		p.maa(p.d.SaetAftaler(p.Context(), mox.Aftaler{aftale("esdh", udloebet), aftale("byggesag")}, person))
		ens(p, "til en modtager, hvis aftale er slut", len(p.claim("esdh", 1)), 0)
		p.maa(p.d.SaetAftaler(p.Context(), foer, person))
		ens(p, "til en modtager med aftale", len(p.claim("esdh", 2)), 1)
		ens(p, "holdt tilbage", len(p.fejl(store.Udvalg{Kode: string(mox.KodeIkkeTilladt)})), 1)
		ens(p, "et abonnement er stadig", len(p.d.Abonnementer()), 1)
	})
}

func TestAgentensPostUdenRetErEnFejl(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"))
		p = p.medAftaler(aftale("esdh"), aftale("byggesag"))
		k := p.kilde()
		k.tal(k.poster(post("1", func(x *distributor.Post) { x.Foelsomhed = "VIP_SAGER" }), post("2", func(x *distributor.Post) { x.Foelsomhed = mox.IkkeFortrolig })), 1, 0, 0, 0, 1, 0)
		f := p.enFejl()
		if f.Art != store.FejlPost || f.Kode != string(mox.KodeIkkeTilladt) || f.Ansvar != mox.AnsvarAfsender || !strings.Contains(f.Raad, "tilslutningsaftalen") {
			p.Errorf("%+v", f)
		}
	})
}

func TestAftalenAfgoerHvemDerFaar(t *testing.T) {
	conformance.Proves(t, "mox 31")
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"), ab("post"), ab("uden"))
		foelsom := p.accept(besked(foelsomhed("FORTROLIGE_PERSONOPLYSNINGER")))
		p.staar(foelsom.Nr) // there are no agreements at all
		p = p.medAftaler(aftale("byggesag"), aftale("esdh"), aftale("post", func(a *mox.Aftale) { a.MaaModtage[0].KLE = []string{"27.*"} }))
		b := p.accept(besked(offentlig))
		p.staar(b.Nr, "esdh.1 Afventer")
		p = p.medAftaler() // what held then is what explains it
		for id, grund := range map[mox.AbonnementID]string{"esdh": "filteret passer", "post": "aftalen post-aftale tillader ikke at modtage beskeder uden opgaveemne",
			"uden": "der er ingen tilslutningsaftale med uden"} {
			p.forklaret(b.BeskedID, id, grund)
		}
		p.forklaret(foelsom.BeskedID, "esdh", "følsomme data leveres ikke uden en tilslutningsaftale, og der er ingen")
	})
}

func (p *proeve) forklaret(id mox.BeskedID, abonnement mox.AbonnementID, grund string) {
	p.Helper()
	l, err := p.d.Forklar(p.Context(), id, abonnement)
	p.maa(err)
	if len(l) != 1 || l[0].Grund != grund {
		p.Errorf("%s: %+v, skulle være %q", abonnement, l, grund)
	}
}

// TestModtagerensMyndighed is by its agreement the one that answers for the data, unless the abonnement names another.
func TestModtagerensMyndighed(t *testing.T) {
	conformance.Proves(t, "mox 31")
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"), ab("andet", hos("esdh"), func(a *mox.Abonnement) { a.Modtager = "urn:oio:cvr:11111111" }))
		p = p.medAftaler(aftale("byggesag"), aftale("esdh"))
		til := func(cvr string) func(*mox.Besked) {
			return func(b *mox.Besked) { b.TilladtModtager = []string{"urn:oio:cvr:" + cvr} }
		}
		p.staar(p.accept(besked(offentlig, til("29189846"))).Nr, "esdh.1 Afventer")
		p.staar(p.accept(besked(offentlig, til("11111111"))).Nr, "andet.1 Afventer")
		p.staar(p.accept(besked(offentlig, til("22222222"))).Nr)
	})
}

func TestDetUdleveredeBeskaeres(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"), ab("post"))
		p = p.medAftaler(aftale("byggesag"), aftale("esdh"), aftale("post", kunFelter(mox.Sag, "egenskaber.titel")))
		b := p.accept(besked(offentlig, medIndhold(sag("Carport"))))
		hel := p.en("esdh").Besked
		_, _, r, err := oio.UnmarshalRegistrering(hel.Indhold)
		p.maa(err)
		ens(p, "esdh får alt", r.Ens(sag("Carport")) && hel.Beskaaret == "" && hel.Opgaveemne == "02.34.02", true)
		w := p.en("post")
		felter := p.felter(w.Besked)
		if len(felter) != 1 || felter["egenskaber.titel"] != "Carport" || w.Besked.Opgaveemne != "" || w.Besked.Beskaaret != "post-aftale" {
			p.Errorf("post får %v %+v", felter, w.Besked)
		}
		som, err := p.d.Som(p.Context(), "post", hel)
		p.maa(err)
		ens(p, "set bagefter", string(som.Indhold), string(w.Besked.Indhold))
		ens(p, "i feedet", string(p.feedpost("post").Besked.Indhold), string(w.Besked.Indhold))
		p.laes(func(tx *store.Tx) error {
			gemt, _, err := tx.BeskedNr(b.Nr)
			ens(p, "MOX har den hel", string(gemt.Indhold), string(hel.Indhold))
			return err
		})
	})
}

// TestDetDerIkkeMaaUdMere is parked for those who keep the agreements, and goes out when they have seen to it.
func TestDetDerIkkeMaaUdMere(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"))
		p = p.medAftaler(aftale("byggesag"), aftale("esdh"))
		b := p.accept(besked(offentlig))
		for omgang, x := range []struct {
			a     mox.Aftale
			grund string
		}{
			{aftale("esdh", udloebet), "tilslutningsaftalen med esdh gælder ikke på det tidspunkt"},
			{aftale("esdh", kunFelter(mox.Sag)), ""},
		} {
			p = p.medAftaler(aftale("byggesag"), x.a)
			if omgang > 0 {
				ens(p, "gensendt", p.en("esdh").Besked.ID, b.BeskedID)
				continue
			}
			p.ingen("esdh")
			p.staar(b.Nr, "esdh.1 Parkeret")
			f := p.enFejl()
			if f.Tekst != x.grund || f.Kode != string(mox.KodeIkkeTilladt) || f.Ansvar != mox.AnsvarMOX {
				p.Errorf("%+v", f)
			}
			_, err := p.d.Som(p.Context(), "esdh", besked(offentlig))
			p.kode(err, mox.KodeIkkeTilladt)
			if i := p.feedpost("esdh"); !i.Tilbageholdt || i.Besked.ID != "" {
				p.Errorf("i feedet: %+v", i)
			}
			_, err = p.d.Gensend(p.Context(), store.Udvalg{Fejl: []int64{f.ID}}, person, false)
			p.maa(err)
		}
	})
}

// feedpost is the one besked that the abonnement's feed has.
func (p *proeve) feedpost(id mox.AbonnementID) distributor.Feedpost {
	p.Helper()
	_, err := p.d.GivPositioner(p.Context())
	p.maa(err)
	f, err := p.d.Feed(p.Context(), id, 0, 10, 0)
	p.maa(err)
	if len(f.Poster) != 1 {
		p.Fatalf("%d i feedet", len(f.Poster))
	}
	return f.Poster[0]
}

func TestIndholdDerIkkeKanBeskaeresParkeres(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"))
		p = p.medAftaler(aftale("byggesag"), aftale("esdh", kunFelter(mox.Sag, "egenskaber.titel")))
		b := p.accept(besked(offentlig, func(b *mox.Besked) {
			b.LivscyklusKode, b.Handling = "", "Bestil"
			b.Indholdstype, b.Indhold = "application/pdf", []byte("%PDF")
		}))
		efter := p.accept(besked(offentlig, om(sagB)))
		ens(p, "de andre går videre", p.en("esdh").Besked.ID, efter.BeskedID)
		p.staar(b.Nr, "esdh.1 Parkeret")
		if f := p.enFejl(); !strings.Contains(f.Tekst, "ingen form, felter kan tages ud af") {
			p.Errorf("%+v", f)
		}
	})
}

// TestDokumentetsIndholdFoelgerFeltet shows that bytes are read only where the field that refers to them is agreed.
func TestDokumentetsIndholdFoelgerFeltet(t *testing.T) {
	conformance.Proves(t, "mox 57")
	paaBegge(t, func(p *proeve) {
		sha := strings.Repeat("ab", 32)
		p.konfigurer(ab("hel"), ab("del"), ab("uden"), ab("gammel"))
		dokumenter := func(a *mox.Aftale) { a.MaaModtage = []mox.Ret{{Objekttyper: []mox.ObjektType{mox.Dokument}}} }
		alle := []mox.Aftale{aftale("byggesag", func(a *mox.Aftale) { a.MaaSende[0].Objekttyper = []mox.ObjektType{mox.Dokument} }), aftale("hel", dokumenter),
			aftale("del", dokumenter, kunFelter(mox.Dokument, "varianter.dele.indhold")), aftale("uden", dokumenter, kunFelter(mox.Dokument, "egenskaber.titel")), aftale("gammel", dokumenter)}
		p = p.medAftaler(alle...)
		k := p.kilde()
		k.poster(post("d1", func(x *distributor.Post) {
			x.ObjektType, x.Foelsomhed = mox.Dokument, mox.IkkeFortrolig
			x.Felter = map[string]string{"egenskaber.brugervendtnoegle": "d1", "egenskaber.beskrivelse": "Tegning", "egenskaber.brevdato": "2026-01-01", "egenskaber.titel": "Tegning",
				"egenskaber.dokumenttype": "tegning", "tilstande.fremdrift": "Modtaget", "varianter.PDF.dele.1.indhold": oio.IndholdURN + sha}
		}))
		alle[4].GyldigTil = time.Now().Add(-time.Hour)
		p = p.medAftaler(alle...)
		for id, vil := range map[mox.AbonnementID]bool{"hel": true, "del": true, "uden": false, "gammel": false} {
			maa, err := p.d.MaaLaeseIndhold(p.Context(), id, sha)
			p.maa(err)
			ens(p, string(id), maa, vil)
		}
	})
}

func TestAbonnementUdenAftaleOprettesIkke(t *testing.T) {
	t.Parallel()
	log := &bytes.Buffer{}
	p := nyProeveMed(t, storetest.SQLite(t), distributor.Options{Aftaler: mox.Aftaler{aftale("esdh")}, Log: slog.New(slog.NewTextHandler(log, nil))})
	p.opret(trukket("esdh.alt"))
	_, err := p.d.OpretAbonnement(t.Context(), trukket("post.alt", hos("post")), false, person)
	p.kode(err, mox.KodeIkkeTilladt)
	p.konfigurer(ab("esdh"), ab("agent"))
	if !strings.Contains(log.String(), "abonnement=agent") || strings.Contains(log.String(), "abonnement=esdh") {
		t.Errorf("%s", log)
	}
}

func TestAftalerDerStriderModHinanden(t *testing.T) {
	t.Parallel()
	p := nyProeve(t, storetest.SQLite(t))
	_, err := distributor.New(t.Context(), p.d.Store(), distributor.Options{Aftaler: mox.Aftaler{aftale("esdh"), aftale("esdh")}})
	p.kode(err, mox.KodeUgyldig)
}

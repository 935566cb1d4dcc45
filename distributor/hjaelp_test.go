package distributor_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/store"
	"github.com/moxkit/mox/store/storetest"
)

// proeve is one test's distributor on a database of its own. Its methods end the test when something goes wrong that the
// test is not about.
type proeve struct {
	*testing.T
	d   *distributor.Distributor
	url string
}

// paaBegge runs a test on both databases.
func paaBegge(t *testing.T, f func(p *proeve)) {
	t.Helper()
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		f(nyProeve(t, storetest.SQLite(t)))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		f(nyProeve(t, storetest.Postgres(t)))
	})
}

func nyProeve(t *testing.T, url string) *proeve {
	t.Helper()
	return nyProeveMed(t, url, distributor.Options{Jitter: func() float64 { return 0 }})
}

func nyProeveMed(t *testing.T, url string, o distributor.Options) *proeve {
	t.Helper()
	s, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	d, err := distributor.New(t.Context(), s, o)
	if err != nil {
		t.Fatal(err)
	}
	return &proeve{T: t, d: d, url: url}
}

// naeste is the next process on the same database after this one was killed: nothing of this one is ended but its
// connections.
func (p *proeve) naeste() *proeve {
	p.Helper()
	p.maa(p.d.Store().Close())
	ny := nyProeve(p.T, p.url)
	p.maa(ny.d.Konfigurer(p.Context(), p.d.Abonnementer(), p.d.Processer()))
	return ny
}

func (p *proeve) paaPostgres() bool { return !p.d.Store().Proves() }

func (p *proeve) maa(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

// kode checks the code of an error; "" is none.
func (p *proeve) kode(err error, vil mox.Kode) {
	p.Helper()
	if mox.KodeAf(err) != vil {
		p.Errorf("fejlkode %q (%v), skulle være %q", mox.KodeAf(err), err, vil)
	}
}

func (p *proeve) laes(f func(tx *store.Tx) error) {
	p.Helper()
	p.maa(p.d.Store().View(p.Context(), f))
}

func (p *proeve) konfigurer(a ...mox.Abonnement) { p.Helper(); p.medProcesser(nil, a...) }

func (p *proeve) medProcesser(ps []mox.Proces, a ...mox.Abonnement) {
	p.Helper()
	p.maa(p.d.Konfigurer(p.Context(), a, ps))
}

func filter(kilde map[string]any) mox.Filter {
	f, fejl := mox.LaesFilter(kilde)
	if len(fejl) > 0 {
		panic(fmt.Sprint(fejl))
	}
	return f
}

// ab is an abonnement of a system of the same name: all beskeder in order per objekt, three attempts without a wait between
// them, repeats harmless.
func ab(id string, med ...func(*mox.Abonnement)) mox.Abonnement {
	a := mox.Abonnement{ID: mox.AbonnementID(id), System: id, Orden: mox.OrdenObjekt, Plan: mox.Plan{Forsoeg: 3}, Gentages: true}
	for _, f := range med {
		f(&a)
	}
	return a
}

func kunHvor(k map[string]any) func(*mox.Abonnement) {
	return func(a *mox.Abonnement) { a.Filter = filter(k) }
}

// kunSager leaves out the beskeder about delivery itself.
func kunSager(a *mox.Abonnement) { a.Filter = filter(map[string]any{"beskedtype": "Sag.Rettet"}) }

func uigentagelig(a *mox.Abonnement) { a.Gentages = false }

const (
	sagA = mox.ObjektID("aaaaaaaa-0000-4000-8000-000000000001")
	sagB = mox.ObjektID("bbbbbbbb-0000-4000-8000-000000000002")
)

// besked is a besked about sagA from the system byggesag.
func besked(med ...func(*mox.Besked)) mox.Besked {
	b := mox.Besked{ID: mox.BeskedID(mox.NyUUID()), ObjektID: sagA, ObjektType: mox.Sag, LivscyklusKode: mox.Rettet, Aktoer: "cccccccc-0000-4000-8000-000000000003", Kildesystem: "byggesag",
		Registreringstid: time.Date(2026, 3, 2, 9, 15, 0, 0, time.UTC), Objektreference: "https://byggesag.example/sag/1"}
	for _, f := range med {
		f(&b)
	}
	return b
}

func om(id mox.ObjektID) func(*mox.Besked) { return func(b *mox.Besked) { b.ObjektID = id } }

func foraarsagetAf(id mox.BeskedID) func(*mox.Besked) {
	return func(b *mox.Besked) { b.ForaarsagetAf = id }
}

// sag is a whole registrering of a Sag.
func sag(titel string) mox.Registrering {
	t, _ := mox.TypeAf(mox.Sag)
	r, err := mox.Registrering{}.Laeg(t, sagsfelter(titel), mox.Fra(mox.Kl(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))))
	if err != nil {
		panic(err)
	}
	r.LivscyklusKode, r.FraTidspunkt = mox.Rettet, time.Date(2026, 3, 2, 9, 15, 0, 0, time.UTC)
	return r
}

func sagsfelter(titel string) map[string]string {
	return map[string]string{"egenskaber.brugervendtnoegle": "2026-0001", "egenskaber.sagsnummer": "2026-0001", "egenskaber.titel": titel, "egenskaber.beskrivelse": "Nyt carport",
		"egenskaber.kassationskode": "B", "tilstande.fremdrift": "Opstaaet", "relationer.primaerklasse": "urn:oio:kle:02.34.02"}
}

// medIndhold gives the besked the registrering of its objekt as content.
func medIndhold(r mox.Registrering) func(*mox.Besked) {
	return func(b *mox.Besked) {
		raa, err := oio.MarshalRegistrering(b.ObjektType, b.ObjektID, r)
		if err != nil {
			panic(err)
		}
		b.Indhold, b.Indholdstype, b.Objektreference = raa, oio.TypeJSON, ""
	}
}

func (p *proeve) accept(b mox.Besked) distributor.Accepteret {
	p.Helper()
	a, err := p.d.Accept(p.Context(), "byggesag", b)
	p.maa(err)
	return a
}

func (p *proeve) ejer() string { return p.d.Inkarnation() + "/1" }

func (p *proeve) claim(id mox.AbonnementID, n int) []distributor.Arbejde {
	p.Helper()
	w, err := p.d.Claim(p.Context(), id, p.ejer(), n, time.Minute)
	p.maa(err)
	return w
}

// en claims the one leverance that is ready.
func (p *proeve) en(id mox.AbonnementID) distributor.Arbejde {
	p.Helper()
	w := p.claim(id, 10)
	if len(w) != 1 {
		p.Fatalf("%d leverancer er klar til %s, skulle være 1", len(w), id)
	}
	return w[0]
}

func (p *proeve) ingen(id mox.AbonnementID) {
	p.Helper()
	if w := p.claim(id, 10); len(w) > 0 {
		p.Errorf("%d leverancer er klar til %s, skulle være ingen", len(w), id)
	}
}

// udloebet claims the one ready leverance with a lease that has run out already.
func (p *proeve) udloebet(id mox.AbonnementID) distributor.Arbejde {
	p.Helper()
	w, err := p.d.Claim(p.Context(), id, p.ejer(), 1, -time.Second)
	p.maa(err)
	if len(w) != 1 {
		p.Fatalf("%d leverancer er klar til %s, skulle være 1", len(w), id)
	}
	return w[0]
}

func (p *proeve) afslut(w distributor.Arbejde, u mox.Udfald) distributor.Afsluttet {
	p.Helper()
	ud, err := p.d.Done(p.Context(), distributor.Afslutning{Leverance: w.Leverance, Forsoeg: w.Forsoeg, Ejer: w.Ejer, Udfald: u})
	p.maa(err)
	return ud
}

func (p *proeve) leveret(w distributor.Arbejde) {
	p.Helper()
	if ud := p.afslut(w, mox.Udfald{Resultat: mox.ResAccepteret}); ud.Tilstand != mox.Leveret {
		p.Fatalf("leverancen blev %s", ud.Tilstand)
	}
}

func (p *proeve) afvist(w distributor.Arbejde) {
	p.Helper()
	ud := p.afslut(w, mox.Udfald{Resultat: mox.ResAfvist, Kode: "409", Tekst: "sagen er lukket"})
	if ud.Tilstand != mox.Parkeret {
		p.Fatalf("leverancen blev %s", ud.Tilstand)
	}
}

// vaekket waits until whoever waits for work is told to look.
func (p *proeve) vaekket(klar <-chan struct{}) {
	p.Helper()
	select {
	case <-klar:
	case <-time.After(20 * time.Second):
		p.Error("ingen blev vækket")
	}
}

// rens does the distributor's housekeeping of leases until there is no more to do.
func (p *proeve) rens() {
	p.Helper()
	_, err := p.d.AfslutUdloebne(p.Context())
	p.maa(err)
	_, err = p.d.UdloebGamle(p.Context())
	p.maa(err)
}

func (p *proeve) leverancer(nr int64) (ud []store.Leverance) {
	p.Helper()
	p.laes(func(tx *store.Tx) (err error) {
		ud, err = tx.LeverancerAf(nr)
		return err
	})
	return ud
}

// tilstande are a besked's leverancer as "esdh.1 Parkeret", blocked ones in brackets.
func (p *proeve) tilstande(nr int64) (ud []string) {
	p.Helper()
	for _, l := range p.leverancer(nr) {
		s := fmt.Sprintf("%s.%d %s", l.Abonnement, l.Omgang, l.Tilstand)
		if l.Blokeret {
			s = "[" + s + "]"
		}
		ud = append(ud, s)
	}
	return ud
}

func (p *proeve) staar(nr int64, vil ...string) {
	p.Helper()
	if har := p.tilstande(nr); !slices.Equal(har, vil) {
		p.Errorf("besked %d: leverancer %v, skulle være %v", nr, har, vil)
	}
}

func (p *proeve) fejl(u store.Udvalg) (ud []store.Fejl) {
	p.Helper()
	p.laes(func(tx *store.Tx) (err error) {
		ud, err = tx.Fejl(u)
		return err
	})
	return ud
}

// enFejl is the one open Fejl.
func (p *proeve) enFejl() store.Fejl {
	p.Helper()
	f := p.fejl(store.Udvalg{})
	if len(f) != 1 {
		p.Fatalf("%d åbne fejl, skulle være 1: %+v", len(f), f)
	}
	return f[0]
}

func (p *proeve) forloeb(id string) distributor.Forloeb {
	p.Helper()
	f, err := p.d.Forloeb(p.Context(), id)
	p.maa(err)
	return f
}

// kvitteringer are a besked's receipts as "esdh accepteret", "sendt til 2".
func (p *proeve) kvitteringer(nr int64) (ud []string) {
	p.Helper()
	p.laes(func(tx *store.Tx) error {
		ks, err := tx.Kvitteringer(nr)
		for _, k := range ks {
			switch {
			case k.Art == mox.KvitSendtTil:
				ud = append(ud, fmt.Sprintf("%s %d", k.Art, k.Antal))
			case k.Abonnement != "":
				ud = append(ud, fmt.Sprintf("%s %s", k.Abonnement, k.Art))
			default:
				ud = append(ud, string(k.Art))
			}
		}
		return err
	})
	return ud
}

func ens[T comparable](p *proeve, hvad string, har, vil T) {
	p.Helper()
	if har != vil {
		p.Errorf("%s: %v, skulle være %v", hvad, har, vil)
	}
}

func liste[T comparable](p *proeve, hvad string, har, vil []T) {
	p.Helper()
	if !slices.Equal(har, vil) {
		p.Errorf("%s: %v, skulle være %v", hvad, har, vil)
	}
}

// samtidig runs all of f at the same time.
func samtidig(f ...func() error) error {
	errs := make([]error, len(f))
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range f {
		wg.Go(func() {
			<-start
			errs[i] = f[i]()
		})
	}
	close(start)
	wg.Wait()
	return errors.Join(errs...)
}

var person = distributor.Hvem{Navn: "Inge Hansen", Begrundelse: "aftalt med modtageren"}

package distributor_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/store"
	"github.com/moxkit/mox/store/storetest"
)

// efterlever begins to bring the abonnement what came before it.
func (p *proeve) efterlever(id mox.AbonnementID, v distributor.Efterleveringsvalg) store.Efterlevering {
	p.Helper()
	e, err := p.d.Efterlever(p.Context(), id, v, person)
	p.maa(err)
	return e
}

// efterleverAlt makes leverancer from the log until there is no more to make.
func (p *proeve) efterleverAlt() {
	p.Helper()
	for n := 1; n > 0; {
		var err error
		n, err = p.d.EfterleverNu(p.Context())
		p.maa(err)
	}
}

func (p *proeve) efterlevering(id mox.AbonnementID) (e store.Efterlevering) {
	p.Helper()
	p.laes(func(tx *store.Tx) (err error) {
		e, _, err = tx.Efterlevering(id)
		return err
	})
	return e
}

// efterleverer reports whether the abonnement is getting what came before it.
func (p *proeve) efterleverer(id mox.AbonnementID) bool {
	p.Helper()
	e := p.efterlevering(id)
	return e.ID > 0 && e.Afsluttet.IsZero()
}

// leverAlt has the receiver take what there is, and gives the numbers of the beskeder in the order they came.
func (p *proeve) leverAlt(id mox.AbonnementID) (ud []string) {
	p.Helper()
	for {
		w := p.claim(id, 100)
		if len(w) == 0 {
			return ud
		}
		for _, x := range w {
			p.leveret(x)
			ud = append(ud, x.Besked.Objektreference)
		}
	}
}

// navngivet gives the besked a name that tests know it by.
func navngivet(navn string) func(*mox.Besked) {
	return func(b *mox.Besked) { b.Objektreference = navn }
}

// TestEtNytAbonnementFaarDetTidligere in the order of the log, each once, before what is newer about the same objekt, while
// other objekter go on.
func TestEtNytAbonnementFaarDetTidligere(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("andet"))
		for _, x := range []struct {
			navn string
			om   mox.ObjektID
		}{{"a1", sagA}, {"b1", sagB}, {"a2", sagA}} {
			p.accept(besked(om(x.om), navngivet(x.navn)))
		}
		p.konfigurer(ab("andet"), ab("ny"))
		p.efterlever("ny", distributor.Efterleveringsvalg{Fra: 1})
		_, err := p.d.Efterlever(p.Context(), "ny", distributor.Efterleveringsvalg{Fra: 1}, person)
		p.kode(err, mox.KodeKonflikt)
		p.accept(besked(navngivet("a3"))) // before anything has come from the log
		p.accept(besked(om("cccccccc-0000-4000-8000-000000000009"), navngivet("c1")))
		liste(p, "det, der ikke venter", p.leverAlt("ny"), []string{"c1"})
		p.efterleverAlt()
		liste(p, "det andet", p.leverAlt("ny"), []string{"a1", "b1", "a2", "a3"})
		e := p.efterlevering("ny")
		if e.Antal != 3 || e.Havde != 2 || e.Afsluttet.IsZero() || e.Af != person.Navn {
			p.Errorf("%+v", e)
		}
		p.efterlever("ny", distributor.Efterleveringsvalg{Fra: 1})
		p.efterleverAlt()
		if e := p.efterlevering("ny"); e.Antal != 0 || e.Havde != 5 || e.Afsluttet.IsZero() {
			p.Errorf("igen: %+v", e)
		}
		p.ingen("ny")
	})
}

// TestDetDerErIGangVenterPaaDetTidligere: a leverance that has begun when an older one comes from the log ends first, and if
// it is to be tried again it then waits.
func TestDetDerErIGangVenterPaaDetTidligere(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer()
		p.accept(besked(navngivet("a1")))
		p.konfigurer(ab("ny"))
		p.accept(besked(navngivet("a2")))
		w := p.en("ny")
		p.efterlever("ny", distributor.Efterleveringsvalg{Fra: 1})
		p.efterleverAlt()
		p.ingen("ny")
		p.afslut(w, mox.Udfald{Resultat: mox.ResMidlertidig})
		liste(p, "rækkefølge", p.leverAlt("ny"), []string{"a1", "a2"})
	})
}

// TestEfterleveringSpringerOver what means nothing to one who was not there.
func TestEfterleveringSpringerOver(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("andet"), ab("kvit", hos("byggesag"), omKvitteringer))
		p.accept(besked(forsent))
		p.accept(besked(navngivet("27"), func(b *mox.Besked) { b.Opgaveemne = "27.03.00" }))
		p.accept(besked(navngivet("anden myndighed"), func(b *mox.Besked) { b.TilladtModtager = []string{"urn:oio:cvr-nr:11111111"} }))
		p.accept(besked(navngivet("egen"), func(b *mox.Besked) { b.Kildesystem = "ny" }))
		slettet := p.accept(besked(navngivet("slettet")))
		p.accept(besked(navngivet("02"), func(b *mox.Besked) { b.Opgaveemne = "02.34.02" }))
		p.maa(p.d.Store().Update(p.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec(`UPDATE besked SET metadata = NULL, indhold = NULL, salt = NULL WHERE nr = ?`, slettet.Nr)
			return err
		}))
		p.konfigurer(ab("ny", kunHvor(map[string]any{"en af": []any{map[string]any{"opgaveemne": "02.*"}, map[string]any{"opgaveemne": map[string]any{"findes": false}}}})))
		v := distributor.Efterleveringsvalg{Fra: 1}
		proeve, err := p.d.ProevEfterlevering(p.Context(), "ny", v, 0)
		if p.maa(err); proeve.Passer != 1 || proeve.Naeste != 0 || proeve.Set != proeve.Til {
			p.Errorf("%+v", proeve)
		}
		p.efterlever("ny", v)
		p.efterleverAlt()
		liste(p, "fik", p.leverAlt("ny"), []string{"02"})
	})
}

// TestEtStykkeAfLoggen by positions and by times, which is what the trial says too.
func TestEtStykkeAfLoggen(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		var kl []time.Time
		for i := range 6 {
			a := p.accept(besked(om(mox.ObjektID(mox.NyUUID())), navngivet(fmt.Sprint(i+1))))
			p.laes(func(tx *store.Tx) error {
				b, _, err := tx.BeskedNr(a.Nr)
				kl = append(kl, b.Modtaget)
				return err
			})
		}
		for i, x := range []struct {
			v   distributor.Efterleveringsvalg
			vil []string
		}{
			{distributor.Efterleveringsvalg{Fra: 2, Til: 4}, []string{"2", "3", "4"}},
			{distributor.Efterleveringsvalg{FraKl: kl[3]}, []string{"4", "5", "6"}},
			{distributor.Efterleveringsvalg{FraKl: kl[1], TilKl: kl[3]}, []string{"2", "3"}},
			{distributor.Efterleveringsvalg{FraKl: kl[0].Add(-time.Hour), Til: 1}, []string{"1"}},
			{distributor.Efterleveringsvalg{FraKl: kl[5].Add(time.Hour)}, nil},
			{distributor.Efterleveringsvalg{Fra: 5, Til: 99}, []string{"5", "6"}},
		} {
			id := mox.AbonnementID(fmt.Sprint("ny", i))
			p.konfigurer(ab(string(id)))
			proeve, err := p.d.ProevEfterlevering(p.Context(), id, x.v, 0)
			if p.maa(err); proeve.Passer != int64(len(x.vil)) {
				p.Errorf("%+v: %+v", x.v, proeve)
			}
			p.efterlever(id, x.v)
			p.efterleverAlt()
			liste(p, fmt.Sprintf("%+v", x.v), p.leverAlt(id), x.vil)
		}
		for _, v := range []distributor.Efterleveringsvalg{{}, {Fra: -1}, {Fra: 1, FraKl: kl[0]}, {Fra: 1, Til: 2, TilKl: kl[0]}} {
			_, err := p.d.Efterlever(p.Context(), "ny5", v, person)
			p.kode(err, mox.KodeUgyldig)
		}
		_, err := p.d.Efterlever(p.Context(), "ukendt", distributor.Efterleveringsvalg{Fra: 1}, person)
		p.kode(err, mox.KodeIkkeFundet)
	})
}

// TestKunLidtForanModtageren, and after a process was killed the next one goes on where it was.
func TestKunLidtForanModtageren(t *testing.T) {
	t.Parallel()
	p := nyProeve(t, storetest.SQLite(t))
	p.konfigurer()
	const antal = 1200
	var f []func() error
	for i := range 20 {
		f = append(f, func() error {
			for j := range antal / 20 {
				b := besked(om(mox.ObjektID(mox.NyUUID())), navngivet(fmt.Sprint(i, "/", j)))
				if _, err := p.d.Accept(t.Context(), "byggesag", b); err != nil {
					return err
				}
			}
			return nil
		})
	}
	p.maa(samtidig(f...))
	p.konfigurer(ab("ny"))
	p.efterlever("ny", distributor.Efterleveringsvalg{Fra: 1})
	leverancer := func() (n int64) {
		p.Helper()
		p.laes(func(tx *store.Tx) error { return tx.QueryRow(`SELECT COUNT(*) FROM leverance`).Scan(&n) })
		return n
	}
	p.efterleverAlt()
	ens(p, "leverancer, før modtageren har taget nogen", leverancer(), 1000)
	p = p.naeste()
	p.efterleverAlt()
	ens(p, "leverancer i den næste proces", leverancer(), 1000)
	p.skriv(`UPDATE leverance SET tilstand = 'Leveret' WHERE tilstand = ?`, string(mox.Afventer)) // as if the receiver had taken them all
	n, err := p.d.EfterleverNu(t.Context())
	p.maa(err)
	ens(p, "set, mens den dræbte proces endnu har lejemålet", n, 0)
	p.gammel("leje", "lejet_til", `navn = 'efterlevering/ny'`, time.Second)
	p.efterleverAlt()
	ens(p, "leverancer i alt", leverancer(), antal)
	if e := p.efterlevering("ny"); e.Antal != antal || e.Afsluttet.IsZero() {
		p.Errorf("%+v", e)
	}
}

// TestEfterleveringStandses: what has been made is delivered, what waited for the rest goes on, and a closed abonnement gets
// no more.
func TestEfterleveringStandses(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.accept(besked(navngivet("a1")))
		p.opret(trukket("ny"))
		p.kode(p.d.StandsEfterlevering(p.Context(), "ny", person), mox.KodeIkkeFundet)
		p.efterlever("ny", distributor.Efterleveringsvalg{Fra: 1})
		p.accept(besked(navngivet("a2")))
		p.ingen("ny")
		p.maa(p.d.StandsEfterlevering(p.Context(), "ny", person))
		p.efterleverAlt()
		liste(p, "efter stands", p.leverAlt("ny"), []string{"a2"})
		p.efterlever("ny", distributor.Efterleveringsvalg{Fra: 1})
		p.maa(p.d.LukAbonnement(p.Context(), "ny", true, person))
		p.efterleverAlt()
		if e := p.efterlevering("ny"); !e.Standset || e.Afsluttet.IsZero() || e.Antal != 0 {
			p.Errorf("%+v", e)
		}
	})
}

// TestEfterleveringAfSigSelv: Run makes the leverancer as a waiting receiver takes them, and explains them afterwards.
func TestEfterleveringAfSigSelv(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		a := p.accept(besked(navngivet("a1")))
		p.konfigurer(ab("ny"))
		ctx, stop := context.WithCancel(p.Context())
		faerdig := make(chan struct{})
		go func() { defer close(faerdig); _ = p.d.Run(ctx) }()
		defer func() { stop(); <-faerdig }()
		p.efterlever("ny", distributor.Efterleveringsvalg{Fra: 1})
		var w []distributor.Arbejde
		for frist := time.Now().Add(time.Minute); len(w) == 0 && time.Now().Before(frist); {
			var err error
			w, err = p.d.Hent(ctx, "ny", p.ejer(), 1, time.Minute, 10*time.Second)
			p.maa(err)
		}
		if len(w) != 1 {
			p.Fatal("intet kom")
		}
		p.leveret(w[0])
		f, err := p.d.Forklar(p.Context(), a.BeskedID, "ny")
		if p.maa(err); len(f) != 1 || !f[0].Fik || f[0].Leveret != mox.Leveret || f[0].Grund != "beskeden er efterleveret: abonnementet fik den fra loggen" {
			p.Errorf("%+v", f)
		}
	})
}

// TestAftalenGaelderOgsaaDetTidligere: from the log nobody gets what the agreement does not let it receive.
func TestAftalenGaelderOgsaaDetTidligere(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.accept(besked(offentlig, navngivet("offentlig")))
		p.accept(besked(foelsomhed("FOELSOMME_PERSONOPLYSNINGER"), navngivet("følsom")))
		p.konfigurer(ab("esdh"), ab("fremmed"))
		p = p.medAftaler(aftale("esdh"), aftale("byggesag"))
		for id, vil := range map[mox.AbonnementID][]string{"esdh": {"offentlig"}, "fremmed": nil} {
			p.efterlever(id, distributor.Efterleveringsvalg{Fra: 1})
			p.efterleverAlt()
			liste(p, string(id), p.leverAlt(id), vil)
		}
	})
}

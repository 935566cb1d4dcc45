package distributor_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/store"
	"github.com/moxkit/mox/store/storetest"
)

// glem erases an objekt that no register has, and gives what was done.
func (p *proeve) glem(id mox.ObjektID) distributor.Glemt {
	p.Helper()
	ud, err := p.glemt(id)
	p.maa(err)
	return ud
}

func (p *proeve) glemt(id mox.ObjektID) (ud distributor.Glemt, err error) {
	err = p.d.Sammen(p.Context(), func(tx *store.Tx, u *distributor.Udgivelse) (err error) {
		if err = tx.Lock("objekt/" + string(id)); err != nil {
			return err
		}
		if err = tx.InsertGlemt(&store.Glemt{ObjektID: id, ObjektType: mox.Sag, Hvem: "Inge", Begrundelse: "slettes"}); err != nil {
			return err
		}
		ud, err = u.Glem(distributor.Glemsel{ObjektID: id, ObjektType: mox.Sag, Fra: "register", Frist: tx.Now().Add(time.Hour), Hvem: distributor.Hvem{Navn: "Inge"}})
		return err
	})
	return ud, err
}

// vedPunkt runs a test on both databases, with something that is done at a point, once.
func vedPunkt(t *testing.T, punkt string, f func(p *proeve, ved func(func()))) {
	t.Helper()
	t.Parallel()
	for navn, url := range map[string]func(testing.TB) string{"SQLite": storetest.SQLite, "PostgreSQL": storetest.Postgres} {
		t.Run(navn, func(t *testing.T) {
			t.Parallel()
			var goer func()
			p := nyProeveMed(t, url(t), distributor.Options{Jitter: func() float64 { return 0 }, Punkt: func(navn string) {
				if navn == punkt && goer != nil {
					f := goer
					goer = nil
					f()
				}
			}})
			f(p, func(f func()) { goer = f })
		})
	}
}

// TestDenDerSletterMensFeedetLaeses: whoever is given a besked of an objekt is told that it is erased; so one that was read
// before the erasure is not given out after it, unless it was noted that it would be.
func TestDenDerSletterMensFeedetLaeses(t *testing.T) {
	vedPunkt(t, "feed.foer", func(p *proeve, ved func(func())) {
		p.konfigurer(ab("dokumenter", kunSager))
		p.accept(besked())
		p.accept(besked(om(sagB)))
		p.naesteSekvens(2)
		ved(func() { ens(p, "modtagere, før der er læst", len(p.glem(sagA).Modtagere), 0) })
		f := p.feed(0, 10)
		if len(f.Poster) != 2 || !f.Poster[0].Slettet || f.Poster[0].Besked.ID != "" || f.Poster[1].Slettet {
			p.Errorf("feedet gav %+v", f.Poster)
		}
		ens(p, "modtagere, når der er læst", len(p.glem(sagB).Modtagere), 1)
	})
}

// TestDenDerSletterMensLoggenEfterleveres: what has been erased since it was read is not delivered.
func TestDenDerSletterMensLoggenEfterleveres(t *testing.T) {
	vedPunkt(t, "efterlevering.laest", func(p *proeve, ved func(func())) {
		p.konfigurer(ab("esdh", kunSager))
		p.accept(besked())
		p.accept(besked(om(sagB)))
		p.naesteSekvens(2)
		p.konfigurer(ab("esdh", kunSager), ab("ny", kunSager))
		p.efterlever("ny", distributor.Efterleveringsvalg{Fra: 1})
		ved(func() { ens(p, "modtagere", len(p.glem(sagA).Modtagere), 0) })
		p.efterleverAlt()
		ens(p, "objektet, der ikke er slettet", p.en("ny").Besked.ObjektID, sagB)
		ens(p, "efterleveret", p.efterlevering("ny").Antal, int64(1))
	})
}

// TestDenDerSletterMensNogenTagerDet waits for whoever is taking a leverance, and tells him too. SQLite has one writer.
func TestDenDerSletterMensNogenTagerDet(t *testing.T) {
	t.Parallel()
	p := nyProeve(t, storetest.Postgres(t))
	p.konfigurer(ab("esdh", kunSager))
	p.accept(besked())
	var ud distributor.Glemt
	faerdig := make(chan error, 1)
	p.maa(p.d.Store().Update(p.Context(), func(tx *store.Tx) error { // as Claim does it
		klar, err := tx.Klar("esdh", 1)
		if err != nil || len(klar) != 1 {
			return fmt.Errorf("%d er klar: %w", len(klar), err)
		}
		go func() {
			var err error
			ud, err = p.glemt(sagA)
			faerdig <- err
		}()
		p.venterPaaLaas()
		l := klar[0].Leverance
		l.Tilstand, l.Forsoeg, l.Ejer, l.LejetTil = mox.UnderLevering, 1, p.ejer(), tx.Now().Add(time.Minute)
		if err := tx.UpdateLeverance(&l); err != nil {
			return err
		}
		return tx.InsertForsoeg(l.ID, 1, l.Ejer)
	}))
	p.maa(<-faerdig)
	if m := ud.Modtagere; len(m) != 1 || m[0].Abonnement != "esdh" {
		t.Errorf("modtagere: %+v", m)
	}
}

// venterPaaLaas waits until somebody waits for a lock in the database.
func (p *proeve) venterPaaLaas() {
	p.Helper()
	for frist := time.Now().Add(20 * time.Second); ; runtime.Gosched() {
		n := 0
		p.laes(func(tx *store.Tx) error {
			return tx.QueryRow(`SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&n)
		})
		if n > 0 {
			return
		}
		if time.Now().After(frist) {
			p.Fatal("ingen venter")
		}
	}
}

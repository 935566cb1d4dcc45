package distributor_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/store"
	"github.com/moxkit/mox/store/driver"
	"github.com/moxkit/mox/store/sqlite"
	"github.com/moxkit/mox/store/storetest"
)

// skaevtUr is a database whose clock is set by hand.
type skaevtUr struct {
	driver.DB
	skub atomic.Int64 // nanoseconds from the right time
}

func (u *skaevtUr) Update(ctx context.Context, f func(driver.Tx) error) error {
	return u.DB.Update(ctx, func(tx driver.Tx) error { return f(skaevTx{tx, time.Duration(u.skub.Load())}) })
}

func (u *skaevtUr) View(ctx context.Context, f func(driver.Tx) error) error {
	return u.DB.View(ctx, func(tx driver.Tx) error { return f(skaevTx{tx, time.Duration(u.skub.Load())}) })
}

func (u *skaevtUr) stil(d time.Duration) { u.skub.Store(int64(d)) }

type skaevTx struct {
	driver.Tx
	skub time.Duration
}

func (x skaevTx) Now() time.Time { return x.Tx.Now().Add(x.skub) }

func nyProeveMedUr(t *testing.T) (*proeve, *skaevtUr) {
	t.Helper()
	t.Parallel()
	db, err := sqlite.Open(t.Context(), storetest.SQLite(t))
	if err != nil {
		t.Fatal(err)
	}
	u := &skaevtUr{DB: db}
	s, err := store.New(t.Context(), u)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	d, err := distributor.New(t.Context(), s, distributor.Options{Jitter: func() float64 { return 0 }})
	if err != nil {
		t.Fatal(err)
	}
	p := &proeve{T: t, d: d}
	p.konfigurer(ab("esdh", kunSager))
	return p, u
}

// tagAlt takes and accepts what is ready, until nothing is, and gives the beskeder in the order they came.
func (p *proeve) tagAlt() (ud []mox.BeskedID) {
	p.Helper()
	for {
		w := p.claim("esdh", 10)
		if len(w) == 0 {
			return ud
		}
		for _, x := range w {
			_, err := p.d.Done(p.Context(), distributor.Afslutning{Leverance: x.Leverance, Forsoeg: x.Forsoeg, Ejer: x.Ejer, Udfald: mox.Udfald{Resultat: mox.ResAccepteret}})
			p.maa(err)
			ud = append(ud, x.Besked.ID)
		}
	}
}

// TestUretSpringerFrem: whoever has work when the clock jumps has lost its lease. The work is repeated under the same key,
// and what the first one says afterwards changes nothing.
func TestUretSpringerFrem(t *testing.T) {
	p, u := nyProeveMedUr(t)
	foerst, saa := p.accept(besked()), p.accept(besked())
	gammel := p.en("esdh")
	u.stil(3 * time.Hour)
	n, err := p.d.AfslutUdloebne(p.Context())
	p.maa(err)
	ny := p.en("esdh")
	if n != 1 || ny.Besked.ID != foerst.BeskedID || ny.Noegle != gammel.Noegle || !ny.Usikker {
		t.Errorf("%d forsøg udløb; derefter kom %s med nøglen %s (usikker: %v), skulle være %s med %s", n, ny.Besked.ID, ny.Noegle, ny.Usikker, foerst.BeskedID, gammel.Noegle)
	}
	for _, x := range []distributor.Arbejde{gammel, ny} {
		a, err := p.d.Done(p.Context(), distributor.Afslutning{Leverance: x.Leverance, Forsoeg: x.Forsoeg, Ejer: x.Ejer, Udfald: mox.Udfald{Resultat: mox.ResAccepteret}})
		p.maa(err)
		if a.ForSent != (x.Forsoeg == gammel.Forsoeg) {
			t.Errorf("forsøg %d for sent: %v", x.Forsoeg, a.ForSent)
		}
	}
	if fik := p.tagAlt(); !slices.Equal(fik, []mox.BeskedID{saa.BeskedID}) {
		t.Errorf("derefter kom %v, skulle være %s", fik, saa.BeskedID)
	}
}

// TestUretSpringerTilbage: what was accepted before the jump waits until the clock has caught up, and what comes later about
// the same objekt waits for it; others do not. Nothing is lost.
func TestUretSpringerTilbage(t *testing.T) {
	p, u := nyProeveMedUr(t)
	foerst := p.accept(besked())
	u.stil(-3 * time.Hour)
	saa, andet := p.accept(besked()), p.accept(besked(om(sagB)))
	if fik := p.tagAlt(); !slices.Equal(fik, []mox.BeskedID{andet.BeskedID}) {
		t.Errorf("efter springet kom %v, skulle være %s", fik, andet.BeskedID)
	}
	u.stil(time.Second)
	if fik := p.tagAlt(); !slices.Equal(fik, []mox.BeskedID{foerst.BeskedID, saa.BeskedID}) {
		t.Errorf("da klokken var nået frem, kom %v, skulle være %s og %s", fik, foerst.BeskedID, saa.BeskedID)
	}
}

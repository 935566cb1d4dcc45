package distributor

import (
	"context"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store"
)

// genkig is how long a waiting caller trusts that it would have been woken. Another process on the same database wakes
// nobody here.
const genkig = 2 * time.Second

// Hent takes up to n leverancer of the abonnement for ejer, each for as long as leje. When there is nothing to do now it
// waits up to vent for something: a new besked, or one that is to be tried again. Nothing at all is no error. Less than 1
// leverance is 1, and no leje is a minute.
//
// What is returned has been begun: the caller does it and reports by Done, also when ctx has ended meanwhile. Nothing is
// begun after ctx has ended. [mox.KodeIkkeFundet] for an unknown abonnement.
func (d *Distributor) Hent(ctx context.Context, abonnement mox.AbonnementID, ejer string, n int, leje, vent time.Duration) ([]Arbejde, error) {
	if _, ok := d.Abonnement(abonnement); !ok {
		return nil, UkendtAbonnement(abonnement)
	}
	n, leje = max(n, 1), EllerStandardleje(leje)
	d.noterHentning(ctx, abonnement)
	frist := time.Now().Add(vent)
	for {
		klar := d.Klar(abonnement) // before looking, so that no wake-up falls between
		om, err := d.naeste(ctx, abonnement)
		if err != nil {
			return nil, err
		}
		if om == 0 {
			if arbejde, err := d.tag(ctx, abonnement, ejer, n, leje); err != nil || len(arbejde) > 0 {
				return arbejde, err
			}
			om = genkig // due, but paused or in another's hands
		}
		pause := min(om, time.Until(frist))
		if pause <= 0 {
			return nil, nil
		}
		d.Vent(ctx, klar, pause)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
}

// hentningHver is how often it is noted that somebody asks for an abonnement's work.
const hentningHver = time.Minute

// noterHentning notes that somebody asks for work. That it cannot be noted keeps nobody from it.
func (d *Distributor) noterHentning(ctx context.Context, a mox.AbonnementID) {
	d.hentmu.Lock()
	nylig := time.Since(d.hentere[a]) < hentningHver
	if !nylig {
		d.hentere[a] = time.Now()
	}
	d.hentmu.Unlock()
	if nylig || d.store.Scarce() {
		return
	}
	if err := d.store.Update(ctx, func(tx *store.Tx) error { return tx.NoterHentning(a) }); err != nil && ctx.Err() == nil {
		d.log.Warn("det kunne ikke noteres, at nogen henter", "abonnement", a, "fejl", err)
	}
}

// UkendtAbonnement is the error about an abonnement that is not configured.
func UkendtAbonnement(id mox.AbonnementID) error {
	return mox.E("hent", mox.KodeIkkeFundet, "abonnementet %q findes ikke", id).Med("se navnet i agentens fil: <agent>.<sink>")
}

// standardLeje is how long work is given out for when the caller does not say.
const standardLeje = time.Minute

// EllerStandardleje is leje, or a minute where none is told.
func EllerStandardleje(leje time.Duration) time.Duration {
	if leje <= 0 {
		return standardLeje
	}
	return leje
}

// naeste is how long there is to the next look: 0 when something is due, never more than genkig. It only reads, so that
// waiting callers cost the writer nothing.
func (d *Distributor) naeste(ctx context.Context, abonnement mox.AbonnementID) (om time.Duration, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) error {
		naar, err := tx.NaesteTid(abonnement)
		om = genkig
		if !naar.IsZero() {
			om = min(genkig, max(0, naar.Sub(tx.Now())))
		}
		return err
	})
	return om, err
}

// tag claims. It is not interrupted: an attempt that was begun and then forgotten would be an uncertain one, which for some
// receivers only a person can settle.
func (d *Distributor) tag(ctx context.Context, abonnement mox.AbonnementID, ejer string, n int, leje time.Duration) ([]Arbejde, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx)
	arbejde, err := d.Claim(ctx, abonnement, ejer, n, leje)
	if err != nil && len(arbejde) > 0 {
		d.GivTilbage(ctx, arbejde, mox.Udfald{Kode: "ikke_hentet", Tekst: "opgaven kunne ikke læses helt"})
		return nil, err
	}
	return arbejde, err
}

// GivTilbage hands back work that has surely not been begun; it counts as no attempt. What cannot be handed back waits for
// its lease to end.
func (d *Distributor) GivTilbage(ctx context.Context, arbejde []Arbejde, u mox.Udfald) {
	u.Resultat = mox.ResIkkeBegyndt
	for _, w := range arbejde {
		if _, err := d.Done(ctx, Afslutning{Leverance: w.Leverance, Forsoeg: w.Forsoeg, Ejer: w.Ejer, Udfald: u}); err != nil {
			d.log.Error("arbejde kunne ikke gives tilbage", "leverance", w.Leverance, "fejl", err)
		}
	}
}

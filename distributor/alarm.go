package distributor

import (
	"context"
	"fmt"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store"
)

// alarmleje is how long a process is the one that watches before another may take over.
const alarmleje = 2 * time.Minute

// TagVagten reports whether this process is the one that watches; of several on a database only one is.
func (d *Distributor) TagVagten(ctx context.Context) (ok bool, err error) {
	err = d.store.Update(ctx, func(tx *store.Tx) (err error) {
		ok, err = tx.Lej("alarm", d.inkarnation, tx.Now().Add(alarmleje))
		return err
	})
	return ok, err
}

// SaetAlarmer makes what stands be exactly staar: new ones begin, those that are not among them end. Only one process on a
// database does so; ok is false for the others.
func (d *Distributor) SaetAlarmer(ctx context.Context, staar []store.Alarm) (ok bool, err error) {
	err = d.store.Update(ctx, func(tx *store.Tx) (err error) {
		if ok, err = tx.Lej("alarm", d.inkarnation, tx.Now().Add(alarmleje)); err != nil || !ok {
			return err
		}
		for _, a := range staar {
			if err := tx.RejsAlarm(a); err != nil {
				return err
			}
		}
		return tx.SlutAlarmer()
	})
	return ok, err
}

// UfortalteAlarmer are those that somebody must be told of now, at most n: new ones, those that nobody has acknowledged for
// as long as gentag, and those that have ended.
func (d *Distributor) UfortalteAlarmer(ctx context.Context, gentag time.Duration, n int) (ud []store.Alarm, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) (err error) {
		ud, err = tx.UfortalteAlarmer(tx.Now().Add(-gentag), n)
		return err
	})
	return ud, err
}

// AlarmerFortalt notes that somebody has been told of them.
func (d *Distributor) AlarmerFortalt(ctx context.Context, l []store.Alarm) error {
	return d.store.Update(ctx, func(tx *store.Tx) error {
		for _, a := range l {
			if err := tx.AlarmFortalt(a); err != nil {
				return err
			}
		}
		return nil
	})
}

// sluttedeAlarmer is how many that have ended are shown.
const sluttedeAlarmer = 50

// Alarmer are those that stand, the oldest first, and the latest that have ended.
func (d *Distributor) Alarmer(ctx context.Context) (staar, sluttede []store.Alarm, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) (err error) {
		if staar, err = tx.StaaendeAlarmer(); err != nil {
			return err
		}
		sluttede, err = tx.SluttedeAlarmer(sluttedeAlarmer)
		return err
	})
	return staar, sluttede, err
}

// KvitterAlarm notes that a person has taken an alarm over: nobody is told of it again while it stands. It needs a reason.
func (d *Distributor) KvitterAlarm(ctx context.Context, id int64, h Hvem) error {
	if h.Begrundelse == "" {
		return mox.E("alarm", mox.KodeUgyldig, "der mangler en begrundelse").Med("skriv kort, hvem der gør hvad")
	}
	return d.store.Update(ctx, func(tx *store.Tx) error {
		ok, err := tx.KvitterAlarm(id, h.Navn, h.Begrundelse)
		if err != nil {
			return err
		}
		if !ok {
			return mox.E("alarm", mox.KodeIkkeFundet, "alarm %d står ikke", id).Med("se mox alarm list")
		}
		return tx.InsertHandling(store.Handling{Hvem: h.Navn, Hvad: "kvitter", Maal: fmt.Sprintf("alarm %d", id), Antal: 1, Begrundelse: h.Begrundelse})
	})
}

// FejlIRaekken is, for each abonnement, how many attempts have come to nothing since the last that was delivered.
func (d *Distributor) FejlIRaekken(ctx context.Context) (ud map[string]int, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) (err error) {
		ud, err = tx.FejlIRaekken()
		return err
	})
	return ud, err
}

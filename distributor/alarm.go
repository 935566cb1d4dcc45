package distributor

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
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

// Tid is the database's time.
func (d *Distributor) Tid(ctx context.Context) (nu time.Time, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) error { nu = tx.Now(); return nil })
	return nu, err
}

// SaetAlarmer makes what stands at nu be exactly staar: new ones begin, and those whose cause has been away for as long as ro
// end. Only one process on a database does so; ok is false for the others.
func (d *Distributor) SaetAlarmer(ctx context.Context, staar []store.Alarm, nu time.Time, ro time.Duration) (ok bool, err error) {
	err = d.store.Update(ctx, func(tx *store.Tx) (err error) {
		if ok, err = tx.Lej("alarm", d.inkarnation, tx.Now().Add(alarmleje)); err != nil || !ok {
			return err
		}
		set := map[int64]bool{}
		for _, a := range staar {
			id, err := tx.RejsAlarm(a, nu)
			if err != nil {
				return err
			}
			set[id] = true
		}
		return afslutAlarmer(tx, set, nu, ro)
	})
	return ok, err
}

// afslutAlarmer ends the standing alarms that were not seen, once they have been away for ro. They ended when they went away.
func afslutAlarmer(tx *store.Tx, set map[int64]bool, nu time.Time, ro time.Duration) error {
	foer, err := tx.StaaendeAlarmer()
	if err != nil {
		return err
	}
	for _, a := range foer {
		if set[a.ID] {
			continue
		}
		vaek, slut := a.Vaek, time.Time{}
		if vaek.IsZero() {
			vaek = nu
		}
		if nu.Sub(vaek) >= ro {
			slut = vaek
		}
		if err := tx.SaetAlarmVaek(a.ID, vaek, slut); err != nil {
			return err
		}
	}
	return nil
}

// UfortalteAlarmer are those that the way vej is to tell of now, at most n: those it has not told of since foer (zero = ever)
// while nobody has acknowledged them, and those that have ended after it told of them.
func (d *Distributor) UfortalteAlarmer(ctx context.Context, vej string, foer time.Time, n int) (ud []store.Alarm, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) (err error) {
		ud, err = tx.UfortalteAlarmer(vej, foer, n)
		return err
	})
	return ud, err
}

// AlarmerFortalt notes that the way vej has told of them at nu.
func (d *Distributor) AlarmerFortalt(ctx context.Context, vej string, l []store.Alarm, nu time.Time) error {
	return d.store.Update(ctx, func(tx *store.Tx) error {
		for _, a := range l {
			if err := tx.AlarmFortalt(vej, a, nu); err != nil {
				return err
			}
		}
		return nil
	})
}

// MeldDele tells the other processes on the database which parts of this one do not do their work, so that the one on watch
// can say so. A database that only one process can hold needs no such thing.
func (d *Distributor) MeldDele(ctx context.Context, fejlende map[string]error) error {
	if d.store.Proves() {
		return nil
	}
	vaert, err := os.Hostname()
	if err != nil {
		vaert = "en anden maskine"
	}
	var l []store.Delfejl
	for _, del := range slices.Sorted(maps.Keys(fejlende)) {
		l = append(l, store.Delfejl{Del: del, Vaert: vaert, Tekst: mox.Maskeret(fejlende[del].Error())})
	}
	return d.store.Update(ctx, func(tx *store.Tx) error { return tx.SaetDelfejl(d.inkarnation, l) })
}

// AndresDelfejl are the parts that do not do their work in the other processes on the database.
func (d *Distributor) AndresDelfejl(ctx context.Context) (ud []store.Delfejl, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) (err error) {
		ud, err = tx.AndresDelfejl(d.inkarnation)
		return err
	})
	return ud, err
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

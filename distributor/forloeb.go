package distributor

import (
	"context"
	"slices"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store"
)

// Forloeb is all that happened to a besked, or to everything that carries one procesID. spec: mox 49
type Forloeb struct {
	Beskeder  []BeskedForloeb
	Processer []ProcesForloeb
	Glemte    []store.Glemt // those of their objekter that have been erased
}

// BeskedForloeb is one besked's way from acceptance to receipts.
type BeskedForloeb struct {
	Besked       store.Besked
	Leverancer   []LeveranceForloeb
	Kvitteringer []mox.Kvittering
}

// LeveranceForloeb is one leverance with its attempts and what people did about it.
type LeveranceForloeb struct {
	Leverance store.Leverance
	Forsoeg   []store.Forsoeg
	Fejl      []store.Fejl
}

// ProcesForloeb is one instance with the answers it awaits.
type ProcesForloeb struct {
	Proces store.Proces
	Svar   []mox.ProcesSvar
}

// Forloeb follows a beskedID, or a procesID, or, when id is neither, an objektID. [mox.KodeIkkeFundet] when nothing has
// that id.
func (d *Distributor) Forloeb(ctx context.Context, id string) (f Forloeb, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) error {
		f = Forloeb{}
		beskeder, err := findBeskeder(tx, id)
		if err != nil {
			return err
		}
		if f.Glemte, err = glemteBlandt(tx, beskeder, mox.ObjektID(id)); err != nil {
			return err
		}
		if len(beskeder)+len(f.Glemte) == 0 {
			return mox.E("forloeb", mox.KodeIkkeFundet, "ingen besked, proces eller objekt har id %q", mox.Maskeret(id)).Med("find den på siden Beskeder")
		}
		for _, b := range beskeder {
			bf, err := beskedForloeb(tx, b)
			if err != nil {
				return err
			}
			f.Beskeder = append(f.Beskeder, bf)
		}
		f.Processer, err = processer(tx, beskeder)
		return err
	})
	return f, err
}

// glemteBlandt are the objekter of the beskeder, and the one with the id, that have been erased.
func glemteBlandt(tx *store.Tx, beskeder []store.Besked, id mox.ObjektID) (ud []store.Glemt, err error) {
	ider := []mox.ObjektID{id}
	for _, b := range beskeder {
		if b.IndholdSlettet() {
			ider = append(ider, b.ObjektID)
		}
	}
	slices.Sort(ider)
	for _, id := range slices.Compact(ider) {
		g, glemt, err := tx.Glemt(id)
		if err != nil {
			return nil, err
		}
		if glemt {
			ud = append(ud, g)
		}
	}
	return ud, nil
}

func findBeskeder(tx *store.Tx, id string) ([]store.Besked, error) {
	med, err := tx.BeskederMedID(mox.BeskedID(id))
	if err != nil || len(med) > 0 {
		return med, err
	}
	if med, err = tx.BeskederIProces(id); err != nil || len(med) > 0 {
		return med, err
	}
	med, err = tx.Beskeder(store.Beskedsoegning{ObjektID: id, Antal: 200})
	slices.Reverse(med)
	return med, err
}

func beskedForloeb(tx *store.Tx, b store.Besked) (f BeskedForloeb, err error) {
	f.Besked = b
	if f.Kvitteringer, err = tx.Kvitteringer(b.Nr); err != nil {
		return f, err
	}
	leverancer, err := tx.LeverancerAf(b.Nr)
	if err != nil {
		return f, err
	}
	for _, l := range leverancer {
		lf := LeveranceForloeb{Leverance: l}
		if lf.Forsoeg, err = tx.ForsoegAf(l.ID); err != nil {
			return f, err
		}
		if lf.Fejl, err = tx.FejlOm(l.ID); err != nil {
			return f, err
		}
		f.Leverancer = append(f.Leverancer, lf)
	}
	return f, nil
}

func processer(tx *store.Tx, beskeder []store.Besked) ([]ProcesForloeb, error) {
	var ider []string
	for _, b := range beskeder {
		ider = append(ider, b.ProcesID...)
	}
	slices.Sort(ider)
	var ud []ProcesForloeb
	for _, id := range slices.Compact(ider) {
		instanser, err := tx.ProcesserMedID(id)
		if err != nil {
			return nil, err
		}
		for _, p := range instanser {
			svar, err := tx.ProcesSvar(p.Navn, p.ProcesID)
			if err != nil {
				return nil, err
			}
			ud = append(ud, ProcesForloeb{p, svar})
		}
	}
	return ud, nil
}

// Overblik is how everything stands now.
type Overblik struct {
	Stande           map[mox.AbonnementID]*store.Stand
	Efterleveringer  map[mox.AbonnementID]store.Efterlevering // under way
	Kilder           []store.Kilde
	Processer        map[string]map[mox.ProcesTilstand]int
	Fejl             []store.FejlGruppe
	Beskeder         int64
	Kvitteringer     int64
	TilbageholdtDisk bool                            // the disk is full: nothing new is taken in
	Takter           map[mox.AbonnementID]store.Takt // attempts that ended within Taktvindue
	Hentninger       map[mox.AbonnementID]time.Time  // when somebody last asked for its work, give or take a minute
	Alarmer          []store.Alarm                   // those that stand, the oldest first
	Inkarnationer    int                             // processes that work on the database
	Bevaring         []store.Bevaringspost           // what retention has removed
	Sletfrister      []store.SletfristTal            // receivers that have not confirmed an erasure in time
}

// Taktvindue is how far back attempts are counted to tell how fast, and how well, each abonnement is served.
const Taktvindue = 15 * time.Minute

// Overblik reads how everything stands, on one snapshot.
func (d *Distributor) Overblik(ctx context.Context) (o Overblik, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) error {
		o = Overblik{TilbageholdtDisk: d.store.Scarce()}
		if o.Stande, err = tx.Stande(); err != nil {
			return err
		}
		if o.Efterleveringer, err = efterleveringer(tx); err != nil {
			return err
		}
		if o.Kilder, err = tx.Kilder(); err != nil {
			return err
		}
		if o.Processer, err = tx.ProcesTal(); err != nil {
			return err
		}
		if o.Fejl, err = tx.FejlGrupper(); err != nil {
			return err
		}
		if o.Bevaring, err = tx.Bevaringsposter(); err != nil {
			return err
		}
		if o.Sletfrister, err = tx.SletningerOverFrist(); err != nil {
			return err
		}
		if o.Takter, err = tx.Takter(tx.Now().Add(-Taktvindue)); err != nil {
			return err
		}
		if o.Hentninger, err = tx.Hentninger(); err != nil {
			return err
		}
		if o.Alarmer, err = tx.StaaendeAlarmer(); err != nil {
			return err
		}
		if o.Inkarnationer, err = d.inkarnationer(tx); err != nil {
			return err
		}
		o.Beskeder, o.Kvitteringer, err = tx.Tal()
		return err
	})
	return o, err
}

// inkarnationer is how many processes work on the database: this one alone, where no other can.
func (d *Distributor) inkarnationer(tx *store.Tx) (int, error) {
	if d.store.Proves() {
		return 1, nil
	}
	return tx.Inkarnationer()
}

// IGang counts the leverancer that move by themselves: under delivery, or ready now or at a stated time.
func (d *Distributor) IGang(ctx context.Context) (n int64, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) (err error) {
		n, err = tx.IGang()
		return err
	})
	return n, err
}

// Ventetid is how long it took from acceptance to delivery: the median and the 99th percentile of all delivered leverancer.
func (d *Distributor) Ventetid(ctx context.Context) (p50, p99 time.Duration, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) error {
		t, err := tx.Ventetider()
		if err != nil || len(t) == 0 {
			return err
		}
		p50 = time.Duration(t[len(t)/2]) * time.Microsecond
		p99 = time.Duration(t[len(t)*99/100]) * time.Microsecond
		return nil
	})
	return p50, p99, err
}

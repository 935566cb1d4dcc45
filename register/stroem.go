package register

import (
	"context"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store"
)

// How many objekter a stream looks up at a time, and how many of them it reads at a time.
const (
	stroemside  = 2000
	stroembidte = 25
)

// Stroem gives f the objekter that are asked for, each as [Register.Laes] gives it, in the order of [Register.Soeg]. Only a
// few are in memory at a time, however many there are, and no transaction is open while f runs. So an objekt that is written
// meanwhile is given as it was before or after, and one whose brugervendtnoegle changes may be given twice, or not at all.
// An error of f ends the stream and is its error.
func (r *Register) Stroem(ctx context.Context, t mox.ObjektType, s Soegning, f func(Laest) error) error {
	q, err := r.soegning(t, s)
	if err != nil {
		return err
	}
	for rest := s.Maks; ; {
		q.Antal = stroemside
		if s.Maks > 0 {
			q.Antal = min(rest, stroemside)
		}
		var side []store.Registerplads
		err := r.store.View(ctx, func(tx *store.Tx) (err error) {
			q.VirkFra, q.VirkTil = s.Tider.virkning(tx.Now())
			side, err = tx.SoegPladser(q)
			return err
		})
		if err == nil {
			err = r.stroem(ctx, t, s, side, f)
		}
		rest -= len(side)
		if err != nil || len(side) < q.Antal || s.Maks > 0 && rest == 0 {
			return err
		}
		q.Spring, q.Efter = 0, &side[len(side)-1]
	}
}

// stroem reads the objekter at the places, and gives them to f. What was deleted since it was found is passed over.
func (r *Register) stroem(ctx context.Context, t mox.ObjektType, s Soegning, side []store.Registerplads, f func(Laest) error) error {
	for len(side) > 0 {
		nu := side[:min(len(side), stroembidte)]
		side = side[len(nu):]
		ids := make([]mox.ObjektID, len(nu))
		for i, p := range nu {
			ids[i] = p.ObjektID
		}
		laest, err := r.List(ctx, t, ids, s.Tider)
		if err != nil {
			return err
		}
		for _, l := range laest {
			if l.Livscyklus == mox.Slettet && s.Tider.nu() && s.Livscyklus != mox.Slettet {
				continue
			}
			if err := f(l); err != nil {
				return err
			}
		}
	}
	return nil
}

// nu reports whether it is about what is in force.
func (t Tider) nu() bool { return t.RegFra.IsZero() && t.RegTil.IsZero() }

package register

import (
	"context"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store"
)

// Punkt is a moment in both times. The zero value is now.
type Punkt struct {
	Reg  time.Time
	Virk mox.Tidspunkt
}

// Set is an objekt as it is seen at a [Punkt].
type Set struct {
	Virkningstid mox.Tidspunkt
	Version      *Version // nil = the register did not know the objekt yet
	Vaerdier     map[string]string
}

// Forskelle is what differs between two moments of one objekt.
type Forskelle struct {
	Fra, Til Set
	Stier    []string // whose values are not the same, sorted; see [mox.Registrering.Udflad]
}

// Forskel compares an objekt with itself at two moments. Without fra it is what the registrering at til changed; where only
// the virkningstider differ, it is the same registrering at both.
//
// Errors: [mox.KodeIkkeFundet], also where til is before the first registrering.
func (r *Register) Forskel(ctx context.Context, t mox.ObjektType, id mox.ObjektID, fra *Punkt, til Punkt) (ud Forskelle, err error) {
	if !mox.ErUUID(string(id)) {
		return ud, ikkeUUID(string(id))
	}
	type_, ok := mox.TypeAf(t)
	if !ok {
		return ud, ukendt(t, id)
	}
	err = r.store.View(ctx, func(tx *store.Tx) error {
		if ud.Til, err = r.set(tx, type_, id, til); err != nil {
			return err
		}
		if ud.Til.Version == nil {
			return ukendt(t, id)
		}
		if fra == nil {
			fra = &Punkt{Reg: ud.Til.Version.FraTidspunkt.Add(-time.Microsecond), Virk: til.Virk}
		}
		ud.Fra, err = r.set(tx, type_, id, *fra)
		return err
	})
	ud.Stier = mox.Forskellige(ud.Fra.Vaerdier, ud.Til.Vaerdier)
	return ud, err
}

func (r *Register) set(tx *store.Tx, t *mox.Type, id mox.ObjektID, p Punkt) (Set, error) {
	ud := Set{Virkningstid: p.Virk}
	if !p.Virk.Angivet() {
		ud.Virkningstid = mox.Kl(tx.Now())
	}
	l, err := raekker(tx, id, Tider{RegFra: p.Reg, RegTil: p.Reg})
	if err != nil || len(l) == 0 || l[0].ObjektType != t.Navn {
		return ud, err
	}
	v, err := r.version(&l[0])
	if err != nil {
		return ud, err
	}
	ud.Version, ud.Vaerdier = &v, v.Udflad(t, ud.Virkningstid)
	return ud, nil
}

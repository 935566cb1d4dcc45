package register

import (
	"context"
	"slices"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/service"
	"github.com/moxkit/mox/store"
)

// TypeVirkning is the beskedtype of what is sent when something about an objekt begins or ends to hold.
const TypeVirkning = "Virkning"

const (
	virkningPuls    = time.Second // how often it is looked whether a moment has come
	virkningHoejst  = 200         // beskeder in one look: what was missed comes over time
	virkningLejemal = 10 * time.Second
)

// graenser are the moments after nu at which something in r begins or ends to hold, each once, in order.
func graenser(r mox.Registrering, nu time.Time) (ud []time.Time) {
	tag := func(v mox.Virkning) {
		for _, t := range []mox.Tidspunkt{v.Fra, v.Til} {
			if tid, bundet := t.Tid(); bundet && tid.After(nu) {
				ud = append(ud, tid)
			}
		}
	}
	attributter := func(l []mox.Attribut) {
		for _, a := range l {
			tag(a.Virkning)
		}
	}
	relationer := func(lister map[string][]mox.Relation) {
		for _, l := range lister {
			for _, rel := range l {
				tag(rel.Virkning)
			}
		}
	}
	for _, l := range r.Attributter {
		attributter(l)
	}
	for _, l := range r.Tilstande {
		for _, s := range l {
			tag(s.Virkning)
		}
	}
	relationer(r.Relationer)
	for _, v := range r.Varianter {
		attributter(v.Egenskaber)
		for _, d := range v.Dele {
			attributter(d.Egenskaber)
			relationer(d.Relationer)
		}
	}
	slices.SortFunc(ud, time.Time.Compare)
	return slices.Compact(ud)
}

// Run tells of virkninger that begin and end, until ctx ends.
func (r *Register) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		if n, err := r.FortaelVirkninger(ctx, time.Time{}); err != nil && ctx.Err() == nil {
			r.log.Error("virkninger kunne ikke fortælles", "fejl", err)
		} else if n == virkningHoejst {
			r.log.Warn("mange virkninger på én gang; resten følger", "antal", n)
		}
		service.Wait(ctx, virkningPuls)
	}
	return nil
}

// FortaelVirkninger sends one besked for each objekt and moment at which something has begun or ended to hold, once. It
// carries the objekt as it stands now, and the moment as gyldigFra: one that was missed is told late. A moment that was
// past when it was written is not told of, nor any of an objekt that is Passiveret or Slettet, or is followed: whoever says it
// tells of that. It tells of those until til, which is now where it is zero, and how many were sent, at most 200. What
// decides who may read the objekt follows its virkninger too. spec: mox 48
func (r *Register) FortaelVirkninger(ctx context.Context, til time.Time) (n int, err error) {
	var kommet []store.Registergraense
	err = r.store.View(ctx, func(tx *store.Tx) (err error) {
		kommet, err = tx.Registergraenser(eller(til, tx.Now()), 1)
		return err
	})
	if err != nil || len(kommet) == 0 {
		return 0, err
	}
	err = r.d.Sammen(ctx, func(tx *store.Tx, u *distributor.Udgivelse) error {
		n = 0
		ok, err := tx.Lej("virkninger", r.d.Inkarnation(), tx.Now().Add(virkningLejemal))
		if err != nil || !ok {
			return err
		}
		alle, err := tx.Registergraenser(eller(til, tx.Now()), virkningHoejst)
		if err != nil {
			return err
		}
		for _, g := range alle {
			fortalt, err := r.fortael(tx, u, g)
			if err != nil {
				return err
			}
			if fortalt {
				n++
			}
		}
		return nil
	})
	return n, err
}

func eller(t, ellers time.Time) time.Time {
	if t.IsZero() {
		return ellers
	}
	return t
}

func senest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// fortaelles reports whether the register tells of an objekt's virkninger: not of what is Passiveret or Slettet, nor of what
// is followed, which whoever says it tells of.
func fortaelles(nu *store.Registerraekke) bool {
	return nu.Livscyklus != mox.Passiveret && nu.Livscyklus != mox.Slettet && nu.Kildesystem == ""
}

// fortael sees to a moment that has come; fortalt is that there was something to tell.
func (r *Register) fortael(tx *store.Tx, u *distributor.Udgivelse, g store.Registergraense) (fortalt bool, err error) {
	nu, err := r.laas(tx, g.ObjektID)
	if err != nil {
		return false, err
	}
	v, err := r.version(&nu)
	if err != nil {
		return false, err
	}
	type_, _ := mox.TypeAf(nu.ObjektType)
	if err := tx.Klassificer(&nu, post(type_, v.Registrering, mox.Kl(senest(g.Tid, tx.Now()))), true); err != nil {
		return false, err
	}
	if !fortaelles(&nu) {
		return false, tx.SletRegistergraense(g)
	}
	s := skrivning{raekke: nu, ny: v.Registrering}
	b, err := r.besked(&s, tx.Now())
	if err != nil {
		return false, err
	}
	b.ID = mox.BeskedID(r.store.Afled("virkning", string(g.ObjektID), g.Tid.Format(time.RFC3339Nano)))
	b.Type, b.GyldigFra = TypeVirkning, g.Tid
	if _, err := u.Accept(r.system, b); err != nil && mox.KodeAf(err) != mox.KodeAndetIndhold { // told before, when the objekt said something else
		return false, err
	}
	return true, tx.SletRegistergraense(g)
}

package register

import (
	"context"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store"
)

// MaksVersioner is how many registreringer of one objekt one reading gives at most.
const MaksVersioner = 10_000

// Tider says about which two times something is read. The zero value is now, in both. spec: oio 28-33
type Tider struct {
	VirkFra, VirkTil mox.Tidspunkt // half-open; at VirkFra where they are the same; not given = now
	RegFra, RegTil   time.Time     // half-open; at RegFra where they are the same; both zero = what is in force
}

// virkning is the asked virkningstid at the moment nu.
func (t Tider) virkning(nu time.Time) (fra, til mox.Tidspunkt) {
	if !t.VirkFra.Angivet() && !t.VirkTil.Angivet() {
		return mox.Kl(nu), mox.Kl(nu)
	}
	fra, til = t.VirkFra, t.VirkTil
	if !fra.Angivet() {
		fra = mox.MinusUendelig
	}
	if !til.Angivet() {
		til = mox.Uendelig
	}
	return fra, til
}

func tidspunkt(t mox.Tidspunkt) time.Time {
	ud, _ := t.Tid()
	return ud
}

// set is r as it is seen at the asked virkningstid.
func set(r mox.Registrering, fra, til mox.Tidspunkt) mox.Registrering {
	switch {
	case fra == mox.MinusUendelig && til == mox.Uendelig:
		return r
	case fra.Sammenlign(til) == 0:
		return r.Paa(fra)
	}
	return r.Under(fra, til)
}

// Laest is an objekt as it was read.
type Laest struct {
	ObjektID   mox.ObjektID
	Versioner  []Version // newest first
	Livscyklus mox.LivscyklusKode
}

// Laes reads one objekt. spec: oio 28-33, 44, 45
//
// Errors: [mox.KodeIkkeFundet]; [mox.KodeSlettet] where the newest registrering asked for is a deletion.
func (r *Register) Laes(ctx context.Context, t mox.ObjektType, id mox.ObjektID, tider Tider) (ud Laest, err error) {
	if !mox.ErUUID(string(id)) {
		return ud, ikkeUUID(string(id))
	}
	err = r.store.View(ctx, func(tx *store.Tx) (err error) {
		ud, err = r.laes(tx, t, id, tider)
		return err
	})
	if err == nil && ud.Livscyklus == mox.Slettet {
		err = mox.E("register", mox.KodeSlettet, "objektet er slettet %s", ud.Versioner[0].FraTidspunkt.Format(time.RFC3339)).
			Med("giv registreringstid for at se, hvad der stod før")
	}
	return ud, err
}

func (r *Register) laes(tx *store.Tx, t mox.ObjektType, id mox.ObjektID, tider Tider) (Laest, error) {
	raekker, err := raekker(tx, id, tider)
	if err != nil {
		return Laest{}, err
	}
	if len(raekker) == 0 || raekker[0].ObjektType != t {
		return Laest{}, ukendt(t, id)
	}
	ud := Laest{ObjektID: id, Livscyklus: raekker[0].Livscyklus}
	fra, til := tider.virkning(tx.Now())
	for i := range raekker {
		v, err := r.version(&raekker[i])
		if err != nil {
			return Laest{}, err
		}
		v.Registrering = set(v.Registrering, fra, til)
		ud.Versioner = append(ud.Versioner, v)
	}
	return ud, nil
}

func raekker(tx *store.Tx, id mox.ObjektID, tider Tider) ([]store.Registerraekke, error) {
	if !tider.RegFra.IsZero() || !tider.RegTil.IsZero() {
		return tx.RegisterHistorik(id, tider.RegFra, tider.RegTil, MaksVersioner)
	}
	nu, ok, err := tx.RegisterNyeste(id)
	if err != nil || !ok {
		return nil, err
	}
	return []store.Registerraekke{nu}, nil
}

// Historik gives the newest registreringer of an objekt, at most n, with all their virkning and also where it is deleted.
//
// Errors: [mox.KodeIkkeFundet].
func (r *Register) Historik(ctx context.Context, t mox.ObjektType, id mox.ObjektID, n int) (ud Laest, err error) {
	err = r.store.View(ctx, func(tx *store.Tx) error {
		raekker, err := tx.RegisterHistorik(id, time.Time{}, time.Time{}, n)
		if err != nil {
			return err
		}
		if len(raekker) == 0 || raekker[0].ObjektType != t {
			return ukendt(t, id)
		}
		ud = Laest{ObjektID: id, Livscyklus: raekker[0].Livscyklus, Versioner: make([]Version, len(raekker))}
		for i := range raekker {
			if ud.Versioner[i], err = r.version(&raekker[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return ud, err
}

// List reads those of the named objekter that there are, deleted ones too, in the order they are named. spec: oio 68
func (r *Register) List(ctx context.Context, t mox.ObjektType, ids []mox.ObjektID, tider Tider) (ud []Laest, err error) {
	err = r.store.View(ctx, func(tx *store.Tx) error {
		ud = ud[:0]
		for _, id := range ids {
			l, err := r.laes(tx, t, id, tider)
			switch {
			case mox.KodeAf(err) == mox.KodeIkkeFundet:
			case err != nil:
				return err
			default:
				ud = append(ud, l)
			}
		}
		return nil
	})
	return ud, err
}

// Soegning is what is searched for. spec: oio 68-74
type Soegning struct {
	ObjektID      []mox.ObjektID
	Kriterier     []Kriterium
	Livscyklus    mox.LivscyklusKode // "" = any but Slettet
	BrugerRef     string
	Tider         Tider
	Foerste, Maks int // paging: how many to pass over, and how many to give; Maks 0 = all
}

// Kriterium is one value that an objekt must have.
type Kriterium struct {
	Slags    Kriterieslags
	Navn     string // of the field, state or relation; "" = any of its kind
	Vaerdi   string // with % for anything and \% for the sign itself; a relation's is taken as it stands
	Maaltype string // of a relation; "" = any
}

// Kriterieslags is what kind of thing a criterion is about.
type Kriterieslags string

// The kinds, as [feltnavn] has them.
const (
	Attributkriterium Kriterieslags = "a"
	Tilstandkriterium Kriterieslags = "t"
	Relationkriterium Kriterieslags = "r"
	Postkriterium     Kriterieslags = "f" // a field of a relation's entries: journalpost.journalnotat.titel
	Notekriterium     Kriterieslags = "n"
	Variantkriterium  Kriterieslags = "v"
	Delkriterium      Kriterieslags = "d"
)

// Soeg finds the objekter that all criteria hold of, in the order of brugervendtnoegle and UUID. No hit is no error.
func (r *Register) Soeg(ctx context.Context, t mox.ObjektType, s Soegning) (ud []mox.ObjektID, err error) {
	q, err := r.soegning(t, s)
	if err != nil {
		return nil, err
	}
	err = r.store.View(ctx, func(tx *store.Tx) (err error) {
		q.VirkFra, q.VirkTil = s.Tider.virkning(tx.Now())
		ud, err = tx.Soeg(q)
		return err
	})
	return ud, err
}

// soegning is what is asked of the store; the virkningstid is asked at the time of the transaction.
func (r *Register) soegning(t mox.ObjektType, s Soegning) (q store.Registersoegning, err error) {
	type_, ok := mox.TypeAf(t)
	if !ok {
		return q, mox.E("register", mox.KodeIkkeFundet, "objekttypen %q kendes ikke", t)
	}
	q = store.Registersoegning{ObjektType: t, ObjektID: s.ObjektID, Livscyklus: string(s.Livscyklus), Bruger: s.BrugerRef,
		RegFra: s.Tider.RegFra, RegTil: s.Tider.RegTil, Spring: s.Foerste, Antal: s.Maks, Sorteret: true}
	for _, k := range s.Kriterier {
		q.Kriterier = append(q.Kriterier, r.kriterium(type_, k))
	}
	return q, nil
}

func (r *Register) kriterium(t *mox.Type, k Kriterium) store.Registerkriterium {
	ud := store.Registerkriterium{Vaerdi: store.Fold(k.Vaerdi), Maaltype: k.Maaltype}
	if k.Slags == Relationkriterium {
		ud.Vaerdi = undtaget(r.referencenoegle(k.Vaerdi))
	}
	if k.Navn != "" {
		ud.Felter = []string{feltnavn(t, string(k.Slags), k.Navn)}
		return ud
	}
	switch k.Slags {
	case Relationkriterium:
		for _, rt := range t.Relationer {
			ud.Felter = append(ud.Felter, feltnavn(t, "r", rt.Navn))
		}
	default:
		for _, saet := range t.Attributter {
			for _, f := range saet.Felter {
				ud.Felter = append(ud.Felter, feltnavn(t, "a", f.Navn))
			}
		}
	}
	return ud
}

// undtaget is a text in which no sign stands for others.
func undtaget(s string) string {
	var ud []rune
	for _, c := range s {
		if c == '%' || c == '\\' {
			ud = append(ud, '\\')
		}
		ud = append(ud, c)
	}
	return string(ud)
}

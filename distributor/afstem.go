package distributor

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store"
)

// Afstemt is how one record of a system stands to what MOX knows of it.
type Afstemt struct {
	Noegle   string       `json:"noegle"`
	ObjektID mox.ObjektID `json:"objektID,omitempty"` // "" where the record cannot be used
	Hvad     Afstemning   `json:"hvad"`
	Stier    []string     `json:"stier,omitempty"` // what differs
	Tekst    string       `json:"tekst,omitempty"` // why a record cannot be used
}

// Afstemning is the outcome of holding a record against what MOX knows.
type Afstemning string

// The outcomes. The last is for an objekt, not a record: the system's complete listing does not have it.
const (
	AfstemtEns     Afstemning = "ens"
	AfstemtNy      Afstemning = "ny"      // MOX has not heard of it
	AfstemtAfviger Afstemning = "afviger" // the system says something else than it last said to MOX
	AfstemtAeldre  Afstemning = "aeldre"  // the system shows an older version than MOX has had
	AfstemtFejl    Afstemning = "fejl"    // the record cannot be used
	AfstemtUdgaaet Afstemning = "udgaaet" // the objekt has been erased for good
	AfstemtMangler Afstemning = "mangler"
)

// maksAfstemStier is how many differences of one record are told.
const maksAfstemStier = 20

// errAfstemt ends the transaction of Afstem, so that nothing of it is kept.
var errAfstemt = errors.New("afstemt")

// Afstem tells of each record what [Distributor.Indlever] would find new in it, and changes nothing. Of the Indlevering it takes
// the agent, the system, the source, the stier and the records, at most [MaksPoster]: more is [mox.KodeForStor].
func (d *Distributor) Afstem(ctx context.Context, i Indlevering) (ud []Afstemt, err error) {
	if len(i.Poster) > MaksPoster {
		return nil, mox.E("afstem", mox.KodeForStor, "%d poster på én gang; højst %d", len(i.Poster), MaksPoster)
	}
	err = d.store.Update(ctx, func(tx *store.Tx) error {
		ud = ud[:0]
		m := modtagelse{agent: i.Agent, system: i.System, actsAs: i.ActsAs, kilde: i.Kilde, stier: i.Stier, afstem: true}
		konf := d.konfiguration()
		for _, p := range i.Poster {
			r, err := d.optag(tx, konf, p, m)
			if err != nil {
				return err
			}
			ud = append(ud, r.afstemt(p.Noegle))
		}
		return errAfstemt
	})
	if errors.Is(err, errAfstemt) {
		err = nil
	}
	return ud, err
}

func (r *optaget) afstemt(noegle string) Afstemt {
	a := Afstemt{Noegle: noegle, ObjektID: r.objekt, Hvad: AfstemtEns, Stier: r.stier}
	switch r.hvad {
	case sendt:
		a.Hvad = AfstemtAfviger
		if r.ny {
			a.Hvad = AfstemtNy
		}
	case foraeldet:
		a.Hvad = AfstemtAeldre
	case fejlet:
		a.Hvad, a.Tekst = AfstemtFejl, mox.Maskeret(r.aarsag)
		if r.aarsag == opgivet {
			a.Hvad, a.Tekst = AfstemtUdgaaet, ""
		}
	}
	return a
}

// forskel is where two registreringer differ as they hold now, at most [maksAfstemStier] stier.
func (s *optagelse) forskel(a, b mox.Registrering) (ud []string) {
	nu := mox.Kl(s.tx.Now())
	x, y := a.Udflad(s.type_, nu), b.Udflad(s.type_, nu)
	for _, sti := range slices.Sorted(maps.Keys(y)) {
		if x[sti] != y[sti] {
			ud = append(ud, sti)
		}
	}
	for _, sti := range slices.Sorted(maps.Keys(x)) {
		if _, ok := y[sti]; !ok {
			ud = append(ud, sti)
		}
	}
	return ud[:min(len(ud), maksAfstemStier)]
}

// Levende are the living objekter that a source has told of, in the order of their ids: at most n of those after efter.
func (d *Distributor) Levende(ctx context.Context, agent, kilde string, efter mox.ObjektID, n int) (ud []Afstemt, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) error {
		ud = []Afstemt{}
		m := modtagelse{agent: agent, kilde: kilde}
		fundet, err := tx.Levende(m.fuldKilde(), efter, n)
		if err != nil {
			return err
		}
		for _, o := range fundet {
			noegle, _, err := tx.Noegle(o.Kildesystem, o.ObjektID)
			if err != nil {
				return err
			}
			ud = append(ud, Afstemt{Noegle: noegle, ObjektID: o.ObjektID, Hvad: AfstemtMangler})
		}
		return nil
	})
	return ud, err
}

package distributor

import (
	"context"
	"slices"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store"
)

// UafklaretVentes is how long an attempt that ended without a known outcome holds back what a source of the same system has
// read, besides the system's longest processing time: it is tried again long before, or a person is asked, who may take days.
const UafklaretVentes = 2 * time.Minute

// Laest names the records that a source has read.
type Laest struct {
	Agent      string         `json:"agent"`
	System     string         `json:"system"`
	Kilde      string         `json:"kilde"`
	ObjektType mox.ObjektType `json:"objekttype"`
	Noegler    []string       `json:"noegler"` // at most [MaksPoster]
}

// Uafklarede are the leverancer to the system that may have written what was read, without MOX knowing it yet: those to one of
// the records, and, when a record is new to MOX, those that may have made one. Handed in now, what MOX wrote would be told as
// something that happened in the system. Who waits until they are no longer among the uafklarede can hand in what was read;
// those that come later have not written it. [mox.KodeForStor] for more than [MaksPoster] keys.
func (d *Distributor) Uafklarede(ctx context.Context, l Laest) (ud []int64, err error) {
	if len(l.Noegler) > MaksPoster {
		return nil, mox.E("uafklarede", mox.KodeForStor, "%d poster på én gang; højst %d", len(l.Noegler), MaksPoster)
	}
	noegler := slices.Compact(slices.Sorted(slices.Values(l.Noegler)))
	noegler = slices.DeleteFunc(noegler, func(n string) bool { return !gyldigTekst(n) }) // such a record becomes a Fejl, and no besked
	skriver := d.skriverTil(l.System)
	if len(noegler) == 0 || len(skriver) == 0 {
		return nil, nil
	}
	err = d.store.View(ctx, func(tx *store.Tx) error {
		ud = nil
		var nye []int64
		for _, a := range skriver {
			uafklarede, err := tx.Uafklarede(a.ID, tx.Now().Add(-UafklaretVentes-a.Ro))
			if err != nil {
				return err
			}
			for _, u := range uafklarede {
				noegle, kendt, err := tx.Noegle(l.System, u.ObjektID)
				switch {
				case err != nil:
					return err
				case !kendt:
					nye = append(nye, u.Leverance)
				case u.ObjektType == l.ObjektType && slices.Contains(noegler, noegle):
					ud = append(ud, u.Leverance)
				}
			}
		}
		if len(nye) == 0 {
			return nil
		}
		alle, err := tx.KenderAlle(l.System, l.ObjektType, noegler)
		if !alle {
			ud = append(ud, nye...)
		}
		return err
	})
	return ud, err
}

// skriverTil are the abonnementer by which agents write into the system.
func (d *Distributor) skriverTil(system string) (ud []*mox.Abonnement) {
	for _, a := range d.konfiguration().abonnementer {
		if a.System == system && a.Carrier == mox.CarrierAgent {
			ud = append(ud, a)
		}
	}
	return ud
}

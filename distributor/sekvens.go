package distributor

import (
	"context"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store"
)

// positionRows is how many beskeder one round of the sequencer numbers.
const positionRows = 500

// sekvensLeje is how long a process may be the sequencer before another may take over.
const sekvensLeje = 30 * time.Second

// GivPositioner gives accepted beskeder their place in the log, without gaps, and links each to the one before. Only the
// process that holds the lease does it; delivery never waits for it. It tells how many were given.
func (d *Distributor) GivPositioner(ctx context.Context) (n int, err error) {
	err = d.store.Update(ctx, func(tx *store.Tx) error {
		n = 0
		ok, err := tx.Lej("sekvens", d.inkarnation, tx.Now().Add(sekvensLeje))
		if err != nil || !ok {
			return err
		}
		beskeder, err := tx.UdenPosition(positionRows)
		if err != nil || len(beskeder) == 0 {
			return err
		}
		position, kaede, err := tx.SidstePosition()
		if err != nil {
			return err
		}
		for _, b := range beskeder {
			position++
			kaede = mox.Kaedeled(kaede, position, b.Indholdshash)
			if err := tx.SaetPosition(b.Nr, position, kaede); err != nil {
				return err
			}
		}
		n = len(beskeder)
		return nil
	})
	if err == nil && n > 0 {
		d.sekvens.vaek(enhver)
	}
	return n, err
}

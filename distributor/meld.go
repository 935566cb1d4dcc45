package distributor

import (
	"context"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/service"
)

// Modtager is where a carrier reports what came of an attempt: a [Distributor], or one behind a network.
type Modtager interface {
	Done(ctx context.Context, f Afslutning) (Afsluttet, error)
}

// meldForsoeg is how often an outcome is reported before it is left to the lease to end.
const meldForsoeg = 8

// Meld reports an outcome, and tries again while MOX does not answer, until ctx ends: the work has been done.
func Meld(ctx context.Context, m Modtager, f Afslutning) (ud Afsluttet, err error) {
	for n := 1; n <= meldForsoeg; n++ {
		if ud, err = m.Done(ctx, f); err == nil || !mox.Forbigaaende(err) || !service.Wait(ctx, service.Backoff(n)) {
			return ud, err
		}
	}
	return ud, err
}

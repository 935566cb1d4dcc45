package agent

import (
	"context"
	"io"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/store"
)

// Server is what an agent needs of MOX. Inside mox serve it is the functions themselves; for an agent on another machine
// it is the same over HTTP. All of them may be repeated harmlessly.
type Server interface {
	Kilde(ctx context.Context, agent, kilde string) (store.Kilde, error)
	Uafklarede(ctx context.Context, l distributor.Laest) ([]int64, error)
	Indlever(ctx context.Context, i distributor.Indlevering) (distributor.Indleveret, error)
	Hent(ctx context.Context, abonnement mox.AbonnementID, ejer string, n int, leje, vent time.Duration) ([]distributor.Arbejde, error)
	Forny(ctx context.Context, ejer string, leverancer []int64, leje time.Duration) (int, error)
	Done(ctx context.Context, f distributor.Afslutning) (distributor.Afsluttet, error)
	GemIndhold(ctx context.Context, r io.Reader) (sha string, err error)
	Mailadresse(ctx context.Context, abonnement mox.AbonnementID, bruger string) (string, error)
	HentIndhold(ctx context.Context, abonnement mox.AbonnementID, sha string) (io.ReadCloser, error)
}

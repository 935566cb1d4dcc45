package distributor

import (
	"context"
	"io"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/indhold"
	"github.com/moxkit/mox/store"
)

// GemDokument stores document bytes durably, and gives their SHA-256 in hex, and their number. From now on they have as
// long as [Bevaring] says to be referred to. [mox.KodeForStor] over [indhold.Maks], [mox.KodeDiskFuld].
func (d *Distributor) GemDokument(ctx context.Context, l *indhold.Lager, r io.Reader) (sha string, n int64, err error) {
	sha, n, err = l.Gem(ctx, r)
	if err != nil {
		return "", 0, err
	}
	err = d.store.Update(ctx, func(tx *store.Tx) error {
		if err := tx.LaasIndhold(sha); err != nil {
			return err
		}
		return tx.InsertIndhold(sha, n)
	})
	if err != nil {
		return "", 0, err
	}
	har, err := l.Har(ctx, sha)
	if err == nil && !har { // retention took the same bytes, unused till now, just before
		err = mox.E("indhold", mox.KodeUtilgaengelig, "dokumentet blev slettet i det samme").Med("send det igen")
	}
	return sha, n, err
}

package distributor

import (
	"context"
	"errors"
	"io"
	"syscall"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/indhold"
	"github.com/moxkit/mox/store"
)

// GemDokument stores document bytes durably, and gives their SHA-256 in hex, and their number. From now on they have as
// long as [Bevaring] says to be referred to. [mox.KodeForStor] over [indhold.Maks], [mox.KodeDiskFuld].
func (d *Distributor) GemDokument(ctx context.Context, l *indhold.Lager, r io.Reader) (sha string, n int64, err error) {
	sha, n, err = l.Gem(ctx, r)
	if errors.Is(err, syscall.ENOSPC) {
		err = &mox.Error{Kode: mox.KodeDiskFuld, Op: "indhold", Tekst: "dokumentet kan ikke gemmes: disken er fuld", Raad: "gør plads på disken, og send det igen", Err: err}
	}
	if err != nil {
		return "", 0, err
	}
	err = d.store.Update(ctx, func(tx *store.Tx) error {
		if err := tx.LaasIndhold(sha); err != nil {
			return err
		}
		return tx.InsertIndhold(sha, n)
	})
	if err == nil && !l.Har(sha) { // retention took the same bytes, unused till now, just before
		err = mox.E("indhold", mox.KodeUtilgaengelig, "dokumentet blev slettet i det samme").Med("send det igen")
	}
	return sha, n, err
}

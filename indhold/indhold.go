// Package indhold keeps document bytes, named by what they are: the SHA-256 of their content. Document bytes never travel in a
// besked; a reference does. Where they are kept is a driver's: a folder (indhold/disk) or an object store (indhold/s3).
package indhold

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/indhold/disk"
	"github.com/moxkit/mox/indhold/driver"
)

// URN is the reference to stored bytes, as it stands in a registrering: URN + the hex SHA-256.
const URN = "urn:mox:indhold:sha256:"

// Maks is how many bytes one document may have.
const Maks = 256 << 20

var shaForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Lager is where document bytes are kept. It is safe for concurrent use, also by several processes.
type Lager struct{ store driver.Store }

// New is the Lager of a store.
func New(s driver.Store) *Lager { return &Lager{s} }

// Open is the Lager of a folder, which is made where it is missing.
func Open(dir string) (*Lager, error) {
	s, err := disk.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("indhold: %w", err)
	}
	return New(s), nil
}

// Gem stores the bytes durably and gives their SHA-256 in hex, and their number. The same bytes again cost no space.
// [mox.KodeForStor] when there are more than [Maks]; then nothing is kept. [mox.KodeDiskFuld], [mox.KodeUtilgaengelig].
func (l *Lager) Gem(ctx context.Context, r io.Reader) (sha string, n int64, err error) {
	w, err := l.store.Create(ctx)
	if err != nil {
		return "", 0, kodet(err)
	}
	defer func() { err = errors.Join(err, kodet(w.Abort())) }()
	h := sha256.New()
	fra := &laeser{r: Afbrydelig(ctx, r)}
	n, err = io.Copy(io.MultiWriter(w, h), io.LimitReader(fra, Maks+1))
	switch {
	case fra.err != nil: // the sender's, not the store's
		return "", 0, fra.err
	case err != nil:
		return "", 0, kodet(err)
	case n > Maks:
		return "", 0, mox.E("indhold", mox.KodeForStor, "dokumentet er på mere end %d MB", Maks>>20)
	}
	sha = hex.EncodeToString(h.Sum(nil))
	if err := w.Commit(ctx, sha); err != nil {
		return "", 0, kodet(err)
	}
	return sha, n, nil
}

// laeser remembers why reading ended.
type laeser struct {
	r   io.Reader
	err error
}

func (l *laeser) Read(p []byte) (n int, err error) {
	n, err = l.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		l.err = err
	}
	return n, err
}

// Hent opens stored bytes; the caller closes. [mox.KodeIkkeFundet] when there are none with that SHA-256,
// [mox.KodeUtilgaengelig] when they cannot be reached now. The context is for all of the reading.
func (l *Lager) Hent(ctx context.Context, sha string) (io.ReadSeekCloser, error) {
	if !shaForm.MatchString(sha) {
		return nil, mox.E("indhold", mox.KodeIkkeFundet, "referencen er ikke en SHA-256")
	}
	f, err := l.store.Open(ctx, sha)
	if errors.Is(err, driver.ErrMissing) {
		return nil, mox.E("indhold", mox.KodeIkkeFundet, "indholdet %s findes ikke", sha)
	}
	return f, kodet(err)
}

// Har reports whether there are bytes with that SHA-256. [mox.KodeUtilgaengelig].
func (l *Lager) Har(ctx context.Context, sha string) (bool, error) {
	ok, err := l.store.Has(ctx, sha)
	return ok, kodet(err)
}

// Slet removes stored bytes; it is harmless to repeat. [mox.KodeUtilgaengelig].
func (l *Lager) Slet(ctx context.Context, sha string) error {
	if !shaForm.MatchString(sha) {
		return mox.E("indhold", mox.KodeIkkeFundet, "referencen er ikke en SHA-256")
	}
	return kodet(l.store.Delete(ctx, sha))
}

// Tomt reports whether there are no bytes at all. [mox.KodeUtilgaengelig].
func (l *Lager) Tomt(ctx context.Context) (bool, error) {
	noget := errors.New("der er noget")
	err := l.store.List(ctx, func(string, time.Time) error { return noget })
	if errors.Is(err, noget) {
		return false, nil
	}
	return err == nil, kodet(err)
}

// Gamle gives f the SHA-256 of the bytes that were stored before foer, by the store's clock, and removes bytes whose storing began
// before it and was never finished. It tells how many of these there were.
func (l *Lager) Gamle(ctx context.Context, foer time.Time, f func(sha string) error) (n int, err error) {
	err = l.store.List(ctx, func(navn string, skrevet time.Time) error {
		switch {
		case !skrevet.Before(foer):
			return nil
		case shaForm.MatchString(navn):
			return f(navn)
		}
		n++
		return l.store.Delete(ctx, navn)
	})
	return n, kodet(err)
}

// Flyt stores in til all that is here, and then removes it here. It may be broken off and begun again. Bytes that are not what their
// name says stay, and are named. sig is told how many have been moved, after each.
func (l *Lager) Flyt(ctx context.Context, til *Lager, sig func(flyttet int)) (beskadigede []string, err error) {
	flyttet := 0
	err = l.store.List(ctx, func(navn string, _ time.Time) error {
		if !shaForm.MatchString(navn) {
			return nil
		}
		f, err := l.store.Open(ctx, navn)
		if err != nil {
			return err
		}
		sha, _, err := til.Gem(ctx, f)
		switch err = errors.Join(err, f.Close()); {
		case err != nil:
			return err
		case sha != navn:
			beskadigede = append(beskadigede, navn)
			return nil
		}
		if err := l.store.Delete(ctx, navn); err != nil {
			return err
		}
		flyttet++
		sig(flyttet)
		return nil
	})
	return beskadigede, kodet(err)
}

// kodet gives the store's own errors a code that the outside understands.
func kodet(err error) error {
	switch {
	case err == nil || errors.As(err, new(*mox.Error)), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, syscall.ENOSPC):
		return &mox.Error{Kode: mox.KodeDiskFuld, Op: "indhold", Tekst: "dokumentet kan ikke gemmes: disken er fuld", Raad: "gør plads på disken, og send det igen", Err: err}
	}
	return &mox.Error{Kode: mox.KodeUtilgaengelig, Op: "indhold", Tekst: "dokumenternes lager svarer ikke som ventet", Raad: "prøv igen; se loggen, hvis det bliver ved", Err: err}
}

// Sha is the SHA-256 in a reference to stored bytes; ok is false for any other text.
func Sha(ref string) (sha string, ok bool) {
	sha, ok = strings.CutPrefix(ref, URN)
	return sha, ok && shaForm.MatchString(sha)
}

// Afbrydelig is r, until the context ends.
func Afbrydelig(ctx context.Context, r io.Reader) io.Reader { return &medKontekst{ctx, r} }

type medKontekst struct {
	ctx context.Context
	r   io.Reader
}

func (m *medKontekst) Read(p []byte) (int, error) {
	if err := m.ctx.Err(); err != nil {
		return 0, err
	}
	return m.r.Read(p)
}

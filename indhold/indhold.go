// Package indhold keeps document bytes on disk, named by what they are: the SHA-256 of their content. Document bytes never
// travel in a besked; a reference does.
package indhold

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/moxkit/mox"
)

// URN is the reference to stored bytes, as it stands in a registrering: URN + the hex SHA-256.
const URN = "urn:mox:indhold:sha256:"

// Maks is how many bytes one document may have.
const Maks = 256 << 20

var shaForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Lager is a folder of document bytes. It is safe for concurrent use, also by several processes.
type Lager struct{ dir string }

// Open makes the folder where it is missing, and its 256 subfolders: so that storing a document never has to make one
// durable.
func Open(dir string) (*Lager, error) {
	for i := range 256 {
		if err := os.MkdirAll(filepath.Join(dir, fmt.Sprintf("%02x", i)), 0o700); err != nil {
			return nil, fmt.Errorf("indhold: %w", err)
		}
	}
	if err := syncDir(dir); err != nil {
		return nil, fmt.Errorf("indhold: %w", err)
	}
	return &Lager{dir: dir}, nil
}

// Gem stores the bytes durably and gives their SHA-256 in hex, and their number. The same bytes again cost no space.
// [mox.KodeForStor] when there are more than [Maks]; then nothing is kept.
func (l *Lager) Gem(ctx context.Context, r io.Reader) (sha string, n int64, err error) {
	f, err := os.CreateTemp(l.dir, nyForled+"*")
	if err != nil {
		return "", 0, fmt.Errorf("indhold: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreMissing(os.Remove(f.Name())))
		}
	}()
	h := sha256.New()
	n, err = io.Copy(io.MultiWriter(f, h), io.LimitReader(Afbrydelig(ctx, r), Maks+1))
	if err == nil && n > Maks {
		err = mox.E("indhold", mox.KodeForStor, "dokumentet er på mere end %d MB", Maks>>20)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", 0, err
	}
	sha = hex.EncodeToString(h.Sum(nil))
	return sha, n, l.paaPlads(f.Name(), sha)
}

// paaPlads gives the finished file its name, and makes the name durable too.
func (l *Lager) paaPlads(tmp, sha string) error {
	sti := l.sti(sha)
	if err := os.Rename(tmp, sti); err != nil {
		return fmt.Errorf("indhold: %w", err)
	}
	return syncDir(filepath.Dir(sti))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Hent opens stored bytes; the caller closes. [mox.KodeIkkeFundet] when there are none with that SHA-256.
func (l *Lager) Hent(sha string) (*os.File, error) {
	if !shaForm.MatchString(sha) {
		return nil, mox.E("indhold", mox.KodeIkkeFundet, "referencen er ikke en SHA-256")
	}
	f, err := os.Open(l.sti(sha))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, mox.E("indhold", mox.KodeIkkeFundet, "indholdet %s findes ikke", sha)
	}
	return f, err
}

// Har reports whether there are bytes with that SHA-256.
func (l *Lager) Har(sha string) bool {
	_, err := os.Stat(l.sti(sha))
	return err == nil
}

// Slet removes stored bytes; it is harmless to repeat.
func (l *Lager) Slet(sha string) error {
	if !shaForm.MatchString(sha) {
		return mox.E("indhold", mox.KodeIkkeFundet, "referencen er ikke en SHA-256")
	}
	return ignoreMissing(os.Remove(l.sti(sha)))
}

// Rester gives f what lies in the folder since before foer, by SHA-256, and removes what f says is not needed, and bytes
// whose storing was never finished. It tells how many were removed. Time is that of the disk.
func (l *Lager) Rester(ctx context.Context, foer time.Time, f func(sha string) (bruges bool, err error)) (n int, err error) {
	err = filepath.WalkDir(l.dir, func(sti string, d fs.DirEntry, err error) error {
		if err = errors.Join(ignoreMissing(err), ctx.Err()); err != nil || d == nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil || !info.ModTime().Before(foer) {
			return ignoreMissing(err)
		}
		if shaForm.MatchString(d.Name()) {
			if bruges, err := f(d.Name()); bruges || err != nil {
				return err
			}
		} else if !strings.HasPrefix(d.Name(), nyForled) {
			return nil // not ours
		}
		n++
		return ignoreMissing(os.Remove(sti))
	})
	return n, err
}

// nyForled begins the name of bytes that are not stored yet.
const nyForled = "ny-"

func (l *Lager) sti(sha string) string { return filepath.Join(l.dir, sha[:2], sha) }

// Sha is the SHA-256 in a reference to stored bytes; ok is false for any other text.
func Sha(ref string) (sha string, ok bool) {
	sha, ok = strings.CutPrefix(ref, URN)
	return sha, ok && shaForm.MatchString(sha)
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
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

// Package disk keeps documents' bytes in a folder.
package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/moxkit/mox/indhold/driver"
)

// Store is a folder with a subfolder for each of the names' first two digits. It is a [driver.Store]; several processes may have it
// open, on one machine or on a file system that they share.
type Store struct{ dir string }

// Open makes the folder where it is missing, and its 256 subfolders: so that storing bytes never has to make one durable.
func Open(dir string) (*Store, error) {
	for i := range 256 {
		if err := os.MkdirAll(filepath.Join(dir, fmt.Sprintf("%02x", i)), 0o700); err != nil {
			return nil, err
		}
	}
	return &Store{dir}, syncDir(dir)
}

// newPrefix begins the name of bytes that have none yet; nameLen is how long one is.
const (
	newPrefix = "ny-"
	nameLen   = 64
)

// Create implements [driver.Store].
func (s *Store) Create(context.Context) (driver.Writer, error) {
	f, err := os.CreateTemp(s.dir, newPrefix+"*")
	if err != nil {
		return nil, err
	}
	return &writer{f, s}, nil
}

type writer struct {
	*os.File // nil when done
	s        *Store
}

// Commit makes the bytes durable, then gives them their name, and makes that durable too.
func (w *writer) Commit(_ context.Context, name string) error {
	if err := errors.Join(w.Sync(), w.Close()); err != nil {
		return err
	}
	path := w.s.path(name)
	if err := os.Rename(w.Name(), path); err != nil {
		return err
	}
	w.File = nil
	return syncDir(filepath.Dir(path))
}

// Abort implements [driver.Writer].
func (w *writer) Abort() error {
	if w.File == nil {
		return nil
	}
	_ = w.Close() // Commit may have
	return ignoreMissing(os.Remove(w.Name()))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Open implements [driver.Store].
func (s *Store) Open(_ context.Context, name string) (io.ReadSeekCloser, error) {
	f, err := os.Open(s.path(name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, driver.ErrMissing
	case err != nil:
		return nil, err
	}
	return f, nil
}

// Has implements [driver.Store].
func (s *Store) Has(_ context.Context, name string) (bool, error) {
	_, err := os.Stat(s.path(name))
	return err == nil, ignoreMissing(err)
}

// Delete implements [driver.Store].
func (s *Store) Delete(_ context.Context, name string) error {
	return ignoreMissing(os.Remove(s.path(name)))
}

// List implements [driver.Store].
func (s *Store) List(ctx context.Context, f func(name string, written time.Time) error) error {
	return filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err = errors.Join(ignoreMissing(err), ctx.Err()); err != nil || d == nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		name := d.Name()
		if err != nil || len(name) != nameLen && !strings.HasPrefix(name, newPrefix) || path != s.path(name) { // the latter two are not ours
			return ignoreMissing(err)
		}
		return f(name, info.ModTime())
	})
}

// path is where the bytes with a name are, or those that have no real one yet.
func (s *Store) path(name string) string {
	if strings.HasPrefix(name, newPrefix) {
		return filepath.Join(s.dir, name)
	}
	return filepath.Join(s.dir, name[:2], name)
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

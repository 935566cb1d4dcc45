// Package drivertest is what every [driver.Store] must pass.
package drivertest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moxkit/mox/indhold/driver"
)

// Run runs the suite. open opens an empty store; opened again with the same test it is what another process sees of it.
func Run(t *testing.T, open func(t *testing.T) func() driver.Store) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, open func() driver.Store)
	}{
		{"ReadBack", readBack},
		{"Sizes", sizes},
		{"ManyStoreTheSame", manyStoreTheSame},
		{"NothingIsSeenBeforeCommit", nothingBeforeCommit},
		{"AbortLeavesNothing", abortLeavesNothing},
		{"AbortAfterCommitIsNothing", abortAfterCommit},
		{"Missing", missing},
		{"DeleteTwice", deleteTwice},
		{"List", list},
		{"ListStopsAtAnError", listStops},
		{"Seek", seek},
		{"ContextEnds", contextEnds},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, open(t))
		})
	}
}

func nameOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// put stores bytes and gives their name.
func put(t *testing.T, s driver.Store, b []byte) string {
	t.Helper()
	w, err := s.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(w, bytes.NewReader(b))
	name := nameOf(b)
	if err = errors.Join(err, w.Commit(t.Context(), name), w.Abort()); err != nil {
		t.Fatal(err)
	}
	return name
}

// want checks what a store has under a name; nil = nothing.
func want(t *testing.T, s driver.Store, name string, b []byte) {
	t.Helper()
	has, err := s.Has(t.Context(), name)
	if err != nil || has != (b != nil) {
		t.Errorf("Has = %v, %v", has, err)
	}
	r, err := s.Open(t.Context(), name)
	if b == nil {
		if !errors.Is(err, driver.ErrMissing) {
			t.Errorf("Open = %v, want ErrMissing", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if err = errors.Join(err, r.Close()); err != nil || !bytes.Equal(got, b) {
		t.Errorf("read %d bytes, %v; want %d", len(got), err, len(b))
	}
}

// names are those of a store, sorted.
func names(t *testing.T, s driver.Store) (got []string) {
	t.Helper()
	err := s.List(t.Context(), func(name string, _ time.Time) error {
		got = append(got, name)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	return got
}

func readBack(t *testing.T, open func() driver.Store) {
	b := []byte("tegning æøå\x00\xff")
	name := put(t, open(), b)
	want(t, open(), name, b)
}

func sizes(t *testing.T, open func() driver.Store) {
	s := open()
	for _, n := range []int{0, 1, 1<<20 + 1, 20 << 20} {
		b := bytes.Repeat([]byte{byte(n), 'x', 0}, n/3+1)[:n]
		want(t, s, put(t, s, b), b)
	}
}

func manyStoreTheSame(t *testing.T, open func() driver.Store) {
	b := bytes.Repeat([]byte("x"), 100_000)
	var all sync.WaitGroup
	for range 6 {
		s := open()
		all.Go(func() { put(t, s, b) })
	}
	all.Wait()
	s := open()
	want(t, s, nameOf(b), b)
	if got := names(t, s); !slices.Equal(got, []string{nameOf(b)}) {
		t.Errorf("%v, want one", got)
	}
}

func nothingBeforeCommit(t *testing.T, open func() driver.Store) {
	s, b := open(), []byte("halv")
	w, err := s.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	want(t, s, nameOf(b), nil)
	if err := w.Commit(t.Context(), nameOf(b)); err != nil {
		t.Fatal(err)
	}
	want(t, s, nameOf(b), b)
}

func abortLeavesNothing(t *testing.T, open func() driver.Store) {
	s := open()
	w, err := s.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Write([]byte("halv"))
	if err = errors.Join(err, w.Abort(), w.Abort()); err != nil {
		t.Error(err)
	}
	if got := names(t, s); len(got) > 0 {
		t.Errorf("left behind: %v", got)
	}
}

func abortAfterCommit(t *testing.T, open func() driver.Store) {
	s, b := open(), []byte("hel")
	want(t, s, put(t, s, b), b) // put aborts
}

func missing(t *testing.T, open func() driver.Store) {
	want(t, open(), nameOf([]byte("aldrig gemt")), nil)
}

func deleteTwice(t *testing.T, open func() driver.Store) {
	s := open()
	name, other := put(t, s, []byte("a")), put(t, s, []byte("b"))
	if err := errors.Join(s.Delete(t.Context(), name), s.Delete(t.Context(), name)); err != nil {
		t.Error(err)
	}
	want(t, s, name, nil)
	want(t, s, other, []byte("b"))
	want(t, s, put(t, s, []byte("a")), []byte("a"))
}

func list(t *testing.T, open func() driver.Store) {
	s := open()
	before := time.Now()
	var all []string
	for i := range 40 {
		all = append(all, put(t, s, []byte{byte(i)}))
	}
	slices.Sort(all)
	if got := names(t, s); !slices.Equal(got, all) {
		t.Errorf("%d names, want %d", len(got), len(all))
	}
	err := s.List(t.Context(), func(name string, written time.Time) error {
		if d := written.Sub(before); d < -5*time.Second || d > time.Minute { // the store's clock, to the second
			t.Errorf("%s was written %s after the test began", name, d)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	w, err := s.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names(t, s) { // what has begun may be there under a name of its own
		if !slices.Contains(all, name) {
			if len(name) == len(all[0]) || s.Delete(t.Context(), name) != nil {
				t.Errorf("%q is no name for what has only begun", name)
			}
		}
	}
	_ = w.Abort() // what it had may be gone
}

func listStops(t *testing.T, open func() driver.Store) {
	s := open()
	put(t, s, []byte("a"))
	put(t, s, []byte("b"))
	enough, n := errors.New("enough"), 0
	err := s.List(t.Context(), func(string, time.Time) error { n++; return enough })
	if !errors.Is(err, enough) || n != 1 {
		t.Errorf("%v after %d", err, n)
	}
}

func seek(t *testing.T, open func() driver.Store) {
	s := open()
	b := []byte(strings.Repeat("0123456789", 100_000))
	r, err := s.Open(t.Context(), put(t, s, b))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if n, err := r.Seek(0, io.SeekEnd); err != nil || n != int64(len(b)) {
		t.Errorf("the end is at %d, %v", n, err)
	}
	for _, at := range []int64{999_995, 3, 0, 500_001} {
		n, err := r.Seek(at, io.SeekStart)
		if err != nil || n != at {
			t.Fatalf("Seek(%d) = %d, %v", at, n, err)
		}
		got := make([]byte, 5)
		if _, err := io.ReadFull(r, got); err != nil || !bytes.Equal(got, b[at:at+5]) {
			t.Errorf("at %d: %q, %v", at, got, err)
		}
	}
}

func contextEnds(t *testing.T, open func() driver.Store) {
	s := open()
	name := put(t, s, []byte("a"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.List(ctx, func(string, time.Time) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("List = %v", err)
	}
	want(t, s, name, []byte("a"))
}

package indhold_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/indhold"
	"github.com/moxkit/mox/indhold/driver"
)

func lager(t *testing.T) (*indhold.Lager, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "indhold")
	l, err := indhold.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return l, dir
}

// filer are the files below dir, without folders.
func filer(t *testing.T, dir string) (ud []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(sti string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			ud = append(ud, sti)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return ud
}

// What is stored is named by what it is, and read back byte for byte; the same bytes are kept once, however many store them.
func TestGemHent(t *testing.T) {
	l, dir := lager(t)
	raa := bytes.Repeat([]byte("tegning æøå\x00"), 10_000)
	sum := sha256.Sum256(raa)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			sha, n, err := l.Gem(t.Context(), bytes.NewReader(raa))
			if err != nil || sha != hex.EncodeToString(sum[:]) || n != int64(len(raa)) {
				t.Errorf("got %s, %d, %v", sha, n, err)
			}
		})
	}
	wg.Wait()
	if f := filer(t, dir); len(f) != 1 {
		t.Errorf("the files are %v, want one", f)
	}
	f, err := l.Hent(t.Context(), hex.EncodeToString(sum[:]))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // it was only read
	if got, err := io.ReadAll(f); err != nil || !bytes.Equal(got, raa) {
		t.Errorf("read %d bytes, %v", len(got), err)
	}
}

// Nothing is left of what could not be stored.
func TestGemErr(t *testing.T) {
	aflyst, stop := context.WithCancel(t.Context())
	stop()
	brudt := errors.New("the sender went away")
	tests := map[string]struct {
		ctx context.Context
		r   io.Reader
		er  func(error) bool
	}{
		"ErrForStor":  {t.Context(), io.LimitReader(nuller{}, indhold.Maks+1), func(err error) bool { return mox.KodeAf(err) == mox.KodeForStor }},
		"ErrAfbrudt":  {t.Context(), io.MultiReader(strings.NewReader("halv"), fejler{brudt}), func(err error) bool { return errors.Is(err, brudt) }},
		"ErrCanceled": {aflyst, strings.NewReader("x"), func(err error) bool { return errors.Is(err, context.Canceled) }},
	}
	for name, x := range tests {
		t.Run(name, func(t *testing.T) {
			l, dir := lager(t)
			if _, _, err := l.Gem(x.ctx, x.r); !x.er(err) {
				t.Errorf("got %v", err)
			}
			if f := filer(t, dir); len(f) != 0 {
				t.Errorf("left behind: %v", f)
			}
		})
	}
}

type nuller struct{}

func (nuller) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

type fejler struct{ err error }

func (f fejler) Read([]byte) (int, error) { return 0, f.err }

// Only a SHA-256 finds anything: no path leads out of the folder.
func TestHentErrIkkeFundet(t *testing.T) {
	l, _ := lager(t)
	for _, sha := range []string{"", "../../etc/passwd", strings.Repeat("a", 63), strings.Repeat("A", 64), strings.Repeat("a", 64)} {
		if _, err := l.Hent(t.Context(), sha); mox.KodeAf(err) != mox.KodeIkkeFundet {
			t.Errorf("%q: got %v", sha, err)
		}
	}
}

func TestSha(t *testing.T) {
	sha := strings.Repeat("0f", 32)
	if got, ok := indhold.Sha(indhold.URN + sha); !ok || got != sha {
		t.Errorf("got %q, %v", got, ok)
	}
	for _, ref := range []string{"", sha, indhold.URN, indhold.URN + "x", "store:2026/01/01/a.bin"} {
		if _, ok := indhold.Sha(ref); ok {
			t.Errorf("%q is taken for a reference", ref)
		}
	}
}

// sygt is a store that fails.
type sygt struct {
	driver.Store
	err error
}

func (s sygt) Create(context.Context) (driver.Writer, error) { return nil, s.err }
func (s sygt) Open(context.Context, string) (io.ReadSeekCloser, error) {
	return nil, s.err
}
func (s sygt) Has(context.Context, string) (bool, error)                              { return false, s.err }
func (s sygt) Delete(context.Context, string) error                                   { return s.err }
func (s sygt) List(context.Context, func(name string, written time.Time) error) error { return s.err }

// A store that fails is not a document that is missing, and a full disk says what it is.
func TestLageretSvigter(t *testing.T) {
	sha := strings.Repeat("0f", 32)
	for _, x := range []struct {
		err  error
		kode mox.Kode
	}{
		{errors.New("forbindelsen blev afvist"), mox.KodeUtilgaengelig}, {&os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, mox.KodeDiskFuld},
	} {
		l := indhold.New(sygt{err: x.err})
		_, _, gem := l.Gem(t.Context(), strings.NewReader("x"))
		_, hent := l.Hent(t.Context(), sha)
		_, har := l.Har(t.Context(), sha)
		_, tomt := l.Tomt(t.Context())
		_, gamle := l.Gamle(t.Context(), time.Now(), func(string) error { return nil })
		for i, err := range []error{gem, hent, har, tomt, gamle, l.Slet(t.Context(), sha)} {
			if mox.KodeAf(err) != x.kode || !errors.Is(err, x.err) {
				t.Errorf("%d: %v", i, err)
			}
		}
	}
}

// What is old is given, and what was begun long ago and never finished is removed.
func TestGamle(t *testing.T) {
	l, dir := lager(t)
	if tomt, err := l.Tomt(t.Context()); err != nil || !tomt {
		t.Errorf("%v %v", tomt, err)
	}
	sha, _, err := l.Gem(t.Context(), strings.NewReader("x"))
	if err = errors.Join(err, os.WriteFile(filepath.Join(dir, "ny-1"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	gamle := func(foer time.Time) (n int, set []string) {
		t.Helper()
		n, err := l.Gamle(t.Context(), foer, func(sha string) error { set = append(set, sha); return nil })
		if err != nil {
			t.Error(err)
		}
		return n, set
	}
	if n, set := gamle(time.Now().Add(-time.Hour)); n != 0 || len(set) != 0 {
		t.Errorf("%d %v", n, set)
	}
	if n, set := gamle(time.Now().Add(time.Hour)); n != 1 || len(set) != 1 || set[0] != sha {
		t.Errorf("%d %v", n, set)
	}
	if f := filer(t, dir); len(f) != 1 {
		t.Errorf("%v", f)
	}
	if tomt, err := l.Tomt(t.Context()); err != nil || tomt {
		t.Errorf("%v %v", tomt, err)
	}
}

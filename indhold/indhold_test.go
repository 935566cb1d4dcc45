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
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/indhold"
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
	f, err := l.Hent(hex.EncodeToString(sum[:]))
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
		if _, err := l.Hent(sha); mox.KodeAf(err) != mox.KodeIkkeFundet {
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

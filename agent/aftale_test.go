package agent

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/moxkit/mox"
)

// TestLintAftale runs testdata/aftale/*.txt. Each is an agreement's file, a line of four dashes, and what is said against it.
func TestLintAftale(t *testing.T) {
	t.Parallel()
	filer, err := filepath.Glob("testdata/aftale/*.txt")
	if err != nil || len(filer) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, fil := range filer {
		t.Run(strings.TrimSuffix(filepath.Base(fil), ".txt"), func(t *testing.T) {
			t.Parallel()
			b, err := os.ReadFile(fil)
			maa(t, err)
			kilde, vil, _ := strings.Cut(string(b), "----\n")
			a, har := loadAftale(t, kilde)
			if *rewrite {
				maa(t, os.WriteFile(fil, []byte(kilde+"----\n"+har), 0o644))
				return
			}
			if har != vil {
				t.Errorf("the linter says otherwise (go test -rewrite, then read the diff):\n%s\nwant:\n%s", har, vil)
			}
			if (a == nil) != strings.Contains(har, "fejl") {
				t.Errorf("an Aftale is given although there are problems, or none although there are none")
			}
		})
	}
}

func loadAftale(t *testing.T, kilde string) (*mox.Aftale, string) {
	t.Helper()
	fil := filepath.Join(t.TempDir(), "aftale.yaml")
	maa(t, os.WriteFile(fil, []byte(kilde), 0o644))
	a, problemer := LoadAftale(fil)
	for i := range problemer {
		problemer[i].File = filepath.Base(problemer[i].File)
	}
	return a, vis(problemer)
}

// TestAftalensDage shows that an agreement holds from the beginning of its first day to the end of its last, in Danish time.
func TestAftalensDage(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("testdata/aftale/i_orden.txt")
	maa(t, err)
	kilde, _, _ := strings.Cut(string(b), "----\n")
	a, fejl := loadAftale(t, kilde)
	if a == nil {
		t.Fatal(fejl)
	}
	want := []time.Time{time.Date(2026, 1, 31, 23, 0, 0, 0, time.UTC), time.Date(2027, 1, 31, 23, 0, 0, 0, time.UTC), time.Date(2026, 1, 4, 23, 0, 0, 0, time.UTC)}
	if d := cmp.Diff(want, []time.Time{a.GyldigFra, a.GyldigTil, a.Godkendt.Dato}); d != "" {
		t.Error(d)
	}
}

func TestLoadAftaleUdenFil(t *testing.T) {
	t.Parallel()
	a, p := LoadAftale(filepath.Join(t.TempDir(), "findes-ikke.yaml"))
	if a != nil || len(p) != 1 || !strings.Contains(p[0].Text, "findes ikke") || p[0].Hint == "" {
		t.Errorf("%v %v", a, p)
	}
}

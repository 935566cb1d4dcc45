package store_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/testenv"
	"github.com/moxkit/mox/store"
)

// TestSoegPladser goes through a search page by page: each objekt comes once, in one order on both databases.
func TestSoegPladser(t *testing.T) {
	t.Parallel()
	for navn, url := range map[string]func(*testing.T) string{
		"SQLite":     func(t *testing.T) string { return filepath.Join(t.TempDir(), "mox.db") },
		"PostgreSQL": func(t *testing.T) string { return testenv.Postgres(t) },
	} {
		t.Run(navn, func(t *testing.T) {
			t.Parallel()
			s := open(t, url(t))
			bvn := []string{"", "A", "a", "a", "a", "Æ", "a b", "Ø", "å", "a"} // an order that a language would give otherwise
			if err := s.Update(t.Context(), func(tx *store.Tx) error { return indsaet(tx, bvn) }); err != nil {
				t.Fatal(err)
			}
			want := soeg(t, s, 0)
			if len(want) != len(bvn) || !slices.IsSortedFunc(want, func(a, b store.Registerplads) int {
				return slices.Compare([]string{a.BVN, string(a.ObjektID)}, []string{b.BVN, string(b.ObjektID)})
			}) {
				t.Fatalf("%v", want)
			}
			for _, antal := range []int{1, 3, 4} {
				if got := soeg(t, s, antal); !slices.Equal(got, want) {
					t.Errorf("%d at a time: %v, want %v", antal, got, want)
				}
			}
		})
	}
}

func indsaet(tx *store.Tx, bvn []string) error {
	for i, b := range bvn {
		r := store.Registerraekke{ObjektID: mox.ObjektID(fmt.Sprintf("00000000-0000-4000-8000-%012d", (i*7)%10)), ObjektType: mox.Facet, Nr: 1, Fra: tx.Now(), Livscyklus: mox.Opstaaet, Pakket: []byte{}}
		if err := tx.IndsaetRegister(&r, store.Registerpost{BVN: b}); err != nil {
			return err
		}
	}
	return nil
}

// soeg finds all, antal at a time; 0 = at once.
func soeg(t *testing.T, s *store.Store, antal int) (ud []store.Registerplads) {
	t.Helper()
	q := store.Registersoegning{ObjektType: mox.Facet, Antal: antal}
	for {
		var side []store.Registerplads
		if err := s.View(t.Context(), func(tx *store.Tx) (err error) { side, err = tx.SoegPladser(q); return err }); err != nil {
			t.Fatal(err)
		}
		if ud = append(ud, side...); antal == 0 || len(side) < antal {
			return ud
		}
		q.Efter = &side[len(side)-1]
	}
}

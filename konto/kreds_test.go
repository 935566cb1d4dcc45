package konto

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/store"
	"github.com/moxkit/mox/store/storetest"
)

// TestKreds is what of the register an account's holder may reach, on each database: all until somebody says otherwise, and from
// then on it goes with whoever logs in.
func TestKreds(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 31")
	for navn, url := range map[string]func(testing.TB) string{"SQLite": storetest.SQLite, "PostgreSQL": storetest.Postgres} {
		t.Run(navn, func(t *testing.T) {
			t.Parallel()
			h := nytHus(t, url(t))
			kreds := func(hemmelighed string) *mox.Kreds {
				t.Helper()
				i, ok, err := h.Find(t.Context(), hemmelighed, true)
				if h.maa(err); !ok {
					t.Fatal("not logged in")
				}
				return i.Kreds
			}
			s := h.ind("Kirsten Hansen", godt)
			if k := kreds(s); k != nil {
				t.Errorf("limited by nobody: %+v", k)
			}
			sat := Kreds{Myndigheder: []string{"29189846"}, KLE: []string{"02.*"}, Foelsomhed: []string{mox.Uoplyst}, Beskyttede: true}
			h.maa(h.SaetKreds(t.Context(), "kirsten hansen", &sat, Hvem{"Per", "kun byggesager"}))
			if h.inde(s, true) != "" {
				t.Error("logged in with the reach from before")
			}
			vil := &mox.Kreds{Myndigheder: []string{"29189846"}, KLE: []string{"02.*"}, Foelsomhed: []string{mox.Uoplyst}, Beskyttede: true}
			s = h.ind("Kirsten Hansen", godt)
			if d := cmp.Diff(vil, kreds(s)); d != "" {
				t.Error(d)
			}
			if k := h.konto("Kirsten Hansen").Kreds; !cmp.Equal(k, &sat) || k.String() != "myndighed 29189846, emne 02.*, følsomhed "+mox.Uoplyst+", også beskyttede navne" {
				t.Errorf("%v", k)
			}
			h.maa(h.SaetRolle(t.Context(), "Kirsten Hansen", auth.Laeser, Hvem{"Per", ""})) // another role, the same reach
			if d := cmp.Diff(vil, kreds(h.ind("Kirsten Hansen", godt))); d != "" {
				t.Error(d)
			}
			for felt, k := range map[string]*Kreds{"myndigheder": {Myndigheder: []string{"DK29189846"}}, "kle": {KLE: []string{"byg"}}, "foelsomhed": {Foelsomhed: []string{"lidt"}}} {
				if err := h.SaetKreds(t.Context(), "Kirsten Hansen", k, Hvem{}); mox.KodeAf(err) != mox.KodeUgyldig {
					t.Errorf("%s: %v", felt, err)
				}
			}
			h.maa(h.SaetKreds(t.Context(), "Kirsten Hansen", nil, Hvem{"Per", "hele registeret"}))
			if k := kreds(h.ind("Kirsten Hansen", godt)); k != nil {
				t.Errorf("%+v", k)
			}
			h.handlinger("opret-bruger lokal", "kreds Per kun byggesager", "rolle Per", "kreds Per hele registeret")
		})
	}
}

// One whose reach cannot be read is not let in with all of it.
func TestUlaeseligKreds(t *testing.T) {
	t.Parallel()
	h := paaSQLite(t)
	s := h.ind("Kirsten Hansen", godt)
	h.maa(h.store.Update(t.Context(), func(tx *store.Tx) error {
		b, _, err := tx.Bruger("kirsten hansen")
		if err != nil {
			return err
		}
		b.Kreds = "{"
		return tx.GemBruger(b)
	}))
	if hvem, ok, err := h.Find(t.Context(), s, true); ok || err == nil {
		t.Errorf("%+v", hvem)
	}
}

// Whoever logs in through the authority's own provider has a reach here, also after the next login there.
func TestKredsForEkstern(t *testing.T) {
	t.Parallel()
	h := paaSQLite(t)
	_, err := h.LogIndEkstern(t.Context(), "https://login.example 42", "Åse Å", auth.Drift, "192.0.2.1")
	h.maa(err)
	h.maa(h.SaetKreds(t.Context(), "Åse Å", &Kreds{KLE: []string{"27.*"}}, Hvem{"Per", ""}))
	s, err := h.LogIndEkstern(t.Context(), "https://login.example 42", "Åse Å", auth.Laeser, "192.0.2.1")
	h.maa(err)
	i, ok, err := h.Find(t.Context(), s, true)
	if h.maa(err); !ok || i.Kreds == nil || len(i.Kreds.KLE) != 1 || i.Rolle != auth.Laeser {
		t.Errorf("%+v", i)
	}
}

package storetest_test

import (
	"testing"

	"github.com/moxkit/mox/store"
	"github.com/moxkit/mox/store/storetest"
)

// Each test has a database of its own, and an installation of its own in it.
func TestEachTestHasItsOwnDatabase(t *testing.T) {
	t.Parallel()
	for name, database := range map[string]func(testing.TB) string{"SQLite": storetest.SQLite, "PostgreSQL": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ids := map[string]bool{}
			for range 3 {
				s, err := store.Open(t.Context(), database(t))
				if err != nil {
					t.Fatal(err)
				}
				ids[s.InstallationID()] = true
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			}
			if len(ids) != 3 {
				t.Errorf("%d installations, want 3", len(ids))
			}
		})
	}
}

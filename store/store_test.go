package store_test

import (
	"errors"
	"path/filepath"
	"sync"
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/testenv"
	"github.com/moxkit/mox/store"
	"github.com/moxkit/mox/store/driver"
)

func open(t *testing.T, url string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestIdentitiesAreTheInstallationsOwn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "mox.db")
	s, other := open(t, path), open(t, filepath.Join(t.TempDir(), "other.db"))
	id := s.ObjektID("byggesag", mox.Sag, "2026-0001")
	if !mox.ErUUID(string(id)) || id == other.ObjektID("byggesag", mox.Sag, "2026-0001") || id == s.ObjektID("byggesag", mox.Dokument, "2026-0001") {
		t.Errorf("the objekt %s is not this record's in this installation alone", id)
	}
	if s.Pseudonym("urn:oio:cpr-nr:0101901234") == other.Pseudonym("urn:oio:cpr-nr:0101901234") {
		t.Error("a pseudonym means the same in two installations")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if again := open(t, path); again.ObjektID("byggesag", mox.Sag, "2026-0001") != id || again.InstallationID() != s.InstallationID() {
		t.Error("opened again it is another installation")
	}
}

func TestProcessesThatStartAtOnceAreOneInstallation(t *testing.T) {
	t.Parallel()
	url := testenv.Postgres(t)
	ids := make([]string, 4)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			s, err := store.Open(t.Context(), url)
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = s.InstallationID() + s.Afled("x")
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Errorf("installations %v", ids)
		}
	}
}

func TestErrorsHaveACodeForTheOutside(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "mox.db"))
	for _, c := range []struct {
		name string
		err  error
		want mox.Kode
	}{
		{"its own", mox.E("x", mox.KodeKonflikt, "y"), mox.KodeKonflikt},
		{"a full disk", driver.ErrFull, mox.KodeDiskFuld},
		{"the database's", errors.New("SQL logic error"), mox.KodeUtilgaengelig},
	} {
		err := s.Update(t.Context(), func(*store.Tx) error { return c.err })
		if mox.KodeAf(err) != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.View(t.Context(), func(*store.Tx) error { return nil }); !errors.Is(err, driver.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

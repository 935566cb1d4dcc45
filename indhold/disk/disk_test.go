package disk_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/moxkit/mox/indhold/disk"
	"github.com/moxkit/mox/indhold/driver"
	"github.com/moxkit/mox/indhold/drivertest"
)

func TestDriver(t *testing.T) {
	t.Parallel()
	drivertest.Run(t, func(t *testing.T) func() driver.Store {
		dir := filepath.Join(t.TempDir(), "indhold")
		return func() driver.Store { return open(t, dir) }
	})
}

func open(t *testing.T, dir string) *disk.Store {
	t.Helper()
	s, err := disk.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What somebody else has left in the folder is none of ours, and is left alone.
func TestOthersFilesAreNotListed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	for _, name := range []string{"laesmig.txt", "x", "ab/abc", "ab/ny-1"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	err := s.List(t.Context(), func(name string, _ time.Time) error {
		t.Errorf("%q is listed", name)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

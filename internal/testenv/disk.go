package testenv

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// A Disk is a small file system of its own.
type Disk struct {
	Dir string
	t   testing.TB
}

// NewDisk makes a file system of 32 MB. Only root can: elsewhere the test is skipped, unless MOX_TEST_REQUIRE names disk.
func NewDisk(t testing.TB) *Disk {
	t.Helper()
	d := &Disk{Dir: t.TempDir(), t: t}
	if err := syscall.Mount("mox", d.Dir, "tmpfs", 0, "size=32m"); err != nil {
		if Required("disk") {
			t.Fatalf("a small file system cannot be made here, and MOX_TEST_REQUIRE demands disk: %v", err)
		}
		t.Skipf("a small file system cannot be made here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(d.Dir, syscall.MNT_DETACH) })
	return d
}

// Fill leaves room for 2 MB.
func (d *Disk) Fill() {
	d.t.Helper()
	var st syscall.Statfs_t
	if err := syscall.Statfs(d.Dir, &st); err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(d.ballast(), make([]byte, int64(st.Bavail)*st.Bsize-2<<20), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// Free gives back what Fill took.
func (d *Disk) Free() {
	d.t.Helper()
	if err := os.Remove(d.ballast()); err != nil {
		d.t.Fatal(err)
	}
}

func (d *Disk) ballast() string { return filepath.Join(d.Dir, "ballast") }

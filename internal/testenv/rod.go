package testenv

import (
	"os"
	"os/exec"
	"testing"
)

// Rod is a folder with a root file system of Debian or Ubuntu in which nothing has been installed but what must be there, to
// install and run things in with chroot. Only root can: elsewhere the test is skipped, unless MOX_TEST_REQUIRE names rod.
func Rod(t testing.TB) string {
	t.Helper()
	tar := need(t, "rod", "MOX_TEST_ROD")
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if ud, err := exec.CommandContext(t.Context(), "tar", "-xf", tar, "-C", dir).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", tar, err, ud)
	}
	return dir
}

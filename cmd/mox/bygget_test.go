package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// byggemappe is where the program is built.
var byggemappe = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "mox-bygget-") })

// bygget is the program, built once for all the tests that start it as a process of its own: linking it takes longer than most
// of them.
var bygget = sync.OnceValues(func() (string, error) {
	mappe, err := byggemappe()
	if err != nil {
		return "", err
	}
	binaer := filepath.Join(mappe, "mox")
	if ud, err := exec.Command("go", "build", "-o", binaer, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, ud)
	}
	return binaer, nil
})

func TestMain(m *testing.M) {
	kode := m.Run()
	if mappe, err := byggemappe(); err == nil {
		_ = os.RemoveAll(mappe) // it lies among the temporary files
	}
	os.Exit(kode)
}

// bygMox is the built program.
func bygMox(t *testing.T) string {
	t.Helper()
	binaer, err := bygget()
	if err != nil {
		t.Fatal(err)
	}
	return binaer
}

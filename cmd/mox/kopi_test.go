package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moxkit/mox/kopi"
)

// moxDerKoerer is a MOX that runs, with an agent that has read two cases.
func moxDerKoerer(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	fil, ud := agentFil(t, filepath.Join(dir, "arkiv"), "")
	rel, err := filepath.Rel(dir, fil)
	if err != nil {
		t.Fatal(err)
	}
	skriv(t, filepath.Join(dir, "mox.yaml"), "agenter: ["+rel+"]\n")
	laegFil(t, ud, "a.csv", []byte("NR;TITEL\n2026-1;Carport\n2026-2;Garage\n"))
	koer(t, "serve", "--dir", dir, "--listen", "127.0.0.1:0", "--json")
	venter(t, "the cases have been read and have their place in the log", func() bool {
		kode, ud, _ := moxKommando(t, "verify", "--dir", dir, "--json")
		var r kopi.Resultat
		return kode == exitOK && json.Unmarshal([]byte(ud), &r) == nil && r.Logposition == 2
	})
	return dir
}

// What an operator does: a copy of a MOX that runs, put back, checked, altered, and told so.
func TestBackupRestoreVerify(t *testing.T) {
	dir := moxDerKoerer(t)
	fil, ny := filepath.Join(t.TempDir(), "kopi.zip"), filepath.Join(t.TempDir(), "ny")
	k := func(vil int, skal string, args ...string) string {
		t.Helper()
		kode, ud, fejl := moxKommando(t, args...)
		if kode != vil || !strings.Contains(ud+fejl, skal) {
			t.Fatalf("%v ended with %d, want %d and %q:\n%s%s", args, kode, vil, skal, ud, fejl)
		}
		return ud
	}
	k(exitOK, "position 2", "backup", "--dir", dir, "--til", fil)
	if info, err := os.Stat(fil); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the copy is %v, %v: others may read it", info, err)
	}
	k(exitFejl, "findes i forvejen", "backup", "--dir", dir, "--til", fil)
	k(exitOK, "Alt holder", "verify", "--dir", dir, "--mod", fil)
	k(exitFejl, "ikke tom", "restore", fil, "--dir", dir)
	k(exitOK, ny, "restore", fil, "--dir", ny)
	k(exitOK, "Alt holder", "verify", "--dir", ny, "--mod", fil)
	k(exitOK, "position 2", "backup", "--dir", ny, "--til", fil+".igen") // of a folder that nobody runs
	koer(t, "serve", "--dir", ny, "--listen", "127.0.0.1:0", "--json")
	k(exitOK, "arkiv/sager", "status", "--dir", ny)
	k(exitFundet, "findes ikke", "restore", fil+"x", "--dir", ny+"2")
	k(exitUgyldig, "ikke en hel kopi", "restore", filepath.Join(dir, "mox.yaml"), "--dir", ny+"2")
	k(exitUgyldig, "postgres://", "restore", fil, "--dir", ny+"2", "--database", "localhost")
	k(exitFundet, "findes ikke", "verify", "--dir", ny+"2")

	eksport := filepath.Join(t.TempDir(), "alt.zip")
	k(exitOK, "er hel", "eksport", "alt", "--dir", dir, "--til", eksport)
	k(exitUgyldig, "mox backup", "restore", eksport, "--dir", ny+"2")
	zip := k(exitOK, "PK", "backup", "--dir", dir, "--til", "-")
	skriv(t, eksport, zip)
	k(exitOK, "holder", "verify", "--dir", dir, "--mod", eksport)
}

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestConfig looks at a configuration in order, one with faults and none, in text and as JSON; nothing is made in the folder.
func TestConfig(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	skriv := func(tekst string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "mox.yaml"), []byte(tekst), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	er := func(kode int, skal []string, args ...string) {
		t.Helper()
		fik, ud, fejl := moxKommando(t, append([]string{"config"}, args...)...)
		for _, s := range skal {
			if fik != kode || !strings.Contains(ud+fejl, s) {
				t.Errorf("%v: %d, %q is not in\n%s%s", args, fik, s, ud, fejl)
			}
		}
	}
	er(exitOK, []string{"er i orden", "0 agenter"}, "check", "--dir", filepath.Join(dir, "ny"))
	skriv("bevaring: {fejl: 30}\n")
	er(exitOK, []string{"fejl: 30", "beskedindhold: 180"}, "show", "--dir", dir)
	er(exitOK, []string{`"agenter":0`}, "check", "--dir", dir, "--json")
	skriv("listen: 0.0.0.0:80\nbevaring: {fejl: -1}\nagenter: [ingen.yaml]\n")
	er(exitUgyldig, []string{"3 fejl", "mox.yaml:1: listen", "mox.yaml:2: bevaring.fejl", "ingen.yaml", "mox config check"}, "check", "--dir", dir)
	er(exitUgyldig, []string{"mox.yaml:2: bevaring.fejl"}, "show", "--dir", dir)
	skriv("liste: [1]\n")
	er(exitUgyldig, []string{"liste"}, "check", "--dir", dir)
	er(exitOK, []string{"alarmer.mail.server", "vært:port"}, "describe")
	var alle []struct{ Sti, Form, Betydning string }
	if _, ud, _ := moxKommando(t, "config", "describe", "--json"); json.Unmarshal([]byte(ud), &alle) != nil || len(alle) < 50 {
		t.Errorf("%d settings", len(alle))
	}
	if filer, err := os.ReadDir(dir); err != nil || len(filer) != 1 {
		t.Errorf("the folder has %v: %v", filer, err)
	}
}

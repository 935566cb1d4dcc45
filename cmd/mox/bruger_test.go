package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// med runs a command with a line on standard input.
func med(t *testing.T, linje string, args ...string) (kode int, ud, fejl string) {
	t.Helper()
	var out, err bytes.Buffer
	kode = run(t.Context(), args, strings.NewReader(linje), &out, &err)
	return kode, out.String(), err.String()
}

// TestBruger is an administrator's work with the accounts; no password comes out again.
func TestBruger(t *testing.T) {
	dir := t.TempDir()
	koer(t, "serve", "--json", "--dir", dir, "--listen", "127.0.0.1:0")
	for _, c := range []struct {
		linje string
		args  []string
		kode  int
		skal  string
	}{
		{"", []string{"list"}, exitOK, "der er ingen brugere"},
		{"fem blå cykler\r\n", []string{"opret", "Kirsten Hansen", "--rolle", "drift"}, exitOK, "Kirsten Hansen: oprettet"},
		{"fem blå cykler", []string{"opret", "kirsten hansen", "--rolle", "drift"}, exitFejl, "navnet kirsten hansen er brugt"},
		{"fem blå cykler", []string{"opret", "Per"}, exitBrug, "--rolle"},
		{"fem blå cykler", []string{"opret", "Per", "--rolle", "system"}, exitBrug, "--rolle"},
		{"Sommer2026!!", []string{"opret", "Per", "--rolle", "laeser"}, exitUgyldig, "for let at gætte"},
		{"", []string{"opret", "Per", "--rolle", "laeser"}, exitUgyldig, "intet kodeord på standard input"},
		{"", []string{"rolle", "kirsten hansen", "administrator", "--begrundelse", "afløser Per"}, exitOK, "har nu rollen administrator"},
		{"", []string{"rolle", "kirsten hansen", "chef"}, exitUgyldig, "er ikke laeser, drift eller administrator"},
		{"", []string{"kreds", "kirsten hansen", "--myndighed", "29189846", "--kle", "02.*", "--kle", "27.03.08"}, exitOK, "må i registeret kun nå myndighed 29189846, emne 02.* eller 27.03.08"},
		{"", []string{"list"}, exitOK, "i registeret kun myndighed 29189846"},
		{"", []string{"kreds", "kirsten hansen", "--myndighed", "DK29189846"}, exitUgyldig, "CVR-nummer"},
		{"", []string{"kreds", "kirsten hansen"}, exitBrug, "--alt"},
		{"", []string{"kreds", "kirsten hansen", "--alt", "--kle", "02.*"}, exitBrug, "--alt"},
		{"", []string{"kreds", "kirsten hansen", "--alt"}, exitOK, "må nå alt"},
		{"", []string{"kreds", "findes ikke", "--alt"}, exitFundet, "ingen åben konto"},
		{"syv grønne lamper\n", []string{"kodeord", "kirsten hansen"}, exitOK, "har fået et nyt kodeord"},
		{"", []string{"list"}, exitOK, "Kirsten Hansen  administrator  har ikke været inde"},
		{"", []string{"log-ud", "kirsten hansen", "--begrundelse", "har mistet sin computer"}, exitOK, "logget ud alle steder"},
		{"", []string{"luk", "kirsten hansen"}, exitOK, "lukket"},
		{"", []string{"luk", "kirsten hansen"}, exitFundet, "ingen åben konto"},
		{"", []string{"list"}, exitOK, "af lokal"},
		{"", []string{"list", "--json"}, exitOK, `"rolle":"administrator"`},
	} {
		kode, ud, fejl := med(t, c.linje, append(append([]string{"bruger"}, c.args...), "--dir", dir)...)
		if kode != c.kode || !strings.Contains(ud+fejl, c.skal) {
			t.Errorf("%v: %d, want %d and %q:\n%s%s", c.args, kode, c.kode, c.skal, ud, fejl)
		}
		if linje := strings.TrimSpace(c.linje); linje != "" && strings.Contains(ud+fejl, linje) || strings.Contains(ud+fejl, "argon2") {
			t.Errorf("%v: the password comes out: %s%s", c.args, ud, fejl)
		}
	}
}

// TestLaesKodeordFraEnFil reads a file as standard input, which is no terminal.
func TestLaesKodeordFraEnFil(t *testing.T) {
	t.Parallel()
	sti := filepath.Join(t.TempDir(), "kodeord")
	skriv(t, sti, "fem blå cykler\nen linje til\n")
	f, err := os.Open(sti)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	e := &env{in: f}
	if k, err := e.laesKodeord("x"); k != "fem blå cykler" || err != nil {
		t.Errorf("%q %v", k, err)
	}
}

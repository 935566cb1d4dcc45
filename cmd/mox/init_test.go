package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Every beginning is well as it is: no error, and its example holds.
func TestAgentNew(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, type_ := range agenttyper() {
		if kode, ud, fejl := moxKommando(t, "agent", "new", "Ældre og "+type_, "--type", type_, "--dir", dir); kode != exitOK || !strings.Contains(ud, "agent.yaml") {
			t.Fatalf("%s: %d %s%s", type_, kode, ud, fejl)
		}
		fil := filepath.Join(dir, "aeldre-og-"+type_, "agent.yaml")
		for _, hvad := range []string{"check", "test"} {
			if kode, ud, fejl := moxKommando(t, "agent", hvad, fil); kode != exitOK {
				t.Errorf("%s %s: %d %s%s", hvad, type_, kode, ud, fejl)
			}
		}
	}
	foer, err := os.ReadFile(filepath.Join(dir, "aeldre-og-http", "agent.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for navn, c := range map[string]struct {
		args []string
		kode int
	}{
		"den er der":            {[]string{"ældre og http"}, exitFejl},
		"intet navn":            {[]string{" / "}, exitUgyldig},
		"et tegn, YAML læser":   {[]string{"A: b"}, exitUgyldig},
		"en ukendt forbindelse": {[]string{"B", "--type", "fax"}, exitUgyldig},
	} {
		if kode, ud, fejl := moxKommando(t, append([]string{"agent", "new", "--dir", dir}, c.args...)...); kode != c.kode {
			t.Errorf("%s: %d %s%s", navn, kode, ud, fejl)
		}
	}
	if efter, err := os.ReadFile(filepath.Join(dir, "aeldre-og-http", "agent.yaml")); err != nil || !bytes.Equal(foer, efter) {
		t.Errorf("filen er ændret: %v", err)
	}
}

// What mox init makes from a person's answers runs: a case that one system writes comes to the other.
func TestInit(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "mox")
	var ud, spurgt bytes.Buffer
	svar := "Eksempel Kommune\n2918\n29189846\nByggesag=folder\nByggesag=http\nESDH\nLøn=telefax\nJobcenter=sql\n\n"
	if kode := run(t.Context(), []string{"init", "--dir", dir}, strings.NewReader(svar), &ud, &spurgt); kode != exitOK {
		t.Fatalf("%d %s%s", kode, &ud, &spurgt)
	}
	for _, skal := range []string{"CVR-nummer (8 cifre)", "er ikke et CVR-nummer", "der er to systemer", "kendes ikke"} {
		if !strings.Contains(spurgt.String(), skal) {
			t.Errorf("%q er ikke sagt: %s", skal, &spurgt)
		}
	}
	if kode, _, fejl := moxKommando(t, "init", "--dir", dir, "--navn", "x", "--cvr", "29189846", "--system", "B"); kode != exitFejl {
		t.Errorf("igen: %d %s", kode, fejl)
	}
	if kode, ud, _ := moxKommando(t, "aftale", "check", filepath.Join(dir, "aftaler", "esdh.yaml")); kode != exitUgyldig || !strings.Contains(ud, "hjemmel") {
		t.Errorf("et udkast, der ikke er udfyldt: %d %s", kode, ud)
	}
	koer(t, "serve", "--dir", dir, "--listen", "127.0.0.1:0", "--json")
	skriv(t, filepath.Join(dir, "byggesag", "ud", "sag_1.csv"), "SAGSNR;TITEL;STATUS;KLE\n2026-0017;Carport;NY;02.34.02\n")
	kig := time.NewTicker(100 * time.Millisecond)
	defer kig.Stop()
	for frist := time.After(time.Minute); ; {
		filer, err := filepath.Glob(filepath.Join(dir, "esdh", "ind", "sag_*.csv"))
		if err != nil {
			t.Fatal(err)
		}
		if len(filer) == 1 {
			b, err := os.ReadFile(filer[0])
			if err != nil || string(b) != "SAGSNR;TITEL;STATUS;KLE\r\n2026-0017;Carport;NY;02.34.02\r\n" {
				t.Errorf("%v: %q", err, b)
			}
			return
		}
		select {
		case <-kig.C:
		case <-frist:
			_, status, _ := moxKommando(t, "fejl", "list", "--dir", dir)
			t.Fatalf("der kom intet til ESDH; fejl: %s", status)
		}
	}
}

func TestInitMedFlag(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for navn, c := range map[string]struct {
		args []string
		kode int
		vil  string
	}{
		"alt er givet":      {[]string{"--navn", "Eksempel Kommune", "--cvr", "29189846", "--system", "ESDH=http"}, exitOK, "fjern # ved agenten"},
		"intet er givet":    {nil, exitBrug, "--navn"},
		"uden systemer":     {[]string{"--navn", "E", "--cvr", "29189846"}, exitBrug, "--system"},
		"et forkert CVR":    {[]string{"--navn", "E", "--cvr", "2918984", "--system", "ESDH"}, exitUgyldig, "CVR"},
		"et forkert navn":   {[]string{"--navn", "\"", "--cvr", "29189846", "--system", "ESDH"}, exitUgyldig, "navnet"},
		"to med samme navn": {[]string{"--navn", "E", "--cvr", "29189846", "--system", "ESDH", "--system", "esdh=http"}, exitFejl, "to systemer"},
	} {
		if kode, ud, fejl := moxKommando(t, append([]string{"init", "--dir", filepath.Join(dir, navn)}, c.args...)...); kode != c.kode || !strings.Contains(ud+fejl, c.vil) {
			t.Errorf("%s: %d %s%s", navn, kode, ud, fejl)
		}
	}
}

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTilslutningsvejledning is made of an agent and of an agreement, each as a page and as a PDF.
func TestTilslutningsvejledning(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if kode, ud, fejl := moxKommando(t, "agent", "new", "ESDH", "--type", "http", "--dir", dir); kode != exitOK {
		t.Fatal(kode, ud, fejl)
	}
	aftale := filepath.Join(dir, "aftale.yaml")
	skriv(t, aftale, strings.Replace(aftaletekst, "AFTALE", "Byggesag-2026", 1))
	ond := filepath.Join(dir, "ond.yaml")
	skriv(t, ond, "aftale: x\n")
	agentfil := filepath.Join(dir, "esdh", "agent.yaml")
	for navn, c := range map[string]struct {
		args  []string
		kode  int
		filer []string // without what they end with
		siger []string
	}{
		"agent":         {[]string{"--agent", agentfil}, exitOK, []string{"esdh"}, []string{"<h1", "ESDH og MOX", "<code>SAGSNR</code>", "Idempotency-Key", "2026-004711"}},
		"aftale":        {[]string{"--aftale", aftale, "--adresse", "https://mox.example:8481/"}, exitOK, []string{"byggesag-2026"}, []string{"mox.ind.Byggesag", "https://mox.example:8481/api/v1/beskeder", "Bilag: Beskedheaders 1.0"}},
		"ingen":         {nil, exitBrug, nil, nil},
		"begge":         {[]string{"--agent", agentfil, "--aftale", aftale}, exitBrug, nil, nil},
		"fejl i agent":  {[]string{"--agent", aftale}, exitUgyldig, nil, nil},
		"fejl i aftale": {[]string{"--aftale", ond}, exitUgyldig, nil, nil},
	} {
		til := filepath.Join(dir, "ud", navn)
		kode, ud, fejl := moxKommando(t, append([]string{"tilslutningsvejledning", "--til", til}, c.args...)...)
		if kode != c.kode {
			t.Errorf("%s: %d %s%s", navn, kode, ud, fejl)
			continue
		}
		for _, f := range c.filer {
			side, err := os.ReadFile(filepath.Join(til, f+".html"))
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range c.siger {
				if !bytes.Contains(side, []byte(s)) {
					t.Errorf("%s: %q står der ikke", navn, s)
				}
			}
			pdf, err := os.ReadFile(filepath.Join(til, f+".pdf"))
			if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF-")) || len(pdf) < 10_000 {
				t.Errorf("%s: en PDF på %d bytes: %v", navn, len(pdf), err)
			}
		}
	}
}

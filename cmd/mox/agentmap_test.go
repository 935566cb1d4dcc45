package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moxkit/mox/agent"
)

const mapAgent = `agent: fritid
system: Fritid
acts_as: svc-mox
sources:
  - name: sager
    from: {type: folder, path: ud, pattern: "*.csv", format: csv, charset: utf-8, faerdig: omdoebt}
    start: alt
    key: SAGSNR
    objekttype: Sag
    map: maps/sag.yaml
    passiver: {felt: STATUS, vaerdier: [TRK]}
`

const mapTabel = `map: sag
objekttype: Sag
felter:
  - {felt: SAGSNR, sti: egenskaber.sagsnummer, kraevet: ja}
  - {felt: TITEL, sti: egenskaber.titel, standard: "-"}
  - {felt: STATUS, sti: tilstande.fremdrift, koder: {NY: Opstaaet, TRK: Afsluttet}}
  - {sti: egenskaber.kassationskode, fast: B}
`

// TestAgentMap shows what becomes of the records that a system has now, and of one that is given; the system is left as it was.
func TestAgentMap(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	csv := "SAGSNR;TITEL;STATUS;KONTO\nF-1;Tilskud til 010101-0101;NY;77\nF-2;Bane;TRK;78\nF-3;Hal;I GANG;79\nF-4;Bad;NY;80\n"
	for navn, tekst := range map[string]string{"agent.yaml": mapAgent, "maps/sag.yaml": mapTabel, "ud/sager.csv": csv} {
		fil := filepath.Join(dir, navn)
		if err := os.MkdirAll(filepath.Dir(fil), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(fil, []byte(tekst), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	fil := filepath.Join(dir, "agent.yaml")
	for _, c := range []struct {
		args []string
		kode int
		skal []string
	}{
		{[]string{fil, "sager", "--antal", "2"}, exitOK, []string{"F-1  sager.csv:2", "→ tilstande.fremdrift", "Opstaaet", "F-2  sager.csv:3  Passiveret", "uden plads i tabellen: KONTO", "egenskaber.kassationskode", "******-****",
			"en tom værdi bliver til"}},
		{[]string{fil, "sager"}, exitUgyldig, []string{"F-3", "koden findes ikke i tabellen", "Næste skridt", "1 af 3 poster"}},
		{[]string{fil, "andre"}, exitFundet, []string{"andre"}},
		{[]string{fil, "andre", "--post", "-"}, exitFundet, []string{"andre"}},
		{[]string{fil, "sager", "--antal", "501"}, exitBrug, []string{"500"}},
		{[]string{fil, "sager", "--post", fil}, exitUgyldig, []string{"JSON"}},
		{[]string{fil, "sager", "--post", filepath.Join(dir, "ingen.json")}, exitUgyldig, []string{"--post"}},
	} {
		kode, ud, fejl := moxKommando(t, append([]string{"agent", "map"}, c.args...)...)
		for _, s := range c.skal {
			if kode != c.kode || !strings.Contains(ud+fejl, s) {
				t.Errorf("%v: %d, %q is not in\n%s%s", c.args, kode, s, ud, fejl)
			}
		}
		if strings.Contains(ud+fejl, "0101010101") || strings.Contains(ud+fejl, "010101-0101") || c.kode == exitOK && strings.Contains(ud, "F-3") {
			t.Errorf("%v: shows too much:\n%s%s", c.args, ud, fejl)
		}
	}
	post := filepath.Join(dir, "post.json")
	if err := os.WriteFile(post, []byte(`{"SAGSNR": "F-9", "STATUS": "NY", "NYT": {"FELT": 1}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	kode, ud, _ := moxKommando(t, "agent", "map", fil, "sager", "--post", post, "--json")
	var l []agent.Oversat
	if err := json.Unmarshal([]byte(ud), &l); err != nil || kode != exitOK || len(l) != 1 || l[0].Noegle != "F-9" || len(l[0].Vaerdier) != 4 || len(l[0].UdenPlads) != 1 || l[0].UdenPlads[0] != "NYT.FELT" {
		t.Errorf("%d, %v: %s", kode, err, ud)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "ud", "sager.csv")); err != nil || string(b) != csv {
		t.Errorf("the file is %q: %v", b, err)
	}
}

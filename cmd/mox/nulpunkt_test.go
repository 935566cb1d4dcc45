package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moxkit/mox/agent"
)

// TestNulpunkt counts in a system that MOX has not been near: each key once, in the month it began, over several files; what
// cannot be counted is said, and the system is left as it was.
func TestNulpunkt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	med := strings.Replace(mapTabel, "felter:", "virkning: {fra: OPRETTET, type: tidspunkt, format: \"dd-mm-åååå\"}\nfelter:", 1)
	hoved := "SAGSNR;TITEL;STATUS;OPRETTET\n"
	filer := map[string]string{
		"agent.yaml": mapAgent, "maps/sag.yaml": med,
		"ud/a.csv": hoved + "F-1;Hal;NY;31-12-2024\nF-2;Bad;NY;01-01-2025\nF-3;Bane;NY;15-03-2025\nF-4;Sti;NY;\n",
		"ud/b.csv": hoved + "F-3;Bane;TRK;20-04-2025\nF-5;Spil;NY;31-12-2025\nF-6;Ny;NY;01-01-2026\nF-7;Fejl;UKENDT;01-02-2025\n",
	}
	for navn, tekst := range filer {
		fil := filepath.Join(dir, navn)
		if err := os.MkdirAll(filepath.Dir(fil), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(fil, []byte(tekst), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	fil := filepath.Join(dir, "agent.yaml")
	kald := func(args ...string) (int, string) {
		kode, ud, fejl := moxKommando(t, append([]string{"gevinster", "nulpunkt", fil}, args...)...)
		return kode, ud + fejl
	}
	kode, ud := kald("sager", "--fra", "2025-01-01", "--til", "2025-12-31", "--json")
	var n agent.Nulpunkt
	if err := json.Unmarshal([]byte(ud), &n); err != nil || kode != exitOK || n.Antal != 3 || n.PrAar != 3 || n.Dage != 365 || n.Laest != 8 || n.UdenDato != 1 || n.Ubrugelig != 1 || len(n.Maaneder) != 12 ||
		n.Maaneder[0].Antal != 1 || n.Maaneder[2].Antal != 1 || n.Maaneder[3].Antal != 0 || n.Maaneder[11].Antal != 1 {
		t.Errorf("%d, %v: %s", kode, err, ud)
	}
	if kode, ud = kald("sager", "--fra", "2025-01-01", "--til", "2025-02-28"); kode != exitOK || !strings.Contains(ud, "1 i 59 dage, 6 pr. år") || !strings.Contains(ud, "Ikke talt med: nøgler uden dato: 1; poster, der ikke kan") {
		t.Errorf("%d: %s", kode, ud)
	}
	if kode, ud = kald("andre"); kode != exitFundet {
		t.Errorf("%d: %s", kode, ud)
	}
	if kode, ud = kald("sager", "--fra", "i går"); kode != exitUgyldig {
		t.Errorf("%d: %s", kode, ud)
	}
	for navn, tekst := range filer {
		if b, err := os.ReadFile(filepath.Join(dir, navn)); err != nil || string(b) != tekst {
			t.Errorf("%s is changed: %v", navn, err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "maps/sag.yaml"), []byte(mapTabel), 0o600); err != nil {
		t.Fatal(err)
	}
	if kode, ud = kald("sager"); kode != exitUgyldig || !strings.Contains(ud, "virkning") {
		t.Errorf("%d: %s", kode, ud)
	}
}

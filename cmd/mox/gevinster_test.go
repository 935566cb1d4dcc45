package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/report"
)

// TestGevinster counts in a running mox serve, and writes what it counted as each kind of file.
func TestGevinster(t *testing.T) {
	conformance.Proves(t, "mox 59")
	dir := t.TempDir()
	skriv(t, filepath.Join(dir, "mox.yaml"), "processer: processer.yaml\n")
	skriv(t, filepath.Join(dir, "processer.yaml"), "- navn: byggesag\n  start: {objekttype: Sag}\n  slut: {objekttype: Sag}\n  frist: 1ms\n")
	koer(t, "serve", "--json", "--dir", dir, "--listen", "127.0.0.1:0")
	opretAbonnement(t, dir, "--id", "esdh.sager", "--carrier", "pull")
	sendBesked(t, dir, "urn:x:1")
	sendBesked(t, dir, "urn:x:1") // again
	var r report.Rapport
	venter(t, "the instance is past its frist, and counted", func() bool {
		kode, ud, _ := moxKommando(t, "gevinster", "vis", "--dir", dir, "--json")
		return kode == exitOK && json.Unmarshal([]byte(ud), &r) == nil && len(r.Taelling.Processer) == 1 && r.Taelling.Processer[0].Udloebet == 1
	})
	kode, ud, _ := moxKommando(t, "gevinster", "vis", "--dir", dir)
	for _, skal := range []string{"byggesag", "Mangler", "hvad en time koster"} {
		if kode != exitOK || !strings.Contains(ud, skal) {
			t.Errorf("%d, %q is not in\n%s", kode, skal, ud)
		}
	}
	for format, begynder := range map[string]string{"xlsx": "PK", "pdf": "%PDF-", "csv": "\ufeffkommune;", "json": "{\n"} {
		fil := filepath.Join(dir, "g."+format)
		kode, _, fejl := moxKommando(t, "gevinster", "eksport", "--dir", dir, "--format", format, "-o", fil)
		b, err := os.ReadFile(fil)
		if kode != exitOK || err != nil || !strings.HasPrefix(string(b), begynder) {
			t.Errorf("%s: %d %s %v", format, kode, fejl, err)
		}
	}
	if kode, ud, _ := moxKommando(t, "gevinster", "blanket", "-o", "-"); kode != exitOK || !strings.HasPrefix(ud, "PK") {
		t.Errorf("blanket: %d, %d bytes", kode, len(ud))
	}
	samlTo(t, dir, r)
}

// samlTo adds two municipalities' exports.
func samlTo(t *testing.T, dir string, r report.Rapport) {
	t.Helper()
	var filer []string
	for i, k := range []string{"Nordby", "Sydby"} {
		r.Grundlag = report.Grundlag{Kommune: k, Timepris: new(float64)}
		r.Taelling.Processer[0].Afsluttet = int64(10 + i)
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		filer = append(filer, filepath.Join(dir, k+".json"))
		skriv(t, filer[i], string(b))
	}
	kode, ud, fejl := moxKommando(t, append([]string{"gevinster", "saml", "--json"}, filer...)...)
	var s report.Samlet
	if err := json.Unmarshal([]byte(ud), &s); kode != exitOK || err != nil || s.IAlt.Afsluttet != 21 || len(s.Kommuner) != 2 {
		t.Errorf("%d %s %s %v", kode, ud, fejl, err)
	}
	for _, format := range []string{"xlsx", "csv", "json"} {
		fil := filepath.Join(dir, "samlet."+format)
		if kode, _, fejl := moxKommando(t, append([]string{"gevinster", "saml", "--format", format, "-o", fil}, filer...)...); kode != exitOK {
			t.Errorf("%s: %d %s", format, kode, fejl)
		}
	}
	for navn, x := range map[string]struct {
		args []string
		kode int
		skal string
	}{
		"ToGange":   {[]string{"saml", filer[0], filer[0]}, exitUgyldig, "to gange"},
		"UkendtFil": {[]string{"saml", filepath.Join(dir, "ingen.json")}, exitUgyldig, "ingen.json"},
		"AndenFil":  {[]string{"saml", filepath.Join(dir, "mox.yaml")}, exitUgyldig, "--format json"},
		"Format":    {[]string{"eksport", "--format", "odt"}, exitBrug, "xlsx, pdf, csv eller json"},
		"Dato":      {[]string{"vis", "--dir", dir, "--fra", "i går"}, exitUgyldig, "fra"},
		"Mappe":     {[]string{"eksport", "--dir", dir, "--format", "csv", "-o", filepath.Join(dir, "mangler", "x.csv")}, exitUgyldig, "-o"},
	} {
		if kode, ud, fejl := moxKommando(t, append([]string{"gevinster"}, x.args...)...); kode != x.kode || !strings.Contains(ud+fejl, x.skal) {
			t.Errorf("%s: %d %s%s", navn, kode, ud, fejl)
		}
	}
}

package afproevning

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox/console/drift"
)

// etBevis is evidence with something of everything.
func etBevis(t *testing.T, fejl error) *Bevis {
	t.Helper()
	s, err := Hent("jobcenter")
	if err != nil {
		t.Fatal(err)
	}
	b := nytBevis(s, Valg{Version: "prøve"})
	b.Kriterier = []Maaling{{Navn: "a", Tekst: "Alt er <godt>", Krav: "netop 1", Maalt: "1", Bestaaet: true, Udsagn: []string{"mox 24"}}}
	b.Installationer[0].Processer = []drift.Procestal{{Navn: "forloeb", Startet: 3, Afsluttet: 3}}
	b.Installationer[0].Tal = []Tal{{"beskeder", 12345}}
	b.Fejl = []IndsatFejl{{Navn: "ned", Tekst: "ESDH er lukket", Tid: time.Now(), Indsat: true}}
	b.Alarmer = []Alarm{{Modtaget: time.Now(), Tekst: "2 fejl venter", Raad: "se efter"}}
	b.Rettelser = []Rettelse{{Tid: time.Now(), Goer: goerRet, Tekst: "klassifikationen findes ikke", Felter: map[string]string{"relationer.primaerklasse": "urn:oio:kle:15.20.00"}, Begrundelse: "oplyst"}}
	b.Standarden = []Standardside{{Agent: "jobcenter", System: "Jobcenter", UdenPlads: []Feltplads{{Felt: "TILBUDSKODE", Grund: "ingen plads"}}, Forslag: []string{"Afgør det."}}}
	b.flow = tegn(b.Systemer, b.Installationer, []forbindelse{{"jobcenter", "kommune", []string{"databaseview"}, []string{"filer"}}})
	b.faerdig(fejl, func(s string) string { return strings.ReplaceAll(s, "/hemmelig/mappe/", "") })
	return b
}

// The pack has its four files, and the manifest has the hash of each of the others.
func TestPakken(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := etBevis(t, nil).skrivPakke(dir); err != nil {
		t.Fatal(err)
	}
	filer := pakUd(t, filepath.Join(dir, "jobcenter.zip"))
	linjer := strings.Split(strings.TrimSpace(string(filer[manifestet])), "\n")
	if len(filer) != 4 || len(linjer) != 3 {
		t.Fatalf("%d files, %q", len(filer), linjer)
	}
	for _, l := range linjer {
		sum, navn, _ := strings.Cut(l, "  ")
		if s := sha256.Sum256(filer[navn]); len(filer[navn]) == 0 || sum != hex.EncodeToString(s[:]) {
			t.Errorf("%s has %d bytes and another hash than %s", navn, len(filer[navn]), sum)
		}
	}
	var b Bevis
	if err := json.Unmarshal(filer[bevisJSON], &b); err != nil || !b.Bestaaet || b.Stempel != Stempel {
		t.Errorf("%v: %+v", err, b)
	}
	side := string(filer[bevisHTML])
	for _, s := range []string{Stempel, "Hjørring", "<svg", "Alt er &lt;godt&gt;", "✓ opfyldt", "12.345", "TILBUDSKODE", "oplyst", "2 fejl venter", "ESDH er lukket", "mox 24"} {
		if !strings.Contains(side, s) {
			t.Errorf("the page lacks %q", s)
		}
	}
	if strings.Contains(side, "http://") && !strings.Contains(side, "http://www.w3.org") || strings.Contains(side, "<script") {
		t.Error("the page needs something beside it")
	}
	if !strings.HasPrefix(string(filer[bevisPDF]), "%PDF-") {
		t.Error("the PDF is none")
	}
}

func pakUd(t *testing.T, fil string) map[string][]byte {
	t.Helper()
	z, err := zip.OpenReader(fil)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	ud := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if ud[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return ud
}

// A trial that could not be told to its end has not held, and what it says has no folder of this machine.
func TestEtBrudtForloebErIkkeBestaaet(t *testing.T) {
	t.Parallel()
	b := etBevis(t, errors.New("open /hemmelig/mappe/mox.yaml: no such file"))
	if b.Bestaaet || b.Aarsag != "open mox.yaml: no such file" {
		t.Errorf("%v %q", b.Bestaaet, b.Aarsag)
	}
}

// The matrix tells of each statement in which trials it was shown, and which trial did not hold.
func TestSamling(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	god, brudt := etBevis(t, nil), etBevis(t, errors.New("systemet svarer ikke"))
	brudt.Navn = "andet"
	brudt.Kriterier[0].Bestaaet = false
	brudt.Udsagn = viste(brudt.Kriterier)
	r, err := Saml(dir, []*Bevis{god, brudt})
	if err != nil {
		t.Fatal(err)
	}
	if r.Tekst != "1 af 2" || r.Proever[1].Aarsag != "systemet svarer ikke" || len(r.Matrix) != 60 || r.Matrix[23].Udsagn != "mox 24" || r.Matrix[23].Vist["jobcenter"] != "ja" || r.Matrix[23].Vist["andet"] != "nej" || r.Matrix[0].Vist["jobcenter"] != "" {
		t.Errorf("%+v", r)
	}
	side, err := os.ReadFile(filepath.Join(dir, bevisHTML))
	if err != nil || !strings.Contains(string(side), "<strong>1 af 2</strong>") || !strings.Contains(string(side), "systemet svarer ikke") {
		t.Errorf("%v\n%s", err, side)
	}
}

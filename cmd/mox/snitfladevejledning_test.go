package main

import (
	"encoding/json"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moxkit/mox/afproevning/snitflade"
	"github.com/moxkit/mox/afproevning/systemer/modpart"
)

const snitfladevejledning = "../../docs/snitfladetest.md"

// eksempelprodukt is the product of the guide's profile, which does fejl wrong, and the folder the guide is followed in.
func eksempelprodukt(t *testing.T, fejl string) (dir string, blokke []kodeblok) {
	t.Helper()
	m, err := modpart.NyModtager(modpart.Config{System: "Byggesag", Noegle: "hemmelig", Fejl: fejl})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(m)
	t.Cleanup(s.Close)
	t.Setenv("PRODUKT", s.URL)
	t.Setenv("PRODUKT_NOEGLE", "hemmelig")
	t.Setenv("RABBITMQ", "amqp://guest:guest@127.0.0.1:5672/")
	blokke = kodeblokke(t, snitfladevejledning)
	dir = t.TempDir()
	var profiler int
	for _, b := range blokke {
		if b.sprog != "yaml" || !strings.HasPrefix(b.tekst, "produkt:") {
			continue
		}
		navn := []string{"profil.yaml", "afsender.yaml"}[profiler]
		profiler++
		fil := filepath.Join(dir, navn)
		skriv(t, fil, strings.Replace(b.tekst, "ro: 1s ", "ro: 1ms ", 1))
		if _, err := snitflade.LaesProfil(fil); err != nil {
			t.Errorf("linje %d: %v", b.linje, err)
		}
	}
	if profiler != 2 {
		t.Fatalf("the guide has %d profiles", profiler)
	}
	return dir, blokke
}

// Every command of the guide for vendors is run in its order on what the guide's profile describes, and does what it says.
func TestSnitfladevejledningenKanKoeres(t *testing.T) {
	dir, blokke := eksempelprodukt(t, "")
	t.Chdir(dir)
	var koert []string
	for _, b := range blokke {
		if b.sprog != "sh" {
			continue
		}
		for linje := range strings.Lines(b.tekst) {
			args := strings.Fields(linje)
			if args[0] != "mox" {
				t.Fatalf("linje %d: %s", b.linje, linje)
			}
			if kode, ud, fejl := moxKommando(t, args[1:]...); kode != exitOK || ud == "" {
				t.Fatalf("linje %d: %d %s%s", b.linje, kode, ud, fejl)
			}
			koert = append(koert, args[2])
		}
	}
	if vil := []string{"list", "run", "run", "noegle", "underskriv", "efterproev"}; !slices.Equal(koert, vil) {
		t.Errorf("the guide has %v", koert)
	}
	r, err := snitflade.LaesResultat("resultat/resultat.json")
	if err != nil || r.Dom != snitflade.SamletBestaaet || r.Forskel == nil || r.Omfang.Niveau != snitflade.Udvidet || r.Optaelling.Undtaget != 1 {
		t.Errorf("%+v %v", r, err)
	}
	for _, navn := range []string{"junit.xml", "resultat.html", "resultat.pdf", "manifest.json"} {
		if info, err := os.Stat(filepath.Join("resultat", navn)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", navn, err)
		}
	}
}

// The guide's table of stimuli is the one the program knows.
func TestSnitfladevejledningensStimuli(t *testing.T) {
	b, err := os.ReadFile(snitfladevejledning)
	if err != nil {
		t.Fatal(err)
	}
	_, tabel, _ := strings.Cut(string(b), "<!-- stimuli -->")
	tabel, _, _ = strings.Cut(tabel, "<!-- /stimuli -->")
	var har []string
	for linje := range strings.Lines(tabel) {
		if navn, ok := strings.CutPrefix(linje, "| `"); ok {
			navn, _, _ = strings.Cut(navn, "`")
			har = append(har, navn)
		}
	}
	if vil := slices.Sorted(maps.Keys(snitflade.Stimulustekster(snitflade.Afsender))); !slices.Equal(har, vil) {
		t.Errorf("%v\nwant %v", har, vil)
	}
}

// The exit codes tell a CI what came of it, and nothing that is wrong is passed over.
func TestSnitfladetestensAfslutningskoder(t *testing.T) {
	dir, _ := eksempelprodukt(t, "tager_for_stor")
	profil, ud := filepath.Join(dir, "profil.yaml"), filepath.Join(dir, "ud")
	skriv(t, filepath.Join(dir, "forkert.yaml"), "produkt: P\n")
	koer := func(vil int, skal string, args ...string) string {
		t.Helper()
		kode, ud, fejl := moxKommando(t, append([]string{"snitfladetest"}, args...)...)
		if kode != vil || !strings.Contains(ud+fejl, skal) {
			t.Errorf("%v: %d, want %d and %q:\n%s%s", args, kode, vil, skal, ud, fejl)
		}
		return ud
	}
	koer(1, "S-M-044", "run", "--profil", profil, "--dir", ud)
	koer(2, "--proeve", "run", "--profil", profil, "--dir", filepath.Join(dir, "del"), "--proeve", "S-M-001,S-M-002")
	koer(1, "1 af 1 prøver fejlede", "run", "--profil", profil, "--dir", filepath.Join(dir, "del"), "--proeve", "S-M-044")
	koer(2, "findes ikke", "run", "--profil", profil, "--proeve", "S-M-999")
	koer(2, "Næste skridt", "run", "--profil", filepath.Join(dir, "forkert.yaml"))
	koer(2, "--profil", "run")
	koer(2, "--niveau", "run", "--profil", profil, "--niveau", "let")
	koer(2, "kan ikke læses", "run", "--profil", profil, "--forrige", filepath.Join(dir, "ingen.json"))
	var l struct{ Proever []map[string]any }
	if err := json.Unmarshal([]byte(koer(0, "", "list", "--json")), &l); err != nil || len(l.Proever) != len(snitflade.Proever()) {
		t.Errorf("%d cases, %v", len(l.Proever), err)
	}
	for _, p := range l.Proever {
		for _, navn := range []string{"id", "navn", "niveau", "rolle", "carrier", "krav"} {
			if p[navn] == nil {
				t.Errorf("%v has no %s", p["id"], navn)
			}
		}
	}
	if s := koer(0, "S-A-001", "list", "--rolle", "afsender", "--niveau", "basis"); strings.Contains(s, "S-M-") || strings.Contains(s, "udvidet") {
		t.Error(s)
	}
	koer(2, "--noegle", "underskriv", filepath.Join(ud, "resultat.json"))
	koer(exitOK, ".pub", "noegle", filepath.Join(dir, "n"))
	koer(exitUgyldig, "findes allerede", "noegle", filepath.Join(dir, "n"))
	koer(exitOK, "fejlet", "underskriv", "--noegle", filepath.Join(dir, "n"), filepath.Join(ud, "resultat.json"))
	koer(exitOK, "Underskriften passer", "efterproev", "--noegle", filepath.Join(dir, "n.pub"), filepath.Join(ud, "manifest.json"))
	skriv(t, filepath.Join(ud, "resultat.json"), "{}")
	koer(exitUgyldig, "indholdet er et andet", "efterproev", "--noegle", filepath.Join(dir, "n.pub"), filepath.Join(ud, "manifest.json"))
}

package snitflade

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
)

// proeveresultat is a result with something of each kind.
func proeveresultat() *Resultat {
	nu := time.Date(2026, 3, 2, 8, 15, 0, 0, time.UTC)
	r := &Resultat{Format: Format, Produkt: "ESDH <Eksempel> & co", Version: "4.2", Leverandoer: "Ærø Data A/S", Proevesaet: "0123456789abcdef", Vaerktoej: "1.0",
		Begyndt: nu, Sluttet: nu.Add(3 * time.Minute), Omfang: Omfang{Niveau: Basis, Rolle: Modtager, Carrier: HTTP, System: "Byggesag", Former: []Form{Binaer, Kuvert}, Adgang: "noegle", Kvitteringer: true},
		Proever: []Proeveresultat{
			{ID: "S-M-001", Navn: "A", Niveau: Basis, Status: Bestaaet, Krav: []string{"mox 1"}, Forklaring: "Fordi."},
			{ID: "S-M-002", Navn: "B", Niveau: Basis, Status: Fejlet, Grund: "Beskeden har virket 2 gange <to>", Krav: []string{"mox 40", "mox 41"}, Regel: "regel 2", Forklaring: "Fordi."},
			{ID: "S-M-003", Navn: "C", Niveau: Basis, Status: IkkeAfproevet, Grund: "findes ikke", Undtaget: true, Krav: []string{"mox 3"}, Forklaring: "Fordi."},
		},
		Udenfor: []UdenforOmfanget{{"S-M-080", "D", []string{"signatur"}}}}
	r.slut(r.Sluttet)
	return r
}

// A verdict is a pass only where all was tried, or the profile says why not.
func TestDom(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		o   Optaelling
		vil Samlet
	}{
		{Optaelling{IAlt: 2, Bestaaet: 2}, SamletBestaaet},
		{Optaelling{IAlt: 2, Bestaaet: 1, IkkeAfproevet: 1, Undtaget: 1}, SamletBestaaet},
		{Optaelling{IAlt: 2, Bestaaet: 1, IkkeAfproevet: 1}, SamletUfuldstaendig},
		{Optaelling{IAlt: 1, Bestaaet: 1, IkkeKoert: 1}, SamletUfuldstaendig},
		{Optaelling{IAlt: 1, IkkeAfproevet: 1, Undtaget: 1}, SamletUfuldstaendig},
		{Optaelling{}, SamletUfuldstaendig},
		{Optaelling{IAlt: 2, Bestaaet: 1, Fejlet: 1}, SamletFejlet},
	} {
		if har := c.o.dom(); har != c.vil {
			t.Errorf("%+v: %s, want %s", c.o, har, c.vil)
		}
	}
	var p Proeveresultat
	p.Status = Bestaaet
	for _, f := range []fund{godt(), intet("CPR 010203-0405"), godt(), fejl("CPR 010203-0405"), intet("mere")} {
		p.tilfoej(f)
	}
	if p.Status != Fejlet || strings.Contains(p.Grund, "0405") || !strings.Contains(p.Grund, "CPR") {
		t.Errorf("%+v", p)
	}
}

// The result is the same in every form, and its JSON is read back.
func TestResultatetsFormer(t *testing.T) {
	t.Parallel()
	r := proeveresultat()
	foer := proeveresultat()
	foer.Version, foer.Proevesaet = "4.1", "andet"
	foer.Proever[0].Status, foer.Proever[1].Status = Fejlet, Bestaaet
	foer.Proever[2].ID = "S-M-009"
	if err := r.Sammenlign(foer); err != nil {
		t.Fatal(err)
	}
	linjer := strings.Join(r.Forskel.Linjer(), "\n")
	for _, skal := range []string{"version 4.1, prøvet 2. marts 2026 kl. 09.18", "ikke de samme", "Ny fejl: S-M-002", "Rettet: S-M-001", "Var ikke med sidst: S-M-003", "Er ikke med mere: S-M-009"} {
		if !strings.Contains(linjer, skal) {
			t.Errorf("%q is not in\n%s", skal, linjer)
		}
	}
	if foer.Produkt = "Andet"; r.Sammenlign(foer) == nil {
		t.Error("the result of another product is compared with")
	}
	dir := t.TempDir()
	skriv := func(navn string, f func(io.Writer) error) []byte {
		t.Helper()
		var b bytes.Buffer
		if err := f(&b); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, navn), b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	skriv("resultat.json", r.SkrivJSON)
	laest, err := LaesResultat(filepath.Join(dir, "resultat.json"))
	if err != nil || laest.Dom != SamletFejlet || len(laest.Proever) != 3 || laest.Forskel == nil {
		t.Errorf("%+v %v", laest, err)
	}
	var j junitSuites
	if err := xml.Unmarshal(skriv("junit.xml", r.SkrivJUnit), &j); err != nil || j.Tests != 3 || j.Fejl != 1 || j.Suites[0].Skipped != 1 ||
		j.Suites[0].Cases[1].Fejl == nil || j.Suites[0].Cases[2].Skipped == nil || !strings.Contains(j.Suites[0].Ud, "Ny fejl") {
		t.Errorf("%+v %v", j, err)
	}
	side := string(skriv("resultat.html", r.SkrivHTML))
	for _, skal := range []string{"ESDH &lt;Eksempel&gt; &amp; co", "Beskeden har virket 2 gange &lt;to&gt;", "Undtaget i profilen: findes ikke", "Siden sidst", "API-nøgle", "underskrift", "kl. 09.15 til 09.18", "mox 40, mox 41; regel 2"} {
		if !strings.Contains(side, skal) {
			t.Errorf("the page does not say %q", skal)
		}
	}
	for _, maaIkke := range []string{"http:", "https:", "<script", "src=", "url("} {
		if strings.Contains(side, maaIkke) {
			t.Errorf("the page has %q: it is to need nothing outside it", maaIkke)
		}
	}
	if a, b := skriv("resultat.pdf", r.SkrivPDF), skriv("igen.pdf", r.SkrivPDF); !bytes.HasPrefix(a, []byte("%PDF-")) || !bytes.Equal(a, b) {
		t.Error("it is no PDF, or not the same twice")
	}
}

// What a vendor has signed is known again, and what has been changed since is not.
func TestManifest(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	sti := func(navn string) string { return filepath.Join(dir, navn) }
	gem := func(r *Resultat) {
		t.Helper()
		var b bytes.Buffer
		if err := r.SkrivJSON(&b); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(sti("resultat.json"), b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	gem(proeveresultat())
	for _, navn := range []string{"n", "anden"} {
		if _, err := NyNoegle(sti(navn)); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(sti("n")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read the private key: %v %v", info, err)
	}
	if _, err := NyNoegle(sti("n")); mox.KodeAf(err) != mox.KodeUgyldig {
		t.Errorf("a key is written over: %v", err)
	}
	fil, m, err := Underskriv(sti("resultat.json"), sti("n"), time.Now())
	if err != nil || m.Produkt != "ESDH <Eksempel> & co" || m.Dom != SamletFejlet {
		t.Fatalf("%+v %v", m, err)
	}
	if m, err := Efterproev(fil, sti("n.pub")); err != nil || m.Version != "4.2" {
		t.Fatalf("%+v %v", m, err)
	}
	b, err := os.ReadFile(sti("n.pub"))
	if err != nil {
		t.Fatal(err)
	}
	blok, _ := pem.Decode(b)
	if k, err := x509.ParsePKIXPublicKey(blok.Bytes); err != nil || len(k.(ed25519.PublicKey)) != ed25519.PublicKeySize {
		t.Errorf("others cannot read the key: %v", err)
	}
	nej := func(hvad, skal, noegle string) {
		t.Helper()
		_, err := Efterproev(fil, sti(noegle))
		if mox.KodeAf(err) != mox.KodeUgyldig || !strings.Contains(err.Error()+mox.Forklaring(err), skal) {
			t.Errorf("%s: %v, want %q", hvad, err, skal)
		}
	}
	nej("another key", "passer ikke", "anden.pub")
	nej("the private key", "rette slags", "n")
	hel, err := os.ReadFile(fil)
	if err != nil {
		t.Fatal(err)
	}
	aendr := func(fra, til string) {
		t.Helper()
		if !bytes.Contains(hel, []byte(fra)) {
			t.Fatalf("%q is not in the manifest", fra)
		}
		if err := os.WriteFile(fil, bytes.Replace(hel, []byte(fra), []byte(til), 1), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	aendr(`"version": "4.2"`, `"version": "4.3"`)
	nej("a changed manifest", "passer ikke", "n.pub")
	aendr(ManifestFormat, "andet")
	nej("another form", "formen", "n.pub")
	aendr("{\n  \"manifest\"", "{\n\n      \"manifest\"") // white space is no change
	if _, err := Efterproev(fil, sti("n.pub")); err != nil {
		t.Errorf("%v", err)
	}
	r := proeveresultat()
	r.Proever = slices.Delete(r.Proever, 1, 2)
	gem(r)
	nej("a changed result", "indholdet er et andet", "n.pub")
	r.Dom, r.Optaelling = SamletBestaaet, Optaelling{IAlt: 9, Bestaaet: 9}
	gem(r)
	if _, _, err := Underskriv(sti("resultat.json"), sti("n"), time.Now()); err != nil {
		t.Fatal(err)
	}
	nej("a result that does not add up", "noget andet", "n.pub")
	if err := os.Remove(sti("resultat.json")); err != nil {
		t.Fatal(err)
	}
	nej("no result", "kan ikke læses", "n.pub")
}

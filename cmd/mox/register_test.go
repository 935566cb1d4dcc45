package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/testenv"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/register/rest"
)

// proeveregister is a running server, and the commands to it.
type proeveregister struct {
	*testing.T
	dir string
}

func nytRegister(t *testing.T) proeveregister {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	koer(t, "serve", "--dir", dir, "--listen", "127.0.0.1:0", "--json")
	return proeveregister{t, dir}
}

// kald runs a command of the register that must end with kode, and gives the account it writes as JSON.
func (r proeveregister) kald(kode int, args ...string) (tal importtal, fejl string) {
	r.Helper()
	got, ud, fejl := moxKommando(r.T, append([]string{"register", "--json", "--dir", r.dir}, args...)...)
	if got != kode {
		r.Fatalf("%v: %d, want %d: %s%s", args, got, kode, ud, fejl)
	}
	if ud != "" {
		if err := json.Unmarshal([]byte(ud), &tal); err != nil {
			r.Fatalf("%v: %v: %s", args, err, ud)
		}
	}
	return tal, fejl
}

// eksport are the objekter in the register, the first member of each its id, without when and by whom they were registered.
func (r proeveregister) eksport(args ...string) (ud []string) {
	r.Helper()
	fil := filepath.Join(r.TempDir(), "ud.ndjson")
	r.kald(exitOK, append([]string{"eksport", "--til", fil}, args...)...)
	b, err := os.ReadFile(fil)
	if err != nil {
		r.Fatal(err)
	}
	for linje := range strings.Lines(string(b)) {
		var o struct {
			rest.Importobjekt
			Registreringer []map[string]any `json:"registreringer"`
		}
		if err := json.Unmarshal([]byte(linje), &o); err != nil {
			r.Fatal(err)
		}
		for _, x := range o.Registreringer {
			delete(x, "fratidspunkt")
			delete(x, "tiltidspunkt")
			delete(x, "brugerref")
		}
		b, err := json.Marshal(o)
		if err != nil {
			r.Fatal(err)
		}
		ud = append(ud, string(b))
	}
	return ud
}

// facetlinje is a Facet as a line has it; resten are more members of its registrering.
func facetlinje(nr int, bvn, resten string) string {
	const altid = `"virkning":{"from":"-infinity","to":"infinity"}`
	return fmt.Sprintf(`{"id":"00000000-0000-4000-8000-%012d","objekttype":"Facet","registreringer":[{%s"attributter":{"facetegenskaber":[{"brugervendtnoegle":"%s",%s}]},"tilstande":{"facetpubliceret":[{"publiceret":"Publiceret",%s}]}}]}`,
		nr, resten, bvn, altid, altid)
}

func TestRegisterImportOgEksport(t *testing.T) {
	r, andet := nytRegister(t), nytRegister(t)
	fil := filepath.Join(t.TempDir(), "ind.ndjson")
	var linjer []string
	for i := range importAntal + 20 { // more than one call
		linjer = append(linjer, facetlinje(i, fmt.Sprintf("F-%04d", i), ""))
	}
	linjer = append(linjer, "", facetlinje(9000, "P", `"livscykluskode":"Passiveret",`), `{"id":"x","registreringer":[{}]}`, "hej", strings.Replace(facetlinje(9001, "", ""), "9001", "90-0102031234", 1),
		strings.Replace(facetlinje(9002, "X", ""), "Facet", "Sagsmappe", 1), facetlinje(9003, "", ""))
	skriv(t, fil, strings.Join(linjer, "\n")+"\n")

	tal, fejl := r.kald(exitUgyldig, "import", fil)
	if tal.IAlt != importAntal+26 || tal.Importeret != importAntal+20 || tal.Passiveret != 1 || tal.Fejl != 5 || tal.Uaendret+tal.Rettet != 0 {
		t.Errorf("%+v", tal)
	}
	var steder []string
	for _, f := range tal.Fejlet {
		steder = append(steder, strings.TrimPrefix(f.Sted, "linje "))
		if f.Tekst == "" || f.Kode != mox.KodeUgyldig {
			t.Errorf("%+v", f)
		}
	}
	slices.Sort(steder)
	n := importAntal + 20
	if want := []string{fmt.Sprint(n + 3), fmt.Sprint(n + 4), fmt.Sprint(n + 5), fmt.Sprint(n + 6), fmt.Sprint(n + 7)}; !slices.Equal(steder, want) {
		t.Errorf("lines %v, want %v", steder, want)
	}
	if strings.Contains(fejl+fmt.Sprint(tal), "0102031234") || !strings.Contains(fejl, "kør igen") {
		t.Error(fejl, tal)
	}
	if tal, _ = r.kald(exitUgyldig, "import", fil); tal.Uaendret != importAntal+21 || tal.Fejl != 5 || tal.Importeret+tal.Rettet+tal.Passiveret != 0 {
		t.Errorf("again: %+v", tal)
	}
	skriv(t, fil, facetlinje(1, "F-0001 ny", "")+"\n"+facetlinje(2, "F-0002", ""))
	if tal, _ = r.kald(exitOK, "import", fil, "--type", "Facet"); tal.Rettet != 1 || tal.Uaendret != 1 {
		t.Errorf("one changed: %+v", tal)
	}
	if tal, _ = r.kald(exitUgyldig, "import", fil, "--type", "Sag"); tal.Fejl != 2 {
		t.Errorf("of another type: %+v", tal)
	}

	alt := r.eksport()
	if len(alt) != importAntal+21 || len(r.eksport("--type", "Sag", "--type", "Dokument")) != 0 || !slices.Equal(alt, r.eksport("--type", "Facet")) {
		t.Errorf("%d objekter", len(alt))
	}
	if h := r.eksport("--historik"); len(h) != len(alt) || strings.Count(strings.Join(h, ""), "livscykluskode") != len(alt)+2 {
		t.Errorf("%d objekter with history", len(h))
	}
	kode, ud, _ := moxKommando(t, "register", "eksport", "--dir", r.dir)
	if kode != exitOK {
		t.Fatal(kode)
	}
	skriv(t, fil, ud)
	andet.kald(exitOK, "import", fil)
	if got, want := andet.eksport(), uden(alt, `"livscykluskode":"Rettet"`, `"livscykluskode":"Importeret"`); !slices.Equal(got, want) {
		t.Error("another register that imported the export does not export the same")
	}
}

func uden(l []string, gammel, ny string) (ud []string) {
	for _, s := range l {
		ud = append(ud, strings.ReplaceAll(s, gammel, ny))
	}
	return ud
}

// TestRegisterImportXML takes over a list of registreringer in XML; one with faults is told by its line, and stops no other.
func TestRegisterImportXML(t *testing.T) {
	t.Parallel()
	r := nytRegister(t)
	type_, _ := mox.TypeAf(mox.Facet)
	facet := func(i int, bvn string) string {
		v := mox.Fra(mox.Kl(time.Date(2026, 3, 2, 8, 15, 0, 0, time.UTC)))
		v.AktoerRef, v.AktoerTypeKode = mox.Reference{UUID: "0b1e6a52-5d0f-4a7c-8a44-9c1d2b3e4f50"}, "ItSystem"
		x, err := mox.Registrering{LivscyklusKode: mox.Opstaaet}.Laeg(type_, map[string]string{"egenskaber.brugervendtnoegle": bvn, "tilstande.publiceret": "Publiceret"}, v)
		if err != nil {
			t.Fatal(err)
		}
		b, err := oio.MarshalRegistreringXML(mox.Facet, mox.ObjektID(fmt.Sprintf("8f6f2a0e-1c9b-4d0e-9a54-%012d", i)), x, oio.Koder{})
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(b))
	}
	fil := filepath.Join(t.TempDir(), "facetter.xml")
	var liste []string
	for i := range importAntal + 5 { // more than one call
		liste = append(liste, facet(i, fmt.Sprintf("F-%04d", i)))
	}
	ond := strings.Replace(facet(9000, "X"), "2026-03-02", "i går", 1)
	skriv(t, fil, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Udtræk xmlns=\"urn:gammelt-system\">\n"+ond+"\n"+strings.Join(liste, "\n")+"\n</Udtræk>\n")
	tal, fejl := r.kald(exitUgyldig, "import", fil)
	if tal.IAlt != importAntal+6 || tal.Importeret != importAntal+5 || tal.Fejl != 1 || tal.Fejlet[0].Sted != "linje 3" {
		t.Errorf("%+v %s", tal, fejl)
	}
	skriv(t, fil, facet(1, "F-0001 ny")+"\n")
	if tal, _ = r.kald(exitOK, "import", fil); tal.Rettet != 1 {
		t.Errorf("one changed: %+v", tal)
	}
	if tal, _ = r.kald(exitOK, "import", fil, "--type", "Facet"); tal.Uaendret != 1 {
		t.Errorf("again: %+v", tal)
	}
	if tal, _ = r.kald(exitUgyldig, "import", fil, "--type", "Sag"); tal.Fejl != 1 {
		t.Errorf("of another type: %+v", tal)
	}
	skriv(t, fil, "<a>"+facet(7000, "F-7000")+"<b></a>")
	if tal, _ = r.kald(exitUgyldig, "import", fil); tal.Importeret != 1 || tal.Fejl != 1 {
		t.Errorf("a file that breaks: %+v", tal)
	}
	if n := len(r.eksport("--type", "Facet")); n != importAntal+6 {
		t.Errorf("%d objekter", n)
	}
}

func TestRegisterForkert(t *testing.T) {
	r := nytRegister(t)
	dir := t.TempDir()
	skriv(t, filepath.Join(dir, "lang"), strings.Repeat("x", maksLinje+10))
	skriv(t, filepath.Join(dir, "kle.xml"), "<KLE-Emneplan></KLE-Emneplan>")
	for navn, c := range map[string]struct {
		args []string
		kode int
		skal string
	}{
		"UnknownType":  {[]string{"eksport", "--type", "sag"}, exitBrug, "Sag"},
		"ImportOfType": {[]string{"import", "--type", "x", "-"}, exitBrug, "Sag"},
		"NoFile":       {[]string{"import", filepath.Join(dir, "ingen")}, exitUgyldig, "ingen"},
		"NoFileNamed":  {[]string{"import"}, exitBrug, "arg"},
		"NoFolder":     {[]string{"eksport", "--til", filepath.Join(dir, "ingen", "x")}, exitServer, "--til"},
		"LineTooLong":  {[]string{"import", filepath.Join(dir, "lang")}, exitUgyldig, "1 af 1"},
		"NotKLE":       {[]string{"import-kle", filepath.Join(dir, "kle.xml")}, exitUgyldig, "UdgivelsesDato"},
		"NoServer":     {[]string{"eksport", "--dir", dir}, exitServer, "mox serve"},
	} {
		t.Run(navn, func(t *testing.T) {
			args := c.args
			if !slices.Contains(args, "--dir") {
				args = append(args, "--dir", r.dir)
			}
			if kode, ud, fejl := moxKommando(t, append([]string{"register"}, args...)...); kode != c.kode || !strings.Contains(ud+fejl, c.skal) {
				t.Errorf("%d, want %d: %s%s", kode, c.kode, ud, fejl)
			}
		})
	}
	if l, err := filepath.Glob(filepath.Join(dir, "*.del")); len(l) > 0 || err != nil {
		t.Errorf("%v %v", l, err)
	}
}

// TestImportKLE takes KL's own file into a register, and then a next edition of it.
func TestImportKLE(t *testing.T) {
	r := nytRegister(t)
	fil := testenv.KLE(t)
	if tal, _ := r.kald(exitOK, "import-kle", fil); tal.Importeret != 41+691+3457+2 || tal.IAlt != tal.Importeret {
		t.Errorf("%+v", tal)
	}
	if tal, _ := r.kald(exitOK, "import-kle", fil); tal.Uaendret != 41+691+3457 || tal.IAlt != tal.Uaendret {
		t.Errorf("the same again: %+v", tal)
	}
	b, err := os.ReadFile(fil)
	if err != nil {
		t.Fatal(err)
	}
	naeste := strings.Replace(string(b), "<UdgivelsesDato>2015-08-01", "<UdgivelsesDato>2016-02-01", 1)
	ny := filepath.Join(t.TempDir(), "ny.xml")
	fra, til := strings.Index(naeste, "<EmneNr>85.02.10</EmneNr>"), 0
	fra = strings.LastIndex(naeste[:fra], "<Emne>")
	til = fra + strings.Index(naeste[fra:], "</Emne>") + len("</Emne>")
	skriv(t, ny, strings.Replace(naeste[:fra]+naeste[til:], "<EmneTitel>Kommunens styrelse i almindelighed", "<EmneTitel>Kommunens ledelse", 1))
	if tal, _ := r.kald(exitOK, "import-kle", ny); tal.Rettet != 2 || tal.Passiveret != 1 || tal.Importeret+tal.Fejl != 0 {
		t.Errorf("the next edition: %+v", tal)
	}
	halv := filepath.Join(t.TempDir(), "halv.xml")
	skriv(t, halv, delplan(naeste))
	r.kald(exitBekraeft, "import-kle", halv)
}

// delplan is the first main group of an edition.
func delplan(xml string) string {
	const slut = "</Hovedgruppe>"
	return strings.Replace(xml[:strings.Index(xml, slut)+len(slut)], "2016-02-01", "2017-02-01", 1) + "</KLE-Emneplan>"
}

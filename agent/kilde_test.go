package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/indhold"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/store"
)

// byggesag is an agent that reads CSV files of Sager. {{start}} and what stands between the source's braces are the test's.
func byggesag(start, fra, mere string) string {
	if fra == "" {
		fra = "charset: windows-1252"
	}
	return fmt.Sprintf(`agent: byggesag
system: Byggesag
acts_as: svc-mox
sources:
  - name: sager
    from: {type: folder, path: ud, pattern: "*.csv", format: csv, faerdig: omdoebt, %s}
    start: %s
    key: NR
    version: VERSION
    map: maps/sag.yaml
    passiver: {felt: STATUS, vaerdier: [slut]}
%s`, fra, start, mere)
}

const hoved = "NR;VERSION;TITEL;STATUS;AENDRET"

func linje(nr, version int, titel string) string {
	return fmt.Sprintf("2026-%d;%d;%s;ny;01-03-2026 08:00", nr, version, titel)
}

func TestPosterBliverTilBeskeder(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 15", "mox 16")
	h := nytHus(t)
	h.fil("ud/tom.csv", hoved)
	k := enKilde(h.agent(byggesag("alt", "", "")))
	h.laes(k)
	h.sender() // the first run was over before there was anything
	h.fil("ud/1.csv", hoved, linje(1, 1, "Carport"), linje(2, 1, "Skur"))
	h.laes(k)
	h.sender("Sag.Opstaaet 2026-1 Carport", "Sag.Opstaaet 2026-2 Skur")
	b := h.sidste()
	ens(t, "bruger", b.Bruger, "svc-mox")
	ens(t, "kildesystem", b.Kildesystem, "Byggesag")
	ens(t, "registreringID", b.RegistreringID, "1")
	maa(t, b.Valider())
	if local := string(b.Indhold); strings.Contains(local, "TITEL") || strings.Contains(local, "AENDRET") || !strings.Contains(local, `"sagegenskaber"`) {
		t.Errorf("indholdet er ikke standardens: %s", local)
	}
	ens(t, "filen er flyttet", h.findes("ud/behandlet/1.csv"), true)
}

func TestFoersteKoersel(t *testing.T) {
	t.Parallel()
	gammel, ny := linje(1, 1, "Carport"), "2026-2;1;Skur;ny;01-06-2026 08:00"
	for start, vil := range map[string][]string{
		"baseline":                           nil,
		"nu":                                 nil,
		"alt":                                {"Sag.Importeret 2026-1 Carport", "Sag.Importeret 2026-2 Skur"},
		`"fra: 2026-05-01T00:00:00+02:00"`:   {"Sag.Importeret 2026-2 Skur"},
		`"fra: 2026-06-01T08:00:00.5+02:00"`: nil,
		`"fra: 2026-06-01T06:00:00Z"`:        {"Sag.Importeret 2026-2 Skur"},
	} {
		t.Run(start, func(t *testing.T) {
			t.Parallel()
			h := nytHus(t)
			h.fil("ud/1.csv", hoved, gammel, ny)
			k := enKilde(h.agent(byggesag(start, "", "")))
			h.laes(k)
			h.sender(vil...)

			h.fil("ud/2.csv", hoved, linje(1, 2, "Garage"), linje(3, 1, "Drivhus"))
			h.laes(k)
			rettet := "Sag.Rettet 2026-1 Garage"
			if start == "nu" { // it has never heard of the Sag
				rettet = "Sag.Opstaaet 2026-1 Garage"
			}
			h.sender(rettet, "Sag.Opstaaet 2026-3 Drivhus")
		})
	}
}

// Only what is new becomes a besked: neither the same again, nor an older version, nor a newer one that says the same.
func TestKunAendringerSendes(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 47")
	h := nytHus(t)
	h.fil("ud/1.csv", hoved, linje(1, 1, "Carport"), linje(2, 3, "Skur"))
	k := enKilde(h.agent(byggesag("alt", "", "")))
	h.laes(k)
	h.nye()
	for nr, trin := range []struct {
		navn, linje string
		vil         []string
	}{
		{"det samme igen", linje(1, 1, "Carport"), nil},
		{"en ny version af det samme", linje(1, 2, "Carport"), nil},
		{"en ældre version", linje(2, 2, "Redskabsskur"), nil},
		{"en rettelse", linje(2, 4, "Redskabsskur"), []string{"Sag.Rettet 2026-2 Redskabsskur"}},
		{"en tilbagetrækning", "2026-2;5;Redskabsskur;slut;02-03-2026 08:00", []string{"Sag.Passiveret 2026-2 Redskabsskur"}},
		{"den samme tilbagetrækning", "2026-2;5;Redskabsskur;slut;02-03-2026 08:00", nil},
		{"en genoptagelse", "2026-2;6;Redskabsskur;ny;03-03-2026 08:00", []string{"Sag.Importeret 2026-2 Redskabsskur"}},
	} {
		h.fil(fmt.Sprintf("ud/igen-%d.csv", nr), hoved, trin.linje)
		h.laes(k)
		if har := h.nye(); fmt.Sprint(har) != fmt.Sprint(trin.vil) {
			t.Errorf("%s: %q, skulle være %q", trin.navn, har, trin.vil)
		}
	}
	s := h.kildestand(k)
	ens(t, "uændrede", s.Uaendrede, 3)
	ens(t, "forældede", s.Foraeldede, 1)
	h.ingenFejl()
}

// A record that cannot be used is shown with its place and bytes, and those around it go on.
func TestEnPostDerIkkeKanBruges(t *testing.T) {
	t.Parallel()
	for navn, c := range map[string]struct {
		linje, kode, tekst string
	}{
		"uden nøgle":           {";1;Skur;ny;01-03-2026 08:00", "uden_noegle", "1.csv:3: posten har ingen værdi i nøglefeltet NR"},
		"med ukendt kode":      {"2026-2;1;Skur;måske;01-03-2026 08:00", "kan_ikke_oversaettes", "1.csv:3: felt STATUS = "},
		"med en felt for lidt": {"2026-2;1;Skur", "kan_ikke_laeses", ""},
		"med forkert dato":     {"2026-2;1;Skur;ny;2026-03-01", "kan_ikke_oversaettes", "felt AENDRET = "},
		"med for lang titel":   {"2026-2;1;" + strings.Repeat("x", 300) + ";ny;01-03-2026 08:00", "ugyldig", "titel: er på 300 tegn; højst 255"},
	} {
		t.Run(navn, func(t *testing.T) {
			t.Parallel()
			h := nytHus(t)
			h.fil("ud/1.csv", hoved, linje(1, 1, "Carport"), c.linje, linje(3, 1, "Drivhus"))
			k := enKilde(h.agent(byggesag("alt", "charset: utf-8", "")))
			h.laes(k)
			h.sender("Sag.Importeret 2026-1 Carport", "Sag.Importeret 2026-3 Drivhus")
			f := h.enFejl()
			ens(t, "art", f.Art, store.FejlPost)
			ens(t, "kode", f.Kode, c.kode)
			ens(t, "ansvar", f.Ansvar, mox.AnsvarAfsender)
			ens(t, "kilde", f.Kilde, "byggesag/sager")
			if !strings.Contains(f.Tekst, c.tekst) || f.Raad == "" {
				t.Errorf("teksten %q (råd %q) siger ikke %q", f.Tekst, f.Raad, c.tekst)
			}
			if !strings.Contains(string(f.Raa), c.linje) {
				t.Errorf("posten er gemt som %q", f.Raa)
			}
			var sted connector.Place
			maa(t, json.Unmarshal([]byte(f.Sted), &sted))
			ens(t, "sted", sted, connector.Place{File: "1.csv", Line: 3, Column: sted.Column, Record: 2})
		})
	}
}

// What cannot be read in the source's charset is kept as the bytes it came in.
func TestForkertTegnsaet(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	h.fil("ud/1.csv", hoved, linje(1, 1, "Carport"), linje(2, 1, "S\xf8redskab"), linje(3, 1, "Drivhus"))
	h.laes(enKilde(h.agent(byggesag("alt", "charset: utf-8", ""))))
	h.sender("Sag.Importeret 2026-1 Carport", "Sag.Importeret 2026-3 Drivhus")
	f := h.enFejl()
	ens(t, "kode", f.Kode, "kan_ikke_laeses")
	if !strings.Contains(string(f.Raa), "S\xf8redskab") {
		t.Errorf("bytes %q", f.Raa)
	}

	h2 := nytHus(t)
	h2.fil("ud/1.csv", hoved, linje(1, 1, "S\xf8redskab"))
	h2.laes(enKilde(h2.agent(byggesag("alt", "charset: windows-1252", ""))))
	h2.sender("Sag.Importeret 2026-1 Søredskab")
}

// A corrected record takes the broken one's place, once.
func TestEnRettetPost(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	h.fil("ud/1.csv", hoved, "2026-1;1;Carport;måske;01-03-2026 08:00")
	a := h.agent(byggesag("alt", "", ""))
	h.laes(enKilde(a))
	f := h.enFejl()
	_, err := a.Ret(t.Context(), "sager", []byte("vrøvl;der;ikke;er;en;post;x"), f.Sted)
	kode(t, err, mox.KodeUgyldig)
	_, err = a.Ret(t.Context(), "andre", []byte(linje(1, 1, "Carport")), f.Sted)
	kode(t, err, mox.KodeIkkeFundet)
	i, err := a.Ret(t.Context(), "sager", []byte(linje(1, 1, "Carport")), f.Sted)
	maa(t, err)
	hvem := distributor.Hvem{Navn: "Inge", Begrundelse: "status var ikke i listen"}
	_, err = h.Distributor.RetPost(t.Context(), f.ID, i, hvem)
	maa(t, err)
	h.sender("Sag.Opstaaet 2026-1 Carport")
	h.ingenFejl()
	_, err = h.Distributor.RetPost(t.Context(), f.ID, i, hvem)
	kode(t, err, mox.KodeKonflikt)
}

const dokumentagent = `agent: arkiv
system: Arkiv
acts_as: svc-mox
sources:
  - name: dokumenter
    from: {type: folder, path: ud, pattern: "*.csv", format: csv, faerdig: omdoebt}
    start: alt
    key: NR
    map: maps/bilag.yaml
    indhold: [FIL, BILAG]
`

const dokumenthoved = "NR;TITEL;FIL;BILAG"

// Document bytes are stored before the besked that refers to them, and are never in it.
func TestDokumentersIndhold(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	h.fil("ud/dok/a.txt", "en tegning")
	h.fil("ud/dok/b.txt", "et bilag")
	h.fil("ud/1.csv", dokumenthoved, "D1;Tegning;dok/a.txt;", "D2;Brev;;dok/b.txt")
	h.laes(enKilde(h.agent(dokumentagent)))
	h.sender("Dokument.Importeret D1 Tegning", "Dokument.Importeret D2 Brev")
	b := h.alle()
	for i, vil := range map[int]string{0: "en tegning\n", 1: "et bilag\n"} {
		v := h.vaerdier(b[i].Besked)
		sha, ok := indhold.Sha(v["varianter.original.dele.1.indhold"] + v["varianter.bilag.dele.1.indhold"])
		if !ok {
			t.Fatalf("ingen henvisning: %v", v)
		}
		f, err := h.Lager.Hent(t.Context(), sha)
		maa(t, err)
		har, err := io.ReadAll(f)
		maa(t, errors.Join(err, f.Close()))
		ens(t, "indhold", string(har), vil)
		if strings.Contains(string(b[i].Indhold), strings.TrimSpace(vil)) {
			t.Error("dokumentets bytes står i beskeden")
		}
	}
}

// A document that is on its way holds the records back until it is there; nothing is skipped and nothing is sent twice.
func TestEtDokumentPaaVej(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	h.fil("ud/dok/b.txt", "et bilag")
	h.fil("ud/1.csv", dokumenthoved, "D1;Tegning;dok/a.txt;", "D2;Brev;;dok/b.txt")
	k := enKilde(h.agent(dokumentagent))
	_, err := k.runOnce(t.Context())
	if !connector.Temporary(err) {
		t.Fatalf("et dokument, der ikke er der endnu, gav %v", err)
	}
	h.sender()
	h.fil("ud/dok/a.txt", "en tegning")
	h.laes(k)
	h.sender("Dokument.Importeret D1 Tegning", "Dokument.Importeret D2 Brev")
	h.ingenFejl()
}

// A document that never comes must not hold the others back for ever.
func TestEtDokumentDerAldrigKommer(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	h.fil("ud/dok/b.txt", "et bilag")
	h.fil("ud/1.csv", dokumenthoved, "D1;Tegning;dok/a.txt;", "D2;Brev;;dok/b.txt")
	a := h.agent(dokumentagent)
	k := enKilde(a)
	for range maksSavnet { // while it may still come, nothing behind it is sent
		h.sender()
		if _, err := k.runOnce(t.Context()); !connector.Temporary(err) {
			t.Fatal(err)
		}
	}
	h.laes(k)
	h.sender("Dokument.Importeret D2 Brev")
	f := h.enFejl()
	ens(t, "kode", f.Kode, "uden_indhold")

	// When it does come, the record is sent on from there.
	_, err := a.Ret(t.Context(), "dokumenter", f.Raa, f.Sted)
	if !connector.Temporary(err) {
		t.Errorf("stadig væk: %v", err)
	}
	h.fil("ud/dok/a.txt", "en tegning")
	i, err := a.Ret(t.Context(), "dokumenter", f.Raa, f.Sted)
	maa(t, err)
	_, err = h.Distributor.RetPost(t.Context(), f.ID, i, distributor.Hvem{Navn: "Inge"})
	maa(t, err)
	h.sender("Dokument.Opstaaet D1 Tegning")
	h.ingenFejl()
}

// A reference outside the source's folder is the record's own fault. MOX's own trouble is nobody's: it waits.
func TestEtDokumentDerIkkeKanHentes(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	h.fil("hemmeligt.txt", "ikke for andre")
	h.fil("ud/dok/b.txt", "et bilag")
	h.fil("ud/1.csv", dokumenthoved, "D1;Tegning;../hemmeligt.txt;", "D2;Brev;dok/b.txt;")
	k := enKilde(h.agent(dokumentagent))
	for _, fuld := range []error{mox.E("indhold", mox.KodeDiskFuld, "disken er fuld"), errUtilgaengelig} {
		h.forstyr(engang("GemIndhold", fuld))
		if _, err := k.runOnce(t.Context()); !errors.Is(err, fuld) {
			t.Errorf("%v, skulle være %v", err, fuld)
		}
		h.sender()
		h.ingenFejl()
	}
	h.laes(k)
	h.sender("Dokument.Importeret D2 Brev")
	ens(t, "kode", h.enFejl().Kode, "uden_indhold")
}

// A crash between the storing of records and the source's tidying up costs nothing: the next process goes on from where
// MOX stands, and tidies up.
func TestStopFoerKildenErRyddetOp(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	h.fil("ud/1.csv", hoved, linje(1, 1, "Carport"))
	k := enKilde(h.agent(byggesag("alt", "", "")))
	k.source = &kildeMed{k.source, func() error { return errors.New("processen blev slået ihjel") }}
	h.laes(k)
	h.sender("Sag.Importeret 2026-1 Carport")
	ens(t, "filen ligger der endnu", h.findes("ud/1.csv"), true)

	naeste := enKilde(h.start(h.specs[0]))
	h.laes(naeste)
	h.sender()
	ens(t, "filen ligger der", h.findes("ud/1.csv"), false)
	ens(t, "filen er flyttet", h.findes("ud/behandlet/1.csv"), true)
	ens(t, "læst", h.kildestand(k).Laest, 1)
}

// When MOX's answer is lost the agent does not know that the records are stored. It asks where MOX stands, and goes on.
func TestSvaretPaaIndleverGaarTabt(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	h.fil("ud/1.csv", hoved, linje(1, 1, "Carport"))
	k := enKilde(h.agent(byggesag("alt", "", "")))
	h.forstyr(engang("Indlever efter", errUtilgaengelig))
	if _, err := k.runOnce(t.Context()); !errors.Is(err, errUtilgaengelig) {
		t.Fatal(err)
	}
	h.fil("ud/2.csv", hoved, linje(2, 1, "Skur"))
	h.laes(k)
	h.sender("Sag.Importeret 2026-1 Carport", "Sag.Opstaaet 2026-2 Skur")
	ens(t, "læst", h.kildestand(k).Laest, 2)
	ens(t, "begge filer er flyttet", h.findes("ud/1.csv") || h.findes("ud/2.csv"), false)
}

// Before MOX has the records the source keeps them, however often it fails.
func TestMOXSvarerIkke(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 38")
	h := nytHus(t)
	h.fil("ud/1.csv", hoved, linje(1, 1, "Carport"))
	k := enKilde(h.agent(byggesag("alt", "", "")))
	for range 3 {
		h.forstyr(engang("Indlever", errUtilgaengelig))
		if _, err := k.runOnce(t.Context()); !errors.Is(err, errUtilgaengelig) {
			t.Fatal(err)
		}
	}
	ens(t, "filen ligger der", h.findes("ud/1.csv"), true)
	h.laes(k)
	h.sender("Sag.Importeret 2026-1 Carport")
}

// Another process of the same agent that reads the same source finds the position moved, and sends nothing twice.
func TestToProcesserLaeserDenSammeKilde(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	var linjer []string
	for n := range 1200 {
		linjer = append(linjer, linje(n, 1, "Carport"))
	}
	h.fil("ud/1.csv", append([]string{hoved}, linjer...)...)
	en := h.agent(byggesag("alt", "", ""), func(o *Options) { o.Ja = true })
	anden := h.start(h.specs[0], func(o *Options) { o.Ja, o.Ejer = true, "anden" })
	stop := h.koer(en, anden)
	h.vent("alle poster er læst", func() bool { return !h.kildestand(enKilde(en)).Startet.IsZero() })
	stop()
	ens(t, "beskeder", len(h.alle()), 1200)
	ens(t, "læst", h.kildestand(enKilde(en)).Laest, 1200)
	h.ingenFejl()
}

// Another process gets there first: what this one read is already stored, so it asks where MOX stands and goes on at once.
func TestEnAndenProcesKomFoerst(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	h.fil("ud/1.csv", hoved, linje(1, 1, "Carport"))
	k := enKilde(h.agent(byggesag("alt", "", "")))
	anden := enKilde(h.start(h.specs[0], func(o *Options) { o.Ejer = "anden" }))
	foerst := engang("Indlever", errUtilgaengelig)
	h.forstyr(func(hvad string) error {
		if foerst(hvad) != nil { // the first process has read, and is about to hand in
			h.laes(anden)
		}
		return nil
	})
	mere, err := k.runOnce(t.Context())
	maa(t, err)
	ens(t, "der er mere med det samme", mere, true)
	h.fil("ud/2.csv", hoved, linje(2, 1, "Skur"))
	h.laes(k)
	h.sender("Sag.Importeret 2026-1 Carport", "Sag.Opstaaet 2026-2 Skur")
	ens(t, "læst", h.kildestand(k).Laest, 2)
}

// A living system may have more than anyone meant to send: the count is shown, and nothing is sent without a yes.
func TestEnStorFoersteKoerselKraeverEtJa(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	linjer := []string{hoved}
	for n := range MaksFoersteKoersel + 1 {
		linjer = append(linjer, linje(n, 1, "Carport"))
	}
	h.fil("ud/1.csv", linjer...)
	k := enKilde(h.agent(byggesag("alt", "", "")))
	for range 2 {
		_, err := k.runOnce(t.Context())
		kode(t, err, mox.KodeBekraeft)
		if err == nil || !strings.Contains(err.Error(), "1001 poster") {
			t.Errorf("%v", err)
		}
	}
	h.sender()
	ens(t, "filen ligger der", h.findes("ud/1.csv"), true)

	h.laes(enKilde(h.start(h.specs[0], func(o *Options) { o.Ja = true })))
	ens(t, "beskeder", len(h.alle()), MaksFoersteKoersel+1)
}

// Only what would be sent is counted.
func TestEnStorFoersteKoerselDerKunLaerer(t *testing.T) {
	t.Parallel()
	linjer := []string{hoved, "2026-9999;1;Skur;ny;01-06-2026 08:00"}
	for n := range MaksFoersteKoersel + 1 {
		linjer = append(linjer, linje(n, 1, "Carport"))
	}
	for start, vil := range map[string][]string{"baseline": nil, "nu": nil, `"fra: 2026-05-01T00:00:00+02:00"`: {"Sag.Importeret 2026-9999 Skur"}} {
		t.Run(start, func(t *testing.T) {
			t.Parallel()
			h := nytHus(t)
			h.fil("ud/1.csv", linjer...)
			h.laes(enKilde(h.agent(byggesag(start, "", ""))))
			h.sender(vil...)
		})
	}
}

// A complete listing withdraws what it no longer has, but never more at once than was agreed.
func TestFuldEksport(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	k := enKilde(h.agent(byggesag("alt", "eksport: fuld", "    maks_andel: 0.3\n")))
	alle := func(nr ...int) []string {
		ud := []string{hoved}
		for _, n := range nr {
			ud = append(ud, linje(n, 1, "Carport"))
		}
		return ud
	}
	h.fil("ud/1.csv", alle(1, 2, 3, 4)...)
	h.laes(k)
	ens(t, "beskeder", len(h.nye()), 4)

	h.fil("ud/2.csv", alle(1, 2, 4)...)
	h.laes(k)
	h.sender("Sag.Passiveret 2026-3 Carport")

	h.fil("ud/3.csv", alle(4)...)
	h.laes(k)
	h.sender()
	f := h.enFejl()
	ens(t, "kode", f.Kode, "for_mange_trukket")

	h.fil("ud/4.csv", alle(1, 2, 3, 4)...)
	h.laes(k)
	h.sender("Sag.Importeret 2026-3 Carport")
}

// A listing with a record that could not be read says nothing about what is gone.
func TestFuldEksportMedEnUlaeseligPost(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	k := enKilde(h.agent(byggesag("alt", "eksport: fuld", "    maks_andel: 1\n")))
	h.fil("ud/1.csv", hoved, linje(1, 1, "Carport"), linje(2, 1, "Skur"))
	h.laes(k)
	h.nye()
	h.fil("ud/2.csv", hoved, linje(1, 1, "Carport"), "2026-2;1")
	h.laes(k)
	h.sender()
	ens(t, "kode", h.enFejl().Kode, "kan_ikke_laeses")
}

// A source that cannot be reached is tried again by itself, and the others of the agent go on meanwhile.
func TestKildenKommerIgen(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	a := h.agent(byggesag("alt", "", "    interval: 1ms\n"))
	ens(t, "mappen, der ikke er der", a.Live(t.Context())[0].Lys, Roed)
	stop := h.koer(a)
	h.fil("senere/1.csv", hoved, linje(1, 1, "Carport"))
	maa(t, os.Rename(filepath.Join(h.dir, "senere"), filepath.Join(h.dir, "ud"))) // the drive is there again, with its file
	h.vent("posten er læst", func() bool { return len(h.alle()) == 1 })
	stop()
	h.sender("Sag.Importeret 2026-1 Carport")
	ens(t, "mappen, der er der igen", a.Live(t.Context())[0].Lys, Groen)
}

// An agent that cannot be opened leaves nothing open, and says which part it was.
func TestEnAgentDerIkkeKanAabnes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fil := filepath.Join(dir, "agent.yaml")
	maa(t, os.CopyFS(filepath.Join(dir, "maps"), os.DirFS("testdata/maps")))
	maa(t, os.WriteFile(fil, []byte(`agent: a
system: A
acts_as: a
sources:
  - {name: s, start: alt, key: NR, map: maps/sag.yaml, from: {type: folder, path: ud, pattern: "*", format: csv, faerdig: omdoebt}}
sinks:
  - {name: u, filter: {objekttype: Sag}, map: maps/sag.yaml, gentag: naturlig, to: {type: http, method: POST, url: "http://x.local", auth: {bearer: {token: "file:vaek"}}}}
`), 0o644))
	spec, problemer := Load(fil)
	if spec == nil {
		t.Fatal(problemer)
	}
	if _, err := New(spec, nil, Options{}); err == nil || !strings.Contains(err.Error(), "a/u: ") {
		t.Errorf("%v", err)
	}
}

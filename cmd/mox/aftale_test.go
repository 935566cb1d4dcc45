package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moxkit/mox/internal/conformance"
)

const aftaletekst = `aftale: AFTALE
system: Byggesag
dataansvarlig: {navn: Eksempel Kommune, cvr: "29189846"}
databehandler: {navn: Leverandøren A/S, cvr: "12345678"}
formaal: journalisering
hjemmel: byggeloven
kategorier: [navn]
slettefrist: 5 år
godkendt: {af: DPO, dato: 2026-01-05}
gyldig: {fra: 2026-01-01}
maa_sende: [{objekttyper: [Sag]}]
`

// TestAftaler are checked in their files, before mox serve starts with them, and then hold for what is sent.
func TestAftaler(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 31")
	dir := t.TempDir()
	god, igen, ond := filepath.Join(dir, "aftaler", "a.yaml"), filepath.Join(dir, "b.yaml"), filepath.Join(dir, "c.yaml")
	skriv(t, god, strings.Replace(aftaletekst, "AFTALE", "a", 1))
	skriv(t, igen, strings.Replace(aftaletekst, "AFTALE", "b", 1))
	skriv(t, ond, strings.Replace(aftaletekst, "formaal", "formål", 1))
	skriv(t, filepath.Join(dir, "ingen", "mox.yaml"), "aftaler: [aftaler/*.yaml]\n")
	skriv(t, filepath.Join(dir, "ondt", "mox.yaml"), "aftaler: [../c.yaml]\n")
	skriv(t, filepath.Join(dir, "dobbelt", "mox.yaml"), "aftaler: [../aftaler/a.yaml, ../b.yaml]\n")
	skriv(t, filepath.Join(dir, "ca", "mox.yaml"), "fjern: {klient_ca: ca.pem}\n")
	skriv(t, filepath.Join(dir, "oidc", "mox.yaml"), "oidc: [{udsteder: \"http://login.example\", audience: mox, claim: azp, systemer: [{vaerdi: a, navn: a, system: A}]}]\n")
	for navn, c := range map[string]struct {
		args []string
		kode int
		vil  string
	}{
		"i orden":                 {[]string{"aftale", "check", god}, exitOK, "Ingen fejl i 1 aftale(r)."},
		"en nøgle, der ikke er":   {[]string{"aftale", "check", god, ond}, exitUgyldig, "c.yaml:5:1: nøglen \"formål\" kendes ikke her (mente du «formaal»?)"},
		"to på én gang":           {[]string{"aftale", "check", god, igen}, exitUgyldig, "aftalerne a og b med Byggesag gælder samtidig"},
		"serve uden en fil":       {[]string{"serve", "--dir", filepath.Join(dir, "ingen")}, exitUgyldig, "aftaler[0]: der er ingen fil"},
		"serve med en fejl":       {[]string{"serve", "--dir", filepath.Join(dir, "ondt")}, exitUgyldig, "c.yaml:5:1"},
		"serve med to":            {[]string{"serve", "--dir", filepath.Join(dir, "dobbelt")}, exitUgyldig, "gælder samtidig"},
		"klient_ca uden klienter": {[]string{"serve", "--dir", filepath.Join(dir, "ca"), "--listen", "127.0.0.1:0"}, exitUgyldig, "fjern.klienter"},
		"udsteder uden TLS":       {[]string{"serve", "--dir", filepath.Join(dir, "oidc"), "--listen", "127.0.0.1:0"}, exitUgyldig, "oidc[0].udsteder"},
	} {
		if kode, ud, fejl := moxKommando(t, c.args...); kode != c.kode || !strings.Contains(ud+fejl, c.vil) {
			t.Errorf("%s: %d %s%s", navn, kode, ud, fejl)
		}
	}
	skriv(t, filepath.Join(dir, "mox.yaml"), "aftaler: [aftaler/*.yaml]\n")
	koer(t, "serve", "--dir", dir, "--listen", "127.0.0.1:0", "--json")
	for kode, filer := range map[int]map[string]string{
		exitOK:      {god: strings.Replace(aftaletekst, "AFTALE", "a", 1), filepath.Join(dir, "aftaler", "esdh.yaml"): strings.NewReplacer("AFTALE", "esdh", "Byggesag", "ESDH").Replace(aftaletekst)},
		exitUgyldig: {god: strings.Replace(aftaletekst, "formaal", "formål", 1)},
	} {
		for f, tekst := range filer {
			skriv(t, f, tekst)
		}
		if fik, ud, fejl := moxKommando(t, "aftale", "indlaes", "--dir", dir, "--begrundelse", "prøve"); fik != kode {
			t.Errorf("indlæs: %d %s%s", fik, ud, fejl)
		}
	}
	if kode, ud, fejl := moxKommando(t, "aftale", "list", "--dir", dir); kode != exitOK || !strings.Contains(ud, "ESDH") || !strings.Contains(ud, "fra 2026-01-01") {
		t.Errorf("list: %d %s%s", kode, ud, fejl)
	}
	besked := filepath.Join(dir, "besked.json")
	for foelsomhed, c := range map[string]struct {
		kode int
		vil  string
	}{"IKKE_FORTROLIGE_DATA": {exitOK, ""}, "VIP_SAGER": {exitTilladt, "aftalen a tillader ikke at sende foelsomhed VIP_SAGER"}} {
		b, err := json.Marshal(map[string]string{"beskedID": "urn:x:" + foelsomhed, "objektID": "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11", "objekttype": "Sag", "livscykluskode": "Rettet",
			"registreringstid": "2026-03-02T08:15:01Z", "bruger": "x", "objektreference": "https://byggesag.example/sag/1", "foelsomhed": foelsomhed})
		if err != nil {
			t.Fatal(err)
		}
		skriv(t, besked, string(b))
		if kode, ud, fejl := moxKommando(t, "besked", "send", besked, "--dir", dir, "--afsender", "Byggesag"); kode != c.kode || !strings.Contains(fejl, c.vil) {
			t.Errorf("%s: %d %s%s", foelsomhed, kode, ud, fejl)
		}
	}
}

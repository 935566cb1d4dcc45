package main

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moxkit/mox/app"
	"github.com/moxkit/mox/auth"
)

const proevesag = `{"attributter":{"sagegenskaber":[{"brugervendtnoegle":"S-1","sagsnummer":"S-1","titel":"Hjemmehjælp","beskrivelse":"b","kassationskode":"B","virkning":{"from":"-infinity","to":"infinity"}}]},
	"tilstande":{"sagfremdrift":[{"fremdrift":"Opstaaet","virkning":{"from":"-infinity","to":"infinity"}}]},
	"relationer":{"ejer":[{"urn":"urn:oio:cvr-nr:29189846","virkning":{"from":"-infinity","to":"infinity"}}],
		"primaerpart":[{"urn":"urn:oio:cpr-nr:0101010101","virkning":{"from":"-infinity","to":"infinity"}}],
		"foelsomhedsklasse":[{"uuid":"6b8e7a10-0000-4000-8000-000000000001","virkning":{"from":"-infinity","to":"infinity"}}]}}`

const laeseaftale = `aftale: esdh
system: ESDH
dataansvarlig: {navn: Eksempel Kommune, cvr: "29189846"}
databehandler: {navn: ESDH-leverandøren A/S, cvr: "12345678"}
formaal: visning af sager
hjemmel: serviceloven
kategorier: [helbred]
slettefrist: 5 år
godkendt: {af: Inge, dato: 2026-01-05}
gyldig: {fra: 2026-01-01}
maa_laese:
  - objekttyper: [Sag]
    myndigheder: ["29189846"]
    foelsomhed: [FOELSOMME_PERSONOPLYSNINGER]
`

// TestRegisterbrug is what an administrator does: gives a system and a person access, protects somebody, sees who has read
// what, and answers a request for access.
func TestRegisterbrug(t *testing.T) {
	dir := t.TempDir()
	systemnoegle, sha1 := auth.NyNoegle()
	personnoegle, sha2 := auth.NyNoegle()
	skriv(t, filepath.Join(dir, "aftale.yaml"), laeseaftale)
	skriv(t, filepath.Join(dir, "noegler.yaml"), "- {navn: esdh, system: ESDH, rolle: system, sha256: "+sha1+"}\n- {navn: per, rolle: drift, sha256: "+sha2+", myndigheder: ['29189846'], foelsomhed: [FOELSOMME_PERSONOPLYSNINGER], beskyttede: nej}\n")
	skriv(t, filepath.Join(dir, "mox.yaml"), "aftaler: [aftale.yaml]\nfjern: {api_noegler: noegler.yaml}\nregister:\n  kraev_formaal: ja\n  foelsomhed: {6b8e7a10-0000-4000-8000-000000000001: FOELSOMME_PERSONOPLYSNINGER}\n")
	koer(t, "serve", "--dir", dir, "--listen", "127.0.0.1:0", "--json")
	adresse, err := os.ReadFile(filepath.Join(dir, app.Adressefil))
	if err != nil {
		t.Fatal(err)
	}
	kald := func(vil int, noegle, metode, sti, krop, formaal string) string {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), metode, strings.TrimSpace(string(adresse))+sti, strings.NewReader(krop))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+noegle)
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Formaal", formaal)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		if err != nil || resp.Body.Close() != nil || resp.StatusCode != vil {
			t.Fatalf("%s %s: %d, want %d: %s", metode, sti, resp.StatusCode, vil, b)
		}
		return string(b)
	}
	kald(400, personnoegle, "POST", "/sag/sag", proevesag, "")
	svar := kald(201, personnoegle, "POST", "/sag/sag", proevesag, "visitation")
	id := strings.Split(svar, `"`)[3]
	kald(200, systemnoegle, "GET", "/sag/sag/"+id, "", "")
	kald(403, systemnoegle, "DELETE", "/sag/sag/"+id, "", "")

	k := func(vil int, skal string, args ...string) string {
		t.Helper()
		kode, ud, fejl := moxKommando(t, append([]string{"register", "--dir", dir}, args...)...)
		if kode != vil || !strings.Contains(ud+fejl, skal) {
			t.Fatalf("%v ended with %d, want %d and %q:\n%s%s", args, kode, vil, skal, ud, fejl)
		}
		return ud + fejl
	}
	k(exitUgyldig, "begrundelse", "beskyt", "010101-0101")
	k(exitUgyldig, "CPR-nummer", "beskyt", "Hans", "--begrundelse", "x")
	k(exitOK, "beskyttet fra nu af", "beskyt", "010101-0101", "--begrundelse", "afgørelse 7")
	k(exitOK, "i forvejen", "beskyt", "0101010101", "--begrundelse", "afgørelse 7")
	if s := kald(200, personnoegle, "GET", "/sag/sag/"+id, "", "opfølgning"); strings.Contains(s, "0101010101") {
		t.Errorf("a protected person is shown: %s", s)
	}
	k(exitBrug, "--person, --objekt eller --hvem", "brug")
	k(exitBrug, "--fra", "brug", "--hvem", "per", "--fra", "i går")
	ud := k(exitOK, "per  Opret Sag "+id+"  ok\n    Formål: visitation\n", "brug", "--person", "0101010101")
	for _, skal := range []string{"esdh (ESDH)  Læs Sag", "Formål: opfølgning"} {
		if !strings.Contains(ud, skal) {
			t.Errorf("%q is not in\n%s", skal, ud)
		}
	}
	k(exitOK, "esdh (ESDH)  Læs Sag "+id+"  ok", "brug", "--hvem", "esdh", "--fra", "2026-01-01")
	k(exitOK, "Der kan være flere: --foer", "brug", "--objekt", id, "--antal", "1")
	k(exitOK, "Ingen har.", "brug", "--objekt", id, "--til", "2020-01-01")
	k(exitUgyldig, "formål", "eksport", "--type", "Sag")
	k(exitOK, id, "eksport", "--type", "Sag", "--formaal", "flytning")
	fil := filepath.Join(t.TempDir(), "indsigt.zip")
	k(exitBrug, "--til", "indsigt", "--person", "0101010101")
	k(exitUgyldig, "formål", "indsigt", "--person", "0101010101", "--til", fil)
	k(exitOK, "1 objekt(er), set eller skrevet", "indsigt", "--person", "0101010101", "--til", fil, "--formaal", "anmodning 3")
	k(exitFejl, "findes i forvejen", "indsigt", "--person", "0101010101", "--til", fil, "--formaal", "anmodning 3")
	if info, err := os.Stat(fil); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v: others may read it", info, err)
	}
	var ud2, fejl bytes.Buffer
	if kode := run(t.Context(), []string{"register", "ophaev", "-", "--dir", dir, "--begrundelse", "flyttet"}, strings.NewReader("010101-0101\n"), &ud2, &fejl); kode != exitOK || !strings.Contains(ud2.String(), "ikke længere") {
		t.Errorf("a number from standard input: %d %s%s", kode, ud2.String(), fejl.String())
	}
	kald(403, personnoegle, "POST", "/api/v1/register/brug", `{"hvem": "per"}`, "")
}

package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moxkit/mox/app"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/kopi"
	"github.com/moxkit/mox/register/rest"
)

// TestRegisterGlem is what an administrator does: looks, erases, follows the receivers; and after an older copy has been put
// back, what had been erased is erased before anything runs.
func TestRegisterGlem(t *testing.T) {
	dir := t.TempDir()
	skriv(t, filepath.Join(dir, "mox.yaml"), "register: {system: Register}\n")
	koer(t, "serve", "--dir", dir, "--listen", "127.0.0.1:0", "--json")
	k := func(vil int, skal string, args ...string) string {
		t.Helper()
		kode, ud, fejl := moxKommando(t, args...)
		if kode != vil || !strings.Contains(ud+fejl, skal) {
			t.Fatalf("%v ended with %d, want %d and %q:\n%s%s", args, kode, vil, skal, ud, fejl)
		}
		return ud
	}
	k(exitOK, "", "abonnement", "opret", "--id", "esdh.sager", "--dir", dir, "--system", "ESDH", "--carrier", "pull", "--filter", `{"objekttype": "Sag"}`, "--begrundelse", "aftalt")
	svar := kaldMox(t, dir, 201, "POST", "/sag/sag", proevesag)
	id := strings.Split(svar, `"`)[3]
	kaldMox(t, dir, 200, "GET", "/api/v1/abonnementer/esdh.sager/feed", "") // it has been read there, when it has its place
	venter(t, "the receiver has read it in the feed", func() bool {
		return strings.Contains(kaldMox(t, dir, 200, "GET", "/api/v1/abonnementer/esdh.sager/feed", ""), id)
	})
	foer := filepath.Join(t.TempDir(), "foer.zip")
	k(exitOK, "er hel", "backup", "--dir", dir, "--til", foer)

	glem := []string{"register", "glem", "Sag", id, "--dir", dir}
	k(exitBekraeft, "1 registreringer, indholdet af 1 beskeder", glem...)
	k(exitOK, "Der er intet.", "register", "glemte", "--dir", dir)
	k(exitBrug, "--hjemmel", append(glem, "--ja", "--begrundelse", "anmodning 14")...)
	k(exitBrug, "objekttype", "register", "glem", "Hund", id, "--dir", dir)
	k(exitBrug, "UUID", "register", "glem", "Sag", "x", "--dir", dir)
	k(exitFundet, "ikke noget objekt", "register", "glem", "Sag", "00000000-0000-4000-8000-000000000000", "--dir", dir)
	k(exitOK, "esdh.sager (ESDH): venter på modtageren", append(glem, "--ja", "--begrundelse", "anmodning 14", "--hjemmel", "artikel 17")...)
	k(exitOK, "i forvejen", append(glem, "--ja", "--begrundelse", "anmodning 14", "--hjemmel", "artikel 17")...)
	if s := kaldMox(t, dir, 410, "GET", "/sag/sag/"+id, ""); !strings.Contains(s, "artikel 17") || strings.Contains(s, "anmodning") {
		t.Error(s)
	}
	k(exitOK, "anmodning 14. Hjemmel: artikel 17", "register", "glemte", "--dir", dir, "--aabne")
	liste := k(exitOK, id, "register", "glemte", "--dir", dir, "--json")
	k(exitBrug, "--begrundelse", "register", "glemte", id, "--dir", dir, "--bekraeft", "esdh.sager")
	k(exitFundet, "ikke en modtager", "register", "glemte", id, "--dir", dir, "--bekraeft", "andre", "--begrundelse", "pr. telefon")
	k(exitOK, "har bekræftet", "register", "glemte", strings.ToUpper(id), "--dir", dir, "--bekraeft", "esdh.sager", "--begrundelse", "pr. telefon")
	k(exitOK, "Der er intet.", "register", "glemte", "--dir", dir, "--aabne")
	k(exitOK, "Alt holder", "verify", "--dir", dir, "--mod", foer)
	efter := filepath.Join(t.TempDir(), "efter.zip")
	k(exitOK, "er hel", "backup", "--dir", dir, "--til", efter)
	if s := k(exitOK, "PK", "eksport", "alt", "--dir", dir, "--til", "-"); strings.Contains(s, "Hjemmehjælp") || strings.Contains(s, "0101010101") {
		t.Error("the content is in what one leaves with")
	}

	fil := filepath.Join(t.TempDir(), "glemte.json")
	skriv(t, fil, `{"glemte": [{}]}`)
	k(exitUgyldig, "mox register glemte --json", "restore", foer, "--dir", dir+"-1", "--glemte", fil)
	k(exitFundet, "kan ikke læses", "restore", foer, "--dir", dir+"-1", "--glemte", fil+"x")
	skriv(t, fil, liste)
	k(exitOK, "genskab med --glemte", "restore", foer, "--dir", dir+"-1")
	ny := dir + "-2"
	t.Cleanup(func() { _ = os.RemoveAll(ny); _ = os.RemoveAll(dir + "-1") })
	if ud := k(exitOK, ny, "restore", foer, "--dir", ny, "--glemte", fil); strings.Contains(ud, "genskab med") {
		t.Error(ud)
	}
	koer(t, "serve", "--dir", ny, "--listen", "127.0.0.1:0", "--json")
	kaldMox(t, ny, 410, "GET", "/sag/sag/"+id, "")
	var l rest.Glemtesvar
	if err := json.Unmarshal([]byte(k(exitOK, id, "register", "glemte", "--dir", ny, "--json")), &l); err != nil || len(l.Glemte) != 1 || l.Glemte[0].Begrundelse != "anmodning 14" || len(l.Glemte[0].Modtagere) != 1 {
		t.Errorf("%+v %v", l, err)
	}
	if _, err := os.Stat(filepath.Join(ny, kopi.GlemteFil)); !os.IsNotExist(err) {
		t.Errorf("the list is still there: %v", err)
	}
	k(exitOK, "Alt holder", "verify", "--dir", ny, "--mod", foer)
}

// kaldMox calls a MOX that runs, as the one at its machine.
func kaldMox(t *testing.T, dir string, vil int, metode, sti, krop string) string {
	t.Helper()
	adresse, err := os.ReadFile(filepath.Join(dir, app.Adressefil))
	if err != nil {
		t.Fatal(err)
	}
	noegle, err := auth.LaesLokalNoegle(dir)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), metode, strings.TrimSpace(string(adresse))+sti, strings.NewReader(krop))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+noegle)
	req.Header.Set("Content-Type", "application/json")
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

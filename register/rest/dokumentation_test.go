package rest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/openapi/openapitest"
	"github.com/moxkit/mox/register/rest"
	"github.com/moxkit/mox/store/storetest"
)

// TestOpenAPIErSandt has the running register answer each example of the document as it says, for every type.
func TestOpenAPIErSandt(t *testing.T) {
	t.Parallel()
	h := nytHus(t, storetest.SQLite(t))
	json, side := rest.Dokumentation()
	d := openapitest.Laes(t, []byte(laesSide(t, json)))
	h.formular("POST", "/dokument/dokument", dokument("field:fil1", "application/octet-stream"), map[string]string{"fil1": "%PDF-1.7 eksempel"}).vil(201)
	alle := []string{"adresser", "indhold", "brug", "beskyt", "ophaev", "typerSag", "typerDokument", "typerKlassifikation", "typerOrganisation", "typerTilstand", "typerAktivitet", "typerIndsats", "typerLog"}
	for _, navn := range mox.ObjektTyper() {
		for _, k := range []string{"importer", "find", "soeg", "laes", "ret", "forskel", "importerMange", "felter", "skema", "slet", "opret", "kanGlemmes", "glem"} {
			alle = append(alle, k+string(navn))
		}
	}
	alle = append(alle, "glemte")
	for _, k := range alle {
		d.Kald(h.http.URL, "", k)
	}
	for _, k := range []string{"opretSag", "importerSag", "retSag", "findSag", "laesSag", "importerMangeSag", "brug", "indsigt", "glemSag", "glemte", "bekraeft-sletning"} {
		d.Afvises(h.http.URL, "", k)
	}
	alle = append(alle, "indsigt", "bekraeft-sletning") // a zip file, and one that needs a receiver: TestIndsigt and TestGlem read those
	slices.Sort(alle)
	if vil := d.Operationer(); !slices.Equal(alle, vil) {
		t.Errorf("kaldt %v, i dokumentet %v", alle, vil)
	}
	tekst := laesSide(t, side)
	for _, skal := range []string{`<html lang="da">`, "/sag/sag/{uuid}/forskel", `id="skema-SagLaest"`} {
		if !strings.Contains(tekst, skal) {
			t.Errorf("%s står ikke på siden", skal)
		}
	}
}

func laesSide(t *testing.T, f http.HandlerFunc) string {
	t.Helper()
	w := httptest.NewRecorder()
	f(w, httptest.NewRequest("GET", "/", nil))
	b, err := io.ReadAll(w.Result().Body)
	if err != nil || w.Code != 200 {
		t.Fatal(w.Code, err)
	}
	return string(b)
}

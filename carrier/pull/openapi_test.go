package pull_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/internal/openapi/openapitest"
)

// The document is valid OpenAPI 3.1, and the running server answers each of its examples as it says.
func TestOpenAPIErSandt(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	maa(t, h.Distributor.Konfigurer(t.Context(), []mox.Abonnement{abonnement(t, "esdh.sager", "ESDH", map[string]any{"objekttype": "Sag"})}, nil))
	resp := h.raat(t, "GET", auth.OpenAPISti, "")
	d := openapitest.Laes(t, []byte(tekst(t, resp)))
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
	kald := []struct{ som, operation string }{{"byggesag", "sendBesked"}, {"byggesag", "laesBesked"}, {"byggesag", "uafsluttede"}, {"esdh", "hent"}, {"esdh", "forny"}, {"esdh", "afslut"},
		{"esdh", "feed"}, {"esdh", "sammendrag"}, {"byggesag", "gemIndhold"}, {"vagten", "hentIndhold"}, {"byggesag", "uafklarede"}, {"byggesag", "indlever"}, {"byggesag", "laesKilde"},
		{"byggesag", "afstem"}, {"byggesag", "kildensObjekter"}}
	var alle []string
	for _, k := range kald {
		d.Kald(h.http.URL, h.noegle[k.som], k.operation)
		if alle = append(alle, k.operation); k.operation == "afslut" {
			h.positioner(t)
		}
	}
	slices.Sort(alle)
	if vil := d.Operationer(); !slices.Equal(alle, vil) {
		t.Errorf("kaldt %v, i dokumentet %v", alle, vil)
	}
	for _, operation := range []string{"sendBesked", "hent", "forny", "afslut", "feed", "sammendrag", "uafklarede", "indlever", "afstem"} {
		d.Afvises(h.http.URL, h.noegle["vagten"], operation)
	}
}

// The documentation is for anyone to read, also without a key, and only to read.
func TestDokumentationenErAaben(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	resp := h.raat(t, "GET", auth.DokumentationSti, "")
	side := tekst(t, resp)
	if resp.StatusCode != 200 || !strings.HasPrefix(resp.Header.Get("Content-Security-Policy"), "default-src 'none'") || strings.Contains(side, "<script") || strings.Contains(side, "http://") {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
	for _, skal := range []string{`<html lang="da">`, "/api/v1/abonnementer/{id}/feed/sammendrag", `id="skema-Besked"`, "så længe ventes"} {
		if !strings.Contains(side, skal) {
			t.Errorf("%s står der ikke", skal)
		}
	}
	for _, sti := range []string{auth.DokumentationSti, auth.OpenAPISti} {
		if resp := h.raat(t, "HEAD", sti, ""); resp.StatusCode != 200 {
			t.Errorf("HEAD %s: %d", sti, resp.StatusCode)
		}
		if resp := h.raat(t, "POST", sti, "{}", h.som("vagten")); resp.StatusCode != 405 || resp.Header.Get("Allow") != "GET" {
			t.Errorf("POST %s: %d %v", sti, resp.StatusCode, resp.Header)
		}
		if resp := h.raat(t, "GET", sti+"/x", ""); resp.StatusCode != 401 {
			t.Errorf("GET %s/x: %d", sti, resp.StatusCode)
		}
	}
}

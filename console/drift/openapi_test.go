package drift_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/console/drift"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/openapi/openapitest"
	"github.com/moxkit/mox/konto"
	"github.com/moxkit/mox/store"
)

// fyldTilEksempler adds what the examples of the document are about: a besked with their id, a second uncertain outcome (Fejl 5)
// and an alarm.
func (a *api) fyldTilEksempler() {
	a.Helper()
	a.fyld()
	_, err := a.d.Accept(a.Context(), "Byggesag", mox.Besked{ID: "5a4cf0d6-6f1a-4c1f-8a6c-0d9e2b7a1c33", ObjektID: "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11", ObjektType: mox.Sag,
		LivscyklusKode: mox.Rettet, Bruger: "svc-mox", Kildesystem: "Byggesag", Registreringstid: time.Date(2026, 3, 2, 8, 15, 1, 0, time.UTC), Objektreference: "https://byggesag.example/sag/2026-17"})
	a.maa(err)
	w, err := a.d.Claim(a.Context(), modtager, "test", 1, time.Minute)
	a.maa(err)
	_, err = a.d.Done(a.Context(), distributor.Afslutning{Leverance: w[0].Leverance, Forsoeg: 1, Ejer: w[0].Ejer, Udfald: mox.Udfald{Resultat: mox.ResUkendt, Kode: "uden_svar"}})
	a.maa(err)
	_, err = a.d.TagVagten(a.Context())
	a.maa(err)
	_, err = a.d.SaetAlarmer(a.Context(), []store.Alarm{{Regel: "pause", Genstand: "esdh.sager", Tekst: "esdh.sager har stået på pause længe"}}, time.Time{}, 0)
	a.maa(err)
}

// The document is valid OpenAPI 3.1, and the running handler answers each of its examples as it says.
func TestOpenAPIErSandt(t *testing.T) {
	t.Parallel()
	a := nytAPI(t, nil)
	p := &agent{d: a.d}
	s := httptest.NewServer(drift.New(drift.Options{D: a.d, Konti: konto.New(a.d.Store(), konto.Options{}), Agenter: p, Bruger: func(*http.Request) string { return "Kirsten" },
		ProevAlarm:  func(context.Context) map[string]string { return map[string]string{"mail": ""} },
		LaesAftaler: func() (mox.Aftaler, error) { return nil, nil }}))
	t.Cleanup(s.Close)
	a.fyldTilEksempler()
	d := openapitest.Laes(t, []byte(a.side(s, drift.OpenAPISti, "application/json")))
	kald := []string{"status", "beskeder", "person", "forloeb", "processer", "gevinster", "forklar", "fejlliste", "laesFejl", "indhold", "retOgSend", "skete", "sketeIkke", "gensend", "luk",
		"abonnementer", "opretAbonnement", "proevFilter", "efterlever", "standsEfterlevering", "opretListe", "tilfoejTilListe", "lister", "listevaerdier", "fjernFraListe", "erstatListe", "sletListe", "pause", "genoptag", "lukAbonnement", "aftaler", "indlaesAftaler", "alarmer", "kvitterAlarm", "proevAlarm", "opretBruger", "brugere", "brugerrolle", "brugerkreds", "brugerkodeord", "logBrugerUd", "lukBruger"}
	for _, k := range kald {
		d.Kald(s.URL, "", k)
		if strings.HasPrefix(k, "opret") || k == "luk" || k == "person" {
			d.Afvises(s.URL, "", k)
		}
	}
	slices.Sort(kald)
	if vil := d.Operationer(); !slices.Equal(kald, vil) {
		t.Errorf("kaldt %v, i dokumentet %v", kald, vil)
	}
	side := a.side(s, drift.DokumentationSti, "text/html; charset=utf-8")
	for _, skal := range []string{"Fejl til behandling", "/api/v1/drift/fejl/{id}/ret-og-send", `id="skema-Forloeb"`} {
		if !strings.Contains(side, skal) {
			t.Errorf("%s står ikke på siden", skal)
		}
	}
}

func (a *api) side(s *httptest.Server, sti, type_ string) string {
	a.Helper()
	resp, err := s.Client().Get(s.URL + sti)
	a.maa(err)
	defer func() { _ = resp.Body.Close() }() // read to its end
	b, err := io.ReadAll(resp.Body)
	a.maa(err)
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != type_ {
		a.Errorf("%s: %d %s", sti, resp.StatusCode, resp.Header.Get("Content-Type"))
	}
	return string(b)
}

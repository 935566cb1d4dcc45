package app

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/console/drift"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/store"
)

const cpr = "0102031234" // of nobody

// hus is an installation that does nothing by itself.
type hus struct {
	*testing.T
	a      *App
	noegle string
}

func nytHus(t *testing.T, c Config) *hus {
	t.Helper()
	c.Listen = "127.0.0.1:0"
	a, err := Open(t.Context(), c, Options{Version: "1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	h := &hus{T: t, a: a}
	h.noegle, err = auth.LaesLokalNoegle(c.Dir)
	h.maa(err)
	return h
}

func (h *hus) maa(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// hent asks as one who holds the key.
func (h *hus) hent(sti, noegle string) *httptest.ResponseRecorder {
	h.Helper()
	r := httptest.NewRequest(http.MethodGet, sti, nil)
	r.Host = strings.TrimPrefix(h.a.Adresse(), "http://")
	if noegle != "" {
		r.Header.Set("Authorization", "Bearer "+noegle)
	}
	w := httptest.NewRecorder()
	h.a.web.server.Handler.ServeHTTP(w, r)
	return w
}

func (h *hus) status() (s drift.Status) {
	h.Helper()
	w := h.hent(drift.Rod+"status", h.noegle)
	if w.Code != http.StatusOK {
		h.Fatalf("%d %s", w.Code, w.Body)
	}
	h.maa(json.Unmarshal(w.Body.Bytes(), &s))
	return s
}

// maalt is one figure of /metrics, by what its line begins with.
func (h *hus) maalt(linje string) string {
	h.Helper()
	w := h.hent("/metrics", h.noegle)
	p := expfmt.NewTextParser(model.UTF8Validation)
	if _, err := p.TextToMetricFamilies(strings.NewReader(w.Body.String())); err != nil || w.Code != http.StatusOK {
		h.Fatalf("%d %v", w.Code, err)
	}
	for l := range strings.Lines(w.Body.String()) {
		if v, ok := strings.CutPrefix(l, linje+" "); ok {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// TestKoeerAgenterOgAlarmerKanFoelges: of each queue its depth, the age of the oldest, what goes through and how much fails;
// of each agent that it is alive and its last error; and an alarm where a threshold is passed, told to somebody.
func TestKoeerAgenterOgAlarmerKanFoelges(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 50")
	fortalt := make(chan string, 10)
	vagt := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		fortalt <- string(b)
	}))
	t.Cleanup(vagt.Close)
	h := nytHus(t, laest(t, "alarmer: {saml: 0, forsoeg: 2, kildefejl: 2, disk_procent: 0, disk_mb: 0, webhook: {url: \""+vagt.URL+"\"}}"))
	d := h.a.distributor
	h.maa(d.Konfigurer(t.Context(), []mox.Abonnement{{ID: "esdh.sager", System: "ESDH", Orden: mox.OrdenObjekt, Plan: mox.Plan{Forsoeg: 9}, Gentages: true}}, nil))
	for i := range 4 {
		_, err := d.Accept(t.Context(), "Byggesag", mox.Besked{ID: mox.BeskedID(mox.NyUUID()), ObjektID: mox.ObjektID(fmt.Sprintf("aaaaaaaa-0000-4000-8000-%012d", i)), ObjektType: mox.Sag,
			LivscyklusKode: mox.Rettet, Bruger: "x", Registreringstid: time.Date(2026, 3, 2, 9, 15, 0, 0, time.UTC), Objektreference: "https://byggesag.example/1"})
		h.maa(err)
	}
	for _, r := range []mox.Resultat{mox.ResAccepteret, mox.ResMidlertidig, mox.ResMidlertidig} {
		w, err := d.Claim(t.Context(), "esdh.sager", "x", 1, time.Minute)
		h.maa(err)
		_, err = d.Done(t.Context(), distributor.Afslutning{Leverance: w[0].Leverance, Forsoeg: w[0].Forsoeg, Ejer: w[0].Ejer, Udfald: mox.Udfald{Resultat: r}})
		h.maa(err)
	}
	foer := time.Now()
	for _, fejl := range []string{"", "mappen ud findes ikke " + cpr, "mappen ud findes ikke " + cpr} {
		_, err := d.Indlever(t.Context(), distributor.Indlevering{Agent: "byggesag", System: "Byggesag", Kilde: "sager", Mislykket: fejl})
		h.maa(err)
	}
	h.maa(h.a.alarm.Se(t.Context()))

	s := h.status()
	m := s.Modtagere[0]
	if m.Venter != 3 || m.Aeldste.IsZero() || m.Leveret != 1 || m.Forsoeg != 3 || m.Mislykkedes != 2 {
		t.Errorf("the queue: %+v", m)
	}
	k := s.Kilder[0]
	if k.Kontakt.Before(foer.Add(-time.Minute)) || k.FejlITraek != 2 || !strings.HasPrefix(k.SidsteFejl, "mappen ud findes ikke") || strings.Contains(k.SidsteFejl, cpr) || k.FejlTid.IsZero() {
		t.Errorf("the agent: %+v", k)
	}
	for linje, vil := range map[string]string{
		`mox_koe_klar{abonnement="esdh.sager"}`:                             "3",
		`mox_leveret_total{abonnement="esdh.sager"}`:                        "1",
		`mox_forsoeg_total{abonnement="esdh.sager",resultat="accepteret"}`:  "1",
		`mox_forsoeg_total{abonnement="esdh.sager",resultat="midlertidig"}`: "2",
		`mox_kilde_fejl_i_traek{agent="byggesag",kilde="sager"}`:            "2",
		`mox_alarmer_aabne{regel="forsoeg"}`:                                "1",
		`mox_alarmer_aabne{regel="kildefejl"}`:                              "1",
		`mox_build_info{go="` + runtime.Version() + `",version="1.2.3"}`:    "1",
	} {
		if har := h.maalt(linje); har != vil {
			t.Errorf("%s: %q, skulle være %q", linje, har, vil)
		}
	}
	for _, linje := range []string{`mox_koe_aeldste_seconds{abonnement="esdh.sager"}`, `mox_kilde_kontakt_alder_seconds{agent="byggesag",kilde="sager"}`} {
		if h.maalt(linje) == "" {
			t.Errorf("%s mangler", linje)
		}
	}
	regler := func(l []store.Alarm) (ud []string) {
		for _, a := range l {
			ud = append(ud, a.Regel)
		}
		slices.Sort(ud)
		return ud
	}
	if har := regler(s.Alarmer); !slices.Equal(har, []string{"forsoeg", "kildefejl"}) {
		t.Errorf("the alarms: %v", har)
	}
	var krop struct {
		Data []store.Alarm `json:"data"`
	}
	select {
	case b := <-fortalt:
		h.maa(json.Unmarshal([]byte(b), &krop))
	default:
		t.Fatal("the webhook was told nothing")
	}
	if har := regler(krop.Data); !slices.Equal(har, []string{"forsoeg", "kildefejl"}) {
		t.Errorf("the webhook was told %v", har)
	}
}

// TestHvemDerMaaSeTallene: people and their programs, and no system.
func TestHvemDerMaaSeTallene(t *testing.T) {
	t.Parallel()
	c := laest(t, "fjern: {api_noegler: noegler.yaml}")
	noegler := map[auth.Rolle]string{}
	var fil strings.Builder
	for _, rolle := range []auth.Rolle{auth.Laeser, auth.Drift, auth.Administrator, auth.System} {
		klartekst, sha := auth.NyNoegle()
		noegler[rolle] = klartekst
		system := ""
		if rolle == auth.System {
			system = "ESDH"
		}
		fmt.Fprintf(&fil, "- {navn: %s, rolle: %s, system: %q, sha256: %s}\n", rolle, rolle, system, sha)
	}
	if err := os.WriteFile(filepath.Join(c.Dir, "noegler.yaml"), []byte(fil.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	h := nytHus(t, c)
	for navn, x := range map[string]struct {
		noegle string
		vil    int
	}{"lokal": {h.noegle, 200}, "laeser": {noegler[auth.Laeser], 200}, "drift": {noegler[auth.Drift], 200}, "administrator": {noegler[auth.Administrator], 200},
		"system": {noegler[auth.System], 403}, "ingen": {"", 401}, "forkert": {"mox_forkert", 401}} {
		if w := h.hent("/metrics", x.noegle); w.Code != x.vil || (w.Code == 200) != strings.Contains(w.Body.String(), "mox_database_svarer 1") {
			t.Errorf("%s: %d\n%s", navn, w.Code, w.Body)
		}
	}
	if har := h.maalt(`mox_kald_afvist_total{grund="ukendt"}`); har != "1" {
		t.Errorf("%q kald uden nøgle", har)
	}
}

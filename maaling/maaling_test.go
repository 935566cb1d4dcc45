package maaling

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/store"
	"github.com/moxkit/mox/store/storetest"
)

const cpr = "0102031234" // of nobody

// hus is a MOX that is measured, on a database of its own.
type hus struct {
	*testing.T
	m  *Maaling
	d  *distributor.Distributor
	nu time.Time
}

func paaBegge(t *testing.T, f func(h *hus)) {
	t.Helper()
	for navn, url := range map[string]func(testing.TB) string{"SQLite": storetest.SQLite, "PostgreSQL": storetest.Postgres} {
		t.Run(navn, func(t *testing.T) {
			t.Parallel()
			h := &hus{T: t, nu: time.Now()}
			s, err := store.Open(t.Context(), url(t))
			h.maa(err)
			t.Cleanup(func() { _ = s.Close() }) // one test closes it itself
			h.m = New(Options{Version: "1.2.3", Mapper: map[string]string{"datamappen": t.TempDir()}, Nu: func() time.Time { return h.nu }})
			h.d, err = distributor.New(t.Context(), s, distributor.Options{Jitter: func() float64 { return 0 }, Maaler: h.m})
			h.maa(err)
			h.maa(h.d.Start(t.Context()))
			h.m.Se(h.d)
			h.maa(h.d.Konfigurer(t.Context(), []mox.Abonnement{{ID: "esdh.sager", System: "ESDH", Orden: mox.OrdenObjekt, Plan: mox.Plan{Forsoeg: 9}, Gentages: true},
				{ID: "arkiv." + cpr, System: "Arkiv", Orden: mox.OrdenObjekt, Plan: mox.Plan{Forsoeg: 9}, Gentages: true}}, nil))
			f(h)
		})
	}
}

func (h *hus) maa(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// laest are the figures as Prometheus reads them.
func (h *hus) laest() map[string]*dto.MetricFamily {
	h.Helper()
	w := httptest.NewRecorder()
	h.m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, Sti, nil))
	if strings.Contains(w.Body.String(), cpr) || w.Code != http.StatusOK {
		h.Errorf("%d %s", w.Code, w.Body)
	}
	p := expfmt.NewTextParser(model.UTF8Validation)
	ud, err := p.TextToMetricFamilies(w.Body)
	h.maa(err)
	return ud
}

// tal is one figure: "mox_koe_klar abonnement=esdh.sager"; -1 when it is not there. A histogram is how many it has seen.
func tal(alle map[string]*dto.MetricFamily, hvad string) float64 {
	led := strings.Fields(hvad)
	for _, m := range alle[led[0]].GetMetric() {
		passer := len(m.GetLabel()) == len(led)-1
		for i, l := range m.GetLabel() {
			passer = passer && l.GetName()+"="+l.GetValue() == led[i+1]
		}
		if !passer {
			continue
		}
		switch {
		case m.Histogram != nil:
			return float64(m.GetHistogram().GetSampleCount())
		case m.Counter != nil:
			return m.GetCounter().GetValue()
		}
		return m.GetGauge().GetValue()
	}
	return -1
}

func (h *hus) er(vil map[string]float64) {
	h.Helper()
	alle := h.laest()
	for hvad, v := range vil {
		if har := tal(alle, hvad); har != v {
			h.Errorf("%s: %v, skulle være %v", hvad, har, v)
		}
	}
}

func (h *hus) send(id mox.BeskedID, objekt int) error {
	_, err := h.d.Accept(h.Context(), "Byggesag", mox.Besked{ID: id, ObjektID: mox.ObjektID(fmt.Sprintf("aaaaaaaa-0000-4000-8000-%012d", objekt)), ObjektType: mox.Sag, LivscyklusKode: mox.Rettet,
		Bruger: "x", Registreringstid: time.Date(2026, 3, 2, 9, 15, 0, 0, time.UTC), Objektreference: "https://byggesag.example/" + cpr})
	return err
}

func (h *hus) udfald(a mox.AbonnementID, resultater ...mox.Resultat) {
	h.Helper()
	for _, r := range resultater {
		w, err := h.d.Claim(h.Context(), a, "x", 1, time.Minute)
		h.maa(err)
		if len(w) != 1 {
			h.Fatalf("%d er klar", len(w))
		}
		_, err = h.d.Done(h.Context(), distributor.Afslutning{Leverance: w[0].Leverance, Forsoeg: w[0].Forsoeg, Ejer: w[0].Ejer, Udfald: mox.Udfald{Resultat: r, Tekst: cpr}})
		h.maa(err)
	}
}

// TestTalleneErDetDerSkete: each figure against what was done. spec: mox 50
func TestTalleneErDetDerSkete(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 53")
	arkiv := mox.Maskeret("arkiv." + cpr)
	paaBegge(t, func(h *hus) {
		h.er(map[string]float64{"mox_koe_klar abonnement=esdh.sager": 0, "mox_koe_aeldste_seconds abonnement=esdh.sager": 0, "mox_leveret_total abonnement=esdh.sager": 0,
			"mox_database_svarer": 1, "mox_processer": 1, "mox_beskeder_total": 0, "mox_forsoeg_total abonnement=esdh.sager resultat=accepteret": -1})
		for i, objekt := range []int{1, 2, 3, 3, 3} {
			h.maa(h.send(mox.BeskedID(fmt.Sprintf("11111111-0000-4000-8000-%012d", i)), objekt))
		}
		h.maa(h.send("11111111-0000-4000-8000-000000000000", 1))
		if err := h.send("", 1); err == nil {
			h.Fatal("en besked uden beskedID gik godt")
		}
		h.udfald("esdh.sager", mox.ResAccepteret, mox.ResAccepteret, mox.ResAfvist)
		h.udfald("arkiv."+cpr, mox.ResMidlertidig)
		h.maa(h.d.Pause(h.Context(), "esdh.sager", true, distributor.Hvem{Navn: "Inge", Begrundelse: "opgradering"}))
		h.nu = time.Now().Add(time.Hour)
		h.er(map[string]float64{
			"mox_accept_seconds udfald=accepteret": 5, "mox_accept_seconds udfald=gentaget": 1, "mox_accept_seconds udfald=afvist": 1, "mox_claim_seconds": 4, "mox_done_seconds": 4,
			"mox_beskeder_total":                 6, // with the fejlbesked about the one that was refused
			"mox_koe_klar abonnement=esdh.sager": 0, "mox_koe_blokeret abonnement=esdh.sager": 2, "mox_koe_kraever_handling abonnement=esdh.sager": 1, "mox_koe_paa_pause abonnement=esdh.sager": 1,
			"mox_leveret_total abonnement=esdh.sager": 2, "mox_leverancer abonnement=esdh.sager tilstand=Leveret": 2, "mox_leverancer abonnement=esdh.sager tilstand=Parkeret": 1,
			"mox_forsoeg_total abonnement=esdh.sager resultat=accepteret": 2, "mox_forsoeg_total abonnement=esdh.sager resultat=afvist": 1,
			"mox_forsoeg_total abonnement=" + arkiv + " resultat=midlertidig": 1, "mox_koe_paa_pause abonnement=" + arkiv: 0, "mox_leverancer abonnement=" + arkiv + " tilstand=Udsat": 1,
			"mox_fejl_aabne ansvar=modtager": 1, "mox_fejl_aabne ansvar=afsender": 1, "mox_fejl_aabne ansvar=MOX": 0,
		})
		_, err := h.d.Hent(h.Context(), "esdh.sager", "x", 1, time.Minute, 0)
		h.maa(err)
		h.nu = h.nu.Add(time.Second)
		alle := h.laest()
		if alder := tal(alle, "mox_koe_hentet_alder_seconds abonnement=esdh.sager"); alder < 1800 || alder > 7200 {
			h.Errorf("der blev spurgt for %v siden", alder)
		}
		if alder := tal(alle, "mox_koe_aeldste_seconds abonnement=esdh.sager"); alder < 1800 || alder > 7200 {
			h.Errorf("alderen er %v", alder)
		}
		for _, navn := range []string{"go_goroutines", "process_start_time_seconds", "mox_build_info"} {
			if alle[navn] == nil {
				h.Errorf("%s mangler", navn)
			}
		}
		if v := tal(alle, "mox_disk_ledig_bytes mappe=datamappen"); v <= 0 || v > tal(alle, "mox_disk_bytes mappe=datamappen") {
			h.Errorf("%v bytes ledig", v)
		}
	})
}

func TestKilderOgAlarmer(t *testing.T) {
	t.Parallel()
	paaBegge(t, func(h *hus) {
		i := distributor.Indlevering{Agent: "byggesag", System: "Byggesag", Kilde: "sager " + cpr}
		_, err := h.d.Indlever(h.Context(), i)
		h.maa(err)
		k, err := h.d.Kilde(h.Context(), i.Agent, i.Kilde)
		h.maa(err)
		h.nu = k.Kontakt.Add(90 * time.Second)
		h.er(map[string]float64{"mox_kilde_kontakt_alder_seconds agent=byggesag kilde=sager": -1, "mox_indlever_seconds": 1, "mox_alarmer_aabne regel=kildefejl": -1})
		i.Mislykket = "mappen findes ikke " + cpr
		for range 2 {
			_, err = h.d.Indlever(h.Context(), i)
			h.maa(err)
		}
		_, err = h.d.SaetAlarmer(h.Context(), []store.Alarm{{Regel: "kildefejl", Genstand: "a"}, {Regel: "kildefejl", Genstand: "b"}}, h.nu, 0)
		h.maa(err)
		h.nu = h.nu.Add(time.Minute)
		alle := h.laest()
		fundet := 0
		for hvad, vil := range map[string]float64{"mox_kilde_fejl_i_traek": 2, "mox_kilde_kontakt_alder_seconds": 150, "mox_alarmer_aabne": 2} {
			for _, m := range alle[hvad].GetMetric() {
				fundet++
				if v := m.GetGauge().GetValue(); v != vil {
					h.Errorf("%s: %v, skulle være %v", hvad, v, vil)
				}
			}
		}
		if fundet != 3 || alle["mox_kilde_sidste_fejl_timestamp_seconds"] == nil {
			h.Errorf("%d figures, and %v", fundet, alle["mox_kilde_sidste_fejl_timestamp_seconds"])
		}
	})
}

// TestNavneneErTalte: with more abonnementer than there is room for, the rest are told together, and none is lost.
func TestNavneneErTalte(t *testing.T) {
	t.Parallel()
	n := nyeNavne()
	for i := range MaksNavne {
		if v := n.abonnement(fmt.Sprint("a", i)); v == Andre {
			t.Fatalf("nr. %d", i)
		}
	}
	if v := n.abonnement("en til"); v != Andre {
		t.Errorf("%q", v)
	}
	if v := n.abonnement("a7"); v != "a7" {
		t.Errorf("%q", v)
	}
	if a, k := n.kilde("agent", "kilde"); a != "agent" || k != "kilde" {
		t.Errorf("kilder have room of their own: %q %q", a, k)
	}
	nu := time.Now()
	sum := sammen(store.Kilde{Kontakt: nu, FejlITraek: 1, Laest: 2}, store.Kilde{Kontakt: nu.Add(-time.Hour), FejlITraek: 3, Laest: 5, FejlTid: nu})
	if !sum.Kontakt.Equal(nu.Add(-time.Hour)) || sum.FejlITraek != 3 || sum.Laest != 7 || !sum.FejlTid.Equal(nu) {
		t.Errorf("%+v", sum)
	}
}

// TestDatabasenSvarerIkke: what this process has done is told all the same.
func TestDatabasenSvarerIkke(t *testing.T) {
	t.Parallel()
	paaBegge(t, func(h *hus) {
		h.maa(h.send("11111111-0000-4000-8000-000000000001", 1))
		h.maa(h.d.Store().Close())
		h.er(map[string]float64{"mox_database_svarer": 0, "mox_accept_seconds udfald=accepteret": 1, "mox_beskeder_total": -1})
	})
}

// TestEtForsoegUdenSvarErOgsaaEtForsoeg: whoever had it never reported.
func TestEtForsoegUdenSvarErOgsaaEtForsoeg(t *testing.T) {
	t.Parallel()
	paaBegge(t, func(h *hus) {
		h.maa(h.send("11111111-0000-4000-8000-000000000001", 1))
		_, err := h.d.Claim(h.Context(), "esdh.sager", "x", 1, -time.Second)
		h.maa(err)
		_, err = h.d.AfslutUdloebne(h.Context())
		h.maa(err)
		h.er(map[string]float64{"mox_forsoeg_total abonnement=esdh.sager resultat=ukendt": 1, "mox_done_seconds": 0})
	})
}

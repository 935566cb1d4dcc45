package alarm

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/disk"
	"github.com/moxkit/mox/store"
)

func harAlt(s string, dele ...string) bool {
	for _, d := range dele {
		if !strings.Contains(s, d) {
			return false
		}
	}
	return true
}

// TestEnKildeDerLaesesOgEnDerIkkeGoer: one with nothing to tell is read all the same; one that nobody reads is an alarm.
func TestEnKildeDerLaesesOgEnDerIkkeGoer(t *testing.T) {
	paaBegge(t, Options{Graenser: Graenser{Kontakt: 15 * time.Minute, Kildefejl: 3, Stille: 24 * time.Hour}, Kilder: []string{"byggesag/sager", "esdh/aldrig"}}, func(h *hus) {
		i := distributor.Indlevering{Agent: "byggesag", System: "Byggesag", Kilde: "sager", Faerdig: true, Hver: 60}
		lever := func(fejl string) {
			h.Helper()
			i.Mislykket = fejl
			_, err := h.d.Indlever(h.Context(), i)
			h.maa(err)
		}
		h.er("MOX er lige startet", h.se(), []string{})
		lever("")
		h.er("lige læst", h.efter(14*time.Minute), []string{})
		h.er("den ene er aldrig læst", h.efter(2*time.Minute), []string{regelKontakt})
		h.er("det er den", h.fortalt[0].Alarmer[0].Genstand, "esdh/aldrig")
		k, err := h.d.Kilde(h.Context(), "byggesag", "sager")
		h.maa(err)
		h.nu = k.Kontakt.Add(15*time.Minute + 59*time.Second)
		h.er("agenten selv lader et minut gå", h.se(), []string{})
		h.er("ingen læser den", h.efter(10*time.Second), []string{regelKontakt})
		lever("mappen ud findes ikke " + cpr)
		h.nu = k.Kontakt
		h.er("agenten er der igen", h.se(), []string{"-" + regelKontakt, "-" + regelKontakt})
		lever("mappen ud findes ikke " + cpr)
		h.er("to gange", h.se(), []string{})
		lever("mappen ud findes ikke " + cpr)
		h.er("tre gange", h.se(), []string{regelKildefejl})
		if a := h.fortalt[0].Alarmer[0]; !harAlt(a.Tekst, "byggesag/sager kunne ikke læses 3 gange i træk: mappen ud findes ikke") || harAlt(a.Tekst, cpr) {
			h.Errorf("%+v", a)
		}
		lever("")
		h.er("det går igen", h.se(), []string{"-" + regelKildefejl})
		k, err = h.d.Kilde(h.Context(), "byggesag", "sager")
		h.maa(err)
		if k.FejlITraek != 0 || !harAlt(k.FejlTekst, "mappen ud findes ikke") || k.FejlTid.IsZero() || k.Hver != time.Minute {
			h.Errorf("the last error is not kept: %+v", k)
		}
		h.nu = k.Kontakt.Add(10 * time.Minute)
		h.er("den læses, og har intet at sige", h.se(), []string{})
	})
}

// TestKilderRegler walks the edges of the rules for one source.
func TestKilderRegler(t *testing.T) {
	t.Parallel()
	nu := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	g := Graenser{Kontakt: 15 * time.Minute, Stille: time.Hour}
	gl := nu.Add(-31 * 24 * time.Hour)
	for navn, c := range map[string]struct {
		k     store.Kilde
		opsat bool
		siden time.Time
		vil   string
	}{
		"læst":                             {store.Kilde{Kontakt: nu.Add(-15 * time.Minute)}, true, gl, ""},
		"ikke læst":                        {store.Kilde{Kontakt: nu.Add(-16 * time.Minute)}, true, gl, regelKontakt},
		"læses kun hver nat":               {store.Kilde{Kontakt: nu.Add(-24 * time.Hour), Hver: 24 * time.Hour}, true, gl, ""},
		"MOX har selv været nede":          {store.Kilde{Kontakt: nu.Add(-16 * time.Minute)}, true, nu.Add(-time.Minute), ""},
		"fejler, men agenten lever":        {store.Kilde{Kontakt: nu.Add(-16 * time.Minute), FejlTid: nu.Add(-time.Minute), FejlITraek: 2}, true, gl, ""},
		"fejlede én gang, så intet":        {store.Kilde{FejlTid: nu.Add(-16 * time.Minute), FejlITraek: 1}, true, gl, regelKontakt},
		"opsat et andet sted":              {store.Kilde{Kontakt: nu.Add(-time.Hour)}, false, gl, regelKontakt},
		"ikke mere opsat":                  {store.Kilde{Kontakt: gl}, false, gl, ""},
		"opsat, men væk i en måned":        {store.Kilde{Kontakt: gl}, true, gl, regelKontakt},
		"læst, men bringer intet":          {store.Kilde{Kontakt: nu, Sidst: nu.Add(-61 * time.Minute)}, true, gl, regelStille},
		"læst og har lige bragt noget nyt": {store.Kilde{Kontakt: nu, Sidst: nu.Add(-59 * time.Minute)}, true, gl, ""},
	} {
		var f fund
		c.k.Agent, c.k.Navn = "a", "k"
		var opsat []string
		if c.opsat {
			opsat = []string{"a/k"}
		}
		f.kilder([]store.Kilde{c.k}, opsat, g, c.siden, nu)
		har := ""
		for _, a := range f {
			har += a.Regel
		}
		if har != c.vil {
			t.Errorf("%s: %q, skulle være %q", navn, har, c.vil)
		}
	}
}

// TestEnAgentDerKunModtager is heard when it asks for work.
func TestEnAgentDerKunModtager(t *testing.T) {
	paaEn(t, Options{Graenser: Graenser{Kontakt: 15 * time.Minute}}, func(h *hus) {
		h.maa(h.d.Konfigurer(h.Context(), []mox.Abonnement{{ID: "esdh.sager", System: "ESDH", Carrier: mox.CarrierAgent, Plan: mox.Plan{Forsoeg: 9}},
			{ID: "henter", System: "ESDH", Carrier: mox.CarrierPull, Plan: mox.Plan{Forsoeg: 9}}}, nil))
		h.er("MOX er lige startet", h.se(), []string{})
		h.er("den har aldrig spurgt", h.efter(16*time.Minute), []string{regelKontakt})
		if a := h.fortalt[0].Alarmer[0]; a.Genstand != "esdh.sager" || !harAlt(a.Tekst, "har aldrig spurgt") {
			h.Errorf("%+v", a)
		}
		for range 2 {
			_, err := h.d.Hent(h.Context(), "esdh.sager", "fjern/esdh/1", 1, time.Minute, 0)
			h.maa(err)
		}
		o, err := h.d.Overblik(h.Context())
		h.maa(err)
		h.nu = o.Hentninger["esdh.sager"].Add(15 * time.Minute)
		h.er("den har spurgt, og der var intet", h.se(), []string{"-" + regelKontakt})
		h.er("den spørger ikke mere", h.efter(time.Second), []string{regelKontakt})
	})
}

func TestPlads(t *testing.T) {
	t.Parallel()
	mappe := t.TempDir()
	r, err := disk.Af(mappe)
	if err != nil {
		t.Fatal(err)
	}
	to := map[string]string{"datamappen": mappe, "dokumentmappen": mappe}
	for navn, c := range map[string]struct {
		g      Graenser
		mapper map[string]string
		vil    int
	}{
		"god plads":          {Graenser{}, to, 0},
		"for få procent":     {Graenser{DiskProcent: 101}, to, 1},
		"for få bytes":       {Graenser{DiskMB: int(r.Ialt>>20) + 1}, to, 1},
		"mappen er der ikke": {Graenser{}, map[string]string{"datamappen": filepath.Join(mappe, "x")}, 1},
		"ingen mapper at se": {Graenser{DiskProcent: 101}, nil, 0},
	} {
		var f fund
		f.plads(c.mapper, c.g)
		if len(f) != c.vil || len(f) > 0 && (f[0].Regel != regelPlads || f[0].Genstand != "datamappen") {
			t.Errorf("%s: %+v", navn, f)
		}
	}
}

// TestEnSletningIngenBekraefter is an alarm for the receiver when the frist has passed, until it is confirmed.
func TestEnSletningIngenBekraefter(t *testing.T) {
	paaBegge(t, Options{}, func(h *hus) {
		const sag = "aaaaaaaa-0000-4000-8000-000000000001"
		h.abonner()
		h.send(1)
		h.udfald(mox.Udfald{Resultat: mox.ResAccepteret})
		glem := func(id mox.ObjektID, frist time.Duration) {
			h.Helper()
			h.maa(h.d.Sammen(h.Context(), func(tx *store.Tx, u *distributor.Udgivelse) error {
				if err := tx.InsertGlemt(&store.Glemt{ObjektID: id, ObjektType: mox.Sag, Hvem: "Inge", Begrundelse: "slettes"}); err != nil {
					return err
				}
				_, err := u.Glem(distributor.Glemsel{ObjektID: id, ObjektType: mox.Sag, Fra: "Register", Frist: tx.Now().Add(frist), Hvem: distributor.Hvem{Navn: "Inge"}})
				return err
			}))
		}
		glem("aaaaaaaa-0000-4000-8000-000000000002", -time.Hour)
		h.er("ingen har fået det", h.se(), []string{})
		glem(sag, -time.Minute)
		h.er("fristen er gået", h.se(), []string{regelSletning})
		if a := h.fortalt[0].Alarmer[0]; a.Genstand != "esdh" || !harAlt(a.Tekst, "sletninger, som esdh ikke har bekræftet inden fristen: 1") {
			h.Errorf("%+v", a)
		}
		h.maa(h.d.BekraeftSletning(h.Context(), sag, "esdh", distributor.Hvem{Navn: "Inge", Begrundelse: "slettet i hånden"}))
		h.er("den er bekræftet", h.se(), []string{"-" + regelSletning})
	})
}

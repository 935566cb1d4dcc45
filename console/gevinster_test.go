package console

import (
	"cmp"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/report"
)

// angivelser are what a municipality types, in Danish.
func angivelser() map[string]string {
	return map[string]string{"version": "0", "kommune": "Nordby", "ejer": "Leder af Byg", "timepris": "1.000", "minutter_pr_reparation": "30", "drift": "0", "pris_foerste": "100.000", "pris_foelgende": "50.000",
		"tider[0].proces": "Journalisering", "tider[0].minutter_foer": "12,5", "tider[0].minutter_efter": "0,5", "tider[0].maalte": "10", "tider[0].ventede": "1.000",
		"tider[1].proces": "", "integrationer[0].navn": "Byggesag <script>til</script> ESDH", "integrationer[0].i_dag": "60.000", "integrationer[0].med_agenter": "10.000",
		"integrationer[1].navn": "", "leverandoer.byg": "100.000", "leverandoer.pris": "30.000", "begrundelse": "målt i uge 12"}
}

// journaliser completes one instance.
func (h *hus) journaliser() {
	h.Helper()
	h.indlever()
	h.indlever(sagen("2026-0001", "Carport", "02.34.02"))
	h.done(h.claim(journal)[0], mox.Udfald{Resultat: mox.ResAccepteret, Kode: "201"}, journaliseret("1"))
}

// TestGevinsterTaeltOgAngivet: what is counted is there at once, with what is missing; what is entered makes it kroner, and stands with
// who entered it.
func TestGevinsterTaeltOgAngivet(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	h.journaliser()
	krop := h.side("/gevinster")
	h.har(krop, "Det mangler", "hvad en time koster", "minutter før og efter for Journalisering", "Afsluttede pr. måned", `href="/processer?navn=Journalisering"`)
	if s := h.post("/gevinster/angiv", "/gevinster/angiv", angivelser()); s.status != http.StatusSeeOther || s.hoved.Get("Location") != "/gevinster?gjort=gevinster" {
		t.Fatalf("%d %s", s.status, s.krop)
	}
	krop = h.side("/gevinster?gjort=gevinster")
	h.har(krop, "Tallene er gemt", "Kroner pr. måned", "Gevinst i perioden, når tiden til det er trukket fra: 200 kr", "250.000", "50.200", "målt i uge 12", "Kirsten Drift", "Leder af Byg", "Kommuner, før det betaler sig")
	h.harIkke(krop, "Det mangler")
	h.har(h.side("/gevinster/angiv"), `value="12,5"`, "Byggesag &lt;script&gt;til", `name="version" value="1"`)
	h.har(h.hent("/gevinster", engelsk).krop, "50,200", "What it is worth")
	if l := h.handlinger("gevinster 1"); len(l) != 1 || l[0].Hvad != "gevinstgrundlag" || l[0].Begrundelse != "målt i uge 12" {
		t.Errorf("%+v", l)
	}
}

// TestDaarligeTalGemmesIkke: the form comes back with what was typed, and with what is wrong where it is.
func TestDaarligeTalGemmesIkke(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	for navn, c := range map[string]struct {
		felt, vaerdi string
		status       int
		skal         []string
	}{
		"Engelsk":     {"timepris", "12.5", http.StatusBadRequest, []string{`value="12.5"`, "er ikke et tal som 1.234,50", `aria-describedby="g-timepris-fejl"`}},
		"Ord":         {"tider[0].minutter_foer", "mange", http.StatusBadRequest, []string{`value="mange"`, `id="g-tider-0-minutter_foer-fejl"`}},
		"Person":      {"ejer", "Inge 010203-1234", http.StatusBadRequest, []string{"ligner et personnummer"}},
		"UdenHvorfor": {"begrundelse", "", http.StatusBadRequest, []string{"Skriv en begrundelse"}},
		"UdenNavn":    {"integrationer[0].navn", "", http.StatusBadRequest, []string{"mangler"}},
		"Version":     {"version", "x", http.StatusBadRequest, []string{"åbn siden igen"}},
		"EnAnden":     {"version", "7", http.StatusConflict, []string{"har ændret tallene"}},
	} {
		felter := angivelser()
		felter[c.felt] = c.vaerdi
		s := h.post("/gevinster/angiv", "/gevinster/angiv", felter)
		if s.status != c.status {
			t.Errorf("%s: %d", navn, s.status)
		}
		h.har(s.krop, c.skal...)
		h.velformet(navn, s.krop)
	}
	_, versioner, err := report.New(report.Options{D: h.d}).Grundlag(t.Context())
	if h.maa(err); len(versioner) != 0 {
		t.Errorf("gemt: %+v", versioner)
	}
}

func TestHvemDerKunMaaLaeseKanIkkeAngive(t *testing.T) {
	t.Parallel()
	h := nytHus(t, func(o *Options) { o.MaaHandle = func(*http.Request) bool { return false } })
	h.harIkke(h.side("/gevinster"), "/gevinster/angiv")
	if s := h.hent("/gevinster/angiv"); s.status != http.StatusForbidden {
		t.Errorf("%d", s.status)
	}
}

func TestGevinsterSomFiler(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	h.journaliser()
	for navn, begynder := range map[string]string{"xlsx": "PK", "pdf": "%PDF-", "csv": "\ufeffkommune;"} {
		s := h.hent("/gevinster/fil/gevinster." + navn + "?fra=2026-01-01&til=2026-01-31")
		if s.status != http.StatusOK || !strings.HasPrefix(s.krop, begynder) || s.hoved.Get("Content-Disposition") != `attachment; filename="gevinster-2026-01-01-2026-01-31.`+navn+`"` {
			t.Errorf("%s: %d %v", navn, s.status, s.hoved)
		}
	}
	for sti, vil := range map[string]int{"/gevinster/fil/andet": http.StatusNotFound, "/gevinster?fra=i+går": http.StatusBadRequest, "/gevinster?fra=2026-02-01&til=2026-01-01": http.StatusBadRequest, "/gevinster?myndighed=0102031234": http.StatusBadRequest} {
		s := h.hent(sti)
		if s.status != vil {
			t.Errorf("%s: %d", sti, s.status)
		}
	}
}

// TestHvertTalHarEtNavn in both languages: those of the form, and those of the year.
func TestHvertTalHarEtNavn(t *testing.T) {
	t.Parallel()
	g := report.Grundlag{Tider: make([]report.Procestid, 1), Integrationer: make([]report.Integration, 1)}
	noegler := []string{"gevinster.felt.kommune", "gevinster.felt.ejer", "gevinster.felt.proces", "gevinster.felt.integration"}
	for _, f := range g.Talfelter() {
		_, _, navn := delSti(f.Sti)
		noegler = append(noegler, "gevinster.felt."+cmp.Or(navn, f.Sti))
	}
	for _, a := range (&report.Rapport{}).Aarstal() {
		noegler = append(noegler, "gevinster.linje."+a.Navn)
	}
	for kode, s := range laesSprog(time.UTC, time.Now) {
		for _, k := range noegler {
			if !s.har(k) {
				t.Errorf("%s has no text in %s", k, kode)
			}
		}
	}
}

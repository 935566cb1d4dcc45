package console

import (
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/internal/conformance"
)

// medRolle lets everybody in with a role.
func (h *hus) medRolle(rolle auth.Rolle) {
	h.Helper()
	k := h.server.Config.Handler
	h.server.Close()
	h.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		k.ServeHTTP(w, r.WithContext(auth.Med(r.Context(), auth.Identitet{Navn: "Kirsten Drift", Rolle: rolle})))
	}))
	h.Cleanup(h.server.Close)
}

// nytAbonnement are the fields of the form for a new abonnement.
func nytAbonnement(filter string) map[string]string {
	return map[string]string{"id": "gis.sager", "system": "GIS", "carrier": "pull", "filter": filter, "orden": "objekt", "form": "cloudevent", "kvittering": "nej",
		"plan.forsoeg": "30", "plan.foerste": "1s", "plan.hoejst": "3h", "handling": "afproev"}
}

// skjult reads a hidden field of a page.
func (h *hus) skjult(krop, navn string) string {
	h.Helper()
	rod, err := dom(krop)
	h.maa(err)
	for _, f := range rod.alle(func(e *element) bool { return e.attr["type"] == "hidden" && e.attr["name"] == navn }) {
		return f.attr["value"]
	}
	return ""
}

// opretGIS makes an abonnement by the pages.
func (h *hus) opretGIS(filter string) {
	h.Helper()
	felter := nytAbonnement(filter)
	felter["afproevet"] = h.skjult(h.post("/opret/abonnement", "/opret/abonnement", felter).krop, "afproevet")
	felter["handling"], felter["begrundelse"] = "gem", "kort over byggesager"
	if s := h.post("/opret/abonnement", "/opret/abonnement", felter); s.status != http.StatusSeeOther || s.hoved.Get("Location") != "/abonnementer/gis.sager?gjort=abonnement-oprettet" {
		h.Fatalf("%d %s", s.status, s.krop)
	}
}

// TestAbonnementerne stand in a list with how they are, and each has a page that says why it gets what it gets.
func TestAbonnementerne(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 29")
	h := nytHus(t)
	a := h.fyld()
	h.maa(h.d.Pause(t.Context(), tilbage, true, hvemSomHelst("opgradering")))
	krop := h.side("/abonnementer")
	h.har(krop, "kildesystem er Byggesag og objekttype er Sag", "på pause", "aktiv", "2 kræver handling", `href="/opret/abonnement"`)
	h.har(h.hent("/abonnementer?del=1", engelsk).krop, "kildesystem is Byggesag and objekttype is Sag", "paused")

	krop = h.side("/abonnementer/esdh.sager")
	h.har(krop, "i agentens fil", "højst 3 forsøg", "i rækkefølge for hvert objekt", "filteret passer", "filteret passer ikke", `<code>kildesystem</code> er <b>Byggesag</b>: beskeden har <b>ESDH</b>`)
	h.harIkke(krop, "/abonnementer/esdh.sager/ret", "/abonnementer/esdh.sager/luk") // they are the agent's
	h.har(h.side("/abonnementer/esdh.sager?besked="+url.QueryEscape(string(a.leveret))), "filteret passer", "beskeden har <b>Byggesag</b>")
	h.har(h.side("/abonnementer/esdh.sager?besked=findes-ikke"), "Der er ingen besked med det id.")
	if s := h.hent("/abonnementer/esdh.sager?besked=010203-1234"); s.status != http.StatusSeeOther {
		t.Errorf("a person's number stays in the address: %d", s.status)
	}
	for _, sti := range []string{"/abonnementer/findes.ikke", "/abonnementer/findes.ikke/ret", "/abonnementer/findes.ikke/luk"} {
		if s := h.hent(sti); s.status != http.StatusNotFound {
			t.Errorf("%s: %d", sti, s.status)
		}
	}
	if s := h.hent("/abonnementer/esdh.sager/ret"); s.status != http.StatusConflict {
		t.Errorf("%d", s.status)
	}
	s := h.post("/abonnementer/esdh.sager/pause?fra=abonnement", "/abonnementer/esdh.sager/pause", map[string]string{"pause": "ja", "fra": "abonnement", "begrundelse": "nyt certifikat"})
	if s.hoved.Get("Location") != "/abonnementer/esdh.sager?gjort=pause" {
		t.Fatalf("%d %s", s.status, s.hoved.Get("Location"))
	}
	h.har(h.side(s.hoved.Get("Location")), "nyt certifikat", "satte på pause", "Genoptag")
}

// TestEtAbonnementAfproevesOgGemmes: nothing is saved that has not been seen, and who saved it is in the log.
func TestEtAbonnementAfproevesOgGemmes(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 29")
	h := nytHus(t)
	h.fyld()
	felter := nytAbonnement(`{"objekttype": "Sag", "opgaveemne": "02.34.*"}`)
	felter["handling"], felter["begrundelse"] = "gem", "uden at afprøve"
	s := h.post("/opret/abonnement", "/opret/abonnement", felter)
	if _, ok := h.d.Abonnement("gis.sager"); s.status != http.StatusOK || ok {
		t.Fatalf("saved without a trial: %d", s.status)
	}
	h.har(s.krop, "Filteret tager", "noget, der begynder med 02.34.", `value="GIS"`, "har ændret noget, siden du afprøvede")
	h.velformet("prøven", s.krop)
	felter["afproevet"], felter["begrundelse"] = h.skjult(s.krop, "afproevet"), " "
	if s = h.post("/opret/abonnement", "/opret/abonnement", felter); s.status != http.StatusBadRequest {
		t.Errorf("without a reason: %d", s.status)
	}
	h.har(s.krop, "Skriv en begrundelse", "Filteret tager")
	felter["begrundelse"], felter["filter"] = "andet end det afprøvede", `{"objekttype": "Dokument"}`
	if s = h.post("/opret/abonnement", "/opret/abonnement", felter); s.status != http.StatusOK {
		t.Errorf("another filter than was tried: %d", s.status)
	}
	h.opretGIS(`{"objekttype": "Sag", "opgaveemne": "02.34.*"}`)
	h.har(h.side("/abonnementer/gis.sager"), "noget, der begynder med 02.34.", "/api/v1/abonnementer/gis.sager/hent", "oprettede abonnementet", "kort over byggesager", "/abonnementer/gis.sager/luk")
	if l := h.handlinger("abonnement gis.sager"); len(l) != 1 || l[0].Hvem != "Kirsten Drift" || l[0].Begrundelse != "kort over byggesager" {
		t.Errorf("%+v", l)
	}
	for _, sprog := range []string{dansk, engelsk} {
		for _, sti := range []string{"/abonnementer/gis.sager", "/abonnementer/gis.sager/ret", "/abonnementer/gis.sager/luk"} {
			h.velformet(sti, h.hent(sti, sprog).krop)
		}
	}
}

// TestFejlIEtAbonnementStaarVedFeltet in the core's words, and what was typed is kept.
func TestFejlIEtAbonnementStaarVedFeltet(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	for navn, c := range map[string]struct {
		felt, vaerdi string
		skal         []string
	}{
		"Modsigelse":   {"filter", `{"alle": [{"objekttype": "Sag"}, {"objekttype": "Dokument"}]}`, []string{"to betingelser, der ikke kan gælde på én gang", `id="filterfejl"`, `aria-invalid="true"`}},
		"UkendtNoegle": {"filter", `{"emne": "02.*"}`, []string{`id="filterfejl"`, "filter.emne"}},
		"IkkeJSON":     {"filter", "{\n \"objekttype\": Sag}", []string{"noget er galt ved linje 2", `id="a-filter-fejl"`}},
		"UkendtListe":  {"filter", `{"opgaveemne": {"liste": "findes-ikke"}}`, []string{"der er ingen liste med navnet"}},
		"Id":           {"id", "GIS Sager", []string{`id="a-id-fejl"`, "små bogstaver"}},
		"Plan":         {"plan.foerste", "9h", []string{`id="a-plan-foerste-fejl"`, "foerste skal være over 0"}},
		"Forsoeg":      {"plan.forsoeg", "mange", []string{`id="a-plan-forsoeg-fejl"`, "er ikke et helt tal"}},
	} {
		felter := nytAbonnement(`{"objekttype": "Sag"}`)
		felter[c.felt] = c.vaerdi
		s := h.post("/opret/abonnement", "/opret/abonnement", felter)
		if s.status != http.StatusBadRequest {
			t.Errorf("%s: %d", navn, s.status)
		}
		h.har(s.krop, c.skal...)
		h.har(s.krop, html.EscapeString(c.vaerdi))
		h.harIkke(s.krop, `name="afproevet"`)
		h.velformet(navn, s.krop)
	}
}

// TestEtAbonnementRettesOgLukkes: not over what somebody else has done meanwhile, and what it holds is given up only when that is said.
func TestEtAbonnementRettesOgLukkes(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	h.indlever()
	h.opretGIS(`{"objekttype": "Sag"}`)
	h.indlever(sagen("1", "a", "02.34.02"))
	const sti = "/abonnementer/gis.sager"
	felter := nytAbonnement(`{"objekttype": "Sag", "opgaveemne": "27.*"}`)
	felter["foer"] = h.skjult(h.side(sti+"/ret"), "foer")
	s := h.post(sti+"/ret", sti+"/ret", felter)
	h.har(s.krop, "Nu er filteret: objekttype er Sag", "Filteret tager 0 af de seneste 1 beskeder", "filteret passer ikke")
	felter["afproevet"], felter["handling"], felter["begrundelse"] = h.skjult(s.krop, "afproevet"), "gem", "kun naturbeskyttelse"
	gammel := felter["foer"]
	felter["foer"] = "noget andet"
	if s = h.post(sti+"/ret", sti+"/ret", felter); s.status != http.StatusConflict || !strings.Contains(s.krop, "er ændret, siden du åbnede siden") {
		t.Errorf("%d %s", s.status, s.krop)
	}
	felter["foer"] = gammel
	if s = h.post(sti+"/ret", sti+"/ret", felter); s.status != http.StatusSeeOther {
		t.Fatalf("%d %s", s.status, s.krop)
	}
	h.har(h.side(sti), "noget, der begynder med 27.", "rettede abonnementet", "kun naturbeskyttelse", "Hvordan det har været sat op", "objekttype er Sag")

	h.har(h.side(sti+"/luk"), "1 levering er ikke afsluttet")
	if s = h.post(sti+"/luk", sti+"/luk", map[string]string{"begrundelse": "udfases"}); s.status != http.StatusPreconditionRequired || !strings.Contains(s.krop, "sæt kryds") {
		t.Errorf("%d %s", s.status, s.krop)
	}
	if s = h.post(sti+"/luk", sti+"/luk", map[string]string{"opgiv": "ja"}); s.status != http.StatusBadRequest {
		t.Errorf("without a reason: %d", s.status)
	}
	if s = h.post(sti+"/luk", sti+"/luk", map[string]string{"opgiv": "ja", "begrundelse": "udfases"}); s.status != http.StatusSeeOther {
		t.Fatalf("%d %s", s.status, s.krop)
	}
	krop := h.side(sti + "?gjort=abonnement-lukket")
	h.har(krop, "Abonnementet er lukket.", "lukkede abonnementet", "udfases", "/opret/abonnement?fra=gis.sager")
	h.velformet("lukket", krop)
	h.har(h.side("/abonnementer"), "Lukkede", "gis.sager")
	h.har(h.side("/opret/abonnement?fra=gis.sager"), `value="gis.sager"`, "27.*")
}

// TestHemmelighedenVisesForEnGrund, and stands on no page before.
func TestHemmelighedenVisesForEnGrund(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	_, err := h.d.OpretAbonnement(t.Context(), mox.Abonnement{ID: "gis.push", System: "GIS", Carrier: mox.CarrierPush, Push: &mox.Push{URL: "https://gis.example/hook?noegle=hemmelig", Form: mox.FormCloudEvent}}, false, hvemSomHelst("prøve"))
	h.maa(err)
	const sti = "/abonnementer/gis.push"
	h.har(h.side(sti), "https://gis.example/hook?…")
	h.harIkke(h.side(sti), "whsec_", "noegle=hemmelig")
	if s := h.post(sti, sti+"/hemmelighed", nil); s.status != http.StatusBadRequest || strings.Contains(s.krop, "whsec_") {
		t.Errorf("%d", s.status)
	}
	s := h.post(sti, sti+"/hemmelighed", map[string]string{"begrundelse": "til GIS' leverandør"})
	h.har(html.UnescapeString(s.krop), h.d.Pushhemmelighed("gis.push"), "så hemmeligheden")
	h.velformet("hemmelighed", s.krop)
}

// TestHvemDerMaaHvad: who reads sees, who runs it pauses, and only an administrator sets up.
func TestHvemDerMaaHvad(t *testing.T) {
	t.Parallel()
	for rolle, maa := range map[auth.Rolle]bool{auth.Laeser: false, auth.Drift: false, auth.Administrator: true} {
		h := nytHus(t, func(o *Options) { o.MaaHandle = func(*http.Request) bool { return rolle.Driver() } })
		h.opretGIS(`{"objekttype": "Sag"}`)
		h.medRolle(rolle)
		for _, sti := range []string{"/abonnementer", "/abonnementer/gis.sager", "/lister"} {
			krop := h.side(sti)
			if set := strings.Contains(krop, "/opret/") || strings.Contains(krop, "/luk"); set != maa {
				t.Errorf("%s %s: offers set-up %v", rolle, sti, set)
			}
			if strings.Contains(krop, "/pause") && !rolle.Driver() {
				t.Errorf("%s %s: offers a pause", rolle, sti)
			}
		}
		for _, sti := range []string{"/opret/abonnement", "/abonnementer/gis.sager/ret", "/abonnementer/gis.sager/luk", "/opret/liste"} {
			if s := h.hent(sti); (s.status == http.StatusOK) != maa || !maa && s.status != http.StatusForbidden {
				t.Errorf("%s %s: %d", rolle, sti, s.status)
			}
		}
		if maa {
			continue
		}
		felter := nytAbonnement(`{"objekttype": "Dokument"}`)
		felter["begrundelse"], felter["opgiv"], felter["navn"], felter["noegle"] = "x", "ja", "liste", "opgaveemne"
		for _, sti := range []string{"/opret/abonnement", "/abonnementer/gis.sager/ret", "/abonnementer/gis.sager/luk", "/abonnementer/gis.sager/hemmelighed", "/opret/liste"} {
			if s := h.post("/abonnementer", sti, felter); s.status != http.StatusForbidden {
				t.Errorf("%s %s: %d", rolle, sti, s.status)
			}
		}
		if a, _ := h.d.Abonnement("gis.sager"); a.ID == "" || len(h.handlinger("")) != 1 {
			t.Errorf("%s: %+v", rolle, h.handlinger(""))
		}
	}
}

// TestEnAdministratorOpretterEtAbonnement in a browser: the filter is wrong at first, then tried, then saved.
func TestEnAdministratorOpretterEtAbonnement(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	h.fyld()
	b := nyBrowser(h)
	vinduer := append(skaerme()[2:3], skaerm{"320", 320, 640, "light"}, skaerm{"720", 720, 900, "light"}, skaerm{"1000", 1000, 800, "light"}, skaerme()[0])
	paaAlle := func(navn string) {
		for _, s := range vinduer {
			b.brug(s)
			b.ligger(s.navn, navn)
			b.billede(s.navn + "-" + navn)
		}
	}
	b.aabn("/abonnementer")
	b.klik(`a[href="/opret/abonnement"]`)
	b.skriv("#a-id", "gis.sager")
	b.skriv("#a-system", "GIS")
	b.goer(chromedp.SendKeys(chromedp.CSS("#a-filter"), `{"emne": "02.*"}`)) // it is empty: there is nothing to clear
	b.klik(`button[value="afproev"]`)
	b.har(b.tekst(), "Det lykkedes ikke", "filter.emne")
	b.vent(`document.querySelector("#a-filter").getAttribute("aria-invalid") === "true" && document.querySelector("#a-filter").value === '{"emne": "02.*"}'`)
	paaAlle("abonnement-fejl")
	b.skriv("#a-filter", `{"objekttype": "Sag", "opgaveemne": "02.34.*"}`)
	b.klik(`button[value="afproev"]`)
	b.har(b.tekst(), "Filteret tager", "De seneste beskeder", "Gem det, du har afprøvet")
	paaAlle("abonnement-proeve")
	if _, ok := h.d.Abonnement("gis.sager"); ok {
		t.Error("a trial has made it")
	}
	b.skriv("#begrundelse", "kort over byggesager")
	b.klik(`button[value="gem"]`)
	b.har(b.tekst(), "Abonnementet er oprettet.", "oprettede abonnementet", "Kirsten Drift")
	paaAlle("abonnement")
	if a, ok := h.d.Abonnement("gis.sager"); !ok || a.System != "GIS" || a.Plan != mox.StandardPlan() {
		t.Errorf("%+v", a)
	}
	b.klik(`a[href="/abonnementer/gis.sager/luk"]`)
	paaAlle("abonnement-luk")
	b.skriv("#begrundelse", "alligevel ikke")
	b.klik("button.fare")
	b.har(b.tekst(), "Abonnementet er lukket.")
	b.goer(chromedp.Navigate(h.server.URL + "/abonnementer"))
	b.har(b.tekst(), "Lukkede", "gis.sager")
}

package console

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/conformance"
)

// nyListen makes a list by the pages.
func (h *hus) nyListen(navn, noegle string) {
	h.Helper()
	s := h.post("/opret/liste", "/opret/liste", map[string]string{"navn": navn, "noegle": noegle, "beskrivelse": "til prøver", "begrundelse": "aftalt"})
	if s.status != http.StatusSeeOther || s.hoved.Get("Location") != "/lister/"+navn+"?gjort=liste-oprettet" {
		h.Fatalf("%d %s", s.status, s.krop)
	}
}

// aendr tries a change of a list and carries it out.
func (h *hus) aendr(navn, hvad, vaerdier string) svaret {
	h.Helper()
	sti := "/lister/" + navn
	felter := map[string]string{"hvad": hvad, "vaerdier": vaerdier, "handling": "afproev"}
	s := h.post(sti, sti+"/aendr", felter)
	h.velformet(sti, s.krop)
	felter["afproevet"], felter["handling"], felter["begrundelse"] = h.skjult(s.krop, "afproevet"), "gem", "kvartalets liste"
	return h.post(sti, sti+"/aendr", felter)
}

// TestEnListeAendresSomSet: the counts come first, then the change, and persons' numbers stand nowhere.
func TestEnListeAendresSomSet(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 30", "mox 53")
	h := nytHus(t)
	h.nyListen("borgere", "relateret")
	const sti = "/lister/borgere"
	felter := map[string]string{"hvad": "tilfoej", "vaerdier": "0101700001\r\n010170-0002\r\n\r\n0101700001", "handling": "gem", "begrundelse": "uden at se"}
	s := h.post(sti, sti+"/aendr", felter)
	h.har(s.krop, "Intet er ændret endnu", "<dt>Tilføjes</dt><dd>2</dd>", "<dt>Antal bagefter</dt><dd>2</dd>", "0101700001")
	h.velformet("se", s.krop)
	if v, err := h.d.Listevaerdier(t.Context(), "borgere", nil, 10); err != nil || len(v) != 0 {
		t.Fatalf("carried out without having been seen: %v %v", v, err)
	}
	felter["afproevet"], felter["vaerdier"] = h.skjult(s.krop, "afproevet"), "0101700009"
	if s = h.post(sti, sti+"/aendr", felter); s.status != http.StatusOK {
		t.Errorf("others than were seen: %d", s.status)
	}
	if s = h.aendr("borgere", "tilfoej", "0101700001\r\n010170-0002"); s.status != http.StatusSeeOther || s.hoved.Get("Location") != sti+"?gjort=liste-aendret" {
		t.Fatalf("%d %s", s.status, s.krop)
	}
	krop := h.side(sti + "?gjort=liste-aendret")
	h.har(krop, "Listen er ændret", "2 værdier vises ikke", "tilføjede 2 værdier", "kvartalets liste", "oprettede listen")
	h.har(h.side("/lister"), "borgere", "relateret", "Kirsten Drift")
	if s = h.aendr("borgere", "fjern", "0101700002"); s.status != http.StatusSeeOther {
		t.Errorf("%d %s", s.status, s.krop)
	}
	h.har(h.side(sti), "1 værdi vises ikke", "fjernede 1 værdi")
	for _, l := range h.handlinger("") {
		if strings.Contains(fmt.Sprint(l), "10170") {
			t.Errorf("a person's number in the log: %+v", l)
		}
	}
	h.harIkke(krop, "0101700001", "0101700002", "010170-0002")
}

// TestErDenPaaListen asks about a value. About a person it takes a reason, and is logged by pseudonym.
func TestErDenPaaListen(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 53")
	h := nytHus(t)
	h.nyListen("borgere", "relateret")
	h.nyListen("emner", "opgaveemne")
	h.aendr("borgere", "tilfoej", "0101700001")
	h.aendr("emner", "tilfoej", "27.*\n02.34.02")
	for navn, c := range map[string]struct {
		liste, vaerdi, hvorfor string
		status                 int
		svar                   string
	}{
		"er der":           {"borgere", "010170-0001", "indsigt", http.StatusOK, "Værdien er på listen"},
		"er der ikke":      {"borgere", "0101700002", "indsigt", http.StatusOK, "Værdien er ikke på listen"},
		"uden begrundelse": {"borgere", "0101700001", "", http.StatusBadRequest, "Skriv en begrundelse"},
		"ingen værdi":      {"borgere", "Hansen", "indsigt", http.StatusBadRequest, "er hverken en UUID"},
		"et emne under":    {"emner", "27.03.08", "", http.StatusOK, "Værdien er på listen"},
		"et andet emne":    {"emner", "02.34.03", "", http.StatusOK, "Værdien er ikke på listen"},
	} {
		s := h.post("/lister/"+c.liste, "/lister/"+c.liste+"/slaa-op", map[string]string{"vaerdi": c.vaerdi, "begrundelse": c.hvorfor})
		if s.status != c.status || s.hoved.Get("Location") != "" {
			t.Errorf("%s: %d", navn, s.status)
		}
		h.har(s.krop, c.svar)
		h.velformet(navn, s.krop)
	}
	opslag := 0
	for _, l := range h.handlinger("") {
		if l.Hvad == "slaa-op-i-liste" {
			opslag++
			if l.Begrundelse != "indsigt" || strings.Contains(l.Maal, "0101700") {
				t.Errorf("%+v", l)
			}
		}
	}
	if opslag != 2 {
		t.Errorf("%d lookups logged", opslag)
	}
	h.har(h.side("/lister/emner"), "<code>27.*</code>", "<code>02.34.02</code>")
}

// TestEnListeMedFejlAendresIkke, and the wrong lines are told of by number, not by value.
func TestEnListeMedFejlAendresIkke(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	h.nyListen("borgere", "relateret")
	const sti = "/lister/borgere"
	s := h.post(sti, sti+"/aendr", map[string]string{"hvad": "tilfoej", "vaerdier": "0101700001\nHansen", "handling": "afproev"})
	if s.status != http.StatusBadRequest {
		t.Errorf("%d", s.status)
	}
	h.har(s.krop, "linje 2", "er hverken en UUID", `id="vaerdier-fejl"`, "Hansen</textarea>")
	h.harIkke(s.krop, `name="afproevet"`)
	h.velformet("fejl", s.krop)
	for navn, felter := range map[string]map[string]string{"tom": {"hvad": "tilfoej", "vaerdier": " \n"}, "ukendt": {"hvad": "slet alt", "vaerdier": "x"}} {
		if s := h.post(sti, sti+"/aendr", felter); s.status != http.StatusBadRequest {
			t.Errorf("%s: %d", navn, s.status)
		}
	}
	for sti, vil := range map[string]int{"/lister/findes-ikke": http.StatusNotFound, "/lister/borgere?efter=x": http.StatusBadRequest} {
		if s := h.hent(sti); s.status != vil {
			t.Errorf("%s: %d", sti, s.status)
		}
	}
	for navn, felter := range map[string]map[string]string{"navn": {"navn": "Store Bogstaver", "noegle": "relateret", "begrundelse": "x"}, "noegle": {"navn": "x", "noegle": "ukendt", "begrundelse": "x"}, "begrundelse": {"navn": "x", "noegle": "relateret"}} {
		s := h.post("/opret/liste", "/opret/liste", felter)
		if s.status != http.StatusBadRequest {
			t.Errorf("%s: %d", navn, s.status)
		}
		h.har(s.krop, `id="`+navn+`-fejl"`)
		h.velformet(navn, s.krop)
	}
}

// TestEnListeSlettesKunNaarIngenBrugerDen.
func TestEnListeSlettesKunNaarIngenBrugerDen(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	h.nyListen("emner", "opgaveemne")
	h.opretGIS(`{"opgaveemne": {"liste": "emner"}}`)
	const sti = "/lister/emner"
	h.har(h.side(sti), `href="/abonnementer/gis.sager"`, "kan ikke slettes")
	h.har(h.side("/abonnementer/gis.sager"), `er på listen <a href="/lister/emner">`)
	if s := h.post(sti, sti+"/slet", map[string]string{"begrundelse": "ryddes op"}); s.status != http.StatusConflict {
		t.Errorf("%d", s.status)
	}
	h.maa(h.d.LukAbonnement(t.Context(), "gis.sager", true, hvemSomHelst("udfases")))
	if s := h.post(sti, sti+"/slet", nil); s.status != http.StatusBadRequest || !strings.Contains(s.krop, `id="slet-begrundelse-fejl"`) {
		t.Errorf("%d %s", s.status, s.krop)
	}
	if s := h.post(sti, sti+"/slet", map[string]string{"begrundelse": "ryddes op"}); s.status != http.StatusSeeOther {
		t.Fatalf("%d %s", s.status, s.krop)
	}
	if l := h.handlinger("liste emner"); l[0].Hvad != "slet" || l[0].Begrundelse != "ryddes op" {
		t.Errorf("%+v", l)
	}
	h.har(h.side("/lister?gjort=liste-slettet"), "Listen er slettet.", "Der er ingen værdilister endnu.")
}

// TestStoreListerVisesIDele, each value once.
func TestStoreListerVisesIDele(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	_, err := h.d.OpretListe(t.Context(), mox.Vaerdiliste{Navn: "systemer", Noegle: "kildesystem"}, hvemSomHelst("prøve"))
	h.maa(err)
	_, err = h.d.AendrListe(t.Context(), "systemer", distributor.ListeTilfoej, func(yield func(string, error) bool) {
		for i := range listevaerdier + 5 {
			if !yield(fmt.Sprintf("system-%03d", i), nil) {
				return
			}
		}
	}, hvemSomHelst("prøve"))
	h.maa(err)
	foerste := h.side("/lister/systemer")
	_, rest, _ := strings.Cut(foerste, `<a class="knap" href="/lister/systemer?efter=`)
	efter, _, _ := strings.Cut(rest, `"`)
	anden := h.side("/lister/systemer?efter=" + efter)
	if f, a := strings.Count(foerste, "<code>system-"), strings.Count(anden, "<code>system-"); f != listevaerdier || a != 5 {
		t.Errorf("%d and %d values", f, a)
	}
	h.har(anden, "Forfra")
}

// TestHvemDerKunMaaSeAendrerIngenLister.
func TestHvemDerKunMaaSeAendrerIngenLister(t *testing.T) {
	t.Parallel()
	h := nytHus(t, func(o *Options) { o.MaaHandle = func(*http.Request) bool { return false } })
	h.nyListen("emner", "opgaveemne")
	h.medRolle(auth.Laeser)
	h.harIkke(h.side("/lister/emner"), "/aendr", "/slaa-op", "/slet")
	for _, del := range []string{"/aendr", "/slaa-op", "/slet"} {
		if s := h.post("/lister", "/lister/emner"+del, map[string]string{"hvad": "tilfoej", "vaerdier": "27.*", "vaerdi": "27.*", "begrundelse": "x"}); s.status != http.StatusForbidden {
			t.Errorf("%s: %d", del, s.status)
		}
	}
}

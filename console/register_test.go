package console

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/register"
)

// registeret is what the register has in a test: a Sag that has been corrected in both times and has personal data, and a
// Klasse, which everyone may see.
type registeret struct{ sag, klasse mox.ObjektID }

func fraDag(t string) mox.Virkning {
	tid, err := mox.LaesTidspunkt(t)
	if err != nil {
		panic(err)
	}
	return mox.Fra(tid)
}

func sagsindhold(titel string, v mox.Virkning) mox.Registrering {
	return mox.Registrering{
		Attributter: map[string][]mox.Attribut{"sagegenskaber": {{Virkning: v, Felter: map[string]string{"brugervendtnoegle": "2026-0101", "sagsnummer": "2026-0101", "titel": titel, "beskrivelse": "Garage", "kassationskode": "B"}}}},
		Tilstande:   map[string][]mox.Tilstand{"sagfremdrift": {{Vaerdi: "Opstaaet", Virkning: v}}},
		Relationer: map[string][]mox.Relation{"primaerpart": {{Reference: mox.Reference{URN: "urn:oio:cpr-nr:0102031234"}, Virkning: v}},
			"ejer":          {{Reference: mox.Reference{URN: "urn:oio:cvr:29189447"}, Virkning: v}},
			"primaerklasse": {{Reference: mox.Reference{UUID: "5f89e944-8dee-5308-a0c2-5037a2f1a1d9"}, ObjektType: "Klasse", Virkning: v}}},
	}
}

func (h *hus) fyldRegister() (ud registeret) {
	h.Helper()
	r := register.New(h.d, register.Options{})
	hvem := register.Hvem{Navn: "hanne", Adgang: register.FuldAdgang()}
	ny, err := r.Opret(h.Context(), hvem, mox.Sag, sagsindhold("Opførelse af carport", fraDag("2025-03-01")))
	h.maa(err)
	ud.sag = ny.ObjektID
	for _, x := range []mox.Registrering{
		{NoteTekst: "ny note <script>alert(1)</script>", Attributter: map[string][]mox.Attribut{"sagegenskaber": {{Virkning: fraDag("2026-02-01"), Felter: map[string]string{"titel": `Tilbygning <script>alert(1)</script>`}}}}},
		{Tilstande: map[string][]mox.Tilstand{"sagfremdrift": {{Vaerdi: "Oplyst", Virkning: fraDag("2025-09-01")}}}, Relationer: map[string][]mox.Relation{"primaerklasse": {{Virkning: fraDag("2025-03-01")}}}},
	} {
		_, err = r.Ret(h.Context(), hvem, mox.Sag, ud.sag, "", x)
		h.maa(err)
	}
	ud.klasse = "5f89e944-8dee-5308-a0c2-5037a2f1a1d9"
	_, err = r.Importer(h.Context(), hvem, mox.Klasse, ud.klasse, "", mox.Registrering{
		Attributter: map[string][]mox.Attribut{"klasseegenskaber": {{Virkning: fraDag("1988-01-01"), Felter: map[string]string{"brugervendtnoegle": "27.35.04", "titel": "Hjælpemidler", "beskrivelse": "Emnet dækker:\n- <b>stole</b>"}}}},
		Tilstande:   map[string][]mox.Tilstand{"klassepubliceret": {{Vaerdi: "Publiceret", Virkning: fraDag("1988-01-01")}}},
		Relationer:  map[string][]mox.Relation{"overordnetklasse": {{Reference: mox.Reference{UUID: "bf6ef52a-fbf6-525d-b9f3-ce7d1512b753"}, ObjektType: "Klasse", Virkning: fraDag("1988-01-01")}}},
	})
	h.maa(err)
	return ud
}

// registersider are the addresses of the register's pages.
func (h *hus) registersider() []string {
	h.Helper()
	x := h.fyldRegister()
	sag := registerSti(mox.Sag, x.sag)
	return []string{"/register", "/register?type=Sag", "/register?type=Klasse&tekst=hj%C3%A6lp", "/register?type=Sag&tekst=altan", "/register?type=Sag&bvn=findes-ikke", "/register?person=1",
		sag, sag + "?virk=2025-10-01", sag + "?reg=2001-01-01", registerSti(mox.Klasse, x.klasse), sag + "/glem", "/register/glemte", "/register/glemte?aabne=1"}
}

func TestRegistersoegning(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	h.har(h.side("/register"), "Registeret er tomt")
	x := h.fyldRegister()
	h.har(h.side("/register"), `href="/register?type=Sag"`, `href="/register?type=Klasse"`)
	for _, c := range []struct {
		sti    string
		fundet bool
	}{
		{"?type=Sag", true},
		{"?type=Sag&bvn=2026-01", true},
		{"?type=Sag&bvn=2026%25", false}, // % is itself
		{"?type=Sag&bvn=0101", false},
		{"?type=Sag&relation=urn:oio:cvr-nr:12345678", false},
		{"?type=Sag&relation=29189447", true},
		{"?type=Sag&relation=29189448", false},
		{"?type=Dokument", false},
		{"?type=Sagsmappe", false},
	} {
		if s := h.side("/register" + c.sti); strings.Contains(s, registerSti(mox.Sag, x.sag)) != c.fundet {
			t.Errorf("%s: %t", c.sti, !c.fundet)
		}
	}
	h.har(h.side("/register?type=Klasse&tekst=HJÆLPE"), "27.35.04", "Hjælpemidler")
	h.har(h.side("/register?type=Klasse&relation=bf6ef52a-fbf6-525d-b9f3-ce7d1512b753"), "27.35.04")
	h.har(h.side("/register?type=Klasse&tekst=findes-ikke"), "Ingen objekter passer")
	if s := h.hent("/register?type=Sag&relation=noget"); s.status != http.StatusBadRequest || !strings.Contains(s.krop, "hverken en UUID") {
		t.Errorf("%d %s", s.status, s.krop)
	}
	for _, sti := range []string{"/register/Sag/" + string(x.klasse), "/register/Sag/hej", "/register/Sagsmappe/" + string(x.sag), registerSti(mox.Klasse, x.sag)} {
		if s := h.hent(sti); s.status != http.StatusNotFound && s.status != http.StatusBadRequest {
			t.Errorf("%s: %d", sti, s.status)
		}
	}
	if s := h.hent(registerSti(mox.Sag, x.sag) + "?virk=i-gaar"); s.status != http.StatusBadRequest {
		t.Errorf("%d", s.status)
	}
}

// TestRegisterSider goes through more objekter than a page shows.
func TestRegisterSider(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	r := register.New(h.d, register.Options{})
	for range sidelaengde + 3 {
		_, err := r.Opret(t.Context(), register.Hvem{Navn: "hanne", Adgang: register.FuldAdgang()}, mox.Sag, sagsindhold("Carport", fraDag("2025-03-01")))
		h.maa(err)
	}
	linjer := func(s string) int { return strings.Count(s, `<th scope="row">`) }
	foerste := h.side("/register?type=Sag&bvn=2026")
	m := regexp.MustCompile(`<a class="knap" href="(/register[^"]+)"`).FindStringSubmatch(foerste)
	if m == nil || linjer(foerste) != sidelaengde {
		t.Fatalf("%d rows\n%s", linjer(foerste), foerste)
	}
	if anden := h.side(strings.ReplaceAll(m[1], "&amp;", "&")); linjer(anden) != 3 || strings.Contains(anden, "Næste side") {
		t.Errorf("%d rows", linjer(anden))
	}
	felter := map[string]string{"type": "Sag", "tekst": "carport", "begrundelse": "afprøvning"}
	if s := h.post("/register", "/register/indhold", felter).krop; linjer(s) != sidelaengde || !strings.Contains(s, `name="fra" value="50"`) {
		t.Errorf("%d rows", linjer(s))
	}
	felter["fra"] = "50"
	if s := h.post("/register", "/register/indhold", felter).krop; linjer(s) != 3 {
		t.Errorf("%d rows", linjer(s))
	}
}

// TestRegisterSkjulerPersonoplysninger looks for content where no reason has been given, and in what is logged where one has.
func TestRegisterSkjulerPersonoplysninger(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 53")
	h := nytHus(t)
	x := h.fyldRegister()
	sag := registerSti(mox.Sag, x.sag)
	for _, sti := range h.registersider() {
		h.harIkke(h.side(sti), "0102031234", "carport", "Tilbygning", "Garage", "ny note")
	}
	if l := h.handlinger(""); len(l) != 0 {
		t.Errorf("%+v", l)
	}
	// A number in an address is not searched for.
	for _, felt := range []string{"bvn", "tekst", "relation"} {
		if s := h.hent("/register?type=Sag&" + felt + "=010203-1234"); s.status != http.StatusSeeOther || strings.Contains(s.hoved.Get("Location"), "1234") {
			t.Errorf("%s: %d %s", felt, s.status, s.hoved.Get("Location"))
		}
	}
	for _, felter := range []map[string]string{{"type": "Sag", "tekst": "carport"}, {"type": "Sag", "begrundelse": "x"}, {"tekst": "x", "begrundelse": "x"}, {"type": "Sag", "relation": "noget", "begrundelse": "indsigt"}} {
		if s := h.post("/register", "/register/indhold", felter); s.status != http.StatusBadRequest || strings.Contains(s.krop, string(x.sag)) {
			t.Errorf("%v: %d", felter, s.status)
		}
	}
	fundet := h.post("/register", "/register/indhold", map[string]string{"type": "Sag", "relation": "010203-1234", "begrundelse": "indsigt 0102031234"})
	h.har(fundet.krop, sag, "Tilbygning &lt;script&gt;")
	h.harIkke(h.post("/register", "/register/indhold", map[string]string{"type": "Sag", "relation": "010203-1235", "begrundelse": "indsigt"}).krop, sag)
	if l := h.handlinger("register Sag"); len(l) == 0 || l[0].Hvad != "soeg-register" || l[0].Hvem != "Kirsten Drift" || strings.Contains(l[len(l)-1].Begrundelse+l[0].Begrundelse, "0102031234") {
		t.Errorf("%+v", l)
	}

	if s := h.post(sag, sag+"/indhold", map[string]string{"begrundelse": " "}); s.status != http.StatusBadRequest || strings.Contains(s.krop, "Garage") {
		t.Errorf("%d %s", s.status, s.krop)
	}
	aabnet := h.post(sag, sag+"/indhold", map[string]string{"begrundelse": "klage"})
	h.har(aabnet.krop, "Tilbygning &lt;script&gt;", "urn:oio:cpr-nr:0102031234", "Garage", "ny note &lt;script&gt;", "Det er logget")
	h.velformet("åbnet", aabnet.krop)
	if l := h.handlinger("registerobjekt " + string(x.sag)); len(l) != 1 || l[0].Hvad != "vis-indhold" || l[0].Begrundelse != "klage" {
		t.Errorf("%+v", l)
	}
}

// TestObjektetITid looks at a Sag as it was, along both axes.
func TestObjektetITid(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	x := h.fyldRegister()
	sag := registerSti(mox.Sag, x.sag)
	nu := h.side(sag)
	h.har(nu, "Sådan ser det ud nu", "Opstået", "Rettet", "nu</text>", "Indhold A", "Indhold B", ">Oplyst</text>")
	h.harIkke(nu, "anderledes nu", "Alt var")

	// Two years ago there was nothing; before the first change another title; before the register knew, nothing.
	h.har(h.side(sag+"?virk=2024-01-01"), "felter er anderledes end nu")
	da := h.side(sag + "?virk=2025-04-01")
	h.har(da, "2 felter er anderledes end nu", "anderledes nu") // titel and fremdrift
	h.har(h.side(sag+"?reg=2001-01-01"), "kendte ikke objektet")
	h.har(h.side(sag+"?virk=2026-03-01"), "Alt var, som det er nu")

	aabnet := h.post(sag, sag+"/indhold", map[string]string{"begrundelse": "klage", "virk": "2025-04-01"}).krop
	h.har(aabnet, "Opførelse af carport", "Tilbygning", "Opstaaet", "Oplyst")

	// Every place in the picture leads to a page.
	steder := regexp.MustCompile(`<a href="([^"]+)" tabindex="-1">`).FindAllStringSubmatch(nu, -1)
	if len(steder) != 2*3*4 { // two pictures, three registreringer, four intervals
		t.Fatalf("%d places", len(steder))
	}
	reg, virk := 0, 0
	for _, m := range steder {
		u, err := url.Parse(strings.ReplaceAll(m[1], "&amp;", "&"))
		h.maa(err)
		if u.Query().Has("reg") {
			reg++
		}
		if u.Query().Has("virk") {
			virk++
		}
		h.har(h.side(u.String()), `class="punktet"`)
	}
	sidste, err := url.Parse(strings.ReplaceAll(steder[len(steder)-1][1], "&amp;", "&"))
	h.maa(err)
	h.har(h.post(sag, sag+"/indhold", map[string]string{"begrundelse": "klage", "reg": sidste.Query().Get("reg")}).krop, ">27.35.04 Hjælpemidler</a>", "urn:oio:cpr-nr")
	if reg != 2*2*4 || virk != 2*3*3 {
		t.Errorf("%d with registreringstid, %d with virkningstid", reg, virk)
	}
	klasse := h.side(registerSti(mox.Klasse, x.klasse))
	h.har(klasse, "Hjælpemidler", "&lt;b&gt;stole", `href="/register/Klasse/bf6ef52a-fbf6-525d-b9f3-ce7d1512b753"`)
	h.harIkke(klasse, "Vis indhold")
}

// TestMangeRegistreringer is an objekt with more registreringer and more changes than are drawn.
func TestMangeRegistreringer(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	x := h.fyldRegister()
	r := register.New(h.d, register.Options{})
	for i := range maksHistorik {
		v := fraDag("2026-03-01")
		tid, _ := v.Fra.Tid()
		v.Fra = mox.Kl(tid.AddDate(0, i%15, 0))
		_, err := r.Ret(t.Context(), register.Hvem{Navn: "hanne", Adgang: register.FuldAdgang()}, mox.Sag, x.sag, "", mox.Registrering{Attributter: map[string][]mox.Attribut{"sagegenskaber": {{Virkning: v, Felter: map[string]string{"titel": "Nr. " + v.Fra.String() + string(rune('a'+i/15))}}}}})
		h.maa(err)
	}
	s := h.side(registerSti(mox.Sag, x.sag))
	h.har(s, "De 100 nyeste vises", "Kun de nyeste registreringer")
	h.velformet("mange", s)
	if n := strings.Count(s, `class="etiket-tid"`); n != 2*billedraekker {
		t.Errorf("%d rows", n)
	}
	if n := strings.Count(s, `class="skift"`); n != 2*billedskift {
		t.Errorf("%d changes", n)
	}
}

// TestKlikIBilledet chooses a point in the picture with the mouse, and sees the values that a reason opens.
func TestKlikIBilledet(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	x := h.fyldRegister()
	sag := registerSti(mox.Sag, x.sag)
	b := nyBrowser(h)
	for _, s := range []skaerm{{"1280", 1280, 900, "light"}, {"1280-moerk", 1280, 900, "dark"}, {"320", 320, 640, "light"}} {
		billede := ".billede-bred"
		if s.bredde < 900 {
			billede = ".billede-smal"
		}
		b.brug(s)
		b.aabn(sag)
		b.har(b.tekst(), "Sådan ser det ud nu")
		b.ligger(s.navn, sag)
		b.billede("register-" + s.navn + "-sag")
		_, err := chromedp.RunResponse(b.ctx, chromedp.Click(chromedp.CSS(billede+" a:nth-of-type(6) .vaelg")))
		b.maa(err)
		b.har(b.tekst(), "Sådan så det ud", "anderledes end nu")
		b.ligger(s.navn, "valgt")
		b.billede("register-" + s.navn + "-valgt")
		b.skriv("#begrundelse", "afprøvning")
		b.klik(".aabn button")
		b.har(b.tekst(), "Opførelse af carport", "Det er logget")
		b.ligger(s.navn, "åbnet")
		b.billede("register-" + s.navn + "-aabnet")
		b.klik(".tidsvalg button")
		b.har(b.tekst(), "Opførelse af carport", "Det er logget")
	}
}

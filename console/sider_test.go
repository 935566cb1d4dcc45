package console

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/conformance"
)

// alleSider are the addresses of a page of every kind in a world where everything has happened.
func (h *hus) alleSider(a alt) []string {
	h.Helper()
	ud := []string{"/", "/beskeder", "/fejl", "/fejl?ansvar=modtager", "/fejl?lukkede=1", "/agenter", "/alarmer", "/processer", "/processer?tilstand=igang", "/gevinster", "/gevinster?fra=2020-01-01&til=2026-01-01&myndighed=29189803", "/gevinster/angiv", "/abonnementer/esdh.sager/pause", "/abonnementer", "/abonnementer/esdh.sager", "/opret/abonnement", "/lister", "/opret/liste",
		"/fejl/gruppe?handling=gensend&kode=409", "/fejl/gruppe?handling=luk"}
	for _, id := range []int64{a.fejl409, a.fejl422, a.fejlUvis, a.fejlPost, a.fejlBesked} {
		ud = append(ud, fejlsti(id))
	}
	ud = append(ud, h.registersider()...)
	u := h.fejl(a.fejlUvis)
	return append(ud, forloebSti(a.leveret), forloebSti(a.parkeret422), forloebSti(a.uvis), forloebSti(u.Opgave.Besked.ObjektID), forloebSti(u.Opgave.Besked.ProcesID[0]))
}

// aabnede are the pages that only a form with a reason leads to, by name.
func (h *hus) aabnede(a alt) map[string]svaret {
	h.Helper()
	grund := map[string]string{"begrundelse": "afprøvning <script>alert(9)</script>"}
	nr := h.fejl(a.fejl409).Opgave.Besked.Nr
	ud := map[string]svaret{"indhold": h.post("/beskeder", fmt.Sprintf("/beskeder/%d/indhold", nr), grund),
		"person": h.post("/beskeder", "/beskeder/person", map[string]string{"relateret": "010203-1234", "begrundelse": "indsigt"})}
	for navn, id := range map[string]int64{"409": a.fejl409, "422": a.fejl422, "uvis": a.fejlUvis, "post": a.fejlPost, "besked": a.fejlBesked} {
		ud[navn] = h.post(fejlsti(id), fejlsti(id, "/aabn"), grund)
	}
	return ud
}

func TestHverSideVisesPaaBeggeSprog(t *testing.T) {
	t.Parallel()
	h := nytHus(t, func(o *Options) {
		o.Demo, o.DemoTrin = true, []DemoTrin{{Da: "Prøv det her", En: "Try this", Sti: "/fejl"}}
	})
	a := h.fyld()
	for _, sti := range h.alleSider(a) {
		for _, sprog := range []string{dansk, engelsk} {
			s := h.hent(sti, sprog)
			if s.status != http.StatusOK {
				t.Errorf("%s (%s): %d\n%s", sti, sprog, s.status, s.krop)
			}
			h.har(s.krop, `<html lang="`+sprog+`">`)
			h.velformet(sti+" ("+sprog+")", s.krop)
		}
	}
	for navn, s := range h.aabnede(a) {
		if s.status != http.StatusOK {
			t.Errorf("%s: %d", navn, s.status)
		}
		h.velformet(navn, s.krop)
	}
	h.har(h.hent("/", dansk).krop, "Prøv selv", "Prøv det her")
	h.har(h.hent("/", engelsk).krop, "Try it yourself", "Try this")
}

// TestIntetBliverTilMarkup puts markup into everything that others can write.
func TestIntetBliverTilMarkup(t *testing.T) {
	t.Parallel()
	const ondt = `"><script>alert(7)</script><img src=x onerror=alert(8)>`
	h := nytHus(t, func(o *Options) {
		o.Bruger = func(*http.Request) string { return ondt }
		o.Version = ondt
		o.Demo, o.DemoTrin = true, []DemoTrin{{Da: ondt, En: ondt, Sti: "javascript:alert(1)"}}
		l := landskab()
		l.Systemer = append(l.Systemer, System{Navn: ondt, Leverandoer: ondt, Adresse: "javascript:alert(1)"})
		l.Flows = append(l.Flows, Flow{Fra: ondt, Kilde: ondt + "/" + ondt})
		o.Landskab = func() Landskab { return l }
	})
	a := h.fyld()
	h.maa(h.d.Pause(t.Context(), breve, true, hvemSomHelst(ondt)))
	_, err := h.d.Accept(t.Context(), ondt, mox.Besked{ID: "urn:x:" + ondt, Type: ondt, ObjektID: "6f0f7b3e-5a1c-4b5c-9c53-0d6f0a1b2c3d", ObjektType: mox.Sag, Handling: ondt, Opgaveemne: ondt,
		Tilstand: ondt, Bruger: ondt, Kildesystem: ondt, Registreringstid: h.nu(), Objektreference: ondt, Indholdstype: "text/html", Indhold: []byte(ondt)})
	h.maa(err)
	steder := h.alleSider(a)
	steder = append(steder, forloebSti("urn:x:"+ondt), "/beskeder?id="+"%22%3E%3Cscript%3Ealert(7)%3C/script%3E", "/beskeder?type=%3Cscript%3E", "/fejl?kode=%22%3E%3Cscript%3E", "/fejl?gjort=%3Cscript%3E", "/%3Cscript%3E",
		"/processer?navn=%3Cscript%3E")
	sider := map[string]string{}
	for _, sti := range steder {
		sider[sti] = h.hent(sti).krop
		sider[sti+" (en)"] = h.hent(sti, engelsk).krop
	}
	for navn, s := range h.aabnede(a) {
		sider[navn] = s.krop
	}
	for navn, krop := range sider {
		for _, m := range []string{"<script>", "<img src=x", "<b>her", "javascript:", `onerror="alert`} {
			if strings.Contains(krop, m) {
				t.Errorf("%s: %q has become markup", navn, m)
			}
		}
		h.velformet(navn, krop)
	}
}

// TestPersonoplysningerVisesKunMedBegrundelse looks for content on every page that is open without a reason.
func TestPersonoplysningerVisesKunMedBegrundelse(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 53")
	h := nytHus(t)
	a := h.fyld()
	for _, sti := range h.alleSider(a) {
		h.harIkke(h.side(sti), "0102031234", "010203", "carport", "Tilbygning", "Journaliseret 1", "Garage")
	}
	if l := h.handlinger(""); len(l) != 0 {
		t.Errorf("nothing has been done, but the log says %+v", l)
	}
	aabne := h.aabnede(a)
	h.har(aabne["indhold"].krop, "Tilbygning &lt;script&gt;", "urn:oio:cpr-nr:0102031234", "modtaget&#34;: &#34;0102031234")
	h.har(aabne["post"].krop, "2026-0006;Sønderbro 5;;Garage")
	h.har(aabne["422"].krop, "Ny altan, Ærøgade 7", "urn:oio:kle:02.99.99", `name="v.relationer.primaerklasse"`)
	h.har(aabne["uvis"].krop, "Journaliseret 1")
	for maal, vil := range map[string]string{fejlmaal(a.fejlPost): "vis-indhold", fejlmaal(a.fejl422): "vis-indhold", fmt.Sprintf("besked %d", h.fejl(a.fejl409).Opgave.Besked.Nr): "vis-indhold"} {
		if l := h.handlinger(maal); len(l) != 1 || l[0].Hvad != vil || l[0].Hvem != "Kirsten Drift" || l[0].Begrundelse == "" {
			t.Errorf("%s: %+v", maal, l)
		}
	}
	for _, sti := range []string{fejlsti(a.fejl422, "/aabn"), fmt.Sprintf("/beskeder/%d/indhold", h.fejl(a.fejl409).Opgave.Besked.Nr)} {
		s := h.post("/beskeder", sti, map[string]string{"begrundelse": "  "})
		if s.status != http.StatusBadRequest {
			t.Errorf("%s: %d", sti, s.status)
		}
		h.harIkke(s.krop, "0102031234", "altan", "Tilbygning")
		h.har(s.krop, "begrundelse")
	}
}

// TestEtCPRNummerIBegrundelsenGemmesIkke: people write what they should not.
func TestEtCPRNummerIBegrundelsenGemmesIkke(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	a := h.fyld()
	h.post(fejlsti(a.fejl409), fejlsti(a.fejl409, "/luk"), map[string]string{"begrundelse": "borgeren 010203-1234 er død"})
	if f := h.fejl(a.fejl409).Fejl; f.Aaben || f.Begrundelse != "borgeren ******-**** er død" {
		t.Errorf("%+v", f)
	}
}

func TestForloebetFoelgerEnBeskedTilEnde(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 49")
	h := nytHus(t)
	a := h.fyld()
	u := h.fejl(a.fejlUvis)
	for navn, sti := range map[string]string{"besked": forloebSti(a.uvis), "proces": forloebSti(u.Opgave.Besked.ProcesID[0])} {
		krop := h.side(sti)
		h.har(krop, "Journalisering", "svar kommet", "Levering til", "forsendelse.breve", "uvist udfald", "intet svar inden 30 sek.", fejlsti(a.fejlUvis), "sendt til 1 modtager")
		if navn == "proces" {
			h.har(krop, "2 beskeder", "forårsaget af nr. 1", `href="#besked-1"`)
		}
	}
	h.post(fejlsti(a.fejlUvis), fejlsti(a.fejlUvis, "/skete-ikke"), map[string]string{"begrundelse": "Ringet til Forsendelse"})
	krop := h.side(forloebSti(u.Opgave.Besked.ObjektID))
	h.har(krop, "omgang 2", "Løst: svarede, at det ikke skete af Kirsten Drift", "Ringet til Forsendelse")
	krop = h.side(forloebSti(a.parkeret409))
	h.har(krop, "kræver handling", "afvist", "<code>409</code>")
	if s := h.hent(forloebSti("findes-ikke")); s.status != http.StatusNotFound {
		t.Errorf("%d", s.status)
	}
}

func TestOverblikketTaeller(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	h.fyld()
	krop := h.side("/")
	h.har(krop, "5 fejl venter på behandling", "esdh.sager", "1 leveret", "2 kræver handling", "1 med uvist udfald", "1 post kunne ikke bruges", "6 beskeder", "Afsenderens opgave",
		"1 afsluttet", "2 fejlet", "Slettet efter bevaring", "Forsøg og svar", "4.104", "Nordlys Fagsystemer", `href="http://127.0.0.1:9/byggesag"`)
	del := h.side("/?del=1")
	h.harIkke(del, "<html", "<header")
	h.har(del, "5 fejl venter på behandling", "<svg")
	if s := h.hent("/?del=1"); s.hoved.Get("X-Aabne-Fejl") != "5" {
		t.Errorf("%q", s.hoved.Get("X-Aabne-Fejl"))
	}
}

// TestOverblikketViserEfterlevering of one who is getting what came before it.
func TestOverblikketViserEfterlevering(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	h.fyld()
	_, err := h.d.Efterlever(t.Context(), journal, distributor.Efterleveringsvalg{Fra: 1}, distributor.Hvem{Navn: "Kirsten"})
	h.maa(err)
	h.har(h.side("/?del=1"), "får tidligere beskeder: 0 % af loggen er set, og 0 beskeder er med")
	h.har(h.hent("/?del=1", engelsk).krop, "getting earlier messages: 0% of the log read")
}

// TestUdenLandskab draws what can be seen of the landscape in abonnementer and sources.
func TestUdenLandskab(t *testing.T) {
	t.Parallel()
	h := nytHus(t, func(o *Options) { o.Landskab, o.Agenter = nil, nil })
	a := h.fyld()
	h.har(h.side("/"), "byggesag.journalnummer", ">ESDH<", ">Forsendelse<", "3 venter")
	h.har(h.side("/beskeder"), "<option>byggesag</option>", "<option>ESDH</option>")
	h.harIkke(h.side(fejlsti(a.fejlUvis)), "Det skete</button>") // no agent here can take the answer
	h.harIkke(h.side(fejlsti(a.fejlPost)), "Vis og ret")
	if s := h.post(fejlsti(a.fejlUvis), fejlsti(a.fejlUvis, "/skete"), map[string]string{"begrundelse": "x"}); s.status != http.StatusConflict {
		t.Errorf("%d", s.status)
	}
	if s := h.post(fejlsti(a.fejlPost), fejlsti(a.fejlPost, "/ret"), map[string]string{"raa": "x", "begrundelse": "x"}); s.status != http.StatusConflict {
		t.Errorf("%d", s.status)
	}
}

func TestEnTomInstallation(t *testing.T) {
	t.Parallel()
	h := nytHus(t, func(o *Options) { o.Landskab = nil })
	h.maa(h.d.Konfigurer(t.Context(), nil, nil))
	for sti, vil := range map[string]string{"/": "Der er ingen systemer endnu", "/beskeder": "Der er ingen beskeder endnu", "/fejl": "Ingen fejl venter", "/agenter": "Der er ingen modtagere endnu", "/alarmer": "Ingen alarmer står",
		"/processer": "Ingen processer at vise", "/beskeder?id=x": "Ingen beskeder passer", "/fejl?kode=x": "Ingen fejl passer"} {
		h.har(h.side(sti), vil)
	}
}

func TestSoegning(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	a := h.fyld()
	u := h.fejl(a.fejlUvis)
	raekker := func(sti string) int { return strings.Count(h.side(sti), `title="`) }
	alle := raekker("/beskeder")
	for navn, sti := range map[string]string{"besked": "/beskeder?id=" + string(a.leveret), "objekt": "/beskeder?id=" + string(u.Opgave.Besked.ObjektID), "proces": "/beskeder?id=" + u.Opgave.Besked.ProcesID[0],
		"system": "/beskeder?system=Byggesag", "type": "/beskeder?type=Fejlbesked"} {
		krop := h.side(sti)
		if n := strings.Count(krop, "<th scope=\"row\">"); n == 0 || n >= alle {
			t.Errorf("%s: %d rows", navn, n)
		}
	}
	if n := strings.Count(h.side("/beskeder?id="+u.Opgave.Besked.ProcesID[0]), `<th scope="row">`); n != 2 {
		t.Errorf("the process has %d beskeder", n)
	}
}

// TestEnPersonSoegesAldrigIAdressen searches by number: in a form, with a reason, logged by pseudonym.
func TestEnPersonSoegesAldrigIAdressen(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 53")
	h := nytHus(t)
	h.fyld()
	for _, sti := range []string{"/beskeder?id=010203-1234", "/beskeder?id=0102031234", "/beskeder?type=0102031234"} {
		if s := h.hent(sti); s.status != http.StatusSeeOther || s.hoved.Get("Location") != "/beskeder?person=1" {
			t.Errorf("%s: %d %s", sti, s.status, s.hoved.Get("Location"))
		}
	}
	h.har(h.side("/beskeder?person=1"), "lignede et CPR-nummer")
	s := h.post("/beskeder", "/beskeder/person", map[string]string{"relateret": "0102031234", "begrundelse": "anmodning om indsigt"})
	if n := strings.Count(s.krop, `<th scope="row">`); s.status != http.StatusOK || n != 7 {
		t.Errorf("%d, %d rows", s.status, n)
	}
	l := h.handlinger("")
	if len(l) != 1 || l[0].Hvad != "soeg-person" || strings.Contains(l[0].Maal, "0102031234") || l[0].Antal != 7 {
		t.Errorf("%+v", l)
	}
	for navn, felter := range map[string]map[string]string{"uden begrundelse": {"relateret": "0102031234"}, "intet nummer": {"relateret": "Hansen", "begrundelse": "x"}} {
		s := h.post("/beskeder", "/beskeder/person", felter)
		if s.status != http.StatusBadRequest || strings.Contains(s.krop, `<th scope="row">`) {
			t.Errorf("%s: %d", navn, s.status)
		}
		h.har(s.krop, `value="`+felter["relateret"]+`"`)
	}
	if len(h.handlinger("")) != 1 {
		t.Error("a search that was refused is logged as made")
	}
}

func TestSidevisning(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	h.indlever()
	var poster []distributor.Post
	for i := range sidelaengde + 5 {
		poster = append(poster, sagen(fmt.Sprintf("S-%03d", i), "Sag", "02.34.02"))
	}
	h.indlever(poster...)
	for _, w := range h.claim(journal) {
		h.done(w, mox.Udfald{Resultat: mox.ResAfvist, Kode: "409", Tekst: "lukket"})
	}
	naeste := regexp.MustCompile(`<p class="sider"><a class="knap" href="([^"]+)"`)
	for sti, vil := range map[string]int{"/beskeder?system=Byggesag": sidelaengde + 5, "/fejl": sidelaengde + 5, "/processer": sidelaengde + 5, "/processer?navn=Journalisering&tilstand=fejlet": sidelaengde + 5} {
		set, sidste := map[string]bool{}, ""
		for sti := sti; sti != ""; {
			krop := h.side(sti)
			for _, m := range regexp.MustCompile(`<th scope="row">(?:<a href="([^"]+)"|<time)|Forløb <code>([0-9a-f]+)`).FindAllStringSubmatch(krop, -1) {
				if id := m[1] + m[2]; id != "" {
					set[id] = true
				}
			}
			sti, sidste = "", krop
			if m := naeste.FindStringSubmatch(krop); m != nil {
				sti = strings.ReplaceAll(m[1], "&amp;", "&")
			}
		}
		if len(set) != vil {
			t.Errorf("%s: %d rows over all pages, want %d\n%s", sti, len(set), vil, sidste)
		}
	}
	s := h.post("/beskeder", "/beskeder/person", map[string]string{"relateret": "0102031234", "begrundelse": "indsigt"})
	foer := regexp.MustCompile(`name="foer" value="(\d+)"`).FindStringSubmatch(s.krop)
	if foer == nil {
		t.Fatal("the search has no second page")
	}
	s = h.post("/beskeder", "/beskeder/person", map[string]string{"relateret": "0102031234", "begrundelse": "indsigt", "foer": foer[1]})
	if n := strings.Count(s.krop, `<th scope="row">`); n != 5 {
		t.Errorf("%d rows on the second page", n)
	}
}

func TestKatalogerneErEns(t *testing.T) {
	t.Parallel()
	tekster := map[string]map[string]string{}
	for _, kode := range []string{dansk, engelsk} {
		b, err := os.ReadFile(filepath.Join("tekst", kode+".json"))
		if err != nil {
			t.Fatal(err)
		}
		m := map[string]string{}
		if err := json.Unmarshal(b, &m); err != nil {
			t.Fatal(err)
		}
		tekster[kode] = m
	}
	da, en := tekster[dansk], tekster[engelsk]
	if d, e := slices.Sorted(maps.Keys(da)), slices.Sorted(maps.Keys(en)); !slices.Equal(d, e) {
		t.Errorf("the keys differ:\n%q\n%q", d, e)
	}
	huller := regexp.MustCompile(`%[a-z%]`)
	for k := range da {
		if d, e := huller.FindAllString(da[k], -1), huller.FindAllString(en[k], -1); !slices.Equal(d, e) {
			t.Errorf("%s takes %q in Danish and %q in English", k, d, e)
		}
		if strings.TrimSpace(da[k]) == "" || strings.TrimSpace(en[k]) == "" {
			t.Errorf("%s is empty", k)
		}
	}
	brugte := brugteTekster(t)
	for k := range brugte {
		if _, ok := da[k]; !ok {
			t.Errorf("the text %q is used and not in the catalogue", k)
		}
	}
	for k := range da {
		if !brugte[k] && !dannet(k) {
			t.Errorf("the text %q is in the catalogue and never used", k)
		}
	}
}

// brugteTekster finds the texts that templates and code ask for by their whole key.
func brugteTekster(t *testing.T) map[string]bool {
	t.Helper()
	ud := map[string]bool{}
	filer, err := filepath.Glob("skabelon/*.html")
	if err != nil {
		t.Fatal(err)
	}
	kode, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	brug := regexp.MustCompile(`\b(s\.t|t|s\.antal|antal)(?: |\()"([^"]+)"`)
	enheder := regexp.MustCompile(`"(tid\.[a-z]+)"`)
	for _, f := range append(filer, kode...) {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range brug.FindAllStringSubmatch(string(b), -1) {
			switch {
			case strings.HasSuffix(m[2], "."), strings.Contains(m[2], "%"): // the beginning of a key
			case strings.HasSuffix(m[1], "antal"):
				ud[m[2]+".en"], ud[m[2]+".flere"] = true, true
			default:
				ud[m[2]] = true
			}
		}
		for _, m := range enheder.FindAllStringSubmatch(string(b), -1) {
			ud[m[1]] = true
		}
	}
	return ud
}

// dannet reports whether a key is put together from a part that the program knows: a state, a code, an act.
func dannet(k string) bool {
	for _, forled := range []string{"tilstand.", "resultat.", "kvittering.", "proces.", "ansvar.", "art.", "orden.", "sted.", "handling.", "kode.", "raad.", "luk.tekst.", "gruppe.", "gjort.", "bevaring.art.", "uheld.titel.", "uheld.tekst.", "pause.titel", "register.livscyklus.", "login.fejl.", "login.oidc.", "rolle.", "gevinster.felt.", "gevinster.linje.", "glem.stand.", "udfoert.", "abonnementform.felt.", "abonnementform.hjaelp.", "abonnementform.valg.", "filter.samler.", "filter.svar.", "carrier.", "liste.hvad."} {
		if strings.HasPrefix(k, forled) {
			return true
		}
	}
	return false
}

// TestAlleVaerdierHarEnTekst: what is shown by a code of ours has words in both languages.
func TestAlleVaerdierHarEnTekst(t *testing.T) {
	t.Parallel()
	var noegler []string
	for _, x := range bevaringsarter() {
		noegler = append(noegler, "bevaring.art."+x)
	}
	for _, x := range mox.LeveranceTilstande() {
		noegler = append(noegler, "tilstand."+string(x))
	}
	for _, x := range []mox.Resultat{mox.ResAccepteret, mox.ResAfvist, mox.ResFejlet, mox.ResMidlertidig, mox.ResUkendt, mox.ResOverdraget, mox.ResUdloebet} {
		noegler = append(noegler, "resultat."+string(x))
	}
	for _, x := range []mox.KvitteringArt{mox.KvitModtaget, mox.KvitAfleveret, mox.KvitAccepteret, mox.KvitAfvist, mox.KvitFejlet, mox.KvitFrist} {
		noegler = append(noegler, "kvittering."+string(x))
	}
	for _, x := range mox.ProcesTilstande() {
		noegler = append(noegler, "proces."+string(x))
	}
	for _, x := range ansvar() {
		noegler = append(noegler, "ansvar."+string(x), "ansvar.skal."+string(x), "ansvar.tekst."+string(x), "raad.leverance."+string(x))
	}
	for _, x := range fejlarter() {
		noegler = append(noegler, "art."+string(x), "luk.tekst."+string(x))
	}
	for _, x := range mox.LivscyklusKoder() {
		noegler = append(noegler, "register.livscyklus."+string(x))
	}
	for _, x := range []string{distributor.SletVenter, distributor.SletKanIkke, distributor.SletKraeverPerson, distributor.SletBekraeftet, distributor.SletLukket} {
		noegler = append(noegler, "glem.stand."+x)
	}
	for navn := range (&console{}).fejlhandlinger() {
		noegler = append(noegler, "gjort."+navn)
	}
	for kode, s := range laesSprog(nil, nil) {
		for _, k := range noegler {
			if !s.har(k) {
				t.Errorf("%s has no text %q", kode, k)
			}
		}
	}
}

// TestHverTilstandHarSitOrd brings leverancer into every state and reads their timelines in both languages.
func TestHverTilstandHarSitOrd(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	a := h.fyld()
	besked := func(nr int, gyldigTil time.Time) mox.BeskedID {
		id := mox.BeskedID(fmt.Sprintf("00000000-0000-4000-8000-%012d", nr))
		_, err := h.d.Accept(t.Context(), byggesag, mox.Besked{ID: id, ObjektID: mox.ObjektID(id), ObjektType: mox.Sag, LivscyklusKode: mox.Opstaaet, Kildesystem: byggesag, Registreringstid: h.nu(),
			Bruger: "svc", Objektreference: "urn:x:1", GyldigTil: gyldigTil, Relateret: []mox.Relateret{{Rolle: "part", ID: "urn:x:1"}, {Rolle: "part", ID: "urn:x:2"}}})
		h.maa(err)
		return id
	}
	overdraget, sent := besked(1, time.Time{}), besked(2, time.Time{})
	w := h.claim(journal)
	h.done(w[0], mox.Udfald{Resultat: mox.ResOverdraget})
	h.done(w[1], mox.Udfald{Resultat: mox.ResAccepteret})
	forsent := w[1]
	forsent.Ejer = "en anden"
	h.done(forsent, mox.Udfald{Resultat: mox.ResAccepteret})
	udloebet := besked(3, h.nu().Add(-time.Minute))
	_, err := h.d.UdloebGamle(t.Context())
	h.maa(err)
	h.post(fejlsti(a.fejl409), fejlsti(a.fejl409, "/luk"), map[string]string{"begrundelse": "aftalt"})
	h.maa(h.d.Pause(t.Context(), journal, true, hvemSomHelst("opgradering")))
	holdt := besked(4, time.Time{})
	for id, ord := range map[mox.BeskedID][2]string{
		a.leveret: {"leveret", "delivered"}, a.udsat: {"på pause", "paused"}, a.afventer: {"under levering", "being delivered"}, a.parkeret409: {"lukket", "closed"}, a.parkeret422: {"kræver handling", "needs action"},
		a.uvis: {"uvist udfald", "unknown outcome"}, overdraget: {"lagt i modtagers kø", "in the receiver’s queue"}, sent: {"leveret", "delivered"}, udloebet: {"frist overskredet", "deadline passed"}, holdt: {"på pause", "paused"},
	} {
		for i, sprog := range []string{dansk, engelsk} {
			krop := h.hent(forloebSti(id), sprog).krop
			h.har(krop, ord[i]+"</span>")
			h.velformet(string(id), krop)
		}
	}
	h.har(h.side(forloebSti(holdt)), "Relateret: part", "2 (skjult)", "har intet")
	h.maa(h.d.Pause(t.Context(), journal, false, hvemSomHelst("")))
	h.har(h.side("/"), "kræver handling") // looks afresh
	// With the day, in the hour before midnight: the plan's first wait is an hour.
	if krop := h.side(forloebSti(a.udsat)); !regexp.MustCompile(`nyt forsøg (\d+\. \pL+\.? )?kl\. \d\d\.\d\d`).MatchString(krop) {
		t.Errorf("nyt forsøg uden klokkeslæt:\n%s", krop)
	}
	h.har(h.side("/beskeder"), "nyt forsøg", "frist overskredet", "lagt i modtagers kø", "uvist udfald")
}

// TestIndholdDerIkkeErTekst: a besked may carry anything.
func TestIndholdDerIkkeErTekst(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	for i, c := range []struct{ indhold, vil string }{{"\x00\x01\x02", "ikke tekst"}, {"<a>S\xf8nderbro</a>", "&lt;a&gt;Sønderbro&lt;/a&gt;"}} {
		ud, err := h.d.Accept(t.Context(), "X", mox.Besked{ID: mox.BeskedID(fmt.Sprintf("urn:x:%d", i)), ObjektID: "00000000-0000-4000-8000-000000000001", ObjektType: mox.Sag, LivscyklusKode: mox.Opstaaet, Bruger: "svc",
			Registreringstid: h.nu(), Indholdstype: "application/octet-stream", Indhold: []byte(c.indhold)})
		h.maa(err)
		s := h.post("/beskeder", fmt.Sprintf("/beskeder/%d/indhold", ud.Nr), map[string]string{"begrundelse": "x"})
		h.har(s.krop, c.vil)
		h.velformet("indhold", s.krop)
	}
	for _, sti := range []string{"/beskeder/999/indhold", "/beskeder/x/indhold"} {
		if s := h.post("/beskeder", sti, map[string]string{"begrundelse": "x"}); s.status != http.StatusNotFound {
			t.Errorf("%s: %d", sti, s.status)
		}
	}
}

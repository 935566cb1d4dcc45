package console

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/store"
)

// TestHverFormKraeverSitToken tries every form without its token, with another browser's, and with another person's.
func TestHverFormKraeverSitToken(t *testing.T) {
	t.Parallel()
	bruger := "Kirsten Drift"
	h := nytHus(t, func(o *Options) { o.Bruger = func(*http.Request) string { return bruger } })
	a := h.fyld()
	fremmed := *h
	fremmed.klient = nyKlient(t)
	andens := tokenform.FindStringSubmatch(fremmed.side("/"))[1]
	eget := tokenform.FindStringSubmatch(h.side("/"))[1]
	former := []string{"/sprog", "/beskeder/person", "/beskeder/1/indhold", "/fejl/gruppe", "/abonnementer/esdh.sager/pause"}
	for navn := range (&console{}).fejlhandlinger() {
		former = append(former, fejlsti(a.fejl409, "/"+navn))
	}
	former = append(former, fejlsti(a.fejl409, "/aabn"), "/opret/abonnement", "/abonnementer/esdh.sager/ret", "/abonnementer/esdh.sager/luk", "/abonnementer/esdh.sager/hemmelighed",
		"/opret/liste", "/lister/emner/aendr", "/lister/emner/slaa-op", "/lister/emner/slet", "/opret/konto")
	for navn := range kontohandlinger() {
		former = append(former, "/konti/Åse/"+navn)
	}
	felter := url.Values{"begrundelse": {"x"}, "pause": {"ja"}, "handling": {"luk"}, "fejl": {fmt.Sprint(a.fejl409)}, "relateret": {"0102031234"}}
	for _, sti := range former {
		for navn, token := range map[string]string{"intet": "", "en andens": andens, "opdigtet": "00000000-0000-8000-8000-000000000000"} {
			felter.Set("token", token)
			if s := h.sendForm(sti, felter); s.status != http.StatusForbidden {
				t.Errorf("%s med %s token: %d", sti, navn, s.status)
			}
		}
	}
	bruger = "En anden"
	felter.Set("token", eget)
	if s := h.sendForm(fejlsti(a.fejl409, "/luk"), felter); s.status != http.StatusForbidden {
		t.Errorf("the token of another person: %d", s.status)
	}
	if l := h.handlinger(""); len(l) != 0 || len(h.aabne()) != 5 {
		t.Errorf("something was done: %+v", l)
	}
}

func TestRetOgSendVaerdier(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 45")
	h := nytHus(t)
	a := h.fyld()
	sti := fejlsti(a.fejl422)
	aabnet := h.post(sti, sti+"/aabn", map[string]string{"begrundelse": "forkert emne"}).krop
	h.har(aabnet, `id="ret-begrundelse" name="begrundelse" value="forkert emne"`)
	felter := formvaerdier(aabnet)
	if felter["v.relationer.primaerklasse"] != "urn:oio:kle:02.99.99" || felter["v.egenskaber.titel"] != "Ny altan, Ærøgade 7" {
		t.Fatalf("%q", felter)
	}
	felter["begrundelse"] = "forkert emne"

	if s := h.post(sti, sti+"/ret", felter); s.status != http.StatusBadRequest || !strings.Contains(s.krop, "intet er rettet") {
		t.Errorf("unchanged: %d", s.status)
	}
	felter["v.tilstande.fremdrift"], felter["v.egenskaber.titel"] = "Forkert", "Ny titel <x>"
	s := h.post(sti, sti+"/ret", felter)
	if s.status != http.StatusBadRequest {
		t.Errorf("wrong value: %d", s.status)
	}
	h.har(s.krop, "Det lykkedes ikke", `value="Ny titel &lt;x&gt;"`, "<option selected>Forkert</option>", `value="forkert emne"`) // what was typed is kept
	h.velformet("efter fejl", s.krop)

	felter["v.tilstande.fremdrift"], felter["v.egenskaber.titel"] = "Opstaaet", "Ny altan, Ærøgade 7"
	felter["v.relationer.primaerklasse"] = "urn:oio:kle:02.34.02"
	felter["ny-sti"], felter["ny-vaerdi"] = "egenskaber.hjemmel", "Byggeloven § 16"
	s = h.post(sti, sti+"/ret", felter)
	if s.status != http.StatusSeeOther || s.hoved.Get("Location") != sti+"?gjort=ret" {
		t.Fatalf("%d %s", s.status, s.krop)
	}
	h.har(h.side(s.hoved.Get("Location")), "Rettet og sendt.", "Løst: rettede og sendte af Kirsten Drift", "forkert emne", "Se forløbet")
	w := h.claim(journal)
	i := slices.IndexFunc(w, func(w arbejde) bool { return w.Besked.ForaarsagetAf == a.parkeret422 })
	if i < 0 || w[i].Besked.Opgaveemne != "02.34.02" || !strings.Contains(string(w[i].Besked.Indhold), "Byggeloven § 16") {
		t.Errorf("%+v", w)
	}
	if s := h.post("/fejl", sti+"/ret", felter); s.status != http.StatusConflict {
		t.Errorf("corrected twice: %d", s.status)
	}
}

var formfelt = regexp.MustCompile(`<input id="v-\d+" name="(v\.[^"]+)" value="([^"]*)"|<select id="v-\d+" name="(v\.[^"]+)"[^>]*>.*?<option selected>([^<]*)</option>`)

// formvaerdier are the values of a correction's form.
func formvaerdier(krop string) map[string]string {
	ud := map[string]string{}
	for _, m := range formfelt.FindAllStringSubmatch(krop, -1) {
		ud[m[1]+m[3]] = m[2] + m[4]
	}
	return ud
}

func TestRetOgSendPost(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 45")
	h := nytHus(t)
	a := h.fyld()
	sti := fejlsti(a.fejlPost)
	h.har(h.side(sti), "ud/sag_1.csv", "Linje", "17", "Kolonne", "giv feltet kle en værdi")
	s := h.post(sti, sti+"/ret", map[string]string{"raa": "2026-0006;Sønderbro 5;;Garage", "begrundelse": "prøver"})
	if s.status != http.StatusBadRequest {
		t.Errorf("%d", s.status)
	}
	h.har(s.krop, "feltet kle er stadig tomt", "mellem andet og tredje semikolon", "2026-0006;Sønderbro 5;;Garage</textarea>", `value="prøver"`)
	s = h.post(sti, sti+"/ret", map[string]string{"raa": "2026-0006;Sønderbro 5;02.34.02;Garage", "begrundelse": "KLE mangler"})
	if s.status != http.StatusSeeOther {
		t.Fatalf("%d %s", s.status, s.krop)
	}
	h.har(h.side(sti), "Løst: rettede og sendte")
	if w := h.claim(journal); !slices.ContainsFunc(w, func(w arbejde) bool {
		return w.Besked.Opgaveemne == "02.34.02" && strings.Contains(string(w.Besked.Indhold), "2026-0006")
	}) {
		t.Errorf("the corrected record is not on its way: %+v", w)
	}
}

func TestUvistUdfald(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	a := h.fyld()
	sti := fejlsti(a.fejlUvis)
	for navn, felter := range map[string]map[string]string{"uden begrundelse": {"f.forsendelsesnr": "F-1"}, "uden svar": {"begrundelse": "set i loggen", "f.afsendt": "2026-11-23"}} {
		s := h.post(sti, sti+"/skete", felter)
		if s.status != http.StatusBadRequest {
			t.Errorf("%s: %d", navn, s.status)
		}
		for _, v := range felter {
			h.har(s.krop, `value="`+v+`"`)
		}
		h.velformet(navn, s.krop)
	}
	if s := h.post(sti, sti+"/gensend", map[string]string{"begrundelse": "x"}); s.status != http.StatusConflict {
		t.Errorf("an uncertain leverance is resent without an answer: %d", s.status)
	}
	if s := h.post(sti, sti+"/skete", map[string]string{"f.forsendelsesnr": " F-77 ", "begrundelse": "set i loggen"}); s.status != http.StatusSeeOther {
		t.Fatalf("%d %s", s.status, s.krop)
	}
	if f := h.fejl(a.fejlUvis); f.Fejl.Aaben || f.Opgave.Leverance.Tilstand != mox.Leveret || f.Fejl.LukketVed != "skete" {
		t.Errorf("%+v", f)
	}
	if w := h.claim(tilbage); len(w) != 1 || !strings.Contains(string(w[0].Besked.Indhold), `"F-77"`) {
		t.Errorf("%+v", w)
	}
}

func TestSketeIkkeSenderIgen(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	a := h.fyld()
	sti := fejlsti(a.fejlUvis)
	if s := h.post(sti, sti+"/skete-ikke", nil); s.status != http.StatusBadRequest {
		t.Errorf("uden begrundelse: %d", s.status)
	}
	if s := h.post(sti, sti+"/skete-ikke", map[string]string{"begrundelse": "intet brev fundet"}); s.status != http.StatusSeeOther {
		t.Fatalf("%d %s", s.status, s.krop)
	}
	if w := h.claim(breve); len(w) != 1 || w[0].Omgang != 2 || w[0].Usikker {
		t.Errorf("%+v", w)
	}
}

func TestGensendOgLukEn(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 45")
	h := nytHus(t)
	a := h.fyld()
	if s := h.post(fejlsti(a.fejl409), fejlsti(a.fejl409, "/gensend"), nil); s.status != http.StatusSeeOther {
		t.Errorf("%d %s", s.status, s.krop)
	}
	if w := h.claim(journal); len(w) != 1 || w[0].Besked.ID != a.parkeret409 || w[0].Omgang != 2 {
		t.Errorf("%+v", w)
	}
	for _, id := range []int64{a.fejl422, a.fejlUvis, a.fejlPost, a.fejlBesked} {
		if s := h.post(fejlsti(id), fejlsti(id, "/luk"), nil); s.status != http.StatusBadRequest {
			t.Errorf("uden begrundelse: %d", s.status)
		}
		if s := h.post(fejlsti(id), fejlsti(id, "/luk"), map[string]string{"begrundelse": "aftalt"}); s.status != http.StatusSeeOther {
			t.Errorf("%d %s", s.status, s.krop)
		}
		h.har(h.side(fejlsti(id)), "lukkede uden at sende", "aftalt")
	}
	if l := h.aabne(); len(l) != 0 {
		t.Errorf("%+v", l)
	}
	for navn, sti := range map[string]string{"findes ikke": "/fejl/999/luk", "intet tal": "/fejl/x/luk"} {
		if s := h.post("/fejl", sti, map[string]string{"begrundelse": "x"}); s.status != http.StatusNotFound {
			t.Errorf("%s: %d", navn, s.status)
		}
	}
}

// TestEnGruppeGensendesSomVist: what is done is what was shown; what has come meanwhile is left for the next time.
func TestEnGruppeGensendesSomVist(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 45")
	h := nytHus(t)
	h.indlever()
	h.indlever(sagen("1", "a", "02.34.02"), sagen("2", "b", "02.34.02"), sagen("3", "c", "02.34.02"))
	parker := func(w []arbejde) {
		for _, x := range w {
			h.done(x, mox.Udfald{Resultat: mox.ResAfvist, Ansvar: mox.AnsvarModtager, Kode: "409", Tekst: "lukket"})
		}
	}
	parker(h.claim(journal))
	vist := h.side("/fejl/gruppe?handling=gensend&kode=409&ansvar=modtager")
	h.har(vist, "3 leveringer bliver sendt igen.", "Gensend 3 leveringer")
	ider := regexp.MustCompile(`name="fejl" value="([0-9,]+)"`).FindStringSubmatch(vist)[1]
	h.indlever(sagen("4", "d", "02.34.02"))
	parker(h.claim(journal))

	s := h.post("/fejl", "/fejl/gruppe", map[string]string{"handling": "gensend", "udvalg": "kode=409", "fejl": ider, "begrundelse": "ESDH er rettet"})
	if s.status != http.StatusSeeOther || s.hoved.Get("Location") != "/fejl?gjort=gruppe-gensend&antal=3" {
		t.Fatalf("%d %s", s.status, s.hoved.Get("Location"))
	}
	h.har(h.side(s.hoved.Get("Location")), "Gruppen er sendt igen.", "Udført på 3 fejl.")
	if w := h.claim(journal); len(w) != 3 {
		t.Errorf("%d resent", len(w))
	}
	if l := h.aabne(); len(l) != 1 {
		t.Errorf("%+v", l)
	}
	for navn, felter := range map[string]map[string]string{"luk uden begrundelse": {"handling": "luk", "fejl": fmt.Sprint(h.aabne()[0].ID), "udvalg": "kode=409"}, "ingen valgt": {"handling": "gensend", "fejl": ""}} {
		s := h.post("/fejl", "/fejl/gruppe", felter)
		if s.status != http.StatusBadRequest {
			t.Errorf("%s: %d", navn, s.status)
		}
		h.velformet(navn, s.krop)
	}
	if s := h.post("/fejl", "/fejl/gruppe", map[string]string{"handling": "slet", "fejl": "1"}); s.status != http.StatusNotFound {
		t.Errorf("%d", s.status)
	}
	if s := h.hent("/fejl/gruppe?handling=slet"); s.status != http.StatusNotFound {
		t.Errorf("%d", s.status)
	}
	s = h.post("/fejl", "/fejl/gruppe", map[string]string{"handling": "luk", "fejl": fmt.Sprint(h.aabne()[0].ID), "begrundelse": "aftalt"})
	if s.status != http.StatusSeeOther || len(h.aabne()) != 0 {
		t.Errorf("%d", s.status)
	}
}

func TestPause(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 43")
	h := nytHus(t)
	h.fyld()
	const sti = "/abonnementer/esdh.sager/pause"
	if s := h.post(sti, sti, map[string]string{"pause": "ja"}); s.status != http.StatusBadRequest {
		t.Errorf("uden begrundelse: %d", s.status)
	}
	s := h.post(sti, sti, map[string]string{"pause": "ja", "begrundelse": "opgradering"})
	if s.status != http.StatusSeeOther {
		t.Fatalf("%d %s", s.status, s.krop)
	}
	h.har(h.side(s.hoved.Get("Location")), "sat på pause", "opgradering", "Genoptag")
	h.har(h.side("/?del=1"), "Genoptag") // whoever watches sees it at once
	h.har(h.side("/agenter"), "opgradering")
	h.har(h.side(sti), "3 ventende beskeder bliver leveret", "Sat på pause med begrundelsen")
	var holdt string
	h.maa(h.d.Store().View(t.Context(), func(tx *store.Tx) error {
		b, err := tx.Beskeder(store.Beskedsoegning{Afsender: byggesag, Antal: 1})
		holdt = forloebSti(b[0].ID)
		return err
	}))
	h.har(h.side(holdt), "venter på en tidligere besked")
	if s := h.post(sti, sti, map[string]string{"pause": "nej"}); s.status != http.StatusSeeOther {
		t.Errorf("%d %s", s.status, s.krop)
	}
	h.har(h.side("/?gjort=genoptag"), "i gang igen")
	if s := h.hent("/abonnementer/findes.ikke/pause"); s.status != http.StatusNotFound {
		t.Errorf("%d", s.status)
	}
	if l := h.handlinger("abonnement esdh.sager"); len(l) != 2 {
		t.Errorf("%+v", l)
	}
}

// TestGamleAbonnementerGlemmesIkke: an abonnement that the configuration no longer has, but that still holds something.
func TestGamleAbonnementerGlemmesIkke(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	h.fyld()
	h.maa(h.d.Konfigurer(t.Context(), abonnementer()[1:], nil))
	krop := h.side("/")
	h.har(krop, "ikke længere sat op", "esdh.sager")
	h.harIkke(krop, `href="/abonnementer/esdh.sager/pause"`)
	h.har(h.side("/agenter"), "ikke længere sat op")
	if s := h.hent("/abonnementer/esdh.sager/pause"); s.status != http.StatusNotFound {
		t.Errorf("%d", s.status)
	}
}

func TestLinjeskiftIEnPostBevares(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	h.indlever()
	h.indlever(distributor.Post{Raa: []byte("7;Sønderbro 5;;\"to\nlinjer\""), Sted: "linje 3 i en pose", Fejl: &distributor.Postfejl{Ansvar: mox.AnsvarAfsender, Kode: "ugyldig", Tekst: "kle"}})
	id := h.aabne()[0].ID
	h.har(h.side(fejlsti(id)), "linje 3 i en pose")
	s := h.post(fejlsti(id), fejlsti(id, "/ret"), map[string]string{"raa": "7;Sønderbro 5;02.34.02;\"to\r\nlinjer\"", "begrundelse": "x"})
	if s.status != http.StatusSeeOther {
		t.Fatalf("%d %s", s.status, s.krop)
	}
	if w := h.claim(journal); len(w) != 1 || !strings.Contains(string(w[0].Besked.Indhold), `to\nlinjer`) {
		t.Errorf("%+v", w)
	}
}

// TestMangeForsoegFoldesSammen: what was tried two dozen times is not told two dozen times.
func TestMangeForsoegFoldesSammen(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	a := abonnementer()
	a[0].Plan = mox.Plan{Forsoeg: 12}
	h.maa(h.d.Konfigurer(t.Context(), a, nil))
	h.indlever()
	id := h.indlever(sagen("1", "a", "02.34.02"))[0]
	for range 12 {
		h.done(h.claim(journal)[0], mox.Udfald{Resultat: mox.ResMidlertidig, Kode: "503", Tekst: "lukket for vedligehold"})
	}
	for _, sti := range []string{forloebSti(id), fejlsti(h.aabne()[0].ID)} {
		krop := h.side(sti)
		h.har(krop, "8 tidligere forsøg")
		h.harIkke(krop, `<p class="aarsag">lukket for vedligehold`) // the attempts say it
		h.velformet(sti, krop)
	}
}

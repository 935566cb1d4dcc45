package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/register"
	"github.com/moxkit/mox/store"
	"github.com/moxkit/mox/store/storetest"
)

// The names of the test's landscape: three systems of three vendors.
const (
	byggesag    = "Byggesag"
	esdh        = "ESDH"
	forsendelse = "Forsendelse"
	journal     = mox.AbonnementID("esdh.sager")
	breve       = mox.AbonnementID("forsendelse.breve")
	tilbage     = mox.AbonnementID("byggesag.journalnummer")
)

// hus is one test's console over a distributor on a database of its own, behind a real HTTP server. Its methods end the
// test when something goes wrong that the test is not about.
type hus struct {
	*testing.T
	d      *distributor.Distributor
	server *httptest.Server
	klient *http.Client
	agent  *proeveagent
}

func nytHus(t *testing.T, med ...func(*Options)) *hus {
	t.Helper()
	s, err := store.Open(t.Context(), storetest.SQLite(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	d, err := distributor.New(t.Context(), s, distributor.Options{Jitter: func() float64 { return 0 }})
	if err != nil {
		t.Fatal(err)
	}
	h := &hus{T: t, d: d, agent: &proeveagent{d}}
	h.maa(d.Konfigurer(t.Context(), abonnementer(), processer()))
	o := Options{D: d, Agenter: h.agent, Landskab: landskab, Bruger: func(*http.Request) string { return "Kirsten Drift" }, Registerhvem: altIRegisteret, Version: "test"}
	for _, f := range med {
		f(&o)
	}
	h.server = httptest.NewServer(New(o))
	t.Cleanup(h.server.Close)
	h.klient = nyKlient(t)
	return h
}

// nyKlient is a browser without a past. It follows no redirects, so that a test sees them.
func nyKlient(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func abonnementer() []mox.Abonnement {
	return []mox.Abonnement{
		{ID: journal, System: esdh, Carrier: "agent", Orden: mox.OrdenObjekt, Gentages: true, Plan: mox.Plan{Forsoeg: 3, Foerste: time.Hour, Hoejst: time.Hour},
			Filter: filter(map[string]any{"objekttype": "Sag", "kildesystem": byggesag})},
		{ID: breve, System: forsendelse, Carrier: "agent", Orden: mox.OrdenObjekt, Plan: mox.Plan{Forsoeg: 3}, Filter: filter(map[string]any{"kildesystem": esdh})},
		{ID: tilbage, System: byggesag, Carrier: "agent", Orden: mox.OrdenObjekt, Gentages: true, Plan: mox.Plan{Forsoeg: 3}, Filter: filter(map[string]any{"kildesystem": forsendelse})},
	}
}

func processer() []mox.Proces {
	return []mox.Proces{{Navn: "Journalisering", Start: filter(map[string]any{"kildesystem": byggesag, "livscykluskode": "Opstaaet"}), Slut: filter(map[string]any{"handling": "Journaliseret"}), SvarFra: []mox.AbonnementID{journal}}}
}

func filter(kilde map[string]any) mox.Filter {
	f, fejl := mox.LaesFilter(kilde)
	if len(fejl) > 0 {
		panic(fmt.Sprint(fejl))
	}
	return f
}

func landskab() Landskab {
	return Landskab{
		Systemer: []System{{Navn: byggesag, Leverandoer: "Nordlys Fagsystemer", Adresse: "http://127.0.0.1:9/byggesag"}, {Navn: esdh, Leverandoer: "Arkivhuset A/S"}, {Navn: forsendelse, Leverandoer: "Postvirke ApS"}},
		Flows: []Flow{{Fra: byggesag, Til: distributor.MOX, Kilde: "byggesag/sager"}, {Fra: distributor.MOX, Til: esdh, Abonnement: journal},
			{Fra: distributor.MOX, Til: forsendelse, Abonnement: breve}, {Fra: distributor.MOX, Til: byggesag, Abonnement: tilbage}},
	}
}

func (h *hus) maa(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// sagen is a building case as its agent maps it.
func sagen(nr, titel, kle string) distributor.Post {
	return distributor.Post{Noegle: nr, ObjektType: mox.Sag, Felter: map[string]string{
		"egenskaber.brugervendtnoegle": nr, "egenskaber.sagsnummer": nr, "egenskaber.titel": titel, "egenskaber.beskrivelse": titel, "egenskaber.kassationskode": "B",
		"tilstande.fremdrift": "Opstaaet", "relationer.primaerklasse": "urn:oio:kle:" + kle, "relationer.primaerpart": "urn:oio:cpr-nr:0102031234"}}
}

// indlever reads records into the source byggesag/sager and gives the beskeder they became.
func (h *hus) indlever(poster ...distributor.Post) []mox.BeskedID {
	h.Helper()
	k, err := h.d.Kilde(h.Context(), "byggesag", "sager")
	h.maa(err)
	ud, err := h.d.Indlever(h.Context(), distributor.Indlevering{Agent: "byggesag", System: byggesag, Kilde: "sager", Forventet: k.Position, Position: fmt.Sprint(k.Laest + 1), Faerdig: true, Poster: poster})
	h.maa(err)
	return ud.Beskeder
}

// claim begins every leverance that can be begun, oldest first.
func (h *hus) claim(a mox.AbonnementID) []distributor.Arbejde {
	h.Helper()
	w, err := h.d.Claim(h.Context(), a, "test", 100, time.Minute)
	h.maa(err)
	return w
}

// done reports an outcome.
func (h *hus) done(w distributor.Arbejde, u mox.Udfald, med ...func(*distributor.Afslutning)) {
	h.Helper()
	f := distributor.Afslutning{Leverance: w.Leverance, Forsoeg: w.Forsoeg, Ejer: w.Ejer, Udfald: u, Agent: "esdh", Svar: []byte(`{"modtaget": "0102031234 <svar>"}`)}
	for _, m := range med {
		m(&f)
	}
	_, err := h.d.Done(h.Context(), f)
	h.maa(err)
}

// journaliseret is the ESDH's answer that it has opened a case of its own.
func journaliseret(nr string) func(*distributor.Afslutning) {
	p := sagen("J-"+nr, "Journaliseret "+nr, "02.34.02")
	p.Handling = "Journaliseret"
	return func(f *distributor.Afslutning) { f.Poster = []distributor.Post{p} }
}

// alt is a world in which every state and every kind of Fejl is found.
type alt struct {
	leveret, parkeret409, parkeret422, udsat, afventer mox.BeskedID
	uvis                                               mox.BeskedID // the besked whose letter is uncertain
	fejl409, fejl422, fejlUvis, fejlPost, fejlBesked   int64
	alarm                                              int64
}

// altIRegisteret lets whoever calls see the register.
func altIRegisteret(_ *http.Request, formaal string) register.Hvem {
	return register.Hvem{Navn: "Kirsten Drift", Formaal: formaal, Adgang: register.FuldAdgang()}
}

func bevaringsarter() []string {
	return []string{distributor.ArtIndhold, distributor.ArtMetadata, distributor.ArtDigest, distributor.ArtFejl, distributor.ArtForsoeg, distributor.ArtHandlinger,
		distributor.ArtAlarmer, distributor.ArtDokumenter, distributor.ArtBrug}
}

// fyld makes that world. Titles hold what must never reach a browser as markup.
func (h *hus) fyld() alt {
	h.Helper()
	var a alt
	h.indlever() // the first run is over: what comes from now on is news
	ider := h.indlever(sagen("2026-0001", "Opførelse af carport, Sønderbro 3", "02.34.02"), sagen("2026-0002", "Tilbygning <script>alert(1)</script>", "02.34.02"),
		sagen("2026-0003", "Ny altan, Ærøgade 7", "02.99.99"), sagen("2026-0004", "Nedrivning", "02.34.02"), sagen("2026-0005", "Garage", "02.34.02"))
	a.leveret, a.parkeret409, a.parkeret422, a.udsat, a.afventer = ider[0], ider[1], ider[2], ider[3], ider[4]
	w := h.claim(journal)
	h.done(w[0], mox.Udfald{Resultat: mox.ResAccepteret, Kode: "201"}, journaliseret("1"))
	h.done(w[1], mox.Udfald{Resultat: mox.ResAfvist, Ansvar: mox.AnsvarModtager, Kode: "409", Tekst: `sagen er lukket <img src=x onerror="alert(1)"> [/srv/mox/agenter/esdh/oversaettelser/maps/dokument.yaml:4]`})
	h.done(w[2], mox.Udfald{Resultat: mox.ResAfvist, Ansvar: mox.AnsvarAfsender, Kode: "422", Tekst: "ukendt KLE-nummer 02.99.99"})
	h.done(w[3], mox.Udfald{Resultat: mox.ResMidlertidig, Kode: "503", Tekst: "optaget"})
	b := h.claim(breve)
	a.uvis = b[0].Besked.ID
	h.done(b[0], mox.Udfald{Resultat: mox.ResUkendt, Kode: "uden_svar", Tekst: "intet svar inden 30 sek."})
	h.indlever(sagen("2026-0003", "Ny altan og tagterrasse", "02.99.99"), // held back by the parked one
		distributor.Post{Raa: []byte("2026-0006;S\xf8nderbro 5;;Garage\"><script>alert(2)</script>"), Sted: `{"fil":"ud/sag_1.csv","linje":17,"kolonne":4}`,
			Fejl: &distributor.Postfejl{Ansvar: mox.AnsvarAfsender, Kode: "ugyldig", Tekst: "feltet kle er tomt <b>her</b>", Raad: "giv feltet kle en værdi"}})
	_, err := h.d.Accept(h.Context(), esdh, mox.Besked{ObjektType: mox.Sag, LivscyklusKode: mox.Rettet, Indholdstype: "application/json", Indhold: []byte(`{"a": "<script>alert(3)</script>"}`)})
	if mox.KodeAf(err) != mox.KodeUdenBeskedID {
		h.Fatal(err)
	}
	h.maa(h.d.Store().Update(h.Context(), func(tx *store.Tx) (err error) { // retention has removed some of every kind
		for i, art := range bevaringsarter() {
			err = errors.Join(err, tx.GemBevaringspost(store.Bevaringspost{Art: art, Antal: int64(4100 + i), Sidst: tx.Now(), SidstAntal: 17}))
		}
		return err
	}))
	a.alarm = h.alarmer()
	for _, f := range h.aabne() {
		switch f.Kode {
		case "409":
			a.fejl409 = f.ID
		case "422":
			a.fejl422 = f.ID
		case "uden_svar":
			a.fejlUvis = f.ID
		case "ugyldig":
			a.fejlPost = f.ID
		case string(mox.KodeUdenBeskedID):
			a.fejlBesked = f.ID
		}
	}
	return a
}

// alarmer makes two alarms, of which one has ended, and gives the one that stands. It is told to somebody.
func (h *hus) alarmer() int64 {
	h.Helper()
	nu := h.nu()
	l := []store.Alarm{{Regel: "blokeret", Genstand: "esdh.sager", Tekst: `1 besked til esdh.sager venter bag 2 <script>alert(4)</script>`, Raad: "ret, gensend eller luk det", Sti: "/fejl?abonnement=esdh.sager"},
		{Regel: "kontakt", Genstand: "byggesag/sager", Tekst: "kilden byggesag/sager er ikke blevet læst siden 2/1 15.04", Raad: "se, om agenten kører", Sti: "/agenter"}}
	for _, staar := range [][]store.Alarm{l, l[:1]} {
		_, err := h.d.SaetAlarmer(h.Context(), staar, nu, 0)
		h.maa(err)
	}
	staar, _, err := h.d.Alarmer(h.Context())
	h.maa(err)
	h.maa(h.d.AlarmerFortalt(h.Context(), "mail vagt@kommune.example", staar, nu))
	return staar[0].ID
}

func (h *hus) aabne() (ud []store.Fejl) {
	h.Helper()
	h.maa(h.d.Store().View(h.Context(), func(tx *store.Tx) (err error) {
		ud, err = tx.Fejl(store.Udvalg{})
		return err
	}))
	return ud
}

// fejl reads one Fejl as the database has it.
func (h *hus) fejl(id int64) distributor.Uvist {
	h.Helper()
	u, err := h.d.FindOpgave(h.Context(), id)
	h.maa(err)
	return u
}

func (h *hus) handlinger(maal string) (ud []store.Handling) {
	h.Helper()
	h.maa(h.d.Store().View(h.Context(), func(tx *store.Tx) (err error) {
		ud, err = tx.Handlinger(maal, 100)
		return err
	}))
	return ud
}

// svar is what a browser got.
type svaret struct {
	status int
	krop   string
	hoved  http.Header
}

func (h *hus) send(r *http.Request) svaret {
	h.Helper()
	resp, err := h.klient.Do(r)
	h.maa(err)
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	h.maa(err)
	return svaret{resp.StatusCode, string(b), resp.Header}
}

// hent opens a page in the language: "" = the browser's own.
func (h *hus) hent(sti string, sprog ...string) svaret {
	h.Helper()
	r, err := http.NewRequestWithContext(h.Context(), http.MethodGet, h.server.URL+sti, nil)
	h.maa(err)
	if len(sprog) > 0 {
		r.Header.Set("Accept-Language", sprog[0])
	}
	return h.send(r)
}

// side opens a page that must be there.
func (h *hus) side(sti string) string {
	h.Helper()
	s := h.hent(sti)
	if s.status != http.StatusOK {
		h.Fatalf("%s: %d\n%s", sti, s.status, s.krop)
	}
	return s.krop
}

var tokenform = regexp.MustCompile(`name="token" value="([^"]+)"`)

// post sends a form as the page at fra would, with its token.
func (h *hus) post(fra, til string, felter map[string]string) svaret {
	h.Helper()
	m := tokenform.FindStringSubmatch(h.side(fra))
	if m == nil {
		h.Fatalf("%s has no form", fra)
	}
	v := url.Values{"token": {m[1]}}
	for k, x := range felter {
		v.Set(k, x)
	}
	return h.sendForm(til, v)
}

func (h *hus) sendForm(til string, v url.Values) svaret {
	h.Helper()
	r, err := http.NewRequestWithContext(h.Context(), http.MethodPost, h.server.URL+til, strings.NewReader(v.Encode()))
	h.maa(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return h.send(r)
}

// har checks that a page says all of these.
func (h *hus) har(krop string, tekster ...string) {
	h.Helper()
	for _, s := range tekster {
		if !strings.Contains(krop, s) {
			h.Errorf("%q is missing in:\n%s", s, krop)
		}
	}
}

// harIkke checks that a page says none of these.
func (h *hus) harIkke(krop string, tekster ...string) {
	h.Helper()
	for _, s := range tekster {
		if strings.Contains(krop, s) {
			h.Errorf("%q stands in:\n%s", s, krop)
		}
	}
}

func fejlsti(id int64, resten ...string) string {
	return "/fejl/" + strconv.FormatInt(id, 10) + strings.Join(resten, "")
}

// proeveagent is a small real agent: its source writes "sagsnr;adresse;kle;titel" in windows-1252, its letters are answered
// with a number.
type proeveagent struct{ d *distributor.Distributor }

func (p *proeveagent) RetPost(ctx context.Context, fejlID int64, raa string, h distributor.Hvem) error {
	led := strings.Split(raa, ";")
	if len(led) != 4 || led[2] == "" {
		return &mox.Error{Kode: mox.KodeUgyldig, Tekst: "feltet kle er stadig tomt", Raad: "skriv et KLE-nummer mellem andet og tredje semikolon"}
	}
	_, err := p.d.RetPost(ctx, fejlID, distributor.Indlevering{Agent: "byggesag", System: byggesag, Kilde: "sager", Poster: []distributor.Post{sagen(led[0], led[3], led[2])}}, h)
	return err
}

func (p *proeveagent) SvarFelter(context.Context, int64) ([]string, error) {
	return []string{"forsendelsesnr", "afsendt"}, nil
}

func (p *proeveagent) Skete(ctx context.Context, fejlID int64, felter map[string]string, h distributor.Hvem) error {
	if felter["forsendelsesnr"] == "" {
		return errors.Join(&mox.Error{Kode: mox.KodeUgyldig, Tekst: "forsendelsesnr mangler", Felter: []mox.Feltfejl{{Sti: "forsendelsesnr", Tekst: "mangler"}}})
	}
	brev := sagen(felter["forsendelsesnr"], "Brev sendt", "02.34.02")
	brev.Handling = "Afsendt"
	return p.d.Skete(ctx, fejlID, h, distributor.Afslutning{Agent: "forsendelse", Poster: []distributor.Post{brev}})
}

type arbejde = distributor.Arbejde

func hvemSomHelst(begrundelse string) distributor.Hvem {
	return distributor.Hvem{Navn: "Kirsten Drift", Begrundelse: begrundelse}
}

// fyldMere adds n cases that all went well.
func (h *hus) fyldMere(n int) {
	h.Helper()
	h.indlever()
	for i := range n {
		h.indlever(sagen(fmt.Sprintf("2026-1%03d", i), "Opførelse af enfamiliehus", "02.34.02"))
	}
	for i, w := range h.claim(journal) {
		h.done(w, mox.Udfald{Resultat: mox.ResAccepteret, Kode: "201"}, journaliseret(fmt.Sprint(1000+i)))
	}
	for i, w := range h.claim(breve) {
		p := sagen(fmt.Sprintf("F-%d", i), "Brev sendt", "02.34.02")
		p.Handling = "Afsendt"
		h.done(w, mox.Udfald{Resultat: mox.ResAccepteret, Kode: "OK"}, func(f *distributor.Afslutning) { f.Agent, f.Poster = "forsendelse", []distributor.Post{p} })
	}
	for _, w := range h.claim(tilbage) {
		h.done(w, mox.Udfald{Resultat: mox.ResAccepteret, Kode: "204"})
	}
}

// nu is the database's time.
func (h *hus) nu() (nu time.Time) {
	h.Helper()
	h.maa(h.d.Store().View(h.Context(), func(tx *store.Tx) error { nu = tx.Now(); return nil }))
	return nu
}

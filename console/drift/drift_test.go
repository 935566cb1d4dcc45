package drift_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/console/drift"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/internal/problem"
	"github.com/moxkit/mox/store"
	"github.com/moxkit/mox/store/storetest"
)

const modtager = mox.AbonnementID("esdh.sager")

// api is one test's operators' API over a distributor on a database of its own.
type api struct {
	*testing.T
	d *distributor.Distributor
	s *httptest.Server
}

func nytAPI(t *testing.T, agenter drift.Agenter) *api {
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
	a := &api{T: t, d: d}
	start, _ := mox.LaesFilter(map[string]any{"kildesystem": "Byggesag"})
	slut, _ := mox.LaesFilter(map[string]any{"handling": "Journaliseret"})
	ab := mox.Abonnement{ID: modtager, System: "ESDH", Carrier: mox.CarrierAgent, Orden: mox.OrdenObjekt, Plan: mox.Plan{Forsoeg: 3}, Filter: start}
	a.maa(d.Konfigurer(t.Context(), []mox.Abonnement{ab}, []mox.Proces{{Navn: "Journalisering", Start: start, Slut: slut}}))
	if p, ok := agenter.(*agent); ok {
		p.d = d
	}
	a.s = httptest.NewServer(drift.New(drift.Options{D: d, Agenter: agenter, Bruger: func(*http.Request) string { return "Kirsten" }}))
	t.Cleanup(a.s.Close)
	return a
}

func (a *api) maa(err error) {
	a.Helper()
	if err != nil {
		a.Fatal(err)
	}
}

// fyld makes five cases: delivered, rejected by the receiver, rejected for its content, uncertain, waiting; and a record
// that could not be read.
func (a *api) fyld() {
	a.Helper()
	lever := func(fra, til string, poster ...distributor.Post) {
		_, err := a.d.Indlever(a.Context(), distributor.Indlevering{Agent: "byggesag", System: "Byggesag", Kilde: "sager", Forventet: fra, Position: til, Faerdig: true, Poster: poster})
		a.maa(err)
	}
	lever("", "1")
	poster := []distributor.Post{{Raa: []byte("0102031234;S\xf8nderbro"), Sted: `{"fil":"sag_0102031234.csv","linje":7}`, Fejl: &distributor.Postfejl{Ansvar: mox.AnsvarAfsender, Kode: "ugyldig", Tekst: "kle mangler for 010203-1234"}}}
	for i := range 4 {
		poster = append(poster, sagen(fmt.Sprint(i)))
	}
	lever("1", "2", poster...)
	w, err := a.d.Claim(a.Context(), modtager, "test", 10, time.Minute)
	a.maa(err)
	for i, u := range []mox.Udfald{{Resultat: mox.ResAccepteret, Kode: "201"}, {Resultat: mox.ResAfvist, Ansvar: mox.AnsvarModtager, Kode: "409", Tekst: "lukket for 0102031234"},
		{Resultat: mox.ResAfvist, Ansvar: mox.AnsvarAfsender, Kode: "422", Tekst: "ukendt KLE"}, {Resultat: mox.ResUkendt, Kode: "uden_svar", Tekst: "intet svar"}} {
		_, err := a.d.Done(a.Context(), distributor.Afslutning{Leverance: w[i].Leverance, Forsoeg: 1, Ejer: w[i].Ejer, Udfald: u, Svar: []byte("0102031234")})
		a.maa(err)
	}
	lever("2", "3", sagen("4"))
}

func sagen(nr string) distributor.Post {
	return distributor.Post{Noegle: nr, ObjektType: mox.Sag, Felter: map[string]string{"egenskaber.brugervendtnoegle": nr, "egenskaber.sagsnummer": nr, "egenskaber.titel": "Hemmelig titel",
		"egenskaber.beskrivelse": "b", "egenskaber.kassationskode": "B", "tilstande.fremdrift": "Opstaaet", "relationer.primaerklasse": "urn:oio:kle:02.99.99", "relationer.primaerpart": "urn:oio:cpr-nr:0102031234"}}
}

// kald makes a call and reads its answer into ud; it gives the error the server described.
func (a *api) kald(metode, sti string, ind, ud any) *mox.Error {
	a.Helper()
	var krop io.Reader
	if ind != nil {
		b, err := json.Marshal(ind)
		a.maa(err)
		krop = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(a.Context(), metode, a.s.URL+drift.Rod+sti, krop)
	a.maa(err)
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	resp, err := a.s.Client().Do(r)
	a.maa(err)
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode >= 300 {
		return problem.Laes("test", resp)
	}
	b, err := io.ReadAll(resp.Body)
	a.maa(err)
	if strings.Contains(string(b), "0102031234") && !strings.HasSuffix(sti, "/indhold") {
		a.Errorf("%s %s tells a CPR number: %s", metode, sti, b)
	}
	if ud != nil {
		d := json.NewDecoder(bytes.NewReader(b))
		d.DisallowUnknownFields()
		a.maa(d.Decode(ud))
	} else if resp.StatusCode != http.StatusNoContent {
		a.Errorf("%s %s: %d with an answer nobody asked for: %s", metode, sti, resp.StatusCode, b)
	}
	return nil
}

// gaar makes a call that must succeed.
func (a *api) gaar(metode, sti string, ind, ud any) {
	a.Helper()
	if err := a.kald(metode, sti, ind, ud); err != nil {
		a.Fatalf("%s %s: %v", metode, sti, err)
	}
}

// fejler makes a call that must fail with a code.
func (a *api) fejler(kode mox.Kode, metode, sti string, ind any) {
	a.Helper()
	var ud any
	if err := a.kald(metode, sti, ind, &ud); err == nil || err.Kode != kode {
		a.Errorf("%s %s: %v, want %s", metode, sti, err, kode)
	}
}

// fejlMed finds the open Fejl with a code.
func (a *api) fejlMed(kode string) drift.Fejl {
	a.Helper()
	var l drift.Fejlliste
	a.gaar("GET", "fejl?kode="+kode, nil, &l)
	if len(l.Fejl) != 1 || l.IAlt != 1 {
		a.Fatalf("%s: %+v", kode, l)
	}
	return l.Fejl[0]
}

type m = map[string]any

func TestStatus(t *testing.T) {
	t.Parallel()
	a := nytAPI(t, nil)
	a.fyld()
	var s drift.Status
	a.gaar("GET", "status", nil, &s)
	if len(s.Modtagere) != 1 || len(s.Kilder) != 1 || len(s.Processer) != 1 || len(s.Fejl) != 4 || s.AabneFejl != 4 || s.Beskeder != 7 {
		t.Fatalf("%+v", s)
	}
	got := s.Modtagere[0]
	got.Aeldste, got.SidstLeveret = time.Time{}, time.Time{}
	want := drift.Modtager{Abonnement: modtager, System: "ESDH", Tilstande: map[mox.LeveranceTilstand]int{mox.Afventer: 1, mox.Leveret: 1, mox.Parkeret: 2, mox.Uvis: 1}, Venter: 1, KraeverHandling: 3, Leveret: 1, Forsoeg: 4, Mislykkedes: 3}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if k := s.Kilder[0]; k.Laest != 6 || k.Beskeder != 5 || k.Fejlposter != 1 || k.Kontakt.IsZero() || k.FejlITraek != 0 {
		t.Errorf("%+v", k)
	}
	if p := s.Processer[0]; p.Startet != 5 || p.Fejlet != 2 || p.Igang != 3 {
		t.Errorf("%+v", p)
	}
	a.maa(a.d.Konfigurer(t.Context(), nil, nil))
	a.gaar("GET", "status", nil, &s)
	if !s.Modtagere[0].IkkeOpsat {
		t.Errorf("%+v", s.Modtagere)
	}
}

func TestFejlliste(t *testing.T) {
	t.Parallel()
	a := nytAPI(t, nil)
	a.fyld()
	for sti, vil := range map[string]int{"fejl": 4, "fejl?ansvar=afsender": 2, "fejl?art=leverance": 3, "fejl?system=Byggesag": 1, "fejl?abonnement=esdh.sager": 3, "fejl?kode=findes-ikke": 0,
		"fejl?siden=2020-01-01T00:00:00Z": 4, "fejl?siden=2999-01-01T00:00:00Z": 0, "fejl?lukkede=ja&art=post": 1} {
		var l drift.Fejlliste
		a.gaar("GET", sti, nil, &l)
		if len(l.Fejl) != vil || l.IAlt != int64(vil) || l.Fejl == nil {
			t.Errorf("%s: %+v", sti, l)
		}
	}
	set := map[int64]bool{}
	efter := int64(0)
	for {
		var l drift.Fejlliste
		a.gaar("GET", fmt.Sprintf("fejl?antal=3&efter=%d", efter), nil, &l)
		for _, f := range l.Fejl {
			set[f.ID] = true
		}
		if efter = l.Efter; efter == 0 {
			break
		}
	}
	if len(set) != 4 {
		t.Errorf("%v", set)
	}
	for _, sti := range []string{"fejl?ansvr=afsender", "fejl?kode=1&kode=2", "fejl?antal=x", "fejl?antal=501", "fejl?siden=i%20gaar", "fejl?lukkede=maaske", "status?x=1", "beskeder?id=0102031234", "processer?foer=x"} {
		a.fejler(mox.KodeUgyldig, "GET", sti, nil)
	}
	for _, sti := range []string{"fejl/999", "fejl/x", "fejl/-1", "findes/ikke", "forloeb/findes-ikke"} {
		a.fejler(mox.KodeIkkeFundet, "GET", sti, nil)
	}
}

func TestFejlIEnkeltheder(t *testing.T) {
	t.Parallel()
	a := nytAPI(t, &agent{})
	a.fyld()
	var f drift.Fejl
	a.gaar("GET", fmt.Sprintf("fejl/%d", a.fejlMed("uden_svar").ID), nil, &f)
	d := f.Detaljer
	if d.Abonnement != modtager || d.Tilstand != mox.Uvis || d.Omgang != 1 || len(d.Forsoeg) != 1 || d.Forsoeg[0].Resultat != mox.ResUkendt || !slices.Equal(d.SvarFelter, []string{"nr"}) {
		t.Errorf("%+v", d)
	}
	if f = a.fejlMed("ugyldig"); string(f.Sted) != `{"fil":"sag_******-****.csv","linje":7}` || f.Tekst != "kle mangler for ******-****" || !f.HarIndhold {
		t.Errorf("%+v %s", f, f.Sted)
	}
}

// TestIndholdKraeverEnBegrundelse: without a reason nothing is told, and with one it is written down who saw it.
func TestIndholdKraeverEnBegrundelse(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 53")
	a := nytAPI(t, nil)
	a.fyld()
	post, lev := a.fejlMed("ugyldig").ID, a.fejlMed("422").ID
	sti := func(id int64) string { return fmt.Sprintf("fejl/%d/indhold", id) }
	a.fejler(mox.KodeUgyldig, "POST", sti(post), m{"begrundelse": " "})
	a.fejler(mox.KodeIkkeFundet, "POST", sti(999), m{"begrundelse": "x"})
	var i drift.Indhold
	a.gaar("POST", sti(post), m{"begrundelse": "fejlsøgning for 010203-1234"}, &i)
	if i.Raa != "0102031234;Sønderbro" || i.Vaerdier != nil {
		t.Errorf("%+v", i)
	}
	i = drift.Indhold{}
	a.gaar("POST", sti(lev), m{"begrundelse": "fejlsøgning"}, &i)
	if i.Raa != "" || i.Vaerdier["egenskaber.titel"] != "Hemmelig titel" {
		t.Errorf("%+v", i)
	}
	var f drift.Fejl
	a.gaar("GET", fmt.Sprintf("fejl/%d", post), nil, &f)
	if h := f.Detaljer.Handlinger; len(h) != 1 || h[0].Hvad != "vis-indhold" || h[0].Hvem != "Kirsten" || h[0].Begrundelse != "fejlsøgning for ******-****" {
		t.Errorf("%+v", h)
	}
}

func TestGruppehandlinger(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 45")
	a := nytAPI(t, nil)
	a.fyld()
	a.fejler(mox.KodeUgyldig, "POST", "fejl/gensend", m{"begrundelse": "intet udvalg"})
	a.fejler(mox.KodeUgyldig, "POST", "fejl/gensend", m{"udvalg": m{"kodee": "409"}}) // misspelt: it would be all
	a.fejler(mox.KodeUgyldig, "POST", "fejl/luk", m{"udvalg": m{}})
	var v distributor.Virkning
	a.gaar("POST", "fejl/gensend", m{"udvalg": m{}, "preview": true}, &v)
	if v.Valgt != 4 || v.Udfoert != 2 || v.Udeladt != 2 {
		t.Errorf("%+v", v)
	}
	a.gaar("POST", "fejl/gensend", m{"udvalg": m{"kode": "409"}, "begrundelse": "ESDH er rettet"}, &v)
	if v.Udfoert != 1 || len(v.Fejl) != 1 {
		t.Errorf("%+v", v)
	}
	a.gaar("POST", "fejl/luk", m{"udvalg": m{}, "begrundelse": "aftalt"}, &v)
	if v.Udfoert != 3 {
		t.Errorf("%+v", v)
	}
	var l drift.Fejlliste
	a.gaar("GET", "fejl?lukkede=1", nil, &l)
	for _, f := range l.Fejl {
		if f.Aaben || f.LukketAf != "Kirsten" || f.LukketVed == "" {
			t.Errorf("%+v", f)
		}
	}
	a.gaar("POST", "fejl/luk", m{"udvalg": m{}, "begrundelse": "intet tilbage"}, &v)
	if v.Udfoert != 0 || v.Fejl == nil {
		t.Errorf("%+v", v)
	}
}

func TestRetOgSend(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 45")
	a := nytAPI(t, &agent{})
	a.fyld()
	lev, post := a.fejlMed("422").ID, a.fejlMed("ugyldig").ID
	sti := func(id int64) string { return fmt.Sprintf("fejl/%d/ret-og-send", id) }
	a.fejler(mox.KodeUgyldig, "POST", sti(lev), m{"begrundelse": "hverken eller"})
	a.fejler(mox.KodeUgyldig, "POST", sti(lev), m{"raa": "x", "rettelser": m{"a": "b"}})
	a.fejler(mox.KodeUgyldig, "POST", sti(lev), m{"rettelser": m{"tilstande.fremdrift": "Forkert"}})
	var r drift.Rettet
	a.gaar("POST", sti(lev), m{"rettelser": m{"relationer.primaerklasse": "urn:oio:kle:02.34.02"}, "begrundelse": "emne"}, &r)
	var f drift.Forloeb
	a.gaar("GET", "forloeb/"+string(r.BeskedID), nil, &f)
	if len(f.Beskeder) != 1 || f.Beskeder[0].Metadata["opgaveemne"][0] != "02.34.02" || f.Beskeder[0].Leverancer[0].Tilstand != mox.Afventer {
		t.Errorf("%+v", f)
	}
	a.fejler(mox.KodeKonflikt, "POST", sti(lev), m{"rettelser": m{"relationer.primaerklasse": "urn:oio:kle:02.34.02"}})
	r = drift.Rettet{}
	a.gaar("POST", sti(post), m{"raa": "9", "begrundelse": "nøgle"}, &r)
	if r.BeskedID != "" {
		t.Errorf("%+v", r)
	}
	var l drift.Fejlliste
	a.gaar("GET", "fejl?art=post", nil, &l)
	if len(l.Fejl) != 0 {
		t.Errorf("%+v", l)
	}
}

func TestUvist(t *testing.T) {
	t.Parallel()
	a := nytAPI(t, &agent{})
	a.fyld()
	id := a.fejlMed("uden_svar").ID
	sti := fmt.Sprintf("fejl/%d/", id)
	a.fejler(mox.KodeUgyldig, "POST", sti+"skete", m{"felter": m{"nr": "7"}})
	a.fejler(mox.KodeUgyldig, "POST", sti+"skete-ikke", m{})
	a.gaar("POST", sti+"skete", m{"felter": m{"nr": "7"}, "begrundelse": "set hos ESDH"}, nil)
	a.fejler(mox.KodeKonflikt, "POST", sti+"skete-ikke", m{"begrundelse": "fortrudt"})

	b := nytAPI(t, nil) // no agents here
	b.fyld()
	id = b.fejlMed("uden_svar").ID
	b.fejler(mox.KodeKonflikt, "POST", fmt.Sprintf("fejl/%d/skete", id), m{"begrundelse": "x"})
	b.fejler(mox.KodeKonflikt, "POST", fmt.Sprintf("fejl/%d/ret-og-send", b.fejlMed("ugyldig").ID), m{"raa": "x"})
	b.gaar("POST", fmt.Sprintf("fejl/%d/skete-ikke", id), m{"begrundelse": "set hos ESDH"}, nil)
}

func TestBeskederOgForloeb(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 49")
	a := nytAPI(t, nil)
	a.fyld()
	set := map[int64]bool{}
	foer := int64(0)
	for {
		var l drift.Beskedliste
		a.gaar("GET", fmt.Sprintf("beskeder?system=Byggesag&antal=2&foer=%d", foer), nil, &l)
		for _, b := range l.Beskeder {
			set[b.Nr] = true
			if len(b.Leverancer) != 1 || !b.HarIndhold || b.Relateret["primaerpart"] != 1 || b.Metadata["beskedtype"][0] != "Sag.Opstaaet" {
				t.Errorf("%+v", b)
			}
		}
		if foer = l.Foer; foer == 0 {
			break
		}
	}
	if len(set) != 5 {
		t.Errorf("%v", set)
	}
	u, err := a.d.FindOpgave(t.Context(), a.fejlMed("409").ID)
	a.maa(err)
	b := u.Opgave.Besked
	for _, id := range []string{string(b.ID), string(b.ObjektID), b.ProcesID[0]} {
		var f drift.Forloeb
		a.gaar("GET", "forloeb/"+id, nil, &f)
		l := f.Beskeder[0].Leverancer[0]
		if l.Tilstand != mox.Parkeret || l.Aarsag != "lukket for ******-****" || len(l.Forsoeg) != 1 || len(l.Fejl) != 1 || len(f.Beskeder[0].Kvitteringer) != 3 || len(f.Processer) != 1 || !f.Processer[0].Svar[0].Fejl {
			t.Errorf("%s: %+v", id, f)
		}
	}
}

func TestPersonsoegning(t *testing.T) {
	t.Parallel()
	a := nytAPI(t, nil)
	a.fyld()
	a.fejler(mox.KodeUgyldig, "POST", "beskeder/person", m{"relateret": "0102031234"})
	a.fejler(mox.KodeUgyldig, "POST", "beskeder/person", m{"relateret": "Hansen", "begrundelse": "x"})
	var l drift.Beskedliste
	a.gaar("POST", "beskeder/person", m{"relateret": "010203-1234", "begrundelse": "indsigt", "antal": 3}, &l)
	foerste := len(l.Beskeder)
	a.gaar("POST", "beskeder/person", m{"relateret": "010203-1234", "begrundelse": "indsigt", "antal": 3, "foer": l.Foer}, &l)
	if foerste != 3 || len(l.Beskeder) != 2 {
		t.Errorf("%d and %d", foerste, len(l.Beskeder))
	}
}

func TestProcesser(t *testing.T) {
	t.Parallel()
	a := nytAPI(t, nil)
	a.fyld()
	set := map[string]bool{}
	foer := ""
	for {
		var l drift.Procesliste
		a.gaar("GET", "processer?navn=Journalisering&antal=2&foer="+foer, nil, &l)
		for _, p := range l.Processer {
			set[p.ProcesID] = true
		}
		if foer = l.Foer; foer == "" {
			break
		}
	}
	var l drift.Procesliste
	a.gaar("GET", "processer?tilstand=fejlet", nil, &l)
	if len(set) != 5 || len(l.Processer) != 2 {
		t.Errorf("%d, %d", len(set), len(l.Processer))
	}
	a.fejler(mox.KodeUgyldig, "GET", "processer?tilstand=faerdig", nil)
}

func TestPause(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 43")
	a := nytAPI(t, nil)
	a.fyld()
	a.fejler(mox.KodeUgyldig, "POST", "abonnementer/esdh.sager/pause", m{})
	a.fejler(mox.KodeIkkeFundet, "POST", "abonnementer/findes.ikke/pause", m{"begrundelse": "x"})
	a.gaar("POST", "abonnementer/esdh.sager/pause", m{"begrundelse": "opgradering"}, nil)
	var s drift.Status
	a.gaar("GET", "status", nil, &s)
	if !s.Modtagere[0].Pause || s.Modtagere[0].PauseFordi != "opgradering" {
		t.Errorf("%+v", s.Modtagere)
	}
	a.gaar("POST", "abonnementer/esdh.sager/genoptag", m{}, nil)
	a.gaar("GET", "status", nil, &s)
	if s.Modtagere[0].Pause {
		t.Errorf("%+v", s.Modtagere)
	}
}

// TestKaldLaesesStrengt: a body that is not what it should be changes nothing.
func TestKaldLaesesStrengt(t *testing.T) {
	t.Parallel()
	a := nytAPI(t, nil)
	a.fyld()
	for navn, c := range map[string]struct {
		type_, krop string
		vil         int
	}{
		"formular":       {"application/x-www-form-urlencoded", "udvalg=", 400},
		"uden type":      {"", "{}", 400},
		"ikke JSON":      {"application/json", "udvalg", 400},
		"ukendt navn":    {"application/json", `{"udvalg": {}, "alt": true}`, 400},
		"to objekter":    {"application/json", `{"udvalg": {}} {"udvalg": {}}`, 400},
		"en liste":       {"application/json", `[]`, 400},
		"for stor":       {"application/json", `{"begrundelse": "` + strings.Repeat("x", 5<<20) + `"}`, 413},
		"tom":            {"application/json", ``, 400},
		"forkert type":   {"application/json", `{"udvalg": {"fejl": "alle"}}`, 400},
		"null er intet":  {"application/json", `{"udvalg": null}`, 400},
		"kun et udvalg?": {"application/json", `{"preview": true}`, 400},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, a.s.URL+drift.Rod+"fejl/gensend", strings.NewReader(c.krop))
		a.maa(err)
		r.Header.Set("Content-Type", c.type_)
		resp, err := a.s.Client().Do(r)
		a.maa(err)
		if e := problem.Laes("test", resp); resp.StatusCode != c.vil || e.Tekst == "" {
			t.Errorf("%s: %d %v", navn, resp.StatusCode, e)
		}
		_ = resp.Body.Close()
	}
	var l drift.Fejlliste
	a.gaar("GET", "fejl", nil, &l)
	if len(l.Fejl) != 4 {
		t.Errorf("%+v", l)
	}
}

func TestUdenDatabase(t *testing.T) {
	t.Parallel()
	a := nytAPI(t, nil)
	a.fyld()
	a.maa(a.d.Store().Close())
	for _, sti := range []string{"status", "fejl", "fejl/1", "beskeder", "processer", "forloeb/x"} {
		resp, err := a.s.Client().Get(a.s.URL + drift.Rod + sti)
		a.maa(err)
		if e := problem.Laes("test", resp); resp.StatusCode < 500 || e.Tekst == "" {
			t.Errorf("%s: %d %v", sti, resp.StatusCode, e)
		}
		_ = resp.Body.Close()
	}
}

// agent is a small real one: its records are case numbers.
type agent struct{ d *distributor.Distributor }

func (p *agent) RetPost(ctx context.Context, fejlID int64, raa string, h distributor.Hvem) error {
	_, err := p.d.RetPost(ctx, fejlID, distributor.Indlevering{Agent: "byggesag", System: "Byggesag", Kilde: "sager", Poster: []distributor.Post{sagen(raa)}}, h)
	return err
}

func (p *agent) Skete(ctx context.Context, fejlID int64, felter map[string]string, h distributor.Hvem) error {
	return p.d.Skete(ctx, fejlID, h, distributor.Afslutning{Noegle: felter["nr"]})
}

func (*agent) SvarFelter(context.Context, int64) ([]string, error) { return []string{"nr"}, nil }

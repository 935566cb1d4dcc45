package pull_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/carrier/pull"
	"github.com/moxkit/mox/indhold"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/internal/problem"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/store"
)

// raat makes a call as it stands. Headers are written "Name: value"; a body without a Content-Type among them is JSON.
func (h *hus) raat(t *testing.T, metode, sti, krop string, headere ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), metode, h.http.URL+sti, strings.NewReader(krop))
	maa(t, err)
	if krop != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, l := range headere {
		navn, vaerdi, _ := strings.Cut(l, ": ")
		if navn == "Host" {
			r.Host = vaerdi
		} else {
			r.Header.Set(navn, vaerdi)
		}
	}
	resp, err := h.http.Client().Do(r)
	maa(t, err)
	b, err := io.ReadAll(resp.Body)
	maa(t, errors.Join(err, resp.Body.Close()))
	resp.Body = io.NopCloser(bytes.NewReader(b))
	return resp
}

func (h *hus) som(navn string) string { return "Authorization: Bearer " + h.noegle[navn] }

func tekst(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	maa(t, err)
	return string(b)
}

// Every call that HTTP or the wire form refuses: status, code, and the places told.
func TestAfvisteKald(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	const hent, beskeder, indlever = "/api/v1/abonnementer/esdh.journal/hent", "/api/v1/beskeder", "/api/v1/indlevering"
	prov := func(navn string, status int, vil mox.Kode, stier string, metode, sti, krop string, headere ...string) {
		t.Helper()
		t.Run(navn, func(t *testing.T) {
			t.Helper()
			resp := h.raat(t, metode, sti, krop, headere...)
			if resp.StatusCode != status || resp.Header.Get("Content-Type") != problem.Type {
				t.Fatalf("%d %s, want %d: %s", resp.StatusCode, resp.Header.Get("Content-Type"), status, tekst(t, resp))
			}
			e := problem.Laes("prøve", resp)
			var fik []string
			for _, f := range e.Felter {
				fik = append(fik, f.Sti)
			}
			if e.Kode != vil || e.Tekst == "" || strings.Join(fik, " ") != stier {
				t.Errorf("%+v, want %s at %q", e, vil, stier)
			}
		})
	}
	esdh, byggesag := h.som("esdh"), h.som("byggesag")
	prov("ingen nøgle", 401, mox.KodeIkkeLoggetInd, "", "POST", hent, `{"ejer":"a"}`)
	prov("udløbet nøgle", 401, mox.KodeIkkeLoggetInd, "", "POST", hent, `{"ejer":"a"}`, h.som("gammel"))
	prov("fremmed Host", 421, mox.KodeIkkeTilladt, "", "POST", hent, `{"ejer":"a"}`, esdh, "Host: ond.example")
	prov("anden sides kald", 403, mox.KodeIkkeTilladt, "", "POST", hent, `{"ejer":"a"}`, esdh, "Origin: https://ond.example")
	prov("ukendt adresse", 404, mox.KodeIkkeFundet, "", "GET", "/api/v1/findes/ikke", "", esdh)
	prov("ukendt version af API", 404, mox.KodeIkkeFundet, "", "POST", "/api/v2/beskeder", "{}", esdh)
	prov("forkert metode", 405, mox.KodeUgyldig, "", "GET", hent, "", esdh)
	prov("ingen Content-Type", 415, mox.KodeUgyldig, "", "POST", hent, `{"ejer":"a"}`, esdh, "Content-Type: ")
	prov("formular", 415, mox.KodeUgyldig, "", "POST", hent, "ejer=a", esdh, "Content-Type: application/x-www-form-urlencoded")
	prov("tekst", 415, mox.KodeUgyldig, "", "POST", beskeder, "{}", byggesag, "Content-Type: text/plain")
	prov("andet tegnsæt", 415, mox.KodeUgyldig, "", "POST", hent, `{"ejer":"a"}`, esdh, "Content-Type: application/json; charset=iso-8859-1")
	prov("pakket", 415, mox.KodeUgyldig, "", "POST", hent, `{"ejer":"a"}`, esdh, "Content-Encoding: gzip")
	prov("tomt", 400, mox.KodeUgyldig, "", "POST", hent, "", esdh, "Content-Type: application/json")
	prov("ikke JSON", 400, mox.KodeUgyldig, "", "POST", hent, `{"ejer":`, esdh)
	prov("ikke et objekt", 400, mox.KodeUgyldig, "", "POST", hent, `["a"]`, esdh)
	prov("mere efter", 400, mox.KodeUgyldig, "", "POST", hent, `{"ejer":"a"} {}`, esdh)
	prov("ikke UTF-8", 400, mox.KodeUgyldig, "", "POST", hent, "{\"ejer\":\"\xe6\"}", esdh)
	prov("ukendt felt", 400, mox.KodeUgyldig, "antal", "POST", hent, `{"ejer":"a","antal":1}`, esdh)
	prov("felt med andre bogstaver", 400, mox.KodeUgyldig, "Ejer", "POST", hent, `{"Ejer":"a"}`, esdh)
	prov("felt uden navn", 400, mox.KodeUgyldig, "", "POST", "/api/v1/leverancer/1/afslut", `{"":{}}`, esdh)
	prov("felt to gange", 400, mox.KodeUgyldig, "ejer", "POST", hent, `{"ejer":"a","ejer":"b"}`, esdh)
	prov("ukendt felt dybt nede", 400, mox.KodeUgyldig, "poster[1].fejl.Kode", "POST", indlever,
		`{"agent":"byggesag","system":"Byggesag","kilde":"k","poster":[{},{"fejl":{"kode":"x","Kode":"y"}}]}`, byggesag)
	prov("forkert slags", 400, mox.KodeUgyldig, "n", "POST", hent, `{"ejer":"a","n":"en"}`, esdh)
	prov("forkert slags dybt nede", 400, mox.KodeUgyldig, "udfald.resultat", "POST", "/api/v1/leverancer/1/afslut", `{"ejer":"a","forsoeg":1,"udfald":{"resultat":1}}`, esdh)
	prov("NUL", 400, mox.KodeUgyldig, "", "POST", hent, `{"ejer":"a\u0000"}`, esdh)
	prov("NUL i adressen", 404, mox.KodeIkkeFundet, "", "GET", "/api/v1/kilder/a/b%00", "", h.som("vagten"))
	prov("adresse, der ikke er UTF-8", 404, mox.KodeIkkeFundet, "", "GET", "/api/v1/beskeder/%ff", "", h.som("vagten"))
	prov("abonnement, der ikke er et navn", 404, mox.KodeIkkeFundet, "", "GET", "/indhold/x?abonnement=%ff", "", h.som("vagten"))
	prov("afsender, der ikke er et navn", 400, mox.KodeUgyldig, "afsender", "POST", beskeder+"?afsender=%00", `{"beskedID":"urn:a:b"}`, h.som("vagten"))
	prov("postfejl uden ansvar", 400, mox.KodeUgyldig, "poster[0].fejl.ansvar", "POST", indlever,
		`{"agent":"byggesag","system":"Byggesag","kilde":"k","poster":[{"fejl":{"kode":"x"}}]}`, byggesag)
	prov("for mange poster", 400, mox.KodeUgyldig, "poster", "POST", indlever, `{"agent":"byggesag","system":"Byggesag","kilde":"k","poster":[`+strings.Repeat("{},", 500)+`{}]}`, byggesag)
	prov("grænser", 400, mox.KodeUgyldig, "n leje_sekunder vent_sekunder", "POST", hent, `{"ejer":"a","n":-1,"leje_sekunder":4000,"vent_sekunder":30.5}`, esdh)
	prov("ingen ejer", 400, mox.KodeUgyldig, "ejer", "POST", hent, `{}`, esdh)
	prov("styretegn i ejer", 400, mox.KodeUgyldig, "ejer", "POST", hent, `{"ejer":"a\nb"}`, esdh)
	prov("ukendt udfald", 400, mox.KodeUgyldig, "udfald.resultat udfald.ansvar udfald.efter_sekunder", "POST", "/api/v1/leverancer/1/afslut",
		`{"ejer":"a","forsoeg":1,"udfald":{"resultat":"accepted","ansvar":"os","efter_sekunder":-1}}`, esdh)
	prov("leverance uden nummer", 404, mox.KodeIkkeFundet, "", "POST", "/api/v1/leverancer/x/afslut", `{}`, esdh)
	prov("uafklarede uden felter", 400, mox.KodeUgyldig, "objekttype", "POST", "/api/v1/uafklarede", `{"agent":"byggesag","system":"Byggesag","kilde":"k"}`, byggesag)
	prov("uafklarede af for mange", 400, mox.KodeUgyldig, "noegler", "POST", "/api/v1/uafklarede", `{"agent":"byggesag","system":"Byggesag","kilde":"k","objekttype":"Sag","noegler":[`+strings.Repeat(`"1",`, 500)+`"1"]}`, byggesag)
	prov("afstem for mange poster", 400, mox.KodeUgyldig, "poster", "POST", "/api/v1/afstemning", `{"agent":"byggesag","system":"Byggesag","kilde":"k","poster":[`+strings.Repeat("{},", 500)+`{}]}`, byggesag)
	prov("kildens objekter efter intet objekt", 400, mox.KodeUgyldig, "efter", "GET", "/api/v1/kilder/byggesag/k/objekter?efter=%00", "", byggesag)
	prov("for mange lejemål", 400, mox.KodeUgyldig, "leje_sekunder", "POST", "/api/v1/lejemaal/forny", `{"ejer":"a","leje_sekunder":99999}`, esdh)
	prov("for lang liste", 413, mox.KodeForStor, "leverancer", "POST", "/api/v1/lejemaal/forny", `{"ejer":"a","leverancer":[`+strings.Repeat("1,", 1000)+`1]}`, esdh)
	const feed = "/api/v1/abonnementer/esdh.journal/feed"
	prov("feedets grænser", 400, mox.KodeUgyldig, "efter antal vent_sekunder", "GET", feed+"?efter=-1&antal=501&vent_sekunder=31", "", esdh)
	prov("feed uden tal", 400, mox.KodeUgyldig, "efter antal vent_sekunder", "GET", feed+"?efter=x&antal=0&vent_sekunder=x", "", esdh)
	prov("feed, der venter NaN", 400, mox.KodeUgyldig, "vent_sekunder", "GET", feed+"?vent_sekunder=NaN", "", esdh)
	prov("feed med ukendt parameter", 400, mox.KodeUgyldig, "after", "GET", feed+"?after=5", "", esdh)
	prov("feed med parameter to gange", 400, mox.KodeUgyldig, "efter", "GET", feed+"?efter=0&efter=0", "", esdh)
	prov("feed med ulæselige parametre", 400, mox.KodeUgyldig, "", "GET", feed+"?efter=%zz", "", esdh)
	prov("feed efter loggens ende", 409, mox.KodePosition, "", "GET", feed+"?efter=1", "", esdh)
	prov("sammendragets grænser", 400, mox.KodeUgyldig, "fra til dele", "GET", feed+"/sammendrag?fra=0&til=0&dele=101", "", esdh)
	prov("sammendrag baglæns", 400, mox.KodeUgyldig, "", "GET", feed+"/sammendrag?fra=5&til=4", "", esdh)
	prov("skrive i feedet", 405, mox.KodeUgyldig, "", "POST", feed, "{}", esdh)
	prov("for dybt", 413, mox.KodeForStor, "", "POST", hent, `{"ejer":`+strings.Repeat("[", 20)+strings.Repeat("]", 20)+`}`, esdh)
	prov("for stort kald", 413, mox.KodeForStor, "", "POST", hent, `{"ejer":"`+strings.Repeat("a", 2<<20)+`"}`, esdh)
	prov("for stor indlevering", 413, mox.KodeForStor, "", "POST", indlever, `{"agent":"`+strings.Repeat("a", 8<<20)+`"}`, byggesag)
	prov("stor indlevering må være større end andre kald", 400, mox.KodeUgyldig, "system kilde", "POST", indlever, `{"agent":"`+strings.Repeat("a", 3<<20)+`"}`, byggesag)
	prov("besked med ukendt felt", 400, mox.KodeUgyldig, "titel", "POST", beskeder, `{"beskedID":"urn:a:b","titel":"x"}`, byggesag)
	prov("besked for dyb", 400, mox.KodeUgyldig, strings.Repeat("indhold.", 32)+"indhold", "POST", beskeder, strings.Repeat(`{"indhold":`, 100)+"1"+strings.Repeat("}", 100), byggesag)
	prov("indhold uden abonnement", 400, mox.KodeUgyldig, "abonnement", "GET", "/indhold/"+strings.Repeat("0", 64), "", esdh)
	prov("indhold, der ikke findes", 404, mox.KodeIkkeFundet, "", "GET", "/indhold/"+strings.Repeat("0", 64), "", h.som("vagten"))
	prov("indhold uden for mappen", 404, mox.KodeIkkeFundet, "", "GET", "/indhold/..%2f..%2fmox.db", "", h.som("vagten"))

	if resp := h.raat(t, "GET", hent, "", esdh); resp.Header.Get("Allow") != "POST" {
		t.Errorf("Allow: %q", resp.Header.Get("Allow"))
	}
}

// Each right, by who has it. spec: mox 31
func TestRettigheder(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 31")
	h := nytHus(t)
	b := besked()
	send(t, h.Tjeneste, b)
	w := tag(t, h.Tjeneste, esdh)
	sha, err := h.GemIndhold(t.Context(), strings.NewReader("hemmeligt"))
	maa(t, err)
	_, err = h.Indlever(t.Context(), indlevering("D-1", "", "p1", indhold.URN+sha))
	maa(t, err)
	fast := func(s string) func() string { return func() string { return s } }
	ny := func(kildesystem string) func() string {
		return func() string {
			b := besked(func(b *mox.Besked) { b.Kildesystem = kildesystem })
			ud, err := oio.MarshalBesked(&b)
			maa(t, err)
			return string(ud)
		}
	}
	afslut := fmt.Sprintf("/api/v1/leverancer/%d/afslut", w.Leverance)
	udsat := `{"ejer":"x","forsoeg":1,"udfald":{"resultat":"midlertidig"}}`

	navne := []string{"byggesag", "esdh", "breve", "vagten", "laeser"}
	for _, c := range []struct {
		navn, metode, sti string
		krop              func() string
		vil               []int // by navne
	}{
		{"egen kilde", "GET", "/api/v1/kilder/byggesag/dokumenter", fast(""), []int{200, 403, 403, 200, 200}},
		{"indlevere", "POST", "/api/v1/indlevering", fast(`{"agent":"byggesag","system":"Byggesag","kilde":"x","forventet":"","position":"","poster":[]}`), []int{200, 403, 403, 200, 403}},
		{"indlevere som anden agent", "POST", "/api/v1/indlevering", fast(`{"agent":"esdh","system":"Byggesag","kilde":"x","forventet":"","position":"","poster":[]}`), []int{403, 403, 403, 200, 403}},
		{"uafklarede", "POST", "/api/v1/uafklarede", fast(`{"agent":"byggesag","system":"Byggesag","kilde":"x","objekttype":"Sag","noegler":["1"]}`), []int{200, 403, 403, 200, 403}},
		{"afstemme", "POST", "/api/v1/afstemning", fast(`{"agent":"byggesag","system":"Byggesag","kilde":"x","forventet":"","position":"","poster":[]}`), []int{200, 403, 403, 200, 403}},
		{"kildens objekter", "GET", "/api/v1/kilder/byggesag/dokumenter/objekter", fast(""), []int{200, 403, 403, 200, 403}},
		{"hente", "POST", "/api/v1/abonnementer/esdh.journal/hent", fast(`{"ejer":"a"}`), []int{403, 200, 403, 200, 403}},
		{"hente ukendt", "POST", "/api/v1/abonnementer/findes.ikke/hent", fast(`{"ejer":"a"}`), []int{404, 404, 404, 404, 404}},
		{"feed", "GET", "/api/v1/abonnementer/esdh.journal/feed", fast(""), []int{403, 200, 403, 200, 403}},
		{"feed ukendt", "GET", "/api/v1/abonnementer/findes.ikke/feed", fast(""), []int{404, 404, 404, 404, 404}},
		{"sammendrag", "GET", "/api/v1/abonnementer/esdh.journal/feed/sammendrag", fast(""), []int{403, 200, 403, 200, 403}},
		{"sammendrag ukendt", "GET", "/api/v1/abonnementer/findes.ikke/feed/sammendrag", fast(""), []int{404, 404, 404, 404, 404}},
		{"forny", "POST", "/api/v1/lejemaal/forny", fast(`{"ejer":"a","leverancer":[1]}`), []int{200, 200, 200, 200, 403}},
		{"afslutte", "POST", afslut, fast(udsat), []int{403, 200, 403, 200, 403}},
		{"afslutte som anden agent", "POST", afslut, fast(`{"ejer":"x","forsoeg":1,"agent":"byggesag","udfald":{"resultat":"midlertidig"}}`), []int{403, 403, 403, 200, 403}},
		{"afslutte ukendt", "POST", "/api/v1/leverancer/999/afslut", fast(udsat), []int{404, 404, 404, 404, 403}},
		{"sende som Byggesag", "POST", "/api/v1/beskeder", ny("Byggesag"), []int{202, 403, 403, 202, 403}},
		{"sende uden kildesystem", "POST", "/api/v1/beskeder", ny(""), []int{202, 202, 202, 202, 403}},
		{"sende i andens navn", "POST", "/api/v1/beskeder?afsender=Byggesag", ny(""), []int{202, 403, 403, 202, 403}},
		{"se besked", "GET", "/api/v1/beskeder/" + string(b.ID), fast(""), []int{200, 200, 404, 200, 200}},
		{"gemme indhold", "POST", "/indhold", fast("x"), []int{201, 201, 201, 201, 403}},
		{"læse indhold", "GET", "/indhold/" + sha + "?abonnement=breve.send", fast(""), []int{403, 403, 200, 200, 403}},
		{"læse indhold uden abonnement", "GET", "/indhold/" + sha, fast(""), []int{400, 400, 400, 200, 200}},
		{"læse indhold ved nedlagt abonnement", "GET", "/indhold/" + sha + "?abonnement=findes.ikke", fast(""), []int{404, 404, 404, 403, 404}},
	} {
		t.Run(c.navn, func(t *testing.T) {
			for i, navn := range navne {
				if resp := h.raat(t, c.metode, c.sti, c.krop(), h.som(navn)); resp.StatusCode != c.vil[i] {
					t.Errorf("%s: %d, want %d: %s", navn, resp.StatusCode, c.vil[i], tekst(t, resp))
				}
			}
		})
	}
}

func TestUdenVagt(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	s := httptest.NewServer(pull.Handler(h.Tjeneste))
	t.Cleanup(s.Close)
	resp, err := s.Client().Post(s.URL+"/api/v1/lejemaal/forny", "application/json", strings.NewReader(`{"ejer":"a"}`))
	maa(t, err)
	defer func() { _ = resp.Body.Close() }()
	if e := problem.Laes("prøve", resp); e.Kode != mox.KodeIkkeLoggetInd {
		t.Errorf("%+v", e)
	}
	w := httptest.NewRecorder()
	ukendt := auth.Med(t.Context(), auth.Identitet{Navn: "x", Rolle: "chef"})
	r := httptest.NewRequestWithContext(ukendt, "POST", "/api/v1/lejemaal/forny", strings.NewReader(`{"ejer":"a"}`))
	r.Header.Set("Content-Type", "application/json")
	pull.Handler(h.Tjeneste).ServeHTTP(w, r)
	if w.Code != 403 {
		t.Errorf("an unknown role: %d", w.Code)
	}
}

func TestAfsenderenErNoeglens(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	for navn, c := range map[string]struct{ noegle, afsender, vil, kildesystem string }{
		"systemets":         {"byggesag", "", "Byggesag", "Byggesag"},
		"operatørens":       {"vagten", "", "vagten", ""},
		"operatøren vælger": {"vagten", "Byggesag", "Byggesag", ""},
	} {
		b := besked(func(b *mox.Besked) { b.Kildesystem = "" })
		_, err := h.klient(t, c.noegle).Send(t.Context(), c.afsender, b)
		maa(t, err)
		k, err := h.Beskeder(t.Context(), b.ID)
		maa(t, err)
		if k[0].Afsender != c.vil || k[0].Besked.Kildesystem != c.kildesystem {
			t.Errorf("%s: %+v", navn, k[0])
		}
	}
}

func TestEjerErNoeglens(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	send(t, h.Tjeneste, besked())
	k := h.klient(t, "esdh")
	w := tag(t, k, esdh)
	if w.Ejer != "fjern/esdh/arbejder-1" {
		t.Errorf("owner %q", w.Ejer)
	}
	for ejer, vil := range map[string]int{"arbejder-1": 1, "fjern/esdh/arbejder-1": 1, "fjern/breve/arbejder-1": 0} {
		n, err := k.Forny(t.Context(), ejer, []int64{w.Leverance}, time.Minute)
		if err != nil || n != vil {
			t.Errorf("%s: %d %v", ejer, n, err)
		}
	}
	// An operator is no receiver: the same worker name is another's.
	if n, err := h.klient(t, "vagten").Forny(t.Context(), w.Ejer, []int64{w.Leverance}, time.Minute); err != nil || n != 0 {
		t.Errorf("another key: %d %v", n, err)
	}
	ud, err := h.klient(t, "vagten").Done(t.Context(), afslut(w, mox.ResAccepteret))
	if err != nil || !ud.ForSent || ud.Tilstand != mox.UnderLevering {
		t.Errorf("another key: %+v %v", ud, err)
	}
}

// The sender and another sender may have chosen the same beskedID; each sees its own, a receiver its own receipts.
func TestHvemSerHvad(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	b := besked(func(b *mox.Besked) { b.ObjektType, b.Kildesystem = mox.Dokument, "" })
	_, err := h.klient(t, "byggesag").Send(t.Context(), "", b)
	maa(t, err)
	_, err = h.klient(t, "vagten").Send(t.Context(), "", b)
	maa(t, err)
	_, err = h.Done(t.Context(), afslut(tag(t, h.Tjeneste, esdh), mox.ResAccepteret))
	maa(t, err)
	for navn, vil := range map[string]struct{ beskeder, kvitteringer int }{"byggesag": {1, 3}, "esdh": {2, 3}, "breve": {2, 2}, "laeser": {2, 3}} {
		k, err := h.klient(t, navn).Beskeder(t.Context(), b.ID)
		maa(t, err)
		if len(k) != vil.beskeder || len(k[0].Kvitteringer) != vil.kvitteringer {
			t.Errorf("%s: %+v", navn, k)
		}
	}
	if !strings.Contains(h.log.String(), "hvem=laeser") || strings.Contains(h.log.String(), "hvem=byggesag") {
		t.Errorf("a person's reading is logged, a system's is not: %s", h.log)
	}
}

func TestSlettetBesked(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	b := besked()
	send(t, h.Tjeneste, b)
	maa(t, h.Distributor.Store().Update(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE besked SET metadata = NULL, indhold = NULL, salt = NULL`)
		return err
	}))
	k, err := h.klient(t, "byggesag").Beskeder(t.Context(), b.ID)
	maa(t, err)
	if len(k) != 1 || !k[0].Slettet || k[0].Besked.ID != "" || len(k[0].Kvitteringer) == 0 {
		t.Errorf("%+v", k)
	}
}

func TestIngenCPRNummerIFejl(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 53")
	h := nytHus(t)
	const cpr = "0102031234"
	for _, c := range []struct{ metode, sti, krop string }{
		{"POST", "/api/v1/beskeder", `{"beskedID":"` + cpr + `","objekttype":"Sag"}`},
		{"POST", "/api/v1/beskeder", `{"beskedID":"urn:x:` + cpr + `","beskedversion":"` + cpr + `"}`},
		{"POST", "/api/v1/beskeder", `{"` + cpr + `":1}`},
		{"POST", "/api/v1/beskeder", `{"livscykluskode":"` + cpr + `"}`},
		{"GET", "/api/v1/beskeder/urn:oio:cpr-nr:" + cpr, ""},
		{"POST", "/api/v1/abonnementer/" + cpr + "/hent", `{"ejer":"a"}`},
		{"POST", "/api/v1/abonnementer/x/hent", `{"` + cpr + `":"a"}`},
		{"POST", "/api/v1/abonnementer/x/hent", `{"n":` + cpr + `1234567890}`},
		{"POST", "/api/v1/indlevering", `{"poster":[{"fra":"` + cpr + `"}]}`},
		{"GET", "/indhold/" + cpr, ""},
		{"PUT", "/indhold/" + cpr, ""},
	} {
		resp := h.raat(t, c.metode, c.sti, c.krop, h.som("vagten"))
		if s := tekst(t, resp); resp.StatusCode < 400 || strings.Contains(s, cpr) || strings.Contains(s, "010203") {
			t.Errorf("%s %s %s: %d %s", c.metode, c.sti, c.krop, resp.StatusCode, s)
		}
	}
	if strings.Contains(h.log.String(), "010203") {
		t.Errorf("in the log: %s", h.log)
	}
}

func TestIndholdOverHTTP(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	resp := h.raat(t, "POST", "/indhold", "0123456789", h.som("byggesag"), "Content-Type: application/pdf")
	const sha = "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882"
	if got := tekst(t, resp); resp.StatusCode != 201 || got != `{"urn":"urn:mox:indhold:sha256:`+sha+`","stoerrelse":10}`+"\n" {
		t.Fatalf("%d %s", resp.StatusCode, got)
	}
	_, err := h.Indlever(t.Context(), indlevering("D-1", "", "p1", indhold.URN+sha))
	maa(t, err)
	for _, c := range []struct {
		navn, metode string
		headere      []string
		status       int
		krop         string
	}{
		{"hele", "GET", nil, 200, "0123456789"},
		{"kun hoved", "HEAD", nil, 200, ""},
		{"del", "GET", []string{"Range: bytes=2-4"}, 206, "234"},
		{"slutning", "GET", []string{"Range: bytes=-3"}, 206, "789"},
		{"fortsæt samme", "GET", []string{"Range: bytes=8-", `If-Range: "` + sha + `"`}, 206, "89"},
		{"fortsæt noget andet", "GET", []string{"Range: bytes=8-", `If-Range: "x"`}, 200, "0123456789"},
		{"uden for", "GET", []string{"Range: bytes=20-"}, 416, "invalid range: failed to overlap\n"},
		{"kendt", "GET", []string{`If-None-Match: "` + sha + `"`}, 304, ""},
		{"andet kendt", "GET", []string{`If-None-Match: "x"`}, 200, "0123456789"},
	} {
		resp := h.raat(t, c.metode, "/indhold/"+sha, "", append(slices.Clone(c.headere), h.som("breve"), "Mox-Abonnement: breve.send")...)
		if got := tekst(t, resp); resp.StatusCode != c.status || got != c.krop {
			t.Errorf("%s: %d %q", c.navn, resp.StatusCode, got)
		}
		if c.status < 300 && (resp.Header.Get("ETag") != `"`+sha+`"` || resp.Header.Get("Content-Disposition") != "attachment" ||
			resp.Header.Get("Content-Type") != "application/octet-stream" || resp.Header.Get("X-Content-Type-Options") != "nosniff") {
			t.Errorf("%s: %v", c.navn, resp.Header)
		}
	}
	// The right is asked for first: to know the hash is not to have the right to hear that it is there.
	if resp := h.raat(t, "GET", "/indhold/"+sha, "", h.som("esdh"), "Mox-Abonnement: breve.send", `If-None-Match: "`+sha+`"`); resp.StatusCode != 403 {
		t.Errorf("a stranger: %d", resp.StatusCode)
	}
}

func TestForStortDokument(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	c, err := net.Dial("tcp", h.http.Listener.Addr().String())
	maa(t, err)
	defer func() { _ = c.Close() }()
	_, err = fmt.Fprintf(c, "POST /indhold HTTP/1.1\r\nHost: %s\r\n%s\r\nContent-Length: %d\r\n\r\n", c.RemoteAddr(), h.som("byggesag"), indhold.Maks+1)
	maa(t, err)
	b := make([]byte, 12)
	if _, err := io.ReadFull(c, b); err != nil || string(b) != "HTTP/1.1 413" {
		t.Errorf("%s %v", b, err) // and not after 256 MB
	}
}

// Work that was found for a caller who had gone is handed back: it was no attempt, and another may do it at once, also where
// a repeat would not be harmless.
func TestArbejdeTilEnDerErGaaet(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	send(t, h.Tjeneste, besked())
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	gaaet := make(chan (<-chan struct{}), 1)
	h.kald = func(r *http.Request) { gaaet <- r.Context().Done() }
	h.ved("forsoeg.efter", func() {
		stop()
		<-<-gaaet // the server has seen it
	})
	_, err := h.klient(t, "esdh").Hent(ctx, esdh, "a", 1, time.Minute, time.Minute)
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	h.ved("forsoeg.efter", nil)
	w := tag(t, h.Tjeneste, esdh)
	if w.Forsoeg != 1 || w.Usikker { // the first was none
		t.Errorf("%+v", w)
	}
}

func TestHoejst25AdGangen(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	for i := range 30 {
		send(t, h.Tjeneste, besked(om(mox.ObjektID(fmt.Sprintf("aaaaaaaa-0000-4000-8000-%012d", i)))))
	}
	w, err := h.klient(t, "esdh").Hent(t.Context(), esdh, "a", 100, time.Minute, 0)
	if err != nil || len(w) != 25 {
		t.Errorf("%d %v", len(w), err)
	}
}

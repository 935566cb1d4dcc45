package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/console/drift"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/internal/problem"
	"github.com/moxkit/mox/oio"
)

const (
	jsonType = "Content-Type: application/json"
	xmlType  = "Content-Type: application/xml"
)

// raat makes a call as a system; headers are written "Name: value".
func (h *httpserver) raat(t *testing.T, system, metode, sti string, krop io.Reader, hoveder ...string) (status int, svar []byte, e *mox.Error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), metode, h.adresse+sti, krop)
	if err != nil {
		t.Fatal(err)
	}
	if n := h.noegle[system]; n != "" {
		r.Header.Set("Authorization", "Bearer "+n)
	}
	for _, l := range hoveder {
		navn, vaerdi, _ := strings.Cut(l, ": ")
		r.Header.Set(navn, vaerdi)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }() // read to its end
	if svar, err = io.ReadAll(resp.Body); err != nil {
		t.Fatal(err)
	}
	if resp.Header.Get("Content-Type") == problem.Type {
		resp.Body = io.NopCloser(bytes.NewReader(svar))
		e = problem.Laes("prøve", resp)
	}
	return resp.StatusCode, svar, e
}

// gzipBombe is a hundred megabytes of nothing, packed.
func gzipBombe(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	for range 100 {
		if _, err := w.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// somTekst writes a besked in one of its forms.
func somTekst(t *testing.T, b mox.Besked, form func(*mox.Besked) ([]byte, error)) string {
	t.Helper()
	raa, err := form(&b)
	if err != nil {
		t.Fatal(err)
	}
	return string(raa)
}

func somKuvert(b *mox.Besked) ([]byte, error) { return oio.MarshalKuvert(b, oio.Koder{}) }

// binaert is a besked's metadata as CloudEvents' headers, with another content of the given type.
func binaert(t *testing.T, b mox.Besked, type_ string) (ud []string) {
	t.Helper()
	h, _, err := oio.CloudEventHeaders(&b)
	if err != nil {
		t.Fatal(err)
	}
	for navn, v := range h {
		if navn != "Content-Type" {
			ud = append(ud, navn+": "+v)
		}
	}
	return append(ud, "Content-Type: "+type_)
}

// What comes in over HTTP and is not in order is refused by the running server with its code, as a problem document; what
// an authenticated system has sent as a besked is kept under Fejl; and nothing else is disturbed by it.
func TestDaarligtInputOverHTTP(t *testing.T) {
	conformance.Proves(t, "mox 1", "mox 2", "mox 11", "mox 31", "mox 41")
	h := nyHTTPServer(t)
	god := enBesked("urn:x:god", func(b *mox.Besked) { b.Kildesystem = "Byggesag" })
	anden := enBesked("urn:x:anden", func(b *mox.Besked) { b.ObjektID = "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c12" })
	send := func(b mox.Besked) int {
		status, _, _ := h.raat(t, "Byggesag", "POST", "/api/v1/beskeder", strings.NewReader(somTekst(t, b, oio.MarshalBesked)), jsonType)
		return status
	}
	if s := send(god); s != http.StatusAccepted {
		t.Fatal(s)
	}
	kuvert := somTekst(t, anden, somKuvert)
	registrering, err := oio.MarshalRegistrering(mox.Sag, anden.ObjektID, mox.Registrering{LivscyklusKode: mox.Rettet, FraTidspunkt: god.Registreringstid})
	if err != nil {
		t.Fatal(err)
	}
	lol := `<!DOCTYPE a [<!ENTITY l "lol">` + strings.Repeat(`<!ENTITY m "&l;&l;&l;&l;&l;&l;&l;&l;">`, 9) + `]>`
	const beskeder, hent, afslut = "/api/v1/beskeder", "/api/v1/abonnementer/esdh.sager/hent", "/api/v1/leverancer/1/afslut"
	kunMetadata := func(b *mox.Besked) { b.Indholdstype, b.Indhold = "", nil }
	raekker := []struct {
		navn, system, metode, sti, krop string
		hoveder                         []string
		status                          int
		kode                            mox.Kode
		gemt                            bool
	}{
		{"XML, der er skåret over", "Byggesag", "POST", beskeder, kuvert[:len(kuvert)/2], []string{xmlType}, 400, mox.KodeUgyldig, true},
		{"XML, der ikke er XML", "Byggesag", "POST", beskeder, "objektID=8f6f2a0e", []string{xmlType}, 400, mox.KodeUgyldig, true},
		{"en ydre entitet", "Byggesag", "POST", beskeder, strings.Replace(kuvert, "<besked:Haendelsesbesked", `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><besked:Haendelsesbesked`, 1), []string{xmlType}, 400, mox.KodeUgyldig, true},
		{"entiteter i entiteter", "Byggesag", "POST", beskeder, lol + kuvert, []string{xmlType}, 400, mox.KodeUgyldig, true},
		{"et andet navnerum", "Byggesag", "POST", beskeder, strings.Replace(kuvert, "urn:oio:besked:kuvert:1.0", "urn:oio:besked:kuvert:9.0", 1), []string{xmlType}, 400, mox.KodeUgyldig, true},
		{"XML i dybden", "Byggesag", "POST", beskeder, strings.Repeat("<a>", 100_000), []string{xmlType}, 400, mox.KodeUgyldig, true},
		{"JSON i dybden", "Byggesag", "POST", beskeder, `{"indhold":` + strings.Repeat("[", 100_000), []string{jsonType}, 400, mox.KodeUgyldig, true},
		{"XML over grænsen", "Byggesag", "POST", beskeder, kuvert + strings.Repeat(" ", oio.MaksBeskedBytes), []string{xmlType}, 413, mox.KodeForStor, false},
		{"en liste over grænsen", "Byggesag", "POST", beskeder, "[" + strings.Repeat(" ", 8<<20-1) + "]", []string{jsonType}, 413, mox.KodeForStor, false},
		{"headers mod en kuvert", "Byggesag", "POST", beskeder, kuvert, binaert(t, god, oio.TypeKuvert), 400, mox.KodeUenig, true},
		{"headers mod en registrering", "Byggesag", "POST", beskeder, string(registrering), binaert(t, god, oio.TypeJSON), 400, mox.KodeUenig, true},
		{"uden beskedID", "Byggesag", "POST", beskeder, somTekst(t, enBesked("", kunMetadata), oio.MarshalBesked), []string{jsonType}, 400, mox.KodeUdenBeskedID, true},
		{"en ukendt version", "Byggesag", "POST", beskeder, strings.Replace(somTekst(t, anden, oio.MarshalBesked), `"1.0"`, `"7.0"`, 1), []string{jsonType}, 400, mox.KodeBeskedversion, true},
		{"samme besked igen", "Byggesag", "POST", beskeder, somTekst(t, god, oio.MarshalBesked), []string{jsonType}, 202, "", false},
		{"samme id med andet objekt", "Byggesag", "POST", beskeder, somTekst(t, enBesked("urn:x:god", func(b *mox.Besked) { b.ObjektID = anden.ObjektID }), oio.MarshalBesked), []string{jsonType}, 409, mox.KodeAndetIndhold, true},
		{"en anden som kildesystem", "Byggesag", "POST", beskeder, somTekst(t, enBesked("urn:x:ny", func(b *mox.Besked) { b.Kildesystem = "ESDH" }), oio.MarshalBesked), []string{jsonType}, 403, mox.KodeIkkeTilladt, true},
		{"en anden som afsender", "Byggesag", "POST", beskeder + "?afsender=ESDH", somTekst(t, enBesked("urn:x:ny"), oio.MarshalBesked), []string{jsonType}, 403, mox.KodeIkkeTilladt, false},
		{"pakket", "Byggesag", "POST", beskeder, gzipBombe(t), []string{jsonType, "Content-Encoding: gzip"}, 415, mox.KodeUgyldig, false},
		{"pakket i pakket", "Byggesag", "POST", hent, gzipBombe(t), []string{jsonType, "Content-Encoding: gzip, gzip"}, 415, mox.KodeUgyldig, false},
		{"pakket uden at sige det", "Byggesag", "POST", beskeder, gzipBombe(t)[:4096], []string{jsonType}, 400, mox.KodeUgyldig, true},
		{"uden nøgle", "", "POST", beskeder, "{", []string{jsonType}, 401, mox.KodeIkkeLoggetInd, false},
		{"en forkert nøgle", "", "POST", beskeder, "{", []string{jsonType, "Authorization: Bearer mox_forkert"}, 401, mox.KodeIkkeLoggetInd, false},
		{"en andens abonnement", "Byggesag", "POST", hent, `{"ejer":"a"}`, []string{jsonType}, 403, mox.KodeIkkeTilladt, false},
		{"en andens feed", "Byggesag", "GET", "/api/v1/abonnementer/esdh.sager/feed", "", nil, 403, mox.KodeIkkeTilladt, false},
		{"en andens sammendrag", "Byggesag", "GET", "/api/v1/abonnementer/esdh.sager/feed/sammendrag", "", nil, 403, mox.KodeIkkeTilladt, false},
		{"intet abonnement", "Byggesag", "GET", "/api/v1/abonnementer/findes.ikke/feed", "", nil, 404, mox.KodeIkkeFundet, false},
		{"en andens leverance", "Byggesag", "POST", afslut, `{"ejer":"a","forsoeg":1,"udfald":{"resultat":"accepteret"}}`, []string{jsonType}, 403, mox.KodeIkkeTilladt, false},
		{"driftens kald", "Byggesag", "GET", "/api/v1/drift/status", "", nil, 403, mox.KodeIkkeTilladt, false},
		{"en anden sides kald", "Byggesag", "POST", beskeder, "{", []string{jsonType, "Origin: https://ond.example"}, 403, mox.KodeIkkeTilladt, false},
		{"for store headers", "Byggesag", "GET", "/api/v1/beskeder/urn:x:god", "", []string{"X-A: " + strings.Repeat("a", 80<<10)}, 431, "", false},
	}
	gemt := 0
	for _, r := range raekker {
		status, svar, e := h.raat(t, r.system, r.metode, r.sti, io.MultiReader(strings.NewReader(r.krop)), r.hoveder...) // chunked: no length is told
		if status != r.status || mox.KodeAf(nilSom(e)) != r.kode {
			t.Errorf("%s: %d %.300s, skulle være %d %s", r.navn, status, svar, r.status, r.kode)
		}
		if strings.Contains(string(svar), "root:") {
			t.Errorf("%s: %s", r.navn, svar)
		}
		if r.gemt {
			gemt++
		}
		if n := len(h.fejl(t)); n != gemt {
			t.Errorf("%s: %d fejl er gemt, skulle være %d", r.navn, n, gemt)
			gemt = n
		}
	}
	h.uforstyrret(t, send)
}

// nilSom is an error that is nil when e is.
func nilSom(e *mox.Error) error {
	if e == nil {
		return nil
	}
	return e
}

func (h *httpserver) fejl(t *testing.T) []drift.Fejl {
	t.Helper()
	var l drift.Fejlliste
	if err := h.kald(t.Context(), http.MethodGet, driftsti("fejl"), nil, &l); err != nil {
		t.Fatal(err)
	}
	return l.Fejl
}

// uforstyrret checks that the one good besked is there as it was, that nothing else is, and that the next goes through.
func (h *httpserver) uforstyrret(t *testing.T, send func(mox.Besked) int) {
	t.Helper()
	var st drift.Status
	if err := h.kald(t.Context(), http.MethodGet, driftsti("status"), nil, &st); err != nil {
		t.Fatal(err)
	}
	for _, m := range st.Modtagere {
		if m.Abonnement == "esdh.sager" && (m.Venter != 1 || m.KraeverHandling != 0) {
			t.Errorf("%+v", m)
		}
	}
	for _, f := range h.fejl(t) {
		if f.System != "Byggesag" || f.Ansvar != mox.AnsvarAfsender {
			t.Errorf("%+v", f)
		}
	}
	if s := send(enBesked("urn:x:naeste", func(b *mox.Besked) { b.ObjektID = "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c19" })); s != http.StatusAccepted {
		t.Error(s)
	}
	_, svar, _ := h.raat(t, "ESDH", "POST", "/api/v1/abonnementer/esdh.sager/hent", strings.NewReader(`{"ejer":"a","n":10}`), jsonType)
	var ud struct {
		Arbejde []struct{ Besked struct{ BeskedID string } }
	}
	if err := json.Unmarshal(svar, &ud); err != nil || len(ud.Arbejde) != 2 || ud.Arbejde[0].Besked.BeskedID != "urn:x:god" || ud.Arbejde[1].Besked.BeskedID != "urn:x:naeste" {
		t.Errorf("%v %s", err, svar)
	}
}

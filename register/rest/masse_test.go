package rest_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/register/rest"
	"github.com/moxkit/mox/store"
)

// facet is the newest registrering of a Facet.
func facet(bvn, resten string) string {
	return resten + `"attributter":{"facetegenskaber":[{"brugervendtnoegle":"` + bvn + `",` + altid + `}]},"tilstande":{"facetpubliceret":[{"publiceret":"Publiceret",` + altid + `}]}`
}

func facetID(nr int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", nr) }

func post(id, registreringer string) string {
	return `{"id":"` + id + `","registreringer":[` + registreringer + `]}`
}

// importer takes over objekter, and says of each "<udfald>" or the kode of what is wrong.
func (h *hus) importer(sti string, poster ...string) (ud []string) {
	h.Helper()
	s := h.kald("POST", sti+"/importer", "["+strings.Join(poster, ",")+"]").vil(200)
	var svar rest.Importsvar
	if err := json.Unmarshal([]byte(s.tekst), &svar); err != nil {
		h.Fatal(err)
	}
	for _, x := range svar.Svar {
		if x.Fejl != nil {
			x.Udfald = string(x.Fejl.Kode)
		}
		ud = append(ud, x.Udfald)
	}
	return ud
}

// linjer are the objekter of a stream: their ids, and each as JSON.
func (h *hus) linjer(sti string) (ids []string, linjer []string) {
	h.Helper()
	req, err := http.NewRequestWithContext(h.Context(), http.MethodGet, h.http.URL+sti, nil)
	if err != nil {
		h.Fatal(err)
	}
	req.Header.Set("Accept", rest.TypeLinjer+", application/json;q=0.5")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if t := res.Header.Get("Content-Type"); res.StatusCode != 200 || t != rest.TypeLinjer {
		h.Fatalf("%s: %d %s", sti, res.StatusCode, t)
	}
	b := bufio.NewScanner(res.Body)
	b.Buffer(nil, 16<<20)
	for b.Scan() {
		var o rest.Importobjekt
		if err := json.Unmarshal(b.Bytes(), &o); err != nil {
			h.Fatal(err)
		}
		ids, linjer = append(ids, string(o.ID)), append(linjer, b.Text())
	}
	if err := b.Err(); err != nil {
		h.Fatal(err)
	}
	return ids, linjer
}

// TestMangeObjekter takes over more than a stream looks up at a time, and gives them out again.
func TestMangeObjekter(t *testing.T) {
	paaBegge(t, func(h *hus) {
		antal := 2050
		if strings.HasSuffix(h.Name(), "PostgreSQL") {
			antal = 60 // one commit for each; that the next page follows the last is shown in package store
		}
		var poster, alle []string
		for i := range antal {
			// Several have the same brugervendtnoegle: then the UUID orders them.
			poster, alle = append(poster, post(facetID(i), "{"+facet(fmt.Sprintf("F-%04d", i/7), "")+"}")), append(alle, facetID(i))
		}
		udfald := map[string]int{}
		for del := range slices.Chunk(poster, rest.MaksImport) {
			for _, u := range h.importer("/klassifikation/facet", del...) {
				udfald[u]++
			}
		}
		if udfald["Importeret"] != antal {
			h.Fatalf("%v", udfald)
		}
		ids, linjer := h.linjer("/klassifikation/facet")
		if !slices.Equal(ids, alle) {
			h.Errorf("%d objekter, not each once and in order", len(ids))
		}
		for _, c := range []struct {
			sti      string
			fra, til int
		}{
			{fmt.Sprintf("?foersteresultat=10&maximalantalresultater=%d", antal-20), 10, antal - 10},
			{"?bvn=f-0001", 7, 14},
			{"?maximalantalresultater=3", 0, 3},
			{"?uuid=" + facetID(8) + "&uuid=" + facetID(9), 8, 10},
			{"?bvn=findes-ikke", 0, 0},
		} {
			if got, _ := h.linjer("/klassifikation/facet" + c.sti); !slices.Equal(got, alle[c.fra:c.til]) {
				h.Errorf("%s: %d objekter", c.sti, len(got))
			}
		}
		// What is given out can be taken in, and is here already.
		for _, u := range h.importer("/klassifikation/facet", linjer[:min(antal, rest.MaksImport)]...) {
			if u != rest.Uaendret {
				h.Fatalf("%s, want unchanged", u)
			}
		}
		h.kald("POST", "/klassifikation/facet/importer", "["+strings.Repeat(poster[0]+",", rest.MaksImport)+poster[0]+"]").vil(413)
	})
}

func TestImportUdfald(t *testing.T) {
	paaBegge(t, func(h *hus) {
		const sti, andet = "/klassifikation/facet", "11111111-2222-4333-8444-555555555555"
		passiv := "{" + facet("P", `"livscykluskode":"Passiveret","note":"udgået",`) + "}"
		historik := `{"fratidspunkt":{"tidsstempeldatotid":"2020-01-01T00:00:00Z"},` + facet("gammel", "") + `},{"fratidspunkt":{"tidsstempeldatotid":"2024-01-01T00:00:00Z"},` + facet("ny", "") +
			`},{"fratidspunkt":{"tidsstempeldatotid":"2022-01-01T00:00:00Z"},` + facet("midt", "") + `}`
		for _, c := range []struct {
			navn   string
			poster []string
			udfald []string
		}{
			{"new", []string{post(facetID(1), "{"+facet("A", "")+"}")}, []string{"Importeret"}},
			{"in upper case", []string{post(strings.ToUpper("aaaaaaaa-0000-4000-8000-000000000001"), "{"+facet("A", "")+"}")}, []string{"Importeret"}},
			{"the same, changed, and changed back in one call", []string{post(facetID(1), "{"+facet("A", "")+"}"), post(facetID(1), "{"+facet("B", "")+"}"), post(facetID(1), "{"+facet("A", "")+"}")},
				[]string{rest.Uaendret, "Rettet", "Rettet"}},
			{"passive", []string{post(facetID(2), passiv)}, []string{"Passiveret"}},
			{"still passive", []string{post(facetID(2), passiv)}, []string{rest.Uaendret}},
			{"in use again", []string{post(facetID(2), "{"+facet("P", "")+"}")}, []string{"Importeret"}},
			{"passive after all", []string{post(facetID(2), passiv)}, []string{"Passiveret"}},
			{"deleted there", []string{post(facetID(3), "{"+facet("S", `"livscykluskode":"Slettet",`)+"}")}, []string{"ugyldig"}},
			{"wrong ones stop no others", []string{post("hej", "{"+facet("X", "")+"}"), post(facetID(4), `{"attributter":{}}`), post(facetID(5), ""), post(facetID(6), `{"hvad":1}`), post(facetID(7), "{"+facet("R", "")+"}"),
				`{"id":"` + facetID(8) + `","objekttype":"Sag","registreringer":[{` + facet("T", "") + `}]}`},
				[]string{"ugyldig", "ugyldig", "ugyldig", "ugyldig", "Importeret", "ugyldig"}},
			{"if it is as it was", []string{`{"id":"` + facetID(7) + `","etag":"*","registreringer":[{` + facet("R2", "") + `}]}`, `{"id":"` + facetID(7) + `","etag":"\"1\"","registreringer":[{` + facet("R3", "") + `}]}`,
				`{"id":"` + facetID(8) + `","etag":"*","registreringer":[{` + facet("T", "") + `}]}`}, []string{"Rettet", "forudsaetning", "forudsaetning"}},
			{"history", []string{post(andet, historik)}, []string{"Importeret"}},
		} {
			if got := h.importer(sti, c.poster...); !slices.Equal(got, c.udfald) {
				h.Errorf("%s: %v, want %v", c.navn, got, c.udfald)
			}
		}
		h.kald("GET", sti+"/"+andet, "").vil(200).indre(andet).er("0.attributter.facetegenskaber.0.brugervendtnoegle", "ny").er("1", "")
		h.kald("GET", sti+"/"+facetID(2), "").vil(200).indre(facetID(2)).er("0.livscykluskode", "Passiveret").er("0.note", "udgået")
		h.kald("DELETE", sti+"/"+facetID(7), "").vil(202)
		if ids, _ := h.linjer(sti); slices.Contains(ids, facetID(7)) || len(ids) != 4 {
			h.Errorf("%v", ids)
		}
		// With history, also what has been deleted since is given, and all registreringer of each.
		if ids, linjer := h.linjer(sti + "?registreretfra=-infinity&virkningfra=-infinity"); len(ids) != 5 || strings.Count(strings.Join(linjer, ""), "livscykluskode") != 12 {
			h.Errorf("%d objekter: %s", len(ids), strings.Join(linjer, "\n"))
		}
		for navn, krop := range map[string]string{"not a list": `{"id":""}`, "not JSON": `[{]`, "unknown member": `[{"uuid":"x"}]`, "more after": `[] []`} {
			if s := h.kald("POST", sti+"/importer", krop); s.status != 400 || s.paa("raad") == "" {
				h.Errorf("%s: %d %s", navn, s.status, s.tekst)
			}
		}
		h.hvem = auth.Identitet{Navn: "lene", Rolle: auth.Laeser}
		h.kald("POST", sti+"/importer", `[]`).vil(403)
	})
}

// TestImportSkjulerNumre looks for a person's number in what is said of an objekt that cannot be taken over.
func TestImportSkjulerNumre(t *testing.T) {
	paaBegge(t, func(h *hus) {
		s := h.kald("POST", "/sag/sag/importer", `[`+post("0102031234", `{"relationer":{"ejer":[{"uuid":"0102031234",`+altid+`}]}}`)+`,`+post(facetID(1), `{"0102031234":1}`)+`]`).vil(200)
		if strings.Contains(s.tekst+h.log.String(), "0102031234") {
			h.Error(s.tekst, h.log)
		}
		s.er("svar.0.fejl.kode", "ugyldig").er("svar.1.fejl.kode", "ugyldig")
	})
}

func TestForskel(t *testing.T) {
	paaBegge(t, func(h *hus) {
		id := h.ny(sag("S-1", `"hjemmel":"BL § 16"`, ""))
		sti := "/sag/sag/" + id
		foerste := h.slutningAf(id)
		h.kald("PATCH", sti, `{"attributter":{"sagegenskaber":[{"titel":"Carport","hjemmel":"",`+virk("2026-03-01", "infinity")+`}]},"relationer":{"ejer":[{"urn":"urn:oio:cvr-nr:12345678",`+altid+`}]}}`).vil(200)
		anden := h.slutningAf(id)
		h.kald("PATCH", sti, `{"livscyklus":"Passiv"}`).vil(200)

		// Without anything, what the newest registrering changed.
		h.kald("GET", sti+"/forskel", "").vil(200).er("forskelle", "[]").er("fra.livscykluskode", "Rettet").er("til.livscykluskode", "Passiveret").er("uuid", id)
		s := h.kald("GET", sti+"/forskel?til="+urlTid(anden), "").vil(200)
		s.er("fra.registreringstid", foerste).er("til.registreringstid", anden)
		s.er("forskelle.0.sti", "egenskaber.hjemmel").er("forskelle.0.fra", "BL § 16").er("forskelle.0.til", "")
		s.er("forskelle.1.sti", "egenskaber.titel").er("forskelle.1.fra", "Sag S-1").er("forskelle.1.til", "Carport")
		s.er("forskelle.2.sti", "relationer.ejer").er("forskelle.2.fra", "").er("forskelle.2.til", "urn:oio:cvr-nr:12345678").er("forskelle.3", "")
		// The same registrering at two moments of virkningstid.
		s = h.kald("GET", sti+"/forskel?virkningfra=2026-01-01&virkningtil=2026-04-01", "").vil(200)
		s.er("fra.registreringstid", s.paa("til.registreringstid")).er("fra.virkningstid", "2026-01-01T00:00:00Z").er("forskelle.1.til", "Carport").er("forskelle.2", "")
		// An entry of a 0..n relation that goes is one difference, not one for each that comes after it.
		andre := func(nr ...string) string {
			var l []string
			for i, x := range nr {
				l = append(l, fmt.Sprintf(`{"urn":"urn:x:%s","indeks":%d,%s}`, x, i+1, altid))
			}
			return `{"relationer":{"andresager":[` + strings.Join(l, ",") + `]}}`
		}
		id2 := h.ny(sag("S-2", "", ""))
		h.kald("PATCH", "/sag/sag/"+id2, andre("a", "b", "c")).vil(200)
		h.kald("PATCH", "/sag/sag/"+id2, andre("b", "c", "d")).vil(200)
		s = h.kald("GET", "/sag/sag/"+id2+"/forskel", "").vil(200)
		s.er("forskelle.0.sti", "relationer.andresager.2").er("forskelle.0.fra", "").er("forskelle.0.til", "urn:x:d")
		s.er("forskelle.1.sti", "relationer.andresager.3").er("forskelle.1.fra", "urn:x:a").er("forskelle.1.til", "").er("forskelle.2", "")
		// Before there was anything.
		s = h.kald("GET", sti+"/forskel?fra=2001-01-01&til="+urlTid(foerste), "").vil(200).er("fra.registreringstid", "").er("fra.livscykluskode", "")
		if !strings.Contains(s.tekst, `{"sti":"tilstande.fremdrift","til":"Opstaaet"}`) {
			h.Error(s.tekst)
		}
		h.kald("GET", sti+"/forskel?til=2001-01-01", "").vil(404)
		h.kald("GET", "/sag/sag/"+string(mox.NyUUID())+"/forskel", "").vil(404)
		h.kald("GET", "/dokument/dokument/"+id+"/forskel", "").vil(404)
		h.kald("GET", "/sag/sag/hej/forskel", "").vil(400).er("felter.0.sti", "uuid")
		h.kald("GET", sti+"/forskel?fra=i-gaar", "").vil(400).er("felter.0.sti", "fra")
		h.kald("GET", sti+"/forskel?fraa=2026-01-01", "").vil(400).er("felter.0.regel", "ukendt")
	})
}

// TestStroemBrydesAf is a stream in which an objekt cannot be read: what has been sent cannot be taken back, so the answer
// must be seen not to be whole.
func TestStroemBrydesAf(t *testing.T) {
	paaBegge(t, func(h *hus) {
		var poster []string
		for i := range 40 {
			poster = append(poster, post(facetID(i), "{"+strings.Replace(facet(fmt.Sprintf("F-%02d", i), ""), `"brugervendtnoegle"`, `"beskrivelse":"`+strings.Repeat("x", 4000)+`","brugervendtnoegle"`, 1)+"}"))
		}
		h.importer("/klassifikation/facet", poster...)
		err := h.d.Store().Update(h.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec(`UPDATE register_registrering SET indhold = ? WHERE objekt = (SELECT nr FROM register_objekt WHERE uuid = ?)`, []byte("ødelagt"), facetID(39))
			return err
		})
		if err != nil {
			h.Fatal(err)
		}
		req, err := http.NewRequestWithContext(h.Context(), http.MethodGet, h.http.URL+"/klassifikation/facet", nil)
		if err != nil {
			h.Fatal(err)
		}
		req.Header.Set("Accept", rest.TypeLinjer)
		req.Header.Set("Accept-Encoding", "identity") // packed, it is so little that nothing has been sent yet
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			h.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		b, err := io.ReadAll(res.Body)
		if res.StatusCode != 200 || len(b) == 0 || !errors.Is(err, io.ErrUnexpectedEOF) {
			h.Errorf("%d, %d bytes, %v", res.StatusCode, len(b), err)
		}
		// Where nothing has been sent, it is an answer as any other.
		h.kald("GET", "/klassifikation/facet?bvn=F-39", "", "Accept: "+rest.TypeLinjer).vil(503).er("kode", "utilgaengelig")
	})
}

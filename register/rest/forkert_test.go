package rest_test

import (
	"strings"
	"testing"

	"github.com/moxkit/mox/internal/conformance"
)

// TestForkertInput sends what is wrong, each in a way of its own. Every answer is a problem document with a kode and, where
// there is one, the place; nothing is half-written, and nothing is a defect of ours.
func TestForkertInput(t *testing.T) {
	conformance.Proves(t, "oio 6", "oio 20", "oio 21", "oio 46", "oio 47", "oio 51", "oio 70", "oio 4", "oio 5", "oio 18", "oio 23", "oio 25", "oio 48", "oio 49", "oio 50", "oio 84", "mox 53")
	paaBegge(t, func(h *hus) {
		kendt := h.ny(sag("K-1", "", `"andresager":[{"urn":"urn:x:1",`+altid+`}]`))
		h.beskeder()
		foer := h.kald("GET", "/sag/sag", "").vil(200).tekst
		dok := func(varianter string) string {
			return `{"attributter":{"dokumentegenskaber":[{"brugervendtnoegle":"D","titel":"t","beskrivelse":"b","brevdato":"2026-03-01","dokumenttype":"Brev",` + altid + `}]},"tilstande":{"dokumentfremdrift":[{"fremdrift":"Modtaget",` + altid + `}]},"varianter":` + varianter + `}`
		}
		med := func(gammel, ny string) string { return strings.Replace(sag("F-1", "", ""), gammel, ny, 1) }
		const attr, til, rel = "attributter.sagegenskaber[0]", "tilstande.sagfremdrift[0]", "relationer."
		dyb := strings.Repeat(`{"a":`, 200) + "1" + strings.Repeat("}", 200)
		for nr, c := range []struct {
			metode, sti, krop string
			status            int
			felt              string // place of the first broken rule; "" = none told
			header            string
		}{
			{"POST", "", "", 415, "", ""},
			{"POST", "", "{", 400, "", ""},
			{"POST", "", `{"a":1,}`, 400, "", ""},
			{"POST", "", `[]`, 400, "", ""},
			{"POST", "", `"tekst"`, 400, "", ""},
			{"POST", "", `{}`, 400, "attributter.sagegenskaber", ""},
			{"POST", "", `{} {}`, 400, "", ""},
			{"POST", "", "\xff\xfe", 400, "", ""},
			{"POST", "", `{"note":"\u0000"}`, 400, "note", ""},
			{"POST", "", `{"note":5}`, 400, "note", ""},
			{"POST", "", `{"note":"a","note":"b"}`, 400, "note", ""},
			{"POST", "", dyb, 400, "*", ""},
			{"POST", "", "<sag/>", 415, "", "Content-Type: application/xml"},
			{"POST", "", sag("F-1", "", ""), 415, "", "Content-Type: text/plain"},
			{"POST", "", sag("F-1", "", ""), 415, "", "Content-Type: application/json; charset=latin1"},
			{"POST", "", `{"ukendt":1}`, 400, "ukendt", ""},
			{"POST", "", `{"Attributter":{}}`, 400, "Attributter", ""},
			{"POST", "", med(`"sagegenskaber"`, `"egenskaber"`), 400, "attributter.egenskaber", ""},
			{"POST", "", med(`"titel":"Sag F-1",`, ``), 400, attr + ".titel", ""},
			{"POST", "", med(`"brugervendtnoegle":"F-1",`, ``), 400, attr + ".brugervendtnoegle", ""},
			{"POST", "", med(`"beskrivelse":"b",`, ``), 400, attr + ".beskrivelse", ""},
			{"POST", "", med(`"titel":"Sag F-1"`, `"titel":""`), 400, attr + ".titel", ""},
			{"POST", "", med(`"titel":"Sag F-1"`, `"titel":["a"]`), 400, attr + ".titel", ""},
			{"POST", "", med(`"titel":"Sag F-1"`, `"titel":"`+strings.Repeat("x", 256)+`"`), 400, attr + ".titel", ""},
			{"POST", "", med(`"titel":"Sag F-1"`, `"ukendtfelt":"x"`), 400, attr + ".ukendtfelt", ""},
			{"POST", "", med(`"titel":"Sag F-1"`, `"principiel":"ja","titel":"x"`), 400, attr + ".principiel", ""},
			{"POST", "", med(`"titel":"Sag F-1"`, `"offentlighedundtaget":"x","titel":"x"`), 400, attr + ".offentlighedundtaget", ""},
			{"POST", "", med(`"titel":"Sag F-1"`, `"offentlighedundtaget":{"x":"y"},"titel":"x"`), 400, attr + ".offentlighedundtaget.x", ""},
			{"POST", "", med(`"titel":"Sag F-1"`, `"offentlighedundtaget.hjemmel":"y","titel":"x"`), 400, attr + ".offentlighedundtaget.hjemmel", ""},
			{"POST", "", med(`,`+altid, ``), 400, attr + ".virkning", ""},
			{"POST", "", med(`"from":"-infinity",`, ``), 400, attr + ".virkning.from", ""},
			{"POST", "", med(`,"to":"infinity"`, ``), 400, attr + ".virkning.to", ""},
			{"POST", "", med(`"-infinity"`, `"2026-13-01"`), 400, attr + ".virkning.from", ""},
			{"POST", "", med(`"-infinity"`, `"2026-01-01' || (SELECT 1)"`), 400, attr + ".virkning.from", ""},
			{"POST", "", med(`"-infinity"`, `"2026-01-01T00:00:00"`), 400, attr + ".virkning.from", ""},
			{"POST", "", med(`"-infinity"`, `"infinity"`), 400, attr + ".virkning.til", ""},
			{"POST", "", med(`"-infinity"`, `"12026-01-01"`), 400, attr + ".virkning.from", ""},
			{"POST", "", med(`"-infinity"`, `5`), 400, attr + ".virkning.from", ""},
			{"POST", "", med(`"to":"infinity"`, `"to":"infinity","to_included":true`), 400, attr + ".virkning.to_included", ""},
			{"POST", "", med(`"to":"infinity"`, `"to":"infinity","ukendt":1`), 400, attr + ".virkning.ukendt", ""},
			{"POST", "", med(`"to":"infinity"`, `"to":"infinity","aktoerref":"ikke en reference"`), 400, attr + ".virkning.aktoerref", ""},
			{"POST", "", med(`"to":"infinity"`, `"to":"infinity","aktoertypekode":"Robot"`), 400, attr + ".virkning.aktoertypekode", ""},
			{"POST", "", med(`"fremdrift":"Opstaaet"`, `"fremdrift":"Ukendt"`), 400, til + ".fremdrift", ""},
			{"POST", "", med(`"fremdrift":"Opstaaet",`, ``), 400, til + ".fremdrift", ""},
			{"POST", "", med(`"sagfremdrift":`, `"fremdrift":`), 400, "tilstande.fremdrift", ""},
			{"POST", "", med(`[{"fremdrift"`, `[{"fremdrift":"Oplyst",`+altid+`},{"fremdrift"`), 400, "tilstande.sagfremdrift[1].virkning", ""},
			{"POST", "", sag("F-1", "", `"ukendt":[]`), 400, rel + "ukendt", ""},
			{"POST", "", sag("F-1", "", `"ejer":{}`), 400, rel + "ejer", ""},
			{"POST", "", sag("F-1", "", `"ejer":[5]`), 400, rel + "ejer[0]", ""},
			{"POST", "", sag("F-1", "", `"ejer":[{`+altid+`}]`), 400, rel + "ejer[0]", ""},
			{"POST", "", sag("F-1", "", `"ejer":[{"uuid":"11111111-2222-4333-8444-555555555555","urn":"urn:x:1",`+altid+`}]`), 400, rel + "ejer[0]", ""},
			{"POST", "", sag("F-1", "", `"ejer":[{"uuid":"1111",`+altid+`}]`), 400, rel + "ejer[0].uuid", ""},
			{"POST", "", sag("F-1", "", `"ejer":[{"urn":"x:y",`+altid+`}]`), 400, rel + "ejer[0].urn", ""},
			{"POST", "", sag("F-1", "", `"ejer":[{"urn":"urn:x:1",`+altid+`},{"urn":"urn:x:2",`+altid+`}]`), 400, rel + "ejer[1].virkning", ""},
			{"POST", "", sag("F-1", "", `"andresager":[{"urn":"urn:x:1","indeks":0,`+altid+`}]`), 400, rel + "andresager[0].indeks", ""},
			{"POST", "", sag("F-1", "", `"journalpost":[{"urn":"urn:x:1",`+altid+`}]`), 400, rel + "journalpost[0].journalpostkode", ""},
			{"POST", "", sag("F-1", "", `"journalpost":[{"journalpostkode":"andet","urn":"urn:x:1",`+altid+`}]`), 400, rel + "journalpost[0].journalpostkode", ""},
			{"POST", "", sag("F-1", "", `"journalpost":[{"journalpostkode":"vedlagtdokument","urn":"urn:x:1","journalnotat":{"titel":"x"},`+altid+`}]`), 400, rel + "journalpost[0].journalnotat.titel", ""},
			{"POST", "", strings.TrimSuffix(sag("F-1", "", ""), "}") + `,"varianter":[]}`, 400, "varianter", ""},
			{"POST", "/dokument/dokument", dok(`[{"egenskaber":[]}]`), 400, "varianter[0].varianttekst", ""},
			{"POST", "/dokument/dokument", dok(`[{"varianttekst":"a"},{"varianttekst":"a"}]`), 400, "varianter[1].varianttekst", ""},
			{"POST", "/dokument/dokument", dok(`[{"varianttekst":"a","dele":[{"deltekst":"1"},{"deltekst":"1"}]}]`), 400, "varianter[0].dele[1].deltekst", ""},
			{"POST", "/dokument/dokument", strings.Replace(dok("[]"), "2026-03-01", "i går", 1), 400, "attributter.dokumentegenskaber[0].brevdato", ""},
			{"POST", "/dokument/dokument", strings.Replace(dok("[]"), `"titel"`, `"major":"1","titel"`, 1), 400, "attributter.dokumentegenskaber[0].major", ""},
			{"POST", "/dokument/dokument", strings.Replace(dok("[]"), `"titel"`, `"major":1.5,"titel"`, 1), 400, "attributter.dokumentegenskaber[0].major", ""},
			{"POST", "", med(`"beskrivelse":"b"`, `"beskrivelse":"`+strings.Repeat("x", 17<<20)+`"`), 413, "", ""},
			{"PUT", "/sag/sag/ikke-en-uuid", sag("F-1", "", ""), 400, "uuid", ""},
			{"PUT", "/sag/sag/" + kendt, `{}`, 400, "attributter.sagegenskaber", ""},
			{"PATCH", "/sag/sag/" + kendt, `{`, 400, "", ""},
			{"PATCH", "/sag/sag/" + kendt, `{"attributter":{"egenskaber":[]}}`, 400, "attributter.egenskaber", ""},
			{"PATCH", "/sag/sag/" + kendt, `{"attributter":{"sagegenskaber":[{"ukendt":"x",` + altid + `}]}}`, 400, attr + ".ukendt", ""},
			{"PATCH", "/sag/sag/" + kendt, `{"attributter":{"sagegenskaber":[{"titel":"x"}]}}`, 400, attr + ".virkning", ""},
			{"PATCH", "/sag/sag/" + kendt, `{"attributter":{"sagegenskaber":[{"titel":"",` + altid + `}]}}`, 400, attr + ".titel", ""},
			{"PATCH", "/sag/sag/" + kendt, `{"attributter":{"sagegenskaber":[{"titel":"x",` + altid + `},{"titel":"y",` + altid + `}]}}`, 400, "attributter.sagegenskaber[1].virkning", ""},
			{"PATCH", "/sag/sag/" + kendt, `{"tilstande":{"sagfremdrift":[{"fremdrift":"Ukendt",` + altid + `}]}}`, 400, til + ".fremdrift", ""},
			{"PATCH", "/sag/sag/" + kendt, `{"relationer":{"ukendt":[]}}`, 400, rel + "ukendt", ""},
			{"PATCH", "/sag/sag/" + kendt, `{"livscyklus":"Slettet"}`, 400, "livscyklus", ""},
			{"PATCH", "/sag/sag/" + kendt, `{"varianter":[]}`, 400, "varianter", ""},
			{"DELETE", "/sag/sag/" + kendt, `{"note":5}`, 400, "note", ""},
			{"DELETE", "/sag/sag", "", 405, "", ""},
			{"POST", "/sag/sag/" + kendt, sag("F-1", "", ""), 405, "", ""},
			{"GET", "/sag/sag/..%2f..%2fetc", "", 400, "uuid", ""},
			{"GET", "/sag/dokument", "", 404, "", ""},
			{"GET", "/ukendt/ukendt", "", 404, "", ""},
			{"GET", "/ukendt/classes", "", 404, "", ""},
			{"GET", "/sag/sag/ikke-en-uuid", "", 400, "uuid", ""},
			{"GET", "/dokument/dokument/" + kendt, "", 404, "", ""},
			{"GET", "/sag/sag?ukendt=1", "", 400, "ukendt", ""},
			{"GET", "/sag/sag?uuid=x", "", 400, "uuid", ""},
			{"GET", "/sag/sag?foersteresultat=-1", "", 400, "foersteresultat", ""},
			{"GET", "/sag/sag?maximalantalresultater=0", "", 400, "maximalantalresultater", ""},
			{"GET", "/sag/sag?maximalantalresultater=mange", "", 400, "maximalantalresultater", ""},
			{"GET", "/sag/sag?virkningstid=nu", "", 400, "virkningstid", ""},
			{"GET", "/sag/sag?registreringstid=infinity", "", 400, "registreringstid", ""},
			{"GET", "/sag/sag?virkningfra=2026-02-01&virkningtil=2026-01-01", "", 400, "virkningtil", ""},
			{"GET", "/sag/sag?registreretfra=2026-02-01&registrerettil=2026-01-01", "", 400, "registrerettil", ""},
			{"GET", "/sag/sag?livscykluskode=Væk", "", 400, "livscykluskode", ""},
			{"GET", "/sag/sag?fremdrift=Ukendt", "", 400, "fremdrift", ""},
			{"GET", "/sag/sag?ejer=x", "", 400, "ejer", ""},
			{"GET", "/sag/sag?ejer=", "", 400, "ejer", ""},
			{"GET", "/sag/sag?principiel=ja", "", 400, "principiel", ""},
			{"GET", "/sag/sag?brugerref=x", "", 400, "brugerref", ""},
			{"GET", "/sag/sag?mimetype=x", "", 400, "mimetype", ""},
			{"GET", "/sag/sag/" + kendt + "?titel=x", "", 400, "", ""},
			{"POST", "/sag/sag/soeg", `{}`, 415, "", ""},
		} {
			sti := c.sti
			if sti == "" {
				sti = "/sag/sag"
			}
			var headers []string
			if c.header != "" {
				headers = append(headers, c.header)
			}
			s := h.kald(c.metode, sti, c.krop, headers...)
			if s.status != c.status || s.header.Get("Content-Type") != "application/problem+json" || s.paa("kode") == "" || s.paa("message") == "" {
				h.Errorf("%d. %s: %d, want %d: %.500s", nr, s.hvad, s.status, c.status, s.tekst)
			}
			if got := s.paa("felter.0.sti"); got != c.felt && c.felt != "*" {
				h.Errorf("%d. %s: the place is %q, want %q: %.500s", nr, s.hvad, got, c.felt, s.tekst)
			}
		}
		if efter := h.kald("GET", "/sag/sag", "").vil(200).tekst; efter != foer {
			h.Errorf("before %s, after %s", foer, efter)
		}
		h.kald("GET", "/sag/sag/"+kendt, "").vil(200).indre(kendt).er("0.livscykluskode", "Opstaaet")
		if b := h.beskeder(); len(b) > 0 {
			h.Errorf("beskeder: %v", b)
		}
		if h.log.Len() > 0 {
			h.Errorf("the log has %s", h.log)
		}
	})
}

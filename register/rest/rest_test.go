package rest_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/store/storetest"
)

func TestIdentitet(t *testing.T) {
	conformance.Proves(t, "oio 1", "oio 2", "oio 3", "oio 9", "oio 34")
	paaBegge(t, func(h *hus) {
		en, to := h.ny(sag("S-1", "", "")), h.ny(sag("S-1", "", `"andresager":[{"uuid":"11111111-2222-4333-8444-555555555555",`+altid+`}]`))
		if en == to || !mox.ErUUID(en) {
			h.Errorf("%q and %q", en, to)
		}
		const id = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
		h.kald("PUT", "/sag/sag/"+strings.ToUpper(id), sag("S-2", "", "")).vil(200).er("uuid", id)
		h.kald("GET", "/sag/sag/"+id, "").vil(200).indre(id).er("0.livscykluskode", "Importeret")
		h.kald("PATCH", "/sag/sag/"+id, `{"attributter":{"sagegenskaber":[{"titel":"Ny",`+altid+`}]}}`).vil(200).er("uuid", id)
		h.kald("DELETE", "/sag/sag/"+id, "").vil(202).er("uuid", id)
		h.kald("PUT", "/sag/sag/"+id, sag("S-2", "", "")).vil(200).er("uuid", id)
		h.kald("GET", "/sag/sag/"+id, "").vil(200).indre(id).er("0.attributter.sagegenskaber.0.titel", "Sag S-2")

		h.kald("GET", "/sag/sag?bvn=S-1", "").vil(200).er("results.0", fmt.Sprintf(`["%s","%s"]`, min(en, to), max(en, to)))
	})
}

// TestRegistreringer follows one Sag through its life, in both times.
func TestRegistreringer(t *testing.T) {
	conformance.Proves(t, "oio 10", "oio 11", "oio 13", "oio 14", "oio 15", "oio 16", "oio 28", "oio 33", "oio 34", "oio 43", "oio 44", "oio 45", "oio 90", "mox 58")
	paaBegge(t, func(h *hus) {
		h.hvem = auth.Identitet{Navn: "hanne", Rolle: auth.Drift}
		id := h.ny(sag("S-1", `"hjemmel":"Byggeloven § 16"`, ""))
		sti := "/sag/sag/" + id
		h.kald("PATCH", sti, `{"note":"ny titel","attributter":{"sagegenskaber":[{"titel":"Carport",`+virk("2026-02-01", "infinity")+`}]}}`).vil(200)
		h.kald("PATCH", sti, `{"attributter":{"sagegenskaber":[{"titel":"Carport",`+virk("2026-02-01", "infinity")+`}]}}`).vil(200) // says nothing new
		h.kald("PATCH", sti, `{"livscyklus":"Passiv","note":"arkiveret"}`).vil(200)
		h.kald("GET", sti, "").vil(200).indre(id).er("0.livscykluskode", "Passiveret").er("0.note", "arkiveret").er("0.attributter.sagegenskaber.0.titel", "Carport")
		h.kald("DELETE", sti, `{"note":"fejl"}`).vil(202)
		h.kald("DELETE", sti, "").vil(202) // again
		h.kald("GET", sti, "").vil(410).er("kode", "slettet")

		alle := h.kald("GET", sti+"?registreretfra=-infinity&virkningfra=-infinity&virkningtil=infinity&registrerettil="+urlTid(h.slutningAf(id)), "")
		h.kald("GET", "/sag/sag?uuid="+id, "").vil(200).er("results.0.0.registreringer.0.livscykluskode", "Slettet").er("results.0.0.registreringer.0.note", "fejl").
			er("results.0.0.registreringer.0.attributter.sagegenskaber.0.hjemmel", "Byggeloven § 16")
		v := alle.vil(200).indre(id)
		v.er("0.livscykluskode", "Passiveret").er("1.livscykluskode", "Rettet").er("1.note", "ny titel").er("2.livscykluskode", "Opstaaet").er("3.livscykluskode", "")
		for i := range 2 {
			if ny, gammel := v.paa(fmt.Sprint(i, ".fratidspunkt.tidsstempeldatotid")), v.paa(fmt.Sprint(i+1, ".fratidspunkt.tidsstempeldatotid")); ny <= gammel {
				h.Errorf("%s is not after %s", ny, gammel)
			}
			v.er(fmt.Sprint(i+1, ".tiltidspunkt.tidsstempeldatotid"), v.paa(fmt.Sprint(i, ".fratidspunkt.tidsstempeldatotid")))
		}
		v.er("1.attributter.sagegenskaber.0.titel", "Sag S-1").er("1.attributter.sagegenskaber.1.titel", "Carport").er("1.attributter.sagegenskaber.1.hjemmel", "Byggeloven § 16").
			er("1.tilstande.sagfremdrift.0.fremdrift", "Opstaaet").er("2.attributter.sagegenskaber.1", "")
		if b := v.paa("0.brugerref"); !mox.ErUUID(b) || b != v.paa("2.brugerref") {
			h.Errorf("brugerref %q", b)
		}
		if got := h.beskeder(); !slices.Equal(got, []string{"Opstaaet 1", "Rettet 2", "Passiveret 3", "Slettet 4"}) {
			h.Errorf("beskeder: %v", got)
		}
		foer := v.paa("1.fratidspunkt.tidsstempeldatotid")
		h.kald("GET", sti+"?registreringstid="+urlTid(foer), "").vil(200).indre(id).er("0.livscykluskode", "Rettet").er("1.livscykluskode", "")
	})
}

func urlTid(s string) string { return strings.ReplaceAll(s, "+", "%2B") }

// slutningAf is when the newest registrering of id began: until then is before it.
func (h *hus) slutningAf(id string) string {
	h.Helper()
	return h.kald("GET", "/sag/sag?uuid="+id, "").vil(200).paa("results.0.0.registreringer.0.fratidspunkt.tidsstempeldatotid")
}

// TestDobbelthistorik corrects the past, and sees both what was known and what is.
func TestDobbelthistorik(t *testing.T) {
	conformance.Proves(t, "oio 12", "oio 17", "oio 19", "oio 26", "oio 29", "oio 30", "oio 31", "oio 55", "mox 47")
	paaBegge(t, func(h *hus) {
		id := h.ny(sag("S-1", "", ""))
		sti := "/sag/sag/" + id
		kendt := h.kald("GET", sti, "").vil(200).indre(id).paa("0.fratidspunkt.tidsstempeldatotid")
		h.kald("PATCH", sti, `{"attributter":{"sagegenskaber":[{"titel":"Marts",`+virk("2026-03-01", "2026-04-01")+`}]}}`).vil(200)
		for _, c := range []struct{ tider, titel string }{
			{"virkningstid=2026-03-15", "Marts"},
			{"virkningstid=2026-03-01", "Marts"},
			{"virkningstid=2026-04-01", "Sag S-1"},
			{"virkningstid=2026-02-28T23:59:59Z", "Sag S-1"},
			{"virkningstid=2026-03-15&registreringstid=" + urlTid(kendt), "Sag S-1"},
			{"", "Sag S-1"},
		} {
			s := h.kald("GET", sti+"?"+c.tider, "").vil(200).indre(id)
			s.er("0.attributter.sagegenskaber.0.titel", c.titel).er("0.attributter.sagegenskaber.1", "").er("1", "")
		}
		s := h.kald("GET", sti+"?virkningfra=2026-02-01&virkningtil=2026-03-02", "").vil(200).indre(id)
		s.er("0.attributter.sagegenskaber.0.virkning.from", "-infinity").er("0.attributter.sagegenskaber.0.virkning.to", "2026-03-01T00:00:00Z").
			er("0.attributter.sagegenskaber.1.titel", "Marts").er("0.attributter.sagegenskaber.2", "")
		s = h.kald("GET", sti+"?virkningfra=-infinity&virkningtil=infinity", "").vil(200).indre(id)
		s.er("0.attributter.sagegenskaber.2.virkning.to", "infinity")
		h.kald("GET", sti+"?registreringstid=2001-01-01", "").vil(404)
		for _, forkert := range []string{"virkningstid=2026-01-01&virkningfra=2026-01-01", "registreringstid=2026-01-01&registrerettil=2026-01-01"} {
			conformance.Proves(h.T, "oio 32")
			h.kald("GET", sti+"?"+forkert, "").vil(400).er("felter.0.spec", "oio 32")
		}
	})
}

func TestLivscyklus(t *testing.T) {
	conformance.Proves(t, "oio 35", "oio 36", "oio 37", "oio 38", "oio 39", "oio 40", "oio 41", "oio 42", "oio 53")
	paaBegge(t, func(h *hus) {
		const ukendt = "/sag/sag/aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
		ret := `{"attributter":{"sagegenskaber":[{"titel":"Ny",` + altid + `}]}}`
		h.kald("PATCH", ukendt, ret).vil(404)
		h.kald("DELETE", ukendt, "").vil(404)
		h.kald("GET", ukendt, "").vil(404)

		id := h.ny(sag("S-1", `"hjemmel":"gammel"`, ""))
		sti := "/sag/sag/" + id
		h.kald("PUT", sti, sag("S-1", "", "")).vil(200)
		h.kald("GET", sti, "").vil(200).indre(id).er("0.livscykluskode", "Rettet").er("0.attributter.sagegenskaber.0.hjemmel", "")
		h.kald("PATCH", sti, `{"livscyklus":"Passiv"}`).vil(200)
		h.kald("PATCH", sti, ret).vil(400).er("felter.0.regel", "livscyklus")
		h.kald("PATCH", sti, `{"livscyklus":"Passiv"}`).vil(400)
		h.kald("DELETE", sti, "").vil(202)
		h.kald("PATCH", sti, ret).vil(400)
		h.kald("PATCH", sti, `{"livscyklus":"Passiv"}`).vil(400)
		h.kald("DELETE", sti, "").vil(202) // again
		h.kald("PUT", sti, sag("S-9", "", "")).vil(200)
		h.kald("GET", sti, "").vil(200).indre(id).er("0.livscykluskode", "Importeret").er("0.attributter.sagegenskaber.0.brugervendtnoegle", "S-9").er("0.attributter.sagegenskaber.1", "")
		if got := h.beskeder(); !slices.Equal(got, []string{"Opstaaet 1", "Rettet 2", "Passiveret 3", "Slettet 4", "Importeret 5"}) {
			h.Errorf("beskeder: %v", got)
		}
		passiv := h.ny(sag("S-2", `"hjemmel":"gammel"`, ""))
		h.kald("PATCH", "/sag/sag/"+passiv, `{"livscyklus":"Passiv"}`).vil(200)
		h.kald("PUT", "/sag/sag/"+passiv, sag("S-2", "", "")).vil(200)
		h.kald("GET", "/sag/sag/"+passiv, "").vil(200).indre(passiv).er("0.livscykluskode", "Importeret").er("0.attributter.sagegenskaber.0.hjemmel", "")
	})
}

func TestBetingelse(t *testing.T) {
	conformance.Proves(t, "oio 67", "oio 51")
	paaBegge(t, func(h *hus) {
		id := h.ny(sag("S-1", "", ""))
		sti := "/sag/sag/" + id
		etag := h.kald("GET", sti, "").vil(200).header.Get("ETag")
		ret := func(titel string) string {
			return `{"attributter":{"sagegenskaber":[{"titel":"` + titel + `",` + altid + `}]}}`
		}
		nyt := h.kald("PATCH", sti, ret("A"), "If-Match: "+etag).vil(200).header.Get("ETag")
		h.kald("PATCH", sti, ret("B"), "If-Match: "+etag).vil(412).er("kode", "forudsaetning")
		h.kald("PUT", sti, sag("S-1", "", ""), "If-Match: "+etag).vil(412)
		h.kald("DELETE", sti, "", "If-Match: "+etag).vil(412)
		h.kald("PATCH", sti, ret("C"), "If-Match: "+nyt).vil(200)
		h.kald("PATCH", sti, ret("D"), "If-Match: *").vil(200)
		h.kald("PUT", "/sag/sag/aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", sag("S-2", "", ""), "If-Match: *").vil(412)
		s := h.kald("PATCH", sti, ret("E"), "Prefer: return=representation").vil(200)
		s.indre(id).er("0.attributter.sagegenskaber.0.titel", "E")
		if s.header.Get("Preference-Applied") == "" {
			h.Error("Preference-Applied is not told")
		}
		if n := len(h.beskeder()); n != 5 {
			h.Errorf("%d beskeder", n)
		}
	})
}

// TestRelationer is Ret of numbered and unnumbered relations over HTTP; the algebra has tests of its own.
func TestRelationer(t *testing.T) {
	conformance.Proves(t, "oio 59", "oio 60", "oio 61", "oio 62", "oio 63", "oio 64", "oio 65", "oio 24")
	paaBegge(t, func(h *hus) {
		rel := func(navn, felter string) string {
			return `{"relationer":{"` + navn + `":[{` + felter + "," + altid + `}]}}`
		}
		id := h.ny(sag("S-1", "", `"andresager":[{"urn":"urn:x:a","indeks":7,`+altid+`},{"urn":"urn:x:b","indeks":3,`+altid+`}],"ejer":[{"urn":"urn:oio:cvr-nr:12345678",`+
			`"virkning":{"from":"2026-01-01","to":"infinity","aktoerref":"urn:oio:cvr-nr:12345678","aktoertypekode":"Organisation","notetekst":"sagt"}}]`))
		sti := "/sag/sag/" + id
		laes := func() svar {
			return h.kald("GET", sti+"?virkningfra=-infinity&virkningtil=infinity", "").vil(200).indre(id)
		}
		laes().er("0.relationer.andresager.0.indeks", "1").er("0.relationer.andresager.1.indeks", "2").er("0.relationer.ejer.0.virkning.notetekst", "sagt").
			er("0.relationer.ejer.0.virkning.aktoerref", "urn:oio:cvr-nr:12345678").er("0.relationer.ejer.0.virkning.aktoertypekode", "Organisation")
		h.kald("PATCH", sti, rel("andresager", `"urn":"urn:x:c","indeks":2`)).vil(200)
		h.kald("PATCH", sti, rel("andresager", `"urn":"urn:x:d"`)).vil(200)
		h.kald("PATCH", sti, rel("andresager", `"uuid":"","urn":"","indeks":1`)).vil(200)
		laes().er("0.relationer.andresager.0.urn", "urn:x:c").er("0.relationer.andresager.0.indeks", "2").er("0.relationer.andresager.1.urn", "urn:x:d").
			er("0.relationer.andresager.1.indeks", "3").er("0.relationer.andresager.2", "").er("0.relationer.ejer.0.urn", "urn:oio:cvr-nr:12345678")
		h.kald("PATCH", sti, `{"relationer":{"ejer":[{"uuid":"","urn":"",`+virk("2026-06-01", "infinity")+`}]}}`).vil(200)
		laes().er("0.relationer.ejer.0.virkning.to", "2026-06-01T00:00:00Z").er("0.relationer.ejer.1", "")

		h.kald("PATCH", sti, rel("journalpost", `"journalpostkode":"tilakteretdokument","uuid":"11111111-2222-4333-8444-555555555555"`)).vil(200)
		h.kald("PATCH", sti, rel("journalpost", `"journalpostkode":"vedlagtdokument","uuid":"11111111-2222-4333-8444-555555555555","indeks":1`)).vil(400).er("felter.0.spec", "oio 65")
	})
}

// TestSamtidige has many write one objekt at once, and many write others meanwhile.
func TestSamtidige(t *testing.T) {
	conformance.Proves(t, "oio 66", "oio 92")
	paaBegge(t, func(h *hus) {
		const skrivere = 32
		faelles := h.ny(sag("S-0", "", ""))
		var alle sync.WaitGroup
		for i := range skrivere {
			alle.Go(func() {
				h.kald("PATCH", "/sag/sag/"+faelles, fmt.Sprintf(`{"relationer":{"andresager":[{"urn":"urn:x:%d",%s}]}}`, i, altid)).vil(200)
				h.kald("POST", "/sag/sag", sag(fmt.Sprint("S-", i+1), "", "")).vil(201)
			})
		}
		alle.Wait()
		s := h.kald("GET", "/sag/sag/"+faelles, "").vil(200).indre(faelles)
		set := map[string]bool{}
		for i := range skrivere {
			set[s.paa(fmt.Sprintf("0.relationer.andresager.%d.urn", i))] = true
			s.er(fmt.Sprintf("0.relationer.andresager.%d.indeks", i), fmt.Sprint(i+1))
		}
		if len(set) != skrivere {
			h.Errorf("%d of %d are there", len(set), skrivere)
		}
		numre := slices.DeleteFunc(h.beskeder(), func(b string) bool { return b == "Opstaaet 1" })
		for i, b := range numre {
			if b != fmt.Sprintf("Rettet %d", i+2) {
				h.Errorf("besked %d is %s", i, b)
			}
		}
		if len(numre) != skrivere {
			h.Errorf("%d beskeder", len(numre))
		}
	})
}

func TestSoeg(t *testing.T) {
	conformance.Proves(t, "oio 52", "oio 68", "oio 69", "oio 71", "oio 72", "oio 74", "mox 58")
	paaBegge(t, func(h *hus) {
		lang := strings.Repeat("lang ", 100)
		a := h.ny(sag("A", `"hjemmel":"Byggeloven § 16","principiel":true`, `"ejer":[{"urn":"urn:oio:cvr-nr:12345678","objekttype":"Organisation",`+altid+`}],"primaerpart":[{"urn":"urn:oio:cpr-nr:3102450001",`+altid+`}]`))
		b := h.ny(sag("B", `"hjemmel":"100% Æblelov_en"`, `"ejer":[{"uuid":"6a7b8c9d-0e1f-4a2b-9c3d-4e5f6a7b8c9d",`+virk("2026-01-01", "2026-06-01")+`},{"urn":"urn:oio:cvr-nr:12345678","objekttype":"Bruger",`+virk("2026-06-01", "infinity")+`}]`))
		c := h.ny(sag("C", `"hjemmel":"`+lang+`slut"`, `"journalpost":[{"journalpostkode":"journalnotat","journalnotat":{"titel":"Telefonnotat"},`+altid+`}]`))
		d := h.ny(sag("D", "", ""))
		h.kald("PATCH", "/sag/sag/"+d, `{"tilstande":{"sagfremdrift":[{"fremdrift":"Afgjort",`+virk("2026-05-01", "infinity")+`}]}}`).vil(200)
		slettet := h.ny(sag("E", "", ""))
		foer := h.slutningAf(slettet)
		h.kald("DELETE", "/sag/sag/"+slettet, "").vil(202)

		for _, x := range []struct {
			soeg string
			vil  []string
		}{
			{"titel=sag+a", []string{a}},
			{"titel=SAG%25", []string{a, b, c, d}},
			{"titel=%25G+%25", []string{a, b, c, d}},
			{"titel=sag", nil},
			{"hjemmel=100%5C%25%25", []string{b}}, // 100\%%
			{"hjemmel=100%25", []string{b}},
			{"hjemmel=%25lov_en", []string{b}},
			{"hjemmel=%25lovxen", nil},
			{"hjemmel=%25%C3%86BLE%25", []string{b}},
			{"hjemmel=" + strings.ReplaceAll(lang, " ", "+") + "slut", []string{c}},
			{"hjemmel=" + strings.ReplaceAll(lang, " ", "+") + "andet", nil},
			{"hjemmel=%25slut", []string{c}},
			{"hjemmel=%25lov%25&titel=Sag+B", []string{b}},
			{"hjemmel=%25lov%25&titel=Sag+C", nil},
			{"principiel=TRUE", []string{a}},
			{"BVN=a", []string{a}},
			{"vilkaarligattr=byggeloven%25", []string{a}},
			{"vilkaarligattr=%25", []string{a, b, c, d}},
			{"vilkaarligrel=urn:oio:cvr-nr:12345678", []string{a, b}},
			{"ejer=urn:oio:cvr-nr:12345678", []string{a, b}},
			{"ejer:Organisation=urn:oio:cvr-nr:12345678", []string{a}},
			{"ejer=6a7b8c9d-0e1f-4a2b-9c3d-4e5f6a7b8c9d", nil},
			{"ejer=6a7b8c9d-0e1f-4a2b-9c3d-4e5f6a7b8c9d&virkningstid=2026-05-31", []string{b}},
			{"ejer=6a7b8c9d-0e1f-4a2b-9c3d-4e5f6a7b8c9d&virkningfra=2026-01-01&virkningtil=2026-12-31", []string{b}},
			{"ejer=6a7b8c9d-0e1f-4a2b-9c3d-4e5f6a7b8c9d&virkningstid=2026-06-01", nil},
			{"fremdrift=afgjort", []string{d}},
			{"sagfremdrift=Afgjort&virkningstid=2026-04-30", nil},
			{"journalnotat.titel=telefon%25", []string{c}},
			{"journalpostkode=journalnotat", []string{c}},
			{"livscykluskode=Rettet", []string{d}},
			{"livscykluskode=Slettet", []string{slettet}},
			{"bvn=E", nil},
			{"bvn=E&registreringstid=" + urlTid(foer), []string{slettet}},
			{"bvn=%25&uuid=" + b + "&uuid=" + c, []string{b, c}},
			{"hjemmel=findes+ikke", nil},
			{"", []string{a, b, c, d}},
		} {
			s := h.kald("GET", "/sag/sag?"+x.soeg, "").vil(200)
			var ud struct{ Results [][]string }
			if err := json.Unmarshal([]byte(s.tekst), &ud); err != nil || len(ud.Results) != 1 || !slices.Equal(ud.Results[0], append([]string{}, x.vil...)) {
				h.Errorf("%s: %s, want %v", x.soeg, s.tekst, x.vil)
			}
		}
		h.kald("GET", "/dokument/dokument?bvn=A", "").vil(200).er("results.0", "[]")

		// A person is found by number in a form, never in an address, and no index has the number.
		h.kald("GET", "/sag/sag?primaerpart=urn:oio:cpr-nr:3102450001", "").vil(400)
		form := "Content-Type: application/x-www-form-urlencoded"
		h.kald("POST", "/sag/sag/soeg", "primaerpart=urn:oio:cpr-nr:3102450001", form).vil(200).er("results.0.0", a).er("results.0.1", "")
		h.kald("POST", "/sag/sag/soeg", "primaerpart=urn:oio:cpr-nr:3102450002", form).vil(200).er("results.0", "[]")
		if strings.Contains(h.log.String(), "3102450001") {
			h.Error("the number is in the log")
		}
	})
}

func TestSider(t *testing.T) {
	conformance.Proves(t, "oio 73")
	paaBegge(t, func(h *hus) {
		var alle []string
		for i := range 25 {
			alle = append(alle, h.ny(sag(fmt.Sprintf("S-%02d", i/2), "", "")))
		}
		var set []string
		for foerste := 0; foerste < 30; foerste += 7 {
			s := h.kald("GET", fmt.Sprintf("/sag/sag?bvn=%%25&foersteresultat=%d&maximalantalresultater=7", foerste), "").vil(200)
			var ud struct{ Results [][]string }
			if err := json.Unmarshal([]byte(s.tekst), &ud); err != nil {
				h.Fatal(err)
			}
			set = append(set, ud.Results[0]...)
		}
		hele := h.kald("GET", "/sag/sag?bvn=%25", "").vil(200).paa("results.0")
		if b, _ := json.Marshal(set); string(b) != hele {
			h.Errorf("in pages %s, at once %s", b, hele)
		}
		slices.Sort(set)
		slices.Sort(alle)
		if !slices.Equal(set, alle) {
			h.Errorf("%d of %d", len(set), len(alle))
		}
	})
}

// TestAlleTyper makes, reads, corrects, finds and deletes one objekt of each type, and writes back what it read.
func TestAlleTyper(t *testing.T) {
	paaBegge(t, func(h *hus) {
		for _, navn := range mox.ObjektTyper() {
			type_, _ := mox.TypeAf(navn)
			sti := "/" + type_.Service + "/" + type_.Sti
			krop := mindste(type_)
			id := h.kald("POST", sti, krop).vil(201).paa("uuid")
			laest := h.kald("GET", sti+"/"+id, "").vil(200).indre(id)
			h.kald("PUT", sti+"/"+id, laest.paa("0")).vil(200) // the same
			nyt := "aaaaaaaa-bbbb-4ccc-8ddd-" + id[24:]
			h.kald("PUT", sti+"/"+nyt, laest.paa("0")).vil(200)
			igen := h.kald("GET", sti+"/"+nyt, "").vil(200).indre(nyt)
			for _, del := range []string{"0.attributter", "0.tilstande", "0.relationer", "0.varianter"} {
				igen.er(del, laest.paa(del))
			}
			h.kald("GET", sti, "").vil(200)
			felter := h.kald("GET", sti+"/fields", "").vil(200)
			if felter.paa("attributter.egenskaber") == "" {
				h.Errorf("%s: %s", navn, felter.tekst)
			}
			h.kald("GET", sti+"/schema", "").vil(200).er("title", string(navn))
			h.kald("GET", "/"+type_.Service+"/classes", "").vil(200)
			h.kald("DELETE", sti+"/"+id, "").vil(202)
		}
		h.kald("GET", "/site-map", "").vil(200)
		if got := len(h.beskeder()); got != 3*len(mox.ObjektTyper()) {
			h.Errorf("%d beskeder", got)
		}
	})
}

// mindste is the smallest body of a type, with one relation of each kind.
func mindste(t *mox.Type) string {
	var felter []string
	for _, f := range t.Egenskaber().Felter {
		v := map[mox.Slags]string{mox.Tekst: `"x"`, mox.Dato: `"2026-01-01"`, mox.TidspunktSl: `"2026-01-01T00:00:00Z"`, mox.Boolsk: "false", mox.Heltal: "7", mox.Liste: `["a","b"]`}[f.Slags]
		if f.Under != nil {
			v = `[{"beskrivelse":"ord"}]`
		}
		if f.Kraev || f.Slags != mox.Tekst {
			felter = append(felter, `"`+f.Navn+`":`+v)
		}
	}
	var tilstande, relationer []string
	for _, tv := range t.Tilstande {
		tilstande = append(tilstande, fmt.Sprintf(`"%s":[{"%s":"%s",%s}]`, tv.Navn, tv.Felt, tv.Vaerdi[0], altid))
	}
	for _, rt := range t.Relationer {
		if rt.Felter == nil {
			relationer = append(relationer, fmt.Sprintf(`"%s":[{"urn":"URN:Empty",%s}]`, rt.Navn, altid))
		}
	}
	return fmt.Sprintf(`{"attributter":{"%s":[{%s,%s}]},"tilstande":{%s},"relationer":{%s}}`, t.Egenskaber().Navn, strings.Join(felter, ","), altid,
		strings.Join(tilstande, ","), strings.Join(relationer, ","))
}

func TestDokumentvarianter(t *testing.T) {
	conformance.Proves(t, "oio 85", "oio 86", "oio 88")
	paaBegge(t, func(h *hus) {
		krop := `{"attributter":{"dokumentegenskaber":[{"brugervendtnoegle":"D-1","titel":"Ansøgning","beskrivelse":"b","brevdato":"2026-03-01","dokumenttype":"Brev",` + altid + `}]},
			"tilstande":{"dokumentfremdrift":[{"fremdrift":"Modtaget",` + altid + `}]},
			"varianter":[{"varianttekst":"PDF","egenskaber":[{"produktion":true,` + altid + `}],"dele":[{"deltekst":"1","egenskaber":[{"indeks":1,"indhold":"https://andre.example/fil.pdf","mimetype":"application/pdf",` + altid + `}]}]}]}`
		id := h.kald("POST", "/dokument/dokument", krop).vil(201).paa("uuid")
		sti := "/dokument/dokument/" + id
		h.kald("PATCH", sti, `{"attributter":{"dokumentegenskaber":[{"titel":"Ny",`+altid+`}]}}`).vil(200)
		laes := func() svar { return h.kald("GET", sti, "").vil(200).indre(id) }
		laes().er("0.varianter.0.dele.0.egenskaber.0.indhold", "https://andre.example/fil.pdf").er("0.varianter.0.egenskaber.0.produktion", "true")
		h.kald("PATCH", sti, `{"varianter":[{"varianttekst":"PDF","egenskaber":[{"arkivering":true,`+virk("2026-01-01", "infinity")+`}]}]}`).vil(200)
		laes().er("0.varianter.0.egenskaber.0.produktion", "true").er("0.varianter.0.egenskaber.0.arkivering", "true").er("0.varianter.0.dele.0.deltekst", "1")
		h.kald("GET", "/dokument/dokument?mimetype=application/pdf&varianttekst=pdf", "").vil(200).er("results.0.0", id)
		h.kald("PATCH", sti, `{"livscyklus":"Passiv"}`).vil(200)
		laes().er("0.varianter.0.dele.0.deltekst", "1")
		h.kald("PUT", sti, krop).vil(200)
		h.kald("PATCH", sti, `{"varianter":[]}`).vil(200)
		laes().er("0.varianter", "")
	})
}

func TestAdgang(t *testing.T) {
	t.Parallel()
	h := nytHus(t, storetest.SQLite(t))
	id := h.ny(sag("S-1", "", ""))
	for _, c := range []struct {
		rolle         auth.Rolle
		laeser, skriv int
	}{{auth.Laeser, 200, 403}, {auth.Drift, 200, 202}, {auth.System, 403, 403}} {
		h.hvem = auth.Identitet{Navn: "x", Rolle: c.rolle, System: "ESDH"}
		h.kald("GET", "/sag/sag/"+id, "").vil(c.laeser)
		h.kald("GET", "/sag/sag?bvn=x", "").vil(c.laeser)
		h.kald("POST", "/sag/sag/soeg", "bvn=x", "Content-Type: application/x-www-form-urlencoded").vil(c.laeser)
		h.kald("DELETE", "/sag/sag/"+id, "").vil(c.skriv)
		h.hvem = auth.Lokal()
		h.kald("PUT", "/sag/sag/"+id, sag("S-1", "", "")).vil(200)
	}
}

// TestGentagetKald sends the same call twice under one name: it is done once.
func TestGentagetKald(t *testing.T) {
	paaBegge(t, func(h *hus) {
		noegle := "Idempotency-Key: en-nøgle"
		id := h.kald("POST", "/sag/sag", sag("S-1", "", ""), noegle).vil(201).paa("uuid")
		h.kald("POST", "/sag/sag", sag("S-1", "", ""), noegle).vil(201).er("uuid", id)
		h.kald("POST", "/sag/sag", sag("S-2", "", ""), noegle).vil(409).er("kode", "andet_indhold")
		tilfoej := `{"relationer":{"andresager":[{"urn":"urn:x:1",` + altid + `}]}}`
		h.kald("PATCH", "/sag/sag/"+id, tilfoej, noegle).vil(409)
		en := h.kald("PATCH", "/sag/sag/"+id, tilfoej, "Idempotency-Key: to").vil(200).header.Get("ETag")
		h.kald("PATCH", "/sag/sag/"+id, tilfoej).vil(200)
		igen := h.kald("PATCH", "/sag/sag/"+id, tilfoej, "Idempotency-Key: to", "If-Match: "+en).vil(200)
		if got := igen.header.Get("ETag"); got != en {
			h.Errorf("%s, first %s", got, en)
		}
		h.kald("GET", "/sag/sag/"+id, "").vil(200).indre(id).er("0.relationer.andresager.1.indeks", "2").er("0.relationer.andresager.2", "")
		h.hvem = auth.Identitet{Navn: "en anden", Rolle: auth.Drift}
		if andens := h.kald("POST", "/sag/sag", sag("S-1", "", ""), noegle).vil(201).paa("uuid"); andens == id {
			h.Error("another's key is taken for this one")
		}
		h.kald("POST", "/sag/sag", sag("S-1", "", ""), "Idempotency-Key: "+strings.Repeat("x", 256)).vil(413)
		if b := h.beskeder(); len(b) != 4 {
			h.Errorf("beskeder: %v", b)
		}
	})
}

func TestGzip(t *testing.T) {
	t.Parallel()
	h := nytHus(t, storetest.SQLite(t))
	id := h.ny(sag("S-1", `"hjemmel":"`+strings.Repeat("lang ", 200)+`"`, ""))
	for _, c := range []struct{ sti, vil string }{{"/sag/sag/" + id + "?virkningfra=-infinity&virkningtil=infinity", ""}, {"/sag/sag/schema", "gzip"}, {"/sag/sag?bvn=S-1", ""}} {
		_, hoved, tekst := h.hent(c.sti, "Accept-Encoding: gzip")
		if got := hoved.Get("Content-Encoding"); got != c.vil || got == "gzip" && !strings.HasPrefix(tekst, "\x1f\x8b") {
			t.Errorf("%s: %q", c.sti, got)
		}
	}
}

func TestTidErDatabasens(t *testing.T) {
	paaBegge(t, func(h *hus) {
		foer := time.Now().Add(-time.Hour)
		id := h.ny(sag("S-1", "", ""))
		tid, err := time.Parse(time.RFC3339Nano, h.slutningAf(id))
		if err != nil || tid.Before(foer) || tid.After(time.Now().Add(time.Hour)) {
			h.Errorf("%v, %v", tid, err)
		}
	})
}

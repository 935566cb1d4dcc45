package rest_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/register"
	"github.com/moxkit/mox/register/rest"
	"github.com/moxkit/mox/store"
)

const (
	cpr        = "0101010101"
	personUUID = "6b8e7a10-0000-4000-8000-0000000000f1"
)

// medPart is the relations of a Sag about the person by number, and about another by UUID.
func medPart() string {
	return `"primaerpart":[{"urn":"urn:oio:cpr-nr:` + cpr + `",` + altid + `}],"sekundaerpart":[{"uuid":"` + personUUID + `","indeks":1,` + altid + `}]`
}

// brug is the rows of the usage log, the oldest first, each as "hvem operation kode antal formaal".
func (h *hus) brug(kald string) (ud []string) {
	h.Helper()
	s := h.forvalt("brug", kald).vil(200)
	var svar rest.Brugssvar
	if err := json.Unmarshal([]byte(s.tekst), &svar); err != nil {
		h.Fatal(err)
	}
	for _, b := range svar.Brug {
		if b.Tid.IsZero() || b.Rolle == "" || b.ObjektType == "" {
			h.Errorf("a row lacks something: %+v", b)
		}
		ud = append(ud, strings.TrimSpace(b.Hvem+" "+b.Operation+" "+b.Kode+" "+b.Formaal))
	}
	slices.Reverse(ud)
	return ud
}

// forvalt makes a call of an administrator.
func (h *hus) forvalt(hvad, kald string) svar {
	h.Helper()
	hvem := h.hvem
	defer func() { h.hvem = hvem }()
	h.hvem = auth.Lokal()
	return h.kald("POST", rest.ForvaltningSti+hvad, kald)
}

func (h *hus) er(hvad string, har, vil []string) {
	h.Helper()
	if !slices.Equal(har, vil) {
		h.Errorf("%s:\n%s\nwant:\n%s", hvad, strings.Join(har, "\n"), strings.Join(vil, "\n"))
	}
}

// TestBrugslog shows what is in the usage log, and what is not, and that it can be asked by person, objekt and reader.
func TestBrugslog(t *testing.T) {
	conformance.Proves(t, "mox 52", "mox 53")
	paaBegge(t, func(h *hus) {
		h.hvem = auth.Identitet{Navn: "inge", Rolle: auth.Drift}
		id := h.kald("POST", "/sag/sag", sag("S-1", "", medPart()), "Formaal: oprettelse").vil(201).paa("uuid")
		andet := h.ny(sag("S-2", "", `"primaerpart":[{"urn":"urn:oio:cvr-nr:12345678","objekttype":"Person",`+altid+`}]`)) // a firm, whatever the type says
		h.hvem = auth.Identitet{Navn: "per", Rolle: auth.Laeser}
		h.kald("GET", "/sag/sag/"+id, "", "Formaal: klage 010101-0101").vil(200)
		h.kald("GET", "/sag/sag/"+andet, "").vil(200)
		h.kald("GET", "/sag/sag?uuid="+id+"&uuid="+andet, "").vil(200)
		h.kald("GET", "/sag/sag/"+id+"/forskel", "").vil(200)
		h.kald("GET", "/sag/sag?titel=%25", "").vil(200)
		h.kald("POST", "/sag/sag/soeg", "primaerpart=urn:oio:cpr-nr:"+cpr, "Content-Type: application/x-www-form-urlencoded", "Formaal: opslag").vil(200).er("results.0.0", id)
		h.linjer("/sag/sag?bvn=S-%25")
		h.hvem = auth.Identitet{Navn: "smal", Rolle: auth.Drift, Kreds: &mox.Kreds{Myndigheder: []string{"11111111"}}}
		h.kald("GET", "/sag/sag/"+id, "").vil(404)
		h.kald("DELETE", "/sag/sag/"+id, "").vil(404)
		h.kald("GET", "/sag/sag/6b8e7a10-0000-4000-8000-00000000dead", "").vil(404)

		om := []string{"inge Opret ok oprettelse", "per Læs ok klage ******-****", "per List ok", "per Forskel ok", "per Søg ok opslag", "per List ok"}
		h.er("the person", h.brug(`{"person": "010101-0101"}`), om)
		h.er("the other person", h.brug(`{"person": "`+strings.ToUpper(personUUID)+`"}`), slices.Delete(slices.Clone(om), 4, 5))
		h.er("the objekt", h.brug(`{"objekt": "`+id+`"}`), append(slices.Delete(slices.Clone(om), 4, 5), "smal Læs ikke_tilladt", "smal Slet ikke_tilladt"))
		h.er("the objekt about nobody", h.brug(`{"objekt": "`+andet+`"}`), []string{"inge Opret ok"})
		h.er("the reader", h.brug(`{"hvem": "smal"}`), []string{"smal Læs ikke_tilladt", "smal Slet ikke_tilladt"})
		h.er("a page", h.brug(`{"hvem": "per", "antal": 2}`), []string{"per Søg ok opslag", "per List ok"})
		h.forvalt("brug", `{"hvem": "per", "antal": 1001}`).vil(400)
		h.forvalt("brug", `{"hvem": "per", "antal": -1}`).vil(400)
		h.forvalt("brug", `{"person": "Hans"}`).vil(400).er("felter.0.sti", "person")
		h.forvalt("brug", `{"hvem": "`+strings.Repeat("x", 64<<10)+`"}`).vil(413)
		h.er("before there was anything", h.brug(`{"hvem": "per", "til": "2020-01-01T00:00:00Z"}`), nil)
		h.iDatabasen(cpr, "010101-0101")
		h.brugslogSlettes()
	})
}

// iDatabasen looks for a number in what the log keeps.
func (h *hus) iDatabasen(numre ...string) {
	h.Helper()
	err := h.d.Store().View(h.Context(), func(tx *store.Tx) error {
		for _, q := range []string{`SELECT hvem || operation || formaal || objekt FROM register_brug`, `SELECT person FROM register_brug_person`, `SELECT maal || begrundelse FROM handling`} {
			rows, err := tx.Query(q)
			if err != nil {
				return err
			}
			for rows.Next() {
				var s string
				if err := rows.Scan(&s); err != nil {
					return err
				}
				for _, nr := range numre {
					if strings.Contains(s, nr) {
						h.Errorf("a number is in %q", s)
					}
				}
			}
			if err := rows.Close(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		h.Fatal(err)
	}
}

// brugslogSlettes shows that retention takes rows whose time is over, and no other.
func (h *hus) brugslogSlettes() {
	h.Helper()
	ryd := func(alder time.Duration) int64 {
		ud, err := h.d.Ryd(h.Context(), distributor.Bevaring{Registerbrug: alder}, nil)
		if err != nil {
			h.Fatal(err)
		}
		return ud[distributor.ArtBrug]
	}
	if n := ryd(time.Hour); n != 0 {
		h.Errorf("%d rows have gone before their time", n)
	}
	if n := ryd(time.Nanosecond); n != 9 {
		h.Errorf("%d rows have gone, want 9", n)
	}
	h.er("what is left", h.brug(`{"person": "`+cpr+`"}`), nil)
}

// TestKraevFormaal shows that people must say why, where that is demanded, and about persons only.
func TestKraevFormaal(t *testing.T) {
	conformance.Proves(t, "mox 52")
	aftaler := mox.Aftaler{aftalenMed("ESDH", []mox.Ret{{Objekttyper: []mox.ObjektType{mox.Sag}, Foelsomhed: []string{mox.Uoplyst}}}, nil, time.Time{})}
	paaBeggeMed(t, aftaler, register.Options{KraevFormaal: true}, func(h *hus) {
		const hvorfor = "Formaal: partshøring"
		h.kald("POST", "/sag/sag", sag("S-1", "", medPart())).vil(400).er("felter.0.sti", "Formaal")
		id := h.kald("POST", "/sag/sag", sag("S-1", "", medPart()), hvorfor).vil(201).paa("uuid")
		andet := h.ny(sag("S-2", "", ""))
		for _, sti := range []string{"/sag/sag/" + id, "/sag/sag?uuid=" + id, "/sag/sag/" + id + "/forskel"} {
			h.kald("GET", sti, "").vil(400)
			h.kald("GET", sti, "", "Formaal:  ").vil(400)
			h.kald("GET", sti, "", hvorfor).vil(200)
		}
		h.kald("GET", "/sag/sag/"+id, "", "Formaal: "+strings.Repeat("x", register.MaksFormaal+1)).vil(413)
		h.kald("PATCH", "/sag/sag/"+id, `{"note":"x","tilstande":{"sagfremdrift":[{"fremdrift":"Oplyst",`+altid+`}]}}`).vil(400)
		h.kald("PUT", "/sag/sag/"+id, sag("S-1", "", medPart()), "Prefer: return=representation").vil(400)
		h.kald("GET", "/sag/sag/"+andet, "").vil(200)
		h.kald("GET", "/sag/sag?titel=%25", "").vil(200)
		if n := len(h.brug(`{"objekt": "` + id + `"}`)); n != 4 {
			h.Errorf("%d rows, want 4: what was refused for want of a reason is no reading", n)
		}
		h.hvem = auth.Identitet{Navn: "esdh", System: "ESDH", Rolle: auth.System}
		h.kald("GET", "/sag/sag/"+id, "").vil(200) // a system's purpose is its agreement's
	})
}

// TestBeskyttet hides a person, from everyone who may not see it and by every way.
func TestBeskyttet(t *testing.T) {
	conformance.Proves(t, "mox 53")
	paaBegge(t, func(h *hus) {
		id := h.ny(sag("S-1", "", medPart()))
		dok := strings.Replace(dokument("field:fil", "application/pdf"), `"tilstande"`, `"relationer":{"parter":[{"urn":"urn:oio:cpr-nr:`+cpr+`",`+altid+`}]},"tilstande"`, 1)
		did := h.formular("POST", "/dokument/dokument", dok, map[string]string{"fil": "%PDF-1.7 brev"}).vil(201).paa("uuid")
		bytes := "/dokument/dokument/" + strings.TrimPrefix(h.kald("GET", "/dokument/dokument/"+did, "").vil(200).indre(did).paa("0.varianter.0.dele.0.egenskaber.0.indhold"), "store:")
		soeg := func(q string) string {
			return h.kald("POST", "/sag/sag/soeg", q, "Content-Type: application/x-www-form-urlencoded").vil(200).paa("results.0")
		}
		paaCPR := "vilkaarligrel=urn:oio:cpr-nr:" + cpr
		per := auth.Identitet{Navn: "per", Rolle: auth.Drift}
		h.hvem = per
		h.kald("GET", "/sag/sag/"+id, "").vil(200).indre(id).er("0.relationer.primaerpart.0.urn", "urn:oio:cpr-nr:"+cpr)

		h.forvalt("beskyt", `{"person": "`+cpr+`"}`).vil(400)
		h.forvalt("beskyt", `{"person": "Hans", "begrundelse": "x"}`).vil(400).er("felter.0.sti", "person")
		h.forvalt("beskyt", `{"person": "010101-0101", "begrundelse": "CPR 010101-0101"}`).vil(200).er("aendret", "true")
		h.forvalt("beskyt", `{"person": "`+cpr+`", "begrundelse": "igen"}`).vil(200).er("aendret", "false")
		h.forvalt("beskyt", `{"person": "`+personUUID+`", "begrundelse": "x"}`).vil(200).er("aendret", "true")
		h.iDatabasen(cpr, "010101-0101")

		for _, s := range []svar{h.kald("GET", "/sag/sag/"+id, ""), h.kald("GET", "/sag/sag?uuid="+id, ""), h.kald("GET", "/sag/sag/"+id+"?registreretfra=-infinity", ""), h.kald("GET", "/sag/sag/"+id+"/forskel", ""),
			h.kald("PATCH", "/sag/sag/"+id, `{"tilstande":{"sagfremdrift":[{"fremdrift":"Oplyst",`+altid+`}]}}`, "Prefer: return=representation")} {
			if s.vil(200); strings.Contains(s.tekst, cpr) || strings.Contains(s.tekst, personUUID) || !strings.Contains(s.tekst, register.Skjultperson) {
				h.Errorf("%s: %s", s.hvad, s.tekst)
			}
		}
		for _, q := range []string{paaCPR, "primaerpart=urn:oio:cpr-nr:" + cpr, "sekundaerpart=" + personUUID, "vilkaarligrel=" + personUUID} {
			if got := soeg(q); got != "[]" {
				h.Errorf("%s finds %s", q, got)
			}
		}
		if status, _, _ := h.hent(bytes); status != 403 {
			h.Errorf("the bytes of a Dokument about somebody protected: %d", status)
		}
		h.kald("PATCH", "/sag/sag/"+id, `{"relationer":{"primaerpart":[{"urn":"`+register.Skjultperson+`",`+altid+`}]}}`).vil(400).er("felter.0.regel", "beskyttet")

		h.hvem = auth.Identitet{Navn: "ser", Rolle: auth.Laeser, Kreds: &mox.Kreds{Beskyttede: true}}
		h.kald("GET", "/sag/sag/"+id, "").vil(200).indre(id).er("0.relationer.primaerpart.0.urn", "urn:oio:cpr-nr:"+cpr).er("0.relationer.sekundaerpart.0.uuid", personUUID)
		if got := soeg(paaCPR); !strings.Contains(got, id) {
			h.Errorf("one who may see it finds %s", got)
		}
		if status, _, _ := h.hent(bytes); status != 200 {
			h.Errorf("%d", status)
		}

		h.hvem = per
		h.forvalt("ophaev", `{"person": "`+cpr+`", "begrundelse": "ophævet"}`).vil(200).er("aendret", "true")
		h.forvalt("ophaev", `{"person": "`+cpr+`", "begrundelse": "ophævet"}`).vil(200).er("aendret", "false")
		h.kald("GET", "/sag/sag/"+id, "").vil(200).indre(id).er("0.relationer.primaerpart.0.urn", "urn:oio:cpr-nr:"+cpr).er("0.relationer.sekundaerpart.0.urn", register.Skjultperson)
	})
}

// TestIndsigt fetches what there is about a person, also what is no longer so, and who has read it.
func TestIndsigt(t *testing.T) {
	conformance.Proves(t, "mox 52")
	paaBegge(t, func(h *hus) {
		nu, foer, slettet, anden := h.ny(sag("S-1", "", medPart())), h.ny(sag("S-2", "", medPart())), h.ny(sag("S-3", "", medPart())), h.ny(sag("S-4", "", ""))
		h.kald("PUT", "/sag/sag/"+foer, sag("S-2", "", "")).vil(200)
		h.kald("DELETE", "/sag/sag/"+slettet, "").vil(202)
		h.forvalt("beskyt", `{"person": "`+cpr+`", "begrundelse": "x"}`).vil(200)
		status, z := h.zip(`{"personer": ["010101-0101", "` + personUUID + `"], "formaal": "anmodning 17"}`)
		if status != 200 {
			h.Fatal(status)
		}
		objekter := z[rest.ObjekterDel]
		for id, vil := range map[string]bool{nu: true, foer: true, slettet: true, anden: false} {
			if strings.Contains(objekter, `{"id":"`+id+`","objekttype":"Sag"`) != vil {
				h.Errorf("%s is there: %t, want %t\n%s", id, !vil, vil, objekter)
			}
		}
		if n := strings.Count(objekter, `"urn:oio:cpr-nr:`+cpr+`"`); n != 4 { // each objekt's first registrering, and the deletion
			h.Errorf("the person is named %d times", n)
		}
		if b := z[rest.BrugDel]; strings.Count(b, `"Indsigt"`) < 3 || strings.Count(b, `"Opret"`) < 3 || strings.Contains(b, cpr) {
			h.Errorf("%s", b)
		}
		if status, z := h.zip(`{"personer": ["0202020202"], "formaal": "x"}`); status != 200 || z[rest.ObjekterDel]+z[rest.BrugDel] != "" || z["LAESMIG.txt"] == "" {
			h.Errorf("about nobody: %d %v", status, z)
		}
		for kald, vil := range map[string]int{`{"personer": ["` + cpr + `"]}`: 400, `{"personer": [], "formaal": "x"}`: 400, `{"personer": ["x"], "formaal": "x"}`: 400, `{"navn": "x"}`: 400, `{`: 400} {
			h.forvalt("indsigt", kald).vil(vil)
		}
		h.hvem = auth.Identitet{Navn: "admin", Rolle: auth.Administrator} // does not see who is protected
		h.kald("POST", rest.ForvaltningSti+"indsigt", `{"personer": ["`+cpr+`"], "formaal": "x"}`).vil(403)
		for _, rolle := range []auth.Rolle{auth.Laeser, auth.Drift, auth.System} {
			h.hvem = auth.Identitet{Navn: "x", Rolle: rolle}
			for _, hvad := range []string{"brug", "beskyt", "ophaev", "indsigt"} {
				h.kald("POST", rest.ForvaltningSti+hvad, `{}`).vil(403)
			}
		}
	})
}

// zip fetches an indsigt: its parts by name.
func (h *hus) zip(kald string) (int, map[string]string) {
	h.Helper()
	res, err := http.Post(h.http.URL+rest.ForvaltningSti+"indsigt", "application/json", strings.NewReader(kald))
	if err != nil {
		h.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		h.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		h.Fatalf("%v: %s", err, b)
	}
	ud := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			h.Fatal(err)
		}
		del, err := io.ReadAll(r)
		if err != nil {
			h.Fatal(err)
		}
		ud[f.Name] = string(del)
	}
	return res.StatusCode, ud
}

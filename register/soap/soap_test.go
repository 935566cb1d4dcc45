package soap_test

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/internal/testenv"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/register"
	"github.com/moxkit/mox/register/soap"
	"github.com/moxkit/mox/store"
	"github.com/moxkit/mox/store/storetest"
)

// hus is a register on a database of its own, behind a real port.
type hus struct {
	*testing.T
	http *httptest.Server
	r    *register.Register
	db   *store.Store
	log  *strings.Builder
	hvem auth.Identitet // who calls; the zero value = nobody
}

func paaBegge(t *testing.T, f func(h *hus)) {
	t.Helper()
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		f(nytHus(t, storetest.SQLite(t)))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		f(nytHus(t, storetest.Postgres(t)))
	})
}

func nytHus(t *testing.T, url string) *hus {
	t.Helper()
	s, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	d, err := distributor.New(t.Context(), s, distributor.Options{})
	if err != nil {
		t.Fatal(err)
	}
	k, err := oio.Koder{}.MedRoller([]byte("ejer: " + rolleEjer + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	h := &hus{T: t, r: register.New(d, register.Options{}), db: s, log: &strings.Builder{}, hvem: auth.Lokal()}
	indre := soap.Handler(h.r, soap.Options{Koder: k, Log: slog.New(slog.NewTextHandler(h.log, nil))})
	h.http = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.hvem != (auth.Identitet{}) {
			r = r.WithContext(auth.Med(r.Context(), h.hvem))
		}
		indre.ServeHTTP(w, r)
	}))
	t.Cleanup(h.http.Close)
	return h
}

const (
	rolleEjer = "11111111-2222-4333-8444-555555555555"
	kendtID   = "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11"
	ukendtID  = "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c99"
)

// svar is an answer.
type svar struct {
	h      *hus
	hvad   string
	http   int
	tekst  string
	Status int        `xml:"Body>Output>StandardRetur>StatusKode"`
	Fejl   string     `xml:"Body>Output>StandardRetur>FejlbeskedTekst"`
	Fault  string     `xml:"Body>Fault>faultcode"`
	ID     string     `xml:"Body>Output>UUIDIdentifikator"`
	Fundne []string   `xml:"Body>Output>IdListe>UUIDIdentifikator"`
	Laest  []laestSag `xml:"Body>Output>FiltreretOejebliksbillede"`
}

type laestSag struct {
	ID             string `xml:"ObjektType>UUIDIdentifikator"`
	Registreringer []struct {
		Note       string   `xml:"NoteTekst"`
		Livscyklus string   `xml:"LivscyklusKode"`
		Titler     []string `xml:"AttributListe>Egenskaber>Titel"`
		Fremdrift  []string `xml:"TilstandListe>Fremdrift>FremdriftStatusKode"`
		Ejere      []string `xml:"RelationListe>Sagsaktoer>ReferenceID>URNIdentifikator"`
		Roller     []string `xml:"RelationListe>Sagsaktoer>Rolle>UUIDIdentifikator"`
		Poster     []string `xml:"RelationListe>Journalpost>Indeks"`
		Lokal      string   `xml:"AttributListe>LokalUdvidelseListe>Lokal"`
	} `xml:"Registrering"`
}

var outputnavn = regexp.MustCompile(`o:\w+Output`)

// raa posts a body as it is.
func (h *hus) raa(sti, krop, type_ string) svar {
	h.Helper()
	req, err := http.NewRequestWithContext(h.Context(), http.MethodPost, h.http.URL+sti, strings.NewReader(krop))
	if err != nil {
		h.Fatal(err)
	}
	req.Header.Set("Content-Type", type_)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		h.Fatal(err)
	}
	ud := svar{h: h, hvad: krop, http: res.StatusCode, tekst: string(b)}
	if err := xml.Unmarshal([]byte(outputnavn.ReplaceAllString(string(b), "o:Output")), &ud); err != nil {
		h.Fatalf("%v: %s", err, b)
	}
	return ud
}

const navnerum = ` xmlns="urn:oio:sts:sagdok:sag:1.2.4.0" xmlns:sd="urn:oio:sagdok:3.0.0" xmlns:gd="urn:oio:sts:generelledefinitioner:1.2.4.0" xmlns:f="urn:test:fremmed"`

func kuvert(op, indhold string) string {
	return `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><` + op + `Input` + navnerum + `>` + indhold + `</` + op + `Input></s:Body></s:Envelope>`
}

// kald makes a call about Sager.
func (h *hus) kald(op, indhold string) svar {
	h.Helper()
	return h.raa("/soap/sag", kuvert(op, indhold), "text/xml; charset=utf-8")
}

// vil demands a StatusKode, and a FejlbeskedTekst where it is no success. spec: oio 75
func (s svar) vil(status int) svar {
	s.h.Helper()
	if s.http != 200 || s.Status != status || (s.Fejl == "") != (status == soap.StatusOK) {
		s.h.Fatalf("%s: %d %d, want %d: %s", s.hvad, s.http, s.Status, status, s.tekst)
	}
	return s
}

func (s svar) siger(tekst string) svar {
	s.h.Helper()
	if !strings.Contains(s.Fejl, tekst) {
		s.h.Fatalf("%s: %q does not tell %q", s.hvad, s.Fejl, tekst)
	}
	return s
}

func uuid(id string) string { return `<sd:UUIDIdentifikator>` + id + `</sd:UUIDIdentifikator>` }

// virkning begins at the date; slut "" has no end told.
func virkning(rum, fra, til string) string {
	ud := `<` + rum + `Virkning><sd:FraTidspunkt><sd:TidsstempelDatoTid>` + fra + `T00:00:00Z</sd:TidsstempelDatoTid></sd:FraTidspunkt>`
	if til != "" {
		ud += `<sd:TilTidspunkt><sd:TidsstempelDatoTid>` + til + `T00:00:00Z</sd:TidsstempelDatoTid></sd:TilTidspunkt>`
	}
	return ud + `</` + rum + `Virkning>`
}

func egenskaber(nr, titel, fra, til string) string {
	return `<Egenskaber>` + virkning("", fra, til) + `<BrugervendtNoegle>` + nr + `</BrugervendtNoegle><Beskrivelse>b</Beskrivelse><Kassationskode>B</Kassationskode>` +
		`<Sagsnummer>` + nr + `</Sagsnummer><Titel>` + titel + `</Titel></Egenskaber>`
}

func aktoer(rolle, urn string) string {
	return `<Sagsaktoer>` + virkning("gd:", "2026-01-01", "") + `<gd:Rolle>` + uuid(rolle) + `</gd:Rolle><gd:ReferenceID><sd:URNIdentifikator>` + urn + `</sd:URNIdentifikator></gd:ReferenceID></Sagsaktoer>`
}

func journalpost(indeks string) string {
	if indeks != "" {
		indeks = `<gd:Indeks>` + indeks + `</gd:Indeks>`
	}
	return `<Journalpost>` + virkning("gd:", "2026-01-01", "") + `<gd:Rolle><sd:URNIdentifikator>urn:mox:rolle:journalnotat</sd:URNIdentifikator></gd:Rolle>` + indeks + `</Journalpost>`
}

const fremdrift = `<TilstandListe><Fremdrift><Virkning><sd:FraTidspunkt><sd:GraenseIndikator>true</sd:GraenseIndikator></sd:FraTidspunkt></Virkning><FremdriftStatusKode>Opstaaet</FremdriftStatusKode></Fremdrift></TilstandListe>`

// sag are the lists of a Sag.
func sag(nr string) string {
	return `<AttributListe>` + egenskaber(nr, "Carport", "2026-01-01", "") + `<gd:LokalUdvidelseListe><f:Lokal>æ</f:Lokal></gd:LokalUdvidelseListe></AttributListe>` + fremdrift +
		`<RelationListe>` + aktoer(rolleEjer, "urn:oio:cvr-nr:12345678") + journalpost("") + journalpost("") + `</RelationListe>`
}

func TestOperationer(t *testing.T) {
	conformance.Proves(t, "oio 22", "oio 65", "oio 75", "oio 99")
	paaBegge(t, func(h *hus) {
		id := h.kald("Opret", `<sd:NoteTekst>Ny</sd:NoteTekst>`+sag("S-1")).vil(soap.StatusOK).ID
		if !mox.ErUUID(id) {
			h.Fatal(id)
		}
		reg := h.kald("Laes", uuid(id)).vil(soap.StatusOK).Laest[0].Registreringer[0]
		if reg.Note != "Ny" || reg.Livscyklus != "Opstaaet" || fmt.Sprint(reg.Titler, reg.Ejere, reg.Roller, reg.Poster) != "[Carport] [urn:oio:cvr-nr:12345678] ["+rolleEjer+"] [1 2]" || reg.Lokal != "æ" {
			h.Errorf("%+v", reg)
		}
		h.rettes(id)
		h.kald("Passiver", uuid(id)+`<sd:NoteTekst>Færdig</sd:NoteTekst>`).vil(soap.StatusOK)
		h.kald("Passiver", uuid(id)).vil(soap.StatusTilstand)
		h.kald("Ret", uuid(id)+fremdrift).vil(soap.StatusTilstand)
		if reg := h.kald("Laes", uuid(id)).vil(soap.StatusOK).Laest[0].Registreringer[0]; reg.Livscyklus != "Passiveret" || reg.Note != "Færdig" || len(reg.Titler) != 2 {
			h.Errorf("%+v", reg)
		}
		h.kald("Slet", uuid(id)).vil(soap.StatusOK)
		h.kald("Slet", uuid(id)).vil(soap.StatusOK)
		h.kald("Laes", uuid(id)).vil(soap.StatusIkkeFundet).siger("slettet")
		if h.log.Len() > 0 {
			h.Error(h.log)
		}
	})
}

// rettes corrects a Sag by whole lists.
func (h *hus) rettes(id string) {
	h.Helper()
	h.kald("Ret", uuid(id)+`<AttributListe>`+egenskaber("S-1", "Carport", "2026-01-01", "2026-02-01")+egenskaber("S-1", "Garage", "2026-02-01", "")+`</AttributListe>`).vil(soap.StatusOK)
	h.kald("Ret", uuid(id)+`<RelationListe>`+journalpost("2")+journalpost("")+`</RelationListe>`).vil(soap.StatusOK)
	reg := h.kald("Laes", uuid(id)).vil(soap.StatusOK).Laest[0].Registreringer[0]
	if reg.Livscyklus != "" || fmt.Sprint(reg.Titler, reg.Ejere, reg.Poster, reg.Fremdrift) != "[Carport Garage] [] [2 3] [Opstaaet]" || reg.Lokal != "" {
		h.Errorf("%+v", reg) // a list that was given is all there is, and one that was not stands
	}
	post := strings.Replace(journalpost("2"), "journalnotat", "vedlagtdokument", 1)
	h.kald("Ret", uuid(id)+`<RelationListe>`+post+`</RelationListe>`).vil(soap.StatusUgyldig).siger("skifte art")
	filter := `<sd:VirkningFraFilter><sd:TidsstempelDatoTid>2026-01-15T00:00:00Z</sd:TidsstempelDatoTid></sd:VirkningFraFilter><sd:VirkningTilFilter><sd:TidsstempelDatoTid>2026-01-15T00:00:00Z</sd:TidsstempelDatoTid></sd:VirkningTilFilter>`
	if reg := h.kald("Laes", uuid(id)+filter).vil(soap.StatusOK).Laest[0].Registreringer[0]; fmt.Sprint(reg.Titler) != "[Carport]" {
		h.Errorf("%+v", reg)
	}
	alle := `<sd:RegistreringFraFilter><sd:GraenseIndikator>true</sd:GraenseIndikator></sd:RegistreringFraFilter>`
	if l := h.kald("Laes", uuid(id)+alle).vil(soap.StatusOK).Laest[0].Registreringer; len(l) != 3 {
		h.Errorf("%+v", l)
	}
}

func TestImporter(t *testing.T) {
	conformance.Proves(t, "oio 40", "oio 42")
	paaBegge(t, func(h *hus) {
		objekt := func(titel string) string {
			return `<Sag>` + uuid(kendtID) + `<Registrering><sd:Tidspunkt>2020-01-01T00:00:00+01:00</sd:Tidspunkt><sd:LivscyklusKode>Importeret</sd:LivscyklusKode>` + strings.Replace(sag("S-2"), "Carport", titel, 1) + `</Registrering></Sag>`
		}
		h.kald("Import", objekt("a")).vil(soap.StatusOK)
		h.kald("Import", objekt("b")).vil(soap.StatusTilstand).siger("findes allerede")
		h.kald("Slet", uuid(kendtID)).vil(soap.StatusOK)
		h.kald("Import", objekt("c")).vil(soap.StatusOK)
		reg := h.kald("List", uuid(kendtID)+uuid(ukendtID)).vil(soap.StatusOK).Laest[0].Registreringer[0]
		if reg.Livscyklus != "Importeret" || fmt.Sprint(reg.Titler) != "[c]" {
			h.Errorf("%+v", reg)
		}
		h.kald("Import", strings.Replace(objekt("d"), "</Sag>", "<Registrering/></Sag>", 1)).vil(soap.StatusUgyldig).siger("netop én gang")
	})
}

// TestGlemt: an objekt that has been erased is not found, and cannot be written.
func TestGlemt(t *testing.T) {
	conformance.Proves(t, "oio 75")
	paaBegge(t, func(h *hus) {
		id := h.kald("Opret", sag("S-1")).vil(soap.StatusOK).ID
		alt := register.Hvem{Navn: "dpo", Adgang: register.FuldAdgang()}
		if _, err := h.r.Glem(h.Context(), alt, mox.Sag, mox.ObjektID(id), register.Glemmevalg{Begrundelse: "anmodning", Hjemmel: "artikel 17"}); err != nil {
			h.Fatal(err)
		}
		h.kald("Laes", uuid(id)).vil(soap.StatusIkkeFundet).siger("slettet for altid")
		h.kald("List", uuid(id)).vil(soap.StatusIkkeFundet)
		for op, indhold := range map[string]string{"Ret": uuid(id) + fremdrift, "Passiver": uuid(id), "Slet": uuid(id), "Import": `<Sag>` + uuid(id) +
			`<Registrering><sd:Tidspunkt>2020-01-01T00:00:00+01:00</sd:Tidspunkt><sd:LivscyklusKode>Importeret</sd:LivscyklusKode>` + sag("S-1") + `</Registrering></Sag>`} {
			h.kald(op, indhold).vil(soap.StatusTilstand).siger("artikel 17")
		}
		if h.log.Len() > 0 {
			h.Error(h.log)
		}
	})
}

func TestSoeg(t *testing.T) {
	conformance.Proves(t, "oio 68", "oio 73")
	paaBegge(t, func(h *hus) {
		var ids []string
		for i := range 3 {
			ids = append(ids, h.kald("Opret", sag(fmt.Sprint("S-", i))).vil(soap.StatusOK).ID)
		}
		tomme := `<TilstandListe/><RelationListe/>`
		bvn := func(v string) string {
			return `<AttributListe><Egenskaber><BrugervendtNoegle>` + v + `</BrugervendtNoegle></Egenskaber></AttributListe>`
		}
		ejer := `<RelationListe><Sagsaktoer><gd:Rolle>` + uuid(rolleEjer) + `</gd:Rolle><gd:ReferenceID><sd:URNIdentifikator>%s</sd:URNIdentifikator></gd:ReferenceID></Sagsaktoer></RelationListe>`
		sider := `<sd:FoersteResultatReference>1</sd:FoersteResultatReference><sd:MaksimalAntalKvantitet>1</sd:MaksimalAntalKvantitet>`
		for _, c := range []struct {
			hvad, indhold string
			vil           []string
		}{
			{"exactly", bvn("S-1") + tomme, ids[1:2]},
			{"any", bvn("s-%") + tomme, ids},
			{"a page", sider + bvn("S-%") + tomme, ids[1:2]},
			{"two criteria", bvn("S-2") + `<TilstandListe/>` + fmt.Sprintf(ejer, "urn:oio:cvr-nr:12345678"), ids[2:]},
			{"no hit", bvn("S-2") + `<TilstandListe/>` + fmt.Sprintf(ejer, "urn:oio:cvr-nr:87654321"), nil},
			{"state", `<AttributListe/><TilstandListe><Fremdrift><FremdriftStatusKode>Opstaaet</FremdriftStatusKode></Fremdrift></TilstandListe><RelationListe/>`, ids},
			{"before", `<sd:SoegVirkning><sd:TilTidspunkt><sd:TidsstempelDatoTid>2025-01-01T00:00:00Z</sd:TidsstempelDatoTid></sd:TilTidspunkt></sd:SoegVirkning>` + bvn("S-1") + tomme, nil},
			{"deleted", `<sd:SoegRegistrering><sd:LivscyklusKode>Slettet</sd:LivscyklusKode></sd:SoegRegistrering><AttributListe/>` + tomme, nil},
		} {
			status := soap.StatusOK
			if len(c.vil) == 0 {
				status = soap.StatusIkkeFundet
			}
			if got := h.kald("Soeg", c.indhold).vil(status).Fundne; fmt.Sprint(got) != fmt.Sprint(c.vil) {
				h.Errorf("%s: %v, want %v", c.hvad, got, c.vil)
			}
		}
		h.kald("Soeg", `<AttributListe>`+egenskaber("S-1", "Carport", "2026-01-01", "")+`</AttributListe>`+tomme).vil(soap.StatusUgyldig).siger("SoegVirkning")
		h.kald("Soeg", `<AttributListe/><TilstandListe/><RelationListe>`+aktoer(ukendtID, "urn:a:b")+`</RelationListe>`).vil(soap.StatusUgyldig).siger("rolle")
	})
}

func TestForkert(t *testing.T) {
	h := nytHus(t, storetest.SQLite(t))
	conformance.Proves(t, "oio 4", "oio 20", "oio 23", "oio 51", "oio 75")
	for _, c := range []struct {
		op, indhold string
		status      int
		siger       string
	}{
		{"Laes", uuid(ukendtID), soap.StatusIkkeFundet, "ikke noget objekt"},
		{"List", uuid(ukendtID), soap.StatusIkkeFundet, ""},
		{"Laes", "", soap.StatusUgyldig, "netop én gang"},
		{"Laes", uuid("x"), soap.StatusUgyldig, "uuid"},
		{"Laes", uuid(kendtID) + uuid(kendtID), soap.StatusUgyldig, "netop én gang"},
		{"Laes", uuid(kendtID) + `<sd:VirkningFraFilter><sd:GraenseIndikator>false</sd:GraenseIndikator></sd:VirkningFraFilter>`, soap.StatusUgyldig, "virkningfra"},
		{"List", strings.Repeat(uuid(kendtID), oio.MaksKaldIDer+1), soap.StatusUgyldig, "1000"},
		{"Ret", uuid(ukendtID) + fremdrift, soap.StatusIkkeFundet, ""},
		{"Slet", uuid(ukendtID), soap.StatusIkkeFundet, ""},
		{"Slet", uuid(ukendtID) + `<AttributListe/>`, soap.StatusUgyldig, "AttributListe"},
		{"Opret", "", soap.StatusUgyldig, "attributter.sagegenskaber"},
		{"Opret", strings.Replace(sag("S"), virkning("", "2026-01-01", ""), "", 1), soap.StatusUgyldig, "virkning skal have både fra og til"},
		{"Opret", strings.Replace(sag("S"), "Opstaaet", "Lukket", 1), soap.StatusUgyldig, "tilstande.sagfremdrift[0].fremdrift"},
		{"Opret", strings.Replace(sag("S"), "<Titel>", "<Farve>x</Farve><Titel>", 1), soap.StatusUgyldig, "attributter.sagegenskaber[0].Farve"},
		{"Opret", strings.Replace(sag("S"), "</sd:FraTidspunkt>", "</sd:FraTidspunkt><sd:AktoerTypeKode>Robot</sd:AktoerTypeKode>", 1), soap.StatusUgyldig, "aktoertypekode"},
		{"Opret", strings.Replace(sag("S"), "<sd:URNIdentifikator>", uuid(kendtID)+"<sd:URNIdentifikator>", 1), soap.StatusUgyldig, "relationer.ejer[0]"},
		{"Opret", strings.Replace(sag("S"), "Carport", strings.Repeat("x", 256), 1), soap.StatusUgyldig, "højst 255"},
		{"Import", `<Sag>` + uuid(kendtID) + `</Sag>`, soap.StatusUgyldig, "registrering"},
		{"Soeg", `<sd:MaksimalAntalKvantitet>0</sd:MaksimalAntalKvantitet><AttributListe/><TilstandListe/><RelationListe/>`, soap.StatusUgyldig, "maximalantalresultater"},
	} {
		h.kald(c.op, c.indhold).vil(c.status).siger(c.siger)
	}
	if s := h.kald("Opret", strings.Replace(sag("010190-1234"), "<Titel>", "<Farve010190-1234/><Titel>", 1)).vil(soap.StatusUgyldig); strings.Contains(s.tekst, "010190-1234") {
		t.Error("a CPR number in an answer:", s.tekst)
	}
	if s := h.kald("Soeg", `<AttributListe/><TilstandListe/><RelationListe/>`).vil(soap.StatusIkkeFundet); len(s.Fundne) > 0 {
		t.Error("something was made:", s.tekst)
	}
}

func TestFault(t *testing.T) {
	h := nytHus(t, storetest.SQLite(t))
	ok := kuvert("Laes", uuid(ukendtID))
	for _, c := range []struct{ krop, type_, kode string }{
		{"", "text/xml", "Client"},
		{"<a", "text/xml", "Client"},
		{"<a/>", "text/xml", "Client"},
		{`<!DOCTYPE a [<!ENTITY b "c">]>` + ok, "text/xml", "Client"},
		{ok, "application/json", "Client"},
		{ok, "text/xml; charset=latin1", "Client"},
		{strings.Repeat("<a>", 100) + strings.Repeat("</a>", 100), "text/xml", "Client"},
		{strings.Repeat(" ", oio.MaksIndreBytes+1), "text/xml", "Client"},
		{strings.ReplaceAll(ok, "Laes", "Fjern"), "text/xml", "Client"},
		{strings.Replace(ok, "sagdok:sag", "sagdok:sagx", 1), "text/xml", "Client"},
		{strings.Replace(ok, "schemas.xmlsoap.org/soap/envelope/", "www.w3.org/2003/05/soap-envelope", 1), "text/xml", "VersionMismatch"},
		{strings.Replace(ok, "<s:Body>", `<s:Header><x s:mustUnderstand="1"/></s:Header><s:Body>`, 1), "text/xml", "MustUnderstand"},
	} {
		if s := h.raa("/soap/sag", c.krop, c.type_); s.http != http.StatusInternalServerError || s.Fault != "soap:"+c.kode {
			t.Errorf("%.200s: %d %s, want %s", c.krop, s.http, s.tekst, c.kode)
		}
	}
	h.raa("/soap/sag", strings.Replace(ok, "<s:Body>", `<s:Header><x s:mustUnderstand="0"/></s:Header><s:Body>`, 1), "text/xml").vil(soap.StatusIkkeFundet)
	res, err := http.Get(h.http.URL + "/soap/sag")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusNotFound {
		t.Error(res.Status)
	}
}

func TestAdgang(t *testing.T) {
	h := nytHus(t, storetest.SQLite(t))
	for _, c := range []struct {
		hvem         auth.Identitet
		laes, skrive bool
	}{
		{auth.Identitet{}, false, false},
		{auth.Identitet{Navn: "l", Rolle: auth.Laeser}, true, false},
		{auth.Identitet{Navn: "d", Rolle: auth.Drift}, true, true},
		{auth.Identitet{Navn: "s", Rolle: auth.System, System: "S"}, false, false},
	} {
		h.hvem = c.hvem
		for op, maa := range map[string]bool{"Laes": c.laes, "List": c.laes, "Passiver": c.skrive, "Slet": c.skrive} {
			if s := h.kald(op, uuid(ukendtID)); (s.Fault == "") != maa {
				t.Errorf("%+v %s: %s", c.hvem, op, s.tekst)
			}
		}
	}
}

// TestAndresSager shows that whoever is limited to one authority sees and changes nothing of another's.
func TestAndresSager(t *testing.T) {
	conformance.Proves(t, "mox 57")
	h := nytHus(t, storetest.SQLite(t))
	id := h.kald("Opret", sag("S-1")).vil(soap.StatusOK).ID
	h.hvem = auth.Identitet{Navn: "anden", Rolle: auth.Drift, Kreds: &mox.Kreds{Myndigheder: []string{"99999999"}}}
	for _, op := range []string{"Laes", "List", "Passiver", "Slet"} {
		h.kald(op, uuid(id)).vil(soap.StatusIkkeFundet)
	}
	h.kald("Ret", uuid(id)+fremdrift).vil(soap.StatusIkkeFundet)
	if s := h.kald("Soeg", `<AttributListe/><TilstandListe/><RelationListe/>`).vil(soap.StatusIkkeFundet); len(s.Fundne) > 0 {
		t.Errorf("found %v", s.Fundne)
	}
	h.kald("Opret", sag("S-2")).vil(soap.StatusUgyldig)
	if h.log.Len() > 0 {
		t.Errorf("a refusal is no error of ours: %s", h.log)
	}
}

func TestEgenFejl(t *testing.T) {
	h := nytHus(t, storetest.SQLite(t))
	if err := h.db.Close(); err != nil {
		t.Fatal(err)
	}
	h.kald("Laes", uuid(ukendtID)).vil(soap.StatusEgenFejl)
	if !strings.Contains(h.log.String(), "SOAP-kald") {
		t.Error(h.log)
	}
}

// TestSvarGyldige holds answers against the official schema, and both directions against our own in the WSDL.
func TestSvarGyldige(t *testing.T) {
	conformance.Proves(t, "oio 75", "oio 98")
	h := nytHus(t, storetest.SQLite(t))
	official := filepath.Join(testenv.Skemaer(t), "sagdokumentindeks", "1.2.STS-4", "SagOperationer.xsd")
	uden := strings.Replace(sag("S-1"), `<gd:LokalUdvidelseListe><f:Lokal>æ</f:Lokal></gd:LokalUdvidelseListe>`, "", 1)
	opret := h.kald("Opret", uden).vil(soap.StatusOK)
	alle := `<AttributListe/><TilstandListe/><RelationListe/>`
	vores := egetSkema(t, mox.Sag)
	for _, s := range []svar{opret, h.kald("Laes", uuid(opret.ID)), h.kald("List", uuid(opret.ID)), h.kald("Soeg", alle), h.kald("Ret", uuid(opret.ID)+fremdrift), h.kald("Passiver", uuid(opret.ID)),
		h.kald("Slet", uuid(opret.ID)), h.kald("Laes", uuid(ukendtID)), h.kald("Opret", ""), h.kald("Import", `<Sag>`+uuid(kendtID)+`<Registrering>`+uden+`</Registrering></Sag>`)} {
		for _, skema := range []string{official, vores} {
			gyldig(t, skema, iBody(t, s.tekst))
		}
		if s.Status == soap.StatusOK { // a good call is good by both schemas
			gyldig(t, official, iBody(t, s.hvad))
			gyldig(t, vores, iBody(t, s.hvad))
		}
	}
}

var iKroppen = regexp.MustCompile(`(?s)<(?:s|soap):Body>(.*)</(?:s|soap):Body>`)

func iBody(t *testing.T, kuvert string) string {
	t.Helper()
	m := iKroppen.FindStringSubmatch(kuvert)
	if m == nil {
		t.Fatal(kuvert)
	}
	return m[1]
}

func gyldig(t *testing.T, skema, tekst string) {
	t.Helper()
	c := exec.CommandContext(t.Context(), testenv.Xmllint(t), "--nonet", "--noout", "--schema", skema, "-")
	c.Stdin = strings.NewReader(tekst)
	if ud, err := c.CombinedOutput(); err != nil {
		t.Errorf("%s: %v: %s\n%s", skema, err, ud, tekst)
	}
}

// egetSkema writes the schemas of a WSDL where xmllint can read them.
func egetSkema(t *testing.T, type_ mox.ObjektType) string {
	t.Helper()
	dir, ud := t.TempDir(), ""
	skemaer := oio.Skemaer(type_)
	for i, rum := range oio.Skemarum(type_) {
		tekst := skemaer[rum]
		for j, andet := range oio.Skemarum(type_) {
			tekst = strings.ReplaceAll(tekst, `<import namespace="`+andet+`"/>`, fmt.Sprintf(`<import namespace="%s" schemaLocation="%d.xsd"/>`, andet, j))
		}
		ud = filepath.Join(dir, fmt.Sprintf("%d.xsd", i))
		if err := os.WriteFile(ud, []byte(tekst), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return ud
}

// TestStortNotat: a note as large as the profile lets it be, and bytes that are not text, are carried.
func TestStortNotat(t *testing.T) {
	paaBegge(t, func(h *hus) {
		raa := bytes.Repeat([]byte{0, 1, 2, 250}, 25<<10)
		notat := `<JournalpostEgenskaber><JournalnotatEgenskaber><Notat>` + base64.StdEncoding.EncodeToString(raa) + `</Notat></JournalnotatEgenskaber></JournalpostEgenskaber></Journalpost>`
		id := h.kald("Opret", strings.Replace(sag("S-1"), "</Journalpost>", notat, 1)).vil(soap.StatusOK).ID
		if s := h.kald("Laes", uuid(id)).vil(soap.StatusOK); !strings.Contains(s.tekst, base64.StdEncoding.EncodeToString(raa)) {
			h.Errorf("%.2000s", s.tekst)
		}
	})
}

// TestZeep: a client that is not ours makes its code of the WSDL, and calls all operations of both services.
func TestZeep(t *testing.T) {
	t.Parallel()
	python := testenv.Zeep(t)
	h := nytHus(t, storetest.SQLite(t))
	for _, hvad := range []string{"sag", "dokument"} {
		c := exec.CommandContext(t.Context(), python, filepath.Join("testdata", "klient.py"), h.http.URL+"/soap/"+hvad+"?wsdl", hvad)
		if ud, err := c.CombinedOutput(); err != nil || strings.TrimSpace(string(ud)) != "ok" {
			t.Errorf("%s: %v\n%s", hvad, err, ud)
		}
	}
}

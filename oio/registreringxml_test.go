package oio_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/internal/testenv"
	"github.com/moxkit/mox/oio"
)

// medXML are the types that have a form in XML.
func medXML() (ud []mox.ObjektType) {
	for _, t := range mox.ObjektTyper() {
		if oio.HarXML(t) {
			ud = append(ud, t)
		}
	}
	return ud
}

// roller are codes with some of the roles.
func roller(t testing.TB) oio.Koder {
	t.Helper()
	k, err := koder(t).MedRoller([]byte("ejer: 11111111-2222-4333-8444-555555555555\nvedlagtdokument: 11111111-2222-4333-8444-555555555556\n"))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// kendtID is an objekt.
const kendtID = mox.ObjektID("8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11")

const urnEjer = "urn:oio:cvr-nr:12345678"

const fremmedLokal = `<f:Lokal xmlns:f="urn:test:fremmed" nr="1">æ &amp; <f:indre/></f:Lokal>`

// tegnUdvidet is a valid registrering with what others may have put into it.
func tegnUdvidet(t *rapid.T, type_ *mox.Type) mox.Registrering {
	r := tegnRegistrering(t, type_)
	r.LokalUdvidelser = map[string]string{}
	for _, liste := range mox.Udvidelseslister() {
		if rapid.IntRange(0, 3).Draw(t, liste) == 0 {
			r.LokalUdvidelser[liste] = fremmedLokal
		}
	}
	for _, l := range r.Relationer {
		if rapid.Bool().Draw(t, "udvidet") {
			l[0].LokalUdvidelse = `<gd:LokalUdvidelseListe xmlns:gd="urn:oio:sts:generelledefinitioner:1.2.4.0">` + fremmedLokal + `</gd:LokalUdvidelseListe>`
		}
	}
	return r
}

// TestRegistreringXMLRundt: whatever is valid goes to XML and back, and in JSON too, without loss.
func TestRegistreringXMLRundt(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "oio 19", "oio 24", "oio 99")
	k := roller(t)
	for _, navn := range medXML() {
		t.Run(string(navn), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				r := tegnUdvidet(t, typeAf(navn))
				if err := r.Valider(navn); err != nil {
					t.Fatal(err)
				}
				b, err := oio.MarshalRegistreringXML(navn, kendtID, r, k)
				if err != nil {
					t.Fatal(err)
				}
				t2, id2, r2, err := oio.UnmarshalRegistreringXML(b, k)
				if err != nil || t2 != navn || id2 != kendtID {
					t.Fatalf("%v %v %v\n%s", t2, id2, err, b)
				}
				if d := ens(r, r2); d != "" {
					t.Fatalf("%s\n%s", d, b)
				}
				igen, err := oio.MarshalRegistreringXML(navn, kendtID, r2, k)
				if err != nil || !bytes.Equal(igen, b) {
					t.Fatalf("the same gives other bytes: %v\n%s\n%s", err, b, igen)
				}
				js, err := oio.MarshalRegistrering(navn, kendtID, r2)
				if err != nil {
					t.Fatal(err)
				}
				if _, _, r3, err := oio.UnmarshalRegistrering(js); err != nil || ens(r, r3) != "" {
					t.Fatal(err, ens(r, r3))
				}
			})
		})
	}
}

// skemaI is where the official schema of a type's RegistreringBesked lies.
func skemaI(t testing.TB, navn mox.ObjektType) string {
	fil := map[mox.ObjektType]string{mox.Sag: "sagdokumentindeks/1.2.STS-4/SagBesked.xsd", mox.Dokument: "sagdokumentindeks/1.2.STS-4/DokumentIndeksBesked.xsd"}[navn]
	if fil == "" {
		fil = "organisation-klassifikation-6/6.0.STS-0/" + string(navn) + "Besked.xsd"
	}
	return filepath.Join(testenv.Skemaer(t), fil)
}

// medVores is a schema of the official one, of our own for what it has no element for, and of a stranger's.
func medVores(t testing.TB, navn mox.ObjektType, officielt string) string {
	t.Helper()
	dir := t.TempDir()
	vores, err := filepath.Abs("../docs/specifikation/mox-registrering-1.0.xsd")
	if err != nil {
		t.Fatal(err)
	}
	skriv := func(fil, tekst string) string {
		fil = filepath.Join(dir, fil)
		if err := os.WriteFile(fil, []byte(tekst), 0o600); err != nil {
			t.Fatal(err)
		}
		return fil
	}
	fremmed := skriv("fremmed.xsd", `<schema xmlns="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:test:fremmed"><element name="Lokal"><complexType mixed="true">`+
		`<sequence><any processContents="skip"/></sequence><attribute name="nr"/></complexType></element></schema>`)
	return skriv("alt.xsd", fmt.Sprintf(`<schema xmlns="http://www.w3.org/2001/XMLSchema"><import namespace="%s" schemaLocation="%s"/>`+
		`<import namespace="urn:mox:registrering:1.0" schemaLocation="%s"/><import namespace="urn:test:fremmed" schemaLocation="%s"/></schema>`,
		typeAf(navn).Skema, officielt, vores, fremmed))
}

// gyldige holds documents against a schema, many in one call.
func gyldige(t testing.TB, skema string, tekster [][]byte) error {
	t.Helper()
	dir := t.TempDir()
	args := []string{"--nonet", "--noout", "--schema", skema}
	for i, b := range tekster {
		fil := filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(fil, b, 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, fil)
	}
	ud, err := exec.CommandContext(t.Context(), testenv.Xmllint(t), args...).CombinedOutput()
	if err != nil {
		linjer := strings.Split(string(ud), "\n")
		return fmt.Errorf("%w: %s", err, strings.Join(linjer[:min(len(linjer), 12)], "\n"))
	}
	return nil
}

// TestRegistreringXMLGyldig holds what we write against the official schemas, with our own for what they have no element for.
func TestRegistreringXMLGyldig(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "oio 98")
	k := roller(t)
	for _, navn := range medXML() {
		t.Run(string(navn), func(t *testing.T) {
			t.Parallel()
			var tekster [][]byte
			for i := range 60 {
				r := rapid.Custom(func(t *rapid.T) mox.Registrering { return tegnUdvidet(t, typeAf(navn)) }).Example(i)
				b, err := oio.MarshalRegistreringXML(navn, kendtID, r, k)
				if err != nil {
					t.Fatal(err)
				}
				tekster = append(tekster, b)
			}
			if gyldige(t, skemaI(t, navn), [][]byte{[]byte(`<a/>`)}) == nil {
				t.Fatal("xmllint accepts anything")
			}
			if err := gyldige(t, medVores(t, navn, skemaI(t, navn)), tekster); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestSvarXMLGyldigt holds answers with any registreringer against the official schemas of the operations.
func TestSvarXMLGyldigt(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "oio 75", "oio 98")
	for navn, fil := range map[mox.ObjektType]string{mox.Sag: "SagOperationer.xsd", mox.Dokument: "DokumentIndeksOperationer.xsd"} {
		var tekster [][]byte
		tag := func(o oio.Operation, v oio.Svar) {
			b, err := oio.SkrivSvar(navn, o, v, roller(t))
			if err != nil {
				t.Fatal(err)
			}
			_, b, _ = bytes.Cut(b, []byte("<soap:Body>"))
			b, _, _ = bytes.Cut(b, []byte("</soap:Body>"))
			tekster = append(tekster, b)
		}
		for i := range 20 {
			r := rapid.Custom(func(t *rapid.T) mox.Registrering { return tegnUdvidet(t, typeAf(navn)) }).Example(i)
			tag(oio.OpList, oio.Svar{StatusKode: 20, Objekter: []oio.Svarobjekt{{ObjektID: kendtID, Registreringer: []mox.Registrering{r, r}}, {ObjektID: kendtID}}})
			tag(oio.OpLaes, oio.Svar{StatusKode: 20, Objekter: []oio.Svarobjekt{{ObjektID: kendtID, Registreringer: []mox.Registrering{r}}}})
		}
		for _, o := range oio.Operationer() {
			tag(o, oio.Svar{StatusKode: 40, Fejlbesked: "<æ>"})
		}
		tag(oio.OpOpret, oio.Svar{StatusKode: 20, ObjektID: kendtID})
		tag(oio.OpSoeg, oio.Svar{StatusKode: 44, Fejlbesked: "x", HarFundet: true})
		if err := gyldige(t, medVores(t, navn, filepath.Join(testenv.Skemaer(t), "sagdokumentindeks/1.2.STS-4", fil)), tekster); err != nil {
			t.Error(err)
		}
	}
}

// fremmedSag is a RegistreringBesked as another system writes it: prefixes of its own, the old shape of Registrering, an end that is
// not told, roles we know and one we do not, and what our table has no names for.
const fremmedSag = `<RegistreringBesked xmlns="urn:oio:sts:sagdok:sag:1.2.4.0" xmlns:a="urn:oio:sagdok:3.0.0" xmlns:b="urn:oio:sts:generelledefinitioner:1.2.4.0" xmlns:f="urn:test:fremmed">
  <a:UUIDIdentifikator>8F6F2A0E-1C9B-4D0E-9A54-2F6A3A1D7C11</a:UUIDIdentifikator>
  <Registrering>
    %s
    <a:LivscyklusKode>Opstaaet</a:LivscyklusKode>
    <AttributListe>
      <Egenskaber><Virkning><a:FraTidspunkt><a:GraenseIndikator>true</a:GraenseIndikator></a:FraTidspunkt></Virkning><AfleveretIndikator>1</AfleveretIndikator><Titel> Å </Titel><Sagsnummer/></Egenskaber>
      <b:LokalUdvidelseListe><f:Status kode="f:1">x</f:Status></b:LokalUdvidelseListe>
    </AttributListe>
    <TilstandListe/>
    <RelationListe>
      <Sagsaktoer><b:Virkning/><b:Rolle><a:UUIDIdentifikator>11111111-2222-4333-8444-555555555555</a:UUIDIdentifikator></b:Rolle><b:Indeks>a-1</b:Indeks>
        <b:ReferenceID><a:URNIdentifikator>urn:oio:cvr-nr:12345678</a:URNIdentifikator></b:ReferenceID><b:LokalUdvidelseListe><f:Navn>Y</f:Navn></b:LokalUdvidelseListe></Sagsaktoer>
      <Sagsaktoer><b:Virkning/><b:Rolle><a:UUIDIdentifikator>99999999-2222-4333-8444-555555555555</a:UUIDIdentifikator></b:Rolle></Sagsaktoer>
      <Journalpost><b:Virkning/><b:Rolle><a:URNIdentifikator>urn:mox:rolle:journalnotat</a:URNIdentifikator></b:Rolle><b:Indeks>7</b:Indeks>
        <JournalpostEgenskaber><JournalnotatEgenskaber><Notat>%s</Notat></JournalnotatEgenskaber></JournalpostEgenskaber></Journalpost>
    </RelationListe>
  </Registrering>
</RegistreringBesked>`

func TestFremmedRegistreringXML(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "oio 19", "oio 22", "oio 99")
	k := roller(t)
	const stsTid, oioTid = `<a:Tidspunkt>2026-03-02T09:15:00+01:00</a:Tidspunkt><b:StsTidspunkt>2026-03-02T09:15:01Z</b:StsTidspunkt>`,
		`<a:FraTidspunkt><a:TidsstempelDatoTid>2026-03-02T08:15:00Z</a:TidsstempelDatoTid></a:FraTidspunkt>`
	for _, tid_ := range []string{stsTid, oioTid} {
		_, id, r, err := oio.UnmarshalRegistreringXML(fmt.Appendf(nil, fremmedSag, tid_, "AAEC"), k)
		if err != nil {
			t.Fatal(err)
		}
		a, ejer, post := r.Attributter["sagegenskaber"][0], r.Relationer["ejer"][0], r.Relationer["journalpost"][0]
		if id != "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11" || !r.FraTidspunkt.Equal(tid("2026-03-02T08:15:00Z")) || r.LivscyklusKode != mox.Opstaaet {
			t.Error(id, r.FraTidspunkt, r.LivscyklusKode)
		}
		if a.Virkning.Fra != mox.MinusUendelig || a.Virkning.Til != mox.Uendelig || ens(a.Felter, map[string]string{"afleveret": "true", "titel": " Å "}) != "" {
			t.Errorf("%+v", a)
		}
		if ejer.Reference.URN != "urn:oio:cvr-nr:12345678" || post.Indeks != 7 || post.Felter["journalnotat.notat"] != "data:;base64,AAEC" {
			t.Errorf("%+v %+v", ejer, post)
		}
		r.Attributter["sagegenskaber"][0].Virkning = mox.Fra(mox.MinusUendelig)
		for _, l := range r.Relationer {
			l[0].Virkning = mox.Fra(mox.MinusUendelig)
		}
		b, err := oio.MarshalRegistreringXML(mox.Sag, id, r, k)
		if err != nil {
			t.Fatal(err)
		}
		for _, skal := range []string{` xmlns:f="urn:test:fremmed" kode="f:1">x</f:Status>`, `<b:Indeks `, `>a-1</b:Indeks>`, `<f:Navn`, "99999999-2222-4333-8444-555555555555", "<o:Notat>AAEC</o:Notat>"} {
			if !strings.Contains(string(b), skal) {
				t.Errorf("%s is lost:\n%s", skal, b)
			}
		}
		if _, _, igen, err := oio.UnmarshalRegistreringXML(b, k); err != nil || ens(r, igen) != "" {
			t.Errorf("%v %s", err, ens(r, igen))
		}
	}
}

// TestRegistreringXMLUdenTillaeg: what has nothing beside the schema is valid by the official one alone, and the schema is one that refuses.
func TestRegistreringXMLUdenTillaeg(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "oio 98")
	id, r := byggesag(t)
	b, err := oio.MarshalRegistreringXML(mox.Sag, id, r, oio.Koder{})
	if err != nil {
		t.Fatal(err)
	}
	skema := skemaI(t, mox.Sag)
	if err := gyldige(t, skema, [][]byte{b}); err != nil {
		t.Error(err)
	}
	r.Attributter["sagegenskaber"][0].Felter["integrationsdata"] = "x"
	med, err := oio.MarshalRegistreringXML(mox.Sag, id, r, oio.Koder{})
	if err != nil {
		t.Fatal(err)
	}
	forkert := bytes.ReplaceAll(b, []byte("o:Kassationskode"), []byte("o:Hjemmelspecifikation"))
	for _, x := range []struct {
		skema string
		b     []byte
		ok    bool
	}{{skema, med, false}, {medVores(t, mox.Sag, skema), med, true}, {skema, forkert, false}, {medVores(t, mox.Sag, skema), forkert, false}} {
		if err := gyldige(t, x.skema, [][]byte{x.b}); (err == nil) != x.ok {
			t.Errorf("%s: %v", x.skema, err)
		}
	}
}

func TestRegistreringXMLAfviser(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "oio 4", "oio 6")
	id, r := byggesag(t)
	raa, err := oio.MarshalRegistreringXML(mox.Sag, id, r, oio.Koder{})
	if err != nil {
		t.Fatal(err)
	}
	const tillaeg = `<gd:LokalUdvidelseListe><mox:Vaerdi sti="%s"%s>%s</mox:Vaerdi></gd:LokalUdvidelseListe></o:AttributListe>`
	for _, c := range []struct{ fra, til, vil string }{
		{string(id), "x", "objektID uuid"},
		{"<sd:UUIDIdentifikator>" + string(id) + "</sd:UUIDIdentifikator>", "", "objektID kraevet"},
		{"<o:Titel>", "<o:Titel>a</o:Titel><o:Farve/><o:Titel>", "attributter.sagegenskaber[0].Farve ukendt"},
		{"Opstaaet</sd:Livs", "Aendret</sd:Livs", "livscykluskode kodeliste"},
		{">false</o:Principiel", ">nej</o:Principiel", "attributter.sagegenskaber[0].principiel type"},
		{"08:15:01.25Z", "08:15:01.25", "fratidspunkt tid"},
		{"2026-03-02T08:15:00Z</sd:Tids", "infinity</sd:Tids", "attributter.sagegenskaber[0].virkning.from tid"},
		{"<sd:GraenseIndikator>true", "<sd:GraenseIndikator>false", "attributter.sagegenskaber[0].virkning.to tid"},
		{"<sd:URNIdentifikator>urn:oio:cvr-nr:12345678</sd:URNIdentifikator>", "", "relationer.ejer[0].reference reference"},
		{"<sd:URNIdentifikator>urn:oio:cvr-nr:12345678", "<sd:UUIDIdentifikator>" + string(id) + "</sd:UUIDIdentifikator><sd:URNIdentifikator>urn:oio:cvr-nr:12345678", "relationer.ejer[0].reference reference"},
		{"urn:oio:cvr-nr:12345678", "cvr-nr:12345678", "relationer.ejer[0].reference urn"},
		{"<o:RelationListe>", "<o:RelationListe><o:Sagsfarve/>", "relationer.Sagsfarve ukendt"},
		{"<o:TilstandListe>", "<o:VariantListe/><o:TilstandListe>", "VariantListe ukendt"},
		{"</o:AttributListe>", fmt.Sprintf(tillaeg, "attributter.sagegenskaber[9].titel", "", "x"), "attributter.sagegenskaber[9].titel ukendt"},
		{"</o:AttributListe>", fmt.Sprintf(tillaeg, "note", ` kodning="base64"`, "*"), "lokaludvidelser vaerdi"},
		{"</o:AttributListe>", fmt.Sprintf(tillaeg, "relationer.ejer[1]", "", "[]"), "relationer.ejer[1] type, relationer.ejer[1].virkning kraevet"},
		{"</o:AttributListe>", fmt.Sprintf(tillaeg, "relationer.ejer[0].lokaludvidelse", "", "&lt;a>"), "relationer.ejer[0].lokaludvidelse xml"},
		{"</o:AttributListe>", fmt.Sprintf(tillaeg, "relationer.ejer[0].indeks", "", "0"), "relationer.ejer[0].indeks vaerdi"},
		{"</o:AttributListe>", fmt.Sprintf(tillaeg, "brugerref", "", "x"), "brugerref reference"},
	} {
		b := strings.Replace(string(raa), c.fra, c.til, 1)
		_, _, _, err := oio.UnmarshalRegistreringXML([]byte(b), oio.Koder{})
		if got := strings.Join(brud(err), ", "); got != c.vil {
			t.Errorf("%s -> %s: %v, want %s", c.fra, c.til, err, c.vil)
		}
	}
	for _, b := range []string{"", "<a/>", `<!DOCTYPE a><a/>`, `<a xmlns="urn:oio:sts:sagdok:sag:1.2.4.0"/>`, `<RegistreringBesked/>`} {
		if _, _, _, err := oio.UnmarshalRegistreringXML([]byte(b), oio.Koder{}); mox.KodeAf(err) != mox.KodeUgyldig {
			t.Errorf("%s: %v", b, err)
		}
	}
	lang := strings.Replace(string(raa), "<o:RelationListe>", `<o:RelationListe xmlns:f="urn:`+strings.Repeat("x", oio.MaksBytes/4)+`"><gd:LokalUdvidelseListe>`+strings.Repeat("<f:a/>", 1000)+`</gd:LokalUdvidelseListe>`, 1)
	if _, _, _, err := oio.UnmarshalRegistreringXML([]byte(lang), oio.Koder{}); strings.Join(brud(err), "") != "lokaludvidelser antal" {
		t.Error(err)
	}
	if _, _, _, err := oio.UnmarshalRegistreringXML(make([]byte, oio.MaksBytes+1), oio.Koder{}); mox.KodeAf(err) != mox.KodeForStor {
		t.Error(err)
	}
}

// TestRegistreringXMLKanIkkeSkrives: what would be lost without a word is refused.
func TestRegistreringXMLKanIkkeSkrives(t *testing.T) {
	t.Parallel()
	for vil, f := range map[string]func(r *mox.Registrering){
		"attributter.farve ukendt":                            func(r *mox.Registrering) { r.Attributter["farve"] = r.Attributter["sagegenskaber"] },
		"attributter.sagegenskaber[0].farve ukendt":           func(r *mox.Registrering) { r.Attributter["sagegenskaber"][0].Felter["farve"] = "x" },
		"attributter.sagegenskaber[0].principiel vaerdi":      func(r *mox.Registrering) { r.Attributter["sagegenskaber"][0].Felter["principiel"] = "x" },
		"tilstande.farve ukendt":                              func(r *mox.Registrering) { r.Tilstande["farve"] = r.Tilstande["sagfremdrift"] },
		"tilstande.sagfremdrift[0].fremdrift kodeliste":       func(r *mox.Registrering) { r.Tilstande["sagfremdrift"][0].Vaerdi = "x" },
		"tilstande.sagfremdrift[0].virkning kraevet":          func(r *mox.Registrering) { r.Tilstande["sagfremdrift"][0].Virkning.Til = mox.Tidspunkt{} },
		"relationer.farve ukendt":                             func(r *mox.Registrering) { r.Relationer["farve"] = r.Relationer["ejer"] },
		"relationer.ejer[0].lokaludvidelse xml":               func(r *mox.Registrering) { r.Relationer["ejer"][0].LokalUdvidelse = "x" },
		"relationer.journalpost[0].journalpostkode kodeliste": func(r *mox.Registrering) { r.Relationer["journalpost"][0].Felter["journalpostkode"] = "x" },
		"varianter ukendt":                                    func(r *mox.Registrering) { r.Varianter = []mox.Variant{{VariantTekst: "x"}} },
		"lokaludvidelser.farve ukendt":                        func(r *mox.Registrering) { r.LokalUdvidelser = map[string]string{"farve": "<a/>"} },
		"lokaludvidelser.tilstande xml":                       func(r *mox.Registrering) { r.LokalUdvidelser = map[string]string{"tilstande": "<a>"} },
	} {
		id, r := byggesag(t)
		f(&r)
		_, err := oio.MarshalRegistreringXML(mox.Sag, id, r, oio.Koder{})
		if got := strings.Join(brud(err), ", "); got != vil {
			t.Errorf("%q, want %q", got, vil)
		}
	}
	for _, navn := range []mox.ObjektType{mox.Indsats, "Farve"} {
		if _, err := oio.MarshalRegistreringXML(navn, "", mox.Registrering{}, oio.Koder{}); mox.KodeAf(err) != mox.KodeUgyldig {
			t.Error(navn, err)
		}
	}
}

func TestMedRoller(t *testing.T) {
	t.Parallel()
	for fil, vil := range map[string]string{
		"":         "",
		"farve: x": "farve ukendt",
		"ejer: x":  "ejer uuid",
		"journalnotat: 7c2f0a1b-0000-4000-8000-000000000004":                                          "",
		"ejer: 7c2f0a1b-0000-4000-8000-000000000004\nansvarlig: 7C2F0A1B-0000-4000-8000-000000000004": "ejer dobbelt",
	} {
		_, err := oio.Koder{}.MedRoller([]byte(fil))
		if got := strings.Join(brud(err), ", "); got != vil && (err != nil || vil != "") {
			t.Errorf("%s: %v", fil, err)
		}
	}
	k, err := oio.LaesKoder([]byte("rolle: {ejer: 7c2f0a1b-0000-4000-8000-000000000004}"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.MedRoller([]byte("ejer: 7c2f0a1b-0000-4000-8000-000000000005")); strings.Join(brud(err), "") != "ejer uenig" {
		t.Error(err)
	}
	if _, err := k.MedRoller([]byte("ejer: 7c2f0a1b-0000-4000-8000-000000000004")); err != nil {
		t.Error(err)
	}
	if _, err := k.MedRoller(make([]byte, 1<<20+1)); mox.KodeAf(err) != mox.KodeForStor {
		t.Error(err)
	}
}

// FuzzUnmarshalRegistreringXML reads anything: what is read is written again, and then reads the same.
func FuzzUnmarshalRegistreringXML(f *testing.F) {
	k := roller(f)
	v := mox.Fra(mox.MinusUendelig)
	for _, navn := range []mox.ObjektType{mox.Sag, mox.Dokument, mox.Klasse, mox.OrganisationEnhed} { // small ones: the fuzzer is slow with large
		type_ := typeAf(navn)
		r := mox.Registrering{LivscyklusKode: mox.Rettet, Attributter: map[string][]mox.Attribut{type_.Egenskaber().Navn: {{Felter: map[string]string{"titel": "x", "brugervendtnoegle": strings.Repeat("y", 51)}, Virkning: v}}},
			Relationer: map[string][]mox.Relation{"ejer": {{Reference: mox.Reference{URN: urnEjer}, ObjektType: "Bruger", Virkning: v}}}}
		if navn == mox.OrganisationEnhed {
			delete(r.Attributter[type_.Egenskaber().Navn][0].Felter, "titel")
			r.Relationer = map[string][]mox.Relation{"adresser": {{Reference: mox.Reference{URN: urnEjer}, Virkning: v}}, "overordnet": {{Virkning: v}, {Virkning: v}}}
		}
		b, err := oio.MarshalRegistreringXML(navn, kendtID, r, k)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b))
	}
	f.Add(fmt.Sprintf(fremmedSag, "", ""))
	f.Fuzz(func(t *testing.T, raa string) {
		navn, id, r, err := oio.UnmarshalRegistreringXML([]byte(raa), k)
		if err != nil {
			if kode := mox.KodeAf(err); kode != mox.KodeUgyldig && kode != mox.KodeForStor {
				t.Fatal(err)
			}
			return
		}
		b, err := oio.MarshalRegistreringXML(navn, id, r, k)
		if err != nil { // only what is not valid
			if r.Valider(navn) == nil && mox.KodeAf(err) != mox.KodeForStor {
				t.Fatal(err)
			}
			return
		}
		if _, _, igen, err := oio.UnmarshalRegistreringXML(b, k); err != nil || ens(r, igen) != "" {
			t.Fatalf("%v %s\n%s", err, ens(r, igen), b)
		}
	})
}

// FuzzLaesKald reads anything as a call: it is one, it breaks a rule, or it is a Fault.
func FuzzLaesKald(f *testing.F) {
	f.Add(`<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><SletInput xmlns="urn:oio:sts:sagdok:sag:1.2.4.0" xmlns:sd="urn:oio:sagdok:3.0.0">` +
		`<sd:UUIDIdentifikator>8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11</sd:UUIDIdentifikator></SletInput></s:Body></s:Envelope>`)
	f.Fuzz(func(t *testing.T, raa string) {
		k, err := oio.LaesKald([]byte(raa), mox.Sag, oio.Koder{})
		var fejl *oio.Soapfejl
		if errors.As(err, &fejl) {
			var v struct {
				Kode string `xml:"Body>Fault>faultcode"`
			}
			if err := xml.Unmarshal(oio.SkrivFault(fejl), &v); err != nil || v.Kode != "soap:"+fejl.Kode {
				t.Fatal(err, v)
			}
			return
		}
		if err != nil && mox.KodeAf(err) != mox.KodeUgyldig && mox.KodeAf(err) != mox.KodeForStor {
			t.Fatal(err)
		}
		if err == nil && k.Operation == "" {
			t.Fatal("a call of nothing")
		}
	})
}

// TestLokalUdvidelserIJSON: what others add is whole XML elements, also where it comes as a text in JSON.
func TestLokalUdvidelserIJSON(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ json, vil string }{
		{`{"lokaludvidelser":{"attributter":"<a/><b xmlns=\"urn:x\"/>"}}`, ""},
		{`{"lokaludvidelser":{"attributter":""}}`, ""},
		{`{"lokaludvidelser":{"farve":"<a/>"}}`, "lokaludvidelser.farve ukendt"},
		{`{"lokaludvidelser":{"tilstande":"<a>"}}`, "lokaludvidelser.tilstande xml"},
		{`{"lokaludvidelser":{"tilstande":"a<a/>"}}`, "lokaludvidelser.tilstande xml"},
		{`{"lokaludvidelser":{"tilstande":"<f:a/>"}}`, "lokaludvidelser.tilstande xml"},
		{`{"lokaludvidelser":{"tilstande":"<a/></x><x>"}}`, "lokaludvidelser.tilstande xml"},
		{`{"lokaludvidelser":{"tilstande":"` + strings.Repeat("<a>", oio.MaksStumpDybde) + strings.Repeat("</a>", oio.MaksStumpDybde) + `"}}`, ""},
		{`{"lokaludvidelser":{"tilstande":"` + strings.Repeat("<a>", oio.MaksStumpDybde+1) + strings.Repeat("</a>", oio.MaksStumpDybde+1) + `"}}`, "lokaludvidelser.tilstande xml"},
		{`{"lokaludvidelser":{"tilstande":"<!DOCTYPE a><a/>"}}`, "lokaludvidelser.tilstande xml"},
		{`{"lokaludvidelser":{"tilstande":1}}`, "lokaludvidelser.tilstande type"},
		{`{"lokaludvidelser":[]}`, "lokaludvidelser type"},
		{`{"relationer":{"ejer":[{"urn":"urn:x:1","lokaludvidelse":"x","virkning":{"from":"-infinity","to":"infinity"}}]}}`, "relationer.ejer[0].lokaludvidelse xml"},
	} {
		_, err := oio.UnmarshalIndre(mox.Sag, []byte(c.json))
		if got := strings.Join(brud(err), ", "); got != c.vil && (err != nil || c.vil != "") {
			t.Errorf("%s: %v, want %s", c.json, err, c.vil)
		}
	}
}

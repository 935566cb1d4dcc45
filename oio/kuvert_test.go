package oio_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/xml"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/internal/testenv"
	"github.com/moxkit/mox/oio"
)

const kodefil = `
objekttype:
  Sag: 5D1E4C5E-7A0B-4F4E-9A3C-0F6A5B7C8D9E
  Person: 5d1e4c5e-7a0b-4f4e-9a3c-0f6a5b7c8d9f
handling:
  Opstaaet: 7c2f0a1b-0000-4000-8000-000000000001
  Fødsel: 7c2f0a1b-0000-4000-8000-000000000002
beskedtype:
  Sag.Opstaaet: 7c2f0a1b-0000-4000-8000-000000000003
rolle:
  primaerpart: 7c2f0a1b-0000-4000-8000-000000000004
system:
  Byggesag: 7c2f0a1b-0000-4000-8000-000000000005
`

func koder(t testing.TB) oio.Koder {
	t.Helper()
	k, err := oio.LaesKoder([]byte(kodefil))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// tegnKuvertbesked is a besked that an envelope can be made of: it has what the envelope demands.
func tegnKuvertbesked(t *rapid.T) mox.Besked {
	b := tegnBesked(t)
	b.ID = mox.BeskedID(rapid.SampledFrom([]string{"5a4cf0d6-6f1a-4c1f-8a6c-0d9e2b7a1c33", "urn:x:besked:Ærø 4", "urn:mox:beskedID:a%20b"}).Draw(t, "beskedID"))
	if b.Version == "" || strings.ContainsFunc(b.Version, func(r rune) bool { return r < ' ' || r >= 0x7f }) {
		b.Version = "1.0"
	}
	if b.Type == "" {
		b.Type = "urn:mox:beskedtype:x"
	}
	for _, felt := range []*string{&b.Aktoer, &b.Bruger} {
		if rapid.Bool().Draw(t, "uuid?") {
			*felt = rapid.SampledFrom([]string{"0b1e6a52-5d0f-4a7c-8a44-9c1d2b3e4f50", "7c2f0a1b-0000-4000-8000-000000000005"}).Draw(t, "uuid")
		}
	}
	b.Handling = rapid.SampledFrom([]string{b.Handling, "Opstaaet", "Fødsel", "urn:mox:livscykluskode:Rettet", "7c2f0a1b-0000-4000-8000-000000000001"}).Draw(t, "handling")
	b.Kildesystem = rapid.SampledFrom([]string{b.Kildesystem, "Byggesag", "7c2f0a1b-0000-4000-8000-000000000005"}).Draw(t, "kildesystem")
	b.Opgaveemne = rapid.SampledFrom([]string{b.Opgaveemne, "02.34.02", "urn:oio:kle:02.34.02"}).Draw(t, "opgaveemne")
	if rapid.Bool().Draw(t, "xml?") {
		b.Indholdstype = rapid.SampledFrom([]string{"application/xml", "text/xml; charset=utf-8", "application/x+xml\n"}).Draw(t, "xmltype")
		b.Indhold = []byte(rapid.SampledFrom([]string{`<a/>`, "<?xml version=\"1.0\"?>\r\n<!-- x -->\n<s:a xmlns:s=\"urn:s\" s:b='1'>\r\n<s:c>&lt;&#13;</s:c></s:a>\n<?pi x?>", `<a>besked:B</a>`, `<besked:a/>`, `<a`, `<a/><b/>`,
			"\ufeff<a/>", `<!DOCTYPE a><a/>`, `<indhold xmlns="urn:mox:besked:1.0">x</indhold>`, strings.Repeat("<a>", 70) + strings.Repeat("</a>", 70)}).Draw(t, "xml"))
	}
	return b
}

// TestKuvertRundt writes any besked as an envelope, with and without codes, and reads the same back.
func TestKuvertRundt(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 7", "mox 13", "mox 14")
	for _, k := range []oio.Koder{{}, koder(t)} {
		rapid.Check(t, func(t *rapid.T) {
			b := tegnKuvertbesked(t)
			raa, err := oio.MarshalKuvert(&b, k)
			if err != nil {
				t.Fatal(err)
			}
			igen, err := oio.UnmarshalKuvert(raa, k)
			if err != nil {
				t.Fatalf("%v\n%s", err, raa)
			}
			if d := ens(b, igen); d != "" {
				t.Fatalf("-written +read\n%s\n%s", d, raa)
			}
		})
	}
}

// TestKuvertForm shows the bytes once, to be read.
func TestKuvertForm(t *testing.T) {
	t.Parallel()
	b := nyBesked(t)
	b.Myndighed, b.Opgaveemne, b.Foelsomhed, b.Bruger = "urn:oio:cvr-nr:12345678", "02.34.02", "Fortrolig", "svc-mox"
	b.GyldigFra, b.Indhold = b.Registreringstid, []byte(`{"a":"<b> & \"c\""}`)
	raa, err := oio.MarshalKuvert(&b, koder(t))
	if err != nil {
		t.Fatal(err)
	}
	want := `<?xml version="1.0" encoding="UTF-8"?>
<besked:Haendelsesbesked xmlns:besked="urn:oio:besked:kuvert:1.0" xmlns:sd="urn:oio:sagdok:3.0.0" xmlns:mox="urn:mox:besked:1.0">
<besked:BeskedId><sd:UUIDIdentifikator>5a4cf0d6-6f1a-4c1f-8a6c-0d9e2b7a1c33</sd:UUIDIdentifikator></besked:BeskedId>
<besked:BeskedVersion>1.0</besked:BeskedVersion>
<besked:Beskedkuvert>
<besked:Filtreringsdata>
<besked:Beskedtype><sd:UUIDIdentifikator>7c2f0a1b-0000-4000-8000-000000000003</sd:UUIDIdentifikator></besked:Beskedtype>
<besked:BeskedAnsvarligAktoer><sd:UUIDIdentifikator>0b1e6a52-5d0f-4a7c-8a44-9c1d2b3e4f50</sd:UUIDIdentifikator></besked:BeskedAnsvarligAktoer>
<besked:RelateretObjekt>
<besked:ObjektId><sd:URNIdentifikator>urn:oio:cpr-nr:0101010101</sd:URNIdentifikator></besked:ObjektId>
<besked:ObjektType><sd:UUIDIdentifikator>5d1e4c5e-7a0b-4f4e-9a3c-0f6a5b7c8d9f</sd:UUIDIdentifikator></besked:ObjektType>
<besked:ObjektRolle><sd:UUIDIdentifikator>7c2f0a1b-0000-4000-8000-000000000004</sd:UUIDIdentifikator></besked:ObjektRolle>
</besked:RelateretObjekt>
<besked:ObjektRegistrering>
<besked:RegistreringsAktoer><sd:UUIDIdentifikator>0b1e6a52-5d0f-4a7c-8a44-9c1d2b3e4f50</sd:UUIDIdentifikator></besked:RegistreringsAktoer>
<besked:Registreringstidspunkt><sd:TidsstempelDatoTid>2026-03-02T08:15:01.25Z</sd:TidsstempelDatoTid></besked:Registreringstidspunkt>
<besked:ObjektAnsvarligMyndighed><sd:URNIdentifikator>urn:oio:cvr-nr:12345678</sd:URNIdentifikator></besked:ObjektAnsvarligMyndighed>
<besked:ObjektId><sd:UUIDIdentifikator>8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11</sd:UUIDIdentifikator></besked:ObjektId>
<besked:ObjektType><sd:UUIDIdentifikator>5d1e4c5e-7a0b-4f4e-9a3c-0f6a5b7c8d9e</sd:UUIDIdentifikator></besked:ObjektType>
<besked:ObjektHandling><sd:UUIDIdentifikator>7c2f0a1b-0000-4000-8000-000000000001</sd:UUIDIdentifikator></besked:ObjektHandling>
<besked:OpgaveEmne><sd:URNIdentifikator>urn:oio:kle:02.34.02</sd:URNIdentifikator></besked:OpgaveEmne>
<besked:ObjektRegistreringLokalUdvidelse><mox:bruger>svc-mox</mox:bruger><mox:foelsomhed>Fortrolig</mox:foelsomhed></besked:ObjektRegistreringLokalUdvidelse>
</besked:ObjektRegistrering>
<besked:TvaergaaendeProces><sd:URNIdentifikator>urn:mox:procesID:p-1</sd:URNIdentifikator></besked:TvaergaaendeProces>
</besked:Filtreringsdata>
<besked:Leveranceinformation>
<besked:Dannelsestidspunkt><sd:TidsstempelDatoTid>2026-03-02T08:15:01.25Z</sd:TidsstempelDatoTid></besked:Dannelsestidspunkt>
<besked:Kildesystem><sd:UUIDIdentifikator>7c2f0a1b-0000-4000-8000-000000000005</sd:UUIDIdentifikator></besked:Kildesystem>
</besked:Leveranceinformation>
<besked:GyldighedFra><sd:TidsstempelDatoTid>2026-03-02T08:15:01.25Z</sd:TidsstempelDatoTid></besked:GyldighedFra>
<besked:GyldighedTil><sd:GraenseIndikator>true</sd:GraenseIndikator></besked:GyldighedTil>
</besked:Beskedkuvert>
<besked:Beskeddata><mox:indhold indholdstype="application/json">{"a":"&lt;b&gt; &amp; \"c\""}</mox:indhold></besked:Beskeddata>
</besked:Haendelsesbesked>
`
	if d := cmp.Diff(strings.ReplaceAll(want, "\n", ""), strings.ReplaceAll(string(raa), "\n", "")); d != "" {
		t.Error(d)
	}
	raa, err = oio.MarshalKuvert(&b, oio.Koder{})
	for _, urn := range []string{"urn:mox:objekttype:Sag<", "urn:mox:livscykluskode:Opstaaet<", "urn:mox:beskedtype:Sag.Opstaaet<", "urn:mox:rolle:primaerpart<", "<mox:kildesystem>Byggesag<"} {
		if err != nil || !bytes.Contains(raa, []byte(urn)) {
			t.Errorf("%v, no %s in %s", err, urn, raa)
		}
	}
}

// TestKuvertMangler refuses what an envelope cannot be without.
func TestKuvertMangler(t *testing.T) {
	t.Parallel()
	for navn, c := range map[string]struct {
		aendr func(*mox.Besked)
		brud  string
	}{
		"beskedID":      {func(b *mox.Besked) { b.ID = "" }, "beskedID unikid"},
		"beskedversion": {func(b *mox.Besked) { b.Version = "" }, "beskedversion kraevet"},
		"beskedtype":    {func(b *mox.Besked) { b.Type = "" }, "beskedtype kraevet"},
		"NUL":           {func(b *mox.Besked) { b.Bruger = "a\x00" }, "bruger tekst"},
		"ikke UTF-8":    {func(b *mox.Besked) { b.Relateret[0].Rolle = "\xff" }, "relateret tekst"},
	} {
		b := nyBesked(t)
		c.aendr(&b)
		_, err := oio.MarshalKuvert(&b, oio.Koder{})
		if got := strings.Join(brud(err), ", "); got != c.brud && !(c.brud == "" && strings.Contains(got, "kan ikke læses")) || mox.KodeAf(err) != mox.KodeUgyldig {
			t.Errorf("%s: %v: %s", navn, err, got)
		}
	}
	b := nyBesked(t)
	b.Indholdstype, b.Indhold = "text/plain", bytes.Repeat([]byte("x"), oio.MaksBeskedBytes)
	if _, err := oio.MarshalKuvert(&b, oio.Koder{}); mox.KodeAf(err) != mox.KodeForStor {
		t.Error(err)
	}
	b.Indholdstype, b.Indhold = oio.TypeKuvert, []byte("<a/>")
	if _, err := oio.MarshalKuvert(&b, oio.Koder{}); mox.KodeAf(err) != mox.KodeUgyldig {
		t.Error(err)
	}
}

// fremmed is an envelope as others write it: a default namespace, two registrations, a signature, a hop, unknown data.
const fremmed = `<?xml version="1.0" encoding="UTF-8"?>
<!-- fra et andet system -->
<Haendelsesbesked xmlns="urn:oio:besked:kuvert:1.0" xmlns:sd="urn:oio:sagdok:3.0.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <BeskedId><sd:UUIDIdentifikator>5A4CF0D6-6F1A-4C1F-8A6C-0D9E2B7A1C33</sd:UUIDIdentifikator></BeskedId>
  <BeskedVersion>1.0</BeskedVersion>
  <Beskedkuvert>
    <Filtreringsdata>
      <Beskedtype><sd:UUIDIdentifikator>7c2f0a1b-0000-4000-8000-000000000003</sd:UUIDIdentifikator></Beskedtype>
      <BeskedAnsvarligAktoer><sd:UUIDIdentifikator>0b1e6a52-5d0f-4a7c-8a44-9c1d2b3e4f50</sd:UUIDIdentifikator></BeskedAnsvarligAktoer>
      <TilladtModtager><sd:URNIdentifikator>urn:oio:cvr:55133018</sd:URNIdentifikator></TilladtModtager>
      <RelateretObjekt>
        <ObjektId><sd:URNIdentifikator>urn:oio:cpr-nr:0101010101</sd:URNIdentifikator></ObjektId>
        <ObjektType><sd:UUIDIdentifikator>5d1e4c5e-7a0b-4f4e-9a3c-0f6a5b7c8d9f</sd:UUIDIdentifikator></ObjektType>
      </RelateretObjekt>
      <ObjektRegistrering>
        <Registreringstidspunkt><sd:TidsstempelDatoTid>2026-03-02T09:15:01.25+01:00</sd:TidsstempelDatoTid></Registreringstidspunkt>
        <ObjektAnsvarligMyndighed><sd:URNIdentifikator>urn:oio:cvr:55133018</sd:URNIdentifikator></ObjektAnsvarligMyndighed>
        <ObjektId><sd:UUIDIdentifikator>8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11</sd:UUIDIdentifikator></ObjektId>
        <ObjektType><sd:UUIDIdentifikator>5d1e4c5e-7a0b-4f4e-9a3c-0f6a5b7c8d9e</sd:UUIDIdentifikator></ObjektType>
        <ObjektHandling><sd:UUIDIdentifikator>7c2f0a1b-0000-4000-8000-000000000002</sd:UUIDIdentifikator></ObjektHandling>
        <OpgaveEmne><sd:URNIdentifikator>urn:oio:kle:32.01.01</sd:URNIdentifikator></OpgaveEmne>
        <ObjektRegistreringLokalUdvidelse><x:Egen xmlns:x="urn:x" x:a="1">æ<![CDATA[<]]></x:Egen></ObjektRegistreringLokalUdvidelse>
      </ObjektRegistrering>
      <ObjektRegistrering>
        <ObjektId><sd:UUIDIdentifikator>8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c12</sd:UUIDIdentifikator></ObjektId>
      </ObjektRegistrering>
      <TvaergaaendeProces><sd:UUIDIdentifikator>7c2f0a1b-0000-4000-8000-000000000009</sd:UUIDIdentifikator></TvaergaaendeProces>
    </Filtreringsdata>
    <Leveranceinformation>
      <Dannelsestidspunkt><sd:TidsstempelDatoTid>2026-03-02T09:15:02+01:00</sd:TidsstempelDatoTid></Dannelsestidspunkt>
      <TransaktionsId><sd:UUIDIdentifikator>7c2f0a1b-0000-4000-8000-00000000000a</sd:UUIDIdentifikator></TransaktionsId>
      %s
    </Leveranceinformation>
    <GyldighedFra><sd:GraenseIndikator>1</sd:GraenseIndikator></GyldighedFra>
    <GyldighedTil><sd:TidsstempelDatoTid>2030-01-01T00:00:00Z</sd:TidsstempelDatoTid></GyldighedTil>
  </Beskedkuvert>
  <Beskeddata><a xmlns="urn:a" xsi:type="sd:Ukendt"> to  </a><b xmlns=""/></Beskeddata>
  <Beskeddata/>
</Haendelsesbesked>
`

const (
	rute    = `<Leveranceruter><Leverancerute><ErLeveretIHenholdTil><sd:UUIDIdentifikator>7c2f0a1b-0000-4000-8000-00000000000b</sd:UUIDIdentifikator></ErLeveretIHenholdTil></Leverancerute></Leveranceruter>`
	lokal   = `<LeveranceinformationLokalUdvidelse><x:y xmlns:x="urn:x"/></LeveranceinformationLokalUdvidelse>`
	moxUUID = "7c2f0a1b-0000-4000-8000-0000000000ff"
)

// TestFremmedKuvert reads another's envelope: the metadata are understood, and all the rest goes on byte for byte.
func TestFremmedKuvert(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 7", "mox 8", "mox 9", "mox 12")
	raa := []byte(fmt.Sprintf(fremmed, rute))
	b, err := oio.UnmarshalKuvert(raa, koder(t))
	if err != nil {
		t.Fatal(err)
	}
	want := mox.Besked{ID: "5a4cf0d6-6f1a-4c1f-8a6c-0d9e2b7a1c33", Version: "1.0", Type: "Sag.Opstaaet", ObjektID: "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11", ObjektType: mox.Sag,
		Handling: "Fødsel", Registreringstid: tid("2026-03-02T08:15:01.25Z"), Aktoer: "0b1e6a52-5d0f-4a7c-8a44-9c1d2b3e4f50", Myndighed: "urn:oio:cvr:55133018", Opgaveemne: "32.01.01",
		ProcesID: []string{"7c2f0a1b-0000-4000-8000-000000000009"}, TilladtModtager: []string{"urn:oio:cvr:55133018"}, GyldigTil: tid("2030-01-01T00:00:00Z"), Dannet: tid("2026-03-02T08:15:02Z"),
		Relateret: []mox.Relateret{{ID: "urn:oio:cpr-nr:0101010101", ObjektType: "Person"}}, Indholdstype: oio.TypeKuvert, Indhold: raa}
	if d := ens(want, b); d != "" {
		t.Error(d)
	}
	if err := b.Valider(); err != nil {
		t.Error(err)
	}
	igen, err := oio.MarshalKuvert(&b, koder(t))
	if err != nil || !bytes.Equal(igen, raa) {
		t.Errorf("%v\n%s", err, igen)
	}
	tekst, err := oio.MarshalBesked(&b) // and through our own form
	if err != nil {
		t.Fatal(err)
	}
	if c, err := oio.UnmarshalBesked(tekst); err != nil || ens(b, c) != "" {
		t.Error(err, ens(b, c))
	}
}

// TestKuvertenBaererIndholdet tells when content is taken out of an envelope, and when the envelope itself is the content.
func TestKuvertenBaererIndholdet(t *testing.T) {
	t.Parallel()
	const hoved = `<k:Haendelsesbesked xmlns:k="urn:oio:besked:kuvert:1.0" xmlns:sd="urn:oio:sagdok:3.0.0" xmlns:f="urn:f">
		<k:BeskedId><sd:URNIdentifikator> urn:x:1 </sd:URNIdentifikator></k:BeskedId><k:BeskedVersion>1.0</k:BeskedVersion>
		<k:Beskedkuvert><k:Filtreringsdata><k:Beskedtype><sd:URNIdentifikator>urn:mox:beskedtype:X</sd:URNIdentifikator></k:Beskedtype></k:Filtreringsdata><k:Leveranceinformation/></k:Beskedkuvert>`
	for data, want := range map[string]string{
		``: "",
		`<k:Beskeddata><f:a xmlns:f="urn:f">f:x</f:a></k:Beskeddata>`: `<f:a xmlns:f="urn:f">f:x</f:a>`,
		"<k:Beskeddata>\n <a/>\n</k:Beskeddata>":                      `<a/>`,
		`<k:Beskeddata><f:a/></k:Beskeddata>`:                         "kuvert", // the prefix is declared outside
		`<k:Beskeddata><a>f:x</a></k:Beskeddata>`:                     "kuvert", // so is this one, in a value
		`<k:Beskeddata><a b=" f:x"/></k:Beskeddata>`:                  "kuvert",
		`<k:Beskeddata><a/><b/></k:Beskeddata>`:                       "kuvert",
		`<k:Beskeddata>x</k:Beskeddata>`:                              "kuvert",
		`<k:Beskeddata/>`:                                             "kuvert",
		`<k:Beskeddata><a/></k:Beskeddata><k:Beskeddata/>`:            "kuvert",
		`<!-- x -->`: "kuvert",
	} {
		b, err := oio.UnmarshalKuvert([]byte(hoved+data+`</k:Haendelsesbesked>`), oio.Koder{})
		if err != nil {
			t.Errorf("%s: %v", data, err)
			continue
		}
		got := string(b.Indhold)
		if oio.ErKuvert(b.Indholdstype) {
			got = "kuvert"
		}
		if got != want || b.ID != "urn:x:1" || b.Type != "X" {
			t.Errorf("%s: %s %q, want %q", data, b.Indholdstype, b.Indhold, want)
		}
	}
}

// TestKuvertAfviser breaks the schema in every way it can be broken.
func TestKuvertAfviser(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 6", "mox 8", "mox 9")
	hel := fmt.Sprintf(fremmed, "")
	byt := func(par ...string) string {
		ud := strings.NewReplacer(par...).Replace(hel)
		if ud == hel {
			t.Fatal(par)
		}
		return ud
	}
	const filtrering, iReg = "Haendelsesbesked.Beskedkuvert.Filtreringsdata", "Haendelsesbesked.Beskedkuvert.Filtreringsdata.ObjektRegistrering[0]."
	for navn, c := range map[string]struct{ raa, brud string }{
		"tom":                        {"", ""},
		"ikke XML":                   {"{}", ""},
		"ikke UTF-8":                 {byt("æ", "\xe6"), ""},
		"andet tegnsæt":              {byt(`encoding="UTF-8"`, `encoding="ISO-8859-1"`), ""},
		"XML 1.1":                    {byt(`version="1.0"`, `version="1.1"`), ""},
		"DTD":                        {byt("<!-- fra et andet system -->", `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>`), ""},
		"ukendt entitet":             {byt("æ", "&e;"), ""},
		"mere efter":                 {hel + "<a/>", ""},
		"tekst efter":                {hel + "x", ""},
		"erklæring midt i":           {byt("<Beskeddata/>", `<Beskeddata><?xml version="1.0"?></Beskeddata>`), ""},
		"uden slut":                  {strings.TrimSuffix(hel, "</Haendelsesbesked>\n"), ""},
		"forkert slut":               {byt("</BeskedVersion>", "</Beskedversion>"), ""},
		"uerklæret præfiks":          {byt("<x:Egen ", "<y:Egen ", "</x:Egen>", "</y:Egen>"), ""},
		"uerklæret attribut":         {byt("x:a=", "y:a="), ""},
		"attribut to gange":          {byt(`x:a="1"`, `x:a="1" x:a="2"`), ""},
		"samme attribut, to navne":   {byt(`x:a="1"`, `x:a="1" xmlns:z="urn:x" z:a="2"`), ""},
		"præfiks uden navnerum":      {byt(`xmlns:x="urn:x"`, `xmlns:x=""`), ""},
		"andet rodelement":           {"<a/>", "Haendelsesbesked rod"},
		"andet navnerum":             {byt("kuvert:1.0", "kuvert:2.0"), "Haendelsesbesked rod"},
		"del i andet navnerum":       {byt("<BeskedVersion>", `<BeskedVersion xmlns="urn:x">`), "Haendelsesbesked.BeskedVersion navnerum, Haendelsesbesked.BeskedVersion kraevet"},
		"uden BeskedId":              {byt("BeskedId>", "BeskedID>"), "Haendelsesbesked.BeskedID ukendt, Haendelsesbesked.BeskedId kraevet"},
		"to Filtreringsdata":         {byt("</Filtreringsdata>", "</Filtreringsdata><Filtreringsdata><Beskedtype><sd:URNIdentifikator>urn:x:y</sd:URNIdentifikator></Beskedtype></Filtreringsdata>"), filtrering + " antal"},
		"ingen Leveranceinformation": {byt("<Leveranceinformation>", "<!--", "</Leveranceinformation>", "-->"), "Haendelsesbesked.Beskedkuvert.Leveranceinformation kraevet"},
		"to Leveranceinformation":    {byt("<GyldighedFra>", "<Leveranceinformation/><GyldighedFra>"), "Haendelsesbesked.Beskedkuvert.Leveranceinformation antal"},
		"forkert orden":              {byt("<GyldighedFra>", "<GyldighedTil>", "</GyldighedFra>", "</GyldighedTil>", "<GyldighedTil>", "<GyldighedFra>", "</GyldighedTil>", "</GyldighedFra>"), "Haendelsesbesked.Beskedkuvert.GyldighedFra orden"},
		"tekst mellem":               {byt("<Filtreringsdata>", "<Filtreringsdata>x"), filtrering + " tekst"},
		"ukendt del":                 {byt("<OpgaveEmne>", "<Emne/><OpgaveEmne>"), iReg + "Emne ukendt"},
		"uden ObjektType":            {byt("<ObjektType><sd:UUIDIdentifikator>5d1e4c5e-7a0b-4f4e-9a3c-0f6a5b7c8d9f</sd:UUIDIdentifikator></ObjektType>", ""), filtrering + ".RelateretObjekt[0].ObjektType kraevet"},
		"fejl i nr. to":              {byt("8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c12", "x"), filtrering + ".ObjektRegistrering[1].ObjektId uuid"},
		"UUID og URN":                {byt("urn:oio:kle:32.01.01</sd:URNIdentifikator>", "urn:a:b</sd:URNIdentifikator><sd:UUIDIdentifikator>x</sd:UUIDIdentifikator>"), iReg + "OpgaveEmne valg"},
		"ingen af dem":               {byt("<sd:URNIdentifikator>urn:oio:kle:32.01.01</sd:URNIdentifikator>", "urn:oio:kle:32.01.01"), iReg + "OpgaveEmne valg"},
		"ikke en UUID":               {byt("8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11", "8f6f2a0e"), iReg + "ObjektId uuid"},
		"ikke en URN":                {byt("urn:oio:kle:32.01.01", "32.01.01"), iReg + "OpgaveEmne urn"},
		"aktør med URN":              {byt("<sd:UUIDIdentifikator>0b1e6a52-5d0f-4a7c-8a44-9c1d2b3e4f50</sd:UUIDIdentifikator>", "<sd:URNIdentifikator>urn:a:b</sd:URNIdentifikator>"), filtrering + ".BeskedAnsvarligAktoer valg"},
		"tid uden zone":              {byt("2030-01-01T00:00:00Z", "2030-01-01T00:00:00"), "Haendelsesbesked.Beskedkuvert.GyldighedTil tid"},
		"grænse, der ikke er en":     {byt(">1</sd:GraenseIndikator>", ">false</sd:GraenseIndikator>"), "Haendelsesbesked.Beskedkuvert.GyldighedFra graense"},
		"egen del i forkert navn":    {byt("<x:Egen ", `<ObjektID xmlns="urn:mox:besked:1.0"/><x:Egen `), iReg2 + "ObjektID navn"},
		"egen del, tid":              {byt("<x:Egen ", `<gyldigTil xmlns="urn:mox:besked:1.0">i morgen</gyldigTil><x:Egen `), iReg2 + "gyldigTil vaerdi"},
		"egen del med andet navn":    {byt("<x:Egen ", `<Tilstand xmlns="urn:mox:besked:1.0"/><x:Egen `), iReg2 + "Tilstand navn"},
		"egen del, kodning":          {byt("<x:Egen ", `<bruger kodning="hex" xmlns="urn:mox:besked:1.0">61</bruger><x:Egen `), iReg2 + "bruger kodning"},
		"for lang værdi":             {byt("urn:oio:kle:32.01.01", "urn:x:"+strings.Repeat("a", 1024)), "Haendelsesbesked.Beskedkuvert.Filtreringsdata.ObjektRegistrering.OpgaveEmne vaerdi"},
		"for mange":                  {byt("<TvaergaaendeProces>", strings.Repeat("<TvaergaaendeProces><sd:URNIdentifikator>urn:a:b</sd:URNIdentifikator></TvaergaaendeProces>", 100)+"<TvaergaaendeProces>"), filtrering + ".TvaergaaendeProces vaerdi"},
	} {
		_, err := oio.UnmarshalKuvert([]byte(c.raa), koder(t))
		if got := strings.Join(brud(err), ", "); got != c.brud && !(c.brud == "" && strings.Contains(got, "kan ikke læses")) || mox.KodeAf(err) != mox.KodeUgyldig {
			t.Errorf("%s: got %s (%v)\nwant %s", navn, got, err, c.brud)
		}
	}
	if b, err := oio.UnmarshalKuvert([]byte(byt("<BeskedVersion>1.0", "<BeskedVersion>2.0")), oio.Koder{}); err != nil || mox.KodeAf(b.Valider()) != mox.KodeBeskedversion {
		t.Error("a version we do not know is for Valider:", err)
	}
}

const iReg2 = "Haendelsesbesked.Beskedkuvert.Filtreringsdata.ObjektRegistrering.ObjektRegistreringLokalUdvidelse."

// TestKuvertGraenser goes up to each limit, and over it.
func TestKuvertGraenser(t *testing.T) {
	t.Parallel()
	data := func(s string) []byte {
		return []byte(strings.Replace(fmt.Sprintf(fremmed, ""), "<Beskeddata/>", "<Beskeddata>"+s+"</Beskeddata>", 1))
	}
	egne := strings.Count(string(data("")), "<") - strings.Count(string(data("")), "</") - 4 // but the declaration, the comment, and CDATA with what is in it
	attr := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, ` a%d=""`, i)
		}
		return "<a" + b.String() + "/>"
	}
	for navn, c := range map[string]struct{ inden, over string }{
		"dybde":       {strings.Repeat("<a>", oio.MaksXMLDybde-2) + strings.Repeat("</a>", oio.MaksXMLDybde-2), strings.Repeat("<a>", oio.MaksXMLDybde-1) + strings.Repeat("</a>", oio.MaksXMLDybde-1)},
		"elementer":   {strings.Repeat("<a/>", oio.MaksXMLElementer-egne), strings.Repeat("<a/>", oio.MaksXMLElementer-egne+1)},
		"attributter": {attr(oio.MaksXMLAttributter), attr(oio.MaksXMLAttributter + 1)},
	} {
		if _, err := oio.UnmarshalKuvert(data(c.inden), oio.Koder{}); err != nil {
			t.Errorf("%s: %v", navn, err)
		}
		if _, err := oio.UnmarshalKuvert(data(c.over), oio.Koder{}); mox.KodeAf(err) != mox.KodeUgyldig {
			t.Errorf("%s: %v", navn, err)
		}
	}
	fyld := func(n int) []byte { return data(strings.Repeat("x", n-len(data("")))) }
	if _, err := oio.UnmarshalKuvert(fyld(oio.MaksBeskedBytes), oio.Koder{}); err != nil {
		t.Error(err)
	}
	if _, err := oio.UnmarshalKuvert(fyld(oio.MaksBeskedBytes+1), oio.Koder{}); mox.KodeAf(err) != mox.KodeForStor {
		t.Error(err)
	}
	if _, err := oio.MedLeverancerute(fyld(oio.MaksBeskedBytes), oio.Leverancerute{}); mox.KodeAf(err) != mox.KodeForStor {
		t.Error(err)
	}
}

// TestKuvertMedStortIndhold has XML content just within, and just over, what an envelope can hold as XML: both are read back.
func TestKuvertMedStortIndhold(t *testing.T) {
	t.Parallel()
	for _, n := range []int{17_000, oio.MaksXMLElementer - 1} {
		b := nyBesked(t)
		b.ProcesID = nil
		for i := range mox.MaksFlere {
			b.ProcesID, b.TilladtModtager = append(b.ProcesID, fmt.Sprint(i)), append(b.TilladtModtager, "")
		}
		b.Relateret = slices.Repeat(b.Relateret, mox.MaksFlere)
		b.Indholdstype, b.Indhold = oio.TypeXML, []byte("<a>"+strings.Repeat("<b/>", n)+"</a>")
		raa, err := oio.MarshalKuvert(&b, oio.Koder{})
		if err != nil {
			t.Fatal(err)
		}
		if igen, err := oio.UnmarshalKuvert(raa, oio.Koder{}); err != nil || ens(b, igen) != "" {
			t.Error(n, err)
		}
	}
}

// TestKuvertKanonisk has what makes an envelope another besked, and what does not.
func TestKuvertKanonisk(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 40", "mox 41")
	raa := fmt.Sprintf(fremmed, "")
	kanonisk := func(raa string) string {
		t.Helper()
		b, err := oio.UnmarshalKuvert([]byte(raa), oio.Koder{})
		if err != nil {
			t.Fatal(err)
		}
		return string(oio.Kanonisk(&b))
	}
	for navn, c := range map[string]struct {
		raa   string
		samme bool
	}{
		"et hop mere":       {fmt.Sprintf(fremmed, rute), true},
		"anden transaktion": {strings.Replace(raa, "00000000000a", "00000000000c", 1), true},
		"andre data":        {strings.Replace(raa, " to  ", " tre  ", 1), false},
		"anden udvidelse":   {strings.Replace(raa, `x:a="1"`, `x:a="2"`, 1), false},
		"anden handling":    {strings.Replace(raa, "</Leveranceinformation>", "</Leveranceinformation><Modtagerhandling/>", 1), false},
		"anden gyldighed":   {strings.Replace(raa, "2030-01-01", "2031-01-01", 1), false},
	} {
		if c.raa == raa || (kanonisk(raa) == kanonisk(c.raa)) != c.samme {
			t.Errorf("%s: want the same: %v", navn, c.samme)
		}
	}
	b := nyBesked(t)
	if string(oio.Kanonisk(&b)) != string(b.Kanonisk()) {
		t.Error("another besked has another canonical form here")
	}
	b.Indholdstype = oio.TypeKuvert
	if string(oio.Kanonisk(&b)) != string(b.Kanonisk()) {
		t.Error("what is no envelope")
	}
}

// del is the bytes of an element, and the names of the namespaces declared around it.
func del(t *testing.T, raa []byte, navn string) (bytes_ []byte, navnerum string) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(raa))
	var aabne []string
	for {
		fra := d.InputOffset()
		tok, err := d.RawToken()
		if err != nil {
			t.Fatal(err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			if tok.Name.Local == navn {
				til := bytes.Index(raa[fra:], []byte("</"+navn+">"))
				return raa[fra : int(fra)+til], strings.Join(aabne, " ")
			}
			aabne = append(aabne, fmt.Sprint(tok.Name.Local, tok.Attr))
		case xml.EndElement:
			aabne = aabne[:len(aabne)-1]
		}
	}
}

// TestMedLeverancerute adds hops. Every byte of the envelope is still there, in its order, and what a signature covers has
// the same bytes in the same namespace context.
func TestMedLeverancerute(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 7", "oio 95")
	r := oio.Leverancerute{Fordelingssystem: moxUUID, Modtaget: tid("2026-03-02T08:16:00Z"), Leveret: tid("2026-03-02T08:16:01Z"),
		ModtagetFra: "7c2f0a1b-0000-4000-8000-000000000005", Abonnement: "esdh.sager", AntalLeveranceforsoeg: 2}
	const hop = `<besked:Leverancerute xmlns:besked="urn:oio:besked:kuvert:1.0" xmlns:sd="urn:oio:sagdok:3.0.0">` +
		`<besked:Fordelingssystem><sd:UUIDIdentifikator>` + moxUUID + `</sd:UUIDIdentifikator></besked:Fordelingssystem>` +
		`<besked:ModtagelsesTidspunkt><sd:TidsstempelDatoTid>2026-03-02T08:16:00Z</sd:TidsstempelDatoTid></besked:ModtagelsesTidspunkt>` +
		`<besked:LeveranceTidspunkt><sd:TidsstempelDatoTid>2026-03-02T08:16:01Z</sd:TidsstempelDatoTid></besked:LeveranceTidspunkt>` +
		`<besked:ModtagetFraSystem><sd:UUIDIdentifikator>7c2f0a1b-0000-4000-8000-000000000005</sd:UUIDIdentifikator></besked:ModtagetFraSystem>` +
		`<besked:ErLeveretIHenholdTil><sd:URNIdentifikator>urn:mox:abonnementID:esdh.sager</sd:URNIdentifikator></besked:ErLeveretIHenholdTil>` +
		`<besked:LeveranceruteLokalUdvidelse><besked:AntalLeveranceforsoeg>2</besked:AntalLeveranceforsoeg></besked:LeveranceruteLokalUdvidelse></besked:Leverancerute>`
	const ny = `<besked:Leveranceruter xmlns:besked="urn:oio:besked:kuvert:1.0">` + hop + `</besked:Leveranceruter>`
	for leverance, want := range map[string]string{
		"":                           ny,
		rute:                         hop,
		rute + lokal:                 hop,
		lokal:                        ny,
		"<Leveranceruter/>":          "<Leveranceruter>" + hop + "</Leveranceruter>",
		"<Leveranceruter />" + lokal: "<Leveranceruter >" + hop + "</Leveranceruter>",
	} {
		raa := []byte(fmt.Sprintf(fremmed, leverance))
		ud, err := oio.MedLeverancerute(raa, r)
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(ud, []byte(want)); n != 1 {
			t.Errorf("%q: the hop stands %d times in %s", leverance, n, ud)
		}
		uden := strings.Replace(string(ud), want, "", 1)
		if strings.HasPrefix(want, "<Leveranceruter") {
			uden = strings.Replace(string(ud), want, leverance[:strings.Index(leverance, ">")+1], 1)
		}
		if uden != string(raa) {
			t.Errorf("%q: other bytes changed: %s", leverance, cmp.Diff(string(raa), uden))
		}
		for _, navn := range []string{"Filtreringsdata", "Beskeddata"} {
			foer, rumFoer := del(t, raa, navn)
			efter, rumEfter := del(t, ud, navn)
			if sha256.Sum256(foer) != sha256.Sum256(efter) || rumFoer != rumEfter {
				t.Errorf("%q: a signature over %s would no longer hold", leverance, navn)
			}
		}
		if _, err := oio.UnmarshalKuvert(ud, oio.Koder{}); err != nil {
			t.Error(err)
		}
		if _, err := oio.MedLeverancerute(ud, oio.Leverancerute{ModtagetFra: "Byggesag <1>"}); err != nil { // the next hop
			t.Error(err)
		}
	}
	if _, err := oio.MedLeverancerute([]byte("<a/>"), r); mox.KodeAf(err) != mox.KodeUgyldig {
		t.Error(err)
	}
}

// TestKuvertModHoveder has a besked with headers beside its envelope.
func TestKuvertModHoveder(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 11")
	raa := []byte(fmt.Sprintf(fremmed, ""))
	hel, err := oio.UnmarshalKuvert(raa, koder(t))
	if err != nil {
		t.Fatal(err)
	}
	for navn, c := range map[string]struct {
		aendr func(*mox.Besked)
		brud  string
	}{
		"ens":               {func(*mox.Besked) {}, ""},
		"færre i hovedet":   {func(b *mox.Besked) { b.Myndighed, b.Relateret, b.Opgaveemne = "", nil, "" }, ""},
		"MOX har føjet til": {func(b *mox.Besked) { b.ProcesID = append(b.ProcesID, "p-2") }, ""},
		"anden stavemåde":   {func(b *mox.Besked) { b.Myndighed = "urn:oio:cvr-nr:55133018" }, ""},
		"andet objekt":      {func(b *mox.Besked) { b.ObjektID = "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c12" }, "objektID uenig"},
		"anden besked":      {func(b *mox.Besked) { b.ID = "urn:x:y" }, "beskedID uenig"},
		"anden proces":      {func(b *mox.Besked) { b.ProcesID = []string{"p-2"} }, "procesID uenig"},
		"anden borger":      {func(b *mox.Besked) { b.Relateret = []mox.Relateret{{ID: "urn:oio:cpr-nr:0202020202"}} }, "relateret uenig"},
		"anden tid og type": {func(b *mox.Besked) {
			b.Registreringstid, b.ObjektType = b.Registreringstid.Add(time.Second), mox.Dokument
		}, "objekttype uenig, registreringstid uenig"},
		"ikke en kuvert alligevel": {func(b *mox.Besked) { b.Indhold = []byte("<a/>") }, "Haendelsesbesked rod"},
	} {
		b := hel
		c.aendr(&b)
		err := oio.StemmerKuvert(&b, koder(t))
		if got := strings.Join(brud(err), ", "); got != c.brud && (err != nil || c.brud != "") {
			t.Errorf("%s: %v", navn, err)
		}
	}
	hel.ObjektID = "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c12"
	if _, _, err := oio.Kontroller(&hel); mox.KodeAf(err) != mox.KodeUenig { // where a besked is accepted
		t.Error(err)
	}
}

// TestKuvertGyldigtSkema holds what we write against the official schema.
func TestKuvertGyldigtSkema(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 6")
	skema := filepath.Join(testenv.Skemaer(t), "besked", "Beskedkuvert.xsd")
	lint := testenv.Xmllint(t)
	gyldig := func(raa []byte) error {
		c := exec.CommandContext(t.Context(), lint, "--nonet", "--noout", "--schema", skema, "-")
		c.Stdin = bytes.NewReader(raa)
		if ud, err := c.CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, ud)
		}
		return nil
	}
	if gyldig([]byte(`<a/>`)) == nil {
		t.Fatal("xmllint accepts anything")
	}
	for i := range 40 {
		b := rapid.Custom(tegnKuvertbesked).Example(i)
		raa, err := oio.MarshalKuvert(&b, koder(t))
		if err != nil {
			t.Fatal(err)
		}
		if err := gyldig(raa); err != nil {
			t.Fatalf("%v\n%s", err, raa)
		}
	}
	for _, leverance := range []string{"", rute, rute + lokal, "<Leveranceruter/>"} {
		raa, err := oio.MedLeverancerute([]byte(fmt.Sprintf(fremmed, leverance)), oio.Leverancerute{Fordelingssystem: "urn:x:mox", Leveret: tid("2026-03-02T08:16:01Z"), ModtagetFra: "Byggesag", Abonnement: "æ b"})
		if err != nil {
			t.Fatal(err)
		}
		if err := gyldig(raa); err != nil {
			t.Fatalf("%v\n%s", err, raa)
		}
	}
}

func TestLaesKoder(t *testing.T) {
	t.Parallel()
	for fil, want := range map[string]string{
		"":              "",
		"farve: {a: b}": "farve ukendt",
		"Rolle: {}":     "Rolle ukendt",
		"rolle: {a: b}": "rolle.a uuid",
		"rolle: {'': 7c2f0a1b-0000-4000-8000-000000000004}":                                         "rolle kraevet",
		"rolle: {a: 7c2f0a1b-0000-4000-8000-000000000004, b: 7C2F0A1B-0000-4000-8000-000000000004}": "rolle.b dobbelt",
	} {
		_, err := oio.LaesKoder([]byte(fil))
		if got := strings.Join(brud(err), ", "); got != want && (err != nil || want != "") {
			t.Errorf("%s: %v", fil, err)
		}
	}
	for _, fil := range []string{"rolle: [a]", "rolle: {a: b", "rolle: {a: x}\nrolle: {b: x}"} {
		if _, err := oio.LaesKoder([]byte(fil)); mox.KodeAf(err) != mox.KodeUgyldig {
			t.Errorf("%s: %v", fil, err)
		}
	}
	if _, err := oio.LaesKoder(make([]byte, 1<<20+1)); mox.KodeAf(err) != mox.KodeForStor {
		t.Error(err)
	}
}

// FuzzUnmarshalKuvert reads anything: what is read is written again and read the same, and can carry a hop.
func FuzzUnmarshalKuvert(f *testing.F) {
	f.Add(fmt.Sprintf(fremmed, rute))
	f.Add(`<k:Haendelsesbesked xmlns:k="urn:oio:besked:kuvert:1.0"/>`)
	b := nyBesked(f)
	raa, err := oio.MarshalKuvert(&b, oio.Koder{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(raa))
	k := koder(f)
	f.Fuzz(func(t *testing.T, raa string) {
		b, err := oio.UnmarshalKuvert([]byte(raa), k)
		if err != nil {
			if kode := mox.KodeAf(err); kode != mox.KodeUgyldig && kode != mox.KodeForStor {
				t.Fatal(err)
			}
			return
		}
		igen, err := oio.MarshalKuvert(&b, k)
		if err != nil {
			t.Fatal(err)
		}
		if c, err := oio.UnmarshalKuvert(igen, k); err != nil || ens(b, c) != "" {
			t.Fatalf("%v %s", err, ens(b, c))
		}
		med, err := oio.MedLeverancerute([]byte(raa), oio.Leverancerute{Abonnement: "a"})
		if err == nil {
			_, err = oio.UnmarshalKuvert(med, k)
		}
		if err != nil && mox.KodeAf(err) != mox.KodeForStor {
			t.Fatal(err)
		}
	})
}

package oio_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/oio"
)

// TestRegistreringRundt writes any valid registrering, and reads the same back; the same always gives the same bytes.
func TestRegistreringRundt(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "oio 7", "oio 88")
	for _, navn := range mox.ObjektTyper() {
		t.Run(string(navn), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				r := tegnRegistrering(t, typeAf(navn))
				if err := r.Valider(navn); err != nil {
					t.Fatalf("the generator: %v", err)
				}
				rundt(t, navn, r)
			})
		})
	}
}

func rundt(t *rapid.T, navn mox.ObjektType, r mox.Registrering) {
	id := mox.ObjektID(mox.AfledUUID(nil, "x"))
	b, err := oio.MarshalRegistrering(navn, id, r)
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid(b) {
		t.Fatalf("not JSON: %s", b)
	}
	navn2, id2, r2, err := oio.UnmarshalRegistrering(b)
	if err != nil || navn2 != navn || id2 != id {
		t.Fatalf("%s %s %v", navn2, id2, err)
	}
	if d := ens(r, r2); d != "" {
		t.Fatalf("-written +read\n%s\n%s", d, b)
	}
	indre, err := oio.MarshalIndre(navn, r2)
	if err != nil || !strings.HasSuffix(string(b), string(indre)+"}") {
		t.Fatalf("%v\n%s\n%s", err, b, indre)
	}
	r3, err := oio.UnmarshalIndre(navn, indre)
	if err != nil || ens(r, r3) != "" {
		t.Fatalf("%v %s", err, ens(r, r3))
	}
	if again, err := oio.MarshalRegistrering(navn, id, r3.Kopi()); err != nil || string(again) != string(b) {
		t.Fatalf("the same gives other bytes: %v\n%s\n%s", err, b, again)
	}
}

// TestRegistreringForm shows the bytes once, to be read.
func TestRegistreringForm(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "oio 91")
	id, r := byggesag(t)
	b, err := oio.MarshalRegistrering(mox.Sag, id, r)
	if err != nil {
		t.Fatal(err)
	}
	const virkning = `"virkning":{"from":"2026-03-02T08:15:00Z","to":"infinity","from_included":true,"to_included":false,"aktoerref":"0b1e6a52-5d0f-4a7c-8a44-9c1d2b3e4f50","aktoertypekode":"ItSystem"}`
	want := strings.ReplaceAll(strings.ReplaceAll(`{"objektID":"8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11","objekttype":"Sag","registrering":{
"fratidspunkt":{"tidsstempeldatotid":"2026-03-02T08:15:01.25Z"},"livscykluskode":"Opstaaet","note":"Oprettet",
"attributter":{"sagegenskaber":[{"brugervendtnoegle":"2026-000123","beskrivelse":"Ansøgning om byggetilladelse til carport","kassationskode":"B",
"offentlighedundtaget":{"alternativtitel":"Byggesag","hjemmel":"Offentlighedsloven § 30"},"principiel":false,"sagsnummer":"2026-000123","titel":"Carport, Åvej 3",VIRKNING}]},
"tilstande":{"sagfremdrift":[{"fremdrift":"Opstaaet",VIRKNING}]},
"relationer":{"ejer":[{"urn":"urn:oio:cvr-nr:12345678","objekttype":"Organisation",VIRKNING}],
"ansvarlig":[{"uuid":"6a7b8c9d-0e1f-4a2b-9c3d-4e5f6a7b8c9d","objekttype":"OrganisationEnhed",VIRKNING}],
"primaerklasse":[{"urn":"urn:oio:kle:02.34.02","objekttype":"Klasse",VIRKNING}],
"primaerpart":[{"urn":"urn:oio:cpr-nr:0101010101","objekttype":"Person",VIRKNING}],
"journalpost":[{"uuid":"b1c2d3e4-f5a6-4b7c-8d9e-0f1a2b3c4d5e","objekttype":"Dokument","indeks":1,"journalpostkode":"vedlagtdokument","journaldokument":{"dokumenttitel":"Ansøgning"},VIRKNING}]}}}`,
		"\n", ""), "VIRKNING", virkning)
	if d := cmp.Diff(want, string(b)); d != "" {
		t.Error(d)
	}
}

// TestSomLoRa reads what LoRa is sent and what it answers: the examples of oio 5.5, 5.6 and 5.7.
func TestSomLoRa(t *testing.T) {
	t.Parallel()
	const virkning = `"virkning": {"from": "2026-03-02 09:15:00+01", "to": "infinity", "from_included": true, "to_included": false,
		"aktoerref": "0B1E6A52-5D0F-4A7C-8A44-9C1D2B3E4F50", "aktoertypekode": "ItSystem", "notetekst": ""}`
	for navn, tekst := range map[mox.ObjektType]string{
		mox.Sag: `{
			"fratidspunkt": {"tidsstempeldatotid": "2026-03-02T09:15:01.123456+01:00", "graenseindikator": true},
			"tiltidspunkt": {"tidsstempeldatotid": "infinity"},
			"livscykluskode": "Opstaaet", "brugerref": "42c432e8-9c4a-11e6-9f62-873cf34a735f", "note": "Oprettet",
			"attributter": {"sagegenskaber": [{"brugervendtnoegle": "1", "sagsnummer": "1", "titel": "Byggesag", "beskrivelse": "x", "kassationskode": "B",
				"afleveret": false, "principiel": null, "offentlighedundtaget": {"alternativtitel": "a", "hjemmel": "h"}, "hjemmel": null, ` + virkning + `}]},
			"tilstande": {"sagfremdrift": [{"fremdrift": "Opstaaet", ` + virkning + `}]},
			"relationer": {
				"ejer": [{"uuid": "6A7B8C9D-0E1F-4A2B-9C3D-4E5F6A7B8C9D", "objekttype": "Organisation", ` + virkning + `}],
				"andrebehandlere": [{"indeks": 1, "uuid": "7c8d9e0f-1a2b-4c3d-8e4f-5a6b7c8d9e0f", "objekttype": "Bruger", ` + virkning + `}],
				"journalpost": [
					{"journalpostkode": "vedlagtdokument", "uuid": "b1c2d3e4-f5a6-4b7c-8d9e-0f1a2b3c4d5e", "objekttype": "Dokument",
					 "journaldokument": {"dokumenttitel": "Ansøgning", "offentlighedundtaget": {"alternativtitel": "Ansøgning", "hjemmel": "Ingen"}}, ` + virkning + `},
					{"journalpostkode": "journalnotat", "urn": "urn:empty", "uuid": "", "objekttype": "Dokument",
					 "journalnotat": {"titel": "Telefonnotat", "notat": "Ansøger eftersender tegning", "format": "text/plain"}, ` + virkning + `}]}}`,
		mox.Dokument: `{"livscykluskode": "Opstaaet", "note": "Modtaget via digital post",
			"attributter": {"dokumentegenskaber": [{"brugervendtnoegle": "1", "titel": "Ansøgning", "beskrivelse": "x", "dokumenttype": "Brev", "brevdato": "2026-03-01", "major": 1, "minor": 0, ` + virkning + `}]},
			"tilstande": {"dokumentfremdrift": [{"fremdrift": "Modtaget", ` + virkning + `}]},
			"relationer": {"tilknyttedesager": [{"uuid": "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11", "objekttype": "Sag", ` + virkning + `}]},
			"varianter": [{"varianttekst": "PDF",
				"egenskaber": [{"arkivering": true, "delvisscannet": false, "offentliggoerelse": false, "produktion": true, ` + virkning + `}],
				"dele": [{"deltekst": "Hoveddokument",
					"egenskaber": [{"indeks": 1, "indhold": "store:2026/03/02/09/15/x.bin", "lokation": "", "mimetype": "application/pdf", ` + virkning + `}],
					"relationer": {"underredigeringaf": [{"uuid": "7c8d9e0f-1a2b-4c3d-8e4f-5a6b7c8d9e0f", "objekttype": "Bruger", ` + virkning + `}]}}]}]}`,
	} {
		r, err := oio.UnmarshalIndre(navn, []byte(tekst))
		if err != nil {
			t.Errorf("%s: %v", navn, err)
			continue
		}
		if err := r.Valider(navn); err != nil {
			t.Errorf("%s: %v", navn, err)
		}
		v := r.Attributter[strings.ToLower(string(navn))+"egenskaber"][0].Virkning
		if v.Fra.String() != "2026-03-02T08:15:00Z" || v.Til != mox.Uendelig || v.AktoerRef.UUID != "0b1e6a52-5d0f-4a7c-8a44-9c1d2b3e4f50" {
			t.Errorf("%s: %+v", navn, v)
		}
	}
}

// TestAlleNavne has every field and relation of every type once, through the wire and back.
func TestAlleNavne(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "oio 8", "oio 78", "oio 82")
	const titel, hjemmel, post = "offentlighedundtaget.alternativtitel", "offentlighedundtaget.hjemmel", "relationer.journalpost.0.journaldokument."
	undtaget := map[mox.ObjektType][]string{mox.Sag: {"egenskaber." + titel, "egenskaber." + hjemmel, post + titel, post + hjemmel}, mox.Dokument: {"egenskaber." + titel, "egenskaber." + hjemmel}}
	for _, navn := range mox.ObjektTyper() {
		type_ := typeAf(navn)
		alt := map[string]string{}
		for _, f := range type_.Egenskaber().Felter {
			alt["egenskaber."+f.Navn] = vaerdiAf(f)
		}
		for _, rt := range type_.Relationer {
			sti := "relationer." + rt.Navn
			if rt.Flere {
				sti += ".0"
			}
			alt[sti] = "URN:Empty"
			for _, f := range rt.Felter {
				if !rt.Flere { // a sti names the fields of entries only
					continue
				}
				alt[sti+"."+f.Navn] = vaerdiAf(f)
			}
		}
		for _, f := range type_.Variant {
			alt["varianter.pdf."+f.Navn] = vaerdiAf(f)
		}
		for _, f := range type_.Del {
			alt["varianter.pdf.dele.1."+f.Navn] = vaerdiAf(f)
		}
		for _, tv := range type_.Tilstande {
			alt["tilstande."+tv.Felt] = tv.Vaerdi[0]
		}
		r, err := mox.Registrering{LivscyklusKode: mox.Opstaaet}.Laeg(type_, alt, mox.Fra(mox.Kl(tid("2026-01-01T00:00:00Z"))))
		if err != nil {
			t.Fatal(err)
		}
		for _, sti := range undtaget[navn] {
			if alt[sti] == "" {
				t.Errorf("%s has no %s", navn, sti)
			}
		}
		b, err := oio.MarshalIndre(navn, r)
		if err != nil {
			t.Fatal(err)
		}
		igen, err := oio.UnmarshalIndre(navn, b)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(alt, igen.Udflad(type_, mox.Kl(tid("2026-01-01T00:00:00Z")))); d != "" {
			t.Errorf("%s: %s", navn, d)
		}
	}
}

func vaerdiAf(f mox.Felt) string {
	if len(f.Vaerdi) > 0 {
		return f.Vaerdi[0]
	}
	if f.Under != nil {
		return `[{"` + f.Under[0].Navn + `":"æ<&>"},{}]`
	}
	return map[mox.Slags]string{mox.Heltal: "-12", mox.Boolsk: "true", mox.Dato: "2026-03-01", mox.TidspunktSl: "2026-03-01T12:00:00Z", mox.Liste: `["a","b"]`}[f.Slags] + map[bool]string{true: "æ<&>\"\\\n\u2028" + f.Navn}[f.Slags == mox.Tekst]
}

// brud are the rules that an error names: "sti regel".
func brud(err error) []string {
	var e *mox.Error
	if !errors.As(err, &e) {
		return []string{fmt.Sprint(err)}
	}
	var ud []string
	for _, f := range e.Felter {
		ud = append(ud, f.Sti+" "+f.Regel)
	}
	if len(ud) == 0 {
		return []string{string(e.Kode) + " " + e.Tekst}
	}
	return ud
}

const (
	hovede  = `"objektID": "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11", "objekttype": "Sag"`
	altidV  = `"virkning": {"from": "-infinity", "to": "infinity"}`
	altidVF = `"virkning": {"from": "-infinity", "to": "infinity", `
)

// TestRegistreringAfviser has one fault at a time. Each is told with its place; nothing is skipped.
func TestRegistreringAfviser(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "oio 4", "oio 21", "oio 50", "mox 8", "mox 10")
	indre := func(s string) string { return `{` + hovede + `, "registrering": {` + s + `}}` }
	ejer := func(s string) string { return indre(`"relationer": {"ejer": [{` + s + `}]}`) }
	egenskab := func(s string) string { return indre(`"attributter": {"sagegenskaber": [{` + s + `, ` + altidV + `}]}`) }
	for _, c := range []struct {
		tekst string
		brud  string
	}{
		{`[]`, "ugyldig teksten kan ikke læses: skal være et objekt, ikke en liste"},
		{``, "ugyldig teksten kan ikke læses: linje 1, tegn 1: teksten slutter for tidligt"},
		{`{}`, "objektID kraevet, objekttype kodeliste"},
		{`{` + hovede + `}`, "registrering kraevet"},
		{`{` + hovede + `, "registrering": []}`, "registrering type"},
		{`{` + hovede + `, "registrering": {}, "mere": 1}`, "mere ukendt"},
		{`{"objektID": "urn:x:1", "objekttype": "Sag", "registrering": {}}`, "objektID uuid"},
		{`{"objektID": 1, "objekttype": "Sag", "registrering": {}}`, "objektID type"},
		{`{"objektID": "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11", "objekttype": "sag", "registrering": {}}`, "objekttype kodeliste"},
		{`{` + hovede + `, "objekttype": "Sag", "registrering": {}}`, "objekttype dobbelt"},
		{indre(`"fratidspunkt": "2026-01-01T00:00:00Z"`), "fratidspunkt type"},
		{indre(`"fratidspunkt": {"tidsstempeldatotid": "infinity"}`), "fratidspunkt.tidsstempeldatotid tid"},
		{indre(`"fratidspunkt": {"tidsstempeldatotid": "2026-01-01T00:00:00"}`), "fratidspunkt.tidsstempeldatotid tid"},
		{indre(`"fratidspunkt": {"tid": "x"}`), "fratidspunkt.tid ukendt"},
		{indre(`"livscykluskode": "Aendret"`), "livscykluskode kodeliste"},
		{indre(`"livscykluskode": 1`), "livscykluskode type"},
		{indre(`"brugerref": "hanne"`), "brugerref reference"},
		{indre(`"note": ["x"]`), "note type"},
		{indre(`"varianter": []`), "varianter ukendt"},
		{indre(`"attributter": {"dokumentegenskaber": []}`), "attributter.dokumentegenskaber ukendt"},
		{indre(`"attributter": {"sagegenskaber": {}}`), "attributter.sagegenskaber type"},
		{indre(`"attributter": {"sagegenskaber": [1]}`), "attributter.sagegenskaber[0] type"},
		{egenskab(`"titel": 1`), "attributter.sagegenskaber[0].titel type"},
		{egenskab(`"principiel": "true"`), "attributter.sagegenskaber[0].principiel type"},
		{egenskab(`"principiel": 1`), "attributter.sagegenskaber[0].principiel type"},
		{egenskab(`"Titel": "x"`), "attributter.sagegenskaber[0].Titel ukendt"},
		{egenskab(`"titel": "a", "titel": "b"`), "attributter.sagegenskaber[0].titel dobbelt"},
		{egenskab(`"offentlighedundtaget.hjemmel": "x"`), "attributter.sagegenskaber[0].offentlighedundtaget.hjemmel ukendt"},
		{egenskab(`"offentlighedundtaget": "x"`), "attributter.sagegenskaber[0].offentlighedundtaget type"},
		{egenskab(`"offentlighedundtaget": {"grund": "x"}`), "attributter.sagegenskaber[0].offentlighedundtaget.grund ukendt"},
		{indre(`"tilstande": {"fremdrift": []}`), "tilstande.fremdrift ukendt"},
		{indre(`"tilstande": {"sagfremdrift": [{` + altidV + `}]}`), "tilstande.sagfremdrift[0].fremdrift kraevet"},
		{indre(`"tilstande": {"sagfremdrift": [{"fremdrift": "Oplyst", "sagfremdrift": "x", ` + altidV + `}]}`), "tilstande.sagfremdrift[0].sagfremdrift ukendt"},
		{indre(`"relationer": {"Ejer": []}`), "relationer.Ejer ukendt"},
		{ejer(`"uuid": "x", ` + altidV), "relationer.ejer[0].uuid uuid"},
		{ejer(`"urn": "x", ` + altidV), "relationer.ejer[0].urn urn"},
		{ejer(`"urn": "urn:x:1", "uuid": "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11", ` + altidV), "relationer.ejer[0] reference"},
		{ejer(`"urn": "urn:x:1", "rolle": "x", ` + altidV), "relationer.ejer[0].rolle ukendt"},
		{ejer(`"urn": "urn:x:1", "indeks": 0, ` + altidV), "relationer.ejer[0].indeks vaerdi"},
		{ejer(`"urn": "urn:x:1", "indeks": 1.5, ` + altidV), "relationer.ejer[0].indeks vaerdi"},
		{ejer(`"urn": "urn:x:1", "indeks": "1", ` + altidV), "relationer.ejer[0].indeks type"},
		{ejer(`"urn": "urn:x:1"`), "relationer.ejer[0].virkning kraevet"},
		{ejer(`"urn": "urn:x:1", "virkning": null`), "relationer.ejer[0].virkning type"},
		{ejer(`"urn": "urn:x:1", "virkning": {}`), "relationer.ejer[0].virkning.from kraevet, relationer.ejer[0].virkning.to kraevet"},
		{ejer(`"urn": "urn:x:1", "virkning": {"from": "2026-01-01T00:00:00Z"}`), "relationer.ejer[0].virkning.to kraevet"},
		{ejer(`"urn": "urn:x:1", "virkning": {"from": "2026-01-01T00:00:00", "to": 1}`), "relationer.ejer[0].virkning.from tid, relationer.ejer[0].virkning.to type"},
		{ejer(`"urn": "urn:x:1", ` + altidVF + `"from_included": false}`), "relationer.ejer[0].virkning.from_included interval"},
		{ejer(`"urn": "urn:x:1", ` + altidVF + `"to_included": true}`), "relationer.ejer[0].virkning.to_included interval"},
		{ejer(`"urn": "urn:x:1", ` + altidVF + `"to_included": "false"}`), "relationer.ejer[0].virkning.to_included type"},
		{ejer(`"urn": "urn:x:1", ` + altidVF + `"aktoerref": {"uuid": "x"}}`), "relationer.ejer[0].virkning.aktoerref type"},
		{ejer(`"urn": "urn:x:1", ` + altidVF + `"aktoerref": "x"}`), "relationer.ejer[0].virkning.aktoerref reference"},
		{ejer(`"urn": "urn:x:1", ` + altidVF + `"fra": "x"}`), "relationer.ejer[0].virkning.fra ukendt"},
		{strings.Replace(indre(`"varianter": [{"varianttekst": "a", "dele": [{"deltekst": "1", "egenskaber": [{"indeks": 1.0, `+altidV+`}], "relationer": {"ejer": []}, "x": 1}], "y": 1}]`), `"Sag"`, `"Dokument"`, 1),
			"varianter[0].dele[0].egenskaber[0].indeks type, varianter[0].dele[0].relationer.ejer ukendt, varianter[0].dele[0].x ukendt, varianter[0].y ukendt"},
	} {
		_, _, r, err := oio.UnmarshalRegistrering([]byte(c.tekst))
		if got := strings.Join(brud(err), ", "); got != c.brud || mox.KodeAf(err) != mox.KodeUgyldig {
			t.Errorf("%s\n got %s\nwant %s", c.tekst, got, c.brud)
		}
		if d := ens(mox.Registrering{}, r); d != "" {
			t.Errorf("%s: something was read all the same: %s", c.tekst, d)
		}
	}
}

// TestRegistreringGraenser has the limits from both sides.
func TestRegistreringGraenser(t *testing.T) {
	t.Parallel()
	stor := func(n int) []byte {
		foran := `{"note": "`
		return []byte(foran + strings.Repeat("x", n-len(foran)-2) + `"}`)
	}
	if _, err := oio.UnmarshalIndre(mox.Sag, stor(oio.MaksIndreBytes)); err != nil {
		t.Error(err)
	}
	if _, err := oio.UnmarshalIndre(mox.Sag, stor(oio.MaksIndreBytes+1)); mox.KodeAf(err) != mox.KodeForStor {
		t.Error(err)
	}
	if _, err := oio.MarshalIndre(mox.Sag, mox.Registrering{NoteTekst: strings.Repeat("x", oio.MaksIndreBytes)}); mox.KodeAf(err) != mox.KodeForStor {
		t.Errorf("what could not be read is written: %v", err)
	}
	dyb := func(n int) []byte { return []byte(strings.Repeat(`{"a":`, n-1) + `{}` + strings.Repeat(`}`, n-1)) }
	if _, err := oio.UnmarshalIndre(mox.Sag, dyb(oio.MaksDybde)); brud(err)[0] != "a ukendt" {
		t.Error(err)
	}
	if _, err := oio.UnmarshalIndre(mox.Sag, dyb(oio.MaksDybde+1)); !strings.HasSuffix(brud(err)[0], "dybde") {
		t.Error(err)
	}
	mange := []byte(`{"a": [` + strings.Repeat(`[],`, 100_001) + `[]]}`)
	if _, err := oio.UnmarshalIndre(mox.Sag, mange); !strings.HasSuffix(brud(err)[0], "antal") {
		t.Errorf("%.200v", err)
	}
	fejl := []byte(`{"relationer": {"ejer": [` + strings.Repeat(`1,`, 5000) + `1]}}`)
	if _, err := oio.UnmarshalIndre(mox.Sag, fejl); len(brud(err)) != 100 {
		t.Errorf("%d faults are told", len(brud(err)))
	}
}

// TestRegistreringFejlViserIkkeCPR shows that a name from the input stands in an error masked and cut short.
func TestRegistreringFejlViserIkkeCPR(t *testing.T) {
	t.Parallel()
	for _, tekst := range []string{
		`{"010190-1234": 1}`, `{"relationer": {"010190-1234": []}}`, `{"010190-1234": 1, "010190-1234": 1}`, `{"brugerref": "010190-1234"}`,
		`{"livscykluskode": "010190-1234"}`, `{"010190-1234": {"x": tru}}`, `{"relationer": {"ejer": [{"010190-1234": 1, ` + altidV + `}]}}`,
		`{"fratidspunkt": {"tidsstempeldatotid": "010190-1234"}}`, `{"` + strings.Repeat("010190-1234", 1000) + `": 1}`,
	} {
		_, err := oio.UnmarshalIndre(mox.Sag, []byte(tekst))
		if err == nil || strings.Contains(err.Error(), "010190") || len(err.Error()) > 500 {
			t.Errorf("%.60s: %v", tekst, err)
		}
	}
	if _, _, _, err := oio.UnmarshalRegistrering([]byte(`{"objekttype": "010190-1234"}`)); strings.Contains(err.Error(), "010190") {
		t.Error(err)
	}
}

// TestMarshalAfviser has what cannot be written without loss, one at a time.
func TestMarshalAfviser(t *testing.T) {
	t.Parallel()
	for navn, c := range map[string]struct {
		aendr func(*mox.Registrering)
		brud  string
	}{
		"ukendt sæt":      {func(r *mox.Registrering) { r.Attributter["x"] = r.Attributter["sagegenskaber"] }, "attributter.x ukendt"},
		"tomt sæt":        {func(r *mox.Registrering) { r.Attributter["x"] = nil }, ""},
		"ukendt felt":     {func(r *mox.Registrering) { r.Attributter["sagegenskaber"][0].Felter["x"] = "1" }, "attributter.sagegenskaber[0].x ukendt"},
		"ikke ja":         {func(r *mox.Registrering) { r.Attributter["sagegenskaber"][0].Felter["principiel"] = "ja" }, "attributter.sagegenskaber[0].principiel vaerdi"},
		"ukendt tilstand": {func(r *mox.Registrering) { r.Tilstande["x"] = r.Tilstande["sagfremdrift"] }, "tilstande.x ukendt"},
		"ukendt relation": {func(r *mox.Registrering) { r.Relationer["x"] = r.Relationer["ejer"] }, "relationer.x ukendt"},
		"felt på ejer":    {func(r *mox.Registrering) { r.Relationer["ejer"][0].Felter = map[string]string{"x": "1"} }, "relationer.ejer[0].x ukendt"},
		"to referencer":   {func(r *mox.Registrering) { r.Relationer["ejer"][0].Reference.UUID = mox.NyUUID() }, "relationer.ejer[0] reference"},
		"ingen virkning":  {func(r *mox.Registrering) { r.Relationer["ejer"][0].Virkning = mox.Virkning{} }, "relationer.ejer[0].virkning kraevet"},
		"to aktører":      {func(r *mox.Registrering) { r.Tilstande["sagfremdrift"][0].Virkning.AktoerRef.URN = "urn:x:1" }, "tilstande.sagfremdrift[0].virkning.aktoerref reference"},
		"NUL":             {func(r *mox.Registrering) { r.NoteTekst = "a\x00" }, "note tekst"},
		"ikke UTF-8":      {func(r *mox.Registrering) { r.Tilstande["sagfremdrift"][0].Virkning.NoteTekst = "\xe6" }, "tilstande.sagfremdrift[0].virkning.notetekst tekst"},
		"varianter":       {func(r *mox.Registrering) { r.Varianter = []mox.Variant{{VariantTekst: "x"}} }, "varianter ukendt"},
	} {
		id, r := byggesag(t)
		c.aendr(&r)
		_, err := oio.MarshalRegistrering(mox.Sag, id, r)
		if err == nil && c.brud == "" {
			continue
		}
		if got := strings.Join(brud(err), ", "); got != c.brud || mox.KodeAf(err) != mox.KodeUgyldig {
			t.Errorf("%s: %s, want %s", navn, got, c.brud)
		}
	}
	for _, v := range []string{"1.0", "007", "+1", "-0", "x", "9223372036854775808"} {
		r := mox.Registrering{Attributter: map[string][]mox.Attribut{"dokumentegenskaber": {{Felter: map[string]string{"major": v}, Virkning: mox.Fra(mox.MinusUendelig)}}}}
		if _, err := oio.MarshalIndre(mox.Dokument, r); strings.Join(brud(err), ", ") != "attributter.dokumentegenskaber[0].major vaerdi" {
			t.Errorf("%s: %v", v, err)
		}
	}
	for _, err := range []error{
		func() error { _, err := oio.MarshalIndre("Bil", mox.Registrering{}); return err }(),
		func() error { _, err := oio.MarshalRegistrering("Bil", "", mox.Registrering{}); return err }(),
		func() error { _, err := oio.UnmarshalIndre("Bil", []byte("{}")); return err }(),
	} {
		if got := brud(err); !slices.Equal(got, []string{"objekttype kodeliste"}) {
			t.Errorf("%v", got)
		}
	}
}

func FuzzUnmarshalRegistrering(f *testing.F) {
	id, r := byggesag(f)
	b, err := oio.MarshalRegistrering(mox.Sag, id, r)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{` + hovede + `, "registrering": {"livscykluskode": "Oprettet", "note": "\ud83d\ude00\u0000"}}`))
	f.Add([]byte(`{"objektID": "8F6F2A0E-1C9B-4D0E-9A54-2F6A3A1D7C11", "objekttype": "Dokument", "registrering": {"varianter": [{"dele": [{"egenskaber": [{"indeks": -1, ` + altidV + `}]}]}]}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		navn, id, r, err := oio.UnmarshalRegistrering(b)
		if err != nil {
			if mox.KodeAf(err) != mox.KodeUgyldig && mox.KodeAf(err) != mox.KodeForStor {
				t.Fatal(err)
			}
			return
		}
		_ = r.Valider(navn)
		_ = r.Udflad(typeAf(navn), mox.Kl(tid("2026-01-01T00:00:00Z")))
		skrevet, err := oio.MarshalRegistrering(navn, id, r)
		if mox.KodeAf(err) == mox.KodeForStor {
			return
		}
		if err != nil {
			t.Fatalf("read, and cannot be written: %v\n%s", err, b)
		}
		navn2, id2, r2, err := oio.UnmarshalRegistrering(skrevet)
		if err != nil || navn2 != navn || id2 != id || ens(r, r2) != "" {
			t.Fatalf("%v %s\n%s\n%s", err, ens(r, r2), b, skrevet)
		}
	})
}

package oio_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/oio"
)

// tegnBesked is a besked with any of its fields, and content of any kind. JSON content is compact.
func tegnBesked(t *rapid.T) mox.Besked {
	var b mox.Besked
	for _, f := range mox.Beskedfelter() {
		if rapid.Bool().Draw(t, f.Navn+"?") {
			if err := f.Saet(&b, tegnMetadata(t, &f)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range rapid.IntRange(0, 4).Draw(t, "relaterede") {
		b.Relateret = append(b.Relateret, mox.Relateret{Rolle: rapid.SampledFrom([]string{"", "primaerpart", "x.objekttype", "æ"}).Draw(t, "rolle"),
			ID: tegnReference(t, "relateret").String(), ObjektType: rapid.SampledFrom([]string{"", "Person"}).Draw(t, "objekttype")})
	}
	b.Indholdstype = rapid.SampledFrom([]string{"", "application/json", "application/json; charset=utf-8", "application/vnd.x+json", "application/xml", "TEXT/plain", "x"}).Draw(t, "indholdstype")
	b.Indhold = rapid.OneOf(
		rapid.SampledFrom([][]byte{nil, []byte(`{"a":[1.50,"\u00e6",{"b":null}]}`), []byte(`{"base64":"eA=="}`), []byte(`{"base64":1}`), []byte(`{"a":1,"a":2}`),
			[]byte(`{"a":1`), []byte(`null`), []byte(`12`), []byte(`"x"`), []byte(`[]`), []byte(strings.Repeat("[", 32) + strings.Repeat("]", 32)), []byte(strings.Repeat("[", 33) + strings.Repeat("]", 33))}),
		rapid.SliceOf(rapid.Byte())).Draw(t, "indhold")
	return b.MedStandard()
}

func tegnMetadata(t *rapid.T, f *mox.Beskedfelt) []string {
	switch {
	case f.Tid:
		return []string{tegnTid(t, f.Navn).Format(time.RFC3339Nano)}
	case f.Navn == "livscykluskode":
		return []string{string(rapid.SampledFrom(mox.LivscyklusKoder()).Draw(t, f.Navn))}
	case f.Flere:
		var ud []string
		for range rapid.IntRange(1, 3).Draw(t, f.Navn) {
			ud = append(ud, rapid.SampledFrom([]string{"", "p-1", "urn:oio:cvr:1"}).Draw(t, f.Navn))
		}
		return ud
	}
	return []string{tegnTekst(t, f.Navn, 0)}
}

// TestBeskedRundt writes any besked in our JSON form, and reads the same back.
func TestBeskedRundt(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 13")
	rapid.Check(t, func(t *rapid.T) {
		b := tegnBesked(t)
		tekst, err := oio.MarshalBesked(&b)
		if err != nil {
			t.Fatal(err)
		}
		if !json.Valid(tekst) {
			t.Fatalf("not JSON: %s", tekst)
		}
		igen, err := oio.UnmarshalBesked(tekst)
		if err != nil {
			t.Fatalf("%v\n%s", err, tekst)
		}
		want := b
		if indlejret(tekst) {
			want.Indhold = kompakt(b.Indhold) // random bytes may be JSON with space in it
		}
		if d := ens(want, igen); d != "" {
			t.Fatalf("-written +read\n%s\n%s", d, tekst)
		}
	})
}

func indlejret(tekst []byte) bool {
	return bytes.Contains(tekst, []byte(`"indhold":`)) && !bytes.Contains(tekst, []byte(`"indhold":{"base64":"`))
}

func kompakt(b []byte) []byte {
	var ud bytes.Buffer
	if json.Compact(&ud, b) != nil {
		return b
	}
	return ud.Bytes()
}

// nyBesked is a besked about byggesag, as an agent makes it.
func nyBesked(t testing.TB) mox.Besked {
	t.Helper()
	id, r := byggesag(t)
	indhold, err := oio.MarshalRegistrering(mox.Sag, id, r)
	if err != nil {
		t.Fatal(err)
	}
	b := mox.Besked{ID: "5a4cf0d6-6f1a-4c1f-8a6c-0d9e2b7a1c33", ObjektID: id, ObjektType: mox.Sag, LivscyklusKode: mox.Opstaaet, Registreringstid: r.FraTidspunkt,
		Aktoer: "0b1e6a52-5d0f-4a7c-8a44-9c1d2b3e4f50", ProcesID: []string{"p-1"}, Kildesystem: "Byggesag", Dannet: r.FraTidspunkt,
		Relateret:    []mox.Relateret{{Rolle: "primaerpart", ID: "urn:oio:cpr-nr:0101010101", ObjektType: "Person"}},
		Indholdstype: oio.TypeJSON, Indhold: indhold}.MedStandard()
	if err := b.Valider(); err != nil {
		t.Fatal(err)
	}
	return b
}

// TestBeskedForm shows the bytes once, to be read.
func TestBeskedForm(t *testing.T) {
	t.Parallel()
	b := nyBesked(t)
	b.Indhold = []byte("{\n  \"z\" : 1.50,\n  \"a\": [ \"\\u00e6\" ]\n}\n")
	tekst, err := oio.MarshalBesked(&b)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.ReplaceAll(`{"beskedID":"5a4cf0d6-6f1a-4c1f-8a6c-0d9e2b7a1c33","beskedversion":"1.0","beskedtype":"Sag.Opstaaet",
"objektID":"8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11","objekttype":"Sag","livscykluskode":"Opstaaet","registreringstid":"2026-03-02T08:15:01.25Z",
"aktoer":"0b1e6a52-5d0f-4a7c-8a44-9c1d2b3e4f50","procesID":["p-1"],"kildesystem":"Byggesag","dannelsestidspunkt":"2026-03-02T08:15:01.25Z",
"relateret":[{"rolle":"primaerpart","objektID":"urn:oio:cpr-nr:0101010101","objekttype":"Person"}],
"indholdstype":"application/json","indhold":{"z":1.50,"a":["\u00e6"]}}`, "\n", "")
	if d := cmp.Diff(want, string(tekst)); d != "" {
		t.Error(d)
	}
	b.Indholdstype, b.Indhold = "application/xml", []byte("<a/>")
	if tekst, err = oio.MarshalBesked(&b); err != nil || !strings.HasSuffix(string(tekst), `"indholdstype":"application/xml","indhold":{"base64":"PGEvPg=="}}`) {
		t.Errorf("%v %s", err, tekst)
	}
}

// TestUnmarshalBesked has what may be left out, and in which forms things may come.
func TestUnmarshalBesked(t *testing.T) {
	t.Parallel()
	b, err := oio.UnmarshalBesked([]byte(` {"objekttype": "Sag", "livscykluskode": "Oprettet", "beskedID": "5A4CF0D6-6F1A-4C1F-8A6C-0D9E2B7A1C33", "handling": null, "procesID": [],
		"registreringstid": "2026-03-02T09:15:00+01:00", "relateret": [{"objektID": "8F6F2A0E-1C9B-4D0E-9A54-2F6A3A1D7C11"}], "indhold": [ 1, 2 ]} `))
	if err != nil {
		t.Fatal(err)
	}
	want := mox.Besked{ID: "5a4cf0d6-6f1a-4c1f-8a6c-0d9e2b7a1c33", Version: "1.0", Type: "Sag.Opstaaet", ObjektType: mox.Sag, LivscyklusKode: mox.Opstaaet,
		Registreringstid: tid("2026-03-02T08:15:00Z"), Relateret: []mox.Relateret{{ID: "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11"}}, Indholdstype: oio.TypeJSON, Indhold: []byte(`[1,2]`)}
	if d := ens(want, b); d != "" {
		t.Error(d)
	}
	if b, err := oio.UnmarshalBesked([]byte(`{"indhold": null}`)); err != nil || len(b.Indhold) != 0 || b.Indholdstype != "" {
		t.Errorf("%+v %v", b, err)
	}
}

func TestUnmarshalBeskedAfviser(t *testing.T) {
	t.Parallel()
	for tekst, want := range map[string]string{
		`[]`:                                                "ugyldig teksten kan ikke læses: skal være et objekt, ikke en liste",
		`{"beskedID": 1}`:                                   "beskedID type",
		`{"beskedversion": 1.0}`:                            "beskedversion type",
		`{"BeskedID": "x"}`:                                 "BeskedID ukendt",
		`{"abonnementID": "x"}`:                             "abonnementID ukendt",
		`{"beskedID": "a", "beskedID": "b"}`:                "beskedID dobbelt",
		`{"procesID": "p"}`:                                 "procesID type",
		`{"procesID": ["p", 1]}`:                            "procesID[1] type",
		`{"registreringstid": "2026-01-01"}`:                "registreringstid vaerdi",
		`{"livscykluskode": "Aendret"}`:                     "livscykluskode vaerdi",
		`{"handling": "` + strings.Repeat("x", 1025) + `"}`: "handling vaerdi",
		`{"procesID": [` + strings.Repeat(`"p",`, 100) + `"p"]}`: "procesID vaerdi",
		`{"relateret": {}}`:                                          "relateret type",
		`{"relateret": [{"rolle": 1, "id": "x"}]}`:                   "relateret[0].rolle type, relateret[0].id ukendt",
		`{"indholdstype": "text/plain", "indhold": "tekst"}`:         "indhold type",
		`{"indholdstype": "text/plain", "indhold": {"base64": "?"}}`: "indhold.base64 base64",
		`{"indholdstype": 1}`:                                        "indholdstype type",
		`{"indhold": {"a": 1, "a": 1}}`:                              "indhold.a dobbelt",
		`{"aktoer": 1, "bruger": 2, "x": 3}`:                         "aktoer type, bruger type, x ukendt",
	} {
		b, err := oio.UnmarshalBesked([]byte(tekst))
		if got := strings.Join(brud(err), ", "); got != want || mox.KodeAf(err) != mox.KodeUgyldig {
			t.Errorf("%.60s\n got %s\nwant %s", tekst, got, want)
		}
		if d := ens(mox.Besked{}, b); d != "" {
			t.Errorf("%.60s: something was read all the same", tekst)
		}
	}
}

// TestBeskedGraenser shows that the largest besked there may be can be written and read.
func TestBeskedGraenser(t *testing.T) {
	t.Parallel()
	b := nyBesked(t)
	b.Indholdstype, b.Indhold = "application/octet-stream", bytes.Repeat([]byte{0xff}, mox.MaksIndhold)
	b.ProcesID = slices.Repeat([]string{strings.Repeat("\\", mox.MaksFeltVaerdi)}, mox.MaksFlere)
	if err := b.Valider(); err != nil {
		t.Fatal(err)
	}
	tekst, err := oio.MarshalBesked(&b)
	if err != nil {
		t.Fatal(err)
	}
	igen, err := oio.UnmarshalBesked(tekst)
	if err != nil || !bytes.Equal(b.Indhold, igen.Indhold) || !slices.Equal(b.ProcesID, igen.ProcesID) {
		t.Fatal(err)
	}
	b.Indhold = bytes.Repeat([]byte{0xff}, oio.MaksBeskedBytes)
	if _, err := oio.MarshalBesked(&b); mox.KodeAf(err) != mox.KodeForStor {
		t.Errorf("what could not be read is written: %v", err)
	}
	if _, err := oio.UnmarshalBesked(bytes.Repeat([]byte(" "), oio.MaksBeskedBytes+1)); mox.KodeAf(err) != mox.KodeForStor {
		t.Error(err)
	}
	for navn, aendr := range map[string]func(*mox.Besked){
		"bruger":             func(b *mox.Besked) { b.Bruger = "\x00" },
		"procesID[1]":        func(b *mox.Besked) { b.ProcesID = []string{"a", "\xff"} },
		"relateret[0].rolle": func(b *mox.Besked) { b.Relateret[0].Rolle = "\x00" },
		"indholdstype":       func(b *mox.Besked) { b.Indholdstype = "\xff" },
	} {
		b := nyBesked(t)
		aendr(&b)
		if _, err := oio.MarshalBesked(&b); strings.Join(brud(err), ", ") != navn+" tekst" {
			t.Errorf("%s: %v", navn, err)
		}
	}
}

func FuzzUnmarshalBesked(f *testing.F) {
	b := nyBesked(f)
	tekst, err := oio.MarshalBesked(&b)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(tekst)
	f.Add([]byte(`{"indholdstype":"text/plain","indhold":{"base64":"` + base64.StdEncoding.EncodeToString([]byte("x")) + `"},"gyldigTil":"9999-12-31T23:59:59-00:01"}`))
	f.Add([]byte(`{"relateret":[{"rolle":"\ud83d\ude00"}],"procesID":[""],"indhold":{"base64":1}}`))
	f.Fuzz(func(t *testing.T, tekst []byte) {
		b, err := oio.UnmarshalBesked(tekst)
		if err != nil {
			if mox.KodeAf(err) != mox.KodeUgyldig && mox.KodeAf(err) != mox.KodeForStor {
				t.Fatal(err)
			}
			return
		}
		_ = b.Valider()
		_, _, _ = oio.Kontroller(&b)
		skrevet, err := oio.MarshalBesked(&b)
		if mox.KodeAf(err) == mox.KodeForStor {
			return
		}
		if err != nil {
			t.Fatalf("read, and cannot be written: %v", err)
		}
		igen, err := oio.UnmarshalBesked(skrevet)
		if err != nil || ens(b, igen) != "" {
			t.Fatalf("%v %s\n%s", err, ens(b, igen), skrevet)
		}
	})
}

// TestHeadersRundt writes any besked as AMQP headers, and reads the same back.
func TestHeadersRundt(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 11", "mox 13")
	rapid.Check(t, func(t *rapid.T) {
		b := tegnBesked(t)
		h := oio.Headers(&b)
		igen, err := oio.FraHeaders(h, b.Indholdstype, b.Indhold)
		if err != nil {
			t.Fatalf("%v\n%v", err, h)
		}
		slices.SortStableFunc(b.Relateret, func(x, y mox.Relateret) int { return strings.Compare(x.Rolle, y.Rolle) })
		if d := ens(b, igen); d != "" {
			t.Fatalf("-written +read\n%s\n%v", d, h)
		}
		if !bytes.Equal(b.Kanonisk(), igen.Kanonisk()) {
			t.Fatal("another content")
		}
	})
}

func TestHeadersForm(t *testing.T) {
	t.Parallel()
	b := nyBesked(t)
	b.Relateret = append(b.Relateret, mox.Relateret{Rolle: "sag", ID: "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c12"}, mox.Relateret{Rolle: "primaerpart", ID: "urn:oio:cpr-nr:0202020202"})
	want := map[string]any{
		"beskedID": "5a4cf0d6-6f1a-4c1f-8a6c-0d9e2b7a1c33", "beskedversion": "1.0", "beskedtype": "Sag.Opstaaet", "objektID": "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11",
		"objekttype": "Sag", "livscykluskode": "Opstaaet", "registreringstid": "2026-03-02T08:15:01.25Z", "aktoer": "0b1e6a52-5d0f-4a7c-8a44-9c1d2b3e4f50",
		"procesID": []any{"p-1"}, "kildesystem": "Byggesag", "dannelsestidspunkt": "2026-03-02T08:15:01.25Z",
		"relateret.primaerpart":           []any{"urn:oio:cpr-nr:0101010101", "urn:oio:cpr-nr:0202020202"},
		"relateretObjekttype.primaerpart": []any{"Person", ""},
		"relateret.sag":                   []any{"8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c12"},
	}
	if d := cmp.Diff(want, oio.Headers(&b)); d != "" {
		t.Error(d)
	}
}

// TestFraHeaders has values as clients of several languages send them, and headers that are not ours.
func TestFraHeaders(t *testing.T) {
	t.Parallel()
	h := map[string]any{
		"beskedID": []byte("5A4CF0D6-6F1A-4C1F-8A6C-0D9E2B7A1C33"), "objekttype": "Sag", "livscykluskode": "Rettet", "registreringID": int64(12), "tilstand": nil,
		"handling": true, "registreringstid": tid("2026-03-02T08:15:00Z").In(time.FixedZone("", 3600)), "opgaveemne": "02.34.02",
		"procesID": "p-1", "tilladtmodtager": []any{[]byte("urn:oio:cvr:1"), "urn:oio:cvr:2"}, "foelsomhed": uint8(3),
		"relateret.part": "urn:x:1", "relateret.sag": []string{"8F6F2A0E-1C9B-4D0E-9A54-2F6A3A1D7C11"}, "relateretObjekttype.sag": "Sag",
		oio.HeaderAbonnement: "a", oio.HeaderForsoeg: int32(2), oio.HeaderTransaktion: "t", "ABONNEMENTID": "a",
		"x-death": []any{map[string]any{"count": int64(1)}}, "token": "hemmelig", "Content-Type": 1.5, "relateret": "x",
	}
	b, err := oio.FraHeaders(h, "text/plain", []byte("æ"))
	if err != nil {
		t.Fatal(err)
	}
	want := mox.Besked{ID: "5a4cf0d6-6f1a-4c1f-8a6c-0d9e2b7a1c33", Version: "1.0", Type: "Sag.Rettet", ObjektType: mox.Sag, LivscyklusKode: mox.Rettet, RegistreringID: "12",
		Handling: "true", Registreringstid: tid("2026-03-02T08:15:00Z"), Opgaveemne: "02.34.02", ProcesID: []string{"p-1"}, TilladtModtager: []string{"urn:oio:cvr:1", "urn:oio:cvr:2"},
		Foelsomhed: "3", Relateret: []mox.Relateret{{Rolle: "part", ID: "urn:x:1"}, {Rolle: "sag", ID: "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11", ObjektType: "Sag"}},
		Indholdstype: "text/plain", Indhold: []byte("æ")}
	if d := ens(want, b); d != "" {
		t.Error(d)
	}
}

func TestFraHeadersAfviser(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		h    map[string]any
		brud string
	}{
		{map[string]any{"BeskedID": "x"}, "BeskedID navn"},
		{map[string]any{"beskedid": "x", "OBJEKTTYPE": "Sag"}, "OBJEKTTYPE navn, beskedid navn"},
		{map[string]any{"Relateret.part": "urn:x:1"}, "Relateret.part navn"},
		{map[string]any{"relateretobjekttype.part": "Person"}, "relateretobjekttype.part navn"},
		{map[string]any{"relateretObjekttype.part": "Person"}, "relateretObjekttype.part relateret"},
		{map[string]any{"relateret.part": "urn:x:1", "relateretObjekttype.part": []any{"Person", "Person"}}, "relateretObjekttype.part antal"},
		{map[string]any{"relateret.part": []any{"urn:x:1", 1.5}}, "relateret.part[1] type"},
		{map[string]any{"relateret.part": []any{"urn:x:1"}, "relateretObjekttype.part": 1.5}, "relateretObjekttype.part type"},
		{map[string]any{"objekttype": 1.5}, "objekttype type"},
		{map[string]any{"objekttype": map[string]any{}}, "objekttype type"},
		{map[string]any{"objekttype": []any{"Sag", "Dokument"}}, "objekttype vaerdi"},
		{map[string]any{"bruger": "\xe6"}, "bruger tekst"},
		{map[string]any{"bruger": []byte("a\x00")}, "bruger tekst"},
		{map[string]any{"livscykluskode": "Aendret"}, "livscykluskode vaerdi"},
		{map[string]any{"gyldigTil": "i morgen"}, "gyldigTil vaerdi"},
		{map[string]any{"procesID": []any{"p", nil}}, "procesID[1] type"},
	} {
		b, err := oio.FraHeaders(c.h, "", nil)
		if got := strings.Join(brud(err), ", "); got != c.brud || mox.KodeAf(err) != mox.KodeUgyldig || b.Type != "" {
			t.Errorf("%v\n got %s\nwant %s", c.h, got, c.brud)
		}
	}
}

func FuzzFraHeaders(f *testing.F) {
	f.Add("beskedID", "x", "relateret.part", "urn:x:1", int64(1), uint8(0))
	f.Add("Beskedid", "x", "relateretObjekttype.", "", int64(1), uint8(1))
	f.Add("relateret.", "x", "relateretObjekttype.", "Person", int64(253402300799), uint8(2))
	f.Add("gyldigTil", "9999-12-31T23:59:59-01:00", "registreringstid", "x", int64(1<<40), uint8(3))
	f.Fuzz(func(t *testing.T, n1, v1, n2, v2 string, tal int64, form uint8) {
		h := map[string]any{n1: v1, n2: v2}
		switch form % 5 {
		case 1:
			h[n1], h[n2] = []any{v1, []byte(v2), tal}, []any{v2}
		case 2:
			h["registreringstid"], h[n1] = time.Unix(tal, 0), []byte(v1)
		case 3:
			h[n2], h["handling"] = tal, form > 100
		case 4:
			h[n1] = map[string]any{v1: v2}
		}
		b, err := oio.FraHeaders(h, v1, []byte(v2))
		if err != nil {
			if mox.KodeAf(err) != mox.KodeUgyldig {
				t.Fatal(err)
			}
			return
		}
		igen, err := oio.FraHeaders(oio.Headers(&b), b.Indholdstype, b.Indhold)
		if err != nil {
			t.Fatalf("read from %v, and cannot be read again: %v", h, err)
		}
		if d := ens(b, igen); d != "" {
			t.Fatalf("%v: %s", h, d)
		}
	})
}

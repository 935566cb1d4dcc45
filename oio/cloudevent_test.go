package oio_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/oio"
)

// tegnCloudbesked is a besked that a CloudEvent can be made of: it has what CloudEvents demands.
func tegnCloudbesked(t *rapid.T) mox.Besked {
	b := tegnKuvertbesked(t)
	b.Version = "1.0"
	b.Bruger = rapid.SampledFrom([]string{b.Bruger, "100%", "%25", "%%2c", "%", "æøå, \"x\"\n\u0085\ufffe"}).Draw(t, "bruger")
	b.Type = rapid.SampledFrom([]string{b.Type, "dk.mox.x"}).Draw(t, "beskedtype")
	b.TilladtModtager = rapid.SampledFrom([][]string{nil, {""}, {"a,b", "c;d", "%2C"}, {"", ""}}).Draw(t, "tilladtmodtager")
	return b
}

// TestCloudEventRundt writes any besked in both modes and in a batch, and reads the same back.
func TestCloudEventRundt(t *testing.T) {
	t.Parallel()
	tilladt := regexp.MustCompile(`^[!-~]*$`)
	rapid.Check(t, func(t *rapid.T) {
		b := tegnCloudbesked(t)
		tekst, err := oio.MarshalCloudEvent(&b)
		if err != nil {
			t.Fatal(err)
		}
		igen, err := oio.UnmarshalCloudEvent(tekst)
		if err != nil {
			t.Fatalf("%v\n%s", err, tekst)
		}
		want := b
		if bytes.Contains(tekst, []byte(`"data":`)) {
			want.Indhold = kompakt(b.Indhold)
		}
		if d := ens(want, igen); d != "" {
			t.Fatalf("-written +read\n%s\n%s", d, tekst)
		}
		hoveder, krop, err := oio.CloudEventHeaders(&b)
		if err != nil || !oio.ErCloudEventHeaders(hoveder) {
			t.Fatal(err)
		}
		for navn, v := range hoveder {
			if navn != "content-type" && !tilladt.MatchString(v) {
				t.Fatalf("%s cannot be a header: %q", navn, v)
			}
		}
		if igen, err = oio.FraCloudEventHeaders(hoveder, krop); err != nil || ens(b, igen) != "" {
			t.Fatalf("%v\n%v\n%s", err, hoveder, ens(b, igen))
		}
		batch, err := oio.MarshalCloudEvents([]mox.Besked{b, b})
		if err != nil {
			t.Fatal(err)
		}
		dele, err := oio.DelBatch(batch)
		if err != nil || len(dele) != 2 || !bytes.Equal(dele[1], tekst) {
			t.Fatal(err, len(dele))
		}
	})
}

// TestCloudEventForm shows both modes once, to be read.
func TestCloudEventForm(t *testing.T) {
	t.Parallel()
	b := nyBesked(t)
	b.Bruger, b.Indhold = "Åse, 50% \"x\"", []byte(`{"a": "æ"}`)
	tekst, err := oio.MarshalCloudEvent(&b)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.ReplaceAll(`{"specversion":"1.0","id":"5a4cf0d6-6f1a-4c1f-8a6c-0d9e2b7a1c33","beskedversion":"1.0","type":"dk.mox.Sag.Opstaaet",
"subject":"8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11","objekttype":"Sag","livscykluskode":"Opstaaet","time":"2026-03-02T08:15:01.25Z",
"aktoer":"0b1e6a52-5d0f-4a7c-8a44-9c1d2b3e4f50","bruger":"Åse, 50% \"x\"","procesid":"p-1","source":"urn:mox:system:Byggesag",
"dannelsestidspunkt":"2026-03-02T08:15:01.25Z","relateret":"primaerpart;urn:oio:cpr-nr:0101010101;Person",
"datacontenttype":"application/json","data":{"a":"æ"}}`, "\n", "")
	if d := cmp.Diff(want, string(tekst)); d != "" {
		t.Error(d)
	}
	hoveder, krop, err := oio.CloudEventHeaders(&b)
	if err != nil {
		t.Fatal(err)
	}
	if hoveder["ce-bruger"] != "%C3%85se,%2050%25%20%22x%22" || hoveder["ce-specversion"] != "1.0" || hoveder["content-type"] != "application/json" || string(krop) != `{"a": "æ"}` {
		t.Errorf("%v %s", hoveder, krop)
	}
}

// TestCloudEventNavne holds the attributes against the rules of CloudEvents: short, plain, and no two the same.
func TestCloudEventNavne(t *testing.T) {
	t.Parallel()
	navn := regexp.MustCompile(`^[a-z0-9]{1,20}$`)
	set := map[string]string{"specversion": "", "datacontenttype": "", "data": "", "dataschema": "", "relateret": ""}
	for _, f := range mox.Beskedfelter() {
		a := oio.CloudEventAttribut(f.Navn)
		if _, optaget := set[a]; optaget || !navn.MatchString(a) {
			t.Errorf("%s: the attribute %q is taken or no name", f.Navn, a)
		}
		set[a] = f.Navn
	}
}

// TestFremmedCloudEvent reads another's event: what is not ours is read over.
func TestFremmedCloudEvent(t *testing.T) {
	t.Parallel()
	b, err := oio.UnmarshalCloudEvent([]byte(`{"specversion": "1.0", "id": "urn:x:1", "source": "https://vendor.example/a", "type": "Sag.Rettet", "subject": null, "sequence": 7, "traceparent": "00-x",
		"objekttype": "Sag", "time": "2026-03-02T09:15:01+01:00", "registreringid": 12, "dataschema": "https://x", "datacontenttype": "text/plain", "data": "hej"}`))
	want := mox.Besked{ID: "urn:x:1", Version: "1.0", Type: "Sag.Rettet", ObjektType: mox.Sag, Registreringstid: tid("2026-03-02T08:15:01Z"), RegistreringID: "12", Indholdstype: "text/plain", Indhold: []byte("hej")}
	if d := ens(want, b); d != "" || err != nil {
		t.Error(err, d)
	}
	b, err = oio.FraCloudEventHeaders(map[string]string{"Ce-Specversion": "1.0", "CE-Id": `"urn:x:\"1"`, "ce-type": "a%20b", "ce-source": "/x", "Content-Type": "text/plain; charset=utf-8", "X-Andet": "%"}, []byte("hej"))
	want = mox.Besked{ID: `urn:x:"1`, Version: "1.0", Type: "a b", Indholdstype: "text/plain; charset=utf-8", Indhold: []byte("hej")}
	if d := ens(want, b); d != "" || err != nil {
		t.Error(err, d)
	}
}

func TestCloudEventAfviser(t *testing.T) {
	t.Parallel()
	for tekst, want := range map[string]string{
		`[]`:                               "ugyldig teksten kan ikke læses: skal være et objekt, ikke en liste",
		`{}`:                               "specversion version",
		`{"specversion": "0.3"}`:           "specversion version",
		`{"specversion": "1.0", "id": {}}`: "id type",
		`{"specversion": "1.0", "beskedid": "x"}`:                                          "beskedid navn",
		`{"specversion": "1.0", "kildesystem": "x"}`:                                       "kildesystem navn",
		`{"specversion": "1.0", "time": "2026-01-01"}`:                                     "time vaerdi",
		`{"specversion": "1.0", "bruger": "%FF"}`:                                          "bruger tekst",
		`{"specversion": "1.0", "procesid": "a,%00"}`:                                      "procesid tekst",
		`{"specversion": "1.0", "source": "urn:mox:system:%00"}`:                           "source tekst",
		`{"specversion": "1.0", "relateret": "a;b"}`:                                       "relateret[0] form",
		`{"specversion": "1.0", "livscykluskode": "Ændret"}`:                               "livscykluskode vaerdi",
		`{"specversion": "1.0", "data": 1, "data_base64": "eA=="}`:                         "data antal",
		`{"specversion": "1.0", "data_base64": "x"}`:                                       "data_base64 base64",
		`{"specversion": "1.0", "datacontenttype": "text/plain", "data": {}}`:              "data type",
		`{"specversion": "1.0", "procesid": "` + strings.Repeat(",", mox.MaksFlere) + `"}`: "procesid vaerdi",
		`{"specversion": "1.0", "id": "a", "id": "b"}`:                                     "id dobbelt",
	} {
		b, err := oio.UnmarshalCloudEvent([]byte(tekst))
		if got := strings.Join(brud(err), ", "); got != want || mox.KodeAf(err) != mox.KodeUgyldig || b.Type != "" {
			t.Errorf("%s\n got %s\nwant %s", tekst, got, want)
		}
	}
	if _, err := oio.FraCloudEventHeaders(map[string]string{"ce-specversion": "2.0", "ce-id": "%ff"}, nil); strings.Join(brud(err), ", ") != "ce-id tekst, specversion version" {
		t.Error(err)
	}
	for navn, aendr := range map[string]func(*mox.Besked){
		"beskedID kraevet":   func(b *mox.Besked) { b.ID = "" },
		"beskedtype kraevet": func(b *mox.Besked) { b.Type = "" },
		"bruger tekst":       func(b *mox.Besked) { b.Bruger = "\x00" },
		"relateret tekst":    func(b *mox.Besked) { b.Relateret[0].ID = "\xff" },
		"indholdstype tekst": func(b *mox.Besked) { b.Indholdstype = "\xff" },
	} {
		b := nyBesked(t)
		aendr(&b)
		_, _, err := oio.CloudEventHeaders(&b)
		if _, err2 := oio.MarshalCloudEvents([]mox.Besked{b}); strings.Join(brud(err), "") != navn || strings.Join(brud(err2), "") != navn {
			t.Errorf("%s: %v, %v", navn, err, err2)
		}
	}
	b := nyBesked(t)
	b.Indholdstype, b.Indhold = "text/plain", make([]byte, oio.MaksBeskedBytes)
	if _, err := oio.MarshalCloudEvent(&b); mox.KodeAf(err) != mox.KodeForStor {
		t.Error(err)
	}
}

func TestDelBatch(t *testing.T) {
	t.Parallel()
	liste := func(n int) string { return "[" + strings.Repeat("{},", n-1) + "{}]" }
	for tekst, want := range map[string]mox.Kode{
		"": mox.KodeUgyldig, "{}": mox.KodeUgyldig, "[": mox.KodeUgyldig, "[1,]": mox.KodeUgyldig, "[1] x": mox.KodeUgyldig, "[1}": mox.KodeUgyldig, "[] ": "",
		liste(oio.MaksBatch): "", liste(oio.MaksBatch + 1): mox.KodeForStor,
	} {
		if dele, err := oio.DelBatch([]byte(tekst)); mox.KodeAf(err) != want || err != nil && dele != nil {
			t.Errorf("%.20s: %v, %d", tekst, err, len(dele))
		}
	}
}

func FuzzUnmarshalCloudEvent(f *testing.F) {
	b := nyBesked(f)
	tekst, err := oio.MarshalCloudEvent(&b)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(tekst), "urn:x:1", "%2C,%%41")
	f.Fuzz(func(t *testing.T, tekst, id, liste string) {
		beskeder := []mox.Besked{}
		if b, err := oio.UnmarshalCloudEvent([]byte(tekst)); err == nil {
			beskeder = append(beskeder, b)
		} else if k := mox.KodeAf(err); k != mox.KodeUgyldig && k != mox.KodeForStor {
			t.Fatal(err)
		}
		if b, err := oio.FraCloudEventHeaders(map[string]string{"ce-specversion": "1.0", "ce-id": id, "ce-type": id, "ce-procesid": liste, "ce-relateret": liste}, []byte(tekst)); err == nil {
			beskeder = append(beskeder, b)
		}
		for _, b := range beskeder {
			igen, err := oio.MarshalCloudEvent(&b)
			if err != nil {
				if k := mox.KodeAf(err); (k != mox.KodeUgyldig || b.ID != "" && b.Type != "") && k != mox.KodeForStor {
					t.Fatal(err)
				}
				continue
			}
			c, err := oio.UnmarshalCloudEvent(igen)
			if json.Valid(b.Indhold) {
				b.Indhold, c.Indhold = kompakt(b.Indhold), kompakt(c.Indhold)
			}
			if err != nil || ens(b, c) != "" {
				t.Fatalf("%v %s", err, ens(b, c))
			}
		}
	})
}

package oio_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/oio"
)

func TestKontroller(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 5", "mox 11", "mox 12", "mox 13")
	b := nyBesked(t)
	b.Relateret = nil
	r, ok, err := oio.Kontroller(&b)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	_, want := byggesag(t)
	if d := ens(want, r); d != "" {
		t.Error(d)
	}
	if b.Opgaveemne != "02.34.02" || b.Tilstand != "Opstaaet" || b.Myndighed != "urn:oio:cvr-nr:12345678" ||
		len(b.Relateret) != 1 || b.Relateret[0] != (mox.Relateret{Rolle: "primaerpart", ID: "urn:oio:cpr-nr:0101010101", ObjektType: "Person"}) {
		t.Errorf("not filled in: %+v", b)
	}
}

// TestKontrollerSerIKuverten: what is inside an envelope of ours that has been on its way is read, and must agree.
func TestKontrollerSerIKuverten(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 11")
	b := nyBesked(t)
	raa, err := oio.MarshalKuvert(&b, oio.Koder{})
	if err == nil {
		raa, err = oio.MedLeverancerute(raa, oio.Leverancerute{Abonnement: "a"})
	}
	if err != nil {
		t.Fatal(err)
	}
	kom, err := oio.UnmarshalKuvert(raa, oio.Koder{})
	if err != nil || !oio.ErKuvert(kom.Indholdstype) {
		t.Fatal(kom.Indholdstype, err)
	}
	_, want := byggesag(t)
	r, ok, err := oio.Kontroller(&kom)
	if d := ens(want, r); !ok || err != nil || d != "" || kom.Opgaveemne != "02.34.02" {
		t.Errorf("%v %v %s %+v", ok, err, d, kom)
	}
	kom.Indhold = bytes.Replace(raa, []byte(`"livscykluskode":"Opstaaet"`), []byte(`"livscykluskode":"Slettet"`), 1)
	if _, _, err := oio.Kontroller(&kom); mox.KodeAf(err) != mox.KodeUenig {
		t.Errorf("%v", err)
	}
}

// TestKontrollerUden has content that is carried without being looked into, and changes nothing.
func TestKontrollerUden(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 5")
	for navn, aendr := range map[string]func(*mox.Besked){
		"kun en reference":         func(b *mox.Besked) { b.Indhold, b.Objektreference = nil, "https://esdh.example/sag/1" },
		"XML":                      func(b *mox.Besked) { b.Indholdstype, b.Indhold = "application/xml", []byte("<a/>") },
		"modtagerens egen JSON":    func(b *mox.Besked) { b.Indholdstype, b.Indhold = "application/vnd.esdh+json", []byte(`{"a":1}`) },
		"ingen type":               func(b *mox.Besked) { b.Indholdstype = "" },
		"en ordre":                 func(b *mox.Besked) { b.LivscyklusKode, b.Handling, b.Indhold = "", "Arkivér", []byte(`{"a":1}`) },
		"en ordre, ikke et objekt": func(b *mox.Besked) { b.LivscyklusKode, b.Handling, b.Indhold = "", "Arkivér", []byte(`[1]`) },
		"en ordre, ikke JSON":      func(b *mox.Besked) { b.LivscyklusKode, b.Handling, b.Indhold = "", "Arkivér", []byte(`{"a":`) },
		"kvittering":               func(b *mox.Besked) { b.Type, b.Indhold = mox.TypeKvittering, []byte(`{"a":1}`) },
		"fejlbesked":               func(b *mox.Besked) { b.Type, b.Indhold = mox.TypeFejlbesked, []byte(`{"a":1}`) },
	} {
		b := nyBesked(t)
		aendr(&b)
		foer := b
		r, ok, err := oio.Kontroller(&b)
		if ok || err != nil || ens(mox.Registrering{}, r) != "" {
			t.Errorf("%s: %v %v", navn, ok, err)
		}
		if d := ens(foer, b); d != "" {
			t.Errorf("%s: changed: %s", navn, d)
		}
	}
}

func TestKontrollerAfviser(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 11")
	for navn, c := range map[string]struct {
		aendr func(*mox.Besked)
		kode  mox.Kode
		brud  string
	}{
		"andet objekt": {func(b *mox.Besked) { b.ObjektID = "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c12" }, mox.KodeUenig, "objektID uenig"},
		"anden type":   {func(b *mox.Besked) { b.ObjektType = mox.Dokument }, mox.KodeUenig, "objekttype uenig"},
		"ingen type":   {func(b *mox.Besked) { b.ObjektType = "" }, mox.KodeUenig, "objekttype uenig"},
		"anden kode":   {func(b *mox.Besked) { b.LivscyklusKode = mox.Slettet }, mox.KodeUenig, "livscykluskode uenig"},
		"andet emne":   {func(b *mox.Besked) { b.Opgaveemne = "27.03.00" }, mox.KodeUenig, "opgaveemne uenig"},
		"slået forkert": {func(b *mox.Besked) {
			b.Indhold = []byte(strings.Replace(string(b.Indhold), `"registrering"`, `"registering"`, 1))
		}, mox.KodeUgyldig, "indhold.registering ukendt, indhold.registrering kraevet"},
		"ikke JSON":      {func(b *mox.Besked) { b.Indhold = b.Indhold[1:] }, mox.KodeUgyldig, ""},
		"ikke et objekt": {func(b *mox.Besked) { b.Indhold = []byte(`[1]`) }, mox.KodeUgyldig, ""},
		"ukendt felt":    {func(b *mox.Besked) { b.Indhold = []byte(strings.Replace(string(b.Indhold), `"titel"`, `"Titel"`, 1)) }, mox.KodeUgyldig, "indhold.attributter.sagegenskaber[0].Titel ukendt"},
		"med tegnsæt":    {func(b *mox.Besked) { b.Indholdstype, b.ObjektID = "Application/JSON;charset=utf-8", "x" }, mox.KodeUenig, "objektID uenig"},
		"kun handling":   {func(b *mox.Besked) { b.LivscyklusKode, b.Handling, b.ObjektID = "", "Arkivér", "x" }, mox.KodeUenig, "objektID uenig"},
		"handling, felt": {func(b *mox.Besked) {
			b.LivscyklusKode, b.Handling, b.Indhold = "", "Arkivér", []byte(`{"registrering": 1}`)
		}, mox.KodeUgyldig, "indhold.objektID kraevet, indhold.objekttype kodeliste"},
		"dobbelt og langt": {func(b *mox.Besked) { b.Indhold = []byte(`{"registrering": {"note": "a", "note": "b"}}`) }, mox.KodeUgyldig, "indhold.note dobbelt"},
	} {
		b := nyBesked(t)
		c.aendr(&b)
		_, ok, err := oio.Kontroller(&b)
		if ok || mox.KodeAf(err) != c.kode {
			t.Errorf("%s: %v %v", navn, ok, err)
			continue
		}
		if got := strings.Join(brud(err), ", "); c.brud != "" && got != c.brud {
			t.Errorf("%s: %s, want %s", navn, got, c.brud)
		}
	}
}

func TestIndholdshenvisninger(t *testing.T) {
	t.Parallel()
	a, b := strings.Repeat("a", 64), strings.Repeat("0", 64)
	r, err := mox.Registrering{}.Laeg(typeAf(mox.Dokument), map[string]string{
		"varianter.pdf.dele.1.indhold": oio.IndholdURN + b, "varianter.pdf.dele.2.indhold": oio.IndholdURN + strings.ToUpper(a),
		"varianter.pdf.dele.3.indhold": oio.IndholdURN + a, "varianter.pdf.dele.4.indhold": "https://esdh.example/x",
		"varianter.pdf.dele.5.indhold": oio.IndholdURN + a[1:], "varianter.pdf.dele.6.indhold": oio.IndholdURN + a[1:] + "g", "varianter.pdf.dele.7.mimetype": "x",
	}, mox.Fra(mox.Kl(tid("2026-01-01T00:00:00Z"))))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{b, a}, oio.Indholdshenvisninger(r)); d != "" {
		t.Error(d)
	}
	// what held before still does: the old registrering's bytes are referred to, at their time
	c := strings.Repeat("c", 64)
	r, err = r.Laeg(typeAf(mox.Dokument), map[string]string{"varianter.pdf.dele.1.indhold": oio.IndholdURN + c}, mox.Fra(mox.Kl(tid("2026-02-01T00:00:00Z"))))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{b, c, a}, oio.Indholdshenvisninger(r)); d != "" {
		t.Error(d)
	}
	if got := oio.Indholdshenvisninger(mox.Registrering{}); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

func TestReferencer(t *testing.T) {
	t.Parallel()
	b := nyBesked(t)
	b.Relateret = append(b.Relateret, mox.Relateret{Rolle: "sag", ID: "00000000-0000-4000-8000-000000000001"}, mox.Relateret{Rolle: "sag", ID: string(b.ObjektID)})
	want := []mox.ObjektID{"8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11", "00000000-0000-4000-8000-000000000001", "6a7b8c9d-0e1f-4a2b-9c3d-4e5f6a7b8c9d", "b1c2d3e4-f5a6-4b7c-8d9e-0f1a2b3c4d5e"}
	if d := cmp.Diff(want, oio.Referencer(&b)); d != "" {
		t.Error(d)
	}
	for navn, indhold := range map[string]string{"ikke JSON": "{", "ikke en registrering": `{"a": 1}`, "intet": ""} {
		b := nyBesked(t)
		b.Indhold = []byte(indhold)
		if d := cmp.Diff(want[:1], oio.Referencer(&b)); d != "" {
			t.Errorf("%s: %s", navn, d)
		}
	}
	// a part that is being edited
	r, err := mox.Registrering{LivscyklusKode: mox.Rettet}.Laeg(typeAf(mox.Dokument), map[string]string{"varianter.pdf.dele.1.mimetype": "x"}, mox.Fra(mox.MinusUendelig))
	if err != nil {
		t.Fatal(err)
	}
	r.Varianter[0].Dele[0].Relationer = map[string][]mox.Relation{"underredigeringaf": {{Reference: mox.Reference{UUID: string(want[1])}, Virkning: mox.Fra(mox.MinusUendelig)}}}
	indhold, err := oio.MarshalRegistrering(mox.Dokument, want[0], r)
	if err != nil {
		t.Fatal(err)
	}
	dokument := mox.Besked{ObjektID: want[0], ObjektType: mox.Dokument, LivscyklusKode: mox.Rettet, Indholdstype: oio.TypeJSON, Indhold: indhold}
	if d := cmp.Diff(want[:2], oio.Referencer(&dokument)); d != "" {
		t.Error(d)
	}
}

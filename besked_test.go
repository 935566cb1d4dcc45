package mox_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/conformance"
)

// brud are the rules an error names: "sti regel".
func brud(t testing.TB, err error) []string {
	t.Helper()
	var e *mox.Error
	if err == nil || !errors.As(err, &e) {
		t.Errorf("not an *Error: %v", err)
		return nil
	}
	var ud []string
	for _, f := range e.Felter {
		ud = append(ud, f.Sti+" "+f.Regel)
		if f.Tekst == "" {
			t.Errorf("%s has no text", f.Sti)
		}
	}
	return ud
}

func TestBeskedValider(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 2", "mox 4", "mox 5", "mox 8", "mox 9")
	if b := byggesag(); b.Valider() != nil {
		t.Fatal(b.Valider())
	}
	for navn, c := range map[string]struct {
		aendr func(*mox.Besked)
		kode  mox.Kode
		brud  []string
	}{
		"uden id":         {func(b *mox.Besked) { b.ID = "" }, mox.KodeUdenBeskedID, nil},
		"anden version":   {func(b *mox.Besked) { b.Version = "2.0" }, mox.KodeBeskedversion, nil},
		"ingen version":   {func(b *mox.Besked) { b.Version = "" }, mox.KodeBeskedversion, nil},
		"for stor":        {func(b *mox.Besked) { b.Indhold = make([]byte, mox.MaksIndhold+1) }, mox.KodeForStor, nil},
		"id uden form":    {func(b *mox.Besked) { b.ID = "1" }, mox.KodeUgyldig, []string{"beskedID unikid"}},
		"uden type":       {func(b *mox.Besked) { b.Type = "" }, mox.KodeUgyldig, []string{"beskedtype kraevet"}},
		"uden objekt":     {func(b *mox.Besked) { b.ObjektID = "" }, mox.KodeUgyldig, []string{"objektID uuid"}},
		"objekt som urn":  {func(b *mox.Besked) { b.ObjektID = "urn:x:1" }, mox.KodeUgyldig, []string{"objektID uuid"}},
		"ukendt type":     {func(b *mox.Besked) { b.ObjektType = "Bil" }, mox.KodeUgyldig, []string{"objekttype kodeliste"}},
		"hvad skete":      {func(b *mox.Besked) { b.LivscyklusKode = "" }, mox.KodeUgyldig, []string{"livscykluskode kraevet"}},
		"hvornår":         {func(b *mox.Besked) { b.Registreringstid = time.Time{} }, mox.KodeUgyldig, []string{"registreringstid kraevet"}},
		"hvem":            {func(b *mox.Besked) { b.Aktoer, b.Bruger = "", "" }, mox.KodeUgyldig, []string{"aktoer kraevet"}},
		"intet indhold":   {func(b *mox.Besked) { b.Indhold = nil }, mox.KodeUgyldig, []string{"indhold kraevet"}},
		"tomt interval":   {func(b *mox.Besked) { b.GyldigTil = b.GyldigFra }, mox.KodeUgyldig, []string{"gyldigTil interval"}},
		"forkert relatet": {func(b *mox.Besked) { b.Relateret[1].ID = "0101010101" }, mox.KodeUgyldig, []string{"relateret[1].objektID unikid"}},
		"for mange":       {func(b *mox.Besked) { b.Relateret = slices.Repeat(b.Relateret[:1], 101) }, mox.KodeUgyldig, []string{"relateret antal"}},
		"NUL":             {func(b *mox.Besked) { b.Bruger = "a\x00" }, mox.KodeUgyldig, []string{"bruger graense"}},
		"ikke UTF-8":      {func(b *mox.Besked) { b.Relateret[0].Rolle = "\xe6" }, mox.KodeUgyldig, []string{"relateret[0].rolle graense"}},
		"for lang":        {func(b *mox.Besked) { b.ProcesID[1] = strings.Repeat("x", 1025) }, mox.KodeUgyldig, []string{"procesID graense"}},
		"lang rolle":      {func(b *mox.Besked) { b.Relateret[0].Rolle = strings.Repeat("x", 101) }, mox.KodeUgyldig, []string{"relateret[0].rolle graense"}},
		"mange værdier":   {func(b *mox.Besked) { b.TilladtModtager = slices.Repeat([]string{"urn:oio:cvr:1"}, 101) }, mox.KodeUgyldig, []string{"tilladtmodtager graense"}},
		"flere på én gang": {func(b *mox.Besked) { b.Type, b.ObjektType = "", "" }, mox.KodeUgyldig,
			[]string{"beskedtype kraevet", "objekttype kodeliste"}},
	} {
		b := byggesag()
		c.aendr(&b)
		err := b.Valider()
		if mox.KodeAf(err) != c.kode {
			t.Errorf("%s: %v", navn, err)
			continue
		}
		if d := cmp.Diff(c.brud, brud(t, err)); d != "" {
			t.Errorf("%s: %s", navn, d)
		}
	}
}

// TestBeskedValiderGodtager has what looks bare and is enough.
func TestBeskedValiderGodtager(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 5")
	for navn, aendr := range map[string]func(*mox.Besked){
		"urn som id":           func(b *mox.Besked) { b.ID = "urn:x:1" },
		"handling":             func(b *mox.Besked) { b.LivscyklusKode, b.Handling = "", "Arkivér" },
		"kun bruger":           func(b *mox.Besked) { b.Aktoer = "" },
		"kun aktør":            func(b *mox.Besked) { b.Bruger = "" },
		"reference for objekt": func(b *mox.Besked) { b.Indhold, b.Objektreference = nil, "https://esdh.example/sag/1" },
		"uden slut":            func(b *mox.Besked) { b.GyldigTil = time.Time{} },
		"kvittering": func(b *mox.Besked) {
			*b = mox.Besked{ID: "urn:x:1", Version: mox.Beskedversion, Type: mox.TypeKvittering}
		},
		"fejlbesked": func(b *mox.Besked) {
			*b = mox.Besked{ID: "urn:x:1", Version: mox.Beskedversion, Type: mox.TypeFejlbesked}
		},
		"et fuldt indhold": func(b *mox.Besked) { b.Indhold = make([]byte, mox.MaksIndhold) },
	} {
		b := byggesag()
		if aendr(&b); b.Valider() != nil {
			t.Errorf("%s: %v", navn, b.Valider())
		}
	}
}

func TestMedStandard(t *testing.T) {
	t.Parallel()
	for want, b := range map[string]mox.Besked{
		"Sag.Rettet":   {ObjektType: mox.Sag, LivscyklusKode: mox.Rettet, Handling: "x"},
		"Sag.Arkivér":  {ObjektType: mox.Sag, Handling: "Arkivér"},
		"":             {ObjektType: mox.Sag},
		"Noget andet":  {Type: "Noget andet", ObjektType: mox.Sag, LivscyklusKode: mox.Rettet},
		"Kvittering":   {Type: mox.TypeKvittering},
		"Sag.Importér": {Version: mox.Beskedversion, ObjektType: mox.Sag, Handling: "Importér"},
	} {
		if got := b.MedStandard(); got.Type != want || got.Version != mox.Beskedversion {
			t.Errorf("%q, %q; want %q", got.Type, got.Version, want)
		}
	}
	if got := (mox.Besked{Version: "2"}).MedStandard(); got.Version != "2" {
		t.Error("a version was overwritten")
	}
}

// TestBeskedfelter sets and reads every field of the header specification.
func TestBeskedfelter(t *testing.T) {
	t.Parallel()
	want := strings.Fields(`beskedID beskedversion beskedtype objektID objekttype livscykluskode handling registreringID registreringstid aktoer bruger
		myndighed opgaveemne tilstand foelsomhed procesID foraarsagetAf tilladtmodtager gyldigFra gyldigTil sikkerhedsklasse objektreference kildesystem beskaaret dannelsestidspunkt`)
	var navne []string
	for _, f := range mox.Beskedfelter() {
		navne = append(navne, f.Navn)
		proevFelt(t, &f)
	}
	if d := cmp.Diff(want, navne); d != "" {
		t.Error(d)
	}
	if _, ok := mox.BeskedfeltAf("BeskedID"); ok {
		t.Error("a name in another case is found")
	}
	f, _ := mox.BeskedfeltAf("procesID")
	f2, _ := mox.BeskedfeltAf("procesID")
	if f != f2 || !f.Flere {
		t.Error("procesID is not one field")
	}
}

func proevFelt(t *testing.T, f *mox.Beskedfelt) {
	t.Helper()
	var b mox.Besked
	v := map[string][]string{"livscykluskode": {"Rettet"}, "procesID": {"a", "b"}, "tilladtmodtager": {"a", "b"}}[f.Navn]
	if v == nil {
		v = []string{"værdi"}
	}
	if f.Tid {
		v = []string{"2026-03-02T08:15:00.5Z"}
		if err := f.Saet(&b, []string{"2026-03-02T09:15:00.5+01:00"}); err != nil {
			t.Errorf("%s: %v", f.Navn, err)
		}
		for _, daarlig := range []string{"2026-03-02", "2026-03-02T09:15:00", "i dag", "9999-12-31T23:59:59-01:00", "0000-01-01T00:00:00Z"} {
			if f.Saet(&mox.Besked{}, []string{daarlig}) == nil {
				t.Errorf("%s takes %s", f.Navn, daarlig)
			}
		}
	} else if err := f.Saet(&b, v); err != nil {
		t.Errorf("%s: %v", f.Navn, err)
	}
	if got := f.Hent(&b); !slices.Equal(got, v) {
		t.Errorf("%s: %q", f.Navn, got)
	}
	if err := f.Saet(&b, []string{"a", "b"}); (err == nil) != f.Flere {
		t.Errorf("%s with two values: %v", f.Navn, err)
	}
	if f.Saet(&b, []string{strings.Repeat("x", mox.MaksFeltVaerdi+1)}) == nil || f.Saet(&b, slices.Repeat([]string{"x"}, mox.MaksFlere+1)) == nil {
		t.Errorf("%s has no limit", f.Navn)
	}
	if err := f.Saet(&b, nil); err != nil || len(f.Hent(&b)) != 0 {
		t.Errorf("%s cannot be cleared: %v", f.Navn, err)
	}
}

func TestBeskedfeltID(t *testing.T) {
	t.Parallel()
	var b mox.Besked
	for _, navn := range []string{"beskedID", "objektID", "foraarsagetAf"} {
		f, _ := mox.BeskedfeltAf(navn)
		for give, want := range map[string]string{"8F6F2A0E-1C9B-4D0E-9A54-2F6A3A1D7C11": "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11", "URN:X:AbC": "URN:X:AbC"} {
			if err := f.Saet(&b, []string{give}); err != nil || f.Hent(&b)[0] != want {
				t.Errorf("%s: %s becomes %s, %v", navn, give, f.Hent(&b), err)
			}
		}
	}
	f, _ := mox.BeskedfeltAf("livscykluskode")
	if err := f.Saet(&b, []string{"010190-1234"}); err == nil || strings.Contains(err.Error(), "010190") {
		t.Errorf("%v", err)
	}
	if f.Saet(&b, []string{"Oprettet"}) != nil || b.LivscyklusKode != mox.Opstaaet {
		t.Errorf("Oprettet is read as %q", b.LivscyklusKode)
	}
}

// sagsindhold is a registrering that byggesag may be about.
func sagsindhold(t testing.TB) mox.Registrering {
	r := nySag(t, map[string]string{
		"relationer.primaerklasse": "urn:oio:kle:02.34.02", "relationer.ejer": "urn:oio:cvr-nr:12345678", "tilstande.fremdrift": "Oplyst",
		"relationer.primaerpart": "urn:oio:cpr-nr:0101010101", "relationer.sekundaerpart.0": "urn:oio:cvr:87654321", "relationer.ansvarlig": "urn:x:1",
	})
	r.LivscyklusKode, r.FraTidspunkt = mox.Rettet, dag("2026-03-02")
	return r
}

func TestStemmer(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 11")
	for navn, c := range map[string]struct {
		aendr func(*mox.Besked)
		brud  []string
	}{
		"enige":          {func(*mox.Besked) {}, nil},
		"intet sagt":     {func(b *mox.Besked) { b.Opgaveemne, b.Tilstand, b.LivscyklusKode = "", "", "" }, nil},
		"nanosekunder":   {func(b *mox.Besked) { b.Registreringstid = b.Registreringstid.Add(999) }, nil},
		"andet objekt":   {func(b *mox.Besked) { b.ObjektID = "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c12" }, []string{"objektID uenig"}},
		"anden kode":     {func(b *mox.Besked) { b.LivscyklusKode = mox.Slettet }, []string{"livscykluskode uenig"}},
		"anden tid":      {func(b *mox.Besked) { b.Registreringstid = b.Registreringstid.Add(time.Second) }, []string{"registreringstid uenig"}},
		"andet emne":     {func(b *mox.Besked) { b.Opgaveemne = "27.03.00" }, []string{"opgaveemne uenig"}},
		"anden tilstand": {func(b *mox.Besked) { b.Tilstand = "Afgjort" }, []string{"tilstand uenig"}},
		"alt andet":      {func(b *mox.Besked) { b.Tilstand, b.Opgaveemne = "Afgjort", "27.03.00" }, []string{"opgaveemne uenig", "tilstand uenig"}},
	} {
		b := byggesag()
		c.aendr(&b)
		err := b.Stemmer("8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11", sagsindhold(t))
		if c.brud == nil {
			if err != nil {
				t.Errorf("%s: %v", navn, err)
			}
			continue
		}
		if d := cmp.Diff(c.brud, brud(t, err)); d != "" || mox.KodeAf(err) != mox.KodeUenig {
			t.Errorf("%s: %v %s", navn, err, d)
		}
		if err != nil && strings.Contains(err.Error(), "27.03") {
			t.Errorf("%s: the error shows content: %v", navn, err)
		}
	}
}

func TestUdfyld(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 12", "mox 13")
	b := mox.Besked{ObjektType: mox.Sag, Registreringstid: dag("2026-03-02")}
	b.Udfyld(sagsindhold(t))
	if b.Opgaveemne != "02.34.02" || b.Tilstand != "Oplyst" || b.Myndighed != "urn:oio:cvr-nr:12345678" {
		t.Errorf("%q %q %q", b.Opgaveemne, b.Tilstand, b.Myndighed)
	}
	want := []mox.Relateret{{Rolle: "primaerpart", ID: "urn:oio:cpr-nr:0101010101", ObjektType: "Person"}, {Rolle: "sekundaerpart", ID: "urn:oio:cvr:87654321", ObjektType: "Virksomhed"}}
	if d := cmp.Diff(want, b.Relateret); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"primaerpart", "sekundaerpart"}, b.Roller()); d != "" {
		t.Error(d)
	}
	sagt := byggesag()
	sagt.Opgaveemne, sagt.Tilstand, sagt.Myndighed = "27.03.00", "Afgjort", "urn:oio:cvr:1"
	foer := sagt
	sagt.Udfyld(sagsindhold(t))
	if d := cmp.Diff(foer, sagt); d != "" {
		t.Errorf("what the sender said was overwritten: %s", d)
	}
	// what holds at the moment of registration, and not before or after
	tidlig := mox.Besked{ObjektType: mox.Sag, Registreringstid: dag("2025-12-31")}
	if tidlig.Udfyld(sagsindhold(t)); tidlig.Tilstand != "" || tidlig.Relateret != nil {
		t.Errorf("%+v", tidlig)
	}
	ukendt := mox.Besked{ObjektType: "Bil"}
	if ukendt.Udfyld(sagsindhold(t)); ukendt.Tilstand != "" {
		t.Errorf("%+v", ukendt)
	}
}

// TestKanonisk shows what is the same content, and what is not.
func TestKanonisk(t *testing.T) {
	t.Parallel()
	grund := byggesag()
	grund.Indhold = []byte(`{"a":1,"b":[true,"æ"]}`)
	kanonisk := string(grund.Kanonisk())
	med := func(aendr func(*mox.Besked)) string {
		b := grund
		b.Relateret, b.ProcesID = slices.Clone(b.Relateret), slices.Clone(b.ProcesID)
		aendr(&b)
		return string(b.Kanonisk())
	}
	for navn, aendr := range map[string]func(*mox.Besked){
		"blanktegn":                func(b *mox.Besked) { b.Indhold = []byte("{ \"a\" : 1,\n\t\"b\": [true, \"\\u00e6\"] }\n") },
		"rækkefølge":               func(b *mox.Besked) { b.Indhold = []byte(`{"b":[true,"æ"],"a":1}`) },
		"dannelsestidspunkt":       func(b *mox.Besked) { b.Dannet = dag("2027-01-01") },
		"tidszone":                 func(b *mox.Besked) { b.Registreringstid = b.Registreringstid.In(time.FixedZone("", 3600)) },
		"rækkefølge af relaterede": func(b *mox.Besked) { slices.Reverse(b.Relateret) },
	} {
		if got := med(aendr); got != kanonisk {
			t.Errorf("%s: other content\n%s\n%s", navn, kanonisk, got)
		}
	}
	set := map[string]string{"": kanonisk}
	for navn, aendr := range map[string]func(*mox.Besked){
		"tal":           func(b *mox.Besked) { b.Indhold = []byte(`{"a":1.0,"b":[true,"æ"]}`) },
		"listes orden":  func(b *mox.Besked) { b.Indhold = []byte(`{"a":1,"b":["æ",true]}`) },
		"noget efter":   func(b *mox.Besked) { b.Indhold = []byte(`{"a":1,"b":[true,"æ"]}]`) },
		"to efter":      func(b *mox.Besked) { b.Indhold = []byte(`{"a":1,"b":[true,"æ"]} {}`) },
		"ikke JSON":     func(b *mox.Besked) { b.Indhold = []byte(`{"a":1`) },
		"intet":         func(b *mox.Besked) { b.Indhold = nil },
		"id":            func(b *mox.Besked) { b.ID = "urn:x:1" },
		"kode":          func(b *mox.Besked) { b.LivscyklusKode = mox.Slettet },
		"tid":           func(b *mox.Besked) { b.Registreringstid = b.Registreringstid.Add(1) },
		"proces færre":  func(b *mox.Besked) { b.ProcesID = b.ProcesID[:1] },
		"proces slået":  func(b *mox.Besked) { b.ProcesID = []string{"p-1p-2"} },
		"rolle":         func(b *mox.Besked) { b.Relateret[0].Rolle = "bipart" },
		"relateret":     func(b *mox.Besked) { b.Relateret[0].ID = "urn:oio:cpr-nr:0202020202" },
		"relaterettype": func(b *mox.Besked) { b.Relateret[0].ObjektType = "Virksomhed" },
		"ny linje":      func(b *mox.Besked) { b.Bruger = "svc-mox\"\nmyndighed=\"x" },
		"i rollen": func(b *mox.Besked) {
			b.Relateret[0].Rolle = "primaerpart\" \"urn:oio:cpr-nr:0101010101\" \"Person\"\nrelateret \"x"
		},
	} {
		got := med(aendr)
		for andet, k := range set {
			if got == k {
				t.Errorf("%s is the same content as %q", navn, andet)
			}
		}
		set[navn] = got
	}
	// metadata and content cannot stand for each other
	a := mox.Besked{ID: "urn:x:1", Relateret: []mox.Relateret{{Rolle: "r", ID: "i"}}, Indhold: []byte("x")}
	b := mox.Besked{ID: "urn:x:1", Indhold: []byte("relateret \"r\" \"i\" \"\"\nx")}
	if string(a.Kanonisk()) == string(b.Kanonisk()) {
		t.Error("content is taken for metadata")
	}
}

func TestMetadata(t *testing.T) {
	t.Parallel()
	b := byggesag()
	m := b.Metadata()
	for navn, want := range map[string][]string{
		"objekttype": {"Sag"}, "procesID": {"p-1", "p-2"}, "registreringstid": {"2026-03-02T00:00:00Z"},
		"relateret":             {"urn:oio:cpr-nr:0101010101", "urn:oio:cvr:87654321"},
		"relateret.primaerpart": {"urn:oio:cpr-nr:0101010101"},
	} {
		if d := cmp.Diff(want, m[navn]); d != "" {
			t.Errorf("%s: %s", navn, d)
		}
	}
	for _, navn := range slices.Sorted(maps.Keys(m)) {
		if len(m[navn]) == 0 {
			t.Errorf("%s is there without a value", navn)
		}
	}
	tom := mox.Besked{}
	if len(tom.Metadata()) != 0 {
		t.Errorf("%v", tom.Metadata())
	}
}

func TestError(t *testing.T) {
	t.Parallel()
	aarsag := fmt.Errorf("disk")
	e := &mox.Error{Kode: mox.KodeUgyldig, Op: "op", Tekst: "galt", Err: aarsag}
	for i := range 7 {
		e.Felter = append(e.Felter, mox.Feltfejl{Sti: fmt.Sprintf("f%d", i), Tekst: "nej"})
	}
	if got, want := e.Error(), "op: galt; f0: nej; f1: nej; f2: nej; f3: nej; f4: nej; og 2 fejl til"; got != want {
		t.Errorf("%q", got)
	}
	pakket := fmt.Errorf("ude: %w", e)
	if mox.KodeAf(pakket) != mox.KodeUgyldig || !errors.Is(pakket, aarsag) {
		t.Error("the code or the cause is lost on the way")
	}
	if mox.KodeAf(nil) != "" || mox.KodeAf(aarsag) != mox.KodeIntern {
		t.Error("an error without a code has one, or none has")
	}
	if got := (&mox.Error{Err: aarsag}).Error(); got != "disk" {
		t.Errorf("%q", got)
	}
	if got := (&mox.Error{Kode: mox.KodeLaast}).Error(); got != "mappe_i_brug" {
		t.Errorf("%q", got)
	}
	if e := mox.E("op", mox.KodeKonflikt, "sag %d", 1).Med("vent"); e.Tekst != "sag 1" || e.Raad != "vent" || e.Kode != mox.KodeKonflikt {
		t.Errorf("%+v", e)
	}
}

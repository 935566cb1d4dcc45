package mox_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/conformance"
)

// laesFilter reads a filter written in JSON; it must be in order.
func laesFilter(t testing.TB, tekst string) mox.Filter {
	t.Helper()
	var f mox.Filter
	if err := json.Unmarshal([]byte(tekst), &f); err != nil {
		t.Fatalf("%s: %v", tekst, err)
	}
	return f
}

// byggesag is a besked with most metadata.
func byggesag() mox.Besked {
	return mox.Besked{
		ID: "5a4cf0d6-6f1a-4c1f-8a6c-0d9e2b7a1c33", Version: mox.Beskedversion, Type: "Sag.Rettet",
		ObjektID: "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11", ObjektType: mox.Sag, LivscyklusKode: mox.Rettet,
		Registreringstid: dag("2026-03-02"), Aktoer: "0b1e6a52-5d0f-4a7c-8a44-9c1d2b3e4f50", Bruger: "svc-mox",
		Myndighed: "urn:oio:cvr-nr:12345678", Opgaveemne: "02.34.02", Tilstand: "Oplyst", Foelsomhed: "FORTROLIGE_PERSONOPLYSNINGER",
		ProcesID: []string{"p-1", "p-2"}, TilladtModtager: nil, GyldigFra: dag("2026-03-01"),
		Kildesystem: "Byggesagssystemet", Dannet: dag("2026-03-02"),
		Relateret: []mox.Relateret{{Rolle: "primaerpart", ID: "urn:oio:cpr-nr:0101010101", ObjektType: "Person"},
			{Rolle: "ydelsesmodtager", ID: "urn:oio:cvr:87654321", ObjektType: "Virksomhed"}},
		Indholdstype: "application/json", Indhold: []byte(`{"a":1}`),
	}
}

func TestFilterMatch(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 8", "mox 12", "mox 29")
	b := byggesag()
	meta := b.Metadata()
	for _, c := range []struct {
		filter string
		want   bool
	}{
		// equality and sets
		{`{"objekttype": "Sag"}`, true},
		{`{"objekttype": "Dokument"}`, false},
		{`{"objekttype": ["Dokument", "Sag"]}`, true},
		{`{"objekttype": "Sag", "livscykluskode": ["Opstaaet", "Rettet"]}`, true},
		{`{"objekttype": "Sag", "livscykluskode": "Opstaaet"}`, false},
		{`{"beskedtype": "Sag.Rettet", "aktoer": "0B1E6A52-5D0F-4A7C-8A44-9C1D2B3E4F50", "foelsomhed": "FORTROLIGE_PERSONOPLYSNINGER"}`, true},
		{`{"procesID": "p-2"}`, true},
		{`{"procesID": "p-3"}`, false},
		{`{"relateret": "urn:oio:cpr-nr:0101010101"}`, true},
		{`{"relateret.primaerpart": "urn:oio:cpr-nr:0101010101"}`, true},
		{`{"relateret.ydelsesmodtager": "urn:oio:cpr-nr:0101010101"}`, false},
		// both spellings of a CVR URN
		{`{"myndighed": "urn:oio:cvr:12345678"}`, true},
		{`{"relateret": "urn:oio:cvr-nr:87654321"}`, true},
		// KLE
		{`{"opgaveemne": "02.*"}`, true},
		{`{"opgaveemne": "02.34.*"}`, true},
		{`{"opgaveemne": ["27.*", "02.34.02"]}`, true},
		{`{"opgaveemne": "27.*"}`, false},
		{`{"opgaveemne": "2.*"}`, false},
		{`{"opgaveemne": "*"}`, true},
		// is it there
		{`{"procesID": {"findes": true}}`, true},
		{`{"procesID": {"findes": false}}`, false},
		{`{"foraarsagetAf": {"findes": false}}`, true},
		{`{"relateret.sekundaerpart": {"findes": true}}`, false},
		// time: from and till but not with
		{`{"registreringstid": {"fra": "2026-03-02T00:00:00Z"}}`, true},
		{`{"registreringstid": {"til": "2026-03-02T00:00:00Z"}}`, false},
		{`{"registreringstid": {"fra": "2026-03-02T00:30:00+01:00", "til": "2026-03-02T00:00:00.000001Z"}}`, true},
		{`{"gyldigTil": {"fra": "2026-01-01T00:00:00Z"}}`, false},
		{`{"ikke": {"registreringstid": {"fra": "2026-03-02T00:00:00Z"}}}`, false},
		{`{"ikke": {"registreringstid": {"fra": "2026-03-03T00:00:00Z"}}}`, true},
		// together
		{`{"alle": [{"objekttype": "Sag"}, {"tilstand": "Oplyst"}]}`, true},
		{`{"alle": [{"objekttype": "Sag"}, {"tilstand": "Afgjort"}]}`, false},
		{`{"en af": [{"objekttype": "Dokument"}, {"tilstand": "Oplyst"}]}`, true},
		{`{"en af": [{"objekttype": "Dokument"}, {"tilstand": "Afgjort"}]}`, false},
		{`{"ikke": {"objekttype": "Dokument"}}`, true},
		{`{"ikke": {"objekttype": "Sag", "tilstand": "Afgjort"}}`, true},
		{`{"ikke": {"objekttype": "Sag", "tilstand": "Oplyst"}}`, false},
		{`{"ikke": {"ikke": {"objekttype": "Sag"}}}`, true},
		// a key that the besked lacks is never a match, not even turned around
		{`{"sikkerhedsklasse": "fortrolig"}`, false},
		{`{"ikke": {"sikkerhedsklasse": "fortrolig"}}`, false},
		{`{"ikke": {"ikke": {"sikkerhedsklasse": "fortrolig"}}}`, false},
		{`{"ikke": {"gyldigTil": {"fra": "2026-01-01T00:00:00Z"}}}`, false},
		{`{"ikke": {"objekttype": "Sag", "sikkerhedsklasse": "fortrolig"}}`, false},
		{`{"ikke": {"objekttype": "Dokument", "sikkerhedsklasse": "fortrolig"}}`, true}, // settled without it
		{`{"ikke": {"en af": [{"objekttype": "Dokument"}, {"sikkerhedsklasse": "fortrolig"}]}}`, false},
		{`{"en af": [{"objekttype": "Sag"}, {"sikkerhedsklasse": "fortrolig"}]}`, true},
		{`{"ikke": {"sikkerhedsklasse": {"findes": true}}}`, true},
		{`{"opgaveemne": "02.*", "ikke": {"relateret.sekundaerpart": "urn:oio:cvr:87654321"}}`, false},
	} {
		f := laesFilter(t, c.filter)
		if got := f.Match(meta); got != c.want {
			t.Errorf("%s: %v", c.filter, got)
		}
		igen, err := json.Marshal(f)
		if err != nil || laesFilter(t, string(igen)).Match(meta) != c.want {
			t.Errorf("%s written as %s, %v, is another filter", c.filter, igen, err)
		}
	}
	if !(mox.Filter{}).Match(meta) {
		t.Error("the zero filter refuses")
	}
}

// TestFilterUdenIndhold shows that what is in the content cannot decide: only metadata are given to a filter.
func TestFilterUdenIndhold(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 29")
	for _, navn := range []string{"indhold", "indholdstype", "titel", "egenskaber.titel"} {
		if _, fejl := mox.LaesFilter(map[string]any{navn: "x"}); len(fejl) == 0 {
			t.Errorf("a filter may ask for %s", navn)
		}
		b := byggesag()
		if _, ok := b.Metadata()[navn]; ok {
			t.Errorf("%s is given to filters", navn)
		}
	}
}

// TestFilterOmLevering shows that a receipt, and a report of failure, is seen only by the filter that asks for them by
// name, in that of several filters which does.
func TestFilterOmLevering(t *testing.T) {
	t.Parallel()
	kvittering := mox.Besked{ID: "urn:x:1", Type: mox.TypeKvittering, ObjektType: mox.Sag, Handling: "accepteret"}
	rettelse := byggesag()
	for filter, want := range map[string][2]bool{ // receipt, other besked
		`null`:                         {false, true},
		`{"objekttype": "Sag"}`:        {false, true},
		`{"beskedtype": "Kvittering"}`: {true, false},
		`{"beskedtype": ["Kvittering", "Sag.Rettet"]}`:                                                         {true, true},
		`{"beskedtype": "Kvittering", "handling": "afvist"}`:                                                   {false, false},
		`{"beskedtype": "Kvittering", "sikkerhedsklasse": "x"}`:                                                {false, false},
		`{"beskedtype": {"findes": true}}`:                                                                     {false, true},
		`{"ikke": {"beskedtype": "Sag.Rettet"}}`:                                                               {false, false},
		`{"ikke": {"beskedtype": "Kvittering"}}`:                                                               {false, true},
		`{"ikke": {"ikke": {"beskedtype": "Kvittering"}}}`:                                                     {false, false},
		`{"en af": [{"beskedtype": "Kvittering"}, {"objekttype": "Sag"}]}`:                                     {true, true},
		`{"en af": [{"beskedtype": "Kvittering", "handling": "afvist"}, {"objekttype": "Sag"}]}`:               {false, true},
		`{"alle": [{"objekttype": "Sag"}, {"en af": [{"beskedtype": "Kvittering"}, {"tilstand": "Oplyst"}]}]}`: {true, true},
	} {
		f := laesFilter(t, filter)
		if got := [2]bool{f.Match(kvittering.Metadata()), f.Match(rettelse.Metadata())}; got != want {
			t.Errorf("%s: %v", filter, got)
		}
	}
	fejlbesked := mox.Besked{ID: "urn:x:1", Type: mox.TypeFejlbesked, ObjektType: mox.Sag}
	for filter, want := range map[string]bool{`{"objekttype": "Sag"}`: false, `null`: false, `{"beskedtype": "Kvittering"}`: false, `{"beskedtype": "Fejlbesked"}`: true} {
		if got := laesFilter(t, filter).Match(fejlbesked.Metadata()); got != want {
			t.Errorf("a fejlbesked under %s: %v", filter, got)
		}
	}
}

func TestLaesFilterAfviser(t *testing.T) {
	t.Parallel()
	dyb := `{"objekttype": "Sag"}`
	for range 11 {
		dyb = `{"ikke": ` + dyb + `}`
	}
	mange := make([]string, 501)
	for i := range mange {
		mange[i] = fmt.Sprintf(`{"handling": "h%d"}`, i)
	}
	bred := strings.Join(mange, ",")
	for _, c := range []struct{ filter, sti, regel string }{
		{`{"farve": "rød"}`, "farve", "ukendt"},
		{`{"Objekttype": "Sag"}`, "Objekttype", "ukendt"},
		{`{"relateret.": "x"}`, "relateret.", "ukendt"},
		{`{"objekttype": "Sagen"}`, "objekttype", "kodeliste"},
		{`{"livscykluskode": ["Rettet", "Ændret"]}`, "livscykluskode", "kodeliste"},
		{`{"objekttype": []}`, "objekttype", "tom"},
		{`{"objekttype": {}}`, "objekttype", "tom"},
		{`{"registreringstid": {}}`, "registreringstid", "tom"},
		{`{"objekttype": ""}`, "objekttype", "form"},
		{`{"objekttype": 1}`, "objekttype", "form"},
		{`{"objekttype": null}`, "objekttype", "form"},
		{`{"opgaveemne": [2.34]}`, "opgaveemne", "form"},
		{`{"objekttype": {"findes": "ja"}}`, "objekttype.findes", "ukendt"},
		{`{"objekttype": {"liste": "Borgere"}}`, "objekttype.liste", "navn"},
		{`{"relateret": {"liste": ["a", "b"]}}`, "relateret.liste", "navn"},
		{`{"relateret": {"liste": "a", "findes": true}}`, "relateret", "form"},
		{`{"gyldigTil": {"liste": "dage"}}`, "gyldigTil", "form"},
		{`{"tilstand": {"findes": false}, "alle": [{"tilstand": {"liste": "a"}}]}`, "tilstand", "modsigelse"},
		{`{"relateret": {"liste": "a"}, "ikke": {"relateret": {"liste": "a"}}}`, "relateret", "modsigelse"},
		{`{"objekttype": {"fra": "2026-01-01T00:00:00Z"}}`, "objekttype.fra", "ukendt"},
		{`{"registreringstid": {"fra": "2026-01-01"}}`, "registreringstid.fra", "tid"},
		{`{"registreringstid": {"foer": "2026-01-01T00:00:00Z"}}`, "registreringstid.foer", "ukendt"},
		{`{"en af": []}`, "en af", "form"},
		{`{"en af": {"objekttype": "Sag"}}`, "en af", "form"},
		{`{"en af": [{"objekttype": "Sag"}, {"x": "y"}]}`, "en af[1].x", "ukendt"},
		{`{"alle": [{"ikke": {"x": "y"}}]}`, "alle[0].ikke.x", "ukendt"},
		{`{"ikke": []}`, "ikke", "form"},
		{`{}`, "", "form"},
		{`[]`, "", "form"},
		{`"alt"`, "", "form"},
		{dyb, strings.TrimSuffix(strings.Repeat("ikke.", 11), "."), "form"},
		{`{"alle": [` + bred + `, {"en af": [` + bred + `]}]}`, "alle[501].en af[497]", "antal"},
		// what can never hold
		{`{"objekttype": "Sag", "alle": [{"objekttype": "Dokument"}]}`, "objekttype", "modsigelse"},
		{`{"alle": [{"opgaveemne": "27.*"}, {"opgaveemne": "02.34.02"}]}`, "opgaveemne", "modsigelse"},
		{`{"alle": [{"opgaveemne": "27.*"}, {"opgaveemne": ["02.*", "03.*"]}]}`, "opgaveemne", "modsigelse"},
		{`{"tilstand": {"findes": false}, "alle": [{"tilstand": "Oplyst"}]}`, "tilstand", "modsigelse"},
		{`{"gyldigTil": {"findes": false}, "alle": [{"gyldigTil": {"fra": "2026-01-01T00:00:00Z"}}]}`, "gyldigTil", "modsigelse"},
		{`{"tilstand": {"findes": true}, "alle": [{"tilstand": {"findes": false}}]}`, "tilstand", "modsigelse"},
		{`{"gyldigTil": {"fra": "2026-02-01T00:00:00Z", "til": "2026-01-01T00:00:00Z"}}`, "gyldigTil", "modsigelse"},
		{`{"gyldigTil": {"fra": "2026-02-01T00:00:00Z"}, "alle": [{"gyldigTil": {"til": "2026-02-01T00:00:00Z"}}]}`, "gyldigTil", "modsigelse"},
		{`{"objekttype": "Sag", "ikke": {"objekttype": ["Sag", "Dokument"]}}`, "objekttype", "modsigelse"},
		{`{"opgaveemne": "27.03.*", "ikke": {"opgaveemne": "27.*"}}`, "opgaveemne", "modsigelse"},
		{`{"en af": [{"objekttype": "Sag"}, {"tilstand": "a", "alle": [{"tilstand": "b"}]}]}`, "tilstand", "modsigelse"},
		{`{"ikke": {"tilstand": "a", "alle": [{"tilstand": "b"}]}}`, "tilstand", "modsigelse"},
	} {
		var kilde any
		if err := json.Unmarshal([]byte(c.filter), &kilde); err != nil {
			t.Fatal(err)
		}
		f, fejl := mox.LaesFilter(kilde)
		if len(fejl) == 0 || fejl[0].Sti != c.sti || fejl[0].Regel != c.regel || fejl[0].Tekst == "" {
			t.Errorf("%.80s: %+v, want %s at %q", c.filter, fejl, c.regel, c.sti)
		}
		if f.Kilde() != nil {
			t.Errorf("%.80s: a filter all the same", c.filter)
		}
		var via mox.Filter
		if err := json.Unmarshal([]byte(c.filter), &via); mox.KodeAf(err) != mox.KodeUgyldig {
			t.Errorf("%.80s: %v", c.filter, err)
		}
	}
}

// TestLaesFilterGodtager has filters that look like contradictions and are none.
func TestLaesFilterGodtager(t *testing.T) {
	t.Parallel()
	for _, filter := range []string{
		`{"procesID": "a", "alle": [{"procesID": "b"}]}`, // a list may hold both
		`{"relateret": "urn:x:1", "alle": [{"relateret": "urn:x:2"}]}`,
		`{"opgaveemne": "27.*", "alle": [{"opgaveemne": "27.03.*"}]}`,
		`{"opgaveemne": "27.*", "ikke": {"opgaveemne": "27.03.*"}}`,
		`{"objekttype": ["Sag", "Dokument"], "ikke": {"objekttype": "Sag"}}`,
		`{"ikke": {"objekttype": "Sag", "tilstand": "Oplyst"}, "objekttype": "Sag"}`,
		`{"tilstand": {"findes": false}, "ikke": {"tilstand": {"findes": true}}}`,
		`{"en af": [{"objekttype": "Sag"}, {"objekttype": "Dokument"}]}`,
		`{"opgaveemne": "27.*", "alle": [{"opgaveemne": {"liste": "a"}}, {"opgaveemne": {"liste": "b"}}]}`, // nobody knows what is in them
		`{"opgaveemne": {"liste": "a"}, "ikke": {"opgaveemne": {"liste": "b"}}}`,
		`{"opgaveemne": {"liste": "a"}, "ikke": {"opgaveemne": "27.*"}}`,
		`{"gyldigTil": {"til": "2026-02-01T00:00:00Z"}, "alle": [{"gyldigTil": {"fra": "2026-01-31T00:00:00Z"}}]}`,
	} {
		laesFilter(t, filter)
	}
	// YAML has read the time already
	f, fejl := mox.LaesFilter(map[string]any{"registreringstid": map[string]any{"fra": dag("2026-01-01")}})
	b := byggesag()
	if len(fejl) > 0 || !f.Match(b.Metadata()) {
		t.Errorf("%v", fejl)
	}
}

// TestAbonnementJSON guards against the worst: a filter that is lost on the way, and then takes everything.
func TestAbonnementJSON(t *testing.T) {
	t.Parallel()
	a := mox.Abonnement{ID: "a", System: "ESDH", Filter: laesFilter(t, `{"objekttype":"Dokument"}`), Orden: mox.OrdenObjekt, Plan: mox.StandardPlan(), Ro: time.Minute}
	b, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	var igen mox.Abonnement
	if err := json.Unmarshal(b, &igen); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(a.Filter.Kilde(), igen.Filter.Kilde()); d != "" {
		t.Error(d)
	}
	besked := byggesag()
	if igen.Filter.Match(besked.Metadata()) {
		t.Error("the filter was lost")
	}
	if err := json.Unmarshal([]byte(`{"filter": {"objekttyp": "Sag"}}`), &igen); err == nil {
		t.Error("a filter that cannot be read is read")
	}
}

func TestAbonnementValider(t *testing.T) {
	t.Parallel()
	for navn, x := range map[string]struct {
		med func(*mox.Abonnement)
		sti string // of what is wrong; "" = nothing
	}{
		"pull": {func(*mox.Abonnement) {}, ""},
		"push": {func(a *mox.Abonnement) {
			a.Carrier, a.Push = mox.CarrierPush, &mox.Push{URL: "https://esdh.example/mox"}
		}, ""},
		"amqp med frist":         {func(a *mox.Abonnement) { a.Carrier, a.Kraeves, a.Frist = mox.CarrierAMQP, true, time.Hour }, ""},
		"langt navn":             {func(a *mox.Abonnement) { a.ID = mox.AbonnementID(make([]byte, 101)) }, "id"},
		"uden system":            {func(a *mox.Abonnement) { a.System = "" }, "system"},
		"agent":                  {func(a *mox.Abonnement) { a.Carrier = mox.CarrierAgent }, "carrier"},
		"kombit til en anden":    {func(a *mox.Abonnement) { a.Carrier, a.Push = mox.CarrierKOMBIT, nil }, "system"},
		"KOMBIT ad en anden vej": {func(a *mox.Abonnement) { a.System = mox.KOMBIT }, "system"},
		"overhal":                {func(a *mox.Abonnement) { a.Overhal = true }, ""},
		"overhal uden orden":     {func(a *mox.Abonnement) { a.Overhal, a.Orden = true, mox.OrdenIngen }, "overhal"},
		"orden":                  {func(a *mox.Abonnement) { a.Orden = "tid" }, "orden"},
		"for mange forsøg":       {func(a *mox.Abonnement) { a.Plan = mox.Plan{Forsoeg: 1001, Foerste: 1, Hoejst: 1} }, "plan.forsoeg"},
		"plan uden vent":         {func(a *mox.Abonnement) { a.Plan = mox.Plan{Forsoeg: 1} }, "plan"},
		"modtager":               {func(a *mox.Abonnement) { a.Modtager = "29189803" }, "modtager"},
		"modtager, ny form":      {func(a *mox.Abonnement) { a.Modtager = "urn:oio:cvr:29189803" }, ""},
		"pull med kvittering":    {func(a *mox.Abonnement) { a.Kraeves = true }, "kvittering"},
		"frist uden kvittering":  {func(a *mox.Abonnement) { a.Carrier, a.Frist = mox.CarrierAMQP, time.Hour }, "frist"},
		"push uden adresse":      {func(a *mox.Abonnement) { a.Carrier = mox.CarrierPush }, "push.url"},
		"push med bruger": {func(a *mox.Abonnement) {
			a.Carrier, a.Push = mox.CarrierPush, &mox.Push{URL: "https://a:b@esdh.example/"}
		}, "push.url"},
		"push til en fil": {func(a *mox.Abonnement) { a.Carrier, a.Push = mox.CarrierPush, &mox.Push{URL: "file:///etc/passwd"} }, "push.url"},
		"push i en ukendt form": {func(a *mox.Abonnement) {
			a.Carrier, a.Push = mox.CarrierPush, &mox.Push{URL: "https://x/", Form: "csv"}
		}, "push.form"},
		"pull med en pushadresse": {func(a *mox.Abonnement) { a.Push = &mox.Push{URL: "https://x/"} }, "push"},
	} {
		a := mox.Abonnement{ID: "esdh.alt", System: "ESDH", Carrier: mox.CarrierPull}
		x.med(&a)
		a = a.MedStandard()
		err := a.Valider()
		e, _ := err.(*mox.Error)
		switch {
		case x.sti == "" && err != nil:
			t.Errorf("%s: %v", navn, err)
		case x.sti != "" && (e == nil || len(e.Felter) != 1 || e.Felter[0].Sti != x.sti):
			t.Errorf("%s: %v, skulle være %s", navn, err, x.sti)
		}
	}
}

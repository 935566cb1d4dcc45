package mox_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/conformance"
)

// lister are value lists by name.
type lister map[string][]string

func (l lister) Har(liste, vaerdi string) (ja, kendt bool) {
	v, kendt := l[liste]
	return slices.Contains(v, mox.Ensform(vaerdi)), kendt
}

// TestFilterKanUdtrykke has each kind of condition that a receiver must be able to make: one filter that takes the besked,
// and one of the same kind that does not.
func TestFilterKanUdtrykke(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 30")
	b := byggesag()
	b.Handling = "Journaliseret"
	l := lister{"vore": {"urn:oio:cpr-nr:0101010101", "27.*"}, "emner": {"02.34.*"}, "andre": {"urn:oio:cpr-nr:0202020202"}}
	for hvad, f := range map[string][2]string{
		"beskedtype":     {`{"beskedtype": "Sag.Rettet"}`, `{"beskedtype": "Sag.Opstaaet"}`},
		"objekttype":     {`{"objekttype": "Sag"}`, `{"objekttype": "Dokument"}`},
		"livscykluskode": {`{"livscykluskode": ["Opstaaet", "Rettet"]}`, `{"livscykluskode": "Slettet"}`},
		"handling":       {`{"handling": "Journaliseret"}`, `{"handling": "Afsendt"}`},
		"KLE":            {`{"opgaveemne": "02.34.02"}`, `{"opgaveemne": "02.34.03"}`},
		"KLE, jokertegn": {`{"opgaveemne": "02.*"}`, `{"opgaveemne": "27.*"}`},
		"myndighed":      {`{"myndighed": "urn:oio:cvr:12345678"}`, `{"myndighed": "urn:oio:cvr:87654321"}`},
		"aktør":          {`{"aktoer": "0b1e6a52-5d0f-4a7c-8a44-9c1d2b3e4f50"}`, `{"aktoer": "0b1e6a52-5d0f-4a7c-8a44-9c1d2b3e4f51"}`},
		"CPR":            {`{"relateret.primaerpart": "urn:oio:cpr-nr:0101010101"}`, `{"relateret.primaerpart": "urn:oio:cpr-nr:0202020202"}`},
		"CVR":            {`{"relateret": "urn:oio:cvr-nr:87654321"}`, `{"relateret": "urn:oio:cvr-nr:12345678"}`},
		"følsomhed":      {`{"foelsomhed": "FORTROLIGE_PERSONOPLYSNINGER"}`, `{"foelsomhed": "IKKE_FORTROLIGE_DATA"}`},
		"liste":          {`{"relateret.primaerpart": {"liste": "vore"}}`, `{"relateret.primaerpart": {"liste": "andre"}}`},
		"liste med KLE":  {`{"opgaveemne": {"liste": "emner"}}`, `{"opgaveemne": {"liste": "vore"}}`},
		"ikke i liste":   {`{"ikke": {"relateret": {"liste": "andre"}}}`, `{"ikke": {"relateret": {"liste": "vore"}}}`},
		"ukendt liste":   {`{"objekttype": "Sag"}`, `{"ikke": {"relateret": {"liste": "ingen"}}}`}, // never a match, not even turned around
		"liste, mangler": {`{"objekttype": "Sag"}`, `{"ikke": {"sikkerhedsklasse": {"liste": "vore"}}}`},
	} {
		for i, vil := range []bool{true, false} {
			if har := laesFilter(t, f[i]).Med(l).Match(b.Metadata()); har != vil {
				t.Errorf("%s: %s: %v", hvad, f[i], har)
			}
		}
	}
	if laesFilter(t, `{"relateret": {"liste": "vore"}}`).Match(b.Metadata()) {
		t.Error("a list that is not known is a match")
	}
	_, svar := laesFilter(t, `{"relateret.primaerpart": {"liste": "vore"}}`).Med(l).Forklar(b.Metadata())
	if len(svar) != 1 || svar[0].Svar != "ja" || svar[0].Har != nil {
		t.Errorf("%+v", svar)
	}
}

func TestFilterLister(t *testing.T) {
	t.Parallel()
	f := laesFilter(t, `{"relateret": {"liste": "b"}, "ikke": {"opgaveemne": {"liste": "a"}}, "en af": [{"relateret": {"liste": "b"}}, {"alle": [{"objektID": {"liste": "c"}}]}]}`)
	vil := []mox.Listebrug{{Liste: "a", Noegle: "opgaveemne"}, {Liste: "b", Noegle: "relateret"}, {Liste: "c", Noegle: "objektID"}}
	if d := cmp.Diff(vil, f.Lister()); d != "" {
		t.Error(d)
	}
}

func TestListeVaerdi(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ noegle, v, vil string }{ // "" = refused
		{"relateret", "0101700000", "urn:oio:cpr-nr:0101700000"},
		{"relateret", " 010170-0000\t", "urn:oio:cpr-nr:0101700000"},
		{"relateret", "12345678", "urn:oio:cvr-nr:12345678"},
		{"relateret", "URN:OIO:CVR:12345678", "urn:oio:cvr-nr:12345678"},
		{"relateret", "8F6F2A0E-1c9b-4d0e-9a54-2f6a3a1d7c11", "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11"},
		{"relateret", "Anders And", ""},
		{"relateret", "", ""},
		{"myndighed", "12345678", "urn:oio:cvr-nr:12345678"},
		{"objektID", "12345678", "12345678"},
		{"opgaveemne", "27.*", "27.*"},
		{"opgaveemne", "27.03.08", "27.03.08"},
		{"opgaveemne", "*", ""},
		{"opgaveemne", "2*", ""},
		{"opgaveemne", "27.*.*", ""},
		{"handling", "27.*", ""},
		{"objekttype", "Sag", "Sag"},
		{"objekttype", "Sagen", ""},
		{"livscykluskode", "Ændret", ""},
		{"handling", strings.Repeat("x", mox.MaksListevaerdi+1), ""},
		{"handling", "a\x00b", ""},
		{"beskedtype", "Sag.Rettet", "Sag.Rettet"},
	} {
		l := mox.Vaerdiliste{Navn: "a", Noegle: c.noegle}
		v, err := l.Vaerdi(c.v)
		if v != c.vil || (err == nil) != (c.vil != "") || err != nil && (mox.KodeAf(err) != mox.KodeUgyldig || c.noegle == "relateret" && c.v != "" && strings.Contains(err.Error(), c.v)) {
			t.Errorf("%s %q: %q, %v", c.noegle, c.v, v, err)
		}
	}
}

func TestListeValider(t *testing.T) {
	t.Parallel()
	for _, l := range []mox.Vaerdiliste{{Navn: "a", Noegle: "relateret"}, {Navn: "omsorg.borgere-2", Noegle: "opgaveemne", Beskrivelse: "Omsorg"}} {
		if err := l.Valider(); err != nil {
			t.Error(err)
		}
	}
	for sti, l := range map[string]mox.Vaerdiliste{"navn": {Navn: "A", Noegle: "relateret"}, "noegle": {Navn: "a", Noegle: "farve"},
		"beskrivelse": {Navn: "a", Noegle: "relateret", Beskrivelse: "0101700000"}} {
		e, _ := l.Valider().(*mox.Error)
		if e == nil || len(e.Felter) != 1 || e.Felter[0].Sti != sti {
			t.Errorf("%+v: %v", l, e)
		}
	}
	for _, noegle := range []string{"gyldigTil", "relateret.primaerpart", ""} {
		if l := (mox.Vaerdiliste{Navn: "a", Noegle: noegle}); l.Valider() == nil {
			t.Errorf("a list of %q", noegle)
		}
	}
	l := mox.Vaerdiliste{Navn: "a", Noegle: "relateret"}
	if !l.Passer("relateret.primaerpart") || !l.Passer("relateret") || l.Passer("objektID") {
		t.Error("a list of persons serves the wrong keys")
	}
}

// TestMatcherEtOpslagForAlle shows that a list is asked once for all abonnementer that require nothing else.
func TestMatcherEtOpslagForAlle(t *testing.T) {
	t.Parallel()
	var alle []mox.Abonnement
	for i := range 100 {
		alle = append(alle, mox.Abonnement{ID: mox.AbonnementID(fmt.Sprintf("a%03d", i)), Filter: laesFilter(t, `{"relateret": {"liste": "andre"}}`)})
	}
	alle = append(alle, mox.Abonnement{ID: "b", Filter: laesFilter(t, `{"relateret": {"liste": "vore"}}`)})
	l := &taeller{lister: lister{"vore": {"urn:oio:cpr-nr:0101010101"}, "andre": {}}}
	b := byggesag()
	if har := ider(mox.NyMatcher(alle).Med(l).Match(&b)); len(har) != 1 || har[0] != "b" || l.antal > 6 {
		t.Errorf("%v after %d look-ups", har, l.antal)
	}
}

type taeller struct {
	lister
	antal int
}

func (t *taeller) Har(liste, vaerdi string) (ja, kendt bool) {
	t.antal++
	return t.lister.Har(liste, vaerdi)
}

func TestFilterMedListeSkrivesSomDenErLaest(t *testing.T) {
	t.Parallel()
	f := laesFilter(t, `{"relateret":{"liste":"vore"}}`)
	if b, err := json.Marshal(f); err != nil || string(b) != `{"relateret":{"liste":"vore"}}` {
		t.Errorf("%s %v", b, err)
	}
}

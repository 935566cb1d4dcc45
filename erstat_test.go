package mox_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/conformance"
)

// TestErstat: a list that is given is all there is, and one that is not stands.
func TestErstat(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "oio 54", "oio 65")
	v := mox.Fra(mox.MinusUendelig)
	post := func(indeks int, kode string) mox.Relation {
		return mox.Relation{Indeks: indeks, Felter: map[string]string{"journalpostkode": kode}, Virkning: v}
	}
	r := mox.Registrering{LivscyklusKode: mox.Opstaaet,
		Attributter: map[string][]mox.Attribut{"sagegenskaber": {{Felter: map[string]string{"brugervendtnoegle": "1", "sagsnummer": "1", "titel": "a", "beskrivelse": "b", "kassationskode": "B", "hjemmel": "h"}, Virkning: v}}},
		Tilstande:   map[string][]mox.Tilstand{"sagfremdrift": {{Vaerdi: "Opstaaet", Virkning: v}}},
		Relationer: map[string][]mox.Relation{"ejer": {{Reference: mox.Reference{URN: "urn:x:1"}, Virkning: v}},
			"journalpost": {post(1, "journalnotat"), post(3, "vedlagtdokument")}},
		LokalUdvidelser: map[string]string{"attributter": "<a/>", "relationer": "<r/>"}}
	erstat := func(lister mox.Registrering) mox.Registrering {
		t.Helper()
		ud, err := r.Erstat(mox.Sag, lister)
		if err != nil {
			t.Fatal(err)
		}
		return ud
	}
	felter := map[string]string{"brugervendtnoegle": "1", "sagsnummer": "1", "titel": "ny", "beskrivelse": "b", "kassationskode": "B"}
	ud := erstat(mox.Registrering{NoteTekst: "n", Attributter: map[string][]mox.Attribut{"sagegenskaber": {{Felter: felter, Virkning: v}}}})
	if ud.LivscyklusKode != mox.Rettet || ud.NoteTekst != "n" || len(ud.Attributter["sagegenskaber"][0].Felter) != 5 || len(ud.Relationer) != 2 || fmt.Sprint(ud.LokalUdvidelser) != "map[relationer:<r/>]" {
		t.Errorf("%+v", ud)
	}
	ud = erstat(mox.Registrering{Relationer: map[string][]mox.Relation{"journalpost": {post(3, "vedlagtdokument"), post(0, "journalnotat"), post(9, "journalnotat")}}})
	var nr []int
	for _, p := range ud.Relationer["journalpost"] {
		nr = append(nr, p.Indeks)
	}
	if fmt.Sprint(nr, len(ud.Relationer), ud.LokalUdvidelser) != "[3 4 5] 1 map[attributter:<a/>]" {
		t.Errorf("%v %+v", nr, ud)
	}
	if ud := erstat(mox.Registrering{}); !ud.Ens(r) {
		t.Errorf("%+v", ud)
	}
	for vil, lister := range map[string]mox.Registrering{
		"attributter.sagegenskaber[0].titel":        {Attributter: map[string][]mox.Attribut{"sagegenskaber": {{Felter: map[string]string{"brugervendtnoegle": "1"}, Virkning: v}}}},
		"relationer.journalpost[0].journalpostkode": {Relationer: map[string][]mox.Relation{"journalpost": {post(3, "journalnotat")}}},
		"lokaludvidelser.farve":                     {LokalUdvidelser: map[string]string{"farve": "x"}, Attributter: map[string][]mox.Attribut{}},
	} {
		ny := r.Kopi()
		if x := lister.LokalUdvidelser; x != nil {
			ny.LokalUdvidelser = x
		}
		if _, err := ny.Erstat(mox.Sag, lister); err == nil || !strings.Contains(err.Error(), vil) {
			t.Errorf("%v, want %s", err, vil)
		}
	}
}

// TestErstatBeholder: what a list in XML has no element for is not removed by it.
func TestErstatBeholder(t *testing.T) {
	t.Parallel()
	v := mox.Fra(mox.MinusUendelig)
	r := mox.Registrering{LivscyklusKode: mox.Opstaaet, Relationer: map[string][]mox.Relation{"arkiver": {{Reference: mox.Reference{URN: "urn:x:1"}, Virkning: v}}, "parter": {{Reference: mox.Reference{URN: "urn:x:2"}, Virkning: v}}},
		Varianter: []mox.Variant{{VariantTekst: "PDF", Dele: []mox.Del{{DelTekst: "1"}}}, {VariantTekst: "TIFF"}}}
	ud, err := r.Erstat(mox.Dokument, mox.Registrering{Relationer: map[string][]mox.Relation{}, Varianter: []mox.Variant{{VariantTekst: "PDF"}, {VariantTekst: "TXT"}}})
	if err != nil {
		t.Fatal(err)
	}
	if len(ud.Relationer) != 1 || len(ud.Relationer["arkiver"]) != 1 || len(ud.Varianter) != 2 || len(ud.Varianter[0].Dele) != 1 || ud.Varianter[1].VariantTekst != "TXT" {
		t.Errorf("%+v", ud)
	}
	if _, err := r.Erstat("Farve", mox.Registrering{}); mox.KodeAf(err) != mox.KodeUgyldig {
		t.Error(err)
	}
}

// TestRetLokalUdvidelser: what others add stands until it is given anew, and "" removes it.
func TestRetLokalUdvidelser(t *testing.T) {
	t.Parallel()
	v := mox.Fra(mox.MinusUendelig)
	r := mox.Registrering{LivscyklusKode: mox.Opstaaet, LokalUdvidelser: map[string]string{"attributter": "<a/>", "tilstande": "<t/>"},
		Relationer: map[string][]mox.Relation{"ejer": {{Reference: mox.Reference{URN: "urn:x:1"}, LokalUdvidelse: "<e/>", Virkning: v}}}}
	ud, err := r.Ret(mox.Sag, mox.Registrering{LokalUdvidelser: map[string]string{"attributter": "", "relationer": "<r/>"},
		Relationer: map[string][]mox.Relation{"ejer": {{Reference: mox.Reference{URN: "urn:x:1"}, Virkning: v}}}})
	if err != nil || fmt.Sprint(ud.LokalUdvidelser) != "map[relationer:<r/> tilstande:<t/>]" || ud.Relationer["ejer"][0].LokalUdvidelse != "<e/>" || ud.Ens(r) {
		t.Errorf("%v %+v", err, ud)
	}
	if fmt.Sprint(r.LokalUdvidelser) != "map[attributter:<a/> tilstande:<t/>]" {
		t.Error("the old one is changed:", r.LokalUdvidelser)
	}
}

package mox_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/conformance"
)

// TestTyper holds the one table to what the code that reads it takes for granted.
func TestTyper(t *testing.T) {
	t.Parallel()
	for _, navn := range mox.ObjektTyper() {
		type_ := typeAf(t, navn)
		lister := map[string][]mox.Felt{"variant": type_.Variant, "del": type_.Del}
		for _, a := range type_.Attributter {
			lister[a.Navn] = a.Felter
		}
		for _, rt := range type_.Relationer {
			lister["relation "+rt.Navn] = rt.Felter
			if rt.Indeks && !rt.Flere {
				t.Errorf("%s.%s is numbered and has one value", navn, rt.Navn)
			}
		}
		for hvor, felter := range lister {
			optaget := []string{"virkning"}
			if strings.HasPrefix(hvor, "relation ") {
				optaget = append(optaget, "uuid", "urn", "objekttype", "indeks")
			}
			proevFelter(t, string(navn)+" "+hvor, felter, optaget)
		}
		if got, ok := type_.Attribut("egenskaber"); !ok || got != type_.Egenskaber() || got.Navn != strings.ToLower(string(navn))+"egenskaber" {
			t.Errorf("%s: %+v", navn, got)
		}
		for _, tv := range type_.Tilstande {
			if got, ok := type_.Tilstand(tv.Felt); !ok || got.Navn != tv.Navn || tv.Navn != strings.ToLower(string(navn))+tv.Felt {
				t.Errorf("%s: %+v", navn, tv)
			}
		}
		if got, ok := mox.TypeVedSti(type_.Service, type_.Sti); !ok || got != type_ {
			t.Errorf("/%s/%s is %+v", type_.Service, type_.Sti, got)
		}
		for _, ukendt := range []string{"", "ukendt", "Egenskaber"} {
			_, a := type_.Attribut(ukendt)
			_, b := type_.Tilstand(ukendt)
			_, c := type_.Relation(ukendt)
			if a || b || c {
				t.Errorf("%s has %q", navn, ukendt)
			}
		}
	}
	if _, ok := mox.TypeAf("sag"); ok {
		t.Error("sag is a type")
	}
}

// proevFelter demands that names are distinct, that no name is also a group, that a group stands together, and that none
// is a word every entry has.
func proevFelter(t *testing.T, hvor string, felter []mox.Felt, optaget []string) {
	t.Helper()
	set := map[string]int{}
	for i, f := range felter {
		if _, ok := set[f.Navn]; ok || slices.Contains(optaget, f.Navn) {
			t.Errorf("%s: %s is taken", hvor, f.Navn)
		}
		set[f.Navn] = i
		gruppe := f.Navn
		for strings.Contains(gruppe, ".") {
			gruppe = gruppe[:strings.LastIndexByte(gruppe, '.')]
			if slices.ContainsFunc(felter, func(g mox.Felt) bool { return g.Navn == gruppe }) {
				t.Errorf("%s: %s is both field and group", hvor, gruppe)
			}
			foer := slices.IndexFunc(felter, func(g mox.Felt) bool { return strings.HasPrefix(g.Navn, gruppe+".") })
			for _, g := range felter[foer:i] {
				if !strings.HasPrefix(g.Navn, gruppe+".") {
					t.Errorf("%s: %s stands within %s", hvor, g.Navn, gruppe)
				}
			}
		}
	}
}

// TestTyperRelationer counts what the standard and the field count: 0..1, 0..n and numbered 0..n. spec: oio 4, 78
func TestTyperRelationer(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "oio 78")
	antal := func(type_ *mox.Type, er func(mox.RelationType) bool) (n int) {
		for _, rt := range type_.Relationer {
			if er(rt) {
				n++
			}
		}
		return n
	}
	en := func(rt mox.RelationType) bool { return !rt.Flere }
	flere := func(rt mox.RelationType) bool { return rt.Flere && !rt.Indeks }
	indeks := func(rt mox.RelationType) bool { return rt.Indeks }
	want := map[mox.ObjektType][3]int{
		mox.Sag: {20, 0, 7}, mox.Dokument: {6, 11, 0}, mox.Klassifikation: {2, 0, 0}, mox.Facet: {3, 1, 0}, mox.Klasse: {4, 6, 0},
		mox.Organisation: {10, 10, 0}, mox.OrganisationEnhed: {6, 10, 0}, mox.OrganisationFunktion: {1, 9, 0}, mox.Bruger: {1, 9, 0},
		mox.ItSystem: {1, 10, 0}, mox.Interessefaellesskab: {4, 9, 0},
		mox.TilstandType: {2, 0, 8}, mox.Aktivitet: {7, 0, 16}, mox.Indsats: {2, 0, 5}, mox.LogHaendelse: {3, 0, 0},
	}
	got := map[mox.ObjektType][3]int{}
	for _, navn := range mox.ObjektTyper() {
		type_ := typeAf(t, navn)
		got[navn] = [3]int{antal(type_, en), antal(type_, flere), antal(type_, indeks)}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestSlags(t *testing.T) {
	t.Parallel()
	for s, want := range map[mox.Slags]string{mox.Tekst: "tekst", mox.Heltal: "heltal", mox.Boolsk: "boolsk", mox.Dato: "dato", mox.TidspunktSl: "tidspunkt", mox.Liste: "liste"} {
		if s.String() != want {
			t.Errorf("%s, want %s", s, want)
		}
	}
}

func TestStiSlags(t *testing.T) {
	t.Parallel()
	sag, dokument := typeAf(t, mox.Sag), typeAf(t, mox.Dokument)
	for sti, want := range map[string]mox.Slags{
		"egenskaber.titel": mox.Tekst, "egenskaber.principiel": mox.Boolsk, "egenskaber.offentlighedundtaget.hjemmel": mox.Tekst,
		"tilstande.fremdrift": mox.Tekst, "relationer.ejer": mox.Tekst, "relationer.andresager.0": mox.Tekst, "relationer.andresager.9999": mox.Tekst,
		"relationer.journalpost.0": mox.Tekst, "relationer.journalpost.3.journalnotat.titel": mox.Tekst,
	} {
		if got, ok := sag.StiSlags(sti); !ok || got != want {
			t.Errorf("%s: %v, %v", sti, got, ok)
		}
	}
	for sti, want := range map[string]mox.Slags{
		"egenskaber.brevdato": mox.Dato, "egenskaber.major": mox.Heltal, "varianter.pdf.produktion": mox.Boolsk,
		"varianter.pdf.dele.1.indeks": mox.Heltal, "varianter.v1.0.dele.a.pdf.mimetype": mox.Tekst,
	} {
		if got, ok := dokument.StiSlags(sti); !ok || got != want {
			t.Errorf("%s: %v, %v", sti, got, ok)
		}
	}
	for _, sti := range []string{"", "egenskaber", "egenskaber.", "egenskaber.farve", "titel", "tilstande.sagfremdrift", "tilstande.", "relationer.redskab",
		"relationer.ejer.0", "relationer.andresager", "relationer.andresager.x", "relationer.andresager.-1", "relationer.andresager.10000",
		"relationer.andresager.0.titel", "relationer.journalpost.0.titel", "varianter.pdf.produktion", "sagegenskaber.titel"} {
		if got, ok := sag.StiSlags(sti); ok {
			t.Errorf("Sag has %s: %v", sti, got)
		}
	}
	for _, sti := range []string{"varianter.pdf", "varianter..produktion", "varianter.produktion", "varianter.pdf.mimetype", "varianter.pdf.dele..mimetype", "varianter.pdf.dele.1.produktion"} {
		if got, ok := dokument.StiSlags(sti); ok {
			t.Errorf("Dokument has %s: %v", sti, got)
		}
	}
}

// TestUdfladLaeg takes an objekt apart, and puts it together again from what came out.
func TestUdfladLaeg(t *testing.T) {
	t.Parallel()
	for navn, vaerdier := range map[mox.ObjektType]map[string]string{
		mox.Sag: {"egenskaber.offentlighedundtaget.hjemmel": "§ 30", "relationer.ejer": "urn:x:1", "relationer.journalpost.0": "urn:d:1",
			"relationer.journalpost.0.journalpostkode": "vedlagtdokument", "relationer.journalpost.1.journalpostkode": "journalnotat"},
		mox.Dokument: {"egenskaber.major": "1", "relationer.parter.0": "urn:x:1", "relationer.parter.1": "urn:x:2", "varianter.v1.0.produktion": "true", "varianter.v1.0.dele.a.pdf.indeks": "1"},
	} {
		type_ := typeAf(t, navn)
		r := nyt(t, navn, vaerdier)
		flad := r.Udflad(type_, tidspunkt(3))
		for sti := range maps.Keys(flad) {
			if _, ok := type_.StiSlags(sti); !ok {
				t.Errorf("%s is no sti", sti)
			}
		}
		for sti, v := range vaerdier {
			if flad[sti] != v {
				t.Errorf("%s: %q", sti, flad[sti])
			}
		}
		igen := laeg(t, navn, mox.Registrering{}, flad, mox.Fra(tidspunkt(0)))
		if !igen.Ens(r) {
			t.Errorf("%s is another: %s", navn, cmp.Diff(r, igen, sammenlignTid))
		}
		if f := mox.Forskel(type_, r, igen, tidspunkt(3)); len(f) > 0 {
			t.Errorf("%v", f)
		}
		if f := mox.Forskel(type_, mox.Registrering{}, r, tidspunkt(3)); len(f) != len(flad) || !slices.IsSorted(f) {
			t.Errorf("%v", f)
		}
	}
}

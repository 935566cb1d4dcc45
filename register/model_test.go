package register_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/register"
	"github.com/moxkit/mox/store"
	"github.com/moxkit/mox/store/storetest"
)

func nyt(t *testing.T, url string) *register.Register {
	t.Helper()
	s, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	d, err := distributor.New(t.Context(), s, distributor.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return register.New(d, register.Options{})
}

// TestModel writes random histories, and compares every reading and every search, in both times, with a reference that
// keeps whole registreringer in memory and looks through them all.
func TestModel(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "oio 12", "oio 13", "oio 29", "oio 30", "oio 33", "oio 71", "oio 72", "mox 58")
	for navn, url := range map[string]func(testing.TB) string{"SQLite": storetest.SQLite, "PostgreSQL": storetest.Postgres} {
		t.Run(navn, func(t *testing.T) {
			t.Parallel()
			r := nyt(t, url(t))
			runde := 0
			rapid.Check(t, func(rt *rapid.T) {
				runde++
				m := &model{T: rt, t: t, r: r, runde: runde}
				m.spil()
			})
		})
	}
}

// model is the reference: for each objekt every version it ever had.
type model struct {
	*rapid.T
	t     *testing.T
	r     *register.Register
	runde int // keeps what one run made apart from what others made
	alle  []*objekt
}

type objekt struct {
	id        mox.ObjektID
	versioner []register.Version // oldest first; Til as the reference knows it
}

func (o *objekt) nyeste() *register.Version { return &o.versioner[len(o.versioner)-1] }

func dag(n int) mox.Tidspunkt { return mox.Kl(time.Date(2026, 1, 1+n, 0, 0, 0, 0, time.UTC)) }

const dage = 8

func (m *model) virkning() mox.Virkning {
	fra := rapid.IntRange(0, dage-1).Draw(m.T, "fra")
	v := mox.Virkning{Fra: dag(fra), Til: dag(rapid.IntRange(fra+1, dage).Draw(m.T, "til"))}
	if rapid.IntRange(0, 3).Draw(m.T, "altid") == 0 {
		v = mox.Virkning{Fra: mox.MinusUendelig, Til: mox.Uendelig}
	}
	return v
}

func (m *model) hvem() register.Hvem {
	return register.Hvem{Navn: "model", Adgang: register.FuldAdgang()}
}

func (m *model) bvn() string { return fmt.Sprintf("runde-%d", m.runde) }

func evigt() mox.Virkning { return mox.Virkning{Fra: mox.MinusUendelig, Til: mox.Uendelig} }

func (m *model) hel() mox.Registrering {
	return mox.Registrering{
		Attributter: map[string][]mox.Attribut{"sagegenskaber": {{Felter: map[string]string{"brugervendtnoegle": m.bvn(), "sagsnummer": "1", "titel": m.titel(), "beskrivelse": "b", "kassationskode": "B"}, Virkning: evigt()}}},
		Tilstande:   map[string][]mox.Tilstand{"sagfremdrift": {{Vaerdi: m.fremdrift(), Virkning: evigt()}}},
		Relationer:  map[string][]mox.Relation{"ejer": {{Reference: m.reference(), ObjektType: "Organisation", Virkning: m.virkning()}}},
	}
}

func (m *model) titel() string {
	return rapid.SampledFrom([]string{"Carport", "CARPORT ved vej", "100% garage", "a_b", "axb"}).Draw(m.T, "titel")
}
func (m *model) fremdrift() string {
	return rapid.SampledFrom([]string{"Opstaaet", "Oplyst", "Afgjort"}).Draw(m.T, "fremdrift")
}
func (m *model) reference() mox.Reference {
	return rapid.SampledFrom([]mox.Reference{{URN: "urn:x:1"}, {URN: "urn:oio:cpr-nr:3102450001"}, {UUID: "6a7b8c9d-0e1f-4a2b-9c3d-4e5f6a7b8c9d"}}).Draw(m.T, "reference")
}

func (m *model) rettelse() mox.Registrering {
	ud := mox.Registrering{Attributter: map[string][]mox.Attribut{}, Tilstande: map[string][]mox.Tilstand{}, Relationer: map[string][]mox.Relation{}}
	switch rapid.IntRange(0, 3).Draw(m.T, "hvad") {
	case 0:
		ud.Attributter["sagegenskaber"] = []mox.Attribut{{Felter: map[string]string{"titel": m.titel()}, Virkning: m.virkning()}}
	case 1:
		ud.Tilstande["sagfremdrift"] = []mox.Tilstand{{Vaerdi: m.fremdrift(), Virkning: m.virkning()}}
	case 2:
		ud.Relationer["ejer"] = []mox.Relation{{Reference: m.reference(), ObjektType: rapid.SampledFrom([]string{"Organisation", "Bruger"}).Draw(m.T, "type"), Virkning: m.virkning()}}
	case 3:
		ud.Relationer["andresager"] = []mox.Relation{{Reference: m.reference(), Indeks: rapid.IntRange(0, 2).Draw(m.T, "indeks"), Virkning: m.virkning()}}
	}
	return ud
}

func (m *model) spil() {
	for range rapid.IntRange(2, 12).Draw(m.T, "skridt") {
		if len(m.alle) == 0 || len(m.alle) < 3 && rapid.IntRange(0, 2).Draw(m.T, "nyt") == 0 {
			ud, err := m.r.Opret(m.t.Context(), m.hvem(), mox.Sag, m.hel())
			if err != nil {
				m.Fatal(err)
			}
			m.alle = append(m.alle, &objekt{id: ud.ObjektID, versioner: []register.Version{ud.Version}})
			continue
		}
		m.skridt(m.alle[rapid.IntRange(0, len(m.alle)-1).Draw(m.T, "objekt")])
	}
	for range 6 {
		m.laes(m.alle[rapid.IntRange(0, len(m.alle)-1).Draw(m.T, "læs")])
		m.soeg()
	}
}

// skridt does one operation on both, and demands that they agree on whether it may be done.
func (m *model) skridt(o *objekt) {
	foer := o.nyeste()
	var ud register.Registreret
	var err error
	var vil mox.Registrering
	var kode mox.LivscyklusKode
	switch op := rapid.IntRange(0, 7).Draw(m.T, "operation"); op {
	case 0:
		kode, vil = mox.Slettet, foer.Registrering
		ud, err = m.r.Slet(m.t.Context(), m.hvem(), mox.Sag, o.id, "", "")
	case 1:
		kode, vil = mox.Passiveret, foer.Registrering
		ud, err = m.r.Passiver(m.t.Context(), m.hvem(), mox.Sag, o.id, "", "")
	case 2:
		kode, vil = mox.Importeret, m.hel()
		if mox.Rettet.MaaFoelge(foer.LivscyklusKode) {
			kode = mox.Rettet
		}
		ud, err = m.r.Importer(m.t.Context(), m.hvem(), mox.Sag, o.id, "", vil)
	default:
		rettelse := m.rettelse()
		var regel error
		if vil, regel = foer.Ret(mox.Sag, rettelse); regel != nil {
			m.Fatal(regel)
		}
		kode = mox.Rettet
		ud, err = m.r.Ret(m.t.Context(), m.hvem(), mox.Sag, o.id, "", rettelse)
	}
	igen := kode == mox.Slettet && foer.LivscyklusKode == mox.Slettet || kode == mox.Rettet && foer.LivscyklusKode != mox.Passiveret && foer.LivscyklusKode != mox.Slettet && vil.Ens(foer.Registrering)
	switch {
	case igen:
		if err != nil || !ud.Uaendret {
			m.Fatalf("%v, %+v: nothing changes", err, ud)
		}
	case !kode.MaaFoelge(foer.LivscyklusKode):
		if mox.KodeAf(err) != mox.KodeUgyldig {
			m.Fatalf("%s after %s: %v", kode, foer.LivscyklusKode, err)
		}
	case err != nil || ud.Uaendret || ud.Version.LivscyklusKode != kode || !ud.Version.Ens(vil) || !ud.Version.FraTidspunkt.After(foer.FraTidspunkt):
		m.Fatalf("%s after %s: %v, %+v", kode, foer.LivscyklusKode, err, ud)
	default:
		foer.Til = ud.Version.FraTidspunkt
		o.versioner = append(o.versioner, ud.Version)
	}
}

// tider draws what to read about: a version's time or now, and a day, an interval, or now.
func (m *model) tider() register.Tider {
	var ud register.Tider
	o := m.alle[rapid.IntRange(0, len(m.alle)-1).Draw(m.T, "tid af")]
	v := o.versioner[rapid.IntRange(0, len(o.versioner)-1).Draw(m.T, "version")]
	switch rapid.IntRange(0, 2).Draw(m.T, "registreringstid") {
	case 0:
		ud.RegFra, ud.RegTil = v.FraTidspunkt, v.FraTidspunkt
	case 1:
		ud.RegFra = v.FraTidspunkt
	}
	fra := rapid.IntRange(-1, dage).Draw(m.T, "fra")
	ud.VirkFra = dag(fra)
	ud.VirkTil = ud.VirkFra
	if rapid.Bool().Draw(m.T, "interval") {
		ud.VirkTil = dag(rapid.IntRange(fra+1, dage+1).Draw(m.T, "til"))
	}
	return ud
}

// gaelder are the versions that were in force at some asked registreringstid, newest first, as they look at the asked
// virkningstid.
func (o *objekt) gaelder(tider register.Tider) (ud []register.Version) {
	for _, v := range slices.Backward(o.versioner) {
		paa := v.Til.IsZero()
		if !tider.RegFra.IsZero() {
			paa = v.Til.IsZero() || v.Til.After(tider.RegFra)
			if !tider.RegTil.IsZero() {
				paa = paa && !v.FraTidspunkt.After(tider.RegTil)
			}
		}
		if !paa {
			continue
		}
		if tider.VirkFra == tider.VirkTil {
			v.Registrering = v.Paa(tider.VirkFra)
		} else {
			v.Registrering = v.Under(tider.VirkFra, tider.VirkTil)
		}
		ud = append(ud, v)
	}
	return ud
}

func (m *model) laes(o *objekt) {
	tider := m.tider()
	vil := o.gaelder(tider)
	got, err := m.r.List(m.t.Context(), m.hvem(), mox.Sag, []mox.ObjektID{o.id}, tider)
	if err != nil {
		m.Fatal(err)
	}
	if len(vil) == 0 {
		if len(got) != 0 {
			m.Fatalf("%+v: %+v, want nothing", tider, got)
		}
		return
	}
	if d := cmp.Diff(vil, got[0].Versioner, cmpopts.EquateEmpty(), cmp.Comparer(func(a, b mox.Tidspunkt) bool { return a == b })); d != "" {
		m.Fatalf("%+v: -model +register\n%s", tider, d)
	}
}

// soeg searches for one or two things, and looks through everything for the same.
func (m *model) soeg() {
	s := register.Soegning{Tider: m.tider(), Kriterier: []register.Kriterium{{Slags: register.Attributkriterium, Navn: "brugervendtnoegle", Vaerdi: m.bvn()}}}
	if rapid.IntRange(0, 3).Draw(m.T, "livscyklus") == 0 {
		s.Livscyklus = rapid.SampledFrom(mox.LivscyklusKoder()).Draw(m.T, "kode")
	}
	k := rapid.SampledFrom([]register.Kriterium{
		{Slags: register.Attributkriterium, Navn: "titel", Vaerdi: "carport"}, {Slags: register.Attributkriterium, Navn: "titel", Vaerdi: "carport%"},
		{Slags: register.Attributkriterium, Navn: "titel", Vaerdi: `100\%%`}, {Slags: register.Attributkriterium, Vaerdi: "a_b"}, {Slags: register.Attributkriterium, Navn: "titel", Vaerdi: "%a%"},
		{Slags: register.Tilstandkriterium, Navn: "fremdrift", Vaerdi: "oplyst"}, {Slags: register.Relationkriterium, Navn: "ejer", Vaerdi: "urn:x:1"},
		{Slags: register.Relationkriterium, Vaerdi: "urn:oio:cpr-nr:3102450001"}, {Slags: register.Relationkriterium, Navn: "ejer", Vaerdi: "6a7b8c9d-0e1f-4a2b-9c3d-4e5f6a7b8c9d", Maaltype: "Bruger"},
	}).Draw(m.T, "kriterium")
	s.Kriterier = append(s.Kriterier, k)
	var vil []mox.ObjektID
	for _, o := range m.alle {
		if o.har(s, k) {
			vil = append(vil, o.id)
		}
	}
	slices.Sort(vil)
	got, err := m.r.Soeg(m.t.Context(), m.hvem(), mox.Sag, s)
	if err != nil {
		m.Fatal(err)
	}
	slices.Sort(got)
	if !slices.Equal(got, vil) {
		m.Fatalf("%+v: %v, want %v", s, got, vil)
	}
}

// har reports whether some registrering in force at the asked time says what is asked for. The two criteria may be met by
// two of them.
func (o *objekt) har(s register.Soegning, k register.Kriterium) bool {
	livscyklus, vaerdi, noegle := false, false, false
	for _, v := range o.gaelder(s.Tider) {
		if s.Livscyklus == "" && v.LivscyklusKode != mox.Slettet || v.LivscyklusKode == s.Livscyklus {
			livscyklus = true
		}
		vaerdi = vaerdi || siger(v.Registrering, k)
		noegle = noegle || siger(v.Registrering, s.Kriterier[0])
	}
	return livscyklus && vaerdi && noegle
}

func siger(r mox.Registrering, k register.Kriterium) bool {
	switch k.Slags {
	case register.Tilstandkriterium:
		return slices.ContainsFunc(r.Tilstande["sagfremdrift"], func(s mox.Tilstand) bool { return strings.EqualFold(s.Vaerdi, k.Vaerdi) })
	case register.Relationkriterium:
		for navn, l := range r.Relationer {
			for _, rel := range l {
				if (k.Navn == "" || k.Navn == navn) && rel.Reference.String() == k.Vaerdi && (k.Maaltype == "" || k.Maaltype == rel.ObjektType) {
					return true
				}
			}
		}
		return false
	}
	for _, a := range r.Attributter["sagegenskaber"] {
		for navn, v := range a.Felter {
			if (k.Navn == "" || k.Navn == navn) && passer(strings.ToLower(v), k.Vaerdi) {
				return true
			}
		}
	}
	return false
}

// passer reports whether v is like the pattern: % stands for anything, \% for the sign.
func passer(v, moenster string) bool {
	switch {
	case moenster == "":
		return v == ""
	case strings.HasPrefix(moenster, `\%`):
		return strings.HasPrefix(v, "%") && passer(v[1:], moenster[2:])
	case moenster[0] == '%':
		for i := range len(v) + 1 {
			if passer(v[i:], moenster[1:]) {
				return true
			}
		}
		return false
	}
	return v != "" && v[0] == moenster[0] && passer(v[1:], moenster[1:])
}

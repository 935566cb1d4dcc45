package register_test

import (
	"slices"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/register"
	"github.com/moxkit/mox/store"
	"github.com/moxkit/mox/store/storetest"
)

// hus is a register whose distributor has an abonnement for everything.
type hus struct {
	*testing.T
	d *distributor.Distributor
	r *register.Register
}

func paaBegge(t *testing.T, f func(h *hus)) {
	t.Helper()
	t.Parallel()
	for navn, url := range map[string]func(testing.TB) string{"SQLite": storetest.SQLite, "PostgreSQL": storetest.Postgres} {
		t.Run(navn, func(t *testing.T) {
			t.Parallel()
			s, err := store.Open(t.Context(), url(t))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			d, err := distributor.New(t.Context(), s, distributor.Options{})
			if err != nil {
				t.Fatal(err)
			}
			h := &hus{T: t, d: d, r: register.New(d, register.Options{})}
			sag := h.filter(map[string]any{"objekttype": "Sag"})
			h.maa(d.Konfigurer(t.Context(), []mox.Abonnement{h.r.Foelger(sag), {ID: "alt", System: "Alt", Filter: sag, Orden: mox.OrdenObjekt, Plan: mox.Plan{Forsoeg: 3}, Gentages: true}}, nil))
			f(h)
		})
	}
}

func (h *hus) maa(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *hus) filter(m map[string]any) mox.Filter {
	f, fejl := mox.LaesFilter(m)
	if len(fejl) > 0 {
		h.Fatal(fejl)
	}
	return f
}

// sag is a Sag with a title from fra on.
func sag(titel string, fra mox.Tidspunkt) mox.Registrering {
	v := mox.Virkning{Fra: fra, Til: mox.Uendelig}
	return mox.Registrering{LivscyklusKode: mox.Opstaaet,
		Attributter: map[string][]mox.Attribut{"sagegenskaber": {{Felter: map[string]string{"brugervendtnoegle": "S-1", "sagsnummer": "S-1", "titel": titel, "beskrivelse": "b", "kassationskode": "B"}, Virkning: v}}},
		Tilstande:   map[string][]mox.Tilstand{"sagfremdrift": {{Vaerdi: "Opstaaet", Virkning: v}}}}
}

const esdhsag = mox.ObjektID("aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee")

// send lets a system tell of a Sag, as it says it was at tid.
func (h *hus) send(system string, id mox.ObjektID, kode mox.LivscyklusKode, titel string, tid time.Time) {
	h.Helper()
	r := sag(titel, mox.MinusUendelig)
	r.LivscyklusKode, r.FraTidspunkt = kode, tid
	indhold, err := oio.MarshalRegistrering(mox.Sag, id, r)
	h.maa(err)
	b := h.d.Om(mox.Besked{ID: mox.BeskedID(mox.NyUUID()), ObjektID: id, ObjektType: mox.Sag, Kildesystem: system, Dannet: tid, Indhold: indhold}, r)
	_, err = h.d.Accept(h.Context(), system, b)
	h.maa(err)
}

// foelg lets the register do all the work there is, and gives the outcomes.
func (h *hus) foelg() (ud []mox.LeveranceTilstand) {
	h.Helper()
	for {
		l, err := h.d.Claim(h.Context(), register.FoelgeID, "proeve", 10, time.Minute)
		h.maa(err)
		if len(l) == 0 {
			return ud
		}
		for _, w := range l {
			u, err := h.r.Foelg(h.Context(), w.Besked)
			h.maa(err)
			a, err := h.d.Done(h.Context(), distributor.Afslutning{Leverance: w.Leverance, Forsoeg: w.Forsoeg, Ejer: w.Ejer, Udfald: u})
			h.maa(err)
			ud = append(ud, a.Tilstand)
		}
	}
}

// beskeder are those that came to the abonnement for everything.
func (h *hus) beskeder() (ud []mox.Besked) {
	h.Helper()
	for {
		l, err := h.d.Claim(h.Context(), "alt", "proeve", 10, time.Minute)
		h.maa(err)
		if len(l) == 0 {
			return ud
		}
		for _, w := range l {
			ud = append(ud, w.Besked)
			_, err := h.d.Done(h.Context(), distributor.Afslutning{Leverance: w.Leverance, Forsoeg: w.Forsoeg, Ejer: w.Ejer, Udfald: mox.Udfald{Resultat: mox.ResAccepteret}})
			h.maa(err)
		}
	}
}

func (h *hus) laes(id mox.ObjektID) register.Version {
	h.Helper()
	l, err := h.r.List(h.Context(), register.Hvem{Navn: "x", Adgang: register.FuldAdgang()}, mox.Sag, []mox.ObjektID{id}, register.Tider{})
	h.maa(err)
	if len(l) != 1 {
		h.Fatalf("%d objekter", len(l))
	}
	return l[0].Versioner[0]
}

func titel(v register.Version) string {
	return v.Attributter["sagegenskaber"][0].Felter["titel"]
}

// TestFoelg keeps an index of what another system says, in the order that system says it, and sends nothing itself.
func TestFoelg(t *testing.T) {
	conformance.Proves(t, "mox 47", "oio 92")
	paaBegge(t, func(h *hus) {
		kl := func(time_ int) time.Time { return time.Date(2026, 3, 2, time_, 0, 0, 0, time.UTC) }
		h.send("ESDH", esdhsag, mox.Opstaaet, "Carport", kl(8))
		h.send("ESDH", esdhsag, mox.Rettet, "Carport med skur", kl(10))
		h.send("ESDH", esdhsag, mox.Rettet, "forsinket", kl(9))
		for _, tilstand := range h.foelg() {
			if tilstand != mox.Leveret {
				h.Errorf("%s", tilstand)
			}
		}
		if v := h.laes(esdhsag); titel(v) != "Carport med skur" || v.Nr != 2 || v.LivscyklusKode != mox.Rettet {
			h.Errorf("%+v", v)
		}
		if n := len(h.beskeder()); n != 3 {
			h.Errorf("%d beskeder: the register has sent some of its own", n)
		}
		h.send("ESDH", esdhsag, mox.Slettet, "Carport med skur", kl(11))
		h.foelg()
		if v := h.laes(esdhsag); v.LivscyklusKode != mox.Slettet {
			h.Errorf("%+v", v)
		}
		h.send("ESDH", esdhsag, mox.Importeret, "igen", kl(12))
		h.foelg()
		if v := h.laes(esdhsag); v.LivscyklusKode != mox.Importeret || titel(v) != "igen" {
			h.Errorf("%+v", v)
		}

		// What the register is master of, it alone may change. Its own beskeder do not come back to it.
		egen, err := h.r.Opret(h.Context(), register.Hvem{Navn: "x", Adgang: register.FuldAdgang()}, mox.Sag, sag("egen", mox.MinusUendelig))
		h.maa(err)
		if got := h.foelg(); len(got) != 0 {
			h.Errorf("its own: %v", got)
		}
		h.send("ESDH", egen.ObjektID, mox.Rettet, "andres", kl(13))
		if got := h.foelg(); len(got) != 1 || got[0] != mox.Parkeret {
			h.Errorf("%v", got)
		}
		if v := h.laes(egen.ObjektID); titel(v) != "egen" {
			h.Errorf("%+v", v)
		}
	})
}

// TestFortaelVirkninger has something begin and something end, each told once; what is moved, past or deleted is not told.
func TestFortaelVirkninger(t *testing.T) {
	conformance.Proves(t, "mox 48")
	paaBegge(t, func(h *hus) {
		hvem := register.Hvem{Navn: "x", Adgang: register.FuldAdgang()}
		snart := time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond)
		senere := snart.Add(time.Hour)
		opret := func(fra time.Time) mox.ObjektID {
			ud, err := h.r.Opret(h.Context(), hvem, mox.Sag, sag("x", mox.Kl(fra)))
			h.maa(err)
			return ud.ObjektID
		}
		begynder, flyttet, slettet := opret(snart), opret(snart), opret(snart)
		opret(time.Now().Add(-time.Hour)) // past when it is written
		_, err := h.r.Importer(h.Context(), hvem, mox.Sag, flyttet, "", sag("x", mox.Kl(senere)))
		h.maa(err)
		_, err = h.r.Slet(h.Context(), hvem, mox.Sag, slettet, "", "")
		h.maa(err)
		h.beskeder()

		for _, til := range []time.Time{{}, snart.Add(-time.Microsecond)} {
			if n, err := h.r.FortaelVirkninger(h.Context(), til); n != 0 || err != nil {
				h.Errorf("told before it came: %d, %v", n, err)
			}
		}
		if n, err := h.r.FortaelVirkninger(h.Context(), snart); n != 1 || err != nil {
			h.Errorf("%d, %v", n, err)
		}
		got := h.beskeder()
		if len(got) != 1 || got[0].ObjektID != begynder || got[0].Type != register.TypeVirkning || !got[0].GyldigFra.Equal(snart) || len(got[0].Indhold) == 0 {
			h.Errorf("%+v", got)
		}
		n, err := h.r.FortaelVirkninger(h.Context(), snart)
		if err != nil || n != 0 || len(h.beskeder()) != 0 {
			h.Errorf("told again: %d, %v", n, err)
		}
	})
}

// A besked from the register says how sensitive the Sag is, where the register knows what its class stands for. Without an
// agreement, what is sensitive reaches nobody.
func TestFoelsomhedIBeskeden(t *testing.T) {
	paaBegge(t, func(h *hus) {
		for _, klasse := range []string{"urn:mox:foelsomhed:IKKE_FORTROLIGE_DATA", "urn:mox:foelsomhed:VIP_SAGER", "urn:x:ukendt", ""} {
			s := sag("x", mox.MinusUendelig)
			if klasse != "" {
				s.Relationer = map[string][]mox.Relation{"foelsomhedsklasse": {{Reference: mox.Reference{URN: klasse}, Virkning: mox.Virkning{Fra: mox.MinusUendelig, Til: mox.Uendelig}}}}
			}
			_, err := h.r.Opret(h.Context(), register.Hvem{Navn: "x", Adgang: register.FuldAdgang()}, mox.Sag, s)
			h.maa(err)
		}
		var set []string
		for _, b := range h.beskeder() {
			set = append(set, b.Foelsomhed)
		}
		if vil := []string{mox.IkkeFortrolig, "", ""}; !slices.Equal(set, vil) {
			h.Errorf("%q, want %q", set, vil)
		}
	})
}

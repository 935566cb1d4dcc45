package agent

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/store"
)

// Each way of making a repeat harmless, against each way a call can end without a usable answer: at the end there is one
// effect, and where the machine cannot know that, a person is asked.
func TestGentagelserErUskadelige(t *testing.T) {
	t.Parallel()
	faar := map[string]fejl{
		"afbrudt efter virkningen": {virker: true, skaer: true},
		"afbrudt før virkningen":   {skaer: true},
		"500 efter virkningen":     {virker: true, status: 500},
		"500 uden virkning":        {status: 500},
	}
	for _, gentag := range []string{GentagNoegle, GentagOpslag, GentagNej} {
		for navn, f := range faar {
			t.Run(gentag+" "+navn, func(t *testing.T) {
				t.Parallel()
				proevGentagelse(t, gentag, f)
			})
		}
	}
}

func proevGentagelse(t *testing.T, gentag string, galt fejl) {
	h, f := nytHus(t), nytFagsystem(t)
	// A lookup answers 200, which this sink does not count as having been made.
	a := h.agent(esdh(f, gentag, "    answer: {accepted: [201], rejected: {409: modtager}, besked: {map: maps/fagsvar.yaml, key: id}}\n"))
	if gentag == GentagNoegle { // the system answers a key it has seen with 200
		a.sinks[0].spec.Answer.Accepted = []any{200, 201}
	}
	s := a.sinks[0]
	h.sag("Byggesag", "2026-1", nil)
	f.gaarGalt(galt)
	l := h.arbejd(s)
	if gentag == GentagNej {
		h.bliver(l, mox.Uvis)
		h.intet(s)
		ens(t, "kald", len(f.skrevet()), 1)
		ens(t, "ansvar", h.enFejl().Ansvar, mox.AnsvarModtager)
		return
	}
	h.bliver(l, mox.Udsat)
	h.bliver(h.arbejd(s), mox.Leveret)
	liste(t, "virkninger", f.virkninger(), []string{"POST 2026-1 Carport"})
	ventet := 2
	if gentag == GentagOpslag && galt.virker {
		ventet = 1 // it asked, and did not write again
	}
	ens(t, "skrivninger", len(f.skrevet()), ventet)
	h.intet(s)
	h.ingenFejl()
	h.sender("Sag.Opstaaet 101 Carport")

	h.sag("Byggesag", "2026-1", map[string]string{"egenskaber.titel": "Garage"}) // the key was learnt, however it was answered
	w := h.hent(s)
	ens(t, "nøgle", w.Noegler[string(w.Besked.ObjektID)], "101")
}

// Writing the same twice is the same state.
func TestEnNaturligGentagelse(t *testing.T) {
	t.Parallel()
	h, f := nytHus(t), nytFagsystem(t)
	a := h.agent(tovejs(f.URL))
	f.saet("7", map[string]any{"nr": "7", "titel": "Carport", "status": "aaben"})
	h.laes(enKilde(a))
	h.besked("ESDH", h.sidste().ObjektID, map[string]string{"egenskaber.integrationsdata": "J-1"})
	f.gaarGalt(fejl{virker: true, skaer: true})
	h.bliver(h.arbejd(a.sinks[0]), mox.Udsat)
	h.bliver(h.arbejd(a.sinks[0]), mox.Leveret)
	ens(t, "journal", f.har("7", "journal"), any("J-1"))
}

// A lookup that cannot tell is no "not there": nothing is written until it can.
func TestOpslagetKanIkkeSige(t *testing.T) {
	t.Parallel()
	h, f := nytHus(t), nytFagsystem(t)
	s := h.agent(esdh(f, GentagOpslag, "")).sinks[0]
	h.sag("Byggesag", "2026-1", nil)
	f.gaarGalt(fejl{virker: true, skaer: true})
	h.bliver(h.arbejd(s), mox.Udsat)
	f.mu.Lock()
	f.lovlig = map[string]string{"en-anden": "x"} // every call, lookups too, is refused from now on
	f.mu.Unlock()
	h.bliver(h.arbejd(s), mox.Parkeret)
	f.mu.Lock()
	f.lovlig = nil
	f.mu.Unlock()
	ens(t, "skrivninger", len(f.skrevet()), 1)

	_, err := h.Distributor.Gensend(t.Context(), store.Udvalg{}, distributor.Hvem{Navn: "Inge"}, false)
	maa(t, err)
	h.bliver(h.arbejd(s), mox.Leveret)
	ens(t, "skrivninger", len(f.skrevet()), 1)
	liste(t, "virkninger", f.virkninger(), []string{"POST 2026-1 Carport"})
}

// No lookup before the system has had its time: until then it may still be working on the first call.
func TestOpslagVenterPaaRo(t *testing.T) {
	t.Parallel()
	h, f := nytHus(t), nytFagsystem(t)
	kilde := esdh(f, GentagOpslag, "")
	s := h.agent(strings.Replace(kilde, "ro: 1ms", "ro: 1h", 1)).sinks[0]
	h.sag("Byggesag", "2026-1", nil)
	f.gaarGalt(fejl{virker: true, skaer: true})
	l := h.arbejd(s)
	h.bliver(l, mox.Udsat)
	if om := l.Naeste.Sub(h.sidste().Modtaget); om < 59*time.Minute {
		t.Errorf("næste forsøg om %s, systemet kan arbejde en time", om)
	}
}

// What the machine must not repeat a person decides: it happened, and the answer is told as if it had been heard.
func TestUvistUdfaldDerSkete(t *testing.T) {
	t.Parallel()
	h, f := nytHus(t), nytFagsystem(t)
	a := h.agent(esdh(f, GentagNej, ""))
	s := a.sinks[0]
	b := h.sag("Byggesag", "2026-1", nil)
	h.sag("Byggesag", "2026-1", map[string]string{"egenskaber.titel": "Garage"})
	f.gaarGalt(fejl{virker: true, skaer: true})
	l := h.arbejd(s)
	h.bliver(l, mox.Uvis)
	h.intet(s) // the next about the same objekt waits for the answer
	fejl := h.enFejl()
	liste(t, "en person spørges om", a.SvarFelter(s.id), []string{"id"})
	liste(t, "en anden agents", a.SvarFelter("andre.sager"), nil)

	u, err := h.Distributor.FindOpgave(t.Context(), fejl.ID)
	maa(t, err)
	w, err := h.Distributor.Arbejde(t.Context(), u.Opgave)
	maa(t, err)
	_, err = a.Skete(w, s.id, nil)
	kode(t, err, mox.KodeUgyldig)
	_, err = a.Skete(w, "esdh.andre", nil)
	kode(t, err, mox.KodeIkkeFundet)

	h.skete(a, fejl.ID, map[string]string{"id": "101"})
	h.bliver(h.leverance(l.ID), mox.Leveret)
	h.sender("Sag.Opstaaet 101 Carport")
	ens(t, "foraarsagetAf", h.sidste().ForaarsagetAf, b.ID)
	h.bliver(h.arbejd(s), mox.Leveret)
	liste(t, "virkninger", f.virkninger(), []string{"POST 2026-1 Carport", "PUT 2026-1 Garage"})
	h.ingenFejl()
}

// It did not happen: it is done once more, and if that too is uncertain, a person is asked again.
func TestUvistUdfaldDerIkkeSkete(t *testing.T) {
	t.Parallel()
	h, f := nytHus(t), nytFagsystem(t)
	s := h.agent(esdh(f, GentagNej, "")).sinks[0]
	h.sag("Byggesag", "2026-1", nil)
	f.gaarGalt(fejl{skaer: true}, fejl{skaer: true})
	for range 2 {
		h.bliver(h.arbejd(s), mox.Uvis)
		h.intet(s)
		maa(t, h.Distributor.SketeIkke(t.Context(), h.enFejl().ID, distributor.Hvem{Navn: "Inge", Begrundelse: "ikke i systemet"}))
	}
	h.bliver(h.arbejd(s), mox.Leveret)
	h.intet(s)
	liste(t, "virkninger", f.virkninger(), []string{"POST 2026-1 Carport"})
	h.ingenFejl()
}

// A process that dies in a call leaves an attempt without outcome. The next process on the data folder deals with it as
// with any other lost answer.
func TestProcessenDoerIEtKald(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 38")
	for gentag, vil := range map[string]mox.LeveranceTilstand{GentagNoegle: mox.Leveret, GentagOpslag: mox.Leveret, GentagNej: mox.Uvis} {
		t.Run(gentag, func(t *testing.T) {
			t.Parallel()
			h, f := nytHus(t), nytFagsystem(t)
			a := h.agent(esdh(f, gentag, ""))
			s := a.sinks[0]
			h.sag("Byggesag", "2026-1", nil)
			w, err := h.Hent(t.Context(), s.id, "en anden proces/1", 1, 0, 0)
			maa(t, err)
			s.forsoeg(t.Context(), w[0]) // it did its work, and never told
			maa(t, h.Distributor.Start(t.Context()))
			if vil == mox.Leveret {
				h.arbejd(s)
			}
			h.bliver(h.leverance(w[0].Leverance), vil)
			liste(t, "virkninger", f.virkninger(), []string{"POST 2026-1 Carport"})
			if gentag == GentagNoegle {
				ens(t, "samme nøgle", slices.Contains(h.forsoeg(w[0].Leverance), "ukendt lejemaal"), true)
			}
		})
	}
}

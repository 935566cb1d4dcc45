package agent

import (
	"strings"
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/register"
	"github.com/moxkit/mox/store"
)

// medSletning is an agent that also takes orders to erase.
func medSletning(f *fagsystem, gentag string) string {
	til := map[string]string{GentagOpslag: "      opslag: {url: \"/api/opslag?nr={{felt.nr}}\", fundet: items.0.id, svar: items.0}\n"}[gentag]
	return esdh(f, gentag, "") + `  - name: slet
    filter: {objekttype: Sag, beskedtype: Sletning}
    map: maps/fag.yaml
    felter: [nr, titel, oversag]
    to:
      type: http
      url: "` + f.URL + `"
      method: DELETE
      opret: {method: POST, url: /api/sager}
      ret: {url: "/api/sager/{{key}}"}
      passiver: {url: "/api/sager/{{key}}"}
      slet: {url: "/api/sager/{{key}}"}
` + til + `    gentag: ` + gentag + `
    ro: 1ms
    plan: {forsoeg: 4, foerste: 1ms, hoejst: 2ms}
    answer: {accepted: [200, 404, 410], rejected: {409: modtager}}
`
}

// glem erases an objekt that only beskeder tell of, and tells how many receivers there are.
func (h *hus) glem(id mox.ObjektID) []distributor.Sletstatus {
	h.Helper()
	r := register.New(h.Distributor, register.Options{})
	ud, err := r.Glem(h.Context(), register.Hvem{Navn: "dpo", Adgang: register.FuldAdgang()}, mox.Sag, id, register.Glemmevalg{Begrundelse: "x", Hjemmel: "y"})
	maa(h, err)
	return ud.Fjernet.Modtagere
}

// An agent that asks for Sletning erases the record by the key that the system gave it. Nothing is mapped, no answer becomes a
// besked, and what the record was called is forgotten.
func TestSletningBliverTilEtKald(t *testing.T) {
	t.Parallel()
	h, f := nytHus(t), nytFagsystem(t)
	a := h.agent(medSletning(f, GentagNaturlig))
	b := h.sag("Byggesag", "2026-1", nil)
	h.bliver(h.arbejd(a.sinks[0]), mox.Leveret)
	if m := h.glem(b.ObjektID); len(m) != 1 || m[0].Abonnement != "esdh.slet" || m[0].Stand != distributor.SletVenter {
		t.Fatalf("%+v", m)
	}
	foer := len(h.alle())
	h.bliver(h.arbejd(a.sinks[1]), mox.Leveret)
	if f.har("101", "nr") != nil || len(h.alle()) != foer {
		t.Errorf("the system has %v, and there are %d beskeder more", f.har("101", "nr"), len(h.alle())-foer)
	}
	if krop := f.skrevet(); len(krop[len(krop)-1]) != 0 {
		t.Errorf("it was sent %v", krop[len(krop)-1])
	}
	_, err := h.Distributor.AfslutSletninger(t.Context())
	maa(t, err)
	h.se(func(tx *store.Tx) error {
		_, kendt, err := tx.Noegle("ESDH", b.ObjektID)
		if kendt {
			t.Error("the key is still known")
		}
		return err
	})
}

// Where MOX has no key there is nothing to call with, least of all to make a record. A person is told.
func TestSletningUdenNoegle(t *testing.T) {
	t.Parallel()
	h, f := nytHus(t), nytFagsystem(t)
	a := h.agent(medSletning(f, GentagNaturlig))
	b := h.sag("Byggesag", "2026-1", nil)
	f.gaarGalt(fejl{status: 409})
	h.bliver(h.arbejd(a.sinks[0]), mox.Parkeret) // it has had it, and said no
	h.glem(b.ObjektID)
	l := h.arbejd(a.sinks[1])
	h.bliver(l, mox.Parkeret)
	if x := h.enFejl(); !strings.Contains(x.Tekst, "nøgle") || x.Leverance != l.ID {
		t.Errorf("%+v", x)
	}
	liste(t, "virkninger", f.virkninger(), nil)
}

// A lookup tells that the record is there, and that is not that it has been erased: it is not asked.
func TestSletningSlaasIkkeOp(t *testing.T) {
	t.Parallel()
	h, f := nytHus(t), nytFagsystem(t)
	a := h.agent(medSletning(f, GentagOpslag))
	b := h.sag("Byggesag", "2026-1", nil)
	h.bliver(h.arbejd(a.sinks[0]), mox.Leveret)
	h.glem(b.ObjektID)
	f.gaarGalt(fejl{skaer: true}, fejl{status: 404})
	h.bliver(h.arbejd(a.sinks[1]), mox.Udsat)
	h.vent("næste forsøg", func() bool {
		w, err := h.Distributor.Claim(t.Context(), a.sinks[1].id, "x", 1, 0)
		maa(t, err)
		if len(w) > 0 {
			a.sinks[1].arbejd(t.Context(), w[0])
		}
		return len(w) > 0
	})
	if n := len(f.skrevet()); n != 3 {
		t.Errorf("%d calls", n)
	}
}

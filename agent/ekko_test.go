package agent

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/store"
)

// tovejs is an agent for a system that both tells of its cases and is told what others know of them.
func tovejs(adresse string) string {
	return fmt.Sprintf(`agent: fag
system: Fag
acts_as: svc-mox
sources:
  - name: sager
    from: {type: http, url: "%[1]s/api/sager"}
    start: alt
    key: id
    map: maps/fag.yaml
sinks:
  - name: journal
    filter: {objekttype: Sag}
    map: maps/fag.yaml
    felter: [journal, areal]
    to: {type: http, method: PATCH, url: "%[1]s/api/sager/{{key}}"}
    gentag: naturlig
    plan: {forsoeg: 3, foerste: 1ms, hoejst: 2ms}
`, adresse)
}

// What MOX has written into a system is no news when the system tells it again: as it was written, as the system said it
// holds it, or spelled otherwise with the same meaning. A person's change is news.
func TestEkko(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 24")
	for navn, c := range map[string]struct {
		tavs   bool
		staver func(felt string, v any) any
	}{
		"som det blev skrevet":                             {true, nil},
		"stavet på systemets måde":                         {true, func(f string, v any) any { return stavet(f, v, "areal", "0%v") }},
		"som systemet svarede, at det har det":             {false, func(f string, v any) any { return stavet(f, v, "journal", "%v (ESDH)") }},
		"rundet op og stavet af systemet, som svarede det": {false, func(f string, v any) any { return stavet(f, v, "areal", "0%v5") }},
	} {
		t.Run(navn, func(t *testing.T) {
			t.Parallel()
			h, f := nytHus(t), nytFagsystem(t)
			f.tavs, f.staver = c.tavs, c.staver
			a := h.agent(tovejs(f.URL))
			f.saet("7", map[string]any{"nr": "7", "titel": "Carport", "status": "aaben"})
			h.laes(enKilde(a))
			h.sender("Sag.Importeret 7 Carport")
			h.intet(a.sinks[0]) // its own besked does not come back to it

			h.besked("ESDH", h.sidste().ObjektID, map[string]string{"egenskaber.integrationsdata": "J-1", "egenskaber.hjemmel": "120"})
			h.arbejd(a.sinks[0])
			liste(t, "virkninger", f.virkninger(), []string{"PATCH 7 Carport"})
			h.laes(enKilde(a))
			h.sender()
			ens(t, "ekkoer", h.kildestand(enKilde(a)).Ekko, 1)

			f.saet("7", map[string]any{"areal": "130"})
			h.laes(enKilde(a))
			h.sender("Sag.Rettet 7 Carport")
			ens(t, "arealet", h.vaerdier(h.sidste().Besked)["egenskaber.hjemmel"], "130")
			h.ingenFejl()
		})
	}
}

// A source that reads the system between the effect of a write and MOX's knowing of it waits, and what MOX has written is no
// news. Who reads is not who writes: another process, or the same one after it was killed.
func TestEkkoFoerMOXVedDet(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 24")
	for navn, c := range map[string]struct {
		foerst []fejl // how the write goes wrong before it goes well
		doer   bool   // the writer is killed before it reports
	}{
		"svaret kommer":                       {},
		"svaret siger fejl, men det er gjort": {foerst: []fejl{{virker: true, status: 500}}},
		"den, der skriver, dør":               {doer: true},
	} {
		t.Run(navn, func(t *testing.T) {
			t.Parallel()
			h, f := nytHus(t), nytFagsystem(t)
			a := h.agent(tovejs(f.URL))
			f.saet("7", map[string]any{"nr": "7", "titel": "Carport", "status": "aaben"})
			h.laes(enKilde(a))
			h.nye()
			h.besked("ESDH", h.sidste().ObjektID, map[string]string{"egenskaber.integrationsdata": "J-1"})
			f.gaarGalt(c.foerst...)
			laest := h.laeserFoerMOXVedDet(c.doer)
			if c.doer {
				h.doer(a.sinks[0])
			}
			for n := range len(c.foerst) + 1 {
				h.arbejd(a.sinks[0])
				ventes, err := h.Uafklarede(t.Context(), laest7)
				maa(t, err)
				ens(t, "der ventes stadig", len(ventes) == 1, n < len(c.foerst))
			}
			<-laest
			h.sender()
			h.ingenFejl()
		})
	}
}

// The same where MOX makes a record: that it is there is the system's answer, and not told as something a person did.
func TestOprettetFoerMOXVedDet(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 24")
	for _, doer := range []bool{false, true} {
		t.Run(fmt.Sprintf("dør %t", doer), func(t *testing.T) {
			t.Parallel()
			h, f := nytHus(t), nytFagsystem(t)
			a := h.agent(strings.Replace(esdh(f, GentagOpslag, ""), "sinks:", fmt.Sprintf(`sources:
  - name: egne
    from: {type: http, url: "%s/api/sager"}
    start: alt
    key: id
    map: maps/fagegen.yaml
sinks:`, f.URL), 1))
			f.saet("7", map[string]any{"id": "7", "nr": "7", "titel": "Carport"})
			h.laes(enKilde(a))
			h.nye()
			sag := h.sag("Byggesag", "2026-1", nil)
			laest := h.laeserFoerMOXVedDet(doer)
			if doer {
				h.doer(a.sinks[0])
			}
			h.bliver(h.arbejd(a.sinks[0]), mox.Leveret)
			<-laest
			h.sender("Sag.Opstaaet 101 Carport")
			ens(t, "foraarsagetAf", h.sidste().ForaarsagetAf, sag.ID)
			h.ingenFejl()
		})
	}
}

// What nobody knows the outcome of holds nothing back for ever: a person may take days to find out.
func TestKildenVenterIkkePaaEnPerson(t *testing.T) {
	t.Parallel()
	h, f := nytHus(t), nytFagsystem(t)
	a := h.agent(strings.Replace(tovejs(f.URL), "gentag: naturlig", "gentag: nej", 1))
	f.saet("7", map[string]any{"nr": "7", "titel": "Carport", "status": "aaben"})
	h.laes(enKilde(a))
	h.nye()
	h.besked("ESDH", h.sidste().ObjektID, map[string]string{"egenskaber.integrationsdata": "J-1"})
	f.gaarGalt(fejl{virker: true, skaer: true})
	h.bliver(h.arbejd(a.sinks[0]), mox.Uvis)
	ventes, err := h.Uafklarede(t.Context(), laest7)
	maa(t, err)
	ens(t, "ventes på", len(ventes), 1)
	maa(t, h.Distributor.Store().Update(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE forsoeg SET afsluttet = afsluttet - ?`, distributor.UafklaretVentes.Microseconds())
		return err
	}))
	ventes, err = h.Uafklarede(t.Context(), laest7)
	maa(t, err)
	ens(t, "ventes på, da der er gået for længe", len(ventes), 0)
	h.laes(enKilde(a))
	h.sender("Sag.Rettet 7 Carport")
}

// laeserFoerMOXVedDet has the agent of another process read its source once, when the next write has had its effect and MOX
// does not know. The write goes on when the source waits, and dies first if it is to.
func (h *hus) laeserFoerMOXVedDet(doer bool) (laest <-chan struct{}) {
	venter, faerdig := make(chan struct{}, 1), make(chan struct{})
	laeser := h.start(h.specs[0], func(o *Options) {
		o.Punkt = func(navn string) {
			if navn == "kilde.venter" {
				select {
				case venter <- struct{}{}:
				default:
				}
			}
		}
	})
	var een sync.Once
	h.forstyr(func(hvad string) (err error) {
		if hvad != "Done" {
			return nil
		}
		een.Do(func() {
			go func() {
				defer close(faerdig)
				h.laes(enKilde(laeser))
			}()
			select {
			case <-venter:
			case <-faerdig:
				h.Error("the source told MOX before MOX knew")
			}
			if doer {
				err = errDoed
			}
		})
		return err
	})
	return faerdig
}

// errDoed ends the report as the end of the process would.
var errDoed = mox.E("prøve", mox.KodeKonflikt, "processen blev dræbt")

// doer has a sink begin its work and be killed before it reports, and its lease end, as when MOX starts again.
func (h *hus) doer(s *sink) {
	h.Helper()
	w := h.hent(s)
	s.arbejd(h.Context(), w)
	h.bliver(h.leverance(w.Leverance), mox.UnderLevering)
	maa(h, h.Distributor.Store().Update(h.Context(), func(tx *store.Tx) error {
		_, err := tx.EndLejemaal("den næste")
		return err
	}))
	n, err := h.Distributor.AfslutUdloebne(h.Context())
	maa(h, err)
	ens(h, "endte lejemål", n, 1)
}

// laest7 is what the source of tovejs has read: its case 7.
var laest7 = distributor.Laest{Agent: "fag", System: "Fag", Kilde: "sager", ObjektType: mox.Sag, Noegler: []string{"7"}}

func stavet(felt string, v any, det, form string) any {
	if felt != det {
		return v
	}
	return fmt.Sprintf(form, v)
}

// A change by a person that comes together with an echo is not hidden by it.
func TestEkkoSammenMedEnAendring(t *testing.T) {
	t.Parallel()
	h, f := nytHus(t), nytFagsystem(t)
	a := h.agent(tovejs(f.URL))
	f.saet("7", map[string]any{"nr": "7", "titel": "Carport", "status": "aaben"})
	h.laes(enKilde(a))
	h.nye()
	h.besked("ESDH", h.sidste().ObjektID, map[string]string{"egenskaber.integrationsdata": "J-1"})
	h.arbejd(a.sinks[0])
	f.saet("7", map[string]any{"titel": "Garage"})
	h.laes(enKilde(a))
	h.sender("Sag.Rettet 7 Garage")
}

// A case that MOX made in the system is known again by the key the answer gave it.
func TestEkkoAfEtOprettetObjekt(t *testing.T) {
	t.Parallel()
	h, f := nytHus(t), nytFagsystem(t)
	a := h.agent(fmt.Sprintf(`agent: esdh
system: ESDH
acts_as: mox
sources:
  - name: egne
    from: {type: http, url: "%[1]s/api/sager"}
    start: alt
    key: id
    map: maps/fagsvar_ind.yaml
sinks:
  - name: sager
    filter: {objekttype: Sag, kildesystem: Byggesag}
    map: maps/fag.yaml
    felter: [nr, titel]
    to: {type: http, method: POST, url: "%[1]s/api/sager"}
    gentag: naturlig
    noegle: id
    answer: {besked: {map: maps/fagsvar_ind.yaml, key: id}}
`, f.URL))
	h.laes(enKilde(a))
	h.sag("Byggesag", "2026-1", nil)
	h.arbejd(a.sinks[0])
	h.sender("Sag.Opstaaet 101 Carport")
	h.laes(enKilde(a))
	h.sender()
	f.saet("101", map[string]any{"titel": "Garage"})
	h.laes(enKilde(a))
	h.sender("Sag.Rettet 101 Garage")
}

// An answer about a case that is withdrawn does not bring it back: the case is told of as withdrawn once, however often its
// system tells of it again.
func TestSvarOmEtTrukketObjekt(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 24")
	h, f := nytHus(t), nytFagsystem(t)
	a := h.agent(strings.Replace(tovejs(f.URL), "    map: maps/fag.yaml\nsinks:", "    map: maps/fag.yaml\n    passiver: {felt: status, vaerdier: [lukket]}\nsinks:", 1) +
		"    answer: {besked: {map: maps/egen.yaml, key: id}}\n")
	f.saet("7", map[string]any{"nr": "7", "titel": "Carport", "status": "aaben"})
	h.laes(enKilde(a))
	h.sender("Sag.Importeret 7 Carport")
	f.saet("7", map[string]any{"status": "lukket"})
	h.laes(enKilde(a))
	h.sender("Sag.Passiveret 7 Carport")
	h.besked("ESDH", h.sidste().ObjektID, map[string]string{"egenskaber.integrationsdata": "J-1"})
	h.arbejd(a.sinks[0])
	h.sender("Sag.Passiveret 7 Carport")
	h.laes(enKilde(a))
	h.sender()
	h.ingenFejl()
}

package agent

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/moxkit/mox/internal/conformance"
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

// A source that reads the system between the effect of a write and MOX's knowing of it waits, and what MOX has written is no news.
func TestEkkoFoerMOXVedDet(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 24")
	for navn, c := range map[string]struct {
		foerst []fejl // how the write goes wrong before it goes well
	}{
		"svaret kommer":                       {},
		"svaret siger fejl, men det er gjort": {[]fejl{{virker: true, status: 500}}},
	} {
		t.Run(navn, func(t *testing.T) {
			t.Parallel()
			h, f := nytHus(t), nytFagsystem(t)
			venter, laest := make(chan struct{}, 100), make(chan struct{}, 1)
			var a *Agent
			var een sync.Once
			a = h.agent(tovejs(f.URL), func(o *Options) {
				o.Punkt = func(navn string) {
					switch navn {
					case "kilde.venter":
						venter <- struct{}{}
					case "virkning.efter":
						een.Do(func() {
							go func() {
								h.laes(enKilde(a))
								laest <- struct{}{}
							}()
							select {
							case <-venter:
							case <-laest:
								t.Error("the source told MOX before MOX knew")
								laest <- struct{}{}
							}
						})
					}
				}
			})
			f.saet("7", map[string]any{"nr": "7", "titel": "Carport", "status": "aaben"})
			h.laes(enKilde(a))
			h.nye()
			h.besked("ESDH", h.sidste().ObjektID, map[string]string{"egenskaber.integrationsdata": "J-1"})
			f.gaarGalt(c.foerst...)
			for range len(c.foerst) + 1 {
				h.arbejd(a.sinks[0])
			}
			<-laest
			h.sender()
			h.ingenFejl()
		})
	}
}

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

package agent
import "testing"
func TestScratchA(t *testing.T) {
	h, f := nytHus(t), nytFagsystem(t)
	a := h.agent(tovejs(f.URL))
	f.saet("7", map[string]any{"nr": "7", "titel": "Carport", "status": "aaben", "journal": "J-0"})
	h.laes(enKilde(a))
	h.nye()
	h.besked("ESDH", h.sidste().ObjektID, map[string]string{"egenskaber.integrationsdata": "J-1"})
	h.arbejd(a.sinks[0])
	h.laes(enKilde(a))
	h.sender()
	f.saet("7", map[string]any{"titel": "Garage"})
	h.laes(enKilde(a))
	h.sender("Sag.Rettet 7 Garage")
	t.Log("journal after echo+title change:", h.vaerdier(h.sidste().Besked)["egenskaber.integrationsdata"], f.har("7","journal"))
	f.saet("7", map[string]any{"journal": "J-2"})
	h.laes(enKilde(a))
	t.Log(h.nye(), h.vaerdier(h.sidste().Besked)["egenskaber.integrationsdata"])
	f.saet("7", map[string]any{"journal": "J-1"})
	h.laes(enKilde(a))
	t.Log("person sets back to J-1:", h.nye(), h.vaerdier(h.sidste().Besked)["egenskaber.integrationsdata"])
}
func TestScratchB(t *testing.T) {
	h, f := nytHus(t), nytFagsystem(t)
	a := h.agent(`agent: esdh
system: ESDH
acts_as: mox
sources:
  - name: egne
    from: {type: http, url: "`+f.URL+`/api/sager"}
    start: alt
    key: id
    map: maps/fagsvar_ind.yaml
sinks:
  - name: sager
    filter: {objekttype: Sag, kildesystem: Byggesag}
    map: maps/fag.yaml
    felter: [nr, titel]
    to: {type: http, method: POST, url: "`+f.URL+`/api/sager"}
    gentag: naturlig
    noegle: id
`)
	h.laes(enKilde(a))
	h.sag("Byggesag", "2026-1", nil)
	h.arbejd(a.sinks[0])
	h.laes(enKilde(a))
	t.Log("without answer besked:", h.nye())
}

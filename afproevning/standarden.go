package afproevning

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/agent"
	"github.com/moxkit/mox/mapping"
)

// Standardside is what the OIO standard could not carry of what one system holds: found in the agent's maps, in its recorded
// examples, and in what the run met.
type Standardside struct {
	Agent     string      `json:"agent"`
	System    string      `json:"system"`
	Udvidelse []Feltplads `json:"lokal_udvidelse"` // values that have no element in the standard's XML: they travel in LokalUdvidelse
	UdenPlads []Feltplads `json:"uden_plads"`      // fields of the system that become nothing
	Tab       []Feltplads `json:"tab"`             // fields that do not come back as they were
	Koder     []string    `json:"ukendte_koder"`   // met in the run, in no code table
	Forslag   []string    `json:"forslag"`         // what the standard might get
}

// Feltplads is a local field, where it is to be in the standard, and why it does not fit.
type Feltplads struct {
	Felt  string `json:"felt"`
	Sti   string `json:"sti,omitempty"`
	Grund string `json:"grund"`
}

func (k *koersel) samlStandarden() error {
	for _, a := range k.spec.Agenter {
		fil := k.agentfil(a)
		if _, err := os.Stat(fil); err != nil {
			return err
		}
		s := Standardside{Agent: filepath.Base(filepath.Dir(fil)), System: k.spec.system(a.System).Titel,
			Udvidelse: []Feltplads{}, UdenPlads: []Feltplads{}, Tab: []Feltplads{}, Forslag: []string{}}
		mapper, err := agentensMapper(fil)
		if err != nil {
			return err
		}
		for _, t := range mapper {
			s.laes(t)
		}
		if err := s.laesProever(fil, mapper); err != nil {
			return err
		}
		s.Koder = k.ukendteKoder(s.Agent)
		s.foreslaa()
		k.bevis.Standarden = append(k.bevis.Standarden, s)
	}
	return nil
}

// agentensMapper are the field tables in the folder of an agent, by name of their file.
func agentensMapper(fil string) (map[string]*mapping.Table, error) {
	filer, err := filepath.Glob(filepath.Join(filepath.Dir(fil), "maps", "*.yaml"))
	if err != nil {
		return nil, err
	}
	ud := map[string]*mapping.Table{}
	for _, f := range filer {
		b, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		t, problemer := mapping.Load(f, b)
		if t == nil {
			return nil, fmt.Errorf("%s: %v", f, problemer)
		}
		ud["maps/"+filepath.Base(f)] = t
	}
	return ud, nil
}

// laes finds what a table loses, and what of it has no element in the standard's XML.
func (s *Standardside) laes(t *mapping.Table) {
	for _, l := range t.LossyFields() {
		s.Tab = append(s.Tab, Feltplads{l.Felt, l.Sti, l.Reason})
	}
	type_, ok := mox.TypeAf(mox.ObjektType(t.Objekttype()))
	if !ok {
		return
	}
	for _, r := range t.Rows() {
		felt := r.Felt
		if felt == "" || r.Sti == "" || strings.HasPrefix(r.Sti, "besked.") || strings.HasPrefix(felt, "besked.") || strings.HasPrefix(felt, "oio.") {
			continue
		}
		if grund := udenElement(type_, r.Sti); grund != "" {
			s.Udvidelse = tilfoej(s.Udvidelse, Feltplads{felt, r.Sti, grund})
		}
	}
}

func tilfoej(l []Feltplads, f Feltplads) []Feltplads {
	if slices.Contains(l, f) {
		return l
	}
	return append(l, f)
}

// udenElement says why a value has no element of the standard's XML; "" when it has one.
func udenElement(t *mox.Type, sti string) string {
	if t.Skema == "" {
		return "objekttypen har intet skema"
	}
	led := strings.Split(sti, ".")
	if led[0] != "egenskaber" || len(led) < 2 {
		return ""
	}
	navn := strings.Join(led[1:], ".")
	for _, a := range t.Attributter {
		for _, f := range a.Felter {
			if f.Navn == navn && f.XML == "" {
				return "standardens XML har intet element; værdien rejser i LokalUdvidelse"
			}
		}
	}
	return ""
}

// laesProever finds the fields of the recorded records that no table takes.
func (s *Standardside) laesProever(fil string, mapper map[string]*mapping.Table) error {
	kilder, err := kildernesMapper(fil)
	if err != nil {
		return err
	}
	proever, err := filepath.Glob(filepath.Join(filepath.Dir(fil), "proever", "*.yaml"))
	if err != nil {
		return err
	}
	for _, f := range proever {
		b, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		var p agent.Proeve
		if err := yaml.Unmarshal(b, &p); err != nil {
			return fmt.Errorf("%s: %w", f, err)
		}
		t := mapper[kilder[p.Source].Map]
		if t == nil {
			continue
		}
		brugte := append(t.LocalFields(mapping.Ind), kilder[p.Source].Key, kilder[p.Source].Version)
		for felt := range p.Post {
			if !slices.Contains(brugte, felt) {
				s.UdenPlads = tilfoej(s.UdenPlads, Feltplads{Felt: felt, Grund: "systemet har feltet; agenten har ingen plads til det i " + t.Objekttype()})
			}
		}
	}
	slices.SortFunc(s.UdenPlads, func(a, b Feltplads) int { return strings.Compare(a.Felt, b.Felt) })
	return nil
}

// kildespec is what is read of a source here.
type kildespec struct {
	Name    string `yaml:"name"`
	Key     string `yaml:"key"`
	Version string `yaml:"version"`
	Map     string `yaml:"map"`
	From    struct {
		Type string `yaml:"type"`
	} `yaml:"from"`
}

// agentfil is what is read of an agent's file here.
type agentfil struct {
	Sources []kildespec `yaml:"sources"`
	Sinks   []struct {
		To struct {
			Type string `yaml:"type"`
		} `yaml:"to"`
	} `yaml:"sinks"`
}

func laesAgent(fil string) (a agentfil, err error) {
	b, err := os.ReadFile(fil)
	if err != nil {
		return a, err
	}
	return a, yaml.Unmarshal(b, &a)
}

func kildernesMapper(fil string) (map[string]kildespec, error) {
	a, err := laesAgent(fil)
	ud := map[string]kildespec{}
	for _, k := range a.Sources {
		ud[k.Name] = k
	}
	return ud, err
}

// ukendtKode is how the mapping says that a value is in no code table.
const ukendtKode = "koden findes ikke i tabellen"

// ukendteKoder are the open Fejl of the agent's records that say so.
func (k *koersel) ukendteKoder(agentnavn string) []string {
	ud := []string{}
	for _, f := range k.bevis.Venter {
		if f.Kode == "kan_ikke_oversaettes" && strings.Contains(f.Tekst, ukendtKode) && strings.EqualFold(f.System, agentnavn) {
			ud = append(ud, f.Tekst)
		}
	}
	return ud
}

// foreslaa says what the standard might get, one line for each thing it could not carry.
func (s *Standardside) foreslaa() {
	for _, f := range s.Udvidelse {
		s.Forslag = append(s.Forslag, fmt.Sprintf("Feltet %s i %s har ingen plads i standarden og rejser i %s. Foreslå et element til det.", f.Felt, s.System, f.Sti))
	}
	for _, f := range s.UdenPlads {
		s.Forslag = append(s.Forslag, fmt.Sprintf("Afgør med forretningen, om %s i %s skal med; i så fald som lokal udvidelse i kommunens navnerum.", f.Felt, s.System))
	}
	for _, k := range s.Koder {
		s.Forslag = append(s.Forslag, "Aftal, hvad koden betyder, og sæt den i agentens kodetabel: "+k)
	}
}

package agent

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/mapping"
)

// Proeve is one recorded example of what an agent is to do, in a YAML file in the folder "proever" beside the agent's file.
// It names a source or a sink, what comes in, and what is to come out. Nothing is sent anywhere.
type Proeve struct {
	Source string            `yaml:"source"`
	Post   map[string]string `yaml:"post"` // source: the record's fields
	Oio    map[string]string `yaml:"oio"`  // source: the OIO values to expect; sink: the besked's values, and "besked.…"

	Sink    string            `yaml:"sink"`
	Noegler map[string]string `yaml:"noegler"`  // sink: what the system calls the objekter, by UUID
	Felter  map[string]string `yaml:"felter"`   // sink: the fields to expect in the call
	Svar    map[string]string `yaml:"svar"`     // sink: what the system answers
	SvarOio map[string]string `yaml:"svar_oio"` // sink: the OIO values to expect of the answer

	Fejl string `yaml:"fejl"` // a part of the error to expect, instead of values
}

// Proeveresultat is what came of one example.
type Proeveresultat struct {
	Fil        string   `json:"fil"`
	OK         bool     `json:"ok"`
	Afvigelser []string `json:"afvigelser,omitempty"`
}

// Proever runs every example of the agent, in the order of their names.
func (s *Spec) Proever() ([]Proeveresultat, error) {
	filer, err := filepath.Glob(filepath.Join(s.dir(), "proever", "*.yaml"))
	if err != nil {
		return nil, err
	}
	var ud []Proeveresultat
	for _, f := range filer {
		r := Proeveresultat{Fil: f}
		r.Afvigelser = s.proev(f)
		r.OK = len(r.Afvigelser) == 0
		ud = append(ud, r)
	}
	return ud, nil
}

func (s *Spec) proev(fil string) []string {
	b, err := os.ReadFile(fil)
	if err != nil {
		return []string{err.Error()}
	}
	var p Proeve
	if err := yaml.UnmarshalWithOptions(b, &p, yaml.Strict()); err != nil {
		return []string{yaml.FormatError(err, false, false)}
	}
	if i := slices.IndexFunc(s.Sources, func(k SourceSpec) bool { return k.Name == p.Source }); i >= 0 {
		return p.source(s.Sources[i].table)
	}
	if i := slices.IndexFunc(s.Sinks, func(k SinkSpec) bool { return k.Name == p.Sink }); i >= 0 {
		return p.sink(&s.Sinks[i])
	}
	return []string{fmt.Sprintf("agenten har hverken source %q eller sink %q", p.Source, p.Sink)}
}

func (p *Proeve) source(t *mapping.Table) []string {
	oio, _, err := t.ToOIO(mapping.Record{Fields: p.Post, Where: "prøve"})
	return p.hold("oio", p.Oio, oio, err)
}

func (p *Proeve) sink(k *SinkSpec) []string {
	felter, err := k.table.ToSystem(mapping.Document{OIO: p.Oio, Only: k.Felter, Where: "prøve",
		Keys: func(_, ref string) (string, bool) { n, ok := p.Noegler[ref]; return n, ok }})
	tekst := map[string]string{}
	for f, v := range felter {
		tekst[f] = fmt.Sprint(v)
	}
	ud := p.hold("felter", p.Felter, tekst, err)
	if p.Svar == nil || k.Answer.Besked == nil || len(ud) > 0 {
		return ud
	}
	flad := map[string]string{}
	maps.Copy(flad, p.Oio)
	post := svarpost(distributor.Arbejde{}, connector.Call{Fields: felter}, flad, p.Svar)
	oio, _, err := k.Answer.Besked.table.ToOIO(mapping.Record{Fields: post, Where: "prøvens svar"})
	return p.hold("svar_oio", p.SvarOio, oio, err)
}

// hold compares what was expected with what came, or with the error.
func (p *Proeve) hold(navn string, vent, fik map[string]string, err error) []string {
	switch {
	case err != nil && p.Fejl != "" && strings.Contains(err.Error(), p.Fejl):
		return nil
	case err != nil:
		return []string{err.Error()}
	case p.Fejl != "":
		return []string{fmt.Sprintf("ventede en fejl med %q, men det gik godt", p.Fejl)}
	}
	var ud []string
	for _, k := range slices.Sorted(maps.Keys(vent)) {
		if fik[k] != vent[k] {
			ud = append(ud, fmt.Sprintf("%s %s: ventede %q, fik %q", navn, k, vent[k], fik[k]))
		}
	}
	for _, k := range slices.Sorted(maps.Keys(fik)) {
		if _, ok := vent[k]; !ok {
			ud = append(ud, fmt.Sprintf("%s %s: ventede intet, fik %q", navn, k, fik[k]))
		}
	}
	return ud
}

package agent

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/mapping"
)

// Proeve is one recorded example of what an agent is to do, in a YAML file in the folder "proever" beside the agent's file.
// It names a source or a sink, what comes in, and what is to come out. Nothing is sent anywhere.
//
// Everything that comes out is held against what the example says. An example with fejl is to fail, in a text that has
// those words, and says nothing of what comes out.
type Proeve struct {
	Source         string            `yaml:"source,omitempty"`
	Post           map[string]string `yaml:"post,omitempty"`           // the record's fields, as the connector gives them
	Noegle         string            `yaml:"noegle,omitempty"`         // source: the record's key; sink: the key that the answer gives the objekt
	Livscykluskode string            `yaml:"livscykluskode,omitempty"` // source: Passiveret for a withdrawn record, else not given
	Oio            map[string]string `yaml:"oio,omitempty"`            // source: the OIO values to expect; sink: the besked's values, and "besked.…"

	Sink      string            `yaml:"sink,omitempty"`
	Noegler   map[string]string `yaml:"noegler,omitempty"`   // what the system calls the objekter, by UUID
	Operation string            `yaml:"operation,omitempty"` // opret, ret, passiver or slet
	Felter    map[string]string `yaml:"felter,omitempty"`    // the fields to expect in the call, those for addresses only included
	Svar      map[string]string `yaml:"svar,omitempty"`      // what the system answers, when it accepts
	SvarOio   map[string]string `yaml:"svar_oio,omitempty"`  // the OIO values to expect of the answer

	Fejl string `yaml:"fejl,omitempty"` // a part of the error to expect, instead of values
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

// LaesProever reads the agent's examples, in the order of their names, without running them.
func (s *Spec) LaesProever() (ud []Proeve, err error) {
	filer, err := filepath.Glob(filepath.Join(s.dir(), "proever", "*.yaml"))
	for _, f := range filer {
		p, fejl := laesProeve(f)
		if fejl != "" {
			return nil, mox.E("agent", mox.KodeUgyldig, "prøven %s: %s", f, fejl).Med("mox agent test viser alle fejl")
		}
		ud = append(ud, p)
	}
	return ud, err
}

// laesProeve reads one example, and says what is wrong with its file; "" is well.
func laesProeve(fil string) (p Proeve, fejl string) {
	b, err := laesFil(fil)
	if err != nil {
		return p, "filen kan ikke læses: " + err.Error()
	}
	if err := yaml.UnmarshalWithOptions(b, &p, yaml.Strict()); err != nil {
		return p, yaml.FormatError(err, false, false)
	}
	return p, ""
}

func (s *Spec) proev(fil string) []string {
	p, fejl := laesProeve(fil)
	if fejl != "" {
		return []string{fejl}
	}
	k := slices.IndexFunc(s.Sources, func(k SourceSpec) bool { return k.Name == p.Source })
	n := slices.IndexFunc(s.Sinks, func(k SinkSpec) bool { return k.Name == p.Sink })
	switch {
	case k >= 0 && p.Sink == "":
		return p.bedoem(p.source(&s.Sources[k]))
	case n >= 0 && p.Source == "":
		return p.bedoem(p.sink(&s.Sinks[n]))
	}
	return []string{fmt.Sprintf("agenten har hverken source %q eller sink %q", p.Source, p.Sink)}
}

// bedoem holds an error, or none, against the one that the example awaits.
func (p *Proeve) bedoem(afvigelser []string, err error) []string {
	switch {
	case err != nil && p.Fejl != "" && strings.Contains(err.Error(), p.Fejl):
		return nil
	case err != nil && p.Fejl != "":
		return []string{fmt.Sprintf("ventede en fejl med %q, fik: %v", p.Fejl, err)}
	case err != nil:
		return []string{err.Error()}
	case p.Fejl != "":
		return []string{fmt.Sprintf("ventede en fejl med %q, men det gik godt", p.Fejl)}
	}
	return afvigelser
}

const proevested = "prøven"

func (p *Proeve) source(k *SourceSpec) ([]string, error) {
	post := k.oversaet(connector.Record{Fields: p.Post, Place: connector.Place{File: proevested}})
	if post.Fejl != nil {
		return nil, errors.New(post.Fejl.Tekst)
	}
	return slices.Concat(hold("", map[string]string{"noegle": p.Noegle, "livscykluskode": p.Livscykluskode},
		map[string]string{"noegle": post.Noegle, "livscykluskode": string(post.Livscyklus)}), hold("oio ", p.Oio, post.Felter)), nil
}

func (p *Proeve) sink(k *SinkSpec) ([]string, error) {
	felter, err := k.oversaet(p.Oio, p.Noegler, proevested)
	if err != nil {
		return nil, err
	}
	tekst := map[string]string{}
	for f, v := range felter {
		tekst[f] = mapping.Text(v)
	}
	noegle, kendt := p.Noegler[p.Oio[svarBesked+"objektID"]]
	operation := operation(mox.LivscyklusKode(p.Oio[svarBesked+"livscykluskode"]), kendt)
	ud := slices.Concat(hold("", map[string]string{"operation": p.Operation}, map[string]string{"operation": operation}), hold("felter ", p.Felter, tekst))
	if p.Svar == nil || len(ud) > 0 {
		return ud, nil
	}
	return p.svar(k, operation, vars(noegle, "", p.Oio, felter))
}

// svar reads the example's answer as the agent would.
func (p *Proeve) svar(k *SinkSpec, operation string, sendt map[string]string) ([]string, error) {
	noegle, err := k.svarnoegle(operation, p.Svar)
	if err != nil {
		return nil, err
	}
	ud := hold("", map[string]string{"noegle": p.Noegle}, map[string]string{"noegle": noegle})
	if k.Answer.Besked == nil {
		return append(ud, hold("svar_oio ", p.SvarOio, nil)...), nil
	}
	post, err := k.Answer.Besked.post(svarpost(sendt, p.Oio, p.Svar), proevested)
	if err != nil {
		return nil, err
	}
	return append(ud, hold("svar_oio ", p.SvarOio, post.Felter)...), nil
}

// hold compares what was expected with what came.
func hold(forled string, vent, fik map[string]string) (ud []string) {
	for _, k := range slices.Sorted(maps.Keys(vent)) {
		if fik[k] != vent[k] {
			ud = append(ud, fmt.Sprintf("%s%s: ventede %q, fik %q", forled, k, vent[k], fik[k]))
		}
	}
	for _, k := range slices.Sorted(maps.Keys(fik)) {
		if _, ok := vent[k]; !ok {
			ud = append(ud, fmt.Sprintf("%s%s: ventede intet, fik %q", forled, k, fik[k]))
		}
	}
	return ud
}

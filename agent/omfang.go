package agent

import (
	"bytes"
	"os"
	"path/filepath"

	"github.com/moxkit/mox/mapping"
	"github.com/moxkit/mox/report"
)

// Omfang counts how large the agent is in its files: what it took to connect the system. spec: mox 59
func (s *Spec) Omfang() report.Omfang {
	o := report.Omfang{Agent: s.Agent, System: s.System, Linjer: linjerI(s.file)}
	for fil, t := range s.tabeller() {
		o.Linjer += linjerI(fil)
		for _, r := range t.Rows() {
			o.Felter++
			if len(r.Koder) > 0 {
				o.Kodetabeller++
			}
		}
	}
	proever, _ := filepath.Glob(filepath.Join(s.dir(), "proever", "*.yaml")) // the pattern is a good one
	o.Proever = len(proever)
	return o
}

// tabeller are the field tables in use, by file: one that two sinks use is there once.
func (s *Spec) tabeller() map[string]*mapping.Table {
	ud := map[string]*mapping.Table{}
	tag := func(t *mapping.Table) {
		if t != nil {
			ud[t.File()] = t
		}
	}
	for i := range s.Sources {
		tag(s.Sources[i].table)
	}
	for i := range s.Sinks {
		tag(s.Sinks[i].table)
		if b := s.Sinks[i].Answer.Besked; b != nil {
			tag(b.table)
		}
	}
	return ud
}

// linjerI counts the lines of a YAML file that say something. A file that has gone since it was read has none.
func linjerI(fil string) (n int) {
	b, _ := os.ReadFile(fil) // see above
	for linje := range bytes.Lines(b) {
		if l := bytes.TrimSpace(linje); len(l) > 0 && l[0] != '#' {
			n++
		}
	}
	return n
}

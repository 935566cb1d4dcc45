package agent

import (
	"cmp"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/mapping"
)

// Spec is an agent as its YAML file describes it.
type Spec struct {
	Agent   string       `yaml:"agent"`
	System  string       `yaml:"system"`
	ActsAs  string       `yaml:"acts_as"`
	Sources []SourceSpec `yaml:"sources"`
	Sinks   []SinkSpec   `yaml:"sinks"`

	file string
}

// SourceSpec describes what is read from the system and how it becomes beskeder.
type SourceSpec struct {
	Name       string             `yaml:"name"`
	From       node               `yaml:"from"`
	Start      string             `yaml:"start"` // baseline | nu | fra: <tid> | alt
	Key        string             `yaml:"key"`   // local field that names the record in its system
	Version    string             `yaml:"version"`
	Objekttype mox.ObjektType     `yaml:"objekttype"`
	Map        string             `yaml:"map"`
	Passiver   *PassiverSpec      `yaml:"passiver"`
	Indhold    []string           `yaml:"indhold"` // local fields that name a document whose bytes go along
	Foelsomhed string             `yaml:"foelsomhed"`
	Interval   connector.Duration `yaml:"interval"`
	MaksAndel  float64            `yaml:"maks_andel"` // share of the objekter that a complete listing may withdraw at once

	table *mapping.Table
	stier map[string][]string // the OIO values that each local field becomes
	fra   time.Time           // with start: fra
	aabn  aabnSource
}

// PassiverSpec says which records are withdrawn.
type PassiverSpec struct {
	Felt     string   `yaml:"felt"`
	Vaerdier []string `yaml:"vaerdier"`
}

// SinkSpec describes which beskeder are brought into the system, and how. Each sink is an abonnement of its own.
type SinkSpec struct {
	Name       string             `yaml:"name"`
	Filter     node               `yaml:"filter"`
	Map        string             `yaml:"map"`
	Felter     []string           `yaml:"felter"` // the local fields it may write; none = all of the map's
	To         node               `yaml:"to"`
	KunAdresse []string           `yaml:"kun_adresse"` // local fields for addresses and file names only, not for the body
	Gentag     string             `yaml:"gentag"`      // noegle | opslag | naturlig | nej
	Ro         connector.Duration `yaml:"ro"`          // the system's longest processing time
	Orden      mox.Orden          `yaml:"orden"`
	Overhal    string             `yaml:"overhal"` // ja: a newer full registrering takes the place of a parked older one | nej
	Plan       *PlanSpec          `yaml:"plan"`
	Samtidige  int                `yaml:"samtidige"` // calls at a time
	Noegle     string             `yaml:"noegle"`    // field of the answer that is the system's key for the objekt from then on
	Answer     AnswerSpec         `yaml:"answer"`

	filter mox.Filter
	table  *mapping.Table
	aabn   aabnSink
}

// PlanSpec is a retry plan; see [mox.Plan].
type PlanSpec struct {
	Forsoeg int                `yaml:"forsoeg"`
	Foerste connector.Duration `yaml:"foerste"`
	Hoejst  connector.Duration `yaml:"hoejst"`
}

// AnswerSpec says what the system's answers mean.
type AnswerSpec struct {
	Accepted    []any              `yaml:"accepted"`    // codes; none = 2xx and "ok"
	Rejected    map[any]mox.Ansvar `yaml:"rejected"`    // code → whose fault
	Midlertidig []any              `yaml:"midlertidig"` // codes that may pass, and mean that nothing was done
	Besked      *SvarSpec          `yaml:"besked"`
}

// SvarSpec says which besked is formed of an accepting answer.
type SvarSpec struct {
	Map            string             `yaml:"map"`
	Key            string             `yaml:"key"` // field of the answer record that names the objekt in the system
	Version        string             `yaml:"version"`
	Livscykluskode mox.LivscyklusKode `yaml:"livscykluskode"`
	Handling       string             `yaml:"handling"`

	table *mapping.Table
}

// node is a part of the file that is decoded later, when its type is known.
type node struct{ ast.Node }

// UnmarshalYAML keeps the node.
func (n *node) UnmarshalYAML(a ast.Node) error {
	n.Node = a
	return nil
}

// The ways a repeat is made harmless. See DESIGN §9.
const (
	GentagNoegle   = "noegle"   // the system deduplicates the key we send
	GentagOpslag   = "opslag"   // we ask for our own reference first
	GentagNaturlig = "naturlig" // the same write twice is the same state
	GentagNej      = "nej"      // it is not: a person decides
)

// The first-run rules.
const (
	StartBaseline = "baseline" // learn what is there, send nothing
	StartNu       = "nu"       // pass over what is there
	StartAlt      = "alt"      // send what is there, as Importeret
	StartFra      = "fra"      // learn what is older than a time, send the rest
)

var navneform = regexp.MustCompile(`^[a-z0-9æøå][a-z0-9æøå_-]{0,49}$`)

// Load reads an agent's file and the maps it names. When there is something wrong with it the Spec is nil, and every
// Problem says where. The order is that of the agent's file, then that of its maps.
func Load(file string) (*Spec, []mapping.Problem) {
	src, err := laesFil(file)
	if err != nil {
		return nil, []mapping.Problem{{File: file, Text: fmt.Sprintf("filen kan ikke læses: %v", err), Hint: "giv stien til en agents YAML-fil"}}
	}
	s := &Spec{file: file}
	l := &linter{spec: s, file: file, art: "agent"}
	if l.parse(src, s) {
		s.check(l)
	}
	sorter(l.problems, file)
	l.problems = slices.Compact(l.problems) // one map used by two sinks is read twice
	if l.failed() {
		return nil, l.problems
	}
	return s, l.problems
}

// sorter puts the problems of the file itself first, and each file's in its order.
func sorter(ps []mapping.Problem, file string) {
	slices.SortStableFunc(ps, func(a, b mapping.Problem) int {
		return cmp.Or(cmp.Compare(maerke(a.File != file), maerke(b.File != file)), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Text, b.Text))
	})
}

func maerke(b bool) int {
	if b {
		return 1
	}
	return 0
}

// dir is the folder that the agent's paths are below.
func (s *Spec) dir() string { return filepath.Dir(s.file) }

// Abonnement is the abonnement that a sink makes.
func (s *Spec) Abonnement(k *SinkSpec) mox.Abonnement {
	a := mox.Abonnement{ID: s.AbonnementID(k.Name), System: s.System, Carrier: mox.CarrierAgent, Filter: k.filter, Orden: k.Orden, Plan: mox.StandardPlan(),
		Overhal: k.Overhal == "ja", Gentages: k.Gentag != GentagNej, Ro: time.Duration(k.Ro)}
	if a.Orden == "" {
		a.Orden = mox.OrdenObjekt
	}
	if p := k.Plan; p != nil {
		a.Plan = mox.Plan{Forsoeg: p.Forsoeg, Foerste: time.Duration(p.Foerste), Hoejst: time.Duration(p.Hoejst)}
	}
	return a
}

// AbonnementID is the ID of the abonnement that the sink with that name makes.
func (s *Spec) AbonnementID(sink string) mox.AbonnementID {
	return mox.AbonnementID(s.Agent + "." + sink)
}

// Abonnementer are those of all the agent's sinks.
func (s *Spec) Abonnementer() []mox.Abonnement {
	ud := make([]mox.Abonnement, len(s.Sinks))
	for i := range s.Sinks {
		ud[i] = s.Abonnement(&s.Sinks[i])
	}
	return ud
}

// Tabel is the source's field table.
func (k *SourceSpec) Tabel() *mapping.Table { return k.table }

// Tabel is the sink's field table.
func (k *SinkSpec) Tabel() *mapping.Table { return k.table }

// Tabel is the field table that makes a besked of the system's answer.
func (k *SvarSpec) Tabel() *mapping.Table { return k.table }

// Tekst is the part of the file as it stands there. Secrets are never in it, only where they are found.
func (n node) Tekst() string {
	if n.Node == nil {
		return ""
	}
	return n.Node.String()
}

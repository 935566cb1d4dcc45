package snitflade

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/moxkit/mox"
)

//go:embed cases/*.yaml
var filer embed.FS

// Rolle is what the product is to the beskeder.
type Rolle string

// The roles.
const (
	Afsender Rolle = "afsender"
	Modtager Rolle = "modtager"
)

// Carrier is what the beskeder travel by.
type Carrier string

// The carriers.
const (
	AMQP Carrier = "amqp"
	HTTP Carrier = "http"
)

// Niveau is how much is demanded.
type Niveau string

// The levels. What is demanded at basis is demanded at udvidet too.
const (
	Basis   Niveau = "basis"
	Udvidet Niveau = "udvidet"
)

// Proeve is one case: one thing that a product may do wrong.
type Proeve struct {
	ID         string    `yaml:"id" json:"id"` // stable: it is never used for another case
	Navn       string    `yaml:"navn" json:"navn"`
	Niveau     Niveau    `yaml:"niveau" json:"niveau"`
	Rolle      Rolle     `yaml:"rolle" json:"rolle"`
	Carrier    []Carrier `yaml:"carrier" json:"carrier"`
	Krav       []string  `yaml:"krav" json:"krav"` // statements, "mox 1"
	Regel      string    `yaml:"regel" json:"regel,omitempty"`
	Forklaring string    `yaml:"forklaring" json:"forklaring"`
	Kraever    []string  `yaml:"kraever" json:"kraever,omitempty"` // what the profile must say the product has, else the case is outside its scope
	Trin       []Trin    `yaml:"trin" json:"trin"`
	Forvent    []Forvent `yaml:"forvent" json:"forvent"`
	Modpart    Modpart   `yaml:"modpart" json:"modpart"`
}

// Modpart is the case's negative control: the fault of a wrong peer that must fail it, and what else must fail with it.
type Modpart struct {
	Fejl    string   `yaml:"fejl" json:"fejl"`
	Foelger []string `yaml:"foelger" json:"foelger,omitempty"`
}

// Trin is one thing that is done to the product.
type Trin struct {
	Goer  string `yaml:"goer" json:"goer,omitempty"`   // a stimulus, or what the tool does itself
	Svar  []Svar `yaml:"svar" json:"svar,omitempty"`   // how the next beskeder are answered; after these all are taken
	Antal *int   `yaml:"antal" json:"antal,omitempty"` // beskeder to wait for; none said = 1
	Send  *Send  `yaml:"send" json:"send,omitempty"`   // to a receiver
}

// antal is how many beskeder of a sender the step waits for.
func (t *Trin) antal() int {
	if t.Antal == nil {
		return 1
	}
	return *t.Antal
}

// What the tool does itself. Everything else that a step may do is a stimulus.
const (
	goerNede    = "mægler nede" // the way in is away
	goerOppe    = "mægler oppe"
	goerUdenKoe = "kø væk" // nothing takes what is published
	goerMedKoe  = "kø tilbage"
)

// Forvent is one check and its arguments.
type Forvent struct {
	Tjek   string   `yaml:"tjek" json:"tjek"`
	Felt   string   `yaml:"felt" json:"felt,omitempty"`     // a metadata field
	Felter []string `yaml:"felter" json:"felter,omitempty"` // of which one must be there
	Form   string   `yaml:"form" json:"form,omitempty"`     // of a value
	EnAf   []string `yaml:"en_af" json:"en_af,omitempty"`   // values
	Trin   int      `yaml:"trin" json:"trin,omitempty"`     // the step, from 1; 0 = all
	Antal  *int     `yaml:"antal" json:"antal,omitempty"`
	Er     string   `yaml:"er" json:"er,omitempty"`         // the verdict
	Besked string   `yaml:"besked" json:"besked,omitempty"` // a label of Send
	Mod    string   `yaml:"mod" json:"mod,omitempty"`       // a label of Send, to compare with
	Titel  string   `yaml:"titel" json:"titel,omitempty"`
}

// Proever are all cases, by id.
func Proever() []Proeve {
	ud, err := laesProever(filer)
	if err != nil { // they are ours and embedded; the package's own test shows where
		panic(err)
	}
	return ud
}

// Saet is the version of the case set: a digest of all its files.
func Saet() string {
	h := sha256.New()
	_ = fs.WalkDir(filer, ".", func(navn string, d fs.DirEntry, _ error) error { // embedded: it is always there
		if b, err := filer.ReadFile(navn); err == nil {
			_, _ = fmt.Fprintf(h, "%s %d\n%s", navn, len(b), b)
		}
		return nil
	})
	return hex.EncodeToString(h.Sum(nil))[:16]
}

func laesProever(f fs.FS) ([]Proeve, error) {
	navne, err := fs.Glob(f, "cases/*.yaml")
	if err != nil {
		return nil, err
	}
	var ud []Proeve
	for _, navn := range navne {
		b, err := fs.ReadFile(f, navn)
		if err != nil {
			return nil, err
		}
		var fil []Proeve
		if err := yaml.UnmarshalWithOptions(b, &fil, yaml.Strict()); err != nil {
			return nil, fmt.Errorf("%s: %s", navn, yaml.FormatError(err, false, true))
		}
		for i := range fil {
			if err := fil[i].kontroller(); err != nil {
				return nil, fmt.Errorf("%s: %s: %w", path.Base(navn), fil[i].ID, err)
			}
		}
		ud = append(ud, fil...)
	}
	slices.SortFunc(ud, func(a, b Proeve) int { return strings.Compare(a.ID, b.ID) })
	return ud, samlet(ud)
}

// samlet checks what only all cases together can show.
func samlet(alle []Proeve) error {
	fejl := map[string]string{}
	for i := range alle {
		p := &alle[i]
		if i > 0 && alle[i-1].ID == p.ID {
			return fmt.Errorf("%s findes to gange", p.ID)
		}
		noegle := string(p.Rolle) + " " + p.Modpart.Fejl
		if andet := fejl[noegle]; andet != "" {
			return fmt.Errorf("%s og %s har samme modpart: to prøver skal have hver sin årsag", andet, p.ID)
		}
		fejl[noegle] = p.ID
		for _, f := range p.Modpart.Foelger {
			if !slices.ContainsFunc(alle, func(q Proeve) bool { return q.ID == f && q.Rolle == p.Rolle }) {
				return fmt.Errorf("%s nævner %s, som ikke findes", p.ID, f)
			}
		}
	}
	return nil
}

var idForm = regexp.MustCompile(`^S-[AM]-\d{3}$`)

// kontroller checks one case.
func (p *Proeve) kontroller() error {
	switch {
	case !idForm.MatchString(p.ID):
		return fmt.Errorf("id er ikke på formen S-A-001 eller S-M-001")
	case p.Rolle != Afsender && p.Rolle != Modtager || (p.Rolle == Afsender) != (p.ID[2] == 'A'):
		return fmt.Errorf("rolle %q passer ikke til id", p.Rolle)
	case p.Niveau != Basis && p.Niveau != Udvidet:
		return fmt.Errorf("niveau %q er ikke basis eller udvidet", p.Niveau)
	case len(p.Carrier) == 0 || slices.ContainsFunc(p.Carrier, func(c Carrier) bool { return c != AMQP && c != HTTP }):
		return fmt.Errorf("carrier er ikke amqp eller http")
	case p.Navn == "" || p.Forklaring == "" || len(p.Krav) == 0 || p.Modpart.Fejl == "":
		return fmt.Errorf("navn, forklaring, krav og modpart skal være der")
	case len(p.Trin) == 0 || len(p.Forvent) == 0:
		return fmt.Errorf("trin og forvent skal være der")
	}
	for _, k := range p.Kraever {
		if !slices.Contains(evner(), k) {
			return fmt.Errorf("kraever %q kendes ikke; brug %v", k, evner())
		}
	}
	for i := range p.Trin {
		if err := p.Trin[i].kontroller(p.Rolle); err != nil {
			return fmt.Errorf("trin %d: %w", i+1, err)
		}
	}
	for i := range p.Forvent {
		if err := p.Forvent[i].kontroller(p); err != nil {
			return fmt.Errorf("forvent %d: %w", i+1, err)
		}
	}
	return nil
}

func (t *Trin) kontroller(r Rolle) error {
	switch {
	case (t.Goer == "") == (t.Send == nil):
		return fmt.Errorf("skriv enten goer eller send")
	case t.Send != nil && r == Afsender:
		return fmt.Errorf("send er til modtagere")
	case t.Goer != "" && !slices.Contains(goerord(), t.Goer) && !slices.Contains(stimuli(r), t.Goer):
		return fmt.Errorf("goer %q kendes ikke", t.Goer)
	}
	for _, s := range t.Svar {
		if !slices.Contains(svarord(), s) {
			return fmt.Errorf("svar %q kendes ikke; brug %v", s, svarord())
		}
	}
	if t.Send != nil {
		return t.Send.kontroller()
	}
	return nil
}

func goerord() []string { return []string{goerNede, goerOppe, goerUdenKoe, goerMedKoe} }

// kontroller holds a check against what it takes.
func (f *Forvent) kontroller(p *Proeve) error {
	t, ok := tjekliste(p.Rolle)[f.Tjek]
	if !ok {
		return fmt.Errorf("tjek %q kendes ikke", f.Tjek)
	}
	givet := map[string]bool{"felt": f.Felt != "", "felter": f.Felter != nil, "form": f.Form != "", "en_af": f.EnAf != nil, "trin": f.Trin != 0,
		"antal": f.Antal != nil, "er": f.Er != "", "besked": f.Besked != "", "mod": f.Mod != "", "titel": f.Titel != ""}
	for navn, er := range givet {
		skal, maa := slices.Contains(t.skal, navn), slices.Contains(t.maa, navn)
		if er && !skal && !maa || !er && skal {
			return fmt.Errorf("tjek %s og argumentet %s passer ikke sammen", f.Tjek, navn)
		}
	}
	if f.Trin > len(p.Trin) {
		return fmt.Errorf("trin %d findes ikke", f.Trin)
	}
	if _, ok := vaerdiformer()[f.Form]; f.Form != "" && !ok {
		return fmt.Errorf("form %q kendes ikke", f.Form)
	}
	for _, navn := range append(f.Felter, f.Felt) {
		if _, ok := mox.BeskedfeltAf(navn); navn != "" && !ok && navn != "relateret" {
			return fmt.Errorf("felt %q findes ikke", navn)
		}
	}
	return nil
}

package afproevning

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/internal/janej"
)

//go:embed byggeansoegning jobcenter overdragelse stormaengde webblanket
var mapper embed.FS

// specfil is the file that makes a folder a trial.
const specfil = "afproevning.yaml"

// Rekonstruktion is said with the municipality that a trial stands for.
const Rekonstruktion = "rekonstruktion; KL's tekst fra 2012 og pilotprojekternes indhold er ikke offentligt tilgængelige"

// Stempel is on every evidence pack from simulated systems.
const Stempel = "simuleret – ingen leverandør står inde for dette"

// Spec is a trial as its folder describes it.
type Spec struct {
	Navn           string                `yaml:"navn"`
	Titel          string                `yaml:"titel"`
	Beskrivelse    string                `yaml:"beskrivelse"`
	Kommune        string                `yaml:"kommune"` // whose trial of 2012 it stands for
	Kraever        []string              `yaml:"kraever"` // addresses of services that must be given: RABBITMQ
	Systemer       []SystemSpec          `yaml:"systemer"`
	Installationer []InstallationSpec    `yaml:"installationer"`
	Agenter        []AgentSpec           `yaml:"agenter"`
	Abonnementer   []AbonnementSpec      `yaml:"abonnementer"` // that are made while MOX runs
	Roller         []Rolle               `yaml:"roller"`
	Belastning     Belastning            `yaml:"belastning"`
	Haandtrin      []string              `yaml:"haandtrin"` // what people do where the systems are the municipality's own
	Fejl           []FejlSpec            `yaml:"fejl"`
	Sabotage       *FejlSpec             `yaml:"sabotage"` // a broken promise, so that the criteria are seen to find it
	Rettelser      []RettelseSpec        `yaml:"rettelser"`
	Opgoerelser    map[string]Opgoerelse `yaml:"opgoerelser"`
	Kriterier      []Kriterium           `yaml:"kriterier"`

	filer fs.FS
}

// SystemSpec is a foreign system of the trial.
type SystemSpec struct {
	Navn        string      `yaml:"navn"`
	Titel       string      `yaml:"titel"`
	Leverandoer string      `yaml:"leverandoer"`
	Adgang      string      `yaml:"adgang"`   // how it is reached: REST, SQL, files
	Standard    janej.JaNej `yaml:"standard"` // it speaks the OIO standard itself
	Program     string      `yaml:"program"`  // the simulator; several systems may share one, and "arkiv:A" is one that adds _A to its addresses
	Adresser    []string    `yaml:"adresser"` // the words between @ that the simulator, or the municipality, gives
	Kender      []string    `yaml:"kender"`   // addresses of other systems that the simulator uses, and so starts after them; it does without one that is not given
	Direkte     []Direkte   `yaml:"direkte"`  // where it meets a MOX without an agent
}

// Direkte is how a system that follows the standard meets a MOX itself.
type Direkte struct {
	Installation string `yaml:"installation"`
	Ind          string `yaml:"ind"` // how it sends
	Ud           string `yaml:"ud"`  // how it receives
}

// InstallationSpec is a MOX of the trial.
type InstallationSpec struct {
	Navn  string   `yaml:"navn"`
	Titel string   `yaml:"titel"`
	CVR   string   `yaml:"cvr"`
	Filer []string `yaml:"filer"` // files and folders of the trial that make its folder; the demo's own where none are named
	// Vaerdier are words between @ that stand for something else here than in the other installations; a value may have words
	// of the run in it.
	Vaerdier map[string]string `yaml:"vaerdier"`
}

// AgentSpec is an agent's file, and which system it serves.
type AgentSpec struct {
	Fil          string `yaml:"fil"` // below the installation's folder
	Installation string `yaml:"installation"`
	System       string `yaml:"system"`
}

// AbonnementSpec is an abonnement that the operator makes.
type AbonnementSpec struct {
	Installation string           `yaml:"installation"`
	ID           mox.AbonnementID `yaml:"id"`
	System       string           `yaml:"system"`
	Carrier      mox.Carrier      `yaml:"carrier"`
	Filter       map[string]any   `yaml:"filter"`
	Modtager     string           `yaml:"modtager"`
	URL          string           `yaml:"url"`
	Form         mox.PushForm     `yaml:"form"`
}

// Rolle is who does what in the municipality.
type Rolle struct {
	Rolle  string `yaml:"rolle" json:"rolle"`
	Navn   string `yaml:"navn" json:"navn"`
	Opgave string `yaml:"opgave" json:"opgave"`
}

// Belastning is how much happens.
type Belastning struct {
	Antal   int                `yaml:"antal"`
	Seed    uint64             `yaml:"seed"`
	Hver    connector.Duration `yaml:"hver"`     // between two rounds
	FoerMOX int                `yaml:"foer_mox"` // rounds before MOX is started: what is there already
	Ro      connector.Duration `yaml:"ro"`       // how long nothing may have moved before all is done; 0 = 3 s
	Frist   connector.Duration `yaml:"frist"`    // for coming to rest; 0 = 3 minutes
}

// FejlSpec is something that goes wrong on purpose.
type FejlSpec struct {
	Navn         string             `yaml:"navn"`
	Tekst        string             `yaml:"tekst"`
	Slags        string             `yaml:"slags"` // system or draeb
	System       string             `yaml:"system"`
	Installation string             `yaml:"installation"`
	Goer         string             `yaml:"goer"`
	Antal        int                `yaml:"antal"`
	Varighed     connector.Duration `yaml:"varighed"`
	FoerRunde    *int               `yaml:"foer_runde"`
	EfterRunde   *int               `yaml:"efter_runde"`
}

// RettelseSpec is what a person does about what waits for one.
type RettelseSpec struct {
	Fejl         Fejlvalg          `yaml:"fejl"`
	Installation string            `yaml:"installation"` // empty = the first
	Goer         string            `yaml:"goer"`         // ret-og-send, ret-post, gensend, luk or afgoer
	Felter       map[string]string `yaml:"felter"`       // ret-og-send: the values that are put right
	Spoerg       *SQLSpoergsmaal   `yaml:"spoerg"`       // ret-post: where the person looks the record up, by its first field, for its text RAA; afgoer: whether it happened, with the answer's fields
	Parametre    []string          `yaml:"parametre"`    // afgoer: the besked's values that are asked with
	Begrundelse  string            `yaml:"begrundelse"`
}

// Fejlvalg selects what waits for a person.
type Fejlvalg struct {
	Kode       string           `yaml:"kode"`
	Abonnement mox.AbonnementID `yaml:"abonnement"`
	Kilde      string           `yaml:"kilde"`
}

// Navne are the trials there are, in the order they are run.
func Navne() []string {
	var ud []string
	for _, n := range raekkefoelge() {
		if _, err := fs.Stat(mapper, n+"/"+specfil); err == nil {
			ud = append(ud, n)
		}
	}
	return ud
}

func raekkefoelge() []string {
	return []string{"byggeansoegning", "webblanket", "jobcenter", "stormaengde", "overdragelse"}
}

// Hent reads the trial of that name. The error is a [*mox.Error]: [mox.KodeIkkeFundet] where there is none.
func Hent(navn string) (*Spec, error) {
	if !slices.Contains(Navne(), navn) {
		return nil, mox.E("afproevning", mox.KodeIkkeFundet, "afprøvningen %q findes ikke", navn).Med("mox afproevning list viser dem")
	}
	filer, err := fs.Sub(mapper, navn)
	if err != nil {
		return nil, err
	}
	return laesSpec(filer)
}

func laesSpec(filer fs.FS) (*Spec, error) {
	b, err := fs.ReadFile(filer, specfil)
	if err != nil {
		return nil, err
	}
	s := &Spec{filer: filer}
	if err := yaml.UnmarshalWithOptions(b, s, yaml.Strict()); err != nil {
		return nil, mox.E("afproevning", mox.KodeUgyldig, "%s: %s", specfil, yaml.FormatError(err, false, true)).Med("ret filen")
	}
	if err := s.tjek(); err != nil {
		return nil, mox.E("afproevning", mox.KodeUgyldig, "%s: %v", specfil, err).Med("ret filen")
	}
	return s, nil
}

// tjek finds what cannot be meant: names that lead nowhere, and criteria that demand nothing.
func (s *Spec) tjek() error {
	var fejl []error
	fejl = append(fejl, s.tjekFejl()...)
	for _, k := range s.Kriterier {
		if err := k.tjek(s); err != nil {
			fejl = append(fejl, fmt.Errorf("kriterium %s: %w", k.Navn, err))
		}
	}
	for navn, o := range s.Opgoerelser {
		if o.slags() != 1 {
			fejl = append(fejl, fmt.Errorf("opgørelsen %s skal have netop én af sql, http, filer og mox", navn))
		}
	}
	for _, a := range s.Agenter {
		if s.installation(a.Installation) == nil || s.system(a.System) == nil {
			fejl = append(fejl, fmt.Errorf("agenten %s: ukendt installation eller system", a.Fil))
		}
	}
	for _, r := range s.Rettelser {
		if !slices.Contains([]string{goerRet, goerPost, goerGensend, goerLuk, goerAfgoer}, r.Goer) || r.Begrundelse == "" {
			fejl = append(fejl, fmt.Errorf("rettelsen %q mangler goer eller begrundelse", r.Goer))
		}
	}
	if s.Navn == "" || s.Kommune == "" || len(s.Systemer) < 2 || len(s.Installationer) == 0 || len(s.Kriterier) == 0 {
		fejl = append(fejl, errors.New("navn, kommune, mindst to systemer, en installation og et kriterium skal være der"))
	}
	return errors.Join(fejl...)
}

func (s *Spec) tjekFejl() (fejl []error) {
	alle := slices.Clone(s.Fejl)
	if s.Sabotage != nil {
		alle = append(alle, *s.Sabotage)
	}
	for _, f := range alle {
		switch {
		case f.FoerRunde == nil && f.EfterRunde == nil:
			fejl = append(fejl, fmt.Errorf("fejlen %s har hverken foer_runde eller efter_runde", f.Navn))
		case f.Slags == slagsDraeb && s.installation(f.Installation) == nil, f.Slags != slagsDraeb && s.system(f.System) == nil:
			fejl = append(fejl, fmt.Errorf("fejlen %s rammer intet, der er med", f.Navn))
		}
	}
	return fejl
}

// The kinds of faults and of what a person does.
const (
	slagsDraeb  = "draeb"
	goerRet     = "ret-og-send"
	goerPost    = "ret-post"
	goerGensend = "gensend"
	goerLuk     = "luk"
	goerAfgoer  = "afgoer"
)

func (s *Spec) system(navn string) *SystemSpec {
	for i := range s.Systemer {
		if s.Systemer[i].Navn == navn {
			return &s.Systemer[i]
		}
	}
	return nil
}

func (s *Spec) installation(navn string) *InstallationSpec {
	for i := range s.Installationer {
		if s.Installationer[i].Navn == navn {
			return &s.Installationer[i]
		}
	}
	return nil
}

// Stedfortraeder is the one line of which municipality's trial it stands for.
func (s *Spec) Stedfortraeder() string {
	return "Står for forsøget i " + s.Kommune + " (" + Rekonstruktion + ")"
}

// Udsagn are the statements that the trial's criteria prove when they hold, in order.
func (s *Spec) Udsagn() []string {
	var ud []string
	for _, k := range s.Kriterier {
		ud = append(ud, k.Udsagn...)
	}
	slices.SortFunc(ud, func(a, b string) int { return udsagnsnr(a) - udsagnsnr(b) })
	return slices.Compact(ud)
}

func udsagnsnr(s string) (n int) {
	if _, err := fmt.Sscanf(s, "mox %d", &n); err != nil {
		return 0
	}
	return n
}

// Standards where the trial says nothing.
const (
	standardHver  = time.Second
	standardRo    = 3 * time.Second
	standardFrist = 3 * time.Minute
)

// erstatning puts values in the place of the words between @.
func erstatning(vaerdier map[string]string) *strings.Replacer {
	var par []string
	for navn, v := range vaerdier {
		par = append(par, "@"+navn+"@", v)
	}
	return strings.NewReplacer(par...)
}

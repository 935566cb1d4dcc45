package agent

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/janej"
	"github.com/moxkit/mox/mapping"
)

// aftalefil is a tilslutningsaftale as it stands in its file.
type aftalefil struct {
	Aftale        string                      `yaml:"aftale"`
	System        string                      `yaml:"system"`
	Dataansvarlig partfil                     `yaml:"dataansvarlig"`
	Databehandler partfil                     `yaml:"databehandler"`
	Formaal       string                      `yaml:"formaal"`
	Hjemmel       string                      `yaml:"hjemmel"`
	Kategorier    []string                    `yaml:"kategorier"`
	Slettefrist   string                      `yaml:"slettefrist"`
	Godkendt      godkendtfil                 `yaml:"godkendt"`
	Gyldig        gyldigfil                   `yaml:"gyldig"`
	MaaSende      []retfil                    `yaml:"maa_sende"`
	MaaModtage    []retfil                    `yaml:"maa_modtage"`
	MaaLaese      []retfil                    `yaml:"maa_laese"`
	MaaSkrive     []retfil                    `yaml:"maa_skrive"`
	Felter        map[mox.ObjektType][]string `yaml:"felter"`
}

type partfil struct {
	Navn string `yaml:"navn"`
	CVR  string `yaml:"cvr"`
}

type godkendtfil struct {
	Af   string `yaml:"af"`
	Dato string `yaml:"dato"`
}

type gyldigfil struct {
	Fra string `yaml:"fra"`
	Til string `yaml:"til"` // the last day; none = without end
}

type retfil struct {
	Beskedtyper []string         `yaml:"beskedtyper"`
	Objekttyper []mox.ObjektType `yaml:"objekttyper"`
	KLE         []string         `yaml:"kle"`
	Myndigheder []string         `yaml:"myndigheder"`
	Foelsomhed  []string         `yaml:"foelsomhed"`
	Beskyttede  janej.JaNej      `yaml:"beskyttede"`
}

func rettigheder(l []retfil) (ud []mox.Ret) {
	for _, r := range l {
		ud = append(ud, mox.Ret{Beskedtyper: r.Beskedtyper, Objekttyper: r.Objekttyper, KLE: r.KLE, Myndigheder: r.Myndigheder, Foelsomhed: r.Foelsomhed, Beskyttede: bool(r.Beskyttede)})
	}
	return ud
}

// aftalezone is where the days of an agreement begin.
const aftalezone = "Europe/Copenhagen"

// LoadAftale reads a tilslutningsaftale from its file. When there is something wrong with it the Aftale is nil, and every
// Problem says where; they come in the order of the file.
func LoadAftale(file string) (*mox.Aftale, []mapping.Problem) {
	src, err := laesFil(file)
	if err != nil {
		return nil, []mapping.Problem{{File: file, Text: fmt.Sprintf("filen kan ikke læses: %v", err), Hint: "giv stien til en aftales YAML-fil"}}
	}
	l := &linter{file: file, art: "aftale"}
	var f aftalefil
	if !l.parse(src, &f) {
		return nil, l.sorteret()
	}
	a := l.aftale(&f)
	for _, x := range a.Valider() {
		if x.Regel != "interval" || !l.harFejl(x.Sti) { // a day that cannot be read has been told of
			l.fail(l.at("$."+x.Sti), aftaleraad(&a, x), "%s", x.Tekst)
		}
	}
	if l.failed() {
		return nil, l.sorteret()
	}
	return &a, nil
}

func (l *linter) aftale(f *aftalefil) mox.Aftale {
	a := mox.Aftale{Navn: f.Aftale, System: f.System, Dataansvarlig: mox.Part(f.Dataansvarlig), Databehandler: mox.Part(f.Databehandler), Formaal: f.Formaal,
		Hjemmel: f.Hjemmel, Kategorier: f.Kategorier, Slettefrist: f.Slettefrist, Felter: f.Felter, Godkendt: mox.Godkendelse{Af: f.Godkendt.Af},
		MaaSende: rettigheder(f.MaaSende), MaaModtage: rettigheder(f.MaaModtage), MaaLaese: rettigheder(f.MaaLaese), MaaSkrive: rettigheder(f.MaaSkrive)}
	a.Godkendt.Dato = l.dag("godkendt.dato", f.Godkendt.Dato)
	a.GyldigFra = l.dag("gyldig.fra", f.Gyldig.Fra)
	if til := l.dag("gyldig.til", f.Gyldig.Til); !til.IsZero() {
		a.GyldigTil = til.AddDate(0, 0, 1)
	}
	return a
}

// Aftaledag is the day in Denmark that t falls on, "2026-01-01"; in UTC on a machine without time zones.
func Aftaledag(t time.Time) string {
	if zone, err := time.LoadLocation(aftalezone); err == nil {
		t = t.In(zone)
	}
	return t.Format(time.DateOnly)
}

// dag is the beginning of a day in Denmark; zero where none is told.
func (l *linter) dag(sti, v string) time.Time {
	if v == "" {
		return time.Time{}
	}
	zone, err := time.LoadLocation(aftalezone)
	if err != nil {
		l.fail(nil, "installér maskinens tidszoner", "tidszonen %s kendes ikke her", aftalezone)
		return time.Time{}
	}
	t, err := time.ParseInLocation(time.DateOnly, v, zone)
	if err != nil {
		l.fail(l.at("$."+sti), "skriv år-måned-dag: 2026-01-31", "%q er ikke en dag", v)
		return time.Time{}.Add(1) // it has been told
	}
	return t.UTC()
}

// harFejl reports whether the place has a problem already.
func (l *linter) harFejl(sti string) bool {
	at := plads(l.at("$." + sti))
	for _, p := range l.problems {
		if p.Line == at.Line && p.Column == at.Column {
			return true
		}
	}
	return false
}

// postIListe is the place of an entry of a list, "felter.Sag[3]", and its number.
var postIListe = regexp.MustCompile(`^felter\.(\w+)\[(\d+)\]$`)

// aftaleraad is what to do about a broken rule, where more can be said than the rule does.
func aftaleraad(a *mox.Aftale, x mox.Feltfejl) string {
	if m := postIListe.FindStringSubmatch(x.Sti); m != nil {
		t, ok := mox.TypeAf(mox.ObjektType(m[1]))
		nr, err := strconv.Atoi(m[2])
		if ok && err == nil {
			return mente(a.Felter[t.Navn][nr], t.AftaltFelter())
		}
	}
	switch {
	case x.Regel == "kraevet" && strings.HasPrefix(x.Sti, "maa_"):
		return "skriv «objekttyper: [Sag]»"
	case x.Regel == "kraevet":
		return fmt.Sprintf("skriv det under «%s»", x.Sti)
	case x.Regel == "cvr":
		return "sæt det i anførselstegn: '12345678'"
	}
	return ""
}

func (l *linter) sorteret() []mapping.Problem {
	sorter(l.problems, l.file)
	return l.problems
}

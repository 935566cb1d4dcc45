package vejledning

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// The marks between which a guide has figures that are made from docs/bevis.
const (
	talBegynd = "<!-- tal -->\n"
	talSlut   = "<!-- /tal -->"
)

// talsider are the guides with figures, and what makes them.
func talsider() map[string]func(docs string) (string, error) {
	return map[string]func(string) (string, error){"vejledning/forvaltning.md": erfaringstal, "afproevning.md": afproevningstal}
}

// bevis is a file of docs/bevis with figures of a kind.
type bevis[T any] struct {
	Commit     string `json:"commit"`
	Date       string `json:"date"`
	Conditions struct {
		System string `json:"system"`
		Cores  int    `json:"cores"`
	} `json:"conditions"`
	Figures []T `json:"figures"`
}

func laesBevis[T any](docs, navn string) (x bevis[T], err error) {
	b, err := os.ReadFile(filepath.Join(docs, "bevis", navn))
	if err != nil {
		return x, err
	}
	return x, json.Unmarshal(b, &x)
}

// maalt says when, where and with what the figures were made.
func (b *bevis[T]) maalt() string {
	return fmt.Sprintf("Målt %s på `%s` med %d kerner, udgave `%.9s`.", b.Date[:10], b.Conditions.System, b.Conditions.Cores, b.Commit)
}

// drab is what scripts/bevis tells of a run of kills.
type drab struct {
	Navn      string `json:"navn"`
	Runder    int    `json:"runder"`
	Versioner int    `json:"versioner"`
	Tabt      int    `json:"tabt"`
	Dobbelt   int    `json:"dobbelt_virkning"`
}

// benchtal is one line of mox bench.
type benchtal struct {
	Navn       string  `json:"name"`
	Stoerrelse int     `json:"size"`
	P50        float64 `json:"p50_us"`
	PrS        float64 `json:"per_s"`
	Ratio      float64 `json:"ratio"`
	Conditions struct {
		Database string `json:"database"`
	} `json:"conditions"`
}

// erfaringstal are the tables of our own measurements, from the files that scripts/bevis writes.
func erfaringstal(docs string) (string, error) {
	x, err := laesBevis[drab](docs, "crash.json")
	if err != nil {
		return "", err
	}
	databaser := map[string]string{"crash": "SQLite", "crash_postgresql": "PostgreSQL"}
	var ud strings.Builder
	ud.WriteString("| Måling | Database | Drab | Ændringer | Tabt | Dobbelt virkning |\n|---|---|--:|--:|--:|--:|\n")
	for _, f := range x.Figures {
		if databaser[f.Navn] == "" {
			return "", fmt.Errorf("docs/bevis/crash.json has %q, which internal/vejledning/opdater.go does not know", f.Navn)
		}
		fmt.Fprintf(&ud, "| programmet dræbes, mens sager går igennem | %s | %d | %d | %d | %d |\n", databaser[f.Navn], f.Runder, f.Versioner, f.Tabt, f.Dobbelt)
	}
	fart, err := fartstal(docs)
	return ud.String() + "\n" + x.maalt() + "\n\n" + fart, err
}

// fartstal is how fast MOX is, from mox bench.
func fartstal(docs string) (string, error) {
	x, err := laesBevis[benchtal](docs, "mox.json")
	if err != nil {
		return "", err
	}
	var ud strings.Builder
	ud.WriteString("| Måling | SQLite | PostgreSQL |\n|---|--:|--:|\n")
	for _, r := range []struct {
		tekst, navn string
		stoerrelse  int
		vis         func(benchtal) string
	}{
		{"beskeder, der modtages sikkert, 16 afsendere", "accept", 100, prSekund},
		{"fra besked til levering, når intet andet sker", "idle", 100, millisekunder},
		{"læs et objekt, 1.000 i registeret", "register.laes", 1000, millisekunder},
		{"læs et objekt, 1.000.000 i registeret", "register.laes", 1000000, millisekunder},
		{"opret et objekt, 1.000.000 i registeret", "register.opret", 1000000, prSekund},
		{"ret et objekt, 1.000.000 i registeret", "register.ret", 1000000, prSekund},
		{"hele historien om et objekt med 1.000 registreringer", "register.historik", 1000000, millisekunder},
	} {
		fmt.Fprintf(&ud, "| %s |", r.tekst)
		for _, database := range []string{"sqlite", "postgresql"} {
			i := slices.IndexFunc(x.Figures, func(m benchtal) bool {
				return m.Navn == r.navn && m.Stoerrelse == r.stoerrelse && m.Conditions.Database == database
			})
			if i < 0 {
				return "", fmt.Errorf("docs/bevis/mox.json lacks %s at %d on %s", r.navn, r.stoerrelse, database)
			}
			fmt.Fprintf(&ud, " %s |", r.vis(x.Figures[i]))
		}
		ud.WriteString("\n")
	}
	return ud.String() + "\n" + x.maalt() + " *Af det rå* er, hvor meget af databasens egen fart der er tilbage: de samme rækker skrevet eller læst uden MOX, i samme kørsel.\n" +
		"Tiden er den midterste (p50).\n", nil
}

func prSekund(m benchtal) string {
	return fmt.Sprintf("%.0f pr. sekund (%.0f %% af det rå)", m.PrS, 100*m.Ratio)
}

func millisekunder(m benchtal) string {
	return strings.Replace(fmt.Sprintf("%.2f ms", m.P50/1000), ".", ",", 1)
}

// afproevet is what all trials gave in one run.
type afproevet struct {
	Tekst         string `json:"tekst"`
	Afproevninger []struct {
		Navn      string  `json:"navn"`
		Bestaaet  bool    `json:"bestaaet"`
		VarighedS float64 `json:"varighed_s"`
	} `json:"afproevninger"`
	Matrix []struct {
		Udsagn string            `json:"udsagn"`
		Tekst  string            `json:"tekst"`
		Vist   map[string]string `json:"vist"`
	} `json:"matrix"`
}

// afproevningstal is what the trials showed when scripts/bevis last ran them: the result, and each statement with the trials that
// showed it.
func afproevningstal(docs string) (string, error) {
	x, err := laesBevis[afproevet](docs, "afproevning.json")
	if err != nil {
		return "", err
	}
	if len(x.Figures) != 1 {
		return "", fmt.Errorf("docs/bevis/afproevning.json has %d figures, not 1", len(x.Figures))
	}
	f := x.Figures[0]
	var ud strings.Builder
	fmt.Fprintf(&ud, "%s bestod. %s\n\n| Afprøvning | Resultat | Sekunder |\n|---|---|--:|\n", f.Tekst, x.maalt())
	for _, a := range f.Afproevninger {
		resultat := "bestået"
		if !a.Bestaaet {
			resultat = "ikke bestået"
		}
		fmt.Fprintf(&ud, "| `%s` | %s | %.0f |\n", a.Navn, resultat, a.VarighedS)
	}
	ud.WriteString("\n| Udsagn | Hvad MOX skal kunne | Vist i |\n|---|---|---|\n")
	for _, m := range f.Matrix {
		var i []string
		for _, a := range f.Afproevninger {
			if m.Vist[a.Navn] == "ja" {
				i = append(i, "`"+a.Navn+"`")
			}
		}
		if len(i) > 0 {
			fmt.Fprintf(&ud, "| %s | %s | %s |\n", m.Udsagn, m.Tekst, strings.Join(i, ", "))
		}
	}
	return ud.String() + "\nDe øvrige udsagn er vist af tests: [hvert udsagn med sin test](conformance.md).\n", nil
}

// proeve is what the handbook tells of a case of the test of interfaces.
type proeve struct {
	ID      string   `yaml:"id"`
	Navn    string   `yaml:"navn"`
	Niveau  string   `yaml:"niveau"`
	Carrier []string `yaml:"carrier"`
}

// laesProever reads all cases, in the order of their ids.
func laesProever(dir string) (ud []proeve, err error) {
	filer, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return nil, err
	}
	for _, fil := range filer {
		b, err := os.ReadFile(fil)
		if err != nil {
			return nil, err
		}
		var alle []proeve
		if err := yaml.Unmarshal(b, &alle); err != nil {
			return nil, fmt.Errorf("%s: %w", fil, err)
		}
		ud = append(ud, alle...)
	}
	slices.SortFunc(ud, func(a, b proeve) int { return strings.Compare(a.ID, b.ID) })
	return ud, nil
}

const proeveFil = "haandbog/7-proever.md"

// proeveside is the handbook's list of the cases, each with the requirement that names it.
func proeveside(docs string) (string, error) {
	alle, err := laesProever(filepath.Join(docs, "..", "afproevning", "snitflade", "cases"))
	if err != nil {
		return "", err
	}
	b, err := os.ReadFile(filepath.Join(docs, "haandbog", "2-krav.md"))
	if err != nil {
		return "", err
	}
	tilKrav := map[string]string{}
	for _, k := range laesKrav(laesDokument("haandbog/2-krav.md", b), kravForm) {
		for _, p := range k.proever {
			tilKrav[p] = k.id
		}
	}
	var ud strings.Builder
	ud.WriteString("# Prøverne\n\nHver prøve ser på systemet udefra. Et nummer bruges aldrig til en anden prøve. [Krav](2-krav.md) siger, hvad der kræves. *Vej* er AMQP, HTTP\neller begge.\n\n" +
		"<!-- Lavet af prøverne selv: go run ./internal/vejledning/lav -opdater -->\n")
	for _, rolle := range [][2]string{{"S-A-", "Systemet sender"}, {"S-M-", "Systemet modtager"}} {
		fmt.Fprintf(&ud, "\n## %s\n\n| Prøve | Krav | Niveau | Vej | Det skal være sådan |\n|---|---|---|---|---|\n", rolle[1])
		for _, p := range alle {
			if strings.HasPrefix(p.ID, rolle[0]) {
				fmt.Fprintf(&ud, "| %s | %s | %s | %s | %s |\n", p.ID, tilKrav[p.ID], p.Niveau, vej(&p), p.Navn)
			}
		}
	}
	return ud.String(), nil
}

func vej(p *proeve) string {
	if len(p.Carrier) > 1 {
		return "begge"
	}
	return strings.ToUpper(strings.Join(p.Carrier, ""))
}

// Opdater writes what is made from elsewhere: the figures in the guide, and the list of the cases.
func Opdater(docs string) error {
	side, err := proeveside(docs)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(docs, filepath.FromSlash(proeveFil)), []byte(side), 0o644); err != nil {
		return err
	}
	for fil, tal := range talsider() {
		if err := indsaetTal(docs, fil, tal); err != nil {
			return err
		}
	}
	return nil
}

// indsaetTal puts the figures into a guide.
func indsaetTal(docs, navn string, tabeller func(string) (string, error)) error {
	tal, err := tabeller(docs)
	if err != nil {
		return err
	}
	fil := filepath.Join(docs, filepath.FromSlash(navn))
	b, err := os.ReadFile(fil)
	if err != nil {
		return err
	}
	foer, rest, ok := strings.Cut(string(b), talBegynd)
	_, efter, ok2 := strings.Cut(rest, talSlut)
	if !ok || !ok2 {
		return errors.New(navn + " has no marks for the figures")
	}
	return os.WriteFile(fil, []byte(foer+talBegynd+"\n"+tal+"\n"+talSlut+efter), 0o644)
}

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

// The marks between which the guide on governance has its figures.
const (
	talBegynd = "<!-- tal -->\n"
	talSlut   = "<!-- /tal -->"
)

const talFil = "vejledning/forvaltning.md"

// bevis is what docs/bevis/crash.json says.
type bevis struct {
	Commit     string `json:"commit"`
	Date       string `json:"date"`
	Conditions struct {
		System string `json:"system"`
		Cores  int    `json:"cores"`
	} `json:"conditions"`
	Figures []struct {
		Navn      string `json:"navn"`
		Runder    int    `json:"runder"`
		Versioner int    `json:"versioner"`
		Tabt      int    `json:"tabt"`
		Dobbelt   int    `json:"dobbelt_virkning"`
	} `json:"figures"`
}

// erfaringstal is the table of our own measurements, from the files that scripts/bevis writes.
func erfaringstal(docs string) (string, error) {
	b, err := os.ReadFile(filepath.Join(docs, "bevis", "crash.json"))
	if err != nil {
		return "", err
	}
	var x bevis
	if err := json.Unmarshal(b, &x); err != nil {
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
	fmt.Fprintf(&ud, "\nMålt %s på `%s` med %d kerner, udgave `%.9s`.\n", x.Date[:10], x.Conditions.System, x.Conditions.Cores, x.Commit)
	return ud.String(), nil
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
	return indsaetTal(docs)
}

// indsaetTal puts the figures into the guide.
func indsaetTal(docs string) error {
	tal, err := erfaringstal(docs)
	if err != nil {
		return err
	}
	fil := filepath.Join(docs, filepath.FromSlash(talFil))
	b, err := os.ReadFile(fil)
	if err != nil {
		return err
	}
	foer, rest, ok := strings.Cut(string(b), talBegynd)
	_, efter, ok2 := strings.Cut(rest, talSlut)
	if !ok || !ok2 {
		return errors.New(talFil + " has no marks for the figures")
	}
	return os.WriteFile(fil, []byte(foer+talBegynd+"\n"+tal+"\n"+talSlut+efter), 0o644)
}

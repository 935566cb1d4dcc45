package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
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
			return "", fmt.Errorf("docs/bevis/crash.json has %q, which internal/vejledning/erfaring.go does not know", f.Navn)
		}
		fmt.Fprintf(&ud, "| programmet dræbes, mens sager går igennem | %s | %d | %d | %d | %d |\n", databaser[f.Navn], f.Runder, f.Versioner, f.Tabt, f.Dobbelt)
	}
	fmt.Fprintf(&ud, "\nMålt %s på `%s` med %d kerner, udgave `%.9s`.\n", x.Date[:10], x.Conditions.System, x.Conditions.Cores, x.Commit)
	return ud.String(), nil
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

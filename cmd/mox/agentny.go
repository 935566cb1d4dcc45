package main

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"github.com/spf13/cobra"

	"github.com/moxkit/mox"
)

// nyt is what mox agent new and mox init begin from: templates with [[ ]], since agents' files have {{ }} of their own.
//
//go:embed ny
var nyt embed.FS //arch:fixed embedded

// agenttyper are the types that there is a beginning for.
func agenttyper() []string { return []string{"folder", "http", "sql", "soap"} }

// nyAgent is an agent to begin.
type nyAgent struct {
	Agent    string // its name, and its folder's
	System   string
	Type     string
	Variabel string // begins the names of its secrets in the environment
}

func nyAgentFor(system, type_ string) (nyAgent, error) {
	system = strings.TrimSpace(system)
	if !slices.Contains(agenttyper(), type_) {
		return nyAgent{}, mox.E("agent new", mox.KodeUgyldig, "forbindelsen %q kendes ikke", type_).Med("brug " + strings.Join(agenttyper(), ", "))
	}
	navn := agentnavn(system)
	if navn == "" || strings.ContainsAny(system, "\"\\#:{}[]\n") {
		return nyAgent{}, mox.E("agent new", mox.KodeUgyldig, "%q kan ikke være et systems navn", system).Med("brug bogstaver, tal, mellemrum og -")
	}
	return nyAgent{navn, system, type_, strings.ToUpper(strings.ReplaceAll(navn, "-", "_"))}, nil
}

// agentnavn is a system's name as an agent is called: small letters, digits and "-".
func agentnavn(system string) string {
	ud := strings.NewReplacer("æ", "ae", "ø", "oe", "å", "aa").Replace(strings.ToLower(system))
	ud = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, ud)
	return strings.Trim(ud, "-")
}

// skriv writes the agent's files below dir, and tells which. Nothing is written where its folder is there already.
func (n nyAgent) skriv(dir string) (filer []string, err error) {
	mappe := filepath.Join(dir, n.Agent)
	if err := nyMappe(mappe); err != nil {
		return nil, err
	}
	for _, f := range n.filer() {
		til := filepath.Join(mappe, filepath.FromSlash(f))
		skabelon := f
		if f == "agent.yaml" {
			skabelon = n.Type + ".yaml"
		}
		if err := skrivNy(skabelon, til, n); err != nil {
			return filer, err
		}
		filer = append(filer, til)
	}
	if n.Type != "folder" {
		return filer, nil
	}
	for _, m := range []string{"ud", "ind"} {
		if err := os.Mkdir(filepath.Join(mappe, m), 0o755); err != nil {
			return filer, skrivefejl(mappe, err)
		}
	}
	return filer, nil
}

// filer are the files of an agent of its type; the first is its own.
func (n nyAgent) filer() []string {
	ud := []string{"agent.yaml", "maps/sag.yaml", "proever/sager_eksempel.yaml"}
	switch n.Type {
	case "folder":
		ud = append(ud, "proever/andres-sager_opret.yaml")
	case "http", "soap":
		ud = append(ud, "maps/svar.yaml", "proever/andres-sager_opret.yaml")
	}
	return ud
}

// nyMappe makes a folder that must not be there.
func nyMappe(mappe string) error {
	err := os.MkdirAll(filepath.Dir(mappe), 0o755)
	if err == nil {
		err = os.Mkdir(mappe, 0o755)
	}
	if errors.Is(err, fs.ErrExist) {
		return mox.E("ny", mox.KodeKonflikt, "%s er der allerede; intet er ændret", mappe).Med("vælg et andet navn, eller flyt mappen")
	}
	if err != nil {
		return skrivefejl(mappe, err)
	}
	return nil
}

func skrivefejl(sti string, err error) error {
	e := mox.E("ny", mox.KodeUtilgaengelig, "%s kan ikke skrives: %v", sti, err).Med("giv en mappe, som brugeren kan skrive i")
	e.Err = err
	return e
}

// skrivNy writes a template with its values to a file.
func skrivNy(skabelon, til string, v any) error {
	t, err := template.New(path.Base(skabelon)).Delims("[[", "]]").Option("missingkey=error").ParseFS(nyt, path.Join("ny", skabelon))
	if err != nil {
		return fmt.Errorf("skabelonen %s: %w", skabelon, err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, v); err != nil {
		return fmt.Errorf("skabelonen %s: %w", skabelon, err)
	}
	err = os.MkdirAll(filepath.Dir(til), 0o755)
	if err == nil {
		err = os.WriteFile(til, b.Bytes(), 0o644)
	}
	if err != nil {
		return skrivefejl(til, err)
	}
	return nil
}

func (e *env) agentNew() *cobra.Command {
	var dir, type_ string
	c := &cobra.Command{
		Use: "new SYSTEM", Short: "Begynd på en agent: filer, der er i orden og har en prøve, at rette til",
		Long: "Begynd på en agent til et system: agent.yaml, en tabel og en prøve i en ny mappe med systemets navn.\nRet dem til, og prøv dem med mox agent check og mox agent test.\n" + exitTekst,
		Args: argumenter(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			n, err := nyAgentFor(args[0], type_)
			if err != nil {
				return err
			}
			filer, err := n.skriv(dir)
			if err != nil {
				return err
			}
			return e.skriv(map[string]any{"agent": n.Agent, "filer": filer}, func(w io.Writer) {
				fmt.Fprintf(w, "%s\nRet dem til, prøv dem med mox agent check %s og mox agent test, og skriv agenten under agenter i mox.yaml.\n", strings.Join(filer, "\n"), filer[0])
			})
		},
	}
	c.Flags().StringVar(&type_, "type", "folder", "hvordan systemet nås: "+strings.Join(agenttyper(), ", "))
	c.Flags().StringVar(&dir, "dir", ".", "den mappe, agentens egen mappe lægges i")
	return c
}

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/app"
)

func (e *env) config() *cobra.Command {
	var dir string
	c := &cobra.Command{Use: "config", Short: "Se og efterprøv mox.yaml, uden at MOX startes"}
	c.PersistentFlags().StringVar(&dir, "dir", "mox-data", "datamappen")
	c.AddCommand(
		&cobra.Command{Use: "check", Short: "Find alle fejl i mox.yaml og de filer, den nævner", Args: argumenter(cobra.NoArgs),
			Long: "Find alle fejl i mox.yaml og de filer, den nævner: agenter, aftaler, processer, kodefiler, nøgler og certifikater.\n" +
				"Intet åbnes og intet ændres; om databasen og de andre systemer svarer, siger mox serve og mox agent check --live.\n" + exitTekst,
			RunE: func(*cobra.Command, []string) error { return e.configCheck(dir) }},
		&cobra.Command{Use: "show", Short: "Vis opsætningen, som den gælder, med det, ingen har sagt noget om", Args: argumenter(cobra.NoArgs),
			Long: "Vis opsætningen, som den gælder, med standarden dér, hvor mox.yaml intet siger. Kodeord vises ikke.\n" + exitTekst,
			RunE: func(*cobra.Command, []string) error { return e.configShow(dir) }},
		&cobra.Command{Use: "describe", Short: "Vis, hvad der kan stå i mox.yaml", Args: argumenter(cobra.NoArgs), Long: "Vis, hvad der kan stå i mox.yaml, og hvad det betyder. Alt kan udelades.\n" + exitTekst,
			RunE: func(*cobra.Command, []string) error {
				return e.skriv(app.Beskriv(), func(w io.Writer) { visIndstillinger(w, app.Beskriv()) })
			}},
	)
	return c
}

// configCheck tells every fault, as mox serve would tell the first of them.
func (e *env) configCheck(dir string) error {
	c, err := app.LaesConfig(dir)
	if err != nil {
		return err
	}
	t, fejl := app.Tjek(c)
	if len(fejl) == 0 {
		return e.skriv(t, func(w io.Writer) {
			fmt.Fprintf(w, "%s er i orden: %d agenter, %d aftaler, %d processer, %d API-nøgler\n", t.Fil, t.Agenter, t.Aftaler, t.Processer, t.APINoegler)
		})
	}
	samlet := &mox.Error{Kode: mox.KodeUgyldig, Op: "config", Tekst: fmt.Sprintf("opsætningen i %s har %d fejl", dir, len(fejl)), Raad: "ret dem, og kør mox config check igen"}
	for _, f := range fejl {
		var m *mox.Error
		if !errors.As(f, &m) {
			m = &mox.Error{Op: "config", Tekst: f.Error()}
		}
		samlet.Felter = append(samlet.Felter, mox.Feltfejl{Sti: m.Op, Regel: "config", Tekst: medRaad(m)})
		samlet.Felter = append(samlet.Felter, m.Felter...)
	}
	return samlet
}

func medRaad(m *mox.Error) string {
	if m.Raad == "" {
		return m.Tekst
	}
	return m.Tekst + " (" + m.Raad + ")"
}

func (e *env) configShow(dir string) error {
	c, err := app.LaesConfig(dir)
	if err != nil {
		return err
	}
	b, err := app.Vis(c)
	if err != nil {
		return err
	}
	j, err := yaml.YAMLToJSON(b)
	if err != nil {
		return err
	}
	return e.skriv(json.RawMessage(j), func(w io.Writer) { _, _ = w.Write(b) }) // w is the terminal
}

func visIndstillinger(w io.Writer, l []app.Indstilling) {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "INDSTILLING\tFORM\tBETYDNING")
	for _, i := range l {
		fmt.Fprintf(t, "%s\t%s\t%s\n", i.Sti, i.Form, i.Betydning)
	}
	_ = t.Flush() // w is the terminal
}

package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/agent"
	"github.com/moxkit/mox/mapping"
)

func (e *env) aftale() *cobra.Command {
	c := &cobra.Command{Use: "aftale", Short: "Prøv tilslutningsaftaler"}
	c.AddCommand(e.aftaleCheck())
	return c
}

func (e *env) aftaleCheck() *cobra.Command {
	return &cobra.Command{
		Use: "check FIL…", Short: "Find fejl i tilslutningsaftaler, med linje og råd", Long: "Find fejl i tilslutningsaftaler, med linje og råd, og mellem dem.\n" + exitTekst,
		Args: argumenter(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, filer []string) error {
			problemer := []mapping.Problem{}
			var aftaler mox.Aftaler
			for _, f := range filer {
				a, p := agent.LoadAftale(f)
				problemer = append(problemer, p...)
				if a != nil {
					aftaler = append(aftaler, *a)
				}
			}
			if err := e.skriv(map[string]any{"problemer": problemer}, func(w io.Writer) { visAftaleproblemer(w, problemer, len(filer)) }); err != nil {
				return err
			}
			if len(problemer) > 0 {
				return mox.E("aftale check", mox.KodeUgyldig, "aftalerne har fejl").Med("ret dem, og kør mox aftale check igen")
			}
			return aftaler.Valider()
		},
	}
}

func visAftaleproblemer(w io.Writer, ps []mapping.Problem, filer int) {
	for _, p := range ps {
		fmt.Fprintln(w, p)
	}
	if len(ps) == 0 {
		fmt.Fprintf(w, "Ingen fejl i %d aftale(r).\n", filer)
	}
}

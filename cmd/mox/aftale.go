package main

import (
	"fmt"
	"io"
	"net/http"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/agent"
	"github.com/moxkit/mox/console/drift"
	"github.com/moxkit/mox/mapping"
)

func (e *env) aftale() *cobra.Command {
	c := &cobra.Command{Use: "aftale", Short: "Prøv tilslutningsaftaler, se dem, der gælder, og indlæs dem igen"}
	s := e.serverFlag(c)
	c.AddCommand(e.aftaleCheck(), s.aftaleList(), s.aftaleIndlaes())
	return c
}

func (s *server) aftaleList() *cobra.Command {
	return &cobra.Command{Use: "list", Short: "Vis de tilslutningsaftaler, MOX holder systemerne til", Args: argumenter(cobra.NoArgs), RunE: func(c *cobra.Command, _ []string) error {
		var l drift.Aftaler
		if err := s.kald(c.Context(), http.MethodGet, driftsti("aftaler"), nil, &l); err != nil {
			return err
		}
		return s.env.skriv(l, func(w io.Writer) { visAftaler(w, l) })
	}}
}

func (s *server) aftaleIndlaes() *cobra.Command {
	var k drift.Begrundelse
	c := &cobra.Command{Use: "indlaes", Short: "Læs aftalernes filer igen, uden at MOX standser", Args: argumenter(cobra.NoArgs),
		Long: "Læs aftalernes filer igen, uden at MOX standser. Har en af dem fejl, gælder de forrige.\nDeler flere mox serve en database, skal det gøres hos hver; SIGHUP til processen gør det samme.\n" + exitTekst}
	medBegrundelse(c, &k.Begrundelse)
	c.RunE = func(c *cobra.Command, _ []string) error {
		var l drift.Aftaler
		if err := s.kald(c.Context(), http.MethodPost, driftsti("aftaler", "indlaes"), k, &l); err != nil {
			return err
		}
		return s.env.skriv(l, func(w io.Writer) { visAftaler(w, l) })
	}
	return c
}

func visAftaler(w io.Writer, l drift.Aftaler) {
	if len(l.Aftaler) == 0 {
		fmt.Fprintln(w, "Der er ingen tilslutningsaftaler: alle må sende og modtage det, der ikke er fortroligt.")
		return
	}
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "AFTALE\tSYSTEM\tGÆLDER\tDATAANSVARLIG\tFORMÅL")
	for _, a := range l.Aftaler {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", a.Navn, a.System, gaelder(a), a.Dataansvarlig.Navn, a.Formaal)
	}
	_ = t.Flush() // w is the terminal
}

// gaelder is from when to when; the last day is one of those it holds.
func gaelder(a drift.Aftalepost) string {
	ud := "fra " + agent.Aftaledag(a.GyldigFra)
	if !a.GyldigTil.IsZero() {
		ud += " til " + agent.Aftaledag(a.GyldigTil.Add(-time.Nanosecond))
	}
	if !a.IKraft {
		ud += " (ikke nu)"
	}
	return ud
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

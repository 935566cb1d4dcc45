package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/moxkit/mox/console/drift"
)

func (e *env) besked() *cobra.Command {
	c := &cobra.Command{Use: "besked", Short: "Send, vis og følg en besked"}
	s := e.serverFlag(c)
	c.AddCommand(e.beskedVis(s), e.beskedSend(s), s.beskedForklar(), s.beskedUafsluttede(),
		s.forloeb("forloeb ID", "Vis alt, hvad der er sket med en besked, en proces eller et objekt (beskedID, procesID eller objektID)"))
	return c
}

// forloeb is a command that shows all that happened to what its argument names.
func (s *server) forloeb(brug, kort string) *cobra.Command {
	return &cobra.Command{Use: brug, Short: kort, Args: argumenter(cobra.ExactArgs(1)), RunE: func(c *cobra.Command, args []string) error {
		var f drift.Forloeb
		if err := s.kald(c.Context(), http.MethodGet, driftsti("forloeb", args[0]), nil, &f); err != nil {
			return err
		}
		return s.env.skriv(f, func(w io.Writer) { visForloeb(w, f) })
	}}
}

func visForloeb(w io.Writer, f drift.Forloeb) {
	for _, g := range f.Glemte {
		fmt.Fprintf(w, "%s %s blev slettet for altid %s efter %s\n", g.ObjektType, g.Objekt, klokken(g.Tid), g.Hjemmel)
	}
	for _, p := range f.Processer {
		fmt.Fprintf(w, "Proces %s (%s): %s\n", p.Navn, p.ProcesID, p.Tilstand)
		for _, s := range p.Svar {
			fmt.Fprintf(w, "  %-30s %s\n", s.Abonnement, svartekst(s))
		}
	}
	for _, b := range f.Beskeder {
		fmt.Fprintf(w, "\n%s  %s fra %s  %s\n", klokken(b.Modtaget), strings.Join(b.Metadata["beskedtype"], ""), b.Afsender, b.BeskedID)
		for _, l := range b.Leverancer {
			visLeverance(w, l)
		}
	}
}

func svartekst(s drift.ProcesSvar) string {
	switch {
	case s.Slut:
		return "har svaret"
	case s.Fejl:
		return "kunne ikke"
	}
	return "afventes"
}

func visLeverance(w io.Writer, l drift.Leverance) {
	fmt.Fprintf(w, "  → %s, omgang %d: %s", l.Abonnement, l.Omgang, l.Tilstand)
	if l.Aarsag != "" {
		fmt.Fprintf(w, " (%s)", l.Aarsag)
	}
	if l.Blokeret {
		fmt.Fprint(w, ", venter på en tidligere besked om samme objekt")
	}
	fmt.Fprintln(w)
	for _, f := range l.Forsoeg {
		fmt.Fprintf(w, "      forsøg %d  %s  %s %s %s\n", f.Nr, klokken(f.Begyndt), f.Resultat, f.Kode, f.Tekst)
	}
}

func klokken(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05.000") }

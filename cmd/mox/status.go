package main

import (
	"fmt"
	"io"
	"net/http"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/console/drift"
	"github.com/moxkit/mox/store"
)

func (e *env) status() *cobra.Command {
	var link bool
	c := &cobra.Command{Use: "status", Short: "Vis, hvordan det hele står", Long: "Vis, hvordan det hele står: alarmerne, én linje per modtager, kilderne, processerne og det, der venter på en person.\n" + exitTekst, Args: argumenter(cobra.NoArgs)}
	s := e.serverFlag(c)
	c.Flags().BoolVar(&link, "link", false, "skriv et nyt engangslink til konsollen")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if link {
			var l auth.Link
			if err := s.kald(c.Context(), http.MethodPost, auth.LinkSti, struct{}{}, &l); err != nil {
				return err
			}
			return e.skriv(l, func(w io.Writer) { fmt.Fprintln(w, l.Link) })
		}
		var st drift.Status
		if err := s.kald(c.Context(), http.MethodGet, driftsti("status"), nil, &st); err != nil {
			return err
		}
		return e.skriv(st, func(w io.Writer) { visStatus(w, st) })
	}
	return c
}

func visStatus(w io.Writer, s drift.Status) {
	if s.DiskFuld {
		fmt.Fprintln(w, "DISKEN ER FULD: MOX tager ikke imod nyt, før der er plads.")
	}
	for _, a := range s.Alarmer {
		fmt.Fprintf(w, "ALARM %d siden %s: %s%s\n", a.ID, klokken(a.Begyndt), a.Tekst, kvitteretAf(a))
	}
	if len(s.Alarmer) > 0 {
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "%d beskeder, %d kvitteringer, %d fejl til behandling, %s\n\n", s.Beskeder, s.Kvitteringer, s.AabneFejl, alarmer(len(s.Alarmer)))
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "ABONNEMENT\tVENTER\tKRÆVER HANDLING\tBLOKERET\tLEVERET\tÆLDSTE\tFORSØG 15 MIN\tMISLYKKET\t")
	for _, m := range s.Modtagere {
		pause := ""
		if m.Pause {
			pause = "på pause: " + m.PauseFordi
		}
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%s\t%d\t%s\t%s\n", m.Abonnement, m.Venter, m.KraeverHandling, m.Blokeret, m.Leveret, alder(m.Aeldste), m.Forsoeg, andel(m.Mislykkedes, m.Forsoeg), pause)
	}
	fmt.Fprintln(t, "\nKILDE\tLÆST\tBESKEDER\tUÆNDREDE\tFORÆLDEDE\tEKKO\tFEJL\tSIDST I KONTAKT\t")
	for _, k := range s.Kilder {
		svigt := ""
		if k.FejlITraek > 0 {
			svigt = fmt.Sprintf("kan ikke læses (%d gange): %s", k.FejlITraek, k.SidsteFejl)
		}
		fmt.Fprintf(t, "%s/%s\t%d\t%d\t%d\t%d\t%d\t%d\t%s\t%s\n", k.Agent, k.Kilde, k.Laest, k.Beskeder, k.Uaendrede, k.Foraeldede, k.Ekko, k.Fejlposter, siden(k.Kontakt), svigt)
	}
	fmt.Fprintln(t, "\nPROCES\tSTARTET\tI GANG\tAFSLUTTET\tFEJLET\tUDLØBET")
	for _, p := range s.Processer {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\n", p.Navn, p.Startet, p.Igang, p.Afsluttet, p.Fejlet, p.Udloebet)
	}
	_ = t.Flush() // w is the terminal
}

// alarmer is how many there are.
func alarmer(n int) string {
	if n == 1 {
		return "1 alarm"
	}
	return fmt.Sprintf("%d alarmer", n)
}

func kvitteretAf(a store.Alarm) string {
	if a.Kvitteret.IsZero() {
		return ""
	}
	return " (kvitteret af " + a.KvitteretAf + ": " + a.Begrundelse + ")"
}

// andel is n of alle in percent.
func andel(n, alle int) string {
	if alle == 0 {
		return "–"
	}
	return fmt.Sprintf("%d %%", 100*n/alle)
}

// siden is how long ago something was.
func siden(t time.Time) string {
	if t.IsZero() {
		return "aldrig"
	}
	return "for " + alder(t) + " siden"
}

func alder(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return time.Since(t).Round(time.Second).String()
}

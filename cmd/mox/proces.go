package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/moxkit/mox/console/drift"
)

func (e *env) proces() *cobra.Command {
	c := &cobra.Command{Use: "proces", Short: "Se MOX-processerne: hvad der er i gang, afsluttet og fejlet"}
	s := e.serverFlag(c)
	c.AddCommand(s.procesList(), s.forloeb("vis PROCESID", "Vis en proces: hvem der har svaret, og alt, hvad der er sket"))
	return c
}

func (s *server) procesList() *cobra.Command {
	q := url.Values{}
	var navn, tilstand string
	var antal int
	c := &cobra.Command{Use: "list", Short: "Vis processerne, de nyeste først", Args: argumenter(cobra.NoArgs)}
	c.Flags().StringVar(&navn, "navn", "", "kun processer med dette navn")
	c.Flags().StringVar(&tilstand, "tilstand", "", "kun igang, afsluttet, fejlet eller udloebet")
	c.Flags().IntVar(&antal, "antal", 50, "så mange, højst 200")
	c.RunE = func(c *cobra.Command, _ []string) error {
		for n, v := range map[string]string{"navn": navn, "tilstand": tilstand, "antal": strconv.Itoa(antal)} {
			if v != "" {
				q.Set(n, v)
			}
		}
		var l drift.Procesliste
		if err := s.kald(c.Context(), http.MethodGet, driftsti("processer")+"?"+q.Encode(), nil, &l); err != nil {
			return err
		}
		return s.env.skriv(l, func(w io.Writer) { visProcesser(w, l) })
	}
	return c
}

func visProcesser(w io.Writer, l drift.Procesliste) {
	if len(l.Processer) == 0 {
		fmt.Fprintln(w, "Der er ingen sådanne processer.")
		return
	}
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "STARTET\tPROCES\tTILSTAND\tSVAR\tPROCESID")
	for _, p := range l.Processer {
		har := 0
		for _, s := range p.Svar {
			if s.Slut {
				har++
			}
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%d af %d\t%s\n", klokken(p.Startet), p.Navn, p.Tilstand, har, len(p.Svar), p.ProcesID)
	}
	_ = t.Flush() // w is the terminal
	if l.Foer != "" {
		fmt.Fprintln(w, "Der er flere; vælg med --navn og --tilstand, eller se dem i konsollen.")
	}
}

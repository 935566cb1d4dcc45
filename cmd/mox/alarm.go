package main

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/console/drift"
)

func (e *env) alarm() *cobra.Command {
	c := &cobra.Command{Use: "alarm", Short: "Se alarmer, kvittér for dem, og prøv, om de kommer frem"}
	s := e.serverFlag(c)
	c.AddCommand(s.alarmList(), s.alarmKvitter(), s.alarmProev())
	return c
}

func (s *server) alarmList() *cobra.Command {
	return &cobra.Command{Use: "list", Short: "Vis det, der står, og det, der er løst", Args: argumenter(cobra.NoArgs), RunE: func(c *cobra.Command, _ []string) error {
		var l drift.Alarmer
		if err := s.kald(c.Context(), http.MethodGet, driftsti("alarmer"), nil, &l); err != nil {
			return err
		}
		return s.env.skriv(l, func(w io.Writer) { visAlarmer(w, l) })
	}}
}

func visAlarmer(w io.Writer, l drift.Alarmer) {
	for _, a := range l.Staar {
		fmt.Fprintf(w, "%d  siden %s  %s\n    Næste skridt: %s\n", a.ID, klokken(a.Begyndt), a.Tekst, a.Raad)
		if len(a.Modtagere) > 0 {
			fmt.Fprintf(w, "    fortalt til %s\n", strings.Join(a.Modtagere, ", "))
		}
		if !a.Vaek.IsZero() {
			fmt.Fprintf(w, "    ikke set siden %s; den slutter, når der har været ro længe nok\n", klokken(a.Vaek))
		}
		if !a.Kvitteret.IsZero() {
			fmt.Fprintf(w, "    kvitteret af %s: %s\n", a.KvitteretAf, a.Begrundelse)
		}
	}
	for _, a := range l.Sluttede {
		fmt.Fprintf(w, "løst %s  %s\n", klokken(a.Sluttet), a.Tekst)
	}
	fmt.Fprintf(w, "%s står\n", alarmer(len(l.Staar)))
}

func (s *server) alarmKvitter() *cobra.Command {
	var hvorfor string
	c := &cobra.Command{Use: "kvitter ID", Short: "Tag en alarm på dig; kræver en begrundelse", Args: argumenter(cobra.ExactArgs(1)), RunE: func(c *cobra.Command, args []string) error {
		if err := s.kald(c.Context(), http.MethodPost, driftsti("alarmer", args[0], "kvitter"), drift.Begrundelse{Begrundelse: hvorfor}, nil); err != nil {
			return err
		}
		return s.env.skriv(map[string]string{"alarm": args[0], "svar": "kvitteret"}, func(w io.Writer) { fmt.Fprintf(w, "%s: kvitteret\n", args[0]) })
	}}
	medBegrundelse(c, &hvorfor)
	return c
}

func (s *server) alarmProev() *cobra.Command {
	return &cobra.Command{Use: "proev", Short: "Send en prøvealarm, og se, om den kom af sted", Args: argumenter(cobra.NoArgs), RunE: func(c *cobra.Command, _ []string) error {
		var p drift.Alarmproeve
		if err := s.kald(c.Context(), http.MethodPost, driftsti("alarmer", "proev"), struct{}{}, &p); err != nil {
			return err
		}
		navne := slices.Sorted(maps.Keys(p.Sendt))
		err := s.env.skriv(p, func(w io.Writer) {
			for _, navn := range navne {
				fmt.Fprintf(w, "%s: %s\n", navn, ellers(p.Sendt[navn], "sendt"))
			}
		})
		for _, navn := range navne {
			if err == nil && p.Sendt[navn] != "" {
				err = mox.E("alarm", mox.KodeUtilgaengelig, "prøven kunne ikke sendes som %s", navn).Med("ret alarmer i mox.yaml, og genstart MOX")
			}
		}
		return err
	}}
}

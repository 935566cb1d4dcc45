package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/moxkit/mox/auth"
)

func (e *env) noegle() *cobra.Command {
	c := &cobra.Command{Use: "noegle", Short: "Lav API-nøgler"}
	var system string
	ny := &cobra.Command{
		Use: "ny NAVN", Short: "Lav en API-nøgle; linjerne til nøglefilen skrives, og nøglen vises denne ene gang. En agents nøgle har agentens navn", Args: argumenter(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			klar, sha := auth.NyNoegle()
			rolle := auth.Drift
			if system != "" {
				rolle = auth.System
			}
			return e.skriv(map[string]string{"noegle": klar, "navn": args[0], "system": system, "rolle": string(rolle), "sha256": sha}, func(w io.Writer) {
				fmt.Fprintf(w, "Nøglen, som kun vises nu:\n\n  %s\n\nLæg dette i filen, som fjern.api_noegler i mox.yaml peger på:\n\n- navn: %s\n", klar, args[0])
				if system != "" {
					fmt.Fprintf(w, "  system: %s\n", system)
				}
				fmt.Fprintf(w, "  rolle: %s\n  sha256: %s\n", rolle, sha)
			})
		},
	}
	ny.Flags().StringVar(&system, "system", "", "det system, nøglen er til; uden er den til en person med rollen drift")
	c.AddCommand(ny)
	return c
}

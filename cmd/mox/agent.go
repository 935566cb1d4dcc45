package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/agent"
	"github.com/moxkit/mox/app"
	"github.com/moxkit/mox/carrier/pull"
	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/klient"
	"github.com/moxkit/mox/mapping"
)

func (e *env) agent() *cobra.Command {
	c := &cobra.Command{Use: "agent", Short: "Begynd på, prøv og kør agenter"}
	c.AddCommand(e.agentNew(), e.agentCheck(), e.agentMap(), e.agentRecord(), e.agentTest(), e.agentRun(), e.agentReconcile())
	return c
}

func (e *env) agentCheck() *cobra.Command {
	var live bool
	c := &cobra.Command{
		Use: "check FIL…", Short: "Find fejl i en agents filer, med linje og råd", Long: "Find fejl i en agents filer, med linje og råd. --live prøver også, om systemet kan nås og lukker agenten ind.\n" + exitTekst,
		Args: argumenter(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, filer []string) error {
			problemer := []mapping.Problem{}
			var specs []*agent.Spec
			for _, f := range filer {
				s, p := agent.Load(f)
				problemer = append(problemer, p...)
				if s != nil {
					specs = append(specs, s)
				}
			}
			ud := map[string]any{"problemer": problemer}
			var tjek []agentlive
			var err error
			if live && len(specs) == len(filer) {
				tjek, err = proevLive(c.Context(), specs)
				ud["live"] = tjek
			}
			if e := e.skriv(ud, func(w io.Writer) {
				visProblemer(w, problemer, len(filer))
				visLive(w, tjek)
			}); e != nil {
				return e
			}
			if len(specs) < len(filer) {
				return mox.E("agent check", mox.KodeUgyldig, "agentens filer har fejl").Med("ret dem, og kør mox agent check igen")
			}
			return err
		},
	}
	c.Flags().BoolVar(&live, "live", false, "prøv også agentens antagelser mod systemet selv, uden virkning: adgang, poster, nøgle, tegnsæt, koder, certifikat og ur; rødt er afslutningskode 5")
	return c
}

func visProblemer(w io.Writer, ps []mapping.Problem, filer int) {
	for _, p := range ps {
		fmt.Fprintln(w, p)
	}
	if len(ps) == 0 {
		fmt.Fprintf(w, "Ingen fejl i %d agent(er).\n", filer)
	}
}

// agentlive is what was found at one agent's system.
type agentlive struct {
	Agent  string           `json:"agent"`
	System string           `json:"system"`
	Tjek   []agent.Livetjek `json:"tjek"`
}

// proevLive tries each agent against its system. The error says that something is red.
func proevLive(ctx context.Context, specs []*agent.Spec) (ud []agentlive, err error) {
	roede := 0
	for _, s := range specs {
		a, err := agent.New(s, nil, agent.Options{})
		if err != nil {
			return ud, mox.E("agent check", mox.KodeUgyldig, "%v", err)
		}
		l := agentlive{s.Agent, s.System, a.Live(ctx)}
		if err := a.Close(); err != nil {
			return ud, err
		}
		for _, t := range l.Tjek {
			if t.Lys == agent.Roed {
				roede++
			}
		}
		ud = append(ud, l)
	}
	if roede > 0 {
		err = mox.E("agent check", mox.KodeUtilgaengelig, "rødt: %d; agenten kan ikke køre sådan", roede).Med("ret dem, og kør mox agent check --live igen")
	}
	return ud, err
}

func visLive(w io.Writer, alle []agentlive) {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, l := range alle {
		fmt.Fprintf(t, "\n%s\n", l.System)
		for _, x := range l.Tjek {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", x.Lys, x.Del, x.Hvad, x.Tekst)
			if x.Raad != "" && x.Lys != agent.Groen {
				fmt.Fprintf(t, "\t\t\t%s\n", x.Raad)
			}
		}
	}
	_ = t.Flush() // w is the terminal
}

func (e *env) agentTest() *cobra.Command {
	return &cobra.Command{
		Use: "test FIL…", Short: "Kør en agents prøver (mappen proever ved siden af filen), uden noget system",
		Long: "Kør en agents prøver: YAML-filer i mappen proever ved siden af agentens fil. En prøve siger, hvad der kommer ind, og hvad der skal komme ud.\n" + exitTekst,
		Args: argumenter(cobra.MinimumNArgs(1)),
		RunE: func(_ *cobra.Command, filer []string) error {
			var alle []agent.Proeveresultat
			for _, f := range filer {
				s, problemer := agent.Load(f)
				if s == nil {
					return app.Problemer(problemer)
				}
				r, err := s.Proever()
				if err != nil {
					return err
				}
				alle = append(alle, r...)
			}
			return e.visProever(alle)
		},
	}
}

func (e *env) visProever(alle []agent.Proeveresultat) error {
	fejlede := 0
	for _, r := range alle {
		if !r.OK {
			fejlede++
		}
	}
	err := e.skriv(map[string]any{"proever": alle, "fejlede": fejlede}, func(w io.Writer) {
		for _, r := range alle {
			if !r.OK {
				fmt.Fprintf(w, "%s\n", r.Fil)
				for _, a := range r.Afvigelser {
					fmt.Fprintf(w, "  %s\n", a)
				}
			}
		}
		fmt.Fprintf(w, "%d prøver, %d fejlede\n", len(alle), fejlede)
	})
	switch {
	case err != nil:
		return err
	case len(alle) == 0:
		return mox.E("agent test", mox.KodeIkkeFundet, "agenten har ingen prøver").Med("læg YAML-filer i mappen proever ved siden af agentens fil")
	case fejlede > 0:
		return mox.E("agent test", mox.KodeUgyldig, "%d af %d prøver fejlede", fejlede, len(alle))
	}
	return nil
}

func (e *env) agentRun() *cobra.Command {
	var server, ca string
	var ja bool
	c := &cobra.Command{
		Use: "run FIL", Short: "Kør en agent på en anden maskine end MOX",
		Long: "Kør en agent på en anden maskine end MOX. Agentens fil skal også stå under fjernagenter i MOX' mox.yaml, og nøglen til agentens\n" +
			"system skal stå i miljøvariablen MOX_NOEGLE.\n" + exitTekst,
		Args: argumenter(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			s, problemer := agent.Load(args[0])
			if s == nil {
				return app.Problemer(problemer)
			}
			noegle := os.Getenv("MOX_NOEGLE")
			if noegle == "" || server == "" {
				return brugsfejl{fmt.Errorf("agent run kræver --server og nøglen i MOX_NOEGLE")}
			}
			return e.koerAgent(c.Context(), s, server, noegle, ca, ja)
		},
	}
	c.Flags().StringVar(&server, "server", "", "MOX' adresse: https://mox.kommune.dk:8481")
	c.Flags().StringVar(&ca, "ca", "", "PEM-fil med det certifikat, MOX' eget er udstedt af")
	c.Flags().BoolVar(&ja, "ja", false, "lad første kørsel sende mere end 1000 beskeder")
	return c
}

func (e *env) koerAgent(ctx context.Context, s *agent.Spec, server, noegle, ca string, ja bool) error {
	k, err := pull.NewKlient(server, noegle, klient.Options{CAFil: ca})
	if err != nil {
		return err
	}
	log := e.log(slog.LevelInfo)
	a, err := agent.New(s, k, agent.Options{Log: log, Env: connector.Env{Logger: log}, Ejer: "fjern/" + s.Agent + "/" + mox.NyUUID(), Ja: ja})
	if err != nil {
		return mox.E("agent run", mox.KodeUgyldig, "%v", err)
	}
	fmt.Fprintf(e.err, "agenten %s kører for %s mod %s\n", s.Agent, s.System, server)
	err = a.Run(ctx)
	if lukkefejl := a.Close(); err == nil {
		err = lukkefejl
	}
	return err
}

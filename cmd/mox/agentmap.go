package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/agent"
	"github.com/moxkit/mox/app"
	"github.com/moxkit/mox/connector"
)

func (e *env) agentMap() *cobra.Command {
	var post string
	var antal int
	c := &cobra.Command{Use: "map FIL SOURCE", Short: "Vis, hvad agenten gør systemets poster til, felt for felt", Args: argumenter(cobra.ExactArgs(2)),
		Long: "Vis, hvad agenten gør systemets poster til, felt for felt: de første poster i systemet, som det er nu, eller den post, --post giver.\n" +
			"Intet sendes, og systemet bliver ikke rørt. CPR-numre er skjult.\n" + exitTekst,
		Example: "  mox agent map byggesag/agent.yaml sager\n  echo '{\"SAGSNR\": \"F-1\", \"TITEL\": \"Carport\"}' | mox agent map byggesag/agent.yaml sager --post -"}
	c.Flags().StringVar(&post, "post", "", "en post som JSON, i en fil; - er standard input")
	c.Flags().IntVar(&antal, "antal", 3, "så mange af systemets poster, højst 500")
	c.RunE = func(c *cobra.Command, args []string) error {
		if antal < 1 || antal > connector.MaxBatch {
			return brugsfejl{fmt.Errorf("--antal %d: brug 1 til %d", antal, connector.MaxBatch)}
		}
		s, problemer := agent.Load(args[0])
		if s == nil {
			return app.Problemer(problemer)
		}
		ud, err := e.oversaet(c.Context(), s, args[1], post, antal)
		if err != nil {
			return err
		}
		if err := e.skriv(ud, func(w io.Writer) { visOversat(w, ud) }); err != nil {
			return err
		}
		if n := len(slices.DeleteFunc(slices.Clone(ud), func(o agent.Oversat) bool { return o.Fejl == "" })); n > 0 {
			return mox.E("agent map", mox.KodeUgyldig, "%d af %d poster kan ikke oversættes", n, len(ud)).Med("ret " + args[0] + " eller den tabel, den nævner")
		}
		return nil
	}
	return c
}

func (e *env) oversaet(ctx context.Context, s *agent.Spec, source, post string, antal int) ([]agent.Oversat, error) {
	if post == "" {
		a, err := agent.New(s, nil, agent.Options{})
		if err != nil {
			return nil, mox.E("agent map", mox.KodeUgyldig, "%v", err)
		}
		ud, err := a.Oversaet(ctx, source, antal)
		if luk := a.Close(); err == nil {
			err = luk
		}
		return ud, err
	}
	i := slices.IndexFunc(s.Sources, func(k agent.SourceSpec) bool { return k.Name == source })
	if i < 0 {
		return nil, mox.E("agent map", mox.KodeIkkeFundet, "agenten %s har ingen source %q", s.Agent, source)
	}
	b, err := e.laesPost(post)
	if err != nil {
		return nil, &mox.Error{Kode: mox.KodeUgyldig, Op: "agent map", Tekst: "posten kan ikke læses", Raad: "giv en fil med --post", Err: err}
	}
	felter, err := connector.FlattenJSON(b)
	if err != nil {
		return nil, mox.E("agent map", mox.KodeUgyldig, "posten er ikke JSON: %v", err).Med("skriv den som {\"FELT\": \"værdi\"}")
	}
	return []agent.Oversat{s.Sources[i].Oversaet(felter)}, nil
}

func (e *env) laesPost(fil string) ([]byte, error) {
	if fil == "-" {
		return io.ReadAll(io.LimitReader(e.in, connector.MaxRaw))
	}
	return os.ReadFile(fil)
}

func visOversat(w io.Writer, l []agent.Oversat) {
	for _, o := range l {
		fmt.Fprintln(w, strings.TrimSpace(strings.Join([]string{o.Noegle, o.Sted, string(o.Livscyklus)}, "  ")))
		t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
		for _, v := range o.Vaerdier {
			fmt.Fprintf(t, "  %s\t%s\t→ %s\t%s\t%s\n", v.Felt, v.Lokal, v.Sti, v.OIO, v.Tabt)
		}
		_ = t.Flush() // w is the terminal
		if len(o.UdenPlads) > 0 {
			fmt.Fprintf(w, "  uden plads i tabellen: %s\n", strings.Join(o.UdenPlads, ", "))
		}
		if o.Fejl != "" {
			fmt.Fprintf(w, "  kan ikke oversættes: %s\n  Næste skridt: %s\n", o.Fejl, o.Raad)
		}
		fmt.Fprintln(w)
	}
	if len(l) == 0 {
		fmt.Fprintln(w, "Systemet har ingen poster at vise nu; giv en med --post.")
	}
}

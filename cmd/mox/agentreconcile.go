package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/agent"
	"github.com/moxkit/mox/app"
	"github.com/moxkit/mox/carrier/pull"
	"github.com/moxkit/mox/distributor"
)

func (e *env) agentReconcile() *cobra.Command {
	c := &cobra.Command{Use: "reconcile FIL SOURCE", Short: "Afstem: hold systemets poster op mod det, MOX kender, uden at røre nogen af dem", Args: argumenter(cobra.ExactArgs(2)),
		Long: "Afstem: læs systemets poster forfra, og hold dem op mod det, MOX sidst har fået at vide. Intet sendes, intet gemmes, og systemet bliver ikke rørt.\n" +
			"Det, agenten endnu ikke har læst, vises som nyt eller afvigende: kør igen, når den har. Lister kilden alt, systemet har (eksport: fuld), siges det\n" +
			"også, hvad der mangler i systemet. En kilde, der kun giver ændringer, viser kun det, den giver nu.\n" + exitTekst,
		Example: "  mox agent reconcile byggesag/agent.yaml sager --dir /var/lib/mox"}
	s := e.serverFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		spec, problemer := agent.Load(args[0])
		if spec == nil {
			return app.Problemer(problemer)
		}
		a, err := agent.New(spec, nil, agent.Options{})
		if err != nil {
			return mox.E("agent reconcile", mox.KodeUgyldig, "%v", err)
		}
		k, err := s.klient()
		if err != nil {
			return errors.Join(err, a.Close())
		}
		defer k.Luk()
		ud, err := a.Afstem(c.Context(), args[1], &pull.Klient{Klient: k}, func(n int) { fmt.Fprintf(e.err, "\r%d poster læst", n) })
		fmt.Fprintln(e.err)
		if err = errors.Join(err, a.Close()); err != nil {
			return err
		}
		if err := e.skriv(ud, func(w io.Writer) { visAfstemning(w, ud) }); err != nil {
			return err
		}
		if !ud.Ens() {
			return mox.E("agent reconcile", mox.KodeKonflikt, "systemet og MOX er ikke ens").Med("kør igen, når agenten har læst systemet; det, der så står tilbage, skal en person se på")
		}
		return nil
	}
	return c
}

func visAfstemning(w io.Writer, a agent.Afstemning) {
	fmt.Fprintf(w, "%s, %s/%s: %d poster læst\n", a.System, a.Agent, a.Source, a.Laest)
	for _, x := range []struct {
		hvad  distributor.Afstemning
		tekst string
	}{
		{distributor.AfstemtEns, "er ens"}, {distributor.AfstemtNy, "kender MOX ikke"}, {distributor.AfstemtAfviger, "afviger"}, {distributor.AfstemtAeldre, "er ældre end det, MOX har fået"},
		{distributor.AfstemtUdgaaet, "er slettet for altid i MOX"}, {distributor.AfstemtFejl, "kan ikke bruges"}, {distributor.AfstemtMangler, "lever i MOX, men mangler i systemet"},
	} {
		if n := a.Antal[x.hvad]; n > 0 || x.hvad == distributor.AfstemtEns {
			fmt.Fprintf(w, "%8d %s\n", n, x.tekst)
		}
	}
	if !a.Fuld {
		fmt.Fprintln(w, "Kilden siger ikke, at den lister alt; om noget mangler i systemet, vides derfor ikke.")
	}
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, p := range a.Poster {
		fmt.Fprintf(t, "%s\t%s\t%s\n", p.Noegle, p.Hvad, strings.Join(append(p.Stier, p.Tekst), " "))
	}
	_ = t.Flush() // w is the terminal
	if a.Afkortet {
		fmt.Fprintf(w, "Der er flere end de %d, der er vist.\n", agent.MaksAfstemt)
	}
}

package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/agent"
	"github.com/moxkit/mox/app"
	"github.com/moxkit/mox/report"
)

func (e *env) gevinsterNulpunkt() *cobra.Command {
	var fra, til string
	c := &cobra.Command{Use: "nulpunkt FIL SOURCE", Short: "Tæl i et system, hvor meget der sker, før MOX tages i brug", Args: argumenter(cobra.ExactArgs(2)),
		Long: "Tæl i et system, hvor meget der sker, før MOX tages i brug: poster i agentens source, hver nøgle én gang, i den måned den fik virkning.\n" +
			"Systemet læses, og intet sendes eller gemmes. Tallet er det, kommunen skriver som ventet pr. år, og som det talte holdes op imod.\n" + exitTekst,
		Example: "  mox gevinster nulpunkt byggesag/agent.yaml sager --fra 2025-01-01 --til 2025-12-31"}
	c.Flags().StringVar(&fra, "fra", "", "første dag: 2025-01-01 (standard: et år før til)")
	c.Flags().StringVar(&til, "til", "", "sidste dag (standard: i går)")
	c.RunE = func(c *cobra.Command, args []string) error {
		p, err := nulperiode(fra, til, time.Now())
		if err != nil {
			return err
		}
		s, problemer := agent.Load(args[0])
		if s == nil {
			return app.Problemer(problemer)
		}
		a, err := agent.New(s, nil, agent.Options{})
		if err != nil {
			return mox.E("gevinster nulpunkt", mox.KodeUgyldig, "%v", err)
		}
		vist := 0
		n, err := a.Nulpunkt(c.Context(), args[1], p.Fra, p.Til, func(laest int) {
			if laest >= vist+10_000 {
				vist = laest
				fmt.Fprintf(e.err, "%d poster er læst\n", laest)
			}
		})
		if luk := a.Close(); err == nil {
			err = luk
		}
		if err != nil {
			return err
		}
		return e.skriv(n, func(w io.Writer) { visNulpunkt(w, &n) })
	}
	return c
}

// nulperiode is the days that are counted; those of a business case are read the same way.
func nulperiode(fra, til string, nu time.Time) (report.Periode, error) {
	b := report.New(report.Options{Nu: func() time.Time { return nu.AddDate(0, 0, -1) }})
	return b.Periode(fra, til, "")
}

func visNulpunkt(w io.Writer, n *agent.Nulpunkt) {
	fmt.Fprintf(w, "%s, %s: %s til %s\n", n.System, n.Source, n.Fra, n.Til)
	for _, m := range n.Maaneder {
		fmt.Fprintf(w, "  %s  %s\n", m.Maaned, report.SkrivTal(float64(m.Antal), 0))
	}
	fmt.Fprintf(w, "%s i %d dage, %s pr. år. %s poster er læst.\n", report.SkrivTal(float64(n.Antal), 0), n.Dage, report.SkrivTal(n.PrAar, 0), report.SkrivTal(float64(n.Laest), 0))
	var uden []string
	if n.UdenDato > 0 {
		uden = append(uden, fmt.Sprintf("nøgler uden dato: %d", n.UdenDato))
	}
	if n.Ubrugelig > 0 {
		uden = append(uden, fmt.Sprintf("poster, der ikke kan læses eller oversættes: %d", n.Ubrugelig))
	}
	if n.Afkortet {
		uden = append(uden, fmt.Sprintf("det, der er ud over %d poster", agent.MaksNulpunkt))
	}
	if len(uden) > 0 {
		fmt.Fprintf(w, "Ikke talt med: %s.\n", strings.Join(uden, "; "))
	}
}

package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/agent"
	"github.com/moxkit/mox/app"
	"github.com/moxkit/mox/connector"
)

func (e *env) agentRecord() *cobra.Command {
	var antal int
	var skjul []string
	c := &cobra.Command{Use: "record FIL SOURCE", Short: "Optag prøver: systemets poster, som de er nu, og hvad agenten gør dem til", Args: argumenter(cobra.ExactArgs(2)),
		Long: "Optag prøver: de første poster i systemet, som de er nu, og hvad agenten gør dem til, skrives som YAML-filer i mappen proever ved siden af\n" +
			"agentens fil. En fil, der er der, bliver stående. Systemet bliver ikke rørt. CPR-numre erstattes af numre, der ikke findes; navne og fri\n" +
			"tekst står, som de stod, medmindre feltet skjules: se filerne igennem, før de deles.\n" + exitTekst,
		Example: "  mox agent record byggesag/agent.yaml sager --antal 5 --skjul NAVN,ADRESSE\n  mox agent test byggesag/agent.yaml"}
	c.Flags().IntVar(&antal, "antal", 3, "så mange poster, højst 500")
	c.Flags().StringSliceVar(&skjul, "skjul", nil, "felter, hvis bogstaver bliver x og cifre 0: FELT,FELT")
	c.RunE = func(c *cobra.Command, args []string) error {
		if antal < 1 || antal > connector.MaxBatch {
			return brugsfejl{fmt.Errorf("--antal %d: brug 1 til %d", antal, connector.MaxBatch)}
		}
		s, problemer := agent.Load(args[0])
		if s == nil {
			return app.Problemer(problemer)
		}
		a, err := agent.New(s, nil, agent.Options{})
		if err != nil {
			return mox.E("agent record", mox.KodeUgyldig, "%v", err)
		}
		l, err := a.Optag(c.Context(), args[1], antal, skjul)
		if err = errors.Join(err, a.Close()); err != nil {
			return err
		}
		return e.gemProever(filepath.Join(filepath.Dir(args[0]), "proever"), l)
	}
	return c
}

// gemt is what became of an example.
type gemt struct {
	Fil   string `json:"fil"`
	Fejl  string `json:"fejl,omitempty"` // why nothing comes of the record: the example awaits that
	Fandt bool   `json:"fandtes"`        // the file was there, and was left
}

func (e *env) gemProever(mappe string, l []agent.Optagelse) error {
	ud := []gemt{}
	if err := os.MkdirAll(mappe, 0o755); err != nil {
		return err
	}
	for _, o := range l {
		b, err := o.YAML()
		if err != nil {
			return err
		}
		g := gemt{Fil: filepath.Join(mappe, o.Navn+".yaml"), Fejl: o.Proeve.Fejl}
		err = skrivHvisNy(g.Fil, b)
		if g.Fandt = errors.Is(err, fs.ErrExist); err != nil && !g.Fandt {
			return err
		}
		ud = append(ud, g)
	}
	return e.skriv(map[string]any{"proever": ud}, func(w io.Writer) {
		for _, g := range ud {
			switch {
			case g.Fandt:
				fmt.Fprintf(w, "%s er der i forvejen og bliver stående\n", g.Fil)
			case g.Fejl != "":
				fmt.Fprintf(w, "%s: posten kan ikke oversættes, og det venter prøven: %s\n", g.Fil, g.Fejl)
			default:
				fmt.Fprintln(w, g.Fil)
			}
		}
		if len(ud) == 0 {
			fmt.Fprintln(w, "Systemet har ingen poster at optage nu.")
			return
		}
		fmt.Fprintln(w, "Se filerne igennem: kun CPR-numre og de felter, --skjul nævner, er skjult.")
	})
}

// skrivHvisNy writes a file, unless it is there: [fs.ErrExist].
func skrivHvisNy(fil string, b []byte) error {
	f, err := os.OpenFile(fil, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Close())
}

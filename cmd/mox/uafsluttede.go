package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/klient"
)

func (s *server) beskedUafsluttede() *cobra.Command {
	var afsender string
	c := &cobra.Command{Use: "uafsluttede", Short: "Vis de beskeder, du har sendt, som en modtager endnu ikke er færdig med, og hvis tur det er", Args: argumenter(cobra.NoArgs)}
	c.Flags().StringVar(&afsender, "afsender", "", "for en person: det system, der har sendt dem (standard: det, nøglen hedder)")
	c.RunE = func(c *cobra.Command, _ []string) error {
		k, err := s.klient()
		if err != nil {
			return err
		}
		defer k.Luk()
		for efter := int64(0); ; {
			l, err := k.Som(afsender).Uafsluttede(c.Context(), efter, 500)
			if err != nil {
				return err
			}
			if err := s.env.skriv(l, func(w io.Writer) { visUafsluttede(w, l, efter == 0) }); err != nil || l.Naeste == 0 {
				return err
			}
			efter = l.Naeste
		}
	}
	return c
}

func visUafsluttede(w io.Writer, l klient.Uafsluttede, foerste bool) {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	if foerste {
		if len(l.Uafsluttede) == 0 {
			fmt.Fprintf(w, "Alt fra %s er afsluttet.\n", l.Afsender)
			return
		}
		fmt.Fprintln(t, "BESKED\tTYPE\tALDER\tVENTER PÅ")
	}
	for _, u := range l.Uafsluttede {
		var venter []string
		for _, v := range u.Venter {
			venter = append(venter, ventetekst(v))
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", u.BeskedID, u.Type, time.Duration(u.Alder)*time.Second, strings.Join(venter, "; "))
	}
	_ = t.Flush() // w is the terminal
}

// ventetekst says in words whose turn it is, and why.
func ventetekst(v klient.Venter) string {
	hvad := map[mox.LeveranceTilstand]string{mox.Afventer: "afventer", mox.UnderLevering: "under levering", mox.Udsat: "nyt forsøg", mox.Overdraget: "lagt i modtagers kø",
		mox.Parkeret: "kræver handling", mox.Uvis: "uvist udfald"}[v.Tilstand]
	ud := fmt.Sprintf("%s: %d %s", v.Tur, v.Antal, hvad)
	switch {
	case v.Blokeret:
		ud += ", efter en tidligere besked om samme objekt"
	case !v.Naeste.IsZero():
		ud += " kl. " + v.Naeste.Local().Format(time.DateTime)
	case !v.Frist.IsZero():
		ud += " til " + v.Frist.Local().Format(time.DateTime)
	}
	return ud
}

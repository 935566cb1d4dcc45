package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/agent"
	"github.com/moxkit/mox/app"
	"github.com/moxkit/mox/docs/specifikation"
	"github.com/moxkit/mox/internal/vejledning"
	"github.com/moxkit/mox/tilslutning"
)

func (e *env) tilslutningsvejledning() *cobra.Command {
	var agentfil, aftalefil, adresse, til string
	c := &cobra.Command{
		Use: "tilslutningsvejledning", Short: "Skriv den tekniske vejledning til en leverandør, af agentens filer eller aftalen",
		Long: "Skriv den tekniske vejledning til én leverandør som HTML og PDF: beskeder, felter med eksempler, kodelister, adresser, kvitteringer, fejl, og hvordan det prøves.\n" +
			"Den er lavet af det, MOX selv arbejder efter; lav den igen, når det ændres.\n" + exitTekst,
		Args: argumenter(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			if (agentfil == "") == (aftalefil == "") {
				return brugsfejl{errors.New("giv enten --agent eller --aftale")}
			}
			om := tilslutning.Om{Version: version, Dato: time.Now(), Adresse: strings.TrimSuffix(adresse, "/")}
			navn, tekst, err := vejledningstekst(agentfil, aftalefil, om)
			if err != nil {
				return err
			}
			filer, err := skrivVejledning(filepath.Join(til, navn), []byte(tekst), om.Dato)
			if err != nil {
				return err
			}
			return e.skriv(map[string]any{"filer": filer}, func(w io.Writer) { fmt.Fprintln(w, strings.Join(filer, "\n")) })
		},
	}
	c.Flags().StringVar(&agentfil, "agent", "", "agentens fil: til den, der leverer agentens system")
	c.Flags().StringVar(&aftalefil, "aftale", "", "tilslutningsaftalens fil: til den, hvis system selv sender og modtager beskeder")
	c.Flags().StringVar(&adresse, "adresse", "", "hvor andre når MOX, fx https://mox.kommune.dk:8481")
	c.Flags().StringVar(&til, "til", ".", "mappen, der skrives i")
	return c
}

// vejledningstekst is the guide, and what its files are called.
func vejledningstekst(agentfil, aftalefil string, om tilslutning.Om) (navn, tekst string, err error) {
	if agentfil != "" {
		a, fejl := agent.Load(agentfil)
		if a == nil {
			return "", "", app.Problemer(fejl)
		}
		tekst, err = tilslutning.ForAgent(a, om)
		return a.Agent, tekst, err
	}
	a, fejl := agent.LoadAftale(aftalefil)
	if a == nil {
		e := mox.E("tilslutningsvejledning", mox.KodeUgyldig, "tilslutningsaftalen har fejl").Med("ret filen; mox aftale check viser det samme")
		for _, p := range fejl {
			e.Felter = append(e.Felter, mox.Feltfejl{Sti: fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column), Regel: "aftale", Tekst: p.Text})
		}
		return "", "", e
	}
	tekst, err = tilslutning.ForAftale(a, om)
	return agentnavn(a.Navn), tekst + "\n" + strings.Replace(specifikation.Beskedheaders, "# Beskedheaders", "# Bilag: Beskedheaders", 1), err
}

// skrivVejledning writes a guide's two files; sti is without what they end with.
func skrivVejledning(sti string, tekst []byte, dato time.Time) (filer []string, err error) {
	if err := os.MkdirAll(filepath.Dir(sti), 0o755); err != nil {
		return nil, skrivefejl(sti, err)
	}
	for _, f := range []struct {
		endelse string
		skriv   func(io.Writer) error
	}{
		{".html", func(w io.Writer) error { return vejledning.SkrivHTML(w, tekst) }},
		{".pdf", func(w io.Writer) error { return vejledning.SkrivPDF(w, tekst, dato) }},
	} {
		fil, err := os.Create(sti + f.endelse)
		if err != nil {
			return filer, skrivefejl(sti, err)
		}
		err = f.skriv(fil)
		if e := fil.Close(); err == nil {
			err = e
		}
		if err != nil {
			return filer, err
		}
		filer = append(filer, sti+f.endelse)
	}
	return filer, nil
}

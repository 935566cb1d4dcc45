package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/report"
)

func (e *env) gevinster() *cobra.Command {
	c := &cobra.Command{Use: "gevinster", Short: "Hvad MOX-processerne er værd: talt i trafikken, ganget med det, kommunen har angivet"}
	s := e.serverFlag(c)
	c.AddCommand(s.gevinsterVis(), s.gevinsterEksport(), e.gevinsterBlanket(), e.gevinsterNulpunkt(), e.gevinsterSaml())
	return c
}

// gevinstperiode is what a command counts.
type gevinstperiode struct{ fra, til, myndighed string }

func (p *gevinstperiode) flag(c *cobra.Command) {
	c.Flags().StringVar(&p.fra, "fra", "", "den første dag, 2026-01-01 (standard: 365 dage til og med --til)")
	c.Flags().StringVar(&p.til, "til", "", "den sidste dag (standard: i dag)")
	c.Flags().StringVar(&p.myndighed, "myndighed", "", "CVR-nummer: kun processer om den myndighed")
}

func (s *server) gevinstrapport(c *cobra.Command, p gevinstperiode) (r report.Rapport, err error) {
	q := url.Values{}
	for k, v := range map[string]string{"fra": p.fra, "til": p.til, "myndighed": p.myndighed} {
		if v != "" {
			q.Set(k, v)
		}
	}
	return r, s.kald(c.Context(), http.MethodGet, driftsti("gevinster")+"?"+q.Encode(), nil, &r)
}

func (s *server) gevinsterVis() *cobra.Command {
	var p gevinstperiode
	c := &cobra.Command{Use: "vis", Short: "Vis, hvad der er talt, hvad det er værd, og hvad der mangler for at kunne sige det", Args: argumenter(cobra.NoArgs)}
	p.flag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		r, err := s.gevinstrapport(c, p)
		if err != nil {
			return err
		}
		return s.env.skriv(r, func(w io.Writer) { visGevinster(w, &r) })
	}
	return c
}

func visGevinster(w io.Writer, r *report.Rapport) {
	fmt.Fprintf(w, "%s til %s\n\n", r.Fra, r.Til)
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "MOX-PROCES\tAFSLUTTET\tFEJLET\tUDLØBET\tSPARET PR. GANG\tTIMER\tKR")
	for i, p := range r.Processer {
		tal := report.Procestal{}
		if j := slices.IndexFunc(r.Taelling.Processer, func(x report.Procestal) bool { return x.Proces == p.Proces }); j >= 0 {
			tal = r.Taelling.Processer[j]
		}
		var timer, kr *float64
		if p.Sparet != nil {
			if timer = &r.Processer[i].TimerIPerioden; r.Grundlag.Timepris != nil {
				kr = &r.Processer[i].IPerioden
			}
		}
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%s\t%s\t%s\n", p.Proces, tal.Afsluttet, tal.Fejlet, tal.Udloebet, maaske(p.Sparet, 1), maaske(timer, 1), maaske(kr, 0))
	}
	a := r.Taelling.Afstemt()
	fmt.Fprintf(t, "\nAf de afsluttede er %d fundet hele i beskedjournalen, %d er slettet i den efter deres frist, og %d afviger fra den.\n", a.Bekraeftet, a.Slettet, a.Afviger)
	fmt.Fprintf(t, "Rettelser af fejl: %d\n\n \tBEREGNET\tREALISERET\n", r.Taelling.Reparationer)
	for _, a := range r.Aarstal() {
		decimaler := 0
		if a.Aar {
			decimaler = 1
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", a.Post(), maaske(a.Beregnet, decimaler), maaske(a.Realiseret, decimaler))
	}
	_ = t.Flush() // w is the terminal
	if len(r.Mangler) > 0 {
		fmt.Fprintln(w, "\nMangler, før tallene er hele:")
	}
	for _, m := range r.Mangler {
		fmt.Fprintf(w, "  %s\n", m.Tekst)
	}
}

// maaske is a number in Danish; "–" where it is not told.
func maaske(v *float64, decimaler int) string {
	if v == nil {
		return "–"
	}
	return report.SkrivTal(*v, decimaler)
}

// gevinstformater are what a report can be written as.
func gevinstformater() map[string]func(io.Writer, *report.Rapport) error {
	return map[string]func(io.Writer, *report.Rapport) error{
		"xlsx": report.SkrivXLSX, "pdf": report.SkrivPDF,
		"csv":  func(w io.Writer, r *report.Rapport) error { return report.SkrivCSV(w, r) },
		"json": func(w io.Writer, r *report.Rapport) error { return indrykket(w, r) },
	}
}

func indrykket(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

func (s *server) gevinsterEksport() *cobra.Command {
	var p gevinstperiode
	var format, fil string
	c := &cobra.Command{Use: "eksport", Short: "Skriv tallene som regneark med formler, PDF, CSV eller JSON", Args: argumenter(cobra.NoArgs),
		Long: "Skriv tallene som regneark med formler, PDF, CSV eller JSON. Det sidste kan lægges sammen med andre kommuners med mox gevinster saml.\n" + exitTekst}
	p.flag(c)
	c.Flags().StringVar(&format, "format", "xlsx", "xlsx, pdf, csv eller json")
	c.Flags().StringVarP(&fil, "fil", "o", "", "filen, der skrives (standard: gevinster.FORMAT; - er til skærmen)")
	c.RunE = func(c *cobra.Command, _ []string) error {
		skriv := gevinstformater()[format]
		if skriv == nil {
			return brugsfejl{fmt.Errorf("--format %q: brug xlsx, pdf, csv eller json", format)}
		}
		r, err := s.gevinstrapport(c, p)
		if err != nil {
			return err
		}
		return s.env.skrivFil(ellers(fil, "gevinster."+format), func(w io.Writer) error { return skriv(w, &r) })
	}
	return c
}

func (e *env) gevinsterBlanket() *cobra.Command {
	var fil string
	c := &cobra.Command{Use: "blanket", Short: "Skriv regnearket tomt, til en kommune, der ikke har MOX endnu", Args: argumenter(cobra.NoArgs),
		Long: "Skriv regnearket med alle formler og ingen tal. De gule felter udfyldes i hånden; også dem, MOX ellers tæller.\n" + exitTekst}
	c.Flags().StringVarP(&fil, "fil", "o", "gevinster-blanket.xlsx", "filen, der skrives; - er til skærmen")
	c.RunE = func(*cobra.Command, []string) error { return e.skrivFil(fil, report.SkrivBlanket) }
	return c
}

// skrivFil writes a file, or to the screen for "-". A file that was only partly written is removed.
func (e *env) skrivFil(fil string, skriv func(io.Writer) error) error {
	if fil == "-" {
		return skriv(e.out)
	}
	f, err := os.Create(fil)
	if err == nil {
		if err = skriv(f); err == nil {
			err = f.Close()
		} else {
			_ = f.Close() // why it could not be written is told
		}
		if err != nil {
			_ = os.Remove(fil) // nor the half of it
		}
	}
	if err != nil {
		return &mox.Error{Kode: mox.KodeUgyldig, Op: "fil", Tekst: fmt.Sprintf("filen %s kan ikke skrives: %v", fil, err), Raad: "giv en anden fil med -o", Err: err}
	}
	return e.skriv(map[string]string{"fil": fil}, func(w io.Writer) { fmt.Fprintf(w, "%s er skrevet\n", fil) })
}

func (e *env) gevinsterSaml() *cobra.Command {
	var format, fil string
	c := &cobra.Command{Use: "saml FIL…", Short: "Læg flere kommuners eksporter sammen til én", Args: argumenter(cobra.MinimumNArgs(1)),
		Long: "Læg flere kommuners eksporter (--format json) sammen til én. Alt regnes igen ud fra det, der er talt og angivet. Den første\nkommune bærer den første implementering, de andre hver en følgende.\n" + exitTekst}
	c.Flags().StringVar(&format, "format", "", "xlsx, csv eller json (standard: en tabel på skærmen)")
	c.Flags().StringVarP(&fil, "fil", "o", "", "filen, der skrives (standard: gevinster-samlet.FORMAT; - er til skærmen)")
	c.RunE = func(_ *cobra.Command, filer []string) error {
		samlet, err := saml(filer)
		if err != nil {
			return err
		}
		skriv, ok := map[string]func(io.Writer) error{"": nil, "xlsx": samlet.SkrivXLSX, "csv": samlet.SkrivCSV, "json": func(w io.Writer) error { return indrykket(w, samlet) }}[format]
		switch {
		case !ok:
			return brugsfejl{fmt.Errorf("--format %q: brug xlsx, csv eller json", format)}
		case skriv == nil:
			return e.skriv(samlet, func(w io.Writer) { visSamlet(w, &samlet) })
		}
		return e.skrivFil(ellers(fil, "gevinster-samlet."+format), skriv)
	}
	return c
}

func saml(filer []string) (report.Samlet, error) {
	var alle []report.Rapport
	for _, navn := range filer {
		b, err := os.ReadFile(navn)
		if err != nil {
			return report.Samlet{}, &mox.Error{Kode: mox.KodeUgyldig, Op: "fil", Tekst: "filen " + navn + " kan ikke læses", Raad: "giv en fil, som mox gevinster eksport --format json har skrevet", Err: err}
		}
		r, err := report.LaesEksport(navn, strings.NewReader(string(b)))
		if err != nil {
			return report.Samlet{}, err
		}
		alle = append(alle, r)
	}
	return report.Saml(alle)
}

func visSamlet(w io.Writer, s *report.Samlet) {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "KOMMUNE\tAFSLUTTET\tTIMER\tGEVINST PR. ÅR\tNETTO PR. ÅR\tIMPLEMENTERING")
	for _, k := range append(slices.Clone(s.Kommuner), s.IAlt) {
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s\t%s\n", k.Kommune, k.Afsluttet, report.SkrivTal(k.Timer, 1), report.SkrivTal(k.Gevinst, 0), report.SkrivTal(k.Netto, 0), report.SkrivTal(k.Pris, 0))
	}
	_ = t.Flush() // w is the terminal
	if aar := s.Betalt.Tilbagebetaling; aar != nil {
		fmt.Fprintf(w, "Tilbagebetalt efter %s år; %s kr efter fem år.\n", report.SkrivTal(*aar, 1), report.SkrivTal(s.Betalt.Femaar, 0))
	}
}

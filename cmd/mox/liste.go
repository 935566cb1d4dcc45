package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/console/drift"
	"github.com/moxkit/mox/distributor"
)

func (e *env) liste() *cobra.Command {
	c := &cobra.Command{Use: "liste", Short: "Værdilister, som filtre kan henvise til: borgere, emner, sager; de ændres, mens MOX kører"}
	s := e.serverFlag(c)
	c.AddCommand(s.listeList(), s.listeOpret(), s.listeVis(), s.listeSlet(),
		s.listeAendr(distributor.ListeTilfoej, "Tilføj de værdier, der står i en fil, én på hver linje"),
		s.listeAendr(distributor.ListeFjern, "Fjern de værdier, der står i en fil"),
		s.listeAendr(distributor.ListeErstat, "Lad en fils værdier være alt, hvad listen har"))
	return c
}

func (s *server) listeList() *cobra.Command {
	return &cobra.Command{Use: "list", Short: "Vis listerne, og hvem der bruger dem", Args: argumenter(cobra.NoArgs), RunE: func(c *cobra.Command, _ []string) error {
		var l drift.Lister
		if err := s.kald(c.Context(), http.MethodGet, driftsti("lister"), nil, &l); err != nil {
			return err
		}
		return s.env.skriv(l, func(w io.Writer) {
			t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
			fmt.Fprintln(t, "LISTE\tNØGLE\tVÆRDIER\tÆNDRET\tBRUGES AF\tBESKRIVELSE")
			for _, x := range l.Lister {
				fmt.Fprintf(t, "%s\t%s\t%d\t%s af %s\t%s\t%s\n", x.Navn, x.Noegle, x.Antal, x.Aendret.Local().Format(time.DateTime), x.AendretAf, strings.Join(x.Bruges, ", "), x.Beskrivelse)
			}
			_ = t.Flush() // w is the terminal
		})
	}}
}

func (s *server) listeOpret() *cobra.Command {
	var k drift.OpretListe
	c := &cobra.Command{Use: "opret NAVN --noegle NØGLE", Short: "Opret en tom liste", Args: argumenter(cobra.ExactArgs(1)),
		Long: "Opret en tom liste. Et filter henviser til den med {\"NØGLE\":{\"liste\":\"NAVN\"}}.\n" + exitTekst}
	c.Flags().StringVar(&k.Noegle, "noegle", "", "hvad listen har værdier af: relateret (CPR, CVR), opgaveemne (KLE), objektID, myndighed eller et andet metadatafelt")
	c.Flags().StringVar(&k.Beskrivelse, "beskrivelse", "", "hvad den er til; ingen personoplysninger")
	medBegrundelse(c, &k.Begrundelse)
	c.RunE = func(c *cobra.Command, args []string) error {
		k.Navn = args[0]
		var o drift.ListeOprettet
		if err := s.kald(c.Context(), http.MethodPost, driftsti("lister"), k, &o); err != nil {
			return err
		}
		return s.env.skriv(o, func(w io.Writer) {
			fmt.Fprintf(w, map[bool]string{true: "Listen %s er oprettet.\n", false: "Listen %s findes allerede.\n"}[o.Ny], o.Navn)
		})
	}
	return c
}

func (s *server) listeVis() *cobra.Command {
	return &cobra.Command{Use: "vis NAVN", Short: "Vis listens værdier; personnumre og andre parter tælles, men vises ikke", Args: argumenter(cobra.ExactArgs(1)), RunE: func(c *cobra.Command, args []string) error {
		skjulte, efter := 0, ""
		for {
			var v drift.Listevaerdier
			if err := s.kald(c.Context(), http.MethodGet, driftsti("lister", args[0])+"?"+url.Values{"antal": {"500"}, "efter": {efter}}.Encode(), nil, &v); err != nil {
				return err
			}
			skjulte += v.Skjulte
			if err := s.env.skriv(v, func(w io.Writer) {
				for _, x := range v.Vaerdier {
					fmt.Fprintln(w, x)
				}
			}); err != nil {
				return err
			}
			if efter = v.Naeste; efter != "" {
				continue
			}
			if skjulte > 0 && !s.env.json {
				fmt.Fprintf(s.env.err, "%d værdier vises ikke: de fortæller, hvem nogen er, og MOX gemmer dem ikke selv\n", skjulte)
			}
			return nil
		}
	}}
}

func (s *server) listeSlet() *cobra.Command {
	var k drift.Begrundelse
	c := &cobra.Command{Use: "slet NAVN", Short: "Slet en liste, som intet filter henviser til; kræver en begrundelse", Args: argumenter(cobra.ExactArgs(1))}
	medBegrundelse(c, &k.Begrundelse)
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := s.kald(c.Context(), http.MethodPost, driftsti("lister", args[0], "slet"), k, nil); err != nil {
			return err
		}
		return s.env.skriv(map[string]string{"liste": args[0], "svar": "slettet"}, func(w io.Writer) { fmt.Fprintf(w, "%s: slettet\n", args[0]) })
	}
	return c
}

func (s *server) listeAendr(hvad distributor.Listeaendring, kort string) *cobra.Command {
	return &cobra.Command{Use: string(hvad) + " NAVN FIL|-", Short: kort, Args: argumenter(cobra.ExactArgs(2)),
		Long: kort + ". Et CPR- eller CVR-nummer kan stå, som det er. Ændringen gælder fra den næste besked, og\nhelt eller slet ikke: er en linje forkert, ændres intet.\n" + exitTekst,
		RunE: func(c *cobra.Command, args []string) error {
			fil, stoerrelse, err := s.env.aabn(args[1])
			if err != nil {
				return err
			}
			defer func() { _ = fil.Close() }() // it is only read
			k, err := s.klient()
			if err != nil {
				return err
			}
			defer k.Luk()
			var v distributor.Listevirkning
			r := &maalt{r: fil, ialt: stoerrelse, ud: s.env.err, naeste: time.Now().Add(fremskridtHver)}
			if err := k.KaldMed(c.Context(), driftsti("lister", args[0], string(hvad)), "text/plain; charset=utf-8", r, &v); err != nil {
				return err
			}
			return s.env.skriv(v, func(w io.Writer) {
				fmt.Fprintf(w, "%s: %d værdier læst, %d tilføjet, %d fjernet; listen har nu %d\n", v.Liste, v.Laest, v.Tilfoejet, v.Fjernet, v.Antal)
			})
		}}
}

// aabn opens a file, or standard input for "-", whose size is 0.
func (e *env) aabn(fil string) (io.ReadCloser, int64, error) {
	if fil == "-" {
		return io.NopCloser(e.in), 0, nil
	}
	f, err := os.Open(fil)
	if err != nil {
		return nil, 0, &mox.Error{Kode: mox.KodeUgyldig, Op: "fil", Tekst: "filen " + fil + " kan ikke læses", Raad: "giv stien til en fil, eller - for det, der kommer ind", Err: err}
	}
	i, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	return f, i.Size(), nil
}

// fremskridtHver is how often a long run tells how far it is.
const fremskridtHver = 2 * time.Second

// maalt is a file that tells how much of it has been read.
type maalt struct {
	r           io.Reader
	laest, ialt int64
	ud          io.Writer
	naeste      time.Time
}

func (m *maalt) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.laest += int64(n)
	if time.Now().After(m.naeste) {
		m.naeste = time.Now().Add(fremskridtHver)
		if m.ialt > 0 {
			fmt.Fprintf(m.ud, "%d %% er sendt\n", 100*m.laest/m.ialt)
		} else {
			fmt.Fprintf(m.ud, "%d kB er sendt\n", m.laest/1000)
		}
	}
	return n, err
}

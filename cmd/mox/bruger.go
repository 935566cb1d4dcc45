package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/console/drift"
	"github.com/moxkit/mox/konto"
)

func (e *env) bruger() *cobra.Command {
	c := &cobra.Command{Use: "bruger", Short: "Giv personer et navn og et kodeord, de logger ind i konsollen med"}
	s := e.serverFlag(c)
	c.AddCommand(s.brugerOpret(), s.brugerList(), s.brugerRolle(), s.brugerKreds(), s.brugerKodeord(), s.brugerLogUd(), s.brugerLuk())
	return c
}

const rollehjaelp = "laeser (må se), drift (må også handle) eller administrator (må også sætte op)"

func (s *server) brugerOpret() *cobra.Command {
	var b drift.NyBruger
	c := &cobra.Command{
		Use: "opret NAVN", Short: "Opret en bruger; kodeordet til det første login læses fra tastaturet, eller som en linje fra standard input", Args: argumenter(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) (err error) {
			if b.Navn = args[0]; !b.Rolle.Menneske() {
				return brugsfejl{errors.New("--rolle: brug laeser, drift eller administrator")}
			}
			if b.Kodeord, err = s.env.laesKodeord("Kodeord til " + args[0]); err != nil {
				return err
			}
			if err := s.kald(c.Context(), http.MethodPost, driftsti("brugere"), b, nil); err != nil {
				return err
			}
			return s.brugersvar(b.Navn, "oprettet")
		},
	}
	c.Flags().StringVar((*string)(&b.Rolle), "rolle", "", rollehjaelp)
	medBegrundelse(c, &b.Begrundelse)
	return c
}

func (s *server) brugersvar(navn, svar string) error {
	return s.env.skriv(map[string]string{"bruger": navn, "svar": svar}, func(w io.Writer) { fmt.Fprintf(w, "%s: %s\n", navn, svar) })
}

func (s *server) brugerList() *cobra.Command {
	return &cobra.Command{Use: "list", Short: "Vis brugerne, deres rolle, og hvornår de sidst var inde", Args: argumenter(cobra.NoArgs), RunE: func(c *cobra.Command, _ []string) error {
		var l drift.Brugere
		if err := s.kald(c.Context(), http.MethodGet, driftsti("brugere"), nil, &l); err != nil {
			return err
		}
		return s.env.skriv(l, func(w io.Writer) { visBrugere(w, l.Brugere) })
	}}
}

func visBrugere(w io.Writer, l []konto.Konto) {
	for _, b := range l {
		inde := "har ikke været inde"
		if !b.SidstInde.IsZero() {
			inde = "sidst inde " + klokken(b.SidstInde)
		}
		if !b.Spaerret.IsZero() {
			inde += "  spærret til " + klokken(b.Spaerret)
		}
		if !b.Lukket.IsZero() {
			inde = fmt.Sprintf("lukket %s af %s", klokken(b.Lukket), b.AendretAf)
		}
		if b.Ekstern {
			inde += "  (oidc_personer)"
		}
		fmt.Fprintf(w, "%s  %s  %s\n", b.Navn, b.Rolle, inde)
		if b.Kreds != nil {
			fmt.Fprintf(w, "    i registeret kun %s\n", b.Kreds)
		}
	}
	if len(l) == 0 {
		fmt.Fprintln(w, "der er ingen brugere")
	}
}

func (s *server) brugerRolle() *cobra.Command {
	var b drift.Brugerrolle
	c := &cobra.Command{Use: "rolle NAVN ROLLE", Short: "Giv en bruger en anden rolle: " + rollehjaelp, Args: argumenter(cobra.ExactArgs(2)), RunE: func(c *cobra.Command, args []string) error {
		b.Rolle = auth.Rolle(args[1])
		if err := s.kald(c.Context(), http.MethodPost, driftsti("brugere", args[0], "rolle"), b, nil); err != nil {
			return err
		}
		return s.brugersvar(args[0], "har nu rollen "+args[1])
	}}
	medBegrundelse(c, &b.Begrundelse)
	return c
}

func (s *server) brugerKreds() *cobra.Command {
	var b drift.Brugerkreds
	var k konto.Kreds
	var alt bool
	c := &cobra.Command{
		Use: "kreds NAVN", Short: "Sæt, hvad en bruger må nå i registeret: myndigheder, emner og følsomhed, eller alt", Args: argumenter(cobra.ExactArgs(1)),
		Long: "Sæt, hvad en bruger må nå i registeret. Det, der ikke nævnes, begrænser ikke; det, der var sat før, gælder ikke længere. Brugeren bliver\n" +
			"logget ud. Beskeder, fejl og resten af konsollen er som rollen siger.\n" + exitTekst,
		Example: "  mox bruger kreds \"Kirsten Hansen\" --myndighed 29189846 --kle '02.*'\n  mox bruger kreds \"Kirsten Hansen\" --alt",
		RunE: func(c *cobra.Command, args []string) error {
			begraenset := len(k.Myndigheder)+len(k.KLE)+len(k.Foelsomhed) > 0 || k.Beskyttede
			if alt == begraenset {
				return brugsfejl{errors.New("giv --myndighed, --kle, --foelsomhed eller --beskyttede, eller --alt alene")}
			}
			svar := "må nå alt i registeret"
			if !alt {
				b.Kreds, svar = &k, "må i registeret kun nå "+k.String()
			}
			if err := s.kald(c.Context(), http.MethodPost, driftsti("brugere", args[0], "kreds"), b, nil); err != nil {
				return err
			}
			return s.brugersvar(args[0], svar)
		},
	}
	f := c.Flags()
	f.StringSliceVar(&k.Myndigheder, "myndighed", nil, "kun objekter, hvis ejer har dette CVR-nummer; kan gentages")
	f.StringSliceVar(&k.KLE, "kle", nil, "kun objekter med dette emne: 27.03.08 eller 27.*; kan gentages")
	f.StringSliceVar(&k.Foelsomhed, "foelsomhed", nil, "kun objekter med denne følsomhed, eller uoplyst; kan gentages")
	f.BoolVar(&k.Beskyttede, "beskyttede", false, "også navne på personer med navne- og adressebeskyttelse")
	f.BoolVar(&alt, "alt", false, "hele registeret, men ikke navnene på dem, der er beskyttet")
	medBegrundelse(c, &b.Begrundelse)
	return c
}

func (s *server) brugerKodeord() *cobra.Command {
	var b drift.Brugerkodeord
	c := &cobra.Command{Use: "kodeord NAVN", Short: "Giv en bruger et nyt kodeord; det læses som ved opret, brugeren bliver logget ud og vælger sit eget ved næste login", Args: argumenter(cobra.ExactArgs(1)), RunE: func(c *cobra.Command, args []string) (err error) {
		if b.Kodeord, err = s.env.laesKodeord("Nyt kodeord til " + args[0]); err != nil {
			return err
		}
		if err := s.kald(c.Context(), http.MethodPost, driftsti("brugere", args[0], "kodeord"), b, nil); err != nil {
			return err
		}
		return s.brugersvar(args[0], "har fået et nyt kodeord")
	}}
	medBegrundelse(c, &b.Begrundelse)
	return c
}

func (s *server) brugerLogUd() *cobra.Command {
	var b drift.Begrundelse
	c := &cobra.Command{Use: "log-ud NAVN", Short: "Log en bruger ud alle steder; kodeordet gælder stadig", Args: argumenter(cobra.ExactArgs(1)), RunE: func(c *cobra.Command, args []string) error {
		if err := s.kald(c.Context(), http.MethodPost, driftsti("brugere", args[0], "log-ud"), b, nil); err != nil {
			return err
		}
		return s.brugersvar(args[0], "logget ud alle steder")
	}}
	medBegrundelse(c, &b.Begrundelse)
	return c
}

func (s *server) brugerLuk() *cobra.Command {
	var b drift.Begrundelse
	c := &cobra.Command{Use: "luk NAVN", Short: "Luk en bruger, som bliver logget ud; navnet kan ikke bruges igen", Args: argumenter(cobra.ExactArgs(1)), RunE: func(c *cobra.Command, args []string) error {
		if err := s.kald(c.Context(), http.MethodPost, driftsti("brugere", args[0], "luk"), b, nil); err != nil {
			return err
		}
		return s.brugersvar(args[0], "lukket")
	}}
	medBegrundelse(c, &b.Begrundelse)
	return c
}

// laesKodeord reads a password: typed twice and not shown where someone sits at a terminal, else one line.
func (e *env) laesKodeord(ledetekst string) (string, error) {
	f, ok := e.in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		linje, err := bufio.NewReader(io.LimitReader(e.in, 4096)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("standard input: %w", err)
		}
		if linje = strings.TrimRight(linje, "\r\n"); linje == "" {
			return "", mox.E("kodeord", mox.KodeUgyldig, "der er intet kodeord på standard input").Med("skriv det i en terminal, eller send én linje ind")
		}
		return linje, nil
	}
	var to [2]string
	for i, hvad := range []string{ledetekst, "Igen"} {
		fmt.Fprintf(e.err, "%s: ", hvad)
		b, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(e.err)
		if err != nil {
			return "", fmt.Errorf("terminalen: %w", err)
		}
		to[i] = string(b)
	}
	if to[0] != to[1] {
		return "", mox.E("kodeord", mox.KodeUgyldig, "de to kodeord er ikke ens").Med("prøv igen")
	}
	return to[0], nil
}

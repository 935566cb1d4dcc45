package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/console/drift"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/oio"
)

func (e *env) abonnement() *cobra.Command {
	c := &cobra.Command{Use: "abonnement", Short: "Opret og se abonnementer, sæt dem på pause, og luk dem"}
	s := e.serverFlag(c)
	c.AddCommand(s.abonnementList(), s.abonnementOpret(), s.abonnementTest(), s.abonnementLuk(), s.abonnementEfterlever())
	for _, hvad := range []string{"pause", "genoptag"} {
		var hvorfor string
		k := &cobra.Command{Use: hvad + " ID", Short: map[string]string{"pause": "Hold leveringerne tilbage; intet går tabt", "genoptag": "Lad leveringerne gå videre"}[hvad], Args: argumenter(cobra.ExactArgs(1))}
		medBegrundelse(k, &hvorfor)
		k.RunE = func(c *cobra.Command, args []string) error {
			if err := s.kald(c.Context(), http.MethodPost, driftsti("abonnementer", args[0], hvad), drift.Begrundelse{Begrundelse: hvorfor}, nil); err != nil {
				return err
			}
			return e.skriv(map[string]string{"abonnement": args[0], "svar": hvad}, func(w io.Writer) { fmt.Fprintf(w, "%s: %s\n", args[0], hvad) })
		}
		c.AddCommand(k)
	}
	return c
}

func (s *server) abonnementList() *cobra.Command {
	return &cobra.Command{Use: "list", Short: "Vis abonnementerne med deres filtre", Args: argumenter(cobra.NoArgs), RunE: func(c *cobra.Command, _ []string) error {
		var l drift.Abonnementer
		if err := s.kald(c.Context(), http.MethodGet, driftsti("abonnementer"), nil, &l); err != nil {
			return err
		}
		return s.env.skriv(l, func(w io.Writer) {
			t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
			fmt.Fprintln(t, "ABONNEMENT\tSYSTEM\tLEVERES\tFILTER\tOPRETTET AF\tTIDLIGERE BESKEDER")
			for _, a := range l.Abonnementer {
				fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", a.ID, a.System, a.Carrier, filtertekst(a.Filter), a.OprettetAf, efterleveringstekst(a.Efterlevering))
			}
			_ = t.Flush() // w is the terminal
		})
	}}
}

func filtertekst(f any) string {
	if f == nil {
		return "alle beskeder"
	}
	b, err := json.Marshal(f)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func (s *server) abonnementOpret() *cobra.Command {
	var k drift.OpretAbonnement
	var filter string
	c := &cobra.Command{Use: "opret --id ID --system NAVN --carrier amqp|push|pull|kombit", Short: "Opret et abonnement, og vis, hvad modtageren skal vide",
		Long: "Opret et abonnement, og vis, hvad modtageren skal vide. Det får de beskeder, der kommer fra nu af.\n" + exitTekst, Args: argumenter(cobra.NoArgs)}
	f := c.Flags()
	f.StringVar((*string)(&k.ID), "id", "", "navnet: små bogstaver, tal, '.', '_' og '-'")
	f.StringVar(&k.System, "system", "", "det modtagende systems navn; det samme som i dets API-nøgle (standard: id'et op til første punktum)")
	f.StringVar((*string)(&k.Carrier), "carrier", "", "amqp (en kø hos RabbitMQ), push (MOX kalder modtageren), pull (modtageren henter) eller kombit (den nationale beskedfordeler; system KOMBIT)")
	f.StringVar(&filter, "filter", "", `hvilke beskeder, som JSON, fx '{"objekttype":"Sag","opgaveemne":"02.*"}'; uden filter alle`)
	f.StringVar((*string)(&k.Orden), "orden", "", "objekt (standard: et objekts beskeder i rækkefølge) eller ingen")
	f.BoolVar(&k.Overhal, "overhal", false, "lad en nyere hel registrering træde i stedet for en ældre af samme objekt, der kræver handling")
	f.StringVar(&k.URL, "url", "", "push: adressen, MOX skal kalde")
	f.StringVar((*string)(&k.Form), "form", "", "push: cloudevent (standard), struktureret eller modtagbesked")
	f.StringVar(&k.Kvittering, "kvittering", "", "amqp: kraeves eller nej (standard)")
	f.StringVar(&k.Frist, "frist", "", "amqp med kvittering: hvor længe modtageren har, fx 72h")
	f.StringVar(&k.Modtager, "modtager", "", "modtagende myndigheds CVR-URN, for beskeder med tilladtmodtager")
	f.BoolVar(&k.Ret, "ret", false, "ændr et abonnement, der findes")
	medBegrundelse(c, &k.Begrundelse)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if filter != "" {
			if err := json.Unmarshal([]byte(filter), &k.Filter); err != nil {
				return filterfejl(err)
			}
		}
		if k.System == "" && k.Carrier == mox.CarrierKOMBIT {
			k.System = mox.KOMBIT
		}
		if k.System == "" {
			k.System, _, _ = strings.Cut(string(k.ID), ".")
		}
		var o drift.Oprettet
		if err := s.kald(c.Context(), http.MethodPost, driftsti("abonnementer"), k, &o); err != nil {
			return err
		}
		return s.env.skriv(o, func(w io.Writer) { visOprettet(w, o) })
	}
	return c
}

func visOprettet(w io.Writer, o drift.Oprettet) {
	hvad := "Abonnementet %s er oprettet.\n"
	if !o.Ny {
		hvad = "Abonnementet %s findes allerede, som det er beskrevet.\n"
	}
	fmt.Fprintf(w, hvad, o.Abonnement.ID)
	if a := o.AMQP; a != nil {
		fmt.Fprintf(w, "Modtageren henter fra køen       %s\nog sender, også kvitteringer, til %s\n\nGiv %s en bruger hos beskedmægleren:\n", a.Koe, a.Exchange, o.Abonnement.System)
		for _, k := range a.Kommandoer {
			fmt.Fprintf(w, "  %s\n", k)
		}
	}
	if p := o.Push; p != nil {
		fmt.Fprintf(w, "MOX kalder %s\nKaldene er underskrevet med (Standard Webhooks):\n  %s\nGiv modtageren hemmeligheden ad en sikker vej.\n", o.Abonnement.URL, p.Hemmelighed)
	}
	if o.Abonnement.Carrier == mox.CarrierKOMBIT {
		fmt.Fprintln(w, "MOX sender beskederne til den nationale beskedfordeler, hver som en Haendelsesbesked.")
	}
	if p := o.Pull; p != nil {
		fmt.Fprintf(w, "Modtageren henter med POST %s og sin egen API-nøgle.\n", p.Sti)
	}
}

func (s *server) abonnementLuk() *cobra.Command {
	var k drift.Lukning
	c := &cobra.Command{Use: "luk ID", Short: "Luk et abonnement, som nogen har oprettet; kræver en begrundelse", Args: argumenter(cobra.ExactArgs(1))}
	c.Flags().BoolVar(&k.Ja, "ja", false, "opgiv det, der ikke er leveret")
	medBegrundelse(c, &k.Begrundelse)
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := s.kald(c.Context(), http.MethodPost, driftsti("abonnementer", args[0], "luk"), k, nil); err != nil {
			return err
		}
		return s.env.skriv(map[string]string{"abonnement": args[0], "svar": "lukket"}, func(w io.Writer) { fmt.Fprintf(w, "%s: lukket\n", args[0]) })
	}
	return c
}

func filterfejl(err error) error {
	return mox.E("abonnement", mox.KodeUgyldig, "--filter er ikke JSON: %v", err).Med(`skriv fx --filter '{"objekttype":"Sag"}'`)
}

func (s *server) abonnementTest() *cobra.Command {
	var k drift.Filterkald
	var filter, fil string
	c := &cobra.Command{Use: "test [ID]", Short: "Hold et filter op mod de beskeder, der er kommet, eller mod en besked i en fil", Args: argumenter(cobra.MaximumNArgs(1))}
	c.Flags().StringVar(&filter, "filter", "", "filteret som JSON, i stedet for et abonnements")
	c.Flags().StringVar(&fil, "besked", "", "en fil med én besked, som mox besked send tager den; så spørges serveren ikke")
	c.Flags().IntVar(&k.Antal, "antal", 0, "så mange af de nyeste beskeder (standard 1000)")
	c.RunE = func(c *cobra.Command, args []string) error {
		if (len(args) == 1) == (filter != "") {
			return brugsfejl{errors.New("giv enten et abonnements id eller --filter")}
		}
		if filter != "" {
			if err := json.Unmarshal([]byte(filter), &k.Filter); err != nil {
				return filterfejl(err)
			}
		} else {
			k.Abonnement = mox.AbonnementID(args[0])
		}
		if fil != "" {
			return s.env.proevFil(k, fil)
		}
		var p distributor.Filterproeve
		if err := s.kald(c.Context(), http.MethodPost, driftsti("abonnementer", "proev"), k, &p); err != nil {
			return err
		}
		return s.env.skriv(p, func(w io.Writer) {
			fmt.Fprintf(w, "%d af de %d nyeste beskeder passer\n", p.Passer, p.Set)
			for _, x := range p.Eksempler {
				fmt.Fprintf(w, "  %s  %s  %s  fra %s\n", x.BeskedID, x.Type, x.ObjektID, x.Afsender)
			}
		})
	}
	return c
}

// proevFil explains what a filter makes of a besked in a file.
func (e *env) proevFil(k drift.Filterkald, fil string) error {
	f, fejl := mox.LaesFilter(k.Filter)
	if len(fejl) > 0 {
		return &mox.Error{Kode: mox.KodeUgyldig, Op: "abonnement", Tekst: "med --besked skal --filter kunne læses", Felter: fejl, Raad: "ret filteret"}
	}
	raa, err := laesInput(e.in, fil)
	if err != nil {
		return err
	}
	beskeder, err := laesBeskeder(raa, "", oio.Koder{})
	if err != nil {
		return err
	}
	for i := range beskeder {
		passer, betingelser := f.Forklar(beskeder[i].Metadata())
		err := e.skriv(map[string]any{"beskedID": beskeder[i].ID, "passer": passer, "betingelser": betingelser}, func(w io.Writer) {
			fmt.Fprintf(w, "%s: %s\n", beskeder[i].ID, map[bool]string{true: "passer", false: "passer ikke"}[passer])
			visBetingelser(w, betingelser)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *server) beskedForklar() *cobra.Command {
	return &cobra.Command{Use: "forklar BESKED ABONNEMENT", Short: "Forklar, hvorfor et abonnement fik en besked eller ikke fik den", Args: argumenter(cobra.ExactArgs(2)), RunE: func(c *cobra.Command, args []string) error {
		var l drift.Forklaringer
		if err := s.kald(c.Context(), http.MethodGet, driftsti("beskeder", args[0], "forklar", args[1]), nil, &l); err != nil {
			return err
		}
		return s.env.skriv(l, func(w io.Writer) {
			for _, f := range l.Forklaringer {
				fmt.Fprintf(w, "%s fra %s: %s\n", f.BeskedID, f.Afsender, f.Grund)
				if f.Leveret != "" {
					fmt.Fprintf(w, "Leveringen er %s.\n", f.Leveret)
				}
				visBetingelser(w, f.Betingelser)
			}
		})
	}}
}

// visBetingelser shows each condition of a filter beside what the besked says.
func visBetingelser(w io.Writer, l []mox.Betingelse) {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, b := range l {
		ikke := ""
		if b.Under {
			ikke = "(under ikke)"
		}
		fmt.Fprintf(t, "  %s\t%s\tbesked: %s\t%s %s\n", b.Sti, filtertekst(b.Krav), strings.Join(b.Har, ", "), b.Svar, ikke)
	}
	_ = t.Flush() // w is the terminal
}

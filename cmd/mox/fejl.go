package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/console/drift"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/store"
)

func (e *env) fejl() *cobra.Command {
	c := &cobra.Command{Use: "fejl", Short: "Se og behandl det, en person skal afgøre"}
	s := e.serverFlag(c)
	c.AddCommand(s.fejlList(), s.fejlVis(), s.fejlIndhold(),
		s.fejlUdvalg("gensend", "Gensend parkerede leveringer", "gensend"),
		s.fejlUdvalg("luk", "Luk uden at sende; kræver en begrundelse", "luk"),
		s.fejlRet(), s.fejlSkete(), s.fejlSketeIkke())
	return c
}

// udvalgFlag adds the flags that select fejl.
func udvalgFlag(c *cobra.Command, u *store.Udvalg) {
	f := c.Flags()
	f.StringVar((*string)(&u.Ansvar), "ansvar", "", "kun dem, hvor opgaven ligger hos afsender, modtager eller MOX")
	f.StringVar(&u.Kode, "kode", "", "kun med denne kode")
	f.StringVar(&u.System, "system", "", "kun for dette system")
	f.StringVar((*string)(&u.Art), "art", "", "kun post, besked eller leverance")
	f.StringVar((*string)(&u.Abonnement), "abonnement", "", "kun til dette abonnement")
}

func (s *server) fejlList() *cobra.Command {
	var u store.Udvalg
	c := &cobra.Command{Use: "list", Short: "Vis de åbne fejl", Args: argumenter(cobra.NoArgs)}
	udvalgFlag(c, &u)
	c.RunE = func(c *cobra.Command, _ []string) error {
		q := url.Values{}
		for navn, v := range map[string]string{"ansvar": string(u.Ansvar), "kode": u.Kode, "system": u.System, "art": string(u.Art), "abonnement": string(u.Abonnement)} {
			if v != "" {
				q.Set(navn, v)
			}
		}
		var l drift.Fejlliste
		if err := s.kald(c.Context(), http.MethodGet, driftsti("fejl")+"?"+q.Encode(), nil, &l); err != nil {
			return err
		}
		return s.env.skriv(l, func(w io.Writer) {
			for _, f := range l.Fejl {
				visFejlLinje(w, f)
			}
			fmt.Fprintf(w, "%d åbne fejl\n", l.IAlt)
		})
	}
	return c
}

func visFejlLinje(w io.Writer, f drift.Fejl) {
	gange := ""
	if f.Antal > 1 {
		gange = fmt.Sprintf(" (%d gange)", f.Antal)
	}
	fmt.Fprintf(w, "%d  %s  ansvar: %s  %s  %s%s\n    %s\n    Næste skridt: %s\n", f.ID, f.Art, f.Ansvar, f.System, f.Kode, gange, f.Tekst, f.Raad)
}

func (s *server) fejlVis() *cobra.Command {
	return &cobra.Command{Use: "vis ID", Short: "Vis en fejl med forsøg og det, der er gjort", Args: argumenter(cobra.ExactArgs(1)), RunE: func(c *cobra.Command, args []string) error {
		var f drift.Fejl
		if err := s.kald(c.Context(), http.MethodGet, driftsti("fejl", args[0]), nil, &f); err != nil {
			return err
		}
		return s.env.skriv(f, func(w io.Writer) {
			visFejlLinje(w, f)
			if d := f.Detaljer; d != nil {
				for _, x := range d.Forsoeg {
					fmt.Fprintf(w, "    forsøg %d  %s  %s %s %s\n", x.Nr, klokken(x.Begyndt), x.Resultat, x.Kode, x.Tekst)
				}
				for _, h := range d.Handlinger {
					fmt.Fprintf(w, "    %s  %s  %s  %s\n", klokken(h.Tid), h.Hvem, h.Hvad, h.Begrundelse)
				}
				if len(d.SvarFelter) > 0 {
					fmt.Fprintf(w, "    Felter i systemets svar: %s\n", strings.Join(d.SvarFelter, ", "))
				}
			}
		})
	}}
}

// medBegrundelse adds the flag that most acts need.
func medBegrundelse(c *cobra.Command, b *string) {
	c.Flags().StringVar(b, "begrundelse", "", "hvorfor; gemmes sammen med handlingen")
}

func (s *server) fejlIndhold() *cobra.Command {
	var hvorfor string
	c := &cobra.Command{Use: "indhold ID", Short: "Vis posten eller beskedens værdier; at de er set, gemmes", Args: argumenter(cobra.ExactArgs(1)), RunE: func(c *cobra.Command, args []string) error {
		var i drift.Indhold
		if err := s.kald(c.Context(), http.MethodPost, driftsti("fejl", args[0], "indhold"), drift.Begrundelse{Begrundelse: hvorfor}, &i); err != nil {
			return err
		}
		return s.env.skriv(i, func(w io.Writer) {
			fmt.Fprintln(w, i.Raa)
			for k, v := range i.Vaerdier {
				fmt.Fprintf(w, "%s=%s\n", k, v)
			}
		})
	}}
	medBegrundelse(c, &hvorfor)
	return c
}

// fejlUdvalg is an act on one fejl or on all that the flags select; without --ja it only counts.
func (s *server) fejlUdvalg(navn, kort, sti string) *cobra.Command {
	var u store.Udvalg
	var hvorfor string
	var ja bool
	c := &cobra.Command{Use: navn + " [ID…]", Short: kort + "; uden --ja tælles der kun"}
	udvalgFlag(c, &u)
	medBegrundelse(c, &hvorfor)
	c.Flags().BoolVar(&ja, "ja", false, "gør det")
	c.RunE = func(c *cobra.Command, args []string) error {
		for _, a := range args {
			id, err := strconv.ParseInt(a, 10, 64)
			if err != nil {
				return brugsfejl{fmt.Errorf("%q er ikke et fejlnummer", a)}
			}
			u.Fejl = append(u.Fejl, id)
		}
		if len(u.Fejl) == 0 && u.Ansvar == "" && u.Kode == "" && u.System == "" && u.Art == "" && u.Abonnement == "" {
			return brugsfejl{fmt.Errorf("sig hvilke: fejlnumre, eller --ansvar, --kode, --system, --art eller --abonnement")}
		}
		var v distributor.Virkning
		err := s.kald(c.Context(), http.MethodPost, driftsti("fejl", sti), drift.Gruppe{Udvalg: &u, Begrundelse: hvorfor, Preview: !ja}, &v)
		if err != nil {
			return err
		}
		return s.env.skriv(v, func(w io.Writer) {
			hvad := "udført på"
			if !ja {
				hvad = "ville blive udført på"
			}
			fmt.Fprintf(w, "%s: %d valgt, %s %d, %d udeladt\n", navn, v.Valgt, hvad, v.Udfoert, v.Udeladt)
			if !ja {
				fmt.Fprintln(w, "Intet er gjort endnu: tilføj --ja")
			}
		})
	}
	return c
}

func (s *server) fejlRet() *cobra.Command {
	var hvorfor, fil string
	var felter []string
	c := &cobra.Command{Use: "ret-og-send ID", Short: "Ret en post (--fil, - for standard input) eller en beskeds værdier (--felt sti=værdi), og send den", Args: argumenter(cobra.ExactArgs(1))}
	medBegrundelse(c, &hvorfor)
	c.Flags().StringVar(&fil, "fil", "", "fil med den rettede post")
	c.Flags().StringArrayVar(&felter, "felt", nil, "en rettet værdi: relationer.primaerklasse=urn:oio:kle:02.34.02")
	c.RunE = func(c *cobra.Command, args []string) error {
		rettelser, err := par(felter)
		if err != nil {
			return err
		}
		k := drift.Ret{Rettelser: rettelser, Begrundelse: hvorfor}
		if fil != "" {
			raa, err := s.env.laes(fil)
			if err != nil {
				return err
			}
			k.Raa = raa
		}
		var ud drift.Rettet
		if err := s.kald(c.Context(), http.MethodPost, driftsti("fejl", args[0], "ret-og-send"), k, &ud); err != nil {
			return err
		}
		return s.env.skriv(ud, func(w io.Writer) { fmt.Fprintf(w, "rettet og sendt %s\n", ud.BeskedID) })
	}
	return c
}

func (e *env) laes(fil string) (string, error) {
	if fil == "-" {
		b, err := io.ReadAll(e.in)
		return string(b), err
	}
	b, err := os.ReadFile(fil)
	if err != nil {
		return "", mox.E("fejl", mox.KodeUgyldig, "%v", err).Med("giv en fil med --fil")
	}
	return string(b), nil
}

// par reads name=value.
func par(l []string) (map[string]string, error) {
	ud := map[string]string{}
	for _, f := range l {
		navn, v, ok := strings.Cut(f, "=")
		if !ok || navn == "" {
			return nil, brugsfejl{fmt.Errorf("--felt %q: skriv navn=værdi", f)}
		}
		ud[navn] = v
	}
	return ud, nil
}

func (s *server) fejlSkete() *cobra.Command {
	var hvorfor string
	var felter []string
	c := &cobra.Command{Use: "skete ID", Short: "Svar, at et uvist udfald skete; --felt siger, hvad systemet svarede", Args: argumenter(cobra.ExactArgs(1))}
	medBegrundelse(c, &hvorfor)
	c.Flags().StringArrayVar(&felter, "felt", nil, "et felt i systemets svar: Stregkode=RR123")
	c.RunE = func(c *cobra.Command, args []string) error {
		svar, err := par(felter)
		if err != nil {
			return err
		}
		return s.gjort(c, args[0], "skete", drift.Skete{Felter: svar, Begrundelse: hvorfor})
	}
	return c
}

func (s *server) fejlSketeIkke() *cobra.Command {
	var hvorfor string
	c := &cobra.Command{Use: "skete-ikke ID", Short: "Svar, at et uvist udfald ikke skete; det gøres igen", Args: argumenter(cobra.ExactArgs(1)), RunE: func(c *cobra.Command, args []string) error {
		return s.gjort(c, args[0], "skete-ikke", drift.Begrundelse{Begrundelse: hvorfor})
	}}
	medBegrundelse(c, &hvorfor)
	return c
}

func (s *server) gjort(c *cobra.Command, id, hvad string, ind any) error {
	if err := s.kald(c.Context(), http.MethodPost, driftsti("fejl", id, hvad), ind, nil); err != nil {
		return err
	}
	return s.env.skriv(map[string]string{"fejl": id, "svar": hvad}, func(w io.Writer) { fmt.Fprintf(w, "fejl %s: %s\n", id, hvad) })
}

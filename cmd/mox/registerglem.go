package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/register"
	"github.com/moxkit/mox/register/rest"
)

func (s *server) registerGlem() *cobra.Command {
	var k rest.Glemkald
	var ja bool
	c := &cobra.Command{
		Use: "glem TYPE UUID", Short: "Slet et objekt for altid, og få dem, der har fået det, til det samme",
		Long: "Slet et objekt for altid: alle registreringer, indholdet af beskederne om det, hvad kilder har sagt om det, og de dokumenter, intet andet henviser til.\n" +
			"Tilbage står, at det er sket, hvornår, hvorfor og af hvem. De, der har fået objektet, får besked om at slette det; mox register glemte viser, om de har bekræftet.\n" +
			"Det kan ikke fortrydes, og UUID'en kan ikke bruges igen. Uden --ja vises kun, hvad der vil blive slettet.\n" + exitTekst,
		Args: argumenter(cobra.ExactArgs(2)),
	}
	c.Flags().StringVar(&k.Begrundelse, "begrundelse", "", "hvem der har besluttet det, og hvorfor; kun en administrator ser den. Skriv ingen navne")
	c.Flags().StringVar(&k.Hjemmel, "hjemmel", "", "det retlige grundlag; det får enhver at vide, der spørger om objektet")
	c.Flags().IntVar(&k.FristDage, "frist-dage", 30, "så mange dage har modtagerne til at bekræfte")
	c.Flags().BoolVar(&ja, "ja", false, "slet")
	c.RunE = func(c *cobra.Command, args []string) error {
		t, err := objekttyper(args[:1])
		if err != nil {
			return err
		}
		if ja && (k.Begrundelse == "" || k.Hjemmel == "") {
			return brugsfejl{errors.New("--begrundelse og --hjemmel skal gives")}
		}
		if !mox.ErUUID(strings.ToLower(args[1])) {
			return brugsfejl{errors.New("UUID er 8-4-4-4-12 tegn, 0-9 og a-f")}
		}
		return s.glem(c.Context(), restSti(t[0])+"/"+strings.ToLower(args[1])+"/glem", k, ja)
	}
	return c
}

// glem erases, or tells what an erasure would take.
func (s *server) glem(ctx context.Context, sti string, k rest.Glemkald, ja bool) error {
	var svar rest.Glemsvar
	metode, krop := http.MethodGet, any(nil)
	if ja {
		metode, krop = http.MethodPost, k
	}
	if err := s.kald(ctx, metode, sti, krop, &svar); err != nil {
		return err
	}
	if err := s.env.skriv(svar, func(w io.Writer) { visGlem(w, svar) }); err != nil || svar.Slettet {
		return err
	}
	return mox.E("glem", mox.KodeBekraeft, "objektet bliver slettet for altid").Med("slet det med --ja, --begrundelse og --hjemmel")
}

func visGlem(w io.Writer, s rest.Glemsvar) {
	switch {
	case s.Allerede:
		fmt.Fprintf(w, "%s var slettet i forvejen.\n", s.UUID)
		visGlemt(w, register.Slettet{Glemt: *s.Glemt, Modtagere: s.Modtagere})
		return
	case s.Slettet:
		fmt.Fprintf(w, "%s er slettet for altid:\n", s.UUID)
	default:
		fmt.Fprintf(w, "%s vil blive slettet for altid:\n", s.UUID)
	}
	x := s.Slettede
	fmt.Fprintf(w, "  %d registreringer, indholdet af %d beskeder og %d fejl, %d leveringer opgivet, %d kilder, %d dokumenter\n", x.Registreringer, x.Beskeder, x.FejlTilBehandling, x.Leveringer, x.Kilder, x.Dokumenter)
	if len(s.FortaltAf) > 0 {
		fmt.Fprintf(w, "Har selv fortalt om objektet, og får ingen besked: %s\n", strings.Join(s.FortaltAf, ", "))
	}
	visSletmodtagere(w, s.Modtagere)
}

func visGlemt(w io.Writer, g register.Slettet) {
	fmt.Fprintf(w, "%s %s  slettet %s af %s, %d registreringer\n    %s. Hjemmel: %s\n", g.ObjektType, g.ObjektID, klokken(g.Tid), g.Hvem, g.Registreringer, g.Begrundelse, g.Hjemmel)
	visSletmodtagere(w, g.Modtagere)
}

// sletstande are how an order to erase can stand, in words.
func sletstande() map[string]string {
	return map[string]string{distributor.SletVenter: "venter på modtageren", distributor.SletKanIkke: "kan ikke modtage sletning: en person skal få det slettet", distributor.SletKraeverPerson: "kræver handling",
		distributor.SletBekraeftet: "har bekræftet", distributor.SletLukket: "lukket af en person"}
}

func visSletmodtagere(w io.Writer, l []distributor.Sletstatus) {
	if len(l) == 0 {
		fmt.Fprintln(w, "Ingen har fået objektet.")
	}
	for _, m := range l {
		fmt.Fprintf(w, "  %s (%s): %s", m.Abonnement, ellers(m.System, "–"), sletstande()[m.Stand])
		if m.Hvem != "" {
			fmt.Fprintf(w, " (%s)", m.Hvem)
		}
		if m.Tekst != "" {
			fmt.Fprintf(w, ": %s", m.Tekst)
		}
		if m.Overskredet {
			fmt.Fprintf(w, "; FRISTEN ER OVERSKREDET %s", klokken(m.Frist))
		}
		fmt.Fprintln(w)
	}
}

func (s *server) registerGlemte() *cobra.Command {
	var k rest.Glemtekald
	var bekraeft, hvorfor string
	c := &cobra.Command{
		Use: "glemte [UUID]", Short: "Vis det, der er slettet for altid, og hvem der har bekræftet",
		Long: "Vis det, der er slettet for altid, og om de, der havde fået det, har bekræftet, at det også er slettet hos dem. Med --bekraeft skriver du, at en modtager har gjort det, som ikke selv kan sige det.\n" +
			"Gem listen fra --json et andet sted, så den kan bruges efter en genskabelse: mox restore KOPI --glemte FIL.\n" + exitTekst,
		Args: argumenter(cobra.MaximumNArgs(1)),
	}
	c.Flags().BoolVar(&k.Aabne, "aabne", false, "kun dem, en modtager ikke har bekræftet")
	c.Flags().StringVar(&bekraeft, "bekraeft", "", "abonnementet for den modtager, der har slettet objektet; kræver UUID og --begrundelse")
	c.Flags().StringVar(&hvorfor, "begrundelse", "", "hvem der har bekræftet sletningen, og hvordan; gemmes")
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) > 0 {
			k.Objekt = mox.ObjektID(strings.ToLower(args[0]))
		}
		if bekraeft != "" {
			return s.bekraeftSletning(c.Context(), rest.Bekraeftkald{Objekt: k.Objekt, Abonnement: mox.AbonnementID(bekraeft), Begrundelse: hvorfor})
		}
		l, err := s.glemte(c.Context(), k)
		if err != nil {
			return err
		}
		return s.env.skriv(l, func(w io.Writer) { visGlemte(w, l) })
	}
	return c
}

func (s *server) bekraeftSletning(ctx context.Context, k rest.Bekraeftkald) error {
	if k.Objekt == "" || k.Begrundelse == "" {
		return brugsfejl{errors.New("--bekraeft kræver en UUID og --begrundelse")}
	}
	var l rest.Glemtesvar
	if err := s.kald(ctx, http.MethodPost, rest.ForvaltningSti+"bekraeft-sletning", k, &l); err != nil {
		return err
	}
	return s.env.skriv(l, func(w io.Writer) { visGlemte(w, l) })
}

// glemte fetches the list, page by page.
func (s *server) glemte(ctx context.Context, k rest.Glemtekald) (ud rest.Glemtesvar, err error) {
	ud.Glemte = []register.Slettet{}
	for k.Antal = register.MaksGlemte; ; {
		var side rest.Glemtesvar
		if err := s.kald(ctx, http.MethodPost, rest.ForvaltningSti+"glemte", k, &side); err != nil {
			return ud, err
		}
		ud.Glemte = append(ud.Glemte, side.Glemte...)
		if len(side.Glemte) < k.Antal || k.Objekt != "" {
			return ud, nil
		}
		k.Foer = side.Glemte[len(side.Glemte)-1].Nr
	}
}

func visGlemte(w io.Writer, l rest.Glemtesvar) {
	for _, g := range l.Glemte {
		visGlemt(w, g)
	}
	if len(l.Glemte) == 0 {
		fmt.Fprintln(w, "Der er intet.")
	}
}

package main

import (
	"archive/zip"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/register/rest"
)

// persontekst tells how a person is named to a command.
const persontekst = "CPR-nummer eller UUID; - læser den fra standard input, så nummeret ikke står i kommandolinjen"

// person reads a person's number from standard input where it is given as "-".
func (e *env) person(v string) (string, error) {
	if v != "-" {
		return v, nil
	}
	linje, err := bufio.NewReader(io.LimitReader(e.in, 100)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return strings.TrimSpace(linje), nil
}

// laesTid reads a day in the machine's time zone, or a moment.
func laesTid(flag, v string) (time.Time, error) {
	if v == "" {
		return time.Time{}, nil
	}
	if t, err := time.ParseInLocation(time.DateOnly, v, time.Local); err == nil {
		return t, nil
	}
	t, err := time.Parse(time.RFC3339, v)
	if err != nil {
		return t, brugsfejl{fmt.Errorf("--%s skal være en dag (2026-01-31) eller et tidspunkt (2026-01-31T12:00:00+01:00)", flag)}
	}
	return t, nil
}

func (s *server) registerBrug() *cobra.Command {
	var k rest.Brugskald
	var objekt, fra, til string
	c := &cobra.Command{
		Use: "brug", Short: "Vis, hvem der har læst og skrevet i registeret, hvornår og hvorfor",
		Long: "Vis, hvem der har læst og skrevet i registeret, hvornår og hvorfor: det, der handler om en person, et objekt, eller det, én har gjort. At du har set det, gemmes.\n" + exitTekst,
		Args: argumenter(cobra.NoArgs),
	}
	c.Flags().StringVar(&k.Person, "person", "", "det, der handler om personen: "+persontekst)
	c.Flags().StringVar(&objekt, "objekt", "", "det, der er gjort ved objektet med den UUID")
	c.Flags().StringVar(&k.Hvem, "hvem", "", "det, der er gjort med nøglen eller af personen med det navn")
	c.Flags().StringVar(&fra, "fra", "", "fra og med en dag eller et tidspunkt")
	c.Flags().StringVar(&til, "til", "", "indtil, og ikke med, en dag eller et tidspunkt")
	c.Flags().IntVar(&k.Antal, "antal", 100, "højst så mange, de nyeste; 1-1000")
	c.Flags().Int64Var(&k.Foer, "foer", 0, "kun dem før linjen med det nummer")
	c.RunE = func(c *cobra.Command, _ []string) (err error) {
		k.Objekt, k.Formaal = mox.ObjektID(objekt), s.formaal
		if k.Person == "" && k.Objekt == "" && k.Hvem == "" {
			return brugsfejl{errors.New("sig hvad: --person, --objekt eller --hvem")}
		}
		if k.Person, err = s.env.person(k.Person); err != nil {
			return err
		}
		if k.Fra, err = laesTid("fra", fra); err != nil {
			return err
		}
		if k.Til, err = laesTid("til", til); err != nil {
			return err
		}
		var svar rest.Brugssvar
		if err := s.kald(c.Context(), http.MethodPost, rest.ForvaltningSti+"brug", k, &svar); err != nil {
			return err
		}
		return s.env.skriv(svar, func(w io.Writer) { visBrug(w, svar, k.Antal) })
	}
	return c
}

func visBrug(w io.Writer, svar rest.Brugssvar, antal int) {
	for _, b := range svar.Brug {
		hvem := b.Hvem
		if b.System != "" {
			hvem += " (" + b.System + ")"
		}
		fmt.Fprintf(w, "%d  %s  %s  %s %s %s  %s\n", b.ID, klokken(b.Tid), hvem, b.Operation, b.ObjektType, ellers(string(b.ObjektID), fmt.Sprintf("(%d fundet)", b.Antal)), b.Kode)
		if b.Formaal != "" {
			fmt.Fprintf(w, "    Formål: %s\n", b.Formaal)
		}
	}
	switch n := len(svar.Brug); {
	case n == 0:
		fmt.Fprintln(w, "Ingen har.")
	case n == antal:
		fmt.Fprintf(w, "Der kan være flere: --foer %d\n", svar.Brug[n-1].ID)
	}
}

// registerBeskyttelse is the command that begins or ends a person's protection.
func (s *server) registerBeskyttelse(navn, kort string) *cobra.Command {
	var hvorfor string
	c := &cobra.Command{
		Use: navn + " PERSON", Short: kort, Args: argumenter(cobra.ExactArgs(1)),
		Long: kort + ". PERSON er " + persontekst + ".\nI registeret står personen som et pseudonym.\n" + exitTekst,
		RunE: func(c *cobra.Command, args []string) error {
			person, err := s.env.person(args[0])
			if err != nil {
				return err
			}
			var svar rest.Personsvar
			if err := s.kald(c.Context(), http.MethodPost, rest.ForvaltningSti+navn, rest.Personkald{Person: person, Begrundelse: hvorfor}, &svar); err != nil {
				return err
			}
			return s.env.skriv(svar, func(w io.Writer) {
				if !svar.Aendret {
					fmt.Fprintln(w, "Det var sådan i forvejen.")
					return
				}
				fmt.Fprintln(w, map[string]string{"beskyt": "Personen er beskyttet fra nu af.", "ophaev": "Personen er ikke længere beskyttet."}[navn])
			})
		},
	}
	medBegrundelse(c, &hvorfor)
	return c
}

// indsigtssvar is what is told of an indsigt that has been fetched.
type indsigtssvar struct {
	Fil      string `json:"fil"`
	Bytes    int64  `json:"bytes"`
	Objekter int    `json:"objekter"`
	Brug     int    `json:"brug"`
}

func (s *server) registerIndsigt() *cobra.Command {
	var k rest.Indsigtskald
	var til string
	c := &cobra.Command{
		Use: "indsigt", Short: "Saml det, registeret har om en person, og hvem der har set det",
		Long: "Saml alle objekter, der nævner en person eller har gjort det, og hvem der har læst og skrevet dem, i én zip-fil til svar på en anmodning om indsigt.\n" + exitTekst,
		Args: argumenter(cobra.NoArgs),
	}
	c.Flags().StringArrayVar(&k.Personer, "person", nil, persontekst+"; kan gentages, når personen kendes på begge")
	c.Flags().StringVar(&til, "til", "", "filen, der skrives")
	c.RunE = func(c *cobra.Command, _ []string) (err error) {
		if len(k.Personer) == 0 || til == "" {
			return brugsfejl{errors.New("--person og --til skal gives")}
		}
		for i := range k.Personer {
			if k.Personer[i], err = s.env.person(k.Personer[i]); err != nil {
				return err
			}
		}
		k.Formaal = s.formaal
		return s.hentIndsigt(c.Context(), k, til)
	}
	return c
}

// hentIndsigt puts it in a file that only its owner may read, which gets its name when it is whole.
func (s *server) hentIndsigt(ctx context.Context, k rest.Indsigtskald, til string) (err error) {
	if _, err := os.Lstat(til); err == nil {
		return mox.E("indsigt", mox.KodeKonflikt, "filen %s findes i forvejen", til).Med("giv et andet navn med --til")
	}
	del := til + ".del"
	f, err := os.OpenFile(del, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return &mox.Error{Kode: mox.KodeUtilgaengelig, Op: "indsigt", Tekst: "filen " + del + " kan ikke skrives", Raad: "giv et andet navn med --til; er det en rest, så slet den", Err: err}
	}
	svar := indsigtssvar{Fil: til}
	svar.Bytes, err = s.indsigtTil(ctx, f, k)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		svar.Objekter, svar.Brug, err = taelIndsigt(del)
	}
	if err == nil {
		err = os.Rename(del, til)
	}
	if err != nil {
		return errors.Join(err, os.Remove(del))
	}
	return s.env.skriv(svar, func(w io.Writer) {
		fmt.Fprintf(w, "%s: %d objekt(er), set eller skrevet %d gange.\nDer kan stå oplysninger om andre: læs filen igennem, før noget gives videre. Slet den, når den ikke bruges mere.\n", svar.Fil, svar.Objekter, svar.Brug)
	})
}

func (s *server) indsigtTil(ctx context.Context, w io.Writer, k rest.Indsigtskald) (int64, error) {
	klient, err := s.klient()
	if err != nil {
		return 0, err
	}
	defer klient.Luk()
	r, err := klient.Stroem(ctx, http.MethodPost, rest.ForvaltningSti+"indsigt", k)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(w, r)
	if err = errors.Join(err, r.Close()); err != nil && ctx.Err() == nil {
		return n, &mox.Error{Kode: mox.KodeUtilgaengelig, Op: "indsigt", Tekst: "indsigten kom ikke helt", Raad: "se serverens log, og om der er plads på disken her, og prøv igen", Err: err}
	}
	return n, err
}

// taelIndsigt reads a file through and counts its lines.
func taelIndsigt(fil string) (objekter, brug int, err error) {
	z, err := zip.OpenReader(fil)
	if err != nil {
		return 0, 0, mox.E("indsigt", mox.KodeUtilgaengelig, "indsigten kom ikke helt").Med("se serverens log, og prøv igen")
	}
	for _, d := range []struct {
		navn string
		n    *int
	}{{rest.ObjekterDel, &objekter}, {rest.BrugDel, &brug}} {
		if err == nil {
			*d.n, err = taelLinjer(&z.Reader, d.navn)
		}
	}
	return objekter, brug, errors.Join(err, z.Close())
}

func taelLinjer(z *zip.Reader, navn string) (n int, err error) {
	f, err := z.Open(navn)
	if err != nil {
		return 0, err
	}
	r := bufio.NewReader(f)
	for err == nil {
		var del []byte
		if del, err = r.ReadSlice('\n'); len(del) > 0 && del[len(del)-1] == '\n' {
			n++
		}
		if errors.Is(err, bufio.ErrBufferFull) { // the line goes on
			err = nil
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return n, errors.Join(err, f.Close())
}

package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/carrier/pull"
)

func (e *env) register() *cobra.Command {
	c := &cobra.Command{Use: "register", Short: "Flyt objekter ind i og ud af registeret, og pas på personers oplysninger i det"}
	s := e.serverFlag(c)
	c.PersistentFlags().StringVar(&s.formaal, "formaal", "", "hvorfor; gemmes i loggen over, hvem der har læst og skrevet, og kan være krævet")
	c.AddCommand(s.registerEksport(), s.registerImport(), s.registerImportKLE(), s.registerBrug(), s.registerIndsigt(),
		s.registerBeskyttelse("beskyt", "Skjul, hvilke objekter der nævner en person med beskyttet navn og adresse"), s.registerBeskyttelse("ophaev", "Ophæv en persons beskyttelse"))
	return c
}

// objekttyper reads the flag --type; none = all.
func objekttyper(navne []string) (ud []*mox.Type, err error) {
	for _, navn := range navne {
		t, ok := mox.TypeAf(mox.ObjektType(navn))
		if !ok {
			return nil, brugsfejl{fmt.Errorf("%q er ikke en objekttype; de er %v", mox.Maskeret(navn), mox.ObjektTyper())}
		}
		ud = append(ud, t)
	}
	if len(navne) > 0 {
		return ud, nil
	}
	for _, navn := range mox.ObjektTyper() {
		t, _ := mox.TypeAf(navn)
		ud = append(ud, t)
	}
	return ud, nil
}

func restSti(t *mox.Type) string { return "/" + t.Service + "/" + t.Sti }

// heleTiden asks for what holds at any time of virkning.
func heleTiden() url.Values {
	return url.Values{"virkningfra": {"-infinity"}, "virkningtil": {"infinity"}}
}

func (s *server) registerEksport() *cobra.Command {
	var typer []string
	var til string
	var historik bool
	c := &cobra.Command{
		Use: "eksport", Short: "Skriv objekterne som NDJSON: ét objekt på hver linje, som Læs giver det", Args: argumenter(cobra.NoArgs),
		Long: "Skriv objekterne som NDJSON: ét objekt på hver linje, som Læs giver det, med al virkning. Uden --historik kun den gældende registrering af dem, der ikke er slettet; med --historik alle registreringer.\n" + exitTekst,
	}
	c.Flags().StringArrayVar(&typer, "type", nil, "objekttype, fx Sag; kan gentages; uden skrives alle typer")
	c.Flags().BoolVar(&historik, "historik", false, "alle registreringer, også af det, der er slettet siden")
	c.Flags().StringVar(&til, "til", "", "filen, der skrives; uden skrives til standard output")
	c.RunE = func(c *cobra.Command, _ []string) error {
		t, err := objekttyper(typer)
		if err != nil {
			return err
		}
		x := eksport{s: s, historik: historik, vis: s.env.fremdrift()}
		if til == "" {
			err = x.skriv(c.Context(), t, s.env.out)
		} else {
			err = x.skrivFil(c.Context(), t, til)
		}
		x.vis("")
		if err != nil {
			return err
		}
		if til == "" {
			fmt.Fprintf(s.env.err, "%d objekter skrevet\n", x.antal)
			return nil
		}
		return s.env.skriv(map[string]any{"objekter": x.antal, "fil": til}, func(w io.Writer) { fmt.Fprintf(w, "%d objekter skrevet til %s\n", x.antal, til) })
	}
	return c
}

// eksport copies objekter from the server, and counts them.
type eksport struct {
	s        *server
	historik bool
	vis      func(string)
	antal    int
	vist     time.Time
}

// skrivFil writes a file that has its name only when it is whole. It may hold personal data: it is for its owner only.
func (x *eksport) skrivFil(ctx context.Context, typer []*mox.Type, til string) error {
	halv := til + ".del"
	f, err := os.OpenFile(halv, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return &mox.Error{Kode: mox.KodeUtilgaengelig, Op: "eksport", Tekst: "filen " + til + " kan ikke skrives", Raad: "giv en anden med --til", Err: err}
	}
	err = x.skriv(ctx, typer, f)
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(halv, til)
	}
	if err != nil {
		_ = os.Remove(halv) // what failed is told
	}
	return err
}

func (x *eksport) skriv(ctx context.Context, typer []*mox.Type, w io.Writer) error {
	k, err := x.s.klient()
	if err != nil {
		return err
	}
	defer k.Luk()
	ud := bufio.NewWriterSize(w, 64<<10)
	for _, t := range typer {
		if err := x.type_(ctx, k, t, ud); err != nil {
			return err
		}
	}
	return ud.Flush()
}

func (x *eksport) type_(ctx context.Context, k *pull.Klient, t *mox.Type, w io.Writer) error {
	q := heleTiden()
	if x.historik {
		q.Set("registreretfra", "-infinity")
	}
	r, err := k.Linjer(ctx, restSti(t)+"?"+q.Encode())
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }() // what was read is what matters
	_, err = io.Copy(w, io.TeeReader(r, x))
	return err
}

// Write counts the lines that pass.
func (x *eksport) Write(b []byte) (int, error) {
	x.antal += bytes.Count(b, []byte{'\n'})
	if nu := time.Now(); nu.Sub(x.vist) > visHvert {
		x.vist = nu
		x.vis(fmt.Sprintf("%d objekter", x.antal))
	}
	return len(b), nil
}

// visHvert is how often progress is shown.
const visHvert = 200 * time.Millisecond

func (s *server) registerImport() *cobra.Command {
	var type_, koder, roller string
	c := &cobra.Command{
		Use: "import FIL", Short: "Importer objekter fra NDJSON eller XML; - er standard input", Args: argumenter(cobra.ExactArgs(1)),
		Long: "Importer objekter fra NDJSON, som mox register eksport skriver det: ét objekt på hver linje, eller fra XML: hver RegistreringBesked i filen, hvad der end står om dem. Har et objekt flere registreringer, importeres den nyeste: hvornår de andre blev registreret, er et andet registers historik.\n" +
			"Det, der allerede er her med samme indhold, ændres ikke; en kørsel, der blev afbrudt, kan køres igen fra begyndelsen. Linjer, der ikke kan importeres, nævnes med nummer og årsag, og de andre importeres.\n" + exitTekst,
	}
	c.Flags().StringVar(&type_, "type", "", "objekttypen, hvor linjerne ikke selv har objekttype")
	c.Flags().StringVar(&koder, "koder", "", "XML: filen med aftalens koder (navn til UUID)")
	c.Flags().StringVar(&roller, "roller", "", "XML: filen med rollernes Klasser")
	c.RunE = func(c *cobra.Command, args []string) error {
		if type_ != "" {
			if _, err := objekttyper([]string{type_}); err != nil {
				return err
			}
		}
		ind, _, err := s.env.aabn(args[0])
		if err != nil {
			return err
		}
		defer func() { _ = ind.Close() }() // only read
		i, err := s.nyImport()
		if err != nil {
			return err
		}
		defer i.k.Luk()
		b := bufio.NewReader(ind)
		if !erXML(b) {
			return i.slut(i.linjer(c.Context(), b, mox.ObjektType(type_)), "linjer")
		}
		k, err := laesKoder(koder, roller)
		if err != nil {
			return err
		}
		return i.slut(i.xml(c.Context(), b, mox.ObjektType(type_), k), "objekter")
	}
	return c
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/afproevning"
)

func (e *env) afproevning() *cobra.Command {
	c := &cobra.Command{Use: "afproevning", Short: "Kør afprøvningerne, og få et bevis for hver"}
	c.AddCommand(e.afproevningList(), e.afproevningRun(), e.afproevningSystem())
	return c
}

// afproevningpost is a trial in the list.
type afproevningpost struct {
	Navn           string   `json:"navn"`
	Titel          string   `json:"titel"`
	Stedfortraeder string   `json:"stedfortraeder"`
	Systemer       []string `json:"systemer"`
	Kraever        []string `json:"kraever,omitempty"`
	Adresser       []string `json:"adresser"` // that a municipality gives for its own systems
	Udsagn         []string `json:"udsagn"`
}

func (e *env) afproevningList() *cobra.Command {
	return &cobra.Command{Use: "list", Short: "Vis afprøvningerne, deres systemer og de adresser, de kan bruge", Args: argumenter(cobra.NoArgs), RunE: func(*cobra.Command, []string) error {
		ud := []afproevningpost{}
		for _, navn := range afproevning.Navne() {
			s, err := afproevning.Hent(navn)
			if err != nil {
				return err
			}
			p := afproevningpost{Navn: s.Navn, Titel: s.Titel, Stedfortraeder: s.Stedfortraeder(), Kraever: s.Kraever, Adresser: []string{}, Udsagn: s.Udsagn()}
			for _, x := range s.Systemer {
				p.Systemer = append(p.Systemer, x.Titel)
				p.Adresser = append(p.Adresser, x.Adresser...)
			}
			ud = append(ud, p)
		}
		return e.skriv(ud, func(w io.Writer) {
			for _, p := range ud {
				fmt.Fprintf(w, "%s: %s\n    %s\n    systemer: %s\n    adresser: %s\n", p.Navn, p.Titel, p.Stedfortraeder, strings.Join(p.Systemer, ", "), strings.Join(p.Adresser, ", "))
				if len(p.Kraever) > 0 {
					fmt.Fprintf(w, "    kræver: %s\n", strings.Join(p.Kraever, ", "))
				}
			}
		})
	}}
}

// afproevningvalg is how trials are run.
type afproevningvalg struct {
	dir, fil string
	adresser []string
	sabotage string
	antal    int
}

func (e *env) afproevningRun() *cobra.Command {
	var v afproevningvalg
	c := &cobra.Command{
		Use: "run NAVN…|alle", Short: "Kør en afprøvning, flere eller alle; skriv et bevis (ZIP) for hver",
		Long: "Kør en afprøvning, flere eller alle, og skriv et bevis (ZIP med HTML, PDF og JSON) for hver i mappen. Uden adresser køres mod\n" +
			"simulerede systemer, som er med i programmet; gives alle et systems adresser, køres mod kommunens eget. Går en afprøvning\n" +
			"galt, køres de andre alligevel, og afslutningskoden er 1.\n" + exitTekst,
		Args: argumenter(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error { return e.koerAfproevninger(c.Context(), args, v) },
	}
	c.Flags().StringVar(&v.dir, "dir", "", "mappe til beviserne og alt, kørslen laver (standard: en ny, midlertidig mappe)")
	c.Flags().StringArrayVar(&v.adresser, "adresse", nil, "NAVN=adresse på et af kommunens systemer eller en tjeneste; kan gentages")
	c.Flags().StringVar(&v.fil, "adresser", "", "YAML-fil med NAVN: adresse")
	c.Flags().IntVar(&v.antal, "antal", 0, "antal sager i de simulerede systemer (standard: som afprøvningen siger)")
	c.Flags().StringVar(&v.sabotage, "sabotage", "", "navnet på en afprøvning, hvor et løfte brydes med vilje, så kriterierne ses virke")
	return c
}

func (e *env) koerAfproevninger(ctx context.Context, navne []string, v afproevningvalg) error {
	if slices.Equal(navne, []string{"alle"}) {
		navne = afproevning.Navne()
	}
	var specs []*afproevning.Spec
	for _, n := range navne {
		s, err := afproevning.Hent(n)
		if err != nil {
			return err
		}
		specs = append(specs, s)
	}
	valg, err := e.afproevningvalg(v)
	if err != nil {
		return err
	}
	var beviser []*afproevning.Bevis
	for _, s := range specs {
		x := valg
		x.Sabotage = s.Navn == v.sabotage
		b, err := afproevning.Koer(ctx, s, x)
		if err != nil {
			return err
		}
		e.visBevis(b)
		beviser = append(beviser, b)
	}
	r, err := afproevning.Saml(valg.Dir, beviser)
	if err != nil {
		return err
	}
	if err := e.skriv(r, func(w io.Writer) { visAfproevninger(w, r, valg.Dir) }); err != nil {
		return err
	}
	if r.Bestaaet < r.IAlt {
		return errors.New(r.Tekst + " bestået")
	}
	return nil
}

func visAfproevninger(w io.Writer, r afproevning.Resultat, dir string) {
	fmt.Fprintf(w, "%s bestået.\n", r.Tekst)
	for _, p := range r.Proever {
		if !p.Bestaaet {
			fmt.Fprintf(w, "  %s: %s\n", p.Navn, p.Aarsag)
		}
	}
	fmt.Fprintf(w, "Beviserne ligger i %s; begynd med index.html\n", dir)
}

// visBevis tells how a trial went, where progress is told.
func (e *env) visBevis(b *afproevning.Bevis) {
	dom := "bestået"
	if !b.Bestaaet {
		dom = "IKKE bestået: " + b.Aarsag
	}
	fmt.Fprintf(e.err, "%s%s: %s (%.0f s)\n", e.nulstil(), b.Navn, dom, b.VarighedS)
}

// nulstil begins the line of a terminal again.
func (e *env) nulstil() string {
	if e.terminal() {
		return "\r\033[K"
	}
	return ""
}

func (e *env) afproevningvalg(v afproevningvalg) (afproevning.Valg, error) {
	ud := afproevning.Valg{Dir: v.dir, Version: version, Antal: v.antal, Ind: e.in, Vis: e.fremdriftlinjer()}
	if v.antal < 0 {
		return ud, brugsfejl{fmt.Errorf("--antal %d er ikke et antal", v.antal)}
	}
	var err error
	if ud.Adresser, err = v.laesAdresser(); err != nil {
		return ud, err
	}
	if ud.Dir == "" {
		if ud.Dir, err = os.MkdirTemp("", "mox-afproevning-"); err != nil {
			return ud, err
		}
	}
	if ud.Dir, err = filepath.Abs(ud.Dir); err != nil {
		return ud, err
	}
	if err := os.MkdirAll(ud.Dir, 0o755); err != nil {
		return ud, mox.E("afproevning", mox.KodeUtilgaengelig, "mappen %s kan ikke laves: %v", ud.Dir, err).Med("giv en mappe, som brugeren kan skrive i, med --dir")
	}
	ud.Program, err = os.Executable()
	return ud, err
}

// tjenester are the addresses that are also taken from the environment.
func tjenester() map[string]string {
	return map[string]string{"RABBITMQ": "MOX_TEST_RABBITMQ_URL", "RABBITMQ_API": "MOX_TEST_RABBITMQ_API", "SSHD": "MOX_TEST_SFTP", "DOVECOT": "MOX_TEST_IMAP", "PYTHON_AIOSMTPD": "MOX_TEST_SMTP"}
}

func (v afproevningvalg) laesAdresser() (map[string]string, error) {
	ud := map[string]string{}
	for navn, variabel := range tjenester() {
		if x := os.Getenv(variabel); x != "" {
			ud[navn] = x
		}
	}
	if v.fil != "" {
		b, err := os.ReadFile(v.fil)
		if err != nil {
			return nil, mox.E("afproevning", mox.KodeUgyldig, "%v", err).Med("giv en fil med --adresser")
		}
		fra := map[string]string{}
		if err := yaml.UnmarshalWithOptions(b, &fra, yaml.Strict()); err != nil {
			return nil, mox.E("afproevning", mox.KodeUgyldig, "%s: %s", v.fil, yaml.FormatError(err, false, true)).Med("skriv én linje NAVN: adresse for hver")
		}
		maps.Copy(ud, fra)
	}
	fra, err := par(v.adresser)
	maps.Copy(ud, fra)
	return ud, err
}

// fremdriftlinjer shows progress: on one line of a terminal, else each new step on its own.
func (e *env) fremdriftlinjer() func(string) {
	if e.terminal() {
		return e.fremdrift()
	}
	sidst := ""
	return func(s string) {
		trin, _, _ := strings.Cut(s, "; ") // how things stand while waiting comes often
		if strings.Contains(s, "undervejs") || trin == sidst {
			return
		}
		sidst = trin
		fmt.Fprintln(e.err, s)
	}
}

// terminal reports whether progress is seen by a person.
func (e *env) terminal() bool {
	f, ok := e.err.(*os.File)
	if !ok {
		return false
	}
	st, err := f.Stat()
	return err == nil && st.Mode()&os.ModeCharDevice != 0
}

// afproevningSystem runs a simulated system as a process of its own; the trials start it.
func (e *env) afproevningSystem() *cobra.Command {
	return &cobra.Command{Use: "system NAVN [-- flag…]", Short: "Kør et simuleret system; afprøvningerne bruger det selv", Hidden: true, Args: argumenter(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			return afproevning.KoerSystem(c.Context(), args[0], args[1:], e.in, e.out, e.err)
		}}
}

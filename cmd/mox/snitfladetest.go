package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/afproevning/snitflade"
)

// snitfladefejl is an error of snitfladetest run, which has exit codes of its own: those of a test in a CI.
type snitfladefejl struct {
	error
	kode int
}

func (s snitfladefejl) Unwrap() error { return s.error }

const snitfladeTekst = `
Afslutningskoder for run: 0 alt bestået · 1 mindst én prøve fejlede · 2 testen kunne ikke køres, eller noget kunne ikke afprøves, uden
at profilen undtager det. Resultatet er skrevet ved 0 og 1, og ved 2, når noget er afprøvet.`

func (e *env) snitfladetest() *cobra.Command {
	c := &cobra.Command{Use: "snitfladetest", Short: "Afprøv et andet produkt, der sender eller modtager beskeder, og underskriv resultatet",
		Long: "Afprøv et andet produkt, der sender eller modtager beskeder over AMQP eller HTTP, uden MOX-kode i produktet, og underskriv resultatet.\n" +
			"Vejledningen er docs/snitfladetest.md.\n" + snitfladeTekst}
	c.AddCommand(e.snitfladeList(), e.snitfladeRun(), e.snitfladeNoegle(), e.snitfladeUnderskriv(), e.snitfladeEfterproev())
	return c
}

// snitfladevalg is which cases are listed.
type snitfladevalg struct{ rolle, carrier, niveau string }

func (v *snitfladevalg) passer(p *snitflade.Proeve) bool {
	return (v.rolle == "" || v.rolle == string(p.Rolle)) && (v.carrier == "" || slices.Contains(p.Carrier, snitflade.Carrier(v.carrier))) && (v.niveau == "" || v.niveau == string(p.Niveau))
}

func (e *env) snitfladeList() *cobra.Command {
	var v snitfladevalg
	c := &cobra.Command{Use: "list", Short: "Vis prøverne: id, navn, niveau, rolle, vej og krav", Args: argumenter(cobra.NoArgs)}
	c.Flags().StringVar(&v.rolle, "rolle", "", "kun afsender eller modtager")
	c.Flags().StringVar(&v.carrier, "carrier", "", "kun amqp eller http")
	c.Flags().StringVar(&v.niveau, "niveau", "", "kun basis eller udvidet")
	c.RunE = func(*cobra.Command, []string) error {
		l := slices.DeleteFunc(snitflade.Proever(), func(p snitflade.Proeve) bool { return !v.passer(&p) })
		return e.skriv(map[string]any{"proevesaet": snitflade.Saet(), "proever": l}, func(w io.Writer) { visProever(w, l) })
	}
	return c
}

func visProever(w io.Writer, l []snitflade.Proeve) {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "ID\tNAVN\tNIVEAU\tROLLE\tVEJ\tKRAV")
	for i := range l {
		p := &l[i]
		var veje []string
		for _, c := range p.Carrier {
			veje = append(veje, string(c))
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", p.ID, p.Navn, p.Niveau, p.Rolle, strings.Join(veje, ", "), strings.Join(p.Krav, ", "))
	}
	_ = t.Flush() // w is the terminal
	fmt.Fprintf(w, "\n%d prøver, prøvesæt %s\n", len(l), snitflade.Saet())
}

// snitfladekoersel is how a test is run.
type snitfladekoersel struct {
	profil, dir, niveau, forrige string
	haand                        bool
	proever                      []string
}

func (e *env) snitfladeRun() *cobra.Command {
	var k snitfladekoersel
	c := &cobra.Command{Use: "run --profil FIL --dir MAPPE", Short: "Afprøv det produkt, profilen beskriver, og skriv resultatet", Args: argumenter(cobra.NoArgs),
		Long: "Afprøv det produkt, profilen beskriver. I mappen skrives resultat.json, junit.xml, resultat.html og resultat.pdf.\n" + snitfladeTekst}
	f := c.Flags()
	f.StringVar(&k.profil, "profil", "", "filen, der siger, hvad produktet er, hvordan det nås, og hvordan det får noget at lave")
	f.StringVar(&k.dir, "dir", "snitfladetest", "mappen, resultatet skrives i")
	f.StringVar(&k.niveau, "niveau", "basis", "basis eller udvidet, som er mere")
	f.StringVar(&k.forrige, "forrige", "", "det forrige resultat.json, som dette sammenlignes med")
	f.BoolVar(&k.haand, "haand", false, "bed et menneske om at gøre det, profilen ikke har en kommando eller adresse til")
	f.StringSliceVar(&k.proever, "proeve", nil, "kun disse prøver, fx S-A-012,S-A-013; resultatet er så ikke helt")
	c.RunE = func(c *cobra.Command, _ []string) error {
		err := e.koerSnitflade(c.Context(), k)
		var s snitfladefejl
		if err != nil && !errors.As(err, &s) && !errors.As(err, new(brugsfejl)) && !errors.Is(err, context.Canceled) {
			err = snitfladefejl{err, exitSnitfladeIkke}
		}
		return err
	}
	return c
}

func (e *env) koerSnitflade(ctx context.Context, k snitfladekoersel) error {
	if k.niveau != string(snitflade.Basis) && k.niveau != string(snitflade.Udvidet) {
		return brugsfejl{fmt.Errorf("--niveau %q: brug basis eller udvidet", k.niveau)}
	}
	if k.profil == "" {
		return brugsfejl{errors.New("--profil mangler")}
	}
	if err := kendte(k.proever); err != nil {
		return err
	}
	p, err := snitflade.LaesProfil(k.profil)
	if err != nil {
		return err
	}
	var forrige *snitflade.Resultat
	if k.forrige != "" {
		if forrige, err = snitflade.LaesResultat(k.forrige); err != nil {
			return err
		}
	}
	vis := e.fremdrift()
	o := snitflade.Options{Niveau: snitflade.Niveau(k.niveau), Kun: k.proever, Haand: k.haand, Ind: e.in, Ud: e.err, Vaerktoej: version,
		Fremdrift: func(nr, af int, q *snitflade.Proeve) { vis(fmt.Sprintf("%d af %d: %s %s", nr, af, q.ID, q.Navn)) }}
	r, err := snitflade.Koer(ctx, p, o)
	vis("")
	if err != nil {
		return err
	}
	if forrige != nil {
		if err := r.Sammenlign(forrige); err != nil {
			return err
		}
	}
	if err := skrivResultat(k.dir, r); err != nil {
		return err
	}
	if err := e.skriv(r, func(w io.Writer) { visSnitflade(w, k.dir, r) }); err != nil {
		return err
	}
	return snitfladeslut(r)
}

// kendte refuses ids of cases that are not there.
func kendte(ider []string) error {
	alle := snitflade.Proever()
	for _, id := range ider {
		if !slices.ContainsFunc(alle, func(p snitflade.Proeve) bool { return p.ID == id }) {
			return brugsfejl{fmt.Errorf("--proeve %s: prøven findes ikke; mox snitfladetest list viser dem", id)}
		}
	}
	return nil
}

// The exit codes of snitfladetest run.
const (
	exitSnitfladeFejlet = 1
	exitSnitfladeIkke   = 2
)

func snitfladeslut(r *snitflade.Resultat) error {
	o := r.Optaelling
	switch r.Dom {
	case snitflade.SamletFejlet:
		return snitfladefejl{mox.E("snitfladetest", mox.KodeUgyldig, "%d af %d prøver fejlede", o.Fejlet, o.IAlt).Med("resultat.html siger hvad og hvorfor"), exitSnitfladeFejlet}
	case snitflade.SamletUfuldstaendig:
		if o.IkkeKoert > 0 {
			return snitfladefejl{mox.E("snitfladetest", mox.KodeUgyldig, "%d prøver er ikke kørt, fordi --proeve udvalgte andre", o.IkkeKoert).Med("kør uden --proeve for et helt resultat"), exitSnitfladeIkke}
		}
		return snitfladefejl{mox.E("snitfladetest", mox.KodeUgyldig, "%d af %d prøver kunne ikke afprøves", o.IkkeAfproevet-o.Undtaget, o.IAlt).
			Med("giv profilen det, der mangler, eller skriv under undtaget, hvorfor prøven ikke skal køres"), exitSnitfladeIkke}
	}
	return nil
}

// skrivResultat writes the result in all its forms.
func skrivResultat(dir string, r *snitflade.Resultat) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return mox.E("snitfladetest", mox.KodeUgyldig, "mappen %s kan ikke laves", dir).Med("giv en anden med --dir")
	}
	for navn, skriv := range map[string]func(io.Writer) error{"resultat.json": r.SkrivJSON, "junit.xml": r.SkrivJUnit, "resultat.html": r.SkrivHTML, "resultat.pdf": r.SkrivPDF} {
		stille := env{out: io.Discard}
		if err := stille.skrivFil(filepath.Join(dir, navn), skriv); err != nil {
			return err
		}
	}
	return nil
}

func visSnitflade(w io.Writer, dir string, r *snitflade.Resultat) {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for i := range r.Proever {
		if p := &r.Proever[i]; p.Status != snitflade.Bestaaet {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", p.ID, p.Status, p.Navn, p.Grund)
		}
	}
	_ = t.Flush() // w is the terminal
	if r.Forskel != nil {
		fmt.Fprintf(w, "\n%s\n", strings.Join(r.Forskel.Linjer(), "\n"))
	}
	o := r.Optaelling
	fmt.Fprintf(w, "\n%s %s som %s\n%s: %d bestået, %d fejlet, %d ikke afprøvet (%d undtaget), %d uden for omfang\nResultatet ligger i %s\n", r.Produkt, r.Version, r.Omfang.Tekst(),
		r.Dom, o.Bestaaet, o.Fejlet, o.IkkeAfproevet, o.Undtaget, o.Udenfor, dir)
}

func (e *env) snitfladeNoegle() *cobra.Command {
	return &cobra.Command{Use: "noegle FIL", Short: "Lav leverandørens nøglepar (Ed25519): FIL og FIL.pub", Args: argumenter(cobra.ExactArgs(1)), RunE: func(_ *cobra.Command, args []string) error {
		offentlig, err := snitflade.NyNoegle(args[0])
		if err != nil {
			return err
		}
		return e.skriv(map[string]string{"privat": args[0], "offentlig": offentlig}, func(w io.Writer) {
			fmt.Fprintf(w, "Den private nøgle er i %s; den underskriver og skal holdes hemmelig.\nDen offentlige er i %s; giv den til dem, der skal efterprøve.\n", args[0], offentlig)
		})
	}}
}

func (e *env) snitfladeUnderskriv() *cobra.Command {
	var noegle string
	c := &cobra.Command{Use: "underskriv --noegle FIL RESULTAT", Short: "Underskriv et resultat: manifest.json lægges ved siden af det", Args: argumenter(cobra.ExactArgs(1))}
	c.Flags().StringVar(&noegle, "noegle", "", "leverandørens private nøgle")
	c.RunE = func(_ *cobra.Command, args []string) error {
		if noegle == "" {
			return brugsfejl{errors.New("--noegle mangler")}
		}
		fil, m, err := snitflade.Underskriv(args[0], noegle, time.Now())
		if err != nil {
			return err
		}
		return e.skriv(map[string]any{"fil": fil, "manifest": m}, func(w io.Writer) {
			fmt.Fprintf(w, "%s er skrevet: %s %s er %s som %s\n", fil, m.Produkt, m.Version, m.Dom, m.Omfang.Tekst())
		})
	}
	return c
}

func (e *env) snitfladeEfterproev() *cobra.Command {
	var noegle string
	c := &cobra.Command{Use: "efterproev --noegle FIL MANIFEST", Short: "Se efter, uden netværk, at et manifest er leverandørens, og at resultatet er det, der er underskrevet", Args: argumenter(cobra.ExactArgs(1)),
		Long: "Se efter, uden netværk, at et manifest er underskrevet med leverandørens nøgle, og at resultatet ved siden af er det, der er\nunderskrevet.\n" + exitTekst}
	c.Flags().StringVar(&noegle, "noegle", "", "leverandørens offentlige nøgle")
	c.RunE = func(_ *cobra.Command, args []string) error {
		if noegle == "" {
			return brugsfejl{errors.New("--noegle mangler")}
		}
		m, err := snitflade.Efterproev(args[0], noegle)
		if err != nil {
			return err
		}
		return e.skriv(m, func(w io.Writer) {
			fmt.Fprintf(w, "Underskriften passer. %s %s fra %s er %s som %s.\n", m.Produkt, m.Version, m.Leverandoer, m.Dom, m.Omfang.Tekst())
			fmt.Fprintf(w, "%d bestået, %d fejlet, %d ikke afprøvet, heraf %d undtaget; prøvesæt %s.\n", m.Optaelling.Bestaaet, m.Optaelling.Fejlet, m.Optaelling.IkkeAfproevet, m.Optaelling.Undtaget, m.Proevesaet)
			if m.Proevesaet != snitflade.Saet() {
				fmt.Fprintf(w, "Prøvesættet er et andet end dette programs (%s).\n", snitflade.Saet())
			}
		})
	}
	return c
}

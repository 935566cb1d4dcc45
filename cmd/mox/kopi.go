package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/app"
	"github.com/moxkit/mox/kopi"
	"github.com/moxkit/mox/register/rest"
)

func (e *env) backup() *cobra.Command {
	c := &cobra.Command{
		Use: "backup", Short: "Tag en kopi af alt, også mens MOX kører",
		Long: "Tag en kopi af alt, også mens MOX kører: database, dokumenter, installationens nøgle og opsætningen med sine\n" +
			"hemmeligheder. Gem den, hvor kun de rette kan læse den. mox restore genskaber den.\n" + exitTekst,
		Args: argumenter(cobra.NoArgs),
	}
	return e.kopikommando(c, true, "mox-kopi")
}

func (e *env) eksport() *cobra.Command {
	c := &cobra.Command{Use: "eksport", Short: "Tag alt med, hvis I vil forlade MOX"}
	alt := &cobra.Command{
		Use: "alt", Short: "Skriv alt til én fil, som kan læses uden MOX",
		Long: "Skriv alt til én zip-fil, som kan læses uden MOX: hver tabel som linjer af JSON, og hvert dokument som den fil, det er.\n" +
			"Installationens nøgle og opsætningen er ikke med, så filen kan ikke genskabes; det kan den fra mox backup.\n" + exitTekst,
		Args: argumenter(cobra.NoArgs),
	}
	c.AddCommand(e.kopikommando(alt, false, "mox-eksport"))
	return c
}

// kopikommando is a command that fetches a copy from the server.
func (e *env) kopikommando(c *cobra.Command, hemmeligheder bool, navn string) *cobra.Command {
	var til string
	s := e.serverFlag(c)
	c.Flags().StringVar(&til, "til", "", "filen, der skrives; - er standard output (standard: "+navn+"-ÅÅÅÅMMDD-TTMMSS.zip)")
	c.RunE = func(c *cobra.Command, _ []string) error {
		return s.hentKopi(c.Context(), hemmeligheder, cmp.Or(til, navn+time.Now().Format("-20060102-150405")+".zip"))
	}
	return c
}

// kopisvar is what is told of a copy that has been made.
type kopisvar struct {
	Fil       string        `json:"fil"`
	Bytes     int64         `json:"bytes"`
	Manifest  kopi.Manifest `json:"manifest"`
	Advarsler []string      `json:"advarsler"`
}

// hentKopi puts a copy in a file that only its owner may read, which gets its name when it has been read through and is whole.
func (s *server) hentKopi(ctx context.Context, hemmeligheder bool, til string) (err error) {
	if til == "-" {
		return s.kopiTil(ctx, s.env.out, hemmeligheder)
	}
	if _, err := os.Lstat(til); err == nil {
		return mox.E("backup", mox.KodeKonflikt, "filen %s findes i forvejen", til).Med("giv et andet navn med --til")
	}
	del := til + ".del"
	f, err := os.OpenFile(del, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return &mox.Error{Kode: mox.KodeUtilgaengelig, Op: "backup", Tekst: "filen " + del + " kan ikke skrives", Raad: "giv et andet navn med --til; er det en rest, så slet den", Err: err}
	}
	t := &taeller{env: s.env}
	err = s.kopiTil(ctx, io.MultiWriter(f, t), hemmeligheder)
	err = errors.Join(err, f.Sync(), f.Close())
	svar := kopisvar{Fil: til, Bytes: t.n}
	if err == nil {
		svar.Manifest, err = s.env.tjekKopi(ctx, del)
	}
	if err == nil {
		err = os.Rename(del, til)
	}
	if err != nil {
		return errors.Join(err, os.Remove(del))
	}
	svar.Advarsler = append([]string{}, svar.Manifest.Advarsler()...)
	return s.env.skriv(svar, func(w io.Writer) { visKopi(w, svar) })
}

// kopiTil lets a server that runs make the copy, and else makes it of the folder.
func (s *server) kopiTil(ctx context.Context, w io.Writer, hemmeligheder bool) error {
	if s.url == "" {
		cfg, err := app.LaesConfig(s.dir)
		if err != nil {
			return err
		}
		if err = app.Kopier(ctx, cfg, version, w, hemmeligheder, s.env.trin()); mox.KodeAf(err) != mox.KodeLaast {
			return err
		}
	}
	k, err := s.klient()
	if err != nil {
		return err
	}
	defer k.Luk()
	r, err := k.Stroem(ctx, http.MethodPost, kopi.KopiSti, kopi.Kopikald{Hemmeligheder: hemmeligheder})
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	if err = errors.Join(err, r.Close()); err != nil && ctx.Err() == nil {
		return &mox.Error{Kode: mox.KodeUtilgaengelig, Op: "backup", Tekst: "kopien kom ikke helt", Raad: "se serverens log, og om der er plads på disken her, og prøv igen", Err: err}
	}
	return err
}

// tjekKopi reads a copy through.
func (e *env) tjekKopi(ctx context.Context, fil string) (m kopi.Manifest, err error) {
	f, err := kopi.Aabn(fil)
	if err != nil {
		return m, err
	}
	return f.Manifest, errors.Join(f.Tjek(ctx, e.trin()), f.Luk())
}

func visKopi(w io.Writer, s kopisvar) {
	m := s.Manifest
	fmt.Fprintf(w, "%s: %s, taget %s\n", s.Fil, megabyte(s.Bytes), klokken(m.Taget))
	fmt.Fprintf(w, "Loggen til og med position %d, kæde %s\n%d dokumenter, skema %d. Kopien er læst igennem og er hel.\n", m.Logposition, ellers(m.Kaede, "–"), m.Dokumenter.Antal, m.Skema)
	for _, a := range s.Advarsler {
		fmt.Fprintf(w, "ADVARSEL: %s\n", a)
	}
	if m.Genskabes {
		fmt.Fprintln(w, "Den indeholder installationens nøgle og opsætningens hemmeligheder: gem den, hvor kun de rette kan læse den.")
	}
}

func megabyte(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

// visHver is how long there is between two words of progress.
const visHver = 2 * time.Second

// taeller tells how many bytes have passed, to a person who waits.
type taeller struct {
	env   *env
	n     int64
	sidst time.Time
}

func (t *taeller) Write(p []byte) (int, error) {
	t.n += int64(len(p))
	if nu := time.Now(); t.sidst.IsZero() || nu.Sub(t.sidst) > visHver {
		if !t.sidst.IsZero() && !t.env.json {
			fmt.Fprintf(t.env.err, "  %s skrevet\n", megabyte(t.n))
		}
		t.sidst = nu
	}
	return len(p), nil
}

// trin tells a person who waits how far it has come, now and then.
func (e *env) trin() func(kopi.Fremdrift) {
	sidst := time.Now()
	return func(f kopi.Fremdrift) {
		if nu := time.Now(); !e.json && nu.Sub(sidst) > visHver {
			fmt.Fprintf(e.err, "  %s: %d\n", f.Hvad, f.Antal)
			sidst = nu
		}
	}
}

func (e *env) restore() *cobra.Command {
	var dir, database, dokumenter, glemte string
	c := &cobra.Command{
		Use: "restore FIL", Short: "Genskab en kopi i en ny mappe",
		Long: "Genskab en kopi i en ny mappe. Hele kopien kontrolleres, før noget skrives; en mappe, en database eller et\n" +
			"objektlager, der har noget i sig, bliver ikke rørt. Bagefter startes MOX med mox serve --dir MAPPE. Stop først den gamle: to, der begge leverer, leverer dobbelt.\n" +
			"Er der slettet objekter for altid, siden kopien blev taget, så giv listen af dem med --glemte: de slettes igen, når MOX startes,\n" +
			"før noget bliver leveret.\n" + exitTekst,
		Args: argumenter(cobra.ExactArgs(1)),
	}
	c.Flags().StringVar(&dir, "dir", "mox-data", "den nye mappe")
	c.Flags().StringVar(&database, "database", "", "en tom database i stedet for kopiens: postgres://…, eller sqlite for en fil i mappen")
	c.Flags().StringVar(&dokumenter, "indhold", "", "mappe: læg dokumenterne i mappen, også når kopiens mox.yaml nævner et objektlager")
	c.Flags().StringVar(&glemte, "glemte", "", "det, der er slettet for altid, som mox register glemte --json skrev det")
	c.RunE = func(c *cobra.Command, args []string) (err error) {
		g := kopi.Genskabelse{Dir: dir, IMappen: dokumenter == "mappe", Lager: app.Lager, Fremdrift: e.trin()}
		if dokumenter != "" && !g.IMappen {
			return mox.E("restore", mox.KodeUgyldig, "--indhold kan kun være mappe").Med("udelad det, eller skriv --indhold mappe")
		}
		if glemte != "" {
			if g.Glemte, err = laesGlemtefil(glemte); err != nil {
				return err
			}
		}
		switch {
		case database == "sqlite":
			g.Database = new(string)
		case database != "":
			g.Database = &database
		}
		return e.genskab(c.Context(), args[0], g)
	}
	return c
}

// laesGlemtefil reads a list of what has been erased for good, and finds it in order.
func laesGlemtefil(fil string) ([]byte, error) {
	b, err := os.ReadFile(fil)
	if err != nil {
		return nil, &mox.Error{Kode: mox.KodeIkkeFundet, Op: "restore", Tekst: "filen " + fil + " kan ikke læses", Raad: "giv den rigtige fil med --glemte", Err: err}
	}
	_, err = rest.LaesGlemte(b)
	return b, err
}

func (e *env) genskab(ctx context.Context, fil string, g kopi.Genskabelse) (err error) {
	f, err := kopi.Aabn(fil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Luk()) }()
	if err := f.Genskab(ctx, g); err != nil {
		return err
	}
	m := f.Manifest
	svar := kopisvar{Fil: fil, Manifest: m, Advarsler: append([]string{}, m.Advarsler()...)}
	return e.skriv(svar, func(w io.Writer) {
		fmt.Fprintf(w, "Genskabt i %s, som det stod %s: loggen til og med position %d og %d dokumenter.\n", g.Dir, klokken(m.Taget), m.Logposition, m.Dokumenter.Antal)
		for _, a := range svar.Advarsler {
			fmt.Fprintf(w, "ADVARSEL: %s\n", a)
		}
		if len(g.Glemte) == 0 {
			fmt.Fprintln(w, "Det, der er slettet for altid efter kopien, er her igen: genskab med --glemte, før MOX startes, hvis der er noget.")
		}
		fmt.Fprintf(w, "Start med mox serve --dir %s. Det, der var under levering, leveres igen med samme nøgle; se «Efter en genskabelse» i docs/drift.md.\n", g.Dir)
	})
}

func (e *env) verify() *cobra.Command {
	var mod string
	c := &cobra.Command{
		Use: "verify", Short: "Efterprøv, at intet er ændret i loggen, beskederne og dokumenterne",
		Long: "Efterprøv, at intet er ændret: loggens kæde, hver beskeds indhold og hvert dokument regnes efter. Det, der er slettet efter\n" +
			"bevaring i mox.yaml, er ingen fejl. En kørende MOX gør det selv; ellers åbnes mappen. Er der noget, er afslutningskoden 3.\n" + exitTekst,
		Args: argumenter(cobra.NoArgs),
	}
	s := e.serverFlag(c)
	c.Flags().StringVar(&mod, "mod", "", "en tidligere kopi: kontrollér også, at loggen stadig er den, som den kender")
	c.RunE = func(c *cobra.Command, _ []string) error {
		anker, err := ankerI(mod)
		if err != nil {
			return err
		}
		r, err := s.efterproev(c.Context(), anker)
		if err != nil {
			return err
		}
		if err := e.skriv(r, func(w io.Writer) { visResultat(w, r) }); err != nil || r.Antal == 0 {
			return err
		}
		return mox.E("verify", mox.KodeUgyldig, "%d ting holder ikke; den første: %s", r.Antal, fundTekst(r.Fund[0])).Med("gem mappen, som den er, og find ud af, hvem der har ændret den; mox restore genskaber en kopi")
	}
	return c
}

func ankerI(fil string) (*kopi.Anker, error) {
	if fil == "" {
		return nil, nil
	}
	f, err := kopi.Aabn(fil)
	if err != nil {
		return nil, err
	}
	a := f.Manifest.Anker()
	return &a, f.Luk()
}

// efterproev lets a server that runs do it, and else opens its folder.
func (s *server) efterproev(ctx context.Context, anker *kopi.Anker) (r kopi.Resultat, err error) {
	if s.url == "" {
		cfg, err := app.LaesConfig(s.dir)
		if err != nil {
			return r, err
		}
		if r, err = app.Efterproev(ctx, cfg, anker, s.env.trin()); mox.KodeAf(err) != mox.KodeLaast {
			return r, err
		}
	}
	k, err := s.klient()
	if err != nil {
		return r, err
	}
	defer k.Luk()
	linjer, err := k.Stroem(ctx, http.MethodPost, kopi.EfterproevSti, kopi.Efterproevkald{Anker: anker})
	if err != nil {
		return r, err
	}
	defer func() { _ = linjer.Close() }() // read to its end, or given up
	return s.resultat(linjer)
}

// resultat reads to the result, and tells of the progress on the way.
func (s *server) resultat(linjer io.Reader) (r kopi.Resultat, err error) {
	sig := s.env.trin()
	for d := json.NewDecoder(linjer); ; {
		var m kopi.Melding
		if err := d.Decode(&m); err != nil {
			return r, &mox.Error{Kode: mox.KodeUtilgaengelig, Op: "verify", Tekst: "serveren holdt op, før den var færdig", Raad: "se dens log, og prøv igen", Err: err}
		}
		switch {
		case m.Fremdrift != nil:
			sig(*m.Fremdrift)
		case m.Fejl != nil:
			return r, m.Fejl.Err()
		case m.Resultat != nil:
			return *m.Resultat, nil
		}
	}
}

func visResultat(w io.Writer, r kopi.Resultat) {
	fmt.Fprintf(w, "%d beskeder (af %d er indholdet slettet) og %d dokumenter er efterprøvet.\nLoggen ender ved position %d, kæde %s\n", r.Beskeder, r.Slettede, r.Dokumenter, r.Logposition, ellers(r.Kaede, "–"))
	for _, f := range r.Fund {
		fmt.Fprintf(w, "  %s\n", fundTekst(f))
	}
	if mere := r.Antal - int64(len(r.Fund)); mere > 0 {
		fmt.Fprintf(w, "  og %d til\n", mere)
	}
	if r.Antal == 0 {
		fmt.Fprintln(w, "Alt holder.")
	}
}

func fundTekst(f kopi.Fund) string {
	switch {
	case f.SHA256 != "":
		return "dokument " + f.SHA256 + ": " + f.Tekst
	case f.Logposition > 0:
		return fmt.Sprintf("position %d, besked %s: %s", f.Logposition, ellers(string(f.BeskedID), "–"), f.Tekst)
	}
	return fmt.Sprintf("besked %s, endnu uden position: %s", f.BeskedID, f.Tekst)
}

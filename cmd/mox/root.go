package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/moxkit/mox"
)

// The exit codes, the same for every command; the help text tells them.
const (
	exitOK       = 0
	exitFejl     = 1 // the command could not be done
	exitBrug     = 2 // wrong flags or arguments
	exitUgyldig  = 3 // a file or an input has errors; the text says where
	exitLaast    = 4 // another process holds the data folder
	exitServer   = 5 // mox serve, a database or a port cannot be reached or opened
	exitFundet   = 6 // no such thing
	exitTilladt  = 7 // not allowed, or not logged in
	exitBekraeft = 8 // it must be confirmed with --ja
	exitDisk     = 9 // the disk is full
)

const exitTekst = `
Afslutningskoder: 0 gik godt · 1 kunne ikke gøres · 2 forkerte flag eller argumenter · 3 en fil eller et input har fejl ·
4 mappen er i brug · 5 server, database eller port kan ikke nås · 6 findes ikke · 7 ikke tilladt · 8 kræver --ja · 9 disken er fuld`

// exitKode is the exit code of each error code; those not named give exitFejl.
func exitKode(err error) int {
	if err == nil || errors.Is(err, context.Canceled) {
		return exitOK
	}
	if errors.As(err, new(brugsfejl)) {
		return exitBrug
	}
	if s := (snitfladefejl{}); errors.As(err, &s) {
		return s.kode
	}
	switch mox.KodeAf(err) {
	case mox.KodeUgyldig, mox.KodeUdenBeskedID, mox.KodeBeskedversion, mox.KodeAndetIndhold, mox.KodeUenig, mox.KodeForStor:
		return exitUgyldig
	case mox.KodeLaast:
		return exitLaast
	case mox.KodeUtilgaengelig:
		return exitServer
	case mox.KodeIkkeFundet, mox.KodeSlettet, mox.KodeGlemt:
		return exitFundet
	case mox.KodeIkkeTilladt, mox.KodeIkkeLoggetInd:
		return exitTilladt
	case mox.KodeBekraeft:
		return exitBekraeft
	case mox.KodeDiskFuld:
		return exitDisk
	}
	return exitFejl
}

// brugsfejl is a command that was written wrongly.
type brugsfejl struct{ error }

// env is what every command has: where it reads and writes.
type env struct {
	in       io.Reader
	out, err io.Writer
	json     bool // --json: results and errors as JSON
}

func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	e := &env{in: in, out: out, err: errOut}
	root := e.rod()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err != nil {
		e.sigFejl(err)
	}
	return exitKode(err)
}

func (e *env) rod() *cobra.Command {
	c := &cobra.Command{
		Use:           "mox",
		Short:         "MOX lader kommunens it-systemer fortælle hinanden, hvad der sker med Sager og Dokumenter",
		Long:          "MOX lader kommunens it-systemer fortælle hinanden, hvad der sker med Sager og Dokumenter.\nBegynd med mox demo, og lav jeres egen opsætning med mox init.\n" + exitTekst,
		SilenceErrors: true, SilenceUsage: true,
		Args: argumenter(cobra.NoArgs), // also what an unknown command runs into
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.SetOut(e.out)
	c.SetErr(e.err)
	c.SetIn(e.in)
	c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return brugsfejl{err} })
	c.PersistentFlags().BoolVar(&e.json, "json", false, "skriv resultatet som JSON")
	c.CompletionOptions.DisableDefaultCmd = true
	c.AddCommand(e.opsaetning(), e.config(), e.serve(), e.demo(), e.afproevning(), e.agent(), e.aftale(), e.besked(), e.proces(), e.fejl(), e.abonnement(), e.liste(), e.alarm(), e.register(), e.gevinster(), e.tilslutningsvejledning(), e.snitfladetest(), e.status(), e.backup(), e.restore(), e.verify(), e.eksport(), e.bench(), e.noegle(), e.bruger(), e.versionsnummer())
	return c
}

// sigFejl tells an error to a person, or as JSON.
func (e *env) sigFejl(err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	var m *mox.Error
	if !errors.As(err, &m) {
		m = &mox.Error{Kode: mox.KodeIntern, Tekst: err.Error()}
		if errors.As(err, new(brugsfejl)) {
			m = &mox.Error{Kode: mox.KodeUgyldig, Tekst: err.Error(), Raad: "mox --help viser kommandoerne"}
		}
	}
	if e.json {
		_ = json.NewEncoder(e.err).Encode(map[string]any{"kode": m.Kode, "tekst": m.Tekst, "raad": m.Raad, "felter": m.Felter}) // nowhere else to tell
		return
	}
	fmt.Fprintf(e.err, "mox: %s\n", ellers(m.Tekst, err.Error()))
	for _, f := range m.Felter {
		fmt.Fprintf(e.err, "  %s: %s\n", f.Sti, f.Tekst)
	}
	if m.Raad != "" {
		fmt.Fprintf(e.err, "  Næste skridt: %s.\n", m.Raad)
	}
}

func ellers(s, andet string) string {
	if s == "" {
		return andet
	}
	return s
}

// skriv writes a result as JSON when asked to, else by tekst.
func (e *env) skriv(v any, tekst func(io.Writer)) error {
	if e.json {
		enc := json.NewEncoder(e.out)
		enc.SetEscapeHTML(false)
		return enc.Encode(v)
	}
	tekst(e.out)
	return nil
}

// log writes structured lines to standard error.
func (e *env) log(niveau slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(e.err, &slog.HandlerOptions{Level: niveau}))
}

func (e *env) versionsnummer() *cobra.Command {
	return &cobra.Command{Use: "version", Short: "Vis udgaven", Args: cobra.NoArgs, RunE: func(*cobra.Command, []string) error {
		return e.skriv(map[string]string{"version": version, "beskedversion": mox.Beskedversion}, func(w io.Writer) { fmt.Fprintln(w, "mox", version) })
	}}
}

// argumenter turns cobra's complaint about arguments into a brugsfejl.
func argumenter(p cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if err := p(c, args); err != nil {
			return brugsfejl{err}
		}
		return nil
	}
}

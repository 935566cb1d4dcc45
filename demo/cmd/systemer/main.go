// Command systemer runs the three foreign systems of the demonstration as a process of their own, so that they live on
// while something else is stopped. It prints one line of JSON with their addresses, tells the story, and prints a second
// line when the story is told and everything of it is exported; it ends at SIGTERM.
//
// With -stdin new cases keep coming after the story, until a line on standard input ends it; and the end of standard input
// ends the program, so that it does not outlive whoever started it.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/moxkit/mox/demo/landskab"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// valg is what the command is told.
type valg struct {
	landskab.Config
	stdin bool
}

func laesFlag(args []string, errOut io.Writer) (c valg, err error) {
	f := flag.NewFlagSet("systemer", flag.ContinueOnError)
	f.SetOutput(errOut)
	f.StringVar(&c.Dir, "dir", "systemer", "folder of the systems' databases and files")
	f.StringVar(&c.ESDH, "esdh-listen", "", "address of ESDH; empty = a free port")
	f.StringVar(&c.Forsendelse, "forsendelse-listen", "", "address of Forsendelse; empty = a free port")
	f.IntVar(&c.Sager, "sager", 500, "number of cases")
	f.IntVar(&c.PerRunde, "per-runde", 0, "new cases in each round; 0 = the usual")
	f.Uint64Var(&c.Seed, "seed", 1, "seed of the story")
	f.BoolVar(&c.Fejl, "faults", false, "let the faults happen")
	f.StringVar((*string)(&c.Sabotage), "sabotage", "", "tab or gentag: break a promise on purpose")
	f.DurationVar(&c.Periode, "periode", 0, "time between the rounds")
	f.BoolVar(&c.stdin, "stdin", false, "new cases keep coming until a line on standard input; its end ends the program")
	return c, f.Parse(args)
}

func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) (err error) {
	c, err := laesFlag(args, errOut)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	c.Log = slog.New(slog.NewTextHandler(errOut, &slog.HandlerOptions{Level: slog.LevelWarn}))
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	historie := ctx
	if c.stdin {
		var slut context.CancelFunc
		historie, slut = context.WithCancel(ctx)
		defer slut()
		go lyt(in, slut, stop)
	}
	l, err := landskab.Start(ctx, c.Config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	enc := json.NewEncoder(out)
	if err := enc.Encode(map[string]string{"esdh": l.ESDHAdresse(), "forsendelse": l.ForsendelseAdresse()}); err != nil {
		return err
	}
	if err := fortael(historie, l, c.stdin); err != nil {
		return err
	}
	if err := l.Byggesag.ExportNow(ctx); err != nil && ctx.Err() == nil {
		return err
	}
	if err := enc.Encode(map[string]bool{"fortalt": ctx.Err() == nil}); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// lyt ends the story at the first line, and the program when there are no more.
func lyt(in io.Reader, slutHistorie, stop context.CancelFunc) {
	for s := bufio.NewScanner(in); s.Scan(); {
		slutHistorie()
	}
	stop()
}

// fortael tells the story; with mere it goes on until ctx ends. That ctx ends is no error.
func fortael(ctx context.Context, l *landskab.Landskab, mere bool) error {
	err := l.Play(ctx)
	if err == nil && mere {
		err = l.Fortsaet(ctx)
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

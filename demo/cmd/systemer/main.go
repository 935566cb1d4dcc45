// Command systemer runs the three foreign systems of the demonstration as a process of their own, so that they live on
// while something else is stopped. It prints one line of JSON with their addresses, tells the story, and prints a second
// line when the story is told; it ends at SIGTERM.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/moxkit/mox/demo/landskab"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) (err error) {
	var c landskab.Config
	f := flag.NewFlagSet("systemer", flag.ContinueOnError)
	f.StringVar(&c.Dir, "dir", "systemer", "folder of the systems' databases and files")
	f.StringVar(&c.ESDH, "esdh-listen", "", "address of ESDH; empty = a free port")
	f.StringVar(&c.Forsendelse, "forsendelse-listen", "", "address of Forsendelse; empty = a free port")
	f.IntVar(&c.Sager, "sager", 500, "number of cases")
	f.IntVar(&c.PerRunde, "per-runde", 0, "new cases in each round; 0 = the usual")
	f.Uint64Var(&c.Seed, "seed", 1, "seed of the story")
	f.BoolVar(&c.Fejl, "faults", false, "let the faults happen")
	f.StringVar((*string)(&c.Sabotage), "sabotage", "", "tab or gentag: break a promise on purpose")
	f.DurationVar(&c.Periode, "periode", 0, "time between the rounds")
	if err := f.Parse(args); err != nil {
		return err
	}
	c.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	l, err := landskab.Start(ctx, c)
	if err != nil {
		return err
	}
	defer func() {
		if e := l.Close(); err == nil {
			err = e
		}
	}()
	enc := json.NewEncoder(os.Stdout)
	if err := enc.Encode(map[string]string{"esdh": l.ESDHAdresse(), "forsendelse": l.ForsendelseAdresse()}); err != nil {
		return err
	}
	if err := l.Play(ctx); err != nil && ctx.Err() == nil {
		return err
	}
	if err := enc.Encode(map[string]bool{"fortalt": ctx.Err() == nil}); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

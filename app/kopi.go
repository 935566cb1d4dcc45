package app

import (
	"context"
	"errors"
	"log/slog"
	"os"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/kopi"
)

// kilde is all that a copy is made of.
func (a *App) kilde() kopi.Kilde {
	return kopi.Kilde{Store: a.store, Lager: a.indhold, Dir: a.config.Dir, Version: a.o.Version, Log: a.log}
}

// Efterproev checks the data folder of a MOX that is not running; see [kopi.Kilde.Efterproev]. [mox.KodeLaast] when it is.
func Efterproev(ctx context.Context, c Config, anker *kopi.Anker, fremdrift func(kopi.Fremdrift)) (r kopi.Resultat, err error) {
	if _, err := os.Stat(c.Dir); err != nil {
		return r, mox.E("verify", mox.KodeIkkeFundet, "mappen %s findes ikke", c.Dir).Med("giv den rigtige mappe med --dir")
	}
	a := &App{config: c, log: slog.New(slog.DiscardHandler)}
	defer func() { err = errors.Join(err, a.Close()) }()
	for _, f := range []func(context.Context) error{a.tagMappen, a.aabnDatabase} {
		if err := f(ctx); err != nil {
			return r, err
		}
	}
	return a.kilde().Efterproev(ctx, anker, fremdrift)
}

package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/kopi"
)

// kilde is all that a copy is made of.
func (a *App) kilde() kopi.Kilde {
	return kopi.Kilde{Store: a.store, Lager: a.indhold, Dir: a.config.Dir, Version: a.o.Version, Log: a.log}
}

// Efterproev checks the data folder of a MOX that does not run; see [kopi.Kilde.Efterproev]. [mox.KodeLaast] when it runs.
func Efterproev(ctx context.Context, c Config, anker *kopi.Anker, fremdrift func(kopi.Fremdrift)) (r kopi.Resultat, err error) {
	err = standset(ctx, c, "", func(k kopi.Kilde) (err error) {
		r, err = k.Efterproev(ctx, anker, fremdrift)
		return err
	})
	return r, err
}

// Kopier writes a copy of a MOX that does not run; see [kopi.Kilde.Skriv]. [mox.KodeLaast] when it runs; then nothing is
// written.
func Kopier(ctx context.Context, c Config, version string, w io.Writer, hemmeligheder bool, fremdrift func(kopi.Fremdrift)) error {
	return standset(ctx, c, version, func(k kopi.Kilde) error {
		_, err := k.Skriv(ctx, w, hemmeligheder, fremdrift)
		return err
	})
}

// standset opens the data folder of a MOX that does not run, for f.
func standset(ctx context.Context, c Config, version string, f func(kopi.Kilde) error) (err error) {
	fil := c.Dir
	if c.Database == "" {
		fil = c.databasefil()
	}
	if _, err := os.Stat(fil); err != nil { // nothing is made by looking
		return mox.E("mappe", mox.KodeIkkeFundet, "%s findes ikke", fil).Med("giv den rigtige mappe med --dir")
	}
	a := &App{config: c, o: Options{Version: version}, log: slog.New(slog.DiscardHandler)}
	defer func() { err = errors.Join(err, a.Close()) }()
	for _, f := range []func(context.Context) error{a.tagMappen, a.aabnDatabase} {
		if err := f(ctx); err != nil {
			return err
		}
	}
	return f(a.kilde())
}

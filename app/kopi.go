package app

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/kopi"
	"github.com/moxkit/mox/register/rest"
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

// glemIgen erases what had been erased before the folder was put back from an older copy, as [kopi.GlemteFil] tells: before
// anything runs, so that none of it is delivered.
func (a *App) glemIgen(ctx context.Context) error {
	sti := filepath.Join(a.config.Dir, kopi.GlemteFil)
	b, err := os.ReadFile(sti)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return mappefejl(a.config.Dir, err)
	}
	l, err := rest.LaesGlemte(b)
	if err != nil {
		return err
	}
	slettet := 0
	for _, g := range slices.Backward(l.Glemte) { // the oldest first
		ny, err := a.register.GlemIgen(ctx, g.Glemt, g.Modtagere)
		if err != nil {
			return err
		}
		if ny {
			slettet++
		}
	}
	a.log.Info("det, der var slettet for altid før genskabelsen, er slettet igen", "objekter", slettet, "i listen", len(l.Glemte))
	if err := os.Remove(sti); err != nil {
		return mappefejl(a.config.Dir, err)
	}
	return nil
}

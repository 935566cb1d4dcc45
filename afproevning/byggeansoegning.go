package afproevning

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/moxkit/mox/afproevning/systemer/styring"
	"github.com/moxkit/mox/demo/byggesag"
	"github.com/moxkit/mox/demo/esdh"
	"github.com/moxkit/mox/demo/forsendelse"
	"github.com/moxkit/mox/demo/landskab"
)

// byggeri is the demonstration's three systems, told by a trial what happens to them.
type byggeri struct {
	*landskab.Landskab
	dir string
}

// rundeandel is the share of the cases that come in one round.
const rundeandel = 4

func startByggeri(ctx context.Context, v styring.Valg) (styring.System, error) {
	l, err := landskab.Start(ctx, landskab.Config{Dir: v.Dir, Sager: v.Antal, PerRunde: v.Antal / rundeandel, Seed: v.Seed, Fejl: true, Log: slog.New(slog.NewTextHandler(v.Log, nil))})
	if err != nil {
		return nil, err
	}
	return &byggeri{l, v.Dir}, nil
}

// Adresser implements [styring.System].
func (b *byggeri) Adresser() map[string]string {
	return map[string]string{"BYGGESAG": filepath.Join(b.dir, "byggesag"), "ESDH": b.ESDHAdresse(), "FORSENDELSE": b.ForsendelseAdresse(),
		"BYGGESAG_DB": filepath.Join(b.dir, "byggesag", byggesag.DBFile), "ESDH_DB": filepath.Join(b.dir, "esdh", esdh.DBFile),
		"FORSENDELSE_DB": filepath.Join(b.dir, "forsendelse", forsendelse.DBFile)}
}

// Runde implements [styring.System]. A trial goes on for as many rounds as its longest system.
func (b *byggeri) Runde(ctx context.Context, nr int) error {
	if nr >= b.Runder() {
		return nil
	}
	return b.Landskab.Runde(ctx, nr)
}

// Fejl implements [styring.System].
func (b *byggeri) Fejl(_ context.Context, navn string, _ int, varighed time.Duration) error {
	switch navn {
	case "esdh_ned":
		b.ESDH.SetDown(true)
		time.AfterFunc(varighed, func() { b.ESDH.SetDown(false) })
	case "forsendelse_langsom":
		b.Forsendelse.SetDelay(langsomhed)
		time.AfterFunc(varighed, func() { b.Forsendelse.SetDelay(0) })
	case "tab":
		b.Tab()
	default:
		return fmt.Errorf("byggeri: kender ikke fejlen %q", navn)
	}
	return nil
}

// langsomhed is how long the slow mail service takes for each letter.
const langsomhed = 250 * time.Millisecond

// Package landskab runs the three foreign systems of the demonstration together and plays the story: cases come, are
// corrected and withdrawn, and faults befall the systems.
package landskab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/moxkit/mox/demo/byggesag"
	"github.com/moxkit/mox/demo/esdh"
	"github.com/moxkit/mox/demo/forsendelse"
	"github.com/moxkit/mox/demo/sager"
)

// Config says what to run.
type Config struct {
	Dir         string // the systems' folders and the plan are below it
	ESDH        string // address to listen on; "" = a free port of this machine
	Forsendelse string
	Sager       int
	PerRunde    int // new cases in each round of the story; 0 = sager.PerRunde
	Seed        uint64
	Fejl        bool
	Sabotage    Sabotage
	Periode     time.Duration // between two rounds of the story, and between the building system's exports; 0 = 200 ms
	Log         *slog.Logger
}

// How long the two passing faults last, and how slow the slow one is.
const (
	nedetid      = 3 * time.Second
	langsomTid   = 3 * time.Second
	langsomhed   = 250 * time.Millisecond
	nedeIRunde   = 4
	langsomRunde = 8
)

// Landskab is the three systems, running.
type Landskab struct {
	Byggesag    *byggesag.System
	ESDH        *esdh.System
	Forsendelse *forsendelse.System
	historie    *sager.Historie
	config      Config
	servere     []*http.Server
	adresser    [2]string
	kasse       sync.WaitGroup
	taber       atomic.Bool
	stop        context.CancelFunc
}

// Start opens the systems and their listeners, and writes the plan of faults. Nothing happens in them before Play.
func Start(ctx context.Context, c Config) (*Landskab, error) {
	if c.Periode == 0 {
		c.Periode = 200 * time.Millisecond
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	c.PerRunde = cmp.Or(c.PerRunde, sager.PerRunde)
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return nil, err
	}
	l := &Landskab{config: c, historie: sager.Lav(c.Seed, c.Sager, c.PerRunde, c.Fejl)}
	ctx, l.stop = context.WithCancel(ctx)
	if err := l.aabn(ctx); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

func (l *Landskab) aabn(ctx context.Context) (err error) {
	c, h := l.config, l.historie
	if err := h.Plan.Write(c.Dir); err != nil {
		return err
	}
	if l.Byggesag, err = byggesag.Open(filepath.Join(c.Dir, "byggesag"), byggesag.Options{Periode: c.Periode, Log: c.Log, BrydLinje: h.Brudt}); err != nil {
		return err
	}
	if l.ESDH, err = esdh.Open(filepath.Join(c.Dir, "esdh"), esdh.Options{KLE: sager.KLE(), CloseAfterOpen: h.Lukket, Logger: c.Log}); err != nil {
		return err
	}
	if l.Forsendelse, err = forsendelse.Open(filepath.Join(c.Dir, "forsendelse"), forsendelse.Options{CrashAfter: h.Uvist}); err != nil {
		return err
	}
	s := c.Sabotage
	if l.adresser[0], err = l.lyt(c.ESDH, s.esdh(l.ESDH.Handler())); err != nil {
		return err
	}
	if l.adresser[1], err = l.lyt(c.Forsendelse, l.medTab(s.forsendelse(l.Forsendelse.Handler()))); err != nil {
		return err
	}
	l.kasse.Go(func() {
		if err := l.Byggesag.Run(ctx); err != nil && ctx.Err() == nil {
			c.Log.Error("byggesag", "fejl", err)
		}
	})
	return nil
}

func (l *Landskab) lyt(adresse string, h http.Handler) (string, error) {
	if adresse == "" {
		adresse = "127.0.0.1:0"
	}
	ln, err := net.Listen("tcp", adresse)
	if err != nil {
		return "", fmt.Errorf("landskab: %w", err)
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	l.servere = append(l.servere, s)
	l.kasse.Go(func() { _ = s.Serve(ln) }) // ends with ErrServerClosed at Close
	return ln.Addr().String(), nil
}

// ESDHAdresse is where ESDH listens, as host:port.
func (l *Landskab) ESDHAdresse() string { return l.adresser[0] }

// ForsendelseAdresse is where Forsendelse listens, as host:port.
func (l *Landskab) ForsendelseAdresse() string { return l.adresser[1] }

// Play tells the story from its beginning to its end, one round per period. Each round is exported before the next.
func (l *Landskab) Play(ctx context.Context) error {
	for nr := range l.Runder() {
		if l.config.Fejl {
			l.fejl(ctx, nr)
		}
		if err := l.Runde(ctx, nr); err != nil {
			return err
		}
		if err := pause(ctx, l.config.Periode); err != nil {
			return err
		}
	}
	return nil
}

// Runder is how many rounds the story has.
func (l *Landskab) Runder() int { return len(l.historie.Runder) }

// Runde tells one round of the story, the first being 0, and exports it.
func (l *Landskab) Runde(ctx context.Context, nr int) error {
	for _, t := range l.historie.Runder[nr] {
		if err := l.Trin(ctx, t); err != nil {
			return fmt.Errorf("landskab: runde %d: %w", nr, err)
		}
	}
	return l.Byggesag.ExportNow(ctx)
}

// Fortsaet lets new cases come after the story, as many in each round as in the story and without faults, until ctx ends.
// It always returns an error, ctx.Err() when nothing else went wrong.
func (l *Landskab) Fortsaet(ctx context.Context) error {
	nye := sager.NyDrypper(l.config.Seed, l.config.Sager)
	for {
		for range l.config.PerRunde {
			for _, t := range nye.Naeste() {
				if err := l.Trin(ctx, t); err != nil {
					return fmt.Errorf("landskab: %w", err)
				}
			}
		}
		if err := l.Byggesag.ExportNow(ctx); err != nil {
			return err
		}
		if err := pause(ctx, l.config.Periode); err != nil {
			return err
		}
	}
}

// fejl lets the passing faults begin; each ends by itself.
func (l *Landskab) fejl(ctx context.Context, runde int) {
	switch runde {
	case nedeIRunde:
		l.ESDH.SetDown(true)
		l.senere(ctx, nedetid, func() { l.ESDH.SetDown(false) })
	case langsomRunde:
		l.Forsendelse.SetDelay(langsomhed)
		l.senere(ctx, langsomTid, func() { l.Forsendelse.SetDelay(0) })
	}
}

func (l *Landskab) senere(ctx context.Context, d time.Duration, f func()) {
	l.kasse.Go(func() {
		_ = pause(ctx, d) // also when stopped: the fault must end
		f()
	})
}

// Trin lets one thing happen in the building-permit system.
func (l *Landskab) Trin(ctx context.Context, t sager.Trin) error {
	switch {
	case t.Sag != nil:
		return l.Byggesag.GemSag(ctx, *t.Sag)
	case t.Dokument != nil:
		return l.Byggesag.GemDokument(ctx, *t.Dokument)
	case t.Traek != nil:
		return l.Byggesag.TraekSag(ctx, t.Traek.Nr, t.Traek.Version, time.Time{})
	case t.Gentag != nil:
		return l.Byggesag.GentagEksport(ctx, t.Gentag.Art, t.Gentag.Nr, t.Gentag.Version)
	case t.Gammel != nil:
		return l.Byggesag.EksporterGammel(ctx, t.Gammel.Nr, t.Gammel.Version)
	}
	return nil
}

// Close stops everything and waits until it has stopped.
func (l *Landskab) Close() error {
	l.stop()
	var err error
	for _, s := range l.servere {
		err = errors.Join(err, s.Close())
	}
	l.kasse.Wait()
	if l.Byggesag != nil {
		err = errors.Join(err, l.Byggesag.Close())
	}
	if l.ESDH != nil {
		err = errors.Join(err, l.ESDH.Close())
	}
	if l.Forsendelse != nil {
		err = errors.Join(err, l.Forsendelse.Close())
	}
	return err
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Rolig reports whether nothing lies between the building-permit system and the world: everything is exported and taken
// away, and every answer is taken in.
func (l *Landskab) Rolig(ctx context.Context) (bool, error) {
	st, err := l.Byggesag.Stats(ctx)
	if err != nil || st.Ueksporterede > 0 {
		return false, err
	}
	ud, err := filepath.Glob(filepath.Join(l.config.Dir, "byggesag", "ud", "*.klar"))
	if err != nil || len(ud) > 0 {
		return false, err
	}
	ind, err := filepath.Glob(filepath.Join(l.config.Dir, "byggesag", "ind", "*.csv"))
	return len(ind) == 0, err
}

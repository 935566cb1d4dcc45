// Package distributor is the beskedfordeler: it takes responsibility for a besked, gives each abonnement that wants it a
// leverance, lets carriers claim the leverancer and report what came of them, and keeps what a person must decide.
//
// Three commits count in a besked's life: accepted, attempt begun, outcome. Everything between may be repeated.
package distributor

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/store"
)

// MOX is the name under which the distributor itself sends.
const MOX = "MOX"

// Options are what a Distributor may be given; the zero value is well.
type Options struct {
	Log *slog.Logger
	// Punkt is called at named points of a besked's life, so that a test can stop the process just there.
	Punkt func(navn string)
	Koder oio.Koder // of the agreement, for registreringer in XML
	// Jitter gives numbers in [0,1) that spread retries; nil = random.
	Jitter func() float64
	Maaler Maaler // nil = nobody measures
	// Aftaler are the tilslutningsaftaler; nil = none, see [mox.Aftaler].
	Aftaler mox.Aftaler
}

// Maaler is told what the distributor does, when it is done. It is called often, from many at once, and must be quick.
type Maaler interface {
	Accept(udfald string, tog time.Duration)           // of a besked: MaaltAccepteret, MaaltGentaget or MaaltAfvist
	Indlever(tog time.Duration)                        // of what an agent has read
	Claim(tog time.Duration)                           // whether or not there was anything
	Done(tog time.Duration)                            // of an attempt
	Forsoeg(a mox.AbonnementID, resultat mox.Resultat) // one that has ended
}

// What became of a besked that was to be accepted.
const (
	MaaltAccepteret = "accepteret"
	MaaltGentaget   = "gentaget"
	MaaltAfvist     = "afvist"
)

// umaalt is a Maaler that measures nothing.
type umaalt struct{}

func (umaalt) Accept(string, time.Duration)           {}
func (umaalt) Indlever(time.Duration)                 {}
func (umaalt) Claim(time.Duration)                    {}
func (umaalt) Done(time.Duration)                     {}
func (umaalt) Forsoeg(mox.AbonnementID, mox.Resultat) {}

// Distributor is safe for concurrent use.
type Distributor struct {
	store         *store.Store
	log           *slog.Logger
	punkt         func(string)
	koder         oio.Koder
	jitter        func() float64
	maaler        Maaler
	inkarnation   string
	vaekker       *vaekker
	efterlevering *efterleveringsvaekker
	sekvens       *vaekker  // woken when logpositions have been given
	levet         time.Time // the last sign of life; only Run and Start use it

	hentmu  sync.Mutex
	hentere map[mox.AbonnementID]time.Time // when it was last noted that somebody asks for its work

	omsaet sync.Mutex // one change of the configuration at a time
	mu     sync.RWMutex
	konf   *konfiguration
	skift  chan struct{} // closed when konf is replaced
	halv   atomic.Bool   // a configuration has been stored that is not in use yet
}

// inkarnationForled begins the name of every process that works on its own store.
const inkarnationForled = "proces/"

// New makes a Distributor on an open store. It has no abonnementer until [Distributor.Konfigurer], and no carrier may claim
// before [Distributor.Start]. Agreements that cannot hold together are refused with [mox.KodeUgyldig].
func New(ctx context.Context, s *store.Store, o Options) (*Distributor, error) {
	d := &Distributor{store: s, log: o.Log, punkt: o.Punkt, koder: o.Koder, jitter: o.Jitter, maaler: o.Maaler, inkarnation: inkarnationForled + mox.NyUUID(),
		vaekker: nyVaekker(), sekvens: nyVaekker(), efterlevering: nyEfterleveringsvaekker(), hentere: map[mox.AbonnementID]time.Time{}, skift: make(chan struct{})}
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	if d.punkt == nil {
		d.punkt = func(string) {}
	}
	if d.jitter == nil {
		d.jitter = rand.Float64
	}
	if d.maaler == nil {
		d.maaler = umaalt{}
	}
	if err := d.glemNumre(ctx); err != nil {
		return nil, err
	}
	if err := o.Aftaler.Valider(); err != nil {
		return nil, err
	}
	if err := d.omsaetTil(ctx, nil, nil, o.Aftaler, nil); err != nil {
		return nil, err
	}
	return d, nil
}

// Inkarnation names this process's leases; a worker of the process appends "/" and its own name.
func (d *Distributor) Inkarnation() string { return d.inkarnation }

// Store is the store the Distributor works on.
func (d *Distributor) Store() *store.Store { return d.store }

// housekeeping intervals
const (
	passInterval = 500 * time.Millisecond
	passRows     = 200
)

// Start ends what an earlier process left open, as far as the store proves that process dead. Call it once, before any
// carrier claims.
func (d *Distributor) Start(ctx context.Context) error {
	if err := d.Lev(ctx); err != nil { // before the first claim: a process that is not known to live has no leases
		return err
	}
	if d.store.Proves() {
		var n int64
		err := d.store.Update(ctx, func(tx *store.Tx) (err error) {
			n, err = tx.EndLejemaal(d.inkarnation)
			return err
		})
		if err != nil {
			return err
		}
		if n > 0 {
			d.log.Info("lejemaal fra en tidligere proces er afsluttet", "antal", n)
		}
	}
	for {
		n, err := d.AfslutUdloebne(ctx)
		if err != nil || n < passRows {
			return err
		}
	}
}

// Run does the distributor's housekeeping until ctx ends: leases that ran out, beskeder past gyldigTil, processes past
// their frist, logpositions, and leverancer of what abonnementer get from the log.
func (d *Distributor) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { d.runEfterlevering(ctx) })
	t := time.NewTicker(passInterval)
	defer t.Stop()
	for {
		if _, err := d.runOnce(ctx); err != nil && ctx.Err() == nil {
			d.log.Error("rengøring", "fejl", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

// Pass is what one round of housekeeping did.
type Pass struct {
	Lejemaal, Udloebne, Frister, Processer, Standsede, Positioner int
}

// A process that shares its database shows signs of life; one that has not for doedEfter is dead, and its leases end.
const (
	hjerteslag = 2 * time.Second
	doedEfter  = 15 * time.Second
)

// Lev shows that this process lives, and ends the leases of processes that no longer do. A database that only one process
// can hold needs no such thing.
func (d *Distributor) Lev(ctx context.Context) error {
	if d.store.Proves() || time.Since(d.levet) < hjerteslag {
		return nil
	}
	d.levet = time.Now()
	return d.store.Update(ctx, func(tx *store.Tx) error {
		if err := tx.Hjerteslag(d.inkarnation, tx.Now().Add(-doedEfter)); err != nil {
			return err
		}
		n, err := tx.EndDoede(inkarnationForled, len(d.inkarnation))
		if n > 0 {
			d.log.Warn("lejemaal fra en død proces er afsluttet", "antal", n)
		}
		return err
	})
}

func (d *Distributor) runOnce(ctx context.Context) (p Pass, err error) {
	if err = d.Lev(ctx); err != nil {
		return p, fmt.Errorf("hjerteslag: %w", err)
	}
	if err = d.opfrisk(ctx); err != nil {
		return p, fmt.Errorf("abonnementer: %w", err)
	}
	if p.Lejemaal, err = d.AfslutUdloebne(ctx); err != nil {
		return p, fmt.Errorf("lejemål: %w", err)
	}
	if p.Udloebne, err = d.UdloebGamle(ctx); err != nil {
		return p, fmt.Errorf("gyldigTil: %w", err)
	}
	if p.Frister, err = d.UdloebFrister(ctx); err != nil {
		return p, fmt.Errorf("frister: %w", err)
	}
	if p.Processer, err = d.UdloebProcesser(ctx); err != nil {
		return p, fmt.Errorf("processer: %w", err)
	}
	if p.Standsede, err = d.StandsProcesser(ctx); err != nil {
		return p, fmt.Errorf("processer: %w", err)
	}
	for {
		n, err := d.GivPositioner(ctx)
		p.Positioner += n
		if err != nil {
			return p, fmt.Errorf("logpositioner: %w", err)
		}
		if n < positionRows {
			return p, nil
		}
	}
}

// Package distributor is the beskedfordeler: it takes responsibility for a besked, gives each abonnement that wants it a
// leverance, lets carriers claim the leverancer and report what came of them, and keeps what a person must decide.
//
// Three commits count in a besked's life: accepted, attempt begun, outcome. Everything between may be repeated.
package distributor

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store"
)

// MOX is the name under which the distributor itself sends.
const MOX = "MOX"

// Options are what a Distributor may be given; the zero value is well.
type Options struct {
	Log *slog.Logger
	// Punkt is called at named points of a besked's life, so that a test can stop the process just there.
	Punkt func(navn string)
	// Jitter gives numbers in [0,1) that spread retries; nil = random.
	Jitter func() float64
}

// Distributor is safe for concurrent use.
type Distributor struct {
	store       *store.Store
	log         *slog.Logger
	punkt       func(string)
	jitter      func() float64
	inkarnation string
	vaekker     *vaekker
	levet       time.Time // the last sign of life; only Run and Start use it

	mu   sync.RWMutex
	konf *konfiguration
}

// konfiguration is one version of who wants what; immutable.
type konfiguration struct {
	version      int64
	matcher      *mox.Matcher
	abonnementer map[mox.AbonnementID]*mox.Abonnement
	processer    []mox.Proces
}

// inkarnationForled begins the name of every process that works on its own store.
const inkarnationForled = "proces/"

// New makes a Distributor on an open store. It has no abonnementer until [Distributor.Konfigurer], and no carrier may claim
// before [Distributor.Start].
func New(ctx context.Context, s *store.Store, o Options) (*Distributor, error) {
	d := &Distributor{store: s, log: o.Log, punkt: o.Punkt, jitter: o.Jitter, inkarnation: inkarnationForled + mox.NyUUID(), vaekker: nyVaekker()}
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	if d.punkt == nil {
		d.punkt = func(string) {}
	}
	if d.jitter == nil {
		d.jitter = rand.Float64
	}
	if err := d.Konfigurer(ctx, nil, nil); err != nil {
		return nil, err
	}
	return d, nil
}

// Inkarnation names this process's leases; a worker of the process appends "/" and its own name.
func (d *Distributor) Inkarnation() string { return d.inkarnation }

// Store is the store the Distributor works on.
func (d *Distributor) Store() *store.Store { return d.store }

// Konfigurer replaces the abonnementer and processer. The configuration is stored as a version, which each besked
// accepted from now on remembers. Two abonnementer with one ID, or a proces that awaits an unknown abonnement, are refused
// with [mox.KodeUgyldig].
func (d *Distributor) Konfigurer(ctx context.Context, abonnementer []mox.Abonnement, processer []mox.Proces) error {
	k := &konfiguration{matcher: mox.NyMatcher(abonnementer), abonnementer: map[mox.AbonnementID]*mox.Abonnement{}, processer: processer}
	for i := range abonnementer {
		a := abonnementer[i]
		if k.abonnementer[a.ID] != nil {
			return mox.E("konfigurer", mox.KodeUgyldig, "der er to abonnementer med id %q", a.ID)
		}
		k.abonnementer[a.ID] = &a
	}
	for _, p := range processer {
		for _, id := range p.SvarFra {
			if k.abonnementer[id] == nil {
				return mox.E("konfigurer", mox.KodeUgyldig, "processen %q venter svar fra abonnementet %q, som ikke findes", p.Navn, id)
			}
		}
	}
	tekst, err := konfigurationstekst(abonnementer, processer)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(tekst)
	err = d.store.Update(ctx, func(tx *store.Tx) (err error) {
		k.version, err = tx.GemKonfiguration(hex.EncodeToString(sum[:]), string(tekst))
		return err
	})
	if err != nil {
		return err
	}
	d.mu.Lock()
	d.konf = k
	d.mu.Unlock()
	return nil
}

// konfigurationstekst is the configuration as it is stored: what is needed to recompute who got a besked, and why.
func konfigurationstekst(abonnementer []mox.Abonnement, processer []mox.Proces) ([]byte, error) {
	type ab struct {
		mox.Abonnement
		Filter any `json:"filter"`
	}
	type pr struct {
		mox.Proces
		Start any `json:"start"`
		Slut  any `json:"slut"`
	}
	var ud struct {
		Abonnementer []ab `json:"abonnementer"`
		Processer    []pr `json:"processer"`
	}
	for _, a := range abonnementer {
		ud.Abonnementer = append(ud.Abonnementer, ab{a, a.Filter.Kilde()})
	}
	for _, p := range processer {
		ud.Processer = append(ud.Processer, pr{p, p.Start.Kilde(), p.Slut.Kilde()})
	}
	return json.Marshal(ud)
}

func (d *Distributor) konfiguration() *konfiguration {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.konf
}

// Abonnementer are the configured abonnementer, by ID.
func (d *Distributor) Abonnementer() []mox.Abonnement {
	k := d.konfiguration()
	ud := make([]mox.Abonnement, 0, len(k.abonnementer))
	for _, a := range k.abonnementer {
		ud = append(ud, *a)
	}
	slices.SortFunc(ud, func(a, b mox.Abonnement) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return ud
}

// Processer are the configured processes.
func (d *Distributor) Processer() []mox.Proces { return slices.Clone(d.konfiguration().processer) }

// Abonnement finds a configured abonnement.
func (d *Distributor) Abonnement(id mox.AbonnementID) (mox.Abonnement, bool) {
	a, ok := d.konfiguration().abonnementer[id]
	if !ok {
		return mox.Abonnement{}, false
	}
	return *a, true
}

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
// their frist, and logpositions.
func (d *Distributor) Run(ctx context.Context) error {
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
	Lejemaal, Udloebne, Processer, Standsede, Positioner int
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
	if p.Lejemaal, err = d.AfslutUdloebne(ctx); err != nil {
		return p, fmt.Errorf("lejemål: %w", err)
	}
	if p.Udloebne, err = d.UdloebGamle(ctx); err != nil {
		return p, fmt.Errorf("gyldigTil: %w", err)
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

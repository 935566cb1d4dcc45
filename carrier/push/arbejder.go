package push

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/service"
)

// laengsteVent is how long a worker waits for work at a time.
const laengsteVent = 20 * time.Second

// arbejder delivers what is due for one abonnement.
type arbejder struct {
	push    *Push
	id      mox.AbonnementID
	ejer    string
	log     *slog.Logger
	a       atomic.Pointer[mox.Abonnement] // as it is configured now
	sikring *sikring
	stop    context.CancelFunc

	mu    sync.Mutex
	igang map[int64]bool // whose leases are to be renewed
}

func nyArbejder(p *Push, a mox.Abonnement) *arbejder {
	w := &arbejder{push: p, id: a.ID, ejer: p.o.Ejer + "/push/" + string(a.ID), log: p.o.Log.With("abonnement", a.ID), sikring: nySikring(p.o), igang: map[int64]bool{}}
	w.a.Store(&a)
	return w
}

// saet makes a the definition that attempts from now on follow.
func (w *arbejder) saet(a mox.Abonnement) {
	if foer := w.a.Swap(&a); *foer.Push != *a.Push {
		w.sikring.nulstil()
	}
}

// run claims, calls and reports until ctx ends. An attempt that has begun is ended: a call that hangs is given up when
// Naade has passed, and then its outcome is reported as unknown.
func (w *arbejder) run(ctx context.Context) {
	kald, opgiv := eftertid(ctx, w.push.o.Naade)
	defer opgiv()
	meld, slut := eftertid(ctx, w.push.o.Naade+meldFrist)
	defer slut()
	var wg, lejer sync.WaitGroup
	lejer.Go(func() { w.forny(meld) })
	for fejl := 0; ctx.Err() == nil; {
		arbejde, err := w.hent(ctx)
		if err != nil {
			fejl++
			w.log.Error("kan ikke hente arbejde", "fejl", err, "igen_om", service.Backoff(fejl))
			service.Wait(ctx, service.Backoff(fejl))
			continue
		}
		fejl = 0
		for _, x := range arbejde {
			wg.Go(func() { w.arbejd(kald, meld, x) })
		}
	}
	wg.Wait()
	slut()
	lejer.Wait()
}

// hent waits until the breaker lets something through, and claims it. It gives nothing when ctx has ended, when the
// breaker has opened meanwhile, or when nothing has become due for a while.
func (w *arbejder) hent(ctx context.Context) ([]distributor.Arbejde, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	n := w.plads(ctx, cancel)
	if n == 0 {
		return nil, nil
	}
	arbejde, err := w.push.server.Hent(ctx, w.id, w.ejer, n, w.push.o.Leje, laengsteVent)
	w.begynd(arbejde) // what has been claimed is done, also if ctx has ended
	if err != nil && ctx.Err() != nil {
		err = nil
	}
	return arbejde, err
}

// plads waits until something may be claimed, and tells how many; 0 when ctx has ended.
func (w *arbejder) plads(ctx context.Context, afbryd func()) int {
	for ctx.Err() == nil {
		n, om, aendret := w.sikring.plads(time.Now(), afbryd)
		if n > 0 {
			return n
		}
		vent(ctx, om, aendret)
	}
	return 0
}

func (w *arbejder) begynd(arbejde []distributor.Arbejde) {
	if len(arbejde) == 0 {
		return
	}
	w.sikring.begynd(len(arbejde))
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, x := range arbejde {
		w.igang[x.Leverance] = true
	}
}

// arbejd makes one attempt and reports it.
func (w *arbejder) arbejd(kald, meld context.Context, x distributor.Arbejde) {
	start := time.Now()
	l := w.push.klient.lever(kald, w.a.Load(), x)
	ms := time.Since(start).Milliseconds()
	ud, err := distributor.Meld(meld, w.push.server, distributor.Afslutning{Leverance: x.Leverance, Forsoeg: x.Forsoeg, Ejer: x.Ejer, Udfald: l.udfald, Svar: l.svar})
	w.mu.Lock()
	delete(w.igang, x.Leverance)
	w.mu.Unlock()
	w.sikring.faerdig(time.Now(), l)
	log := w.log.With("besked", mox.Maskeret(string(x.Besked.ID)), "leverance", x.Leverance, "omgang", x.Omgang, "forsoeg", x.Forsoeg,
		"status", l.status, "resultat", l.udfald.Resultat, "kode", l.udfald.Kode, "ms", ms)
	switch {
	case err != nil:
		log.Error("leveringsforsøg kunne ikke meldes", "fejl", err)
	case l.udfald.Resultat == mox.ResAccepteret:
		log.Info("leveringsforsøg", "tilstand", ud.Tilstand)
	default:
		log.Warn("leveringsforsøg", "tilstand", ud.Tilstand, "grund", mox.Maskeret(l.udfald.Tekst))
	}
}

// meldFrist is how long an outcome may take to be reported after the last call was given up.
const meldFrist = 5 * time.Second

// forny keeps the leases of what is in flight, until ctx ends.
func (w *arbejder) forny(ctx context.Context) {
	t := time.NewTicker(w.push.o.Leje / 3)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		if igang := w.leverancer(); len(igang) > 0 {
			if _, err := w.push.server.Forny(ctx, w.ejer, igang, w.push.o.Leje); err != nil && ctx.Err() == nil {
				w.log.Warn("lejemålene kunne ikke fornyes", "leverancer", igang, "fejl", err)
			}
		}
	}
}

func (w *arbejder) leverancer() []int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	ud := make([]int64, 0, len(w.igang))
	for id := range w.igang {
		ud = append(ud, id)
	}
	return ud
}

// eftertid is a context that ends d after ctx does, or when stop is called.
func eftertid(ctx context.Context, d time.Duration) (ud context.Context, stop context.CancelFunc) {
	ud, cancel := context.WithCancel(context.WithoutCancel(ctx))
	glem := context.AfterFunc(ctx, func() {
		service.Wait(ud, d)
		cancel()
	})
	return ud, func() {
		glem()
		cancel()
	}
}

// vent waits until aendret is closed, for d at the longest (0 = without limit), or until ctx ends.
func vent(ctx context.Context, d time.Duration, aendret <-chan struct{}) {
	var ud <-chan time.Time
	if d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		ud = t.C
	}
	select {
	case <-ctx.Done():
	case <-aendret:
	case <-ud:
	}
}

package distributor

import (
	"context"
	"sync"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store"
)

// vaekker wakes carriers that wait for work in this process. A wake-up may be lost to another process; whoever waits
// therefore also looks by itself now and then.
type vaekker struct {
	mu  sync.Mutex
	paa map[mox.AbonnementID]chan struct{}
}

// enhver is the key for a wake-up that is for no abonnement in particular.
const enhver = mox.AbonnementID("")

func nyVaekker() *vaekker { return &vaekker{paa: map[mox.AbonnementID]chan struct{}{}} }

// kanal is closed at the next wake-up.
func (v *vaekker) kanal(id mox.AbonnementID) <-chan struct{} {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.paa[id] == nil {
		v.paa[id] = make(chan struct{})
	}
	return v.paa[id]
}

func (v *vaekker) vaek(ids ...mox.AbonnementID) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, id := range ids {
		if c := v.paa[id]; c != nil {
			close(c)
			delete(v.paa, id)
		}
	}
}

// efterleveringsvaekker tells the one who makes leverancer from the log that a receiver has taken some.
type efterleveringsvaekker struct {
	mu   sync.Mutex
	paa  map[mox.AbonnementID]bool // who gets something from the log
	klar chan struct{}             // holds one
}

func nyEfterleveringsvaekker() *efterleveringsvaekker {
	return &efterleveringsvaekker{paa: map[mox.AbonnementID]bool{}, klar: make(chan struct{}, 1)}
}

func (v *efterleveringsvaekker) saet(aabne []store.Efterlevering) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.paa = map[mox.AbonnementID]bool{}
	for _, e := range aabne {
		v.paa[e.Abonnement] = true
	}
}

// vaek wakes at once.
func (v *efterleveringsvaekker) vaek(id mox.AbonnementID) {
	v.mu.Lock()
	v.paa[id] = true
	v.mu.Unlock()
	v.taget(id)
}

// taget wakes when the abonnement gets something from the log.
func (v *efterleveringsvaekker) taget(id mox.AbonnementID) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.paa[id] {
		return
	}
	select {
	case v.klar <- struct{}{}:
	default: // awake already
	}
}

// Vent returns when there may be work for the abonnement, after maks at the latest, or when ctx ends. Ask for the channel
// before claiming, so that no wake-up falls between:
//
//	klar := d.Klar(id)
//	... Claim found nothing ...
//	d.Vent(ctx, klar, maks)
func (d *Distributor) Vent(ctx context.Context, klar <-chan struct{}, maks time.Duration) {
	t := time.NewTimer(maks)
	defer t.Stop()
	select {
	case <-klar:
	case <-t.C:
	case <-ctx.Done():
	}
}

// Klar is closed when there may be new work for the abonnement.
func (d *Distributor) Klar(id mox.AbonnementID) <-chan struct{} { return d.vaekker.kanal(id) }

package agent

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/distributor"
)

// skrivninger are the records that the agent is writing to just now. Between the effect in the system and MOX's knowing of it,
// what MOX has written looks like news to a source that reads it.
type skrivninger struct {
	mu    sync.Mutex
	igang map[int64]skrivning // by leverance
	slut  chan struct{}       // closed when one has ended
}

// skrivning is a write that MOX does not know the outcome of yet.
type skrivning struct {
	objekttype mox.ObjektType
	noegle     string
	til        time.Time // it is not waited for any longer
}

// laengsteSkrivning is how long a source waits for the outcome of a leverance in all, from its first attempt: it may be tried
// again for days. maksSkrivninger is how many are remembered before those that are waited for no longer are forgotten.
const (
	laengsteSkrivning = 20 * time.Second
	maksSkrivninger   = 1000
)

func nyeSkrivninger() *skrivninger {
	return &skrivninger{igang: map[int64]skrivning{}, slut: make(chan struct{})}
}

// begynd notes that the work of a leverance is about to have its effect. What the system does not know yet has no key.
func (s *skrivninger) begynd(w *distributor.Arbejde) {
	noegle, kendt := w.Noegler[string(w.Besked.ObjektID)]
	if !kendt {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, er := s.igang[w.Leverance]; er {
		return
	}
	if len(s.igang) >= maksSkrivninger {
		maps.DeleteFunc(s.igang, func(_ int64, x skrivning) bool { return time.Now().After(x.til) })
	}
	s.igang[w.Leverance] = skrivning{w.Besked.ObjektType, noegle, time.Now().Add(laengsteSkrivning)}
}

// ende notes that MOX knows what came of it, or that nothing did.
func (s *skrivninger) ende(leverance int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.igang, leverance)
	close(s.slut)
	s.slut = make(chan struct{})
}

// naeste is a write to one of the records; nil slut = there is none.
func (s *skrivninger) naeste(t mox.ObjektType, har func(noegle string) bool) (slut <-chan struct{}, til time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.igang {
		if x.objekttype == t && time.Now().Before(x.til) && har(x.noegle) {
			return s.slut, x.til
		}
	}
	return nil, til
}

// vent waits until no record of those read is being written to. What the source then tells MOX is held against what MOX wrote.
func (k *kilde) vent(ctx context.Context, poster []connector.Record) {
	har := func(noegle string) bool {
		return slices.ContainsFunc(poster, func(r connector.Record) bool { return r.Fields[k.spec.Key] == noegle })
	}
	t := mox.ObjektType(k.spec.table.Objekttype())
	for slut, til := k.agent.skrivninger.naeste(t, har); slut != nil; slut, til = k.agent.skrivninger.naeste(t, har) {
		k.agent.o.Punkt("kilde.venter")
		frist := time.NewTimer(time.Until(til))
		select {
		case <-slut:
		case <-frist.C:
		case <-ctx.Done():
			frist.Stop()
			return
		}
		frist.Stop()
	}
}

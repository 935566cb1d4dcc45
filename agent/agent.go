package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/oio"
)

// Options are what an Agent may be given.
type Options struct {
	Log   *slog.Logger
	Env   connector.Env
	Ejer  string        // names this process's leases; each worker appends its own name
	Leje  time.Duration // how long a worker may be silent about a leverance before it is taken for dead; 0 = a minute
	Koder oio.Koder     // of the agreement, for registreringer in XML
	Ja    bool          // a first run above MaksFoersteKoersel may go on
	// Punkt is called at named points, so that a test can stop the process just there.
	Punkt func(navn string)
}

// Agent is one system's agent, ready to run.
type Agent struct {
	spec   *Spec
	server Server
	log    *slog.Logger
	o      Options
	kilder []*kilde
	sinks  []*sink
}

// New opens the agent's connectors. Nothing is read or written yet.
func New(spec *Spec, server Server, o Options) (*Agent, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Punkt == nil {
		o.Punkt = func(string) {}
	}
	if o.Leje <= 0 {
		o.Leje = standardLeje
	}
	a := &Agent{spec: spec, server: server, o: o, log: o.Log.With("agent", spec.Agent)}
	for i := range spec.Sources {
		c, err := spec.Sources[i].open(spec, o.Env)
		if err != nil {
			return nil, errors.Join(err, a.Close())
		}
		a.kilder = append(a.kilder, &kilde{agent: a, spec: &spec.Sources[i], source: c, log: a.log.With("kilde", spec.Sources[i].Name), savnede: &savnede{antal: map[string]int{}}})
	}
	for i := range spec.Sinks {
		s := &sink{agent: a, spec: &spec.Sinks[i], id: spec.AbonnementID(spec.Sinks[i].Name)}
		s.log = a.log.With("abonnement", s.id)
		env := o.Env
		env.Address = s.mailadresse
		var err error
		if s.sink, err = s.spec.open(spec, env); err != nil {
			return nil, errors.Join(err, a.Close())
		}
		a.sinks = append(a.sinks, s)
	}
	return a, nil
}

// Spec is what the agent was made of.
func (a *Agent) Spec() *Spec { return a.spec }

// Close closes the connectors.
func (a *Agent) Close() error {
	var err error
	for _, k := range a.kilder {
		err = errors.Join(err, k.source.Close())
	}
	for _, s := range a.sinks {
		err = errors.Join(err, s.sink.Close())
	}
	return err
}

// Run reads the sources and works the sinks until ctx ends and every call in flight has ended.
func (a *Agent) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	for _, k := range a.kilder {
		wg.Go(func() { k.run(ctx) })
	}
	for _, s := range a.sinks {
		for nr := range max(s.spec.Samtidige, 1) {
			wg.Go(func() { s.run(ctx, fmt.Sprintf("%s/%s/%d", a.o.Ejer, s.id, nr)) })
		}
	}
	wg.Wait()
	return nil
}

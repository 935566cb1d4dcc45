// Package service runs the long-lived parts of a process: it starts them, restarts one that fails, tells how each is, and
// waits until all have ended.
package service

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"
)

// steady is how long a part has run when it has recovered.
const steady = time.Minute

// Group is a set of parts. The zero value is an empty group that logs nothing.
type Group struct {
	Log   *slog.Logger
	parts []*part
}

type part struct {
	name string
	run  func(context.Context) error

	mu  sync.Mutex
	err error
}

// Add adds a part before Run. run blocks until its context ends and all it started has ended.
func (g *Group) Add(name string, run func(context.Context) error) {
	g.parts = append(g.parts, &part{name: name, run: run})
}

// Run runs all parts until ctx ends and every part has ended.
func (g *Group) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for _, p := range g.parts {
		wg.Go(func() { g.keep(ctx, p) })
	}
	wg.Wait()
}

// Failing gives the parts that are down, with the error that took them down.
func (g *Group) Failing() map[string]error {
	out := map[string]error{}
	for _, p := range g.parts {
		p.mu.Lock()
		if p.err != nil {
			out[p.name] = p.err
		}
		p.mu.Unlock()
	}
	return out
}

// keep runs a part, and again when it fails.
func (g *Group) keep(ctx context.Context, p *part) {
	for failures := 1; ctx.Err() == nil; failures++ {
		start := time.Now()
		p.set(nil)
		err := p.once(ctx)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			err = fmt.Errorf("ended by itself")
		}
		p.set(err)
		if time.Since(start) > steady {
			failures = 1
		}
		wait := Backoff(failures)
		if g.Log != nil {
			g.Log.Error("en del er gået ned og startes igen", "del", p.name, "fejl", err, "om", wait)
		}
		Wait(ctx, wait)
	}
}

func (p *part) set(err error) {
	p.mu.Lock()
	p.err = err
	p.mu.Unlock()
}

// once turns a panic into an error: a defect in one part must not stop the others.
func (p *part) once(ctx context.Context) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	return p.run(ctx)
}

package snitflade

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Svar is how the tool answers an attempt.
type Svar string

// The answers.
const (
	Tag         Svar = "tag"         // taken
	Afvis       Svar = "afvis"       // refused for good: 422, or a StandardRetur of 51
	Midlertidig Svar = "midlertidig" // not now: 503, or a nack
	Senere      Svar = "senere"      // HTTP: 503 with Retry-After: 1
	Intet       Svar = "intet"       // no answer: the connection is cut
	Andetsteds  Svar = "andetsteds"  // HTTP: 307 to another address
	Hold        Svar = "hold"        // HTTP: not now, for this objekt, until the steps are over
)

func svarord() []Svar { return []Svar{Tag, Afvis, Midlertidig, Senere, Intet, Andetsteds, Hold} }

// indbakke is what the product has handed over, in order. It is safe for concurrent use.
type indbakke struct {
	mu      sync.Mutex
	set     []*Modtaget
	trin    int // of the besked that comes next
	aendret chan struct{}
}

func nyIndbakke() *indbakke { return &indbakke{aendret: make(chan struct{})} }

// nytTrin begins a step: beskeder that are seen for the first time from now on belong to it.
func (i *indbakke) nytTrin(nr int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.trin = nr
}

// toem forgets what has come.
func (i *indbakke) toem() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.set = nil
}

// laeg adds an attempt.
func (i *indbakke) laeg(m *Modtaget) {
	i.mu.Lock()
	defer i.mu.Unlock()
	m.Trin = i.trin
	for _, foer := range i.set {
		if foer.en("beskedID") == m.en("beskedID") && foer.haendelse() == m.haendelse() {
			m.Trin = foer.Trin
			break
		}
	}
	i.set = append(i.set, m)
	close(i.aendret)
	i.aendret = make(chan struct{})
}

// alle are the attempts so far.
func (i *indbakke) alle() []*Modtaget {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.set)
}

// vent waits until nok says yes to what has come; false when it did not within the time.
func (i *indbakke) vent(ctx context.Context, frist time.Duration, nok func([]*Modtaget) bool) bool {
	ctx, stop := context.WithTimeout(ctx, frist)
	defer stop()
	for {
		i.mu.Lock()
		set, aendret := slices.Clone(i.set), i.aendret
		i.mu.Unlock()
		if nok(set) {
			return true
		}
		select {
		case <-aendret:
		case <-ctx.Done():
			return false
		}
	}
}

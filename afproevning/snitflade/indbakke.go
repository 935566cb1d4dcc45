package snitflade

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/moxkit/mox"
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
	gamle   map[string]bool // beskeder and objekter of earlier runs: what comes about them is no concern of this
	trin    int             // of the besked that comes next
	aendret chan struct{}
}

func nyIndbakke() *indbakke { return &indbakke{aendret: make(chan struct{}), gamle: map[string]bool{}} }

// nytTrin begins a step: beskeder that are seen for the first time from now on belong to it.
func (i *indbakke) nytTrin(nr int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.trin = nr
}

// toem begins anew.
func (i *indbakke) toem() {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, m := range i.set {
		for _, v := range m.kendetegn() {
			i.gamle[v] = true
		}
	}
	i.set = nil
}

// kendetegn are what a besked of an earlier run is known again by.
func (m *Modtaget) kendetegn() (ud []string) {
	for _, v := range []string{m.en("beskedID"), m.en("objektID")} {
		if mox.ErUUID(strings.ToLower(v)) {
			ud = append(ud, strings.ToLower(v))
		}
	}
	return append(ud, m.noegle())
}

func (i *indbakke) gammel(m *Modtaget) bool {
	return slices.ContainsFunc(m.kendetegn(), func(v string) bool { return i.gamle[v] })
}

// erGammel reports whether a besked is of an earlier run.
func (i *indbakke) erGammel(m *Modtaget) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.gammel(m)
}

// naevnerGammel is erGammel for a besked that has not been read.
func (i *indbakke) naevnerGammel(raa []byte) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	for v := range i.gamle {
		if len(v) == 36 && bytes.Contains(raa, []byte(v)) {
			return true
		}
	}
	return false
}

// laeg adds an attempt.
func (i *indbakke) laeg(m *Modtaget) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.gammel(m) {
		return
	}
	m.Trin = i.trin
	if n := slices.IndexFunc(i.set, func(foer *Modtaget) bool { return foer.noegle() == m.noegle() }); n >= 0 {
		m.Trin = i.set[n].Trin
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

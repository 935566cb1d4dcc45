package push

import (
	"sync"
	"time"

	"github.com/moxkit/mox"
)

// Stand is how it goes with one abonnement's receiver.
type Stand struct {
	Aaben  bool      `json:"aaben"`           // the breaker is open: one leverance at a time is tried
	Fejl   int       `json:"fejl"`            // failed calls in a row
	Sidst  string    `json:"sidst,omitempty"` // why the last of them failed, CPR numbers masked
	Naeste time.Time `json:"naeste,omitzero"` // no call before this
}

// sikring is an abonnement's circuit breaker, and counts what is in flight.
//
// The distributor's plan ([mox.Plan]) delays each leverance by what happened to that leverance; the breaker delays all of
// an abonnement's by what happens to its receiver. Both must agree to a call: the worker claims nothing while the breaker
// says wait, and of what it may claim, the distributor gives what is due. While the breaker is open a receiver that is down
// therefore costs one attempt of one leverance per wait, however many are in the queue, and mostly of one not tried
// before, since that has been due the longest: no single leverance is tried more often than by its plan alone, and the
// others use none of their attempts. When the receiver is back, the untried flow at once and the tried when they are due.
type sikring struct {
	graense   int      // failures in a row that open it
	vent      mox.Plan // how long from one trial to the next
	samtidige int

	mu      sync.Mutex
	stand   Stand
	igang   int
	proever int  // trials since it opened, and the next
	proeve  bool // what is in flight is a trial
	afbryd  func()
	aendret chan struct{}
}

func nySikring(o Options) *sikring {
	return &sikring{graense: o.Graense, vent: mox.Plan{Foerste: o.VentFoerst, Hoejst: o.VentHoejst}, samtidige: o.Samtidige,
		afbryd: func() {}, aendret: make(chan struct{})}
}

// plads is how many leverancer may be claimed now. When it is none, it is worth asking again after om (0 = no time will
// help) or when aendret is closed. afbryd is called if the claim must be given up: it may still be waiting for work when
// the breaker opens.
func (s *sikring) plads(nu time.Time, afbryd func()) (n int, om time.Duration, aendret <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ledige := s.samtidige - s.igang
	if s.stand.Aaben {
		ledige = 1 - s.igang
	}
	switch {
	case ledige <= 0:
		return 0, 0, s.aendret
	case nu.Before(s.stand.Naeste):
		return 0, s.stand.Naeste.Sub(nu), s.aendret
	}
	s.afbryd = afbryd
	return ledige, 0, s.aendret
}

// begynd notes that n have been claimed.
func (s *sikring) begynd(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.igang += n
	s.proeve = s.stand.Aaben
}

// faerdig notes what came of one of them.
func (s *sikring) faerdig(nu time.Time, l levering) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.igang--
	switch {
	case !l.kaldt: // it says nothing about the receiver
	case virker(l):
		s.stand.Fejl, s.stand.Sidst = 0, ""
		if s.stand.Aaben {
			s.stand.Aaben, s.stand.Naeste = false, time.Time{}
		}
	default:
		s.fejlet(nu, l.udfald)
	}
	s.meld()
}

// virker reports whether the receiver does its work: it takes the besked, or judges it. One that says that it is gone for
// good does not.
func virker(l levering) bool {
	return l.udfald.Resultat == mox.ResAccepteret || l.udfald.Resultat == mox.ResAfvist && l.status != 410
}

func (s *sikring) fejlet(nu time.Time, u mox.Udfald) {
	s.stand.Fejl++
	s.stand.Sidst = mox.Maskeret(u.Tekst)
	vent := u.Efter // holds for the receiver, not for one besked
	switch {
	case !s.stand.Aaben && s.stand.Fejl >= s.graense:
		s.stand.Aaben, s.proever, s.proeve = true, 1, false
	case s.stand.Aaben && s.proeve && s.igang == 0:
		s.proever++
	}
	if s.stand.Aaben {
		vent = max(vent, s.vent.Efter(s.proever, 0))
	}
	if vent > 0 {
		if naeste := nu.Add(vent); naeste.After(s.stand.Naeste) {
			s.stand.Naeste = naeste
		}
		s.afbryd()
	}
}

// nulstil forgets what was learned: the receiver is another.
func (s *sikring) nulstil() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stand = Stand{}
	s.meld()
}

func (s *sikring) meld() {
	close(s.aendret)
	s.aendret = make(chan struct{})
}

func (s *sikring) laes() Stand {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stand
}

package snitflade

import (
	"sync"

	"github.com/moxkit/mox/afproevning/snitflade/mellemled"
)

// ind is the tool's way in: where a product's beskeder come, and are answered as the case asks for.
type ind interface {
	plan() *svarplan
	kan(Svar) bool
	nede(bool) error // false: it cannot be done as the profile is
	koe(vaek bool) error
	haendelser(fra int) []mellemled.Haendelse // of the line; none where there is none
	forgaeves() (int, <-chan struct{})        // attempts while the way in, or its queue, was away; and a channel that is closed when there are more
	luk()
}

// svarplan is how the next attempts are answered: one by one, and then all are taken.
type svarplan struct {
	mu    sync.Mutex
	naest []Svar
	valgt []Svar // chosen as they were published, and not yet come out of the queue
	holdt map[string]bool
}

// saet begins a new plan.
func (s *svarplan) saet(svar []Svar) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.naest, s.valgt = append([]Svar(nil), svar...), nil
}

// vaelg is the answer to the next attempt. One of an earlier run is no part of the plan.
func (s *svarplan) vaelg(m *Modtaget, gammel bool) Svar {
	s.mu.Lock()
	defer s.mu.Unlock()
	objekt := m.en("objektID")
	switch {
	case gammel:
		return Tag
	case s.holdt[objekt]:
		return Midlertidig
	}
	v := af(&s.naest)
	if v != Hold {
		return v
	}
	if objekt != "" {
		if s.holdt == nil {
			s.holdt = map[string]bool{}
		}
		s.holdt[objekt] = true
	}
	return Midlertidig
}

// slip lets go what was held; false where nothing was.
func (s *svarplan) slip() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	noget := len(s.holdt) > 0
	s.holdt = nil
	return noget
}

// publiceret chooses the answer as the product publishes; udleveret is the same answer as the besked comes out of the queue.
func (s *svarplan) publiceret(gammel bool) Svar {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := Tag
	if !gammel {
		v = af(&s.naest)
	}
	s.valgt = append(s.valgt, v)
	return v
}

func (s *svarplan) udleveret() Svar {
	s.mu.Lock()
	defer s.mu.Unlock()
	return af(&s.valgt)
}

func af(l *[]Svar) Svar {
	if len(*l) == 0 {
		return Tag
	}
	v := (*l)[0]
	*l = (*l)[1:]
	return v
}

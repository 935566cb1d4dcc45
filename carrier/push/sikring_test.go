package push

import (
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
)

// proevesikring is a breaker on a clock of the test's own.
type proevesikring struct {
	*testing.T
	*sikring
	nu       time.Time
	afbrudte int
}

func nyProevesikring(t *testing.T) *proevesikring {
	return &proevesikring{T: t, sikring: nySikring(Options{}.medStandard()), nu: nuet}
}

// maaTage checks how many may be claimed now, and how long there is to the next look.
func (p *proevesikring) maaTage(vil int, om time.Duration) {
	p.Helper()
	n, fik, _ := p.plads(p.nu, func() { p.afbrudte++ })
	if n != vil || fik != om {
		p.Errorf("may take %d in %s, want %d in %s; %+v", n, fik, vil, om, p.laes())
	}
}

func (p *proevesikring) slut(l levering) { p.faerdig(p.nu, l) }

func (p *proevesikring) gaar(d time.Duration) { p.nu = p.nu.Add(d) }

var (
	nede     = levering{kaldt: true, udfald: mox.Udfald{Resultat: mox.ResMidlertidig, Tekst: "svar 503: 0101901234 er ukendt"}}
	tavs     = levering{kaldt: true, udfald: mox.Udfald{Resultat: mox.ResUkendt, Tekst: "intet svar"}}
	forkert  = levering{kaldt: true, status: 401, udfald: mox.Udfald{Resultat: mox.ResFejlet}}
	nedlagt  = levering{kaldt: true, status: 410, udfald: mox.Udfald{Resultat: mox.ResAfvist}}
	afvist   = levering{kaldt: true, status: 409, udfald: mox.Udfald{Resultat: mox.ResAfvist}}
	taget    = levering{kaldt: true, status: 204, udfald: mox.Udfald{Resultat: mox.ResAccepteret}}
	ulaeslig = levering{udfald: mox.Udfald{Resultat: mox.ResFejlet}}
)

func TestSikringenAabnerVedDenFemteFejlIRaekken(t *testing.T) {
	t.Parallel()
	p := nyProevesikring(t)
	for i, l := range []levering{nede, tavs, forkert, nedlagt, ulaeslig} {
		p.maaTage(4, 0)
		p.begynd(1)
		p.slut(l)
		if fik := p.laes(); fik.Aaben || fik.Fejl != min(i+1, 4) {
			t.Errorf("after %d: %+v", i, fik)
		}
	}
	p.maaTage(4, 0)
	p.begynd(1)
	p.slut(nede)
	s := p.laes()
	if !s.Aaben || s.Fejl != 5 || !s.Naeste.Equal(p.nu.Add(time.Second)) || p.afbrudte != 1 {
		t.Errorf("%+v, %d claims given up", s, p.afbrudte)
	}
	if !strings.Contains(s.Sidst, "svar 503") || strings.Contains(s.Sidst, "0101901234") {
		t.Errorf("%q", s.Sidst)
	}
}

func TestEnLeveringEllerEnAfvisningNulstillerTaellingen(t *testing.T) {
	t.Parallel()
	for _, god := range []levering{taget, afvist} {
		p := nyProevesikring(t)
		for _, l := range []levering{nede, nede, nede, nede, god, nede, nede, nede, nede} {
			p.maaTage(4, 0)
			p.begynd(1)
			p.slut(l)
		}
		if s := p.laes(); s.Aaben || s.Fejl != 4 {
			t.Errorf("%+v", s)
		}
	}
}

// aabn makes it open.
func (p *proevesikring) aabn() {
	p.maaTage(4, 0)
	p.begynd(4)
	for range 4 {
		p.slut(nede)
	}
	p.maaTage(4, 0)
	p.begynd(1)
	p.slut(nede)
}

func TestEnAabenSikringProeverEnAdGangenMedVoksendeVentetid(t *testing.T) {
	t.Parallel()
	p := nyProevesikring(t)
	p.aabn()
	for _, vent := range []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300} {
		p.maaTage(0, vent*time.Second)
		p.gaar(vent*time.Second - 1)
		p.maaTage(0, 1)
		p.gaar(1)
		p.maaTage(1, 0)
		p.begynd(1)
		p.maaTage(0, 0) // one at a time
		p.slut(tavs)
	}
	p.gaar(5 * time.Minute)
	p.maaTage(1, 0)
	p.begynd(1)
	p.slut(taget)
	p.maaTage(4, 0)
	if s := p.laes(); s != (Stand{}) {
		t.Errorf("after a success: %+v", s)
	}
	p.aabn()
	p.maaTage(0, time.Second) // from the beginning
}

func TestKaldFraFoerSikringenAabnede(t *testing.T) {
	t.Parallel()
	p := nyProevesikring(t)
	for range 3 {
		p.begynd(1)
		p.slut(nede)
	}
	p.begynd(4)
	p.slut(nede)
	p.slut(nede) // opens
	p.gaar(10 * time.Second)
	p.maaTage(0, 0) // two are still in flight
	p.slut(tavs)
	p.slut(tavs)
	p.maaTage(0, time.Second) // they were no trials: the wait has not grown
	p.gaar(time.Second)
	p.maaTage(1, 0)
	p.begynd(1)
	p.slut(ulaeslig) // has told nothing about the receiver
	p.maaTage(1, 0)
	p.begynd(1)
	p.slut(nede)
	p.maaTage(0, 2*time.Second)
}

func TestEnGammelLeveringLukkerEnAabenSikring(t *testing.T) {
	t.Parallel()
	p := nyProevesikring(t)
	p.begynd(1)
	for range 5 {
		p.begynd(1)
		p.slut(nede)
	}
	p.maaTage(0, 0)
	p.slut(taget)
	p.maaTage(4, 0)
}

func TestRetryAfterGaelderHeleModtageren(t *testing.T) {
	t.Parallel()
	p := nyProevesikring(t)
	p.maaTage(4, 0)
	p.begynd(2)
	travl := nede
	travl.udfald.Efter = time.Minute
	p.slut(travl)
	if p.afbrudte != 1 {
		t.Error("the waiting claim goes on")
	}
	p.maaTage(0, time.Minute)
	p.slut(taget) // was begun before; the receiver has still asked us to wait
	p.maaTage(0, time.Minute)
	p.gaar(time.Minute)
	p.maaTage(4, 0)
	if p.laes().Aaben {
		t.Error("open after one failure")
	}
	p.aabn()
	p.gaar(time.Second)
	p.maaTage(1, 0)
	p.begynd(1)
	p.slut(travl)
	p.maaTage(0, time.Minute) // longer than the breaker's own two seconds
}

func TestEnAndenModtagerBegynderForfra(t *testing.T) {
	t.Parallel()
	p := nyProevesikring(t)
	p.aabn()
	_, _, aendret := p.plads(p.nu, func() {})
	p.nulstil()
	<-aendret // whoever waited looks again
	p.maaTage(4, 0)
	if s := p.laes(); s != (Stand{}) {
		t.Errorf("%+v", s)
	}
}

package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/moxkit/mox"
)

// hits is how many of the abonnementer want the besked, however many there are.
const hits = 10

// mangeAbonnementer are antal abonnementer of the kinds that municipalities have, of which ten want tusind.
func mangeAbonnementer(antal int) ([]mox.Abonnement, error) {
	ud := make([]mox.Abonnement, 0, antal)
	for i := range antal {
		a, b := 30+i%60, i/60
		kilde := []map[string]any{
			{"objekttype": "Sag", "opgaveemne": fmt.Sprintf("%02d.%02d.*", a, b)},
			{"objekttype": "Dokument", "opgaveemne": fmt.Sprintf("%02d.%02d.01", a, b)},
			{"objekttype": "Sag", "livscykluskode": []any{"Opstaaet", "Rettet"}, "myndighed": fmt.Sprintf("urn:oio:cvr:5%03d%04d", a, b)},
			{"procesID": fmt.Sprintf("proces-%d-%d", a, b)},
			{"kildesystem": fmt.Sprintf("system %d-%d", a, b), "objekttype": "Sag"},
		}[i%5]
		if i < hits {
			kilde = []map[string]any{{"objekttype": "Sag", "opgaveemne": "02.34.*"}, {"kildesystem": system}}[i%2]
		}
		f, err := filter(kilde)
		if err != nil {
			return nil, err
		}
		ud = append(ud, mox.Abonnement{ID: mox.AbonnementID(fmt.Sprintf("abonnement-%05d", i)), Filter: f})
	}
	return ud, nil
}

// match finds ten hits among 500 and among 10,000 abonnementer; and again with a hundred more that ask for a person in one of
// ten lists, which have a thousand values or a million: the time is not to grow with either. Raw is the same ten filters
// asked without looking for them.
func match(_ context.Context, k *koersel) error {
	for _, antal := range []int{500, 10_000} {
		abonnementer, err := mangeAbonnementer(antal)
		if err != nil {
			return err
		}
		if err := k.find("match", antal, abonnementer, nil); err != nil {
			return err
		}
	}
	abonnementer, err := medListe()
	if err != nil {
		return err
	}
	for _, antal := range []int{1000, 1_000_000} {
		if err := k.find("match.lister", antal, abonnementer, nyListe(antal)); err != nil {
			return err
		}
	}
	return nil
}

func (k *koersel) find(navn string, stoerrelse int, abonnementer []mox.Abonnement, lister mox.Lister) error {
	b, err := tusind()
	if err != nil {
		return err
	}
	b = b.MedStandard()
	b.Opgaveemne = "02.34.02"
	b.Relateret = []mox.Relateret{{Rolle: "primaerpart", ID: "urn:oio:cpr-nr:1999999999"}} // nobody: there is no 19th of a 99th month
	m := mox.NyMatcher(abonnementer)
	if lister != nil {
		m = m.Med(lister)
	}
	if n := len(m.Match(&b)); n != hits {
		return fmt.Errorf("bench: %d hits among %d, not %d", n, len(abonnementer), hits)
	}
	k.Sig(navn)
	return k.regn(navn, stoerrelse, func() { m.Match(&b) }, func() {
		meta := b.Metadata()
		for i := range hits {
			_ = abonnementer[i].Filter.Match(meta)
		}
	})
}

// storliste are lists whose look-up costs what a map's does.
type storliste map[string]map[string]struct{}

func (s storliste) Har(liste, vaerdi string) (ja, kendt bool) {
	v, kendt := s[liste]
	_, ja = v[vaerdi]
	return ja, kendt
}

const lister = 10

func listenavn(nr int) string { return fmt.Sprintf("liste%d", nr%lister) }

// nyListe are ten lists, of which the first has so many values.
func nyListe(antal int) storliste {
	ud := storliste{}
	for i := range lister {
		ud[listenavn(i)] = map[string]struct{}{}
	}
	for i := range antal {
		ud[listenavn(0)][fmt.Sprintf("urn:oio:cpr-nr:%010d", 2_000_000_000+i)] = struct{}{}
	}
	return ud
}

func medListe() ([]mox.Abonnement, error) {
	ud, err := mangeAbonnementer(10_000)
	if err != nil {
		return nil, err
	}
	for i := range 100 {
		f, err := filter(map[string]any{"objekttype": "Sag", "relateret.primaerpart": map[string]any{"liste": listenavn(i)}})
		if err != nil {
			return nil, err
		}
		ud = append(ud, mox.Abonnement{ID: mox.AbonnementID(fmt.Sprintf("liste-%05d", i)), Filter: f})
	}
	return ud, nil
}

// regnOmgang is how many calls are timed together where one is too short for the clock.
const regnOmgang = 100

// regn measures what only computes.
func (k *koersel) regn(navn string, stoerrelse int, vores, deres func()) error {
	l := &loeb{navn: navn, stoerrelse: stoerrelse}
	for l.vores+l.deres < k.Varighed {
		v, d := tag100(vores), tag100(deres)
		l.vores, l.deres, l.antal, l.tider = l.vores+v, l.deres+d, l.antal+regnOmgang, append(l.tider, v/regnOmgang)
	}
	return k.fortael(l)
}

func tag100(f func()) time.Duration {
	start := time.Now()
	for range regnOmgang {
		f()
	}
	return time.Since(start)
}

package snitflade

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// koerAfsender takes the steps with a product that sends.
func (k *koersel) koerAfsender(ctx context.Context, f *forloeb) {
	k.bakke.toem()
	f.start = time.Now()
	fra := len(k.ind.haendelser(0))
	objektID, borte := "", false
	for n := range f.trin {
		t := &f.trin[n]
		k.bakke.nytTrin(n + 1)
		k.ind.plan().saet(t.Svar)
		foer, _ := k.ind.forgaeves()
		if err := k.trin(ctx, t, &objektID, f); err != nil {
			f.stoppet = err
			break
		}
		switch t.Goer {
		case goerNede, goerUdenKoe, goerOppe, goerMedKoe:
			borte = t.Goer == goerNede || t.Goer == goerUdenKoe
		default:
			if borte {
				k.ventForgaeves(ctx, foer)
			}
		}
		if !k.venter(ctx, t, n+1) {
			f.mangler[n+1] = fmt.Sprintf("Efter trin %d (%s) kom der ikke %d %s inden for %s", n+1, t.Goer, t.antal(), flertal(t.antal(), "besked", "beskeder"), k.p.frist)
			break // what is built on it has nothing to stand on
		}
		if objektID == "" {
			objektID = sidsteObjekt(k.bakke.alle())
		}
	}
	k.bakke.vent(ctx, k.p.ro, func([]*Modtaget) bool { return false })
	k.genopret(ctx, f)
	f.set, f.haendelser = k.bakke.alle(), k.ind.haendelser(fra)
}

// ventForgaeves waits until the product has tried in vain: what it does about that is what is tested. One that takes long to try is
// not waited for.
func (k *koersel) ventForgaeves(ctx context.Context, foer int) {
	ctx, stop := context.WithTimeout(ctx, k.p.frist)
	defer stop()
	for {
		n, aendret := k.ind.forgaeves()
		if n > foer {
			return
		}
		select {
		case <-aendret:
		case <-ctx.Done():
			return
		}
	}
}

func flertal(n int, en, flere string) string {
	if n == 1 {
		return en
	}
	return flere
}

// trin does what one step says.
func (k *koersel) trin(ctx context.Context, t *Trin, objektID *string, f *forloeb) error {
	switch t.Goer {
	case goerNede, goerOppe:
		return k.ind.nede(t.Goer == goerNede)
	case goerUdenKoe, goerMedKoe:
		return k.ind.koe(t.Goer == goerUdenKoe)
	}
	if strings.HasPrefix(t.Goer, "opret") {
		*objektID = ""
	}
	id, err := k.stimulus(ctx, t.Goer, map[string]string{"objektID": *objektID, "kendetegn": f.kendetegn, "cpr": f.cpr})
	if id != "" {
		*objektID = id
	}
	return err
}

// venter waits for what the step is to bring: so many beskeder that have had their last answer.
func (k *koersel) venter(ctx context.Context, t *Trin, nr int) bool {
	antal := t.antal()
	if t.Antal == nil && slices.Contains(goerord(), t.Goer) {
		antal = 0
	}
	if antal == 0 && len(t.Svar) > 0 {
		return k.bakke.vent(ctx, k.p.frist, func(set []*Modtaget) bool {
			return slices.ContainsFunc(set, func(m *Modtaget) bool { return m.Trin == nr })
		})
	}
	if antal == 0 {
		return true
	}
	nyt := strings.HasPrefix(t.Goer, "opret")
	return k.bakke.vent(ctx, k.p.frist, func(set []*Modtaget) bool { return len(besvarede(set, nr, nyt)) >= antal })
}

// besvarede are the beskeder of a step that have had an answer after which nothing more is to come. Of a step that makes a new
// objekt they are those about it: what comes late of an earlier step is not what is waited for.
func besvarede(set []*Modtaget, trin int, nyt bool) []*Modtaget {
	var ud []*Modtaget
	for _, m := range set {
		kendt := slices.ContainsFunc(set, func(x *Modtaget) bool {
			return x.Trin < trin && x.en("objektID") != "" && x.en("objektID") == m.en("objektID")
		})
		if m.Trin == trin && (m.Svar == Tag || m.Svar == Afvis || m.Svar == Andetsteds) && !(nyt && kendt) {
			ud = append(ud, m)
		}
	}
	return forskellige(ud)
}

// genopret leaves the way in as it was found.
func (k *koersel) genopret(ctx context.Context, f *forloeb) {
	k.ind.plan().saet(nil)
	if k.ind.plan().slip() || len(f.mangler) == 0 && f.stoppet == nil {
		k.bakke.vent(ctx, k.p.frist, alleBesvaret)
	}
	for n := range f.trin {
		var err error
		switch f.trin[n].Goer {
		case goerNede:
			err = k.ind.nede(false)
		case goerUdenKoe:
			if !slices.ContainsFunc(f.trin, func(t Trin) bool { return t.Goer == goerMedKoe }) || f.stoppet != nil || len(f.mangler) > 0 {
				err = k.ind.koe(false)
			}
		}
		if err != nil && !errors.Is(err, errKanIkke) {
			f.stoppet = err
		}
	}
}

// alleBesvaret reports whether no besked waits for a new attempt.
func alleBesvaret(set []*Modtaget) bool {
	venter := map[string]bool{}
	for _, m := range set {
		venter[m.haendelse()] = m.Svar != Tag && m.Svar != Afvis && m.Svar != Andetsteds
	}
	for _, ja := range venter {
		if ja {
			return false
		}
	}
	return true
}

func sidsteObjekt(set []*Modtaget) string {
	for i := len(set) - 1; i >= 0; i-- {
		if id := set[i].en("objektID"); id != "" {
			return id
		}
	}
	return ""
}

// afTrin are the attempts of a step; of all when it is 0.
func (f *forloeb) afTrin(nr int) (ud []*Modtaget) {
	for _, m := range f.set {
		if nr == 0 || m.Trin == nr {
			ud = append(ud, m)
		}
	}
	return ud
}

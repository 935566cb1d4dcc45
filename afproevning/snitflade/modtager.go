package snitflade

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/service"
)

func (k *koersel) aabnModtager(ctx context.Context) error {
	k.foerste = time.Now().Add(-time.Hour).UTC().Truncate(time.Second) // a receiver may refuse what has not happened yet
	if k.p.Carrier == HTTP {
		u, err := nyUdHTTP(k.p, k.klient)
		if err != nil {
			return err
		}
		k.ud = u
		return k.aabnKvitteringer(ctx)
	}
	u, err := nyUdAMQP(ctx, k.p, k.o.Lytter)
	if err != nil {
		return err
	}
	k.ud = u
	if err := u.ventForbruger(ctx); err != nil {
		return err
	}
	return k.aabnKvitteringer(ctx)
}

// aabnKvitteringer opens the way that the receiver's Kvitteringer come by, over HTTP or AMQP.
func (k *koersel) aabnKvitteringer(ctx context.Context) error {
	v := k.p.Kvitteringer
	switch {
	case v == nil:
		return nil
	case v.Lyt != "" || k.o.KvitteringsLytter != nil:
		i, err := nyIndHTTP(ctx, v.Lyt, k.bakke, k.o.KvitteringsLytter)
		if err == nil {
			k.ind = i
		}
		return err
	}
	i, err := nyIndAMQP(ctx, k.p, k.bakke, *v, nil, false)
	if err == nil {
		k.ind = i
	}
	return err
}

// koerModtager takes the steps with a product that receives.
func (k *koersel) koerModtager(ctx context.Context, f *forloeb, p *Proeve) {
	f.start = time.Now()
	f.spoerg = func(beskedID, objektID string) (effekt, error) { return k.effekt(ctx, beskedID, objektID) }
	f.pause = func() bool { return service.Wait(ctx, mellemForsoeg) }
	e := &etiketter{besked: map[string]mox.Besked{}, objekt: map[string]mox.ObjektID{}}
	for n := range p.Trin {
		t := &p.Trin[n]
		var err error
		if t.Send != nil {
			err = k.sendTrin(ctx, f, t.Send, e)
		} else {
			_, err = k.stimulus(ctx, t.Goer, map[string]string{})
		}
		if err != nil {
			f.stoppet = err
			return
		}
	}
	for _, s := range f.sendte {
		if s.Send.UdenDom {
			s.svar = k.ud.vent(ctx, s)
		}
	}
	if k.ind != nil {
		k.samlKvitteringer(ctx, f, p)
	}
}

// sendTrin sends what one step says.
func (k *koersel) sendTrin(ctx context.Context, f *forloeb, s *Send, e *etiketter) error {
	for range max(s.Antal, 1) {
		form := s.Form
		if form == "" {
			form = k.p.Former[0]
		}
		if form == Kuvert && !k.p.harForm(Kuvert) {
			form = ModtagBesked
		}
		b := k.grundbesked(s, e)
		p, err := pak(form, &b, s.medTid(&b))
		if err != nil {
			return err
		}
		x := &sendt{Send: s, beskedID: string(b.ID), objektID: string(b.ObjektID), korrelation: mox.NyUUID()}
		f.sendte = append(f.sendte, x)
		if x.svar, err = k.ud.send(ctx, p, x); err != nil {
			return err
		}
		k.domMedKvittering(ctx, x)
		if s.Maal {
			x.effekt, x.effektFejl = k.effekt(ctx, x.beskedID, x.objektID)
		}
	}
	return nil
}

// domMedKvittering lets a Kvittering decide, where the profile says the product answers so.
func (k *koersel) domMedKvittering(ctx context.Context, x *sendt) {
	s := &x.svar
	if k.p.Svar != "kvittering" || s.dom != DomModtaget || x.Send.UdenDom || x.Send.Saet["beskedtype"] == mox.TypeKvittering {
		return
	}
	k.bakke.vent(ctx, k.p.frist, func(set []*Modtaget) bool { return len(kvitteringerFor(set, x.beskedID, forretning())) > 0 })
	for _, m := range kvitteringerFor(k.bakke.alle(), x.beskedID, forretning()) {
		s.kode, s.tekst, s.raa, s.svarede = m.en("handling"), begrundelse(m), string(m.Indhold), true
		if m.en("handling") != string(mox.KvitAccepteret) {
			s.dom = DomAfvist
		}
	}
}

// forretning are the handlinger of a receiver's own Kvittering.
func forretning() []string {
	return []string{string(mox.KvitAccepteret), string(mox.KvitAfvist), string(mox.KvitFejlet)}
}

// samlKvitteringer waits for the Kvitteringer that a case looks for.
func (k *koersel) samlKvitteringer(ctx context.Context, f *forloeb, p *Proeve) {
	for i := range p.Forvent {
		for _, x := range f.sendte {
			if strings.HasPrefix(p.Forvent[i].Tjek, "kvittering") && x.Send.Besked == p.Forvent[i].Besked {
				k.bakke.vent(ctx, k.p.frist, func(set []*Modtaget) bool { return len(kvitteringerFor(set, x.beskedID, forretning())) > 0 })
			}
		}
	}
	k.bakke.vent(ctx, k.p.ro, func([]*Modtaget) bool { return false })
	f.kvittering = k.bakke.alle()
}

func (p *Profil) harForm(f Form) bool { return slices.Contains(p.Former, f) }

// errEffekt is an effect that could not be asked for.
var errEffekt = errors.New("profilen har ingen effekt, så virkningen kan ikke ses")

// ventEffekt asks for the effect until ja says yes, or the time is up. What the product answered last comes back.
func (f *forloeb) ventEffekt(s *sendt, ja func(effekt) (bool, bool)) (effekt, bool, error) {
	if f.p.Effekt == nil {
		return effekt{}, false, errEffekt
	}
	slut := time.Now().Add(f.p.frist)
	for {
		e, err := f.spoerg(s.beskedID, s.objektID)
		if err != nil {
			return e, false, err
		}
		godt, endeligt := ja(e)
		if godt || endeligt || time.Now().After(slut) || !f.pause() {
			return e, godt, nil
		}
	}
}

package afproevning

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/console/drift"
	"github.com/moxkit/mox/store"
)

// Rettelse is what a person did about something that waited for one.
type Rettelse struct {
	Tid         time.Time         `json:"tid"`
	Fejl        int64             `json:"fejl"`
	Kode        string            `json:"kode"`
	Ansvar      string            `json:"ansvar"`
	Tekst       string            `json:"tekst"`
	System      string            `json:"system"`
	Goer        string            `json:"goer"`
	Felter      map[string]string `json:"felter,omitempty"`
	Begrundelse string            `json:"begrundelse"`
	NyBesked    mox.BeskedID      `json:"ny_besked,omitempty"`
}

// vaelger reports whether the Fejl is one that is meant.
func (v *Fejlvalg) vaelger(f drift.Fejl) bool {
	abonnement := mox.AbonnementID("")
	if f.Detaljer != nil {
		abonnement = f.Detaljer.Abonnement
	}
	return (v.Kode == "" || v.Kode == f.Kode) && (v.Abonnement == "" || v.Abonnement == abonnement) && (v.Kilde == "" || v.Kilde == f.Kilde)
}

// ret lets a person act on what the trial says they do something about.
func (k *koersel) ret(ctx context.Context, s *RettelseSpec) error {
	i := k.installation(s.Installation)
	alle, err := i.fejl(ctx)
	if err != nil {
		return err
	}
	for _, f := range alle {
		if err := i.kald(ctx, http.MethodGet, fmt.Sprintf("fejl/%d", f.ID), nil, &f); err != nil {
			return err
		}
		if !s.Fejl.vaelger(f) {
			continue
		}
		r := Rettelse{Tid: time.Now(), Fejl: f.ID, Kode: f.Kode, Ansvar: string(f.Ansvar), Tekst: f.Tekst, System: f.System, Goer: s.Goer, Felter: s.Felter, Begrundelse: s.Begrundelse}
		if err := k.goer(ctx, i, s, f, &r); err != nil {
			return fmt.Errorf("fejl %d kunne ikke rettes (%s): %w", f.ID, s.Goer, err)
		}
		k.bevis.Rettelser = append(k.bevis.Rettelser, r)
	}
	return nil
}

func (k *koersel) goer(ctx context.Context, i *installation, s *RettelseSpec, f drift.Fejl, r *Rettelse) error {
	sti := fmt.Sprintf("fejl/%d/", f.ID)
	switch s.Goer {
	case goerRet:
		var ud drift.Rettet
		err := i.kald(ctx, http.MethodPost, sti+"ret-og-send", drift.Ret{Rettelser: s.Felter, Begrundelse: s.Begrundelse}, &ud)
		r.NyBesked = ud.BeskedID
		return err
	case goerGensend, goerLuk:
		return i.kald(ctx, http.MethodPost, "fejl/"+s.Goer, drift.Gruppe{Udvalg: &store.Udvalg{Fejl: []int64{f.ID}}, Begrundelse: s.Begrundelse}, nil)
	}
	if s.Spoerg == nil {
		return errors.New("rettelsen siger ikke, hvor der ses efter")
	}
	var ind drift.Indhold
	if err := i.kald(ctx, http.MethodPost, sti+"indhold", drift.Begrundelse{Begrundelse: "ser efter i systemet"}, &ind); err != nil {
		return err
	}
	if s.Goer == goerPost {
		return k.retPost(ctx, i, s, sti, ind)
	}
	return k.afgoer(ctx, i, s, sti, ind, r)
}

// retPost lets a person look the record up in the system, and write it as it should have come.
func (k *koersel) retPost(ctx context.Context, i *installation, s *RettelseSpec, sti string, ind drift.Indhold) error {
	noegle, _, _ := strings.Cut(ind.Raa, ";")
	fundet, err := k.spoerger.raekker(ctx, *s.Spoerg, strings.TrimSpace(noegle))
	if err != nil {
		return err
	}
	if len(fundet) != 1 {
		return fmt.Errorf("posten %q findes %d gange i systemet", mox.Maskeret(noegle), len(fundet))
	}
	return i.kald(ctx, http.MethodPost, sti+"ret-og-send", drift.Ret{Raa: fundet[0].vaerdier["RAA"], Begrundelse: s.Begrundelse}, nil)
}

// afgoer lets a person look in the system itself whether an uncertain effect happened, and answer.
func (k *koersel) afgoer(ctx context.Context, i *installation, s *RettelseSpec, sti string, ind drift.Indhold, r *Rettelse) error {
	args := make([]any, len(s.Parametre))
	for n, p := range s.Parametre {
		args[n] = ind.Vaerdier[p]
	}
	fundet, err := k.spoerger.raekker(ctx, *s.Spoerg, args...)
	if err != nil {
		return err
	}
	if len(fundet) == 0 {
		r.Goer = "skete ikke"
		return i.kald(ctx, http.MethodPost, sti+"skete-ikke", drift.Begrundelse{Begrundelse: s.Begrundelse}, nil)
	}
	r.Goer, r.Felter = "skete", fundet[0].vaerdier
	return i.kald(ctx, http.MethodPost, sti+"skete", drift.Skete{Felter: r.Felter, Begrundelse: s.Begrundelse}, nil)
}

package app

import (
	"context"
	"strings"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/agent"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/report"
	"github.com/moxkit/mox/store"
)

// agenter lets the console reach the agents that can map again. It is what the console sees of them.
type agenter struct{ a *App }

// RetPost maps a record that a person has corrected, and takes it in where the broken one stood.
func (g agenter) RetPost(ctx context.Context, fejlID int64, raa string, h distributor.Hvem) error {
	u, err := g.a.distributor.FindOpgave(ctx, fejlID)
	if err != nil {
		return err
	}
	if u.Fejl.Art != store.FejlPost {
		return mox.E("ret-og-send", mox.KodeKonflikt, "fejl %d er ikke om en post", fejlID)
	}
	navn, kilde, _ := strings.Cut(u.Fejl.Kilde, "/")
	ag, err := g.find(navn)
	if err != nil {
		return err
	}
	i, err := ag.Ret(ctx, kilde, []byte(raa), u.Fejl.Sted)
	if err != nil {
		return err
	}
	_, err = g.a.distributor.RetPost(ctx, fejlID, i, h)
	return err
}

// Skete answers that an uncertain effect did happen, with what the system answered as far as a person knows it.
func (g agenter) Skete(ctx context.Context, fejlID int64, felter map[string]string, h distributor.Hvem) error {
	w, ag, err := g.uvist(ctx, fejlID)
	if err != nil {
		return err
	}
	f, err := ag.Skete(w.arbejde, w.abonnement, felter)
	if err != nil {
		return err
	}
	return g.a.distributor.Skete(ctx, fejlID, h, f)
}

// SvarFelter are the answer's fields that a person is asked for.
func (g agenter) SvarFelter(ctx context.Context, fejlID int64) ([]string, error) {
	w, ag, err := g.uvist(ctx, fejlID)
	if err != nil {
		return nil, err
	}
	return ag.SvarFelter(w.abonnement), nil
}

type uvist struct {
	arbejde    distributor.Arbejde
	abonnement mox.AbonnementID
}

func (g agenter) uvist(ctx context.Context, fejlID int64) (uvist, *agent.Agent, error) {
	u, err := g.a.distributor.FindOpgave(ctx, fejlID)
	if err != nil {
		return uvist{}, nil, err
	}
	l := u.Opgave.Leverance
	navn, _, _ := strings.Cut(string(l.Abonnement), ".")
	ag, err := g.find(navn)
	if err != nil {
		return uvist{}, nil, err
	}
	w, err := g.a.distributor.Arbejde(ctx, u.Opgave)
	return uvist{w, l.Abonnement}, ag, err
}

func (g agenter) find(navn string) (*agent.Agent, error) {
	for _, ag := range g.a.agenter {
		if ag.Spec().Agent == navn {
			return ag, nil
		}
	}
	return nil, mox.E("agent", mox.KodeIkkeFundet, "agenten %q kører ikke i denne proces", navn).Med("ret det, hvor agenten kører, eller luk fejlen med en begrundelse")
}

// omfang counts the agents in their files, in the order they are set up.
func (a *App) omfang() (ud []report.Omfang) {
	for _, s := range a.specs {
		ud = append(ud, s.Omfang())
	}
	return ud
}

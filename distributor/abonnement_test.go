package distributor_test

import (
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/store"
)

// trukket is an abonnement that a system asks for.
func trukket(id string, med ...func(*mox.Abonnement)) mox.Abonnement {
	a := mox.Abonnement{ID: mox.AbonnementID(id), System: "esdh", Carrier: mox.CarrierPull}
	for _, f := range med {
		f(&a)
	}
	return a
}

func (p *proeve) opret(a mox.Abonnement) bool {
	p.Helper()
	ny, err := p.d.OpretAbonnement(p.Context(), a, false, person)
	p.maa(err)
	return ny
}

func TestEtOprettetAbonnementFaarBeskederFraNuAf(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("agent"))
		p.accept(besked())
		skift := p.d.Aendret()
		ens(p, "ny", p.opret(trukket("esdh.alt")), true)
		p.vaekket(skift)
		ens(p, "ny igen", p.opret(trukket("esdh.alt")), false)
		b := p.accept(besked())
		ens(p, "besked", p.en("esdh.alt").Besked.ID, b.BeskedID)

		p.maa(p.d.Store().Close())
		p = nyProeve(p.T, p.url)
		if a, ok := p.d.Abonnement("esdh.alt"); !ok || a.Plan != mox.StandardPlan() || !a.Gentages || a.Orden != mox.OrdenObjekt {
			p.Errorf("efter genstart: %+v", a)
		}
	})
}

func TestAbonnementetsNavnErTaget(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("agent"))
		p.opret(trukket("esdh.alt"))
		for _, x := range []struct {
			a    mox.Abonnement
			kode mox.Kode
		}{
			{trukket("agent"), mox.KodeKonflikt},
			{trukket("esdh.alt", hos("andre")), mox.KodeKonflikt},
			{trukket("esdh.alt", kunSager), mox.KodeKonflikt},
			{trukket("Ikke Et Navn"), mox.KodeUgyldig},
		} {
			_, err := p.d.OpretAbonnement(p.Context(), x.a, false, person)
			p.kode(err, x.kode)
		}
		_, err := p.d.OpretAbonnement(p.Context(), trukket("esdh.alt", kunSager), true, person)
		p.maa(err)
		a, _ := p.d.Abonnement("esdh.alt")
		if a.Filter.Kilde() == nil {
			p.Error("ændringen slog ikke igennem")
		}
	})
}

func TestEtLukketAbonnement(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.opret(trukket("esdh.alt"))
		b := p.accept(besked())
		p.afvist(p.en("esdh.alt"))
		p.kode(p.d.LukAbonnement(p.Context(), "esdh.alt", true, distributor.Hvem{Navn: "nn"}), mox.KodeUgyldig)
		p.kode(p.d.LukAbonnement(p.Context(), "esdh.alt", false, person), mox.KodeBekraeft)
		p.maa(p.d.LukAbonnement(p.Context(), "esdh.alt", true, person))
		p.kode(p.d.LukAbonnement(p.Context(), "esdh.alt", true, person), mox.KodeIkkeFundet)
		ens(p, "tilstand", p.leverancer(b.Nr)[0].Tilstand, mox.Annulleret)
		ens(p, "åbne fejl", len(p.fejl(store.Udvalg{})), 0)
		ens(p, "sendt til", len(p.accept(besked()).SendtTil), 0)
		ens(p, "ny", p.opret(trukket("esdh.alt", kunSager)), true) // the name may be used again by the same system
		ens(p, "sendt til", len(p.accept(besked()).SendtTil), 1)
	})
}

// TestEnAndenProcesSerAbonnementet that was made in this one.
func TestEnAndenProcesSerAbonnementet(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		if !p.paaPostgres() {
			p.Skip("SQLite has one process")
		}
		anden := nyProeve(p.T, p.url)
		skift := anden.d.Aendret()
		go func() { _ = anden.d.Run(p.Context()) }()
		p.opret(trukket("esdh.alt"))
		p.vaekket(skift)
		ens(p, "sendt til", len(anden.accept(besked()).SendtTil), 1)
	})
}

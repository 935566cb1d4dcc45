package distributor_test

import (
	"testing"

	"github.com/moxkit/mox"
)

// TestForklaringenGenberegnes from the configuration that the besked was matched with, also when that has changed since.
func TestForklaringenGenberegnes(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		kvit := ab("kvit", hos("byggesag"), omKvitteringer)
		p.konfigurer(ab("esdh", kunHvor(map[string]any{"opgaveemne": "02.*"})), ab("andet", kunHvor(map[string]any{"opgaveemne": "27.*"})), ab("eget", hos("byggesag")),
			ab("myndighed", func(a *mox.Abonnement) { a.Modtager = "urn:oio:cvr-nr:29189803" }), kvit)
		b := p.accept(besked(func(b *mox.Besked) {
			b.Opgaveemne, b.TilladtModtager = "02.34.02", []string{"urn:oio:cvr-nr:11111111"}
		}))
		aaben := p.accept(besked(func(b *mox.Besked) { b.Opgaveemne = "02.34.02" }))
		p.konfigurer(ab("esdh", kunHvor(map[string]any{"opgaveemne": "27.*"})), ab("ny"))
		for _, x := range []struct {
			id         mox.BeskedID
			abonnement mox.AbonnementID
			fik        bool
			grund      string
		}{
			{aaben.BeskedID, "esdh", true, "filteret passer"},
			{aaben.BeskedID, "andet", false, "filteret passer ikke"},
			{aaben.BeskedID, "eget", false, "et system får ikke sine egne beskeder"},
			{aaben.BeskedID, "kvit", false, "filteret passer ikke"},
			{aaben.BeskedID, "ny", false, "abonnementet fandtes ikke, da beskeden blev modtaget"},
			{b.BeskedID, "myndighed", false, "modtagerens myndighed er ikke blandt beskedens tilladtmodtager"},
		} {
			l, err := p.d.Forklar(p.Context(), x.id, x.abonnement)
			p.maa(err)
			if len(l) != 1 || l[0].Fik != x.fik || l[0].Grund != x.grund || (l[0].Leveret != "") != x.fik {
				p.Errorf("%s: %+v", x.abonnement, l)
			}
		}
		_, err := p.d.Forklar(p.Context(), mox.BeskedID(mox.NyUUID()), "esdh")
		p.kode(err, mox.KodeIkkeFundet)
	})
}

// TestEtFilterHoldesModDerErKommet before anybody subscribes by it.
func TestEtFilterHoldesModDerErKommet(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		for i := range 15 {
			p.accept(besked(func(b *mox.Besked) { b.Opgaveemne = map[bool]string{true: "02.34.02", false: "27.00.00"}[i < 12] }))
		}
		f, err := p.d.ProevFilter(p.Context(), filter(map[string]any{"opgaveemne": "02.*"}), 14)
		p.maa(err)
		if f.Set != 14 || f.Passer != 11 || len(f.Eksempler) != 10 || f.Eksempler[0].Type != "Sag.Rettet" {
			p.Errorf("%+v", f)
		}
	})
}

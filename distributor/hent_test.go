package distributor_test

import (
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/store"
)

// TestGivTilbageErIntetForsoeg: a carrier that could not begin hands back as often as it likes, and the plan is not used up.
func TestGivTilbageErIntetForsoeg(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh", kunSager, func(a *mox.Abonnement) { a.Plan.Forsoeg = 1 }, uigentagelig))
		b := p.accept(besked())
		for range 3 {
			w := p.en("esdh")
			if w.Forsoeg != 1 || w.Usikker {
				p.Errorf("%+v", w)
			}
			p.d.GivTilbage(p.Context(), []distributor.Arbejde{w}, mox.Udfald{Kode: "koe_fuld", Tekst: "modtagerens kø er fuld"})
		}
		l := p.leverancer(b.Nr)[0]
		if l.Tilstand != mox.Udsat || l.Kode != "koe_fuld" || l.Forsoeg != 0 {
			p.Errorf("%+v", l)
		}
		p.laes(func(tx *store.Tx) error {
			f, err := tx.ForsoegAf(l.ID)
			ens(p, "forsøg", len(f), 0)
			return err
		})
		w := p.en("esdh")
		p.d.GivTilbage(p.Context(), []distributor.Arbejde{w}, mox.Udfald{Efter: time.Hour})
		p.ingen("esdh")
	})
}

package distributor_test

import (
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/store"
)

func overhalende(a *mox.Abonnement) { a.Overhal = true }

// TestEnNyereRegistreringOverhalerEnParkeret: the receiver gets the newer one, and what is said about the older is closed,
// with the reason. What does not say all that the older one said takes nobody's place.
func TestEnNyereRegistreringOverhalerEnParkeret(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		conformance.Proves(p.T, "oio 96")
		p.konfigurer(ab("hurtig", kunSager, overhalende), ab("streng", kunSager))
		hel := medIndhold(sag("Carport"))
		a := p.accept(besked(hel))
		p.afvist(p.en("hurtig"))
		p.afvist(p.en("streng"))
		ny := func(med ...func(*mox.Besked)) int64 { p.Helper(); return p.accept(besked(med...)).Nr }
		henvisning := ny() // no content
		andet := ny(hel, func(b *mox.Besked) { b.Kildesystem = "gis" })
		r := sag("Carport")
		r.FraTidspunkt = r.FraTidspunkt.Add(-time.Hour)
		aeldre := ny(medIndhold(r), func(b *mox.Besked) { b.Registreringstid = r.FraTidspunkt })
		p.staar(a.Nr, "hurtig.1 Parkeret", "streng.1 Parkeret")
		p.ingen("hurtig")
		nyere := ny(hel)
		p.staar(a.Nr, "hurtig.1 Annulleret", "streng.1 Parkeret")
		for _, nr := range []int64{henvisning, andet, aeldre, nyere} {
			w := p.en("hurtig")
			if l := p.leverancer(nr); l[0].ID != w.Leverance {
				p.Errorf("besked %d var ikke den næste", nr)
			}
			p.leveret(w)
		}
		p.ingen("streng")
		p.laes(func(tx *store.Tx) error {
			f, err := tx.FejlOm(p.leverancer(a.Nr)[0].ID)
			if len(f) != 1 || f[0].Aaben || f[0].LukketVed != "overhalet" || !strings.Contains(p.leverancer(a.Nr)[0].Aarsag, "nyere registrering") {
				p.Errorf("%+v", f)
			}
			return err
		})
	})
}

// TestDenDerParkeresMedEnNyereBagSig is overtaken at once.
func TestDenDerParkeresMedEnNyereBagSig(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("hurtig", kunSager, overhalende))
		hel := medIndhold(sag("Carport"))
		a := p.accept(besked(hel))
		w := p.en("hurtig")
		b := p.accept(besked(hel))
		ens(p, "den gamle", p.afslut(w, mox.Udfald{Resultat: mox.ResAfvist}).Tilstand, mox.Annulleret)
		p.staar(a.Nr, "hurtig.1 Annulleret")
		p.staar(b.Nr, "hurtig.1 Afventer")
		p.leveret(p.en("hurtig"))
		if f := p.fejl(store.Udvalg{}); len(f) != 0 {
			p.Errorf("%+v", f)
		}
	})
}

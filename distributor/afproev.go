package distributor

import (
	"context"
	"encoding/json"
	"math"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store"
)

// KanOprettes tells what [Distributor.OpretAbonnement] would do: "opret", "ret", or "" where nothing would change. It fails as
// that does, and changes nothing.
func (d *Distributor) KanOprettes(ctx context.Context, a mox.Abonnement, aendr bool) (hvad string, err error) {
	a = a.MedStandard()
	if err := d.maaOprettes(&a); err != nil {
		return "", err
	}
	a.Filter = mox.Pseudonym(d.store.Pseudonym).Filter(a.Filter)
	err = d.store.View(ctx, func(tx *store.Tx) (err error) {
		hvad, err = kanOprettes(tx, d.konfiguration(), &a, aendr)
		return err
	})
	return hvad, err
}

// Proevet is a stored besked held against an abonnement.
type Proevet struct {
	Besked store.Besked // without its content
	Nu     Forklaring   // by the abonnement, the lists and the agreements as they are now
	Da     string       // why it went otherwise when the besked came; "" = it did not
}

// AfproevAbonnement holds an abonnement, which need not be there, against the newest stored beskeder, at most antal. It asks
// all that decides who gets a besked: filter, value lists, tilladtmodtager and agreement.
func (d *Distributor) AfproevAbonnement(ctx context.Context, a mox.Abonnement, antal int) (ud []Proevet, err error) {
	a.Filter = mox.Pseudonym(d.store.Pseudonym).Filter(a.Filter)
	err = d.store.View(ctx, func(tx *store.Tx) error {
		ud = nil
		lister, err := gaeldende(tx, a.Filter)
		if err != nil {
			return err
		}
		nu := a
		nu.Filter = a.Filter.Med(lister)
		beskeder, err := tx.Beskeder(store.Beskedsoegning{Antal: antal})
		if err != nil {
			return err
		}
		for i := range beskeder {
			p, err := d.afproev(tx, &nu, &beskeder[i])
			if err != nil {
				return err
			}
			ud = append(ud, p)
		}
		return lister.err
	})
	return ud, err
}

func (d *Distributor) afproev(tx *store.Tx, a *mox.Abonnement, b *store.Besked) (p Proevet, err error) {
	p.Besked = *b
	p.Besked.Indhold = nil
	p.Nu = Forklaring{BeskedID: b.ID, Afsender: b.Afsender, Abonnement: a.ID, Grund: indholdSlettet}
	if p.Nu.Leveret, err = leveret(tx, b, a.ID); err != nil || b.ID == "" {
		return p, err
	}
	if glemt, err := erGlemt(tx, b); err != nil || glemt {
		return p, err
	}
	p.Nu.doem(a, d.Aftaler(), b, mox.Pseudonym(d.store.Pseudonym).Metadata(&b.Besked))
	if (p.Nu.Leveret != "") != p.Nu.Fik {
		da, err := forklar(tx, b, a.ID)
		p.Da = da.Grund
		return p, err
	}
	return p, nil
}

// Abonnementsudgave is an abonnement as it was from a time on.
type Abonnementsudgave struct {
	Version    int64 // of the configuration
	Fra        time.Time
	Abonnement mox.Abonnement
}

// How much of the configuration's past is looked through for one abonnement.
const (
	historikRows  = 20
	historikAntal = 500      // versions
	historikBytes = 32 << 20 // of their texts
)

// Udgaver are the different ways an abonnement has been set up, the newest first, as far as the newest 500 versions of the
// configuration tell.
func (d *Distributor) Udgaver(ctx context.Context, id mox.AbonnementID) (ud []Abonnementsudgave, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) error {
		ud = nil
		foer, bytes := int64(math.MaxInt64), 0
		for set := 0; set < historikAntal && bytes < historikBytes; {
			side, err := tx.Konfigurationer(foer, historikRows)
			if err != nil || len(side) == 0 {
				return err
			}
			for _, k := range side {
				a, ok, err := udgave(k, id)
				if err != nil {
					return err
				}
				if n := len(ud); ok && n > 0 && ens(ud[n-1].Abonnement, a.Abonnement) {
					ud[n-1] = a // the same, since earlier
				} else if ok {
					ud = append(ud, a)
				}
				bytes += len(k.Indhold)
				foer = k.Version
			}
			set += len(side)
		}
		return nil
	})
	return ud, err
}

// udgave finds the abonnement in a configuration; ok is false where it has none.
func udgave(k store.Konfigurationsversion, id mox.AbonnementID) (u Abonnementsudgave, ok bool, err error) {
	var g struct {
		Abonnementer []json.RawMessage `json:"abonnementer"`
	}
	if err := json.Unmarshal([]byte(k.Indhold), &g); err != nil {
		return u, false, err
	}
	for _, raa := range g.Abonnementer {
		var hvilket struct {
			ID mox.AbonnementID `json:"id"`
		}
		if err := json.Unmarshal(raa, &hvilket); err != nil {
			return u, false, err
		}
		if hvilket.ID == id {
			u.Version, u.Fra = k.Version, k.Oprettet
			return u, true, json.Unmarshal(raa, &u.Abonnement)
		}
	}
	return u, false, nil
}

package distributor

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store"
)

// Forklaring is why a besked was, or was not, given to an abonnement: recomputed from the configuration version that the
// besked was matched with.
type Forklaring struct {
	BeskedID      mox.BeskedID          `json:"beskedID"`
	Afsender      string                `json:"afsender"`
	Abonnement    mox.AbonnementID      `json:"abonnement"`
	Konfiguration int64                 `json:"konfiguration"`      // the version
	Leveret       mox.LeveranceTilstand `json:"levering,omitempty"` // how the newest leverance stands; "" = there is none
	Fik           bool                  `json:"fik"`                // the abonnement wanted it, and nothing stood in the way
	Grund         string                `json:"grund"`
	Betingelser   []mox.Betingelse      `json:"betingelser,omitempty"`
}

// Forklar recomputes, for each besked with the id, whether the abonnement was to have it, and why. [mox.KodeIkkeFundet]
// where there is no such besked.
func (d *Distributor) Forklar(ctx context.Context, id mox.BeskedID, abonnement mox.AbonnementID) (ud []Forklaring, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) error {
		ud = nil
		beskeder, err := tx.BeskederMedID(id)
		if err != nil {
			return err
		}
		if len(beskeder) == 0 {
			return mox.E("forklar", mox.KodeIkkeFundet, "der er ingen besked med id %q", mox.Maskeret(string(id))).Med("find den på siden Beskeder")
		}
		for i := range beskeder {
			f, err := forklar(tx, &beskeder[i], abonnement)
			if err != nil {
				return err
			}
			ud = append(ud, f)
		}
		return nil
	})
	return ud, err
}

// indholdSlettet is why nothing can be told of a besked.
const indholdSlettet = "beskedens indhold og metadata er slettet"

func forklar(tx *store.Tx, b *store.Besked, id mox.AbonnementID) (f Forklaring, err error) {
	f = Forklaring{BeskedID: b.ID, Afsender: b.Afsender, Abonnement: id, Konfiguration: b.Konfiguration}
	if f.Leveret, err = leveret(tx, b, id); err != nil {
		return f, err
	}
	a, aftaler, fandtes, err := abonnementI(tx, b.Konfiguration, id)
	if err != nil {
		return f, err
	}
	lister, err := nyFordum(tx, b.Konfiguration)
	if err != nil {
		return f, err
	}
	glemt, err := erGlemt(tx, b)
	if err != nil {
		return f, err
	}
	switch {
	case b.Type == mox.TypeSletning:
		f.Fik, f.Grund = f.Leveret != "", "en ordre om sletning går til dem, der har haft objektet, hvad deres filter end siger"
	case b.ID == "", glemt:
		f.Fik, f.Grund = f.Leveret != "", indholdSlettet
	case !fandtes && f.Leveret != "":
		f.Fik, f.Grund = true, "beskeden er efterleveret: abonnementet fik den fra loggen"
	case !fandtes:
		f.Grund = "abonnementet fandtes ikke, da beskeden blev modtaget"
	default:
		a.Filter = a.Filter.Med(lister)
		f.doem(&a, aftaler, b, mox.Pseudonym(tx.Store().Pseudonym).Metadata(&b.Besked))
		if !f.Fik && f.Leveret != "" && b.Type != mox.TypeKvittering {
			f.Fik, f.Grund = true, "da beskeden kom: "+f.Grund+"; siden har abonnementet fået den fra loggen eller af en person"
		}
	}
	return f, lister.err
}

// erGlemt reports whether a besked is about an objekt that has been erased, so that most of its metadata is away.
func erGlemt(tx *store.Tx, b *store.Besked) (glemt bool, err error) {
	if b.IndholdSlettet() {
		_, glemt, err = tx.Glemt(b.ObjektID)
	}
	return glemt, err
}

// leveret is how the newest leverance of a besked to an abonnement stands; "" = there is none.
func leveret(tx *store.Tx, b *store.Besked, id mox.AbonnementID) (ud mox.LeveranceTilstand, err error) {
	leverancer, err := tx.LeverancerAf(b.Nr)
	for _, l := range leverancer {
		if l.Abonnement == id {
			ud = l.Tilstand
		}
	}
	return ud, err
}

// doem asks what [konfiguration.modtagere] and the matcher ask, one after the other.
func (f *Forklaring) doem(a *mox.Abonnement, aftaler mox.Aftaler, b *store.Besked, meta map[string][]string) {
	var passer bool
	passer, f.Betingelser = a.Filter.Forklar(meta)
	nej := aftaler.MaaModtage(a.System, &b.Besked, b.Modtaget)
	switch {
	case b.Type == mox.TypeKvittering && f.Leveret == "":
		f.Grund = "en kvittering går kun til den, der sendte beskeden, den er om"
	case !passer && b.ErOmSelveLeveringen():
		f.Grund = "filteret skal nævne beskedtype " + b.Type + " for at få den"
	case !passer:
		f.Grund = "filteret passer ikke"
	case !a.MaaModtage(&b.Besked):
		f.Grund = "modtagerens myndighed er ikke blandt beskedens tilladtmodtager"
	case egen(a, b.Kildesystem, b.Afsender):
		f.Grund = "et system får ikke sine egne beskeder"
	case nej != "":
		f.Grund = nej
	default:
		f.Fik, f.Grund = true, "filteret passer"
	}
}

// abonnementI finds an abonnement as it was in a version of the configuration, and the agreements of that version.
func abonnementI(tx *store.Tx, version int64, id mox.AbonnementID) (a mox.Abonnement, _ mox.Aftaler, ok bool, err error) {
	tekst, ok, err := tx.Konfiguration(version)
	if err != nil || !ok {
		return a, nil, false, err
	}
	var k gemtKonfiguration
	if err := json.Unmarshal([]byte(tekst), &k); err != nil {
		return a, nil, false, err
	}
	i := slices.IndexFunc(k.Abonnementer, func(a mox.Abonnement) bool { return a.ID == id })
	if i < 0 {
		return a, nil, false, nil
	}
	return k.Abonnementer[i], k.Aftaler, true, nil
}

// Filterproeve is what a filter would have taken of the newest stored beskeder.
type Filterproeve struct {
	Set       int              `json:"set"`    // beskeder looked at
	Passer    int              `json:"passer"` // of them taken
	Eksempler []Filtereksempel `json:"eksempler,omitempty"`
}

// Filtereksempel is one that was taken.
type Filtereksempel struct {
	BeskedID mox.BeskedID `json:"beskedID"`
	Type     string       `json:"beskedtype"`
	ObjektID mox.ObjektID `json:"objektID"`
	Afsender string       `json:"afsender"`
}

// Limits on a trial.
const (
	MaksFilterproeve = 10_000
	maksEksempler    = 10
)

// ProevFilter holds a filter against the newest stored beskeder, at most antal.
func (d *Distributor) ProevFilter(ctx context.Context, f mox.Filter, antal int) (p Filterproeve, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) error {
		p = Filterproeve{}
		lister, err := gaeldende(tx, f)
		if err != nil {
			return err
		}
		f := f.Med(lister)
		beskeder, err := tx.Beskeder(store.Beskedsoegning{Antal: min(max(antal, 1), MaksFilterproeve)})
		for _, b := range beskeder {
			if b.IndholdSlettet() {
				continue // and the rest may be too
			}
			p.Set++
			if !f.Match(mox.Pseudonym(d.store.Pseudonym).Metadata(&b.Besked)) {
				continue
			}
			p.Passer++
			if len(p.Eksempler) < maksEksempler {
				p.Eksempler = append(p.Eksempler, Filtereksempel{b.ID, b.Type, b.ObjektID, b.Afsender})
			}
		}
		return errEller(err, lister.err)
	})
	return p, err
}

package distributor

import (
	"github.com/moxkit/mox"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/store"
)

// overhal gives up the parked leverance that a queue stands behind, as long as a newer full registrering of the same objekt
// waits in it: the receiver then gets that, and lacks nothing. Only for an abonnement that asks for it.
func (d *Distributor) overhal(tx *store.Tx, a *mox.Abonnement, orden string) error {
	if !a.Overhal || orden == "" {
		return nil
	}
	for {
		foran, ok, err := tx.ForrestIKoe(a.ID, orden)
		if err != nil || !ok || foran.Leverance.Tilstand != mox.Parkeret {
			return err
		}
		ny, ok, err := afloeser(tx, a.ID, orden, &foran)
		if err != nil || !ok {
			return err
		}
		aarsag := "overhalet: en nyere registrering af objektet er kommet, besked " + mox.Maskeret(string(ny))
		if err := d.annuller(tx, &foran.Leverance, Hvem{MOX, aarsag}, "overhalet", aarsag); err != nil {
			return err
		}
		if err := tx.Frigiv(a.ID, orden); err != nil {
			return err
		}
	}
}

// overhalet is [Distributor.overhal] for one that has just been parked, and brings l up to date.
func (d *Distributor) overhalet(tx *store.Tx, a *mox.Abonnement, l *store.Leverance) error {
	if err := d.overhal(tx, a, l.Orden); err != nil {
		return err
	}
	o, _, err := tx.OpgaveFor(l.ID)
	*l = o.Leverance
	return err
}

// afloeser finds what waits behind a parked leverance and says all that it said, and newer.
func afloeser(tx *store.Tx, id mox.AbonnementID, orden string, foran *store.Opgave) (mox.BeskedID, bool, error) {
	if !helRegistrering(&foran.Besked) {
		return "", false, nil
	}
	bag, err := tx.VenterIKoe(id, orden, foran.Leverance.Raekke)
	if err != nil {
		return "", false, err
	}
	for i := range bag {
		b := &bag[i].Besked
		if b.Kildesystem == foran.Besked.Kildesystem && !b.Registreringstid.Before(foran.Besked.Registreringstid) && helRegistrering(b) {
			return b.ID, true, nil
		}
	}
	return "", false, nil
}

// helRegistrering reports whether a besked has a whole registrering of its objekt as content.
func helRegistrering(b *store.Besked) bool {
	if b.ErOmSelveLeveringen() || len(b.Indhold) == 0 {
		return false
	}
	kopi := b.Besked
	_, ok, err := oio.Kontroller(&kopi)
	return ok && err == nil
}

package distributor

import (
	"context"
	"slices"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/store"
)

// maaSende refuses what afsender's agreement does not let it send, with [mox.KodeIkkeTilladt].
func (k *konfiguration) maaSende(tx *store.Tx, afsender string, b *mox.Besked) error {
	if nej := k.aftaler.MaaSende(afsender, b, tx.Now()); nej != "" {
		return mox.E("accept", mox.KodeIkkeTilladt, "%s", nej).Med("ret det, der sendes, eller få tilslutningsaftalen udvidet")
	}
	return nil
}

// udlever is b as the system may be given it now: trimmed to the fields of its agreement, and whether that took anything
// away. [mox.KodeIkkeTilladt] where it may not be given it at all, or where nothing can be taken out of b.
func (k *konfiguration) udlever(system string, b mox.Besked, nu time.Time) (ud mox.Besked, fjernet bool, err error) {
	if nej := k.aftaler.MaaModtage(system, &b, nu); nej != "" {
		return b, false, mox.E("udlever", mox.KodeIkkeTilladt, "%s", nej).Med("få tilslutningsaftalen forlænget eller udvidet, og gensend")
	}
	a := k.aftaler.Med(system, nu)
	if a == nil {
		return b, false, nil
	}
	return oio.Beskaer(b, a)
}

// holdTilbage parks a leverance that has just been begun and must not go out. It is for those who keep the agreements.
func (d *Distributor) holdTilbage(tx *store.Tx, o *store.Opgave, hvorfor error) ([]mox.AbonnementID, error) {
	return d.afslutEn(tx, o, mox.Udfald{Resultat: mox.ResFejlet, Ansvar: mox.AnsvarMOX, Kode: string(mox.KodeAf(hvorfor)), Tekst: mox.Forklaring(hvorfor)})
}

// Som is b as the abonnement's receiver may see it now, by its agreement; see [Distributor.Claim]. [mox.KodeIkkeTilladt]
// where it may not see it.
func (d *Distributor) Som(ctx context.Context, abonnement mox.AbonnementID, b mox.Besked) (ud mox.Besked, err error) {
	a := d.abonnementEllerTomt(abonnement)
	err = d.store.View(ctx, func(tx *store.Tx) (err error) {
		ud, _, err = d.konfiguration().udlever(a.System, b, tx.Now())
		return err
	})
	return ud, err
}

// maksHenvisninger is how many of an abonnement's beskeder are looked through for one that gives a right to document bytes.
const maksHenvisninger = 100

// MaaLaeseIndhold reports whether the abonnement's receiver may read document bytes: some leverance to it carries a besked
// that refers to them, and the reference is among the fields that its agreement names. spec: mox 57
func (d *Distributor) MaaLaeseIndhold(ctx context.Context, abonnement mox.AbonnementID, sha string) (maa bool, err error) {
	a := d.abonnementEllerTomt(abonnement)
	err = d.store.View(ctx, func(tx *store.Tx) error {
		beskeder, err := tx.BeskederMedIndhold(sha, abonnement, maksHenvisninger)
		maa = slices.ContainsFunc(beskeder, func(b store.Besked) bool {
			som, fjernet, nej := d.konfiguration().udlever(a.System, b.Besked, tx.Now())
			return nej == nil && (!fjernet || oio.HenviserTil(&som, sha))
		})
		return err
	})
	return maa, err
}

// medMyndighed gives each abonnement that does not name its receiver's authority the one that answers for its system by
// agreement.
func medMyndighed(abonnementer []mox.Abonnement, aftaler mox.Aftaler) {
	for i := range abonnementer {
		a := &abonnementer[i]
		for _, f := range aftaler {
			if a.Modtager == "" && f.System == a.System {
				a.Modtager = f.Dataansvarlig.URN()
			}
		}
	}
}

// Aftaler are the tilslutningsaftaler that hold others to what they may.
func (d *Distributor) Aftaler() mox.Aftaler { return d.konfiguration().aftaler }

// SaetAftaler replaces the tilslutningsaftaler, from the next besked that is taken in or given out: one that was taken in
// before is trimmed, or held back, as they now say. [mox.KodeUgyldig] where they contradict each other; then those before
// hold on.
func (d *Distributor) SaetAftaler(ctx context.Context, aftaler mox.Aftaler, h Hvem) error {
	if err := aftaler.Valider(); err != nil {
		return err
	}
	d.omsaet.Lock()
	defer d.omsaet.Unlock()
	k := d.konfiguration()
	return d.omsaetTil(ctx, k.faste, k.processer, aftaler, func(tx *store.Tx) error {
		return tx.InsertHandling(store.Handling{Hvem: h.Navn, Hvad: "indlæs", Maal: "tilslutningsaftaler", Antal: len(aftaler), Begrundelse: h.Begrundelse})
	})
}

package distributor

import (
	"context"
	"slices"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/store"
)

// Udgivelse accepts beskeder in a transaction that also writes what they tell of.
type Udgivelse struct {
	d    *Distributor
	tx   *store.Tx
	vaek []mox.AbonnementID
}

// Sammen runs f in a transaction. What f writes and the beskeder it accepts are stored together, or not at all. As in
// [store.Store.Update], f may be run again. The error is f's own, or the database's; [mox.KodeDiskFuld].
func (d *Distributor) Sammen(ctx context.Context, f func(*store.Tx, *Udgivelse) error) error {
	if d.store.Scarce() {
		return mox.E("udgiv", mox.KodeDiskFuld, "disken er fuld; MOX tager ikke imod nyt").Med("prøv igen, når der er plads")
	}
	var vaek []mox.AbonnementID
	err := d.store.Update(ctx, func(tx *store.Tx) error {
		u := &Udgivelse{d: d, tx: tx}
		err := f(tx, u)
		vaek = u.vaek
		return err
	})
	if err == nil {
		d.vaekker.vaek(vaek...)
	}
	return err
}

// Accept takes a besked as [Distributor.Accept] does. A refusal is an error, and with it the transaction ends.
func (u *Udgivelse) Accept(afsender string, b mox.Besked) (Accepteret, error) {
	k, err := u.d.Klargoer(afsender, b)
	if err != nil {
		return Accepteret{}, err
	}
	return u.AcceptKlar(k)
}

// Klar is a besked that has been found in order: all that can be done about it before the transaction.
type Klar struct{ i indgaaende }

// Klargoer looks a besked over for [Udgivelse.AcceptKlar]. The error is that of [Distributor.Accept] for one that is not in
// order.
func (d *Distributor) Klargoer(afsender string, b mox.Besked) (Klar, error) {
	i, err := d.indgaaende(afsender, b)
	return Klar{i}, err
}

// AcceptKlar is [Udgivelse.Accept] of a besked that has been looked over.
func (u *Udgivelse) AcceptKlar(k Klar) (Accepteret, error) {
	ud, afvist, err := u.d.accept(u.tx, u.d.konfiguration(), k.i)
	u.vaek = slices.Concat(u.vaek, ud.vaekkes())
	return ud, errEller(err, afvist)
}

// Om completes a besked about r of the objekt it names, from the system it names: livscykluskode, registreringstid, aktoer,
// and what can be read from r.
func (d *Distributor) Om(b mox.Besked, r mox.Registrering) mox.Besked {
	b.LivscyklusKode, b.Registreringstid = r.LivscyklusKode, r.FraTidspunkt
	b.Aktoer = string(d.store.ObjektID(b.Kildesystem, "ItSystem", b.Kildesystem))
	if b.Indholdstype == "" {
		b.Indholdstype = oio.TypeJSON
	}
	b = b.MedStandard()
	b.Udfyld(r)
	return b
}

package distributor

import (
	"bytes"
	"context"
	"encoding/base64"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store"
)

// OpretAbonnement gives somebody an abonnement, which gets every besked that is accepted from now on. The same again has no
// effect; ny is false then. With aendr one that is there gets the new definition: what it already holds is delivered by it.
//
// Errors: those of [mox.Abonnement.Valider], [mox.KodeUgyldig] when the filter refers to a list that is not there,
// [mox.KodeKonflikt] when the ID is taken by an agent's sink, by another definition without aendr, or by another system,
// [mox.KodeIkkeTilladt] where there are agreements, and none with the system.
func (d *Distributor) OpretAbonnement(ctx context.Context, a mox.Abonnement, aendr bool, h Hvem) (ny bool, err error) {
	a = a.MedStandard()
	if err := d.maaOprettes(&a); err != nil {
		return false, err
	}
	a.Filter = mox.Pseudonym(d.store.Pseudonym).Filter(a.Filter)
	err = d.omsaetning(ctx, func(tx *store.Tx, k *konfiguration) error {
		hvad, err := kanOprettes(tx, k, &a, aendr)
		if ny = hvad != ""; err != nil || !ny {
			return err
		}
		if err := tx.GemAbonnement(a, false, h.Navn); err != nil {
			return err
		}
		return tx.InsertHandling(store.Handling{Hvem: h.Navn, Hvad: hvad, Maal: "abonnement " + string(a.ID), Antal: 1, Begrundelse: h.Begrundelse})
	})
	return ny, err
}

// maaOprettes refuses what is wrong with a in itself, and a system that there is no agreement with.
func (d *Distributor) maaOprettes(a *mox.Abonnement) error {
	if err := a.Valider(); err != nil {
		return err
	}
	if !d.Aftaler().Kender(a.System) {
		return mox.E("abonnement", mox.KodeIkkeTilladt, "der er ingen tilslutningsaftale med %s", mox.Maskeret(a.System)).Med("lav aftalen først, og tilføj den under aftaler i mox.yaml")
	}
	return nil
}

// What [Distributor.OpretAbonnement] does to an abonnement, as the log of acts has it.
const (
	opretAbonnement = "opret"
	retAbonnement   = "ret"
)

// kanOprettes tells what is to be done so that a is there: opretAbonnement, retAbonnement, or "" for nothing.
func kanOprettes(tx *store.Tx, k *konfiguration, a *mox.Abonnement, aendr bool) (hvad string, err error) {
	o, fandtes, err := tx.OprettetAbonnement(a.ID)
	if err != nil {
		return "", err
	}
	aaben := fandtes && o.Lukket.IsZero()
	switch {
	case !aaben && k.abonnementer[a.ID] != nil:
		return "", mox.E("abonnement", mox.KodeKonflikt, "abonnementet %q hører til en agent", a.ID).Med("vælg et andet id")
	case fandtes && o.Abonnement.System != a.System:
		return "", mox.E("abonnement", mox.KodeKonflikt, "abonnementet %q hører til %s", a.ID, o.Abonnement.System).Med("vælg et andet id")
	case aaben && ens(o.Abonnement, *a):
		return "", nil
	case aaben && !aendr:
		return "", mox.E("abonnement", mox.KodeKonflikt, "abonnementet %q findes med en anden opsætning", a.ID).Med("brug --ret for at ændre det, eller vælg et andet id")
	}
	if err := kendteLister(tx, a.Filter); err != nil {
		return "", err
	}
	if aaben {
		return retAbonnement, nil
	}
	return opretAbonnement, nil
}

// ens reports whether two definitions say the same.
func ens(a, b mox.Abonnement) bool {
	x, errX := konfigurationstekst([]mox.Abonnement{a}, nil, nil)
	y, errY := konfigurationstekst([]mox.Abonnement{b}, nil, nil)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// LukAbonnement ends an abonnement that somebody asked for: it gets no more beskeder. One that still holds leverancer that
// are not solved is refused with [mox.KodeBekraeft], unless ja: then they are given up, each with the reason. An agent's
// sink is closed in the agent's file.
func (d *Distributor) LukAbonnement(ctx context.Context, id mox.AbonnementID, ja bool, h Hvem) error {
	if h.Begrundelse == "" {
		return mox.E("abonnement", mox.KodeUgyldig, "der mangler en begrundelse").Med("skriv, hvorfor abonnementet skal lukkes")
	}
	return d.omsaetning(ctx, func(tx *store.Tx, _ *konfiguration) error {
		o, ok, err := tx.OprettetAbonnement(id)
		if err != nil {
			return err
		}
		if !ok || !o.Lukket.IsZero() {
			return mox.E("abonnement", mox.KodeIkkeFundet, "der er intet åbent abonnement %q, som nogen har oprettet", id).Med("se mox abonnement list; en agents sink lukkes i agentens fil")
		}
		n, err := tx.UloesteFor(id)
		if err != nil {
			return err
		}
		if n > 0 && !ja {
			return mox.E("abonnement", mox.KodeBekraeft, "abonnementet har %d leveringer, som ikke er afsluttet", n).Med("vent, til de er leveret, eller opgiv dem med --ja")
		}
		if _, err := tx.StandsEfterlevering(id); err != nil {
			return err
		}
		if err := tx.OpgivFor(id, h.Begrundelse, h.Navn); err != nil {
			return err
		}
		if err := tx.GemAbonnement(o.Abonnement, true, h.Navn); err != nil {
			return err
		}
		return tx.InsertHandling(store.Handling{Hvem: h.Navn, Hvad: "luk", Maal: "abonnement " + string(id), Antal: max(1, int(n)), Begrundelse: h.Begrundelse})
	})
}

// omsaetning changes the abonnementer and takes the new configuration in use.
func (d *Distributor) omsaetning(ctx context.Context, f func(*store.Tx, *konfiguration) error) error {
	d.omsaet.Lock()
	defer d.omsaet.Unlock()
	nu := d.konfiguration()
	return d.omsaetTil(ctx, nu.faste, nu.processer, nu.aftaler, func(tx *store.Tx) error { return f(tx, nu) })
}

// OprettedeAbonnementer are the open abonnementer that somebody has asked for, with who and when.
func (d *Distributor) OprettedeAbonnementer(ctx context.Context) (ud []store.Oprettet, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) (err error) {
		ud, err = tx.AabneAbonnementer()
		return err
	})
	return ud, err
}

// LukkedeAbonnementer are those that somebody has asked for and somebody has closed, the latest first.
func (d *Distributor) LukkedeAbonnementer(ctx context.Context) (ud []store.Oprettet, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) (err error) {
		ud, err = tx.LukkedeAbonnementer()
		return err
	})
	return ud, err
}

// Pushhemmelighed is the secret by which calls to a push abonnement are signed, in the form of Standard Webhooks. It is
// derived under the installation's key and stands nowhere.
func (d *Distributor) Pushhemmelighed(id mox.AbonnementID) string {
	return "whsec_" + base64.StdEncoding.EncodeToString(d.store.Digest([]byte("push\x00"+string(id))))
}

// VisPushhemmelighed is [Distributor.Pushhemmelighed] for somebody who is to give it to the receiver. It needs a reason, and
// is logged. [mox.KodeIkkeFundet] when the abonnement is not pushed.
func (d *Distributor) VisPushhemmelighed(ctx context.Context, id mox.AbonnementID, h Hvem) (string, error) {
	if h.Begrundelse == "" {
		return "", mox.E("abonnement", mox.KodeUgyldig, "der mangler en begrundelse").Med("skriv, hvem der skal have hemmeligheden")
	}
	if a, ok := d.Abonnement(id); !ok || a.Carrier != mox.CarrierPush {
		return "", mox.E("abonnement", mox.KodeIkkeFundet, "abonnementet %q bliver ikke kaldt og har ingen hemmelighed", mox.Maskeret(string(id)))
	}
	err := d.store.Update(ctx, func(tx *store.Tx) error {
		return tx.InsertHandling(store.Handling{Hvem: h.Navn, Hvad: "vis-hemmelighed", Maal: "abonnement " + string(id), Antal: 1, Begrundelse: h.Begrundelse})
	})
	return d.Pushhemmelighed(id), err
}

package distributor

import (
	"context"
	"fmt"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/store"
)

// maksClaim is how many leverancer one Claim takes at most.
const maksClaim = 100

// Arbejde is a leverance that has been claimed, with what a carrier needs to make it.
type Arbejde struct {
	Leverance int64             `json:"leverance"`
	Forsoeg   int               `json:"forsoeg"` // number of the attempt, from 1
	Omgang    int               `json:"omgang"`
	Noegle    string            `json:"noegle"`  // idempotency key: the same for every attempt, and for every omgang until one has been delivered
	Usikker   bool              `json:"usikker"` // an earlier attempt has no known outcome: the effect may be there
	Ejer      string            `json:"ejer"`
	LejetTil  time.Time         `json:"lejet_til"`
	Modtaget  time.Time         `json:"modtaget,omitzero"` // when MOX took the besked in
	Besked    mox.Besked        `json:"-"`
	Noegler   map[string]string `json:"noegler"` // what the receiving system calls the objekter that the besked is about or refers to
}

// Claim takes up to n leverancer of the abonnement that can be begun now, for ejer until the lease ends. Each attempt is
// written down before Claim returns. A besked past its gyldigTil is not given out. spec: mox 37
//
// Each besked is trimmed to what the receiver's agreement names, whatever carries it on and in which form. One that the
// agreement does not let out any more, or that cannot be trimmed, is parked.
func (d *Distributor) Claim(ctx context.Context, abonnement mox.AbonnementID, ejer string, n int, leje time.Duration) ([]Arbejde, error) {
	a, ok := d.Abonnement(abonnement)
	if !ok {
		return nil, UkendtAbonnement(abonnement)
	}
	begyndt := time.Now()
	var ud []Arbejde
	var vaek []mox.AbonnementID
	err := d.store.Update(ctx, func(tx *store.Tx) error {
		ud, vaek = nil, nil
		opgaver, err := tx.Klar(abonnement, min(max(n, 1), maksClaim))
		for _, o := range opgaver {
			w, err := begynd(tx, &o, ejer, leje)
			if err != nil {
				return err
			}
			som, _, nej := d.konfiguration().udlever(a.System, o.Besked.Besked, tx.Now())
			if nej != nil {
				ids, err := d.holdTilbage(tx, &o, nej)
				if err != nil {
					return err
				}
				vaek = append(vaek, ids...)
				continue
			}
			w.Besked = som
			ud = append(ud, w)
		}
		return err
	})
	d.maaler.Claim(time.Since(begyndt))
	if err == nil {
		d.vaekker.vaek(vaek...)
	}
	if err != nil || len(ud) == 0 {
		return nil, err
	}
	d.punkt("forsoeg.efter")
	d.efterlevering.taget(abonnement)
	return ud, d.findNoegler(context.WithoutCancel(ctx), a.System, ud) // the leases run: whoever stops now must know of them
}

// begynd writes the attempt down.
func begynd(tx *store.Tx, o *store.Opgave, ejer string, leje time.Duration) (w Arbejde, err error) {
	l := &o.Leverance
	usikker, noegle, err := gentagelse(tx, *l, o.Besked.ID)
	if err != nil {
		return w, err
	}
	l.Tilstand, l.Forsoeg, l.Ejer, l.LejetTil = mox.UnderLevering, l.Forsoeg+1, ejer, tx.Now().Add(leje)
	if err := tx.UpdateLeverance(l); err != nil {
		return w, err
	}
	if err := tx.InsertForsoeg(l.ID, l.Forsoeg, ejer); err != nil {
		return w, err
	}
	return Arbejde{Leverance: l.ID, Forsoeg: l.Forsoeg, Omgang: l.Omgang, Noegle: noegle, Usikker: usikker, Ejer: ejer, LejetTil: l.LejetTil, Modtaget: o.Besked.Modtaget, Besked: o.Besked.Besked}, nil
}

// gentagelse tells whether an earlier attempt may have had its effect, and the key by which the receiver can know that this
// one is a repeat of it. An attempt known to have had no effect does not clear an older one that is unknown; only an answer
// does, and then there is no further attempt, unless a person wants the effect once more: that is a new key.
func gentagelse(tx *store.Tx, l store.Leverance, id mox.BeskedID) (usikker bool, noegle string, err error) {
	leveret := 0
	if l.Omgang > 1 {
		if leveret, err = tx.LeveredeOmgange(l.Besked, l.Abonnement); err != nil {
			return false, "", err
		}
	}
	if l.Forsoeg > 0 || l.Omgang > 1 {
		usikker, err = tx.HarUkendtForsoeg(l.Besked, l.Abonnement)
	}
	return usikker, fmt.Sprintf("%s.%s.%d", id, l.Abonnement, leveret+1), err
}

// findNoegler looks up what the receiving system calls the objekter of the claimed beskeder.
func (d *Distributor) findNoegler(ctx context.Context, system string, arbejde []Arbejde) error {
	return d.store.View(ctx, func(tx *store.Tx) error {
		for i := range arbejde {
			w := &arbejde[i]
			w.Noegler = map[string]string{}
			for _, id := range oio.ReferencerMed(&w.Besked, d.koder) {
				n, ok, err := tx.Noegle(system, id)
				if err != nil {
					return err
				}
				if ok {
					w.Noegler[string(id)] = n
				}
			}
		}
		return nil
	})
}

// Forny moves the end of the leases that ejer still holds, and tells how many it still held.
func (d *Distributor) Forny(ctx context.Context, ejer string, leverancer []int64, leje time.Duration) (n int, err error) {
	err = d.store.Update(ctx, func(tx *store.Tx) (err error) {
		n, err = tx.Forny(ejer, leverancer, tx.Now().Add(leje))
		return err
	})
	return n, err
}

// AfslutUdloebne ends the attempts whose lease has run out: nobody knows whether they had their effect. It takes at most
// passRows and tells how many.
func (d *Distributor) AfslutUdloebne(ctx context.Context) (n int, err error) {
	return d.afslutAlle(ctx, (*store.Tx).Udloebne, func(tx *store.Tx, l *store.Leverance) bool {
		return l.Tilstand == mox.UnderLevering && !l.LejetTil.After(tx.Now())
	}, mox.Udfald{Resultat: mox.ResUkendt, Kode: "lejemaal", Tekst: "den, der havde opgaven, meldte ikke tilbage"})
}

// UdloebGamle ends waiting leverancer whose besked is past its gyldigTil, and tells how many.
func (d *Distributor) UdloebGamle(ctx context.Context) (n int, err error) {
	return d.afslutAlle(ctx, (*store.Tx).OverGyldigTil, func(_ *store.Tx, l *store.Leverance) bool {
		return l.Tilstand == mox.Afventer || l.Tilstand == mox.Udsat
	}, mox.Udfald{Resultat: mox.ResUdloebet, Kode: string(mox.KodeUdloebet), Tekst: "gyldigTil er passeret"})
}

// afslutAlle gives what find finds, and what is still so when it has been locked, one outcome.
func (d *Distributor) afslutAlle(ctx context.Context, find func(*store.Tx, int) ([]store.Opgave, error), stadig func(*store.Tx, *store.Leverance) bool, u mox.Udfald) (n int, err error) {
	var vaek, forsoegt []mox.AbonnementID
	err = d.store.Update(ctx, func(tx *store.Tx) error {
		vaek, forsoegt = nil, nil
		opgaver, err := find(tx, passRows)
		if err != nil {
			return err
		}
		n = len(opgaver)
		if opgaver, err = tx.LaasAlle(opgaver); err != nil {
			return err
		}
		for _, o := range opgaver {
			if !stadig(tx, &o.Leverance) {
				continue
			}
			if o.Leverance.Tilstand == mox.UnderLevering {
				forsoegt = append(forsoegt, o.Leverance.Abonnement)
			}
			ids, err := d.afslutEn(tx, &o, u)
			if err != nil {
				return err
			}
			vaek = append(vaek, ids...)
		}
		return nil
	})
	if err != nil {
		return n, err
	}
	for _, a := range forsoegt {
		d.maaler.Forsoeg(a, u.Resultat)
	}
	d.vaekker.vaek(vaek...)
	return n, nil
}

// afslutEn ends a leverance in the name of the carrier that did not, and its attempt if one is under way.
func (d *Distributor) afslutEn(tx *store.Tx, o *store.Opgave, u mox.Udfald) ([]mox.AbonnementID, error) {
	if o.Leverance.Tilstand == mox.UnderLevering {
		if o.Besked.IndholdSlettet() {
			u.Kode, u.Tekst = "", ""
		}
		f := store.Forsoeg{Leverance: o.Leverance.ID, Nr: o.Leverance.Forsoeg, Resultat: u.Resultat, Kode: u.Kode, Tekst: u.Tekst}
		if _, err := tx.AfslutForsoeg(f); err != nil {
			return nil, err
		}
	}
	a := d.abonnementEllerTomt(o.Leverance.Abonnement)
	return d.afslut(tx, &a, &o.Leverance, &o.Besked, u)
}

// abonnementEllerTomt is the abonnement, or one that can do least harm when its definition is gone.
func (d *Distributor) abonnementEllerTomt(id mox.AbonnementID) mox.Abonnement {
	if a, ok := d.Abonnement(id); ok {
		return a
	}
	return mox.Abonnement{ID: id, Plan: mox.StandardPlan()}
}

// Arbejde is a leverance as a carrier would see it, without claiming it.
func (d *Distributor) Arbejde(ctx context.Context, o store.Opgave) (Arbejde, error) {
	a := d.abonnementEllerTomt(o.Leverance.Abonnement)
	b, err := d.Som(ctx, a.ID, o.Besked.Besked)
	w := []Arbejde{{Leverance: o.Leverance.ID, Forsoeg: o.Leverance.Forsoeg, Omgang: o.Leverance.Omgang, Besked: b}}
	return w[0], errEller(err, d.findNoegler(ctx, a.System, w))
}

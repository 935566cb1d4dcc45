package distributor

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/store"
)

// kvitter writes a receipt about b down, and sends it to b's sender where that asks for Kvitteringer. A Kvittering causes
// none. spec: mox 51
func (d *Distributor) kvitter(tx *store.Tx, b *store.Besked, q mox.Kvittering) (vaek []mox.AbonnementID, err error) {
	if b.Type == mox.TypeKvittering {
		return nil, nil
	}
	if err := tx.InsertKvittering(b.Nr, q); err != nil {
		return nil, err
	}
	return d.sendKvittering(tx, b, q)
}

// kvitterModtaget writes the first two receipts of every besked: it has been taken in, and sent to so many.
func (d *Distributor) kvitterModtaget(tx *store.Tx, b *store.Besked, antal int) (vaek []mox.AbonnementID, err error) {
	if err := tx.KvitterModtaget(b.Nr, antal); err != nil {
		return nil, err
	}
	for _, q := range []mox.Kvittering{{Art: mox.KvitModtaget}, {Art: mox.KvitSendtTil, Antal: antal}} {
		v, err := d.sendKvittering(tx, b, q)
		if err != nil {
			return nil, err
		}
		vaek = append(vaek, v...)
	}
	return vaek, nil
}

// kvitteringsindhold is the content of a Kvittering from MOX, and of one from a receiver, who need not tell more than a
// reason.
type kvitteringsindhold struct {
	BeskedID    mox.BeskedID      `json:"beskedID,omitempty"`
	Art         mox.KvitteringArt `json:"art,omitempty"`
	Forretning  bool              `json:"forretning"`
	Modtager    string            `json:"modtager,omitempty"` // the system that answers; "" = MOX itself
	Antal       *int              `json:"antal,omitempty"`    // for sendt til
	Begrundelse string            `json:"begrundelse,omitempty"`
}

// sendKvittering renders a receipt as a besked to the system that sent b, as far as it asks for those.
func (d *Distributor) sendKvittering(tx *store.Tx, b *store.Besked, q mox.Kvittering) ([]mox.AbonnementID, error) {
	k := d.konfiguration()
	if !k.kvitteres[b.Afsender] {
		return nil, nil
	}
	ind := kvitteringsindhold{BeskedID: b.ID, Art: q.Art, Forretning: q.Art.Forretning(), Begrundelse: q.Begrundelse}
	if q.Art == mox.KvitSendtTil {
		ind.Antal = &q.Antal
	}
	if q.Abonnement != "" {
		ind.Modtager = ellers(d.abonnementEllerTomt(q.Abonnement).System, string(q.Abonnement))
	}
	indhold, err := json.Marshal(ind)
	if err != nil {
		return nil, err
	}
	kb := mox.Besked{ID: mox.BeskedID(mox.NyUUID()), Type: mox.TypeKvittering, ObjektID: b.ObjektID, ObjektType: b.ObjektType, Handling: string(q.Art),
		Aktoer: string(d.store.ObjektID(MOX, "ItSystem", MOX)), Kildesystem: MOX, ForaarsagetAf: b.ID, ProcesID: b.ProcesID,
		Registreringstid: tx.Now(), Dannet: tx.Now(), Indholdstype: oio.TypeJSON, Indhold: indhold}.MedStandard()
	ud, afvist, err := d.accept(tx, k, indgaaende{afsender: MOX, besked: kb, kanonisk: kb.Kanonisk(), tilbage: b.Afsender})
	return ud.vaekkes(), errEller(err, afvist)
}

// svararter are what a receiver may answer in a Kvittering, by its handling.
func svararter() map[string]mox.Resultat {
	return map[string]mox.Resultat{string(mox.KvitAccepteret): mox.ResAccepteret, string(mox.KvitAfvist): mox.ResAfvist, string(mox.KvitFejlet): mox.ResFejlet}
}

// afvisKvittering refuses a receiver's Kvittering that says nothing that can be used, or about a besked that the receiver
// has not been sent. The refusal is written down. A receiver learns nothing about beskeder that are not its own.
func (d *Distributor) afvisKvittering(tx *store.Tx, k *konfiguration, i indgaaende, b *store.Besked) (afvist, err error) {
	if b.Type != mox.TypeKvittering || i.tilbage != "" {
		return nil, nil
	}
	var e *mox.Error
	if _, ok := svararter()[b.Handling]; !ok {
		e = mox.E("kvittering", mox.KodeUgyldig, "en kvittering skal have handling accepteret, afvist eller fejlet").Med("ret handling, og send med et nyt beskedID")
	} else {
		l, err := tx.LeverancerOm(b.ForaarsagetAf)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(l, func(l store.Leverance) bool { return k.svarerFor(i.afsender, l.Abonnement) }) {
			e = mox.E("kvittering", mox.KodeIkkeFundet, "kvitteringens foraarsagetAf er ikke en besked, som %s har fået", i.afsender).
				Med("skriv beskedID på den besked, der kvitteres for, i foraarsagetAf")
		}
	}
	if e == nil {
		return nil, nil
	}
	raa, err := oio.MarshalBesked(&i.besked)
	if err != nil {
		return nil, err
	}
	return e, tx.InsertFejl(&store.Fejl{Art: store.FejlBesked, Ansvar: mox.AnsvarAfsender, Kode: string(e.Kode), Tekst: mox.Maskeret(mox.Forklaring(e)),
		System: i.afsender, Kilde: i.afsender, Raa: raa, ObjektID: b.ObjektID, Finger: finger(raa)})
}

// svarerFor reports whether the abonnement is the system's own.
func (k *konfiguration) svarerFor(system string, id mox.AbonnementID) bool {
	a := k.abonnementer[id]
	return a != nil && a.System == system
}

// tagKvittering lets a receiver's Kvittering end the leverancer it answers: those that lie in its queue, and those whose
// delivery MOX does not know the end of yet.
func (d *Distributor) tagKvittering(tx *store.Tx, i indgaaende, b *store.Besked) (vaek []mox.AbonnementID, err error) {
	if i.tilbage != "" {
		return nil, nil
	}
	var ind kvitteringsindhold
	_ = json.Unmarshal(b.Indhold, &ind) // a reason is welcome, not demanded
	u := mox.Udfald{Resultat: svararter()[b.Handling], Kode: "kvittering", Tekst: ind.Begrundelse}
	if u.Resultat == mox.ResFejlet {
		u.Ansvar = mox.AnsvarModtager
	}
	leverancer, err := tx.LeverancerOm(b.ForaarsagetAf)
	if err != nil {
		return nil, err
	}
	k := d.konfiguration()
	for _, l := range leverancer {
		if !k.svarerFor(i.afsender, l.Abonnement) {
			continue
		}
		v, err := d.besvaret(tx, l.ID, u)
		if err != nil {
			return nil, err
		}
		vaek = append(vaek, v...)
	}
	return vaek, nil
}

// besvaret ends one leverance by the receiver's own word. One that has ended already stays as it is.
func (d *Distributor) besvaret(tx *store.Tx, id int64, u mox.Udfald) ([]mox.AbonnementID, error) {
	o, ok, err := tx.LaasOpgave(id)
	if err != nil || !ok {
		return nil, err
	}
	l := &o.Leverance
	if l.Tilstand != mox.Overdraget && l.Tilstand != mox.UnderLevering && l.Tilstand != mox.Udsat {
		return nil, nil
	}
	if l.Tilstand == mox.Overdraget && o.Besked.IndholdSlettet() { // nobody is to be told what a receiver says of what has been erased
		if _, glemt, err := tx.Glemt(o.Besked.ObjektID); glemt || err != nil {
			return nil, err
		}
	}
	a := *foelges(new(d.abonnementEllerTomt(l.Abonnement)), &o.Besked)
	if a.Carrier != mox.CarrierAMQP && l.Tilstand != mox.Overdraget || a.Kraeves || u.Resultat == mox.ResAccepteret {
		return d.afslutEn(tx, &o, u)
	}
	var vaek []mox.AbonnementID
	if l.Tilstand != mox.Overdraget { // it lies, or lay, in the queue, though MOX has not heard so yet
		if vaek, err = d.afslutEn(tx, &o, mox.Udfald{Resultat: mox.ResOverdraget}); err != nil {
			return nil, err
		}
	}
	mere, err := d.doedtBrev(tx, &o, u)
	return append(vaek, mere...), err
}

// doedtBrev shows a person a besked that its receiver took out of its own queue and could not use. The leverance had ended
// there, and later ones are not held back.
func (d *Distributor) doedtBrev(tx *store.Tx, o *store.Opgave, u mox.Udfald) ([]mox.AbonnementID, error) {
	a := d.abonnementEllerTomt(o.Leverance.Abonnement)
	dom := mox.Bedoem(&a, u, o.Leverance.Forsoeg, 0)
	vaek, err := d.kvitter(tx, &o.Besked, mox.Kvittering{Abonnement: a.ID, Art: dom.Kvittering, Begrundelse: mox.Maskeret(u.Tekst)})
	if err != nil {
		return nil, err
	}
	l := o.Leverance
	l.Ansvar, l.Kode, l.Aarsag = dom.Ansvar, u.Kode, mox.Maskeret(u.Tekst)
	if err := tx.UpdateLeverance(&l); err != nil {
		return nil, err
	}
	mere, err := d.parkeringsfejl(tx, &a, &l, &o.Besked)
	return append(vaek, mere...), err
}

// DoedtBrev takes back a besked that its receiver refused after it had been laid in the receiver's queue. One that has been
// answered or taken back before stays as it is. [mox.KodeIkkeFundet] where the abonnement has not been sent it.
func (d *Distributor) DoedtBrev(ctx context.Context, abonnement mox.AbonnementID, id mox.BeskedID, hvorfor string) error {
	var vaek []mox.AbonnementID
	err := d.store.Update(ctx, func(tx *store.Tx) error {
		leverancer, err := tx.LeverancerOm(id)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(leverancer, func(l store.Leverance) bool { return l.Abonnement == abonnement && kanVaereDoed(l) })
		if i < 0 {
			if slices.ContainsFunc(leverancer, func(l store.Leverance) bool { return l.Abonnement == abonnement }) {
				return nil
			}
			return mox.E("doedt brev", mox.KodeIkkeFundet, "abonnementet %q har ikke fået en besked med det id", abonnement)
		}
		vaek, err = d.besvaret(tx, leverancer[i].ID, mox.Udfald{Resultat: mox.ResAfvist, Ansvar: mox.AnsvarModtager, Kode: "doedt_brev", Tekst: hvorfor})
		return err
	})
	d.vaekker.vaek(vaek...)
	return err
}

// UdloebFrister ends leverancer whose receiver has not sent its Kvittering in time, and tells how many.
func (d *Distributor) UdloebFrister(ctx context.Context) (int, error) {
	return d.afslutAlle(ctx, (*store.Tx).OverFrist, func(tx *store.Tx, l *store.Leverance) bool {
		return l.Tilstand == mox.Overdraget && !l.Frist.IsZero() && !l.Frist.After(tx.Now())
	}, mox.Udfald{Resultat: mox.ResUdloebet, Kode: "frist", Tekst: "modtageren har ikke kvitteret inden fristen"})
}

// kanVaereDoed reports whether the leverance may be the one that its receiver has refused: it lies in the receiver's queue, or
// may do so for all MOX knows, and has not been taken back yet.
func kanVaereDoed(l store.Leverance) bool {
	return l.Tilstand == mox.Overdraget && l.Kode == "" || l.Tilstand == mox.UnderLevering || l.Tilstand == mox.Udsat
}

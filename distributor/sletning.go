package distributor

import (
	"context"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/indhold"
	"github.com/moxkit/mox/store"
)

// How an order to erase stands at a receiver.
const (
	SletVenter         = "venter"              // it is on its way, or lies with the receiver
	SletKanIkke        = "tager_ikke_sletning" // the receiver does not take it: a person must see to it
	SletKraeverPerson  = "kraever_handling"    // the receiver said no, or nobody knows: a person must see to it
	SletBekraeftet     = store.SlutBekraeftet
	SletLukket         = store.SlutLukket
	sletpuls           = time.Minute // how often it is looked whether an erasure has more to do
	sletvent           = time.Second // how soon again, while readers are in the way
	sletrader          = 200
	maksSletbekraeftet = 500 // bytes of a person's word
)

// Sletstatus is one receiver that has had something of an erased objekt.
type Sletstatus struct {
	Abonnement  mox.AbonnementID `json:"abonnement"`
	System      string           `json:"system"`
	Stand       string           `json:"stand"`
	Tekst       string           `json:"aarsag,omitempty"` // why, as it was said
	Tid         time.Time        `json:"tid,omitzero"`     // since when it is so
	Frist       time.Time        `json:"frist"`
	Overskredet bool             `json:"overskredet,omitempty"` // it is not ended, and frist has passed
	Hvem        string           `json:"hvem,omitempty"`        // the person who ended it; "" = the receiver itself
}

// SletstatusI is how the erasure of an objekt stands at those who have had it, by abonnement.
func (d *Distributor) SletstatusI(tx *store.Tx, id mox.ObjektID) ([]Sletstatus, error) {
	stande, err := tx.Sletstande(id)
	ud := []Sletstatus{}
	for i := range stande {
		ud = append(ud, statusAf(&stande[i], tx.Now()))
	}
	return ud, err
}

func statusAf(s *store.Sletstand, nu time.Time) Sletstatus {
	ud := Sletstatus{Abonnement: s.Abonnement, System: s.System, Frist: s.Frist, Stand: SletVenter, Tid: s.Leverance.Aendret}
	l := &s.Leverance
	switch {
	case s.Slut != "":
		ud.Stand, ud.Tid, ud.Hvem, ud.Tekst = s.Slut, s.SlutTid, s.SlutAf, s.SlutTekst
		return ud
	case l.Tilstand == mox.Leveret: // it has just come, and is about to be noted
		ud.Stand = SletBekraeftet
		return ud
	case l.Tilstand == mox.Parkeret && l.Kode == kodeKanIkke:
		ud.Stand, ud.Tekst = SletKanIkke, l.Aarsag
	case l.Tilstand.KraeverHandling():
		ud.Stand, ud.Tekst = SletKraeverPerson, l.Aarsag
	case l.Tilstand == mox.Udsat:
		ud.Tekst = l.Aarsag
	}
	ud.Overskredet = nu.After(s.Frist)
	return ud
}

// BekraeftSletning notes a person's word that a receiver has erased an objekt, for one that cannot say so itself.
//
// Errors: [mox.KodeUgyldig] without a reason, [mox.KodeIkkeFundet], [mox.KodeKonflikt] while the order is under delivery.
func (d *Distributor) BekraeftSletning(ctx context.Context, id mox.ObjektID, abonnement mox.AbonnementID, h Hvem) error {
	if h.Begrundelse == "" || len(h.Begrundelse) > maksSletbekraeftet {
		return mox.E("sletning", mox.KodeUgyldig, "der mangler en begrundelse på højst %d tegn", maksSletbekraeftet).Med("skriv, hvem der har bekræftet sletningen, og hvordan")
	}
	var vaek []mox.AbonnementID
	err := d.store.Update(ctx, func(tx *store.Tx) error {
		if err := tx.Lock("objekt/" + string(id)); err != nil {
			return err
		}
		stande, err := tx.Sletstande(id)
		if err != nil {
			return err
		}
		for i := range stande {
			if s := &stande[i]; s.Abonnement == abonnement && s.Slut == "" {
				vaek = append(vaek, abonnement)
				return d.bekraeft(tx, s, h)
			}
		}
		return mox.E("sletning", mox.KodeIkkeFundet, "%s er ikke en modtager, der venter på at slette objektet", mox.Maskeret(string(abonnement))).Med("se modtagerne med mox register glemte UUID")
	})
	d.vaekker.vaek(vaek...)
	if err == nil {
		d.rens()
	}
	return err
}

func (d *Distributor) bekraeft(tx *store.Tx, s *store.Sletstand, h Hvem) error {
	o, ok, err := tx.LaasOpgave(s.Leverance.ID)
	if err != nil {
		return err
	}
	l := o.Leverance
	switch {
	case !ok, l.Tilstand == mox.Leveret, l.Tilstand == mox.Annulleret, l.Tilstand == mox.Udloebet: // it has ended, and the person knows better how
	case l.Tilstand == mox.UnderLevering:
		return mox.E("sletning", mox.KodeKonflikt, "ordren er ved at blive leveret til %s", l.Abonnement).Med("vent et øjeblik, og se, hvad modtageren svarer")
	case l.Tilstand == mox.Overdraget:
		l.Tilstand, l.Frist, l.Aarsag = mox.Leveret, time.Time{}, "bekræftet af en person"
		if err := tx.UpdateLeverance(&l); err != nil {
			return err
		}
	default:
		if err := d.annuller(tx, &l, h, "bekraeft", "bekræftet af en person"); err != nil {
			return err
		}
	}
	if ok {
		if err := tx.Frigiv(l.Abonnement, l.Orden); err != nil {
			return err
		}
	}
	s.Slut, s.SlutAf, s.SlutTekst = store.SlutBekraeftet, h.Navn, h.Begrundelse
	if err := afslutSletning(tx, s); err != nil {
		return err
	}
	return tx.InsertHandling(store.Handling{Hvem: h.Navn, Hvad: "bekraeft-sletning", Maal: "objekt " + string(s.ObjektID), Antal: 1, Begrundelse: h.Begrundelse})
}

// afslutSletning notes what came of it at one receiver, and forgets what the receiver called the objekt.
func afslutSletning(tx *store.Tx, s *store.Sletstand) error {
	ok, err := tx.AfslutSletmodtager(s.Sletmodtager)
	if err != nil || !ok {
		return err
	}
	return tx.GlemNoegler(s.ObjektID, s.System)
}

// AfslutSletninger notes what has come of orders to erase, and tells how many there were.
func (d *Distributor) AfslutSletninger(ctx context.Context) (n int, err error) {
	var fundne []store.Sletstand
	err = d.store.View(ctx, func(tx *store.Tx) (err error) {
		fundne, err = tx.AfsluttedeSletninger(sletrader)
		return err
	})
	if err != nil || len(fundne) == 0 {
		return 0, err
	}
	err = d.store.Update(ctx, func(tx *store.Tx) error {
		fundne, err := tx.AfsluttedeSletninger(sletrader)
		n = len(fundne)
		for i := range fundne {
			s := &fundne[i]
			if s.Slut = store.SlutBekraeftet; s.Leverance.Tilstand != mox.Leveret {
				s.Slut = store.SlutLukket
				if err := lukketAf(tx, s); err != nil {
					return err
				}
			}
			if err := afslutSletning(tx, s); err != nil {
				return err
			}
		}
		return err
	})
	if err == nil && n > 0 {
		d.rens()
	}
	return n, err
}

// lukketAf finds who closed the leverance of an order, and why.
func lukketAf(tx *store.Tx, s *store.Sletstand) error {
	fejl, err := tx.FejlOm(s.Leverance.ID)
	s.SlutTekst = s.Leverance.Aarsag
	for _, f := range fejl {
		if !f.Aaben {
			s.SlutAf, s.SlutTekst = f.LukketAf, f.Begrundelse
		}
	}
	return err
}

// KoerSletning does what an erasure has left after its transaction, when there is one, and what one that was broken off left,
// until ctx ends.
func (d *Distributor) KoerSletning(ctx context.Context, l *indhold.Lager) error {
	for {
		vent := sletpuls
		faerdig, err := d.FuldfoerSletning(ctx, l)
		if err != nil {
			if ctx.Err() == nil {
				return err
			}
			return nil
		}
		if !faerdig {
			vent = sletvent
		}
		d.Vent(ctx, d.glemt, vent)
		if ctx.Err() != nil {
			return nil
		}
	}
}

// FuldfoerSletning removes the bytes of documents that an erasure has given up, and then sees to it that nothing of what has
// been erased is left in the database's own files. It may be repeated. faerdig is false when somebody's reading was in the way.
func (d *Distributor) FuldfoerSletning(ctx context.Context, l *indhold.Lager) (faerdig bool, err error) {
	for {
		n, err := d.sletOpgivne(ctx, l)
		if err != nil {
			return false, err
		}
		if n < sletrader {
			break
		}
	}
	if !d.urenset.Swap(false) {
		return true, nil
	}
	if faerdig, err = d.store.Scrub(ctx); !faerdig || err != nil {
		d.urenset.Store(true)
	}
	return faerdig, err
}

// sletOpgivne removes the bytes of some documents. One that has been stored again meanwhile is a document anew.
func (d *Distributor) sletOpgivne(ctx context.Context, l *indhold.Lager) (n int, err error) {
	var opgivne []string
	err = d.store.View(ctx, func(tx *store.Tx) (err error) {
		opgivne, err = tx.OpgivneDokumenter(sletrader)
		return err
	})
	for _, sha := range opgivne {
		if err == nil {
			err = d.store.Update(ctx, func(tx *store.Tx) error { return sletBytes(ctx, tx, l, sha) })
		}
	}
	return len(opgivne), err
}

// sletBytes holds the document's lock: whoever stores the same bytes waits, and then sees that they are gone; see [sletDokument].
func sletBytes(ctx context.Context, tx *store.Tx, l *indhold.Lager, sha string) error {
	if err := tx.LaasIndhold(sha); err != nil {
		return err
	}
	kendt, err := tx.KenderDokument(sha)
	if err != nil {
		return err
	}
	if !kendt {
		if err := l.Slet(ctx, sha); err != nil {
			return err
		}
	}
	return tx.DokumentErVaek(sha)
}

// Slettet tells that something has been erased, so that what is left of it goes at once.
func (d *Distributor) Slettet() {
	d.punkt("glem.efter")
	d.rens()
}

// rens wakes the one who removes what is left.
func (d *Distributor) rens() {
	d.urenset.Store(true)
	select {
	case d.glemt <- struct{}{}:
	default: // awake already
	}
}

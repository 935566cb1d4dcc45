package register

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/store"
)

// Limits on an erasure.
const (
	Standardfrist   = 30 * 24 * time.Hour // that receivers have to confirm it
	maksFrist       = 366 * 24 * time.Hour
	maksSlettetekst = 500
)

// Glemmevalg is why an objekt is erased.
type Glemmevalg struct {
	Begrundelse string        // who has decided it, and why; only administrators see it
	Hjemmel     string        // the legal basis, or a reference to one; whoever asks for the objekt is told
	Frist       time.Duration // that receivers have to confirm; 0 = [Standardfrist]
	Proev       bool          // only tell what would be erased
}

// Glemsel is what an erasure came to, or would.
type Glemsel struct {
	store.Glemt
	Foer    bool              // it had been erased before
	Fjernet distributor.Glemt // what was taken away; zero where Foer
}

// errProevet rolls back an erasure that was only to be looked at, so that what is told is the erasure's own.
var errProevet = errors.New("register: only tried")

// Glem erases an objekt for good, in one transaction: every registrering of it, all that it is found by, its moments to come,
// what sources have said of it, the content of the beskeder about it wherever they stand, and the document bytes that nothing
// else refers to. What is left is a [store.Glemt]. Those who have had the objekt are told to erase it; see
// [distributor.Udgivelse.Glem]. The same again answers what is left.
//
// An objekt that only beskeder tell of can be erased too, by those who may erase everything.
//
// Errors: [mox.KodeUgyldig] without Begrundelse and Hjemmel; [mox.KodeIkkeTilladt]; [mox.KodeIkkeFundet].
func (r *Register) Glem(ctx context.Context, hvem Hvem, t mox.ObjektType, id mox.ObjektID, v Glemmevalg) (ud Glemsel, err error) {
	if !mox.ErUUID(string(id)) {
		return ud, ikkeUUID(string(id))
	}
	if err := hvem.maaGlemme(); err != nil {
		return ud, err
	}
	if err := v.klar(); err != nil {
		return ud, err
	}
	ud, err = r.glem(ctx, hvem, t, id, v, func(tx *store.Tx, k *kald) (store.Glemt, error) {
		g := store.Glemt{ObjektID: id, ObjektType: t, Hvem: hvem.Navn, Begrundelse: v.Begrundelse, Hjemmel: v.Hjemmel}
		return g, k.glemRegisterobjekt(tx, &g)
	}, nil)
	if errors.Is(err, errNaegtet) {
		k := r.kald(hvem, opGlem)
		k.noter(t, id, string(mox.KodeIkkeTilladt), 0, nil)
		if e := k.gem(ctx); e != nil {
			err = e
		}
	}
	return ud, err
}

// klar checks what is said, and completes it.
func (v *Glemmevalg) klar() error {
	var fejl []mox.Feltfejl
	for _, f := range []struct {
		sti string
		v   *string
	}{{"begrundelse", &v.Begrundelse}, {"hjemmel", &v.Hjemmel}} {
		if *f.v = mox.Maskeret(strings.TrimSpace(*f.v)); v.Proev && *f.v == "" {
			continue
		}
		if *f.v == "" || len(*f.v) > maksSlettetekst {
			fejl = append(fejl, mox.Feltfejl{Sti: f.sti, Regel: "kraevet", Tekst: "skal siges på højst 500 tegn"})
		}
	}
	if v.Frist == 0 {
		v.Frist = Standardfrist
	}
	if v.Frist < 0 || v.Frist > maksFrist {
		fejl = append(fejl, mox.Feltfejl{Sti: "frist", Regel: "interval", Tekst: "er højst 366 dage"})
	}
	if len(fejl) == 0 {
		return nil
	}
	return &mox.Error{Kode: mox.KodeUgyldig, Op: "glem", Tekst: "objektet kan ikke slettes for altid uden en grund", Felter: fejl,
		Raad: "skriv begrundelsen og hjemlen uden navne og numre: de bliver stående, når objektet er væk"}
}

// glem does the work of one erasure, in its transaction; slet takes the objekt out of the register, and tells what is to be left
// of it. tidligere are receivers that another copy knew of.
func (r *Register) glem(ctx context.Context, hvem Hvem, t mox.ObjektType, id mox.ObjektID, v Glemmevalg,
	slet func(*store.Tx, *kald) (store.Glemt, error), tidligere []store.Sletmodtager) (ud Glemsel, err error) {
	if hvem.Formaal == "" {
		hvem.Formaal = v.Begrundelse
	}
	type_, ok := mox.TypeAf(t)
	if !ok {
		return ud, ukendt(t, id)
	}
	henvist, err := r.henvist(ctx, id)
	if err != nil {
		return ud, err
	}
	err = r.d.Sammen(ctx, func(tx *store.Tx, u *distributor.Udgivelse) error {
		ud = Glemsel{}
		if err := tx.Lock(laasenavn(id)); err != nil {
			return err
		}
		if g, glemt, err := tx.Glemt(id); glemt || err != nil {
			ud.Glemt, ud.Foer = g, true
			return err
		}
		o := distributor.Glemsel{ObjektID: id, ObjektType: t, Fra: r.system, Reference: "/" + type_.Service + "/" + type_.Sti + "/" + string(id), Frist: tx.Now().Add(v.Frist),
			Hvem: distributor.Hvem{Navn: hvem.Navn, Begrundelse: v.Begrundelse}, Henvist: henvist, Tidligere: tidligere}
		if o.Dokumenter, err = tx.DokumenterOm(id); err != nil {
			return err
		}
		k := r.kald(hvem, opGlem)
		if ud.Glemt, err = slet(tx, k); err != nil {
			return err
		}
		if err := tx.InsertGlemt(&ud.Glemt); err != nil {
			return err
		}
		if ud.Fjernet, err = u.Glem(o); err != nil {
			return err
		}
		if v.Proev {
			return errProevet
		}
		if err := k.gemI(tx); err != nil {
			return err
		}
		return tx.InsertHandling(store.Handling{Hvem: hvem.Navn, Hvad: "glem", Maal: "objekt " + string(id), Antal: 1, Begrundelse: v.Begrundelse})
	})
	if errors.Is(err, errProevet) {
		return ud, nil
	}
	if err == nil && !ud.Foer {
		r.d.Slettet()
	}
	return ud, err
}

// henvist are the documents of an objekt that something else needs; they are only looked for where it has any.
func (r *Register) henvist(ctx context.Context, id mox.ObjektID) (map[string]bool, error) {
	var egne []string
	err := r.store.View(ctx, func(tx *store.Tx) (err error) {
		egne, err = tx.DokumenterOm(id)
		return err
	})
	if err != nil || len(egne) == 0 {
		return nil, err
	}
	return r.d.HenvistUden(ctx, id)
}

// glemRegisterobjekt takes the objekt out of the register, if the caller may, and counts its registreringer.
func (k *kald) glemRegisterobjekt(tx *store.Tx, g *store.Glemt) error {
	nu, ok, err := tx.RegisterNyeste(g.ObjektID)
	if err != nil {
		return err
	}
	if !ok {
		return k.kunFortalt(tx, g)
	}
	o := k.r.klasse(&nu)
	switch {
	case iEn(k.hvem.Adgang.Glemme, o) && nu.ObjektType == g.ObjektType:
	case iEn(k.hvem.Adgang.Laese, o) && nu.ObjektType == g.ObjektType:
		return naegtet(mox.E("register", mox.KodeIkkeTilladt, "nøglen %s giver ikke ret til at slette objektet for altid", k.hvem.Navn).Med("brug en nøgle, der må slette for altid dér, hvor objektet hører til"))
	default:
		return skjult(g.ObjektType, g.ObjektID)
	}
	v, err := k.r.version(&nu)
	if err != nil {
		return err
	}
	if g.Registreringer, err = tx.SletRegisterobjekt(nu.Objekt); err != nil {
		return err
	}
	k.noter(g.ObjektType, g.ObjektID, brugOK, int(g.Registreringer), k.r.personer(g.ObjektType, v.Registrering))
	return nil
}

// kunFortalt lets an objekt be erased that only beskeder tell of. What the right to it would be decided by is not known.
func (k *kald) kunFortalt(tx *store.Tx, g *store.Glemt) error {
	fortalt, err := tx.ErFortalt(g.ObjektID, g.ObjektType)
	switch {
	case err != nil:
		return err
	case !fortalt || !slices.ContainsFunc(k.hvem.Adgang.Glemme, alt):
		return ukendt(g.ObjektType, g.ObjektID)
	}
	k.noter(g.ObjektType, g.ObjektID, brugOK, 0, nil)
	return nil
}

// GlemIgen erases an objekt that was erased before the installation was put back from an older copy: with the same words, and
// so that those who have confirmed it are not asked again. It is done also where the copy does not know the objekt.
func (r *Register) GlemIgen(ctx context.Context, g store.Glemt, modtagere []distributor.Sletstatus) (ny bool, err error) {
	hvem := Hvem{Navn: g.Hvem, Formaal: g.Begrundelse, Adgang: FuldAdgang()}
	var tidligere []store.Sletmodtager
	frist := g.Tid.Add(Standardfrist)
	for _, m := range modtagere {
		s := store.Sletmodtager{ObjektID: g.ObjektID, Abonnement: m.Abonnement, System: m.System, Frist: m.Frist}
		if m.Stand == distributor.SletBekraeftet || m.Stand == distributor.SletLukket {
			s.Slut, s.SlutTid, s.SlutAf, s.SlutTekst = m.Stand, m.Tid, m.Hvem, m.Tekst
		}
		tidligere, frist = append(tidligere, s), senest(frist, m.Frist)
	}
	ud, err := r.glem(ctx, hvem, g.ObjektType, g.ObjektID, Glemmevalg{Begrundelse: g.Begrundelse, Hjemmel: g.Hjemmel, Frist: max(time.Until(frist), 0)}, func(tx *store.Tx, k *kald) (store.Glemt, error) {
		return g, k.glemKendt(tx, g.ObjektID)
	}, tidligere)
	return !ud.Foer, err
}

// glemKendt takes the objekt out of the register, where it is there.
func (k *kald) glemKendt(tx *store.Tx, id mox.ObjektID) error {
	nu, ok, err := tx.RegisterNyeste(id)
	if err != nil || !ok {
		return err
	}
	n, err := tx.SletRegisterobjekt(nu.Objekt)
	k.noter(nu.ObjektType, id, brugOK, int(n), nil)
	return err
}

// MaksGlemte is how many erased objekter one page gives at most.
const MaksGlemte = 500

// Glemteside asks for erased objekter.
type Glemteside struct {
	ObjektID mox.ObjektID // only this; "" = all
	Aabne    bool         // only those that some receiver has not confirmed
	Foer     int64        // before the one with this number; 0 = from the newest
	Antal    int          // 1 to [MaksGlemte]
}

// Slettet is an erased objekt, and how it stands at those who have had it.
type Slettet struct {
	store.Glemt
	Modtagere []distributor.Sletstatus `json:"modtagere"`
}

// Glemte are erased objekter, the newest first. Errors: [mox.KodeIkkeTilladt] for those who may not erase; [mox.KodeUgyldig].
func (r *Register) Glemte(ctx context.Context, hvem Hvem, s Glemteside) (ud []Slettet, err error) {
	if err := hvem.maaGlemme(); err != nil {
		return nil, err
	}
	if s.Antal < 1 || s.Antal > MaksGlemte {
		return nil, mox.E("glemte", mox.KodeUgyldig, "antal er ikke fra 1 til %d", MaksGlemte).Med("bed om færre, og om resten med foer")
	}
	err = r.store.View(ctx, func(tx *store.Tx) error {
		ud = []Slettet{}
		l, err := glemteI(tx, s)
		if err != nil {
			return err
		}
		for _, g := range l {
			x := Slettet{Glemt: g}
			if x.Modtagere, err = r.d.SletstatusI(tx, g.ObjektID); err != nil {
				return err
			}
			ud = append(ud, x)
		}
		return nil
	})
	return ud, err
}

func glemteI(tx *store.Tx, s Glemteside) ([]store.Glemt, error) {
	if s.ObjektID == "" {
		return tx.Glemte(s.Foer, s.Aabne, s.Antal)
	}
	g, ok, err := tx.Glemt(s.ObjektID)
	if err == nil && !ok {
		err = mox.E("glemte", mox.KodeIkkeFundet, "objektet %s er ikke slettet for altid", s.ObjektID).Med("se UUID'en efter; uden den vises alle")
	}
	return []store.Glemt{g}, err
}

// BekraeftSletning notes a person's word that a receiver has erased an objekt; see [distributor.Distributor.BekraeftSletning].
func (r *Register) BekraeftSletning(ctx context.Context, hvem Hvem, id mox.ObjektID, abonnement mox.AbonnementID, begrundelse string) error {
	if err := hvem.maaGlemme(); err != nil {
		return err
	}
	return r.d.BekraeftSletning(ctx, id, abonnement, distributor.Hvem{Navn: hvem.Navn, Begrundelse: mox.Maskeret(strings.TrimSpace(begrundelse))})
}

// ukendtEllerGlemt is the error about an objekt that there is not.
func ukendtEllerGlemt(tx *store.Tx, t mox.ObjektType, id mox.ObjektID) error {
	g, glemt, err := tx.Glemt(id)
	switch {
	case err != nil:
		return err
	case glemt:
		return distributor.ErGlemt(&g)
	}
	return ukendt(t, id)
}

// glemtEller is that the objekt has been erased, or else err.
func (r *Register) glemtEller(ctx context.Context, id mox.ObjektID, err error) error {
	e := r.store.View(ctx, func(tx *store.Tx) error {
		g, glemt, err := tx.Glemt(id)
		if glemt {
			return distributor.ErGlemt(&g)
		}
		return err
	})
	if e != nil {
		return e
	}
	return err
}

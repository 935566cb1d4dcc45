package register

import (
	"context"
	"fmt"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/service"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/store"
)

// FoelgeID is the abonnement by which the register follows what other systems tell of.
const FoelgeID mox.AbonnementID = "register.foelg"

// Foelger is the abonnement by which the register follows the beskeder that f wants.
func (r *Register) Foelger(f mox.Filter) mox.Abonnement {
	return mox.Abonnement{ID: FoelgeID, System: r.system, Filter: f, Orden: mox.OrdenObjekt, Gentages: true, Plan: mox.Plan{Forsoeg: 10}}
}

// Foelg takes a besked from another system into the register, as an index of what that system says: under the objekt's own
// UUID, with the system's time beside the register's own, and without a besked of its own. The same besked again, one older
// than the last from that system, and one of the register's own change nothing. spec: mox 47, oio 92
//
// What the register cannot take is told in the outcome: a besked without a registrering, one that breaks the rules, and one
// about an objekt that the register is itself master of.
func (r *Register) Foelg(ctx context.Context, b mox.Besked) (mox.Udfald, error) {
	if b.Kildesystem == r.system {
		return mox.Udfald{Resultat: mox.ResAccepteret, Tekst: "registerets egen"}, nil
	}
	t, id, reg, err := oio.UnmarshalRegistrering(b.Indhold)
	if err == nil {
		reg.LivscyklusKode = b.LivscyklusKode
		err = reg.Valider(t)
	}
	if err != nil {
		return mox.Udfald{Resultat: mox.ResAfvist, Ansvar: mox.AnsvarAfsender, Kode: string(mox.KodeAf(err)), Tekst: mox.Maskeret(mox.Forklaring(err))}, nil
	}
	ud := mox.Udfald{Resultat: mox.ResAccepteret}
	err = r.store.Update(ctx, func(tx *store.Tx) error {
		foer, err := r.laas(tx, id)
		if err != nil {
			return err
		}
		if foer.Nr > 0 && (foer.Kildesystem == "" || foer.ObjektType != t) {
			ud = mox.Udfald{Resultat: mox.ResFejlet, Ansvar: mox.AnsvarAfsender, Kode: "mester", Tekst: fmt.Sprintf("registeret er selv mester for %s; kun det kan ændre objektet", id)}
			return nil
		}
		if foer.Nr == 0 {
			if _, glemt, err := tx.Glemt(id); glemt || err != nil {
				ud.Tekst = "objektet er slettet for altid her"
				return err
			}
		}
		sidst, ok, err := tx.RegisterFulgt(id, b.Kildesystem)
		if err != nil || ok && !b.Registreringstid.After(sidst.Kildetid) {
			ud.Tekst = "ældre end det, registeret har"
			return err
		}
		return r.gemFulgt(tx, &b, t, id, foer, reg)
	})
	return ud, err
}

// gemFulgt stores what was followed, as the newest registrering.
func (r *Register) gemFulgt(tx *store.Tx, b *mox.Besked, t mox.ObjektType, id mox.ObjektID, foer store.Registerraekke, reg mox.Registrering) (err error) {
	var gammel mox.Registrering
	if foer.Nr > 0 {
		v, err := r.version(&foer)
		if err != nil {
			return err
		}
		gammel = v.Registrering
	}
	type_, _ := mox.TypeAf(t)
	s := skrivning{ny: reg, foer: foer.Fra, post: post(type_, reg, mox.Kl(tx.Now()))}
	s.raekke = store.Registerraekke{ObjektID: id, ObjektType: t, Objekt: foer.Objekt, Nr: foer.Nr + 1, Livscyklus: fulgtKode(reg.LivscyklusKode, foer.Livscyklus),
		Bruger: reg.BrugerRef.String(), Note: reg.NoteTekst, Kildesystem: b.Kildesystem, Kildetid: b.Registreringstid, Besked: b.ID}
	s.ny.LivscyklusKode = s.raekke.Livscyklus
	if s.raekke.Pakket, err = r.pakket(t, reg); err != nil {
		return err
	}
	s.nye, s.gamle = forskel(r.felter(type_, reg), r.felter(type_, gammel))
	s.begynd(tx.Now())
	return r.gemRaekke(tx, &s)
}

// fulgtKode is the livscykluskode in the register's own history: what the system said, where that may follow; otherwise the
// objekt is taken over. spec: oio 34, 40
func fulgtKode(sagt, foer mox.LivscyklusKode) mox.LivscyklusKode {
	switch {
	case foer == "" || (sagt != mox.Passiveret && sagt != mox.Slettet) && !mox.Rettet.MaaFoelge(foer):
		return mox.Importeret
	case sagt.MaaFoelge(foer):
		return sagt
	}
	return mox.Rettet
}

const (
	foelgAntal = 20
	foelgLeje  = time.Minute
	foelgVent  = 20 * time.Second
)

// RunFoelg follows until ctx ends.
func (r *Register) RunFoelg(ctx context.Context) error {
	ejer := r.d.Inkarnation() + "/register"
	for fejl := 0; ctx.Err() == nil; {
		arbejde, err := r.d.Hent(ctx, FoelgeID, ejer, foelgAntal, foelgLeje, foelgVent)
		if err != nil {
			if fejl++; ctx.Err() == nil {
				r.log.Error("registeret kan ikke hente beskeder", "fejl", err)
				service.Wait(ctx, service.Backoff(fejl))
			}
			continue
		}
		fejl = 0
		for _, w := range arbejde {
			r.foelgEn(context.WithoutCancel(ctx), w)
		}
	}
	return nil
}

func (r *Register) foelgEn(ctx context.Context, w distributor.Arbejde) {
	u, err := r.Foelg(ctx, w.Besked)
	if err != nil {
		u = mox.Udfald{Resultat: mox.ResMidlertidig, Kode: string(mox.KodeAf(err)), Tekst: "registeret kan ikke skrive nu"}
		r.log.Error("registeret kunne ikke følge en besked", "besked", w.Besked.ID, "fejl", err)
	}
	if _, err := distributor.Meld(ctx, r.d, distributor.Afslutning{Leverance: w.Leverance, Forsoeg: w.Forsoeg, Ejer: w.Ejer, Udfald: u}); err != nil {
		r.log.Error("et udfald kunne ikke meldes", "leverance", w.Leverance, "fejl", err)
	}
}

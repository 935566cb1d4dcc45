package register

import (
	"context"
	"slices"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store"
)

// MaksBrug is how many rows of the usage log one search gives at most.
const MaksBrug = 1000

// SoegBrug searches the usage log, the newest first. person is a CPR number or a UUID; "" = any. That it was searched is kept
// among what people do. spec: mox 52
func (r *Register) SoegBrug(ctx context.Context, hvem Hvem, person string, s store.Brugsoegning) (ud []store.Brug, err error) {
	maal := "hvem " + s.Hvem
	if s.ObjektID != "" {
		maal = "objekt " + string(s.ObjektID)
	}
	if person != "" {
		if s.Person, err = r.pseudonymAf(person); err != nil {
			return nil, err
		}
		maal = "person " + s.Person
	}
	if s.Antal < 1 || s.Antal > MaksBrug {
		return nil, mox.E("brug", mox.KodeUgyldig, "antal er ikke fra 1 til %d", MaksBrug).Med("bed om færre, og om resten med foer")
	}
	err = r.store.Update(ctx, func(tx *store.Tx) error {
		if ud, err = tx.SoegBrug(s); err != nil {
			return err
		}
		return tx.InsertHandling(store.Handling{Hvem: hvem.Navn, Hvad: "soeg-brug", Maal: mox.Maskeret(maal), Antal: len(ud), Begrundelse: hvem.Formaal})
	})
	return ud, err
}

// opIndsigt is a reading for the person it is about.
const opIndsigt = "Indsigt"

// Indsigt gives what a person has the right to know of: objekt gets each objekt that names the person, or has named it, with
// all its registreringer, and brug who has read and written what is about the person, the newest first. A person may be
// known by a CPR number and a UUID; both can be given.
//
// It is only for callers who may read everything, also about those who are protected: half an answer is worse than none.
// Errors: [mox.KodeIkkeTilladt], [mox.KodeUgyldig] for what is no person, or without a Formaal, and those of objekt and brug.
func (r *Register) Indsigt(ctx context.Context, hvem Hvem, personer []string, objekt func(mox.ObjektType, Laest) error, brug func(store.Brug) error) error {
	if err := r.maaFaaIndsigt(hvem, personer); err != nil {
		return err
	}
	for _, navn := range mox.ObjektTyper() {
		type_, _ := mox.TypeAf(navn)
		ids, err := r.naevner(ctx, type_, personer)
		if err != nil {
			return err
		}
		for _, id := range ids {
			l, err := r.laesEt(ctx, r.kald(hvem, opIndsigt), navn, id, heleTiden())
			if err == nil {
				err = objekt(navn, l)
			}
			if err != nil {
				return err
			}
		}
	}
	return r.brugOm(ctx, personer, brug)
}

func (r *Register) maaFaaIndsigt(hvem Hvem, personer []string) error {
	if !fuld(hvem.Adgang.Laese) {
		return mox.E("indsigt", mox.KodeIkkeTilladt, "nøglen %s ser ikke alt i registeret, og så kan indsigten ikke blive hel", hvem.Navn).
			Med("brug en nøgle med rollen administrator, uden grænser og med beskyttede: ja, eller den lokale nøgle")
	}
	if hvem.Formaal == "" {
		return mox.E("indsigt", mox.KodeUgyldig, "der mangler et formål").Med("skriv, hvilken anmodning det er")
	}
	if len(personer) == 0 {
		return mox.E("indsigt", mox.KodeUgyldig, "der mangler en person").Med("skriv personens CPR-nummer eller UUID")
	}
	for _, p := range personer {
		if _, err := r.pseudonymAf(p); err != nil {
			return err
		}
	}
	return nil
}

// fuld reports whether one of the parts is all of the register.
func fuld(kredse []mox.Kreds) bool {
	return slices.ContainsFunc(kredse, func(k mox.Kreds) bool { return k.Beskyttede && alt(k) })
}

// alt reports whether a part leaves no objekt out.
func alt(k mox.Kreds) bool {
	return len(k.Objekttyper)+len(k.KLE)+len(k.Myndigheder)+len(k.Foelsomhed) == 0
}

// heleTiden is every registrering, whole.
func heleTiden() Tider {
	return Tider{VirkFra: mox.MinusUendelig, VirkTil: mox.Uendelig, RegFra: time.UnixMicro(1).UTC()}
}

// naevner are the objekter of a type that name one of the persons in a relation, or have done.
func (r *Register) naevner(ctx context.Context, t *mox.Type, personer []string) (ud []mox.ObjektID, err error) {
	var felter []string
	for _, rt := range t.Relationer {
		felter = append(felter, feltnavn(t, "r", rt.Navn))
		for _, f := range rt.Felter {
			felter = append(felter, feltnavn(t, "f", rt.Navn+"."+f.Navn))
		}
	}
	set := map[mox.ObjektID]bool{}
	for _, p := range personer {
		noegle, _ := mox.Personnoegle(p)
		if !mox.ErUUID(noegle) {
			noegle = personURN + noegle
		}
		tid := heleTiden()
		q := store.Registersoegning{ObjektType: t.Navn, Kriterier: []store.Registerkriterium{{Felter: felter, Vaerdi: undtaget(r.referencenoegle(noegle))}}, Kredse: []store.Registerkreds{{}},
			VirkFra: tid.VirkFra, VirkTil: tid.VirkTil, RegFra: tid.RegFra, Sorteret: true}
		var ids []mox.ObjektID
		err := r.store.View(ctx, func(tx *store.Tx) (err error) { ids, err = tx.Soeg(q); return err })
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			if !set[id] {
				set[id], ud = true, append(ud, id)
			}
		}
	}
	return ud, nil
}

// brugOm gives the rows of the usage log about the persons, page by page.
func (r *Register) brugOm(ctx context.Context, personer []string, f func(store.Brug) error) error {
	for _, p := range personer {
		pseudonym, err := r.pseudonymAf(p)
		if err != nil {
			return err
		}
		for s := (store.Brugsoegning{Person: pseudonym, Antal: MaksBrug}); ; {
			var side []store.Brug
			err := r.store.View(ctx, func(tx *store.Tx) (err error) { side, err = tx.SoegBrug(s); return err })
			if err != nil {
				return err
			}
			for _, b := range side {
				if err := f(b); err != nil {
					return err
				}
			}
			if len(side) < s.Antal {
				break
			}
			s.Foer = side[len(side)-1].ID
		}
	}
	return nil
}

package register

import (
	"context"

	"github.com/moxkit/mox"
)

// Opret makes a new objekt with an id of its own. spec: oio 1, 34, 47-52, 64
//
// The error is an [*mox.Error] with [mox.KodeUgyldig] and the place of each broken rule.
func (r *Register) Opret(ctx context.Context, hvem Hvem, t mox.ObjektType, ny mox.Registrering) (Registreret, error) {
	ny, err := klar(t, ny, mox.Opstaaet)
	if err != nil {
		return Registreret{}, err
	}
	id := mox.NyUUID()
	if hvem.Noegle != "" {
		id = r.store.Afled("opret", string(t), r.noegle(hvem))
	}
	return r.skriv(ctx, hvem, t, mox.ObjektID(id), mox.Opstaaet, "", func(*stand) (mox.Registrering, bool, error) { return ny, false, nil })
}

// Importer takes an objekt over under the id it has: as Importeret where it is new here, or was passive or deleted, and then
// only what is imported is there; over one in force it replaces all content, as Rettet. The same content again changes
// nothing. spec: oio 3, 40-42
func (r *Register) Importer(ctx context.Context, hvem Hvem, t mox.ObjektType, id mox.ObjektID, b Betingelse, ny mox.Registrering) (Registreret, error) {
	return r.importer(ctx, hvem, t, id, b, ny, false)
}

// importer is Importer; medPassiv tells that one that is passive here may stay so where its content is the same.
func (r *Register) importer(ctx context.Context, hvem Hvem, t mox.ObjektType, id mox.ObjektID, b Betingelse, ny mox.Registrering, medPassiv bool) (Registreret, error) {
	if !mox.ErUUID(string(id)) {
		return Registreret{}, ikkeUUID(string(id))
	}
	ny, err := klar(t, ny, mox.Importeret)
	if err != nil {
		return Registreret{}, err
	}
	return r.skriv(ctx, hvem, t, id, mox.Importeret, b, func(s *stand) (mox.Registrering, bool, error) {
		ud := ny
		if s.findes() && mox.Rettet.MaaFoelge(s.raekke.Livscyklus) {
			ud.LivscyklusKode = mox.Rettet
			return ud, ud.Ens(s.nu), nil
		}
		return ud, medPassiv && s.raekke.Livscyklus == mox.Passiveret && ud.Ens(s.nu), nil
	})
}

// klar is a whole registrering as a new objekt has it.
func klar(t mox.ObjektType, ny mox.Registrering, kode mox.LivscyklusKode) (mox.Registrering, error) {
	type_, ok := mox.TypeAf(t)
	if ok {
		ny = ny.Nummereret(type_)
	}
	ny.LivscyklusKode = kode
	return ny, ny.Valider(t)
}

// Ret corrects an objekt; see [mox.Registrering.Ret]. One that changes nothing registers nothing. spec: oio 16, 35, 36, 53
//
// Errors: [mox.KodeIkkeFundet], [mox.KodeUgyldig] also for an objekt that is Passiveret or Slettet, [mox.KodeForudsaetning].
func (r *Register) Ret(ctx context.Context, hvem Hvem, t mox.ObjektType, id mox.ObjektID, b Betingelse, rettelse mox.Registrering) (Registreret, error) {
	return r.paaKendt(ctx, hvem, t, id, mox.Rettet, b, func(s *stand) (mox.Registrering, bool, error) {
		if err := maa(s, mox.Rettet); err != nil {
			return mox.Registrering{}, false, err
		}
		ny, err := s.nu.Ret(t, rettelse)
		return ny, err == nil && ny.Ens(s.nu), err
	})
}

// Erstat corrects an objekt by whole lists; see [mox.Registrering.Erstat]. It is otherwise as [Register.Ret].
func (r *Register) Erstat(ctx context.Context, hvem Hvem, t mox.ObjektType, id mox.ObjektID, b Betingelse, lister mox.Registrering) (Registreret, error) {
	return r.paaKendt(ctx, hvem, t, id, mox.Rettet, b, func(s *stand) (mox.Registrering, bool, error) {
		if err := maa(s, mox.Rettet); err != nil {
			return mox.Registrering{}, false, err
		}
		ny, err := s.nu.Erstat(t, lister)
		return ny, err == nil && ny.Ens(s.nu), err
	})
}

// Passiver ends the upkeep of an objekt; its content stays. spec: oio 37, 43
func (r *Register) Passiver(ctx context.Context, hvem Hvem, t mox.ObjektType, id mox.ObjektID, b Betingelse, note string) (Registreret, error) {
	return r.paaKendt(ctx, hvem, t, id, mox.Passiveret, b, func(s *stand) (mox.Registrering, bool, error) {
		return afsluttet(s, mox.Passiveret, note), false, maa(s, mox.Passiveret)
	})
}

// Slet deletes an objekt; its history stays. To delete it again is a success that registers nothing. spec: oio 38, 39, 43
func (r *Register) Slet(ctx context.Context, hvem Hvem, t mox.ObjektType, id mox.ObjektID, b Betingelse, note string) (Registreret, error) {
	return r.paaKendt(ctx, hvem, t, id, mox.Slettet, b, func(s *stand) (mox.Registrering, bool, error) {
		return afsluttet(s, mox.Slettet, note), s.raekke.Livscyklus == mox.Slettet, nil
	})
}

func afsluttet(s *stand, kode mox.LivscyklusKode, note string) mox.Registrering {
	ny := s.nu.Kopi()
	ny.LivscyklusKode, ny.NoteTekst = kode, note
	return ny
}

// maa refuses what the objekt's state forbids. spec: oio 1.5
func maa(s *stand, kode mox.LivscyklusKode) error {
	if kode.MaaFoelge(s.raekke.Livscyklus) {
		return nil
	}
	return &mox.Error{Kode: mox.KodeUgyldig, Op: "register", Tekst: "et objekt, der er " + string(s.raekke.Livscyklus) + ", kan ikke blive " + string(kode),
		Raad:   "importer objektet for at tage det i brug igen",
		Felter: []mox.Feltfejl{{Sti: "livscykluskode", Regel: "livscyklus", Spec: "oio 1.5", Tekst: "objektet er " + string(s.raekke.Livscyklus)}}}
}

// paaKendt is skriv on an objekt that must be there.
func (r *Register) paaKendt(ctx context.Context, hvem Hvem, t mox.ObjektType, id mox.ObjektID, kode mox.LivscyklusKode, b Betingelse, f operation) (Registreret, error) {
	if !mox.ErUUID(string(id)) {
		return Registreret{}, ikkeUUID(string(id))
	}
	ud, err := r.skriv(ctx, hvem, t, id, kode, b, func(s *stand) (mox.Registrering, bool, error) {
		if !s.findes() {
			return mox.Registrering{}, false, ukendt(t, id)
		}
		return f(s)
	})
	if mox.KodeAf(err) == mox.KodeIkkeFundet {
		err = r.glemtEller(ctx, id, err)
	}
	return ud, err
}

func ukendt(t mox.ObjektType, id mox.ObjektID) *mox.Error {
	return mox.E("register", mox.KodeIkkeFundet, "registeret har ikke noget objekt %s af typen %s", id, t).Med("se UUID'en efter; List og Søg siger, hvad der er")
}

func ikkeUUID(s string) error {
	return &mox.Error{Kode: mox.KodeUgyldig, Op: "register", Tekst: "adressen har ikke en UUID", Raad: "skriv den som 8-4-4-4-12 tegn, 0-9 og a-f",
		Felter: []mox.Feltfejl{{Sti: "uuid", Regel: "uuid", Spec: "oio 6", Tekst: mox.Maskeret(s) + " er ikke en UUID"}}}
}

package register

import (
	"context"
	"slices"
	"strings"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store"
)

// Skjultperson stands where a protected person would, for a reader who may not see that. It cannot be written.
const Skjultperson = "urn:mox:beskyttet"

// Beskyt notes that a person has name-and-address protection: only readers with that right see which objekter name the
// person. ny is false for one who has it already. The person is kept as a pseudonym.
//
// Errors: [mox.KodeUgyldig] where there is no person or no reason.
func (r *Register) Beskyt(ctx context.Context, hvem Hvem, person, begrundelse string) (ny bool, err error) {
	return r.omBeskyttelse(ctx, hvem, "beskyt", person, begrundelse, func(tx *store.Tx, b store.Beskyttet) (bool, error) { return tx.Beskyt(b) })
}

// OphaevBeskyttelse notes that a person has it no longer; varBeskyttet is false for one who had not. Errors are as [Register.Beskyt]'s.
func (r *Register) OphaevBeskyttelse(ctx context.Context, hvem Hvem, person, begrundelse string) (varBeskyttet bool, err error) {
	return r.omBeskyttelse(ctx, hvem, "ophaev", person, begrundelse, func(tx *store.Tx, b store.Beskyttet) (bool, error) { return tx.OphaevBeskyttelse(b.Person) })
}

func (r *Register) omBeskyttelse(ctx context.Context, hvem Hvem, hvad, person, begrundelse string, f func(*store.Tx, store.Beskyttet) (bool, error)) (gjort bool, err error) {
	p, err := r.pseudonymAf(person)
	if err != nil {
		return false, err
	}
	if begrundelse = mox.Maskeret(strings.TrimSpace(begrundelse)); begrundelse == "" {
		return false, mox.E(hvad, mox.KodeUgyldig, "der mangler en begrundelse").Med("skriv, hvor beskyttelsen er besluttet")
	}
	err = r.store.Update(ctx, func(tx *store.Tx) error {
		if gjort, err = f(tx, store.Beskyttet{Person: p, Hvem: hvem.Navn, Begrundelse: begrundelse}); err != nil || !gjort {
			return err
		}
		return tx.InsertHandling(store.Handling{Hvem: hvem.Navn, Hvad: hvad, Maal: "person " + p, Antal: 1, Begrundelse: begrundelse})
	})
	return gjort, err
}

// beskyttede are those of the pseudonyms whose persons are protected.
func (k *kald) beskyttede(tx *store.Tx, personer []string) ([]string, error) {
	ukendte := slices.DeleteFunc(slices.Clone(personer), func(p string) bool { _, kendt := k.kendt[p]; return kendt })
	fundne, err := tx.Beskyttede(ukendte)
	if err != nil {
		return nil, err
	}
	for _, p := range ukendte {
		k.kendt[p] = slices.Contains(fundne, p)
	}
	return slices.DeleteFunc(slices.Clone(personer), func(p string) bool { return !k.kendt[p] }), nil
}

// udenBeskyttede is reg as the caller may see it; naevnte are the persons it names.
func (k *kald) udenBeskyttede(tx *store.Tx, o mox.Klassificering, reg mox.Registrering, naevnte []string) (mox.Registrering, error) {
	if len(naevnte) == 0 || k.hvem.Adgang.serBeskyttede(o) {
		return reg, nil
	}
	skjules, err := k.beskyttede(tx, naevnte)
	if err != nil || len(skjules) == 0 {
		return reg, err
	}
	return k.r.skjul(o.ObjektType, reg, skjules), nil
}

// skjul is reg with those persons hidden: the reference and the note of the relation. Free text stays as it is.
func (r *Register) skjul(t mox.ObjektType, reg mox.Registrering, skjules []string) mox.Registrering {
	ud := reg.Kopi()
	hverRelation(t, ud, func(rt *mox.RelationType, rel *mox.Relation) {
		if erPerson(rt, *rel) && slices.Contains(skjules, r.personpseudonym(rel.Reference)) {
			rel.Reference, rel.Virkning.NoteTekst = mox.Reference{URN: Skjultperson}, ""
		}
		for felt, v := range rel.Felter {
			if strings.HasPrefix(store.Fold(v), personURN) && slices.Contains(skjules, r.personpseudonym(mox.Reference{URN: v})) {
				rel.Felter[felt] = Skjultperson
			}
		}
	})
	return ud
}

// udenSkjulte refuses to write what stands where a person is hidden: it would take the place of the person.
func udenSkjulte(t mox.ObjektType, ny mox.Registrering) error {
	har := false
	hverRelation(t, ny, func(_ *mox.RelationType, rel *mox.Relation) {
		har = har || strings.EqualFold(rel.Reference.URN, Skjultperson)
		for _, v := range rel.Felter {
			har = har || strings.EqualFold(v, Skjultperson)
		}
	})
	if !har {
		return nil
	}
	return &mox.Error{Kode: mox.KodeUgyldig, Op: "register", Tekst: "objektet har en beskyttet person, som du ikke kan se, og den kan ikke skrives tilbage",
		Raad:   "ret kun de relationer, du skal, eller brug en nøgle med beskyttede: ja",
		Felter: []mox.Feltfejl{{Sti: "relationer", Regel: "beskyttet", Tekst: Skjultperson + " er ikke en reference"}}}
}

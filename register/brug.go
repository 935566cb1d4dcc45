package register

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store"
)

// kald is one operation of a caller, with what of it goes into the usage log. spec: mox 52
type kald struct {
	r         *Register
	hvem      Hvem
	operation string
	brug      []store.Brug
	kendt     map[string]bool // pseudonyms that have been looked up; true = protected
}

// Operations, as the usage log has them.
const (
	opLaes    = "Læs"
	opList    = "List"
	opSoeg    = "Søg"
	opIndhold = "Læs indhold"
	opForskel = "Forskel"
	opGlem    = "Glem"
)

// skriveoperation is the operation that makes a registrering with the code.
func skriveoperation(kode mox.LivscyklusKode) string {
	switch kode {
	case mox.Opstaaet:
		return "Opret"
	case mox.Importeret:
		return "Importer"
	case mox.Passiveret:
		return "Passiver"
	case mox.Slettet:
		return "Slet"
	}
	return "Ret"
}

// What came of an operation, beside the codes of errors.
const (
	brugOK       = "ok"
	brugUaendret = "uaendret"
)

func (r *Register) kald(hvem Hvem, operation string) *kald {
	return &kald{r: r, hvem: hvem, operation: operation, kendt: map[string]bool{}}
}

// forfra forgets what was noted, for an operation that is done again.
func (k *kald) forfra() { k.brug = nil }

func (k *kald) noter(t mox.ObjektType, id mox.ObjektID, kode string, antal int, personer []string) {
	if n := len(k.brug); n > 0 && id != "" && k.brug[n-1].ObjektID == id && k.brug[n-1].Kode == kode { // read twice in one operation
		sidst := &k.brug[n-1]
		sidst.Antal, sidst.Personer = sidst.Antal+antal, ens(append(sidst.Personer, personer...))
		return
	}
	k.brug = append(k.brug, store.Brug{Hvem: k.hvem.Navn, System: k.hvem.System, Rolle: k.hvem.Rolle, Operation: k.operation, ObjektType: t, ObjektID: id,
		Formaal: k.hvem.Formaal, Kode: kode, Antal: antal, Personer: personer})
}

// gem adds what was noted to the usage log. It is done before anything is answered: what cannot be logged is not read.
func (k *kald) gem(ctx context.Context) error {
	if len(k.brug) == 0 {
		return nil
	}
	return k.r.store.Update(ctx, k.gemI)
}

// gemEfter is gem after a reading that ended with err. What is not answered because of err has not been read; that something
// was refused is noted all the same. The error is that of the log.
func (k *kald) gemEfter(ctx context.Context, err error) error {
	if err != nil && !errors.Is(err, errNaegtet) {
		return nil
	}
	return k.gem(ctx)
}

func (k *kald) gemI(tx *store.Tx) error {
	for _, b := range k.brug {
		if err := tx.GemBrug(b); err != nil {
			return err
		}
	}
	return nil
}

// kraevFormaal refuses a person who does not say why, where that is demanded. Nothing has then been read.
func (k *kald) kraevFormaal() error {
	if !k.r.kraevFormaal || k.hvem.System != "" || strings.TrimSpace(k.hvem.Formaal) != "" {
		return nil
	}
	return &mox.Error{Kode: mox.KodeUgyldig, Op: "register", Tekst: "oplysninger om personer læses og skrives kun med et formål", Raad: "skriv formålet i headeren Formaal",
		Felter: []mox.Feltfejl{{Sti: "Formaal", Regel: "kraevet", Spec: "mox 52", Tekst: "mangler"}}}
}

// personlig reports whether an objekt tells of persons: it names one, or says that it is more than the least sensitive.
func personlig(o mox.Klassificering, personer []string) bool {
	return len(personer) > 0 || o.Foelsomhed != "" && o.Foelsomhed != mox.IkkeFortrolig
}

// versioner are the registreringer that are asked for and that the caller may see, each as the objekt was then, newest first
// and with protected persons hidden. The rest is noted.
//
// Errors: [mox.KodeIkkeFundet] where there is none, [mox.KodeGlemt] where the objekt has been erased.
func (k *kald) versioner(tx *store.Tx, t mox.ObjektType, id mox.ObjektID, tider Tider) (ud []Version, err error) {
	alle, err := raekker(tx, id, tider)
	if err != nil {
		return nil, err
	}
	return k.synlige(tx, t, id, alle)
}

func (k *kald) synlige(tx *store.Tx, t mox.ObjektType, id mox.ObjektID, alle []store.Registerraekke) (ud []Version, err error) {
	if len(alle) == 0 {
		return nil, ukendtEllerGlemt(tx, t, id)
	}
	if alle[0].ObjektType != t {
		return nil, ukendt(t, id)
	}
	var personer []string
	personligt := false
	for i := range alle {
		o := k.r.klasse(&alle[i])
		if !iEn(k.hvem.Adgang.Laese, o) {
			continue
		}
		v, err := k.r.version(&alle[i])
		if err != nil {
			return nil, err
		}
		naevnte := k.r.personer(t, v.Registrering)
		if v.Registrering, err = k.udenBeskyttede(tx, o, v.Registrering, naevnte); err != nil {
			return nil, err
		}
		personer, personligt = append(personer, naevnte...), personligt || personlig(o, naevnte)
		ud = append(ud, v)
	}
	switch {
	case len(ud) == 0:
		k.noter(t, id, string(mox.KodeIkkeTilladt), 0, nil)
		return nil, skjult(t, id)
	case personligt:
		k.noter(t, id, brugOK, len(ud), ens(personer))
		return ud, k.kraevFormaal()
	}
	return ud, nil
}

// ens is l with each text once.
func ens(l []string) []string {
	slices.Sort(l)
	return slices.Compact(l)
}

// personpseudonym is what a reference to a person is known by in the usage log and among the protected.
func (r *Register) personpseudonym(ref mox.Reference) string {
	noegle, ok := mox.Personnoegle(ref.String())
	if !ok {
		noegle = store.Fold(ref.String())
	}
	return r.store.Pseudonym(noegle)
}

// erPerson reports whether a relation names a person: by number, as of that type, or where a person usually stands. A CVR
// number names none, also where the relation says so because its type usually does.
func erPerson(rt *mox.RelationType, rel mox.Relation) bool {
	switch {
	case rel.Reference.Tom(), rel.Reference.URN == Skjultperson, mox.CVR(rel.Reference.URN) != "":
		return false
	case strings.HasPrefix(store.Fold(rel.Reference.URN), personURN):
		return true
	case rel.ObjektType != "":
		return strings.EqualFold(rel.ObjektType, "Person")
	}
	return rt != nil && rt.Maal == "Person"
}

// hverRelation gives f each relation of a registrering, to read or change.
func hverRelation(t mox.ObjektType, reg mox.Registrering, f func(*mox.RelationType, *mox.Relation)) {
	type_, ok := mox.TypeAf(t)
	if !ok {
		return
	}
	lister := func(m map[string][]mox.Relation) {
		for navn, l := range m {
			rt, _ := type_.Relation(navn)
			for i := range l {
				f(rt, &l[i])
			}
		}
	}
	lister(reg.Relationer)
	for _, v := range reg.Varianter {
		for _, d := range v.Dele {
			lister(d.Relationer)
		}
	}
}

// personer are the pseudonyms of the persons that a registrering names, each once.
func (r *Register) personer(t mox.ObjektType, reg mox.Registrering) (ud []string) {
	hverRelation(t, reg, func(rt *mox.RelationType, rel *mox.Relation) {
		if erPerson(rt, *rel) {
			ud = append(ud, r.personpseudonym(rel.Reference))
		}
		for _, v := range rel.Felter {
			if strings.HasPrefix(store.Fold(v), personURN) {
				ud = append(ud, r.personpseudonym(mox.Reference{URN: v}))
			}
		}
	})
	return ens(ud)
}

// pseudonymAf is what a person whom somebody names is known by.
func (r *Register) pseudonymAf(person string) (string, error) {
	noegle, ok := mox.Personnoegle(person)
	if !ok {
		return "", &mox.Error{Kode: mox.KodeUgyldig, Op: "person", Tekst: "personen er hverken et CPR-nummer eller en UUID", Raad: "skriv ti cifre, eller personens UUID",
			Felter: []mox.Feltfejl{{Sti: "person", Regel: "person", Tekst: "er hverken ti cifre eller en UUID"}}}
	}
	return r.store.Pseudonym(noegle), nil
}

package register

import (
	"context"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/store"
)

// MaksVersioner is how many registreringer of one objekt one reading gives at most.
const MaksVersioner = 10_000

// Tider says about which two times something is read. The zero value is now, in both. spec: oio 28-33
type Tider struct {
	VirkFra, VirkTil mox.Tidspunkt // half-open; at VirkFra where they are the same; not given = now
	RegFra, RegTil   time.Time     // half-open; at RegFra where they are the same; both zero = what is in force
}

// virkning is the asked virkningstid at the moment nu.
func (t Tider) virkning(nu time.Time) (fra, til mox.Tidspunkt) {
	if !t.VirkFra.Angivet() && !t.VirkTil.Angivet() {
		return mox.Kl(nu), mox.Kl(nu)
	}
	fra, til = t.VirkFra, t.VirkTil
	if !fra.Angivet() {
		fra = mox.MinusUendelig
	}
	if !til.Angivet() {
		til = mox.Uendelig
	}
	return fra, til
}

func tidspunkt(t mox.Tidspunkt) time.Time {
	ud, _ := t.Tid()
	return ud
}

// set is r as it is seen at the asked virkningstid.
func set(r mox.Registrering, fra, til mox.Tidspunkt) mox.Registrering {
	switch {
	case fra == mox.MinusUendelig && til == mox.Uendelig:
		return r
	case fra.Sammenlign(til) == 0:
		return r.Paa(fra)
	}
	return r.Under(fra, til)
}

// Laest is an objekt as it was read.
type Laest struct {
	ObjektID   mox.ObjektID
	Versioner  []Version // newest first
	Livscyklus mox.LivscyklusKode
}

// Laes reads one objekt. spec: oio 28-33, 44, 45
//
// Errors: [mox.KodeIkkeFundet], also for what the caller may not read; [mox.KodeSlettet] where the newest registrering asked
// for is a deletion; [mox.KodeGlemt] where it has been erased for good.
func (r *Register) Laes(ctx context.Context, hvem Hvem, t mox.ObjektType, id mox.ObjektID, tider Tider) (ud Laest, err error) {
	if !mox.ErUUID(string(id)) {
		return ud, ikkeUUID(string(id))
	}
	if err := hvem.maaLaese(); err != nil {
		return ud, err
	}
	ud, err = r.laesEt(ctx, r.kald(hvem, opLaes), t, id, tider)
	if err == nil && ud.Livscyklus == mox.Slettet {
		err = mox.E("register", mox.KodeSlettet, "objektet er slettet %s", ud.Versioner[0].FraTidspunkt.Format(time.RFC3339)).
			Med("giv registreringstid for at se, hvad der stod før")
	}
	return ud, err
}

// Mailadresse is the e-mail of a Bruger now, as the system may read it; see [oio.Mailadresse] and [Register.Laes] for the
// errors. spec: oio 97
func (r *Register) Mailadresse(ctx context.Context, system, bruger string) (string, error) {
	hvem := r.Hvem(auth.Identitet{Navn: system, System: system, Rolle: auth.System}, "advis")
	ud, err := r.Laes(ctx, hvem, mox.Bruger, mox.ObjektID(bruger), Tider{})
	if err != nil {
		return "", err
	}
	return oio.Mailadresse(ud.Versioner[0].Registrering)
}

func (r *Register) laesEt(ctx context.Context, k *kald, t mox.ObjektType, id mox.ObjektID, tider Tider) (ud Laest, err error) {
	err = r.store.View(ctx, func(tx *store.Tx) (err error) {
		k.forfra()
		ud, err = k.laes(tx, t, id, tider)
		return err
	})
	if e := k.gemEfter(ctx, err); e != nil {
		return Laest{}, e
	}
	return ud, err
}

func (k *kald) laes(tx *store.Tx, t mox.ObjektType, id mox.ObjektID, tider Tider) (Laest, error) {
	versioner, err := k.versioner(tx, t, id, tider)
	if err != nil {
		return Laest{}, err
	}
	fra, til := tider.virkning(tx.Now())
	for i := range versioner {
		versioner[i].Registrering = set(versioner[i].Registrering, fra, til)
	}
	return Laest{ObjektID: id, Versioner: versioner, Livscyklus: versioner[0].LivscyklusKode}, nil
}

func raekker(tx *store.Tx, id mox.ObjektID, tider Tider) ([]store.Registerraekke, error) {
	if !tider.RegFra.IsZero() || !tider.RegTil.IsZero() {
		return tx.RegisterHistorik(id, tider.RegFra, tider.RegTil, MaksVersioner)
	}
	nu, ok, err := tx.RegisterNyeste(id)
	if err != nil || !ok {
		return nil, err
	}
	return []store.Registerraekke{nu}, nil
}

// Historik gives the newest registreringer of an objekt, at most n, with all their virkning and also where it is deleted.
//
// Errors: [mox.KodeIkkeFundet].
func (r *Register) Historik(ctx context.Context, hvem Hvem, t mox.ObjektType, id mox.ObjektID, n int) (ud Laest, err error) {
	if err := hvem.maaLaese(); err != nil {
		return ud, err
	}
	k := r.kald(hvem, opLaes)
	err = r.store.View(ctx, func(tx *store.Tx) error {
		k.forfra()
		raekker, err := tx.RegisterHistorik(id, time.Time{}, time.Time{}, n)
		if err != nil {
			return err
		}
		ud = Laest{ObjektID: id}
		if ud.Versioner, err = k.synlige(tx, t, id, raekker); err == nil {
			ud.Livscyklus = ud.Versioner[0].LivscyklusKode
		}
		return err
	})
	if e := k.gemEfter(ctx, err); e != nil {
		return Laest{}, e
	}
	return ud, err
}

// List reads those of the named objekter that there are and that the caller may read, deleted ones too, in the order they are
// named. spec: oio 68
func (r *Register) List(ctx context.Context, hvem Hvem, t mox.ObjektType, ids []mox.ObjektID, tider Tider) (ud []Laest, err error) {
	if err := hvem.maaLaese(); err != nil {
		return nil, err
	}
	k := r.kald(hvem, opList)
	err = r.store.View(ctx, func(tx *store.Tx) error {
		k.forfra()
		ud = ud[:0]
		for _, id := range ids {
			l, err := k.laes(tx, t, id, tider)
			switch {
			case mox.KodeAf(err) == mox.KodeIkkeFundet, mox.KodeAf(err) == mox.KodeGlemt:
			case err != nil:
				return err
			default:
				ud = append(ud, l)
			}
		}
		return nil
	})
	if e := k.gemEfter(ctx, err); e != nil {
		return nil, e
	}
	return ud, err
}

// Soegning is what is searched for. spec: oio 68-74
type Soegning struct {
	ObjektID      []mox.ObjektID
	Kriterier     []Kriterium
	Livscyklus    mox.LivscyklusKode // "" = any but Slettet
	BrugerRef     string
	Tider         Tider
	Foerste, Maks int // paging: how many to pass over, and how many to give; Maks 0 = all
}

// Kriterium is one value that an objekt must have.
type Kriterium struct {
	Slags    Kriterieslags
	Navn     string // of the field, state or relation; "" = any of its kind
	Vaerdi   string // with % for anything and \% for the sign itself; a relation's is taken as it stands
	Maaltype string // of a relation; "" = any
}

// Kriterieslags is what kind of thing a criterion is about.
type Kriterieslags string

// The kinds, as [feltnavn] has them.
const (
	Attributkriterium Kriterieslags = "a"
	Tilstandkriterium Kriterieslags = "t"
	Relationkriterium Kriterieslags = "r"
	Postkriterium     Kriterieslags = "f" // a field of a relation's entries: journalpost.journalnotat.titel
	Notekriterium     Kriterieslags = "n"
	Variantkriterium  Kriterieslags = "v"
	Delkriterium      Kriterieslags = "d"
)

// Soeg finds the objekter that all criteria hold of and that the caller may read, in the order of brugervendtnoegle and UUID.
// No hit is no error. A search for a person is in the usage log; one for a protected person finds only what the caller may
// see that person in.
func (r *Register) Soeg(ctx context.Context, hvem Hvem, t mox.ObjektType, s Soegning) (ud []mox.ObjektID, err error) {
	if err := hvem.maaLaese(); err != nil {
		return nil, err
	}
	q, err := r.soegning(t, s)
	if err != nil {
		return nil, err
	}
	k := r.kald(hvem, opSoeg)
	soegte := r.soegte(t, s.Kriterier)
	err = r.store.View(ctx, func(tx *store.Tx) (err error) {
		k.forfra()
		if q.Kredse, err = k.soegekredse(tx, soegte); err != nil {
			return err
		}
		q.VirkFra, q.VirkTil = s.Tider.virkning(tx.Now())
		ud, err = tx.Soeg(q)
		return err
	})
	if err == nil {
		err = k.soegt(ctx, t, soegte, len(ud))
	}
	if err != nil {
		return nil, err
	}
	return ud, nil
}

// soegt notes a search that names persons, and how many it found.
func (k *kald) soegt(ctx context.Context, t mox.ObjektType, soegte []soegt, antal int) error {
	personer := personerBlandt(soegte)
	if len(personer) == 0 {
		return nil
	}
	if err := k.kraevFormaal(); err != nil {
		return err
	}
	k.noter(t, "", brugOK, antal, personer)
	return k.gem(ctx)
}

// soegt is something that a search names, which may be a person.
type soegt struct {
	pseudonym string
	person    bool // it is one
}

func (r *Register) soegte(t mox.ObjektType, l []Kriterium) (ud []soegt) {
	type_, _ := mox.TypeAf(t)
	for _, k := range l {
		ref, err := mox.LaesReference(k.Vaerdi)
		if err != nil || k.Slags != Relationkriterium && (k.Slags != Postkriterium || !strings.HasPrefix(store.Fold(k.Vaerdi), personURN)) {
			continue
		}
		rt, _ := type_.Relation(k.Navn)
		ud = append(ud, soegt{r.personpseudonym(ref), erPerson(rt, mox.Relation{Reference: ref, ObjektType: k.Maaltype})})
	}
	return ud
}

func personerBlandt(l []soegt) (ud []string) {
	for _, s := range l {
		if s.person {
			ud = append(ud, s.pseudonym)
		}
	}
	return ens(ud)
}

// soegekredse are the parts of the register that a search may find something in.
func (k *kald) soegekredse(tx *store.Tx, soegte []soegt) ([]store.Registerkreds, error) {
	pseudonymer := make([]string, len(soegte))
	for i, s := range soegte {
		pseudonymer[i] = s.pseudonym
	}
	skjules, err := k.beskyttede(tx, ens(pseudonymer))
	if err != nil || len(skjules) == 0 {
		return k.r.kredse(k.hvem.Adgang.Laese), err
	}
	return k.r.kredse(medBeskyttede(k.hvem.Adgang.Laese)), nil
}

// soegning is what is asked of the store; the virkningstid is asked at the time of the transaction.
func (r *Register) soegning(t mox.ObjektType, s Soegning) (q store.Registersoegning, err error) {
	type_, ok := mox.TypeAf(t)
	if !ok {
		return q, mox.E("register", mox.KodeIkkeFundet, "objekttypen %q kendes ikke", t)
	}
	q = store.Registersoegning{ObjektType: t, ObjektID: s.ObjektID, Livscyklus: string(s.Livscyklus), Bruger: s.BrugerRef,
		RegFra: s.Tider.RegFra, RegTil: s.Tider.RegTil, Spring: s.Foerste, Antal: s.Maks, Sorteret: true}
	for _, k := range s.Kriterier {
		q.Kriterier = append(q.Kriterier, r.kriterium(type_, k))
	}
	return q, nil
}

func (r *Register) kriterium(t *mox.Type, k Kriterium) store.Registerkriterium {
	ud := store.Registerkriterium{Vaerdi: store.Fold(k.Vaerdi), Maaltype: k.Maaltype}
	if k.Slags == Relationkriterium || k.Slags == Postkriterium && strings.HasPrefix(ud.Vaerdi, personURN) {
		ud.Vaerdi = undtaget(r.referencenoegle(k.Vaerdi))
	}
	if k.Navn != "" {
		ud.Felter = []string{feltnavn(t, string(k.Slags), k.Navn)}
		return ud
	}
	switch k.Slags {
	case Relationkriterium:
		for _, rt := range t.Relationer {
			ud.Felter = append(ud.Felter, feltnavn(t, "r", rt.Navn))
		}
	default:
		for _, saet := range t.Attributter {
			for _, f := range saet.Felter {
				ud.Felter = append(ud.Felter, feltnavn(t, "a", f.Navn))
			}
		}
	}
	return ud
}

// undtaget is a text in which no sign stands for others.
func undtaget(s string) string {
	var ud []rune
	for _, c := range s {
		if c == '%' || c == '\\' {
			ud = append(ud, '\\')
		}
		ud = append(ud, c)
	}
	return string(ud)
}

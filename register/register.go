// Package register keeps Sager, Dokumenter, Klassifikation and Organisation in two times, by the operations of the OIO
// standards: Opret, Importer, Ret, Passiver, Slet, Læs, List and Søg. spec: oio 1
//
// What a correction makes of an objekt is decided in package mox, which is pure; the rows are those of package store. Each
// operation that changes something writes one registrering and tells of it in one besked, in one transaction.
package register

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/pak"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/store"
)

// StandardSystem is the name that the register sends beskeder under where it is told no other.
const StandardSystem = "Register"

// Options are what a Register may be given; the zero value is well.
type Options struct {
	System string // the name it sends beskeder under; "" = Register
	Log    *slog.Logger
	// Foelsomhed says which of [mox.Foelsomheder] a foelsomhedsklasse stands for, by its UUID or URN. One that is not named is
	// the most sensitive.
	Foelsomhed   map[string]string
	KraevFormaal bool // people must say why they read or write what is about persons
}

// Register is safe for concurrent use.
type Register struct {
	d      *distributor.Distributor
	store  *store.Store
	pak    pak.Pakker
	system string
	log    *slog.Logger

	foelsomheder map[string]string // code by folded reference
	kraevFormaal bool
}

// New makes a Register that tells of its writes through d, and keeps its rows where d does.
func New(d *distributor.Distributor, o Options) *Register {
	r := &Register{d: d, store: d.Store(), system: o.System, log: o.Log, foelsomheder: foelsomheder(o.Foelsomhed), kraevFormaal: o.KraevFormaal}
	if r.system == "" {
		r.system = StandardSystem
	}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	return r
}

// Hvem is who asks for an operation; see [Register.Hvem].
type Hvem struct {
	Navn      string // of the key or the person
	System    string // "" = a person
	Rolle     string
	Formaal   string // why, as the caller says it; "" = nothing said
	Adgang    Adgang // what the caller may; the zero value is nothing
	BrugerRef string // a UUID; "" = derived from Navn
	// Noegle is the caller's own name for this one operation; the same again is answered and not done again. Aftryk tells
	// what is asked for, so that a name used for something else is noticed. "" = none.
	Noegle, Aftryk string
	Sendt          []string // SHA-256 of the documents whose bytes come with the operation
}

// Registreret is what an operation made.
type Registreret struct {
	ObjektID mox.ObjektID
	Version  Version // the registrering in force now
	Uaendret bool    // there was nothing to change, and nothing was registered. spec: oio 16
}

// Version is a registrering as the register keeps it.
type Version struct {
	mox.Registrering
	Nr  int64     // 1, 2, 3 … of its objekt
	Til time.Time // when the next one began; zero = it is in force
}

// ETag names the version: its FraTidspunkt in microseconds. spec: oio 67
func (v Version) ETag() string { return fmt.Sprintf(`"%d"`, v.FraTidspunkt.UnixMicro()) }

// Betingelse is what must hold of the registrering in force; "" = nothing. It is an [Version.ETag], or "*": there is one.
type Betingelse string

// IkkeIKraft is the condition that the objekt is not there, or is passive or deleted: so an STS service imports. No ETag can be
// it. spec: oio 42
const IkkeIKraft Betingelse = "\x00ikke i kraft"

// stand is an objekt as it stands before an operation; the zero value is one that there is not.
type stand struct {
	raekke store.Registerraekke
	nu     mox.Registrering
	gjort  *store.Registerraekke // the same operation has been done before
}

func (s *stand) findes() bool { return s.raekke.Nr > 0 }

// operation says what becomes of an objekt. uaendret tells that nothing does.
type operation func(*stand) (ny mox.Registrering, uaendret bool, err error)

// optimistisk is how often an operation is worked out beside the transaction before it is done within it: so that many who
// write one objekt do not work for each other's waste basket.
const optimistisk = 3

// errForaeldet tells that another has written the objekt since it was read.
var errForaeldet = errors.New("register: the objekt has been written meanwhile")

// skriv carries out an operation on the objekt id, and notes it in the usage log: what was written in the same transaction,
// and that nothing was, or that the caller may not, by itself.
func (r *Register) skriv(ctx context.Context, hvem Hvem, t mox.ObjektType, id mox.ObjektID, kode mox.LivscyklusKode, b Betingelse, f operation) (Registreret, error) {
	k := r.kald(hvem, skriveoperation(kode))
	if err := hvem.maaSkrive(); err != nil {
		return Registreret{}, err
	}
	ud, err := r.udfoer(ctx, k, t, id, b, f)
	switch {
	case errors.Is(err, errNaegtet):
		k.forfra()
		k.noter(t, id, string(mox.KodeIkkeTilladt), 0, nil)
		if e := k.gem(ctx); e != nil {
			err = e
		}
		return ud, err
	case err != nil:
		return ud, err
	}
	return r.tilSvar(ctx, k, t, ud)
}

// tilSvar is what was registered as the caller may see it.
func (r *Register) tilSvar(ctx context.Context, k *kald, t mox.ObjektType, ud Registreret) (Registreret, error) {
	type_, _ := mox.TypeAf(t)
	naevnte := r.personer(t, ud.Version.Registrering)
	o := r.klassificering(t, post(type_, ud.Version.Registrering, mox.Kl(ud.Version.FraTidspunkt)))
	if len(naevnte) > 0 && !k.hvem.Adgang.serBeskyttede(o) {
		err := r.store.View(ctx, func(tx *store.Tx) (err error) {
			ud.Version.Registrering, err = k.udenBeskyttede(tx, o, ud.Version.Registrering, naevnte)
			return err
		})
		if err != nil {
			return Registreret{}, err
		}
	}
	if ud.Uaendret && personlig(o, naevnte) {
		if err := k.kraevFormaal(); err != nil {
			return Registreret{}, err
		}
		k.forfra()
		k.noter(t, ud.ObjektID, brugUaendret, 1, naevnte)
		return ud, k.gem(ctx)
	}
	return ud, nil
}

// udfoer does the work of an operation beside the transaction, which then only checks that nobody has been there first:
// on SQLite all writers share one.
func (r *Register) udfoer(ctx context.Context, k *kald, t mox.ObjektType, id mox.ObjektID, b Betingelse, f operation) (ud Registreret, err error) {
	hvem := k.hvem
	for range optimistisk {
		var foer stand
		var nu time.Time
		if err := r.store.View(ctx, func(tx *store.Tx) (err error) {
			nu = tx.Now()
			foer, err = r.laesStand(tx, hvem, t, id)
			return err
		}); err != nil {
			return ud, err
		}
		s, err := r.beregn(k, t, id, b, &foer, f)
		if err == nil && !s.uaendret {
			err = r.goerKlar(&s, nu)
		}
		if err != nil || s.uaendret {
			return s.registreret(), err
		}
		err = r.d.Sammen(ctx, func(tx *store.Tx, u *distributor.Udgivelse) error {
			if err := tx.Lock(laasenavn(id)); err != nil {
				return err
			}
			nr, err := tx.RegisterNr(id)
			if err != nil {
				return err
			}
			if nr != foer.raekke.Nr {
				return errForaeldet
			}
			return r.gem(tx, u, &s)
		})
		if !errors.Is(err, errForaeldet) {
			return s.registreret(), err
		}
	}
	var s skrivning
	err = r.d.Sammen(ctx, func(tx *store.Tx, u *distributor.Udgivelse) error {
		if err := tx.Lock(laasenavn(id)); err != nil {
			return err
		}
		foer, err := r.laesStand(tx, hvem, t, id)
		if err != nil {
			return err
		}
		if s, err = r.beregn(k, t, id, b, &foer, f); err != nil || s.uaendret {
			return err
		}
		if err := r.goerKlar(&s, tx.Now()); err != nil {
			return err
		}
		return r.gem(tx, u, &s)
	})
	return s.registreret(), err
}

// laasenavn names the lock that whoever writes about an objekt holds, here and in package distributor.
func laasenavn(id mox.ObjektID) string { return "objekt/" + string(id) }

// laas takes the objekt's lock and gives its newest registrering.
func (r *Register) laas(tx *store.Tx, id mox.ObjektID) (store.Registerraekke, error) {
	if err := tx.Lock(laasenavn(id)); err != nil {
		return store.Registerraekke{}, err
	}
	nu, _, err := tx.RegisterNyeste(id)
	return nu, err
}

func (r *Register) laesStand(tx *store.Tx, hvem Hvem, t mox.ObjektType, id mox.ObjektID) (s stand, err error) {
	raekke, ok, err := tx.RegisterNyeste(id)
	if err != nil || !ok {
		return s, err
	}
	if raekke.ObjektType != t && !iEn(hvem.Adgang.Laese, r.klasse(&raekke)) {
		return s, skjult(t, id)
	}
	if raekke.ObjektType != t {
		return s, mox.E("register", mox.KodeIkkeFundet, "%s er ikke et objekt af typen %s", id, t).Med("det hører til en anden type; se UUID'en efter")
	}
	v, err := r.version(&raekke)
	if err != nil {
		return s, err
	}
	s = stand{raekke: raekke, nu: v.Registrering}
	if noegle := r.noegle(hvem); noegle != "" {
		gjort, ok, err := tx.RegisterMedNoegle(id, noegle)
		if err != nil {
			return s, err
		}
		if ok {
			s.gjort = &gjort
		}
	}
	return s, nil
}

// noegle is the caller's name for an operation as it is kept: nobody else can use it.
func (r *Register) noegle(hvem Hvem) string {
	if hvem.Noegle == "" {
		return ""
	}
	return r.store.Afled("idempotens", hvem.Navn, hvem.Noegle)
}

// version unpacks a row.
func (r *Register) version(raekke *store.Registerraekke) (Version, error) {
	b, err := r.pak.Udpak(raekke.Pakket)
	if err != nil {
		return Version{}, err
	}
	reg, err := oio.UnmarshalIndre(raekke.ObjektType, b)
	if err != nil {
		return Version{}, fmt.Errorf("register: registrering %d of objekt %d: %w", raekke.Nr, raekke.Objekt, err)
	}
	reg.FraTidspunkt, reg.LivscyklusKode, reg.NoteTekst = raekke.Fra, raekke.Livscyklus, raekke.Note
	reg.BrugerRef, err = mox.LaesReference(raekke.Bruger)
	return Version{Registrering: reg, Nr: raekke.Nr, Til: raekke.Til}, err
}

// skrivning is a registrering on its way to be stored.
type skrivning struct {
	kald        *kald
	raekke      store.Registerraekke
	ny          mox.Registrering
	post        store.Registerpost
	nye, gamle  []store.Registerfelt // what it is found by now, and no longer
	foer        time.Time            // FraTidspunkt of the one before
	personer    []string             // pseudonyms of whom it names, or did before
	uaendret    bool
	uaendretSom Version
	klar        distributor.Klar
}

func (s *skrivning) registreret() Registreret {
	if s.uaendret {
		return Registreret{ObjektID: s.raekke.ObjektID, Version: s.uaendretSom, Uaendret: true}
	}
	return Registreret{ObjektID: s.raekke.ObjektID, Version: Version{Registrering: s.ny, Nr: s.raekke.Nr}}
}

// beregn works out what an operation makes of an objekt.
func (r *Register) beregn(k *kald, t mox.ObjektType, id mox.ObjektID, b Betingelse, foer *stand, f operation) (s skrivning, err error) {
	hvem := k.hvem
	if err := r.maaRoere(hvem, t, id, foer); err != nil {
		return s, err
	}
	if foer.gjort != nil {
		return r.gjort(hvem, id, foer)
	}
	if err := b.holder(foer); err != nil {
		return s, err
	}
	ny, uaendret, err := f(foer)
	if err != nil {
		return s, err
	}
	s = skrivning{kald: k, raekke: store.Registerraekke{ObjektID: id, ObjektType: t, Objekt: foer.raekke.Objekt, Nr: foer.raekke.Nr + 1}, foer: foer.raekke.Fra}
	if uaendret {
		s.uaendret, s.uaendretSom = true, Version{Registrering: foer.nu, Nr: foer.raekke.Nr}
		return s, nil
	}
	type_, _ := mox.TypeAf(t)
	s.post = post(type_, ny, mox.Kl(time.Now()))
	s.personer = ens(append(r.personer(t, ny), r.personer(t, foer.nu)...))
	if err := k.maaGemme(t, ny, &s); err != nil {
		return s, err
	}
	s.ny = ny
	s.ny.BrugerRef = mox.Reference{UUID: r.brugerRef(hvem)}
	s.raekke.Livscyklus, s.raekke.Bruger, s.raekke.Note = ny.LivscyklusKode, s.ny.BrugerRef.String(), ny.NoteTekst
	s.raekke.Noegle, s.raekke.Aftryk = r.noegle(hvem), hvem.Aftryk
	if s.raekke.Pakket, err = r.pakket(t, ny); err != nil {
		return s, err
	}
	s.nye, s.gamle = forskel(r.felter(type_, ny), r.felter(type_, foer.nu))
	return s, nil
}

// gjort answers an operation that has been done before.
func (r *Register) gjort(hvem Hvem, id mox.ObjektID, foer *stand) (skrivning, error) {
	if foer.gjort.Aftryk != hvem.Aftryk {
		return skrivning{}, mox.E("register", mox.KodeAndetIndhold, "nøglen er brugt før til noget andet").Med("giv hvert kald sin egen Idempotency-Key")
	}
	v, err := r.version(foer.gjort)
	return skrivning{raekke: store.Registerraekke{ObjektID: id}, uaendret: true, uaendretSom: v}, err
}

// brugerRef is who a registrering was made by.
func (r *Register) brugerRef(hvem Hvem) string {
	if hvem.BrugerRef != "" {
		return hvem.BrugerRef
	}
	return string(r.store.ObjektID(distributor.MOX, mox.Bruger, hvem.Navn))
}

// pakket is the content as it is stored. What stands in columns of its own is not in it.
func (r *Register) pakket(t mox.ObjektType, ny mox.Registrering) ([]byte, error) {
	ny.FraTidspunkt, ny.LivscyklusKode, ny.NoteTekst, ny.BrugerRef = time.Time{}, "", "", mox.Reference{}
	b, err := oio.MarshalIndre(t, ny)
	if err != nil {
		return nil, err
	}
	return r.pak.Pak(b)
}

// goerKlar gives a registrering its time, and forms the besked that tells of it.
func (r *Register) goerKlar(s *skrivning, nu time.Time) error {
	s.begynd(nu)
	s.raekke.Besked = r.beskedID(s)
	b, err := r.besked(s, nu)
	if err != nil {
		return err
	}
	s.klar, err = r.d.Klargoer(r.system, b)
	return err
}

// begynd lets a registrering hold from nu, or just after the one before it. spec: oio 11
func (s *skrivning) begynd(nu time.Time) {
	fra := nu.UTC().Truncate(time.Microsecond)
	if !fra.After(s.foer) {
		fra = s.foer.Add(time.Microsecond)
	}
	s.ny.FraTidspunkt, s.raekke.Fra = fra, fra
}

// gem stores a registrering that has been made ready, and tells of it. The caller holds the objekt's lock.
func (r *Register) gem(tx *store.Tx, u *distributor.Udgivelse, s *skrivning) error {
	if err := s.kald.maaHenvise(tx, s.nye); err != nil {
		return err
	}
	if err := r.gemRaekke(tx, s); err != nil {
		return err
	}
	s.kald.forfra()
	s.kald.noter(s.raekke.ObjektType, s.raekke.ObjektID, brugOK, 1, s.personer)
	if err := s.kald.gemI(tx); err != nil {
		return err
	}
	_, err := u.AcceptKlar(s.klar)
	return err
}

// gemRaekke stores a registrering, what its objekt is found by, and when something about it begins or ends to hold.
func (r *Register) gemRaekke(tx *store.Tx, s *skrivning) error {
	fra := s.raekke.Fra
	if err := tx.IndsaetRegister(&s.raekke, s.post); err != nil {
		return err
	}
	if err := tx.LukRegisterfelter(s.raekke.Objekt, s.gamle, fra); err != nil {
		return err
	}
	if err := tx.IndsaetRegisterfelter(s.raekke.Objekt, s.nye, fra); err != nil {
		return err
	}
	tider := graenser(s.ny, fra)
	if s.raekke.Nr == 1 && len(tider) == 0 {
		return nil
	}
	return tx.SaetRegistergraenser(s.raekke.Objekt, tider)
}

func (r *Register) beskedID(s *skrivning) mox.BeskedID {
	return mox.BeskedID(r.store.Afled("register", string(s.raekke.ObjektID), fmt.Sprint(s.raekke.Nr)))
}

// besked tells of a registrering, with all of it, or where to read it when it is larger than a besked may be. spec: oio 91
func (r *Register) besked(s *skrivning, nu time.Time) (mox.Besked, error) {
	id, t := s.raekke.ObjektID, s.raekke.ObjektType
	indhold, err := oio.MarshalRegistrering(t, id, s.ny)
	forStor := mox.KodeAf(err) == mox.KodeForStor
	if err != nil && !forStor {
		return mox.Besked{}, err
	}
	b := mox.Besked{ID: s.raekke.Besked, ObjektID: id, ObjektType: t,
		RegistreringID: fmt.Sprint(s.raekke.Nr), Bruger: s.ny.BrugerRef.String(), Kildesystem: r.system, Dannet: nu, Indhold: indhold}
	if forStor {
		type_, _ := mox.TypeAf(t)
		b.Objektreference = fmt.Sprintf("/%s/%s/%s?registreringstid=%s", type_.Service, type_.Sti, id, s.ny.FraTidspunkt.Format(time.RFC3339Nano))
	}
	if type_, ok := mox.TypeAf(t); ok { // what a class stands for, only the register knows; of one that it does not know, nothing is said
		b.Foelsomhed = r.foelsomheder[post(type_, s.ny, mox.Kl(s.ny.FraTidspunkt)).Foelsomhed]
	}
	return r.d.Om(b, s.ny), nil
}

// holder reports what breaks the condition.
func (b Betingelse) holder(s *stand) error {
	switch {
	case b == "":
		return nil
	case b == IkkeIKraft:
		if !s.findes() || mox.Importeret.MaaFoelge(s.raekke.Livscyklus) {
			return nil
		}
		return mox.E("register", mox.KodeKonflikt, "objektet findes allerede").Med("ret det i stedet for at importere det")
	case !s.findes():
		return mox.E("register", mox.KodeForudsaetning, "objektet findes ikke, men kaldet forudsætter det").Med("opret eller importer det først")
	case b == "*", b == Betingelse(Version{Registrering: s.nu}.ETag()):
		return nil
	}
	return mox.E("register", mox.KodeForudsaetning, "objektet er ændret siden; den gældende registrering er fra %s", s.raekke.Fra.Format(time.RFC3339Nano)).
		Med("læs objektet igen, og ret det, der står nu")
}

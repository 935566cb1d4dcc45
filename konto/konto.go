// Package konto keeps the people who log in with a name and a password: their accounts, their sessions, and how often somebody
// has guessed. All of it is in the database, so that several processes on it know the same people.
//
// A password is kept as an argon2id hash, a session's secret as its SHA-256, and a name or address that went wrong as a keyed
// digest. None of them is in a log or an error.
package konto

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/store"
)

// Options are what the accounts are made of.
type Options struct {
	Log *slog.Logger
	Nu  func() time.Time // nil = the database's clock
	// Optaget reports whether somebody who is no account has a name already; nil = nobody.
	Optaget func(navn string) bool
}

// Konti are the accounts of an installation. They are safe for concurrent use.
type Konti struct {
	store *store.Store
	log   *slog.Logger
	nu    func(*store.Tx) time.Time
	plan  plan
	taget func(string) bool
	plads chan struct{} // one for each hash that may be computed at a time
	talt  taeller
}

// samtidige is how many passwords are tried at once: each takes 19 MiB and a core.
const samtidige = 2

// New makes the accounts of a database.
func New(s *store.Store, o Options) *Konti {
	k := &Konti{store: s, log: o.Log, nu: func(tx *store.Tx) time.Time { return tx.Now() }, plan: gaeldendePlan(), plads: make(chan struct{}, samtidige), taget: o.Optaget}
	if o.Log == nil {
		k.log = slog.New(slog.DiscardHandler)
	}
	if o.Optaget == nil {
		k.taget = func(string) bool { return false }
	}
	if o.Nu != nil {
		k.nu = func(*store.Tx) time.Time { return o.Nu() }
	}
	return k
}

// Konto is an account as others may see it.
type Konto struct {
	Navn       string     `json:"navn"`
	Rolle      auth.Rolle `json:"rolle"`
	Oprettet   time.Time  `json:"oprettet"`
	OprettetAf string     `json:"oprettet_af"`
	Aendret    time.Time  `json:"aendret"`
	AendretAf  string     `json:"aendret_af"`
	Ekstern    bool       `json:"ekstern,omitempty"` // logs in at a provider, and has no password here
	SidstInde  time.Time  `json:"sidst_inde,omitzero"`
	Sessioner  int        `json:"sessioner"`             // where its holder is logged in now
	Spaerret   time.Time  `json:"spaerret_til,omitzero"` // too many wrong passwords: until when its holder must wait
	Lukket     time.Time  `json:"lukket,omitzero"`
	Kreds      *Kreds     `json:"kreds,omitempty"` // what of the register its holder may reach; nil = all

	Midlertidigt bool `json:"midlertidigt_kodeord,omitempty"` // somebody else chose the password, and the holder has not chosen another
}

func konto(b store.Bruger, sessioner int, spaerret time.Time) (Konto, error) {
	kreds, err := laesKreds(b)
	return Konto{b.Navn, auth.Rolle(b.Rolle), b.Oprettet, b.OprettetAf, b.Aendret, b.AendretAf, b.Emne != "", b.SidstInde, sessioner, spaerret, b.Lukket, kreds, b.Midlertidigt}, err
}

// Hvem is who changes an account, and why.
type Hvem struct{ Navn, Begrundelse string }

// navneform keeps a name fit for logs. It may be an address of mail, which many are known by.
var navneform = regexp.MustCompile(`^[\pL\pN][\pL\pN ._@-]{0,99}$`)

// skrevet is a name as it is kept, and ens as it is looked up: the same however it is typed.
func skrevet(navn string) string { return norm.NFC.String(strings.Join(strings.Fields(navn), " ")) }

func ens(navn string) string {
	navn = strings.ReplaceAll(strings.ToValidUTF8(navn, "\uFFFD"), "\x00", "\uFFFD") // a database takes neither
	return strings.ToLower(skrevet(navn))
}

// godtNavn reports whether a name may be an account's: it is in logs, so it is no person's number.
func godtNavn(navn string) bool {
	return navneform.MatchString(navn) && ens(navn) != auth.Lokal().Navn && mox.Maskeret(navn) == navn
}

// Opret makes an account, whose holder must choose another password at the first login. [mox.KodeUgyldig] names what is wrong with
// name, role or password; [mox.KodeKonflikt] when the name is taken, also by an account that is closed: what is done under a name
// is done by one person.
func (k *Konti) Opret(ctx context.Context, navn string, rolle auth.Rolle, kodeord string, af Hvem) error {
	navn = skrevet(navn)
	switch {
	case !godtNavn(navn):
		return ugyldig("navn", "skal være 1-100 bogstaver, tal, mellemrum, '.', '_', '@' eller '-', og hverken lokal eller et personnummer")
	case !rolle.Menneske():
		return ugyldig("rolle", "er ikke laeser, drift eller administrator")
	case k.taget(navn):
		return mox.E("bruger", mox.KodeKonflikt, "navnet %s er brugt af en nøgle, et certifikat eller et token", navn).Med("vælg et andet navn")
	}
	if err := kontroller(kodeord, navn); err != nil {
		return err
	}
	hash, err := k.hash(ctx, kodeord)
	if err != nil {
		return err
	}
	return k.store.Update(ctx, func(tx *store.Tx) error {
		id := ens(navn)
		if err := tx.Lock("bruger/" + id); err != nil {
			return err
		}
		if b, er, err := tx.Bruger(id); err != nil || er {
			return forenet(err, mox.E("bruger", mox.KodeKonflikt, "navnet %s er brugt%s", navn, tilstand(b)).Med("vælg et andet navn"))
		}
		nu := k.nu(tx)
		b := store.Bruger{ID: id, Navn: navn, Rolle: string(rolle), Kodeord: hash, Midlertidigt: true, Oprettet: nu, OprettetAf: af.Navn, Aendret: nu, AendretAf: af.Navn}
		return gem(tx, b, opretBruger, af)
	})
}

func tilstand(b store.Bruger) string {
	if b.Lukket.IsZero() {
		return ""
	}
	return " af en konto, der er lukket"
}

// forenet is err where there is one, else the other.
func forenet(err, ellers error) error {
	if err != nil {
		return err
	}
	return ellers
}

func ugyldig(felt, tekst string) error {
	return &mox.Error{Kode: mox.KodeUgyldig, Op: "bruger", Tekst: felt + " " + tekst, Felter: []mox.Feltfejl{{Sti: felt, Regel: felt, Tekst: tekst}}}
}

func gem(tx *store.Tx, b store.Bruger, hvad string, af Hvem) error {
	if err := tx.GemBruger(b); err != nil {
		return err
	}
	return tx.InsertHandling(store.Handling{Hvem: af.Navn, Hvad: hvad, Maal: "bruger " + b.Navn, Antal: 1, Begrundelse: af.Begrundelse})
}

// Liste are all accounts, by name.
func (k *Konti) Liste(ctx context.Context) (ud []Konto, err error) {
	err = k.store.View(ctx, func(tx *store.Tx) error {
		ud = nil
		nu := k.nu(tx)
		inde, err := tx.Brugersessioner(nu.Add(-SessionFrist), nu.Add(-TomgangsFrist))
		if err != nil {
			return err
		}
		l, err := tx.Brugere()
		for _, b := range l {
			spaerret, err := k.spaerretTil(tx, b.ID, nu)
			if err != nil {
				return err
			}
			x, err := konto(b, inde[b.ID], spaerret)
			if err != nil {
				return err
			}
			ud = append(ud, x)
		}
		return err
	})
	return ud, err
}

// SaetRolle gives an account another role. Its holder is logged out, here and everywhere.
func (k *Konti) SaetRolle(ctx context.Context, navn string, rolle auth.Rolle, af Hvem) error {
	if !rolle.Menneske() {
		return ugyldig("rolle", "er ikke laeser, drift eller administrator")
	}
	return k.aendr(ctx, navn, saetRolle, af, func(b *store.Bruger, _ time.Time) { b.Rolle = string(rolle) })
}

// Luk closes an account for good. Its holder is logged out.
func (k *Konti) Luk(ctx context.Context, navn string, af Hvem) error {
	return k.aendr(ctx, navn, lukBruger, af, func(b *store.Bruger, nu time.Time) { b.Lukket = nu })
}

// SaetKodeord gives an account another password, for a holder who has lost theirs and must choose one at the next login. The
// holder is logged out, and is no longer kept out by wrong guesses.
func (k *Konti) SaetKodeord(ctx context.Context, navn, kodeord string, af Hvem) error {
	if err := kontroller(kodeord, navn); err != nil {
		return err
	}
	hash, err := k.hash(ctx, kodeord)
	if err != nil {
		return err
	}
	return k.aendr(ctx, navn, saetKodeord, af, func(b *store.Bruger, _ time.Time) { b.Kodeord, b.Midlertidigt = hash, true })
}

// LogAlleUd ends all sessions of an account, for a holder who has lost a machine, say. Its password still lets in.
func (k *Konti) LogAlleUd(ctx context.Context, navn string, af Hvem) error {
	return k.aendr(ctx, navn, logAlleUd, af, func(*store.Bruger, time.Time) {})
}

// What is done to an account, as the log of acts has it.
const (
	opretBruger = "opret-bruger"
	lukBruger   = "luk-bruger"
	saetRolle   = "rolle"
	saetKreds   = "kreds"
	saetKodeord = "kodeord"
	logAlleUd   = "log-ud"
)

// aendr changes an open account and ends its sessions.
func (k *Konti) aendr(ctx context.Context, navn, hvad string, af Hvem, f func(*store.Bruger, time.Time)) error {
	return k.store.Update(ctx, func(tx *store.Tx) error {
		b, err := aaben(tx, ens(navn))
		if err != nil {
			return err
		}
		if b.Emne != "" && (hvad == saetRolle || hvad == saetKodeord) {
			return mox.E("bruger", mox.KodeKonflikt, "%s logger ind gennem oidc_personer", b.Navn).Med("ret rollen og kodeordet dér")
		}
		foer := b
		b.Aendret, b.AendretAf = k.nu(tx), af.Navn
		f(&b, b.Aendret)
		if err := blivenAdministrator(tx, foer, b, af); err != nil {
			return err
		}
		if err := tx.SletBrugersessioner(b.ID); err != nil {
			return err
		}
		if hvad == saetKodeord {
			if err := tx.GemLoginforsoeg(k.navnenoegle(b.ID), store.Loginforsoeg{}); err != nil {
				return err
			}
		}
		return gem(tx, b, hvad, af)
	})
}

// blivenAdministrator refuses a change that would leave nobody who may administer. Whoever is at the machine can always make an
// account, and may.
func blivenAdministrator(tx *store.Tx, foer, efter store.Bruger, af Hvem) error {
	er := func(b store.Bruger) bool { return b.Lukket.IsZero() && auth.Rolle(b.Rolle) == auth.Administrator }
	if !er(foer) || er(efter) || af.Navn == auth.Lokal().Navn {
		return nil
	}
	if err := tx.Lock("bruger administratorer"); err != nil {
		return err
	}
	alle, err := tx.Brugere()
	if err != nil || slices.ContainsFunc(alle, func(b store.Bruger) bool { return b.ID != foer.ID && er(b) }) {
		return err
	}
	return mox.E("bruger", mox.KodeKonflikt, "%s er den sidste administrator", foer.Navn).
		Med("giv først en anden rollen, eller brug mox bruger på MOX' egen maskine")
}

// aaben is the account to be changed, which nobody else changes until the transaction ends.
func aaben(tx *store.Tx, id string) (store.Bruger, error) {
	if err := tx.Lock("bruger/" + id); err != nil {
		return store.Bruger{}, err
	}
	b, ok, err := tx.Bruger(id)
	if err == nil && (!ok || !b.Lukket.IsZero()) {
		err = mox.E("bruger", mox.KodeIkkeFundet, "der er ingen åben konto med det navn").Med("se mox bruger list")
	}
	return b, err
}

// hash computes a password's hash, when there is room to.
func (k *Konti) hash(ctx context.Context, kodeord string) (hash string, err error) {
	err = k.paaPlads(ctx, func() error {
		hash = k.plan.hash(kodeord)
		return nil
	})
	return hash, err
}

// pladsFrist is how long somebody waits for others' passwords to be tried.
const pladsFrist = 10 * time.Second

// paaPlads runs f when few enough others do the same; [mox.KodeUtilgaengelig] when that takes too long.
func (k *Konti) paaPlads(ctx context.Context, f func() error) error {
	frist, slut := context.WithTimeout(ctx, pladsFrist)
	defer slut()
	select {
	case k.plads <- struct{}{}:
		defer func() { <-k.plads }()
		return f()
	case <-frist.Done():
		return &mox.Error{Kode: mox.KodeUtilgaengelig, Op: "login", Tekst: "for mange logger ind på én gang", Raad: "prøv igen om lidt", Err: fmt.Errorf("login: %w", context.Cause(frist))}
	}
}

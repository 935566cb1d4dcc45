package konto

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/store"
)

// How long one is logged in, and how often one may guess. A name is kept out whether it has an account or not, so that this
// tells nobody which names have one.
const (
	TomgangsFrist = 30 * time.Minute // since it was last used; a page that only keeps itself fresh is no use
	SessionFrist  = 12 * time.Hour
	MaksForNavn   = 10 // wrong passwords within Spaerretid
	MaksForFra    = 50 // the same, from one address (of IPv6: one /64); a whole town hall may come from one
	Spaerretid    = 15 * time.Minute
	maksSessioner = 20 // of one account
	brugHver      = time.Minute
)

// taeller are how often somebody was refused since the process began.
type taeller struct{ kodeord, spaerret atomic.Uint64 }

// Afviste counts refused logins by reason: kodeord, spaerret.
func (k *Konti) Afviste() map[string]uint64 {
	return map[string]uint64{"kodeord": k.talt.kodeord.Load(), "spaerret": k.talt.spaerret.Load()}
}

// LogInd begins a session for whoever knows an account's password, and gives its secret. fra is the caller's address.
//
// [mox.KodeIkkeLoggetInd] for a wrong password, an unknown name and a closed account alike, in the same time;
// [mox.KodeForMange] when there have been too many of them.
func (k *Konti) LogInd(ctx context.Context, navn, kodeord, fra string) (hemmelighed string, err error) {
	b, forael, err := k.proev(ctx, navn, kodeord, fra)
	if err != nil {
		return "", err
	}
	hash := b.Kodeord
	if forael {
		if b.Kodeord, err = k.hash(ctx, kodeord); err != nil {
			return "", err
		}
	}
	hemmelighed, err = k.begynd(ctx, b, hash, fra, nil)
	if err == nil {
		k.log.Info("login", "bruger", b.Navn, "fra", fra)
	}
	return hemmelighed, err
}

// SkiftKodeord gives the account another password, when its holder knows the one it has, and begins a new session; all
// others end. Errors are those of [Konti.LogInd], and [mox.KodeUgyldig] for a password that cannot be used.
func (k *Konti) SkiftKodeord(ctx context.Context, id, gammelt, nyt, fra string) (hemmelighed string, err error) {
	b, _, err := k.proev(ctx, id, gammelt, fra)
	if mox.KodeAf(err) == mox.KodeIkkeLoggetInd {
		return "", &mox.Error{Kode: mox.KodeUgyldig, Op: "kodeord", Tekst: "det nuværende kodeord er forkert", Felter: []mox.Feltfejl{{Sti: "gammelt", Regel: "gammelt", Tekst: "er forkert"}}}
	}
	if err != nil {
		return "", err
	}
	if nyt == gammelt {
		return "", ugyldig("kodeord", "er det, du har")
	}
	if err = kontroller(nyt, b.Navn); err != nil {
		return "", err
	}
	hash := b.Kodeord
	if b.Kodeord, err = k.hash(ctx, nyt); err != nil {
		return "", err
	}
	hemmelighed, err = k.begynd(ctx, b, hash, fra, func(tx *store.Tx, b *store.Bruger) error {
		b.Aendret, b.AendretAf, b.Midlertidigt = k.nu(tx), b.Navn, false
		if err := tx.SletBrugersessioner(b.ID); err != nil {
			return err
		}
		return tx.InsertHandling(store.Handling{Hvem: b.Navn, Hvad: saetKodeord, Maal: "bruger " + b.Navn, Antal: 1})
	})
	if err == nil {
		k.log.Info("kodeord skiftet", "bruger", b.Navn, "fra", fra)
	}
	return hemmelighed, err
}

// proev finds the account of a name and a password. The attempt is counted before the password is tried, so that many at once
// are no more than many after each other.
func (k *Konti) proev(ctx context.Context, navn, kodeord, fra string) (b store.Bruger, forael bool, err error) {
	err = k.paaPlads(ctx, func() (err error) {
		var ok, sidste bool
		if b, sidste, err = k.tael(ctx, ens(navn), fra); err != nil {
			return err
		}
		hash := b.Kodeord
		if hash == "" {
			hash = k.plan.attrap()
		}
		if ok, forael, err = k.plan.passer(hash, kodeord); err == nil && !ok {
			err = k.forkert(b, sidste, fra)
		}
		return err
	})
	return b, forael, err
}

// forkert logs a wrong password. A name that has no account is not in the log: it may be a password.
func (k *Konti) forkert(b store.Bruger, sidste bool, fra string) error {
	k.talt.kodeord.Add(1)
	navn := b.Navn
	if navn == "" {
		navn = "ukendt"
	}
	k.log.Warn("login mislykkedes", "bruger", navn, "fra", fra)
	if sidste {
		k.log.Error("login spærret: for mange forkerte kodeord", "bruger", navn, "fra", fra, "minutter", int(Spaerretid.Minutes()))
	}
	return mox.E("login", mox.KodeIkkeLoggetInd, "navnet eller kodeordet er forkert").Med("prøv igen, eller bed administratoren om et nyt kodeord")
}

// tael counts an attempt for the name and the address and gives the open account, if there is one. sidste tells that there
// can be no more for a while.
func (k *Konti) tael(ctx context.Context, id, fra string) (b store.Bruger, sidste bool, err error) {
	navn, adresse := k.navnenoegle(id), k.franoegle(fra)
	err = k.store.Update(ctx, func(tx *store.Tx) error {
		b, sidste = store.Bruger{}, false
		if err := tx.LaasLogin(navn, adresse); err != nil {
			return err
		}
		nu := k.nu(tx)
		if err := tx.RydLoginforsoeg(nu.Add(-Spaerretid)); err != nil {
			return err
		}
		for noegle, maks := range map[string]int{navn: MaksForNavn, adresse: MaksForFra} {
			ved, err := taelEn(tx, noegle, maks, nu)
			if err != nil {
				return err
			}
			sidste = sidste || ved
		}
		fundet, ok, err := tx.Bruger(id)
		if ok && fundet.Lukket.IsZero() {
			b = fundet
		}
		return err
	})
	if mox.KodeAf(err) == mox.KodeForMange {
		k.talt.spaerret.Add(1)
	}
	return b, sidste, err
}

// taelEn counts an attempt for one key, or refuses it. The time to wait begins when the limit is reached.
func taelEn(tx *store.Tx, noegle string, maks int, nu time.Time) (sidste bool, err error) {
	l, err := tx.Loginforsoeg(noegle)
	if err != nil {
		return false, err
	}
	if l.Antal >= maks {
		return false, mox.E("login", mox.KodeForMange, "der er prøvet for mange gange").Med(fmt.Sprintf("vent %d minutter, og prøv igen", int(Spaerretid.Minutes())))
	}
	if l.Antal++; l.Antal == 1 || l.Antal == maks {
		l.Fra = nu
	}
	return l.Antal == maks, tx.GemLoginforsoeg(noegle, l)
}

// spaerretTil is until when nobody can log in under a name; zero = somebody can.
func (k *Konti) spaerretTil(tx *store.Tx, id string, nu time.Time) (time.Time, error) {
	l, err := tx.Loginforsoeg(k.navnenoegle(id))
	if til := l.Fra.Add(Spaerretid); err == nil && l.Antal >= MaksForNavn && nu.Before(til) {
		return til, nil
	}
	return time.Time{}, err
}

// navnenoegle and franoegle are what attempts are counted under.
func (k *Konti) navnenoegle(id string) string {
	return hex.EncodeToString(k.store.Digest([]byte("login-navn\x00" + id)))
}

func (k *Konti) franoegle(fra string) string {
	if a, err := netip.ParseAddr(fra); err == nil && a.Unmap().Is6() {
		net, _ := a.WithZone("").Prefix(64)
		fra = net.String()
	}
	return hex.EncodeToString(k.store.Digest([]byte("login-fra\x00" + fra)))
}

// begynd begins a session for b, whose password was found good by hash, and writes what has changed of b. An account that
// was closed or got another password meanwhile is refused. foerst runs before, in the same transaction.
func (k *Konti) begynd(ctx context.Context, b store.Bruger, hash, fra string, foerst func(*store.Tx, *store.Bruger) error) (hemmelighed string, err error) {
	hemmelighed = nyHemmelighed()
	err = k.store.Update(ctx, func(tx *store.Tx) error {
		nu := k.nu(tx)
		ny, err := aaben(tx, b.ID)
		if mox.KodeAf(err) == mox.KodeIkkeFundet || err == nil && ny.Kodeord != hash {
			err = mox.E("login", mox.KodeIkkeLoggetInd, "kontoen er ændret imens").Med("log ind igen")
		}
		if err != nil {
			return err
		}
		ny.Kodeord, ny.SidstInde = b.Kodeord, nu
		if foerst != nil {
			if err := foerst(tx, &ny); err != nil {
				return err
			}
		}
		if err := tx.GemBruger(ny); err != nil {
			return err
		}
		if err := k.godt(tx, b.ID, fra); err != nil {
			return err
		}
		return nySession(tx, b.ID, hemmelighed, nu)
	})
	return hemmelighed, err
}

func nyHemmelighed() string {
	raa := make([]byte, 32)
	_, _ = rand.Read(raa) // documented never to fail
	return base64.RawURLEncoding.EncodeToString(raa)
}

func nySession(tx *store.Tx, bruger, hemmelighed string, nu time.Time) error {
	if err := tx.RydBrugersessioner(nu.Add(-SessionFrist)); err != nil {
		return err
	}
	return tx.OpretBrugersession(store.Brugersession{Aftryk: aftryk(hemmelighed), Bruger: bruger, Oprettet: nu, Sidst: nu}, maksSessioner)
}

// godt takes back what [Konti.tael] counted: the password was right.
func (k *Konti) godt(tx *store.Tx, id, fra string) error {
	navn, adresse := k.navnenoegle(id), k.franoegle(fra)
	if err := tx.LaasLogin(navn, adresse); err != nil {
		return err
	}
	l, err := tx.Loginforsoeg(adresse)
	if err != nil {
		return err
	}
	l.Antal--
	if err := tx.GemLoginforsoeg(adresse, l); err != nil {
		return err
	}
	return tx.GemLoginforsoeg(navn, store.Loginforsoeg{})
}

func aftryk(hemmelighed string) string {
	sum := sha256.Sum256([]byte(hemmelighed))
	return hex.EncodeToString(sum[:])
}

// Find tells whose session a secret is; ok is false for one that is not good, or no longer. With bruger the session is used
// by its holder, and not only by a page that keeps itself fresh.
func (k *Konti) Find(ctx context.Context, hemmelighed string, bruger bool) (hvem auth.Identitet, ok bool, err error) {
	var forny time.Time
	err = k.store.View(ctx, func(tx *store.Tx) error {
		nu := k.nu(tx)
		s, er, err := tx.Brugersession(aftryk(hemmelighed))
		if err != nil || !er || nu.Sub(s.Oprettet) >= SessionFrist || nu.Sub(s.Sidst) >= TomgangsFrist {
			return err
		}
		b, er, err := tx.Bruger(s.Bruger)
		if err != nil || !er || !b.Lukket.IsZero() {
			return err
		}
		kreds, err := laesKreds(b)
		if err != nil {
			return err
		}
		hvem, ok = auth.Identitet{Navn: b.Navn, Rolle: auth.Rolle(b.Rolle), Kreds: kreds.mox()}, true
		if b.Kodeord != "" {
			hvem.Konto, hvem.SkalSkifte = b.ID, b.Midlertidigt
		}
		if bruger && nu.Sub(s.Sidst) >= brugHver {
			forny = nu
		}
		return nil
	})
	if !forny.IsZero() && err == nil {
		fejl := k.store.Update(ctx, func(tx *store.Tx) error { return tx.BrugBrugersession(aftryk(hemmelighed), forny) })
		if fejl != nil && ctx.Err() == nil {
			k.log.Warn("session kunne ikke forlænges", "fejl", fejl) // a full disk logs nobody out before the time
		}
	}
	return hvem, ok, err
}

// LogUd ends a session; one that there is not is no error.
func (k *Konti) LogUd(ctx context.Context, hemmelighed string) error {
	return k.store.Update(ctx, func(tx *store.Tx) error { return tx.SletBrugersession(aftryk(hemmelighed)) })
}

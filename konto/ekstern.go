package konto

import (
	"context"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/store"
)

// oidc is who changes an account when the provider says something else than before.
const oidc = "oidc_personer"

// LogIndEkstern begins a session for somebody whom a provider of logins has recognised as emne, and says has that role. The
// first time the account is made; later it keeps its name, and gets the role. [mox.KodeIkkeTilladt] for an account that is
// closed, [mox.KodeKonflikt] when another account or a key has the name, [mox.KodeUgyldig] for a name that cannot be one.
func (k *Konti) LogIndEkstern(ctx context.Context, emne, navn string, rolle auth.Rolle, fra string) (hemmelighed string, err error) {
	navn = skrevet(navn)
	if emne == "" || !rolle.Menneske() || !godtNavn(navn) {
		return "", mox.E("login", mox.KodeUgyldig, "udstederen giver ikke et navn og en rolle, der kan bruges").Med("ret oidc_personer i mox.yaml, eller kontoen hos udstederen")
	}
	hemmelighed = nyHemmelighed()
	err = k.store.Update(ctx, func(tx *store.Tx) error {
		nu := k.nu(tx)
		b, err := k.ekstern(tx, emne, navn, rolle, nu)
		if err != nil {
			return err
		}
		navn, b.SidstInde = b.Navn, nu
		if err := tx.GemBruger(b); err != nil {
			return err
		}
		return nySession(tx, b.ID, hemmelighed, nu)
	})
	if err != nil {
		return "", err
	}
	k.log.Info("login", "bruger", navn, "fra", fra, "gennem", oidc)
	return hemmelighed, nil
}

// ekstern is the account of emne as it is to be.
func (k *Konti) ekstern(tx *store.Tx, emne, navn string, rolle auth.Rolle, nu time.Time) (store.Bruger, error) {
	if err := tx.Lock("bruger/"+ens(navn), "emne/"+emne); err != nil {
		return store.Bruger{}, err
	}
	b, er, err := tx.BrugerMedEmne(emne)
	switch {
	case err != nil:
		return b, err
	case !er:
		return k.nyEkstern(tx, emne, navn, rolle, nu)
	case !b.Lukket.IsZero():
		return b, mox.E("login", mox.KodeIkkeTilladt, "kontoen %s er lukket", b.Navn).Med("spørg administratoren for MOX")
	case b.Rolle != string(rolle):
		b.Rolle, b.Aendret, b.AendretAf = string(rolle), nu, oidc
		if err := tx.SletBrugersessioner(b.ID); err != nil {
			return b, err
		}
		return b, gem(tx, b, saetRolle, Hvem{Navn: oidc})
	}
	return b, nil
}

func (k *Konti) nyEkstern(tx *store.Tx, emne, navn string, rolle auth.Rolle, nu time.Time) (store.Bruger, error) {
	b := store.Bruger{ID: ens(navn), Navn: navn, Rolle: string(rolle), Emne: emne, Oprettet: nu, OprettetAf: oidc, Aendret: nu, AendretAf: oidc}
	if _, er, err := tx.Bruger(b.ID); err != nil || er || k.taget(navn) {
		return b, forenet(err, mox.E("login", mox.KodeKonflikt, "navnet %s har en anden konto", navn).Med("spørg administratoren for MOX"))
	}
	return b, gem(tx, b, opretBruger, Hvem{Navn: oidc})
}

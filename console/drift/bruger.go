package drift

import (
	"net/http"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/konto"
)

// Brugere are the accounts of people.
type Brugere struct {
	Brugere []konto.Konto `json:"brugere"`
}

// NyBruger is the body of a call that makes an account.
type NyBruger struct {
	Navn        string     `json:"navn"`
	Rolle       auth.Rolle `json:"rolle"`
	Kodeord     string     `json:"kodeord"`
	Begrundelse string     `json:"begrundelse,omitempty"`
}

// Brugerrolle is the body of a call that gives an account another role.
type Brugerrolle struct {
	Rolle       auth.Rolle `json:"rolle"`
	Begrundelse string     `json:"begrundelse,omitempty"`
}

// Brugerkreds is the body of a call that says what of the register an account's holder may reach.
type Brugerkreds struct {
	Kreds       *konto.Kreds `json:"kreds"` // null = all
	Begrundelse string       `json:"begrundelse,omitempty"`
}

// Brugerkodeord is the body of a call that gives an account another password.
type Brugerkodeord struct {
	Kodeord     string `json:"kodeord"`
	Begrundelse string `json:"begrundelse,omitempty"`
}

// konti are the accounts, for an administrator.
func (a *api) konti(r *http.Request) (*konto.Konti, error) {
	if err := KunAdministrator(r); err != nil {
		return nil, err
	}
	if a.Konti == nil {
		return nil, mox.E("bruger", mox.KodeIkkeFundet, "her er der ingen konti")
	}
	return a.Konti, nil
}

func (a *api) brugere(r *http.Request) (any, error) {
	k, err := a.konti(r)
	if err != nil {
		return nil, err
	}
	if err := laesParametre(r).slut(); err != nil {
		return nil, err
	}
	l, err := k.Liste(r.Context())
	return Brugere{append([]konto.Konto{}, l...)}, err
}

// brugerkald is a call that changes the accounts.
func brugerkald[K any](a *api, f func(k *konto.Konti, r *http.Request, kald K, hvem func(begrundelse string) konto.Hvem) error) kald {
	return func(r *http.Request) (any, error) {
		k, err := a.konti(r)
		if err != nil {
			return nil, err
		}
		var kald K
		if err := laesJSON(r, &kald); err != nil {
			return nil, err
		}
		return nil, f(k, r, kald, func(begrundelse string) konto.Hvem {
			h := a.hvem(r, begrundelse)
			return konto.Hvem{Navn: h.Navn, Begrundelse: h.Begrundelse}
		})
	}
}

func (a *api) brugerruter() map[string]kald {
	type hvem = func(string) konto.Hvem
	return map[string]kald{
		"GET brugere": a.brugere,
		"POST brugere": brugerkald(a, func(k *konto.Konti, r *http.Request, b NyBruger, h hvem) error {
			return k.Opret(r.Context(), b.Navn, b.Rolle, b.Kodeord, h(b.Begrundelse))
		}),
		"POST brugere/{navn}/rolle": brugerkald(a, func(k *konto.Konti, r *http.Request, b Brugerrolle, h hvem) error {
			return k.SaetRolle(r.Context(), r.PathValue("navn"), b.Rolle, h(b.Begrundelse))
		}),
		"POST brugere/{navn}/kreds": brugerkald(a, func(k *konto.Konti, r *http.Request, b Brugerkreds, h hvem) error {
			return k.SaetKreds(r.Context(), r.PathValue("navn"), b.Kreds, h(b.Begrundelse))
		}),
		"POST brugere/{navn}/kodeord": brugerkald(a, func(k *konto.Konti, r *http.Request, b Brugerkodeord, h hvem) error {
			return k.SaetKodeord(r.Context(), r.PathValue("navn"), b.Kodeord, h(b.Begrundelse))
		}),
		"POST brugere/{navn}/log-ud": brugerkald(a, func(k *konto.Konti, r *http.Request, b Begrundelse, h hvem) error {
			return k.LogAlleUd(r.Context(), r.PathValue("navn"), h(b.Begrundelse))
		}),
		"POST brugere/{navn}/luk": brugerkald(a, func(k *konto.Konti, r *http.Request, b Begrundelse, h hvem) error {
			return k.Luk(r.Context(), r.PathValue("navn"), h(b.Begrundelse))
		}),
	}
}

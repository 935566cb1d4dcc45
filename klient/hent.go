package klient

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/wire"
	"github.com/moxkit/mox/oio"
)

// Arbejde is a besked that the caller is to act on, and holds until LejetTil.
type Arbejde struct {
	Leverance int64
	Forsoeg   int // number of the attempt, from 1
	Omgang    int // how often a person or MOX has begun to deliver it, from 1
	// Noegle is the idempotency key: the same for every attempt, and for every omgang until one has been delivered. Store it in
	// the transaction that does the work, and answer Accepteret without doing it again when it is there already.
	Noegle   string
	Usikker  bool   // an earlier attempt has no known outcome: the effect may be there
	Ejer     string // the worker, with the key's name before it; give it back when reporting
	LejetTil time.Time
	Modtaget time.Time         // when MOX took the besked in
	Besked   mox.Besked        // trimmed to what the receiver's agreement names
	Noegler  map[string]string // what the receiver has said it calls the objekter that the besked is about or refers to, by their UUID
}

// Udfald is what came of a piece of work. The zero value is that nobody knows: MOX tries again with the same Noegle.
type Udfald struct {
	mox.Udfald
	Noegle string // what the receiver's system calls the besked's objekt from now on; it comes back in [Arbejde].Noegler. "" = nothing is said
	Svar   []byte // the first part of the system's own answer, for those who must find out what went wrong
}

// Accepteret is that the work is done, or had been done before.
func Accepteret() Udfald { return Udfald{Udfald: mox.Udfald{Resultat: mox.ResAccepteret}} }

// Afvist is that the receiver will not take the besked, and would not the next time either: ansvar says who must mend it
// ([mox.AnsvarAfsender], [mox.AnsvarModtager]), and tekst tells a person why. Write no CPR number there.
func Afvist(ansvar mox.Ansvar, tekst string) Udfald {
	return Udfald{Udfald: mox.Udfald{Resultat: mox.ResAfvist, Ansvar: ansvar, Tekst: tekst}}
}

// Fejlet is that something went wrong in the receiver's system and will not pass by itself. A person at the receiver must
// decide. Write no CPR number in tekst.
func Fejlet(tekst string) Udfald {
	return Udfald{Udfald: mox.Udfald{Resultat: mox.ResFejlet, Ansvar: mox.AnsvarModtager, Tekst: tekst}}
}

// Midlertidig is that it cannot be done now, and that nothing has been done. MOX tries again by the abonnement's plan, and not
// before efter (at most 31 days; 0 = as the plan says); when the plan is used up a person must decide. Write no CPR number in
// tekst.
func Midlertidig(efter time.Duration, tekst string) Udfald {
	return Udfald{Udfald: mox.Udfald{Resultat: mox.ResMidlertidig, Efter: efter, Tekst: tekst}}
}

// Afsluttet is what became of a leverance.
type Afsluttet struct {
	Tilstand mox.LeveranceTilstand `json:"tilstand"`
	ForSent  bool                  `json:"for_sent"`           // the lease had ended: the outcome is noted on the attempt and changed nothing
	Beskeder []mox.BeskedID        `json:"beskeder,omitempty"` // that the report made, when an agent reports
}

// Hent takes up to n leverancer of the abonnement, for ejer, and waits up to vent when there are none yet: nothing at all is no
// error. At most 25 are given (less than 1 is 1), for leje each (0 = a minute, at most an hour), and it waits at most half a
// minute. ejer is the caller's own name for the worker.
//
// What is returned has been begun: do it, and report by [Klient.Afslut]. A leverance that nobody reports on before its lease ends
// is given out again with the same Noegle. Beskeder about one objekt come in their order, the next when the one before has ended.
//
// [mox.KodeIkkeFundet] for an unknown abonnement, [mox.KodeIkkeTilladt] for another's. When ctx ends while MOX finds work, MOX
// keeps the work for another. spec: mox 32
func (k *Klient) Hent(ctx context.Context, abonnement mox.AbonnementID, ejer string, n int, leje, vent time.Duration) ([]Arbejde, error) {
	vent = min(max(vent, 0), wire.MaksVent)
	var svar wire.Hentsvar
	err := k.kald(ctx, http.MethodPost, abonnementSti(abonnement)+"/hent",
		wire.Hentkald{Ejer: ejer, N: n, Leje: wire.SomSekunder(leje), Vent: wire.SomSekunder(vent)}, &svar, kaldFrist+vent)
	if err != nil {
		return nil, err
	}
	var ud []Arbejde
	for _, s := range svar.Arbejde {
		w, err := arbejde(s)
		if err != nil {
			return nil, err
		}
		ud = append(ud, w)
	}
	return ud, nil
}

func abonnementSti(id mox.AbonnementID) string {
	return "/api/v1/abonnementer/" + url.PathEscape(string(id))
}

func arbejde(s wire.Arbejdesvar) (Arbejde, error) {
	b, err := oio.UnmarshalBesked(s.Besked)
	return Arbejde{Leverance: s.Leverance, Forsoeg: s.Forsoeg, Omgang: s.Omgang, Noegle: s.Noegle, Usikker: s.Usikker, Ejer: s.Ejer,
		LejetTil: s.LejetTil, Modtaget: s.Modtaget, Besked: b, Noegler: s.Noegler}, err
}

// Forny moves the end of the leases that ejer still holds to leje from now (0 = a minute, at most an hour), and tells how many it
// still held: the others have been given up. At most 1000 at a time.
func (k *Klient) Forny(ctx context.Context, ejer string, leverancer []int64, leje time.Duration) (int, error) {
	var svar wire.Fornysvar
	err := k.Kald(ctx, http.MethodPost, "/api/v1/lejemaal/forny", wire.Fornykald{Ejer: ejer, Leverancer: leverancer, Leje: wire.SomSekunder(leje)}, &svar)
	return svar.Fornyet, err
}

// Afslut tells MOX what came of the work; do so when the own result is stored, and not before. The same report twice has one
// effect. [mox.KodeUgyldig] for an outcome that is none, [mox.KodeIkkeFundet] for an unknown leverance.
func (k *Klient) Afslut(ctx context.Context, w Arbejde, u Udfald) (ud Afsluttet, err error) {
	if u.Resultat == "" {
		u.Resultat = mox.ResUkendt
	}
	err = k.Kald(ctx, http.MethodPost, afslutSti(w.Leverance), wire.Afslutkald{Forsoeg: w.Forsoeg, Ejer: w.Ejer, Udfald: wire.FraUdfald(u.Udfald), Svar: u.Svar, Noegle: u.Noegle}, &ud)
	return ud, err
}

func afslutSti(leverance int64) string {
	return "/api/v1/leverancer/" + strconv.FormatInt(leverance, 10) + "/afslut"
}

package pull

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/klient"
	"github.com/moxkit/mox/store"
)

// Limits on one page of what is unfinished.
const (
	standardUafsluttede = 100
	maksUafsluttede     = 500
)

// Uafsluttede finds beskeder from afsender that some receiver has not ended, oldest first, after the one numbered efter; at
// most n. A besked that nobody wanted has ended.
func (t Tjeneste) Uafsluttede(ctx context.Context, afsender string, efter int64, n int) (ud klient.Uafsluttede, err error) {
	err = t.Distributor.Store().View(ctx, func(tx *store.Tx) error {
		ud = klient.Uafsluttede{Afsender: afsender, Uafsluttede: []klient.Uafsluttet{}}
		numre, err := tx.Uafsluttede(afsender, efter, n)
		if err != nil {
			return err
		}
		for _, nr := range numre {
			u, err := t.uafsluttet(tx, nr)
			if err != nil {
				return err
			}
			ud.Uafsluttede = append(ud.Uafsluttede, u)
		}
		if len(numre) == n {
			ud.Naeste = numre[n-1]
		}
		return nil
	})
	return ud, err
}

func (t Tjeneste) uafsluttet(tx *store.Tx, nr int64) (u klient.Uafsluttet, err error) {
	b, _, err := tx.BeskedNr(nr)
	if err != nil {
		return u, err
	}
	u = klient.Uafsluttet{BeskedID: b.ID, Type: b.Type, ObjektID: b.ObjektID, Modtaget: b.Modtaget, Alder: int64(tx.Now().Sub(b.Modtaget).Seconds())}
	leverancer, err := tx.LeverancerAf(nr)
	for _, l := range leverancer {
		if l.Tilstand.Holder() || !l.Frist.IsZero() {
			laegTil(&u, t.venter(&l))
		}
	}
	return u, err
}

func (t Tjeneste) venter(l *store.Leverance) klient.Venter {
	a, _ := t.Distributor.Abonnement(l.Abonnement)
	v := klient.Venter{Tilstand: l.Tilstand, Tur: l.Tilstand.Tur(l.Ansvar, a.Carrier), Blokeret: l.Blokeret, Antal: 1}
	if l.Blokeret {
		v.Tur = mox.AnsvarMOX
	}
	switch {
	case l.Tilstand == mox.Udsat:
		v.Naeste = l.Naeste
	case l.Tilstand == mox.Overdraget && l.Frist.Year() < 9999:
		v.Frist = l.Frist
	}
	return v
}

// laegTil counts v with those that stand in the same way.
func laegTil(u *klient.Uafsluttet, v klient.Venter) {
	i := slices.IndexFunc(u.Venter, func(x klient.Venter) bool {
		return x.Tilstand == v.Tilstand && x.Tur == v.Tur && x.Blokeret == v.Blokeret
	})
	if i < 0 {
		u.Venter = append(u.Venter, v)
		return
	}
	x := &u.Venter[i]
	x.Antal++
	x.Naeste, x.Frist = foerste(x.Naeste, v.Naeste), foerste(x.Frist, v.Frist)
}

func foerste(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// uafsluttede answers a system about its own beskeder, and a person about those of the system named.
func (a *api) uafsluttede(w http.ResponseWriter, r *http.Request, id auth.Identitet) error {
	q := r.URL.Query()
	afsender := q.Get("afsender")
	switch {
	case id.Rolle.Menneske():
		afsender = cmp.Or(afsender, id.Navn)
	case !erSystem(id) || afsender != "" && afsender != id.System:
		return ikkeTilladt("nøglen %q må kun spørge til sit eget systems beskeder", id.Navn)
	default:
		afsender = id.System
	}
	var f felter
	f.kraev(rentNavn(afsender), "afsender", "form", "er ikke et navn")
	tal := func(navn string, ellers, maks int64) int64 {
		n, err := strconv.ParseInt(cmp.Or(q.Get(navn), strconv.FormatInt(ellers, 10)), 10, 64)
		f.kraev(err == nil && n >= min(ellers, 1) && n <= maks, navn, "tal", "er ikke et tal, der kan bruges her")
		return n
	}
	efter, antal := tal("efter", 0, 1<<62), tal("antal", standardUafsluttede, maksUafsluttede)
	if err := f.fejl(); err != nil {
		return err
	}
	ud, err := a.t.Uafsluttede(r.Context(), afsender, efter, int(antal))
	if err != nil {
		return err
	}
	return svar(w, http.StatusOK, ud)
}

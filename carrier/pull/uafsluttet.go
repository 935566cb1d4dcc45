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
	"github.com/moxkit/mox/store"
)

// Limits on one page of what is unfinished.
const (
	standardUafsluttede = 100
	maksUafsluttede     = 500
)

// Uafsluttede is a page of a sender's beskeder that have no final answer from some receiver.
type Uafsluttede struct {
	Afsender    string       `json:"afsender"`
	Uafsluttede []Uafsluttet `json:"uafsluttede"`
	Naeste      int64        `json:"naeste,omitempty"` // as ?efter= for the next page; 0 = there is no more
}

// Uafsluttet is one of them.
type Uafsluttet struct {
	BeskedID mox.BeskedID `json:"beskedID"`
	Type     string       `json:"beskedtype,omitempty"`
	ObjektID mox.ObjektID `json:"objektID,omitempty"`
	Modtaget time.Time    `json:"modtaget"`
	Alder    int64        `json:"alder_sekunder"`
	Venter   []Venter     `json:"venter"`
}

// Venter is how many of a besked's leverancer stand in one way, and whose turn it is. Who the receivers are is not told.
type Venter struct {
	Tilstand mox.LeveranceTilstand `json:"tilstand"`
	Tur      mox.Ansvar            `json:"tur"`                // afsender, modtager or MOX
	Blokeret bool                  `json:"blokeret,omitempty"` // an earlier besked about the objekt must end first
	Antal    int                   `json:"antal"`
	Naeste   time.Time             `json:"naeste,omitzero"` // Udsat: the next attempt, of the first of them
	Frist    time.Time             `json:"frist,omitzero"`  // Overdraget: until when the receiver may answer
}

// Uafsluttede finds beskeder from afsender that some receiver has not ended, oldest first, after the one numbered efter; at
// most n. A besked that nobody wanted has ended.
func (t Tjeneste) Uafsluttede(ctx context.Context, afsender string, efter int64, n int) (ud Uafsluttede, err error) {
	err = t.Distributor.Store().View(ctx, func(tx *store.Tx) error {
		ud = Uafsluttede{Afsender: afsender, Uafsluttede: []Uafsluttet{}}
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

func (t Tjeneste) uafsluttet(tx *store.Tx, nr int64) (u Uafsluttet, err error) {
	b, _, err := tx.BeskedNr(nr)
	if err != nil {
		return u, err
	}
	u = Uafsluttet{BeskedID: b.ID, Type: b.Type, ObjektID: b.ObjektID, Modtaget: b.Modtaget, Alder: int64(tx.Now().Sub(b.Modtaget).Seconds())}
	leverancer, err := tx.LeverancerAf(nr)
	for _, l := range leverancer {
		if l.Tilstand.Holder() || !l.Frist.IsZero() {
			u.laegTil(t.venter(&l))
		}
	}
	return u, err
}

func (t Tjeneste) venter(l *store.Leverance) Venter {
	a, _ := t.Distributor.Abonnement(l.Abonnement)
	v := Venter{Tilstand: l.Tilstand, Tur: l.Tilstand.Tur(l.Ansvar, a.Carrier), Blokeret: l.Blokeret, Antal: 1}
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
func (u *Uafsluttet) laegTil(v Venter) {
	i := slices.IndexFunc(u.Venter, func(x Venter) bool { return x.Tilstand == v.Tilstand && x.Tur == v.Tur && x.Blokeret == v.Blokeret })
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

package drift

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/carrier/amqp"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/store"
)

// Abonnementdefinition is an abonnement as it is asked for and shown. What is left out has its standard; times are as "90s",
// "15m" or "72h".
type Abonnementdefinition struct {
	ID         mox.AbonnementID `json:"id"`
	System     string           `json:"system"` // the receiving system's name
	Carrier    mox.Carrier      `json:"carrier"`
	Filter     any              `json:"filter,omitempty"` // none = every besked but Kvitteringer and Fejlbeskeder
	Orden      mox.Orden        `json:"orden,omitempty"`
	Overhal    bool             `json:"overhal,omitempty"`    // a newer full registrering takes the place of a parked older one
	Modtager   string           `json:"modtager,omitempty"`   // the receiving authority's CVR URN
	Kvittering string           `json:"kvittering,omitempty"` // amqp: kraeves or nej
	Frist      string           `json:"frist,omitempty"`      // for the Kvittering
	URL        string           `json:"url,omitempty"`        // push
	Form       mox.PushForm     `json:"form,omitempty"`       // push
	Plan       *Plandefinition  `json:"plan,omitempty"`
}

// Plandefinition is a retry plan; see [mox.Plan].
type Plandefinition struct {
	Forsoeg int    `json:"forsoeg"`
	Foerste string `json:"foerste"`
	Hoejst  string `json:"hoejst"`
}

// OpretAbonnement is the body of a call that makes or changes an abonnement.
type OpretAbonnement struct {
	Abonnementdefinition
	Ret         bool   `json:"ret,omitempty"` // change one that is there
	Begrundelse string `json:"begrundelse,omitempty"`
}

// Oprettet is the answer: the abonnement as it is, and what its receiver is to be told.
type Oprettet struct {
	Ny         bool                 `json:"ny"` // false: it was there already
	Abonnement Abonnementdefinition `json:"abonnement"`
	AMQP       *AMQPAdgang          `json:"amqp,omitempty"`
	Push       *PushAdgang          `json:"push,omitempty"`
	Pull       *PullAdgang          `json:"pull,omitempty"`
}

// AMQPAdgang is what a receiver at the broker is told, and the broker's administrator has to do.
type AMQPAdgang struct {
	Koe        string   `json:"koe"`
	Exchange   string   `json:"exchange"` // where the system sends, Kvitteringer too
	Svarkoe    string   `json:"svarkoe"`
	Kommandoer []string `json:"kommandoer"`
}

// PushAdgang is the secret that signs the calls: the receiver checks them by it.
type PushAdgang struct {
	Hemmelighed string `json:"hemmelighed"`
}

// PullAdgang is where the receiver asks.
type PullAdgang struct {
	Sti string `json:"sti"`
}

// Abonnementer is the list of those that somebody has asked for.
type Abonnementer struct {
	Abonnementer []Abonnementpost `json:"abonnementer"`
}

// Abonnementpost is one of them, with who asked for it.
type Abonnementpost struct {
	Abonnementdefinition
	OprettetAf string    `json:"oprettet_af,omitempty"`
	Oprettet   time.Time `json:"oprettet,omitzero"`

	Efterlevering *store.Efterlevering `json:"efterlevering,omitempty"` // what it got, or is getting, from the log; the newest
}

// Lukning is the body of a call that closes an abonnement.
type Lukning struct {
	Begrundelse string `json:"begrundelse"`
	Ja          bool   `json:"ja,omitempty"` // give up what is not delivered
}

func (a *api) abonnementer(r *http.Request) (any, error) {
	if err := laesParametre(r).slut(); err != nil {
		return nil, err
	}
	oprettede, err := a.D.OprettedeAbonnementer(r.Context())
	if err != nil {
		return nil, err
	}
	af := map[mox.AbonnementID]store.Oprettet{}
	for _, o := range oprettede {
		af[o.Abonnement.ID] = o
	}
	ud := Abonnementer{Abonnementer: []Abonnementpost{}}
	efter := map[mox.AbonnementID]*store.Efterlevering{}
	err = a.vis(r, func(tx *store.Tx) error {
		alle, err := tx.NyesteEfterleveringer()
		for _, e := range alle {
			efter[e.Abonnement] = &e
		}
		return err
	})
	for _, x := range a.D.Abonnementer() {
		ud.Abonnementer = append(ud.Abonnementer, Abonnementpost{Definition(x), af[x.ID].Af, af[x.ID].Tid, efter[x.ID]})
	}
	return ud, err
}

func (a *api) opretAbonnement(r *http.Request) (any, error) {
	if err := KunAdministrator(r); err != nil {
		return nil, err
	}
	var k OpretAbonnement
	if err := laesJSON(r, &k); err != nil {
		return nil, err
	}
	ab, err := k.Abonnement()
	if err != nil {
		return nil, err
	}
	ab = ab.MedStandard()
	if a.Kan != nil {
		if err := ab.Valider(); err != nil {
			return nil, err
		}
		if err := a.Kan(r.Context(), ab); err != nil {
			return nil, err
		}
	}
	ny, err := a.D.OpretAbonnement(r.Context(), ab, k.Ret, a.hvem(r, k.Begrundelse))
	if err != nil {
		return nil, err
	}
	ab, _ = a.D.Abonnement(ab.ID)
	ud := Adgang(a.D, a.Vhost, ab)
	ud.Ny = ny
	return ud, nil
}

func (a *api) lukAbonnement(r *http.Request) (any, error) {
	if err := KunAdministrator(r); err != nil {
		return nil, err
	}
	var k Lukning
	if err := laesJSON(r, &k); err != nil {
		return nil, err
	}
	return nil, a.D.LukAbonnement(r.Context(), mox.AbonnementID(r.PathValue("id")), k.Ja, a.hvem(r, k.Begrundelse))
}

// KunAdministrator refuses whoever may not configure.
func KunAdministrator(r *http.Request) error {
	if i, ok := auth.Fra(r.Context()); ok && i.Rolle != auth.Administrator {
		return mox.E("drift", mox.KodeIkkeTilladt, "%s må ikke ændre opsætningen", i.Navn).Med("det kræver rollen administrator")
	}
	return nil
}

// Adgang tells what the receiver of an abonnement needs to know, with the secret of one that is pushed. vhost is at the
// broker.
func Adgang(d *distributor.Distributor, vhost string, ab mox.Abonnement) Oprettet {
	ud := Oprettet{Abonnement: Definition(ab)}
	switch ab.Carrier {
	case mox.CarrierAMQP:
		var egne []mox.AbonnementID
		for _, x := range d.Abonnementer() {
			if x.Carrier == mox.CarrierAMQP && x.System == ab.System {
				egne = append(egne, x.ID)
			}
		}
		ud.AMQP = &AMQPAdgang{Koe: amqp.Koe(ab.ID), Exchange: amqp.Exchange(ab.System), Svarkoe: amqp.Svarkoe(ab.System), Kommandoer: amqp.Kommandoer(vhost, ab.System, egne...)}
	case mox.CarrierPush:
		ud.Push = &PushAdgang{d.Pushhemmelighed(ab.ID)}
	case mox.CarrierPull:
		ud.Pull = &PullAdgang{"/api/v1/abonnementer/" + string(ab.ID) + "/hent"}
	}
	return ud
}

// Definition is how an abonnement is shown.
func Definition(a mox.Abonnement) Abonnementdefinition {
	d := Abonnementdefinition{ID: a.ID, System: a.System, Carrier: a.Carrier, Filter: a.Filter.Kilde(), Orden: a.Orden, Overhal: a.Overhal, Modtager: a.Modtager,
		Plan: &Plandefinition{a.Plan.Forsoeg, a.Plan.Foerste.String(), a.Plan.Hoejst.String()}}
	if a.Push != nil {
		d.URL, d.Form = a.Push.URL, a.Push.Form
	}
	if a.Carrier == mox.CarrierAMQP {
		d.Kvittering = map[bool]string{true: "kraeves", false: "nej"}[a.Kraeves]
	}
	if a.Frist > 0 {
		d.Frist = a.Frist.String()
	}
	return d
}

// Abonnement reads a definition. What it says is for [mox.Abonnement.Valider].
func (d *Abonnementdefinition) Abonnement() (mox.Abonnement, error) {
	a := mox.Abonnement{ID: d.ID, System: strings.TrimSpace(d.System), Carrier: d.Carrier, Orden: d.Orden, Overhal: d.Overhal, Modtager: d.Modtager}
	var fejl []mox.Feltfejl
	tid := func(sti, s string) time.Duration {
		v, err := time.ParseDuration(s)
		if err != nil {
			fejl = append(fejl, mox.Feltfejl{Sti: sti, Regel: "format", Tekst: "skriv fx 90s, 15m eller 72h"})
		}
		return v
	}
	if d.Filter != nil {
		f, e := mox.LaesFilter(d.Filter)
		for i := range e {
			e[i].Sti = strings.TrimSuffix("filter."+e[i].Sti, ".")
		}
		a.Filter, fejl = f, append(fejl, e...)
	}
	switch d.Kvittering {
	case "", "nej":
	case "kraeves":
		a.Kraeves = true
	default:
		fejl = append(fejl, mox.Feltfejl{Sti: "kvittering", Regel: "kodeliste", Tekst: "er ikke kraeves eller nej"})
	}
	if d.Frist != "" {
		a.Frist = tid("frist", d.Frist)
	}
	if p := d.Plan; p != nil {
		a.Plan = mox.Plan{Forsoeg: p.Forsoeg, Foerste: tid("plan.foerste", p.Foerste), Hoejst: tid("plan.hoejst", p.Hoejst)}
	}
	if d.URL != "" || d.Form != "" {
		a.Push = &mox.Push{URL: d.URL, Form: d.Form}
	}
	if len(fejl) > 0 {
		return a, &mox.Error{Kode: mox.KodeUgyldig, Op: "drift", Tekst: fmt.Sprintf("abonnementet %q kan ikke læses", d.ID), Felter: fejl, Raad: "ret det, og prøv igen"}
	}
	return a, nil
}

// Filterkald is the body of a call that tries a filter; it names a filter or an abonnement.
type Filterkald struct {
	Filter     any              `json:"filter,omitempty"`
	Abonnement mox.AbonnementID `json:"abonnement,omitempty"`
	Antal      int              `json:"antal,omitempty"` // newest beskeder to look at; 0 = 1 000
}

// proevFilter holds a filter against what has come.
func (a *api) proevFilter(r *http.Request) (any, error) {
	var k Filterkald
	if err := laesJSON(r, &k); err != nil {
		return nil, err
	}
	f, err := a.filter(k)
	if err != nil {
		return nil, err
	}
	if k.Antal < 0 || k.Antal > distributor.MaksFilterproeve {
		return nil, mox.E("drift", mox.KodeUgyldig, "antal skal være fra 1 til %d", distributor.MaksFilterproeve)
	}
	return a.D.ProevFilter(r.Context(), f, cmp.Or(k.Antal, 1000))
}

func (a *api) filter(k Filterkald) (mox.Filter, error) {
	if k.Abonnement != "" {
		ab, ok := a.D.Abonnement(k.Abonnement)
		if !ok {
			return mox.Filter{}, distributor.UkendtAbonnement(k.Abonnement)
		}
		return ab.Filter, nil
	}
	f, fejl := mox.LaesFilter(k.Filter)
	if len(fejl) > 0 {
		return f, &mox.Error{Kode: mox.KodeUgyldig, Op: "drift", Tekst: "filteret kan ikke læses", Felter: fejl, Raad: "ret det, og prøv igen"}
	}
	return f, nil
}

// Forklaringer are why a besked was, or was not, given to an abonnement; one for each sender that has used the id.
type Forklaringer struct {
	Forklaringer []distributor.Forklaring `json:"forklaringer"`
}

func (a *api) forklar(r *http.Request) (any, error) {
	if err := laesParametre(r).slut(); err != nil {
		return nil, err
	}
	f, err := a.D.Forklar(r.Context(), mox.BeskedID(r.PathValue("id")), mox.AbonnementID(r.PathValue("abonnement")))
	return Forklaringer{f}, err
}

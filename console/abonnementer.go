package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/console/drift"
	"github.com/moxkit/mox/console/internal/laes"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/store"
)

// abonnementliste is the list of abonnementer, and those that have been closed.
type abonnementliste struct {
	Rader     []abonnementrad
	Lukkede   []store.Oprettet
	MaaOprett bool
}

type abonnementrad struct {
	modtager
	FilterOrd string
}

func (c *console) abonnementer(w http.ResponseWriter, r *http.Request) error {
	o, err := c.stand.hent(r.Context(), r.URL.Query().Has("del"))
	if err != nil {
		return err
	}
	s := c.sprog[vaelg(r)]
	d := abonnementliste{MaaOprett: administrator(r)}
	for _, m := range c.modtagere(o) {
		d.Rader = append(d.Rader, abonnementrad{m, s.filtersaetning(m.Filter)})
	}
	if d.Lukkede, err = c.D.LukkedeAbonnementer(r.Context()); err != nil {
		return err
	}
	return c.vis(w, r, "abonnementer", side{Titel: s.t("nav.abonnementer"), Nav: "abonnementer", Live: "/abonnementer?del=1", D: d})
}

// abonnementside is one abonnement with what it takes, how it is carried, and what has been done to it.
type abonnementside struct {
	M         modtager // its ID is all there is of one that is closed
	A         mox.Abonnement
	Oprettet  store.Oprettet // zero = an agent's file makes it
	Fil       bool           // an agent's file makes it
	Lukket    time.Time      // zero = open
	Filter    []vilkaar
	JSON      string // the filter as it is written
	Proever   []proevet
	Adgang    drift.Oprettet
	Modtager  string      // the address that is called, without what may be secret in it
	Aftale    *mox.Aftale // that holds now; nil = none
	Aftaler   bool        // there are agreements, and so nothing is delivered without one
	Historik  []historikpost
	Udgaver   []udgave
	BeskedID  string // that is asked about; "" = none
	Forklaret []forklaret
	Uddybet   string // why nothing can be told of it
	Hemmelig  string // the secret of one that is pushed, where it was asked for
	Maa       abonnementret
}

// abonnementret is what the person may do to an abonnement.
type abonnementret struct{ Handle, Saette bool }

// proevet is a stored besked and whether the abonnement would get it.
type proevet struct {
	distributor.Proevet
	Betingelser []betingelse // that were not answered as the filter asks
}

// forklaret is why a besked went to the abonnement, or did not, with all conditions.
type forklaret struct {
	distributor.Forklaring
	Betingelser []betingelse
}

// udgave is a filter and the like as they were from a time on.
type udgave struct {
	distributor.Abonnementsudgave
	FilterOrd string
}

// How much a page about an abonnement shows.
const (
	antalProever = 10
	maksUdgaver  = 10
)

func (c *console) abonnement(w http.ResponseWriter, r *http.Request) error {
	if laes.LigeNummer(r.URL.Query().Get("besked")) {
		http.Redirect(w, r, abonnementsti(mox.AbonnementID(r.PathValue("id"))), http.StatusSeeOther)
		return nil
	}
	return c.visAbonnement(w, r, "", nil)
}

func (c *console) visAbonnement(w http.ResponseWriter, r *http.Request, hemmelig string, u *uheld) error {
	d, err := c.laesAbonnement(r)
	if err != nil {
		return err
	}
	s := c.sprog[vaelg(r)]
	sd := side{Titel: string(d.M.ID), Nav: "abonnementer", Uheld: u, Tilbage: abonnementsti(d.M.ID)}
	if d.Lukket.IsZero() {
		sd.Live = abonnementsti(d.M.ID) + "?del=1"
	}
	if r.URL.Query().Has("del") && sd.Live != "" {
		sd.D = d
		return c.vis(w, r, "abonnement", sd)
	}
	if err := c.uddyb(r, s, &d); err != nil {
		return err
	}
	d.Hemmelig = hemmelig
	sd.D = d
	return c.vis(w, r, "abonnement", sd)
}

func abonnementsti(id mox.AbonnementID) string { return "/abonnementer/" + url.PathEscape(string(id)) }

func ukendtAbonnement(id string) error {
	return mox.E("abonnement", mox.KodeIkkeFundet, "der er intet abonnement med id %q", mox.Maskeret(id)).Med("se dem på siden Abonnementer")
}

// laesAbonnement finds the abonnement of a request with its figures.
func (c *console) laesAbonnement(r *http.Request) (d abonnementside, err error) {
	id := mox.AbonnementID(r.PathValue("id"))
	d.Maa = abonnementret{c.MaaHandle(r), administrator(r)}
	err = c.D.Store().View(r.Context(), func(tx *store.Tx) (err error) {
		d.Oprettet, _, err = tx.OprettetAbonnement(id)
		return err
	})
	if err != nil {
		return d, err
	}
	o, err := c.stand.hent(r.Context(), true)
	if err != nil {
		return d, err
	}
	modtagere := c.modtagere(o)
	i := slices.IndexFunc(modtagere, func(m modtager) bool { return m.ID == id && !m.IkkeOpsat })
	switch {
	case i >= 0:
		d.M, d.A = modtagere[i], modtagere[i].Abonnement
		d.Fil = d.Oprettet.Abonnement.ID == "" || !d.Oprettet.Lukket.IsZero()
	case d.Oprettet.Abonnement.ID != "":
		d.A, d.Lukket = d.Oprettet.Abonnement, d.Oprettet.Lukket
		d.M.Abonnement = d.A
	default:
		return d, ukendtAbonnement(string(id))
	}
	return d, nil
}

// uddyb reads what stands below the figures.
func (c *console) uddyb(r *http.Request, s *sprog, d *abonnementside) (err error) {
	d.Filter, d.JSON = s.filterord(d.A.Filter), filtertekst(d.A.Filter)
	d.Adgang = drift.Adgang(c.D, c.Vhost, d.A)
	if d.Adgang.Push = nil; d.A.Push != nil { // the secret is not this page's to tell
		d.Modtager = udenHemmeligt(d.A.Push.URL)
	}
	d.Aftaler, d.Aftale = len(c.D.Aftaler()) > 0, c.D.Aftaler().Med(d.A.System, c.Nu())
	if d.Lukket.IsZero() {
		if d.Proever, err = c.proever(r, s, d.A); err != nil {
			return err
		}
	}
	if d.Historik, err = c.historik(r, "abonnement", string(d.A.ID)); err != nil {
		return err
	}
	udgaver, err := c.D.Udgaver(r.Context(), d.A.ID)
	for _, x := range udgaver[:min(len(udgaver), maksUdgaver)] {
		d.Udgaver = append(d.Udgaver, udgave{x, s.filtersaetning(x.Abonnement.Filter)})
	}
	if err != nil {
		return err
	}
	return c.forklar(r, s, d)
}

// proever holds the newest beskeder against an abonnement.
func (c *console) proever(r *http.Request, s *sprog, a mox.Abonnement) (ud []proevet, err error) {
	l, err := c.D.AfproevAbonnement(r.Context(), a, antalProever)
	for _, p := range l {
		ud = append(ud, proevet{p, uopfyldte(s.betingelser(p.Nu.Betingelser))})
	}
	return ud, err
}

// uopfyldte are the conditions that were not answered as the filter asks.
func uopfyldte(l []betingelse) []betingelse {
	return slices.DeleteFunc(l, func(b betingelse) bool { return b.Holder })
}

// forklar tells why the besked that is asked about went to the abonnement, or did not.
func (c *console) forklar(r *http.Request, s *sprog, d *abonnementside) error {
	d.BeskedID = strings.TrimSpace(r.URL.Query().Get("besked"))
	if d.BeskedID == "" {
		return nil
	}
	l, err := c.D.Forklar(r.Context(), mox.BeskedID(d.BeskedID), d.A.ID)
	if mox.KodeAf(err) == mox.KodeIkkeFundet {
		d.Uddybet = s.t("abonnement.ukendt-besked")
		return nil
	}
	for _, f := range l {
		d.Forklaret = append(d.Forklaret, forklaret{f, s.betingelser(f.Betingelser)})
	}
	return err
}

// udenHemmeligt is an address without the values of its query: a receiver's key may stand there.
func udenHemmeligt(adresse string) string {
	u, err := url.Parse(adresse)
	if err != nil || u.RawQuery == "" {
		return adresse
	}
	u.RawQuery = ""
	return u.String() + "?…"
}

// visHemmelighed tells an administrator the secret by which the receiver checks the calls, for a reason.
func (c *console) visHemmelighed(w http.ResponseWriter, r *http.Request) error {
	if err := drift.KunAdministrator(r); err != nil {
		return err
	}
	err := kraevBegrundelse(r)
	hemmelig := ""
	if err == nil {
		hemmelig, err = c.D.VisPushhemmelighed(r.Context(), mox.AbonnementID(r.PathValue("id")), c.hvem(r))
	}
	if err != nil {
		return c.visAbonnement(w, r, "", c.uheld(r, err))
	}
	return c.visAbonnement(w, r, hemmelig, nil)
}

// lukkeside ends an abonnement.
type lukkeside struct {
	M           modtager
	Uloeste     int // leverancer that are not solved
	Opgiv       bool
	Begrundelse string
}

func (c *console) lukAbonnement(w http.ResponseWriter, r *http.Request) error {
	return c.visLuk(w, r, nil)
}

func (c *console) visLuk(w http.ResponseWriter, r *http.Request, u *uheld) error {
	if err := drift.KunAdministrator(r); err != nil {
		return err
	}
	if _, err := c.oprettet(r); err != nil {
		return err
	}
	d, err := c.laesAbonnement(r)
	if err != nil {
		return err
	}
	s := c.sprog[vaelg(r)]
	l := lukkeside{d.M, d.M.Venter + d.M.Kraever, r.PostFormValue("opgiv") == "ja", begrundelse(r)}
	return c.vis(w, r, "abonnementluk", side{Titel: s.t("abonnementluk.titel") + " – " + string(d.M.ID), Nav: "abonnementer", Uheld: u, D: l})
}

// udfoerLuk ends an abonnement, with a reason; what it still holds is given up only when that is said.
func (c *console) udfoerLuk(w http.ResponseWriter, r *http.Request) error {
	if err := drift.KunAdministrator(r); err != nil {
		return err
	}
	err := kraevBegrundelse(r)
	id := mox.AbonnementID(r.PathValue("id"))
	if err == nil {
		err = c.D.LukAbonnement(r.Context(), id, r.PostFormValue("opgiv") == "ja", c.hvem(r))
	}
	if mox.KodeAf(err) == mox.KodeBekraeft {
		err = &mox.Error{Kode: mox.KodeBekraeft, Op: "abonnement", Tekst: mox.Forklaring(err), Raad: "vent, til de er leveret, eller sæt kryds ved at opgive dem"}
	}
	if err != nil {
		return c.visLuk(w, r, c.uheld(r, err))
	}
	c.stand.glem()
	http.Redirect(w, r, abonnementsti(id)+"?gjort=abonnement-lukket", http.StatusSeeOther)
	return nil
}

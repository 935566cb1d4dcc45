package console

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/console/drift"
	"github.com/moxkit/mox/console/internal/laes"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/oio"
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
	Proeve    proevebesked
	Maa       abonnementret
	Tilbage   string // this page, for acts that lead back
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

// proevebesked is a besked that somebody has pasted, and what the abonnement makes of it.
type proevebesked struct {
	Tekst string
	Svar  *forklaret
	Fejl  string
}

// Antal on a page about an abonnement.
const (
	antalProever = 10
	maksUdgaver  = 10
)

func (c *console) abonnement(w http.ResponseWriter, r *http.Request) error {
	if laes.LigeNummer(r.URL.Query().Get("besked")) {
		http.Redirect(w, r, abonnementsti(mox.AbonnementID(r.PathValue("id"))), http.StatusSeeOther)
		return nil
	}
	return c.visAbonnement(w, r, proevebesked{}, nil)
}

func (c *console) visAbonnement(w http.ResponseWriter, r *http.Request, p proevebesked, u *uheld) error {
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
	if d.Proeve = p; p.Tekst == "" {
		d.Proeve.Tekst = eksempelbesked(c.Nu())
	}
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
	d.Tilbage = abonnementsti(id)
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

// eksempelbesked is a besked to try a filter with, as MOX' JSON.
func eksempelbesked(nu time.Time) string {
	b := mox.Besked{ID: "5a4cf0d6-6f1a-4c1f-8a6c-0d9e2b7a1c33", ObjektID: "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11", ObjektType: mox.Sag, LivscyklusKode: mox.Rettet, Opgaveemne: "02.34.02",
		Bruger: "svc-mox", Kildesystem: "Byggesag", Registreringstid: nu.UTC().Truncate(time.Second), Objektreference: "https://byggesag.example/sag/2026-17"}.MedStandard()
	raa, err := oio.MarshalBesked(&b)
	if err != nil {
		return ""
	}
	tekst, _ := laeselig(raa)
	return tekst
}

// proevBesked holds a besked that somebody has pasted against the abonnement. It is not stored.
func (c *console) proevBesked(w http.ResponseWriter, r *http.Request) error {
	d, err := c.laesAbonnement(r)
	if err != nil {
		return err
	}
	p := proevebesked{Tekst: strings.TrimSpace(r.PostFormValue("proeve"))}
	b, err := laesProeve(p.Tekst)
	if err == nil {
		var f distributor.Forklaring
		if f, err = c.D.AfproevBesked(r.Context(), d.A, cmp.Or(b.Kildesystem, "eksempel"), b); err == nil {
			p.Svar = &forklaret{f, c.sprog[vaelg(r)].betingelser(f.Betingelser)}
		}
	}
	var u *uheld
	if err != nil {
		u = c.uheld(r, err)
		p.Fejl = u.Tekst
	}
	return c.visAbonnement(w, r, p, u)
}

// laesProeve reads a besked as MOX' JSON, or as a Haendelsesbesked in XML.
func laesProeve(tekst string) (b mox.Besked, err error) {
	switch {
	case tekst == "":
		return b, mox.E("besked", mox.KodeUgyldig, "der er ingen besked").Med("sæt en besked ind")
	case strings.HasPrefix(tekst, "<"):
		b, err = oio.UnmarshalKuvert([]byte(tekst), oio.Koder{})
	default:
		b, err = oio.UnmarshalBesked([]byte(tekst))
	}
	return b.MedStandard(), err
}

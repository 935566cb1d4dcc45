package console

import (
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/console/drift"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/store"
)

// listeoversigt is the value lists.
type listeoversigt struct {
	Lister    []distributor.Listestand
	MaaOprett bool
}

func (c *console) lister(w http.ResponseWriter, r *http.Request) error {
	l, err := c.D.Lister(r.Context())
	if err != nil {
		return err
	}
	s := c.sprog[vaelg(r)]
	return c.vis(w, r, "lister", side{Titel: s.t("nav.lister"), Nav: "lister", D: listeoversigt{l, administrator(r)}})
}

// listeform is the form that makes a list.
type listeform struct {
	Navn, Noegle, Beskrivelse, Begrundelse felt
	Noegler                                []string
}

func (c *console) nyListe(w http.ResponseWriter, r *http.Request) error {
	return c.visListeform(w, r, mox.Vaerdiliste{Noegle: "relateret"}, nil)
}

func (c *console) visListeform(w http.ResponseWriter, r *http.Request, l mox.Vaerdiliste, aarsag error) error {
	if err := drift.KunAdministrator(r); err != nil {
		return err
	}
	var u *uheld
	if aarsag != nil {
		u = c.uheld(r, aarsag)
	}
	s := c.sprog[vaelg(r)]
	d := listeform{Noegler: listenoegler(),
		Navn:        nytFelt("navn", "navn", s.t("listeform.navn"), s.t("listeform.navn-hjaelp"), l.Navn, u.Ved("navn"), true),
		Noegle:      nytFelt("noegle", "noegle", s.t("listeform.noegle"), s.t("listeform.noegle-hjaelp"), l.Noegle, u.Ved("noegle"), true),
		Beskrivelse: nytFelt("beskrivelse", "beskrivelse", s.t("listeform.beskrivelse"), s.t("listeform.beskrivelse-hjaelp"), l.Beskrivelse, u.Ved("beskrivelse"), false),
		Begrundelse: nytFelt("begrundelse", "", s.t("form.begrundelse"), s.t("form.begrundelse-hjaelp"), begrundelse(r), u.Ved("begrundelse"), true)}
	return c.vis(w, r, "listeform", side{Titel: s.t("listeform.titel"), Nav: "lister", Uheld: u, D: d})
}

// listenoegler are the keys that a list may have values of.
func listenoegler() []string {
	ud := []string{"relateret"}
	for _, f := range mox.Beskedfelter() {
		if !f.Tid {
			ud = append(ud, f.Navn)
		}
	}
	slices.Sort(ud)
	return ud
}

func (c *console) opretListe(w http.ResponseWriter, r *http.Request) error {
	l := mox.Vaerdiliste{Navn: strings.TrimSpace(r.PostFormValue("navn")), Noegle: r.PostFormValue("noegle"), Beskrivelse: strings.TrimSpace(r.PostFormValue("beskrivelse"))}
	if err := drift.KunAdministrator(r); err != nil {
		return err
	}
	err := kraevBegrundelse(r)
	if err == nil {
		_, err = c.D.OpretListe(r.Context(), l, c.hvem(r))
	}
	if err != nil {
		return c.visListeform(w, r, l, err)
	}
	http.Redirect(w, r, listesti(l.Navn)+"?gjort=liste-oprettet", http.StatusSeeOther)
	return nil
}

func listesti(navn string) string { return "/lister/" + url.PathEscape(navn) }

// listeside is one list.
type listeside struct {
	distributor.Listestand
	Vaerdier  []string
	Skjulte   int64 // values of this part that are not shown
	Efter     bool  // it is not the first part
	Naeste    string
	Personer  bool // its values tell who somebody is
	Historik  []historikpost
	Maa       abonnementret
	Aendring  listeaendring
	Opslag    listeopslag
	SletFejl  string
	SletFordi string
}

// listeaendring is a change of a list: tried first, then carried out.
type listeaendring struct {
	Hvad        string
	Vaerdier    string
	Begrundelse felt
	Fejl        []mox.Feltfejl
	Proeve      *distributor.Listevirkning // what would come of it
	Afproevet   string                     // what has been tried; "" = nothing that would change the list
}

// listeopslag is the answer to whether a value is in the list.
type listeopslag struct {
	Vaerdi      felt
	Begrundelse felt
	Spurgt, Ja  bool
}

// listevaerdier is how many values are shown at a time.
const listevaerdier = 200

func (c *console) liste(w http.ResponseWriter, r *http.Request) error {
	return c.visListe(w, r, func(*listeside) {}, nil)
}

// visListe shows a list; med puts in what was typed and found.
func (c *console) visListe(w http.ResponseWriter, r *http.Request, med func(*listeside), u *uheld) error {
	d, err := c.laesListe(r)
	if err != nil {
		return err
	}
	s := c.sprog[vaelg(r)]
	d.Aendring.Hvad = string(distributor.ListeTilfoej)
	d.Aendring.Begrundelse = nytFelt("aendr-begrundelse", "", s.t("form.begrundelse"), s.t("form.begrundelse-hjaelp"), "", "", true)
	d.Opslag.Vaerdi = nytFelt("vaerdi", "vaerdi", s.t("liste.vaerdi"), s.t("liste.vaerdi-hjaelp"), "", "", true)
	d.Opslag.Begrundelse = nytFelt("opslag-begrundelse", "", s.t("form.begrundelse"), "", "", "", d.Personer)
	med(&d)
	return c.vis(w, r, "liste", side{Titel: d.Navn, Nav: "lister", Uheld: u, D: d})
}

func (c *console) laesListe(r *http.Request) (d listeside, err error) {
	navn := r.PathValue("navn")
	alle, err := c.D.Lister(r.Context())
	if err != nil {
		return d, err
	}
	i := slices.IndexFunc(alle, func(l distributor.Listestand) bool { return l.Navn == navn })
	if i < 0 {
		return d, mox.E("liste", mox.KodeIkkeFundet, "der er ingen liste med navnet %q", mox.Maskeret(navn)).Med("se dem på siden Værdilister")
	}
	d.Listestand, d.Maa = alle[i], abonnementret{c.MaaHandle(r), administrator(r)}
	d.Personer = d.Vaerdiliste.Noegle == "relateret"
	efter, err := hex.DecodeString(r.URL.Query().Get("efter"))
	if err != nil {
		return d, mox.E("liste", mox.KodeUgyldig, "efter er ikke et sted i listen").Med("åbn listen igen")
	}
	v, err := c.D.Listevaerdier(r.Context(), navn, efter, listevaerdier+1)
	if err != nil {
		return d, err
	}
	d.Efter = len(efter) > 0
	if len(v) > listevaerdier {
		v = v[:listevaerdier]
		d.Naeste = listesti(navn) + "?efter=" + hex.EncodeToString(v[listevaerdier-1].Noegle[:])
	}
	d.laegVaerdier(v)
	d.Historik, err = c.historik(r, "liste", navn)
	return d, err
}

// laegVaerdier takes the values that may be shown, in order.
func (d *listeside) laegVaerdier(v []store.Listevaerdi) {
	for _, x := range v {
		if x.Vaerdi == "" {
			d.Skjulte++
			continue
		}
		d.Vaerdier = append(d.Vaerdier, x.Vaerdi)
	}
	slices.Sort(d.Vaerdier)
}

// Abonnementer are those whose filters refer to the list, and Processer the processes.
func (d listeside) Abonnementer() []string { return brugereAf(d.Bruges, "abonnement ") }

// Processer are the processes whose filters refer to the list.
func (d listeside) Processer() []string { return brugereAf(d.Bruges, "proces ") }

func brugereAf(l []string, art string) (ud []string) {
	for _, b := range l {
		if navn, ok := strings.CutPrefix(b, art); ok {
			ud = append(ud, navn)
		}
	}
	return ud
}

// handler refuses whoever may only look; the caller in front of the console does, too.
func (c *console) handler(r *http.Request) error {
	if c.MaaHandle(r) {
		return nil
	}
	return mox.E("console", mox.KodeIkkeTilladt, "du må se, og ikke ændre").Med("bed en med rollen drift eller administrator")
}

// aendrListe tries what the form holds, and carries it out when that is what was tried.
func (c *console) aendrListe(w http.ResponseWriter, r *http.Request) error {
	if err := c.handler(r); err != nil {
		return err
	}
	navn, hvad, tekst := r.PathValue("navn"), distributor.Listeaendring(r.PostFormValue("hvad")), r.PostFormValue("vaerdier")
	if !slices.Contains(listeaendringer(), hvad) {
		return mox.E("liste", mox.KodeUgyldig, "formularen er ikke den, siden viser").Med("åbn siden igen")
	}
	if strings.TrimSpace(tekst) == "" {
		return c.visAendring(w, r, nil, &mox.Error{Kode: mox.KodeUgyldig, Op: "liste", Tekst: "der er ingen værdier", Raad: "skriv én værdi på hver linje",
			Felter: []mox.Feltfejl{{Sti: "vaerdier", Regel: "kraevet", Tekst: "mangler"}}})
	}
	p, err := c.D.ProevListe(r.Context(), navn, hvad, drift.Linjer(strings.NewReader(tekst)))
	if err != nil {
		return c.visAendring(w, r, nil, err)
	}
	if r.PostFormValue("handling") != "gem" || r.PostFormValue("afproevet") != c.listeaftryk(r, p) {
		return c.visAendring(w, r, &p, nil)
	}
	if err := kraevBegrundelse(r); err != nil {
		return c.visAendring(w, r, &p, err)
	}
	if _, err := c.D.AendrListe(r.Context(), navn, hvad, drift.Linjer(strings.NewReader(tekst)), c.hvem(r)); err != nil {
		return c.visAendring(w, r, nil, err)
	}
	http.Redirect(w, r, listesti(navn)+"?gjort=liste-aendret", http.StatusSeeOther)
	return nil
}

func listeaendringer() []distributor.Listeaendring {
	return []distributor.Listeaendring{distributor.ListeTilfoej, distributor.ListeFjern, distributor.ListeErstat}
}

// listeaftryk recognises a change and what would come of it, so that what is carried out is what was seen.
func (c *console) listeaftryk(r *http.Request, p distributor.Listevirkning) string {
	return c.D.Store().Afled("console-liste", strings.Join([]string{p.Liste, strconv.FormatInt(p.Version, 10), strconv.FormatInt(p.Tilfoejet, 10),
		strconv.FormatInt(p.Fjernet, 10), r.PostFormValue("hvad"), r.PostFormValue("vaerdier")}, "\x00"))
}

func (c *console) visAendring(w http.ResponseWriter, r *http.Request, p *distributor.Listevirkning, aarsag error) error {
	var u *uheld
	if aarsag != nil {
		u = c.uheld(r, aarsag)
	}
	return c.visListe(w, r, func(d *listeside) {
		a := &d.Aendring
		a.Hvad, a.Vaerdier, a.Proeve = r.PostFormValue("hvad"), r.PostFormValue("vaerdier"), p
		a.Begrundelse.Vaerdi, a.Begrundelse.Fejl = begrundelse(r), u.Ved("begrundelse")
		if a.Begrundelse.Fejl == "" {
			a.Fejl = u.under("")
		}
		if p != nil && p.Tilfoejet+p.Fjernet > 0 {
			a.Afproevet = c.listeaftryk(r, *p)
		}
	}, u)
}

// slaaOpIListe tells whether the list has a value. The value is in the form only, never in an address.
func (c *console) slaaOpIListe(w http.ResponseWriter, r *http.Request) error {
	if err := c.handler(r); err != nil {
		return err
	}
	ja, err := c.D.IListen(r.Context(), r.PathValue("navn"), r.PostFormValue("vaerdi"), c.hvem(r))
	var u *uheld
	if err != nil {
		u = c.uheld(r, err)
	}
	return c.visListe(w, r, func(d *listeside) {
		o := &d.Opslag
		o.Vaerdi.Vaerdi, o.Vaerdi.Fejl = r.PostFormValue("vaerdi"), u.Ved("vaerdi")
		o.Begrundelse.Vaerdi, o.Begrundelse.Fejl = begrundelse(r), u.Ved("begrundelse")
		o.Spurgt, o.Ja = err == nil, ja
	}, u)
}

func (c *console) sletListe(w http.ResponseWriter, r *http.Request) error {
	if err := drift.KunAdministrator(r); err != nil {
		return err
	}
	err := kraevBegrundelse(r)
	if err == nil {
		err = c.D.SletListe(r.Context(), r.PathValue("navn"), c.hvem(r))
	}
	if err != nil {
		u := c.uheld(r, err)
		return c.visListe(w, r, func(d *listeside) { d.SletFordi, d.SletFejl = begrundelse(r), u.Ved("begrundelse") }, u)
	}
	http.Redirect(w, r, "/lister?gjort=liste-slettet", http.StatusSeeOther)
	return nil
}

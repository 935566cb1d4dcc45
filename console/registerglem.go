package console

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/register"
	"github.com/moxkit/mox/store"
)

// glemside is an objekt that is about to be erased for good, or has been.
type glemside struct {
	Type                 mox.ObjektType
	ID                   mox.ObjektID
	Sti                  string // of the objekt's page
	Maa                  bool   // the person may erase, and sees who has decided it and why
	Proev                bool   // it has not been erased: this is what that would take
	Glemt                store.Glemt
	Fjernet              distributor.Glemt
	Registreringer       int64
	Modtagere            []distributor.Sletstatus
	Begrundelse, Hjemmel string // as they were typed
}

// maaGlemme reports whether the person may erase anything.
func (c *console) maaGlemme(r *http.Request) bool {
	return c.MaaHandle(r) && len(c.registerhvem(r).Adgang.Glemme) > 0
}

func (c *console) nyGlemside(r *http.Request) (d glemside, err error) {
	t, ok := mox.TypeAf(mox.ObjektType(r.PathValue("type")))
	if !ok {
		return d, mox.E("register", mox.KodeIkkeFundet, "objekttypen findes ikke")
	}
	id := mox.ObjektID(strings.ToLower(r.PathValue("id")))
	return glemside{Type: t.Navn, ID: id, Sti: registerSti(t.Navn, id), Maa: c.maaGlemme(r)}, nil
}

// glemObjekt shows what an erasure would take, and who would be told.
func (c *console) glemObjekt(w http.ResponseWriter, r *http.Request) error {
	return c.visGlem(w, r, nil)
}

// visGlem shows the form to erase with. What was wrong with it stands above it.
func (c *console) visGlem(w http.ResponseWriter, r *http.Request, aarsag error) error {
	d, err := c.nyGlemside(r)
	if err != nil {
		return err
	}
	g, err := c.Register.Glem(r.Context(), c.registerhvem(r), d.Type, d.ID, register.Glemmevalg{Proev: true})
	if err != nil {
		return err
	}
	if g.Foer {
		http.Redirect(w, r, d.Sti, http.StatusSeeOther)
		return nil
	}
	d.Proev, d.Fjernet, d.Registreringer, d.Modtagere = true, g.Fjernet, g.Registreringer, g.Fjernet.Modtagere
	d.Begrundelse, d.Hjemmel = begrundelse(r), strings.TrimSpace(r.PostFormValue("hjemmel"))
	var u *uheld
	if aarsag != nil {
		u = c.uheld(r, aarsag)
	}
	return c.vis(w, r, "registerglem", side{Titel: c.sprog[vaelg(r)].t("glem.titel"), Nav: "register", Uheld: u, Tilbage: d.Sti, D: d})
}

func (c *console) udfoerGlem(w http.ResponseWriter, r *http.Request) error {
	d, err := c.nyGlemside(r)
	if err != nil {
		return err
	}
	v := register.Glemmevalg{Begrundelse: begrundelse(r), Hjemmel: r.PostFormValue("hjemmel")}
	if _, err := c.Register.Glem(r.Context(), c.registerhvem(r), d.Type, d.ID, v); err != nil {
		return c.visGlem(w, r, err)
	}
	c.stand.glem()
	http.Redirect(w, r, d.Sti+"?gjort=glem", http.StatusSeeOther)
	return nil
}

// visGlemt shows what is left of an objekt that has been erased.
func (c *console) visGlemt(w http.ResponseWriter, r *http.Request, aarsag error) error {
	d, err := c.nyGlemside(r)
	if err != nil {
		return err
	}
	err = c.D.Store().View(r.Context(), func(tx *store.Tx) (err error) {
		if d.Glemt, _, err = tx.Glemt(d.ID); err == nil && d.Maa {
			d.Modtagere, err = c.D.SletstatusI(tx, d.ID)
		}
		return err
	})
	if err != nil {
		return err
	}
	if !d.Maa { // who has decided it, and why, is for administrators
		d.Glemt.Begrundelse, d.Glemt.Hvem = "", ""
	}
	var u *uheld
	if aarsag != nil {
		u = c.uheld(r, aarsag)
	}
	return c.vis(w, r, "registerglem", side{Titel: c.sprog[vaelg(r)].t("glem.glemt"), Nav: "register", Uheld: u, Tilbage: d.Sti, D: d})
}

// bekraeftGlem notes a person's word that a receiver has erased the objekt.
func (c *console) bekraeftGlem(w http.ResponseWriter, r *http.Request) error {
	d, err := c.nyGlemside(r)
	if err != nil {
		return err
	}
	if err = kraevBegrundelse(r); err == nil {
		err = c.Register.BekraeftSletning(r.Context(), c.registerhvem(r), d.ID, mox.AbonnementID(r.PostFormValue("abonnement")), begrundelse(r))
	}
	if err != nil {
		return c.visGlemt(w, r, err)
	}
	c.stand.glem()
	http.Redirect(w, r, d.Sti+"?gjort=bekraeft-sletning", http.StatusSeeOther)
	return nil
}

// glemteside is a list of objekter that have been erased.
type glemteside struct {
	Aabne  bool // only those that some receiver has not confirmed
	Glemte []register.Slettet
	Naeste string // address of the next page; "" = none
}

func (c *console) glemte(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	foer, _ := strconv.ParseInt(q.Get("foer"), 10, 64)
	d := glemteside{Aabne: q.Get("aabne") != ""}
	var err error
	if d.Glemte, err = c.Register.Glemte(r.Context(), c.registerhvem(r), register.Glemteside{Aabne: d.Aabne, Foer: foer, Antal: sidelaengde + 1}); err != nil {
		return err
	}
	if len(d.Glemte) > sidelaengde {
		d.Glemte = d.Glemte[:sidelaengde]
		q.Set("foer", strconv.FormatInt(d.Glemte[sidelaengde-1].Nr, 10))
		d.Naeste = "/register/glemte?" + q.Encode()
	}
	return c.vis(w, r, "glemte", side{Titel: c.sprog[vaelg(r)].t("glem.liste"), Nav: "register", D: d})
}

// sletudseende is how an order to erase looks where it stands so.
func sletudseende(stand string, overskredet bool) udseende {
	switch {
	case stand == distributor.SletBekraeftet:
		return udseende{"ok", "ok"}
	case stand == distributor.SletLukket:
		return udseende{"stille", "lukket"}
	case overskredet, stand == distributor.SletKanIkke, stand == distributor.SletKraeverPerson:
		return udseende{"kritisk", "kritisk"}
	}
	return udseende{"vent", "vent"}
}

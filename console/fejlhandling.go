package console

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/console/internal/laes"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/store"
)

// fejlhandling is one act on one Fejl, by a posted form.
type fejlhandling struct {
	udfoer      func(r *http.Request, id int64, h distributor.Hvem) error
	begrundelse bool // a reason is required
}

// fejlhandlinger are the acts, by the last part of their address.
func (c *console) fejlhandlinger() map[string]fejlhandling {
	return map[string]fejlhandling{
		"ret":        {c.ret, false},
		"gensend":    {c.gensendEn, false},
		"luk":        {c.lukEn, true},
		"skete":      {c.skete, true},
		"skete-ikke": {c.sketeIkke, true},
	}
}

// fejlhandling carries out an act. When it cannot be done the page is shown again with the reason and everything that was
// typed.
func (c *console) fejlhandling(navn string, f fejlhandling) sidehandler {
	return func(w http.ResponseWriter, r *http.Request) error {
		id, err := fejlID(r)
		if err != nil {
			return err
		}
		if f.begrundelse {
			err = kraevBegrundelse(r)
		}
		if err == nil {
			err = f.udfoer(r, id, c.hvem(r))
		}
		if err != nil {
			return c.igen(w, r, navn, err)
		}
		c.stand.glem()
		http.Redirect(w, r, fmt.Sprintf("/fejl/%d?gjort=%s", id, navn), http.StatusSeeOther)
		return nil
	}
}

// igen shows the page of a Fejl after an act that failed. Of content it shows only what was in the form: whoever posts a
// form gets no more to see than what it held.
func (c *console) igen(w http.ResponseWriter, r *http.Request, navn string, aarsag error) error {
	d, err := c.laesFejl(r)
	if err != nil {
		return err
	}
	d.Ind = indtastet{Handling: navn, Begrundelse: begrundelse(r)}
	for i, f := range d.Svar {
		d.Svar[i].Vaerdi = r.PostFormValue(svarForled + f.Navn)
	}
	if navn == "ret" {
		d.indtastet(r)
	}
	return c.visFejl(w, r, d, c.uheld(r, aarsag))
}

// indtastet fills the page's correction with what was posted.
func (d *fejlside) indtastet(r *http.Request) {
	if d.Kan.RetPost {
		d.Aabnet, d.Raa = true, r.PostFormValue("raa")
		return
	}
	type_, ok := mox.TypeAf(d.ObjektType)
	if felter := postedeVaerdier(r); ok && len(felter) > 0 {
		d.Aabnet, d.Vaerdier = true, vaerdier(type_, felter, d.F.Tekst+" "+d.F.Kode)
	}
}

// The prefixes of a form's fields that are named by a sti or by a field of an answer.
const (
	vaerdiForled = "v."
	svarForled   = "f."
)

func postedeVaerdier(r *http.Request) map[string]string {
	ud := map[string]string{}
	for navn, v := range r.PostForm {
		if sti, ok := strings.CutPrefix(navn, vaerdiForled); ok && len(v) > 0 {
			ud[sti] = v[0]
		}
	}
	return ud
}

// ret corrects a record, or the values of a besked, and sends it.
func (c *console) ret(r *http.Request, id int64, h distributor.Hvem) error {
	u, err := c.D.FindOpgave(r.Context(), id)
	if err != nil {
		return err
	}
	if u.Fejl.Art != store.FejlLeverance {
		return c.retPost(r, u.Fejl, h)
	}
	_, felter, ok := laes.Vaerdier(u.Opgave.Besked.Besked)
	if !ok {
		return mox.E("ret-og-send", mox.KodeUgyldig, "beskedens indhold kan ikke rettes her").Med("luk den med en begrundelse, og få afsenderen til at sende rigtigt")
	}
	rettelser := postedeVaerdier(r)
	for sti, v := range rettelser {
		if felter[sti] == v {
			delete(rettelser, sti)
		}
	}
	if sti := strings.TrimSpace(r.PostFormValue("ny-sti")); sti != "" {
		rettelser[sti] = r.PostFormValue("ny-vaerdi")
	}
	if len(rettelser) == 0 {
		return mox.E("ret-og-send", mox.KodeUgyldig, "intet er rettet").Med("ret en værdi, eller brug Gensend uændret")
	}
	_, err = c.D.RetOgSend(r.Context(), id, rettelser, h)
	return err
}

func (c *console) retPost(r *http.Request, f store.Fejl, h distributor.Hvem) error {
	if f.Art != store.FejlPost || c.Agenter == nil {
		return mox.E("ret-og-send", mox.KodeKonflikt, "den kan ikke rettes her").Med("få afsenderen til at sende igen, og luk fejlen med en begrundelse")
	}
	return c.Agenter.RetPost(r.Context(), f.ID, laes.LinjeskiftSom(f.Raa, r.PostFormValue("raa")), h)
}

func (c *console) gensendEn(r *http.Request, id int64, h distributor.Hvem) error {
	return paaEn(c.D.Gensend(r.Context(), store.Udvalg{Fejl: []int64{id}}, h, false))
}

func (c *console) lukEn(r *http.Request, id int64, h distributor.Hvem) error {
	return paaEn(c.D.Luk(r.Context(), store.Udvalg{Fejl: []int64{id}}, h, false))
}

// paaEn is the outcome of an act on many that was asked for on one.
func paaEn(v distributor.Virkning, err error) error {
	if err == nil && v.Udfoert == 0 {
		return mox.E("fejl", mox.KodeKonflikt, "fejlen er løst imens, eller den kan ikke løses på den måde").Med("se fejlen igen; her står, hvad der er sket")
	}
	return err
}

func (c *console) skete(r *http.Request, id int64, h distributor.Hvem) error {
	if c.Agenter == nil {
		return mox.E("skete", mox.KodeKonflikt, "modtagerens agent kører ikke her").Med("svar, hvor agenten kører")
	}
	felter := map[string]string{}
	for navn, v := range r.PostForm {
		if felt, ok := strings.CutPrefix(navn, svarForled); ok && len(v) > 0 && strings.TrimSpace(v[0]) != "" {
			felter[felt] = strings.TrimSpace(v[0])
		}
	}
	return c.Agenter.Skete(r.Context(), id, felter, h)
}

func (c *console) sketeIkke(r *http.Request, id int64, h distributor.Hvem) error {
	return c.D.SketeIkke(r.Context(), id, h)
}

// gruppehandling is an act on many, by its name.
func (c *console) gruppehandling(navn string) (func(context.Context, store.Udvalg, distributor.Hvem, bool) (distributor.Virkning, error), error) {
	switch navn {
	case "gensend":
		return c.D.Gensend, nil
	case "luk":
		return c.D.Luk, nil
	}
	return nil, mox.E("gruppe", mox.KodeIkkeFundet, "handlingen findes ikke")
}

// pauseside holds an abonnement back, or lets it go on.
type pauseside struct {
	M           modtager
	Begrundelse string
	Fra         string // "abonnement" when one came from its page
	Tilbage     string // where one goes then
}

func (c *console) pause(w http.ResponseWriter, r *http.Request) error { return c.visPause(w, r, nil) }

func (c *console) visPause(w http.ResponseWriter, r *http.Request, u *uheld) error {
	o, err := c.stand.hent(r.Context(), false)
	if err != nil {
		return err
	}
	modtagere := c.modtagere(o)
	i := slices.IndexFunc(modtagere, func(m modtager) bool { return string(m.ID) == r.PathValue("id") && !m.IkkeOpsat })
	if i < 0 {
		return mox.E("pause", mox.KodeIkkeFundet, "abonnementet findes ikke")
	}
	s := c.sprog[vaelg(r)]
	titel := "pause.titel"
	if modtagere[i].Pause {
		titel = "pause.titel-genoptag"
	}
	d := pauseside{modtagere[i], begrundelse(r), r.FormValue("fra"), pausetilbage(r)}
	nav := "overblik"
	if d.Tilbage != "/" {
		nav = "abonnementer"
	}
	return c.vis(w, r, "pause", side{Titel: s.t(titel) + " – " + string(modtagere[i].ID), Nav: nav, Uheld: u, Tilbage: d.Tilbage, D: d})
}

// pausetilbage is the page one came from: the abonnement's own, or the overview.
func pausetilbage(r *http.Request) string {
	if r.FormValue("fra") == "abonnement" {
		return abonnementsti(mox.AbonnementID(r.PathValue("id")))
	}
	return "/"
}

// saetPause holds an abonnement back, with a reason, or lets it go on.
func (c *console) saetPause(w http.ResponseWriter, r *http.Request) error {
	pause := r.PostFormValue("pause") == "ja"
	gjort := "genoptag"
	if pause {
		gjort = "pause"
		if err := kraevBegrundelse(r); err != nil {
			return c.visPause(w, r, c.uheld(r, err))
		}
	}
	if err := c.D.Pause(r.Context(), mox.AbonnementID(r.PathValue("id")), pause, c.hvem(r)); err != nil {
		return err
	}
	c.stand.glem()
	http.Redirect(w, r, pausetilbage(r)+"?gjort="+gjort, http.StatusSeeOther)
	return nil
}

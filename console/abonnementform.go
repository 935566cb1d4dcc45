package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/console/drift"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/store"
)

// abonnementform is the form that makes an abonnement, or changes it: tried first, then saved.
type abonnementform struct {
	Ret         mox.AbonnementID // the one that is changed; "" = a new one
	Genaabner   bool             // the new one is one that has been closed
	F           map[string]felt  // by the path of the definition
	Valg        map[string][]mulighed
	Overhal     bool
	Systemer    []string
	Filterfejl  []mox.Feltfejl
	Noegler     []string
	Lister      []string
	Begrundelse felt
	Foer        string // what the one that is changed was when the form was opened
	Afproevet   string // what has been tried; "" = nothing that can be saved
	Proeve      *abonnementproeve
	Igen        bool // it was to be saved, and is not what had been tried
}

// mulighed is one of the values that a field may have.
type mulighed struct {
	Vaerdi string
	Valgt  bool
}

// valgfelt is a field with the values it may have.
type valgfelt struct {
	felt
	Valg []mulighed
}

func nytValgfelt(d abonnementform, navn string) valgfelt { return valgfelt{d.F[navn], d.Valg[navn]} }

// abonnementproeve is what would come of a definition.
type abonnementproeve struct {
	Hvad        string // "opret", "ret" or "": nothing would change
	Filter      []vilkaar
	FilterFoer  string // in words, where that is changed; "" = it is not, or there was none
	Tal         distributor.Filterproeve
	Proever     []proevet
	UdenAftale  bool // there is no agreement with the system now
	UdenGraense bool // it takes everything
}

// tagesMed is how many of the newest beskeder are counted in a trial.
const tagesMed = 500

func (c *console) nytAbonnement(w http.ResponseWriter, r *http.Request) error {
	def := drift.Abonnementdefinition{Carrier: mox.CarrierPull}
	if fra := mox.AbonnementID(r.URL.Query().Get("fra")); fra != "" { // one that has been closed
		lukkede, err := c.D.LukkedeAbonnementer(r.Context())
		if err != nil {
			return err
		}
		for _, o := range lukkede {
			if o.Abonnement.ID == fra {
				def = drift.Definition(o.Abonnement)
			}
		}
	}
	return c.visAbonnementform(w, r, "", formfelter(def), nil, nil)
}

func (c *console) retAbonnement(w http.ResponseWriter, r *http.Request) error {
	nu, err := c.oprettet(r)
	if err != nil {
		return err
	}
	return c.visAbonnementform(w, r, nu.ID, formfelter(drift.Definition(nu)), nil, nil)
}

// oprettet is the abonnement of a request as somebody has asked for it; an agent's is not changed here.
func (c *console) oprettet(r *http.Request) (mox.Abonnement, error) {
	id := r.PathValue("id")
	l, err := c.D.OprettedeAbonnementer(r.Context())
	if err != nil {
		return mox.Abonnement{}, err
	}
	i := slices.IndexFunc(l, func(o store.Oprettet) bool { return string(o.Abonnement.ID) == id })
	if i >= 0 {
		return l[i].Abonnement, nil
	}
	if _, ok := c.D.Abonnement(mox.AbonnementID(id)); ok {
		return mox.Abonnement{}, mox.E("abonnement", mox.KodeKonflikt, "abonnementet %q hører til en agent", id).Med("ret det i agentens fil")
	}
	return mox.Abonnement{}, ukendtAbonnement(id)
}

// formfelter is a definition as it stands in the form's fields, by path.
func formfelter(d drift.Abonnementdefinition) map[string]string {
	f := map[string]string{"id": string(d.ID), "system": d.System, "carrier": string(d.Carrier), "orden": string(d.Orden), "modtager": d.Modtager, "kvittering": d.Kvittering,
		"frist": kortVarighed(d.Frist), "url": d.URL, "form": string(d.Form)}
	if d.Overhal {
		f["overhal"] = "ja"
	}
	if d.Filter != nil {
		f["filter"] = filterJSON(d.Filter)
	}
	p := d.Plan
	if p == nil {
		s := mox.StandardPlan()
		p = &drift.Plandefinition{Forsoeg: s.Forsoeg, Foerste: s.Foerste.String(), Hoejst: s.Hoejst.String()}
	}
	f["plan.forsoeg"], f["plan.foerste"], f["plan.hoejst"] = strconv.Itoa(p.Forsoeg), kortVarighed(p.Foerste), kortVarighed(p.Hoejst)
	return f
}

func filterJSON(kilde any) string {
	b, err := json.MarshalIndent(kilde, "", "  ")
	if err != nil {
		return ""
	}
	return string(b)
}

// kortVarighed is a duration without the units that are nothing: "3h0m0s" is "3h".
func kortVarighed(s string) string {
	if kort, ok := strings.CutSuffix(s, "m0s"); ok {
		s = kort + "m"
	}
	if kort, ok := strings.CutSuffix(s, "h0m"); ok {
		s = kort + "h"
	}
	return s
}

// formnavne are the fields of the form, by path.
func formnavne() []string {
	return []string{"id", "system", "carrier", "filter", "orden", "overhal", "modtager", "kvittering", "frist", "url", "form", "plan.forsoeg", "plan.foerste", "plan.hoejst"}
}

// gemAbonnement tries what the form holds, and saves it when that is what was tried.
func (c *console) gemAbonnement(w http.ResponseWriter, r *http.Request) error {
	if err := drift.KunAdministrator(r); err != nil {
		return err
	}
	ret := mox.AbonnementID(r.PathValue("id"))
	felter := map[string]string{}
	for _, n := range formnavne() {
		felter[n] = strings.TrimSpace(r.PostFormValue(n))
	}
	if ret != "" {
		felter["id"] = string(ret)
	}
	ab, err := laesAbonnementform(felter)
	if err == nil {
		_, err = c.D.KanOprettes(r.Context(), ab, ret != "")
	}
	if err == nil && ret != "" {
		err = c.sammeSomFoer(r)
	}
	gem := err == nil && r.PostFormValue("handling") == "gem" && r.PostFormValue("afproevet") == c.aftryk(ab)
	if gem {
		if err = kraevBegrundelse(r); err == nil {
			return c.opret(w, r, ret, ab, felter)
		}
	}
	return c.visAbonnementform(w, r, ret, felter, &ab, err)
}

func (c *console) opret(w http.ResponseWriter, r *http.Request, ret mox.AbonnementID, ab mox.Abonnement, felter map[string]string) error {
	if c.Kan != nil {
		if err := c.Kan(r.Context(), ab); err != nil {
			return c.visAbonnementform(w, r, ret, felter, &ab, err)
		}
	}
	if _, err := c.D.OpretAbonnement(r.Context(), ab, ret != "", c.hvem(r)); err != nil {
		return c.visAbonnementform(w, r, ret, felter, &ab, err)
	}
	c.stand.glem()
	gjort := "abonnement-oprettet"
	if ret != "" {
		gjort = "abonnement-rettet"
	}
	http.Redirect(w, r, abonnementsti(ab.ID)+"?gjort="+gjort, http.StatusSeeOther)
	return nil
}

// sammeSomFoer refuses to change an abonnement that somebody else has changed since the form was opened.
func (c *console) sammeSomFoer(r *http.Request) error {
	nu, err := c.oprettet(r)
	if err == nil && r.PostFormValue("foer") != c.aftryk(nu) {
		err = mox.E("abonnement", mox.KodeKonflikt, "abonnementet %q er ændret, siden du åbnede siden", nu.ID).Med("åbn siden igen, og se, hvad der er ændret")
	}
	return err
}

// aftryk recognises a definition.
func (c *console) aftryk(ab mox.Abonnement) string {
	ab = ab.MedStandard()
	ab.Filter = mox.Pseudonym(c.D.Store().Pseudonym).Filter(ab.Filter)
	b, err := json.Marshal(ab)
	if err != nil {
		return ""
	}
	return c.D.Store().Afled("console-abonnement", string(b))
}

// laesAbonnementform reads the form. What belongs to another carrier than the chosen one is left out: it may be hidden.
func laesAbonnementform(f map[string]string) (mox.Abonnement, error) {
	def := drift.Abonnementdefinition{ID: mox.AbonnementID(f["id"]), System: f["system"], Carrier: mox.Carrier(f["carrier"]), Orden: mox.Orden(f["orden"]), Modtager: f["modtager"],
		Overhal: f["overhal"] == "ja", Plan: &drift.Plandefinition{Foerste: f["plan.foerste"], Hoejst: f["plan.hoejst"]}}
	switch def.Carrier {
	case mox.CarrierPush:
		def.URL, def.Form = f["url"], mox.PushForm(f["form"])
	case mox.CarrierAMQP:
		if def.Kvittering = f["kvittering"]; def.Kvittering == "kraeves" {
			def.Frist = f["frist"]
		}
	case mox.CarrierKOMBIT:
		def.System = mox.KOMBIT
	}
	var fejl []mox.Feltfejl
	var err error
	if def.Plan.Forsoeg, err = strconv.Atoi(f["plan.forsoeg"]); err != nil {
		fejl = append(fejl, mox.Feltfejl{Sti: "plan.forsoeg", Regel: "tal", Tekst: "er ikke et helt tal"})
	}
	if f["filter"] != "" {
		if err := json.Unmarshal([]byte(f["filter"]), &def.Filter); err != nil {
			fejl = append(fejl, mox.Feltfejl{Sti: "filter", Regel: "json", Tekst: jsonfejl(f["filter"], err)})
		}
	}
	ab, err := def.Abonnement()
	var e *mox.Error
	switch {
	case errors.As(err, &e):
		fejl = append(fejl, e.Felter...)
	case len(fejl) == 0:
		ab = ab.MedStandard()
		return ab, ab.Valider()
	}
	return ab, &mox.Error{Kode: mox.KodeUgyldig, Op: "abonnement", Tekst: "nogle felter kan ikke læses", Felter: fejl, Raad: "ret dem, og prøv igen; intet er ændret"}
}

// jsonfejl says where a text is no JSON.
func jsonfejl(tekst string, err error) string {
	var s *json.SyntaxError
	if !errors.As(err, &s) {
		return "er ikke JSON"
	}
	foer := tekst[:min(int(s.Offset), len(tekst))]
	return fmt.Sprintf("er ikke JSON: noget er galt ved linje %d, tegn %d", strings.Count(foer, "\n")+1, len([]rune(foer[strings.LastIndex(foer, "\n")+1:])))
}

// visAbonnementform shows the form with what was typed; ab is what it says, where it has been sent, and aarsag what is wrong.
func (c *console) visAbonnementform(w http.ResponseWriter, r *http.Request, ret mox.AbonnementID, felter map[string]string, ab *mox.Abonnement, aarsag error) error {
	if err := drift.KunAdministrator(r); err != nil {
		return err
	}
	var u *uheld
	if aarsag != nil {
		u = c.uheld(r, aarsag)
	}
	s := c.sprog[vaelg(r)]
	d := abonnementform{Ret: ret, F: map[string]felt{}, Overhal: felter["overhal"] == "ja", Foer: r.PostFormValue("foer"), Noegler: filternoegler()}
	for _, n := range formnavne() {
		d.F[n] = nytFelt("a-"+strings.ReplaceAll(n, ".", "-"), n, s.t("abonnementform.felt."+n), s.t("abonnementform.hjaelp."+n), felter[n], u.vedEn(n, "push."+n), false)
	}
	d.Valg = map[string][]mulighed{"carrier": valgmuligheder(felter["carrier"], mox.CarrierPull, mox.CarrierPush, mox.CarrierAMQP, mox.CarrierKOMBIT),
		"orden":      valgmuligheder(felter["orden"], mox.OrdenObjekt, mox.OrdenIngen),
		"form":       valgmuligheder(felter["form"], mox.FormCloudEvent, mox.FormStruktureret, mox.FormModtagBesked),
		"kvittering": valgmuligheder(felter["kvittering"], "nej", "kraeves")}
	d.Begrundelse = nytFelt("begrundelse", "", s.t("form.begrundelse"), s.t("form.begrundelse-hjaelp"), begrundelse(r), u.Ved("begrundelse"), true)
	d.Filterfejl = u.under("filter.")
	if f := d.F["plan.foerste"]; f.Fejl == "" {
		f.Fejl = u.Ved("plan") // of the two together
		d.F["plan.foerste"] = f
	}
	if err := c.omgivelser(r, ret, &d); err != nil {
		return err
	}
	if kunBegrundelse := u != nil && len(u.Felter) == 1 && d.Begrundelse.Fejl != ""; ab != nil && (aarsag == nil || kunBegrundelse || r.PostFormValue("afproevet") == c.aftryk(*ab)) {
		var err error
		if d.Proeve, err = c.afproevet(r, s, *ab, ret); err != nil {
			return err
		}
		if d.Proeve.Hvad != "" {
			d.Afproevet = c.aftryk(*ab)
			d.Igen = aarsag == nil && r.PostFormValue("handling") == "gem"
		}
	}
	titel := s.t("abonnementform.ny")
	if ret != "" {
		titel = s.t("abonnementform.ret")
	}
	return c.vis(w, r, "abonnementform", side{Titel: titel, Nav: "abonnementer", Uheld: u, Tilbage: r.URL.Path, D: d})
}

// afproevet is what would come of a definition. One that cannot be made any more has no trial.
func (c *console) afproevet(r *http.Request, s *sprog, ab mox.Abonnement, ret mox.AbonnementID) (*abonnementproeve, error) {
	ab.Filter = mox.Pseudonym(c.D.Store().Pseudonym).Filter(ab.Filter)
	hvad, err := c.D.KanOprettes(r.Context(), ab, ret != "")
	if err != nil {
		return &abonnementproeve{}, nil //nolint:nilerr // the form says it already
	}
	p := &abonnementproeve{Hvad: hvad, Filter: s.filterord(ab.Filter), UdenGraense: ab.Filter.Kilde() == nil, UdenAftale: c.udenAftale(ab.System)}
	if foer, ok := c.D.Abonnement(ab.ID); ok && ret != "" && filtertekst(foer.Filter) != filtertekst(ab.Filter) {
		p.FilterFoer = s.filtersaetning(foer.Filter)
	}
	if p.Tal, err = c.D.ProevFilter(r.Context(), ab.Filter, tagesMed); err != nil {
		return nil, err
	}
	p.Proever, err = c.proever(r, s, ab)
	if ret == "" { // it got none of them: there was no such abonnement
		for i := range p.Proever {
			p.Proever[i].Da = ""
		}
	}
	return p, err
}

// udenAftale reports whether a system gets nothing because there are agreements, and none with it now.
func (c *console) udenAftale(system string) bool {
	l := c.D.Aftaler()
	return len(l) > 0 && l.Med(system, c.Nu()) == nil
}

// omgivelser reads what the form offers to choose from, and what is changed by it.
func (c *console) omgivelser(r *http.Request, ret mox.AbonnementID, d *abonnementform) error {
	for _, n := range c.landskabAf(distributor.Overblik{}).Systemer {
		d.Systemer = append(d.Systemer, n.Navn)
	}
	for _, a := range c.D.Aftaler() {
		d.Systemer = append(d.Systemer, a.System)
	}
	d.Systemer = unikke(d.Systemer)
	lister, err := c.D.Lister(r.Context())
	for _, l := range lister {
		d.Lister = append(d.Lister, l.Navn)
	}
	if err != nil || ret == "" {
		return err
	}
	nu, err := c.oprettet(r)
	if err == nil && d.Foer == "" {
		d.Foer = c.aftryk(nu)
	}
	return err
}

// filternoegler are the keys that a filter may ask for.
func filternoegler() []string {
	ud := []string{"relateret", "relateret.<rolle>"}
	for _, f := range mox.Beskedfelter() {
		ud = append(ud, f.Navn)
	}
	slices.Sort(ud)
	return ud
}

func valgmuligheder[V ~string](valgt string, v ...V) (ud []mulighed) {
	for _, x := range v {
		ud = append(ud, mulighed{string(x), string(x) == valgt})
	}
	return ud
}

package console

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/console/internal/laes"
	"github.com/moxkit/mox/register"
	"github.com/moxkit/mox/store"
)

// Limits on a search in the register.
const (
	soegefrist   = 10 * time.Second // a text is looked for in every objekt of the type
	maksSpring   = 10_000           // objekter that pages pass over: who has read so far must search better
	maksSoegeord = 500              // characters
)

// registerside is the search in the register and what it found.
type registerside struct {
	Type                 mox.ObjektType
	BVN, Tekst, Relation string
	Begrundelse          string
	Typer                []mox.ObjektType // all
	Findes               []mox.ObjektType // of which there are any
	Rader                []registerrad
	Soegt                bool
	Kraever              bool   // what was searched for is content: a reason must be given
	PersonIAdresse       bool   // someone wrote a person's number where it would have ended in an address
	Aaben                bool   // titles are shown
	MaaGlemmes           bool   // the person may erase for good
	Naeste               string // address of the next page; "" = none
	NaesteFra            int    // the same for a search by POST
}

// registerrad is one objekt of a list.
type registerrad struct {
	ID         mox.ObjektID
	Type       mox.ObjektType
	BVN, Titel string
	Livscyklus mox.LivscyklusKode
	Fra        time.Time
}

// offentlig reports whether objekter of the type say nothing of persons: classifications are made to be published.
func offentlig(t *mox.Type) bool { return t.Service == "klassifikation" }

func (c *console) registersoegning(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	d := registerside{Typer: mox.ObjektTyper(), Type: mox.ObjektType(q.Get("type")), BVN: soegeord(q.Get("bvn")), Tekst: soegeord(q.Get("tekst")), Relation: soegeord(q.Get("relation")), PersonIAdresse: q.Has("person")}
	if laes.LigeNummer(d.BVN) || laes.LigeNummer(d.Tekst) || laes.LigeNummer(d.Relation) {
		http.Redirect(w, r, "/register?person=1&type="+url.QueryEscape(string(d.Type)), http.StatusSeeOther)
		return nil
	}
	var err error
	if t, ok := mox.TypeAf(d.Type); ok {
		d.Aaben = offentlig(t)
		if d.Kraever = d.Tekst != "" && !d.Aaben; !d.Kraever {
			err = c.soegRegister(r, t, &d, fra(q.Get("fra")))
		}
	} else if d.Findes, err = c.typerIRegister(r); err != nil {
		return err
	}
	if d.NaesteFra > 0 {
		q.Set("fra", strconv.Itoa(d.NaesteFra))
		d.Naeste, d.NaesteFra = "/register?"+q.Encode(), 0
	}
	return c.visRegister(w, r, d, err)
}

func soegeord(s string) string { return afkort(strings.TrimSpace(s), maksSoegeord) }

// fra is how many objekter the pages before this one have shown.
func fra(s string) int {
	n, _ := strconv.Atoi(s)
	return min(max(n, 0), maksSpring)
}

// visRegister shows the search. What was wrong with it stands above it, where a person can mend it.
func (c *console) visRegister(w http.ResponseWriter, r *http.Request, d registerside, err error) error {
	var u *uheld
	if err != nil {
		u = c.uheld(r, err)
	}
	d.MaaGlemmes = c.maaGlemme(r)
	tilbage := "/register"
	if r.Method == http.MethodGet {
		tilbage = r.URL.RequestURI()
	}
	return c.vis(w, r, "register", side{Titel: c.sprog[vaelg(r)].t("nav.register"), Nav: "register", Uheld: u, Tilbage: tilbage, D: d})
}

// typerIRegister are the types that there are objekter of.
func (c *console) typerIRegister(r *http.Request) (ud []mox.ObjektType, err error) {
	for _, t := range mox.ObjektTyper() {
		ids, err := c.Register.Soeg(r.Context(), c.registerhvem(r), t, register.Soegning{Maks: 1})
		if err != nil {
			return nil, err
		}
		if len(ids) > 0 {
			ud = append(ud, t)
		}
	}
	return ud, nil
}

// registerindhold searches in what objekter say, and by a person's number. What is searched for comes in the body of a POST,
// so that it ends in no address; that somebody searched, and why, is logged without it.
func (c *console) registerindhold(w http.ResponseWriter, r *http.Request) error {
	d := registerside{Typer: mox.ObjektTyper(), Type: mox.ObjektType(r.PostFormValue("type")), Tekst: soegeord(r.PostFormValue("tekst")), Relation: soegeord(r.PostFormValue("relation")), Begrundelse: begrundelse(r), Kraever: true}
	t, ok := mox.TypeAf(d.Type)
	err := kraevBegrundelse(r)
	if err == nil && (!ok || d.Tekst == "" && d.Relation == "") {
		err = &mox.Error{Kode: mox.KodeUgyldig, Op: "soeg", Tekst: "der er intet at søge efter", Raad: "vælg en type, og skriv en tekst eller et nummer", Felter: []mox.Feltfejl{{Sti: "tekst", Regel: "kraevet", Tekst: "mangler"}}}
	}
	if err == nil {
		err = c.logSoegning(r, t)
	}
	if err == nil {
		d.Aaben = true
		err = c.soegRegister(r, t, &d, fra(r.PostFormValue("fra")))
	}
	return c.visRegister(w, r, d, err)
}

func (c *console) logSoegning(r *http.Request, t *mox.Type) error {
	h := c.hvem(r)
	return c.D.Store().Update(r.Context(), func(tx *store.Tx) error {
		return tx.InsertHandling(store.Handling{Hvem: h.Navn, Hvad: "soeg-register", Maal: "register " + string(t.Navn), Antal: 1, Begrundelse: h.Begrundelse})
	})
}

// soegRegister finds a page of what is asked for, beginning after the first fra.
func (c *console) soegRegister(r *http.Request, t *mox.Type, d *registerside, fra int) error {
	soegninger, err := d.soegninger()
	if err != nil {
		return err
	}
	d.Soegt = true
	ctx, slip := context.WithTimeout(r.Context(), soegefrist)
	defer slip()
	var ids []mox.ObjektID
	for _, s := range soegninger {
		if err != nil || len(ids) > 0 {
			break
		}
		s.Foerste, s.Maks = fra, sidelaengde+1
		ids, err = c.Register.Soeg(ctx, c.registerhvem(r), t.Navn, s)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return mox.E("soeg", mox.KodeUtilgaengelig, "søgningen tog for lang tid").Med("søg på begyndelsen af en brugervendt nøgle, eller på en relation")
	}
	if err != nil {
		return err
	}
	if len(ids) > sidelaengde {
		ids = ids[:sidelaengde]
		if d.NaesteFra = fra + sidelaengde; d.NaesteFra > maksSpring {
			d.NaesteFra = 0
		}
	}
	laest, err := c.Register.List(r.Context(), c.registerhvem(r), t.Navn, ids, register.Tider{VirkFra: mox.MinusUendelig, VirkTil: mox.Uendelig})
	for _, l := range laest {
		d.Rader = append(d.Rader, rad(t, l, mox.Kl(c.Nu()), d.Aaben))
	}
	return err
}

// soegninger are what the fields ask for: what begins as the key, has the text somewhere, and is related to the other. A
// company's number is written in two ways: where the first finds nothing, the next is tried.
func (d *registerside) soegninger() ([]register.Soegning, error) {
	var s register.Soegning
	if d.BVN != "" {
		s.Kriterier = append(s.Kriterier, register.Kriterium{Slags: register.Attributkriterium, Navn: "brugervendtnoegle", Vaerdi: bogstaveligt(d.BVN) + "%"})
	}
	if d.Tekst != "" {
		s.Kriterier = append(s.Kriterier, register.Kriterium{Slags: register.Attributkriterium, Vaerdi: "%" + bogstaveligt(d.Tekst) + "%"})
	}
	if d.Relation == "" {
		return []register.Soegning{s}, nil
	}
	ider := laes.Relaterede(d.Relation)
	if len(ider) == 0 {
		return nil, &mox.Error{Kode: mox.KodeUgyldig, Op: "soeg", Tekst: "relationen er hverken en UUID, en URN, et CPR-nummer eller et CVR-nummer", Felter: []mox.Feltfejl{{Sti: "relation", Tekst: "kan ikke læses"}}}
	}
	var ud []register.Soegning
	for _, id := range ider {
		en := s
		en.Kriterier = append(slices.Clone(s.Kriterier), register.Kriterium{Slags: register.Relationkriterium, Vaerdi: id})
		ud = append(ud, en)
	}
	return ud, nil
}

// bogstaveligt is a text in which no sign stands for others.
func bogstaveligt(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`).Replace(s)
}

func rad(t *mox.Type, l register.Laest, nu mox.Tidspunkt, aaben bool) registerrad {
	v := &l.Versioner[0]
	ud := registerrad{ID: l.ObjektID, Type: t.Navn, Livscyklus: l.Livscyklus, Fra: v.FraTidspunkt}
	felter := gaeldende(t, v, nu)
	ud.BVN = laes.Maskeret(felter["brugervendtnoegle"])
	if aaben {
		ud.Titel = felter[titelfelt(t)]
	}
	return ud
}

// gaeldende are the attributes in force at nu, or else the first there are.
func gaeldende(t *mox.Type, v *register.Version, nu mox.Tidspunkt) map[string]string {
	l := v.Attributter[t.Egenskaber().Navn]
	for _, a := range l {
		if a.Virkning.Indeholder(nu) {
			return a.Felter
		}
	}
	if len(l) > 0 {
		return l[0].Felter
	}
	return nil
}

// titelfelt is the field by which a person knows an objekt of the type.
func titelfelt(t *mox.Type) string {
	for _, navn := range []string{"titel", "organisationsnavn", "enhedsnavn", "funktionsnavn", "brugernavn", "itsystemnavn", "interessefaellesskabsnavn", "aktivitetnavn"} {
		if _, ok := t.Egenskaber().Felt(navn); ok {
			return navn
		}
	}
	return "brugervendtnoegle"
}

// registerSti is the address of an objekt's page.
func registerSti(t mox.ObjektType, id mox.ObjektID) string {
	return "/register/" + url.PathEscape(cmp.Or(string(t), "-")) + "/" + url.PathEscape(string(id))
}

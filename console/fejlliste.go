package console

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/store"
)

// fejllisteside is everything that waits for a person, grouped by whose task it is, or the part that was asked for.
type fejllisteside struct {
	U        store.Udvalg
	Filtret  bool
	Grupper  []ansvarsgruppe
	Rader    []store.Fejl
	Antal    int64 // what the filter selects
	Naeste   string
	Gruppe   string // query of the act on everything the filter selects
	Koder    []string
	Systemer []string
	Udfoert  string // how many the last act on a group was done on
}

// ansvarsgruppe is what one party must act on.
type ansvarsgruppe struct {
	Ansvar  mox.Ansvar
	Antal   int
	Grupper []fejlgruppe
}

type fejlgruppe struct {
	store.FejlGruppe
	Query string // selects the group
}

// udvalgAf reads a filter out of an address.
func udvalgAf(q url.Values) store.Udvalg {
	u := store.Udvalg{Abonnement: mox.AbonnementID(q.Get("abonnement")), Art: store.FejlArt(q.Get("art")), Ansvar: mox.Ansvar(q.Get("ansvar")), Kode: q.Get("kode"),
		System: q.Get("system"), Lukkede: q.Get("lukkede") != ""}
	u.EfterID, _ = strconv.ParseInt(q.Get("efter"), 10, 64)
	return u
}

// query is the filter as it stands in an address.
func query(u store.Udvalg) string {
	q := url.Values{}
	for navn, v := range map[string]string{"abonnement": string(u.Abonnement), "art": string(u.Art), "ansvar": string(u.Ansvar), "kode": u.Kode, "system": u.System} {
		if v != "" {
			q.Set(navn, v)
		}
	}
	if u.Lukkede {
		q.Set("lukkede", "1")
	}
	return q.Encode()
}

func (c *console) fejlliste(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	d := fejllisteside{U: udvalgAf(q), Udfoert: q.Get("antal")}
	d.Gruppe = query(d.U)
	d.Filtret = d.Gruppe != ""
	if _, err := strconv.Atoi(d.Udfoert); err != nil {
		d.Udfoert = ""
	}
	err := c.D.Store().View(r.Context(), func(tx *store.Tx) error {
		grupper, err := tx.FejlGrupper()
		if err != nil {
			return err
		}
		d.Grupper, d.Koder, d.Systemer = gruppeer(grupper)
		u := d.U
		u.Antal = sidelaengde + 1
		if d.Rader, err = tx.Fejl(u); err != nil {
			return err
		}
		u.EfterID = 0
		d.Antal, err = tx.TaelFejl(u)
		return err
	})
	if err != nil {
		return err
	}
	if len(d.Rader) > sidelaengde {
		d.Rader = d.Rader[:sidelaengde]
		d.Naeste = "/fejl?" + d.Gruppe + "&efter=" + strconv.FormatInt(d.Rader[sidelaengde-1].ID, 10)
	}
	live := "/fejl?del=1&" + d.Gruppe
	if d.U.EfterID > 0 {
		live += "&efter=" + strconv.FormatInt(d.U.EfterID, 10)
	}
	s := c.sprog[vaelg(r)]
	return c.vis(w, r, "fejlliste", side{Titel: s.t("nav.fejl"), Nav: "fejl", Live: live, D: d})
}

// gruppeer gathers the groups by whose task they are, and lists what can be filtered by.
func gruppeer(grupper []store.FejlGruppe) (ud []ansvarsgruppe, koder, systemer []string) {
	for _, a := range ansvar() {
		g := ansvarsgruppe{Ansvar: a}
		for _, f := range grupper {
			if f.Ansvar != a {
				continue
			}
			g.Antal += f.Antal
			g.Grupper = append(g.Grupper, fejlgruppe{f, query(store.Udvalg{Ansvar: f.Ansvar, Art: f.Art, Kode: f.Kode, System: f.System})})
			koder, systemer = append(koder, f.Kode), append(systemer, f.System)
		}
		if g.Antal > 0 {
			ud = append(ud, g)
		}
	}
	return ud, unikke(koder), unikke(systemer)
}

// gruppeside shows what an act on many would do, before it is done.
type gruppeside struct {
	Handling    string // gensend or luk
	U           store.Udvalg
	Query       string
	Virkning    distributor.Virkning
	IAlt        int64
	Maks        int
	Eksempler   []store.Fejl
	Begrundelse string
}

// maksEksempler is how many of the selected are shown before an act.
const maksEksempler = 10

func (c *console) gruppe(w http.ResponseWriter, r *http.Request) error {
	return c.visGruppe(w, r, udvalgAf(r.URL.Query()), r.URL.Query().Get("handling"), nil)
}

func (c *console) visGruppe(w http.ResponseWriter, r *http.Request, u store.Udvalg, handling string, u_ *uheld) error {
	d := gruppeside{Handling: handling, U: u, Query: query(u), Maks: store.MaksUdvalg, Begrundelse: begrundelse(r)}
	u.EfterID, u.Lukkede = 0, false
	act, err := c.gruppehandling(handling)
	if err != nil {
		return err
	}
	if d.Virkning, err = act(r.Context(), u, c.hvem(r), true); err != nil {
		return err
	}
	err = c.D.Store().View(r.Context(), func(tx *store.Tx) error {
		if d.IAlt, err = tx.TaelFejl(u); err != nil || len(d.Virkning.Fejl) == 0 {
			return err
		}
		d.Eksempler, err = tx.Fejl(store.Udvalg{Fejl: d.Virkning.Fejl, Antal: maksEksempler})
		return err
	})
	if err != nil {
		return err
	}
	s := c.sprog[vaelg(r)]
	return c.vis(w, r, "gruppe", side{Titel: s.t("gruppe.titel." + handling), Nav: "fejl", Uheld: u_, Tilbage: "/fejl/gruppe?handling=" + handling + "&" + d.Query, D: d})
}

// udfoerGruppe does to exactly those that were shown what was shown: what has come since is not taken along.
func (c *console) udfoerGruppe(w http.ResponseWriter, r *http.Request) error {
	handling := r.PostFormValue("handling")
	act, err := c.gruppehandling(handling)
	if err != nil {
		return err
	}
	q, _ := url.ParseQuery(r.PostFormValue("udvalg"))
	ider := tallene(r.PostFormValue("fejl"))
	if len(ider) == 0 || len(ider) > store.MaksUdvalg {
		return mox.E("gruppe", mox.KodeUgyldig, "ingen fejl er valgt").Med("gå tilbage til listen, og vælg igen")
	}
	if handling == "luk" {
		if err := kraevBegrundelse(r); err != nil {
			return c.visGruppe(w, r, udvalgAf(q), handling, c.uheld(r, err))
		}
	}
	v, err := act(r.Context(), store.Udvalg{Fejl: ider}, c.hvem(r), false)
	if err != nil {
		return err
	}
	c.stand.glem()
	http.Redirect(w, r, "/fejl?gjort=gruppe-"+handling+"&antal="+strconv.Itoa(v.Udfoert), http.StatusSeeOther)
	return nil
}

package console

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/console/drift"
	"github.com/moxkit/mox/console/internal/laes"
	"github.com/moxkit/mox/store"
)

// sidelaengde is how many rows a list shows at a time.
const sidelaengde = 50

// beskedside is the list of beskeder and what was searched for.
type beskedside struct {
	ID, System, Type string
	Relateret        string // what was searched for by POST; it never stands in an address
	Begrundelse      string
	Systemer         []string
	Rader            []beskedrad
	Naeste           string // address of the next page; "" = none
	NaesteNr         int64  // the same for a search by POST
	PersonIAdresse   bool   // someone wrote a person's number where it would have ended in an address
}

// beskedrad is one besked's metadata, and where its leverancer stand.
type beskedrad struct {
	store.Besked
	Status []statustal
	System string
}

// statustal is how many leverancer stand in one state.
type statustal struct {
	Tilstand mox.LeveranceTilstand
	Antal    int
}

func (c *console) beskeder(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	if laes.LigeNummer(q.Get("id")) || laes.LigeNummer(q.Get("type")) {
		http.Redirect(w, r, "/beskeder?person=1", http.StatusSeeOther)
		return nil
	}
	d := beskedside{ID: strings.TrimSpace(q.Get("id")), System: q.Get("system"), Type: strings.TrimSpace(q.Get("type")), PersonIAdresse: q.Has("person")}
	foer, _ := strconv.ParseInt(q.Get("foer"), 10, 64)
	err := c.D.Store().View(r.Context(), func(tx *store.Tx) error {
		s, err := efterID(tx, store.Beskedsoegning{Afsender: d.System, Type: d.Type, FoerNr: foer, Antal: sidelaengde + 1}, d.ID)
		if err != nil {
			return err
		}
		beskeder, err := tx.Beskeder(s)
		if err != nil {
			return err
		}
		if d.Rader, err = rader(tx, beskeder); err != nil {
			return err
		}
		d.Systemer, err = c.systemer(tx)
		return err
	})
	if err != nil {
		return err
	}
	if len(d.Rader) > sidelaengde {
		d.Rader = d.Rader[:sidelaengde]
		q.Set("foer", strconv.FormatInt(d.Rader[sidelaengde-1].Nr, 10))
		q.Del("del")
		d.Naeste = "/beskeder?" + q.Encode()
	}
	s := c.sprog[vaelg(r)]
	return c.vis(w, r, "beskeder", side{Titel: s.t("nav.beskeder"), Nav: "beskeder", D: d})
}

// efterID searches for a besked, an objekt or a proces, whichever has the id.
func efterID(tx *store.Tx, s store.Beskedsoegning, id string) (store.Beskedsoegning, error) {
	if id == "" {
		return s, nil
	}
	for _, felt := range []*string{&s.ID, &s.ObjektID, &s.ProcesID} {
		proeve := store.Beskedsoegning{Antal: 1}
		*felt = id
		proeve.ID, proeve.ObjektID, proeve.ProcesID = s.ID, s.ObjektID, s.ProcesID
		fundet, err := tx.Beskeder(proeve)
		if err != nil || len(fundet) > 0 {
			return s, err
		}
		*felt = ""
	}
	s.ID = id // nothing has it
	return s, nil
}

func rader(tx *store.Tx, beskeder []store.Besked) ([]beskedrad, error) {
	ud := make([]beskedrad, 0, len(beskeder))
	for _, b := range beskeder {
		leverancer, err := tx.LeverancerAf(b.Nr)
		if err != nil {
			return nil, err
		}
		b.Indhold = nil // a list shows no content
		ud = append(ud, beskedrad{Besked: b, Status: leveringsstatus(leverancer), System: b.Afsender})
	}
	return ud, nil
}

// leveringsstatus counts the newest leverance to each abonnement by state, what needs a person first.
func leveringsstatus(leverancer []store.Leverance) []statustal {
	nyeste := map[mox.AbonnementID]mox.LeveranceTilstand{}
	for _, l := range leverancer { // in the order they were made
		nyeste[l.Abonnement] = l.Tilstand
	}
	tal := map[mox.LeveranceTilstand]int{}
	for _, t := range nyeste {
		tal[t]++
	}
	var ud []statustal
	for _, t := range visningsorden() {
		if tal[t] > 0 {
			ud = append(ud, statustal{t, tal[t]})
		}
	}
	return ud
}

// visningsorden are the states, what needs a person first.
func visningsorden() []mox.LeveranceTilstand {
	return []mox.LeveranceTilstand{mox.Uvis, mox.Parkeret, mox.Udsat, mox.UnderLevering, mox.Afventer, mox.Overdraget, mox.Leveret, mox.Udloebet, mox.Annulleret}
}

// systemer are the names of the systems that may have sent something, for a list to choose from.
func (c *console) systemer(tx *store.Tx) ([]string, error) {
	kilder, err := tx.Kilder()
	if err != nil {
		return nil, err
	}
	var ud []string
	if c.Landskab != nil {
		for _, s := range c.Landskab().Systemer {
			ud = append(ud, s.Navn)
		}
	}
	for _, k := range kilder {
		if c.Landskab == nil {
			ud = append(ud, k.Agent)
		}
	}
	for _, a := range c.D.Abonnementer() {
		if a.System != "" {
			ud = append(ud, a.System)
		}
	}
	slices.Sort(ud)
	return slices.Compact(ud), nil
}

// personsoegning finds the beskeder about a person or a company. The number comes in the body of a POST, so that it ends
// in no address, log or history; that somebody searched, and why, is logged with the number's pseudonym.
func (c *console) personsoegning(w http.ResponseWriter, r *http.Request) error {
	s := c.sprog[vaelg(r)]
	d := beskedside{Relateret: strings.TrimSpace(r.PostFormValue("relateret")), Begrundelse: begrundelse(r)}
	foer, _ := strconv.ParseInt(r.PostFormValue("foer"), 10, 64)
	ider := laes.Relaterede(d.Relateret)
	err := kraevBegrundelse(r)
	if err == nil && len(ider) == 0 {
		err = &mox.Error{Kode: mox.KodeUgyldig, Op: "soeg", Tekst: "det er hverken et CPR-nummer, et CVR-nummer, en UUID eller en URN", Felter: []mox.Feltfejl{{Sti: "relateret", Tekst: "kan ikke læses"}}}
	}
	var u *uheld
	if err != nil {
		u = c.uheld(r, err)
		ider = nil
	}
	if err := c.findPerson(r, &d, ider, foer); err != nil {
		return err
	}
	return c.vis(w, r, "beskeder", side{Titel: s.t("nav.beskeder"), Nav: "beskeder", Uheld: u, Tilbage: "/beskeder", D: d})
}

func (c *console) findPerson(r *http.Request, d *beskedside, ider []string, foer int64) error {
	h := c.hvem(r)
	return c.D.Store().Update(r.Context(), func(tx *store.Tx) (err error) {
		fundet, err := drift.FindPerson(tx, ider, foer, sidelaengde+1)
		if err != nil {
			return err
		}
		d.NaesteNr = 0
		if len(fundet) > sidelaengde {
			fundet = fundet[:sidelaengde]
			d.NaesteNr = fundet[sidelaengde-1].Nr
		}
		if d.Rader, err = rader(tx, fundet); err != nil {
			return err
		}
		if d.Systemer, err = c.systemer(tx); err != nil || len(ider) == 0 {
			return err
		}
		return tx.InsertHandling(store.Handling{Hvem: h.Navn, Hvad: "soeg-person", Maal: "person " + tx.Store().Pseudonym(ider[0]), Antal: len(d.Rader), Begrundelse: h.Begrundelse})
	})
}

// forloebSti is the address of a besked's, a proces's or an objekt's timeline.
func forloebSti(id any) string { return "/forloeb/" + url.PathEscape(fmt.Sprint(id)) }

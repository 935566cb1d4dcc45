package console

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/console/internal/laes"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/store"
)

// fejlside is one Fejl: what happened, whose task it is, and what can be done about it.
type fejlside struct {
	F          store.Fejl // without its bytes
	BeskedID   mox.BeskedID
	Type       string
	ObjektType mox.ObjektType
	L          *store.Leverance // the leverance it is about; nil = none
	Pause      bool
	Forsoeg    []store.Forsoeg
	Handlinger []store.Handling
	Sted       []stedled
	Kan        muligheder
	Aabnet     bool // the content is shown
	Raa        string
	Vaerdier   []vaerdi
	Svar       []svarfelt
	Besked     string // what the besked says, for one who must find it at the receiver
	Ind        indtastet
}

// muligheder are the acts that a Fejl admits as it stands.
type muligheder struct {
	RetPost, RetVaerdier, Gensend, Luk, Svar, Vis bool
}

// stedled is one part of where a record stands: "linje", "17".
type stedled struct{ Navn, Vaerdi string }

// svarfelt is a field of the answer that was lost.
type svarfelt struct{ Navn, Vaerdi string }

// indtastet is what a person has typed in a form that could not be carried out; it is shown again.
type indtastet struct {
	Handling    string
	Begrundelse string
}

// Ved gives what was typed in the form of an act. The reason for looking at content is most often the reason for
// correcting it, and is offered there.
func (i indtastet) Ved(handling string) string {
	if i.Handling == handling || i.Handling == "aabn" && handling == "ret" {
		return i.Begrundelse
	}
	return ""
}

func (c *console) fejl(w http.ResponseWriter, r *http.Request) error {
	d, err := c.laesFejl(r)
	if err != nil {
		return err
	}
	return c.visFejl(w, r, d, nil)
}

func (c *console) visFejl(w http.ResponseWriter, r *http.Request, d *fejlside, u *uheld) error {
	s := c.sprog[vaelg(r)]
	return c.vis(w, r, "fejl", side{Titel: s.t("fejl.titel", d.F.ID), Nav: "fejl", Uheld: u, Tilbage: fmt.Sprintf("/fejl/%d", d.F.ID), D: d})
}

func fejlID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return 0, mox.E("fejl", mox.KodeIkkeFundet, "fejl %q findes ikke", afkort(mox.Maskeret(r.PathValue("id")), 20))
	}
	return id, nil
}

// laesFejl gathers what is known of a Fejl, all but content.
func (c *console) laesFejl(r *http.Request) (*fejlside, error) {
	id, err := fejlID(r)
	if err != nil {
		return nil, err
	}
	u, err := c.D.FindOpgave(r.Context(), id)
	if err != nil {
		return nil, err
	}
	d := &fejlside{F: u.Fejl, Sted: stedet(u.Fejl.Sted), Kan: c.kan(u)}
	d.F.Raa = nil
	if u.Opgave.Leverance.ID > 0 {
		d.L = &u.Opgave.Leverance
		d.BeskedID, d.Type, d.ObjektType = u.Opgave.Besked.ID, u.Opgave.Besked.Type, u.Opgave.Besked.ObjektType
		if a, err := c.stand.hent(r.Context(), true); err == nil && a.Stande[d.L.Abonnement] != nil {
			d.Pause = a.Stande[d.L.Abonnement].Pause
		}
	}
	if d.Kan.Svar && c.Agenter != nil {
		felter, err := c.Agenter.SvarFelter(r.Context(), id)
		if err != nil {
			c.Log.Warn("svarfelter kunne ikke findes", "fejl_id", id, "fejl", err)
		}
		for _, f := range felter {
			d.Svar = append(d.Svar, svarfelt{Navn: f})
		}
	}
	return d, c.medHistorik(r, d)
}

func (c *console) medHistorik(r *http.Request, d *fejlside) error {
	return c.D.Store().View(r.Context(), func(tx *store.Tx) (err error) {
		if d.Handlinger, err = handlinger(tx, d.F.ID); err != nil {
			return err
		}
		if d.L != nil {
			d.Forsoeg, err = tx.ForsoegAf(d.L.ID)
			return err
		}
		if d.F.Besked > 0 {
			b, _, err := tx.BeskedNr(d.F.Besked)
			d.BeskedID, d.Type = b.ID, b.Type
			return err
		}
		return nil
	})
}

// kan decides what can be done about a Fejl.
func (c *console) kan(u distributor.Uvist) muligheder {
	f := u.Fejl
	if !f.Aaben {
		return muligheder{}
	}
	m := muligheder{Luk: true, Vis: len(f.Raa) > 0}
	switch {
	case f.Art == store.FejlPost:
		m.RetPost = m.Vis && c.Agenter != nil
	case f.Art == store.FejlLeverance:
		tilstand := u.Opgave.Leverance.Tilstand
		m.Gensend = tilstand == mox.Parkeret
		m.Svar = tilstand == mox.Uvis && c.Agenter != nil
		m.Vis = len(u.Opgave.Besked.Indhold) > 0
		m.RetVaerdier = m.Gensend && m.Vis && u.Opgave.Besked.Indholdstype == oio.TypeJSON && !u.Opgave.Besked.ErOmSelveLeveringen()
		m.Luk = tilstand.MaaBlive(mox.Annulleret)
	}
	return m
}

// stedet reads the place of a record, which connectors write as a flat JSON object.
func stedet(s string) []stedled {
	var m map[string]any
	if json.Unmarshal([]byte(s), &m) != nil {
		if s == "" {
			return nil
		}
		return []stedled{{"sted", mox.Maskeret(s)}}
	}
	foerst := []string{"fil", "linje", "kolonne", "post"} // the others after them
	resten := slices.DeleteFunc(slices.Sorted(maps.Keys(m)), func(navn string) bool { return slices.Contains(foerst, navn) })
	var ud []stedled
	for _, navn := range append(foerst, resten...) {
		if v, ok := m[navn]; ok {
			ud = append(ud, stedled{navn, mox.Maskeret(fmt.Sprint(v))})
		}
	}
	return ud
}

// aabnFejl shows the content that a Fejl is about, ready to be corrected, to one who gives a reason. That is written down
// first.
func (c *console) aabnFejl(w http.ResponseWriter, r *http.Request) error {
	d, err := c.laesFejl(r)
	if err != nil {
		return err
	}
	d.Ind = indtastet{Handling: "aabn", Begrundelse: begrundelse(r)}
	if err := kraevBegrundelse(r); err != nil {
		return c.visFejl(w, r, d, c.uheld(r, err))
	}
	h := c.hvem(r)
	err = c.D.Store().Update(r.Context(), func(tx *store.Tx) error {
		return tx.InsertHandling(store.Handling{Hvem: h.Navn, Hvad: "vis-indhold", Maal: fejlmaal(d.F.ID), Antal: 1, Begrundelse: h.Begrundelse})
	})
	if err != nil {
		return err
	}
	u, err := c.D.FindOpgave(r.Context(), d.F.ID)
	if err != nil {
		return err
	}
	d.medIndhold(u)
	return c.visFejl(w, r, d, nil)
}

// medIndhold puts the record, or the besked's values, into the page.
func (d *fejlside) medIndhold(u distributor.Uvist) {
	d.Aabnet = true
	if u.Fejl.Art != store.FejlLeverance {
		d.Raa = laes.Tekst(u.Fejl.Raa)
		return
	}
	b := u.Opgave.Besked.Besked
	d.Besked, _ = laeselig(b.Indhold)
	type_, felter, ok := laes.Vaerdier(b)
	if !ok {
		d.Kan.RetVaerdier = false
		return
	}
	d.Vaerdier = vaerdier(type_, felter, u.Fejl.Tekst+" "+u.Fejl.Kode)
}

// tallene reads numbers with commas between.
func tallene(s string) []int64 {
	var ud []int64
	for del := range strings.SplitSeq(s, ",") {
		if n, err := strconv.ParseInt(strings.TrimSpace(del), 10, 64); err == nil {
			ud = append(ud, n)
		}
	}
	return ud
}

// unikke are the texts that are not empty, sorted, each once.
func unikke(l []string) []string {
	l = slices.DeleteFunc(l, func(s string) bool { return s == "" })
	slices.Sort(l)
	return slices.Compact(l)
}

// fejlarter are the kinds of Fejl.
func fejlarter() []store.FejlArt {
	return []store.FejlArt{store.FejlLeverance, store.FejlPost, store.FejlBesked}
}

// raadnoegle is the text that says what to do next.
func raadnoegle(d *fejlside) string {
	if d.L == nil {
		return "raad." + string(d.F.Art)
	}
	if d.L.Tilstand == mox.Uvis {
		return "raad.Uvis"
	}
	return "raad.leverance." + string(d.F.Ansvar)
}

// vedHandling is what is wrong with the reason in the form of one act; "" for the forms that were not sent.
func vedHandling(s side, handling string) string {
	if d, ok := s.D.(*fejlside); ok && d.Ind.Handling == handling {
		return s.Uheld.Ved("begrundelse")
	}
	return ""
}

// vaerdirad is one value in the form of a correction.
type vaerdirad struct {
	I    int
	V    vaerdi
	Fejl string
}

func nyVaerdirad(i int, v vaerdi, s side) vaerdirad { return vaerdirad{i, v, s.Uheld.Ved(v.Sti)} }

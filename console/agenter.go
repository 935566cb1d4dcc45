package console

import (
	"net/http"
	"net/url"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/console/drift"
	"github.com/moxkit/mox/store"
)

// agentside is the sources and the receivers with how they are set up and what they have done.
type agentside struct {
	Systemer  []nabo
	Kilder    []store.Kilde
	Modtagere []opsat
}

// opsat is a receiver with its set-up.
type opsat struct {
	modtager
	FilterTekst string // the filter as it was written; "" = takes everything
}

func (c *console) agenter(w http.ResponseWriter, r *http.Request) error {
	o, err := c.stand.hent(r.Context(), r.URL.Query().Has("del"))
	if err != nil {
		return err
	}
	modtagere := c.modtagere(o)
	d := agentside{Kilder: o.Kilder, Systemer: naboer(c.landskabAf(o), o, modtagere)}
	for _, m := range modtagere {
		d.Modtagere = append(d.Modtagere, opsat{m, filtertekst(m.Filter)})
	}
	s := c.sprog[vaelg(r)]
	return c.vis(w, r, "agenter", side{Titel: s.t("nav.agenter"), Nav: "agenter", Live: "/agenter?del=1", D: d})
}

// processide is the instances of the processes.
type processide struct {
	Navn     string
	Tilstand mox.ProcesTilstand
	Navne    []string
	Tal      []procestal
	Rader    []procesrad
	Naeste   string
}

type procesrad struct {
	store.Proces
	Svar []mox.ProcesSvar
}

func (c *console) processer(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	d := processide{Navn: q.Get("navn"), Tilstand: mox.ProcesTilstand(q.Get("tilstand"))}
	u := store.Procesudvalg{Navn: d.Navn, Tilstand: d.Tilstand, Foer: drift.LaesProcesside(q.Get("foer")), Antal: sidelaengde + 1}
	err := c.D.Store().View(r.Context(), func(tx *store.Tx) error {
		tal, err := tx.ProcesTal()
		if err != nil {
			return err
		}
		d.Tal = procestallene(tal)
		processer, err := tx.Processer(u)
		if err != nil {
			return err
		}
		for _, p := range processer {
			svar, err := tx.ProcesSvar(p.Navn, p.ProcesID)
			if err != nil {
				return err
			}
			d.Rader = append(d.Rader, procesrad{p, svar})
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, p := range d.Tal {
		d.Navne = append(d.Navne, p.Navn)
	}
	for _, p := range c.D.Processer() {
		d.Navne = append(d.Navne, p.Navn)
	}
	d.Navne = unikke(d.Navne)
	if len(d.Rader) > sidelaengde {
		d.Rader = d.Rader[:sidelaengde]
		d.Naeste = procesNaeste(d.Navn, d.Tilstand, d.Rader[sidelaengde-1].Proces)
	}
	s := c.sprog[vaelg(r)]
	return c.vis(w, r, "processer", side{Titel: s.t("nav.processer"), Nav: "processer", Live: live(r), D: d})
}

// live is the address of a list's fresh part: the same list.
func live(r *http.Request) string {
	q := r.URL.Query()
	q.Set("del", "1")
	q.Del("gjort")
	return r.URL.Path + "?" + q.Encode()
}

func procesNaeste(navn string, t mox.ProcesTilstand, p store.Proces) string {
	q := url.Values{"foer": {drift.Processide(p)}}
	if navn != "" {
		q.Set("navn", navn)
	}
	if t != "" {
		q.Set("tilstand", string(t))
	}
	return "/processer?" + q.Encode()
}

package drift

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/console/internal/laes"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/store"
)

// Fejl is one thing that a person must decide, without the content it is about.
type Fejl struct {
	ID          int64           `json:"id"`
	Art         store.FejlArt   `json:"art"`
	Aaben       bool            `json:"aaben"`
	Ansvar      mox.Ansvar      `json:"ansvar"`
	Kode        string          `json:"kode"`
	Tekst       string          `json:"tekst"`
	Raad        string          `json:"raad,omitempty"`
	System      string          `json:"system,omitempty"`
	Kilde       string          `json:"kilde,omitempty"` // agent/source of a record
	Sted        json.RawMessage `json:"sted,omitempty"`  // where the record stands: fil, linje, kolonne, post
	ObjektID    mox.ObjektID    `json:"objektID,omitempty"`
	Leverance   int64           `json:"leverance,omitempty"`
	Antal       int             `json:"antal"` // how many times the same has come
	Oprettet    time.Time       `json:"oprettet"`
	Lukket      time.Time       `json:"lukket,omitzero"`
	LukketAf    string          `json:"lukket_af,omitempty"`
	LukketVed   string          `json:"lukket_ved,omitempty"` // the act that closed it
	Begrundelse string          `json:"begrundelse,omitempty"`
	HarIndhold  bool            `json:"har_indhold"` // there is a record or a besked to ask for
	Detaljer    *FejlDetaljer   `json:"detaljer,omitempty"`
}

// FejlDetaljer is what is told of a single Fejl.
type FejlDetaljer struct {
	BeskedID   mox.BeskedID          `json:"beskedID,omitempty"`
	Abonnement mox.AbonnementID      `json:"abonnement,omitempty"`
	Tilstand   mox.LeveranceTilstand `json:"tilstand,omitempty"`
	Omgang     int                   `json:"omgang,omitempty"`
	Forsoeg    []Forsoeg             `json:"forsoeg"`
	Handlinger []store.Handling      `json:"handlinger"`           // newest first
	SvarFelter []string              `json:"svarfelter,omitempty"` // what skete may tell
}

// Fejlliste is one page of Fejl, oldest first.
type Fejlliste struct {
	Fejl  []Fejl `json:"fejl"`
	IAlt  int64  `json:"i_alt"`           // what the filter selects
	Efter int64  `json:"efter,omitempty"` // give this as efter for the next page
}

func fejlAf(f store.Fejl) Fejl {
	ud := Fejl{ID: f.ID, Art: f.Art, Aaben: f.Aaben, Ansvar: f.Ansvar, Kode: f.Kode, Tekst: mox.Maskeret(f.Tekst), Raad: mox.Maskeret(f.Raad), System: f.System, Kilde: f.Kilde,
		ObjektID: f.ObjektID, Leverance: f.Leverance, Antal: f.Antal, Oprettet: f.Oprettet, Lukket: f.Lukket, LukketAf: f.LukketAf, LukketVed: f.LukketVed,
		Begrundelse: mox.Maskeret(f.Begrundelse), HarIndhold: len(f.Raa) > 0 || f.Leverance > 0}
	if sted := []byte(mox.Maskeret(f.Sted)); json.Valid(sted) {
		ud.Sted = sted
	}
	return ud
}

func (a *api) fejlliste(r *http.Request) (any, error) {
	p := laesParametre(r)
	u := store.Udvalg{Ansvar: mox.Ansvar(p.tekst("ansvar")), Kode: p.tekst("kode"), System: p.tekst("system"), Art: store.FejlArt(p.tekst("art")),
		Abonnement: mox.AbonnementID(p.tekst("abonnement")), ObjektID: mox.ObjektID(p.tekst("objektID")), Siden: p.tid("siden"), Lukkede: p.ja("lukkede"),
		EfterID: p.tal("efter"), Antal: p.antal()}
	if err := p.slut(); err != nil {
		return nil, err
	}
	ud := Fejlliste{Fejl: []Fejl{}}
	err := a.vis(r, func(tx *store.Tx) error {
		fejl, err := tx.Fejl(u)
		if err != nil {
			return err
		}
		for _, f := range fejl {
			ud.Fejl = append(ud.Fejl, fejlAf(f))
		}
		if len(fejl) == u.Antal {
			ud.Efter = fejl[len(fejl)-1].ID
		}
		alle := u
		alle.EfterID = 0
		ud.IAlt, err = tx.TaelFejl(alle)
		return err
	})
	return ud, err
}

func (a *api) fejl(r *http.Request) (any, error) {
	id, err := idAf(r)
	if err != nil {
		return nil, err
	}
	u, err := a.D.FindOpgave(r.Context(), id)
	if err != nil {
		return nil, err
	}
	ud := fejlAf(u.Fejl)
	l := u.Opgave.Leverance
	d := &FejlDetaljer{BeskedID: u.Opgave.Besked.ID, Abonnement: l.Abonnement, Tilstand: l.Tilstand, Omgang: l.Omgang, Forsoeg: []Forsoeg{}, Handlinger: []store.Handling{}}
	ud.Detaljer = d
	if a.Agenter != nil && l.Tilstand == mox.Uvis {
		if d.SvarFelter, err = a.Agenter.SvarFelter(r.Context(), id); err != nil {
			a.Log.Warn("svarfelter kunne ikke findes", "fejl_id", id, "fejl", err)
		}
	}
	return ud, a.vis(r, func(tx *store.Tx) error {
		h, err := tx.Handlinger(maal(id), maksAntal)
		if err != nil {
			return err
		}
		d.Handlinger = append(d.Handlinger, h...)
		forsoeg, err := tx.ForsoegAf(l.ID)
		for _, f := range forsoeg {
			d.Forsoeg = append(d.Forsoeg, forsoegAf(f))
		}
		return err
	})
}

// maal is how the log of acts names a Fejl.
func maal(id int64) string { return fmt.Sprintf("fejl %d", id) }

// Indhold is what a Fejl is about, ready to be corrected.
type Indhold struct {
	Raa      string            `json:"raa,omitempty"`      // the record, or the refused besked
	Vaerdier map[string]string `json:"vaerdier,omitempty"` // the besked's values by sti
}

// indhold shows content to one who gives a reason. That is written down in the transaction that reads it.
func (a *api) indhold(r *http.Request) (any, error) {
	id, err := idAf(r)
	if err != nil {
		return nil, err
	}
	var k Begrundelse
	if err := laesJSON(r, &k); err != nil {
		return nil, err
	}
	if err := kraev(k.Begrundelse); err != nil {
		return nil, err
	}
	h := a.hvem(r, k.Begrundelse)
	var ud Indhold
	err = a.D.Store().Update(r.Context(), func(tx *store.Tx) error {
		f, ok, err := tx.FejlMedID(id)
		if err != nil {
			return err
		}
		if !ok {
			return mox.E("fejl", mox.KodeIkkeFundet, "fejl %d findes ikke", id)
		}
		ud = Indhold{Raa: laes.Tekst(f.Raa)}
		if o, ok, err := tx.OpgaveFor(f.Leverance); err != nil {
			return err
		} else if ok {
			_, ud.Vaerdier, _ = laes.Vaerdier(o.Besked.Besked)
		}
		return tx.InsertHandling(store.Handling{Hvem: h.Navn, Hvad: "vis-indhold", Maal: maal(id), Antal: 1, Begrundelse: h.Begrundelse})
	})
	return ud, err
}

// Gruppe asks for an act on everything an Udvalg selects. The Udvalg must be there; an empty one selects all open Fejl.
type Gruppe struct {
	Udvalg      *store.Udvalg `json:"udvalg"`
	Begrundelse string        `json:"begrundelse"`
	Preview     bool          `json:"preview"` // only count
}

func (a *api) gruppe(act func(context.Context, store.Udvalg, distributor.Hvem, bool) (distributor.Virkning, error), begrundes bool) kald {
	return func(r *http.Request) (any, error) {
		var k Gruppe
		if err := laesJSON(r, &k); err != nil {
			return nil, err
		}
		if k.Udvalg == nil {
			return nil, &mox.Error{Kode: mox.KodeUgyldig, Op: "drift", Tekst: "der mangler et udvalg", Raad: "sig, hvilke fejl det gælder; {} er alle åbne",
				Felter: []mox.Feltfejl{{Sti: "udvalg", Regel: "kraevet", Tekst: "mangler"}}}
		}
		if begrundes && !k.Preview {
			if err := kraev(k.Begrundelse); err != nil {
				return nil, err
			}
		}
		v, err := act(r.Context(), *k.Udvalg, a.hvem(r, k.Begrundelse), k.Preview)
		if v.Fejl == nil {
			v.Fejl = []int64{}
		}
		return v, err
	}
}

// Ret is a correction: Raa for a record, Rettelser for the values of a besked.
type Ret struct {
	Raa         string            `json:"raa,omitempty"`
	Rettelser   map[string]string `json:"rettelser,omitempty"` // by sti
	Begrundelse string            `json:"begrundelse"`
}

// Rettet is the besked that a correction of values made; for a record it has no id.
type Rettet struct {
	BeskedID mox.BeskedID `json:"beskedID,omitempty"`
}

func (a *api) ret(r *http.Request) (any, error) {
	id, err := idAf(r)
	if err != nil {
		return nil, err
	}
	var k Ret
	if err := laesJSON(r, &k); err != nil {
		return nil, err
	}
	if (k.Raa == "") == (len(k.Rettelser) == 0) {
		return nil, mox.E("ret-og-send", mox.KodeUgyldig, "der skal være enten raa eller rettelser").Med("raa for en post, rettelser for en besked")
	}
	h := a.hvem(r, k.Begrundelse)
	if k.Raa == "" {
		ny, err := a.D.RetOgSend(r.Context(), id, k.Rettelser, h)
		return Rettet{ny}, err
	}
	if err := a.kraevAgenter(); err != nil {
		return nil, err
	}
	return Rettet{}, a.Agenter.RetPost(r.Context(), id, k.Raa, h)
}

func (a *api) kraevAgenter() error {
	if a.Agenter != nil {
		return nil
	}
	return mox.E("drift", mox.KodeKonflikt, "agenten kører ikke i denne proces").Med("gør det, hvor agenten kører, eller luk fejlen med en begrundelse")
}

// Skete is a person's answer that an uncertain effect did happen, with the fields the system answered.
type Skete struct {
	Felter      map[string]string `json:"felter,omitempty"`
	Begrundelse string            `json:"begrundelse"`
}

func (a *api) skete(r *http.Request) (any, error) {
	id, err := idAf(r)
	if err != nil {
		return nil, err
	}
	var k Skete
	if err := laesJSON(r, &k); err != nil {
		return nil, err
	}
	if err := kraev(k.Begrundelse); err != nil {
		return nil, err
	}
	if err := a.kraevAgenter(); err != nil {
		return nil, err
	}
	return nil, a.Agenter.Skete(r.Context(), id, k.Felter, a.hvem(r, k.Begrundelse))
}

func (a *api) sketeIkke(r *http.Request) (any, error) {
	id, h, err := a.begrundet(r)
	if err != nil {
		return nil, err
	}
	return nil, a.D.SketeIkke(r.Context(), id, h)
}

package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/register"
	"github.com/moxkit/mox/store"
)

// Glemkald is why an objekt is erased for good.
type Glemkald struct {
	Begrundelse string `json:"begrundelse"`
	Hjemmel     string `json:"hjemmel"`
	FristDage   int    `json:"frist_dage,omitempty"` // that receivers have to confirm it; 0 = 30
}

// Glemsvar is an objekt that has been erased, or would be.
type Glemsvar struct {
	UUID      mox.ObjektID             `json:"uuid"`
	Slettet   bool                     `json:"slettet"`            // it has been erased; else this is what an erasure would take
	Allerede  bool                     `json:"allerede,omitempty"` // before this call
	Slettede  *Slettede                `json:"slettede,omitempty"` // what was taken away, or would be
	Glemt     *store.Glemt             `json:"glemt,omitempty"`    // what is left
	Modtagere []distributor.Sletstatus `json:"modtagere"`          // who have had the objekt, and how it stands with them
	FortaltAf []string                 `json:"fortalt_af,omitempty"`
}

// Slettede is how much an erasure takes away.
type Slettede struct {
	Registreringer    int64 `json:"registreringer"`
	Beskeder          int64 `json:"beskeder"`
	Leveringer        int64 `json:"leveringer"`
	FejlTilBehandling int64 `json:"fejl_til_behandling"`
	Kilder            int64 `json:"kilder"`
	Dokumenter        int64 `json:"dokumenter"`
}

// NytGlemsvar tells of an erasure.
func NytGlemsvar(g register.Glemsel, proev bool) Glemsvar {
	ud := Glemsvar{UUID: g.ObjektID, Slettet: g.Foer || !proev, Allerede: g.Foer, Modtagere: g.Fjernet.Modtagere, FortaltAf: g.Fjernet.Systemer}
	if !g.Foer {
		f := &g.Fjernet
		ud.Slettede = &Slettede{g.Registreringer, f.Beskeder, f.Leveringer, f.Fejl, f.Kilder, f.Dokumenter}
	}
	if ud.Slettet {
		ud.Glemt = &g.Glemt
	}
	return ud
}

// kanGlemmes tells what an erasure would take away and who would be told, or what is left of an objekt that has been erased.
func (a *api) kanGlemmes(k *kald) error { return a.glemMed(k, register.Glemmevalg{Proev: true}) }

func (a *api) glem(k *kald) error {
	var g Glemkald
	if err := laesKald(k.Request, &g); err != nil {
		return err
	}
	return a.glemMed(k, register.Glemmevalg{Begrundelse: g.Begrundelse, Hjemmel: g.Hjemmel, Frist: time.Duration(g.FristDage) * 24 * time.Hour})
}

func (a *api) glemMed(k *kald, v register.Glemmevalg) error {
	ud, err := a.r.Glem(k.Context(), k.hvem, k.t(), k.id(), v)
	if err != nil {
		return err
	}
	svar := NytGlemsvar(ud, v.Proev)
	if ud.Foer {
		l, err := a.r.Glemte(k.Context(), k.hvem, register.Glemteside{ObjektID: k.id(), Antal: 1})
		if err != nil {
			return err
		}
		svar.Modtagere = l[0].Modtagere
	}
	return k.svar(http.StatusOK, svar)
}

// Glemtekald asks for erased objekter.
type Glemtekald struct {
	Objekt mox.ObjektID `json:"objekt,omitempty"` // only this
	Aabne  bool         `json:"aabne,omitempty"`  // only those that some receiver has not confirmed
	Foer   int64        `json:"foer,omitempty"`   // the last nr of the page before
	Antal  int          `json:"antal,omitempty"`  // 0 = 100
}

// Glemtesvar is erased objekter, the newest first.
type Glemtesvar struct {
	Glemte []register.Slettet `json:"glemte"`
}

// Bekraeftkald is a person's word that a receiver has erased an objekt.
type Bekraeftkald struct {
	Objekt      mox.ObjektID     `json:"objekt"`
	Abonnement  mox.AbonnementID `json:"abonnement"`
	Begrundelse string           `json:"begrundelse"`
}

const standardGlemte = 100

func (f *forvaltning) glemte(w http.ResponseWriter, r *http.Request, i auth.Identitet) error {
	k := Glemtekald{Antal: standardGlemte}
	if err := laesKald(r, &k); err != nil {
		return err
	}
	l, err := f.r.Glemte(r.Context(), f.r.Hvem(i, ""), register.Glemteside{ObjektID: k.Objekt, Aabne: k.Aabne, Foer: k.Foer, Antal: k.Antal})
	if err != nil {
		return err
	}
	return svarJSON(w, Glemtesvar{l})
}

func (f *forvaltning) bekraeft(w http.ResponseWriter, r *http.Request, i auth.Identitet) error {
	var k Bekraeftkald
	if err := laesKald(r, &k); err != nil {
		return err
	}
	hvem := f.r.Hvem(i, "")
	if err := f.r.BekraeftSletning(r.Context(), hvem, k.Objekt, k.Abonnement, k.Begrundelse); err != nil {
		return err
	}
	l, err := f.r.Glemte(r.Context(), hvem, register.Glemteside{ObjektID: k.Objekt, Antal: 1})
	if err != nil {
		return err
	}
	return svarJSON(w, Glemtesvar{l})
}

// LaesGlemte reads a [Glemtesvar] from a file. The error is an [*mox.Error] with [mox.KodeUgyldig].
func LaesGlemte(b []byte) (ud Glemtesvar, err error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err = d.Decode(&ud); err == nil && ud.Glemte == nil {
		err = errors.New("der er ingen glemte")
	}
	for _, g := range ud.Glemte {
		if _, ok := mox.TypeAf(g.ObjektType); !ok || !mox.ErUUID(string(g.ObjektID)) || g.Tid.IsZero() {
			err = errors.New("et objekt mangler sin UUID, sin type eller sin tid")
		}
	}
	if err != nil {
		return ud, mox.E("glemte", mox.KodeUgyldig, "listen over det, der er slettet for altid, kan ikke læses: %v", err).Med("giv den, som mox register glemte --json skrev den")
	}
	return ud, nil
}

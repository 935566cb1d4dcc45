package pull

import (
	"context"
	"net/http"
	"net/url"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/distributor"
)

// maksLevende is how many objekter are given at a time.
const maksLevende = 1000

// afstemsvar tells of each record, in their order.
type afstemsvar struct {
	Poster []distributor.Afstemt `json:"poster"`
}

// levendesvar is a page of a source's living objekter.
type levendesvar struct {
	Objekter []distributor.Afstemt `json:"objekter"`
	Naeste   mox.ObjektID          `json:"naeste,omitempty"`
}

// Afstem tells how records stand to what MOX knows; see [distributor.Distributor.Afstem].
func (t Tjeneste) Afstem(ctx context.Context, i distributor.Indlevering) ([]distributor.Afstemt, error) {
	return t.Distributor.Afstem(ctx, i)
}

// Levende are the living objekter that a source has told of, after the id efter; the last page is empty.
func (t Tjeneste) Levende(ctx context.Context, agent, kilde string, efter mox.ObjektID) ([]distributor.Afstemt, error) {
	return t.Distributor.Levende(ctx, agent, kilde, efter, maksLevende)
}

func (a *api) afstem(w http.ResponseWriter, r *http.Request, id auth.Identitet) error {
	i, err := laesIndlevering(w, r, id)
	if err != nil {
		return err
	}
	ud, err := a.t.Afstem(r.Context(), i)
	if err != nil {
		return err
	}
	return svar(w, http.StatusOK, afstemsvar{append([]distributor.Afstemt{}, ud...)})
}

func (a *api) levende(w http.ResponseWriter, r *http.Request, id auth.Identitet) error {
	agent := r.PathValue("agent")
	if err := maaVaereAgent(id, agent); err != nil {
		return err
	}
	efter := r.URL.Query().Get("efter")
	var f felter
	f.kraev(efter == "" || mox.ErUUID(efter), "efter", "uuid", "er ikke et objektID fra forrige side")
	if err := f.fejl(); err != nil {
		return err
	}
	l, err := a.t.Levende(r.Context(), agent, r.PathValue("kilde"), mox.ObjektID(efter))
	if err != nil {
		return err
	}
	ud := levendesvar{Objekter: l}
	if len(l) == maksLevende {
		ud.Naeste = l[len(l)-1].ObjektID
	}
	return svar(w, http.StatusOK, ud)
}

// Afstem is [Tjeneste.Afstem]. A call holds 8 MiB: [mox.KodeForStor] asks for fewer records at a time.
func (k *Klient) Afstem(ctx context.Context, i distributor.Indlevering) ([]distributor.Afstemt, error) {
	var ud afstemsvar
	err := k.Kald(ctx, http.MethodPost, "/api/v1/afstemning", i, &ud)
	return ud.Poster, err
}

// Levende is [Tjeneste.Levende].
func (k *Klient) Levende(ctx context.Context, agent, kilde string, efter mox.ObjektID) ([]distributor.Afstemt, error) {
	var ud levendesvar
	err := k.Kald(ctx, http.MethodGet, "/api/v1/kilder/"+url.PathEscape(agent)+"/"+url.PathEscape(kilde)+"/objekter?efter="+url.QueryEscape(string(efter)), nil, &ud)
	return ud.Objekter, err
}

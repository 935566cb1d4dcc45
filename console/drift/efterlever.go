package drift

import (
	"net/http"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
)

// Efterleveringskald is the body of a call that brings an abonnement a part of the log, or with Preview counts what that
// would be.
type Efterleveringskald struct {
	distributor.Efterleveringsvalg
	Preview     bool   `json:"preview,omitempty"`
	Videre      int64  `json:"videre,omitempty"` // with Preview: naeste of the answer before
	Begrundelse string `json:"begrundelse,omitempty"`
}

// efterlever answers a trial with [distributor.Efterleveringsproeve], and else with [store.Efterlevering].
func (a *api) efterlever(r *http.Request) (any, error) {
	var k Efterleveringskald
	if err := laesJSON(r, &k); err != nil {
		return nil, err
	}
	id := mox.AbonnementID(r.PathValue("id"))
	if k.Preview {
		return a.D.ProevEfterlevering(r.Context(), id, k.Efterleveringsvalg, k.Videre)
	}
	return a.D.Efterlever(r.Context(), id, k.Efterleveringsvalg, a.hvem(r, k.Begrundelse))
}

func (a *api) standsEfterlevering(r *http.Request) (any, error) {
	var k Begrundelse
	if err := laesJSON(r, &k); err != nil {
		return nil, err
	}
	if err := kraev(k.Begrundelse); err != nil {
		return nil, err
	}
	return nil, a.D.StandsEfterlevering(r.Context(), mox.AbonnementID(r.PathValue("id")), a.hvem(r, k.Begrundelse))
}

package pull

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/klient"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/store"
)

// Klient is a [klient.Klient] that is also to agents of ours what [Tjeneste] is, from another machine.
type Klient struct{ *klient.Klient }

// NewKlient is [klient.New].
func NewKlient(adresse, noegle string, o klient.Options) (*Klient, error) {
	k, err := klient.New(adresse, noegle, o)
	if err != nil {
		return nil, err
	}
	return &Klient{k}, nil
}

// Kilde is [Tjeneste.Kilde].
func (k *Klient) Kilde(ctx context.Context, agent, kilde string) (store.Kilde, error) {
	var ud kildesvar
	err := k.Kald(ctx, http.MethodGet, "/api/v1/kilder/"+url.PathEscape(agent)+"/"+url.PathEscape(kilde), nil, &ud)
	return ud.kilde(), err
}

// Uafklarede is [Tjeneste.Uafklarede].
func (k *Klient) Uafklarede(ctx context.Context, l distributor.Laest) ([]int64, error) {
	var ud uafklaredesvar
	err := k.Kald(ctx, http.MethodPost, "/api/v1/uafklarede", l, &ud)
	return ud.Leverancer, err
}

// Indlever is [Tjeneste.Indlever]. A call holds 8 MiB: [mox.KodeForStor] asks for fewer records at a time.
func (k *Klient) Indlever(ctx context.Context, i distributor.Indlevering) (ud distributor.Indleveret, err error) {
	err = k.Kald(ctx, http.MethodPost, "/api/v1/indlevering", i, &ud)
	return ud, err
}

// Hent is [Tjeneste.Hent], within the limits of [klient.Klient.Hent]. The owner in what is returned is ejer with the key's name
// before it.
func (k *Klient) Hent(ctx context.Context, abonnement mox.AbonnementID, ejer string, n int, leje, vent time.Duration) (ud []distributor.Arbejde, err error) {
	arbejde, err := k.Klient.Hent(ctx, abonnement, ejer, n, leje, vent)
	for _, w := range arbejde {
		ud = append(ud, distributor.Arbejde(w))
	}
	return ud, err
}

// Mailadresse is [Tjeneste.Mailadresse], asked of the register's own interface: what the key may read is decided there.
func (k *Klient) Mailadresse(ctx context.Context, _ mox.AbonnementID, bruger string) (string, error) {
	t, _ := mox.TypeAf(mox.Bruger)
	var svar map[string][]struct {
		Registreringer []json.RawMessage `json:"registreringer"`
	}
	if err := k.Kald(ctx, http.MethodGet, "/"+t.Service+"/"+t.Sti+"/"+url.PathEscape(bruger), nil, &svar); err != nil {
		return "", err
	}
	for _, l := range svar {
		if len(l) == 1 && len(l[0].Registreringer) == 1 {
			r, err := oio.UnmarshalIndre(mox.Bruger, l[0].Registreringer[0])
			if err != nil {
				return "", err
			}
			return oio.Mailadresse(r)
		}
	}
	return "", mox.E("mailadresse", mox.KodeUtilgaengelig, "registerets svar kan ikke læses")
}

// Done is [Tjeneste.Done]. It is [klient.Klient.Afslut] with what an agent tells besides.
func (k *Klient) Done(ctx context.Context, f distributor.Afslutning) (distributor.Afsluttet, error) {
	var ud klient.Afsluttet
	err := k.Kald(ctx, http.MethodPost, "/api/v1/leverancer/"+strconv.FormatInt(f.Leverance, 10)+"/afslut", fraAfslutning(f), &ud)
	return distributor.Afsluttet(ud), err
}

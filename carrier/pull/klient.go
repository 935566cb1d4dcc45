package pull

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/klient"
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

// Done is [Tjeneste.Done]. It is [klient.Klient.Afslut] with what an agent tells besides.
func (k *Klient) Done(ctx context.Context, f distributor.Afslutning) (distributor.Afsluttet, error) {
	var ud klient.Afsluttet
	err := k.Kald(ctx, http.MethodPost, "/api/v1/leverancer/"+strconv.FormatInt(f.Leverance, 10)+"/afslut", fraAfslutning(f), &ud)
	return distributor.Afsluttet(ud), err
}

package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/carrier/pull"
	"github.com/moxkit/mox/carrier/push"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/klient"
)

// kald is how many calls are under way at once, both ways over HTTP: what push has where nothing else is said.
const kald = 4

// lyt serves h on this machine until the group has been measured.
func (k *koersel) lyt(ctx context.Context, h func(adresse string) (http.Handler, error)) (url string, err error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	handler, err := h(l.Addr().String())
	if err != nil {
		return "", errors.Join(err, l.Close())
	}
	s := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	slut := make(chan error, 1)
	go func() { slut <- s.Serve(l) }()
	k.lukkes = append(k.lukkes, func() error {
		err := s.Close()
		if e := <-slut; !errors.Is(e, http.ErrServerClosed) {
			err = errors.Join(err, e)
		}
		return err
	})
	return "http://" + l.Addr().String(), nil
}

// postkasse is a bare client, which calls and reads the answer to its end.
type postkasse struct{ http.Client }

func nyPostkasse() *postkasse {
	return &postkasse{http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: kald}}}
}

func (p *postkasse) post(ctx context.Context, url string, krop []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(krop))
	if err != nil {
		return err
	}
	svar, err := p.Do(r)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, svar.Body)
	if err = errors.Join(err, svar.Body.Close()); err == nil && svar.StatusCode >= http.StatusBadRequest {
		err = fmt.Errorf("bench: %s", svar.Status)
	}
	return err
}

// hentning: four callers take ten beskeder at a time over HTTP, and tell of each. Raw is as many calls with as many bytes to
// a server that does nothing, and the rows.
func hentning(ctx context.Context, k *koersel) error {
	m, a, err := k.beskedmaaling(ctx, nil)
	if err != nil {
		return err
	}
	klar, sha := auth.NyNoegle()
	url, err := k.lyt(ctx, func(adresse string) (http.Handler, error) {
		vagt, err := auth.NyVagt(auth.Options{Adresser: []string{adresse}, Noegler: []auth.APINoegle{{Navn: string(modtager), System: string(modtager), Rolle: auth.System, SHA256: sha}}})
		if err != nil {
			return nil, err
		}
		return vagt.Beskyt(pull.Handler(pull.Tjeneste{Distributor: m.d})), nil
	})
	if err != nil {
		return err
	}
	fjern, err := pull.NewKlient(url, klar, klient.Options{})
	if err != nil {
		return err
	}
	defer fjern.Luk()
	raa, err := m.tomServer(ctx, a)
	if err != nil {
		return err
	}
	return m.maal(ctx, opgave{navn: "pull", stoerrelse: antalModtage, forbered: a.modtaget, laesninger: henter, raa: raa,
		tur:     func(ctx context.Context, n int) ([]time.Duration, error) { return hent(ctx, fjern, n) },
		vilkaar: map[string]any{"arbejdere": kald, "per_hent": perClaim}})
}

// hent takes and ends what waits until nothing does. It is timed per leverance.
func hent(ctx context.Context, fjern *pull.Klient, n int) ([]time.Duration, error) {
	tider := make([]time.Duration, 0, n)
	var mu sync.Mutex
	_, err := samtidig(kald, func(ctx context.Context, nr int) error {
		for {
			start := time.Now()
			w, err := fjern.Hent(ctx, modtager, fmt.Sprint(nr), perClaim, time.Minute, 0)
			if err != nil || len(w) == 0 {
				return err
			}
			for _, x := range w {
				if _, err := fjern.Done(ctx, distributor.Afslutning{Leverance: x.Leverance, Forsoeg: x.Forsoeg, Ejer: x.Ejer, Udfald: mox.Udfald{Resultat: mox.ResAccepteret}}); err != nil {
					return err
				}
			}
			mu.Lock()
			tider = append(tider, time.Since(start)/time.Duration(len(w)))
			mu.Unlock()
		}
	})(ctx, kald)
	return tider, err
}

// tomServer gives the raw work of hentning.
func (m *maaling) tomServer(ctx context.Context, a *afsending) (func(context.Context, int) error, error) {
	url, err := m.lyt(ctx, func(string) (http.Handler, error) {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // the caller hears of what fails
			for range perClaim {
				if r.URL.Path == "/hent" {
					_, _ = w.Write(a.lager[0].Indhold)
				}
			}
		}), nil
	})
	p := nyPostkasse()
	m.lukkes = append(m.lukkes, func() error { p.CloseIdleConnections(); return nil })
	return func(ctx context.Context, n int) error {
		_, err := samtidig(kald, func(ctx context.Context, i int) error {
			if i%perClaim == 0 {
				if err := p.post(ctx, url+"/hent", []byte(`{"antal":10}`)); err != nil {
					return err
				}
			}
			return p.post(ctx, url+"/afslut", []byte(`{"udfald":{"resultat":"accepteret"}}`))
		})(ctx, n)
		return err
	}, err
}

// skub: four calls at a time to a receiver that answers at once. Raw is as many calls of a bare client with the same
// content, and the rows.
func skub(ctx context.Context, k *koersel) error {
	url, err := k.lyt(ctx, func(string) (http.Handler, error) {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // the caller hears of what fails
			w.WriteHeader(http.StatusNoContent)
		}), nil
	})
	if err != nil {
		return err
	}
	m, a, err := k.beskedmaaling(ctx, func(a *mox.Abonnement) {
		a.Carrier, a.Push = mox.CarrierPush, &mox.Push{URL: url, Form: mox.FormCloudEvent}
	})
	if err != nil {
		return err
	}
	p := nyPostkasse()
	defer p.CloseIdleConnections()
	return m.maal(ctx, opgave{navn: "push", stoerrelse: antalModtage, forbered: a.modtaget, laesninger: henter, tur: m.skub,
		raa: func(ctx context.Context, n int) error {
			_, err := samtidig(kald, func(ctx context.Context, i int) error { return p.post(ctx, url, a.lager[i].Indhold) })(ctx, n)
			return err
		}, vilkaar: map[string]any{"samtidige": kald}})
}

// skub pushes all that waits. It is timed from a leverance is claimed until it has been ended.
func (m *maaling) skub(ctx context.Context, n int) ([]time.Duration, error) {
	u := &ur{Distributor: m.d, begyndt: map[int64]time.Time{}}
	p := push.New(u, push.Options{Abonnementer: m.d.Abonnementer, Aendret: m.d.Aendret, Ejer: m.d.Inkarnation(), Samtidige: kald,
		TilladteNet: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	err := m.mens(ctx, p.Run, func(ctx context.Context) error { return m.optager.vent(ctx, afslutForsoeg, n) })
	return u.tider, err
}

// mens runs a carrier until f has returned.
func (m *maaling) mens(ctx context.Context, run, f func(context.Context) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	g, ctx := errgroup.WithContext(ctx)
	koerer, slut := context.WithCancel(ctx)
	g.Go(func() error { return run(koerer) })
	g.Go(func() error {
		defer slut()
		return f(ctx)
	})
	return g.Wait()
}

// ur is a distributor that times each leverance.
type ur struct {
	*distributor.Distributor
	mu      sync.Mutex
	begyndt map[int64]time.Time
	tider   []time.Duration
}

// Hent is the distributor's.
func (u *ur) Hent(ctx context.Context, abonnement mox.AbonnementID, ejer string, n int, leje, vent time.Duration) ([]distributor.Arbejde, error) {
	w, err := u.Distributor.Hent(ctx, abonnement, ejer, n, leje, vent)
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, x := range w {
		u.begyndt[x.Leverance] = time.Now()
	}
	return w, err
}

// Done is the distributor's.
func (u *ur) Done(ctx context.Context, f distributor.Afslutning) (distributor.Afsluttet, error) {
	ud, err := u.Distributor.Done(ctx, f)
	u.mu.Lock()
	defer u.mu.Unlock()
	u.tider = append(u.tider, time.Since(u.begyndt[f.Leverance]))
	return ud, err
}

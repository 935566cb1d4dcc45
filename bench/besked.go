package bench

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/oio"
)

const (
	system       = "byggesag"                 // who sends
	modtager     = mox.AbonnementID("esdh02") // the one of the hundred that wants what is sent
	antalModtage = 100
)

// tusind is a besked of about 1 kB that one of the hundred abonnementer wants.
func tusind() (mox.Besked, error) {
	t, _ := mox.TypeAf(mox.Sag)
	r, err := mox.Registrering{}.Laeg(t, map[string]string{
		"egenskaber.brugervendtnoegle": "2026-0001", "egenskaber.sagsnummer": "2026-0001", "egenskaber.titel": "Carport " + strings.Repeat("x", 180),
		"egenskaber.beskrivelse": "Ny carport", "egenskaber.kassationskode": "B", "tilstande.fremdrift": "Opstaaet", "relationer.primaerklasse": "urn:oio:kle:02.34.02",
	}, mox.Fra(mox.Kl(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))))
	if err != nil {
		return mox.Besked{}, err
	}
	r.LivscyklusKode, r.FraTidspunkt = mox.Rettet, time.Date(2026, 3, 2, 9, 15, 0, 0, time.UTC)
	b := mox.Besked{ID: mox.BeskedID(mox.NyUUID()), ObjektID: mox.ObjektID(mox.NyUUID()), ObjektType: mox.Sag, LivscyklusKode: mox.Rettet,
		Aktoer: "cccccccc-0000-4000-8000-000000000003", Kildesystem: system, Registreringstid: r.FraTidspunkt, Indholdstype: oio.TypeJSON}
	b.Indhold, err = oio.MarshalRegistrering(b.ObjektType, b.ObjektID, r)
	return b, err
}

func filter(kilde map[string]any) (mox.Filter, error) {
	f, fejl := mox.LaesFilter(kilde)
	if len(fejl) > 0 {
		return f, fmt.Errorf("bench: filter: %v", fejl)
	}
	return f, nil
}

// hundrede are a hundred abonnementer, of which one wants tusind.
func hundrede(med func(*mox.Abonnement)) ([]mox.Abonnement, error) {
	ud := make([]mox.Abonnement, antalModtage)
	for i := range ud {
		navn := fmt.Sprintf("esdh%02d", i)
		f, err := filter(map[string]any{"opgaveemne": fmt.Sprintf("%02d.*", i)})
		if err != nil {
			return nil, err
		}
		ud[i] = mox.Abonnement{ID: mox.AbonnementID(navn), System: navn, Filter: f, Orden: mox.OrdenObjekt, Plan: mox.Plan{Forsoeg: 3}, Gentages: true}
		if ud[i].ID == modtager && med != nil {
			med(&ud[i])
		}
	}
	return ud, nil
}

// afsending is a stock of beskeder that are ready to be sent.
type afsending struct {
	m     *maaling
	lager []mox.Besked
}

func (a *afsending) forbered(_ context.Context, n int) (err error) {
	a.lager = make([]mox.Besked, n)
	for i := range a.lager {
		if a.lager[i], err = tusind(); err != nil {
			return err
		}
	}
	return nil
}

func (a *afsending) send(ctx context.Context, i int) error {
	_, err := a.m.d.Accept(ctx, system, a.lager[i])
	return err
}

// modtaget prepares a turn in which n beskeder wait to be delivered.
func (a *afsending) modtaget(ctx context.Context, n int) error {
	if err := a.forbered(ctx, n); err != nil {
		return err
	}
	_, err := samtidig(afsendere, a.send)(ctx, n)
	return err
}

// beskedmaaling is a maaling with the hundred abonnementer and a stock.
func (k *koersel) beskedmaaling(ctx context.Context, med func(*mox.Abonnement)) (*maaling, *afsending, error) {
	abonnementer, err := hundrede(med)
	if err != nil {
		return nil, nil, err
	}
	m, err := k.nyMaaling(ctx, abonnementer...)
	return m, &afsending{m: m}, err
}

// accept: 16 publishers, 1 kB, 100 abonnementer, one hit; and then the taking and ending of that work, ten leverancer in
// each Claim and a Done for each.
func accept(ctx context.Context, k *koersel) error {
	m, a, err := k.beskedmaaling(ctx, nil)
	if err != nil {
		return err
	}
	if err := m.maal(ctx, opgave{navn: "accept", stoerrelse: antalModtage, forbered: a.forbered, tur: samtidig(afsendere, a.send),
		vilkaar: map[string]any{"afsendere": afsendere}}); err != nil {
		return err
	}
	if err := m.toem(ctx); err != nil {
		return err
	}
	return m.maal(ctx, opgave{navn: "accept.lever", stoerrelse: antalModtage, forbered: a.modtaget, laesninger: henter, tur: m.arbejd,
		vilkaar: map[string]any{"arbejdere": afsendere, "per_claim": perClaim}})
}

// perClaim is how many leverancer a worker takes at a time.
const perClaim = 10

// henter reports whether a statement fetches the work that is to be done: that is read in the raw work too.
func henter(q string) bool {
	return strings.Contains(q, "FROM leverance l JOIN besked b") && strings.HasPrefix(q, "SELECT b.")
}

// arbejd takes and ends all that waits; it is timed per leverance.
func (m *maaling) arbejd(ctx context.Context, n int) ([]time.Duration, error) {
	tider := make([][]time.Duration, afsendere)
	_, err := samtidig(afsendere, func(ctx context.Context, nr int) error {
		ejer := fmt.Sprintf("%s/%d", m.d.Inkarnation(), nr)
		for {
			start := time.Now()
			w, err := m.d.Claim(ctx, modtager, ejer, perClaim, time.Minute)
			if err != nil || len(w) == 0 {
				return err
			}
			for _, x := range w {
				if err := m.faerdig(ctx, x); err != nil {
					return err
				}
			}
			tider[nr] = append(tider[nr], time.Since(start)/time.Duration(len(w)))
		}
	})(ctx, afsendere)
	var ud []time.Duration
	for _, t := range tider {
		ud = append(ud, t...)
	}
	return ud, err
}

func (m *maaling) faerdig(ctx context.Context, w distributor.Arbejde) error {
	_, err := m.d.Done(ctx, distributor.Afslutning{Leverance: w.Leverance, Forsoeg: w.Forsoeg, Ejer: w.Ejer, Udfald: mox.Udfald{Resultat: mox.ResAccepteret}})
	return err
}

// toem ends what has been sent, so that what is measured next finds nothing.
func (m *maaling) toem(ctx context.Context) error {
	m.Sig("tømmer køen")
	_, err := m.arbejd(ctx, 0)
	return err
}

// idle: from the call of Accept until a worker that waits has the work in hand, one besked at a time.
func idle(ctx context.Context, k *koersel) error {
	m, a, err := k.beskedmaaling(ctx, nil)
	if err != nil {
		return err
	}
	return m.maal(ctx, opgave{navn: "idle", stoerrelse: antalModtage, forbered: a.forbered, laesninger: henter, tur: func(ctx context.Context, n int) ([]time.Duration, error) {
		return m.ventende(ctx, n, a)
	}})
}

func (m *maaling) ventende(ctx context.Context, n int, a *afsending) ([]time.Duration, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	taget := make(chan error)
	go func() {
		for range n {
			err := m.hentEn(somArbejder(ctx, 0))
			select {
			case taget <- err:
			case <-ctx.Done():
				return
			}
		}
	}()
	return samtidig(1, func(ctx context.Context, i int) error {
		if err := a.send(ctx, i); err != nil {
			return err
		}
		return <-taget
	})(ctx, n)
}

// hentEn waits for one piece of work. It is left undone: its objekt comes no more.
func (m *maaling) hentEn(ctx context.Context) error {
	for ctx.Err() == nil {
		w, err := m.d.Hent(ctx, modtager, m.d.Inkarnation()+"/0", 1, time.Hour, time.Minute)
		if err != nil || len(w) > 0 {
			return err
		}
	}
	return ctx.Err()
}

package amqp

import (
	"context"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/service"
	"github.com/moxkit/mox/oio"
)

// How much one abonnement has under way to the broker, and for how long MOX holds it.
const (
	samtidige    = 100
	leje         = time.Minute
	laengsteVent = 30 * time.Second
	fuldVent     = 5 * time.Second // before a full queue is tried again
)

// ud lays each abonnement's beskeder in its queue.
func (a *AMQP) ud(ctx context.Context, conn *amqp.Connection) error {
	return forHvert(ctx, a.d, mox.CarrierAMQP, func(ctx context.Context, id mox.AbonnementID) error { return a.lever(ctx, conn, id) })
}

// forHvert delivers to each abonnement of the carrier until ctx ends or one fails. Abonnementer may come and go meanwhile.
func forHvert(ctx context.Context, d *distributor.Distributor, carrier mox.Carrier, lever func(context.Context, mox.AbonnementID) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	koerer := map[mox.AbonnementID]context.CancelFunc{}
	var i sync.WaitGroup
	defer i.Wait()
	for {
		skift := d.Aendret() // before looking, so that no change falls between
		vil := map[mox.AbonnementID]bool{}
		for _, ab := range d.Abonnementer() {
			if ab.Carrier != carrier {
				continue
			}
			vil[ab.ID] = true
			if koerer[ab.ID] != nil {
				continue
			}
			denne, slut := context.WithCancel(ctx)
			koerer[ab.ID] = slut
			i.Go(func() {
				if err := lever(denne, ab.ID); err != nil && denne.Err() == nil {
					stop(err)
				}
			})
		}
		for id, slut := range koerer {
			if !vil[id] {
				slut()
				delete(koerer, id)
			}
		}
		select {
		case <-skift:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// lever lays one abonnement's beskeder in its queue until ctx ends.
func (a *AMQP) lever(ctx context.Context, conn *amqp.Connection, id mox.AbonnementID) error {
	ch, err := conn.Channel()
	if err != nil {
		return err
	}
	defer func() { _ = ch.Close() }() // everything on it has its outcome
	if err := a.abonnementskoe(ch, id); err != nil {
		return err
	}
	if err := ch.Confirm(false); err != nil {
		return err
	}
	l := &levering{AMQP: a, ch: ch, abonnement: id, retur: ch.NotifyReturn(make(chan amqp.Return, samtidige))}
	return a.hent(ctx, a.d, id, a.d.Inkarnation()+"/amqp/"+string(id), samtidige, l.alle)
}

// hent claims the abonnement's work and hands it to alle, until ctx ends or alle fails.
func (f *forbindelse) hent(ctx context.Context, d *distributor.Distributor, id mox.AbonnementID, ejer string, n int, alle func(context.Context, []distributor.Arbejde) error) error {
	for {
		arbejde, err := d.Hent(ctx, id, ejer, n, leje, laengsteVent)
		switch {
		case ctx.Err() != nil && len(arbejde) == 0:
			return nil
		case err != nil:
			f.log.Error("leveringer kan ikke hentes", "abonnement", id, "fejl", mox.Maskeret(err.Error()))
			if !service.Wait(ctx, service.Backoff(1)) {
				return nil
			}
		}
		if err := alle(ctx, arbejde); err != nil {
			return err
		}
	}
}

// levering is one abonnement's way to its queue.
type levering struct {
	*AMQP
	ch         *amqp.Channel
	abonnement mox.AbonnementID
	retur      <-chan amqp.Return
}

// sendt is a besked on its way to the broker.
type sendt struct {
	arbejde distributor.Arbejde
	bekraef *amqp.DeferredConfirmation
	udfald  mox.Udfald // where it is known already
}

// alle publishes the work, waits for the broker's word on each, and reports. The error is that of a channel that can be used
// no more. What has been begun is ended also when ctx ends meanwhile.
func (l *levering) alle(ctx context.Context, arbejde []distributor.Arbejde) error {
	ctx, slut := context.WithTimeout(context.WithoutCancel(ctx), bekraeftFrist)
	defer slut()
	afsendte := make([]sendt, len(arbejde))
	for i, w := range arbejde {
		afsendte[i] = l.send(ctx, w)
	}
	for i := range afsendte {
		afsendte[i].vent(ctx, l.ch)
	}
	l.returnerede(afsendte)
	var rapporter sync.WaitGroup // at once, so that they share commits
	for i := range afsendte {
		rapporter.Go(func() { l.meld(context.WithoutCancel(ctx), &afsendte[i]) })
	}
	rapporter.Wait()
	if l.ch.IsClosed() {
		return errAfbrudt
	}
	return nil
}

// send publishes one besked. Nothing is known of it before the broker confirms.
func (l *levering) send(ctx context.Context, w distributor.Arbejde) sendt {
	s := sendt{arbejde: w}
	p, err := l.besked(&w)
	if err != nil {
		s.udfald = mox.Udfald{Resultat: mox.ResFejlet, Kode: string(mox.KodeAf(err)), Tekst: mox.Forklaring(err)}
		return s
	}
	if s.bekraef, err = l.ch.PublishWithDeferredConfirmWithContext(ctx, navnUd, string(l.abonnement), true, false, p); err != nil {
		s.udfald = mox.Udfald{Resultat: mox.ResUkendt, Kode: "forbindelse", Tekst: "forbindelsen til beskedmægleren blev afbrudt"}
	}
	return s
}

// besked is the besked as it lies in the receiver's queue: its headers, and which abonnement caused the delivery. An
// envelope is carried as it came, with this hop added. spec: mox 32, mox 33
func (l *levering) besked(w *distributor.Arbejde) (amqp.Publishing, error) {
	b := &w.Besked
	h := amqp.Table(oio.Headers(b))
	h[oio.HeaderAbonnement], h[oio.HeaderForsoeg], h[oio.HeaderTransaktion] = string(l.abonnement), int64(w.Forsoeg), w.Noegle
	p := amqp.Publishing{Headers: h, ContentType: b.Indholdstype, DeliveryMode: amqp.Persistent, MessageId: string(b.ID), Type: b.Type, AppId: "mox",
		Timestamp: b.Dannet, Body: b.Indhold}
	if !oio.ErKuvert(b.Indholdstype) {
		return p, nil
	}
	var err error
	p.Body, err = oio.MedLeverancerute(b.Indhold, oio.Leverancerute{Fordelingssystem: l.d.Store().InstallationID(), Modtaget: w.Modtaget, Leveret: time.Now().UTC(), ModtagetFra: b.Kildesystem,
		Abonnement: l.abonnement, AntalLeveranceforsoeg: w.Forsoeg})
	return p, err
}

// vent gets the broker's word on what was sent. A channel that closes meanwhile leaves the outcome unknown.
func (s *sendt) vent(ctx context.Context, ch *amqp.Channel) {
	if s.bekraef == nil {
		return
	}
	ok, err := s.bekraef.WaitContext(ctx)
	switch {
	case ok:
		s.udfald = mox.Udfald{Resultat: mox.ResOverdraget}
	case err != nil || ch.IsClosed():
		s.udfald = mox.Udfald{Resultat: mox.ResUkendt, Kode: "forbindelse", Tekst: "beskedmægleren svarede ikke"}
	default:
		s.udfald = mox.Udfald{Resultat: mox.ResIkkeBegyndt, Kode: "koe_fuld", Tekst: "modtagerens kø er fuld; beskeden venter i MOX", Efter: fuldVent}
	}
}

// returnerede finds those the broker had no queue for: it confirms them all the same. The broker sends the return before
// the confirm.
func (l *levering) returnerede(afsendte []sendt) {
	for {
		select {
		case r, ok := <-l.retur:
			if !ok {
				return
			}
			for i := range afsendte {
				if string(afsendte[i].arbejde.Besked.ID) == r.MessageId {
					afsendte[i].udfald = mox.Udfald{Resultat: mox.ResMidlertidig, Ansvar: mox.AnsvarMOX, Kode: "ingen_koe", Tekst: "modtagerens kø findes ikke hos beskedmægleren"}
				}
			}
			if err := l.abonnementskoe(l.ch, l.abonnement); err != nil {
				l.log.Error("modtagerens kø kan ikke oprettes igen", "abonnement", l.abonnement, "fejl", mox.Maskeret(err.Error()))
				return
			}
		default:
			return
		}
	}
}

func (l *levering) meld(ctx context.Context, s *sendt) {
	l.forbindelse.meld(ctx, l.d, l.abonnement, s.arbejde, s.udfald)
}

// meld reports what came of an attempt.
func (f *forbindelse) meld(ctx context.Context, d *distributor.Distributor, id mox.AbonnementID, w distributor.Arbejde, u mox.Udfald) {
	_, err := distributor.Meld(ctx, d, distributor.Afslutning{Leverance: w.Leverance, Forsoeg: w.Forsoeg, Ejer: w.Ejer, Udfald: u})
	niveau := f.log.Debug
	if u.Resultat != mox.ResOverdraget || err != nil {
		niveau = f.log.Warn
	}
	niveau("forsøg", "abonnement", id, "leverance", w.Leverance, "forsøg", w.Forsoeg, "beskedID", mox.Maskeret(string(w.Besked.ID)), "udfald", u.Resultat, "kode", u.Kode, "fejl", err)
}

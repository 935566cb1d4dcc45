package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	rabbit "github.com/rabbitmq/amqp091-go"
	"golang.org/x/sync/errgroup"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/carrier/amqp"
	"github.com/moxkit/mox/oio"
)

const (
	raaKoe       = "mox.bench"
	ubekraeft    = 100 // publishes that wait for their confirm at once
	forhaand     = 250 // deliveries ahead of their acknowledgement
	forbindFrist = 30 * time.Second
)

// maegler is the broker, with a client that is not MOX'.
type maegler struct {
	*afsending
	ud *rabbit.Channel // with confirms
}

// rabbitmq measures MOX with a broker: in, from a publish until the besked has been committed; out, from Accept until a
// foreign client has it. Raw is the broker's own client: publish with confirm, and consume; and the rows.
func rabbitmq(ctx context.Context, k *koersel) error {
	for _, f := range []func(*koersel, context.Context) error{(*koersel).rabbitInd, (*koersel).rabbitUd} {
		del := &koersel{Options: k.Options, ud: k.ud}
		err := f(del, ctx)
		if err = errors.Join(err, del.luk()); err != nil {
			return err
		}
	}
	return nil
}

// medMaegler runs MOX with the broker until f has returned. raa is the raw work beside the rows.
func (k *koersel) medMaegler(ctx context.Context, ab func(*mox.Abonnement), f func(ctx context.Context, m *maaling, b *maegler, o opgave) error) error {
	m, a, err := k.beskedmaaling(ctx, ab)
	if err != nil {
		return err
	}
	b, err := k.aabnMaegler(a)
	if err != nil {
		return err
	}
	carrier, err := amqp.New(m.d, amqp.Options{URL: k.AMQP, Systemer: []string{system}})
	if err != nil {
		return err
	}
	return m.mens(ctx, carrier.Run, func(ctx context.Context) error {
		raa, err := b.forbrug(ctx, raaKoe)
		if err != nil {
			return err
		}
		return f(ctx, m, b, opgave{stoerrelse: antalModtage, forbered: a.forbered, raa: func(ctx context.Context, n int) error { return b.raa(ctx, n, raa) },
			vilkaar: map[string]any{"ubekraeftede": ubekraeft, "prefetch": forhaand}})
	})
}

func (k *koersel) rabbitInd(ctx context.Context) error {
	return k.medMaegler(ctx, nil, func(ctx context.Context, m *maaling, b *maegler, o opgave) error {
		if err := b.venter(ctx, amqp.Svarkoe(system)); err != nil {
			return err
		}
		o.navn, o.tur = "rabbitmq.ind", func(ctx context.Context, n int) ([]time.Duration, error) {
			sendt, err := b.publicer(ctx, amqp.Exchange(system), "")
			if err == nil {
				err = m.optager.vent(ctx, indsaetBesked, n)
			}
			return forskelle(sendt, m.optager.beskeder()), err
		}
		return m.maal(ctx, o)
	})
}

func (k *koersel) rabbitUd(ctx context.Context) error {
	return k.medMaegler(ctx, func(a *mox.Abonnement) { a.Carrier = mox.CarrierAMQP }, func(ctx context.Context, m *maaling, b *maegler, o opgave) error {
		modtaget, err := b.forbrug(ctx, amqp.Koe(modtager))
		if err != nil {
			return err
		}
		o.navn, o.laesninger, o.tur = "rabbitmq.ud", henter, func(ctx context.Context, n int) ([]time.Duration, error) {
			return m.udAfMOX(ctx, n, b.afsending, modtaget)
		}
		return m.maal(ctx, o)
	})
}

// udAfMOX accepts n beskeder, and waits until the client has them and MOX knows.
func (m *maaling) udAfMOX(ctx context.Context, n int, a *afsending, modtaget modtagne) ([]time.Duration, error) {
	sendt, kom := make([]time.Time, n), map[string]time.Time{}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		_, err := samtidig(afsendere, func(ctx context.Context, i int) error {
			sendt[i] = time.Now()
			return a.send(ctx, i)
		})(ctx, n)
		return err
	})
	g.Go(func() (err error) { kom, err = modtaget.tag(ctx, n); return err })
	g.Go(func() error { return m.optager.vent(ctx, afslutForsoeg, n) })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	fra := map[string]time.Time{}
	for i, kl := range sendt {
		fra[string(a.lager[i].ID)] = kl
	}
	return forskelle(fra, kom), nil
}

// aabnMaegler connects, and makes a queue of its own. A vhost that MOX uses already is refused: what is measured is sent to
// whoever listens there. All that was made is gone when the group has been measured.
func (k *koersel) aabnMaegler(a *afsending) (*maegler, error) {
	b := &maegler{afsending: a}
	conn, err := rabbit.Dial(k.AMQP)
	if err != nil {
		return nil, &mox.Error{Kode: mox.KodeUtilgaengelig, Op: "bench", Tekst: "beskedmægleren kan ikke nås", Raad: "se efter, om adressen efter --amqp er rigtig", Err: err}
	}
	k.lukkes = append(k.lukkes, conn.Close)
	if ch, err := conn.Channel(); err != nil {
		return nil, err
	} else if ch.ExchangeDeclarePassive("mox.ind", rabbit.ExchangeFanout, true, false, false, false, nil) == nil {
		return nil, mox.E("bench", mox.KodeKonflikt, "MOX bruger allerede denne vhost").Med("opret en tom vhost til målingen, og giv dens adresse med --amqp")
	}
	k.lukkes = append(k.lukkes, k.ryd)
	if b.ud, err = conn.Channel(); err != nil {
		return nil, err
	}
	if _, err := b.ud.QueueDeclare(raaKoe, true, false, false, false, rabbit.Table{"x-queue-type": "quorum"}); err != nil {
		return nil, err
	}
	return b, b.ud.Confirm(false)
}

// ryd removes what was made.
func (k *koersel) ryd() error {
	conn, err := rabbit.Dial(k.AMQP)
	if err != nil {
		return err
	}
	ch, err := conn.Channel()
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	for _, q := range []string{raaKoe, "mox.ind", "mox.doede", amqp.Koe(modtager), amqp.Svarkoe(system), amqp.Svarkoe(string(modtager))} {
		_, e := ch.QueueDelete(q, false, false, false)
		err = errors.Join(err, e)
	}
	for _, x := range []string{"mox.ind", "mox.ud", "mox.doede", amqp.Exchange(system), amqp.Exchange(string(modtager))} {
		err = errors.Join(err, ch.ExchangeDelete(x, false, false))
	}
	return errors.Join(err, conn.Close())
}

// bliver does f over a connection of its own until it succeeds. A queue may not be there yet; and the broker (3.10) may fail
// inside, and close the connection, when a queue is used from the moment it has been declared.
func (b *maegler) bliver(ctx context.Context, f func(*rabbit.Channel) error) error {
	ctx, slut := context.WithTimeout(ctx, forbindFrist)
	defer slut()
	tik := time.NewTicker(50 * time.Millisecond)
	defer tik.Stop()
	for {
		conn, err := rabbit.Dial(b.m.AMQP)
		if err != nil {
			return err
		}
		var ch *rabbit.Channel
		if ch, err = conn.Channel(); err == nil {
			err = f(ch)
		}
		if err == nil {
			b.m.lukkes = append(b.m.lukkes, conn.Close)
			return nil
		}
		_ = conn.Close() // it may be closed already
		select {
		case <-tik.C:
		case <-ctx.Done():
			return fmt.Errorf("bench: the broker: %w", err)
		}
	}
}

// venter waits until a queue is there.
func (b *maegler) venter(ctx context.Context, koe string) error {
	return b.bliver(ctx, func(ch *rabbit.Channel) error {
		_, err := ch.QueueDeclarePassive(koe, true, false, false, false, nil)
		return err
	})
}

// modtagne are the beskeder that a foreign client has taken from a queue and acknowledged.
type modtagne chan modtagen

type modtagen struct {
	id string
	kl time.Time
}

func (b *maegler) forbrug(ctx context.Context, koe string) (modtagne, error) {
	var strom <-chan rabbit.Delivery
	if err := b.bliver(ctx, func(ch *rabbit.Channel) (err error) {
		if err = ch.Qos(forhaand, 0, false); err == nil {
			strom, err = ch.Consume(koe, "", false, false, false, false, nil)
		}
		return err
	}); err != nil {
		return nil, err
	}
	ud := make(modtagne, omgang)
	go func() {
		defer close(ud)
		for d := range strom {
			if d.Ack(false) != nil {
				return
			}
			ud <- modtagen{d.MessageId, time.Now()}
		}
	}()
	return ud, nil
}

// tag takes n, and tells when each came.
func (m modtagne) tag(ctx context.Context, n int) (map[string]time.Time, error) {
	kl := make(map[string]time.Time, n)
	for len(kl) < n {
		select {
		case x, ok := <-m:
			if !ok {
				return nil, errors.New("bench: the broker has closed the connection")
			}
			kl[x.id] = x.kl
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return kl, nil
}

// publicer publishes the stock with confirm, ubekraeft at a time, and tells when each was sent.
func (b *maegler) publicer(ctx context.Context, exchange, noegle string) (map[string]time.Time, error) {
	kl := make(map[string]time.Time, len(b.lager))
	venter := make(chan *rabbit.DeferredConfirmation, ubekraeft)
	var g errgroup.Group
	g.Go(func() error {
		var err error
		for d := range venter {
			ok, e := d.WaitContext(ctx)
			if e == nil && !ok {
				e = errors.New("bench: the broker refused a besked")
			}
			err = errors.Join(err, e)
		}
		return err
	})
	var err error
	for i := range b.lager {
		x := &b.lager[i]
		kl[string(x.ID)] = time.Now()
		var d *rabbit.DeferredConfirmation
		if d, err = b.ud.PublishWithDeferredConfirmWithContext(ctx, exchange, noegle, true, false, rabbit.Publishing{Headers: oio.Headers(x), ContentType: x.Indholdstype,
			DeliveryMode: rabbit.Persistent, MessageId: string(x.ID), Body: x.Indhold}); err != nil {
			break
		}
		venter <- d
	}
	close(venter)
	return kl, errors.Join(err, g.Wait())
}

// raa sends the stock to a queue, and takes it from there.
func (b *maegler) raa(ctx context.Context, n int, m modtagne) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { _, err := b.publicer(ctx, "", raaKoe); return err })
	g.Go(func() error { _, err := m.tag(ctx, n); return err })
	return g.Wait()
}

// forskelle are the times from when each was sent until it came.
func forskelle(fra, til map[string]time.Time) (ud []time.Duration) {
	for id, kl := range fra {
		ud = append(ud, til[id].Sub(kl))
	}
	return ud
}

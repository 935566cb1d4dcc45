package amqp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	rabbit "github.com/rabbitmq/amqp091-go"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/carrier/amqp"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/testenv"
	"github.com/moxkit/mox/store"
	"github.com/moxkit/mox/store/storetest"
)

// taalmod is how long a test waits for what must come.
const taalmod = 30 * time.Second

// hus is a MOX on a database of its own, with a vhost of its own at a real broker.
type hus struct {
	*testing.T
	d      *distributor.Distributor
	broker *testenv.Broker
	a      *amqp.AMQP
	log    *linjer
}

type linjer struct {
	mu sync.Mutex
	b  []byte
}

func (l *linjer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.b = append(l.b, p...)
	return len(p), nil
}

func (l *linjer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.b)
}

// nytHus has the systems Byggesag and ESDH, and runs until the test ends.
func nytHus(t *testing.T, med ...func(*amqp.Options)) *hus {
	t.Helper()
	return nytHusMed(t, nil, med...)
}

// nytHusMed is a house with agreements.
func nytHusMed(t *testing.T, aftaler mox.Aftaler, med ...func(*amqp.Options)) *hus {
	t.Helper()
	h := nytLager(t, aftaler)
	h.broker = testenv.RabbitMQ(t)
	o := amqp.Options{URL: h.broker.URL, Systemer: []string{"Byggesag", "ESDH"}}
	for _, f := range med {
		f(&o)
	}
	h.koer(o)
	h.bliver("forbundet", func() bool { return h.a.Stand().Forbundet })
	return h
}

// nytLager has a database and nothing else but agreements.
func nytLager(t *testing.T, aftaler mox.Aftaler) *hus {
	t.Helper()
	h := &hus{T: t, log: &linjer{}}
	s, err := store.Open(t.Context(), storetest.SQLite(t))
	h.maa(err)
	t.Cleanup(func() { h.maa(s.Close()) })
	h.d, err = distributor.New(t.Context(), s, distributor.Options{Jitter: func() float64 { return 0 }, Aftaler: aftaler})
	h.maa(err)
	h.maa(h.d.Start(t.Context()))
	return h
}

// koer runs the carrier until the test ends.
func (h *hus) koer(o amqp.Options) {
	h.Helper()
	o.Log = slog.New(slog.NewTextHandler(h.log, nil))
	var err error
	h.a, err = amqp.New(h.d, o)
	h.maa(err)
	h.Cleanup(baggrund(h.Context(), h.a.Run))
}

// baggrund runs until what it gives back is called, which waits for the end.
func baggrund(ctx context.Context, run func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	slut := make(chan struct{})
	go func() {
		defer close(slut)
		_ = run(ctx) // nil
	}()
	return sync.OnceFunc(func() {
		cancel()
		<-slut
	})
}

func (h *hus) maa(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// bliver looks again and again until ja: what is at the broker tells nobody.
func (h *hus) bliver(hvad string, ja func() bool) {
	h.Helper()
	frist, kig := time.After(taalmod), time.NewTicker(5*time.Millisecond)
	defer kig.Stop()
	for !ja() {
		select {
		case <-kig.C:
		case <-frist:
			h.Fatalf("det blev ikke %s\n%s", hvad, h.log)
		}
	}
}

// opret makes an AMQP abonnement for the system, and waits until its queue is there.
func (h *hus) opret(id mox.AbonnementID, system string, med ...func(*mox.Abonnement)) {
	h.Helper()
	a := mox.Abonnement{ID: id, System: system, Carrier: mox.CarrierAMQP, Plan: mox.Plan{Forsoeg: 1000, Foerste: time.Millisecond, Hoejst: 50 * time.Millisecond}}
	for _, f := range med {
		f(&a)
	}
	_, err := h.d.OpretAbonnement(h.Context(), a, false, distributor.Hvem{Navn: "Inge Hansen", Begrundelse: "afprøvning"})
	h.maa(err)
	h.bliver("en kø", func() bool { // that can be taken from; see strom
		ch := h.kanal(h.broker.URL)
		_, err := ch.Consume(amqp.Koe(id), "", false, false, false, false, nil)
		return err == nil && ch.Close() == nil
	})
}

// kanal is a foreign client's channel, with confirms.
func (h *hus) kanal(url string) *rabbit.Channel {
	h.Helper()
	c, err := rabbit.Dial(url)
	h.maa(err)
	h.Cleanup(func() { _ = c.Close() })
	ch, err := c.Channel()
	h.maa(err)
	h.maa(ch.Confirm(false))
	return ch
}

// sag is what a system sends about one of its Sager.
func sag(nr int, med ...func(rabbit.Table)) rabbit.Publishing {
	t := rabbit.Table{"beskedID": mox.NyUUID(), "objektID": objekt(nr), "objekttype": "Sag", "livscykluskode": "Rettet", "registreringstid": "2026-03-02T09:15:00Z",
		"aktoer": "cccccccc-0000-4000-8000-000000000003", "objektreference": "https://byggesag.example/sag/1"}
	for _, f := range med {
		f(t)
	}
	return rabbit.Publishing{Headers: t, DeliveryMode: rabbit.Persistent}
}

func objekt(nr int) string { return fmt.Sprintf("aaaaaaaa-0000-4000-8000-%012d", nr) }

// send publishes and waits for the broker's confirm.
func (h *hus) send(ch *rabbit.Channel, exchange string, p rabbit.Publishing) {
	h.Helper()
	h.maa(proevSend(ch, exchange, p))
}

func proevSend(ch *rabbit.Channel, exchange string, p rabbit.Publishing) error {
	d, err := ch.PublishWithDeferredConfirm(exchange, "", true, false, p)
	if err != nil {
		return err
	}
	if !d.Wait() {
		return fmt.Errorf("the broker refuses what is written to %s", exchange)
	}
	return nil
}

// naeste takes one delivery from a queue; the test acknowledges.
func (h *hus) naeste(strom <-chan rabbit.Delivery) rabbit.Delivery {
	h.Helper()
	select {
	case d, ok := <-strom:
		if !ok {
			h.Fatal("køen blev lukket")
		}
		return d
	case <-time.After(taalmod):
		h.Fatalf("der kom intet\n%s", h.log)
	}
	return rabbit.Delivery{}
}

// strom takes from a queue, over a connection of its own. The broker (3.10) may fail inside and close the connection when a
// queue is taken from the moment it has been declared.
func (h *hus) strom(url, koe string) (ud <-chan rabbit.Delivery) {
	h.Helper()
	h.bliver("hentet fra "+koe, func() (ok bool) {
		var err error
		ud, err = h.kanal(url).Consume(koe, "", false, false, false, false, nil)
		return err == nil
	})
	return ud
}

// fejl are the open ones.
func (h *hus) fejl() (ud []store.Fejl) {
	h.Helper()
	h.maa(h.d.Store().View(h.Context(), func(tx *store.Tx) (err error) {
		ud, err = tx.Fejl(store.Udvalg{})
		return err
	}))
	return ud
}

// leverance is the newest of the besked's leverancer.
func (h *hus) leverance(id any) (ud store.Leverance) {
	h.Helper()
	h.maa(h.d.Store().View(h.Context(), func(tx *store.Tx) error {
		l, err := tx.LeverancerOm(mox.BeskedID(fmt.Sprint(id)))
		if len(l) > 0 {
			ud = l[len(l)-1]
		}
		return err
	}))
	return ud
}

// spoerg publishes with direct reply-to, and gives the answer.
func (h *hus) spoerg(ch *rabbit.Channel, exchange string, p rabbit.Publishing) (r amqp.StandardRetur) {
	h.Helper()
	svar, err := ch.Consume("amq.rabbitmq.reply-to", "", true, false, false, false, nil)
	h.maa(err)
	p.ReplyTo, p.CorrelationId = "amq.rabbitmq.reply-to", mox.NyUUID()
	h.send(ch, exchange, p)
	d := h.naeste(svar)
	if d.CorrelationId != p.CorrelationId {
		h.Errorf("svaret er på %q", d.CorrelationId)
	}
	h.maa(json.Unmarshal(d.Body, &r))
	h.maa(ch.Cancel(d.ConsumerTag, false))
	return r
}

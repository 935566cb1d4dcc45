package amqp

import (
	"fmt"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/moxkit/mox"
)

// The names at the broker. They are part of what systems are told, and do not change.
const (
	navnInd   = "mox.ind"
	navnUd    = "mox.ud"
	navnDoede = "mox.doede"
	navnSvar  = "mox.svar"
)

// Exchange is the exchange that a system sends to.
func Exchange(system string) string { return navnInd + "." + system }

// Koe is the queue that a receiver takes an abonnement's beskeder from.
func Koe(id mox.AbonnementID) string { return navnUd + "." + string(id) }

// Svarkoe is the queue where a system that cannot use direct reply-to may ask for answers.
func Svarkoe(system string) string { return navnSvar + "." + system }

// maksUdleveringer is how often the broker delivers one besked to a receiver that does not acknowledge it, before it is
// taken for one that can never be handled. spec: mox 46
const maksUdleveringer = 20

// Answers that nobody fetches are worth little: the sender may ask about its besked.
const (
	maksSvar    = 10_000
	svarLevetid = 24 * time.Hour
)

// topologi declares what does not depend on abonnementer. It is harmless to repeat; what is there in another shape is an
// error that names it.
func (a *AMQP) topologi(conn *amqp.Connection) error {
	ch, err := conn.Channel()
	if err != nil {
		return err
	}
	defer func() { _ = ch.Close() }() // its work is done or has failed
	t := erklaering{ch: ch}
	t.exchange(navnInd, amqp.ExchangeFanout)
	t.exchange(navnUd, amqp.ExchangeDirect)
	t.exchange(navnDoede, amqp.ExchangeFanout)
	t.koe(navnInd, nil)
	t.koe(navnDoede, nil)
	t.bind(navnInd, "", navnInd)
	t.bind(navnDoede, "", navnDoede)
	for _, s := range a.o.Systemer {
		t.system(s)
	}
	return t.err
}

// system declares where a system sends, and where it may ask for answers.
func (t *erklaering) system(s string) {
	t.exchange(Exchange(s), amqp.ExchangeFanout)
	t.videre(navnInd, Exchange(s))
	t.koe(Svarkoe(s), amqp.Table{"x-max-length": maksSvar, "x-overflow": "drop-head", "x-message-ttl": svarLevetid.Milliseconds()})
}

// abonnementskoe declares a receiver's queue, and where it sends its Kvitteringer. The queue is bounded: what there is no
// room for waits in MOX, where a person sees it.
func (a *AMQP) abonnementskoe(ch *amqp.Channel, id mox.AbonnementID) error {
	t := erklaering{ch: ch}
	if ab, ok := a.d.Abonnement(id); ok {
		t.system(ab.System)
	}
	t.koe(Koe(id), amqp.Table{"x-max-length": a.o.MaksLaengde, "x-overflow": "reject-publish", "x-delivery-limit": maksUdleveringer,
		"x-dead-letter-exchange": navnDoede, "x-dead-letter-strategy": "at-least-once"})
	t.bind(Koe(id), string(id), navnUd)
	return t.err
}

// erklaering declares one thing after the other until one fails.
type erklaering struct {
	ch  *amqp.Channel
	err error
}

func (t *erklaering) goer(hvad string, f func() error) {
	if t.err != nil {
		return
	}
	if err := f(); err != nil {
		t.err = fmt.Errorf("%s: %w", hvad, err)
	}
}

func (t *erklaering) exchange(navn, slags string) {
	t.goer(navn, func() error { return t.ch.ExchangeDeclare(navn, slags, true, false, false, false, nil) })
}

// koe declares a quorum queue: safe on disk, and it counts deliveries.
func (t *erklaering) koe(navn string, args amqp.Table) {
	t.goer(navn, func() error {
		alle := amqp.Table{"x-queue-type": "quorum"}
		for k, v := range args {
			alle[k] = v
		}
		_, err := t.ch.QueueDeclare(navn, true, false, false, false, alle)
		return err
	})
}

func (t *erklaering) bind(koe, noegle, exchange string) {
	t.goer(koe, func() error { return t.ch.QueueBind(koe, noegle, exchange, false, nil) })
}

// videre lets an exchange hand on what it gets.
func (t *erklaering) videre(til, fra string) {
	t.goer(fra, func() error { return t.ch.ExchangeBind(til, "", fra, false, nil) })
}

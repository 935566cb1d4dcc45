package amqp

import (
	"context"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/service"
	"github.com/moxkit/mox/oio"
)

// doede takes back what receivers have rejected.
func (a *AMQP) doede(ctx context.Context, conn *amqp.Connection) error {
	return a.forbrug(ctx, conn, navnDoede, (*modtager).tagTilbage)
}

// tagTilbage shows one of them to a person, and then acknowledges. What MOX never sent is nobody's.
func (m *modtager) tagTilbage(ctx context.Context, d amqp.Delivery) error {
	abonnement, _ := d.Headers[oio.HeaderAbonnement].(string)
	for fejl := 1; ; fejl++ {
		err := m.d.DoedtBrev(ctx, mox.AbonnementID(abonnement), mox.BeskedID(d.MessageId), hvorfor(d))
		switch {
		case err == nil:
			return d.Ack(false)
		case mox.KodeAf(err) == mox.KodeIkkeFundet:
			m.log.Warn("et dødt brev, som MOX ikke har sendt, er smidt væk", "abonnement", mox.Maskeret(abonnement))
			return d.Ack(false)
		}
		if !service.Wait(ctx, service.Backoff(fejl)) {
			return nil // it comes again
		}
	}
}

// hvorfor says why the broker took the besked out of the receiver's queue.
func hvorfor(d amqp.Delivery) string {
	switch grund, _ := d.Headers["x-first-death-reason"].(string); grund {
	case "rejected":
		return "modtageren afviste beskeden (reject eller nack) uden at sige hvorfor"
	case "delivery_limit":
		return "modtageren fik beskeden udleveret igen og igen uden at kvittere for den"
	case "expired":
		return "beskeden lå for længe i modtagerens kø"
	default:
		return "beskedmægleren tog beskeden ud af modtagerens kø: " + grund
	}
}

package amqp

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strings"
	"sync"
	"unicode/utf8"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/service"
	"github.com/moxkit/mox/oio"
)

// How much is under way on the way in: the broker hands out forhaand beskeder ahead, and as many as there are modtagere
// wait for the database at once. One objekt's beskeder go through one modtager, so that they keep their order.
const (
	forhaand  = 256
	modtagere = 32
)

// ind takes what systems send.
func (a *AMQP) ind(ctx context.Context, conn *amqp.Connection) error {
	return a.forbrug(ctx, conn, navnInd, (*modtager).tag)
}

// modtager handles deliveries one by one.
type modtager struct {
	*AMQP
	svar *amqp.Channel // answers to senders go out here
}

// forbrug hands the deliveries of a queue to workers until ctx or the channel ends. What has not been acknowledged then
// comes again.
func (a *AMQP) forbrug(ctx context.Context, conn *amqp.Connection, koe string, tag func(*modtager, context.Context, amqp.Delivery) error) error {
	ch, err := conn.Channel()
	if err != nil {
		return err
	}
	defer func() { _ = ch.Close() }() // what is not acknowledged comes again
	if err := ch.Qos(forhaand, 0, false); err != nil {
		return err
	}
	// Without ctx: the library would cancel the consumer by itself while we close the channel, and of two calls at once on a
	// channel one may wait for ever.
	strom, err := ch.Consume(koe, "", false, false, false, false, nil)
	if err != nil {
		return err
	}
	svar, err := conn.Channel()
	if err != nil {
		return err
	}
	defer func() { _ = svar.Close() }() // an answer that is lost is asked for again
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	koeer := make([]chan amqp.Delivery, modtagere)
	var i sync.WaitGroup
	for n := range koeer {
		koeer[n] = make(chan amqp.Delivery, forhaand)
		i.Go(func() {
			m := &modtager{a, svar}
			for d := range koeer[n] {
				if err := tag(m, ctx, d); err != nil {
					stop(err)
				}
			}
		})
	}
	fordel(ctx, strom, koeer)
	for _, k := range koeer {
		close(k)
	}
	i.Wait()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return errAfbrudt
}

// fordel gives each delivery to the worker of its objekt. A worker's channel has room for all that can be under way.
func fordel(ctx context.Context, strom <-chan amqp.Delivery, koeer []chan amqp.Delivery) {
	for {
		select {
		case d, ok := <-strom:
			if !ok {
				return
			}
			h := fnv.New32a()
			_, _ = fmt.Fprint(h, d.Headers["objektID"]) // a hash takes everything
			koeer[h.Sum32()%uint32(len(koeer))] <- d
		case <-ctx.Done():
			return
		}
	}
}

// tag takes responsibility for one besked, answers the sender if it asks, and then acknowledges. A besked that is refused is
// kept where its sender finds it, and is never delivered again. While MOX cannot store it, the besked is held.
func (m *modtager) tag(ctx context.Context, d amqp.Delivery) error {
	afsender, ok := m.afsender(d)
	if !ok {
		m.log.Warn("en besked fra en ukendt afsender er afvist", "exchange", d.Exchange, "bruger", mox.Maskeret(d.UserId))
		return d.Ack(false) // nobody to keep it for
	}
	b, err := m.laes(afsender, d)
	if err != nil {
		err = m.d.Afvis(ctx, afsender, raa(d), err)
	} else {
		err = m.accepter(ctx, m.d, afsender, b)
	}
	if ctx.Err() != nil {
		return nil // it comes again
	}
	if err := m.svarPaa(ctx, afsender, d, err); err != nil {
		return err
	}
	return d.Ack(false)
}

// accepter stores the besked, and goes on trying as long as only MOX is to blame.
func (f *forbindelse) accepter(ctx context.Context, d *distributor.Distributor, afsender string, b mox.Besked) error {
	return f.indtilGemt(ctx, afsender, func() error {
		_, err := d.Accept(ctx, afsender, b)
		return err
	})
}

// indtilGemt does gem again and again as long as only MOX is to blame.
func (f *forbindelse) indtilGemt(ctx context.Context, afsender string, gem func() error) error {
	for fejl := 1; ; fejl++ {
		err := gem()
		if err == nil || !mox.Forbigaaende(err) {
			return err
		}
		f.log.Error("en besked kan ikke gemmes endnu", "afsender", afsender, "fejl", mox.Maskeret(err.Error()), "vent", service.Backoff(fejl))
		if !service.Wait(ctx, service.Backoff(fejl)) {
			return ctx.Err()
		}
	}
}

// afsender is the system that sent d: the one whose exchange it was written to, for there the broker lets nobody else
// write, or the user that the broker has validated. ok is false for a sender nobody has let in.
func (m *modtager) afsender(d amqp.Delivery) (system string, ok bool) {
	bruger := m.o.Brugere[d.UserId]
	if system, ok = strings.CutPrefix(d.Exchange, navnInd+"."); ok {
		return system, bruger == "" || bruger == system
	}
	if bruger != "" {
		return bruger, true
	}
	return Lokal, m.o.Lokal
}

// laes reads a besked in either of its forms on this wire: headers and content, or an envelope, with which the headers that
// are there must agree. A system speaks only for itself.
func (m *modtager) laes(afsender string, d amqp.Delivery) (b mox.Besked, err error) {
	if len(d.Body) > oio.MaksBeskedBytes {
		return b, mox.E("amqp", mox.KodeForStor, "beskeden er på %d bytes; højst %d", len(d.Body), oio.MaksBeskedBytes).Med("send dokumenters indhold til /indhold, og henvis til det")
	}
	b, err = m.form(d)
	if err != nil {
		return b, err
	}
	if afsender == Lokal {
		return b, nil
	}
	if b.Kildesystem != "" && b.Kildesystem != afsender {
		return b, mox.E("amqp", mox.KodeIkkeTilladt, "kildesystem skal være %q eller udelades", afsender).Med("send kun i eget navn")
	}
	b.Kildesystem = afsender // so that the system is not sent what it said itself
	return b, nil
}

// form reads d as it stands. What AMQP has a property for may stand there.
func (m *modtager) form(d amqp.Delivery) (mox.Besked, error) {
	h := map[string]any(d.Headers)
	if !erKuvert(d) {
		b, err := oio.FraHeaders(medEgenskaber(h, d), d.ContentType, d.Body)
		return b, err
	}
	b, err := oio.UnmarshalKuvert(d.Body, m.o.Koder)
	if err != nil || len(h) == 0 {
		return b, err
	}
	hoved, err := oio.FraHeaders(h, oio.TypeKuvert, d.Body)
	if err != nil {
		return b, err
	}
	if hoved.ID == "" {
		hoved.ID = b.ID
	}
	return b, oio.StemmerKuvert(&hoved, m.o.Koder)
}

// erKuvert reports whether the body is a Haendelsesbesked. An XML registrering with headers is not.
func erKuvert(d amqp.Delivery) bool {
	if oio.ErKuvert(d.ContentType) {
		return true
	}
	xml := strings.HasPrefix(d.ContentType, oio.TypeXML) || strings.HasPrefix(d.ContentType, "text/xml")
	return xml && d.Headers["objektID"] == nil
}

// medEgenskaber lets message-id and timestamp stand for the headers they mean.
func medEgenskaber(h map[string]any, d amqp.Delivery) map[string]any {
	ud := make(map[string]any, len(h)+2)
	for k, v := range h {
		ud[k] = v
	}
	if ud["beskedID"] == nil && d.MessageId != "" {
		ud["beskedID"] = d.MessageId
	}
	if ud["dannelsestidspunkt"] == nil && !d.Timestamp.IsZero() {
		ud["dannelsestidspunkt"] = d.Timestamp
	}
	return ud
}

// raa is what came, for a person to look at: the headers, and as much of the body as a besked may have.
func raa(d amqp.Delivery) []byte {
	krop := d.Body[:min(len(d.Body), oio.MaksBeskedBytes)]
	ud := map[string]any{"headers": d.Headers, "indholdstype": d.ContentType, "bytes": len(d.Body), "indhold": string(krop)}
	if !utf8.Valid(krop) {
		ud["indhold"] = krop // as base64
	}
	b, err := json.Marshal(ud)
	if err != nil { // a header that JSON has no form for
		return krop
	}
	return b
}

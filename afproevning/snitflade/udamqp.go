package snitflade

import (
	"context"
	"net"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/afproevning/snitflade/mellemled"
	"github.com/moxkit/mox/internal/service"
)

// direkteSvar is where a publisher gets answers on its own channel.
const direkteSvar = "amq.rabbitmq.reply-to"

// udAMQP publishes to a receiver's queue, and reads what it does about it off the line.
type udAMQP struct {
	p       *Profil
	conn    *amqp.Connection
	ch      *amqp.Channel
	egenKoe bool
	ledning *mellemled.Ledning
	slut    chan struct{}

	mu      sync.Mutex
	svar    []amqp.Delivery
	aendret chan struct{}
}

func nyUdAMQP(ctx context.Context, p *Profil, lytter net.Listener) (_ *udAMQP, err error) {
	u := &udAMQP{p: p, slut: make(chan struct{}), aendret: make(chan struct{})}
	if u.conn, err = forbind(p.Forbindelse.Maegler); err != nil {
		return nil, err
	}
	strom, err := u.aabn()
	if err != nil {
		_ = u.conn.Close() // what is wrong is told
		return nil, err
	}
	go u.samlSvar(strom)
	if u.ledning, err = laegLedning(ctx, &p.Forbindelse, lytter, nil); err != nil {
		u.luk()
		return nil, err
	}
	return u, nil
}

func (u *udAMQP) aabn() (strom <-chan amqp.Delivery, err error) {
	if koe := u.p.Forbindelse.Koe; koe != "" {
		if err := u.koe(koe); err != nil {
			return nil, err
		}
	}
	if u.ch, err = u.conn.Channel(); err != nil {
		return nil, err
	}
	if strom, err = u.ch.Consume(direkteSvar, "", true, false, false, false, nil); err != nil {
		return nil, err
	}
	return strom, u.ch.Confirm(false)
}

// koe makes the product's queue, where it is not there.
func (u *udAMQP) koe(navn string) error {
	ch, err := u.conn.Channel()
	if err != nil {
		return err
	}
	if _, err := ch.QueueDeclarePassive(navn, true, false, false, false, nil); err == nil {
		return ch.Close()
	}
	if ch, err = u.conn.Channel(); err != nil { // the broker closes the channel where there is none
		return err
	}
	u.egenKoe = true
	if _, err = ch.QueueDeclare(navn, true, false, false, false, nil); err != nil {
		return err
	}
	return ch.Close()
}

func (u *udAMQP) samlSvar(strom <-chan amqp.Delivery) {
	defer close(u.slut)
	for d := range strom {
		u.mu.Lock()
		u.svar = append(u.svar, d)
		close(u.aendret)
		u.aendret = make(chan struct{})
		u.mu.Unlock()
	}
}

// ventForbruger waits until the product takes from its queue.
func (u *udAMQP) ventForbruger(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, u.p.frist)
	defer stop()
	if u.p.Forbindelse.Koe == "" {
		return u.ventForbindelse(ctx)
	}
	for {
		ch, err := u.conn.Channel()
		if err != nil {
			return err
		}
		q, err := ch.QueueDeclarePassive(u.p.Forbindelse.Koe, true, false, false, false, nil)
		if err == nil {
			_ = ch.Close() // nothing is under way on it
		}
		if q.Consumers > 0 || u.forbundet() {
			return nil
		}
		if !service.Wait(ctx, mellemForsoeg) {
			return ingenForbruger(u.p.Forbindelse.Koe)
		}
	}
}

func ingenForbruger(hvad string) error {
	return mox.E("snitfladetest", mox.KodeUtilgaengelig, "produktet tager ikke imod fra %s", hvad).
		Med("start produktet, lad det forbinde til amqp.lyt i profilen, og giv det tid med frist")
}

// forbundet reports whether the product has asked the queue for something, on the line.
func (u *udAMQP) forbundet() bool {
	if u.ledning == nil {
		return false
	}
	set, _ := u.ledning.Set(0)
	for _, h := range set {
		if h.Slags == mellemled.Forbruger && h.Koe == u.p.Forbindelse.Koe {
			return true
		}
	}
	return false
}

// ventForbindelse waits until the product has taken from a queue over the line; without a line there is nothing to see.
func (u *udAMQP) ventForbindelse(ctx context.Context) error {
	if u.ledning == nil {
		return nil
	}
	for {
		set, aendret := u.ledning.Set(0)
		for _, h := range set {
			if h.Slags == mellemled.Forbruger {
				return nil
			}
		}
		select {
		case <-aendret:
		case <-ctx.Done():
			return ingenForbruger(u.p.Forbindelse.Exchange)
		}
	}
}

func (u *udAMQP) send(ctx context.Context, p pakke, s *sendt) (svar, error) {
	if s.Send.Afbryd {
		if u.ledning == nil {
			return svar{}, errKanIkke
		}
		u.ledning.SkaerVed(s.korrelation)
	}
	if s.svarFra = u.antalSvar(); u.ledning != nil {
		s.fra = u.ledning.Antal()
	}
	m := amqp.Publishing{Headers: p.headers, ContentType: p.indholdstype, DeliveryMode: amqp.Persistent, CorrelationId: s.korrelation, Body: p.krop, Timestamp: time.Now()}
	if u.p.Svar == "standardretur" {
		m.ReplyTo = direkteSvar
	}
	exchange, noegle := u.p.Forbindelse.Exchange, u.p.Forbindelse.Noegle
	if u.p.Forbindelse.Koe != "" {
		exchange, noegle = "", u.p.Forbindelse.Koe
	}
	b, err := u.ch.PublishWithDeferredConfirmWithContext(ctx, exchange, noegle, false, false, m)
	if err != nil {
		return svar{}, mox.E("snitfladetest", mox.KodeUtilgaengelig, "RabbitMQ tog ikke beskeden: %s", aarsag(err)).Med("se efter mægleren")
	}
	if _, err := b.WaitContext(ctx); err != nil {
		return svar{}, err
	}
	if s.Send.UdenDom {
		return svar{dom: DomIntet}, nil
	}
	return u.vent(ctx, s), nil
}

// vent waits until the product has settled the besked and, where it is to, answered.
func (u *udAMQP) vent(ctx context.Context, s *sendt) svar {
	ctx, stop := context.WithTimeout(ctx, u.p.frist)
	defer stop()
	for {
		paaLinje, linje := u.afgjort(s)
		svaret, mere := u.svaret(s)
		ud := sammen(paaLinje, svaret)
		paaAlle := svaret.svarede && svaret.antal >= paaLinje.leveringer // each delivery has an answer of its own
		if (u.ledning == nil || paaLinje.dom != DomIntet) && (u.p.Svar != "standardretur" || paaAlle) {
			return ud
		}
		select {
		case <-linje:
		case <-mere:
		case <-ctx.Done():
			return ud
		}
	}
}

// afgjort is how the product has settled the delivery so far. One that it has put back, or lost with its connection, is not
// settled.
func (u *udAMQP) afgjort(s *sendt) (svar, <-chan struct{}) {
	ud := svar{dom: DomIntet}
	if u.ledning == nil {
		return ud, nil
	}
	set, aendret := u.ledning.Set(s.fra)
	for _, h := range set {
		if h.Korrelation != s.korrelation {
			continue
		}
		switch {
		case h.Slags == mellemled.Udleveret:
			ud.leveringer++
		case h.Dom == mellemled.Afvist:
			ud.dom, ud.kode = DomAfvist, "reject"
		case h.Dom == mellemled.Ack, h.Dom == mellemled.Auto:
			ud.dom, ud.kode, ud.auto = DomModtaget, "ack", h.Dom == mellemled.Auto
		}
	}
	return ud, aendret
}

// svaret is the last StandardRetur that has come, and how many. One without a correlation-id can only be about what was sent last.
func (u *udAMQP) svaret(s *sendt) (svar, <-chan struct{}) {
	u.mu.Lock()
	defer u.mu.Unlock()
	ud := svar{dom: DomIntet}
	for _, d := range u.svar[s.svarFra:] {
		if d.CorrelationId == s.korrelation || d.CorrelationId == "" {
			ud = svar{raa: string(d.Body), korrelation: d.CorrelationId, svarede: true, antal: ud.antal + 1}
			ud.kode, ud.tekst, _ = standardreturI(d.Body)
			ud.dom = domAfStatusKode(ud.kode)
		}
	}
	return ud, u.aendret
}

// sammen is the verdict of the two: what the product says weighs more than that it took the besked off its queue.
func sammen(linje, svaret svar) svar {
	ud := linje
	if svaret.svarede {
		ud.kode, ud.tekst, ud.raa, ud.korrelation, ud.svarede = svaret.kode, svaret.tekst, svaret.raa, svaret.korrelation, true
		if ud.dom != DomAfvist {
			ud.dom = svaret.dom
		}
	}
	return ud
}

// antalSvar is how many answers have come.
func (u *udAMQP) antalSvar() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.svar)
}

func (u *udAMQP) serUdenSvar() bool { return u.ledning != nil }

func (u *udAMQP) luk() {
	if u.ledning != nil {
		u.ledning.Luk()
	}
	if u.egenKoe {
		_, _ = u.ch.QueueDelete(u.p.Forbindelse.Koe, false, false, false) // it was only for the test
	}
	_ = u.conn.Close() // nothing is under way that anyone waits for
	<-u.slut
}

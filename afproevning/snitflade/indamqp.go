package snitflade

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/afproevning/snitflade/mellemled"
	"github.com/moxkit/mox/internal/service"
	"github.com/moxkit/mox/oio"
)

// mellemForsoeg is how long to wait before a thing is looked for again that nobody tells of.
const mellemForsoeg = 20 * time.Millisecond

// errKanIkke is what the tool cannot do as the profile is.
var errKanIkke = errors.New("profilen siger ikke, hvor produktet forbinder (amqp.lyt), så værktøjet står ikke imellem")

// indAMQP is a queue at a real broker, and, where the profile has one, the line to it.
type indAMQP struct {
	svarplan
	ctx     context.Context
	maegler string
	bakke   *indbakke
	vej     Vej
	frist   time.Duration
	conn    *amqp.Connection
	ch      *amqp.Channel
	egetEx  bool // the exchange was not there, and is taken away again
	koenavn string
	ledning *mellemled.Ledning
	slut    chan struct{} // closed when the queue gives no more
}

// forbind is a connection of the tool's own to the broker.
func forbind(adresse string) (*amqp.Connection, error) {
	conn, err := amqp.Dial(adresse)
	if err != nil {
		return nil, mox.E("snitfladetest", mox.KodeUtilgaengelig, "RabbitMQ kan ikke nås: %s", aarsag(err)).Med("se efter amqp.maegler i profilen, og om den kører")
	}
	return conn, nil
}

// aarsag is an error without the address it was about: that may hold a password.
func aarsag(err error) string {
	var n *net.OpError
	if errors.As(err, &n) && n.Err != nil {
		return n.Err.Error()
	}
	var a *amqp.Error
	if errors.As(err, &a) {
		return a.Reason
	}
	return "adressen kan ikke bruges"
}

// laegLedning opens the line between the product and the broker; nil where the profile has none.
func laegLedning(ctx context.Context, f *Forbindelse, lytter net.Listener, svar func(string, []byte) mellemled.Svar) (*mellemled.Ledning, error) {
	if lytter == nil && f.Lyt == "" {
		return nil, nil
	}
	u, err := amqp.ParseURI(f.Maegler)
	if err != nil {
		return nil, ugyldig("amqp.maegler er ikke amqp://… eller amqps://…").Med("ret profilen")
	}
	if lytter == nil {
		if lytter, err = lyt(ctx, "amqp.lyt", f.Lyt); err != nil {
			return nil, err
		}
	}
	adresse := net.JoinHostPort(u.Host, fmt.Sprint(u.Port))
	return mellemled.Ny(mellemled.Options{Lytter: lytter, Svar: svar, Maegler: func(ctx context.Context) (net.Conn, error) {
		if u.Scheme == "amqps" {
			d := tls.Dialer{Config: &tls.Config{ServerName: u.Host}}
			return d.DialContext(ctx, "tcp", adresse)
		}
		var d net.Dialer
		return d.DialContext(ctx, "tcp", adresse)
	}}), nil
}

func lyt(ctx context.Context, navn, adresse string) (net.Listener, error) {
	var c net.ListenConfig
	l, err := c.Listen(ctx, "tcp", adresse)
	if err != nil {
		return nil, mox.E("snitfladetest", mox.KodeUtilgaengelig, "%s: der kan ikke lyttes på %s: %s", navn, adresse, aarsag(err)).Med("giv en ledig adresse")
	}
	return l, nil
}

// nyIndAMQP opens a way in for what an AMQP product publishes.
func nyIndAMQP(ctx context.Context, p *Profil, bakke *indbakke, vej Vej, lytter net.Listener, medLedning bool) (_ *indAMQP, err error) {
	i := &indAMQP{ctx: ctx, maegler: p.Forbindelse.Maegler, bakke: bakke, vej: vej, frist: p.frist, slut: make(chan struct{})}
	if i.conn, err = forbind(p.Forbindelse.Maegler); err != nil {
		close(i.slut)
		return nil, err
	}
	if medLedning {
		i.ledning, err = laegLedning(ctx, &p.Forbindelse, lytter, i.linjesvar)
	}
	switch {
	case err != nil:
	case vej.Koe != "": // the product may be the one that makes it, when it has connected
		err = i.ventPaaKoe()
	default:
		err = i.aabn()
	}
	if err != nil {
		close(i.slut)
		i.luk()
		return nil, err
	}
	return i, nil
}

// ventForbundet waits until the product has connected, so that its first besked is not late because of that. One that connects
// when it has something to send is not waited for longer than it has for anything else.
func (i *indAMQP) ventForbundet(ctx context.Context) {
	if i.ledning == nil {
		return
	}
	ctx, stop := context.WithTimeout(ctx, i.frist)
	defer stop()
	for {
		set, aendret := i.ledning.Set(0)
		if slices.ContainsFunc(set, func(h mellemled.Haendelse) bool { return h.Slags == mellemled.Forbundet }) {
			return
		}
		select {
		case <-aendret:
		case <-ctx.Done():
			return
		}
	}
}

// linjesvar chooses what the line answers a publish.
func (i *indAMQP) linjesvar(exchange string, besked []byte) mellemled.Svar {
	if exchange == "" || i.vej.Exchange != "" && exchange != i.vej.Exchange {
		return mellemled.Bekraeft
	}
	switch i.publiceret(i.bakke.naevnerGammel(besked)) {
	case Midlertidig:
		return mellemled.Naegt
	case Intet:
		return mellemled.Tavs
	}
	return mellemled.Bekraeft
}

// aabn declares what is missing and begins to take from the queue.
func (i *indAMQP) aabn() error {
	if err := i.exchange(); err != nil {
		return err
	}
	var err error
	if i.ch, err = i.conn.Channel(); err != nil {
		return err
	}
	i.koenavn = i.vej.Koe
	if i.koenavn == "" {
		q, err := i.ch.QueueDeclare("", false, true, true, false, nil)
		if err != nil {
			return err
		}
		i.koenavn = q.Name
		if err := i.ch.QueueBind(i.koenavn, i.vej.Noegle, i.vej.Exchange, false, nil); err != nil {
			return err
		}
	}
	strom, err := i.ch.Consume(i.koenavn, "", true, false, false, false, nil)
	if err != nil {
		return mox.E("snitfladetest", mox.KodeUtilgaengelig, "køen %s kan ikke læses: %s", i.koenavn, aarsag(err)).Med("opret køen, eller skriv exchange i profilen")
	}
	slut := i.slut
	go func() {
		defer close(slut)
		for d := range strom {
			i.tag(d)
		}
	}()
	return nil
}

// exchange sees to that the exchange is there. One that is not is made as MOX makes it.
func (i *indAMQP) exchange() error {
	if i.vej.Exchange == "" {
		return nil
	}
	ch, err := i.conn.Channel()
	if err != nil {
		return err
	}
	if err := ch.ExchangeDeclarePassive(i.vej.Exchange, amqp.ExchangeFanout, true, false, false, false, nil); err == nil {
		return ch.Close()
	}
	if ch, err = i.conn.Channel(); err != nil { // the broker closes the channel where there is none
		return err
	}
	i.egetEx = true
	return errors.Join(ch.ExchangeDeclare(i.vej.Exchange, amqp.ExchangeFanout, true, false, false, false, nil), ch.Close())
}

// tag takes one besked, and answers where the product asks for it.
func (i *indAMQP) tag(d amqp.Delivery) {
	m := fraAMQP(d)
	m.Svar = i.vaelgUdleveret(m)
	if d.ReplyTo != "" && (m.Svar == Tag || m.Svar == Afvis) {
		p := standardretur(d, m.Svar)
		if err := i.ch.Publish("", d.ReplyTo, false, false, p); err != nil {
			return // the connection is going down
		}
	}
	i.bakke.laeg(m)
}

// vaelgUdleveret is the answer the line has chosen, or, without one, the next of the plan.
func (i *indAMQP) vaelgUdleveret(m *Modtaget) Svar {
	if i.ledning == nil {
		return i.vaelg(m, i.bakke.erGammel(m))
	}
	return i.udleveret()
}

// standardretur is the answer to a besked, in the form it came in. spec: mox 6.8
func standardretur(d amqp.Delivery, s Svar) amqp.Publishing {
	r := struct {
		XMLName         xml.Name `xml:"urn:oio:sagdok:3.0.0 StandardRetur" json:"-"`
		StatusKode      int
		FejlbeskedTekst string `xml:",omitempty" json:",omitempty"`
	}{StatusKode: oio.StatusModtaget}
	if s == Afvis {
		r.StatusKode, r.FejlbeskedTekst = oio.StatusIkkeUnderstoet, "snitfladetest: afvist med vilje"
	}
	p := amqp.Publishing{ContentType: oio.TypeJSON, CorrelationId: d.CorrelationId, Type: "StandardRetur"}
	if strings.Contains(d.ContentType, "xml") {
		p.ContentType = oio.TypeXML
		p.Body, _ = xml.Marshal(r) // a number and a text
		return p
	}
	p.Body, _ = json.Marshal(r)
	return p
}

func (i *indAMQP) plan() *svarplan { return &i.svarplan }

func (i *indAMQP) kan(s Svar) bool {
	switch s {
	case Tag, Afvis:
		return true
	case Midlertidig, Intet:
		return i.ledning != nil
	}
	return false
}

func (i *indAMQP) nede(ja bool) error {
	if i.ledning == nil {
		return errKanIkke
	}
	i.ledning.Nede(ja)
	return nil
}

// koe takes the queue away, or lets it come back: what is published meanwhile goes to no queue. A queue that is not the tool's
// own is deleted; the product is to make it anew.
func (i *indAMQP) koe(vaek bool) error {
	switch {
	case i.ledning == nil: // it would not be seen whether the product tried meanwhile
		return errKanIkke
	case i.vej.Koe == "" && vaek:
		return i.ch.QueueUnbind(i.koenavn, i.vej.Noegle, i.vej.Exchange, nil)
	case i.vej.Koe == "":
		return i.ch.QueueBind(i.koenavn, i.vej.Noegle, i.vej.Exchange, false, nil)
	case vaek:
		if _, err := i.ch.QueueDelete(i.koenavn, false, false, false); err != nil {
			return err
		}
		<-i.slut // the broker ends the consumer
		return nil
	}
	_ = i.ch.Close() // nothing is under way on it
	i.slut = make(chan struct{})
	return i.ventPaaKoe()
}

// ventPaaKoe takes from the queue as soon as it is there. The broker itself closes a channel on which one is asked for that is not.
func (i *indAMQP) ventPaaKoe() error {
	ctx, stop := context.WithTimeout(i.ctx, i.frist)
	defer stop()
	for {
		err := i.aabn()
		if err == nil || !service.Wait(ctx, mellemForsoeg) {
			return err
		}
		if !i.conn.IsClosed() {
			continue
		}
		conn, err := forbind(i.maegler) // the broker has closed it, as it may when the queue is just being made
		if err != nil {
			return err
		}
		i.conn = conn
	}
}

func (i *indAMQP) haendelser(fra int) []mellemled.Haendelse {
	if i.ledning == nil {
		return nil
	}
	h, _ := i.ledning.Set(fra)
	return h
}

// forgaeves counts what was published, and connections that were refused: while the queue or the broker is away, all of it is
// in vain.
func (i *indAMQP) forgaeves() (int, <-chan struct{}) {
	if i.ledning == nil {
		return 0, nil
	}
	set, aendret := i.ledning.Set(0)
	n := 0
	for _, h := range set {
		if h.Slags == mellemled.Publiceret && h.Exchange != "" || h.Slags == mellemled.Forgaeves {
			n++
		}
	}
	return n, aendret
}

func (i *indAMQP) luk() {
	if i.ledning != nil {
		i.ledning.Luk()
	}
	if i.egetEx && i.ch != nil {
		_ = i.ch.ExchangeDelete(i.vej.Exchange, false, false) // it was only for the test
	}
	_ = i.conn.Close() // nothing is under way that anyone waits for
	<-i.slut
}

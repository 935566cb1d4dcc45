package mellemled_test

import (
	"context"
	"net"
	"net/url"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/moxkit/mox/afproevning/snitflade/mellemled"
	"github.com/moxkit/mox/internal/testenv"
)

// taalmod is how long a test waits for what must come.
const taalmod = 30 * time.Second

// opstilling is a line to a vhost of its own at a real broker, and a product's connection over it.
type opstilling struct {
	*testing.T
	l       *mellemled.Ledning
	adresse string
	svar    chan mellemled.Svar // of the next publishes; Bekraeft when there is none
}

func ny(t *testing.T) *opstilling {
	t.Helper()
	broker := testenv.RabbitMQ(t)
	u, err := url.Parse(broker.URL)
	if err != nil {
		t.Fatal("the broker's address is no URL")
	}
	lytter, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := &opstilling{T: t, svar: make(chan mellemled.Svar, 10)}
	maegler := u.Host
	o.l = mellemled.Ny(mellemled.Options{
		Lytter: lytter,
		Maegler: func(ctx context.Context) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "tcp", maegler)
		},
		Svar: func(string, []byte) mellemled.Svar {
			select {
			case s := <-o.svar:
				return s
			default:
				return mellemled.Bekraeft
			}
		},
	})
	t.Cleanup(o.l.Luk)
	u.Host = o.l.Adresse()
	o.adresse = u.String()
	return o
}

func (o *opstilling) kanal() (*amqp.Connection, *amqp.Channel) {
	o.Helper()
	c, err := amqp.Dial(o.adresse)
	if err != nil {
		o.Fatal(err)
	}
	o.Cleanup(func() { _ = c.Close() }) // it may have been cut
	ch, err := c.Channel()
	if err != nil {
		o.Fatal(err)
	}
	return c, ch
}

func (o *opstilling) koe(ch *amqp.Channel) string {
	o.Helper()
	q, err := ch.QueueDeclare("prøve", false, false, false, false, nil)
	if err != nil {
		o.Fatal(err)
	}
	return q.Name
}

// naeste waits for the next event of the kind from fra on, and gives the place after it.
func (o *opstilling) naeste(fra int, slags mellemled.Slags) (mellemled.Haendelse, int) {
	o.Helper()
	ctx, stop := context.WithTimeout(o.Context(), taalmod)
	defer stop()
	for {
		set, aendret := o.l.Set(fra)
		for i, h := range set {
			if h.Slags == slags {
				return h, fra + i + 1
			}
		}
		fra += len(set)
		select {
		case <-aendret:
		case <-ctx.Done():
			o.Fatal("it never happened")
		}
	}
}

// What the broker confirms, a publisher hears as the line was told to say it.
func TestBekraeftelser(t *testing.T) {
	o := ny(t)
	c, ch := o.kanal()
	koe := o.koe(ch)
	if err := ch.Confirm(false); err != nil {
		t.Fatal(err)
	}
	o.svar <- mellemled.Naegt
	for _, vil := range []bool{false, true, true} {
		d, err := ch.PublishWithDeferredConfirm("", koe, true, false, amqp.Publishing{Body: []byte("x")})
		if err != nil {
			t.Fatal(err)
		}
		if har := d.Wait(); har != vil {
			t.Errorf("confirmed: %v, want %v", har, vil)
		}
	}
	if h, _ := o.naeste(0, mellemled.Publiceret); !h.Bekraeftes || !h.Mandatory || h.Exchange != "" {
		t.Errorf("%+v", h)
	}
	lukket := c.NotifyClose(make(chan *amqp.Error, 1))
	o.svar <- mellemled.Tavs
	if _, err := ch.PublishWithDeferredConfirm("", koe, false, false, amqp.Publishing{}); err != nil {
		t.Fatal(err)
	}
	if <-lukket == nil {
		t.Error("the connection was not cut")
	}
	o.l.Nede(true)
	if c, err := amqp.Dial(o.adresse); err == nil {
		_ = c.Close()
		t.Error("a broker that is away let a product in")
	}
	o.l.Nede(false)
	o.kanal()
}

// Every way of settling a delivery is seen, and which message it was.
func TestAfgoerelser(t *testing.T) {
	for navn, c := range map[string]struct {
		dom    mellemled.Dom
		auto   bool
		afgoer func(amqp.Delivery) error
	}{
		"ack":            {mellemled.Ack, false, func(d amqp.Delivery) error { return d.Ack(false) }},
		"flere":          {mellemled.Ack, false, func(d amqp.Delivery) error { return d.Ack(true) }},
		"reject":         {mellemled.Afvist, false, func(d amqp.Delivery) error { return d.Reject(false) }},
		"nack":           {mellemled.Afvist, false, func(d amqp.Delivery) error { return d.Nack(false, false) }},
		"tilbage":        {mellemled.Tilbage, false, func(d amqp.Delivery) error { return d.Nack(false, true) }},
		"reject tilbage": {mellemled.Tilbage, false, func(d amqp.Delivery) error { return d.Reject(true) }},
		"auto":           {mellemled.Auto, true, func(amqp.Delivery) error { return nil }},
	} {
		t.Run(navn, func(t *testing.T) {
			o := ny(t)
			_, ch := o.kanal()
			koe := o.koe(ch)
			strom, err := ch.Consume(koe, "", c.auto, false, false, false, nil)
			if err != nil {
				t.Fatal(err)
			}
			p := amqp.Publishing{CorrelationId: "nr-7", ContentType: "text/plain", ContentEncoding: "x", Headers: amqp.Table{"a": "b"}, DeliveryMode: 2, Priority: 3}
			if err := ch.Publish("", koe, false, false, p); err != nil {
				t.Fatal(err)
			}
			if err := c.afgoer(<-strom); err != nil {
				t.Fatal(err)
			}
			if h, _ := o.naeste(0, mellemled.Forbruger); h.Koe != koe || h.AutoAck != c.auto {
				t.Errorf("%+v", h)
			}
			if h, _ := o.naeste(0, mellemled.Udleveret); h.Korrelation != "nr-7" {
				t.Errorf("%+v", h)
			}
			if h, _ := o.naeste(0, mellemled.Afgjort); h.Korrelation != "nr-7" || h.Dom != c.dom {
				t.Errorf("%+v", h)
			}
		})
	}
}

// basic.get is a way to receive too.
func TestHentet(t *testing.T) {
	o := ny(t)
	_, ch := o.kanal()
	koe := o.koe(ch)
	if err := ch.Confirm(false); err != nil {
		t.Fatal(err)
	}
	d, err := ch.PublishWithDeferredConfirm("", koe, false, false, amqp.Publishing{CorrelationId: "nr-8"})
	if err != nil || !d.Wait() {
		t.Fatal(err)
	}
	m, ok, err := ch.Get(koe, false)
	if err != nil || !ok || m.Ack(false) != nil {
		t.Fatal(ok, err)
	}
	if h, _ := o.naeste(0, mellemled.Afgjort); h.Korrelation != "nr-8" || h.Dom != mellemled.Ack {
		t.Errorf("%+v", h)
	}
}

// A consumer that lets the broker name it is known by that name: librabbitmq's does.
func TestForbrugerUdenNavn(t *testing.T) {
	vaerktoej := testenv.AMQPTools(t)
	o := ny(t)
	_, ch := o.kanal()
	koe := o.koe(ch)
	if err := ch.Publish("", koe, false, false, amqp.Publishing{CorrelationId: "nr-5", Body: []byte("x")}); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"--no-ack"}, nil} {
		fra := o.l.Antal()
		c := exec.CommandContext(t.Context(), filepath.Join(vaerktoej, "amqp-consume"), append(args, "--url="+o.adresse, "--queue="+koe, "--count=1", "cat")...)
		if ud, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, ud)
		}
		vil := map[bool]mellemled.Dom{true: mellemled.Auto, false: mellemled.Ack}[len(args) > 0]
		if h, _ := o.naeste(fra, mellemled.Afgjort); h.Korrelation != "nr-5" || h.Dom != vil {
			t.Errorf("%v: %+v", args, h)
		}
		if err := ch.Publish("", koe, false, false, amqp.Publishing{CorrelationId: "nr-5", Body: []byte("x")}); err != nil {
			t.Fatal(err)
		}
	}
}

// A settling that is cut off never reaches the broker: the message comes again.
func TestSkaaretAf(t *testing.T) {
	o := ny(t)
	o.l.SkaerVed("nr-9")
	c, ch := o.kanal()
	koe := o.koe(ch)
	strom, err := ch.Consume(koe, "", false, false, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	lukket := c.NotifyClose(make(chan *amqp.Error, 1))
	if err := ch.Publish("", koe, false, false, amqp.Publishing{CorrelationId: "nr-9"}); err != nil {
		t.Fatal(err)
	}
	if err := (<-strom).Ack(false); err != nil {
		t.Fatal(err)
	}
	<-lukket
	_, ch = o.kanal()
	strom, err = ch.Consume(koe, "", false, false, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	d := <-strom
	if !d.Redelivered || d.Ack(false) != nil {
		t.Error("it is not delivered again")
	}
	if h, _ := o.naeste(0, mellemled.Afgjort); h.Dom != mellemled.Ack {
		t.Errorf("%+v", h)
	}
}

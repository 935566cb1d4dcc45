// Package amqp carries beskeder to and from a RabbitMQ broker (3.10 and newer). The broker is the wire, not the memory: a
// besked that comes in is acknowledged when the distributor has it on disk, and one that goes out is the distributor's
// until the broker has confirmed that it lies in the receiver's queue.
//
// In, every system writes to an exchange of its own, mox.ind.<system>; the broker's permissions see to that nobody writes to
// another's. They are all bound to mox.ind and its one queue. Out, every abonnement has a queue, mox.ud.<abonnement>. What a
// receiver rejects, or cannot handle in [maksUdleveringer] deliveries, comes back through mox.doede and is shown to a person.
package amqp

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/url"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/oio"
)

// Lokal is the sender of what is written to mox.ind itself, where nobody has been given rights.
const Lokal = "lokal"

// Options are what the carrier is told. URL is required.
type Options struct {
	URL         string            // amqp://user:password@host:port/vhost, or amqps
	TLS         *tls.Config       // for amqps; with a client certificate and no user in URL, the broker is asked for SASL EXTERNAL
	Systemer    []string          // systems with an exchange of their own
	Brugere     map[string]string // broker users that may write to mox.ind, each as its system
	Lokal       bool              // anyone who reaches the broker may write to mox.ind, as [Lokal]; only for a broker on this machine
	MaksLaengde int               // beskeder in one receiver's queue before the broker refuses more; 0 = [StandardLaengde]
	Koder       oio.Koder         // the agreement's codes, for envelopes
	Log         *slog.Logger
}

// StandardLaengde is how many beskeder wait in one receiver's queue; beyond that they wait in MOX.
const StandardLaengde = 100_000

// AMQP is the carrier. Run it once.
type AMQP struct {
	forbindelse
	o Options
	d *distributor.Distributor
}

// New makes the carrier; nothing is connected until Run. The error is an [*mox.Error] with [mox.KodeUgyldig].
func New(d *distributor.Distributor, o Options) (*AMQP, error) {
	u, err := adresse("amqp", o.URL)
	if err != nil {
		return nil, err
	}
	if o.Lokal && !loopback(u.Hostname()) {
		return nil, mox.E("amqp", mox.KodeIkkeTilladt, "enhver må ikke sende gennem en beskedmægler på en anden maskine").Med("skriv systemerne under amqp.systemer i mox.yaml")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.MaksLaengde == 0 {
		o.MaksLaengde = StandardLaengde
	}
	return &AMQP{forbindelse: nyForbindelse("amqp", o.Log), o: o, d: d}, nil
}

// adresse is a broker's address, which may be unencrypted on this machine only. hvor names its section of mox.yaml.
func adresse(hvor, s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "amqp" && u.Scheme != "amqps" || u.Hostname() == "" {
		return nil, mox.E(hvor, mox.KodeUgyldig, "adressen på beskedmægleren er ikke amqp://… eller amqps://…").Med("ret " + hvor + ".url i mox.yaml")
	}
	if u.Scheme == "amqp" && !loopback(u.Hostname()) {
		return nil, mox.E(hvor, mox.KodeIkkeTilladt, "%s er ikke på denne maskine, og amqp:// er ukrypteret", u.Hostname()).Med("brug amqps://")
	}
	return u, nil
}

func loopback(vaert string) bool {
	ip := net.ParseIP(vaert)
	return vaert == "localhost" || ip != nil && ip.IsLoopback()
}

// Loopback reports whether the broker at an AMQP address is on this machine.
func Loopback(adresse string) bool {
	u, err := url.Parse(adresse)
	return err == nil && loopback(u.Hostname())
}

// Vhost is the vhost that an AMQP address names.
func Vhost(adresse string) string {
	if u, err := amqp.ParseURI(adresse); err == nil {
		return u.Vhost
	}
	return "/"
}

// Run connects, declares what is needed, and carries until ctx ends. A connection that is lost is made anew, and everything
// is declared again: what MOX has is safe meanwhile, and what the broker has too.
func (a *AMQP) Run(ctx context.Context) error { return a.hold(ctx, a.forbundet) }

// forbundet carries on one connection until it is lost or ctx ends; then everything that went on over it has ended.
func (a *AMQP) forbundet(ctx context.Context) error {
	conn, err := forbind(a.o.URL, a.o.TLS, nil)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // what matters has been confirmed or acknowledged
	if err := a.topologi(conn); err != nil {
		return err
	}
	return a.baer(ctx, conn, map[string]del{"ind": a.ind, "ud": a.ud, "døde breve": a.doede})
}

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
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/service"
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

// Limits on the wire.
const (
	forbindFrist  = 10 * time.Second // connection and handshake
	hjerteslag    = 10 * time.Second // a broker that is silent for twice as long is gone
	bekraeftFrist = 30 * time.Second // a confirm that takes longer is an unknown outcome
	stabil        = time.Minute      // a connection that lasted so long was a good one
)

// AMQP is the carrier. Run it once.
type AMQP struct {
	o     Options
	d     *distributor.Distributor
	log   *slog.Logger
	mu    sync.Mutex
	stand Stand
}

// Stand is how the connection to the broker stands.
type Stand struct {
	Forbundet bool
	Siden     time.Time // of that
	Fejl      string    // why it is not connected
}

// New makes the carrier; nothing is connected until Run. The error is an [*mox.Error] with [mox.KodeUgyldig].
func New(d *distributor.Distributor, o Options) (*AMQP, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Scheme != "amqp" && u.Scheme != "amqps" || u.Hostname() == "" {
		return nil, mox.E("amqp", mox.KodeUgyldig, "adressen på beskedmægleren er ikke amqp://… eller amqps://…").Med("ret amqp.url i mox.yaml eller --amqp")
	}
	if u.Scheme == "amqp" && !loopback(u.Hostname()) {
		return nil, mox.E("amqp", mox.KodeIkkeTilladt, "%s er ikke på denne maskine, og amqp:// er ukrypteret", u.Hostname()).Med("brug amqps://")
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
	return &AMQP{o: o, d: d, log: o.Log.With("del", "amqp"), stand: Stand{Siden: time.Now(), Fejl: "ikke forbundet endnu"}}, nil
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

// Stand tells how the connection stands now.
func (a *AMQP) Stand() Stand {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.stand
}

func (a *AMQP) saetStand(forbundet bool, fejl string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stand.Forbundet != forbundet { // a further try that fails is the same trouble
		a.stand.Siden = time.Now()
	}
	a.stand.Forbundet, a.stand.Fejl = forbundet, fejl
}

// Run connects, declares what is needed, and carries until ctx ends. A connection that is lost is made anew, and everything
// is declared again: what MOX has is safe meanwhile, and what the broker has too.
func (a *AMQP) Run(ctx context.Context) error {
	for fejl := 1; ; fejl++ {
		begyndt := time.Now()
		err := a.forbundet(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if time.Since(begyndt) > stabil {
			fejl = 1
		}
		a.saetStand(false, mox.Maskeret(err.Error()))
		a.log.Warn("forbindelsen til beskedmægleren er væk", "fejl", mox.Maskeret(err.Error()), "vent", service.Backoff(fejl))
		if !service.Wait(ctx, service.Backoff(fejl)) {
			return nil
		}
	}
}

// forbind opens a connection.
func (a *AMQP) forbind() (*amqp.Connection, error) {
	c := amqp.Config{Heartbeat: hjerteslag, Locale: "en_US", TLSClientConfig: a.o.TLS, Properties: amqp.NewConnectionProperties()}
	c.Properties.SetClientConnectionName("mox")
	c.Dial = amqp.DefaultDial(forbindFrist)
	if u, err := url.Parse(a.o.URL); err == nil && u.User == nil && a.o.TLS != nil && (len(a.o.TLS.Certificates) > 0 || a.o.TLS.GetClientCertificate != nil) {
		c.SASL = []amqp.Authentication{&amqp.ExternalAuth{}}
	}
	return amqp.DialConfig(a.o.URL, c)
}

// errAfbrudt is why everything on one connection ends.
var errAfbrudt = errors.New("forbindelsen blev afbrudt")

// forbundet carries on one connection until it is lost or ctx ends; then everything that went on over it has ended.
func (a *AMQP) forbundet(ctx context.Context) error {
	conn, err := a.forbind()
	if err != nil {
		return fmt.Errorf("kan ikke forbinde: %w", err)
	}
	defer func() { _ = conn.Close() }() // what matters has been confirmed or acknowledged
	if err := a.topologi(conn); err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	lukket := conn.NotifyClose(make(chan *amqp.Error, 1))
	var dele sync.WaitGroup
	for navn, del := range map[string]func(context.Context, *amqp.Connection) error{"ind": a.ind, "ud": a.ud, "døde breve": a.doede} {
		dele.Go(func() {
			if err := del(ctx, conn); err != nil && ctx.Err() == nil {
				stop(fmt.Errorf("%s: %w", navn, err))
			}
		})
	}
	a.saetStand(true, "")
	a.log.Info("forbundet til beskedmægleren")
	select {
	case <-ctx.Done():
	case e := <-lukket:
		if e != nil {
			stop(e)
		} else {
			stop(errAfbrudt)
		}
	}
	dele.Wait()
	return context.Cause(ctx)
}

// Package push brings leverancer to receivers over HTTP: it claims them as any carrier does, calls the address of the
// abonnement, and reports what the receiver answered.
//
// A call is signed (Standard Webhooks), carries the delivery headers abonnementID and leveranceforsoeg, and has the same
// webhook-id at every attempt: delivery is at least once, and the receiver knows a repeat by that. spec: mox 32, 35
package push

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/oio"
)

// Server is what push needs of MOX. All of them may be repeated harmlessly.
type Server interface {
	Hent(ctx context.Context, abonnement mox.AbonnementID, ejer string, n int, leje, vent time.Duration) ([]distributor.Arbejde, error)
	Forny(ctx context.Context, ejer string, leverancer []int64, leje time.Duration) (int, error)
	Done(ctx context.Context, f distributor.Afslutning) (distributor.Afsluttet, error)
}

// Options are what a Push is told. Abonnementer must be given; the zero value of the others is well.
type Options struct {
	Abonnementer func() []mox.Abonnement // the configured ones now; those of other carriers are passed over
	Aendret      func() <-chan struct{}  // closed when they change next; nil = they never do
	Ejer         string                  // names this process's leases; "/push/" and the abonnement's id are appended
	Koder        oio.Koder               // the agreement's codes, for envelopes
	Fordeler     string                  // UUID of this MOX, in the hop it adds to an envelope
	Log          *slog.Logger

	Samtidige  int           // leverancer of one abonnement in flight at once, of different objekter unless the abonnement has no order; 0 = 4
	Leje       time.Duration // how long a worker may be silent about a leverance before it is taken for dead; 0 = a minute
	Timeout    time.Duration // of one call, its answer included; 0 = 30 s
	Naade      time.Duration // how long a call may still take when Run is to end; 0 = 5 s
	Graense    int           // failures in a row that open the breaker; 0 = 5
	VentFoerst time.Duration // from the breaker's opening to the first trial, doubled at each that fails; 0 = 1 s
	VentHoejst time.Duration // 0 = 5 minutes

	Hemmeligheder func(mox.Abonnement) [][]byte // to sign with, the newest first, see webhook.LaesHemmelighed; none = calls are not signed
	Oprindelse    string                        // what receivers know this MOX by, a DNS name; "" = "mox"
	Certifikater  []tls.Certificate             // our own, for receivers that ask for one
	CA            *x509.CertPool                // whose certificates are trusted; nil = the system's
	TilladteNet   []netip.Prefix                // that may be called although they are not on the internet, and the only ones without TLS

	nu  func() time.Time
	kod func(a *mox.Abonnement, w distributor.Arbejde) (Kald, error) // tests have forms of their own
}

func (o Options) medStandard() Options {
	o.Samtidige = cmp.Or(o.Samtidige, 4)
	o.Leje = cmp.Or(o.Leje, time.Minute)
	o.Timeout = cmp.Or(o.Timeout, 30*time.Second)
	o.Naade = cmp.Or(o.Naade, 5*time.Second)
	o.Graense = cmp.Or(o.Graense, 5)
	o.VentFoerst = cmp.Or(o.VentFoerst, time.Second)
	o.VentHoejst = cmp.Or(o.VentHoejst, 5*time.Minute)
	o.Oprindelse = cmp.Or(o.Oprindelse, "mox")
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Aendret == nil {
		o.Aendret = func() <-chan struct{} { return nil }
	}
	if o.Hemmeligheder == nil {
		o.Hemmeligheder = func(mox.Abonnement) [][]byte { return nil }
	}
	if o.nu == nil {
		o.nu = time.Now
	}
	if o.kod == nil {
		o.kod = o.form // of the options as they now are
	}
	return o
}

// Push delivers to all push abonnementer. It is safe for concurrent use.
type Push struct {
	server Server
	o      Options // with defaults
	klient *klient

	mu        sync.Mutex
	arbejdere map[mox.AbonnementID]*arbejder
}

// New makes a Push. It makes no call.
func New(s Server, o Options) *Push {
	o = o.medStandard()
	return &Push{server: s, o: o, klient: nyKlient(o), arbejdere: map[mox.AbonnementID]*arbejder{}}
}

// Run delivers until ctx ends and what is in flight has ended, which takes Naade and a little more at the longest. One
// worker runs for each abonnement; they come and go with the configuration.
func (p *Push) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer p.klient.luk()
	defer wg.Wait()
	for ctx.Err() == nil {
		aendret := p.o.Aendret() // before looking, so that no change falls between
		p.tilpas(ctx, &wg)
		select {
		case <-ctx.Done():
		case <-aendret:
		}
	}
	return nil
}

// tilpas starts and stops workers so that there is one for each push abonnement.
func (p *Push) tilpas(ctx context.Context, wg *sync.WaitGroup) {
	p.mu.Lock()
	defer p.mu.Unlock()
	vil := map[mox.AbonnementID]bool{}
	for _, a := range p.o.Abonnementer() {
		if a.Carrier != mox.CarrierPush || a.Push == nil {
			continue
		}
		vil[a.ID] = true
		if w := p.arbejdere[a.ID]; w != nil {
			w.saet(a)
			continue
		}
		w := nyArbejder(p, a)
		var sin context.Context
		sin, w.stop = context.WithCancel(ctx)
		p.arbejdere[a.ID] = w
		wg.Go(func() { w.run(sin) })
	}
	for id, w := range p.arbejdere {
		if !vil[id] {
			w.stop()
			delete(p.arbejdere, id)
		}
	}
}

// Stand is how it goes with each abonnement's receiver.
func (p *Push) Stand() map[mox.AbonnementID]Stand {
	p.mu.Lock()
	defer p.mu.Unlock()
	ud := make(map[mox.AbonnementID]Stand, len(p.arbejdere))
	for id, w := range p.arbejdere {
		ud[id] = w.sikring.laes()
	}
	return ud
}

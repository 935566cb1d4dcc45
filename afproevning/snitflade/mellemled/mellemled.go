// Package mellemled is a line between a product and its RabbitMQ that reads the AMQP 0-9-1 frames on the way. It sees what a
// broker tells nobody else: whether a message that was delivered has been acknowledged, rejected or put back, and whether the
// publisher asked for confirms. And it can answer for the broker: refuse a publish, keep a confirm back, cut the connection,
// be away.
//
// Frames it need not understand pass untouched. It has no TLS towards the product: it is for test environments.
package mellemled

import (
	"context"
	"net"
	"sync"
)

// Svar is what a publisher hears about one publish.
type Svar int

// The answers.
const (
	Bekraeft Svar = iota // what the broker says
	Naegt                // a nack, whatever the broker says; nothing where the publisher asks for no confirms
	Tavs                 // nothing, and the connection is cut
)

// Slags is the kind of a Haendelse.
type Slags int

// The kinds.
const (
	Forbundet  Slags = iota + 1 // a connection through the line
	Publiceret                  // the product published
	Forbruger                   // the product asked for deliveries of a queue
	Udleveret                   // the product was delivered a message
	Afgjort                     // the product settled one
	Forgaeves                   // a connection was refused: the broker is away
)

// Dom is how a delivery was settled.
type Dom string

// The ways. A delivery to a consumer that asked not to acknowledge is settled as it is sent.
const (
	Ack     Dom = "ack"
	Afvist  Dom = "reject"
	Tilbage Dom = "requeue"
	Auto    Dom = "auto-ack"
)

// Haendelse is one thing that happened on the line.
type Haendelse struct {
	Slags       Slags
	Exchange    string // Publiceret
	Mandatory   bool   // Publiceret
	Bekraeftes  bool   // Publiceret: the channel is in confirm mode
	Koe         string // Forbruger
	AutoAck     bool   // Forbruger
	Korrelation string // Udleveret, Afgjort: correlation-id of the message
	Dom         Dom    // Afgjort
}

// Options are how the line is laid. Lytter and Maegler must be given.
type Options struct {
	Lytter  net.Listener                                // where the product connects; the line closes it
	Maegler func(ctx context.Context) (net.Conn, error) // connects to the broker
	Svar    func(exchange string, besked []byte) Svar   // asked once for each publish, with its properties and the beginning of its body as they stand on the wire; nil = always Bekraeft
}

// Ledning is the line. It is safe for concurrent use.
type Ledning struct {
	o    Options
	ctx  context.Context // ends with the line
	stop context.CancelFunc
	wg   sync.WaitGroup

	mu      sync.Mutex
	nede    bool
	aabne   map[*forbindelse]bool
	set     []Haendelse
	aendret chan struct{}
	skaer   map[string]bool // correlation-ids whose settling cuts the connection
}

// Ny lays the line. It is up until Luk.
func Ny(o Options) *Ledning {
	if o.Svar == nil {
		o.Svar = func(string, []byte) Svar { return Bekraeft }
	}
	l := &Ledning{o: o, aabne: map[*forbindelse]bool{}, aendret: make(chan struct{}), skaer: map[string]bool{}}
	l.ctx, l.stop = context.WithCancel(context.Background())
	l.wg.Go(l.modtag)
	return l
}

// Luk takes the line down and waits until nothing moves on it.
func (l *Ledning) Luk() {
	l.stop()
	_ = l.o.Lytter.Close() // it may be closed already
	l.Afbryd()
	l.wg.Wait()
}

// Adresse is where the product connects, "127.0.0.1:5673".
func (l *Ledning) Adresse() string { return l.o.Lytter.Addr().String() }

// Nede takes the broker away, or lets it come back: connections are cut, and new ones as soon as they are made.
func (l *Ledning) Nede(ja bool) {
	l.mu.Lock()
	l.nede = ja
	l.mu.Unlock()
	if ja {
		l.Afbryd()
	}
}

// Afbryd cuts the connections that are open; new ones may be made.
func (l *Ledning) Afbryd() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for f := range l.aabne {
		f.skaer()
	}
}

// SkaerVed cuts the connection in place of passing on how the product settles the delivery with this correlation-id, once: the
// broker will deliver it again.
func (l *Ledning) SkaerVed(korrelation string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.skaer[korrelation] = true
}

// Set is all that has happened from the given place on, and a channel that is closed when more has.
func (l *Ledning) Set(fra int) ([]Haendelse, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]Haendelse(nil), l.set[min(fra, len(l.set)):]...), l.aendret
}

// Antal is how much has happened so far: the place to read on from.
func (l *Ledning) Antal() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.set)
}

// meld writes down what happened.
func (l *Ledning) meld(h Haendelse) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.set = append(l.set, h)
	close(l.aendret)
	l.aendret = make(chan struct{})
}

// skalSkaeres reports whether this settling is to be cut off.
func (l *Ledning) skalSkaeres(korrelation string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	ja := l.skaer[korrelation]
	delete(l.skaer, korrelation)
	return ja
}

func (l *Ledning) modtag() {
	for {
		c, err := l.o.Lytter.Accept()
		if l.ctx.Err() != nil {
			if err == nil {
				_ = c.Close() // it came as we closed
			}
			return
		}
		if err != nil {
			continue // one that was given up before we took it
		}
		l.wg.Go(func() { l.betjen(c) })
	}
}

func (l *Ledning) betjen(produkt net.Conn) {
	f := &forbindelse{l: l, produkt: produkt, kanaler: map[uint16]*kanal{}}
	defer f.skaer()
	if l.erNede() {
		l.meld(Haendelse{Slags: Forgaeves})
		return
	}
	var err error
	if f.maegler, err = l.o.Maegler(l.ctx); err != nil || !l.tilfoej(f) {
		return
	}
	l.meld(Haendelse{Slags: Forbundet})
	var begge sync.WaitGroup
	begge.Go(func() { f.op() })
	begge.Go(func() { f.ned() })
	begge.Wait()
	l.mu.Lock()
	delete(l.aabne, f)
	l.mu.Unlock()
}

func (l *Ledning) erNede() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.nede
}

// tilfoej makes the connection one that is cut with the others; false when it must not be, now.
func (l *Ledning) tilfoej(f *forbindelse) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.nede || l.ctx.Err() != nil {
		return false
	}
	l.aabne[f] = true
	return true
}

package amqp

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/store"
)

// The names at the national Beskedfordeler. spec: mox 6.7
const (
	vhostBF      = "BF"
	navnAfsend   = "AFSEND_BESKED_EXCHANGE"
	headerToken  = "token"
	svarkoe      = "amq.rabbitmq.reply-to"
	dueslagForud = 32 // beskeder the broker hands out ahead, of one dueslag
)

// KombitOptions are what MOX is told as a user of the national Beskedfordeler. URL and Token are required.
type KombitOptions struct {
	URL     string        // amqps://host:5671/BF; the vhost may be left out; with a user in it that is the login, else the token is
	TLS     *tls.Config   // for amqps
	Token   Tokentjeneste // what every besked carries
	Dueslag []string      // UUIDs of the queues that MOX empties
	Fejlkoe string        // address of the service with FlytBeskedTilFejlkoe; empty = what cannot be used stays with MOX only
	HTTP    *http.Client  // for the token service and Fejlkoe; nil = a client with TLS's certificates
	Koder   oio.Koder     // the agreement's codes
	Frist   time.Duration // an answer that takes longer is an unknown outcome; 0 = [StandardSvarFrist]
	Log     *slog.Logger
}

// Kombit carries beskeder to and from the national Beskedfordeler. Run it once.
type Kombit struct {
	forbindelse
	o      KombitOptions
	d      *distributor.Distributor
	tokens *tokens
}

// NyKombit makes the carrier; nothing is connected until Run. The error is an [*mox.Error].
func NyKombit(d *distributor.Distributor, o KombitOptions) (*Kombit, error) {
	u, err := adresse("kombit", o.URL)
	if err != nil {
		return nil, err
	}
	if strings.Trim(u.Path, "/") == "" {
		u.Path = "/" + vhostBF
	}
	o.URL = u.String()
	for i, id := range o.Dueslag {
		if o.Dueslag[i] = strings.ToLower(id); !mox.ErUUID(o.Dueslag[i]) || slices.Contains(o.Dueslag[:i], o.Dueslag[i]) {
			return nil, mox.E("kombit", mox.KodeUgyldig, "kombit.dueslag[%d] er ikke en UUID, eller står der to gange", i).Med("skriv hvert dueslags UUID, som det står i serviceaftalen")
		}
	}
	for navn, s := range map[string]string{"token.url": o.Token.URL, "fejlkoe": o.Fejlkoe} {
		if err := tjekHTTP(navn, s); err != nil && (s != "" || navn == "token.url") {
			return nil, err
		}
	}
	if o.HTTP == nil {
		o.HTTP = &http.Client{Transport: &http.Transport{TLSClientConfig: o.TLS.Clone()}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	if o.Frist == 0 {
		o.Frist = StandardSvarFrist
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Kombit{forbindelse: nyForbindelse("kombit", o.Log), o: o, d: d, tokens: nyeTokens(o.Token, o.HTTP)}, nil
}

// tjekHTTP refuses an address that would carry a secret or a besked in the clear.
func tjekHTTP(navn, s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return mox.E("kombit", mox.KodeUgyldig, "kombit.%s er ikke en https-adresse", navn).Med("ret mox.yaml")
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) {
		return mox.E("kombit", mox.KodeIkkeTilladt, "kombit.%s er ukrypteret og ikke på denne maskine", navn).Med("brug https://")
	}
	return nil
}

// Run connects and carries until ctx ends. Without a token there is no connection: what is to be sent waits in MOX, and what
// is to be fetched in its dueslag.
func (k *Kombit) Run(ctx context.Context) error { return k.hold(ctx, k.forbundet) }

func (k *Kombit) forbundet(ctx context.Context) error {
	token, err := k.tokens.hent(ctx)
	if err != nil {
		return err
	}
	var sasl amqp.Authentication
	if u, err := url.Parse(k.o.URL); err == nil && u.User == nil {
		sasl = tokenlogin(token)
	}
	conn, err := forbind(k.o.URL, k.o.TLS, sasl)
	if err != nil {
		k.tokens.glem(token) // it may be what was refused
		return err
	}
	defer func() { _ = conn.Close() }() // what matters has been answered or acknowledged
	dele := map[string]del{"ud": k.ud}
	for _, id := range k.o.Dueslag {
		dele["dueslag "+id] = func(ctx context.Context, conn *amqp.Connection) error { return k.toem(ctx, conn, id) }
	}
	return k.baer(ctx, conn, dele)
}

func (k *Kombit) ud(ctx context.Context, conn *amqp.Connection) error {
	return forHvert(ctx, k.d, mox.CarrierKOMBIT, func(ctx context.Context, id mox.AbonnementID) error { return k.lever(ctx, conn, id) })
}

// toem takes what comes to a dueslag, one besked after the other, so that they keep their order.
func (k *Kombit) toem(ctx context.Context, conn *amqp.Connection, dueslag string) error {
	ch, err := conn.Channel()
	if err != nil {
		return err
	}
	defer func() { _ = ch.Close() }() // what is not acknowledged comes again
	if err := ch.Qos(dueslagForud, 0, false); err != nil {
		return err
	}
	strom, err := ch.Consume(dueslag, "", false, false, false, false, nil) // without ctx, as in forbrug
	if err != nil {
		return err
	}
	for {
		select {
		case d, ok := <-strom:
			if !ok {
				return errAfbrudt
			}
			if err := k.tag(ctx, d); err != nil {
				return err
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// tag takes responsibility for one besked, and then acknowledges. One that cannot be used is kept where a person sees it and
// moved to the error queue; one that is no Haendelsesbesked cannot be moved, and is rejected. While MOX cannot store it, the
// besked is held. spec: mox 1, mox 39, mox 44
func (k *Kombit) tag(ctx context.Context, d amqp.Delivery) error {
	d.Headers = nil // they say nothing about the besked, and may hold a token
	b, err := oio.UnmarshalKuvert(d.Body, k.o.Koder)
	if err != nil {
		gemt := k.indtilGemt(ctx, mox.KOMBIT, func() error { return k.d.GemAfvist(ctx, mox.KOMBIT, raa(d), err) })
		if gemt != nil {
			return ctx.Err() // it comes again
		}
		return d.Reject(false)
	}
	b.Indholdstype, b.Indhold = oio.TypeKuvert, d.Body // as it came, also where a besked could hold all of it
	egen, err := k.egen(ctx, b.ID)
	if err != nil {
		return err // it comes again
	}
	if !egen {
		err = k.accepter(ctx, k.d, mox.KOMBIT, b)
	}
	if ctx.Err() != nil {
		return nil // it comes again
	}
	if err != nil {
		k.log.Warn("en besked fra den nationale beskedfordeler kan ikke bruges", "beskedID", b.ID, "kode", mox.KodeAf(err))
		k.flyt(ctx, d.Body)
	}
	return d.Ack(false)
}

// egen reports whether a besked is one that MOX has sent to the national Beskedfordeler itself: it has no effect here again.
// spec: mox 24
func (k *Kombit) egen(ctx context.Context, id mox.BeskedID) (egen bool, err error) {
	err = k.indtilGemt(ctx, mox.KOMBIT, func() error {
		return k.d.Store().View(ctx, func(tx *store.Tx) error {
			l, err := tx.LeverancerOm(id)
			egen = slices.ContainsFunc(l, func(l store.Leverance) bool {
				a, _ := k.d.Abonnement(l.Abonnement)
				return a.Carrier == mox.CarrierKOMBIT
			})
			return err
		})
	})
	if egen {
		k.log.Debug("en besked, MOX selv har sendt, er kommet tilbage", "beskedID", id)
	}
	return egen, err
}

// Package beskedfordeler is a stand-in for the national Beskedfordeler (KOMBIT), so that a user of it can be tried without
// an agreement. It lives at a RabbitMQ, and offers over HTTP what the national one offers beside it:
//
//	exchange AFSEND_BESKED_EXCHANGE   takes a Haendelsesbesked with the header token, and answers a StandardRetur to reply-to
//	queue    <dueslag's UUID>         the beskeder that fit the dueslag, each with a Leverancerute of this system
//	queue    FEJLKOE                  what users have moved away
//	POST     /token                   OAuth 2.0 client credentials: a signed token that runs out
//	POST     /beskedfordeler          SOAP: FlytBeskedTilFejlkoe
//
// A dueslag with an address is emptied by the stand-in itself, which posts each besked as a ModtagBeskedInput; what the
// user refuses stays in it.
//
// Known from KOMBIT's public samples and schemas: the vhost BF, the exchange, the empty routing key, the header and that it
// goes with every besked, direct reply-to, the queue's name, the envelope, StatusKode 20, 40, 41, 51, 53 and 55,
// ObjektAnsvarligMyndighed that must be the agreement's, ModtagBeskedInput, and FlytBeskedTilFejlkoe's input and output.
//
// Assumed, where nothing is public:
//   - The token service. The national one speaks WS-Trust and gives a SAML assertion, which is also the answer to SASL
//     EXTERNAL. This one speaks OAuth 2.0, and the login to the broker is RabbitMQ's own.
//   - How FlytBeskedTilFejlkoe is logged in to (here: the token as Bearer), and where the error queue lies.
//   - That a BeskedId that comes again is answered 20 and has no effect, and 51 where the content is another.
//   - That 51 is the answer to another authority than the agreement's, and 41 to no token at all.
//   - How a dueslag's expression is written. Here it is three values, and one that is left out fits all.
//   - Of what the national one adds to Leveranceinformation, only the Leverancerute is made.
//
// It remembers BeskedIds as long as it runs, and has no store of its own beside the broker.
package beskedfordeler

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// The names at the broker.
const (
	Vhost    = "BF"
	Exchange = "AFSEND_BESKED_EXCHANGE"
	Fejlkoe  = "FEJLKOE"

	indkoe           = "AFSEND_BESKED"
	fordelingssystem = "urn:mox:demo:beskedfordeler"
)

// Klient is a user of the Beskedfordeler, with its agreement.
type Klient struct {
	Hemmelighed string `json:"hemmelighed"`
	CVR         string `json:"cvr"` // the only authority that it may send for; empty = any
}

// Dueslag is where a user's beskeder are put. Objekttype and Myndighed are compared as they stand in the envelope; OpgaveEmne
// may end in *. What is empty fits all.
type Dueslag struct {
	ID         string `json:"id"`
	Objekttype string `json:"objekttype"`
	OpgaveEmne string `json:"opgaveemne"`
	Myndighed  string `json:"myndighed"`
	Push       string `json:"push"` // address to post to; empty = the user fetches
}

// Config is what the stand-in is told. URL is required.
type Config struct {
	URL          string            // amqp://… of the broker; its vhost is [Vhost] where API is given and the address has none
	API          string            // http://user:password@… of the broker's management plugin, to make the vhost; empty = it is there
	Listen       string            // of the token service; empty = a free port on this machine
	Klienter     map[string]Klient // by name
	Dueslag      []Dueslag
	TokenLevetid time.Duration // 0 = an hour
	PushVent     time.Duration // before a push that failed for now is tried again; 0 = 5 s
	HTTP         *http.Client  // for push; nil = the default
	Nu           func() time.Time
	Log          *slog.Logger
}

// System is a running stand-in.
type System struct {
	c         Config
	log       *slog.Logger
	noegle    []byte // tokens are signed with it
	conn      *amqp.Connection
	ind, ud   *amqp.Channel
	lytter    net.Listener
	http      *http.Server
	stop      context.CancelFunc
	koerer    sync.WaitGroup
	afleverer sync.WaitGroup      // those that push
	set       map[string][32]byte // the content that each BeskedId has had; fordelAlle's own
}

// Start declares everything at the broker and runs until Close.
func Start(ctx context.Context, c Config) (_ *System, err error) {
	s := &System{c: c.medStandard(), noegle: make([]byte, 32), set: map[string][32]byte{}}
	s.log = s.c.Log
	_, _ = rand.Read(s.noegle) // documented never to fail
	ctx, s.stop = context.WithCancel(ctx)
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if err := s.forbind(ctx); err != nil {
		return s, err
	}
	strom, err := s.erklaer()
	if err != nil {
		return s, err
	}
	if s.lytter, err = net.Listen("tcp", s.c.Listen); err != nil {
		return s, err
	}
	s.http = &http.Server{Handler: s.ruter(), ReadHeaderTimeout: 10 * time.Second}
	s.koerer.Go(func() { _ = s.http.Serve(s.lytter) }) // until Close
	s.koerer.Go(func() { s.fordelAlle(ctx, strom) })
	for _, d := range s.c.Dueslag {
		if d.Push != "" {
			s.afleverer.Go(func() { s.aflever(ctx, d) })
		}
	}
	return s, nil
}

func (c Config) medStandard() Config {
	if c.Listen == "" {
		c.Listen = "127.0.0.1:0"
	}
	if c.TokenLevetid == 0 {
		c.TokenLevetid = time.Hour
	}
	if c.PushVent == 0 {
		c.PushVent = 5 * time.Second
	}
	if c.HTTP == nil {
		c.HTTP = http.DefaultClient
	}
	if c.Nu == nil {
		c.Nu = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// forbind makes the vhost where it may, and connects.
func (s *System) forbind(ctx context.Context) error {
	u, err := url.Parse(s.c.URL)
	if err != nil {
		return errors.New("the broker's address is not a URL") // not err: it would quote the password
	}
	if s.c.API != "" {
		if strings.Trim(u.Path, "/") == "" {
			u.Path = "/" + Vhost
		}
		if err := s.lavVhost(ctx, strings.Trim(u.Path, "/"), u.User.Username()); err != nil {
			return err
		}
	}
	if s.conn, err = amqp.Dial(u.String()); err != nil {
		return err
	}
	if s.ind, err = s.conn.Channel(); err != nil {
		return err
	}
	if s.ud, err = s.conn.Channel(); err != nil {
		return err
	}
	return s.ud.Confirm(false)
}

// lavVhost asks the management plugin; what is there already is no error.
func (s *System) lavVhost(ctx context.Context, vhost, bruger string) error {
	if err := s.kaldAPI(ctx, "vhosts/"+url.PathEscape(vhost), "{}"); err != nil {
		return err
	}
	return s.kaldAPI(ctx, "permissions/"+url.PathEscape(vhost)+"/"+url.PathEscape(bruger), `{"configure":".*","write":".*","read":".*"}`)
}

func (s *System) kaldAPI(ctx context.Context, sti, krop string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPut, strings.TrimSuffix(s.c.API, "/")+"/api/"+sti, strings.NewReader(krop))
	if err != nil {
		return errors.New("the management address is not a URL")
	}
	r.Header.Set("Content-Type", "application/json")
	svar, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer svar.Body.Close()
	if svar.StatusCode >= 300 {
		return fmt.Errorf("the broker's management answers %s", svar.Status)
	}
	return nil
}

// erklaer declares the names and begins to take what is sent.
func (s *System) erklaer() (<-chan amqp.Delivery, error) {
	if err := s.ind.ExchangeDeclare(Exchange, amqp.ExchangeDirect, true, false, false, false, nil); err != nil {
		return nil, err
	}
	for i, d := range s.c.Dueslag {
		if d.ID == "" {
			return nil, fmt.Errorf("dueslag %d has no id", i)
		}
	}
	for _, k := range append(s.Koeer(), Fejlkoe) {
		if _, err := s.ind.QueueDeclare(k, true, false, false, false, nil); err != nil {
			return nil, err
		}
	}
	if err := s.ind.QueueBind(indkoe, "", Exchange, false, nil); err != nil {
		return nil, err
	}
	if err := s.ind.Qos(1, 0, false); err != nil {
		return nil, err
	}
	return s.ind.Consume(indkoe, "", false, false, false, false, nil)
}

// Koeer are the queues by which messages pass: the one they come in, and each dueslag.
func (s *System) Koeer() []string {
	koeer := []string{indkoe}
	for _, d := range s.c.Dueslag {
		koeer = append(koeer, d.ID)
	}
	return koeer
}

// Adresse is where the token service and the web service are, without a path: http://host:port.
func (s *System) Adresse() string { return "http://" + s.lytter.Addr().String() }

// Close ends everything. What users have not fetched stays at the broker.
func (s *System) Close() error {
	s.stop()
	var err error
	if s.http != nil {
		err = s.http.Close()
	}
	if s.conn != nil {
		err = errors.Join(err, s.conn.Close())
	}
	s.koerer.Wait()
	s.afleverer.Wait()
	if errors.Is(err, amqp.ErrClosed) {
		return nil
	}
	return err
}

// Package amqpc reads messages of a queue as records, and publishes messages to an exchange (AMQP 0-9-1, RabbitMQ).
package amqpc

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/connector/internal/check"
	"github.com/moxkit/mox/connector/internal/line"
)

// Broker is the part of a config that says where the broker is, and how to log in.
type Broker struct {
	URL     string             `yaml:"url" json:"url"`                   // "amqps://mq.kommune.dk/vhost"; without TLS (amqp://) for this machine only
	Bruger  string             `yaml:"bruger" json:"bruger"`             // user to log in as
	Kodeord string             `yaml:"kodeord" json:"kodeord"`           // reference to the user's password
	CA      string             `yaml:"ca" json:"ca,omitempty"`           // file with further root certificates (PEM)
	Timeout connector.Duration `yaml:"timeout" json:"timeout,omitempty"` // how long the broker may be silent in a call; default 30s
}

// minTimeout is the shortest: a third of it is the time between the heartbeats, which are whole seconds.
const minTimeout = 3 * time.Second

func (b Broker) check(p *check.Problems) {
	const hint = "skriv fx amqps://mq.kommune.dk/vhost"
	if p.Need("url", b.URL, hint) {
		u, err := url.Parse(b.URL)
		switch {
		case err != nil || u.Scheme != "amqp" && u.Scheme != "amqps" || u.Hostname() == "":
			p.Add("url", "er ikke en adresse på en beskedmægler", hint)
		case u.User != nil:
			p.Add("url", "adressen indeholder bruger eller kodeord", "skriv bruger og kodeord: env:NAVN")
		case u.Scheme == "amqp" && !line.Loopback(u.Hostname()):
			p.Add("url", "AMQP uden TLS er kun til en beskedmægler på denne maskine", "skriv amqps://")
		}
	}
	p.Need("bruger", b.Bruger, "MOX' bruger hos beskedmægleren")
	p.Secret("kodeord", b.Kodeord)
	if t := time.Duration(b.Timeout); t > 0 && t < minTimeout {
		p.Add("timeout", "er for kort", "skriv mindst 3s")
	}
}

// client makes sessions with the broker.
type client struct {
	url      string
	user     string
	password string
	tls      *tls.Config
	silence  time.Duration
}

// newClient resolves the secret, and makes no call.
func newClient(b Broker, env connector.Env) (*client, error) {
	u, err := url.Parse(b.URL)
	if err != nil {
		return nil, err
	}
	c := &client{url: b.URL, user: b.Bruger, silence: b.Timeout.Or(line.DefaultSilence)}
	if c.password, err = env.Resolve(b.Kodeord); err != nil {
		return nil, err
	}
	c.tls, err = line.TLS(u.Hostname(), b.CA, env)
	return c, err
}

// session is a connection with one channel.
type session struct {
	line *line.Conn
	conn *amqp.Connection
	ch   *amqp.Channel
}

// dial connects, logs in and opens a channel.
func (c *client) dial(ctx context.Context) (*session, error) {
	s := &session{}
	stop := func() {}
	config := amqp.Config{
		SASL: []amqp.Authentication{&amqp.PlainAuth{Username: c.user, Password: c.password}}, Heartbeat: c.silence / 3, Locale: "en_US", TLSClientConfig: c.tls,
		Properties: amqp.NewConnectionProperties(),
		Dial: func(_, address string) (net.Conn, error) {
			var err error
			if s.line, err = line.Dial(ctx, address, c.silence); err != nil {
				return nil, err
			}
			stop = s.line.Watch(ctx)
			return s.line, nil
		},
	}
	config.Properties.SetClientConnectionName("mox")
	var err error
	defer func() { stop() }()
	if s.conn, err = amqp.DialConfig(c.url, config); err == nil {
		s.ch, err = s.conn.Channel()
	}
	if err == nil {
		return s, nil
	}
	if s.line != nil {
		_ = s.line.Close() // nothing was done on it
		err = s.line.Cause(err)
	}
	return nil, c.refusal(err)
}

// refusal tells in our words why the broker did not let us in.
func (c *client) refusal(err error) error {
	var said *amqp.Error
	switch {
	case !errors.As(err, &said):
		return err
	case said.Code == amqp.AccessRefused:
		return fmt.Errorf("beskedmægleren afviste login for brugeren %s; passer bruger og kodeord?", c.user)
	case said.Code == amqp.NotAllowed:
		return fmt.Errorf("beskedmægleren lader ikke brugeren %s komme ind på den vhost, url nævner", c.user)
	}
	return err
}

// end closes a session. The broker may be gone, or silent: it is not waited for.
func end(s *session) error {
	_ = s.conn.CloseDeadline(time.Now().Add(time.Second))
	_ = s.line.Close()
	return nil
}

// failure makes the error of a call. Trying again may always help: brokers come back, queues are declared, and rights given.
func (s *session) failure(op string, err error) *connector.Error {
	var e *connector.Error
	if errors.As(err, &e) {
		return e
	}
	if s != nil {
		err = s.line.Cause(err)
	}
	var said *amqp.Error
	if errors.As(err, &said) {
		err = plain(said)
	}
	return &connector.Error{Op: op, Err: err, Temporary: true}
}

// plain tells what the broker says. Its texts name queues, exchanges and vhosts, and nothing of a message.
func plain(said *amqp.Error) error {
	switch said.Code {
	case amqp.NotFound:
		return fmt.Errorf("beskedmægleren har den ikke: %s", said.Reason)
	case amqp.AccessRefused:
		return fmt.Errorf("beskedmægleren giver ikke lov: %s", said.Reason)
	}
	return fmt.Errorf("beskedmægleren svarer %d: %s", said.Code, said.Reason)
}

package amqpc

import (
	"context"
	"errors"
	"fmt"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/connector/internal/check"
	"github.com/moxkit/mox/connector/internal/line"
)

// DefaultContent is the greatest document sent where max_indhold is not set.
const DefaultContent = 8 * connector.MiB

// The codes of a [Sink]'s answers.
const (
	CodeOK      = "ok"
	CodeNoQueue = "ingen_koe" // the exchange sends the message to no queue: nobody would get it
)

// SinkConfig describes messages to publish, one for each call.
//
// Each is published as mandatory, and counts as delivered when the broker has confirmed it. Its message-id is the call's
// idempotency key, the same for each attempt: by it a receiver knows a repeat.
type SinkConfig struct {
	Type        string `yaml:"type" json:"type"` // "amqp"
	Broker      `yaml:",inline"`
	Exchange    string            `yaml:"exchange" json:"exchange"`                   // it is never declared; "" = the default one, where the routing key is a queue
	RoutingKey  string            `yaml:"routing_key" json:"routing_key,omitempty"`   // template: "sag.{{besked.livscykluskode}}"
	Format      string            `yaml:"format" json:"format,omitempty"`             // json (default) or xml
	Element     string            `yaml:"element" json:"element,omitempty"`           // xml: the record's element
	FelterOrden []string          `yaml:"felter_orden" json:"felter_orden,omitempty"` // xml: the fields in order
	Beskedtype  string            `yaml:"beskedtype" json:"beskedtype,omitempty"`     // the message's type: template
	Headers     map[string]string `yaml:"headers" json:"headers,omitempty"`           // header → template
	Indhold     string            `yaml:"indhold" json:"indhold,omitempty"`           // base64: documents are put in the fields; none = the sink takes no documents
	MaxIndhold  connector.Size    `yaml:"max_indhold" json:"max_indhold,omitempty"`   // of one document; default 8 MiB
}

// templates are the config's, by YAML key.
func (c SinkConfig) templates() map[string]string {
	all := map[string]string{"routing_key": c.RoutingKey, "beskedtype": c.Beskedtype}
	for name, text := range c.Headers {
		all["headers."+name] = text
	}
	return all
}

// Validate reports what is wrong in the config.
func (c SinkConfig) Validate() []connector.Problem {
	var p check.Problems
	p.Type(c.Type, "amqp")
	c.Broker.check(&p)
	if c.Exchange == "" && c.RoutingKey == "" {
		p.Add("exchange", "mangler, og der er heller ingen routing_key", "skriv den exchange, systemet tager imod på, eller køens navn i routing_key")
	}
	p.OneOf("format", c.Format, "json", "xml")
	if c.Format == "xml" {
		p.XMLName("element", c.Element)
	}
	p.OneOf("indhold", c.Indhold, "base64")
	for key, text := range c.templates() {
		p.Template(key, text)
	}
	return p.List()
}

// TemplateNames gives the names that the config's templates use, by YAML key.
func (c SinkConfig) TemplateNames() map[string][]string { return check.NamesIn(c.templates()) }

// Sink publishes messages. Its answers have the field message_id.
type Sink struct {
	config    SinkConfig
	env       connector.Env
	client    *client
	pool      line.Pool[*publisher]
	templates map[string]connector.Template
}

// publisher is a session that publishes.
type publisher struct {
	*session
	returned <-chan amqp.Return
	closed   <-chan *amqp.Error // gets what the broker says when it ends the channel
}

var _ connector.Sink = (*Sink)(nil)

// NewSink makes a sink. It makes no call.
func NewSink(c SinkConfig, env connector.Env) (*Sink, error) {
	if err := connector.Invalid(c.Validate()); err != nil {
		return nil, err
	}
	s := &Sink{config: c, env: env, templates: map[string]connector.Template{}}
	var err error
	if s.client, err = newClient(c.Broker, env); err != nil {
		return nil, err
	}
	for key, text := range c.templates() {
		if s.templates[key], err = connector.ParseTemplate(text); err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
	}
	s.pool = line.Pool[*publisher]{Dial: s.dial, End: func(p *publisher) error { return end(p.session) }, Spare: 2}
	return s, nil
}

// dial makes a session on which the broker confirms what it has taken.
func (s *Sink) dial(ctx context.Context) (*publisher, error) {
	session, err := s.client.dial(ctx)
	if err != nil {
		return nil, err
	}
	stop := session.line.Watch(ctx)
	defer stop()
	if err := session.ch.Confirm(false); err != nil {
		_ = end(session)
		return nil, session.failure(opPublish, err)
	}
	return &publisher{session, session.ch.NotifyReturn(make(chan amqp.Return, 1)), session.ch.NotifyClose(make(chan *amqp.Error, 1))}, nil
}

const opPublish = "send besked"

// Write implements [connector.Sink].
func (s *Sink) Write(ctx context.Context, c connector.Call) (connector.Answer, error) {
	key, m, err := s.message(ctx, c)
	if err != nil {
		return connector.Answer{}, connector.Refused(opPublish, err)
	}
	p, err := s.publisher(ctx)
	if err != nil {
		return connector.Answer{}, p.failure(opPublish, err)
	}
	stop := p.line.Watch(ctx)
	a, err := p.publish(ctx, s.client, s.config.Exchange, key, m)
	stop()
	if err != nil || p.line.Failed() || p.ch.IsClosed() {
		_ = end(p.session)
	} else {
		s.pool.Put(p)
	}
	return a, err
}

// failure is that of the session, of which there may be none.
func (p *publisher) failure(op string, err error) *connector.Error {
	if p == nil {
		return (*session)(nil).failure(op, err)
	}
	return p.session.failure(op, err)
}

// publisher gives a session that is whole as far as is known.
func (s *Sink) publisher(ctx context.Context) (*publisher, error) {
	for {
		p, _, err := s.pool.Get(ctx)
		if err != nil {
			return nil, err
		}
		if !p.conn.IsClosed() && !p.ch.IsClosed() {
			return p, nil
		}
		_ = end(p.session)
	}
}

// message writes a call's message, and where it goes.
func (s *Sink) message(ctx context.Context, c connector.Call) (key string, m amqp.Publishing, err error) {
	m = amqp.Publishing{DeliveryMode: amqp.Persistent, MessageId: c.Key, Timestamp: s.env.Time(), Headers: amqp.Table{}}
	for name, t := range s.templates {
		text, err := t.Expand(vars(c), shortText)
		if err != nil {
			return "", m, fmt.Errorf("%s: %w", name, err)
		}
		header, isHeader := strings.CutPrefix(name, "headers.")
		switch {
		case isHeader:
			m.Headers[header] = text
		case name == "beskedtype":
			m.Type = text
		default:
			key = text
		}
	}
	if len(key) > 255 || len(m.Type) > 255 || len(m.MessageId) > 255 {
		return "", m, errors.New("routing_key, beskedtype og nøgle må højst være på 255 byte")
	}
	m.Body, m.ContentType, err = s.body(ctx, c)
	return key, m, err
}

// vars are the call's names, and its fields as felt.X.
func vars(c connector.Call) connector.Vars {
	return func(name string) (string, bool) {
		if v, ok := c.Var(name); ok {
			return v, true
		}
		field, isField := strings.CutPrefix(name, "felt.")
		v, ok := c.Fields[field]
		if !isField || !ok {
			return "", false
		}
		text, err := connector.Scalar(v)
		return text, err == nil
	}
}

// shortText refuses what a routing key or a header is not to hold.
func shortText(_, value string) (string, error) {
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", errors.New("den har linjeskift eller andre kontroltegn")
	}
	return value, nil
}

// body writes a call's fields, with its documents in base64.
func (s *Sink) body(ctx context.Context, c connector.Call) (b []byte, kind string, err error) {
	fields := make(map[string]any, len(c.Fields)+len(c.Content))
	for name, v := range c.Fields {
		fields[name] = v
	}
	for name, open := range c.Content {
		if s.config.Indhold == "" {
			return nil, "", errors.New("kaldet har dokumenter, og sinken sender ingen; skriv indhold: base64")
		}
		fields[name] = open
	}
	tree, err := connector.Nest(fields, s.config.FelterOrden)
	if err != nil {
		return nil, "", err
	}
	w := connector.Writer{Ctx: ctx, MaxContent: s.config.MaxIndhold.Or(DefaultContent)}
	if s.config.Format != "xml" {
		b, err = w.JSON(tree)
		return b, "application/json", err
	}
	b, err = w.XML(s.config.Element, tree)
	return append([]byte("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"), b...), "application/xml", err
}

// publish sends a message, and waits for the broker's word on it.
func (p *publisher) publish(ctx context.Context, c *client, exchange, key string, m amqp.Publishing) (connector.Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.silence)
	defer cancel()
	confirm, err := p.ch.PublishWithDeferredConfirm(exchange, key, true, false, m)
	if err != nil {
		// The library gives up before all of it was sent: the broker has no whole message.
		return connector.Answer{}, p.failure(opPublish, err)
	}
	select {
	case <-confirm.Done():
	case <-ctx.Done():
		return connector.Answer{}, p.lost(ctx.Err())
	}
	if !confirm.Acked() {
		return p.refused()
	}
	select {
	case r, ok := <-p.returned: // the broker sends it before its confirm
		if ok {
			return connector.Answer{Code: CodeNoQueue, Text: fmt.Sprintf("%s (%d): exchange %q sender ikke beskeden til nogen kø", r.ReplyText, r.ReplyCode, exchange)}, nil
		}
	default:
	}
	return connector.Answer{Code: CodeOK, Fields: map[string]string{"message_id": m.MessageId}}, nil
}

// refused is what came of a message that was not confirmed. Where the broker ended the channel, and says what was wrong with
// the message, it has not taken it.
func (p *publisher) refused() (connector.Answer, error) {
	if !p.ch.IsClosed() {
		return connector.Answer{}, p.lost(errors.New("beskedmægleren tog ikke beskeden; er en kø fuld?"))
	}
	select {
	case said := <-p.closed: // the library says so before it gives the confirm up
		if said != nil && said.Server && (said.Code == amqp.NotFound || said.Code == amqp.AccessRefused || said.Code == amqp.PreconditionFailed) {
			return connector.Answer{}, p.failure(opPublish, said)
		}
	default:
	}
	return connector.Answer{}, p.lost(errors.New("forbindelsen blev afbrudt, før beskedmægleren bekræftede beskeden"))
}

// lost is the error of a message without a word on it. One that was not taken may have been by another of several queues.
func (p *publisher) lost(err error) *connector.Error {
	return &connector.Error{Op: opPublish, Err: p.line.Cause(err), Temporary: true, Unknown: true}
}

// Lookup implements [connector.Sink]: a broker cannot be asked.
func (s *Sink) Lookup(context.Context, connector.Call) (connector.Answer, bool, error) {
	return connector.Answer{}, false, connector.ErrNoLookup
}

// Check implements [connector.Sink]: the exchange is there. It publishes nothing.
func (s *Sink) Check(ctx context.Context) error {
	session, err := s.client.dial(ctx)
	if err != nil {
		return session.failure(opPublish, err)
	}
	defer end(session)
	if s.config.Exchange == "" {
		return nil
	}
	defer session.line.Watch(ctx)()
	if err := session.ch.ExchangeDeclarePassive(s.config.Exchange, "direct", false, false, false, false, nil); err != nil {
		return session.failure(opPublish, err)
	}
	return nil
}

// Close implements [connector.Sink].
func (s *Sink) Close() error { return s.pool.Close() }

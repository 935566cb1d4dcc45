package amqpc

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/connector/internal/check"
	"github.com/moxkit/mox/connector/internal/records"
)

// Limits.
const (
	DefaultMessage = 16 * connector.MiB // greatest message read
	maxTogether    = 32 << 20           // bytes of messages in one batch

	underway     = time.Second           // how long a message that the queue has may be on its way to us
	settle       = 50 * time.Millisecond // how long one may be on its way inside this process
	DefaultAhead = 1500                  // messages taken from the queue ahead of their acknowledgement
	maxAhead     = 5000                  // greatest forhaand: a position names so many messages
)

// SourceConfig describes a queue to read.
//
// The queue is to have no other reader. A message is a JSON object, a list of them, or an XML document; its properties are
// fields too: amqp.message_id, amqp.correlation_id, amqp.type, amqp.exchange, amqp.routing_key, amqp.tid, and amqp.header.X
// for headers that have one value.
type SourceConfig struct {
	Type              string `yaml:"type" json:"type"` // "amqp"
	connector.Listing `yaml:",inline"`
	Broker            `yaml:",inline"`
	Koe               string         `yaml:"koe" json:"koe"`                         // the queue; it is never declared
	Format            string         `yaml:"format" json:"format,omitempty"`         // json (default) or xml
	Charset           string         `yaml:"charset" json:"charset,omitempty"`       // default utf-8; for xml what the message declares
	Element           string         `yaml:"element" json:"element,omitempty"`       // xml: the record's element, by name or path; json: path of the list ("data.sager"; none = the message is the record, or the list)
	MaxBesked         connector.Size `yaml:"max_besked" json:"max_besked,omitempty"` // greatest message; default 16 MiB
	Forhaand          int            `yaml:"forhaand" json:"forhaand,omitempty"`     // messages that are held at a time, taken and not acknowledged (prefetch); default 1500, at most 5000
}

// Validate reports what is wrong in the config.
func (c SourceConfig) Validate() []connector.Problem {
	var p check.Problems
	p.Type(c.Type, "amqp")
	p.Listing(c.Listing)
	if c.Eksport == connector.EksportFuld {
		p.Add("eksport", "fuld kan ikke bruges: en kø har ikke alt, hvad systemet har", "fjern eksport")
	}
	c.Broker.check(&p)
	p.Need("koe", c.Koe, "den kø, systemet lægger beskeder i")
	p.OneOf("format", c.Format, "json", "xml")
	p.Charset("charset", c.Charset)
	if c.Format == "xml" {
		p.Need("element", c.Element, "navnet på det element, der er en post")
	}
	if c.Forhaand < 0 || c.Forhaand > maxAhead {
		p.Add("forhaand", fmt.Sprintf("er ikke fra 1 til %d", maxAhead), "")
	}
	return p.List()
}

// Source reads messages as records.
//
// It is a consumer that acknowledges messages when they are committed. A position names the messages that have been given
// since the last one that was, by digest: they come back when the process or its connection ends, and are then passed over,
// and acknowledged when it is their turn.
type Source struct {
	config  SourceConfig
	client  *client
	session *session // nil = none
	coming  <-chan amqp.Delivery
	held    []message // taken and not acknowledged, in the queue's order
	settled string    // the position whose messages are acknowledged
}

// message is one that we hold.
type message struct {
	amqp.Delivery
	digest string
}

var _ connector.Source = (*Source)(nil)

// NewSource makes a source. It makes no call.
func NewSource(c SourceConfig, env connector.Env) (*Source, error) {
	if err := connector.Invalid(c.Validate()); err != nil {
		return nil, err
	}
	c.MaxBesked, c.Forhaand = c.MaxBesked.Or(DefaultMessage), cmp.Or(c.Forhaand, DefaultAhead)
	client, err := newClient(c.Broker, env)
	if err != nil {
		return nil, err
	}
	return &Source{config: c, client: client}, nil
}

// position is what has been given and perhaps not acknowledged, each message by its digest.
type position struct {
	Nr    int      `json:"nr"` // of the batch: equal messages make no equal positions
	Given []string `json:"givet"`
}

func parsePosition(text string) (p position, err error) {
	if text == "" {
		return p, nil
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil || p.Given == nil {
		return p, errors.New("den gemte position kan ikke læses; er kildens type ændret? start kilden forfra")
	}
	return p, nil
}

// count gives how often each message was given: two may be equal.
func (p position) count() map[string]int {
	times := make(map[string]int, len(p.Given))
	for _, d := range p.Given {
		times[d]++
	}
	return times
}

const opRead = "læs kø"

// Read implements [connector.Source].
func (s *Source) Read(ctx context.Context, text string) (connector.Batch, error) {
	p, err := parsePosition(text)
	if err != nil {
		return connector.Batch{}, &connector.Error{Op: opRead, Err: err}
	}
	var b connector.Batch
	err = s.with(ctx, opRead, func() error {
		b, err = s.read(text, p)
		return err
	})
	return b, err
}

// read gives the messages that p does not name.
func (s *Source) read(text string, p position) (connector.Batch, error) {
	if text == s.settled {
		p.Given = nil // they are acknowledged: an equal one is another
	}
	b, known, given, size := connector.Batch{Position: text}, p.count(), len(p.Given), 0
	for i := 0; ; i++ {
		m, err := s.message(i)
		if err != nil {
			return connector.Batch{}, err
		}
		if m == nil {
			break
		}
		if known[m.digest] > 0 {
			known[m.digest]--
			continue
		}
		made := s.records(m)
		if size += len(m.Body); len(b.Records) > 0 && (len(b.Records)+len(made) > connector.MaxBatch || size > maxTogether) {
			b.More = true
			break
		}
		b.Records, p.Given = append(b.Records, made...), append(p.Given, m.digest)
	}
	if len(p.Given) > given {
		p.Nr++
		text, _ := json.Marshal(p) // numbers and strings cannot fail
		b.Position = string(text)
	}
	return b, nil
}

// message gives the message that stands as number i in the queue, from 0; nil when there are no more, or we hold as many as
// we may.
func (s *Source) message(i int) (*message, error) {
	if i == len(s.held) {
		if i == s.config.Forhaand {
			return nil, nil
		}
		d, ok, err := s.next()
		if err != nil || !ok {
			return nil, err
		}
		s.held = append(s.held, message{d, digest(d)})
	}
	return &s.held[i], nil
}

// next gives the next message that comes. AMQP has no word for the end of a queue. Where the broker says that it has none
// left, those that it had are on their way to us, ahead of its answer to the next question.
func (s *Source) next() (d amqp.Delivery, ok bool, err error) {
	if d, ok, err = s.come(0); ok || err != nil {
		return d, ok, err
	}
	waiting, err := s.waiting()
	if err != nil || waiting > 0 {
		if err == nil {
			d, ok, err = s.come(underway)
		}
		return d, ok, err
	}
	if _, err = s.waiting(); err != nil {
		return d, false, err
	}
	return s.come(settle)
}

// waiting asks how many messages the queue has that nobody holds.
func (s *Source) waiting() (int, error) {
	q, err := s.session.ch.QueueDeclarePassive(s.config.Koe, false, false, false, false, nil)
	return q.Messages, err
}

var errCanceled = errors.New("køen blev slettet, eller forbindelsen afbrudt")

// come waits for a message.
func (s *Source) come(wait time.Duration) (amqp.Delivery, bool, error) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case d, open := <-s.coming:
		if !open {
			return d, false, errCanceled
		}
		return d, true, nil
	case <-timer.C:
		return amqp.Delivery{}, false, nil
	}
}

// with calls f while there is a session. One that fails is ended; its messages go back to the queue.
func (s *Source) with(ctx context.Context, op string, f func() error) error {
	if err := ctx.Err(); err != nil {
		return &connector.Error{Op: op, Err: err, Temporary: true}
	}
	if s.session != nil && s.session.conn.IsClosed() {
		s.drop()
	}
	fresh := s.session == nil
	if fresh {
		var err error
		if s.session, err = s.client.dial(ctx); err != nil {
			return s.session.failure(op, err)
		}
	}
	stop := s.session.line.Watch(ctx)
	var err error
	if fresh {
		err = s.consume()
	}
	if err == nil {
		err = f()
	}
	stop()
	if err == nil && !s.session.line.Failed() {
		return nil
	}
	e := s.session.failure(op, err)
	s.drop()
	return e
}

// consume has the broker send us what the queue has.
func (s *Source) consume() (err error) {
	if err = s.session.ch.Qos(s.config.Forhaand, 0, false); err == nil {
		s.coming, err = s.session.ch.Consume(s.config.Koe, "", false, false, false, false, nil)
	}
	return err
}

// drop ends the session.
func (s *Source) drop() {
	_ = end(s.session)
	s.session, s.coming, s.held = nil, nil, nil
}

// records finds the records in a message. One that cannot be read is a record with the reason, and so is one with more than
// can be given at once.
func (s *Source) records(m *message) []connector.Record {
	place := s.config.Koe
	if len(m.Body) > int(s.config.MaxBesked) {
		err := fmt.Errorf("beskeden er på %d byte, over grænsen på %s; hæv max_besked, hvis den skal læses", len(m.Body), s.config.MaxBesked)
		return refused(place, m.Body, err)
	}
	var made []connector.Record
	reader := s.config.parse(place, m.Body)
	for r, ok := reader.Next(); ok; r, ok = reader.Next() {
		if len(made) == connector.MaxBatch {
			return refused(place, m.Body, fmt.Errorf("beskeden har over %d poster; bed systemet om mindre beskeder", connector.MaxBatch))
		}
		if r.Err == nil && r.Fields == nil {
			r.Fields = map[string]string{}
		}
		if r.Err == nil {
			properties(r.Fields, m.Delivery)
		}
		made = append(made, r)
	}
	return made
}

func refused(place string, body []byte, err error) []connector.Record {
	r, _ := records.Refuse(place, body, err).Next()
	return []connector.Record{r}
}

// parse finds the records in the bytes of a message.
func (c SourceConfig) parse(place string, b []byte) records.Reader {
	text, err := c.decode(b)
	switch {
	case err != nil:
		return records.Refuse(place, b, err)
	case c.Format == "xml":
		return records.XML(text, place, c.Element)
	}
	return records.JSON(text, place, c.Element)
}

func (c SourceConfig) decode(b []byte) (*connector.Text, error) {
	if c.Format == "xml" {
		return connector.DecodeXML(b, c.Charset)
	}
	charset, err := connector.CharsetByName(c.Charset)
	if err != nil {
		return nil, err
	}
	return charset.Decode(b)
}

// properties adds what the message says of itself.
func properties(fields map[string]string, d amqp.Delivery) {
	set := func(name, value string) {
		if value != "" {
			fields["amqp."+name] = value
		}
	}
	set("message_id", d.MessageId)
	set("correlation_id", d.CorrelationId)
	set("type", d.Type)
	set("exchange", d.Exchange)
	set("routing_key", d.RoutingKey)
	if !d.Timestamp.IsZero() {
		set("tid", d.Timestamp.UTC().Format(time.RFC3339))
	}
	for name, v := range d.Headers {
		if brokers(name) {
			continue
		}
		switch v := v.(type) {
		case string, bool, int, int8, int16, int32, int64, uint8, uint16, uint32, float32, float64:
			set("header."+name, fmt.Sprint(v))
		case time.Time:
			set("header."+name, v.UTC().Format(time.RFC3339))
		}
	}
}

// brokers reports a header that the broker adds, another each time it delivers a message.
func brokers(header string) bool { return header == "x-delivery-count" || header == "x-acquired-count" }

// digest tells messages apart.
func digest(d amqp.Delivery) string {
	headers := amqp.Table{}
	for name, v := range d.Headers {
		if !brokers(name) {
			headers[name] = v
		}
	}
	h := sha256.New()
	said, err := json.Marshal([]any{d.MessageId, d.CorrelationId, d.Type, d.Timestamp.Unix(), d.Exchange, d.RoutingKey, headers})
	if err != nil { // a number that is none
		fmt.Fprintf(h, "%v", headers)
	}
	h.Write(said)
	h.Write(d.Body)
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// Committed implements [connector.Source]: it acknowledges the messages of the position, those too that have come back since
// they were given.
func (s *Source) Committed(ctx context.Context, text string) error {
	const op = "kvittér beskeder"
	p, err := parsePosition(text)
	if err != nil {
		return &connector.Error{Op: op, Err: err}
	}
	if len(p.Given) == 0 || text == s.settled {
		return nil
	}
	err = s.with(ctx, op, func() error { return s.acknowledge(p) })
	if err == nil {
		s.settled = text
	}
	return err
}

// acknowledge finds the messages of a position. Those that came back stand first in the queue: what is not among as many as
// we hold has been acknowledged before.
func (s *Source) acknowledge(p position) error {
	left, missing := p.count(), len(p.Given)
	var kept []message
	for i := 0; missing > 0; i++ {
		m, err := s.message(i)
		if err != nil {
			return err
		}
		if m == nil {
			break
		}
		if left[m.digest] == 0 {
			kept = append(kept, *m)
			continue
		}
		left[m.digest]--
		missing--
		if err := m.Ack(false); err != nil {
			return err
		}
	}
	s.held = append(kept, s.held[len(kept)+len(p.Given)-missing:]...)
	// The broker answers no acknowledgement. It does what it is asked in turn, so an answer to this says that it has them.
	_, err := s.waiting()
	return err
}

// Parse reads one record alone, as a person has corrected it: raw is text in UTF-8. What the message said of itself is not
// among the fields.
func (s *Source) Parse(raw []byte, place connector.Place) (connector.Record, error) {
	c := s.config
	c.Charset = "utf-8"
	if c.Format == "xml" {
		c.Element = c.Element[strings.LastIndexByte(c.Element, '/')+1:]
	} else {
		c.Element = ""
	}
	reader := c.parse(place.File, raw)
	r, ok := reader.Next()
	if !ok {
		return connector.Record{}, errors.New("der står ingen post")
	}
	if _, more := reader.Next(); more && r.Err == nil {
		return connector.Record{}, errors.New("der står mere end én post; ret én ad gangen")
	}
	r.Place = place
	return r, r.Err
}

// Open implements [connector.Source]; a message has no documents beside it.
func (s *Source) Open(context.Context, string) (io.ReadCloser, error) {
	return nil, &connector.Error{Op: "hent dokument", Err: errors.New("en kø har ingen dokumenter; lad systemet lægge dem, hvor en anden forbindelse kan hente dem")}
}

// Check implements [connector.Source]: the queue is there.
func (s *Source) Check(ctx context.Context) error {
	session, err := s.client.dial(ctx)
	if err != nil {
		return session.failure(opRead, err)
	}
	defer end(session)
	defer session.line.Watch(ctx)()
	if _, err := session.ch.QueueDeclarePassive(s.config.Koe, false, false, false, false, nil); err != nil {
		return session.failure(opRead, err)
	}
	return nil
}

// Close implements [connector.Source].
func (s *Source) Close() error {
	if s.session != nil {
		s.drop()
	}
	return nil
}

package amqpc

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/connector/connectortest"
	"github.com/moxkit/mox/internal/fejlnet"
	"github.com/moxkit/mox/internal/testenv"
)

// broker is a vendor's vhost, behind a network that fails on command.
type broker struct {
	*testing.T
	ch             *amqp.Channel // the vendor's own
	proxy          *fejlnet.Proxy
	address        string // by the proxy, without user
	user, password string
}

const queue = "sager"

// newBroker makes a vhost with a queue of the kind given.
func newBroker(t *testing.T, kind string) *broker {
	t.Helper()
	b := testenv.RabbitMQ(t)
	conn, err := amqp.Dial(b.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	v := &broker{T: t}
	v.ch, err = conn.Channel()
	v.must(err)
	_, err = v.ch.QueueDeclare(queue, true, false, false, false, amqp.Table{"x-queue-type": kind})
	v.must(err)
	_, address := b.User(".*", ".*", ".*")
	u, err := url.Parse(address)
	v.must(err)
	v.user = u.User.Username()
	v.password, _ = u.User.Password()
	v.proxy = fejlnet.New(t, u.Host)
	u.Host, u.User = v.proxy.Addr(), nil
	v.address = u.String()
	return v
}

func (v *broker) must(err error) {
	v.Helper()
	if err != nil {
		v.Fatal(err)
	}
}

// put lays messages in the queue, and waits until it has them.
func (v *broker) put(messages ...amqp.Publishing) {
	v.Helper()
	v.must(v.ch.Confirm(false))
	for _, m := range messages {
		c, err := v.ch.PublishWithDeferredConfirm("", queue, true, false, m)
		v.must(err)
		if ok, err := c.WaitContext(context.Background()); !ok {
			v.Fatalf("the queue did not take it: %v", err)
		}
	}
}

func (v *broker) putText(bodies ...string) {
	v.Helper()
	for _, b := range bodies {
		v.put(amqp.Publishing{Body: []byte(b)})
	}
}

// waiting is how many messages the queue has that nobody holds.
func (v *broker) waiting() int {
	v.Helper()
	q, err := v.ch.QueueDeclarePassive(queue, true, false, false, false, nil)
	v.must(err)
	return q.Messages
}

// wantWaiting waits until the queue has n messages that nobody holds.
func (v *broker) wantWaiting(n int) {
	v.Helper()
	tick, end := time.NewTicker(10*time.Millisecond), time.After(20*time.Second)
	defer tick.Stop()
	for v.waiting() != n {
		select {
		case <-tick.C:
		case <-end:
			v.Fatalf("the queue has %d messages, want %d", v.waiting(), n)
		}
	}
}

func (v *broker) login() Broker {
	return Broker{URL: v.address, Bruger: v.user, Kodeord: "env:KODEORD"}
}

func (v *broker) env(e connector.Env) connector.Env {
	e.Secret = func(string) (string, error) { return v.password, nil }
	return e
}

func (v *broker) source(change func(*SourceConfig), env connector.Env) *Source {
	v.Helper()
	c := SourceConfig{Type: "amqp", Broker: v.login(), Koe: queue}
	if change != nil {
		change(&c)
	}
	s, err := NewSource(c, v.env(env))
	v.must(err)
	v.Cleanup(func() { _ = s.Close() })
	return s
}

func (v *broker) away(*testing.T) { v.proxy.Set(fejlnet.Down) }

// one is the one process of MOX that a queue is read by: each time another of its sources is used than the last, it has
// been started again, and the earlier one's connection is gone.
type one struct {
	v  *broker
	mu sync.Mutex
	is *started
}

// started is a source of one start of the process.
type started struct {
	*one
	open func() *Source
	s    *Source
}

func (o *one) start(open func() *Source) connector.Source { return &started{one: o, open: open} }

func (s *started) use() *Source {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.is == s {
		return s.s
	}
	if s.is != nil {
		_ = s.is.s.Close()
		s.is.s = nil
	}
	s.is, s.s = s, s.open()
	return s.s
}

func (s *started) Read(ctx context.Context, position string) (connector.Batch, error) {
	return s.use().Read(ctx, position)
}
func (s *started) Committed(ctx context.Context, position string) error {
	return s.use().Committed(ctx, position)
}
func (s *started) Open(ctx context.Context, ref string) (io.ReadCloser, error) {
	return s.use().Open(ctx, ref)
}
func (s *started) Check(ctx context.Context) error { return s.use().Check(ctx) }
func (s *started) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.s == nil {
		return nil
	}
	return s.s.Close()
}

func TestSourceConformance(t *testing.T) {
	asJSON := func(i connectortest.Item) string {
		b, _ := json.Marshal(map[string]string{"id": i.ID, "titel": i.Titel})
		return string(b)
	}
	for name, c := range map[string]struct {
		kind, broken, foreign string
		change                func(*SourceConfig)
		write                 func(connectortest.Item) string
	}{
		"QuorumJSON": {kind: "quorum", write: asJSON, broken: `{"id":"1"`, foreign: "{\"id\":\"\xE6\"}"},
		"ClassicXML": {kind: "classic",
			change: func(c *SourceConfig) { c.Format, c.Element = "xml", "Sag" },
			write: func(i connectortest.Item) string {
				return "<Sag><id>" + i.ID + "</id><titel>" + i.Titel + "</titel></Sag>"
			},
			broken: "<Sag><id>1</id>", foreign: "<Sag><id>\xE6</id></Sag>",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connectortest.RunSource(t, func(t *testing.T) connectortest.SourceHarness {
				v := newBroker(t, c.kind)
				process := &one{v: v}
				return connectortest.SourceHarness{
					Open: func(_ *testing.T, env connector.Env) connector.Source {
						return process.start(func() *Source { return v.source(c.change, env) })
					},
					Add: func(_ *testing.T, items ...connectortest.Item) {
						for _, i := range items {
							v.putText(c.write(i))
						}
					},
					AddBroken:  func(*testing.T) { v.putText(c.broken) },
					AddForeign: func(*testing.T) { v.putText(c.foreign) },
					Away:       v.away,
					Hang:       v.silent,
					Outside:    []string{"1", "../x"},
					Secret:     v.password,
				}
			})
		})
	}
}

// silent makes the broker say nothing more when it is asked for messages; asked gets a value then.
func (v *broker) silent(*testing.T) <-chan struct{} {
	asked := make(chan struct{}, 10)
	v.proxy.Before(method(60, 20), func() {
		v.proxy.Set(fejlnet.Drop)
		asked <- struct{}{}
	})
	return asked
}

// method is how a method's frame begins: class and number.
func method(class, number byte) []byte { return []byte{0, class, 0, number} }

// numbers gives nr of each record, "!" for one that cannot be read.
func numbers(b connector.Batch) string {
	var got []string
	for _, r := range b.Records {
		if r.Err != nil {
			got = append(got, "!")
		} else {
			got = append(got, r.Fields["nr"])
		}
	}
	return strings.Join(got, " ")
}

func (v *broker) read(s *Source, position, want string) string {
	v.Helper()
	b, err := s.Read(v.Context(), position)
	v.must(err)
	if got := numbers(b); got != want {
		v.Errorf("records %q, want %q", got, want)
	}
	return b.Position
}

// Messages leave the queue when they are committed, and no sooner.
func TestMessagesAreAcknowledgedWhenCommitted(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"classic", "quorum"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			v := newBroker(t, kind)
			v.putText(`{"nr":1}`, `{"nr":2}`)
			s := v.source(nil, connector.Env{})
			first := v.read(s, "", "1 2")
			v.must(s.Close()) // a crash before MOX had them
			v.wantWaiting(2)

			s = v.source(nil, connector.Env{})
			if again := v.read(s, "", "1 2"); again != first {
				t.Errorf("position %s, then %s", first, again)
			}
			v.putText(`{"nr":3}`)
			v.must(s.Close()) // a crash after MOX had them, and before they were acknowledged
			v.wantWaiting(3)

			s = v.source(nil, connector.Env{})
			v.must(s.Committed(t.Context(), first)) // as an agent begins
			next := v.read(s, first, "3")
			if strings.Count(next, `"`) != 6 {
				t.Errorf("position %s, want one message: the others are acknowledged", next)
			}
			v.must(s.Close())
			v.wantWaiting(1)

			s = v.source(nil, connector.Env{})
			v.must(s.Committed(t.Context(), next))
			v.must(s.Close())
			v.wantWaiting(0)
		})
	}
}

// Two messages that are equal are two.
func TestEqualMessages(t *testing.T) {
	t.Parallel()
	v := newBroker(t, "quorum")
	v.putText(`{"nr":1}`, `{"nr":1}`)
	s := v.source(nil, connector.Env{})
	first := v.read(s, "", "1 1")
	v.putText(`{"nr":1}`)
	v.read(s, first, "1")
	v.must(s.Committed(t.Context(), first))
	v.putText(`{"nr":1}`)
	next := v.read(s, first, "1 1")
	v.must(s.Committed(t.Context(), next))
	v.read(s, next, "")
	v.must(s.Close())
	v.wantWaiting(0)
}

// A connection that breaks gives its messages back, and none is given twice or lost.
func TestBrokenConnectionHeals(t *testing.T) {
	t.Parallel()
	v := newBroker(t, "quorum")
	v.putText(`{"nr":1}`, `{"nr":2}`)
	s := v.source(nil, connector.Env{})
	position := v.read(s, "", "1 2")
	v.proxy.Reset()
	v.wantWaiting(2)
	for range 2 { // the first may be told that the connection is gone
		if err := s.Committed(t.Context(), position); err == nil {
			break
		} else if !connector.Temporary(err) {
			t.Fatalf("Committed = %v, want temporary", err)
		}
	}
	v.putText(`{"nr":3}`)
	v.read(s, position, "3")
	v.away(t)
	if _, err := s.Read(t.Context(), position); !connector.Temporary(err) {
		t.Errorf("Read = %v, want temporary", err)
	}
	v.proxy.Set(fejlnet.Pass)
	v.read(s, position, "3")
}

func TestSilentBrokerIsGivenUp(t *testing.T) {
	t.Parallel()
	v := newBroker(t, "classic")
	v.putText(`{"nr":1}`)
	s := v.source(func(c *SourceConfig) { c.Timeout = connector.Duration(3 * time.Second) }, connector.Env{})
	v.silent(t)
	if _, err := s.Read(t.Context(), ""); !connector.Temporary(err) {
		t.Errorf("Read = %v, want temporary", err)
	}
}

func TestPropertiesAreFields(t *testing.T) {
	t.Parallel()
	v := newBroker(t, "quorum")
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	v.put(amqp.Publishing{
		MessageId: "m1", CorrelationId: "k1", Type: "sag.oprettet", Timestamp: at, Body: []byte(`[{"nr":"1"},{"nr":"2"}]`),
		Headers: amqp.Table{"system": "ESDH", "version": int64(3), "ægte": true, "tid": at, "liste": []any{"x"}},
	})
	b, err := v.source(nil, connector.Env{}).Read(t.Context(), "")
	v.must(err)
	want := map[string]string{
		"nr": "2", "amqp.message_id": "m1", "amqp.correlation_id": "k1", "amqp.type": "sag.oprettet", "amqp.routing_key": queue, "amqp.tid": "2026-03-01T12:00:00Z",
		"amqp.header.system": "ESDH", "amqp.header.version": "3", "amqp.header.ægte": "true", "amqp.header.tid": "2026-03-01T12:00:00Z",
	}
	if len(b.Records) != 2 {
		t.Fatalf("%d records, want 2", len(b.Records))
	}
	if diff := cmp.Diff(want, b.Records[1].Fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

// A message that cannot be read is a record with the reason, and leaves the queue like the others.
func TestPoisonIsKeptAndAcknowledged(t *testing.T) {
	t.Parallel()
	v := newBroker(t, "quorum")
	many := "[" + strings.Repeat(`{"nr":1},`, connector.MaxBatch) + `{"nr":1}]`
	v.putText("\x00\x01", "", `{"nr":1}`, many, `{"nr":"`+strings.Repeat("x", 3000)+`"}`, "[]")
	s := v.source(func(c *SourceConfig) { c.MaxBesked = 2 * connector.KiB }, connector.Env{})
	b, err := s.Read(t.Context(), "")
	v.must(err)
	if got := numbers(b); got != "! ! 1 ! !" {
		t.Errorf("records %q", got)
	}
	for i, want := range map[int]string{3: "max_besked", 4: "max_besked"} {
		if r := b.Records[i]; r.Err == nil || !strings.Contains(r.Err.Error(), want) || len(r.Raw) == 0 {
			t.Errorf("record %d: %v with %d bytes, want an error that says %s", i, r.Err, len(r.Raw), want)
		}
	}
	v.must(s.Committed(t.Context(), b.Position))
	v.must(s.Close())
	v.wantWaiting(0)

	v.putText(many)
	b, err = v.source(nil, connector.Env{}).Read(t.Context(), "")
	v.must(err)
	if len(b.Records) != 1 || b.Records[0].Err == nil || !strings.Contains(b.Records[0].Err.Error(), "500") {
		t.Errorf("%d records, want one with an error that says 500", len(b.Records))
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	config := SourceConfig{Type: "amqp", Broker: Broker{URL: "amqp://localhost", Bruger: "mox", Kodeord: "env:X"}, Koe: "k"}
	env := connector.Env{Secret: func(string) (string, error) { return "x", nil }}
	for raw, want := range map[string]string{`{"nr":"1"}`: "1", `{"nr":"1"`: "", `[{"nr":"1"},{"nr":"2"}]`: "", "": ""} {
		s, err := NewSource(config, env)
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.Parse([]byte(raw), connector.Place{File: "k", Line: 3})
		if (err == nil) != (want != "") || r.Fields["nr"] != want {
			t.Errorf("%s became %v, %v", raw, r.Fields, err)
		}
	}
	config.Format, config.Element = "xml", "Sager/Sag"
	s, err := NewSource(config, env)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := s.Parse([]byte("<Sag><nr>1</nr></Sag>"), connector.Place{File: "k"}); err != nil || r.Fields["nr"] != "1" {
		t.Errorf("%v, %v", r.Fields, err)
	}
}

func TestLogin(t *testing.T) {
	t.Parallel()
	v := newBroker(t, "classic")
	b := testenv.RabbitMQ(t)
	address, issuer := b.TLS()
	_, own := b.User(".*", ".*", ".*")
	u, err := url.Parse(own)
	v.must(err)
	password, _ := u.User.Password()
	dir, otherDir := t.TempDir(), t.TempDir()
	v.must(issuer.Write(dir))
	other, err := testenv.NewIssuer()
	v.must(err)
	v.must(other.Write(otherDir))
	overTLS := func(ca string) func(*Broker) {
		return func(c *Broker) { c.URL, c.Bruger, c.CA = address.String(), u.User.Username(), ca+"/ca.pem" }
	}
	for name, c := range map[string]struct {
		change         func(*Broker)
		password, want string
	}{
		"OK":            {func(*Broker) {}, v.password, ""},
		"WrongPassword": {func(*Broker) {}, "forkert", "afviste login"},
		"OtherVhost":    {func(c *Broker) { c.URL += "x" }, v.password, "vhost"},
		"TLS":           {overTLS(dir), password, "no queue"}, // it is another vhost
		"OtherIssuer":   {overTLS(otherDir), password, "certificate"},
		"NoServer":      {func(c *Broker) { c.URL = "amqp://127.0.0.1:1/x" }, v.password, "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			login := v.login()
			c.change(&login)
			s, err := NewSource(SourceConfig{Type: "amqp", Broker: login, Koe: queue}, connector.Env{Secret: func(string) (string, error) { return c.password, nil }})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			err = s.Check(t.Context())
			if c.want == "" {
				if err != nil {
					t.Errorf("Check: %v", err)
				}
				return
			}
			if !connector.Temporary(err) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), c.password) {
				t.Errorf("Check = %v, want temporary, with %q and no password", err, c.want)
			}
		})
	}
}

func TestSourceValidate(t *testing.T) {
	t.Parallel()
	whole := SourceConfig{Type: "amqp", Broker: Broker{URL: "amqps://mq.kommune.dk/x", Bruger: "mox", Kodeord: "env:KODE"}, Koe: "sager"}
	with := func(change func(*SourceConfig)) []connector.Problem { c := whole; change(&c); return c.Validate() }
	for name, c := range map[string]struct {
		problems []connector.Problem
		want     string
	}{
		"Whole":   {whole.Validate(), ""},
		"Empty":   {SourceConfig{}.Validate(), "bruger kodeord koe url"},
		"HTTP":    {with(func(c *SourceConfig) { c.URL = "https://mq.kommune.dk" }), "url"},
		"Plain":   {with(func(c *SourceConfig) { c.URL = "amqp://mq.kommune.dk" }), "url"},
		"Login":   {with(func(c *SourceConfig) { c.URL = "amqps://mox:hemmelig@mq.kommune.dk" }), "url"},
		"Secret":  {with(func(c *SourceConfig) { c.Kodeord = "hemmelig" }), "kodeord"},
		"XML":     {with(func(c *SourceConfig) { c.Format = "xml" }), "element"},
		"Format":  {with(func(c *SourceConfig) { c.Format = "csv" }), "format"},
		"Full":    {with(func(c *SourceConfig) { c.Eksport = "fuld" }), "eksport"},
		"Ahead":   {with(func(c *SourceConfig) { c.Forhaand = 6000 }), "forhaand"},
		"Timeout": {with(func(c *SourceConfig) { c.Timeout = connector.Duration(time.Second) }), "timeout"},
	} {
		var got []string
		for _, p := range c.problems {
			got = append(got, p.Path)
			if strings.Contains(p.String(), "hemmelig@") {
				t.Errorf("%s: the problem has the password: %v", name, p)
			}
		}
		slices.Sort(got)
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: problems %v, want %s", name, c.problems, c.want)
		}
	}
}

// A position never grows without end: no more is given than may be held.
func TestNoMoreIsGivenThanIsHeld(t *testing.T) {
	t.Parallel()
	v := newBroker(t, "quorum")
	v.putText(`{"nr":1}`, `{"nr":2}`, `{"nr":3}`)
	s := v.source(func(c *SourceConfig) { c.Forhaand = 2 }, connector.Env{})
	position := v.read(s, "", "1 2")
	v.read(s, position, "")
	v.must(s.Committed(t.Context(), position))
	v.read(s, position, "3")
}

// After a crash messages come back in their order, whatever the kind of queue.
func TestOrderAfterACrash(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"classic", "quorum"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			v := newBroker(t, kind)
			var bodies, want []string
			for n := range 300 {
				bodies, want = append(bodies, fmt.Sprintf(`{"nr":%d}`, n)), append(want, fmt.Sprint(n))
			}
			v.putText(bodies...)
			for range 3 {
				s := v.source(nil, connector.Env{})
				v.read(s, "", strings.Join(want, " "))
				v.proxy.Reset()
				v.wantWaiting(300)
			}
		})
	}
}

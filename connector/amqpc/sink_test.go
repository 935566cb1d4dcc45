package amqpc

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/connector/connectortest"
	"github.com/moxkit/mox/internal/fejlnet"
)

const exchange = "ind"

// newInbox is a broker with an exchange whose messages come in the queue.
func newInbox(t *testing.T) *broker {
	t.Helper()
	v := newBroker(t, "quorum")
	v.must(v.ch.ExchangeDeclare(exchange, "topic", true, false, false, false, nil))
	v.must(v.ch.QueueBind(queue, "#", exchange, false, nil))
	return v
}

func (v *broker) sink(change func(*SinkConfig), env connector.Env) *Sink {
	v.Helper()
	c := SinkConfig{Type: "amqp", Broker: v.login(), Exchange: exchange, RoutingKey: "sag.{{key}}", Indhold: "base64"}
	if change != nil {
		change(&c)
	}
	s, err := NewSink(c, v.env(env))
	v.must(err)
	v.Cleanup(func() { _ = s.Close() })
	return s
}

// taken gives the messages that have come, which are then gone.
func (v *broker) taken() []amqp.Delivery {
	v.Helper()
	var all []amqp.Delivery
	for {
		d, ok, err := v.ch.Get(queue, true)
		v.must(err)
		if !ok {
			return all
		}
		all = append(all, d)
	}
}

func TestSinkConformance(t *testing.T) {
	connectortest.RunSink(t, func(t *testing.T) connectortest.SinkHarness {
		v := newInbox(t)
		open := func(change func(*SinkConfig)) func(*testing.T, connector.Env) connector.Sink {
			return func(_ *testing.T, env connector.Env) connector.Sink { return v.sink(change, env) }
		}
		publish := method(60, 40)
		return connectortest.SinkHarness{
			Open: open(nil), OpenPlain: open(nil), NoLookup: true,
			OpenUnknown: open(func(c *SinkConfig) { c.RoutingKey = "{{findes_ikke}}" }),
			Accepted:    CodeOK,
			Effects: func(t *testing.T) []connectortest.Item {
				var found []connectortest.Item
				for _, d := range v.taken() {
					var fields map[string]string
					if err := json.Unmarshal(d.Body, &fields); err != nil {
						t.Fatal(err)
					}
					found = append(found, connectortest.Item{ID: fields["id"], Titel: fields["titel"]})
				}
				return found
			},
			Refuse: func(*testing.T, connector.Call) { v.must(v.ch.QueueUnbind(queue, "#", exchange, nil)) },
			Away:   v.away,
			LoseAnswer: func(*testing.T) {
				v.proxy.Before(publish, func() { v.proxy.Set(fejlnet.ResetAnswers) })
			},
			Hang: func(*testing.T) <-chan struct{} {
				asked := make(chan struct{}, 10)
				v.proxy.Before(publish, func() {
					v.proxy.Set(fejlnet.DropAnswers)
					asked <- struct{}{}
				})
				return asked
			},
			Document: func(t *testing.T, _ connector.Call) []byte {
				var fields map[string]string
				v.must(json.Unmarshal(v.taken()[0].Body, &fields))
				b, err := base64.StdEncoding.DecodeString(fields["dokument"])
				v.must(err)
				return b
			},
			Secret: v.password,
		}
	})
}

func call(fields map[string]any) connector.Call {
	return connector.Call{Key: "noegle-1", Vars: map[string]string{"key": "S-1"}, Fields: fields}
}

func TestMessageAsItIsPublished(t *testing.T) {
	t.Parallel()
	v := newInbox(t)
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	s := v.sink(func(c *SinkConfig) {
		c.RoutingKey, c.Beskedtype, c.Headers = "sag.{{felt.status}}", "SagÆndret", map[string]string{"nr": "{{key}}", "system": "MOX"}
		c.Format, c.Element, c.FelterOrden = "xml", "Sag", []string{"status", "part.navn"}
	}, connector.Env{Now: func() time.Time { return at }})
	a, err := s.Write(t.Context(), call(map[string]any{"part.0.navn": "Bo <Ø>", "status": "ny", "antal": int64(3), "tom": nil}))
	v.must(err)
	d := v.taken()[0]
	got := []any{
		a.Fields["message_id"], d.MessageId, d.RoutingKey, d.Type, d.Headers["nr"], d.Headers["system"], d.ContentType, d.DeliveryMode, d.Timestamp.UTC(), string(d.Body),
	}
	want := []any{
		"noegle-1", "noegle-1", "sag.ny", "SagÆndret", "S-1", "MOX", "application/xml", amqp.Persistent, at,
		"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Sag><status>ny</status><part><navn>Bo &lt;Ø&gt;</navn></part><antal>3</antal></Sag>",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestWhatTheBrokerSays(t *testing.T) {
	t.Parallel()
	v := newInbox(t)
	write := func(change func(*SinkConfig), fields map[string]any) (connector.Answer, error) {
		return v.sink(change, connector.Env{}).Write(t.Context(), call(fields))
	}
	a, err := write(func(c *SinkConfig) { c.Exchange, c.RoutingKey = "", "findes-ikke" }, nil)
	if err != nil || a.Code != CodeNoQueue || !strings.Contains(a.Text, "NO_ROUTE") {
		t.Errorf("no queue: %+v, %v", a, err)
	}
	_, err = write(func(c *SinkConfig) { c.Exchange = "findes-ikke" }, nil)
	if !connector.Temporary(err) || connector.Unknown(err) || !strings.Contains(err.Error(), "findes-ikke") {
		t.Errorf("no exchange: %v, want temporary and known", err)
	}

	_, err = v.ch.QueueDeclare("fuld", true, false, false, false, amqp.Table{"x-max-length": 1, "x-overflow": "reject-publish"})
	v.must(err)
	full := v.sink(func(c *SinkConfig) { c.Exchange, c.RoutingKey = "", "fuld" }, connector.Env{})
	if a, err := full.Write(t.Context(), call(nil)); err != nil || a.Code != CodeOK {
		t.Errorf("the first: %+v, %v", a, err)
	}
	if _, err := full.Write(t.Context(), call(nil)); !connector.Temporary(err) || !connector.Unknown(err) {
		t.Errorf("a full queue: %v, want temporary, and unknown: another queue may have taken it", err)
	}
	_, err = v.ch.QueuePurge("fuld", false)
	v.must(err)
	if a, err := full.Write(t.Context(), call(nil)); err != nil || a.Code != CodeOK {
		t.Errorf("when there is room again: %+v, %v", a, err)
	}

	for name, fields := range map[string]map[string]any{"Line": {"x": "a\nb"}, "Long": {"x": strings.Repeat("a", 300)}} {
		_, err := write(func(c *SinkConfig) { c.RoutingKey = "{{felt.x}}" }, fields)
		if err == nil || connector.Temporary(err) || connector.Unknown(err) || !strings.Contains(err.Error(), "routing_key") {
			t.Errorf("%s: %v, want a permanent, known error that says routing_key", name, err)
		}
	}
	if got := v.taken(); len(got) > 0 {
		t.Errorf("%d messages came", len(got))
	}
}

// A broker that has too little room holds a message back without a word: nobody can know whether it comes.
func TestSilenceAfterPublishingIsUnknown(t *testing.T) {
	t.Parallel()
	v := newInbox(t)
	s := v.sink(func(c *SinkConfig) { c.Timeout = connector.Duration(3 * time.Second) }, connector.Env{})
	v.proxy.Before(method(60, 40), func() { v.proxy.Set(fejlnet.DropAnswers) })
	if a, err := s.Write(t.Context(), call(nil)); !connector.Temporary(err) || !connector.Unknown(err) {
		t.Errorf("Write = %+v, %v, want temporary and unknown", a, err)
	}
	v.proxy.Before(nil, nil)
	v.proxy.Set(fejlnet.Pass)
	if a, err := s.Write(t.Context(), call(nil)); err != nil || a.Code != CodeOK {
		t.Errorf("Write again: %+v, %v", a, err)
	}
	if got := v.taken(); len(got) != 2 || got[0].MessageId != got[1].MessageId {
		t.Errorf("%d messages, want two with the same message-id", len(got))
	}
}

func TestSinkCheck(t *testing.T) {
	t.Parallel()
	v := newInbox(t)
	for exchange, ok := range map[string]bool{exchange: true, "": true, "findes-ikke": false} {
		err := v.sink(func(c *SinkConfig) { c.Exchange = exchange }, connector.Env{}).Check(t.Context())
		if (err == nil) != ok || !ok && !connector.Temporary(err) {
			t.Errorf("Check of %q: %v", exchange, err)
		}
	}
}

func TestSinkValidate(t *testing.T) {
	t.Parallel()
	whole := SinkConfig{Type: "amqp", Broker: Broker{URL: "amqps://mq.kommune.dk/x", Bruger: "mox", Kodeord: "env:KODE"}, Exchange: "ind"}
	with := func(change func(*SinkConfig)) []connector.Problem { c := whole; change(&c); return c.Validate() }
	for name, c := range map[string]struct {
		problems []connector.Problem
		want     string
	}{
		"Whole":    {whole.Validate(), ""},
		"Empty":    {SinkConfig{}.Validate(), "bruger exchange kodeord url"},
		"Template": {with(func(c *SinkConfig) { c.RoutingKey, c.Headers = "{{", map[string]string{"x": "{{felt x}}"} }), "headers.x routing_key"},
		"XML":      {with(func(c *SinkConfig) { c.Format = "xml" }), "element"},
		"Content":  {with(func(c *SinkConfig) { c.Indhold = "ja" }), "indhold"},
	} {
		var got []string
		for _, p := range c.problems {
			got = append(got, p.Path)
		}
		slices.Sort(got)
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: problems %v, want %s", name, c.problems, c.want)
		}
	}
}

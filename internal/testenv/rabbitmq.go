package testenv

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// Broker is a vhost of its own on a real RabbitMQ.
type Broker struct {
	URL   string // AMQP address for the broker's own administrator
	Vhost string
	api   *url.URL
	t     testing.TB
}

// RabbitMQ returns a vhost of its own, empty, which is removed when the test ends.
func RabbitMQ(t testing.TB) *Broker {
	t.Helper()
	u, err := url.Parse(need(t, "rabbitmq", "MOX_TEST_RABBITMQ_URL"))
	if err != nil {
		t.Fatal("MOX_TEST_RABBITMQ_URL is not a URL") // not err: it would quote the URL with its password
	}
	api, err := url.Parse(need(t, "rabbitmq", "MOX_TEST_RABBITMQ_API"))
	if err != nil {
		t.Fatal("MOX_TEST_RABBITMQ_API is not a URL")
	}
	b := &Broker{Vhost: "mox-test-" + strings.ToLower(rand.Text()), api: api, t: t}
	b.call("PUT", nil, "vhosts", b.Vhost)
	t.Cleanup(func() { b.call("DELETE", nil, "vhosts", b.Vhost) })
	b.Permit(u.User.Username(), ".*", ".*", ".*")
	u.Path = "/" + b.Vhost
	b.URL = u.String()
	return b
}

// API is the address of the broker's management, with its administrator.
func (b *Broker) API() string { return b.api.String() }

// TLS is the broker's address with TLS, without a user, and who has issued its certificate. A client with a certificate from
// there is the user of its common name, where it asks for SASL EXTERNAL.
func (b *Broker) TLS() (*url.URL, *Issuer) {
	b.t.Helper()
	u, err := url.Parse(need(b.t, "rabbitmq", "MOX_TEST_RABBITMQ_TLS"))
	if err != nil {
		b.t.Fatal("MOX_TEST_RABBITMQ_TLS is not a URL")
	}
	i, err := ReadIssuer(need(b.t, "rabbitmq", "MOX_TEST_RABBITMQ_TLS_DIR"))
	if err != nil {
		b.t.Fatal(err)
	}
	u.Path = "/" + b.Vhost
	return u, i
}

// Permit gives a user of the broker rights in the vhost: regular expressions for what it may configure, write and read.
func (b *Broker) Permit(user, configure, write, read string) {
	b.t.Helper()
	b.call("PUT", map[string]string{"configure": configure, "write": write, "read": read}, "permissions", b.Vhost, user)
}

// User makes a user with these rights, who is removed when the test ends, and returns its name and AMQP address.
func (b *Broker) User(configure, write, read string) (name, address string) {
	b.t.Helper()
	name, password := "mox-test-"+strings.ToLower(rand.Text()), rand.Text()
	b.call("PUT", map[string]string{"password": password, "tags": ""}, "users", name)
	b.t.Cleanup(func() { b.call("DELETE", nil, "users", name) })
	b.Permit(name, configure, write, read)
	u, err := url.Parse(b.URL)
	if err != nil {
		b.t.Fatal(err)
	}
	u.User = url.UserPassword(name, password)
	return name, u.String()
}

// Pika returns a Python that has Debian's pika, an AMQP client that is not ours.
func Pika(t testing.TB) string {
	t.Helper()
	return need(t, "pika", "MOX_TEST_PIKA")
}

// AMQPTools returns the folder of amqp-publish and amqp-consume.
func AMQPTools(t testing.TB) string {
	t.Helper()
	return need(t, "amqptools", "MOX_TEST_AMQPTOOLS")
}

// call asks the broker's management plugin. What is gone already is no error.
func (b *Broker) call(method string, body any, path ...string) {
	b.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		b.t.Fatal(err)
	}
	for i := range path {
		path[i] = url.PathEscape(path[i])
	}
	// Not t.Context(): it is already cancelled when a cleanup runs.
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	u := *b.api
	user := u.User
	u.User = nil
	r, err := http.NewRequestWithContext(ctx, method, u.String()+"/api/"+strings.Join(path, "/"), bytes.NewReader(raw))
	if err != nil {
		b.t.Fatal(err)
	}
	password, _ := user.Password()
	r.SetBasicAuth(user.Username(), password)
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }() // only read
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode >= 300 && answer.StatusCode != http.StatusNotFound {
		b.t.Fatalf("%s %s: %s: %s, %v", method, path[0], answer.Status, text, err)
	}
}

// Package web talks HTTP for the connectors that do: login, limits, and the answer to the one question that matters
// when a call fails, whether it can have had an effect.
package web

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/connector/internal/line"
)

// Defaults.
const (
	DefaultTimeout = 30 * time.Second
	DefaultAnswer  = 64 * connector.MiB
)

const maxRedirects = 5

// Options are what the connectors' configs say about HTTP.
type Options struct {
	Auth      connector.Auth
	Headers   map[string]string // name → template, or reference to a secret
	Timeout   time.Duration     // for a whole call
	CA        string            // file with further root certificates, PEM
	MaxAnswer connector.Size
}

// Client makes calls at one system. It may be used by several goroutines at once.
type Client struct {
	http      *http.Client
	timeout   time.Duration
	maxAnswer int64
	login     login
	headers   []header
	now       func() time.Time
}

// New makes a client. It resolves secrets and reads the CA file, and makes no call.
func New(o Options, env connector.Env) (*Client, error) {
	roots, err := line.Roots(o.CA, env)
	if err != nil {
		return nil, err
	}
	headers, err := newHeaders(o.Headers, env)
	if err != nil {
		return nil, err
	}
	c := &Client{timeout: o.Timeout, maxAnswer: int64(o.MaxAnswer), headers: headers, now: env.Time}
	c.http = &http.Client{Transport: transport(roots, o.Timeout), CheckRedirect: followOnlyReads}
	c.login, err = newLogin(o.Auth, env, c.http)
	return c, err
}

func transport(roots *x509.CertPool, timeout time.Duration) *http.Transport {
	dialer := &net.Dialer{Timeout: min(timeout, 10*time.Second)}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		TLSHandshakeTimeout:    min(timeout, 10*time.Second),
		ResponseHeaderTimeout:  timeout,
		MaxIdleConnsPerHost:    8,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		ForceAttemptHTTP2:      true,
	}
}

// followOnlyReads follows redirects of reads within the same host. Any other redirect is an answer like the others: a
// write must not be repeated somewhere else, and a login must not be sent to another host.
func followOnlyReads(next *http.Request, via []*http.Request) error {
	first := via[0]
	if first.Method != http.MethodGet || len(via) > maxRedirects || !SameHost(next.URL, first.URL) {
		return http.ErrUseLastResponse
	}
	return nil
}

// SameHost reports whether two addresses are at the same scheme, host and port.
func SameHost(a, b *url.URL) bool { return a.Scheme == b.Scheme && a.Host == b.Host }

// Close ends idle connections.
func (c *Client) Close() error {
	c.http.CloseIdleConnections()
	return nil
}

// Request is one call.
type Request struct {
	Op     string // for errors: "POST /api/cases"
	Method string
	URL    *url.URL
	Header http.Header
	Body   []byte
	Vars   connector.Vars // for the names in the configured headers; nil = headers with names are left out
}

// Reply is what the system answered, whatever its status.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte
	Cut    bool // the body is longer than the limit, and was left there

	authorization string // of the request
}

// Do makes a call and reads the whole answer. A 401 to a token that may have been withdrawn, or to a secret that has been
// replaced, is answered once with a new one: the refused call had no effect. The error is an [*connector.Error].
func (c *Client) Do(ctx context.Context, r Request) (Reply, error) {
	reply, err := c.once(ctx, r)
	if err != nil || reply.Status != http.StatusUnauthorized || !c.login.renew(reply.authorization) {
		return reply, err
	}
	return c.once(ctx, r)
}

func (c *Client) once(parent context.Context, r Request) (Reply, error) {
	ctx, cancel := context.WithTimeout(parent, c.timeout)
	defer cancel()
	resp, wire, err := c.send(ctx, r)
	if err != nil {
		return Reply{}, c.failure(parent, r.Op, err, wire)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, c.maxAnswer+1))
	if err != nil && resp.StatusCode < 400 {
		return Reply{}, c.failure(parent, r.Op, err, wire)
	}
	reply := Reply{Status: resp.StatusCode, Header: resp.Header, Body: body, authorization: resp.Request.Header.Get("Authorization")}
	if int64(len(body)) > c.maxAnswer {
		reply.Body, reply.Cut = body[:c.maxAnswer], true
	}
	return reply, nil
}

// Open makes a read whose answer may be long: it gives the body as it comes, without the time limit of a call.
func (c *Client) Open(ctx context.Context, r Request) (io.ReadCloser, error) {
	for again := true; ; again = false {
		resp, wire, err := c.send(ctx, r)
		if err != nil {
			return nil, c.failure(ctx, r.Op, err, wire)
		}
		if resp.StatusCode == http.StatusOK {
			return resp.Body, nil
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusUnauthorized || !again || !c.login.renew(resp.Request.Header.Get("Authorization")) {
			return nil, StatusError(r.Op, Reply{Status: resp.StatusCode})
		}
	}
}

// send makes the request and gives the answer's head.
func (c *Client) send(ctx context.Context, r Request) (*http.Response, *wire, error) {
	req, err := http.NewRequestWithContext(ctx, r.Method, r.URL.String(), bytes.NewReader(r.Body))
	if err != nil {
		return nil, &wire{}, err
	}
	if err := c.setHeaders(req, r); err != nil {
		return nil, &wire{}, err
	}
	if err := c.login.apply(ctx, req); err != nil {
		return nil, &wire{}, err
	}
	w := newWire(req)
	req = req.WithContext(httptrace.WithClientTrace(ctx, w.trace()))
	resp, err := c.http.Do(req)
	return resp, w, err
}

func (c *Client) setHeaders(req *http.Request, r Request) error {
	req.Header.Set("User-Agent", "MOX")
	for name, values := range r.Header {
		req.Header[name] = values
	}
	for _, h := range c.headers {
		if r.Vars == nil && len(h.text.Names()) > 0 {
			continue // a call of our own, without a record to take values from
		}
		value, err := h.value(r.Vars)
		if err != nil {
			return err
		}
		req.Header.Set(h.name, value)
	}
	return nil
}

// wire knows whether a request can have been seen by the system.
type wire struct {
	replays bool        // net/http may send the request again by itself
	sent    atomic.Bool // the head, and so perhaps all of it, was handed to a connection
}

func newWire(req *http.Request) *wire {
	// net/http sends a request again on a new connection when the first turns out to be dead: a read or one with an
	// idempotency key always, another only when nothing of it was written (net/http.persistConn.shouldRetryRequest).
	_, keyed := req.Header["Idempotency-Key"]
	_, xKeyed := req.Header["X-Idempotency-Key"]
	return &wire{replays: req.Method == http.MethodGet || keyed || xKeyed}
}

func (w *wire) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) {
			if !w.replays {
				w.sent.Store(false) // sent again: so nothing of it was written before
			}
		},
		WroteHeaders: func() { w.sent.Store(true) },
	}
}

// failure makes the error of a call without answer. It had no effect if it never reached a connection: DNS, dial, TLS
// and proxy failures are so.
func (c *Client) failure(parent context.Context, op string, err error, w *wire) error {
	var e *connector.Error
	if errors.As(err, &e) {
		return &connector.Error{Op: op, Err: e, Temporary: e.Temporary, Unknown: w.sent.Load()}
	}
	var u *url.Error // its text has the whole address, with the values in it
	if errors.As(err, &u) {
		err = u.Err
	}
	var timeout net.Error
	if parent.Err() != nil {
		err = parent.Err()
	} else if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout() {
		err = fmt.Errorf("intet svar inden for %s: %w", c.timeout, context.DeadlineExceeded)
	}
	return &connector.Error{Op: op, Err: err, Temporary: true, Unknown: w.sent.Load()}
}

// StatusError makes an error of a reply that is no success, for callers that need one.
func StatusError(op string, r Reply) error {
	text := fmt.Sprintf("systemet svarede %d %s", r.Status, http.StatusText(r.Status))
	temporary := r.Status >= 500 || r.Status == http.StatusTooManyRequests || r.Status == http.StatusRequestTimeout
	switch {
	case r.Status == http.StatusUnauthorized || r.Status == http.StatusForbidden:
		text += "; kontroller auth og MOX' rettigheder i systemet"
	case r.Status == http.StatusNotFound:
		text += "; kontroller url"
		temporary = true // a document may be announced before it is there
	case r.Status >= 300 && r.Status < 400:
		text += "; viderestillinger følges ikke til en anden vært: ret url"
	}
	return &connector.Error{Op: op, Err: errors.New(text), Temporary: temporary}
}

// Ping reports whether the system answers a read of address and lets us in. Any status that comes from the system
// itself counts as an answer, unless strict asks for a success.
func (c *Client) Ping(ctx context.Context, op string, address *url.URL, strict bool) error {
	reply, err := c.Do(ctx, Request{Op: op, Method: http.MethodGet, URL: address})
	if err != nil {
		return err
	}
	ok := reply.Status < 300
	if !strict {
		switch reply.Status {
		case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired,
			http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		default:
			ok = true
		}
	}
	if !ok {
		return StatusError(op, reply)
	}
	return nil
}

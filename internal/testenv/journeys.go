package testenv

import (
	"io"
	"net"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Journeys counts how often the client of a PostgreSQL server asks and waits for the answer, over all its connections. That
// is what a transaction costs where the server is another machine, and it is the same on a busy machine as on an idle one.
type Journeys struct {
	URL string // of the same database, through what counts

	n       atomic.Int64
	network string
	address string
}

// CountJourneys puts a counter before the database at url; it ends with the test.
func CountJourneys(t testing.TB, server string) *Journeys {
	t.Helper()
	cfg, err := pgx.ParseConfig(server)
	if err != nil {
		t.Fatal("the URL of the database cannot be read") // not err: it would quote the URL with its password
	}
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal("the URL of the database cannot be read")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	j := &Journeys{}
	j.network, j.address = pgconn.NetworkAddress(cfg.Host, cfg.Port)
	q := u.Query()
	q.Del("host")
	q.Del("port")
	u.Host, u.RawQuery = l.Addr().String(), q.Encode()
	j.URL = u.String()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // closed
			}
			go j.carry(c)
		}
	}()
	return j
}

// Fewest is the least number of journeys that f made in any of several runs. The first ones prepare their statements, and a
// connection that has rested is asked whether it lives.
func (j *Journeys) Fewest(t testing.TB, f func() error) int64 {
	t.Helper()
	fewest := int64(-1)
	for range 10 {
		before := j.n.Load()
		if err := f(); err != nil {
			t.Fatal(err)
		}
		if n := j.n.Load() - before; fewest < 0 || n < fewest {
			fewest = n
		}
	}
	return fewest
}

// carry carries what is said both ways, and counts each time the client speaks after the server.
func (j *Journeys) carry(client net.Conn) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial(j.network, j.address)
	if err != nil {
		return // the client hears of it
	}
	defer func() { _ = server.Close() }()
	var answered atomic.Bool
	answered.Store(true)
	go func() {
		defer func() { _ = client.Close() }() // else a client would wait for a server that is gone
		_, _ = io.Copy(writer(func(b []byte) (int, error) {
			answered.Store(true)
			return client.Write(b)
		}), server)
	}()
	_, _ = io.Copy(writer(func(b []byte) (int, error) {
		if answered.Swap(false) {
			j.n.Add(1)
		}
		return server.Write(b)
	}), client)
}

type writer func([]byte) (int, error)

func (w writer) Write(b []byte) (int, error) { return w(b) }

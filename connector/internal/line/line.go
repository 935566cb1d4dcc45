// Package line holds connections to systems: a call on one ends when its caller gives up, or when the system has been
// silent for too long, and one that is whole is kept for the next call.
package line

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// DefaultSilence is how long a system may be silent in a call where the config says nothing else.
const DefaultSilence = 30 * time.Second

// Conn is a connection whose calls can be watched.
type Conn struct {
	net.Conn
	silence time.Duration
	heard   atomic.Int64 // when bytes last moved, in the nanoseconds of began
	began   time.Time
	cause   atomic.Pointer[error] // why we closed it
}

// Dial connects to "host:port".
func Dial(ctx context.Context, address string, silence time.Duration) (*Conn, error) {
	d := net.Dialer{Timeout: silence}
	c, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &Conn{Conn: c, silence: silence, began: time.Now()}, nil
}

// Read implements [net.Conn].
func (c *Conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.moved(n)
	return n, err
}

// Write implements [net.Conn].
func (c *Conn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.moved(n)
	return n, err
}

func (c *Conn) moved(n int) {
	if n > 0 {
		c.heard.Store(int64(time.Since(c.began)))
	}
}

// Watch begins a call: until stop, the connection is closed when ctx ends, or when nothing has moved on it for its silence.
func (c *Conn) Watch(ctx context.Context) (stop func()) {
	c.heard.Store(int64(time.Since(c.began)))
	end := context.AfterFunc(ctx, func() { c.fail(ctx.Err()) })
	w := &watch{conn: c}
	w.mu.Lock()
	w.timer = time.AfterFunc(c.silence, w.look)
	w.mu.Unlock()
	return func() {
		end()
		w.stop()
	}
}

type watch struct {
	conn    *Conn
	mu      sync.Mutex
	timer   *time.Timer
	stopped bool
}

func (w *watch) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	w.timer.Stop()
}

func (w *watch) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped {
		return
	}
	c := w.conn
	if left := c.silence - (time.Since(c.began) - time.Duration(c.heard.Load())); left > 0 {
		w.timer.Reset(left)
		return
	}
	c.fail(fmt.Errorf("systemet har ikke svaret i %v", c.silence))
}

func (c *Conn) fail(err error) {
	c.cause.CompareAndSwap(nil, &err)
	_ = c.Close() // what is being read or written fails
}

// Cause is why a call failed: the end of its context or the system's silence, where that closed the connection, and else
// err.
func (c *Conn) Cause(err error) error {
	if why := c.cause.Load(); why != nil {
		return *why
	}
	return err
}

// Failed reports whether a watch has closed the connection.
func (c *Conn) Failed() bool { return c.cause.Load() != nil }

// keep is how long an unused connection is kept: longer than a source waits between two looks, shorter than what forgets
// connections on the way.
const keep = time.Minute

// Pool keeps connections between calls. Each is used by one call at a time.
type Pool[C any] struct {
	Dial  func(context.Context) (C, error)
	End   func(C) error
	Spare int // how many unused ones are kept

	mu     sync.Mutex
	idle   []spare[C]
	closed bool
}

type spare[C any] struct {
	conn  C
	since time.Time
}

var errClosed = errors.New("forbindelsen er lukket")

// Get gives a connection, one that was kept where there is one. A kept one may have been broken since; the caller sees that
// when it first asks something, and comes again.
func (p *Pool[C]) Get(ctx context.Context) (c C, kept bool, err error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return c, false, errClosed
	}
	var old []spare[C]
	for len(p.idle) > 0 && !kept {
		last := p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
		if kept = time.Since(last.since) < keep; kept {
			c = last.conn
		} else {
			old = append(old, last)
		}
	}
	p.mu.Unlock()
	for _, s := range old {
		_ = p.End(s.conn) // nobody waits for it
	}
	if kept {
		return c, true, nil
	}
	c, err = p.Dial(ctx)
	return c, false, err
}

// Put gives back a connection that is whole.
func (p *Pool[C]) Put(c C) {
	p.mu.Lock()
	room := !p.closed && len(p.idle) < p.Spare
	if room {
		p.idle = append(p.idle, spare[C]{c, time.Now()})
	}
	p.mu.Unlock()
	if !room {
		_ = p.End(c) // what it was used for has been done
	}
}

// Close ends the unused connections; those in use are ended when they are given back.
func (p *Pool[C]) Close() error {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	var errs []error
	for _, s := range idle {
		errs = append(errs, p.End(s.conn))
	}
	return errors.Join(errs...)
}

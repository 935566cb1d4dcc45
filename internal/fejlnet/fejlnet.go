// Package fejlnet is a network that fails on command: a TCP proxy for tests of what happens when a connection is reset,
// slow, silent, or lost between a request and its answer.
//
//	p := fejlnet.New(t, server.Listener.Addr().String())
//	call(p.Addr())
//	p.Set(fejlnet.DropAnswers) // the server does its work, and nobody hears of it
//
// It moves bytes and knows no protocol, so it serves HTTP, TLS and AMQP alike.
package fejlnet

import (
	"bytes"
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"
)

// Mode is what happens to bytes.
type Mode int

// The modes. A change holds for connections that are open and for those to come.
const (
	Pass         Mode = iota // both ways
	Down                     // open connections are reset, new ones as soon as they are made
	Drop                     // bytes are swallowed both ways; connections stay open
	DropAnswers              // the target gets what it is sent, and what it answers is swallowed
	ResetAnswers             // the target gets what it is sent, and the connection is reset when it answers
)

// Proxy forwards TCP connections to one target.
type Proxy struct {
	target string
	listen net.Listener
	ctx    context.Context // ends with the proxy
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu    sync.Mutex
	mode  Mode
	delay time.Duration
	sign  []byte // see Before
	do    func()
	open  map[*link]bool
	made  int
}

// link is one connection through the proxy.
type link struct {
	client, target net.Conn
	lost           bool // bytes of it were swallowed: it can never be whole again
}

// New starts a proxy to target, "host:port", on a port of this machine. It ends with the test.
func New(t testing.TB, target string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{target: target, listen: l, open: map[*link]bool{}}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.wg.Go(p.accept)
	t.Cleanup(p.close)
	return p
}

// Addr is where the proxy listens, "127.0.0.1:port".
func (p *Proxy) Addr() string { return p.listen.Addr().String() }

// Set changes what happens to bytes from now on. A connection of which bytes have been swallowed is reset when they would
// flow again: its two ends no longer agree.
func (p *Proxy) Set(m Mode) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mode = m
	for l := range p.open {
		if m == Down || m == Pass && l.lost {
			l.reset()
		}
	}
}

// Before has do called each time before data that have sign in them go on to the target: by a protocol's own words a test
// tells one call from those that come before it. do may call Set.
func (p *Proxy) Before(sign []byte, do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sign, p.do = sign, do
}

// Delay makes every piece of data wait, each way. 0 = not at all.
func (p *Proxy) Delay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = d
}

// Reset resets the connections that are open; new ones are made as the mode says.
func (p *Proxy) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.open {
		l.reset()
	}
}

// Made is how many connections have been made to the proxy, also while it was [Down].
func (p *Proxy) Made() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.made
}

func (p *Proxy) close() {
	p.cancel()
	_ = p.listen.Close()
	p.Reset()
	p.wg.Wait()
}

func (p *Proxy) accept() {
	for {
		c, err := p.listen.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // one that was given up before we took it
		}
		p.wg.Go(func() { p.serve(c) })
	}
}

func (p *Proxy) serve(client net.Conn) {
	if p.enter() == Down {
		(&link{client: client}).reset()
		return
	}
	var d net.Dialer
	target, err := d.DialContext(p.ctx, "tcp", p.target)
	l := &link{client: client, target: target}
	if err != nil || !p.add(l) {
		l.reset()
		return
	}
	var both sync.WaitGroup
	both.Go(func() { p.copy(l, target, client, false) })
	both.Go(func() { p.copy(l, client, target, true) })
	both.Wait()
	p.mu.Lock()
	delete(p.open, l)
	p.mu.Unlock()
	_ = client.Close()
	_ = target.Close()
}

func (p *Proxy) enter() Mode {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.made++
	return p.mode
}

// add makes the link one that Set and Reset see; false when it must not be, now.
func (p *Proxy) add(l *link) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mode == Down || p.ctx.Err() != nil {
		return false
	}
	p.open[l] = true
	return true
}

// copy moves what src says to dst until src ends. The other way may go on after that.
func (p *Proxy) copy(l *link, dst, src net.Conn, answer bool) {
	buf := make([]byte, 32<<10)
	for {
		n, err := src.Read(buf)
		if n > 0 && !p.forward(l, dst, buf[:n], answer) {
			return
		}
		if err != nil {
			if c, ok := dst.(*net.TCPConn); ok {
				_ = c.CloseWrite()
			}
			return
		}
	}
}

// forward does with one piece of data what the mode says when its delay is over; false ends the connection.
func (p *Proxy) forward(l *link, dst net.Conn, b []byte, answer bool) bool {
	if !p.wait() {
		return false
	}
	p.mu.Lock()
	sign, do := p.sign, p.do
	p.mu.Unlock()
	if !answer && do != nil && bytes.Contains(b, sign) {
		do()
	}
	p.mu.Lock()
	mode := p.mode
	swallow := mode == Drop || mode == DropAnswers && answer || l.lost && mode != Pass
	l.lost = l.lost || swallow
	p.mu.Unlock()
	switch {
	case mode == Down || mode == ResetAnswers && answer:
		l.reset()
		return false
	case swallow:
		return true
	}
	_, err := dst.Write(b)
	return err == nil
}

func (p *Proxy) wait() bool {
	p.mu.Lock()
	d := p.delay
	p.mu.Unlock()
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-p.ctx.Done():
		return false
	}
}

// reset ends both ends at once, with a reset and no goodbye.
func (l *link) reset() {
	for _, c := range []net.Conn{l.client, l.target} {
		if c, ok := c.(*net.TCPConn); ok {
			_ = c.SetLinger(0)
			_ = c.Close()
		}
	}
}

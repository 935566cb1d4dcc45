package fejlnet

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// echo answers each line with the same line, and tells what it has read.
func echo(t *testing.T) (addr string, read <-chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	lines := make(chan string, 100)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				r := bufio.NewReader(c)
				for {
					line, err := r.ReadString('\n')
					if err != nil {
						return
					}
					lines <- line
					_, _ = io.WriteString(c, line)
				}
			}()
		}
	}()
	return l.Addr().String(), lines
}

func dial(t *testing.T, p *Proxy) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func say(t *testing.T, c net.Conn, line string) {
	t.Helper()
	if _, err := io.WriteString(c, line); err != nil {
		t.Fatal(err)
	}
}

// hear reads one line, for at most d.
func hear(t *testing.T, c net.Conn, d time.Duration) (string, error) {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(d)); err != nil {
		t.Fatal(err)
	}
	return bufio.NewReader(c).ReadString('\n')
}

func mustHear(t *testing.T, c net.Conn, want string) {
	t.Helper()
	if got, err := hear(t, c, 10*time.Second); err != nil || got != want {
		t.Fatalf("heard %q, %v; want %q", got, err, want)
	}
}

func mustReset(t *testing.T, c net.Conn) {
	t.Helper()
	if got, err := hear(t, c, 10*time.Second); !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, io.EOF) {
		t.Fatalf("heard %q, %v; want a reset", got, err)
	}
}

func mustBeSilent(t *testing.T, c net.Conn) {
	t.Helper()
	if got, err := hear(t, c, 50*time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("heard %q, %v; want nothing", got, err)
	}
}

func TestPassMovesBytesBothWaysAndEndsWithEitherEnd(t *testing.T) {
	t.Parallel()
	addr, _ := echo(t)
	p := New(t, addr)
	c := dial(t, p)
	long := strings.Repeat("x", 200_000) + "\n"
	go func() { _, _ = io.WriteString(c, long) }()
	mustHear(t, c, long)
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := hear(t, c, 10*time.Second); err != io.EOF {
		t.Errorf("after the end: %v", err)
	}
	if p.Made() != 1 {
		t.Errorf("%d connections", p.Made())
	}
}

func TestDownResetsOpenAndNewConnections(t *testing.T) {
	t.Parallel()
	addr, _ := echo(t)
	p := New(t, addr)
	c := dial(t, p)
	say(t, c, "a\n")
	mustHear(t, c, "a\n")
	p.Set(Down)
	mustReset(t, c)
	// The reset may come before the dialler has noticed that it was let in.
	if c, err := net.Dial("tcp", p.Addr()); err == nil {
		mustReset(t, c)
	} else if !errors.Is(err, syscall.ECONNRESET) {
		t.Error(err)
	}
	p.Set(Pass)
	c = dial(t, p)
	say(t, c, "b\n")
	mustHear(t, c, "b\n")
}

func TestDropAnswersLetsTheTargetWork(t *testing.T) {
	t.Parallel()
	addr, read := echo(t)
	p := New(t, addr)
	p.Set(DropAnswers)
	c := dial(t, p)
	say(t, c, "a\n")
	if got := <-read; got != "a\n" {
		t.Errorf("the target read %q", got)
	}
	mustBeSilent(t, c)
	p.Set(Pass) // an answer is missing: the connection is of no use
	mustReset(t, c)
}

func TestBeforeTellsACallByItsWords(t *testing.T) {
	t.Parallel()
	addr, read := echo(t)
	p := New(t, addr)
	p.Before([]byte("gem"), func() { p.Set(DropAnswers) })
	c := dial(t, p)
	say(t, c, "a\n")
	mustHear(t, c, "a\n")
	<-read
	say(t, c, "gem b\n")
	if got := <-read; got != "gem b\n" {
		t.Errorf("the target read %q", got)
	}
	mustBeSilent(t, c)
}

func TestDropKeepsEverythingFromTheTarget(t *testing.T) {
	t.Parallel()
	addr, read := echo(t)
	p := New(t, addr)
	c := dial(t, p)
	say(t, c, "a\n")
	mustHear(t, c, "a\n")
	<-read
	p.Set(Drop)
	say(t, c, "b\n")
	mustBeSilent(t, c)
	select {
	case got := <-read:
		t.Errorf("the target read %q", got)
	default:
	}
}

func TestResetAnswersComesAfterTheWork(t *testing.T) {
	t.Parallel()
	addr, read := echo(t)
	p := New(t, addr)
	p.Set(ResetAnswers)
	c := dial(t, p)
	say(t, c, "a\n")
	mustReset(t, c)
	if got := <-read; got != "a\n" {
		t.Errorf("the target read %q", got)
	}
}

func TestResetLeavesTheModeAlone(t *testing.T) {
	t.Parallel()
	addr, _ := echo(t)
	p := New(t, addr)
	c := dial(t, p)
	say(t, c, "a\n")
	mustHear(t, c, "a\n")
	p.Reset()
	mustReset(t, c)
	c = dial(t, p)
	say(t, c, "b\n")
	mustHear(t, c, "b\n")
}

func TestDelayIsEachWay(t *testing.T) {
	t.Parallel()
	const d = 30 * time.Millisecond
	addr, _ := echo(t)
	p := New(t, addr)
	p.Delay(d)
	c := dial(t, p)
	start := time.Now()
	say(t, c, "a\n")
	mustHear(t, c, "a\n")
	if took := time.Since(start); took < 2*d {
		t.Errorf("there and back in %s", took)
	}
}

func TestAProxyEndsWhileItDelays(t *testing.T) {
	t.Parallel()
	addr, _ := echo(t)
	t.Run("", func(t *testing.T) { // its cleanup hangs if the proxy does
		p := New(t, addr)
		p.Delay(time.Hour)
		say(t, dial(t, p), "a\n")
	})
}

package sftpc

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/internal/fejlnet"
	"github.com/moxkit/mox/internal/testenv"
)

// inBetween is the first argument by which the test's own program becomes what OpenSSH starts to serve files: it starts
// OpenSSH's own, and stands between.
const inBetween = "mellem-klient-og-server"

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == inBetween {
		if err := standBetween(os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// What is done with a request.
const (
	pass = "videre"
	lose = "tab"   // the server does it, and the connection ends without an answer
	hang = "haeng" // the server does it, and nothing more comes
)

// standBetween passes requests on, after it has asked the test at control what to do with those it knows.
func standBetween(control string) error {
	c, err := net.Dial("tcp", control)
	if err != nil {
		return err
	}
	defer c.Close()
	orders := bufio.NewScanner(c)
	server := exec.Command(testenv.SFTPProgram)
	to, err1 := server.StdinPipe()
	from, err2 := server.StdoutPipe()
	if err := errors.Join(err1, err2, server.Start()); err != nil {
		return err
	}
	defer func() { _ = server.Process.Kill(); _ = server.Wait() }()
	answers := &gate{to: os.Stdout, passed: make(chan struct{}, 1)}
	go func() { _, _ = io.Copy(answers, from) }()
	for {
		packet, err := readPacket(os.Stdin)
		if err != nil {
			return nil // the client is done
		}
		order := pass
		if name := request(packet); name != "" {
			if _, err := fmt.Fprintln(c, name); err != nil || !orders.Scan() {
				return err
			}
			order = orders.Text()
		}
		if order != pass {
			answers.shut()
		}
		if _, err := to.Write(packet); err != nil {
			return err
		}
		switch order {
		case lose:
			<-answers.passed
			return nil
		case hang:
			_, _ = io.Copy(io.Discard, os.Stdin) // until the client has had enough
			return nil
		}
	}
}

// gate lets answers through until it is shut.
type gate struct {
	mu     sync.Mutex
	to     io.Writer
	closed bool
	passed chan struct{} // something came when it was shut
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
}

func (g *gate) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed {
		return g.to.Write(p)
	}
	select {
	case g.passed <- struct{}{}:
	default:
	}
	return len(p), nil
}

func readPacket(r io.Reader) ([]byte, error) {
	head := make([]byte, 4)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	packet := make([]byte, 4+binary.BigEndian.Uint32(head))
	copy(packet, head)
	_, err := io.ReadFull(r, packet[4:])
	return packet, err
}

// request names those requests that tests do something about.
func request(packet []byte) string {
	switch packet[4] {
	case 11:
		return "opendir"
	case 17:
		return "stat"
	case 18:
		return "rename"
	case 5:
		return "read"
	case 6:
		return "write"
	case 200:
		if strings.Contains(string(packet[9:min(len(packet), 60)]), "posix-rename") {
			return "rename"
		}
	}
	return ""
}

// system is a server with a folder of its own, behind a network that fails on command.
type system struct {
	*testing.T
	server *testenv.SFTPServer
	proxy  *fejlnet.Proxy
	dir    string

	mu    sync.Mutex
	order map[string]string // request → what is done with it; none = it passes
	first map[string]int    // request → how many of them pass before that
	asked chan struct{}     // gets a value when a request is not to pass
}

func newSystem(t *testing.T) *system {
	t.Helper()
	s := &system{T: t, dir: filepath.Join(t.TempDir(), "ud"), order: map[string]string{}, first: map[string]int{}, asked: make(chan struct{}, 10)}
	if err := os.Mkdir(s.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s.server = testenv.SFTP(t, self+" "+inBetween+" "+s.control())
	s.proxy = fejlnet.New(t, s.server.Addr)
	return s
}

// control listens for those who stand between. The test ends when they have: OpenSSH gives each a session of its own, so
// they outlive it for a moment, and a rename in that moment would be in the way of clearing up.
func (s *system) control() string {
	listen, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.Fatal(err)
	}
	var between sync.WaitGroup
	between.Go(func() {
		for {
			c, err := listen.Accept()
			if err != nil {
				return
			}
			between.Go(func() { s.command(c) })
		}
	})
	s.Cleanup(func() {
		_ = listen.Close()
		between.Wait()
	})
	return listen.Addr().String()
}

func (s *system) command(c net.Conn) {
	defer c.Close()
	for requests := bufio.NewScanner(c); requests.Scan(); {
		s.mu.Lock()
		order := s.order[requests.Text()]
		if order == "" || s.first[requests.Text()] > 0 {
			s.first[requests.Text()]--
			order = pass
		}
		s.mu.Unlock()
		if order != pass {
			select {
			case s.asked <- struct{}{}:
			default:
			}
		}
		if _, err := fmt.Fprintln(c, order); err != nil {
			return
		}
	}
}

func (s *system) when(request, order string) { s.whenNth(request, 1, order) }

// whenNth is when, from the nth such request on.
func (s *system) whenNth(request string, n int, order string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.order[request], s.first[request] = order, n-1
}

// login is the server as a config says it.
func (s *system) login() Server {
	return Server{Host: s.proxy.Addr(), Vaertsnoegle: s.server.HostKey, Bruger: s.server.User, Privatnoegle: "env:NOEGLE"}
}

// env gives the test's secrets.
func (s *system) env(e connector.Env) connector.Env {
	e.Secret = func(ref string) (string, error) {
		switch ref {
		case "env:NOEGLE":
			return s.server.Key, nil
		case "env:KODEORD":
			return s.server.Password, nil
		}
		return ref, nil
	}
	return e
}

func (s *system) away(*testing.T) { s.proxy.Set(fejlnet.Down) }

func (s *system) write(name, content string) {
	s.Helper()
	if err := os.MkdirAll(filepath.Dir(filepath.Join(s.dir, name)), 0o755); err != nil {
		s.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(content), 0o644); err != nil {
		s.Fatal(err)
	}
}

// files lists a folder below the system's.
func (s *system) files(sub string) string {
	s.Helper()
	entries, err := os.ReadDir(filepath.Join(s.dir, sub))
	if err != nil && !os.IsNotExist(err) {
		s.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return strings.Join(names, " ")
}

package testenv

import (
	"bufio"
	_ "embed" // the server's program
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
	"time"
)

//go:embed smtp.py
var smtpProgram string

// MailServer is a mail server that is not ours.
type MailServer struct {
	Addr  string // host:port
	mails chan Mail
	t     testing.TB
}

// Mail is what the server has taken.
type Mail struct {
	From    string   `json:"from"`
	To      []string `json:"to"`
	Content string   `json:"content"` // with headers, as it came
	TLS     bool     `json:"tls"`
}

// SMTP starts a mail server of the test's own. With the files of a certificate and its key, a password, and "starttls" or
// "tls", it demands TLS in that way, and that the user mox logs in with the password.
func SMTP(t testing.TB, certificateKeyPasswordWay ...string) *MailServer {
	t.Helper()
	python := need(t, "smtp", "MOX_TEST_SMTP")
	cmd := exec.CommandContext(t.Context(), python, append([]string{"-c", smtpProgram}, certificateKeyPasswordWay...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cmd.StdinPipe(); err != nil { // it ends when that is closed, also when we are killed
		t.Fatal(err)
	}
	cmd.Stderr = t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Wait() }) // killed with the test
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	if !lines.Scan() {
		t.Fatal("the mail server did not start")
	}
	s := &MailServer{Addr: "127.0.0.1:" + strings.TrimSpace(lines.Text()), mails: make(chan Mail, 100), t: t}
	go func() {
		for lines.Scan() {
			var m Mail
			if json.Unmarshal(lines.Bytes(), &m) == nil {
				s.mails <- m
			}
		}
	}()
	return s
}

// Next is the next mail that comes.
func (s *MailServer) Next() Mail {
	s.t.Helper()
	select {
	case m := <-s.mails:
		return m
	case <-time.After(time.Minute):
		s.t.Fatal("no mail came")
	}
	return Mail{}
}

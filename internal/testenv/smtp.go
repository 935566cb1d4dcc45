package testenv

import (
	"bufio"
	_ "embed" // the server's program
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"
)

//go:embed smtp.py
var smtpProgram string

// MailServer is a mail server that is not ours.
type MailServer struct {
	Addr  string        // host:port
	Asked chan struct{} // gets a value when the server has a mail that it will not answer; see Mode
	mails chan Mail
	mode  chan string
	tell  io.Writer
	t     testing.TB
}

// Mail is what the server has taken.
type Mail struct {
	From    string   `json:"from"`
	To      []string `json:"to"`
	Content string   `json:"content"` // with headers, as it came
	TLS     bool     `json:"tls"`
}

// MailOptions are what a test asks of a mail server.
type MailOptions struct {
	// With a Way, "starttls" or "tls", it demands TLS in that way, and that the user mox logs in with Password, or shows Token.
	Way, Certificate, Key, Password, Token string
	// Copies is a server that gets a copy of each mail, before it is answered for, in CopyFolder of CopyUser.
	Copies               *IMAPServer
	CopyUser, CopyFolder string
}

func (o MailOptions) json() string {
	told := map[string]any{}
	if o.Way != "" {
		told["way"], told["certificate"], told["key"], told["password"] = o.Way, o.Certificate, o.Key, o.Password
	}
	if o.Token != "" {
		told["token"] = o.Token
	}
	if o.Copies != nil {
		host, port, _ := strings.Cut(o.Copies.Addr, ":")
		told["imap"] = map[string]string{"host": host, "port": port, "user": o.CopyUser, "password": o.Copies.Password, "folder": o.CopyFolder}
	}
	text, _ := json.Marshal(told) // strings cannot fail
	return string(text)
}

// Aiosmtpd returns the path of a Python that has aiosmtpd.
func Aiosmtpd(t testing.TB) string {
	t.Helper()
	return need(t, "smtp", "MOX_TEST_SMTP")
}

// SMTP starts a mail server of the test's own. With the files of a certificate and its key, a password, and "starttls" or
// "tls", it demands TLS in that way, and that the user mox logs in with the password.
func SMTP(t testing.TB, certificateKeyPasswordWay ...string) *MailServer {
	t.Helper()
	var o MailOptions
	if len(certificateKeyPasswordWay) == 4 {
		o.Certificate, o.Key, o.Password, o.Way = certificateKeyPasswordWay[0], certificateKeyPasswordWay[1], certificateKeyPasswordWay[2], certificateKeyPasswordWay[3]
	}
	return SMTPWith(t, o)
}

// SMTPWith starts a mail server of the test's own.
func SMTPWith(t testing.TB, o MailOptions) *MailServer {
	t.Helper()
	python := Aiosmtpd(t)
	cmd := exec.CommandContext(t.Context(), python, "-c", smtpProgram, o.json())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	tell, err := cmd.StdinPipe() // it ends when that is closed, also when we are killed
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Wait() }) // killed with the test
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 64<<20)
	if !lines.Scan() {
		t.Fatal("the mail server did not start")
	}
	s := &MailServer{Addr: "127.0.0.1:" + strings.TrimSpace(lines.Text()), Asked: make(chan struct{}, 100), mails: make(chan Mail, 1000),
		mode: make(chan string, 1), tell: tell, t: t}
	go s.listen(lines)
	return s
}

func (s *MailServer) listen(lines *bufio.Scanner) {
	for lines.Scan() {
		var said struct {
			Mail
			Mode  string `json:"mode"`
			Asked bool   `json:"asked"`
		}
		switch err := json.Unmarshal(lines.Bytes(), &said); {
		case err != nil:
		case said.Asked:
			s.Asked <- struct{}{}
		case said.Mode != "":
			s.mode <- said.Mode
		default:
			s.mails <- said.Mail
		}
	}
}

// Mode says what the server does from now on: "take", "refuse CODE TEXT" (the mail), "refuse-recipient CODE TEXT", "lose" (it
// takes the mail, and hangs up without an answer), or "hang" (it takes the mail, and never answers).
func (s *MailServer) Mode(mode string) {
	s.t.Helper()
	if _, err := fmt.Fprintln(s.tell, mode); err != nil {
		s.t.Fatal(err)
	}
	select {
	case <-s.mode:
	case <-time.After(time.Minute):
		s.t.Fatal("the mail server does not listen")
	}
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

// Package mailc reads mails of a mailbox as records (IMAP), and sends mails (SMTP).
package mailc

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/connector/internal/check"
	"github.com/moxkit/mox/connector/internal/line"
	"github.com/moxkit/mox/connector/internal/web"
)

// Account is the part of a config that says where a mail server is, and how to log in.
type Account struct {
	Host    string             `yaml:"host" json:"host"`                 // "imap.kommune.dk", or with a port
	TLS     string             `yaml:"tls" json:"tls,omitempty"`         // tls (from the first byte), starttls (demanded), or ingen, which is for this machine only
	Bruger  string             `yaml:"bruger" json:"bruger,omitempty"`   // user to log in as
	Kodeord string             `yaml:"kodeord" json:"kodeord,omitempty"` // reference to the user's password
	OAuth2  *connector.OAuth2  `yaml:"oauth2" json:"oauth2,omitempty"`   // instead of a password: a token by the client credentials grant, shown by XOAUTH2
	CA      string             `yaml:"ca" json:"ca,omitempty"`           // file with further root certificates (PEM)
	Timeout connector.Duration `yaml:"timeout" json:"timeout,omitempty"` // how long the server may be silent in a call; default 30s
}

// The ways of TLS.
const (
	tlsFirst = "tls"
	tlsStart = "starttls"
	tlsNone  = "ingen"
)

// check reports what is wrong; path is the key that the account is below, "" = none.
func (a Account) check(p *check.Problems, path string) {
	if p.Need(path+"host", a.Host, "skriv fx mail.kommune.dk") {
		p.HostPort(path+"host", a.Host)
	}
	p.OneOf(path+"tls", a.TLS, tlsFirst, tlsStart, tlsNone)
	if a.TLS == tlsNone && !line.Loopback(a.name()) {
		p.Add(path+"tls", "mail uden TLS er kun til en server på denne maskine", "skriv tls eller starttls")
	}
	switch {
	case a.Bruger == "" && (a.Kodeord != "" || a.OAuth2 != nil):
		p.Add(path+"bruger", "mangler", "skriv MOX' bruger hos serveren")
	case a.Kodeord != "" && a.OAuth2 != nil:
		p.Add(path+"kodeord", "bruges ikke sammen med oauth2", "fjern den ene")
	case a.Bruger != "" && a.Kodeord == "" && a.OAuth2 == nil:
		p.Add(path+"kodeord", "mangler", "skriv kodeord: env:NAVN, eller oauth2: {token_url, client_id, client_secret, scopes}")
	}
	if a.Kodeord != "" {
		p.Secret(path+"kodeord", a.Kodeord)
	}
	if o := a.OAuth2; o != nil {
		p.URL(path+"oauth2.token_url", o.TokenURL)
		p.Need(path+"oauth2.client_id", o.ClientID, "systemets klient-id for MOX")
		p.Secret(path+"oauth2.client_secret", o.ClientSecret)
	}
}

// name is the host without its port.
func (a Account) name() string {
	if host, _, err := net.SplitHostPort(a.Host); err == nil {
		return host
	}
	return a.Host
}

// address is where to connect; port is used where the config has none.
func (a Account) address(port string) string {
	if _, _, err := net.SplitHostPort(a.Host); err == nil {
		return a.Host
	}
	return net.JoinHostPort(a.Host, port)
}

// server is an account, ready to connect with.
type server struct {
	Account
	way      string // of TLS
	address  string
	tls      *tls.Config
	silence  time.Duration
	password string
	tokens   *web.Tokens // nil = a password
}

// open resolves the secrets; ports are those of each way of TLS, and def is the way where the config names none.
func (a Account) open(env connector.Env, def string, ports map[string]string) (*server, error) {
	s := &server{Account: a, way: a.TLS, silence: a.Timeout.Or(line.DefaultSilence)}
	if s.way == "" {
		s.way = def
	}
	s.address = a.address(ports[s.way])
	var err error
	if s.tls, err = line.TLS(a.name(), a.CA, env); err != nil {
		return nil, err
	}
	switch {
	case a.OAuth2 != nil:
		s.tokens, err = web.NewTokens(*a.OAuth2, env, s.silence)
	case a.Kodeord != "":
		s.password, err = env.Resolve(a.Kodeord)
	}
	return s, err
}

// secret gives what proves who we are: the password, or a token.
func (s *server) secret(ctx context.Context) (string, error) {
	if s.tokens == nil {
		return s.password, nil
	}
	return s.tokens.Get(ctx)
}

// refused is the error of a login that the server did not take.
func (s *server) refused() error {
	if s.tokens != nil {
		s.tokens.Forget()
		return fmt.Errorf("serveren afviste login for brugeren %s; har klienten i oauth2 ret til postkassen?", s.Bruger)
	}
	return fmt.Errorf("serveren afviste login for brugeren %s; passer bruger og kodeord?", s.Bruger)
}

// failure makes the error of a call. Trying again may always help: servers come back, folders are made, and rights given.
func failure(op string, err error) *connector.Error {
	var e *connector.Error
	if errors.As(err, &e) {
		return e
	}
	return &connector.Error{Op: op, Err: err, Temporary: true}
}

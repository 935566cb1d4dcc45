// Package sftpc reads records from files that a system leaves on an SFTP server, and leaves files for a system on one. The
// files, and what is remembered of them, are those of package folderc.
package sftpc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/connector/folderc"
	"github.com/moxkit/mox/connector/internal/check"
	"github.com/moxkit/mox/connector/internal/line"
)

// Server is the part of a config that says where the server is, how it is known, and how to log in.
type Server struct {
	Host string `yaml:"host" json:"host"` // "sftp.kommune.dk", or with a port: "sftp.kommune.dk:2222"
	// Vaertsnoegle is the server's public key as ssh-keyscan and known_hosts write it ("ssh-ed25519 AAAA…"); several, while
	// it is being changed, on a line each. A server with another key is not spoken to.
	Vaertsnoegle        string             `yaml:"vaertsnoegle" json:"vaertsnoegle"`
	Bruger              string             `yaml:"bruger" json:"bruger"`
	Privatnoegle        string             `yaml:"privatnoegle" json:"privatnoegle,omitempty"`                 // reference to a private key (OpenSSH or PEM)
	PrivatnoegleKodeord string             `yaml:"privatnoegle_kodeord" json:"privatnoegle_kodeord,omitempty"` // reference to what it is locked with
	Kodeord             string             `yaml:"kodeord" json:"kodeord,omitempty"`                           // reference to the user's password
	Timeout             connector.Duration `yaml:"timeout" json:"timeout,omitempty"`                           // how long the server may be silent in a call; default 30s
}

func (s Server) problems() []connector.Problem {
	var p check.Problems
	if p.Need("host", s.Host, "skriv fx sftp.kommune.dk eller sftp.kommune.dk:2222") {
		p.HostPort("host", s.Host)
	}
	if p.Need("vaertsnoegle", s.Vaertsnoegle, "serverens offentlige nøgle: «ssh-keyscan -t ed25519 sftp.kommune.dk», og spørg den, der driver serveren, om den er rigtig") {
		if _, err := hostKeys(s.Vaertsnoegle); err != nil {
			p.Add("vaertsnoegle", err.Error(), "skriv den, som ssh-keyscan gør: ssh-ed25519 AAAA…")
		}
	}
	p.Need("bruger", s.Bruger, "MOX' bruger hos serveren")
	if s.Privatnoegle == "" && s.Kodeord == "" {
		p.Add("privatnoegle", "mangler, og der er heller intet kodeord", "skriv privatnoegle: file:STI, eller kodeord: env:NAVN")
	}
	if s.Privatnoegle == "" && s.PrivatnoegleKodeord != "" {
		p.Add("privatnoegle_kodeord", "bruges kun sammen med privatnoegle", "skriv kodeord, hvis det er brugerens")
	}
	for key, ref := range map[string]string{"privatnoegle": s.Privatnoegle, "privatnoegle_kodeord": s.PrivatnoegleKodeord, "kodeord": s.Kodeord} {
		if ref != "" {
			p.Secret(key, ref)
		}
	}
	return p.List()
}

// hostKeys reads public keys, one a line, each with a host name before it or not.
func hostKeys(text string) ([]ssh.PublicKey, error) {
	var keys []ssh.PublicKey
	for entry := range strings.Lines(text) {
		entry = strings.TrimSpace(entry)
		if entry == "" || strings.HasPrefix(entry, "#") {
			continue
		}
		key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(entry))
		if err != nil {
			if _, _, key, _, _, err = ssh.ParseKnownHosts([]byte(entry)); err != nil {
				return nil, errors.New("er ikke en offentlig nøgle")
			}
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, errors.New("der står ingen nøgle")
	}
	return keys, nil
}

// session is one connection with one user logged in.
type session struct {
	line *line.Conn
	ssh  *ssh.Client
	sftp *sftp.Client
}

// end closes a session that nothing more is asked of, without a goodbye: the server may be gone, or silent.
func end(s *session) error {
	_ = s.ssh.Close()
	_ = s.sftp.Close()
	return nil
}

// client keeps sessions with the server.
type client struct {
	address string
	silence time.Duration
	login   ssh.ClientConfig
	pool    line.Pool[*session]
}

// spare is how many sessions are kept unused: one to read or write with, one for a document beside it.
const spare = 2

// newClient resolves the secrets, and makes no call.
func newClient(s Server, env connector.Env) (*client, error) {
	keys, err := hostKeys(s.Vaertsnoegle)
	if err != nil {
		return nil, fmt.Errorf("vaertsnoegle: %w", err)
	}
	c := &client{address: withPort(s.Host), silence: s.Timeout.Or(line.DefaultSilence)}
	c.login = ssh.ClientConfig{User: s.Bruger, HostKeyCallback: pinned(keys), HostKeyAlgorithms: algorithms(keys)}
	if c.login.Auth, err = auth(s, env); err != nil {
		return nil, err
	}
	c.pool = line.Pool[*session]{Dial: c.dial, End: end, Spare: spare}
	return c, nil
}

func withPort(host string) string {
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	return net.JoinHostPort(strings.Trim(host, "[]"), "22")
}

// auth gives the ways to log in: the key first, if there is one.
func auth(s Server, env connector.Env) ([]ssh.AuthMethod, error) {
	var ways []ssh.AuthMethod
	if s.Privatnoegle != "" {
		signer, err := privateKey(s, env)
		if err != nil {
			return nil, err
		}
		ways = append(ways, ssh.PublicKeys(signer))
	}
	if s.Kodeord != "" {
		password, err := env.Resolve(s.Kodeord)
		if err != nil {
			return nil, err
		}
		ways = append(ways, ssh.Password(password), ssh.KeyboardInteractive(func(_, _ string, questions []string, echos []bool) ([]string, error) {
			answers := make([]string, len(questions))
			for i := range questions {
				if !echos[i] { // one that is not shown on the screen is the one for the password
					answers[i] = password
				}
			}
			return answers, nil
		}))
	}
	return ways, nil
}

func privateKey(s Server, env connector.Env) (ssh.Signer, error) {
	text, err := env.Resolve(s.Privatnoegle)
	if err != nil {
		return nil, err
	}
	pem := []byte(text + "\n")
	if s.PrivatnoegleKodeord == "" {
		signer, err := ssh.ParsePrivateKey(pem)
		var locked *ssh.PassphraseMissingError
		if errors.As(err, &locked) {
			return nil, fmt.Errorf("privatnoegle: %s er låst med et kodeord; skriv privatnoegle_kodeord", s.Privatnoegle)
		}
		if err != nil {
			return nil, fmt.Errorf("privatnoegle: %s er ikke en privat nøgle, der kan læses", s.Privatnoegle)
		}
		return signer, nil
	}
	password, err := env.Resolve(s.PrivatnoegleKodeord)
	if err != nil {
		return nil, err
	}
	signer, err := ssh.ParsePrivateKeyWithPassphrase(pem, []byte(password))
	if err != nil {
		return nil, fmt.Errorf("privatnoegle: %s kan ikke låses op; passer privatnoegle_kodeord?", s.Privatnoegle)
	}
	return signer, nil
}

// algorithms are those that make a server with several keys show one of those that are known.
func algorithms(keys []ssh.PublicKey) []string {
	var names []string
	for _, k := range keys {
		if k.Type() == ssh.KeyAlgoRSA {
			names = append(names, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256)
		} else {
			names = append(names, k.Type())
		}
	}
	return names
}

func pinned(keys []ssh.PublicKey) ssh.HostKeyCallback {
	return func(_ string, _ net.Addr, shown ssh.PublicKey) error {
		for _, k := range keys {
			if bytes.Equal(k.Marshal(), shown.Marshal()) {
				return nil
			}
		}
		return &strangerError{shown.Type(), ssh.FingerprintSHA256(shown)}
	}
}

// strangerError says that the server is not the one that was pinned.
type strangerError struct{ kind, fingerprint string }

func (e *strangerError) Error() string {
	return fmt.Sprintf("serveren viser en anden nøgle (%s %s) end den i vaertsnoegle; MOX logger ikke ind. Spørg den, der driver serveren, om nøglen er skiftet", e.kind, e.fingerprint)
}

// dial connects and logs in.
func (c *client) dial(ctx context.Context) (*session, error) {
	conn, err := line.Dial(ctx, c.address, c.silence)
	if err != nil {
		return nil, err
	}
	stop := conn.Watch(ctx)
	defer stop()
	s, err := c.greet(conn)
	if err != nil {
		_ = conn.Close() // nothing was done on it
		return nil, c.refusal(conn.Cause(err))
	}
	return s, nil
}

func (c *client) greet(conn *line.Conn) (*session, error) {
	login := c.login
	sshConn, channels, requests, err := ssh.NewClientConn(conn, c.address, &login)
	if err != nil {
		return nil, err
	}
	s := &session{line: conn, ssh: ssh.NewClient(sshConn, channels, requests)}
	if s.sftp, err = sftp.NewClient(s.ssh); err != nil {
		return nil, errors.Join(fmt.Errorf("login lykkedes, men serveren giver ikke adgang til filer (SFTP): %w", err), s.ssh.Close())
	}
	return s, nil
}

// refusal tells in our words why the server did not let us in.
func (c *client) refusal(err error) error {
	var stranger *strangerError
	var negotiation *ssh.AlgorithmNegotiationError
	switch {
	case errors.As(err, &stranger):
		return stranger
	case errors.As(err, &negotiation) && strings.Contains(err.Error(), "host key"):
		return errors.New("serveren har ingen nøgle af den slags, der står i vaertsnoegle")
	case strings.Contains(err.Error(), "unable to authenticate"):
		return fmt.Errorf("serveren afviste login for brugeren %s; passer privatnoegle eller kodeord?", c.login.User)
	}
	return err
}

// at is a folder on the server.
func (c *client) at(folder string) folderc.Place {
	return folderc.Place{
		Name: c.login.User + "@" + c.address + ":" + folder, Missing: "findes mappen hos serveren?",
		Open:  func(ctx context.Context) (folderc.Dir, error) { return c.open(ctx, folder) },
		Close: c.pool.Close,
	}
}

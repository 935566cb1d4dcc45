package mailc

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/connector/internal/line"
)

// box is a folder of mails on an IMAP server.
type box struct {
	server *server
	folder string
	pool   line.Pool[*session]
}

// session is one connection with one user logged in.
type session struct {
	line   *line.Conn
	client *imapclient.Client
}

func newBox(a Account, folder string, env connector.Env) (*box, error) {
	s, err := a.open(env, tlsFirst, map[string]string{tlsFirst: "993", tlsStart: "143", tlsNone: "143"})
	if err != nil {
		return nil, err
	}
	b := &box{server: s, folder: folder}
	b.pool = line.Pool[*session]{Dial: b.dial, End: end, Spare: 2} // one to read with, one for a document beside it
	return b, nil
}

// end closes a session that nothing more is asked of, without a goodbye: the server may be gone, or silent.
func end(s *session) error {
	_ = s.client.Close()
	return nil
}

// dial connects and logs in.
func (b *box) dial(ctx context.Context) (*session, error) {
	secret, err := b.server.secret(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := line.Dial(ctx, b.server.address, b.server.silence)
	if err != nil {
		return nil, err
	}
	stop := conn.Watch(ctx)
	defer stop()
	s, err := b.greet(conn, secret)
	if err != nil {
		_ = conn.Close() // nothing was done on it
		return nil, conn.Cause(err)
	}
	return s, nil
}

func (b *box) greet(conn *line.Conn, secret string) (*session, error) {
	s := &session{line: conn}
	var err error
	switch options := (&imapclient.Options{TLSConfig: b.server.tls}); b.server.way {
	case tlsFirst:
		s.client = imapclient.New(tls.Client(conn, b.server.tls), options)
	case tlsStart:
		if s.client, err = imapclient.NewStartTLS(conn, options); err != nil {
			return nil, err
		}
	default:
		s.client = imapclient.New(conn, options)
	}
	if err := s.client.WaitGreeting(); err != nil {
		return nil, err
	}
	if b.server.tokens != nil {
		err = s.client.Authenticate(&xoauth2{b.server.Bruger, secret})
	} else {
		err = s.client.Login(b.server.Bruger, secret).Wait()
	}
	if answered(err) {
		return nil, b.server.refused()
	}
	return s, err
}

// xoauth2 shows a token as Microsoft's and Google's servers want it.
type xoauth2 struct{ user, token string }

// Start begins the login, with all that is to be said.
func (x *xoauth2) Start() (mech string, ir []byte, err error) {
	return "XOAUTH2", []byte("user=" + x.user + "\x01auth=Bearer " + x.token + "\x01\x01"), nil
}

// Next answers the server's explanation of a refusal, so that it refuses.
func (x *xoauth2) Next([]byte) ([]byte, error) { return []byte{}, nil }

// answered reports whether an error is what the server said, and not the end of the connection.
func answered(err error) bool {
	var said *imap.Error
	return errors.As(err, &said)
}

// with selects the folder and calls f. A session that was kept and has broken meanwhile is replaced: nothing has been asked
// of it.
func (b *box) with(ctx context.Context, readOnly bool, f func(*imapclient.Client, *imap.SelectData) error) error {
	for {
		s, kept, err := b.pool.Get(ctx)
		if err != nil {
			return err
		}
		stop := s.line.Watch(ctx)
		data, err := s.client.Select(b.folder, &imap.SelectOptions{ReadOnly: readOnly}).Wait()
		selected := err == nil
		if selected {
			err = f(s.client, data)
		}
		stop()
		if (err == nil || answered(err)) && !s.line.Failed() {
			b.pool.Put(s)
			return plain(err)
		}
		_ = end(s)
		if selected || !kept || ctx.Err() != nil {
			return plain(s.line.Cause(err))
		}
	}
}

// plain tells in our words what the server said.
func plain(err error) error {
	var said *imap.Error
	if !errors.As(err, &said) {
		return err
	}
	code := ""
	if said.Code != "" {
		code = " [" + string(said.Code) + "]"
	}
	return fmt.Errorf("serveren svarer %s%s: %s", said.Type, code, said.Text)
}

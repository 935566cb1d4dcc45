package alarm

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/webhook"
	"github.com/moxkit/mox/store"
)

// Mail is where alarms are mailed.
type Mail struct {
	Server  string   // host:port
	Fra     string   // address
	Til     []string // addresses
	Bruger  string   // "" = the server asks for none
	Kodeord string
	TLS     string         // starttls (demanded), tls (from the first byte), or ingen, which is for this machine only
	rod     *x509.CertPool // whose certificates are trusted; nil = the machine's
}

// Tjek refuses what cannot be used. The error is an [*mox.Error] with [mox.KodeUgyldig].
func (m *Mail) Tjek() error {
	vaert, port, err := net.SplitHostPort(m.Server)
	_, portfejl := strconv.ParseUint(port, 10, 16)
	ip := net.ParseIP(vaert)
	switch {
	case err != nil || portfejl != nil || vaert == "":
		return mox.E("alarm", mox.KodeUgyldig, "mailserveren %q er ikke vært:port", m.Server).Med("ret alarmer.mail.server i mox.yaml, fx smtp.kommune.dk:587")
	case m.TLS != "starttls" && m.TLS != "tls" && m.TLS != "ingen":
		return mox.E("alarm", mox.KodeUgyldig, "alarmer.mail.tls er ikke starttls, tls eller ingen").Med("ret mox.yaml")
	case m.TLS == "ingen" && vaert != "localhost" && (ip == nil || !ip.IsLoopback()):
		return mox.E("alarm", mox.KodeIkkeTilladt, "mail uden TLS er kun til en server på denne maskine").Med("ret alarmer.mail.tls i mox.yaml til starttls eller tls")
	case len(m.Til) == 0:
		return mox.E("alarm", mox.KodeUgyldig, "alarmer.mail.til har ingen adresser").Med("ret mox.yaml")
	}
	for _, til := range m.Til {
		if _, err := m.besked(samling{}, til); err != nil {
			return mox.E("alarm", mox.KodeUgyldig, "en adresse under alarmer.mail kan ikke bruges: %v", err).Med("ret mox.yaml")
		}
	}
	return nil
}

func (m *Mail) besked(s samling, til string) (*mail.Msg, error) {
	ud := mail.NewMsg()
	if err := ud.FromFormat("MOX", m.Fra); err != nil {
		return nil, err
	}
	if err := ud.To(til); err != nil {
		return nil, err
	}
	ud.Subject(s.Emne)
	ud.SetBodyString(mail.TypeTextPlain, s.tekst())
	return ud, nil
}

// kanaler are a way for each address: one that is refused keeps it from none of the others, and is told later.
func (m *Mail) kanaler() (ud []kanal) {
	for _, til := range m.Til {
		ud = append(ud, kanal{"mail " + til, func(ctx context.Context, s samling) error { return m.send(ctx, s, til) }})
	}
	return ud
}

func (m *Mail) send(ctx context.Context, s samling, til string) error {
	besked, err := m.besked(s, til)
	if err != nil {
		return err
	}
	vaert, port, err := net.SplitHostPort(m.Server)
	if err != nil {
		return err
	}
	nr, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	c, err := mail.NewClient(vaert, m.valg(vaert, nr)...)
	if err != nil {
		return err
	}
	return c.DialAndSendWithContext(ctx, besked)
}

// valg are the library's options. Who has a user logs in over TLS only, or on this machine: the library sees to that.
func (m *Mail) valg(vaert string, port int) []mail.Option {
	ud := []mail.Option{mail.WithPort(port), mail.WithTimeout(sendeFrist)}
	t := &tls.Config{ServerName: vaert, MinVersion: tls.VersionTLS12}
	if m.rod != nil {
		t.RootCAs = m.rod
	}
	login := mail.SMTPAuthAutoDiscover
	switch m.TLS {
	case "tls":
		ud = append(ud, mail.WithSSL(), mail.WithDialContextFunc(opkald(t)))
		login = mail.SMTPAuthPlain
	case "starttls":
		ud = append(ud, mail.WithTLSConfig(t), mail.WithTLSPolicy(mail.TLSMandatory), mail.WithDialContextFunc(opkald(nil)))
	default:
		ud = append(ud, mail.WithTLSPolicy(mail.NoTLS), mail.WithDialContextFunc(opkald(nil)))
	}
	if m.Bruger != "" {
		ud = append(ud, mail.WithSMTPAuth(login), mail.WithUsername(m.Bruger), mail.WithPassword(m.Kodeord))
	}
	return ud
}

// opkald connects to a mail server, with TLS from the first byte where t is given. A server that falls silent must not
// silence every alarm after this one, so the connection has an end of its own: the library sets none while it logs in.
func opkald(t *tls.Config) mail.DialContextFunc {
	return func(ctx context.Context, slags, adresse string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, slags, adresse)
		if err != nil {
			return nil, err
		}
		if frist, ok := ctx.Deadline(); ok {
			if err := c.SetDeadline(frist); err != nil {
				return nil, errors.Join(err, c.Close())
			}
		}
		if t == nil {
			return c, nil
		}
		return tls.Client(c, t), nil
	}
}

// Webhook is where alarms are posted as JSON, signed by Standard Webhooks.
type Webhook struct {
	URL         string
	Hemmelighed []byte // none = not signed
	Klient      *http.Client
}

// webhookkrop is the body of the call.
type webhookkrop struct {
	Type    string         `json:"type"` // mox.alarm
	Tid     time.Time      `json:"timestamp"`
	Alarmer []webhookalarm `json:"data"`
}

type webhookalarm struct {
	store.Alarm
	Link string `json:"link,omitempty"`
}

func (w *Webhook) send(ctx context.Context, s samling) error {
	nu := time.Now().UTC()
	ud := webhookkrop{Type: "mox.alarm", Tid: nu}
	for _, a := range s.Alarmer {
		x := webhookalarm{Alarm: a}
		if s.Adresse != "" {
			x.Link = s.Adresse + a.Sti
		}
		ud.Alarmer = append(ud.Alarmer, x)
	}
	krop, err := json.Marshal(ud)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(krop))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	var h [][]byte
	if len(w.Hemmelighed) > 0 {
		h = [][]byte{w.Hemmelighed}
	}
	webhook.Underskriv(r.Header, mox.NyUUID(), nu, krop, h)
	svar, err := w.Klient.Do(r)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // without the address, which may hold a key
		}
		return err
	}
	defer func() { _ = svar.Body.Close() }() // only read
	_, _ = io.CopyN(io.Discard, svar.Body, 64<<10)
	if svar.StatusCode/100 != 2 {
		return fmt.Errorf("modtageren svarede %s", svar.Status)
	}
	return nil
}

package mailc

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/connector/connectortest"
	"github.com/moxkit/mox/internal/fejlnet"
	"github.com/moxkit/mox/internal/testenv"
)

// post is a mail server behind a network that fails on command, which puts copies in a mailbox.
type post struct {
	*testing.T
	server      *testenv.MailServer
	proxy       *fejlnet.Proxy
	certificate string
	copies      *mailbox
}

const (
	smtpPassword = "smtp-kodeord"
	sent         = "Sendt"
)

func newPost(t *testing.T, way string, box *testenv.IMAPServer) *post {
	t.Helper()
	p := &post{T: t, copies: newMailbox(t, box)}
	issuer, err := testenv.NewIssuer()
	p.must(err)
	c, err := issuer.Issue("localhost")
	p.must(err)
	dir := t.TempDir()
	o := testenv.MailOptions{Way: way, Password: smtpPassword, Token: "godt-token", Copies: box, CopyUser: p.copies.user, CopyFolder: sent}
	o.Certificate, o.Key, err = testenv.WritePEM(dir, "server", c)
	p.must(err)
	p.must(issuer.Write(dir))
	p.certificate = filepath.Join(dir, "ca.pem")
	p.copies.must(p.copies.client.Create(sent, nil).Wait())
	p.server = testenv.SMTPWith(t, o)
	p.proxy = fejlnet.New(t, p.server.Addr)
	return p
}

func (p *post) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

func (p *post) config() SinkConfig {
	lookup := Lookup{Account: p.copies.account(), Mappe: sent}
	return SinkConfig{
		Type: "smtp", Account: Account{Host: p.proxy.Addr(), Bruger: "mox", Kodeord: "env:SMTP", CA: p.certificate},
		Fra: "Byggesag <byggesag@kommune.dk>", Til: "modtager@firma.dk", Emne: "{{felt.titel}}", Tekst: "Nummer {{felt.id}} af {{key}}",
		Indhold: "{{felt}}.pdf", Opslag: &lookup,
	}
}

func (p *post) sink(change func(*SinkConfig), env connector.Env) *Sink {
	p.Helper()
	c := p.config()
	if change != nil {
		change(&c)
	}
	env.Secret = func(ref string) (string, error) {
		if ref == "env:SMTP" {
			return smtpPassword, nil
		}
		return p.copies.server.Password, nil
	}
	s, err := NewSink(c, env)
	p.must(err)
	p.Cleanup(func() { _ = s.Close() })
	return s
}

// sent gives the mails that the server has taken, whole.
func (p *post) sent() [][]byte {
	p.Helper()
	data, err := p.copies.client.Select(sent, &imap.SelectOptions{ReadOnly: true}).Wait()
	p.must(err)
	if data.NumMessages == 0 {
		return nil
	}
	section := &imap.FetchItemBodySection{Peek: true}
	found, err := p.copies.client.Fetch(imap.SeqSet{{Start: 1}}, &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{section}}).Collect()
	p.must(err)
	var mails [][]byte
	for _, m := range found {
		mails = append(mails, m.FindBodySection(section))
	}
	return mails
}

func TestSinkConformance(t *testing.T) {
	t.Parallel()
	box := testenv.IMAP(t, testenv.IMAPOptions{})
	connectortest.RunSink(t, func(t *testing.T) connectortest.SinkHarness {
		p := newPost(t, "starttls", box)
		open := func(change func(*SinkConfig)) func(*testing.T, connector.Env) connector.Sink {
			return func(_ *testing.T, env connector.Env) connector.Sink { return p.sink(change, env) }
		}
		return connectortest.SinkHarness{
			Open:        open(nil),
			OpenPlain:   open(func(c *SinkConfig) { c.Opslag = nil }),
			OpenUnknown: open(func(c *SinkConfig) { c.Emne = "{{findes_ikke}}" }),
			Effects: func(t *testing.T) []connectortest.Item {
				var found []connectortest.Item
				for _, raw := range p.sent() {
					m, err := parse(raw, -1)
					if err != nil {
						t.Fatal(err)
					}
					id, _, _ := strings.Cut(strings.TrimPrefix(m.fields["tekst"], "Nummer "), " ")
					found = append(found, connectortest.Item{ID: id, Titel: m.fields["emne"]})
				}
				return found
			},
			Accepted: CodeOK,
			Refuse:   func(*testing.T, connector.Call) { p.server.Mode("refuse 554 5.7.1 Mailen er afvist") },
			Away: func(*testing.T) {
				p.proxy.Set(fejlnet.Down)
				p.copies.proxy.Set(fejlnet.Down)
			},
			LoseAnswer: func(*testing.T) { p.server.Mode("lose") },
			Hang: func(*testing.T) <-chan struct{} {
				p.server.Mode("hang")
				return p.server.Asked
			},
			Document: func(t *testing.T, _ connector.Call) []byte {
				m, err := parse(p.sent()[0], 0)
				if err != nil || len(m.documents) != 1 || m.documents[0].name != "dokument.pdf" || m.documents[0].kind != "application/pdf" {
					t.Fatalf("%+v, %v", m, err)
				}
				return m.documents[0].content
			},
			Secret: smtpPassword,
		}
	})
}

func call(key string, fields map[string]any) connector.Call {
	return connector.Call{Key: key, Vars: map[string]string{"key": "S-1"}, Fields: fields}
}

func TestMailAsItIsSent(t *testing.T) {
	t.Parallel()
	p := newPost(t, "starttls", testenv.IMAP(t, testenv.IMAPOptions{}))
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	s := p.sink(func(c *SinkConfig) {
		c.Til, c.Kopi, c.SkjultKopi = "{{felt.mail}}, journal@kommune.dk", "{{felt.chef}}", "arkiv@kommune.dk"
		c.SvarTil, c.Emne, c.Tekst = "svar@kommune.dk", "Sag {{key}}: {{felt.titel}}", "Kære {{felt.navn}}\n\n.punktum\n{{felt.titel}} €\n"
	}, connector.Env{Now: func() time.Time { return at }})
	c := call("noegle-1", map[string]any{"mail": "Bo Ø <bo@firma.dk>", "chef": "", "navn": "Bo", "titel": "Carport på Ærø"})
	if _, err := s.Write(t.Context(), c); err == nil || connector.Temporary(err) || !strings.Contains(err.Error(), "kopi") {
		t.Errorf("Write = %v: an address without value, want a permanent error that names kopi", err)
	}
	c.Fields["chef"] = "chef@kommune.dk"
	a, err := s.Write(t.Context(), c)
	p.must(err)
	got := p.server.Next()
	if !got.TLS || got.From != "byggesag@kommune.dk" {
		t.Errorf("from %s, TLS %v", got.From, got.TLS)
	}
	slices.Sort(got.To)
	if diff := cmp.Diff([]string{"arkiv@kommune.dk", "bo@firma.dk", "chef@kommune.dk", "journal@kommune.dk"}, got.To); diff != "" {
		t.Errorf("recipients (-want +got):\n%s", diff)
	}
	m, err := parse([]byte(got.Content), -1)
	p.must(err)
	want := map[string]string{
		"id": a.Fields["message_id"], "message_id": a.Fields["message_id"], "fra": "byggesag@kommune.dk", "fra_navn": "Byggesag", "til": "bo@firma.dk, journal@kommune.dk",
		"cc": "chef@kommune.dk", "svar_til": "svar@kommune.dk", "emne": "Sag S-1: Carport på Ærø", "dato": "2026-03-01T12:00:00Z", "automatisk": "auto-generated",
		"tekst": "Kære Bo\n\n.punktum\nCarport på Ærø €\n",
	}
	if diff := cmp.Diff(want, m.fields); diff != "" {
		t.Errorf("the mail (-want +got):\n%s", diff)
	}
	if strings.Contains(got.Content, "arkiv@") {
		t.Error("the hidden recipient is shown")
	}
}

// The Message-ID is the same for each attempt at a call, another for each call, and does not show the key.
func TestMessageID(t *testing.T) {
	t.Parallel()
	s, err := NewSink(SinkConfig{Type: "smtp", Account: Account{Host: "localhost", TLS: "ingen"}, Fra: "MOX <mox@byg.kommune.dk>", Til: "a@b.dk", Emne: "x", Tekst: "y"}, connector.Env{})
	if err != nil {
		t.Fatal(err)
	}
	one, again, two := s.messageID(call("1", nil)), s.messageID(call("1", nil)), s.messageID(call("2", nil))
	if one != again || one == two || !strings.HasSuffix(one, "@byg.kommune.dk") || len(one) != len("mox.")+32+len("@byg.kommune.dk") {
		t.Errorf("%s, %s, %s", one, again, two)
	}
}

// A value cannot add a recipient, or a line to the head.
func TestValuesCannotChangeTheMail(t *testing.T) {
	t.Parallel()
	p := newPost(t, "starttls", testenv.IMAP(t, testenv.IMAPOptions{}))
	s := p.sink(func(c *SinkConfig) { c.Til, c.Emne = "{{felt.mail}}", "{{felt.titel}}" }, connector.Env{})
	for name, fields := range map[string]map[string]any{
		"TwoAddresses": {"mail": "a@b.dk, fremmed@d.dk", "titel": "x", "id": "1"},
		"NoAddress":    {"mail": "fremmed", "titel": "x", "id": "1"},
		"LineInMail":   {"mail": "a@b.dk\r\nRCPT TO:<fremmed@d.dk>", "titel": "x", "id": "1"},
		"LineInTitle":  {"mail": "a@b.dk", "titel": "x\r\nBcc: fremmed@d.dk", "id": "1"},
	} {
		_, err := s.Write(t.Context(), call("1", fields))
		if err == nil || connector.Temporary(err) || connector.Unknown(err) || strings.Contains(err.Error(), "fremmed") {
			t.Errorf("%s: Write = %v, want a permanent, known error without the value", name, err)
		}
	}
	if got := p.sent(); len(got) > 0 {
		t.Errorf("%d mails were sent", len(got))
	}
}

func TestWhatTheServerSays(t *testing.T) {
	t.Parallel()
	p := newPost(t, "starttls", testenv.IMAP(t, testenv.IMAPOptions{}))
	s := p.sink(nil, connector.Env{})
	write := func(mode string) (connector.Answer, error) {
		p.server.Mode(mode)
		return s.Write(t.Context(), call("1", map[string]any{"id": "1", "titel": "x"}))
	}
	if a, err := write("refuse-recipient 550 5.1.1 <modtager@firma.dk> findes ikke"); err != nil || a.Code != "smtp-550" || !strings.Contains(a.Text, "findes ikke") {
		t.Errorf("a recipient refused for good: %+v, %v", a, err)
	}
	for _, mode := range []string{"refuse 451 4.3.0 try again, modtager@firma.dk", "refuse-recipient 450 4.2.0 greylisted modtager@firma.dk"} {
		if _, err := write(mode); !connector.Temporary(err) || connector.Unknown(err) || strings.Contains(err.Error(), "modtager") {
			t.Errorf("%s: Write = %v, want temporary and known, without the address", mode, err)
		}
	}
	if got := p.sent(); len(got) > 0 {
		t.Errorf("%d mails were sent", len(got))
	}
}

func TestSinkLogin(t *testing.T) {
	t.Parallel()
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"access_token":"godt-token","token_type":"Bearer","expires_in":3600}`)
	}))
	t.Cleanup(tokens.Close)
	box := testenv.IMAP(t, testenv.IMAPOptions{})
	starttls, tls := newPost(t, "starttls", box), newPost(t, "tls", box)
	oauth := &connector.OAuth2{TokenURL: tokens.URL, ClientID: "mox", ClientSecret: "env:SECRET"}
	for name, c := range map[string]struct {
		post   *post
		change func(*SinkConfig)
		want   string
	}{
		"StartTLS":      {starttls, func(*SinkConfig) {}, ""},
		"TLS":           {tls, func(c *SinkConfig) { c.TLS = "tls" }, ""},
		"Token":         {starttls, func(c *SinkConfig) { c.Kodeord, c.OAuth2 = "", oauth }, ""},
		"TokenOverTLS":  {tls, func(c *SinkConfig) { c.TLS, c.Kodeord, c.OAuth2 = "tls", "", oauth }, ""},
		"WrongToken":    {starttls, func(c *SinkConfig) { c.Bruger, c.Kodeord, c.OAuth2 = "anden", "", oauth }, "oauth2"},
		"WrongPassword": {starttls, func(c *SinkConfig) { c.Kodeord = "env:ANDET" }, "afviste login"},
		"OtherIssuer":   {starttls, func(c *SinkConfig) { c.CA = tls.certificate }, "certificate"},
		"NoCopies":      {starttls, func(c *SinkConfig) { c.Opslag.Mappe = "Findes ikke" }, "serveren svarer NO"},
		"NoTLSThere":    {starttls, func(c *SinkConfig) { c.TLS = "tls" }, "tls"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := c.post.sink(c.change, connector.Env{})
			err := s.Check(t.Context())
			if c.want == "" {
				if err != nil {
					t.Errorf("Check: %v", err)
				}
				if a, err := s.Write(t.Context(), call(name, map[string]any{"id": "1", "titel": "x"})); err != nil || a.Code != CodeOK {
					t.Errorf("Write: %+v, %v", a, err)
				}
				return
			}
			if !connector.Temporary(err) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), smtpPassword) {
				t.Errorf("Check = %v, want temporary, with %q and no password", err, c.want)
			}
		})
	}
}

// Until the mail's last line is sent, a lost connection has no effect.
func TestMailCutInTheMiddle(t *testing.T) {
	t.Parallel()
	p := newPost(t, "", testenv.IMAP(t, testenv.IMAPOptions{}))
	s := p.sink(func(c *SinkConfig) { c.TLS, c.Bruger, c.Kodeord = "ingen", "", "" }, connector.Env{})
	c := call("1", map[string]any{"id": "1", "titel": "x"})
	for _, word := range []string{"MAIL FROM", "RCPT TO", "DATA\r\n"} {
		p.proxy.Before([]byte(word), func() { p.proxy.Set(fejlnet.ResetAnswers) })
		if _, err := s.Write(t.Context(), c); !connector.Temporary(err) || connector.Unknown(err) {
			t.Errorf("lost at %q: Write = %v, want temporary and known", word, err)
		}
		p.proxy.Before(nil, nil)
		p.proxy.Set(fejlnet.Pass)
	}
	if got := p.sent(); len(got) > 0 {
		t.Errorf("%d mails were sent", len(got))
	}
	if a, err := s.Write(t.Context(), c); err != nil || a.Code != CodeOK || len(p.sent()) != 1 {
		t.Errorf("Write: %+v, %v, and %d mails were sent", a, err, len(p.sent()))
	}
}

func TestSilentMailServerIsGivenUp(t *testing.T) {
	t.Parallel()
	p := newPost(t, "starttls", testenv.IMAP(t, testenv.IMAPOptions{}))
	s := p.sink(func(c *SinkConfig) { c.Timeout = connector.Duration(300 * time.Millisecond) }, connector.Env{})
	p.proxy.Set(fejlnet.Drop)
	if _, err := s.Write(t.Context(), call("1", map[string]any{"id": "1", "titel": "x"})); !connector.Temporary(err) || connector.Unknown(err) {
		t.Errorf("Write = %v, want temporary and known", err)
	}
}

func TestDocumentsAreNamed(t *testing.T) {
	t.Parallel()
	p := newPost(t, "starttls", testenv.IMAP(t, testenv.IMAPOptions{}))
	document := func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader([]byte("0123456789"))), nil
	}
	c := call("1", map[string]any{"id": "1", "titel": "x"})
	c.Content = map[string]connector.Opener{"a": document, "b": document}
	for name, change := range map[string]func(*SinkConfig){
		"indhold": func(c *SinkConfig) { c.Indhold = "" }, "{{felt}}": func(c *SinkConfig) { c.Indhold = "bilag.pdf" },
		"max_indhold": func(c *SinkConfig) { c.MaxIndhold = 9 },
	} {
		if _, err := p.sink(change, connector.Env{}).Write(t.Context(), c); err == nil || connector.Temporary(err) || !strings.Contains(err.Error(), name) {
			t.Errorf("Write = %v, want a permanent error that says %s", err, name)
		}
	}
	if got := p.sent(); len(got) > 0 {
		t.Errorf("%d mails were sent", len(got))
	}
}

func TestSinkValidate(t *testing.T) {
	t.Parallel()
	whole := SinkConfig{Type: "smtp", Account: Account{Host: "smtp.kommune.dk"}, Fra: "mox@kommune.dk", Til: "{{felt.mail}}, a@b.dk", Emne: "x", Tekst: "y"}
	with := func(change func(*SinkConfig)) []connector.Problem { c := whole; change(&c); return c.Validate() }
	for name, c := range map[string]struct {
		problems []connector.Problem
		want     string
	}{
		"Whole":    {whole.Validate(), ""},
		"Empty":    {SinkConfig{}.Validate(), "emne fra host tekst til"},
		"Sender":   {with(func(c *SinkConfig) { c.Fra = "mox" }), "fra"},
		"To":       {with(func(c *SinkConfig) { c.Til, c.Kopi = "a b", "{{felt.x}} {{felt.y}}" }), "kopi til"},
		"Template": {with(func(c *SinkConfig) { c.Emne = "{{felt" }), "emne"},
		"Plain":    {with(func(c *SinkConfig) { c.TLS = "ingen" }), "tls"},
		"Lookup":   {with(func(c *SinkConfig) { c.Opslag = &Lookup{} }), "opslag.bruger opslag.host opslag.mappe"},
	} {
		var got []string
		for _, p := range c.problems {
			got = append(got, p.Path)
		}
		slices.Sort(got)
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: problems %v, want %s", name, c.problems, c.want)
		}
	}
	want := map[string][]string{"til": {"felt.mail"}, "tekst": {"key"}}
	whole.Tekst, whole.Indhold = "{{key}}", "{{felt}}.pdf"
	if diff := cmp.Diff(want, whole.TemplateNames()); diff != "" {
		t.Errorf("TemplateNames (-want +got):\n%s", diff)
	}
}

package mailc

import (
	"context"
	"crypto/rand"
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
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/google/go-cmp/cmp"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/connector/connectortest"
	"github.com/moxkit/mox/internal/fejlnet"
	"github.com/moxkit/mox/internal/testenv"
)

// mailbox is a user's mails on a real server, behind a network that fails on command.
type mailbox struct {
	*testing.T
	server *testenv.IMAPServer
	user   string
	proxy  *fejlnet.Proxy // in front of the server's TLS port
	client *imapclient.Client
}

func newMailbox(t *testing.T, server *testenv.IMAPServer) *mailbox {
	t.Helper()
	m := &mailbox{T: t, server: server, user: strings.ToLower(rand.Text()), proxy: fejlnet.New(t, server.TLSAddr)}
	var err error
	if m.client, err = imapclient.DialInsecure(server.Addr, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.client.Close() })
	m.must(m.client.Login(m.user, server.Password).Wait())
	return m
}

func (m *mailbox) must(err error) {
	m.Helper()
	if err != nil {
		m.Fatal(err)
	}
}

// add delivers a mail; lines may end with \n.
func (m *mailbox) add(folder, mail string) {
	m.Helper()
	mail = strings.ReplaceAll(mail, "\n", "\r\n")
	cmd := m.client.Append(folder, int64(len(mail)), &imap.AppendOptions{Time: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)})
	_, err := io.WriteString(cmd, mail)
	m.must(err)
	m.must(cmd.Close())
	_, err = cmd.Wait()
	m.must(err)
}

// mails gives the subjects in a folder, those that have been seen in brackets.
func (m *mailbox) mails(folder string) string {
	m.Helper()
	data, err := m.client.Select(folder, &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil {
		return "ingen mappe"
	}
	if data.NumMessages == 0 {
		return ""
	}
	found, err := m.client.Fetch(imap.SeqSet{{Start: 1}}, &imap.FetchOptions{Envelope: true, Flags: true}).Collect()
	m.must(err)
	var subjects []string
	for _, mail := range found {
		subject := mail.Envelope.Subject
		for _, flag := range mail.Flags {
			switch flag {
			case imap.FlagSeen:
				subject = "(" + subject + ")"
			case "MOX":
				subject += "*"
			}
		}
		subjects = append(subjects, subject)
	}
	return strings.Join(subjects, " ")
}

func (m *mailbox) account() Account {
	return Account{Host: m.proxy.Addr(), Bruger: m.user, Kodeord: "env:KODEORD", CA: m.server.CA}
}

func (m *mailbox) env(e connector.Env) connector.Env {
	e.Secret = func(string) (string, error) { return m.server.Password, nil }
	return e
}

func (m *mailbox) source(change func(*SourceConfig), env connector.Env) *Source {
	m.Helper()
	c := SourceConfig{Type: "imap", Account: m.account()}
	if change != nil {
		change(&c)
	}
	s, err := NewSource(c, m.env(env))
	if err != nil {
		m.Fatal(err)
	}
	m.Cleanup(func() { _ = s.Close() })
	return s
}

func (m *mailbox) away(*testing.T) { m.proxy.Set(fejlnet.Down) }

// silent makes the server say nothing more; asked gets a value when it is called.
func (m *mailbox) silent(t *testing.T) <-chan struct{} {
	m.proxy.Set(fejlnet.Drop)
	asked, made := make(chan struct{}), m.proxy.Made()
	go func() {
		defer close(asked)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for m.proxy.Made() == made {
			select {
			case <-tick.C:
			case <-t.Context().Done():
				return
			}
		}
	}()
	return asked
}

// items reads the suite's records from mails: the id is the Message-ID's first part, and the title the subject.
type items struct{ *Source }

func (s items) Read(ctx context.Context, position string) (connector.Batch, error) {
	b, err := s.Source.Read(ctx, position)
	for _, r := range b.Records {
		if r.Err == nil {
			r.Fields["id"], _, _ = strings.Cut(r.Fields["id"], "@")
			r.Fields["titel"] = r.Fields["emne"]
		}
	}
	return b, err
}

func item(i connectortest.Item) string {
	return "Message-ID: <" + i.ID + "@system.dk>\nSubject: " + i.Titel + "\nFrom: a@system.dk\nContent-Type: text/plain; charset=utf-8\n\nHej\n"
}

func TestSourceConformance(t *testing.T) {
	for name, change := range map[string]func(*SourceConfig){
		"Move":   func(c *SourceConfig) { c.Behandlet = "Behandlet" },
		"Marked": func(c *SourceConfig) { c.Maerke = "laest" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := testenv.IMAP(t, testenv.IMAPOptions{})
			connectortest.RunSource(t, func(t *testing.T) connectortest.SourceHarness {
				m := newMailbox(t, server)
				return connectortest.SourceHarness{
					Open: func(_ *testing.T, env connector.Env) connector.Source { return items{m.source(change, env)} },
					Add: func(_ *testing.T, all ...connectortest.Item) {
						for _, i := range all {
							m.add("INBOX", item(i))
						}
					},
					AddBroken: func(*testing.T) {
						m.add("INBOX", "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\nbegyndt og aldrig")
					},
					AddForeign: func(*testing.T) { m.add("INBOX", "Content-Type: text/plain; charset=utf-8\n\na\xE6b\n") },
					Away:       m.away,
					Hang:       m.silent,
					Put: func(t *testing.T, content []byte) string {
						m.add("INBOX", withDocument(content))
						b, err := m.source(nil, connector.Env{}).Read(t.Context(), "")
						m.must(err)
						return b.Records[0].Fields["bilag.0.indhold"]
					},
					Outside: []string{"1/1", "1/1/1/1", "../1/mail", "1/0/mail", "0/1/mail", "1/1/-1", "999999/1/mail", "1/1/mail/x"},
					Secret:  server.Password,
				}
			})
		})
	}
}

func TestReadMailsAreMovedOrMarked(t *testing.T) {
	t.Parallel()
	mail := func(n int) string { return item(connectortest.Item{ID: fmt.Sprint(n), Titel: fmt.Sprint(n)}) }
	for name, c := range map[string]struct {
		capabilities  string
		change        func(*SourceConfig)
		inbox, folder string
	}{
		"Moved":           {"", func(c *SourceConfig) { c.Behandlet = "Behandlet" }, "3", "1 2"},
		"MovedByCopy":     {"IMAP4rev1 UIDPLUS", func(c *SourceConfig) { c.Behandlet = "Behandlet" }, "3", "1 2"},
		"Seen":            {"", func(c *SourceConfig) { c.Maerke = "laest" }, "(1) (2) 3", "ingen mappe"},
		"MarkedByOurWord": {"", func(c *SourceConfig) { c.Maerke = "MOX" }, "1* 2* 3", "ingen mappe"},
		"Left":            {"", func(*SourceConfig) {}, "1 2 3", "ingen mappe"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMailbox(t, testenv.IMAP(t, testenv.IMAPOptions{Capabilities: c.capabilities}))
			m.add("INBOX", mail(1))
			m.add("INBOX", mail(2))
			s := m.source(c.change, connector.Env{})
			m.must(s.Check(t.Context()))
			b, err := s.Read(t.Context(), "")
			m.must(err)
			m.add("INBOX", mail(3)) // after the position
			for range 2 {
				m.must(s.Committed(t.Context(), b.Position))
			}
			if got := m.mails("INBOX"); got != c.inbox {
				t.Errorf("INBOX has %q, want %q", got, c.inbox)
			}
			if got := m.mails("Behandlet"); got != c.folder {
				t.Errorf("Behandlet has %q, want %q", got, c.folder)
			}
			b, err = s.Read(t.Context(), b.Position)
			m.must(err)
			if len(b.Records) != 1 || b.Records[0].Fields["emne"] != "3" {
				t.Errorf("then come %d records, want 3 alone", len(b.Records))
			}
		})
	}
	t.Run("CannotMove", func(t *testing.T) {
		t.Parallel()
		m := newMailbox(t, testenv.IMAP(t, testenv.IMAPOptions{Capabilities: "IMAP4rev1"}))
		m.add("INBOX", mail(1))
		s := m.source(func(c *SourceConfig) { c.Behandlet = "Behandlet" }, connector.Env{})
		b, err := s.Read(t.Context(), "")
		m.must(err)
		for what, err := range map[string]error{"Check": s.Check(t.Context()), "Committed": s.Committed(t.Context(), b.Position)} {
			if err == nil || !strings.Contains(err.Error(), "maerke") {
				t.Errorf("%s = %v, want an error that says maerke", what, err)
			}
		}
		if got := m.mails("INBOX"); got != "1" {
			t.Errorf("INBOX has %q, want the mail", got)
		}
	})
}

// Where the numbering is another, the numbers of the position mean nothing.
func TestNewNumberingReadsAll(t *testing.T) {
	t.Parallel()
	m := newMailbox(t, testenv.IMAP(t, testenv.IMAPOptions{}))
	m.must(m.client.Create("Sager", nil).Wait())
	for i := range 3 {
		m.add("Sager", item(connectortest.Item{ID: fmt.Sprint(i), Titel: "x"}))
	}
	s := m.source(func(c *SourceConfig) { c.Mappe, c.Maerke = "Sager", "laest" }, connector.Env{})
	b, err := s.Read(t.Context(), "")
	m.must(err)
	for _, position := range []string{`{"nummerering":1,"uid":3}`, `{"nummerering":1,"uid":300}`} {
		again, err := s.Read(t.Context(), position)
		m.must(err)
		if diff := cmp.Diff(b, again); diff != "" {
			t.Errorf("(-first +again)\n%s", diff)
		}
		m.must(s.Committed(t.Context(), position))
	}
	if got := m.mails("Sager"); got != "x x x" {
		t.Errorf("mails were marked by numbers of another numbering: %q", got)
	}
	if _, err := s.Open(t.Context(), "1/1/mail"); err == nil || connector.Temporary(err) {
		t.Errorf("Open = %v, want a permanent error", err)
	}
}

// A folder that was made anew is read, and tidied, from its beginning.
func TestFolderMadeAnew(t *testing.T) {
	t.Parallel()
	m := newMailbox(t, testenv.IMAP(t, testenv.IMAPOptions{}))
	s := m.source(func(c *SourceConfig) { c.Mappe, c.Maerke = "Sager", "laest" }, connector.Env{})
	position := ""
	for _, subjects := range [][]string{{"a", "b", "c"}, {"d"}} {
		m.must(m.client.Create("Sager", nil).Wait())
		for _, subject := range subjects {
			m.add("Sager", item(connectortest.Item{ID: subject, Titel: subject}))
		}
		b, err := s.Read(t.Context(), position)
		m.must(err)
		m.must(s.Committed(t.Context(), b.Position))
		if got, want := m.mails("Sager"), "("+strings.Join(subjects, ") (")+")"; got != want || len(b.Records) != len(subjects) {
			t.Errorf("%d records, and the folder has %q, want %q", len(b.Records), got, want)
		}
		position = b.Position
		m.must(m.client.Unselect().Wait())
		m.must(m.client.Delete("Sager").Wait())
	}
}

func TestTooLargeMailIsARecord(t *testing.T) {
	t.Parallel()
	m := newMailbox(t, testenv.IMAP(t, testenv.IMAPOptions{}))
	m.add("INBOX", item(connectortest.Item{ID: "1", Titel: "1"}))
	m.add("INBOX", item(connectortest.Item{ID: "2", Titel: "2"})+strings.Repeat("fyld ", 1000))
	m.add("INBOX", item(connectortest.Item{ID: "3", Titel: "3"}))
	b, err := m.source(func(c *SourceConfig) { c.MaxMail = connector.KiB }, connector.Env{}).Read(t.Context(), "")
	m.must(err)
	if len(b.Records) != 3 || b.Records[0].Err != nil || b.Records[2].Err != nil {
		t.Fatalf("%d records", len(b.Records))
	}
	r := b.Records[1]
	if r.Err == nil || !strings.Contains(r.Err.Error(), "max_mail") || !strings.HasPrefix(string(r.Raw), "Message-ID: <2@") || r.Place.String() != "INBOX (post 2)" {
		t.Errorf("record %v at %v with %.20q, want an error that says max_mail, and the mail's beginning", r.Err, r.Place, r.Raw)
	}
}

// Few great mails make a batch, as many small ones do.
func TestBatchEndsByBytes(t *testing.T) {
	t.Parallel()
	m := newMailbox(t, testenv.IMAP(t, testenv.IMAPOptions{}))
	for n := range 5 {
		m.add("INBOX", withDocument(make([]byte, 6<<20))+fmt.Sprint(n))
	}
	s, position, sizes := m.source(nil, connector.Env{}), "", []int{}
	for more := true; more; {
		b, err := s.Read(t.Context(), position)
		m.must(err)
		sizes, position, more = append(sizes, len(b.Records)), b.Position, b.More
	}
	if diff := cmp.Diff([]int{3, 2}, sizes); diff != "" {
		t.Errorf("records in each batch (-want +got):\n%s", diff)
	}
}

func TestBrokenSessionHeals(t *testing.T) {
	t.Parallel()
	m := newMailbox(t, testenv.IMAP(t, testenv.IMAPOptions{}))
	s := m.source(nil, connector.Env{})
	for range 3 {
		_, err := s.Read(t.Context(), "")
		m.must(err)
	}
	m.proxy.Reset()
	_, err := s.Read(t.Context(), "")
	m.must(err)
	if made := m.proxy.Made(); made != 2 {
		t.Errorf("%d connections, want 2: they are kept between calls, and replaced when broken", made)
	}
}

// A connection that is lost while mails are sent gives none of them, and loses none.
func TestFetchCutInTheMiddle(t *testing.T) {
	t.Parallel()
	m := newMailbox(t, testenv.IMAP(t, testenv.IMAPOptions{}))
	m.add("INBOX", item(connectortest.Item{ID: "1", Titel: "1"}))
	m.add("INBOX", withDocument(make([]byte, 1<<20)))
	plain := fejlnet.New(t, m.server.Addr)
	s := m.source(func(c *SourceConfig) { c.Host, c.TLS = plain.Addr(), "ingen" }, connector.Env{})
	plain.Before([]byte("BODY.PEEK"), func() { plain.Set(fejlnet.ResetAnswers) })
	if b, err := s.Read(t.Context(), ""); !connector.Temporary(err) {
		t.Errorf("Read = %d records, %v, want temporary", len(b.Records), err)
	}
	plain.Before(nil, nil)
	plain.Set(fejlnet.Pass)
	b, err := s.Read(t.Context(), "")
	m.must(err)
	if len(b.Records) != 2 || b.Records[0].Err != nil || b.Records[1].Err != nil {
		t.Errorf("%d records, want two that can be read", len(b.Records))
	}
}

func TestSilentServerIsGivenUp(t *testing.T) {
	t.Parallel()
	m := newMailbox(t, testenv.IMAP(t, testenv.IMAPOptions{}))
	s := m.source(func(c *SourceConfig) { c.Timeout = connector.Duration(200 * time.Millisecond) }, connector.Env{})
	m.proxy.Set(fejlnet.Drop)
	if _, err := s.Read(t.Context(), ""); !connector.Temporary(err) || !strings.Contains(err.Error(), "svaret") {
		t.Errorf("Read = %v, want temporary, and that nothing was answered", err)
	}
}

func TestLogin(t *testing.T) {
	t.Parallel()
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/token" && r.FormValue("grant_type") == "client_credentials":
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `{"access_token":"godt-token","token_type":"Bearer","expires_in":3600}`)
		case r.Header.Get("Authorization") == "Bearer godt-token":
			fmt.Fprint(w, `{"aktiv":"ja","bruger":"post"}`)
		default:
			http.Error(w, "{}", http.StatusUnauthorized)
		}
	}))
	t.Cleanup(tokens.Close)
	server := testenv.IMAP(t, testenv.IMAPOptions{Introspect: tokens.URL + "/hvem"})
	other, err := testenv.NewIssuer()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := other.Write(dir); err != nil {
		t.Fatal(err)
	}
	oauth := &connector.OAuth2{TokenURL: tokens.URL + "/token", ClientID: "mox", ClientSecret: "env:SECRET"}
	for name, c := range map[string]struct {
		change   func(*SourceConfig)
		password string
		want     string
	}{
		"TLS":           {func(*SourceConfig) {}, server.Password, ""},
		"StartTLS":      {func(c *SourceConfig) { c.Host, c.TLS = server.Addr, "starttls" }, server.Password, ""},
		"None":          {func(c *SourceConfig) { c.Host, c.TLS = server.Addr, "ingen" }, server.Password, ""},
		"WrongPassword": {func(*SourceConfig) {}, "forkert", "afviste login"},
		"OtherIssuer":   {func(c *SourceConfig) { c.CA = filepath.Join(dir, "ca.pem") }, server.Password, "certificate"},
		"StartTLSOtherIssuer": {func(c *SourceConfig) {
			c.Host, c.TLS, c.CA = server.Addr, "starttls", filepath.Join(dir, "ca.pem")
		}, server.Password, "certificate"},
		"NoFolder":  {func(c *SourceConfig) { c.Mappe = "Findes ikke" }, server.Password, "serveren svarer NO"},
		"Token":     {func(c *SourceConfig) { c.Bruger, c.Kodeord, c.OAuth2 = "post", "", oauth }, "", ""},
		"OthersBox": {func(c *SourceConfig) { c.Bruger, c.Kodeord, c.OAuth2 = "anden", "", oauth }, "", "oauth2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := SourceConfig{Type: "imap", Account: Account{Host: server.TLSAddr, Bruger: "post", Kodeord: "env:KODEORD", CA: server.CA}}
			c.change(&config)
			s, err := NewSource(config, connector.Env{Secret: func(string) (string, error) { return c.password, nil }})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			err = s.Check(t.Context())
			if c.want == "" {
				if err != nil {
					t.Errorf("Check: %v", err)
				}
				return
			}
			if !connector.Temporary(err) || !strings.Contains(err.Error(), c.want) || c.password != "" && strings.Contains(err.Error(), c.password) {
				t.Errorf("Check = %v, want temporary, with %q and no password", err, c.want)
			}
		})
	}
}

func TestSourceValidate(t *testing.T) {
	t.Parallel()
	whole := SourceConfig{Type: "imap", Account: Account{Host: "imap.kommune.dk", Bruger: "mox", Kodeord: "env:KODE"}}
	with := func(change func(*SourceConfig)) []connector.Problem { c := whole; change(&c); return c.Validate() }
	for name, c := range map[string]struct {
		problems []connector.Problem
		want     string
	}{
		"Whole":    {whole.Validate(), ""},
		"Empty":    {SourceConfig{}.Validate(), "bruger host"},
		"Plain":    {with(func(c *SourceConfig) { c.TLS = "ingen" }), "tls"},
		"TLS":      {with(func(c *SourceConfig) { c.TLS = "ja" }), "tls"},
		"NoLogin":  {with(func(c *SourceConfig) { c.Kodeord = "" }), "kodeord"},
		"Secret":   {with(func(c *SourceConfig) { c.Kodeord = "hemmelig" }), "kodeord"},
		"Both":     {with(func(c *SourceConfig) { c.Maerke, c.Behandlet = "laest", "Behandlet" }), "maerke"},
		"Same":     {with(func(c *SourceConfig) { c.Behandlet = "INBOX" }), "behandlet"},
		"Mark":     {with(func(c *SourceConfig) { c.Maerke = "læst af mox" }), "maerke"},
		"Full":     {with(func(c *SourceConfig) { c.Eksport = "fuld" }), "eksport"},
		"TooLarge": {with(func(c *SourceConfig) { c.MaxMail = connector.GiB }), "max_mail"},
		"OAuth": {with(func(c *SourceConfig) { c.Kodeord, c.OAuth2 = "", &connector.OAuth2{ClientSecret: "x"} }),
			"oauth2.client_id oauth2.client_secret oauth2.token_url"},
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
}

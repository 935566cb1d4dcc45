package mailc

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/mail"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/connector/internal/check"
	"github.com/moxkit/mox/connector/internal/line"
)

// DefaultContent is the greatest document sent where max_indhold is not set.
const DefaultContent = 10 * connector.MiB

// maxRecipients is how many addresses a mail may go to.
const maxRecipients = 50

// The codes of a [Sink]'s answers: CodeOK; CodeNobody where none of the users has an address, and nobody else was named; or
// RefusedPrefix and the server's number ("smtp-550") where it refused the mail or a recipient for good.
const (
	CodeOK        = "ok"
	CodeNobody    = "ingen_modtager"
	RefusedPrefix = "smtp-"
)

// SinkConfig describes mails to send, one for each call.
//
// The templates' names are the call's: {{key}}, {{besked.…}}, {{felt.X}}. Each name in an address is one whole address. The
// mail's Message-ID is made of the call's idempotency key, the same for each attempt: by it a copy can be found again, and
// a receiver may see that it has the mail.
type SinkConfig struct {
	Type       string `yaml:"type" json:"type"` // "smtp"
	Account    `yaml:",inline"`
	Fra        string         `yaml:"fra" json:"fra"`                           // sender: "byggesag@kommune.dk", or with a name: "Byggesag <byggesag@kommune.dk>"
	Til        string         `yaml:"til" json:"til"`                           // recipients, with commas between: "{{felt.EMAIL}}, journal@kommune.dk"
	Brugere    []string       `yaml:"brugere" json:"brugere,omitempty"`         // local fields that name users of ours, with commas between; each gets it at the address that [connector.Env.Address] knows
	Kopi       string         `yaml:"kopi" json:"kopi,omitempty"`               // Cc
	SkjultKopi string         `yaml:"skjult_kopi" json:"skjult_kopi,omitempty"` // Bcc
	SvarTil    string         `yaml:"svar_til" json:"svar_til,omitempty"`       // where answers go; default fra
	Emne       string         `yaml:"emne" json:"emne"`
	Tekst      string         `yaml:"tekst" json:"tekst"`
	Indhold    string         `yaml:"indhold" json:"indhold,omitempty"`         // name of an attached document: "{{felt.NR}}_{{felt}}.pdf"; none = the sink takes no documents
	MaxIndhold connector.Size `yaml:"max_indhold" json:"max_indhold,omitempty"` // of one document; default 10 MiB
	Opslag     *Lookup        `yaml:"opslag" json:"opslag,omitempty"`
}

// Lookup says where a copy of each mail sent is to be found.
type Lookup struct {
	Account `yaml:",inline"`
	Mappe   string `yaml:"mappe" json:"mappe"` // the folder that the mail server itself puts copies in: "Sent Items"
}

// addressing are the config's templates of addresses, by YAML key.
func (c SinkConfig) addressing() map[string]string {
	return map[string]string{"til": c.Til, "kopi": c.Kopi, "skjult_kopi": c.SkjultKopi, "svar_til": c.SvarTil}
}

// Validate reports what is wrong in the config.
func (c SinkConfig) Validate() []connector.Problem {
	var p check.Problems
	p.Type(c.Type, "smtp")
	c.Account.check(&p, "")
	if p.Need("fra", c.Fra, "skriv fx byggesag@kommune.dk") {
		if _, err := mail.ParseAddress(c.Fra); err != nil {
			p.Add("fra", fmt.Sprintf("%q er ikke en mailadresse", c.Fra), "skriv fx Byggesag <byggesag@kommune.dk>")
		}
	}
	if len(c.Brugere) == 0 {
		p.Need("til", c.Til, `skriv modtageren: "{{felt.EMAIL}}"; eller brugere: de felter, der nævner Brugere i registeret`)
	}
	for key, text := range c.addressing() {
		checkAddresses(&p, key, text)
	}
	p.Need("emne", c.Emne, `skriv fx "Sag {{felt.NR}}"`)
	p.Need("tekst", c.Tekst, "skriv mailens tekst")
	for key, text := range map[string]string{"emne": c.Emne, "tekst": c.Tekst, "indhold": c.Indhold} {
		p.Template(key, text)
	}
	if o := c.Opslag; o != nil {
		o.Account.check(&p, "opslag.")
		if o.Kodeord == "" && o.OAuth2 == nil {
			p.Need("opslag.bruger", o.Bruger, "postkassens bruger")
		}
		p.Need("opslag.mappe", o.Mappe, "den mappe, mailserveren selv lægger en kopi i, fx Sent Items")
	}
	return p.List()
}

// checkAddresses reports addresses that cannot be such, whatever the names in them stand for.
func checkAddresses(p *check.Problems, key, text string) {
	t, err := connector.ParseTemplate(text)
	if err != nil {
		p.Add(key, err.Error(), "")
		return
	}
	tried, _ := t.Expand(func(string) (string, bool) { return "a@b.dk", true }, nil) // every name has a value
	if _, err := parseAddresses(tried); tried != "" && err != nil {
		p.Add(key, "er ikke mailadresser med komma imellem", `skriv fx "{{felt.EMAIL}}, journal@kommune.dk"`)
	}
}

// TemplateNames gives the names that the config's templates use, by YAML key; indhold also has {{felt}}, the document's
// field, which the sink gives itself.
func (c SinkConfig) TemplateNames() map[string][]string {
	all := c.addressing()
	all["emne"], all["tekst"], all["indhold"] = c.Emne, c.Tekst, c.Indhold
	used := check.NamesIn(all)
	names := slices.DeleteFunc(used["indhold"], func(name string) bool { return name == "felt" })
	if used["indhold"] = names; len(names) == 0 {
		delete(used, "indhold")
	}
	for _, field := range c.Brugere {
		used["brugere"] = append(used["brugere"], "felt."+field)
	}
	return used
}

// Sink sends mails. Its answers have the field message_id.
type Sink struct {
	config    SinkConfig
	env       connector.Env
	server    *server
	templates map[string]connector.Template // by YAML key
	box       *box                          // where copies are; nil = there is no lookup
}

var _ connector.Sink = (*Sink)(nil)

// NewSink makes a sink. It makes no call.
func NewSink(c SinkConfig, env connector.Env) (*Sink, error) {
	if err := connector.Invalid(c.Validate()); err != nil {
		return nil, err
	}
	s := &Sink{config: c, env: env, templates: map[string]connector.Template{}}
	var err error
	if s.server, err = c.Account.open(env, tlsStart, map[string]string{tlsFirst: "465", tlsStart: "587", tlsNone: "25"}); err != nil {
		return nil, err
	}
	texts := c.addressing()
	texts["emne"], texts["tekst"], texts["indhold"] = c.Emne, c.Tekst, c.Indhold
	for key, text := range texts {
		if s.templates[key], err = connector.ParseTemplate(text); err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
	}
	if c.Opslag != nil {
		if s.box, err = newBox(c.Opslag.Account, c.Opslag.Mappe, env); err != nil {
			return nil, fmt.Errorf("opslag: %w", err)
		}
	}
	return s, nil
}

// messageID is the same for each attempt at a call.
func (s *Sink) messageID(c connector.Call) string {
	sum := sha256.Sum256([]byte(c.Key))
	from, _ := mail.ParseAddress(s.config.Fra) // Validate has seen it
	return "mox." + hex.EncodeToString(sum[:16]) + from.Address[strings.LastIndexByte(from.Address, '@'):]
}

const opSend = "send mail"

// Write implements [connector.Sink]. A mail goes to all its recipients or to none; who has no address is none of them.
// spec: oio 97
func (s *Sink) Write(ctx context.Context, c connector.Call) (connector.Answer, error) {
	m, err := s.message(ctx, c)
	switch {
	case errors.Is(err, errNobody):
		return connector.Answer{Code: CodeNobody, Text: err.Error()}, nil
	case err != nil:
		return connector.Answer{}, connector.Refused(opSend, err)
	}
	conn, client, err := s.dial(ctx)
	if err != nil {
		return connector.Answer{}, failure(opSend, err)
	}
	stop := conn.Watch(ctx)
	defer stop()
	defer conn.Close()
	a, err := deliver(conn, client, m)
	if err != nil {
		return connector.Answer{}, err
	}
	if a.Code == CodeOK {
		a.Fields = map[string]string{"message_id": s.messageID(c)}
		_ = client.Quit() // the mail has been taken; how they part is no matter
	}
	return a, nil
}

// envelope is a mail, written out, with who it is from and to, in the form that the server is told them.
type envelope struct {
	from string
	to   []string
	text []byte
}

// message writes a call's mail.
func (s *Sink) message(ctx context.Context, c connector.Call) (envelope, error) {
	for name, v := range c.Fields {
		if _, err := connector.Scalar(v); err != nil {
			return envelope{}, fmt.Errorf("feltet %q: %w", name, err)
		}
	}
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := s.address(ctx, m, c); err != nil {
		return envelope{}, err
	}
	subject, err := s.templates["emne"].Expand(vars(c), oneLine)
	if err != nil {
		return envelope{}, fmt.Errorf("emne: %w", err)
	}
	text, err := s.templates["tekst"].Expand(vars(c), nil)
	if err != nil {
		return envelope{}, fmt.Errorf("tekst: %w", err)
	}
	m.Subject(subject)
	m.SetBodyString(gomail.TypeTextPlain, text)
	m.SetDateWithValue(s.env.Time())
	m.SetMessageIDWithValue(s.messageID(c))
	m.SetGenHeader("Auto-Submitted", "auto-generated") // so that no machine answers it
	if err := s.attach(ctx, m, c); err != nil {
		return envelope{}, err
	}
	return written(m)
}

func written(m *gomail.Msg) (e envelope, err error) {
	var b bytes.Buffer
	if _, err = m.WriteTo(&b); err != nil {
		return e, err
	}
	e.text = b.Bytes()
	if e.from, err = m.GetSender(false); err != nil {
		return e, err
	}
	e.to, err = m.GetRecipients()
	return e, err
}

// vars are the call's names, and its fields as felt.X.
func vars(c connector.Call) connector.Vars {
	return func(name string) (string, bool) {
		if v, ok := c.Var(name); ok {
			return v, true
		}
		field, isField := strings.CutPrefix(name, "felt.")
		v, ok := c.Fields[field]
		if !isField || !ok {
			return "", false
		}
		text, err := connector.Scalar(v)
		return text, err == nil
	}
}

// oneLine refuses what would end a head early.
func oneLine(_, value string) (string, error) {
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", errors.New("den har linjeskift eller andre kontroltegn")
	}
	return value, nil
}

// oneAddress lets through one address, and takes what else it says off.
func oneAddress(_, value string) (string, error) {
	a, err := mail.ParseAddress(value)
	if err != nil {
		return "", errors.New("den er ikke én mailadresse")
	}
	return a.Address, nil
}

func parseAddresses(text string) ([]*mail.Address, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	return mail.ParseAddressList(text)
}

// address says who the mail is from and to.
func (s *Sink) address(ctx context.Context, m *gomail.Msg, c connector.Call) error {
	if err := m.From(s.config.Fra); err != nil {
		return fmt.Errorf("fra: %w", err)
	}
	to, err := s.users(ctx, c)
	if err != nil {
		return err
	}
	total := 0
	for key, set := range map[string]func(...*mail.Address){
		"til": m.ToMailAddress, "kopi": m.CcMailAddress, "skjult_kopi": m.BccMailAddress,
		"svar_til": func(a ...*mail.Address) { m.ReplyToMailAddress(a[0]) },
	} {
		text, err := s.templates[key].Expand(vars(c), oneAddress)
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		list, err := parseAddresses(text)
		if err != nil {
			return fmt.Errorf("%s: er ikke mailadresser med komma imellem", key)
		}
		if key == "til" {
			list = withoutRepeats(append(list, to...))
		}
		if key != "svar_til" {
			total += len(list)
		}
		if len(list) > 0 {
			set(list...)
		}
	}
	switch {
	case total > maxRecipients:
		return fmt.Errorf("mailen har over %d modtagere", maxRecipients)
	case total == 0 && len(s.config.Brugere) > 0:
		return errNobody
	}
	return nil
}

var errNobody = errors.New("ingen af modtagerne har en mailadresse, systemet må læse; skriv den på Brugeren i registeret (adresser, objekttype email), " +
	"eller lad tilslutningsaftalen give maa_laese til Bruger")

// users are the addresses of the users whom the call's fields name. Who has none is left out; [connector.Env.Address] has
// told of it.
func (s *Sink) users(ctx context.Context, c connector.Call) (to []*mail.Address, err error) {
	if len(s.config.Brugere) > 0 && s.env.Address == nil {
		return nil, errors.New("brugere: her er ingen at slå adresser op hos")
	}
	for _, field := range s.config.Brugere {
		text, _ := vars(c)("felt." + field) // a field without a value names nobody
		for _, user := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || unicode.IsSpace(r) }) {
			address, err := s.env.Address(ctx, c, user)
			switch {
			case errors.Is(err, connector.ErrNoAddress):
			case err != nil:
				return nil, err
			default:
				to = append(to, &mail.Address{Address: address})
			}
		}
	}
	return to, nil
}

// withoutRepeats is each address once, the first time it stands there.
func withoutRepeats(list []*mail.Address) (once []*mail.Address) {
	for _, a := range list {
		if !slices.ContainsFunc(once, func(b *mail.Address) bool { return strings.EqualFold(a.Address, b.Address) }) {
			once = append(once, a)
		}
	}
	return once
}

// attach reads the call's documents into the mail.
func (s *Sink) attach(ctx context.Context, m *gomail.Msg, c connector.Call) error {
	if len(c.Content) > 0 && s.config.Indhold == "" {
		return errors.New(`kaldet har dokumenter, og sinken sender ingen; skriv indhold: "{{felt}}.pdf"`)
	}
	taken := map[string]bool{}
	for _, field := range slices.Sorted(maps.Keys(c.Content)) {
		name, err := s.templates["indhold"].Expand(func(n string) (string, bool) {
			if n == "felt" {
				return field, true
			}
			return vars(c)(n)
		}, oneLine)
		if err == nil && taken[name] {
			err = errors.New("to dokumenter i kaldet får samme navn; sæt {{felt}} ind")
		}
		if err != nil {
			return fmt.Errorf("indhold: %w", err)
		}
		taken[name] = true
		if err := attachOne(ctx, m, name, field, c.Content[field], s.config.MaxIndhold.Or(DefaultContent)); err != nil {
			return err
		}
	}
	return nil
}

func attachOne(ctx context.Context, m *gomail.Msg, name, field string, open connector.Opener, limit connector.Size) error {
	r, err := connector.OpenContent(ctx, field, open, limit)
	if err != nil {
		return err
	}
	defer r.Close()
	return m.AttachReader(name, r)
}

// dial connects and logs in.
func (s *Sink) dial(ctx context.Context) (*line.Conn, *smtp.Client, error) {
	secret, err := s.server.secret(ctx)
	if err != nil {
		return nil, nil, err
	}
	conn, err := line.Dial(ctx, s.server.address, s.server.silence)
	if err != nil {
		return nil, nil, err
	}
	stop := conn.Watch(ctx) // the library has no time limit while it logs in
	defer stop()
	var client *smtp.Client
	c, err := gomail.NewClient(s.server.name(), s.options(conn, secret)...)
	if err == nil {
		client, err = c.DialToSMTPClientWithContext(ctx)
	}
	if err != nil {
		_ = conn.Close() // nothing was done on it
		return nil, nil, s.refusal(conn.Cause(err))
	}
	return conn, client, nil
}

// options are the library's. Who has a user logs in over TLS only, or on this machine: the library sees to that.
func (s *Sink) options(conn *line.Conn, secret string) []gomail.Option {
	policy, login := gomail.NoTLS, gomail.SMTPAuthAutoDiscover
	var given net.Conn = conn
	switch s.server.way {
	case tlsStart:
		policy = gomail.TLSMandatory
	case tlsFirst:
		given = tls.Client(conn, s.server.tls)
		login = gomail.SMTPAuthPlain // the library does not see that the connection is encrypted, and would not find it
	}
	if s.server.tokens != nil {
		login = gomail.SMTPAuthXOAUTH2
	}
	o := []gomail.Option{
		gomail.WithTLSConfig(s.server.tls), gomail.WithTLSPolicy(policy), gomail.WithTimeout(s.server.silence),
		gomail.WithDialContextFunc(func(context.Context, string, string) (net.Conn, error) { return given, nil }),
	}
	if s.server.Bruger != "" {
		o = append(o, gomail.WithSMTPAuth(login), gomail.WithUsername(s.server.Bruger), gomail.WithPassword(secret))
	}
	return o
}

// refusal tells in our words why the server did not let us in. Its own may have in them what was sent.
func (s *Sink) refusal(err error) error {
	var said *textproto.Error
	switch {
	case !errors.As(err, &said):
		return err
	case said.Code == 535 || said.Code == 534 || said.Code == 530:
		return s.server.refused()
	}
	return fmt.Errorf("serveren lader os ikke komme til (%d)", said.Code)
}

// deliver hands a mail over. What fails before its last line has had no effect.
func deliver(conn *line.Conn, client *smtp.Client, m envelope) (connector.Answer, error) {
	err := client.Mail(m.from)
	for i := 0; i < len(m.to) && err == nil; i++ {
		err = client.Rcpt(m.to[i])
	}
	var w io.WriteCloser
	if err == nil {
		w, err = client.Data()
	}
	if err == nil {
		_, err = w.Write(m.text)
	}
	if err != nil {
		return judge(conn, err, false)
	}
	if err := w.Close(); err != nil {
		return judge(conn, err, true)
	}
	a := connector.Answer{Code: CodeOK}
	if closed, ok := w.(*smtp.DataCloser); ok {
		a.Raw = []byte(closed.ServerResponse())
	}
	return a, nil
}

// judge says what an error means; sent tells that the whole mail had been sent. A refusal for good is an answer.
func judge(conn *line.Conn, err error, sent bool) (connector.Answer, error) {
	var said *textproto.Error
	switch {
	case !errors.As(err, &said):
		return connector.Answer{}, &connector.Error{Op: opSend, Err: conn.Cause(err), Temporary: true, Unknown: sent}
	case said.Code >= 500 && said.Code != 530:
		return connector.Answer{Code: RefusedPrefix + strconv.Itoa(said.Code), Text: said.Msg, Raw: []byte(said.Error())}, nil
	}
	return connector.Answer{}, &connector.Error{Op: opSend, Err: fmt.Errorf("serveren tager ikke mailen nu (%d)", said.Code), Temporary: true}
}

// Lookup implements [connector.Sink]: it looks for a copy of the mail by its Message-ID.
func (s *Sink) Lookup(ctx context.Context, c connector.Call) (connector.Answer, bool, error) {
	if s.box == nil {
		return connector.Answer{}, false, connector.ErrNoLookup
	}
	id, found := s.messageID(c), false
	err := s.box.with(ctx, true, func(client *imapclient.Client, _ *imap.SelectData) error {
		header := []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: id}}
		data, err := client.UIDSearch(&imap.SearchCriteria{Header: header}, nil).Wait()
		found = err == nil && len(data.AllUIDs()) > 0
		return err
	})
	if err != nil {
		return connector.Answer{}, false, failure("opslag efter mail", err)
	}
	return connector.Answer{Code: CodeOK, Fields: map[string]string{"message_id": id}}, found, nil
}

// Check implements [connector.Sink]: it logs in, and sends nothing.
func (s *Sink) Check(ctx context.Context) error {
	conn, client, err := s.dial(ctx)
	if err != nil {
		return failure(opSend, err)
	}
	_ = client.Quit() // we were let in; how we part is no matter
	_ = conn.Close()
	if s.box == nil {
		return nil
	}
	err = s.box.with(ctx, true, func(*imapclient.Client, *imap.SelectData) error { return nil })
	if err != nil {
		return failure("opslag efter mail", err)
	}
	return nil
}

// Close implements [connector.Sink].
func (s *Sink) Close() error {
	if s.box == nil {
		return nil
	}
	return s.box.pool.Close()
}

// Package httpc reads records from an HTTP service, and writes to one.
package httpc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/connector/internal/check"
	"github.com/moxkit/mox/connector/internal/follow"
	"github.com/moxkit/mox/connector/internal/records"
	"github.com/moxkit/mox/connector/internal/web"
)

// SourceConfig describes an HTTP service to read from.
//
// With position the service is asked for what is new; without, for all it has, and what has not changed gives nothing.
type SourceConfig struct {
	Type              string `yaml:"type" json:"type"` // "http"
	connector.Listing `yaml:",inline"`
	URL               string             `yaml:"url" json:"url"`                     // whole address
	Method            string             `yaml:"method" json:"method,omitempty"`     // GET, the only one that is sure to have no effect
	Format            string             `yaml:"format" json:"format,omitempty"`     // json (default) or xml
	Poster            string             `yaml:"poster" json:"poster,omitempty"`     // JSON: path of the list ("data.items"; none = the answer is the list). XML: name or path of the record's element
	Position          *Position          `yaml:"position" json:"position,omitempty"` // how to ask for what is new
	Side              *Pages             `yaml:"side" json:"side,omitempty"`         // how to ask for the next page
	Indhold           string             `yaml:"indhold" json:"indhold,omitempty"`   // address of a document: "/api/docs/{{ref}}/content"; none = the reference is an address
	Headers           map[string]string  `yaml:"headers" json:"headers,omitempty"`   // value, or reference to a secret
	Auth              connector.Auth     `yaml:"auth" json:"auth,omitzero"`
	Timeout           connector.Duration `yaml:"timeout" json:"timeout,omitempty"`   // of one request; default 30s
	MaxSvar           connector.Size     `yaml:"max_svar" json:"max_svar,omitempty"` // of one answer; default 64 MiB
	CA                string             `yaml:"ca" json:"ca,omitempty"`             // file with further root certificates (PEM)
}

// Position says how to ask the service for records that are new since the last.
type Position struct {
	Param string `yaml:"param" json:"param"`           // query parameter that takes the last value
	Felt  string `yaml:"felt" json:"felt"`             // field whose value orders the records, and grows when one changes
	Start string `yaml:"start" json:"start,omitempty"` // the first value; none = the parameter is left out
}

// Pages says how the service gives the address of the next page.
type Pages struct {
	Naeste string `yaml:"naeste" json:"naeste"` // JSON path of it: "links.next"; absent, null or "" on the last page
}

// Validate reports what is wrong in the config.
func (c SourceConfig) Validate() []connector.Problem {
	var p check.Problems
	p.Type(c.Type, "http")
	p.Listing(c.Listing)
	p.URL("url", c.URL)
	p.Names("url", c.URL)
	p.OneOf("method", c.Method, http.MethodGet)
	p.OneOf("format", c.Format, "json", "xml")
	if c.Format == "xml" {
		p.Need("poster", c.Poster, "navnet på det element, der er en post")
	}
	if c.Position != nil {
		p.Need("position.param", c.Position.Param, "den parameter, systemet skal have den sidste værdi i")
		p.Need("position.felt", c.Position.Felt, "det felt, posterne kommer i rækkefølge efter")
		if c.Eksport == connector.EksportFuld {
			p.Add("eksport", "fuld kan ikke bruges sammen med position", "fjern den ene")
		}
	}
	if c.Side != nil {
		p.Need("side.naeste", c.Side.Naeste, "stien til adressen på næste side, fx links.next")
		if c.Format == "xml" {
			p.Add("side", "sider kan kun bruges med format: json", "brug position")
		}
	}
	if c.Indhold != "" {
		p.Below("indhold", c.URL, c.Indhold)
		p.Names("indhold", c.Indhold, "ref")
	}
	for name, value := range c.Headers {
		p.Names("headers."+name, value)
	}
	p.Auth(c.Auth)
	return p.List()
}

// Source reads records from an HTTP service.
type Source struct {
	config  SourceConfig
	client  *web.Client
	address web.Address
	content web.Address
	read    func(ctx context.Context, position string) (connector.Batch, error)
}

var _ connector.Source = (*Source)(nil)

// NewSource makes a source. It makes no call.
func NewSource(c SourceConfig, env connector.Env) (*Source, error) {
	if err := connector.Invalid(c.Validate()); err != nil {
		return nil, err
	}
	client, err := web.New(web.Options{
		Auth: c.Auth, Headers: c.Headers, Timeout: c.Timeout.Or(web.DefaultTimeout), CA: c.CA, MaxAnswer: c.MaxSvar.Or(web.DefaultAnswer),
	}, env)
	if err != nil {
		return nil, err
	}
	s := &Source{config: c, client: client}
	if s.address, err = web.NewAddress(c.URL, c.URL); err != nil {
		return nil, fmt.Errorf("url: %w", err)
	}
	if s.content, err = web.NewAddress(c.URL, c.Indhold); err != nil {
		return nil, fmt.Errorf("indhold: %w", err)
	}
	s.read = s.reader()
	return s, nil
}

func (s *Source) reader() func(context.Context, string) (connector.Batch, error) {
	if p := s.config.Position; p != nil {
		return follow.Field{Name: p.Felt, Ask: s.ask}.Read
	}
	listing := &follow.Listing{Full: s.config.Eksport == connector.EksportFuld, Fetch: s.fetch}
	return listing.Read
}

// Read implements [connector.Source].
func (s *Source) Read(ctx context.Context, position string) (connector.Batch, error) {
	b, err := s.read(ctx, position)
	return b, s.failure(err)
}

// failure makes a *connector.Error of any error of a read.
func (s *Source) failure(err error) error {
	var e *connector.Error
	if err == nil || errors.As(err, &e) {
		return known(err)
	}
	return &connector.Error{Op: s.op(), Err: err}
}

func (s *Source) op() string { return s.address.Op(http.MethodGet) }

// ask is a [follow.Ask].
func (s *Source) ask(ctx context.Context, since string, give func(connector.Record) (bool, error)) (bool, error) {
	if since == "" {
		since = s.config.Position.Start
	}
	n := 0
	full, err := s.pages(ctx, since, func(r connector.Record) (bool, error) {
		n++
		return give(r)
	})
	// A service without addresses of pages may still answer with no more than so many records at a time.
	return full || s.config.Side == nil && n > 0, err
}

// fetch gets all the service has.
func (s *Source) fetch(ctx context.Context) ([]connector.Record, error) {
	var all []connector.Record
	_, err := s.pages(ctx, "", func(r connector.Record) (bool, error) {
		all = append(all, r)
		return true, follow.Room(len(all))
	})
	return all, err
}

// maxPages ends the reading of a service whose pages have no end.
const maxPages = 10_000

// pages gives the records of each page in turn, until give says that there is no room for more.
func (s *Source) pages(ctx context.Context, since string, give func(connector.Record) (bool, error)) (full bool, err error) {
	address, err := s.first(since)
	if err != nil {
		return false, err
	}
	for range maxPages {
		next, full, err := s.page(ctx, address, give)
		if err != nil || full || next == nil {
			return full, err
		}
		if *next == *address {
			return false, errors.New("systemet henviser fra en side til den selv; kontroller side.naeste")
		}
		address = next
	}
	return false, fmt.Errorf("systemet har over %d sider", maxPages)
}

func (s *Source) first(since string) (*url.URL, error) {
	address, err := s.address.Expand(nil)
	if err != nil {
		return nil, err
	}
	if s.config.Position != nil && since != "" {
		q := address.Query()
		q.Set(s.config.Position.Param, since)
		address.RawQuery = q.Encode()
	}
	return address, nil
}

// page gives the records of one page, and the address of the next.
func (s *Source) page(ctx context.Context, address *url.URL, give func(connector.Record) (bool, error)) (next *url.URL, full bool, err error) {
	reply, err := s.get(ctx, address)
	if err != nil {
		return nil, false, err
	}
	reader, err := s.records(reply)
	if err != nil {
		return nil, false, err
	}
	for {
		r, ok := reader.Next()
		if !ok {
			next, err = s.next(reply)
			return next, false, err
		}
		if !reader.Whole() {
			// Not a broken record: the answer as a whole was cut, or is something else than it should be.
			return nil, false, &connector.Error{Op: s.op(), Err: fmt.Errorf("svaret: %w", r.Err), Temporary: true}
		}
		if more, err := give(r); err != nil || !more {
			return nil, true, err
		}
	}
}

func (s *Source) get(ctx context.Context, address *url.URL) (web.Reply, error) {
	reply, err := s.client.Do(ctx, web.Request{
		Op: s.op(), Method: http.MethodGet, URL: address, Header: http.Header{"Accept": {accept}},
	})
	if err != nil {
		return reply, err
	}
	if reply.Status != http.StatusOK {
		return reply, web.StatusError(s.op(), reply)
	}
	if reply.Cut {
		return reply, fmt.Errorf("svaret er over grænsen på %s; bed systemet om færre poster ad gangen, eller hæv max_svar", s.config.MaxSvar.Or(web.DefaultAnswer))
	}
	return reply, nil
}

// records finds the records in a reply.
func (s *Source) records(r web.Reply) (records.Reader, error) {
	place := strings.TrimPrefix(s.op(), "GET ")
	if s.config.Format == "xml" {
		text, err := web.XMLText(r)
		if err != nil {
			return nil, err
		}
		return records.XML(text, place, s.config.Poster), nil
	}
	utf8, _ := connector.CharsetByName("utf-8")
	text, err := utf8.Decode(r.Body)
	if err != nil {
		return nil, err
	}
	return records.JSON(text, place, s.config.Poster), nil
}

// next gives the address of the next page; nil when this is the last.
func (s *Source) next(r web.Reply) (*url.URL, error) {
	if s.config.Side == nil {
		return nil, nil
	}
	at := json.RawMessage(r.Body)
	for name := range strings.SplitSeq(s.config.Side.Naeste, ".") {
		var object map[string]json.RawMessage
		if json.Unmarshal(at, &object) != nil || object[name] == nil {
			return nil, nil
		}
		at = object[name]
	}
	var ref string
	if json.Unmarshal(at, &ref) != nil {
		return nil, errors.New("side.naeste i svaret er ikke en adresse")
	}
	if ref == "" {
		return nil, nil
	}
	next, err := s.address.Resolve(ref)
	if err != nil {
		err = fmt.Errorf("side.naeste i svaret: %w", err)
	}
	return next, err
}

// Committed implements [connector.Source]; the service keeps its records.
func (s *Source) Committed(context.Context, string) error { return nil }

// Open implements [connector.Source]: it gets the document at indhold, or at the address ref, of the same host.
func (s *Source) Open(ctx context.Context, ref string) (io.ReadCloser, error) {
	const op = "hent dokument"
	address, err := s.document(ref)
	if err != nil {
		return nil, &connector.Error{Op: op, Err: err}
	}
	content, err := s.client.Open(ctx, web.Request{Op: op, Method: http.MethodGet, URL: address})
	return content, known(err)
}

func (s *Source) document(ref string) (*url.URL, error) {
	if strings.TrimSpace(ref) == "" {
		return nil, errors.New("henvisningen til dokumentet er tom")
	}
	if s.config.Indhold == "" {
		return s.address.Resolve(ref)
	}
	return s.content.Expand(func(name string) (string, bool) { return ref, name == "ref" })
}

// Check implements [connector.Source]: it asks for the first page and reads it.
func (s *Source) Check(ctx context.Context) error {
	start := ""
	if p := s.config.Position; p != nil {
		start = p.Start
	}
	address, err := s.first(start)
	if err == nil {
		_, _, err = s.page(ctx, address, func(connector.Record) (bool, error) { return true, nil })
	}
	return s.failure(err)
}

// Close implements [connector.Source].
func (s *Source) Close() error { return s.client.Close() }

package soapc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/connector/internal/check"
	"github.com/moxkit/mox/connector/internal/follow"
	"github.com/moxkit/mox/connector/internal/records"
	"github.com/moxkit/mox/connector/internal/web"
)

// SourceConfig describes an operation whose answers have records.
//
// With position_felt the operation is asked for what is new, by {{position}} in one of its fields; without, for all there
// is, and what has not changed gives nothing.
type SourceConfig struct {
	Service           `yaml:",inline"`
	connector.Listing `yaml:",inline"`
	Operation         `yaml:",inline"`
	Felter            map[string]string `yaml:"felter" json:"felter,omitempty"`                 // the request's fields: text, with {{position}} where the last value goes
	Element           string            `yaml:"element" json:"element"`                         // name or path of the record's element in the answer
	PositionFelt      string            `yaml:"position_felt" json:"position_felt,omitempty"`   // field that the records are ordered by, and that grows when one changes
	PositionStart     string            `yaml:"position_start" json:"position_start,omitempty"` // the first {{position}}; default empty
}

// Validate reports what is wrong in the config.
func (c SourceConfig) Validate() []connector.Problem {
	var p check.Problems
	c.Service.check(&p)
	p.Listing(c.Listing)
	c.Operation.check(&p, "")
	p.Need("element", c.Element, "navnet på det element i svaret, der er en post")
	checkFields(&p, "", c.Felter, c.Operation)
	asks := false
	for name, text := range c.Felter {
		p.Names("felter."+name, text, "position")
		names, _ := connector.TemplateNames(text)
		asks = asks || len(names) > 0
	}
	switch {
	case asks && c.PositionFelt == "":
		p.Add("position_felt", "mangler, og felter bruger {{position}}", "skriv det felt, posterne er ordnet efter")
	case !asks && c.PositionFelt != "":
		p.Add("felter", "bruger ikke {{position}}", `skriv fx {Siden: "{{position}}"}`)
	case asks && c.Eksport == connector.EksportFuld:
		p.Add("eksport", "fuld kan ikke bruges sammen med position_felt", "fjern den ene")
	}
	return p.List()
}

// Source reads records from an operation's answers.
type Source struct {
	config  SourceConfig
	service *service
	read    func(ctx context.Context, position string) (connector.Batch, error)
}

var _ connector.Source = (*Source)(nil)

// NewSource makes a source. It makes no call.
func NewSource(c SourceConfig, env connector.Env) (*Source, error) {
	if err := connector.Invalid(c.Validate()); err != nil {
		return nil, err
	}
	service, err := newService(c.Service, env)
	if err != nil {
		return nil, err
	}
	s := &Source{config: c, service: service}
	if c.PositionFelt != "" {
		s.read = follow.Field{Name: c.PositionFelt, Ask: s.ask}.Read
	} else {
		s.read = (&follow.Listing{Full: c.Eksport == connector.EksportFuld, Fetch: s.fetch}).Read
	}
	return s, nil
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
		return known(s.config.op(), err)
	}
	return &connector.Error{Op: s.config.op(), Err: err}
}

// ask is a [follow.Ask].
func (s *Source) ask(ctx context.Context, since string, give func(connector.Record) (bool, error)) (bool, error) {
	n := 0
	full, err := s.records(ctx, cmp.Or(since, s.config.PositionStart), func(r connector.Record) (bool, error) {
		n++
		return give(r)
	})
	return full || n > 0, err // a service may answer with no more than so many at a time
}

// fetch gets all the service has.
func (s *Source) fetch(ctx context.Context) ([]connector.Record, error) {
	var all []connector.Record
	_, err := s.records(ctx, "", func(r connector.Record) (bool, error) {
		all = append(all, r)
		return true, follow.Room(len(all))
	})
	return all, err
}

// records calls the operation and gives the records in its answer, until give says that there is room for no more.
func (s *Source) records(ctx context.Context, since string, give func(connector.Record) (bool, error)) (full bool, err error) {
	fields, err := expand(s.config.Felter, func(name string) (string, bool) { return since, name == "position" })
	if err != nil {
		return false, err
	}
	reply, err := s.service.ask(ctx, s.config.Operation, fields)
	if err != nil {
		return false, err
	}
	if err := s.checkReply(reply); err != nil {
		return false, err
	}
	return s.giveAll(reply, give)
}

// checkReply makes an error of an answer that is a fault, or no SOAP.
func (s *Source) checkReply(r web.Reply) error {
	e, err := payload(r)
	switch {
	case r.Status >= 300 || err == nil && e != nil && e.Name == "Fault":
		return answerError(s.config.op(), r, s.service.answer(r))
	case err != nil:
		return &connector.Error{Op: s.config.op(), Err: fmt.Errorf("svaret: %w", err), Temporary: true}
	}
	return nil
}

func (s *Source) giveAll(reply web.Reply, give func(connector.Record) (bool, error)) (full bool, err error) {
	text, err := web.XMLText(reply)
	if err != nil {
		return false, err
	}
	reader := records.SOAP(text, s.config.op(), s.config.Element)
	for {
		r, ok := reader.Next()
		if !ok {
			return false, nil
		}
		if !reader.Whole() {
			return false, &connector.Error{Op: s.config.op(), Err: fmt.Errorf("svaret: %w", r.Err), Temporary: true}
		}
		if more, err := give(r); err != nil || !more {
			return true, err
		}
	}
}

// expand puts values into the fields' templates.
func expand(templates map[string]string, vars connector.Vars) (map[string]any, error) {
	fields := map[string]any{}
	for name, text := range templates {
		t, err := connector.ParseTemplate(text)
		if err == nil {
			fields[name], err = t.Expand(vars, nil)
		}
		if err != nil {
			return nil, fmt.Errorf("felter.%s: %w", name, err)
		}
	}
	return fields, nil
}

// ask calls an operation that only reads. A single field needs no order.
func (s *service) ask(ctx context.Context, o Operation, fields map[string]any) (web.Reply, error) {
	if len(o.FelterOrden) == 0 {
		for name := range fields {
			o.FelterOrden = append(o.FelterOrden, connector.WithoutNumbers(name))
		}
	}
	body, err := s.request(ctx, o, fields, 0)
	if err != nil {
		return web.Reply{}, connector.Refused(o.op(), err)
	}
	return s.call(ctx, o, body)
}

// Committed implements [connector.Source]; the service keeps its records.
func (s *Source) Committed(context.Context, string) error { return nil }

// Open implements [connector.Source]: a SOAP source has no documents.
func (s *Source) Open(context.Context, string) (io.ReadCloser, error) {
	return nil, &connector.Error{Op: "hent dokument", Err: errors.New("en SOAP-kilde har ingen dokumenter at hente")}
}

// Check implements [connector.Source]: it asks for the first records.
func (s *Source) Check(ctx context.Context) error {
	_, err := s.records(ctx, s.config.PositionStart, func(connector.Record) (bool, error) { return true, nil })
	return s.failure(err)
}

// Close implements [connector.Source].
func (s *Source) Close() error { return s.service.client.Close() }

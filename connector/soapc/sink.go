package soapc

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/connector/internal/check"
	"github.com/moxkit/mox/connector/internal/web"
)

// SinkConfig describes operations to write with.
type SinkConfig struct {
	Service    `yaml:",inline"`
	Operation  `yaml:",inline"` // for operations without a variant; none = all four variants are needed
	Opret      *Operation       `yaml:"opret" json:"opret,omitempty"`
	Ret        *Operation       `yaml:"ret" json:"ret,omitempty"`
	Passiver   *Operation       `yaml:"passiver" json:"passiver,omitempty"`
	Slet       *Operation       `yaml:"slet" json:"slet,omitempty"`
	NoegleFelt string           `yaml:"noegle_felt" json:"noegle_felt,omitempty"` // field that takes the call's idempotency key; it stands in felter_orden
	Indhold    string           `yaml:"indhold" json:"indhold,omitempty"`         // base64: documents are put in the fields; none = the sink takes no documents
	MaxIndhold connector.Size   `yaml:"max_indhold" json:"max_indhold,omitempty"` // of one document; default 32 MiB
	Opslag     *Lookup          `yaml:"opslag" json:"opslag,omitempty"`
}

// Lookup says how to ask the service whether a call has had its effect.
type Lookup struct {
	Operation  `yaml:",inline"`
	Felter     map[string]string   `yaml:"felter" json:"felter"`                     // field → template: "{{noegle}}"
	Fundet     connector.Condition `yaml:"fundet" json:"fundet"`                     // holds for the answer's fields when the effect is there: "Fundet=true"
	Svar       string              `yaml:"svar" json:"svar,omitempty"`               // the part of the answer that is like the answer of a write
	IkkeFundet []string            `yaml:"ikke_fundet" json:"ikke_fundet,omitempty"` // fault codes that say "not there"
}

func (c SinkConfig) variants() map[string]*Operation {
	return map[string]*Operation{"opret": c.Opret, "ret": c.Ret, "passiver": c.Passiver, "slet": c.Slet}
}

// Validate reports what is wrong in the config.
func (c SinkConfig) Validate() []connector.Problem {
	var p check.Problems
	c.Service.check(&p)
	hasDefault := c.Operation.Operation != ""
	if hasDefault {
		c.checkOperation(&p, "", c.Operation)
	}
	for _, name := range []string{"opret", "ret", "passiver", "slet"} {
		v := c.variants()[name]
		switch {
		case v != nil:
			c.checkOperation(&p, name+".", *v)
		case !hasDefault:
			p.Add(name, "mangler, og der er ingen operation for alle", "skriv "+name+": {operation, felter_orden}, eller operation for dem, der ikke har deres egen")
		}
	}
	p.OneOf("indhold", c.Indhold, "base64")
	if c.Opslag != nil {
		c.Opslag.check(&p)
	}
	return p.List()
}

func (c SinkConfig) checkOperation(p *check.Problems, path string, o Operation) {
	o.check(p, path)
	if len(o.FelterOrden) == 0 {
		p.Add(path+"felter_orden", "mangler", "skriv felterne i samme rækkefølge som i systemets WSDL")
	} else if c.NoegleFelt != "" && !slices.Contains(o.FelterOrden, c.NoegleFelt) {
		p.Add(path+"felter_orden", fmt.Sprintf("har ikke noegle_felt %q", c.NoegleFelt), "skriv det, hvor systemets WSDL har det")
	}
}

func (l Lookup) check(p *check.Problems) {
	l.Operation.check(p, "opslag.")
	p.Condition("opslag.fundet", l.Fundet)
	if len(l.Felter) == 0 {
		p.Add("opslag.felter", "mangler", `skriv det felt, systemet skal finde kaldet ved: {Reference: "{{noegle}}"}`)
	}
	checkFields(p, "opslag.", l.Felter, l.Operation)
	for name, text := range l.Felter {
		p.Template("opslag.felter."+name, text)
	}
}

// checkFields reports fields whose place in the request is not known; one field alone has its place.
func checkFields(p *check.Problems, path string, fields map[string]string, o Operation) {
	if len(fields) < 2 && len(o.FelterOrden) == 0 {
		return
	}
	for name := range fields {
		if !slices.Contains(o.FelterOrden, connector.WithoutNumbers(name)) {
			p.Add(path+"felter_orden", fmt.Sprintf("har ikke %q", name), "skriv felterne i samme rækkefølge som i systemets WSDL")
		}
	}
}

// TemplateNames gives the names that the config's templates use, by YAML key.
func (c SinkConfig) TemplateNames() map[string][]string {
	templates := map[string]string{}
	if c.Opslag != nil {
		for name, text := range c.Opslag.Felter {
			templates["opslag.felter."+name] = text
		}
	}
	return check.NamesIn(templates)
}

// Sink writes with operations. Its answers have the code "ok", or the local part of a fault's code ("Client.Ukendt"), or
// the HTTP status when the answer is no SOAP.
type Sink struct {
	config  SinkConfig
	service *service
}

var _ connector.Sink = (*Sink)(nil)

// NewSink makes a sink. It makes no call.
func NewSink(c SinkConfig, env connector.Env) (*Sink, error) {
	if err := connector.Invalid(c.Validate()); err != nil {
		return nil, err
	}
	s, err := newService(c.Service, env)
	return &Sink{config: c, service: s}, err
}

// operation finds the operation for a call.
func (s *Sink) operation(name string) (Operation, error) {
	if v := s.config.variants()[name]; v != nil {
		return *v, nil
	}
	if s.config.Operation.Operation == "" {
		return Operation{}, connector.Refused("find operation", fmt.Errorf("sinken har ingen %q og ingen operation for alle", name))
	}
	return s.config.Operation, nil
}

// Write implements [connector.Sink].
func (s *Sink) Write(ctx context.Context, c connector.Call) (connector.Answer, error) {
	o, err := s.operation(c.Operation)
	if err != nil {
		return connector.Answer{}, err
	}
	fields, err := s.fields(c)
	if err != nil {
		return connector.Answer{}, connector.Refused(o.op(), err)
	}
	body, err := s.service.request(ctx, o, fields, s.config.MaxIndhold.Or(DefaultContent))
	if err != nil {
		return connector.Answer{}, connector.Refused(o.op(), err)
	}
	reply, err := s.service.call(ctx, o, body)
	if err != nil {
		return connector.Answer{}, err
	}
	return s.service.answer(reply), nil
}

func (s *Sink) fields(c connector.Call) (map[string]any, error) {
	if len(c.Content) > 0 && s.config.Indhold == "" {
		return nil, errors.New("kaldet har dokumenter, og sinken sender ingen; skriv indhold: base64")
	}
	fields := maps.Clone(c.Fields)
	if fields == nil {
		fields = map[string]any{}
	}
	for name, open := range c.Content {
		fields[name] = open
	}
	if s.config.NoegleFelt != "" {
		fields[s.config.NoegleFelt] = c.Key
	}
	return fields, nil
}

// Lookup implements [connector.Sink].
func (s *Sink) Lookup(ctx context.Context, c connector.Call) (connector.Answer, bool, error) {
	l := s.config.Opslag
	if l == nil {
		return connector.Answer{}, false, connector.ErrNoLookup
	}
	op := "opslag: " + l.op()
	fields, err := expand(l.Felter, c.Var)
	if err != nil {
		return connector.Answer{}, false, connector.Refused(op, err)
	}
	reply, err := s.service.ask(ctx, l.Operation, fields)
	if err != nil {
		return connector.Answer{}, false, known(op, err)
	}
	return s.found(op, reply)
}

// found tells from the answer to a lookup whether the effect is there. Anything but a plain answer is an error: what
// cannot be read must not count as "not there", since the call would be repeated.
func (s *Sink) found(op string, reply web.Reply) (connector.Answer, bool, error) {
	l := s.config.Opslag
	a := s.service.answer(reply)
	if slices.Contains(l.IkkeFundet, a.Code) {
		return a, false, nil
	}
	if a.Code != CodeOK || a.Fields == nil {
		return connector.Answer{}, false, answerError(op, reply, a)
	}
	found := l.Fundet.Holds(a.Fields)
	a.Fields = connector.Subtree(a.Fields, l.Svar)
	return a, found, nil
}

// answerError makes an error of an answer that is no success. The fault's text is left out: it may repeat values.
func answerError(op string, r web.Reply, a connector.Answer) error {
	if r.Status >= 300 && r.Status != http.StatusInternalServerError {
		return web.StatusError(op, r)
	}
	if a.Code == CodeOK {
		return &connector.Error{Op: op, Err: errors.New("svaret har ingen felter; kontroller operation")}
	}
	server := strings.HasPrefix(a.Code, "Server") || strings.HasPrefix(a.Code, "Receiver") || r.Status == http.StatusInternalServerError && !strings.HasPrefix(a.Code, "Client")
	return &connector.Error{Op: op, Err: fmt.Errorf("systemet svarede %s", a.Code), Temporary: server}
}

// known takes Unknown off the error of a read: it has no effect that could be in doubt.
func known(op string, err error) error {
	var e *connector.Error
	if errors.As(err, &e) {
		return &connector.Error{Op: op, Err: e.Err, Temporary: e.Temporary}
	}
	return err
}

// Check implements [connector.Sink].
func (s *Sink) Check(ctx context.Context) error {
	return known("kontakt SOAP-tjenesten", s.service.ping(ctx))
}

// Close implements [connector.Sink].
func (s *Sink) Close() error { return s.service.client.Close() }

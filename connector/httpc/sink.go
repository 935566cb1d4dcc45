package httpc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/connector/internal/check"
	"github.com/moxkit/mox/connector/internal/web"
)

// DefaultContent is the greatest document sent where max_indhold is not set.
const DefaultContent = 32 * connector.MiB

// SinkConfig describes an HTTP service to write to.
//
// Addresses and headers are templates: {{noegle}} is the call's idempotency key, other names are those the call brings
// (key, besked.…). A value in a path is never empty and cannot change the path.
type SinkConfig struct {
	Type       string             `yaml:"type" json:"type"`               // "http"
	URL        string             `yaml:"url" json:"url"`                 // whole address; the variants' addresses may be relative to it
	Method     string             `yaml:"method" json:"method,omitempty"` // of operations without a variant; none = all four variants are needed
	Opret      *Endpoint          `yaml:"opret" json:"opret,omitempty"`
	Ret        *Endpoint          `yaml:"ret" json:"ret,omitempty"`
	Passiver   *Endpoint          `yaml:"passiver" json:"passiver,omitempty"`
	Slet       *Endpoint          `yaml:"slet" json:"slet,omitempty"`
	Body       string             `yaml:"body" json:"body,omitempty"`                   // json, form or none; default none for GET and DELETE, else json
	Headers    map[string]string  `yaml:"headers" json:"headers,omitempty"`             // template, or reference to a secret
	Noegle     string             `yaml:"noegle_header" json:"noegle_header,omitempty"` // header that takes the idempotency key, "Idempotency-Key"
	Indhold    string             `yaml:"indhold" json:"indhold,omitempty"`             // base64: documents are put in the body's fields; none = the sink takes no documents
	MaxIndhold connector.Size     `yaml:"max_indhold" json:"max_indhold,omitempty"`     // of one document; default 32 MiB
	Opslag     *Lookup            `yaml:"opslag" json:"opslag,omitempty"`
	Tjek       *Endpoint          `yaml:"tjek" json:"tjek,omitempty"` // a read that shows that we are let in; default GET of the host, where any answer but a refused login will do
	Auth       connector.Auth     `yaml:"auth" json:"auth,omitzero"`
	Timeout    connector.Duration `yaml:"timeout" json:"timeout,omitempty"`   // of one call; default 30s
	MaxSvar    connector.Size     `yaml:"max_svar" json:"max_svar,omitempty"` // of one answer; default 64 MiB
	CA         string             `yaml:"ca" json:"ca,omitempty"`             // file with further root certificates (PEM)
}

// Endpoint is where an operation is done.
type Endpoint struct {
	Method string `yaml:"method" json:"method,omitempty"`
	URL    string `yaml:"url" json:"url,omitempty"`
}

// Lookup says how to ask whether a call has had its effect.
type Lookup struct {
	Method     string              `yaml:"method" json:"method,omitempty"` // GET
	URL        string              `yaml:"url" json:"url"`
	Fundet     connector.Condition `yaml:"fundet" json:"fundet"`                     // holds for the answer's fields when the effect is there: "items.0.id", "Fundet=true"
	Svar       string              `yaml:"svar" json:"svar,omitempty"`               // the part of the answer that is like the answer of a write: "items.0"
	IkkeFundet []int               `yaml:"ikke_fundet" json:"ikke_fundet,omitempty"` // statuses that say "not there": [404]; none by default, since a wrong address answers so too
}

// variants gives the operations' own endpoints by name.
func (c SinkConfig) variants() map[string]*Endpoint {
	return map[string]*Endpoint{"opret": c.Opret, "ret": c.Ret, "passiver": c.Passiver, "slet": c.Slet}
}

// Validate reports what is wrong in the config.
func (c SinkConfig) Validate() []connector.Problem {
	var p check.Problems
	p.Type(c.Type, "http")
	p.URL("url", c.URL)
	c.checkVariants(&p)
	p.OneOf("body", c.Body, "json", "form", "none")
	p.OneOf("indhold", c.Indhold, "base64")
	if c.Indhold != "" && (c.Body == "form" || c.Body == "none") {
		p.Add("indhold", "dokumenter kan kun sendes med body: json", "fjern indhold eller ret body")
	}
	if o := c.Opslag; o != nil {
		p.OneOf("opslag.method", o.Method, http.MethodGet)
		if p.Need("opslag.url", o.URL, "/api/sager?reference={{noegle}}") {
			p.Below("opslag.url", c.URL, o.URL)
		}
		p.Condition("opslag.fundet", o.Fundet)
	}
	if c.Tjek != nil {
		p.OneOf("tjek.method", c.Tjek.Method, http.MethodGet)
		p.Below("tjek.url", c.URL, c.Tjek.URL)
		p.Names("tjek.url", c.Tjek.URL)
	}
	for name, value := range c.Headers {
		p.Template("headers."+name, value)
	}
	p.Auth(c.Auth)
	return p.List()
}

var methods = []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodGet}

func (c SinkConfig) checkVariants(p *check.Problems) {
	p.OneOf("method", c.Method, methods...)
	for _, name := range []string{"opret", "ret", "passiver", "slet"} {
		v := c.variants()[name]
		switch {
		case v == nil && c.Method == "":
			p.Add(name, "mangler, og der er ingen method for alle", "skriv "+name+": {method, url}, eller method for dem, der ikke har deres egen")
		case v != nil:
			p.OneOf(name+".method", v.Method, methods...)
			p.Below(name+".url", c.URL, v.URL)
			if v.Method == "" && c.Method == "" {
				p.Add(name+".method", "mangler", "skriv fx POST")
			}
		}
	}
}

// TemplateNames gives the names that the config's templates use, by YAML key.
func (c SinkConfig) TemplateNames() map[string][]string {
	templates := map[string]string{"url": c.URL}
	for name, v := range c.variants() {
		if v != nil {
			templates[name+".url"] = v.URL
		}
	}
	for name, value := range c.Headers {
		templates["headers."+name] = value
	}
	if c.Opslag != nil {
		templates["opslag.url"] = c.Opslag.URL
	}
	return check.NamesIn(templates)
}

// Sink writes to an HTTP service. Its answers have the HTTP status as code.
type Sink struct {
	config  SinkConfig
	client  *web.Client
	targets map[string]target // by operation; "" = the default, if any
	lookup  target
	tjek    target
}

// target is an endpoint made ready.
type target struct {
	method  string
	address web.Address
}

func (t target) op() string { return t.address.Op(t.method) }

var _ connector.Sink = (*Sink)(nil)

// NewSink makes a sink. It makes no call.
func NewSink(c SinkConfig, env connector.Env) (*Sink, error) {
	if err := connector.Invalid(c.Validate()); err != nil {
		return nil, err
	}
	client, err := web.New(web.Options{
		Auth: c.Auth, Headers: c.Headers, Timeout: c.Timeout.Or(web.DefaultTimeout), CA: c.CA, MaxAnswer: c.MaxSvar.Or(web.DefaultAnswer),
	}, env)
	if err != nil {
		return nil, err
	}
	s := &Sink{config: c, client: client, targets: map[string]target{}}
	return s, s.setTargets()
}

func (s *Sink) setTargets() error {
	c := s.config
	var errs []error
	ready := func(method, address string) target {
		a, err := web.NewAddress(c.URL, cmp.Or(address, c.URL))
		errs = append(errs, err)
		return target{method, a}
	}
	for name, v := range c.variants() {
		if v != nil {
			s.targets[name] = ready(cmp.Or(v.Method, c.Method), v.URL)
		}
	}
	if c.Method != "" {
		s.targets[""] = ready(c.Method, c.URL)
	}
	if c.Opslag != nil {
		s.lookup = ready(http.MethodGet, c.Opslag.URL)
	}
	if c.Tjek != nil {
		s.tjek = ready(http.MethodGet, c.Tjek.URL)
	}
	return errors.Join(errs...)
}

// Write implements [connector.Sink].
func (s *Sink) Write(ctx context.Context, c connector.Call) (connector.Answer, error) {
	t, ok := s.targets[c.Operation]
	if !ok {
		t, ok = s.targets[""]
	}
	if !ok {
		err := fmt.Errorf("sinken har ingen %q og ingen method for alle", c.Operation)
		return connector.Answer{}, connector.Refused("find adresse", err)
	}
	r, err := s.request(ctx, t, c)
	if err != nil {
		return connector.Answer{}, connector.Refused(t.op(), err)
	}
	reply, err := s.client.Do(ctx, r)
	if err != nil {
		return connector.Answer{}, err
	}
	return s.client.Answer(reply), nil
}

func (s *Sink) request(ctx context.Context, t target, c connector.Call) (web.Request, error) {
	address, err := t.address.Expand(c.Var)
	if err != nil {
		return web.Request{}, err
	}
	body, contentType, err := s.body(ctx, t.method, c)
	if err != nil {
		return web.Request{}, err
	}
	h := http.Header{"Accept": {accept}}
	if contentType != "" {
		h.Set("Content-Type", contentType)
	}
	if s.config.Noegle != "" {
		key, err := web.HeaderValue("", c.Key)
		if err != nil || key == "" {
			return web.Request{}, errors.New("kaldet har ingen brugbar nøgle til " + s.config.Noegle)
		}
		h.Set(s.config.Noegle, key)
	}
	return web.Request{Op: t.op(), Method: t.method, URL: address, Header: h, Body: body, Vars: c.Var}, nil
}

// body gives the request's body and its media type; none for a body that is left out.
func (s *Sink) body(ctx context.Context, method string, c connector.Call) ([]byte, string, error) {
	kind := s.config.Body
	if kind == "" && (method == http.MethodGet || method == http.MethodDelete) {
		kind = "none"
	}
	if len(c.Content) > 0 && (s.config.Indhold == "" || kind == "none") {
		return nil, "", errors.New("kaldet har dokumenter, og sinken sender ingen; skriv indhold: base64")
	}
	switch kind {
	case "none":
		return nil, "", nil
	case "form":
		form, err := formBody(c.Fields)
		return form, "application/x-www-form-urlencoded", err
	}
	body, err := s.jsonBody(ctx, c)
	return body, "application/json", err
}

func formBody(fields map[string]any) ([]byte, error) {
	form := url.Values{}
	for name, v := range fields {
		text, err := connector.Scalar(v)
		if err != nil {
			return nil, fmt.Errorf("feltet %q: %w", name, err)
		}
		if v != nil {
			form.Set(name, text)
		}
	}
	return []byte(form.Encode()), nil
}

func (s *Sink) jsonBody(ctx context.Context, c connector.Call) ([]byte, error) {
	fields := make(map[string]any, len(c.Fields)+len(c.Content))
	maps.Copy(fields, c.Fields)
	for name, open := range c.Content {
		fields[name] = open
	}
	tree, err := connector.Nest(fields, nil)
	if err != nil {
		return nil, err
	}
	w := connector.Writer{Ctx: ctx, MaxContent: s.config.MaxIndhold.Or(DefaultContent)}
	return w.JSON(tree)
}

// Lookup implements [connector.Sink].
func (s *Sink) Lookup(ctx context.Context, c connector.Call) (connector.Answer, bool, error) {
	o := s.config.Opslag
	if o == nil {
		return connector.Answer{}, false, connector.ErrNoLookup
	}
	op := "opslag: " + s.lookup.op()
	address, err := s.lookup.address.Expand(c.Var)
	if err != nil {
		return connector.Answer{}, false, connector.Refused(op, err)
	}
	reply, err := s.client.Do(ctx, web.Request{
		Op: op, Method: s.lookup.method, URL: address, Header: http.Header{"Accept": {accept}}, Vars: c.Var,
	})
	if err != nil {
		return connector.Answer{}, false, known(err)
	}
	if slices.Contains(o.IkkeFundet, reply.Status) {
		return s.client.Answer(reply), false, nil
	}
	return s.found(op, reply)
}

// found tells from the answer to a lookup whether the effect is there.
func (s *Sink) found(op string, reply web.Reply) (connector.Answer, bool, error) {
	if reply.Status < 200 || reply.Status > 299 {
		return connector.Answer{}, false, web.StatusError(op, reply)
	}
	a := s.client.Answer(reply)
	if a.Fields == nil {
		// An answer that cannot be read must not count as "not there": the call would be repeated.
		err := errors.New("svaret kan ikke læses som JSON eller XML; kontroller opslag.url")
		return connector.Answer{}, false, &connector.Error{Op: op, Err: err}
	}
	found := s.config.Opslag.Fundet.Holds(a.Fields)
	a.Fields = connector.Subtree(a.Fields, s.config.Opslag.Svar)
	return a, found, nil
}

// known takes Unknown off the error of a read: it has no effect that could be in doubt.
func known(err error) error {
	var e *connector.Error
	if errors.As(err, &e) {
		return &connector.Error{Op: e.Op, Err: e.Err, Temporary: e.Temporary}
	}
	return err
}

// Check implements [connector.Sink]: it logs in, and reads the tjek address or the front of the system, which is open to all at
// many systems.
func (s *Sink) Check(ctx context.Context) error {
	if s.config.Tjek == nil {
		a, err := web.NewAddress(s.config.URL, s.config.URL)
		if err != nil {
			return connector.Refused("tjek", err)
		}
		err = known(s.client.Ping(ctx, "GET "+a.Host().String(), a.Host(), false))
		if err == nil && s.config.Auth != (connector.Auth{}) {
			return connector.ErrUntried
		}
		return err
	}
	address, err := s.tjek.address.Expand(nil)
	if err != nil {
		return connector.Refused(s.tjek.op(), err)
	}
	return known(s.client.Ping(ctx, s.tjek.op(), address, true))
}

// Close implements [connector.Sink].
func (s *Sink) Close() error { return s.client.Close() }

const accept = "application/json, application/xml;q=0.9"

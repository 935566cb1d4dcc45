// Package soapc calls the operations of a SOAP service, document/literal, SOAP 1.1 or 1.2: to read records from their
// answers, and to write.
package soapc

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/connector/internal/check"
	"github.com/moxkit/mox/connector/internal/web"
)

// DefaultContent is the greatest document sent where max_indhold is not set.
const DefaultContent = 32 * connector.MiB

// CodeOK is the code of an answer that is no fault.
const CodeOK = "ok"

// Service is the part of a config that says where the service is and how it is spoken to.
type Service struct {
	Type          string             `yaml:"type" json:"type"` // "soap"
	URL           string             `yaml:"url" json:"url"`
	Namespace     string             `yaml:"namespace" json:"namespace"`                   // of the operations' elements
	Version       string             `yaml:"version" json:"version,omitempty"`             // "1.1" (default) or "1.2"
	Ukvalificeret bool               `yaml:"ukvalificeret" json:"ukvalificeret,omitempty"` // the fields have no namespace (elementFormDefault="unqualified"); only the operation has
	Auth          connector.Auth     `yaml:"auth" json:"auth,omitzero"`
	Headers       map[string]string  `yaml:"headers" json:"headers,omitempty"`   // HTTP headers: value, or reference to a secret
	Timeout       connector.Duration `yaml:"timeout" json:"timeout,omitempty"`   // of one call; default 30s
	MaxSvar       connector.Size     `yaml:"max_svar" json:"max_svar,omitempty"` // of one answer; default 64 MiB
	CA            string             `yaml:"ca" json:"ca,omitempty"`             // file with further root certificates (PEM)
}

func (s Service) check(p *check.Problems) {
	p.Type(s.Type, "soap")
	p.URL("url", s.URL)
	p.Names("url", s.URL)
	p.Need("namespace", s.Namespace, "targetNamespace fra systemets WSDL")
	p.OneOf("version", s.Version, "1.1", "1.2")
	for name, value := range s.Headers {
		p.Names("headers."+name, value)
	}
	p.Auth(s.Auth)
}

// Operation is one operation of the service.
type Operation struct {
	Operation  string `yaml:"operation" json:"operation"`               // element name of the request
	SoapAction string `yaml:"soap_action" json:"soap_action,omitempty"` // as in the WSDL
	// FelterOrden lists the fields in the order of the WSDL's sequence; services refuse another order. Inside lists no
	// numbers: "modtager.linje". A field that is not in the list is refused, and one without value is left out.
	FelterOrden []string `yaml:"felter_orden" json:"felter_orden,omitempty"`
}

func (o Operation) check(p *check.Problems, path string) {
	p.XMLName(path+"operation", o.Operation)
	seen := map[string]bool{}
	for i, name := range o.FelterOrden {
		switch {
		case name != connector.WithoutNumbers(name):
			p.Add(path+"felter_orden", fmt.Sprintf("%q har et listenummer", name), "skriv "+connector.WithoutNumbers(name))
		case seen[name]:
			p.Add(path+"felter_orden", fmt.Sprintf("nr. %d, %q, er der to gange", i+1, name), "fjern den ene")
		}
		seen[name] = true
	}
}

const (
	envelope11 = "http://schemas.xmlsoap.org/soap/envelope/"
	envelope12 = "http://www.w3.org/2003/05/soap-envelope"
)

// service makes calls.
type service struct {
	Service
	client  *web.Client
	address *url.URL
}

func newService(c Service, env connector.Env) (*service, error) {
	client, err := web.New(web.Options{
		Auth: c.Auth, Headers: c.Headers, Timeout: c.Timeout.Or(web.DefaultTimeout), CA: c.CA, MaxAnswer: c.MaxSvar.Or(web.DefaultAnswer),
	}, env)
	if err != nil {
		return nil, err
	}
	address, err := url.Parse(c.URL)
	if err != nil {
		return nil, errors.New("url: er ikke en adresse")
	}
	return &service{Service: c, client: client, address: address}, nil
}

// op names a call for errors.
func (o Operation) op() string { return "SOAP " + o.Operation }

// call sends the body of an operation and gives the answer, whatever it is.
func (s *service) call(ctx context.Context, o Operation, body []byte) (web.Reply, error) {
	h := http.Header{}
	if s.Version == "1.2" {
		contentType := "application/soap+xml; charset=utf-8"
		if o.SoapAction != "" {
			contentType += "; action=" + strconv.Quote(o.SoapAction)
		}
		h.Set("Content-Type", contentType)
	} else {
		h.Set("Content-Type", "text/xml; charset=utf-8")
		h.Set("SOAPAction", strconv.Quote(o.SoapAction))
	}
	return s.client.Do(ctx, web.Request{Op: o.op(), Method: http.MethodPost, URL: s.address, Header: h, Body: body})
}

// request writes the envelope of a call.
func (s *service) request(ctx context.Context, o Operation, fields map[string]any, maxContent connector.Size) ([]byte, error) {
	for name := range fields {
		if !slices.Contains(o.FelterOrden, connector.WithoutNumbers(name)) {
			return nil, fmt.Errorf("feltet %q står ikke i felter_orden for %s; skriv det, hvor systemets WSDL har det", name, o.Operation)
		}
	}
	tree, err := connector.Nest(fields, o.FelterOrden)
	if err != nil {
		return nil, err
	}
	name, attrs := o.Operation, []string{"xmlns", s.Namespace}
	if s.Ukvalificeret {
		name, attrs = "m:"+o.Operation, []string{"xmlns:m", s.Namespace}
	}
	w := connector.Writer{Ctx: ctx, MaxContent: maxContent}
	content, err := w.XML(name, tree, attrs...)
	if err != nil {
		return nil, err
	}
	return s.envelope(content), nil
}

func (s *service) envelope(content []byte) []byte {
	namespace := envelope11
	if s.Version == "1.2" {
		namespace = envelope12
	}
	var b bytes.Buffer
	b.Grow(len(content) + 256)
	fmt.Fprintf(&b, `%s<soap:Envelope xmlns:soap="%s"><soap:Body>`, xml.Header, namespace)
	b.Write(content)
	b.WriteString(`</soap:Body></soap:Envelope>`)
	return b.Bytes()
}

// errNotSOAP says that a reply has no envelope.
var errNotSOAP = errors.New("svaret er ikke en SOAP-konvolut; kontroller url")

// payload finds the element in the body of a reply's envelope; nil when the body is empty.
func payload(r web.Reply) (*connector.Element, error) {
	if r.Cut {
		return nil, errors.New("svaret er over grænsen; hæv max_svar")
	}
	text, err := web.XMLText(r)
	if err != nil {
		return nil, err
	}
	if len(text.Bad) > 0 {
		return nil, text.Bad[0]
	}
	root, err := connector.ParseXML(text.S)
	if err != nil {
		return nil, err
	}
	if root.Name != "Envelope" {
		return nil, errNotSOAP
	}
	for _, part := range root.Kids {
		if part.Name == "Body" && len(part.Kids) > 0 {
			return part.Kids[0], nil
		}
	}
	return nil, nil
}

// answer makes a connector.Answer of a reply. A fault is an answer with the fault's code; one without an envelope has
// the HTTP status as code.
func (s *service) answer(r web.Reply) connector.Answer {
	a := s.client.Head(r)
	if isEmpty(r) {
		a.Code = CodeOK
		return a
	}
	e, err := payload(r)
	switch {
	case err != nil && r.Status < 300:
		a.Text = err.Error()
	case err != nil:
		a = s.client.Answer(r)
	case e != nil && e.Name == "Fault":
		a.Code, a.Text, a.Fields = fault(e)
	case r.Status < 300:
		a.Code = CodeOK
		if e != nil {
			a.Fields, err = e.Flatten()
		}
		if err != nil {
			a.Text = err.Error() // it did accept; only its fields cannot be told apart
		}
	}
	return a
}

// isEmpty reports the answer of a one-way operation.
func isEmpty(r web.Reply) bool { return r.Status < 300 && len(bytes.TrimSpace(r.Body)) == 0 }

// fault reads a SOAP 1.1 or 1.2 fault. The code is a qualified name, of which the local part is kept.
func fault(e *connector.Element) (code, text string, fields map[string]string) {
	f, err := e.Flatten()
	if err != nil {
		return "Fault", err.Error(), nil
	}
	code, text = f["faultcode"], f["faultstring"]
	if code == "" {
		code = f["Code.Value"]
		if sub := f["Code.Subcode.Value"]; sub != "" {
			code = sub
		}
		text = f["Reason.Text"]
		if text == "" {
			text = f["Reason.Text.0"]
		}
	}
	if i := strings.LastIndex(code, ":"); i >= 0 {
		code = code[i+1:]
	}
	if code == "" {
		code = "Fault"
	}
	detail := connector.Subtree(f, "detail")
	if len(detail) == 0 {
		detail = connector.Subtree(f, "Detail")
	}
	return code, web.Short(text), detail
}

// ping reports whether the service answers. Most services refuse a GET, so any answer will do but a refused login or a
// gateway's.
func (s *service) ping(ctx context.Context) error {
	return s.client.Ping(ctx, "GET "+s.address.Path, s.address, false)
}

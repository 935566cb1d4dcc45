package forsendelse

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// Namespaces.
const (
	nsSOAP = "http://schemas.xmlsoap.org/soap/envelope/"
	nsWS   = "http://forsendelse.example/ws/2019"
)

// Codes of faults.
const (
	kodeUgyldig = "soap:Client.UgyldigAnmodning"
	kodeUkendt  = "soap:Client.UkendtModtager"
	kodeTravlt  = "soap:Server.Travlt"
	kodeIntern  = "soap:Server.InternFejl"
)

// fault is an answer that is not a success.
type fault struct {
	XMLName xml.Name `xml:"soap:Fault"`
	Kode    string   `xml:"faultcode"`
	Tekst   string   `xml:"faultstring"`
}

func (f *fault) Error() string { return f.Kode + ": " + f.Tekst }

func ugyldig(format string, args ...any) error {
	return &fault{Kode: kodeUgyldig, Tekst: fmt.Sprintf(format, args...)}
}

// anmodning is the content of a SOAP body: an operation and its elements, in order.
type anmodning struct {
	operation string
	felter    []felt
}

// felt is one element with text.
type felt struct {
	navn   string
	vaerdi string
}

// laeser reads a SOAP envelope token by token, and keeps to the order that the schema demands.
type laeser struct {
	d *xml.Decoder
}

// laesAnmodning reads an envelope. Everything that is wrong with it is a fault.
func laesAnmodning(r io.Reader) (anmodning, error) {
	l := laeser{xml.NewDecoder(r)}
	a, err := l.kuvert()
	if err == nil {
		return a, nil
	}
	if _, ok := errors.AsType[*fault](err); ok {
		return anmodning{}, err
	}
	return anmodning{}, ugyldig("anmodningen kan ikke læses: %v", err)
}

// kuvert reads <Envelope>, a <Header> that is passed over, and <Body> with one element.
func (l laeser) kuvert() (anmodning, error) {
	if err := l.start(nsSOAP, "Envelope"); err != nil {
		return anmodning{}, err
	}
	e, err := l.element()
	if err == nil && e.is(nsSOAP, "Header") {
		if err = l.d.Skip(); err == nil {
			e, err = l.element()
		}
	}
	if err != nil {
		return anmodning{}, err
	}
	if !e.is(nsSOAP, "Body") {
		return anmodning{}, ugyldig("fandt %s, ventede Body", e)
	}
	a, err := l.krop()
	if err != nil {
		return anmodning{}, err
	}
	for range 2 { // the ends of Body and Envelope
		if err := l.slut(); err != nil {
			return anmodning{}, err
		}
	}
	return a, l.eof()
}

// krop reads the element in the body and the elements in that.
func (l laeser) krop() (anmodning, error) {
	e, err := l.element()
	if err != nil {
		return anmodning{}, err
	}
	if e == nil || e.Name.Space != nsWS {
		return anmodning{}, ugyldig("fandt %s, ventede en operation i %s", e, nsWS)
	}
	a := anmodning{operation: e.Name.Local}
	for {
		e, err := l.element()
		if err != nil || e == nil {
			return a, err
		}
		if e.Name.Space != nsWS {
			return anmodning{}, ugyldig("ukendt element %s", e)
		}
		vaerdi, err := l.tekst(e.Name.Local)
		if err != nil {
			return anmodning{}, err
		}
		a.felter = append(a.felter, felt{e.Name.Local, vaerdi})
	}
}

// startelement is a start tag; nil stands for the end of the element around it.
type startelement xml.StartElement

func (e *startelement) is(space, local string) bool {
	return e != nil && e.Name == xml.Name{Space: space, Local: local}
}

func (e *startelement) String() string {
	if e == nil {
		return "slutningen"
	}
	return "{" + e.Name.Space + "}" + e.Name.Local
}

// element passes over white space and comments to the next start tag, or to the end of the element around it (nil).
func (l laeser) element() (*startelement, error) {
	for {
		t, err := l.d.Token()
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			e := startelement(t.Copy())
			return &e, nil
		case xml.EndElement:
			return nil, nil
		case xml.Directive:
			return nil, ugyldig("en DOCTYPE er ikke tilladt")
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return nil, ugyldig("der står tekst mellem elementerne")
			}
		}
	}
}

func (l laeser) start(space, local string) error {
	e, err := l.element()
	if err != nil {
		return err
	}
	if !e.is(space, local) {
		return ugyldig("fandt %s, ventede {%s}%s", e, space, local)
	}
	return nil
}

func (l laeser) slut() error {
	e, err := l.element()
	if err == nil && e != nil {
		err = ugyldig("ukendt element %s", e)
	}
	return err
}

func (l laeser) eof() error {
	e, err := l.element()
	if err == io.EOF {
		return nil
	}
	if err == nil {
		err = ugyldig("fandt %s efter Envelope", e)
	}
	return err
}

// tekst reads the text of an element to its end.
func (l laeser) tekst(navn string) (string, error) {
	var b strings.Builder
	for {
		t, err := l.d.Token()
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case xml.EndElement:
			return b.String(), nil
		case xml.CharData:
			b.Write(t)
		case xml.StartElement:
			return "", ugyldig("elementet %s har et element %s i sig", navn, t.Name.Local)
		}
	}
}

// iOrden holds a request to the sequence of elements that its operation has, and gives their texts in that order.
func (a anmodning) iOrden(navne ...string) ([]string, error) {
	fundne := make([]string, len(a.felter))
	vaerdier := make([]string, len(a.felter))
	for i, f := range a.felter {
		fundne[i], vaerdier[i] = f.navn, f.vaerdi
	}
	if !slices.Equal(fundne, navne) {
		return nil, ugyldig("%s har elementerne [%s], skal have [%s]", a.operation, strings.Join(fundne, " "), strings.Join(navne, " "))
	}
	return vaerdier, nil
}

// skrivKuvert answers with krop in an envelope.
func (s *System) skrivKuvert(w http.ResponseWriter, status int, krop any) {
	data, err := xml.Marshal(krop)
	if err != nil {
		s.opts.Logger.Error("forsendelse: svar", "fejl", err)
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	var b bytes.Buffer
	b.WriteString(xml.Header)
	b.WriteString(`<soap:Envelope xmlns:soap="` + nsSOAP + `"><soap:Body>`)
	b.Write(data)
	b.WriteString(`</soap:Body></soap:Envelope>`)
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.WriteHeader(status)
	w.Write(b.Bytes()) // a caller that is gone does not matter
}

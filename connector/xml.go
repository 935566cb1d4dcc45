package connector

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// xsiNamespace holds xsi:nil, xsi:type and the like, which say something about the data and are none.
const xsiNamespace = "http://www.w3.org/2001/XMLSchema-instance"

// Element is one XML element with all that is below it. Names are local names: prefixes are the sender's own choice.
type Element struct {
	Name  string
	Attrs map[string]string
	Kids  []*Element
	Text  string // its own text, without white space around
	Nil   bool   // xsi:nil="true"

	twice string // an attribute of which there are two by that local name
}

// XMLReader reads XML element by element: without DTD, without entities of its own, not deeper than [MaxDepth].
type XMLReader struct {
	d     *xml.Decoder
	depth int
}

// NewXMLReader reads XML that is UTF-8 already, whatever its declaration says (see [DecodeXML]).
func NewXMLReader(r io.Reader) *XMLReader {
	d := xml.NewDecoder(r)
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	return &XMLReader{d: d}
}

// Offset gives the number of bytes read.
func (x *XMLReader) Offset() int { return int(x.d.InputOffset()) }

// Token gives the next token, valid until the next call. At the end of a whole document the error is io.EOF.
func (x *XMLReader) Token() (xml.Token, error) {
	t, err := x.d.Token()
	if err != nil {
		if err == io.EOF {
			return nil, err
		}
		return nil, xmlError(err)
	}
	switch t.(type) {
	case xml.Directive:
		return nil, errors.New("XML med DTD (<!DOCTYPE …>) modtages ikke")
	case xml.StartElement:
		if x.depth++; x.depth > 2*MaxDepth {
			return nil, fmt.Errorf("XML er indlejret i over %d niveauer", 2*MaxDepth)
		}
	case xml.EndElement:
		x.depth--
	}
	return t, nil
}

// isData reports whether an attribute says something of its own: namespaces and xsi:… do not.
func isData(n xml.Name) bool {
	return n.Space != "xmlns" && n.Space != xsiNamespace && (n.Space != "" || n.Local != "xmlns")
}

func xmlError(err error) error {
	var s *xml.SyntaxError
	if errors.As(err, &s) {
		return fmt.Errorf("ikke gyldig XML: %s", s.Msg)
	}
	return fmt.Errorf("ikke gyldig XML: %w", err)
}

// Element reads the rest of the element that start begins.
func (x *XMLReader) Element(start xml.StartElement) (*Element, error) {
	e := newElement(start)
	var text strings.Builder
	for {
		t, err := x.Token()
		if err == io.EOF {
			err = errors.New("ikke gyldig XML: teksten slutter midt i et element")
		}
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			kid, err := x.Element(t)
			if err != nil {
				return nil, err
			}
			e.Kids = append(e.Kids, kid)
		case xml.CharData:
			text.Write(t)
		case xml.EndElement:
			e.Text = strings.TrimSpace(text.String())
			return e, nil
		}
	}
}

func newElement(start xml.StartElement) *Element {
	e := &Element{Name: start.Name.Local}
	for _, a := range start.Attr {
		if a.Name.Space == xsiNamespace && a.Name.Local == "nil" {
			e.Nil = a.Value == "true" || a.Value == "1"
		}
		if !isData(a.Name) {
			continue
		}
		if e.Attrs == nil {
			e.Attrs = map[string]string{}
		}
		if _, taken := e.Attrs[a.Name.Local]; taken {
			e.twice = a.Name.Local
		}
		e.Attrs[a.Name.Local] = a.Value
	}
	return e
}

// ParseXML reads a whole document.
func ParseXML(text string) (*Element, error) {
	x := NewXMLReader(strings.NewReader(text))
	var root *Element
	for {
		t, err := x.Token()
		if err == io.EOF && root != nil {
			return root, nil
		}
		if err == io.EOF {
			return nil, errors.New("ikke gyldig XML: der er intet element")
		}
		if err != nil {
			return nil, err
		}
		start, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		if root != nil {
			return nil, errors.New("ikke gyldig XML: der er mere end ét rodelement")
		}
		if root, err = x.Element(start); err != nil {
			return nil, err
		}
	}
}

// Flatten makes flat fields of what is inside the element: a child is "navn", a grandchild "part.navn", an attribute
// "@id" or "part.@id". When a name occurs more than once among its siblings they are "part.0", "part.1", …; one that
// occurs once has no number, so a list that may have one or many members is two shapes, and a map must know both. An
// empty element is "", one with xsi:nil has no field; text beside children is "part.#text". Two values at one name are
// an error.
func (e *Element) Flatten() (map[string]string, error) {
	f := flat{}
	return f, f.element(e, "")
}

func (f flat) element(e *Element, path string) error {
	if e.twice != "" {
		return fmt.Errorf("feltet %q er der to gange", join(path, "@"+e.twice))
	}
	for name, value := range e.Attrs {
		if err := f.put(join(path, "@"+name), value); err != nil {
			return err
		}
	}
	if e.Nil {
		return nil
	}
	if len(e.Kids) == 0 {
		return f.leaf(e, path)
	}
	if e.Text != "" {
		if err := f.put(join(path, SelfField), e.Text); err != nil {
			return err
		}
	}
	return f.kids(e.Kids, path)
}

// leaf puts the text of an element without children. A record that has attributes only has no text field.
func (f flat) leaf(e *Element, path string) error {
	if e.Text == "" && (path == "" || len(e.Attrs) > 0) {
		return nil
	}
	return f.put(path, e.Text)
}

func (f flat) kids(kids []*Element, path string) error {
	count := map[string]int{}
	for _, kid := range kids {
		count[kid.Name]++
	}
	next := map[string]int{}
	for _, kid := range kids {
		name := join(path, kid.Name)
		if count[kid.Name] > 1 {
			name = join(name, strconv.Itoa(next[kid.Name]))
			next[kid.Name]++
		}
		if err := f.element(kid, name); err != nil {
			return err
		}
	}
	return nil
}

var xmlEncoding = regexp.MustCompile(`^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']`)

// DecodeXML makes text of an XML document: in the named charset, or ("") in the one that its byte order mark or
// declaration tells, else utf-8.
func DecodeXML(b []byte, charset string) (*Text, error) {
	if charset == "" {
		charset = declaredCharset(b)
	}
	c, err := CharsetByName(charset)
	if err != nil {
		return nil, err
	}
	return c.Decode(b)
}

func declaredCharset(b []byte) string {
	if _, of := bom(b); of != "" {
		return of
	}
	if len(b) >= 2 && b[0] == '<' && b[1] == 0 {
		return "utf-16le"
	}
	if len(b) >= 2 && b[0] == 0 && b[1] == '<' {
		return "utf-16be"
	}
	if m := xmlEncoding.FindSubmatch(b[:min(len(b), 256)]); m != nil {
		return string(m[1])
	}
	return ""
}

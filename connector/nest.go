package connector

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Tree is the body of a call: flat fields put together again, the inverse of [FlattenJSON] and [Element.Flatten].
type Tree struct {
	name  string
	value any // string, int64, float64, bool, nil or Opener; noValue for one with kids
	kids  []*Tree
}

// noValue marks a branch.
type noValue struct{}

// Nest puts flat fields together: "a.b" goes inside "a", and "a.0", "a.1" are the members of a list. Kids stand in the
// order of order, whose entries are field names without list numbers ("part.navn" covers part.0.navn); fields it does
// not name come after, by name. Values are string, int64, float64, bool, nil, or an [Opener], written as base64. The
// error names the field that cannot be placed.
func Nest(fields map[string]any, order []string) (*Tree, error) {
	root := &Tree{value: noValue{}}
	for _, name := range sortFields(fields, order) {
		value, err := plain(fields[name])
		if err != nil {
			return nil, fmt.Errorf("feltet %q: %w", name, err)
		}
		if err := root.put(strings.Split(name, "."), value); err != nil {
			return nil, fmt.Errorf("feltet %q: %w", name, err)
		}
	}
	if err := root.checkLists(""); err != nil {
		return nil, err
	}
	return root, nil
}

// WithoutNumbers takes the list numbers out of a field name: "part.0.navn" is "part.navn".
func WithoutNumbers(name string) string {
	return strings.Join(slices.DeleteFunc(strings.Split(name, "."), isNumber), ".")
}

func isNumber(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && strconv.Itoa(n) == s && n >= 0
}

// sortFields gives the field names in the order they are to be met: by the caller's order, else by name with numbers
// as numbers, so that a list comes in its own order.
func sortFields(fields map[string]any, order []string) []string {
	rank := map[string]int{}
	for i, name := range order {
		rank[name] = i - len(order)
	}
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if d := rank[WithoutNumbers(a)] - rank[WithoutNumbers(b)]; d != 0 {
			return d
		}
		return NaturalCompare(a, b)
	})
	return names
}

func plain(v any) (any, error) {
	switch v := v.(type) {
	case string, int64, bool, nil, Opener:
		return v, nil
	case int:
		return int64(v), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, errors.New("værdien er ikke et tal")
		}
		return v, nil
	}
	return nil, fmt.Errorf("værdier af typen %T kan ikke sendes", v)
}

func (t *Tree) put(path []string, value any) error {
	if path[0] == "" {
		return errors.New("navnet har et tomt led")
	}
	kid := t.kid(path[0])
	if kid == nil {
		kid = &Tree{name: path[0], value: noValue{}}
		t.kids = append(t.kids, kid)
	} else if len(path) == 1 || !kid.isBranch() {
		return errors.New("et felt med samme navn har selv en værdi")
	}
	if len(path) == 1 {
		kid.value = value
		return nil
	}
	return kid.put(path[1:], value)
}

func (t *Tree) kid(name string) *Tree {
	for _, k := range t.kids {
		if k.name == name {
			return k
		}
	}
	return nil
}

func (t *Tree) isBranch() bool { _, ok := t.value.(noValue); return ok }

// isList reports whether the kids are numbered.
func (t *Tree) isList() bool { return len(t.kids) > 0 && isNumber(t.kids[0].name) }

// checkLists refuses lists with holes or names among the numbers: a member would be moved or lost. It also puts the
// members in the order of their numbers, whatever order named their fields.
func (t *Tree) checkLists(path string) error {
	numbered := slices.ContainsFunc(t.kids, func(k *Tree) bool { return isNumber(k.name) })
	if numbered {
		slices.SortStableFunc(t.kids, func(a, b *Tree) int { return NaturalCompare(a.name, b.name) })
	}
	for i, k := range t.kids {
		if numbered && k.name != strconv.Itoa(i) {
			return fmt.Errorf("listen %q skal have numrene 0, 1, 2 … uden huller", path)
		}
		if err := k.checkLists(join(path, k.name)); err != nil {
			return err
		}
	}
	return nil
}

// Writer writes a [Tree]. Content is read while it is written, at most MaxContent bytes of each document.
type Writer struct {
	Ctx        context.Context // for reading content
	MaxContent Size

	out bytes.Buffer
}

// JSON gives the tree as a JSON document; an empty tree is {}.
func (w *Writer) JSON(t *Tree) ([]byte, error) {
	w.out.Reset()
	err := w.json(t)
	return w.out.Bytes(), err
}

func (w *Writer) json(t *Tree) error {
	if !t.isBranch() {
		return w.jsonValue(t)
	}
	list := t.isList()
	w.out.WriteByte(pick(list, '[', '{'))
	for i, k := range t.kids {
		if i > 0 {
			w.out.WriteByte(',')
		}
		if !list {
			if err := w.jsonScalar(k.name); err != nil {
				return err
			}
			w.out.WriteByte(':')
		}
		if err := w.json(k); err != nil {
			return err
		}
	}
	w.out.WriteByte(pick(list, ']', '}'))
	return nil
}

func pick(list bool, yes, no byte) byte {
	if list {
		return yes
	}
	return no
}

func (w *Writer) jsonValue(t *Tree) error {
	open, ok := t.value.(Opener)
	if !ok {
		return w.jsonScalar(t.value)
	}
	w.out.WriteByte('"')
	err := w.content(t.name, open)
	w.out.WriteByte('"')
	return err
}

func (w *Writer) jsonScalar(v any) error {
	e := json.NewEncoder(&w.out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	w.out.Truncate(w.out.Len() - 1) // the encoder's line end
	return nil
}

// content writes a document as base64.
func (w *Writer) content(name string, open Opener) error {
	r, err := OpenContent(w.Ctx, name, open, w.MaxContent)
	if err != nil {
		return err
	}
	defer r.Close()
	e := base64.NewEncoder(base64.StdEncoding, &w.out)
	if _, err := io.Copy(e, r); err != nil {
		return err
	}
	return e.Close()
}

// xmlName is the names that every XML parser agrees on: letters to ÿ.
var xmlName = regexp.MustCompile(`^[A-Za-zÀ-ÖØ-öø-ÿ_][A-Za-zÀ-ÖØ-öø-ÿ0-9_.\-]*$`)

// XML gives the tree as one element: lists as repeated elements, "@name" as attributes, "#text" as text; nil values are
// left out. attrs are further attributes of the element, names and values in turn. There is no declaration before it.
func (w *Writer) XML(name string, t *Tree, attrs ...string) ([]byte, error) {
	w.out.Reset()
	err := w.xmlElement(name, t, attrs...)
	return w.out.Bytes(), err
}

func (w *Writer) xmlKids(t *Tree) error {
	for _, k := range t.kids {
		var err error
		switch {
		case strings.HasPrefix(k.name, "@"):
		case k.name == SelfField:
			err = w.xmlText(k)
		case k.isList():
			for _, member := range k.kids {
				err = errors.Join(err, w.xmlElement(k.name, member))
			}
		default:
			err = w.xmlElement(k.name, k)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *Writer) xmlElement(name string, t *Tree, attrs ...string) error {
	if t.value == nil {
		return nil
	}
	if t.isList() {
		return fmt.Errorf("feltet %q: en liste direkte i en liste kan ikke skrives som XML", name)
	}
	for _, k := range t.kids {
		a, isAttr := strings.CutPrefix(k.name, "@")
		if !isAttr || k.value == nil {
			continue
		}
		text, err := Scalar(k.value)
		if err != nil {
			return fmt.Errorf("feltet %q: %w", k.name, err)
		}
		attrs = append(attrs, a, text)
	}
	start, end, err := tags(name, attrs...)
	if err != nil {
		return err
	}
	w.out.WriteString(start)
	if t.isBranch() {
		err = w.xmlKids(t)
	} else {
		err = w.xmlText(t)
	}
	w.out.WriteString(end)
	return err
}

func (w *Writer) xmlText(t *Tree) error {
	if open, ok := t.value.(Opener); ok {
		return w.content(t.name, open)
	}
	text := scalarText(t.value)
	if i := strings.IndexFunc(text, notXML); i >= 0 {
		return fmt.Errorf("feltet %q indeholder et kontroltegn, som XML ikke kan have", t.name)
	}
	return xml.EscapeText(&w.out, []byte(text))
}

// notXML reports a character that XML 1.0 cannot hold; the standard library would write U+FFFD in its place.
func notXML(r rune) bool {
	return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF
}

// tags gives the tags around an element's content; attrs are names and values in turn.
func tags(name string, attrs ...string) (start, end string, err error) {
	if !IsXMLName(name) {
		return "", "", fmt.Errorf("%q kan ikke være navn på et XML-element", name)
	}
	var b strings.Builder
	b.WriteString("<" + name)
	for i := 0; i+1 < len(attrs); i += 2 {
		if !IsXMLName(attrs[i]) {
			return "", "", fmt.Errorf("%q kan ikke være navn på en XML-attribut", attrs[i])
		}
		b.WriteString(" " + attrs[i] + `="`)
		if err := xml.EscapeText(&b, []byte(attrs[i+1])); err != nil {
			return "", "", err
		}
		b.WriteString(`"`)
	}
	b.WriteString(">")
	return b.String(), "</" + name + ">", nil
}

// IsXMLName reports whether s is an XML name, with a prefix or without.
func IsXMLName(s string) bool {
	prefix, local, ok := strings.Cut(s, ":")
	if !ok {
		return xmlName.MatchString(s)
	}
	return xmlName.MatchString(prefix) && xmlName.MatchString(local)
}

// Scalar gives a field's value as text: numbers without exponent, booleans "true" and "false", nil as "".
func Scalar(v any) (string, error) {
	v, err := plain(v)
	if _, isContent := v.(Opener); isContent {
		err = errors.New("et dokument kan ikke skrives som tekst her")
	}
	if err != nil {
		return "", err
	}
	return scalarText(v), nil
}

func scalarText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// OpenContent opens the document of a field. Reading more than max bytes fails: the document is too large to send.
func OpenContent(ctx context.Context, field string, open Opener, max Size) (io.ReadCloser, error) {
	r, err := open(ctx)
	if err != nil {
		return nil, &Error{Op: fmt.Sprintf("læs dokumentet til feltet %q", field), Err: err, Temporary: true}
	}
	return &limited{r: bufio.NewReader(r), c: r, left: int64(max), field: field, max: max}, nil
}

// limited fails at the first byte beyond its limit, where an [io.LimitedReader] would end as if all were well.
type limited struct {
	r     io.Reader
	c     io.Closer
	left  int64
	field string
	max   Size
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, fmt.Errorf("dokumentet i feltet %q er over grænsen på %s; hæv max_indhold, hvis systemet kan tage imod det", l.field, l.max)
	}
	if err != nil && err != io.EOF {
		err = &Error{Op: fmt.Sprintf("læs dokumentet til feltet %q", l.field), Err: err, Temporary: true}
	}
	return n, err
}

func (l *limited) Close() error { return l.c.Close() }

package records

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/moxkit/mox/connector"
)

// XML reads records from an XML document: each element of the given name, or at the given path ("Sager/Sag"; "/Export/Sag"
// from the root). Names are local names. Where the document stops being XML there is one broken record with the rest.
//
// A document with other elements but none of the name is broken, since the name may be misspelt; with a path it is an
// empty list when the path's parent is there.
func XML(text *connector.Text, file, element string) Reader {
	return newXML(text, file, element, 0)
}

// SOAP reads records from the content of a SOAP envelope's body, as [XML] does from a document.
func SOAP(text *connector.Text, file, element string) Reader {
	return newXML(text, file, element, 2)
}

func newXML(text *connector.Text, file, element string, above int) Reader {
	if strings.TrimSpace(text.S) == "" {
		return Refuse(file, nil, errEmpty)
	}
	path, rooted := strings.CutPrefix(element, "/")
	return &xmlReader{
		place: newPlace(text, file), x: connector.NewXMLReader(strings.NewReader(text.S)),
		want: strings.Split(path, "/"), rooted: rooted, above: above,
	}
}

type xmlReader struct {
	place
	x      *connector.XMLReader
	want   []string
	rooted bool
	above  int // levels above what counts as the root

	path   []string // names of the open elements
	other  string   // the first element below the root that is not wanted
	parent bool     // the parent of what is wanted was seen
	root   bool     // the root was seen
	done   bool
	cut    bool
}

func (x *xmlReader) Whole() bool { return !x.cut }

func (x *xmlReader) Next() (connector.Record, bool) {
	for !x.done {
		from := x.x.Offset()
		t, err := x.x.Token()
		if err == io.EOF {
			return x.finish()
		}
		if err != nil {
			return x.stop(from, err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			x.path = append(x.path, t.Name.Local)
			if len(x.path) == 1 && x.root {
				return x.stop(from, errors.New("der er mere end ét rodelement"))
			}
			x.root = true
			if x.matches(x.want) {
				return x.take(from, t)
			}
			x.note(t.Name.Local)
		case xml.EndElement:
			x.path = x.path[:len(x.path)-1]
		}
	}
	return connector.Record{}, false
}

// matches reports whether the open elements end with the path.
func (x *xmlReader) matches(path []string) bool {
	if len(path) > len(x.path) || x.rooted && len(path) != len(x.path)-x.above {
		return false
	}
	return slices.Equal(x.path[len(x.path)-len(path):], path)
}

// note remembers what was met on the way, to tell an empty list from a misspelt name.
func (x *xmlReader) note(name string) {
	if len(x.want) > 1 && x.matches(x.want[:len(x.want)-1]) {
		x.parent = true
	}
	if len(x.path) == x.above+2 && x.other == "" {
		x.other = name
	}
}

func (x *xmlReader) take(from int, start xml.StartElement) (connector.Record, bool) {
	x.path = x.path[:len(x.path)-1]
	e, err := x.x.Element(start)
	if err != nil {
		return x.stop(from, err)
	}
	fields, err := e.Flatten()
	return x.read(from, x.x.Offset(), fields, err), true
}

// stop ends the reading with what could not be read. The place is where reading failed; the bytes begin at from.
func (x *xmlReader) stop(from int, err error) (connector.Record, bool) {
	x.done, x.cut = true, true
	at := min(x.x.Offset(), len(x.text.S))
	if bad, ok := x.text.BadIn(from, at); ok {
		err = fmt.Errorf("%w (%w)", err, bad)
	}
	return x.broken(from, len(x.text.S), at, err), true
}

func (x *xmlReader) finish() (connector.Record, bool) {
	x.done = true
	switch {
	case !x.root:
		return x.stop(0, errors.New("der er intet XML-element i filen"))
	case x.place.record > 0, x.parent, x.other == "":
		return connector.Record{}, false
	}
	return x.stop(0, fmt.Errorf("der er intet element <%s> i dokumentet, som har <%s>; ret element (skriv forælder/navn, hvis listen kan være tom)",
		strings.Join(x.want, "/"), x.other))
}

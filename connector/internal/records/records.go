// Package records finds the records in what a system wrote: CSV, JSON, lines of JSON, XML.
//
// A reader never fails: what it cannot read it gives as a record with Err, and it never leaves anything out in silence.
package records

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/moxkit/mox/connector"
)

// Reader gives records in the order they stand.
type Reader interface {
	// Next gives the next record; false when there are no more.
	Next() (connector.Record, bool)
	// Whole reports, after the last record, whether all was read to its end. When not, the last record has the reason.
	Whole() bool
}

// place counts lines and columns forward through a text.
type place struct {
	file   string
	text   *connector.Text
	cr     bool // lines end with a lone CR
	line   int  // lines counted so far
	start  int  // where the line after them starts
	record int  // records given
}

func newPlace(text *connector.Text, file string) place {
	cr := strings.Contains(text.S, "\r") && !strings.Contains(text.S, "\n")
	return place{file: file, text: text, cr: cr}
}

// of gives the line and column of an offset; columns count characters.
func (p *place) of(offset int) connector.Place {
	if offset < p.start {
		p.line, p.start = 0, 0
	}
	end := "\n"
	if p.cr {
		end = "\r"
	}
	for {
		i := strings.Index(p.text.S[p.start:offset], end)
		if i < 0 {
			break
		}
		p.line, p.start = p.line+1, p.start+i+1
	}
	column := utf8.RuneCountInString(p.text.S[p.start:offset])
	return connector.Place{File: p.file, Line: p.line + 1, Column: column + 1, Record: p.record}
}

// broken makes the record for S[from:to], which cannot be read because of what stands at offset at.
func (p *place) broken(from, to, at int, err error) connector.Record {
	p.record++
	raw := p.text.Original(from, to)
	return connector.Record{Place: p.of(at), Raw: raw, Err: err}
}

// read makes the record for S[from:to]. Bytes outside the charset make it a broken one.
func (p *place) read(from, to int, fields map[string]string, err error) connector.Record {
	if err != nil {
		return p.broken(from, to, from, err)
	}
	if bad, ok := p.text.BadIn(from, to); ok {
		return p.broken(from, to, bad.Offset, fmt.Errorf("tegn %d på linjen: %w", p.of(bad.Offset).Column, bad))
	}
	p.record++
	where := p.of(from)
	where.Column = 0 // a record that can be read is found by its line
	return connector.Record{Fields: fields, Place: where, Raw: p.text.Original(from, to)}
}

// refused is the reader of what cannot be read at all: one broken record, and the end.
type refused struct {
	record connector.Record
	given  bool
}

func (r *refused) Next() (connector.Record, bool) {
	defer func() { r.given = true }()
	return r.record, !r.given
}

func (r *refused) Whole() bool { return false }

// Refuse makes the reader of a file that cannot be read at all, and says why.
func Refuse(file string, raw []byte, err error) Reader {
	raw = raw[:min(len(raw), connector.MaxRaw)]
	return &refused{record: connector.Record{Place: connector.Place{File: file}, Raw: raw, Err: err}}
}

var errEmpty = errors.New("filen er tom")

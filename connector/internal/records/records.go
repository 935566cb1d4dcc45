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

// place counts lines and columns forward through a text, so that no part of it is counted twice.
type place struct {
	file   string
	text   *connector.Text
	end    string // what lines end with
	at     int    // offset counted to
	line   int    // line ends before at
	column int    // characters between the last of them and at
	record int    // records given
}

func newPlace(text *connector.Text, file string) place {
	end := "\n"
	if strings.Contains(text.S, "\r") && !strings.Contains(text.S, "\n") {
		end = "\r"
	}
	return place{file: file, text: text, end: end}
}

// of gives the line and column of an offset; columns count characters.
func (p *place) of(offset int) connector.Place {
	if offset < p.at {
		p.at, p.line, p.column = 0, 0, 0
	}
	passed := p.text.S[p.at:offset]
	if n := strings.Count(passed, p.end); n > 0 {
		p.line, p.column = p.line+n, 0
		passed = passed[strings.LastIndex(passed, p.end)+1:]
	}
	p.at, p.column = offset, p.column+utf8.RuneCountInString(passed)
	return connector.Place{File: p.file, Line: p.line + 1, Column: p.column + 1, Record: p.record}
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

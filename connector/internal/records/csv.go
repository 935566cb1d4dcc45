package records

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/moxkit/mox/connector"
)

// maxQuotedLines is how many line ends a quoted field may hold. A quote that is not closed by then was never meant to
// span lines: the record is its one line, and the lines after it are records of their own.
const maxQuotedLines = 50

// CSVFormat says how a CSV file is written.
type CSVFormat struct {
	Separator rune
	NoQuotes  bool     // a quote is a character like the others
	Columns   []string // field names; nil = the first line has them
}

// CSV reads records from CSV, as RFC 4180 says with any separator and any line end. It differs from encoding/csv in what
// it does with a broken line: that line alone is a broken record, with its own bytes, and reading goes on at the next.
//
// A line is broken when it has more or fewer fields than there are columns, when a quote in it is not closed within 50
// lines, or when there is text around a quoted field or a quote inside one that is not quoted. Empty lines are no
// records.
func CSV(text *connector.Text, file string, f CSVFormat) Reader {
	c := &csvReader{place: newPlace(text, file), format: f, columns: f.Columns}
	if c.columns != nil {
		return c
	}
	if err := c.header(); err != nil {
		return Refuse(file, text.Original(0, c.off), err)
	}
	return c
}

type csvReader struct {
	place
	format  CSVFormat
	columns []string
	off     int // where the next record starts
}

func (c *csvReader) Whole() bool { return true }

// header reads the column names. A column without name is called by its number, "#3".
func (c *csvReader) header() error {
	c.skipEmpty()
	if c.off == len(c.text.S) {
		return fmt.Errorf("%w; der skulle være en linje med kolonnenavne (ellers: header: false og columns)", errEmpty)
	}
	row := c.row(c.off)
	c.off = row.end
	if row.err != nil {
		return fmt.Errorf("linjen med kolonnenavne: %w", row.err)
	}
	if bad, ok := c.text.BadIn(0, row.end); ok {
		return fmt.Errorf("linjen med kolonnenavne: %w", bad)
	}
	seen := map[string]bool{}
	for i, cell := range row.cells {
		name := strings.TrimSpace(cell.text)
		if name == "" {
			name = fmt.Sprintf("#%d", i+1)
		}
		if seen[name] {
			return fmt.Errorf("kolonnen %q er der to gange", name)
		}
		seen[name] = true
		c.columns = append(c.columns, name)
	}
	return nil
}

func (c *csvReader) Next() (connector.Record, bool) {
	c.skipEmpty()
	if c.off >= len(c.text.S) {
		return connector.Record{}, false
	}
	from := c.off
	row := c.row(from)
	c.off = row.end
	if row.err == nil && len(row.cells) != len(c.columns) {
		row.err = fmt.Errorf("linjen har %d felter; der skal være %d", len(row.cells), len(c.columns))
		row.at = c.miscounted(row)
	}
	if row.err != nil {
		return c.broken(from, row.end, row.at, row.err), true
	}
	if bad, ok := c.text.BadIn(from, row.end); ok {
		return c.broken(from, row.end, bad.Offset, c.misread(row, bad)), true
	}
	fields := make(map[string]string, len(c.columns))
	for i, name := range c.columns {
		fields[name] = row.cells[i].text
	}
	return c.read(from, row.end, fields, nil), true
}

// miscounted gives the place of the first field too many, or the end of a row that has too few.
func (c *csvReader) miscounted(row csvRow) int {
	if len(row.cells) > len(c.columns) {
		return row.cells[len(c.columns)].at
	}
	return row.stop
}

// misread names the field of a byte outside the charset.
func (c *csvReader) misread(row csvRow, bad connector.BadByte) error {
	i := len(row.cells) - 1
	for row.cells[i].at > bad.Offset {
		i--
	}
	return fmt.Errorf("feltet %q, tegn %d på linjen: %w", c.columns[i], c.of(bad.Offset).Column, bad)
}

// csvRow is one row, or one broken line.
type csvRow struct {
	cells []csvCell
	stop  int // after the last field
	end   int // after the line end
	err   error
	at    int // what err is about
}

type csvCell struct {
	text string
	at   int
}

// fault is a place where a row cannot be read.
type fault struct {
	at  int
	err error
}

// row reads the row that starts at from.
func (c *csvReader) row(from int) csvRow {
	var row csvRow
	for at := from; ; {
		cell, next, f := c.cell(at)
		if f != nil {
			return c.brokenLine(from, *f)
		}
		row.cells = append(row.cells, csvCell{cell, at})
		if next < len(c.text.S) && c.isSeparator(next) {
			at = next + utf8.RuneLen(c.format.Separator)
			continue
		}
		row.stop, row.end = next, next+c.lineEnd(next)
		return row
	}
}

// brokenLine gives up the row at from: its first line is broken, and the next line is read as a row of its own, since
// the quote that led beyond the first line is what cannot be trusted.
func (c *csvReader) brokenLine(from int, f fault) csvRow {
	stop := c.lineStop(from)
	return csvRow{stop: stop, end: stop + c.lineEnd(stop), err: f.err, at: min(f.at, stop)}
}

// cell reads the field at offset at, and gives where it stops: at a separator, a line end or the end of the text.
func (c *csvReader) cell(at int) (text string, next int, f *fault) {
	if !c.format.NoQuotes && strings.HasPrefix(c.text.S[at:], `"`) {
		return c.quoted(at)
	}
	next = at
	for next < len(c.text.S) && !c.isSeparator(next) && c.lineEnd(next) == 0 {
		if c.text.S[next] == '"' && !c.format.NoQuotes {
			return "", 0, &fault{next, errors.New(`anførselstegn inde i et felt, der ikke begynder med et (skriver systemet aldrig felter i anførselstegn: quote: ingen)`)}
		}
		next++
	}
	return c.text.S[at:next], next, nil
}

// quoted reads a field that starts with a quote.
func (c *csvReader) quoted(at int) (text string, next int, f *fault) {
	var b strings.Builder
	lines := 0
	for next = at + 1; next < len(c.text.S); {
		n := c.lineEnd(next)
		switch {
		case n > 0:
			if lines++; lines > maxQuotedLines {
				return "", 0, unclosed(at)
			}
			b.WriteByte('\n') // one line end inside values, whatever the system's is
			next += n
		case c.text.S[next] != '"':
			b.WriteByte(c.text.S[next])
			next++
		case strings.HasPrefix(c.text.S[next+1:], `"`):
			b.WriteByte('"')
			next += 2
		default:
			return c.closed(b.String(), next+1)
		}
	}
	return "", 0, unclosed(at)
}

// closed checks what stands after the closing quote.
func (c *csvReader) closed(text string, next int) (string, int, *fault) {
	if next == len(c.text.S) || c.isSeparator(next) || c.lineEnd(next) > 0 {
		return text, next, nil
	}
	return "", 0, &fault{next, errors.New("tekst efter et felt i anførselstegn; et anførselstegn i feltet skal skrives to gange")}
}

func unclosed(at int) *fault {
	return &fault{at, fmt.Errorf("anførselstegnet lukkes ikke inden for %d linjer", maxQuotedLines)}
}

func (c *csvReader) isSeparator(at int) bool {
	r, _ := utf8.DecodeRuneInString(c.text.S[at:])
	return r == c.format.Separator
}

// lineEnd gives the length of the line end at offset at; 0 when there is none.
func (c *csvReader) lineEnd(at int) int {
	switch {
	case strings.HasPrefix(c.text.S[at:], "\r\n"):
		return 2
	case at < len(c.text.S) && (c.text.S[at] == '\n' || c.end == "\r" && c.text.S[at] == '\r'):
		return 1
	}
	return 0
}

// lineStop gives the end of the line at offset at, before its line end.
func (c *csvReader) lineStop(at int) int {
	for at < len(c.text.S) && c.lineEnd(at) == 0 {
		at++
	}
	return at
}

// skipEmpty goes past empty lines.
func (c *csvReader) skipEmpty() {
	for c.off < len(c.text.S) {
		n := c.lineEnd(c.off)
		if n == 0 {
			return
		}
		c.off += n
	}
}

package records

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/moxkit/mox/connector"
)

// NDJSON reads records from lines of JSON. A line that is not JSON is a broken record; reading goes on at the next.
func NDJSON(text *connector.Text, file string) Reader {
	return &lineReader{place: newPlace(text, file)}
}

type lineReader struct {
	place
	off int
}

func (l *lineReader) Whole() bool { return true }

func (l *lineReader) Next() (connector.Record, bool) {
	for l.off < len(l.text.S) {
		from := l.off
		line, _, _ := strings.Cut(l.text.S[from:], "\n")
		l.off = min(from+len(line)+1, len(l.text.S))
		if strings.TrimSpace(line) == "" {
			continue
		}
		fields, err := connector.FlattenJSON([]byte(line))
		return l.read(from, l.off, fields, err), true
	}
	return connector.Record{}, false
}

// JSON reads records from one JSON document: the members of the array at path ("data.items"; "" = the document itself,
// which when it is no array is one record). Where the document stops being JSON there is one broken record with the rest.
func JSON(text *connector.Text, file, path string) Reader {
	j := &jsonReader{place: newPlace(text, file), d: json.NewDecoder(strings.NewReader(text.S))}
	if err := j.enter(path); err != nil {
		return Refuse(file, text.Original(0, len(text.S)), err)
	}
	return j
}

type jsonReader struct {
	place
	d      *json.Decoder
	depth  int  // arrays and objects that are open
	single bool // the document is one record
	null   bool // null stands where the array should: many systems write an empty list so
	done   bool
	cut    bool // a syntax error ended the reading
}

func (j *jsonReader) Whole() bool { return !j.cut }

// enter goes to the first member of the array at path.
func (j *jsonReader) enter(path string) error {
	if strings.TrimSpace(j.text.S) == "" {
		return errEmpty
	}
	if path == "" {
		j.single = !strings.HasPrefix(strings.TrimSpace(j.text.S), "[")
	} else {
		for name := range strings.SplitSeq(path, ".") {
			if err := j.enterField(name, path); err != nil {
				return err
			}
		}
	}
	if j.single {
		return nil
	}
	return j.expect('[', path)
}

func (j *jsonReader) enterField(name, path string) error {
	if err := j.expect('{', path); err != nil {
		return err
	}
	for j.d.More() {
		key, err := j.d.Token()
		if err != nil {
			return notJSON(err)
		}
		if key == name {
			return nil
		}
		var skip json.RawMessage
		if err := j.d.Decode(&skip); err != nil {
			return notJSON(err)
		}
	}
	return fmt.Errorf("der er ikke noget %q i dokumentet; stien til listen skal rettes (element eller poster)", path)
}

func (j *jsonReader) expect(open json.Delim, path string) error {
	t, err := j.d.Token()
	if err != nil {
		return notJSON(err)
	}
	if t == nil && open == '[' {
		j.null = true
		return nil
	}
	j.depth++
	if t != open {
		return fmt.Errorf("der er ikke en liste på stien %q; stien skal rettes (element eller poster)", path)
	}
	return nil
}

func (j *jsonReader) Next() (connector.Record, bool) {
	if j.done {
		return connector.Record{}, false
	}
	if j.null || !j.single && !j.d.More() {
		return j.finish()
	}
	before := int(j.d.InputOffset())
	var raw json.RawMessage
	if err := j.d.Decode(&raw); err != nil {
		return j.stop(before, notJSON(err))
	}
	j.done = j.single
	end := int(j.d.InputOffset())
	fields, err := connector.FlattenJSON(raw)
	if err == nil && j.single {
		err = j.trailing()
	}
	return j.read(end-len(raw), end, fields, err), true
}

func (j *jsonReader) trailing() error {
	if _, err := j.d.Token(); err != io.EOF {
		j.cut = true
		return errTrailing
	}
	return nil
}

// finish reads what is after the array, so that a document cut off there is not taken for a whole one.
func (j *jsonReader) finish() (connector.Record, bool) {
	j.done = true
	for {
		at := int(j.d.InputOffset())
		t, err := j.d.Token()
		switch {
		case err == io.EOF && j.depth == 0:
			return connector.Record{}, false
		case err != nil:
			return j.stop(at, notJSON(err))
		case j.depth == 0:
			return j.stop(at, errTrailing)
		case t == json.Delim('[') || t == json.Delim('{'):
			j.depth++
		case t == json.Delim(']') || t == json.Delim('}'):
			j.depth--
		}
	}
}

func (j *jsonReader) stop(at int, err error) (connector.Record, bool) {
	j.done, j.cut = true, true
	for at < len(j.text.S) && strings.IndexByte(", \t\r\n", j.text.S[at]) >= 0 {
		at++ // what stands between the record before and this
	}
	return j.broken(at, len(j.text.S), at, err), true
}

var errTrailing = errors.New("der er tekst efter JSON-dokumentet")

// notJSON says that the document cannot be read on; the decoder's texts name at most one character of it.
func notJSON(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("dokumentet slutter, før JSON er færdig; er filen skrevet helt?")
	}
	return fmt.Errorf("ikke gyldig JSON herfra: %w", err)
}

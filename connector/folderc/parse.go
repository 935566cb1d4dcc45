package folderc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"

	"github.com/moxkit/mox/connector"
)

// maxHeader is how much of a file is searched for its first line.
const maxHeader = 64 << 10

// Parse reads one record alone, as a person has corrected it: raw is text in UTF-8, place is where the broken one stood. A
// CSV record needs the field names of the file it came from, which lies where it was read or where read files are moved
// to. Anything but exactly one whole record is an error that says what is wrong.
func (s *Source) Parse(raw []byte, place connector.Place) (connector.Record, error) {
	c := s.config
	raw = bytes.TrimRight(raw, "\r\n")
	if c.Format == "csv" && len(c.Columns) == 0 {
		header, err := s.header(context.Background(), place.File)
		if err != nil {
			return connector.Record{}, err
		}
		raw = []byte(header + "\n" + string(raw))
	}
	c.Charset = "utf-8"
	if c.Format == "xml" {
		c.Element = path.Base(c.Element)
	}
	r := c.parse(place.File, raw)
	record, ok := r.Next()
	if !ok {
		return connector.Record{}, errors.New("der står ingen post")
	}
	if record.Err != nil {
		return connector.Record{}, record.Err
	}
	if _, more := r.Next(); more {
		return connector.Record{}, errors.New("der står mere end én post; ret én ad gangen")
	}
	record.Place = place
	return record, nil
}

// header is the first line of a file that has been read.
func (s *Source) header(ctx context.Context, name string) (string, error) {
	charset, err := connector.CharsetByName(s.config.Charset)
	if err != nil {
		return "", err
	}
	dir, err := s.place.Open(ctx)
	if err != nil {
		return "", s.place.failure("læs mappe", err)
	}
	defer dir.Close()
	for _, folder := range []string{".", s.config.Behandlet, s.config.Afvist} {
		line, err := firstLine(dir, path.Join(folder, name))
		if err != nil {
			continue
		}
		text, err := charset.Decode(line)
		if err != nil {
			return "", err
		}
		return text.S, nil
	}
	return "", fmt.Errorf("filen %s med kolonnernes navne findes ikke længere; få systemet til at levere posten igen", name)
}

func firstLine(dir Dir, name string) ([]byte, error) {
	f, err := dir.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() // it was only read
	b := make([]byte, maxHeader)
	n, err := f.Read(b)
	if err != nil {
		return nil, err
	}
	line, _, ok := bytes.Cut(b[:n], []byte("\n"))
	if !ok {
		return nil, errors.New("the file has no first line")
	}
	return bytes.TrimRight(line, "\r"), nil
}

package sqlc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/connector/internal/check"
	"github.com/moxkit/mox/connector/internal/follow"
)

// SourceConfig describes a query to read records from.
//
// With position_felt the query asks for what is new ("… WHERE nr > :position ORDER BY nr"); without, it gives all there
// is, and what has not changed gives nothing. Values come as they are stored: whole numbers and decimals as digits, text
// as text, NULL as no field. Dates in SQLite are text or numbers, and stay so.
type SourceConfig struct {
	Type              string `yaml:"type" json:"type"` // "sql"
	connector.Listing `yaml:",inline"`
	Driver            string             `yaml:"driver" json:"driver"`             // sqlite or postgres
	DSN               string             `yaml:"dsn" json:"dsn"`                   // sqlite: path of the database file; postgres: postgres://user@host/database. Opened for reading only
	Kodeord           string             `yaml:"kodeord" json:"kodeord,omitempty"` // postgres: reference to the user's password
	CA                string             `yaml:"ca" json:"ca,omitempty"`           // postgres: file with root certificates (PEM) instead of the machine's
	Timeout           connector.Duration `yaml:"timeout" json:"timeout,omitempty"` // of one call; default 1m
	Query             string             `yaml:"query" json:"query"`
	PositionFelt      string             `yaml:"position_felt" json:"position_felt,omitempty"`   // column that the rows are ordered by, and that grows when a row changes
	PositionStart     string             `yaml:"position_start" json:"position_start,omitempty"` // the first :position; default a number below all numbers, dates and texts
	Indhold           string             `yaml:"indhold" json:"indhold,omitempty"`               // query for one document's bytes by :ref
}

func (c SourceConfig) connection() connection {
	return connection{driver: c.Driver, dsn: c.DSN, kodeord: c.Kodeord, ca: c.CA, tidszone: c.Tidszone, timeout: c.Timeout.Or(DefaultTimeout), readOnly: true}
}

// Validate reports what is wrong in the config.
func (c SourceConfig) Validate() []connector.Problem {
	var p check.Problems
	p.Type(c.Type, "sql")
	p.Listing(c.Listing)
	c.connection().check(&p)
	if p.Need("query", c.Query, "SELECT … WHERE nr > :position ORDER BY nr") {
		c.checkPosition(&p)
	}
	if c.Indhold != "" && !slices.Equal(params(c.Driver, c.Indhold), []string{"ref"}) {
		p.Add("indhold", "skal bruge :ref og ikke andre navne", "SELECT indhold FROM dokument WHERE id = :ref")
	}
	return p.List()
}

func (c SourceConfig) checkPosition(p *check.Problems) {
	asks := false
	for _, name := range params(c.Driver, c.Query) {
		if name != "position" {
			p.Add("query", "bruger :"+name, "det eneste navn her er :position")
		}
		asks = asks || name == "position"
	}
	switch {
	case asks && c.PositionFelt == "":
		p.Add("position_felt", "mangler, og query bruger :position", "skriv den kolonne, rækkerne er ordnet efter")
	case !asks && c.PositionFelt != "":
		p.Add("query", "bruger ikke :position", "skriv … WHERE "+c.PositionFelt+" > :position ORDER BY "+c.PositionFelt)
	case c.PositionFelt != "" && c.Eksport == connector.EksportFuld:
		p.Add("eksport", "fuld kan ikke bruges sammen med position_felt", "fjern den ene")
	}
}

// Source reads rows as records.
type Source struct {
	config SourceConfig
	db     engine
	read   func(ctx context.Context, position string) (connector.Batch, error)
}

var _ connector.Source = (*Source)(nil)

// NewSource makes a source. The database is opened at the first use.
func NewSource(c SourceConfig, env connector.Env) (*Source, error) {
	if err := connector.Invalid(c.Validate()); err != nil {
		return nil, err
	}
	db, err := c.connection().open(env)
	if err != nil {
		return nil, err
	}
	c.Query = trimQuery(c.Query)
	s := &Source{config: c, db: db}
	if c.PositionFelt != "" {
		s.read = follow.Field{Name: c.PositionFelt, Ask: s.ask}.Read
	} else {
		s.read = (&follow.Listing{Full: c.Eksport == connector.EksportFuld, Fetch: s.fetch}).Read
	}
	return s, nil
}

const opRead = "læs fra databasen"

// Read implements [connector.Source].
func (s *Source) Read(ctx context.Context, position string) (connector.Batch, error) {
	ctx, cancel := s.config.connection().limited(ctx)
	defer cancel()
	b, err := s.read(ctx, position)
	if err != nil {
		return connector.Batch{}, s.db.failure(opRead, err)
	}
	return b, nil
}

// ask is a [follow.Ask].
func (s *Source) ask(ctx context.Context, since string, give func(connector.Record) (bool, error)) (full bool, err error) {
	values := map[string]any{}
	if since == "" {
		since = s.config.PositionStart
	}
	if since != "" {
		values["position"] = s.db.bind(since)
	} else if values["position"], err = s.db.first(ctx, s.config.Query); err != nil {
		return false, err
	}
	return s.query(ctx, values, give)
}

// fetch gets all rows.
func (s *Source) fetch(ctx context.Context) ([]connector.Record, error) {
	var all []connector.Record
	_, err := s.query(ctx, nil, func(r connector.Record) (bool, error) {
		all = append(all, r)
		return true, follow.Room(len(all))
	})
	return all, err
}

// query gives each row, until give says that there is room for no more.
func (s *Source) query(ctx context.Context, values map[string]any, give func(connector.Record) (bool, error)) (full bool, err error) {
	if err := s.checkColumn(ctx); err != nil {
		return false, err
	}
	n := 0
	err = s.db.rows(ctx, s.config.Query, values, func(fields map[string]string, broken error) (bool, error) {
		n++
		more, err := give(record(fields, broken, n))
		full = err == nil && !more
		return more, err
	})
	return full, err
}

func (s *Source) checkColumn(ctx context.Context) error {
	felt := s.config.PositionFelt
	if felt == "" {
		return nil
	}
	names, err := s.db.columns(ctx, s.config.Query)
	if err == nil && !slices.Contains(names, felt) {
		err = fmt.Errorf("forespørgslen giver ingen kolonne %q (position_felt)", felt)
	}
	return err
}

func record(fields map[string]string, broken error, n int) connector.Record {
	r := connector.Record{Fields: fields, Raw: rawRow(fields), Err: broken, Place: connector.Place{File: "query", Record: n}}
	if broken != nil {
		r.Fields = nil
	}
	return r
}

// Committed implements [connector.Source]; the database keeps its rows.
func (s *Source) Committed(context.Context, string) error { return nil }

// Open implements [connector.Source]: it reads the document with the query indhold. A document that is not there may be
// there later.
func (s *Source) Open(ctx context.Context, ref string) (io.ReadCloser, error) {
	const op = "hent dokument"
	if s.config.Indhold == "" {
		return nil, &connector.Error{Op: op, Err: errors.New("kilden har ingen dokumenter; skriv indhold: SELECT … WHERE id = :ref")}
	}
	if ref == "" {
		return nil, &connector.Error{Op: op, Err: errors.New("henvisningen til dokumentet er tom")}
	}
	ctx, cancel := s.config.connection().limited(ctx)
	defer cancel()
	content, found, err := s.db.document(ctx, s.config.Indhold, map[string]any{"ref": ref})
	if err != nil {
		return nil, s.db.failure(op, err)
	}
	if !found {
		return nil, &connector.Error{Op: op, Err: errors.New("dokumentet findes ikke i databasen"), Temporary: true}
	}
	return io.NopCloser(bytes.NewReader(content)), nil
}

// Check implements [connector.Source]: it runs the query for its first row.
func (s *Source) Check(ctx context.Context) error {
	ctx, cancel := s.config.connection().limited(ctx)
	defer cancel()
	one := func(connector.Record) (bool, error) { return false, nil }
	var err error
	if s.config.PositionFelt != "" {
		_, err = s.ask(ctx, "", one)
	} else {
		_, err = s.query(ctx, nil, one)
	}
	if err != nil {
		return s.db.failure(opRead, err)
	}
	return nil
}

// Close implements [connector.Source].
func (s *Source) Close() error { return s.db.close() }

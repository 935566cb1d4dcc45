package sqlc

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"

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
	Driver            string `yaml:"driver" json:"driver"` // sqlite
	DSN               string `yaml:"dsn" json:"dsn"`       // path of the database file; opened for reading only
	Query             string `yaml:"query" json:"query"`
	PositionFelt      string `yaml:"position_felt" json:"position_felt,omitempty"`   // column that the rows are ordered by, and that grows when a row changes
	PositionStart     string `yaml:"position_start" json:"position_start,omitempty"` // the first :position; default a number below all numbers, dates and texts
	Indhold           string `yaml:"indhold" json:"indhold,omitempty"`               // query for one document's bytes by :ref
}

// Validate reports what is wrong in the config.
func (c SourceConfig) Validate() []connector.Problem {
	var p check.Problems
	p.Type(c.Type, "sql")
	p.Listing(c.Listing)
	checkDatabase(&p, c.Driver, c.DSN)
	if p.Need("query", c.Query, "SELECT … WHERE nr > :position ORDER BY nr") {
		c.checkPosition(&p)
	}
	if c.Indhold != "" && !slices.Equal(params(c.Indhold), []string{"ref"}) {
		p.Add("indhold", "skal bruge :ref og ikke andre navne", "SELECT indhold FROM dokument WHERE id = :ref")
	}
	return p.List()
}

func (c SourceConfig) checkPosition(p *check.Problems) {
	asks := false
	for _, name := range params(c.Query) {
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
	db     *sql.DB
	read   func(ctx context.Context, position string) (connector.Batch, error)
}

var _ connector.Source = (*Source)(nil)

// NewSource makes a source. The database is opened at the first use.
func NewSource(c SourceConfig, env connector.Env) (*Source, error) {
	if err := connector.Invalid(c.Validate()); err != nil {
		return nil, err
	}
	db, err := openDB(c.DSN, "ro", env)
	if err != nil {
		return nil, fmt.Errorf("dsn: %w", err)
	}
	db.SetMaxOpenConns(2) // reading records, and a document beside it
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
	b, err := s.read(ctx, position)
	if err != nil {
		return connector.Batch{}, failure(opRead, err)
	}
	return b, nil
}

// ask is a [follow.Ask].
func (s *Source) ask(ctx context.Context, since string, give func(connector.Record) (bool, error)) (bool, error) {
	if since == "" {
		since = s.config.PositionStart
	}
	return s.query(ctx, []any{sql.Named("position", bind(since))}, give)
}

// bind gives a position the type it had in the database, as far as can be told from how it is written. Should that be
// wrong, SQLite's column affinity makes it right, or more rows are read than needed.
func bind(since string) any {
	if since == "" {
		return int64(math.MinInt64) // before every number, and "-9223…" before every text that begins with a letter or digit
	}
	if n, err := strconv.ParseInt(since, 10, 64); err == nil && strconv.FormatInt(n, 10) == since {
		return n
	}
	if f, err := strconv.ParseFloat(since, 64); err == nil && strconv.FormatFloat(f, 'f', -1, 64) == since {
		return f
	}
	return since
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
func (s *Source) query(ctx context.Context, args []any, give func(connector.Record) (bool, error)) (full bool, err error) {
	names, err := columns(ctx, s.db, s.config.Query, args)
	if err != nil {
		return false, err
	}
	if felt := s.config.PositionFelt; felt != "" && !slices.Contains(names, felt) {
		return false, fmt.Errorf("forespørgslen giver ingen kolonne %q (position_felt)", felt)
	}
	rows, err := s.db.QueryContext(ctx, plainQuery(s.config.Query, names), args...)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	for n := 1; rows.Next(); n++ {
		r, err := record(rows, names, n)
		if err != nil {
			return false, err
		}
		if more, err := give(r); err != nil || !more {
			return true, err
		}
	}
	return false, rows.Err()
}

func record(rows *sql.Rows, names []string, n int) (connector.Record, error) {
	fields, broken, err := scanRow(rows, names)
	r := connector.Record{Fields: fields, Raw: rawRow(fields), Err: broken, Place: connector.Place{File: "query", Record: n}}
	if broken != nil {
		r.Fields = nil
	}
	return r, err
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
	var content []byte
	err := s.db.QueryRowContext(ctx, s.config.Indhold, sql.Named("ref", ref)).Scan(&content)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, &connector.Error{Op: op, Err: errors.New("dokumentet findes ikke i databasen"), Temporary: true}
	}
	if err != nil {
		return nil, failure(op, err)
	}
	return io.NopCloser(bytes.NewReader(content)), nil
}

// Check implements [connector.Source]: it runs the query for its first row.
func (s *Source) Check(ctx context.Context) error {
	var args []any
	if s.config.PositionFelt != "" {
		args = []any{sql.Named("position", bind(s.config.PositionStart))}
	}
	_, err := s.query(ctx, args, func(connector.Record) (bool, error) { return false, nil })
	if err != nil {
		return failure(opRead, err)
	}
	return nil
}

// Close implements [connector.Source].
func (s *Source) Close() error { return s.db.Close() }

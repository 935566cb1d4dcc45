package sqlc

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/connector/internal/check"
)

// DefaultContent is the greatest document written where max_indhold is not set.
const DefaultContent = 32 * connector.MiB

// The codes of a [Sink]'s answers.
const (
	CodeOK         = "ok"
	CodeConstraint = "constraint" // the database refused: a key taken, a rule broken, a trigger's RAISE
	CodeNoRow      = "ingen"      // the statement was fine and changed no row: there was nothing to update
)

// SinkConfig describes statements to write with.
//
// A statement uses values by :name: the call's fields ("part.navn" is :part_navn), documents as blobs, the call's other
// names (:key, :besked_version) and :noegle, its idempotency key. A field goes before another name that is the same.
type SinkConfig struct {
	Type       string         `yaml:"type" json:"type"`           // "sql"
	Driver     string         `yaml:"driver" json:"driver"`       // sqlite
	DSN        string         `yaml:"dsn" json:"dsn"`             // path of the database file; it must exist
	Exec       string         `yaml:"exec" json:"exec,omitempty"` // for operations without their own; with RETURNING, its first row is the answer's fields
	Opret      string         `yaml:"opret" json:"opret,omitempty"`
	Ret        string         `yaml:"ret" json:"ret,omitempty"`
	Passiver   string         `yaml:"passiver" json:"passiver,omitempty"`
	Slet       string         `yaml:"slet" json:"slet,omitempty"`
	Opslag     string         `yaml:"opslag" json:"opslag,omitempty"`           // query that gives a row when the effect is there; the row is the answer's fields
	MaxIndhold connector.Size `yaml:"max_indhold" json:"max_indhold,omitempty"` // of one document; default 32 MiB
}

func (c SinkConfig) statements() map[string]string {
	return map[string]string{"opret": c.Opret, "ret": c.Ret, "passiver": c.Passiver, "slet": c.Slet}
}

// Validate reports what is wrong in the config.
func (c SinkConfig) Validate() []connector.Problem {
	var p check.Problems
	p.Type(c.Type, "sql")
	checkDatabase(&p, c.Driver, c.DSN)
	for _, name := range []string{"opret", "ret", "passiver", "slet"} {
		if c.statements()[name] == "" && c.Exec == "" {
			p.Add(name, "mangler, og der er ingen exec for alle", "skriv en sætning, eller exec for dem, der ikke har deres egen")
		}
	}
	return p.List()
}

// TemplateNames gives the :names that the statements use, by YAML key.
func (c SinkConfig) TemplateNames() map[string][]string {
	used := map[string][]string{}
	all := c.statements()
	all["exec"], all["opslag"] = c.Exec, c.Opslag
	for path, statement := range all {
		if names := params(statement); len(names) > 0 {
			used[path] = names
		}
	}
	return used
}

// Sink writes with statements, each call in one transaction.
type Sink struct {
	config SinkConfig
	db     *sql.DB
}

var _ connector.Sink = (*Sink)(nil)

// NewSink makes a sink. The database is opened at the first use.
func NewSink(c SinkConfig, env connector.Env) (*Sink, error) {
	if err := connector.Invalid(c.Validate()); err != nil {
		return nil, err
	}
	db, err := openDB(c.DSN, "rw", env)
	if err != nil {
		return nil, fmt.Errorf("dsn: %w", err)
	}
	db.SetMaxOpenConns(1) // SQLite has one writer; waiting for it here ends with the context
	return &Sink{config: c, db: db}, nil
}

const opWrite = "skriv i databasen"

// Write implements [connector.Sink].
func (s *Sink) Write(ctx context.Context, c connector.Call) (connector.Answer, error) {
	statement := s.config.statements()[c.Operation]
	if statement == "" {
		statement = s.config.Exec
	}
	if statement == "" {
		return connector.Answer{}, connector.Refused(opWrite, fmt.Errorf("sinken har ingen %q og ingen exec", c.Operation))
	}
	args, err := s.args(ctx, statement, c)
	if err != nil {
		return connector.Answer{}, connector.Refused(opWrite, err)
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return connector.Answer{}, failure(opWrite, err)
	}
	defer tx.Rollback() // after Commit it does nothing
	a, err := exec(ctx, tx, statement, args)
	if err == nil {
		err = commit(tx)
	}
	if code(err) == sqlite3.SQLITE_CONSTRAINT {
		return connector.Answer{Code: CodeConstraint, Text: err.Error()}, nil
	}
	if err != nil {
		return connector.Answer{}, failure(opWrite, err)
	}
	return a, nil
}

// exec runs a statement, and answers with the first row it returns and how many rows it changed.
func exec(ctx context.Context, tx *sql.Tx, statement string, args []any) (connector.Answer, error) {
	fields, found, err := firstRow(ctx, tx, statement, args)
	if err != nil {
		return connector.Answer{}, err
	}
	var changed int64
	if err := tx.QueryRowContext(ctx, "SELECT changes()").Scan(&changed); err != nil {
		return connector.Answer{}, err
	}
	if !found {
		fields = map[string]string{"raekker": strconv.FormatInt(changed, 10)}
	}
	if changed == 0 {
		return connector.Answer{Code: CodeNoRow, Fields: fields, Text: "sætningen ændrede ingen rækker"}, nil
	}
	return connector.Answer{Code: CodeOK, Fields: fields}, nil
}

func commit(tx *sql.Tx) error {
	err := tx.Commit()
	canceled := errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, sql.ErrTxDone)
	refused := slices.Contains([]int{sqlite3.SQLITE_BUSY, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CONSTRAINT}, code(err))
	if err == nil || canceled || refused {
		return err // when refused or cancelled it has been rolled back
	}
	return &connector.Error{Op: opWrite, Err: err, Temporary: true, Unknown: true}
}

// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// firstRow runs a statement to its end and gives the first row it returns.
func firstRow(ctx context.Context, q querier, statement string, args []any) (fields map[string]string, found bool, err error) {
	rows, err := q.QueryContext(ctx, statement, args...)
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, false, err
	}
	for rows.Next() {
		if found {
			continue
		}
		found = true
		var unreadable, fatal error
		if fields, unreadable, fatal = scanRow(rows, names); fatal != nil || unreadable != nil {
			return nil, false, errors.Join(fatal, unreadable)
		}
	}
	return fields, found, rows.Err()
}

// args gives the values of the names that a statement uses.
func (s *Sink) args(ctx context.Context, statement string, c connector.Call) ([]any, error) {
	values, err := s.values(c)
	if err != nil {
		return nil, err
	}
	var args []any
	for _, name := range params(statement) {
		v, ok := values[name]
		if !ok {
			return nil, fmt.Errorf("sætningen bruger :%s, og kaldet har intet felt eller navn, der hedder det; ret sætningen eller mappen (et tomt felt skal være null)", name)
		}
		if open, isContent := v.(connector.Opener); isContent {
			if v, err = s.content(ctx, name, open); err != nil {
				return nil, err
			}
		}
		args = append(args, sql.Named(name, v))
	}
	return args, nil
}

// values gives what the statements can use, by :name.
func (s *Sink) values(c connector.Call) (map[string]any, error) {
	values := map[string]any{"noegle": c.Key}
	for name, v := range c.Vars {
		values[paramName(name)] = v
	}
	fields := map[string]string{}
	put := func(field string, v any) error {
		name := paramName(field)
		if other, taken := fields[name]; taken {
			return fmt.Errorf("felterne %q og %q bliver begge :%s", other, field, name)
		}
		fields[name], values[name] = field, v
		return nil
	}
	for field, v := range c.Fields {
		if _, replaced := c.Content[field]; replaced {
			continue
		}
		if err := put(field, v); err != nil {
			return nil, err
		}
	}
	for field, open := range c.Content {
		if err := put(field, open); err != nil {
			return nil, err
		}
	}
	return values, nil
}

func (s *Sink) content(ctx context.Context, name string, open connector.Opener) ([]byte, error) {
	r, err := connector.OpenContent(ctx, name, open, s.config.MaxIndhold.Or(DefaultContent))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// Lookup implements [connector.Sink].
func (s *Sink) Lookup(ctx context.Context, c connector.Call) (connector.Answer, bool, error) {
	const op = "opslag i databasen"
	if s.config.Opslag == "" {
		return connector.Answer{}, false, connector.ErrNoLookup
	}
	args, err := s.args(ctx, s.config.Opslag, c)
	if err != nil {
		return connector.Answer{}, false, connector.Refused(op, err)
	}
	fields, found, err := firstRow(ctx, s.db, s.config.Opslag, args)
	if err != nil {
		return connector.Answer{}, false, failure(op, err)
	}
	return connector.Answer{Code: CodeOK, Fields: fields}, found, nil
}

// Check implements [connector.Sink]: it has the database explain the statements, which runs none of them, and takes the
// write lock for an instant.
func (s *Sink) Check(ctx context.Context) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return failure(opWrite, err)
	}
	defer tx.Rollback()
	all := s.config.statements()
	all["exec"], all["opslag"] = s.config.Exec, s.config.Opslag
	for name, statement := range all {
		if err := explain(ctx, tx, statement); err != nil {
			return failure(name, err)
		}
	}
	return nil
}

func explain(ctx context.Context, tx *sql.Tx, statement string) error {
	if strings.TrimSpace(statement) == "" {
		return nil
	}
	var args []any
	for _, name := range params(statement) {
		args = append(args, sql.Named(name, nil))
	}
	rows, err := tx.QueryContext(ctx, "EXPLAIN "+statement, args...)
	if err != nil {
		return err
	}
	return rows.Close()
}

// Close implements [connector.Sink].
func (s *Sink) Close() error { return s.db.Close() }

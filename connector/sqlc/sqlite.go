package sqlc

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/connector/internal/check"
)

// sqliteDB is an [engine] in a file.
type sqliteDB struct{ db *sql.DB }

// openSQLite opens the file; it is never created. Nothing is read yet.
func openSQLite(c connection, env connector.Env) (*sqliteDB, error) {
	mode := "rw"
	if c.readOnly {
		mode = "ro"
	}
	q := url.Values{"mode": {mode}, "_pragma": {"busy_timeout(2000)"}, "_txlock": {"immediate"}}
	if c.readOnly {
		q.Add("_pragma", "query_only(1)")
	}
	path, err := filepath.Abs(env.Path(c.dsn))
	if err != nil {
		return nil, err
	}
	u := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(path), RawQuery: q.Encode()}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, err
	}
	// The file is opened anew for each use: a connection that was kept would go on with a file that the system has
	// since replaced, restored or moved away.
	db.SetMaxIdleConns(-1)
	if c.readOnly {
		db.SetMaxOpenConns(2) // reading records, and a document beside it
	} else {
		db.SetMaxOpenConns(1) // SQLite has one writer; waiting for it here ends with the context
	}
	return &sqliteDB{db}, nil
}

func checkSQLite(p *check.Problems, c connection) {
	for key, value := range map[string]string{"kodeord": c.kodeord, "ca": c.ca} {
		if value != "" {
			p.Add(key, "bruges ikke med driver: sqlite", "fjern det")
		}
	}
	if !p.Need("dsn", c.dsn, "stien til databasefilen") {
		return
	}
	if strings.HasPrefix(c.dsn, "file:") || strings.ContainsAny(c.dsn, "?") || strings.Contains(c.dsn, ":memory:") {
		p.Add("dsn", "er ikke en sti til en fil", "skriv stien alene, uden file: og uden parametre")
	}
}

// skipSQLite gives the length of a quoted text or a comment at s[at:]; 0 where there is none.
func skipSQLite(s string, at int) int {
	s = s[at:]
	for open, end := range map[string]string{"'": "'", `"`: `"`, "`": "`", "[": "]", "--": "\n", "/*": "*/"} {
		if n := quoted(s, open, end); n > 0 {
			return n
		}
	}
	return 0
}

func (d *sqliteDB) failure(op string, err error) error {
	var e *connector.Error
	if errors.As(err, &e) {
		return err
	}
	temporary := errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
	switch code(err) {
	case sqlite3.SQLITE_INTERRUPT:
		temporary = true
	case sqlite3.SQLITE_CANTOPEN:
		temporary = true
		err = errors.New("databasefilen kan ikke åbnes; kontroller dsn, og at MOX må læse filen")
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL:
		temporary = true
	case sqlite3.SQLITE_READONLY:
		err = errors.New("databasen kan ikke skrives; MOX skal have skriveret til filen og dens mappe")
	}
	return &connector.Error{Op: op, Err: err, Temporary: temporary}
}

// code gives SQLite's primary result code; 0 for errors from elsewhere.
func code(err error) int {
	var s *sqlite.Error
	if errors.As(err, &s) {
		return s.Code() & 0xff
	}
	return 0
}

func (d *sqliteDB) columns(ctx context.Context, query string) ([]string, error) {
	var none []any
	for _, name := range params("sqlite", query) {
		none = append(none, sql.Named(name, nil))
	}
	rows, err := d.db.QueryContext(ctx, "SELECT * FROM (\n"+query+"\n) LIMIT 0", none...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	return names, errors.Join(err, rows.Err())
}

// plainQuery wraps a query so that values come as they are stored: the driver would read text in columns declared DATE
// or DATETIME as times in UTC, which the system never said they were. An expression has no declared type, and the unary
// plus changes nothing else.
func plainQuery(query string, names []string) string {
	terms := make([]string, len(names))
	for i, n := range names {
		quoted := `"` + strings.ReplaceAll(n, `"`, `""`) + `"`
		terms[i] = "+" + quoted + " AS " + quoted
	}
	return "SELECT " + strings.Join(terms, ", ") + " FROM (\n" + query + "\n)"
}

// scanRow makes fields of the current row. NULL has no field. err says what in the row cannot be read; fatal that the
// reading itself failed.
func scanRow(rows *sql.Rows, names []string) (fields map[string]string, err, fatal error) {
	values := make([]any, len(names))
	targets := make([]any, len(names))
	for i := range values {
		targets[i] = &values[i]
	}
	if err := rows.Scan(targets...); err != nil {
		return nil, nil, err
	}
	fields = make(map[string]string, len(names))
	for i, name := range names {
		if values[i] == nil {
			continue
		}
		text, e := valueText(values[i])
		if e != nil && err == nil {
			err = fmt.Errorf("kolonnen %q: %w", name, e)
		}
		fields[name] = text
	}
	return fields, err, nil
}

func valueText(v any) (string, error) {
	switch v := v.(type) {
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case bool:
		return strconv.FormatBool(v), nil
	case time.Time:
		return v.Format(time.RFC3339Nano), nil
	case string:
		return checkText(v)
	case []byte:
		return "", errors.New("er en blob; tag den ud af forespørgslen, eller skriv CAST(… AS TEXT)")
	}
	return "", fmt.Errorf("har en værdi af typen %T, som ikke kan læses", v)
}

func (d *sqliteDB) rows(ctx context.Context, query string, values map[string]any, give func(map[string]string, error) (bool, error)) error {
	names, err := d.columns(ctx, query)
	if err != nil {
		return err
	}
	rows, err := d.db.QueryContext(ctx, plainQuery(query, names), d.args(query, values)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		fields, broken, err := scanRow(rows, names)
		if err != nil {
			return err
		}
		if more, err := give(fields, broken); err != nil || !more {
			return err
		}
	}
	return rows.Err()
}

// args gives the values of the names that a statement uses.
func (d *sqliteDB) args(statement string, values map[string]any) []any {
	var args []any
	for _, name := range params("sqlite", statement) {
		args = append(args, sql.Named(name, values[name]))
	}
	return args
}

// first is before every number, and as a text, "-9223…", before every text that begins with a letter or digit.
func (d *sqliteDB) first(context.Context, string) (any, error) { return int64(math.MinInt64), nil }

// bind tells the type as far as can be told from how the position is written. Should that be wrong, SQLite's column
// affinity makes it right, or more rows are read than needed.
func (d *sqliteDB) bind(since string) any {
	if n, err := strconv.ParseInt(since, 10, 64); err == nil && strconv.FormatInt(n, 10) == since {
		return n
	}
	if f, err := strconv.ParseFloat(since, 64); err == nil && strconv.FormatFloat(f, 'f', -1, 64) == since {
		return f
	}
	return since
}

func (d *sqliteDB) document(ctx context.Context, query string, values map[string]any) (content []byte, found bool, err error) {
	err = d.db.QueryRowContext(ctx, query, d.args(query, values)...).Scan(&content)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	return content, err == nil, err
}

func (d *sqliteDB) write(ctx context.Context, statement string, values map[string]any) (connector.Answer, error) {
	tx, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return connector.Answer{}, err
	}
	defer tx.Rollback() // after Commit it does nothing
	a, err := exec(ctx, tx, statement, d.args(statement, values))
	if err == nil {
		err = commit(tx)
	}
	if code(err) == sqlite3.SQLITE_CONSTRAINT {
		return connector.Answer{Code: CodeConstraint, Text: err.Error()}, nil
	}
	return a, err
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

// firstRow runs a statement to its end and gives the first row it returns.
func firstRow(ctx context.Context, tx *sql.Tx, statement string, args []any) (fields map[string]string, found bool, err error) {
	rows, err := tx.QueryContext(ctx, statement, args...)
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

// explain takes the write lock for an instant.
func (d *sqliteDB) explain(ctx context.Context, statements map[string]string) error {
	tx, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return d.failure(opWrite, err)
	}
	defer tx.Rollback()
	for name, statement := range statements {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		rows, err := tx.QueryContext(ctx, "EXPLAIN "+statement, d.args(statement, nil)...)
		if err == nil {
			err = rows.Close()
		}
		if err != nil {
			return d.failure(name, err)
		}
	}
	return nil
}

func (d *sqliteDB) close() error { return d.db.Close() }

// Package sqlc reads records from a database with a query, and writes to one with statements. SQLite is the one
// database so far. Values are always bound to :names, never put into the SQL text.
package sqlc

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/connector/internal/check"
)

// openDB opens the SQLite file dsn, in the mode "ro" or "rw"; it is never created. Nothing is read yet.
func openDB(dsn, mode string, env connector.Env) (*sql.DB, error) {
	q := url.Values{"mode": {mode}, "_pragma": {"busy_timeout(2000)"}, "_txlock": {"immediate"}}
	if mode == "ro" {
		q.Add("_pragma", "query_only(1)")
	}
	path, err := filepath.Abs(env.Path(dsn))
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
	return db, nil
}

func checkDatabase(p *check.Problems, driver, dsn string) {
	p.Need("driver", driver, "skriv sqlite")
	if driver != "" && driver != "sqlite" {
		p.Add("driver", fmt.Sprintf("%q kan ikke bruges endnu", driver), "kun sqlite; lad ellers systemet skrive filer (type: folder) eller svare over HTTP (type: http)")
	}
	if !p.Need("dsn", dsn, "stien til databasefilen") {
		return
	}
	if strings.HasPrefix(dsn, "file:") || strings.ContainsAny(dsn, "?") || strings.Contains(dsn, ":memory:") {
		p.Add("dsn", "er ikke en sti til en fil", "skriv stien alene, uden file: og uden parametre")
	}
}

// failure makes the error of a call to the database. Its text is SQLite's, which names tables and columns and no values.
func failure(op string, err error) error {
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

// columns gives the names of the columns of a query.
func columns(ctx context.Context, db *sql.DB, query string, args []any) ([]string, error) {
	rows, err := db.QueryContext(ctx, "SELECT * FROM (\n"+query+"\n) LIMIT 0", args...)
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

// trimQuery takes off a final semicolon, which a query inside another cannot have.
func trimQuery(query string) string {
	return strings.TrimRight(strings.TrimSpace(query), "; \t\r\n")
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

func checkText(s string) (string, error) {
	for i, r := range s {
		if r == 0 || r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)) {
			return strings.ToValidUTF8(s, "\uFFFD"), fmt.Errorf("byten 0x%02X på plads %d er ikke gyldig utf-8; er teksten skrevet som windows-1252?", s[i], i+1)
		}
	}
	return s, nil
}

// rawRow shows a row as it stood, for a person.
func rawRow(fields map[string]string) []byte {
	raw, _ := json.Marshal(fields) // strings cannot fail
	return raw[:min(len(raw), connector.MaxRaw)]
}

// params gives the :names that a statement uses, each once. Text in quotes and comments has none.
func params(statement string) []string {
	var names []string
	seen := map[string]bool{}
	for s := statement; s != ""; {
		name, rest := nextParam(s)
		if name != "" && !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
		s = rest
	}
	return names
}

// nextParam takes one token off the front of s, and gives its name if it is a parameter.
func nextParam(s string) (name, rest string) {
	for open, end := range map[string]string{"'": "'", `"`: `"`, "`": "`", "[": "]", "--": "\n", "/*": "*/"} {
		if after, ok := strings.CutPrefix(s, open); ok {
			_, rest, _ = strings.Cut(after, end)
			return "", rest
		}
	}
	if after, ok := strings.CutPrefix(s, ":"); ok {
		name = after[:nameLen(after)]
		return name, after[len(name):]
	}
	return "", s[1:]
}

func nameLen(s string) int {
	for i, r := range s {
		if r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return i
		}
	}
	return len(s)
}

// paramName gives the :name of a field: letters, digits and underscores, so "part.0.navn" is :part_0_navn.
func paramName(field string) string {
	name := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return '_'
	}, field)
	return strings.TrimLeft(name, "_")
}

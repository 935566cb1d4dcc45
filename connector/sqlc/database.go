// Package sqlc reads records from a database with a query, and writes to one with statements: SQLite or PostgreSQL. Values
// are always bound to :names, never put into the SQL text.
package sqlc

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/connector/internal/check"
)

// DefaultTimeout is how long a call may take where the config says nothing else.
const DefaultTimeout = time.Minute

// connection is what a source's and a sink's config say of the database.
type connection struct {
	driver, dsn, kodeord, ca, tidszone string
	timeout                            time.Duration
	readOnly                           bool
}

// engine is what differs from one kind to the next. Statements have :names, of which values has each.
type engine interface {
	// columns gives the names of a query's columns; every :name is NULL.
	columns(ctx context.Context, query string) ([]string, error)
	// rows gives each row in text, NULL left out, with what in it cannot be read, until give says that it wants no more.
	rows(ctx context.Context, query string, values map[string]any, give func(fields map[string]string, broken error) (bool, error)) error
	// first is the value of :position before all others in the query.
	first(ctx context.Context, query string) (any, error)
	// bind gives a position that was read the type to ask with.
	bind(position string) any
	// document gives the first column of the first row.
	document(ctx context.Context, query string, values map[string]any) (content []byte, found bool, err error)
	// write runs a statement in a transaction of its own. The error is an [*connector.Error] where its outcome is not known.
	write(ctx context.Context, statement string, values map[string]any) (connector.Answer, error)
	// explain finds what is wrong with statements, by name, without running them, and whether we may write.
	explain(ctx context.Context, statements map[string]string) error
	// failure makes the error of a call. Its text names tables and columns and no values.
	failure(op string, err error) error
	close() error
}

func (c connection) open(env connector.Env) (engine, error) {
	if c.driver == "postgres" {
		return openPostgres(c, env)
	}
	return openSQLite(c, env)
}

func (c connection) check(p *check.Problems) {
	p.Need("driver", c.driver, "skriv sqlite eller postgres")
	switch c.driver {
	case "postgres":
		checkPostgres(p, c)
	case "sqlite":
		checkSQLite(p, c)
	case "":
		p.Need("dsn", c.dsn, "stien til databasefilen, eller databasens adresse")
	default:
		p.Add("driver", fmt.Sprintf("%q kan ikke bruges", c.driver), "skriv sqlite eller postgres; lad ellers systemet skrive filer (type: folder) eller svare over HTTP (type: http)")
	}
}

// limited ends a call that takes too long.
func (c connection) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, c.timeout)
}

// trimQuery takes off a final semicolon, which a query inside another cannot have.
func trimQuery(query string) string {
	return strings.TrimRight(strings.TrimSpace(query), "; \t\r\n")
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

// piece is a part of a statement: text as it stands, or a :name.
type piece struct{ text, name string }

// pieces finds the :names of a statement. What is in quotes or comments has none.
func pieces(driver, statement string) []piece {
	skip := skipSQLite
	if driver == "postgres" {
		skip = skipPostgres
	}
	var found []piece
	from := 0
	for at := 0; at < len(statement); {
		if n := skip(statement, at); n > 0 {
			at += n
			continue
		}
		n := 0
		if statement[at] == ':' {
			n = nameLen(statement[at+1:])
		}
		if n == 0 {
			at++
			continue
		}
		found = append(found, piece{text: statement[from:at]}, piece{name: statement[at+1 : at+1+n]})
		at += 1 + n
		from = at
	}
	return append(found, piece{text: statement[from:]})
}

// params gives the :names that a statement uses, each once.
func params(driver, statement string) []string {
	var names []string
	for _, p := range pieces(driver, statement) {
		if p.name != "" && !slices.Contains(names, p.name) {
			names = append(names, p.name)
		}
	}
	return names
}

// quoted gives the length of what begins with open and ends with end; to the end of s where it does not end.
func quoted(s, open, end string) int {
	after, ok := strings.CutPrefix(s, open)
	if !ok {
		return 0
	}
	if i := strings.Index(after, end); i >= 0 {
		return len(open) + i + len(end)
	}
	return len(s)
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

// Package driver is the narrow contract between MOX's store and a database. Two databases fulfil it, SQLite and
// PostgreSQL; what must be the same on both is written once, above it, in package store. Both pass store/drivertest.
package driver

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"
)

// DB is a database with MOX's tables in it, at the newest migration.
type DB interface {
	// Update runs f in a transaction and returns when it is durably committed, or with f's error when it is rolled back.
	// f must have no effect outside the transaction: it may be run again when the database asks for it, and it may share
	// a commit with others. A failed commit is an error for everyone who shared it. f must do no I/O of its own.
	// A panic in f is an error. After Close the error is ErrClosed; a context that ended before f began has no effect.
	Update(ctx context.Context, f func(Tx) error) error
	// View runs f on a consistent snapshot. It waits for no writer.
	View(ctx context.Context, f func(Tx) error) error
	// Proves reports whether opening this database proved that every process that held it before is dead (a folder
	// lock), so that its leases can be ended at once instead of when they run out.
	Proves() bool
	// Scarce reports that the disk has run full: what was begun can still be finished, but nothing new should begin. It
	// becomes false by itself when there is room again.
	Scarce() bool
	// Scrub sees to it that nothing of what has been deleted or replaced is left in the database's own files, as far as that
	// is the driver's to do. done is false when somebody's reading was in the way: try again later.
	Scrub(ctx context.Context) (done bool, err error)
	Close() error
}

// Row is the one row of a query, or the query's error.
type Row interface {
	Scan(dest ...any) error
}

// FailedRow is the Row of a query that could not be made.
type FailedRow struct{ Err error }

// Scan gives the error.
func (r FailedRow) Scan(...any) error { return r.Err }

// Tx is one transaction. SQL is written once, with ? for parameters; the driver rewrites it where needed. Times are
// stored as microseconds since 1970 in UTC, see [Tid] and [Micro].
type Tx interface {
	Exec(query string, args ...any) (rows int64, err error)
	Query(query string, args ...any) (*sql.Rows, error)
	// QueryRow reads one row; its Scan gives sql.ErrNoRows when there is none.
	QueryRow(query string, args ...any) Row
	// Now is the database's time when the transaction began; it does not move within it.
	Now() time.Time
	// Lock takes the named locks until the transaction ends, so that transactions about the same objekt queue up. The
	// names are sorted first. A database with one writer need do nothing.
	Lock(names ...string) error
	// ForUpdate is the clause that lets two transactions claim from one list without waiting for each other, or "".
	ForUpdate() string
	// Schema is the database's own account of the tables, for a copy of everything.
	Schema() Schema
}

// Schema tells which tables there are. A copy is made and put back by it, so that no list of tables has to be kept.
type Schema interface {
	// Tables are MOX's tables, without those of the migrations, in no order.
	Tables() ([]Table, error)
	// Counters are the last numbers given by the tables that number their own rows.
	Counters() (map[string]int64, error)
	// SetCounter makes the next number of the table be n + 1.
	SetCounter(table string, n int64) error
	// Overriding is the clause by which INSERT takes a number instead of giving one, or "".
	Overriding() string
}

// Table is a table and the other tables that its rows refer to.
type Table struct {
	Name    string
	Parents []string
}

// Errors that a driver tells apart; everything else is passed on as the database said it.
var (
	ErrClosed = errors.New("store: closed")
	ErrFull   = errors.New("store: no space left for the database")
	ErrUnique = errors.New("store: unique constraint")
)

// Micro is t as it is stored; the zero time is 0.
func Micro(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// Tid is the stored time as a time; 0 is the zero time.
func Tid(micro int64) time.Time {
	if micro == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micro).UTC()
}

// ScanTables reads rows of a table's name and one of its parents, "" for none, sorted by name. err is the query's.
func ScanTables(rows *sql.Rows, err error) ([]Table, error) {
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // rows.Err tells what matters
	var out []Table
	for rows.Next() {
		var name, parent string
		if err := rows.Scan(&name, &parent); err != nil {
			return nil, err
		}
		if len(out) == 0 || out[len(out)-1].Name != name {
			out = append(out, Table{Name: name})
		}
		if t := &out[len(out)-1]; parent != "" && !slices.Contains(t.Parents, parent) {
			t.Parents = append(t.Parents, parent)
		}
	}
	return out, rows.Err()
}

// ScanCounters reads rows of a table's name and a number. err is the query's.
func ScanCounters(rows *sql.Rows, err error) (map[string]int64, error) {
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // rows.Err tells what matters
	out := map[string]int64{}
	for rows.Next() {
		var name string
		var n int64
		if err := rows.Scan(&name, &n); err != nil {
			return nil, err
		}
		out[name] = n
	}
	return out, rows.Err()
}

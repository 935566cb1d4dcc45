// Package driver is the narrow contract between MOX's store and a database. Two databases fulfil it, SQLite and
// PostgreSQL; what must be the same on both is written once, above it, in package store. Both pass store/drivertest.
package driver

import (
	"context"
	"database/sql"
	"errors"
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
	// Backup writes a consistent copy of the whole database to the file path while others go on working.
	// A database that has better tools of its own returns ErrNoBackup.
	Backup(ctx context.Context, path string) error
	// Scarce reports that the disk has run full: what was begun can still be finished, but nothing new should begin. It
	// becomes false by itself when there is room again.
	Scarce() bool
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
}

// Errors that a driver tells apart; everything else is passed on as the database said it.
var (
	ErrClosed   = errors.New("store: closed")
	ErrNoBackup = errors.New("store: use the database's own backup tool")
	ErrFull     = errors.New("store: no space left for the database")
	ErrUnique   = errors.New("store: unique constraint")
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

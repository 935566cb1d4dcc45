// Package postgres keeps MOX's store in PostgreSQL, for when one machine is not enough: several mox serve share it as
// equals.
package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/moxkit/mox/store/driver"
	"github.com/moxkit/mox/store/migration"
)

// maxConns is how many connections one process holds at most.
const maxConns = 24

// maxTries is how often a transaction is run when PostgreSQL asks for it to be repeated.
const maxTries = 8

// migrationLock keeps two processes from migrating at once.
const migrationLock = 0x6d6f786d

// DB is the PostgreSQL driver.
type DB struct {
	pool    *sql.DB
	queries sync.Map // text with ? → text with $1
	closed  atomic.Bool
}

// Open connects to url ("postgres://user@host/database") and brings the database to the newest schema.
func Open(ctx context.Context, url string) (*DB, error) { return OpenAt(ctx, url, migration.Newest) }

// OpenAt is Open with the schema numbered schema: to put a copy back as it was made.
func OpenAt(ctx context.Context, url string, schema int64) (*DB, error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("postgres: adressen kan ikke læses; skriv postgres://bruger@vært:port/database") // pgx's text may show the password
	}
	db := &DB{pool: stdlib.OpenDB(*cfg)}
	db.pool.SetMaxOpenConns(maxConns)
	db.pool.SetMaxIdleConns(maxConns)
	if err := db.migrate(ctx, schema); err != nil {
		return nil, errors.Join(fmt.Errorf("postgres: %s/%s: %w", cfg.Host, cfg.Database, err), db.pool.Close())
	}
	return db, nil
}

func (db *DB) migrate(ctx context.Context, schema int64) error {
	c, err := db.pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }() // back to the pool
	if _, err := c.ExecContext(ctx, "SELECT pg_advisory_lock($1)", migrationLock); err != nil {
		return err
	}
	err = migration.RunTo(ctx, db.pool, migration.Postgres(), schema)
	_, unlock := c.ExecContext(ctx, "SELECT pg_advisory_unlock($1)", migrationLock)
	return errors.Join(err, unlock)
}

// Proves is false: other processes may hold leases in the same database.
func (db *DB) Proves() bool { return false }

// Scarce is false: PostgreSQL's disk is not ours to watch.
func (db *DB) Scarce() bool { return false }

// Scrub has nothing to do: the server's files are not ours. It writes over old rows when it has vacuumed.
func (db *DB) Scrub(context.Context) (bool, error) { return true, nil }

// Update runs f at READ COMMITTED, and again when PostgreSQL reports a deadlock or a serialization failure.
func (db *DB) Update(ctx context.Context, f func(driver.Tx) error) error {
	var err error
	for try := range maxTries {
		if err = db.once(ctx, nil, f); !again(err) {
			return mapErr(err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(rand.IntN(5<<try)) * time.Millisecond):
		}
	}
	return mapErr(err)
}

// View runs f on one snapshot.
func (db *DB) View(ctx context.Context, f func(driver.Tx) error) error {
	return mapErr(db.once(ctx, &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead}, f))
}

func (db *DB) once(ctx context.Context, o *sql.TxOptions, f func(driver.Tx) error) error {
	t, err := db.pool.BeginTx(ctx, o)
	if err != nil && db.closed.Load() {
		return driver.ErrClosed
	}
	if err != nil {
		return err
	}
	defer func() { _ = t.Rollback() }() // harmless after Commit
	x := &tx{ctx: ctx, t: t, db: db}
	err = safely(f, x)
	if x.nowErr != nil { // what came after it failed because of it
		return x.nowErr
	}
	if err != nil {
		return err
	}
	return t.Commit()
}

// safely makes a panic an error, as a driver with one writer must.
func safely(f func(driver.Tx) error, t driver.Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("postgres: panic in transaction: %v\n%s", p, debug.Stack())
		}
	}()
	return f(t)
}

// Close closes all connections.
func (db *DB) Close() error {
	db.closed.Store(true)
	return db.pool.Close()
}

type tx struct {
	ctx context.Context
	t   *sql.Tx
	db  *DB

	now    int64 // when it began; 0 = nobody has asked
	nowErr error
}

func (x *tx) Exec(q string, args ...any) (int64, error) {
	r, err := x.t.ExecContext(x.ctx, x.db.numbered(q), args...)
	if err != nil {
		return 0, mapErr(err)
	}
	return r.RowsAffected()
}

func (x *tx) Query(q string, args ...any) (*sql.Rows, error) {
	rows, err := x.t.QueryContext(x.ctx, x.db.numbered(q), args...)
	return rows, mapErr(err)
}

func (x *tx) QueryRow(q string, args ...any) driver.Row {
	return row{x.t.QueryRowContext(x.ctx, x.db.numbered(q), args...)}
}

// row is a row whose error the driver's callers understand: an INSERT … RETURNING fails in Scan.
type row struct{ *sql.Row }

func (r row) Scan(dest ...any) error { return mapErr(r.Row.Scan(dest...)) }

// Now asks the database the first time: a transaction that only reads seldom needs it, and each question is a journey. A failure
// fails the transaction.
func (x *tx) Now() time.Time {
	if x.now == 0 && x.nowErr == nil {
		x.nowErr = mapErr(x.t.QueryRowContext(x.ctx, "SELECT (extract(epoch FROM now()) * 1000000)::bigint").Scan(&x.now))
	}
	return driver.Tid(x.now)
}

// Lock takes all of them in one call; unnest keeps their order.
func (x *tx) Lock(names ...string) error {
	sorted := slices.Compact(slices.Sorted(slices.Values(names)))
	_, err := x.t.ExecContext(x.ctx, "SELECT pg_advisory_xact_lock(hashtextextended(n, 0)) FROM unnest($1::text[]) n", sorted)
	return mapErr(err)
}

func (x *tx) ForUpdate() string { return " FOR UPDATE SKIP LOCKED" }

// numbered rewrites ? to $1, $2 … No query of ours has a ? for anything else.
func (db *DB) numbered(q string) string {
	if n, ok := db.queries.Load(q); ok {
		return n.(string)
	}
	var b strings.Builder
	nr := 0
	for _, r := range q {
		if r == '?' {
			nr++
			b.WriteString("$" + strconv.Itoa(nr))
			continue
		}
		b.WriteRune(r)
	}
	db.queries.Store(q, b.String())
	return b.String()
}

// again reports whether PostgreSQL asks for the transaction to be run once more.
func again(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (e.Code == "40001" || e.Code == "40P01")
}

func mapErr(err error) error {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code {
	case "23505":
		return fmt.Errorf("%w: %w", driver.ErrUnique, err)
	case "53100":
		return fmt.Errorf("%w: %w", driver.ErrFull, err)
	}
	return err
}

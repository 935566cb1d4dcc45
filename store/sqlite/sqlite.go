// Package sqlite keeps MOX's store in one SQLite file: the default, with nothing to install.
//
// One goroutine writes. It takes every closure that waits, runs each in a savepoint of one transaction, and commits once
// for all of them; so many writers share one fsync, and a caller that fails takes nobody with it. Readers have a pool of
// their own and wait for no writer (WAL). synchronous=FULL: a commit survives a power cut. secure_delete: what is deleted or
// replaced is overwritten, so that no copy of it is left in the file.
package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/moxkit/mox/store/driver"
	"github.com/moxkit/mox/store/migration"
)

// maxGroup is how many closures share one commit at most. More would make the first of them wait too long.
const maxGroup = 256

// reserveSize is a file that is given up when the disk is full, so that outcomes of work already done can still be
// written down.
const reserveSize = 8 << 20

// DB is the SQLite driver.
type DB struct {
	writer    *sql.DB
	readers   *sql.DB
	write     *session      // only the writer goroutine uses it
	idle      chan *session // readers that are not in use; an empty session stands for one not yet opened
	queue     chan *job
	stop      chan struct{}
	done      chan struct{}
	once      sync.Once
	closed    atomic.Bool
	reserve   string
	reserving sync.Mutex // held while the reserve is laid or given up
	scarce    atomic.Bool
	tried     atomic.Int64 // when keepReserve was last tried, microseconds
}

type job struct {
	ctx context.Context
	f   func(driver.Tx) error
	err chan error
}

// Open opens or makes the database file path and brings it to the newest schema. The caller holds the folder's lock.
func Open(ctx context.Context, path string) (*DB, error) {
	return OpenAt(ctx, path, migration.Newest)
}

// OpenAt is Open with the schema numbered schema: to put a copy back as it was made.
func OpenAt(ctx context.Context, path string, schema int64) (*DB, error) {
	db := &DB{queue: make(chan *job, 4*maxGroup), stop: make(chan struct{}), done: make(chan struct{}),
		idle: make(chan *session, maxReaders), reserve: filepath.Join(filepath.Dir(path), "reserve")}
	if err := db.open(ctx, path, schema); err != nil {
		return nil, errors.Join(fmt.Errorf("sqlite: %s: %w", path, mapErr(err)), db.closePools())
	}
	db.keepReserve()
	go db.run()
	return db, nil
}

func (db *DB) open(ctx context.Context, path string, schema int64) (err error) {
	if db.writer, err = sql.Open("sqlite", dsn(path, "_txlock=immediate")); err != nil {
		return err
	}
	db.writer.SetMaxOpenConns(2) // one for the writer goroutine, one for migrations
	if err = migration.RunTo(ctx, db.writer, migration.SQLite(), schema); err != nil {
		return err
	}
	if db.write, err = newSession(ctx, db.writer); err != nil {
		return err
	}
	if db.readers, err = sql.Open("sqlite", dsn(path, "mode=ro", "_txlock=deferred")); err != nil {
		return err
	}
	db.readers.SetMaxOpenConns(maxReaders)
	for range maxReaders {
		db.idle <- &session{}
	}
	return nil
}

func dsn(path string, extra ...string) string {
	q := "_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_pragma=cache_size(-32000)&_pragma=temp_store(memory)&_pragma=secure_delete(1)"
	for _, e := range extra {
		q += "&" + e
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q
}

// Proves is true: whoever opens the file holds the folder's lock.
func (db *DB) Proves() bool { return true }

// scrubWait is how long Scrub holds writers up while readers are in its way.
const scrubWait = "200"

// Scrub empties the write-ahead log into the database: pages that have been overwritten stand there until then.
func (db *DB) Scrub(ctx context.Context) (bool, error) {
	c, err := db.writer.Conn(ctx)
	if err != nil {
		return false, db.whenOpen(err)
	}
	defer func() { _ = c.Close() }() // back to the pool
	if _, err := c.ExecContext(ctx, "PRAGMA busy_timeout = "+scrubWait); err != nil {
		return false, db.whenOpen(err)
	}
	var busy, log, moved int
	err = c.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &moved)
	return err == nil && busy == 0, db.whenOpen(err)
}

// Update queues f for the writer and waits for the commit.
func (db *DB) Update(ctx context.Context, f func(driver.Tx) error) error {
	j := &job{ctx: ctx, f: f, err: make(chan error, 1)}
	select {
	case db.queue <- j:
	case <-ctx.Done():
		return ctx.Err()
	case <-db.stop:
		return driver.ErrClosed
	}
	select {
	case err := <-j.err: // not ctx: once queued, the outcome must be known
		return err
	case <-db.done:
		select {
		case err := <-j.err:
			return err
		default:
			return driver.ErrClosed
		}
	}
}

func (db *DB) run() {
	defer close(db.done)
	for {
		select {
		case j := <-db.queue:
			db.commitGroup(db.collect(j))
		case <-db.stop:
			return
		}
	}
}

func (db *DB) collect(first *job) []*job {
	group := []*job{first}
	runtime.Gosched() // those whom the last commit woke may have more, and can share this one
	for len(group) < maxGroup {
		select {
		case j := <-db.queue:
			group = append(group, j)
		default:
			return group
		}
	}
	return group
}

// commitGroup runs the closures and commits once. Each waiter hears its own error, or the commit's.
func (db *DB) commitGroup(group []*job) {
	errs := make([]error, len(group))
	all := func(now time.Time) error {
		for i, j := range group {
			if errs[i] = db.inSavepoint(j, now); errors.Is(errs[i], driver.ErrFull) || errors.Is(errs[i], errLost) {
				return errs[i] // SQLite may have rolled back everything
			}
		}
		return nil
	}
	err := db.inTx(all)
	if errors.Is(err, driver.ErrFull) && db.giveReserve() {
		err = db.inTx(all)
	}
	for i, j := range group {
		j.err <- cmp.Or(errs[i], err)
	}
}

// errLost tells that SQLite has ended the whole transaction by itself, as it may after an I/O error.
var errLost = errors.New("sqlite: the transaction was rolled back")

func (db *DB) inTx(f func(now time.Time) error) error {
	bg := context.Background()
	if err := db.write.exec(bg, "BEGIN IMMEDIATE"); err != nil {
		return mapErr(err)
	}
	if err := f(time.Now().UTC().Truncate(time.Microsecond)); err != nil {
		return errors.Join(err, db.write.exec(bg, "ROLLBACK"))
	}
	if err := db.write.exec(bg, "COMMIT"); err != nil {
		_ = db.write.exec(bg, "ROLLBACK") // SQLite may have rolled back itself; then this fails, and that is well
		return mapErr(err)
	}
	return nil
}

// inSavepoint runs one closure so that it can be rolled back alone.
func (db *DB) inSavepoint(j *job, now time.Time) error {
	if err := j.ctx.Err(); err != nil {
		return err
	}
	bg := context.Background()
	if err := db.write.exec(bg, "SAVEPOINT s"); err != nil {
		return mapErr(err)
	}
	own := safely(j.f, &tx{ctx: bg, now: now, prepare: db.write.prepared})
	if own != nil {
		if err := db.write.exec(bg, "ROLLBACK TO s"); err != nil {
			return errors.Join(own, errLost, mapErr(err))
		}
	}
	if err := db.write.exec(bg, "RELEASE s"); err != nil {
		return errors.Join(own, errLost, mapErr(err))
	}
	return own
}

// safely makes a panic an error: a defect in one closure must not stop the only writer.
func safely(f func(driver.Tx) error, t driver.Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("sqlite: panic in transaction: %v\n%s", p, debug.Stack())
		}
	}()
	return f(t)
}

// View runs f on a snapshot in one of the readers.
func (db *DB) View(ctx context.Context, f func(driver.Tx) error) error {
	s, err := db.take(ctx)
	if err != nil {
		return db.whenOpen(err)
	}
	defer db.give(s)
	if err := s.exec(ctx, "BEGIN"); err != nil {
		return db.whenOpen(err)
	}
	return f(&tx{ctx: ctx, now: time.Now().UTC().Truncate(time.Microsecond), prepare: s.prepared})
}

// whenOpen is err, unless the reason is that the database is closed.
func (db *DB) whenOpen(err error) error {
	if err != nil && db.closed.Load() {
		return driver.ErrClosed
	}
	return mapErr(err)
}

// Close waits for the group in progress, and refuses those that still wait.
func (db *DB) Close() error {
	var err error
	db.once.Do(func() {
		db.closed.Store(true)
		close(db.stop)
		<-db.done
		for range maxReaders { // waits for those in use
			if s := <-db.idle; s.conn != nil {
				err = errors.Join(err, s.close())
			}
		}
		err = errors.Join(err, db.write.close(), db.closePools())
	})
	return err
}

func (db *DB) closePools() error {
	var err error
	for _, p := range []*sql.DB{db.readers, db.writer} {
		if p != nil {
			err = errors.Join(err, p.Close())
		}
	}
	return err
}

// keepReserve lays a file of reserveSize bytes beside the database where there is room for it.
func (db *DB) keepReserve() {
	db.reserving.Lock()
	defer db.reserving.Unlock()
	db.tried.Store(time.Now().UnixMicro())
	st, err := os.Stat(db.reserve)
	if err != nil || st.Size() != reserveSize {
		err = os.WriteFile(db.reserve, make([]byte, reserveSize), 0o600)
	}
	if err != nil {
		_ = os.Remove(db.reserve) // half a reserve is in the way
	}
	db.scarce.Store(err != nil)
}

// giveReserve frees the reserve's space, and tells whether there was any.
func (db *DB) giveReserve() bool {
	db.reserving.Lock()
	defer db.reserving.Unlock()
	db.scarce.Store(true)
	return os.Remove(db.reserve) == nil
}

// retryReserve is how long to wait between attempts to lay the reserve again.
const retryReserve = 5 * time.Second

// Scarce reports whether the reserve has been given up and cannot be laid again.
func (db *DB) Scarce() bool {
	tried := db.tried.Load()
	if db.scarce.Load() && time.Since(time.UnixMicro(tried)) > retryReserve && db.tried.CompareAndSwap(tried, time.Now().UnixMicro()) {
		db.keepReserve()
	}
	return db.scarce.Load()
}

func mapErr(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() & 0xff {
	case lib.SQLITE_FULL:
		return fmt.Errorf("%w: %w", driver.ErrFull, err)
	case lib.SQLITE_CONSTRAINT:
		if e.Code() == lib.SQLITE_CONSTRAINT_UNIQUE || e.Code() == lib.SQLITE_CONSTRAINT_PRIMARYKEY {
			return fmt.Errorf("%w: %w", driver.ErrUnique, err)
		}
	}
	return err
}

// Package store is MOX's memory: rows in SQL, the same on SQLite and PostgreSQL. It keeps rows and finds them; what may
// happen to them is decided in package mox (pure) and distributor (transactions).
package store

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store/driver"
	"github.com/moxkit/mox/store/migration"
	"github.com/moxkit/mox/store/postgres"
	"github.com/moxkit/mox/store/sqlite"
)

// Store is an open database with this installation's key.
type Store struct {
	db     driver.DB
	uuid   string
	noegle []byte
}

// Open opens the database: url is "postgres://…", or the path of a SQLite file, whose folder the caller holds the lock of.
func Open(ctx context.Context, url string) (*Store, error) {
	db, err := openAt(ctx, url, migration.Newest)
	if err != nil {
		return nil, err
	}
	return New(ctx, db)
}

func openAt(ctx context.Context, url string, skema int64) (driver.DB, error) {
	if PaaPostgres(url) {
		return postgres.OpenAt(ctx, url, skema)
	}
	return sqlite.OpenAt(ctx, url, skema)
}

// PaaPostgres reports whether url is the address of a PostgreSQL database, and not a file.
func PaaPostgres(url string) bool {
	return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://")
}

// New takes over an open driver, and closes it if that fails.
func New(ctx context.Context, db driver.DB) (*Store, error) {
	s := &Store{db: db}
	if err := db.Update(ctx, s.installation); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// installation reads, or at the very first start makes, the installation's own key.
func (s *Store) installation(tx driver.Tx) error {
	noegle := make([]byte, 32)
	_, _ = rand.Read(noegle) // documented never to fail
	_, err := tx.Exec(`INSERT INTO installation (id, uuid, noegle, oprettet) VALUES (1, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
		mox.NyUUID(), noegle, driver.Micro(tx.Now()))
	if err != nil {
		return err
	}
	return tx.QueryRow(`SELECT uuid, noegle FROM installation WHERE id = 1`).Scan(&s.uuid, &s.noegle)
}

// Close ends all work with the database.
func (s *Store) Close() error { return s.db.Close() }

// Update runs f in a transaction; see [driver.DB].
func (s *Store) Update(ctx context.Context, f func(*Tx) error) error {
	return coded(s.db.Update(ctx, func(tx driver.Tx) error { return f(&Tx{Tx: tx, s: s}) }))
}

// View runs f on a snapshot; see [driver.DB].
func (s *Store) View(ctx context.Context, f func(*Tx) error) error {
	return coded(s.db.View(ctx, func(tx driver.Tx) error { return f(&Tx{Tx: tx, s: s}) }))
}

// Proves is the driver's; see [driver.DB].
func (s *Store) Proves() bool { return s.db.Proves() }

// Scarce reports that the disk is full; see [driver.DB].
func (s *Store) Scarce() bool { return s.db.Scarce() }

// Scrub is the driver's; see [driver.DB].
func (s *Store) Scrub(ctx context.Context) (done bool, err error) {
	done, err = s.db.Scrub(ctx)
	return done, coded(err)
}

// InstallationID is the installation's UUID.
func (s *Store) InstallationID() string { return s.uuid }

// Digest is a keyed digest: it recognises the same bytes, and tells nothing about them to one without the key.
func (s *Store) Digest(b []byte) []byte {
	m := hmac.New(sha256.New, s.noegle)
	m.Write(b)
	return m.Sum(nil)
}

// Pseudonym is what a CPR number or other identifier of a person is indexed and logged as, however it is spelt; see
// [mox.Pseudonym].
func (s *Store) Pseudonym(id string) string {
	n := s.Noegle(id)
	return hex.EncodeToString(n[:])
}

// ObjektID derives the identity of a foreign system's record under the installation's key.
func (s *Store) ObjektID(system string, t mox.ObjektType, noegle string) mox.ObjektID {
	return mox.ObjektID(mox.AfledUUID(s.noegle, "objekt", system, string(t), noegle))
}

// BeskedID derives the id of an agent's besked from agent, source, objekt and that objekt's running number.
func (s *Store) BeskedID(agent, kilde string, id mox.ObjektID, loebenr int64) mox.BeskedID {
	return mox.BeskedID(mox.AfledUUID(s.noegle, "besked", agent, kilde, string(id), fmt.Sprint(loebenr)))
}

// Afled derives any other id that must be the same when the same thing is done again.
func (s *Store) Afled(dele ...string) string { return mox.AfledUUID(s.noegle, dele...) }

// coded gives the database's own errors a code that the outside understands.
func coded(err error) error {
	switch {
	case err == nil || errors.As(err, new(*mox.Error)):
		return err
	case errors.Is(err, driver.ErrFull):
		return &mox.Error{Kode: mox.KodeDiskFuld, Op: "store", Tekst: "databasen kan ikke skrives: disken er fuld", Raad: "gør plads på disken; MOX fortsætter selv", Err: err}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, driver.ErrClosed):
		return err
	}
	return &mox.Error{Kode: mox.KodeUtilgaengelig, Op: "store", Tekst: "databasen svarer ikke som ventet", Raad: "prøv igen; se loggen, hvis det bliver ved", Err: err}
}

// Tx is a transaction with the rows' methods.
type Tx struct {
	driver.Tx
	s *Store
}

// Store is the transaction's store.
func (tx *Tx) Store() *Store { return tx.s }

// none reports whether a Scan found no row, which is no error here.
func none(err error) bool { return errors.Is(err, sql.ErrNoRows) }

// all reads every row of a query.
func all[R any](tx *Tx, scan func(func(...any) error) (R, error), query string, args ...any) ([]R, error) {
	rows, err := tx.Query(query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // rows.Err tells what matters
	var ud []R
	for rows.Next() {
		r, err := scan(rows.Scan)
		if err != nil {
			return nil, err
		}
		ud = append(ud, r)
	}
	return ud, rows.Err()
}

// one reads at most one row; ok is false when there is none.
func one[R any](tx *Tx, scan func(func(...any) error) (R, error), query string, args ...any) (r R, ok bool, err error) {
	r, err = scan(tx.QueryRow(query, args...).Scan)
	if none(err) {
		return r, false, nil
	}
	return r, err == nil, err
}

// tal scans a single number.
func tal(scan func(...any) error) (int64, error) {
	var n int64
	err := scan(&n)
	return n, err
}

// ord scans a single text.
func ord(scan func(...any) error) (string, error) {
	var s string
	err := scan(&s)
	return s, err
}

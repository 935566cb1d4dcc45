package forsendelse

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"

	_ "modernc.org/sqlite" // the database driver "sqlite"
)

// schema is the whole database. forsendelseslog is append-only and deliberately without unique keys: what happened
// twice stands there twice.
const schema = `
CREATE TABLE IF NOT EXISTS brev (
	lbnr INTEGER PRIMARY KEY,
	reference TEXT NOT NULL, sagsnummer TEXT NOT NULL, revision INTEGER NOT NULL, journalnummer TEXT NOT NULL,
	modtager_cpr TEXT NOT NULL, emne TEXT NOT NULL, tekst TEXT NOT NULL, afsendt TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS brev_reference ON brev (reference);
CREATE TABLE IF NOT EXISTS rekommanderet (
	lbnr INTEGER PRIMARY KEY,
	modtager_cpr TEXT NOT NULL, emne TEXT NOT NULL, dokumentnummer TEXT NOT NULL, revision INTEGER NOT NULL,
	journalnummer TEXT NOT NULL, afsendt TEXT NOT NULL, indhold BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS forsendelseslog (
	id INTEGER PRIMARY KEY, operation TEXT NOT NULL, reference TEXT NOT NULL, nr TEXT NOT NULL, revision INTEGER NOT NULL,
	modtager TEXT NOT NULL, sha256 TEXT NOT NULL, svar TEXT NOT NULL, tid TEXT NOT NULL
);`

// openDB opens or makes the database at path. One connection serves everything: the system has one writer, and its
// own answers must see what it just wrote.
func openDB(path string) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	dsn := url.URL{Scheme: "file", Path: filepath.ToSlash(abs), RawQuery: "_txlock=immediate" +
		"&_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)"}
	db, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(schema); err != nil {
		db.Close()
		return nil, fmt.Errorf("forsendelse: åbner %s: %w", path, err)
	}
	return db, nil
}

// inTx runs fn in one transaction and commits it when fn returns nil.
func (s *System) inTx(ctx context.Context, fn func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // no effect after Commit
	if err := fn(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// post is one line of the log.
type post struct {
	brevnoegle
	reference string // "" for registered letters
	modtager  string
	sha256    string // of the text or the content
	svar      string // the number the letter was sent under
	tid       string
}

// log enters p in the log. It belongs in the transaction of what it tells about.
func (p post) log(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO forsendelseslog (operation, reference, nr, revision, modtager, sha256, svar, tid)
		VALUES (?,?,?,?,?,?,?,?)`, p.operation, p.reference, p.nr, p.revision, p.modtager, p.sha256, p.svar, p.tid)
	return err
}

package byggesag

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"

	_ "modernc.org/sqlite" // the database driver "sqlite"
)

// schema is the whole database. eksportlog and svarlog are append-only and deliberately without unique keys: what
// happened twice stands there twice.
const schema = `
CREATE TABLE IF NOT EXISTS sag (
	lbnr INTEGER PRIMARY KEY,
	nr TEXT NOT NULL, version INTEGER NOT NULL,
	titel TEXT NOT NULL, beskrivelse TEXT NOT NULL, kle TEXT NOT NULL,
	adresse TEXT NOT NULL, matrikel TEXT NOT NULL,
	ansoeger_cpr TEXT NOT NULL, ansoeger_navn TEXT NOT NULL,
	status TEXT NOT NULL, modtaget TEXT NOT NULL, sagsbehandler TEXT NOT NULL, aendret TEXT NOT NULL,
	eksporteret INTEGER NOT NULL DEFAULT 0,
	journalnr TEXT, afsendt TEXT, brevid TEXT,
	UNIQUE (nr, version)
);
CREATE INDEX IF NOT EXISTS sag_ny ON sag (lbnr) WHERE eksporteret = 0;
CREATE TABLE IF NOT EXISTS dokument (
	lbnr INTEGER PRIMARY KEY,
	nr TEXT NOT NULL, version INTEGER NOT NULL,
	sagsnr TEXT NOT NULL, titel TEXT NOT NULL, type TEXT NOT NULL, retning TEXT NOT NULL, brevdato TEXT NOT NULL,
	endelse TEXT NOT NULL, indhold BLOB NOT NULL, modtager_cpr TEXT NOT NULL, modtager_navn TEXT NOT NULL,
	eksporteret INTEGER NOT NULL DEFAULT 0,
	journalnr TEXT, afsendt TEXT, brevid TEXT,
	UNIQUE (nr, version)
);
CREATE INDEX IF NOT EXISTS dokument_ny ON dokument (lbnr) WHERE eksporteret = 0;
CREATE TABLE IF NOT EXISTS taeller (navn TEXT PRIMARY KEY, vaerdi INTEGER NOT NULL);
INSERT OR IGNORE INTO taeller (navn, vaerdi) VALUES ('eksport', 0);
CREATE TABLE IF NOT EXISTS eksportlog (
	id INTEGER PRIMARY KEY, art TEXT NOT NULL, nr TEXT NOT NULL, version INTEGER NOT NULL, fil TEXT NOT NULL, tid TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS eksportlog_nr ON eksportlog (art, nr, version);
CREATE TABLE IF NOT EXISTS svarlog (
	id INTEGER PRIMARY KEY, operation TEXT NOT NULL, nr TEXT NOT NULL, version INTEGER NOT NULL, vaerdi TEXT NOT NULL, modtaget TEXT NOT NULL
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
		return nil, fmt.Errorf("byggesag: åbner %s: %w", path, err)
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

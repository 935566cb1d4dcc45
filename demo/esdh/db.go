package esdh

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"

	_ "modernc.org/sqlite" // the database driver "sqlite"
)

// schema is the whole database. journallog is append-only and deliberately without unique keys: what happened twice
// stands there twice.
const schema = `
CREATE TABLE IF NOT EXISTS cases (
	id INTEGER PRIMARY KEY,
	number TEXT NOT NULL UNIQUE,
	our_reference TEXT NOT NULL, revision INTEGER NOT NULL,
	title TEXT NOT NULL, description TEXT NOT NULL, kle TEXT NOT NULL,
	applicant_cpr TEXT NOT NULL, case_worker TEXT NOT NULL, status TEXT NOT NULL,
	opened_at TEXT NOT NULL,
	closed_by TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS cases_reference ON cases (our_reference);
CREATE TABLE IF NOT EXISTS case_counter (year INTEGER PRIMARY KEY, latest INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS documents (
	id INTEGER PRIMARY KEY,
	case_id INTEGER NOT NULL REFERENCES cases (id),
	number TEXT NOT NULL UNIQUE
);
CREATE INDEX IF NOT EXISTS documents_case ON documents (case_id);
CREATE TABLE IF NOT EXISTS document_revisions (
	id INTEGER PRIMARY KEY,
	document_id INTEGER NOT NULL REFERENCES documents (id),
	our_reference TEXT NOT NULL, revision INTEGER NOT NULL,
	title TEXT NOT NULL, type TEXT NOT NULL, direction TEXT NOT NULL, letter_date TEXT NOT NULL,
	file_name TEXT NOT NULL, content_type TEXT NOT NULL, recipient_cpr TEXT NOT NULL,
	sha256 TEXT NOT NULL, registered_at TEXT NOT NULL,
	content BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS document_revisions_document ON document_revisions (document_id);
CREATE INDEX IF NOT EXISTS document_revisions_reference ON document_revisions (our_reference, revision);
CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, body_sha256 TEXT NOT NULL, answer BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS journallog (
	id INTEGER PRIMARY KEY, operation TEXT NOT NULL, our_reference TEXT NOT NULL, revision INTEGER NOT NULL,
	case_number TEXT NOT NULL, detail TEXT NOT NULL, at TEXT NOT NULL
);`

// openDB opens or makes the database at path. One connection serves everything, so calls are handled one at a time
// and see what those before them wrote.
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
		return nil, fmt.Errorf("esdh: opening %s: %w", path, err)
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

// Operations in the log.
const (
	opCaseOpen       = "case.open"
	opCaseRevise     = "case.revise"
	opDocumentFile   = "document.file"
	opDocumentRevise = "document.revise"
)

// entry is one line of the log. Its detail is the status of a case, or the number and SHA-256 of a document.
type entry struct {
	operation    string
	ourReference string
	revision     int
	caseNumber   string
	detail       string
}

// record enters e in the log. It belongs in the transaction of what it tells about.
func (s *System) record(ctx context.Context, tx *sql.Tx, e entry) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO journallog (operation, our_reference, revision, case_number, detail, at)
		VALUES (?,?,?,?,?,?)`, e.operation, e.ourReference, e.revision, e.caseNumber, e.detail,
		s.localNow().Format("02.01.2006 15:04:05"))
	return err
}

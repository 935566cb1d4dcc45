package styring

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the database driver "sqlite"
)

// Database opens or makes a system's own database. One connection serves everything: a system has one writer, and its own
// answers see what it just wrote.
func Database(fil, skema string) (*sql.DB, error) {
	abs, err := filepath.Abs(fil)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(abs), 0o755); err != nil {
		return nil, err
	}
	dsn := url.URL{Scheme: "file", Path: filepath.ToSlash(abs), RawQuery: "_txlock=immediate" +
		"&_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)"}
	db, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(skema); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", fil, err), db.Close())
	}
	return db, nil
}

// Package storetest gives tests databases that have the newest schema already. Making the schema takes longer than most tests
// do, and with the race detector several times as long.
package storetest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/moxkit/mox/internal/testenv"
	"github.com/moxkit/mox/store/migration"
	"github.com/moxkit/mox/store/postgres"
	"github.com/moxkit/mox/store/sqlite"
)

// SQLite returns the path of a database of its own, without rows.
func SQLite(t testing.TB) string {
	t.Helper()
	return SQLiteIn(t, t.TempDir())
}

// SQLiteIn is [SQLite] in a folder of MOX's own, where the database is called mox.db.
func SQLiteIn(t testing.TB, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "mox.db")
	b, err := sqliteFile()
	if err == nil {
		err = os.WriteFile(path, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

//arch:fixed made at the first call and never changed; OnceValues is for any number of goroutines
var sqliteFile = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "mox-storetest-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "mox.db")
	db, err := sqlite.Open(context.Background(), path)
	if err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// Postgres returns the URL of a database of its own, without rows, which is dropped when the test ends.
func Postgres(t testing.TB) string {
	t.Helper()
	name, err := postgresName()
	if err != nil {
		t.Fatal(err)
	}
	return testenv.PostgresLike(t, name, func(url string) error {
		db, err := postgres.Open(context.Background(), url)
		if err != nil {
			return err
		}
		return db.Close()
	})
}

// postgresName tells schemas apart: two checkouts may use one server.
//
//arch:fixed as sqliteFile
var postgresName = sync.OnceValues(func() (string, error) {
	schema, err := migration.Text(migration.Postgres(), migration.Newest)
	h := sha256.Sum256([]byte(schema))
	return "mox_test_schema_" + hex.EncodeToString(h[:8]), err
})

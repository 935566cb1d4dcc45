package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox/internal/testenv"
	"github.com/moxkit/mox/store/driver"
	"github.com/moxkit/mox/store/drivertest"
)

func TestDriver(t *testing.T) {
	t.Parallel()
	drivertest.Run(t, func(t *testing.T) drivertest.Place {
		path := filepath.Join(t.TempDir(), "sager & breve #1?.db")
		return drivertest.Place{
			Open:      func(t *testing.T) driver.DB { return open(t, path) },
			OneWriter: true,
			Proves:    true,
			Small:     small,
		}
	})
}

func open(t *testing.T, path string) *DB {
	t.Helper()
	db, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// small is a database on a small disk.
func small(t *testing.T) (_ driver.DB, fill, free func()) {
	t.Helper()
	disk := testenv.NewDisk(t)
	db := open(t, filepath.Join(disk.Dir, "mox.db"))
	return db, disk.Fill, func() {
		disk.Free()
		db.tried.Store(0) // as if retryReserve had passed
	}
}

// queued waits until n closures wait for the writer.
func queued(t *testing.T, db *DB, n int) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for len(db.queue) != n {
		if time.Now().After(deadline) {
			t.Fatalf("%d closures wait, want %d", len(db.queue), n)
		}
		runtime.Gosched()
	}
}

// hold keeps the writer busy until the returned function is called, which waits for it to be free again.
func hold(t *testing.T, db *DB) (letGo func()) {
	t.Helper()
	held, ud, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- db.Update(context.Background(), func(driver.Tx) error {
			close(held)
			<-ud
			return nil
		})
	}()
	<-held
	return func() {
		close(ud)
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// exec is an Update of one statement.
func exec(db *DB, q string, args ...any) error {
	return db.Update(context.Background(), func(tx driver.Tx) error {
		_, err := tx.Exec(q, args...)
		return err
	})
}

func TestOneCommitServesAllWhoWait(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "mox.db"))
	defer func() { _ = db.Close() }()
	letGo := hold(t, db)
	const n = 32
	times := make(chan time.Time, n)
	errs := make(chan error, n)
	for range n {
		go func() {
			errs <- db.Update(context.Background(), func(tx driver.Tx) error {
				times <- tx.Now()
				return nil
			})
		}()
	}
	queued(t, db, n)
	letGo()
	first := <-times
	for range n - 1 {
		if at := <-times; !at.Equal(first) { // Now is the transaction's, so one time is one transaction
			t.Errorf("a closure ran in a transaction of its own, %v after the first", at.Sub(first))
		}
	}
	for range n {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

func TestFailedCommitFailsAllWhoSharedIt(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "mox.db"))
	defer func() { _ = db.Close() }()
	if err := exec(db, `CREATE TABLE barn (nr BIGINT REFERENCES besked (nr) DEFERRABLE INITIALLY DEFERRED)`); err != nil {
		t.Fatal(err)
	}
	letGo := hold(t, db)
	const n = 10
	errs := make(chan error, n)
	for i := range n {
		go func() {
			if i == 5 {
				errs <- exec(db, `INSERT INTO barn (nr) VALUES (99)`)
				return
			}
			errs <- exec(db, `INSERT INTO inkarnation (id, startet, sidst) VALUES (?, 0, 0)`, fmt.Sprint(i))
		}()
	}
	queued(t, db, n)
	letGo()
	for range n {
		if err := <-errs; err == nil {
			t.Error("a closure heard that its rows were committed when the commit had failed")
		}
	}
	if err := exec(db, `INSERT INTO inkarnation (id, startet, sidst) VALUES ('efter', 0, 0)`); err != nil {
		t.Errorf("the writer does not go on after a failed commit: %v", err)
	}
	err := db.View(t.Context(), func(tx driver.Tx) error {
		var kept int
		err := tx.QueryRow(`SELECT COUNT(*) FROM inkarnation`).Scan(&kept)
		if kept != 1 {
			t.Errorf("%d rows are kept, want the 1 written afterwards", kept)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A limit on the number of pages is a full disk that no reserve can help.
func TestFullDatabaseIsErrFull(t *testing.T) {
	t.Parallel()
	const q = `INSERT INTO konfiguration (sha256, indhold, oprettet) VALUES ('a', ?, 0)`
	text := string(make([]byte, 1<<20))
	t.Run("InExec", func(t *testing.T) {
		t.Parallel()
		fullDatabase(t, func(tx driver.Tx) error {
			_, err := tx.Exec(q, text)
			return err
		})
	})
	t.Run("InQueryRow", func(t *testing.T) {
		t.Parallel()
		fullDatabase(t, func(tx driver.Tx) error {
			var version int
			return tx.QueryRow(q+` RETURNING version`, text).Scan(&version)
		})
	})
}

func fullDatabase(t *testing.T, write func(driver.Tx) error) {
	db := open(t, filepath.Join(t.TempDir(), "mox.db"))
	defer func() { _ = db.Close() }()
	var pages int
	if err := db.write.conn.QueryRowContext(t.Context(), `PRAGMA page_count`).Scan(&pages); err != nil {
		t.Fatal(err)
	}
	limit := func(n int) {
		t.Helper()
		if _, err := db.write.conn.ExecContext(t.Context(), fmt.Sprintf(`PRAGMA max_page_count = %d`, n)); err != nil {
			t.Fatal(err)
		}
	}
	limit(pages + 1)
	letGo := hold(t, db)
	large, tiny := make(chan error, 1), make(chan error, 1)
	go func() { large <- db.Update(context.Background(), write) }()
	queued(t, db, 1)
	go func() { tiny <- exec(db, `INSERT INTO inkarnation (id, startet, sidst) VALUES ('b', 0, 0)`) }()
	queued(t, db, 2)
	letGo()
	if err := <-large; !errors.Is(err, driver.ErrFull) {
		t.Errorf("who fills the disk hears %v", err)
	}
	if err := <-tiny; !errors.Is(err, driver.ErrFull) {
		t.Errorf("who shares the commit hears %v", err)
	}
	if !db.Scarce() {
		t.Error("not scarce on a full disk")
	}
	limit(1 << 20)
	db.tried.Store(0)
	if db.Scarce() {
		t.Error("still scarce when there is room again")
	}
	if err := exec(db, `INSERT INTO inkarnation (id, startet, sidst) VALUES ('b', 0, 0)`); err != nil {
		t.Errorf("the writer does not go on after a full disk: %v", err)
	}
}

// TestWhatIsDeletedIsInNoFileAfterScrub: neither as a row's old bytes in a page, nor as an old page in the write-ahead log; and
// Scrub says so when a reader keeps the log from being emptied.
func TestWhatIsDeletedIsInNoFileAfterScrub(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "mox.db")
	db := open(t, path)
	defer func() { _ = db.Close() }()
	const word = "Snedkersvend Hasselbladgren"
	left := func() bool {
		t.Helper()
		found := false
		for _, f := range []string{path, path + "-wal"} {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			found = found || bytes.Contains(b, []byte(word))
		}
		return found
	}
	for _, q := range []string{`INSERT INTO konfiguration (sha256, indhold, oprettet) VALUES ('a', '` + word + `', 0)`,
		`INSERT INTO konfiguration (sha256, indhold, oprettet) VALUES ('b', '` + strings.Repeat(word, 3000) + `', 0)`} {
		if err := exec(db, q); err != nil {
			t.Fatal(err)
		}
	}
	if done, err := db.Scrub(t.Context()); !done || err != nil || !left() {
		t.Fatalf("what is there: done %v, error %v, found %v", done, err, left())
	}
	err := db.View(t.Context(), func(tx driver.Tx) error {
		var n int
		if err := tx.QueryRow(`SELECT COUNT(*) FROM konfiguration`).Scan(&n); err != nil {
			return err
		}
		if err := exec(db, `DELETE FROM konfiguration`); err != nil {
			return err
		}
		if done, err := db.Scrub(t.Context()); done || err != nil {
			t.Errorf("with a reader in its way: done %v, error %v", done, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if done, err := db.Scrub(t.Context()); !done || err != nil {
		t.Errorf("done %v, error %v", done, err)
	}
	if left() {
		t.Error("it is still in a file")
	}
}

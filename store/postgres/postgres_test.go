package postgres

import (
	"errors"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/moxkit/mox/internal/testenv"
	"github.com/moxkit/mox/store/driver"
	"github.com/moxkit/mox/store/drivertest"
)

func TestDriver(t *testing.T) {
	t.Parallel()
	drivertest.Run(t, func(t *testing.T) drivertest.Place {
		url := testenv.Postgres(t)
		return drivertest.Place{Open: func(t *testing.T) driver.DB { return open(t, url) }}
	})
}

func open(t *testing.T, url string) *DB {
	t.Helper()
	db, err := Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func TestProcessesThatStartAtOnceMigrateOnce(t *testing.T) {
	t.Parallel()
	url := testenv.Postgres(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			db, err := Open(t.Context(), url)
			if err != nil {
				t.Error(err)
				return
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// A connection that the server has ended costs those who had it an error, and nobody after them; what they had begun is undone.
func TestBrokenConnectionIsNotUsedAgain(t *testing.T) {
	t.Parallel()
	url := testenv.Postgres(t)
	db := open(t, url)
	t.Cleanup(func() { _ = db.Close() })
	end := func() {
		t.Helper()
		c, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close(t.Context()) }() // of no more use
		if _, err := c.Exec(t.Context(), "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"); err != nil {
			t.Fatal(err)
		}
	}
	add := func(tx driver.Tx) error {
		_, err := tx.Exec(`INSERT INTO konfiguration (sha256, indhold, oprettet) VALUES ('a', '', 0)`)
		return err
	}
	count := func(tx driver.Tx) (err error) {
		var n int
		if err = tx.QueryRow(`SELECT count(*) FROM konfiguration`).Scan(&n); err == nil && n != 0 {
			t.Errorf("%d rows were kept of a transaction that failed", n)
		}
		return err
	}
	for name, f := range map[string]func() error{
		"while nobody used it": func() error { end(); return db.View(t.Context(), count) },
		"after a statement": func() error {
			return db.Update(t.Context(), func(tx driver.Tx) error {
				err := add(tx)
				end()
				return errors.Join(err, count(tx))
			})
		},
		"before the commit": func() error {
			return db.Update(t.Context(), func(tx driver.Tx) error {
				defer end()
				return add(tx)
			})
		},
	} {
		if err := f(); err == nil && name != "while nobody used it" { // where it has rested it is asked whether it lives
			t.Errorf("ended %s: no error", name)
		}
		if err := db.View(t.Context(), count); err != nil {
			t.Errorf("ended %s: the next one failed: %v", name, err)
		}
	}
}

// A transaction that could not begin does nothing: its statements are not let through one by one.
func TestWhatCouldNotBeginDoesNothing(t *testing.T) {
	t.Parallel()
	db := open(t, testenv.Postgres(t))
	t.Cleanup(func() { _ = db.Close() })
	const insert = `INSERT INTO konfiguration (sha256, indhold, oprettet) VALUES ('a', '', 0)`
	err := db.Update(t.Context(), func(tx driver.Tx) error {
		if _, err := tx.Exec(`INSERT INTO there_is_none VALUES (1)`); err == nil {
			t.Error("a table that is not there took a row")
		}
		if _, err := tx.Exec(insert); err == nil {
			t.Error("a statement after it went well")
		}
		return nil
	})
	if err == nil {
		t.Error("the transaction went well")
	}
	if err := db.View(t.Context(), func(tx driver.Tx) error {
		_, err := tx.Exec(insert)
		if err == nil {
			t.Error("a View wrote a row")
		}
		return nil
	}); err == nil {
		t.Error("a View that wrote went well")
	}
	if err := db.View(t.Context(), func(tx driver.Tx) error {
		var n int
		err := tx.QueryRow(`SELECT count(*) FROM konfiguration`).Scan(&n)
		if n != 0 {
			t.Errorf("%d rows are there", n)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}

func TestAddressThatCannotBeReadIsNotRepeated(t *testing.T) {
	t.Parallel()
	_, err := Open(t.Context(), "postgres://mox:hemmelig@[::1:5432/mox")
	if err == nil {
		t.Fatal("opened")
	}
	if got := err.Error(); got != "postgres: adressen kan ikke læses; skriv postgres://bruger@vært:port/database" {
		t.Errorf("the error is %q; it may show the password", got)
	}
}

package postgres

import (
	"context"
	"testing"

	"github.com/moxkit/mox/internal/testenv"
	"github.com/moxkit/mox/store/driver"
)

// What a transaction waits for is the network: it begins, and has the time, with its first statement.
func TestTransactionBeginsWithItsFirstStatement(t *testing.T) {
	t.Parallel()
	j := testenv.CountJourneys(t, testenv.Postgres(t))
	db := open(t, j.URL)
	t.Cleanup(func() { _ = db.Close() })
	query := func(tx driver.Tx) error {
		rows, err := tx.Query(`SELECT sha256 FROM konfiguration WHERE version = ?`, 1)
		if err != nil {
			return err
		}
		for rows.Next() {
		}
		return rows.Close()
	}
	row := func(tx driver.Tx) error {
		var n int64
		return tx.QueryRow(`SELECT count(*) FROM konfiguration WHERE version = ?`, 1).Scan(&n)
	}
	exec := func(tx driver.Tx) error {
		_, err := tx.Exec(`UPDATE konfiguration SET oprettet = 1 WHERE version = ?`, 1)
		return err
	}
	lock := func(tx driver.Tx) error { return tx.Lock("a", "b") }
	now := func(tx driver.Tx) error { tx.Now(); return nil }
	for _, c := range []struct {
		name string
		in   func(context.Context, func(driver.Tx) error) error
		f    []func(driver.Tx) error
		want int64
	}{
		{"View of nothing", db.View, nil, 0},
		{"View of one row, then Now", db.View, []func(driver.Tx) error{row, now}, 2},
		{"View of rows, then a row", db.View, []func(driver.Tx) error{query, row}, 3},
		{"View of Now, then rows", db.View, []func(driver.Tx) error{now, query}, 3},
		{"Update of one statement, then Now", db.Update, []func(driver.Tx) error{exec, now}, 2},
		{"Update of Lock, then a statement", db.Update, []func(driver.Tx) error{lock, exec}, 3},
		{"Update of Now, then a statement", db.Update, []func(driver.Tx) error{now, exec}, 3},
	} {
		got := j.Fewest(t, func() error {
			return c.in(t.Context(), func(tx driver.Tx) error {
				for _, f := range c.f {
					if err := f(tx); err != nil {
						return err
					}
				}
				return nil
			})
		})
		if got != c.want {
			t.Errorf("%s: %d journeys, want %d", c.name, got, c.want)
		}
	}
}

package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/moxkit/mox/store/driver"
)

type tx struct {
	ctx     context.Context
	now     time.Time
	prepare func(ctx context.Context, q string) (*sql.Stmt, error)
}

func (t *tx) Exec(q string, args ...any) (int64, error) {
	s, err := t.prepare(t.ctx, q)
	if err != nil {
		return 0, mapErr(err)
	}
	r, err := s.ExecContext(t.ctx, args...)
	if err != nil {
		return 0, mapErr(err)
	}
	return r.RowsAffected()
}

func (t *tx) Query(q string, args ...any) (*sql.Rows, error) {
	s, err := t.prepare(t.ctx, q)
	if err != nil {
		return nil, mapErr(err)
	}
	rows, err := s.QueryContext(t.ctx, args...)
	return rows, mapErr(err)
}

func (t *tx) QueryRow(q string, args ...any) driver.Row {
	s, err := t.prepare(t.ctx, q)
	if err != nil {
		return driver.FailedRow{Err: mapErr(err)}
	}
	return row{s.QueryRowContext(t.ctx, args...)}
}

// row is a row whose error the driver's callers understand: an INSERT … RETURNING fails in Scan.
type row struct{ *sql.Row }

func (r row) Scan(dest ...any) error { return mapErr(r.Row.Scan(dest...)) }

func (t *tx) Now() time.Time { return t.now }

// Lock does nothing: there is one writer.
func (t *tx) Lock(...string) error { return nil }

func (t *tx) ForUpdate() string { return "" }

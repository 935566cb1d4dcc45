package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/moxkit/mox/store/driver"
)

// session is one connection with the statements it has compiled; the set of SQL texts is small and fixed. One goroutine
// uses it at a time.
type session struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

func newSession(ctx context.Context, pool *sql.DB) (*session, error) {
	c, err := pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &session{conn: c, stmts: map[string]*sql.Stmt{}}, nil
}

// prepared compiles a statement the first time.
func (s *session) prepared(ctx context.Context, q string) (*sql.Stmt, error) {
	if st, ok := s.stmts[q]; ok {
		return st, nil
	}
	st, err := s.conn.PrepareContext(ctx, q)
	if err == nil {
		s.stmts[q] = st
	}
	return st, err
}

func (s *session) exec(ctx context.Context, q string) error {
	st, err := s.prepared(ctx, q)
	if err != nil {
		return err
	}
	_, err = st.ExecContext(ctx)
	return err
}

func (s *session) close() error {
	var err error
	for _, st := range s.stmts {
		err = errors.Join(err, st.Close())
	}
	return errors.Join(err, s.conn.Close())
}

// maxReaders is how many snapshots can be read at once.
const maxReaders = 8

// take gives a reader that nobody else uses; it waits while all are in use. give hands it back. Whoever has one needs no
// other, so nobody can wait for each other.
func (db *DB) take(ctx context.Context) (*session, error) {
	select {
	case s := <-db.idle:
		if s.conn != nil {
			return s, nil
		}
		fresh, err := newSession(ctx, db.readers)
		if err != nil {
			db.idle <- s
		}
		return fresh, err
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-db.stop:
		return nil, driver.ErrClosed
	}
}

// give hands a reader back. In place of one that cannot end its transaction an empty one is handed back.
func (db *DB) give(s *session) {
	if err := s.exec(context.Background(), "ROLLBACK"); err != nil {
		_ = s.close() // it is of no use any more
		s = &session{}
	}
	db.idle <- s
}

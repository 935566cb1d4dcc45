// Package migration holds the database schema as numbered SQL files, one text for both databases.
//
// The few words in which they differ are written as {{ID}}, {{BLOB}}, {{INT}} and {{ORD}} and filled in per database. A released
// file is never changed; a new one is added, and a test opens databases of every released version.
package migration

import (
	"cmp"
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
)

//go:embed *.sql
var files embed.FS

// Dialect fills in what differs between the databases.
type Dialect struct {
	Goose goose.Dialect
	ID    string // type of a table's own increasing number
	Blob  string
	Int   string // 64-bit integer
	Ord   string // text that is compared byte by byte
}

// SQLite and Postgres are the two dialects.
func SQLite() Dialect {
	return Dialect{goose.DialectSQLite3, "INTEGER PRIMARY KEY AUTOINCREMENT", "BLOB", "INTEGER", "TEXT"}
}

// Postgres is the dialect of PostgreSQL.
func Postgres() Dialect {
	return Dialect{goose.DialectPostgres, "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "BYTEA", "BIGINT", `TEXT COLLATE "C"`}
}

// Run brings the database to the newest schema. It is harmless to repeat. A database that is newer than this program is
// refused.
func Run(ctx context.Context, db *sql.DB, d Dialect) error { return RunTo(ctx, db, d, math.MaxInt64) }

// RunTo brings the database to the schema numbered to, or the newest before it. Only tests stop before the newest.
func RunTo(ctx context.Context, db *sql.DB, d Dialect, to int64) error {
	ms, err := migrations(d)
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(d.Goose, db, nil, goose.WithGoMigrations(ms...), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("migration: %w", err)
	}
	have, err := p.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("migration: %w", err)
	}
	newest := ms[len(ms)-1].Version
	if have > newest {
		return fmt.Errorf("migration: databasen har skema %d, og dette program kender kun %d; brug den nyere udgave af mox", have, newest)
	}
	if _, err := p.UpTo(ctx, to); err != nil {
		return fmt.Errorf("migration: %w", err)
	}
	return nil
}

func migrations(d Dialect) ([]*goose.Migration, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, err
	}
	var ms []*goose.Migration
	for _, n := range names {
		nr, err := strconv.ParseInt(n[:4], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("migration: %s: %w", n, err)
		}
		text, err := files.ReadFile(n)
		if err != nil {
			return nil, err
		}
		ms = append(ms, goose.NewGoMigration(nr, &goose.GoFunc{RunTx: d.run(string(text))}, nil))
	}
	slices.SortFunc(ms, func(a, b *goose.Migration) int { return cmp.Compare(a.Version, b.Version) })
	return ms, nil
}

// run executes the statements of one file; a statement ends with ";" at the end of a line.
func (d Dialect) run(text string) func(context.Context, *sql.Tx) error {
	text = strings.NewReplacer("{{ID}}", d.ID, "{{BLOB}}", d.Blob, "{{INT}}", d.Int, "{{ORD}}", d.Ord).Replace(text)
	return func(ctx context.Context, tx *sql.Tx) error {
		for _, s := range strings.Split(text, ";\n") {
			if strings.TrimSpace(s) == "" {
				continue
			}
			if _, err := tx.ExecContext(ctx, s); err != nil {
				return fmt.Errorf("%w in %q", err, strings.TrimSpace(s))
			}
		}
		return nil
	}
}

package bench

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the database driver "pgx"
	"golang.org/x/sync/errgroup"
	_ "modernc.org/sqlite" // the database driver "sqlite"

	"github.com/moxkit/mox/store/driver"
)

// raa is a bare connection to a database like MOX's own, with the settings that MOX gives its.
type raa struct {
	*sql.DB
	postgres bool
	aabne    []*forbindelse // as many as are in use, each with the statements it has compiled
}

// sqliteAdresse has the settings of store/sqlite; a test compares them.
func sqliteAdresse(sti string) string {
	return "file:" + (&url.URL{Path: sti}).EscapedPath() + "?_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
		"&_pragma=foreign_keys(1)&_pragma=cache_size(-32000)&_pragma=temp_store(memory)"
}

func aabnRaa(adresse string, postgres bool) (*raa, error) {
	r := &raa{postgres: postgres}
	var err error
	if postgres {
		r.DB, err = sql.Open("pgx", adresse)
	} else {
		r.DB, err = sql.Open("sqlite", sqliteAdresse(adresse))
	}
	if err == nil {
		r.SetMaxOpenConns(r.forbindelser())
		r.SetMaxIdleConns(r.forbindelser())
	}
	return r, err
}

// forbindelser is how many the database has use for: SQLite has one writer.
func (r *raa) forbindelser() int {
	if r.postgres {
		return afsendere
	}
	return 1
}

// commits puts together what shared a commit, and shares it out between connections as it was between those who made it.
func (r *raa) commits(l []transaktion) [][][]saetning {
	ud := make([][][]saetning, r.forbindelser())
	var kl time.Time
	for i, t := range l {
		hos := i % len(ud)
		if t.arbejder >= 0 {
			hos = t.arbejder % len(ud)
		}
		if n := len(ud[hos]); !r.postgres && n > 0 && t.kl.Equal(kl) {
			ud[hos][n-1] = append(ud[hos][n-1], t.saet...)
			continue
		}
		kl = t.kl
		ud[hos] = append(ud[hos], slices.Clone(t.saet))
	}
	return ud
}

// skriv does the statements again, and tells how long that took. What MOX does by itself follows from what it was asked to
// do, so where several write at once, that is done first.
func (r *raa) skriv(ctx context.Context, l []transaktion) (tid time.Duration, commits int, err error) {
	if err := r.aabn(ctx); err != nil {
		return 0, 0, err
	}
	runder := [][]transaktion{l}
	if r.postgres {
		runder = [][]transaktion{nil, nil}
		for _, t := range l {
			nr := max(0, -t.arbejder)
			runder[nr] = append(runder[nr], t)
		}
	}
	for _, runde := range runder {
		dele := r.commits(runde)
		for _, d := range dele {
			commits += len(d)
		}
		start := time.Now()
		var g errgroup.Group
		for i, d := range dele {
			g.Go(func() error { return r.aabne[i].skriv(ctx, d) })
		}
		err := g.Wait()
		if tid += time.Since(start); err != nil {
			return tid, commits, err
		}
	}
	return tid, commits, nil
}

// aabn opens the connections the first time.
func (r *raa) aabn(ctx context.Context) error {
	for len(r.aabne) < r.forbindelser() {
		c, err := r.Conn(ctx)
		if err != nil {
			return err
		}
		r.aabne = append(r.aabne, &forbindelse{c: c, r: r, klar: map[string]*sql.Stmt{}})
	}
	return nil
}

// luk ends everything.
func (r *raa) luk() error {
	var err error
	for _, f := range r.aabne {
		err = errors.Join(err, f.luk())
	}
	return errors.Join(err, r.Close())
}

// forbindelse is a connection with the statements it has compiled.
type forbindelse struct {
	c    *sql.Conn
	r    *raa
	klar map[string]*sql.Stmt
}

func (f *forbindelse) luk() error {
	var err error
	for _, s := range f.klar {
		err = errors.Join(err, s.Close())
	}
	return errors.Join(err, f.c.Close())
}

// skriv makes each commit. They are begun by hand, because the statements of a connection are compiled anew in a [sql.Tx].
func (f *forbindelse) skriv(ctx context.Context, commits [][]saetning) error {
	begin := "BEGIN"
	if !f.r.postgres {
		begin = "BEGIN IMMEDIATE"
	}
	for _, saet := range commits {
		for _, s := range slices.Concat([]saetning{{sql: begin}}, saet, []saetning{{sql: "COMMIT"}}) {
			if err := f.koer(ctx, s); err != nil {
				return fmt.Errorf("%s: %w", s.sql, err)
			}
		}
	}
	return nil
}

func (f *forbindelse) koer(ctx context.Context, s saetning) error {
	st := f.klar[s.sql]
	if st == nil {
		var err error
		if st, err = f.c.PrepareContext(ctx, f.r.nummereret(s.sql)); err != nil {
			return err
		}
		f.klar[s.sql] = st
	}
	if !strings.HasPrefix(s.sql, "SELECT") {
		_, err := st.ExecContext(ctx, s.args...)
		return err
	}
	rows, err := st.QueryContext(ctx, s.args...)
	if err != nil {
		return err
	}
	return laesAlt(rows)
}

// laesAlt reads rows to their end, and closes.
func laesAlt(rows *sql.Rows) error {
	defer func() { _ = rows.Close() }() // rows.Err tells what matters
	kolonner, err := rows.Columns()
	if err != nil {
		return err
	}
	til := make([]any, len(kolonner))
	for i := range til {
		til[i] = new(sql.RawBytes)
	}
	for rows.Next() {
		if err := rows.Scan(til...); err != nil {
			return err
		}
	}
	return rows.Err()
}

// nummereret writes ? as the database wants it.
func (r *raa) nummereret(q string) string {
	if !r.postgres {
		return q
	}
	var ud strings.Builder
	nr := 0
	for _, c := range q {
		if c == '?' {
			nr++
			ud.WriteString("$" + strconv.Itoa(nr))
			continue
		}
		ud.WriteRune(c)
	}
	return ud.String()
}

// raekker makes of each INSERT that asked for its row's number the row as it is, so that no more is done again than to
// write it.
func raekker(tx driver.Tx, l []transaktion) error {
	for _, t := range l {
		for i := range t.saet {
			if t.saet[i].id == 0 {
				continue
			}
			ny, err := somRaekke(tx, &t.saet[i])
			if err != nil {
				return err
			}
			t.saet[i] = ny
		}
	}
	return nil
}

func somRaekke(tx driver.Tx, s *saetning) (ud saetning, err error) {
	tabel := strings.Fields(s.sql)[2]
	_, id, _ := strings.Cut(s.sql, "RETURNING ")
	id, _, _ = strings.Cut(id, ",")
	rows, err := tx.Query(`SELECT * FROM `+tabel+` WHERE `+id+` = ?`, s.id)
	if err != nil {
		return ud, err
	}
	defer func() { _ = rows.Close() }() // rows.Err tells what matters
	kolonner, err := rows.Columns()
	if err != nil {
		return ud, err
	}
	ud.args = make([]any, len(kolonner))
	til := make([]any, len(kolonner))
	for i := range til {
		til[i] = &ud.args[i]
	}
	if !rows.Next() {
		return ud, cmp.Or(rows.Err(), fmt.Errorf("bench: %s %d is gone", tabel, s.id))
	}
	ud.sql = `INSERT INTO ` + tabel + ` (` + strings.Join(kolonner, ", ") + `)` + tx.Schema().Overriding() + ` VALUES (?` + strings.Repeat(", ?", len(kolonner)-1) + `)`
	return ud, cmp.Or(rows.Scan(til...), rows.Err())
}

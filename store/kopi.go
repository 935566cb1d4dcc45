package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store/driver"
	"github.com/moxkit/mox/store/migration"
)

// Tabel is one table as a copy of everything holds it.
type Tabel struct {
	Navn     string
	Kolonner []string
}

// kopiRaekker is how many rows a copy is put back by at a time.
const kopiRaekker = 50

// Spring is how far ahead the tables that number their rows go on after a copy has been put back. The numbers up to there
// may have been given, and told to others, since the copy was made.
const Spring = 1_000_000

// kunHer reports whether a table tells about the processes that run now and who is logged in: then it is no part of a copy.
func kunHer(tabel string) bool {
	return slices.Contains([]string{"inkarnation", "leje", "delfejl", "brugersession", "loginforsoeg"}, tabel)
}

// Skema is the number of the database's schema.
func (tx *Tx) Skema() (int64, error) {
	return tal(tx.QueryRow(`SELECT MAX(version_id) FROM goose_db_version`).Scan)
}

// Tabeller are the tables of a copy in an order in which they can be put back: a table comes after those it refers to.
func (tx *Tx) Tabeller() ([]Tabel, error) {
	alle, err := tx.Schema().Tables()
	if err != nil {
		return nil, err
	}
	var ud []Tabel
	for _, navn := range iOrden(alle) {
		if kunHer(navn) {
			continue
		}
		t := Tabel{Navn: navn}
		rows, err := tx.Query(`SELECT * FROM "` + navn + `" LIMIT 0`)
		if err != nil {
			return nil, err
		}
		t.Kolonner, err = rows.Columns()
		if err = errors.Join(err, rows.Close()); err != nil {
			return nil, err
		}
		ud = append(ud, t)
	}
	return ud, nil
}

// iOrden sorts tables so that each comes after its parents.
func iOrden(alle []driver.Table) (ud []string) {
	foraeldre := map[string][]string{}
	for _, t := range alle {
		foraeldre[t.Name] = t.Parents
	}
	var tag func(string)
	tag = func(navn string) {
		if slices.Contains(ud, navn) {
			return
		}
		for _, f := range foraeldre[navn] {
			if f != navn {
				tag(f)
			}
		}
		ud = append(ud, navn)
	}
	for _, t := range alle {
		tag(t.Name)
	}
	return ud
}

// Raekker gives every row of a table to f: int64, float64, string, []byte, bool or nil for each column. f keeps nothing of
// the slice.
func (tx *Tx) Raekker(t Tabel, f func([]any) error) error {
	rows, err := tx.Query(`SELECT ` + citeret(t.Kolonner) + ` FROM "` + t.Navn + `"`)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // rows.Err tells what matters
	v, ind := make([]any, len(t.Kolonner)), make([]any, len(t.Kolonner))
	for i := range v {
		ind[i] = &v[i]
	}
	for rows.Next() {
		if err := rows.Scan(ind...); err != nil {
			return err
		}
		if err := f(v); err != nil {
			return err
		}
	}
	return rows.Err()
}

func citeret(navne []string) string { return `"` + strings.Join(navne, `", "`) + `"` }

// Taellere are the last numbers that the tables have given their rows.
func (tx *Tx) Taellere() (map[string]int64, error) { return tx.Schema().Counters() }

// Genskab makes the database at url with the schema that a copy was made with, lets f fill it in one transaction, and
// brings it to the newest schema. [mox.KodeKonflikt] when there is something in it already; then nothing is changed.
func Genskab(ctx context.Context, url string, skema int64, f func(*Tx) error) error {
	db, err := openAt(ctx, url, skema)
	if err != nil {
		return err
	}
	err = db.Update(ctx, func(t driver.Tx) error {
		tx := &Tx{Tx: t, s: &Store{db: db}}
		if err := tx.kraevTom(); err != nil {
			return err
		}
		return f(tx)
	})
	if err = errors.Join(coded(err), db.Close()); err != nil {
		return err
	}
	if db, err = openAt(ctx, url, migration.Newest); err != nil {
		return err
	}
	return db.Close()
}

func (tx *Tx) kraevTom() error {
	tabeller, err := tx.Tabeller()
	if err != nil {
		return err
	}
	for _, t := range tabeller {
		_, ok, err := one(tx, tal, `SELECT 1 FROM "`+t.Navn+`" LIMIT 1`)
		if err != nil {
			return err
		}
		if ok {
			return mox.E("restore", mox.KodeKonflikt, "der er allerede noget i databasen: tabellen %s har rækker", t.Navn).Med("giv en tom database")
		}
	}
	return nil
}

// Indsaetter puts rows into one table, some at a time.
type Indsaetter struct {
	tx    *Tx
	tabel Tabel
	vent  []any
	n     int
}

// Indsaet begins to put rows into a table; the columns are the table's own, and Slut ends it.
func (tx *Tx) Indsaet(t Tabel) *Indsaetter { return &Indsaetter{tx: tx, tabel: t} }

// Raekke adds a row, with a value for each column.
func (i *Indsaetter) Raekke(v []any) error {
	i.vent = append(i.vent, v...)
	if i.n++; i.n < kopiRaekker {
		return nil
	}
	return i.Slut()
}

// Slut writes the rows that still wait.
func (i *Indsaetter) Slut() error {
	if i.n == 0 {
		return nil
	}
	raekke := `(?` + strings.Repeat(`, ?`, len(i.tabel.Kolonner)-1) + `)`
	_, err := i.tx.Exec(`INSERT INTO "`+i.tabel.Navn+`" (`+citeret(i.tabel.Kolonner)+`)`+i.tx.Schema().Overriding()+` VALUES `+raekke+strings.Repeat(`, `+raekke, i.n-1), i.vent...)
	i.vent, i.n = i.vent[:0], 0
	if err != nil {
		return fmt.Errorf("%s: %w", i.tabel.Navn, err)
	}
	return nil
}

// SaetTaellere lets the tables that number their rows go on [Spring] after the numbers a copy was made at.
func (tx *Tx) SaetTaellere(sidste map[string]int64) error {
	for tabel, n := range sidste {
		if err := tx.Schema().SetCounter(tabel, n+Spring); err != nil {
			return err
		}
	}
	return nil
}

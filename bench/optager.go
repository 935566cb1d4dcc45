package bench

import (
	"cmp"
	"context"
	"database/sql"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/moxkit/mox/store/driver"
)

// saetning is a statement that was run.
type saetning struct {
	sql  string
	args []any
	id   int64 // the number that the database gave the row; 0 = none that was asked for
}

// transaktion is the statements of one transaction that change rows, and of those that read the ones that count.
type transaktion struct {
	arbejder int       // who made it; -1 = unknown
	kl       time.Time // what has one time shared a commit, where the database commits for several at once
	gemt     time.Time // when it had been committed, by this machine's clock
	foer     int       // its place among all
	saet     []saetning
}

// optager is a driver that remembers what goes through it.
type optager struct {
	driver.DB

	mu         sync.Mutex
	laesninger func(sql string) bool // which of the statements that only read belong to the work; nil = none
	nr         int
	optagt     []transaktion
	talt       map[string]int
	nyt        chan struct{} // closed when more has been counted
}

func nyOptager(db driver.DB) *optager {
	return &optager{DB: db, talt: map[string]int{}, nyt: make(chan struct{})}
}

// arbejdernoegle is where a context has the number of who works.
type arbejdernoegle struct{}

func somArbejder(ctx context.Context, nr int) context.Context {
	return context.WithValue(ctx, arbejdernoegle{}, nr)
}

// Update runs f, and remembers its statements when they have been committed.
func (o *optager) Update(ctx context.Context, f func(driver.Tx) error) error {
	var t transaktion
	err := o.DB.Update(ctx, func(tx driver.Tx) error {
		x := &optaget{Tx: tx, laesninger: o.hvilkeLaesninger()}
		err := f(x)
		t = transaktion{arbejder: -1, kl: tx.Now(), foer: o.naeste(), saet: x.saet}
		return err
	})
	if err == nil && len(t.saet) > 0 {
		if nr, ok := ctx.Value(arbejdernoegle{}).(int); ok {
			t.arbejder = nr
		}
		t.gemt = time.Now()
		o.gem(t)
	}
	return err
}

func (o *optager) hvilkeLaesninger() func(string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.laesninger
}

// tael lets the statements that read, and that f is true of, belong to the work from now on.
func (o *optager) tael(f func(sql string) bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.laesninger = f
}

func (o *optager) naeste() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.nr++
	return o.nr
}

func (o *optager) gem(t transaktion) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.optagt = append(o.optagt, t)
	for _, s := range t.saet {
		o.talt[begyndelse(s.sql)]++
	}
	close(o.nyt)
	o.nyt = make(chan struct{})
}

// begyndelse is the first three words of a statement: INSERT INTO besked.
func begyndelse(q string) string {
	ord := strings.Fields(q)
	return strings.Join(ord[:min(len(ord), 3)], " ")
}

// vent waits until n statements that begin so have been committed since the last tag.
func (o *optager) vent(ctx context.Context, begynder string, n int) error {
	for {
		o.mu.Lock()
		talt, nyt := o.talt[begynder], o.nyt
		o.mu.Unlock()
		if talt >= n {
			return nil
		}
		select {
		case <-nyt:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// beskeder tells when each besked was committed since the last tag.
func (o *optager) beskeder() map[string]time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	ud := map[string]time.Time{}
	for _, t := range o.optagt {
		for _, s := range t.saet {
			if id, ok := s.args[0].(string); ok && begyndelse(s.sql) == indsaetBesked {
				ud[id] = t.gemt
			}
		}
	}
	return ud
}

// How the statements begin by which it is seen how far MOX has come.
const (
	indsaetBesked = "INSERT INTO besked" // its first value is the beskedID
	afslutForsoeg = "UPDATE forsoeg SET"
)

// tag gives what has been remembered, in the order it was done, and forgets it.
func (o *optager) tag() []transaktion {
	o.mu.Lock()
	defer o.mu.Unlock()
	ud := o.optagt
	o.optagt, o.talt = nil, map[string]int{}
	slices.SortFunc(ud, func(a, b transaktion) int { return cmp.Compare(a.foer, b.foer) })
	return ud
}

// optaget is a transaction that remembers.
type optaget struct {
	driver.Tx
	laesninger func(sql string) bool
	saet       []saetning
}

// husk remembers a statement that belongs to the work. What is read is not locked when it is read again: others work then,
// on other rows.
func (x *optaget) husk(q string, args []any) {
	ord, _, _ := strings.Cut(q, " ")
	q, _, _ = strings.Cut(q, " FOR UPDATE")
	if ord == "INSERT" || ord == "UPDATE" || ord == "DELETE" || x.laesninger != nil && x.laesninger(q) {
		x.saet = append(x.saet, saetning{sql: q, args: args})
	}
}

func (x *optaget) Exec(q string, args ...any) (int64, error) {
	x.husk(q, args)
	return x.Tx.Exec(q, args...)
}

func (x *optaget) Query(q string, args ...any) (*sql.Rows, error) {
	x.husk(q, args)
	return x.Tx.Query(q, args...)
}

func (x *optaget) QueryRow(q string, args ...any) driver.Row {
	foer := len(x.saet)
	x.husk(q, args)
	r := x.Tx.QueryRow(q, args...)
	if len(x.saet) == foer || !strings.Contains(q, "RETURNING") {
		return r
	}
	return nummereret{r, x, foer}
}

// nummereret is the answer of an INSERT that tells the row's number first.
type nummereret struct {
	driver.Row
	x  *optaget
	nr int
}

func (n nummereret) Scan(dest ...any) error {
	err := n.Row.Scan(dest...)
	if err == nil {
		n.x.saet[n.nr].id = reflect.ValueOf(dest[0]).Elem().Int()
	}
	return err
}

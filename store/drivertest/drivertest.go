// Package drivertest is the contract of [driver.DB] as tests: every driver passes all of them. What only one database can
// do, or need not do, its Place says.
package drivertest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/moxkit/mox/store/driver"
)

// Place is where one database lives, made anew for each test.
type Place struct {
	// Open opens the database; when it is opened again, what was committed is there. The caller closes it.
	Open func(t *testing.T) driver.DB
	// OneWriter tells that Update runs one closure at a time, so that two of them cannot wait for each other.
	OneWriter bool
	// Proves is what the driver's Proves must say.
	Proves bool
	// Small makes a database on a disk with little room, fill takes what is left of it and free gives it back. nil where
	// the disk is not the driver's to watch.
	Small func(t *testing.T) (db driver.DB, fill, free func())
}

// limit is how long a test waits for something that must happen.
const limit = 20 * time.Second

// errOwn is an error of a closure's own.
var errOwn = errors.New("own error")

// Run runs the suite against the databases that place makes.
func Run(t *testing.T, place func(t *testing.T) Place) {
	tests := []struct {
		name string
		test func(s *suite, t *testing.T)
	}{
		{"CommitIsThereWhenOpenedAgain", (*suite).commitIsThereWhenOpenedAgain},
		{"ErrorRollsBackAndIsReturned", (*suite).errorRollsBackAndIsReturned},
		{"ErrorTakesNobodyWithIt", (*suite).errorTakesNobodyWithIt},
		{"FailedStatementTakesNobodyWithIt", (*suite).failedStatementTakesNobodyWithIt},
		{"FailedCommitReachesWhoeverSharedIt", (*suite).failedCommitReachesWhoeverSharedIt},
		{"PanicIsAnErrorAndTheNextGoesOn", (*suite).panicIsAnError},
		{"CancelledBeforeStartHasNoEffect", (*suite).cancelledHasNoEffect},
		{"ViewIsASnapshot", (*suite).viewIsASnapshot},
		{"ViewWaitsForNoWriter", (*suite).viewWaitsForNoWriter},
		{"ViewGivesItsOwnError", (*suite).viewGivesItsOwnError},
		{"NowIsFixedWithinAndMovesBetween", (*suite).nowIsFixedWithin},
		{"LockQueuesUpThoseAboutOneName", (*suite).lockQueuesUp},
		{"LockLetsOtherNamesGoOn", (*suite).lockLetsOthersGoOn},
		{"LockInAnyOrderNeverEndsInDeadlock", (*suite).lockInAnyOrder},
		{"ForUpdateGivesEachRowToOne", (*suite).forUpdateGivesEachRowToOne},
		{"TakenKeyIsErrUnique", (*suite).takenKeyIsErrUnique},
		{"ClosedIsErrClosed", (*suite).closedIsErrClosed},
		{"CloseTellsEachWhoWaitsTheTruth", (*suite).closeTellsTheTruth},
		{"NoRowIsErrNoRows", (*suite).noRow},
		{"ValuesRoundTrip", (*suite).valuesRoundTrip},
		{"SchemaServesACopy", (*suite).schemaServesACopy},
		{"FullDiskLetsWorkBegunBeFinished", (*suite).fullDisk},
		{"ProvesAsItSays", (*suite).proves},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(&suite{Place: place(t)}, t)
		})
	}
}

// suite is one test's database, with a table of names and values.
type suite struct{ Place }

func (s *suite) open(t *testing.T) driver.DB {
	t.Helper()
	db := s.Open(t)
	t.Cleanup(func() { _ = db.Close() }) // harmless to repeat
	table(t, db)
	return db
}

// table is made here and not by the migrations, so that the suite needs nothing of the schema.
func table(t *testing.T, db driver.DB) {
	t.Helper()
	must(t, db.Update(t.Context(), func(tx driver.Tx) error {
		if _, err := tx.Exec(`CREATE TABLE IF NOT EXISTS proeve (navn TEXT PRIMARY KEY, vaerdi BIGINT NOT NULL)`); err != nil {
			return err
		}
		_, err := tx.Exec(`CREATE TABLE IF NOT EXISTS barn (navn TEXT NOT NULL REFERENCES proeve (navn) DEFERRABLE INITIALLY DEFERRED)`)
		return err
	}))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func insert(tx driver.Tx, name string, value int64) error {
	_, err := tx.Exec(`INSERT INTO proeve (navn, vaerdi) VALUES (?, ?)`, name, value)
	return err
}

// add is an Update that inserts one name.
func add(ctx context.Context, db driver.DB, name string) error {
	return db.Update(ctx, func(tx driver.Tx) error { return insert(tx, name, 1) })
}

// names are all names in the table, as a new View sees them.
func names(t *testing.T, db driver.DB) []string {
	t.Helper()
	var out []string
	must(t, db.View(t.Context(), func(tx driver.Tx) (err error) {
		out, err = read(tx)
		return err
	}))
	return out
}

func read(tx driver.Tx) ([]string, error) {
	rows, err := tx.Query(`SELECT navn FROM proeve ORDER BY navn`)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var n string
		if err := rows.Scan(&n); err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, rows.Err()
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func is(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
}

// atOnce runs all of f at the same time and gives their errors in order.
func atOnce(f ...func() error) []error {
	errs := make([]error, len(f))
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for i := range f {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-start
			errs[i] = f[i]()
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	return errs
}

// together runs the Updates of all of f while one Update before them is held open until they have been called, so that a
// driver that shares commits has reason to.
func together(t *testing.T, db driver.DB, f ...func(driver.Tx) error) []error {
	t.Helper()
	held, letGo := make(chan struct{}), make(chan struct{})
	first := make(chan error, 1)
	go func() {
		first <- db.Update(context.Background(), func(driver.Tx) error {
			close(held)
			<-letGo
			return nil
		})
	}()
	<-held
	called := make(chan struct{}, len(f))
	var all []func() error
	for _, c := range f {
		all = append(all, func() error {
			called <- struct{}{}
			return db.Update(context.Background(), c)
		})
	}
	go func() {
		for range f {
			<-called
		}
		close(letGo)
	}()
	errs := atOnce(all...)
	must(t, <-first)
	return errs
}

func (s *suite) commitIsThereWhenOpenedAgain(t *testing.T) {
	db := s.open(t)
	must(t, add(t.Context(), db, "a"))
	same(t, "after commit", names(t, db), []string{"a"})
	must(t, db.Close())
	same(t, "opened again", names(t, s.open(t)), []string{"a"})
}

func (s *suite) errorRollsBackAndIsReturned(t *testing.T) {
	db := s.open(t)
	is(t, db.Update(t.Context(), func(tx driver.Tx) error {
		return errors.Join(insert(tx, "a", 1), errOwn)
	}), errOwn)
	same(t, "after rollback", names(t, db), nil)
}

func (s *suite) errorTakesNobodyWithIt(t *testing.T) {
	db := s.open(t)
	var f []func(driver.Tx) error
	var want []string
	for i := range 32 {
		name := fmt.Sprintf("%02d", i)
		f = append(f, func(tx driver.Tx) error {
			if err := insert(tx, name, 1); err != nil || i%3 != 0 {
				return err
			}
			return errOwn
		})
		if i%3 != 0 {
			want = append(want, name)
		}
	}
	for i, err := range together(t, db, f...) {
		if i%3 == 0 {
			is(t, err, errOwn)
		} else if err != nil {
			t.Errorf("closure %d: %v", i, err)
		}
	}
	same(t, "committed", names(t, db), want)
}

func (s *suite) failedStatementTakesNobodyWithIt(t *testing.T) {
	db := s.open(t)
	must(t, add(t.Context(), db, "taken"))
	errs := together(t, db,
		func(tx driver.Tx) error { return insert(tx, "a", 1) },
		func(tx driver.Tx) error { return errors.Join(insert(tx, "b", 1), insert(tx, "taken", 1)) },
		func(tx driver.Tx) error { return insert(tx, "c", 1) })
	must(t, errs[0])
	is(t, errs[1], driver.ErrUnique)
	must(t, errs[2])
	same(t, "committed", names(t, db), []string{"a", "c", "taken"})
}

// An answer is the truth: who hears of success finds the row, who hears of an error does not.
func (s *suite) failedCommitReachesWhoeverSharedIt(t *testing.T) {
	db := s.open(t)
	f := []func(driver.Tx) error{func(tx driver.Tx) error {
		_, err := tx.Exec(`INSERT INTO barn (navn) VALUES ('nobody')`) // refused no earlier than at commit
		return err
	}}
	var all []string
	for i := range 8 {
		name := fmt.Sprint(i)
		all = append(all, name)
		f = append(f, func(tx driver.Tx) error { return insert(tx, name, 1) })
	}
	errs := together(t, db, f...)
	if errs[0] == nil {
		t.Error("the commit of a row without parent went well")
	}
	var want []string
	for i, name := range all {
		if errs[i+1] == nil {
			want = append(want, name)
		}
	}
	same(t, "committed", names(t, db), want)
	must(t, add(t.Context(), db, "next"))
}

func (s *suite) panicIsAnError(t *testing.T) {
	db := s.open(t)
	errs := together(t, db,
		func(tx driver.Tx) error { return insert(tx, "a", 1) },
		func(tx driver.Tx) error {
			_ = insert(tx, "b", 1)
			panic("a defect")
		},
		func(tx driver.Tx) error { return insert(tx, "c", 1) })
	must(t, errs[0])
	if errs[1] == nil {
		t.Error("a panic went unheard")
	}
	must(t, errs[2])
	must(t, add(t.Context(), db, "d"))
	same(t, "committed", names(t, db), []string{"a", "c", "d"})
}

func (s *suite) cancelledHasNoEffect(t *testing.T) {
	db := s.open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 50 { // a queue with room may be as ready as the context
		is(t, add(ctx, db, "a"), context.Canceled)
	}
	is(t, db.View(ctx, func(driver.Tx) error { return nil }), context.Canceled)
	same(t, "committed", names(t, db), nil)
}

func (s *suite) viewIsASnapshot(t *testing.T) {
	db := s.open(t)
	must(t, add(t.Context(), db, "a"))
	must(t, db.View(t.Context(), func(tx driver.Tx) error {
		before, err := read(tx)
		if err != nil {
			return err
		}
		if err := add(t.Context(), db, "b"); err != nil {
			return err
		}
		after, err := read(tx)
		same(t, "later in the same View", after, before)
		return err
	}))
	same(t, "in a new View", names(t, db), []string{"a", "b"})
}

func (s *suite) viewWaitsForNoWriter(t *testing.T) {
	db := s.open(t)
	must(t, db.Update(t.Context(), func(tx driver.Tx) error {
		if err := insert(tx, "a", 1); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		return db.View(ctx, func(tx driver.Tx) error {
			seen, err := read(tx)
			same(t, "seen beside a writer", seen, nil)
			return err
		})
	}))
}

func (s *suite) viewGivesItsOwnError(t *testing.T) {
	db := s.open(t)
	is(t, db.View(t.Context(), func(driver.Tx) error { return errOwn }), errOwn)
}

func (s *suite) nowIsFixedWithin(t *testing.T) {
	db := s.open(t)
	now := func(in func(context.Context, func(driver.Tx) error) error) (at time.Time) {
		must(t, in(t.Context(), func(tx driver.Tx) error {
			at = tx.Now()
			if err := insertIfUpdate(tx); err != nil {
				return err
			}
			if again := tx.Now(); !again.Equal(at) {
				t.Errorf("Now moved within a transaction, from %v to %v", at, again)
			}
			return nil
		}))
		if at.Location() != time.UTC || !at.Equal(driver.Tid(driver.Micro(at))) {
			t.Errorf("Now %v is not UTC in microseconds", at)
		}
		return at
	}
	for _, in := range []func(context.Context, func(driver.Tx) error) error{db.Update, db.View} {
		first := now(in)
		deadline := time.Now().Add(limit)
		for !now(in).After(first) {
			if time.Now().After(deadline) {
				t.Fatal("Now does not move between transactions")
			}
		}
	}
}

// insertIfUpdate makes the database do something, whichever kind of transaction it is.
func insertIfUpdate(tx driver.Tx) error {
	_, err := read(tx)
	return err
}

func (s *suite) lockQueuesUp(t *testing.T) {
	db := s.open(t)
	must(t, db.Update(t.Context(), func(tx driver.Tx) error { return insert(tx, "count", 0) }))
	var f []func() error
	for range 16 {
		f = append(f, func() error {
			return db.Update(t.Context(), func(tx driver.Tx) error {
				if err := tx.Lock("objekt/x"); err != nil {
					return err
				}
				var n int64
				if err := tx.QueryRow(`SELECT vaerdi FROM proeve WHERE navn = 'count'`).Scan(&n); err != nil {
					return err
				}
				_, err := tx.Exec(`UPDATE proeve SET vaerdi = ? WHERE navn = 'count'`, n+1)
				return err
			})
		})
	}
	must(t, errors.Join(atOnce(f...)...))
	must(t, db.View(t.Context(), func(tx driver.Tx) error {
		var n int64
		err := tx.QueryRow(`SELECT vaerdi FROM proeve WHERE navn = 'count'`).Scan(&n)
		if n != 16 {
			t.Errorf("16 counted to %d: they did not queue up", n)
		}
		return err
	}))
}

func (s *suite) lockLetsOthersGoOn(t *testing.T) {
	if s.OneWriter {
		t.Skip("this driver runs one closure at a time")
	}
	db := s.open(t)
	must(t, db.Update(t.Context(), func(tx driver.Tx) error {
		if err := tx.Lock("objekt/a"); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		return db.Update(ctx, func(tx driver.Tx) error { return tx.Lock("objekt/b") })
	}))
}

func (s *suite) lockInAnyOrder(t *testing.T) {
	db := s.open(t)
	locking := func(names ...string) func() error {
		return func() error {
			for range 100 {
				if err := db.Update(t.Context(), func(tx driver.Tx) error { return tx.Lock(names...) }); err != nil {
					return err
				}
			}
			return nil
		}
	}
	must(t, errors.Join(atOnce(locking("a", "b", "c"), locking("c", "b", "a"), locking("b", "a", "a"))...))
}

func (s *suite) forUpdateGivesEachRowToOne(t *testing.T) {
	db := s.open(t)
	const rows = 60
	must(t, db.Update(t.Context(), func(tx driver.Tx) error {
		for i := range rows {
			if err := insert(tx, fmt.Sprintf("%02d", i), 0); err != nil {
				return err
			}
		}
		return nil
	}))
	var mu sync.Mutex
	taken := map[string]int{}
	var f []func() error
	for range 6 {
		f = append(f, func() error {
			for {
				got, err := claim(t.Context(), db, 3)
				if err != nil {
					return err
				}
				mu.Lock()
				for _, n := range got {
					taken[n]++
				}
				all := len(taken) == rows
				mu.Unlock()
				if len(got) == 0 && all {
					return nil
				}
			}
		})
	}
	must(t, errors.Join(atOnce(f...)...))
	for n, times := range taken {
		if times != 1 {
			t.Errorf("row %s was taken %d times", n, times)
		}
	}
}

// claim takes up to n rows that nobody has.
func claim(ctx context.Context, db driver.DB, n int) (got []string, err error) {
	err = db.Update(ctx, func(tx driver.Tx) error {
		got = nil
		rows, err := tx.Query(`SELECT navn FROM proeve WHERE vaerdi = 0 ORDER BY navn LIMIT ?`+tx.ForUpdate(), n)
		if err != nil {
			return err
		}
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				return err
			}
			got = append(got, name)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		for _, name := range got {
			if _, err := tx.Exec(`UPDATE proeve SET vaerdi = 1 WHERE navn = ?`, name); err != nil {
				return err
			}
		}
		return nil
	})
	return got, err
}

func (s *suite) takenKeyIsErrUnique(t *testing.T) {
	db := s.open(t)
	must(t, add(t.Context(), db, "a"))
	is(t, add(t.Context(), db, "a"), driver.ErrUnique)
	_ = db.Update(t.Context(), func(tx driver.Tx) error { // a closure must see it by whichever method it asks
		var name string
		err := tx.QueryRow(`INSERT INTO proeve (navn, vaerdi) VALUES ('a', 1) RETURNING navn`).Scan(&name)
		is(t, err, driver.ErrUnique)
		return err
	})
	err := db.Update(t.Context(), func(tx driver.Tx) error {
		_, err := tx.Exec(`INSERT INTO proeve (navn) VALUES ('b')`)
		return err
	})
	if err == nil || errors.Is(err, driver.ErrUnique) {
		t.Errorf("a missing value gave %v", err)
	}
}

func (s *suite) closedIsErrClosed(t *testing.T) {
	db := s.open(t)
	must(t, db.Close())
	must(t, db.Close())
	is(t, add(t.Context(), db, "a"), driver.ErrClosed)
	is(t, db.View(t.Context(), func(driver.Tx) error { return nil }), driver.ErrClosed)
}

func (s *suite) closeTellsTheTruth(t *testing.T) {
	db := s.open(t)
	var f []func() error
	var all []string
	for i := range 40 {
		name := fmt.Sprintf("%02d", i)
		all = append(all, name)
		f = append(f, func() error { return add(context.Background(), db, name) })
	}
	f = append(f, db.Close)
	errs := atOnce(f...)
	var want []string
	for i, name := range all {
		if errs[i] == nil {
			want = append(want, name)
		} else {
			is(t, errs[i], driver.ErrClosed)
		}
	}
	must(t, errs[len(all)])
	same(t, "opened again", names(t, s.open(t)), want)
}

func (s *suite) noRow(t *testing.T) {
	db := s.open(t)
	must(t, db.View(t.Context(), func(tx driver.Tx) error {
		var n int
		is(t, tx.QueryRow(`SELECT vaerdi FROM proeve WHERE navn = 'none'`).Scan(&n), sql.ErrNoRows)
		return nil
	}))
	must(t, db.Update(t.Context(), func(tx driver.Tx) error {
		n, err := tx.Exec(`UPDATE proeve SET vaerdi = 2 WHERE navn = 'none'`)
		if n != 0 {
			t.Errorf("%d rows changed of none", n)
		}
		return err
	}))
}

func (s *suite) valuesRoundTrip(t *testing.T) {
	db := s.open(t)
	at := time.Date(2026, 3, 29, 1, 59, 59, 999999000, time.UTC)
	text := "Sætter ﷽ \U0001f3db \"'?$1%_\\\n"
	blob := []byte{0, 1, 0xff, 0, '\''}
	must(t, db.Update(t.Context(), func(tx driver.Tx) error {
		_, err := tx.Exec(`INSERT INTO fejl (art, ansvar, kode, tekst, raa, oprettet) VALUES ('post', 'MOX', ?, '', ?, ?), ('post', 'MOX', '2', '', ?, 0)`,
			text, blob, driver.Micro(at), nil)
		return err
	}))
	must(t, db.View(t.Context(), func(tx driver.Tx) error {
		var gotText string
		var gotBlob, null []byte
		var gotAt int64
		if err := tx.QueryRow(`SELECT kode, raa, oprettet FROM fejl WHERE kode <> '2'`).Scan(&gotText, &gotBlob, &gotAt); err != nil {
			return err
		}
		if gotText != text || !slices.Equal(gotBlob, blob) || !driver.Tid(gotAt).Equal(at) {
			t.Errorf("got %q %v %v", gotText, gotBlob, driver.Tid(gotAt))
		}
		err := tx.QueryRow(`SELECT raa FROM fejl WHERE kode = '2'`).Scan(&null)
		if null != nil {
			t.Errorf("NULL came back as %v", null)
		}
		return err
	}))
}

// A copy of everything is made from what Schema tells, and put back with the numbers that the rows had.
func (s *suite) schemaServesACopy(t *testing.T) {
	db := s.open(t)
	const insert = `INSERT INTO konfiguration (sha256, indhold, oprettet) VALUES (?, '', 0)`
	must(t, db.Update(t.Context(), func(tx driver.Tx) error {
		tables, err := tx.Schema().Tables()
		i := slices.IndexFunc(tables, func(x driver.Table) bool { return x.Name == "barn" })
		if i < 0 || !slices.Equal(tables[i].Parents, []string{"proeve"}) || !slices.ContainsFunc(tables, func(x driver.Table) bool { return x.Name == "proeve" && x.Parents == nil }) {
			t.Errorf("tables %+v", tables)
		}
		if slices.ContainsFunc(tables, func(x driver.Table) bool { return x.Name == "goose_db_version" || x.Name == "sqlite_sequence" }) {
			t.Errorf("a table that is not ours in %+v", tables)
		}
		return err
	}))
	must(t, db.Update(t.Context(), func(tx driver.Tx) error {
		_, err := tx.Exec(`INSERT INTO konfiguration (version, sha256, indhold, oprettet)` + tx.Schema().Overriding() + ` VALUES (7, 'a', '', 0)`)
		return errors.Join(err, tx.Schema().SetCounter("konfiguration", 40), tx.Schema().SetCounter("handling", 50))
	}))
	must(t, db.Update(t.Context(), func(tx driver.Tx) error {
		_, err := tx.Exec(insert, "b")
		return err
	}))
	must(t, db.View(t.Context(), func(tx driver.Tx) error {
		var n int64
		if err := tx.QueryRow(`SELECT version FROM konfiguration WHERE sha256 = 'b'`).Scan(&n); err != nil || n != 41 {
			t.Errorf("the next number is %d (%v), want 41", n, err)
		}
		counters, err := tx.Schema().Counters()
		if counters["konfiguration"] != 41 || counters["handling"] != 50 || counters["leverance"] != 0 {
			t.Errorf("counters %v", counters)
		}
		return err
	}))
}

func (s *suite) fullDisk(t *testing.T) {
	if s.Small == nil {
		if s.open(t).Scarce() {
			t.Error("a disk that is not the driver's to watch is scarce")
		}
		return
	}
	db, fill, free := s.Small(t)
	t.Cleanup(func() { _ = db.Close() })
	table(t, db)
	if db.Scarce() {
		t.Fatal("scarce before anything was written")
	}
	fill()
	var begun []string
	for !db.Scarce() { // the reserve is given when the disk is full, and what was begun is finished in it
		name := fmt.Sprintf("%04d", len(begun))
		must(t, large(t.Context(), db, name))
		if begun = append(begun, name); len(begun) > 10_000 {
			t.Fatal("the disk does not run full")
		}
	}
	must(t, add(t.Context(), db, "outcome"))
	begun = append(begun, "outcome")
	var err error
	for i := 0; err == nil && i < 10_000; i++ { // and the reserve has an end, too
		if err = large(t.Context(), db, fmt.Sprintf("x%04d", i)); err == nil {
			begun = append(begun, fmt.Sprintf("x%04d", i))
		}
	}
	is(t, err, driver.ErrFull)
	free()
	if db.Scarce() {
		t.Error("still scarce when there is room again")
	}
	must(t, large(t.Context(), db, "yyyy"))
	same(t, "all that was acknowledged, and nothing else", names(t, db), append(begun, "yyyy"))
}

// large writes a name with 64 kB in the same transaction, the last of it by a query that returns something.
func large(ctx context.Context, db driver.DB, name string) error {
	return db.Update(ctx, func(tx driver.Tx) error {
		if err := insert(tx, name, 1); err != nil {
			return err
		}
		var id int64
		return tx.QueryRow(`INSERT INTO fejl (art, ansvar, kode, tekst, raa, oprettet) VALUES ('post', 'MOX', '', '', ?, 0) RETURNING id`,
			make([]byte, 64<<10)).Scan(&id)
	})
}

func (s *suite) proves(t *testing.T) {
	if got := s.open(t).Proves(); got != s.Place.Proves {
		t.Errorf("Proves %v, want %v", got, s.Place.Proves)
	}
}

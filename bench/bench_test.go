package bench

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/testenv"
	"github.com/moxkit/mox/store/driver"
)

// paaBegge runs a test on both databases.
func paaBegge(t *testing.T, f func(t *testing.T, o Options)) {
	t.Helper()
	t.Parallel()
	for navn, server := range databaser(t) {
		t.Run(navn, func(t *testing.T) {
			t.Parallel()
			f(t, Options{Dir: t.TempDir(), Database: server(t), Varighed: time.Millisecond, Sig: func(string) {}})
		})
	}
}

// databaser are the kinds, and where those of the second are made.
func databaser(tb testing.TB) map[string]func(testing.TB) string {
	tb.Helper()
	return map[string]func(testing.TB) string{"SQLite": func(testing.TB) string { return "" }, "PostgreSQL": func(tb testing.TB) string { return testenv.Postgres(tb) }}
}

func maa(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// TestRaekkerne: the raw work is worth nothing as a measure unless it leaves the rows that MOX left.
func TestRaekkerne(t *testing.T) {
	paaBegge(t, func(t *testing.T, o Options) {
		k := &koersel{Options: o, ud: func(Resultat) error { return nil }}
		defer func() { maa(t, k.luk()) }()
		m, a, err := k.beskedmaaling(t.Context(), nil)
		maa(t, err)
		maa(t, m.maal(t.Context(), opgave{navn: "lever", forbered: a.modtaget, laesninger: henter, tur: m.arbejd}))
		m.sammenlign(t, "besked", "leverance", "forsoeg", "kvittering")

		r, err := k.nytRegister(t.Context(), mindsteRegister)
		maa(t, err)
		maa(t, r.skrivninger(t.Context()))
		r.sammenlign(t, "besked", "kvittering", "register_objekt", "register_registrering", "register_felt")
	})
}

// sammenlign compares tables with those of the raw database, without the numbers that a database gives when nobody asks.
func (m *maaling) sammenlign(t *testing.T, tabeller ...string) {
	t.Helper()
	for _, tabel := range tabeller {
		mine, raa := m.alle(t, m.optager, tabel), m.alle(t, m.raaDriver(t), tabel)
		if len(mine) == 0 {
			t.Errorf("%s is empty", tabel)
		}
		if d := cmp.Diff(mine, raa); d != "" {
			t.Errorf("%s: %d and %d rows: %.2000s", tabel, len(mine), len(raa), d)
		}
	}
}

func (m *maaling) raaDriver(t *testing.T) driver.DB {
	t.Helper()
	db, err := aabn(t.Context(), m.raaSted)
	maa(t, err)
	t.Cleanup(func() { _ = db.Close() }) // only read
	return db
}

func (m *maaling) alle(t *testing.T, db driver.DB, tabel string) (ud []string) {
	t.Helper()
	maa(t, db.View(t.Context(), func(tx driver.Tx) error {
		rows, err := tx.Query(`SELECT * FROM ` + tabel)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }() // rows.Err tells what matters
		kolonner, err := rows.Columns()
		if err != nil {
			return err
		}
		for rows.Next() {
			r, til := make([]any, len(kolonner)), make([]any, len(kolonner))
			for i := range r {
				til[i] = &r[i]
			}
			if err := rows.Scan(til...); err != nil {
				return err
			}
			if tabel == "kvittering" {
				r[slices.Index(kolonner, "id")] = nil
			}
			ud = append(ud, fmt.Sprint(r...))
		}
		return rows.Err()
	}))
	slices.Sort(ud)
	return ud
}

// TestKoer measures everything for a moment.
func TestKoer(t *testing.T) {
	t.Parallel()
	vil := []string{"accept", "accept.lever", "efterlever", "match", "match", "match.lister", "match.lister", "idle", "pull", "push", "register.laes", "register.soeg.brugervendtnoegle", "register.soeg.relation", "register.soeg.tekst",
		"register.foerste-side", "register.laes.person", "register.stroem", "register.opret", "register.ret", "register.ret.historik", "register.historik", "register.ret.virkninger", "register.ret.virkninger", "register.ret.virkninger"}
	fik := proev(t, Options{Dir: t.TempDir(), Objekter: []int{mindsteRegister}})
	if d := cmp.Diff(vil, fik); d != "" {
		t.Error(d)
	}
}

func TestKoerPaaPostgreSQL(t *testing.T) {
	t.Parallel()
	if d := cmp.Diff([]string{"efterlever", "idle", "pull", "push"}, proev(t, Options{Database: testenv.Postgres(t)}, "efterlever", "idle", "pull", "push")); d != "" {
		t.Error(d)
	}
}

func TestRabbitMQ(t *testing.T) {
	paaBegge(t, func(t *testing.T, o Options) {
		o.AMQP = testenv.RabbitMQ(t).URL
		for range 2 { // it removes what it made
			if d := cmp.Diff([]string{"rabbitmq.ind", "rabbitmq.ud"}, proev(t, o, "rabbitmq")); d != "" {
				t.Error(d)
			}
		}
	})
}

// proev measures for a moment, and gives the names of the results.
func proev(t *testing.T, o Options, navne ...string) (ud []string) {
	t.Helper()
	o.Varighed = time.Millisecond
	maa(t, Koer(t.Context(), o, navne, func(r Resultat) error {
		ud = append(ud, r.Name)
		if r.P50 <= 0 || r.P99 < r.P50 || r.PerS <= 0 || r.RawPerS <= 0 || r.Size <= 0 || r.Conditions["n"].(int) <= 0 {
			t.Errorf("%+v", r)
		}
		return nil
	}))
	return ud
}

// TestIndstillinger: both connections to SQLite are set alike.
func TestIndstillinger(t *testing.T) {
	t.Parallel()
	k := &koersel{Options: Options{Dir: t.TempDir()}}
	defer func() { maa(t, k.luk()) }()
	m, err := k.nyMaaling(t.Context())
	maa(t, err)
	for _, p := range []string{"journal_mode", "synchronous", "foreign_keys", "cache_size", "temp_store", "wal_autocheckpoint", "page_size"} {
		var mox, raa string
		maa(t, m.optager.View(t.Context(), func(tx driver.Tx) error { return tx.QueryRow("PRAGMA " + p).Scan(&mox) }))
		maa(t, m.raa.aabne[0].c.QueryRowContext(t.Context(), "PRAGMA "+p).Scan(&raa))
		if mox != raa {
			t.Errorf("%s is %s in MOX and %s beside it", p, mox, raa)
		}
	}
}

func TestAfvisning(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		navn  string
		o     Options
		navne []string
		vil   mox.Kode
	}{
		{"UkendtNavn", Options{}, []string{"hurtighed"}, mox.KodeUgyldig},
		{"UdenBroker", Options{}, []string{"rabbitmq"}, mox.KodeUgyldig},
		{"IngenBroker", Options{AMQP: "amqp://127.0.0.1:1/"}, []string{"rabbitmq"}, mox.KodeUtilgaengelig},
		{"ForLille", Options{Objekter: []int{mindsteRegister - 1}}, nil, mox.KodeUgyldig},
		{"ForStort", Options{Objekter: []int{stoersteRegister + 1}}, nil, mox.KodeUgyldig},
		{"IngenMappe", Options{Dir: "/findes/ikke"}, []string{"accept"}, mox.KodeUtilgaengelig},
		{"IngenServer", Options{Database: "postgres://mox@127.0.0.1:1/x?connect_timeout=5"}, []string{"accept"}, mox.KodeUtilgaengelig},
	} {
		t.Run(c.navn, func(t *testing.T) {
			t.Parallel()
			err := Koer(t.Context(), c.o, c.navne, func(Resultat) error { return nil })
			if mox.KodeAf(err) != c.vil {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestOptagetVhost: what is measured would be delivered to whoever listens there.
func TestOptagetVhost(t *testing.T) {
	t.Parallel()
	b := testenv.RabbitMQ(t)
	k := &koersel{Options: Options{AMQP: b.URL}}
	m, err := k.aabnMaegler(nil)
	maa(t, err)
	maa(t, m.ud.ExchangeDeclare("mox.ind", "fanout", true, false, false, false, nil))
	err = Koer(t.Context(), Options{Dir: t.TempDir(), AMQP: b.URL}, []string{"rabbitmq"}, func(Resultat) error { return nil })
	if mox.KodeAf(err) != mox.KodeKonflikt {
		t.Errorf("%v", err)
	}
	maa(t, k.luk())
}

// TestEfterlader: a database that was made is gone afterwards.
func TestEfterlader(t *testing.T) {
	t.Parallel()
	server := testenv.Postgres(t)
	k := &koersel{Options: Options{Database: server}}
	adresse, err := k.nyDatabase(t.Context())
	maa(t, err)
	maa(t, k.luk())
	u, err := url.Parse(adresse)
	maa(t, err)
	if db, err := aabn(context.WithoutCancel(t.Context()), adresse); err == nil {
		maa(t, db.Close())
		t.Errorf("%s is still there", strings.TrimPrefix(u.Path, "/"))
	}
}

// BenchmarkMOX measures what mox bench does: NAVN on each database. It takes as long as mox bench, however often it is asked.
func BenchmarkMOX(b *testing.B) {
	for navn, server := range databaser(b) {
		for _, n := range Navne() {
			if n == "rabbitmq" || n == "match" && navn != "SQLite" {
				continue
			}
			b.Run(n+"/"+navn, func(b *testing.B) {
				for b.Loop() {
					maa(b, Koer(b.Context(), Options{Dir: b.TempDir(), Database: server(b)}, []string{n}, func(r Resultat) error {
						b.ReportMetric(0, "ns/op")
						b.ReportMetric(r.PerS, fmt.Sprintf("%s-%d-per_s", r.Name, r.Size))
						b.ReportMetric(r.RawPerS, fmt.Sprintf("%s-%d-raw_per_s", r.Name, r.Size))
						b.ReportMetric(r.Ratio, fmt.Sprintf("%s-%d-ratio", r.Name, r.Size))
						return nil
					}))
				}
			})
		}
	}
}

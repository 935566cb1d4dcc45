package distributor_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/testenv"
	"github.com/moxkit/mox/store"
)

// The measurements report per_s, raw_per_s and ratio. Raw is the very rows that the distributor wrote, written again to a
// database with the same schema, indexes and settings in groups as large as those that shared a commit, without our code.
// The two take turns, so that what else the machine does hits both.

const (
	afsendere = 16
	omgang    = 1600 // beskeder in one turn
)

// maaling is a distributor on a database, and a bare connection to another of the same kind.
type maaling struct {
	*testing.B
	d       *distributor.Distributor
	raa     *sql.DB
	samlet  bool // the database commits for several at once
	vores   time.Duration
	deres   time.Duration
	kolonne map[string][]string
}

func paaHver(b *testing.B, f func(m *maaling)) {
	b.Run("SQLite", func(b *testing.B) {
		sti := filepath.Join(b.TempDir(), "raa.db")
		luk(b, sti)
		dsn := "file:" + (&url.URL{Path: sti}).EscapedPath() + "?_txlock=immediate&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_pragma=cache_size(-32000)&_pragma=temp_store(memory)"
		f(nyMaaling(b, filepath.Join(b.TempDir(), "mox.db"), "sqlite", dsn, true))
	})
	b.Run("PostgreSQL", func(b *testing.B) {
		raa := testenv.Postgres(b)
		luk(b, raa)
		f(nyMaaling(b, testenv.Postgres(b), "pgx", raa, false))
	})
}

// luk makes the schema and leaves it.
func luk(b *testing.B, url string) {
	s, err := store.Open(b.Context(), url)
	maaB(b, err)
	maaB(b, s.Close())
}

func maaB(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func nyMaaling(b *testing.B, url, driver, dsn string, samlet bool) *maaling {
	s, err := store.Open(b.Context(), url)
	maaB(b, err)
	b.Cleanup(func() { _ = s.Close() })
	d, err := distributor.New(b.Context(), s, distributor.Options{})
	maaB(b, err)
	raa, err := sql.Open(driver, dsn)
	maaB(b, err)
	b.Cleanup(func() { _ = raa.Close() })
	raa.SetMaxIdleConns(afsendere)
	if samlet {
		raa.SetMaxOpenConns(1)
	}
	abonnementer := make([]mox.Abonnement, 100)
	for i := range abonnementer {
		abonnementer[i] = ab(fmt.Sprintf("system%02d", i), kunHvor(map[string]any{"opgaveemne": fmt.Sprintf("%02d.*", i)}))
	}
	maaB(b, d.Konfigurer(b.Context(), abonnementer, nil))
	return &maaling{B: b, d: d, raa: raa, samlet: samlet, kolonne: map[string][]string{}}
}

// tusind is a besked of 1 kB that one of the hundred abonnementer wants.
func tusind() mox.Besked {
	r := sag("Carport " + strings.Repeat("x", 180))
	b := besked(om(mox.ObjektID(mox.NyUUID())), medIndhold(r))
	return b
}

// fra lets the publishers share the work.
func (m *maaling) fra(n int, f func(i int) error) {
	m.Helper()
	var alle []func() error
	for a := range afsendere {
		alle = append(alle, func() error {
			for i := a; i < n; i += afsendere {
				if err := f(i); err != nil {
					return err
				}
			}
			return nil
		})
	}
	maaB(m.B, samtidig(alle...))
}

// raekkerne are the rows of a table that have come since the last time.
func (m *maaling) raekkerne(tabel, hvor string, args ...any) (ud [][]any) {
	m.Helper()
	maaB(m.B, m.d.Store().View(m.Context(), func(tx *store.Tx) error {
		rows, err := tx.Query(`SELECT * FROM `+tabel+` WHERE `+hvor, args...)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		kolonner, err := rows.Columns()
		if err != nil {
			return err
		}
		m.kolonne[tabel] = kolonner
		for rows.Next() {
			r := make([]any, len(kolonner))
			til := make([]any, len(kolonner))
			for i := range r {
				til[i] = &r[i]
			}
			if err := rows.Scan(til...); err != nil {
				return err
			}
			ud = append(ud, r)
		}
		return rows.Err()
	}))
	return ud
}

// opgave is one statement with its arguments, and a group of them is one transaction.
type opgave struct {
	sql  string
	args []any
}

// indsaet writes a row as it is, with its number.
func (m *maaling) indsaet(tabel string, raekke []any) opgave {
	ud, over := "", ""
	if !m.samlet && slices.Contains([]string{"nr", "id"}, m.kolonne[tabel][0]) {
		over = " OVERRIDING SYSTEM VALUE"
	}
	if tabel == "besked" || tabel == "leverance" {
		ud = " RETURNING " + m.kolonne[tabel][0]
	}
	return opgave{`INSERT INTO ` + tabel + ` (` + strings.Join(m.kolonne[tabel], ", ") + `)` + over + ` VALUES (` + strings.TrimSuffix(strings.Repeat("?, ", len(raekke)), ", ") + `)` + ud, raekke}
}

// skriv runs each group in a transaction, on as many connections as the database has use for.
func (m *maaling) skriv(grupper [][]opgave) {
	m.Helper()
	antal := afsendere
	if m.samlet {
		antal = 1
	}
	m.skrivPaa(antal, grupper)
}

// skrivPaa does it on so many connections.
func (m *maaling) skrivPaa(antal int, grupper [][]opgave) {
	m.Helper()
	start := time.Now()
	var f []func() error
	for a := range antal {
		f = append(f, func() error {
			c, err := m.raa.Conn(m.Context())
			if err != nil {
				return err
			}
			defer func() { _ = c.Close() }()
			stmts := map[string]*sql.Stmt{}
			for i := a; i < len(grupper); i += antal {
				if err := m.gruppe(c, stmts, grupper[i]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	maaB(m.B, samtidig(f...))
	m.deres += time.Since(start)
}

// gruppe is one transaction. It is begun by hand, because statements of a connection are compiled anew in a [sql.Tx].
func (m *maaling) gruppe(c *sql.Conn, stmts map[string]*sql.Stmt, g []opgave) error {
	begin := opgave{sql: "BEGIN"}
	if m.samlet {
		begin.sql = "BEGIN IMMEDIATE"
	}
	for _, o := range slices.Concat([]opgave{begin}, g, []opgave{{sql: "COMMIT"}}) {
		s, err := stmts[o.sql], error(nil)
		if s == nil {
			if s, err = c.PrepareContext(context.Background(), m.nummereret(o.sql)); err != nil {
				return err
			}
			stmts[o.sql] = s
		}
		if err := koer(s, o); err != nil {
			return fmt.Errorf("%s: %w", o.sql, err)
		}
	}
	return nil
}

// koer runs a statement, and reads what it gives.
func koer(s *sql.Stmt, o opgave) error {
	if !strings.HasPrefix(o.sql, "SELECT") && !strings.Contains(o.sql, "RETURNING") {
		_, err := s.Exec(o.args...)
		return err
	}
	rows, err := s.Query(o.args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
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

func (m *maaling) nummereret(q string) string {
	if m.samlet {
		return q
	}
	var ud strings.Builder
	nr := 0
	for _, r := range q {
		if r == '?' {
			nr++
			fmt.Fprintf(&ud, "$%d", nr)
			continue
		}
		ud.WriteRune(r)
	}
	return ud.String()
}

// grupper are the transactions that were made at the times given: what has one time shared a commit.
func grupper(af map[int64][]opgave) [][]opgave {
	var tider []int64
	for t := range af {
		tider = append(tider, t)
	}
	slices.Sort(tider)
	ud := make([][]opgave, len(tider))
	for i, t := range tider {
		ud[i] = af[t]
	}
	return ud
}

func (m *maaling) faerdig(antal, commits int) {
	m.ReportMetric(0, "ns/op")
	m.ReportMetric(float64(antal)/m.vores.Seconds(), "per_s")
	m.ReportMetric(float64(antal)/m.deres.Seconds(), "raw_per_s")
	m.ReportMetric(m.deres.Seconds()/m.vores.Seconds(), "ratio")
	m.ReportMetric(float64(antal)/float64(max(commits, 1)), "per_commit")
}

// kolonneNr is the place of a column in the rows read.
func (m *maaling) nr(tabel, kolonne string) int { return slices.Index(m.kolonne[tabel], kolonne) }

// BenchmarkAccept: 16 publishers, 1 kB, 100 abonnementer, one hit.
func BenchmarkAccept(b *testing.B) {
	paaHver(b, func(m *maaling) {
		var sidst int64
		commits := 0
		for gjort := 0; gjort < m.N; gjort += omgang {
			n := min(omgang, m.N-gjort)
			beskeder := make([]mox.Besked, n)
			for i := range beskeder {
				beskeder[i] = tusind()
			}
			start := time.Now()
			m.fra(n, func(i int) error {
				_, err := m.d.Accept(m.Context(), "byggesag", beskeder[i])
				return err
			})
			m.vores += time.Since(start)
			g, til := m.accepterede(sidst)
			sidst = til
			commits += len(g)
			m.skriv(g)
		}
		m.faerdig(m.N, commits)
	})
}

// accepterede are the rows of the beskeder after number fra, grouped as they were committed.
func (m *maaling) accepterede(fra int64) (g [][]opgave, til int64) {
	m.Helper()
	af := map[int64][]opgave{}
	beskeder := m.raekkerne("besked", "nr > ? ORDER BY nr", fra)
	tid := map[int64]int64{}
	for _, r := range beskeder {
		nr := r[0].(int64)
		til = nr
		k := r[m.nr("besked", "modtaget")].(int64)
		if !m.samlet {
			k = nr // one transaction each
		}
		tid[nr] = k
	}
	efter := map[int64][]opgave{}
	for _, tabel := range []string{"leverance", "kvittering"} {
		for _, r := range m.raekkerne(tabel, "besked > ? ORDER BY id", fra) {
			nr := r[m.nr(tabel, "besked")].(int64)
			efter[nr] = append(efter[nr], m.indsaet(tabel, r))
		}
	}
	for _, r := range beskeder {
		nr := r[0].(int64)
		af[tid[nr]] = append(append(af[tid[nr]], m.indsaet("besked", r)), efter[nr]...)
	}
	return grupper(af), til
}

// BenchmarkClaimDone: 16 workers, ten leverancer in each Claim, a Done for each.
func BenchmarkClaimDone(b *testing.B) {
	paaHver(b, func(m *maaling) {
		var sidst, sidsteKvittering int64
		commits := 0
		for gjort := 0; gjort < m.N; gjort += omgang {
			n := min(omgang, m.N-gjort)
			m.fra(n, func(int) error {
				_, err := m.d.Accept(m.Context(), "byggesag", tusind())
				return err
			})
			g, til := m.accepterede(sidst)
			foer := m.deres
			m.skriv(g)
			m.deres = foer
			start := time.Now()
			m.arbejd(n)
			m.vores += time.Since(start)
			g, sidsteKvittering = m.leverede(sidst, sidsteKvittering)
			sidst = til
			commits += len(g)
			m.skriv(g)
		}
		m.faerdig(m.N, commits)
	})
}

func (m *maaling) arbejd(n int) {
	m.Helper()
	m.fra(afsendere, func(nr int) error {
		ejer := fmt.Sprintf("%s/%d", m.d.Inkarnation(), nr)
		for {
			w, err := m.d.Claim(m.Context(), "system02", ejer, 10, time.Minute)
			if err != nil || len(w) == 0 {
				return err
			}
			for _, x := range w {
				a := distributor.Afslutning{Leverance: x.Leverance, Forsoeg: x.Forsoeg, Ejer: x.Ejer, Udfald: mox.Udfald{Resultat: mox.ResAccepteret}}
				if _, err := m.d.Done(m.Context(), a); err != nil {
					return err
				}
			}
		}
	})
}

const (
	raaKlar = `SELECT b.*, l.* FROM leverance l JOIN besked b ON b.nr = l.besked WHERE l.abonnement = ? AND l.blokeret = 0 AND l.tilstand IN ('Afventer', 'Udsat') AND l.naeste <= ? ORDER BY l.naeste, l.raekke LIMIT 10`
	raaTag  = `UPDATE leverance SET tilstand = 'UnderLevering', forsoeg = 1, ejer = ?, lejet_til = ?, aendret = ? WHERE id = ?`
	raaEn   = `SELECT b.*, l.* FROM leverance l JOIN besked b ON b.nr = l.besked WHERE l.id = ?`
	raaSvar = `UPDATE forsoeg SET afsluttet = ?, resultat = 'accepteret' WHERE leverance = ? AND nr = 1`
	raaSlut = `UPDATE leverance SET tilstand = 'Leveret', ejer = '', aendret = ? WHERE id = ?`
)

// leverede are the statements that claim and end the leverancer of the beskeder after number fra, grouped as they were
// committed.
func (m *maaling) leverede(fra, fraKvittering int64) (g [][]opgave, til int64) {
	m.Helper()
	af := map[int64][]opgave{}
	besked := map[int64]int64{}
	claims := map[int64]int{}
	for _, r := range m.raekkerne("leverance", "besked > ?", fra) {
		besked[r[m.nr("leverance", "besked")].(int64)] = r[0].(int64)
	}
	foerste := map[int64]bool{}
	for _, r := range m.raekkerne("forsoeg", "leverance IN (SELECT id FROM leverance WHERE besked > ?) ORDER BY begyndt, leverance", fra) {
		k := r[m.nr("forsoeg", "begyndt")].(int64)
		if claims[k]%10 == 0 {
			af[k] = append(af[k], opgave{raaKlar, []any{"system02", k}})
		}
		claims[k]++
		foerste[k] = true
		id := r[0].(int64)
		af[k] = append(af[k], opgave{raaTag, []any{r[m.nr("forsoeg", "ejer")], k, k, id}},
			opgave{`INSERT INTO forsoeg (leverance, nr, begyndt, ejer) VALUES (?, 1, ?, ?)`, []any{id, k, r[m.nr("forsoeg", "ejer")]}})
	}
	til = fraKvittering
	for _, r := range m.raekkerne("kvittering", "id > ? AND art = 'accepteret' ORDER BY id", fraKvittering) {
		til = r[0].(int64)
		k := r[m.nr("kvittering", "tid")].(int64)
		id := besked[r[m.nr("kvittering", "besked")].(int64)]
		af[k] = append(af[k], opgave{raaEn, []any{id}}, opgave{raaSvar, []any{k, id}}, opgave{raaSlut, []any{k, id}}, m.indsaet("kvittering", r))
	}
	return grupper(af), til
}

// BenchmarkIdleLatency: from the call of Accept to a waiting worker having the work.
func BenchmarkIdleLatency(b *testing.B) {
	paaHver(b, func(m *maaling) {
		ctx, stop := context.WithCancel(m.Context())
		defer stop()
		taget := make(chan time.Time)
		go func() {
			for ctx.Err() == nil {
				klar := m.d.Klar("system02")
				w, err := m.d.Claim(ctx, "system02", m.d.Inkarnation()+"/1", 1, time.Minute)
				if err == nil && len(w) > 0 {
					taget <- time.Now()
					continue
				}
				m.d.Vent(ctx, klar, time.Minute)
			}
		}()
		var ud []time.Duration
		for b := 0; b < m.N; b++ {
			x := tusind()
			start := time.Now()
			_, err := m.d.Accept(m.Context(), "byggesag", x)
			maaB(m.B, err)
			ud = append(ud, (<-taget).Sub(start))
		}
		slices.Sort(ud)
		m.ReportMetric(0, "ns/op")
		m.ReportMetric(float64(ud[len(ud)/2].Microseconds()), "p50_us")
		m.ReportMetric(float64(ud[len(ud)*99/100].Microseconds()), "p99_us")
	})
}

// BenchmarkListe puts values into a list, takes it in use, and tells what a million of them take of memory.
func BenchmarkListe(b *testing.B) {
	paaHver(b, func(m *maaling) {
		_, err := m.d.OpretListe(m.Context(), mox.Vaerdiliste{Navn: "borgere", Noegle: "relateret"}, person)
		maaB(m.B, err)
		_, err = m.d.OpretAbonnement(m.Context(), trukket("omsorg", kunHvor(iListen("relateret", "borgere"))), false, person)
		maaB(m.B, err)
		foer := iBrug()
		start := time.Now()
		_, err = m.d.AendrListe(m.Context(), "borgere", distributor.ListeTilfoej, func(yield func(string, error) bool) {
			for i := range m.N {
				if !yield(fmt.Sprintf("%010d", i), nil) {
					return
				}
			}
		}, person)
		maaB(m.B, err)
		m.ReportMetric(0, "ns/op")
		m.ReportMetric(float64(m.N)/time.Since(start).Seconds(), "per_s")
		m.ReportMetric(float64(iBrug()-foer)/float64(m.N), "bytes/vaerdi")
		x := besked(borger(fmt.Sprintf("%010d", m.N-1)))
		a, err := m.d.Accept(m.Context(), "byggesag", x)
		if maaB(m.B, err); len(a.SendtTil) != 1 {
			m.Errorf("sendt til %v", a.SendtTil)
		}
	})
}

// iBrug is how many bytes of memory are in use after a collection.
func iBrug() uint64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}

// BenchmarkEfterlever: an abonnement that is new gets beskeder of 1 kB from the log, each about an objekt of its own. The
// receiver takes them outside the measurement. Raw reads the same rows and writes the same leverancer.
func BenchmarkEfterlever(b *testing.B) {
	paaHver(b, func(m *maaling) {
		m.fyldLog(m.N)
		maaB(m.B, m.d.Konfigurer(m.Context(), []mox.Abonnement{ab("ny", kunHvor(map[string]any{"opgaveemne": "02.*"}))}, nil))
		_, err := m.d.Efterlever(m.Context(), "ny", distributor.Efterleveringsvalg{Fra: 1}, person)
		maaB(m.B, err)
		fra, position, commits := int64(0), int64(0), 0
		for {
			start := time.Now()
			n, err := m.d.EfterleverNu(m.Context())
			m.vores += time.Since(start)
			maaB(m.B, err)
			if n == 0 {
				break
			}
			nye := m.raekkerne("leverance", "id > ? ORDER BY id", fra)
			if len(nye) == 0 {
				continue
			}
			g := []opgave{{raaLog, []any{position, position + int64(n)}}}
			for _, r := range nye {
				g, fra = append(g, m.indsaet("leverance", r)), r[0].(int64)
			}
			position += int64(n)
			commits++
			m.skrivPaa(1, [][]opgave{g})
			maaB(m.B, m.d.Store().Update(m.Context(), func(tx *store.Tx) error {
				_, err := tx.Exec(`UPDATE leverance SET tilstand = 'Leveret' WHERE id <= ? AND tilstand = 'Afventer'`, fra)
				return err
			}))
		}
		if position != int64(m.N) {
			m.Fatalf("%d af %d er efterleveret", position, m.N)
		}
		m.faerdig(m.N, commits)
	})
}

const raaLog = `SELECT nr, afsender, digest, metadata, indholdstype, indholdshash, konfiguration, dybde, modtaget, logposition FROM besked WHERE logposition > ? AND logposition <= ? ORDER BY logposition LIMIT 500`

// fyldLog makes a log of copies of one besked in both databases, each with an id and an objekt of its own.
func (m *maaling) fyldLog(antal int) {
	m.Helper()
	_, err := m.d.Accept(m.Context(), "byggesag", tusind())
	maaB(m.B, err)
	maaB(m.B, m.d.Store().Update(m.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(`DELETE FROM leverance`)
		return err
	}))
	en := m.raekkerne("besked", "nr > 0")[0]
	saet := func(r []any, kolonne string, v any) { r[m.nr("besked", kolonne)] = v }
	saet(en, "logposition", int64(1))
	maaB(m.B, m.d.Store().Update(m.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE besked SET logposition = 1, kaede = indholdshash`)
		return err
	}))
	m.skrivPaa(1, [][]opgave{{m.indsaet("besked", en)}})
	foerste := en[0].(int64)
	for fra := int64(2); fra <= int64(antal); fra += 500 {
		var g []opgave
		for i := fra; i < min(fra+500, int64(antal)+1); i++ {
			r := slices.Clone(en)
			r[0] = foerste + i - 1
			saet(r, "id", fmt.Sprint("urn:x:", i))
			saet(r, "objekt_id", mox.NyUUID())
			saet(r, "logposition", i)
			g = append(g, m.indsaet("besked", r))
		}
		maaB(m.B, m.d.Store().Update(m.Context(), func(tx *store.Tx) error {
			for _, o := range g {
				var nr int64
				if err := tx.QueryRow(o.sql, o.args...).Scan(&nr); err != nil {
					return err
				}
			}
			return nil
		}))
		m.skrivPaa(1, [][]opgave{g})
	}
	m.deres = 0
}

package bench

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/store"
	"github.com/moxkit/mox/store/driver"
	"github.com/moxkit/mox/store/postgres"
	"github.com/moxkit/mox/store/sqlite"
)

// maaling is a distributor on a database of its own, and a bare connection to another of the same kind.
type maaling struct {
	*koersel
	d       *distributor.Distributor
	optager *optager
	adresse string // of MOX's database
	raaSted string
	raa     *raa
}

// nyMaaling has both databases with the schema and nothing else, and takes the abonnementer.
func (k *koersel) nyMaaling(ctx context.Context, abonnementer ...mox.Abonnement) (*maaling, error) {
	m := &maaling{koersel: k}
	var err error
	if m.adresse, err = k.nyDatabase(ctx); err != nil {
		return nil, err
	}
	if m.raaSted, err = k.nyDatabase(ctx); err != nil {
		return nil, err
	}
	tom, err := aabn(ctx, m.raaSted)
	if err != nil {
		return nil, err
	}
	if err := tom.Close(); err != nil {
		return nil, err
	}
	if m.raa, err = aabnRaa(m.raaSted, k.paaPostgres()); err != nil {
		return nil, err
	}
	k.lukkes = append(k.lukkes, m.raa.luk)
	return m, m.start(ctx, abonnementer)
}

func (m *maaling) start(ctx context.Context, abonnementer []mox.Abonnement) error {
	db, err := aabn(ctx, m.adresse)
	if err != nil {
		return err
	}
	m.optager = nyOptager(db)
	s, err := store.New(ctx, m.optager)
	if err != nil {
		return err
	}
	m.lukkes = append(m.lukkes, s.Close)
	if m.d, err = distributor.New(ctx, s, distributor.Options{}); err != nil {
		return err
	}
	if err := m.d.Konfigurer(ctx, abonnementer, nil); err != nil {
		return err
	}
	_, _, err = m.gentag(ctx)
	return err
}

func aabn(ctx context.Context, adresse string) (driver.DB, error) {
	if store.PaaPostgres(adresse) {
		return postgres.Open(ctx, adresse)
	}
	return sqlite.Open(ctx, adresse)
}

func (k *koersel) paaPostgres() bool { return store.PaaPostgres(k.Database) }

// databasenavn is what the results call the kind of database.
func (k *koersel) databasenavn() string {
	if k.paaPostgres() {
		return "postgresql"
	}
	return "sqlite"
}

// nyDatabase makes a database that is gone when the group has been measured.
func (k *koersel) nyDatabase(ctx context.Context) (adresse string, err error) {
	if k.paaPostgres() {
		return k.nyPostgres(ctx)
	}
	dir, err := os.MkdirTemp(k.Dir, "mox-bench-")
	if err != nil {
		return "", &mox.Error{Kode: mox.KodeUtilgaengelig, Op: "bench", Tekst: "der kan ikke skrives til målingernes database", Raad: "giv en mappe, der kan skrives i, med --dir", Err: err}
	}
	k.lukkes = append(k.lukkes, func() error { return os.RemoveAll(dir) })
	return filepath.Join(dir, "mox.db"), nil
}

func (k *koersel) nyPostgres(ctx context.Context) (adresse string, err error) {
	u, err := url.Parse(k.Database)
	if err != nil {
		return "", mox.E("bench", mox.KodeUgyldig, "databasens adresse kan ikke læses").Med("skriv postgres://bruger@vært:port/database")
	}
	navn := "mox_bench_" + strings.ToLower(rand.Text())
	if err := paaServer(ctx, k.Database, "CREATE DATABASE "+navn+" TEMPLATE template0 ENCODING 'UTF8'"); err != nil {
		return "", &mox.Error{Kode: mox.KodeUtilgaengelig, Op: "bench", Tekst: "der kan ikke laves en database til målingerne på " + u.Host, Raad: "giv en server og en bruger, der må oprette databaser", Err: err}
	}
	k.lukkes = append(k.lukkes, func() error {
		return paaServer(context.WithoutCancel(ctx), k.Database, "DROP DATABASE "+navn+" WITH (FORCE)")
	})
	u.Path = "/" + navn
	return u.String(), nil
}

func paaServer(ctx context.Context, adresse, q string) error {
	db, err := sql.Open("pgx", adresse)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, q)
	return errors.Join(err, db.Close())
}

// opgave is something that is measured in turns with the raw work.
type opgave struct {
	navn       string
	stoerrelse int
	laesninger func(sql string) bool                                               // see optager
	forbered   func(ctx context.Context, n int) error                              // before each turn; nil = nothing. Not measured
	tur        func(ctx context.Context, n int) (tider []time.Duration, err error) // n calls of MOX
	raa        func(ctx context.Context, n int) error                              // what is not rows, without MOX's code; nil = nothing
	vilkaar    map[string]any
}

// maal takes turns until enough has been measured, and tells of the result.
func (m *maaling) maal(ctx context.Context, o opgave) error {
	l := &loeb{navn: o.navn, stoerrelse: o.stoerrelse, vilkaar: o.vilkaar}
	m.Sig(o.navn)
	if _, err := m.omgang(ctx, o, &loeb{}, opvarmning); err != nil {
		return err
	}
	commits := 0
	for n := opvarmning; l.vores+l.deres < m.Varighed; n = min(2*n, omgang) {
		c, err := m.omgang(ctx, o, l, n)
		if err != nil {
			return err
		}
		commits += c
	}
	l.vilkaarlig("database", m.databasenavn())
	if commits > 0 {
		l.vilkaarlig("per_commit", rund(float64(l.antal)/float64(commits)))
	}
	return m.fortael(l)
}

// omgang is one turn of n calls.
func (m *maaling) omgang(ctx context.Context, o opgave, l *loeb, n int) (commits int, err error) {
	if o.forbered != nil {
		if err := o.forbered(ctx, n); err != nil {
			return 0, err
		}
	}
	if _, _, err := m.gentag(ctx); err != nil {
		return 0, err
	}
	m.optager.tael(o.laesninger)
	start := time.Now()
	tider, err := o.tur(ctx, n)
	l.vores += time.Since(start)
	m.optager.tael(nil)
	if err != nil {
		return 0, err
	}
	tid, commits, err := m.gentag(ctx)
	if err == nil && o.raa != nil {
		start := time.Now()
		err = o.raa(ctx, n)
		tid += time.Since(start)
	}
	l.deres, l.antal, l.tider = l.deres+tid, l.antal+n, append(l.tider, tider...)
	return commits, err
}

// gentag writes to the raw database what has been written to MOX's since the last time.
func (m *maaling) gentag(ctx context.Context) (tid time.Duration, commits int, err error) {
	l := m.optager.tag()
	if len(l) == 0 {
		return 0, 0, nil
	}
	if err := m.optager.View(ctx, func(tx driver.Tx) error { return raekker(tx, l) }); err != nil {
		return 0, 0, err
	}
	return m.raa.skriv(ctx, l)
}

// samtidig is a turn in which arbejdere share n calls of f.
func samtidig(arbejdere int, f func(ctx context.Context, i int) error) func(context.Context, int) ([]time.Duration, error) {
	return func(ctx context.Context, n int) ([]time.Duration, error) {
		tider := make([]time.Duration, n)
		g, ctx := errgroup.WithContext(ctx)
		for a := range arbejdere {
			g.Go(func() error {
				ctx := somArbejder(ctx, a)
				for i := a; i < n; i += arbejdere {
					start := time.Now()
					if err := f(ctx, i); err != nil {
						return err
					}
					tider[i] = time.Since(start)
				}
				return nil
			})
		}
		return tider, g.Wait()
	}
}

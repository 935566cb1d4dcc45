package migration_test

import (
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/pak"
	"github.com/moxkit/mox/internal/testenv"
	"github.com/moxkit/mox/store"
	"github.com/moxkit/mox/store/migration"
)

var rewrite = flag.Bool("rewrite", false, "write testdata/*.sqlite.sql anew; never for a released version")

// onBoth runs a test on an empty database of each kind; url is what store.Open takes.
func onBoth(t *testing.T, f func(t *testing.T, db *sql.DB, d migration.Dialect, url string)) {
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "mox.db")
		f(t, connect(t, "sqlite", path), migration.SQLite(), path)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		url := testenv.Postgres(t)
		f(t, connect(t, "pgx", url), migration.Postgres(), url)
	})
}

func connect(t *testing.T, kind, address string) *sql.DB {
	t.Helper()
	db, err := sql.Open(kind, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func run(t *testing.T, db *sql.DB, d migration.Dialect) {
	t.Helper()
	if err := migration.Run(t.Context(), db, d); err != nil {
		t.Fatal(err)
	}
}

func execute(t *testing.T, db *sql.DB, q string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), q); err != nil {
		t.Fatal(err)
	}
}

func TestRunAgainKeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *sql.DB, d migration.Dialect, _ string) {
		run(t, db, d)
		execute(t, db, `INSERT INTO inkarnation (id, startet, sidst) VALUES ('a', 1, 1)`)
		run(t, db, d)
		var n int
		if err := db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM inkarnation`).Scan(&n); err != nil || n != 1 {
			t.Errorf("%d rows and error %v after the second run", n, err)
		}
	})
}

func TestNewerDatabaseIsRefused(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *sql.DB, d migration.Dialect, url string) {
		run(t, db, d)
		execute(t, db, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, `+map[string]string{"INTEGER": "1", "BIGINT": "true"}[d.Int]+`)`)
		_, err := store.Open(t.Context(), url)
		if err == nil {
			t.Fatal("opened")
		}
		for _, want := range []string{"databasen har skema 9999", "kender kun", "brug den nyere udgave af mox"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("the error %q does not say %q", err, want)
			}
		}
	})
}

// TestOpensEveryReleasedVersion opens, with the current code, a database as each version of the program has left it:
// testdata/NNNN.sqlite.sql is such a database as text, with its rows.
func TestOpensEveryReleasedVersion(t *testing.T) {
	t.Parallel()
	if *rewrite {
		for version, rows := range releases() {
			write(t, version, rows)
		}
	}
	files, err := filepath.Glob("testdata/*.sqlite.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no released versions in testdata: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "mox.db")
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			execute(t, connect(t, "sqlite", path), string(text))
			s, err := store.Open(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			released(t, s)
			if file >= releasedFile(3) {
				released3(t, s)
			}
			if file >= releasedFile(11) {
				released11(t, s)
				glem11(t, s)
			}
			if file >= releasedFile(12) {
				released12(t, s)
			}
		})
	}
}

// released checks that the rows of a released version are there and mean what they meant.
func released(t *testing.T, s *store.Store) {
	t.Helper()
	const installation = "6a3e7d4e-2f0b-4a4f-8f2c-000000000001"
	if s.InstallationID() != installation {
		t.Errorf("installation %s", s.InstallationID())
	}
	if id := s.ObjektID("byggesag", "Sag", "2026-0001"); id != "d6af9486-4888-81ec-8a15-a88ccfa027da" {
		t.Errorf("the record 2026-0001 is now objekt %s: every objekt has changed its identity", id)
	}
	err := s.View(t.Context(), func(tx *store.Tx) error {
		o, ok, err := tx.OpgaveFor(1)
		if err != nil || !ok {
			t.Errorf("the leverance is not there: %v", err)
			return err
		}
		if o.Besked.ID != "11111111-1111-4111-8111-111111111111" || o.Besked.Type != "Sag.Opstaaet" || o.Leverance.Tilstand != "Parkeret" {
			t.Errorf("read %+v", o)
		}
		f, err := tx.FejlOm(1)
		if len(f) != 1 || !f[0].Aaben {
			t.Errorf("its Fejl: %+v", f)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestReleasedSchemaIsNotChanged tells when a migration that has been released is edited instead of a new one added.
func TestReleasedSchemaIsNotChanged(t *testing.T) {
	t.Parallel()
	for version := range releases() {
		text, err := os.ReadFile(releasedFile(version))
		if err != nil {
			t.Fatal(err)
		}
		then := connect(t, "sqlite", filepath.Join(t.TempDir(), "then.db"))
		execute(t, then, string(text))
		now := connect(t, "sqlite", filepath.Join(t.TempDir(), "now.db"))
		if err := migration.RunTo(t.Context(), now, migration.SQLite(), version); err != nil {
			t.Fatal(err)
		}
		if a, b := schema(t, then), schema(t, now); !slices.Equal(a, b) {
			t.Errorf("%d makes another schema than it did when it was released (not released yet? then go test ./store/migration -rewrite):\n%s\n\nreleased:\n%s", version, strings.Join(b, ";\n"), strings.Join(a, ";\n"))
		}
	}
}

// schema is what makes the tables and indexes, as SQLite keeps it.
func schema(t *testing.T, db *sql.DB) (out []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), `SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'sqlite_sequence' ORDER BY rowid`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// write makes the file of a version.
func write(t *testing.T, version int64, rows string) {
	t.Helper()
	db := connect(t, "sqlite", filepath.Join(t.TempDir(), "mox.db"))
	if err := migration.RunTo(t.Context(), db, migration.SQLite(), version); err != nil {
		t.Fatal(err)
	}
	text := strings.Join(schema(t, db), ";\n\n") + ";\n\n" + rows
	if err := os.WriteFile(releasedFile(version), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func releasedFile(version int64) string { return fmt.Sprintf("testdata/%04d.sqlite.sql", version) }

// releases are the versions that have been released, with the rows that a database of each is left with.
func releases() map[int64]string {
	return map[int64]string{1: rows1, 3: rows1 + rows3, 11: rows1 + rows3 + rows11, 12: rows1 + rows3 + rows11 + rows12}
}

// released3 checks the rows that version 3 has beside those of version 1.
func released3(t *testing.T, s *store.Store) {
	t.Helper()
	err := s.View(t.Context(), func(tx *store.Tx) error {
		o, ok, err := tx.OpgaveFor(2)
		if err != nil || !ok || o.Leverance.Tilstand != "Overdraget" || o.Leverance.Frist.IsZero() {
			t.Errorf("the leverance that awaits a Kvittering: %+v %v", o.Leverance, err)
		}
		a, err := tx.AabneAbonnementer()
		if err != nil || len(a) != 1 || a[0].Abonnement.System != "ESDH" || !a[0].Abonnement.Kraeves || !a[0].Abonnement.Filter.Match(map[string][]string{"objekttype": {"Sag"}}) {
			t.Errorf("the abonnement: %+v %v", a, err)
		}
		l, err := tx.StaaendeAlarmer()
		if err != nil || len(l) != 1 || l[0].Genstand != "esdh.sager" {
			t.Errorf("the alarm: %+v %v", l, err)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// released11 checks the rows that version 11 has beside those of version 3.
func released11(t *testing.T, s *store.Store) {
	t.Helper()
	const sag = "33333333-3333-4333-8333-333333333333"
	err := s.View(t.Context(), func(tx *store.Tx) error {
		r, ok, err := tx.RegisterNyeste(sag)
		if err != nil || !ok || r.Nr != 1 || r.Livscyklus != "Opstaaet" || !r.Til.IsZero() || r.Myndighed != "12345678" {
			t.Errorf("the registrering in force: %+v %v", r, err)
		}
		var p pak.Pakker
		if b, err := p.Udpak(r.Pakket); err != nil || !strings.Contains(string(b), `"titel":"Carport"`) {
			t.Errorf("its content: %s %v", b, err)
		}
		fundet, err := tx.Soeg(store.Registersoegning{ObjektType: mox.Sag, Kriterier: []store.Registerkriterium{{Felter: []string{"Sag.a.titel"}, Vaerdi: "carport"}},
			VirkFra: mox.MinusUendelig, VirkTil: mox.Uendelig, Kredse: []store.Registerkreds{{}}})
		if err != nil || !slices.Equal(fundet, []mox.ObjektID{sag}) {
			t.Errorf("found: %v %v", fundet, err)
		}
		b, ok, err := tx.Bruger("inge")
		if err != nil || !ok || b.Rolle != "drift" || !b.Lukket.IsZero() || b.Kreds != "" {
			t.Errorf("the account: %+v %v", b, err)
		}
		l, ok, err := tx.ListeMedNavn("boerneomraadet")
		if err != nil || !ok || l.Version != 1 || l.Antal != 1 {
			t.Errorf("the value list: %+v %v", l, err)
		}
		if har, err := tx.HarListevaerdi(l.ID, l.Version, store.Noegle([]byte("0123456789abcdef"))); err != nil || !har {
			t.Errorf("its value: %v %v", har, err)
		}
		g, err := tx.Gevinstgrundlag(1)
		if err != nil || len(g) != 1 || string(g[0].Indhold) != "{}" {
			t.Errorf("what the business case is reckoned from: %+v %v", g, err)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// released12 checks the rows that version 12 has beside those of version 11.
func released12(t *testing.T, s *store.Store) {
	t.Helper()
	err := s.View(t.Context(), func(tx *store.Tx) error {
		g, ok, err := tx.Glemt("44444444-4444-4444-8444-444444444444")
		if err != nil || !ok || g.Hvem != "Inge" || g.Hjemmel != "GDPR 17" {
			t.Errorf("what was erased: %+v %v", g, err)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// glem11 erases the registrering and the besked that version 11 has written, with what version 12 keeps of it.
func glem11(t *testing.T, s *store.Store) {
	t.Helper()
	const sag, fortalt = "33333333-3333-4333-8333-333333333333", "22222222-2222-4222-8222-222222222222"
	err := s.Update(t.Context(), func(tx *store.Tx) error {
		nr, err := tx.RegisterNr(sag)
		if err != nil {
			return err
		}
		if n, err := tx.SletRegisterobjekt(nr); err != nil || n != 1 {
			t.Errorf("%d registreringer erased: %v", n, err)
		}
		if ud, err := tx.HarFaaet(fortalt); err != nil || len(ud) != 2 || ud["esdh.sager"] != 1 || ud["esdh.koe"] != 1 {
			t.Errorf("those who have had it: %v %v", ud, err)
		}
		l, err := tx.BeskederOm(fortalt)
		if err != nil || len(l) != 1 {
			t.Errorf("%d beskeder: %v", len(l), err)
			return err
		}
		if err := errors.Join(tx.SletPersonligt(&l[0]), tx.NoterFeed("esdh.sager", 1)); err != nil {
			return err
		}
		if err := tx.InsertGlemt(&store.Glemt{ObjektID: sag, ObjektType: mox.Sag, Hvem: "Inge", Begrundelse: "slettes", Registreringer: 1}); err != nil {
			return err
		}
		return tx.InsertSletmodtager(store.Sletmodtager{ObjektID: sag, Abonnement: "esdh.sager", System: "ESDH", Frist: tx.Now().Add(time.Hour)})
	})
	if err != nil {
		t.Fatal(err)
	}
	err = s.View(t.Context(), func(tx *store.Tx) error {
		g, ok, err := tx.Glemt(sag)
		if err != nil || !ok || g.Registreringer != 1 || g.Tid.IsZero() {
			t.Errorf("what is left: %+v %v", g, err)
		}
		m, err := tx.Sletstande(sag)
		if err != nil || len(m) != 1 || m[0].System != "ESDH" {
			t.Errorf("its receivers: %+v %v", m, err)
		}
		l, err := tx.BeskederOm(fortalt)
		if err == nil && !l[0].IndholdSlettet() {
			t.Errorf("the besked still has its content: %+v", l[0])
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// rows11 are the rows that a database of version 11 has beside those of version 3.
const rows11 = `INSERT INTO goose_db_version (version_id, is_applied) VALUES (4, 1), (5, 1), (6, 1), (7, 1), (8, 1), (9, 1), (10, 1), (11, 1);
INSERT INTO register_objekt (nr, uuid, objekttype, registrering, livscyklus, bvn) VALUES (1, '33333333-3333-4333-8333-333333333333', 'Sag', 1, 'Opstaaet', '2026-000123');
INSERT INTO register_registrering (objekt, nr, fra, til, livscyklus, bruger, note, indhold, myndighed)
  VALUES (1, 1, 1767225600000000, 9223372036854775807, 'Opstaaet', 'Inge', '', x'28b52ffd4500010500cd0100440130303132334361727042332d30325430383a31350b00002822ec82226c28240958b00c7a64e4aac933ac1662649b9cda7858f09b330301f43833f3', '12345678');
INSERT INTO register_felt (objekt, felt, vaerdi, fra, til, regfra, regtil)
  VALUES (1, 'Sag.a.titel', 'carport', 1772439300000000, 9223372036854775807, 1767225600000000, 9223372036854775807);
INSERT INTO bruger (id, navn, rolle, kodeord, oprettet, oprettet_af, aendret, aendret_af) VALUES ('inge', 'Inge', 'drift', '$argon2id$', 1767225600000000, 'Ole', 1767225600000000, 'Ole');
INSERT INTO liste (id, navn, noegle, version, antal, aendring, oprettet, oprettet_af, aendret, aendret_af)
  VALUES (1, 'boerneomraadet', 'opgaveemne', 1, 1, 1, 1767225600000000, 'Inge', 1767225600000000, 'Inge');
INSERT INTO listevaerdi (liste, noegle, vaerdi, fra) VALUES (1, x'30313233343536373839616263646566', '27.03.08', 1);
INSERT INTO gevinstgrundlag VALUES (1, '{}', 1767225600000000, 'Inge', 'første tal');
`

// rows12 are those that a database of version 12 has beside them.
const rows12 = `INSERT INTO goose_db_version (version_id, is_applied) VALUES (12, 1);
INSERT INTO register_glemt (objekt, objekttype, tid, hvem, begrundelse, hjemmel, registreringer)
  VALUES ('44444444-4444-4444-8444-444444444444', 'Sag', 1767225600000000, 'Inge', 'indsigelse', 'GDPR 17', 3);
`

// rows3 are those that a database of version 3 has beside them.
const rows3 = `INSERT INTO goose_db_version (version_id, is_applied) VALUES (2, 1), (3, 1);
INSERT INTO abonnement (id, definition, aendring, oprettet, oprettet_af) VALUES ('esdh.koe',
  '{"id":"esdh.koe","system":"ESDH","carrier":"amqp","filter":{"objekttype":"Sag"},"orden":"objekt","plan":{"forsoeg":30,"foerste":1000000000,"hoejst":10800000000000},"gentages":true,"kvittering":true}',
  1, 1767225600000000, 'Inge');
INSERT INTO leverance (besked, abonnement, orden, raekke, tilstand, blokeret, forsoeg, naeste, frist, oprettet, aendret)
  VALUES (1, 'esdh.koe', '22222222-2222-4222-8222-222222222222', 1, 'Overdraget', 0, 1, 1767225600000000, 253370764800000000, 1767225600000000, 1767225600000000);
INSERT INTO alarm (regel, genstand, tekst, raad, sti, begyndt, sidst, fortalt) VALUES ('aeldste', 'esdh.sager', 'esdh.sager har 1 i kø', 'se, om modtageren svarer', '/', 1767225600000000, 1767225600000000, 0);
`

// rows1 are the rows that a database of version 1 is left with.
const rows1 = `INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, 1), (1, 1);
INSERT INTO installation VALUES (1, '6a3e7d4e-2f0b-4a4f-8f2c-000000000001', x'000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 1767225600000000);
INSERT INTO konfiguration (sha256, indhold, oprettet) VALUES ('00', '{}', 1767225600000000);
INSERT INTO besked (id, afsender, digest, type, objekt_id, objekttype, livscyklus, kildesystem, foraarsaget_af, dybde, gyldig_til, registreringstid, metadata,
    indholdstype, indhold, salt, indholdshash, konfiguration, modtaget, logposition, kaede)
  VALUES ('11111111-1111-4111-8111-111111111111', 'byggesag', x'01', 'Sag.Opstaaet', '22222222-2222-4222-8222-222222222222', 'Sag', 'Opstaaet', 'byggesag', '', 0, 0,
    1767225600000000, '{"felter":{"beskedID":["11111111-1111-4111-8111-111111111111"],"beskedtype":["Sag.Opstaaet"],"objektID":["22222222-2222-4222-8222-222222222222"],"objekttype":["Sag"]}}',
    'application/json', x'7b7d', x'02', x'03', 1, 1767225600000000, 1, x'04');
INSERT INTO leverance (besked, abonnement, orden, raekke, tilstand, blokeret, forsoeg, naeste, ansvar, kode, aarsag, oprettet, aendret)
  VALUES (1, 'esdh.sager', '22222222-2222-4222-8222-222222222222', 1, 'Parkeret', 0, 1, 1767225600000000, 'modtager', '409', 'sagen er lukket', 1767225600000000, 1767225600000000);
INSERT INTO forsoeg (leverance, nr, begyndt, afsluttet, ejer, resultat, kode) VALUES (1, 1, 1767225600000000, 1767225600000000, 'proces/x/1', 'afvist', '409');
INSERT INTO kvittering (besked, abonnement, art, tid) VALUES (1, '', 'modtaget', 1767225600000000);
INSERT INTO fejl (art, ansvar, kode, tekst, besked, leverance, oprettet) VALUES ('leverance', 'modtager', '409', 'sagen er lukket', 1, 1, 1767225600000000);
`

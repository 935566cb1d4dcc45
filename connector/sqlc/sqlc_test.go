package sqlc

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/connector/connectortest"
)

// database is a vendor's database in a file.
type database struct {
	*testing.T
	path string
	db   *sql.DB
}

func newDatabase(t *testing.T, schema string) *database {
	t.Helper()
	d := &database{T: t, path: filepath.Join(t.TempDir(), "sager 100% æ.db")}
	db, err := sql.Open("sqlite", d.path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	d.db = db
	d.exec(schema)
	return d
}

func (d *database) exec(statement string, args ...any) {
	d.Helper()
	if _, err := d.db.ExecContext(context.Background(), statement, args...); err != nil {
		d.Fatalf("%s: %v", statement, err)
	}
}

func (d *database) away(*testing.T) {
	d.Helper()
	_ = d.db.Close()
	if err := os.Rename(d.path, d.path+".away"); err != nil {
		d.Fatal(err)
	}
}

const schema = `
	CREATE TABLE sag (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT, titel TEXT, aendret DATETIME);
	CREATE TABLE dokument (id TEXT PRIMARY KEY, indhold BLOB);`

func TestSourceConformance(t *testing.T) {
	for name, c := range map[string]SourceConfig{
		"Number": {Query: "SELECT seq, id, titel FROM sag WHERE seq > :position ORDER BY seq", PositionFelt: "seq"},
		"Time":   {Query: "SELECT id, titel, aendret FROM sag WHERE aendret >= :position ORDER BY aendret, seq;\n", PositionFelt: "aendret"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connectortest.RunSource(t, func(t *testing.T) connectortest.SourceHarness { return sourceHarness(t, c) })
		})
	}
}

func sourceHarness(t *testing.T, c SourceConfig) connectortest.SourceHarness {
	d := newDatabase(t, schema)
	c.Type, c.Driver, c.DSN, c.Indhold = "sql", "sqlite", d.path, "SELECT indhold FROM dokument WHERE id = :ref"
	n := 0
	// Three rows in a row have the same time, as a system's do that counts in seconds.
	at := func() string { n++; return fmt.Sprintf("2026-03-01 %02d:%02d:%02d", n/3/3600, n/3/60%60, n/3%60) }
	return connectortest.SourceHarness{
		Open: func(t *testing.T, env connector.Env) connector.Source { return openSource(t, c, env) },
		Add: func(t *testing.T, items ...connectortest.Item) {
			tx, err := d.db.BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range items {
				if _, err := tx.ExecContext(t.Context(), "INSERT INTO sag (id, titel, aendret) VALUES (?, ?, ?)", i.ID, i.Titel, at()); err != nil {
					t.Fatal(err)
				}
			}
			if err := tx.Commit(); err != nil {
				t.Fatal(err)
			}
		},
		AddBroken: func(*testing.T) { d.exec("INSERT INTO sag (id, titel, aendret) VALUES ('x', x'00', ?)", at()) },
		AddForeign: func(*testing.T) {
			d.exec("INSERT INTO sag (id, titel, aendret) VALUES ('x', CAST(x'61E662' AS TEXT), ?)", at())
		},
		Away: d.away,
		Put: func(_ *testing.T, content []byte) string {
			d.exec("INSERT INTO dokument VALUES ('7', ?)", content)
			return "7"
		},
	}
}

func openSource(t *testing.T, c SourceConfig, env connector.Env) *Source {
	t.Helper()
	c.Type, c.Driver = "sql", "sqlite"
	s, err := NewSource(c, env)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestSinkConformance(t *testing.T) {
	t.Parallel()
	connectortest.RunSink(t, func(t *testing.T) connectortest.SinkHarness {
		d := newDatabase(t, "CREATE TABLE svar (nr INTEGER PRIMARY KEY, id TEXT, titel TEXT, noegle TEXT, dokument BLOB)")
		c := SinkConfig{
			Type: "sql", Driver: "sqlite", DSN: d.path,
			Exec:  "INSERT INTO svar (id, titel, noegle) VALUES (:id, :titel, :noegle) RETURNING nr",
			Opret: "INSERT INTO svar (id, titel, noegle) VALUES (:id, :titel, :noegle)",
		}
		open := func(change func(*SinkConfig)) func(*testing.T, connector.Env) connector.Sink {
			return func(t *testing.T, env connector.Env) connector.Sink {
				c := c
				change(&c)
				return openSink(t, c, env)
			}
		}
		return connectortest.SinkHarness{
			Open:      open(func(c *SinkConfig) { c.Opslag = "SELECT nr FROM svar WHERE noegle = :noegle" }),
			OpenPlain: open(func(*SinkConfig) {}),
			OpenUnknown: open(func(c *SinkConfig) {
				c.Opret = "INSERT INTO svar (id) VALUES (:findes_ikke)"
			}),
			Accepted: CodeOK,
			Effects:  func(t *testing.T) []connectortest.Item { return d.effects() },
			Refuse: func(*testing.T, connector.Call) {
				d.exec("CREATE TRIGGER nej BEFORE INSERT ON svar BEGIN SELECT RAISE(ABORT, 'Sagen er afsluttet'); END")
			},
			Away: d.away,
		}
	})
}

func (d *database) effects() []connectortest.Item {
	d.Helper()
	rows, err := d.db.QueryContext(context.Background(), "SELECT id, titel FROM svar ORDER BY nr")
	if err != nil {
		d.Fatal(err)
	}
	defer rows.Close()
	var found []connectortest.Item
	for rows.Next() {
		var i connectortest.Item
		if err := rows.Scan(&i.ID, &i.Titel); err != nil {
			d.Fatal(err)
		}
		found = append(found, i)
	}
	return found
}

func openSink(t *testing.T, c SinkConfig, env connector.Env) *Sink {
	t.Helper()
	s, err := NewSink(c, env)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestValuesComeAsTheyAreStored(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, "CREATE TABLE sag (nr INTEGER, beloeb REAL, dato DATE, tid DATETIME, tom TEXT, intet TEXT, stort INTEGER, \"med \"\"anførsel\" TEXT)")
	d.exec("INSERT INTO sag VALUES (7, 1234567.5, '2026-03-01', '2026-03-01 10:00:00', '', NULL, 9007199254740993, 'æ')")
	s := openSource(t, SourceConfig{DSN: d.path, Query: "SELECT * FROM sag -- alt"}, connector.Env{})
	b, err := s.Read(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"nr": "7", "beloeb": "1234567.5", "dato": "2026-03-01", "tid": "2026-03-01 10:00:00", "tom": "", "stort": "9007199254740993", `med "anførsel`: "æ",
	}
	if diff := cmp.Diff(want, b.Records[0].Fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

func TestLateRowsAreNotLost(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, "CREATE TABLE sag (nr INTEGER, id TEXT)")
	c := SourceConfig{DSN: d.path, Query: "SELECT nr, id FROM sag WHERE nr > :position ORDER BY nr", PositionFelt: "nr"}
	s, position := openSource(t, c, connector.Env{}), ""
	read := func(want ...string) {
		t.Helper()
		b, err := s.Read(t.Context(), position)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range b.Records {
			got = append(got, r.Fields["id"])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("records (-want +got):\n%s", diff)
		}
		position = b.Position
	}
	d.exec("INSERT INTO sag VALUES (4, 'a'), (6, 'b')")
	read("a", "b")
	d.exec("INSERT INTO sag VALUES (6, 'c')") // the same number, later
	read("c")
	d.exec("INSERT INTO sag VALUES (5, 'd')") // committed after 6
	read("d")
	d.exec("UPDATE sag SET nr = 7 WHERE id = 'a'")
	read("a")
	read()
}

func TestSourceCannotWrite(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, schema)
	s := openSource(t, SourceConfig{DSN: d.path, Query: "SELECT 1"}, connector.Env{})
	if _, err := s.db.(*sqliteDB).db.ExecContext(t.Context(), "INSERT INTO sag (id) VALUES ('x')"); err == nil {
		t.Error("the source's database can be written")
	}
}

func TestQueryErrorsArePermanent(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, schema)
	for name, c := range map[string]SourceConfig{
		"Syntax":   {Query: "SELEKT 1"},
		"NoTable":  {Query: "SELECT * FROM sager"},
		"NoColumn": {Query: "SELECT id FROM sag WHERE seq > :position ORDER BY seq", PositionFelt: "seq"},
		"Order":    {Query: "SELECT seq, id FROM sag WHERE seq > :position ORDER BY seq DESC", PositionFelt: "seq"},
	} {
		t.Run(name, func(t *testing.T) {
			c.DSN = d.path
			s := openSource(t, c, connector.Env{})
			d.exec("INSERT INTO sag (id) VALUES ('a'), ('b')")
			if _, err := s.Read(t.Context(), ""); err == nil || connector.Temporary(err) {
				t.Errorf("Read = %v, want a permanent error", err)
			}
		})
	}
}

func TestLockedDatabaseIsTemporary(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, schema)
	d.exec("PRAGMA locking_mode = EXCLUSIVE")
	conn, err := d.db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(t.Context(), "BEGIN EXCLUSIVE"); err != nil {
		t.Fatal(err)
	}
	s := openSource(t, SourceConfig{DSN: d.path, Query: "SELECT * FROM sag"}, connector.Env{})
	if _, err := s.Read(t.Context(), ""); !connector.Temporary(err) {
		t.Errorf("Read = %v, want temporary", err)
	}
	sink := openSink(t, SinkConfig{Type: "sql", Driver: "sqlite", DSN: d.path, Exec: "DELETE FROM sag"}, connector.Env{})
	if _, err := sink.Write(t.Context(), connector.Call{}); !connector.Temporary(err) || connector.Unknown(err) {
		t.Errorf("Write = %v, want temporary and known", err)
	}
}

func TestRunningQueryIsCancelled(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, schema)
	s := openSource(t, SourceConfig{
		DSN: d.path, Query: "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) AS i FROM n",
	}, connector.Env{})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.Read(ctx, ""); !connector.Temporary(err) {
		t.Errorf("Read = %v, want temporary", err)
	}
}

func TestSinkStatements(t *testing.T) {
	t.Parallel()
	const table = "CREATE TABLE sag (nr INTEGER PRIMARY KEY, titel TEXT NOT NULL, navn TEXT, antal, dok BLOB)"
	document := func(content string) map[string]connector.Opener {
		return map[string]connector.Opener{"dok": func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(content)), nil
		}}
	}
	for name, c := range map[string]struct {
		config    SinkConfig
		call      connector.Call
		code      string
		fields    map[string]string
		err, rows string
	}{
		"Returning": {
			config: SinkConfig{Exec: "INSERT INTO sag (titel, navn) VALUES (:titel, :part_0_navn) RETURNING nr, navn AS n"},
			call:   connector.Call{Fields: map[string]any{"titel": "a'); DROP TABLE sag; --", "part.0.navn": "æ"}},
			code:   CodeOK, fields: map[string]string{"nr": "1", "n": "æ"}, rows: "1|a'); DROP TABLE sag; --|æ||",
		},
		"Rows":    {config: SinkConfig{Exec: "INSERT INTO sag (titel) VALUES ('a'), ('b')"}, code: CodeOK, fields: map[string]string{"raekker": "2"}, rows: "1|a|||,2|b|||"},
		"NoRow":   {config: SinkConfig{Exec: "UPDATE sag SET titel = 'x' WHERE nr = :key"}, call: connector.Call{Vars: map[string]string{"key": "9"}}, code: CodeNoRow, fields: map[string]string{"raekker": "0"}},
		"NotNull": {config: SinkConfig{Exec: "INSERT INTO sag (titel) VALUES (:titel)"}, call: connector.Call{Fields: map[string]any{"titel": nil}}, code: CodeConstraint},
		"Types":   {config: SinkConfig{Exec: "INSERT INTO sag (titel, antal) VALUES (:t, :n)"}, call: connector.Call{Fields: map[string]any{"t": "x", "n": int64(3)}}, code: CodeOK, fields: map[string]string{"raekker": "1"}, rows: "1|x||3|"},
		"Blob":    {config: SinkConfig{Exec: "INSERT INTO sag (titel, dok) VALUES ('x', :dok)"}, call: connector.Call{Content: document("%PDF")}, code: CodeOK, fields: map[string]string{"raekker": "1"}, rows: "1|x|||%PDF"},
		"TooLarge": {
			config: SinkConfig{Exec: "INSERT INTO sag (titel, dok) VALUES ('x', :dok)", MaxIndhold: 3}, call: connector.Call{Content: document("%PDF")}, err: "max_indhold",
		},
		"TwoFieldsOneName": {config: SinkConfig{Exec: "DELETE FROM sag"}, call: connector.Call{Fields: map[string]any{"a.b": "1", "a_b": "2"}}, err: ":a_b"},
		"NoStatement":      {config: SinkConfig{Opret: "X", Ret: "X", Passiver: "X", Slet: "X"}, call: connector.Call{Operation: "flyt"}, err: `"flyt"`},
		"Syntax":           {config: SinkConfig{Exec: "INSÆRT"}, err: "syntax"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDatabase(t, table)
			c.config.Type, c.config.Driver, c.config.DSN = "sql", "sqlite", d.path
			a, err := openSink(t, c.config, connector.Env{}).Write(t.Context(), c.call)
			if c.err != "" {
				if err == nil || connector.Temporary(err) || connector.Unknown(err) || !strings.Contains(err.Error(), c.err) {
					t.Errorf("Write = %v, want a permanent, known error with %q", err, c.err)
				}
			} else if err != nil || a.Code != c.code || cmp.Diff(c.fields, a.Fields) != "" {
				t.Errorf("answer %+v, %v; want %s %v", a, err, c.code, c.fields)
			}
			if got := d.rows(); got != c.rows {
				t.Errorf("rows %q, want %q", got, c.rows)
			}
		})
	}
}

func (d *database) rows() string {
	d.Helper()
	var all sql.NullString
	err := d.db.QueryRowContext(context.Background(),
		"SELECT group_concat(nr || '|' || titel || '|' || coalesce(navn, '') || '|' || coalesce(antal, '') || '|' || coalesce(CAST(dok AS TEXT), '')) FROM sag").Scan(&all)
	if err != nil {
		d.Fatal(err)
	}
	return all.String
}

func TestCheckExplainsWithoutRunning(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, schema)
	d.exec("INSERT INTO sag (id) VALUES ('a')")
	c := SinkConfig{Type: "sql", Driver: "sqlite", DSN: d.path, Exec: "DELETE FROM sag WHERE id = :id", Opslag: "SELECT 1 FROM sag WHERE id = :key"}
	if err := openSink(t, c, connector.Env{}).Check(t.Context()); err != nil {
		t.Errorf("Check: %v", err)
	}
	var n int
	if err := d.db.QueryRowContext(t.Context(), "SELECT count(*) FROM sag").Scan(&n); err != nil || n != 1 {
		t.Errorf("%d rows, %v, want 1", n, err)
	}
	c.Opslag = "SELECT 1 FROM sager"
	if err := openSink(t, c, connector.Env{}).Check(t.Context()); err == nil || connector.Temporary(err) || !strings.Contains(err.Error(), "opslag") {
		t.Errorf("Check = %v, want a permanent error that names opslag", err)
	}
}

func TestParams(t *testing.T) {
	t.Parallel()
	for statement, want := range map[string][]string{
		"SELECT :a, :b_1, :a":                 {"a", "b_1"},
		"SELECT ':a', \":b\", [:c], `:d`, :e": {"e"},
		"SELECT 'it''s :a', :b":               {"b"},
		"-- :a\nSELECT :b /* :c */ + :æ":      {"b", "æ"},
		"SELECT 'open :a":                     nil,
		"SELECT 1 : 2":                        nil,
	} {
		if got := params("sqlite", statement); !slices.Equal(got, want) {
			t.Errorf("params(%q) = %q, want %q", statement, got, want)
		}
	}
}

func FuzzParams(f *testing.F) {
	f.Add("SELECT 'a''b' AS \"x:y\", :c -- :d\n FROM [e:f] /* :g */")
	f.Fuzz(func(t *testing.T, statement string) {
		for _, name := range params("sqlite", statement) {
			if name == "" || !strings.Contains(statement, ":"+name) {
				t.Errorf("params(%q) has %q", statement, name)
			}
		}
	})
}

func TestValidate(t *testing.T) {
	t.Parallel()
	base := SourceConfig{Type: "sql", Driver: "sqlite", DSN: "a.db"}
	with := func(change func(*SourceConfig)) []connector.Problem { c := base; change(&c); return c.Validate() }
	for name, c := range map[string]struct {
		problems []connector.Problem
		want     string
	}{
		"Empty":         {SourceConfig{}.Validate(), "driver dsn query"},
		"Oracle":        {with(func(c *SourceConfig) { c.Driver, c.Query = "oracle", "SELECT 1" }), "driver"},
		"URI":           {with(func(c *SourceConfig) { c.DSN, c.Query = "file:a.db?mode=rwc", "SELECT 1" }), "dsn"},
		"NoFelt":        {with(func(c *SourceConfig) { c.Query = "SELECT :position" }), "position_felt"},
		"NoPosition":    {with(func(c *SourceConfig) { c.Query, c.PositionFelt = "SELECT ':position'", "a" }), "query"},
		"OtherName":     {with(func(c *SourceConfig) { c.Query = "SELECT :a" }), "query"},
		"FullWithField": {with(func(c *SourceConfig) { c.Query, c.PositionFelt, c.Eksport = "SELECT :position", "a", "fuld" }), "eksport"},
		"Document":      {with(func(c *SourceConfig) { c.Query, c.Indhold = "SELECT 1", "SELECT b FROM d" }), "indhold"},
		"Sink":          {SinkConfig{Type: "sql", Driver: "sqlite", DSN: "a.db", Opret: "X"}.Validate(), "passiver ret slet"},
		"SinkWhole":     {SinkConfig{Type: "sql", Driver: "sqlite", DSN: "a.db", Exec: "X"}.Validate(), ""},
	} {
		var got []string
		for _, p := range c.problems {
			got = append(got, p.Path)
		}
		slices.Sort(got)
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: problems %v, want %s", name, c.problems, c.want)
		}
	}
	want := map[string][]string{"exec": {"id", "noegle"}, "opslag": {"key"}}
	if diff := cmp.Diff(want, SinkConfig{Driver: "sqlite", Exec: "UPDATE x SET a = :id, b = :noegle", Opslag: "SELECT :key"}.TemplateNames()); diff != "" {
		t.Errorf("TemplateNames (-want +got):\n%s", diff)
	}
}

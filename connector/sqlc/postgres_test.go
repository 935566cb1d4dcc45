package sqlc

import (
	"context"
	"crypto/rand"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/connector/connectortest"
	"github.com/moxkit/mox/internal/fejlnet"
	"github.com/moxkit/mox/internal/testenv"
)

// server is a vendor's database on PostgreSQL, in the encoding given.
func server(t *testing.T, encoding string) string {
	t.Helper()
	address := testenv.Postgres(t)
	if encoding == "UTF8" {
		return address
	}
	conn := connect(t, address)
	name := strings.TrimPrefix(parse(t, address).Path, "/") + "_anden"
	run(t, conn, "CREATE DATABASE "+name+" TEMPLATE template0 ENCODING '"+encoding+"' LC_COLLATE 'C' LC_CTYPE 'C'")
	t.Cleanup(func() { run(t, connect(t, address), "DROP DATABASE "+name+" WITH (FORCE)") })
	u := parse(t, address)
	u.Path = "/" + name
	return u.String()
}

func parse(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal("the address is not a URL")
	}
	return u
}

func connect(t *testing.T, address string) *pgx.Conn {
	t.Helper()
	config, err := pgx.ParseConfig(address)
	if err != nil {
		t.Fatal("the address is not a URL")
	}
	config.RuntimeParams["client_encoding"] = "UTF8"
	conn, err := pgx.ConnectConfig(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func run(t *testing.T, conn *pgx.Conn, statement string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(context.Background(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// tables is a vendor's tables in a schema of their own, behind a network that fails on command.
type tables struct {
	*testing.T
	conn     *pgx.Conn
	proxy    *fejlnet.Proxy
	schema   string
	dsn      string
	password string
}

func newTables(t *testing.T, address, ddl string) *tables {
	t.Helper()
	v := &tables{T: t, conn: connect(t, address), schema: "leverandoer_" + strings.ToLower(rand.Text())}
	u := parse(t, address)
	v.proxy = fejlnet.New(t, u.Host)
	v.password, _ = u.User.Password()
	run(t, v.conn, "CREATE SCHEMA "+v.schema)
	run(t, v.conn, "SET search_path TO "+v.schema)
	run(t, v.conn, ddl)
	u.Host, u.User = v.proxy.Addr(), url.User(u.User.Username())
	q := u.Query()
	q.Set("search_path", v.schema)
	u.RawQuery = q.Encode()
	v.dsn = u.String()
	return v
}

// env gives the password, where the server has one.
func (v *tables) env(e connector.Env) connector.Env {
	e.Secret = func(string) (string, error) { return v.password, nil }
	return e
}

func (v *tables) source(c SourceConfig, env connector.Env) *Source {
	v.Helper()
	c.Type, c.Driver, c.DSN, c.Kodeord = "sql", "postgres", v.dsn, "env:KODEORD"
	s, err := NewSource(c, v.env(env))
	if err != nil {
		v.Fatal(err)
	}
	v.Cleanup(func() { _ = s.Close() })
	return s
}

func (v *tables) sink(c SinkConfig, env connector.Env) *Sink {
	v.Helper()
	c.Type, c.Driver, c.DSN, c.Kodeord = "sql", "postgres", v.dsn, "env:KODEORD"
	s, err := NewSink(c, v.env(env))
	if err != nil {
		v.Fatal(err)
	}
	v.Cleanup(func() { _ = s.Close() })
	return s
}

func (v *tables) away(*testing.T) { v.proxy.Set(fejlnet.Down) }

const postgresSchema = `
	CREATE TABLE sag (seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id text, titel text, aendret timestamptz, raa bytea);
	CREATE TABLE dokument (id int PRIMARY KEY, indhold bytea);`

func TestPostgresSourceConformance(t *testing.T) {
	for name, c := range map[string]struct {
		encoding string
		config   SourceConfig
	}{
		"Latin1": {"LATIN1", SourceConfig{Query: "SELECT seq, id, titel, raa FROM sag WHERE seq > :position ORDER BY seq", PositionFelt: "seq", PositionStart: "0"}},
		"Number": {"UTF8", SourceConfig{Query: "SELECT seq, id, titel, raa FROM sag WHERE seq > :position ORDER BY seq;", PositionFelt: "seq"}},
		"Time":   {"SQL_ASCII", SourceConfig{Query: "SELECT id, titel, aendret, raa FROM sag WHERE aendret >= :position ORDER BY aendret, seq", PositionFelt: "aendret"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := server(t, c.encoding)
			connectortest.RunSource(t, func(t *testing.T) connectortest.SourceHarness {
				return postgresSource(newTables(t, address, postgresSchema), c.config, c.encoding)
			})
		})
	}
}

func postgresSource(v *tables, c SourceConfig, encoding string) connectortest.SourceHarness {
	c.Indhold = "SELECT indhold FROM dokument WHERE id = :ref"
	n := 0
	at := func() time.Time { n++; return time.Date(2026, 3, 1, 0, 0, n/3, 0, time.UTC) } // three in each second
	insert := func(id, titel string, raw []byte) {
		run(v.T, v.conn, "INSERT INTO sag (id, titel, aendret, raa) VALUES ($1, $2, $3, $4)", id, titel, at(), raw)
	}
	h := connectortest.SourceHarness{
		Open: func(_ *testing.T, env connector.Env) connector.Source { return v.source(c, env) },
		Add: func(t *testing.T, items ...connectortest.Item) {
			run(t, v.conn, "BEGIN")
			for _, i := range items {
				insert(i.ID, i.Titel, nil)
			}
			run(t, v.conn, "COMMIT")
		},
		AddBroken: func(*testing.T) { insert("x", "x", []byte{0}) },
		Away:      v.away,
		Hang:      v.lock,
		Put: func(t *testing.T, content []byte) string {
			run(t, v.conn, "INSERT INTO dokument VALUES (7, $1)", content)
			return "7"
		},
		Secret: v.password,
	}
	if encoding == "SQL_ASCII" { // which is no encoding: the bytes are kept as they come
		h.AddForeign = func(t *testing.T) {
			run(t, v.conn, "SET client_encoding TO SQL_ASCII")
			insert("x", "a\xE6b", nil)
		}
	}
	return h
}

// lock makes those who read wait. asked gets a value when someone does.
func (v *tables) lock(t *testing.T) <-chan struct{} {
	run(t, v.conn, "BEGIN")
	run(t, v.conn, "LOCK TABLE sag")
	asked := make(chan struct{})
	watcher := connect(t, v.conn.Config().ConnString())
	go func() {
		defer close(asked)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for waiting := false; !waiting; {
			select {
			case <-tick.C:
			case <-t.Context().Done():
				return
			}
			err := watcher.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = $1::oid)", v.oid()).Scan(&waiting)
			if err != nil {
				return
			}
		}
	}()
	return asked
}

func (v *tables) oid() (oid uint32) {
	if err := v.conn.QueryRow(context.Background(), "SELECT 'sag'::regclass::oid").Scan(&oid); err != nil {
		v.Error(err)
	}
	return oid
}

func TestPostgresSinkConformance(t *testing.T) {
	address := server(t, "UTF8")
	connectortest.RunSink(t, func(t *testing.T) connectortest.SinkHarness {
		v := newTables(t, address, "CREATE TABLE svar (nr bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id text, titel text, noegle text)")
		c := SinkConfig{
			Exec:  "INSERT INTO svar (id, titel, noegle) VALUES (:id, :titel, :noegle)",
			Opret: "INSERT INTO svar (id, titel, noegle) VALUES (:id, :titel, :noegle) RETURNING nr",
		}
		open := func(change func(*SinkConfig)) func(*testing.T, connector.Env) connector.Sink {
			return func(_ *testing.T, env connector.Env) connector.Sink {
				c := c
				change(&c)
				return v.sink(c, env)
			}
		}
		return connectortest.SinkHarness{
			Open:        open(func(c *SinkConfig) { c.Opslag = "SELECT nr FROM svar WHERE noegle = :noegle;" }),
			OpenPlain:   open(func(*SinkConfig) {}),
			OpenUnknown: open(func(c *SinkConfig) { c.Opret = "INSERT INTO svar (id) VALUES (:findes_ikke)" }),
			Accepted:    CodeOK,
			Effects:     func(*testing.T) []connectortest.Item { return v.effects() },
			Refuse: func(t *testing.T, _ connector.Call) {
				run(t, v.conn, `CREATE FUNCTION nej() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'Sagen er afsluttet'; END $$;
					CREATE TRIGGER nej BEFORE INSERT ON svar FOR EACH ROW EXECUTE FUNCTION nej()`)
			},
			Away: v.away,
			LoseAnswer: func(*testing.T) {
				v.proxy.Before([]byte("commit\x00"), func() { v.proxy.Set(fejlnet.ResetAnswers) })
			},
			Secret: v.password,
		}
	})
}

func (v *tables) effects() []connectortest.Item {
	v.Helper()
	rows, err := v.conn.Query(context.Background(), "SELECT id, titel FROM svar ORDER BY nr")
	if err != nil {
		v.Fatal(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[connectortest.Item])
	if err != nil {
		v.Fatal(err)
	}
	return found
}

func fieldsOf(t *testing.T, s *Source, position string) []map[string]string {
	t.Helper()
	b, err := s.Read(t.Context(), position)
	if err != nil {
		t.Fatal(err)
	}
	var got []map[string]string
	for _, r := range b.Records {
		got = append(got, r.Fields)
	}
	return got
}

func TestPostgresValuesComeAsTheyAreStored(t *testing.T) {
	t.Parallel()
	v := newTables(t, server(t, "UTF8"), `CREATE TABLE sag (nr int, beloeb numeric(20,2), brok float8, dato date, tid timestamp, tidz timestamptz,
		tom text, intet text, stort numeric, ja boolean, liste text[], json jsonb, id uuid, "med ""anførsel" text)`)
	run(t, v.conn, `INSERT INTO sag VALUES (7, 1234567.50, 0.1, '2026-03-01', '2026-03-01 10:00', '2026-07-01 10:00+00', '', NULL,
		12345678901234567890123, true, '{a,"b c"}', '{"b":1,"a":2}', '5FC1E6A0-0000-4000-8000-000000000001', 'æ')`)
	c := SourceConfig{Query: "SELECT * FROM sag -- alt"}
	c.Tidszone = "Europe/Copenhagen"
	want := []map[string]string{{
		"nr": "7", "beloeb": "1234567.50", "brok": "0.1", "dato": "2026-03-01", "tid": "2026-03-01 10:00:00", "tidz": "2026-07-01 12:00:00+02",
		"tom": "", "stort": "12345678901234567890123", "ja": "t", "liste": `{a,"b c"}`, "json": `{"a": 2, "b": 1}`,
		"id": "5fc1e6a0-0000-4000-8000-000000000001", `med "anførsel`: "æ",
	}}
	if diff := cmp.Diff(want, fieldsOf(t, v.source(c, connector.Env{}), "")); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

// Without position_start a source begins before all values of the position's type.
func TestPostgresFirstPosition(t *testing.T) {
	t.Parallel()
	v := newTables(t, server(t, "UTF8"), `CREATE TABLE sag (i2 int2, i4 int4, i8 int8, f8 float8, n numeric, d date, ts timestamp, tz timestamptz, tekst text, u uuid)`)
	run(t, v.conn, `INSERT INTO sag VALUES (-32767, -2147483647, -9223372036854775807, -1e300, -1e900, '4713-01-01 BC', '4713-01-02 BC', '4713-01-02 BC+00', ' ', gen_random_uuid())`)
	for _, column := range []string{"i2", "i4", "i8", "f8", "n", "d", "ts", "tz", "tekst"} {
		c := SourceConfig{Query: "SELECT " + column + " FROM sag WHERE " + column + " > :position ORDER BY 1", PositionFelt: column}
		if got := fieldsOf(t, v.source(c, connector.Env{}), ""); len(got) != 1 {
			t.Errorf("%s: %v, want one row", column, got)
		}
	}
	c := SourceConfig{Query: "SELECT u FROM sag WHERE u > :position ORDER BY u", PositionFelt: "u"}
	if _, err := v.source(c, connector.Env{}).Read(t.Context(), ""); err == nil || connector.Temporary(err) || !strings.Contains(err.Error(), "position_start") {
		t.Errorf("Read = %v, want a permanent error that names position_start", err)
	}
	c.PositionStart = "00000000-0000-0000-0000-000000000000"
	if got := fieldsOf(t, v.source(c, connector.Env{}), ""); len(got) != 1 {
		t.Errorf("with position_start: %v, want one row", got)
	}
}

func TestPostgresSourceCannotWrite(t *testing.T) {
	t.Parallel()
	v := newTables(t, server(t, "UTF8"), postgresSchema+`
		CREATE FUNCTION skriv() RETURNS int LANGUAGE sql AS $$ INSERT INTO sag (id) VALUES ('x'); SELECT 1 $$`)
	if _, err := v.source(SourceConfig{Query: "SELECT skriv()"}, connector.Env{}).Read(t.Context(), ""); err == nil || connector.Temporary(err) {
		t.Errorf("Read = %v, want a permanent error", err)
	}
}

func TestPostgresErrorsArePermanent(t *testing.T) {
	t.Parallel()
	v := newTables(t, server(t, "UTF8"), postgresSchema)
	run(t, v.conn, "INSERT INTO sag (id) VALUES ('a'), ('b')")
	for name, c := range map[string]SourceConfig{
		"Syntax":     {Query: "SELEKT 1"},
		"Two":        {Query: "SELECT 1; SELECT 2"},
		"NoTable":    {Query: "SELECT * FROM sager"},
		"NoColumn":   {Query: "SELECT id FROM sag WHERE seq > :position ORDER BY seq", PositionFelt: "seq"},
		"Order":      {Query: "SELECT seq, id FROM sag WHERE seq > :position ORDER BY seq DESC", PositionFelt: "seq"},
		"Value":      {Query: "SELECT id::int AS nr FROM sag"},
		"StartValue": {Query: "SELECT seq FROM sag WHERE seq > :position ORDER BY seq", PositionFelt: "seq", PositionStart: "begyndelsen"},
	} {
		s := v.source(c, connector.Env{})
		for what, err := range map[string]error{"Read": second(s.Read(t.Context(), "")), "Check": s.Check(t.Context())} {
			if name == "Order" && what == "Check" {
				continue // it asks for one row
			}
			if err == nil || connector.Temporary(err) || strings.Contains(err.Error(), "begyndelsen") {
				t.Errorf("%s: %s = %v, want a permanent error without values", name, what, err)
			}
		}
	}
}

func second[A, B any](_ A, b B) B { return b }

// What a person at the database can put right, or time does, is temporary.
func TestPostgresTemporary(t *testing.T) {
	t.Parallel()
	v := newTables(t, server(t, "UTF8"), postgresSchema)
	run(t, v.conn, "CREATE ROLE "+v.role()+" LOGIN")
	run(t, v.conn, "GRANT USAGE ON SCHEMA "+v.schema+" TO "+v.role())
	t.Cleanup(func() { run(t, v.conn, "DROP OWNED BY "+v.role()+"; DROP ROLE "+v.role()) })
	for name, change := range map[string]func(*url.URL){
		"NoDatabase": func(u *url.URL) { u.Path = "/findes_ikke" },
		"NoUser":     func(u *url.URL) { u.User = url.User("findes_ikke") },
		"NoRight":    func(u *url.URL) { u.User = url.User(v.role()) },
		"NoServer":   func(u *url.URL) { u.Host = "127.0.0.1:1" },
	} {
		u := parse(t, v.dsn)
		change(u)
		w := *v
		w.dsn = u.String()
		if err := w.source(SourceConfig{Query: "SELECT * FROM sag"}, connector.Env{}).Check(t.Context()); !connector.Temporary(err) {
			t.Errorf("%s: Check of a source = %v, want temporary", name, err)
		}
		if err := w.sink(SinkConfig{Exec: "DELETE FROM sag"}, connector.Env{}).Check(t.Context()); !connector.Temporary(err) {
			t.Errorf("%s: Check of a sink = %v, want temporary", name, err)
		}
	}
}

// role is a name that no other test's role has: roles belong to the whole server.
func (v *tables) role() string {
	return "rolle" + strings.ReplaceAll(filepath.Base(parse(v.T, v.dsn).Path), "mox_test", "")
}

func TestPostgresLogin(t *testing.T) {
	t.Parallel()
	group, issuer := testenv.PostgresLogin(t)
	v := newTables(t, server(t, "UTF8"), postgresSchema)
	run(t, v.conn, "DO $$ BEGIN CREATE ROLE "+group+"; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$")
	run(t, v.conn, "CREATE ROLE "+v.role()+" LOGIN PASSWORD 'hemmeligt' IN ROLE "+group)
	run(t, v.conn, "GRANT USAGE ON SCHEMA "+v.schema+" TO "+v.role()+"; GRANT SELECT ON sag TO "+v.role())
	t.Cleanup(func() { run(t, v.conn, "DROP OWNED BY "+v.role()+"; DROP ROLE "+v.role()) })
	other, err := testenv.NewIssuer()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := other.Write(dir); err != nil {
		t.Fatal(err)
	}
	u := parse(t, v.dsn)
	u.User = url.User(v.role())
	q := u.Query()
	q.Set("sslmode", "verify-full")
	u.RawQuery = q.Encode()
	v.dsn = u.String()
	for name, c := range map[string]struct{ password, ca, want string }{
		"OK":            {"hemmeligt", filepath.Join(issuer, "ca.pem"), ""},
		"WrongPassword": {"forkert", filepath.Join(issuer, "ca.pem"), "28P01"},
		"OtherIssuer":   {"hemmeligt", filepath.Join(dir, "ca.pem"), "certificate"},
	} {
		w := *v
		w.password = c.password
		err := w.source(SourceConfig{Query: "SELECT * FROM sag", CA: c.ca}, connector.Env{}).Check(t.Context())
		if c.want == "" {
			if err != nil {
				t.Errorf("%s: Check: %v", name, err)
			}
			continue
		}
		if !connector.Temporary(err) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), c.password) {
			t.Errorf("%s: Check = %v, want temporary, with %s and no password", name, err, c.want)
		}
	}
}

func TestPostgresTimeout(t *testing.T) {
	t.Parallel()
	v := newTables(t, server(t, "UTF8"), postgresSchema)
	c := SourceConfig{Query: "SELECT pg_sleep(60)", Timeout: connector.Duration(200 * time.Millisecond)}
	if _, err := v.source(c, connector.Env{}).Read(t.Context(), ""); !connector.Temporary(err) {
		t.Errorf("Read = %v, want temporary", err)
	}
	v.proxy.Set(fejlnet.Drop)
	defer v.proxy.Set(fejlnet.Pass) // what is open ends, and need not be waited for
	if _, err := v.source(c, connector.Env{}).Read(t.Context(), ""); !connector.Temporary(err) {
		t.Errorf("Read from a silent server = %v, want temporary", err)
	}
}

func TestPostgresConnectionHeals(t *testing.T) {
	t.Parallel()
	v := newTables(t, server(t, "UTF8"), postgresSchema)
	source := v.source(SourceConfig{Query: "SELECT id FROM sag"}, connector.Env{})
	sink := v.sink(SinkConfig{Exec: "INSERT INTO sag (id) VALUES (:noegle)"}, connector.Env{})
	write := func(key string) error {
		_, err := sink.Write(t.Context(), connector.Call{Key: key})
		return err
	}
	if err := write("1"); err != nil {
		t.Fatal(err)
	}
	fieldsOf(t, source, "")
	run(t, v.conn, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'mox' AND datname = current_database()")
	for range 2 { // the first may be told that the server hung up
		if err := write("2"); err == nil {
			break
		} else if !connector.Temporary(err) || connector.Unknown(err) {
			t.Fatalf("Write = %v, want temporary and known", err)
		}
	}
	if _, err := source.Read(t.Context(), ""); err != nil && !connector.Temporary(err) {
		t.Fatalf("Read = %v, want temporary", err)
	}
	if got := fieldsOf(t, source, ""); len(got) != 2 {
		t.Errorf("%v, want two rows", got)
	}
}

func TestPostgresStatements(t *testing.T) {
	t.Parallel()
	address := server(t, "UTF8")
	const table = `CREATE TABLE sag (nr int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, titel text NOT NULL, navn text, antal int, dok bytea);
		CREATE FUNCTION opret(t text) RETURNS int LANGUAGE sql AS $$ INSERT INTO sag (titel) VALUES (t) RETURNING nr $$;
		CREATE PROCEDURE skriv(t text) LANGUAGE sql AS $$ INSERT INTO sag (titel) VALUES (t) $$;`
	document := map[string]connector.Opener{"dok": func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader("%PDF\x00\xff")), nil
	}}
	for name, c := range map[string]struct {
		exec      string
		call      connector.Call
		code      string
		fields    map[string]string
		err, rows string
	}{
		"Returning": {
			exec: "INSERT INTO sag (titel, navn) VALUES (:titel, :part_0_navn) RETURNING nr, navn AS n",
			call: connector.Call{Fields: map[string]any{"titel": "a'); DROP TABLE sag; --", "part.0.navn": "æ"}},
			code: CodeOK, fields: map[string]string{"nr": "1", "n": "æ"}, rows: "1|a'); DROP TABLE sag; --|æ||",
		},
		"Types": {
			exec: "INSERT INTO sag (titel, antal, navn) VALUES (:t, :n, :ja)", code: CodeOK, fields: map[string]string{"raekker": "1"}, rows: "1|x|true|3|",
			call: connector.Call{Fields: map[string]any{"t": "x", "n": int64(3), "ja": true}},
		},
		"TwoPlaces": {
			exec: "INSERT INTO sag (titel, antal) VALUES (:n || 'x', :n::int)", code: CodeOK, fields: map[string]string{"raekker": "1"}, rows: "1|3x||3|",
			call: connector.Call{Fields: map[string]any{"n": "3"}},
		},
		"Null":     {exec: "INSERT INTO sag (titel, antal) VALUES ('x', :n)", call: connector.Call{Fields: map[string]any{"n": nil}}, code: CodeOK, fields: map[string]string{"raekker": "1"}, rows: "1|x|||"},
		"Blob":     {exec: "INSERT INTO sag (titel, dok) VALUES ('x', :dok)", call: connector.Call{Content: document}, code: CodeOK, fields: map[string]string{"raekker": "1"}, rows: `1|x|||\x2550444600ff`},
		"Function": {exec: "SELECT opret(:noegle) AS nr", call: connector.Call{Key: "k"}, code: CodeOK, fields: map[string]string{"nr": "1"}, rows: "1|k|||"},
		"Call":     {exec: "CALL skriv(:noegle)", call: connector.Call{Key: "k"}, code: CodeOK, fields: map[string]string{"raekker": "0"}, rows: "1|k|||"},
		"NoRow":    {exec: "UPDATE sag SET titel = 'x' WHERE nr = :key", call: connector.Call{Vars: map[string]string{"key": "9"}}, code: CodeNoRow, fields: map[string]string{"raekker": "0"}},
		"NotNull":  {exec: "INSERT INTO sag (titel) VALUES (:titel)", call: connector.Call{Fields: map[string]any{"titel": nil}}, code: CodeConstraint},
		"NotAnInt": {exec: "INSERT INTO sag (titel, antal) VALUES ('x', :n)", call: connector.Call{Fields: map[string]any{"n": "tre"}}, code: CodeConstraint},
		"Syntax":   {exec: "INSÆRT", err: "syntax"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := newTables(t, address, table)
			s := v.sink(SinkConfig{Exec: c.exec}, connector.Env{})
			if err := s.Check(t.Context()); (err != nil) != (c.err != "") {
				t.Errorf("Check: %v", err)
			}
			a, err := s.Write(t.Context(), c.call)
			if c.err != "" {
				if err == nil || connector.Temporary(err) || connector.Unknown(err) || !strings.Contains(err.Error(), c.err) {
					t.Errorf("Write = %v, want a permanent, known error with %q", err, c.err)
				}
			} else if err != nil || a.Code != c.code || cmp.Diff(c.fields, a.Fields) != "" || (a.Code != CodeOK) != (a.Text != "") {
				t.Errorf("answer %+v, %v; want %s %v", a, err, c.code, c.fields)
			}
			var rows string
			err = v.conn.QueryRow(t.Context(), "SELECT coalesce(string_agg(concat_ws('|', nr, titel, coalesce(navn, ''), coalesce(antal::text, ''), coalesce(dok::text, '')), ','), '') FROM sag").Scan(&rows)
			if err != nil || rows != c.rows {
				t.Errorf("rows %q, %v, want %q", rows, err, c.rows)
			}
		})
	}
}

func TestPostgresPieces(t *testing.T) {
	t.Parallel()
	for statement, want := range map[string]string{
		"SELECT :a, :b_1, :a":                       "SELECT $1, $2, $3",
		"SELECT :a::text, x::int, y := :b":          "SELECT $1::text, x::int, y := $2",
		"SELECT ':a', \":b\", a[1:2], b[:i]":        "SELECT ':a', \":b\", a[1:2], b[$1]",
		`SELECT E'it\':a', 'c:\', :b`:               `SELECT E'it\':a', 'c:\', $1`,
		"SELECT $$:a$$, $x$ :b $$ $x$, :c":          "SELECT $$:a$$, $x$ :b $$ $x$, $1",
		"-- :a\nSELECT :b /* :c /* :d */ :e */, :æ": "-- :a\nSELECT $1 /* :c /* :d */ :e */, $2",
		"SELECT 'open :a":                           "SELECT 'open :a",
		"SELECT te'x:a', :b":                        "SELECT te'x:a', $1",
	} {
		if got, _, err := numbered(statement, nil); got != want || err != nil {
			t.Errorf("%s became %s, %v, want %s", statement, got, err, want)
		}
	}
}

func FuzzPostgresPieces(f *testing.F) {
	f.Add("SELECT E'a\\'' AS \"x:y\", :c -- :d\n FROM e[:f] /* /* :g */ */ $a$:h$a$ ::text")
	f.Fuzz(func(t *testing.T, statement string) {
		var b strings.Builder
		for _, p := range pieces("postgres", statement) {
			b.WriteString(p.text)
			if p.name != "" {
				b.WriteString(":" + p.name)
			}
		}
		if b.String() != statement {
			t.Errorf("%q came together as %q", statement, b.String())
		}
	})
}

func TestPostgresConfig(t *testing.T) {
	t.Parallel()
	base := SourceConfig{Type: "sql", Driver: "postgres", DSN: "postgres://mox@db.kommune.dk/sager", Query: "SELECT 1"}
	for name, c := range map[string]struct{ dsn, kodeord, want string }{
		"Whole":    {base.DSN, "env:KODE", ""},
		"File":     {"sager.db", "", "dsn"},
		"NoUser":   {"postgres://db.kommune.dk/sager", "", "dsn"},
		"NoName":   {"postgres://mox@db.kommune.dk", "", "dsn"},
		"Password": {"postgres://mox:hemmelig@db.kommune.dk/sager", "", "dsn"},
		"Query":    {"postgres://mox@db.kommune.dk/sager?password=hemmelig", "", "dsn"},
		"Plain":    {"postgres://mox@db.kommune.dk/sager?sslmode=disable", "", "dsn"},
		"Local":    {"postgres://mox@localhost/sager?sslmode=disable", "", ""},
		"Secret":   {base.DSN, "hemmelig", "kodeord"},
	} {
		config := base
		config.DSN, config.Kodeord = c.dsn, c.kodeord
		var got []string
		for _, p := range config.Validate() {
			got = append(got, p.Path)
			if strings.Contains(p.String(), "hemmelig ") || strings.Contains(p.String(), ":hemmelig") {
				t.Errorf("%s: the problem has the password: %v", name, p)
			}
		}
		if strings.Join(slices.Compact(got), " ") != c.want {
			t.Errorf("%s: problems %v, want %q", name, config.Validate(), c.want)
		}
	}
	config, err := postgresConfig(base.connection(), connector.Env{})
	if err != nil {
		t.Fatal(err)
	}
	if tls := config.ConnConfig.TLSConfig; tls == nil || tls.InsecureSkipVerify || tls.ServerName != "db.kommune.dk" || len(config.ConnConfig.Fallbacks) > 0 {
		t.Errorf("a network is crossed without knowing the server: %+v", tls)
	}
	base.CA = "findes_ikke.pem"
	if _, err := NewSource(base, connector.Env{}); err == nil || !strings.Contains(err.Error(), "ca") {
		t.Errorf("NewSource = %v, want an error about ca", err)
	}
}

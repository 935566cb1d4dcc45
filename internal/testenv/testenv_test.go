package testenv

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestPostgresGivesEachTestItsOwnDatabase(t *testing.T) {
	t.Parallel()
	var first string
	t.Run("first", func(t *testing.T) {
		first = Postgres(t)
		query(t, first, "CREATE TABLE sag (titel text)")
		if encoding := query(t, first, "SHOW server_encoding"); encoding != "UTF8" {
			t.Errorf("encoding %s", encoding)
		}
	})
	if first == "" {
		t.Skip("no PostgreSQL")
	}
	second := Postgres(t)
	if n := query(t, second, "SELECT count(*)::text FROM pg_tables WHERE tablename = 'sag'"); n != "0" {
		t.Error("a new database has the tables of an earlier one")
	}
	if n := query(t, second, "SELECT count(*)::text FROM pg_database WHERE datname = '"+databaseName(t, first)+"'"); n != "0" {
		t.Error("the first database is still there after its test")
	}
}

func query(t *testing.T, url, statement string) string {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	var answer string
	if err := conn.QueryRow(ctx, statement).Scan(&answer); err != nil && !errors.Is(err, pgx.ErrNoRows) {
		t.Fatal(err)
	}
	return answer
}

func databaseName(t *testing.T, s string) string {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(u.Path, "/")
}

func TestChromiumRuns(t *testing.T) {
	t.Parallel()
	out, err := exec.Command(Chromium(t), "--version").Output()
	if err != nil || !regexp.MustCompile(`Chrom(e|ium) \d+`).Match(out) {
		t.Errorf("%q, %v", out, err)
	}
}

func TestRequired(t *testing.T) {
	t.Setenv("MOX_TEST_REQUIRE", "postgres, chromium")
	for name, want := range map[string]bool{"postgres": true, "chromium": true, "amqp": false, "": false} {
		if got := Required(name); got != want {
			t.Errorf("Required(%q) = %v", name, got)
		}
	}
	t.Setenv("MOX_TEST_REQUIRE", "")
	if Required("postgres") {
		t.Error("nothing is demanded, yet postgres is required")
	}
}

func TestMissingServiceSkipsOrFails(t *testing.T) {
	t.Setenv("MOX_TEST_CHROMIUM", "")
	for require, want := range map[string]string{"": "skip", "postgres": "skip", "chromium": "fail"} {
		t.Setenv("MOX_TEST_REQUIRE", require)
		f := &fake{}
		ended := make(chan struct{})
		go func() { // of its own, since both ways of ending end the goroutine
			defer close(ended)
			Chromium(f)
		}()
		<-ended
		if f.outcome != want {
			t.Errorf("MOX_TEST_REQUIRE=%q: %s, want %s", require, f.outcome, want)
		}
		if !strings.Contains(f.text, "MOX_TEST_CHROMIUM") {
			t.Errorf("%q does not say what to set", f.text)
		}
	}
}

func TestPasswordIsNotShown(t *testing.T) {
	t.Setenv("MOX_TEST_POSTGRES_URL", "postgres://mox:hemmelig@127.0.0.1:port/mox")
	f := &fake{}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		Postgres(f)
	}()
	<-ended
	if f.outcome != "fail" || strings.Contains(f.text, "hemmelig") {
		t.Errorf("%s: %s", f.outcome, f.text)
	}
}

// fake is a test that remembers how it ended.
type fake struct {
	testing.TB
	outcome, text string
}

func (f *fake) Helper()        {}
func (f *fake) Cleanup(func()) {}
func (f *fake) Fatal(args ...any) {
	f.end("fail", fmt.Sprint(args...))
}
func (f *fake) Fatalf(format string, args ...any) { f.end("fail", fmt.Sprintf(format, args...)) }
func (f *fake) Skipf(format string, args ...any)  { f.end("skip", fmt.Sprintf(format, args...)) }

func (f *fake) end(outcome, text string) {
	f.outcome, f.text = outcome, text
	runtime.Goexit()
}

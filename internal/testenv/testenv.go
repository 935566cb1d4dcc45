// Package testenv gives tests the real services they need.
//
// A service is there when its variable is set: MOX_TEST_POSTGRES_URL (with MOX_TEST_POSTGRES_KODEORD and
// MOX_TEST_POSTGRES_TLS_DIR where it also has passwords and TLS), MOX_TEST_RABBITMQ_URL with MOX_TEST_RABBITMQ_API and,
// for TLS, MOX_TEST_RABBITMQ_TLS with MOX_TEST_RABBITMQ_TLS_DIR, MOX_TEST_S3_URL, MOX_TEST_PIKA, MOX_TEST_ZEEP, MOX_TEST_SMTP,
// MOX_TEST_IMAP, MOX_TEST_SFTP with MOX_TEST_SFTP_UNSHARE, MOX_TEST_CHROMIUM, MOX_TEST_XMLLINT, MOX_TEST_CURL, MOX_TEST_AMQPTOOLS,
// MOX_TEST_ROD, MOX_TEST_HUNSPELL, MOX_TEST_LIBREOFFICE. Without it the test is skipped,
// unless MOX_TEST_REQUIRE names the service (comma-separated): then a missing one is a failure, so that a skip cannot look
// like a pass. scripts/test starts the services and sets all of these.
package testenv

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/moxkit/mox/internal/source"
)

// Required reports whether tests of the named service must run.
func Required(name string) bool {
	return slices.ContainsFunc(strings.Split(os.Getenv("MOX_TEST_REQUIRE"), ","), func(s string) bool {
		return strings.TrimSpace(s) == name
	})
}

// Chromium returns the path of a Chromium or Chrome.
func Chromium(t testing.TB) string {
	t.Helper()
	return need(t, "chromium", "MOX_TEST_CHROMIUM")
}

// Xmllint returns the path of libxml2's xmllint, the second opinion on what is valid XML.
func Xmllint(t testing.TB) string {
	t.Helper()
	return need(t, "xmllint", "MOX_TEST_XMLLINT")
}

// Curl returns the path of curl, 7.82 or newer: the guide for vendors is written with it.
func Curl(t testing.TB) string {
	t.Helper()
	return need(t, "curl", "MOX_TEST_CURL")
}

// Hunspell returns the path of hunspell, the spelling checker, with a Danish dictionary (da_DK).
func Hunspell(t testing.TB) string {
	t.Helper()
	return need(t, "hunspell", "MOX_TEST_HUNSPELL")
}

// LibreOffice returns the path of soffice, with Calc.
func LibreOffice(t testing.TB) string {
	t.Helper()
	return need(t, "libreoffice", "MOX_TEST_LIBREOFFICE")
}

// Zeep returns the path of a Python that has the SOAP client zeep.
func Zeep(t testing.TB) string {
	t.Helper()
	return need(t, "zeep", "MOX_TEST_ZEEP")
}

// Skemaer returns the folder of the official schemas, which are not ours to ship: the one that MOX_TEST_SKEMAER names, else
// ../shared/reference/xsd beside the module. Where there is none the test is skipped, unless MOX_TEST_REQUIRE names skemaer.
func Skemaer(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("MOX_TEST_SKEMAER")
	if dir == "" {
		root, err := source.Root()
		if err != nil {
			t.Fatal(err)
		}
		dir = filepath.Join(filepath.Dir(root), "shared", "reference", "xsd")
	}
	if _, err := os.Stat(dir); err != nil {
		if Required("skemaer") {
			t.Fatalf("the official schemas are not in %s, and MOX_TEST_REQUIRE demands skemaer", dir)
		}
		t.Skipf("the official schemas are not in %s; MOX_TEST_SKEMAER names another folder", dir)
	}
	return dir
}

// KLE returns the path of KL's emneplan in XML, which is not ours to ship: the file that MOX_TEST_KLE names, else that of
// 2015-08-01 in ../shared/data beside the module. Where there is none the test is skipped, unless MOX_TEST_REQUIRE names kle.
func KLE(t testing.TB) string {
	t.Helper()
	fil := os.Getenv("MOX_TEST_KLE")
	if fil == "" {
		root, err := source.Root()
		if err != nil {
			t.Fatal(err)
		}
		fil = filepath.Join(filepath.Dir(root), "shared", "data", "KLE-Emneplan_Version2-0_2015-08-01.xml")
	}
	if _, err := os.Stat(fil); err != nil {
		if Required("kle") {
			t.Fatalf("KL's emneplan is not %s, and MOX_TEST_REQUIRE demands kle", fil)
		}
		t.Skipf("KL's emneplan is not %s; MOX_TEST_KLE names another file", fil)
	}
	return fil
}

// Postgres returns the URL of a database of its own, empty, which is dropped when the test ends.
func Postgres(t testing.TB) string {
	t.Helper()
	// template0: nobody is ever connected to it, so any number of tests can copy it at once.
	return ownDatabase(t, need(t, "postgres", "MOX_TEST_POSTGRES_URL"), "template0")
}

// PostgresLike is [Postgres] with what fill puts into a database. That is done once: it stays on the server under the name, for
// all to copy, so what fill does must be the same wherever the name is.
func PostgresLike(t testing.TB, name string, fill func(url string) error) string {
	t.Helper()
	server := need(t, "postgres", "MOX_TEST_POSTGRES_URL")
	makeOnce(t, server, name, fill)
	return ownDatabase(t, server, name)
}

// makeOnce fills the database with the name, unless it is there; of several who want it one does.
func makeOnce(t testing.TB, server, name string, fill func(url string) error) {
	t.Helper()
	ctx := t.Context()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) // and with it the lock
	run := func(statement string) {
		t.Helper()
		if _, err := conn.Exec(ctx, statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	there := func() (ok bool) {
		t.Helper()
		if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", name).Scan(&ok); err != nil {
			t.Fatal(err)
		}
		return ok
	}
	if there() {
		return
	}
	run("SELECT pg_advisory_lock(hashtext('" + name + "'))")
	if there() {
		return
	}
	half := name + "_half"
	run("DROP DATABASE IF EXISTS " + half + " WITH (FORCE)") // of one who was stopped
	run("CREATE DATABASE " + half + " TEMPLATE template0 ENCODING 'UTF8'")
	if err := fill(at(t, server, half)); err != nil {
		t.Fatal(err)
	}
	run("ALTER DATABASE " + half + " ALLOW_CONNECTIONS false") // who is connected to it is in the way of those who copy it
	run("ALTER DATABASE " + half + " RENAME TO " + name)
}

// ownDatabase makes a database for the test, and returns its URL.
func ownDatabase(t testing.TB, server, template string) string {
	t.Helper()
	name := "mox_test_" + strings.ToLower(rand.Text())
	execute(t, server, "CREATE DATABASE "+name+" TEMPLATE "+template+" ENCODING 'UTF8'")
	t.Cleanup(func() {
		// FORCE: a test that leaves a connection open must not keep the database.
		execute(t, server, "DROP DATABASE "+name+" WITH (FORCE)")
	})
	return at(t, server, name)
}

// at is the URL of another database on the server.
func at(t testing.TB, server, name string) string {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal("MOX_TEST_POSTGRES_URL is not a URL") // not err: it would quote the URL with its password
	}
	u.Path = "/" + name
	return u.String()
}

// PostgresLogin returns the role whose members are let in by password alone, on the server of [Postgres], and the folder of
// who has issued its certificate (see [ReadIssuer]).
func PostgresLogin(t testing.TB) (role, issuer string) {
	t.Helper()
	return need(t, "postgres-login", "MOX_TEST_POSTGRES_KODEORD"), need(t, "postgres-login", "MOX_TEST_POSTGRES_TLS_DIR")
}

// need returns the value of a service's variable. Without one it ends the test.
func need(t testing.TB, service, variable string) string {
	t.Helper()
	value := os.Getenv(variable)
	switch {
	case value != "":
	case Required(service):
		t.Fatalf("%s is not set, and MOX_TEST_REQUIRE demands %s", variable, service)
	default:
		t.Skipf("%s is not set; bash scripts/test sets it", variable)
	}
	return value
}

func execute(t testing.TB, server, statement string) {
	t.Helper()
	// Not t.Context(): it is already cancelled when a cleanup runs.
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

package sftpc

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/connector/connectortest"
	"github.com/moxkit/mox/connector/folderc"
	"github.com/moxkit/mox/internal/fejlnet"
	"github.com/moxkit/mox/internal/testenv"
)

func TestSourceConformance(t *testing.T) {
	for name, f := range map[string]format{
		"CSV": {
			config: folderc.SourceConfig{Format: "csv", Faerdig: folderc.Ready{Omdoebt: true}},
			write: func(items []connectortest.Item) string {
				text := "id;titel\r\n"
				for _, i := range items {
					text += i.ID + `;"` + i.Titel + "\"\r\n"
				}
				return text
			},
			broken: "id;titel\r\n1;a;for meget\r\n", foreign: "id;titel\r\n1;a\x81b\r\n",
		},
		"NDJSON": {
			config: folderc.SourceConfig{Format: "ndjson", Faerdig: folderc.Ready{Marker: ".klar"}},
			write: func(items []connectortest.Item) string {
				text := ""
				for _, i := range items {
					b, _ := json.Marshal(map[string]string{"id": i.ID, "titel": i.Titel})
					text += string(b) + "\n"
				}
				return text
			},
			broken: `{"id":"1"` + "\n", foreign: "{\"id\":\"\xE6\"}\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connectortest.RunSource(t, f.harness)
		})
	}
}

// format is how a system writes its files.
type format struct {
	config          folderc.SourceConfig
	write           func([]connectortest.Item) string
	broken, foreign string
}

func (f format) harness(t *testing.T) connectortest.SourceHarness {
	s := newSystem(t)
	n := 0
	begin := func(content string) (finish func()) {
		n++
		name := fmt.Sprintf("sag_%d.txt", n)
		s.write(name+".part", content[:len(content)/2])
		if f.config.Faerdig.Marker != "" {
			s.write(name, content[:len(content)/2])
		}
		return func() {
			s.write(name+".part", content)
			if err := os.Rename(filepath.Join(s.dir, name+".part"), filepath.Join(s.dir, name)); err != nil {
				t.Fatal(err)
			}
			if f.config.Faerdig.Marker != "" {
				s.write(name+f.config.Faerdig.Marker, "")
			}
		}
	}
	secret := filepath.Join(filepath.Dir(s.dir), "hemmelig.pdf")
	if err := os.WriteFile(secret, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{"genvej.pdf": secret, "genvej": filepath.Dir(s.dir)} {
		if err := os.Symlink(target, filepath.Join(s.dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	return connectortest.SourceHarness{
		Open: func(t *testing.T, env connector.Env) connector.Source {
			return s.source(func(c *SourceConfig) { *c = SourceConfig{SourceConfig: f.config, Server: s.login()} }, env)
		},
		Add:        func(_ *testing.T, items ...connectortest.Item) { begin(f.write(items))() },
		Begin:      func(_ *testing.T, items ...connectortest.Item) func() { return begin(f.write(items)) },
		AddBroken:  func(*testing.T) { begin(f.broken)() },
		AddForeign: func(*testing.T) { begin(f.foreign)() },
		Away:       s.away,
		Hang: func(*testing.T) <-chan struct{} {
			s.when("opendir", hang)
			return s.asked
		},
		Put: func(_ *testing.T, content []byte) string {
			s.write("bilag/1.pdf", string(content))
			return `bilag\1.pdf`
		},
		Outside: []string{"../hemmelig.pdf", secret, "bilag/../../hemmelig.pdf", `..\hemmelig.pdf`, "genvej.pdf", "genvej/hemmelig.pdf", ".", "bilag/.."},
		Secret:  keyLine(s.server),
	}
}

// keyLine is a line in the middle of the private key.
func keyLine(s *testenv.SFTPServer) string { return strings.Split(s.Key, "\n")[2] }

// source opens a source of csv files with the columns nr and navn, changed by change.
func (s *system) source(change func(*SourceConfig), env connector.Env) *folderc.Source {
	s.Helper()
	c := SourceConfig{Server: s.login(), SourceConfig: folderc.SourceConfig{
		Format: "csv", Columns: []string{"nr", "navn"}, Faerdig: folderc.Ready{Omdoebt: true}, Pattern: connector.Words{"*.csv"},
	}}
	if change != nil {
		change(&c)
	}
	c.Type, c.Path = "sftp", s.dir
	if len(c.Pattern) == 0 {
		c.Pattern = connector.Words{"sag_*.txt"}
	}
	source, err := NewSource(c, s.env(env))
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { _ = source.Close() })
	return source
}

// read gives the first field of each record, "!" for one that cannot be read.
func read(t *testing.T, s *folderc.Source, position string) (numbers, next string) {
	t.Helper()
	b, err := s.Read(t.Context(), position)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range b.Records {
		if r.Err != nil {
			got = append(got, "!")
		} else {
			got = append(got, r.Fields["nr"])
		}
	}
	return strings.Join(got, " "), b.Position
}

func want(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func TestReadFilesAreMovedOnTheServer(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	source := s.source(nil, connector.Env{})
	s.write("a_10.csv", "10;a\n")
	s.write("a_2.csv", "2;a\n")
	got, position := read(t, source, "")
	want(t, "records", got, "2 10")
	if err := source.Committed(t.Context(), position); err != nil {
		t.Fatal(err)
	}
	want(t, "the folder", s.files("."), "")
	want(t, "the archive", s.files("behandlet"), "a_10.csv a_2.csv")
}

// A server's times are in whole seconds: a file of the same length, written in the same second, looks like the one before.
func TestFileReplacedWithinItsSecondIsReadAndNotMoved(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	source := s.source(nil, connector.Env{})
	second := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	put := func(content string) {
		s.write("a.csv", content)
		if err := os.Chtimes(filepath.Join(s.dir, "a.csv"), second, second); err != nil {
			t.Fatal(err)
		}
	}
	put("1;a\n")
	_, position := read(t, source, "")
	if got, _ := read(t, source, position); got != "" {
		t.Fatalf("the file comes again: %q", got)
	}
	put("2;b\n")
	if err := source.Committed(t.Context(), position); err != nil {
		t.Fatal(err)
	}
	want(t, "the folder", s.files("."), "a.csv")
	got, _ := read(t, source, position)
	want(t, "records", got, "2")
}

// A session that broke while nobody used it is replaced, unseen.
func TestBrokenSessionHeals(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	source := s.source(nil, connector.Env{})
	_, position := read(t, source, "")
	s.proxy.Reset()
	s.write("a.csv", "1;a\n")
	got, position := read(t, source, position)
	want(t, "after a reset", got, "1")

	s.away(t)
	if _, err := source.Read(t.Context(), position); !connector.Temporary(err) {
		t.Errorf("Read = %v, want temporary", err)
	}
	s.proxy.Set(fejlnet.Pass)
	s.write("b.csv", "2;a\n")
	got, _ = read(t, source, position)
	want(t, "after the server came back", got, "2")
	if made := s.proxy.Made(); made != 4 {
		t.Errorf("%d connections, want 4: they are kept between calls", made)
	}
}

func TestFileCutInTheMiddleIsReadLater(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	s.write("a.csv", strings.Repeat("1;a\n", 3))
	source := s.source(nil, connector.Env{})
	s.when("read", lose)
	if _, err := source.Read(t.Context(), ""); !connector.Temporary(err) {
		t.Errorf("Read = %v, want temporary", err)
	}
	s.when("read", pass)
	got, _ := read(t, source, "")
	want(t, "records", got, "1 1 1")

	s.write("bilag.pdf", "%PDF")
	r, err := source.Open(t.Context(), "bilag.pdf")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	s.when("read", lose)
	if _, err := io.ReadAll(r); !connector.Temporary(err) {
		t.Errorf("reading the document: %v, want temporary", err)
	}
}

// A connection that is lost in the middle of a file says nothing of the file.
func TestFileBegunIsReadOnAfterALostConnection(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	s.write("a.csv", strings.Repeat("1;a\n", connector.MaxBatch)+"2;b\n")
	_, position := read(t, s.source(nil, connector.Env{}), "")
	source := s.source(nil, connector.Env{}) // which has to find its place again
	s.whenNth("stat", 2, lose)               // the first is of the folder, the second of the file when it has been read
	if b, err := source.Read(t.Context(), position); !connector.Temporary(err) {
		t.Errorf("Read = %d records, %v, want temporary", len(b.Records), err)
	}
	s.when("stat", pass)
	got, _ := read(t, source, position)
	want(t, "records", got, "2")
}

func TestSilentServerIsGivenUp(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	source := s.source(func(c *SourceConfig) { c.Timeout = connector.Duration(200 * time.Millisecond) }, connector.Env{})
	s.proxy.Set(fejlnet.Drop)
	_, err := source.Read(t.Context(), "")
	if !connector.Temporary(err) || !strings.Contains(err.Error(), "svaret") {
		t.Errorf("Read = %v, want temporary, and that nothing was answered", err)
	}
	s.proxy.Set(fejlnet.Pass)
	s.when("opendir", hang)
	if _, err := source.Read(t.Context(), ""); !connector.Temporary(err) || !strings.Contains(err.Error(), "svaret") {
		t.Errorf("Read = %v, want temporary, and that nothing was answered", err)
	}
}

func TestLogin(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	otherKey, otherPublic := testenv.SSHKey(t)
	for name, c := range map[string]struct {
		change func(*Server)
		want   string
	}{
		"OtherHostKey": {func(c *Server) { c.Vaertsnoegle = otherPublic }, "SHA256:"},
		"OtherKind": {func(c *Server) {
			c.Vaertsnoegle = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBMIeuy6lifPT9sRqHP5DQEqHMcQKij18I1u4U/qpH3fdezgwEBdAcNT7WB0UebAWoLWA6UTPyGQHnz3UX4D9C7g="
		}, "af den slags"},
		"OtherKey":    {func(c *Server) { c.Privatnoegle = "env:ANDEN" }, "afviste login"},
		"UnknownUser": {func(c *Server) { c.Bruger = "findes-ikke" }, "afviste login"},
		"TwoHostKeys": {func(c *Server) { c.Vaertsnoegle = otherPublic + "\nserver " + c.Vaertsnoegle + "\n" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := s.env(connector.Env{})
			known := env.Secret
			env.Secret = func(ref string) (string, error) {
				if ref == "env:ANDEN" {
					return otherKey, nil
				}
				return known(ref)
			}
			config := SourceConfig{Server: s.login(), SourceConfig: folderc.SourceConfig{
				Type: "sftp", Path: s.dir, Format: "ndjson", Faerdig: folderc.Ready{Omdoebt: true}, Pattern: connector.Words{"*.x"},
			}}
			c.change(&config.Server)
			source, err := NewSource(config, env)
			if err != nil {
				t.Fatal(err)
			}
			defer source.Close()
			err = source.Check(t.Context())
			if c.want == "" {
				if err != nil {
					t.Errorf("Check: %v", err)
				}
				return
			}
			if !connector.Temporary(err) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Check = %v, want temporary, with %q", err, c.want)
			}
		})
	}
}

func TestLoginWithPassword(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	s.server = testenv.SFTPPasswords(t)
	s.proxy = fejlnet.New(t, s.server.Addr)
	password := func(c *SourceConfig) {
		c.Privatnoegle, c.Kodeord, c.Bruger = "", "env:KODEORD", s.server.PasswordUser
	}
	s.write("a.csv", "1;a\n")
	got, _ := read(t, s.source(password, connector.Env{}), "")
	want(t, "records", got, "1")
	s.server.Password = "et andet"
	_, err := s.source(password, connector.Env{}).Read(t.Context(), "")
	if !connector.Temporary(err) || !strings.Contains(err.Error(), "afviste login") || strings.Contains(err.Error(), "et andet") {
		t.Errorf("Read = %v, want temporary, a refused login, and no password", err)
	}
}

func TestKeysThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	_, public := testenv.SSHKey(t)
	c := SourceConfig{
		Server: Server{Host: "127.0.0.1", Vaertsnoegle: public, Bruger: "mox", Privatnoegle: "env:NOEGLE"},
		SourceConfig: folderc.SourceConfig{
			Type: "sftp", Path: "ud", Format: "ndjson", Faerdig: folderc.Ready{Omdoebt: true}, Pattern: connector.Words{"*.x"},
		},
	}
	for name, key := range map[string]string{"NoKey": "hemmelig-tekst", "Locked": lockedKey} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := NewSource(c, connector.Env{Secret: func(string) (string, error) { return key, nil }})
			if err == nil || !strings.Contains(err.Error(), "privatnoegle") || strings.Contains(err.Error(), "hemmelig") {
				t.Errorf("NewSource = %v, want an error that names privatnoegle and not the key", err)
			}
		})
	}
	for password, ok := range map[string]bool{"kodeord": true, "forkert": false} {
		c := c
		c.PrivatnoegleKodeord = "env:LAAS"
		_, err := NewSource(c, connector.Env{Secret: func(ref string) (string, error) {
			if ref == "env:LAAS" {
				return password, nil
			}
			return lockedKey, nil
		}})
		if (err == nil) != ok {
			t.Errorf("with the password %s: %v", password, err)
		}
	}
}

func TestPathIsNotAFolder(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	for path, want := range map[string]string{"vaek": "findes mappen hos serveren?", "fil": "ikke en mappe"} {
		s.write("fil", "x")
		dir := s.dir
		s.dir = filepath.Join(dir, path)
		err := s.source(nil, connector.Env{}).Check(context.Background())
		s.dir = dir
		if !connector.Temporary(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("Check = %v, want temporary, with %q", err, want)
		}
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	_, public := testenv.SSHKey(t)
	whole := SourceConfig{
		Server: Server{Host: "sftp.kommune.dk", Vaertsnoegle: public, Bruger: "mox", Kodeord: "env:KODE"},
		SourceConfig: folderc.SourceConfig{
			Type: "sftp", Path: "ud", Format: "ndjson", Faerdig: folderc.Ready{Omdoebt: true}, Pattern: connector.Words{"*.x"},
		},
	}
	with := func(change func(*SourceConfig)) []connector.Problem { c := whole; change(&c); return c.Validate() }
	for name, c := range map[string]struct {
		problems []connector.Problem
		want     string
	}{
		"Whole":      {whole.Validate(), ""},
		"Port":       {with(func(c *SourceConfig) { c.Host = "[::1]:2222" }), ""},
		"Empty":      {SourceConfig{}.Validate(), "bruger faerdig format host path pattern privatnoegle vaertsnoegle"},
		"URL":        {with(func(c *SourceConfig) { c.Host = "sftp://kommune.dk/ud" }), "host"},
		"BadPort":    {with(func(c *SourceConfig) { c.Host = "kommune.dk:ssh" }), "host"},
		"HostKey":    {with(func(c *SourceConfig) { c.Vaertsnoegle = "SHA256:abc" }), "vaertsnoegle"},
		"Comment":    {with(func(c *SourceConfig) { c.Vaertsnoegle = "# ingen\n" }), "vaertsnoegle"},
		"Secrets":    {with(func(c *SourceConfig) { c.Kodeord, c.Privatnoegle = "abc", "def" }), "kodeord privatnoegle"},
		"Passphrase": {with(func(c *SourceConfig) { c.PrivatnoegleKodeord = "env:X" }), "privatnoegle_kodeord"},
		"Stable":     {with(func(c *SourceConfig) { c.Faerdig = folderc.Ready{Stabil: connector.Duration(time.Second)} }), "faerdig.stabil"},
		"Type":       {with(func(c *SourceConfig) { c.Type = "folder" }), "type"},
		"EmptySink":  {SinkConfig{}.Validate(), "bruger fil format host path privatnoegle vaertsnoegle"},
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
}

// lockedKey was made for this test, and is used nowhere: its password is "kodeord".
const lockedKey = `-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAABDvuNI6Y3
1ZPLDMIgAT9ATlAAAAEAAAAAEAAAAzAAAAC3NzaC1lZDI1NTE5AAAAIG9CanFhE7g4h4ld
xvsKeV8YYO0k+YZrDUTVeM0DvlRXAAAAkGd+OERgjERNDlPl7AH2BKMOhy20nNapLe8GdS
II3l3pDpX+eDSrtTfN/MTMGNUK35atziSVYa5ktxCRBRyai+E+na9EuL1iuBexXLVPo0PW
bNmQ32ex2O9QlooSPzV3X5RKdDAH5F3lV/xdf00VFFKmFEgPDdFsQyVF8InDrME+89dOoL
Y7kp9ohzkdWfhmkA==
-----END OPENSSH PRIVATE KEY-----
`

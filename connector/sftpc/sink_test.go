package sftpc

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/connector/connectortest"
	"github.com/moxkit/mox/connector/folderc"
)

func TestSinkConformance(t *testing.T) {
	connectortest.RunSink(t, func(t *testing.T) connectortest.SinkHarness {
		s := newSystem(t)
		if err := os.Mkdir(filepath.Join(s.dir, "laest"), 0o755); err != nil {
			t.Fatal(err)
		}
		open := func(change func(*SinkConfig)) func(*testing.T, connector.Env) connector.Sink {
			return func(t *testing.T, env connector.Env) connector.Sink { return s.sink(change, env) }
		}
		return connectortest.SinkHarness{
			Open:        open(func(c *SinkConfig) { c.Opslag = []string{".", "laest"} }),
			OpenPlain:   open(func(*SinkConfig) {}),
			OpenUnknown: open(func(c *SinkConfig) { c.Fil = "svar_{{findes_ikke}}.json" }),
			Accepted:    folderc.CodeOK,
			Effects:     func(*testing.T) []connectortest.Item { return s.effects() },
			Refuse:      func(_ *testing.T, c connector.Call) { s.write("svar_"+c.Vars["key"]+"_1.json", "-") },
			Away:        s.away,
			LoseAnswer:  func(*testing.T) { s.when("rename", lose) },
			Hang: func(*testing.T) <-chan struct{} {
				s.when("rename", hang)
				return s.asked
			},
			Document: func(t *testing.T, c connector.Call) []byte {
				b, err := os.ReadFile(filepath.Join(s.dir, c.Vars["key"]+"_dokument.pdf"))
				if err != nil {
					t.Fatal(err)
				}
				return b
			},
			Secret: keyLine(s.server),
		}
	})
}

func (s *system) sink(change func(*SinkConfig), env connector.Env) *folderc.Sink {
	s.Helper()
	c := SinkConfig{Server: s.login(), SinkConfig: folderc.SinkConfig{
		Type: "sftp", Path: s.dir, Fil: "svar_{{key}}_{{besked.version}}.json", Format: "json", Indhold: "{{key}}_{{felt}}.pdf",
	}}
	change(&c)
	sink, err := NewSink(c, s.env(env))
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { _ = sink.Close() })
	return sink
}

// effects reads the files as the system would.
func (s *system) effects() []connectortest.Item {
	s.Helper()
	names, err := filepath.Glob(filepath.Join(s.dir, "svar_*"))
	if err != nil {
		s.Fatal(err)
	}
	var found []connectortest.Item
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			s.Fatal(err)
		}
		if string(b) == "-" {
			continue
		}
		var fields map[string]string
		if err := json.Unmarshal(b, &fields); err != nil {
			s.Fatalf("%s is half a file: %v", name, err)
		}
		found = append(found, connectortest.Item{ID: fields["id"], Titel: fields["titel"]})
	}
	return found
}

func call(key, titel string) connector.Call {
	return connector.Call{Vars: map[string]string{"key": key, "besked.version": "1"}, Fields: map[string]any{"id": key, "titel": titel}}
}

// An attempt whose outcome is not known is made good by the next.
func TestLostRenameIsFoundAgain(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	sink := s.sink(func(*SinkConfig) {}, connector.Env{})
	s.when("rename", lose)
	if _, err := sink.Write(t.Context(), call("1", "a")); !connector.Unknown(err) {
		t.Fatalf("Write = %v, want unknown", err)
	}
	s.when("rename", pass)
	if a, err := sink.Write(t.Context(), call("1", "a")); err != nil || a.Code != folderc.CodeOK {
		t.Errorf("Write again: %v, %v", a, err)
	}
	want(t, "files", s.files("."), "svar_1_1.json")
}

func TestFileIsReplacedWhereItMayBe(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	sink := s.sink(func(c *SinkConfig) { c.Findes = "erstat" }, connector.Env{})
	for _, titel := range []string{"a", "b"} {
		if a, err := sink.Write(t.Context(), call("1", titel)); err != nil || a.Code != folderc.CodeOK {
			t.Fatalf("Write: %v, %v", a, err)
		}
	}
	if got := s.effects(); len(got) != 1 || got[0].Titel != "b" {
		t.Errorf("effects %v, want b", got)
	}
}

// A write that is cut before the rename is known to have had no effect.
func TestWriteCutInTheMiddleLeavesNoFile(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	sink := s.sink(func(*SinkConfig) {}, connector.Env{})
	s.when("write", lose)
	_, err := sink.Write(t.Context(), call("1", strings.Repeat("a", 100_000)))
	if !connector.Temporary(err) || connector.Unknown(err) {
		t.Errorf("Write = %v, want temporary and known", err)
	}
	if got := s.effects(); len(got) > 0 {
		t.Errorf("effects %v", got)
	}
}

package folderc

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/connector/connectortest"
)

func TestSinkConformance(t *testing.T) {
	for name, c := range map[string]SinkConfig{
		"CSV":  {Format: "csv", Charset: "windows-1252", Columns: []string{"id", "titel", "dokument"}},
		"XML":  {Format: "xml", Charset: "windows-1252", Element: "Svar", Root: "Svarliste", Columns: []string{"titel"}},
		"JSON": {Format: "json"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connectortest.RunSink(t, func(t *testing.T) connectortest.SinkHarness { return sinkHarness(t, c) })
		})
	}
}

func sinkHarness(t *testing.T, c SinkConfig) connectortest.SinkHarness {
	dir := filepath.Join(t.TempDir(), "ind")
	if err := os.MkdirAll(filepath.Join(dir, "laest"), 0o755); err != nil {
		t.Fatal(err)
	}
	c.Type, c.Path, c.Fil, c.Indhold = "folder", dir, "svar_{{key}}_{{besked.version}}.txt", "{{key}}_{{felt}}.pdf"
	open := func(change func(*SinkConfig)) func(*testing.T, connector.Env) connector.Sink {
		return func(t *testing.T, env connector.Env) connector.Sink {
			c := c
			change(&c)
			s, err := NewSink(c, env)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
	}
	return connectortest.SinkHarness{
		Open:        open(func(c *SinkConfig) { c.Opslag = []string{".", "laest"} }),
		OpenPlain:   open(func(*SinkConfig) {}),
		OpenUnknown: open(func(c *SinkConfig) { c.Fil = "svar_{{findes_ikke}}.txt" }),
		Accepted:    CodeOK,
		Effects:     func(t *testing.T) []connectortest.Item { return effects(t, dir, c.Format) },
		Refuse: func(t *testing.T, call connector.Call) {
			write(t, filepath.Join(dir, "svar_"+call.Vars["key"]+"_1.txt"), []byte("-"))
		},
		Away: func(t *testing.T) {
			if err := os.Rename(dir, dir+".away"); err != nil {
				t.Fatal(err)
			}
		},
		Document: func(t *testing.T, call connector.Call) []byte {
			b, err := os.ReadFile(filepath.Join(dir, call.Vars["key"]+"_dokument.pdf"))
			if err != nil {
				t.Fatal(err)
			}
			return b
		},
	}
}

// effects reads the files as the system would.
func effects(t *testing.T, dir, format string) []connectortest.Item {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "svar_*"))
	if err != nil {
		t.Fatal(err)
	}
	var found []connectortest.Item
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b, []byte("-")) {
			found = append(found, effect(t, format, b))
		}
	}
	return found
}

func effect(t *testing.T, format string, b []byte) connectortest.Item {
	t.Helper()
	var fields map[string]string
	switch format {
	case "json":
		if err := json.Unmarshal(b, &fields); err != nil {
			t.Fatal(err)
		}
	case "xml":
		text, err := connector.DecodeXML(b, "")
		if err != nil {
			t.Fatal(err)
		}
		root, err := connector.ParseXML(text.S)
		if err != nil {
			t.Fatal(err)
		}
		if fields, err = root.Kids[0].Flatten(); err != nil {
			t.Fatal(err)
		}
	case "csv":
		utf8, err := charmap.Windows1252.NewDecoder().Bytes(b)
		if err != nil {
			t.Fatal(err)
		}
		r := csv.NewReader(bytes.NewReader(utf8))
		r.Comma = ';'
		rows, err := r.ReadAll()
		if err != nil || len(rows) != 2 {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		fields = map[string]string{}
		for i, name := range rows[0] {
			fields[name] = rows[1][i]
		}
	}
	return connectortest.Item{ID: fields["id"], Titel: fields["titel"]}
}

// outbox is a sink of csv files with the columns nr and navn.
type outbox struct {
	*testing.T
	dir  string
	sink *Sink
}

func newOutbox(t *testing.T, change func(*SinkConfig)) *outbox {
	t.Helper()
	o := &outbox{T: t, dir: t.TempDir()}
	c := SinkConfig{
		Type: "folder", Path: o.dir, Fil: "svar_{{key}}.csv", Format: "csv", Charset: "windows-1252", Columns: []string{"nr", "navn"},
	}
	if change != nil {
		change(&c)
	}
	s, err := NewSink(c, connector.Env{})
	if err != nil {
		t.Fatal(err)
	}
	o.sink = s
	return o
}

func (o *outbox) write(key string, fields map[string]any) (connector.Answer, error) {
	return o.sink.Write(o.Context(), connector.Call{Vars: map[string]string{"key": key}, Fields: fields})
}

func (o *outbox) wantFiles(want ...string) {
	o.Helper()
	entries, err := os.ReadDir(o.dir)
	if err != nil {
		o.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		o.Errorf("files %v, want %v", got, want)
	}
}

func TestSinkFileName(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]string{
		"Slash": "2026/1", "Backslash": `a\b`, "Empty": "", "Space": "a b", "Newline": "a\nb", "Accent": "é", "Colon": "C:x",
		"Unfinished": strings.Repeat("x", 300),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOutbox(t, nil)
			_, err := o.write(key, map[string]any{"nr": "1"})
			if err == nil || connector.Temporary(err) || connector.Unknown(err) {
				t.Errorf("Write = %v, want a permanent, known error", err)
			}
			if key != "" && err != nil && strings.Contains(err.Error(), key) {
				t.Errorf("error %q has the value", err)
			}
			o.wantFiles()
		})
	}
	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		o := newOutbox(t, nil)
		a, err := o.write("S-2026_1.æøåÆØÅ", map[string]any{"nr": int64(1), "navn": `a;"b"`})
		if err != nil || a.Fields["fil"] != "svar_S-2026_1.æøåÆØÅ.csv" {
			t.Fatalf("answer %v, %v", a, err)
		}
		b, err := os.ReadFile(filepath.Join(o.dir, a.Fields["fil"]))
		if want := "nr;navn\r\n1;\"a;\"\"b\"\"\"\r\n"; err != nil || string(b) != want {
			t.Errorf("file %q, %v; want %q", b, err, want)
		}
	})
}

func TestSinkSameFileTwice(t *testing.T) {
	t.Parallel()
	o := newOutbox(t, nil)
	for range 2 {
		if a, err := o.write("1", map[string]any{"nr": "1"}); err != nil || a.Code != CodeOK {
			t.Fatalf("Write: %v, %v", a, err)
		}
	}
	if a, err := o.write("1", map[string]any{"nr": "2"}); err != nil || a.Code != CodeTaken {
		t.Errorf("Write of other content: %v, %v, want %s", a, err, CodeTaken)
	}
	o.wantFiles("svar_1.csv")

	replace := newOutbox(t, func(c *SinkConfig) { c.Findes = "erstat" })
	for _, nr := range []string{"1", "2"} {
		if a, err := replace.write("1", map[string]any{"nr": nr}); err != nil || a.Code != CodeOK {
			t.Fatalf("Write: %v, %v", a, err)
		}
	}
	replace.wantFiles("svar_1.csv")
}

func TestSinkUnsendableLeavesNothing(t *testing.T) {
	t.Parallel()
	for name, fields := range map[string]map[string]any{
		"NotInCharset": {"nr": "1", "navn": "→"},
		"NotAColumn":   {"nr": "1", "adresse": "x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOutbox(t, nil)
			_, err := o.write("1", fields)
			if err == nil || connector.Temporary(err) || !strings.Contains(err.Error(), "felt") {
				t.Errorf("Write = %v, want a permanent error that names the field", err)
			}
			o.wantFiles()
		})
	}
}

func TestSinkDocuments(t *testing.T) {
	t.Parallel()
	document := func(content string) connector.Opener {
		return func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil }
	}
	call := connector.Call{
		Vars:    map[string]string{"key": "1"},
		Fields:  map[string]any{"nr": "1"},
		Content: map[string]connector.Opener{"navn": document("0123456789")},
	}
	t.Run("NameStandsInTheField", func(t *testing.T) {
		t.Parallel()
		o := newOutbox(t, func(c *SinkConfig) { c.Indhold = "bilag_{{key}}_{{felt}}.pdf" })
		if _, err := o.sink.Write(t.Context(), call); err != nil {
			t.Fatal(err)
		}
		o.wantFiles("bilag_1_navn.pdf", "svar_1.csv")
		b, _ := os.ReadFile(filepath.Join(o.dir, "svar_1.csv"))
		if !strings.Contains(string(b), "1;bilag_1_navn.pdf\r\n") {
			t.Errorf("file %q", b)
		}
	})
	t.Run("NotConfigured", func(t *testing.T) {
		t.Parallel()
		o := newOutbox(t, nil)
		if _, err := o.sink.Write(t.Context(), call); err == nil || connector.Temporary(err) {
			t.Errorf("Write = %v, want a permanent error", err)
		}
		o.wantFiles()
	})
	t.Run("TooLarge", func(t *testing.T) {
		t.Parallel()
		o := newOutbox(t, func(c *SinkConfig) { c.Indhold, c.MaxIndhold = "{{felt}}.pdf", 9 })
		_, err := o.sink.Write(t.Context(), call)
		if err == nil || connector.Temporary(err) || !strings.Contains(err.Error(), "max_indhold") {
			t.Errorf("Write = %v, want a permanent error that names max_indhold", err)
		}
		o.wantFiles()
	})
	t.Run("SameNameTwice", func(t *testing.T) {
		t.Parallel()
		o := newOutbox(t, func(c *SinkConfig) { c.Indhold = "{{key}}.pdf" })
		c := call
		c.Content = map[string]connector.Opener{"nr": document("a"), "navn": document("b")}
		if _, err := o.sink.Write(t.Context(), c); err == nil || !strings.Contains(err.Error(), "{{felt}}") {
			t.Errorf("Write = %v, want an error that says {{felt}}", err)
		}
		o.wantFiles()
	})
}

func TestSinkLookupFollowsTheFile(t *testing.T) {
	t.Parallel()
	o := newOutbox(t, func(c *SinkConfig) { c.Opslag = []string{".", "laest"} })
	call := connector.Call{Vars: map[string]string{"key": "1"}}
	if _, _, err := o.sink.Lookup(t.Context(), call); !connector.Temporary(err) {
		t.Errorf("Lookup without the folder laest = %v, want an error: it may be misspelt", err)
	}
	if err := os.Mkdir(filepath.Join(o.dir, "laest"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := o.write("1", map[string]any{"nr": "1"}); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(o.dir, "svar_1.csv"), filepath.Join(o.dir, "laest", "svar_1.csv")); err != nil {
		t.Fatal(err)
	}
	if a, found, err := o.sink.Lookup(t.Context(), call); !found || err != nil || a.Fields["fil"] != "svar_1.csv" {
		t.Errorf("Lookup: %v, found = %v, %v", a, found, err)
	}
}

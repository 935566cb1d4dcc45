package folderc

import (
	"encoding/json"
	"fmt"
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

func TestSourceConformance(t *testing.T) {
	marker, renamed := Ready{Marker: ".klar"}, Ready{Omdoebt: true}
	for name, f := range map[string]format{
		"CSV": {
			config: SourceConfig{Format: "csv", Charset: "windows-1252", Faerdig: renamed},
			write: func(items []connectortest.Item) string {
				s := "id;titel\r\n"
				for _, i := range items {
					s += i.ID + `;"` + i.Titel + "\"\r\n"
				}
				return s
			},
			broken:  "id;titel\r\n1;a;for meget\r\n",
			foreign: "id;titel\r\n1;a\x81b\r\n",
		},
		"CSVUTF16": {
			config: SourceConfig{Format: "csv", Charset: "utf-16le", Faerdig: marker, Separator: "tab", Columns: []string{"id", "titel"}},
			write: func(items []connectortest.Item) string {
				s := ""
				for _, i := range items {
					s += i.ID + "\t" + i.Titel + "\n"
				}
				return s
			},
			broken:  "1\n",
			foreign: "1\ta\U0001F600\n", // cut to half a pair by the harness
		},
		"XML": {
			config: SourceConfig{Format: "xml", Element: "Sager/Sag", Faerdig: marker},
			write: func(items []connectortest.Item) string {
				s := `<?xml version="1.0" encoding="iso-8859-15"?><Sager>`
				for _, i := range items {
					s += "<Sag><id>" + i.ID + "</id><titel>" + i.Titel + "</titel></Sag>"
				}
				return s + "</Sager>"
			},
			charset: "iso-8859-15",
			broken:  "<Sager><Sag><id>1</id></Sag_></Sager>",
			foreign: "<Sager><Sag><id>1</id><titel>\xE6</titel></Sag></Sager>",
		},
		"JSON": {
			config: SourceConfig{Format: "json", Element: "data.sager", Faerdig: renamed},
			write: func(items []connectortest.Item) string {
				return `{"antal":2,"data":{"sager":[` + strings.Join(objects(items), ",") + `]}}`
			},
			broken:  `{"data":{"sager":[{"id":"1","id":"2"}]}}`,
			foreign: "{\"data\":{\"sager\":[{\"id\":\"\xE6\"}]}}",
		},
		"NDJSON": {
			config:  SourceConfig{Format: "ndjson", Faerdig: Ready{Marker: "*.klar"}},
			write:   func(items []connectortest.Item) string { return strings.Join(objects(items), "\n") + "\n" },
			broken:  `{"id":"1"` + "\n",
			foreign: "{\"id\":\"\xE6\"}\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connectortest.RunSource(t, f.harness)
		})
	}
}

func objects(items []connectortest.Item) []string {
	var made []string
	for _, i := range items {
		b, _ := json.Marshal(map[string]string{"id": i.ID, "titel": i.Titel})
		made = append(made, string(b))
	}
	return made
}

// format is how a system writes its files.
type format struct {
	config          SourceConfig
	write           func([]connectortest.Item) string
	charset         string // default the config's
	broken, foreign string // files with one record that cannot be read; foreign is bytes, unless in utf-16
}

func (f format) harness(t *testing.T) connectortest.SourceHarness {
	dir := filepath.Join(t.TempDir(), "ud")
	d := &drop{t: t, dir: dir, ready: f.config.Faerdig}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	f.config.Type, f.config.Path, f.config.Pattern = "folder", dir, connector.Words{"sag_*.txt"}
	if f.charset == "" {
		f.charset = f.config.Charset
	}
	encode := func(s string) []byte { return encoded(t, f.charset, s) }
	foreign := []byte(f.foreign)
	if f.charset == "utf-16le" {
		foreign = encode(f.foreign)
		foreign = slices.Delete(foreign, len(foreign)-4, len(foreign)-2)
	}
	return connectortest.SourceHarness{
		Open: func(t *testing.T, env connector.Env) connector.Source {
			s, err := NewSource(f.config, env)
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
		Add:        func(_ *testing.T, items ...connectortest.Item) { d.put(encode(f.write(items))) },
		Begin:      func(_ *testing.T, items ...connectortest.Item) func() { return d.begin(encode(f.write(items))) },
		AddBroken:  func(*testing.T) { d.put(encode(f.broken)) },
		AddForeign: func(*testing.T) { d.put(foreign) },
		Away: func(t *testing.T) {
			if err := os.Rename(dir, dir+".away"); err != nil {
				t.Fatal(err)
			}
		},
		Put: func(t *testing.T, content []byte) string {
			write(t, filepath.Join(dir, "bilag", "1.pdf"), content)
			return `bilag\1.pdf`
		},
		Outside: outside(t, dir),
	}
}

// outside makes references that lead out of the folder.
func outside(t *testing.T, dir string) []string {
	secret := filepath.Join(filepath.Dir(dir), "hemmelig.pdf")
	write(t, secret, []byte("x"))
	if err := os.Symlink(secret, filepath.Join(dir, "genvej.pdf")); err != nil {
		t.Fatal(err)
	}
	return []string{"../hemmelig.pdf", secret, "bilag/../../hemmelig.pdf", `..\hemmelig.pdf`, "genvej.pdf", ".", "bilag/.."}
}

func encoded(t *testing.T, charset, s string) []byte {
	t.Helper()
	c, err := connector.CharsetByName(charset)
	if err != nil {
		t.Fatal(err)
	}
	b, err := c.Encode(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// drop leaves files in a folder as a system does.
type drop struct {
	t     *testing.T
	dir   string
	ready Ready
	n     int
}

func (d *drop) put(b []byte) { d.begin(b)() }

// begin writes half a file and then, by finish, the rest.
func (d *drop) begin(b []byte) (finish func()) {
	d.n++
	name := filepath.Join(d.dir, fmt.Sprintf("sag_%d.txt", d.n))
	if !d.ready.Omdoebt {
		write(d.t, name, b[:len(b)/2])
		return func() {
			write(d.t, name, b)
			marker := SourceConfig{Faerdig: d.ready}.marker(filepath.Base(name))
			write(d.t, filepath.Join(d.dir, marker), nil)
		}
	}
	write(d.t, name+".part", b[:len(b)/2])
	return func() {
		write(d.t, name+".part", b)
		if err := os.Rename(name+".part", name); err != nil {
			d.t.Fatal(err)
		}
	}
}

// folder is a source on a folder of csv files with the columns nr and navn.
type folder struct {
	*testing.T
	dir    string
	config SourceConfig
	now    time.Time
	source *Source
}

func newFolder(t *testing.T, change func(*SourceConfig)) *folder {
	t.Helper()
	f := &folder{T: t, dir: t.TempDir(), now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	f.config = SourceConfig{
		Type: "folder", Path: f.dir, Pattern: connector.Words{"*.csv"}, Format: "csv", Columns: []string{"nr", "navn"},
		Faerdig: Ready{Omdoebt: true},
	}
	if change != nil {
		change(&f.config)
	}
	f.restart()
	return f
}

func (f *folder) restart() {
	f.Helper()
	s, err := NewSource(f.config, connector.Env{Now: func() time.Time { return f.now }})
	if err != nil {
		f.Fatal(err)
	}
	f.source = s
}

func (f *folder) put(name, content string) {
	f.Helper()
	write(f.T, filepath.Join(f.dir, name), []byte(content))
}

func (f *folder) read(position string) connector.Batch {
	f.Helper()
	b, err := f.source.Read(f.Context(), position)
	if err != nil {
		f.Fatal(err)
	}
	return b
}

func (f *folder) commit(position string) {
	f.Helper()
	if err := f.source.Committed(f.Context(), position); err != nil {
		f.Fatal(err)
	}
}

// files lists a folder below the source's.
func (f *folder) files(sub string) []string {
	f.Helper()
	entries, err := os.ReadDir(filepath.Join(f.dir, sub))
	if err != nil && !os.IsNotExist(err) {
		f.Fatal(err)
	}
	names := []string{}
	for _, e := range entries {
		if !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}

func (f *folder) want(what string, got, want any) {
	f.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		f.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// numbers gives nr of each record, or "!".
func numbers(b connector.Batch) []string {
	got := []string{}
	for _, r := range b.Records {
		if r.Err != nil {
			got = append(got, "!")
		} else {
			got = append(got, r.Fields["nr"])
		}
	}
	return got
}

func TestFilesAreReadInNaturalOrder(t *testing.T) {
	t.Parallel()
	f := newFolder(t, nil)
	for _, n := range []string{"10", "9", "2", "100"} {
		f.put("sag_"+n+".csv", n+";a\n")
	}
	f.put("sag_3.csv.tmp", "3;a\n")
	f.put(".sag_3.csv", "3;a\n")
	f.put("~sag_3.csv", "3;a\n")
	f.put("sag_3.txt", "3;a\n")
	b := f.read("")
	f.want("records", numbers(b), []string{"2", "9", "10", "100"})
	f.want("place", b.Records[1].Place, connector.Place{File: "sag_9.csv", Line: 1, Record: 1})
}

func TestReadFilesAreMovedAway(t *testing.T) {
	t.Parallel()
	f := newFolder(t, func(c *SourceConfig) { c.Faerdig = Ready{Marker: ".klar"}; c.Behandlet = "arkiv" })
	f.put("a.csv", "1;a\n")
	f.put("a.csv.klar", "")
	f.put("b.csv", "2;a\n")
	b := f.read("")
	f.want("before Committed", f.files("."), []string{"a.csv", "a.csv.klar", "b.csv"})
	f.commit(b.Position)
	f.want("the folder", f.files("."), []string{"b.csv"})
	f.want("the archive", f.files("arkiv"), []string{"a.csv", "a.csv.klar"})

	// The same name with other content is a new file; its predecessor in the archive is kept.
	f.put("a.csv", "3;a\n")
	f.put("a.csv.klar", "")
	b = f.read(b.Position)
	f.want("records", numbers(b), []string{"3"})
	f.commit(b.Position)
	f.want("files in the archive", len(f.files("arkiv")), 4)
}

func TestMarkerGoesBeforeItsFile(t *testing.T) {
	t.Parallel()
	f := newFolder(t, func(c *SourceConfig) { c.Faerdig = Ready{Marker: ".klar"} })
	f.put("a.csv", "1;a\n")
	f.put("a.csv.klar", "")
	b := f.read("")
	// A crash between the two moves leaves the file alone.
	if err := os.Remove(filepath.Join(f.dir, "a.csv.klar")); err != nil {
		t.Fatal(err)
	}
	f.restart()
	f.want("records", numbers(f.read(b.Position)), []string{})
	f.commit(b.Position)
	f.want("the folder", f.files("."), []string{})
}

func TestFileThatCannotBeMovedIsNotReadAgain(t *testing.T) {
	t.Parallel()
	f := newFolder(t, nil)
	f.put("behandlet", "a file where the folder should be")
	f.put("a.csv", "1;a\n")
	b := f.read("")
	err := f.source.Committed(t.Context(), b.Position)
	if err == nil || !strings.Contains(err.Error(), f.dir) || !strings.Contains(err.Error(), "behandlet") {
		t.Fatalf("Committed = %v, want an error that names the folders", err)
	}
	f.restart()
	f.want("records", numbers(f.read(b.Position)), []string{})
	f.put("b.csv", "2;a\n")
	b = f.read(b.Position)
	f.want("records", numbers(b), []string{"2"})
	f.restart()
	f.want("records", numbers(f.read(b.Position)), []string{})
	if err := os.Remove(filepath.Join(f.dir, "behandlet")); err != nil {
		t.Fatal(err)
	}
	f.commit(b.Position)
	f.want("the archive", f.files("behandlet"), []string{"a.csv", "b.csv"})
}

func TestFileReplacedAfterItWasReadIsReadAndNotMoved(t *testing.T) {
	t.Parallel()
	f := newFolder(t, nil)
	f.put("a.csv", "1;a\n")
	b := f.read("")
	f.put("a.csv", "2;b\n")
	f.commit(b.Position)
	f.want("the folder", f.files("."), []string{"a.csv"})
	f.want("records", numbers(f.read(b.Position)), []string{"2"})
}

func TestFileReplacedWhileItIsReadIsToldAndReadAnew(t *testing.T) {
	t.Parallel()
	f := newFolder(t, nil)
	f.put("a.csv", strings.Repeat("1;a\n", 700))
	b := f.read("")
	f.want("More", b.More, true)
	f.put("a.csv", "2;b\n")
	f.restart()
	next := f.read(b.Position)
	f.want("records", numbers(next), []string{"!", "2"})
	f.want("place", next.Records[0].Place, connector.Place{File: "a.csv", Record: 501})
}

func TestStableFilesAreWaitedFor(t *testing.T) {
	t.Parallel()
	f := newFolder(t, func(c *SourceConfig) { c.Faerdig = Ready{Stabil: connector.Duration(2 * time.Second)} })
	f.put("a.csv", "1;a\n")
	f.want("at first sight", numbers(f.read("")), []string{})
	f.now = f.now.Add(time.Second)
	f.put("a.csv", "1;a\n2;b\n") // the system writes on
	f.want("changed", numbers(f.read("")), []string{})
	f.now = f.now.Add(time.Second)
	f.want("after one second", numbers(f.read("")), []string{})
	f.now = f.now.Add(time.Second)
	f.want("after two seconds", numbers(f.read("")), []string{"1", "2"})
}

func TestTooLargeFileIsRefused(t *testing.T) {
	t.Parallel()
	f := newFolder(t, func(c *SourceConfig) { c.MaxFil = connector.KiB; c.Eksport = connector.EksportFuld })
	f.put("a.csv", strings.Repeat("1;a\n", 1000))
	f.put("b.csv", "2;a\n")
	b := f.read("")
	f.want("records", numbers(b), []string{"!"})
	f.want("place", b.Records[0].Place, connector.Place{File: "a.csv"})
	f.want("Full", b.Full, false)
	if text := b.Records[0].Err.Error(); !strings.Contains(text, "1 KiB") || !strings.Contains(text, "max_fil") {
		t.Errorf("error %q, want the limit and what to do", text)
	}
	f.commit(b.Position)
	f.want("refused", f.files("afvist"), []string{"a.csv"})
	f.want("records", numbers(f.read(b.Position)), []string{"2"})
}

func TestUnreadableFilesAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config  SourceConfig
		content string
		want    string
	}{
		"EmptyFileWithHeader": {SourceConfig{Format: "csv"}, "", "tom"},
		"HeaderTwice":         {SourceConfig{Format: "csv"}, "nr;nr\n1;2\n", `"nr" er der to gange`},
		"HeaderBroken":        {SourceConfig{Format: "csv"}, "nr;\"navn\n1;2\n", "kolonnenavne"},
		"WrongMark":           {SourceConfig{Format: "csv", Charset: "windows-1252"}, "\xEF\xBB\xBFnr;navn\n", "charset: utf-8"},
		"NotXML":              {SourceConfig{Format: "xml", Element: "Sag"}, "nr;navn\n", "intet XML-element"},
		"DTD":                 {SourceConfig{Format: "xml", Element: "Sag"}, `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>`, "DTD"},
		"UnknownCharset":      {SourceConfig{Format: "xml", Element: "Sag"}, `<?xml version="1.0" encoding="ebcdic"?><a/>`, "ebcdic"},
		"OtherElement":        {SourceConfig{Format: "xml", Element: "Sag"}, "<Sager><sag/></Sager>", "<sag>"},
		"NotJSON":             {SourceConfig{Format: "json"}, "nr;navn\n", "JSON"},
		"OtherPath":           {SourceConfig{Format: "json", Element: "sager"}, `{"cases":[]}`, `"sager"`},
		"NoArray":             {SourceConfig{Format: "json", Element: "sager"}, `{"sager":{"nr":"1"}}`, "liste"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFolder(t, func(s *SourceConfig) {
				c.config.Type, c.config.Path, c.config.Pattern, c.config.Faerdig = s.Type, s.Path, s.Pattern, s.Faerdig
				*s = c.config
			})
			f.put("a.csv", c.content)
			b := f.read("")
			f.want("records", numbers(b), []string{"!"})
			if err := b.Records[0].Err; !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %q, want %q", err, c.want)
			}
			f.commit(b.Position)
			f.want("refused", f.files("afvist"), []string{"a.csv"})
			f.want("records", numbers(f.read(b.Position)), []string{})
		})
	}
}

func TestFullExportEndsWithItsFile(t *testing.T) {
	t.Parallel()
	f := newFolder(t, func(c *SourceConfig) { c.Eksport = connector.EksportFuld })
	f.put("a.csv", strings.Repeat("1;a\n", 501))
	f.put("b.csv", "2;a\n")
	f.put("c.csv", "3;a\n4;b;c\n")
	f.put("d.csv", "")
	type got struct {
		Records    int
		Full, More bool
	}
	var batches []got
	for position, more := "", true; more; {
		b := f.read(position)
		batches = append(batches, got{len(b.Records), b.Full, b.More})
		position, more = b.Position, b.More
	}
	f.want("batches", batches, []got{
		{500, false, true}, {1, true, true}, {1, true, true},
		{2, false, true},  // a record could not be read: what it was about is not known to be gone
		{0, false, false}, // a file of no bytes may be a system's crash as well as an empty listing
	})
}

func TestPositionIsReadWhateverItHolds(t *testing.T) {
	t.Parallel()
	f := newFolder(t, nil)
	f.put("a.csv", "1;a\n")
	for _, text := range []string{"{", `{"fil":3}`, `{"poster":-1}`, `{"sum":"x"}`, "null x"} {
		if _, err := f.source.Read(t.Context(), text); err == nil || connector.Temporary(err) {
			t.Errorf("Read(%q) = %v, want a permanent error", text, err)
		}
	}
	b := f.read(`{"laest":[{"fil":"../../etc/passwd","sum":"x"}]}`)
	f.want("records", numbers(b), []string{"1"})
	f.commit(`{"laest":[{"fil":"a.csv","sum":"x"}]}`)
	f.want("the folder", f.files("."), []string{"a.csv"})
}

func FuzzPosition(f *testing.F) {
	f.Add(`{"fil":"a.csv","sum":"00","poster":500,"fejl":1,"laest":[{"fil":"b.csv","sum":"11","afvist":true}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parsePosition(text)
		if err != nil {
			return
		}
		again, err := parsePosition(p.String())
		if err != nil || p.String() != again.String() {
			t.Fatalf("%q became %s, %v", text, again, err)
		}
	})
}

func TestSourceValidate(t *testing.T) {
	t.Parallel()
	paths := func(c SourceConfig) []string {
		got := []string{}
		for _, p := range c.Validate() {
			got = append(got, p.Path)
		}
		slices.Sort(got)
		return slices.Compact(got)
	}
	no := false
	for name, c := range map[string]struct {
		config SourceConfig
		want   []string
	}{
		"Empty": {SourceConfig{}, []string{"faerdig", "format", "path", "pattern"}},
		"Whole": {SourceConfig{Type: "folder", Path: "ud", Pattern: connector.Words{"*.csv"}, Format: "csv", Faerdig: Ready{Omdoebt: true}}, []string{}},
		"Wrong": {SourceConfig{
			Type: "mappe", Path: "ud", Pattern: connector.Words{"ud/*.csv"}, Format: "csv", Charset: "utf-7", Separator: ";;", Header: &no, Element: "x",
			Quote: "ja", Faerdig: Ready{Omdoebt: true, Marker: "klar"}, Behandlet: "../x", Afvist: ".", MaxFil: 2 * connector.GiB,
			Listing: connector.Listing{Eksport: "alt", Tidszone: "Danmark"},
		}, []string{
			"afvist", "behandlet", "charset", "columns", "eksport", "element", "faerdig", "faerdig.marker", "max_fil", "pattern", "quote", "separator", "tidszone", "type",
		}},
	} {
		if diff := cmp.Diff(c.want, paths(c.config)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

package mapping

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// mustLoad loads a table of the given rows, written as the lines of felter, and further top-level YAML.
func mustLoad(tb testing.TB, rows string, more ...string) *Table {
	tb.Helper()
	table, problems := Load("sag.yaml", []byte(tableOf(rows, more...)))
	if table == nil {
		tb.Fatalf("table does not load: %s", problemLines(problems))
	}
	return table
}

func tableOf(rows string, more ...string) string {
	var b strings.Builder
	b.WriteString("map: sag\nobjekttype: Sag\n")
	for _, m := range more {
		b.WriteString(m + "\n")
	}
	b.WriteString("felter:\n")
	for row := range strings.Lines(strings.TrimSpace(rows)) {
		b.WriteString("  - " + strings.TrimSpace(row) + "\n")
	}
	return b.String()
}

// refused gives the problems of a table that must not load.
func refused(t *testing.T, src string) string {
	t.Helper()
	table, problems := Load("sag.yaml", []byte(src))
	if table != nil || len(problems) == 0 {
		t.Fatalf("loaded with %d problems; want none loaded", len(problems))
	}
	return problemLines(problems)
}

func wantText(t *testing.T, got, want string) {
	t.Helper()
	if !strings.Contains(got, want) {
		t.Errorf("got %q, want it to say %q", got, want)
	}
}

func TestLoadLimits(t *testing.T) {
	t.Parallel()
	rows := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "{felt: F%d, sti: s.f%d}\n", i, i)
		}
		return tableOf(b.String())
	}
	codes := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "K%d: O%d, ", i, i)
		}
		return tableOf("{felt: A, sti: a, koder: {" + b.String() + "}}")
	}
	loads := func(name, src string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, problems := Load("sag.yaml", []byte(src)); len(problems) > 0 {
				t.Error(problemLines(problems))
			}
		})
	}
	refuses := func(name, src, want string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantText(t, refused(t, src), want)
		})
	}
	loads("MaxRows", rows(MaxRows))
	refuses("MoreRows", rows(MaxRows+1), "tabellen har over 1000 rækker")
	loads("MaxCodes", codes(MaxCodes))
	refuses("MoreCodes", codes(MaxCodes+1), "kodetabellen har 10001 koder; grænsen er 10000")
	refuses("MoreBytes", tableOf("{felt: A, sti: a} #"+strings.Repeat("x", MaxFile)), "grænsen er 1048576")
	expression := `{felt: A, starlark: '"` + strings.Repeat("x", MaxExpression) + `"'}`
	refuses("LongExpression", "map: m\nobjekttype: Sag\nberegnede:\n  - "+expression, "er over 8192 byte")
}

// A file that would cost the YAML parser time or stack out of proportion is refused before it gets there.
func TestLoadRefusesDepth(t *testing.T) {
	t.Parallel()
	for name, piece := range map[string]string{
		"Brackets": "[", "Maps": "{a: ", "Sequences": "- ", "Keys": "a: ", "QuestionMarks": "? ", "Anchors": "&a ",
		"Aliases": "*a ", "Tags": "!t ", "Directives": "%a\n", "FlowKeys": "{a: a: a: a: ",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(piece, "\n") {
				refused(t, "map: "+strings.Repeat(piece, MaxFile/len(piece)-5))
			}
			refused(t, strings.Repeat(piece, MaxFile/len(piece)))
		})
	}
}

func TestLoadSpelling(t *testing.T) {
	t.Parallel()
	const src = "\ufeffmap: sag\r\nobjekttype: Sag\r\nfelter:\r\n" +
		"  - felt: A\r\n    sti: a\r\n    koder:\r\n      01: Ja\r\n      1: Nej\r\n      true: Sand\r\n      N: \"1.50\"\r\n" +
		"  - {felt: DATO, sti: b, type: dato, format: dd-mm-a\u030aa\u030aa\u030aa\u030a}\r\n"
	table, problems := Load("sag.yaml", []byte(src))
	if table == nil {
		t.Fatal(problemLines(problems))
	}
	want := []Code{{Lokal: "01", OIO: "Ja"}, {Lokal: "1", OIO: "Nej"}, {Lokal: "true", OIO: "Sand"}, {Lokal: "N", OIO: "1.50"}}
	if diff := cmp.Diff(want, table.Rows()[0].Koder); diff != "" {
		t.Errorf("codes are not as they are spelled (-want +got):\n%s", diff)
	}
	oio, _, err := table.ToOIO(Record{Fields: map[string]string{"DATO": "24-12-2024"}})
	if err != nil || oio["b"] != "2024-12-24" {
		t.Errorf("a format with decomposed å: %v, %v", oio, err)
	}
}

func TestLoadEncoding(t *testing.T) {
	t.Parallel()
	src := "map: sag\nobjekttype: Sag\nfelter:\n  - {felt: \"S\xc6\", sti: a}\n"
	wantText(t, refused(t, src), "sag.yaml:4:1: filen er ikke UTF-8")
	wantText(t, refused(t, ""), "filen er tom")
}

// Without the zone database a table must say so, not quietly use UTC.
func TestLoadZone(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{"Local", "Mars/Olympus", "../../etc/passwd"} {
		wantText(t, refused(t, tableOf("{felt: A, sti: a}", "tidszone: "+zone)), "kendes ikke")
	}
	table := mustLoad(t, "{felt: A, sti: a, type: tidspunkt, format: dd-mm-åååå tt:mi}", "tidszone: America/Nuuk")
	oio, _, err := table.ToOIO(Record{Fields: map[string]string{"A": "01-02-2020 12:00"}})
	if err != nil || oio["a"] != "2020-02-01T12:00:00-03:00" {
		t.Errorf("got %v, %v", oio, err)
	}
}

// Problems come in the order of the file, and the same each time.
func TestProblemsAreOrdered(t *testing.T) {
	t.Parallel()
	src := tableOf("{felt: A, sti: x}\n{felt: B, sti: x}\n{felt: C, sti: y}\n{felt: D, sti: y}\n{felt: E, sti: y}")
	first := refused(t, src)
	for range 20 {
		if diff := cmp.Diff(first, refused(t, src)); diff != "" {
			t.Fatalf("another order:\n%s", diff)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(tableOf("{felt: A, sti: a, koder: {X: Y}}\n{felt: B, sti: b, type: dato, format: dd-mm-åååå}", "virkning: {fra: B}")))
	f.Add([]byte("map: m\nobjekttype: Sag\nberegnede:\n  - felt: A\n    starlark: |\n      oio[\"x\"] * 2\n"))
	f.Add([]byte("map: >-\n  a\nfelter: [{sti: a, fast: 'x'}]"))
	f.Fuzz(func(t *testing.T, src []byte) {
		table, problems := Load("fuzz.yaml", src)
		if (table == nil) == (len(problems) == 0) {
			t.Fatalf("table %v with %d problems", table != nil, len(problems))
		}
		if table == nil {
			return
		}
		record := map[string]string{}
		for _, felt := range table.LocalFields(Ind) {
			record[felt] = "1"
		}
		if oio, _, err := table.ToOIO(Record{Fields: record}); err == nil {
			_, _ = table.ToSystem(Document{OIO: oio, Keys: testKeys})
		}
		table.Lint(func(string, Direction) (string, bool) { return "dato", true })
	})
}

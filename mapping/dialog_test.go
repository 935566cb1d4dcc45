package mapping

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the tests must not depend on what the machine has installed
)

var rewrite = flag.Bool("rewrite", false, "write what the dialogues in testdata answer into them")

// TestDialogues runs testdata/*.txt: each is a talk with one table that a colleague can read from top to bottom. A block
// is a command with its input, a line of four dashes, and the answer up to an empty line:
//
//	map                   load this table; the answer is ok, or the problems
//	ind [sted=…]          translate this record (felt: værdi) to OIO
//	ud [kun=a,b]          translate this document (sti: værdi) to local fields; without input, the answer of the last ind
//	lint                  the input lists the paths that exist, with their kind
//	tab                   what does not come back
func TestDialogues(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no dialogues: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			runDialogue(t, file)
		})
	}
}

func runDialogue(t *testing.T, file string) {
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var d dialogue
	var out strings.Builder
	for i, block := range strings.Split(strings.TrimSpace(string(src)), "\n\n") {
		if i > 0 {
			out.WriteString("\n\n")
		}
		out.WriteString(d.block(t, block))
	}
	got := out.String() + "\n"
	if *rewrite {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != string(src) {
		t.Errorf("%s answers otherwise (go test -rewrite, then read the diff):\n%s", file, firstDifference(string(src), got))
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			return fmt.Sprintf("line %d\nwant: %s\n got: %s", i+1, w[i], g[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(g), len(w))
}

// dialogue is the state between the blocks of a file.
type dialogue struct {
	table *Table
	last  map[string]string // answer of the last ind
}

// block runs one block and gives it back with the answer it has now. Comment lines come first.
func (d *dialogue) block(t *testing.T, block string) string {
	lines := strings.Split(block, "\n")
	head := 0
	for head < len(lines) && strings.HasPrefix(lines[head], "#") {
		head++
	}
	if head == len(lines) {
		return block
	}
	end := slices.Index(lines, "----")
	if end < 0 {
		t.Fatalf("block without ----:\n%s", block)
	}
	command, args, _ := strings.Cut(lines[head], " ")
	answer := d.run(t, command, args, lines[head+1:end])
	return strings.Join(lines[:end+1], "\n") + "\n" + answer
}

func (d *dialogue) run(t *testing.T, command, args string, input []string) string {
	switch command {
	case "map":
		return d.load(input)
	case "ind":
		return d.in(strings.TrimPrefix(args, "sted="), pairs(input))
	case "ud":
		document := pairs(input)
		if len(input) == 0 {
			document = d.last
		}
		return d.out(strings.TrimPrefix(args, "kun="), document)
	case "lint":
		return d.lint(pairs(input))
	case "tab":
		var lines []string
		for _, l := range d.table.LossyFields() {
			lines = append(lines, fmt.Sprintf("linje %d, %s: %s", l.Line, l.Felt, l.Reason))
		}
		return strings.Join(lines, "\n")
	}
	t.Fatalf("unknown command %q", command)
	return ""
}

func (d *dialogue) load(input []string) string {
	table, problems := Load("sag.yaml", []byte(strings.Join(input, "\n")+"\n"))
	d.table = table
	if table != nil {
		return "ok"
	}
	return problemLines(problems)
}

func problemLines(problems []Problem) string {
	if len(problems) == 0 {
		return "ingen"
	}
	var lines []string
	for _, p := range problems {
		lines = append(lines, p.String())
	}
	return strings.Join(lines, "\n")
}

func (d *dialogue) in(where string, record map[string]string) string {
	oio, from, err := d.table.ToOIO(Record{Fields: record, Where: where})
	if err != nil {
		return errorLines(err)
	}
	d.last = oio
	var lines []string
	for _, path := range slices.Sorted(maps.Keys(oio)) {
		lines = append(lines, path+": "+oio[path])
	}
	if from != nil {
		lines = append(lines, "virkning fra "+from.Format(time.RFC3339))
	}
	return strings.Join(lines, "\n")
}

func (d *dialogue) out(only string, document map[string]string) string {
	doc := Document{OIO: document, Keys: testKeys}
	if only != "" {
		doc.Only = strings.Split(only, ",")
	}
	fields, err := d.table.ToSystem(doc)
	if err != nil {
		return errorLines(err)
	}
	var lines []string
	for _, felt := range slices.Sorted(maps.Keys(fields)) {
		kind := ""
		if _, isText := fields[felt].(string); !isText {
			kind = fmt.Sprintf(" (%T)", fields[felt])
		}
		lines = append(lines, felt+": "+Text(fields[felt])+kind)
	}
	return strings.Join(lines, "\n")
}

// testKeys knows the key of every objekt whose reference is still the local key, and of one UUID.
func testKeys(objekttype, ref string) (string, bool) {
	if ref == "11111111-2222-4333-8444-555555555555" {
		return "2023-9", true
	}
	t, key, ok := ParseReference(ref)
	return key, ok && t == objekttype
}

func (d *dialogue) lint(paths map[string]string) string {
	return problemLines(d.table.Lint(func(path string, way Direction) (string, bool) {
		kind, ok := paths[path]
		rest, outwards := strings.CutSuffix(kind, " (kun ud)")
		return rest, ok && (!outwards || way == Ud)
	}))
}

func errorLines(err error) string {
	if errs, ok := err.(*Errors); ok {
		var lines []string
		for _, f := range errs.Fields {
			lines = append(lines, "fejl ("+f.Regel+") "+f.Error())
		}
		return strings.Join(lines, "\n")
	}
	return "vent: " + err.Error()
}

// pairs reads lines of "name: value"; the value begins after one blank and may have others.
func pairs(lines []string) map[string]string {
	m := make(map[string]string)
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ":")
		m[name] = strings.TrimPrefix(value, " ")
	}
	return m
}

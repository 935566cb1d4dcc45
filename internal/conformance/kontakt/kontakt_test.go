package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moxkit/mox/internal/conformance"
)

// house writes a module of its own, with a door that has one good test and one that sees too little.
func house(t *testing.T) (root string) {
	t.Helper()
	root = t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module example.org/hus\n\ngo 1.24\n",
		"hus.go": "package hus\n\nfunc Vaerelser() int { return 4 }\n",
		"hus_test.go": `package hus

import "testing"

func TestVaerelser(t *testing.T) {
	if Vaerelser() != 4 {
		t.Error("not four")
	}
}
`,
		"dor/dor.go": `package dor

func Aabn(laast bool) bool {
	if laast {
		return false
	}
	return true
}
`,
		"dor/dor_test.go": `package dor

import (
	"os"
	"testing"
)

func TestAabn(t *testing.T) {
	t.Log("a word before")
	t.Run("ulåst", func(t *testing.T) {
		if !Aabn(false) {
			t.Error("an open door is locked")
		}
	})
	t.Run("låst", func(t *testing.T) {
		if Aabn(true) {
			t.Error("a locked door opens")
		}
	})
}

func TestSerForLidt(t *testing.T) { Aabn(true) }

func TestFejler(t *testing.T) { t.Error("always") }

func TestUdenTjeneste(t *testing.T) { t.Skip("no service") }

func TestSlutter(t *testing.T) {
	if Aabn(true) {
		os.Exit(3)
	}
}
`,
	} {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestTry(t *testing.T) {
	t.Parallel()
	root := house(t)
	door := func(new, test string) conformance.Switch {
		return conformance.Switch{Statements: []conformance.Ref{{Doc: "mox", Number: "1"}}, File: "dor/dor.go", Old: "if laast {", New: new, Test: test}
	}
	const open = "if false && laast {"
	cases := []struct {
		give conformance.Switch
		red  bool
		why  string
	}{
		{door(open, "dor.TestAabn"), true, "dor_test.go:17: a locked door opens"},
		{door(open, "dor.TestAabn/låst"), true, "a locked door opens"},
		{door(open, "dor.TestAabn/ulåst"), false, "with the fault it passes"},
		{door(open, "dor.TestSerForLidt"), false, "with the fault it passes"},
		{door("if låst {", "dor.TestAabn"), false, "with the fault it does not build: dor/dor.go:4:5: undefined: låst"},
		{door(`if panic("brudt"); laast {`, "dor.TestSerForLidt"), true, "panic: brudt"},
		{door(open, "dor.TestFejler"), false, "without the fault it fails: dor_test.go:24: always"},
		{door(open, "dor.TestUdenTjeneste"), false, "without the fault it is skipped: dor_test.go:26: no service"},
		{door(open, "dor.TestSlutter"), false, "with the fault it ends the process without an outcome"},
		{door(open, "dor.TestVaek"), false, "without the fault it is not there"},
		{conformance.Switch{File: "hus.go", Old: "4", New: "5", Test: "hus.TestVaerelser"}, true, "not four"},
	}
	var switches []conformance.Switch
	for _, c := range cases {
		switches = append(switches, c.give)
	}
	var progress bytes.Buffer
	results, err := try(t.Context(), root, switches, &progress)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range cases {
		if r := results[i]; r.red != c.red || !strings.Contains(r.why, c.why) {
			t.Errorf("%s, %q: red %v, %q; want %v, %q", c.give.Test, c.give.New, r.red, r.why, c.red, c.why)
		}
	}
	if n := strings.Count(progress.String(), "without a fault: dor"); n != 1 {
		t.Errorf("the tests of dor ran %d times without a fault:\n%s", n, progress.String())
	}
	if src, err := os.ReadFile(filepath.Join(root, "dor/dor.go")); err != nil || strings.Contains(string(src), open) {
		t.Errorf("the tree was touched: %s, %v", src, err)
	}
}

func TestTryRefusesASwitchThatDoesNotFit(t *testing.T) {
	t.Parallel()
	s := conformance.Switch{File: "hus.go", Old: "5", New: "6", Test: "hus.TestVaerelser"}
	if _, err := try(t.Context(), house(t), []conformance.Switch{s}, io.Discard); err == nil || !strings.Contains(err.Error(), "0 times in hus.go") {
		t.Error(err)
	}
}

func TestHanging(t *testing.T) {
	t.Parallel()
	found, err := verdicts(strings.NewReader(`{"Action":"run","Test":"TestA"}
{"Action":"output","Test":"TestA","Output":"panic: test timed out after 5m0s\n"}
{"Action":"fail","Test":"TestA"}
{"Action":"fail"}
`), []string{"TestA"})
	if err != nil || found["TestA"].outcome != hangs {
		t.Errorf("%v, %v", found, err)
	}
	if _, err := verdicts(strings.NewReader("go: no such flag\n"), nil); err == nil {
		t.Error("what is not JSON was passed over")
	}
}

func TestHeard(t *testing.T) {
	t.Parallel()
	said := ""
	for _, line := range []string{
		"=== RUN   TestA\n", "    a_test.go:1: begun\n", "    a_test.go:2: [rapid] failed after 8 tests: 1, want 2\n",
		"    a_test.go:3: [rapid] draw tal: 7\n", "panic: afterwards\n", "--- FAIL: TestA\n",
	} {
		said = heard(said, line)
	}
	if said != "a_test.go:2: [rapid] failed after 8 tests: 1, want 2" {
		t.Error(said)
	}
}

func TestRepeatable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for src, want := range map[string]int{"package hus\n\nimport \"testing\"\n": 0, "package hus\n\nimport \"pgregory.net/rapid\"\n": 3} {
		if err := os.WriteFile(filepath.Join(dir, "hus_test.go"), []byte(src), 0o644); err != nil {
			t.Fatal(err)
		}
		if flags, err := repeatable(dir); err != nil || len(flags) != want {
			t.Errorf("%q: %q, %v", src, flags, err)
		}
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	all := []conformance.Switch{
		{Fault: "a", Statements: []conformance.Ref{{Doc: "mox", Number: "1"}, {Doc: "oio", Number: "2"}}},
		{Fault: "b", Statements: []conformance.Ref{{Doc: "mox", Number: "3"}}},
		{Fault: "c", Statements: []conformance.Ref{{Doc: "oio", Number: "3"}}},
	}
	for _, c := range []struct{ give, want string }{
		{"", "abc"}, {"oio 3", "c"}, {"mox 3 1", "ab"}, {"mox 3 oio 2 3", "abc"}, {"mox 2", "error"}, {"1", "error"},
	} {
		chosen, err := choose(all, []string{c.give})
		got := ""
		if err != nil {
			got = "error"
		}
		for _, s := range chosen {
			got += s.Fault
		}
		if got != c.want {
			t.Errorf("%q: %s, want %s", c.give, got, c.want)
		}
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	s := conformance.Switch{Statements: []conformance.Ref{{Doc: "mox", Number: "1"}, {Doc: "oio", Number: "2"}}, Fault: "broken", File: "a.go", Test: "a.TestA"}
	var out bytes.Buffer
	allRed, err := report([]result{{s, true, "a_test.go:1: <no>"}, {s, false, "with the fault it passes: "}}, &out)
	if err != nil || allRed {
		t.Error(allRed, err)
	}
	want := []string{
		`bevis: {"statement":"mox 1","switch":"broken","file":"a.go","test":"a.TestA","red":true,"why":"a_test.go:1: \u003cno\u003e"}`,
		`bevis: {"statements":2,"switches":2,"red":1}`,
	}
	if got := strings.Split(strings.TrimSpace(out.String()), "\n"); len(got) != 5 || !slices.Equal([]string{got[0], got[4]}, want) {
		t.Errorf("got:\n%s", out.String())
	}
	if allRed, err := report([]result{{s, true, ""}}, io.Discard); err != nil || !allRed {
		t.Error(allRed, err)
	}
}

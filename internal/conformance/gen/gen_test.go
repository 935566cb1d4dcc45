package main

import (
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/internal/source"
)

func load(t *testing.T) (root string, m *source.Module) {
	t.Helper()
	root, err := source.Root()
	if err != nil {
		t.Fatal(err)
	}
	m, err = source.Load(root)
	if err != nil {
		t.Fatal(err)
	}
	return root, m
}

func TestTableIsCurrent(t *testing.T) {
	t.Parallel()
	root, _ := load(t)
	want, err := generate(root)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(root, document))
	if err != nil || string(got) != string(want) {
		t.Errorf("%s is not what the tests say (%v); run: go run ./internal/conformance/gen", document, err)
	}
}

func TestProvenStatementsExist(t *testing.T) {
	t.Parallel()
	_, m := load(t)
	proofs, err := findProofs(m)
	if err != nil {
		t.Fatal(err)
	}
	known := conformance.Statements()
	for _, p := range proofs {
		if !slices.ContainsFunc(known, func(s conformance.Statement) bool { return s.String() == p.statement }) {
			t.Errorf("%s: %s proves %q, which is no statement", p.file, p.name, p.statement)
		}
	}
}

// TestCitationsExist checks each "spec:" in a comment. The package conformance is left out: its comments explain the form.
func TestCitationsExist(t *testing.T) {
	t.Parallel()
	_, m := load(t)
	for _, f := range m.Files {
		if strings.HasPrefix(f.Dir, "internal/conformance") {
			continue
		}
		for _, group := range f.AST.Comments {
			refs, err := conformance.Citations(group.Text())
			if err != nil {
				t.Errorf("%s: %v", m.Fset.Position(group.Pos()), err)
			}
			for _, r := range refs {
				if !conformance.Citable(r) {
					t.Errorf("%s: spec: %s: no such statement or section", m.Fset.Position(group.Pos()), r)
				}
			}
		}
	}
}

func TestFindProofs(t *testing.T) {
	t.Parallel()
	m := &source.Module{Path: "example.org/hus", Fset: token.NewFileSet()}
	add := func(name, dir, src string) {
		t.Helper()
		tree, err := parser.ParseFile(m.Fset, name, src, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		m.Files = append(m.Files, source.File{Name: name, Dir: dir, Test: strings.HasSuffix(name, "_test.go"), AST: tree})
	}
	const imports = `import ("testing"; "example.org/hus/internal/conformance")` + "\n"
	add("dor/dor_test.go", "dor", "package dor\n"+imports+`
		func TestDor(t *testing.T) {
			conformance.Proves(t, "mox 2", "mox 1")
			t.Run("åben dør", func(t *testing.T) { conformance.Proves(t, "oio 3"); conformance.Proves(t, "oio 3") })
		}`)
	add("dor/dortest/suite.go", "dor/dortest", "package dortest\n"+
		`import ("testing"; k "example.org/hus/internal/conformance")
		func Run(t *testing.T) { k.Proves(t, "mox 4") }`)
	add("hus_test.go", "", "package hus\n"+imports+`func TestHus(t *testing.T) { conformance.Proves(t, "mox 5") }`)
	add("andet_test.go", "", "package hus\n"+`func TestAndet() { conformance.Proves(nil, "mox 6") }`) // another conformance

	proofs, err := findProofs(m)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range proofs {
		got = append(got, p.statement+" "+p.name+" "+p.file)
	}
	want := []string{
		"mox 1 dor.TestDor dor/dor_test.go",
		"mox 2 dor.TestDor dor/dor_test.go",
		"oio 3 dor.TestDor/åben_dør dor/dor_test.go",
		"mox 4 dor/dortest.Run dor/dortest/suite.go",
		"mox 5 hus.TestHus hus_test.go",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}

	add("fejl_test.go", "", "package hus\n"+imports+`func TestFejl(t *testing.T) { s := "mox 1"; conformance.Proves(t, s) }`)
	if _, err := findProofs(m); err == nil || !strings.Contains(err.Error(), "fejl_test.go:3") {
		t.Errorf("a computed statement gave %v", err)
	}
}

func TestRender(t *testing.T) {
	t.Parallel()
	text := string(render([]proof{
		{statement: "mox 36", name: "dor.TestDor", file: "dor/dor_test.go"},
		{statement: "mox 36", name: "hus.TestHus", file: "hus_test.go"},
		{statement: "mox 37", name: "hus.TestHus", file: "hus_test.go"},
	}, []conformance.Switch{{
		Statements: []conformance.Ref{{Doc: "mox", Number: "36"}}, Fault: "The door is open", File: "dor/dor.go", Test: "dor.TestDor",
	}}))
	for _, want := range []string{
		"| mox | 60 | 2 | 58 |",
		"| oio | 99 | 0 | 99 |",
		"| [dor.TestDor](../dor/dor_test.go): *The door is open* in [dor/dor.go](../dor/dor.go) | [hus.TestHus](../hus_test.go) | **proven**, amended |",
		"|  | [hus.TestHus](../hus_test.go) | **proven** |",
		"| 67 | A Ret that names an outdated registrering is refused and registers nothing |  |  | open, amended |",
		"- **oio 67**: Refused with 412",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the table lacks %q", want)
		}
	}
}

// TestSwitchesFit checks what can be seen without building: a switch names code that is there once and a test that declares
// its statements, its fault is Go, and no proven statement is without.
func TestSwitchesFit(t *testing.T) {
	t.Parallel()
	root, m := load(t)
	proofs, err := findProofs(m)
	if err != nil {
		t.Fatal(err)
	}
	with := map[string]bool{}
	for _, s := range conformance.Switches() {
		for _, r := range s.Statements {
			with[r.String()] = true
			if !slices.ContainsFunc(proofs, func(p proof) bool { return p.statement == r.String() && p.name == s.Test }) {
				t.Errorf("%s: no test %s declares %s", s, s.Test, r)
			}
		}
		checkFault(t, root, s)
	}
	for _, p := range proofs {
		if !with[p.statement] {
			t.Errorf("%s is proven by %s, but no switch in internal/conformance/kontakter.txt turns that or another test of it red", p.statement, p.name)
			with[p.statement] = true // told once
		}
	}
}

func checkFault(t *testing.T, root string, s conformance.Switch) {
	t.Helper()
	if strings.HasSuffix(s.File, "_test.go") || source.Support(path.Dir(s.File)) {
		t.Errorf("%s: %s is not the product's code", s, s.File)
	}
	src, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(s.File)))
	if err != nil {
		t.Errorf("%s: %v", s, err)
		return
	}
	faulty, err := s.Apply(src)
	if err != nil {
		t.Error(err)
		return
	}
	if path.Ext(s.File) == ".go" {
		if _, err := parser.ParseFile(token.NewFileSet(), s.File, faulty, 0); err != nil {
			t.Errorf("%s: with the fault: %v", s, err)
		}
	}
}

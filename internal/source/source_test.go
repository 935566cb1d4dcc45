package source

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestLoad(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		name = filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module example.org/hus\n\ngo 1.26.0\n")
	write("hus.go", "package hus\n\nimport \"fmt\"\n\nvar _ = fmt.Sprint\n")
	write("dor/dor_test.go", "package dor\n")
	write("dor/testdata/x.go", "not go at all")
	write(".skjult/x.go", "not go at all")
	write("tools/go.mod", "module example.org/hus/tools\n")
	write("tools/tools.go", "not go at all")

	m, err := Load(root)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range m.Files {
		names = append(names, f.Name)
	}
	if want := []string{"dor/dor_test.go", "hus.go"}; !slices.Equal(names, want) {
		t.Fatalf("files %q, want %q", names, want)
	}
	if f := m.Files[0]; !f.Test || f.Dir != "dor" {
		t.Errorf("dor_test.go: Test %v, Dir %q", f.Test, f.Dir)
	}
	if f := m.Files[1]; f.Test || f.Dir != "" || !slices.Equal(f.Imports(), []string{"fmt"}) {
		t.Errorf("hus.go: Test %v, Dir %q, Imports %q", f.Test, f.Dir, f.Imports())
	}
	if dir, ok := m.Own("example.org/hus/dor"); !ok || dir != "dor" {
		t.Errorf("Own: %q, %v", dir, ok)
	}
	if _, ok := m.Own("example.org/huset"); ok {
		t.Error("Own: another module with the same beginning is taken for ours")
	}

	write("skaev.go", "package hus\nfunc {")
	if _, err := Load(root); err == nil {
		t.Error("a file that does not parse gave no error")
	}
}

func TestRoot(t *testing.T) {
	t.Parallel()
	root, err := Root()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "internal", "source", "source.go")); err != nil {
		t.Error(err)
	}
}

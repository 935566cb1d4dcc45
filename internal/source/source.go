// Package source reads the module's own Go files, for the tests and generators that look at the code itself: the
// architecture test and the conformance table.
package source

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// Module is all Go files of one module, whatever their build tags, without testdata and nested modules.
type Module struct {
	Path  string // as go.mod gives it
	Fset  *token.FileSet
	Files []File // in the order of their names
}

// File is one parsed Go file, comments included.
type File struct {
	Name string // relative to the module root, with slashes
	Dir  string // the package's folder relative to the module root; "" for the root package
	Test bool   // the name ends in _test.go
	AST  *ast.File
}

// Root returns the folder of the go.mod that governs the working directory. A test runs in its package's folder, so this
// finds the module from any of them.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("source: no go.mod above the working directory")
		}
		dir = parent
	}
}

// Load parses every Go file of the module in root. A file that does not parse is an error: what looks at the code must
// not pass because it could not see it.
func Load(root string) (*Module, error) {
	modulePath, err := modulePath(root)
	if err != nil {
		return nil, err
	}
	m := &Module{Path: modulePath, Fset: token.NewFileSet()}
	err = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return skipDir(root, name)
		case !strings.HasSuffix(name, ".go"):
			return nil
		}
		f, err := m.parse(root, name)
		if err != nil {
			return err
		}
		m.Files = append(m.Files, f)
		return nil
	})
	return m, err
}

func (m *Module) parse(root, name string) (File, error) {
	rel, err := filepath.Rel(root, name)
	if err != nil {
		return File{}, err
	}
	rel = filepath.ToSlash(rel)
	src, err := os.ReadFile(name)
	if err != nil {
		return File{}, err
	}
	// The relative name goes into the positions, so that messages name files as a reader knows them.
	tree, err := parser.ParseFile(m.Fset, rel, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return File{}, err
	}
	dir := path.Dir(rel)
	if dir == "." {
		dir = ""
	}
	return File{Name: rel, Dir: dir, Test: strings.HasSuffix(rel, "_test.go"), AST: tree}, nil
}

// skipDir leaves out what the go command leaves out: hidden folders, testdata, vendor and nested modules.
func skipDir(root, name string) error {
	if name == root {
		return nil
	}
	base := filepath.Base(name)
	if strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata" || base == "vendor" {
		return filepath.SkipDir
	}
	if _, err := os.Stat(filepath.Join(name, "go.mod")); err == nil {
		return filepath.SkipDir
	}
	return nil
}

func modulePath(root string) (string, error) {
	data, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(data)) {
		if p, ok := strings.CutPrefix(strings.TrimSpace(line), "module "); ok {
			return strings.TrimSpace(p), nil
		}
	}
	return "", fmt.Errorf("source: %s/go.mod has no module line", root)
}

// Imports lists what f imports.
func (f File) Imports() []string {
	paths := make([]string, 0, len(f.AST.Imports))
	for _, spec := range f.AST.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil { // the parser has accepted the literal
			panic(err)
		}
		paths = append(paths, p)
	}
	return paths
}

// ImportName is the name under which f knows a package, or "" when it does not import it.
func (f File) ImportName(importPath string) string {
	for i, p := range f.Imports() {
		if p != importPath {
			continue
		}
		if name := f.AST.Imports[i].Name; name != nil {
			return name.Name
		}
		return path.Base(p)
	}
	return ""
}

// Own returns the folder of an imported package when it belongs to the module.
func (m *Module) Own(importPath string) (dir string, ok bool) {
	if importPath == m.Path {
		return "", true
	}
	return strings.CutPrefix(importPath, m.Path+"/")
}

// Support reports whether the package in dir serves tests and upkeep only: a suite or a stand-in (a folder named …test),
// or one of the workshop's own tools. Product code never imports one.
func Support(dir string) bool {
	for _, tool := range [...]string{"arch", "bevis", "conformance", "fejlnet", "source", "testenv"} {
		tool = "internal/" + tool
		if dir == tool || strings.HasPrefix(dir, tool+"/") {
			return true
		}
	}
	return strings.HasSuffix(dir, "test")
}

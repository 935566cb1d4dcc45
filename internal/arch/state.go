package arch

import (
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"

	"github.com/moxkit/mox/internal/source"
)

// Inits finds init functions: what a program does must follow from main, not from what it happens to import.
func Inits(m *source.Module) []string {
	var findings []string
	for _, f := range m.Files {
		for _, decl := range f.AST.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				findings = append(findings, fmt.Sprintf("%s: func init", m.Fset.Position(fn.Pos())))
			}
		}
	}
	return findings
}

// Sleeps finds time.Sleep in tests and in what tests share. A test waits for an event, or is given its time.
func Sleeps(m *source.Module) []string {
	var findings []string
	for _, f := range m.Files {
		name := f.ImportName("time")
		if name == "" || !f.Test && !source.Support(f.Dir) {
			continue
		}
		ast.Inspect(f.AST, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && isName(sel, name, "Sleep") {
				findings = append(findings, fmt.Sprintf("%s: a test that sleeps", m.Fset.Position(sel.Pos())))
			}
			return true
		})
	}
	return findings
}

// Variables finds package variables that are, or may be, state.
//
// A package variable outside tests is given its value where it is declared, as a literal (a table, a function, a text), a
// conversion, errors.New, fmt.Errorf or regexp.MustCompile, or by go:embed. Any other value needs a line above it,
//
//	//arch:fixed <why no one changes it and any number of goroutines may read it>
//
// and no package variable, marked or not, is ever assigned to, in whole or in part: that is checked. A change through a
// method or a second name for the same map is not seen; the mark's reason must cover that.
func Variables(m *source.Module) []string {
	var findings []string
	for _, f := range m.Files {
		if !f.Test {
			findings = append(findings, undeclared(m, f)...)
		}
	}
	return append(findings, writes(m)...)
}

func undeclared(m *source.Module, f source.File) []string {
	var findings []string
	for _, decl := range f.AST.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.VAR {
			continue
		}
		for _, s := range gen.Specs {
			spec := s.(*ast.ValueSpec)
			if marked(gen.Doc) || marked(spec.Doc) {
				continue
			}
			for i, name := range spec.Names {
				if name.Name != "_" && (i >= len(spec.Values) || !fixed(spec.Values[i])) {
					findings = append(findings, fmt.Sprintf("%s: package variable %s may be state; see arch.Variables", m.Fset.Position(name.Pos()), name))
				}
			}
		}
	}
	return findings
}

// marked reports whether a declaration is embedded data or says itself why it is fixed.
func marked(doc *ast.CommentGroup) bool {
	if doc == nil {
		return false
	}
	return slices.ContainsFunc(doc.List, func(c *ast.Comment) bool {
		reason, ok := strings.CutPrefix(c.Text, "//arch:fixed ")
		return ok && strings.TrimSpace(reason) != "" || strings.HasPrefix(c.Text, "//go:embed ")
	})
}

// fixed reports whether a value cannot be changed by those who use it, as far as its form tells.
func fixed(value ast.Expr) bool {
	switch v := value.(type) {
	case *ast.BasicLit, *ast.FuncLit, *ast.Ident, *ast.BinaryExpr:
		return true
	case *ast.SelectorExpr:
		return true
	case *ast.UnaryExpr:
		return v.Op != token.AND && v.Op != token.ARROW
	case *ast.CompositeLit:
		return !synchronises(v.Type)
	case *ast.CallExpr:
		return fixedCall(v)
	}
	return false
}

// fixedCall admits the few functions that make a value nobody can change, and conversions of a literal.
func fixedCall(call *ast.CallExpr) bool {
	switch fn := call.Fun.(type) {
	case *ast.SelectorExpr:
		return isName(fn, "errors", "New") || isName(fn, "fmt", "Errorf") || isName(fn, "regexp", "MustCompile")
	case *ast.ArrayType, *ast.FuncType:
		return true
	}
	return false
}

func synchronises(typ ast.Expr) bool {
	sel, ok := typ.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	x, ok := sel.X.(*ast.Ident)
	return ok && (x.Name == "sync" || x.Name == "atomic")
}

// writes finds every place that changes a package variable, in tests too: a test that must change one shows that the
// value should have been passed in.
func writes(m *source.Module) []string {
	packages := map[string][]source.File{}
	for _, f := range m.Files {
		key := f.Dir + " " + f.AST.Name.Name
		packages[key] = append(packages[key], f)
	}
	var findings []string
	for _, key := range slices.Sorted(maps.Keys(packages)) {
		findings = append(findings, writesIn(m, packages[key])...)
	}
	return findings
}

func writesIn(m *source.Module, files []source.File) []string {
	info := resolve(m, files)
	var findings []string
	report := func(e ast.Expr) {
		if name := packageVariable(info, e); name != nil {
			findings = append(findings, fmt.Sprintf("%s: package variable %s is changed", m.Fset.Position(name.Pos()), name))
		}
	}
	for _, f := range files {
		ast.Inspect(f.AST, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				for _, e := range n.Lhs {
					report(e)
				}
			case *ast.IncDecStmt:
				report(n.X)
			case *ast.RangeStmt:
				report(n.Key)
				report(n.Value)
			case *ast.UnaryExpr:
				// The address of the whole variable is taken to change it; that of one row of a table, to read it.
				if _, whole := n.X.(*ast.Ident); whole && n.Op == token.AND {
					report(n.X)
				}
			case *ast.CallExpr:
				if fn, ok := n.Fun.(*ast.Ident); ok && len(n.Args) > 0 && (fn.Name == "delete" || fn.Name == "clear" || fn.Name == "copy") {
					report(n.Args[0])
				}
			}
			return true
		})
	}
	return findings
}

// resolve tells which name means which object. Imports stay unresolved and errors are passed over: names of the package
// itself, and which names are imported packages, are known without them.
func resolve(m *source.Module, files []source.File) *types.Info {
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	conf := types.Config{Importer: noImports{}, Error: func(error) {}}
	trees := make([]*ast.File, len(files))
	for i, f := range files {
		trees[i] = f.AST
	}
	_, _ = conf.Check(files[0].Dir, m.Fset, trees, info)
	return info
}

type noImports struct{}

func (noImports) Import(string) (*types.Package, error) { return nil, errors.New("not needed") }

// packageVariable returns the name of the package variable that an expression is, or is a part of; nil for any other.
func packageVariable(info *types.Info, e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.ParenExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.SelectorExpr:
			if pkg, ok := x.X.(*ast.Ident); ok {
				if _, ok := info.Uses[pkg].(*types.PkgName); ok {
					return x.Sel
				}
			}
			e = x.X
		case *ast.Ident:
			if v, ok := info.Uses[x].(*types.Var); ok && v.Pkg() != nil && v.Parent() == v.Pkg().Scope() {
				return x
			}
			return nil
		default:
			return nil
		}
	}
}

func isName(sel *ast.SelectorExpr, pkg, name string) bool {
	x, ok := sel.X.(*ast.Ident)
	return ok && x.Name == pkg && sel.Sel.Name == name
}

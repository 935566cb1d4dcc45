package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strconv"
	"strings"

	"github.com/moxkit/mox/internal/source"
)

// proof is one test that claims a statement.
type proof struct {
	statement string // "mox 1"
	name      string // "store/sqlstore.TestKoe/genstart"
	file      string // relative to the module root
}

// findProofs lists the calls of conformance.Proves in tests and in the suites tests run, ordered by test, each pair of
// test and statement once.
func findProofs(m *source.Module) ([]proof, error) {
	var all []proof
	for _, f := range m.Files {
		local := f.ImportName(m.Path + "/internal/conformance")
		if local == "" || !f.Test && !source.Support(f.Dir) {
			continue
		}
		found, err := proofsIn(m, f, local)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	slices.SortFunc(all, func(a, b proof) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.file, b.file), cmp.Compare(a.statement, b.statement))
	})
	return slices.Compact(all), nil
}

func proofsIn(m *source.Module, f source.File, local string) ([]proof, error) {
	var all []proof
	var bad error
	ast.PreorderStack(f.AST, nil, func(n ast.Node, stack []ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || !isCall(call, local, "Proves") || len(call.Args) == 0 {
			return true
		}
		name := packageName(m, f) + "." + testName(stack)
		for _, arg := range call.Args[1:] {
			s, ok := literal(arg)
			if !ok {
				bad = fmt.Errorf("%s: conformance.Proves takes literals only", m.Fset.Position(arg.Pos()))
				return false
			}
			all = append(all, proof{statement: s, name: name, file: f.Name})
		}
		return true
	})
	return all, bad
}

// testName is the function around a call, with the names of the subtests around it where they are literals.
func testName(stack []ast.Node) string {
	var parts []string
	for _, n := range stack {
		switch n := n.(type) {
		case *ast.FuncDecl:
			parts = append(parts, n.Name.Name)
		case *ast.CallExpr:
			if sel, ok := n.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "Run" && len(n.Args) == 2 {
				if s, ok := literal(n.Args[0]); ok {
					parts = append(parts, strings.ReplaceAll(s, " ", "_"))
				}
			}
		}
	}
	return strings.Join(parts, "/")
}

func packageName(m *source.Module, f source.File) string {
	if f.Dir == "" {
		return m.Path[strings.LastIndex(m.Path, "/")+1:]
	}
	return f.Dir
}

func isCall(call *ast.CallExpr, pkg, fn string) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != fn {
		return false
	}
	x, ok := sel.X.(*ast.Ident)
	return ok && x.Name == pkg
}

func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}

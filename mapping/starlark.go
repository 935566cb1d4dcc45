package mapping

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// source is an expression's text and where it begins in the file, so that Starlark's own positions are places in the YAML.
type source struct {
	text string
	at   pos
}

func sourceOf(n ast.Node, text string) source {
	at := nodePos(n)
	switch n := n.(type) {
	case *ast.LiteralNode: // the text begins on the line after | or >, indented
		origin := n.Value.GetToken().Origin
		at = pos{at.line + 1, len(origin) - len(strings.TrimLeft(origin, " ")) + 1}
	case *ast.StringNode:
		if t := n.GetToken().Type; t == token.SingleQuoteType || t == token.DoubleQuoteType {
			at.column++
		}
	}
	return source{text, at}
}

// expression is one compiled Starlark expression of one input. It is immutable and may be evaluated by many at once.
type expression struct {
	fn    *starlark.Function
	file  string
	reads []string // the input's keys that the expression names outright, in its order
}

// numberGuard is the name of the builtin that operands of * go through. No author can write it.
const numberGuard = "tal*"

// compile makes the expression of src, whose input it calls by the given name. The error's position is in the file.
func compile(file string, src source, input string) (*expression, pos, error) {
	options := &syntax.FileOptions{} // no while, no recursion, no sets, no reassignment
	portion := syntax.FilePortion{
		Content: []byte(strings.TrimRight(src.text, " \n\t")), FirstLine: int32(src.at.line), FirstCol: int32(src.at.column)}
	body, err := options.ParseExpr(file, portion, 0)
	if err != nil {
		return nil, starlarkPos(err), err
	}
	reads, at, err := inspect(body, input)
	if err != nil {
		return nil, at, err
	}
	start, _ := body.Span()
	lambda := &syntax.LambdaExpr{Lambda: start, Params: []syntax.Expr{&syntax.Ident{NamePos: start, Name: input}}, Body: body}
	env := builtins()
	if _, err := resolve.ExprOptions(options, lambda, env.Has, safeName); err != nil {
		return nil, starlarkPos(err), fmt.Errorf("%s; der findes %s og %s", firstError(err), input, strings.Join(names(), " "))
	}
	v, err := starlark.EvalExprOptions(options, newThread(), lambda, env)
	if err != nil {
		return nil, starlarkPos(err), err
	}
	fn := v.(*starlark.Function) // a lambda is nothing else
	fn.Freeze()
	return &expression{fn: fn, file: file, reads: reads}, pos{}, nil
}

// inspect refuses what could use memory out of proportion, guards multiplication, and collects the keys of the input
// that the expression names.
func inspect(body syntax.Expr, input string) (reads []string, at pos, err error) {
	syntax.Walk(body, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.LambdaExpr:
			start, _ := n.Span()
			at, err = pos{int(start.Line), int(start.Col)}, errors.New("lambda kan ikke bruges i et beregnet felt")
		case *syntax.BinaryExpr:
			if n.Op == syntax.STAR {
				n.X, n.Y = guarded(n.X), guarded(n.Y)
			}
		case *syntax.IndexExpr:
			reads = appendRead(reads, n.X, n.Y, input)
		case *syntax.CallExpr:
			if dot, ok := n.Fn.(*syntax.DotExpr); ok && dot.Name.Name == "get" && len(n.Args) > 0 {
				reads = appendRead(reads, dot.X, n.Args[0], input)
			}
		}
		return err == nil
	})
	return reads, at, err
}

func appendRead(reads []string, object, key syntax.Expr, input string) []string {
	id, isName := object.(*syntax.Ident)
	lit, isLiteral := key.(*syntax.Literal)
	if !isName || !isLiteral || id.Name != input {
		return reads
	}
	if s, ok := lit.Value.(string); ok && !slices.Contains(reads, s) {
		reads = append(reads, s)
	}
	return reads
}

func guarded(x syntax.Expr) syntax.Expr {
	start, end := x.Span()
	return &syntax.CallExpr{Fn: &syntax.Ident{NamePos: start, Name: numberGuard}, Lparen: start, Args: []syntax.Expr{x}, Rparen: end}
}

// names are the names of the package comment, in its order.
func names() []string {
	return append(universe(), "dato", "klip")
}

func universe() []string {
	return []string{"None", "True", "False", "abs", "all", "any", "bool", "chr", "dict", "enumerate", "fail", "float", "int",
		"len", "list", "max", "min", "ord", "reversed", "sorted", "str", "tuple", "zip"}
}

func safeName(name string) bool { return slices.Contains(universe(), name) }

func builtins() starlark.StringDict {
	return starlark.StringDict{
		"dato":      starlark.NewBuiltin("dato", builtinDato),
		"klip":      starlark.NewBuiltin("klip", builtinKlip),
		numberGuard: starlark.NewBuiltin("*", builtinNumber),
	}
}

func builtinDato(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var s, from, to string
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "s", &s, "fra", &from, "til", &to); err != nil {
		return nil, err
	}
	in, err := formatNamed(from)
	if err != nil {
		return nil, fmt.Errorf("dato: %w", err)
	}
	out, err := formatNamed(to)
	if err != nil {
		return nil, fmt.Errorf("dato: %w", err)
	}
	c, ok := in.read(s)
	if !ok {
		return nil, fmt.Errorf("dato: %s er ikke på formen %s", quote(s), from)
	}
	text, ok := out.write(c)
	if !ok {
		return nil, fmt.Errorf("dato: årstallet %d kan ikke skrives med to cifre", c.year)
	}
	return starlark.String(text), nil
}

// formatNamed is [parseTimeFormat] with the name iso.
func formatNamed(s string) (timeFormat, error) {
	if s == "iso" {
		s = isoDate
	}
	return parseTimeFormat(s)
}

func builtinKlip(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var s string
	var n int
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "s", &s, "n", &n); err != nil {
		return nil, err
	}
	if n < 0 {
		return nil, fmt.Errorf("klip: %d er under 0", n)
	}
	return starlark.String(firstRunes(s, n)), nil
}

// builtinNumber lets numbers of 64 bits through to a multiplication, and nothing else.
func builtinNumber(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	switch v := args[0].(type) {
	case starlark.Float:
		return v, nil
	case starlark.Int:
		if _, ok := v.Int64(); ok {
			return v, nil
		}
		return nil, errors.New("et tal over 64 bit kan ikke ganges")
	}
	return nil, fmt.Errorf("kun tal kan ganges, ikke %s", args[0].Type())
}

// newThread is one evaluation: nothing to load, nothing to print on, and an end.
func newThread() *starlark.Thread {
	th := &starlark.Thread{Name: "mapping"}
	th.SetMaxExecutionSteps(MaxSteps)
	return th
}

// frozenDict is m as Starlark sees it, in the order of the keys so that every evaluation goes the same way.
func frozenDict(m map[string]string) *starlark.Dict {
	d := starlark.NewDict(len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		_ = d.SetKey(starlark.String(k), starlark.String(m[k])) // fails for a frozen dict or an unhashable key only
	}
	d.Freeze()
	return d
}

// eval gives the expression's value: string, int64, float64 or bool, or nil where it is absent.
func (e *expression) eval(input *starlark.Dict) (any, *fault) {
	v, err := starlark.Call(newThread(), e.fn, starlark.Tuple{input}, nil)
	if err != nil {
		return nil, e.failed(err)
	}
	switch v := v.(type) {
	case starlark.NoneType:
		return nil, nil
	case starlark.Bool:
		return bool(v), nil
	case starlark.String:
		return resultText(string(v))
	case starlark.Int:
		if n, ok := v.Int64(); ok {
			return n, nil
		}
		return nil, faultf(RegelUdtryk, "brug str(…)", "udtrykket gav et helt tal over 64 bit")
	case starlark.Float:
		if n := float64(v); !math.IsNaN(n) && !math.IsInf(n, 0) {
			return n, nil
		}
		return nil, faultf(RegelUdtryk, "", "udtrykket gav ikke et endeligt tal")
	}
	return nil, faultf(RegelUdtryk, "giv tekst, int, float, bool eller None", "udtrykket gav %s", v.Type())
}

func resultText(s string) (any, *fault) {
	switch {
	case s == "":
		return nil, nil
	case len(s) > MaxValue:
		return nil, tooLong()
	case !utf8.ValidString(s):
		return nil, faultf(RegelUdtryk, "brug klip(s, n): s[:n] tæller byte", "udtrykket skar et bogstav over")
	}
	return s, nil
}

// failed makes a fault of an evaluation's error, with Starlark's own position and words.
func (e *expression) failed(err error) *fault {
	text, hint := firstError(err), "ret udtrykket; et felt, der kan mangle, læses med .get(\"…\", \"\")"
	switch {
	case strings.Contains(text, "too many steps"):
		text, hint = fmt.Sprintf("udtrykket brugte over %d trin", MaxSteps), "gør udtrykket enklere"
	case strings.HasPrefix(text, "fail: "):
		text, hint = strings.TrimPrefix(text, "fail: "), ""
	}
	if at := starlarkPos(err); at.line > 0 {
		text = fmt.Sprintf("%s (%d:%d)", text, at.line, at.column)
	}
	return &fault{regel: RegelUdtryk, reason: shorten(mask(text), 300), hint: hint}
}

// firstError is Starlark's message without position.
func firstError(err error) string {
	var syn syntax.Error
	var res resolve.ErrorList
	switch {
	case errors.As(err, &syn):
		return syn.Msg
	case errors.As(err, &res) && len(res) > 0:
		return res[0].Msg
	}
	return err.Error()
}

// starlarkPos is the innermost place in the file that err speaks of.
func starlarkPos(err error) pos {
	var syn syntax.Error
	var res resolve.ErrorList
	var eval *starlark.EvalError
	at := syntax.Position{}
	switch {
	case errors.As(err, &syn):
		at = syn.Pos
	case errors.As(err, &res) && len(res) > 0:
		at = res[0].Pos
	case errors.As(err, &eval):
		for i := range eval.CallStack {
			if p := eval.CallStack.At(i).Pos; p.Filename() != "<builtin>" {
				at = p
				break
			}
		}
	}
	return pos{int(at.Line), int(at.Col)}
}

package agent

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/moxkit/mox/mapping"
)

// maksFil is how many bytes an agent's file, or one of its maps, may have.
const maksFil = mapping.MaxFile

// laesFil reads a file of at most maksFil bytes. The error says why not, and not which file.
func laesFil(sti string) ([]byte, error) {
	f, err := os.Open(sti)
	if err != nil {
		return nil, filfejl(err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maksFil+1))
	switch {
	case err != nil:
		return nil, filfejl(err)
	case len(b) > maksFil:
		return nil, fmt.Errorf("den fylder over %d byte", maksFil)
	}
	return b, nil
}

func filfejl(err error) error {
	var p *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("den findes ikke")
	case errors.Is(err, fs.ErrPermission):
		return errors.New("brugeren har ikke ret til den")
	case errors.Is(err, syscall.EISDIR):
		return errors.New("det er en mappe")
	case errors.As(err, &p):
		return p.Err
	}
	return err
}

// linter collects what is wrong with one agent's files, or with an agreement's.
type linter struct {
	spec     *Spec // of an agent
	file     string
	art      string // what the file is of: "agent"
	root     ast.Node
	problems []mapping.Problem
}

func (l *linter) failed() bool {
	return slices.ContainsFunc(l.problems, func(p mapping.Problem) bool { return !p.Warning })
}

// fail notes a problem at a node of the agent's file; nil means the file as a whole.
func (l *linter) fail(at ast.Node, hint, format string, args ...any) {
	l.failAt(plads(at), hint, format, args...)
}

func (l *linter) failAt(at token.Position, hint, format string, args ...any) {
	l.problems = append(l.problems, mapping.Problem{File: l.file, Line: at.Line, Column: at.Column, Text: fmt.Sprintf(format, args...), Hint: hint})
}

// plads is where a node begins; the library's own answer for a block mapping is its first colon.
func plads(n ast.Node) token.Position {
	switch n := n.(type) {
	case nil:
		return token.Position{}
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return plads(n.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return plads(n.Key)
	}
	return tokenplads(n.GetToken())
}

func tokenplads(t *token.Token) token.Position {
	if t == nil || t.Position == nil {
		return token.Position{}
	}
	return *t.Position
}

// parse reads the file's one document into v. Anchors, aliases and tags are refused: what a reader sees is what there is.
func (l *linter) parse(src []byte, v any) bool {
	if !utf8.Valid(src) {
		l.fail(nil, "gem filen som UTF-8", "filen er ikke UTF-8")
		return false
	}
	tokens := lexer.Tokenize(string(bytes.TrimPrefix(src, []byte("\ufeff"))))
	if !l.sigt(tokens) {
		return false
	}
	f, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		l.yamlFejl(err)
		return false
	}
	if len(f.Docs) != 1 || f.Docs[0].Body == nil {
		l.fail(nil, l.begynder(), "filen er tom eller har mere end ét YAML-dokument")
		return false
	}
	l.root = f.Docs[0].Body
	if len(par(l.root)) == 0 {
		l.fail(l.root, l.begynder(), "filen er ikke en %s", l.art)
		return false
	}
	return l.dubletter(l.root) && l.decode(l.root, v)
}

func (l *linter) begynder() string {
	return fmt.Sprintf("en %[1]s begynder med «%[1]s: navn»", l.art)
}

// The YAML library's time and stack grow with the square of the nesting, so nesting is judged on the tokens first.
const maksNiveauer = 24

func (l *linter) sigt(tokens token.Tokens) bool {
	klammer, paaLinjen, linje := 0, 0, 0
	for _, t := range tokens {
		if t.Position.Line != linje {
			linje, paaLinjen = t.Position.Line, 0
		}
		switch t.Type {
		case token.AnchorType, token.AliasType, token.TagType, token.MergeKeyType, token.MappingKeyType, token.DirectiveType:
			l.failAt(tokenplads(t), "skriv værdien ud, eller sæt den i anførselstegn", "YAML-tegnet %q bruges ikke i en %s", t.Value, l.art)
			return false
		case token.MappingStartType, token.SequenceStartType:
			klammer, paaLinjen = klammer+1, 0
		case token.MappingEndType, token.SequenceEndType:
			klammer--
		case token.CollectEntryType:
			paaLinjen = 0
		case token.SequenceEntryType, token.MappingValueType:
			paaLinjen++
		}
		if klammer > maksNiveauer || paaLinjen > maksNiveauer {
			l.failAt(tokenplads(t), "", "for mange niveauer i hinanden")
			return false
		}
	}
	return true
}

// par are the keys and values of a mapping; none for anything else.
func par(n ast.Node) []*ast.MappingValueNode {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}
	}
	return nil
}

func noegletekst(p *ast.MappingValueNode) string {
	if s, ok := p.Key.(*ast.StringNode); ok {
		return s.Value
	}
	return p.Key.String()
}

// dubletter refuses keys that stand twice in one mapping, in the whole file.
func (l *linter) dubletter(n ast.Node) bool {
	ok := true
	set := map[string]token.Position{}
	for _, p := range par(n) {
		navn := noegletekst(p)
		if foerst, to := set[navn]; to {
			l.fail(p.Key, "slet den ene", "nøglen %q står også i linje %d", navn, foerst.Line)
			ok = false
		}
		set[navn] = plads(p.Key)
		ok = l.dubletter(p.Value) && ok
	}
	if s, liste := n.(*ast.SequenceNode); liste {
		for _, v := range s.Values {
			ok = l.dubletter(v) && ok
		}
	}
	return ok
}

// decode reads a node into v; a key that v does not have is a problem.
func (l *linter) decode(n ast.Node, v any) bool {
	if !l.kendteNoegler(n, reflect.TypeOf(v)) {
		return false
	}
	if err := yaml.NodeToValue(n, v, yaml.Strict()); err != nil {
		l.yamlFejl(err)
		return false
	}
	return true
}

// decodeLoest reads what v names and leaves the rest.
func decodeLoest(n node, v any) error { return yaml.NodeToValue(n.Node, v) }

// kendteNoegler holds the keys of n and of what is below it against the fields of t. A type that reads itself is left to
// do so.
func (l *linter) kendteNoegler(n ast.Node, t reflect.Type) bool {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	ok := true
	switch {
	case laeserSelv(t):
		return l.selvlaest(n, t)
	case t.Kind() == reflect.Struct:
		felter, navne := yamlfelter(t)
		for _, p := range par(n) {
			navn := noegletekst(p)
			f, kendt := felter[navn]
			if !kendt {
				l.fail(p.Key, mente(navn, navne), "nøglen %q kendes ikke her", navn)
				ok = false
				continue
			}
			ok = l.kendteNoegler(p.Value, f) && ok
		}
	case t.Kind() == reflect.Map:
		for _, p := range par(n) {
			ok = l.kendteNoegler(p.Value, t.Elem()) && ok
		}
	case t.Kind() == reflect.Slice:
		s, liste := n.(*ast.SequenceNode)
		if _, tekst := n.(*ast.StringNode); tekst {
			l.fail(n, "sæt den i kantede parenteser: [værdi]", "værdien skal være %s", slags(t))
			return false
		}
		if liste {
			for _, v := range s.Values {
				ok = l.kendteNoegler(v, t.Elem()) && ok
			}
		}
	}
	return ok
}

func laeserSelv(t reflect.Type) bool {
	for _, m := range []string{"UnmarshalYAML", "UnmarshalText"} {
		if _, ok := reflect.PointerTo(t).MethodByName(m); ok {
			return true
		}
	}
	return false
}

// yamlfelter are the keys that a struct takes, in order, and their types.
func yamlfelter(t reflect.Type) (typer map[string]reflect.Type, navne []string) {
	typer = map[string]reflect.Type{}
	for i := range t.NumField() {
		f := t.Field(i)
		navn, valg, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case valg == "inline":
			flere, deres := yamlfelter(f.Type)
			for n, u := range flere {
				typer[n] = u
			}
			navne = append(navne, deres...)
		case f.IsExported() && navn != "":
			typer[navn], navne = f.Type, append(navne, navn)
		}
	}
	return typer, navne
}

// selvlaest lets a type that reads itself do so, to have what it says at the right place.
func (l *linter) selvlaest(n ast.Node, t reflect.Type) bool {
	if t == reflect.TypeFor[node]() {
		return true
	}
	foer := len(l.problems)
	if err := yaml.NodeToValue(n, reflect.New(t).Interface(), yaml.Strict()); err != nil {
		l.yamlFejl(err)
	}
	for i := range l.problems[foer:] {
		if p := &l.problems[foer+i]; p.Line == 0 {
			at := plads(n)
			p.Line, p.Column = at.Line, at.Column
		}
	}
	return len(l.problems) == foer
}

// yamlFejl notes what the YAML library says, in our words as far as they go.
func (l *linter) yamlFejl(err error) {
	var syntaks *yaml.SyntaxError
	var type_ *yaml.TypeError
	var ukendt *yaml.UnknownFieldError
	switch {
	case errors.As(err, &syntaks):
		l.failAt(tokenplads(syntaks.GetToken()), "se efter stavefejl, indrykning og anførselstegn", "kan ikke læses som YAML: %s", syntaks.GetMessage())
	case errors.As(err, &ukendt):
		l.failAt(tokenplads(ukendt.GetToken()), "", "nøglen %q kendes ikke her", ukendt.GetToken().Value)
	case errors.As(err, &type_):
		l.failAt(tokenplads(type_.GetToken()), "", "værdien skal være %s", slags(type_.DstType))
	default:
		l.andenFejl(err)
	}
}

// andenFejl is what a value that reads itself says against its text.
func (l *linter) andenFejl(err error) {
	var med interface {
		GetToken() *token.Token
		GetMessage() string
	}
	if errors.As(err, &med) {
		l.failAt(tokenplads(med.GetToken()), "", "%s", med.GetMessage())
		return
	}
	l.failAt(token.Position{}, "", "%s", err.Error())
}

func slags(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Int, reflect.Int64, reflect.Float64, reflect.Uint64:
		return "et tal"
	case reflect.Bool:
		return "true eller false"
	case reflect.Slice:
		return "en liste"
	case reflect.Struct, reflect.Map:
		return "nøgler med værdier"
	}
	return "en tekst"
}

// at finds the node at a path of the file ("$.sources[0].key"), or the nearest above it.
func (l *linter) at(path string) ast.Node {
	n := l.root
	for rest := strings.TrimPrefix(path, "$"); rest != ""; {
		under, r, ok := ned(n, rest)
		if !ok {
			break
		}
		n, rest = under, r
	}
	return n
}

// ned goes one step from n along path, which begins with ".key" or "[3]". A key may itself have dots.
func ned(n ast.Node, path string) (under ast.Node, rest string, ok bool) {
	if s, liste := n.(*ast.SequenceNode); liste {
		nr, rest, _ := strings.Cut(strings.TrimPrefix(path, "["), "]")
		i, err := strconv.Atoi(nr)
		if err != nil || i < 0 || i >= len(s.Values) {
			return nil, "", false
		}
		return s.Values[i], rest, true
	}
	laengst := -1
	for _, p := range par(n) {
		navn := noegletekst(p)
		r, her := strings.CutPrefix(path, "."+navn)
		if her && (r == "" || r[0] == '.' || r[0] == '[') && len(navn) > laengst {
			laengst, under, rest, ok = len(navn), p.Value, r, true
		}
	}
	return under, rest, ok
}

// mente is "mente du «x»?" for the name nearest to the one given, or a list of the names.
func mente(navn string, kendte []string) string {
	bedst, graense := "", max(1, utf8.RuneCountInString(navn)/3)
	for _, k := range kendte {
		if len(navn) > 100 || len(k) > 100 {
			continue // no misspelling of anything, and the comparison is quadratic
		}
		if d := afstand(strings.ToLower(navn), strings.ToLower(k)); d <= graense {
			bedst, graense = k, d-1
		}
	}
	if bedst != "" {
		return fmt.Sprintf("mente du «%s»?", bedst)
	}
	if len(kendte) == 0 {
		return ""
	}
	return "brug en af: " + strings.Join(kendte, ", ")
}

// afstand is the number of characters to change, add or drop to make b of a (Levenshtein).
func afstand(a, b string) int {
	as, bs := []rune(a), []rune(b)
	raekke := make([]int, len(bs)+1)
	for j := range raekke {
		raekke[j] = j
	}
	for i, ra := range as {
		skraa := raekke[0]
		raekke[0] = i + 1
		for j, rb := range bs {
			byt := skraa
			if ra != rb {
				byt++
			}
			skraa = raekke[j+1]
			raekke[j+1] = min(byt, skraa+1, raekke[j]+1)
		}
	}
	return raekke[len(bs)]
}

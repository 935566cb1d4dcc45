package mapping

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// pos is a place in the file, 1-based; the zero pos is the file as a whole.
type pos struct{ line, column int }

// entry is one key of a YAML mapping with its value.
type entry struct {
	key   string
	at    pos
	value ast.Node
}

// reader reads YAML strictly and collects what is wrong. Scalars are taken as they are spelled: a code table with the
// keys 01 and 1 has two keys, and N is not false.
type reader struct {
	file     string
	problems []Problem
}

func (r *reader) fail(at pos, hint, format string, args ...any) {
	r.problems = append(r.problems, Problem{
		File: r.file, Line: at.line, Column: at.column, Text: fmt.Sprintf(format, args...), Hint: hint})
}

// parse gives the root of the one document in src, or nil after a problem.
func (r *reader) parse(src []byte) ast.Node {
	if len(src) > MaxFile {
		r.fail(pos{}, "del tabellen i flere", "filen fylder %d byte; grænsen er %d", len(src), MaxFile)
		return nil
	}
	if at, ok := invalidUTF8(src); ok {
		r.fail(at, "gem filen som UTF-8", "filen er ikke UTF-8")
		return nil
	}
	tokens := lexer.Tokenize(string(bytes.TrimPrefix(src, []byte("\ufeff"))))
	if !r.screen(tokens) {
		return nil
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.syntax(err)
		return nil
	}
	if len(file.Docs) != 1 || file.Docs[0].Body == nil {
		r.fail(pos{}, "en tabel begynder med «map: navn»", "filen er tom eller har mere end ét YAML-dokument")
		return nil
	}
	return file.Docs[0].Body
}

func (r *reader) syntax(err error) {
	at, text := pos{}, err.Error()
	var se *yaml.SyntaxError
	if errors.As(err, &se) {
		at, text = tokenPos(se.GetToken()), se.GetMessage()
	}
	r.fail(at, "se efter indrykning, anførselstegn og klammer", "kan ikke læses som YAML: %s", shorten(mask(text), 200))
}

func invalidUTF8(src []byte) (pos, bool) {
	if utf8.Valid(src) {
		return pos{}, false
	}
	for n, line := range bytes.Split(src, []byte("\n")) {
		if !utf8.Valid(line) {
			return pos{n + 1, 1}, true
		}
	}
	return pos{}, true
}

// The YAML library's time and stack grow with the square of the nesting, so nesting is judged on the tokens, which cost
// linear time, before it parses them.
const (
	maxBrackets = 16 // brackets within brackets
	maxInline   = 16 // "- - -" or "a: a: a:" in a row
)

// screen reports whether tokens hold only the plain part of YAML that tables are written in.
func (r *reader) screen(tokens token.Tokens) bool {
	brackets, inline, line := 0, 0, 0
	for _, tk := range tokens {
		if tk.Position.Line != line {
			line, inline = tk.Position.Line, 0
		}
		switch tk.Type {
		case token.AnchorType, token.AliasType, token.TagType, token.MergeKeyType, token.MappingKeyType, token.DirectiveType:
			r.fail(tokenPos(tk), "skriv værdien ud, eller sæt den i anførselstegn", "YAML-tegnet %q bruges ikke i en tabel", tk.Value)
			return false
		case token.MappingStartType, token.SequenceStartType:
			brackets, inline = brackets+1, 0
		case token.MappingEndType, token.SequenceEndType:
			brackets, inline = brackets-1, 0
		case token.CollectEntryType:
			inline = 0
		case token.SequenceEntryType, token.MappingValueType:
			inline++
		}
		if brackets > maxBrackets || inline > maxInline {
			r.fail(tokenPos(tk), "", "for mange niveauer i hinanden")
			return false
		}
	}
	return true
}

func tokenPos(tk *token.Token) pos {
	if tk == nil || tk.Position == nil {
		return pos{}
	}
	return pos{tk.Position.Line, tk.Position.Column}
}

// nodePos is where a node begins; the library's own answer for a block mapping is its first colon.
func nodePos(n ast.Node) pos {
	switch n := n.(type) {
	case nil:
		return pos{}
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return nodePos(n.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return nodePos(n.Key)
	}
	return tokenPos(n.GetToken())
}

// mapping gives the entries of n in the order of the file, each key once. What names n in messages.
func (r *reader) mapping(n ast.Node, what string) []entry {
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		r.fail(nodePos(n), "skriv «nøgle: værdi»", "%s skal bestå af nøgler med værdier", what)
		return nil
	}
	entries := make([]entry, 0, len(values))
	seen := make(map[string]pos, len(values))
	for _, v := range values {
		at := nodePos(v.Key)
		key, ok := scalar(v.Key)
		if !ok {
			r.fail(at, "", "nøglen i %s er ikke en tekst", what)
			continue
		}
		if first, twice := seen[key]; twice {
			r.fail(at, "slet den ene", "nøglen %s står også i linje %d", quote(key), first.line)
			continue
		}
		seen[key] = at
		entries = append(entries, entry{key: key, at: at, value: v.Value})
	}
	return entries
}

// sequence gives the elements of e's list.
func (r *reader) sequence(e entry) []ast.Node {
	if s, ok := e.value.(*ast.SequenceNode); ok {
		return s.Values
	}
	r.fail(e.at, "begynd hvert element med «- »", "«%s» skal være en liste", e.key)
	return nil
}

// scalar is a plain value as it is spelled in the file, unquoted; ok is false for null and for what is not a scalar.
func scalar(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// text is e's value, which must be a scalar and not empty.
func (r *reader) text(e entry) string {
	s, ok := scalar(e.value)
	if !ok || s == "" {
		r.fail(e.at, "skriv en værdi, eller slet nøglen", "«%s» har ingen værdi", e.key)
		return ""
	}
	if len(s) > MaxExpression {
		r.fail(e.at, "", "værdien af «%s» er over %d byte", e.key, MaxExpression)
		return ""
	}
	return s
}

// texts is e's value as a list; a single scalar is a list of one.
func (r *reader) texts(e entry) []string {
	if _, ok := scalar(e.value); ok {
		return []string{r.text(e)}
	}
	var all []string
	for _, n := range r.sequence(e) {
		all = append(all, r.text(entry{key: e.key, at: nodePos(n), value: n}))
	}
	return all
}

func (r *reader) truth(e entry) bool {
	switch s, _ := scalar(e.value); s {
	case "ja", "true":
		return true
	case "nej", "false":
	default:
		r.fail(e.at, "skriv ja eller nej", "«%s» skal være ja eller nej", e.key)
	}
	return false
}

// count is e's value as a number from 1 to limit; 0 after a problem.
func (r *reader) count(e entry, limit int) int {
	s, _ := scalar(e.value)
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > limit {
		r.fail(e.at, "", "«%s» skal være et helt tal fra 1 til %d", e.key, limit)
		return 0
	}
	return n
}

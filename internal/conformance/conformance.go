// Package conformance ties the tests to what the product must do.
//
// The demands are numbered statements about the MOX concept and the OIO standards (statements.txt). A test that shows one
// says so with [Proves]; docs/conformance.md is generated from those calls and lists what is proven and what is still
// open. Code that obeys a statement or a section cites it in a comment, "spec: oio 34", and a test checks that what is
// cited exists.
package conformance

import (
	"embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

//go:generate go run ./gen

//go:embed statements.txt sections.txt amendments.txt kontakter.txt
var files embed.FS

// Ref names a statement ("oio", "34") or a section ("oio", "1.5" or "§7") of one of the two documents.
type Ref struct {
	Doc    string
	Number string
}

func (r Ref) String() string { return r.Doc + " " + r.Number }

// Statement is one numbered demand, in our own short wording.
type Statement struct {
	Ref
	Text string
}

// Amendment tells where the product does otherwise than a statement says, and why.
type Amendment struct {
	Ref
	Text string
}

// Proves declares that t shows the given statements, each written as "mox 1". The arguments must be literals, so that the
// table can be made without running the tests.
func Proves(t testing.TB, statements ...string) {
	t.Helper()
	if err := check(statements); err != nil {
		t.Error(err)
	}
}

func check(statements []string) error {
	if len(statements) == 0 {
		return fmt.Errorf("conformance: no statement given")
	}
	known := Statements()
	for _, s := range statements {
		if !slices.ContainsFunc(known, func(k Statement) bool { return k.String() == s }) {
			return fmt.Errorf("conformance: no statement %q; they are listed in internal/conformance/statements.txt", s)
		}
	}
	return nil
}

// Statements lists all statements: those of mox first, each document by number.
func Statements() []Statement {
	var all []Statement
	for _, l := range lines("statements.txt") {
		all = append(all, Statement(l))
	}
	return all
}

// Amendments lists all amendments in the order of the file.
func Amendments() []Amendment {
	var all []Amendment
	for _, l := range lines("amendments.txt") {
		l.Number = strings.TrimSuffix(l.Number, ":")
		all = append(all, Amendment(l))
	}
	return all
}

// Citable tells whether a comment may cite r: a statement, or a section of the index.
func Citable(r Ref) bool {
	for _, name := range []string{"statements.txt", "sections.txt"} {
		if slices.ContainsFunc(lines(name), func(l line) bool { return l.Ref == r }) {
			return true
		}
	}
	return false
}

type line struct {
	Ref
	Text string
}

// lines reads "doc number text" lines. The files are ours and embedded, so a bad line is a mistake in this package: it
// panics, and the package's own test shows where.
func lines(name string) []line {
	data, err := files.ReadFile(name)
	if err != nil {
		panic(err)
	}
	var all []line
	for text := range strings.Lines(string(data)) {
		text = strings.TrimSpace(text)
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		doc, rest, _ := strings.Cut(text, " ")
		number, wording, ok := strings.Cut(strings.TrimSpace(rest), " ")
		if !ok {
			panic(fmt.Sprintf("conformance: %s: no text in %q", name, text))
		}
		all = append(all, line{Ref{doc, number}, strings.TrimSpace(wording)})
	}
	return all
}

var (
	citation = regexp.MustCompile(`\bspec:\s*`)
	document = regexp.MustCompile(`^([a-z]+)\s+`)
	number   = regexp.MustCompile(`^(§?\d+(?:\.\d+)*)`)
	between  = regexp.MustCompile(`^(?:\s*[,;]\s*|\s+and\s+)`)
)

// Citations finds what a comment cites. The form is "spec: oio 34", with more numbers of the same document after a comma,
// and another document after a comma or semicolon: "spec: oio 34, 1.5; mox 10". What follows the last number is free text.
// A "spec:" that is not followed by a document and a number is an error.
func Citations(comment string) ([]Ref, error) {
	var refs []Ref
	for _, at := range citation.FindAllStringIndex(comment, -1) {
		found := citationList(comment[at[1]:])
		if found == nil {
			return nil, fmt.Errorf(`conformance: %q: want "spec: <mox or oio> <number>"`, firstLine(comment[at[0]:]))
		}
		refs = append(refs, found...)
	}
	return refs, nil
}

func citationList(s string) []Ref {
	var refs []Ref
	doc := ""
	for {
		if m := document.FindStringSubmatch(s); m != nil && number.MatchString(s[len(m[0]):]) {
			doc, s = m[1], s[len(m[0]):]
		}
		n := number.FindString(s)
		if doc == "" || n == "" {
			return refs
		}
		refs = append(refs, Ref{doc, sectionKey(n)})
		s = s[len(n):]
		sep := between.FindString(s)
		if sep == "" {
			return refs
		}
		s = s[len(sep):]
	}
}

// sectionKey writes a section as the index does: "§" only where a bare number would be a statement.
func sectionKey(n string) string {
	if strings.Contains(n, ".") {
		return strings.TrimPrefix(n, "§")
	}
	return n
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return strings.TrimSpace(s)
}

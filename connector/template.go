package connector

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Template is a text with {{name}} where a value is to be put in. There is nothing else to it: no conditions, no calls.
type Template struct {
	literals []string // one more than names; literals[i] stands before names[i]
	names    []string
}

// Vars gives the value of a name in a template; false = there is no such name.
type Vars func(name string) (string, bool)

// ParseTemplate reads a template. A name is letters, digits and ". _ - @ #", with spaces around it or not.
func ParseTemplate(text string) (Template, error) {
	var t Template
	for rest := text; ; {
		before, after, found := strings.Cut(rest, "{{")
		t.literals = append(t.literals, before)
		if !found {
			return t, nil
		}
		name, after, closed := strings.Cut(after, "}}")
		if !closed {
			return Template{}, fmt.Errorf("{{ uden }} efter %q", tail(before))
		}
		name = strings.TrimSpace(name)
		if !isName(name) {
			return Template{}, fmt.Errorf("{{%s}} er ikke et navn; skriv fx {{key}}", name)
		}
		t.names = append(t.names, name)
		rest = after
	}
}

func isName(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-@#", r)
	}) < 0
}

// tail gives the end of s, short enough for an error text.
func tail(s string) string {
	r := []rune(s)
	return string(r[max(0, len(r)-20):])
}

// TemplateNames gives the names used in the template text, each once, in order of appearance.
func TemplateNames(text string) ([]string, error) {
	t, err := ParseTemplate(text)
	return t.Names(), err
}

// Names gives the names used, each once, in order of appearance.
func (t Template) Names() []string {
	var names []string
	for _, n := range t.names {
		if !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return names
}

// Expand puts values in for the names, each through escape, which makes a value fit where it stands (nil = as it is).
// after is the literal text before the value, so that escape can tell a path from a query. A name without value is an
// error, which names it; no error contains a value.
func (t Template) Expand(vars Vars, escape func(after, value string) (string, error)) (string, error) {
	var b strings.Builder
	for i, name := range t.names {
		b.WriteString(t.literals[i])
		value, ok := vars(name)
		if !ok {
			return "", fmt.Errorf("{{%s}} er ukendt her; navnet skal være et af kaldets (key, noegle, besked.…)", name)
		}
		if escape != nil {
			var err error
			if value, err = escape(strings.Join(t.literals[:i+1], ""), value); err != nil {
				return "", fmt.Errorf("værdien for {{%s}} kan ikke bruges: %w", name, err)
			}
		}
		b.WriteString(value)
	}
	if len(t.literals) > 0 {
		b.WriteString(t.literals[len(t.literals)-1])
	}
	return b.String(), nil
}

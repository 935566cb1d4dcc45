package mapping

import (
	"cmp"
	"fmt"
	"slices"
)

// Problem is something wrong in a table, with its place in the file.
type Problem struct {
	File    string `json:"fil"`
	Line    int    `json:"linje"`             // 1-based; 0 = the file as a whole
	Column  int    `json:"kolonne,omitempty"` // 1-based, in characters
	Text    string `json:"tekst"`             // what is wrong
	Hint    string `json:"raad,omitempty"`    // what to do
	Warning bool   `json:"advarsel,omitempty"`
}

func (p Problem) String() string {
	s := p.File
	if p.Line > 0 {
		s += fmt.Sprintf(":%d:%d", p.Line, p.Column)
	}
	if p.Warning {
		s += ": advarsel"
	}
	s += ": " + p.Text
	if p.Hint != "" {
		s += " (" + p.Hint + ")"
	}
	return s
}

// sortProblems puts problems in the order of the file.
func sortProblems(ps []Problem) {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Text, b.Text))
	})
}

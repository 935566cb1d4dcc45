package conformance

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Switch is a small deliberate fault in the product's code, made to show that a test sees it: with New in place of Old in
// File, Test must fail. It lies in kontakter.txt; internal/conformance/kontakt tries it.
type Switch struct {
	Statements []Ref  // what the faulty product no longer does; Test declares each by [Proves]
	Fault      string // what the fault makes of the product, in one line of plain English
	File       string // relative to the module root, with slashes
	Old, New   string // Old occurs once in File; New may be empty
	Test       string // "distributor.TestKoe" or "distributor.TestKoe/genstart"; "mox.…" is the root package
	Line       int    // of the block's first line in kontakter.txt
}

// Apply returns the file's text with the fault in it.
func (s Switch) Apply(src []byte) ([]byte, error) {
	switch n := strings.Count(string(src), s.Old); {
	case n != 1:
		return nil, fmt.Errorf("%s: the old text is found %d times in %s, not once", s, n, s.File)
	case s.New == s.Old:
		return nil, fmt.Errorf("%s: the new text is the old one", s)
	}
	return []byte(strings.Replace(string(src), s.Old, s.New, 1)), nil
}

func (s Switch) String() string {
	return fmt.Sprintf("kontakter.txt:%d (%s)", s.Line, s.names())
}

func (s Switch) names() string {
	var all []string
	for _, r := range s.Statements {
		all = append(all, r.String())
	}
	return strings.Join(all, ", ")
}

// Switches lists all switches in the order of the file.
func Switches() []Switch {
	data, err := files.ReadFile("kontakter.txt")
	if err != nil {
		panic(err)
	}
	all, err := parseSwitches(string(data))
	if err != nil {
		panic(err)
	}
	return all
}

var (
	switchHead = regexp.MustCompile(`^((?:mox|oio) \d+(?:, (?:mox|oio) \d+)*): (.+)$`)
	switchTest = regexp.MustCompile(`^[a-z0-9/]+\.Test\w+(/\S+)?$`)
)

// parseSwitches reads blocks with an empty line between them. The form is told at the top of kontakter.txt.
func parseSwitches(text string) ([]Switch, error) {
	var all []Switch
	at := 1
	for block := range strings.SplitSeq(text, "\n\n") {
		s, err := parseSwitch(block)
		switch {
		case err != nil:
			return nil, fmt.Errorf("conformance: kontakter.txt:%d: %w", at+s.Line, err)
		case s.Statements != nil:
			s.Line += at
			all = append(all, s)
		}
		at += strings.Count(block, "\n") + 2
	}
	return all, nil
}

// parseSwitch reads one block; a block of comments alone gives a Switch without statements. Line counts from 0 in the block:
// that of the head, or the one an error is about.
func parseSwitch(block string) (Switch, error) {
	var s Switch
	var old, new []string
	head := 0
	for i, line := range strings.Split(block, "\n") {
		s.Line = i
		key, rest, _ := strings.Cut(line, " ")
		switch {
		case key == "" || strings.HasPrefix(key, "#"):
		case key == "file":
			s.File = rest
		case key == "test" && switchTest.MatchString(rest):
			s.Test = rest
		case key == "-" && new == nil:
			old = append(old, rest)
		case key == "+":
			new = append(new, rest)
		case s.Statements == nil && switchHead.MatchString(line):
			s.Statements, s.Fault = parseHead(line)
			head = i
		default:
			return s, fmt.Errorf("not understood: %q", line)
		}
	}
	s.Line = head
	s.Old, s.New = strings.Join(old, "\n"), strings.Join(new, "\n")
	if s.Statements == nil && s.File+s.Test+s.Old+s.New == "" {
		return s, nil
	}
	if s.Statements == nil || s.File == "" || s.Test == "" || s.Old == "" {
		return s, errors.New(`a switch needs "mox 1: what is broken", file, test and "-" lines`)
	}
	return s, nil
}

func parseHead(line string) (statements []Ref, fault string) {
	m := switchHead.FindStringSubmatch(line)
	for name := range strings.SplitSeq(m[1], ", ") {
		doc, number, _ := strings.Cut(name, " ")
		statements = append(statements, Ref{doc, number})
	}
	return statements, m[2]
}

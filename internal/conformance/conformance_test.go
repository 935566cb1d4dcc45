package conformance

import (
	"slices"
	"strconv"
	"testing"
)

func TestStatementsAreNumberedWithoutGap(t *testing.T) {
	t.Parallel()
	next := map[string]int{"mox": 1, "oio": 1}
	for _, s := range Statements() {
		n, ok := next[s.Doc]
		if !ok {
			t.Fatalf("%s: unknown document", s)
		}
		if s.Number != strconv.Itoa(n) {
			t.Fatalf("%s: want number %d", s, n)
		}
		next[s.Doc]++
	}
	if next["mox"] != 61 || next["oio"] != 100 {
		t.Errorf("%d statements of mox and %d of oio, want 60 and 99", next["mox"]-1, next["oio"]-1)
	}
}

func TestAmendmentsNameStatements(t *testing.T) {
	t.Parallel()
	seen := map[Ref]bool{}
	for _, a := range Amendments() {
		if err := check([]string{a.String()}); err != nil {
			t.Error(err)
		}
		if seen[a.Ref] {
			t.Errorf("%s: amended twice", a)
		}
		seen[a.Ref] = true
	}
}

func TestProvesKnowsItsStatements(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		give []string
		ok   bool
	}{
		{[]string{"mox 1"}, true},
		{[]string{"mox 60", "oio 99"}, true},
		{[]string{"mox 61"}, false},
		{[]string{"oio 0"}, false},
		{[]string{"oio 1.5"}, false}, // a section is cited, not proven
		{[]string{"mox 1", "lora 1"}, false},
		{nil, false},
	} {
		if err := check(c.give); (err == nil) != c.ok {
			t.Errorf("%q: %v", c.give, err)
		}
	}
}

func TestCitations(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		comment string
		want    []string
	}{
		{"no citation here; a specification: none", nil},
		{"ErURN reports whether s is a URN. spec: oio 8", []string{"oio 8"}},
		{"spec: oio 1.5 (livscyklus)", []string{"oio 1.5"}},
		{"spec: mox §7, §8.10", []string{"mox §7", "mox 8.10"}},
		{"spec: oio 34, 35 and 36; mox 10. It ends here, 37 does not count", []string{"oio 34", "oio 35", "oio 36", "mox 10"}},
		{"spec: mox 1, oio 2, and more prose", []string{"mox 1", "oio 2"}},
		{"spec: mox 1\nspec: oio 2\n", []string{"mox 1", "oio 2"}},
	} {
		refs, err := Citations(c.comment)
		if err != nil {
			t.Error(err)
		}
		var got []string
		for _, r := range refs {
			got = append(got, r.String())
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.comment, got, c.want)
		}
	}
	for _, bad := range []string{"spec: 34", "spec: see the standard", "spec: oio", "spec:"} {
		if refs, err := Citations(bad); err == nil {
			t.Errorf("%q: no error, but %v", bad, refs)
		}
	}
}

func TestCitable(t *testing.T) {
	t.Parallel()
	for ref, want := range map[Ref]bool{
		{"oio", "34"}: true, {"oio", "1.5"}: true, {"mox", "§7"}: true,
		{"oio", "100"}: false, {"oio", "9.9"}: false, {"lora", "1"}: false,
	} {
		if got := Citable(ref); got != want {
			t.Errorf("Citable(%s) = %v", ref, got)
		}
	}
}

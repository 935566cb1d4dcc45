package conformance

import (
	"reflect"
	"strings"
	"testing"
)

func TestParseSwitches(t *testing.T) {
	t.Parallel()
	const first = "mox 1, oio 22: A door stands open: always\nfile dor/dor.go\ntest dor.TestDor/åben_dør\n- \tif laast {\n-\n- x\n+ \tif false {\n"
	got, err := parseSwitches("# what this is\n# for\n\n" + first + "\n\n# why\nmox 3: Gone\nfile hus.go\ntest hus.TestHus\n- + 1\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []Switch{
		{
			Statements: []Ref{{"mox", "1"}, {"oio", "22"}}, Fault: "A door stands open: always", File: "dor/dor.go",
			Test: "dor.TestDor/åben_dør", Old: "\tif laast {\n\nx", New: "\tif false {", Line: 4,
		},
		{Statements: []Ref{{"mox", "3"}}, Fault: "Gone", File: "hus.go", Test: "hus.TestHus", Old: "+ 1", Line: 14},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got:\n%#v\nwant:\n%#v", got, want)
	}
	for bad, line := range map[string]string{
		"mox 1: x\nfile a.go\ntest a.TestA":                        ":1: a switch needs",
		"mox 1: x\nfile a.go\n- b":                                 ":1: a switch needs",
		"file a.go\ntest a.TestA\n- b":                             ":1: a switch needs",
		"# c\n\nmox 1: x\nfile a.go\ntest a.Help\n- b":             `:5: not understood: "test a.Help"`,
		"mox 1 x\nfile a.go\ntest a.TestA\n- b":                    `:1: not understood: "mox 1 x"`,
		"mox 1: x\nfile a.go\ntest a.TestA\n- b\n+ c\n- d":         `:6: not understood: "- d"`,
		"mox 1: x\nmox 2: y\nfile a.go\ntest a.TestA\n- b\n+ c\n":  `:2: not understood: "mox 2: y"`,
		"mox 1, lora 2: x\nfile a.go\ntest a.TestA\n- b\n+ c\n":    ":1: not understood",
		first + "\nmox 1: x\nfile a.go\ntest a.TestA\n-b\n+ c\n\n": `:12: not understood: "-b"`,
	} {
		if _, err := parseSwitches(bad); err == nil || !strings.Contains(err.Error(), line) {
			t.Errorf("%q: %v, want %q", bad, err, line)
		}
	}
}

func TestApply(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ src, old, new, want string }{
		{"a b c", "b", "d", "a d c"},
		{"a b c", " b", "", "a c"},
		{"a b b", "b", "d", ""},
		{"a", "b", "d", ""},
		{"a b", "b", "b", ""},
	} {
		got, err := Switch{Old: c.old, New: c.new}.Apply([]byte(c.src))
		if string(got) != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%+v: %q, %v", c, got, err)
		}
	}
}

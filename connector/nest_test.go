package connector

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func open(content string) Opener {
	return func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil }
}

func TestNest(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fields    map[string]any
		order     []string
		json, xml string
		err       string
	}{
		"Empty": {json: `{}`, xml: `<x></x>`},
		"Values": {
			fields: map[string]any{"s": "æ<&>\"", "i": int64(-1), "f": 1e21, "b": true, "n": nil},
			json:   `{"b":true,"f":1e+21,"i":-1,"n":null,"s":"æ<&>\""}`,
			xml:    `<x><b>true</b><f>1000000000000000000000</f><i>-1</i><s>æ&lt;&amp;&gt;&#34;</s></x>`,
		},
		"Lists": {
			fields: map[string]any{"p.10.n": "10", "p.2.n": "2", "p.0.n": "0", "p.1.n": "1", "p.3.n": "3", "p.4.n": "4", "p.5.n": "5", "p.6.n": "6", "p.7.n": "7", "p.8.n": "8", "p.9.n": "9"},
			json:   `{"p":[{"n":"0"},{"n":"1"},{"n":"2"},{"n":"3"},{"n":"4"},{"n":"5"},{"n":"6"},{"n":"7"},{"n":"8"},{"n":"9"},{"n":"10"}]}`,
		},
		"Order": {
			fields: map[string]any{"a": "1", "b.x": "2", "b.y": "3", "l.0.q": "4", "l.0.p": "5", "l.1.p": "6"}, order: []string{"l.p", "b.y", "l.q", "b.x", "a"},
			json: `{"l":[{"p":"5","q":"4"},{"p":"6"}],"b":{"y":"3","x":"2"},"a":"1"}`,
			xml:  `<x><l><p>5</p><q>4</q></l><l><p>6</p></l><b><y>3</y><x>2</x></b><a>1</a></x>`,
		},
		"Attributes": {
			fields: map[string]any{"@nr": int64(1), "a.@b": `"`, "a.#text": "t"},
			xml:    `<x nr="1"><a b="&#34;">t</a></x>`,
		},
		"Content":      {fields: map[string]any{"d": open("%PDF")}, json: `{"d":"JVBERg=="}`, xml: `<x><d>JVBERg==</d></x>`},
		"ValueAndKids": {fields: map[string]any{"a": "1", "a.b": "2"}, err: `"a.b"`},
		"Hole":         {fields: map[string]any{"a.0": "1", "a.2": "2"}, err: `"a"`},
		"NameInList":   {fields: map[string]any{"a.0": "1", "a.b": "2"}, err: `"a"`},
		"EmptyStep":    {fields: map[string]any{"a..b": "1"}, err: `"a..b"`},
		"NaN":          {fields: map[string]any{"a": math.NaN()}, err: `"a"`},
		"Type":         {fields: map[string]any{"a": struct{}{}}, err: `"a"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tree, err := Nest(c.fields, c.order)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("%v, want an error with %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			w := Writer{Ctx: t.Context(), MaxContent: MiB}
			if got, err := w.JSON(tree); c.json != "" && (err != nil || string(got) != c.json) {
				t.Errorf("JSON %s, %v; want %s", got, err, c.json)
			}
			if got, err := w.XML("x", tree); c.xml != "" && (err != nil || string(got) != c.xml) {
				t.Errorf("XML %s, %v; want %s", got, err, c.xml)
			}
		})
	}
}

func TestXMLCannotHold(t *testing.T) {
	t.Parallel()
	for name, fields := range map[string]map[string]any{
		"Name": {"a b": "1"}, "Attribute": {"@1": "1"}, "Control": {"a": "\x07"}, "ListInList": {"a.0.0": "1"},
		"ContentInAttribute": {"@a": open("x")}, "KidsInAttribute": {"@a.b": "1"},
	} {
		tree, err := Nest(fields, nil)
		if err != nil {
			t.Fatal(err)
		}
		w := Writer{Ctx: t.Context(), MaxContent: MiB}
		if got, err := w.XML("x", tree); err == nil {
			t.Errorf("%s: %s, want an error", name, got)
		}
	}
}

func TestContentFailures(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk")
	for name, c := range map[string]struct {
		open      Opener
		temporary bool
	}{
		"TooLarge": {open(strings.Repeat("x", 11)), false},
		"NotThere": {func(context.Context) (io.ReadCloser, error) { return nil, broken }, true},
		"Breaks": {func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(io.MultiReader(strings.NewReader("x"), errReader{broken})), nil
		}, true},
	} {
		tree, err := Nest(map[string]any{"d": c.open}, nil)
		if err != nil {
			t.Fatal(err)
		}
		w := Writer{Ctx: t.Context(), MaxContent: 10}
		if _, err := w.JSON(tree); err == nil || Temporary(err) != c.temporary || !strings.Contains(err.Error(), `"d"`) {
			t.Errorf("%s: %v, want temporary = %v, and the field", name, err, c.temporary)
		}
	}
}

type errReader struct{ error }

func (e errReader) Read([]byte) (int, error) { return 0, e.error }

// FuzzNestXML: what is written from fields is read as the same fields.
func FuzzNestXML(f *testing.F) {
	f.Add("a.b", "x", "a.c.0", "y", "a.c.1", "<&>")
	f.Add("@a", `"`, "b.@c", "\n", "b.#text", "]]>")
	f.Fuzz(func(t *testing.T, n1, v1, n2, v2, n3, v3 string) {
		fields := map[string]any{n1: v1, n2: v2, n3: v3}
		tree, err := Nest(fields, nil)
		if err != nil {
			return
		}
		w := Writer{Ctx: t.Context()}
		b, err := w.XML("x", tree)
		if err != nil {
			return
		}
		root, err := ParseXML(string(b))
		if err != nil {
			t.Fatalf("%q: %s: %v", fields, b, err)
		}
		if _, err := root.Flatten(); err != nil {
			t.Fatalf("%q: %s: %v", fields, b, err)
		}
	})
}

func FuzzNestJSON(f *testing.F) {
	f.Add("a.b", "x", "a.c.0", "y")
	f.Fuzz(func(t *testing.T, n1, v1, n2, v2 string) {
		fields := map[string]any{n1: v1, n2: v2}
		tree, err := Nest(fields, nil)
		if err != nil {
			return
		}
		w := Writer{Ctx: t.Context()}
		b, err := w.JSON(tree)
		if err != nil {
			t.Fatal(err)
		}
		got, err := FlattenJSON(b)
		if err != nil {
			if strings.ContainsRune(v1+v2, 0) || !strings.ContainsFunc(n1+n2, func(r rune) bool { return r >= ' ' && r < 0x7f }) ||
				strings.Count(n1+n2, ".") > MaxDepth || bytes.ContainsRune(b, 0xFFFD) {
				return
			}
			t.Fatalf("%q: %s: %v", fields, b, err)
		}
		if len(got) != len(fields) {
			t.Fatalf("%q: %s: %v", fields, b, got)
		}
	})
}

func TestNaturalCompare(t *testing.T) {
	t.Parallel()
	want := []string{"", "1", "01", "2", "10", "99999999999999999999", "100000000000000000000", "a", "a1b2", "a1b10", "a2", "a10", "a10.csv", "b"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, NaturalCompare)
	slices.SortFunc(want[1:3], NaturalCompare) // 1 and 01 are the same number; any fixed order will do
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

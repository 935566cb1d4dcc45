package connector

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFlattenJSON(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in   string
		want map[string]string
		err  string
	}{
		"Nested":    {in: `{"a":{"b":[1,"x",{"c":true}]}}`, want: map[string]string{"a.b.0": "1", "a.b.1": "x", "a.b.2.c": "true"}},
		"Numbers":   {in: `{"a":1e3,"b":9007199254740993,"c":-0.10}`, want: map[string]string{"a": "1e3", "b": "9007199254740993", "c": "-0.10"}},
		"Absent":    {in: `{"a":null,"b":{},"c":[],"d":""}`, want: map[string]string{"d": ""}},
		"Bare":      {in: `"x"`, want: map[string]string{SelfField: "x"}},
		"Twice":     {in: `{"a":1,"a":2}`, err: `"a"`},
		"Collision": {in: `{"a.b":1,"a":{"b":2}}`, err: `"a.b"`},
		"NoName":    {in: `{"":1}`, err: "navn"},
		"NUL":       {in: `{"a":"\u0000"}`, err: "NUL"},
		"Trailing":  {in: `{} {}`, err: "efter"},
		"Cut":       {in: `{"a":[1`, err: "slutter"},
		"NotJSON":   {in: `{'a':1}`, err: "JSON"},
		"Deep":      {in: strings.Repeat("[", 100) + strings.Repeat("]", 100), err: "niveauer"},
		"Many":      {in: "[" + strings.Repeat("1,", MaxFields) + "1]", err: "felter"},
	} {
		got, err := FlattenJSON([]byte(c.in))
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v, want an error with %q", name, err, c.err)
			}
			continue
		}
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
}

func FuzzFlattenJSON(f *testing.F) {
	f.Add(`{"a":{"b":[1,"x",null,{"c":true}]},"d":"é"}`)
	f.Add(`[[],{},[{"":0}]]`)
	f.Fuzz(func(t *testing.T, text string) {
		fields, err := FlattenJSON([]byte(text))
		if err != nil {
			return
		}
		if !json.Valid([]byte(text)) {
			t.Fatalf("%q is no JSON, and was flattened", text)
		}
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			return // a number beyond float64
		}
		if want := leaves(v); want != len(fields) {
			t.Fatalf("%q has %d values, and %d fields", text, want, len(fields))
		}
	})
}

func leaves(v any) int {
	n := 0
	switch v := v.(type) {
	case map[string]any:
		for _, x := range v {
			n += leaves(x)
		}
	case []any:
		for _, x := range v {
			n += leaves(x)
		}
	case nil:
	default:
		n = 1
	}
	return n
}

func TestFlattenXML(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in   string
		want map[string]string
		err  string
	}{
		"Nested":     {in: `<s nr="1"><a> x </a><b><c/></b></s>`, want: map[string]string{"@nr": "1", "a": "x", "b.c": ""}},
		"Repeated":   {in: `<s><p>1</p><q/><p><n>2</n></p></s>`, want: map[string]string{"p.0": "1", "p.1.n": "2", "q": ""}},
		"Namespaces": {in: `<x:s xmlns:x="u" xmlns="v"><x:a x:b="1"/></x:s>`, want: map[string]string{"a.@b": "1"}},
		"Nil":        {in: `<s xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><a i:nil="true"/><b i:type="c">1</b></s>`, want: map[string]string{"b": "1"}},
		"Mixed":      {in: `<s>et <a>to</a> tre</s>`, want: map[string]string{"#text": "et  tre", "a": "to"}},
		"Text":       {in: `<s>x</s>`, want: map[string]string{"#text": "x"}},
		"Empty":      {in: `<s/>`, want: map[string]string{}},
		"Entities":   {in: `<s><a>&lt;&amp;&#230;<![CDATA[<b>]]></a></s>`, want: map[string]string{"a": "<&æ<b>"}},
		"Attributes": {in: `<s x:a="1" y:a="2" xmlns:x="u" xmlns:y="v"/>`, err: `"@a"`},
		"Collision":  {in: `<s><a><b/></a><a.b/></s>`, err: `"a.b"`},
		"DTD":        {in: `<!DOCTYPE s [<!ENTITY e "x">]><s>&e;</s>`, err: "DTD"},
		"Entity":     {in: `<s>&e;</s>`, err: "&e;"},
		"TwoRoots":   {in: `<s/><s/>`, err: "rodelement"},
		"None":       {in: ` `, err: "intet"},
		"Cut":        {in: `<s><a>`, err: "XML"},
		"Deep":       {in: strings.Repeat("<a>", 1000), err: "niveauer"},
	} {
		var got map[string]string
		root, err := ParseXML(c.in)
		if err == nil {
			got, err = root.Flatten()
		}
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v, want an error with %q", name, err, c.err)
			}
			continue
		}
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
}

func FuzzFlattenXML(f *testing.F) {
	f.Add(`<?xml version="1.0" encoding="iso-8859-1"?><s nr="1"><a>x</a><a y:z="&#230;" xmlns:y="u">y</a><b><c/></b></s>`)
	f.Add(`<!DOCTYPE s><s>&e;</s>`)
	f.Fuzz(func(t *testing.T, text string) {
		root, err := ParseXML(text)
		if err != nil {
			return
		}
		fields, err := root.Flatten()
		if err != nil {
			return
		}
		for name := range fields {
			if name == "" || strings.HasPrefix(name, ".") && !strings.Contains(text, ".") {
				t.Fatalf("%q has a field %q", text, name)
			}
		}
		if want := texts(root); want != "" && len(fields) == 0 && !root.Nil {
			t.Fatalf("%q has the text %q, and no fields", text, want)
		}
	})
}

func texts(e *Element) string {
	if e.Nil {
		return ""
	}
	s := e.Text
	for _, k := range e.Kids {
		s += texts(k)
	}
	return s
}

func TestCondition(t *testing.T) {
	t.Parallel()
	fields := map[string]string{"items.0.id": "7", "Fundet": "true", "tom": ""}
	for c, want := range map[Condition]bool{
		"items.0.id": true, "items.0": true, "items": true, "item": false, "items.1": false, "Fundet=true": true, "Fundet = true": true,
		"Fundet=false": false, "Fundet": true, "andet=true": false, "tom": true, "tom=": true, "andet=": false,
	} {
		if got := c.Holds(fields); got != want {
			t.Errorf("%q holds = %v, want %v", c, got, want)
		}
	}
}

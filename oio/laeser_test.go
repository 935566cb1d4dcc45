package oio

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// somAny is a value as encoding/json would give it, with numbers as they stand.
func (v *vaerdi) somAny() any {
	switch v.slags {
	case boolsk:
		return v.tekst == "true"
	case tal:
		return json.Number(v.tekst)
	case tekst:
		return v.tekst
	case liste:
		ud := []any{}
		for i := range v.medlem {
			ud = append(ud, v.medlem[i].somAny())
		}
		return ud
	case objekt:
		ud := map[string]any{}
		for i := range v.medlem {
			ud[v.medlem[i].navn] = v.medlem[i].somAny()
		}
		return ud
	}
	return nil
}

func somEncodingJSON(b []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var ud any
	if err := d.Decode(&ud); err != nil {
		return nil, err
	}
	if !json.Valid(b) {
		return nil, fmt.Errorf("more follows")
	}
	return ud, nil
}

// modEncodingJSON holds the reader against the standard library's: what ours takes, that one takes for the same; what ours
// refuses and that one takes is one of the things the reader is strict about.
func modEncodingJSON(b []byte) error {
	v, fejl := laesJSON(b, MaksDybde, MaksDybde)
	std, err := somEncodingJSON(b)
	if _, form := laesJSON(b, MaksDybde, 1); !reflect.DeepEqual(fejl, form) {
		return fmt.Errorf("refused with %v, or %v when only its form is read", fejl, form)
	}
	switch {
	case fejl == nil && err != nil:
		return fmt.Errorf("read, and encoding/json says %w", err)
	case fejl == nil && !reflect.DeepEqual(v.somAny(), std):
		return fmt.Errorf("read as %v, by encoding/json as %v", v.somAny(), std)
	case fejl == nil || err != nil || !utf8.Valid(b):
		return nil
	}
	streng := fejl.regel == "dobbelt" || fejl.regel == "dybde" || fejl.regel == "antal" ||
		strings.Contains(fejl.tekst, "NUL") || strings.Contains(fejl.tekst, "halvt tegn")
	if !streng {
		return fmt.Errorf("refused with %+v, and encoding/json takes it", *fejl)
	}
	return nil
}

func TestLaesJSON(t *testing.T) {
	t.Parallel()
	for _, tekst := range []string{
		`null`, `true`, `false`, `0`, `-0`, `-12`, `1.5`, `1e3`, `1E-3`, `1e+30`, `0.0`, `""`, `"æ"`, `[]`, `{}`, ` [ 1 , 2 ] `, "\t{\r\n\"a\" : [{}] }\n",
		`"\"\\\/\b\f\n\r\t"`, `"\u00e6\u00C6\ud83d\uDE00"`, `"\\u0000"`, `{"":1}`, `{"a":{"a":{"a":1}},"b":[[[]]]}`, `"` + "\u2028\ufffd" + `"`,
	} {
		if _, fejl := laesJSON([]byte(tekst), MaksDybde, MaksDybde); fejl != nil {
			t.Errorf("%s: %+v", tekst, *fejl)
		}
		if err := modEncodingJSON([]byte(tekst)); err != nil {
			t.Errorf("%s: %v", tekst, err)
		}
	}
	for _, tekst := range []string{
		``, ` `, `nul`, `nulll`, `True`, `01`, `-`, `+1`, `.5`, `1.`, `1e`, `1e+`, `0x1`, `1 2`, `"`, `"\`, `"\u`, `"\u12`, `"\u123g"`, `"\x"`, `"a`, "\"\n\"", "\"\\n\n\"",
		`[`, `[1`, `[1,`, `[1,]`, `[,1]`, `[1 2]`, `]`, `{`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{a:1}`, `{"a" 1}`, `{"a":1 "b":2}`, `{1:1}`, `{}}`, `{} x`,
		"\ufeff{}", "\"\xff\"", "\"\xed\xa0\x80\"", `'a'`, `// a`, "{\"a\":1}\x00",
		// what encoding/json takes
		`{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `"\u0000"`, `"\ud83d"`, `"\ud83dx"`, `"\ud83d\u0041"`, `"\ude00\ud83d"`, `"\ude00"`,
	} {
		if v, fejl := laesJSON([]byte(tekst), MaksDybde, MaksDybde); fejl == nil {
			t.Errorf("%q is read as %v", tekst, v.somAny())
		}
		if err := modEncodingJSON([]byte(tekst)); err != nil {
			t.Errorf("%s: %v", tekst, err)
		}
	}
}

// TestLaesJSONSted tells where: line and column, or the path of what stands twice.
func TestLaesJSONSted(t *testing.T) {
	t.Parallel()
	for tekst, want := range map[string]string{
		"{\n  \"a\": tru\n}":                   "linje 2, tegn 8: her skulle stå en værdi",
		`{"a": [1, {"b": 1, "b": 2}]}`:         "står der to gange",
		`[[0, ` + strings.Repeat("[", 40):      fmt.Sprintf("er over %d niveauer dybt", MaksDybde),
		`{"` + strings.Repeat("x", 1000) + `"`: "linje 1, tegn 1004: her skulle stå :",
	} {
		_, fejl := laesJSON([]byte(tekst), MaksDybde, MaksDybde)
		if fejl == nil || fejl.tekst != want {
			t.Errorf("%.40s: %+v", tekst, fejl)
		}
	}
	if _, fejl := laesJSON([]byte(`{"a": [1, {"b": {"c": 1, "c": 2}}]}`), 9, 9); fejl.sti != "a[1].b.c" {
		t.Errorf("at %s", fejl.sti)
	}
	if _, fejl := laesJSON([]byte(`{"x": {"c": 1, "`+strings.Repeat("y", 100)+`": [[[]]]}}`), 4, 4); fejl.sti != "x."+strings.Repeat("y", 60)+"…[0][0]" {
		t.Errorf("at %s", fejl.sti)
	}
}

// TestLaesJSONMange has an object with so many names that they are looked up, not looked through.
func TestLaesJSONMange(t *testing.T) {
	t.Parallel()
	for _, antal := range []int{smaat - 1, smaat, smaat + 1, 1000} {
		navne := make([]string, antal)
		for i := range navne {
			navne[i] = fmt.Sprintf(`"n%d": %d`, i, i)
		}
		tekst := "{" + strings.Join(navne, ",")
		v, fejl := laesJSON([]byte(tekst+"}"), 1, 1)
		if fejl != nil || len(v.medlem) != antal || v.find(fmt.Sprintf("n%d", antal-1)) == nil || v.find("x") != nil {
			t.Errorf("%d: %v", antal, fejl)
		}
		for _, igen := range []int{0, antal / 2, antal - 1} {
			if _, fejl := laesJSON([]byte(tekst+fmt.Sprintf(`, "n%d": 0}`, igen)), 1, 1); fejl == nil || fejl.sti != fmt.Sprintf("n%d", igen) {
				t.Errorf("%d of %d: %+v", igen, antal, fejl)
			}
		}
	}
}

// TestAppendTekst writes any text, and lets encoding/json read it.
func TestAppendTekst(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := strings.ToValidUTF8(rapid.OneOf(rapid.String(), rapid.StringMatching(`[\x00-\x22\x5b-\x5e\x7f]*`)).Draw(t, "s"), "?")
		var igen string
		if err := json.Unmarshal(appendTekst(nil, s), &igen); err != nil || igen != s {
			t.Fatalf("%q: %q, %v", s, igen, err)
		}
	})
}

func FuzzLaesJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5e3,"\ud83d\ude00",true,null]}`, `{"a":1,"a":2}`, `"\u0000"`, "[[[[", `{"a":"\ud83d"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := modEncodingJSON(b); err != nil {
			t.Fatalf("%q: %v", b, err)
		}
	})
}

package connector

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func charset(t testing.TB, name string) Charset {
	t.Helper()
	c, err := CharsetByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCharsets(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"utf-8": "\xC3\xA6\xC3\xB8\xC3\xA5", "windows-1252": "\xE6\xF8\xE5", "ISO-8859-1": "\xE6\xF8\xE5", "iso-8859-15": "\xE6\xF8\xE5",
		"cp850": "\x91\x9B\x86", "ibm865": "\x91\x9B\x86", "utf-16le": "\xE6\x00\xF8\x00\xE5\x00", "utf-16be": "\x00\xE6\x00\xF8\x00\xE5",
	} {
		c := charset(t, name)
		b, err := c.Encode("æøå")
		if err != nil || string(b) != want {
			t.Errorf("%s: % x, %v; want % x", name, b, err, want)
		}
		text, err := c.Decode(b)
		if err != nil || text.S != "æøå" || len(text.Bad) > 0 {
			t.Errorf("%s: %+v, %v", name, text, err)
		}
	}
	for name, s := range map[string]string{"windows-1252": "→", "iso-8859-1": "€", "iso-8859-15": "\u0085", "cp850": "€"} {
		if b, err := charset(t, name).Encode("a" + s); err == nil {
			t.Errorf("%s has %q as % x", name, s, b)
		}
	}
	if _, err := CharsetByName("utf-7"); err == nil || !strings.Contains(err.Error(), "windows-1252") {
		t.Errorf("utf-7: %v, want an error that lists the charsets", err)
	}
}

func TestBadBytes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		charset, in, want string
		bad               []byte
	}{
		"UTF8":       {"utf-8", "a\xE6b\xC3", "a\uFFFDb\uFFFD", []byte{0xE6, 0xC3}},
		"UTF8Itself": {"utf-8", "a\uFFFD", "a\uFFFD", nil},
		"NUL":        {"utf-8", "a\x00", "a\uFFFD", []byte{0}},
		"Windows":    {"windows-1252", "a\x81\x80", "a\uFFFD€", []byte{0x81}},
		"Latin1":     {"iso-8859-1", "\x93x\x94", "\uFFFDx\uFFFD", []byte{0x93, 0x94}},
		"HalfPair":   {"utf-16be", "\xD8\x3D\x00a", "\uFFFDa", []byte{0xD8}},
		"OddByte":    {"utf-16le", "a\x00b", "a\uFFFD", []byte{'b'}},
		"Pair":       {"utf-16be", "\xD8\x3D\xDE\x00", "😀", nil},
	} {
		text, err := charset(t, c.charset).Decode([]byte(c.in))
		if err != nil {
			t.Fatal(err)
		}
		var bad []byte
		for _, b := range text.Bad {
			bad = append(bad, b.Byte)
			if !strings.HasPrefix(text.S[b.Offset:], "\uFFFD") {
				t.Errorf("%s: bad byte at %d of %q", name, b.Offset, text.S)
			}
		}
		if text.S != c.want || !bytes.Equal(bad, c.bad) {
			t.Errorf("%s: %q, bad % x; want %q, % x", name, text.S, bad, c.want, c.bad)
		}
	}
}

func TestByteOrderMark(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]string{"utf-8": "\xEF\xBB\xBFa", "utf-16le": "\xFF\xFEa\x00", "utf-16be": "\xFE\xFF\x00a"} {
		text, err := charset(t, name).Decode([]byte(in))
		if err != nil || text.S != "a" || string(text.Original(0, 1)) != in[len(in)-len(text.Original(0, 1)):] {
			t.Errorf("%s: %+v, %v", name, text, err)
		}
		if _, err := charset(t, "windows-1252").Decode([]byte(in)); err == nil || !strings.Contains(err.Error(), "charset: "+name) {
			t.Errorf("%s read as windows-1252: %v", name, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("windows-1252", []byte("a\x81\xE6\n\x80"), 1, 3)
	f.Add("utf-8", []byte("\xEF\xBB\xBFa\xE6\xC3\xA6\x00"), 0, 5)
	f.Add("utf-16le", []byte("\xFF\xFEa\x00\x3D\xD8\x00\xDE\x3D\xD8b"), 1, 5)
	f.Fuzz(func(t *testing.T, name string, b []byte, from, to int) {
		c, err := CharsetByName(name)
		if err != nil {
			return
		}
		text, err := c.Decode(b)
		if err != nil {
			return
		}
		if !utf8.ValidString(text.S) {
			t.Fatalf("%q is not UTF-8", text.S)
		}
		mark, _ := bom(b)
		if got := text.Original(0, len(text.S)); !bytes.Equal(got, b[len(mark):]) {
			t.Fatalf("the original of all is % x, want % x", got, b[len(mark):])
		}
		if from < 0 || to < from || to > len(text.S) || !utf8.RuneStart((text.S + "x")[from]) || !utf8.RuneStart((text.S + "x")[to]) {
			return
		}
		parts := bytes.Join([][]byte{text.Original(0, from), text.Original(from, to), text.Original(to, len(text.S))}, nil)
		if !bytes.Equal(parts, b[len(mark):]) {
			t.Fatalf("the originals of parts are % x, want % x", parts, b[len(mark):])
		}
	})
}

func TestDecodeXMLFindsTheCharset(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]string{
		"Declared": "<?xml version='1.0' encoding='ISO-8859-1'?><a>\xE6</a>",
		"Default":  "<a>æ</a>",
		"Mark":     "\xEF\xBB\xBF<a>æ</a>",
		"UTF16":    "<\x00a\x00>\x00\xE6\x00<\x00/\x00a\x00>\x00",
		"UTF16BE":  "\x00<\x00a\x00>\x00\xE6\x00<\x00/\x00a\x00>",
	} {
		text, err := DecodeXML([]byte(in), "")
		if err != nil || !strings.HasSuffix(text.S, "<a>æ</a>") {
			t.Errorf("%s: %+v, %v", name, text, err)
		}
	}
	text, err := DecodeXML([]byte("<?xml version='1.0' encoding='utf-8'?><a>\xE6</a>"), "windows-1252")
	if err != nil || !strings.HasSuffix(text.S, "<a>æ</a>") {
		t.Errorf("the config goes before the declaration: %+v, %v", text, err)
	}
}

func TestTemplate(t *testing.T) {
	t.Parallel()
	vars := func(name string) (string, bool) {
		v, ok := map[string]string{"key": "1", "besked.version": "{{key}}"}[name]
		return v, ok
	}
	for text, want := range map[string]string{"": "", "x": "x", "a{{key}}b{{ besked.version }}": "a1b{{key}}", "}}{{key}}{": "}}1{"} {
		tmpl, err := ParseTemplate(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := tmpl.Expand(vars, nil); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"{{", "a{{key", "{{}}", "{{a b}}", "{{a{{b}}", "{{a}b}}"} {
		if _, err := ParseTemplate(text); err == nil {
			t.Errorf("%q is a template", text)
		}
	}
	tmpl, _ := ParseTemplate("{{hemmelig}}")
	if _, err := tmpl.Expand(vars, nil); err == nil || !strings.Contains(err.Error(), "{{hemmelig}}") {
		t.Errorf("an unknown name: %v", err)
	}
	tmpl, _ = ParseTemplate("{{key}}")
	_, err := tmpl.Expand(vars, func(_, value string) (string, error) { return "", errors.New("nej") })
	if err == nil || strings.Contains(err.Error(), "1") {
		t.Errorf("a value that does not fit: %v", err)
	}
	names, err := TemplateNames("{{b}}{{a}}{{ b }}")
	if diff := cmp.Diff([]string{"b", "a"}, names); err != nil || diff != "" {
		t.Errorf("names: %v\n%s", err, diff)
	}
}

func FuzzTemplate(f *testing.F) {
	f.Add("a{{key}}b{{ besked.version }}c", "x{{key}}")
	f.Fuzz(func(t *testing.T, text, value string) {
		tmpl, err := ParseTemplate(text)
		if err != nil {
			return
		}
		got, err := tmpl.Expand(func(string) (string, bool) { return value, true }, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(tmpl.Names()) == 0 && got != text {
			t.Fatalf("%q without names became %q", text, got)
		}
		if len(tmpl.Names()) > 0 && !strings.Contains(got, value) {
			t.Fatalf("%q became %q without the value %q", text, got, value)
		}
	})
}

func TestSecrets(t *testing.T) {
	t.Setenv("MOX_TEST_HEMMELIG", "fra miljøet")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "nøgle"), []byte("fra filen\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := Env{BaseDir: dir}
	for ref, want := range map[string]string{"env:MOX_TEST_HEMMELIG": "fra miljøet", "file:nøgle": "fra filen", "file:" + filepath.Join(dir, "nøgle"): "fra filen"} {
		if got, err := env.Resolve(ref); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", ref, got, err, want)
		}
	}
	for _, ref := range []string{"env:MOX_TEST_FINDES_IKKE", "file:findes-ikke"} {
		if _, err := env.Resolve(ref); err == nil || !strings.Contains(err.Error(), ref) {
			t.Errorf("%s: %v, want an error that names it", ref, err)
		}
	}
	for _, ref := range []string{"", "sesam", "vault:sesam"} {
		if _, err := env.Resolve(ref); err == nil || strings.Contains(err.Error(), "sesam") {
			t.Errorf("%s: %v, want an error without it, since it may be the secret", ref, err)
		}
	}
}

func TestConfigValues(t *testing.T) {
	t.Parallel()
	var c struct {
		Duration Duration `json:"duration"`
		Size     Size     `json:"size"`
		Words    Words    `json:"words"`
	}
	for in, ok := range map[string]bool{
		`{"duration":"2s","size":"64MiB","words":"a  b"}`:   true,
		`{"duration":"2s","size":67108864,"words":["a b"]}`: true,
		`{"duration":"2"}`: false, `{"duration":"-2s"}`: false, `{"size":"64 MB x"}`: false, `{"size":"0"}`: false, `{"size":"9999999999GiB"}`: false, `{"words":3}`: false,
	} {
		if err := json.Unmarshal([]byte(in), &c); (err == nil) != ok {
			t.Errorf("%s: %v", in, err)
		}
	}
	if err := json.Unmarshal([]byte(`{"duration":"1m30s","size":"500 kB","words":"*.csv *.xml"}`), &c); err != nil {
		t.Fatal(err)
	}
	if time.Duration(c.Duration) != 90*time.Second || c.Size != 500_000 || len(c.Words) != 2 || c.Size.String() != "500000 byte" || (64*MiB).String() != "64 MiB" {
		t.Errorf("%+v", c)
	}
}

package connector

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// Charset is a character encoding that systems write: one of [CharsetNames].
type Charset struct {
	name string
	kind charsetKind
	one  *charmap.Charmap // for single-byte charsets
}

type charsetKind int

const (
	kindUTF8 charsetKind = iota
	kindSingle
	kindUTF16LE
	kindUTF16BE
)

// CharsetNames lists the names to write in a config; common aliases (latin1, cp1252, cp865, utf8 …) are known too.
func CharsetNames() []string {
	return []string{"utf-8", "windows-1252", "iso-8859-1", "iso-8859-15", "utf-16le", "utf-16be", "cp850", "cp865"}
}

// CharsetByName finds a charset by name or alias, in any case; "" is utf-8.
func CharsetByName(name string) (Charset, error) {
	switch n := strings.ToLower(strings.TrimSpace(name)); n {
	case "", "utf-8", "utf8", "us-ascii", "ascii":
		return Charset{name: "utf-8"}, nil
	case "windows-1252", "cp1252", "win-1252", "ansi":
		return single("windows-1252", charmap.Windows1252), nil
	case "iso-8859-1", "latin1", "latin-1", "iso8859-1":
		return single("iso-8859-1", charmap.ISO8859_1), nil
	case "iso-8859-15", "latin9", "latin-9", "iso8859-15":
		return single("iso-8859-15", charmap.ISO8859_15), nil
	case "cp850", "ibm850":
		return single("cp850", charmap.CodePage850), nil
	case "cp865", "ibm865":
		return single("cp865", charmap.CodePage865), nil
	case "utf-16le":
		return Charset{name: n, kind: kindUTF16LE}, nil
	case "utf-16be":
		return Charset{name: n, kind: kindUTF16BE}, nil
	}
	return Charset{}, fmt.Errorf("tegnsættet %q kendes ikke; skriv et af %s", name, strings.Join(CharsetNames(), ", "))
}

func single(name string, m *charmap.Charmap) Charset {
	return Charset{name: name, kind: kindSingle, one: m}
}

func (c Charset) String() string { return c.name }

// rune gives the character of a byte in a single-byte charset. The C1 controls count as undefined: windows-1252 has
// none, and where an iso-8859 file has bytes there, it is really windows-1252 and would be read wrongly in silence.
func (c Charset) rune(b byte) (rune, bool) {
	if b < utf8.RuneSelf {
		return rune(b), b != 0
	}
	r := c.one.DecodeByte(b)
	return r, r != utf8.RuneError && (r < 0x80 || r > 0x9f)
}

// Encode writes s in the charset. The error names the first character that the charset does not have.
func (c Charset) Encode(s string) ([]byte, error) {
	switch c.kind {
	case kindUTF16LE, kindUTF16BE:
		return c.encodeUTF16(s), nil
	case kindSingle:
		out := make([]byte, 0, len(s))
		for _, r := range s {
			b, ok := c.one.EncodeRune(r)
			if _, defined := c.rune(b); !ok || !defined {
				return nil, fmt.Errorf("tegnet %q (U+%04X) findes ikke i %s", r, r, c.name)
			}
			out = append(out, b)
		}
		return out, nil
	}
	return []byte(s), nil
}

func (c Charset) encodeUTF16(s string) []byte {
	order := c.order()
	out := make([]byte, 0, 2*len(s))
	for _, u := range utf16.Encode([]rune(s)) {
		out = order.AppendUint16(out, u)
	}
	return out
}

func (c Charset) order() interface {
	binary.ByteOrder
	binary.AppendByteOrder
} {
	if c.kind == kindUTF16LE {
		return binary.LittleEndian
	}
	return binary.BigEndian
}

// bom gives the byte order mark at the start of b and the charset it belongs to; "" when there is none.
func bom(b []byte) (mark []byte, charset string) {
	for _, m := range []struct{ mark, charset string }{
		{"\xEF\xBB\xBF", "utf-8"}, {"\xFF\xFE", "utf-16le"}, {"\xFE\xFF", "utf-16be"},
	} {
		if bytes.HasPrefix(b, []byte(m.mark)) {
			return b[:len(m.mark)], m.charset
		}
	}
	return nil, ""
}

// Text is what a system wrote, made UTF-8, that still knows the bytes it was made of.
type Text struct {
	S   string    // bytes that are not of the charset stand as U+FFFD
	Bad []BadByte // each of them, by Offset

	original []byte
	charset  Charset
	start    int // length of the byte order mark

	at, originalAt int // a pair of offsets that belong together, so that a reader that goes forward counts once
}

// BadByte is a place where the system's bytes are not of the declared charset.
type BadByte struct {
	Offset int  // in Text.S
	Byte   byte // the byte, or the first of two that are no UTF-16
	text   string
}

// Error says which byte of which charset, without place.
func (b BadByte) Error() string { return b.text }

// Decode makes Text of b. A byte order mark is taken off; one of another charset is an error, since then the whole text
// would be misread.
func (c Charset) Decode(b []byte) (*Text, error) {
	mark, of := bom(b)
	if of != "" && of != c.name {
		return nil, fmt.Errorf("teksten begynder med byte order mark for %s, men charset er %s; skriv charset: %s", of, c.name, of)
	}
	t := &Text{original: b, charset: c, start: len(mark)}
	b = b[len(mark):]
	switch c.kind {
	case kindSingle:
		t.decodeSingle(b)
	case kindUTF16LE, kindUTF16BE:
		t.decodeUTF16(b)
	default:
		t.decodeUTF8(b)
	}
	return t, nil
}

func (t *Text) decodeUTF8(b []byte) {
	if utf8.Valid(b) && bytes.IndexByte(b, 0) < 0 {
		t.S = string(b)
		return
	}
	var out strings.Builder
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == 0 || r == utf8.RuneError && n == 1 {
			t.bad(out.Len(), b[0])
			r = utf8.RuneError
		}
		out.WriteRune(r)
		b = b[n:]
	}
	t.S = out.String()
}

func (t *Text) decodeSingle(b []byte) {
	var out strings.Builder
	out.Grow(len(b) + len(b)/8)
	for _, x := range b {
		r, ok := t.charset.rune(x)
		if !ok {
			t.bad(out.Len(), x)
			r = utf8.RuneError
		}
		out.WriteRune(r)
	}
	t.S = out.String()
}

func (t *Text) decodeUTF16(b []byte) {
	order := t.charset.order()
	var out strings.Builder
	for len(b) > 0 {
		if len(b) == 1 {
			t.bad(out.Len(), b[0])
			out.WriteRune(utf8.RuneError)
			break
		}
		r, n := rune(order.Uint16(b)), 2
		if utf16.IsSurrogate(r) {
			r, n = surrogates(order, b)
		}
		if r == 0 || r == utf8.RuneError && n == 2 && order.Uint16(b) != 0xFFFD {
			t.bad(out.Len(), b[0])
			r = utf8.RuneError
		}
		out.WriteRune(r)
		b = b[n:]
	}
	t.S = out.String()
}

// surrogates reads a pair; half a pair is two bytes and RuneError.
func surrogates(order binary.ByteOrder, b []byte) (rune, int) {
	if len(b) < 4 {
		return utf8.RuneError, 2
	}
	r := utf16.DecodeRune(rune(order.Uint16(b)), rune(order.Uint16(b[2:])))
	if r == utf8.RuneError {
		return r, 2
	}
	return r, 4
}

func (t *Text) bad(offset int, x byte) {
	text := fmt.Sprintf("byten 0x%02X findes ikke i %s", x, t.charset.name)
	switch {
	case x == 0 && t.charset.kind != kindUTF16LE && t.charset.kind != kindUTF16BE:
		text = fmt.Sprintf("byten 0x00 i en tekst i %s; er den i virkeligheden utf-16le?", t.charset.name)
	case strings.HasPrefix(t.charset.name, "iso-8859"):
		text += "; er teksten i virkeligheden windows-1252?"
	case t.charset.kind == kindUTF8:
		text = fmt.Sprintf("byten 0x%02X er ikke gyldig utf-8; er teksten i virkeligheden windows-1252?", x)
	}
	t.Bad = append(t.Bad, BadByte{Offset: offset, Byte: x, text: text})
}

// BadIn gives the first bad byte in S[from:to].
func (t *Text) BadIn(from, to int) (BadByte, bool) {
	i, _ := slices.BinarySearchFunc(t.Bad, from, func(b BadByte, at int) int { return b.Offset - at })
	if i < len(t.Bad) && t.Bad[i].Offset < to {
		return t.Bad[i], true
	}
	return BadByte{}, false
}

// Original gives the bytes that S[from:to] was made of, cut at [MaxRaw].
func (t *Text) Original(from, to int) []byte {
	a := t.originalOffset(from)
	b := t.originalOffset(min(to, from+3*MaxRaw)) // a byte becomes at most three
	return bytes.Clone(t.original[a:min(b, a+MaxRaw)])
}

// originalOffset counts forward from the last place asked for: readers ask in order, so the text is counted once.
func (t *Text) originalOffset(offset int) int {
	if offset < t.at {
		t.at, t.originalAt = 0, 0
	}
	t.originalAt += t.originalLen(t.at, offset)
	t.at = offset
	return min(t.start+t.originalAt, len(t.original))
}

func (t *Text) originalLen(from, to int) int {
	switch t.charset.kind {
	case kindSingle:
		return utf8.RuneCountInString(t.S[from:to])
	case kindUTF16LE, kindUTF16BE:
		n := 0
		for _, r := range t.S[from:to] {
			n += 2 * utf16.RuneLen(r)
		}
		return n
	}
	n := to - from
	for bad, ok := t.BadIn(from, to); ok; bad, ok = t.BadIn(bad.Offset+1, to) {
		n -= len(string(utf8.RuneError)) - 1
	}
	return n
}

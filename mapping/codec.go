package mapping

import (
	"math"
	"strconv"
	"strings"
)

// codec translates one present value between the local and the OIO spelling. Both ways together are the identity, up to
// the canonical spelling of the type. A codec is immutable.
type codec interface {
	// in gives the OIO spelling of a local value.
	in(local string) (string, *fault)
	// out gives the local value of an OIO spelling: string, int64, float64 or bool.
	out(oio string) (any, *fault)
}

// Text is the spelling of a value that [Table.ToSystem] gives, in a system that writes plain text: what a file or a form
// would hold.
func Text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

type textCodec struct{}

func (textCodec) in(v string) (string, *fault) { return v, nil }
func (textCodec) out(v string) (any, *fault)   { return v, nil }

// Reference is how the OIO document spells a reference to an objekt that only its local key is known of:
// "noegle:Sag:2024-17". The caller replaces it by the objekt's identity.
func Reference(objekttype, key string) string { return referencePrefix + objekttype + ":" + key }

// ParseReference splits what [Reference] made; ok is false for anything else.
func ParseReference(value string) (objekttype, key string, ok bool) {
	rest, ok := strings.CutPrefix(value, referencePrefix)
	if !ok {
		return "", "", false
	}
	objekttype, key, ok = strings.Cut(rest, ":")
	if !ok || objekttype == "" || key == "" {
		return "", "", false
	}
	return objekttype, key, true
}

const referencePrefix = "noegle:"

// keyCodec is the way in of a row with noegle; the way out asks the caller and is in ud.go.
type keyCodec struct{ objekttype string }

func (c keyCodec) in(v string) (string, *fault) { return Reference(c.objekttype, v), nil }
func (c keyCodec) out(v string) (any, *fault)   { return v, nil }

// codeCodec is a code table. back is empty where the row works inwards only.
type codeCodec struct {
	forth, back map[string]string
	order       []string  // local codes in the order of the file, for hints
	number      *intCodec // how local codes that are numbers are spelled; nil = they are text
}

// local is the spelling of a local value in the table.
func (c *codeCodec) local(v string) (string, *fault) {
	if c.number == nil {
		return v, nil
	}
	return c.number.in(v)
}

func (c *codeCodec) in(v string) (string, *fault) {
	v, f := c.local(v)
	if f != nil {
		return "", f
	}
	if oio, ok := c.forth[v]; ok {
		return oio, nil
	}
	hint := didYouMean(v, c.order)
	if t := strings.TrimSpace(v); t != v && c.forth[t] != "" {
		hint = `værdien har blanktegn omkring sig: brug fjern: " "`
	}
	return "", faultf(RegelKode, orElse(hint, "tilføj koden i tabellen"), "koden findes ikke i tabellen")
}

func (c *codeCodec) out(v string) (any, *fault) {
	switch local, ok := c.back[v]; {
	case ok && c.number != nil:
		return c.number.out(local)
	case ok:
		return local, nil
	}
	return nil, faultf(RegelKode, "tilføj den i tabellen", "OIO-koden har ingen lokal kode i tabellen")
}

// orElse puts two pieces of advice together; the first may be empty.
func orElse(first, second string) string {
	if first == "" {
		return second
	}
	return first + " – ellers " + second
}

// intCodec is heltal; "007" and "+7" are 7.
type intCodec struct{ text bool }

func (c intCodec) in(v string) (string, *fault) {
	n, f := parseInt(v)
	if f != nil {
		return "", f
	}
	return strconv.FormatInt(n, 10), nil
}

func (c intCodec) out(v string) (any, *fault) {
	n, f := parseInt(v)
	if f != nil {
		return nil, f
	}
	if c.text {
		return strconv.FormatInt(n, 10), nil
	}
	return n, nil
}

func parseInt(v string) (int64, *fault) {
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		return 0, faultf(RegelFormat, "ret værdien, eller brug type: tekst, hvis feltet ikke altid er et tal",
			"er ikke et helt tal på højst 64 bit")
	}
	return n, nil
}

// numberCodec is tal. The OIO spelling is decimal text, not a float, so that amounts keep every digit they have. As text
// 1,50 stays 1.50: the system may want its two decimals back. As a float64 it is 1.5 on both sides, since the system will
// give it back so, and that must be no change.
type numberCodec struct {
	decimal byte // the local decimal sign
	text    bool
}

func (c numberCodec) in(v string) (string, *fault) {
	s, ok := canonicalNumber(v, c.decimal)
	if !ok {
		sign := string(c.decimal)
		return "", faultf(RegelFormat, `tal skrives 1234 eller 1234`+sign+`5; tusindtalstegn fjernes med fjern: "`+otherSign(c.decimal)+`"`,
			"er ikke et tal med decimaltegnet %q", sign)
	}
	if !c.text {
		s = trimDecimals(s)
	}
	return s, nil
}

func (c numberCodec) out(v string) (any, *fault) {
	s, ok := canonicalNumber(v, '.')
	if !ok {
		return nil, faultf(RegelFormat, "", "er ikke et tal, skrevet som 1234.5")
	}
	if c.text {
		return strings.Replace(s, ".", string(c.decimal), 1), nil
	}
	return exactFloat(trimDecimals(s))
}

func trimDecimals(s string) string {
	if strings.Contains(s, ".") {
		return strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// canonicalNumber gives v with a decimal point and without superfluous signs and leading zeros; ok is false for what is
// no number.
func canonicalNumber(v string, decimal byte) (number string, ok bool) {
	digits := strings.TrimPrefix(v, "-")
	negative := len(digits) < len(v)
	if !negative {
		digits = strings.TrimPrefix(v, "+")
	}
	whole, fraction, point := strings.Cut(digits, string(decimal))
	if !onlyDigits(whole) || whole == "" || point && (!onlyDigits(fraction) || fraction == "") {
		return "", false
	}
	whole = strings.TrimLeft(whole, "0")
	if whole == "" {
		whole = "0"
	}
	if point {
		whole += "." + fraction
	}
	if negative && strings.Trim(whole, "0.") != "" {
		whole = "-" + whole
	}
	return whole, true
}

func otherSign(decimal byte) string {
	if decimal == '.' {
		return ","
	}
	return "."
}

func onlyDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// exactFloat gives canonical number s, without trailing decimals, as a float64, and refuses one that a float64 would
// change.
func exactFloat(s string) (any, *fault) {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(n, 0) || strconv.FormatFloat(n, 'f', -1, 64) != s {
		return nil, faultf(RegelFormat, "tilføj tekst: ja til rækken, så sendes tallet som tekst",
			"har flere cifre, end et flydende tal (float64) kan bære")
	}
	return n, nil
}

// boolCodec is boolsk. sand and falsk are the local words.
type boolCodec struct {
	sand, falsk string
	text        bool
}

func (c boolCodec) in(v string) (string, *fault) {
	switch v {
	case c.sand:
		return "true", nil
	case c.falsk:
		return "false", nil
	}
	return "", faultf(RegelFormat, "ret værdien, eller skriv systemets ord i sand og falsk",
		"er hverken %s (sand) eller %s (falsk)", quote(c.sand), quote(c.falsk))
}

func (c boolCodec) out(v string) (any, *fault) {
	if v != "true" && v != "false" {
		return nil, faultf(RegelFormat, "", "er hverken true eller false")
	}
	if !c.text {
		return v == "true", nil
	}
	if v == "true" {
		return c.sand, nil
	}
	return c.falsk, nil
}

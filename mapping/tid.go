package mapping

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// clock is a date and time of day as they stand on a calendar and a clock on the wall, without a zone.
type clock struct {
	year, month, day, hour, minute, second int
}

// valid reports whether the calendar has the day and the clock the time. There is no year 0, hour 24 or second 60.
func (c clock) valid() bool {
	return c.year >= 1 && c.year <= 9999 && c.month >= 1 && c.month <= 12 && c.day >= 1 && c.day <= daysIn(c.year, c.month) &&
		c.hour < 24 && c.minute < 60 && c.second < 60
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

func clockOf(t time.Time) clock {
	return clock{t.Year(), int(t.Month()), t.Day(), t.Hour(), t.Minute(), t.Second()}
}

// instant is the point in time that the wall shows c at in loc. Where it does so twice, when summer time ends, it is the
// first time; where it never does, when summer time begins, c is read with the offset that held before.
func (c clock) instant(loc *time.Location) time.Time {
	wall := time.Date(c.year, time.Month(c.month), c.day, c.hour, c.minute, c.second, 0, time.UTC)
	// No zone changes twice within two days, so these are the only two offsets that can hold.
	before, after := offsetAt(wall.Add(-24*time.Hour), loc), offsetAt(wall.Add(24*time.Hour), loc)
	first := wall.Add(-before)
	if offsetAt(first, loc) == before {
		return first.In(loc)
	}
	if second := wall.Add(-after); offsetAt(second, loc) == after {
		return second.In(loc)
	}
	return first.In(loc)
}

func offsetAt(t time.Time, loc *time.Location) time.Duration {
	_, seconds := t.In(loc).Zone()
	return time.Duration(seconds) * time.Second
}

// part is one piece of a timeFormat: a symbol, or literal text.
type part struct {
	symbol  symbol
	literal string
}

type symbol int

const (
	literalText symbol = iota
	day2               // dd
	day1               // d
	month2             // mm
	minute2            // mi; stands before m, which is its beginning
	month1             // m
	year4              // åååå
	year2              // åå
	hour2              // tt
	second2            // ss
)

// digits is how many digits the symbol has at most.
func (t symbol) digits() int {
	if t == year4 {
		return 4
	}
	return 2
}

// flexible reports whether the symbol may also have one digit.
func (t symbol) flexible() bool { return t == day1 || t == month1 }

// twoDigitBase is the first year that åå can mean: 50 is 1950, 49 is 2049.
const twoDigitBase = 1950

// timeFormat is a compiled format. The zero timeFormat has no parts.
type timeFormat struct{ parts []part }

const isoDate = "åååå-mm-dd"

// maxFormat is the greatest length of a format in bytes.
const maxFormat = 200

// parseTimeFormat compiles a format such as "dd-mm-åååå tt:mi".
func parseTimeFormat(s string) (timeFormat, error) {
	if len(s) > maxFormat {
		return timeFormat{}, fmt.Errorf("formatet er over %d byte", maxFormat)
	}
	var f timeFormat
	// A Mac writes å as a and a ring, which looks the same and is another string.
	for rest := norm.NFC.String(s); rest != ""; {
		p, n, err := nextPart(rest)
		if err == nil {
			err = f.add(p)
		}
		if err != nil {
			return timeFormat{}, err
		}
		rest = rest[n:]
	}
	return f, nil
}

// add puts p at the end of f, where a value written by f can still be read in one way only.
func (f *timeFormat) add(p part) error {
	if p.symbol != literalText && len(f.missing(p.symbol.field())) == 0 {
		return fmt.Errorf("%s står to gange (mm er måned, mi er minut)", p.symbol.field())
	}
	if len(f.parts) > 0 && f.parts[len(f.parts)-1].symbol.flexible() && p.beginsWithDigit() {
		return errors.New("d og m uden nul foran kan ikke stå lige før et tal: sæt et tegn imellem, eller skriv dd og mm")
	}
	f.parts = append(f.parts, p)
	return nil
}

func (p part) beginsWithDigit() bool {
	return p.symbol != literalText || onlyDigits(p.literal[:1])
}

// nextPart reads the longest part in front of s, and how many bytes it takes.
func nextPart(s string) (part, int, error) {
	for t := day2; t <= second2; t++ {
		for _, name := range t.names() {
			if strings.HasPrefix(s, name) {
				return part{symbol: t}, len(name), nil
			}
		}
	}
	if s[0] == '\'' {
		end := strings.IndexByte(s[1:], '\'')
		if end < 1 {
			return part{}, 0, errors.New("anførselstegnet ' mangler sit andet")
		}
		return part{literal: s[1 : 1+end]}, end + 2, nil
	}
	r, size := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError || r != 'T' && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
		return part{}, 0, fmt.Errorf("%s kendes ikke: brug dd d mm m åååå åå tt mi ss; anden tekst sættes i '…'", quote(shorten(s, 10)))
	}
	return part{literal: s[:size]}, size, nil
}

// names are the symbol's spellings. The symbols are tried in their order, so a spelling stands before its own beginning.
func (t symbol) names() []string {
	switch t {
	case day2:
		return []string{"dd"}
	case day1:
		return []string{"d"}
	case month2:
		return []string{"mm"}
	case month1:
		return []string{"m"}
	case year4:
		return []string{"åååå", "yyyy"}
	case year2:
		return []string{"åå", "yy"}
	case hour2:
		return []string{"tt"}
	case minute2:
		return []string{"mi"}
	case second2:
		return []string{"ss"}
	}
	return nil
}

func (t symbol) String() string {
	if names := t.names(); len(names) > 0 {
		return names[0]
	}
	return "tekst"
}

// field is the symbol that stands for the same part of a time, so that d and dd count as one.
func (t symbol) field() symbol {
	switch t {
	case day1:
		return day2
	case month1:
		return month2
	case year2:
		return year4
	}
	return t
}

// missing lists which of the symbols f has no spelling of.
func (f timeFormat) missing(symbols ...symbol) []string {
	var names []string
	for _, t := range symbols {
		found := false
		for _, p := range f.parts {
			found = found || p.symbol != literalText && p.symbol.field() == t
		}
		if !found {
			names = append(names, t.String())
		}
	}
	return names
}

func (f timeFormat) has(t symbol) bool {
	for _, p := range f.parts {
		if p.symbol == t {
			return true
		}
	}
	return false
}

// read takes v apart. A part of the time that the format does not have is zero; ok is false where v is spelled otherwise
// or is no time there is.
func (f timeFormat) read(v string) (c clock, ok bool) {
	for _, p := range f.parts {
		if p.symbol == literalText {
			if v, ok = strings.CutPrefix(v, p.literal); !ok {
				return clock{}, false
			}
			continue
		}
		n := leadingDigits(v, p.symbol.digits())
		if n == 0 || n < p.symbol.digits() && !p.symbol.flexible() {
			return clock{}, false
		}
		number, _ := strconv.Atoi(v[:n])
		c.set(p.symbol, number)
		v = v[n:]
	}
	return c, v == "" && c.valid()
}

func leadingDigits(s string, limit int) int {
	n := 0
	for n < len(s) && n < limit && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

func (c *clock) set(t symbol, n int) {
	switch t.field() {
	case day2:
		c.day = n
	case month2:
		c.month = n
	case year4:
		c.year = n
		if t == year2 {
			c.year = twoDigitBase + (n+100-twoDigitBase%100)%100
		}
	case hour2:
		c.hour = n
	case minute2:
		c.minute = n
	case second2:
		c.second = n
	}
}

// write spells c; ok is false where the year is outside the hundred that åå has.
func (f timeFormat) write(c clock) (s string, ok bool) {
	b := make([]byte, 0, 32)
	for _, p := range f.parts {
		switch p.symbol {
		case literalText:
			b = append(b, p.literal...)
		case day1:
			b = strconv.AppendInt(b, int64(c.day), 10)
		case month1:
			b = strconv.AppendInt(b, int64(c.month), 10)
		case day2:
			b = appendPadded(b, c.day, 2)
		case month2:
			b = appendPadded(b, c.month, 2)
		case year4:
			b = appendPadded(b, c.year, 4)
		case year2:
			if c.year < twoDigitBase || c.year >= twoDigitBase+100 {
				return "", false
			}
			b = appendPadded(b, c.year%100, 2)
		case hour2:
			b = appendPadded(b, c.hour, 2)
		case minute2:
			b = appendPadded(b, c.minute, 2)
		case second2:
			b = appendPadded(b, c.second, 2)
		}
	}
	return string(b), true
}

func appendPadded(b []byte, n, width int) []byte {
	var digits [4]byte
	for i := width - 1; i >= 0; i-- {
		digits[i] = byte('0' + n%10)
		n /= 10
	}
	return append(b, digits[:width]...)
}

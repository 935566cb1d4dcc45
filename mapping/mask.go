package mapping

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// quote makes a value fit for an error text: what can be a CPR number is masked, and long values are cut. A UUID is left
// whole: it is what a person must search for.
func quote(v string) string {
	if isUUID(v) {
		return strconv.Quote(v)
	}
	return strconv.Quote(shorten(mask(v), 60))
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (s[i] == '-') || !dash && !strings.ContainsRune("0123456789abcdefABCDEF", rune(s[i])) {
			return false
		}
	}
	return true
}

// mask replaces the digits of everything that can be a CPR number by stars: a run of at least ten digits, or six or more
// followed by four or more with up to three blanks, dashes, dots or slashes between. It rather takes too much than too
// little: a masked case number is a nuisance, a CPR number in a log is a breach. (The package imports nothing of MOX, so
// it does not use the mask of the vocabulary; it hides all that that one hides.)
func mask(s string) string {
	if countDigits(s) < 10 {
		return s
	}
	runes := []rune(s)
	for i := 0; i < len(runes); {
		n := digitRun(runes[i:])
		if n < 6 {
			i += max(n, 1)
			continue
		}
		end := i + n
		gap := separatorRun(runes[end:])
		if tail := digitRun(runes[end+gap:]); tail >= 4 && gap > 0 {
			end += gap + tail
		} else if n < 10 {
			i = end
			continue
		}
		maskDigits(runes[i:end])
		i = end
	}
	return string(runes)
}

func maskDigits(rs []rune) {
	for i, r := range rs {
		if unicode.IsDigit(r) {
			rs[i] = '*'
		}
	}
}

func countDigits(s string) (n int) {
	for _, r := range s {
		if unicode.IsDigit(r) {
			n++
		}
	}
	return n
}

func digitRun(rs []rune) (n int) {
	for n < len(rs) && unicode.IsDigit(rs[n]) {
		n++
	}
	return n
}

// separatorRun counts the separators in front; more than three make it a different text, and it answers 0.
func separatorRun(rs []rune) (n int) {
	for n < len(rs) && (unicode.IsSpace(rs[n]) || unicode.Is(unicode.Pd, rs[n]) || rs[n] == '.' || rs[n] == '/') {
		n++
	}
	if n > 3 {
		return 0
	}
	return n
}

// shorten keeps at most n characters of s.
func shorten(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return strings.TrimSpace(firstRunes(s, n-1)) + "…"
}

// firstRunes is the first n characters of s.
func firstRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

package mapping

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// didYouMean is "mente du «x»?" for the name nearest to the one given, or a list of the names where they are few, or "".
func didYouMean(name string, known []string) string {
	if best := nearest(name, known); best != "" {
		return fmt.Sprintf("mente du «%s»?", best)
	}
	if len(known) == 0 {
		return ""
	}
	if len(known) > 25 {
		known = append(known[:25:25], "…")
	}
	return "brug en af: " + strings.Join(known, ", ")
}

// nearest is the name that differs from the given one in the fewest characters, or "" where a third or more differ.
func nearest(name string, known []string) string {
	if len(name) > 100 {
		return "" // no misspelling of anything, and the comparison is quadratic
	}
	limit := max(1, (utf8.RuneCountInString(name)-1)/3)
	best := ""
	for _, k := range known {
		if len(k) > 100 {
			continue
		}
		if d := distance(strings.ToLower(name), strings.ToLower(k)); d <= limit {
			best, limit = k, d-1
		}
	}
	return best
}

// distance is the number of characters to change, add or drop to make b of a (Levenshtein).
func distance(a, b string) int {
	as, bs := []rune(a), []rune(b)
	row := make([]int, len(bs)+1)
	for j := range row {
		row[j] = j
	}
	for i, ra := range as {
		diagonal := row[0]
		row[0] = i + 1
		for j, rb := range bs {
			replace := diagonal
			if ra != rb {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, diagonal+1, row[j]+1)
		}
	}
	return row[len(bs)]
}

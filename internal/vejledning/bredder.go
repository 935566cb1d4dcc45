package vejledning

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// aaben is the weight of a column that is to be filled in by hand.
const aaben = 18

// bredder shares a width among the columns of a table: by how much text each has, but none narrower than its longest word
// while there is room.
func bredder(raekker [][]celle, ialt float64) []float64 {
	n := len(raekker[0])
	vaegt, mindst := make([]float64, n), make([]float64, n)
	var sum float64
	for i := range n {
		tom := true
		for nr, r := range raekker {
			t := ren(r[i].tekst)
			tom = tom && (nr == 0 || t == "")
			vaegt[i] = max(vaegt[i], min(float64(utf8.RuneCountInString(t)), 90))
			for _, ord := range strings.Fields(t) {
				mindst[i] = max(mindst[i], min(float64(utf8.RuneCountInString(ord)), 24))
			}
		}
		vaegt[i] = max(vaegt[i], mindst[i], 4)
		if tom {
			vaegt[i] = max(vaegt[i], aaben)
		}
		sum += vaegt[i]
	}
	const letter, luft = 2.1, 4.2 // about how wide a letter is, and the air in a cell, mm
	ud := make([]float64, n)
	var fast, rest float64
	for i := range n {
		ud[i] = ialt * vaegt[i] / sum
		if m := min(mindst[i]*letter+luft, ialt/2); ud[i] < m {
			ud[i], fast = m, fast+m
		} else {
			rest += ud[i]
		}
	}
	for i := range n {
		if m := min(mindst[i]*letter+luft, ialt/2); ud[i] > m && rest > 0 {
			ud[i] *= (ialt - fast) / rest
		}
	}
	return tilIalt(ud, ialt)
}

// tilIalt makes the widths add up.
func tilIalt(b []float64, ialt float64) []float64 {
	var sum float64
	for _, x := range b {
		sum += x
	}
	for i := range b {
		b[i] *= ialt / sum
	}
	return b
}

func dato(t time.Time) string {
	maaneder := [...]string{"januar", "februar", "marts", "april", "maj", "juni", "juli", "august", "september", "oktober", "november", "december"}
	return fmt.Sprintf("%d. %s %d", t.Day(), maaneder[t.Month()-1], t.Year())
}

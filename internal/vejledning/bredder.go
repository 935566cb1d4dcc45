package main

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// bredder shares a width among the columns of a table: by how much text each has, but none narrower than its longest word
// while there is room.
func bredder(raekker [][]celle, ialt float64) []float64 {
	n := len(raekker[0])
	vaegt, mindst := make([]float64, n), make([]float64, n)
	var sum float64
	for i := range n {
		for _, r := range raekker {
			if i >= len(r) {
				continue
			}
			t := ren(r[i].tekst)
			vaegt[i] = max(vaegt[i], min(float64(utf8.RuneCountInString(t)), 90))
			for _, ord := range strings.Fields(t) {
				mindst[i] = max(mindst[i], min(float64(utf8.RuneCountInString(ord)), 24))
			}
		}
		vaegt[i] = max(vaegt[i], mindst[i], 4)
		sum += vaegt[i]
	}
	// The letters are about 2 mm wide, and a cell has some air.
	ud := make([]float64, n)
	var fast, rest float64
	for i := range n {
		ud[i] = ialt * vaegt[i] / sum
		if m := min(mindst[i]*2+4, ialt/2); ud[i] < m {
			ud[i], fast = m, fast+m
		} else {
			rest += ud[i]
		}
	}
	for i := range n {
		if m := min(mindst[i]*2+4, ialt/2); ud[i] > m && rest > 0 {
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

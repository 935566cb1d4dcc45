package report

import (
	"math"
	"strconv"
	"strings"
)

// SkrivTal writes a number as it is written in Danish: "1.234,50".
func SkrivTal(v float64, decimaler int) string {
	s := strconv.FormatFloat(math.Abs(v), 'f', decimaler, 64)
	hele, brok, _ := strings.Cut(s, ".")
	for i := len(hele) - 3; i > 0; i -= 3 {
		hele = hele[:i] + "." + hele[i:]
	}
	if brok != "" {
		hele += "," + brok
	}
	if v < 0 && strings.Trim(s, "0.") != "" {
		hele = "-" + hele
	}
	return hele
}

// KortTal writes a number with the decimals that it has, and no separator of thousands, as it can be read back by [LaesTal].
func KortTal(v float64) string {
	return strings.Replace(strconv.FormatFloat(v, 'f', -1, 64), ".", ",", 1)
}

// LaesTal reads a number as it is written in Danish: "1.234,50", "1234,5", "1 234"; ok is false for anything else, as for "12.5",
// which somebody may mean otherwise.
func LaesTal(s string) (v float64, ok bool) {
	s = strings.NewReplacer(" ", "", "\u00a0", "").Replace(strings.TrimSpace(s))
	hele, brok, komma := strings.Cut(s, ",")
	if strings.Contains(hele, ".") {
		grupper := strings.Split(hele, ".")
		for i, g := range grupper {
			if i == 0 && (len(g) == 0 || len(g) > 3) || i > 0 && len(g) != 3 {
				return 0, false
			}
		}
		hele = strings.Join(grupper, "")
	}
	if hele == "" || strings.Trim(hele, "0123456789") != "" || komma && (brok == "" || strings.Trim(brok, "0123456789") != "") {
		return 0, false
	}
	v, err := strconv.ParseFloat(hele+"."+brok+"0", 64)
	return v, err == nil
}

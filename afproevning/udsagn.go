package afproevning

import (
	_ "embed"
	"strings"
)

//go:embed udsagn.txt
var udsagnsfil string

// Udsagn is one of the statements about what a faithful MOX must do, in Danish.
type Udsagn struct {
	Navn  string `json:"udsagn"` // mox 12
	Tekst string `json:"tekst"`
}

// AlleUdsagn are the statements about MOX, by number. Source: reference mox 16, in our own short wording.
func AlleUdsagn() (ud []Udsagn) {
	for l := range strings.Lines(udsagnsfil) {
		nr, tekst, ok := strings.Cut(strings.TrimSpace(l), " ")
		if ok && nr != "#" {
			ud = append(ud, Udsagn{"mox " + nr, strings.TrimSpace(tekst)})
		}
	}
	return ud
}

func udsagnstekst(navn string) (string, bool) {
	for _, u := range AlleUdsagn() {
		if u.Navn == navn {
			return u.Tekst, true
		}
	}
	return "", false
}

package afproevning

import (
	"errors"
	"fmt"
	"html/template"
	"os"
	"path/filepath"
	"strings"
)

// Resultat is what came of several trials.
type Resultat struct {
	Tekst    string           `json:"tekst"` // 4 af 5
	Bestaaet int              `json:"bestaaet"`
	IAlt     int              `json:"i_alt"`
	Proever  []Proeveresultat `json:"afproevninger"`
	Matrix   []Matrixraekke   `json:"matrix"`
}

// Proeveresultat is what came of one.
type Proeveresultat struct {
	Navn      string  `json:"navn"`
	Bestaaet  bool    `json:"bestaaet"`
	Aarsag    string  `json:"aarsag,omitempty"`
	VarighedS float64 `json:"varighed_s"`
	Pakke     string  `json:"pakke"`
}

// Matrixraekke is a statement, and in which trials it was shown: ja, nej, or "" where the trial does not measure it.
type Matrixraekke struct {
	Udsagn string            `json:"udsagn"`
	Tekst  string            `json:"tekst"`
	Vist   map[string]string `json:"vist"`
}

// vist is whether the trial showed the statement.
func vist(udsagn string, b *Bevis) string {
	for _, u := range b.Udsagn {
		if u.Udsagn == udsagn {
			if u.Vist {
				return "ja"
			}
			return "nej"
		}
	}
	return ""
}

// Saml sums up several trials, and writes the page about them into dir.
func Saml(dir string, beviser []*Bevis) (Resultat, error) {
	r := Resultat{IAlt: len(beviser), Proever: []Proeveresultat{}, Matrix: []Matrixraekke{}}
	simuleret := false
	for _, b := range beviser {
		r.Proever = append(r.Proever, Proeveresultat{b.Navn, b.Bestaaet, b.Aarsag, b.VarighedS, Pakkefil(b.Navn)})
		simuleret = simuleret || b.Simuleret
		if b.Bestaaet {
			r.Bestaaet++
		}
	}
	r.Tekst = fmt.Sprintf("%d af %d", r.Bestaaet, r.IAlt)
	for _, u := range AlleUdsagn() {
		m := Matrixraekke{u.Navn, u.Tekst, map[string]string{}}
		for _, b := range beviser {
			m.Vist[b.Navn] = vist(u.Navn, b)
		}
		r.Matrix = append(r.Matrix, m)
	}
	t, err := skabelon("oversigt", oversigtsskabelon)
	if err != nil {
		return r, err
	}
	var ud strings.Builder
	err = t.Execute(&ud, struct {
		Stil      template.CSS
		Stempel   string
		Simuleret bool
		Bestaaet  int
		Beviser   []*Bevis
		Udsagn    []Udsagn
	}{template.CSS(stil), Stempel, simuleret, r.Bestaaet, beviser, AlleUdsagn()})
	return r, errors.Join(err, os.WriteFile(filepath.Join(dir, bevisHTML), []byte(ud.String()), 0o644))
}

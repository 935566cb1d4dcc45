package afproevning

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

//go:embed bevis.html
var bevisskabelon string

//go:embed oversigt.html
var oversigtsskabelon string

//go:embed stil.css
var stil string

// skrivHTML writes the evidence as one page that needs nothing beside it.
func (b *Bevis) skrivHTML(w io.Writer) error {
	t, err := skabelon("bevis", bevisskabelon)
	if err != nil {
		return err
	}
	return t.Execute(w, struct {
		*Bevis
		Stil template.CSS
		SVG  template.HTML
	}{b, template.CSS(stil), template.HTML(b.flow.SVG())}) // both are our own, and texts in the picture are escaped
}

func skabelon(navn, tekst string) (*template.Template, error) {
	return template.New(navn).Funcs(template.FuncMap{"dato": dato, "klokken": klokken, "tal": medTusinder, "metadata": metadatalinje, "sekunder": sekunder,
		"bestaaet": func(l []Maaling) (n int) {
			for _, m := range l {
				if m.Bestaaet {
					n++
				}
			}
			return n
		}, "vist": func(u string, b *Bevis) string { return vist(u, b) }}).Parse(tekst)
}

// dato is a day as Danes write it: 2. november 2026.
func dato(t time.Time) string {
	maaneder := [...]string{"januar", "februar", "marts", "april", "maj", "juni", "juli", "august", "september", "oktober", "november", "december"}
	t = t.Local()
	return fmt.Sprintf("%d. %s %d", t.Day(), maaneder[t.Month()-1], t.Year())
}

func klokken(t time.Time) string { return t.Local().Format("15:04:05") }

func sekunder(s float64) string { return strings.Replace(fmt.Sprintf("%.0f", s), ".", ",", 1) }

// medTusinder is a number as Danes write it: 12.345.
func medTusinder(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "." + s[i:]
	}
	return s
}

// metadatalinje is a besked's metadata on one line, by name.
func metadatalinje(m map[string][]string) string {
	var ud []string
	for _, navn := range slices.Sorted(maps.Keys(m)) {
		ud = append(ud, navn+"="+strings.Join(m[navn], " "))
	}
	return strings.Join(ud, " · ")
}

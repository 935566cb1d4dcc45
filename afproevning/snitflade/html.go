package snitflade

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
)

//go:embed resultat.html
var side string

// SkrivHTML writes the result as one page with nothing outside it, to be read on a screen or printed.
func (r *Resultat) SkrivHTML(w io.Writer) error {
	t, err := template.New("resultat").Funcs(template.FuncMap{
		"krav":   func(p *Proeveresultat) string { return p.kravtekst() },
		"sammen": func(l []string) string { return strings.Join(l, ", ") },
	}).Parse(side)
	if err != nil {
		return err
	}
	return t.Execute(w, struct {
		*Resultat
		Periode                  string
		Fejlede, Ikke, Bestaaede []*Proeveresultat
	}{r, r.periode(), r.med(Fejlet), r.med(IkkeAfproevet), r.med(Bestaaet)})
}

// med are the cases with a status.
func (r *Resultat) med(s Status) (ud []*Proeveresultat) {
	for i := range r.Proever {
		if r.Proever[i].Status == s {
			ud = append(ud, &r.Proever[i])
		}
	}
	return ud
}

// Domtekst is the verdict as a sentence.
func (r *Resultat) Domtekst() string {
	switch r.Dom {
	case SamletBestaaet:
		if r.Optaelling.Undtaget > 0 {
			return "Alt, der er afprøvet, er bestået. Profilen undtager noget fra afprøvning; det står herunder."
		}
		return "Alle prøver inden for omfanget er afprøvet og bestået."
	case SamletFejlet:
		return "Mindst én prøve er fejlet."
	}
	if r.Optaelling.IkkeKoert > 0 {
		return fmt.Sprintf("Ingen prøve er fejlet, men kun udvalgte er kørt; %d er ikke.", r.Optaelling.IkkeKoert)
	}
	return "Ingen prøve er fejlet, men noget kunne ikke afprøves. Det er ikke bestået."
}

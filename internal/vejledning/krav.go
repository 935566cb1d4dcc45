package vejledning

import (
	"regexp"
	"strings"
)

// krav is one requirement of the handbook.
type krav struct {
	id, tekst string
	proever   []string
}

var (
	kravForm   = regexp.MustCompile(`^(K-\d\d) \S`)
	proeveForm = regexp.MustCompile(`S-[AM]-\d{3}`)
)

// laesKrav reads the requirements, each a heading of the third level and what is below it.
func laesKrav(d *dokument, form *regexp.Regexp) (ud []krav) {
	for _, b := range d.blokke {
		switch {
		case b.art == overskrift:
			if m := form.FindStringSubmatch(ren(b.tekst)); m != nil && b.niveau == 3 {
				ud = append(ud, krav{id: m[1]})
			} else if b.niveau == 3 {
				ud = append(ud, krav{id: ren(b.tekst)}) // not of the form: the caller sees it
			}
		case len(ud) == 0:
		case strings.HasPrefix(ren(b.tekst), "Prøves med: "):
			ud[len(ud)-1].proever = append(ud[len(ud)-1].proever, proeveForm.FindAllString(ren(b.tekst), -1)...)
		default:
			ud[len(ud)-1].tekst += ren(b.tekst) + " "
			for _, r := range b.celler {
				for _, c := range r {
					ud[len(ud)-1].tekst += ren(c.tekst) + " "
				}
			}
		}
	}
	return ud
}

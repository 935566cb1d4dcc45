package afproevning

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/moxkit/mox"
)

// Kriterium is one thing that must hold when all has come to rest. Exactly one of Ens, Indeholdt, Antal and Har says what is
// measured.
type Kriterium struct {
	Navn      string   `yaml:"navn"`
	Tekst     string   `yaml:"tekst"`
	Ens       []string `yaml:"ens"`       // two opgørelser with the same posts, each as often
	Mangler   int      `yaml:"mangler"`   // with ens: so many of the first are missing in the second, no more and no less; the text says why
	Indeholdt []string `yaml:"indeholdt"` // the posts of the first are among those of the second, none more often
	Antal     string   `yaml:"antal"`     // an opgørelse that is counted
	Lig       *int     `yaml:"lig"`       // with antal
	Mindst    *int     `yaml:"mindst"`    // with antal, and of ens' first: 1 where nothing is said
	Har       string   `yaml:"har"`       // an opgørelse that has each of vaerdier
	Vaerdier  []string `yaml:"vaerdier"`
	Udsagn    []string `yaml:"udsagn"`
}

// The opgørelser that the run itself has.
const (
	opgAlarmer   = "alarmer"
	opgRettelser = "rettelser"
	opgFejl      = "indsatte_fejl"
)

// navne are the opgørelser that the criterion measures.
func (k *Kriterium) navne() []string {
	ud := slices.Concat(k.Ens, k.Indeholdt)
	for _, n := range []string{k.Antal, k.Har} {
		if n != "" {
			ud = append(ud, n)
		}
	}
	return ud
}

func (k *Kriterium) tjek(s *Spec) error {
	for _, n := range k.navne() {
		if _, ok := s.Opgoerelser[n]; !ok && n != opgAlarmer && n != opgRettelser && n != opgFejl {
			return fmt.Errorf("opgørelsen %q findes ikke", n)
		}
	}
	for _, u := range k.Udsagn {
		if _, ok := udsagnstekst(u); !ok {
			return fmt.Errorf("udsagnet %q findes ikke", u)
		}
	}
	former := 0
	for _, har := range []bool{len(k.Ens) == 2, len(k.Indeholdt) == 2, k.Antal != "" && (k.Lig != nil || k.Mindst != nil), k.Har != "" && len(k.Vaerdier) > 0} {
		if har {
			former++
		}
	}
	if former != 1 || k.Tekst == "" {
		return errors.New("skal have en tekst og netop én af ens, indeholdt, antal (med lig eller mindst) og har (med vaerdier)")
	}
	return nil
}

// Maaling is a criterion with what was measured.
type Maaling struct {
	Navn      string   `json:"navn"`
	Tekst     string   `json:"tekst"`
	Krav      string   `json:"krav"`
	Maalt     string   `json:"maalt"`
	Bestaaet  bool     `json:"bestaaet"`
	IkkeMaalt bool     `json:"ikke_maalt,omitempty"` // the municipality's own systems do not tell it
	Eksempler []string `json:"eksempler,omitempty"`  // of what is wrong
	Udsagn    []string `json:"udsagn"`
}

// maksEksempler is how many posts are shown of what is wrong.
const maksEksempler = 5

// doem holds what was found against the criterion.
func (k *Kriterium) doem(poster map[string][]string) Maaling {
	m := Maaling{Navn: k.Navn, Tekst: k.Tekst, Udsagn: k.Udsagn}
	switch {
	case len(k.Ens) == 2:
		k.doemEns(&m, poster[k.Ens[0]], poster[k.Ens[1]])
	case len(k.Indeholdt) == 2:
		a, b := poster[k.Indeholdt[0]], poster[k.Indeholdt[1]]
		forMeget, _ := forskel(a, b)
		m.Krav = fmt.Sprintf("højst de %d", len(b))
		m.Maalt = fmt.Sprintf("%d, heraf %d for meget", len(a), len(forMeget))
		m.Bestaaet = len(forMeget) == 0
		m.vis("for meget: ", forMeget)
	case k.Har != "":
		k.doemHar(&m, poster[k.Har])
	default:
		k.doemAntal(&m, len(poster[k.Antal]))
	}
	return m
}

func (k *Kriterium) doemEns(m *Maaling, a, b []string) {
	mangler, forMeget := forskel(a, b)
	mindst := 1
	if k.Mindst != nil {
		mindst = *k.Mindst
	}
	m.Krav = fmt.Sprintf("de samme %d, hver én gang", len(a))
	if k.Mangler > 0 {
		m.Krav = fmt.Sprintf("%d af de %d, hver én gang", len(a)-k.Mangler, len(a))
	}
	m.Maalt = fmt.Sprintf("%d og %d; %d mangler, %d for meget", len(a), len(b), len(mangler), len(forMeget))
	m.Bestaaet = len(mangler) == k.Mangler && len(forMeget) == 0 && len(a) >= mindst
	if len(a) < mindst { // that nothing is like nothing proves nothing
		m.Krav += fmt.Sprintf(", og mindst %d", mindst)
	}
	if !m.Bestaaet {
		m.vis("mangler: ", mangler)
		m.vis("for meget: ", forMeget)
	}
}

func (k *Kriterium) doemHar(m *Maaling, poster []string) {
	var mangler []string
	for _, v := range k.Vaerdier {
		if !slices.Contains(poster, v) {
			mangler = append(mangler, v)
		}
	}
	m.Krav, m.Maalt, m.Bestaaet = strings.Join(k.Vaerdier, ", "), strings.Join(slices.Compact(slices.Clone(poster)), ", "), len(mangler) == 0
	m.vis("mangler: ", mangler)
}

func (k *Kriterium) doemAntal(m *Maaling, n int) {
	m.Maalt = fmt.Sprint(n)
	if k.Lig != nil {
		m.Krav, m.Bestaaet = fmt.Sprintf("netop %d", *k.Lig), n == *k.Lig
		return
	}
	m.Krav, m.Bestaaet = fmt.Sprintf("mindst %d", *k.Mindst), n >= *k.Mindst
}

// vis shows some posts, without CPR numbers.
func (m *Maaling) vis(forled string, poster []string) {
	for i, p := range poster {
		if i == maksEksempler {
			m.Eksempler = append(m.Eksempler, fmt.Sprintf("… og %d til", len(poster)-i))
			return
		}
		m.Eksempler = append(m.Eksempler, forled+mox.Maskeret(p))
	}
}

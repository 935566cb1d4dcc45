package snitflade

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"
)

// The form of JUnit that CI servers read.
type (
	junitSuites struct {
		XMLName xml.Name     `xml:"testsuites"`
		Navn    string       `xml:"name,attr"`
		Tests   int          `xml:"tests,attr"`
		Fejl    int          `xml:"failures,attr"`
		Suites  []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Navn      string          `xml:"name,attr"`
		Tests     int             `xml:"tests,attr"`
		Fejl      int             `xml:"failures,attr"`
		Errors    int             `xml:"errors,attr"`
		Skipped   int             `xml:"skipped,attr"`
		Tid       string          `xml:"time,attr"`
		Tidspunkt string          `xml:"timestamp,attr"`
		Egne      []junitProperty `xml:"properties>property"`
		Cases     []junitCase     `xml:"testcase"`
		Ud        string          `xml:"system-out,omitempty"`
	}
	junitProperty struct {
		Navn   string `xml:"name,attr"`
		Vaerdi string `xml:"value,attr"`
	}
	junitCase struct {
		Klasse  string     `xml:"classname,attr"`
		Navn    string     `xml:"name,attr"`
		Tid     string     `xml:"time,attr"`
		Fejl    *junitFejl `xml:"failure"`
		Skipped *junitFejl `xml:"skipped"`
	}
	junitFejl struct {
		Besked string `xml:"message,attr"`
		Tekst  string `xml:",chardata"`
	}
)

// SkrivJUnit writes the result as CI servers read it. A case that was not tried is skipped, with the reason.
func (r *Resultat) SkrivJUnit(w io.Writer) error {
	klasse := fmt.Sprintf("snitfladetest.%s.%s", r.Omfang.Rolle, r.Omfang.Carrier)
	s := junitSuite{Navn: "snitfladetest " + r.Produkt + " " + r.Version, Tests: r.Optaelling.IAlt, Fejl: r.Optaelling.Fejlet, Skipped: r.Optaelling.IkkeAfproevet,
		Tid: fmt.Sprintf("%.0f", r.Sluttet.Sub(r.Begyndt).Seconds()), Tidspunkt: r.Begyndt.Format(time.RFC3339), Egne: []junitProperty{
			{"dom", string(r.Dom)}, {"omfang", r.Omfang.Tekst()}, {"proevesaet", r.Proevesaet}, {"vaerktoej", r.Vaerktoej}}}
	for i := range r.Proever {
		p := &r.Proever[i]
		c := junitCase{Klasse: klasse, Navn: p.ID + " " + p.Navn, Tid: "0"}
		tekst := fmt.Sprintf("%s\n%s\nKrav: %s", p.Grund, p.Forklaring, p.kravtekst())
		switch p.Status {
		case Fejlet:
			c.Fejl = &junitFejl{p.Grund, tekst}
		case IkkeAfproevet:
			c.Skipped = &junitFejl{p.Grund, ""}
		}
		s.Cases = append(s.Cases, c)
	}
	if r.Forskel != nil {
		s.Ud = strings.Join(r.Forskel.Linjer(), "\n")
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	return e.Encode(junitSuites{Navn: "snitfladetest", Tests: s.Tests, Fejl: s.Fejl, Suites: []junitSuite{s}})
}

// kravtekst is what the case builds on, in one line.
func (p *Proeveresultat) kravtekst() string {
	ud := strings.Join(p.Krav, ", ")
	if p.Regel != "" {
		ud += "; " + p.Regel
	}
	return ud
}

// Linjer is the difference in words, one line for each change.
func (f *Forskel) Linjer() []string {
	ud := []string{fmt.Sprintf("Sammenlignet med version %s, prøvet %s (%s).", f.Version, dato(f.Sluttet), f.Dom)}
	if f.AndetSaet {
		ud = append(ud, "Prøverne er ikke de samme som dengang.")
	}
	for _, l := range []struct {
		hvad string
		alle []Aendring
	}{{"Ny fejl", f.NyeFejl}, {"Rettet", f.Rettet}, {"Ændret", f.Andre}} {
		for _, a := range l.alle {
			ud = append(ud, fmt.Sprintf("%s: %s %s (før %s, nu %s)", l.hvad, a.ID, a.Navn, a.Foer, a.Nu))
		}
	}
	if len(f.Nye) > 0 {
		ud = append(ud, "Var ikke med sidst: "+strings.Join(f.Nye, ", "))
	}
	if len(f.Forsvundet) > 0 {
		ud = append(ud, "Er ikke med mere: "+strings.Join(f.Forsvundet, ", "))
	}
	if f.Tom() {
		ud = append(ud, "Alt er, som det var.")
	}
	return ud
}

// periode is when the test ran.
func (r *Resultat) periode() string {
	fra, til := dato(r.Begyndt), dato(r.Sluttet)
	dag, _, _ := strings.Cut(fra, " kl. ")
	kl, sammeDag := strings.CutPrefix(til, dag+" kl. ")
	switch {
	case fra == til:
		return fra
	case sammeDag:
		return fra + " til " + kl
	}
	return fra + " til " + til
}

// dato is a time as a Danish document has it.
func dato(t time.Time) string {
	maaneder := [...]string{"januar", "februar", "marts", "april", "maj", "juni", "juli", "august", "september", "oktober", "november", "december"}
	if z, err := time.LoadLocation("Europe/Copenhagen"); err == nil {
		t = t.In(z)
	}
	return fmt.Sprintf("%d. %s %d kl. %s", t.Day(), maaneder[t.Month()-1], t.Year(), t.Format("15.04"))
}

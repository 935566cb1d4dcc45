package kle

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/moxkit/mox"
)

// Limits on a file.
const (
	MaksBytes = 32 << 20
	maksEmner = 100_000
	maksFejl  = 50 // told of one file
)

// art is a kind of element that is a number of a plan. Its parts are called as itself and then Nr, Titel and so on.
type art struct {
	navn  string
	form  *regexp.Regexp
	under *art
}

// arter are the kinds at the top of each plan, by the plan's root element.
func arter(rod string) (top *art, facet string) {
	switch rod {
	case "KLE-Emneplan":
		emne := &art{navn: "Emne", form: regexp.MustCompile(`^\d{2}\.\d{2}\.\d{2}$`)}
		gruppe := &art{navn: "Gruppe", form: regexp.MustCompile(`^\d{2}\.\d{2}$`), under: emne}
		return &art{navn: "Hovedgruppe", form: regexp.MustCompile(`^\d{2}$`), under: gruppe}, emneplan
	case "KLE-Handlingsfacetter":
		facet := &art{navn: "Handlingsfacet", form: regexp.MustCompile(`^[A-ZÆØÅ]\d{2}$`)}
		return &art{navn: "HandlingsfacetKategori", form: regexp.MustCompile(`^[A-ZÆØÅ]$`), under: facet}, handlingsfacet
	}
	return nil, ""
}

// Laes reads a plan. The error is a [*mox.Error] with [mox.KodeUgyldig] and the line of each fault, or [mox.KodeForStor].
// A file with faults is not read in part.
func Laes(r io.Reader) (*Plan, error) {
	graense := &io.LimitedReader{R: r, N: MaksBytes + 1}
	l := &laeser{d: xml.NewDecoder(graense), kendte: map[string]int{}}
	err := l.plan()
	switch {
	case graense.N <= 0:
		return nil, mox.E("kle", mox.KodeForStor, "filen er på mere end %d MB", MaksBytes>>20)
	case err != nil && !errors.Is(err, errFuldt):
		linje, _ := l.d.InputPos()
		return nil, mox.E("kle", mox.KodeUgyldig, "filen er ikke XML, som KL udgiver den: linje %d: %s", linje, mox.Maskeret(err.Error())).Med("hent den igen fra kle-online.dk")
	case len(l.fejl) > 0:
		return nil, &mox.Error{Kode: mox.KodeUgyldig, Op: "kle", Tekst: "filen kan ikke bruges, og intet er ændret", Felter: l.fejl, Raad: "ret filen, eller hent den igen fra kle-online.dk"}
	}
	return &l.ud, nil
}

// errFuldt ends the reading of a file with more faults than are told.
var errFuldt = errors.New("kle: too many faults")

type laeser struct {
	d      *xml.Decoder
	ud     Plan
	kendte map[string]int // line of each number
	fejl   []mox.Feltfejl
}

func (l *laeser) afvis(format string, args ...any) error {
	linje, _ := l.d.InputPos()
	l.fejl = append(l.fejl, mox.Feltfejl{Sti: fmt.Sprintf("linje %d", linje), Regel: "kle", Tekst: mox.Maskeret(fmt.Sprintf(format, args...))})
	if len(l.fejl) == maksFejl {
		return errFuldt
	}
	return nil
}

// boern gives f each element until the one that is open ends; f reads it to its end.
func (l *laeser) boern(f func(xml.StartElement) error) error {
	for {
		t, err := l.d.Token()
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.EndElement:
			return nil
		case xml.Directive:
			return errors.New("en DTD er ikke tilladt")
		case xml.StartElement:
			if err := f(t); err != nil {
				return err
			}
		}
	}
}

func (l *laeser) plan() error {
	var rod *xml.StartElement
	for rod == nil {
		t, err := l.d.Token()
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.Directive:
			return errors.New("en DTD er ikke tilladt")
		case xml.StartElement:
			rod = &t
		}
	}
	top, facet := arter(rod.Name.Local)
	if top == nil {
		return fmt.Errorf("roden er <%s> og ikke <KLE-Emneplan> eller <KLE-Handlingsfacetter>", rod.Name.Local)
	}
	l.ud.Facet = facet
	err := l.boern(func(s xml.StartElement) error {
		switch s.Name.Local {
		case "UdgivelsesDato":
			return l.dato(&l.ud.Udgivet)
		case top.navn:
			return l.emne(top, "", 0)
		}
		return l.d.Skip()
	})
	switch {
	case err != nil:
		return err
	case l.ud.Udgivet.IsZero():
		return l.afvis("UdgivelsesDato mangler")
	case len(l.ud.Emner) == 0:
		return l.afvis("filen har ingen %s", top.navn)
	}
	return nil
}

// emne reads one number, and those below it.
func (l *laeser) emne(a *art, over string, niveau int) error {
	nr := len(l.ud.Emner)
	if nr == maksEmner {
		return fmt.Errorf("filen har flere end %d numre", maksEmner)
	}
	linje, _ := l.d.InputPos()
	l.ud.Emner = append(l.ud.Emner, Emne{Over: over, Niveau: niveau})
	err := l.boern(func(s xml.StartElement) error {
		e := &l.ud.Emner[nr] // those below make the list grow
		if a.under != nil && s.Name.Local == a.under.navn {
			return l.emne(a.under, e.Nr, niveau+1)
		}
		return l.del(a, e, s.Name.Local)
	})
	if err != nil {
		return err
	}
	return l.kontroller(a, &l.ud.Emner[nr], linje)
}

func (l *laeser) kontroller(a *art, e *Emne, linje int) error {
	foer, igen := l.kendte[e.Nr]
	l.kendte[e.Nr] = linje
	switch {
	case !a.form.MatchString(e.Nr) || !strings.HasPrefix(e.Nr, e.Over):
		return l.afvis("%sNr %q er ikke et nummer under %q", a.navn, e.Nr, e.Over)
	case igen:
		return l.afvis("nummeret %s står også i linje %d", e.Nr, foer)
	case e.Titel == "":
		return l.afvis("%s har ingen %sTitel", e.Nr, a.navn)
	case e.Oprettet.IsZero():
		return l.afvis("%s har ingen OprettetDato", e.Nr)
	}
	return nil
}

// del reads one part of a number; what is not known is passed over.
func (l *laeser) del(a *art, e *Emne, navn string) (err error) {
	switch navn {
	case a.navn + "Nr":
		return l.tekst(&e.Nr)
	case a.navn + "Titel":
		err = l.tekst(&e.Titel)
		e.Titel = udenUdgaaet(e.Titel)
		return err
	case a.navn + "Vejledning":
		e.Vejledning, err = l.vejledning()
		return err
	case a.navn + "RetskildeReference":
		return l.retskilder(e)
	case a.navn + "AdministrativInfo":
		return l.administrativ(e)
	case a.navn + "Filter":
		return l.boern(func(xml.StartElement) error {
			var s string
			err := l.tekst(&s)
			e.Delplaner = append(e.Delplaner, s)
			return err
		})
	case "BevaringJaevnfoerArkivloven":
		if err = l.tekst(&e.Bevaring); e.Bevaring == "tom" {
			e.Bevaring = ""
		}
		return err
	case "SletningJaevnfoerPersondataloven":
		return l.tekst(&e.Sletning)
	}
	return l.d.Skip()
}

// udenUdgaaet is a title without the mark that KL sets on what is historical: that is said in time, not in words.
func udenUdgaaet(titel string) string {
	return strings.TrimSpace(strings.TrimSuffix(titel, "[udgået]"))
}

// retskilder reads references to law: a title, maybe a paragraph, and a number in Retsinformation, again and again.
func (l *laeser) retskilder(e *Emne) error {
	var titel, sted string
	return l.boern(func(s xml.StartElement) error {
		switch s.Name.Local {
		case "RetskildeTitel":
			sted = ""
			return l.tekst(&titel)
		case "ParagrafEllerKapitel":
			return l.tekst(&sted)
		case "RetsinfoAccessionsNr":
			var nr string
			err := l.tekst(&nr)
			tekst := strings.TrimSpace(titel + " " + sted)
			if nr != "" {
				tekst += " (" + nr + ")"
			}
			e.Retskilder = append(e.Retskilder, tekst)
			return err
		}
		return l.d.Skip()
	})
}

func (l *laeser) administrativ(e *Emne) error {
	return l.boern(func(s xml.StartElement) error {
		switch s.Name.Local {
		case "OprettetDato":
			return l.dato(&e.Oprettet)
		case "RettetDato":
			var d time.Time
			err := l.dato(&d)
			e.Rettet = append(e.Rettet, d)
			return err
		case "Historisk":
			return l.historisk(e)
		}
		return l.d.Skip()
	})
}

func (l *laeser) historisk(e *Emne) error {
	return l.boern(func(s xml.StartElement) error {
		switch s.Name.Local {
		case "UdgaaetDato", "FlyttetDato":
			return l.dato(&e.Udgaaet)
		case "Flyttet":
			return l.historisk(e)
		case "AfloestAf":
			return l.boern(func(xml.StartElement) error {
				var nr string
				if err := l.tekst(&nr); err != nil || nr == "" {
					return err
				}
				e.AfloestAf = append(e.AfloestAf, nr)
				return nil
			})
		}
		return l.d.Skip()
	})
}

// tekst reads the text of the element that is open, to its end.
func (l *laeser) tekst(ud *string) error {
	linjer, err := l.linjer(nil)
	*ud = strings.Join(linjer, " ")
	return err
}

func (l *laeser) dato(ud *time.Time) error {
	var s string
	if err := l.tekst(&s); err != nil {
		return err
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() < 1 {
		return l.afvis("%q er ikke en dato; den skrives 2015-08-01", s)
	}
	*ud = t
	return nil
}

// vejledning reads guidance in XHTML as plain text: a line for each paragraph and item.
func (l *laeser) vejledning() (string, error) {
	linjer, err := l.linjer([]string{"p", "ul", "ol", "li"})
	return strings.Join(linjer, "\n"), err
}

// linjer reads all text below the element that is open, to its end. An element in skel begins and ends a line.
func (l *laeser) linjer(skel []string) (ud []string, err error) {
	var nu strings.Builder
	maerke := ""
	slut := func() {
		if s := strings.Join(strings.Fields(nu.String()), " "); s != "" {
			ud = append(ud, maerke+s)
			maerke = ""
		}
		nu.Reset()
	}
	for dybde := 1; dybde > 0; {
		t, err := l.d.Token()
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.CharData:
			nu.Write(t)
		case xml.StartElement:
			dybde++
			if slices.Contains(skel, t.Name.Local) {
				slut()
			}
			if t.Name.Local == "li" {
				maerke = "- "
			}
		case xml.EndElement:
			dybde--
			if slices.Contains(skel, t.Name.Local) {
				slut()
				maerke = ""
			}
		}
	}
	slut()
	return ud, nil
}

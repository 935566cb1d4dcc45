package snitflade

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"codeberg.org/go-pdf/fpdf"
)

// Measures of a page, in millimetres.
const (
	pdfMargen = 18
	pdfLinje  = 5
	pdfID     = 20
	pdfNiveau = 20
	pdfKrav   = 40
)

// farve is a colour of text and line, and its pale ground.
type farve struct{ tekst, svag [3]int }

func (s Samlet) farve() farve {
	switch s {
	case SamletBestaaet:
		return farve{[3]int{23, 101, 58}, [3]int{224, 243, 231}}
	case SamletFejlet:
		return farve{[3]int{161, 33, 27}, [3]int{252, 231, 229}}
	}
	return farve{[3]int{123, 74, 0}, [3]int{252, 239, 211}}
}

// arket is a document being written.
type arket struct {
	*fpdf.Fpdf
	tr func(string) string
	r  *Resultat
}

// SkrivPDF writes the result as a document to print.
func (r *Resultat) SkrivPDF(w io.Writer) error {
	p := fpdf.New("P", "mm", "A4", "")
	a := &arket{p, p.UnicodeTranslatorFromDescriptor(""), r} // windows-1252: Danish letters in the fonts that every reader has
	p.SetMargins(pdfMargen, pdfMargen, pdfMargen)
	p.SetAutoPageBreak(true, pdfMargen+4)
	p.SetCellMargin(0)
	p.SetCatalogSort(true) // the same result is the same bytes
	p.SetLang("da")
	p.SetTitle("Snitfladetest "+r.Produkt+" "+r.Version, true)
	p.SetCreationDate(r.Sluttet)
	p.SetModificationDate(r.Sluttet)
	p.SetFooterFunc(a.fod)
	p.AddPage()
	a.hoved()
	a.siden()
	a.fejlede()
	a.ikkeAfproevede()
	a.bestaaede()
	a.udenfor()
	return p.Output(w)
}

func (a *arket) fod() {
	a.SetY(-14)
	a.skrift("", 8, 110)
	a.CellFormat(0, 6, a.tr(fmt.Sprintf("%s %s · %s · prøvesæt %s", a.r.Produkt, a.r.Version, a.r.Omfang.kort(), a.r.Proevesaet)), "", 0, "L", false, 0, "")
	a.CellFormat(0, 6, fmt.Sprintf("side %d", a.PageNo()), "", 0, "R", false, 0, "")
}

func (o *Omfang) kort() string {
	return fmt.Sprintf("%s over %s", o.Rolle, strings.ToUpper(string(o.Carrier)))
}

// skrift chooses a font and a grey: 0 is black.
func (a *arket) skrift(stil string, stoerrelse float64, graa int) {
	a.SetFont("Helvetica", stil, stoerrelse)
	a.SetTextColor(graa, graa, graa)
}

func (a *arket) hoved() {
	r := a.r
	a.skrift("", 9, 90)
	a.MultiCell(0, pdfLinje, a.tr("Snitfladetest · "+r.Leverandoer), "", "L", false)
	a.skrift("B", 20, 20)
	a.MultiCell(0, 9, a.tr(r.Produkt+" "+r.Version), "", "L", false)
	a.Ln(3)
	f := r.Dom.farve()
	a.SetFillColor(f.svag[0], f.svag[1], f.svag[2])
	a.SetTextColor(f.tekst[0], f.tekst[1], f.tekst[2])
	a.SetFont("Helvetica", "B", 14)
	a.CellFormat(0, 10, a.tr("   "+stort(string(r.Dom))), "", 1, "L", true, 0, "")
	a.skrift("", 10, 20)
	a.CellFormat(0, 8, a.tr("    "+r.Domtekst()), "", 1, "L", true, 0, "")
	a.Ln(4)
	o := r.Optaelling
	ikke := fmt.Sprint(o.IkkeAfproevet)
	if o.Undtaget > 0 {
		ikke += fmt.Sprintf(" (heraf %d undtaget i profilen)", o.Undtaget)
	}
	for _, l := range [][2]string{{"Bestået", fmt.Sprint(o.Bestaaet)}, {"Fejlet", fmt.Sprint(o.Fejlet)}, {"Ikke afprøvet", ikke}, {"Uden for omfang", fmt.Sprint(o.Udenfor)},
		{"Afprøvet som", r.Omfang.Tekst()}, {"Systemets navn", r.Omfang.System}, {"Hvornår", r.periode()}, {"Kørt med", "mox " + r.Vaerktoej}} {
		a.fakta(l[0], l[1])
	}
	a.Ln(2)
	a.skrift("", 8.5, 90)
	a.MultiCell(0, 4.2, a.tr("Leverandøren har selv kørt testen. Resultatet gælder det produkt, den version og det omfang, der står her. Om filen er den, leverandøren har underskrevet, ses med mox snitfladetest efterproev."), "", "L", false)
}

// stort is a text with a capital letter.
func stort(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

func (a *arket) fakta(navn, v string) {
	a.skrift("", 10, 90)
	a.CellFormat(36, pdfLinje+.4, a.tr(navn), "", 0, "L", false, 0, "")
	a.skrift("", 10, 20)
	a.MultiCell(0, pdfLinje+.4, a.tr(v), "", "L", false)
}

// afsnit begins a part, on a new page where there is no room for its heading and something below it.
func (a *arket) afsnit(navn string) {
	a.plads(44)
	a.Ln(5)
	a.skrift("B", 13, 20)
	a.CellFormat(0, 8, a.tr(navn), "", 1, "L", false, 0, "")
}

// plads turns the page where there is not so much room.
func (a *arket) plads(mm float64) {
	_, hoejde := a.GetPageSize()
	if a.GetY()+mm > hoejde-pdfMargen-4 {
		a.AddPage()
	}
}

func (a *arket) siden() {
	if a.r.Forskel == nil {
		return
	}
	a.afsnit("Siden sidst")
	a.skrift("", 10, 20)
	for _, l := range a.r.Forskel.Linjer() {
		a.MultiCell(0, pdfLinje, a.tr(l), "", "L", false)
	}
}

func (a *arket) fejlede() {
	if len(a.r.med(Fejlet)) == 0 {
		return
	}
	a.afsnit("Fejlet")
	for _, p := range a.r.med(Fejlet) {
		a.proeve(p, SamletFejlet.farve(), p.Grund)
		a.skrift("", 9.5, 20)
		a.SetX(pdfMargen + pdfID)
		a.MultiCell(0, 4.8, a.tr(p.Forklaring), "", "L", false)
		a.krav(p)
	}
}

func (a *arket) ikkeAfproevede() {
	if len(a.r.med(IkkeAfproevet)) == 0 {
		return
	}
	a.afsnit("Ikke afprøvet")
	for _, p := range a.r.med(IkkeAfproevet) {
		grund := p.Grund
		if p.Undtaget {
			grund = "Undtaget i profilen: " + grund
		}
		a.proeve(p, SamletUfuldstaendig.farve(), grund)
		a.krav(p)
	}
}

// proeve is the heading of a case, and what was seen.
func (a *arket) proeve(p *Proeveresultat, f farve, grund string) {
	a.plads(24)
	a.Ln(1.5)
	a.skrift("", 9.5, 90)
	a.CellFormat(pdfID, pdfLinje, p.ID, "", 0, "L", false, 0, "")
	a.skrift("B", 10, 20)
	a.MultiCell(0, pdfLinje, a.tr(p.Navn), "", "L", false)
	a.SetX(pdfMargen + pdfID)
	a.SetFont("Helvetica", "", 9.5)
	a.SetTextColor(f.tekst[0], f.tekst[1], f.tekst[2])
	a.MultiCell(0, 4.8, a.tr(grund), "", "L", false)
}

func (a *arket) krav(p *Proeveresultat) {
	a.skrift("", 8.5, 90)
	a.SetX(pdfMargen + pdfID)
	a.MultiCell(0, 4.6, a.tr(fmt.Sprintf("Niveau %s · %s", p.Niveau, p.kravtekst())), "", "L", false)
}

func (a *arket) bestaaede() {
	l := a.r.med(Bestaaet)
	if len(l) == 0 {
		return
	}
	a.afsnit("Bestået")
	for _, p := range l {
		a.raekke(p.ID, p.Navn, string(p.Niveau), strings.Join(p.Krav, ", "))
	}
}

func (a *arket) udenfor() {
	if len(a.r.Udenfor) == 0 {
		return
	}
	a.afsnit("Uden for omfang")
	a.skrift("", 9.5, 20)
	a.MultiCell(0, pdfLinje, a.tr("Profilen siger, at produktet ikke har det, disse prøver handler om. De er ikke en del af resultatet."), "", "L", false)
	a.Ln(1)
	for i := range a.r.Udenfor {
		u := &a.r.Udenfor[i]
		a.raekke(u.ID, u.Navn, "", u.KraeverTekst())
	}
}

// raekke is a case on one line, or as many as its name takes.
func (a *arket) raekke(id, navn, niveau, krav string) {
	bredde, _ := a.GetPageSize()
	navnebredde := bredde - 2*pdfMargen - pdfID - pdfNiveau - pdfKrav
	a.skrift("", 9, 20)
	linjer := a.SplitLines([]byte(a.tr(navn)), navnebredde-1)
	a.plads(float64(len(linjer))*4.6 + 2)
	a.SetDrawColor(219, 225, 232)
	y := a.GetY()
	a.Line(pdfMargen, y, bredde-pdfMargen, y)
	a.SetY(y + .5)
	for i, l := range linjer {
		if i > 0 {
			id, niveau, krav = "", "", ""
		}
		a.skrift("", 9, 90)
		a.CellFormat(pdfID, 4.8, id, "", 0, "L", false, 0, "")
		a.skrift("", 9, 20)
		a.CellFormat(navnebredde, 4.8, string(l), "", 0, "L", false, 0, "")
		a.skrift("", 9, 90)
		a.CellFormat(pdfNiveau, 4.8, a.tr(niveau), "", 0, "L", false, 0, "")
		a.CellFormat(pdfKrav, 4.8, a.tr(krav), "", 1, "L", false, 0, "")
	}
}

package report

import (
	"fmt"
	"io"

	"codeberg.org/go-pdf/fpdf"
)

// Measures of a page, in millimetres.
const (
	pdfMargen = 18
	pdfLinje  = 5.4
	pdfPost   = 104
	pdfTal    = 38
	pdfResten = 32
)

// SkrivPDF writes the figures as a document to print: all that is in the CSV but the single months.
func SkrivPDF(w io.Writer, r *Rapport) error {
	p := fpdf.New("P", "mm", "A4", "")
	tr := p.UnicodeTranslatorFromDescriptor("") // windows-1252: Danish letters in the fonts that every reader has
	p.SetMargins(pdfMargen, pdfMargen, pdfMargen)
	p.SetAutoPageBreak(true, pdfMargen)
	p.SetCatalogSort(true) // the same report is the same bytes
	p.SetLang("da")
	p.SetTitle("Gevinster ved MOX "+r.Grundlag.Kommune, true)
	p.SetCreationDate(r.Lavet)
	p.SetModificationDate(r.Lavet)
	p.SetFooterFunc(func() {
		p.SetY(-12)
		p.SetFont("Helvetica", "", 8)
		p.CellFormat(0, 6, tr(fmt.Sprintf("%s til %s · side %d", r.Fra, r.Til, p.PageNo())), "", 0, "R", false, 0, "")
	})
	p.AddPage()
	p.SetFont("Helvetica", "B", 18)
	p.MultiCell(0, 9, tr("Gevinster ved MOX"), "", "L", false)
	p.SetFont("Helvetica", "", 10)
	p.MultiCell(0, pdfLinje, tr("Talt er optalt af MOX i rigtig trafik. Angivet har kommunen selv skrevet. Regnet følger af de to. Realiseret bygger på det talte, beregnet på det ventede."), "", "L", false)
	afsnit := ""
	for _, l := range r.Linjer() {
		if l.Maaned {
			continue
		}
		if l.Afsnit != afsnit {
			afsnit = l.Afsnit
			p.Ln(3)
			p.SetFont("Helvetica", "B", 12)
			p.MultiCell(0, 7, tr(afsnit), "B", "L", false)
		}
		p.SetFont("Helvetica", "", 9.5)
		pdflinje(p, tr, &l)
	}
	return p.Output(w)
}

func pdflinje(p *fpdf.Fpdf, tr func(string) string, l *Linje) {
	if l.Afsnit == "Mangler" || len([]rune(l.Tekst)) > 30 {
		tekst := l.Post
		if l.Tekst != "" {
			tekst += ": " + l.Tekst
		}
		p.MultiCell(0, pdfLinje, tr(tekst), "", "L", false)
		return
	}
	p.CellFormat(pdfPost, pdfLinje, tr(l.Post), "", 0, "L", false, 0, "")
	p.CellFormat(pdfTal, pdfLinje, tr(l.Vist()), "", 0, "R", false, 0, "")
	p.CellFormat(pdfResten, pdfLinje, tr(" "+l.Enhed+"  "+l.Kilde), "", 1, "L", false, 0, "")
}

package afproevning

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"codeberg.org/go-pdf/fpdf"

	"github.com/moxkit/mox/agent"
)

// Measures of a page, in millimetres.
const (
	pdfMargen = 18
	pdfBredde = 210 - 2*pdfMargen
	pdfLinje  = 4.8
)

// pdf is a document being written.
type pdf struct {
	*fpdf.Fpdf
	tr func(string) string
}

// skrivPDF writes the evidence as a document to print.
func (b *Bevis) skrivPDF(w io.Writer) error {
	p := &pdf{Fpdf: fpdf.New("P", "mm", "A4", "")}
	cp := p.UnicodeTranslatorFromDescriptor("") // windows-1252: Danish letters in the fonts that every reader has
	// What that character set lacks is written otherwise.
	uden := strings.NewReplacer("→", "til", "✓", "", "✗", "", "≤", "<=", "≥", ">=")
	p.tr = func(s string) string { return cp(uden.Replace(s)) }
	p.SetMargins(pdfMargen, pdfMargen, pdfMargen)
	p.SetAutoPageBreak(true, pdfMargen)
	p.SetCatalogSort(true)
	p.SetLang("da")
	p.SetTitle("Afprøvning: "+b.Titel, true)
	p.SetCreationDate(b.Startet)
	p.SetModificationDate(b.Startet)
	p.SetFooterFunc(func() {
		p.SetY(-12)
		p.SetFont("Helvetica", "", 8)
		p.SetTextColor(90, 98, 112)
		p.CellFormat(0, 6, p.tr(b.Stempel), "", 0, "L", false, 0, "")
		p.SetX(pdfMargen)
		p.CellFormat(0, 6, p.tr(fmt.Sprintf("%s · side %d", b.Navn, p.PageNo())), "", 0, "R", false, 0, "")
		p.SetTextColor(20, 24, 31)
	})
	p.AddPage()
	b.pdfForside(p)
	b.pdfKriterier(p)
	b.pdfTal(p)
	b.pdfHaendelser(p)
	b.pdfStandarden(p)
	b.pdfEksempler(p)
	return p.Output(w)
}

func (p *pdf) overskrift(s string) {
	p.luft(18)
	p.Ln(4)
	p.SetFont("Helvetica", "B", 13)
	p.SetTextColor(31, 78, 140)
	p.SetDrawColor(31, 78, 140)
	p.MultiCell(0, 7, p.tr(s), "B", "L", false)
	p.SetTextColor(20, 24, 31)
	p.Ln(1.5)
}

// luft begins a new page where there is not so much room left.
func (p *pdf) luft(mm float64) {
	if _, h := p.GetPageSize(); p.GetY()+mm > h-pdfMargen {
		p.AddPage()
	}
}

func (p *pdf) tekst(s string) {
	p.SetFont("Helvetica", "", 9.5)
	p.MultiCell(0, pdfLinje, p.tr(s), "", "L", false)
}

func (p *pdf) fed(s string) {
	p.luft(12)
	p.Ln(1)
	p.SetFont("Helvetica", "B", 9.5)
	p.MultiCell(0, pdfLinje+0.6, p.tr(s), "", "L", false)
}

// tabel writes rows with a head; bredder are shares of the page.
func (p *pdf) tabel(bredder []float64, hoved []string, raekker [][]string) {
	if len(raekker) == 0 {
		return
	}
	p.luft(3 * pdfLinje)
	if len(hoved) > 0 {
		p.raekke(bredder, hoved, "B", true)
	}
	for _, r := range raekker {
		side := p.PageNo()
		if p.luft(p.hoejde(bredder, r)); len(hoved) > 0 && p.PageNo() != side {
			p.raekke(bredder, hoved, "B", true)
		}
		p.raekke(bredder, r, "", false)
	}
}

// hoejde is how much room a row takes.
func (p *pdf) hoejde(bredder []float64, celler []string) float64 {
	p.SetFont("Helvetica", "", 8.5)
	linjer := 1
	for i, c := range celler {
		linjer = max(linjer, len(p.SplitText(p.tr(c), bredder[i]*pdfBredde-2)))
	}
	return float64(linjer)*pdfLinje*0.88 + 1.4
}

func (p *pdf) raekke(bredder []float64, celler []string, stil string, fyld bool) {
	h := p.hoejde(bredder, celler)
	p.luft(h)
	p.SetFont("Helvetica", stil, 8.5)
	x, y := p.GetXY()
	if fyld {
		p.SetFillColor(243, 245, 249)
		p.Rect(x, y, pdfBredde, h, "F")
	}
	for i, c := range celler {
		p.SetXY(x, y+0.7)
		p.MultiCell(bredder[i]*pdfBredde, pdfLinje*0.88, p.tr(c), "", "L", false)
		x += bredder[i] * pdfBredde
	}
	p.SetDrawColor(213, 217, 224)
	p.Line(pdfMargen, y+h, pdfMargen+pdfBredde, y+h)
	p.SetXY(pdfMargen, y+h)
}

func (b *Bevis) pdfForside(p *pdf) {
	p.SetFont("Helvetica", "", 9.5)
	p.SetTextColor(90, 98, 112)
	p.MultiCell(0, pdfLinje, p.tr("MOX · bevis for afprøvningen "+b.Navn), "", "L", false)
	p.SetTextColor(20, 24, 31)
	p.SetFont("Helvetica", "B", 18)
	p.MultiCell(0, 8.5, p.tr(b.Titel), "", "L", false)
	if b.Stempel != "" {
		p.Ln(2)
		p.SetFont("Helvetica", "B", 10)
		p.SetTextColor(163, 33, 29)
		p.SetDrawColor(163, 33, 29)
		p.CellFormat(p.GetStringWidth(p.tr(b.Stempel))+8, 8, p.tr(b.Stempel), "1", 1, "C", false, 0, "")
		p.SetTextColor(20, 24, 31)
		p.Ln(2)
	}
	p.tekst(b.Beskrivelse)
	p.Ln(1)
	p.tekst(b.Stedfortraeder + ".")
	p.Ln(2)
	p.SetFont("Helvetica", "B", 11)
	dom := fmt.Sprintf("Bestået. %d af %d kriterier er opfyldt.", opfyldte(b.Kriterier), len(b.Kriterier))
	if !b.Bestaaet {
		dom = "Ikke bestået. " + b.Aarsag
	}
	p.MultiCell(0, 6, p.tr(dom), "", "L", false)
	p.tekst(fmt.Sprintf("Kørt %s kl. %s, %s sekunder. MOX %s, %s. %d sager, historie %d.", dato(b.Startet), klokken(b.Startet), sekunder(b.VarighedS), b.Version, b.Maskine,
		b.Belastning.Antal, b.Belastning.Seed))
	p.overskrift("Systemerne")
	b.flow.pdf(p)
	var r [][]string
	for _, s := range b.Systemer {
		her := "kommunens eget"
		if s.Simuleret {
			her = "simuleret"
		}
		r = append(r, []string{s.Titel, s.Leverandoer, s.Adgang, jaNej(s.Standard), her})
	}
	p.tabel([]float64{.24, .26, .22, .14, .14}, []string{"System", "Leverandør", "Adgang", "Standard", "Her"}, r)
	r = nil
	for _, x := range b.Roller {
		r = append(r, []string{x.Rolle, x.Navn, x.Opgave})
	}
	p.Ln(2)
	p.tabel([]float64{.22, .22, .56}, []string{"Rolle", "Hvem", "Opgave"}, r)
	b.pdfAntagelser(p)
}

func (b *Bevis) pdfAntagelser(p *pdf) {
	if len(b.Antagelser) == 0 {
		return
	}
	p.Ln(2)
	p.fed("Agenternes antagelser om systemerne, prøvet før den første besked")
	var r [][]string
	for _, a := range b.Antagelser {
		holder := map[agent.Lys]string{agent.Groen: "ja", agent.Gul: "se efter", agent.Roed: "nej"}[a.Lys]
		r = append(r, []string{a.System, a.Del, a.Hvad, a.Tekst, holder})
	}
	p.tabel([]float64{.14, .16, .14, .44, .12}, []string{"System", "Del", "Antagelse", "Set", "Holder"}, r)
}

func opfyldte(l []Maaling) (n int) {
	for _, m := range l {
		if m.Bestaaet {
			n++
		}
	}
	return n
}

func jaNej(b bool) string {
	if b {
		return "ja"
	}
	return "nej"
}

func (b *Bevis) pdfKriterier(p *pdf) {
	p.overskrift("Kriterierne")
	p.tekst("Hvert kriterium er spurgt hos systemerne selv, ikke hos MOX, hvor det er systemerne, der ved det.")
	var r [][]string
	for _, k := range b.Kriterier {
		dom := "brudt"
		switch {
		case k.IkkeMaalt:
			dom = "ikke målt"
		case k.Bestaaet:
			dom = "opfyldt"
		}
		r = append(r, []string{k.Tekst, k.Krav, strings.Join(append([]string{k.Maalt}, k.Eksempler...), "\n"), dom})
	}
	p.tabel([]float64{.42, .19, .28, .11}, []string{"Kriterium", "Krav", "Målt", "Resultat"}, r)
	p.overskrift("Udsagn, afprøvningen viser")
	r = nil
	for _, u := range b.Udsagn {
		r = append(r, []string{u.Udsagn, u.Tekst, strings.Join(u.Kriterier, ", "), jaNej(u.Vist)})
	}
	p.tabel([]float64{.1, .5, .32, .08}, []string{"Udsagn", "Hvad MOX skal kunne", "Kriterier", "Vist"}, r)
}

func (b *Bevis) pdfTal(p *pdf) {
	p.overskrift("Processer og tal")
	for _, i := range b.Installationer {
		p.fed(i.Titel + ", CVR " + i.CVR)
		var r [][]string
		for _, x := range i.Processer {
			r = append(r, []string{x.Navn, strconv.Itoa(x.Startet), strconv.Itoa(x.Igang), strconv.Itoa(x.Afsluttet), strconv.Itoa(x.Fejlet), strconv.Itoa(x.Udloebet)})
		}
		p.tabel([]float64{.4, .12, .12, .12, .12, .12}, []string{"MOX-proces", "startet", "i gang", "afsluttet", "fejlet", "udløbet"}, r)
		p.Ln(2)
		r = nil
		for _, t := range i.Tal {
			r = append(r, []string{t.Navn, medTusinder(t.Antal)})
		}
		p.tabel([]float64{.5, .5}, nil, r)
		p.Ln(2)
		r = nil
		for _, m := range i.Modtagere {
			r = append(r, []string{m.Abonnement, m.System, strconv.Itoa(m.Leveret), strconv.Itoa(m.Venter), strconv.Itoa(m.Handling)})
		}
		p.tabel([]float64{.36, .22, .14, .12, .16}, []string{"Abonnement", "System", "leveret", "venter", "kræver handling"}, r)
	}
}

func (b *Bevis) pdfHaendelser(p *pdf) {
	p.overskrift("Hvad der gik galt med vilje")
	var r [][]string
	for _, f := range b.Fejl {
		hvad := "indtruffet"
		if !f.Indsat {
			hvad = "ikke indsat"
		}
		r = append(r, []string{klokken(f.Tid), f.Tekst, hvad})
	}
	p.tabel([]float64{.12, .7, .18}, []string{"Kl.", "Fejl", ""}, r)
	p.overskrift("Alarmer, der blev modtaget")
	r = nil
	for _, a := range b.Alarmer {
		r = append(r, []string{klokken(a.Modtaget), a.Tekst, a.Raad})
	}
	p.tabel([]float64{.12, .5, .38}, []string{"Kl.", "Alarm", "Råd"}, r)
	p.overskrift("Hvad en person rettede")
	r = nil
	for _, x := range b.Rettelser {
		felter := ""
		for f, v := range x.Felter {
			felter += "\n" + f + " = " + v
		}
		r = append(r, []string{klokken(x.Tid), x.Goer, x.System + ": " + x.Tekst + felter, x.Begrundelse})
	}
	p.tabel([]float64{.12, .16, .42, .3}, []string{"Kl.", "Gjort", "Fejl", "Begrundelse"}, r)
	if len(b.Venter) == 0 {
		return
	}
	p.fed("Venter stadig på en person")
	for _, v := range b.Venter {
		p.tekst(v.System + ": " + v.Tekst + " Næste skridt: " + v.Raad)
	}
}

func (b *Bevis) pdfStandarden(p *pdf) {
	p.overskrift("Det kunne standarden ikke bære")
	for _, s := range b.Standarden {
		p.fed("Agenten " + s.Agent + " (" + s.System + ")")
		var r [][]string
		for _, l := range [][]Feltplads{s.Udvidelse, s.UdenPlads, s.Tab} {
			for _, f := range l {
				sti := f.Sti
				if sti == "" {
					sti = "ingen"
				}
				r = append(r, []string{f.Felt, sti, f.Grund})
			}
		}
		for _, k := range s.Koder {
			r = append(r, []string{"ukendt kode", "", k})
		}
		if len(r) == 0 {
			p.tekst("Intet: alt, hvad agenten oversætter, har plads.")
			continue
		}
		p.tabel([]float64{.24, .3, .46}, []string{"Felt", "Plads i standarden", "Hvad der ikke går"}, r)
		p.Ln(1)
		for _, f := range s.Forslag {
			p.tekst("Forslag: " + f)
		}
	}
}

func (b *Bevis) pdfEksempler(p *pdf) {
	p.overskrift("Eksempler på beskeder")
	p.tekst("Én afsluttet gang af hver proces. Alle personer er opdigtede og har CPR-numre, som ikke kan findes.")
	for _, e := range b.Eksempler {
		p.fed(e.Proces)
		var r [][]string
		for _, x := range e.Beskeder {
			var til []string
			for _, l := range x.Leverancer {
				til = append(til, fmt.Sprintf("%s: %s (%s)", l.Abonnement, l.Tilstand, l.Svar))
			}
			r = append(r, []string{klokken(x.Tid), x.Type + " fra " + x.Fra, strings.Join(til, "\n")})
		}
		p.tabel([]float64{.12, .38, .5}, []string{"Kl.", "Besked", "Leveret til"}, r)
	}
}

// pdf draws the picture where the document stands.
func (f billede) pdf(p *pdf) {
	if f.b == 0 {
		return
	}
	maal := pdfBredde / f.b
	p.luft(f.h * maal)
	x0, y0 := pdfMargen+0.0, p.GetY()
	p.SetDrawColor(51, 51, 68)
	p.SetFont("Helvetica", "", 7.5)
	for _, l := range f.pile {
		p.Line(x0+l.x1*maal, y0+l.y1*maal, x0+l.x2*maal, y0+l.y2*maal)
		p.spids(x0+l.x2*maal, y0+l.y2*maal, l.x2 > l.x1)
		if l.begge {
			p.spids(x0+l.x1*maal, y0+l.y1*maal, l.x1 > l.x2)
		}
		x, y := l.midt()
		p.midt(x0+x*maal, y0+y*maal-3.6, l.tekst)
	}
	for _, b := range f.bokse {
		fyld, streg := b.farver()
		p.SetFillColor(rgb(fyld))
		p.SetDrawColor(rgb(streg))
		p.RoundedRect(x0+b.x*maal, y0+b.y*maal, b.b*maal, b.h*maal, 1.2, "1234", "FD")
		midt, y := x0+(b.x+b.b/2)*maal, y0+(b.y+b.h/2)*maal-2-1.75*float64(len(b.linjer))
		p.SetFont("Helvetica", "B", 9)
		p.midt(midt, y, b.titel)
		p.SetFont("Helvetica", "", 7.5)
		for n, l := range b.linjer {
			p.midt(midt, y+4+float64(n)*3.4, l)
		}
	}
	p.SetXY(pdfMargen, y0+f.h*maal+3)
}

// midt writes a text with its middle at x.
func (p *pdf) midt(x, y float64, s string) {
	s = p.tr(s)
	b := p.GetStringWidth(s)
	p.SetXY(x-b/2-1, y)
	p.CellFormat(b+2, 3.6, s, "", 0, "C", false, 0, "")
}

// spids is the point of an arrow that goes right, or left.
func (p *pdf) spids(x, y float64, hoejre bool) {
	d := 1.8
	if !hoejre {
		d = -d
	}
	p.SetFillColor(51, 51, 68)
	p.Polygon([]fpdf.PointType{{X: x, Y: y}, {X: x - d, Y: y - 0.9}, {X: x - d, Y: y + 0.9}}, "F")
}

// rgb reads a colour written #rrggbb.
func rgb(s string) (r, g, b int) {
	n, err := strconv.ParseUint(strings.TrimPrefix(s, "#"), 16, 32)
	if err != nil {
		return 0, 0, 0
	}
	return int(n >> 16), int(n >> 8 & 255), int(n & 255)
}

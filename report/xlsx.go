package report

import (
	"fmt"
	"io"

	"github.com/xuri/excelize/v2"
)

// The sheets of a workbook.
const (
	arkGrundlag    = "Grundlag"
	arkProcesser   = "Processer"
	arkIntegration = "Integrationer"
	arkResultat    = "Resultat"
	arkLeverandoer = "Leverandør"
	arkMaaneder    = "Måneder"
	arkOmfang      = "Agenter"
)

// The cells of arkGrundlag that the formulas of the others refer to.
const (
	celDage         = arkGrundlag + "!$B$6"
	celTimepris     = arkGrundlag + "!$B$8"
	celMinutter     = arkGrundlag + "!$B$9"
	celVentede      = arkGrundlag + "!$B$10"
	celDrift        = arkGrundlag + "!$B$11"
	celFoerste      = arkGrundlag + "!$B$12"
	celFoelgende    = arkGrundlag + "!$B$13"
	celKommuner     = arkGrundlag + "!$B$16"
	celReparationer = arkGrundlag + "!$B$17"
)

// bogen is a workbook while it is made. The first error stays.
type bogen struct {
	f                                  *excelize.File
	hoved, angivet, talt, regnet, note int // styles
	forklaring                         string
	blank                              bool // nothing has been counted: those cells are for the municipality too
	err                                error
}

// SkrivXLSX writes the report as a workbook whose results are formulas of the marked cells: who changes a number sees what it
// does. Yellow cells are told by the municipality, blue ones counted by MOX.
func SkrivXLSX(w io.Writer, r *Rapport) error {
	b := &bogen{forklaring: "Gule felter har kommunen angivet. Blå felter har MOX talt. Resten er formler."}
	return b.skriv(w, r, b.maaneder, b.agenter)
}

// blanketlinjer is how many processes and integrations the blank workbook has room for.
const blanketlinjer = 20

// SkrivBlanket writes the same workbook with nothing in it, for a municipality that has no MOX yet: all that the formulas
// need is in yellow cells, also what MOX counts where it is.
func SkrivBlanket(w io.Writer) error {
	g := Grundlag{Integrationer: make([]Integration, blanketlinjer)}
	r := Beregn(g, Taelling{}, dageIAar)
	r.Processer, r.Mangler = make([]Procesgevinst, blanketlinjer), nil
	b := &bogen{blank: true, forklaring: "Udfyld de gule felter: det, kommunen selv har talt og ved. Resten er formler. Et felt, der står tomt, tæller ikke med."}
	return b.skriv(w, &r)
}

// skriv makes the workbook's sheets, and further ones.
func (b *bogen) skriv(w io.Writer, r *Rapport, flere ...func(*Rapport)) error {
	b.f = excelize.NewFile()
	defer func() { _ = b.f.Close() }() // it holds no file
	b.stile()
	b.maa(b.f.SetSheetName("Sheet1", arkGrundlag))
	for _, a := range []string{arkProcesser, arkIntegration, arkResultat, arkLeverandoer} {
		b.nytArk(a)
	}
	for _, ark := range append([]func(*Rapport){b.grundlag, b.processer, b.integrationer, b.resultat, b.leverandoer}, flere...) {
		ark(r)
	}
	b.sideopsaetning()
	if b.err != nil {
		return fmt.Errorf("regneark: %w", b.err)
	}
	return b.f.Write(w)
}

// sideopsaetning lets each sheet be printed on pages of its width, with room for its headings.
func (b *bogen) sideopsaetning() {
	liggende, bredde, hoejde, tilpas := "landscape", 1, 0, true
	for _, ark := range b.f.GetSheetList() {
		b.maa(b.f.SetSheetProps(ark, &excelize.SheetPropsOptions{FitToPage: &tilpas}))
		b.maa(b.f.SetPageLayout(ark, &excelize.PageLayoutOptions{Orientation: &liggende, FitToWidth: &bredde, FitToHeight: &hoejde}))
		if ark != arkGrundlag {
			b.maa(b.f.SetRowHeight(ark, 1, 2*linjehoejde))
		}
	}
	b.maa(b.f.SetRowHeight(arkGrundlag, 19, 4*linjehoejde))
}

// linjehoejde is one line of text, in points.
const linjehoejde = 16

func (b *bogen) nytArk(navn string) {
	_, err := b.f.NewSheet(navn)
	b.maa(err)
}

func (b *bogen) maa(err error) {
	if b.err == nil {
		b.err = err
	}
}

func (b *bogen) stil(s excelize.Style) int {
	id, err := b.f.NewStyle(&s)
	b.maa(err)
	return id
}

func (b *bogen) stile() {
	tal, farve := "#,##0.##", func(c string) excelize.Fill { return excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{c}} }
	kr, streg := "#,##0.00", []excelize.Border{{Type: "bottom", Color: "FFFFFF", Style: 1}, {Type: "right", Color: "FFFFFF", Style: 1}}
	b.hoved = b.stil(excelize.Style{Font: &excelize.Font{Bold: true}, Fill: farve("E2EFF4"), Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	b.angivet = b.stil(excelize.Style{CustomNumFmt: &tal, Fill: farve("FFF6CC"), Border: streg})
	b.talt = b.stil(excelize.Style{CustomNumFmt: &tal, Fill: farve("DCE9F9"), Border: streg})
	b.regnet = b.stil(excelize.Style{CustomNumFmt: &kr})
	if b.blank {
		b.talt = b.angivet
	}
	b.note = b.stil(excelize.Style{Font: &excelize.Font{Italic: true}, Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
}

func celleNavn(kolonne, raekke int) string {
	navn, err := excelize.CoordinatesToCellName(kolonne, raekke)
	if err != nil {
		panic(err) // the columns and rows are bounded by the limits on a Grundlag
	}
	return navn
}

// overskrift writes a row of texts in the style of a heading.
func (b *bogen) overskrift(ark string, raekke int, tekster ...string) {
	for i, t := range tekster {
		b.tekst(ark, i+1, raekke, t, b.hoved)
	}
}

func (b *bogen) tekst(ark string, kolonne, raekke int, v string, stil int) {
	c := celleNavn(kolonne, raekke)
	b.maa(b.f.SetCellStr(ark, c, v))
	if stil > 0 {
		b.maa(b.f.SetCellStyle(ark, c, c, stil))
	}
}

// navn is the style of a name, which in a blank workbook is to be filled in.
func (b *bogen) navn() int {
	if b.blank {
		return b.angivet
	}
	return 0
}

// tal writes a number; nil is an empty cell.
func (b *bogen) tal(ark string, kolonne, raekke int, v *float64, stil int) {
	c := celleNavn(kolonne, raekke)
	if v != nil {
		b.maa(b.f.SetCellFloat(ark, c, *v, -1, 64))
	}
	b.maa(b.f.SetCellStyle(ark, c, c, stil))
}

// antal writes a number that MOX counts, and nothing where it has counted nothing.
func (b *bogen) antal(ark string, kolonne, raekke int, v int64) {
	if b.blank {
		b.tal(ark, kolonne, raekke, nil, b.talt)
		return
	}
	b.tal(ark, kolonne, raekke, n(v), b.talt)
}

func (b *bogen) formel(ark string, kolonne, raekke int, formel string, args ...any) {
	c := celleNavn(kolonne, raekke)
	b.maa(b.f.SetCellFormula(ark, c, fmt.Sprintf(formel, args...)))
	b.maa(b.f.SetCellStyle(ark, c, c, b.regnet))
}

func (b *bogen) bredder(ark string, foerste float64, sidste string) {
	b.maa(b.f.SetColWidth(ark, "A", "A", foerste))
	b.maa(b.f.SetColWidth(ark, "B", sidste, 17))
}

func (b *bogen) grundlag(r *Rapport) {
	g := &r.Grundlag
	b.overskrift(arkGrundlag, 1, "Gevinster ved MOX", "")
	for i, t := range [][2]string{{"Kommune", g.Kommune}, {"Står inde for tallene", g.Ejer}, {"Fra", r.Fra}, {"Til", r.Til}} {
		b.tekst(arkGrundlag, 1, i+2, t[0], 0)
		b.tekst(arkGrundlag, 2, i+2, t[1], b.navn())
	}
	for i, x := range []struct {
		tekst string
		v     *float64
		stil  int
	}{{"Dage", n(r.Dage), b.talt}, {"", nil, 0}, {"Timepris, kr", g.Timepris, b.angivet}, {"Minutter pr. reparation", g.MinutterPrReparation, b.angivet},
		{"Ventede reparationer pr. år", g.VentedeReparationer, b.angivet}, {"Drift, kr pr. år", g.Drift, b.angivet}, {"Første implementering, kr", g.Foerste, b.angivet},
		{"Hver følgende implementering, kr", g.Foelgende, b.angivet}, {"Timer til den første", g.TimerFoerste, b.angivet}, {"Timer til hver følgende", g.TimerFoelgende, b.angivet},
		{"Kommuner, der tager den i brug", g.Kommuner, b.angivet}, {"Reparationer i perioden", nil, b.talt}} {
		b.tekst(arkGrundlag, 1, i+6, x.tekst, 0)
		if x.stil > 0 {
			b.tal(arkGrundlag, 2, i+6, x.v, x.stil)
		}
	}
	b.antal(arkGrundlag, 2, 17, r.Taelling.Reparationer)
	b.tekst(arkGrundlag, 1, 19, b.forklaring, b.note)
	for i, m := range r.Mangler {
		b.tekst(arkGrundlag, 1, 21+i, "Mangler: "+m.Tekst, b.note)
	}
	b.bredder(arkGrundlag, 46, "B")
}

// processer writes a row for each proces, and the sums below them.
func (b *bogen) processer(r *Rapport) {
	const a = arkProcesser
	b.overskrift(a, 1, "MOX-proces", "Afsluttet i perioden", "Fejlet", "Udløbet", "Ventet pr. år", "Minutter før", "Minutter efter", "Målt på", "Sparede minutter", "Timer i perioden", "Kr i perioden", "Realiseret, kr pr. år", "Beregnet, kr pr. år")
	raekke := 2
	for _, p := range r.Processer {
		t, tal := r.Grundlag.tid(p.Proces), r.Taelling.proces(p.Proces)
		b.tekst(a, 1, raekke, p.Proces, b.navn())
		for i, v := range []int64{tal.Afsluttet, tal.Fejlet, tal.Udloebet} {
			b.antal(a, 2+i, raekke, v)
		}
		for i, v := range []*float64{t.Ventede, t.Foer, t.Efter, t.Maalte} {
			b.tal(a, 5+i, raekke, v, b.angivet)
		}
		b.formel(a, 9, raekke, `IF(OR(ISBLANK(F%d),ISBLANK(G%d)),0,F%d-G%d)`, raekke, raekke, raekke, raekke)
		b.formel(a, 10, raekke, `B%d*I%d/60`, raekke, raekke)
		b.formel(a, 11, raekke, `J%d*%s`, raekke, celTimepris)
		b.formel(a, 12, raekke, `K%d*%d/%s`, raekke, dageIAar, celDage)
		b.formel(a, 13, raekke, `E%d*I%d/60*%s`, raekke, raekke, celTimepris)
		raekke++
	}
	b.sum(a, raekke, 2, 3, 4, 5, 10, 11, 12, 13)
	b.bredder(a, 30, "M")
}

// sum writes the sums of columns from row 2 to the one before raekke.
func (b *bogen) sum(ark string, raekke int, kolonner ...int) {
	b.tekst(ark, 1, raekke, "I alt", b.hoved)
	for _, k := range kolonner {
		if raekke == 2 {
			b.formel(ark, k, raekke, "0")
			continue
		}
		b.formel(ark, k, raekke, "SUM(%s:%s)", celleNavn(k, 2), celleNavn(k, raekke-1))
	}
}

func (b *bogen) integrationer(r *Rapport) {
	const a = arkIntegration
	b.overskrift(a, 1, "Integration", "I dag, kr pr. år", "Med agenter, kr pr. år", "Sparet, kr pr. år")
	for i, x := range r.Grundlag.Integrationer {
		b.tekst(a, 1, i+2, x.Navn, b.navn())
		b.tal(a, 2, i+2, x.IDag, b.angivet)
		b.tal(a, 3, i+2, x.Med, b.angivet)
		b.formel(a, 4, i+2, `IF(OR(ISBLANK(B%d),ISBLANK(C%d)),0,B%d-C%d)`, i+2, i+2, i+2, i+2)
	}
	b.sum(a, len(r.Grundlag.Integrationer)+2, 2, 3, 4)
	b.bredder(a, 36, "D")
}

// resultat writes what is reckoned and what is realised beside each other.
func (b *bogen) resultat(r *Rapport) {
	const a = arkResultat
	b.overskrift(a, 1, "Pr. år, kr", "Beregnet", "Realiseret")
	sum, integration := len(r.Processer)+2, len(r.Grundlag.Integrationer)+2
	for i, t := range []string{"Besparelse", "Reparationer", "Gevinst (G)", "Integrationer (I)", "Drift (D)", "Netto", "Første implementering, tilbagebetalt efter år", "Første implementering, netto efter fem år",
		"Følgende implementering, tilbagebetalt efter år", "Følgende implementering, netto efter fem år", "Udrulning, pris", "Udrulning, tilbagebetalt efter år", "Udrulning, netto efter fem år"} {
		b.tekst(a, 1, i+2, t, 0)
	}
	for k, x := range []struct{ brutto, reparationer string }{{"M", celVentede}, {"L", celReparationer + fmt.Sprintf("*%d/%s", dageIAar, celDage)}} {
		k, c := k+2, string(rune('B'+k))
		b.formel(a, k, 2, "%s!%s%d", arkProcesser, x.brutto, sum)
		b.formel(a, k, 3, "%s*%s/60*%s", x.reparationer, celMinutter, celTimepris)
		b.formel(a, k, 4, "%s2-%s3", c, c)
		b.formel(a, k, 5, "%s!D%d", arkIntegration, integration)
		b.formel(a, k, 6, "0+%s", celDrift) // an empty cell is 0
		b.formel(a, k, 7, "%s4+%s5-%s6", c, c, c)
		b.investering(k, 8, celFoerste, c+"7")
		b.investering(k, 10, celFoelgende, c+"7")
		b.formel(a, k, 12, "%s+(%s-1)*%s", celFoerste, celKommuner, celFoelgende)
		b.investering(k, 13, c+"12", fmt.Sprintf("(%s*%s7)", celKommuner, c))
		b.foelsomhed(k, c)
	}
	b.bredder(a, 50, "C")
}

// investering writes the years until a price is paid back, and the net after five years.
func (b *bogen) investering(kolonne, raekke int, pris, netto string) {
	b.formel(arkResultat, kolonne, raekke, `IF(AND(NOT(ISBLANK(%s)),%s>0),%s/%s,"aldrig")`, pris, netto, pris, netto)
	b.formel(arkResultat, kolonne, raekke+1, `%d*%s-%s`, Aar, netto, pris)
}

// foelsomhed writes the rows below, four for each factor.
func (b *bogen) foelsomhed(kolonne int, c string) {
	for i, f := range faktorer() {
		raekke := 17 + 4*i
		if kolonne == 2 {
			for j, t := range []string{"gevinst (G)", "netto", "første implementering, tilbagebetalt efter år", "første implementering, netto efter fem år"} {
				b.tekst(arkResultat, 1, raekke+j, fmt.Sprintf("%s × minutterne: %s", KortTal(f), t), 0)
			}
		}
		b.formel(arkResultat, kolonne, raekke, "%s2*%g-%s3", c, f, c)
		b.formel(arkResultat, kolonne, raekke+1, "%s%d+%s5-%s6", c, raekke, c, c)
		b.investering(kolonne, raekke+2, celFoerste, fmt.Sprintf("%s%d", c, raekke+1))
	}
}

func (b *bogen) leverandoer(r *Rapport) {
	const a = arkLeverandoer
	l := &r.Grundlag.Leverandoer
	b.overskrift(a, 1, "Leverandørens eget ark", "kr")
	for i, x := range []struct {
		tekst string
		v     *float64
	}{{"Bygge agenten, én gang", l.Byg}, {"Vedligehold pr. udgave", l.Udgave}, {"Udgaver pr. år", l.UdgaverPrAar}, {"Pris pr. kommune, én gang", l.Pris},
		{"Pris pr. kommune pr. år", l.PrisPrAar}, {"Støtte pr. kommune pr. år", l.StoettePrAar}, {"Kommuner", l.Kunder}} {
		b.tekst(a, 1, i+2, x.tekst, 0)
		b.tal(a, 2, i+2, x.v, b.angivet)
	}
	for i, t := range []string{"Faste udgifter over fem år", "Dækning pr. kommune over fem år", "Kommuner, før det betaler sig", "Resultat over fem år"} {
		b.tekst(a, 1, i+10, t, 0)
	}
	b.formel(a, 2, 10, "B2+%d*B3*B4", Aar)
	b.formel(a, 2, 11, "B5+%d*(B6-B7)", Aar)
	b.formel(a, 2, 12, `IF(AND(NOT(ISBLANK(B2)),B11>0),INT(B10/B11)+IF(INT(B10/B11)*B11<B10,1,0),"aldrig")`)
	b.formel(a, 2, 13, "B8*B11-B10")
	b.bredder(a, 40, "B")
}

// maaneder writes what was counted by month, with a chart of it.
func (b *bogen) maaneder(r *Rapport) {
	const a = arkMaaneder
	b.nytArk(a)
	b.overskrift(a, 1, "Måned")
	for k, p := range r.Taelling.Processer {
		b.tekst(a, k+2, 1, p.Proces, b.hoved)
	}
	for i, m := range r.Taelling.Maaneder {
		b.tekst(a, 1, i+2, m, 0)
		for k, p := range r.Taelling.Processer {
			b.tal(a, k+2, i+2, n(p.PrMaaned[i]), b.talt)
		}
	}
	b.bredder(a, 12, "M")
	if len(r.Taelling.Processer) == 0 {
		return
	}
	var serier []excelize.ChartSeries
	sidste := len(r.Taelling.Maaneder) + 1
	for k := range r.Taelling.Processer {
		kol, _, err := excelize.SplitCellName(celleNavn(k+2, 1))
		b.maa(err)
		serier = append(serier, excelize.ChartSeries{Name: fmt.Sprintf("'%s'!$%s$1", a, kol), Categories: fmt.Sprintf("'%s'!$A$2:$A$%d", a, sidste), Values: fmt.Sprintf("'%s'!$%s$2:$%s$%d", a, kol, kol, sidste)})
	}
	b.maa(b.f.AddChart(a, celleNavn(len(r.Taelling.Processer)+3, 2), &excelize.Chart{Type: excelize.ColStacked, Series: serier, Legend: excelize.ChartLegend{Position: "bottom"}}))
}

func (b *bogen) agenter(r *Rapport) {
	const a = arkOmfang
	b.nytArk(a)
	b.overskrift(a, 1, "Agent", "System", "Linjer YAML", "Felter", "Kodetabeller", "Prøver")
	for i, o := range r.Taelling.Omfang {
		b.tekst(a, 1, i+2, o.Agent, 0)
		b.tekst(a, 2, i+2, o.System, 0)
		for k, v := range []int{o.Linjer, o.Felter, o.Kodetabeller, o.Proever} {
			b.tal(a, k+3, i+2, n(v), b.talt)
		}
	}
	b.bredder(a, 24, "F")
}

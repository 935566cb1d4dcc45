package vejledning

import (
	"io"
	"slices"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goitalic"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
)

// Measures of a page, in millimetres; letters in points.
const (
	margen  = 22.0
	bund    = 20.0
	bredde  = 210 - 2*margen
	hoejde  = 297.0
	brod    = 10.0 // size of the text
	celleDx = 1.6  // air in a table's cell
	celleDy = 1.2
)

// pdf writes the pages of a book.
type pdf struct {
	*fpdf.Fpdf
	b      *bog
	d      *dokument      // the one being written
	links  map[string]int // of the headings, by path and anchor
	sider  map[string]int // their pages, of the first run
	indeks map[string]int // their pages, as this run finds them
}

// skrivPDF writes a book to be printed or read on screen. Two runs: the first finds the pages that the list of contents
// names in the second.
func skrivPDF(w io.Writer, b *bog, idag time.Time) error {
	forst := nyPDF(b, nil, idag)
	forst.bog(idag)
	p := nyPDF(b, forst.indeks, idag)
	p.bog(idag)
	return p.Output(w)
}

func nyPDF(b *bog, sider map[string]int, idag time.Time) *pdf {
	p := &pdf{Fpdf: fpdf.New("P", "mm", "A4", ""), b: b, links: map[string]int{}, sider: sider, indeks: map[string]int{}}
	for stil, data := range map[string][]byte{"": goregular.TTF, "B": gobold.TTF, "I": goitalic.TTF} {
		p.AddUTF8FontFromBytes("tekst", stil, slices.Clone(data)) // the library writes in it
	}
	p.AddUTF8FontFromBytes("fast", "", slices.Clone(gomono.TTF))
	p.SetMargins(margen, margen, margen)
	p.SetAutoPageBreak(false, 0)
	p.SetCatalogSort(true)
	p.SetLang("da")
	p.SetTitle(b.titel, true)
	p.SetCreationDate(idag)
	p.SetModificationDate(idag)
	p.SetFooterFunc(p.fod)
	for _, d := range b.dokumenter {
		for _, x := range d.blokke {
			if x.art == overskrift {
				p.links[d.sti+"#"+x.anker] = p.AddLink()
			}
		}
	}
	return p
}

func (p *pdf) fod() {
	if p.PageNo() == 1 && len(p.b.dokumenter) > 1 {
		return
	}
	p.SetFont("tekst", "", 8)
	p.farve(0x52616f)
	p.Text(margen, hoejde-12, p.b.titel)
	nr := tal(p.PageNo())
	p.Text(210-margen-p.GetStringWidth(nr), hoejde-12, nr)
}

func (p *pdf) farve(rgb int) { p.SetTextColor(rgb>>16, rgb>>8&0xff, rgb&0xff) }

func (p *pdf) bog(idag time.Time) {
	if len(p.b.dokumenter) > 1 {
		p.forside(idag)
		p.indhold()
	}
	for _, d := range p.b.dokumenter {
		p.d = d
		p.AddPage()
		for i := range d.blokke {
			p.blok(d.blokke, i)
		}
	}
}

func (p *pdf) forside(idag time.Time) {
	p.AddPage()
	p.SetFillColor(0x0c, 0x5a, 0x73)
	p.Rect(0, 0, 210, 8, "F")
	p.SetY(95)
	p.tekst([]stykke{{tekst: p.b.titel, fed: true}}, &form{stoerrelse: 30, farve: 0x0c5a73})
	p.SetY(p.GetY() + 6)
	p.tekst([]stykke{{tekst: dato(idag)}}, &form{stoerrelse: 12, farve: 0x52616f})
}

func (p *pdf) indhold() {
	p.AddPage()
	p.tekst([]stykke{{tekst: "Indhold", fed: true}}, &form{stoerrelse: 16, farve: 0x0c5a73})
	p.SetY(p.GetY() + 3)
	for _, d := range p.b.dokumenter {
		for _, b := range d.blokke {
			if b.art == overskrift && b.niveau <= 2 {
				p.indholdslinje(d, &b)
			}
		}
	}
}

func (p *pdf) indholdslinje(d *dokument, b *blok) {
	noegle := d.sti + "#" + b.anker
	p.plads(7)
	x, stil := margen, "B"
	if b.niveau == 2 {
		x, stil = margen+6, ""
	} else {
		p.SetY(p.GetY() + 1.5)
	}
	y := p.GetY()
	p.SetFont("tekst", stil, brod)
	p.farve(0x14202b)
	p.Text(x, y+4, ren(b.tekst))
	nr := tal(p.sider[noegle])
	p.Text(210-margen-p.GetStringWidth(nr), y+4, nr)
	p.Link(margen, y, bredde, 5.4, p.links[noegle])
	p.SetY(y + 5.4)
}

// plads begins a new page where the current has not that much left.
func (p *pdf) plads(mm float64) {
	if p.GetY()+mm > hoejde-bund {
		p.AddPage()
	}
}

func (p *pdf) blok(alle []blok, i int) {
	b := &alle[i]
	switch b.art {
	case overskrift:
		p.overskrift(b, i+1 < len(alle) && (alle[i+1].art == tabel || alle[i+1].art == kode))
	case afsnit:
		if i+1 < len(alle) && alle[i+1].art != afsnit && strings.HasSuffix(ren(b.tekst), ":") {
			p.plads(30) // what it introduces begins on the same page
		}
		p.tekst(b.tekst, &form{stoerrelse: brod})
		p.SetY(p.GetY() + 2.4)
	case punkt:
		p.punkt(b)
		if i+1 == len(alle) || alle[i+1].art != punkt {
			p.SetY(p.GetY() + 1.6)
		}
	case kode:
		p.kode(b.linjer)
	case tabel:
		p.tabel(b.celler)
	}
}

// overskrift writes a heading where there is room for what it is over: a table or code, which is not begun at the end of a page,
// or a few lines.
func (p *pdf) overskrift(b *blok, hel bool) {
	f := map[int]*form{
		1: {stoerrelse: 21, farve: 0x0c5a73}, 2: {stoerrelse: 14, farve: 0x0c5a73}, 3: {stoerrelse: 11.5}, 4: {stoerrelse: brod},
	}[min(b.niveau, 4)]
	if b.niveau > 1 {
		plads := 26.0
		if hel {
			plads = 54
		}
		p.plads(plads)
		if p.GetY() > margen+1 {
			p.SetY(p.GetY() + 10/float64(b.niveau))
		}
	}
	noegle := p.d.sti + "#" + b.anker
	p.SetLink(p.links[noegle], p.GetY(), p.PageNo())
	p.indeks[noegle] = p.PageNo()
	p.Bookmark(ren(b.tekst), b.niveau-1, p.GetY())
	fed := make([]stykke, len(b.tekst))
	for i, s := range b.tekst {
		fed[i] = s
		fed[i].fed, fed[i].kode = true, false
	}
	p.tekst(fed, f)
	p.SetY(p.GetY() + 5/float64(b.niveau+1) + 0.6)
}

func (p *pdf) punkt(b *blok) {
	ind := 6 * float64(b.niveau)
	f := &form{stoerrelse: brod, venstre: ind}
	p.plads(f.linje())
	if b.maerke != "" {
		p.SetFont("tekst", "", brod)
		p.farve(0x14202b)
		p.Text(margen+ind-1.8-p.GetStringWidth(b.maerke), p.GetY()+f.grundlinje(), b.maerke)
	}
	p.tekst(b.tekst, f)
	p.SetY(p.GetY() + 0.9)
}

const kodeStoerrelse, kodeLinje = 8.2, 4.0

// kode writes lines as they are; a line that is too long goes on below, indented.
func (p *pdf) kode(linjer []string) {
	p.SetFont("fast", "", kodeStoerrelse)
	plads := int((bredde - 6) / p.GetStringWidth("m"))
	var ud []string
	for _, l := range linjer {
		for r := []rune(l); ; {
			if len(r) <= plads {
				ud = append(ud, string(r))
				break
			}
			n := brud(r, plads)
			ud = append(ud, string(r[:n]))
			r = append([]rune("    "), r[n:]...)
		}
	}
	p.plads(min(float64(len(ud)), 8)*kodeLinje + 4)
	p.kodelinje("", 1.4)
	for _, l := range ud {
		p.plads(kodeLinje + 2)
		p.kodelinje(l, kodeLinje)
	}
	p.kodelinje("", 1.4)
	p.SetY(p.GetY() + 3)
}

func (p *pdf) kodelinje(l string, h float64) {
	y := p.GetY()
	p.SetFillColor(0xf0, 0xf3, 0xf6)
	p.Rect(margen, y, bredde, h, "F")
	p.SetFont("fast", "", kodeStoerrelse)
	p.farve(0x14202b)
	p.Text(margen+3, y+3, l)
	p.SetY(y + h)
}

// brud is where a line of code may be broken: after the last space that fits, else where it is full.
func brud(r []rune, plads int) int {
	if i := strings.LastIndex(string(r[:plads]), " "); i > plads/2 {
		return len([]rune(string(r[:plads])[:i+1]))
	}
	return plads
}

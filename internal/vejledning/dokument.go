package vejledning

import (
	"strings"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// dokument is one Markdown file, read.
type dokument struct {
	sti    string // below docs, with slashes: vejledning/drift.md
	titel  string // its first heading
	kilde  []byte
	trae   ast.Node
	blokke []blok
}

// art is what a blok is.
type art int

const (
	overskrift art = iota
	afsnit
	punkt // of a list
	kode
	tabel
)

// blok is one piece of a page from top to bottom: what the PDF and the ODT are made of.
type blok struct {
	art    art
	niveau int       // of a heading, from 1; of a list, from 1
	anker  string    // of a heading
	maerke string    // of a list's item: "•" or "3."; empty on its later paragraphs
	tekst  []stykke  // of a heading, a paragraph, an item
	linjer []string  // of code
	celler [][]celle // of a table; the first row is its head
}

type celle struct {
	tekst  []stykke
	hoejre bool
}

// stykke is text that looks the same from its beginning to its end.
type stykke struct {
	tekst             string
	fed, kursiv, kode bool
	link              string // as it is written in the file
	linjeskift        bool   // a new line before it
}

// laesDokument reads a file's Markdown: CommonMark with tables, as the places where these files are read on screen have it.
func laesDokument(sti string, kilde []byte) *dokument {
	d := &dokument{sti: sti, kilde: kilde}
	d.trae = markdown().Parser().Parse(text.NewReader(kilde), parser.WithContext(parser.NewContext(parser.WithIDs(&ankre{}))))
	for n := d.trae.FirstChild(); n != nil; n = n.NextSibling() {
		d.blok(n, 0, "")
	}
	for _, b := range d.blokke {
		if b.art == overskrift {
			d.titel = ren(b.tekst)
			break
		}
	}
	return d
}

func markdown() goldmark.Markdown {
	return goldmark.New(goldmark.WithExtensions(extension.Table), goldmark.WithParserOptions(parser.WithAutoHeadingID()))
}

// blok adds what a node is to the document. liste is how many lists it is in, maerke that of the item it begins.
func (d *dokument) blok(n ast.Node, liste int, maerke string) {
	switch n := n.(type) {
	case *ast.Heading:
		id, _ := n.AttributeString("id")
		d.blokke = append(d.blokke, blok{art: overskrift, niveau: n.Level, anker: string(id.([]byte)), tekst: d.stykker(n)})
	case *ast.Paragraph, *ast.TextBlock:
		if liste > 0 {
			d.blokke = append(d.blokke, blok{art: punkt, niveau: liste, maerke: maerke, tekst: d.stykker(n)})
		} else {
			d.blokke = append(d.blokke, blok{art: afsnit, tekst: d.stykker(n)})
		}
	case *ast.FencedCodeBlock, *ast.CodeBlock:
		d.blokke = append(d.blokke, blok{art: kode, linjer: strings.Split(strings.TrimRight(string(n.Lines().Value(d.kilde)), "\n"), "\n")})
	case *ast.List:
		d.liste(n, liste+1)
	case *ast.Blockquote:
		for c := n.FirstChild(); c != nil; c = c.NextSibling() {
			d.blok(c, liste, maerke)
		}
	case *east.Table:
		d.tabel(n)
	}
}

func (d *dokument) liste(n *ast.List, niveau int) {
	nr := n.Start
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		maerke := "•"
		if n.IsOrdered() {
			maerke = tal(nr) + "."
			nr++
		}
		for b := c.FirstChild(); b != nil; b = b.NextSibling() {
			d.blok(b, niveau, maerke)
			maerke = ""
		}
	}
}

func (d *dokument) tabel(n *east.Table) {
	b := blok{art: tabel}
	for r := n.FirstChild(); r != nil; r = r.NextSibling() {
		var raekke []celle
		for c := r.FirstChild(); c != nil; c = c.NextSibling() {
			raekke = append(raekke, celle{tekst: d.stykker(c), hoejre: c.(*east.TableCell).Alignment == east.AlignRight})
		}
		b.celler = append(b.celler, raekke)
	}
	d.blokke = append(d.blokke, b)
}

// stykker reads the text of a node with its emphasis, code and links.
func (d *dokument) stykker(n ast.Node) (ud []stykke) {
	d.inline(n, stykke{}, &ud)
	return ud
}

func (d *dokument) inline(n ast.Node, som stykke, ud *[]stykke) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		s := som
		switch c := c.(type) {
		case *ast.Text:
			s.tekst = string(c.Value(d.kilde))
			if c.SoftLineBreak() {
				s.tekst += " "
			}
			*ud = append(*ud, s)
			if c.HardLineBreak() {
				*ud = append(*ud, stykke{linjeskift: true})
			}
		case *ast.String:
			s.tekst = string(c.Value)
			*ud = append(*ud, s)
		case *ast.RawHTML: // only the line breaks of tables
			*ud = append(*ud, stykke{linjeskift: true})
		case *ast.CodeSpan:
			s.kode = true
			d.inline(c, s, ud)
		case *ast.Emphasis:
			s.fed, s.kursiv = s.fed || c.Level == 2, s.kursiv || c.Level == 1
			d.inline(c, s, ud)
		case *ast.Link:
			s.link = string(c.Destination)
			d.inline(c, s, ud)
		case *ast.AutoLink:
			s.link, s.tekst = string(c.URL(d.kilde)), string(c.Label(d.kilde))
			*ud = append(*ud, s)
		}
	}
}

// ren is the text alone.
func ren(tekst []stykke) string {
	var b strings.Builder
	for _, s := range tekst {
		if s.linjeskift {
			b.WriteByte(' ')
		}
		b.WriteString(s.tekst)
	}
	return strings.TrimSpace(b.String())
}

// ankre gives headings the names that the places where Markdown is read on screen give them, so that a link works there too.
type ankre struct{ brugt map[string]int }

func (a *ankre) Generate(value []byte, _ ast.NodeKind) []byte {
	if a.brugt == nil {
		a.brugt = map[string]int{}
	}
	navn := anker(string(value))
	n, fundet := a.brugt[navn]
	a.brugt[navn] = n + 1
	if fundet {
		navn += "-" + tal(n)
	}
	return []byte(navn)
}

func (a *ankre) Put([]byte) {}

// anker is the name of a heading: lower case, spaces as hyphens, no punctuation.
func anker(overskrift string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, strings.TrimSpace(overskrift))
}

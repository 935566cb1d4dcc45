package vejledning

import (
	"archive/zip"
	_ "embed"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"
)

//go:embed stile.xml
var odtStile string

const odtManifest = `<?xml version="1.0" encoding="UTF-8"?>
<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2">
<manifest:file-entry manifest:full-path="/" manifest:version="1.2" manifest:media-type="application/vnd.oasis.opendocument.text"/>
<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>
<manifest:file-entry manifest:full-path="styles.xml" manifest:media-type="text/xml"/>
<manifest:file-entry manifest:full-path="meta.xml" manifest:media-type="text/xml"/>
</manifest:manifest>
`

const odtHoved = `<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" xmlns:xlink="http://www.w3.org/1999/xlink" office:version="1.2">
<office:automatic-styles>%s</office:automatic-styles><office:body><office:text>
`

// odtTabel are the styles of tables, which an office program looks for beside the text only.
const odtTabel = `<style:style style:name="Tabel" style:family="table"><style:table-properties style:width="%.0fmm" table:align="left" table:border-model="collapsing"/></style:style>
<style:style style:name="Raekke" style:family="table-row"><style:table-row-properties style:min-row-height="6.5mm" fo:keep-together="always"/></style:style>
<style:style style:name="Celle" style:family="table-cell"><style:table-cell-properties fo:padding="1.2mm" fo:border-bottom="0.5pt solid #b9c3cd" fo:border-top="none" fo:border-left="none" fo:border-right="none"/></style:style>`

// odtBredde is the width of the text on the page that stile.xml describes, in millimetres.
const odtBredde = 170.0

// odt writes the text of a book as OpenDocument.
type odt struct {
	b        *bog
	d        *dokument // the one being written
	tekst    strings.Builder
	stile    strings.Builder // of the columns
	tabeller int
	lister   []string // the end tags of the lists that are open
}

// skrivODT writes a book as an OpenDocument text, to be read and changed in a word processor.
func skrivODT(w io.Writer, b *bog, idag time.Time) error {
	o := &odt{b: b}
	o.bog(idag)
	z := zip.NewWriter(w)
	// The specification has mimetype first and not compressed, so that the file is known by its first bytes.
	for i, del := range [][2]string{
		{"mimetype", "application/vnd.oasis.opendocument.text"},
		{"META-INF/manifest.xml", odtManifest},
		{"content.xml", fmt.Sprintf(odtHoved, fmt.Sprintf(odtTabel, odtBredde)+o.stile.String()) + o.tekst.String() + "</office:text></office:body></office:document-content>\n"},
		{"styles.xml", odtStile},
		{"meta.xml", odtMeta(b, idag)},
	} {
		metode := zip.Deflate
		if i == 0 {
			metode = zip.Store
		}
		f, err := z.CreateHeader(&zip.FileHeader{Name: del[0], Method: metode, Modified: idag})
		if err != nil {
			return err
		}
		if _, err := io.WriteString(f, del[1]); err != nil {
			return err
		}
	}
	return z.Close()
}

func odtMeta(b *bog, idag time.Time) string {
	return `<?xml version="1.0" encoding="UTF-8"?>
<office:document-meta xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0" xmlns:dc="http://purl.org/dc/elements/1.1/" office:version="1.2"><office:meta>` +
		"<dc:title>" + undgaa(b.titel) + "</dc:title><dc:language>da-DK</dc:language><dc:date>" + idag.UTC().Format("2006-01-02T15:04:05Z") +
		"</dc:date></office:meta></office:document-meta>\n"
}

func (o *odt) bog(idag time.Time) {
	flere := len(o.b.dokumenter) > 1
	if flere {
		o.f(`<text:p text:style-name="Title">%s</text:p><text:p text:style-name="Subtitle">%s</text:p>`, undgaa(o.b.titel), undgaa(dato(idag)))
	}
	o.indhold(flere)
	for _, d := range o.b.dokumenter {
		o.d = d
		for i := range d.blokke {
			o.blok(&d.blokke[i], flere)
		}
		o.luk(0)
	}
}

// indhold lists the chapters, each a link; a word processor can make its own with page numbers from the headings.
func (o *odt) indhold(flere bool) {
	if !flere {
		return
	}
	o.f(`<text:p text:style-name="Indholdsoverskrift">Indhold</text:p>`)
	for _, d := range o.b.dokumenter {
		for _, b := range d.blokke {
			if b.art == overskrift && b.niveau <= 2 {
				o.f(`<text:p text:style-name="Indhold%d"><text:a xlink:type="simple" xlink:href="#%s">%s</text:a></text:p>`, b.niveau, undgaa(odtAnker(d.sti, b.anker)), undgaa(ren(b.tekst)))
			}
		}
	}
}

func (o *odt) blok(b *blok, nySide bool) {
	if b.art == punkt {
		o.punkt(b)
		return
	}
	o.luk(0)
	switch b.art {
	case overskrift:
		stil := "Heading_20_" + tal(min(b.niveau, 4))
		if b.niveau == 1 && nySide {
			stil = "Kapitel"
		}
		navn := undgaa(odtAnker(o.d.sti, b.anker))
		o.f(`<text:h text:style-name="%s" text:outline-level="%d"><text:bookmark text:name="%s"/>`, stil, b.niveau, navn)
		o.stykker(b.tekst)
		o.f("</text:h>\n")
	case afsnit:
		o.p("Text_20_body", b.tekst)
	case kode:
		for i, l := range b.linjer {
			stil := "Kode"
			if i == len(b.linjer)-1 {
				stil = "KodeSidst"
			}
			o.f(`<text:p text:style-name="%s">%s</text:p>`, stil, mellemrum(l))
		}
	case tabel:
		o.tabel(b)
	}
}

func (o *odt) p(stil string, tekst []stykke) {
	o.f(`<text:p text:style-name="%s">`, stil)
	o.stykker(tekst)
	o.f("</text:p>\n")
}

// punkt opens and closes lists so that the item is in as many as its level says.
func (o *odt) punkt(b *blok) {
	stil := "Punkter"
	if strings.HasSuffix(b.maerke, ".") {
		stil = "Numre"
	}
	o.luk(b.niveau)
	switch {
	case len(o.lister) < b.niveau:
		o.f(`<text:list text:style-name="%s"><text:list-item>`, stil)
		o.lister = append(o.lister, "</text:list-item></text:list>\n")
	case b.maerke != "":
		o.f("</text:list-item><text:list-item>")
	}
	o.p("Listepunkt", b.tekst)
}

// luk closes the lists that are deeper than a level.
func (o *odt) luk(niveau int) {
	for len(o.lister) > niveau {
		o.f("%s", o.lister[len(o.lister)-1])
		o.lister = o.lister[:len(o.lister)-1]
	}
}

func (o *odt) tabel(b *blok) {
	o.tabeller++
	navn := "Tabel" + tal(o.tabeller)
	o.f(`<table:table table:name="%s" table:style-name="Tabel">`, navn)
	for i, bredde := range bredder(b.celler, odtBredde) {
		fmt.Fprintf(&o.stile, `<style:style style:name="%s.%d" style:family="table-column"><style:table-column-properties style:column-width="%.1fmm"/></style:style>`, navn, i, bredde)
		o.f(`<table:table-column table:style-name="%s.%d"/>`, navn, i)
	}
	for i, r := range b.celler {
		hoved := i == 0 && !tomt(r)
		if i == 0 && !hoved {
			continue
		}
		if hoved {
			o.f("<table:table-header-rows>")
		}
		o.f(`<table:table-row table:style-name="Raekke">`)
		for _, c := range r {
			o.f(`<table:table-cell table:style-name="Celle" office:value-type="string">`)
			o.p(odtCellestil(hoved, c.hoejre), c.tekst)
			o.f("</table:table-cell>")
		}
		o.f("</table:table-row>")
		if hoved {
			o.f("</table:table-header-rows>")
		}
	}
	o.f("</table:table>" + `<text:p text:style-name="Efter"/>` + "\n")
}

func odtCellestil(hoved, hoejre bool) string {
	stil := "Celletekst"
	if hoved {
		stil = "Cellehoved"
	}
	if hoejre {
		stil += "Hoejre"
	}
	return stil
}

func (o *odt) stykker(tekst []stykke) {
	for _, s := range tekst {
		if s.linjeskift {
			o.f("<text:line-break/>")
		}
		if s.tekst == "" {
			continue
		}
		link := o.link(s.link)
		if link != "" {
			o.f(`<text:a xlink:type="simple" xlink:href="%s">`, undgaa(link))
		}
		if stil := odtTegnstil(&s); stil != "" {
			o.f(`<text:span text:style-name="%s">%s</text:span>`, stil, mellemrum(s.tekst))
		} else {
			o.f("%s", mellemrum(s.tekst))
		}
		if link != "" {
			o.f("</text:a>")
		}
	}
}

func odtTegnstil(s *stykke) string {
	switch {
	case s.kode:
		return "TegnKode"
	case s.fed:
		return "TegnFed"
	case s.kursiv:
		return "TegnKursiv"
	}
	return ""
}

// link is where a link goes in the book, or on the net; "" when the reader of the book has not what it goes to.
func (o *odt) link(link string) string {
	if link == "" {
		return ""
	}
	adresse, sti, anker := maal(o.d, link)
	switch {
	case adresse != "":
		return adresse
	case !o.b.har(sti):
		return ""
	case anker == "":
		return "#" + odtAnker(sti, forsteAnker(o.b, sti))
	}
	return "#" + odtAnker(sti, anker)
}

func forsteAnker(b *bog, sti string) string {
	for _, d := range b.dokumenter {
		if d.sti == sti {
			for _, blok := range d.blokke {
				if blok.art == overskrift {
					return blok.anker
				}
			}
		}
	}
	return ""
}

func odtAnker(sti, anker string) string { return sti + ":" + anker }

func (o *odt) f(format string, a ...any) { fmt.Fprintf(&o.tekst, format, a...) }

// mellemrum keeps spaces that XML would gather into one.
func mellemrum(s string) string {
	var b strings.Builder
	for i, del := range strings.Split(undgaa(s), "  ") {
		if i > 0 {
			b.WriteString(`<text:s text:c="2"/>`)
		}
		b.WriteString(del)
	}
	return b.String()
}

func undgaa(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder cannot fail
	return b.String()
}

func tomt(r []celle) bool {
	for _, c := range r {
		if ren(c.tekst) != "" {
			return false
		}
	}
	return true
}

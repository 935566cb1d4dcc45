package vejledning

import (
	"bytes"
	_ "embed"
	"html/template"
	"io"
	"path"
	"path/filepath"
	"strings"

	"github.com/yuin/goldmark/ast"
)

var (
	//go:embed side.html
	sideHTML string
	//go:embed side.css
	sideCSS string
)

// side is what the template of the site needs of one page.
type side struct {
	Titel, Sted string
	Rod         string // the way to the site's folder: "../"
	Stil        template.CSS
	Grupper     []sidegruppe
	Indhold     template.HTML
	Afsnit      []sidelink
	Forside     bool
	Boeger      []sidelink
}

type sidegruppe struct {
	Titel string
	Links []sidelink
}

type sidelink struct {
	Titel, Adresse string
	Her            bool
}

// skrivSted writes the site: a page for each document and one that names them all.
func skrivSted(dir string, s *samling) error {
	skabelon, err := template.New("side").Parse(sideHTML)
	if err != nil {
		return err
	}
	forside := s.side(nil)
	if err := skrivFil(filepath.Join(dir, "index.html"), func(w io.Writer) error { return skabelon.Execute(w, forside) }); err != nil {
		return err
	}
	for _, d := range s.efter {
		p := s.side(d)
		p.Indhold, err = s.html(d)
		if err != nil {
			return err
		}
		fil := filepath.Join(dir, filepath.FromSlash(tilHTML(d.sti)))
		if err := skrivFil(fil, func(w io.Writer) error { return skabelon.Execute(w, p) }); err != nil {
			return err
		}
	}
	return nil
}

// side is the frame around a document; nil is the front page.
func (s *samling) side(d *dokument) *side {
	p := &side{Titel: s.Titel, Sted: s.Titel, Stil: template.CSS(sideCSS), Forside: d == nil}
	if d != nil {
		p.Titel = d.titel
		p.Rod = strings.Repeat("../", strings.Count(d.sti, "/"))
		for _, b := range d.blokke {
			if b.art == overskrift && b.niveau == 2 {
				p.Afsnit = append(p.Afsnit, sidelink{Titel: ren(b.tekst), Adresse: "#" + b.anker})
			}
		}
	}
	for _, g := range s.Grupper {
		sg := sidegruppe{Titel: g.Titel}
		for _, x := range g.dokumenter {
			sg.Links = append(sg.Links, sidelink{Titel: x.titel, Adresse: p.Rod + tilHTML(x.sti), Her: x == d})
		}
		p.Grupper = append(p.Grupper, sg)
	}
	if p.Forside {
		for _, b := range s.boeger() {
			p.Boeger = append(p.Boeger, sidelink{Titel: b.titel, Adresse: "../" + b.navn})
		}
	}
	return p
}

// html renders a document. A link to a document of the site goes to its page; one to another file is text only, since the
// reader of the site has not the file.
func (s *samling) html(d *dokument) (template.HTML, error) {
	frisk := laesDokument(d.sti, d.kilde) // the tree is changed below
	var doede []*ast.Link
	err := ast.Walk(frisk.trae, func(n ast.Node, ind bool) (ast.WalkStatus, error) {
		l, ok := n.(*ast.Link)
		if !ok || !ind {
			return ast.WalkContinue, nil
		}
		adresse, sti, anker := maal(d, string(l.Destination))
		switch {
		case adresse != "":
		case sti == d.sti:
			l.Destination = append([]byte{'#'}, anker...)
		case s.efter[sti] == nil:
			doede = append(doede, l)
		default:
			l.Destination = []byte(relativ(d.sti, tilHTML(sti)))
			if anker != "" {
				l.Destination = append(append(l.Destination, '#'), anker...)
			}
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		return "", err
	}
	for _, l := range doede {
		udenLink(l)
	}
	var b bytes.Buffer
	err = markdown().Renderer().Render(&b, frisk.kilde, frisk.trae)
	return template.HTML(rulbare(b.String())), err // our own documents, and raw HTML in them is left out
}

// udenLink puts a link's text in its place.
func udenLink(l *ast.Link) {
	for l.FirstChild() != nil {
		c := l.FirstChild()
		l.Parent().InsertBefore(l.Parent(), l, c)
	}
	l.Parent().RemoveChild(l.Parent(), l)
}

// rulbare lets wide tables and code be scrolled, also by keyboard.
func rulbare(html string) string {
	return strings.NewReplacer("<table>", `<div class="rul" tabindex="0"><table>`, "</table>", "</table></div>",
		"<pre>", `<pre tabindex="0">`, "<!-- raw HTML omitted -->", "").Replace(html)
}

func tilHTML(sti string) string { return strings.TrimSuffix(sti, ".md") + ".html" }

// relativ is the way from one page to another.
func relativ(fra, til string) string {
	return path.Join(strings.Repeat("../", strings.Count(fra, "/")), til)
}

package vejledning

import (
	"html/template"
	"io"
	"time"
)

const enkeltHTML = `<!doctype html>
<html lang="da">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Titel}}</title>
<style>{{.Stil}}</style>
</head>
<body>
<div class="sider forside">
<main id="indhold" tabindex="-1">
{{.Indhold}}
</main>
</div>
</body>
</html>
`

// SkrivHTML writes one document as a page that needs nothing else.
func SkrivHTML(w io.Writer, markdown []byte) error {
	skabelon, err := template.New("enkelt").Parse(enkeltHTML)
	if err != nil {
		return err
	}
	s := samling{efter: map[string]*dokument{}}
	d := laesDokument("dokument.md", markdown)
	s.efter[d.sti] = d
	indhold, err := s.html(d)
	if err != nil {
		return err
	}
	return skabelon.Execute(w, side{Titel: d.titel, Stil: template.CSS(sideCSS), Indhold: indhold})
}

// SkrivPDF writes one document to be printed.
func SkrivPDF(w io.Writer, markdown []byte, idag time.Time) error {
	d := laesDokument("dokument.md", markdown)
	return skrivPDF(w, &bog{navn: "dokument", titel: d.titel, dokumenter: []*dokument{d}}, idag)
}

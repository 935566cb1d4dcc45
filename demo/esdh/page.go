package esdh

import (
	"bytes"
	"context"
	"net/http"
)

// pageCases is how many cases the page shows.
const pageCases = 50

// pageCase is a case on the page.
type pageCase struct {
	ID           int64
	Number       string
	OurReference string
	Revision     int
	Title        string
	KLE          string
	Status       string
	CaseWorker   string
	OpenedAt     string
	Closed       bool
	Documents    []documentAnswer
}

// servePage is GET /.
func (s *System) servePage(w http.ResponseWriter, r *http.Request) {
	cases, err := s.latestCases(r.Context())
	if err != nil {
		s.writeError(w, r, err)
		return
	}
	stats, err := s.Stats(r.Context())
	if err != nil {
		s.writeError(w, r, err)
		return
	}
	var out bytes.Buffer
	if err := s.page.Execute(&out, struct {
		Stats Stats
		Down  bool
		Cases []pageCase
	}{stats, s.down.Load(), cases}); err != nil {
		s.writeError(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Write(out.Bytes()) // a client that is gone does not matter
}

// latestCases reads the newest cases, newest first, each with the latest revision of its documents.
func (s *System) latestCases(ctx context.Context) ([]pageCase, error) {
	files, err := queryCases(ctx, s.db, "ORDER BY id DESC LIMIT ?", pageCases)
	if err != nil {
		return nil, err
	}
	documents, err := queryDocuments(ctx, s.db, `WHERE c.id IN (SELECT id FROM cases ORDER BY id DESC LIMIT ?)
		AND v.id = (SELECT max(id) FROM document_revisions WHERE document_id = d.id) ORDER BY d.id`, pageCases)
	if err != nil {
		return nil, err
	}
	byCase := make(map[int64][]documentAnswer)
	for _, d := range documents {
		byCase[d.CaseID] = append(byCase[d.CaseID], d)
	}
	cases := make([]pageCase, len(files))
	for i, c := range files {
		cases[i] = pageCase{
			ID: c.id, Number: c.number, OurReference: c.OurReference, Revision: c.Revision, Title: c.Title, KLE: c.KLE,
			Status: c.Status, CaseWorker: c.CaseWorker, OpenedAt: c.openedAt, Closed: c.closedBy != "", Documents: byCase[c.id],
		}
	}
	return cases, nil
}

// serveReopen is the button on the page.
func (s *System) serveReopen(w http.ResponseWriter, r *http.Request) {
	id, err := pathID(r)
	if err == nil {
		err = s.reopen(r.Context(), id)
	}
	if err != nil {
		s.writeError(w, r, err)
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

const pageHTML = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Records – recent cases</title>
<style>
body { margin: 0; font: 14px/1.45 "Segoe UI", Roboto, sans-serif; color: #22303c; background: #eef2f5; }
header { background: #0f4c5c; color: #fff; padding: 12px 24px; display: flex; gap: 24px; align-items: baseline; flex-wrap: wrap; }
header h1 { font-size: 18px; font-weight: 600; margin: 0; }
header span { color: #cfe3e8; }
.down { background: #b3261e; color: #fff; padding: 8px 24px; }
main { padding: 16px 24px; max-width: 1100px; }
article { background: #fff; border: 1px solid #d5dde3; border-left: 4px solid #2a9d8f; padding: 10px 14px; margin-bottom: 10px; }
article.closed { border-left-color: #8a97a1; background: #f7f8f9; }
h2 { font-size: 15px; margin: 0; }
p { margin: 2px 0; color: #55646f; }
ul { margin: 6px 0 0; padding-left: 20px; }
.tag { font-size: 12px; font-weight: 400; border: 1px solid #b7c3cc; border-radius: 3px; padding: 0 5px; margin-left: 6px; }
form { float: right; margin: 0; }
button { font: inherit; background: #0f4c5c; color: #fff; border: 0; border-radius: 3px; padding: 4px 12px; cursor: pointer; }
</style>
</head>
<body>
<header><h1>Records</h1><span>{{.Stats.Cases}} cases</span><span>{{.Stats.Closed}} closed</span><span>{{.Stats.Documents}} documents</span></header>
{{if .Down}}<div class="down" role="status">The integration service is down for maintenance.</div>{{end}}
<main>
{{range .Cases}}<article{{if .Closed}} class="closed"{{end}}>
{{if .Closed}}<form method="post" action="/internal/cases/{{.ID}}/reopen"><button aria-label="Reopen {{.Number}}">Reopen</button></form>{{end}}
<h2>{{.Number}} {{.Title}}<span class="tag">{{.Status}}</span>{{if .Closed}}<span class="tag">closed</span>{{end}}</h2>
<p>Subject {{.KLE}} · their reference {{.OurReference}} rev. {{.Revision}} · opened {{.OpenedAt}}{{with .CaseWorker}} · {{.}}{{end}}</p>
{{with .Documents}}<ul>{{range .}}<li>{{.DocumentNumber}} {{.Title}} <small>{{.OurReference}} rev. {{.Revision}}, {{.RegisteredAt}}</small></li>{{end}}</ul>{{end}}
</article>
{{else}}<p>No cases yet.</p>
{{end}}</main>
</body>
</html>
`

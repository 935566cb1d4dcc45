package forsendelse

import (
	"bytes"
	"context"
	"net/http"
)

// breveVist is how many letters the page shows.
const breveVist = 50

// sidebrev is a letter on the page. Of the recipient it has the date of birth only.
type sidebrev struct {
	Operation string
	Nr        string
	Revision  int
	Modtager  string
	Svar      string
	Tid       string
}

// serveSide is GET /.
func (s *System) serveSide(w http.ResponseWriter, r *http.Request) {
	side, err := s.tegnSide(r.Context())
	if err != nil {
		s.opts.Logger.ErrorContext(r.Context(), "forsendelse: side", "fejl", err)
		http.Error(w, "Siden kan ikke vises.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Write(side) // a caller that is gone does not matter
}

func (s *System) tegnSide(ctx context.Context) ([]byte, error) {
	breve, err := s.senesteBreve(ctx)
	if err != nil {
		return nil, err
	}
	stats, err := s.Stats(ctx)
	if err != nil {
		return nil, err
	}
	var ud bytes.Buffer
	err = s.side.Execute(&ud, struct {
		Stats Stats
		Breve []sidebrev
	}{stats, breve})
	return ud.Bytes(), err
}

func (s *System) senesteBreve(ctx context.Context) ([]sidebrev, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT operation, nr, revision, substr(modtager, 1, 6), svar, tid
		FROM forsendelseslog ORDER BY id DESC LIMIT ?`, breveVist)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var breve []sidebrev
	for rows.Next() {
		var b sidebrev
		if err := rows.Scan(&b.Operation, &b.Nr, &b.Revision, &b.Modtager, &b.Svar, &b.Tid); err != nil {
			return nil, err
		}
		breve = append(breve, b)
	}
	return breve, rows.Err()
}

const sideHTML = `<!DOCTYPE html>
<html lang="da">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Forsendelse – seneste breve</title>
<style>
body { margin: 0; font: 15px/1.4 Georgia, serif; color: #2b2118; background: #fbf7ef; }
header { border-bottom: 4px double #a3341f; padding: 14px 24px; }
h1 { font-size: 22px; margin: 0; color: #a3341f; }
p { margin: 4px 0 0; }
main { padding: 16px 24px; overflow-x: auto; }
table { border-collapse: collapse; background: #fff; }
th, td { text-align: left; padding: 4px 14px; border-bottom: 1px solid #e2d8c6; white-space: nowrap; }
th { font-weight: 600; background: #f3ebdc; }
.rek { color: #a3341f; font-weight: 600; }
</style>
</head>
<body>
<header><h1>Forsendelse</h1><p>{{.Stats.Breve}} breve · {{.Stats.Rekommanderede}} rekommanderede</p></header>
<main>
{{if .Breve}}<table>
<thead><tr><th scope="col">Afsendt</th><th scope="col">Nummer</th><th scope="col">Slags</th><th scope="col">Vedrører</th><th scope="col">Revision</th><th scope="col">Modtager</th></tr></thead>
<tbody>
{{range .Breve}}<tr><td>{{.Tid}}</td><td>{{.Svar}}</td><td>{{if eq .Operation "SendRekommanderet"}}<span class="rek">Rekommanderet</span>{{else}}Brev{{end}}</td><td>{{.Nr}}</td><td>{{.Revision}}</td><td>{{.Modtager}}-xxxx</td></tr>
{{end}}</tbody>
</table>{{else}}<p>Der er ikke sendt nogen breve endnu.</p>{{end}}
</main>
</body>
</html>
`

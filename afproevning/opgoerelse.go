package afproevning

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the database driver "pgx"
	_ "modernc.org/sqlite"             // the database driver "sqlite"

	"github.com/moxkit/mox/internal/janej"
)

// Opgoerelse asks one of the trial's systems what it holds, through what the system itself offers. Exactly one of SQL,
// HTTP, Filer and MOX is set.
type Opgoerelse struct {
	SQL          *SQLSpoergsmaal  `yaml:"sql"`
	HTTP         *HTTPSpoergsmaal `yaml:"http"`
	Filer        string           `yaml:"filer"` // pattern of file names
	MOX          *MOXSpoergsmaal  `yaml:"mox"`
	KunSimuleret janej.JaNej      `yaml:"kun_simuleret"` // it asks what only the simulator tells
}

func (o *Opgoerelse) slags() (n int) {
	for _, har := range []bool{o.SQL != nil, o.HTTP != nil, o.Filer != "", o.MOX != nil} {
		if har {
			n++
		}
	}
	return n
}

// SQLSpoergsmaal is a query; each row is one post, its columns with | between.
type SQLSpoergsmaal struct {
	Fil    string   `yaml:"fil"` // an SQLite file, opened for reading only
	URL    string   `yaml:"url"` // or a PostgreSQL
	Query  string   `yaml:"query"`
	Noegle []string `yaml:"noegle"` // the columns that are the post; none = all
}

// HTTPSpoergsmaal is a GET that gives a list in JSON.
type HTTPSpoergsmaal struct {
	URL     string            `yaml:"url"`
	Poster  string            `yaml:"poster"` // the field with the list; none = the answer is the list
	Felter  []string          `yaml:"felter"`
	Kun     map[string]string `yaml:"kun"` // only those whose fields have these values; * at the end fits what begins so
	Bruger  string            `yaml:"bruger"`
	Kodeord string            `yaml:"kodeord"` // file of the trial
}

// spoerger asks. The words between @ are replaced before.
type spoerger struct {
	fyld   *strings.Replacer
	laes   func(fil string) ([]byte, error) // a file of the trial
	mox    func(ctx context.Context, q MOXSpoergsmaal) ([]string, error)
	klient *http.Client
}

// spoerg gives the posts, sorted; what is there twice is there twice.
func (s *spoerger) spoerg(ctx context.Context, o Opgoerelse) (ud []string, err error) {
	switch {
	case o.SQL != nil:
		ud, err = s.spoergSQL(ctx, *o.SQL)
	case o.HTTP != nil:
		ud, err = s.spoergHTTP(ctx, *o.HTTP)
	case o.Filer != "":
		ud, err = filepath.Glob(s.fyld.Replace(o.Filer))
		for i := range ud {
			ud[i] = filepath.Base(ud[i])
		}
	default:
		ud, err = s.mox(ctx, *o.MOX)
	}
	slices.Sort(ud)
	return ud, err
}

func (s *spoerger) spoergSQL(ctx context.Context, q SQLSpoergsmaal) ([]string, error) {
	raekker, err := s.raekker(ctx, q)
	if err != nil {
		return nil, err
	}
	var ud []string
	for _, r := range raekker {
		ud = append(ud, r.post(q.Noegle))
	}
	return ud, nil
}

// raekke is one row, by column, with the columns in their order.
type raekke struct {
	navne    []string
	vaerdier map[string]string
}

func (r raekke) post(kolonner []string) string {
	if len(kolonner) == 0 {
		kolonner = r.navne
	}
	led := make([]string, len(kolonner))
	for i, k := range kolonner {
		led[i] = r.vaerdier[k]
	}
	return strings.Join(led, "|")
}

func (s *spoerger) raekker(ctx context.Context, q SQLSpoergsmaal, args ...any) (ud []raekke, err error) {
	driver, dsn := "pgx", s.fyld.Replace(q.URL)
	if q.Fil != "" {
		abs, err := filepath.Abs(s.fyld.Replace(q.Fil))
		if err != nil {
			return nil, err
		}
		if _, err := os.Stat(abs); err != nil { // else it would be a new and empty one
			return nil, err
		}
		driver, dsn = "sqlite", (&url.URL{Scheme: "file", Path: abs, RawQuery: "mode=ro&_pragma=busy_timeout(5000)"}).String()
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }() // nothing was written
	rows, err := db.QueryContext(ctx, q.Query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // rows.Err tells what matters
	navne, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		r, err := laesRaekke(rows, navne)
		if err != nil {
			return nil, err
		}
		ud = append(ud, r)
	}
	return ud, rows.Err()
}

func laesRaekke(rows *sql.Rows, navne []string) (raekke, error) {
	v := make([]sql.NullString, len(navne))
	til := make([]any, len(navne))
	for i := range v {
		til[i] = &v[i]
	}
	r := raekke{navne, map[string]string{}}
	err := rows.Scan(til...)
	for i, n := range navne {
		r.vaerdier[n] = v[i].String
	}
	return r, err
}

// httpFrist is how long a system may take to answer, and maksSvar how many bytes the answer may have.
const (
	httpFrist = 30 * time.Second
	maksSvar  = 64 << 20
)

func (s *spoerger) spoergHTTP(ctx context.Context, q HTTPSpoergsmaal) ([]string, error) {
	ctx, stop := context.WithTimeout(ctx, httpFrist)
	defer stop()
	adresse := s.fyld.Replace(q.URL)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, adresse, nil)
	if err != nil {
		return nil, err
	}
	if q.Bruger != "" {
		k, err := s.laes(q.Kodeord)
		if err != nil {
			return nil, err
		}
		r.SetBasicAuth(q.Bruger, strings.TrimSpace(string(k)))
	}
	svar, err := s.klient.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = svar.Body.Close() }() // only read
	b, err := io.ReadAll(io.LimitReader(svar.Body, maksSvar))
	if err != nil {
		return nil, err
	}
	if svar.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s svarede %s", r.URL.Redacted(), svar.Status)
	}
	return q.poster(b)
}

// poster picks the posts out of an answer.
func (q HTTPSpoergsmaal) poster(b []byte) ([]string, error) {
	if q.Poster != "" {
		var m map[string]json.RawMessage
		if err := json.Unmarshal(b, &m); err != nil {
			return nil, err
		}
		b = m[q.Poster]
	}
	var l []map[string]any
	if err := json.Unmarshal(b, &l); err != nil {
		return nil, fmt.Errorf("svaret har ingen liste %q: %w", q.Poster, err)
	}
	var ud []string
	for _, x := range l {
		r := raekke{q.Felter, map[string]string{}}
		for navn, v := range x {
			r.vaerdier[navn] = tekst(v)
		}
		if passer(q.Kun, r.vaerdier) {
			ud = append(ud, r.post(nil))
		}
	}
	return ud, nil
}

func tekst(v any) string {
	if v == nil {
		return ""
	}
	if f, ok := v.(float64); ok && f == float64(int64(f)) {
		return fmt.Sprint(int64(f))
	}
	return fmt.Sprint(v)
}

// passer reports whether the values are those that are asked for.
func passer(kun, vaerdier map[string]string) bool {
	for navn, v := range kun {
		if ok, err := path.Match(v, vaerdier[navn]); err != nil || !ok {
			return false
		}
	}
	return true
}

// forskel is how two lists that should be the same are not: what is missing in the second, and what it has too much.
func forskel(a, b []string) (mangler, forMeget []string) {
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case j == len(b) || i < len(a) && cmp.Less(a[i], b[j]):
			mangler = append(mangler, a[i])
			i++
		case i == len(a) || cmp.Less(b[j], a[i]):
			forMeget = append(forMeget, b[j])
			j++
		default:
			i, j = i+1, j+1
		}
	}
	return mangler, forMeget
}

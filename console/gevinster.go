package console

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/report"
)

// gevinstside is the business case of a period.
type gevinstside struct {
	R           *report.Rapport
	Rader       []gevinstrad
	Versioner   []report.Version
	Soejler     []soejle
	Kroner      bool // the columns are kroner, not transactions
	Query       string
	Maa         bool // whoever looks may tell more
	Foelsomhed  []foelsomhed
	Leverandoer bool // something is told of the vendor
}

// gevinstrad is one proces: what was counted, and what it is worth.
type gevinstrad struct {
	Tal   report.Procestal
	Vaerd report.Procesgevinst
}

type foelsomhed struct {
	Faktor               float64
	Beregnet, Realiseret report.Foelsomhed
}

// soejle is one month's column in a picture 100 high, and what it says.
type soejle struct {
	Maaned  string
	X, Y, H float64
	Vaerdi  float64
}

// soejlebredde is a column's width; the next stands 12 further on.
const soejlebredde, soejleskridt = 10, 12

func (c *console) gevinster(w http.ResponseWriter, r *http.Request) error {
	rapport, err := c.gevinstrapport(r)
	if err != nil {
		return err
	}
	_, versioner, err := c.Gevinster.Grundlag(r.Context())
	if err != nil {
		return err
	}
	d := gevinstside{R: &rapport, Versioner: versioner, Maa: c.MaaHandle(r), Query: gevinstquery(r), Leverandoer: rapport.Grundlag.Leverandoer != report.Leverandoer{}}
	d.Soejler, d.Kroner = soejler(&rapport)
	d.Rader, d.Foelsomhed = gevinstrader(&rapport), foelsomheder(&rapport)
	s := c.sprog[vaelg(r)]
	return c.vis(w, r, "gevinster", side{Titel: s.t("nav.gevinster"), Nav: "gevinster", D: d})
}

func (c *console) gevinstrapport(r *http.Request) (report.Rapport, error) {
	q := r.URL.Query()
	p, err := c.Gevinster.Periode(q.Get("fra"), q.Get("til"), strings.TrimSpace(q.Get("myndighed")))
	if err != nil {
		return report.Rapport{}, err
	}
	return c.Gevinster.Rapport(r.Context(), p)
}

// gevinstquery is the period of a page, for the files of the same period.
func gevinstquery(r *http.Request) string {
	q := url.Values{}
	for _, k := range []string{"fra", "til", "myndighed"} {
		if v := r.URL.Query().Get(k); v != "" {
			q.Set(k, v)
		}
	}
	return q.Encode()
}

func gevinstrader(r *report.Rapport) (ud []gevinstrad) {
	for _, p := range r.Processer {
		rad := gevinstrad{report.Procestal{Proces: p.Proces}, p}
		for _, t := range r.Taelling.Processer {
			if t.Proces == p.Proces {
				rad.Tal = t
			}
		}
		ud = append(ud, rad)
	}
	return ud
}

func foelsomheder(r *report.Rapport) (ud []foelsomhed) {
	for i, f := range r.Realiseret.Foelsomhed {
		ud = append(ud, foelsomhed{f.Faktor, r.Beregnet.Foelsomhed[i], f})
	}
	return ud
}

// soejler draws the months; a month that cost more than it gave has no column.
func soejler(r *report.Rapport) (ud []soejle, kroner bool) {
	tal, kroner := r.Maanedsgevinst()
	stoerst := 0.0
	for _, v := range tal {
		stoerst = math.Max(stoerst, v)
	}
	for i, v := range tal {
		h := 0.0
		if stoerst > 0 {
			h = math.Max(v, 0) / stoerst * 100
		}
		ud = append(ud, soejle{r.Taelling.Maaneder[i], float64(i * soejleskridt), 100 - h, h, v})
	}
	return ud, kroner
}

// Bredde is the picture's width.
func (d gevinstside) Bredde() int { return max(len(d.Soejler)*soejleskridt, soejleskridt) }

// Sidste is the last month.
func (d gevinstside) Sidste() string { return d.Soejler[len(d.Soejler)-1].Maaned }

// Soejlebredde is a column's.
func (d gevinstside) Soejlebredde() int { return soejlebredde }

// gevinstfil answers with the report as a file.
func (c *console) gevinstfil(w http.ResponseWriter, r *http.Request) error {
	var type_ string
	var skriv func(io.Writer, *report.Rapport) error
	switch r.PathValue("navn") {
	case "gevinster.xlsx":
		type_, skriv = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", report.SkrivXLSX
	case "gevinster.pdf":
		type_, skriv = "application/pdf", report.SkrivPDF
	case "gevinster.csv":
		type_, skriv = "text/csv; charset=utf-8", func(w io.Writer, r *report.Rapport) error { return report.SkrivCSV(w, r) }
	default:
		return mox.E("gevinster", mox.KodeIkkeFundet, "filen findes ikke").Med("hent gevinster.xlsx, gevinster.pdf eller gevinster.csv")
	}
	rapport, err := c.gevinstrapport(r)
	if err != nil {
		return err
	}
	var ud strings.Builder
	if err := skriv(&ud, &rapport); err != nil {
		return err
	}
	w.Header().Set("Content-Type", type_)
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="gevinster-%s-%s%s"`, rapport.Fra, rapport.Til, r.PathValue("navn")[len("gevinster"):]))
	_, _ = io.WriteString(w, ud.String()) // a reader that has gone away needs no answer
	return nil
}

// kroner writes a number without decimals, and one of years or minutes with one.
func (s *sprog) kroner(v any) string { return s.decimaltal(v, 0) }

func (s *sprog) enDecimal(v any) string { return s.decimaltal(v, 1) }

// procent writes a share.
func (s *sprog) procent(v *float64) string { return s.decimaltal(*v*100, 0) + " %" }

// decimaltal writes a float64 or a *float64 as the language does; "–" for nil.
func (s *sprog) decimaltal(v any, n int) string {
	f, ok := v.(float64)
	if p, er := v.(*float64); er && p != nil {
		f, ok = *p, true
	}
	if !ok {
		return "–"
	}
	t := report.SkrivTal(f, n)
	if s.kode == engelsk {
		t = strings.NewReplacer(".", ",", ",", ".").Replace(t)
	}
	return t
}

// maanedsnavn is "januar 2026" for "2026-01".
func (s *sprog) maanedsnavn(m string) string {
	t, err := time.Parse("2006-01", m)
	if err != nil {
		return m
	}
	return s.maaned(t) + " " + t.Format("2006")
}

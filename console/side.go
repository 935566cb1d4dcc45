package console

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/console/internal/laes"
	"github.com/moxkit/mox/internal/problem"
	"github.com/moxkit/mox/store"
)

//go:embed skabelon
var skabelonFS embed.FS

// skabeloner are the pages of one language, by name.
type skabeloner map[string]*template.Template

// sidenavne are the pages; each is a file that defines "side", and "live" when a part of it keeps itself fresh.
func sidenavne() []string {
	return []string{"overblik", "beskeder", "forloeb", "indhold", "fejlliste", "fejl", "gruppe", "pause", "agenter", "alarmer", "processer", "gevinster", "gevinstform", "register", "registerobjekt", "registerglem", "glemte", "login", "abonnementer", "abonnement", "abonnementform", "abonnementluk", "lister", "liste", "listeform", "konti", "kontoaf", "kontoform", "konto", "uheld"}
}

func laesSkabeloner(s *sprog, st *statisk) skabeloner {
	grund := template.Must(template.New("ramme").Funcs(funktioner(s, st)).ParseFS(skabelonFS, "skabelon/ramme.html", "skabelon/dele.html"))
	ud := skabeloner{}
	for _, navn := range sidenavne() {
		ud[navn] = template.Must(template.Must(grund.Clone()).ParseFS(skabelonFS, "skabelon/"+navn+".html"))
	}
	return ud
}

func funktioner(s *sprog, st *statisk) template.FuncMap {
	return template.FuncMap{
		"t": s.t, "antal": s.antal, "tal": s.tal, "tid": s.tid, "tidstekst": s.tidstekst, "dato": s.dato, "vist": nyVistVaerdi, "livscyklus": s.livscyklusmaerke, "siden": s.siden, "varighed": s.varighed, "varede": varede, "mellem": s.mellem, "da": s.paaDansk,
		"kendt": s.kendt, "fejlnavn": s.fejlnavn, "fejltekst": s.fejltekst, "seneste": seneste, "tidligere": tidligere, "nyt": nyt, "maskeret": laes.Maskeret, "seg": url.PathEscape, "statisk": st.adresse, "ikon": ikon,
		"maerke": maerke, "kort": kort, "forkort": afkort, "tilstand": s.tilstandsmaerke, "procestilstand": s.procesmaerke, "resultat": s.resultatmaerke,
		"kvittering": s.kvitteringsmaerke, "ansvar": s.ansvarsmaerke, "felt": nytFelt, "statusmaerke": s.statusmaerke,
		"raaquery": func(q string) template.URL { return template.URL(q) }, // made by url.Values.Encode
		"kroner":   s.kroner, "endecimal": s.enDecimal, "procent": s.procent, "maanedsnavn": s.maanedsnavn,
		"tal64":    func(n int) int64 { return int64(n) },
		"sletning": s.sletmaerke,
		"rad":      nyVaerdirad, "ved": vedHandling, "raadnoegle": raadnoegle,
		"abvalg": nytValgfelt, "listeaendringer": listeaendringer,
		"ansvarsliste": ansvar, "artsliste": fejlarter, "procestilstande": mox.ProcesTilstande,
	}
}

// side is what every page has around its own content.
type side struct {
	Sprog     string
	Titel     string // as it stands in the browser's tab
	Nav       string // which place in the navigation this is
	Bruger    string
	KanLogInd bool // people log in and out
	Konti     bool // the person may see people's accounts
	Udenfor   bool // nobody is logged in where one must be
	Version   string
	Token     string
	Tilbage   string // where a change of language comes back to
	Live      string // where the fresh part of the page is fetched; "" = nowhere
	AabneFejl int64
	Gjort     string // what has just been done: a key in the catalogue
	Uheld     *uheld // what could not be done
	D         any    // the page's own content
}

type sidehandler func(http.ResponseWriter, *http.Request) error

// side answers with h's page, or with a page that says why not. It never lets a panic close the connection without a word.
func (c *console) side(h sidehandler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if p := recover(); p != nil && p != http.ErrAbortHandler {
				c.Log.Error("konsollen brød sammen", "metode", r.Method, "sti", r.Pattern, "fejl", p, "stak", string(debug.Stack()))
				c.uheldsside(w, r, fmt.Errorf("panic: %v", p))
			}
		}()
		if err := h(w, r); err != nil {
			c.uheldsside(w, r, err)
		}
	}
}

// uheldsside is the page of an error that has no page of its own to stand on.
func (c *console) uheldsside(w http.ResponseWriter, r *http.Request, err error) {
	u := c.uheld(r, err)
	s := c.sprog[vaelg(r)]
	if visErr := c.vis(w, r, "uheld", side{Titel: s.kendt("uheld.titel", u.Status), Uheld: u}); visErr != nil {
		http.Error(w, "MOX", http.StatusInternalServerError)
	}
}

// uheld is an error as a person sees it.
type uheld struct {
	Status int
	Kode   mox.Kode
	Tekst  string // Danish; "" = only what the code says
	Raad   string
	Felter []mox.Feltfejl
}

// uheld prepares an error for a page. One without a code is our own defect: it is logged, and not shown.
func (c *console) uheld(r *http.Request, err error) *uheld {
	var e *mox.Error
	if !errors.As(err, &e) || e.Kode == mox.KodeIntern {
		c.Log.Error("konsollen kunne ikke svare", "metode", r.Method, "sti", r.Pattern, "fejl", err)
		return &uheld{Status: http.StatusInternalServerError, Kode: mox.KodeIntern}
	}
	u := &uheld{Status: problem.Status(e.Kode), Kode: e.Kode, Tekst: mox.Maskeret(e.Tekst), Raad: e.Raad}
	for _, f := range e.Felter {
		f.Tekst = mox.Maskeret(f.Tekst)
		u.Felter = append(u.Felter, f)
	}
	if u.Status >= http.StatusInternalServerError {
		c.Log.Warn("konsollen kunne ikke svare", "metode", r.Method, "sti", r.Pattern, "fejl", err)
	}
	return u
}

// Opsaetning reports whether the page is about what is set up, which has a menu of its own.
func (s side) Opsaetning() bool {
	return slices.Contains([]string{"abonnementer", "lister", "agenter", "konti"}, s.Nav)
}

// Ved finds what is wrong with one field of a form; "" = nothing.
func (u *uheld) Ved(sti string) string {
	if u == nil {
		return ""
	}
	for _, f := range u.Felter {
		if f.Sti == sti {
			return f.Tekst
		}
	}
	return ""
}

// vedEn finds what is wrong with a field that has several names.
func (u *uheld) vedEn(stier ...string) string {
	for _, sti := range stier {
		if tekst := u.Ved(sti); tekst != "" {
			return tekst
		}
	}
	return ""
}

// under are the things wrong with what lies below a path.
func (u *uheld) under(forled string) (ud []mox.Feltfejl) {
	if u == nil {
		return nil
	}
	for _, f := range u.Felter {
		if strings.HasPrefix(f.Sti, forled) {
			ud = append(ud, f)
		}
	}
	return ud
}

// vis writes a page, or only its live part when that is asked for. Nothing is sent before all of it is made.
func (c *console) vis(w http.ResponseWriter, r *http.Request, navn string, s side) error {
	s.Sprog = vaelg(r)
	s.Bruger, s.Version, s.Token = c.Bruger(r), c.Version, c.token(r)
	hvem, _ := auth.Fra(r.Context())
	s.KanLogInd, s.Udenfor = c.Login != nil, c.udenfor(r) || hvem.SkalSkifte
	s.Konti = c.Konti != nil && administrator(r)
	s.Tilbage = "/"
	if r.Method == http.MethodGet {
		s.Tilbage = r.URL.RequestURI()
	}
	if g := r.URL.Query().Get("gjort"); c.sprog[s.Sprog].har("gjort." + g) {
		s.Gjort = g
	}
	if !s.Udenfor {
		s.AabneFejl = c.aabneFejl(r)
	}
	del := "ramme"
	if s.Live != "" && r.URL.Query().Has("del") {
		del = "live"
	}
	var ud bytes.Buffer
	if err := c.sider[s.Sprog][navn].ExecuteTemplate(&ud, del, s); err != nil {
		return fmt.Errorf("side %s: %w", navn, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Vary", "Cookie, Accept-Language")
	w.Header().Set("X-Aabne-Fejl", strconv.FormatInt(s.AabneFejl, 10))
	if s.Uheld != nil {
		w.WriteHeader(s.Uheld.Status)
	}
	_, _ = ud.WriteTo(w) // a reader that has gone away needs no answer
	return nil
}

// aabneFejl counts what waits for a person. A database that does not answer must not hide the page that says so.
func (c *console) aabneFejl(r *http.Request) (n int64) {
	err := c.D.Store().View(r.Context(), func(tx *store.Tx) (err error) {
		n, err = tx.TaelFejl(store.Udvalg{})
		return err
	})
	if err != nil {
		c.Log.Warn("åbne fejl kunne ikke tælles", "fejl", err)
	}
	return n
}

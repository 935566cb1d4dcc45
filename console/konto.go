package console

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/konto"
)

// Login logs people in and out, and answers with their cookie; [auth.Vagt] does.
type Login interface {
	LogInd(w http.ResponseWriter, r *http.Request, navn, kodeord string) error
	LogUd(w http.ResponseWriter, r *http.Request) error
	SkiftKodeord(w http.ResponseWriter, r *http.Request, gammelt, nyt string) error
}

// loginruter are the pages about who one is.
func (c *console) loginruter(m *http.ServeMux) {
	m.HandleFunc("GET "+auth.LogIndSti, c.side(c.login))
	m.HandleFunc("POST "+auth.LogIndSti, c.form(c.logInd))
	m.HandleFunc("POST "+auth.LogUdSti, c.form(c.logUd))
	m.HandleFunc("GET "+auth.KontoSti, c.side(func(w http.ResponseWriter, r *http.Request) error { return c.visKonto(w, r, nil) }))
	m.HandleFunc("POST "+auth.SkiftSti, c.form(c.skiftKodeord))
}

// udenfor reports whether nobody is logged in where one must be: then a page shows nothing of what is inside.
func (c *console) udenfor(r *http.Request) bool {
	_, inde := auth.Fra(r.Context())
	return c.Login != nil && !inde
}

// loginside is the page where one logs in.
type loginside struct {
	Navn  string
	Til   string // where to go then
	Lokal bool   // it is opened at this machine, where a link does, too
	Fejl  string // what went wrong, when a person can do something about it
	Ud    bool   // one has just logged out
	Andet string // where one logs in at the authority's own provider; "" = there is none
}

func (c *console) login(w http.ResponseWriter, r *http.Request) error {
	til := lokalSti(r.URL.Query().Get("til"))
	if !c.udenfor(r) {
		http.Redirect(w, r, til, http.StatusSeeOther)
		return nil
	}
	d := loginside{Til: til, Ud: r.URL.Query().Has("ud")}
	if s, fejl := c.sprog[vaelg(r)], "login.oidc."+r.URL.Query().Get("fejl"); s.har(fejl) { // from the provider
		d.Fejl = s.t(fejl)
	}
	return c.visLogin(w, r, d, nil)
}

func (c *console) visLogin(w http.ResponseWriter, r *http.Request, d loginside, u *uheld) error {
	d.Lokal = r.TLS == nil
	if c.Ekstern {
		d.Andet = auth.LogIndEksternSti + "?" + url.Values{"til": {d.Til}}.Encode()
	}
	s := c.sprog[vaelg(r)]
	if u != nil && s.har("login.fejl."+string(u.Kode)) {
		d.Fejl = s.t("login.fejl." + string(u.Kode))
	}
	return c.vis(w, r, "login", side{Titel: s.t("login.titel"), Uheld: u, D: d})
}

// logInd logs a person in. When it cannot be done the page is shown again with the name, never with the password.
func (c *console) logInd(w http.ResponseWriter, r *http.Request) error {
	d := loginside{Navn: r.PostFormValue("navn"), Til: lokalSti(r.PostFormValue("til"))}
	if err := c.Login.LogInd(w, r, d.Navn, r.PostFormValue("kodeord")); err != nil {
		if mox.KodeAf(err) == mox.KodeForMange {
			w.Header().Set("Retry-After", strconv.Itoa(int(konto.Spaerretid.Seconds())))
		}
		return c.visLogin(w, r, d, c.uheld(r, err))
	}
	http.Redirect(w, r, d.Til, http.StatusSeeOther)
	return nil
}

func (c *console) logUd(w http.ResponseWriter, r *http.Request) error {
	if err := c.Login.LogUd(w, r); err != nil {
		return err
	}
	http.Redirect(w, r, auth.LogIndSti+"?ud", http.StatusSeeOther)
	return nil
}

// kontoside is who one is, and where one's password is changed.
type kontoside struct {
	Navn     string
	Rolle    auth.Rolle
	Kodeord  bool   // there is an account, and so a password
	Skal     bool   // it must be changed first
	Mindst   int    // characters of a password
	Minutter int    // unused, until one is logged out
	Timer    int    // until one is logged out in any case
	Fejl     *uheld // what is wrong with a field
}

func (c *console) visKonto(w http.ResponseWriter, r *http.Request, u *uheld) error {
	hvem, _ := auth.Fra(r.Context())
	d := kontoside{Navn: c.Bruger(r), Rolle: hvem.Rolle, Kodeord: hvem.Konto != "", Skal: hvem.SkalSkifte, Mindst: konto.MindsteKodeord,
		Minutter: int(konto.TomgangsFrist.Minutes()), Timer: int(konto.SessionFrist.Hours()), Fejl: u}
	if u != nil {
		uden := *u // it stands at the field
		uden.Felter = nil
		u = &uden
	}
	return c.vis(w, r, "konto", side{Titel: c.sprog[vaelg(r)].t("konto.titel"), Nav: "konto", Uheld: u, D: d})
}

// skiftKodeord gives the person another password, which is typed twice.
func (c *console) skiftKodeord(w http.ResponseWriter, r *http.Request) error {
	nyt := r.PostFormValue("kodeord")
	err := ensKodeord(nyt, r.PostFormValue("igen"))
	if err == nil {
		err = c.Login.SkiftKodeord(w, r, r.PostFormValue("gammelt"), nyt)
	}
	if err != nil {
		return c.visKonto(w, r, c.uheld(r, err))
	}
	http.Redirect(w, r, "/konto?gjort=kodeord", http.StatusSeeOther)
	return nil
}

func ensKodeord(nyt, igen string) error {
	if nyt == igen {
		return nil
	}
	return &mox.Error{Kode: mox.KodeUgyldig, Op: "kodeord", Tekst: "de to nye kodeord er ikke ens", Raad: "skriv det nye kodeord to gange",
		Felter: []mox.Feltfejl{{Sti: "igen", Regel: "igen", Tekst: "er ikke som det nye kodeord"}}}
}

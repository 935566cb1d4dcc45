// Package console is the operators' web console: how everything stands, what happened to a besked, and what a person must
// decide. It is rendered on the server and readable without script; a small script keeps the figures fresh.
//
// Payload and personal data are shown only to one who gives a reason, and both are logged. The same acts are offered to
// programs by package drift, which the console serves beside its pages.
package console

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/console/drift"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/konto"
	"github.com/moxkit/mox/register"
	"github.com/moxkit/mox/report"
)

// Agenter are the agents that can take a person's correction or answer; see [drift.Agenter].
type Agenter = drift.Agenter

// Options are what a console is made of. Only D is required.
type Options struct {
	D *distributor.Distributor
	// Register is what the pages about it show. nil = the one that keeps its rows where D does.
	Register *register.Register
	// Agenter takes corrected records and answers. nil = this process runs no agents; then neither is offered.
	Agenter Agenter
	// Gevinster is the business case. nil = one that knows no agents.
	Gevinster *report.Bog
	// Landskab tells which systems exchange what. nil = drawn from abonnementer and sources, without vendors and addresses.
	Landskab func() Landskab
	// Bruger is the name of the person who is logged in; it stands in the log of acts. nil = nobody is known.
	Bruger func(*http.Request) string
	// Registerhvem is the person as the register knows who reads, and why. nil = by what [auth.Vagt] has found out.
	Registerhvem func(r *http.Request, formaal string) register.Hvem
	// MaaHandle tells whether the person may change anything; who may not is offered no form where that is known. It lets nobody
	// in: the caller keeps those forms from being sent. nil = everybody may.
	MaaHandle func(*http.Request) bool
	// Login logs people in and out. nil = that is not done here: there are no such pages.
	Login Login
	// Ekstern tells that people can log in at the authority's own provider, too.
	Ekstern bool
	// Konti are the accounts, for the API's administrator. nil = there are none.
	Konti *konto.Konti
	// Kan asks whether a new abonnement can be carried; nil = it is not asked.
	Kan   func(context.Context, mox.Abonnement) error
	Vhost string // at the broker; see [drift.Options]
	// ProevAlarm sends a trial alarm; see [drift.Options].
	ProevAlarm func(context.Context) map[string]string
	// LaesAftaler reads the tilslutningsaftaler again; see [drift.Options].
	LaesAftaler func() (mox.Aftaler, error)
	Log         *slog.Logger
	Version     string
	// Demo shows the steps of DemoTrin on the front page.
	Demo     bool
	DemoTrin []DemoTrin
	// Tidszone is the zone of times on screens. nil = Europe/Copenhagen, or the machine's where that is not known.
	Tidszone *time.Location
	// Nu is the clock by which ages are shown. nil = time.Now.
	Nu func() time.Time
}

// DemoTrin is one thing to try in the demonstration.
type DemoTrin struct {
	Da, En string
	Sti    string // where to go: "/fejl"; "" = nowhere
}

// Landskab is the systems around MOX and what flows between them and it.
type Landskab struct {
	Systemer []System
	Flows    []Flow
}

// System is one system that exchanges beskeder through MOX.
type System struct {
	Navn        string
	Leverandoer string
	Adresse     string // http(s) URL of its own user interface, or ""
}

// Flow is what goes one way between a system and MOX: the records of a Kilde from the system Fra, or the leverancer of an
// Abonnement to the system Til.
type Flow struct {
	Fra, Til   string
	Kilde      string // "agent/source"; "" for a flow out of MOX
	Abonnement mox.AbonnementID
}

type console struct {
	Options
	sprog   map[string]*sprog
	sider   map[string]skabeloner // by language
	statisk *statisk
	stand   *standlager
}

// Konsol is the console's handler. It answers every path: its pages, /statisk/ and [drift.Rod].
type Konsol struct {
	http.Handler
	c *console
}

// Afvis answers with a page that says why not, to whoever is logged in and may not do this.
func (k *Konsol) Afvis(w http.ResponseWriter, r *http.Request, err error) {
	k.c.sikret(k.c.side(func(http.ResponseWriter, *http.Request) error { return err })).ServeHTTP(w, r)
}

// New makes the console.
//
// The caller stands in front of it with what keeps strangers out; the console itself demands a token of its own in every
// form.
func New(o Options) *Konsol {
	c := &console{Options: medStandard(o), statisk: laesStatisk()}
	c.stand = nytStandlager(c.D, c.Nu)
	c.sprog = laesSprog(c.Tidszone, c.Nu)
	c.sider = map[string]skabeloner{}
	for kode, s := range c.sprog {
		c.sider[kode] = laesSkabeloner(s, c.statisk)
	}
	return &Konsol{c.sikret(c.ruter()), c}
}

func medStandard(o Options) Options {
	if o.Bruger == nil {
		o.Bruger = func(*http.Request) string { return "" }
	}
	if o.MaaHandle == nil {
		o.MaaHandle = func(*http.Request) bool { return true }
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Register == nil {
		o.Register = register.New(o.D, register.Options{Log: o.Log})
	}
	if o.Registerhvem == nil {
		o.Registerhvem = func(r *http.Request, formaal string) register.Hvem {
			i, _ := auth.Fra(r.Context())
			return o.Register.Hvem(i, formaal)
		}
	}
	if o.Nu == nil {
		o.Nu = time.Now
	}
	if o.Tidszone == nil {
		o.Tidszone = time.Local
		if z, err := time.LoadLocation("Europe/Copenhagen"); err == nil {
			o.Tidszone = z
		}
	}
	if o.Gevinster == nil {
		o.Gevinster = report.New(report.Options{D: o.D, Tidszone: o.Tidszone, Nu: o.Nu})
	}
	return o
}

func (c *console) ruter() *http.ServeMux {
	m := http.NewServeMux()
	m.HandleFunc("GET /{$}", c.side(c.overblik))
	m.HandleFunc("GET /beskeder", c.side(c.beskeder))
	m.HandleFunc("POST /beskeder/person", c.form(c.personsoegning))
	m.HandleFunc("POST /beskeder/{nr}/indhold", c.form(c.visIndhold))
	m.HandleFunc("GET /forloeb/{id}", c.side(c.forloeb))
	m.HandleFunc("GET /fejl", c.side(c.fejlliste))
	m.HandleFunc("GET /fejl/gruppe", c.side(c.gruppe))
	m.HandleFunc("POST /fejl/gruppe", c.form(c.udfoerGruppe))
	m.HandleFunc("GET /fejl/{id}", c.side(c.fejl))
	m.HandleFunc("POST /fejl/{id}/aabn", c.form(c.aabnFejl))
	for navn, f := range c.fejlhandlinger() {
		m.HandleFunc("POST /fejl/{id}/"+navn, c.form(c.fejlhandling(navn, f)))
	}
	m.HandleFunc("GET /abonnementer/{id}/pause", c.side(c.pause))
	m.HandleFunc("POST /abonnementer/{id}/pause", c.form(c.saetPause))
	c.opsaetningsruter(m)
	m.HandleFunc("GET /agenter", c.side(c.agenter))
	m.HandleFunc("GET /alarmer", c.side(c.alarmer))
	m.HandleFunc("POST /alarmer/{id}/kvitter", c.form(c.kvitterAlarm))
	m.HandleFunc("GET /processer", c.side(c.processer))
	m.HandleFunc("GET /gevinster", c.side(c.gevinster))
	m.HandleFunc("GET /gevinster/fil/{navn}", c.side(c.gevinstfil))
	m.HandleFunc("GET /gevinster/angiv", c.side(c.angivGevinster))
	m.HandleFunc("POST /gevinster/angiv", c.form(c.gemGevinster))
	m.HandleFunc("GET /register", c.side(c.registersoegning))
	m.HandleFunc("POST /register/indhold", c.form(c.registerindhold))
	m.HandleFunc("GET /register/{type}/{id}", c.side(c.registerobjekt))
	m.HandleFunc("POST /register/{type}/{id}/indhold", c.form(c.aabnRegisterobjekt))
	m.HandleFunc("GET /register/glemte", c.side(c.glemte))
	m.HandleFunc("GET /register/{type}/{id}/glem", c.side(c.glemObjekt))
	m.HandleFunc("POST /register/{type}/{id}/glem", c.form(c.udfoerGlem))
	m.HandleFunc("POST /register/{type}/{id}/bekraeft", c.form(c.bekraeftGlem))
	m.HandleFunc("POST /sprog", c.form(c.skiftSprog))
	if c.Login != nil {
		c.loginruter(m)
	}
	m.Handle("GET /statisk/", c.statisk)
	m.Handle(drift.Rod, drift.New(drift.Options{D: c.D, Konti: c.Konti, Agenter: c.Agenter, Bruger: c.Bruger, Kan: c.Kan, ProevAlarm: c.ProevAlarm, LaesAftaler: c.LaesAftaler, Gevinster: c.Gevinster, Vhost: c.Vhost, Log: c.Log}))
	m.HandleFunc("/", c.side(func(http.ResponseWriter, *http.Request) error {
		return mox.E("console", mox.KodeIkkeFundet, "siden findes ikke")
	}))
	return m
}

// opsaetningsruter are the pages about what is set up while MOX runs: abonnementer, value lists and people's accounts.
func (c *console) opsaetningsruter(m *http.ServeMux) {
	m.HandleFunc("GET /abonnementer", c.side(c.abonnementer))
	m.HandleFunc("GET /opret/abonnement", c.side(c.nytAbonnement))
	m.HandleFunc("POST /opret/abonnement", c.form(c.gemAbonnement))
	m.HandleFunc("GET /abonnementer/{id}", c.side(c.abonnement))
	m.HandleFunc("GET /abonnementer/{id}/ret", c.side(c.retAbonnement))
	m.HandleFunc("POST /abonnementer/{id}/ret", c.form(c.gemAbonnement))
	m.HandleFunc("GET /abonnementer/{id}/luk", c.side(c.lukAbonnement))
	m.HandleFunc("POST /abonnementer/{id}/luk", c.form(c.udfoerLuk))
	m.HandleFunc("POST /abonnementer/{id}/hemmelighed", c.form(c.visHemmelighed))
	m.HandleFunc("GET /lister", c.side(c.lister))
	m.HandleFunc("GET /opret/liste", c.side(c.nyListe))
	m.HandleFunc("POST /opret/liste", c.form(c.opretListe))
	m.HandleFunc("GET /lister/{navn}", c.side(c.liste))
	m.HandleFunc("POST /lister/{navn}/aendr", c.form(c.aendrListe))
	m.HandleFunc("POST /lister/{navn}/slaa-op", c.form(c.slaaOpIListe))
	m.HandleFunc("POST /lister/{navn}/slet", c.form(c.sletListe))
	m.HandleFunc("GET /konti", c.side(c.konti))
	m.HandleFunc("GET /opret/konto", c.side(c.nyKonto))
	m.HandleFunc("POST /opret/konto", c.form(c.opretKonto))
	m.HandleFunc("GET /konti/{navn}", c.side(c.kontoAf))
	for navn, f := range kontohandlinger() {
		m.HandleFunc("POST /konti/{navn}/"+navn, c.form(c.kontohandling(navn, f)))
	}
}

// udenVaerdier is why the register's pages are read before a reason has been given: they show no values then.
const udenVaerdier = "konsollens oversigt, uden værdier"

// registerhvem is the person behind a request to the register's pages, and the reason given.
func (c *console) registerhvem(r *http.Request) register.Hvem {
	return c.Registerhvem(r, cmp.Or(begrundelse(r), udenVaerdier))
}

// hvem is the person behind a request and the reason given for what is asked. It is logged, so a number that slipped into
// the reason is hidden.
func (c *console) hvem(r *http.Request) distributor.Hvem {
	return distributor.Hvem{Navn: cmp.Or(c.Bruger(r), "ukendt"), Begrundelse: mox.Maskeret(begrundelse(r))}
}

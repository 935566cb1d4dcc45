// Package drift is the operators' JSON API: what the console shows and does, for programs and for the command line, which
// reads the same types back.
//
//	GET  status                          how everything stands
//	GET  fejl?ansvar=&kode=&system=&art=&abonnement=&objektID=&siden=&lukkede=&efter=&antal=
//	GET  fejl/{id}                       one Fejl with its attempts and acts
//	POST fejl/{id}/indhold               its record or its besked's values: needs a reason, and is logged
//	POST fejl/gensend, fejl/luk          an act on a selection; with preview nothing is done
//	POST fejl/{id}/ret-og-send           a corrected record, or corrected values
//	POST fejl/{id}/skete, skete-ikke     a person's answer to an uncertain outcome
//	GET  beskeder?id=&objektID=&procesID=&system=&type=&foer=&antal=
//	POST beskeder/person                 the beskeder about a person: needs a reason, and is logged
//	GET  forloeb/{id}                    all that happened to a besked, a proces or an objekt
//	GET  processer?navn=&tilstand=&foer=&antal=
//	GET  abonnementer                    all of them, with their filters
//	POST abonnementer                    makes one, or changes it; for an administrator
//	GET  gevinster?fra=&til=&myndighed=  the business case of a period
//	GET  alarmer                         what stands, and what has stood
//	POST alarmer/{id}/kvitter            takes one over: needs a reason, and is logged
//	POST alarmer/proev                   sends a trial alarm
//	POST abonnementer/proev              what a filter would have taken of the newest beskeder
//	GET  beskeder/{id}/forklar/{abonnement}  why it was, or was not, given to the abonnement
//	POST abonnementer/{id}/efterlever    brings it what came before it; with preview it is counted only
//	POST abonnementer/{id}/stands        ends that where it is
//	GET  aftaler                         the tilslutningsaftaler that hold
//	POST aftaler/indlaes                 reads their files again; for an administrator
//	GET  lister                          the value lists that filters may refer to
//	POST lister                          makes one; for an administrator
//	GET  lister/{navn}?efter=&antal=     its values, but for those that tell who somebody is
//	POST lister/{navn}/tilfoej, fjern, erstat  text/plain: a value on each line; all of it or nothing
//	POST lister/{navn}/slet              ends one that no filter refers to; for an administrator
//	POST abonnementer/{id}/luk           ends one; for an administrator
//	POST abonnementer/{id}/pause, genoptag
//	GET  brugere                         the accounts of people; this and what follows for an administrator
//	POST brugere                         makes one
//	POST brugere/{navn}/rolle, kreds, kodeord, log-ud, luk
//
//	GET  openapi.json, dokumentation     all of this, for programs and for people
//
// All below [Rod]. Errors are problem documents (RFC 9457). No answer holds content or a person's number, but that of
// fejl/{id}/indhold.
package drift

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/openapi"
	"github.com/moxkit/mox/internal/problem"
	"github.com/moxkit/mox/konto"
	"github.com/moxkit/mox/report"
	"github.com/moxkit/mox/store"
)

// Rod is where the API begins.
const Rod = "/api/v1/drift/"

// Agenter are the agents that run here, and can map again what a person has corrected or knows.
type Agenter interface {
	// RetPost maps a record that a person has corrected, and takes it in where the broken one stood. raa is text; it is
	// the agent's to know in which character set its source writes. [mox.KodeUgyldig] when it cannot be used either.
	RetPost(ctx context.Context, fejlID int64, raa string, h distributor.Hvem) error
	// Skete records that an uncertain effect did happen, with the fields of the system's answer as far as a person knows
	// them.
	Skete(ctx context.Context, fejlID int64, felter map[string]string, h distributor.Hvem) error
	// SvarFelter are the fields of the answer that a person is asked for.
	SvarFelter(ctx context.Context, fejlID int64) ([]string, error)
}

// Options are what the API is made of. Only D is required.
type Options struct {
	D       *distributor.Distributor
	Konti   *konto.Konti               // the accounts of people; nil = there are none
	Agenter Agenter                    // nil = no agents run here
	Bruger  func(*http.Request) string // who is calling; nil = nobody is known
	// Kan asks whether a new abonnement can be carried, before it is made; nil = it is not asked.
	Kan   func(context.Context, mox.Abonnement) error
	Vhost string // at the broker, for the commands that its administrator is told
	// ProevAlarm sends a trial alarm in every way, and tells how each went; "" is well. nil = there is no way.
	ProevAlarm func(context.Context) map[string]string
	Gevinster  *report.Bog // nil = one that knows no agents
	// LaesAftaler reads the files of the tilslutningsaftaler again; nil = there are none.
	LaesAftaler func() (mox.Aftaler, error)
	Log         *slog.Logger
}

// Limits on one call.
const (
	maksKald  = 4 << 20
	maksAntal = 500
	standard  = 100 // rows in a list where the caller names no number
)

type api struct{ Options }

// kald is one call: its answer as JSON, or nil for none.
type kald func(r *http.Request) (any, error)

// New makes the handler of everything below [Rod].
func New(o Options) http.Handler {
	if o.Bruger == nil {
		o.Bruger = func(*http.Request) string { return "" }
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.LaesAftaler == nil {
		o.LaesAftaler = func() (mox.Aftaler, error) {
			return nil, mox.E("aftaler", mox.KodeIkkeFundet, "her er ingen filer med tilslutningsaftaler").Med("giv dem under aftaler i mox.yaml, og genstart")
		}
	}
	if o.Gevinster == nil {
		o.Gevinster = report.New(report.Options{D: o.D})
	}
	a := &api{o}
	m := http.NewServeMux()
	for moenster, k := range a.ruter() {
		metode, sti, _ := strings.Cut(moenster, " ")
		m.HandleFunc(metode+" "+Rod+sti, a.svar(k))
	}
	d := openapi.New(dokumentation())
	m.HandleFunc("GET "+OpenAPISti, d.JSON)
	m.HandleFunc("GET "+DokumentationSti, d.Side)
	m.HandleFunc(Rod, a.svar(func(*http.Request) (any, error) {
		return nil, mox.E("drift", mox.KodeIkkeFundet, "kaldet findes ikke").Med("se kaldene på " + DokumentationSti)
	}))
	return m
}

func (a *api) ruter() map[string]kald {
	ud := map[string]kald{
		"GET status":                             a.status,
		"GET fejl":                               a.fejlliste,
		"GET fejl/{id}":                          a.fejl,
		"POST fejl/{id}/indhold":                 a.indhold,
		"POST fejl/gensend":                      a.gruppe(a.D.Gensend, false),
		"POST fejl/luk":                          a.gruppe(a.D.Luk, true),
		"POST fejl/{id}/ret-og-send":             a.ret,
		"POST fejl/{id}/skete":                   a.skete,
		"POST fejl/{id}/skete-ikke":              a.sketeIkke,
		"GET beskeder":                           a.beskeder,
		"POST beskeder/person":                   a.person,
		"GET forloeb/{id}":                       a.forloeb,
		"GET processer":                          a.processer,
		"GET abonnementer":                       a.abonnementer,
		"POST abonnementer":                      a.opretAbonnement,
		"GET gevinster":                          a.gevinster,
		"GET alarmer":                            a.alarmer,
		"POST alarmer/{id}/kvitter":              a.kvitterAlarm,
		"POST alarmer/proev":                     a.proevAlarm,
		"POST abonnementer/proev":                a.proevFilter,
		"GET beskeder/{id}/forklar/{abonnement}": a.forklar,
		"POST abonnementer/{id}/efterlever":      a.efterlever,
		"POST abonnementer/{id}/stands":          a.standsEfterlevering,
		"GET lister":                             a.lister,
		"POST lister":                            a.opretListe,
		"GET lister/{navn}":                      a.listevaerdier,
		"POST lister/{navn}/tilfoej":             a.aendrListe(distributor.ListeTilfoej),
		"POST lister/{navn}/fjern":               a.aendrListe(distributor.ListeFjern),
		"POST lister/{navn}/erstat":              a.aendrListe(distributor.ListeErstat),
		"POST lister/{navn}/slet":                a.sletListe,
		"GET aftaler":                            a.aftaler,
		"POST aftaler/indlaes":                   a.indlaesAftaler,
		"POST abonnementer/{id}/luk":             a.lukAbonnement,
		"POST abonnementer/{id}/pause":           a.pause(true),
		"POST abonnementer/{id}/genoptag":        a.pause(false),
	}
	maps.Copy(ud, a.brugerruter())
	return ud
}

func (a *api) svar(k kald) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := k(r)
		if err != nil {
			if mox.KodeAf(err) == mox.KodeIntern && r.Context().Err() == nil {
				a.Log.Error("drift", "kald", r.Pattern, "fejl", err)
			}
			problem.Skriv(w, r, err)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		if v == nil {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v) // a caller that has gone is told nothing
	}
}

// laesJSON reads the one JSON object of a call's body into v. Unknown names are refused: a misspelt selection would act on
// more than was meant.
func laesJSON(r *http.Request, v any) error {
	if t, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); t != "application/json" {
		return mox.E("drift", mox.KodeUgyldig, "kaldets indhold skal være JSON").Med("send med Content-Type: application/json")
	}
	d := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maksKald))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err == nil {
		if _, mere := d.Token(); !errors.Is(mere, io.EOF) {
			err = errors.New("der er mere efter objektet")
		}
	}
	if errors.As(err, new(*http.MaxBytesError)) {
		return err
	}
	if err != nil {
		return mox.E("drift", mox.KodeUgyldig, "kaldets indhold kan ikke læses: %s", strings.TrimPrefix(err.Error(), "json: ")).Med("se kaldets form i dokumentationen")
	}
	return nil
}

func (a *api) hvem(r *http.Request, begrundelse string) distributor.Hvem {
	return distributor.Hvem{Navn: cmp.Or(a.Bruger(r), "ukendt"), Begrundelse: mox.Maskeret(strings.TrimSpace(begrundelse))}
}

func kraev(begrundelse string) error {
	if strings.TrimSpace(begrundelse) != "" {
		return nil
	}
	return &mox.Error{Kode: mox.KodeUgyldig, Op: "drift", Tekst: "der mangler en begrundelse", Raad: "skriv kort hvorfor; det gemmes med navnet",
		Felter: []mox.Feltfejl{{Sti: "begrundelse", Regel: "kraevet", Tekst: "mangler"}}}
}

func idAf(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || id <= 0 {
		return 0, mox.E("drift", mox.KodeIkkeFundet, "fejlens id er et tal")
	}
	return id, nil
}

// begrundet reads a call about one thing that needs nothing but a reason.
func (a *api) begrundet(r *http.Request) (id int64, h distributor.Hvem, err error) {
	if id, err = idAf(r); err != nil {
		return 0, h, err
	}
	var k Begrundelse
	if err := laesJSON(r, &k); err != nil {
		return 0, h, err
	}
	return id, a.hvem(r, k.Begrundelse), kraev(k.Begrundelse)
}

// parametre reads a call's query. Unknown and repeated names are refused, for the same reason as in laesJSON.
type parametre struct {
	r    *http.Request
	sete map[string]bool
	fejl []mox.Feltfejl
}

func laesParametre(r *http.Request) *parametre { return &parametre{r: r, sete: map[string]bool{}} }

func (p *parametre) tekst(navn string) string {
	p.sete[navn] = true
	return p.r.URL.Query().Get(navn)
}

func (p *parametre) tal(navn string) int64 {
	s := p.tekst(navn)
	if s == "" {
		return 0
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		p.afvis(navn, "er ikke et tal")
	}
	return n
}

func (p *parametre) ja(navn string) bool {
	switch s := p.tekst(navn); s {
	case "", "nej", "0", "false":
		return false
	case "ja", "1", "true":
		return true
	}
	p.afvis(navn, "er hverken ja eller nej")
	return false
}

func (p *parametre) tid(navn string) time.Time {
	s := p.tekst(navn)
	if s == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		p.afvis(navn, "er ikke et tidspunkt med tidszone (RFC 3339)")
	}
	return t
}

func (p *parametre) antal() int {
	n := p.tal("antal")
	if n > maksAntal {
		p.afvis("antal", fmt.Sprintf("højst %d", maksAntal))
	}
	if n == 0 {
		return standard
	}
	return int(n)
}

func (p *parametre) afvis(navn, tekst string) {
	p.fejl = append(p.fejl, mox.Feltfejl{Sti: navn, Regel: "parameter", Tekst: tekst})
}

// slut is the error of what was read, and of what nobody asked for.
func (p *parametre) slut() error {
	for navn, v := range p.r.URL.Query() {
		switch {
		case !p.sete[navn]:
			p.afvis(mox.Maskeret(navn), "kendes ikke")
		case len(v) > 1:
			p.afvis(navn, "står flere gange")
		}
	}
	if len(p.fejl) == 0 {
		return nil
	}
	return &mox.Error{Kode: mox.KodeUgyldig, Op: "drift", Tekst: "kaldets parametre kan ikke bruges", Felter: p.fejl}
}

// vis reads on one snapshot.
func (a *api) vis(r *http.Request, f func(*store.Tx) error) error {
	return a.D.Store().View(r.Context(), f)
}

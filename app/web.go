package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/carrier/amqp"
	"github.com/moxkit/mox/carrier/pull"
	"github.com/moxkit/mox/console"
	"github.com/moxkit/mox/internal/problem"
	"github.com/moxkit/mox/kopi"
	"github.com/moxkit/mox/maaling"
	"github.com/moxkit/mox/register/rest"
	"github.com/moxkit/mox/register/soap"
	"github.com/moxkit/mox/report"
)

// Adressefil is the file in the data folder that tells where this MOX listens, so that the commands find it.
const Adressefil = "adresse"

// How long a connection may take its time. There is no write limit: a carrier waits long for work, and documents are large.
const (
	laesHovedFrist = 10 * time.Second
	tomgangsFrist  = 2 * time.Minute
	lukkeFrist     = 5 * time.Second
)

// web is the console and the APIs with their listeners.
type web struct {
	vagt       *auth.Vagt
	lyttere    []net.Listener
	server     *http.Server
	certifikat *tls.Certificate
}

func (a *App) aabnWeb(context.Context) error {
	if err := a.config.check(); err != nil {
		return err
	}
	a.web = &web{}
	if err := a.web.lytAlle(a.config); err != nil {
		return err
	}
	lokal, err := auth.LokalNoegle(a.config.Dir)
	if err != nil {
		return err
	}
	o, err := a.config.vagtOptions()
	if err != nil {
		return err
	}
	o.LokalNoegle, o.Personer, o.Eksterne, o.Log = lokal, a.konti, a.konti, a.log
	o.Programmer = append(rest.Services(), strings.Trim(soap.Sti, "/"))
	for _, l := range a.web.lyttere {
		o.Adresser = append(o.Adresser, l.Addr().String())
	}
	if a.web.vagt, err = auth.NyVagt(o); err != nil {
		return err
	}
	a.maaling.SeAfviste(a.afviste)
	a.web.server = &http.Server{Handler: a.web.vagt.Beskyt(a.ruter()), ReadHeaderTimeout: laesHovedFrist, IdleTimeout: tomgangsFrist, MaxHeaderBytes: 64 << 10}
	a.gruppe.Add("web", a.web.run)
	fil := filepath.Join(a.config.Dir, Adressefil)
	if err := os.WriteFile(fil, []byte(a.web.adresse()+"\n"), 0o600); err != nil {
		return mappefejl(a.config.Dir, err)
	}
	return nil
}

// vagtOptions are what mox.yaml says of who is let in, with the files it names.
func (c *Config) vagtOptions() (o auth.Options, err error) {
	o = auth.Options{Vaerter: c.Fjern.Vaerter, Klienter: c.Fjern.Klienter}
	if o.Noegler, err = c.laesAPINoegler(); err != nil {
		return o, err
	}
	if o.Udstedere, err = c.udstedere(); err != nil {
		return o, err
	}
	o.Ekstern, err = c.personudsteder()
	return o, err
}

// lytAlle opens the listener of this machine, and the one for others where it is asked for.
func (w *web) lytAlle(c Config) error {
	l, err := lyt(c.Listen)
	if err != nil {
		return err
	}
	w.lyttere = append(w.lyttere, l)
	f := c.Fjern
	if f.Listen == "" {
		return nil
	}
	t, err := c.fjernTLS()
	if err != nil {
		return err
	}
	w.certifikat = &t.Certificates[0]
	if l, err = lyt(f.Listen); err != nil {
		return err
	}
	w.lyttere = append(w.lyttere, tls.NewListener(l, t))
	return nil
}

// fjernTLS is how the listener for others shows who it is, and whom it knows.
func (c *Config) fjernTLS() (*tls.Config, error) {
	f := c.Fjern
	cert, err := tls.LoadX509KeyPair(c.sti(f.Certifikat), c.sti(f.Noegle))
	if err != nil {
		return nil, mox.E("config", mox.KodeUgyldig, "certifikatet til fjern.listen kan ikke bruges: %v", err).Med("ret fjern.certifikat og fjern.noegle i mox.yaml")
	}
	t := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{cert}}
	if f.KlientCA != "" {
		if t.ClientCAs, err = c.pulje("fjern.klient_ca", f.KlientCA); err != nil {
			return nil, err
		}
		t.ClientAuth = tls.VerifyClientCertIfGiven // others come with a key or a token
	}
	return t, nil
}

// udstedere are the OpenID providers of systems, each with a client that trusts its issuer.
func (c *Config) udstedere() ([]auth.Udsteder, error) {
	ud := slices.Clone(c.OIDC)
	for i := range ud {
		var err error
		if ud[i].Klient, err = c.udstederklient(fmt.Sprintf("oidc[%d].ca", i), ud[i].CA); err != nil {
			return nil, err
		}
	}
	return ud, nil
}

// personudsteder is the OpenID provider of people, nil for none.
func (c *Config) personudsteder() (*auth.Personudsteder, error) {
	if c.OIDCPersoner == nil {
		return nil, nil
	}
	p := *c.OIDCPersoner
	var err error
	if p.HTTP, err = c.udstederklient("oidc_personer.ca", p.CA); err == nil && p.Hemmelighed != "" {
		p.Hemmelighed, err = c.hemmelighed("oidc_personer.hemmelighed", p.Hemmelighed)
	}
	return &p, err
}

// udstederklient trusts the issuer in a file; nil where there is none.
func (c *Config) udstederklient(felt, fil string) (*http.Client, error) {
	if fil == "" {
		return nil, nil
	}
	ca, err := c.pulje(felt, fil)
	if err != nil {
		return nil, err
	}
	return &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: ca}}}, nil
}

// ruter leads each path to its part.
func (a *App) ruter() http.Handler {
	k := console.New(console.Options{D: a.distributor, Register: a.register, Gevinster: report.New(report.Options{D: a.distributor, Omfang: a.omfang}), Agenter: agenter{a}, Landskab: a.landskab, Log: a.log, Version: a.o.Version, Demo: a.o.Demo != nil, DemoTrin: a.o.Demo, Kan: a.kanBaeres, ProevAlarm: a.alarm.Proev, LaesAftaler: a.laesAftaler, Vhost: amqp.Vhost(a.config.AMQP.URL), Login: a.web.vagt, Ekstern: a.config.OIDCPersoner != nil, Konti: a.konti,
		Bruger: func(r *http.Request) string {
			i, _ := auth.Fra(r.Context())
			return i.Navn
		},
		MaaHandle: func(r *http.Request) bool {
			i, ok := auth.Fra(r.Context())
			return !ok || i.Rolle.Driver()
		}})
	m := http.NewServeMux()
	m.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintln(w, "ok") }) // the caller has gone if it fails
	m.HandleFunc("GET /readyz", a.klar)
	m.Handle("GET "+maaling.Sti, kunMennesker(a.maaling.Handler(), problem.Skriv))
	api := pull.Handler(a.tjeneste)
	alt := a.kilde().Handler()
	m.Handle(kopi.KopiSti, alt)
	m.Handle(kopi.EfterproevSti, alt)
	reg := rest.Handler(a.register, a.indhold, a.log)
	m.Handle(rest.ForvaltningSti, rest.Forvaltning(a.register, a.log))
	registerJSON, registerside := rest.Dokumentation()
	m.HandleFunc("GET "+rest.OpenAPISti, registerJSON)
	m.HandleFunc("GET "+rest.DokumentationSti, registerside)
	for _, service := range rest.Services() {
		m.Handle("/"+service, reg)
		m.Handle("/"+service+"/", reg)
	}
	m.Handle(soap.Sti, soap.Handler(a.register, soap.Options{Koder: a.tjeneste.Koder, Log: a.log}))
	m.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		switch p := r.URL.Path; {
		case strings.HasPrefix(p, "/api/v1/drift/"):
			kunMennesker(k, problem.Skriv).ServeHTTP(w, r)
		case !strings.HasPrefix(p, "/api/") && !strings.HasPrefix(p, "/indhold"):
			kunMennesker(k, k.Afvis).ServeHTTP(w, r)
		default:
			api.ServeHTTP(w, r)
		}
	})
	return m
}

// kunMennesker keeps systems out of the operators' pages: a system's key opens the system's own API only. Who may only read
// may change what is their own, and nothing else. afvis tells a caller why not.
func kunMennesker(h http.Handler, afvis func(http.ResponseWriter, *http.Request, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if i, ok := auth.Fra(r.Context()); ok && (!i.Rolle.Menneske() || r.Method != http.MethodGet && !omEnSelv(r) && !i.Rolle.Driver()) {
			afvis(w, r, mox.E("adgang", mox.KodeIkkeTilladt, "rollen %s giver ikke %s adgang hertil", i.Rolle, i.Navn).Med("det kræver rollen drift"))
			return
		}
		h.ServeHTTP(w, r)
	})
}

// klar answers whether this process can do its work now.
func (a *App) klar(w http.ResponseWriter, r *http.Request) {
	if _, err := a.distributor.Overblik(r.Context()); err != nil {
		problem.Skriv(w, r, err)
		return
	}
	for del, err := range a.gruppe.Failing() {
		problem.Skriv(w, r, mox.E("klar", mox.KodeUtilgaengelig, "%s er nede", del).Med("se loggen: "+mox.Maskeret(err.Error())))
		return
	}
	_, _ = fmt.Fprintln(w, "klar") // the caller has gone if it fails
}

// run serves on all listeners until ctx ends, and lets calls in flight end.
func (w *web) run(ctx context.Context) error {
	fejl := make(chan error, len(w.lyttere))
	for _, l := range w.lyttere {
		go func() { fejl <- w.server.Serve(l) }()
	}
	select {
	case err := <-fejl:
		return err
	case <-ctx.Done():
	}
	luk, slut := context.WithTimeout(context.WithoutCancel(ctx), lukkeFrist)
	defer slut()
	if err := w.server.Shutdown(luk); err != nil {
		return w.server.Close()
	}
	return nil
}

func (w *web) luk() error {
	var err error
	for _, l := range w.lyttere {
		if e := l.Close(); !errors.Is(e, net.ErrClosed) {
			err = errors.Join(err, e)
		}
	}
	return err
}

func (w *web) adresse() string { return "http://" + w.lyttere[0].Addr().String() }

func (w *web) link() string { return w.adresse() + w.vagt.Engangslink() }

// landskab is the systems around MOX, as the agents' files tell of them.
func (a *App) landskab() console.Landskab {
	var ud console.Landskab
	kendte := map[string]console.System{}
	for _, s := range a.o.Systemer {
		kendte[s.Navn] = s
	}
	for _, s := range a.specs {
		system, ok := kendte[s.System]
		if !ok {
			system = console.System{Navn: s.System}
		}
		ud.Systemer = append(ud.Systemer, system)
		for _, k := range s.Sources {
			ud.Flows = append(ud.Flows, console.Flow{Fra: s.System, Kilde: s.Agent + "/" + k.Name})
		}
		for _, k := range s.Sinks {
			ud.Flows = append(ud.Flows, console.Flow{Til: s.System, Abonnement: s.AbonnementID(k.Name)})
		}
	}
	return ud
}

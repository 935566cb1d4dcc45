// Package app wires MOX together: the only place that knows all parts. mox serve, the demo, the trials and the end-to-end
// tests build the same App.
package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gofrs/flock"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/agent"
	"github.com/moxkit/mox/alarm"
	"github.com/moxkit/mox/carrier/amqp"
	"github.com/moxkit/mox/carrier/pull"
	"github.com/moxkit/mox/carrier/push"
	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/console"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/indhold"
	"github.com/moxkit/mox/internal/service"
	"github.com/moxkit/mox/konto"
	"github.com/moxkit/mox/maaling"
	"github.com/moxkit/mox/register"
	"github.com/moxkit/mox/store"
)

// Options are what an App is given beside its Config.
type Options struct {
	Log      *slog.Logger
	Version  string
	Ja       bool               // agents' first runs may be large
	Demo     []console.DemoTrin // what a visitor of the demo can try; nil = no demo
	Systemer []console.System   // the landscape's systems, where more is known of them than the agents tell
	// Punkt is called at named points of a besked's life, so that a test can stop the process just there.
	Punkt func(navn string)
}

// App is a MOX installation, open and ready to run.
type App struct {
	config      Config
	o           Options
	log         *slog.Logger
	laas        *flock.Flock
	store       *store.Store
	distributor *distributor.Distributor
	konti       *konto.Konti
	indhold     *indhold.Lager
	register    *register.Register
	tjeneste    pull.Tjeneste
	amqp        *amqp.AMQP   // nil = no broker
	kombit      *amqp.Kombit // nil = no use of the national Beskedfordeler
	push        *push.Push
	alarm       *alarm.Alarm
	maaling     *maaling.Maaling
	agenter     []*agent.Agent
	specs       []*agent.Spec // all agents, also those that run elsewhere
	web         *web
	gruppe      service.Group
}

// Open opens the data folder, the database and the listeners; nothing runs until Run. Errors are [*mox.Error] with
// [mox.KodeLaast], [mox.KodeUgyldig], [mox.KodeUtilgaengelig] and a next step.
func Open(ctx context.Context, c Config, o Options) (_ *App, err error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Punkt == nil {
		o.Punkt = func(string) {}
	}
	a := &App{config: c, o: o, log: o.Log, gruppe: service.Group{Log: o.Log}}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	for _, f := range []func(context.Context) error{a.tagMappen, a.aabnLager, a.flytIndhold, a.aabnAgenter, a.glemIgen, a.aabnAMQP, a.aabnKOMBIT, a.aabnPush, a.aabnAlarm, a.aabnWeb} {
		if err := f(ctx); err != nil {
			return a, c.medLinje(err)
		}
	}
	return a, nil
}

// tagMappen makes the data folder and locks it for this process.
func (a *App) tagMappen(context.Context) error {
	dir := a.config.Dir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return mappefejl(dir, err)
	}
	fil := filepath.Join(dir, "laas")
	a.laas = flock.New(fil)
	ok, err := a.laas.TryLock()
	if err != nil {
		a.laas = nil
		return mappefejl(dir, err)
	}
	if !ok {
		hvem, _ := os.ReadFile(fil) // only to tell more
		a.laas = nil
		return mox.E("mappe", mox.KodeLaast, "mappen %s er i brug af en anden mox-proces%s", dir, procesnr(hvem)).Med("stop den, eller giv en anden mappe med --dir")
	}
	if err := os.WriteFile(fil, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600); err != nil {
		return mappefejl(dir, err)
	}
	return nil
}

func procesnr(b []byte) string {
	if s := strings.TrimSpace(string(b)); s != "" {
		return " (proces " + s + ")"
	}
	return ""
}

func mappefejl(dir string, err error) error {
	e := mox.E("mappe", mox.KodeUtilgaengelig, "mappen %s kan ikke bruges: %v", dir, aarsag(err)).Med("giv en mappe, som brugeren kan skrive i, med --dir")
	e.Err = err
	return e
}

func aarsag(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// aabnDatabase opens the database and the documents.
func (a *App) aabnDatabase(ctx context.Context) (err error) {
	url := a.config.Database
	if url == "" {
		url = a.config.databasefil()
	} else if err := a.config.checkDatabase(); err != nil {
		return err
	}
	if a.store, err = store.Open(ctx, url); err != nil {
		e := mox.E("database", mox.KodeUtilgaengelig, "databasen kan ikke åbnes: %v", err).Med("se, om disken er fuld, og om database i mox.yaml er rigtig")
		e.Err = err
		return e
	}
	a.indhold, err = a.config.aabnIndhold(ctx, a.store.InstallationID())
	return err
}

// aabnLager opens what MOX keeps, and the distributor on it.
func (a *App) aabnLager(ctx context.Context) (err error) {
	if err := a.aabnDatabase(ctx); err != nil {
		return err
	}
	a.maaling = maaling.New(maaling.Options{Version: a.o.Version, Mapper: a.mapper()})
	aftaler, err := a.config.laesAftaler()
	if err != nil {
		return err
	}
	koder, err := a.config.laesKoder()
	if err != nil {
		return err
	}
	if a.distributor, err = distributor.New(ctx, a.store, distributor.Options{Log: a.log, Koder: koder, Punkt: a.o.Punkt, Maaler: a.maaling, Aftaler: aftaler}); err != nil {
		return err
	}
	a.konti = konto.New(a.store, konto.Options{Log: a.log, Optaget: func(navn string) bool { return a.web.vagt.HarNavn(navn) }})
	bevaring, err := a.config.bevaring()
	if err != nil {
		return err
	}
	foelsomhed, err := a.config.foelsomhed()
	if err != nil {
		return err
	}
	a.register = register.New(a.distributor, register.Options{System: a.config.Register.System, Log: a.log, Foelsomhed: foelsomhed, KraevFormaal: bool(a.config.Register.KraevFormaal)})
	if err := a.register.Klargoer(ctx); err != nil {
		return err
	}
	a.gruppe.Add("register", a.register.Run)
	a.maaling.Se(a.distributor)
	a.tjeneste = pull.Tjeneste{Distributor: a.distributor, Lager: a.indhold, Log: a.log, Koder: koder, Mailadresser: a.register.Mailadresse}
	a.gruppe.Add("distributor", a.distributor.Run)
	a.gruppe.Add("bevaring", func(ctx context.Context) error { return a.distributor.KoerBevaring(ctx, bevaring, a.indhold) })
	a.gruppe.Add("sletning", func(ctx context.Context) error { return a.distributor.KoerSletning(ctx, a.indhold) })
	return nil
}

// aabnAgenter reads the agents' files, tells the distributor who wants what, and opens the agents that run here.
func (a *App) aabnAgenter(ctx context.Context) error {
	egne, err := a.config.laesAgenter(a.config.Agenter)
	if err != nil {
		return err
	}
	fjerne, err := a.config.laesAgenter(a.config.Fjernagenter)
	if err != nil {
		return err
	}
	processer, err := a.config.laesProcesser()
	if err != nil {
		return err
	}
	a.specs = append(egne, fjerne...)
	var abonnementer []mox.Abonnement
	for _, s := range a.specs {
		abonnementer = append(abonnementer, s.Abonnementer()...)
	}
	filter, err := a.config.foelg()
	if err != nil {
		return err
	}
	if a.config.Register.Foelg != nil {
		abonnementer = append(abonnementer, a.register.Foelger(filter))
		a.gruppe.Add("register følger", a.register.RunFoelg)
	}
	if err := a.distributor.Konfigurer(ctx, abonnementer, processer); err != nil {
		return err
	}
	if err := a.distributor.Start(ctx); err != nil {
		return err
	}
	for _, s := range egne {
		if err := a.aabnAgent(s); err != nil {
			return err
		}
	}
	return nil
}

func (a *App) aabnAgent(s *agent.Spec) error {
	ag, err := agent.New(s, a.tjeneste, agent.Options{Log: a.log, Env: connector.Env{Logger: a.log}, Koder: a.tjeneste.Koder, Ejer: a.distributor.Inkarnation(), Ja: a.o.Ja, Punkt: a.o.Punkt})
	if err != nil {
		return mox.E("agent", mox.KodeUgyldig, "agenten %s kan ikke åbnes: %v", s.Agent, err).Med("prøv mox agent check " + s.Agent)
	}
	a.agenter = append(a.agenter, ag)
	a.gruppe.Add("agent "+s.Agent, ag.Run)
	return nil
}

// Run serves until ctx ends and everything in flight has ended.
func (a *App) Run(ctx context.Context) error {
	a.gruppe.Run(ctx)
	return nil
}

// Close closes everything, also when some of it fails.
func (a *App) Close() error {
	var err error
	if a.web != nil {
		err = errors.Join(err, a.web.luk())
	}
	for _, ag := range a.agenter {
		err = errors.Join(err, ag.Close())
	}
	if a.store != nil {
		err = errors.Join(err, a.store.Close())
	}
	if a.laas != nil {
		err = errors.Join(err, a.laas.Unlock())
	}
	return err
}

// Distributor is the App's distributor, for tests and the demo.
func (a *App) Distributor() *distributor.Distributor { return a.distributor }

// Adresse is where the console and the API listen.
func (a *App) Adresse() string { return a.web.adresse() }

// Link is a one-time link that opens the console in a browser.
func (a *App) Link() string { return a.web.link() }

// lyt opens a listener and says what to do when it cannot be opened.
func lyt(adresse string) (net.Listener, error) {
	l, err := net.Listen("tcp", adresse)
	if err != nil {
		return nil, mox.E("lyt", mox.KodeUtilgaengelig, "kan ikke lytte på %s: %v", adresse, err).Med(fmt.Sprintf("er porten i brug, så vælg en anden med --listen 127.0.0.1:%d", 8490))
	}
	return l, nil
}

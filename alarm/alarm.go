// Package alarm tells an operator before users notice: it looks at everything every so often, keeps what is wrong as rows
// until it is right again, and tells it by mail and webhook. What stands can be listed whether or not anybody can be told.
package alarm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/store"
)

// How often everything is looked at, and how long a way of telling may take.
const (
	StandardHver   = 15 * time.Second
	StandardGentag = 4 * time.Hour
	StandardSaml   = time.Minute
	StandardRo     = 10 * time.Minute
	sendeFrist     = 30 * time.Second
	maksISamling   = 100 // alarms in one mail; the others come with the next

	seFrist    = time.Minute // a look, with what it tells
	blindEfter = time.Minute // how long it may be unable to look before it says so

	foersteIgen = time.Minute // how long a way that failed is left alone: doubled each time, up to the last
	sidsteIgen  = 15 * time.Minute
)

// Options are what an Alarm is told.
type Options struct {
	Graenser     Graenser
	Gentag       time.Duration           // how long until somebody is told again of what nobody has acknowledged; 0 = never
	Saml         time.Duration           // how long the first of several alarms waits for the others, so that they come as one; 0 = not
	Ro           time.Duration           // how long the cause must be away before an alarm has ended; 0 = it has at once
	Hver         time.Duration           // 0 = StandardHver
	Adresse      string                  // of the console, for links: https://mox.kommune.dk
	Certifikater map[string]string       // PEM files, by what they are for
	Mapper       map[string]string       // folders whose disks must have room, by what people call them
	Kilder       []string                // "agent/source" of those that are set up, here or elsewhere
	Fejlende     func() map[string]error // parts of the process that keep failing
	Mail         *Mail                   // nil = none
	Webhook      *Webhook                // nil = none
	Log          *slog.Logger

	nu func(context.Context) (time.Time, error) // nil = the database's time
	ur func() time.Time                         // nil = time.Now
}

// Alarm watches.
type Alarm struct {
	d      *distributor.Distributor
	o      Options
	kanal  []kanal
	stum   map[string]*stumhed // ways of telling that failed last
	meldt  bool                // other processes have been told of failing parts here
	foerst time.Time           // when it first looked
	blind  blindhed
}

// kanal is a way of telling.
type kanal struct {
	navn string
	send func(context.Context, samling) error
}

// stumhed is why a way could not tell, and when it is tried again.
type stumhed struct {
	err   error
	gange int
	igen  time.Time
}

// samling is what is told at once.
type samling struct {
	Emne    string
	Adresse string
	Alarmer []store.Alarm
}

// New makes an Alarm; nothing happens until Run.
func New(d *distributor.Distributor, o Options) *Alarm {
	if o.Hver == 0 {
		o.Hver = StandardHver
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Fejlende == nil {
		o.Fejlende = func() map[string]error { return nil }
	}
	if o.nu == nil {
		o.nu = d.Tid
	}
	if o.ur == nil {
		o.ur = time.Now
	}
	o.Adresse = strings.TrimSuffix(o.Adresse, "/")
	a := &Alarm{d: d, o: o, stum: map[string]*stumhed{}}
	if o.Mail != nil {
		a.kanal = o.Mail.kanaler()
	}
	if o.Webhook != nil {
		a.kanal = append(a.kanal, kanal{"webhook", o.Webhook.send})
	}
	return a
}

// Run watches until ctx ends.
func (a *Alarm) Run(ctx context.Context) error {
	t := time.NewTicker(a.o.Hver)
	defer t.Stop()
	for {
		a.seEllerSig(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

// blindhed is a time in which it could not look.
type blindhed struct {
	siden, fortalt time.Time // zero = it can; not told
	err            error
}

// seEllerSig looks, and tells without the database when it has not been able to for a while: what is wrong then can neither be
// found nor kept.
func (a *Alarm) seEllerSig(ctx context.Context) {
	frist, slut := context.WithTimeout(ctx, seFrist)
	err := a.Se(frist)
	slut()
	nu := a.o.ur()
	switch {
	case ctx.Err() != nil:
	case err == nil && !a.blind.fortalt.IsZero():
		a.sigBlind(ctx, nu)
		a.blind = blindhed{}
	case err == nil:
		a.blind = blindhed{}
	default:
		a.o.Log.Error("alarmer kunne ikke ses efter", "fejl", mox.Maskeret(err.Error()))
		a.seIkke(ctx, err, nu)
	}
}

// seIkke notes that it could not look, and tells so when that has lasted.
func (a *Alarm) seIkke(ctx context.Context, err error, nu time.Time) {
	b := &a.blind
	if b.err = err; b.siden.IsZero() {
		b.siden = nu
	}
	igen := a.o.Gentag > 0 && !b.fortalt.IsZero() && nu.Sub(b.fortalt) >= a.o.Gentag
	if nu.Sub(b.siden) >= blindEfter && (b.fortalt.IsZero() || igen) {
		a.sigBlind(ctx, time.Time{})
		b.fortalt = nu
	}
}

// sigBlind tells in every way that it cannot look, or that it can again since sluttet. One that does not get it is not told
// later: there is nowhere to keep it.
func (a *Alarm) sigBlind(ctx context.Context, sluttet time.Time) {
	l := []store.Alarm{{Regel: regelBlind, Genstand: "databasen", Tekst: "MOX kan ikke se efter, hvad der er galt: " + mox.Maskeret(a.blind.err.Error()),
		Raad: "se, om databasen svarer, og om disken er fuld", Sti: "/alarmer", Begyndt: a.blind.siden, Sidst: a.o.ur(), Gange: 1, Sluttet: sluttet}}
	var wg sync.WaitGroup
	for _, k := range a.kanal {
		wg.Go(func() {
			if err := a.send(ctx, k, samling{Emne: emne(l), Adresse: a.o.Adresse, Alarmer: l}); err != nil {
				a.o.Log.Error("alarmer kunne ikke sendes", "som", k.navn, "fejl", mox.Maskeret(err.Error()))
			}
		})
	}
	wg.Wait()
}

// Se looks once, and tells what there is to tell. Another process that watches the same database has only its own failing
// parts to report.
func (a *Alarm) Se(ctx context.Context) error {
	fejlende := a.o.Fejlende()
	if err := a.meldDele(ctx, fejlende); err != nil {
		return err
	}
	if ok, err := a.d.TagVagten(ctx); err != nil || !ok {
		return err
	}
	nu, err := a.o.nu(ctx)
	if err != nil {
		return err
	}
	f, err := a.find(ctx, fejlende, nu)
	if err != nil {
		return err
	}
	if ok, err := a.d.SaetAlarmer(ctx, f, nu, a.o.Ro); err != nil || !ok {
		return err
	}
	return a.fortael(ctx, nu)
}

// meldDele lets the process on watch know what fails here. Nothing failing is told once.
func (a *Alarm) meldDele(ctx context.Context, fejlende map[string]error) error {
	if len(fejlende) == 0 && !a.meldt {
		return nil
	}
	err := a.d.MeldDele(ctx, fejlende)
	if err == nil {
		a.meldt = len(fejlende) > 0
	}
	return err
}

// find is what is wrong at nu.
func (a *Alarm) find(ctx context.Context, fejlende map[string]error, nu time.Time) (f fund, err error) {
	if a.foerst.IsZero() {
		a.foerst = nu
	}
	o, err := a.d.Overblik(ctx)
	if err != nil {
		return nil, err
	}
	raekke, err := a.d.FejlIRaekken(ctx)
	if err != nil {
		return nil, err
	}
	andre, err := a.d.AndresDelfejl(ctx)
	if err != nil {
		return nil, err
	}
	g := a.o.Graenser
	f.overblik(&o, raekke, g, nu)
	f.kilder(o.Kilder, a.o.Kilder, g, a.foerst, nu)
	f.modtagere(a.d.Abonnementer(), o.Hentninger, g, a.foerst, nu)
	f.certifikater(a.o.Certifikater, g, nu)
	f.plads(a.o.Mapper, g)
	f.dele(fejlende, andre)
	for _, navn := range slices.Sorted(maps.Keys(a.stum)) {
		f.laegTil(regelAfsendelse, navn, "/alarmer", "ret alarmer i mox.yaml; prøv med mox alarm proev", "Alarmer kan ikke sendes som %s: %v", navn, a.stum[navn].err)
	}
	return f, nil
}

// fortael has every way tell what it has not told, all at the same time: one that hangs delays none of the others.
func (a *Alarm) fortael(ctx context.Context, nu time.Time) error {
	var sendinger []*sending
	for _, k := range a.kanal {
		s, err := a.forbered(ctx, k, nu)
		if err != nil {
			return err
		}
		if s != nil {
			sendinger = append(sendinger, s)
		}
	}
	var wg sync.WaitGroup
	for _, s := range sendinger {
		wg.Go(func() { s.err = a.send(ctx, s.kanal, s.samling) })
	}
	wg.Wait()
	var fejl error
	for _, s := range sendinger {
		fejl = errors.Join(fejl, a.efter(ctx, s, nu))
	}
	return fejl
}

// sending is what one way tells now, and how it went.
type sending struct {
	samling
	kanal kanal
	err   error
}

// forbered is what the way k is to tell now; nil when that is nothing, or it is left alone after it failed.
func (a *Alarm) forbered(ctx context.Context, k kanal, nu time.Time) (*sending, error) {
	if s := a.stum[k.navn]; s != nil && nu.Before(s.igen) {
		return nil, nil
	}
	var foer time.Time
	if a.o.Gentag > 0 {
		foer = nu.Add(-a.o.Gentag)
	}
	l, err := a.d.UfortalteAlarmer(ctx, k.navn, foer, maksISamling)
	if err != nil || !moden(l, nu.Add(-a.o.Saml)) {
		return nil, err
	}
	return &sending{samling: samling{Emne: emne(l), Adresse: a.o.Adresse, Alarmer: l}, kanal: k}, nil
}

// moden reports whether there is something to tell that need not wait for others: it began before foer, or has ended.
func moden(l []store.Alarm, foer time.Time) bool {
	return slices.ContainsFunc(l, func(a store.Alarm) bool { return !a.Sluttet.IsZero() || !a.Begyndt.After(foer) })
}

// efter notes how a way went.
func (a *Alarm) efter(ctx context.Context, s *sending, nu time.Time) error {
	if s.err == nil {
		delete(a.stum, s.kanal.navn)
		return a.d.AlarmerFortalt(ctx, s.kanal.navn, s.Alarmer, nu)
	}
	st := a.stum[s.kanal.navn]
	if st == nil {
		st = &stumhed{}
		a.stum[s.kanal.navn] = st
	}
	st.err, st.igen = s.err, nu.Add(min(foersteIgen<<min(st.gange, 10), sidsteIgen))
	st.gange++
	a.o.Log.Error("alarmer kunne ikke sendes", "som", s.kanal.navn, "antal", len(s.Alarmer), "fejl", mox.Maskeret(s.err.Error()))
	return nil
}

func (a *Alarm) send(ctx context.Context, k kanal, s samling) error {
	ctx, slut := context.WithTimeout(ctx, sendeFrist)
	defer slut()
	return k.send(ctx, s)
}

// Proev sends a trial alarm in every way, and tells how each went; "" is well.
func (a *Alarm) Proev(ctx context.Context) map[string]string {
	ud := map[string]string{}
	nu := time.Now()
	s := samling{Emne: "MOX: prøve", Adresse: a.o.Adresse, Alarmer: []store.Alarm{{Regel: "proeve", Genstand: "prøve", Tekst: "Dette er en prøve på en alarm fra MOX", Raad: "intet skal gøres", Sti: "/", Begyndt: nu, Sidst: nu}}}
	for _, k := range a.kanal {
		ud[k.navn] = ""
		if err := a.send(ctx, k, s); err != nil {
			ud[k.navn] = mox.Maskeret(err.Error())
		}
	}
	return ud
}

// emne is the subject of a mail.
func emne(l []store.Alarm) string {
	slut := 0
	for _, a := range l {
		if !a.Sluttet.IsZero() {
			slut++
		}
	}
	switch {
	case len(l) == 1 && slut == 1:
		return "MOX: løst: " + l[0].Tekst
	case len(l) == 1:
		return "MOX: " + l[0].Tekst
	case slut == len(l):
		return fmt.Sprintf("MOX: %d alarmer er løst", slut)
	case slut == 0:
		return fmt.Sprintf("MOX: %d alarmer", len(l))
	}
	return fmt.Sprintf("MOX: %d alarmer, og %d løst", len(l)-slut, slut)
}

// tekst is the samling for people to read.
func (s samling) tekst() string {
	var b strings.Builder
	l := slices.Clone(s.Alarmer)
	slices.SortStableFunc(l, func(x, y store.Alarm) int { return foerst(y) - foerst(x) })
	for _, a := range l {
		hvad := a.Tekst
		if !a.Sluttet.IsZero() {
			hvad = "Løst " + klokken(a.Sluttet) + ": " + a.Tekst
		}
		fmt.Fprintf(&b, "%s\n  Siden %s.", hvad, klokken(a.Begyndt))
		if a.Gange > 1 {
			fmt.Fprintf(&b, " Kommet og gået %d gange.", a.Gange)
		}
		if a.Sluttet.IsZero() {
			fmt.Fprintf(&b, " Næste skridt: %s.", a.Raad)
		}
		if s.Adresse != "" {
			fmt.Fprintf(&b, "\n  %s%s", s.Adresse, a.Sti)
		}
		b.WriteString("\n\n")
	}
	b.WriteString("Kvittér for en alarm på konsollens side Alarmer eller med mox alarm kvitter; så fortæller MOX ikke om den igen, mens den står.\n")
	return b.String()
}

// foerst puts what stands before what has ended.
func foerst(a store.Alarm) int {
	if a.Sluttet.IsZero() {
		return 1
	}
	return 0
}

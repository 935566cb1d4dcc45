// Package alarm tells an operator before users notice: it looks at everything every so often, keeps what is wrong as rows
// until it is right again, and tells it by mail and webhook. What stands can be listed whether or not anybody can be told.
package alarm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/store"
)

// How often everything is looked at, and how long a way of telling may take.
const (
	StandardHver   = 15 * time.Second
	StandardGentag = 4 * time.Hour
	sendeFrist     = 30 * time.Second
	maksISamling   = 100 // alarms in one mail; the others come with the next
)

// Options are what an Alarm is told.
type Options struct {
	Graenser     Graenser
	Gentag       time.Duration           // how long until somebody is told again of what nobody has acknowledged; 0 = StandardGentag
	Hver         time.Duration           // 0 = StandardHver
	Adresse      string                  // of the console, for links: https://mox.kommune.dk
	Certifikater map[string]string       // PEM files, by what they are for
	Fejlende     func() map[string]error // parts of the process that keep failing
	Mail         *Mail                   // nil = none
	Webhook      *Webhook                // nil = none
	Log          *slog.Logger

	nu func() time.Time
}

// Alarm watches.
type Alarm struct {
	d     *distributor.Distributor
	o     Options
	stum  map[string]error // ways of telling that failed last, and why
	kanal []kanal
}

// kanal is a way of telling.
type kanal struct {
	navn string
	send func(context.Context, samling) error
}

// samling is what is told at once.
type samling struct {
	Emne    string
	Adresse string
	Alarmer []store.Alarm
}

// New makes an Alarm; nothing happens until Run.
func New(d *distributor.Distributor, o Options) *Alarm {
	if o.Gentag == 0 {
		o.Gentag = StandardGentag
	}
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
		o.nu = time.Now
	}
	o.Adresse = strings.TrimSuffix(o.Adresse, "/")
	a := &Alarm{d: d, o: o, stum: map[string]error{}}
	if o.Mail != nil {
		a.kanal = append(a.kanal, kanal{"mail", o.Mail.send})
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
		if err := a.Se(ctx); err != nil && ctx.Err() == nil {
			a.o.Log.Error("alarmer kunne ikke ses efter", "fejl", mox.Maskeret(err.Error()))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

// Se looks once, and tells what there is to tell. Another process that watches the same database has nothing to do.
func (a *Alarm) Se(ctx context.Context) error {
	if ok, err := a.d.TagVagten(ctx); err != nil || !ok {
		return err
	}
	f, err := a.find(ctx)
	if err != nil {
		return err
	}
	ok, err := a.d.SaetAlarmer(ctx, f)
	if err != nil || !ok || len(a.kanal) == 0 {
		return err
	}
	nye, err := a.d.UfortalteAlarmer(ctx, a.o.Gentag, maksISamling)
	if err != nil || len(nye) == 0 {
		return err
	}
	if !a.fortael(ctx, samling{Emne: emne(nye), Adresse: a.o.Adresse, Alarmer: nye}) {
		return nil // all of it again next time
	}
	return a.d.AlarmerFortalt(ctx, nye)
}

// find is what is wrong now.
func (a *Alarm) find(ctx context.Context) (f fund, err error) {
	o, err := a.d.Overblik(ctx)
	if err != nil {
		return nil, err
	}
	raekke, err := a.d.FejlIRaekken(ctx)
	if err != nil {
		return nil, err
	}
	nu := a.o.nu()
	f.overblik(&o, raekke, a.o.Graenser, nu)
	f.certifikater(a.o.Certifikater, a.o.Graenser, nu)
	for navn, err := range a.o.Fejlende() {
		f.laegTil(regelDel, navn, "/", "se loggen", "%s i MOX bliver ved med at fejle: %v", navn, err)
	}
	for navn, err := range a.stum {
		f.laegTil(regelAfsendelse, navn, "/", "ret alarmer i mox.yaml; prøv med mox alarm proev", "alarmer kan ikke sendes som %s: %v", navn, err)
	}
	return f, nil
}

// delvis is that some were told, and others could not be.
type delvis struct{ err error }

func (d *delvis) Error() string { return "ikke alle fik den: " + d.err.Error() }

// fortael tells in every way, and reports whether somebody was told.
func (a *Alarm) fortael(ctx context.Context, s samling) (fortalt bool) {
	for _, k := range a.kanal {
		err := a.send(ctx, k, s)
		if err == nil {
			delete(a.stum, k.navn)
			fortalt = true
			continue
		}
		fortalt = fortalt || errors.As(err, new(*delvis))
		a.stum[k.navn] = err
		a.o.Log.Error("alarmer kunne ikke sendes", "som", k.navn, "antal", len(s.Alarmer), "fejl", mox.Maskeret(err.Error()))
	}
	return fortalt
}

func (a *Alarm) send(ctx context.Context, k kanal, s samling) error {
	ctx, slut := context.WithTimeout(ctx, sendeFrist)
	defer slut()
	return k.send(ctx, s)
}

// Proev sends a trial alarm in every way, and tells how each went; "" is well.
func (a *Alarm) Proev(ctx context.Context) map[string]string {
	ud := map[string]string{}
	nu := a.o.nu()
	s := samling{Emne: "MOX: prøve", Adresse: a.o.Adresse, Alarmer: []store.Alarm{{Regel: "proeve", Genstand: "prøve", Tekst: "dette er en prøve på en alarm fra MOX", Raad: "intet skal gøres", Sti: "/", Begyndt: nu, Sidst: nu}}}
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
		if a.Sluttet.IsZero() {
			fmt.Fprintf(&b, " Næste skridt: %s.", a.Raad)
		}
		if s.Adresse != "" {
			fmt.Fprintf(&b, "\n  %s%s", s.Adresse, a.Sti)
		}
		b.WriteString("\n\n")
	}
	b.WriteString("Kvittér for en alarm med mox alarm kvitter; så fortæller MOX ikke om den igen, mens den står.\n")
	return b.String()
}

// foerst puts what stands before what has ended.
func foerst(a store.Alarm) int {
	if a.Sluttet.IsZero() {
		return 1
	}
	return 0
}

// Package bench measures MOX beside the bare work: the same rows, written or read without MOX's code, to a database of the
// same kind with the same schema, in commits as large, in the same run. How fast a machine is today says little; what MOX
// costs beside the raw work does. The two take turns, so that what else the machine does hits both.
package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store"
)

const (
	afsendere        = 16              // who work at the same time, where nothing else is said
	omgang           = 1600            // calls in one turn
	opvarmning       = 100             // calls before the first turn, and in it
	standardVarighed = 5 * time.Second // of one measurement, MOX's time and the raw together
)

// Options are what is measured, and where.
type Options struct {
	Database string        // a PostgreSQL server where databases may be made; "" = SQLite in Dir
	Dir      string        // where SQLite's files are made, and removed again; "" = the system's folder for such files
	AMQP     string        // a broker's vhost that holds nothing else; "" = rabbitmq is not measured
	Objekter []int         // sizes of the register; none = 1000
	Varighed time.Duration // of one measurement; 0 = 5 s
	Sig      func(string)  // is told what is going on; nil = nobody
}

// Resultat is one measurement. Times are in microseconds, rates per second.
type Resultat struct {
	Name       string         `json:"name"`
	Size       int            `json:"size"`
	P50        float64        `json:"p50_us"`
	P99        float64        `json:"p99_us"`
	PerS       float64        `json:"per_s"`
	RawPerS    float64        `json:"raw_per_s"`
	Ratio      float64        `json:"ratio"` // per_s beside raw_per_s: 1 = MOX costs nothing
	Conditions map[string]any `json:"conditions"`
}

// gruppe is what is measured under one name of the command.
type gruppe struct {
	navn string
	maal func(ctx context.Context, k *koersel) error
}

func grupper() []gruppe {
	return []gruppe{{"accept", accept}, {"efterlever", efterlever}, {"match", match}, {"idle", idle}, {"pull", hentning}, {"push", skub}, {"rabbitmq", rabbitmq}, {"register", registeret}}
}

// Navne are the names that Koer knows, in the order it measures them.
func Navne() (ud []string) {
	for _, g := range grupper() {
		ud = append(ud, g.navn)
	}
	return ud
}

// Koer measures what is named, all of it where nothing is, and tells of each result as it comes. Without a broker rabbitmq
// is left out, unless it is named.
//
// Errors: [mox.KodeUgyldig] for a name it does not know, and a size, a time or a database that cannot be; [mox.KodeKonflikt] for a vhost that MOX uses already.
func Koer(ctx context.Context, o Options, navne []string, ud func(Resultat) error) error {
	valgte, err := vaelg(o, navne)
	if err != nil {
		return err
	}
	if o.Sig == nil {
		o.Sig = func(string) {}
	}
	if len(o.Objekter) == 0 {
		o.Objekter = []int{1000}
	}
	o.Varighed = cmp.Or(o.Varighed, standardVarighed)
	for _, g := range valgte {
		k := &koersel{Options: o, ud: ud}
		err := g.maal(ctx, k)
		if err = errors.Join(err, k.luk()); err != nil {
			return err
		}
	}
	return nil
}

func vaelg(o Options, navne []string) (ud []gruppe, err error) {
	if o.Varighed < 0 {
		return nil, mox.E("bench", mox.KodeUgyldig, "en måling kan ikke vare %s", o.Varighed).Med("giv en varighed over 0, fx 5s")
	}
	if o.Database != "" && !store.PaaPostgres(o.Database) {
		return nil, mox.E("bench", mox.KodeUgyldig, "databasen er ikke adressen på en PostgreSQL").Med("skriv postgres://bruger@vært:port/database; uden --database måles på SQLite")
	}
	for _, n := range o.Objekter {
		if n < mindsteRegister || n > stoersteRegister {
			return nil, mox.E("bench", mox.KodeUgyldig, "et register på %d objekter kan ikke måles", n).Med(fmt.Sprintf("giv et antal fra %d til %d", mindsteRegister, stoersteRegister))
		}
	}
	if len(navne) == 0 {
		return slices.DeleteFunc(grupper(), func(g gruppe) bool { return g.navn == "rabbitmq" && o.AMQP == "" }), nil
	}
	alle := grupper()
	for _, n := range navne {
		i := slices.IndexFunc(alle, func(g gruppe) bool { return g.navn == n })
		if i < 0 {
			return nil, mox.E("bench", mox.KodeUgyldig, "%q kan ikke måles", n).Med("vælg blandt " + strings.Join(Navne(), ", "))
		}
		if n == "rabbitmq" && o.AMQP == "" {
			return nil, mox.E("bench", mox.KodeUgyldig, "rabbitmq kan ikke måles uden en broker").Med("giv dens adresse med --amqp")
		}
		ud = append(ud, alle[i])
	}
	return ud, nil
}

// koersel is one group on its way. What it opens is closed with it.
type koersel struct {
	Options
	ud     func(Resultat) error
	lukkes []func() error
}

func (k *koersel) luk() (err error) {
	for _, f := range slices.Backward(k.lukkes) {
		err = errors.Join(err, f())
	}
	return err
}

// loeb is what has been measured under one name.
type loeb struct {
	navn         string
	stoerrelse   int
	antal        int
	vores, deres time.Duration   // of all the calls, and of the raw work
	tider        []time.Duration // of each call
	vilkaar      map[string]any
}

func (l *loeb) vilkaarlig(navn string, v any) {
	if l.vilkaar == nil {
		l.vilkaar = map[string]any{}
	}
	l.vilkaar[navn] = v
}

// fortael makes the result of a measurement, and passes it on.
func (k *koersel) fortael(l *loeb) error {
	l.vilkaarlig("go", runtime.Version())
	l.vilkaarlig("cores", runtime.GOMAXPROCS(0))
	l.vilkaarlig("n", l.antal)
	slices.Sort(l.tider)
	r := Resultat{Name: l.navn, Size: l.stoerrelse, P50: procent(l.tider, 50), P99: procent(l.tider, 99), Conditions: l.vilkaar}
	r.PerS, r.RawPerS = rate(l.antal, l.vores), rate(l.antal, l.deres)
	if l.vores > 0 {
		r.Ratio = rund(l.deres.Seconds() / l.vores.Seconds())
	}
	return k.ud(r)
}

func rate(n int, d time.Duration) float64 {
	if d <= 0 {
		return 0
	}
	return rund(float64(n) / d.Seconds())
}

// procent is the p'th percentile of sorted times, in microseconds.
func procent(tider []time.Duration, p int) float64 {
	if len(tider) == 0 {
		return 0
	}
	return rund(float64(tider[min(len(tider)*p/100, len(tider)-1)]) / float64(time.Microsecond))
}

// rund leaves three digits behind the comma: more would be noise.
func rund(x float64) float64 { return float64(int64(x*1000+0.5)) / 1000 }

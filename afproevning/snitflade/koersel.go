package snitflade

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/afproevning/snitflade/mellemled"
)

// Options are how a test is run. The zero value runs everything at basis.
type Options struct {
	Niveau    Niveau
	Proever   []Proeve  // nil = all there are
	Kun       []string  // ids of the only cases to be tried; the result is then not whole
	Haand     bool      // a person does what the profile has no stimulus for
	Ind       io.Reader // the person's answers
	Ud        io.Writer // what the person is told
	Vaerktoej string    // the version of this program
	Fremdrift func(nr, af int, p *Proeve)

	Lytter            net.Listener // in place of the address in the profile that the product comes to
	KvitteringsLytter net.Listener
}

// koersel is one test of one product.
type koersel struct {
	p       *Profil
	o       Options
	haand   *haand
	klient  *http.Client
	bakke   *indbakke
	ind     ind // afsender: where the product sends; modtager: where its Kvitteringer come, or nil
	ud      ud  // modtager: how the product is sent to
	forloeb map[string]*forloeb
	foerste time.Time // the time that the times of what is sent are counted from
	nr      int       // of what has been sent, so that times differ
}

// forloeb is one run of steps, and what came of it.
type forloeb struct {
	p          *Profil
	trin       []Trin
	start      time.Time
	set        []*Modtaget
	haendelser []mellemled.Haendelse
	mangler    map[int]string // by step: what should have come and did not
	kendetegn  string
	cpr        string
	sendte     []*sendt    // to a receiver
	kvittering []*Modtaget // that the receiver has sent
	spoerg     func(beskedID, objektID string) (effekt, error)
	pause      func() bool // waits a little; false when the test is over
	blind      bool        // the tool does not see how the product settles a delivery
	stoppet    error       // why the steps could not be taken
}

// Koer tests the product of a profile. The error is one of the test itself, an [*mox.Error]; what the product does wrong is in
// the result.
func Koer(ctx context.Context, p *Profil, o Options) (*Resultat, error) {
	k, err := nyKoersel(ctx, p, o)
	if err != nil {
		return nil, err
	}
	defer k.luk()
	r := nytResultat(p, k.o)
	proever := valgte(p, k.o)
	if kun := k.o.Kun; len(kun) > 0 {
		alle := len(proever)
		proever = slices.DeleteFunc(proever, func(q Proeve) bool { return !slices.Contains(kun, q.ID) })
		r.Optaelling.IkkeKoert = alle - len(proever)
	}
	for i := range proever {
		if k.o.Fremdrift != nil {
			k.o.Fremdrift(i+1, len(proever), &proever[i])
		}
		r.Proever = append(r.Proever, k.proev(ctx, &proever[i]))
		if ctx.Err() != nil {
			return nil, mox.E("snitfladetest", mox.KodeUtilgaengelig, "testen blev afbrudt").Med("kør den igen")
		}
	}
	r.slut(time.Now())
	return r, nil
}

// valgte are the cases of the product's role, carrier and level that are within its scope.
func valgte(p *Profil, o Options) []Proeve {
	return slices.DeleteFunc(slices.Clone(o.Proever), func(q Proeve) bool { return !p.angaar(&q, o.Niveau) || len(p.mangler(&q)) > 0 })
}

// angaar reports whether a case is of the product's role and carrier, and of the level.
func (p *Profil) angaar(q *Proeve, n Niveau) bool {
	return q.Rolle == p.Rolle && slices.Contains(q.Carrier, p.Carrier) && (n == Udvidet || q.Niveau == Basis)
}

// mangler is what a case demands and the profile does not say the product has.
func (p *Profil) mangler(q *Proeve) []string {
	return slices.DeleteFunc(slices.Clone(q.Kraever), p.har)
}

func nyKoersel(ctx context.Context, p *Profil, o Options) (k *koersel, err error) {
	if o.Niveau == "" {
		o.Niveau = Basis
	}
	if o.Proever == nil {
		o.Proever = Proever()
	}
	k = &koersel{p: p, o: o, bakke: nyIndbakke(), forloeb: map[string]*forloeb{}}
	if o.Haand {
		k.haand = &haand{ind: bufio.NewReader(o.Ind), ud: o.Ud}
	}
	if k.klient, err = nyKlient(p); err != nil {
		return nil, err
	}
	if p.Rolle == Afsender {
		err = k.aabnAfsender(ctx)
	} else {
		err = k.aabnModtager(ctx)
	}
	if err != nil {
		k.luk()
		return nil, err
	}
	return k, nil
}

func (k *koersel) aabnAfsender(ctx context.Context) error {
	if k.p.Carrier == HTTP {
		i, err := nyIndHTTP(ctx, k.p.Kald.Lyt, k.bakke, k.o.Lytter)
		if err == nil {
			k.ind = i
		}
		return err
	}
	i, err := nyIndAMQP(ctx, k.p, k.bakke, k.p.Forbindelse.Vej, k.o.Lytter, true)
	if err != nil {
		return err
	}
	k.ind = i
	i.ventForbundet(ctx)
	return nil
}

func (k *koersel) luk() {
	if k.ud != nil {
		k.ud.luk()
	}
	if k.ind != nil {
		k.ind.luk()
	}
	k.klient.CloseIdleConnections()
}

// proev tries one case.
func (k *koersel) proev(ctx context.Context, p *Proeve) Proeveresultat {
	r := Proeveresultat{ID: p.ID, Navn: p.Navn, Niveau: p.Niveau, Krav: p.Krav, Regel: p.Regel, Forklaring: p.Forklaring}
	if hvorfor, ja := k.p.Undtaget[p.ID]; ja {
		r.Status, r.Grund, r.Undtaget = IkkeAfproevet, hvorfor, true
		return r
	}
	f := k.faa(ctx, p)
	r.Status = Bestaaet
	if f.stoppet != nil {
		r.tilfoej(intetAf(f.stoppet))
		return r
	}
	liste := tjekliste(p.Rolle)
	for i := range p.Forvent {
		r.tilfoej(liste[p.Forvent[i].Tjek].f(f, &p.Forvent[i]))
	}
	return r
}

// faa gives the run of the case's steps. Cases with the same steps share one: what is seen of it is looked at once for each.
func (k *koersel) faa(ctx context.Context, p *Proeve) *forloeb {
	noegle, _ := json.Marshal([]any{p.Trin, slices.Contains(p.Kraever, "kvitteringer")}) // our own data
	if f, ok := k.forloeb[string(noegle)]; ok {
		return f
	}
	f := &forloeb{p: k.p, blind: k.ud != nil && !k.ud.serUdenSvar(), trin: p.Trin, mangler: map[int]string{}, kendetegn: "kendetegn-" + mox.NyUUID(), cpr: opdigtetCPR}
	switch err := k.kanGoeres(p); {
	case err != nil:
		f.stoppet = err
	case p.Rolle == Afsender:
		k.koerAfsender(ctx, f)
	default:
		k.koerModtager(ctx, f, p)
	}
	k.forloeb[string(noegle)] = f
	return f
}

// kanGoeres reports what a case's steps need and the profile does not have, before any of them is taken: a product that can be
// stopped and not started must not be stopped.
func (k *koersel) kanGoeres(p *Proeve) error {
	for i := range p.Trin {
		t := &p.Trin[i]
		if _, ok := k.p.Stimulus[t.Goer]; t.Goer != "" && !ok && k.haand == nil && !slices.Contains(goerord(), t.Goer) {
			return errIngenStimulus(t.Goer)
		}
		for _, s := range t.Svar {
			if !k.ind.kan(s) {
				return errKanIkke
			}
		}
	}
	return nil
}

// opdigtetCPR is a number that no person can have: its date does not exist.
const opdigtetCPR = "3113850000"

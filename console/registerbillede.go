package console

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/register"
)

// An objekt is drawn on its two time axes: a row for each registrering, the newest at the top, and along it what that
// registrering says at each time of virkning. As the landscape it is drawn wide and narrow, in about pixels.
const (
	billedraekker  = 12 // registreringer
	billedskift    = 10 // moments at which something changes in virkning
	toBredt        = 1120
	toSmalt        = 340
	toTop          = 8   // room for the mark of what is chosen
	toKant         = 168 // width of the rows' labels in the wide picture
	baandHoejde    = 26
	tilstandHoejde = 18
	raekkeAfstand  = 14
	etiketHoejde   = 20 // of a row's label above it, in the narrow picture
	akseHoejde     = 30
	tegnbredde     = 8 // of a letter, at most on average
)

// tobillede is the picture in coordinates.
type tobillede struct {
	ID             string // "bred" or "smal"
	Bredde, Hoejde int
	Kant           int // where the axis begins
	Raekker        []toraekke
	Maerker        []tomaerke // moments on the axis of virkning
	AkseY          int
	NuX            int // now in virkning
	NuTekst        toTekst
	Valgt          *struct{ X, Y int }
	Udeladt        bool // not all registreringer or all changes are drawn
}

// toraekke is one registrering.
type toraekke struct {
	Y, H   int
	Etiket toTekst
	Under  toTekst
	Valgt  bool
	Baand  []baand
	Felter []tofelt
}

// baand is what holds for a while.
type baand struct {
	X, Y, B, H int
	Farve      int // of six
	Tekst      string
	TekstX     int
	TekstY     int
	Tilstand   bool
}

// tofelt is a place that can be chosen.
type tofelt struct {
	X, Y, B, H int
	Sti, Navn  string
}

type tomaerke struct {
	X, TekstX int    // the text's middle
	Tekst     string // "" = there is no room for it
}

type toTekst struct {
	X, Y  int
	Tekst string
	Slut  bool // X is where the text ends
}

// akse is the axis of virkning: moments of change, and the place of each.
type akse struct {
	skift []time.Time
	x     []int // of the columns' edges, one more than there are columns
}

func (o *objektvisning) billeder() []tobillede {
	versioner := o.l.Versioner[:min(len(o.l.Versioner), billedraekker)]
	skift, alle := o.skift(versioner)
	udeladt := !alle || len(versioner) < len(o.l.Versioner)
	return []tobillede{o.billede("bred", toBredt, toKant, 0, versioner, skift, udeladt), o.billede("smal", toSmalt, 0, etiketHoejde, versioner, skift, udeladt)}
}

// skift are the latest moments at which attributes or states change in virkning; alle tells that there are no more.
func (o *objektvisning) skift(versioner []register.Version) (ud []time.Time, alle bool) {
	tag := func(v mox.Virkning) {
		for _, t := range []mox.Tidspunkt{v.Fra, v.Til} {
			if tid, bundet := t.Tid(); bundet {
				ud = append(ud, tid)
			}
		}
	}
	for i := range versioner {
		for _, a := range versioner[i].Attributter[o.type_.Egenskaber().Navn] {
			tag(a.Virkning)
		}
		for _, l := range versioner[i].Tilstande {
			for _, s := range l {
				tag(s.Virkning)
			}
		}
	}
	slices.SortFunc(ud, time.Time.Compare)
	ud = slices.CompactFunc(ud, time.Time.Equal)
	if len(ud) > billedskift {
		return ud[len(ud)-billedskift:], false
	}
	return ud, true
}

// nyAkse gives each column a width that tells its length, but is never too small to hit. The two ends are without end.
func nyAkse(skift []time.Time, fra, til int) akse {
	vaegte := make([]float64, len(skift)+1)
	laengst := 1.0
	for i := 1; i < len(skift); i++ {
		laengst = max(laengst, skift[i].Sub(skift[i-1]).Hours())
	}
	sum := 0.0
	for i := range vaegte {
		if vaegte[i] = 1.4; i == 0 {
			vaegte[i] = 0.7 // most objekter have no beginning before the first change
		}
		if i > 0 && i < len(skift) {
			vaegte[i] = 1 + 2.5*math.Sqrt(skift[i].Sub(skift[i-1]).Hours()/laengst)
		}
		sum += vaegte[i]
	}
	a := akse{skift: skift, x: []int{fra}}
	nu := 0.0
	for _, v := range vaegte {
		nu += v
		a.x = append(a.x, fra+int(math.Round(nu/sum*float64(til-fra))))
	}
	return a
}

// kolonne is the column that t lies in.
func (a akse) kolonne(t mox.Tidspunkt) int {
	nr := 0
	for nr < len(a.skift) && mox.Kl(a.skift[nr]).Sammenlign(t) <= 0 {
		nr++
	}
	return nr
}

// sted is where on the axis t lies.
func (a akse) sted(t mox.Tidspunkt) int {
	nr := a.kolonne(t)
	del := 0.5
	if tid, bundet := t.Tid(); bundet && nr > 0 && nr < len(a.skift) {
		del = tid.Sub(a.skift[nr-1]).Hours() / a.skift[nr].Sub(a.skift[nr-1]).Hours()
	}
	b := a.x[nr+1] - a.x[nr]
	return a.x[nr] + min(max(int(del*float64(b)), 4), b-4)
}

// kanter are where on the axis a virkning begins and ends; b 0 = it lies within what is not drawn.
func (a akse) kanter(v mox.Virkning) (x, b int) {
	fra, til := 0, len(a.skift)+1
	if _, bundet := v.Fra.Tid(); bundet {
		fra = a.kolonne(v.Fra)
	}
	if _, bundet := v.Til.Tid(); bundet {
		til = a.kolonne(v.Til)
	}
	return a.x[fra], a.x[max(til, fra)] - a.x[fra]
}

func (o *objektvisning) billede(id string, bredde, kant, hoved int, versioner []register.Version, skift []time.Time, udeladt bool) tobillede {
	b := tobillede{ID: id, Bredde: bredde, Kant: kant, Udeladt: udeladt}
	a := nyAkse(skift, kant, bredde)
	farver := farveskema{farvekort{}, farvekort{}}
	y := toTop
	for i := range versioner {
		r := o.raekke(i, a, farver, kant, y+hoved)
		if r.Valgt {
			b.Valgt = &struct{ X, Y int }{a.sted(o.f.Fra.Virkningstid), r.Y}
		}
		b.Raekker = append(b.Raekker, r)
		y = r.Y + r.H + raekkeAfstand
	}
	b.AkseY = y
	b.NuX = a.sted(mox.Kl(o.nu))
	b.NuTekst = toTekst{X: b.NuX, Y: y + 24, Tekst: o.s.t("register.nu"), Slut: b.NuX > bredde-40}
	b.Hoejde = y + akseHoejde
	b.Maerker = o.maerker(a, b.NuX, bredde)
	return b
}

// maerker are the axis's dates, as many as there is room for beside each other and beside now.
func (o *objektvisning) maerker(a akse, nu, bredde int) (ud []tomaerke) {
	const plads = 92
	fri := a.x[0] - plads
	for i, t := range a.skift {
		m := tomaerke{X: a.x[i+1]}
		m.TekstX = min(max(m.X, plads/2), bredde-plads/2)
		if m.TekstX-fri >= plads && (m.TekstX < nu-plads/2-20 || m.TekstX > nu+plads/2+20) {
			m.Tekst, fri = o.s.dato(t), m.TekstX
		}
		ud = append(ud, m)
	}
	return ud
}

// raekke draws one registrering.
func (o *objektvisning) raekke(i int, a akse, farver farveskema, kant, y int) toraekke {
	v := &o.l.Versioner[i]
	r := toraekke{Y: y, H: baandHoejde, Valgt: o.valgtVersion(v)}
	r.Etiket, r.Under = toTekst{Y: y + 12, Tekst: o.s.tidstekst(v.FraTidspunkt)}, toTekst{Y: y + 28, Tekst: o.s.kendt("register.livscyklus", v.LivscyklusKode)}
	if kant == 0 {
		r.Etiket.Y = y - 6
		r.Under = toTekst{X: toSmalt, Y: y - 6, Tekst: r.Under.Tekst, Slut: true}
	}
	for _, x := range v.Attributter[o.type_.Egenskaber().Navn] {
		r.baand(a, x.Virkning, farver.indhold.af(felttekst(x.Felter)), o.baandtekst(x.Felter, farver.indhold), y, baandHoejde, false)
	}
	for _, tv := range o.type_.Tilstande {
		l := v.Tilstande[tv.Navn]
		for _, x := range l {
			r.baand(a, x.Virkning, farver.tilstand.af(tv.Felt+"="+x.Vaerdi), x.Vaerdi, r.Y+r.H+2, tilstandHoejde, true)
		}
		if len(l) > 0 {
			r.H += 2 + tilstandHoejde
		}
	}
	if o.links {
		r.Felter = o.felter(i, a, r)
	}
	return r
}

func (r *toraekke) baand(a akse, v mox.Virkning, farve int, tekst string, y, h int, tilstand bool) {
	x, b := a.kanter(v)
	if b == 0 {
		return
	}
	if tekst = afkort(tekst, max((b-14)/tegnbredde, 0)+1); tekst == "…" {
		tekst = ""
	}
	r.Baand = append(r.Baand, baand{X: x + 1, Y: y, B: b - 2, H: h, Farve: farve, Tekst: tekst, TekstX: x + 8, TekstY: y + h/2 + 4, Tilstand: tilstand})
}

// felter are the places of a row that can be chosen: the beginning of each column, or now where it is in it.
func (o *objektvisning) felter(i int, a akse, r toraekke) (ud []tofelt) {
	nu := a.kolonne(mox.Kl(o.nu))
	for k := range len(a.x) - 1 {
		f := tofelt{X: a.x[k], Y: r.Y, B: a.x[k+1] - a.x[k], H: r.H}
		var virk mox.Tidspunkt
		switch {
		case k == nu:
		case k == 0:
			virk = mox.Kl(a.skift[0].AddDate(0, 0, -1))
		default:
			virk = mox.Kl(a.skift[k-1])
		}
		f.Sti = o.punktsti(o.regAf(i), virk)
		tid := o.nu
		if t, bundet := virk.Tid(); bundet {
			tid = t
		}
		f.Navn = o.s.t("register.felt", o.s.dato(tid), o.s.tidstekst(o.l.Versioner[i].FraTidspunkt))
		ud = append(ud, f)
	}
	return ud
}

// baandtekst is what a band says: the title to one who may see it, and otherwise only which content it is.
func (o *objektvisning) baandtekst(felter map[string]string, farver farvekort) string {
	if titel := felter[titelfelt(o.type_)]; o.aaben && titel != "" {
		return titel
	}
	return o.s.t("register.indhold", string(rune('A'+farver.nr(felttekst(felter))%26)))
}

// felttekst is content in one form.
func felttekst(felter map[string]string) string {
	var ud []string
	for k, v := range felter {
		ud = append(ud, k+"="+v)
	}
	slices.Sort(ud)
	return strings.Join(ud, "\x00")
}

// farveskema is the colours of attributes and of states.
type farveskema struct{ indhold, tilstand farvekort }

// farvekort gives the same content the same colour in every row.
type farvekort map[string]int

const antalFarver = 6

func (f farvekort) nr(indhold string) int {
	nr, ok := f[indhold]
	if !ok {
		nr = len(f)
		f[indhold] = nr
	}
	return nr
}

func (f farvekort) af(indhold string) int { return f.nr(indhold) % antalFarver }

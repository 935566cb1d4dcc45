// Package report is the business case: MOX-processer counted from real traffic, times the minutes that the municipality
// enters, is hours and kroner, beside what integrations cost today, minus what the first and the following implementations
// cost. What was counted (realiseret) and what was reckoned beforehand (beregnet) are never mixed. spec: mox 59
package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"
)

// Aar is the years that an investment is seen over, and dageIAar the days that a period is scaled to.
const (
	Aar      = 5
	dageIAar = 365
)

// Taelling is what happened in a period, counted.
type Taelling struct {
	Maaneder      []string    `json:"maaneder"` // "2026-01": the months of the period, the first and the last as far as they are in it
	Processer     []Procestal `json:"processer"`
	Reparationer  int64       `json:"reparationer"`    // acts by which people mended Fejl
	ReparerteFejl int64       `json:"reparerede_fejl"` // the Fejl they were about
	Omfang        []Omfang    `json:"omfang,omitempty"`
}

// Procestal is how the instances of one MOX-proces ended.
type Procestal struct {
	Proces    string  `json:"proces"`
	Afsluttet int64   `json:"afsluttet"` // distinct procesIDs with all slutbeskeder: the transactions
	Fejlet    int64   `json:"fejlet"`
	Udloebet  int64   `json:"udloebet"`
	PrMaaned  []int64 `json:"pr_maaned"` // afsluttet, by month
	Afstemning
}

// Afstemning is what the journal of beskeder says of the instances that are counted as afsluttet; see [store.Tx.AfstemUdfald].
type Afstemning struct {
	Bekraeftet int64 `json:"bekraeftet"` // found there whole
	Slettet    int64 `json:"slettet"`    // no longer to be seen there
	Afviger    int64 `json:"afviger"`    // found otherwise: they are to be looked into
}

// Afstemt is the Afstemning of all processes.
func (t Taelling) Afstemt() (ud Afstemning) {
	for i := range t.Processer {
		a := t.Processer[i].Afstemning
		ud = Afstemning{ud.Bekraeftet + a.Bekraeftet, ud.Slettet + a.Slettet, ud.Afviger + a.Afviger}
	}
	return ud
}

// Omfang is how large an agent is, counted in its files.
type Omfang struct {
	Agent        string `json:"agent"`
	System       string `json:"system"`
	Linjer       int    `json:"linjer"`       // of YAML that say something: not blank, not a comment
	Felter       int    `json:"felter"`       // rows of its field tables
	Kodetabeller int    `json:"kodetabeller"` // rows that translate codes
	Proever      int    `json:"proever"`      // recorded examples
}

// Rapport is the whole business case of one period.
type Rapport struct {
	Fra         string              `json:"fra"` // the first day
	Til         string              `json:"til"` // the last day
	Dage        int                 `json:"dage"`
	Myndighed   string              `json:"myndighed,omitempty"` // CVR number; "" = every authority here
	Lavet       time.Time           `json:"lavet"`
	Version     int64               `json:"grundlag_version"` // of Grundlag; 0 = nothing is told
	Grundlag    Grundlag            `json:"grundlag"`
	Taelling    Taelling            `json:"taelling"`
	Processer   []Procesgevinst     `json:"procesgevinster"`
	Realiseret  Resultat            `json:"realiseret"`         // by what was counted, scaled to a year
	Beregnet    Resultat            `json:"beregnet"`           // by what was expected
	IPerioden   float64             `json:"gevinst_i_perioden"` // realised and not scaled: gain less repairs
	Leverandoer Leverandoerresultat `json:"leverandoerresultat"`
	Mangler     []Mangel            `json:"mangler"`
}

// Procesgevinst is what one MOX-proces is worth.
type Procesgevinst struct {
	Proces         string   `json:"proces"`
	Ventet         *float64 `json:"ventet_i_perioden,omitempty"` // instances, by what is expected a year (the zero-point, where it was measured); nil = not told
	Daekning       *float64 `json:"talt_af_ventet,omitempty"`    // counted / ventet; nil where nothing is expected
	Sparet         *float64 `json:"sparede_minutter,omitempty"`  // per instance; nil = not told
	TimerIPerioden float64  `json:"timer_i_perioden"`
	IPerioden      float64  `json:"gevinst_i_perioden"`
	Realiseret     float64  `json:"realiseret_pr_aar"`
	Beregnet       float64  `json:"beregnet_pr_aar"`
}

// Resultat is a year in kroner. spec: mox 11
type Resultat struct {
	Brutto      float64      `json:"brutto"`      // Σ N(p)·(t_før − t_efter)/60·w
	Reparation  float64      `json:"reparation"`  // what it cost to mend
	Gevinst     float64      `json:"gevinst"`     // G = brutto − reparation
	Integration float64      `json:"integration"` // I = Σ integrations: today − with agents
	Drift       float64      `json:"drift"`       // D
	Netto       float64      `json:"netto"`       // G + I − D
	Foerste     Investering  `json:"foerste_implementering"`
	Foelgende   Investering  `json:"foelgende_implementering"`
	Udrulning   Investering  `json:"udrulning"` // to all municipalities, each with this one's yearly net
	Foelsomhed  []Foelsomhed `json:"foelsomhed"`
}

// Investering is an amount paid once against a yearly net.
type Investering struct {
	Pris            float64  `json:"pris"`
	Tilbagebetaling *float64 `json:"tilbagebetaling,omitempty"` // years; nil = never, or the price is not told
	Femaar          float64  `json:"femaar"`                    // net after five years
}

// Foelsomhed is the same year with the saved minutes times a factor.
type Foelsomhed struct {
	Faktor  float64     `json:"faktor"`
	Gevinst float64     `json:"gevinst"`
	Netto   float64     `json:"netto"`
	Foerste Investering `json:"foerste_implementering"`
}

// Leverandoerresultat is the vendor's sheet over five years.
type Leverandoerresultat struct {
	Faste    float64  `json:"faste"`              // build once and upkeep of each release
	PrKunde  float64  `json:"pr_kunde"`           // left of each municipality's payments when it has been supported
	Nulpunkt *float64 `json:"nulpunkt,omitempty"` // municipalities before it pays; nil = never, or not told
	Resultat float64  `json:"resultat_femaar"`    // with as many as are told
}

// Mangel is something that is not told, without which a figure is too small or not there.
type Mangel struct {
	Felt  string `json:"felt"`  // "timepris", "tider[Journalisering].minutter_foer"
	Tekst string `json:"tekst"` // Danish
}

// faktorer are those of the sensitivity: t/2, t, 2t.
func faktorer() []float64 { return []float64{0.5, 1, 2} }

// Beregn makes the report of what was told and what was counted in a period of so many days.
func Beregn(g Grundlag, t Taelling, dage int) Rapport {
	r := Rapport{Dage: dage, Grundlag: g, Taelling: t, Mangler: mangler(&g, &t)}
	aar := dageIAar / float64(max(dage, 1))
	w := vaerdi(g.Timepris)
	var brutto, ventet float64
	for _, navn := range navne(&g, &t) {
		p := procesgevinst(g.tid(navn), t.afsluttede(navn), aar, w)
		r.Processer = append(r.Processer, p)
		r.IPerioden += p.IPerioden
		brutto += p.Realiseret
		ventet += p.Beregnet
	}
	reparation := vaerdi(g.MinutterPrReparation) / 60 * w
	talte := float64(t.Reparationer) * reparation
	r.IPerioden -= talte
	r.Realiseret = resultat(&g, brutto, talte*aar)
	r.Beregnet = resultat(&g, ventet, vaerdi(g.VentedeReparationer)*reparation)
	r.Leverandoer = g.Leverandoer.resultat()
	return r
}

// navne are the processes that are counted or told of, by name.
func navne(g *Grundlag, t *Taelling) (ud []string) {
	for _, p := range t.Processer {
		ud = append(ud, p.Proces)
	}
	for _, p := range g.Tider {
		ud = append(ud, p.Proces)
	}
	slices.Sort(ud)
	return slices.Compact(ud)
}

func (t *Taelling) afsluttede(proces string) int64 {
	for _, p := range t.Processer {
		if p.Proces == proces {
			return p.Afsluttet
		}
	}
	return 0
}

func procesgevinst(t Procestid, n int64, aar, w float64) Procesgevinst {
	p := Procesgevinst{Proces: t.Proces}
	if t.Ventede != nil {
		ventet := *t.Ventede / aar
		if p.Ventet = &ventet; ventet > 0 {
			daekning := float64(n) / ventet
			p.Daekning = &daekning
		}
	}
	sparet, ok := t.Sparet()
	if !ok {
		return p
	}
	p.Sparet = &sparet
	p.TimerIPerioden = float64(n) * sparet / 60
	p.IPerioden = p.TimerIPerioden * w
	p.Realiseret = p.IPerioden * aar
	p.Beregnet = vaerdi(t.Ventede) * sparet / 60 * w
	return p
}

func resultat(g *Grundlag, brutto, reparation float64) Resultat {
	r := Resultat{Brutto: brutto, Reparation: reparation, Gevinst: brutto - reparation, Drift: vaerdi(g.Drift)}
	for _, i := range g.Integrationer {
		if i.IDag != nil && i.Med != nil {
			r.Integration += *i.IDag - *i.Med
		}
	}
	r.Netto = r.Gevinst + r.Integration - r.Drift
	r.Foerste = investering(g.Foerste, r.Netto)
	r.Foelgende = investering(g.Foelgende, r.Netto)
	if k := g.Kommuner; k != nil && g.Foerste != nil && (g.Foelgende != nil || *k == 1) {
		pris := *g.Foerste + (*k-1)*vaerdi(g.Foelgende)
		r.Udrulning = investering(&pris, *k*r.Netto)
	}
	for _, f := range faktorer() {
		gevinst := brutto*f - reparation
		netto := gevinst + r.Integration - r.Drift
		r.Foelsomhed = append(r.Foelsomhed, Foelsomhed{f, gevinst, netto, investering(g.Foerste, netto)})
	}
	return r
}

// investering sees a price against a yearly net.
func investering(pris *float64, netto float64) Investering {
	i := Investering{Pris: vaerdi(pris), Femaar: Aar*netto - vaerdi(pris)}
	if pris != nil && netto > 0 {
		aar := *pris / netto
		i.Tilbagebetaling = &aar
	}
	return i
}

// resultat is the vendor's sheet; nulpunkt is the smallest whole number of municipalities that pays.
func (l *Leverandoer) resultat() Leverandoerresultat {
	r := Leverandoerresultat{
		Faste:   vaerdi(l.Byg) + Aar*vaerdi(l.Udgave)*vaerdi(l.UdgaverPrAar),
		PrKunde: vaerdi(l.Pris) + Aar*(vaerdi(l.PrisPrAar)-vaerdi(l.StoettePrAar)),
	}
	r.Resultat = vaerdi(l.Kunder)*r.PrKunde - r.Faste
	if l.Byg != nil && r.PrKunde > 0 {
		n := math.Floor(r.Faste / r.PrKunde)
		if n*r.PrKunde < r.Faste {
			n++
		}
		r.Nulpunkt = &n
	}
	return r
}

// mangler are what is not told, in the order of the form.
func mangler(g *Grundlag, t *Taelling) []Mangel {
	ud := []Mangel{}
	mangel := func(er bool, felt, tekst string) {
		if er {
			ud = append(ud, Mangel{felt, tekst})
		}
	}
	mangel(g.Ejer == "", "ejer", "hvem der står inde for tallene")
	mangel(g.Timepris == nil, "timepris", "hvad en time koster: uden den er der ingen kroner")
	for _, p := range navne(g, t) {
		tid := g.tid(p)
		_, ok := tid.Sparet()
		mangel(!ok, "tider["+p+"]", fmt.Sprintf("minutter før og efter for %s: uden dem tæller den ikke med", p))
		mangel(ok && vaerdi(tid.Maalte) == 0, "tider["+p+"].maalte", fmt.Sprintf("hvor mange gange tiden for %s er målt: uden det er den et skøn", p))
	}
	mangel(g.MinutterPrReparation == nil && t.Reparationer > 0, "minutter_pr_reparation", "minutter til at rette en fejl: uden dem er gevinsten for stor")
	for _, i := range g.Integrationer {
		mangel(i.IDag == nil || i.Med == nil, "integrationer["+i.Navn+"]", fmt.Sprintf("hvad %s koster i dag og med agenter", i.Navn))
	}
	mangel(g.Drift == nil, "drift", "hvad driften koster om året: uden det er nettoet for stort")
	mangel(g.Foerste == nil, "pris_foerste", "hvad den første implementering kostede: uden det er der ingen tilbagebetaling")
	mangel(g.Foelgende == nil, "pris_foelgende", "hvad hver følgende implementering koster")
	return ud
}

// Sorter puts the processes in order by name.
func (t *Taelling) sorter() {
	slices.SortFunc(t.Processer, func(a, b Procestal) int { return cmp.Compare(a.Proces, b.Proces) })
}

package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/moxkit/mox"
)

// Limits on what is entered.
const (
	MaksRaekker  = 200  // processes, and integrations
	MaksTal      = 1e12 // kroner, minutes, numbers
	MaksTekst    = 200  // characters of a name
	MaksKommuner = 1000
)

// Grundlag is what the municipality tells: MOX cannot count it. A number that is nil is not told; then what depends on it is
// not told either. Amounts are kroner, and yearly where nothing else is said.
type Grundlag struct {
	Kommune              string        `json:"kommune,omitempty"`
	Ejer                 string        `json:"ejer,omitempty"` // the person's role who answers for the figures
	Timepris             *float64      `json:"timepris,omitempty"`
	MinutterPrReparation *float64      `json:"minutter_pr_reparation,omitempty"`
	VentedeReparationer  *float64      `json:"ventede_reparationer,omitempty"` // a year, for what is reckoned beforehand
	Drift                *float64      `json:"drift,omitempty"`
	Foerste              *float64      `json:"pris_foerste,omitempty"`   // the first implementation, once
	Foelgende            *float64      `json:"pris_foelgende,omitempty"` // each of the following, once
	TimerFoerste         *float64      `json:"timer_foerste,omitempty"`
	TimerFoelgende       *float64      `json:"timer_foelgende,omitempty"`
	Kommuner             *float64      `json:"kommuner,omitempty"` // that take it into use, this one among them
	Tider                []Procestid   `json:"tider,omitempty"`
	Integrationer        []Integration `json:"integrationer,omitempty"`
	Leverandoer          Leverandoer   `json:"leverandoer,omitzero"`
}

// Procestid is the manual work of one instance of a MOX-proces.
type Procestid struct {
	Proces  string   `json:"proces"`
	Foer    *float64 `json:"minutter_foer,omitempty"`
	Efter   *float64 `json:"minutter_efter,omitempty"`
	Maalte  *float64 `json:"maalte,omitempty"`  // how many samples the minutes were timed on
	Ventede *float64 `json:"ventede,omitempty"` // instances a year, for what is reckoned beforehand
}

// Sparet is the minutes that one instance saves; ok is false when that is not told.
func (t Procestid) Sparet() (minutter float64, ok bool) {
	if t.Foer == nil || t.Efter == nil {
		return 0, false
	}
	return *t.Foer - *t.Efter, true
}

// Integration is what one connection between systems costs a year.
type Integration struct {
	Navn string   `json:"navn"`
	IDag *float64 `json:"i_dag,omitempty"`
	Med  *float64 `json:"med_agenter,omitempty"`
}

// Leverandoer is a vendor's own sheet. spec: mox 11
type Leverandoer struct {
	Byg          *float64 `json:"byg,omitempty"`            // to build the agent, once
	Udgave       *float64 `json:"udgave,omitempty"`         // upkeep for each release of the system
	UdgaverPrAar *float64 `json:"udgaver_pr_aar,omitempty"` // releases a year
	Pris         *float64 `json:"pris,omitempty"`           // per municipality, once
	PrisPrAar    *float64 `json:"pris_pr_aar,omitempty"`    // per municipality
	StoettePrAar *float64 `json:"stoette_pr_aar,omitempty"` // the vendor's cost per municipality
	Kunder       *float64 `json:"kunder,omitempty"`         // municipalities
}

// tal are the numbers of g that stand alone, with the name of each as the form has it.
func (g *Grundlag) tal() []Talfelt {
	l := &g.Leverandoer
	return []Talfelt{
		{"timepris", &g.Timepris}, {"minutter_pr_reparation", &g.MinutterPrReparation}, {"ventede_reparationer", &g.VentedeReparationer}, {"drift", &g.Drift},
		{"pris_foerste", &g.Foerste}, {"pris_foelgende", &g.Foelgende}, {"timer_foerste", &g.TimerFoerste}, {"timer_foelgende", &g.TimerFoelgende}, {"kommuner", &g.Kommuner},
		{"leverandoer.byg", &l.Byg}, {"leverandoer.udgave", &l.Udgave}, {"leverandoer.udgaver_pr_aar", &l.UdgaverPrAar}, {"leverandoer.pris", &l.Pris},
		{"leverandoer.pris_pr_aar", &l.PrisPrAar}, {"leverandoer.stoette_pr_aar", &l.StoettePrAar}, {"leverandoer.kunder", &l.Kunder},
	}
}

// Talfelt is one number of a Grundlag by its path.
type Talfelt struct {
	Sti string
	Til **float64
}

// Talfelter are all the numbers of g, so that a form can read and show them: "timepris", "tider[0].minutter_foer".
func (g *Grundlag) Talfelter() []Talfelt {
	ud := g.tal()
	for i := range g.Tider {
		t, p := &g.Tider[i], fmt.Sprintf("tider[%d].", i)
		ud = append(ud, Talfelt{p + "minutter_foer", &t.Foer}, Talfelt{p + "minutter_efter", &t.Efter}, Talfelt{p + "maalte", &t.Maalte}, Talfelt{p + "ventede", &t.Ventede})
	}
	for i := range g.Integrationer {
		n, p := &g.Integrationer[i], fmt.Sprintf("integrationer[%d].", i)
		ud = append(ud, Talfelt{p + "i_dag", &n.IDag}, Talfelt{p + "med_agenter", &n.Med})
	}
	return ud
}

// Valider reports every rule that g breaks, as one [mox.KodeUgyldig].
func (g *Grundlag) Valider() error {
	var fejl []mox.Feltfejl
	afvis := func(sti, regel, tekst string, args ...any) {
		fejl = append(fejl, mox.Feltfejl{Sti: sti, Regel: regel, Tekst: fmt.Sprintf(tekst, args...)})
	}
	for _, t := range g.Talfelter() {
		if v := *t.Til; v != nil && (math.IsNaN(*v) || *v < 0 || *v > MaksTal) {
			afvis(t.Sti, "interval", "er ikke et tal fra 0 til %s", SkrivTal(MaksTal, 0))
		}
	}
	for _, k := range []struct {
		sti string
		v   *float64
	}{{"kommuner", g.Kommuner}, {"leverandoer.kunder", g.Leverandoer.Kunder}} {
		if v := k.v; v != nil && (*v != math.Trunc(*v) || *v < 1 || *v > MaksKommuner) {
			afvis(k.sti, "interval", "er ikke et helt antal fra 1 til %d", MaksKommuner)
		}
	}
	g.validerTekster(afvis)
	if len(fejl) == 0 {
		return nil
	}
	return &mox.Error{Kode: mox.KodeUgyldig, Op: "gevinster", Tekst: "det, der er angivet, kan ikke bruges", Raad: "ret felterne, og gem igen; intet er ændret", Felter: fejl}
}

func (g *Grundlag) validerTekster(afvis func(sti, regel, tekst string, args ...any)) {
	tekst := func(sti, v string, kraevet bool) {
		switch {
		case kraevet && strings.TrimSpace(v) == "":
			afvis(sti, "kraevet", "mangler")
		case len([]rune(v)) > MaksTekst:
			afvis(sti, "laengde", "er over %d tegn", MaksTekst)
		case mox.Maskeret(v) != v:
			afvis(sti, "cpr", "ligner et personnummer")
		}
	}
	tekst("kommune", g.Kommune, false)
	tekst("ejer", g.Ejer, false)
	if len(g.Tider) > MaksRaekker || len(g.Integrationer) > MaksRaekker {
		afvis("", "antal", "højst %d processer og %d integrationer", MaksRaekker, MaksRaekker)
	}
	var set []string
	for i, t := range g.Tider {
		sti := fmt.Sprintf("tider[%d].proces", i)
		tekst(sti, t.Proces, true)
		if slices.Contains(set, t.Proces) {
			afvis(sti, "gentaget", "står der allerede")
		}
		set = append(set, t.Proces)
	}
	for i, n := range g.Integrationer {
		tekst(fmt.Sprintf("integrationer[%d].navn", i), n.Navn, true)
	}
}

// tid finds what is told of a proces.
func (g *Grundlag) tid(proces string) Procestid {
	for _, t := range g.Tider {
		if t.Proces == proces {
			return t
		}
	}
	return Procestid{Proces: proces}
}

// vaerdi is a number, 0 where it is not told.
func vaerdi(v *float64) float64 {
	if v == nil {
		return 0
	}
	return *v
}

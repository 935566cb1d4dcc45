package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
)

// Linje is one figure of a report, and where it comes from.
type Linje struct {
	Afsnit string
	Post   string
	Tal    *float64 // nil = not told, or never
	Tekst  string   // instead of a number
	Enhed  string   // "kr", "minutter", "antal"
	Kilde  string   // talt, angivet or regnet
	Maaned bool     // it is a part of another figure: one month of it
}

// The sources of figures.
const (
	talt    = "talt"
	angivet = "angivet"
	regnet  = "regnet"
)

// Linjer are all figures of the report in reading order. Each number is there once, with where it comes from.
func (r *Rapport) Linjer() []Linje {
	ud := []Linje{
		{Afsnit: "Periode", Post: "kommune", Tekst: r.Grundlag.Kommune, Kilde: angivet},
		{Afsnit: "Periode", Post: "står inde for tallene", Tekst: r.Grundlag.Ejer, Kilde: angivet},
		{Afsnit: "Periode", Post: "fra", Tekst: r.Fra}, {Afsnit: "Periode", Post: "til", Tekst: r.Til}, {Afsnit: "Periode", Post: "dage", Tal: n(r.Dage), Enhed: "dage", Kilde: talt},
		{Afsnit: "Periode", Post: "myndighed", Tekst: r.Myndighed},
	}
	ud = append(ud, r.talte()...)
	ud = append(ud, r.angivne()...)
	for i := range r.Processer {
		p := &r.Processer[i]
		a := "Gevinst " + p.Proces
		sparet, kr := p.Sparet != nil, p.Sparet != nil && r.Grundlag.Timepris != nil
		ud = append(ud, fig(a, "ventet i perioden", p.Ventet, "antal", regnet), fig(a, "talt af det ventede", p.Daekning, "andel", regnet))
		ud = append(ud, fig(a, "sparet pr. gang", p.Sparet, "minutter", regnet), fig(a, "timer i perioden", kendt(&p.TimerIPerioden, sparet), "timer", regnet),
			fig(a, "i perioden", kendt(&p.IPerioden, kr), "kr", regnet), fig(a, "realiseret pr. år", kendt(&p.Realiseret, kr), "kr", regnet),
			fig(a, "beregnet pr. år", kendt(&p.Beregnet, kr && r.Grundlag.tid(p.Proces).Ventede != nil), "kr", regnet))
	}
	if r.Grundlag.Timepris != nil {
		ud = append(ud, fig("Realiseret", "gevinst i perioden, tid til at rette fejl trukket fra", &r.IPerioden, "kr", regnet))
	}
	ud = append(ud, r.aarslinjer("Realiseret", &r.Realiseret, func(a *Aarstal) *float64 { return a.Realiseret })...)
	ud = append(ud, r.aarslinjer("Beregnet", &r.Beregnet, func(a *Aarstal) *float64 { return a.Beregnet })...)
	l, g := &r.Leverandoer, &r.Grundlag.Leverandoer
	byg, pris := g.Byg != nil, g.Pris != nil || g.PrisPrAar != nil
	ud = append(ud, fig("Leverandør", "faste udgifter over fem år", kendt(&l.Faste, byg), "kr", regnet), fig("Leverandør", "dækning pr. kommune over fem år", kendt(&l.PrKunde, pris), "kr", regnet),
		fig("Leverandør", "kommuner, før det betaler sig", l.Nulpunkt, "antal", regnet), fig("Leverandør", "resultat over fem år", kendt(&l.Resultat, byg && pris && g.Kunder != nil), "kr", regnet))
	for _, m := range r.Mangler {
		ud = append(ud, Linje{Afsnit: "Mangler", Post: m.Tekst})
	}
	return ud
}

func fig(afsnit, post string, v *float64, enhed, kilde string) Linje {
	return Linje{Afsnit: afsnit, Post: post, Tal: v, Enhed: enhed, Kilde: kilde}
}

// kendt is a figure, or nil where what it takes is not told.
func kendt(v *float64, ok bool) *float64 {
	if !ok {
		return nil
	}
	return v
}

func n[T int | int64](v T) *float64 {
	f := float64(v)
	return &f
}

func (r *Rapport) talte() (ud []Linje) {
	for i := range r.Taelling.Processer {
		p := &r.Taelling.Processer[i]
		a := "Talt " + p.Proces
		ud = append(ud, fig(a, "afsluttet", n(p.Afsluttet), "antal", talt), fig(a, "fejlet", n(p.Fejlet), "antal", talt), fig(a, "udløbet", n(p.Udloebet), "antal", talt),
			fig(a, "afsluttet, bekræftet i journalen", n(p.Bekraeftet), "antal", talt), fig(a, "afsluttet, slettet i journalen", n(p.Slettet), "antal", talt), fig(a, "afsluttet, afviger fra journalen", n(p.Afviger), "antal", talt))
		for j, m := range r.Taelling.Maaneder {
			ud = append(ud, Linje{Afsnit: a, Post: "afsluttet " + m, Tal: n(p.PrMaaned[j]), Enhed: "antal", Kilde: talt, Maaned: true})
		}
	}
	ud = append(ud, fig("Talt", "reparationer", n(r.Taelling.Reparationer), "antal", talt), fig("Talt", "fejl, de rettede", n(r.Taelling.ReparerteFejl), "antal", talt))
	for _, o := range r.Taelling.Omfang {
		a := "Agenten " + o.Agent
		ud = append(ud, fig(a, "linjer YAML", n(o.Linjer), "antal", talt), fig(a, "felter", n(o.Felter), "antal", talt),
			fig(a, "kodetabeller", n(o.Kodetabeller), "antal", talt), fig(a, "prøver", n(o.Proever), "antal", talt))
	}
	return ud
}

func (r *Rapport) angivne() (ud []Linje) {
	g := &r.Grundlag
	for _, x := range []struct {
		post  string
		v     *float64
		enhed string
	}{{"timepris", g.Timepris, "kr"}, {"minutter pr. reparation", g.MinutterPrReparation, "minutter"}, {"ventede reparationer pr. år", g.VentedeReparationer, "antal"},
		{"drift pr. år", g.Drift, "kr"}, {"første implementering", g.Foerste, "kr"}, {"følgende implementering", g.Foelgende, "kr"},
		{"timer til første implementering", g.TimerFoerste, "timer"}, {"timer til følgende implementering", g.TimerFoelgende, "timer"}, {"kommuner", g.Kommuner, "antal"}} {
		ud = append(ud, fig("Angivet", x.post, x.v, x.enhed, angivet))
	}
	for i := range g.Tider {
		t := &g.Tider[i]
		a := "Angivet " + t.Proces
		ud = append(ud, fig(a, "før", t.Foer, "minutter", angivet), fig(a, "efter", t.Efter, "minutter", angivet), fig(a, "målte gange", t.Maalte, "antal", angivet),
			fig(a, "ventede pr. år", t.Ventede, "antal", angivet))
	}
	for i := range g.Integrationer {
		x := &g.Integrationer[i]
		ud = append(ud, fig("Integrationen "+x.Navn, "i dag pr. år", x.IDag, "kr", angivet), fig("Integrationen "+x.Navn, "med agenter pr. år", x.Med, "kr", angivet))
	}
	l := &g.Leverandoer
	for _, x := range []struct {
		post  string
		v     *float64
		enhed string
	}{{"bygge agenten", l.Byg, "kr"}, {"vedligehold pr. udgave", l.Udgave, "kr"}, {"udgaver pr. år", l.UdgaverPrAar, "antal"}, {"pris pr. kommune, én gang", l.Pris, "kr"},
		{"pris pr. kommune pr. år", l.PrisPrAar, "kr"}, {"støtte pr. kommune pr. år", l.StoettePrAar, "kr"}, {"kommuner", l.Kunder, "antal"}} {
		ud = append(ud, fig("Leverandør", x.post, x.v, x.enhed, angivet))
	}
	return ud
}

// Aarstal is one figure of a year in kroner, or of years; nil where what it takes is not told.
type Aarstal struct {
	Navn                 string // "netto", "foerste-femaar"
	Beregnet, Realiseret *float64
	Aar                  bool // years, not kroner
}

// Aarstal are the year's figures in the order they are reckoned.
func (r *Rapport) Aarstal() []Aarstal {
	g := &r.Grundlag
	tal := func(navn string, kendt, aar bool, af func(*Resultat) *float64) Aarstal {
		if !kendt {
			return Aarstal{Navn: navn, Aar: aar}
		}
		return Aarstal{navn, af(&r.Beregnet), af(&r.Realiseret), aar}
	}
	w, foerste, foelgende, kommuner := g.Timepris != nil, g.Foerste != nil, g.Foelgende != nil, g.Kommuner != nil
	return []Aarstal{
		tal("besparelse", w, false, func(x *Resultat) *float64 { return &x.Brutto }), tal("reparation", w, false, func(x *Resultat) *float64 { return &x.Reparation }),
		tal("gevinst", w, false, func(x *Resultat) *float64 { return &x.Gevinst }), tal("integration", len(g.Integrationer) > 0, false, func(x *Resultat) *float64 { return &x.Integration }),
		tal("drift", g.Drift != nil, false, func(x *Resultat) *float64 { return &x.Drift }), tal("netto", w, false, func(x *Resultat) *float64 { return &x.Netto }),
		tal("foerste-pris", foerste, false, func(x *Resultat) *float64 { return &x.Foerste.Pris }), tal("foerste-tilbage", foerste, true, func(x *Resultat) *float64 { return x.Foerste.Tilbagebetaling }),
		tal("foerste-femaar", w && foerste, false, func(x *Resultat) *float64 { return &x.Foerste.Femaar }),
		tal("foelgende-pris", foelgende, false, func(x *Resultat) *float64 { return &x.Foelgende.Pris }), tal("foelgende-tilbage", foelgende, true, func(x *Resultat) *float64 { return x.Foelgende.Tilbagebetaling }),
		tal("foelgende-femaar", w && foelgende, false, func(x *Resultat) *float64 { return &x.Foelgende.Femaar }),
		tal("udrulning-pris", kommuner, false, func(x *Resultat) *float64 { return &x.Udrulning.Pris }), tal("udrulning-tilbage", kommuner, true, func(x *Resultat) *float64 { return x.Udrulning.Tilbagebetaling }),
		tal("udrulning-femaar", w && kommuner, false, func(x *Resultat) *float64 { return &x.Udrulning.Femaar }),
	}
}

// aarsposter are the Danish names of the year's figures.
func aarsposter() map[string]string {
	return map[string]string{"besparelse": "besparelse pr. år", "reparation": "tid til at rette fejl pr. år", "gevinst": "gevinst pr. år", "integration": "sparet på integrationer pr. år", "drift": "drift pr. år", "netto": "netto pr. år",
		"foerste-pris": "første implementering", "foerste-tilbage": "første implementering, tilbagebetalt efter", "foerste-femaar": "første implementering, netto efter fem år",
		"foelgende-pris": "følgende implementering", "foelgende-tilbage": "følgende implementering, tilbagebetalt efter", "foelgende-femaar": "følgende implementering, netto efter fem år",
		"udrulning-pris": "udrulning", "udrulning-tilbage": "udrulning, tilbagebetalt efter", "udrulning-femaar": "udrulning, netto efter fem år"}
}

// Post is the figure's Danish name.
func (a *Aarstal) Post() string { return aarsposter()[a.Navn] }

// aarslinjer are the year's figures by the first way of reckoning, or by the other.
func (r *Rapport) aarslinjer(afsnit string, x *Resultat, af func(*Aarstal) *float64) (ud []Linje) {
	for _, a := range r.Aarstal() {
		enhed := "kr"
		if a.Aar {
			enhed = "år"
		}
		ud = append(ud, fig(afsnit, a.Post(), af(&a), enhed, regnet))
	}
	if r.Grundlag.Timepris == nil {
		return ud
	}
	for i := range x.Foelsomhed {
		f := &x.Foelsomhed[i]
		navn := fmt.Sprintf("%s gange minutterne: ", KortTal(f.Faktor))
		ud = append(ud, fig(afsnit, navn+"gevinst pr. år", &f.Gevinst, "kr", regnet), fig(afsnit, navn+"netto pr. år", &f.Netto, "kr", regnet), fig(afsnit, navn+"tilbagebetalt efter", f.Foerste.Tilbagebetaling, "år", regnet),
			fig(afsnit, navn+"netto efter fem år", &f.Foerste.Femaar, "kr", regnet))
	}
	return ud
}

// Vist is the figure as a person reads it; "–" where there is none.
func (l *Linje) Vist() string {
	switch {
	case l.Tekst != "":
		return l.Tekst
	case l.Tal == nil:
		return "–"
	case l.Enhed == "antal", l.Enhed == "dage", l.Enhed == "kr":
		return SkrivTal(*l.Tal, 0)
	}
	return SkrivTal(*l.Tal, 1)
}

// SkrivCSV writes the figures as a Danish spreadsheet reads them: semicolons, decimal commas, UTF-8 with its mark.
func SkrivCSV(w io.Writer, rapporter ...*Rapport) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	c := csv.NewWriter(w)
	c.Comma, c.UseCRLF = ';', true
	if err := c.Write([]string{"kommune", "fra", "til", "afsnit", "post", "værdi", "enhed", "kilde"}); err != nil {
		return err
	}
	for _, r := range rapporter {
		for _, l := range r.Linjer() {
			v := celle(l.Tekst)
			if l.Tal != nil {
				v = KortTal(*l.Tal)
			}
			if err := c.Write([]string{celle(r.Grundlag.Kommune), r.Fra, r.Til, celle(l.Afsnit), celle(l.Post), v, l.Enhed, l.Kilde}); err != nil {
				return err
			}
		}
	}
	c.Flush()
	return c.Error()
}

// celle keeps a text from being read as a formula.
func celle(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

// Maanedsgevinst is what each month of the period was worth, before repairs; in kroner, or as transactions where the price of an
// hour or the minutes are not told.
func (r *Rapport) Maanedsgevinst() (tal []float64, kroner bool) {
	w := vaerdi(r.Grundlag.Timepris)
	tal, antal := make([]float64, len(r.Taelling.Maaneder)), make([]float64, len(r.Taelling.Maaneder))
	for _, p := range r.Taelling.Processer {
		sparet, ok := r.Grundlag.tid(p.Proces).Sparet()
		kroner = kroner || ok && w > 0
		for i, n := range p.PrMaaned {
			antal[i] += float64(n)
			tal[i] += float64(n) * sparet / 60 * w
		}
	}
	if !kroner {
		return antal, false
	}
	return tal, true
}

package console

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/report"
)

// gevinstform is the form by which the municipality tells what MOX cannot count.
type gevinstform struct {
	Version       int64
	Kommune, Ejer felt
	Enkelte       []felt
	Tider         []gevinstraekke
	Integrationer []gevinstraekke
	Leverandoer   []felt
	Begrundelse   felt
}

// gevinstraekke is one proces or one integration. A new one has a name to be written.
type gevinstraekke struct {
	Navn   string
	Felt   felt
	Felter []felt
}

// nyeRaekker are the empty rows at the end, to write more in.
const nyeRaekker = 2

func (c *console) angivGevinster(w http.ResponseWriter, r *http.Request) error {
	g, versioner, err := c.Gevinster.Grundlag(r.Context())
	if err != nil {
		return err
	}
	version := int64(0)
	if len(versioner) > 0 {
		version = versioner[0].Version
	}
	return c.visGevinstform(w, r, g, version, nil, nil)
}

// visGevinstform shows the form with g in it. What was typed and could not be read stands as it was typed.
func (c *console) visGevinstform(w http.ResponseWriter, r *http.Request, g report.Grundlag, version int64, skrevet map[string]string, aarsag error) error {
	if !c.MaaHandle(r) {
		return mox.E("gevinster", mox.KodeIkkeTilladt, "du må se tallene, og ikke ændre dem").Med("bed en med rollen drift eller administrator")
	}
	var u *uheld
	if aarsag != nil {
		u = c.uheld(r, aarsag)
	}
	s := c.sprog[vaelg(r)]
	f := gevinstfelter{s, u, skrevet, c.procesnavne(g)}
	d := f.form(g)
	d.Version = version
	d.Begrundelse = nytFelt("begrundelse", "", s.t("form.begrundelse"), s.t("gevinster.begrundelse-hjaelp"), begrundelse(r), u.Ved("begrundelse"), true)
	return c.vis(w, r, "gevinstform", side{Titel: s.t("gevinster.angiv"), Nav: "gevinster", Uheld: u, Tilbage: "/gevinster/angiv", D: d})
}

// procesnavne are the processes that are set up, but those told of already.
func (c *console) procesnavne(g report.Grundlag) (ud []string) {
	for _, p := range c.D.Processer() {
		if !slices.ContainsFunc(g.Tider, func(t report.Procestid) bool { return t.Proces == p.Navn }) {
			ud = append(ud, p.Navn)
		}
	}
	return ud
}

// gevinstfelter makes the form's fields.
type gevinstfelter struct {
	s       *sprog
	u       *uheld
	skrevet map[string]string
	nye     []string // processes that nothing is told of yet
}

func (f *gevinstfelter) felt(sti, etiket, vaerdi string) felt {
	if v, ok := f.skrevet[sti]; ok {
		vaerdi = v
	}
	id := "g-" + strings.NewReplacer("[", "-", "]", "", ".", "-").Replace(sti)
	return nytFelt(id, sti, f.s.t("gevinster.felt."+etiket), "", vaerdi, f.u.Ved(sti), false)
}

// form makes rows for all that is told, for the processes that nothing is told of, and some empty ones.
func (f *gevinstfelter) form(g report.Grundlag) gevinstform {
	d := gevinstform{Kommune: f.felt("kommune", "kommune", g.Kommune), Ejer: f.felt("ejer", "ejer", g.Ejer)}
	tider, integrationer := len(g.Tider)+len(f.nye), len(g.Integrationer)
	for _, n := range f.nye {
		g.Tider = append(g.Tider, report.Procestid{Proces: n})
	}
	g.Tider = append(g.Tider, make([]report.Procestid, nyeRaekker)...)
	g.Integrationer = append(g.Integrationer, make([]report.Integration, nyeRaekker)...)
	for i, t := range g.Tider {
		d.Tider = append(d.Tider, f.raekke(fmt.Sprintf("tider[%d].proces", i), "proces", t.Proces, i < tider))
	}
	for i, n := range g.Integrationer {
		d.Integrationer = append(d.Integrationer, f.raekke(fmt.Sprintf("integrationer[%d].navn", i), "integration", n.Navn, i < integrationer))
	}
	for _, t := range g.Talfelter() {
		v := ""
		if *t.Til != nil {
			v = report.KortTal(**t.Til)
		}
		del, nr, navn := delSti(t.Sti)
		x := f.felt(t.Sti, cmp.Or(navn, t.Sti), v)
		switch del {
		case "tider":
			d.Tider[nr].Felter = append(d.Tider[nr].Felter, x)
		case "integrationer":
			d.Integrationer[nr].Felter = append(d.Integrationer[nr].Felter, x)
		case "leverandoer":
			d.Leverandoer = append(d.Leverandoer, x)
		default:
			d.Enkelte = append(d.Enkelte, x)
		}
	}
	return d
}

func (f *gevinstfelter) raekke(sti, etiket, navn string, kendt bool) gevinstraekke {
	x := gevinstraekke{Felt: f.felt(sti, etiket, navn)}
	if kendt {
		x.Navn = navn
	}
	return x
}

// delSti parts "tider[3].minutter_foer" and "leverandoer.byg"; a number that stands alone has only its path.
func delSti(sti string) (del string, nr int, navn string) {
	foer, navn, ok := strings.Cut(sti, ".")
	if !ok {
		return "", 0, ""
	}
	del, rest, _ := strings.Cut(foer, "[")
	nr, _ = strconv.Atoi(strings.TrimSuffix(rest, "]")) // none is 0
	return del, nr, navn
}

// gemGevinster keeps what was told, or shows the form again with what is wrong.
func (c *console) gemGevinster(w http.ResponseWriter, r *http.Request) error {
	g, skrevet, fejl := laesGrundlag(r)
	version, err := strconv.ParseInt(r.PostFormValue("version"), 10, 64)
	if err != nil || version < 0 {
		return mox.E("gevinster", mox.KodeUgyldig, "formularen er ikke den, siden viser").Med("åbn siden igen")
	}
	if len(fejl) > 0 {
		err = &mox.Error{Kode: mox.KodeUgyldig, Op: "gevinster", Tekst: "nogle felter kan ikke læses", Raad: "skriv tal som 1.234,50; intet er ændret", Felter: fejl}
	} else {
		err = c.Gevinster.Gem(r.Context(), g, version, c.hvem(r))
	}
	if err != nil {
		return c.visGevinstform(w, r, g, version, skrevet, err)
	}
	http.Redirect(w, r, "/gevinster?gjort=gevinster", http.StatusSeeOther)
	return nil
}

// laesGrundlag reads the form. Rows without a number, and integrations without a name and a number, are none.
func laesGrundlag(r *http.Request) (g report.Grundlag, skrevet map[string]string, fejl []mox.Feltfejl) {
	tekst := func(sti string) string { return strings.TrimSpace(r.PostFormValue(sti)) }
	g.Kommune, g.Ejer = tekst("kommune"), tekst("ejer")
	for i := 0; i < report.MaksRaekker+nyeRaekker && r.PostForm.Has(fmt.Sprintf("tider[%d].proces", i)); i++ {
		g.Tider = append(g.Tider, report.Procestid{Proces: tekst(fmt.Sprintf("tider[%d].proces", i))})
	}
	for i := 0; i < report.MaksRaekker+nyeRaekker && r.PostForm.Has(fmt.Sprintf("integrationer[%d].navn", i)); i++ {
		g.Integrationer = append(g.Integrationer, report.Integration{Navn: tekst(fmt.Sprintf("integrationer[%d].navn", i))})
	}
	skrevet = map[string]string{}
	for _, f := range g.Talfelter() {
		s := tekst(f.Sti)
		if s == "" {
			continue
		}
		v, ok := report.LaesTal(s)
		if !ok {
			skrevet[f.Sti] = s
			fejl = append(fejl, mox.Feltfejl{Sti: f.Sti, Regel: "tal", Tekst: "er ikke et tal som 1.234,50"})
			continue
		}
		*f.Til = &v
	}
	if len(fejl) > 0 {
		return g, skrevet, fejl
	}
	g.Tider = slices.DeleteFunc(g.Tider, func(t report.Procestid) bool {
		return t.Foer == nil && t.Efter == nil && t.Maalte == nil && t.Ventede == nil
	})
	g.Integrationer = slices.DeleteFunc(g.Integrationer, func(n report.Integration) bool { return n == report.Integration{} })
	return g, nil, nil
}

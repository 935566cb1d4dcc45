package report_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/report"
)

func tal(v float64) *float64 { return &v }

// eksempel is the example of docs/gevinster.md: its figures are those of the guide.
func eksempel() (report.Grundlag, report.Taelling) {
	g := report.Grundlag{Kommune: "Eksempel Kommune", Ejer: "Leder af Byg", Timepris: tal(455), MinutterPrReparation: tal(10), VentedeReparationer: tal(60), Drift: tal(40000),
		Foerste: tal(145600), Foelgende: tal(30000), TimerFoerste: tal(320), Kommuner: tal(5),
		Tider:         []report.Procestid{{Proces: "Journalisering", Foer: tal(8), Efter: tal(1), Maalte: tal(20), Ventede: tal(6000)}, {Proces: "Forsendelse", Foer: tal(6), Efter: tal(0.5), Maalte: tal(12), Ventede: tal(1500)}},
		Integrationer: []report.Integration{{Navn: "Byggesag til ESDH", IDag: tal(60000), Med: tal(15000)}},
		Leverandoer:   report.Leverandoer{Byg: tal(200000), Udgave: tal(15000), UdgaverPrAar: tal(2), Pris: tal(30000), PrisPrAar: tal(12000), StoettePrAar: tal(4000), Kunder: tal(8)}}
	t := report.Taelling{Maaneder: []string{"2026-01", "2026-02", "2026-03"}, Reparationer: 12, ReparerteFejl: 31,
		Processer: []report.Procestal{{Proces: "Forsendelse", Afsluttet: 300, Fejlet: 2, PrMaaned: []int64{90, 100, 110}}, {Proces: "Journalisering", Afsluttet: 1460, Fejlet: 9, Udloebet: 4, PrMaaned: []int64{400, 500, 560}}}}
	return g, t
}

func taet(t *testing.T, hvad string, har, vil float64) {
	t.Helper()
	if math.Abs(har-vil) > 0.005 {
		t.Errorf("%s er %.4f, skulle være %.4f", hvad, har, vil)
	}
}

// TestRegnestykket computes the example by hand.
func TestRegnestykket(t *testing.T) {
	t.Parallel()
	g, talt := eksempel()
	r := report.Beregn(g, talt, 73) // a fifth of a year
	taet(t, "i perioden", r.IPerioden, (1460*7.0+300*5.5)/60*455-12*10/60.0*455)
	x := r.Realiseret
	taet(t, "besparelse", x.Brutto, 5*(1460*7.0+300*5.5)/60*455)
	taet(t, "reparation", x.Reparation, 5*12*10/60.0*455)
	taet(t, "G", x.Gevinst, x.Brutto-x.Reparation)
	taet(t, "I", x.Integration, 45000)
	taet(t, "netto", x.Netto, x.Gevinst+45000-40000)
	taet(t, "tilbagebetaling", *x.Foerste.Tilbagebetaling, 145600/x.Netto)
	taet(t, "fem år", x.Foelgende.Femaar, 5*x.Netto-30000)
	taet(t, "udrulning", x.Udrulning.Pris, 145600+4*30000)
	for i, f := range []float64{0.5, 1, 2} {
		taet(t, "følsomhed", x.Foelsomhed[i].Gevinst, f*x.Brutto-x.Reparation)
	}
	taet(t, "beregnet", r.Beregnet.Brutto, (6000*7.0+1500*5.5)/60*455)
	taet(t, "beregnet reparation", r.Beregnet.Reparation, 60*10/60.0*455)
	taet(t, "leverandørens faste", r.Leverandoer.Faste, 200000+5*2*15000)
	taet(t, "dækning", r.Leverandoer.PrKunde, 30000+5*8000)
	taet(t, "nulpunkt", *r.Leverandoer.Nulpunkt, 5)
	taet(t, "resultat", r.Leverandoer.Resultat, 8*70000-350000)
	if len(r.Mangler) != 0 {
		t.Errorf("mangler %v", r.Mangler)
	}
	for _, p := range r.Processer {
		if v := map[string]float64{"Journalisering": 6000, "Forsendelse": 1500}[p.Proces]; v > 0 {
			taet(t, p.Proces+" ventet", *p.Ventet, v*float64(r.Dage)/365)
			for _, n := range r.Taelling.Processer {
				if n.Proces == p.Proces {
					taet(t, p.Proces+" talt af ventet", *p.Daekning, float64(n.Afsluttet)/(v*float64(r.Dage)/365))
				}
			}
		} else if p.Ventet != nil || p.Daekning != nil {
			t.Errorf("%s is held against what nobody expects", p.Proces)
		}
	}
}

// TestDetDerIkkeErAngivet is told, and is not taken for nothing.
func TestDetDerIkkeErAngivet(t *testing.T) {
	t.Parallel()
	_, talt := eksempel()
	r := report.Beregn(report.Grundlag{Tider: []report.Procestid{{Proces: "Journalisering", Foer: tal(8)}}, Integrationer: []report.Integration{{Navn: "X", IDag: tal(5)}}}, talt, 365)
	var felter []string
	for _, m := range r.Mangler {
		felter = append(felter, m.Felt)
	}
	if vil := "ejer timepris tider[Forsendelse] tider[Journalisering] minutter_pr_reparation integrationer[X] drift pris_foerste pris_foelgende"; strings.Join(felter, " ") != vil {
		t.Errorf("mangler %v", felter)
	}
	x := r.Realiseret
	if x.Brutto != 0 || x.Integration != 0 || x.Foerste.Tilbagebetaling != nil || r.Leverandoer.Nulpunkt != nil || r.Processer[0].Sparet != nil {
		t.Errorf("%+v", r)
	}
	for _, l := range r.Linjer() {
		if (strings.HasPrefix(l.Afsnit, "Gevinst ") || l.Afsnit == "Leverandør") && l.Tal != nil {
			t.Errorf("%s, %s vises som %v, men er ikke angivet", l.Afsnit, l.Post, *l.Tal)
		}
	}
	g, talt := eksempel()
	g.Drift = tal(1e9)
	if i := report.Beregn(g, talt, 73).Realiseret.Foerste; i.Tilbagebetaling != nil || i.Femaar >= 0 {
		t.Errorf("et underskud tilbagebetales: %+v", i)
	}
	g.Tider[0].Efter = tal(9)
	if p := report.Beregn(g, talt, 73).Processer[1]; p.Realiseret >= 0 {
		t.Errorf("en proces, der tager længere tid, er en gevinst: %+v", p)
	}
}

func TestValider(t *testing.T) {
	t.Parallel()
	mange := make([]report.Integration, report.MaksRaekker+1)
	for i := range mange {
		mange[i].Navn = fmt.Sprint("i", i)
	}
	for navn, c := range map[string]struct {
		ret func(*report.Grundlag)
		sti string
	}{
		"Negativ":     {func(g *report.Grundlag) { g.Timepris = tal(-1) }, "timepris"},
		"IkkeEtTal":   {func(g *report.Grundlag) { g.Tider[1].Efter = tal(math.NaN()) }, "tider[1].minutter_efter"},
		"ForStort":    {func(g *report.Grundlag) { g.Integrationer[0].Med = tal(report.MaksTal + 1) }, "integrationer[0].med_agenter"},
		"HalvKommune": {func(g *report.Grundlag) { g.Kommuner = tal(1.5) }, "kommuner"},
		"ForMange":    {func(g *report.Grundlag) { g.Leverandoer.Kunder = tal(report.MaksKommuner + 1) }, "leverandoer.kunder"},
		"ToGange":     {func(g *report.Grundlag) { g.Tider[1].Proces = g.Tider[0].Proces }, "tider[1].proces"},
		"UdenNavn":    {func(g *report.Grundlag) { g.Integrationer[0].Navn = " " }, "integrationer[0].navn"},
		"Lang":        {func(g *report.Grundlag) { g.Kommune = strings.Repeat("ø", report.MaksTekst+1) }, "kommune"},
		"Person":      {func(g *report.Grundlag) { g.Ejer = "Inge 0102031234" }, "ejer"},
		"Raekker":     {func(g *report.Grundlag) { g.Integrationer = mange }, ""},
	} {
		t.Run(navn, func(t *testing.T) {
			g, _ := eksempel()
			if err := g.Valider(); err != nil {
				t.Fatal(err)
			}
			c.ret(&g)
			e, ok := g.Valider().(*mox.Error)
			if !ok || e.Kode != mox.KodeUgyldig || len(e.Felter) != 1 || e.Felter[0].Sti != c.sti || e.Raad == "" {
				t.Errorf("%+v", e)
			}
		})
	}
}

func TestTalPaaDansk(t *testing.T) {
	t.Parallel()
	for s, vil := range map[string]float64{"0": 0, "12": 12, "12,5": 12.5, "1.234": 1234, "1.234.567,25": 1234567.25, " 1 234 ": 1234, "1\u00a0234": 1234} {
		if v, ok := report.LaesTal(s); !ok || v != vil {
			t.Errorf("%q: %v %v", s, v, ok)
		}
	}
	for _, s := range []string{"", "12.5", "1.23,4", ".5", ",5", "5,", "-1", "1e3", "NaN", "Inf", "1.2345", "1234.567", "x", "1,2,3"} {
		if v, ok := report.LaesTal(s); ok {
			t.Errorf("%q blev læst som %v", s, v)
		}
	}
	for _, c := range []struct {
		v    float64
		d    int
		skal string
	}{{1234567.891, 2, "1.234.567,89"}, {-1234, 0, "-1.234"}, {-0.001, 0, "0"}, {0.5, 1, "0,5"}} {
		if s := report.SkrivTal(c.v, c.d); s != c.skal {
			t.Errorf("%v: %q", c.v, s)
		}
	}
	if v, ok := report.LaesTal(report.KortTal(1234.5)); !ok || v != 1234.5 {
		t.Errorf("%v", v)
	}
}

func rapport(kommune string) report.Rapport {
	g, t := eksempel()
	g.Kommune = kommune
	r := report.Beregn(g, t, 73)
	r.Fra, r.Til, r.Lavet = "2026-01-01", "2026-03-14", time.Date(2026, 3, 15, 8, 0, 0, 0, time.UTC)
	return r
}

// regneark recomputes the formulas of a workbook, or has what another program made of them.
type regneark struct {
	*testing.T
	f      *excelize.File
	regnet bool
}

func aabn(t *testing.T, b []byte) regneark {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return regneark{T: t, f: f}
}

func (a regneark) tekst(ark, celle string) string {
	a.Helper()
	vaerdi := a.f.CalcCellValue
	if a.regnet {
		vaerdi = a.f.GetCellValue
	}
	s, err := vaerdi(ark, celle, excelize.Options{RawCellValue: true})
	if err != nil {
		a.Errorf("%s!%s: %v", ark, celle, err)
	}
	return s
}

func (a regneark) er(ark, celle string, vil float64) {
	a.Helper()
	if f, err := a.f.GetCellFormula(ark, celle); err != nil || f == "" {
		a.Errorf("%s!%s er ikke en formel (%v)", ark, celle, err)
	}
	v, err := strconv.ParseFloat(a.tekst(ark, celle), 64)
	if err != nil {
		a.Errorf("%s!%s: %v", ark, celle, err)
	}
	taet(a.T, ark+"!"+celle, v, vil)
}

// stemmer compares every figure of the workbook with the model's.
func (a regneark) stemmer(r *report.Rapport) {
	a.Helper()
	for i, p := range r.Processer {
		raekke := strconv.Itoa(i + 2)
		for k, v := range map[string]float64{"J": p.TimerIPerioden, "K": p.IPerioden, "L": p.Realiseret, "M": p.Beregnet} {
			a.er("Processer", k+raekke, v)
		}
	}
	for k, x := range map[string]report.Resultat{"B": r.Beregnet, "C": r.Realiseret} {
		for i, v := range []float64{x.Brutto, x.Reparation, x.Gevinst, x.Integration, x.Drift, x.Netto} {
			a.er("Resultat", k+strconv.Itoa(i+2), v)
		}
		a.investering(k, 8, x.Foerste)
		a.investering(k, 10, x.Foelgende)
		if r.Grundlag.Kommuner != nil {
			a.er("Resultat", k+"12", x.Udrulning.Pris)
			a.investering(k, 13, x.Udrulning)
		}
		for i, f := range x.Foelsomhed {
			a.er("Resultat", k+strconv.Itoa(17+4*i), f.Gevinst)
			a.er("Resultat", k+strconv.Itoa(18+4*i), f.Netto)
			a.investering(k, 19+4*i, f.Foerste)
		}
	}
	a.er("Leverandør", "B10", r.Leverandoer.Faste)
	a.er("Leverandør", "B11", r.Leverandoer.PrKunde)
	a.er("Leverandør", "B13", r.Leverandoer.Resultat)
	a.maaske("Leverandør", "B12", r.Leverandoer.Nulpunkt)
}

func (a regneark) investering(kolonne string, raekke int, i report.Investering) {
	a.Helper()
	a.maaske("Resultat", kolonne+strconv.Itoa(raekke), i.Tilbagebetaling)
	a.er("Resultat", kolonne+strconv.Itoa(raekke+1), i.Femaar)
}

func (a regneark) maaske(ark, celle string, v *float64) {
	a.Helper()
	if v != nil {
		a.er(ark, celle, *v)
	} else if s := a.tekst(ark, celle); s != "aldrig" {
		a.Errorf("%s!%s er %q", ark, celle, s)
	}
}

func xlsx(t *testing.T, r *report.Rapport) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := report.SkrivXLSX(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestRegnearketRegnerSomModellen: full, half-told, empty, and when somebody changes a cell.
func TestRegnearketRegnerSomModellen(t *testing.T) {
	t.Parallel()
	fuld := rapport("Eksempel Kommune")
	aabn(t, xlsx(t, &fuld)).stemmer(&fuld)
	g, talt := eksempel()
	g.Tider, g.Foerste, g.Kommuner, g.Leverandoer.Byg = g.Tider[:1], nil, nil, nil
	halv := report.Beregn(g, talt, 400)
	aabn(t, xlsx(t, &halv)).stemmer(&halv)
	tom := report.Beregn(report.Grundlag{}, report.Taelling{}, 365)
	aabn(t, xlsx(t, &tom)).stemmer(&tom)

	a := aabn(t, xlsx(t, &fuld))
	if err := a.f.SetCellFloat("Grundlag", "B8", 600, -1, 64); err != nil {
		t.Fatal(err)
	}
	g, talt = eksempel()
	g.Timepris = tal(600)
	andet := report.Beregn(g, talt, 73)
	a.stemmer(&andet)
}

func TestCSVPaaDansk(t *testing.T) {
	t.Parallel()
	r := rapport("=Ond Kommune")
	var b bytes.Buffer
	if err := report.SkrivCSV(&b, &r); err != nil {
		t.Fatal(err)
	}
	s, ok := strings.CutPrefix(b.String(), "\ufeff")
	if !ok {
		t.Error("uden UTF-8-mærke")
	}
	c := csv.NewReader(strings.NewReader(s))
	c.Comma = ';'
	raekker, err := c.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	set := map[string]string{}
	for _, x := range raekker[1:] {
		if x[0] != "'=Ond Kommune" {
			t.Fatalf("%q", x)
		}
		if noegle := x[3] + "/" + x[4]; set[noegle] != "" {
			t.Errorf("%s er der to gange", noegle)
		} else {
			set[noegle] = x[5] + " " + x[6] + " " + x[7]
		}
	}
	for k, vil := range map[string]string{"Talt Journalisering/afsluttet": "1460 antal talt", "Talt Journalisering/afsluttet 2026-02": "500 antal talt", "Angivet Forsendelse/efter": "0,5 minutter angivet",
		"Leverandør/kommuner, før det betaler sig": "5 antal regnet"} {
		if set[k] != vil {
			t.Errorf("%s: %q, skulle være %q", k, set[k], vil)
		}
	}
}

func TestPDF(t *testing.T) {
	t.Parallel()
	r := rapport("Ærø Kommune")
	var a, b bytes.Buffer
	for _, w := range []*bytes.Buffer{&a, &b} {
		if err := report.SkrivPDF(w, &r); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.HasPrefix(a.Bytes(), []byte("%PDF-")) || !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("ikke en PDF, eller ikke den samme to gange")
	}
	if dir := os.Getenv("MOX_SCREENSHOTS"); dir != "" {
		if err := os.WriteFile(dir+"/gevinster.pdf", a.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func eksport(t *testing.T, r report.Rapport) *bytes.Buffer {
	t.Helper()
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.NewBuffer(b)
}

// TestSaml adds two municipalities: the first pays the first implementation, the other a following one.
func TestSaml(t *testing.T) {
	t.Parallel()
	var alle []report.Rapport
	for _, k := range []string{"Nordby", "Sydby"} {
		r := rapport(k)
		r.Realiseret.Netto = 1e9 // what somebody has written into the file is reckoned again
		x, err := report.LaesEksport(k+".json", eksport(t, r))
		if err != nil {
			t.Fatal(err)
		}
		alle = append(alle, x)
	}
	s, err := report.Saml(alle)
	if err != nil {
		t.Fatal(err)
	}
	en := rapport("Nordby").Realiseret
	taet(t, "netto", s.IAlt.Netto, 2*en.Netto)
	taet(t, "pris", s.IAlt.Pris, 145600+30000)
	taet(t, "tilbagebetaling", *s.Betalt.Tilbagebetaling, (145600+30000)/(2*en.Netto))
	if s.IAlt.Afsluttet != 2*1760 {
		t.Errorf("%d", s.IAlt.Afsluttet)
	}
	var b bytes.Buffer
	if err := s.SkrivXLSX(&b); err != nil {
		t.Fatal(err)
	}
	a := aabn(t, b.Bytes())
	a.er("Kommuner", "I4", s.IAlt.Netto)
	a.er("Kommuner", "B6", *s.Betalt.Tilbagebetaling)
	a.er("Kommuner", "B7", s.Betalt.Femaar)
	b.Reset()
	if err := s.SkrivCSV(&b); err != nil || strings.Count(b.String(), "\r\n") != 4 || !strings.Contains(b.String(), "I alt;;;3520;") {
		t.Errorf("%v %s", err, b.String())
	}
	if _, err := report.Saml(append(alle, alle[0])); mox.KodeAf(err) != mox.KodeUgyldig {
		t.Errorf("den samme to gange: %v", err)
	}
}

func TestDaarligEksport(t *testing.T) {
	t.Parallel()
	uden, forkert, lang := rapport(""), rapport("Nordby"), rapport("Nordby")
	forkert.Grundlag.Timepris = tal(-1)
	lang.Dage = report.MaksDage + 1
	for navn, s := range map[string]string{"Tekst": "hej", "AndetJSON": `{"status": 1}`, "UdenKommune": eksport(t, uden).String(), "Negativ": eksport(t, forkert).String(), "Lang": eksport(t, lang).String()} {
		t.Run(navn, func(t *testing.T) {
			_, err := report.LaesEksport("x.json", strings.NewReader(s))
			e, ok := err.(*mox.Error)
			if !ok || e.Kode != mox.KodeUgyldig || !strings.Contains(e.Tekst, "x.json") || e.Raad == "" {
				t.Errorf("%v", err)
			}
		})
	}
}

// betalt is how often a year a proces must end before a price has come back in a year, at 455 kr an hour: the model agrees.
func betalt(t *testing.T, pris, minutter float64) string {
	t.Helper()
	gange := pris / 455 * 60 / minutter
	r := report.Beregn(report.Grundlag{Timepris: tal(455), Foerste: tal(pris), Tider: []report.Procestid{{Proces: "P", Foer: tal(minutter), Efter: tal(0), Ventede: tal(gange)}}},
		report.Taelling{Processer: []report.Procestal{{Proces: "P"}}}, 365)
	if v := r.Beregnet.Foerste.Tilbagebetaling; v == nil || math.Abs(*v-1) > 1e-9 {
		t.Errorf("%v kr is paid back after %v", pris, v)
	}
	return report.SkrivTal(gange, 0)
}

// TestVejledningensEksempel: the guide's tables are what the model says of its examples.
func TestVejledningensEksempel(t *testing.T) {
	t.Parallel()
	g, talt := eksempel()
	r := report.Beregn(g, talt, 73)
	var tabel strings.Builder
	for _, a := range r.Aarstal() {
		decimaler := 0
		if a.Aar {
			decimaler = 2
		}
		fmt.Fprintf(&tabel, "| %s | %s | %s |\n", a.Post(), report.SkrivTal(*a.Beregnet, decimaler), report.SkrivTal(*a.Realiseret, decimaler))
	}
	tabel2012 := "| Sparede minutter | en afprøvning | alle fem |\n|--:|--:|--:|\n"
	for _, minutter := range []float64{2, 5, 10} {
		tabel2012 += fmt.Sprintf("| %s | %s | %s |\n", report.SkrivTal(minutter, 0), betalt(t, 29120, minutter), betalt(t, 145600, minutter))
	}
	b, err := os.ReadFile("../docs/gevinster.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, skal := range []string{tabel.String(), tabel2012, fmt.Sprintf("Leverandøren skal have %s kommuner, før det betaler sig", report.SkrivTal(*r.Leverandoer.Nulpunkt, 0)),
		fmt.Sprintf("Med halve minutter er det realiserede netto %s kr", report.SkrivTal(r.Realiseret.Foelsomhed[0].Netto, 0))} {
		if !strings.Contains(string(b), skal) {
			t.Errorf("docs/gevinster.md does not say\n%s", skal)
		}
	}
}

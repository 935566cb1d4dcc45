package report

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"

	"github.com/xuri/excelize/v2"

	"github.com/moxkit/mox"
)

// Samlet is several municipalities' business cases as one. The first carries the first implementation, each of the others a
// following one.
type Samlet struct {
	Kommuner []Kommunetal `json:"kommuner"`
	IAlt     Kommunetal   `json:"i_alt"`
	Betalt   Investering  `json:"investering"` // the sum of what they paid, against the sum of their nets
}

// Kommunetal is one municipality's year.
type Kommunetal struct {
	Kommune     string  `json:"kommune"`
	Fra         string  `json:"fra,omitempty"`
	Til         string  `json:"til,omitempty"`
	Afsluttet   int64   `json:"afsluttet"` // transactions in the period
	Timer       float64 `json:"timer_i_perioden"`
	Gevinst     float64 `json:"gevinst"` // realised, a year
	Integration float64 `json:"integration"`
	Drift       float64 `json:"drift"`
	Netto       float64 `json:"netto"`
	Pris        float64 `json:"pris"` // implementation
}

// LaesEksport reads what mox gevinster eksport --format json has written. Everything is reckoned again from what was counted and
// told. [mox.KodeUgyldig] when it is no such file, or holds what could not have been told.
func LaesEksport(fil string, r io.Reader) (Rapport, error) {
	var ind Rapport
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	if err := d.Decode(&ind); err != nil {
		return ind, mox.E("gevinster saml", mox.KodeUgyldig, "%s er ikke en eksport af gevinster: %v", fil, err).Med("lav den med mox gevinster eksport --format json")
	}
	if err := ind.Grundlag.Valider(); err != nil {
		return ind, mox.E("gevinster saml", mox.KodeUgyldig, "%s: %s", fil, mox.Forklaring(err)).Med("ret tallene i den MOX, den kommer fra, og eksportér igen")
	}
	if ind.Dage < 1 || ind.Dage > MaksDage || ind.Grundlag.Kommune == "" {
		return ind, mox.E("gevinster saml", mox.KodeUgyldig, "%s mangler kommunens navn eller en periode på 1-%d dage", fil, MaksDage).Med("angiv kommunen på siden Gevinster, og eksportér igen")
	}
	ud := Beregn(ind.Grundlag, ind.Taelling, ind.Dage)
	ud.Fra, ud.Til, ud.Myndighed, ud.Lavet, ud.Version = ind.Fra, ind.Til, ind.Myndighed, ind.Lavet, ind.Version
	return ud, nil
}

// Saml adds reports of different municipalities. [mox.KodeUgyldig] when one is there twice.
func Saml(rapporter []Rapport) (Samlet, error) {
	s := Samlet{Kommuner: []Kommunetal{}, IAlt: Kommunetal{Kommune: "I alt"}}
	set := map[string]bool{}
	for i := range rapporter {
		r := &rapporter[i]
		if set[r.Grundlag.Kommune] {
			return s, mox.E("gevinster saml", mox.KodeUgyldig, "%s er der to gange", r.Grundlag.Kommune).Med("giv én eksport for hver kommune")
		}
		set[r.Grundlag.Kommune] = true
		k := kommunetal(r)
		if k.Pris = r.Realiseret.Foelgende.Pris; i == 0 {
			k.Pris = r.Realiseret.Foerste.Pris
		}
		s.Kommuner = append(s.Kommuner, k)
		s.IAlt.laeg(k)
	}
	s.Betalt = investering(&s.IAlt.Pris, s.IAlt.Netto)
	return s, nil
}

func kommunetal(r *Rapport) Kommunetal {
	k := Kommunetal{Kommune: r.Grundlag.Kommune, Fra: r.Fra, Til: r.Til, Gevinst: r.Realiseret.Gevinst, Integration: r.Realiseret.Integration, Drift: r.Realiseret.Drift, Netto: r.Realiseret.Netto}
	for _, p := range r.Taelling.Processer {
		k.Afsluttet += p.Afsluttet
	}
	for _, p := range r.Processer {
		k.Timer += p.TimerIPerioden
	}
	return k
}

func (k *Kommunetal) laeg(x Kommunetal) {
	k.Afsluttet += x.Afsluttet
	k.Timer += x.Timer
	k.Gevinst += x.Gevinst
	k.Integration += x.Integration
	k.Drift += x.Drift
	k.Netto += x.Netto
	k.Pris += x.Pris
}

func kommunekolonner() []string {
	return []string{"kommune", "fra", "til", "afsluttet", "timer i perioden", "gevinst pr. år", "integrationer pr. år", "drift pr. år", "netto pr. år", "implementering"}
}

func (k *Kommunetal) tal() []float64 {
	return []float64{float64(k.Afsluttet), k.Timer, k.Gevinst, k.Integration, k.Drift, k.Netto, k.Pris}
}

// SkrivCSV writes a row for each municipality, and one for all of them.
func (s *Samlet) SkrivCSV(w io.Writer) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	c := csv.NewWriter(w)
	c.Comma, c.UseCRLF = ';', true
	if err := c.Write(kommunekolonner()); err != nil {
		return err
	}
	for _, k := range append(append([]Kommunetal{}, s.Kommuner...), s.IAlt) {
		raekke := []string{celle(k.Kommune), k.Fra, k.Til}
		for _, v := range k.tal() {
			raekke = append(raekke, KortTal(v))
		}
		if err := c.Write(raekke); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// SkrivXLSX writes the same as a workbook whose sums are formulas.
func (s *Samlet) SkrivXLSX(w io.Writer) error {
	const a = "Kommuner"
	b := &bogen{f: excelize.NewFile()}
	defer func() { _ = b.f.Close() }() // it holds no file
	b.stile()
	b.maa(b.f.SetSheetName("Sheet1", a))
	b.overskrift(a, 1, kommunekolonner()...)
	for i, k := range s.Kommuner {
		for j, t := range []string{k.Kommune, k.Fra, k.Til} {
			b.tekst(a, j+1, i+2, t, 0)
		}
		for j, v := range k.tal() {
			b.tal(a, j+4, i+2, &v, b.talt)
		}
		b.formel(a, 9, i+2, "F%d+G%d-H%d", i+2, i+2, i+2)
	}
	sum := len(s.Kommuner) + 2
	b.sum(a, sum, 4, 5, 6, 7, 8, 9, 10)
	for i, t := range []string{"Tilbagebetalt efter år", "Netto efter fem år"} {
		b.tekst(a, 1, sum+2+i, t, 0)
	}
	b.formel(a, 2, sum+2, `IF(I%d>0,J%d/I%d,"aldrig")`, sum, sum, sum)
	b.formel(a, 2, sum+3, "%d*I%d-J%d", Aar, sum, sum)
	b.bredder(a, 24, "J")
	if b.err != nil {
		return fmt.Errorf("regneark: %w", b.err)
	}
	return b.f.Write(w)
}

package report_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/moxkit/mox/internal/testenv"
	"github.com/moxkit/mox/report"
)

// TestLibreOfficeRegnerDetSamme opens the workbooks in a program that is not ours: the counted one, and the blank one when a
// municipality has filled it in by hand.
func TestLibreOfficeRegnerDetSamme(t *testing.T) {
	t.Parallel()
	fuld := rapport("Eksempel Kommune")
	aabn(t, xlsx(t, &fuld)).libreOffice().stemmer(&fuld)

	var b bytes.Buffer
	if err := report.SkrivBlanket(&b); err != nil {
		t.Fatal(err)
	}
	a := aabn(t, b.Bytes())
	a.udfyld(&fuld)
	aabn(t, b.Bytes()).stemmer(tom())
	a.libreOffice().stemmer(iBlanket(fuld))
}

// tom is what a blank workbook says.
func tom() *report.Rapport {
	r := report.Beregn(report.Grundlag{}, report.Taelling{}, 365)
	return &r
}

// iBlanket is a report of which the blank workbook is filled in: a whole year.
func iBlanket(r report.Rapport) *report.Rapport {
	ny := report.Beregn(r.Grundlag, r.Taelling, 365)
	return &ny
}

// udfyld writes by hand in the yellow cells what a report says, and nothing anywhere else.
func (a regneark) udfyld(r *report.Rapport) {
	a.Helper()
	saet := func(ark, celle string, v *float64) {
		a.Helper()
		stil, err := a.f.GetCellStyle(ark, celle)
		s, err2 := a.f.GetStyle(stil)
		if err != nil || err2 != nil || len(s.Fill.Color) != 1 || s.Fill.Color[0] != "FFF6CC" {
			a.Errorf("%s!%s is not yellow: %v, %v, %v", ark, celle, s, err, err2)
		}
		if f, _ := a.f.GetCellFormula(ark, celle); f != "" {
			a.Errorf("%s!%s is a formula", ark, celle)
		}
		if v != nil {
			if err := a.f.SetCellFloat(ark, celle, *v, -1, 64); err != nil {
				a.Error(err)
			}
		}
	}
	g := &r.Grundlag
	for i, v := range []*float64{g.Timepris, g.MinutterPrReparation, g.VentedeReparationer, g.Drift, g.Foerste, g.Foelgende, g.TimerFoerste, g.TimerFoelgende, g.Kommuner, tal(float64(r.Taelling.Reparationer))} {
		saet("Grundlag", "B"+strconv.Itoa(i+8), v)
	}
	for i, p := range r.Processer {
		var tid report.Procestid
		for _, t := range g.Tider {
			if t.Proces == p.Proces {
				tid = t
			}
		}
		var talt report.Procestal
		for _, t := range r.Taelling.Processer {
			if t.Proces == p.Proces {
				talt = t
			}
		}
		for k, v := range []*float64{tal(float64(talt.Afsluttet)), tal(float64(talt.Fejlet)), tal(float64(talt.Udloebet)), tid.Ventede, tid.Foer, tid.Efter, tid.Maalte} {
			saet("Processer", string(rune('B'+k))+strconv.Itoa(i+2), v)
		}
	}
	for i, x := range g.Integrationer {
		saet("Integrationer", "B"+strconv.Itoa(i+2), x.IDag)
		saet("Integrationer", "C"+strconv.Itoa(i+2), x.Med)
	}
	l := &g.Leverandoer
	for i, v := range []*float64{l.Byg, l.Udgave, l.UdgaverPrAar, l.Pris, l.PrisPrAar, l.StoettePrAar, l.Kunder} {
		saet("Leverandør", "B"+strconv.Itoa(i+2), v)
	}
}

// libreOffice is the workbook as LibreOffice opens it, reckons it and saves it.
func (a regneark) libreOffice() regneark {
	a.Helper()
	dir := a.TempDir()
	fil := filepath.Join(dir, "bog.xlsx")
	if err := a.f.SaveAs(fil); err != nil {
		a.Fatal(err)
	}
	ud, err := exec.CommandContext(a.Context(), testenv.LibreOffice(a.T), "-env:UserInstallation=file://"+filepath.Join(dir, "profil"), "--headless", "--convert-to", "xlsx",
		"--outdir", filepath.Join(dir, "regnet"), fil).CombinedOutput()
	if err != nil {
		a.Fatalf("%v: %s", err, ud)
	}
	b, err := os.ReadFile(filepath.Join(dir, "regnet", "bog.xlsx"))
	if err != nil {
		a.Fatalf("%v: %s", err, ud)
	}
	regnet := aabn(a.T, b)
	regnet.regnet = true
	return regnet
}

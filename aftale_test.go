package mox_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/conformance"
)

// TestAftaleDialog plays the dialogues of testdata/aftale: what tilslutningsaftaler let systems send and receive, told in
// Danish to be read by those who keep them. The form is that of [TestDialog], the commands are described at
// [aftalesamtale.svar].
func TestAftaleDialog(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 31")
	filer, err := filepath.Glob("testdata/aftale/*.txt")
	if err != nil || len(filer) < 4 {
		t.Fatalf("%d dialogues, %v", len(filer), err)
	}
	for _, fil := range filer {
		t.Run(strings.TrimSuffix(filepath.Base(fil), ".txt"), func(t *testing.T) {
			t.Parallel()
			b, err := os.ReadFile(fil)
			if err != nil {
				t.Fatal(err)
			}
			var ny bytes.Buffer
			var s aftalesamtale
			for _, b := range laesBlokke(string(b)) {
				ny.WriteString(b.kommentar)
				if b.kommando == "" {
					continue
				}
				svar := s.svar(b.kommando, b.linjer)
				fmt.Fprintf(&ny, "%s\n----\n%s\n", strings.Join(append([]string{b.kommando}, b.linjer...), "\n"), svar)
				if svar != b.svar && !*rewrite {
					t.Errorf("%s:%d: %s\nsvarer\n%s\nog skulle svare\n%s", fil, b.nr, b.kommando, svar, b.svar)
				}
			}
			if *rewrite && !bytes.Equal(b, ny.Bytes()) {
				if err := os.WriteFile(fil, ny.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

type aftalesamtale struct{ aftaler mox.Aftaler }

// svar carries out one command:
//
//	aftale NAVN med SYSTEM [fra D til E]   a new agreement; E is its last day. Below: "må sende", "må modtage" with criteria,
//	                                       and "felter TYPE" with fields, none for no fields at all
//	må SYSTEM sende|modtage [den D]        whether it may, and why not; below stand the besked's metadata
//	udlever til SYSTEM                     what is delivered of a registrering and its metadata, both below
func (s *aftalesamtale) svar(kommando string, linjer []string) string {
	ord := strings.Fields(kommando)
	switch {
	case ord[0] == "aftale":
		return s.aftale(ord, linjer)
	case ord[0] == "må":
		naar := dag("2026-06-01")
		if len(ord) == 5 {
			naar = dag(ord[4])
		}
		b := beskedI(linjer)
		nej := map[string]func(string, *mox.Besked, time.Time) string{"sende": s.aftaler.MaaSende, "modtage": s.aftaler.MaaModtage}[ord[2]](ord[1], &b, naar)
		if nej == "" {
			return "ja"
		}
		return "nej: " + nej
	case ord[0] == "udlever":
		return s.udlever(ord[2], linjer)
	}
	return "den kommando kendes ikke"
}

func (s *aftalesamtale) aftale(ord, linjer []string) string {
	a := mox.Aftale{Navn: ord[1], System: ord[3], Dataansvarlig: mox.Part{Navn: "Eksempel Kommune", CVR: "29189846"}, Databehandler: mox.Part{Navn: "Leverandøren", CVR: "12345678"},
		Formaal: "sagsbehandling", Hjemmel: "serviceloven", Kategorier: []string{"navn"}, Slettefrist: "5 år", Godkendt: mox.Godkendelse{Af: "DPO", Dato: dag("2025-12-01")},
		GyldigFra: dag("2026-01-01")}
	if len(ord) > 4 {
		a.GyldigFra, a.GyldigTil = dag(ord[5]), dag(ord[7]).AddDate(0, 0, 1)
	}
	for _, l := range linjer {
		led := strings.Fields(l)
		switch led[0] + " " + led[1] {
		case "må sende":
			a.MaaSende = append(a.MaaSende, retI(led[2:]))
		case "må modtage":
			a.MaaModtage = append(a.MaaModtage, retI(led[2:]))
		default:
			if a.Felter == nil {
				a.Felter = map[mox.ObjektType][]string{}
			}
			a.Felter[mox.ObjektType(led[1])] = led[2:]
		}
	}
	if fejl := a.Valider(); len(fejl) > 0 {
		return fejltekst(&mox.Error{Kode: mox.KodeUgyldig, Felter: fejl}, "")
	}
	if err := append(s.aftaler, a).Valider(); err != nil {
		return err.(*mox.Error).Tekst
	}
	s.aftaler = append(s.aftaler, a)
	return "aftalt"
}

// retI reads "objekttyper=Sag,Dokument kle=27.*".
func retI(led []string) (r mox.Ret) {
	for _, l := range led {
		navn, v, _ := strings.Cut(l, "=")
		vaerdier := strings.Split(v, ",")
		switch navn {
		case "beskedtyper":
			r.Beskedtyper = vaerdier
		case "objekttyper":
			for _, t := range vaerdier {
				r.Objekttyper = append(r.Objekttyper, mox.ObjektType(t))
			}
		case "kle":
			r.KLE = vaerdier
		case "myndigheder":
			r.Myndigheder = vaerdier
		case "foelsomhed":
			r.Foelsomhed = vaerdier
		}
	}
	return r
}

// beskedI is a besked with the metadata given; relateret.<rolle>=ID is a related objekt.
func beskedI(linjer []string) mox.Besked {
	b := mox.Besked{ObjektType: mox.Sag, Type: "Sag.Rettet"}
	for _, l := range linjer {
		navn, v, _ := strings.Cut(l, "=")
		if rolle, ok := strings.CutPrefix(navn, "relateret."); ok {
			b.Relateret = append(b.Relateret, mox.Relateret{Rolle: rolle, ID: v})
			continue
		}
		f, ok := mox.BeskedfeltAf(navn)
		if !ok {
			continue // a value of the registrering
		}
		var vaerdier []string
		if v != "" {
			vaerdier = []string{v}
		}
		if err := f.Saet(&b, vaerdier); err != nil {
			panic(err)
		}
	}
	return b
}

func (s *aftalesamtale) udlever(system string, linjer []string) string {
	b := beskedI(linjer)
	t, _ := mox.TypeAf(b.ObjektType)
	vaerdier := map[string]string{}
	for _, l := range linjer {
		if sti, v, _ := strings.Cut(l, "="); strings.Contains(sti, ".") && !strings.HasPrefix(sti, "relateret.") {
			vaerdier[sti] = v
		}
	}
	r, err := mox.Registrering{}.Laeg(t, vaerdier, mox.Fra(mox.Kl(dag("2026-01-01"))))
	if err != nil {
		return fejltekst(err, "")
	}
	a := s.aftaler.Med(system, dag("2026-06-01"))
	ud, fraIndhold := a.Beskaer(t.Navn, r)
	meta, fraMetadata := a.BeskaerMetadata(b)
	var svar []string
	for navn, v := range meta.Metadata() {
		if navn != "beskedtype" && navn != "objekttype" && navn != "relateret" {
			svar = append(svar, navn+"="+strings.Join(v, ","))
		}
	}
	slices.Sort(svar)
	felter := ud.Udflad(t, mox.Kl(dag("2026-06-01")))
	for _, sti := range slices.Sorted(maps.Keys(felter)) {
		svar = append(svar, sti+"="+felter[sti])
	}
	if fraIndhold || fraMetadata {
		svar = append(svar, "(beskåret efter aftalen "+a.Navn+")")
	}
	return linjerEller("ingenting", svar)
}

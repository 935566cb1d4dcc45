package mox_test

import (
	"bytes"
	"errors"
	"flag"
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
	"github.com/moxkit/mox/oio"
)

var rewrite = flag.Bool("rewrite", false, "write what the dialogues say now into testdata/dialog")

// TestDialog plays the dialogues of testdata/dialog: an objekt's life, told in Danish to be read by those who know the
// domain. A dialogue is a text of blocks; what stands below ---- is the answer.
//
//	# a comment
//	ret fra 2026-02-01
//	egenskaber.titel=Carport
//	----
//	Rettet: egenskaber.titel
//
// The commands are described at [samtale.svar].
func TestDialog(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "oio 18", "oio 25", "oio 29", "oio 31", "oio 49", "oio 77", "oio 79", "oio 80", "oio 81", "oio 84", "mox 55")
	filer, err := filepath.Glob("testdata/dialog/*.txt")
	if err != nil || len(filer) < 12 {
		t.Fatalf("%d dialogues, %v", len(filer), err)
	}
	for _, fil := range filer {
		t.Run(strings.TrimSuffix(filepath.Base(fil), ".txt"), func(t *testing.T) {
			t.Parallel()
			spil(t, fil)
		})
	}
}

func spil(t *testing.T, fil string) {
	gammel, err := os.ReadFile(fil)
	if err != nil {
		t.Fatal(err)
	}
	var ny bytes.Buffer
	var s samtale
	for _, b := range laesBlokke(string(gammel)) {
		ny.WriteString(b.kommentar)
		if b.kommando == "" {
			continue
		}
		svar := s.svar(b.kommando, b.linjer)
		fmt.Fprintf(&ny, "%s\n", strings.Join(append([]string{b.kommando}, b.linjer...), "\n"))
		fmt.Fprintf(&ny, "----\n%s\n", svar)
		if svar != b.svar && !*rewrite {
			t.Errorf("%s:%d: %s\nsvarer\n%s\nog skulle svare\n%s", fil, b.nr, b.kommando, svar, b.svar)
		}
	}
	if *rewrite && !bytes.Equal(gammel, ny.Bytes()) {
		if err := os.WriteFile(fil, ny.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

type blok struct {
	nr        int    // line of the command
	kommentar string // comments and blank lines before it
	kommando  string
	linjer    []string
	svar      string
}

// laesBlokke reads a dialogue. An answer ends at a blank line.
func laesBlokke(s string) (ud []blok) {
	var b blok
	iSvar := false
	linjer := strings.SplitAfter(s, "\n")
	for i, raa := range linjer {
		linje := strings.TrimRight(raa, "\n")
		switch {
		case iSvar && linje == "":
			ud = append(ud, b)
			b, iSvar = blok{kommentar: raa}, false
		case iSvar:
			b.svar = strings.TrimPrefix(b.svar+"\n"+linje, "\n")
		case linje == "----":
			iSvar = true
		case b.kommando != "":
			b.linjer = append(b.linjer, linje)
		case linje == "" || strings.HasPrefix(linje, "#"):
			b.kommentar += raa
		default:
			b.kommando, b.nr = linje, i+1
		}
	}
	return append(ud, b)
}

// samtale is an objekt and everything that has been registered about it.
type samtale struct {
	type_    *mox.Type
	idag     time.Time // registreringstid of what is said next
	historik []mox.Registrering
}

// svar carries out one command:
//
//	i dag er D                               the day of the registreringer that follow
//	opret Sag fra D                          a new objekt; mandatory fields that are not given get a value
//	importer Sag fra D                       the same, taken over from another register
//	ret fra D [til E] [som BREV]             lay the values below over that virkning; BREV says who claims it
//	passiver, slet                           end the objekt's life
//	læs Sag                                  the registrering below, in JSON, becomes the newest
//	hvad gjaldt D [sti …]                    the newest registrering about the day D
//	hvad vidste vi R om D [sti …]            what was registered on the day R about the day D
//	hvornår STI                              the segments of one value, from and till
//	forskel D                                what the newest registrering says otherwise than the one before, about D
//	valider                                  check the newest
func (s *samtale) svar(kommando string, linjer []string) string {
	ord := strings.Fields(kommando)
	switch {
	case strings.HasPrefix(kommando, "i dag er "):
		s.idag = dag(ord[3])
		return ord[3]
	case ord[0] == "opret" || ord[0] == "importer":
		return s.opret(ord, linjer)
	case ord[0] == "ret":
		return s.ret(ord[1:], linjer)
	case kommando == "passiver" || kommando == "slet":
		return s.registrer(s.nyeste(), map[string]mox.LivscyklusKode{"passiver": mox.Passiveret, "slet": mox.Slettet}[kommando])
	case ord[0] == "læs":
		return s.laes(mox.ObjektType(ord[1]), strings.Join(linjer, "\n"))
	case strings.HasPrefix(kommando, "hvad gjaldt "):
		return s.vis(s.nyeste(), ord[2], ord[3:])
	case strings.HasPrefix(kommando, "hvad vidste vi "):
		r, ok := mox.SomAf(s.historik, dag(ord[3]))
		if !ok {
			return "ingenting"
		}
		return s.vis(r, ord[5], ord[6:])
	case ord[0] == "hvornår":
		return s.segmenter(ord[1])
	case ord[0] == "forskel":
		n := len(s.historik)
		return linjerEller("ingen", mox.Forskel(s.type_, s.historik[n-2], s.historik[n-1], mox.Kl(dag(ord[1]))))
	case kommando == "valider":
		return fejltekst(s.nyeste().Valider(s.type_.Navn), "gyldig")
	}
	return "den kommando kendes ikke"
}

func dag(s string) time.Time {
	t, err := mox.LaesTidspunkt(s)
	if err != nil {
		panic(err)
	}
	tid, _ := t.Tid()
	return tid
}

func (s *samtale) nyeste() mox.Registrering {
	if len(s.historik) == 0 {
		return mox.Registrering{}
	}
	return s.historik[len(s.historik)-1]
}

func (s *samtale) opret(ord, linjer []string) string {
	s.type_, _ = mox.TypeAf(mox.ObjektType(ord[1]))
	kode := map[string]mox.LivscyklusKode{"opret": mox.Opstaaet, "importer": mox.Importeret}[ord[0]]
	v, err := virkning(ord[2:])
	if err != nil {
		return err.Error()
	}
	vaerdier := mindste(s.type_)
	maps.Copy(vaerdier, vaerdierI(linjer))
	r, err := mox.Registrering{}.Laeg(s.type_, vaerdier, v)
	if err != nil {
		return fejltekst(err, "")
	}
	return s.registrer(r, kode)
}

// mindste are values for what a new objekt must have.
func mindste(t *mox.Type) map[string]string {
	ud := map[string]string{}
	for _, f := range t.Egenskaber().Felter {
		if f.Kraev {
			ud["egenskaber."+f.Navn] = map[mox.Slags]string{mox.Dato: "2026-01-01"}[f.Slags]
		}
		if f.Kraev && f.Slags == mox.Tekst {
			ud["egenskaber."+f.Navn] = "(" + f.Navn + ")"
		}
	}
	for _, tv := range t.Tilstande {
		ud["tilstande."+tv.Felt] = tv.Vaerdi[0]
	}
	return ud
}

// virkning reads "fra D [til E] [som BREV]".
func virkning(ord []string) (mox.Virkning, error) {
	v := mox.Virkning{Til: mox.Uendelig}
	for i := 0; i+1 < len(ord); i += 2 {
		switch ord[i] {
		case "fra":
			v.Fra, _ = mox.LaesTidspunkt(ord[i+1])
		case "til":
			v.Til, _ = mox.LaesTidspunkt(ord[i+1])
		case "som":
			v.AktoerRef, v.AktoerTypeKode = mox.Reference{URN: "urn:bruger:" + ord[i+1]}, "Bruger"
		default:
			return v, fmt.Errorf("forstår ikke %q", ord[i])
		}
	}
	return v, nil
}

func vaerdierI(linjer []string) map[string]string {
	ud := map[string]string{}
	for _, l := range linjer {
		sti, v, _ := strings.Cut(l, "=")
		ud[sti] = v
	}
	return ud
}

func (s *samtale) ret(ord, linjer []string) string {
	v, err := virkning(ord)
	if err != nil {
		return err.Error()
	}
	foer := s.nyeste()
	r, err := foer.Laeg(s.type_, vaerdierI(linjer), v)
	if err != nil {
		return fejltekst(err, "")
	}
	if r.Ens(foer) {
		return "uændret: der er ikke noget at registrere"
	}
	return s.registrer(r, mox.Rettet)
}

func (s *samtale) registrer(r mox.Registrering, kode mox.LivscyklusKode) string {
	foer := s.nyeste().LivscyklusKode
	if !kode.MaaFoelge(foer) {
		hvordan := "er " + string(foer)
		if foer == "" {
			hvordan = "ikke er der"
		}
		return fmt.Sprintf("afvist: et objekt, der %s, kan ikke blive %s", hvordan, kode)
	}
	r.FraTidspunkt, r.LivscyklusKode = s.idag, kode
	s.historik = append(s.historik, r)
	return string(kode)
}

func (s *samtale) laes(t mox.ObjektType, tekst string) string {
	s.type_, _ = mox.TypeAf(t)
	r, err := oio.UnmarshalIndre(t, []byte(tekst))
	if err != nil {
		return fejltekst(err, "")
	}
	r.FraTidspunkt = s.idag
	s.historik = append(s.historik, r)
	return "læst"
}

func (s *samtale) vis(r mox.Registrering, d string, kun []string) string {
	var ud []string
	for sti, v := range r.Udflad(s.type_, mox.Kl(dag(d))) {
		if len(kun) == 0 || slices.ContainsFunc(kun, func(k string) bool { return strings.HasPrefix(sti, k) }) {
			ud = append(ud, sti+"="+v)
		}
	}
	slices.Sort(ud)
	return linjerEller("ingenting", ud)
}

// segmenter lists one value over all time, by looking at each moment where a virkning begins.
func (s *samtale) segmenter(sti string) string {
	type stykke struct {
		fra, til mox.Tidspunkt
		v        string
	}
	r := s.nyeste()
	var ud []stykke
	graenser := graenserI(r)
	for i, t := range graenser {
		v, ok := r.Udflad(s.type_, t)[sti]
		til := mox.Uendelig
		if i+1 < len(graenser) {
			til = graenser[i+1]
		}
		if !ok {
			v = "-"
		}
		if n := len(ud); n > 0 && ud[n-1].v == v {
			ud[n-1].til = til
			continue
		}
		ud = append(ud, stykke{t, til, v})
	}
	var linjer []string
	for _, s := range ud {
		linjer = append(linjer, fmt.Sprintf("fra %-10s til %-10s %s", kort(s.fra), kort(s.til), s.v))
	}
	return linjerEller("aldrig", linjer)
}

func kort(t mox.Tidspunkt) string { return strings.TrimSuffix(t.String(), "T00:00:00Z") }

// graenserI are the moments where any virkning of r begins or ends, but for the last end.
func graenserI(r mox.Registrering) []mox.Tidspunkt {
	var ud []mox.Tidspunkt
	for _, v := range virkningerI(r) {
		ud = append(ud, v.Fra, v.Til)
	}
	ud = slices.DeleteFunc(ud, func(t mox.Tidspunkt) bool { return t == mox.Uendelig })
	slices.SortFunc(ud, mox.Tidspunkt.Sammenlign)
	return slices.Compact(ud)
}

func virkningerI(r mox.Registrering) (ud []mox.Virkning) {
	attributter := func(l []mox.Attribut) {
		for _, a := range l {
			ud = append(ud, a.Virkning)
		}
	}
	relationer := func(m map[string][]mox.Relation) {
		for _, l := range m {
			for _, rel := range l {
				ud = append(ud, rel.Virkning)
			}
		}
	}
	for _, l := range r.Attributter {
		attributter(l)
	}
	for _, l := range r.Tilstande {
		for _, x := range l {
			ud = append(ud, x.Virkning)
		}
	}
	relationer(r.Relationer)
	for _, v := range r.Varianter {
		attributter(v.Egenskaber)
		for _, d := range v.Dele {
			attributter(d.Egenskaber)
			relationer(d.Relationer)
		}
	}
	return ud
}

func linjerEller(ellers string, l []string) string {
	if len(l) == 0 {
		return ellers
	}
	return strings.Join(l, "\n")
}

// fejltekst shows an error as a person is shown it: each broken rule with its place.
func fejltekst(err error, ellers string) string {
	var e *mox.Error
	switch {
	case err == nil:
		return ellers
	case !errors.As(err, &e):
		return err.Error()
	}
	ud := []string{string(e.Kode) + ": " + e.Tekst}
	for _, f := range e.Felter {
		linje := fmt.Sprintf("  %s: %s", f.Sti, f.Tekst)
		if f.Spec != "" {
			linje += " (" + f.Spec + ")"
		}
		ud = append(ud, linje)
	}
	return strings.Join(ud, "\n")
}

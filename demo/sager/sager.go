// Package sager makes the cases of the demonstration and the order in which things happen to them. The same seed makes
// the same story.
//
// All persons and streets are invented; CPR numbers have the birthday 31 February, which nobody has.
package sager

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/moxkit/mox/demo/byggesag"
	"github.com/moxkit/mox/demo/fejlplan"
)

// KLE gives the subject numbers that ESDH knows. Source: KLE Emneplan version 2.0 of 1 August 2015, groups 01.03, 02.01
// and 02.34.
func KLE() []string {
	return []string{"01.03.03", "01.03.06", "02.00.00", "02.01.00", "02.01.02", "02.01.03", "02.01.06", "02.34.00", "02.34.02", "02.34.04"}
}

// ukendtKLE is a number that no KLE has.
const ukendtKLE = "02.99.99"

// Trin is one thing that happens in the building-permit system. Exactly one field is set.
type Trin struct {
	Sag      *byggesag.Sag
	Dokument *byggesag.Dokument
	Traek    *fejlplan.Version // the applicant withdraws the case
	Gentag   *fejlplan.Version // the file that held this version is exported once more
	Gammel   *fejlplan.Version // this old version is exported again, after a newer one
}

// Historie is a whole demonstration: rounds of what happens, one export apart, and the faults.
type Historie struct {
	Runder [][]Trin
	Plan   fejlplan.Plan
	brudt  map[fejlplan.Version]bool
	lukket map[string]bool
	uvist  map[fejlplan.Version]bool
}

// Brudt names the case lines that are cut off when exported.
func (h *Historie) Brudt(nr string, version int) bool {
	return h.brudt[fejlplan.Version{Art: byggesag.ArtSag, Nr: nr, Version: version}]
}

// Lukket names the cases that a case worker in ESDH closes right after they were opened.
func (h *Historie) Lukket(nr string) bool { return h.lukket[nr] }

// Uvist names the letters whose answer is lost.
func (h *Historie) Uvist(operation, nr string, version int) bool {
	return operation == "SendRekommanderet" && h.uvist[fejlplan.Version{Art: byggesag.ArtDokument, Nr: nr, Version: version}]
}

// The cases that have a fault of their own, by their number in the story; they come early in any story.
const (
	nrDobbelt = 3
	nrGammel  = 5
	nrBrudt   = 32 // not in the file that is exported twice
	nrLukket  = 11
	nrUkendt  = 13
	nrUvist   = 17
	mindst    = 40 // a story with faults has at least this many cases
)

// PerRunde is how many new cases come in one round where nothing else is said.
const PerRunde = 25

// Lav makes a story of n cases, perRunde of them in each round. With fejl it has all the faults, and at least 40 cases.
func Lav(seed uint64, n, perRunde int, fejl bool) *Historie {
	if fejl {
		n = max(n, mindst)
	}
	g := &generator{rng: rand.New(rand.NewPCG(seed, 2012)), perRunde: max(perRunde, 1), fejl: fejl,
		h: &Historie{brudt: map[fejlplan.Version]bool{}, lukket: map[string]bool{}, uvist: map[fejlplan.Version]bool{}}}
	for i := range n {
		g.sag(i)
	}
	if fejl {
		g.navngiv()
	}
	return g.h
}

// begyndelse is when the first case comes, and sagerPrForloeb how many come before the calendar begins again: however long
// the story, all of it lies in the past. What is not yet valid would have no effect yet.
func begyndelse() time.Time { return time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC) }

const sagerPrForloeb = 1000

// generator makes a story.
type generator struct {
	rng      *rand.Rand
	perRunde int
	fejl     bool
	h        *Historie
	dokNr    int
}

func (g *generator) trin(runde int, t Trin) {
	for len(g.h.Runder) <= runde {
		g.h.Runder = append(g.h.Runder, nil)
	}
	g.h.Runder[runde] = append(g.h.Runder[runde], t)
}

// har reports whether case i has the fault nr.
func (g *generator) har(i, nr int) bool { return g.fejl && i == nr }

// sag makes case i with its documents and what later happens to them.
func (g *generator) sag(i int) {
	runde := i / g.perRunde
	s := g.nySag(i)
	g.trin(runde, Trin{Sag: &s})
	if !g.har(i, nrBrudt) && !g.har(i, nrLukket) {
		g.dokumenter(i, runde, s)
	}
	switch {
	case g.har(i, nrBrudt), g.har(i, nrUkendt), g.har(i, nrUvist):
	case g.har(i, nrLukket), g.har(i, nrGammel), i%5 == 1:
		g.ret(i, runde, s)
	case i%25 == 4:
		g.trin(runde+2, Trin{Traek: &fejlplan.Version{Art: byggesag.ArtSag, Nr: s.Nr, Version: 2}})
	}
	g.saerfejl(i, runde, s)
}

func (g *generator) nySag(i int) byggesag.Sag {
	p := g.projekt()
	status := []byggesag.Status{byggesag.Oprettet, byggesag.Oplyst, byggesag.Afgjort}[g.rng.IntN(3)]
	if g.har(i, nrUvist) {
		status = byggesag.Afgjort
	}
	kle := p.kle
	if g.har(i, nrUkendt) {
		kle = ukendtKLE
	}
	tid := begyndelse().Add(time.Duration(i%sagerPrForloeb) * 97 * time.Minute)
	cpr, navn := g.person()
	return byggesag.Sag{Nr: fmt.Sprintf("2026-%05d", 1000+i), Version: 1, Titel: p.titel, Beskrivelse: p.beskrivelse, KLE: kle, Adresse: g.adresse(),
		Matrikel: fmt.Sprintf("%d%c, Nørre Åby Mark", 1+g.rng.IntN(90), 'a'+rune(g.rng.IntN(20))), AnsoegerCPR: cpr, AnsoegerNavn: navn, Status: status,
		Modtaget: tid, Sagsbehandler: g.vaelg(sagsbehandlere), Aendret: tid}
}

// dokumenter makes the case's application, its drawings, and for a decided case the letter to the applicant.
func (g *generator) dokumenter(i, runde int, s byggesag.Sag) {
	typer := []string{byggesag.Ansoegning, byggesag.Tegning}
	if g.rng.IntN(3) == 0 {
		typer = append(typer, byggesag.Tegning)
	}
	if s.Status == byggesag.Afgjort {
		typer = append(typer, byggesag.Brev)
	}
	for n, type_ := range typer {
		d := g.dokument(s, type_, n)
		g.trin(runde, Trin{Dokument: &d})
		if type_ == byggesag.Tegning && i%7 == 2 && !g.har(i, nrUkendt) {
			ny := d
			ny.Version, ny.Titel, ny.Indhold = 2, d.Titel+" (rettet)", g.tekst(s, d.Titel+", rettet udgave")
			g.trin(runde+2, Trin{Dokument: &ny})
		}
		if g.har(i, nrUvist) && type_ == byggesag.Brev {
			v := fejlplan.Version{Art: byggesag.ArtDokument, Nr: d.Nr, Version: 1}
			g.h.uvist[v] = true
			g.hold(fejlplan.UvistUdfald, v)
		}
		if g.har(i, nrUkendt) {
			g.hold(fejlplan.UkendtKLE, fejlplan.Version{Art: byggesag.ArtDokument, Nr: d.Nr, Version: 1})
		}
	}
}

func (g *generator) dokument(s byggesag.Sag, type_ string, n int) byggesag.Dokument {
	g.dokNr++
	d := byggesag.Dokument{Nr: fmt.Sprintf("D-%06d", g.dokNr), Version: 1, Sagsnr: s.Nr, Type: type_, Retning: byggesag.Ind, Brevdato: s.Modtaget, Endelse: "txt"}
	switch type_ {
	case byggesag.Ansoegning:
		d.Titel = "Ansøgning om " + kort(s.Titel)
	case byggesag.Tegning:
		d.Titel = []string{"Situationsplan", "Facadetegning", "Snittegning"}[n%3]
	default:
		d.Titel, d.Retning, d.ModtagerCPR, d.ModtagerNavn = "Afgørelse: "+s.Titel, byggesag.Ud, s.AnsoegerCPR, s.AnsoegerNavn
	}
	d.Indhold = g.tekst(s, d.Titel)
	return d
}

// ret corrects the case once, and every third time once more.
func (g *generator) ret(i, runde int, s byggesag.Sag) {
	to := s
	to.Version, to.Titel, to.Aendret = 2, s.Titel+" – ændret projekt", s.Aendret.Add(26*time.Hour)
	g.trin(runde+2, Trin{Sag: &to})
	if i%3 == 0 && !g.har(i, nrLukket) && !g.har(i, nrGammel) {
		tre := to
		tre.Version, tre.Beskrivelse, tre.Aendret = 3, to.Beskrivelse+" Supplerende oplysninger er modtaget.", to.Aendret.Add(50*time.Hour)
		g.trin(runde+4, Trin{Sag: &tre})
	}
}

func (g *generator) saerfejl(i, runde int, s byggesag.Sag) {
	v := func(version int) fejlplan.Version {
		return fejlplan.Version{Art: byggesag.ArtSag, Nr: s.Nr, Version: version}
	}
	switch {
	case g.har(i, nrDobbelt):
		ref := v(1)
		g.trin(runde+3, Trin{Gentag: &ref})
		g.hold(fejlplan.DobbeltEksport)
	case g.har(i, nrGammel):
		ref := v(1)
		g.trin(runde+4, Trin{Gammel: &ref})
		g.hold(fejlplan.GammelVersion)
	case g.har(i, nrBrudt):
		g.h.brudt[v(1)] = true
		g.hold(fejlplan.BrudtLinje, v(1))
	case g.har(i, nrLukket):
		g.h.lukket[s.Nr] = true
		g.hold(fejlplan.LukketSag, v(2))
	case g.har(i, nrUkendt):
		g.hold(fejlplan.UkendtKLE, v(1))
	}
}

// hold adds what a fault holds back.
func (g *generator) hold(navn string, v ...fejlplan.Version) {
	for i := range g.h.Plan.Fejl {
		if g.h.Plan.Fejl[i].Navn == navn {
			g.h.Plan.Fejl[i].Holder = append(g.h.Plan.Fejl[i].Holder, v...)
			return
		}
	}
	g.h.Plan.Fejl = append(g.h.Plan.Fejl, fejlplan.Fejl{Navn: navn, Holder: v})
}

// navngiv adds the faults that pass by themselves, and says what each fault is.
func (g *generator) navngiv() {
	g.hold(fejlplan.ESDHNede)
	g.hold(fejlplan.ForsendelseLangsom)
	tekst := map[string]string{
		fejlplan.ESDHNede:           "ESDH svarer 503 et stykke tid; MOX venter og prøver igen",
		fejlplan.ForsendelseLangsom: "Forsendelse er langsom et stykke tid",
		fejlplan.BrudtLinje:         "en linje i en CSV-fil er klippet over; en person retter den",
		fejlplan.LukketSag:          "sagen blev lukket i ESDH, før rettelsen kom; ESDH svarer 409",
		fejlplan.UkendtKLE:          "ESDH kender ikke sagens KLE-nummer og svarer 422; sagens dokumenter venter på den",
		fejlplan.DobbeltEksport:     "den samme fil eksporteres to gange; anden gang er der intet nyt",
		fejlplan.GammelVersion:      "en gammel version kommer efter en nyere og overskriver den ikke",
		fejlplan.UvistUdfald:        "et anbefalet brev sendes, men forbindelsen brydes før svaret; kun en person kan afgøre, om det skete",
	}
	for i := range g.h.Plan.Fejl {
		g.h.Plan.Fejl[i].Beskrivelse = tekst[g.h.Plan.Fejl[i].Navn]
	}
}

// Drypper makes new cases one at a time, without faults, for a demonstration that keeps running.
type Drypper struct {
	g  *generator
	nr int
}

// NyDrypper begins after a story of n cases, with or without faults.
func NyDrypper(seed uint64, n int) *Drypper {
	n = max(n, mindst) // a story with faults may be longer than it was asked to be
	return &Drypper{g: &generator{rng: rand.New(rand.NewPCG(seed, 365)), h: &Historie{}, dokNr: 10 * (n + 1)}, nr: n}
}

// Naeste is the next case with its documents.
func (d *Drypper) Naeste() []Trin {
	d.g.h.Runder = nil
	s := d.g.nySag(d.nr)
	d.g.trin(0, Trin{Sag: &s})
	d.g.dokumenter(d.nr, 0, s)
	d.nr++
	return d.g.h.Runder[0]
}

package kle_test

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/testenv"
	"github.com/moxkit/mox/register/kle"
)

func laes(t *testing.T, xml string) *kle.Plan {
	t.Helper()
	p, err := kle.Laes(strings.NewReader(xml))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// arkiv is a register as Overgang sees it.
type arkiv struct {
	*testing.T
	kendt kle.Kendt
}

// importer writes what a plan changes, and gives it.
func (a *arkiv) importer(p *kle.Plan) *kle.Overgang {
	a.Helper()
	o, err := p.Overgang(a.kendt)
	if err != nil {
		a.Fatal(err)
	}
	for _, x := range o.Objekter {
		type_, _ := mox.TypeAf(x.ObjektType)
		r := x.Registrering.Nummereret(type_)
		if r.LivscyklusKode == "" {
			r.LivscyklusKode = mox.Importeret
		}
		if err := r.Valider(x.ObjektType); err != nil {
			a.Fatalf("%s: %v", x.ID, err)
		}
		a.kendt[x.ID] = r
	}
	return o
}

func nytArkiv(t *testing.T) *arkiv { return &arkiv{t, kle.Kendt{}} }

// paa gives a value of a number at a date; "" = none.
func (a *arkiv) paa(nr, sti, dato string) string {
	a.Helper()
	t, err := mox.LaesTidspunkt(dato)
	if err != nil {
		a.Fatal(err)
	}
	type_, _ := mox.TypeAf(mox.Klasse)
	return a.kendt[kle.KlasseID(nr)].Udflad(type_, t)[sti]
}

// vaerdi is what a number says of a sti at a date.
type vaerdi struct{ nr, sti, dato, vil string }

func (a *arkiv) siger(l ...vaerdi) {
	a.Helper()
	for _, v := range l {
		if got := a.paa(v.nr, v.sti, v.dato); got != v.vil {
			a.Errorf("%s %s at %s is %q, want %q", v.nr, v.sti, v.dato, got, v.vil)
		}
	}
}

// virkeligheden is KL's own file.
func virkeligheden(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(testenv.KLE(t))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

const titel, publiceret = "egenskaber.titel", "tilstande.publiceret"

// TestVirkeligEmneplan reads all of KL's edition of 2015-08-01.
func TestVirkeligEmneplan(t *testing.T) {
	t.Parallel()
	p := laes(t, virkeligheden(t))
	if got := fmt.Sprint(p.Niveauer()); got != "[41 691 3457]" {
		t.Errorf("%s numbers", got)
	}
	a := nytArkiv(t)
	o := a.importer(p)
	if o.Nye != 41+691+3457 || len(o.Objekter) != o.Nye+2 || o.Objekter[0].ID != kle.KlassifikationID() || o.Objekter[o.Nye+1].ID != kle.FacetID("emneplan") {
		t.Errorf("%d new, %d objekter", o.Nye, len(o.Objekter))
	}
	a.siger(
		vaerdi{"00.01.10", titel, "2015-08-01", "Opgaver der dækker flere hovedgrupper"},
		vaerdi{"00.01.10", "relationer.overordnetklasse", "2015-08-01", string(kle.KlasseID("00.01"))},
		vaerdi{"00.01", "relationer.overordnetklasse", "2015-08-01", string(kle.KlasseID("00"))},
		vaerdi{"00", "relationer.facet", "2015-08-01", string(kle.FacetID("emneplan"))},
		vaerdi{"00", titel, "1987-12-31", ""},
		vaerdi{"00", titel, "1988-01-01", "Kommunens styrelse"},
		vaerdi{"15.40", publiceret, "2015-08-01", "Publiceret"},
	)
	if s := a.paa("00", "egenskaber.beskrivelse", "2015-08-01"); !strings.HasPrefix(s, "Hovedgruppe 00 'Kommunens styrelse' dækker sager") || !strings.Contains(s, "\n- LBK om folkeskolen (Folkeskoleloven)\n") || strings.Contains(s, "<") {
		t.Errorf("%q", s)
	}
	historiske, love := 0, 0
	for i := range p.Emner {
		if e := &p.Emner[i]; !e.Udgaaet.IsZero() {
			historiske++
			a.siger(vaerdi{e.Nr, publiceret, "2015-08-01", "IkkePubliceret"})
		}
		love += len(p.Emner[i].Retskilder)
	}
	if historiske != 5+211+1321 || love != 2397+228 {
		t.Errorf("%d are historical, %d references to law", historiske, love)
	}
	if igen := a.importer(p); len(igen.Objekter) != 0 || igen.Uaendrede != o.Nye {
		t.Errorf("the same again changes %d objekter", len(igen.Objekter))
	}
}

// TestNyUdgave edits KL's file into the next edition.
func TestNyUdgave(t *testing.T) {
	t.Parallel()
	foerste := virkeligheden(t)
	p := laes(t, foerste)
	a := nytArkiv(t)
	a.importer(p)
	// What a municipality has said itself.
	egen := a.kendt[kle.KlasseID("00.01.00")].Kopi()
	egen.Relationer["mapninger"] = []mox.Relation{{Reference: mox.Reference{URN: "urn:eget:1"}, Virkning: mox.Fra(mox.MinusUendelig)}}
	a.kendt[kle.KlasseID("00.01.00")] = egen

	naeste := rettet(t, foerste,
		"<UdgivelsesDato>2015-08-01", "<UdgivelsesDato>2016-02-01",
		"<EmneTitel>Kommunens styrelse i almindelighed", "<EmneTitel>Kommunens ledelse i almindelighed")
	emne := func(nr string) string { return mellem(t, naeste, "<EmneNr>"+nr+"</EmneNr>", "</Emne>") }
	naeste = rettet(t, naeste, emne("00.01.00"), rettet(t, emne("00.01.00"), "</EmneAdministrativInfo>", "<RettetDato>2015-11-01</RettetDato></EmneAdministrativInfo>"))
	naeste = rettet(t, naeste, emne("00.01.10"), rettet(t, emne("00.01.10"), "<EmneVejledning>", "<EmneVejledning><VejledningTekst><p>Nyt <b>råd</b>.</p></VejledningTekst>"))
	naeste = rettet(t, naeste, emne("85.02.02"), rettet(t, emne("85.02.02"), "</EmneAdministrativInfo>", "<Historisk><Flyttet><FlyttetDato>2016-01-01</FlyttetDato><AfloestAf><EmneNr>85.02.98</EmneNr></AfloestAf></Flyttet></Historisk></EmneAdministrativInfo>"))
	naeste = rettet(t, naeste, "<Emne>\n\t\t\t\t"+emne("85.02.10"), "<Emne><EmneNr>85.02.98</EmneNr><EmneTitel>Ny</EmneTitel><EmneAdministrativInfo><OprettetDato>2016-01-01</OprettetDato></EmneAdministrativInfo><BevaringJaevnfoerArkivloven>K</BevaringJaevnfoerArkivloven></Emne>")

	o := a.importer(laes(t, naeste))
	if o.Nye != 1 || o.Rettede != 3 || o.Bortfald != 1 || o.Uaendrede != 4189-4 || len(o.Objekter) != 1+3+1+1 {
		t.Errorf("%d new, %d corrected, %d gone, %d unchanged, %d objekter", o.Nye, o.Rettede, o.Bortfald, o.Uaendrede, len(o.Objekter))
	}
	a.siger(
		vaerdi{"00.01.00", titel, "2015-10-31", "Kommunens styrelse i almindelighed"},
		vaerdi{"00.01.00", titel, "2015-11-01", "Kommunens ledelse i almindelighed"},
		vaerdi{"00.01.00", "relationer.mapninger.0", "2016-02-01", "urn:eget:1"},
		vaerdi{"85.02.02", publiceret, "2015-12-31", "Publiceret"},
		vaerdi{"85.02.02", publiceret, "2016-01-01", "IkkePubliceret"},
		vaerdi{"85.02.02", "egenskaber.aendringsnotat", "2015-12-31", ""},
		vaerdi{"85.02.02", "egenskaber.aendringsnotat", "2016-01-01", "Flyttet 2016-01-01; afløst af 85.02.98"},
		vaerdi{"85.02.98", titel, "2015-12-31", ""},
		vaerdi{"85.02.98", titel, "2016-01-01", "Ny"},
		vaerdi{"85.02.98", "egenskaber.integrationsdata", "2016-01-01", `{"bevaring":"K"}`},
		vaerdi{"85.02.98", "relationer.erstatter.0", "2016-01-01", string(kle.KlasseID("85.02.02"))},
		vaerdi{"85.02.10", publiceret, "2016-01-31", "Publiceret"},
		vaerdi{"85.02.10", publiceret, "2016-02-01", "IkkePubliceret"},
	)
	if kode := a.kendt[kle.KlasseID("85.02.10")].LivscyklusKode; kode != mox.Passiveret {
		t.Errorf("the number that is gone is %s", kode)
	}
	if foer, efter := a.paa("00.01.10", "egenskaber.beskrivelse", "2016-01-31"), a.paa("00.01.10", "egenskaber.beskrivelse", "2016-02-01"); !strings.HasPrefix(efter, "Nyt råd .") && !strings.HasPrefix(efter, "Nyt råd.") || strings.Contains(foer, "Nyt") {
		t.Errorf("%q, then %q", foer, efter)
	}
	if igen := a.importer(laes(t, naeste)); len(igen.Objekter) != 0 {
		t.Errorf("the same again changes %d objekter", len(igen.Objekter))
	}
	if _, err := p.Overgang(a.kendt); mox.KodeAf(err) != mox.KodeUgyldig || !strings.Contains(err.Error(), "2016-02-01") {
		t.Errorf("the older edition over it: %v", err)
	}
	// A number that comes back is taken into use again.
	tilbage := laes(t, rettet(t, foerste, "<UdgivelsesDato>2015-08-01", "<UdgivelsesDato>2017-01-01"))
	a.importer(tilbage)
	a.siger(vaerdi{"85.02.10", publiceret, "2016-12-31", "IkkePubliceret"}, vaerdi{"85.02.10", publiceret, "2017-01-01", "Publiceret"})
	if kode := a.kendt[kle.KlasseID("85.02.10")].LivscyklusKode; kode != mox.Importeret {
		t.Errorf("the number that is back is %s", kode)
	}
}

// rettet replaces texts that must be there: old, new, old, new …
func rettet(t *testing.T, s string, par ...string) string {
	t.Helper()
	for i := 0; i < len(par); i += 2 {
		if strings.Count(s, par[i]) != 1 {
			t.Fatalf("%.80q stands %d times", par[i], strings.Count(s, par[i]))
		}
		s = strings.Replace(s, par[i], par[i+1], 1)
	}
	return s
}

// mellem is the text from fra to the first til after it, both included.
func mellem(t *testing.T, s, fra, til string) string {
	t.Helper()
	i := strings.Index(s, fra)
	if i < 0 {
		t.Fatalf("%q is not there", fra)
	}
	j := strings.Index(s[i:], til)
	if j < 0 {
		t.Fatalf("%q does not follow %q", til, fra)
	}
	return s[i : i+j+len(til)]
}

// lille is a plan of one group: its date, and what stands in the group.
func lille(udgivet, emner string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><KLE-Emneplan><UdgivelsesDato>` + udgivet + `</UdgivelsesDato><Hovedgruppe><HovedgruppeNr>02</HovedgruppeNr><HovedgruppeTitel>Byggeri</HovedgruppeTitel>` +
		`<HovedgruppeAdministrativInfo><OprettetDato>1988-01-01</OprettetDato></HovedgruppeAdministrativInfo><Gruppe><GruppeNr>02.34</GruppeNr><GruppeTitel>Byggesager</GruppeTitel>` +
		`<GruppeAdministrativInfo><OprettetDato>1988-01-01</OprettetDato></GruppeAdministrativInfo>` + emner + `</Gruppe></Hovedgruppe></KLE-Emneplan>`
}

func etEmne(nr, titel, info string) string {
	return "<Emne><EmneNr>" + nr + "</EmneNr><EmneTitel>" + titel + "</EmneTitel><EmneAdministrativInfo>" + info + "</EmneAdministrativInfo></Emne>"
}

const oprettet = "<OprettetDato>1990-01-01</OprettetDato>"

// TestFremtid is a number that an edition says will become historical later.
func TestFremtid(t *testing.T) {
	t.Parallel()
	for _, kendt := range []bool{false, true} {
		a := nytArkiv(t)
		if kendt {
			a.importer(laes(t, lille("2015-08-01", etEmne("02.34.02", "Carport", oprettet))))
		}
		a.importer(laes(t, lille("2016-02-01", etEmne("02.34.02", "Carport [udgået]", oprettet+"<Historisk><UdgaaetDato>2016-12-01</UdgaaetDato></Historisk>"))))
		a.siger(vaerdi{"02.34.02", publiceret, "2016-11-30", "Publiceret"}, vaerdi{"02.34.02", publiceret, "2016-12-01", "IkkePubliceret"}, vaerdi{"02.34.02", titel, "2016-12-01", "Carport"},
			vaerdi{"02.34.02", "egenskaber.aendringsnotat", "2016-11-30", ""}, vaerdi{"02.34.02", "egenskaber.aendringsnotat", "2016-12-01", "Udgået 2016-12-01"})
		if igen := a.importer(laes(t, lille("2016-02-01", etEmne("02.34.02", "Carport [udgået]", oprettet+"<Historisk><UdgaaetDato>2016-12-01</UdgaaetDato></Historisk>")))); len(igen.Objekter) != 0 {
			t.Errorf("the same again changes %d objekter", len(igen.Objekter))
		}
	}
}

// TestDelplan is a file with a part of the plan: it would passivate the rest.
func TestDelplan(t *testing.T) {
	t.Parallel()
	var alle strings.Builder
	for i := range 18 {
		alle.WriteString(etEmne(fmt.Sprintf("02.34.%02d", i), "Emne", oprettet))
	}
	a := nytArkiv(t)
	a.importer(laes(t, lille("2015-08-01", alle.String())))
	for mangler, kode := range map[int]mox.Kode{2: "", 3: mox.KodeBekraeft} {
		o, err := laes(t, lille("2016-02-01", alle.String()[mangler*alle.Len()/18:])).Overgang(a.kendt)
		if err != nil || o.Bortfald != mangler {
			t.Fatalf("%v %d", err, o.Bortfald)
		}
		if err := o.Kontroller(); mox.KodeAf(err) != kode {
			t.Errorf("%d of 20 are missing: %v", mangler, err)
		}
	}
}

// TestHandlingsfacetter reads the other plan, which has letters for numbers.
func TestHandlingsfacetter(t *testing.T) {
	t.Parallel()
	p := laes(t, `<KLE-Handlingsfacetter><UdgivelsesDato>2015-08-01</UdgivelsesDato><HandlingsfacetKategori><HandlingsfacetKategoriNr>G</HandlingsfacetKategoriNr><HandlingsfacetKategoriTitel>Generelle sager</HandlingsfacetKategoriTitel>`+
		`<HandlingsfacetKategoriAdministrativInfo><OprettetDato>2008-05-01</OprettetDato></HandlingsfacetKategoriAdministrativInfo><Handlingsfacet><HandlingsfacetNr>G01</HandlingsfacetNr><HandlingsfacetTitel>Generelle sager</HandlingsfacetTitel>`+
		`<HandlingsfacetAdministrativInfo><OprettetDato>2008-05-01</OprettetDato></HandlingsfacetAdministrativInfo></Handlingsfacet></HandlingsfacetKategori></KLE-Handlingsfacetter>`)
	a := nytArkiv(t)
	o := a.importer(p)
	if o.Nye != 2 || p.Navn() != "KLE-Handlingsfacetter 2015-08-01" {
		t.Errorf("%d new of %s", o.Nye, p.Navn())
	}
	a.siger(vaerdi{"G01", "relationer.facet", "2015-08-01", string(kle.FacetID("handlingsfacet"))}, vaerdi{"G01", "relationer.overordnetklasse", "2015-08-01", string(kle.KlasseID("G"))})
}

func TestLaesAfviser(t *testing.T) {
	t.Parallel()
	for navn, c := range map[string]struct {
		xml, vil string
		kode     mox.Kode
	}{
		"not XML":             {"hej", "linje 1", mox.KodeUgyldig},
		"another root":        {"<html></html>", "<html>", mox.KodeUgyldig},
		"cut off":             {lille("2015-08-01", "")[:300], "linje 1", mox.KodeUgyldig},
		"a DTD":               {`<!DOCTYPE x [<!ENTITY a "b">]>` + lille("2015-08-01", "")[38:], "DTD", mox.KodeUgyldig},
		"a DTD inside":        {`<KLE-Emneplan><!DOCTYPE x></KLE-Emneplan>`, "DTD", mox.KodeUgyldig},
		"nothing":             {`<KLE-Emneplan><UdgivelsesDato>2015-08-01</UdgivelsesDato></KLE-Emneplan>`, "Hovedgruppe", mox.KodeUgyldig},
		"no date":             {lille("", ""), "er ikke en dato", mox.KodeUgyldig},
		"a wrong number":      {lille("2015-08-01", etEmne("03.34.02", "x", oprettet)), "linje 1: EmneNr \"03.34.02\"", mox.KodeUgyldig},
		"no number":           {lille("2015-08-01", etEmne("", "x", oprettet)), "EmneNr", mox.KodeUgyldig},
		"twice":               {lille("2015-08-01", etEmne("02.34.02", "x", oprettet)+"\n"+etEmne("02.34.02", "x", oprettet)), "linje 2: nummeret 02.34.02 står også i linje 1", mox.KodeUgyldig},
		"no title":            {lille("2015-08-01", etEmne("02.34.02", "", oprettet)), "EmneTitel", mox.KodeUgyldig},
		"no creation":         {lille("2015-08-01", etEmne("02.34.02", "x", "")), "OprettetDato", mox.KodeUgyldig},
		"a number of someone": {lille("2015-08-01", etEmne("0102031234", "x", oprettet)), "******", mox.KodeUgyldig},
	} {
		t.Run(navn, func(t *testing.T) {
			t.Parallel()
			_, err := kle.Laes(strings.NewReader(c.xml))
			if tekst := fejltekst(err); mox.KodeAf(err) != c.kode || !strings.Contains(tekst, c.vil) {
				t.Errorf("%s: %s", mox.KodeAf(err), tekst)
			}
		})
	}
	mange := slices.Repeat([]string{etEmne("", "", "")}, 1000)
	_, err := kle.Laes(strings.NewReader(lille("2015-08-01", strings.Join(mange, "\n"))))
	if n := strings.Count(fejltekst(err), "\n"); n != 51 {
		t.Errorf("%d lines", n)
	}
	if _, err := kle.Laes(bytes.NewReader(append([]byte("<KLE-Emneplan>"), bytes.Repeat([]byte{' '}, kle.MaksBytes)...))); mox.KodeAf(err) != mox.KodeForStor {
		t.Error(err)
	}
}

// fejltekst is all that an error says, a field on each line.
func fejltekst(err error) string {
	e, ok := err.(*mox.Error)
	if !ok {
		return fmt.Sprint(err)
	}
	ud := e.Tekst + "\n"
	for _, f := range e.Felter {
		ud += f.Sti + ": " + f.Tekst + "\n"
	}
	return ud
}

// TestIDerErDeSamme fixes the ids: they stand in the registers of those who have imported. Others made the same (uuid5 in Python).
func TestIDerErDeSamme(t *testing.T) {
	t.Parallel()
	for got, want := range map[mox.ObjektID]mox.ObjektID{
		kle.KlassifikationID(): "28fed248-9929-5338-8b2d-915ef716d44f", kle.FacetID("emneplan"): "bf6ef52a-fbf6-525d-b9f3-ce7d1512b753", kle.KlasseID("27.35.04"): "5f89e944-8dee-5308-a0c2-5037a2f1a1d9",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if d := (&kle.Plan{Udgivet: time.Date(2015, 8, 1, 0, 0, 0, 0, time.UTC)}).Navn(); d != "KLE-Emneplan 2015-08-01" {
		t.Error(d)
	}
}

// FuzzLaes reads anything: what is read can be written to a register, and what cannot is refused with a place or a reason.
func FuzzLaes(f *testing.F) {
	f.Add(lille("2015-08-01", etEmne("02.34.02", "Carport [udgået]", oprettet+"<RettetDato>1991-01-01</RettetDato><Historisk><Flyttet><FlyttetDato>1989-01-01</FlyttetDato><AfloestAf><GruppeNr>02.34</GruppeNr></AfloestAf></Flyttet></Historisk>")))
	f.Add("<KLE-Handlingsfacetter><UdgivelsesDato>2015-08-01</UdgivelsesDato>")
	f.Add("<!DOCTYPE x>")
	f.Fuzz(func(t *testing.T, xml string) {
		p, err := kle.Laes(strings.NewReader(xml))
		if err != nil {
			if kode := mox.KodeAf(err); kode != mox.KodeUgyldig && kode != mox.KodeForStor {
				t.Fatal(err)
			}
			return
		}
		nytArkiv(t).importer(p)
	})
}

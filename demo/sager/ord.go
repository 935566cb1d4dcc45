package sager

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/moxkit/mox/demo/byggesag"
)

// projekt is a kind of building work.
type projekt struct{ titel, beskrivelse, kle string }

var projekter = []projekt{
	{"Opførelse af carport", "Carport på 32 m² i skel mod nabo; tag med ensidigt fald.", "02.34.04"},
	{"Tilbygning til enfamiliehus", "Tilbygning på 48 m² med køkken-alrum og bryggers.", "02.34.02"},
	{"Opførelse af enfamiliehus", "Fritliggende enfamiliehus i ét plan, 164 m².", "02.34.02"},
	{"Nedrivning af udhus", "Nedrivning af udhus på 18 m²; asbestplader anmeldes særskilt.", "02.34.04"},
	{"Udnyttelse af tagetage", "Indretning af to værelser og bad i eksisterende tagetage.", "02.34.02"},
	{"Overdækket terrasse", "Overdækning af terrasse, 24 m²; afstand til skel 2,6 m.", "02.34.04"},
	{"Ændret anvendelse af staldbygning", "Staldbygning ønskes anvendt til værksted og opbevaring.", "01.03.06"},
	{"Bolig i landzone", "Ny bolig til medhjælper på landbrugsejendom.", "01.03.03"},
	{"Etablering af parkeringspladser", "Seks parkeringspladser ved boligforening; belægning med græsarmering.", "02.01.02"},
	{"Ny adgangsvej", "Ny overkørsel og adgangsvej på 4,5 m bredde.", "02.01.03"},
	{"Opførelse af rækkehuse", "Otte rækkehuse i to plan; bebyggelsesprocent 38.", "02.34.02"},
	{"Ombygning af butik til bolig", "Butikslokale i stueetage ombygges til to boliger; brandadskillelse ændres.", "02.34.02"},
}

var (
	fornavne       = []string{"Åse", "Søren", "Bodil", "Jørgen", "Kåre", "Ærø", "Birthe", "Rasmus", "Øjvind", "Lærke", "Gro", "Troels"}
	efternavne     = []string{"Testesen", "Prøvegård", "Eksempelby", "Øvebæk", "Tænktsen", "Forsøgskær", "Påhitsdal", "Dømmesten"}
	veje           = []string{"Ærenprisvej", "Østre Prøvealle", "Åløkkestien", "Nøddehegnet", "Blåbærsvinget", "Sømosen", "Kløverengen", "Vestre Ådal", "Rønnebærstræde", "Pælebjergvej"}
	byer           = []string{"5999 Øvelse", "9998 Prøvestrup", "8999 Åtved", "5998 Kærby"}
	sagsbehandlere = []string{"bygsag01", "bygsag02", "bygsag03", "bygsag04"}
)

func (g *generator) vaelg(l []string) string { return l[g.rng.IntN(len(l))] }

func (g *generator) projekt() projekt { return projekter[g.rng.IntN(len(projekter))] }

func (g *generator) adresse() string {
	return fmt.Sprintf("%s %d, %s", g.vaelg(veje), 1+g.rng.IntN(120), g.vaelg(byer))
}

// person is an invented applicant; nobody is born on 31 February.
func (g *generator) person() (cpr, navn string) {
	return fmt.Sprintf("3102%02d%04d", 40+g.rng.IntN(60), g.rng.IntN(10000)), g.vaelg(fornavne) + " " + g.vaelg(efternavne)
}

func (g *generator) tekst(s byggesag.Sag, titel string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\nSag: %s\nEjendom: %s, matr.nr. %s\nAnsøger: %s\n\n", titel, s.Nr, s.Adresse, s.Matrikel, s.AnsoegerNavn)
	for n := range 3 + g.rng.IntN(20) {
		fmt.Fprintf(&b, "%d. %s\n", n+1, g.projekt().beskrivelse)
	}
	return []byte(b.String())
}

// kort is a title in the middle of a sentence.
func kort(titel string) string {
	r, n := utf8.DecodeRuneInString(titel)
	return string(unicode.ToLower(r)) + titel[n:]
}

package oio

import (
	"strings"
	"time"

	"github.com/moxkit/mox"
)

// The namespaces of an envelope.
const (
	rumKuvert = "urn:oio:besked:kuvert:1.0"
	rumSagdok = "urn:oio:sagdok:3.0.0"
	rumMox    = "urn:mox:besked:1.0" // what the envelope has no element for
	rumSig    = "http://www.w3.org/2000/09/xmldsig#"
)

// form is what may stand in an element of the envelope.
type form uint8

const (
	sammensat form = iota // the elements named, in their order
	unikid                // UUIDIdentifikator or URNIdentifikator
	aktoerID              // UUIDIdentifikator
	tidspunkt             // TidsstempelDatoTid or GraenseIndikator
	streng                // text
	alt                   // anything, in whatever namespace
	udvidelse             // one element of the envelope, and anything of other namespaces
)

// led is an element of the envelope: how often, and what it holds. spec: mox 6, 6.2
type led struct {
	navn         string
	mindst, maks int // maks 0 = any number
	form         form
	dele         []led
}

func (l led) del(navn string) (_ led, ok bool) {
	for _, d := range l.dele {
		if d.navn == navn {
			return d, true
		}
	}
	return led{}, false
}

// kuvertform is the schema of the envelope, as a table. It is also the order in which one is written.
var kuvertform = led{navn: "Haendelsesbesked", mindst: 1, maks: 1, dele: []led{
	{navn: "BeskedId", mindst: 1, maks: 1, form: unikid},
	{navn: "BeskedVersion", mindst: 1, maks: 1, form: streng},
	{navn: "Beskedkuvert", mindst: 1, maks: 1, dele: []led{
		{navn: "Filtreringsdata", mindst: 1, maks: 1, dele: []led{
			{navn: "Beskedtype", mindst: 1, maks: 1, form: unikid},
			{navn: "BeskedAnsvarligAktoer", maks: 1, form: aktoerID},
			{navn: "TilladtModtager", form: unikid},
			{navn: "RelateretObjekt", dele: []led{
				{navn: "ObjektId", mindst: 1, maks: 1, form: unikid},
				{navn: "ObjektType", mindst: 1, maks: 1, form: unikid},
				{navn: "ObjektRolle", maks: 1, form: unikid},
			}},
			{navn: "ObjektRegistrering", dele: []led{
				{navn: "ObjektRegistreringId", maks: 1, form: unikid},
				{navn: "RegistreringsAktoer", maks: 1, form: aktoerID},
				{navn: "Registreringstidspunkt", maks: 1, form: tidspunkt},
				{navn: "ObjektAnsvarligMyndighed", maks: 1, form: unikid},
				{navn: "ObjektId", maks: 1, form: unikid},
				{navn: "ObjektType", maks: 1, form: unikid},
				{navn: "ObjektHandling", maks: 1, form: unikid},
				{navn: "OpgaveEmne", maks: 1, form: unikid},
				{navn: "ObjektRegistreringLokalUdvidelse", maks: 1, form: udvidelse, dele: []led{{navn: "AfsenderSystemSignatur", maks: 1, form: alt}}},
			}},
			{navn: "TvaergaaendeProces", form: unikid},
		}},
		{navn: "Leveranceinformation", mindst: 1, maks: 1, dele: []led{
			{navn: "Dannelsestidspunkt", maks: 1, form: tidspunkt},
			{navn: "TransaktionsId", maks: 1, form: unikid},
			{navn: "Kildesystem", maks: 1, form: aktoerID},
			{navn: "KildesystemIPAdresse", maks: 1, form: streng},
			{navn: "KildesystemAkkreditiver", maks: 1, form: streng},
			{navn: "Sikkerhedsklassificering", maks: 1, form: unikid},
			{navn: "Leveranceruter", maks: 1, dele: []led{leveranceruteform}},
			{navn: "LeveranceinformationLokalUdvidelse", maks: 1, form: udvidelse, dele: []led{{navn: "BeskedfordelerSignatur", maks: 1, form: alt}}},
		}},
		{navn: "Modtagerhandling", maks: 1, dele: []led{
			{navn: "Handling", maks: 1, form: unikid},
			{navn: "Responsmodtager", maks: 1, form: aktoerID},
		}},
		{navn: "GyldighedFra", maks: 1, form: tidspunkt},
		{navn: "GyldighedTil", maks: 1, form: tidspunkt},
	}},
	{navn: "Beskeddata", form: alt},
}}

var leveranceruteform = led{navn: "Leverancerute", dele: []led{
	{navn: "Fordelingssystem", maks: 1, form: unikid},
	{navn: "ModtagelsesTidspunkt", maks: 1, form: tidspunkt},
	{navn: "LeveranceTidspunkt", maks: 1, form: tidspunkt},
	{navn: "ModtagetFraSystem", maks: 1, form: aktoerID},
	{navn: "ErLeveretIHenholdTil", maks: 1, form: unikid},
	{navn: "LeveranceruteLokalUdvidelse", maks: 1, form: udvidelse, dele: []led{{navn: "AntalLeveranceforsoeg", maks: 1, form: streng}}},
}}

// The places in an envelope that hold metadata, and more than one row needs.
const (
	iFiltrering   = "Beskedkuvert/Filtreringsdata/"
	iRegistrering = iFiltrering + "ObjektRegistrering/"
	iLeverance    = "Beskedkuvert/Leveranceinformation/"
	elRelateret   = iFiltrering + "RelateretObjekt"
	elUdvidelse   = iRegistrering + "ObjektRegistreringLokalUdvidelse"
)

// kuvertplads is where a metadata field stands in the envelope. A field that no row names stands in
// ObjektRegistreringLokalUdvidelse, as an element of its own name in our namespace; so does the value of one that its
// element cannot hold.
type kuvertplads struct {
	felt, element string
	liste         string // its code list; "" = the field's own name in a URN of ours, where it is neither UUID nor URN
}

// kuvertpladser is the envelope's column of the field table. livscykluskode and handling share an element, which tells
// handling where both are said; RegistreringsAktoer is the user where it is a UUID, else the system. spec: mox 6.6
var kuvertpladser = []kuvertplads{
	{"beskedID", "BeskedId", ""},
	{"beskedversion", "BeskedVersion", ""},
	{"beskedtype", iFiltrering + "Beskedtype", KodeBeskedtype},
	{"objektID", iRegistrering + "ObjektId", ""},
	{"objekttype", iRegistrering + "ObjektType", KodeObjekttype},
	{"livscykluskode", iRegistrering + "ObjektHandling", KodeHandling},
	{"handling", iRegistrering + "ObjektHandling", KodeHandling},
	{"registreringID", iRegistrering + "ObjektRegistreringId", ""},
	{"registreringstid", iRegistrering + "Registreringstidspunkt", ""},
	{"aktoer", iFiltrering + "BeskedAnsvarligAktoer", ""},
	{"bruger", iRegistrering + "RegistreringsAktoer", ""},
	{"myndighed", iRegistrering + "ObjektAnsvarligMyndighed", ""},
	{"opgaveemne", iRegistrering + "OpgaveEmne", ""},
	{"procesID", iFiltrering + "TvaergaaendeProces", ""},
	{"tilladtmodtager", iFiltrering + "TilladtModtager", ""},
	{"gyldigFra", "Beskedkuvert/GyldighedFra", ""},
	{"gyldigTil", "Beskedkuvert/GyldighedTil", ""},
	{"sikkerhedsklasse", iLeverance + "Sikkerhedsklassificering", KodeSikkerhedsklasse},
	{"kildesystem", iLeverance + "Kildesystem", KodeSystem},
	{"dannelsestidspunkt", iLeverance + "Dannelsestidspunkt", ""},
}

// Kuvertelement is the path of the element in a Haendelsesbesked that holds the metadata field.
func Kuvertelement(felt string) string {
	for _, p := range kuvertpladser {
		if p.felt == felt {
			return p.element
		}
	}
	return elUdvidelse + "/" + felt
}

const (
	graense   = "uendelig" // the value of a Tidspunkt with GraenseIndikator true
	urnKLE    = "urn:oio:kle:"
	urnLivsc  = urnNavn + "livscykluskode:"
	elHandl   = iRegistrering + "ObjektHandling"
	elAnsv    = iFiltrering + "BeskedAnsvarligAktoer"
	elRegAkt  = iRegistrering + "RegistreringsAktoer"
	elGyldFra = "Beskedkuvert/GyldighedFra"
	elGyldTil = "Beskedkuvert/GyldighedTil"
)

// elementer are the values of the envelope's own elements, by path.
func (k Koder) elementer(b *mox.Besked) map[string][]string {
	ud := map[string][]string{}
	for _, p := range kuvertpladser {
		f, _ := mox.BeskedfeltAf(p.felt)
		for _, v := range f.Hent(b) {
			if w, ok := k.tilElement(p, v); ok {
				ud[p.element] = append(ud[p.element], w)
			}
		}
	}
	switch {
	case b.Handling != "":
		ud[elHandl] = []string{k.tilID(KodeHandling, b.Handling)}
	case b.LivscyklusKode != "":
		ud[elHandl] = []string{k.livscyklus(b.LivscyklusKode)}
	}
	if ud[elRegAkt] == nil && ud[elAnsv] != nil {
		ud[elRegAkt] = ud[elAnsv]
	}
	switch fra, til := ud[elGyldFra] != nil, ud[elGyldTil] != nil; { // spec: mox 9
	case fra && !til:
		ud[elGyldTil] = []string{graense}
	case til && !fra:
		ud[elGyldFra] = []string{graense}
	}
	return ud
}

func (k Koder) livscyklus(l mox.LivscyklusKode) string {
	if uuid, ok := k.uuid[[2]string{KodeHandling, string(l)}]; ok {
		return uuid
	}
	return urnLivsc + string(l)
}

// tilElement is a field's value as its element has it; ok is false where the element cannot hold it.
func (k Koder) tilElement(p kuvertplads, v string) (string, bool) {
	l := kuvertled(p.element)
	switch {
	case l.form == tidspunkt:
		return v, true
	case l.form == streng:
		return v, erXMLTekst(v)
	case l.form == aktoerID && p.liste != "":
		id := k.tilID(p.liste, v)
		return id, mox.ErUUID(id)
	case l.form == aktoerID:
		return v, mox.ErUUID(v)
	case p.felt == "opgaveemne" && erKLE(v):
		return urnKLE + v, true
	}
	return k.tilID(p.kodeliste(), v), true
}

func (p kuvertplads) kodeliste() string {
	if p.liste != "" {
		return p.liste
	}
	return p.felt
}

// erKLE reports whether v is a KLE number: groups of digits with dots.
func erKLE(v string) bool { return v != "" && strings.Trim(v, "0123456789.") == "" }

func kuvertled(sti string) led {
	l := kuvertform
	for navn := range strings.SplitSeq(sti, "/") {
		l, _ = l.del(navn)
	}
	return l
}

// fraElementer reads metadata from the envelope's own elements.
func (k Koder) fraElementer(l *laesning, v map[string][]string) (b mox.Besked) {
	for _, p := range kuvertpladser {
		vaerdier := make([]string, 0, len(v[p.element]))
		for _, w := range v[p.element] {
			if w = k.fraElement(p, w); w != "" || kuvertled(p.element).maks == 0 {
				vaerdier = append(vaerdier, w)
			}
		}
		f, _ := mox.BeskedfeltAf(p.felt)
		her := stien(p.element)
		if len(vaerdier) > 0 {
			l.saet(her, f, &b, vaerdier)
		}
	}
	if b.Aktoer == "" {
		b.Aktoer, b.Bruger = b.Bruger, ""
	} else if b.Bruger == b.Aktoer {
		b.Bruger = ""
	}
	return b
}

// stien is a path of the envelope as a place.
func stien(element string) *sti {
	ud := &sti{navn: kuvertform.navn}
	for navn := range strings.SplitSeq(element, "/") {
		ud = &sti{over: ud, navn: navn}
	}
	return ud
}

func (k Koder) fraElement(p kuvertplads, w string) string {
	switch form := kuvertled(p.element).form; {
	case p.felt == "livscykluskode" || p.felt == "handling":
		livscyklus, navn := k.handling(w)
		if (p.felt == "livscykluskode") != livscyklus {
			return ""
		}
		return navn
	case form == tidspunkt && w == graense:
		return ""
	case form == tidspunkt:
		t, _ := time.Parse(time.RFC3339Nano, w) // the reader has seen that it is one
		return t.UTC().Format(time.RFC3339Nano)
	case form == streng:
		return w
	case form == aktoerID && p.liste == "":
		return strings.ToLower(w)
	case p.felt == "opgaveemne" && strings.HasPrefix(w, urnKLE) && erKLE(w[len(urnKLE):]):
		return w[len(urnKLE):]
	}
	return k.fraID(p.kodeliste(), w)
}

// handling reads ObjektHandling: one of the five livscykluskoder, or a handling of another kind.
func (k Koder) handling(w string) (livscyklus bool, navn string) {
	if kort, ok := strings.CutPrefix(w, urnLivsc); ok {
		if l, ok := mox.LaesLivscyklusKode(kort); ok {
			return true, string(l)
		}
	}
	navn = k.fraID(KodeHandling, w)
	if mox.ErUUID(strings.ToLower(w)) {
		for _, l := range mox.LivscyklusKoder() {
			if navn == string(l) {
				return true, navn
			}
		}
	}
	return false, navn
}

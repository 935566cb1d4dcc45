package oio

import (
	"encoding/xml"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/moxkit/mox"
)

// rumSoap is the namespace of a SOAP 1.1 envelope.
const rumSoap = "http://schemas.xmlsoap.org/soap/envelope/"

// Operation is an operation of a register in XML: the name of its elements, which end in Input and Output.
type Operation string

// The operations. spec: oio 1.7
const (
	OpLaes     Operation = "Laes"
	OpList     Operation = "List"
	OpSoeg     Operation = "Soeg"
	OpOpret    Operation = "Opret"
	OpImporter Operation = "Import"
	OpRet      Operation = "Ret"
	OpPassiver Operation = "Passiver"
	OpSlet     Operation = "Slet"
)

// Operationer are the operations, in the order a WSDL has them.
func Operationer() []Operation {
	return []Operation{OpLaes, OpList, OpSoeg, OpOpret, OpImporter, OpRet, OpPassiver, OpSlet}
}

// Limits on a call.
const (
	MaksKaldIDer   = 1000      // of one List
	maksKaldResult = 1_000_000 // of one Soeg, and how many it may pass over
)

// Kald is a call of an operation.
type Kald struct {
	Operation    Operation
	ObjektID     []mox.ObjektID // several for List only; none for Opret and Soeg
	Registrering mox.Registrering
	VirkFra      mox.Tidspunkt // filters; not given = none
	VirkTil      mox.Tidspunkt
	RegFra       mox.Tidspunkt
	RegTil       mox.Tidspunkt
	Livscyklus   mox.LivscyklusKode // of Soeg; "" = any but Slettet
	VirkningNote string             // of Soeg
	Foerste      int                // of Soeg: how many to pass over
	Maks         int                // of Soeg; 0 = all
}

// Soapfejl is what a Fault tells: a call that is not one of SOAP 1.1, or of no operation there is.
type Soapfejl struct{ Kode, Tekst string }

func (f *Soapfejl) Error() string { return f.Kode + ": " + f.Tekst }

// The codes of a Fault.
const (
	SoapClient         = "Client"
	SoapServer         = "Server"
	SoapVersion        = "VersionMismatch"
	SoapMustUnderstand = "MustUnderstand"
)

// LaesKald reads a SOAP 1.1 envelope with a call about objekter of type t. The error is a [*Soapfejl], or, with the Operation
// known, an [*mox.Error] as of [UnmarshalRegistreringXML]. The limits are those of that, with [MaksIndreBytes].
func LaesKald(raa []byte, t mox.ObjektType, k Koder) (Kald, error) {
	const op = "oio.LaesKald"
	type_, err := typeAf(op, t)
	if err != nil {
		return Kald{}, err
	}
	if len(raa) > MaksIndreBytes {
		return Kald{}, forStor(op, len(raa), MaksIndreBytes)
	}
	l, err := laesXML(raa)
	if err != nil {
		return Kald{}, &Soapfejl{SoapClient, "kaldet kan ikke læses: " + err.Error()}
	}
	e, fejl := soapKrop(l.rod)
	if fejl != nil {
		return Kald{}, fejl
	}
	nr := slices.IndexFunc(Operationer(), func(o Operation) bool { return e.rum == type_.Skema && e.navn == string(o)+"Input" })
	if nr < 0 {
		return Kald{}, &Soapfejl{SoapClient, "operationen kendes ikke; ?wsdl siger, hvilke der er"}
	}
	x := kaldlaesning{xmllaesning: xmllaesning{raa: raa, koder: k, t: type_}, kald: Kald{Operation: Operationer()[nr]}}
	x.input(e)
	return x.kald, ugyldig(op, "kaldet er ugyldigt", x.fejl)
}

// soapKrop is the one element in the body of an envelope.
func soapKrop(rod *element) (*element, error) {
	if rod.navn != "Envelope" || rod.rum != rumSoap {
		if rod.navn == "Envelope" {
			return nil, &Soapfejl{SoapVersion, "kaldet skal være SOAP 1.1"}
		}
		return nil, &Soapfejl{SoapClient, "kaldet er ikke en SOAP-kuvert"}
	}
	var krop *element
	for _, b := range rod.boern {
		switch {
		case b.rum == rumSoap && b.navn == "Header":
			for _, h := range b.boern {
				if skalForstaas(h) {
					return nil, &Soapfejl{SoapMustUnderstand, "kaldet har et hoved, der skal forstås, og som ikke kendes"}
				}
			}
		case b.rum == rumSoap && b.navn == "Body" && krop == nil:
			krop = b
		}
	}
	if krop == nil || len(krop.boern) != 1 {
		return nil, &Soapfejl{SoapClient, "kaldets Body skal have netop ét element"}
	}
	return krop.boern[0], nil
}

func skalForstaas(h *element) bool {
	return slices.ContainsFunc(h.attr, func(a attribut) bool {
		return a.rum == rumSoap && a.navn == "mustUnderstand" && (a.vaerdi == "1" || a.vaerdi == "true")
	})
}

type kaldlaesning struct {
	xmllaesning
	kald Kald
}

// objektelement is the element that an objekt of the type is in XML.
func objektelement(t *mox.Type) string {
	if t.Navn == mox.Dokument {
		return "DokumentIndeks"
	}
	return string(t.Navn)
}

// input reads the element of a call. What is not about the call itself is about a registrering.
func (x *kaldlaesning) input(e *element) {
	reg := *e
	reg.boern = nil
	for _, b := range e.boern {
		switch {
		case x.om(b):
		case x.registreres(b):
			reg.boern = append(reg.boern, b)
		default:
			x.uventet("", b)
		}
	}
	x.kraevede(e)
	if x.kald.Operation == OpImporter {
		return
	}
	if r := x.registrering(&reg); len(x.fejl) == 0 {
		r.BrugerRef = x.kald.Registrering.BrugerRef // of what is searched for
		x.kald.Registrering = r
	}
	if x.kald.Operation == OpSoeg {
		x.udenVirkning(&reg)
		x.kanSoeges(&x.kald.Registrering)
	}
}

// kanSoeges refuses what is said in a search and cannot be looked for: it would be passed over without a word.
func (x *kaldlaesning) kanSoeges(r *mox.Registrering) {
	for _, liste := range slices.Sorted(maps.Keys(r.LokalUdvidelser)) {
		x.afvis(sted(liste), "ukendt", "oio 70", "har noget, der ikke kan søges med: en lokaludvidelse, eller en rolle, der ikke kendes")
	}
	for _, navn := range slices.Sorted(maps.Keys(r.Relationer)) {
		for i, rel := range r.Relationer[navn] {
			if rel.LokalUdvidelse != "" || rel.Reference.Tom() && len(rel.Felter) == 0 {
				x.afvis(sted(fmt.Sprintf("relationer.%s[%d]", navn, i)), "ukendt", "oio 70", "skal have en ReferenceID, og intet, der ikke kan søges med")
			}
		}
	}
}

// registreres reports whether an element is part of the registrering in the call.
func (x *kaldlaesning) registreres(e *element) bool {
	liste := slices.Contains([]string{"AttributListe", "TilstandListe", "RelationListe"}, e.navn) || e.navn == "VariantListe" && x.t.Varianter
	switch x.kald.Operation {
	case OpOpret, OpRet:
		return liste || e.navn == "NoteTekst"
	case OpPassiver, OpSlet:
		return e.navn == "NoteTekst"
	case OpSoeg:
		return liste
	}
	return false
}

// om reads an element about the call itself, and reports whether it is one.
func (x *kaldlaesning) om(e *element) bool {
	k := &x.kald
	switch k.Operation {
	case OpOpret:
		return false
	case OpImporter:
		if e.navn == objektelement(x.t) {
			x.objekt(e)
			return true
		}
		return false
	case OpSoeg:
		return x.soegning(e)
	}
	if e.navn == "UUIDIdentifikator" {
		k.ObjektID = append(k.ObjektID, x.uuid("uuid", e))
		return true
	}
	return (k.Operation == OpLaes || k.Operation == OpList) && x.filter(e)
}

func (x *kaldlaesning) filter(e *element) bool {
	k := &x.kald
	switch e.navn {
	case "VirkningFraFilter":
		k.VirkFra = x.tidspunktXML("virkningfra", e, mox.MinusUendelig)
	case "VirkningTilFilter":
		k.VirkTil = x.tidspunktXML("virkningtil", e, mox.Uendelig)
	case "RegistreringFraFilter", "StsRegistreringFraFilter":
		k.RegFra = x.tidspunktXML("registreretfra", e, mox.MinusUendelig)
	case "RegistreringTilFilter", "StsRegistreringTilFilter":
		k.RegTil = x.tidspunktXML("registrerettil", e, mox.Uendelig)
	default:
		return false
	}
	return true
}

func (x *kaldlaesning) soegning(e *element) bool {
	k := &x.kald
	switch e.navn {
	case "FoersteResultatReference":
		k.Foerste = x.antal("foersteresultat", e, 0)
	case "MaksimalAntalKvantitet":
		k.Maks = x.antal("maximalantalresultater", e, 1)
	case "SoegStsFraTidspunkt":
		k.RegFra = x.tidspunktXML("registreretfra", e, mox.MinusUendelig)
	case "SoegStsTilTidspunkt":
		k.RegTil = x.tidspunktXML("registrerettil", e, mox.Uendelig)
	case "SoegRegistrering":
		x.tider("registreret", e, &k.RegFra, &k.RegTil)
	case "SoegVirkning":
		x.tider("virkning", e, &k.VirkFra, &k.VirkTil)
	default:
		return false
	}
	return true
}

// tider reads when something is searched for, and who did it.
func (x *kaldlaesning) tider(om string, e *element, fra, til *mox.Tidspunkt) {
	for _, b := range e.boern {
		switch {
		case b.navn == "FraTidspunkt":
			*fra = x.tidspunktXML(om+"fra", b, mox.MinusUendelig)
		case b.navn == "TilTidspunkt":
			*til = x.tidspunktXML(om+"til", b, mox.Uendelig)
		case om == "registreret" && b.navn == "LivscyklusKode":
			x.kald.Livscyklus = x.livscyklus(b)
		case om == "registreret" && b.navn == "BrugerRef":
			x.kald.Registrering.BrugerRef = x.unikID("brugerref", b)
		case om == "virkning" && b.navn == "NoteTekst":
			x.kald.VirkningNote = x.enTekst("notetekst", b)
		default:
			x.afvis(sted(vist(b.navn)), "ukendt", "oio 70", "kan der ikke søges med")
		}
	}
}

func (x *kaldlaesning) antal(her string, e *element, mindst int) int {
	n, err := strconv.Atoi(strings.TrimSpace(x.enTekst(her, e)))
	if err != nil || n < mindst || n > maksKaldResult {
		x.afvis(sted(her), "vaerdi", "oio 73", "skal være et helt tal fra %d til %d", mindst, maksKaldResult)
	}
	return n
}

// udenVirkning refuses a time on what is searched for: that is said once, in SoegVirkning.
func (x *kaldlaesning) udenVirkning(e *element) {
	for _, b := range e.boern {
		if b.navn == "Virkning" && len(b.boern) > 0 {
			x.afvis(sted("virkning"), "ukendt", "oio 72", "gives i SoegVirkning og gælder alt, der søges med")
			return
		}
		x.udenVirkning(b)
	}
}

// objekt reads the objekt of an import.
func (x *kaldlaesning) objekt(e *element) {
	antal := 0
	for _, b := range e.boern {
		switch b.navn {
		case "UUIDIdentifikator":
			x.kald.ObjektID = append(x.kald.ObjektID, x.uuid("uuid", b))
		case "Registrering":
			antal++
			x.kald.Registrering = x.registrering(b)
		default:
			x.uventet("", b)
		}
	}
	if antal != 1 {
		x.afvis(sted("registrering"), "antal", "oio 1.7", "skal stå netop én gang: registeret tager den gældende og sætter selv tiden")
	}
}

// kraevede checks how many objekter the call names.
func (x *kaldlaesning) kraevede(e *element) {
	antal := len(x.kald.ObjektID)
	switch x.kald.Operation {
	case OpOpret, OpSoeg:
	case OpList:
		if antal < 1 || antal > MaksKaldIDer {
			x.afvis(sted("uuid"), "antal", "oio 1.7", "skal stå fra 1 til %d gange", MaksKaldIDer)
		}
	default:
		if antal != 1 {
			x.afvis(sted("uuid"), "antal", "oio 1.7", "skal stå netop én gang")
		}
	}
}

// Svar is the answer to a call.
type Svar struct {
	StatusKode int
	Fejlbesked string
	ObjektID   mox.ObjektID // that was made
	Objekter   []Svarobjekt // that were read
	Fundne     []mox.ObjektID
	HarFundet  bool // there is a list of found objekter, which may be empty
}

// Svarobjekt is an objekt in an answer.
type Svarobjekt struct {
	ObjektID       mox.ObjektID
	Registreringer []mox.Registrering
}

// SkrivSvar gives the envelope of an answer. spec: oio 75
func SkrivSvar(t mox.ObjektType, o Operation, v Svar, k Koder) ([]byte, error) {
	const op = "oio.SkrivSvar"
	s, err := nyXMLskriver(op, t, k)
	if err != nil {
		return nil, err
	}
	s.kuvert(func() {
		navn := "o:" + string(o) + "Output"
		s.aabn(navn, s.navnerum())
		s.omgivet("sd:StandardRetur", func() {
			s.enkelt("sd:StatusKode", strconv.Itoa(v.StatusKode))
			s.tekst("sd:FejlbeskedTekst", "", v.Fejlbesked, 0)
		})
		if v.ObjektID != "" {
			s.enkelt("sd:UUIDIdentifikator", string(v.ObjektID))
		}
		for i := range v.Objekter {
			s.oejebliksbillede(&v.Objekter[i])
		}
		if v.HarFundet {
			s.omgivet("sd:IdListe", func() {
				for _, id := range v.Fundne {
					s.enkelt("sd:UUIDIdentifikator", string(id))
				}
			})
		}
		s.luk(navn)
	})
	if len(s.prov.fejl) > 0 {
		return nil, ugyldig(op, "kan ikke skrives", s.prov.fejl)
	}
	return s.ud.Bytes(), nil
}

func (s *xmlskriver) kuvert(f func()) {
	s.ud.WriteString(xml.Header)
	s.aabn("soap:Envelope", ` xmlns:soap="`+rumSoap+`"`)
	s.omgivet("soap:Body", f)
	s.luk("soap:Envelope")
}

func (s *xmlskriver) oejebliksbillede(o *Svarobjekt) {
	s.omgivet("o:FiltreretOejebliksbillede", func() {
		s.omgivet("o:ObjektType", func() { s.enkelt("sd:UUIDIdentifikator", string(o.ObjektID)) })
		for i := range o.Registreringer {
			s.uden = nil
			s.registrering(&o.Registreringer[i])
		}
	})
}

// SkrivFault gives the envelope of a Fault.
func SkrivFault(f *Soapfejl) []byte {
	s := xmlskriver{prov: &skriver{}}
	s.kuvert(func() {
		s.omgivet("soap:Fault", func() {
			s.enkelt("faultcode", "soap:"+f.Kode)
			s.enkelt("faultstring", f.Tekst)
		})
	})
	return s.ud.Bytes()
}

package oio

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"

	"github.com/moxkit/mox"
)

// Skemaer are schemas of what a register's operations say about objekter of type t, by namespace: made from the type's table,
// with the names and order of the official ones. They are for programs that make code of a WSDL, and demand no more than the
// official ones do.
func Skemaer(t mox.ObjektType) map[string]string {
	type_, ok := mox.TypeAf(t)
	if !ok || type_.Skema == "" {
		return nil
	}
	return map[string]string{rumSagdok: skema(rumSagdok, sdSkema), rumGenerelt: skema(rumGenerelt, gdSkema),
		rumRegistreringen: skema(rumRegistreringen, vaerdiSkema), type_.Skema: skema(type_.Skema, typeskema(type_))}
}

// Skemarum are the namespaces of [Skemaer], each after those it speaks of.
func Skemarum(t mox.ObjektType) []string {
	type_, _ := mox.TypeAf(t)
	return []string{rumRegistreringen, rumSagdok, rumGenerelt, type_.Skema}
}

func skema(rum, indhold string) string {
	return `<schema xmlns="http://www.w3.org/2001/XMLSchema" xmlns:o="` + rum + `" xmlns:sd="` + rumSagdok + `" xmlns:gd="` + rumGenerelt + `" targetNamespace="` + rum +
		`" elementFormDefault="qualified">` + indhold + `</schema>`
}

// importer is the import of a namespace. A schema that lies in a WSDL says nothing of where it lies.
func importer(rum string) string { return `<import namespace="` + rum + `"/>` }

const vaerdiSkema = `<element name="` + navnVaerdi + `"><complexType><simpleContent><extension base="string"><attribute name="` + attrSti + `" type="string" use="required"/>` +
	`<attribute name="` + attrKodning + `" type="string"/></extension></simpleContent></complexType></element>`

// sdSkema is what sagdok 3.0.0 has of general elements, as far as the operations speak of them.
const sdSkema = `
<element name="NoteTekst" type="sd:Note"/><simpleType name="Note"><restriction base="string"><maxLength value="1024"/></restriction></simpleType>
<element name="UUIDIdentifikator" type="sd:UUID"/><simpleType name="UUID"><restriction base="string"><pattern value="[a-fA-F0-9]{8}-[a-fA-F0-9]{4}-[a-fA-F0-9]{4}-[a-fA-F0-9]{4}-[a-fA-F0-9]{12}"/></restriction></simpleType>
<element name="URNIdentifikator" type="sd:URN"/><simpleType name="URN"><restriction base="string"><maxLength value="255"/></restriction></simpleType>
<complexType name="UnikIdType"><choice><element ref="sd:UUIDIdentifikator"/><element ref="sd:URNIdentifikator"/></choice></complexType>
<element name="TidsstempelDatoTid" type="dateTime"/><element name="GraenseIndikator" type="boolean"/>
<complexType name="TidspunktType"><choice><element ref="sd:TidsstempelDatoTid"/><element ref="sd:GraenseIndikator"/></choice></complexType>
<element name="FraTidspunkt" type="sd:TidspunktType"/><element name="TilTidspunkt" type="sd:TidspunktType"/>
<element name="AktoerRef" type="sd:UnikIdType"/><element name="BrugerRef" type="sd:UnikIdType"/><element name="AktoerTypeKode" type="string"/><element name="LivscyklusKode" type="string"/>
<complexType name="VirkningType"><sequence><element ref="sd:FraTidspunkt" minOccurs="0"/><element ref="sd:TilTidspunkt" minOccurs="0"/><element ref="sd:AktoerRef" minOccurs="0"/>
<element ref="sd:AktoerTypeKode" minOccurs="0"/><element ref="sd:NoteTekst" minOccurs="0"/></sequence></complexType>
<element name="TitelAlternativTekst" type="string"/><element name="OffentlighedUndtagetHjemmelTekst" type="string"/><element name="OffentlighedUndtaget" type="sd:OffentlighedUndtagetType"/>
<complexType name="OffentlighedUndtagetType"><sequence><element ref="sd:TitelAlternativTekst"/><element ref="sd:OffentlighedUndtagetHjemmelTekst"/></sequence></complexType>
<complexType name="SagDokObjektType"><sequence><element ref="sd:UUIDIdentifikator"/></sequence></complexType>
<complexType name="RegistreringType"><sequence><element ref="sd:NoteTekst" minOccurs="0"/><element name="Tidspunkt" type="dateTime" minOccurs="0"/><element ref="sd:LivscyklusKode" minOccurs="0"/>
<element ref="sd:BrugerRef" minOccurs="0"/></sequence></complexType>
<element name="StatusKode" type="integer"/><element name="FejlbeskedTekst" type="string"/><element name="StandardRetur" type="sd:StandardReturType"/>
<complexType name="StandardReturType"><sequence><element ref="sd:StatusKode"/><element ref="sd:FejlbeskedTekst" minOccurs="0"/></sequence></complexType>
<complexType name="BasicOutputType"><sequence><element ref="sd:StandardRetur"/></sequence></complexType>
<complexType name="OpretOutputType"><complexContent><extension base="sd:BasicOutputType"><sequence><element ref="sd:UUIDIdentifikator" minOccurs="0"/></sequence></extension></complexContent></complexType>
<element name="IdListe" type="sd:IdListeType"/><complexType name="IdListeType"><sequence><element ref="sd:UUIDIdentifikator" minOccurs="0" maxOccurs="unbounded"/></sequence></complexType>
<complexType name="SoegOutputType"><sequence><element ref="sd:StandardRetur"/><element ref="sd:IdListe" minOccurs="0"/></sequence></complexType>
<complexType name="UuidNoteInputType"><sequence><element ref="sd:UUIDIdentifikator"/><element ref="sd:NoteTekst" minOccurs="0"/></sequence></complexType>
<element name="VirkningFraFilter" type="sd:TidspunktType"/><element name="VirkningTilFilter" type="sd:TidspunktType"/>
<element name="RegistreringFraFilter" type="sd:TidspunktType"/><element name="RegistreringTilFilter" type="sd:TidspunktType"/>
<group name="Filtre"><sequence><element ref="sd:VirkningFraFilter" minOccurs="0"/><element ref="sd:VirkningTilFilter" minOccurs="0"/><element ref="sd:RegistreringFraFilter" minOccurs="0"/>
<element ref="sd:RegistreringTilFilter" minOccurs="0"/></sequence></group>
<complexType name="LaesInputType"><sequence><element ref="sd:UUIDIdentifikator"/><group ref="sd:Filtre"/></sequence></complexType>
<complexType name="ListInputType"><sequence><element ref="sd:UUIDIdentifikator" maxOccurs="unbounded"/><group ref="sd:Filtre"/></sequence></complexType>
<element name="FoersteResultatReference" type="integer"/><element name="MaksimalAntalKvantitet" type="integer"/>
<element name="SoegRegistrering" type="sd:SoegRegistreringType"/><element name="SoegVirkning" type="sd:VirkningType"/>
<complexType name="SoegRegistreringType"><sequence><element ref="sd:FraTidspunkt" minOccurs="0"/><element ref="sd:TilTidspunkt" minOccurs="0"/><element ref="sd:LivscyklusKode" minOccurs="0"/>
<element ref="sd:BrugerRef" minOccurs="0"/></sequence></complexType>
`

// gdSkema is what Generelledefinitioner 1.2.4.0 has.
const gdSkema = `<import namespace="` + rumSagdok + `"/>
<element name="LokalUdvidelseListe" type="gd:LokalUdvidelseListeType"/>
<complexType name="LokalUdvidelseListeType"><sequence><any namespace="##other" processContents="lax" minOccurs="0" maxOccurs="unbounded"/></sequence></complexType>
<complexType name="RelationType"><sequence><element name="Virkning" minOccurs="0" type="sd:VirkningType"/><element name="Rolle" minOccurs="0" type="sd:UnikIdType"/>
<element name="Type" minOccurs="0" type="sd:UnikIdType"/><element name="Indeks" minOccurs="0" type="gd:Indeks"/><element name="ReferenceID" minOccurs="0" type="sd:UnikIdType"/>
<element name="LokalUdvidelseListe" minOccurs="0" type="gd:LokalUdvidelseListeType"/></sequence></complexType>
<simpleType name="Indeks"><restriction base="string"><maxLength value="36"/></restriction></simpleType>
<complexType name="RegistreringType"><complexContent><extension base="sd:RegistreringType"><sequence><element name="StsTidspunkt" minOccurs="0" type="dateTime"/></sequence></extension></complexContent></complexType>
`

// typeskema is the schema of a type from its table, with its operations.
func typeskema(t *mox.Type) string {
	s := skemaskriver{}
	s.raa(importer(rumSagdok) + importer(rumGenerelt))
	saet := t.Egenskaber()
	s.type_("EgenskaberType", func() { s.felter(saet.Felter, 0, true) })
	s.listetype("AttributListeType", func() { s.element(saet.XML, "o:EgenskaberType", "unbounded") })
	s.tilstande(t)
	s.relationer(t)
	if t.Varianter {
		s.type_("VariantEgenskaberType", func() { s.felter(t.Variant, 0, true) })
		s.type_("VariantType", func() {
			s.element("Variant", "string", "1")
			s.element("Egenskaber", "o:VariantEgenskaberType", "unbounded")
		})
		s.listetype("VariantListeType", func() { s.element("Variant", "o:VariantType", "unbounded") })
	}
	s.operationer(t)
	return s.String()
}

type skemaskriver struct{ strings.Builder }

func (s *skemaskriver) raa(v string) { s.WriteString(v) }

func (s *skemaskriver) type_(navn string, f func()) {
	s.raa(`<complexType name="` + navn + `"><sequence>`)
	f()
	s.raa("</sequence></complexType>\n")
}

// listetype is the type of a list, with the place for what others add.
func (s *skemaskriver) listetype(navn string, f func()) {
	s.type_(navn, func() { f(); s.raa(`<element ref="gd:LokalUdvidelseListe" minOccurs="0"/>`) })
}

func (s *skemaskriver) element(navn, type_, maks string) {
	fmt.Fprintf(s, `<element name="%s" type="%s" minOccurs="0" maxOccurs="%s"/>`, navn, type_, maks)
}

// udvider is a type that adds to another.
func (s *skemaskriver) udvider(navn, type_ string, f func()) {
	s.raa(`<complexType name="` + navn + `"><complexContent><extension base="` + type_ + `"><sequence>`)
	f()
	s.raa("</sequence></extension></complexContent></complexType>\n")
}

// felter writes elements of the fields that share the first dybde parts of their path.
func (s *skemaskriver) felter(felter []mox.Felt, dybde int, virkning bool) {
	if virkning {
		s.element("Virkning", "sd:VirkningType", "1")
	}
	felter = slices.DeleteFunc(slices.Clone(felter), func(f mox.Felt) bool { return f.XML == "" })
	for i := 0; i < len(felter); i++ {
		led := strings.Split(felter[i].XML, "/")
		til := i + 1
		for til < len(felter) && slices.Equal(foerste(felter[til].XML, dybde+1), led[:dybde+1]) {
			til++
		}
		switch navn := led[dybde]; {
		case strings.HasPrefix(navn, "sd:"):
			s.raa(`<element ref="` + navn + `" minOccurs="0"/>`)
		case len(led) == dybde+1:
			s.felt(&felter[i], navn)
		case navn == "OffentlighedUndtaget":
			s.element(navn, "sd:OffentlighedUndtagetType", "1")
		default:
			s.raa(`<element name="` + navn + `" minOccurs="0"><complexType><sequence>`)
			s.felter(felter[i:til], dybde+1, false)
			s.raa(`</sequence></complexType></element>`)
		}
		i = til - 1
	}
}

func (s *skemaskriver) felt(f *mox.Felt, navn string) {
	switch {
	case f.Base64:
		s.element(navn, "base64Binary", "1")
	case f.Slags == mox.Boolsk:
		s.element(navn, "boolean", "1")
	case f.Slags == mox.Heltal:
		s.element(navn, "integer", "1")
	case f.Slags == mox.Dato:
		s.element(navn, "date", "1")
	default:
		s.raa(`<element name="` + navn + `" minOccurs="0"><simpleType><restriction base="string">`)
		if f.XMLForm != "" {
			s.raa(`<pattern value="` + xmlAttr.Replace(f.XMLForm) + `"/>`)
		}
		if f.Maks > 0 {
			fmt.Fprintf(s, `<maxLength value="%d"/>`, f.Maks)
		}
		s.raa(`</restriction></simpleType></element>`)
	}
}

func (s *skemaskriver) tilstande(t *mox.Type) {
	s.listetype("TilstandListeType", func() {
		for i := range t.Tilstande {
			ydre, indre, _ := strings.Cut(t.Tilstande[i].XML, "/")
			s.raa(`<element name="` + ydre + `" minOccurs="0" maxOccurs="unbounded"><complexType><sequence>`)
			s.element("Virkning", "sd:VirkningType", "1")
			s.raa(`<element name="` + indre + `" minOccurs="0"><simpleType><restriction base="string">`)
			for _, v := range t.Tilstande[i].Vaerdi {
				s.raa(`<enumeration value="` + v + `"/>`)
			}
			s.raa(`</restriction></simpleType></element></sequence></complexType></element>`)
		}
	})
}

func (s *skemaskriver) relationer(t *mox.Type) {
	var familier []string
	for i := range t.Relationer {
		rt := &t.Relationer[i]
		if rt.XML == "" || slices.Contains(familier, rt.XML) {
			continue
		}
		familier = append(familier, rt.XML)
		if len(rt.Felter) > 0 {
			s.udvider(rt.XML+"RelationType", "gd:RelationType", func() { s.felter(rt.Felter, 0, false) })
		}
	}
	s.listetype("RelationListeType", func() {
		for _, navn := range familier {
			type_ := "gd:RelationType"
			if slices.ContainsFunc(t.Relationer, func(rt mox.RelationType) bool { return rt.XML == navn && len(rt.Felter) > 0 }) {
				type_ = "o:" + navn + "RelationType"
			}
			s.element(navn, type_, "unbounded")
		}
	})
}

// lister writes the lists of a registrering; mindst is how often each must be there.
func (s *skemaskriver) lister(t *mox.Type, mindst int) {
	for _, navn := range []string{"AttributListe", "TilstandListe", "RelationListe", "VariantListe"} {
		if navn != "VariantListe" || t.Varianter {
			fmt.Fprintf(s, `<element name="%s" type="o:%sType" minOccurs="%d"/>`, navn, navn, mindst)
		}
	}
}

func (s *skemaskriver) operationer(t *mox.Type) {
	s.udvider("RegistreringType", "gd:RegistreringType", func() { s.lister(t, 1) })
	s.udvider(objektelement(t)+"Type", "sd:SagDokObjektType", func() { s.raa(`<element name="Registrering" type="o:RegistreringType" maxOccurs="unbounded"/>`) })
	s.type_("ImportInputType", func() { s.raa(`<element name="` + objektelement(t) + `" type="o:` + objektelement(t) + `Type"/>`) })
	s.type_("OpretInputType", func() { s.raa(`<element ref="sd:NoteTekst" minOccurs="0"/>`); s.lister(t, 0) })
	s.udvider("RetInputType", "sd:UuidNoteInputType", func() { s.lister(t, 0) })
	s.type_("FiltreretOejebliksbilledeType", func() {
		s.raa(`<element name="ObjektType" type="sd:SagDokObjektType"/>`)
		s.element("Registrering", "o:RegistreringType", "unbounded")
	})
	s.udvider("LaesOutputType", "sd:BasicOutputType", func() { s.element("FiltreretOejebliksbillede", "o:FiltreretOejebliksbilledeType", "1") })
	s.udvider("ListOutputType", "sd:BasicOutputType", func() { s.element("FiltreretOejebliksbillede", "o:FiltreretOejebliksbilledeType", "unbounded") })
	s.type_("SoegInputType", func() {
		for _, navn := range []string{"FoersteResultatReference", "MaksimalAntalKvantitet", "SoegRegistrering", "SoegVirkning"} {
			s.raa(`<element ref="sd:` + navn + `" minOccurs="0"/>`)
		}
		s.element("SoegStsFraTidspunkt", "sd:TidspunktType", "1")
		s.element("SoegStsTilTidspunkt", "sd:TidspunktType", "1")
		s.lister(t, 1)
	})
	for _, o := range Operationer() {
		ind, ud := operationstyper(o)
		s.raa(`<element name="` + string(o) + `Input" type="` + ind + `"/><element name="` + string(o) + `Output" type="` + ud + `"/>`)
	}
}

// operationstyper are the types of an operation's two elements.
func operationstyper(o Operation) (ind, ud string) {
	switch o {
	case OpLaes, OpList:
		return "sd:" + string(o) + "InputType", "o:" + string(o) + "OutputType"
	case OpSoeg:
		return "o:SoegInputType", "sd:SoegOutputType"
	case OpOpret:
		return "o:OpretInputType", "sd:OpretOutputType"
	case OpPassiver, OpSlet:
		return "sd:UuidNoteInputType", "sd:BasicOutputType"
	}
	return "o:" + string(o) + "InputType", "sd:BasicOutputType"
}

// wsdlnavn is the name of an operation in a WSDL.
func (o Operation) wsdlnavn() string {
	if o == OpImporter {
		return "importer"
	}
	return strings.ToLower(string(o))
}

// WSDL describes the service of a type at adresse: SOAP 1.1, document/literal.
func WSDL(t mox.ObjektType, adresse string) []byte {
	type_, _ := mox.TypeAf(t)
	navn, rum := string(t), "urn:mox:soap:"+strings.ToLower(string(t))
	var b bytes.Buffer
	b.WriteString(xml.Header)
	fmt.Fprintf(&b, `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:o="%s" xmlns:t="%s" targetNamespace="%[2]s" name="%s"><types>`, type_.Skema, rum, navn)
	skemaer := Skemaer(t)
	for _, r := range Skemarum(t) {
		b.WriteString(skemaer[r])
	}
	b.WriteString("</types>\n")
	var port, binding bytes.Buffer
	for _, o := range Operationer() {
		fmt.Fprintf(&b, `<message name="%[1]sInput"><part name="body" element="o:%[1]sInput"/></message><message name="%[1]sOutput"><part name="body" element="o:%[1]sOutput"/></message>`+"\n", o)
		fmt.Fprintf(&port, `<operation name="%[2]s"><input message="t:%[1]sInput"/><output message="t:%[1]sOutput"/></operation>`, o, o.wsdlnavn())
		fmt.Fprintf(&binding, `<operation name="%[1]s"><soap:operation soapAction="%[2]s:%[1]s"/><input><soap:body use="literal"/></input><output><soap:body use="literal"/></output></operation>`, o.wsdlnavn(), rum)
	}
	fmt.Fprintf(&b, `<portType name="%[1]sPortType">%[2]s</portType><binding name="%[1]sBinding" type="t:%[1]sPortType"><soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>%[3]s</binding>`+
		`<service name="%[1]sService"><port name="%[1]sPort" binding="t:%[1]sBinding"><soap:address location="%[4]s"/></port></service></definitions>`+"\n", navn, port.String(), binding.String(), xmlAttr.Replace(adresse))
	return b.Bytes()
}

package mox

import (
	"slices"
	"strings"
)

// relationer are the relations of the names: "navn", "navn|Element", "navn|Element/Rolle". A * before the element tells that its
// entries are Dynamisk.
func relationer(flere, indeks bool, maal string, navne ...string) []RelationType {
	ud := make([]RelationType, 0, len(navne))
	for _, n := range navne {
		navn, rest, _ := strings.Cut(n, "|")
		xml, rolle, _ := strings.Cut(rest, "/")
		xml, dynamisk := strings.CutPrefix(xml, "*")
		ud = append(ud, RelationType{Navn: navn, Flere: flere, Indeks: flere && indeks, Maal: maal, XML: xml, Rolle: rolle, Dynamisk: dynamisk})
	}
	return ud
}

func sammen(lister ...[]RelationType) []RelationType {
	var ud []RelationType
	for _, l := range lister {
		ud = append(ud, l...)
	}
	return ud
}

// egenskaber is the one attribute set of a type of Klassifikation, Organisation or a draft.
func egenskaber(type_ string, egne ...Felt) []AttributSet {
	felter := append([]Felt{{Navn: "brugervendtnoegle", XML: "BrugervendtNoegleTekst", XMLMaks: 50, Kraev: true}}, egne...)
	return []AttributSet{{Navn: type_ + "egenskaber", XML: "Egenskab", Felter: append(felter, Felt{Navn: "integrationsdata"})}}
}

func publiceret(type_ string) TilstandVar {
	return TilstandVar{Navn: type_ + "publiceret", Felt: "publiceret", XML: "o:PubliceretStatus/ErPubliceretIndikator", Kraev: true,
		Vaerdi: []string{"Publiceret", "IkkePubliceret"}}
}

func publiceretNormal(type_ string) TilstandVar {
	return TilstandVar{Navn: type_ + "publiceret", Felt: "publiceret", Kraev: true, Vaerdi: []string{"Publiceret", "IkkePubliceret", "Normal"}}
}

func gyldighed(type_ string) TilstandVar {
	return TilstandVar{Navn: type_ + "gyldighed", Felt: "gyldighed", XML: "of:Gyldighed/of:GyldighedStatusKode", Kraev: true, Vaerdi: []string{"Aktiv", "Inaktiv"}}
}

// tilknyttede are the seven relations that every type of Organisation has, but for uden. spec: oio 4.2
func tilknyttede(uden string) []RelationType {
	alle := sammen(
		relationer(true, false, "Bruger", "tilknyttedebrugere|TilknyttedeBrugere"),
		relationer(true, false, "OrganisationEnhed", "tilknyttedeenheder|TilknyttedeEnheder"),
		relationer(true, false, "OrganisationFunktion", "tilknyttedefunktioner|TilknyttedeFunktioner"),
		relationer(true, false, "Interessefaellesskab", "tilknyttedeinteressefaellesskaber|TilknyttedeInteressefaellesskaber"),
		relationer(true, false, "Organisation", "tilknyttedeorganisationer|TilknyttedeOrganisationer"),
		relationer(true, false, "Person", "tilknyttedepersoner|TilknyttedePersoner"),
		relationer(true, false, "ItSystem", "tilknyttedeitsystemer|TilknyttedeItSystemer"))
	return slices.DeleteFunc(alle, func(rt RelationType) bool { return rt.Navn == uden })
}

// medAktoerattr adds what Aktivitet says of those who take part.
func medAktoerattr(l []RelationType) []RelationType {
	for i := range l {
		l[i].Felter = []Felt{
			{Navn: "aktoerattr.obligatorisk", Vaerdi: []string{"noedvendig", "valgfri"}},
			{Navn: "aktoerattr.accepteret", Vaerdi: []string{"accepteret", "foreloebigt", "afslaaet"}},
			{Navn: "aktoerattr.repraesentation_uuid"}, {Navn: "aktoerattr.repraesentation_urn"},
		}
	}
	return l
}

// typer is the one table. Source: reference oio 2-4; XML names and limits from the STS schemas, 1.2.4.0 for Sag and
// Dokument and 6 for the others, whose order the lists have.
var typer = []Type{
	{
		Navn: Sag, Service: "sag", Sti: "sag", Skema: "urn:oio:sts:sagdok:sag:1.2.4.0",
		Attributter: []AttributSet{{Navn: "sagegenskaber", XML: "Egenskaber", Felter: []Felt{
			{Navn: "brugervendtnoegle", XML: "BrugervendtNoegle", Kraev: true, Maks: 50},
			{Navn: "afleveret", XML: "AfleveretIndikator", Slags: Boolsk},
			{Navn: "beskrivelse", XML: "Beskrivelse", Kraev: true, Maks: 4096},
			{Navn: "hjemmel", XML: "HjemmelSpecifikation", Maks: 1024},
			{Navn: "kassationskode", XML: "Kassationskode", Kraev: true, Maks: 50},
			{Navn: "offentlighedundtaget.alternativtitel", XML: "OffentlighedUndtaget/sd:TitelAlternativTekst", Maks: 255},
			{Navn: "offentlighedundtaget.hjemmel", XML: "OffentlighedUndtaget/sd:OffentlighedUndtagetHjemmelTekst", Maks: 1024},
			{Navn: "principiel", XML: "PrincipielIndikator", Slags: Boolsk},
			{Navn: "sagsnummer", XML: "Sagsnummer", Kraev: true, Maks: 50},
			{Navn: "titel", XML: "Titel", Kraev: true, Maks: 255},
			{Navn: "integrationsdata"},
		}}},
		Tilstande: []TilstandVar{{Navn: "sagfremdrift", Felt: "fremdrift", XML: "Fremdrift/FremdriftStatusKode", Kraev: true,
			Vaerdi: []string{"Opstaaet", "Oplyst", "Afgjort", "Bestilt", "Udfoert", "Afsluttet"}}},
		Relationer: sammen(
			relationer(false, false, "Organisation", "ejer|Sagsaktoer/Ejer"),
			relationer(false, false, "OrganisationEnhed", "ansvarlig|Sagsaktoer/Ansvarlig"),
			relationer(false, false, "Bruger", "primaerbehandler|Sagsaktoer/Primær behandler", "udlaanttil|Sagsaktoer/Udlånt til"),
			relationer(true, true, "Bruger", "andrebehandlere|Sagsaktoer/Andre behandlere"),
			relationer(false, false, "Arkiv", "behandlingarkiv|Sagsarkiv/Behandlingsarkiv", "afleveringsarkiv|Sagsarkiv/Afleveringsarkiv"),
			relationer(true, true, "Arkiv", "andetarkiv|Sagsarkiv/Andet arkiv"),
			relationer(false, false, "Klasse", "primaerklasse|Sagsklasse/Primær klasse", "handlingsklasse|Sagsklasse/Handlingsklasse",
				"opgaveklasse|Sagsklasse/Opgaveklasse", "kontoklasse|Sagsklasse/Kontoklasse", "sikkerhedsklasse|Sagsklasse/Sikkerhedsklasse",
				"foelsomhedsklasse|Sagsklasse/Følsomhedsklasse", "indsatsklasse|Sagsklasse/Indsatsklasse", "ydelsesklasse|Sagsklasse/Ydelsesklasse"),
			relationer(false, false, "Person", "primaerpart|Sagspart/Primær part", "ydelsesmodtager|Sagspart/Ydelsesmodtager"),
			relationer(true, true, "Person", "sekundaerpart|Sagspart/Sekundær part"),
			relationer(false, false, "Sag", "oversag|Sagsrelation/Oversag", "praecedens|Sagsrelation/Præcedens"),
			relationer(true, true, "Sag", "andresager|Sagsrelation/Andre sager"),
			relationer(false, false, "", "afgiftsobjekt|Sagsgenstande/Afgiftsobjekt", "ejendomsskat|Sagsgenstande/Ejendomsskat"),
			relationer(true, true, "", "byggeri|Sagsgenstande/Byggeri", "fredning|Sagsgenstande/Fredning"),
			[]RelationType{{Navn: "journalpost", Flere: true, Indeks: true, XML: "Journalpost", Maal: "Dokument", UdenReference: true, Felter: []Felt{
				{Navn: "journalpostkode", Kraev: true, Vaerdi: []string{"journalnotat", "vedlagtdokument", "tilakteretdokument"}}, // the entry's role
				{Navn: "journaldokument.dokumenttitel", XML: "JournalpostEgenskaber/Dokumenttitel", Maks: 255},
				{Navn: "journaldokument.offentlighedundtaget.alternativtitel", XML: "JournalpostEgenskaber/sd:OffentlighedUndtaget/sd:TitelAlternativTekst", Maks: 255},
				{Navn: "journaldokument.offentlighedundtaget.hjemmel", XML: "JournalpostEgenskaber/sd:OffentlighedUndtaget/sd:OffentlighedUndtagetHjemmelTekst", Maks: 1024},
				{Navn: "journalnotat.titel", XML: "JournalpostEgenskaber/JournalnotatEgenskaber/Titel", Maks: 255},
				{Navn: "journalnotat.notat", XML: "JournalpostEgenskaber/JournalnotatEgenskaber/Notat", Base64: true},
				{Navn: "journalnotat.format", XML: "JournalpostEgenskaber/JournalnotatEgenskaber/Format", Maks: 50},
			}}},
		),
	},
	{
		Navn: Dokument, Service: "dokument", Sti: "dokument", Skema: "urn:oio:sts:sagdok:dokumentindeks:1.2.4.0", Varianter: true,
		Attributter: []AttributSet{{Navn: "dokumentegenskaber", XML: "Egenskaber", Felter: []Felt{
			{Navn: "brugervendtnoegle", XML: "BrugervendtNoegle", Kraev: true, Maks: 50},
			{Navn: "titel", XML: "Titel", Kraev: true, Maks: 255},
			{Navn: "beskrivelse", XML: "Beskrivelse", Kraev: true, Maks: 4096},
			{Navn: "brevdato", XML: "BrevDato", Slags: Dato, Kraev: true},
			{Navn: "offentlighedundtaget.alternativtitel", XML: "OffentlighedUndtaget/sd:TitelAlternativTekst", Maks: 255},
			{Navn: "offentlighedundtaget.hjemmel", XML: "OffentlighedUndtaget/sd:OffentlighedUndtagetHjemmelTekst", Maks: 1024},
			{Navn: "major", XML: "VersionIdentifikator", Slags: Heltal},
			{Navn: "minor", XML: "UnderversionIdentifikator", Slags: Heltal},
			{Navn: "kassationskode", XML: "Kassationskode", Maks: 50},
			{Navn: "dokumentnummer", XML: "Dokumentnummer", Maks: 50},
			{Navn: "foelsomhed", XML: "Foelsomhed", XMLForm: `IKKE_FORTROLIGE_DATA|FORTROLIGE_PERSONOPLYSNINGER|FOELSOMME_PERSONOPLYSNINGER|VIP_SAGER`},
			{Navn: "dokumenttype", XML: "Type", Kraev: true, XMLForm: `Faktura|Brev, indgaaende|Brev, udgaaende|Brev|Internt Notat|Eksternt Notat|Rapport|Dagsorden`},
			{Navn: "integrationsdata"},
		}}},
		Tilstande: []TilstandVar{{Navn: "dokumentfremdrift", Felt: "fremdrift", XML: "Fremdrift/FremdriftStatusKode", Kraev: true,
			Vaerdi: []string{"Modtaget", "Fordelt", "Underudarbejdelse", "Underreview", "Publiceret", "Endeligt", "Afleveret"}}},
		Relationer: sammen(
			relationer(false, false, "Dokument", "nyrevision|Dokumentrelation/NyRevision"),
			relationer(true, false, "Dokument", "besvarelser|Dokumentrelation/Besvarelser", "udgangspunkter|Dokumentrelation/Udgangspunkter",
				"kommentarer|Dokumentrelation/Kommentarer", "bilag|Dokumentrelation/Bilag", "andredokumenter|Dokumentrelation/Andre dokumenter"),
			relationer(false, false, "Organisation", "ejer|Dokumentaktoer/Ejer"),
			relationer(false, false, "OrganisationEnhed", "ansvarlig|Dokumentaktoer/Ansvarlig"),
			relationer(false, false, "Bruger", "primaerbehandler|Dokumentaktoer/Primær behandler", "fordelttil|Dokumentaktoer/Fordelt til"),
			relationer(true, false, "Bruger", "andrebehandlere|Dokumentaktoer/Andre behandlere"),
			relationer(true, false, "Person", "parter|Dokumentpart/Parter", "kopiparter|Dokumentpart/Kopiparter"),
			relationer(false, false, "Klasse", "primaerklasse|Dokumentklasse/Primær klasse"),
			relationer(true, false, "Klasse", "andreklasser|Dokumentklasse/Andre klasser"),
			relationer(true, false, "Arkiv", "arkiver"),
			relationer(true, false, "Sag", "tilknyttedesager"),
		),
		Variant: []Felt{
			{Navn: "arkivering", XML: "ArkiveringIndikator", Slags: Boolsk},
			{Navn: "delvisscannet", XML: "DelvisSkannetIndikator", Slags: Boolsk},
			{Navn: "offentliggoerelse", XML: "OffentliggoerelseIndikator", Slags: Boolsk},
			{Navn: "produktion", XML: "ProduktionIndikator", Slags: Boolsk},
			{Navn: "lokation", XML: "Lokation", Maks: 255},
		},
		Del: []Felt{
			{Navn: "indeks", Slags: Heltal},
			{Navn: "indhold", Maks: 1024},
			{Navn: "lokation", Maks: 255},
			{Navn: "mimetype", Maks: 255},
		},
	},
	{
		Navn: Klassifikation, Service: "klassifikation", Sti: "klassifikation", Skema: "http://stoettesystemerne.dk/klassifikation/klassifikation/6/",
		Attributter: egenskaber("klassifikation", Felt{Navn: "titel", XML: "TitelTekst", XMLMaks: 300}, Felt{Navn: "beskrivelse", XML: "BeskrivelseTekst", XMLMaks: 10000},
			Felt{Navn: "kaldenavn", XML: "KaldenavnTekst", XMLMaks: 50}, Felt{Navn: "ophavsret", XML: "OphavsretTekst", XMLMaks: 4096}),
		Tilstande:  []TilstandVar{publiceret("klassifikation")},
		Relationer: relationer(false, false, "", "ansvarlig|Ansvarlig", "ejer|Ejer"),
	},
	{
		Navn: Facet, Service: "klassifikation", Sti: "facet", Skema: "http://stoettesystemerne.dk/klassifikation/facet/6/",
		Attributter: egenskaber("facet", Felt{Navn: "titel", XML: "TitelTekst", XMLMaks: 300}, Felt{Navn: "beskrivelse", XML: "BeskrivelseTekst", XMLMaks: 10000},
			Felt{Navn: "opbygning", XML: "OpbygningTekst", XMLMaks: 1024}, Felt{Navn: "ophavsret", XML: "OphavsretTekst", XMLMaks: 4096}, Felt{Navn: "plan", XML: "PlanIdentifikator", XMLForm: `100|[1-9][0-9]?`},
			Felt{Navn: "supplement", XML: "SupplementTekst", XMLMaks: 1024}, Felt{Navn: "retskilde", XML: "RetskildeTekst", XMLMaks: 4096}),
		Tilstande: []TilstandVar{publiceret("facet")},
		Relationer: sammen(
			relationer(false, false, "", "ansvarlig|Ansvarlig", "ejer|Ejer"),
			relationer(false, false, "Klassifikation", "facettilhoerer|FacetTilhoerer"),
			relationer(true, false, "", "redaktoerer|Redaktoerer"),
		),
	},
	{
		Navn: Klasse, Service: "klassifikation", Sti: "klasse", Skema: "http://stoettesystemerne.dk/klassifikation/klasse/6/",
		Attributter: egenskaber("klasse", Felt{Navn: "beskrivelse", XML: "BeskrivelseTekst", XMLMaks: 10000}, Felt{Navn: "eksempel", XML: "EksempelTekst", XMLMaks: 4096},
			Felt{Navn: "omfang", XML: "OmfangTekst", XMLMaks: 1024}, Felt{Navn: "titel", XML: "TitelTekst", XMLMaks: 300, Kraev: true}, Felt{Navn: "retskilde", XML: "RetskildeTekst", XMLMaks: 4096},
			Felt{Navn: "aendringsnotat", XML: "AendringsnotatTekst", XMLMaks: 1024}, Felt{Navn: "soegeord", XML: "o:Soegeord", Slags: Liste, Under: []Felt{
				{Navn: "soegeordidentifikator", XML: "SoegeordIdentifikator", XMLMaks: 50}, {Navn: "beskrivelse", XML: "BeskrivelseTekst", XMLMaks: 10000},
				{Navn: "soegeordskategori", XML: "SoegeordKategoriTekst", XMLMaks: 1024}}}),
		Tilstande: []TilstandVar{publiceret("klasse")},
		Relationer: sammen(
			relationer(false, false, "", "ansvarlig|Ansvarlig", "ejer|Ejer"),
			relationer(true, false, "Klasse", "erstatter|Erstatter"),
			relationer(false, false, "Facet", "facet|Facet"),
			relationer(true, false, "Klasse", "lovligekombinationer|LovligeKombinationer", "mapninger|Mapninger"),
			relationer(false, false, "Klasse", "overordnetklasse|OverordnetKlasse"),
			relationer(true, false, "", "redaktoerer|Redaktoerer"),
			relationer(true, false, "Klasse", "sideordnede|Sideordnede", "tilfoejelser|Tilfoejelser"),
		),
	},
	{
		Navn: Organisation, Service: "organisation", Sti: "organisation", Skema: "http://stoettesystemerne.dk/organisation/organisation/6/",
		Attributter: egenskaber("organisation", Felt{Navn: "organisationsnavn", XML: "OrganisationNavn", XMLMaks: 200}),
		Tilstande:   []TilstandVar{gyldighed("organisation")},
		Relationer: sammen(
			relationer(true, false, "", "adresser|*Adresser", "ansatte|Ansatte"),
			relationer(false, false, "", "branche|Branche", "organisationstype|Organisationstype", "myndighed|Myndighed", "myndighedstype|Myndighedstype"),
			relationer(true, false, "", "opgaver|TilknyttedeOpgaver"),
			relationer(false, false, "", "overordnet|Overordnet", "produktionsenhed|Produktionsenhed", "skatteenhed|Skatteenhed", "tilhoerer|Tilhoerer"),
			tilknyttede(""),
			relationer(false, false, "", "virksomhed|Virksomhed", "virksomhedstype|Virksomhedstype"),
		),
	},
	{
		Navn: OrganisationEnhed, Service: "organisation", Sti: "organisationenhed", Skema: "http://stoettesystemerne.dk/organisation/organisationenhed/6/",
		Attributter: egenskaber("organisationenhed", Felt{Navn: "enhedsnavn", XML: "EnhedNavn", XMLMaks: 200}),
		Tilstande:   []TilstandVar{gyldighed("organisationenhed")},
		Relationer: sammen(
			relationer(true, false, "", "adresser|*Adresser", "ansatte|Ansatte"),
			relationer(false, false, "", "branche|Branche", "enhedstype|Enhedstype"),
			relationer(true, false, "", "opgaver|*Opgaver"),
			relationer(false, false, "", "overordnet|Overordnet", "produktionsenhed|Produktionsenhed", "skatteenhed|Skatteenhed", "tilhoerer|Tilhoerer"),
			tilknyttede(""),
		),
	},
	{
		Navn: OrganisationFunktion, Service: "organisation", Sti: "organisationfunktion", Skema: "http://stoettesystemerne.dk/organisation/organisationfunktion/6/",
		Attributter: egenskaber("organisationfunktion", Felt{Navn: "funktionsnavn", XML: "FunktionNavn", XMLMaks: 200}),
		Tilstande:   []TilstandVar{gyldighed("organisationfunktion")},
		Relationer: sammen(
			relationer(true, false, "", "adresser|*Adresser"),
			relationer(false, false, "Klasse", "organisatoriskfunktionstype|Funktionstype"),
			relationer(true, false, "", "opgaver|TilknyttedeOpgaver"),
			tilknyttede("tilknyttedefunktioner"),
			relationer(true, false, "OrganisationFunktion", "tilknyttedefunktioner"), // the schema has no element for it
		),
	},
	{
		Navn: Bruger, Service: "organisation", Sti: "bruger", Skema: "http://stoettesystemerne.dk/organisation/bruger/6/",
		Attributter: egenskaber("bruger", Felt{Navn: "brugernavn", XML: "BrugerNavn", XMLMaks: 200}, Felt{Navn: "brugertype", XML: "BrugerTypeTekst", XMLMaks: 50}),
		Tilstande:   []TilstandVar{gyldighed("bruger")},
		Relationer: sammen(
			relationer(true, false, "", "adresser|*Adresser", "brugertyper|BrugerTyper", "opgaver|TilknyttedeOpgaver"),
			relationer(false, false, "Organisation", "tilhoerer|Tilhoerer"),
			tilknyttede("tilknyttedebrugere"),
		),
	},
	{
		Navn: ItSystem, Service: "organisation", Sti: "itsystem", Skema: "http://stoettesystemerne.dk/organisation/itsystem/6/",
		Attributter: egenskaber("itsystem", Felt{Navn: "itsystemnavn", XML: "ItSystemNavn", XMLMaks: 200}, Felt{Navn: "itsystemtype", XML: "ItSystemTypeTekst", XMLMaks: 50},
			Felt{Navn: "konfigurationreference", XML: "KonfigurationReference", XMLMaks: 1024, Slags: Liste}),
		Tilstande: []TilstandVar{gyldighed("itsystem")},
		Relationer: sammen(
			relationer(true, false, "", "adresser|*Adresser", "opgaver|TilknyttedeOpgaver", "systemtyper|SystemTyper"),
			relationer(false, false, "Organisation", "tilhoerer|Tilhoerer"),
			tilknyttede(""),
		),
	},
	{
		Navn: Interessefaellesskab, Service: "organisation", Sti: "interessefaellesskab", Skema: "http://stoettesystemerne.dk/organisation/interessefaellesskab/6/",
		Attributter: egenskaber("interessefaellesskab", Felt{Navn: "interessefaellesskabsnavn", XML: "InteressefaellesskabNavn", XMLMaks: 200},
			Felt{Navn: "interessefaellesskabstype", XML: "InteressefaellesskabTypeTekst", XMLMaks: 50}),
		Tilstande: []TilstandVar{gyldighed("interessefaellesskab")},
		Relationer: sammen(
			relationer(true, false, "", "adresser|*Adresser"),
			relationer(false, false, "", "branche|Branche", "interessefaellesskabstype|Interessefaellesskabstype"),
			relationer(true, false, "", "opgaver|TilknyttedeOpgaver"),
			relationer(false, false, "", "overordnet|Overordnet", "tilhoerer|Tilhoerer"),
			tilknyttede(""),
		),
	},
	{
		Navn: TilstandType, Service: "tilstand", Sti: "tilstand",
		Attributter: egenskaber("tilstand", Felt{Navn: "beskrivelse"}),
		Tilstande: []TilstandVar{
			{Navn: "tilstandstatus", Felt: "status", Kraev: true, Vaerdi: []string{"Inaktiv", "Aktiv"}}, publiceretNormal("tilstand")},
		Relationer: sammen(
			relationer(false, false, "", "tilstandsobjekt", "tilstandstype"),
			[]RelationType{{Navn: "tilstandsvaerdi", Flere: true, Indeks: true, UdenReference: true, Felter: []Felt{
				{Navn: "tilstandsvaerdiattr.forventet", Slags: Boolsk}, {Navn: "tilstandsvaerdiattr.nominelvaerdi"}}}},
			relationer(true, true, "", "begrundelse", "tilstandskvalitet", "tilstandsvurdering", "tilstandsaktoer", "tilstandsudstyr", "samtykke",
				"tilstandsdokument"),
		),
	},
	{
		Navn: Aktivitet, Service: "aktivitet", Sti: "aktivitet",
		Attributter: egenskaber("aktivitet", Felt{Navn: "aktivitetnavn"}, Felt{Navn: "beskrivelse"}, Felt{Navn: "starttidspunkt", Slags: TidspunktSl},
			Felt{Navn: "sluttidspunkt", Slags: TidspunktSl}, Felt{Navn: "tidsforbrug"}, Felt{Navn: "formaal"}),
		Tilstande: []TilstandVar{
			{Navn: "aktivitetstatus", Felt: "status", Kraev: true, Vaerdi: []string{"Inaktiv", "Aktiv", "Aflyst"}}, publiceretNormal("aktivitet")},
		Relationer: sammen(
			relationer(false, false, "", "aktivitetstype", "emne", "foelsomhedklasse", "ansvarligklasse", "rekvirentklasse"),
			medAktoerattr(relationer(false, false, "", "ansvarlig")),
			relationer(false, false, "", "tilhoerer"),
			relationer(true, true, "", "udfoererklasse", "deltagerklasse", "objektklasse", "resultatklasse", "grundlagklasse", "facilitetklasse", "adresse",
				"geoobjekt", "position", "facilitet", "lokale", "aktivitetdokument", "aktivitetgrundlag", "aktivitetresultat"),
			medAktoerattr(relationer(true, true, "", "udfoerer", "deltager")),
		),
	},
	{
		Navn: Indsats, Service: "indsats", Sti: "indsats",
		Attributter: egenskaber("indsats", Felt{Navn: "beskrivelse"}, Felt{Navn: "starttidspunkt", Slags: TidspunktSl}, Felt{Navn: "sluttidspunkt", Slags: TidspunktSl}),
		Tilstande: []TilstandVar{publiceretNormal("indsats"), {Navn: "indsatsfremdrift", Felt: "fremdrift", Kraev: true,
			Vaerdi: []string{"Uoplyst", "Visiteret", "Disponeret", "Leveret", "Vurderet"}}},
		Relationer: sammen(
			relationer(false, false, "", "indsatsmodtager", "indsatstype"),
			relationer(true, true, "", "indsatskvalitet", "indsatsaktoer", "samtykke", "indsatssag", "indsatsdokument"),
		),
	},
	{
		Navn: LogHaendelse, Service: "log", Sti: "loghaendelse",
		Attributter: []AttributSet{{Navn: "loghaendelseegenskaber", Felter: []Felt{{Navn: "service"}, {Navn: "klasse"},
			{Navn: "tidspunkt", Slags: TidspunktSl, Kraev: true}, {Navn: "operation"}, {Navn: "objekttype"}, {Navn: "returkode"}, {Navn: "returtekst"},
			{Navn: "note"}, {Navn: "integrationsdata"}}}},
		Tilstande:  []TilstandVar{{Navn: "loghaendelsegyldighed", Felt: "gyldighed", Kraev: true, Vaerdi: []string{"Rettet", "Ikke rettet"}}},
		Relationer: relationer(false, false, "", "objekt", "bruger", "brugerrolle"),
	},
}

package mox

import (
	"slices"
	"strings"
)

func relationer(flere, indeks bool, maal string, navne ...string) []RelationType {
	ud := make([]RelationType, 0, len(navne))
	for _, n := range navne {
		navn, rest, _ := strings.Cut(n, "|")
		xml, rolle, _ := strings.Cut(rest, "/")
		ud = append(ud, RelationType{Navn: navn, Flere: flere, Indeks: flere && indeks, Maal: maal, XML: xml, Rolle: rolle})
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
	felter := append([]Felt{{Navn: "brugervendtnoegle", XML: "BrugervendtNoegleTekst", Kraev: true}}, egne...)
	return []AttributSet{{Navn: type_ + "egenskaber", XML: "Egenskab", Felter: append(felter, Felt{Navn: "integrationsdata"})}}
}

func publiceret(type_ string) TilstandVar {
	return TilstandVar{Navn: type_ + "publiceret", Felt: "publiceret", XML: "PubliceretStatus/ErPubliceretIndikator", Kraev: true,
		Vaerdi: []string{"Publiceret", "IkkePubliceret"}}
}

func publiceretNormal(type_ string) TilstandVar {
	return TilstandVar{Navn: type_ + "publiceret", Felt: "publiceret", Kraev: true, Vaerdi: []string{"Publiceret", "IkkePubliceret", "Normal"}}
}

func gyldighed(type_ string) TilstandVar {
	return TilstandVar{Navn: type_ + "gyldighed", Felt: "gyldighed", XML: "Gyldighed/GyldighedStatusKode", Kraev: true, Vaerdi: []string{"Aktiv", "Inaktiv"}}
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
// Dokument and 6 for the others.
var typer = []Type{
	{
		Navn: Sag, Service: "sag", Sti: "sag", Skema: "urn:oio:sts:sagdok:sag:1.2.4.0",
		Attributter: []AttributSet{{Navn: "sagegenskaber", XML: "Egenskaber", Felter: []Felt{
			{Navn: "brugervendtnoegle", XML: "BrugervendtNoegle", Kraev: true, Maks: 50},
			{Navn: "afleveret", XML: "AfleveretIndikator", Slags: Boolsk},
			{Navn: "beskrivelse", XML: "Beskrivelse", Kraev: true, Maks: 4096},
			{Navn: "hjemmel", XML: "HjemmelSpecifikation", Maks: 1024},
			{Navn: "kassationskode", XML: "Kassationskode", Kraev: true, Maks: 50},
			{Navn: "offentlighedundtaget.alternativtitel", XML: "OffentlighedUndtaget/TitelAlternativTekst", Maks: 255},
			{Navn: "offentlighedundtaget.hjemmel", XML: "OffentlighedUndtaget/OffentlighedUndtagetHjemmelTekst", Maks: 1024},
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
			relationer(false, false, "Person", "primaerpart|Sagspart/Primær part", "ydelsesmodtager|Sagspart/Ydelsesmodtager"),
			relationer(true, true, "Person", "sekundaerpart|Sagspart/Sekundær part"),
			relationer(false, false, "Klasse", "primaerklasse|Sagsklasse/Primær klasse", "handlingsklasse|Sagsklasse/Handlingsklasse",
				"opgaveklasse|Sagsklasse/Opgaveklasse", "kontoklasse|Sagsklasse/Kontoklasse", "sikkerhedsklasse|Sagsklasse/Sikkerhedsklasse",
				"foelsomhedsklasse|Sagsklasse/Følsomhedsklasse", "indsatsklasse|Sagsklasse/Indsatsklasse", "ydelsesklasse|Sagsklasse/Ydelsesklasse"),
			relationer(false, false, "Sag", "oversag|Sagsrelation/Oversag", "praecedens|Sagsrelation/Præcedens"),
			relationer(true, true, "Sag", "andresager|Sagsrelation/Andre sager"),
			relationer(false, false, "", "afgiftsobjekt|Sagsgenstande/Afgiftsobjekt", "ejendomsskat|Sagsgenstande/Ejendomsskat"),
			relationer(true, true, "", "byggeri|Sagsgenstande/Byggeri", "fredning|Sagsgenstande/Fredning"),
			relationer(false, false, "Arkiv", "behandlingarkiv|Sagsarkiv/Behandlingsarkiv", "afleveringsarkiv|Sagsarkiv/Afleveringsarkiv"),
			relationer(true, true, "Arkiv", "andetarkiv|Sagsarkiv/Andet arkiv"),
			[]RelationType{{Navn: "journalpost", Flere: true, Indeks: true, XML: "Journalpost", Maal: "Dokument", UdenReference: true, Felter: []Felt{
				{Navn: "journalpostkode", Kraev: true, Vaerdi: []string{"journalnotat", "vedlagtdokument", "tilakteretdokument"}},
				{Navn: "journalnotat.titel", Maks: 255}, {Navn: "journalnotat.notat"}, {Navn: "journalnotat.format", Maks: 50},
				{Navn: "journaldokument.dokumenttitel", Maks: 255},
				{Navn: "journaldokument.offentlighedundtaget.alternativtitel", Maks: 255},
				{Navn: "journaldokument.offentlighedundtaget.hjemmel", Maks: 1024},
			}}},
		),
	},
	{
		Navn: Dokument, Service: "dokument", Sti: "dokument", Skema: "urn:oio:sts:sagdok:dokumentindeks:1.2.4.0", Varianter: true,
		Attributter: []AttributSet{{Navn: "dokumentegenskaber", XML: "Egenskaber", Felter: []Felt{
			{Navn: "brugervendtnoegle", XML: "BrugervendtNoegle", Kraev: true, Maks: 50},
			{Navn: "beskrivelse", XML: "Beskrivelse", Kraev: true, Maks: 4096},
			{Navn: "brevdato", XML: "BrevDato", Slags: Dato, Kraev: true},
			{Navn: "kassationskode", XML: "Kassationskode", Maks: 50},
			{Navn: "major", XML: "VersionIdentifikator", Slags: Heltal},
			{Navn: "minor", XML: "UnderversionIdentifikator", Slags: Heltal},
			{Navn: "offentlighedundtaget.alternativtitel", XML: "OffentlighedUndtaget/TitelAlternativTekst", Maks: 255},
			{Navn: "offentlighedundtaget.hjemmel", XML: "OffentlighedUndtaget/OffentlighedUndtagetHjemmelTekst", Maks: 1024},
			{Navn: "titel", XML: "Titel", Kraev: true, Maks: 255},
			{Navn: "dokumenttype", XML: "Type", Kraev: true},
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
		},
		Del: []Felt{
			{Navn: "indeks", XML: "IndeksIdentifikator", Slags: Heltal},
			{Navn: "indhold", XML: "IndholdTekst", Maks: 1024},
			{Navn: "lokation", XML: "LokationTekst", Maks: 255},
			{Navn: "mimetype", XML: "MimetypeTekst", Maks: 255},
		},
	},
	{
		Navn: Klassifikation, Service: "klassifikation", Sti: "klassifikation", Skema: "http://stoettesystemerne.dk/klassifikation/klassifikation/6/",
		Attributter: egenskaber("klassifikation", Felt{Navn: "titel", XML: "TitelTekst"}, Felt{Navn: "beskrivelse", XML: "BeskrivelseTekst"},
			Felt{Navn: "kaldenavn", XML: "KaldenavnTekst"}, Felt{Navn: "ophavsret", XML: "OphavsretTekst"}),
		Tilstande:  []TilstandVar{publiceret("klassifikation")},
		Relationer: relationer(false, false, "", "ansvarlig|Ansvarlig", "ejer|Ejer"),
	},
	{
		Navn: Facet, Service: "klassifikation", Sti: "facet", Skema: "http://stoettesystemerne.dk/klassifikation/facet/6/",
		Attributter: egenskaber("facet", Felt{Navn: "titel", XML: "TitelTekst"}, Felt{Navn: "beskrivelse", XML: "BeskrivelseTekst"},
			Felt{Navn: "opbygning", XML: "OpbygningTekst"}, Felt{Navn: "ophavsret", XML: "OphavsretTekst"}, Felt{Navn: "plan", XML: "PlanIdentifikator"},
			Felt{Navn: "supplement", XML: "SupplementTekst"}, Felt{Navn: "retskilde", XML: "RetskildeTekst"}),
		Tilstande: []TilstandVar{publiceret("facet")},
		Relationer: sammen(
			relationer(false, false, "", "ansvarlig|Ansvarlig", "ejer|Ejer"),
			relationer(false, false, "Klassifikation", "facettilhoerer|FacetTilhoerer"),
			relationer(true, false, "", "redaktoerer|Redaktoerer"),
		),
	},
	{
		Navn: Klasse, Service: "klassifikation", Sti: "klasse", Skema: "http://stoettesystemerne.dk/klassifikation/klasse/6/",
		Attributter: egenskaber("klasse", Felt{Navn: "beskrivelse", XML: "BeskrivelseTekst"}, Felt{Navn: "eksempel", XML: "EksempelTekst"},
			Felt{Navn: "omfang", XML: "OmfangTekst"}, Felt{Navn: "titel", XML: "TitelTekst", Kraev: true}, Felt{Navn: "retskilde", XML: "RetskildeTekst"},
			Felt{Navn: "aendringsnotat", XML: "AendringsnotatTekst"}, Felt{Navn: "soegeord", XML: "Soegeord", Slags: Liste, Under: []Felt{
				{Navn: "soegeordidentifikator", XML: "SoegeordIdentifikator"}, {Navn: "beskrivelse", XML: "BeskrivelseTekst"},
				{Navn: "soegeordskategori", XML: "SoegeordKategoriTekst"}}}),
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
		Attributter: egenskaber("organisation", Felt{Navn: "organisationsnavn", XML: "OrganisationNavn"}),
		Tilstande:   []TilstandVar{gyldighed("organisation")},
		Relationer: sammen(
			relationer(false, false, "", "branche|Branche", "myndighed|Myndighed", "myndighedstype|Myndighedstype", "overordnet|Overordnet",
				"produktionsenhed|Produktionsenhed", "skatteenhed|Skatteenhed", "tilhoerer|Tilhoerer", "virksomhed|Virksomhed", "virksomhedstype|Virksomhedstype"),
			relationer(true, false, "", "adresser|Adresser", "ansatte|Ansatte", "opgaver|TilknyttedeOpgaver"),
			tilknyttede(""),
		),
	},
	{
		Navn: OrganisationEnhed, Service: "organisation", Sti: "organisationenhed", Skema: "http://stoettesystemerne.dk/organisation/organisationenhed/6/",
		Attributter: egenskaber("organisationenhed", Felt{Navn: "enhedsnavn", XML: "EnhedNavn"}),
		Tilstande:   []TilstandVar{gyldighed("organisationenhed")},
		Relationer: sammen(
			relationer(false, false, "", "branche|Branche", "enhedstype|Enhedstype", "overordnet|Overordnet", "produktionsenhed|Produktionsenhed",
				"skatteenhed|Skatteenhed", "tilhoerer|Tilhoerer"),
			relationer(true, false, "", "adresser|Adresser", "ansatte|Ansatte", "opgaver|Opgaver"),
			tilknyttede(""),
		),
	},
	{
		Navn: OrganisationFunktion, Service: "organisation", Sti: "organisationfunktion", Skema: "http://stoettesystemerne.dk/organisation/organisationfunktion/6/",
		Attributter: egenskaber("organisationfunktion", Felt{Navn: "funktionsnavn", XML: "FunktionNavn"}),
		Tilstande:   []TilstandVar{gyldighed("organisationfunktion")},
		Relationer: sammen(
			relationer(false, false, "Klasse", "organisatoriskfunktionstype|Funktionstype"),
			relationer(true, false, "", "adresser|Adresser", "opgaver|TilknyttedeOpgaver"),
			tilknyttede(""),
		),
	},
	{
		Navn: Bruger, Service: "organisation", Sti: "bruger", Skema: "http://stoettesystemerne.dk/organisation/bruger/6/",
		Attributter: egenskaber("bruger", Felt{Navn: "brugernavn", XML: "BrugerNavn"}, Felt{Navn: "brugertype", XML: "BrugerTypeTekst"}),
		Tilstande:   []TilstandVar{gyldighed("bruger")},
		Relationer: sammen(
			relationer(false, false, "Organisation", "tilhoerer|Tilhoerer"),
			relationer(true, false, "", "adresser|Adresser", "brugertyper|BrugerTyper", "opgaver|TilknyttedeOpgaver"),
			tilknyttede("tilknyttedebrugere"),
		),
	},
	{
		Navn: ItSystem, Service: "organisation", Sti: "itsystem", Skema: "http://stoettesystemerne.dk/organisation/itsystem/6/",
		Attributter: egenskaber("itsystem", Felt{Navn: "itsystemnavn", XML: "ItSystemNavn"}, Felt{Navn: "itsystemtype", XML: "ItSystemTypeTekst"},
			Felt{Navn: "konfigurationreference", XML: "KonfigurationReference", Slags: Liste}),
		Tilstande: []TilstandVar{gyldighed("itsystem")},
		Relationer: sammen(
			relationer(false, false, "Organisation", "tilhoerer|Tilhoerer"),
			relationer(true, false, "", "adresser|Adresser", "opgaver|TilknyttedeOpgaver", "systemtyper|SystemTyper"),
			tilknyttede(""),
		),
	},
	{
		Navn: Interessefaellesskab, Service: "organisation", Sti: "interessefaellesskab", Skema: "http://stoettesystemerne.dk/organisation/interessefaellesskab/6/",
		Attributter: egenskaber("interessefaellesskab", Felt{Navn: "interessefaellesskabsnavn", XML: "InteressefaellesskabNavn"},
			Felt{Navn: "interessefaellesskabstype", XML: "InteressefaellesskabTypeTekst"}),
		Tilstande: []TilstandVar{gyldighed("interessefaellesskab")},
		Relationer: sammen(
			relationer(false, false, "", "branche|Branche", "interessefaellesskabstype|Interessefaellesskabstype", "overordnet|Overordnet", "tilhoerer|Tilhoerer"),
			relationer(true, false, "", "adresser|Adresser", "opgaver|TilknyttedeOpgaver"),
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

package mox

import "strings"

// ObjektType is the name of a kind of objekt, as the standard spells it: "Sag", "Dokument".
type ObjektType string

// The object types that MOX describes so far. spec: oio 2
const (
	Sag      ObjektType = "Sag"
	Dokument ObjektType = "Dokument"
)

// Slags is the kind of value a field holds. All values are kept as text in their canonical form.
type Slags int

// The kinds.
const (
	Tekst       Slags = iota
	Heltal            // "-12"
	Boolsk            // "true" or "false"; absent is not false
	Dato              // "2006-01-02"
	TidspunktSl       // RFC 3339 with zone
)

// Felt describes one field of an attribute set, a variant, a part or a relation.
type Felt struct {
	Navn   string // JSON name; a dot marks a sub-field: "offentlighedundtaget.hjemmel"
	XML    string // element name in the STS schemas; empty = JSON only
	Slags  Slags
	Kraev  bool // must be there in every segment of a new objekt. spec: oio 47
	Maks   int  // greatest number of characters; 0 = no limit of its own
	Vaerdi []string
}

// AttributSet describes a set of attributes that share one virkning.
type AttributSet struct {
	Navn   string // "sagegenskaber"
	XML    string
	Felter []Felt
}

// TilstandVar describes a state variable.
type TilstandVar struct {
	Navn   string // name of the list: "sagfremdrift"
	Felt   string // name of the value in an entry, and the short name in a path: "fremdrift"
	XML    string
	Vaerdi []string
	Kraev  bool // spec: oio 48
}

// RelationType describes a relation.
type RelationType struct {
	Navn   string // "primaerklasse"
	Flere  bool   // 0..n; otherwise at most one at each moment
	Indeks bool   // entries are numbered and replaced one by one (Sag)
	XML    string // family element in the STS schemas: "Sagsklasse"
	Rolle  string // role within the family: "Primær klasse"
	Maal   string // usual type of what it points to
	Felter []Felt // fields of the entry itself (journalpost)
	// UdenReference tells that an entry need not point at anything. spec: oio 81
	UdenReference bool
}

// Type describes one object type. The table of them is all that distinguishes Sag from Dokument in code.
type Type struct {
	Navn        ObjektType
	Service     string // REST: /<service>/<sti>
	Sti         string
	Attributter []AttributSet
	Tilstande   []TilstandVar
	Relationer  []RelationType
	Varianter   bool   // has variants and parts
	Variant     []Felt // fields of a variant's egenskaber
	Del         []Felt // fields of a part's egenskaber
}

// TypeAf finds the description of an object type. The match is exact.
func TypeAf(navn ObjektType) (*Type, bool) {
	for i := range typer {
		if typer[i].Navn == navn {
			return &typer[i], true
		}
	}
	return nil, false
}

// ObjektTyper are the names of all described types, in the order of the standard.
func ObjektTyper() []ObjektType {
	ud := make([]ObjektType, len(typer))
	for i := range typer {
		ud[i] = typer[i].Navn
	}
	return ud
}

// Egenskaber is the type's first attribute set, which "egenskaber" in a path means.
func (t *Type) Egenskaber() *AttributSet { return &t.Attributter[0] }

// Attribut finds an attribute set by its JSON name, or by "egenskaber".
func (t *Type) Attribut(navn string) (*AttributSet, bool) {
	if navn == "egenskaber" {
		return t.Egenskaber(), true
	}
	for i := range t.Attributter {
		if t.Attributter[i].Navn == navn {
			return &t.Attributter[i], true
		}
	}
	return nil, false
}

// Tilstand finds a state variable by the name of its list or of its value.
func (t *Type) Tilstand(navn string) (*TilstandVar, bool) {
	for i := range t.Tilstande {
		if t.Tilstande[i].Navn == navn || t.Tilstande[i].Felt == navn {
			return &t.Tilstande[i], true
		}
	}
	return nil, false
}

// Relation finds a relation by name.
func (t *Type) Relation(navn string) (*RelationType, bool) {
	for i := range t.Relationer {
		if t.Relationer[i].Navn == navn {
			return &t.Relationer[i], true
		}
	}
	return nil, false
}

// Felt finds a field of the set.
func (a *AttributSet) Felt(navn string) (*Felt, bool) { return findFelt(a.Felter, navn) }

func findFelt(felter []Felt, navn string) (*Felt, bool) {
	for i := range felter {
		if felter[i].Navn == navn {
			return &felter[i], true
		}
	}
	return nil, false
}

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

// typer is the one table. Source: reference oio 2-3, names and limits from the STS 1.2.4.0 schemas.
var typer = []Type{
	{
		Navn: Sag, Service: "sag", Sti: "sag",
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
		Navn: Dokument, Service: "dokument", Sti: "dokument", Varianter: true,
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
}

func (s Slags) String() string {
	switch s {
	case Heltal:
		return "heltal"
	case Boolsk:
		return "boolsk"
	case Dato:
		return "dato"
	case TidspunktSl:
		return "tidspunkt"
	}
	return "tekst"
}

package mox

// ObjektType is the name of a kind of objekt, as the standard spells it: "Sag", "Dokument".
type ObjektType string

// The object types. Those of the four standards come first; the last four are drafts and a local addition that the field
// uses. spec: oio 2-4
const (
	Sag                  ObjektType = "Sag"
	Dokument             ObjektType = "Dokument"
	Klassifikation       ObjektType = "Klassifikation"
	Facet                ObjektType = "Facet"
	Klasse               ObjektType = "Klasse"
	Organisation         ObjektType = "Organisation"
	OrganisationEnhed    ObjektType = "OrganisationEnhed"
	OrganisationFunktion ObjektType = "OrganisationFunktion"
	Bruger               ObjektType = "Bruger"
	ItSystem             ObjektType = "ItSystem"
	Interessefaellesskab ObjektType = "Interessefaellesskab"
	TilstandType         ObjektType = "Tilstand"
	Aktivitet            ObjektType = "Aktivitet"
	Indsats              ObjektType = "Indsats"
	LogHaendelse         ObjektType = "LogHaendelse"
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
	Liste             // a JSON list without blanks: of texts, or of objects with the fields in Felt.Under
)

// Felt describes one field of an attribute set, a variant, a part or a relation.
type Felt struct {
	Navn   string // JSON name; a dot marks a sub-field: "offentlighedundtaget.hjemmel"
	XML    string // path of the element in the STS schemas; empty = JSON only. A prefix tells a name of another namespace than its neighbours: sd, o (the type's own)
	Slags  Slags
	Kraev  bool // must be there in every segment of a new objekt. spec: oio 47
	Maks   int  // greatest number of characters; 0 = no limit of its own
	Vaerdi []string
	Under  []Felt // for Liste: the fields of an entry; nil = entries are texts

	XMLMaks int    // greatest number of characters the schema takes; 0 = Maks
	XMLForm string // regular expression of the values the schema takes; empty = any
	Base64  bool   // the schema has the text in base64
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
	XML    string // element and value element: "Fremdrift/FremdriftStatusKode"; prefixes as in Felt.XML, and of (OrganisationFaelles)
	Vaerdi []string
	Kraev  bool // spec: oio 48
}

// RelationType describes a relation.
type RelationType struct {
	Navn   string // "primaerklasse"
	Flere  bool   // 0..n; otherwise at most one at each moment
	Indeks bool   // entries are numbered and replaced one by one (Sag)
	XML    string // element in the STS schemas; for Sag and Dokument that of a family: "Sagsklasse"
	Rolle  string // role within the family: "Primær klasse"
	// Dynamisk tells that the schema demands Rolle, Type and Indeks of an entry.
	Dynamisk bool
	Maal     string // usual type of what it points to
	Felter   []Felt // fields of the entry itself (journalpost)
	// UdenReference tells that an entry need not point at anything. spec: oio 81
	UdenReference bool
}

// Type describes one object type. The table of them is all that distinguishes one from another in code.
type Type struct {
	Navn        ObjektType
	Service     string // REST: /<service>/<sti>
	Sti         string
	Skema       string // namespace of the STS schema its XML obeys; empty = JSON only
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

// TypeVedSkema finds the description by the namespace of its schema.
func TypeVedSkema(rum string) (*Type, bool) {
	for i := range typer {
		if rum != "" && typer[i].Skema == rum {
			return &typer[i], true
		}
	}
	return nil, false
}

// TypeVedSti finds the description by its place in REST: service "sag", sti "sag".
func TypeVedSti(service, sti string) (*Type, bool) {
	for i := range typer {
		if typer[i].Service == service && typer[i].Sti == sti {
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
	case Liste:
		return "liste"
	}
	return "tekst"
}

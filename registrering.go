package mox

import (
	"maps"
	"slices"
	"time"
)

// LivscyklusKode says what a registrering did to its objekt. spec: oio 34
type LivscyklusKode string

// The five codes, and no others. spec: mox 10
const (
	Opstaaet   LivscyklusKode = "Opstaaet"
	Importeret LivscyklusKode = "Importeret"
	Rettet     LivscyklusKode = "Rettet"
	Passiveret LivscyklusKode = "Passiveret"
	Slettet    LivscyklusKode = "Slettet"
)

// LivscyklusKoder are the five codes.
func LivscyklusKoder() []LivscyklusKode {
	return []LivscyklusKode{Opstaaet, Importeret, Rettet, Passiveret, Slettet}
}

// LaesLivscyklusKode reads a code. "Oprettet", which SF2900 writes, is read as Opstaaet.
func LaesLivscyklusKode(s string) (LivscyklusKode, bool) {
	if s == "Oprettet" {
		return Opstaaet, true
	}
	k := LivscyklusKode(s)
	return k, slices.Contains(LivscyklusKoder(), k)
}

// MaaFoelge reports whether a registrering with code k may follow one with code fra ("" = there is none). spec: oio 1.5
func (k LivscyklusKode) MaaFoelge(fra LivscyklusKode) bool {
	switch fra {
	case "":
		return k == Opstaaet || k == Importeret
	case Opstaaet, Importeret, Rettet:
		return k == Rettet || k == Passiveret || k == Slettet
	case Passiveret:
		return k == Importeret || k == Slettet
	case Slettet:
		return k == Importeret
	}
	return false
}

// Registrering is everything one register knew about an objekt from one moment on: all virkninger, past and future, not
// only what changed. spec: oio 15
type Registrering struct {
	FraTidspunkt   time.Time // registreringstid at the source, UTC
	LivscyklusKode LivscyklusKode
	BrugerRef      Reference
	NoteTekst      string
	Attributter    map[string][]Attribut // by the set's JSON name
	Tilstande      map[string][]Tilstand // by the state list's JSON name
	Relationer     map[string][]Relation
	Varianter      []Variant
	// LokalUdvidelser is what the lists hold beside what we have names for: XML elements, each complete in itself, by the name
	// of the list: "attributter", "tilstande", "relationer", "varianter". It is carried, and not looked into. spec: oio 99
	LokalUdvidelser map[string]string
}

// Udvidelseslister are the names that LokalUdvidelser may have.
func Udvidelseslister() []string {
	return []string{"attributter", "tilstande", "relationer", "varianter"}
}

// Attribut is one segment of an attribute set. Felter holds canonical text by field name; an absent field is not given.
type Attribut struct {
	Felter   map[string]string
	Virkning Virkning
}

// Tilstand is one segment of a state variable.
type Tilstand struct {
	Vaerdi   string
	Virkning Virkning
}

// Relation is one reference with its virkning.
type Relation struct {
	Reference  Reference
	ObjektType string
	Indeks     int               // 1-based for indexed relations, otherwise 0
	Felter     map[string]string // own fields of the entry (journalpost)
	Virkning   Virkning
	// LokalUdvidelse is what the entry's XML holds beside what we have names for, as in [Registrering].
	LokalUdvidelse string
}

// Variant is one representation of a Dokument; its key is unique within a registrering. spec: oio 84
type Variant struct {
	VariantTekst string
	Egenskaber   []Attribut
	Dele         []Del
}

// Del is one part of a variant; its key is unique within the variant.
type Del struct {
	DelTekst   string
	Egenskaber []Attribut
	Relationer map[string][]Relation
}

// Kopi is a deep copy: changing it leaves r as it is.
func (r Registrering) Kopi() Registrering {
	ud := r
	ud.Attributter = kopiKort(r.Attributter, kopiAttributter)
	ud.Tilstande = kopiKort(r.Tilstande, slices.Clone)
	ud.Relationer = kopiKort(r.Relationer, kopiRelationer)
	ud.LokalUdvidelser = maps.Clone(r.LokalUdvidelser)
	ud.Varianter = slices.Clone(r.Varianter)
	for i, v := range ud.Varianter {
		ud.Varianter[i].Egenskaber = kopiAttributter(v.Egenskaber)
		ud.Varianter[i].Dele = slices.Clone(v.Dele)
		for j, d := range v.Dele {
			ud.Varianter[i].Dele[j].Egenskaber = kopiAttributter(d.Egenskaber)
			ud.Varianter[i].Dele[j].Relationer = kopiKort(d.Relationer, kopiRelationer)
		}
	}
	return ud
}

func kopiKort[V any](m map[string][]V, kopi func([]V) []V) map[string][]V {
	ud := make(map[string][]V, len(m))
	for k, v := range m {
		ud[k] = kopi(v)
	}
	return ud
}

func kopiAttributter(l []Attribut) []Attribut {
	ud := slices.Clone(l)
	for i := range ud {
		ud[i].Felter = kopiFelter(ud[i].Felter)
	}
	return ud
}

func kopiRelationer(l []Relation) []Relation {
	ud := slices.Clone(l)
	for i := range ud {
		ud[i].Felter = kopiFelter(ud[i].Felter)
	}
	return ud
}

func kopiFelter(m map[string]string) map[string]string {
	if m == nil {
		return nil
	}
	ud := make(map[string]string, len(m))
	for k, v := range m {
		ud[k] = v
	}
	return ud
}

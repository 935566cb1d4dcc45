// Package kle reads KL's subject classification, KLE, as KL publishes it in XML, and works out what an edition of it changes
// in a register: klasser with titles, guidance and legal basis, valid in the time that the file says. It is pure: what the
// register has is given to it, and what must be written is given back.
package kle

import (
	"strings"
	"time"

	"github.com/moxkit/mox"
)

// Plan is one edition of the subjects, or of the handlingsfacetter.
type Plan struct {
	Udgivet time.Time
	Facet   string // "emneplan" or "handlingsfacet"
	Emner   []Emne // each after the one above it
}

// Emne is one number of a plan: a main group, a group, a subject, or a handlingsfacet or its category.
type Emne struct {
	Nr, Over   string // Over "" = at the top
	Niveau     int    // 0 = at the top
	Titel      string
	Vejledning string // guidance as plain text, a paragraph or an item on each line
	Retskilder []string
	Oprettet   time.Time
	Rettet     []time.Time // when the title was changed
	Udgaaet    time.Time   // since when it is historical; zero = it is not
	AfloestAf  []string    // the numbers that took its place
	Bevaring   string      // by the law on archives: K, K5, K10, B
	Sletning   string      // by the law on personal data: a duration from the end of the sag
	Delplaner  []string
}

// Navn is what the edition is called in notes.
func (p *Plan) Navn() string {
	navn := "KLE-Emneplan"
	if p.Facet == handlingsfacet {
		navn = "KLE-Handlingsfacetter"
	}
	return navn + " " + p.Udgivet.Format(time.DateOnly)
}

// Niveauer are how many numbers there are on each level, from the top.
func (p *Plan) Niveauer() []int {
	var ud []int
	for i := range p.Emner {
		for len(ud) <= p.Emner[i].Niveau {
			ud = append(ud, 0)
		}
		ud[p.Emner[i].Niveau]++
	}
	return ud
}

// urlRum is the namespace of ids made from URLs and other URIs, as RFC 9562 gives it.
const urlRum = "6ba7b811-9dad-11d1-80b4-00c04fd430c8"

// The two facets of KLE. spec: oio 4.1
const (
	emneplan       = "emneplan"
	handlingsfacet = "handlingsfacet"
)

// KlasseID is the UUID of a number: the same in every register, since the file has none. It is the UUIDv5 of the number's
// URN, which beskeder name it by: urn:oio:kle:27.35.04.
func KlasseID(nr string) mox.ObjektID { return id("urn:oio:kle:" + nr) }

// FacetID is the UUID of a facet.
func FacetID(facet string) mox.ObjektID { return id("urn:oio:kle:" + facet) }

// KlassifikationID is the UUID of KLE itself.
func KlassifikationID() mox.ObjektID { return id("urn:oio:kle") }

func id(urn string) mox.ObjektID { return mox.ObjektID(mox.UUIDv5(urlRum, strings.ToLower(urn))) }

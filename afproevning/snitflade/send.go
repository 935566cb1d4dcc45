package snitflade

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/moxkit/mox"
)

// Send is a besked to a receiver, as it differs from one that is in order: a Sag that has arisen, whole and with all it should
// say.
type Send struct {
	Besked  string            `yaml:"besked" json:"besked,omitempty"` // a label: the same label is the same beskedID; none = an id of its own
	Objekt  string            `yaml:"objekt" json:"objekt,omitempty"` // a label: the same label is the same objektID
	Form    Form              `yaml:"form" json:"form,omitempty"`     // none = the first of the profile
	Titel   string            `yaml:"titel" json:"titel,omitempty"`   // of the Sag
	Sker    string            `yaml:"sker" json:"sker,omitempty"`     // the livscykluskode; none = Opstaaet
	Tid     string            `yaml:"tid" json:"tid,omitempty"`       // before or after the newest time used: -10m
	Uden    []string          `yaml:"uden" json:"uden,omitempty"`     // fields that are left out
	Saet    map[string]string `yaml:"saet" json:"saet,omitempty"`     // fields with another value, as it is to stand
	Som     map[string]string `yaml:"som" json:"som,omitempty"`       // AMQP: fields whose value is of another kind
	Ekstra  map[string]string `yaml:"ekstra" json:"ekstra,omitempty"` // headers or attributes beside the fields
	Indhold string            `yaml:"indhold" json:"indhold,omitempty"`
	Erstat  map[string]string `yaml:"erstat" json:"erstat,omitempty"` // kuvert: texts that are replaced

	Signatur string `yaml:"signatur" json:"signatur,omitempty"`
	Noegle   string `yaml:"noegle" json:"noegle,omitempty"`
	Kald     string `yaml:"kald" json:"kald,omitempty"` // HTTP: what is wrong with the call itself

	Antal   int  `yaml:"antal" json:"antal,omitempty"`       // so many, each of an objekt of its own
	Afbryd  bool `yaml:"afbryd" json:"afbryd,omitempty"`     // AMQP: the connection is cut before the broker hears that it is settled
	UdenDom bool `yaml:"uden_dom" json:"uden_dom,omitempty"` // what comes of it is not waited for
	Maal    bool `yaml:"maal" json:"maal,omitempty"`         // the effect is asked for as soon as the product has answered
}

// The words that Send takes.
func indholdsord() []string {
	return []string{"reference", "intet", "stort", "ikke json", "andet objekt"}
}
func somord() []string { return []string{"tal", "timestamp", "bytes", "enkelt"} }
func signaturord() []string {
	return []string{"ingen", "forkert", "gammel", "fremtid", "aendret", "flere"}
}
func noegleord() []string { return []string{"ingen", "forkert"} }
func kaldord() []string   { return []string{"ikke json", "ukendt type"} }

func (s *Send) kontroller() error {
	for navn, c := range map[string]struct {
		har string
		maa []string
	}{"indhold": {s.Indhold, indholdsord()}, "signatur": {s.Signatur, signaturord()}, "noegle": {s.Noegle, noegleord()}, "kald": {s.Kald, kaldord()}} {
		if c.har != "" && !slices.Contains(c.maa, c.har) {
			return fmt.Errorf("%s %q kendes ikke; brug %v", navn, c.har, c.maa)
		}
	}
	for felt, som := range s.Som {
		if !slices.Contains(somord(), som) {
			return fmt.Errorf("som.%s: %q kendes ikke; brug %v", felt, som, somord())
		}
	}
	for _, felt := range append(slices.Collect(maps.Keys(s.Saet)), s.Uden...) {
		if _, ok := mox.BeskedfeltAf(felt); !ok && felt != "relateret" {
			return fmt.Errorf("felt %q findes ikke", felt)
		}
	}
	if s.Tid != "" {
		if _, err := time.ParseDuration(s.Tid); err != nil {
			return fmt.Errorf("tid: %w", err)
		}
	}
	return nil
}

// What may stand in Saet: the besked's registreringstid as it is written in Danish summer time, and a text that is too long.
const (
	lokal = "{{lokal}}"
	langt = "{{langt}}"
)

// medTid is s with the times that depend on the besked put in.
func (s *Send) medTid(b *mox.Besked) *Send {
	ud := *s
	ud.Saet = maps.Clone(s.Saet)
	for felt, v := range ud.Saet {
		v = strings.ReplaceAll(v, langt, strings.Repeat("x", mox.MaksFeltVaerdi+1))
		ud.Saet[felt] = strings.ReplaceAll(v, lokal, b.Registreringstid.In(time.FixedZone("", 2*60*60)).Format(time.RFC3339Nano))
	}
	return &ud
}

// sendt is a besked that has been sent, and what came of it.
type sendt struct {
	Send        *Send
	beskedID    string
	objektID    string
	korrelation string
	fra         int // AMQP: the place on the line when it was sent
	svarFra     int // AMQP: answers that had come by then
	svar        svar
	effekt      effekt // with Maal
	effektFejl  error
}

// svar is what the product answered.
type svar struct {
	dom         Dom
	kode        string // a code of its own: the StatusKode, the problem's kode, the HTTP status
	tekst       string // as people are told it
	raa         string // all of it
	korrelation string
	svarede     bool // there was an answer beside the acknowledgement
	antal       int  // AMQP: how many
	leveringer  int  // AMQP: how many times the broker delivered it
	auto        bool // AMQP: the product takes without acknowledging
}

// Dom is what the product made of a besked.
type Dom string

// The verdicts.
const (
	DomModtaget Dom = "modtaget"
	DomAfvist   Dom = "afvist"
	DomSenere   Dom = "senere" // it may be tried again
	DomIntet    Dom = "intet svar"
)

// etiketter are what a run has given its labels: the same beskedID, objekt and time each time.
type etiketter struct {
	besked map[string]mox.Besked
	objekt map[string]mox.ObjektID
}

func (e *etiketter) objektID(navn string) mox.ObjektID {
	id, ok := e.objekt[navn]
	if !ok || navn == "" {
		id = mox.ObjektID(mox.NyUUID())
		e.objekt[navn] = id
	}
	return id
}

// Values of a besked that is in order.
const (
	proeveAktoer = "0b1e6a52-5d0f-4a7c-8a44-9c1d2b3e4f50"
	proeveBruger = "Søren Ærø"
	proeveKLE    = "02.34.02"
	proeveCVR    = "urn:oio:cvr-nr:12345678"
	proeveTitel  = "Carport, Åvej 3"
)

// grundbesked is a besked in order, with the times and ids of s. A label that has been used gives what it gave then.
func (k *koersel) grundbesked(s *Send, e *etiketter) mox.Besked {
	b, ok := e.besked[s.Besked]
	if !ok || s.Antal > 1 || s.Besked == "" {
		k.nr++
		tid := k.foerste.Add(time.Duration(k.nr) * time.Second)
		if d, err := time.ParseDuration(s.Tid); err == nil {
			tid = tid.Add(d)
		}
		b = mox.Besked{ID: mox.BeskedID(mox.NyUUID()), Version: mox.Beskedversion, ObjektID: e.objektID(s.Objekt), ObjektType: mox.Sag,
			LivscyklusKode: mox.LivscyklusKode(cmp.Or(s.Sker, string(mox.Opstaaet))), Registreringstid: tid, Aktoer: proeveAktoer, Bruger: proeveBruger,
			Myndighed: proeveCVR, Opgaveemne: proeveKLE, Kildesystem: k.p.System, Dannet: tid,
			Relateret: []mox.Relateret{{Rolle: "primaerpart", ID: "urn:oio:cpr-nr:" + opdigtetCPR, ObjektType: "Person"}}}.MedStandard()
		e.besked[s.Besked] = b
	}
	if slices.Contains(s.Uden, "relateret") {
		b.Relateret = nil
	}
	b.Indholdstype, b.Indhold = "application/json", sagsindhold(&b, cmp.Or(s.Titel, proeveTitel))
	switch s.Indhold {
	case "reference":
		b.Indholdstype, b.Indhold, b.Objektreference = "", nil, "https://snitfladetest.example/sag/"+string(b.ObjektID)
	case "intet":
		b.Indholdstype, b.Indhold = "", nil
	case "stort":
		b.Indhold = sagsindhold(&b, strings.Repeat("x", mox.MaksIndhold))
	case "andet objekt":
		andet := b
		andet.ObjektID = mox.ObjektID(mox.NyUUID())
		b.Indhold = sagsindhold(&andet, proeveTitel)
	case "ikke json":
		b.Indhold = []byte(`{"objektID": `)
	}
	return b
}

// sagsindhold is the whole Sag.
func sagsindhold(b *mox.Besked, titel string) []byte {
	const v = `"virkning":{"from":"2026-01-01T00:00:00Z","to":"infinity","aktoerref":"` + proeveAktoer + `","aktoertypekode":"ItSystem"}`
	return fmt.Appendf(nil, `{"objektID":%q,"objekttype":"Sag","registrering":{"fratidspunkt":{"tidsstempeldatotid":%q},"livscykluskode":%q,`+
		`"attributter":{"sagegenskaber":[{"brugervendtnoegle":"SNIT-%s","beskrivelse":"Prøve","kassationskode":"B","sagsnummer":"SNIT-%s","titel":%s,`+v+`}]},`+
		`"tilstande":{"sagfremdrift":[{"fremdrift":"Opstaaet",`+v+`}]},`+
		`"relationer":{"ejer":[{"urn":"`+proeveCVR+`","objekttype":"Organisation",`+v+`}],"primaerklasse":[{"urn":"urn:oio:kle:`+proeveKLE+`","objekttype":"Klasse",`+v+`}],`+
		`"primaerpart":[{"urn":"urn:oio:cpr-nr:`+opdigtetCPR+`","objekttype":"Person",`+v+`}]}}}`,
		b.ObjektID, b.Registreringstid.UTC().Format(time.RFC3339Nano), b.LivscyklusKode, b.ObjektID[:8], b.ObjektID[:8], strconv.Quote(titel))
}

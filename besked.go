package mox

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// Beskedversion is the version of the besked format that MOX writes. spec: mox 2
const Beskedversion = "1.0"

// Beskedtyper with a meaning of their own; all others are free.
const (
	TypeKvittering = "Kvittering" // a receipt rendered as a besked
	TypeFejlbesked = "Fejlbesked" // an agent, or the distributor for it, could not do its work. spec: mox 21
	TypeSletning   = "Sletning"   // an order from the register to erase an objekt; only MOX itself sends it
)

// Limits on a besked. Over MaksIndhold it is refused with [KodeForStor], over the others with [KodeUgyldig] and the field.
const (
	MaksIndhold    = 1 << 20 // bytes of body; document content never travels in a besked
	MaksFeltVaerdi = 1024    // bytes of one metadata value
	MaksFlere      = 100     // values of one multi-valued field, and related objekter
	MaksRolle      = 100     // bytes of a related objekt's role: it is part of a header's name
)

// Besked is one message: one registrering of one objekt, or an order in the receiver's format.
type Besked struct {
	ID               BeskedID // the sender's; unique per sender. spec: mox 1
	Version          string
	Type             string // defaults to "Sag.Rettet"
	ObjektID         ObjektID
	ObjektType       ObjektType
	LivscyklusKode   LivscyklusKode
	Handling         string // free, optional
	RegistreringID   string // the version at the source
	Registreringstid time.Time
	Aktoer           string // UUID of the sending it-system
	Bruger           string // the user the sender acts as
	Myndighed        string // CVR URN of the responsible authority
	Opgaveemne       string // KLE number
	Tilstand         string
	Foelsomhed       string
	Sikkerhedsklasse string
	ProcesID         []string // carried unchanged by everything it causes. spec: mox 14
	ForaarsagetAf    BeskedID
	TilladtModtager  []string
	GyldigFra        time.Time
	GyldigTil        time.Time // zero = without end
	Objektreference  string
	Kildesystem      string // name of the source system
	Beskaaret        string // the agreement that MOX has trimmed it to; "" = it is whole
	Dannet           time.Time
	Relateret        []Relateret
	Indholdstype     string // MIME type of Indhold
	Indhold          []byte // the body: a RegistreringBesked, or what the receiver's form asks for
}

// Relateret is an objekt the besked also concerns, often a citizen: personal data. spec: mox 13
type Relateret struct {
	Rolle      string `json:"rolle"`
	ID         string `json:"objektID"` // UUID or URN
	ObjektType string `json:"objekttype,omitempty"`
}

// Beskedfelt describes one metadata field: its name on the wire, and how it is read from and written to a Besked. The
// table of them is the header specification; every form of the besked is written from it.
type Beskedfelt struct {
	Navn  string // AMQP header and JSON key
	Flere bool   // a list
	Tid   bool   // RFC 3339
	Uden  bool   // not part of the digest: it tells about the sending, not about what happened
	hent  func(*Besked) []string
	saet  func(*Besked, []string) error
}

// Beskedfelter is the field table in the order of the specification.
func Beskedfelter() []Beskedfelt { return beskedfelter }

// BeskedfeltAf finds a field by name.
func BeskedfeltAf(navn string) (*Beskedfelt, bool) {
	for i := range beskedfelter {
		if beskedfelter[i].Navn == navn {
			return &beskedfelter[i], true
		}
	}
	return nil, false
}

// Hent gives the field's values in b; none when it is absent.
func (f *Beskedfelt) Hent(b *Besked) []string { return f.hent(b) }

// Saet gives the field of b its values. A single field takes one value.
func (f *Beskedfelt) Saet(b *Besked, v []string) error {
	if !f.Flere && len(v) > 1 {
		return fmt.Errorf("%s tager én værdi, ikke %d", f.Navn, len(v))
	}
	if len(v) > MaksFlere {
		return fmt.Errorf("%s har %d værdier; højst %d", f.Navn, len(v), MaksFlere)
	}
	for _, s := range v {
		if len(s) > MaksFeltVaerdi {
			return fmt.Errorf("en værdi af %s er på %d bytes; højst %d", f.Navn, len(s), MaksFeltVaerdi)
		}
	}
	return f.saet(b, v)
}

var beskedfelter = []Beskedfelt{
	idfelt("beskedID", func(b *Besked) *BeskedID { return &b.ID }),
	tekstfelt("beskedversion", func(b *Besked) *string { return &b.Version }),
	tekstfelt("beskedtype", func(b *Besked) *string { return &b.Type }),
	idfelt("objektID", func(b *Besked) *ObjektID { return &b.ObjektID }),
	tekstfelt("objekttype", func(b *Besked) *ObjektType { return &b.ObjektType }),
	{Navn: "livscykluskode", hent: func(b *Besked) []string { return enkelt(string(b.LivscyklusKode)) }, saet: saetLivscyklus},
	tekstfelt("handling", func(b *Besked) *string { return &b.Handling }),
	tekstfelt("registreringID", func(b *Besked) *string { return &b.RegistreringID }),
	tidsfelt("registreringstid", func(b *Besked) *time.Time { return &b.Registreringstid }),
	tekstfelt("aktoer", func(b *Besked) *string { return &b.Aktoer }),
	tekstfelt("bruger", func(b *Besked) *string { return &b.Bruger }),
	tekstfelt("myndighed", func(b *Besked) *string { return &b.Myndighed }),
	tekstfelt("opgaveemne", func(b *Besked) *string { return &b.Opgaveemne }),
	tekstfelt("tilstand", func(b *Besked) *string { return &b.Tilstand }),
	tekstfelt("foelsomhed", func(b *Besked) *string { return &b.Foelsomhed }),
	listefelt("procesID", func(b *Besked) *[]string { return &b.ProcesID }),
	idfelt("foraarsagetAf", func(b *Besked) *BeskedID { return &b.ForaarsagetAf }),
	listefelt("tilladtmodtager", func(b *Besked) *[]string { return &b.TilladtModtager }),
	tidsfelt("gyldigFra", func(b *Besked) *time.Time { return &b.GyldigFra }),
	tidsfelt("gyldigTil", func(b *Besked) *time.Time { return &b.GyldigTil }),
	tekstfelt("sikkerhedsklasse", func(b *Besked) *string { return &b.Sikkerhedsklasse }),
	tekstfelt("objektreference", func(b *Besked) *string { return &b.Objektreference }),
	tekstfelt("kildesystem", func(b *Besked) *string { return &b.Kildesystem }),
	uden(tekstfelt("beskaaret", func(b *Besked) *string { return &b.Beskaaret })),
	uden(tidsfelt("dannelsestidspunkt", func(b *Besked) *time.Time { return &b.Dannet })),
}

func uden(f Beskedfelt) Beskedfelt {
	f.Uden = true
	return f
}

func enkelt(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

func tekstfelt[S ~string](navn string, felt func(*Besked) *S) Beskedfelt {
	return Beskedfelt{Navn: navn,
		hent: func(b *Besked) []string { return enkelt(string(*felt(b))) },
		saet: func(b *Besked, v []string) error {
			*felt(b) = S(strings.Join(v, ""))
			return nil
		}}
}

// idfelt is a text field whose value, where it is a UUID, is kept in lower case: .NET writes upper.
func idfelt[S ~string](navn string, felt func(*Besked) *S) Beskedfelt {
	f := tekstfelt(navn, felt)
	saet := f.saet
	f.saet = func(b *Besked, v []string) error {
		if len(v) == 1 && ErUUID(strings.ToLower(v[0])) {
			v = []string{strings.ToLower(v[0])}
		}
		return saet(b, v)
	}
	return f
}

func listefelt(navn string, felt func(*Besked) *[]string) Beskedfelt {
	return Beskedfelt{Navn: navn, Flere: true,
		hent: func(b *Besked) []string { return *felt(b) },
		saet: func(b *Besked, v []string) error {
			*felt(b) = slices.Clone(v)
			return nil
		}}
}

func tidsfelt(navn string, felt func(*Besked) *time.Time) Beskedfelt {
	return Beskedfelt{Navn: navn, Tid: true,
		hent: func(b *Besked) []string {
			if felt(b).IsZero() {
				return nil
			}
			return []string{felt(b).UTC().Format(time.RFC3339Nano)}
		},
		saet: func(b *Besked, v []string) error {
			if len(v) == 0 || v[0] == "" {
				*felt(b) = time.Time{}
				return nil
			}
			t, err := time.Parse(time.RFC3339Nano, v[0])
			if err != nil || !kanSkrives(t) {
				return fmt.Errorf("%s er ikke et tidspunkt med tidszone (RFC 3339) i årene 1 til 9999", navn)
			}
			*felt(b) = t.UTC()
			return nil
		}}
}

func saetLivscyklus(b *Besked, v []string) error {
	if len(v) == 0 || v[0] == "" {
		b.LivscyklusKode = ""
		return nil
	}
	k, ok := LaesLivscyklusKode(v[0])
	if !ok {
		return fmt.Errorf("livscykluskode %q er ikke en af %v", Maskeret(v[0]), LivscyklusKoder())
	}
	b.LivscyklusKode = k
	return nil
}

// ErOmSelveLeveringen reports whether b is itself a receipt or an error report. Such a besked never causes a fejlbesked or
// a Kvittering.
func (b *Besked) ErOmSelveLeveringen() bool {
	return b.Type == TypeKvittering || b.Type == TypeFejlbesked
}

// UdenRegistrering reports whether b is of a type whose content is never a registrering: it tells of a delivery, or orders
// an erasure.
func (b *Besked) UdenRegistrering() bool { return b.ErOmSelveLeveringen() || b.Type == TypeSletning }

// MedStandard fills in what may be left out: beskedversion, and beskedtype as "Sag.Rettet", or "Sag.<handling>" where no
// livscykluskode is told.
func (b Besked) MedStandard() Besked {
	if b.Version == "" {
		b.Version = Beskedversion
	}
	if hvad := cmp.Or(string(b.LivscyklusKode), b.Handling); b.Type == "" && b.ObjektType != "" && hvad != "" {
		b.Type = string(b.ObjektType) + "." + hvad
	}
	return b
}

// Valider checks what every besked must fulfil before MOX takes responsibility for it. The error is an [*Error]:
// [KodeUdenBeskedID], [KodeBeskedversion], [KodeForStor] or [KodeUgyldig]. spec: mox 4, mox 5
func (b *Besked) Valider() error {
	const op = "besked.valider"
	switch {
	case b.ID == "":
		return E(op, KodeUdenBeskedID, "beskeden har intet beskedID").Med("giv hver besked et beskedID, og send den igen")
	case b.Version != Beskedversion:
		return E(op, KodeBeskedversion, "beskedversion %q kendes ikke", b.Version).Med("send med beskedversion " + Beskedversion)
	case len(b.Indhold) > MaksIndhold:
		return E(op, KodeForStor, "beskedens indhold er på %d bytes; højst %d", len(b.Indhold), MaksIndhold).
			Med("send dokumentets indhold til /indhold, og henvis til det")
	}
	if fejl := b.feltfejl(); len(fejl) > 0 {
		return &Error{Kode: KodeUgyldig, Op: op, Tekst: "beskeden er ugyldig", Felter: fejl}
	}
	return nil
}

func (b *Besked) feltfejl() []Feltfejl {
	var ud []Feltfejl
	kraev := func(ok bool, sti, regel, spec, tekst string) {
		if !ok {
			ud = append(ud, Feltfejl{Sti: sti, Regel: regel, Spec: spec, Tekst: tekst})
		}
	}
	kraev(ErUUID(string(b.ID)) || ErURN(string(b.ID)), "beskedID", "unikid", "mox 8", "er hverken en UUID eller en URN")
	kraev(b.Type != "", "beskedtype", "kraevet", "mox 3", "mangler")
	kraev(b.GyldigTil.IsZero() || b.GyldigFra.Before(b.GyldigTil), "gyldigTil", "interval", "mox 9", "skal ligge efter gyldigFra")
	if !b.ErOmSelveLeveringen() {
		kraev(ErUUID(string(b.ObjektID)), "objektID", "uuid", "mox 4", "mangler eller er ikke en UUID")
		_, kendt := TypeAf(b.ObjektType)
		kraev(kendt, "objekttype", "kodeliste", "mox 4", fmt.Sprintf("er ikke en af %v", ObjektTyper()))
		kraev(slices.Contains(LivscyklusKoder(), b.LivscyklusKode) || b.Handling != "", "livscykluskode", "kraevet", "mox 4", "eller handling skal siges")
		kraev(!b.Registreringstid.IsZero(), "registreringstid", "kraevet", "mox 4", "mangler")
		kraev(b.Aktoer != "" || b.Bruger != "", "aktoer", "kraevet", "mox 4", "eller bruger skal siges")
		kraev(len(b.Indhold) > 0 || b.Objektreference != "", "indhold", "kraevet", "mox 5", "eller objektreference skal være der")
	}
	for i, r := range b.Relateret {
		kraev(ErUUID(r.ID) || ErURN(r.ID), fmt.Sprintf("relateret[%d].objektID", i), "unikid", "mox 8", "er hverken en UUID eller en URN")
	}
	kraev(len(b.Relateret) <= MaksFlere, "relateret", "antal", "", fmt.Sprintf("højst %d", MaksFlere))
	b.graenser(func(ok bool, sti, tekst string) { kraev(ok, sti, "graense", "", tekst) })
	return ud
}

// graenser holds every text to what both databases and every form of a besked can carry. Input through Saet is within
// them already; a besked may also be made by a program.
func (b *Besked) graenser(kraev func(ok bool, sti, tekst string)) {
	tekst := func(sti, v string, maks int) {
		kraev(gyldigTekst(v), sti, ugyldigTekst)
		kraev(len(v) <= maks, sti, fmt.Sprintf("er på %d bytes; højst %d", len(v), maks))
	}
	for i := range beskedfelter {
		f := &beskedfelter[i]
		if f.Tid {
			continue
		}
		v := f.hent(b)
		kraev(len(v) <= MaksFlere, f.Navn, fmt.Sprintf("har %d værdier; højst %d", len(v), MaksFlere))
		for _, x := range v {
			tekst(f.Navn, x, MaksFeltVaerdi)
		}
	}
	tekst("indholdstype", b.Indholdstype, MaksFeltVaerdi)
	for i, r := range b.Relateret {
		sti := fmt.Sprintf("relateret[%d].", i)
		tekst(sti+"rolle", r.Rolle, MaksRolle)
		tekst(sti+"objektID", r.ID, MaksFeltVaerdi)
		tekst(sti+"objekttype", r.ObjektType, MaksFeltVaerdi)
	}
}

// Stemmer checks that the metadata agree with the registrering they are about. The error is an [*Error] with
// [KodeUenig]. spec: mox 11
func (b *Besked) Stemmer(id ObjektID, r Registrering) error {
	var fejl []Feltfejl
	ens := func(sti, hoved, krop string) {
		if hoved != "" && krop != "" && hoved != krop {
			fejl = append(fejl, Feltfejl{Sti: sti, Regel: "uenig", Spec: "mox 11", Tekst: "siger ét i metadata og et andet i indholdet"})
		}
	}
	ens("objektID", string(b.ObjektID), string(id))
	ens("livscykluskode", string(b.LivscyklusKode), string(r.LivscyklusKode))
	if !r.FraTidspunkt.IsZero() && Kl(b.Registreringstid) != Kl(r.FraTidspunkt) {
		ens("registreringstid", "metadata", "indhold")
	}
	af := afledte(b.ObjektType, r, Kl(b.Registreringstid))
	ens("opgaveemne", b.Opgaveemne, af.Opgaveemne)
	ens("tilstand", b.Tilstand, af.Tilstand)
	if len(fejl) == 0 {
		return nil
	}
	return &Error{Kode: KodeUenig, Op: "besked.stemmer", Tekst: "metadata og indhold er uenige", Felter: fejl,
		Raad: "dan metadata af det samme indhold, og send med et nyt beskedID"}
}

// Udfyld sets the metadata that can be read from the registrering where the sender gave none: opgaveemne, tilstand,
// myndighed and related persons and companies. spec: mox 12, mox 13
func (b *Besked) Udfyld(r Registrering) {
	af := afledte(b.ObjektType, r, Kl(b.Registreringstid))
	saetTom(&b.Opgaveemne, af.Opgaveemne)
	saetTom(&b.Tilstand, af.Tilstand)
	saetTom(&b.Myndighed, af.Myndighed)
	if len(b.Relateret) == 0 {
		b.Relateret = af.Relateret
	}
}

func saetTom(felt *string, v string) {
	if *felt == "" {
		*felt = v
	}
}

// afledte reads metadata out of the content as it stands at t.
func afledte(navn ObjektType, r Registrering, t Tidspunkt) Besked {
	var ud Besked
	type_, ok := TypeAf(navn)
	if !ok {
		return ud
	}
	nu := r.Paa(t)
	for _, tv := range type_.Tilstande {
		for _, s := range nu.Tilstande[tv.Navn] {
			ud.Tilstand = s.Vaerdi
		}
	}
	for _, rt := range type_.Relationer {
		for _, rel := range nu.Relationer[rt.Navn] {
			ud.afled(rt.Navn, rel)
		}
	}
	return ud
}

func (b *Besked) afled(rolle string, rel Relation) {
	urn := strings.ToLower(rel.Reference.URN)
	switch {
	case rolle == "primaerklasse" && strings.HasPrefix(urn, "urn:oio:kle:"):
		b.Opgaveemne = urn[len("urn:oio:kle:"):]
	case rolle == "ejer" && strings.HasPrefix(urn, "urn:oio:cvr"):
		b.Myndighed = rel.Reference.URN
	case strings.HasPrefix(urn, "urn:oio:cpr-nr:"):
		b.Relateret = append(b.Relateret, Relateret{Rolle: rolle, ID: rel.Reference.URN, ObjektType: "Person"})
	case strings.HasPrefix(urn, "urn:oio:cvr"):
		b.Relateret = append(b.Relateret, Relateret{Rolle: rolle, ID: rel.Reference.URN, ObjektType: "Virksomhed"})
	}
}

// Kanonisk is the bytes that say whether two beskeder with one beskedID have the same content: all metadata the sender
// gave, and the body, in one order and one spelling. spec: mox 41
func (b *Besked) Kanonisk() []byte {
	var ud bytes.Buffer
	for _, f := range beskedfelter {
		if f.Uden {
			continue
		}
		for _, v := range f.hent(b) {
			fmt.Fprintf(&ud, "%s=%q\n", f.Navn, v)
		}
	}
	rel := slices.Clone(b.Relateret)
	slices.SortFunc(rel, func(x, y Relateret) int {
		return cmp.Or(cmp.Compare(x.Rolle, y.Rolle), cmp.Compare(x.ID, y.ID), cmp.Compare(x.ObjektType, y.ObjektType))
	})
	for _, r := range rel {
		fmt.Fprintf(&ud, "relateret %q %q %q\n", r.Rolle, r.ID, r.ObjektType)
	}
	ud.WriteString("indhold\n")
	ud.Write(kanoniskIndhold(b.Indhold))
	return ud.Bytes()
}

// kanoniskIndhold is JSON without insignificant space and with sorted keys; anything else as it is.
func kanoniskIndhold(b []byte) []byte {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return b
	}
	if _, err := d.Token(); err != io.EOF {
		return b // something follows
	}
	ud, err := json.Marshal(v)
	if err != nil {
		return b
	}
	return ud
}

// Metadata gives every filterable value of b by field name; related objekter under "relateret" and "relateret.<rolle>".
func (b *Besked) Metadata() map[string][]string {
	ud := make(map[string][]string, len(beskedfelter))
	for _, f := range beskedfelter {
		if v := f.hent(b); len(v) > 0 {
			ud[f.Navn] = v
		}
	}
	for _, r := range b.Relateret {
		ud["relateret"] = append(ud["relateret"], r.ID)
		ud["relateret."+r.Rolle] = append(ud["relateret."+r.Rolle], r.ID)
	}
	return ud
}

// Roller are the roles of the related objekter, sorted.
func (b *Besked) Roller() []string {
	set := map[string]bool{}
	for _, r := range b.Relateret {
		set[r.Rolle] = true
	}
	return slices.Sorted(maps.Keys(set))
}

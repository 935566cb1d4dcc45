package kle

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/moxkit/mox"
)

// Kendt is what the register has of KLE, with all its virkning: the Klassifikation, the plan's Facet, and the klasser of it.
type Kendt map[mox.ObjektID]mox.Registrering

// Objekt is one objekt as it is to be; its LivscyklusKode is Passiveret where its upkeep is to end, and otherwise "".
type Objekt struct {
	ObjektType   mox.ObjektType
	ID           mox.ObjektID
	Registrering mox.Registrering
	Foer         time.Time // FraTidspunkt of the registrering that it was worked out from; zero = there was none
}

// Overgang is what an edition changes in a register.
type Overgang struct {
	Objekter  []Objekt // in the order they are to be written: what says that the edition is here comes last
	Nye       int      // numbers the register did not have
	Rettede   int
	Bortfald  int // numbers that are not in the edition
	Uaendrede int
}

// maksBortfald is how many in a hundred of the numbers an edition may lack before a person must confirm it: a part of the
// plan is no edition of it.
const maksBortfald = 10

// Kontroller refuses a plan that lacks more of the known numbers than an edition would.
func (o *Overgang) Kontroller() error {
	if i := o.Bortfald + o.Rettede + o.Uaendrede; o.Bortfald*100 > i*maksBortfald {
		return mox.E("kle", mox.KodeBekraeft, "filen mangler %d af de %d numre, registeret har; de ville blive passiveret", o.Bortfald, i).
			Med("er det en delplan, så importer hele planen i stedet; er det rigtigt, så gentag med --ja")
	}
	return nil
}

// overgang works one out.
type overgang struct {
	p     *Plan
	t     *mox.Type
	kendt Kendt
	foer  time.Time                       // when the edition that the register has was published; zero = it has none
	arvet map[string]map[string]time.Time // by number: the numbers it replaces, and since when
	ud    Overgang
}

// Overgang works out what the plan changes in a register that has kendt. What the register says of a number beyond what the
// plan does, such as mapninger, is left as it is; and so is what it says of the time before a change. Worked out again when
// it has been written, it is nothing.
//
// The error is a [*mox.Error] with [mox.KodeUgyldig] where the register has a newer edition: an older one would undo it.
func (p *Plan) Overgang(kendt Kendt) (*Overgang, error) {
	t, _ := mox.TypeAf(mox.Klasse)
	o := &overgang{p: p, t: t, kendt: kendt, foer: udgave(kendt[FacetID(p.Facet)]), arvet: p.arvet()}
	if o.foer.After(p.Udgivet) {
		return nil, mox.E("kle", mox.KodeUgyldig, "registeret har udgaven fra %s, som er nyere end filens", o.foer.Format(time.DateOnly)).Med("importer den nyeste udgave")
	}
	if err := o.hoved(mox.Klassifikation, KlassifikationID(), klassifikation(), nil); err != nil {
		return nil, err
	}
	ids := map[mox.ObjektID]bool{}
	for i := range p.Emner {
		ids[KlasseID(p.Emner[i].Nr)] = true
		if err := o.emne(&p.Emner[i]); err != nil {
			return nil, err
		}
	}
	if err := o.bortfald(ids); err != nil {
		return nil, err
	}
	facet := map[string]string{"egenskaber.plan": p.Navn()}
	return &o.ud, o.hoved(mox.Facet, FacetID(p.Facet), p.facet(), facet)
}

// arvet are the numbers that each number replaces.
func (p *Plan) arvet() map[string]map[string]time.Time {
	ud := map[string]map[string]time.Time{}
	for i := range p.Emner {
		e := &p.Emner[i]
		for _, ny := range e.AfloestAf {
			if ud[ny] == nil {
				ud[ny] = map[string]time.Time{}
			}
			ud[ny][e.Nr] = e.Udgaaet
		}
	}
	return ud
}

// udgave is the publishing date of the newest edition that a facet says it has.
func udgave(facet mox.Registrering) (ud time.Time) {
	for _, a := range facet.Attributter["facetegenskaber"] {
		plan := a.Felter["plan"]
		if t, err := time.Parse(time.DateOnly, plan[strings.LastIndexByte(plan, ' ')+1:]); err == nil && t.After(ud) {
			ud = t
		}
	}
	return ud
}

func altid() mox.Virkning { return mox.Fra(mox.MinusUendelig) }

func fraDato(t time.Time) mox.Virkning { return mox.Fra(mox.Kl(t)) }

func klassifikation() mox.Registrering {
	return mox.Registrering{
		Attributter: map[string][]mox.Attribut{"klassifikationegenskaber": {{Virkning: altid(), Felter: map[string]string{
			"brugervendtnoegle": "KLE", "titel": "KL Emnesystematik", "kaldenavn": "KLE", "ophavsret": "KL",
			"beskrivelse": "Fælleskommunal klassifikation af opgaver: emner og handlingsfacetter"}}}},
		Tilstande: map[string][]mox.Tilstand{"klassifikationpubliceret": {{Vaerdi: "Publiceret", Virkning: altid()}}},
	}
}

func (p *Plan) facet() mox.Registrering {
	titel, opbygning := "Emneplan", "NN: hovedgruppe, NN.NN: gruppe, NN.NN.NN: emne"
	if p.Facet == handlingsfacet {
		titel, opbygning = "Handlingsfacetter", "A: kategori, A00: handlingsfacet"
	}
	return mox.Registrering{
		Attributter: map[string][]mox.Attribut{"facetegenskaber": {{Virkning: altid(), Felter: map[string]string{
			"brugervendtnoegle": p.Facet, "titel": titel, "opbygning": opbygning, "ophavsret": "KL"}}}},
		Tilstande: map[string][]mox.Tilstand{"facetpubliceret": {{Vaerdi: "Publiceret", Virkning: altid()}}},
		Relationer: map[string][]mox.Relation{"facettilhoerer": {{ObjektType: string(mox.Klassifikation), Virkning: altid(),
			Reference: mox.Reference{UUID: string(KlassifikationID())}}}},
	}
}

// hoved makes the Klassifikation or the Facet where it is not there, and says of it what is true from this edition on.
func (o *overgang) hoved(t mox.ObjektType, id mox.ObjektID, ny mox.Registrering, nu map[string]string) error {
	gammel, findes := o.kendt[id]
	if findes {
		ny = gammel
	}
	type_, _ := mox.TypeAf(t)
	ny, err := ny.Laeg(type_, nu, fraDato(o.p.Udgivet))
	if err == nil && (!findes || !ny.Ens(gammel) || gammel.LivscyklusKode == mox.Passiveret) {
		o.tag(t, id, ny, "")
	}
	return err
}

func (o *overgang) tag(t mox.ObjektType, id mox.ObjektID, r mox.Registrering, kode mox.LivscyklusKode) {
	r.FraTidspunkt, r.BrugerRef, r.LivscyklusKode, r.NoteTekst = time.Time{}, mox.Reference{}, kode, o.p.Navn()
	o.ud.Objekter = append(o.ud.Objekter, Objekt{ObjektType: t, ID: id, Registrering: r, Foer: o.kendt[id].FraTidspunkt})
}

func (o *overgang) emne(e *Emne) error {
	id := KlasseID(e.Nr)
	gammel, findes := o.kendt[id]
	if !findes {
		ny, err := o.ny(e)
		o.ud.Nye++
		o.tag(mox.Klasse, id, ny, "")
		return err
	}
	ny, err := o.rettet(e, gammel)
	if err == nil && ny.Ens(gammel) && gammel.LivscyklusKode != mox.Passiveret {
		o.ud.Uaendrede++
		return nil
	}
	o.ud.Rettede++
	o.tag(mox.Klasse, id, ny, "")
	return err
}

// felter are the values of a number that hold as long as it does; "" = it has none.
func (e *Emne) felter() map[string]string {
	return map[string]string{"egenskaber.brugervendtnoegle": e.Nr, "egenskaber.titel": e.Titel, "egenskaber.beskrivelse": e.Vejledning,
		"egenskaber.retskilde": strings.Join(e.Retskilder, "\n"), "egenskaber.integrationsdata": e.integrationsdata()}
}

// integrationsdata is what KL says of a number that a Klasse has no field for.
func (e *Emne) integrationsdata() string {
	if e.Bevaring == "" && e.Sletning == "" && len(e.Delplaner) == 0 {
		return ""
	}
	b, _ := json.Marshal(struct { // texts only
		Bevaring  string   `json:"bevaring,omitempty"`
		Sletning  string   `json:"sletning,omitempty"`
		Delplaner []string `json:"delplaner,omitempty"`
	}{e.Bevaring, e.Sletning, e.Delplaner})
	return string(b)
}

// notat says why a number is historical.
func (e *Emne) notat() string {
	switch {
	case e.Udgaaet.IsZero():
		return ""
	case len(e.AfloestAf) > 0:
		return "Flyttet " + e.Udgaaet.Format(time.DateOnly) + "; afløst af " + strings.Join(e.AfloestAf, ", ")
	}
	return "Udgået " + e.Udgaaet.Format(time.DateOnly)
}

// ny is a number that the register does not have, in all the time that the plan tells of.
func (o *overgang) ny(e *Emne) (mox.Registrering, error) {
	v := fraDato(e.Oprettet)
	ud := mox.Registrering{Attributter: map[string][]mox.Attribut{}, Tilstande: map[string][]mox.Tilstand{}, Relationer: map[string][]mox.Relation{}}
	vaerdier := e.felter()
	vaerdier["relationer.facet"] = string(FacetID(o.p.Facet))
	if e.Over != "" {
		vaerdier["relationer.overordnetklasse"] = string(KlasseID(e.Over))
	}
	vaerdier["tilstande.publiceret"] = "Publiceret"
	ud, err := ud.Laeg(o.t, vaerdier, v)
	if err == nil && !e.Udgaaet.IsZero() {
		ud, err = ud.Laeg(o.t, map[string]string{"tilstande.publiceret": "IkkePubliceret", "egenskaber.aendringsnotat": e.notat()}, fraDato(seneste(e.Udgaaet, e.Oprettet)))
	}
	if err != nil {
		return ud, err
	}
	return o.medErstatter(e, ud), nil
}

func seneste(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// rettet is a known number as this edition has it: what differs from when the plan says that it was changed, and where it
// does not say, from when it was published.
func (o *overgang) rettet(e *Emne, gammel mox.Registrering) (mox.Registrering, error) {
	nu := seneste(o.p.Udgivet, e.Oprettet)
	staar := gammel.Udflad(o.t, mox.Kl(nu))
	vil := e.felter()
	vil["egenskaber.aendringsnotat"] = e.notat()
	vil["tilstande.publiceret"] = "Publiceret"
	if !e.Udgaaet.IsZero() && !e.Udgaaet.After(nu) {
		vil["tilstande.publiceret"] = "IkkePubliceret"
	}
	if e.Udgaaet.After(nu) { // it will be: said when it is
		vil["egenskaber.aendringsnotat"] = ""
	}
	ud := gammel
	for _, sti := range slices.Sorted(maps.Keys(vil)) {
		if staar[sti] == vil[sti] {
			continue
		}
		var err error
		if ud, err = ud.Laeg(o.t, map[string]string{sti: vil[sti]}, fraDato(seneste(o.aendret(e, sti), e.Oprettet))); err != nil {
			return ud, err
		}
	}
	ud, err := o.medFremtid(e, ud, nu)
	if err != nil {
		return ud, err
	}
	return o.medErstatter(e, ud), nil
}

// medFremtid says of a number that becomes historical after the edition's day that it then does.
func (o *overgang) medFremtid(e *Emne, r mox.Registrering, nu time.Time) (mox.Registrering, error) {
	if !e.Udgaaet.After(nu) {
		return r, nil
	}
	return r.Laeg(o.t, map[string]string{"tilstande.publiceret": "IkkePubliceret", "egenskaber.aendringsnotat": e.notat()}, fraDato(e.Udgaaet))
}

// aendret is from when a change that came with this edition holds.
func (o *overgang) aendret(e *Emne, sti string) time.Time {
	var datoer []time.Time
	switch sti {
	case "egenskaber.titel":
		datoer = e.Rettet
	case "egenskaber.aendringsnotat", "tilstande.publiceret":
		datoer = []time.Time{e.Udgaaet}
	}
	ud := time.Time{}
	for _, d := range datoer {
		if d.After(o.foer) && !d.After(o.p.Udgivet) && d.After(ud) {
			ud = d
		}
	}
	if ud.IsZero() {
		return o.p.Udgivet
	}
	return ud
}

// medErstatter adds the numbers that e replaces, each from when it does. Those that are there are kept.
func (o *overgang) medErstatter(e *Emne, r mox.Registrering) mox.Registrering {
	arvet := o.arvet[e.Nr]
	numre := slices.SortedFunc(maps.Keys(arvet), func(a, b string) int { return cmp.Or(arvet[a].Compare(arvet[b]), cmp.Compare(a, b)) })
	for _, nr := range numre {
		id := string(KlasseID(nr))
		if slices.ContainsFunc(r.Relationer["erstatter"], func(x mox.Relation) bool { return x.Reference.UUID == id }) {
			continue
		}
		r = r.Kopi()
		r.Relationer["erstatter"] = append(r.Relationer["erstatter"], mox.Relation{Reference: mox.Reference{UUID: id}, ObjektType: string(mox.Klasse), Virkning: fraDato(seneste(arvet[nr], e.Oprettet))})
	}
	return r
}

// bortfald ends the upkeep of the numbers that the plan no longer has.
func (o *overgang) bortfald(ids map[mox.ObjektID]bool) error {
	for _, id := range slices.Sorted(maps.Keys(o.kendt)) {
		r := o.kendt[id]
		if ids[id] || r.LivscyklusKode == mox.Passiveret || id == KlassifikationID() || id == FacetID(o.p.Facet) {
			continue
		}
		ny, err := r.Laeg(o.t, map[string]string{"tilstande.publiceret": "IkkePubliceret"}, fraDato(o.p.Udgivet))
		if err != nil {
			return err
		}
		o.ud.Bortfald++
		o.tag(mox.Klasse, id, ny, mox.Passiveret)
	}
	return nil
}

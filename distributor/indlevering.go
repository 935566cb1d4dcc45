package distributor

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/store"
)

// MaksPoster is how many records one Indlevering holds at most: an agent sends more in several.
const MaksPoster = 500

// noegleForled marks, in a mapped record, a reference to another record of the same system by its local key:
// "noegle:Sag:2026-0001". It never leaves the distributor.
const noegleForled = "noegle:"

// Post is one mapped record of a system.
type Post struct {
	Noegle     string             `json:"noegle"` // what the system calls it
	ObjektType mox.ObjektType     `json:"objekttype"`
	Felter     map[string]string  `json:"felter"`                   // OIO values by sti
	Fra        time.Time          `json:"fra,omitzero"`             // start of virkning; zero = when it is received
	Version    string             `json:"version,omitempty"`        // the system's own version of the record
	Livscyklus mox.LivscyklusKode `json:"livscykluskode,omitempty"` // "" = as the history says
	Handling   string             `json:"handling,omitempty"`
	Foelsomhed string             `json:"foelsomhed,omitempty"`
	Lokale     map[string]string  `json:"lokale,omitempty"`  // the record's local fields, to recognise what MOX wrote itself
	Laer       bool               `json:"laer,omitempty"`    // learn identity and content; send nothing
	Tvungen    bool               `json:"tvungen,omitempty"` // send even when nothing changed: it is an answer
	Ekko       []store.Ekko       `json:"ekko,omitempty"`    // what MOX has just written into the record
	Sted       string             `json:"sted,omitempty"`    // JSON: where it stands in the source
	Raa        []byte             `json:"raa,omitempty"`     // as it stood, kept if it cannot be used
	Fejl       *Postfejl          `json:"fejl,omitempty"`    // it could not be read or mapped
}

// Postfejl says why a record could not become a besked.
type Postfejl struct {
	Ansvar mox.Ansvar `json:"ansvar"`
	Kode   string     `json:"kode"`
	Tekst  string     `json:"tekst"`
	Raad   string     `json:"raad,omitempty"`
}

// Indlevering is what an agent hands in after reading a source: records, where it read from, and where it stands now. All
// of it is stored in one transaction, or none.
type Indlevering struct {
	Agent     string              `json:"agent"`
	System    string              `json:"system"`
	ActsAs    string              `json:"acts_as,omitempty"`
	Kilde     string              `json:"kilde"`
	Forventet string              `json:"forventet"`            // the position the agent read from
	Position  string              `json:"position"`             // the position after these records
	Faerdig   bool                `json:"faerdig,omitempty"`    // the source has no more for now: the first run is over
	Fuld      bool                `json:"fuld,omitempty"`       // the records end a complete listing
	MaksAndel float64             `json:"maks_andel,omitempty"` // share of living objekter that one complete listing may withdraw
	Stier     map[string][]string `json:"stier,omitempty"`      // local field → the sti it is mapped to, for recognising echoes
	Poster    []Post              `json:"poster"`
	Hver      int                 `json:"hver_sekunder,omitempty"` // how long between two reads of the source; 0 = not told
	Mislykket string              `json:"mislykket,omitempty"`     // the source could not be read, and why: the position stays
}

// Indleveret is what came of an Indlevering.
type Indleveret struct {
	Beskeder   []mox.BeskedID `json:"beskeder,omitempty"`
	Laert      int            `json:"laert"`
	Uaendrede  int            `json:"uaendrede"`
	Foraeldede int            `json:"foraeldede"`
	Ekko       int            `json:"ekko"`
	Fejl       int            `json:"fejl"`
}

// Kilde tells an agent where its source was read to.
func (d *Distributor) Kilde(ctx context.Context, agent, kilde string) (k store.Kilde, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) (err error) {
		k, err = tx.Kilde(agent, kilde)
		return err
	})
	return k, err
}

// Indlever stores an agent's records: identity, change detection, besked with its leverancer, and the new position, in
// one transaction. A record that cannot be used becomes a Fejl and holds nothing else back.
//
// Errors: [mox.KodePosition] when the source is no longer where the agent read from (another has read it, or the answer to
// an earlier try was lost): read the position again and go on from there. [mox.KodeDiskFuld].
func (d *Distributor) Indlever(ctx context.Context, i Indlevering) (Indleveret, error) {
	if d.store.Scarce() {
		return Indleveret{}, mox.E("indlever", mox.KodeDiskFuld, "disken er fuld; MOX tager ikke imod nyt").Med("gør plads; agenten fortsætter selv")
	}
	if len(i.Poster) > MaksPoster {
		return Indleveret{}, mox.E("indlever", mox.KodeForStor, "%d poster på én gang; højst %d", len(i.Poster), MaksPoster)
	}
	begyndt := time.Now()
	d.punkt("accept.foer")
	var ud Indleveret
	var vaek []mox.AbonnementID
	err := d.store.Update(ctx, func(tx *store.Tx) (err error) {
		ud, vaek, err = d.indlever(tx, i)
		return err
	})
	if err != nil {
		return Indleveret{}, err
	}
	d.maaler.Indlever(time.Since(begyndt))
	d.punkt("accept.efter")
	d.vaekker.vaek(vaek...)
	return ud, nil
}

func (d *Distributor) indlever(tx *store.Tx, i Indlevering) (ud Indleveret, vaek []mox.AbonnementID, err error) {
	if err := tx.Lock("kilde/" + i.Agent + "/" + i.Kilde); err != nil {
		return ud, nil, err
	}
	k, err := tx.Kilde(i.Agent, i.Kilde)
	if err != nil {
		return ud, nil, err
	}
	if k.Position != i.Forventet {
		return ud, nil, mox.E("indlever", mox.KodePosition, "kilden %s/%s er læst til et andet sted", i.Agent, i.Kilde).Med("hent positionen igen, og læs derfra")
	}
	m := modtagelse{agent: i.Agent, system: i.System, actsAs: i.ActsAs, kilde: i.Kilde, stier: i.Stier, gennemloeb: k.Gennemloeb, foerste: k.Startet.IsZero()}
	konf := d.konfiguration()
	for _, p := range i.Poster {
		r, err := d.optag(tx, konf, p, m)
		if err != nil {
			return ud, nil, err
		}
		ud.tael(r)
		vaek = append(vaek, r.sendtTil...)
	}
	if i.Fuld {
		if vaek, err = d.trukne(tx, konf, i, m, &ud, vaek); err != nil {
			return ud, nil, err
		}
		k.Gennemloeb++
	}
	i.livstegn(&k, tx.Now())
	k.Position = i.Position
	if i.Faerdig && k.Startet.IsZero() {
		k.Startet = tx.Now()
	}
	ud.laegTil(&k, len(i.Poster))
	return ud, vaek, tx.GemKilde(k)
}

// maksFejltekst is how many bytes of a source's last error are kept.
const maksFejltekst = 500

// livstegn notes that the source was read, or could not be. One that had nothing new was read all the same.
func (i *Indlevering) livstegn(k *store.Kilde, nu time.Time) {
	k.Hver = time.Duration(i.Hver) * time.Second
	if i.Mislykket != "" {
		k.FejlITraek++
		t := mox.Maskeret(i.Mislykket)
		k.FejlTekst, k.FejlTid = t[:min(len(t), maksFejltekst)], nu
		return
	}
	k.Kontakt, k.FejlITraek = nu, 0
	if len(i.Poster) > 0 || i.Position != i.Forventet || k.Startet.IsZero() {
		k.Sidst = nu
	}
}

func (u *Indleveret) tael(r optaget) {
	switch r.hvad {
	case sendt:
		u.Beskeder = append(u.Beskeder, r.besked)
	case laert:
		u.Laert++
	case uaendret:
		u.Uaendrede++
	case foraeldet:
		u.Foraeldede++
	case ekko:
		u.Ekko++
	case fejlet:
		u.Fejl++
	}
}

func (u *Indleveret) laegTil(k *store.Kilde, laest int) {
	k.Laest += int64(laest)
	k.Beskeder += int64(len(u.Beskeder))
	k.Uaendrede += int64(u.Uaendrede)
	k.Foraeldede += int64(u.Foraeldede)
	k.Ekko += int64(u.Ekko)
	k.Fejlposter += int64(u.Fejl)
}

// modtagelse is what the records of one Indlevering, or the answers of one Done, have in common.
type modtagelse struct {
	agent, system, actsAs, kilde string
	stier                        map[string][]string
	gennemloeb                   int64
	foerste                      bool // the source's first run: what it has was there before MOX
	afstem                       bool // only find out what is new: nothing is kept
	foraarsagetAf                mox.BeskedID
	procesID                     []string
	svarFra                      mox.AbonnementID
}

func (m *modtagelse) fuldKilde() string { return m.agent + "/" + m.kilde }

// what optag made of a record
type hvad int

const (
	sendt hvad = iota
	laert
	uaendret
	foraeldet
	ekko
	fejlet
)

type optaget struct {
	hvad     hvad
	besked   mox.BeskedID
	sendtTil []mox.AbonnementID
	aarsag   string // why it was fejlet

	// told where it is only found out
	objekt mox.ObjektID
	ny     bool
	stier  []string
}

// optag takes in one record: who it is, whether it says something new, and if so the besked about it.
func (d *Distributor) optag(tx *store.Tx, k *konfiguration, p Post, m modtagelse) (optaget, error) {
	type_, ok := mox.TypeAf(p.ObjektType)
	if p.Fejl == nil {
		p.Fejl = p.ubrugelig(ok)
	}
	if p.Fejl != nil && (!ok || p.Noegle == "" || !gyldigTekst(p.Noegle)) {
		return d.postfejl(tx, p, m, *p.Fejl, "")
	}
	id, err := tx.Objekt(m.system, p.ObjektType, p.Noegle)
	if err != nil {
		return optaget{}, err
	}
	if err := tx.Lock("objekt/" + string(id)); err != nil {
		return optaget{}, err
	}
	stand, kendt, err := tx.Objektstand(id, m.system)
	if err != nil {
		return optaget{}, err
	}
	if !kendt { // of an erased objekt there is none
		if g, glemt, err := tx.Glemt(id); glemt || err != nil {
			return optaget{hvad: fejlet, aarsag: opgivet}, errEller(err, glemtPost(tx, &g, m))
		}
	}
	if p.Fejl != nil {
		return d.postfejl(tx, p, m, *p.Fejl, id)
	}
	for _, e := range p.Ekko {
		if err := tx.GemEkko(m.system, id, e); err != nil {
			return optaget{}, err
		}
	}
	s := optagelse{d: d, tx: tx, k: k, p: p, m: m, type_: type_, id: id, stand: stand, kendt: kendt}
	r, err := s.afgoer()
	r.objekt = id
	var ugyldig *mox.Error
	if errors.As(err, &ugyldig) { // the database's own errors have no code yet
		return d.postfejl(tx, p, m, Postfejl{mox.AnsvarAfsender, string(ugyldig.Kode), mox.Forklaring(ugyldig), ellers(ugyldig.Raad, "ret posten i systemet, eller ret agentens map")}, id)
	}
	return r, err
}

// ubrugelig says why a record cannot be taken in at all; nil when it can.
func (p *Post) ubrugelig(kendtType bool) *Postfejl {
	if !kendtType || p.Noegle == "" {
		return &Postfejl{mox.AnsvarAfsender, "uden_noegle", "posten har ingen nøgle eller ingen kendt objekttype", "giv posten en værdi i nøglefeltet"}
	}
	tekster := []string{p.Noegle, p.Version, p.Handling, p.Foelsomhed}
	for _, e := range p.Ekko {
		tekster = append(tekster, e.Felt, e.Skrevet, e.Laest)
	}
	if !gyldigTekst(tekster...) {
		return &Postfejl{mox.AnsvarAfsender, string(mox.KodeUgyldig), "posten indeholder tegn, der ikke er tekst (NUL, eller ikke UTF-8)", "ret posten i systemet, eller ret agentens tegnsæt"}
	}
	return nil
}

// gyldigTekst reports whether both databases can keep the texts.
func gyldigTekst(tekster ...string) bool {
	return !slices.ContainsFunc(tekster, func(s string) bool { return !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 })
}

// optagelse is the work of taking in one record of a known objekt.
type optagelse struct {
	d     *Distributor
	tx    *store.Tx
	k     *konfiguration
	p     Post
	m     modtagelse
	type_ *mox.Type
	id    mox.ObjektID
	stand store.Objektstand
	kendt bool
}

func (s *optagelse) afgoer() (optaget, error) {
	if s.kendt && s.p.Version != "" && SammenlignVersion(s.p.Version, s.stand.Version) < 0 && !s.p.Tvungen {
		return optaget{hvad: foraeldet}, s.tx.SetObjekt(s.id, s.m.system, s.m.gennemloeb) // spec: mox 47
	}
	gammel := mox.Registrering{}
	if s.kendt {
		var err error
		if gammel, err = oio.UnmarshalIndre(s.p.ObjektType, s.stand.Registrering); err != nil {
			return optaget{}, fmt.Errorf("objektstand %s: %w", s.id, err)
		}
	}
	felter, err := s.medReferencer(s.p.Felter)
	if err != nil {
		return optaget{}, err
	}
	v := mox.Fra(mox.Kl(s.fra()))
	ny, err := gammel.Laeg(s.type_, felter, v)
	if err != nil {
		return optaget{}, err
	}
	ekko, err := s.ekko(gammel, felter)
	if err != nil {
		return optaget{}, err
	}
	felter = maps.Clone(felter)
	maps.DeleteFunc(felter, func(sti, _ string) bool { return ekko[sti] })
	uden, err := gammel.Laeg(s.type_, felter, v)
	if err != nil {
		return optaget{}, err
	}
	return s.send(gammel, ny, s.kendt && len(ekko) > 0 && gammel.Ens(uden))
}

// maksUrforskel is how far ahead a system's clock may be. Within it, what the system says has just changed holds from now.
const maksUrforskel = 5 * time.Minute

// fra is when the record's content begins to hold.
func (s *optagelse) fra() time.Time {
	nu := s.tx.Now()
	switch {
	case s.p.Fra.IsZero() && !s.kendt:
		return nu.Truncate(time.Second)
	case s.p.Fra.IsZero(), s.p.Fra.After(nu) && s.p.Fra.Sub(nu) <= maksUrforskel:
		return nu
	}
	return s.p.Fra
}

// ekko finds the values that are no news although they differ: what MOX wrote into the system, or what the system made of
// it. A write that the system has since replaced by something else is forgotten, so that a return to it is a change.
func (s *optagelse) ekko(gammel mox.Registrering, felter map[string]string) (map[string]bool, error) {
	kendte, err := s.tx.EkkoAf(s.m.system, s.id)
	if err != nil || len(kendte) == 0 {
		return nil, err
	}
	foer := gammel.Udflad(s.type_, mox.Kl(s.tx.Now()))
	ud := map[string]bool{}
	for _, e := range kendte {
		v, ok := s.p.Lokale[e.Felt]
		if !ok {
			continue
		}
		for _, sti := range s.m.stier[e.Felt] {
			switch {
			case v == e.Skrevet || v == e.Laest:
				ud[sti] = true
			case felter[sti] != foer[sti]:
				if err := s.tx.SletEkko(s.m.system, s.id, e.Felt); err != nil {
					return nil, err
				}
			}
		}
	}
	return ud, nil
}

// medReferencer replaces references by local key with the objekter they mean.
func (s *optagelse) medReferencer(felter map[string]string) (map[string]string, error) {
	var ud map[string]string
	for sti, v := range felter {
		rest, ok := strings.CutPrefix(v, noegleForled)
		if !ok || !strings.HasPrefix(sti, "relationer.") {
			continue
		}
		t, noegle, _ := strings.Cut(rest, ":")
		if _, ok := mox.TypeAf(mox.ObjektType(t)); !ok || noegle == "" || !gyldigTekst(noegle) {
			return nil, mox.E("optag", mox.KodeUgyldig, "%s henviser til %q, som ikke er en objekttype og en nøgle", sti, mox.Maskeret(rest))
		}
		id, err := s.tx.Objekt(s.m.system, mox.ObjektType(t), noegle)
		if err != nil {
			return nil, err
		}
		if ud == nil {
			ud = maps.Clone(felter)
		}
		ud[sti] = string(id)
	}
	if ud == nil {
		return felter, nil
	}
	return ud, nil
}

// send decides the livscykluskode, and sends a besked if there is something to tell. What only differs by what MOX itself
// has written is remembered, and not told.
func (s *optagelse) send(gammel, ny mox.Registrering, kunEkko bool) (optaget, error) {
	ens := s.kendt && (gammel.Ens(ny) || kunEkko)
	ny.LivscyklusKode = s.livscyklus()
	sidst := s.stand.Livscyklus
	ny.FraTidspunkt = s.tx.Now()
	if !ny.FraTidspunkt.After(s.stand.Registreringstid) {
		ny.FraTidspunkt = s.stand.Registreringstid.Add(time.Microsecond) // spec: oio 11
	}
	if ens && !s.p.Tvungen && ny.LivscyklusKode == sidst || ens && !s.p.Tvungen && ny.LivscyklusKode == mox.Rettet {
		return s.uaendret(ny, kunEkko)
	}
	if err := ny.Valider(s.p.ObjektType); err != nil {
		return optaget{}, err
	}
	if !ny.LivscyklusKode.MaaFoelge(sidst) && !(s.p.Tvungen && ny.LivscyklusKode == sidst) {
		return optaget{}, mox.E("optag", mox.KodeUgyldig, "et objekt, der er %s, kan ikke blive %s", sidst, ny.LivscyklusKode)
	}
	indre, err := oio.MarshalIndre(s.p.ObjektType, ny)
	if err != nil {
		return optaget{}, err
	}
	b, err := s.besked(ny)
	if err != nil {
		return optaget{}, err
	}
	if err := s.k.maaSende(s.tx, s.m.system, &b); err != nil && !s.p.Laer {
		return optaget{}, err
	}
	if s.m.afstem {
		return optaget{hvad: sendt, ny: !s.kendt, stier: s.forskel(gammel, ny)}, nil
	}
	if err := s.gem(indre, ny.LivscyklusKode, ny.FraTidspunkt, s.stand.Loebenr+1); err != nil || s.p.Laer {
		return optaget{hvad: laert}, err
	}
	a, afvist, err := s.d.accept(s.tx, s.k, indgaaende{afsender: s.m.system, besked: b, kanonisk: b.Kanonisk(), indhold: oio.Indholdshenvisninger(ny), svarFra: s.m.svarFra})
	return optaget{hvad: sendt, besked: b.ID, sendtTil: a.vaekkes()}, errEller(err, afvist)
}

// uaendret remembers a record that is no news.
func (s *optagelse) uaendret(ny mox.Registrering, kunEkko bool) (optaget, error) {
	if !kunEkko {
		return optaget{hvad: uaendret}, s.gem(s.stand.Registrering, s.stand.Livscyklus, s.stand.Registreringstid, s.stand.Loebenr)
	}
	indre, err := oio.MarshalIndre(s.p.ObjektType, ny)
	if err != nil {
		return optaget{}, err
	}
	return optaget{hvad: ekko}, s.gem(indre, s.stand.Livscyklus, s.stand.Registreringstid, s.stand.Loebenr)
}

// livscyklus is what the registrering did: as the record says, else as the objekt's history says. spec: oio 34
func (s *optagelse) livscyklus() mox.LivscyklusKode {
	sidst := s.stand.Livscyklus
	vaek := sidst == mox.Passiveret || sidst == mox.Slettet
	switch {
	case s.p.Livscyklus == mox.Passiveret || s.p.Livscyklus == mox.Slettet:
		if !s.kendt { // gone before we heard of it: it was, and is so no more
			return mox.Importeret
		}
		return s.p.Livscyklus
	case vaek && s.p.Tvungen: // an answer that says nothing of it: the record is not there again
		return sidst
	case !s.kendt && s.m.foerste, vaek: // a record that is there again is news, though it says what it said
		return mox.Importeret
	case !s.kendt:
		return mox.Opstaaet
	}
	return mox.Rettet
}

// gem remembers what the system now says. An answer tells of the objekt, but it is not where the objekt comes from.
func (s *optagelse) gem(indre []byte, livscyklus mox.LivscyklusKode, tid time.Time, loebenr int64) error {
	o := store.Objektstand{ObjektID: s.id, Kildesystem: s.m.system, Kilde: s.m.fuldKilde(), ObjektType: s.p.ObjektType, Version: cmp.Or(s.p.Version, s.stand.Version),
		Registreringstid: tid, Livscyklus: livscyklus, Loebenr: loebenr, Registrering: indre, SetI: s.m.gennemloeb}
	if s.p.Tvungen && s.kendt {
		o.Kilde, o.SetI = s.stand.Kilde, s.stand.SetI
	}
	return s.tx.GemObjektstand(o)
}

// besked is the besked about ny, found in order.
func (s *optagelse) besked(ny mox.Registrering) (mox.Besked, error) {
	indhold, err := oio.MarshalRegistrering(s.p.ObjektType, s.id, ny)
	if err != nil {
		return mox.Besked{}, err
	}
	b := mox.Besked{ID: s.d.store.BeskedID(s.m.agent, s.m.kilde, s.id, s.stand.Loebenr+1), ObjektID: s.id, ObjektType: s.p.ObjektType,
		Handling: s.p.Handling, RegistreringID: s.p.Version, Bruger: s.m.actsAs, Foelsomhed: s.p.Foelsomhed, ProcesID: slices.Clone(s.m.procesID),
		ForaarsagetAf: s.m.foraarsagetAf, Kildesystem: s.m.system, Dannet: s.tx.Now(), Indhold: indhold}
	b = s.d.Om(b, ny)
	return b, b.Valider()
}

// glemtPost tells a person that a source still has an erased objekt. Nothing of the record is kept.
func glemtPost(tx *store.Tx, g *store.Glemt, m modtagelse) error {
	e := ErGlemt(g)
	return tx.InsertFejl(&store.Fejl{Art: store.FejlPost, Ansvar: mox.AnsvarAfsender, Kode: string(e.Kode), Tekst: e.Tekst, Raad: "slet posten i systemet, og luk fejlen", System: m.system,
		Kilde: m.fuldKilde(), ObjektID: g.ObjektID, Finger: glemtFinger(g.ObjektID)})
}

// postfejl keeps a record that cannot be used; id is its objekt, "" when that is not known. It is there all the same: a
// complete listing has not withdrawn it.
func (d *Distributor) postfejl(tx *store.Tx, p Post, m modtagelse, f Postfejl, id mox.ObjektID) (optaget, error) {
	if id != "" && m.gennemloeb > 0 {
		if err := tx.SetObjekt(id, m.system, m.gennemloeb); err != nil {
			return optaget{}, err
		}
	}
	return optaget{hvad: fejlet, aarsag: f.Tekst, objekt: id}, tx.InsertFejl(&store.Fejl{Art: store.FejlPost, Ansvar: f.Ansvar, Kode: f.Kode, Tekst: mox.Maskeret(f.Tekst), Raad: f.Raad, System: m.system,
		Kilde: m.fuldKilde(), Sted: p.Sted, Raa: p.Raa, ObjektID: id, Finger: finger(p.Raa)})
}

// finger recognises the same bytes; "" for none, which is never the same as another.
func finger(raa []byte) string {
	if len(raa) == 0 {
		return ""
	}
	h := sha256.Sum256(raa)
	return hex.EncodeToString(h[:16])
}

// SammenlignVersion is -1, 0 or +1 as version a is older than, as old as, or newer than b: by number where both are
// numbers, else as text, in which RFC 3339 times of one zone sort rightly.
func SammenlignVersion(a, b string) int {
	x, errX := strconv.ParseInt(a, 10, 64)
	y, errY := strconv.ParseInt(b, 10, 64)
	if errX == nil && errY == nil {
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	}
	return strings.Compare(a, b)
}

// trukne withdraws what a complete listing no longer has. A listing that would withdraw more than the allowed share, or
// more than one Indlevering holds, is taken for broken: nothing is withdrawn and a person is told.
func (d *Distributor) trukne(tx *store.Tx, k *konfiguration, i Indlevering, m modtagelse, ud *Indleveret, vaek []mox.AbonnementID) ([]mox.AbonnementID, error) {
	mangler, levende, err := tx.IkkeSet(m.fuldKilde(), m.gennemloeb, MaksPoster+1)
	if err != nil || len(mangler) == 0 {
		return vaek, err
	}
	if ukendt, err := tx.HarPostfejlUdenObjekt(m.fuldKilde()); err != nil || ukendt {
		return vaek, err // any of the missing may be the one that could not be read; a person has been told of it
	}
	if len(mangler) > MaksPoster || float64(len(mangler)) > i.MaksAndel*float64(levende) {
		return vaek, tx.InsertFejl(&store.Fejl{Art: store.FejlPost, Ansvar: mox.AnsvarAfsender, Kode: "for_mange_trukket", System: m.system, Kilde: m.fuldKilde(),
			Tekst:  fmt.Sprintf("den fulde liste mangler %d af %d objekter; det er flere, end der må trækkes tilbage på én gang", len(mangler), levende),
			Raad:   "er listen hel, så hæv maks_andel i agenten; ellers få systemet til at levere den igen",
			Finger: fmt.Sprintf("trukket-%d", m.gennemloeb)})
	}
	for _, o := range mangler {
		noegle, ok, err := tx.Noegle(m.system, o.ObjektID)
		if err != nil {
			return vaek, err
		}
		if !ok {
			continue
		}
		r, err := d.optag(tx, k, Post{Noegle: noegle, ObjektType: o.ObjektType, Livscyklus: mox.Passiveret}, m)
		if err != nil {
			return vaek, err
		}
		ud.tael(r)
		vaek = append(vaek, r.sendtTil...)
	}
	return vaek, nil
}

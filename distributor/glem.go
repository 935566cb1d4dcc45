package distributor

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/store"
)

// Glemsel is an objekt that is to be erased, as the register orders it.
type Glemsel struct {
	ObjektID   mox.ObjektID
	ObjektType mox.ObjektType
	Fra        string // the name the register sends under: the order comes from it, and it is no receiver itself
	Reference  string // where the objekt was read, and is told to be gone
	Frist      time.Time
	Hvem       Hvem
	Henvist    map[string]bool // documents that something else than beskeder and the register needs; see [Distributor.HenvistUden]
	Dokumenter []string        // those that the objekt and the beskeder about it refer to

	Tidligere []store.Sletmodtager // receivers that another copy of the installation knew of
}

// Glemt is what an erasure took away, and who is told to do the same.
type Glemt struct {
	Beskeder   int64        `json:"beskeder"`   // whose content there was
	Leveringer int64        `json:"leveringer"` // that had not ended, and were given up
	Fejl       int64        `json:"fejl"`       // whose content there was
	Kilder     int64        `json:"kilder"`     // sources whose newest registrering of it there was
	Dokumenter int64        `json:"dokumenter"` // whose bytes nothing else refers to
	Modtagere  []Sletstatus `json:"modtagere"`
	Systemer   []string     `json:"fortalt_af"` // systems that have told of the objekt themselves; they are not told
	vaek       []mox.AbonnementID
}

// ErGlemt is the error about an objekt that has been erased: that, when, and by which legal basis. What more there is to say is
// for administrators.
func ErGlemt(g *store.Glemt) *mox.Error {
	return mox.E("glemt", mox.KodeGlemt, "objektet %s blev slettet for altid %s efter %s", g.ObjektID, g.Tid.UTC().Format(time.RFC3339), g.Hjemmel).
		Med("objektet kan ikke læses, oprettes eller importeres igen; slet det også dér, hvor det kom fra. En administrator kan se, hvem der har besluttet det, og hvorfor")
}

// HenvistUden are the documents that sources and open Fejl refer to, but for those about one objekt.
func (d *Distributor) HenvistUden(ctx context.Context, id mox.ObjektID) (map[string]bool, error) {
	ud := map[string]bool{}
	err := d.store.View(ctx, func(tx *store.Tx) error {
		return tx.HenviserUden(id, func(b []byte) {
			for _, m := range dokumentform.FindAllSubmatch(b, -1) {
				ud[strings.ToLower(string(m[1]))] = true
			}
		})
	})
	return ud, err
}

// Glem erases all that there is about an objekt, and orders it erased by those who have had it. The caller holds the objekt's
// lock, and has noted that it is erased.
//
// What is under delivery cannot be called back: it ends by itself, is given up where it does not go well, and the order waits
// behind it. Everything else that has not been delivered is given up, and its sender told.
func (u *Udgivelse) Glem(g Glemsel) (ud Glemt, err error) {
	tx, d := u.tx, u.d
	beskeder, err := tx.BeskederOm(g.ObjektID)
	if err != nil {
		return ud, err
	}
	if ud.Systemer, err = tx.KilderTil(g.ObjektID); err != nil {
		return ud, err
	}
	ud.Systemer = slices.DeleteFunc(append([]string{}, ud.Systemer...), func(s string) bool { return s == g.Fra || s == MOX })
	if err := d.opgivOm(tx, &g, &ud); err != nil {
		return ud, err
	}
	if err := tx.Lock(feedlaas); err != nil {
		return ud, err
	}
	plan, err := d.sletplan(tx, &g) // now that nobody can begin to take anything
	if err != nil {
		return ud, err
	}
	for i := range beskeder {
		b := &beskeder[i]
		if !b.IndholdSlettet() {
			ud.Beskeder++
		}
		if err := tx.SletPersonligt(b); err != nil {
			return ud, err
		}
	}
	if err := sletResten(tx, &g, plan, &ud); err != nil {
		return ud, err
	}
	if err := u.bestil(&g, plan, &ud); err != nil {
		return ud, err
	}
	u.vaek = append(u.vaek, ud.vaek...)
	ud.Modtagere, err = d.SletstatusI(tx, g.ObjektID)
	return ud, err
}

// opgivet is why a leverance of what has been erased was given up.
const opgivet = "objektet er slettet for altid"

// opgivOm ends the leverancer of an objekt's beskeder that have not been begun, or wait for something.
func (d *Distributor) opgivOm(tx *store.Tx, g *Glemsel, ud *Glemt) error {
	aabne, err := tx.AabneOm(g.ObjektID)
	if err != nil {
		return err
	}
	for _, id := range aabne {
		o, ok, err := tx.LaasOpgave(id)
		if err != nil {
			return err
		}
		if !ok || o.Leverance.Tilstand == mox.UnderLevering {
			continue
		}
		ud.Leveringer++
		vaek, err := d.opgivEn(tx, &o)
		if err != nil {
			return err
		}
		ud.vaek = append(ud.vaek, vaek...)
	}
	return nil
}

// opgivEn gives one leverance up. One that lies in the receiver's queue has been handed over, and no Kvittering is awaited.
// Whoever waits for an answer is told that none comes; for a parked one that has been done.
func (d *Distributor) opgivEn(tx *store.Tx, o *store.Opgave) ([]mox.AbonnementID, error) {
	l := &o.Leverance
	foer := l.Tilstand
	l.Kode, l.Aarsag, l.Ansvar, l.Frist = string(mox.KodeGlemt), opgivet, "", time.Time{}
	if foer != mox.Overdraget {
		l.Tilstand = mox.Annulleret
	}
	if err := tx.UpdateLeverance(l); err != nil {
		return nil, err
	}
	if foer == mox.Overdraget || foer == mox.Parkeret {
		return []mox.AbonnementID{l.Abonnement}, nil
	}
	a := d.abonnementEllerTomt(l.Abonnement)
	l.Ansvar = mox.AnsvarMOX // in what is told, not in the row: nobody is to mend it
	vaek, err := d.sendFejlbesked(tx, &a, l, &o.Besked)
	return append(vaek, l.Abonnement), err
}

// sletResten erases what is not in the beskeder themselves.
func sletResten(tx *store.Tx, g *Glemsel, plan []sletmodtager, ud *Glemt) (err error) {
	if ud.Fejl, err = tx.SletFejlOm(g.ObjektID, g.Hvem.Navn); err != nil {
		return err
	}
	ukendte, err := tx.SletUkendteFejl(g.ObjektID, g.Hvem.Navn)
	if err != nil {
		return err
	}
	ud.Fejl += ukendte
	var beholder []string
	for _, m := range plan {
		if m.slut == "" {
			beholder = append(beholder, m.a.System)
		}
	}
	if ud.Kilder, err = tx.SletStand(g.ObjektID, beholder); err != nil {
		return err
	}
	if err := tx.LaasIndhold(g.Dokumenter...); err != nil {
		return err
	}
	for _, sha := range g.Dokumenter {
		if g.Henvist[sha] {
			continue
		}
		ok, err := tx.OpgivDokument(sha)
		if err != nil {
			return err
		}
		if ok {
			ud.Dokumenter++
		}
	}
	return nil
}

// kodeKanIkke is the code of an order that its receiver does not take.
const kodeKanIkke = "tager_ikke_sletning"

// sletmodtager is one who is told to erase.
type sletmodtager struct {
	a         *mox.Abonnement
	hindring  string // why it cannot be told; "" = it can
	slut      string // it has ended in another copy
	tidligere store.Sletmodtager
}

// sletplan is who is told to erase: of each system that has had the objekt, the abonnementer that ask for Sletning by name and
// take this one; else those that had it, where whoever receives sees the beskedtype. An agent's sink that does not ask for it
// would not know what it is given.
func (d *Distributor) sletplan(tx *store.Tx, g *Glemsel) (ud []sletmodtager, err error) {
	faaet, err := tx.HarFaaet(g.ObjektID)
	if err != nil {
		return nil, err
	}
	afsluttede := map[mox.AbonnementID]bool{}
	for _, m := range g.Tidligere {
		if m.Slut != "" {
			afsluttede[m.Abonnement] = true
			ud = append(ud, sletmodtager{a: &mox.Abonnement{ID: m.Abonnement, System: m.System}, slut: m.Slut, tidligere: m})
		} else if _, ok := faaet[m.Abonnement]; !ok {
			faaet[m.Abonnement] = 0
		}
	}
	har := map[string][]*mox.Abonnement{}
	for _, id := range slices.Sorted(maps.Keys(faaet)) {
		if afsluttede[id] {
			continue
		}
		a, err := d.somDetVar(tx, id, faaet[id], g.Tidligere)
		if err != nil {
			return nil, err
		}
		if a.System == g.Fra {
			continue
		}
		navn := ellers(a.System, "\x00"+string(a.ID)) // one without a system is one for itself
		har[navn] = append(har[navn], a)
	}
	k := d.konfiguration()
	for _, system := range slices.Sorted(maps.Keys(har)) {
		for _, m := range k.sletmodtagere(system, har[system], g) {
			if !afsluttede[m.a.ID] {
				ud = append(ud, m)
			}
		}
	}
	return ud, nil
}

// somDetVar finds an abonnement that has had something: as it is configured, or was then.
func (d *Distributor) somDetVar(tx *store.Tx, id mox.AbonnementID, version int64, tidligere []store.Sletmodtager) (*mox.Abonnement, error) {
	if a, ok := d.Abonnement(id); ok {
		return &a, nil
	}
	a, _, ok, err := abonnementI(tx, version, id)
	if err != nil || ok {
		return &mox.Abonnement{ID: id, System: a.System}, err
	}
	ud := &mox.Abonnement{ID: id}
	for _, m := range tidligere {
		if m.Abonnement == id {
			ud.System = m.System
		}
	}
	return ud, nil
}

// sletmodtagere are those of one system.
func (k *konfiguration) sletmodtagere(system string, har []*mox.Abonnement, g *Glemsel) (ud []sletmodtager) {
	proeve := mox.Besked{Type: mox.TypeSletning, ObjektID: g.ObjektID, ObjektType: g.ObjektType, LivscyklusKode: mox.Slettet, Kildesystem: g.Fra}
	lister := k.opslag()
	for _, id := range slices.Sorted(maps.Keys(k.abonnementer)) {
		if a := k.abonnementer[id]; a.System == system && a.Filter.Naevner(mox.TypeSletning) && a.Filter.Med(lister).Match(k.pseudonym.Metadata(&proeve)) {
			ud = append(ud, sletmodtager{a: a})
		}
	}
	if len(ud) > 0 {
		return ud
	}
	for _, a := range har {
		m := sletmodtager{a: a}
		switch a.Carrier {
		case mox.CarrierPull, mox.CarrierPush, mox.CarrierAMQP:
		case "": // it is not configured any more
			m.hindring = "abonnementet findes ikke længere, så modtageren kan ikke få at vide, at objektet skal slettes"
		default:
			m.hindring = "modtageren tager ikke imod beskedtypen " + mox.TypeSletning + ", så objektet skal slettes dér af en person"
		}
		ud = append(ud, m)
	}
	return ud
}

// sletordre is the content of a Sletning.
type sletordre struct {
	ObjektID   mox.ObjektID   `json:"objektID"`
	ObjektType mox.ObjektType `json:"objekttype"`
	Frist      time.Time      `json:"frist"`
}

// bestil sends the order to those of the plan, and notes who they are.
func (u *Udgivelse) bestil(g *Glemsel, plan []sletmodtager, ud *Glemt) error {
	ordre := indgaaende{afsender: g.Fra, bestilt: []*mox.Abonnement{}, hindring: map[mox.AbonnementID]string{}}
	for _, m := range plan {
		if m.slut == "" {
			ordre.bestilt = append(ordre.bestilt, m.a)
			ordre.hindring[m.a.ID] = m.hindring
		}
	}
	var nr int64
	if len(ordre.bestilt) > 0 {
		indhold, err := json.Marshal(sletordre{g.ObjektID, g.ObjektType, g.Frist.UTC()})
		if err != nil {
			return err
		}
		nu := u.tx.Now()
		ordre.besked = mox.Besked{ID: mox.BeskedID(u.d.store.Afled("sletning", string(g.ObjektID))), Type: mox.TypeSletning, ObjektID: g.ObjektID, ObjektType: g.ObjektType,
			LivscyklusKode: mox.Slettet, Aktoer: string(u.d.store.ObjektID(g.Fra, "ItSystem", g.Fra)), Kildesystem: g.Fra, Objektreference: g.Reference,
			Registreringstid: nu, Dannet: nu, Indholdstype: oio.TypeJSON, Indhold: indhold}.MedStandard()
		if err := ordre.besked.Valider(); err != nil {
			return err
		}
		ordre.kanonisk = ordre.besked.Kanonisk()
		a, afvist, err := u.d.accept(u.tx, u.d.konfiguration(), ordre)
		if err = errEller(err, afvist); err != nil {
			return err
		}
		nr = a.Nr
		ud.vaek = append(ud.vaek, a.vaekkes()...)
	}
	for _, m := range plan {
		r := store.Sletmodtager{ObjektID: g.ObjektID, Abonnement: m.a.ID, System: m.a.System, Besked: nr, Frist: g.Frist}
		if m.slut != "" {
			r = m.tidligere
			r.ObjektID, r.Besked = g.ObjektID, 0
		}
		if err := u.tx.InsertSletmodtager(r); err != nil {
			return err
		}
	}
	return nil
}

package distributor

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/store"
)

// maksSvar is how many bytes of a receiver's answer are kept.
const maksSvar = 4 << 10

// Afslutning is what a carrier reports of an attempt.
type Afslutning struct {
	Leverance int64        `json:"leverance"`
	Forsoeg   int          `json:"forsoeg"`
	Ejer      string       `json:"ejer"`
	Udfald    mox.Udfald   `json:"udfald"`
	Svar      []byte       `json:"svar,omitempty"`   // the first part of the answer
	Noegle    string       `json:"noegle,omitempty"` // what the system calls the besked's objekt from now on
	Ekko      []store.Ekko `json:"ekko,omitempty"`
	EkkoAf    mox.ObjektID `json:"ekko_af,omitempty"` // the objekt in the system that was written to
	Agent     string       `json:"agent,omitempty"`
	ActsAs    string       `json:"acts_as,omitempty"`
	Poster    []Post       `json:"poster,omitempty"` // what the system now says: each becomes a slutbesked in the same transaction. spec: mox 20
}

// Afsluttet is what became of a leverance.
type Afsluttet struct {
	Tilstand mox.LeveranceTilstand
	ForSent  bool // the lease had ended: the outcome is noted on the attempt and changed nothing
	Beskeder []mox.BeskedID
}

// Done records the outcome of an attempt, and in the same transaction all that follows: state, kvittering, Fejl,
// slutbeskeder, and the next leverance of the same objekt. The same report twice has one effect. A report after the lease
// ended is noted on its attempt and changes no state.
func (d *Distributor) Done(ctx context.Context, f Afslutning) (Afsluttet, error) {
	begyndt := time.Now()
	d.punkt("done.foer")
	var g gjort
	err := d.store.Update(ctx, func(tx *store.Tx) (err error) {
		g, err = d.done(tx, f)
		d.punkt("done.i")
		return err
	})
	if err != nil {
		return Afsluttet{}, err
	}
	d.maaler.Done(time.Since(begyndt))
	if g.talt {
		d.maaler.Forsoeg(g.hos, f.Udfald.Resultat)
	}
	d.punkt("done.efter")
	d.vaekker.vaek(g.vaek...)
	return g.Afsluttet, nil
}

// gjort is what a Done came to.
type gjort struct {
	Afsluttet
	vaek []mox.AbonnementID // may have work now
	hos  mox.AbonnementID
	talt bool // it was an attempt, and the first to be told of
}

func (d *Distributor) done(tx *store.Tx, f Afslutning) (g gjort, err error) {
	o, ok, err := tx.LaasOpgave(f.Leverance)
	if err != nil {
		return g, err
	}
	if !ok {
		return g, mox.E("done", mox.KodeIkkeFundet, "leverancen %d findes ikke", f.Leverance)
	}
	l := &o.Leverance
	g.hos = l.Abonnement
	if o.Besked.IndholdSlettet() { // what is answered may repeat it
		f.Udfald.Kode, f.Udfald.Tekst, f.Svar = "", "", nil
	}
	g.ForSent = l.Tilstand != mox.UnderLevering || l.Forsoeg != f.Forsoeg || l.Ejer != f.Ejer
	if f.Udfald.Resultat == mox.ResIkkeBegyndt && !g.ForSent {
		g.vaek, err = d.tagTilbage(tx, &o, f)
		g.Tilstand = l.Tilstand
		return g, err
	}
	if _, err := tx.AfslutForsoeg(store.Forsoeg{Leverance: l.ID, Nr: f.Forsoeg, Ejer: f.Ejer, Resultat: f.Udfald.Resultat, Kode: f.Udfald.Kode,
		Tekst: mox.Maskeret(f.Udfald.Tekst), Svar: f.Svar[:min(len(f.Svar), maksSvar)], ForSent: g.ForSent}); err != nil {
		return g, err
	}
	if g.ForSent {
		g.Tilstand = l.Tilstand
		return g, nil
	}
	g.talt = true
	a := d.abonnementEllerTomt(l.Abonnement)
	if g.vaek, err = d.afslut(tx, &a, l, &o.Besked, f.Udfald); err != nil {
		return g, err
	}
	g.Tilstand = l.Tilstand
	if l.Tilstand != mox.Leveret {
		return g, nil
	}
	var mere []mox.AbonnementID
	g.Beskeder, mere, err = d.efterAccept(tx, &a, o, f)
	g.vaek = append(g.vaek, mere...)
	return g, err
}

// tagTilbage forgets an attempt that was none.
func (d *Distributor) tagTilbage(tx *store.Tx, o *store.Opgave, f Afslutning) ([]mox.AbonnementID, error) {
	if err := tx.SletForsoeg(o.Leverance.ID, f.Forsoeg); err != nil {
		return nil, err
	}
	o.Leverance.Forsoeg--
	a := d.abonnementEllerTomt(o.Leverance.Abonnement)
	return d.afslut(tx, &a, &o.Leverance, &o.Besked, f.Udfald)
}

// efterAccept remembers what the system's acceptance taught, and sends what the agent formed of its answer.
func (d *Distributor) efterAccept(tx *store.Tx, a *mox.Abonnement, o store.Opgave, f Afslutning) (ud []mox.BeskedID, vaek []mox.AbonnementID, err error) {
	b := &o.Besked
	if b.Type == mox.TypeSletning { // what it was called is to be forgotten
		return nil, nil, nil
	}
	if f.Noegle != "" {
		if err := tx.GemHenvisning(a.System, b.ObjektID, b.ObjektType, f.Noegle, o.Leverance.ID); err != nil {
			return nil, nil, err
		}
	}
	if b.IndholdSlettet() { // it was erased while it was under delivery; the order to erase needs the key
		return nil, nil, nil
	}
	for _, e := range f.Ekko {
		if err := tx.GemEkko(a.System, f.EkkoAf, e); err != nil {
			return nil, nil, err
		}
	}
	k := d.konfiguration()
	ubrugt := ""
	for _, p := range f.Poster {
		p.Tvungen = true
		m := modtagelse{agent: f.Agent, system: a.System, actsAs: f.ActsAs, kilde: string(a.ID), foraarsagetAf: b.ID, procesID: b.ProcesID, svarFra: a.ID}
		r, err := d.optag(tx, k, p, m)
		if err != nil {
			return nil, nil, err
		}
		if r.besked != "" {
			ud = append(ud, r.besked)
		}
		ubrugt = cmp.Or(ubrugt, r.aarsag)
		vaek = append(vaek, r.sendtTil...)
	}
	if ubrugt == "" {
		return ud, vaek, nil
	}
	l := o.Leverance // what the system did stands; but who waits for its answer must know that none comes
	l.Ansvar, l.Kode, l.Aarsag = mox.AnsvarMOX, "svar", ubrugt
	mere, err := d.sendFejlbesked(tx, a, &l, b)
	return ud, append(vaek, mere...), err
}

// afslut brings a leverance to the state that the outcome demands, and writes what follows from it. vaek are the
// abonnementer that may have work now.
func (d *Distributor) afslut(tx *store.Tx, a *mox.Abonnement, l *store.Leverance, b *store.Besked, u mox.Udfald) (vaek []mox.AbonnementID, err error) {
	dom := mox.Bedoem(foelges(a, b), u, l.Forsoeg, d.jitter())
	if b.IndholdSlettet() {
		dom, u = udenIndhold(dom, u)
	}
	if !l.Tilstand.MaaBlive(dom.Tilstand) {
		return nil, mox.E("afslut", mox.KodeKonflikt, "leverance %d er %s og kan ikke blive %s", l.ID, l.Tilstand, dom.Tilstand)
	}
	l.Tilstand, l.Ejer, l.Ansvar, l.Kode, l.Aarsag = dom.Tilstand, "", dom.Ansvar, u.Kode, mox.Maskeret(u.Tekst)
	l.Naeste, l.Frist = tx.Now().Add(dom.Vent), frist(tx, dom)
	if err := tx.UpdateLeverance(l); err != nil {
		return nil, err
	}
	if dom.Kvittering != "" {
		if vaek, err = d.kvitter(tx, b, mox.Kvittering{Abonnement: l.Abonnement, Art: dom.Kvittering, Begrundelse: l.Aarsag}); err != nil {
			return nil, err
		}
	}
	var mere []mox.AbonnementID
	switch {
	case dom.Tilstand.KraeverHandling():
		mere, err = d.parkeringsfejl(tx, a, l, b)
	case dom.Tilstand == mox.Udloebet, dom.Tilstand == mox.Annulleret:
		mere, err = d.sendFejlbesked(tx, a, l, b)
	}
	switch {
	case err != nil:
	case !dom.Tilstand.Holder() && !dom.Kraeves:
		err = tx.Frigiv(l.Abonnement, l.Orden)
	default: // an older one may have come from the log meanwhile
		if err = tx.Ordn(l.Abonnement, l.Orden); err == nil && dom.Tilstand == mox.Parkeret && a.Overhal {
			err = d.overhalet(tx, a, l)
		}
	}
	return append(append(vaek, mere...), a.ID), err
}

// foelges is the abonnement as it is followed for a besked: that an order to erase lies in the receiver's queue is not enough.
func foelges(a *mox.Abonnement, b *store.Besked) *mox.Abonnement {
	if b.Type != mox.TypeSletning {
		return a
	}
	ud := *a
	ud.Kraeves, ud.Frist = true, 0
	return &ud
}

// udenIndhold is what becomes of a leverance whose besked was erased while it was under delivery: it has been delivered, or it
// is given up. What the receiver said of it is not kept.
func udenIndhold(dom mox.Dom, u mox.Udfald) (mox.Dom, mox.Udfald) {
	if dom.Tilstand == mox.Leveret || dom.Tilstand == mox.Overdraget {
		dom.Kraeves = false
		return dom, mox.Udfald{Resultat: u.Resultat}
	}
	return mox.Dom{Tilstand: mox.Annulleret, Ansvar: mox.AnsvarMOX}, mox.Udfald{Resultat: u.Resultat, Kode: string(mox.KodeGlemt), Tekst: opgivet}
}

// udenFrist is the end of waiting for a Kvittering where the abonnement sets none.
func udenFrist() time.Time { return time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) }

// frist is until when an Overdraget leverance awaits its Kvittering; zero when it does not.
func frist(tx *store.Tx, dom mox.Dom) time.Time {
	switch {
	case !dom.Kraeves:
		return time.Time{}
	case dom.Frist == 0:
		return udenFrist()
	}
	return tx.Now().Add(dom.Frist)
}

// parkeringsfejl shows a leverance to a person. Where no answer will come unless the person sees to it, the besked's
// processes are told. spec: mox 21, mox 44
func (d *Distributor) parkeringsfejl(tx *store.Tx, a *mox.Abonnement, l *store.Leverance, b *store.Besked) (vaek []mox.AbonnementID, err error) {
	f := &store.Fejl{Art: store.FejlLeverance, Ansvar: l.Ansvar, Kode: ellers(l.Kode, "fejlet"), Tekst: ellers(l.Aarsag, "leverancen kunne ikke gennemføres"), Raad: raad(l),
		System: a.System, ObjektID: b.ObjektID, Besked: b.Nr, Leverance: l.ID}
	if err := tx.InsertFejl(f); err != nil {
		return nil, err
	}
	if l.Tilstand == mox.Uvis {
		return nil, nil // still open: it may have happened
	}
	return d.sendFejlbesked(tx, a, l, b)
}

func ellers(s, andet string) string {
	if s == "" {
		return andet
	}
	return s
}

func raad(l *store.Leverance) string {
	switch {
	case l.Kode == kodeKanIkke:
		return "få objektet slettet hos modtageren, og bekræft det med mox register glemte UUID --bekraeft, eller luk fejlen med en begrundelse"
	case l.Tilstand == mox.Uvis:
		return "undersøg hos modtageren, om det skete, og svar skete eller skete ikke"
	case l.Ansvar == mox.AnsvarAfsender:
		return "ret indholdet og send det, eller bed afsenderen rette"
	case l.Ansvar == mox.AnsvarModtager:
		return "få modtageren til at rette forholdet, og gensend"
	}
	return "ret opsætningen, og gensend"
}

// fejlrapport is the content of a fejlbesked.
type fejlrapport struct {
	Abonnement  mox.AbonnementID `json:"abonnement"`
	Ansvar      mox.Ansvar       `json:"ansvar"`
	Kode        string           `json:"kode"`
	Begrundelse string           `json:"begrundelse"`
	Forsoeg     int              `json:"forsoeg"`
}

// sendFejlbesked tells whoever listens that the work a besked asked for was not done, and why. It is sent in the name of
// the system that was to do it. A besked about delivery causes none. spec: mox 21
func (d *Distributor) sendFejlbesked(tx *store.Tx, a *mox.Abonnement, l *store.Leverance, b *store.Besked) (vaek []mox.AbonnementID, err error) {
	if b.ErOmSelveLeveringen() {
		return nil, nil
	}
	indhold, err := json.Marshal(fejlrapport{a.ID, l.Ansvar, l.Kode, l.Aarsag, l.Forsoeg})
	if err != nil {
		return nil, err
	}
	fb := mox.Besked{ID: mox.BeskedID(d.store.Afled("fejlbesked", fmt.Sprint(l.ID), fmt.Sprint(l.Forsoeg))), Type: mox.TypeFejlbesked, ObjektID: b.ObjektID, ObjektType: b.ObjektType,
		Handling: string(mox.TypeFejlbesked), Aktoer: string(d.store.ObjektID(a.System, "ItSystem", a.System)), Kildesystem: a.System, ForaarsagetAf: b.ID, ProcesID: b.ProcesID,
		Registreringstid: tx.Now(), Dannet: tx.Now(), Indholdstype: oio.TypeJSON, Indhold: indhold}.MedStandard()
	afsender := ellers(a.System, MOX)
	ud, afvist, err := d.accept(tx, d.konfiguration(), indgaaende{afsender: afsender, besked: fb, kanonisk: fb.Kanonisk(), svarFra: a.ID})
	return ud.vaekkes(), errEller(err, afvist)
}

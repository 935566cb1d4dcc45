package distributor

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"errors"
	"slices"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/store"
)

// maksDybde is how long a chain of foraarsagetAf may be before it is taken for a loop.
const maksDybde = 8

// Accepteret is the distributor's answer when it has taken responsibility for a besked. spec: mox 34
type Accepteret struct {
	BeskedID mox.BeskedID       `json:"beskedID"`
	Nr       int64              `json:"nr"`
	Gentaget bool               `json:"gentaget"` // the same besked had been accepted before; nothing new was done
	SendtTil []mox.AbonnementID `json:"sendt_til"`
	ProcesID []string           `json:"procesID,omitempty"`
	vaek     []mox.AbonnementID // who else may have work now
}

// Accept takes responsibility for a besked from afsender, or refuses it. When it returns without error the besked and one
// leverance per matching abonnement are durably stored. The same besked again is acknowledged and has no further effect.
//
// Errors: those of [mox.Besked.Valider], [mox.KodeUenig], [mox.KodeAndetIndhold] when the sender has used the beskedID for
// something else, [mox.KodeIkkeTilladt] when its agreement does not let it send this, [mox.KodeDiskFuld]. A refused besked is
// kept as a Fejl where its sender finds it.
// spec: mox 34, mox 40, mox 41
func (d *Distributor) Accept(ctx context.Context, afsender string, b mox.Besked) (Accepteret, error) {
	begyndt := time.Now()
	ud, err := d.modtag(ctx, afsender, b)
	d.maaler.Accept(maalt(ud, err), time.Since(begyndt))
	return ud, err
}

func maalt(ud Accepteret, err error) string {
	switch {
	case err != nil:
		return MaaltAfvist
	case ud.Gentaget:
		return MaaltGentaget
	}
	return MaaltAccepteret
}

func (d *Distributor) modtag(ctx context.Context, afsender string, b mox.Besked) (Accepteret, error) {
	if d.store.Scarce() {
		return Accepteret{}, mox.E("accept", mox.KodeDiskFuld, "disken er fuld; MOX tager ikke imod nye beskeder").Med("send beskeden igen, når der er plads")
	}
	i, err := d.indgaaende(afsender, b)
	if err != nil {
		return Accepteret{}, d.behold(ctx, afsender, b, err)
	}
	d.punkt("accept.foer")
	var ud Accepteret
	var afvist, uret error
	err = d.store.Update(ctx, func(tx *store.Tx) (err error) {
		k := d.konfiguration()
		if uret = k.maaSende(tx, afsender, &i.besked); uret != nil {
			return nil
		}
		ud, afvist, err = d.accept(tx, k, i)
		return err
	})
	switch {
	case err != nil:
		return Accepteret{}, err
	case uret != nil:
		return Accepteret{}, d.behold(ctx, afsender, i.besked, uret)
	}
	d.punkt("accept.efter")
	d.vaekker.vaek(ud.vaekkes()...)
	return ud, afvist
}

// vaekkes are the abonnementer that may have work now.
func (a *Accepteret) vaekkes() []mox.AbonnementID { return slices.Concat(a.SendtTil, a.vaek) }

// indgaaende is a besked that has been found in order and is ready to be accepted in a transaction.
type indgaaende struct {
	afsender string
	besked   mox.Besked
	kanonisk []byte           // what the sender said, before MOX added anything
	indhold  []string         // document bytes it refers to, by SHA-256
	svarFra  mox.AbonnementID // the abonnement whose work formed it; "" = found by the sender's name
	kun      mox.AbonnementID // the only abonnement it is for; "" = whoever wants it
	tilbage  string           // a Kvittering from MOX: the system that sent the besked it is about, and the only one to hear it
	raekke   int64            // with kun: the place in the queue it takes over

	bestilt  []*mox.Abonnement           // a Sletning: the only ones it is for; nil = it is none
	hindring map[mox.AbonnementID]string // why one of them cannot take it: a person must
}

func (d *Distributor) indgaaende(afsender string, b mox.Besked) (indgaaende, error) {
	b = b.MedStandard()
	i := indgaaende{afsender: afsender, kanonisk: oio.Kanonisk(&b)}
	if err := b.Valider(); err != nil {
		return i, err
	}
	if b.Type == mox.TypeSletning {
		return i, mox.E("accept", mox.KodeIkkeTilladt, "beskedtypen %s sendes kun af MOX selv", mox.TypeSletning).Med("slet objektet i registeret; så får de, der har haft det, besked")
	}
	r, ok, err := oio.KontrollerMed(&b, d.koder)
	if err != nil {
		return i, err
	}
	if ok {
		i.indhold = oio.Indholdshenvisninger(r)
	}
	i.besked = b
	return i, nil
}

// behold keeps a besked that was refused, and returns why it was.
func (d *Distributor) behold(ctx context.Context, afsender string, b mox.Besked, aarsag error) error {
	raa, err := oio.MarshalBesked(&b)
	if err != nil {
		raa = b.Indhold
	}
	return d.afvis(ctx, afsender, b.ObjektID, raa, aarsag)
}

// Afvis keeps what afsender has sent and nobody could read as a besked, where its sender finds it, and returns why it was
// refused. What cannot even be kept is refused all the same: its sender is told.
func (d *Distributor) Afvis(ctx context.Context, afsender string, raa []byte, aarsag error) error {
	return d.afvis(ctx, afsender, "", raa, aarsag)
}

func (d *Distributor) afvis(ctx context.Context, afsender string, om mox.ObjektID, raa []byte, aarsag error) error {
	if err := d.gemAfvist(ctx, afsender, om, raa, aarsag); err != nil {
		d.log.Error("en afvist besked kunne ikke gemmes under Fejl", "afsender", afsender, "fejl", err)
	}
	return aarsag
}

// GemAfvist is [Distributor.Afvis] for a sender who does not hear why: it returns without error when the besked has been
// kept, and only then may it be let go.
func (d *Distributor) GemAfvist(ctx context.Context, afsender string, raa []byte, aarsag error) error {
	return d.gemAfvist(ctx, afsender, "", raa, aarsag)
}

func (d *Distributor) gemAfvist(ctx context.Context, afsender string, om mox.ObjektID, raa []byte, aarsag error) error {
	var e *mox.Error
	raad := ""
	if errors.As(aarsag, &e) {
		raad = e.Raad
	}
	return d.store.Update(ctx, func(tx *store.Tx) error {
		return tx.InsertFejl(&store.Fejl{Art: store.FejlBesked, Ansvar: mox.AnsvarAfsender, Kode: string(mox.KodeAf(aarsag)), Tekst: mox.Maskeret(mox.Forklaring(aarsag)), Raad: raad,
			System: afsender, Kilde: afsender, Raa: raa, ObjektID: om, Finger: finger(raa)})
	})
}

// accept stores the besked and what follows from it. afvist is a refusal that has itself been written down.
func (d *Distributor) accept(tx *store.Tx, k *konfiguration, i indgaaende) (ud Accepteret, afvist, err error) {
	b := &store.Besked{Afsender: i.afsender, Besked: i.besked, Konfiguration: k.version, Digest: d.store.Digest(i.kanonisk), Salt: salt()}
	b.Indholdshash = mox.Indholdshash(b.Salt, i.kanonisk)
	ud.BeskedID = b.ID
	if err := tx.Lock("objekt/" + string(b.ObjektID)); err != nil {
		return ud, nil, err
	}
	if err := arv(tx, b); err != nil {
		return ud, nil, err
	}
	if afvist, err := d.afvisKvittering(tx, k, i, b); afvist != nil || err != nil {
		return ud, afvist, err
	}
	var starter []start
	switch {
	case i.bestilt != nil: // an order starts nothing
	case i.kun == "" && i.tilbage == "":
		starter = k.tildelProcesser(&b.Besked)
	default:
		b.Dybde-- // a correction or a Kvittering is no further step, and starts nothing
	}
	ud.ProcesID = b.ProcesID
	ny, err := tx.InsertBesked(b)
	if err != nil {
		return ud, nil, err
	}
	if !ny {
		ud, afvist, err = d.gentaget(tx, i, b)
		return ud, afvist, err
	}
	ud.Nr = b.Nr
	if err := tx.LaasIndhold(i.indhold...); err != nil {
		return ud, nil, err
	}
	for _, sha := range i.indhold {
		if err := tx.RefererIndhold(sha, b.Nr); err != nil {
			return ud, nil, err
		}
	}
	if ud.SendtTil, err = d.fordel(tx, k, i, b); err != nil {
		return ud, nil, err
	}
	if b.Type == mox.TypeKvittering {
		ud.vaek, err = d.tagKvittering(tx, i, b)
		return ud, nil, err
	}
	if ud.vaek, err = d.kvitterModtaget(tx, b, len(ud.SendtTil)); err != nil {
		return ud, nil, err
	}
	if err := k.startProcesser(tx, b, starter, ud.SendtTil); err != nil {
		return ud, nil, err
	}
	return ud, nil, d.besvarProcesser(tx, k, i, b)
}

func salt() []byte {
	s := make([]byte, 16)
	_, _ = rand.Read(s) // documented never to fail
	return s
}

// arv finds the besked that caused b: the chain grows by one, and its processes go on. spec: mox 14
func arv(tx *store.Tx, b *store.Besked) error {
	if b.ForaarsagetAf == "" {
		return nil
	}
	foer, err := tx.BeskederMedID(b.ForaarsagetAf)
	if err != nil || len(foer) == 0 {
		return err
	}
	aarsag := foer[len(foer)-1]
	b.Dybde = aarsag.Dybde + 1
	if len(b.ProcesID) == 0 {
		b.ProcesID = slices.Clone(aarsag.ProcesID)
	}
	return nil
}

// gentaget answers a besked that was not stored. One whose beskedID the sender has used before is acknowledged again where
// the content is the same; other content, and anything new about an erased objekt, is refused and shown to the sender.
func (d *Distributor) gentaget(tx *store.Tx, i indgaaende, b *store.Besked) (ud Accepteret, afvist, err error) {
	gammel, ok, err := tx.BeskedFra(i.afsender, b.ID)
	if err != nil {
		return ud, nil, err
	}
	if ok {
		ud = Accepteret{BeskedID: gammel.ID, Nr: gammel.Nr, Gentaget: true, ProcesID: gammel.ProcesID}
	}
	if ok && hmac.Equal(gammel.Digest, b.Digest) {
		return ud, nil, nil
	}
	glemt, erGlemt, err := tx.Glemt(b.ObjektID)
	switch {
	case err != nil:
		return ud, nil, err
	case erGlemt:
		e := ErGlemt(&glemt)
		return Accepteret{}, e, tx.InsertFejl(&store.Fejl{Art: store.FejlBesked, Ansvar: mox.AnsvarAfsender, Kode: string(e.Kode), Tekst: e.Tekst, Raad: e.Raad,
			System: i.afsender, Kilde: i.afsender, ObjektID: b.ObjektID, Finger: glemtFinger(b.ObjektID)})
	case !ok: // the objekt's lock is held, so one of the two is why
		return ud, nil, mox.E("accept", mox.KodeIntern, "beskeden kunne ikke gemmes")
	}
	afvist = mox.E("accept", mox.KodeAndetIndhold, "beskedID %s er brugt før med et andet indhold", b.ID).Med("giv den nye besked et nyt beskedID")
	raa, err := oio.MarshalBesked(&i.besked)
	if err != nil {
		return ud, nil, err
	}
	err = tx.InsertFejl(&store.Fejl{Art: store.FejlBesked, Ansvar: mox.AnsvarAfsender, Kode: string(mox.KodeAndetIndhold), Tekst: mox.Forklaring(afvist),
		System: i.afsender, Kilde: i.afsender, Raa: raa, ObjektID: b.ObjektID, Besked: gammel.Nr, Finger: finger(raa)})
	return ud, afvist, err
}

// glemtFinger recognises what comes again about an erased objekt: it is counted, and not kept.
func glemtFinger(id mox.ObjektID) string { return "glemt " + string(id) }

// fordel gives each abonnement that wants the besked, and whose agreement lets it have it, a leverance. A system is not sent
// what it said itself. spec: mox 24, mox 28
func (d *Distributor) fordel(tx *store.Tx, k *konfiguration, i indgaaende, b *store.Besked) (ud []mox.AbonnementID, err error) {
	for _, a := range k.modtagere(i, b) {
		l := leveranceTil(a, b)
		l.Raekke = i.raekke
		if l.Aarsag, err = loekke(tx, a, i, b); err != nil {
			return nil, err
		}
		if l.Aarsag != "" {
			l.Tilstand, l.Ansvar, l.Kode = mox.Parkeret, mox.AnsvarMOX, string(mox.KodeLoekke)
		}
		if h := i.hindring[a.ID]; h != "" {
			l.Tilstand, l.Ansvar, l.Kode, l.Aarsag = mox.Parkeret, mox.AnsvarModtager, kodeKanIkke, h
		}
		if err := tx.InsertLeverance(l); err != nil {
			return nil, err
		}
		if l.Blokeret {
			if err := d.overhal(tx, a, l.Orden); err != nil {
				return nil, err
			}
		}
		if l.Tilstand == mox.Parkeret {
			if _, err := d.parkeringsfejl(tx, a, l, b); err != nil { // nobody is woken by what follows from a loop
				return nil, err
			}
		}
		ud = append(ud, a.ID)
	}
	return ud, nil
}

// leveranceTil is the first leverance of a besked to an abonnement.
func leveranceTil(a *mox.Abonnement, b *store.Besked) *store.Leverance {
	l := &store.Leverance{Besked: b.Nr, Abonnement: a.ID, Omgang: 1, Tilstand: mox.Afventer}
	if a.Orden != mox.OrdenIngen {
		l.Orden = string(b.ObjektID)
	}
	return l
}

// loekke says why a besked is taken for two systems that answer each other; "" when it is not. A person's correction is
// theirs to send.
func loekke(tx *store.Tx, a *mox.Abonnement, i indgaaende, b *store.Besked) (string, error) {
	if b.Dybde > maksDybde {
		return "kæden af foraarsagetAf er længere end 8: to systemer svarer nok hinanden", nil
	}
	if b.ForaarsagetAf == "" || i.kun != "" || a.System == "" || b.Type == mox.TypeKvittering {
		return "", nil
	}
	igen, err := kommerIgen(tx, a.System, b)
	if !igen || err != nil {
		return "", err
	}
	return "de samme værdier kommer tilbage til " + a.System + ", som selv har sagt dem", nil
}

// kommerIgen reports whether the system itself said the same of the objekt earlier in the chain.
func kommerIgen(tx *store.Tx, system string, b *store.Besked) (bool, error) {
	id := b.ForaarsagetAf
	for range maksDybde {
		l, ok, err := tx.Led(id)
		if err != nil || !ok {
			return false, err
		}
		if l.ObjektID == b.ObjektID && l.Kildesystem == system {
			foer, ok, err := tx.BeskedNr(l.Nr)
			if err != nil || ok && sammeIndhold(&foer.Besked, &b.Besked) {
				return ok, err
			}
		}
		id = l.ForaarsagetAf
	}
	return false, nil
}

func sammeIndhold(a, b *mox.Besked) bool {
	_, _, x, errX := oio.UnmarshalRegistrering(a.Indhold)
	_, _, y, errY := oio.UnmarshalRegistrering(b.Indhold)
	return errX == nil && errY == nil && x.Ens(y)
}

func (k *konfiguration) modtagere(i indgaaende, b *store.Besked) []*mox.Abonnement {
	if i.bestilt != nil {
		return i.bestilt
	}
	if i.kun != "" {
		if a := k.abonnementer[i.kun]; a != nil {
			return []*mox.Abonnement{a}
		}
		return nil
	}
	return slices.DeleteFunc(k.matcher.Med(k.opslag()).MatchMed(&b.Besked, k.pseudonym.Metadata(&b.Besked)), func(a *mox.Abonnement) bool {
		if b.Type == mox.TypeKvittering {
			return a.System == "" || a.System != i.tilbage
		}
		return egen(a, b.Kildesystem, i.afsender) || k.aftaler.MaaModtage(a.System, &b.Besked, b.Modtaget) != ""
	})
}

// egen reports whether a besked is the abonnement's system's own.
func egen(a *mox.Abonnement, kildesystem, afsender string) bool {
	return a.System != "" && (a.System == kildesystem || a.System == afsender)
}

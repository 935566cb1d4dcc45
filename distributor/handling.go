package distributor

import (
	"context"
	"errors"
	"fmt"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/store"
)

// Hvem is a person who does something, and why. Both are logged with the act. spec: mox 45
type Hvem struct {
	Navn        string `json:"hvem"`
	Begrundelse string `json:"begrundelse"`
}

// Virkning is what an act on an Udvalg did, or with preview would do.
type Virkning struct {
	Valgt   int     `json:"valgt"`   // open fejl in the Udvalg
	Udfoert int     `json:"udfoert"` // of them acted on
	Udeladt int     `json:"udeladt"` // of them not fit for the act: a record, a refused besked, an uncertain outcome
	Fejl    []int64 `json:"fejl"`
}

// Gensend gives each parked leverance in the Udvalg a new omgang. An uncertain one is left out: a person must first say
// whether it happened. With preview nothing is done. spec: mox 45
func (d *Distributor) Gensend(ctx context.Context, u store.Udvalg, h Hvem, preview bool) (Virkning, error) {
	return d.paaUdvalg(ctx, u, h, "gensend", preview, func(tx *store.Tx, f store.Fejl) ([]mox.AbonnementID, bool, error) {
		o, ok, err := tx.LaasOpgave(f.Leverance) // none for a Fejl about something else
		if err != nil || !ok || o.Leverance.Tilstand != mox.Parkeret && o.Leverance.Tilstand != mox.Overdraget {
			return nil, false, err
		}
		return []mox.AbonnementID{o.Leverance.Abonnement}, true, d.nyOmgang(tx, o.Leverance, h, "gensend")
	})
}

// Luk closes what the Udvalg selects, with a reason: a parked or uncertain leverance is given up, and later ones of its
// objekt go on. With preview nothing is done. spec: mox 45
func (d *Distributor) Luk(ctx context.Context, u store.Udvalg, h Hvem, preview bool) (Virkning, error) {
	if h.Begrundelse == "" && !preview {
		return Virkning{}, mox.E("luk", mox.KodeUgyldig, "der mangler en begrundelse").Med("skriv, hvorfor det ikke skal gøres")
	}
	return d.paaUdvalg(ctx, u, h, "luk", preview, func(tx *store.Tx, f store.Fejl) ([]mox.AbonnementID, bool, error) { return d.luk(tx, f, h) })
}

func (d *Distributor) luk(tx *store.Tx, f store.Fejl, h Hvem) (vaek []mox.AbonnementID, ok bool, err error) {
	if f.Art != store.FejlLeverance {
		ok, err = tx.LukFejl(f.ID, h.Navn, "luk", h.Begrundelse)
		return nil, ok, err
	}
	o, ok, err := tx.LaasOpgave(f.Leverance)
	l := o.Leverance
	if err != nil || !ok {
		return nil, false, err
	}
	if l.Tilstand == mox.Overdraget { // a dead letter: the leverance has ended
		ok, err = tx.LukFejl(f.ID, h.Navn, "luk", h.Begrundelse)
		return nil, ok, err
	}
	if !l.Tilstand.KraeverHandling() {
		return nil, false, nil
	}
	varUvis := l.Tilstand == mox.Uvis
	if err := d.annuller(tx, &l, h, "luk", h.Begrundelse); err != nil {
		return nil, false, err
	}
	if varUvis { // only now it is certain that no answer comes
		a := d.abonnementEllerTomt(l.Abonnement)
		if vaek, err = d.sendFejlbesked(tx, &a, &l, &o.Besked); err != nil {
			return nil, false, err
		}
	}
	return append(vaek, l.Abonnement), true, tx.Frigiv(l.Abonnement, l.Orden)
}

// errPreview rolls back an act that was only to be counted, so that the count is the act's own.
var errPreview = errors.New("preview")

// paaUdvalg does an act on each open Fejl of an Udvalg in one transaction, and logs it once.
func (d *Distributor) paaUdvalg(ctx context.Context, u store.Udvalg, h Hvem, hvad string, preview bool,
	handling func(*store.Tx, store.Fejl) ([]mox.AbonnementID, bool, error)) (v Virkning, err error) {
	u.Lukkede = false
	var vaek []mox.AbonnementID
	err = d.store.Update(ctx, func(tx *store.Tx) error {
		v, vaek = Virkning{}, nil
		valgte, err := laasFejl(tx, u)
		if err != nil {
			return err
		}
		v.Valgt = len(valgte)
		for _, f := range valgte {
			ids, ok, err := handling(tx, f)
			if err != nil {
				return err
			}
			if !ok {
				v.Udeladt++
				continue
			}
			v.Udfoert++
			v.Fejl = append(v.Fejl, f.ID)
			vaek = append(vaek, ids...)
		}
		if preview {
			return errPreview
		}
		if v.Udfoert == 0 {
			return nil
		}
		return tx.InsertHandling(store.Handling{Hvem: h.Navn, Hvad: hvad, Maal: maal(v.Fejl), Antal: v.Udfoert, Begrundelse: h.Begrundelse})
	})
	if errors.Is(err, errPreview) {
		return v, nil
	}
	d.vaekker.vaek(vaek...)
	return v, err
}

// laasFejl finds what u selects, and locks the objekter together, so that two acts cannot wait for each other.
func laasFejl(tx *store.Tx, u store.Udvalg) ([]store.Fejl, error) {
	valgte, err := tx.Fejl(u)
	var navne []string
	for _, f := range valgte {
		navne = append(navne, "objekt/"+string(f.ObjektID))
	}
	return valgte, errEller(err, tx.Lock(navne...))
}

func maal(fejl []int64) string {
	if len(fejl) == 1 {
		return fmt.Sprintf("fejl %d", fejl[0])
	}
	return fmt.Sprintf("fejl %d og %d flere", fejl[0], len(fejl)-1)
}

// nyOmgang gives up a leverance for a new one in its place. One that has ended in the receiver's queue stays as it is.
func (d *Distributor) nyOmgang(tx *store.Tx, l store.Leverance, h Hvem, ved string) (err error) {
	if l.Tilstand == mox.Overdraget {
		err = tx.LukFejlOm(l.ID, h.Navn, ved, h.Begrundelse)
	} else {
		err = d.annuller(tx, &l, h, ved, fmt.Sprintf("gensendt som omgang %d", l.Omgang+1))
	}
	if err != nil {
		return err
	}
	return tx.InsertLeverance(&store.Leverance{Besked: l.Besked, Abonnement: l.Abonnement, Omgang: l.Omgang + 1, Orden: l.Orden, Raekke: l.Raekke, Tilstand: mox.Afventer})
}

// annuller ends a leverance by a person's hand and closes what is said about it; later ones are not let go.
func (d *Distributor) annuller(tx *store.Tx, l *store.Leverance, h Hvem, ved, aarsag string) error {
	if !l.Tilstand.MaaBlive(mox.Annulleret) {
		return mox.E(ved, mox.KodeKonflikt, "leverance %d er %s", l.ID, l.Tilstand).Med("hent listen igen; noget er sket imens")
	}
	l.Tilstand, l.Aarsag = mox.Annulleret, aarsag
	if err := tx.UpdateLeverance(l); err != nil {
		return err
	}
	return tx.LukFejlOm(l.ID, h.Navn, ved, h.Begrundelse)
}

// Uvist is an uncertain leverance that a person is about to judge.
type Uvist struct {
	Fejl   store.Fejl
	Opgave store.Opgave
}

// FindOpgave finds the leverance that a Fejl is about.
func (d *Distributor) FindOpgave(ctx context.Context, fejlID int64) (u Uvist, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) error {
		f, ok, err := tx.FejlMedID(fejlID)
		if err != nil {
			return err
		}
		if !ok {
			return mox.E("fejl", mox.KodeIkkeFundet, "fejl %d findes ikke", fejlID)
		}
		u.Fejl = f
		if f.Leverance == 0 {
			return nil
		}
		u.Opgave, _, err = tx.OpgaveFor(f.Leverance)
		return err
	})
	return u, err
}

// Skete records a person's answer that an uncertain effect did happen: the leverance is delivered, and what the system
// answered, as far as the person knows it, is sent on as if the agent had heard it.
func (d *Distributor) Skete(ctx context.Context, fejlID int64, h Hvem, f Afslutning) error {
	var vaek []mox.AbonnementID
	err := d.store.Update(ctx, func(tx *store.Tx) error {
		o, fejl, err := uvis(tx, fejlID)
		if err != nil {
			return err
		}
		l := &o.Leverance
		l.Tilstand, l.Ansvar, l.Aarsag = mox.Leveret, "", "en person har svaret, at det skete"
		if err := tx.UpdateLeverance(l); err != nil {
			return err
		}
		kvitterede, err := d.kvitter(tx, &o.Besked, mox.Kvittering{Abonnement: l.Abonnement, Art: mox.KvitAccepteret, Begrundelse: l.Aarsag})
		if err != nil {
			return err
		}
		a := d.abonnementEllerTomt(l.Abonnement)
		if _, vaek, err = d.efterAccept(tx, &a, o, f); err != nil {
			return err
		}
		vaek = append(append(vaek, kvitterede...), a.ID)
		if err := tx.Frigiv(l.Abonnement, l.Orden); err != nil {
			return err
		}
		return d.lukOgLog(tx, fejl, h, "skete")
	})
	d.vaekker.vaek(vaek...)
	return err
}

// SketeIkke records a person's answer that an uncertain effect did not happen: the work is done again in a new omgang.
func (d *Distributor) SketeIkke(ctx context.Context, fejlID int64, h Hvem) error {
	var vaek mox.AbonnementID
	err := d.store.Update(ctx, func(tx *store.Tx) error {
		o, fejl, err := uvis(tx, fejlID)
		if err != nil {
			return err
		}
		vaek = o.Leverance.Abonnement
		if err := tx.AfgoerForsoeg(o.Leverance.Besked, o.Leverance.Abonnement); err != nil {
			return err
		}
		if err := d.nyOmgang(tx, o.Leverance, h, "skete-ikke"); err != nil {
			return err
		}
		return tx.InsertHandling(store.Handling{Hvem: h.Navn, Hvad: "skete-ikke", Maal: maal([]int64{fejl.ID}), Antal: 1, Begrundelse: h.Begrundelse})
	})
	d.vaekker.vaek(vaek)
	return err
}

// uvis finds the uncertain leverance of an open Fejl.
func uvis(tx *store.Tx, fejlID int64) (store.Opgave, store.Fejl, error) {
	f, _, err := tx.FejlMedID(fejlID)
	if err != nil {
		return store.Opgave{}, f, err
	}
	o, fandtes, err := tx.LaasOpgave(f.Leverance)
	if err != nil {
		return o, f, err
	}
	f, ok, err := tx.FejlMedID(fejlID) // as it is now that it is locked
	if err != nil {
		return o, f, err
	}
	if !ok || !fandtes || !f.Aaben || o.Leverance.Tilstand != mox.Uvis {
		return o, f, mox.E("uvis", mox.KodeKonflikt, "fejl %d er ikke et åbent, uvist udfald", fejlID).Med("hent listen igen; noget er sket imens")
	}
	return o, f, nil
}

func (d *Distributor) lukOgLog(tx *store.Tx, f store.Fejl, h Hvem, ved string) error {
	if _, err := tx.LukFejl(f.ID, h.Navn, ved, h.Begrundelse); err != nil {
		return err
	}
	return tx.InsertHandling(store.Handling{Hvem: h.Navn, Hvad: ved, Maal: maal([]int64{f.ID}), Antal: 1, Begrundelse: h.Begrundelse})
}

// RetOgSend corrects values of a besked that one receiver could not take, and sends it to that receiver as a new besked in
// the old one's place. The original is kept. rettelser are values by sti.
func (d *Distributor) RetOgSend(ctx context.Context, fejlID int64, rettelser map[string]string, h Hvem) (id mox.BeskedID, err error) {
	u, err := d.FindOpgave(ctx, fejlID)
	if err != nil {
		return "", err
	}
	ny, r, err := d.rettet(u.Opgave, rettelser)
	if u.Fejl.Aaben && u.Opgave.Leverance.Tilstand == mox.Parkeret && err != nil {
		return "", err
	}
	var vaek mox.AbonnementID
	err = d.store.Update(ctx, func(tx *store.Tx) error {
		o, ok, err := tx.LaasOpgave(u.Fejl.Leverance)
		if err != nil {
			return err
		}
		l := o.Leverance
		if !ok || !u.Fejl.Aaben || l.Tilstand != mox.Parkeret {
			return mox.E("ret-og-send", mox.KodeKonflikt, "fejl %d er ikke en åben, parkeret levering", fejlID).Med("hent listen igen; noget er sket imens")
		}
		vaek = l.Abonnement
		i := indgaaende{afsender: MOX, besked: ny, kanonisk: ny.Kanonisk(), indhold: oio.Indholdshenvisninger(r), kun: l.Abonnement, raekke: l.Raekke}
		if err := d.annuller(tx, &l, h, "ret-og-send", "rettet og sendt som "+string(ny.ID)); err != nil {
			return err
		}
		if _, afvist, err := d.accept(tx, d.konfiguration(), i); err != nil || afvist != nil {
			return errEller(err, afvist)
		}
		return tx.InsertHandling(store.Handling{Hvem: h.Navn, Hvad: "ret-og-send", Maal: maal([]int64{fejlID}), Antal: 1, Begrundelse: h.Begrundelse})
	})
	if err != nil {
		return "", err
	}
	d.vaekker.vaek(vaek)
	return ny.ID, nil
}

func errEller(err, andet error) error {
	if err != nil {
		return err
	}
	return andet
}

// rettet is the besked with corrected values: a new one, caused by the old.
func (d *Distributor) rettet(o store.Opgave, rettelser map[string]string) (mox.Besked, mox.Registrering, error) {
	b := o.Besked.Besked
	r, ok, err := oio.KontrollerMed(&b, d.koder)
	type_, kendt := mox.TypeAf(b.ObjektType)
	if err != nil || !ok || !kendt {
		return b, r, mox.E("ret-og-send", mox.KodeUgyldig, "beskedens indhold kan ikke rettes her").Med("luk den med en begrundelse, og få afsenderen til at sende rigtigt")
	}
	if r, err = r.Laeg(type_, rettelser, mox.Fra(r.GaeldendeFra(type_, mox.Kl(b.Registreringstid)))); err != nil {
		return b, r, err
	}
	if err := r.Valider(b.ObjektType); err != nil {
		return b, r, err
	}
	if err := oio.MedRegistrering(&b, r, d.koder); err != nil {
		return b, r, err
	}
	b.ForaarsagetAf, b.ID = b.ID, mox.BeskedID(mox.NyUUID())
	b.Opgaveemne, b.Tilstand, b.Myndighed, b.Relateret = "", "", "", nil
	b.Udfyld(r)
	return b, r, b.Valider()
}

// LukPost closes the Fejl about a record after it has been corrected and taken in.
func (d *Distributor) LukPost(ctx context.Context, fejlID int64, h Hvem) error {
	return d.store.Update(ctx, func(tx *store.Tx) error {
		f, ok, err := tx.FejlMedID(fejlID)
		if err != nil {
			return err
		}
		if !ok || !f.Aaben || f.Art != store.FejlPost {
			return mox.E("ret-og-send", mox.KodeKonflikt, "fejl %d er ikke en åben fejl om en post", fejlID).Med("hent listen igen; noget er sket imens")
		}
		return d.lukOgLog(tx, f, h, "ret-og-send")
	})
}

// RetPost takes in a record that a person has corrected, at the place where the broken one stood, and closes the Fejl
// about it. When the corrected record cannot be used either, nothing is changed and the error says why.
func (d *Distributor) RetPost(ctx context.Context, fejlID int64, i Indlevering, h Hvem) (ud Indleveret, err error) {
	var vaek []mox.AbonnementID
	err = d.store.Update(ctx, func(tx *store.Tx) error {
		ud, vaek = Indleveret{}, nil
		f, ok, err := tx.FejlMedID(fejlID)
		if err != nil {
			return err
		}
		if !ok || !f.Aaben || f.Art != store.FejlPost {
			return mox.E("ret-og-send", mox.KodeKonflikt, "fejl %d er ikke en åben fejl om en post", fejlID).Med("hent listen igen; noget er sket imens")
		}
		k, err := tx.Kilde(i.Agent, i.Kilde)
		if err != nil {
			return err
		}
		m := modtagelse{agent: i.Agent, system: i.System, actsAs: i.ActsAs, kilde: i.Kilde, stier: i.Stier, gennemloeb: k.Gennemloeb}
		for _, p := range i.Poster {
			r, err := d.optag(tx, d.konfiguration(), p, m)
			if err != nil {
				return err
			}
			if r.hvad == fejlet {
				return mox.E("ret-og-send", mox.KodeUgyldig, "den rettede post kan heller ikke bruges: %s", r.aarsag)
			}
			ud.tael(r)
			vaek = append(vaek, r.sendtTil...)
		}
		return d.lukOgLog(tx, f, h, "ret-og-send")
	})
	d.vaekker.vaek(vaek...)
	return ud, err
}

// Pause holds an abonnement back; its backlog is kept. Genoptag lets it go on.
func (d *Distributor) Pause(ctx context.Context, id mox.AbonnementID, pause bool, h Hvem) error {
	if _, ok := d.Abonnement(id); !ok {
		return mox.E("pause", mox.KodeIkkeFundet, "abonnementet %q findes ikke", id)
	}
	hvad := "pause"
	if !pause {
		hvad = "genoptag"
	}
	err := d.store.Update(ctx, func(tx *store.Tx) error {
		if err := tx.SaetPause(id, pause, h.Begrundelse); err != nil {
			return err
		}
		return tx.InsertHandling(store.Handling{Hvem: h.Navn, Hvad: hvad, Maal: "abonnement " + string(id), Antal: 1, Begrundelse: h.Begrundelse})
	})
	d.vaekker.vaek(id)
	return err
}

package distributor

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store"
)

// Limits on bringing an abonnement what came before it.
const (
	efterleverRows  = 500    // beskeder looked at in one transaction
	efterleverForan = 1000   // leverancer that may wait for the receiver before more are made
	proeveRows      = 20_000 // beskeder looked at in one call of ProevEfterlevering
	efterleverLeje  = 30 * time.Second
	efterleverHver  = 500 * time.Millisecond
)

// Efterleveringsvalg is which part of the log an abonnement is to have. A time is that of receiving.
type Efterleveringsvalg struct {
	Fra   int64     `json:"fra,omitempty"` // the first logposition; 0 = by FraKl
	FraKl time.Time `json:"fra_kl,omitzero"`
	Til   int64     `json:"til,omitempty"` // the last logposition; 0 = by TilKl, or to the end of the log
	TilKl time.Time `json:"til_kl,omitzero"`
}

func (v *Efterleveringsvalg) valider() error {
	var fejl []mox.Feltfejl
	kraev := func(ok bool, sti, tekst string) {
		if !ok {
			fejl = append(fejl, mox.Feltfejl{Sti: sti, Regel: "valg", Tekst: tekst})
		}
	}
	kraev(v.Fra >= 0 && (v.Fra > 0) != !v.FraKl.IsZero(), "fra", "skal være enten en logposition fra 1 eller et tidspunkt")
	kraev(v.Til >= 0 && (v.Til == 0 || v.TilKl.IsZero()), "til", "er enten en logposition eller et tidspunkt")
	if len(fejl) == 0 {
		return nil
	}
	return &mox.Error{Kode: mox.KodeUgyldig, Op: "efterlever", Tekst: "valget kan ikke bruges", Felter: fejl, Raad: "skriv fx --fra 2026-01-01 eller --fra 1"}
}

// stykke is the part of the log that v selects, as an Efterlevering that has not begun.
func (v *Efterleveringsvalg) stykke(tx *store.Tx, id mox.AbonnementID) (e store.Efterlevering, err error) {
	sidste, _, err := tx.SidstePosition()
	if err != nil {
		return e, err
	}
	e = store.Efterlevering{Abonnement: id, Fra: v.Fra, Til: v.Til, Foelg: v.Til == 0 && v.TilKl.IsZero()}
	if v.Fra == 0 {
		if e.Fra, err = tx.PositionKl(v.FraKl); err != nil {
			return e, err
		}
	}
	if !v.TilKl.IsZero() {
		if e.Til, err = tx.PositionKl(v.TilKl); err != nil {
			return e, err
		}
		e.Til--
	}
	if e.Foelg || e.Til > sidste {
		e.Til = sidste
	}
	e.Til = max(e.Til, e.Fra-1)
	e.Naaet = e.Fra - 1
	return e, nil
}

// Efterleveringsproeve is what a part of the log would bring an abonnement, as far as it has been looked at.
type Efterleveringsproeve struct {
	Fra    int64 `json:"fra"`
	Til    int64 `json:"til"`
	Set    int64 `json:"set"`
	Passer int64 `json:"passer"` // would be delivered
	Havde  int64 `json:"havde"`  // of those that pass: the abonnement has them already, and gets them no second time
	Naeste int64 `json:"naeste"` // where to go on looking; 0 = all has been looked at
}

// ProevEfterlevering counts what the abonnement would get of a part of the log, from the position fra on where that is not 0.
// One call looks at 20 000 beskeder.
func (d *Distributor) ProevEfterlevering(ctx context.Context, id mox.AbonnementID, v Efterleveringsvalg, fra int64) (p Efterleveringsproeve, err error) {
	if err := v.valider(); err != nil {
		return p, err
	}
	if _, ok := d.Abonnement(id); !ok {
		return p, UkendtAbonnement(id)
	}
	if err := d.positionerNu(ctx); err != nil {
		return p, err
	}
	err = d.store.View(ctx, func(tx *store.Tx) error {
		e, err := v.stykke(tx, id)
		if err != nil {
			return err
		}
		p = Efterleveringsproeve{Fra: e.Fra, Til: e.Til}
		e.Naaet = max(e.Naaet, fra-1)
		for e.Naaet < e.Til && p.Set < proeveRows {
			s, err := d.laesStykke(tx, e)
			if err != nil {
				return err
			}
			har, err := tx.HarLeverance(id, numre(s.passer))
			if err != nil {
				return err
			}
			p.Set += int64(s.set)
			p.Passer += int64(len(s.passer))
			p.Havde += int64(len(har))
			e.Naaet = s.naaet
		}
		if e.Naaet < e.Til {
			p.Naeste = e.Naaet + 1
		}
		return nil
	})
	return p, err
}

// Efterlever begins to bring an abonnement a part of the log, in the order of the log, each besked once. What it has already
// is not brought again. Newer beskeder about the same objekt wait until the older ones have come; other objekter go on. The
// leverancer are made as the receiver takes them; see [Distributor.Run].
//
// [mox.KodeKonflikt] while one is under way for the abonnement.
func (d *Distributor) Efterlever(ctx context.Context, id mox.AbonnementID, v Efterleveringsvalg, h Hvem) (e store.Efterlevering, err error) {
	if err := v.valider(); err != nil {
		return e, err
	}
	if _, ok := d.Abonnement(id); !ok {
		return e, UkendtAbonnement(id)
	}
	if err := d.positionerNu(ctx); err != nil {
		return e, err
	}
	err = d.store.Update(ctx, func(tx *store.Tx) error {
		if e, err = v.stykke(tx, id); err != nil {
			return err
		}
		e.Af = h.Navn
		ok, err := tx.InsertEfterlevering(e, h.Begrundelse)
		if err != nil {
			return err
		}
		if !ok {
			return mox.E("efterlever", mox.KodeKonflikt, "abonnementet %q er ved at få tidligere beskeder", id).Med("vent, til det er færdigt, eller stands det med --stands")
		}
		return tx.InsertHandling(store.Handling{Hvem: h.Navn, Hvad: "efterlever", Maal: "abonnement " + string(id), Antal: int(max(1, e.Til-e.Fra+1)), Begrundelse: h.Begrundelse})
	})
	if err == nil {
		d.efterlevering.vaek(id)
	}
	return e, err
}

// StandsEfterlevering ends it where it is. What has been made is delivered. [mox.KodeIkkeFundet] when none is under way.
func (d *Distributor) StandsEfterlevering(ctx context.Context, id mox.AbonnementID, h Hvem) error {
	err := d.store.Update(ctx, func(tx *store.Tx) error {
		ok, err := tx.StandsEfterlevering(id)
		if err != nil {
			return err
		}
		if !ok {
			return mox.E("efterlever", mox.KodeIkkeFundet, "abonnementet %q er ikke ved at få tidligere beskeder", id)
		}
		return tx.InsertHandling(store.Handling{Hvem: h.Navn, Hvad: "stands efterlevering", Maal: "abonnement " + string(id), Antal: 1, Begrundelse: h.Begrundelse})
	})
	d.efterlevering.vaek(id)
	return err
}

// positionerNu numbers what has been accepted, so that it is part of the log.
func (d *Distributor) positionerNu(ctx context.Context) error {
	for {
		if n, err := d.GivPositioner(ctx); err != nil || n < positionRows {
			return err
		}
	}
}

// logstykke is the next part of the log, and what the abonnement is to have of it.
type logstykke struct {
	set    int
	naaet  int64
	alle   []store.Besked
	passer []store.Besked
}

// laesStykke reads the next part of the log for an Efterlevering, and holds the abonnement's filter against it.
func (d *Distributor) laesStykke(tx *store.Tx, e store.Efterlevering) (s logstykke, err error) {
	k := d.konfiguration()
	a := k.abonnementer[e.Abonnement]
	if s.alle, err = tx.Logstykke(e.Naaet, e.Til, efterleverRows); err != nil || a == nil {
		return s, err
	}
	s.set, s.naaet = len(s.alle), e.Til
	if s.set == efterleverRows {
		s.naaet = s.alle[s.set-1].Logposition
	}
	lister := k.opslag()
	for i := range s.alle {
		if b := &s.alle[i]; kanEfterleveres(b, tx.Now()) && k.vilHave(a, lister, b, tx.Now()) {
			s.passer = append(s.passer, *b)
		}
	}
	return s, nil
}

// kanEfterleveres reports whether a besked still means something to one who was not there: it has not been deleted, is not
// past its gyldigTil, and is not MOX's own word to somebody else (a Kvittering, a correction, a Sletning).
func kanEfterleveres(b *store.Besked, nu time.Time) bool {
	return !b.IndholdSlettet() && b.Afsender != MOX && b.Type != mox.TypeKvittering && b.Type != mox.TypeSletning && b.Dybde <= maksDybde && (b.GyldigTil.IsZero() || b.GyldigTil.After(nu))
}

// vilHave asks for one abonnement what [konfiguration.modtagere] asks for all, by the agreements as they are now.
func (k *konfiguration) vilHave(a *mox.Abonnement, lister mox.Lister, b *store.Besked, nu time.Time) bool {
	return a.Filter.Med(lister).Match(k.pseudonym.Metadata(&b.Besked)) && a.MaaModtage(&b.Besked) && !egen(a, b.Kildesystem, b.Afsender) &&
		k.aftaler.MaaModtage(a.System, &b.Besked, nu) == ""
}

func numre(beskeder []store.Besked) (ud []int64) {
	for i := range beskeder {
		ud = append(ud, beskeder[i].Nr)
	}
	return ud
}

// EfterleverNu makes the next leverancer of the Efterleveringer under way, as far as the receivers have taken those before,
// and tells how many beskeder were looked at.
func (d *Distributor) EfterleverNu(ctx context.Context) (n int, err error) {
	var aabne []store.Efterlevering
	err = d.store.View(ctx, func(tx *store.Tx) (err error) {
		aabne, err = tx.AabneEfterleveringer()
		return err
	})
	d.efterlevering.saet(aabne)
	for _, e := range aabne {
		set, err := d.efterleverEn(ctx, e)
		if err != nil {
			return n, fmt.Errorf("%s: %w", e.Abonnement, err)
		}
		n += set
	}
	return n, err
}

// efterleverEn makes the leverancer of one part of the log, or ends an Efterlevering that has come to its end.
func (d *Distributor) efterleverEn(ctx context.Context, e store.Efterlevering) (int, error) {
	var s logstykke
	plads := false
	err := d.store.View(ctx, func(tx *store.Tx) error {
		foran, err := tx.Foran(e.Abonnement, efterleverForan)
		if plads = foran < efterleverForan; err != nil || !plads && e.Naaet < e.Til {
			return err
		}
		s, err = d.laesStykke(tx, e)
		return err
	})
	switch {
	case err != nil:
		return 0, err
	case e.Naaet >= e.Til:
		return d.afslutEfterlevering(ctx, e)
	case !plads || s.naaet == 0: // or the abonnement is not configured here
		return 0, nil
	}
	d.punkt("efterlevering.laest")
	nye, flyttet := 0, false
	err = d.store.Update(ctx, func(tx *store.Tx) (err error) {
		nye, flyttet, err = d.lavStykke(tx, e, s)
		return err
	})
	if err != nil || !flyttet { // another process does it, or has done it
		return 0, err
	}
	if nye > 0 {
		d.vaekker.vaek(e.Abonnement)
	}
	return s.set, nil
}

// lavStykke makes the leverancer of a part of the log, and moves on, unless another process does. The objekter are locked
// before it moves, so that a besked that is accepted meanwhile either sees that it has, or is seen.
func (d *Distributor) lavStykke(tx *store.Tx, e store.Efterlevering, s logstykke) (nye int, flyttet bool, err error) {
	if ok, err := tx.Lej("efterlevering/"+string(e.Abonnement), d.inkarnation, tx.Now().Add(efterleverLeje)); err != nil || !ok {
		return 0, false, err
	}
	koeer := objekterI(s.alle)
	if err := tx.Lock(laaseFor(koeer)...); err != nil {
		return 0, false, err
	}
	tomme, err := tx.UdenIndhold(numre(s.passer)) // erased since they were read
	if err != nil {
		return 0, false, err
	}
	s.passer = slices.DeleteFunc(slices.Clone(s.passer), func(b store.Besked) bool { return tomme[b.Nr] })
	har, err := tx.HarLeverance(e.Abonnement, numre(s.passer))
	if err != nil {
		return 0, false, err
	}
	foer := e.Naaet
	e.Naaet, e.Antal, e.Havde = s.naaet, e.Antal+int64(len(s.passer)-len(har)), e.Havde+int64(len(har))
	if ok, err := tx.FlytEfterlevering(e, foer); err != nil || !ok {
		return 0, false, err
	}
	aabne, err := tx.AabneKoeer(e.Abonnement, koeer)
	if err != nil {
		return 0, false, err
	}
	leverancer := nyeLeverancer(d.abonnementEllerTomt(e.Abonnement), s.passer, har, aabne)
	if err := tx.InsertLeverancer(leverancer); err != nil {
		return 0, false, err
	}
	for _, orden := range aabne {
		if err := tx.Ordn(e.Abonnement, orden); err != nil {
			return 0, false, err
		}
	}
	return len(leverancer), true, nil
}

// nyeLeverancer are those of the beskeder that the abonnement has not. Where something stands in an objekt's queue already, or
// comes before it here, it is held back.
func nyeLeverancer(a mox.Abonnement, beskeder []store.Besked, har map[int64]bool, aabne []string) (ud []*store.Leverance) {
	optaget := map[string]bool{}
	for _, orden := range aabne {
		optaget[orden] = true
	}
	for i := range beskeder {
		if b := &beskeder[i]; !har[b.Nr] {
			l := leveranceTil(&a, b)
			l.Blokeret = l.Orden != "" && optaget[l.Orden]
			optaget[l.Orden] = true
			ud = append(ud, l)
		}
	}
	return ud
}

// objekterI are the objekter that the beskeder are about, each once.
func objekterI(beskeder []store.Besked) (ud []string) {
	for i := range beskeder {
		if id := string(beskeder[i].ObjektID); id != "" {
			ud = append(ud, id)
		}
	}
	slices.Sort(ud)
	return slices.Compact(ud)
}

func laaseFor(objekter []string) (ud []string) {
	for _, id := range objekter {
		ud = append(ud, "objekt/"+id)
	}
	return ud
}

// afslutEfterlevering ends one that has come to its end. Where it follows the log it goes on while the log has more, and
// until what was accepted when it began has been numbered. It tells how many beskeder there are more to look at.
func (d *Distributor) afslutEfterlevering(ctx context.Context, e store.Efterlevering) (mere int, err error) {
	if e.Foelg {
		if err := d.positionerNu(ctx); err != nil {
			return 0, err
		}
	}
	if err := d.slipHoldte(ctx, e.Abonnement); err != nil {
		return 0, err
	}
	err = d.store.Update(ctx, func(tx *store.Tx) error {
		mere = 0
		venter := false
		if e.Foelg {
			sidste, _, err := tx.SidstePosition()
			if err != nil {
				return err
			}
			e.Til = max(e.Til, sidste)
			if venter, err = tx.HarUdenPosition(e); err != nil {
				return err
			}
		}
		if mere = int(e.Til - e.Naaet); mere == 0 && !venter {
			e.Afsluttet = tx.Now()
		}
		_, err := tx.FlytEfterlevering(e, e.Naaet)
		return err
	})
	return mere, err
}

// slipHoldte lets go on what waited for the log and no longer has to.
func (d *Distributor) slipHoldte(ctx context.Context, id mox.AbonnementID) error {
	efter := ""
	for {
		var koeer []string
		err := d.store.View(ctx, func(tx *store.Tx) (err error) {
			koeer, err = tx.HoldteKoeer(id, efter, efterleverRows)
			return err
		})
		if err != nil || len(koeer) == 0 {
			return err
		}
		efter = koeer[len(koeer)-1]
		err = d.store.Update(ctx, func(tx *store.Tx) error {
			if err := tx.Lock(laaseFor(koeer)...); err != nil {
				return err
			}
			for _, orden := range koeer {
				if err := tx.Ordn(id, orden); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		d.vaekker.vaek(id)
	}
}

// efterleveringer are those under way, by abonnement.
func efterleveringer(tx *store.Tx) (map[mox.AbonnementID]store.Efterlevering, error) {
	aabne, err := tx.AabneEfterleveringer()
	ud := map[mox.AbonnementID]store.Efterlevering{}
	for _, e := range aabne {
		ud[e.Abonnement] = e
	}
	return ud, err
}

// runEfterlevering makes leverancer from the log as they are taken, until ctx ends.
func (d *Distributor) runEfterlevering(ctx context.Context) {
	t := time.NewTicker(efterleverHver)
	defer t.Stop()
	for {
		n, err := d.EfterleverNu(ctx)
		if err != nil && ctx.Err() == nil {
			d.log.Error("tidligere beskeder kunne ikke leveres", "fejl", err)
		}
		if n > 0 && err == nil && ctx.Err() == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-d.efterlevering.klar:
		case <-t.C:
		}
	}
}

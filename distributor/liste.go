package distributor

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store"
)

// Listeaendring is what is done with the values of a list.
type Listeaendring string

// The three.
const (
	ListeTilfoej Listeaendring = "tilfoej" // come
	ListeFjern   Listeaendring = "fjern"   // go
	ListeErstat  Listeaendring = "erstat"  // are all it has
)

// Listevirkning is what a change did to a list.
type Listevirkning struct {
	Liste     string `json:"liste"`
	Laest     int64  `json:"laest"` // values given
	Tilfoejet int64  `json:"tilfoejet"`
	Fjernet   int64  `json:"fjernet"`
	Antal     int64  `json:"antal"`   // values in it now
	Version   int64  `json:"version"` // of the list
}

// Limits on a change of a list.
const (
	listerows     = 500
	listeLeje     = time.Minute
	maksListefejl = 10 // wrong values told of
)

// OpretListe makes an empty list. The same again has no effect; ny is false then. [mox.KodeKonflikt] when the name is taken
// by another, and the errors of [mox.Vaerdiliste.Valider].
func (d *Distributor) OpretListe(ctx context.Context, l mox.Vaerdiliste, h Hvem) (ny bool, err error) {
	if err := l.Valider(); err != nil {
		return false, err
	}
	err = d.omsaetning(ctx, func(tx *store.Tx, _ *konfiguration) (err error) {
		if ny, err = tx.InsertListe(l, h.Navn); err != nil {
			return err
		}
		if ny {
			return tx.InsertHandling(store.Handling{Hvem: h.Navn, Hvad: "opret", Maal: "liste " + l.Navn, Antal: 1, Begrundelse: h.Begrundelse})
		}
		if gammel, _, err := tx.ListeMedNavn(l.Navn); err != nil || gammel.Vaerdiliste == l {
			return err
		}
		return mox.E("liste", mox.KodeKonflikt, "der findes en anden liste med navnet %q", l.Navn).Med("vælg et andet navn; se mox liste list")
	})
	return ny, err
}

// Lister are the value lists, with the abonnementer and processer whose filters refer to each.
func (d *Distributor) Lister(ctx context.Context) (ud []Listestand, err error) {
	k := d.konfiguration()
	err = d.store.View(ctx, func(tx *store.Tx) error {
		ud = nil
		alle, err := tx.Lister()
		for _, l := range alle {
			ud = append(ud, Listestand{l, k.brugere(l.Navn)})
		}
		return err
	})
	return ud, err
}

// Listestand is a list and who uses it: "abonnement esdh.sager", "proces journalisering".
type Listestand struct {
	store.Liste
	Bruges []string
}

// brugere are those whose filters refer to the list.
func (k *konfiguration) brugere(liste string) (ud []string) {
	bruger := func(f mox.Filter) bool {
		return slices.ContainsFunc(f.Lister(), func(b mox.Listebrug) bool { return b.Liste == liste })
	}
	for id, a := range k.abonnementer {
		if bruger(a.Filter) {
			ud = append(ud, "abonnement "+string(id))
		}
	}
	for _, p := range k.processer {
		if bruger(p.Start) || bruger(p.Slut) {
			ud = append(ud, "proces "+p.Navn)
		}
	}
	slices.Sort(ud)
	return ud
}

// SletListe ends a list that no filter refers to. [mox.KodeKonflikt] when one does.
func (d *Distributor) SletListe(ctx context.Context, navn string, h Hvem) error {
	return d.omsaetning(ctx, func(tx *store.Tx, k *konfiguration) error {
		l, err := liste(tx, navn)
		if err != nil {
			return err
		}
		brugere := k.brugere(navn)
		aabne, err := tx.AabneAbonnementer() // also what another process has made
		if err != nil {
			return err
		}
		for _, o := range aabne {
			if slices.ContainsFunc(o.Abonnement.Filter.Lister(), func(b mox.Listebrug) bool { return b.Liste == navn }) {
				brugere = append(brugere, "abonnement "+string(o.Abonnement.ID))
			}
		}
		if len(brugere) > 0 {
			slices.Sort(brugere)
			return mox.E("liste", mox.KodeKonflikt, "listen %q bruges af %s", navn, strings.Join(slices.Compact(brugere), ", ")).Med("ret deres filtre først")
		}
		if err := tx.SletListe(l.ID, h.Navn); err != nil {
			return err
		}
		return tx.InsertHandling(store.Handling{Hvem: h.Navn, Hvad: "slet", Maal: "liste " + navn, Antal: int(max(1, l.Antal)), Begrundelse: h.Begrundelse})
	})
}

func liste(tx *store.Tx, navn string) (store.Liste, error) {
	l, ok, err := tx.ListeMedNavn(navn)
	if err == nil && !ok {
		err = ukendtListe(navn)
	}
	return l, err
}

func ukendtListe(navn string) error {
	return mox.E("liste", mox.KodeIkkeFundet, "der er ingen liste med navnet %q", mox.Maskeret(navn)).Med("se mox liste list")
}

// kendteLister refuses a filter that refers to a list that is not there, or holds values of another key.
func kendteLister(tx *store.Tx, f mox.Filter) error {
	var fejl []mox.Feltfejl
	for _, b := range f.Lister() {
		l, ok, err := tx.ListeMedNavn(b.Liste)
		switch {
		case err != nil:
			return err
		case !ok:
			fejl = append(fejl, mox.Feltfejl{Sti: "filter." + b.Noegle, Regel: "liste", Tekst: fmt.Sprintf("der er ingen liste med navnet %q", b.Liste)})
		case !l.Passer(b.Noegle):
			fejl = append(fejl, mox.Feltfejl{Sti: "filter." + b.Noegle, Regel: "liste", Tekst: fmt.Sprintf("listen %q har værdier af %s", b.Liste, l.Vaerdiliste.Noegle)})
		}
	}
	if len(fejl) == 0 {
		return nil
	}
	return &mox.Error{Kode: mox.KodeUgyldig, Op: "abonnement", Tekst: "filteret nævner en liste, der ikke kan bruges", Felter: fejl, Raad: "opret listen med mox liste opret, eller ret filteret"}
}

// AendrListe changes the values of a list: all of them at once, as seen by filters, or none. vaerdier are as somebody wrote
// them; empty ones are passed over. It may be as many as [mox.MaksListevaerdier], and needs memory for ListeErstat only.
//
// Errors: [mox.KodeIkkeFundet], [mox.KodeUgyldig] with the number of each wrong value, [mox.KodeForStor] over the limit,
// [mox.KodeKonflikt] while somebody else changes the same list, and what vaerdier gives.
func (d *Distributor) AendrListe(ctx context.Context, navn string, hvad Listeaendring, vaerdier iter.Seq2[string, error], h Hvem) (Listevirkning, error) {
	a := &listearbejde{d: d, hvad: hvad, ejer: d.inkarnation + "/" + mox.NyUUID(), h: h}
	if hvad == ListeErstat {
		a.sete = map[store.Noegle]struct{}{}
	}
	if err := a.begynd(ctx, navn); err != nil {
		return Listevirkning{}, err
	}
	defer a.slip(context.WithoutCancel(ctx))
	err := a.laes(ctx, vaerdier)
	if err == nil && hvad == ListeErstat {
		err = a.fjernUsete(ctx)
	}
	if err == nil && a.ud.Tilfoejet+a.ud.Fjernet > 0 {
		err = a.tagIBrug(ctx)
	}
	if err != nil {
		_ = a.ryd(context.WithoutCancel(ctx)) // what is left has no effect, and goes before the next change
		return Listevirkning{}, err
	}
	a.ud.Antal, a.ud.Liste = a.l.Antal+a.ud.Tilfoejet-a.ud.Fjernet, navn
	return a.ud, nil
}

// listearbejde is one change of a list under way.
type listearbejde struct {
	d    *Distributor
	hvad Listeaendring
	ejer string
	h    Hvem
	l    store.Liste
	ud   Listevirkning
	sete map[store.Noegle]struct{} // ListeErstat: what is to stay
	kun  bool                      // only count: nothing is written
}

// begynd takes the list for this change alone, and clears what an earlier one left half done.
func (a *listearbejde) begynd(ctx context.Context, navn string) error {
	err := a.d.store.Update(ctx, func(tx *store.Tx) (err error) {
		if a.l, err = liste(tx, navn); err != nil {
			return err
		}
		return a.lej(tx)
	})
	if err != nil {
		return err
	}
	a.ud.Version = a.l.Version
	return a.ryd(ctx)
}

func (a *listearbejde) lej(tx *store.Tx) error {
	ok, err := tx.Lej("liste/"+fmt.Sprint(a.l.ID), a.ejer, tx.Now().Add(listeLeje))
	if err == nil && !ok {
		err = mox.E("liste", mox.KodeKonflikt, "listen %q er ved at blive ændret af en anden", a.l.Navn).Med("prøv igen om lidt")
	}
	return err
}

// slip lets others change the list.
func (a *listearbejde) slip(ctx context.Context) {
	err := a.d.store.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.Lej("liste/"+fmt.Sprint(a.l.ID), a.ejer, tx.Now())
		return err
	})
	if err != nil {
		a.d.log.Warn("en liste kan først ændres igen om et minut", "liste", a.l.Navn, "fejl", err)
	}
}

func (a *listearbejde) ryd(ctx context.Context) error {
	for {
		var n int64
		err := a.d.store.Update(ctx, func(tx *store.Tx) (err error) {
			if err := a.lej(tx); err != nil {
				return err
			}
			n, err = tx.RydListe(a.l, listerows)
			return err
		})
		if err != nil || n == 0 {
			return err
		}
	}
}

// laes writes the values given, a chunk at a time. After a wrong one nothing more is written, but the others are looked at.
func (a *listearbejde) laes(ctx context.Context, vaerdier iter.Seq2[string, error]) error {
	var fejl []mox.Feltfejl
	var bid []store.Listevaerdi
	skriv := a.skriv
	if a.kun {
		skriv = a.tael
	}
	nr := 0
	for raa, err := range vaerdier {
		if err != nil {
			return err
		}
		nr++
		if strings.TrimSpace(raa) == "" {
			continue
		}
		v, err := a.l.Vaerdi(raa)
		if err != nil {
			fejl = append(fejl, mox.Feltfejl{Sti: fmt.Sprintf("linje %d", nr), Regel: "vaerdi", Tekst: strings.TrimPrefix(mox.Forklaring(err), "værdien ")})
			if len(fejl) == maksListefejl {
				break
			}
			continue
		}
		if a.ud.Laest++; len(fejl) > 0 {
			continue
		}
		if bid = append(bid, a.listevaerdi(v)); len(bid) == listerows {
			if err := skriv(ctx, bid); err != nil {
				return err
			}
			bid = bid[:0]
		}
	}
	if len(fejl) > 0 {
		return &mox.Error{Kode: mox.KodeUgyldig, Op: "liste", Tekst: "listen er ikke ændret: nogle værdier kan ikke bruges", Felter: fejl, Raad: "ret dem, og prøv igen"}
	}
	return skriv(ctx, bid)
}

// listevaerdi is how a value is kept: one that tells who somebody is, by its key only.
func (a *listearbejde) listevaerdi(v string) store.Listevaerdi {
	ud := store.Listevaerdi{Noegle: a.d.store.Noegle(v), Vaerdi: v}
	if fortaellerHvem(&a.l.Vaerdiliste, v) {
		ud.Vaerdi = ""
	}
	return ud
}

func (a *listearbejde) skriv(ctx context.Context, bid []store.Listevaerdi) error {
	for _, v := range bid {
		if a.sete != nil {
			a.sete[v.Noegle] = struct{}{}
		}
	}
	if int64(len(a.sete)) > mox.MaksListevaerdier {
		return forLang(a.l.Navn)
	}
	var n int64
	err := a.bid(ctx, func(tx *store.Tx) (err error) {
		if a.hvad == ListeFjern {
			n, err = tx.FjernVaerdier(a.l, bid)
		} else {
			n, err = tx.TilfoejVaerdier(a.l, bid)
		}
		return err
	})
	if a.hvad == ListeFjern {
		a.ud.Fjernet += n
		return err
	}
	if a.ud.Tilfoejet += n; err == nil && a.hvad == ListeTilfoej && a.l.Antal+a.ud.Tilfoejet > mox.MaksListevaerdier {
		err = forLang(a.l.Navn)
	}
	return err
}

func forLang(navn string) error {
	return mox.E("liste", mox.KodeForStor, "listen %q ville få over %d værdier", navn, mox.MaksListevaerdier).Med("del den i flere lister, og brug en af i filteret")
}

// bid does a part of the change while the list is still this change's.
func (a *listearbejde) bid(ctx context.Context, f func(*store.Tx) error) error {
	return a.d.store.Update(ctx, func(tx *store.Tx) error {
		if err := a.lej(tx); err != nil {
			return err
		}
		return f(tx)
	})
}

// fjernUsete removes what the list had and was not given.
func (a *listearbejde) fjernUsete(ctx context.Context) error {
	efter := []byte{}
	for {
		var side []store.Listevaerdi
		err := a.d.store.View(ctx, func(tx *store.Tx) (err error) {
			side, err = tx.ListevaerdierEfter(a.l, efter, listerows)
			return err
		})
		if err != nil || len(side) == 0 {
			return err
		}
		efter = slices.Clone(side[len(side)-1].Noegle[:])
		vaek := slices.DeleteFunc(side, func(v store.Listevaerdi) bool {
			_, bliver := a.sete[v.Noegle]
			return bliver
		})
		var n int64
		err = a.bid(ctx, func(tx *store.Tx) (err error) {
			n, err = tx.FjernVaerdier(a.l, vaek)
			return err
		})
		if err != nil {
			return err
		}
		a.ud.Fjernet += n
	}
}

// tagIBrug makes the change hold.
func (a *listearbejde) tagIBrug(ctx context.Context) error {
	err := a.d.omsaetning(ctx, func(tx *store.Tx, _ *konfiguration) error {
		if err := a.lej(tx); err != nil {
			return err
		}
		if err := tx.TagListeIBrug(a.l, a.l.Antal+a.ud.Tilfoejet-a.ud.Fjernet, a.h.Navn); err != nil {
			return err
		}
		return tx.InsertHandling(store.Handling{Hvem: a.h.Navn, Hvad: string(a.hvad), Maal: "liste " + a.l.Navn, Antal: int(a.ud.Tilfoejet + a.ud.Fjernet), Begrundelse: a.h.Begrundelse})
	})
	a.ud.Version++
	return err
}

// Listevaerdier are the values of a list after the one given ("" = from the first), by key, at most n; skjult of them are
// identifiers of persons and are not shown. naeste is where the next ones begin; "" = there are no more.
func (d *Distributor) Listevaerdier(ctx context.Context, navn string, efter []byte, n int) (ud []store.Listevaerdi, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) error {
		l, err := liste(tx, navn)
		if err != nil {
			return err
		}
		ud, err = tx.ListevaerdierEfter(l, efter, n)
		return err
	})
	return ud, err
}

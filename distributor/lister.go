package distributor

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store"
)

// vaerdier is what is in a list at one version; immutable. Few changes lie over the many values, so that a change of one
// value costs neither a copy of them all nor the memory for it.
type vaerdier struct {
	grund map[store.Noegle]struct{}
	over  map[store.Noegle]bool // true: come since grund was made; false: gone since
}

// maksOver is how many changes lie over the values before the two are made one.
const maksOver = 4096

func (v *vaerdier) har(n store.Noegle) bool {
	if ja, ok := v.over[n]; ok {
		return ja
	}
	_, ok := v.grund[n]
	return ok
}

// med is v with changes.
func (v *vaerdier) med(nyt map[store.Noegle]bool) *vaerdier {
	ud := &vaerdier{v.grund, maps.Clone(v.over)}
	if ud.over == nil {
		ud.over = map[store.Noegle]bool{}
	}
	maps.Copy(ud.over, nyt)
	if len(ud.over) <= maksOver {
		return ud
	}
	grund := make(map[store.Noegle]struct{}, len(v.grund)+len(nyt))
	maps.Copy(grund, v.grund)
	for n, har := range ud.over {
		if har {
			grund[n] = struct{}{}
		} else {
			delete(grund, n)
		}
	}
	return &vaerdier{grund: grund}
}

// listestand is a list that some filter refers to.
type listestand struct {
	ID       int64 `json:"id"`
	Version  int64 `json:"version"`
	vaerdier *vaerdier
}

// brugteLister are the lists that the filters of k refer to, with the keys they are held against.
func (k *konfiguration) brugteLister() []mox.Listebrug {
	set := map[mox.Listebrug]bool{}
	tag := func(f mox.Filter) {
		for _, b := range f.Lister() {
			set[b] = true
		}
	}
	for _, a := range k.abonnementer {
		tag(a.Filter)
	}
	for _, p := range k.processer {
		tag(p.Start)
		tag(p.Slut)
	}
	return slices.Collect(maps.Keys(set))
}

// medLister notes which version of each list the configuration has, and stores it as a version of its own where there are
// any. A list that a file refers to and nobody has made is left out: what asks for it is never a match.
func (k *konfiguration) medLister(tx *store.Tx) (err error) {
	if k.listeaendring, err = tx.Listeaendring(); err != nil {
		return err
	}
	for _, b := range k.brugteLister() {
		l, ok, err := tx.ListeMedNavn(b.Liste)
		switch {
		case err != nil:
			return err
		case !ok || !l.Passer(b.Noegle):
			k.savnede = append(k.savnede, b)
			continue
		}
		k.lister[b.Liste] = listestand{ID: l.ID, Version: l.Version}
	}
	if len(k.lister) == 0 {
		return nil
	}
	tekst, err := json.Marshal(k.lister) // sorted by name
	if err != nil {
		return err
	}
	k.version, err = tx.GemListeversioner(k.version, string(tekst))
	return err
}

// hentLister brings the values of k's lists into memory: those that the configuration before it had already, with what has
// changed since, and the others whole.
func (k *konfiguration) hentLister(tx *store.Tx, foer *konfiguration) error {
	for navn, l := range k.lister {
		gammel := listestand{vaerdier: &vaerdier{}}
		if foer != nil && foer.lister[navn].ID == l.ID && foer.lister[navn].vaerdier != nil {
			gammel = foer.lister[navn]
		}
		nyt := map[store.Noegle]bool{}
		if err := tx.Listeforskel(l.ID, gammel.Version, l.Version, func(n store.Noegle, har bool) { nyt[n] = har }); err != nil {
			return err
		}
		l.vaerdier = gammel.vaerdier
		if len(nyt) > 0 {
			l.vaerdier = gammel.vaerdier.med(nyt)
		}
		k.lister[navn] = l
	}
	return nil
}

// tagIBrug makes k the configuration from now on, with the values of its lists. Where they cannot be read now, the old
// configuration stays in use, and it is tried again at the next round of housekeeping.
func (d *Distributor) tagIBrug(ctx context.Context, k *konfiguration) error {
	foer := d.konfiguration()
	if len(k.lister) > 0 {
		err := d.store.View(context.WithoutCancel(ctx), func(tx *store.Tx) error { return k.hentLister(tx, foer) })
		if err != nil {
			d.halv.Store(true)
			return err
		}
	}
	for _, s := range k.savnede {
		if foer == nil || !slices.Contains(foer.savnede, s) {
			d.log.Error("et filter nævner en liste, som ikke findes eller har en anden nøgle; indtil den er oprettet, passer filteret ikke", "liste", s.Liste, "noegle", s.Noegle)
		}
	}
	d.halv.Store(false)
	d.brug(k)
	return nil
}

// opslag looks values up in the lists of one configuration. It remembers the keys it has made, so it is for one besked and
// one goroutine.
type opslag struct {
	s       *store.Store
	lister  map[string]listestand
	noegler map[string]store.Noegle
}

func (k *konfiguration) opslag() *opslag { return &opslag{s: k.store, lister: k.lister} }

// Har is [mox.Lister.Har].
func (o *opslag) Har(liste, vaerdi string) (ja, kendt bool) {
	l, kendt := o.lister[liste]
	if !kendt {
		return false, false
	}
	return l.vaerdier.har(o.noegle(vaerdi)), true
}

func (o *opslag) noegle(vaerdi string) store.Noegle {
	n, ok := o.noegler[vaerdi]
	if !ok {
		if o.noegler == nil {
			o.noegler = map[string]store.Noegle{}
		}
		n = o.s.Noegle(mox.Ensform(vaerdi))
		o.noegler[vaerdi] = n
	}
	return n
}

// fordum looks values up in lists by the database, at the versions of an older configuration or the newest ones. The first
// error is kept.
type fordum struct {
	tx     *store.Tx
	lister map[string]listestand
	err    error
}

func nyFordum(tx *store.Tx, version int64) (*fordum, error) {
	f := &fordum{tx: tx}
	tekst, err := tx.Listeversioner(version)
	if err != nil || tekst == "" {
		return f, err
	}
	return f, json.Unmarshal([]byte(tekst), &f.lister)
}

// gaeldende looks values up in the lists that a filter refers to as they are now, also where nobody uses them yet.
func gaeldende(tx *store.Tx, f mox.Filter) (*fordum, error) {
	ud := &fordum{tx: tx, lister: map[string]listestand{}}
	for _, b := range f.Lister() {
		l, ok, err := tx.ListeMedNavn(b.Liste)
		if err != nil {
			return ud, err
		}
		if ok && l.Passer(b.Noegle) {
			ud.lister[b.Liste] = listestand{ID: l.ID, Version: l.Version}
		}
	}
	return ud, nil
}

// Har is [mox.Lister.Har].
func (f *fordum) Har(liste, vaerdi string) (ja, kendt bool) {
	l, kendt := f.lister[liste]
	if !kendt || f.err != nil {
		return false, kendt
	}
	ja, f.err = f.tx.HarListevaerdi(l.ID, l.Version, f.tx.Store().Noegle(mox.Ensform(vaerdi)))
	return ja, true
}

package distributor

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store"
)

// konfiguration is one version of who wants what; immutable.
type konfiguration struct {
	version      int64
	aendring     int64            // the newest change to the abonnementer somebody has asked for
	faste        []mox.Abonnement // those that agents' files and the like make
	matcher      *mox.Matcher
	abonnementer map[mox.AbonnementID]*mox.Abonnement
	kvitteres    map[string]bool // systems with an abonnement on Kvitteringer
	processer    []mox.Proces
	aftaler      mox.Aftaler
	pseudonym    mox.Pseudonym

	store         *store.Store
	lister        map[string]listestand // that filters refer to
	listeaendring int64                 // the newest change to any list
	savnede       []mox.Listebrug       // lists that files refer to and nobody has made
}

// Konfigurer replaces the abonnementer that files make, and the processer; those that somebody has asked for
// ([Distributor.OpretAbonnement]) stay. The configuration is stored as a version, which each besked accepted from now on
// remembers. Two abonnementer with one ID, or a proces that awaits an unknown abonnement, are refused with
// [mox.KodeUgyldig].
func (d *Distributor) Konfigurer(ctx context.Context, abonnementer []mox.Abonnement, processer []mox.Proces) error {
	d.omsaet.Lock()
	defer d.omsaet.Unlock()
	return d.omsaetTil(ctx, abonnementer, processer, d.konfiguration().aftaler, nil)
}

// omsaetTil makes a new configuration the one in use, after foer in the same transaction; nil = nothing. It is for those who
// hold omsaet.
func (d *Distributor) omsaetTil(ctx context.Context, abonnementer []mox.Abonnement, processer []mox.Proces, aftaler mox.Aftaler, foer func(*store.Tx) error) error {
	var k *konfiguration
	err := d.store.Update(ctx, func(tx *store.Tx) (err error) {
		if foer != nil {
			if err := foer(tx); err != nil {
				return err
			}
		}
		k, err = nyKonfiguration(tx, aftaler, abonnementer, processer)
		return err
	})
	if err != nil {
		return err
	}
	for _, a := range abonnementer {
		if !aftaler.Kender(a.System) {
			d.log.Warn("et abonnement får intet: der er ingen tilslutningsaftale med systemet", "abonnement", a.ID, "system", a.System)
		}
	}
	return d.tagIBrug(ctx, k)
}

// omskrivRows is how many old configurations are gone through in one transaction.
const omskrivRows = 50

// glemNumre takes the numbers of persons and companies out of the configurations and abonnementer of before this was done as
// they were stored.
func (d *Distributor) glemNumre(ctx context.Context) error {
	for n := omskrivRows; n == omskrivRows; {
		err := d.store.Update(ctx, func(tx *store.Tx) (err error) {
			n, err = tx.OmskrivKonfigurationer(omskrivRows, d.udenNumre)
			return err
		})
		if err != nil {
			return err
		}
	}
	return d.store.Update(ctx, func(tx *store.Tx) error {
		return tx.OmskrivAbonnementer(func(a mox.Abonnement) mox.Abonnement {
			a.Filter = mox.Pseudonym(d.store.Pseudonym).Filter(a.Filter)
			return a
		})
	})
}

func (d *Distributor) udenNumre(tekst string) (string, error) {
	var g gemtKonfiguration
	if err := json.Unmarshal([]byte(tekst), &g); err != nil {
		return "", err
	}
	k := konfiguration{pseudonym: d.store.Pseudonym}
	k.medPseudonymer(g.Abonnementer, g.Processer)
	ud, err := konfigurationstekst(g.Abonnementer, k.processer, g.Aftaler)
	return string(ud), err
}

// brug makes k the configuration from now on.
func (d *Distributor) brug(k *konfiguration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.konf = k
	close(d.skift)
	d.skift = make(chan struct{})
}

// nyKonfiguration puts together what files make and what somebody has asked for, and stores it as a version.
func nyKonfiguration(tx *store.Tx, aftaler mox.Aftaler, faste []mox.Abonnement, processer []mox.Proces) (*konfiguration, error) {
	k := &konfiguration{faste: faste, abonnementer: map[mox.AbonnementID]*mox.Abonnement{}, kvitteres: map[string]bool{}, aftaler: aftaler, pseudonym: tx.Store().Pseudonym, store: tx.Store(), lister: map[string]listestand{}}
	oprettede, err := tx.AabneAbonnementer()
	if err != nil {
		return nil, err
	}
	if k.aendring, err = tx.Abonnementsaendring(); err != nil {
		return nil, err
	}
	alle := slices.Clone(faste)
	for _, o := range oprettede {
		alle = append(alle, o.Abonnement)
	}
	medMyndighed(alle, aftaler)
	k.medPseudonymer(alle, processer)
	if err := k.indsaet(alle); err != nil {
		return nil, err
	}
	tekst, err := konfigurationstekst(alle, k.processer, aftaler)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(tekst)
	if k.version, err = tx.GemKonfiguration(hex.EncodeToString(sum[:]), string(tekst)); err != nil {
		return nil, err
	}
	return k, k.medLister(tx)
}

// medPseudonymer takes the numbers of persons and companies out of every filter: a configuration is kept for as long as
// somebody may ask why.
func (k *konfiguration) medPseudonymer(alle []mox.Abonnement, processer []mox.Proces) {
	for i := range alle {
		alle[i].Filter = k.pseudonym.Filter(alle[i].Filter)
	}
	k.processer = slices.Clone(processer)
	for i := range k.processer {
		p := &k.processer[i]
		p.Start, p.Slut = k.pseudonym.Filter(p.Start), k.pseudonym.Filter(p.Slut)
	}
}

func (k *konfiguration) indsaet(alle []mox.Abonnement) error {
	k.matcher = mox.NyMatcher(alle)
	for i := range alle {
		a := alle[i]
		if k.abonnementer[a.ID] != nil {
			return mox.E("konfigurer", mox.KodeUgyldig, "der er to abonnementer med id %q", a.ID).Med("giv agentens sink et andet navn")
		}
		k.abonnementer[a.ID] = &a
		if a.Filter.Naevner(mox.TypeKvittering) {
			k.kvitteres[a.System] = true
		}
	}
	for _, p := range k.processer {
		for _, id := range p.SvarFra {
			if k.abonnementer[id] == nil {
				return mox.E("konfigurer", mox.KodeUgyldig, "processen %q venter svar fra abonnementet %q, som ikke findes", p.Navn, id)
			}
		}
	}
	return nil
}

// konfigurationstekst is the configuration as it is stored: what is needed to recompute who got a besked, and why.
func konfigurationstekst(abonnementer []mox.Abonnement, processer []mox.Proces, aftaler mox.Aftaler) ([]byte, error) {
	return json.Marshal(gemtKonfiguration{abonnementer, processer, aftaler})
}

// gemtKonfiguration is a version of the configuration as it is stored. The first versions have no agreements.
type gemtKonfiguration struct {
	Abonnementer []mox.Abonnement `json:"abonnementer"`
	Processer    []mox.Proces     `json:"processer"`
	Aftaler      mox.Aftaler      `json:"aftaler,omitempty"`
}

func (d *Distributor) konfiguration() *konfiguration {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.konf
}

// Aendret is closed at the next change of the configuration. Ask for it before looking, so that no change falls between.
func (d *Distributor) Aendret() <-chan struct{} {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.skift
}

// opfrisk takes over what another process on the same database has changed.
func (d *Distributor) opfrisk(ctx context.Context) error {
	halv := d.halv.Load()
	if d.store.Proves() && !halv {
		return nil // nobody else has this database
	}
	var nyeste, lister int64
	err := d.store.View(ctx, func(tx *store.Tx) (err error) {
		if nyeste, err = tx.Abonnementsaendring(); err != nil {
			return err
		}
		lister, err = tx.Listeaendring()
		return err
	})
	k := d.konfiguration()
	if err != nil || !halv && nyeste == k.aendring && lister == k.listeaendring {
		return err
	}
	return d.Konfigurer(ctx, k.faste, k.processer)
}

// Abonnementer are the configured abonnementer, by ID.
func (d *Distributor) Abonnementer() []mox.Abonnement {
	k := d.konfiguration()
	ud := make([]mox.Abonnement, 0, len(k.abonnementer))
	for _, a := range k.abonnementer {
		ud = append(ud, *a)
	}
	slices.SortFunc(ud, func(a, b mox.Abonnement) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return ud
}

// Processer are the configured processes.
func (d *Distributor) Processer() []mox.Proces { return slices.Clone(d.konfiguration().processer) }

// Abonnement finds a configured abonnement.
func (d *Distributor) Abonnement(id mox.AbonnementID) (mox.Abonnement, bool) {
	a, ok := d.konfiguration().abonnementer[id]
	if !ok {
		return mox.Abonnement{}, false
	}
	return *a, true
}

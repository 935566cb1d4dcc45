package distributor_test

import (
	"errors"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/testenv"
	"github.com/moxkit/mox/store"
)

// TestAltSamtidigBryderIngenRegel lets publishers, carriers, housekeeping and operators work on the same few objekter at the
// same time. What must always hold, holds when they have stopped, and everything can still come to its end.
func TestAltSamtidigBryderIngenRegel(t *testing.T) {
	seed := *froe
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("go test ./distributor -run AltSamtidig -seed %d", seed)
	paaBegge(t, func(p *proeve) {
		p.konfigurer(modelAbonnementer()...)
		var f []func() error
		for nr := range uint64(8) {
			a := &aktoer{proeve: p, rng: rand.New(rand.NewPCG(seed, nr))}
			f = append(f, func() error {
				for range 25 {
					if err := a.trin(); err != nil && mox.KodeAf(err) != mox.KodeKonflikt { // another was first
						return err
					}
				}
				return nil
			})
		}
		p.maa(samtidig(f...))
		m := &model{proeve: p, rng: rand.New(rand.NewPCG(seed, 99))}
		m.regler()
		m.tilEnde()
	})
}

// aktoer does one thing after another, beside others who do the same.
type aktoer struct {
	*proeve
	rng *rand.Rand
}

func (a *aktoer) trin() error {
	ctx := a.Context()
	switch a.rng.IntN(9) {
	case 0, 1, 2:
		b := besked(om([]mox.ObjektID{sagA, sagB}[a.rng.IntN(2)]), medIndhold(sag("Carport")))
		if a.rng.IntN(6) == 0 {
			forsent(&b)
		}
		_, err := a.d.Accept(ctx, "byggesag", b)
		return err
	case 3, 4, 5:
		return a.lever()
	case 6:
		_, err := a.d.AfslutUdloebne(ctx)
		_, err2 := a.d.UdloebGamle(ctx)
		_, err3 := a.d.GivPositioner(ctx)
		return errors.Join(err, err2, err3)
	case 7:
		u := store.Udvalg{Antal: 1 + a.rng.IntN(3)}
		if a.rng.IntN(2) == 0 {
			_, err := a.d.Luk(ctx, u, person, false)
			return err
		}
		_, err := a.d.Gensend(ctx, u, person, false)
		return err
	}
	return a.afgoer()
}

// lever claims some, and reports each as it pleases; a lease may have run out before.
func (a *aktoer) lever() error {
	id := []mox.AbonnementID{"esdh", "post", "log"}[a.rng.IntN(3)]
	w, err := a.d.Claim(a.Context(), id, a.ejer(), 2, []time.Duration{-time.Second, time.Hour}[a.rng.IntN(2)])
	if err != nil {
		return err
	}
	for _, x := range w {
		u := mox.Udfald{Resultat: []mox.Resultat{mox.ResAccepteret, mox.ResAccepteret, mox.ResAfvist, mox.ResMidlertidig, mox.ResUkendt}[a.rng.IntN(5)]}
		if _, err := a.d.Done(a.Context(), distributor.Afslutning{Leverance: x.Leverance, Forsoeg: x.Forsoeg, Ejer: x.Ejer, Udfald: u}); err != nil {
			return err
		}
	}
	return nil
}

// afgoer answers about whatever comes first among the open Fejl.
func (a *aktoer) afgoer() error {
	var fejl []store.Fejl
	err := a.d.Store().View(a.Context(), func(tx *store.Tx) (err error) {
		fejl, err = tx.Fejl(store.Udvalg{Art: store.FejlLeverance, Antal: 5})
		return err
	})
	if err != nil || len(fejl) == 0 {
		return err
	}
	f := fejl[a.rng.IntN(len(fejl))]
	switch a.rng.IntN(3) {
	case 0:
		return a.d.Skete(a.Context(), f.ID, person, distributor.Afslutning{})
	case 1:
		return a.d.SketeIkke(a.Context(), f.ID, person)
	}
	_, err = a.d.RetOgSend(a.Context(), f.ID, map[string]string{"egenskaber.titel": mox.NyUUID()}, person)
	return err
}

// On a full disk nothing new is taken in, and what was begun is finished.
func TestPaaEnFuldDiskGoeresDetBegyndteFaerdigt(t *testing.T) {
	t.Parallel()
	disk := testenv.NewDisk(t)
	p := nyProeve(t, filepath.Join(disk.Dir, "mox.db"))
	p.konfigurer(ab("esdh", kunSager))
	a := p.accept(besked())
	w := p.en("esdh")
	disk.Fill()

	var taget []distributor.Accepteret
	for {
		x, err := p.d.Accept(p.Context(), "byggesag", besked(func(b *mox.Besked) { b.Indhold, b.Indholdstype = make([]byte, 200<<10), "application/octet-stream" }))
		if err != nil {
			p.kode(err, mox.KodeDiskFuld)
			break
		}
		if taget = append(taget, x); len(taget) > 1000 {
			t.Fatal("disken bliver ikke fuld")
		}
	}
	_, err := p.d.Indlever(p.Context(), distributor.Indlevering{Agent: "a", Kilde: "k"})
	p.kode(err, mox.KodeDiskFuld)
	p.leveret(w)
	p.staar(a.Nr, "esdh.1 Leveret")
	p = p.naeste()
	p.staar(a.Nr, "esdh.1 Leveret")
	for _, x := range taget { // all that was acknowledged is there
		ens(p, "leverancer", len(p.leverancer(x.Nr)), 1)
	}
}

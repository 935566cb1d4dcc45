package register

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store"
)

// Punkt is a moment in both times. The zero value is now.
type Punkt struct {
	Reg  time.Time
	Virk mox.Tidspunkt
}

// Set is an objekt as it is seen at a [Punkt].
type Set struct {
	Virkningstid mox.Tidspunkt
	Version      *Version // nil = the register did not know the objekt yet
	Vaerdier     map[string]string
}

// Forskelle is what differs between two moments of one objekt.
type Forskelle struct {
	Fra, Til Set
	Stier    []string // whose values are not the same, sorted; see [mox.Registrering.Udflad], and [parret] for 0..n relations
}

// Forskel compares an objekt with itself at two moments. Without fra it is what the registrering at til changed; where only
// the virkningstider differ, it is the same registrering at both.
//
// A registrering that the caller may not read is as one that there is not.
//
// Errors: [mox.KodeIkkeFundet], also where til is before the first registrering.
func (r *Register) Forskel(ctx context.Context, hvem Hvem, t mox.ObjektType, id mox.ObjektID, fra *Punkt, til Punkt) (ud Forskelle, err error) {
	if !mox.ErUUID(string(id)) {
		return ud, ikkeUUID(string(id))
	}
	type_, ok := mox.TypeAf(t)
	if !ok {
		return ud, ukendt(t, id)
	}
	if err := hvem.maaLaese(); err != nil {
		return ud, err
	}
	k := r.kald(hvem, opForskel)
	err = r.store.View(ctx, func(tx *store.Tx) error {
		k.forfra()
		if ud.Til, err = k.set(tx, type_, id, til); err != nil {
			return err
		}
		if ud.Til.Version == nil {
			return skjult(t, id)
		}
		if fra == nil {
			fra = &Punkt{Reg: ud.Til.Version.FraTidspunkt.Add(-time.Microsecond), Virk: til.Virk}
		}
		ud.Fra, err = k.set(tx, type_, id, *fra)
		return err
	})
	if e := k.gemEfter(ctx, err); e != nil || err != nil {
		return Forskelle{}, cmp.Or(e, err)
	}
	for i := range type_.Relationer {
		if rt := &type_.Relationer[i]; rt.Flere {
			ud.Fra.Vaerdier = parret("relationer."+rt.Navn+".", ud.Fra.Vaerdier, ud.Til.Vaerdier)
		}
	}
	ud.Stier = mox.Forskellige(ud.Fra.Vaerdier, ud.Til.Vaerdier)
	return ud, nil
}

func (k *kald) set(tx *store.Tx, t *mox.Type, id mox.ObjektID, p Punkt) (Set, error) {
	ud := Set{Virkningstid: p.Virk}
	if !p.Virk.Angivet() {
		ud.Virkningstid = mox.Kl(tx.Now())
	}
	l, err := k.versioner(tx, t.Navn, id, Tider{RegFra: p.Reg, RegTil: p.Reg})
	if mox.KodeAf(err) == mox.KodeIkkeFundet {
		return ud, nil
	}
	if err != nil {
		return ud, err
	}
	v := &l[0]
	ud.Version, ud.Vaerdier = v, v.Udflad(t, ud.Virkningstid)
	return ud, nil
}

// parret numbers the entries of a 0..n relation in fra as the same entries are numbered in til: an entry that has gone does
// not make all those after it look changed. The same are those with the same reference, and of those without one the ones
// that say the same, then the ones that are left, in their order. What is in fra only comes after the last of til.
func parret(forled string, fra, til map[string]string) map[string]string {
	gamle, nye := relationsposter(forled, fra), relationsposter(forled, til)
	if len(gamle) == 0 {
		return fra
	}
	plads, taget := map[int]int{}, map[int]bool{}
	for _, ens := range []func(a, b relationspost) bool{relationspost.somFoer, func(a, b relationspost) bool { return a.reference() == "" && b.reference() == "" }} {
		for i, g := range gamle {
			if _, fundet := plads[i]; fundet {
				continue
			}
			if j := slices.IndexFunc(nye, func(n relationspost) bool { return !taget[n.nr] && ens(g, n) }); j >= 0 {
				plads[i], taget[nye[j].nr] = nye[j].nr, true
			}
		}
	}
	ud := maps.Clone(fra)
	maps.DeleteFunc(ud, func(sti, _ string) bool { return strings.HasPrefix(sti, forled) })
	efter := 0
	for _, n := range nye {
		efter = max(efter, n.nr+1)
	}
	for i, g := range gamle {
		nr, fundet := plads[i]
		if !fundet {
			nr, efter = efter, efter+1
		}
		for felt, v := range g.felter {
			ud[forled+strconv.Itoa(nr)+felt] = v
		}
	}
	return ud
}

// relationspost is an entry of a 0..n relation: its fields as ".felt", and "" for the reference.
type relationspost struct {
	nr     int
	felter map[string]string
}

func (p relationspost) reference() string { return p.felter[""] }

func (p relationspost) somFoer(n relationspost) bool {
	if p.reference() != "" {
		return p.reference() == n.reference()
	}
	return maps.Equal(p.felter, n.felter)
}

// relationsposter are the entries of a 0..n relation, in the order of their numbers.
func relationsposter(forled string, vaerdier map[string]string) (ud []relationspost) {
	efter := map[int]map[string]string{}
	for sti, v := range vaerdier {
		rest, her := strings.CutPrefix(sti, forled)
		if !her {
			continue
		}
		tal, felt, harFelt := strings.Cut(rest, ".")
		nr, _ := strconv.Atoi(tal) // Udflad numbers them
		if harFelt {
			felt = "." + felt
		}
		if efter[nr] == nil {
			efter[nr] = map[string]string{}
		}
		efter[nr][felt] = v
	}
	for _, nr := range slices.Sorted(maps.Keys(efter)) {
		ud = append(ud, relationspost{nr, efter[nr]})
	}
	return ud
}

package mox

import "slices"

// Matcher finds the abonnementer that want a besked. Its cost grows with the hits and with the abonnementer that share
// the besked's rarest asked-for value, not with the number of abonnementer. It is immutable and safe for concurrent use.
type Matcher struct {
	ankre   map[anker][]*Abonnement // by one condition that must hold
	andre   []*Abonnement           // without such a condition
	noegler []string                // the keys that have an anchor
}

// anker is one value of one metadata field that some abonnementer require.
type anker struct{ noegle, vaerdi string }

// NyMatcher indexes the abonnementer; the Matcher keeps pointers to the elements of its own copy.
func NyMatcher(abonnementer []Abonnement) *Matcher {
	m := &Matcher{ankre: map[anker][]*Abonnement{}}
	brug := map[anker]int{}
	kopi := slices.Clone(abonnementer)
	for i := range kopi {
		for _, e := range kopi[i].Filter.kraevede() {
			for v := range e.vaerdier {
				brug[anker{e.noegle, v}]++
			}
		}
	}
	for i := range kopi {
		m.indsaet(&kopi[i], brug)
	}
	return m
}

// indsaet files the abonnement under the required condition that the fewest others share.
func (m *Matcher) indsaet(a *Abonnement, brug map[anker]int) {
	bedst, pris := enAfVaerdi{}, 0
	for _, e := range a.Filter.kraevede() {
		sum := 0
		for v := range e.vaerdier {
			sum += brug[anker{e.noegle, v}]
		}
		if bedst.noegle == "" || sum < pris {
			bedst, pris = e, sum
		}
	}
	if bedst.noegle == "" {
		m.andre = append(m.andre, a)
		return
	}
	if !slices.Contains(m.noegler, bedst.noegle) {
		m.noegler = append(m.noegler, bedst.noegle)
	}
	for v := range bedst.vaerdier {
		m.ankre[anker{bedst.noegle, v}] = append(m.ankre[anker{bedst.noegle, v}], a)
	}
}

// kraevede are the conditions on exact values that must hold, wherever the filter is satisfied.
func (f Filter) kraevede() []enAfVaerdi {
	var ud []enAfVaerdi
	for _, v := range topvilkaar(f.vilkaar) {
		if e, ok := v.(enAfVaerdi); ok && len(e.forled) == 0 {
			ud = append(ud, e)
		}
	}
	return ud
}

// Match gives the abonnementer that want b, ordered by ID, each once. An abonnement whose authority is not among b's
// tilladtmodtager is left out. spec: mox 28, mox 31
func (m *Matcher) Match(b *Besked) []*Abonnement {
	meta := b.Metadata()
	var ud []*Abonnement
	tag := func(l []*Abonnement) {
		for _, a := range l {
			if a.Filter.Match(meta) && a.maaModtage(b) {
				ud = append(ud, a)
			}
		}
	}
	tag(m.andre)
	for _, n := range m.noegler {
		for _, v := range meta[n] {
			tag(m.ankre[anker{n, v}])
		}
	}
	slices.SortFunc(ud, func(a, b *Abonnement) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return slices.CompactFunc(ud, func(a, b *Abonnement) bool { return a.ID == b.ID })
}

func (a *Abonnement) maaModtage(b *Besked) bool {
	return len(b.TilladtModtager) == 0 || slices.ContainsFunc(b.TilladtModtager, func(cvr string) bool { return a.Modtager != "" && SammeMyndighed(cvr, a.Modtager) })
}

package mox

import (
	"cmp"
	"slices"
)

// Matcher finds the abonnementer that want a besked. Its cost grows with the hits and with the abonnementer that share
// the besked's rarest asked-for value, not with the number of abonnementer. It is immutable and safe for concurrent use.
type Matcher struct {
	ankre   map[anker][]*Abonnement // by one condition that must hold
	andre   []*Abonnement           // without such a condition
	noegler []string                // the keys that have an anchor on a whole value
	forled  []forled                // the keys and lengths that have an anchor on the beginning of one
	iLister []listeanker            // those that require nothing rarer than a value in a list
	lister  Lister                  // see Med
}

// listeanker is the abonnementer that require a value of one key to be in one list: it is looked up once for them all.
type listeanker struct {
	iListe
	abonnementer []*Abonnement
}

// anker is one value of one metadata field that some abonnementer require, or what a value must begin with.
type anker struct {
	noegle, vaerdi string
	forled         bool
}

type forled struct {
	noegle  string
	laengde int
}

func (e enAfVaerdi) ankre() []anker {
	var ud []anker
	for v := range e.vaerdier {
		ud = append(ud, anker{e.noegle, v, false})
	}
	for _, f := range e.forled {
		ud = append(ud, anker{e.noegle, f, true})
	}
	return ud
}

// NyMatcher indexes the abonnementer; the Matcher keeps pointers to the elements of its own copy.
func NyMatcher(abonnementer []Abonnement) *Matcher {
	m := &Matcher{ankre: map[anker][]*Abonnement{}}
	brug := map[anker]int{}
	kopi := slices.Clone(abonnementer)
	for i := range kopi {
		for _, e := range kopi[i].Filter.kraevede() {
			for _, k := range e.ankre() {
				brug[k]++
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
	var bedst []anker
	pris := 0
	for _, e := range a.Filter.kraevede() {
		ankre, sum := e.ankre(), 0
		for _, k := range ankre {
			sum += brug[k]
		}
		if bedst == nil || sum < pris {
			bedst, pris = ankre, sum
		}
	}
	if bedst == nil {
		m.indsaetUdenVaerdi(a)
	}
	for _, k := range bedst {
		m.ankre[k] = append(m.ankre[k], a)
		if f := (forled{k.noegle, len(k.vaerdi)}); k.forled && !slices.Contains(m.forled, f) {
			m.forled = append(m.forled, f)
		}
		if !k.forled && !slices.Contains(m.noegler, k.noegle) {
			m.noegler = append(m.noegler, k.noegle)
		}
	}
}

// indsaetUdenVaerdi files an abonnement that names no value: under the first list it requires, or with those asked always.
func (m *Matcher) indsaetUdenVaerdi(a *Abonnement) {
	for _, v := range topvilkaar(a.Filter.vilkaar) {
		k, ok := v.(iListe)
		if !ok {
			continue
		}
		i := slices.IndexFunc(m.iLister, func(l listeanker) bool { return l.iListe == k })
		if i < 0 {
			i = len(m.iLister)
			m.iLister = append(m.iLister, listeanker{iListe: k})
		}
		m.iLister[i].abonnementer = append(m.iLister[i].abonnementer, a)
		return
	}
	m.andre = append(m.andre, a)
}

// Med is the Matcher with the value lists as they are in l. The index is shared.
func (m *Matcher) Med(l Lister) *Matcher {
	ud := *m
	ud.lister = l
	return &ud
}

// kraevede are the conditions on values that must hold, wherever the filter is satisfied.
func (f Filter) kraevede() []enAfVaerdi {
	var ud []enAfVaerdi
	for _, v := range topvilkaar(f.vilkaar) {
		if e, ok := v.(enAfVaerdi); ok {
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
			if a.Filter.Med(m.lister).Match(meta) && a.MaaModtage(b) {
				ud = append(ud, a)
			}
		}
	}
	tag(m.andre)
	for _, l := range m.iLister {
		if l.svar(maalt{meta, m.lister}) == Ja {
			tag(l.abonnementer)
		}
	}
	for _, n := range m.noegler {
		for _, v := range meta[n] {
			tag(m.ankre[anker{n, v, false}])
		}
	}
	for _, f := range m.forled {
		for _, v := range meta[f.noegle] {
			if len(v) >= f.laengde {
				tag(m.ankre[anker{f.noegle, v[:f.laengde], true}])
			}
		}
	}
	slices.SortFunc(ud, func(a, b *Abonnement) int { return cmp.Compare(a.ID, b.ID) })
	return slices.CompactFunc(ud, func(a, b *Abonnement) bool { return a.ID == b.ID })
}

// MaaModtage reports whether the besked may go to the abonnement's authority. spec: mox 31
func (a *Abonnement) MaaModtage(b *Besked) bool {
	return len(b.TilladtModtager) == 0 || slices.ContainsFunc(b.TilladtModtager, func(cvr string) bool { return a.Modtager != "" && SammeMyndighed(cvr, a.Modtager) })
}

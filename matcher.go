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
	iLister []anker                 // the lists that have an anchor: each is looked up once for all that require it
	lister  Lister                  // see Med
}

// anker is one value of one metadata field that some abonnementer require, or what a value must begin with, or the list
// that it must be in.
type anker struct {
	noegle, vaerdi string
	art            ankerart
}

type ankerart int8

const (
	hel ankerart = iota
	begyndelse
	iListen
)

type forled struct {
	noegle  string
	laengde int
}

func (e enAfVaerdi) ankre() []anker {
	var ud []anker
	for v := range e.vaerdier {
		ud = append(ud, anker{e.noegle, v, hel})
	}
	for _, f := range e.forled {
		ud = append(ud, anker{e.noegle, f, begyndelse})
	}
	return ud
}

func (i iListe) ankre() []anker { return []anker{{i.noegle, i.liste, iListen}} }

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
		m.andre = append(m.andre, a)
	}
	for _, k := range bedst {
		m.ankre[k] = append(m.ankre[k], a)
		switch f := (forled{k.noegle, len(k.vaerdi)}); {
		case k.art == begyndelse && !slices.Contains(m.forled, f):
			m.forled = append(m.forled, f)
		case k.art == hel && !slices.Contains(m.noegler, k.noegle):
			m.noegler = append(m.noegler, k.noegle)
		case k.art == iListen && !slices.Contains(m.iLister, k):
			m.iLister = append(m.iLister, k)
		}
	}
}

// Med is the Matcher with the value lists as they are in l. The index is shared.
func (m *Matcher) Med(l Lister) *Matcher {
	ud := *m
	ud.lister = l
	return &ud
}

// krav is a condition on values that an abonnement can be filed under.
type krav interface{ ankre() []anker }

// kraevede are the conditions on values that must hold, wherever the filter is satisfied.
func (f Filter) kraevede() []krav {
	var ud []krav
	for _, v := range topvilkaar(f.vilkaar) {
		if e, ok := v.(krav); ok {
			ud = append(ud, e)
		}
	}
	return ud
}

// Match gives the abonnementer that want b, ordered by ID, each once. An abonnement whose authority is not among b's
// tilladtmodtager is left out. spec: mox 28, mox 31
func (m *Matcher) Match(b *Besked) []*Abonnement { return m.MatchMed(b, b.Metadata()) }

// MatchMed is [Matcher.Match] with b's metadata given; see [Pseudonym.Metadata].
func (m *Matcher) MatchMed(b *Besked, meta map[string][]string) []*Abonnement {
	var ud []*Abonnement
	tag := func(l []*Abonnement) {
		for _, a := range l {
			if a.Filter.Med(m.lister).Match(meta) && a.MaaModtage(b) {
				ud = append(ud, a)
			}
		}
	}
	tag(m.andre)
	for _, k := range m.iLister {
		if (iListe{k.noegle, k.vaerdi}).svar(maalt{meta, m.lister}) == Ja {
			tag(m.ankre[k])
		}
	}
	for _, n := range m.noegler {
		for _, v := range meta[n] {
			tag(m.ankre[anker{n, v, hel}])
		}
	}
	for _, f := range m.forled {
		for _, v := range meta[f.noegle] {
			if len(v) >= f.laengde {
				tag(m.ankre[anker{f.noegle, v[:f.laengde], begyndelse}])
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

package mox

import (
	"slices"
	"strings"
)

// modsigelser refuses a filter with conditions that can never hold at once: it would take nothing, and nobody would be
// told why. It looks at conditions two by two, within each of the filters that v is made of.
func (l *filterlaeser) modsigelser(v vilkaar) {
	afNoegle := map[string][]vilkaar{}
	for _, a := range topvilkaar(v) {
		noegle := a
		switch a := a.(type) {
		case enAf:
			for _, x := range a {
				l.modsigelser(x)
			}
		case ikke:
			l.modsigelser(a.v)
			noegle = eneste(a.v)
		}
		n := noegleFor(noegle)
		if n != "" && slices.ContainsFunc(afNoegle[n], func(b vilkaar) bool { return udelukker(a, b) || udelukker(b, a) }) {
			l.afvis(n, "modsigelse", "to betingelser, der ikke kan gælde på én gang")
		}
		afNoegle[n] = append(afNoegle[n], a)
	}
}

// eneste is the only condition that v makes; nil when it makes several.
func eneste(v vilkaar) vilkaar {
	if top := topvilkaar(v); len(top) == 1 {
		return top[0]
	}
	return nil
}

func noegleFor(v vilkaar) string {
	switch v := v.(type) {
	case findes:
		return v.noegle
	case enAfVaerdi:
		return v.noegle
	case iListe:
		return v.noegle
	case tidsrum:
		return v.noegle
	}
	return ""
}

// udelukker reports whether a and b, about the same key, can never hold at once, as far as a can tell.
func udelukker(a, b vilkaar) bool {
	switch a := a.(type) {
	case findes:
		f, ok := b.(findes)
		_, negeret := b.(ikke)
		return !a.ja && !negeret && (!ok || f.ja)
	case enAfVaerdi:
		e, ok := b.(enAfVaerdi)
		return ok && enkeltNoegle(a.noegle) && !a.foreneligMed(e)
	case tidsrum:
		t, ok := b.(tidsrum)
		return ok && (slutterFoer(a, t) || slutterFoer(t, a))
	case ikke:
		if l, ok := b.(iListe); ok { // what is in a list is not known here, but the same list says the same
			return eneste(a.v) == vilkaar(l)
		}
		e, ok := b.(enAfVaerdi)
		mindre, ok2 := eneste(a.v).(enAfVaerdi)
		return ok && ok2 && enkeltNoegle(e.noegle) && mindre.daekker(e)
	}
	return false
}

// enkeltNoegle reports whether a besked has at most one value of the key.
func enkeltNoegle(noegle string) bool {
	f, ok := BeskedfeltAf(noegle)
	return ok && !f.Flere
}

func slutterFoer(a, b tidsrum) bool {
	return !a.til.IsZero() && !b.fra.IsZero() && !b.fra.Before(a.til)
}

// tager reports whether e takes the value.
func (e enAfVaerdi) tager(v string) bool {
	return e.vaerdier[v] || slices.ContainsFunc(e.forled, func(f string) bool { return strings.HasPrefix(v, f) })
}

// daekker reports whether e takes every value that f takes.
func (e enAfVaerdi) daekker(f enAfVaerdi) bool {
	for v := range f.vaerdier {
		if !e.tager(v) {
			return false
		}
	}
	return !slices.ContainsFunc(f.forled, func(f string) bool {
		return !slices.ContainsFunc(e.forled, func(g string) bool { return strings.HasPrefix(f, g) })
	})
}

// foreneligMed reports whether some value is taken by both.
func (e enAfVaerdi) foreneligMed(f enAfVaerdi) bool {
	for v := range e.vaerdier {
		if f.tager(v) {
			return true
		}
	}
	for v := range f.vaerdier {
		if e.tager(v) {
			return true
		}
	}
	return slices.ContainsFunc(e.forled, func(x string) bool {
		return slices.ContainsFunc(f.forled, func(y string) bool { return strings.HasPrefix(x, y) || strings.HasPrefix(y, x) })
	})
}

package mox

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Tidspunkt is a moment on a time axis that may be unbounded. The zero value is not a moment and is never valid in a
// Virkning.
type Tidspunkt struct {
	tid   time.Time
	graen int8 // -1 = minus infinity, +1 = infinity, 0 = tid
}

// The two ends of time. spec: oio 19
var (
	MinusUendelig = Tidspunkt{graen: -1}
	Uendelig      = Tidspunkt{graen: 1}
)

// Kl is the moment t, in UTC and microseconds: what both databases can hold.
func Kl(t time.Time) Tidspunkt { return Tidspunkt{tid: t.UTC().Truncate(time.Microsecond)} }

// LaesTidspunkt reads "-infinity", "infinity", RFC 3339 (with zone), the same as PostgreSQL and LoRa write it
// ("2026-03-02 09:15:00+01"), or a date, which is its first moment in UTC. In UTC it lies in the years 1 to 9999, so that
// it can be written again. spec: mox 9
func LaesTidspunkt(s string) (Tidspunkt, error) {
	switch s {
	case "infinity":
		return Uendelig, nil
	case "-infinity":
		return MinusUendelig, nil
	}
	for _, form := range []string{time.RFC3339Nano, time.DateOnly, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999Z07"} {
		if t, err := time.Parse(form, s); err == nil && kanSkrives(t) {
			return Kl(t), nil
		}
	}
	return Tidspunkt{}, fmt.Errorf("%q er ikke et tidspunkt med tidszone, \"infinity\" eller \"-infinity\"", Maskeret(s))
}

// kanSkrives reports whether t in UTC has a year of four digits, and is not the zero time.
func kanSkrives(t time.Time) bool {
	aar := t.UTC().Year()
	return aar >= 1 && aar <= 9999 && !Kl(t).tid.IsZero()
}

func (t Tidspunkt) kanSkrives() bool { return t.graen != 0 || kanSkrives(t.tid) }

// Tid is the moment and whether it is bounded.
func (t Tidspunkt) Tid() (time.Time, bool) { return t.tid, t.graen == 0 && !t.tid.IsZero() }

// Angivet reports whether t is a moment or one of the ends.
func (t Tidspunkt) Angivet() bool { return t.graen != 0 || !t.tid.IsZero() }

// Sammenlign is -1, 0 or +1 as t is before, at or after u.
func (t Tidspunkt) Sammenlign(u Tidspunkt) int {
	if t.graen != u.graen || t.graen != 0 {
		return cmp.Compare(t.graen, u.graen)
	}
	return t.tid.Compare(u.tid)
}

func (t Tidspunkt) String() string {
	switch t.graen {
	case 1:
		return "infinity"
	case -1:
		return "-infinity"
	}
	return t.tid.Format(time.RFC3339Nano)
}

// AktoerTyper are the types an actor of a Virkning may have. spec: oio 23
func AktoerTyper() []string {
	return []string{"Organisation", "OrganisationEnhed", "OrganisationFunktion", "Bruger", "ItSystem", "Interessefaellesskab"}
}

// Virkning says when something holds in the world: from Fra, until but not including Til. spec: oio 17
type Virkning struct {
	Fra, Til       Tidspunkt
	AktoerRef      Reference
	AktoerTypeKode string
	NoteTekst      string
}

// Fra is the virkning that begins at t and has no end.
func Fra(t Tidspunkt) Virkning { return Virkning{Fra: t, Til: Uendelig} }

// Indeholder reports whether v holds at t.
func (v Virkning) Indeholder(t Tidspunkt) bool {
	return v.Fra.Sammenlign(t) <= 0 && t.Sammenlign(v.Til) < 0
}

// daekker reports whether v holds throughout u.
func (v Virkning) daekker(u Virkning) bool {
	return v.Fra.Sammenlign(u.Fra) <= 0 && u.Til.Sammenlign(v.Til) <= 0
}

// Overlapper reports whether some moment lies in both.
func (v Virkning) Overlapper(u Virkning) bool {
	return v.Fra.Sammenlign(u.Til) < 0 && u.Fra.Sammenlign(v.Til) < 0
}

// Snit is v cut down to what lies in u; the caller knows that they overlap.
func (v Virkning) Snit(u Virkning) Virkning {
	if u.Fra.Sammenlign(v.Fra) > 0 {
		v.Fra = u.Fra
	}
	if u.Til.Sammenlign(v.Til) < 0 {
		v.Til = u.Til
	}
	return v
}

// udenfor gives what of v lies before and after u.
func (v Virkning) udenfor(u Virkning) []Virkning {
	if !v.Overlapper(u) {
		return []Virkning{v}
	}
	var ud []Virkning
	if v.Fra.Sammenlign(u.Fra) < 0 {
		foer := v
		foer.Til = u.Fra
		ud = append(ud, foer)
	}
	if u.Til.Sammenlign(v.Til) < 0 {
		efter := v
		efter.Fra = u.Til
		ud = append(ud, efter)
	}
	return ud
}

func (v Virkning) valider(sti string, ud *[]Feltfejl) {
	fejl := func(felt, regel, spec, tekst string) {
		*ud = append(*ud, Feltfejl{Sti: strings.TrimPrefix(sti+".virkning", ".") + felt, Regel: regel, Spec: spec, Tekst: tekst})
	}
	if !v.Fra.Angivet() || !v.Til.Angivet() {
		fejl("", "kraevet", "oio 20", "virkning skal have både fra og til")
		return
	}
	if !v.Fra.kanSkrives() || !v.Til.kanSkrives() {
		fejl("", "tid", "mox 9", "skal ligge i årene 1 til 9999")
	}
	if v.Fra.Sammenlign(v.Til) >= 0 {
		fejl(".til", "interval", "oio 18", "til skal ligge efter fra")
	}
	if v.AktoerTypeKode != "" && !slices.Contains(AktoerTyper(), v.AktoerTypeKode) {
		fejl(".aktoertypekode", "kodeliste", "oio 23", "er ikke en af "+fmt.Sprint(AktoerTyper()))
	}
	if regel, spec, tekst := v.AktoerRef.fejl(); regel != "" {
		fejl(".aktoerref", regel, spec, tekst)
	}
	if !gyldigTekst(v.NoteTekst) {
		fejl(".notetekst", "vaerdi", "oio 50", ugyldigTekst)
	}
}

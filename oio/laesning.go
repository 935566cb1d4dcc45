package oio

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/moxkit/mox"
)

// sti is the place of a value while it is read: "relationer.ejer[0].virkning.from". It is written out only where there is
// something to tell.
type sti struct {
	over *sti
	navn string
	nr   int // of an entry in a list, from 0, where navn is ""
}

func (s *sti) under(navn string) sti { return sti{over: s, navn: navn} }
func (s *sti) post(nr int) sti       { return sti{over: s, nr: nr} }

func (s *sti) String() string {
	switch {
	case s == nil:
		return ""
	case s.navn == "":
		return s.over.String() + "[" + strconv.Itoa(s.nr) + "]"
	}
	if over := s.over.String(); over != "" {
		return over + "." + s.navn
	}
	return s.navn
}

// laesning turns a JSON value into a value of ours, and collects what is wrong on the way.
type laesning struct {
	fejl  []mox.Feltfejl
	tomme bool // a list that is there and empty is kept: it says something of its own
}

func (l *laesning) afvis(s *sti, regel, spec, format string, args ...any) {
	if len(l.fejl) < maksFejl {
		l.fejl = append(l.fejl, mox.Feltfejl{Sti: s.String(), Regel: regel, Spec: spec, Tekst: fmt.Sprintf(format, args...)})
	}
}

// er reports whether v is of the kind, and refuses it otherwise.
func (l *laesning) er(s *sti, v *vaerdi, k slags) bool {
	if v.slags != k {
		l.afvis(s, "type", "oio 50", "skal være %s, ikke %s", k, v.slags)
	}
	return v.slags == k
}

// tekst reads a text; null is the same as leaving it out.
func (l *laesning) tekst(s *sti, v *vaerdi) string {
	if v.slags == ingen || !l.er(s, v, tekst) {
		return ""
	}
	return v.tekst
}

// reference reads a UUID or URN as one text.
func (l *laesning) reference(s *sti, v *vaerdi) mox.Reference {
	r, err := mox.LaesReference(l.tekst(s, v))
	if err != nil {
		l.afvis(s, "reference", "oio 6", "%v", err)
	}
	return r
}

// ukendt refuses a name. A name that differs from a known one in case only is told so.
func (l *laesning) ukendt(s *sti, navn string, kendte ...string) {
	her := s.under(vist(navn))
	for _, k := range kendte {
		if strings.EqualFold(k, navn) {
			l.afvis(&her, "ukendt", "oio 50", "kendes ikke; skriv %s", k)
			return
		}
	}
	l.afvis(&her, "ukendt", "oio 50", "kendes ikke")
}

// ugyldig is the error that the collected faults make; nil for none.
func ugyldig(op, hvad string, fejl []mox.Feltfejl) error {
	if len(fejl) == 0 {
		return nil
	}
	return &mox.Error{Kode: mox.KodeUgyldig, Op: op, Tekst: hvad, Felter: fejl}
}

func forStor(op string, er, maks int) error {
	return mox.E(op, mox.KodeForStor, "teksten er på %d bytes; højst %d", er, maks)
}

// laesTop reads a whole text that must be one object; of what lies deeper than byg levels only the form.
func laesTop(op string, b []byte, maks, dybde, byg int) (vaerdi, error) {
	if len(b) > maks {
		return vaerdi{}, forStor(op, len(b), maks)
	}
	v, fejl := laesJSON(b, dybde, byg)
	if fejl == nil && v.slags != objekt {
		fejl = &jsonfejl{"", "type", fmt.Sprintf("skal være %s, ikke %s", objekt, v.slags)}
	}
	if fejl != nil && fejl.sti == "" {
		return vaerdi{}, mox.E(op, mox.KodeUgyldig, "teksten kan ikke læses: %s", fejl.tekst)
	}
	if fejl != nil {
		return vaerdi{}, ugyldig(op, "teksten kan ikke læses", []mox.Feltfejl{{Sti: fejl.sti, Regel: fejl.regel, Tekst: fejl.tekst}})
	}
	return v, nil
}

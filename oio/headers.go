package oio

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/moxkit/mox"
)

// Headers that MOX sets on what it delivers. They tell about the delivery and are no part of the besked: when it comes
// back, they are read over. spec: mox 32, 33
const (
	HeaderAbonnement  = "abonnementID"
	HeaderForsoeg     = "leveranceforsoeg"
	HeaderTransaktion = "transaktionID"
)

// Headers for related objekter: one header for each role, a list of ids, and one beside it, a list of as many
// objekttyper, left out where none is told.
const (
	forledRelateret   = "relateret."
	forledRelateretOT = "relateretObjekttype."
)

// Headers gives the metadata of b as AMQP application headers: the fixed set of names that filters and receivers read
// without opening the content (spec: mox 11). A text is a string, a time is RFC 3339 in UTC, a list is a list of strings
// also with one value. Related objekter are grouped by role:
//
//	relateret.primaerpart            ["urn:oio:cpr-nr:…"]
//	relateretObjekttype.primaerpart  ["Person"]
//
// [FraHeaders] gives the same besked back, but for the order between related objekter of different roles.
func Headers(b *mox.Besked) map[string]any {
	ud := map[string]any{}
	for _, f := range mox.Beskedfelter() {
		v := f.Hent(b)
		switch {
		case len(v) == 0:
		case f.Flere:
			ud[f.Navn] = nogle(v)
		default:
			ud[f.Navn] = v[0]
		}
	}
	for _, rolle := range b.Roller() {
		ider, typer := medRolle(b.Relateret, rolle)
		ud[forledRelateret+rolle] = nogle(ider)
		if strings.Join(typer, "") != "" {
			ud[forledRelateretOT+rolle] = nogle(typer)
		}
	}
	return ud
}

func nogle(v []string) []any {
	ud := make([]any, len(v))
	for i, x := range v {
		ud[i] = x
	}
	return ud
}

func medRolle(l []mox.Relateret, rolle string) (ider, typer []string) {
	for _, r := range l {
		if r.Rolle == rolle {
			ider = append(ider, r.ID)
			typer = append(typer, r.ObjektType)
		}
	}
	return ider, typer
}

// FraHeaders reads a besked from AMQP application headers, content type and body; the body is not copied. What may be
// left out is filled in (see [mox.Besked.MedStandard]); what a besked must say is for [mox.Besked.Valider].
//
// A value may be a string, bytes, a number, a bool or a time, as clients of several languages send them; a list may hold
// any of these, and one value may stand for a list of one. Headers that are not ours are no business of ours and are read
// over, but for one that differs from a name of ours in case only: its sender believes to have told us something, and a
// filter would never see it.
//
// The error is an [*mox.Error] with [mox.KodeUgyldig] and a Feltfejl for each fault.
func FraHeaders(h map[string]any, indholdstype string, indhold []byte) (mox.Besked, error) {
	b := mox.Besked{Indholdstype: indholdstype, Indhold: indhold}
	var l laesning
	navne := make([]string, 0, len(h))
	for n := range h {
		navne = append(navne, n)
	}
	slices.Sort(navne) // so that faults come in one order
	for _, n := range navne {
		l.header(&b, n, h)
	}
	if len(l.fejl) > 0 {
		return mox.Besked{}, ugyldig("oio.FraHeaders", "beskedens headers kan ikke læses", l.fejl)
	}
	return b.MedStandard(), nil
}

func (l *laesning) header(b *mox.Besked, navn string, h map[string]any) {
	her := (*sti)(nil).under(navn)
	if f, ok := mox.BeskedfeltAf(navn); ok {
		if v, ok := l.headerliste(&her, h[navn]); ok {
			l.saet(&her, f, b, v)
		}
		return
	}
	if rolle, ok := strings.CutPrefix(navn, forledRelateret); ok {
		l.relateretHeader(&her, b, rolle, h)
		return
	}
	if rolle, ok := strings.CutPrefix(navn, forledRelateretOT); ok {
		if _, ok := h[forledRelateret+rolle]; !ok {
			l.afvis(&her, "relateret", "mox 13", "står uden %s%s", forledRelateret, vist(rolle))
		}
		return
	}
	if ment := naesten(navn); ment != "" {
		her := (*sti)(nil).under(vist(navn))
		l.afvis(&her, "navn", "mox 11", "skriv %s", ment)
	}
}

// naesten is the name of ours that navn differs from in case only, or "".
func naesten(navn string) string {
	for _, f := range mox.Beskedfelter() {
		if strings.EqualFold(f.Navn, navn) {
			return f.Navn
		}
	}
	for _, forled := range []string{forledRelateret, forledRelateretOT} {
		if len(navn) > len(forled) && strings.EqualFold(navn[:len(forled)], forled) {
			return forled + "<rolle>"
		}
	}
	return ""
}

func (l *laesning) relateretHeader(s *sti, b *mox.Besked, rolle string, h map[string]any) {
	ider, ok := l.headerliste(s, h[s.navn])
	if !ok {
		return
	}
	navnOT := forledRelateretOT + rolle
	herOT := (*sti)(nil).under(navnOT)
	typer, ok := l.headerliste(&herOT, h[navnOT])
	if !ok {
		return
	}
	if len(typer) > 0 && len(typer) != len(ider) {
		l.afvis(&herOT, "antal", "mox 13", "har %d værdier, og %s har %d", len(typer), vist(s.navn), len(ider))
		return
	}
	for i, id := range ider {
		r := mox.Relateret{Rolle: rolle, ID: unikID(id)}
		if len(typer) > 0 {
			r.ObjektType = typer[i]
		}
		b.Relateret = append(b.Relateret, r)
	}
}

// headerliste reads the values of a header; none for a header without value.
func (l *laesning) headerliste(s *sti, v any) (ud []string, ok bool) {
	switch v := v.(type) {
	case nil:
		return nil, true
	case []any:
		for i, x := range v {
			her := s.post(i)
			t, ok := l.headertekst(&her, x)
			if !ok {
				return nil, false
			}
			ud = append(ud, t)
		}
		return ud, true
	case []string:
		return v, true
	}
	t, ok := l.headertekst(s, v)
	return []string{t}, ok
}

func (l *laesning) headertekst(s *sti, v any) (string, bool) {
	t, ok := headertekst(v)
	switch {
	case !ok:
		l.afvis(s, "type", "", "skal være tekst, ikke %T", v)
	case !utf8.ValidString(t) || strings.IndexByte(t, 0) >= 0:
		l.afvis(s, "tekst", "", "er ikke gyldig tekst (UTF-8 uden NUL)")
		ok = false
	}
	return t, ok
}

func headertekst(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case []byte:
		return string(v), true
	case bool:
		return strconv.FormatBool(v), true
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano), true
	case int, int8, int16, int32, int64, uint8, uint16, uint32, uint64:
		return fmt.Sprint(v), true
	}
	return "", false
}

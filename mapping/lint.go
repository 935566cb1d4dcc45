package mapping

import (
	"fmt"
	"slices"
	"strings"
)

// Paths says whether an OIO path exists and what its values are: the name of a [Type], or any other word, which is not
// looked at. A path that refers to an objekt must not be called tekst: rows with noegle would be warned of. Way is where the row
// that has the path works: some paths are there on one way only.
type Paths func(path string, way Direction) (kind string, ok bool)

// Lint reports what is wrong with a sound table in the world it is meant for: paths that do not exist, values that do not
// suit their path, formats that lose information, and keys without effect. Problems that may be meant are warnings. The
// order is that of the file.
func (t *Table) Lint(paths Paths) []Problem {
	l := &linter{table: t, paths: paths}
	timed := t.effect != nil
	for _, r := range t.rows {
		l.path(r)
		l.unused(r)
		l.loss(r)
		_, isTimed := r.codec.(timedInZone)
		timed = timed || isTimed
	}
	if t.zoneAt != (pos{}) && !timed {
		l.warn(t.zoneAt, "slet nøglen", "«tidszone» har ingen virkning: ingen række er et tidspunkt")
	}
	sortProblems(l.problems)
	return l.problems
}

// timedInZone is a codec whose values depend on the table's zone.
type timedInZone interface {
	timed
	zoned()
}

func (*instantCodec) zoned()   {}
func (isoInstantCodec) zoned() {}

type linter struct {
	table    *Table
	paths    Paths
	problems []Problem
}

func (l *linter) add(at pos, warning bool, hint, format string, args ...any) {
	l.problems = append(l.problems, Problem{File: l.table.file, Line: at.line, Column: at.column,
		Text: fmt.Sprintf(format, args...), Hint: hint, Warning: warning})
}

func (l *linter) warn(at pos, hint, format string, args ...any) {
	l.add(at, true, hint, format, args...)
}

// path asks for the row's path and for those its expression names.
func (l *linter) path(r *row) {
	if r.Sti != "" {
		kind, ok := l.paths(r.Sti, r.Retning)
		if !ok {
			l.add(r.at, false, l.pathHint(r.Sti, r.Retning), "stien %s findes ikke på %s", quote(r.Sti), l.table.objekttype)
			return
		}
		l.kind(r, kind)
	}
	if r.expr == nil || r.Retning != Ud {
		return
	}
	for _, path := range r.Reads {
		if _, ok := l.paths(path, Ud); !ok {
			l.add(r.at, false, l.pathHint(path, Ud), "udtrykket læser stien %s, som ikke findes på %s", quote(path), l.table.objekttype)
		}
	}
}

// pathHint tries the other ways, and the usual misspellings.
func (l *linter) pathHint(path string, way Direction) string {
	for _, other := range []Direction{Ind, Ud} {
		if _, ok := l.paths(path, other); ok {
			return fmt.Sprintf("på vej %s findes den: skriv retning: %s", other, other)
		}
	}
	lower := strings.ToLower(path)
	for _, p := range []string{lower, lower + ".0", strings.TrimRight(lower, "0123456789.")} {
		if _, ok := l.paths(p, way); ok && p != path {
			return fmt.Sprintf("mente du «%s»?", p)
		}
	}
	return "stier skrives som i vejledningens liste over objekttypens felter"
}

// kind holds the row's type against what the path's values are.
func (l *linter) kind(r *row, kind string) {
	if r.codec == nil {
		return
	}
	typed := []string{string(Dato), string(Tidspunkt), string(Heltal), string(Tal), string(Boolsk)}
	switch {
	case r.Noegle != "" && (kind == string(Tekst) || slices.Contains(typed, kind)):
		l.warn(r.at, "slet noegle, eller ret stien", "«noegle» giver en henvisning, men %s er %s", r.Sti, kind)
	case slices.Contains(typed, kind) && kind != string(r.Type) && r.Praefiks == "":
		l.warn(r.at, "tilføj type: "+kind, "%s er %s, men rækken er type %s", r.Sti, kind, r.Type)
	}
}

func (l *linter) unused(r *row) {
	if r.Kraevet && r.Standard != "" && r.Retning == Ind {
		l.warn(r.at, "slet den ene", "«kraevet» har ingen virkning sammen med «standard»: værdien mangler aldrig")
	}
	if r.Fjern != "" && r.Retning == Ud {
		l.warn(r.at, "slet nøglen", "«fjern» virker kun på vej ind")
	}
	meanings := make(map[string]int, len(r.Koder))
	for _, k := range r.Koder {
		meanings[k.OIO]++
	}
	for _, k := range r.Koder {
		if k.Foretrukken && (r.Retning == Ind || meanings[k.OIO] == 1) {
			l.warn(r.at, "tag koden ud af foretrukken", "%s i «foretrukken» har ingen virkning: der er intet at vælge imellem", quote(k.Lokal))
		}
	}
}

// loss warns of formats; the other losses are chosen outright, see [Table.LossyFields].
func (l *linter) loss(r *row) {
	if r.Retning == Ind {
		return
	}
	if text := formatLoss(r.codec); text != "" {
		l.warn(r.at, "brug et format med det hele, hvis systemet kan", "oplysninger går tabt på vej ud: %s", text)
	}
}

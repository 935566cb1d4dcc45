package mapping

import (
	"slices"
	"strings"
	"time"
)

// Table is a compiled field table. It is immutable and may be used by many at once.
type Table struct {
	file, name, objekttype string
	loc                    *time.Location
	zoneAt                 pos // of the key tidszone; zero where it was not given
	rows                   []*row
	effect                 *effect
	toFields               []outField     // what the way out writes, in the order of the file
	fieldIndex             map[string]int // local field → index in toFields
}

// row is a compiled row.
type row struct {
	Row
	at       pos
	codec    codec       // of a row with felt and sti
	expr     *expression // of a computed row
	constant any         // of a row with fast or fast_felt
	// siblings are the prefixes of the other rows of the same path: a value that begins with one of them is theirs.
	siblings []string
	lossy    string
}

// outField is a local field that the way out writes, with the rows that can give it, in the order of the file.
type outField struct {
	name string
	rows []*row
}

// effect is where the start of effect comes from.
type effect struct {
	row    *row // for its felt, fjern and standard
	moment func(local string) (time.Time, *fault)
}

// Name is the table's own name, as its key map gives it.
func (t *Table) Name() string { return t.name }

// File is the file the table was read from, as given to [Load].
func (t *Table) File() string { return t.file }

// Objekttype is what the OIO documents of the table describe.
func (t *Table) Objekttype() string { return t.objekttype }

// Rows are the table's rows in the order of the file, computed fields last.
func (t *Table) Rows() []Row {
	rows := make([]Row, len(t.rows))
	for i, r := range t.rows {
		rows[i] = r.Row
		rows[i].Koder = slices.Clone(r.Koder)
		rows[i].Reads = slices.Clone(r.Reads)
	}
	return rows
}

// LocalFields are the local fields that the table reads ([Ind]), writes ([Ud]), or either ([Begge]), in the order of the
// file. Of what expressions read, only fields named outright, as in post["TITEL"], are known.
func (t *Table) LocalFields(d Direction) []string {
	var names list
	for _, r := range t.rows {
		if !r.Retning.includes(d) {
			continue
		}
		names.add(r.Felt)
		if r.expr != nil && r.Retning == Ind {
			names.add(r.Reads...)
		}
	}
	if t.effect != nil && d.includes(Ind) {
		names.add(t.effect.row.Felt)
	}
	return names.all
}

// OIOPaths are the OIO paths that the table writes ([Ind]), reads ([Ud]), or either ([Begge]), in the order of the file.
// Of what expressions read, only paths named outright, as in oio["egenskaber.titel"], are known.
func (t *Table) OIOPaths(d Direction) []string {
	var paths list
	for _, r := range t.rows {
		if !r.Retning.includes(d) {
			continue
		}
		paths.add(r.Sti)
		if r.expr != nil && r.Retning == Ud {
			paths.add(r.Reads...)
		}
	}
	return paths.all
}

// FieldFor is the local field that the way out writes from path by a row, the first where there are several; ok is false
// where there is none. Computed fields belong to no path.
func (t *Table) FieldFor(path string) (felt string, ok bool) {
	for _, r := range t.rows {
		if r.Sti == path && r.codec != nil && r.Retning.includes(Ud) {
			return r.Felt, true
		}
	}
	return "", false
}

// Canonical is how the table itself would spell a local value: the value taken in and written out again, as text. Two
// spellings of one value, as the system had it and as MOX wrote it, have the same canonical form. A value that the table
// cannot translate, or a field it does not read, is given back as it is.
func (t *Table) Canonical(felt, value string) string {
	for _, r := range t.rows {
		if r.Felt != felt || r.codec == nil || r.Retning == Ud {
			continue
		}
		if c, ok := r.canonical(value); ok {
			return c
		}
	}
	return value
}

func (r *row) canonical(value string) (string, bool) {
	local := r.effective(value)
	if r.Noegle != "" || local == "" {
		return local, true
	}
	oio, f := r.codec.in(local)
	if f != nil {
		return "", false
	}
	if r.Retning == Ind {
		return local, true
	}
	v, f := r.codec.out(oio)
	if f != nil {
		return "", false
	}
	return Text(v), true
}

// Loss is a local field whose value does not come back as it was after a way in and a way out.
type Loss struct {
	Line      int
	Felt, Sti string
	Reason    string
}

// LossyFields lists what the table's rows lose on the way through both directions, by the choice of their author. A
// value that is respelled only (007 as 7) is not lost.
func (t *Table) LossyFields() []Loss {
	var losses []Loss
	for _, r := range t.rows {
		if r.lossy != "" {
			losses = append(losses, Loss{Line: r.Line, Felt: r.Felt, Sti: r.Sti, Reason: r.lossy})
		}
	}
	return losses
}

// lossOf says what a two-way row loses, or nothing.
func lossOf(s *spec, r *row) string {
	if s.form != formFelt || s.Retning != Begge {
		return ""
	}
	var reasons []string
	if s.Fjern != "" {
		reasons = append(reasons, "tegnene "+quote(s.Fjern)+" fjernes på vej ind og kommer ikke igen")
	}
	if slices.ContainsFunc(s.Koder, func(k Code) bool { return k.Foretrukken }) {
		reasons = append(reasons, "flere lokale koder har samme OIO-kode og bliver til den foretrukne")
	}
	if s.Standard != "" {
		reasons = append(reasons, "en tom værdi bliver til "+quote(s.Standard))
	}
	if l := formatLoss(r.codec); l != "" {
		reasons = append(reasons, l)
	}
	return strings.Join(reasons, "; ")
}

// formatLoss says what a date format cannot hold of an OIO value, or nothing.
func formatLoss(c codec) string {
	var format timeFormat
	var missing []string
	switch c := c.(type) {
	case *dateCodec:
		format, missing = c.format, c.format.missing(day2, month2, year4)
	case *instantCodec:
		format, missing = c.format, c.format.missing(day2, month2, year4, hour2, minute2, second2)
	}
	switch {
	case len(missing) > 0:
		return "formatet har ikke " + strings.Join(missing, " ")
	case format.has(year2):
		return "formatet har årstal med to cifre"
	}
	return ""
}

// list collects names in the order of first appearance, each once.
type list struct {
	all  []string
	seen map[string]bool
}

func (l *list) add(names ...string) {
	if l.seen == nil {
		l.seen = make(map[string]bool)
	}
	for _, n := range names {
		if n != "" && !l.seen[n] {
			l.seen[n] = true
			l.all = append(l.all, n)
		}
	}
}

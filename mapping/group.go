package mapping

import (
	"slices"
	"strings"
)

// finish looks at the rows together: which of them share an end, and whether that has one meaning.
func (c *compiler) finish() {
	c.groupPaths()
	c.groupFields()
}

// groupPaths refuses paths that two rows write, unless their prefixes tell the rows apart, and gives each row the
// prefixes of its siblings.
func (c *compiler) groupPaths() {
	byPath := make(map[string][]*row)
	for _, r := range c.table.rows {
		if r.Sti != "" {
			byPath[r.Sti] = append(byPath[r.Sti], r)
		}
	}
	for _, rows := range byPath {
		writers := slices.DeleteFunc(slices.Clone(rows), func(r *row) bool { return !r.Retning.includes(Ind) })
		for i, r := range writers {
			c.apart(r, writers[:i])
		}
		for _, r := range rows {
			r.siblings = prefixesBut(rows, r)
		}
	}
}

// apart refuses row r where one of the earlier writers of its path can write it too.
func (c *compiler) apart(r *row, earlier []*row) {
	for _, other := range earlier {
		switch {
		case r.Praefiks == "" || other.Praefiks == "":
			c.fail(r.at, "giv hver sit praefiks, eller sæt retning: ud på den ene",
				"stien %s skrives også af rækken i linje %d", r.Sti, other.Line)
		case strings.HasPrefix(r.Praefiks, other.Praefiks) || strings.HasPrefix(other.Praefiks, r.Praefiks):
			c.fail(r.at, "vælg præfikser, hvor ingen er begyndelsen af en anden",
				"praefiks %s kan ikke skelnes fra %s i linje %d om samme sti", quote(r.Praefiks), quote(other.Praefiks), other.Line)
		default:
			continue
		}
		return
	}
}

func prefixesBut(rows []*row, r *row) []string {
	var prefixes []string
	for _, other := range rows {
		if other != r && other.Praefiks != "" && other.Praefiks != r.Praefiks {
			prefixes = append(prefixes, other.Praefiks)
		}
	}
	return prefixes
}

// groupFields gathers what the way out writes. A field of several rows is written by the first with a value; that is one
// meaning only where all of them are read from that field too.
func (c *compiler) groupFields() {
	t := c.table
	t.fieldIndex = make(map[string]int)
	for _, r := range t.rows {
		if r.Felt == "" || r.Retning == Ind {
			continue
		}
		i, known := t.fieldIndex[r.Felt]
		if !known {
			t.fieldIndex[r.Felt] = len(t.toFields)
			t.toFields = append(t.toFields, outField{name: r.Felt, rows: []*row{r}})
			continue
		}
		field := &t.toFields[i]
		if first := field.rows[0]; r.Retning != Begge || first.Retning != Begge {
			c.fail(r.at, "sæt retning: ind på den række, der ikke skal skrive feltet",
				"feltet %s skrives også af rækken i linje %d", quote(r.Felt), first.Line)
			continue
		}
		field.rows = append(field.rows, r)
	}
}

package mapping

import (
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// Load reads a table from YAML; file is its name in messages. Either there are no problems and a table that is sound —
// every value has one place, every code table can be read backwards where its row works both ways, every expression
// compiles — or there is no table. Time zones are looked up in the system or in what the binary embeds.
func Load(file string, src []byte) (*Table, []Problem) {
	r := &reader{file: file}
	t := &Table{file: file}
	if root := r.parse(src); root != nil {
		r.table(t, r.mapping(root, "tabellen"))
	}
	if len(r.problems) > 0 {
		sortProblems(r.problems)
		return nil, r.problems
	}
	return t, nil
}

// sections are the top-level keys whose content depends on others and is therefore read after them.
type sections struct {
	fields, computed, virkning, zone *entry
}

func (r *reader) table(t *Table, entries []entry) {
	var s sections
	for i := range entries {
		if !r.topKey(t, &s, &entries[i]) {
			e := entries[i]
			r.fail(e.at, didYouMean(e.key, topKeys()), "ukendt nøgle %s", quote(e.key))
		}
	}
	r.demand(t, s)
	r.zone(t, s.zone)
	specs := r.rows(s)
	c := &compiler{reader: r, table: t}
	for _, spec := range specs {
		c.add(spec)
	}
	c.finish()
	if s.virkning != nil {
		c.virkning(*s.virkning)
	}
}

func topKeys() []string {
	return []string{"map", "objekttype", "tidszone", "virkning", "felter", "beregnede"}
}

// topKey reads one top-level key; false means that there is no such key.
func (r *reader) topKey(t *Table, s *sections, e *entry) bool {
	switch e.key {
	case "map":
		t.name = r.text(*e)
	case "objekttype":
		t.objekttype = r.text(*e)
		if t.objekttype != "" && !plainWord(t.objekttype) {
			r.fail(e.at, "skriv fx Sag", "%s er ikke en objekttype", quote(t.objekttype))
		}
	case "tidszone":
		s.zone = e
	case "virkning":
		s.virkning = e
	case "felter":
		s.fields = e
	case "beregnede":
		s.computed = e
	default:
		return false
	}
	return true
}

func (r *reader) demand(t *Table, s sections) {
	if len(r.problems) > 0 {
		return
	}
	missing := func(key, example string) {
		r.fail(pos{1, 1}, "tilføj fx «"+example+"»", "tabellen mangler «%s»", key)
	}
	if t.name == "" {
		missing("map", "map: sag")
	}
	if t.objekttype == "" {
		missing("objekttype", "objekttype: Sag")
	}
	if s.fields == nil && s.computed == nil {
		missing("felter", "felter:")
	}
}

const defaultZone = "Europe/Copenhagen"

func (r *reader) zone(t *Table, e *entry) {
	name, at := defaultZone, pos{1, 1}
	if e != nil {
		name, at, t.zoneAt = r.text(*e), e.at, e.at
	}
	loc, err := time.LoadLocation(name)
	// "" and "Local" are what this machine happens to have; a table means the same everywhere.
	if err != nil || name == "" || name == "Local" {
		r.fail(at, "skriv fx "+defaultZone, "tidszonen %s kendes ikke på denne maskine", quote(name))
		loc = time.UTC
	}
	t.loc = loc
}

// rows reads the rows of both lists, fields first.
func (r *reader) rows(s sections) []*spec {
	var all []*spec
	for i, list := range []*entry{s.fields, s.computed} {
		if list == nil {
			continue
		}
		nodes := r.sequence(*list)
		if len(all)+len(nodes) > MaxRows {
			r.fail(list.at, "del tabellen i flere", "tabellen har over %d rækker", MaxRows)
			return nil
		}
		for _, n := range nodes {
			if spec := r.node(n, i == 1); spec != nil {
				all = append(all, spec)
			}
		}
	}
	return all
}

func (r *reader) node(n ast.Node, computed bool) *spec {
	if entries := r.mapping(n, "en række"); len(entries) > 0 {
		return r.row(entries, nodePos(n), computed)
	}
	return nil
}

// virkning reads where the start of effect comes from: a local field, read by its own row's type or by one given here.
func (c *compiler) virkning(e entry) {
	s := &spec{at: e.at, keys: map[string]pos{}}
	s.Line, s.Type = e.at.line, Tekst
	for _, k := range c.mapping(e.value, "«virkning»") {
		s.keys[k.key] = k.at
		switch k.key {
		case "fra":
			s.Felt = c.text(k)
		case "type":
			s.Type = c.valueType(k)
		case "format":
			s.Format = c.text(k)
		default:
			c.fail(k.at, didYouMean(k.key, []string{"fra", "type", "format"}), "ukendt nøgle %s i «virkning»", quote(k.key))
		}
	}
	switch {
	case s.Felt == "":
		c.fail(e.at, "skriv fx {fra: MODTAGET}", "«virkning» mangler «fra»")
	case s.has("type") || s.has("format"):
		c.virkningOwn(s)
	default:
		c.virkningOfRow(s)
	}
}

func (c *compiler) virkningOwn(s *spec) {
	if s.Type != Dato && s.Type != Tidspunkt {
		s.fail(c.reader, "type", "skriv type: dato eller type: tidspunkt", "«virkning» skal være en dato eller et tidspunkt")
		return
	}
	if codec, ok := c.codec(s).(timed); ok {
		c.table.effect = &effect{row: &row{Row: s.Row, codec: codec}, moment: codec.moment}
	}
}

func (c *compiler) virkningOfRow(s *spec) {
	for _, row := range c.table.rows {
		if codec, ok := row.codec.(timed); ok && row.Felt == s.Felt && row.Retning.includes(Ind) {
			c.table.effect = &effect{row: row, moment: codec.moment}
			return
		}
	}
	if len(c.problems) > 0 {
		return // the row may be among those left out
	}
	var dated []string
	for _, row := range c.table.rows {
		if _, ok := row.codec.(timed); ok {
			dated = append(dated, row.Felt)
		}
	}
	hint := orElse(didYouMean(s.Felt, dated), "skriv type og format i «virkning»")
	s.fail(c.reader, "fra", hint, "ingen række læser feltet %s som dato eller tidspunkt", quote(strings.TrimSpace(s.Felt)))
}

package mapping

import (
	"slices"
	"strings"
)

// compiler makes a table of rows that are well formed each, and refuses those that do not go together.
type compiler struct {
	*reader
	table *Table
}

// add compiles one row and puts it in the table. A row with a problem of its own is left out: what could be said about it
// further would confuse.
func (c *compiler) add(s *spec) {
	if s.bad {
		return
	}
	r := &row{Row: s.Row, at: s.at}
	switch s.form {
	case formFast:
		r.Retning, r.constant = Ind, s.Fast
	case formFastFelt:
		r.Retning, r.constant = Ud, c.localConstant(s)
	case formBeregnet:
		c.expression(s, r)
	case formFelt:
		r.codec = c.codec(s)
		if s.has("standard") && !s.bad {
			c.standard(s, r)
		}
	}
	if s.bad {
		return
	}
	r.lossy = lossOf(s, r)
	r.Tekst = s.Tekst
	c.table.rows = append(c.table.rows, r)
}

// localConstant is the value of fast_felt, of its type.
func (c *compiler) localConstant(s *spec) any {
	codec := c.codec(s)
	if codec == nil {
		return nil
	}
	oio, f := codec.in(s.FastFelt)
	if f == nil {
		var v any
		if v, f = codec.out(oio); f == nil {
			return v
		}
	}
	s.fail(c.reader, "fast_felt", f.hint, "værdien %s %s", quote(s.FastFelt), f.reason)
	return nil
}

func (c *compiler) expression(s *spec, r *row) {
	input := "post"
	r.Retning = Ind
	if s.Felt != "" {
		input, r.Retning = "oio", Ud
	}
	expr, at, err := compile(c.file, s.starlark, input)
	if err != nil {
		s.bad = true
		if at.line == 0 {
			at = s.where("starlark")
		}
		hint := ""
		if strings.Contains(s.Starlark, "\n") {
			hint = "et udtryk over flere linjer sættes i parentes"
		}
		c.fail(at, hint, "udtrykket kan ikke bruges: %s", shorten(mask(firstError(err)), 300))
		return
	}
	r.expr, r.Reads = expr, expr.reads
}

// standard checks that the row can translate its own default.
func (c *compiler) standard(s *spec, r *row) {
	if _, f := r.toOIO(s.Standard); f != nil {
		s.fail(c.reader, "standard", f.hint, "standarden %s kan ikke bruges: %s", quote(s.Standard), f.reason)
	}
}

// codec is how the row's type is spelled, or nil after a problem.
func (c *compiler) codec(s *spec) codec {
	if s.has("koder") && (s.Type == Tekst || s.Type == Heltal) {
		return c.codeCodec(s)
	}
	switch s.Type {
	case Dato:
		return c.dateCodec(s)
	case Tidspunkt:
		return c.instantCodec(s)
	case Heltal:
		return intCodec{text: s.Tekst}
	case Tal:
		return c.numberCodec(s)
	case Boolsk:
		return c.boolCodec(s)
	}
	if s.has("noegle") {
		return keyCodec{s.Noegle}
	}
	return textCodec{}
}

func (c *compiler) dateCodec(s *spec) codec {
	format, ok := c.format(s, isoDate)
	if !ok {
		return nil
	}
	if missing := format.missing(hour2, minute2, second2); len(missing) < 3 {
		s.fail(c.reader, "format", "brug type: tidspunkt", "formatet %s har et klokkeslæt, som en dato ikke har", quote(s.Format))
		return nil
	}
	iso, _ := parseTimeFormat(isoDate)
	return &dateCodec{format: format, spelt: orDefault(s.Format, isoDate), iso: iso, loc: c.table.loc}
}

func (c *compiler) instantCodec(s *spec) codec {
	if s.Format == "" || s.Format == "iso" {
		return isoInstantCodec{c.table.loc}
	}
	format, ok := c.format(s, "")
	if !ok {
		return nil
	}
	return &instantCodec{format: format, spelt: s.Format, loc: c.table.loc}
}

// format compiles the row's format, and demands what a value must have to be read.
func (c *compiler) format(s *spec, iso string) (timeFormat, bool) {
	spelt := s.Format
	if spelt == "" || spelt == "iso" {
		spelt = iso
	}
	format, err := parseTimeFormat(spelt)
	if err != nil {
		s.fail(c.reader, "format", "", "formatet %s kan ikke bruges: %s", quote(spelt), err)
		return format, false
	}
	if missing := format.missing(day2, month2, year4); len(missing) > 0 && s.Retning != Ud {
		s.fail(c.reader, "format", "tilføj det, eller sæt retning: ud",
			"formatet %s mangler %s og kan ikke læses", quote(spelt), strings.Join(missing, " "))
		return format, false
	}
	return format, true
}

func orDefault(s, standard string) string {
	if s == "" || s == "iso" {
		return standard
	}
	return s
}

func (c *compiler) numberCodec(s *spec) codec {
	decimal := orDefault(s.Decimal, ".")
	if decimal != "." && decimal != "," {
		s.fail(c.reader, "decimal", `skriv "," eller "."`, "decimaltegnet %s kendes ikke", quote(decimal))
		return nil
	}
	if !s.has("tekst") {
		s.Tekst = decimal == ","
	}
	return numberCodec{decimal: decimal[0], text: s.Tekst}
}

func (c *compiler) boolCodec(s *spec) codec {
	if !s.has("tekst") {
		s.Tekst = s.has("sand")
	}
	if s.has("sand") && s.Sand == s.Falsk {
		s.fail(c.reader, "falsk", "", "sand og falsk er begge %s", quote(s.Sand))
		return nil
	}
	return boolCodec{sand: orDefault(s.Sand, "true"), falsk: orDefault(s.Falsk, "false"), text: s.Tekst}
}

// codeCodec compiles a code table. Where the row works outwards, each OIO code must have one local code to be written as.
func (c *compiler) codeCodec(s *spec) codec {
	codec := &codeCodec{forth: make(map[string]string, len(s.Koder)), back: make(map[string]string, len(s.Koder))}
	if s.Type == Heltal {
		codec.number = &intCodec{text: s.Tekst}
	}
	for _, k := range s.Koder {
		if n, f := codec.local(k.Lokal); f != nil || n != k.Lokal {
			s.fail(c.reader, "koder", "skriv den som 7, uden nul eller + foran, eller slet type: heltal", "koden %s er ikke skrevet som et helt tal", quote(k.Lokal))
		}
		codec.forth[k.Lokal] = k.OIO
		codec.order = append(codec.order, k.Lokal)
	}
	preferred := make(map[string]bool, len(s.foretrukken))
	for _, name := range s.foretrukken {
		preferred[name] = true
		if _, ok := codec.forth[name]; !ok && name != "" {
			s.fail(c.reader, "foretrukken", didYouMean(name, codec.order), "%s er ikke en kode i tabellen", quote(name))
		}
	}
	for i, k := range s.Koder {
		s.Koder[i].Foretrukken = preferred[k.Lokal]
	}
	if s.Retning != Ind {
		c.invert(s, codec)
	}
	return codec
}

// invert fills the way back. Of several local codes with one OIO code, exactly one must be preferred.
func (c *compiler) invert(s *spec, codec *codeCodec) {
	byOIO := make(map[string][]Code, len(s.Koder))
	for _, k := range s.Koder {
		byOIO[k.OIO] = append(byOIO[k.OIO], k)
	}
	for oio, codes := range byOIO {
		candidates := codes
		if len(codes) > 1 {
			candidates = slices.DeleteFunc(slices.Clone(codes), func(k Code) bool { return !k.Foretrukken })
		}
		if len(candidates) != 1 {
			s.fail(c.reader, "koder", "nævn præcis den af koderne, der skal skrives på vej ud, fx foretrukken: ["+quote(codes[0].Lokal)+"]",
				"%s og %s betyder begge %s, så tabellen kan ikke læses baglæns", quote(codes[0].Lokal), quote(codes[1].Lokal), quote(oio))
			continue
		}
		codec.back[oio] = candidates[0].Lokal
	}
}

package mapping

import (
	"strings"

	"go.starlark.net/starlark"
)

// Document is what [Table.ToSystem] translates.
type Document struct {
	OIO map[string]string // path → value; "" is absent. Paths that no row knows are left alone.
	// Keys gives the system's key of a referred objekt, of a row with noegle; false where the system has none yet.
	// Nil knows no keys.
	Keys  func(objekttype, ref string) (key string, ok bool)
	Only  []string // the local fields to write; empty = all that the table writes
	Where string   // the document's place, for error texts (a beskedID); must hold no personal data
}

// ToSystem translates a flat OIO document to local fields: string, int64, float64 or bool. A field without a value is
// not in the result. Required fields are required where they are among those to write.
//
// The error is an [*Errors] with every field that could not be translated; or, where nothing else is wrong, an
// [*UnknownReference], which time may mend. With an error there are no fields.
func (t *Table) ToSystem(doc Document) (map[string]any, error) {
	p := outward{table: t, doc: doc, fields: make(map[string]any, len(t.toFields))}
	if len(doc.Only) == 0 {
		for i := range t.toFields {
			p.field(&t.toFields[i])
		}
	}
	for _, name := range doc.Only {
		p.named(name)
	}
	switch {
	case len(p.errors) > 0:
		return nil, &Errors{Fields: p.errors}
	case p.unknown != nil:
		return nil, p.unknown
	}
	return p.fields, nil
}

// outward is one way out.
type outward struct {
	table   *Table
	doc     Document
	fields  map[string]any
	oio     *starlark.Dict // the document for expressions; made when the first asks
	unknown *UnknownReference
	errors  []*FieldError
}

func (p *outward) named(name string) {
	if i, ok := p.table.fieldIndex[name]; ok {
		p.field(&p.table.toFields[i])
		return
	}
	f := faultf(RegelUkendt, didYouMean(name, p.table.LocalFields(Ud)), "tabellen skriver ikke dette felt")
	p.errors = append(p.errors, p.table.fieldError(&row{Row: Row{Felt: name}}, p.doc.Where, "", f))
}

// field writes a local field by the first of its rows that has a value.
func (p *outward) field(field *outField) {
	var required *row
	for _, r := range field.rows {
		if r.isSiblings(p.doc.OIO[r.Sti]) {
			continue
		}
		v, done := p.value(r)
		if v != nil {
			p.fields[field.name] = v
		}
		if done {
			return
		}
		if r.Kraevet && required == nil {
			required = r
		}
	}
	if required != nil {
		p.fail(required, "", faultf(RegelKraevet, "afsenderen skal udfylde stien, eller kraevet skal fjernes fra rækken", "værdien mangler"))
	}
}

// value is what row r gives its field. Done says that the field needs no further row: it has its value, or cannot get one.
func (p *outward) value(r *row) (v any, done bool) {
	var f *fault
	raw := p.doc.OIO[r.Sti]
	switch {
	case r.constant != nil:
		return r.constant, true
	case r.expr != nil:
		if p.oio == nil {
			p.oio = frozenDict(p.doc.OIO)
		}
		v, f = r.evaluate(p.oio)
	case raw == "":
		return nil, false
	case r.Noegle != "":
		v, f = p.key(r, raw)
	default:
		v, f = r.toSystem(raw)
	}
	if f != nil {
		p.fail(r, raw, f)
		return nil, true
	}
	return v, v != nil || r.Noegle != ""
}

// isSiblings reports whether a value without the row's own prefix has that of another row of the path.
func (r *row) isSiblings(value string) bool {
	if len(r.siblings) == 0 || strings.HasPrefix(value, r.Praefiks) {
		return false
	}
	for _, prefix := range r.siblings {
		if strings.HasPrefix(value, prefix) {
			return true
		}
	}
	return false
}

// key asks the caller for the local key of the objekt that ref names. An unknown one is remembered, not a fault.
func (p *outward) key(r *row, ref string) (any, *fault) {
	if p.doc.Keys != nil {
		if key, ok := p.doc.Keys(r.Noegle, ref); ok {
			if f := r.fits(key); f != nil {
				return nil, f
			}
			return key, nil
		}
	}
	if p.unknown == nil {
		p.unknown = &UnknownReference{Objekttype: r.Noegle, Ref: ref, Felt: r.Felt, File: p.table.file, Line: r.Line}
	}
	return nil, nil
}

func (p *outward) fail(r *row, value string, f *fault) {
	p.errors = append(p.errors, p.table.fieldError(r, p.doc.Where, value, f))
}

// toSystem translates a present OIO value.
func (r *row) toSystem(oio string) (any, *fault) {
	if len(oio) > MaxValue {
		return nil, tooLong()
	}
	rest, ok := strings.CutPrefix(oio, r.Praefiks)
	if !ok || rest == "" {
		return nil, faultf(RegelPraefiks, "ret praefiks i rækken, eller tilføj en række for de andre præfikser",
			"værdien begynder ikke med %s fulgt af noget", quote(r.Praefiks))
	}
	v, f := r.codec.out(rest)
	if f != nil {
		return nil, f
	}
	if r.Maks > 0 {
		if f := r.fits(Text(v)); f != nil {
			return nil, f
		}
	}
	return v, nil
}

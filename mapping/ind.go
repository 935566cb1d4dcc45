package mapping

import (
	"strings"
	"time"
	"unicode/utf8"

	"go.starlark.net/starlark"
)

// Record is what [Table.ToOIO] translates.
type Record struct {
	Fields map[string]string // local field → value; "" is absent. Fields that no row knows are left alone.
	Where  string            // the record's place, for error texts ("sag_1.csv:17"); must hold no personal data
}

// ToOIO translates a record to a flat OIO document. virkningFra is when the record's content took effect, as the table's
// virkning says; nil where the table or the record does not say. A reference is spelled as by [Reference].
//
// The error is an [*Errors] with every field that could not be translated, and then there is no document: half a
// translation is never given. Nothing of the record is changed or kept.
func (t *Table) ToOIO(in Record) (oio map[string]string, virkningFra *time.Time, err error) {
	p := inward{table: t, record: in, oio: make(map[string]string, len(t.rows))}
	for _, r := range t.rows {
		if r.Retning != Ud {
			p.row(r)
		}
	}
	for _, r := range t.rows {
		if r.Kraevet && r.Retning != Ud && p.oio[r.Sti] == "" && !p.failed[r.Sti] {
			p.fail(r, "", missing())
		}
	}
	virkningFra = p.effect()
	if len(p.errors) > 0 {
		return nil, nil, &Errors{Fields: p.errors}
	}
	return p.oio, virkningFra, nil
}

// inward is one way in.
type inward struct {
	table  *Table
	record Record
	oio    map[string]string
	post   *starlark.Dict  // the record for expressions; made when the first asks
	failed map[string]bool // paths that have an error already
	errors []*FieldError
}

func (p *inward) row(r *row) {
	value, f := p.value(r)
	switch {
	case f != nil:
		p.fail(r, p.record.Fields[r.Felt], f)
	case value == "":
	case p.oio[r.Sti] != "":
		p.fail(r, p.record.Fields[r.Felt], faultf(RegelKonflikt, "ret posten, så kun ét af felterne har en værdi",
			"et andet felt har allerede givet en værdi til %s", r.Sti))
	default:
		p.oio[r.Sti] = value
	}
}

// value is what row r writes; "" for nothing.
func (p *inward) value(r *row) (string, *fault) {
	switch {
	case r.constant != nil:
		return Text(r.constant), nil
	case r.expr != nil:
		if p.post == nil {
			p.post = frozenDict(p.record.Fields)
		}
		return r.evalText(p.post)
	}
	return r.toOIO(p.record.Fields[r.Felt])
}

func (p *inward) effect() *time.Time {
	e := p.table.effect
	if e == nil {
		return nil
	}
	raw := p.record.Fields[e.row.Felt]
	local := e.row.effective(raw)
	if local == "" {
		return nil
	}
	at, f := e.moment(local)
	if f == nil {
		return &at
	}
	if !p.failed[e.row.Sti] { // else its own row has said so already
		p.fail(e.row, raw, f)
	}
	return nil
}

func (p *inward) fail(r *row, value string, f *fault) {
	if p.failed == nil {
		p.failed = make(map[string]bool)
	}
	p.failed[r.Sti] = true
	p.errors = append(p.errors, p.table.fieldError(r, p.record.Where, value, f))
}

func (t *Table) fieldError(r *row, where, value string, f *fault) *FieldError {
	e := &FieldError{File: t.file, Line: r.Line, Where: where, Felt: r.Felt, Sti: r.Sti,
		Regel: f.regel, Reason: f.reason, Hint: f.hint}
	if value != "" {
		e.Value = quote(value)
	}
	return e
}

func missing() *fault {
	return faultf(RegelKraevet, "udfyld feltet i systemet, eller fjern kraevet fra rækken", "værdien mangler")
}

func tooLong() *fault {
	return faultf(RegelLaengde, "send lange indhold som dokument", "værdien er over %d byte", MaxValue)
}

// toOIO translates a local value; "" for an absent one.
func (r *row) toOIO(value string) (string, *fault) {
	if len(value) > MaxValue {
		return "", tooLong()
	}
	local := r.effective(value)
	if local == "" {
		return "", nil
	}
	if f := r.fits(local); f != nil {
		return "", f
	}
	oio, f := r.codec.in(local)
	if f != nil || r.Praefiks == "" {
		return oio, f
	}
	if strings.HasPrefix(oio, r.Praefiks) {
		return "", faultf(RegelPraefiks, "fjern praefiks fra rækken, hvis systemet selv skriver det",
			"værdien begynder allerede med %s", quote(r.Praefiks))
	}
	return r.Praefiks + oio, nil
}

// effective is the local value that counts: without the characters that fjern drops, or the standard where nothing is left.
func (r *row) effective(value string) string {
	if local := remove(value, r.Fjern); local != "" {
		return local
	}
	return r.Standard
}

func remove(s, chars string) string {
	if chars == "" || !strings.ContainsAny(s, chars) {
		return s
	}
	return strings.Map(func(c rune) rune {
		if strings.ContainsRune(chars, c) {
			return -1
		}
		return c
	}, s)
}

// fits holds a local value against maks.
func (r *row) fits(local string) *fault {
	if r.Maks == 0 || len(local) <= r.Maks {
		return nil
	}
	if n := utf8.RuneCountInString(local); n > r.Maks {
		return faultf(RegelLaengde, "forkort værdien, eller beregn feltet med klip(…)", "værdien har %d tegn; maks er %d", n, r.Maks)
	}
	return nil
}

func (r *row) evalText(input *starlark.Dict) (string, *fault) {
	v, f := r.evaluate(input)
	if f != nil || v == nil {
		return "", f
	}
	return Text(v), nil
}

// evaluate computes the row's value; nil for an absent one.
func (r *row) evaluate(input *starlark.Dict) (any, *fault) {
	v, f := r.expr.eval(input)
	if f != nil || v == nil {
		return nil, f
	}
	if f := r.fits(Text(v)); f != nil {
		return nil, f
	}
	return v, nil
}

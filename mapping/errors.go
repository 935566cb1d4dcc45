package mapping

import (
	"fmt"
	"strings"
)

// The rules a value can break, as [FieldError.Regel] names them. They are stable: screens and tests may rely on them.
const (
	RegelKraevet  = "kraevet"     // a required value is absent
	RegelKode     = "kodeliste"   // a code that the row's table does not have
	RegelPraefiks = "praefiks"    // an OIO value without the row's prefix, or a local one with it
	RegelFormat   = "format"      // not a date, time, number or truth value as the row says
	RegelLaengde  = "laengde"     // longer than maks, or than MaxValue
	RegelKonflikt = "konflikt"    // two local fields with a value for one path
	RegelUdtryk   = "udtryk"      // the Starlark expression failed, or gave what cannot be a value
	RegelUkendt   = "ukendt_felt" // asked to write a field that the table has not
	RegelNoegle   = "ugyldig_ref" // a local key that cannot be one
)

// fault is what a conversion says against a value; it becomes a [FieldError] where row and record are known. Texts never
// hold a value except through [quote].
type fault struct {
	regel, reason, hint string
}

func faultf(regel, hint, format string, args ...any) *fault {
	return &fault{regel: regel, hint: hint, reason: fmt.Sprintf(format, args...)}
}

// FieldError is one value that could not be translated.
type FieldError struct {
	File   string `json:"fil"`   // the table
	Line   int    `json:"linje"` // its row
	Where  string `json:"sted,omitempty"`
	Felt   string `json:"felt,omitempty"`   // local field; "" for a row without one
	Sti    string `json:"sti,omitempty"`    // OIO path; "" for a row without one
	Value  string `json:"vaerdi,omitempty"` // the value, quoted, masked and cut; "" where none was given
	Regel  string `json:"regel"`            // one of the Regel constants
	Reason string `json:"aarsag"`           // what is wrong
	Hint   string `json:"raad,omitempty"`   // what to do
}

func (e *FieldError) Error() string {
	var b strings.Builder
	if e.Where != "" {
		b.WriteString(e.Where + ": ")
	}
	if e.Felt != "" {
		b.WriteString("felt " + e.Felt)
	} else {
		b.WriteString("sti " + e.Sti)
	}
	if e.Value != "" {
		b.WriteString(" = " + e.Value)
	}
	b.WriteString(": " + e.Reason + " [" + e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	if e.Felt != "" && e.Sti != "" {
		b.WriteString(", " + e.Sti)
	}
	b.WriteString("]")
	if e.Hint != "" {
		b.WriteString("; " + e.Hint)
	}
	return b.String()
}

// Errors is every value of one record or document that could not be translated, in the order of the table. There is at
// least one.
type Errors struct {
	Fields []*FieldError
}

// maxShown is how many field errors [Errors.Error] spells out.
const maxShown = 5

func (e *Errors) Error() string {
	var texts []string
	for i, f := range e.Fields {
		if i == maxShown {
			texts = append(texts, fmt.Sprintf("og %d fejl til", len(e.Fields)-i))
			break
		}
		texts = append(texts, f.Error())
	}
	return strings.Join(texts, "; ")
}

// Unwrap gives the field errors.
func (e *Errors) Unwrap() []error {
	errs := make([]error, len(e.Fields))
	for i, f := range e.Fields {
		errs[i] = f
	}
	return errs
}

// UnknownReference says that the document refers to an objekt for which the system has no key yet. It is no fault of the
// document: when the objekt has arrived in the system, the same document can be translated.
type UnknownReference struct {
	Objekttype string
	Ref        string // the OIO value: a UUID as a rule
	Felt       string // the local field that waits for the key
	File       string
	Line       int
}

func (e *UnknownReference) Error() string {
	return fmt.Sprintf("felt %s: systemet har endnu ingen nøgle til %s %s [%s:%d]; vent, til objektet er oprettet i systemet",
		e.Felt, e.Objekttype, quote(e.Ref), e.File, e.Line)
}

// Package oio is how a besked and a registrering look on the wire: in JSON, as AMQP headers, as the national XML envelope,
// and as CloudEvents. It is pure: bytes in, values out, and the reverse.
//
// Reading is strict, because what is read here decides who is told what: an unknown name, a wrong type or a name that
// stands twice is refused with its place, never skipped. What the package has written, it reads back to the same value.
package oio

import (
	"mime"
	"strings"

	"github.com/moxkit/mox"
)

// TypeJSON is the content type of the JSON form of a registrering.
const TypeJSON = "application/json"

// Limits on what is read, and on what is written, so that everything written can be read again. Over MaksBytes,
// MaksIndreBytes and MaksBeskedBytes the error has [mox.KodeForStor].
const (
	MaksBytes       = mox.MaksIndhold     // a registrering in a besked
	MaksIndreBytes  = 16 << 20            // a registrering in a register
	MaksBeskedBytes = 2 * mox.MaksIndhold // a besked in JSON: its content in base64 and its metadata
	MaksDybde       = 32                  // levels of objects and lists within a registrering
	maksVaerdier    = 100_000             // values in one text, so that small text cannot become large memory; in a large one, one per 20 bytes
	maksFejl        = 100                 // errors told about one text
)

// medietype is a content type without its parameters, in lower case.
func medietype(indholdstype string) string {
	if t, _, err := mime.ParseMediaType(indholdstype); err == nil {
		return t
	}
	t, _, _ := strings.Cut(indholdstype, ";")
	return strings.ToLower(strings.TrimSpace(t))
}

// erJSON reports whether content of this type is JSON of any kind.
func erJSON(indholdstype string) bool {
	t := medietype(indholdstype)
	return t == TypeJSON || strings.HasSuffix(t, "+json")
}

// Package laes turns what the database keeps into what a person may read: bytes into text, a besked into its values, and
// numbers of persons into nothing, or into what they are searched by.
package laes

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/oio"
)

// Tekst is a record as text. Bytes that are not UTF-8 are most often windows-1252 and are shown as that; the few without a
// meaning there become U+FFFD. Whoever takes the text back writes it in the character set it came in.
func Tekst(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	ud, err := charmap.Windows1252.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	return string(ud)
}

// LinjeskiftSom undoes what a browser or a terminal does to line breaks, so that a corrected record has those the raw one
// had.
func LinjeskiftSom(raa []byte, tekst string) string {
	if !strings.Contains(string(raa), "\r\n") {
		return strings.ReplaceAll(tekst, "\r\n", "\n")
	}
	return tekst
}

// Maskeret hides what may be a CPR number, but leaves a UUID, whose digits are no one's.
func Maskeret(v string) string {
	if mox.ErUUID(v) {
		return v
	}
	return mox.Maskeret(v)
}

// LigeNummer reports whether a text holds what may be a CPR number, and so must not stand in an address.
func LigeNummer(s string) bool {
	s = strings.TrimSpace(s)
	return !mox.ErUUID(strings.ToLower(s)) && mox.Maskeret(s) != s
}

var (
	cpr = regexp.MustCompile(`^\d{6}[- ]?\d{4}$`)
	cvr = regexp.MustCompile(`^\d{8}$`)
)

// Relaterede are the ways a person's or a company's number, or another id, may stand in a besked; none when v is no such
// thing.
func Relaterede(v string) []string {
	v = strings.TrimSpace(v)
	switch {
	case cpr.MatchString(v):
		return []string{"urn:oio:cpr-nr:" + v[:6] + v[len(v)-4:]}
	case cvr.MatchString(v):
		return []string{"urn:oio:cvr-nr:" + v, "urn:oio:cvr:" + v}
	case mox.ErUUID(strings.ToLower(v)):
		return []string{strings.ToLower(v)}
	case mox.ErURN(v):
		return []string{v}
	}
	return nil
}

// Vaerdier are the values of a besked's registrering that hold when it was registered, by sti; ok is false when its
// content is no registrering.
func Vaerdier(b mox.Besked) (type_ *mox.Type, felter map[string]string, ok bool) {
	r, ok, err := oio.Kontroller(&b)
	type_, kendt := mox.TypeAf(b.ObjektType)
	if err != nil || !ok || !kendt {
		return nil, nil, false
	}
	return type_, r.Udflad(type_, r.GaeldendeFra(type_, mox.Kl(b.Registreringstid))), true
}

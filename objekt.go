package mox

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ObjektID identifies an objekt for ever: a UUID in lower case. It has a type of its own so that it cannot be taken for
// a beskedID.
type ObjektID string

// BeskedID is the sender's identification of one besked: a UUID or a URN.
type BeskedID string

// AbonnementID names one abonnement: letters, digits, '-', '_' and '.', at most 100 characters.
type AbonnementID string

var uuidForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// ErUUID reports whether s is a UUID in lower case.
func ErUUID(s string) bool { return len(s) == 36 && uuidForm.MatchString(s) }

// ErURN reports whether s is a URN: at most 255 bytes of text without control characters. "URN:Empty" counts. spec: oio 8
func ErURN(s string) bool {
	return len(s) > 5 && len(s) <= 255 && strings.EqualFold(s[:4], "urn:") && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// NyUUID is a random UUID (version 4).
func NyUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // documented never to fail
	return formatUUID(b, 4)
}

// UUIDv5 is the name-based UUID of name within the namespace UUID.
// It is used where an id must be recomputable by anyone who knows the name.
func UUIDv5(rum, navn string) string {
	ns, _ := hex.DecodeString(strings.ReplaceAll(rum, "-", ""))
	h := sha1.Sum(append(ns, navn...))
	var b [16]byte
	copy(b[:], h[:16])
	return formatUUID(b, 5)
}

// AfledUUID is a UUID (version 8) that can be recomputed by whoever holds noegle, and guessed by nobody else: the HMAC
// of the parts. Part boundaries count, so ("a","bc") and ("ab","c") differ.
func AfledUUID(noegle []byte, dele ...string) string {
	m := hmac.New(sha256.New, noegle)
	for _, d := range dele {
		fmt.Fprintf(m, "%d:%s;", len(d), d)
	}
	var b [16]byte
	copy(b[:], m.Sum(nil))
	return formatUUID(b, 8)
}

func formatUUID(b [16]byte, version byte) string {
	b[6] = b[6]&0x0f | version<<4
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b[:])
	return h[0:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// Reference points at an objekt: by UUID or by URN, never both. spec: oio 4
type Reference struct {
	UUID string // lower case
	URN  string // byte for byte as given. spec: oio 7
}

// LaesReference reads a UUID or URN. The empty string gives the empty reference.
func LaesReference(s string) (Reference, error) {
	switch {
	case s == "":
		return Reference{}, nil
	case ErUUID(strings.ToLower(s)):
		return Reference{UUID: strings.ToLower(s)}, nil
	case ErURN(s):
		return Reference{URN: s}, nil
	}
	return Reference{}, fmt.Errorf("%q er hverken en UUID eller en URN", Maskeret(s))
}

func (r Reference) String() string {
	if r.UUID != "" {
		return r.UUID
	}
	return r.URN
}

// fejl says which rule a reference that may be empty breaks; regel "" = none.
func (r Reference) fejl() (regel, spec, tekst string) {
	switch {
	case r.UUID != "" && r.URN != "":
		return "reference", "oio 4", "må ikke have både uuid og urn"
	case r.UUID != "" && !ErUUID(r.UUID):
		return "uuid", "oio 6", "er ikke en UUID"
	case r.URN != "" && !ErURN(r.URN):
		return "urn", "oio 7", "er ikke en URN"
	}
	return "", "", ""
}

// Tom reports whether the reference points at nothing.
func (r Reference) Tom() bool { return r == Reference{} }

var (
	cprForm    = regexp.MustCompile(`\d{6}[- ]?\d{4}`)
	uuidITekst = regexp.MustCompile(`[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}`)
)

// Maskeret hides everything in s that may be a CPR number, so that s can stand in a log, an error or a URL. It also
// hides other runs of ten digits: better one number too many than one too few. A UUID stays whole, so that a person can search for it. spec: mox 53
func Maskeret(s string) string {
	return ErstatCPR(s, func(string) string { return "******-****" })
}

// ErstatCPR replaces what [Maskeret] hides by what ny makes of it: ten digits, with or without - or a space before the last four.
func ErstatCPR(s string, ny func(string) string) string {
	var ud strings.Builder
	til := 0
	for _, uuid := range uuidITekst.FindAllStringIndex(s, -1) {
		ud.WriteString(cprForm.ReplaceAllStringFunc(s[til:uuid[0]], ny))
		ud.WriteString(s[uuid[0]:uuid[1]])
		til = uuid[1]
	}
	ud.WriteString(cprForm.ReplaceAllStringFunc(s[til:], ny))
	return ud.String()
}

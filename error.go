package mox

import (
	"errors"
	"fmt"
	"strings"
)

// Kode is a stable, machine-readable error code. The code decides (HTTP status, exit code, retry); the text is for people.
type Kode string

// The codes. A code is never reused for another meaning.
const (
	KodeUgyldig         Kode = "ugyldig"              // the input breaks a rule; Felter says where
	KodeUdenBeskedID    Kode = "besked_uden_id"       // refused, never redelivered. spec: mox 1
	KodeBeskedversion   Kode = "ukendt_version"       // beskedversion is not one we read. spec: mox 2
	KodeAndetIndhold    Kode = "andet_indhold"        // the beskedID is known with other content. spec: mox 41
	KodeUenig           Kode = "metadata_uenig"       // headers and content say different things. spec: mox 11
	KodeUdloebet        Kode = "udloebet"             // gyldigTil has passed. spec: mox 37
	KodeLoekke          Kode = "loekke"               // the foraarsagetAf chain is too long, or comes back with the same values
	KodeForaeldet       Kode = "foraeldet"            // an older version than the one known. spec: mox 47
	KodeIkkeFundet      Kode = "ikke_fundet"          // no such thing
	KodeSlettet         Kode = "slettet"              // it was there, and has been deleted. spec: oio 45
	KodeGlemt           Kode = "glemt"                // it was there, and has been erased for good: it cannot come back
	KodeForudsaetning   Kode = "forudsaetning"        // it is not as the caller says it must be. spec: oio 67
	KodeKonflikt        Kode = "konflikt"             // the thing has changed meanwhile, or is in a state that forbids this
	KodeIkkeTilladt     Kode = "ikke_tilladt"         // the caller may not
	KodeIkkeLoggetInd   Kode = "ikke_logget_ind"      // no key, or a wrong one
	KodeForMange        Kode = "for_mange"            // more often than may be: wait, and try again
	KodeForStor         Kode = "for_stor"             // over a stated limit
	KodeUkendtReference Kode = "ukendt_reference"     // refers to an objekt the receiving system has no key for yet
	KodePosition        Kode = "forkert_position"     // the source position is not the one MOX has
	KodeBekraeft        Kode = "kraever_bekraeftelse" // more than the caller may start without saying yes
	KodeLaast           Kode = "mappe_i_brug"         // another process holds the data folder
	KodeDiskFuld        Kode = "disk_fuld"            // the database could not be written for want of space
	KodeUtilgaengelig   Kode = "utilgaengelig"        // a part MOX needs does not answer now; try again
	KodeIntern          Kode = "intern_fejl"          // a defect or a broken machine; never shown in detail
)

// Error is an error with a code for machines, an operation for operators, and a text and a next step for people.
type Error struct {
	Kode   Kode
	Op     string     // what was being done: "besked.Accept"
	Tekst  string     // what is wrong, in one sentence
	Raad   string     // what to do next; may be empty
	Felter []Feltfejl // for KodeUgyldig: each broken rule with its place
	Err    error      // the cause, for the operator; never shown to a caller
}

// Feltfejl is one broken rule at one place.
type Feltfejl struct {
	Sti   string `json:"sti"`            // path of the field: "relationer.primaerpart[0].virkning.fra"
	Regel string `json:"regel"`          // stable name of the rule: "kraevet", "kodeliste"
	Tekst string `json:"tekst"`          // what is wrong
	Spec  string `json:"spec,omitempty"` // the statement that demands it: "oio 18"
}

func (e *Error) Error() string {
	var b strings.Builder
	if e.Op != "" {
		b.WriteString(e.Op + ": ")
	}
	switch {
	case e.Tekst != "":
		b.WriteString(e.Tekst)
	case e.Err != nil:
		b.WriteString(e.Err.Error())
	default:
		b.WriteString(string(e.Kode))
	}
	for i, f := range e.Felter {
		if i == 5 {
			fmt.Fprintf(&b, "; og %d fejl til", len(e.Felter)-i)
			break
		}
		fmt.Fprintf(&b, "; %s: %s", f.Sti, f.Tekst)
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// E makes an [Error]; the text is formatted as by [fmt.Sprintf].
func E(op string, kode Kode, format string, args ...any) *Error {
	return &Error{Op: op, Kode: kode, Tekst: fmt.Sprintf(format, args...)}
}

// Med adds a next step.
func (e *Error) Med(raad string) *Error {
	e.Raad = raad
	return e
}

// KodeAf is the code of err: "" for nil, [KodeIntern] for an error without a code.
func KodeAf(err error) Kode {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Kode
	}
	return KodeIntern
}

// Forbigaaende reports whether err is MOX's own trouble and may be gone at the next try: the database does not answer, the
// disk is full, or something nobody has given a code.
func Forbigaaende(err error) bool {
	switch KodeAf(err) {
	case KodeUtilgaengelig, KodeDiskFuld, KodeIntern:
		return true
	}
	return false
}

// Forklaring is what err says to a person: the text and the broken rules, without the operation.
func Forklaring(err error) string {
	var e *Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	uden := *e
	uden.Op = ""
	return uden.Error()
}

// Package problem says what went wrong over HTTP, as RFC 9457 problem documents, and reads such documents back. One table
// turns a [mox.Kode] into a status and a title; nobody else decides a status from an error.
package problem

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/moxkit/mox"
)

// Type is the media type of a problem document.
const Type = "application/problem+json"

// urn is what a document's type begins with; the kode follows.
const urn = "urn:mox:problem:"

// Limits on one document, written or read.
const (
	maksFelter = 100
	maksTekst  = 2000 // bytes of one text: it may quote what a caller sent
	maksBytes  = 256 << 10
)

// Dokument is a problem document. Kode decides what a program does; the texts are for people, in Danish, and never hold
// a CPR number. spec: mox 53
type Dokument struct {
	Type    string         `json:"type"`
	Title   string         `json:"title"` // the same for every error with this kode
	Status  int            `json:"status"`
	Detail  string         `json:"detail"`
	Kode    mox.Kode       `json:"kode"`
	Raad    string         `json:"raad,omitempty"` // what to do next
	Felter  []mox.Feltfejl `json:"felter,omitempty"`
	Message string         `json:"message"` // Detail again, under the name that clients of LoRa read
}

// medStatus is an error under another status than its kode has.
type medStatus struct {
	status int
	fejl   *mox.Error
}

func (m medStatus) Error() string { return m.fejl.Error() }
func (m medStatus) Unwrap() error { return m.fejl }

// Som is e under another status than its kode has. It is for what HTTP itself refuses and has statuses of its own for: 405, 415,
// 421.
func Som(status int, e *mox.Error) error { return medStatus{status, e} }

// Af describes err. A cause is never told, nor anything about an error without a kode: those are for the log.
func Af(err error) Dokument {
	e := somFejl(err)
	r, ok := tabel[e.Kode]
	if !ok {
		r = tabel[mox.KodeIntern]
	}
	tekst := tilAlle(e.Tekst)
	if tekst == "" {
		tekst = r.titel
	}
	status := r.status
	if m := (medStatus{}); errors.As(err, &m) {
		status = m.status
	}
	return Dokument{Type: urn + string(e.Kode), Title: r.titel, Status: status, Detail: tekst, Message: tekst, Kode: e.Kode,
		Raad: tilAlle(e.Raad), Felter: maskerede(e.Felter)}
}

func somFejl(err error) *mox.Error {
	var e *mox.Error
	switch {
	case errors.As(err, &e) && e.Kode != mox.KodeIntern:
		return e
	case errors.As(err, new(*http.MaxBytesError)):
		return mox.E("", mox.KodeForStor, "kaldet er for stort").Med("del det i flere kald")
	case errors.Is(err, context.DeadlineExceeded):
		return mox.E("", mox.KodeUtilgaengelig, "det tog for lang tid").Med("prøv igen")
	}
	return mox.E("", mox.KodeIntern, "der skete en fejl i MOX").Med("prøv igen; bliver det ved, så se i MOX' log")
}

func maskerede(felter []mox.Feltfejl) []mox.Feltfejl {
	ud := make([]mox.Feltfejl, 0, min(len(felter), maksFelter))
	for _, f := range felter[:min(len(felter), maksFelter)] {
		f.Sti, f.Tekst = tilAlle(f.Sti), tilAlle(f.Tekst)
		ud = append(ud, f)
	}
	return ud
}

// tilAlle is a text as anyone may see it.
func tilAlle(s string) string {
	s = mox.Maskeret(s) // first: half a number is not recognised
	if len(s) > maksTekst {
		s = strings.ToValidUTF8(s[:maksTekst], "") + "…"
	}
	return s
}

// Skriv answers r with err. When the caller has gone there is nobody to answer.
func Skriv(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return
	}
	skriv(w, Af(err))
}

func skriv(w http.ResponseWriter, d Dokument) {
	h := w.Header()
	h.Set("Content-Type", Type)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	switch d.Status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="mox"`)
	case http.StatusServiceUnavailable, http.StatusInsufficientStorage:
		h.Set("Retry-After", "5")
	}
	w.WriteHeader(d.Status)
	_ = json.NewEncoder(w).Encode(d) // a caller that has gone is told nothing
}

// Laes makes an error of an answer with a status of 300 and above: the one the server described, else one by the status, which
// has an Err. It reads the body and does not close it.
func Laes(op string, svar *http.Response) *mox.Error {
	medietype, _, _ := mime.ParseMediaType(svar.Header.Get("Content-Type"))
	var d Dokument
	if medietype == Type && json.NewDecoder(io.LimitReader(svar.Body, maksBytes)).Decode(&d) == nil && d.Kode != "" {
		return &mox.Error{Op: op, Kode: d.Kode, Tekst: d.Detail, Raad: d.Raad, Felter: d.Felter}
	}
	e := mox.E(op, kodeFor(svar.StatusCode), "serveren svarede %d %s", svar.StatusCode, http.StatusText(svar.StatusCode))
	e.Err = fmt.Errorf("no problem document in the answer, Content-Type %q", medietype)
	return e
}

// kodeFor guesses the kode where the answer came from something else than MOX, a proxy for instance.
func kodeFor(status int) mox.Kode {
	switch status {
	case http.StatusUnauthorized:
		return mox.KodeIkkeLoggetInd
	case http.StatusForbidden, http.StatusMisdirectedRequest:
		return mox.KodeIkkeTilladt
	case http.StatusNotFound:
		return mox.KodeIkkeFundet
	case http.StatusRequestEntityTooLarge:
		return mox.KodeForStor
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return mox.KodeUtilgaengelig
	}
	return mox.KodeIntern
}

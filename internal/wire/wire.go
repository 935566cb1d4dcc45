// Package wire is the bodies of the calls and answers of carrier/pull, for the server and for the client in package klient:
// each is written down once. A body that is the same as what the client's user is given stands in package klient instead.
//
// Times are RFC 3339, durations are seconds, bytes are base64, and a besked is in the form of oio.MarshalBesked.
//
// A server refuses fields it does not know; a client passes over them, so that an older one can talk to a newer server.
package wire

import (
	"bytes"
	"encoding/json"
	"math"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/problem"
)

// Limits on what a call may ask for.
const (
	MaksHent  = 25 // leverancer in one answer, of up to a couple of MB each
	MaksVent  = 30 * time.Second
	MaksLeje  = time.Hour
	MaksForny = 1000
	MaksEfter = 31 * 24 * time.Hour
)

// AbonnementHeader names the abonnement that a caller reads document bytes by.
const AbonnementHeader = "Mox-Abonnement"

// JSON writes a body, and leaves the content of beskeder as it stands.
func JSON(v any) (*bytes.Buffer, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	return &b, enc.Encode(v)
}

// Sekunder is a duration as it is written: seconds, also with decimals.
type Sekunder float64

// SomSekunder is d as it is written.
func SomSekunder(d time.Duration) Sekunder { return Sekunder(d.Seconds()) }

// Varighed is what s says, to the nanosecond.
func (s Sekunder) Varighed() time.Duration { return time.Duration(math.Round(float64(s) * 1e9)) }

// Mellem reports whether s is from 0 to maks.
func (s Sekunder) Mellem(maks time.Duration) bool { return s >= 0 && float64(s) <= maks.Seconds() }

// Modtaget is the answer to one who has sent a besked. spec: mox 34
type Modtaget struct {
	BeskedID mox.BeskedID `json:"beskedID"`
	Gentaget bool         `json:"gentaget"`
	SendtTil int          `json:"sendt_til"`
	ProcesID []string     `json:"procesID,omitempty"`
}

// Batchsvar is the answer to a list of beskeder: one entry for each, in their order.
type Batchsvar struct {
	Svar []Batchpost `json:"svar"`
}

// Batchpost is what the besked alone would have been answered: its status, and Modtaget or a problem document.
type Batchpost struct {
	Nr       int               `json:"nr"` // from 0
	Status   int               `json:"status"`
	Modtaget *Modtaget         `json:"modtaget,omitempty"`
	Fejl     *problem.Dokument `json:"fejl,omitempty"`
}

// Beskedsvar is the answer to GET beskeder: usually one besked, but two senders may have chosen the same id.
type Beskedsvar struct {
	Beskeder []Kendtsvar `json:"beskeder"`
}

// Kendtsvar is one of them.
type Kendtsvar struct {
	Afsender     string           `json:"afsender"`
	Modtaget     time.Time        `json:"modtaget"`
	Slettet      bool             `json:"slettet,omitempty"`
	Besked       json.RawMessage  `json:"besked,omitempty" skema:"Besked"`
	Kvitteringer []mox.Kvittering `json:"kvitteringer"`
}

// Indholdsvar is the answer to POST /indhold.
type Indholdsvar struct {
	URN        string `json:"urn"` // what a registrering refers to the bytes by
	Stoerrelse int64  `json:"stoerrelse"`
}

// Hentkald is the body of POST hent.
type Hentkald struct {
	Ejer string   `json:"ejer"`          // the caller's name for the worker
	N    int      `json:"n"`             // at most; 0 = 1, and never more than MaksHent are given
	Leje Sekunder `json:"leje_sekunder"` // 0 = 60
	Vent Sekunder `json:"vent_sekunder"` // at most MaksVent
}

// Hentsvar is the answer to POST hent. spec: mox 32
type Hentsvar struct {
	Abonnement mox.AbonnementID `json:"abonnementID"`
	Arbejde    []Arbejdesvar    `json:"arbejde"`
}

// Arbejdesvar is one leverance that the caller now holds.
type Arbejdesvar struct {
	Leverance int64             `json:"leverance"`
	Forsoeg   int               `json:"forsoeg"`
	Omgang    int               `json:"omgang"`
	Noegle    string            `json:"noegle"`
	Usikker   bool              `json:"usikker"`
	Ejer      string            `json:"ejer"` // give it back when reporting
	LejetTil  time.Time         `json:"lejet_til"`
	Modtaget  time.Time         `json:"modtaget,omitzero"` // when MOX took the besked in
	Noegler   map[string]string `json:"noegler"`
	Besked    json.RawMessage   `json:"besked" skema:"Besked"`
}

// Fornykald is the body of POST lejemaal/forny.
type Fornykald struct {
	Ejer       string   `json:"ejer"`
	Leverancer []int64  `json:"leverancer"`    // at most MaksForny
	Leje       Sekunder `json:"leje_sekunder"` // from now; 0 = 60
}

// Fornysvar is the answer.
type Fornysvar struct {
	Fornyet int `json:"fornyet"` // how many were still held; the others have been given up
}

// Afslutkald is the body of POST afslut, but for what only agents tell; the leverance is in the path.
type Afslutkald struct {
	Forsoeg int    `json:"forsoeg"`
	Ejer    string `json:"ejer"` // as it was given with the work
	Udfald  Udfald `json:"udfald"`
	Svar    []byte `json:"svar,omitempty"`
	Noegle  string `json:"noegle,omitempty"`
}

// Udfald is a [mox.Udfald] as it is written.
type Udfald struct {
	Resultat mox.Resultat `json:"resultat"` // accepteret, afvist, fejlet, midlertidig, ukendt, overdraget, udloebet
	Ansvar   mox.Ansvar   `json:"ansvar,omitempty"`
	Kode     string       `json:"kode,omitempty"`
	Tekst    string       `json:"tekst,omitempty"`
	Efter    Sekunder     `json:"efter_sekunder,omitempty"`
}

// FraUdfald is u as it is written, with its wait brought within the limits.
func FraUdfald(u mox.Udfald) Udfald {
	return Udfald{u.Resultat, u.Ansvar, u.Kode, u.Tekst, SomSekunder(min(max(u.Efter, 0), MaksEfter))}
}

// Udfald is what was written.
func (u Udfald) Udfald() mox.Udfald {
	return mox.Udfald{Resultat: u.Resultat, Ansvar: u.Ansvar, Kode: u.Kode, Tekst: u.Tekst, Efter: u.Efter.Varighed()}
}

// Feedsvar is the answer to GET feed. spec: mox 32
type Feedsvar struct {
	Abonnement mox.AbonnementID `json:"abonnementID"`
	Beskeder   []Feedpost       `json:"beskeder"`
	Naeste     int64            `json:"naeste"` // give it back as efter; call again at once while it is below sidste
	Sidste     int64            `json:"sidste"` // the newest position in the log, whoever it is for
}

// Feedpost is a besked at its place in the log.
type Feedpost struct {
	Logposition int64                 `json:"logposition"`
	BeskedID    mox.BeskedID          `json:"beskedID"`
	Afsender    string                `json:"afsender"`
	Modtaget    time.Time             `json:"modtaget"`
	Tilstand    mox.LeveranceTilstand `json:"tilstand"` // how its delivery to the abonnement stands
	Slettet     bool                  `json:"slettet,omitempty"`
	Holdt       bool                  `json:"tilbageholdt,omitempty"` // the agreement does not let it out now
	Besked      json.RawMessage       `json:"besked,omitempty" skema:"Besked"`
}

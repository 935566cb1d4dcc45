package kopi

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/indhold"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/store"
)

// chunk is how many beskeder are checked at a time, and maksFund how many findings are told one by one.
const (
	chunk    = 500
	maksFund = 100
)

// Anker is what a copy tells of the log at the time it was made. A log that does not have it has been cut or made anew.
type Anker struct {
	Logposition int64     `json:"logposition"`
	Kaede       string    `json:"kaede"` // in hex
	Taget       time.Time `json:"taget"`
}

// Anker is the copy's account of the log.
func (m *Manifest) Anker() Anker { return Anker{m.Logposition, m.Kaede, m.Taget} }

// Fundart is what does not hold.
type Fundart string

// The kinds of finding.
const (
	FundKaede    Fundart = "kaede"    // the log's chain
	FundIndhold  Fundart = "indhold"  // a besked is not what was accepted
	FundMetadata Fundart = "metadata" // what is searched is not what the besked says
	FundDokument Fundart = "dokument" // document bytes are gone or others
)

// Fund is one thing that does not hold.
type Fund struct {
	Art         Fundart      `json:"art"`
	Logposition int64        `json:"logposition,omitempty"`
	Nr          int64        `json:"nr,omitempty"`
	BeskedID    mox.BeskedID `json:"beskedID,omitempty"`
	SHA256      string       `json:"sha256,omitempty"`
	Tekst       string       `json:"tekst"`
}

// Resultat is what came of checking everything.
type Resultat struct {
	Beskeder    int64  `json:"beskeder"`
	Slettede    int64  `json:"slettede"` // of them: the content has been erased, and cannot be checked
	Logposition int64  `json:"logposition"`
	Kaede       string `json:"kaede"`
	Dokumenter  int64  `json:"dokumenter"`
	Antal       int64  `json:"antal_fund"`
	Fund        []Fund `json:"fund"` // the first of them, in the order of the log; then documents
}

// Efterproev recomputes the log's chain, the digest of every besked that has its content, and that of every document.
// What has been erased is no finding. anker, which may be nil, is what an earlier copy knew of the log. The error tells that
// it could not be done; what does not hold stands in the result.
func (k Kilde) Efterproev(ctx context.Context, anker *Anker, fremdrift func(Fremdrift)) (Resultat, error) {
	e := &efterproever{Kilde: k, ctx: ctx, fremdrift: fremdrift, anker: anker, kandidater: [][]byte{nil}, r: Resultat{Fund: []Fund{}}}
	for _, f := range []func() error{e.log, e.udenPosition, e.dokumenter} {
		if err := f(); err != nil {
			return e.r, err
		}
	}
	return e.r, nil
}

type efterproever struct {
	Kilde
	ctx        context.Context
	fremdrift  func(Fremdrift)
	anker      *Anker
	kandidater [][]byte // what the next link may build on: the stored one, and the recomputed where they differ
	r          Resultat
}

func (e *efterproever) fund(f Fund) {
	if e.r.Antal++; len(e.r.Fund) < maksFund {
		e.r.Fund = append(e.r.Fund, f)
	}
}

func (e *efterproever) omPost(art Fundart, p *store.Kontrolpost, format string, args ...any) {
	e.fund(Fund{Art: art, Logposition: p.Logposition, Nr: p.Nr, BeskedID: p.Navn(), Tekst: fmt.Sprintf(format, args...)})
}

// log walks through the log from its first position.
func (e *efterproever) log() error {
	m := nyMelder(e.fremdrift, "loggen")
	for {
		var poster []store.Kontrolpost
		err := e.Store.View(e.ctx, func(tx *store.Tx) (err error) {
			poster, err = tx.Kontrolposter(e.r.Logposition, chunk)
			return err
		})
		if err != nil {
			return err
		}
		for i := range poster {
			e.led(&poster[i])
			e.post(&poster[i])
			m.en()
		}
		if len(poster) < chunk {
			e.slut()
			return nil
		}
	}
}

// led holds one link against the one before.
func (e *efterproever) led(p *store.Kontrolpost) {
	if foerste := e.r.Logposition + 1; p.Logposition != foerste {
		e.omPost(FundKaede, p, "position %d til %d mangler i loggen", foerste, p.Logposition-1)
		e.kandidater = nil // what the next should build on is gone
	}
	ok := e.kandidater == nil
	var regnet []byte
	for i, foer := range e.kandidater {
		x := mox.Kaedeled(foer, p.Logposition, p.Indholdshash)
		ok = ok || bytes.Equal(x, p.Kaede)
		if i == 0 {
			regnet = x
		}
	}
	next := [][]byte{p.Kaede}
	if !ok {
		e.omPost(FundKaede, p, "kædens led ved position %d holder ikke", p.Logposition)
		next = append(next, regnet) // the link itself may be what was altered
	}
	e.kandidater, e.r.Logposition, e.r.Kaede = next, p.Logposition, hex.EncodeToString(p.Kaede)
	if a := e.anker; a != nil && a.Logposition == p.Logposition && a.Kaede != e.r.Kaede {
		e.omPost(FundKaede, p, "loggen ved position %d er ikke den, som kopien fra %s kender", p.Logposition, a.Taget.Format("2006-01-02 15:04"))
	}
}

func (e *efterproever) slut() {
	if a := e.anker; a != nil && a.Logposition > e.r.Logposition {
		e.fund(Fund{Art: FundKaede, Logposition: e.r.Logposition, Tekst: fmt.Sprintf("loggen ender ved position %d, men kopien fra %s kender den til %d",
			e.r.Logposition, a.Taget.Format("2006-01-02 15:04"), a.Logposition)})
	}
}

// udenPosition checks the newest beskeder, which the log has not reached.
func (e *efterproever) udenPosition() error {
	for efter := int64(0); ; {
		var poster []store.Kontrolpost
		err := e.Store.View(e.ctx, func(tx *store.Tx) (err error) {
			poster, err = tx.KontrolposterUdenPosition(efter, chunk)
			return err
		})
		if err != nil || len(poster) == 0 {
			return err
		}
		for i := range poster {
			e.post(&poster[i])
			efter = poster[i].Nr
		}
	}
}

// post holds a besked against what was accepted.
func (e *efterproever) post(p *store.Kontrolpost) {
	e.r.Beskeder++
	switch {
	case p.MetaFejl != nil:
		e.omPost(FundIndhold, p, "beskedens metadata kan ikke læses")
		return
	case p.Salt == nil && p.Indhold != nil, p.Salt != nil && p.UdenMeta:
		e.omPost(FundIndhold, p, "beskeden er kun slettet til dels")
		return
	case p.Salt == nil:
		e.r.Slettede++
	case !e.somAccepteret(p):
		e.omPost(FundIndhold, p, "beskedens indhold eller metadata er ikke, som da den blev modtaget")
		return
	}
	if !p.UdenMeta && !p.Stemmer() {
		e.omPost(FundMetadata, p, "de felter, der søges i, siger noget andet end beskeden selv")
	}
}

// somAccepteret reports whether the besked is what its salted hash and its keyed digest were made of.
func (e *efterproever) somAccepteret(p *store.Kontrolpost) bool {
	for valg := range tilfoejelser {
		b, ok := uden(p.Besked.Besked, valg)
		if !ok {
			continue
		}
		kanonisk := oio.Kanonisk(&b)
		if bytes.Equal(mox.Indholdshash(p.Salt, kanonisk), p.Indholdshash) {
			return hmac.Equal(e.Store.Digest(kanonisk), p.Digest) && sammeTilfoejet(b, p.Besked.Besked, valg)
		}
	}
	return false
}

// What MOX may have added after a besked was hashed, as bits: the processes it starts or goes on with, and what is read from its
// content. tilfoejelser is how many ways there are; without any comes first, and is nearly always the one.
const (
	udenProces = 1 << iota
	udenOpgaveemne
	udenTilstand
	udenMyndighed
	udenRelateret
	tilfoejelser
)

// uden is b without what valg names; ok is false when there is no such thing in it.
func uden(b mox.Besked, valg int) (mox.Besked, bool) {
	ok := true
	fjern := func(bit int, er bool, f func()) {
		if valg&bit != 0 {
			ok = ok && er
			f()
		}
	}
	fjern(udenProces, len(b.ProcesID) > 0, func() { b.ProcesID = nil })
	fjern(udenOpgaveemne, b.Opgaveemne != "", func() { b.Opgaveemne = "" })
	fjern(udenTilstand, b.Tilstand != "", func() { b.Tilstand = "" })
	fjern(udenMyndighed, b.Myndighed != "", func() { b.Myndighed = "" })
	fjern(udenRelateret, len(b.Relateret) > 0, func() { b.Relateret = nil })
	return b, ok
}

// sammeTilfoejet reads what was taken away from the content again, and reports whether it is what is stored. The processes
// are not in the content.
func sammeTilfoejet(b, gemt mox.Besked, valg int) bool {
	if valg&^udenProces == 0 {
		return true
	}
	if _, _, err := oio.Kontroller(&b); err != nil {
		return false
	}
	b.ProcesID = gemt.ProcesID
	return bytes.Equal(b.Kanonisk(), gemt.Kanonisk())
}

func (e *efterproever) dokumenter() error {
	m := nyMelder(e.fremdrift, "dokumenter")
	for efter := ""; ; {
		var dokumenter []store.Dokument
		err := e.Store.View(e.ctx, func(tx *store.Tx) (err error) {
			dokumenter, err = tx.Dokumenter(efter, chunk)
			return err
		})
		if err != nil || len(dokumenter) == 0 {
			return err
		}
		for _, d := range dokumenter {
			if err := e.dokument(d); err != nil {
				return err
			}
			efter = d.SHA256
			m.en()
		}
	}
}

func (e *efterproever) dokument(d store.Dokument) error {
	f, err := e.Lager.Hent(e.ctx, d.SHA256)
	if mox.KodeAf(err) == mox.KodeIkkeFundet {
		if d.Bruges { // else nobody refers to it, and it may just have been removed
			e.fund(Fund{Art: FundDokument, SHA256: d.SHA256, Tekst: "dokumentet mangler i lageret"})
		}
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // only read
	h := sha256.New()
	if _, err := io.Copy(h, indhold.Afbrydelig(e.ctx, f)); err != nil {
		if e.ctx.Err() != nil {
			return e.ctx.Err()
		}
		e.fund(Fund{Art: FundDokument, SHA256: d.SHA256, Tekst: fmt.Sprintf("dokumentet kan ikke læses: %v", err)})
		return nil
	}
	e.r.Dokumenter++
	if hex.EncodeToString(h.Sum(nil)) != d.SHA256 {
		e.fund(Fund{Art: FundDokument, SHA256: d.SHA256, Tekst: "dokumentet i lageret er ikke det, der blev gemt"})
	}
	return nil
}

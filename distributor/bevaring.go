package distributor

import (
	"context"
	"regexp"
	"strings"
	"time"

	"github.com/moxkit/mox/indhold"
	"github.com/moxkit/mox/internal/service"
	"github.com/moxkit/mox/store"
)

const dag = 24 * time.Hour

// Bevaring is how long each kind is kept when nobody needs it any more; 0 is without end. What is undelivered, open as Fejl,
// or part of a process that goes on is kept however old it is.
type Bevaring struct {
	Indhold    time.Duration // a besked's content, since it came
	Metadata   time.Duration // the rest of it, its leverancer and receipts, since it came; not shorter than Indhold
	Fejl       time.Duration // what came and was a Fejl, as it came, since that was closed
	Forsoeg    time.Duration // attempts and what was answered, since the leverance last changed
	Handlinger time.Duration // what people did
	Alarmer    time.Duration // since they ended
	Dokumenter time.Duration // documents, since a besked last referred to them

	Registerbrug time.Duration // who has read and written in the register
}

// StandardBevaring is what holds where nothing else is said.
func StandardBevaring() Bevaring {
	return Bevaring{Indhold: 180 * dag, Metadata: DigestBevaring, Fejl: 180 * dag, Forsoeg: 365 * dag, Handlinger: DigestBevaring, Alarmer: 365 * dag, Dokumenter: 7 * dag,
		Registerbrug: DigestBevaring}
}

// DigestBevaring is how long a repeat of a besked is recognised: five years, longer than its content is kept.
const DigestBevaring = 5*365*dag + 2*dag

// The kinds, as mox.yaml has them, and what recognises repeats.
const (
	ArtIndhold    = "beskedindhold"
	ArtMetadata   = "metadata"
	ArtDigest     = "gentagelser"
	ArtFejl       = "fejl"
	ArtForsoeg    = "forsoeg"
	ArtHandlinger = "handlinger"
	ArtAlarmer    = "alarmer"
	ArtDokumenter = "dokumenter"
	ArtBrug       = "registerbrug"
)

// Retention's work: how often, how much in one transaction, and how long a process is the one that does it. What lies on the
// disk and is nobody's is looked for at every 24th round, and has lain there for a week.
const (
	bevaringHver   = time.Hour
	bevaringRaekke = 500
	bevaringLeje   = 2 * time.Minute
	restHver       = 24
	restAlder      = 7 * dag
)

// KoerBevaring removes what is to be kept no longer, now and every hour, until ctx ends.
func (d *Distributor) KoerBevaring(ctx context.Context, b Bevaring, l *indhold.Lager) error {
	for runde := 0; ; runde++ {
		_, err := d.Ryd(ctx, b, l)
		if err == nil && runde%restHver == 0 {
			_, err = d.RydRester(ctx, l, time.Now().Add(-restAlder))
		}
		if err != nil && ctx.Err() == nil {
			return err
		}
		if !service.Wait(ctx, bevaringHver) {
			return nil
		}
	}
}

// Ryd removes what is to be kept no longer, some at a time, and tells how much of each kind. Of several processes on a
// database only one does it.
func (d *Distributor) Ryd(ctx context.Context, b Bevaring, l *indhold.Lager) (map[string]int64, error) {
	henvist, laest, err := d.henvist(ctx)
	if err != nil {
		return nil, err
	}
	ud := map[string]int64{}
	for _, r := range []struct {
		art   string
		alder time.Duration
		del   rydning
	}{
		{ArtIndhold, b.Indhold, efterAlder((*store.Tx).IndholdEfterAlder, (*store.Tx).SletIndhold)},
		{ArtMetadata, b.Metadata, efterAlder((*store.Tx).MetadataEfterAlder, (*store.Tx).SletMetadata)},
		{ArtMetadata, b.Metadata, paaEnGang((*store.Tx).SletFejl)},
		{ArtDigest, DigestBevaring, efterAlder((*store.Tx).DigestEfterAlder, (*store.Tx).SletDigest)},
		{ArtFejl, b.Fejl, paaEnGang((*store.Tx).SletFejlRaa)},
		{ArtForsoeg, b.Forsoeg, efterAlder((*store.Tx).ForsoegEfterAlder, (*store.Tx).SletAlleForsoeg)},
		{ArtHandlinger, b.Handlinger, paaEnGang((*store.Tx).SletHandlinger)},
		{ArtBrug, b.Registerbrug, paaEnGang((*store.Tx).SletBrug)},
		{ArtAlarmer, b.Alarmer, paaEnGang((*store.Tx).SletAlarmer)},
		{ArtDokumenter, b.Dokumenter, dokumenter(ctx, l, henvist, laest.Add(-b.Dokumenter))},
	} {
		if r.alder <= 0 {
			continue
		}
		n, err := d.ryd(ctx, r.art, r.alder, ud[r.art], r.del)
		if ud[r.art] += n; err != nil {
			return ud, err
		}
		if n > 0 {
			d.log.Info("bevaring", "art", r.art, "fjernet", n)
		}
	}
	return ud, nil
}

// skridt is how far the removal of one kind has come.
type skridt struct {
	efter   string // the last document looked at
	nr      int64  // the last row looked at
	hel     bool   // every row up to nr has nothing left
	fjernet int64
	faerdig bool
}

// rydning takes one more step, in a transaction: what is older than foer goes. It may be run again from the same s.
type rydning func(tx *store.Tx, foer time.Time, s skridt, p *store.Bevaringspost) (skridt, error)

// ryd takes the steps of one kind until there are no more. foer is what has been removed of it already in this round.
func (d *Distributor) ryd(ctx context.Context, art string, alder time.Duration, foer int64, del rydning) (int64, error) {
	s := skridt{hel: true}
	for foerste := true; !s.faerdig; foerste = false {
		var naeste skridt
		err := d.store.Update(ctx, func(tx *store.Tx) error {
			naeste = skridt{fjernet: s.fjernet, faerdig: true}
			ok, err := tx.Lej("bevaring", d.inkarnation, tx.Now().Add(bevaringLeje))
			if err != nil || !ok {
				return err
			}
			p, err := tx.Bevaringspost(art)
			if err != nil {
				return err
			}
			fra := s
			if foerste {
				fra.nr = p.Til
			}
			if naeste, err = del(tx, tx.Now().Add(-alder), fra, &p); err != nil {
				return err
			}
			if n := naeste.fjernet - s.fjernet; n > 0 {
				p.Antal, p.Sidst, p.SidstAntal = p.Antal+n, tx.Now(), foer+naeste.fjernet
			}
			return tx.GemBevaringspost(p)
		})
		if err != nil {
			return s.fjernet, err
		}
		s = naeste
	}
	return s.fjernet, nil
}

// efterAlder removes row by row in the order they were made, and remembers up to where there is nothing left.
func efterAlder(find func(*store.Tx, int64, time.Time, int) ([]store.Alderspost, error), slet func(*store.Tx, int64) error) rydning {
	return func(tx *store.Tx, foer time.Time, s skridt, p *store.Bevaringspost) (skridt, error) {
		poster, err := laasede(tx, find, s.nr, foer)
		if err != nil {
			return s, err
		}
		s.faerdig = len(poster) < bevaringRaekke
		for _, r := range poster {
			if !r.Tid.Before(foer) {
				s.faerdig = true
				break
			}
			s.nr = r.Nr
			switch {
			case r.Tom:
			case r.Holdes:
				s.hel = false
			default:
				if err := slet(tx, r.Nr); err != nil {
					return s, err
				}
				s.fjernet++
			}
			if s.hel {
				p.Til = r.Nr
			}
		}
		return s, nil
	}
}

// laasede finds rows, and again when those that may go have been locked: somebody may have had other use for them.
func laasede(tx *store.Tx, find func(*store.Tx, int64, time.Time, int) ([]store.Alderspost, error), efter int64, foer time.Time) ([]store.Alderspost, error) {
	poster, err := find(tx, efter, foer, bevaringRaekke)
	if err != nil {
		return nil, err
	}
	var laase []string
	for _, r := range poster {
		if r.Tid.Before(foer) && !r.Tom && !r.Holdes {
			laase = append(laase, r.Laas)
		}
	}
	if len(laase) == 0 {
		return poster, nil
	}
	if err := tx.Lock(laase...); err != nil {
		return nil, err
	}
	return find(tx, efter, foer, bevaringRaekke)
}

// paaEnGang removes rows that nothing depends on.
func paaEnGang(slet func(*store.Tx, time.Time, int) (int64, error)) rydning {
	return func(tx *store.Tx, foer time.Time, s skridt, _ *store.Bevaringspost) (skridt, error) {
		n, err := slet(tx, foer, bevaringRaekke)
		s.fjernet += n
		s.faerdig = n < bevaringRaekke
		return s, err
	}
}

// dokumentform finds references to documents in any text.
var dokumentform = regexp.MustCompile(`(?i)` + regexp.QuoteMeta(indhold.URN) + `([0-9a-f]{64})`)

// dokumenter removes documents that neither a besked nor the register refers to any more, unless a source's newest
// registrering or an open Fejl does.
//
// The bytes go within the transaction that forgets them: whoever stores the same bytes meanwhile waits for it to end, and
// then sees that they are gone. If it fails after all, a document is known that is not there, and that nobody refers to.
func dokumenter(ctx context.Context, l *indhold.Lager, henvist map[string]bool, senest time.Time) rydning {
	return func(tx *store.Tx, foer time.Time, s skridt, _ *store.Bevaringspost) (skridt, error) {
		if senest.Before(foer) { // what has become old since henvist was read may be in it
			foer = senest
		}
		ledige, err := tx.LedigeDokumenter(s.efter, foer, bevaringRaekke)
		if err != nil {
			return s, err
		}
		s.faerdig = len(ledige) < bevaringRaekke
		for _, sha := range ledige {
			if s.efter = sha; henvist[sha] {
				continue
			}
			ok, err := sletDokument(ctx, tx, l, sha, foer)
			if err != nil {
				return s, err
			}
			if ok {
				s.fjernet++
			}
		}
		return s, nil
	}
}

func sletDokument(ctx context.Context, tx *store.Tx, l *indhold.Lager, sha string, foer time.Time) (ok bool, err error) {
	if err := tx.LaasIndhold(sha); err != nil {
		return false, err
	}
	if ok, err = tx.SletDokument(sha, foer); err != nil || !ok {
		return false, err
	}
	return true, l.Slet(ctx, sha)
}

// henvist are the documents that something else than a besked refers to, and when they were. They are only looked for when
// there is a document that no besked refers to.
func (d *Distributor) henvist(ctx context.Context) (ud map[string]bool, laest time.Time, err error) {
	ud = map[string]bool{}
	err = d.store.View(ctx, func(tx *store.Tx) error {
		laest = tx.Now()
		ledige, err := tx.LedigeDokumenter("", laest, 1)
		if err != nil || len(ledige) == 0 {
			return err
		}
		return tx.Henviser(func(b []byte) {
			for _, m := range dokumentform.FindAllSubmatch(b, -1) {
				ud[strings.ToLower(string(m[1]))] = true
			}
		})
	})
	return ud, laest, err
}

// RydRester removes what the Lager has had since before foer, by its own clock, and was never stored to its end or is not known to
// the database. It tells how much.
func (d *Distributor) RydRester(ctx context.Context, l *indhold.Lager, foer time.Time) (int, error) {
	ukendte := 0
	halve, err := l.Gamle(ctx, foer, func(sha string) error {
		kendt := false
		err := d.store.View(ctx, func(tx *store.Tx) (err error) {
			kendt, err = tx.KenderDokument(sha)
			return err
		})
		if err != nil || kendt {
			return err
		}
		ukendte++
		return d.store.Update(ctx, func(tx *store.Tx) error { return sletBytes(ctx, tx, l, sha) }) // it may be being stored anew
	})
	return halve + ukendte, err
}

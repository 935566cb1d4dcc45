package distributor

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store"
)

// Limits on one look into the log.
const (
	MaksFeed      = 500     // beskeder in one page
	maksFeedBytes = 8 << 20 // of content in one page; a single besked may be more
	feedSpand     = 10_000  // positions looked at for one page
	MaksSpand     = 100_000 // positions that one summary is of
	MaksDele      = 100     // parts that one summary is divided into
)

// Feed is one page of what an abonnement has been given, in the order of the log.
type Feed struct {
	Poster []Feedpost
	Naeste int64 // where the next page begins; everything up to it has been looked at, also what was for others
	Sidste int64 // the newest position in the log
}

// Feedpost is a besked at its place in the log.
type Feedpost struct {
	store.Logpost
	Besked       mox.Besked // trimmed as [Distributor.Claim] does
	Slettet      bool       // its content has been deleted; Besked is zero
	Tilbageholdt bool       // the receiver's agreement does not let it out now; Besked is zero
}

// Feed finds what the abonnement has been given at positions after efter, whatever became of it: at most n beskeder (1 to
// [MaksFeed]), the oldest first. When there is none yet it waits up to vent for one. No leverance waits for who reads; only how
// far it was read is noted. Call again at once while Naeste < Sidste; then the page was full, or there was much between that
// was for others.
//
// A besked has no position before it is committed, and keeps the one it gets, so a page never changes but for what is
// given to the abonnement afterwards: a besked that is delivered to it later stands at its old place.
//
// [mox.KodeIkkeFundet] for an unknown abonnement, [mox.KodePosition] when efter has not been given yet: then the log is not the
// one that the caller has read.
func (d *Distributor) Feed(ctx context.Context, abonnement mox.AbonnementID, efter int64, n int, vent time.Duration) (Feed, error) {
	if _, ok := d.Abonnement(abonnement); !ok {
		return Feed{}, UkendtAbonnement(abonnement)
	}
	frist := time.Now().Add(vent)
	for {
		nyt := d.sekvens.kanal(enhver) // before looking, so that no wake-up falls between
		f, err := d.feedside(ctx, abonnement, efter, min(max(n, 1), MaksFeed))
		if err == nil && len(f.Poster) > 0 && !d.feedNoteret(abonnement, f.Naeste) {
			if err = d.noterFeed(ctx, abonnement, f.Naeste); err == nil {
				continue // with what may have been erased before the note was made
			}
		}
		if err != nil || len(f.Poster) > 0 {
			return f, err
		}
		pause := min(genkig, time.Until(frist))
		if pause <= 0 {
			return f, nil
		}
		if efter = f.Naeste; efter >= f.Sidste {
			d.Vent(ctx, nyt, pause)
		}
		if err := ctx.Err(); err != nil {
			return Feed{}, err
		}
	}
}

// feedNoteret reports whether it is noted that the abonnement's feed has been given out as far as til.
func (d *Distributor) feedNoteret(abonnement mox.AbonnementID, til int64) bool {
	d.feedmu.Lock()
	defer d.feedmu.Unlock()
	return d.feeds[abonnement] >= til
}

// feedlaas is held by whoever notes what a feed has given out, and by whoever erases and asks who has read.
const feedlaas = "feed"

// noterFeed notes how far the abonnement's feed is given out, before it is: whoever has read something is told when it is erased.
func (d *Distributor) noterFeed(ctx context.Context, abonnement mox.AbonnementID, til int64) error {
	d.punkt("feed.foer")
	err := d.store.Update(ctx, func(tx *store.Tx) error {
		if err := tx.Lock(feedlaas); err != nil {
			return err
		}
		return tx.NoterFeed(abonnement, til)
	})
	if err != nil {
		return err
	}
	d.feedmu.Lock()
	defer d.feedmu.Unlock()
	d.feeds[abonnement] = max(d.feeds[abonnement], til)
	return nil
}

// feedside reads one page on one snapshot.
func (d *Distributor) feedside(ctx context.Context, abonnement mox.AbonnementID, efter int64, n int) (f Feed, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) error {
		f = Feed{}
		if f.Sidste, _, err = tx.SidstePosition(); err != nil {
			return err
		}
		if efter > f.Sidste {
			return mox.E("feed", mox.KodePosition, "logposition %d er ikke givet endnu; den seneste er %d", efter, f.Sidste).
				Med("er MOX gendannet fra en sikkerhedskopi, så find med sammendrag den sidste position, I er enige om, og hent efter den")
		}
		f.Naeste = min(efter+feedSpand, f.Sidste)
		poster, err := tx.Log(abonnement, efter, f.Naeste, n)
		if err != nil {
			return err
		}
		if kan := rum(poster); kan < len(poster) || kan == n {
			poster = poster[:kan]
			f.Naeste = poster[kan-1].Logposition
		}
		for _, p := range poster {
			b, _, err := tx.BeskedNr(p.Nr)
			if err != nil {
				return err
			}
			f.Poster = append(f.Poster, d.feedpost(tx, d.abonnementEllerTomt(abonnement).System, p, &b))
		}
		return nil
	})
	return f, err
}

func (d *Distributor) feedpost(tx *store.Tx, system string, p store.Logpost, b *store.Besked) Feedpost {
	if b.IndholdSlettet() {
		return Feedpost{Logpost: p, Slettet: true}
	}
	som, _, nej := d.konfiguration().udlever(system, b.Besked, tx.Now())
	if nej != nil {
		return Feedpost{Logpost: p, Tilbageholdt: true}
	}
	return Feedpost{Logpost: p, Besked: som}
}

// rum is how many of the first poster there is room for in one page.
func rum(poster []store.Logpost) int {
	var bytes int64
	for i, p := range poster {
		if bytes += p.Stoerrelse; bytes > maksFeedBytes && i > 0 {
			return i
		}
	}
	return len(poster)
}

// Sammendrag is what an abonnement has been given in a range of positions, without telling what.
type Sammendrag struct {
	Fra    int64 // first position
	Til    int64 // last position; Fra-1 where the log has none in the range yet
	Sidste int64 // the newest position in the log
	Dele   []Del // divide the range, in order
}

// Del is a part of a range. Hash is SHA-256 in hex of one line for each besked in it, in the order of the log:
//
//	<logposition> <beskedID> <afsender>\n
//
// in UTF-8 with one space between, and of nothing where there is none. It stays the same when content is deleted.
type Del struct {
	Fra, Til int64 // first and last position
	Antal    int   // beskeder
	Hash     string
}

// Sammendrag tells how many beskeder the abonnement has been given from position fra to til (0 = as far as possible),
// divided into dele parts of the same length (1 to [MaksDele]), so that a receiver can compare with what it has and look
// closer where they differ. At most [MaksSpand] positions are looked at: Til tells how far it came, and the next range
// begins after it.
//
// [mox.KodeUgyldig] for a range that is none, [mox.KodeIkkeFundet] for an unknown abonnement.
func (d *Distributor) Sammendrag(ctx context.Context, abonnement mox.AbonnementID, fra, til int64, dele int) (s Sammendrag, err error) {
	if _, ok := d.Abonnement(abonnement); !ok {
		return s, UkendtAbonnement(abonnement)
	}
	if fra < 1 || til != 0 && til < fra {
		return s, mox.E("feed", mox.KodeUgyldig, "fra %d til %d er ikke et interval", fra, til).Med("den første logposition er 1, og til er mindst fra")
	}
	err = d.store.View(ctx, func(tx *store.Tx) error {
		s = Sammendrag{Fra: fra}
		if s.Sidste, _, err = tx.SidstePosition(); err != nil {
			return err
		}
		s.Til = max(fra-1, min(s.Sidste, fra+MaksSpand-1))
		if til != 0 {
			s.Til = min(s.Til, til)
		}
		poster, err := tx.Log(abonnement, fra-1, s.Til, MaksSpand)
		s.Dele = opdel(fra, s.Til, min(max(dele, 1), MaksDele), poster)
		return err
	})
	return s, err
}

// opdel divides the positions fra to til, and adds up each part.
func opdel(fra, til int64, dele int, poster []store.Logpost) (ud []Del) {
	laengde := max(1, (til-fra+int64(dele))/int64(dele))
	for ; fra <= til; fra += laengde {
		d := Del{Fra: fra, Til: min(til, fra+laengde-1)}
		sum := sha256.New()
		for len(poster) > 0 && poster[0].Logposition <= d.Til {
			_, _ = fmt.Fprintf(sum, "%d %s %s\n", poster[0].Logposition, poster[0].BeskedID, poster[0].Afsender) // never fails
			d.Antal, poster = d.Antal+1, poster[1:]
		}
		d.Hash = hex.EncodeToString(sum.Sum(nil))
		ud = append(ud, d)
	}
	return ud
}

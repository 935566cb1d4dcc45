package klient

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/wire"
	"github.com/moxkit/mox/oio"
)

// Feed is a page of what an abonnement has been given.
type Feed struct {
	Poster []Feedpost
	Naeste int64 // where the next page begins; everything up to it has been looked at, also what was for others
	Sidste int64 // the newest position in the log
}

// Feedpost is a besked at its place in the log.
type Feedpost struct {
	Logposition  int64
	BeskedID     mox.BeskedID
	Afsender     string
	Modtaget     time.Time
	Tilstand     mox.LeveranceTilstand // how its delivery to the abonnement stands
	Besked       mox.Besked
	Slettet      bool // its content has been deleted; Besked is zero
	Tilbageholdt bool // the receiver's agreement does not let it out now; Besked is zero
}

// Feed finds what the abonnement has been given at positions after efter, by whatever way and whatever became of it: n beskeder at
// most (up to 500; 0 = as many as MOX finds fit), the oldest first. When there is none yet it waits up to vent for one, half a
// minute at most. Reading changes nothing and is no delivery. Keep Naeste and give it as efter the next time; call again at once
// while Naeste < Sidste, also when there were none. [mox.KodePosition] when efter has not been given yet.
func (k *Klient) Feed(ctx context.Context, abonnement mox.AbonnementID, efter int64, n int, vent time.Duration) (Feed, error) {
	vent = min(max(vent, 0), wire.MaksVent)
	q := url.Values{"efter": {strconv.FormatInt(efter, 10)}, "vent_sekunder": {strconv.FormatFloat(vent.Seconds(), 'f', -1, 64)}}
	if n != 0 {
		q.Set("antal", strconv.Itoa(n))
	}
	var svar wire.Feedsvar
	if err := k.kald(ctx, http.MethodGet, abonnementSti(abonnement)+"/feed?"+q.Encode(), nil, &svar, kaldFrist+vent); err != nil {
		return Feed{}, err
	}
	return feed(svar)
}

func feed(s wire.Feedsvar) (Feed, error) {
	ud := Feed{Naeste: s.Naeste, Sidste: s.Sidste}
	for _, p := range s.Beskeder {
		x := Feedpost{Logposition: p.Logposition, BeskedID: p.BeskedID, Afsender: p.Afsender, Modtaget: p.Modtaget, Tilstand: p.Tilstand,
			Slettet: p.Slettet, Tilbageholdt: p.Holdt}
		if !p.Slettet && !p.Holdt {
			var err error
			if x.Besked, err = oio.UnmarshalBesked(p.Besked); err != nil {
				return Feed{}, err
			}
		}
		ud.Poster = append(ud.Poster, x)
	}
	return ud, nil
}

// Sammendrag counts a range of what an abonnement has been given, to be held against what the receiver has.
type Sammendrag struct {
	Fra    int64 `json:"fra"`    // first position
	Til    int64 `json:"til"`    // last position; Fra-1 where the log has none in the range yet
	Sidste int64 `json:"sidste"` // the newest position in the log
	Dele   []Del `json:"dele"`   // divide the range, in order
}

// Del is a part of a range. Hash is SHA-256 in hex of one line for each besked in it, in the order of the log:
//
//	<logposition> <beskedID> <afsender>\n
//
// in UTF-8 with one space between, and of nothing where there is none. It stays the same when content is deleted.
type Del struct {
	Fra   int64  `json:"fra"`   // first position
	Til   int64  `json:"til"`   // last position
	Antal int    `json:"antal"` // beskeder
	Hash  string `json:"hash"`
}

// Sammendrag tells how many beskeder the abonnement has been given from position fra to til (0 = as far as possible), divided
// into dele parts of the same length (1 to 100), so that a receiver can compare with what it has, ask again in smaller parts where
// they differ, and fetch what is missing with [Klient.Feed]. At most 100,000 positions are looked at: Til tells how far it came,
// and the next range begins after it. [mox.KodeUgyldig] for a range that is none.
func (k *Klient) Sammendrag(ctx context.Context, abonnement mox.AbonnementID, fra, til int64, dele int) (ud Sammendrag, err error) {
	q := url.Values{"fra": {strconv.FormatInt(fra, 10)}, "dele": {strconv.Itoa(dele)}}
	if til != 0 {
		q.Set("til", strconv.FormatInt(til, 10))
	}
	err = k.Kald(ctx, http.MethodGet, abonnementSti(abonnement)+"/feed/sammendrag?"+q.Encode(), nil, &ud)
	return ud, err
}

// Package pull is the way in and out for whoever asks MOX: agents, vendors' systems, commands. [Tjeneste] is the functions
// themselves, for use inside the process; [Handler] offers them over HTTP with rights; package klient calls that from another
// machine, and [Klient] is that with what agents of ours need besides.
//
//	GET  /api/v1/kilder/{agent}/{kilde}        where a source was read to
//	GET  /api/v1/kilder/{agent}/{kilde}/objekter  what a source has told of
//	POST /api/v1/uafklarede                    what may have written what an agent has read
//	POST /api/v1/indlevering                   what an agent has read
//	POST /api/v1/afstemning                    the same, only to find out what is new in it
//	POST /api/v1/abonnementer/{id}/hent        take work; waits until there is some
//	GET  /api/v1/abonnementer/{id}/feed        what it has been given, by logposition; waits until there is more
//	GET  /api/v1/abonnementer/{id}/feed/sammendrag  counts and hashes of the same, to find a gap by
//	POST /api/v1/lejemaal/forny                keep work that takes time
//	POST /api/v1/leverancer/{id}/afslut        tell what came of it
//	POST /api/v1/beskeder                      send one besked or many, in any of the forms
//	GET  /api/v1/beskeder/{id}                 what became of it
//	GET  /api/v1/beskeder/uafsluttede          those of one's own that have no final answer yet
//	POST /indhold                              store document bytes
//	GET  /indhold/{sha256}                     read them: whole, in part, or only if not known
//	GET  /api/v1/openapi.json, /api/v1/dokumentation   all of this for vendors; open to anyone
//
// All of them may be repeated harmlessly. What is sent and answered is in internal/wire.
package pull

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/indhold"
	"github.com/moxkit/mox/klient"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/store"
)

// Tjeneste is MOX as a carrier or an agent uses it. It is safe for concurrent use, and asks nobody who they are: that is
// for [Handler].
type Tjeneste struct {
	Distributor *distributor.Distributor
	Lager       *indhold.Lager
	Log         *slog.Logger // what [Handler] could not do; nil = not logged
	Koder       oio.Koder    // of the agreement, for envelopes that come over HTTP; the zero value has none

	// Mailadresser finds the address of a Bruger of the register, as the system may read it; nil = there is no register.
	Mailadresser func(ctx context.Context, system, bruger string) (string, error)
}

// Kilde tells an agent where its source was read to. A source never read has an empty position.
func (t Tjeneste) Kilde(ctx context.Context, agent, kilde string) (store.Kilde, error) {
	return t.Distributor.Kilde(ctx, agent, kilde)
}

// Uafklarede are the leverancer that may have written what a source has read; see [distributor.Distributor.Uafklarede].
func (t Tjeneste) Uafklarede(ctx context.Context, l distributor.Laest) ([]int64, error) {
	return t.Distributor.Uafklarede(ctx, l)
}

// Indlever takes in what an agent has read; see [distributor.Distributor.Indlever].
func (t Tjeneste) Indlever(ctx context.Context, i distributor.Indlevering) (distributor.Indleveret, error) {
	return t.Distributor.Indlever(ctx, i)
}

// Hent takes work, and waits for some; see [distributor.Distributor.Hent].
func (t Tjeneste) Hent(ctx context.Context, abonnement mox.AbonnementID, ejer string, n int, leje, vent time.Duration) ([]distributor.Arbejde, error) {
	return t.Distributor.Hent(ctx, abonnement, ejer, n, leje, vent)
}

// Forny moves the end of the leases that ejer still holds to leje from now (none: a minute), and tells how many it still
// held.
func (t Tjeneste) Forny(ctx context.Context, ejer string, leverancer []int64, leje time.Duration) (int, error) {
	return t.Distributor.Forny(ctx, ejer, leverancer, distributor.EllerStandardleje(leje))
}

// Feed is what the abonnement has been given; see [distributor.Distributor.Feed].
func (t Tjeneste) Feed(ctx context.Context, abonnement mox.AbonnementID, efter int64, n int, vent time.Duration) (klient.Feed, error) {
	f, err := t.Distributor.Feed(ctx, abonnement, efter, n, vent)
	ud := klient.Feed{Naeste: f.Naeste, Sidste: f.Sidste}
	for _, p := range f.Poster {
		ud.Poster = append(ud.Poster, klient.Feedpost{Logposition: p.Logposition, BeskedID: p.BeskedID, Afsender: p.Afsender, Modtaget: p.Modtaget, Tilstand: p.Tilstand,
			Besked: p.Besked, Slettet: p.Slettet, Tilbageholdt: p.Tilbageholdt})
	}
	return ud, err
}

// Sammendrag counts what the abonnement has been given; see [distributor.Distributor.Sammendrag].
func (t Tjeneste) Sammendrag(ctx context.Context, abonnement mox.AbonnementID, fra, til int64, dele int) (klient.Sammendrag, error) {
	s, err := t.Distributor.Sammendrag(ctx, abonnement, fra, til, dele)
	ud := klient.Sammendrag{Fra: s.Fra, Til: s.Til, Sidste: s.Sidste, Dele: []klient.Del{}}
	for _, d := range s.Dele {
		ud.Dele = append(ud.Dele, klient.Del(d))
	}
	return ud, err
}

// Done reports what came of an attempt; see [distributor.Distributor.Done].
func (t Tjeneste) Done(ctx context.Context, f distributor.Afslutning) (distributor.Afsluttet, error) {
	return t.Distributor.Done(ctx, f)
}

// Send takes responsibility for a besked from afsender; see [distributor.Distributor.Accept].
func (t Tjeneste) Send(ctx context.Context, afsender string, b mox.Besked) (klient.Modtaget, error) {
	a, err := t.Distributor.Accept(ctx, afsender, b)
	if err != nil {
		return klient.Modtaget{}, err
	}
	return klient.Modtaget{BeskedID: a.BeskedID, Gentaget: a.Gentaget, SendtTil: len(a.SendtTil), ProcesID: a.ProcesID}, nil
}

// Beskeder finds the beskeder with an id, oldest first; two senders may have chosen the same. [mox.KodeIkkeFundet] when
// there is none.
func (t Tjeneste) Beskeder(ctx context.Context, id mox.BeskedID) (ud []klient.Kendt, err error) {
	kendte, err := t.beskeder(ctx, id)
	for _, k := range kendte {
		ud = append(ud, k.Kendt)
	}
	return ud, err
}

// kendt is a besked that MOX has, and who has been given it.
type kendt struct {
	klient.Kendt
	modtagere []mox.AbonnementID
}

func (t Tjeneste) beskeder(ctx context.Context, id mox.BeskedID) (ud []kendt, err error) {
	err = t.Distributor.Store().View(ctx, func(tx *store.Tx) error {
		ud = nil
		beskeder, err := tx.BeskederMedID(id)
		if err != nil {
			return err
		}
		for _, b := range beskeder {
			k, err := laesKendt(tx, b)
			if err != nil {
				return err
			}
			ud = append(ud, k)
		}
		return nil
	})
	if err == nil && len(ud) == 0 {
		err = ukendtBesked()
	}
	return ud, err
}

func ukendtBesked() error {
	return mox.E("besked", mox.KodeIkkeFundet, "der er ingen besked med det beskedID, som du har sendt eller fået")
}

func laesKendt(tx *store.Tx, b store.Besked) (k kendt, err error) {
	k.Kendt = klient.Kendt{Afsender: b.Afsender, Modtaget: b.Modtaget, Slettet: b.Salt == nil, Besked: b.Besked}
	if k.Kvitteringer, err = tx.Kvitteringer(b.Nr); err != nil {
		return k, err
	}
	leverancer, err := tx.LeverancerAf(b.Nr)
	for _, l := range leverancer {
		k.modtagere = append(k.modtagere, l.Abonnement)
	}
	return k, err
}

// GemIndhold stores document bytes durably, and gives their SHA-256 in hex. [mox.KodeForStor] over [indhold.Maks],
// [mox.KodeDiskFuld].
func (t Tjeneste) GemIndhold(ctx context.Context, r io.Reader) (sha string, err error) {
	sha, _, err = t.gem(ctx, r)
	return sha, err
}

func (t Tjeneste) gem(ctx context.Context, r io.Reader) (sha string, n int64, err error) {
	return t.Distributor.GemDokument(ctx, t.Lager, r)
}

// HentIndhold opens document bytes that a besked in some leverance to the abonnement refers to, as its receiver may see it;
// the caller closes. [mox.KodeIkkeTilladt] when there is no such leverance, whether or not the bytes exist. spec: mox 57
func (t Tjeneste) HentIndhold(ctx context.Context, abonnement mox.AbonnementID, sha string) (io.ReadCloser, error) {
	return t.aabn(ctx, abonnement, sha)
}

// Mailadresse is the e-mail of a Bruger of the register, as the abonnement's system may read it. [mox.KodeIkkeFundet] or
// [mox.KodeSlettet] where there is none, or no such Bruger; [mox.KodeIkkeTilladt] where the system may read none. spec: oio 97
func (t Tjeneste) Mailadresse(ctx context.Context, abonnement mox.AbonnementID, bruger string) (string, error) {
	a, ok := t.Distributor.Abonnement(abonnement)
	switch {
	case !ok:
		return "", distributor.UkendtAbonnement(abonnement)
	case t.Mailadresser == nil:
		return "", mox.E("mailadresse", mox.KodeIkkeTilladt, "her er intet register")
	}
	return t.Mailadresser(ctx, a.System, bruger)
}

func (t Tjeneste) aabn(ctx context.Context, abonnement mox.AbonnementID, sha string) (io.ReadSeekCloser, error) {
	maa, err := t.Distributor.MaaLaeseIndhold(ctx, abonnement, sha)
	if err != nil {
		return nil, err
	}
	if !maa {
		return nil, mox.E("indhold", mox.KodeIkkeTilladt, "ingen levering til abonnementet %q henviser til det indhold", abonnement)
	}
	return t.Lager.Hent(ctx, sha)
}

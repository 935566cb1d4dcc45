package distributor_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/store"
)

// kunObjekttype wants beskeder about one type of objekt.
func kunObjekttype(t mox.ObjektType) func(*mox.Abonnement) {
	return kunHvor(map[string]any{"objekttype": string(t)})
}

func somDokument(b *mox.Besked) { b.ObjektType = mox.Dokument }

// skiftevis sends antal beskeder, every second about a Dokument, gives them positions, and returns the ids of the Dokumenter.
func (p *proeve) skiftevis(antal int) (dokumenter []mox.BeskedID) {
	p.Helper()
	for i := range antal {
		b := besked(om(mox.ObjektID(mox.NyUUID())))
		if i%2 == 1 {
			somDokument(&b)
			dokumenter = append(dokumenter, b.ID)
		}
		p.accept(b)
	}
	p.naesteSekvens(antal)
	return dokumenter
}

func (p *proeve) feed(efter int64, n int) distributor.Feed {
	p.Helper()
	f, err := p.d.Feed(p.Context(), "dokumenter", efter, n, 0)
	p.maa(err)
	return f
}

// heleFeed reads page by page to the end of the log.
func (p *proeve) heleFeed(n int) (ud []distributor.Feedpost) {
	p.Helper()
	f := p.feed(0, n)
	for ; f.Naeste < f.Sidste; f = p.feed(f.Naeste, n) {
		ud = append(ud, f.Poster...)
	}
	return append(ud, f.Poster...)
}

func ider(poster []distributor.Feedpost) (ud []mox.BeskedID) {
	for _, x := range poster {
		ud = append(ud, x.BeskedID)
	}
	return ud
}

func TestFeedGiverAbonnementetsBeskederILoggensOrden(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("alle"), ab("dokumenter", kunObjekttype(mox.Dokument)))
		vil := p.skiftevis(9)
		p.accept(besked()) // has no position yet
		for _, n := range []int{0, 1, 3, 4, 100} {
			liste(p, fmt.Sprintf("sider på %d", n), ider(p.heleFeed(n)), vil)
		}
		foerste := p.feed(0, 3)
		ens(p, "næste", foerste.Naeste, 6)
		ens(p, "sidste", foerste.Sidste, 9)
		ens(p, "afsender", foerste.Poster[0].Afsender, "byggesag")
		ens(p, "besked", foerste.Poster[0].Besked.ID, vil[0])
		p.leveret(p.claim("dokumenter", 1)[0]) // what becomes of it moves nothing
		igen := p.feed(0, 3)
		liste(p, "samme side igen", ider(igen.Poster), ider(foerste.Poster))
		ens(p, "før", foerste.Poster[0].Tilstand, mox.Afventer)
		ens(p, "efter", igen.Poster[0].Tilstand, mox.Leveret)
		slut := p.feed(9, 3)
		ens(p, "efter den sidste", len(slut.Poster), 0)
		ens(p, "næste efter den sidste", slut.Naeste, 9)
	})
}

// A page looks at a limited number of positions: one who is given little gets on all the same.
func TestFeedKommerForbiAndresBeskeder(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("dokumenter", kunObjekttype(mox.Dokument)))
		b := besked(somDokument)
		p.accept(b)
		p.naesteSekvens(1)
		p.flytPosition(1, 25_000)
		f := p.feed(0, 1)
		ens(p, "fundet", len(f.Poster), 0)
		ens(p, "næste", f.Naeste, 10_000)
		liste(p, "side for side", ider(p.heleFeed(10)), []mox.BeskedID{b.ID})
		f, err := p.d.Feed(p.Context(), "dokumenter", 0, 1, time.Minute)
		p.maa(err)
		liste(p, "i ét kald", ider(f.Poster), []mox.BeskedID{b.ID})
		s, err := p.d.Sammendrag(p.Context(), "dokumenter", 1, 0, 100)
		p.maa(err)
		ens(p, "dele", len(s.Dele), 100)
		ens(p, "den sidste del", s.Dele[99].Antal, 1)
		p.flytPosition(25_000, 250_000)
		s, err = p.d.Sammendrag(p.Context(), "dokumenter", 1, 200_000, 1)
		p.maa(err)
		ens(p, "så langt kom det", s.Til, distributor.MaksSpand)
		ens(p, "sidste", s.Sidste, 250_000)
	})
}

func (p *proeve) flytPosition(fra, til int64) {
	p.Helper()
	p.maa(p.d.Store().Update(p.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE besked SET logposition = ? WHERE logposition = ?`, til, fra)
		return err
	}))
}

func TestEnSideAfFeedetHarEnGraenseIBytes(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("dokumenter", kunObjekttype(mox.Dokument)))
		for range 10 {
			p.accept(besked(somDokument, om(mox.ObjektID(mox.NyUUID())), func(b *mox.Besked) {
				b.Indholdstype, b.Indhold = "text/plain", []byte(strings.Repeat("x", 1_000_000))
			}))
		}
		p.naesteSekvens(10)
		ens(p, "på den første side", len(p.feed(0, 100).Poster), 8)
		ens(p, "i alt", len(p.heleFeed(100)), 10)
	})
}

func TestFeedVenterPaaDenNaeste(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("dokumenter", kunObjekttype(mox.Dokument)))
		p.skiftevis(2)
		fik := make(chan distributor.Feed, 1)
		go func() {
			f, err := p.d.Feed(p.Context(), "dokumenter", 2, 10, time.Minute)
			if err != nil {
				p.Error(err)
			}
			fik <- f
		}()
		p.accept(besked()) // for others
		p.naesteSekvens(1)
		b := besked(somDokument)
		p.accept(b)
		p.naesteSekvens(1)
		f := <-fik
		liste(p, "det, der kom", ider(f.Poster), []mox.BeskedID{b.ID})
		ctx, stop := context.WithCancel(p.Context())
		stop()
		if _, err := p.d.Feed(ctx, "dokumenter", f.Naeste, 10, time.Minute); err == nil {
			p.Error("den, der er gået, venter stadig")
		}
	})
}

// One who follows the feed while many write and another numbers gets everything once, in order.
func TestFeedTaberIntetMensDerSkrives(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("alle"), ab("dokumenter", kunObjekttype(mox.Dokument)))
		const afsendere, hver = 4, 15
		var f []func() error
		for range afsendere {
			f = append(f, func() error {
				for i := range hver {
					b := besked(om(mox.ObjektID(mox.NyUUID())))
					if i%3 == 0 {
						somDokument(&b)
					}
					if _, err := p.d.Accept(p.Context(), "byggesag", b); err != nil {
						return err
					}
					if _, err := p.d.GivPositioner(p.Context()); err != nil {
						return err
					}
				}
				return nil
			})
		}
		var fik []distributor.Feedpost
		f = append(f, func() error {
			for naeste := int64(0); len(fik) < afsendere*hver/3; {
				side, err := p.d.Feed(p.Context(), "dokumenter", naeste, 3, time.Minute)
				if err != nil {
					return err
				}
				if len(side.Poster) == 0 {
					return fmt.Errorf("%d poster, da der ikke kom flere", len(fik))
				}
				fik, naeste = append(fik, side.Poster...), side.Naeste
			}
			return nil
		})
		p.maa(samtidig(f...))
		liste(p, "det fulgte er det, der står", ider(fik), ider(p.heleFeed(100)))
	})
}

// hash is the documented sum, computed from what the feed tells.
func hash(poster []distributor.Feedpost, fra, til int64) (antal int, hash string) {
	var linjer strings.Builder
	for _, x := range poster {
		if x.Logposition >= fra && x.Logposition <= til {
			antal++
			linjer.WriteString(fmt.Sprint(x.Logposition) + " " + string(x.BeskedID) + " " + x.Afsender + "\n")
		}
	}
	sum := sha256.Sum256([]byte(linjer.String()))
	return antal, hex.EncodeToString(sum[:])
}

func TestSammendragetStemmerMedFeedet(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("alle"), ab("dokumenter", kunObjekttype(mox.Dokument)))
		p.skiftevis(23)
		alt := p.heleFeed(100)
		for _, dele := range []int{0, 1, 2, 5, 22, 23, 24, 1000} {
			for _, x := range []struct{ fra, til, vilTil int64 }{{1, 0, 23}, {1, 23, 23}, {4, 17, 17}, {9, 9, 9}, {23, 99, 23}, {24, 30, 23}, {math.MaxInt64, 0, math.MaxInt64 - 1}} {
				s, err := p.d.Sammendrag(p.Context(), "dokumenter", x.fra, x.til, dele)
				p.maa(err)
				ens(p, "til", s.Til, x.vilTil)
				naeste := x.fra
				for _, d := range s.Dele {
					ens(p, "delens fra", d.Fra, naeste)
					antal, sum := hash(alt, d.Fra, d.Til)
					ens(p, fmt.Sprintf("%d-%d: antal", d.Fra, d.Til), d.Antal, antal)
					ens(p, fmt.Sprintf("%d-%d: hash", d.Fra, d.Til), d.Hash, sum)
					naeste = d.Til + 1
				}
				ens(p, "delene dækker alt", naeste, max(x.fra, s.Til+1))
				if len(s.Dele) > max(1, min(dele, distributor.MaksDele)) {
					p.Errorf("%d dele, bedt om %d", len(s.Dele), dele)
				}
			}
		}
	})
}

// A receiver that has lost one finds it by halving, and a deleted content changes nothing.
func TestEtHulFindesVedHalvering(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("dokumenter", kunObjekttype(mox.Dokument)))
		p.skiftevis(60)
		harJeg := p.heleFeed(100)
		tabt := harJeg[17]
		harJeg = append(harJeg[:17:17], harJeg[18:]...)
		p.maa(p.d.Store().Update(p.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec(`UPDATE besked SET metadata = NULL, indhold = NULL, salt = NULL`)
			return err
		}))
		fra, til, spoergsmaal := int64(1), int64(60), 0
		for fra < til {
			s, err := p.d.Sammendrag(p.Context(), "dokumenter", fra, til, 2)
			p.maa(err)
			spoergsmaal++
			d := s.Dele[0]
			if _, sum := hash(harJeg, d.Fra, d.Til); sum == d.Hash {
				d = s.Dele[1]
			}
			fra, til = d.Fra, d.Til
		}
		ens(p, "hullet", fra, tabt.Logposition)
		if spoergsmaal > 6 {
			p.Errorf("%d spørgsmål om 60 positioner", spoergsmaal)
		}
		f := p.feed(fra-1, 1)
		ens(p, "den tabte", f.Poster[0].BeskedID, tabt.BeskedID)
		ens(p, "slettet", f.Poster[0].Slettet, true)
	})
}

func TestFeedAfviser(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("dokumenter"))
		p.skiftevis(2)
		feed := func(id mox.AbonnementID, efter int64) error {
			_, err := p.d.Feed(p.Context(), id, efter, 1, 0)
			return err
		}
		sammendrag := func(id mox.AbonnementID, fra, til int64) error {
			_, err := p.d.Sammendrag(p.Context(), id, fra, til, 1)
			return err
		}
		p.kode(feed("findes.ikke", 0), mox.KodeIkkeFundet)
		p.kode(feed("dokumenter", 2), "")
		p.kode(feed("dokumenter", 3), mox.KodePosition) // the log has been put back
		p.kode(feed("dokumenter", math.MaxInt64), mox.KodePosition)
		p.kode(sammendrag("findes.ikke", 1, 0), mox.KodeIkkeFundet)
		p.kode(sammendrag("dokumenter", 0, 0), mox.KodeUgyldig)
		p.kode(sammendrag("dokumenter", 2, 1), mox.KodeUgyldig)
		p.kode(sammendrag("dokumenter", 1, -1), mox.KodeUgyldig)
	})
}

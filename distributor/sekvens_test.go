package distributor_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store"
)

// kaede recomputes the chain from the stored rows, and gives how many are in it.
func (p *proeve) kaede() int64 {
	p.Helper()
	var sidste, antal int64
	p.laes(func(tx *store.Tx) error {
		var kaede []byte
		rows, err := tx.Query(`SELECT logposition, indholdshash, kaede FROM besked WHERE logposition IS NOT NULL ORDER BY logposition`)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var position int64
			var hash, gemt []byte
			if err := rows.Scan(&position, &hash, &gemt); err != nil {
				return err
			}
			sum := sha256.Sum256(slices.Concat(kaede, binary.BigEndian.AppendUint64(nil, uint64(position)), hash))
			kaede = sum[:]
			antal++
			if position != antal || !bytes.Equal(gemt, kaede) {
				p.Errorf("led %d: position %d, kæde %x, skulle være %x", antal, position, gemt, kaede)
			}
			sidste = position
		}
		return rows.Err()
	})
	p.laes(func(tx *store.Tx) error {
		position, _, err := tx.SidstePosition()
		ens(p, "sidste position", position, sidste)
		return err
	})
	return antal
}

func TestPositionerneErTaetteOgKaedenHolderUnderSamtidigeAccept(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"))
		const afsendere, hver = 8, 20
		var f []func() error
		for range afsendere {
			f = append(f, func() error {
				for range hver {
					if _, err := p.d.Accept(p.Context(), "byggesag", besked(om(mox.ObjektID(mox.NyUUID())))); err != nil {
						return err
					}
				}
				return nil
			})
		}
		ctx, stop := context.WithCancel(p.Context())
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				for ctx.Err() == nil {
					if _, err := p.d.GivPositioner(p.Context()); err != nil {
						p.Error(err)
						return
					}
				}
			})
		}
		p.maa(samtidig(f...))
		stop()
		wg.Wait()
		_, err := p.d.GivPositioner(p.Context())
		p.maa(err)
		ens(p, "i kæden", p.kaede(), int64(afsendere*hver))
	})
}

func TestKunDenDerHarLejemaaletGiverPositioner(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.accept(besked())
		p.naesteSekvens(1)
		if p.paaPostgres() {
			anden := nyProeve(p.T, p.url) // while the first one lives
			p.accept(besked())
			anden.naesteSekvens(0)
			p.naesteSekvens(1)
		}
		p.accept(besked())
		efter := p.naeste()
		efter.naesteSekvens(0)
		p = efter
		p.maa(p.d.Store().Update(p.Context(), func(tx *store.Tx) error { // as if the lease had run out
			_, err := tx.Exec(`UPDATE leje SET lejet_til = ? WHERE navn = 'sekvens'`, tx.Now().Add(-time.Second).UnixMicro())
			return err
		}))
		p.naesteSekvens(1)
		p.kaede()
	})
}

func (p *proeve) naesteSekvens(vil int) {
	p.Helper()
	n, err := p.d.GivPositioner(p.Context())
	p.maa(err)
	ens(p, "positioner givet", n, vil)
}

func TestIndholdetKanSlettesUdenAtKaedenBrydes(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		for range 3 {
			p.accept(besked(medIndhold(sag("Carport"))))
		}
		p.naesteSekvens(3)
		p.maa(p.d.Store().Update(p.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec(`UPDATE besked SET metadata = NULL, indhold = NULL, salt = NULL WHERE nr = 2`)
			return err
		}))
		ens(p, "i kæden", p.kaede(), 3)
		p.laes(func(tx *store.Tx) error {
			b, ok, err := tx.BeskedNr(2)
			if !ok || b.Indhold != nil || b.Digest == nil {
				p.Errorf("den slettede er %+v", b)
			}
			return err
		})
	})
}

// The hash of a besked can be checked with its salt by whoever has the content, and tells nothing to others.
func TestIndholdshashErSaltet(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		b := besked().MedStandard()
		a := p.accept(b)
		p.laes(func(tx *store.Tx) error {
			gemt, _, err := tx.BeskedNr(a.Nr)
			sum := sha256.Sum256(slices.Concat(gemt.Salt, b.Kanonisk()))
			if len(gemt.Salt) != 16 || !bytes.Equal(gemt.Indholdshash, sum[:]) {
				p.Error("hashen er ikke SHA-256(salt, indhold)")
			}
			return err
		})
	})
}

func TestRunStopperNaarDenSkalOgHarRyddetOp(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh"))
		p.accept(besked())
		klar := p.d.Klar("esdh")
		p.udloebet("esdh")
		ctx, stop := context.WithCancel(p.Context())
		done := make(chan error, 1)
		go func() { done <- p.d.Run(ctx) }()
		p.vaekket(klar)
		stop()
		p.maa(<-done)
		p.staar(1, "esdh.1 Udsat")
	})
}

func TestPersonerFindesUnderPseudonymOgNumretStaarIkkeIIndekset(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		const cpr = "urn:oio:cpr-nr:0101901234"
		a := p.accept(besked(func(b *mox.Besked) {
			b.Relateret = []mox.Relateret{{Rolle: "primaerpart", ID: cpr, ObjektType: "Person"}}
		}))
		p.laes(func(tx *store.Tx) error {
			fundet, err := tx.Beskeder(store.Beskedsoegning{Relateret: "URN:OIO:CPR-NR:0101901234", Antal: 10})
			if len(fundet) != 1 || fundet[0].Nr != a.Nr {
				p.Errorf("fundet %+v", fundet)
			}
			if err != nil {
				return err
			}
			var pseudonym sql.NullString
			if err := tx.QueryRow(`SELECT pseudonym FROM besked_relateret WHERE besked = ?`, a.Nr).Scan(&pseudonym); err != nil {
				return err
			}
			ens(p, "pseudonym", pseudonym.String, p.d.Store().Pseudonym(cpr))
			return nil
		})
	})
}

package store

import (
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store/driver"
)

// Efterlevering is beskeder from the log that an abonnement gets although they are from before it was there.
type Efterlevering struct {
	ID         int64            `json:"id"`
	Abonnement mox.AbonnementID `json:"abonnement"`
	Fra        int64            `json:"fra"`   // the first logposition
	Til        int64            `json:"til"`   // the last, as far as is known
	Foelg      bool             `json:"foelg"` // Til goes on to the end of the log
	Naaet      int64            `json:"naaet"` // the last that has been looked at
	Antal      int64            `json:"antal"` // leverancer made
	Havde      int64            `json:"havde"` // beskeder that the abonnement had already
	Oprettet   time.Time        `json:"oprettet"`
	Af         string           `json:"af"`
	Standset   bool             `json:"standset,omitempty"`
	Afsluttet  time.Time        `json:"afsluttet,omitzero"`
}

// Procent is how much of it has been looked at; 100 where there is nothing to look at.
func (e Efterlevering) Procent() int64 {
	if e.Til < e.Fra {
		return 100
	}
	return 100 * (e.Naaet - e.Fra + 1) / (e.Til - e.Fra + 1)
}

const efterleveringKolonner = `id, abonnement, fra, til, foelg, naaet, antal, havde, oprettet, oprettet_af, standset, afsluttet`

func scanEfterlevering(scan func(...any) error) (e Efterlevering, err error) {
	var foelg, oprettet, standset, afsluttet int64
	err = scan(&e.ID, &e.Abonnement, &e.Fra, &e.Til, &foelg, &e.Naaet, &e.Antal, &e.Havde, &oprettet, &e.Af, &standset, &afsluttet)
	e.Foelg, e.Standset, e.Oprettet, e.Afsluttet = foelg != 0, standset != 0, driver.Tid(oprettet), driver.Tid(afsluttet)
	return e, err
}

// efterslaeb is how long after an Efterlevering has begun a process on the same database may still accept beskeder by what it
// knew before: those too come from the log.
const efterslaeb = 2_000_000 // microseconds

// The condition that a leverance of an abonnement (bound) must wait for an older besked about its objekt that may still come
// from the log: for a new one, with its order and place bound, and for one in the table.
const (
	venterNy  = venterA + `?` + venterB + `?` + venterC
	venterHer = venterA + `leverance.orden` + venterB + `leverance.raekke` + venterC
	venterA   = `EXISTS (SELECT 1 FROM efterlevering e WHERE e.abonnement = ? AND e.afsluttet = 0 AND EXISTS (SELECT 1 FROM besked eb WHERE eb.objekt_id = `
	venterB   = ` AND eb.nr < `
	venterC   = ` AND (eb.logposition IS NULL OR eb.logposition > e.naaet)
		AND (e.foelg = 1 AND eb.modtaget < e.oprettet + 2000000 OR e.foelg = 0 AND eb.logposition <= e.til)))`
)

// InsertEfterlevering begins one, and holds back what has not been begun and is newer; ok is false while one is under way.
func (tx *Tx) InsertEfterlevering(e Efterlevering, begrundelse string) (ok bool, err error) {
	n, err := tx.Exec(`INSERT INTO efterlevering (abonnement, fra, til, foelg, naaet, oprettet, oprettet_af, begrundelse) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (abonnement) WHERE afsluttet = 0 DO NOTHING`,
		string(e.Abonnement), e.Fra, e.Til, bit(e.Foelg), e.Fra-1, driver.Micro(tx.Now()), ren(e.Af), ren(begrundelse))
	if err != nil || n == 0 {
		return false, err
	}
	_, err = tx.Exec(`UPDATE leverance SET blokeret = 1 WHERE abonnement = ? AND orden <> '' AND blokeret = 0 AND tilstand IN ('Afventer', 'Udsat') AND `+venterHer, string(e.Abonnement), string(e.Abonnement))
	return true, err
}

// AabneEfterleveringer are those under way.
func (tx *Tx) AabneEfterleveringer() ([]Efterlevering, error) {
	return all(tx, scanEfterlevering, `SELECT `+efterleveringKolonner+` FROM efterlevering WHERE afsluttet = 0 ORDER BY id`)
}

// Efterlevering is the newest of the abonnement.
func (tx *Tx) Efterlevering(id mox.AbonnementID) (Efterlevering, bool, error) {
	return one(tx, scanEfterlevering, `SELECT `+efterleveringKolonner+` FROM efterlevering WHERE abonnement = ? ORDER BY id DESC LIMIT 1`, string(id))
}

// NyesteEfterleveringer are the newest of each abonnement.
func (tx *Tx) NyesteEfterleveringer() ([]Efterlevering, error) {
	return all(tx, scanEfterlevering, `SELECT `+efterleveringKolonner+` FROM efterlevering WHERE id IN (SELECT MAX(id) FROM efterlevering GROUP BY abonnement)`)
}

// FlytEfterlevering moves one on from the place foer; ok is false when somebody else has moved it, ended it or stopped it.
func (tx *Tx) FlytEfterlevering(e Efterlevering, foer int64) (ok bool, err error) {
	n, err := tx.Exec(`UPDATE efterlevering SET naaet = ?, til = CASE WHEN standset = 1 THEN til ELSE ? END, antal = ?, havde = ?, afsluttet = ?
		WHERE id = ? AND naaet = ? AND afsluttet = 0 AND (standset = 0 OR naaet = ?)`,
		e.Naaet, e.Til, e.Antal, e.Havde, driver.Micro(e.Afsluttet), e.ID, foer, e.Naaet)
	return n == 1, err
}

// StandsEfterlevering lets one end where it is; ok is false when none is under way.
func (tx *Tx) StandsEfterlevering(id mox.AbonnementID) (ok bool, err error) {
	n, err := tx.Exec(`UPDATE efterlevering SET til = naaet, foelg = 0, standset = 1 WHERE abonnement = ? AND afsluttet = 0`, string(id))
	return n == 1, err
}

// Logstykke are the beskeder at the logpositions after efter and not after til, at most n, without their content.
func (tx *Tx) Logstykke(efter, til int64, n int) ([]Besked, error) {
	return all(tx, scanBesked, `SELECT b.nr, b.afsender, b.digest, b.metadata, b.indholdstype, NULL, b.salt, b.indholdshash, b.konfiguration, b.dybde, b.modtaget, b.logposition
		FROM besked b WHERE b.logposition > ? AND b.logposition <= ? ORDER BY b.logposition LIMIT ?`, efter, til, n)
}

// PositionKl is the first logposition of a besked received at t or later; one past the end when there is none. Positions
// and times grow together but for what is received at the same moment.
func (tx *Tx) PositionKl(t time.Time) (int64, error) {
	sidste, _, err := tx.SidstePosition()
	lav, hoej := int64(1), sidste+1
	for lav < hoej && err == nil {
		midt := lav + (hoej-lav)/2
		var modtaget int64
		err = tx.QueryRow(`SELECT modtaget FROM besked WHERE logposition >= ? ORDER BY logposition LIMIT 1`, midt).Scan(&modtaget)
		if driver.Tid(modtaget).Before(t) {
			lav = midt + 1
		} else {
			hoej = midt
		}
	}
	return lav, err
}

// HarUdenPosition reports whether some besked that is to come by e has no logposition yet.
func (tx *Tx) HarUdenPosition(e Efterlevering) (bool, error) {
	return tal1(tx, `SELECT 1 FROM besked WHERE logposition IS NULL AND modtaget < ? LIMIT 1`, driver.Micro(e.Oprettet)+efterslaeb)
}

// Foran counts the abonnement's leverancer that wait to be made, but not beyond n.
func (tx *Tx) Foran(id mox.AbonnementID, n int) (int64, error) {
	return tal(tx.QueryRow(`SELECT COUNT(*) FROM (SELECT 1 FROM leverance WHERE abonnement = ? AND `+holder+` AND tilstand IN ('Afventer', 'UnderLevering', 'Udsat') LIMIT ?) f`, string(id), n).Scan)
}

// HarLeverance tells which of the beskeder the abonnement has, in any omgang.
func (tx *Tx) HarLeverance(id mox.AbonnementID, beskeder []int64) (map[int64]bool, error) {
	return tx.blandt(beskeder, `SELECT besked FROM leverance WHERE abonnement = ? AND omgang = 1 AND besked IN `, string(id))
}

// UdenIndhold tells which of the beskeder have had their content erased.
func (tx *Tx) UdenIndhold(beskeder []int64) (map[int64]bool, error) {
	return tx.blandt(beskeder, `SELECT nr FROM besked WHERE salt IS NULL AND nr IN `)
}

// blandt gives those of the numbers that q, which ends where they are to be listed, finds.
func (tx *Tx) blandt(numre []int64, q string, args ...any) (map[int64]bool, error) {
	ud := map[int64]bool{}
	if len(numre) == 0 {
		return ud, nil
	}
	for _, nr := range numre {
		args = append(args, nr)
	}
	fundne, err := all(tx, tal, q+`(?`+strings.Repeat(`, ?`, len(numre)-1)+`)`, args...)
	for _, nr := range fundne {
		ud[nr] = true
	}
	return ud, err
}

// AabneKoeer are those of the abonnement's queues (leverance.orden) that something stands in, out of the given ones.
func (tx *Tx) AabneKoeer(id mox.AbonnementID, ordner []string) ([]string, error) {
	if len(ordner) == 0 {
		return nil, nil
	}
	args := []any{string(id)}
	for _, o := range ordner {
		args = append(args, o)
	}
	return all(tx, ord, `SELECT DISTINCT orden FROM leverance WHERE abonnement = ? AND `+holder+` AND orden IN (?`+strings.Repeat(`, ?`, len(ordner)-1)+`)`, args...)
}

// HoldteKoeer are queues of the abonnement in which something is held back, by name after efter, at most n.
func (tx *Tx) HoldteKoeer(id mox.AbonnementID, efter string, n int) ([]string, error) {
	return all(tx, ord, `SELECT DISTINCT orden FROM leverance WHERE abonnement = ? AND `+holder+` AND orden > ? AND blokeret = 1 ORDER BY orden LIMIT ?`, string(id), efter, n)
}

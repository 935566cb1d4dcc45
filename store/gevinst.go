package store

import (
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store/driver"
)

// Udfaldstal is how many instances of a proces ended in one way.
type Udfaldstal struct {
	Navn     string
	Tilstand mox.ProcesTilstand
	Antal    int64
}

// TaelUdfald counts the instances that ended from fra until til, by name and state: each instance is one row, however often its
// beskeder were sent. myndighed is a CVR number; "" = all. spec: mox 59
func (tx *Tx) TaelUdfald(fra, til time.Time, myndighed string) ([]Udfaldstal, error) {
	var w where
	w.og(`afsluttet > 0 AND afsluttet >= ? AND afsluttet < ? AND tilstand <> 'igang'`, driver.Micro(fra), driver.Micro(til))
	w.hvis(myndighed, `myndighed = ?`)
	return all(tx, func(scan func(...any) error) (u Udfaldstal, err error) {
		err = scan(&u.Navn, &u.Tilstand, &u.Antal)
		return u, err
	}, `SELECT navn, tilstand, COUNT(*) FROM proces`+w.sql()+` GROUP BY navn, tilstand ORDER BY navn, tilstand`, w.args...)
}

// Afstemning is what the journal itself says of the instances of a proces that are counted as afsluttet.
type Afstemning struct {
	Navn       string
	Bekraeftet int64 // startbesked and all slutbeskeder are in the journal, with the procesID, and each slutbesked says what caused it
	Slettet    int64 // it cannot be seen any more: retention has removed some of their metadata
	Afviger    int64 // neither
}

// AfstemUdfald holds the count of [Tx.TaelUdfald] against the journal of beskeder, which is written apart from it: an instance
// that was counted wrongly, or changed in the database, differs.
func (tx *Tx) AfstemUdfald(fra, til time.Time, myndighed string) ([]Afstemning, error) {
	var w where
	w.og(`p.tilstand = 'afsluttet' AND p.afsluttet >= ? AND p.afsluttet < ?`, driver.Micro(fra), driver.Micro(til))
	w.hvis(myndighed, `p.myndighed = ?`)
	const svar = `FROM proces_svar s WHERE s.navn = p.navn AND s.proces_id = p.proces_id`
	return all(tx, func(scan func(...any) error) (a Afstemning, err error) {
		var antal int64
		err = scan(&a.Navn, &antal, &a.Slettet, &a.Bekraeftet)
		a.Afviger = antal - a.Slettet - a.Bekraeftet
		return a, err
	}, `SELECT navn, COUNT(*), CAST(SUM(slettet) AS BIGINT), CAST(SUM(CASE WHEN slettet = 0 THEN ok ELSE 0 END) AS BIGINT) FROM (SELECT p.navn,
		CASE WHEN EXISTS (SELECT 1 FROM besked b WHERE b.metadata IS NULL AND (b.nr = p.startbesked OR b.nr IN (SELECT s.slutbesked `+svar+`))) THEN 1 ELSE 0 END AS slettet,
		CASE WHEN EXISTS (SELECT 1 FROM besked_proces x WHERE x.proces_id = p.proces_id AND x.besked = p.startbesked) AND EXISTS (SELECT 1 `+svar+`)
			AND NOT EXISTS (SELECT 1 `+svar+` AND NOT EXISTS (SELECT 1 FROM besked_proces x JOIN besked b ON b.nr = x.besked
				WHERE x.proces_id = p.proces_id AND x.besked = s.slutbesked AND b.foraarsaget_af <> '')) THEN 1 ELSE 0 END AS ok
		FROM proces p`+w.sql()+`) q GROUP BY navn ORDER BY navn`, w.args...)
}

// erReparation is the condition that a handling was about Fejl that a person brought to an end.
const erReparation = `maal LIKE 'fejl %' AND hvad IN ('gensend', 'luk', 'ret-og-send', 'skete', 'skete-ikke')`

// gemReparationer keeps the number of repairs among the acts that hvor selects, before they are removed.
func (tx *Tx) gemReparationer(hvor string, args ...any) error {
	_, err := tx.Exec(`INSERT INTO reparation (time, handlinger, fejl) SELECT tid - tid % 3600000000, COUNT(*), SUM(antal) FROM handling WHERE `+erReparation+` AND `+hvor+` GROUP BY 1
		ON CONFLICT (time) DO UPDATE SET handlinger = reparation.handlinger + excluded.handlinger, fejl = reparation.fejl + excluded.fejl`, args...)
	return err
}

// TaelReparationer counts what people did about Fejl from fra until til, both whole hours, also of what retention has removed:
// an act may be about many Fejl.
func (tx *Tx) TaelReparationer(fra, til time.Time) (handlinger, fejl int64, err error) {
	f, t := driver.Micro(fra), driver.Micro(til)
	err = tx.QueryRow(`SELECT CAST(COALESCE(SUM(h), 0) AS BIGINT), CAST(COALESCE(SUM(f), 0) AS BIGINT) FROM (
		SELECT COUNT(*) AS h, SUM(antal) AS f FROM handling WHERE `+erReparation+` AND tid >= ? AND tid < ?
		UNION ALL SELECT handlinger, fejl FROM reparation WHERE time >= ? AND time < ?) x`, f, t, f, t).Scan(&handlinger, &fejl)
	return handlinger, fejl, err
}

// Gevinstgrundlag is one version of what the municipality has told for its business case.
type Gevinstgrundlag struct {
	Version     int64
	Indhold     []byte // JSON
	Oprettet    time.Time
	Af          string
	Begrundelse string
}

// Gevinstgrundlag are the newest versions, at most n.
func (tx *Tx) Gevinstgrundlag(n int) ([]Gevinstgrundlag, error) {
	return all(tx, func(scan func(...any) error) (g Gevinstgrundlag, err error) {
		var oprettet int64
		var indhold string
		err = scan(&g.Version, &indhold, &oprettet, &g.Af, &g.Begrundelse)
		g.Indhold, g.Oprettet = []byte(indhold), driver.Tid(oprettet)
		return g, err
	}, `SELECT version, indhold, oprettet, oprettet_af, begrundelse FROM gevinstgrundlag ORDER BY version DESC LIMIT ?`, n)
}

// InsertGevinstgrundlag adds a version; ok is false when there is one with its number.
func (tx *Tx) InsertGevinstgrundlag(g Gevinstgrundlag) (ok bool, err error) {
	n, err := tx.Exec(`INSERT INTO gevinstgrundlag (version, indhold, oprettet, oprettet_af, begrundelse) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		g.Version, string(g.Indhold), driver.Micro(tx.Now()), ren(g.Af), ren(g.Begrundelse))
	return n == 1, err
}

package store

import (
	"fmt"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store/driver"
)

// Bevaringspost is what retention has removed of one kind.
type Bevaringspost struct {
	Art        string    `json:"art"`
	Til        int64     `json:"-"`              // up to and with this number there is nothing left to remove
	Antal      int64     `json:"antal"`          // removed, ever
	Sidst      time.Time `json:"sidst,omitzero"` // when something was last removed; zero = never
	SidstAntal int64     `json:"sidst_antal"`    // how many then
}

func scanBevaringspost(scan func(...any) error) (b Bevaringspost, err error) {
	var sidst int64
	err = scan(&b.Art, &b.Til, &b.Antal, &sidst, &b.SidstAntal)
	b.Sidst = driver.Tid(sidst)
	return b, err
}

// Bevaringsposter are all kinds of which something has been looked for, by name.
func (tx *Tx) Bevaringsposter() ([]Bevaringspost, error) {
	return all(tx, scanBevaringspost, `SELECT art, til, antal, sidst, sidst_antal FROM bevaring ORDER BY art`)
}

// Bevaringspost is what has been removed of a kind; one never looked for is empty.
func (tx *Tx) Bevaringspost(art string) (Bevaringspost, error) {
	b, _, err := one(tx, scanBevaringspost, `SELECT art, til, antal, sidst, sidst_antal FROM bevaring WHERE art = ?`, art)
	b.Art = art
	return b, err
}

// GemBevaringspost writes what has been removed of a kind.
func (tx *Tx) GemBevaringspost(b Bevaringspost) error {
	_, err := tx.Exec(`INSERT INTO bevaring (art, til, antal, sidst, sidst_antal) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (art) DO UPDATE SET til = excluded.til, antal = excluded.antal, sidst = excluded.sidst, sidst_antal = excluded.sidst_antal`,
		b.Art, b.Til, b.Antal, driver.Micro(b.Sidst), b.SidstAntal)
	return err
}

// Alderspost is a row by age, and what of it can go.
type Alderspost struct {
	Nr     int64
	Tid    time.Time
	Laas   string // the name of the lock that those who work with it take
	Tom    bool   // there is nothing left to remove
	Holdes bool   // it is needed yet
}

func scanAlderspost(scan func(...any) error) (a Alderspost, err error) {
	var tid int64
	var tom, holdes int
	err = scan(&a.Nr, &tid, &a.Laas, &tom, &holdes)
	a.Tid, a.Tom, a.Holdes = driver.Tid(tid), tom == 1, holdes == 1
	return a, err
}

// beskedHoldes is the condition that a besked is not done with: some leverance is open, a person must decide something about
// it, or a process it is part of goes on.
const beskedHoldes = `(EXISTS (SELECT 1 FROM leverance l WHERE l.besked = b.nr AND (l.tilstand IN ('Afventer', 'UnderLevering', 'Udsat', 'Parkeret', 'Uvis') OR l.frist > 0))
	OR EXISTS (SELECT 1 FROM fejl f WHERE f.besked = b.nr AND f.besked > 0 AND f.status = 'aaben')
	OR EXISTS (SELECT 1 FROM leverance l JOIN fejl f ON f.leverance = l.id AND f.leverance > 0 WHERE l.besked = b.nr AND f.status = 'aaben')
	OR b.nr IN (SELECT p.besked FROM proces i JOIN besked_proces p ON p.proces_id = i.proces_id WHERE i.tilstand = 'igang'))`

// beskedalder are the beskeder after a number, at most n, in the order they were accepted. One is empty when tom holds, and
// kept while foerst does: what must go before has not gone.
func (tx *Tx) beskedalder(tom, foerst string, efter int64, n int) ([]Alderspost, error) {
	return all(tx, scanAlderspost, `SELECT b.nr, b.modtaget, 'objekt/' || b.objekt_id, CASE WHEN `+tom+` THEN 1 ELSE 0 END,
		CASE WHEN `+foerst+` OR `+beskedHoldes+` THEN 1 ELSE 0 END FROM besked b WHERE b.nr > ? ORDER BY b.nr LIMIT ?`, efter, n)
}

// IndholdEfterAlder are the beskeder after a number by when they came, at most n; Tom are those whose content has been erased.
func (tx *Tx) IndholdEfterAlder(efter int64, _ time.Time, n int) ([]Alderspost, error) {
	return tx.beskedalder(`b.salt IS NULL`, `1 = 0`, efter, n)
}

// MetadataEfterAlder is the same for the metadata, which go after the content.
func (tx *Tx) MetadataEfterAlder(efter int64, _ time.Time, n int) ([]Alderspost, error) {
	return tx.beskedalder(`b.metadata IS NULL`, `b.salt IS NOT NULL`, efter, n)
}

// DigestEfterAlder is the same for what recognises a repeat, which goes after the metadata.
func (tx *Tx) DigestEfterAlder(efter int64, _ time.Time, n int) ([]Alderspost, error) {
	return tx.beskedalder(`b.afsender = ''`, `b.metadata IS NOT NULL`, efter, n)
}

// SletIndhold erases a besked's content with its salt, so that what is kept of it tells nothing, and lets go of the
// documents it refers to.
func (tx *Tx) SletIndhold(nr int64) error {
	_, err := tx.Exec(`UPDATE indhold SET brugt = ? WHERE sha256 IN (SELECT sha256 FROM indhold_ref WHERE besked = ?)`, driver.Micro(tx.Now()), nr)
	if err != nil {
		return err
	}
	return tx.hver(nr, `DELETE FROM indhold_ref WHERE besked = ?`, `UPDATE besked SET indhold = NULL, salt = NULL WHERE nr = ?`)
}

// SletMetadata erases what is left of a besked and all that happened to it. Its place in the log stays, and so does what
// recognises a repeat of it.
func (tx *Tx) SletMetadata(nr int64) error {
	return tx.hver(nr, `DELETE FROM forsoeg WHERE leverance IN (SELECT id FROM leverance WHERE besked = ?)`, `DELETE FROM leverance WHERE besked = ?`,
		`DELETE FROM kvittering WHERE besked = ?`, `DELETE FROM besked_proces WHERE besked = ?`, `DELETE FROM besked_relateret WHERE besked = ?`,
		`UPDATE besked SET metadata = NULL, objekt_id = '', foraarsaget_af = '', kildesystem = '', gyldig_til = 0 WHERE nr = ?`)
}

// SletDigest erases what recognises a repeat of a besked.
func (tx *Tx) SletDigest(nr int64) error {
	_, err := tx.Exec(`UPDATE besked SET afsender = '', id = ?, digest = ? WHERE nr = ?`, fmt.Sprintf("slettet:%d", nr), []byte{0}, nr)
	return err
}

// hver runs statements that each take the one number.
func (tx *Tx) hver(nr int64, saetninger ...string) error {
	for _, q := range saetninger {
		if _, err := tx.Exec(q, nr); err != nil {
			return err
		}
	}
	return nil
}

// ForsoegEfterAlder are the leverancer after a number by when they were made, at most n; Tom are those without attempts. One
// that has changed since foer is kept.
func (tx *Tx) ForsoegEfterAlder(efter int64, foer time.Time, n int) ([]Alderspost, error) {
	return all(tx, scanAlderspost, `SELECT l.id, l.oprettet, 'objekt/' || b.objekt_id, CASE WHEN EXISTS (SELECT 1 FROM forsoeg f WHERE f.leverance = l.id) THEN 0 ELSE 1 END,
		CASE WHEN `+holder+` OR l.aendret >= ? OR EXISTS (SELECT 1 FROM fejl f WHERE f.leverance = l.id AND f.leverance > 0 AND f.status = 'aaben') THEN 1 ELSE 0 END
		FROM leverance l JOIN besked b ON b.nr = l.besked WHERE l.id > ? ORDER BY l.id LIMIT ?`, driver.Micro(foer), efter, n)
}

// SletAlleForsoeg forgets a leverance's attempts and what was answered.
func (tx *Tx) SletAlleForsoeg(leverance int64) error {
	return tx.hver(leverance, `DELETE FROM forsoeg WHERE leverance = ?`)
}

// SletFejlRaa erases what came, as it came, of at most n Fejl that were closed before a time.
func (tx *Tx) SletFejlRaa(foer time.Time, n int) (int64, error) {
	return tx.Exec(`UPDATE fejl SET raa = NULL, sted = '' WHERE id IN (SELECT id FROM fejl WHERE status = 'lukket' AND lukket < ? AND (raa IS NOT NULL OR sted <> '') ORDER BY lukket LIMIT ?)`, driver.Micro(foer), n)
}

// SletFejl forgets at most n Fejl that were closed before a time.
func (tx *Tx) SletFejl(foer time.Time, n int) (int64, error) {
	return tx.Exec(`DELETE FROM fejl WHERE id IN (SELECT id FROM fejl WHERE status = 'lukket' AND lukket < ? ORDER BY lukket LIMIT ?)`, driver.Micro(foer), n)
}

// SletHandlinger forgets at most n of what people did before a time, but for how often they mended Fejl.
func (tx *Tx) SletHandlinger(foer time.Time, n int) (int64, error) {
	const gamle = `id IN (SELECT id FROM handling WHERE tid < ? ORDER BY id LIMIT ?)`
	if err := tx.gemReparationer(gamle, driver.Micro(foer), n); err != nil {
		return 0, err
	}
	return tx.Exec(`DELETE FROM handling WHERE `+gamle, driver.Micro(foer), n)
}

// SletAlarmer forgets at most n alarms that ended before a time.
func (tx *Tx) SletAlarmer(foer time.Time, n int) (int64, error) {
	const gamle = `(SELECT id FROM alarm WHERE sluttet > 0 AND sluttet < ? ORDER BY sluttet, id LIMIT ?)`
	if _, err := tx.Exec(`DELETE FROM alarm_fortalt WHERE alarm IN `+gamle, driver.Micro(foer), n); err != nil {
		return 0, err
	}
	return tx.Exec(`DELETE FROM alarm WHERE id IN `+gamle, driver.Micro(foer), n)
}

// LedigeDokumenter are documents after a SHA-256, at most n, that nothing has referred to since foer.
func (tx *Tx) LedigeDokumenter(efter string, foer time.Time, n int) ([]string, error) {
	return all(tx, ord, `SELECT i.sha256 FROM indhold i WHERE i.sha256 > ? AND i.brugt < ? AND NOT `+dokumentBruges+` ORDER BY i.sha256 LIMIT ?`,
		efter, driver.Micro(foer), n)
}

// LaasIndhold keeps documents as they are until the transaction ends: whoever refers to one, stores it or removes it begins here.
func (tx *Tx) LaasIndhold(sha ...string) error {
	if len(sha) == 0 {
		return nil
	}
	navne := make([]string, len(sha))
	for i, s := range sha {
		navne[i] = "indhold/" + s
	}
	return tx.Lock(navne...)
}

// SletDokument forgets a document, if still nothing has referred to it since foer.
func (tx *Tx) SletDokument(sha string, foer time.Time) (ok bool, err error) {
	n, err := tx.Exec(`DELETE FROM indhold AS i WHERE i.sha256 = ? AND i.brugt < ? AND NOT `+dokumentBruges, sha, driver.Micro(foer))
	return n == 1, err
}

// KenderDokument reports whether a document is one that has been stored.
func (tx *Tx) KenderDokument(sha string) (bool, error) {
	_, ok, err := one(tx, tal, `SELECT 1 FROM indhold WHERE sha256 = ?`, sha)
	return ok, err
}

// Henviser gives f every text, beside the beskeder, that may refer to a document that is needed again: the newest
// registrering of each objekt, and what a person has yet to decide.
func (tx *Tx) Henviser(f func([]byte)) error { return tx.HenviserUden("", f) }

// HenviserUden is [Tx.Henviser] without what is about one objekt.
func (tx *Tx) HenviserUden(id mox.ObjektID, f func([]byte)) error {
	for _, q := range []string{`SELECT registrering FROM objektstand WHERE objekt_id <> ?`, `SELECT raa FROM fejl WHERE status = 'aaben' AND raa IS NOT NULL AND (objekt_id = '' OR objekt_id <> ?)`} {
		_, err := all(tx, func(scan func(...any) error) (struct{}, error) {
			var b []byte
			err := scan(&b)
			f(b)
			return struct{}{}, err
		}, q, string(id))
		if err != nil {
			return err
		}
	}
	return nil
}

package store

import (
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store/driver"
)

// Noegle is a value under the installation's key: it recognises the value again, and does not tell it.
type Noegle [16]byte

// Noegle is the key of a value; values that mean the same ([mox.Ensform]) have the same. Identifiers of persons are
// indexed, logged and listed by it.
func (s *Store) Noegle(v string) Noegle {
	return Noegle(s.Digest([]byte("pseudonym\x00" + mox.EnsStavet(v)))[:len(Noegle{})])
}

// Liste is a value list as it stands.
type Liste struct {
	ID        int64
	Version   int64 // of its values
	Antal     int64
	Aendring  int64
	Oprettet  time.Time
	Af        string
	Aendret   time.Time
	AendretAf string
	mox.Vaerdiliste
}

const listeKolonner = `id, navn, noegle, beskrivelse, version, antal, aendring, oprettet, oprettet_af, aendret, aendret_af`

func scanListe(scan func(...any) error) (l Liste, err error) {
	var oprettet, aendret int64
	err = scan(&l.ID, &l.Navn, &l.Vaerdiliste.Noegle, &l.Beskrivelse, &l.Version, &l.Antal, &l.Aendring, &oprettet, &l.Af, &aendret, &l.AendretAf)
	l.Oprettet, l.Aendret = driver.Tid(oprettet), driver.Tid(aendret)
	return l, err
}

// listelaas makes changes to lists queue up, so that each has a number of its own.
const listelaas = "lister"

const naesteAendring = `(SELECT COALESCE(MAX(aendring), 0) + 1 FROM liste)`

// InsertListe makes an empty list; ok is false when the name is taken.
func (tx *Tx) InsertListe(l mox.Vaerdiliste, hvem string) (ok bool, err error) {
	if err := tx.Lock(listelaas); err != nil {
		return false, err
	}
	now := driver.Micro(tx.Now())
	n, err := tx.Exec(`INSERT INTO liste (navn, noegle, beskrivelse, aendring, oprettet, oprettet_af, aendret, aendret_af)
		VALUES (?, ?, ?, `+naesteAendring+`, ?, ?, ?, ?) ON CONFLICT (navn) WHERE slettet = 0 DO NOTHING`, l.Navn, l.Noegle, ren(l.Beskrivelse), now, ren(hvem), now, ren(hvem))
	return n == 1, err
}

// Lister are those that have not been deleted, by name.
func (tx *Tx) Lister() ([]Liste, error) {
	return all(tx, scanListe, `SELECT `+listeKolonner+` FROM liste WHERE slettet = 0 ORDER BY navn`)
}

// ListeMedNavn finds one of them.
func (tx *Tx) ListeMedNavn(navn string) (Liste, bool, error) {
	return one(tx, scanListe, `SELECT `+listeKolonner+` FROM liste WHERE navn = ? AND slettet = 0`, navn)
}

// Listeaendring is the number of the newest change to any list; 0 where there is none.
func (tx *Tx) Listeaendring() (int64, error) {
	return tal(tx.QueryRow(`SELECT COALESCE(MAX(aendring), 0) FROM liste`).Scan)
}

// SletListe ends a list. Its values stay, so that what was matched with them can be explained.
func (tx *Tx) SletListe(id int64, hvem string) error {
	if err := tx.Lock(listelaas); err != nil {
		return err
	}
	now := driver.Micro(tx.Now())
	_, err := tx.Exec(`UPDATE liste SET slettet = ?, aendret = ?, aendret_af = ?, aendring = `+naesteAendring+` WHERE id = ?`, now, now, ren(hvem), id)
	return err
}

// TagListeIBrug lets the list take the version of the change that has been written, with antal values.
func (tx *Tx) TagListeIBrug(l Liste, antal int64, hvem string) error {
	if err := tx.Lock(listelaas); err != nil {
		return err
	}
	_, err := tx.Exec(`UPDATE liste SET version = ?, antal = ?, aendret = ?, aendret_af = ?, aendring = `+naesteAendring+` WHERE id = ?`,
		l.Version+1, antal, driver.Micro(tx.Now()), ren(hvem), l.ID)
	return err
}

// Listevaerdi is one value; Vaerdi is "" where it tells who somebody is.
type Listevaerdi struct {
	Noegle Noegle
	Vaerdi string
}

// TilfoejVaerdier writes values that come with the list's next version, and tells how many it had not.
func (tx *Tx) TilfoejVaerdier(l Liste, v []Listevaerdi) (int64, error) {
	if len(v) == 0 {
		return 0, nil
	}
	args := make([]any, 0, 4*len(v))
	for i := range v {
		args = append(args, l.ID, v[i].Noegle[:], v[i].Vaerdi, l.Version+1)
	}
	return tx.Exec(`INSERT INTO listevaerdi (liste, noegle, vaerdi, fra) VALUES (?, ?, ?, ?)`+strings.Repeat(`, (?, ?, ?, ?)`, len(v)-1)+
		` ON CONFLICT (liste, noegle) WHERE til = 0 DO NOTHING`, args...)
}

// FjernVaerdier writes that values go with the list's next version, and tells how many it had.
func (tx *Tx) FjernVaerdier(l Liste, v []Listevaerdi) (int64, error) {
	if len(v) == 0 {
		return 0, nil
	}
	args := []any{l.Version + 1, l.ID}
	for i := range v {
		args = append(args, v[i].Noegle[:])
	}
	return tx.Exec(`UPDATE listevaerdi SET til = ? WHERE liste = ? AND til = 0 AND noegle IN (?`+strings.Repeat(`, ?`, len(v)-1)+`)`, args...)
}

// RydListe forgets at most n rows of a change that never became whole, and tells how many.
func (tx *Tx) RydListe(l Liste, n int) (int64, error) {
	nye, err := tx.Exec(`DELETE FROM listevaerdi WHERE liste = ? AND fra > ? AND noegle IN (SELECT noegle FROM listevaerdi WHERE liste = ? AND fra > ? LIMIT ?)`,
		l.ID, l.Version, l.ID, l.Version, n)
	if err != nil {
		return 0, err
	}
	gamle, err := tx.Exec(`UPDATE listevaerdi SET til = 0 WHERE liste = ? AND til > ? AND til > 0 AND noegle IN (SELECT noegle FROM listevaerdi WHERE liste = ? AND til > ? AND til > 0 LIMIT ?)`,
		l.ID, l.Version, l.ID, l.Version, n)
	return nye + gamle, err
}

// ListevaerdierEfter are values that the list has and will keep, by key, after the one given; at most n.
func (tx *Tx) ListevaerdierEfter(l Liste, efter []byte, n int) ([]Listevaerdi, error) {
	return all(tx, func(scan func(...any) error) (v Listevaerdi, err error) {
		var noegle []byte
		err = scan(&noegle, &v.Vaerdi)
		copy(v.Noegle[:], noegle)
		return v, err
	}, `SELECT noegle, vaerdi FROM listevaerdi WHERE liste = ? AND til = 0 AND noegle > ? AND fra <= ? ORDER BY noegle LIMIT ?`, l.ID, efter, l.Version, n)
}

// TaelListevaerdier counts how many of the values the list has at its version; each is given once.
func (tx *Tx) TaelListevaerdier(l Liste, v []Listevaerdi) (int64, error) {
	if len(v) == 0 {
		return 0, nil
	}
	var noegler []any
	for i := range v {
		noegler = append(noegler, v[i].Noegle[:])
	}
	iblandt := ` AND fra <= ? AND noegle IN (?` + strings.Repeat(`, ?`, len(v)-1) + `)`
	args := append(append([]any{l.ID, l.Version}, noegler...), append([]any{l.ID, l.Version, l.Version}, noegler...)...)
	return tal(tx.QueryRow(`SELECT COUNT(*) FROM (SELECT 1 FROM listevaerdi WHERE liste = ? AND til = 0`+iblandt+`
		UNION ALL SELECT 1 FROM listevaerdi WHERE liste = ? AND til > 0 AND til > ?`+iblandt+`) n`, args...).Scan)
}

// HarListevaerdi reports whether the list had the value at a version.
func (tx *Tx) HarListevaerdi(liste, version int64, n Noegle) (bool, error) {
	return tal1(tx, `SELECT 1 FROM listevaerdi WHERE liste = ? AND noegle = ? AND til = 0 AND fra <= ?
		UNION ALL SELECT 1 FROM listevaerdi WHERE liste = ? AND noegle = ? AND til > 0 AND til > ? AND fra <= ? LIMIT 1`, liste, n[:], version, liste, n[:], version, version)
}

// tal1 reports whether a query finds a row.
func tal1(tx *Tx, query string, args ...any) (bool, error) {
	_, ok, err := one(tx, tal, query, args...)
	return ok, err
}

// Listeforskel calls f with each value that differs between two versions of a list, and whether the later one has it.
// From version 0 that is all it has.
func (tx *Tx) Listeforskel(liste, fra, til int64, f func(n Noegle, har bool)) error {
	query, args := `SELECT noegle, til FROM listevaerdi WHERE liste = ? AND fra > ? AND fra <= ? ORDER BY fra`, []any{liste, fra, til}
	if fra > 0 {
		query = `SELECT noegle, til FROM (SELECT noegle, fra, til FROM listevaerdi WHERE liste = ? AND fra > ? AND fra <= ?
			UNION SELECT noegle, fra, til FROM listevaerdi WHERE liste = ? AND til > 0 AND til > ? AND til <= ?) v ORDER BY fra`
		args = append(args, liste, fra, til)
	}
	rows, err := tx.Query(query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // rows.Err tells what matters
	var raa []byte
	var slut int64
	for rows.Next() {
		if err := rows.Scan(&raa, &slut); err != nil {
			return err
		}
		var n Noegle
		copy(n[:], raa)
		f(n, slut == 0 || slut > til)
	}
	return rows.Err()
}

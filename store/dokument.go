package store

import (
	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store/driver"
)

// Dokument is document bytes that MOX has on disk.
type Dokument struct {
	SHA256     string
	Stoerrelse int64
	Bruges     bool // a besked or the register refers to it
}

// dokumentBruges is the condition that a besked refers to a document, or that the register does or has done: it keeps its
// history.
const dokumentBruges = `(EXISTS (SELECT 1 FROM indhold_ref r WHERE r.sha256 = i.sha256)
	OR EXISTS (SELECT 1 FROM register_felt f WHERE f.felt = 'Dokument.d.indhold' AND f.vaerdi = 'urn:mox:indhold:sha256:' || i.sha256))`

const dokumentKolonner = `i.sha256, i.stoerrelse, CASE WHEN ` + dokumentBruges + ` THEN 1 ELSE 0 END`

func scanDokument(scan func(...any) error) (d Dokument, err error) {
	var bruges int
	err = scan(&d.SHA256, &d.Stoerrelse, &bruges)
	d.Bruges = bruges == 1
	return d, err
}

// InsertIndhold notes that document bytes are stored.
func (tx *Tx) InsertIndhold(sha string, stoerrelse int64) error {
	now := driver.Micro(tx.Now())
	_, err := tx.Exec(`INSERT INTO indhold (sha256, stoerrelse, oprettet, brugt) VALUES (?, ?, ?, ?) ON CONFLICT (sha256) DO UPDATE SET brugt = excluded.brugt`, sha, stoerrelse, now, now)
	return err
}

// RefererIndhold notes that a besked refers to stored document bytes.
func (tx *Tx) RefererIndhold(sha string, nr int64) error {
	_, err := tx.Exec(`INSERT INTO indhold_ref (sha256, besked) VALUES (?, ?) ON CONFLICT DO NOTHING`, sha, nr)
	return err
}

// BeskederMedIndhold finds beskeder that refer to the bytes and have a leverance to the abonnement, newest first, at most n.
func (tx *Tx) BeskederMedIndhold(sha string, abonnement mox.AbonnementID, n int) ([]Besked, error) {
	return all(tx, scanBesked, `SELECT `+beskedKolonner+` FROM besked b WHERE b.nr IN (SELECT r.besked FROM indhold_ref r JOIN leverance l ON l.besked = r.besked
		WHERE r.sha256 = ? AND l.abonnement = ?) ORDER BY b.nr DESC LIMIT ?`, sha, string(abonnement), n)
}

// AlleDokumenter gives every document to f, by SHA-256. f makes no call of its own in the transaction.
func (tx *Tx) AlleDokumenter(f func(Dokument) error) error {
	rows, err := tx.Query(`SELECT ` + dokumentKolonner + ` FROM indhold i ORDER BY i.sha256`)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // rows.Err tells what matters
	for rows.Next() {
		d, err := scanDokument(rows.Scan)
		if err != nil {
			return err
		}
		if err := f(d); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Dokumenter are the documents after a SHA-256, at most n.
func (tx *Tx) Dokumenter(efter string, n int) ([]Dokument, error) {
	return all(tx, scanDokument, `SELECT `+dokumentKolonner+` FROM indhold i WHERE i.sha256 > ? ORDER BY i.sha256 LIMIT ?`, efter, n)
}

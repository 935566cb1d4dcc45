package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store/driver"
)

// Oprettet is an abonnement that somebody has asked for.
type Oprettet struct {
	Abonnement mox.Abonnement
	Lukket     time.Time // zero = open
	Tid        time.Time
	Af         string
}

// abonnementslaas makes changes to abonnementer queue up, so that each has a number of its own.
const abonnementslaas = "abonnementer"

// GemAbonnement writes an abonnement that somebody has asked for, or changes it, or with lukket closes it.
func (tx *Tx) GemAbonnement(a mox.Abonnement, lukket bool, hvem string) error {
	definition, err := json.Marshal(a)
	if err != nil {
		return err
	}
	if err := tx.Lock(abonnementslaas); err != nil {
		return err
	}
	now, luk := driver.Micro(tx.Now()), int64(0)
	if lukket {
		luk = now
	}
	_, err = tx.Exec(`INSERT INTO abonnement (id, definition, aendring, lukket, oprettet, oprettet_af)
		VALUES (?, ?, (SELECT COALESCE(MAX(aendring), 0) + 1 FROM abonnement), ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET definition = excluded.definition, aendring = excluded.aendring, lukket = excluded.lukket`,
		string(a.ID), string(definition), luk, now, ren(hvem))
	return err
}

// OmskrivAbonnementer replaces each definition, also of those that are closed, by what ny makes of it, where that is another.
func (tx *Tx) OmskrivAbonnementer(ny func(mox.Abonnement) mox.Abonnement) error {
	alle, err := all(tx, scanOprettet, `SELECT `+oprettedeKolonner+` FROM abonnement`)
	for _, o := range alle {
		foer, err := json.Marshal(o.Abonnement)
		if err != nil {
			return err
		}
		efter, err := json.Marshal(ny(o.Abonnement))
		if err != nil {
			return err
		}
		if bytes.Equal(foer, efter) {
			continue
		}
		if _, err := tx.Exec(`UPDATE abonnement SET definition = ? WHERE id = ?`, string(efter), string(o.Abonnement.ID)); err != nil {
			return err
		}
	}
	return err
}

const oprettedeKolonner = `definition, lukket, oprettet, oprettet_af`

func scanOprettet(scan func(...any) error) (o Oprettet, err error) {
	var definition string
	var lukket, tid int64
	if err := scan(&definition, &lukket, &tid, &o.Af); err != nil {
		return o, err
	}
	if err := json.Unmarshal([]byte(definition), &o.Abonnement); err != nil {
		return o, fmt.Errorf("store: abonnement: %w", err)
	}
	o.Lukket, o.Tid = driver.Tid(lukket), driver.Tid(tid)
	return o, nil
}

// OprettetAbonnement finds an abonnement that somebody has asked for, also a closed one.
func (tx *Tx) OprettetAbonnement(id mox.AbonnementID) (Oprettet, bool, error) {
	return one(tx, scanOprettet, `SELECT `+oprettedeKolonner+` FROM abonnement WHERE id = ?`, string(id))
}

// AabneAbonnementer are those somebody has asked for and nobody has closed, by id.
func (tx *Tx) AabneAbonnementer() ([]Oprettet, error) {
	return all(tx, scanOprettet, `SELECT `+oprettedeKolonner+` FROM abonnement WHERE lukket = 0 ORDER BY id`)
}

// LukkedeAbonnementer are those somebody has closed, the latest first.
func (tx *Tx) LukkedeAbonnementer() ([]Oprettet, error) {
	return all(tx, scanOprettet, `SELECT `+oprettedeKolonner+` FROM abonnement WHERE lukket > 0 ORDER BY lukket DESC, id`)
}

// Abonnementsaendring is the number of the newest change to any of them; 0 where there is none.
func (tx *Tx) Abonnementsaendring() (int64, error) {
	return tal(tx.QueryRow(`SELECT COALESCE(MAX(aendring), 0) FROM abonnement`).Scan)
}

// UloesteFor counts the abonnement's leverancer that are not solved.
func (tx *Tx) UloesteFor(id mox.AbonnementID) (int64, error) {
	return tal(tx.QueryRow(`SELECT COUNT(*) FROM leverance WHERE abonnement = ? AND `+holder, string(id)).Scan)
}

// OpgivFor gives up the abonnement's leverancer that are not solved, and closes what is said about them. One that is under
// delivery or lies in the receiver's queue ends by itself.
func (tx *Tx) OpgivFor(id mox.AbonnementID, begrundelse, hvem string) error {
	now := driver.Micro(tx.Now())
	if _, err := tx.Exec(`UPDATE fejl SET status = 'lukket', lukket = ?, lukket_af = ?, lukket_ved = 'luk', begrundelse = ?
		WHERE status = 'aaben' AND leverance IN (SELECT id FROM leverance WHERE abonnement = ? AND tilstand IN ('Parkeret', 'Uvis'))`, now, hvem, ren(begrundelse), string(id)); err != nil {
		return err
	}
	_, err := tx.Exec(`UPDATE leverance SET tilstand = 'Annulleret', aarsag = ?, aendret = ? WHERE abonnement = ? AND tilstand IN ('Afventer', 'Udsat', 'Parkeret', 'Uvis')`,
		ren(begrundelse), now, string(id))
	return err
}

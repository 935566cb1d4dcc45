package store

import (
	"time"

	"github.com/moxkit/mox/store/driver"
)

// Bruger is the account of a person.
type Bruger struct {
	ID         string // the name as it is looked up
	Navn       string
	Rolle      string
	Kodeord    string // its hash; "" for one with Emne
	Emne       string // who it is at a provider of logins; "" for one with a password
	Oprettet   time.Time
	OprettetAf string
	Aendret    time.Time
	AendretAf  string
	SidstInde  time.Time // zero = never
	Lukket     time.Time // zero = open
	Kreds      string    // JSON: what of the register its holder may reach; "" = all

	Midlertidigt bool // somebody else chose the password
}

const brugerKolonner = `id, navn, rolle, kodeord, emne, oprettet, oprettet_af, aendret, aendret_af, sidst_inde, lukket, kreds, midlertidigt`

func scanBruger(scan func(...any) error) (b Bruger, err error) {
	var oprettet, aendret, inde, lukket, midlertidigt int64
	err = scan(&b.ID, &b.Navn, &b.Rolle, &b.Kodeord, &b.Emne, &oprettet, &b.OprettetAf, &aendret, &b.AendretAf, &inde, &lukket, &b.Kreds, &midlertidigt)
	b.Oprettet, b.Aendret, b.SidstInde, b.Lukket, b.Midlertidigt = driver.Tid(oprettet), driver.Tid(aendret), driver.Tid(inde), driver.Tid(lukket), midlertidigt == 1
	return b, err
}

// Bruger is the account with the ID, open or closed; ok is false where there is none.
func (tx *Tx) Bruger(id string) (b Bruger, ok bool, err error) {
	return one(tx, scanBruger, `SELECT `+brugerKolonner+` FROM bruger WHERE id = ?`, id)
}

// BrugerMedEmne is the account of somebody whom a provider knows; ok is false where there is none yet.
func (tx *Tx) BrugerMedEmne(emne string) (b Bruger, ok bool, err error) {
	return one(tx, scanBruger, `SELECT `+brugerKolonner+` FROM bruger WHERE emne = ? AND emne <> ''`, emne)
}

// Brugere are all accounts, by name.
func (tx *Tx) Brugere() ([]Bruger, error) {
	return all(tx, scanBruger, `SELECT `+brugerKolonner+` FROM bruger ORDER BY id`)
}

// GemBruger writes an account whole; it is made where there is none.
func (tx *Tx) GemBruger(b Bruger) error {
	_, err := tx.Exec(`INSERT INTO bruger (`+brugerKolonner+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET navn = excluded.navn, rolle = excluded.rolle, kodeord = excluded.kodeord, aendret = excluded.aendret, aendret_af = excluded.aendret_af,
		sidst_inde = excluded.sidst_inde, lukket = excluded.lukket, kreds = excluded.kreds, midlertidigt = excluded.midlertidigt`,
		b.ID, ren(b.Navn), b.Rolle, b.Kodeord, b.Emne, driver.Micro(b.Oprettet), ren(b.OprettetAf), driver.Micro(b.Aendret), ren(b.AendretAf), driver.Micro(b.SidstInde), driver.Micro(b.Lukket), b.Kreds, bit(b.Midlertidigt))
	return err
}

// Brugersession is somebody who is logged in.
type Brugersession struct {
	Aftryk   string // of the secret in the browser's cookie
	Bruger   string // the account's ID
	Oprettet time.Time
	Sidst    time.Time // when it was last used
}

func scanBrugersession(scan func(...any) error) (s Brugersession, err error) {
	var oprettet, sidst int64
	err = scan(&s.Aftryk, &s.Bruger, &oprettet, &sidst)
	s.Oprettet, s.Sidst = driver.Tid(oprettet), driver.Tid(sidst)
	return s, err
}

// Brugersession is the session of a secret.
func (tx *Tx) Brugersession(aftryk string) (s Brugersession, ok bool, err error) {
	return one(tx, scanBrugersession, `SELECT aftryk, bruger, oprettet, sidst FROM brugersession WHERE aftryk = ?`, aftryk)
}

// Brugersessioner counts the sessions of each account that began after a time and were used after another.
func (tx *Tx) Brugersessioner(oprettet, sidst time.Time) (map[string]int, error) {
	ud := map[string]int{}
	_, err := all(tx, func(scan func(...any) error) (struct{}, error) {
		var id string
		var n int
		err := scan(&id, &n)
		ud[id] = n
		return struct{}{}, err
	}, `SELECT bruger, COUNT(*) FROM brugersession WHERE oprettet > ? AND sidst > ? GROUP BY bruger`, driver.Micro(oprettet), driver.Micro(sidst))
	return ud, err
}

// OpretBrugersession begins a session. The account then has at most maks of them: the oldest go.
func (tx *Tx) OpretBrugersession(s Brugersession, maks int) error {
	if _, err := tx.Exec(`INSERT INTO brugersession (aftryk, bruger, oprettet, sidst) VALUES (?, ?, ?, ?)`, s.Aftryk, s.Bruger, driver.Micro(s.Oprettet), driver.Micro(s.Sidst)); err != nil {
		return err
	}
	_, err := tx.Exec(`DELETE FROM brugersession WHERE bruger = ? AND aftryk NOT IN (SELECT aftryk FROM brugersession WHERE bruger = ? ORDER BY oprettet DESC, aftryk LIMIT ?)`, s.Bruger, s.Bruger, maks)
	return err
}

// BrugBrugersession notes that a session was used.
func (tx *Tx) BrugBrugersession(aftryk string, nu time.Time) error {
	_, err := tx.Exec(`UPDATE brugersession SET sidst = ? WHERE aftryk = ?`, driver.Micro(nu), aftryk)
	return err
}

// SletBrugersession ends a session.
func (tx *Tx) SletBrugersession(aftryk string) error {
	_, err := tx.Exec(`DELETE FROM brugersession WHERE aftryk = ?`, aftryk)
	return err
}

// SletBrugersessioner ends all sessions of an account.
func (tx *Tx) SletBrugersessioner(bruger string) error {
	_, err := tx.Exec(`DELETE FROM brugersession WHERE bruger = ?`, bruger)
	return err
}

// RydBrugersessioner forgets sessions that began before a time.
func (tx *Tx) RydBrugersessioner(foer time.Time) error {
	_, err := tx.Exec(`DELETE FROM brugersession WHERE oprettet < ?`, driver.Micro(foer))
	return err
}

// Loginforsoeg is how often it went wrong for a key, and since when.
type Loginforsoeg struct {
	Antal int
	Fra   time.Time
}

func scanLoginforsoeg(scan func(...any) error) (l Loginforsoeg, err error) {
	var fra int64
	err = scan(&l.Antal, &fra)
	l.Fra = driver.Tid(fra)
	return l, err
}

// Loginforsoeg is the count of a key; none is zero. Whoever is to change it has taken [Tx.LaasLogin].
func (tx *Tx) Loginforsoeg(noegle string) (Loginforsoeg, error) {
	l, _, err := one(tx, scanLoginforsoeg, `SELECT antal, fra FROM loginforsoeg WHERE noegle = ?`, noegle)
	return l, err
}

// LaasLogin keeps the counts of the keys as they are until the transaction ends.
func (tx *Tx) LaasLogin(noegler ...string) error {
	navne := make([]string, len(noegler))
	for i, n := range noegler {
		navne[i] = "login/" + n
	}
	return tx.Lock(navne...)
}

// GemLoginforsoeg writes the count of a key; with none the key is forgotten.
func (tx *Tx) GemLoginforsoeg(noegle string, l Loginforsoeg) (err error) {
	if l.Antal <= 0 {
		_, err = tx.Exec(`DELETE FROM loginforsoeg WHERE noegle = ?`, noegle)
		return err
	}
	_, err = tx.Exec(`INSERT INTO loginforsoeg (noegle, antal, fra) VALUES (?, ?, ?) ON CONFLICT (noegle) DO UPDATE SET antal = excluded.antal, fra = excluded.fra`,
		noegle, l.Antal, driver.Micro(l.Fra))
	return err
}

// RydLoginforsoeg forgets counts that began before a time.
func (tx *Tx) RydLoginforsoeg(foer time.Time) error {
	_, err := tx.Exec(`DELETE FROM loginforsoeg WHERE fra < ?`, driver.Micro(foer))
	return err
}

package store

import (
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store/driver"
)

// Brug is one row of the usage log of the register. spec: mox 52
type Brug struct {
	ID         int64          `json:"id"`
	Tid        time.Time      `json:"tid"`
	Hvem       string         `json:"hvem"`
	System     string         `json:"system,omitempty"` // "" = a person
	Rolle      string         `json:"rolle"`
	Operation  string         `json:"operation"`
	ObjektType mox.ObjektType `json:"objekttype"`
	ObjektID   mox.ObjektID   `json:"objekt,omitempty"` // "" = a search
	Formaal    string         `json:"formaal,omitempty"`
	Kode       string         `json:"kode"`  // ok, uaendret or the code of the error
	Antal      int            `json:"antal"` // hits of a search; registreringer of a reading
	Personer   []string       `json:"-"`     // pseudonyms of whom it is about; they are searched by, and never given
}

// GemBrug adds a row to the usage log.
func (tx *Tx) GemBrug(b Brug) error {
	err := tx.QueryRow(`INSERT INTO register_brug (tid, hvem, system, rolle, operation, objekttype, objekt, formaal, kode, antal) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
		driver.Micro(tx.Now()), ren(b.Hvem), ren(b.System), b.Rolle, b.Operation, string(b.ObjektType), string(b.ObjektID), ren(b.Formaal), b.Kode, b.Antal).Scan(&b.ID)
	for _, p := range b.Personer {
		if err == nil {
			_, err = tx.Exec(`INSERT INTO register_brug_person (person, brug) VALUES (?, ?) ON CONFLICT DO NOTHING`, p, b.ID)
		}
	}
	return err
}

// Brugsoegning asks the usage log. All that is given must hold.
type Brugsoegning struct {
	Person   string // pseudonym
	ObjektID mox.ObjektID
	Hvem     string
	Fra, Til time.Time // half-open
	Foer     int64     // paging: rows before this one; 0 = from the newest
	Antal    int
}

// SoegBrug finds rows of the usage log, the newest first.
func (tx *Tx) SoegBrug(s Brugsoegning) ([]Brug, error) {
	var w where
	if s.Person != "" {
		w.og(`b.id IN (SELECT p.brug FROM register_brug_person p WHERE p.person = ?)`, s.Person)
	}
	w.hvis(string(s.ObjektID), `b.objekt = ?`)
	w.hvis(s.Hvem, `b.hvem = ?`)
	if !s.Fra.IsZero() {
		w.og(`b.tid >= ?`, driver.Micro(s.Fra))
	}
	if !s.Til.IsZero() {
		w.og(`b.tid < ?`, driver.Micro(s.Til))
	}
	if s.Foer > 0 {
		w.og(`b.id < ?`, s.Foer)
	}
	return all(tx, func(scan func(...any) error) (b Brug, err error) {
		var tid int64
		err = scan(&b.ID, &tid, &b.Hvem, &b.System, &b.Rolle, &b.Operation, &b.ObjektType, &b.ObjektID, &b.Formaal, &b.Kode, &b.Antal)
		b.Tid = driver.Tid(tid)
		return b, err
	}, `SELECT b.id, b.tid, b.hvem, b.system, b.rolle, b.operation, b.objekttype, b.objekt, b.formaal, b.kode, b.antal FROM register_brug b`+w.sql()+` ORDER BY b.id DESC LIMIT ?`, append(w.args, s.Antal)...)
}

// SletBrug forgets at most n rows of the usage log from before a time.
func (tx *Tx) SletBrug(foer time.Time, n int) (int64, error) {
	const gamle = `(SELECT id FROM register_brug WHERE tid < ? ORDER BY tid, id LIMIT ?)`
	if _, err := tx.Exec(`DELETE FROM register_brug_person WHERE brug IN `+gamle, driver.Micro(foer), n); err != nil {
		return 0, err
	}
	return tx.Exec(`DELETE FROM register_brug WHERE id IN `+gamle, driver.Micro(foer), n)
}

// Beskyttet is a person with name-and-address protection.
type Beskyttet struct {
	Person      string    `json:"person"` // pseudonym
	Siden       time.Time `json:"siden"`
	Hvem        string    `json:"hvem"`
	Begrundelse string    `json:"begrundelse"`
}

// Beskyt notes that a person is protected. One who is already is left as it was; ny tells.
func (tx *Tx) Beskyt(b Beskyttet) (ny bool, err error) {
	n, err := tx.Exec(`INSERT INTO register_beskyttet (person, siden, hvem, begrundelse) VALUES (?, ?, ?, ?) ON CONFLICT (person) DO NOTHING`,
		b.Person, driver.Micro(tx.Now()), ren(b.Hvem), ren(b.Begrundelse))
	return n == 1, err
}

// OphaevBeskyttelse notes that a person is protected no longer; var tells that it was.
func (tx *Tx) OphaevBeskyttelse(person string) (varBeskyttet bool, err error) {
	n, err := tx.Exec(`DELETE FROM register_beskyttet WHERE person = ?`, person)
	return n == 1, err
}

// Beskyttede are those of the pseudonyms whose persons are protected.
func (tx *Tx) Beskyttede(personer []string) ([]string, error) {
	const maks = 200 // in one statement
	var ud []string
	for len(personer) > 0 {
		nu := personer[:min(len(personer), maks)]
		personer = personer[len(nu):]
		args := make([]any, len(nu))
		for i, p := range nu {
			args[i] = p
		}
		l, err := all(tx, ord, `SELECT person FROM register_beskyttet WHERE person IN (?`+strings.Repeat(`, ?`, len(nu)-1)+`)`, args...)
		if err != nil {
			return nil, err
		}
		ud = append(ud, l...)
	}
	return ud, nil
}

package store

import (
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store/driver"
)

// Kilde is how far an agent's source has been read, and what came of it.
type Kilde struct {
	Agent, Navn string
	Position    string
	Startet     time.Time // when the first run was over; zero = not yet
	Gennemloeb  int64     // number of the complete listing being read
	Laest       int64     // records, ever
	Beskeder    int64
	Uaendrede   int64 // said nothing new
	Foraeldede  int64 // older than what was known
	Ekko        int64 // only told what MOX itself had written
	Fejlposter  int64
	Sidst       time.Time     // when something was last read; zero = never
	Kontakt     time.Time     // when it was last read without error, also where there was nothing new
	Hver        time.Duration // how long between two reads, as its agent says; 0 = not known
	FejlITraek  int           // reads that have failed since
	FejlTekst   string        // why a read last failed; kept when it goes well again
	FejlTid     time.Time
}

const kildeKolonner = `agent, kilde, position, startet, gennemloeb, laest, beskeder, uaendrede, foraeldede, ekko, fejlposter, sidst, kontakt, hver, fejl_i_traek, fejl_tekst, fejl_tid`

func scanKilde(scan func(...any) error) (Kilde, error) {
	var k Kilde
	var startet, sidst, kontakt, hver, fejlTid int64
	err := scan(&k.Agent, &k.Navn, &k.Position, &startet, &k.Gennemloeb, &k.Laest, &k.Beskeder, &k.Uaendrede, &k.Foraeldede, &k.Ekko, &k.Fejlposter, &sidst,
		&kontakt, &hver, &k.FejlITraek, &k.FejlTekst, &fejlTid)
	k.Startet, k.Sidst, k.Kontakt, k.FejlTid = driver.Tid(startet), driver.Tid(sidst), driver.Tid(kontakt), driver.Tid(fejlTid)
	k.Hver = time.Duration(hver) * time.Microsecond
	return k, err
}

// Kilde reads a source's row; a source never seen has an empty position.
func (tx *Tx) Kilde(agent, navn string) (Kilde, error) {
	k, ok, err := one(tx, scanKilde, `SELECT `+kildeKolonner+` FROM kilde WHERE agent = ? AND kilde = ?`, agent, navn)
	if !ok {
		k = Kilde{Agent: agent, Navn: navn, Gennemloeb: 1}
	}
	return k, err
}

// Kilder are all sources that have been read.
func (tx *Tx) Kilder() ([]Kilde, error) {
	return all(tx, scanKilde, `SELECT `+kildeKolonner+` FROM kilde ORDER BY agent, kilde`)
}

// GemKilde writes a source's row.
func (tx *Tx) GemKilde(k Kilde) error {
	_, err := tx.Exec(`INSERT INTO kilde (`+kildeKolonner+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (agent, kilde) DO UPDATE SET position = excluded.position, startet = excluded.startet, gennemloeb = excluded.gennemloeb, laest = excluded.laest,
		beskeder = excluded.beskeder, uaendrede = excluded.uaendrede, foraeldede = excluded.foraeldede, ekko = excluded.ekko, fejlposter = excluded.fejlposter, sidst = excluded.sidst,
		kontakt = excluded.kontakt, hver = excluded.hver, fejl_i_traek = excluded.fejl_i_traek, fejl_tekst = excluded.fejl_tekst, fejl_tid = excluded.fejl_tid`,
		k.Agent, k.Navn, k.Position, driver.Micro(k.Startet), k.Gennemloeb, k.Laest, k.Beskeder, k.Uaendrede, k.Foraeldede, k.Ekko, k.Fejlposter, driver.Micro(k.Sidst),
		driver.Micro(k.Kontakt), k.Hver.Microseconds(), k.FejlITraek, ren(k.FejlTekst), driver.Micro(k.FejlTid))
	return err
}

// Objekt finds the objekt that a system's record has been given, or derives and remembers it. One that has been erased is
// only derived.
func (tx *Tx) Objekt(system string, t mox.ObjektType, noegle string) (mox.ObjektID, error) {
	id, ok, err := one(tx, ord, `SELECT objekt_id FROM identitet WHERE system = ? AND objekttype = ? AND noegle = ?`, system, string(t), noegle)
	if ok || err != nil {
		return mox.ObjektID(id), err
	}
	ny := tx.s.ObjektID(system, t, noegle)
	if _, glemt, err := tx.Glemt(ny); glemt || err != nil { // what it was called is forgotten too
		return ny, err
	}
	return ny, tx.GemIdentitet(system, t, noegle, ny)
}

// GemIdentitet says which objekt a system's record is.
func (tx *Tx) GemIdentitet(system string, t mox.ObjektType, noegle string, id mox.ObjektID) error {
	_, err := tx.Exec(`INSERT INTO identitet (system, objekttype, noegle, objekt_id, oprettet) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (system, objekttype, noegle) DO UPDATE SET objekt_id = excluded.objekt_id`, system, string(t), noegle, string(id), driver.Micro(tx.Now()))
	return err
}

// KenderAlle reports whether each of the keys is one that the system has told of. There must be some.
func (tx *Tx) KenderAlle(system string, t mox.ObjektType, noegler []string) (bool, error) {
	args := []any{system, string(t)}
	for _, n := range noegler {
		args = append(args, n)
	}
	n, err := tal(tx.QueryRow(`SELECT COUNT(*) FROM identitet WHERE system = ? AND objekttype = ? AND noegle IN (?`+strings.Repeat(`, ?`, len(noegler)-1)+`)`, args...).Scan)
	return n == int64(len(noegler)), err
}

// GemHenvisning says which key an objekt of another system answers to in this one.
func (tx *Tx) GemHenvisning(system string, id mox.ObjektID, t mox.ObjektType, noegle string, leverance int64) error {
	_, err := tx.Exec(`INSERT INTO henvisning (system, objekt_id, objekttype, noegle, leverance, oprettet) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (system, objekt_id) DO UPDATE SET objekttype = excluded.objekttype, noegle = excluded.noegle, leverance = excluded.leverance`,
		system, string(id), string(t), ren(noegle), leverance, driver.Micro(tx.Now()))
	return err
}

// Noegle finds the key an objekt has in a system, its own or one it has been taken over under.
func (tx *Tx) Noegle(system string, id mox.ObjektID) (string, bool, error) {
	n, ok, err := one(tx, ord, `SELECT noegle FROM henvisning WHERE system = ? AND objekt_id = ?`, system, string(id))
	if ok || err != nil {
		return n, ok, err
	}
	return one(tx, ord, `SELECT noegle FROM identitet WHERE objekt_id = ? AND system = ? ORDER BY oprettet LIMIT 1`, string(id), system)
}

// Objektstand is the newest registrering of an objekt from one source system.
type Objektstand struct {
	ObjektID         mox.ObjektID
	Kildesystem      string
	Kilde            string
	ObjektType       mox.ObjektType
	Version          string
	Registreringstid time.Time
	Livscyklus       mox.LivscyklusKode
	Loebenr          int64
	Registrering     []byte // JSON
	SetI             int64
}

func scanObjektstand(scan func(...any) error) (Objektstand, error) {
	var o Objektstand
	var tid int64
	err := scan(&o.ObjektID, &o.Kildesystem, &o.Kilde, &o.ObjektType, &o.Version, &tid, &o.Livscyklus, &o.Loebenr, &o.Registrering, &o.SetI)
	o.Registreringstid = driver.Tid(tid)
	return o, err
}

const objektstandKolonner = `objekt_id, kildesystem, kilde, objekttype, version, registreringstid, livscyklus, loebenr, registrering, set_i`

// Objektstand reads what a system last said about an objekt.
func (tx *Tx) Objektstand(id mox.ObjektID, kildesystem string) (Objektstand, bool, error) {
	return one(tx, scanObjektstand, `SELECT `+objektstandKolonner+` FROM objektstand WHERE objekt_id = ? AND kildesystem = ?`, string(id), kildesystem)
}

// GemObjektstand writes what a system now says about an objekt.
func (tx *Tx) GemObjektstand(o Objektstand) error {
	_, err := tx.Exec(`INSERT INTO objektstand (`+objektstandKolonner+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (objekt_id, kildesystem) DO UPDATE SET kilde = excluded.kilde, version = excluded.version, registreringstid = excluded.registreringstid,
		livscyklus = excluded.livscyklus, loebenr = excluded.loebenr, registrering = excluded.registrering, set_i = excluded.set_i`,
		string(o.ObjektID), o.Kildesystem, o.Kilde, string(o.ObjektType), o.Version, driver.Micro(o.Registreringstid), string(o.Livscyklus), o.Loebenr, o.Registrering, o.SetI)
	return err
}

// SetObjekt notes that an objekt was in the complete listing number nr.
func (tx *Tx) SetObjekt(id mox.ObjektID, kildesystem string, nr int64) error {
	_, err := tx.Exec(`UPDATE objektstand SET set_i = ? WHERE objekt_id = ? AND kildesystem = ?`, nr, string(id), kildesystem)
	return err
}

// IkkeSet finds the living objekter of a source that were not in the complete listing nr, at most n, and counts all living.
func (tx *Tx) IkkeSet(kilde string, nr int64, n int) (ud []Objektstand, levende int64, err error) {
	levende, err = tal(tx.QueryRow(`SELECT COUNT(*) FROM objektstand WHERE kilde = ? AND livscyklus NOT IN ('Passiveret', 'Slettet')`, kilde).Scan)
	if err != nil {
		return nil, 0, err
	}
	ud, err = all(tx, scanObjektstand, `SELECT `+objektstandKolonner+` FROM objektstand WHERE kilde = ? AND set_i < ? AND livscyklus NOT IN ('Passiveret', 'Slettet') ORDER BY objekt_id LIMIT ?`, kilde, nr, n)
	return ud, levende, err
}

// Levende are the living objekter of a source after an id, at most n, by id.
func (tx *Tx) Levende(kilde string, efter mox.ObjektID, n int) ([]Objektstand, error) {
	return all(tx, scanObjektstand, `SELECT `+objektstandKolonner+` FROM objektstand WHERE objekt_id > ? AND kilde = ? AND livscyklus NOT IN ('Passiveret', 'Slettet') ORDER BY objekt_id LIMIT ?`,
		string(efter), kilde, n)
}

// Ekko is what MOX wrote into one field of a system, and what the system said when it was read back.
type Ekko struct {
	Felt    string `json:"felt"`
	Skrevet string `json:"skrevet"`
	Laest   string `json:"laest"`
}

// GemEkko remembers a write.
func (tx *Tx) GemEkko(system string, id mox.ObjektID, e Ekko) error {
	_, err := tx.Exec(`INSERT INTO ekko (system, objekt_id, felt, skrevet, laest) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (system, objekt_id, felt) DO UPDATE SET skrevet = excluded.skrevet, laest = excluded.laest`, system, string(id), ren(e.Felt), ren(e.Skrevet), ren(e.Laest))
	return err
}

// SletEkko forgets a write.
func (tx *Tx) SletEkko(system string, id mox.ObjektID, felt string) error {
	_, err := tx.Exec(`DELETE FROM ekko WHERE system = ? AND objekt_id = ? AND felt = ?`, system, string(id), felt)
	return err
}

// EkkoAf are the remembered writes to an objekt in a system.
func (tx *Tx) EkkoAf(system string, id mox.ObjektID) ([]Ekko, error) {
	return all(tx, func(scan func(...any) error) (Ekko, error) {
		var e Ekko
		err := scan(&e.Felt, &e.Skrevet, &e.Laest)
		return e, err
	}, `SELECT felt, skrevet, laest FROM ekko WHERE system = ? AND objekt_id = ? ORDER BY felt`, system, string(id))
}

// Lej takes or renews a named lease for ejer; ok is false while another holds it.
func (tx *Tx) Lej(navn, ejer string, til time.Time) (ok bool, err error) {
	n, err := tx.Exec(`INSERT INTO leje (navn, ejer, lejet_til) VALUES (?, ?, ?)
		ON CONFLICT (navn) DO UPDATE SET ejer = excluded.ejer, lejet_til = excluded.lejet_til WHERE leje.ejer = excluded.ejer OR leje.lejet_til <= ?`,
		navn, ejer, driver.Micro(til), driver.Micro(tx.Now()))
	return n == 1, err
}

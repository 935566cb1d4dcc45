package store

import (
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store/driver"
)

// Proces is one instance of a MOX-proces.
type Proces struct {
	Navn        string
	ProcesID    string
	Startbesked int64
	Myndighed   string // CVR number of the authority the startbesked was about; "" = it told none
	Tilstand    mox.ProcesTilstand
	Startet     time.Time
	Afsluttet   time.Time
	Frist       time.Time
}

const procesKolonner = `navn, proces_id, startbesked, myndighed, tilstand, startet, afsluttet, frist`

func scanProces(scan func(...any) error) (Proces, error) {
	var p Proces
	var startet, afsluttet, frist int64
	err := scan(&p.Navn, &p.ProcesID, &p.Startbesked, &p.Myndighed, &p.Tilstand, &startet, &afsluttet, &frist)
	p.Startet, p.Afsluttet, p.Frist = driver.Tid(startet), driver.Tid(afsluttet), driver.Tid(frist)
	return p, err
}

// InsertProces starts an instance that awaits an answer from each of svarFra. It is harmless to repeat.
func (tx *Tx) InsertProces(p Proces, svarFra []mox.AbonnementID) error {
	n, err := tx.Exec(`INSERT INTO proces (navn, proces_id, startbesked, myndighed, tilstand, startet, frist) VALUES (?, ?, ?, ?, 'igang', ?, ?) ON CONFLICT DO NOTHING`,
		p.Navn, p.ProcesID, p.Startbesked, ren(p.Myndighed), driver.Micro(tx.Now()), driver.Micro(p.Frist))
	if err != nil || n == 0 {
		return err
	}
	for _, a := range svarFra {
		if _, err := tx.Exec(`INSERT INTO proces_svar (navn, proces_id, abonnement) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, p.Navn, p.ProcesID, string(a)); err != nil {
			return err
		}
	}
	return nil
}

// ProcesserMedID finds the instances with a procesID, one per process name.
func (tx *Tx) ProcesserMedID(id string) ([]Proces, error) {
	return all(tx, scanProces, `SELECT `+procesKolonner+` FROM proces WHERE proces_id = ? ORDER BY navn`, id)
}

// ProcesSvar are the awaited answers of an instance.
func (tx *Tx) ProcesSvar(navn, id string) ([]mox.ProcesSvar, error) {
	return all(tx, func(scan func(...any) error) (mox.ProcesSvar, error) {
		var s mox.ProcesSvar
		var slut, fejl int64
		err := scan(&s.Abonnement, &slut, &fejl)
		s.Slut, s.Fejl = slut > 0, fejl > 0
		return s, err
	}, `SELECT abonnement, slutbesked, fejlbesked FROM proces_svar WHERE navn = ? AND proces_id = ? ORDER BY abonnement`, navn, id)
}

// SaetSlut notes that an awaited slutbesked has come; ok is false when it was not awaited from there.
func (tx *Tx) SaetSlut(navn, id string, a mox.AbonnementID, besked int64) (ok bool, err error) {
	n, err := tx.Exec(`UPDATE proces_svar SET slutbesked = ? WHERE navn = ? AND proces_id = ? AND abonnement = ?`, besked, navn, id, string(a))
	return n == 1, err
}

// SaetFejl notes that an awaited answer was a fejlbesked, or that none can come (besked is then what could not be done).
func (tx *Tx) SaetFejl(navn, id string, a mox.AbonnementID, besked int64) (ok bool, err error) {
	n, err := tx.Exec(`UPDATE proces_svar SET fejlbesked = ? WHERE navn = ? AND proces_id = ? AND abonnement = ?`, besked, navn, id, string(a))
	return n == 1, err
}

// SaetProces writes an instance's state.
func (tx *Tx) SaetProces(navn, id string, t mox.ProcesTilstand) error {
	var slut int64
	if t != mox.ProcesIgang {
		slut = driver.Micro(tx.Now())
	}
	_, err := tx.Exec(`UPDATE proces SET tilstand = ?, afsluttet = ? WHERE navn = ? AND proces_id = ?`, string(t), slut, navn, id)
	return err
}

// ProcesserOverFrist finds instances whose frist has passed, at most n.
func (tx *Tx) ProcesserOverFrist(n int) ([]Proces, error) {
	return all(tx, scanProces, `SELECT `+procesKolonner+` FROM proces WHERE tilstand = 'igang' AND frist > 0 AND frist <= ? ORDER BY frist LIMIT ?`, driver.Micro(tx.Now()), n)
}

// ProcesTal counts instances by name and state.
func (tx *Tx) ProcesTal() (map[string]map[mox.ProcesTilstand]int, error) {
	ud := map[string]map[mox.ProcesTilstand]int{}
	_, err := all(tx, func(scan func(...any) error) (struct{}, error) {
		var navn string
		var t mox.ProcesTilstand
		var n int
		err := scan(&navn, &t, &n)
		if ud[navn] == nil {
			ud[navn] = map[mox.ProcesTilstand]int{}
		}
		ud[navn][t] = n
		return struct{}{}, err
	}, `SELECT navn, tilstand, COUNT(*) FROM proces GROUP BY navn, tilstand`)
	return ud, err
}

// StandsedeProcesser finds instances that wait for an answer that cannot come: one answer was a fejlbesked, and nothing that
// carries the procesID moves any more. At most n.
func (tx *Tx) StandsedeProcesser(n int) ([]Proces, error) {
	return all(tx, scanProces, `SELECT `+procesKolonner+` FROM proces p WHERE tilstand = 'igang'
		AND EXISTS (SELECT 1 FROM proces_svar s WHERE s.navn = p.navn AND s.proces_id = p.proces_id AND s.fejlbesked > 0 AND s.slutbesked = 0)
		AND NOT EXISTS (SELECT 1 FROM besked_proces b JOIN leverance l ON l.besked = b.besked WHERE b.proces_id = p.proces_id
			AND l.tilstand IN ('Afventer', 'UnderLevering', 'Udsat', 'Uvis')) LIMIT ?`, n)
}

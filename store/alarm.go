package store

import (
	"time"

	"github.com/moxkit/mox/store/driver"
)

// Alarm is something that an operator must be told, from when it began until it ended.
type Alarm struct {
	ID          int64     `json:"id"`
	Regel       string    `json:"regel"`
	Genstand    string    `json:"genstand"` // what it is about: an abonnement, a source, a file
	Tekst       string    `json:"tekst"`
	Raad        string    `json:"raad"`
	Sti         string    `json:"sti"` // the console's page about it
	Begyndt     time.Time `json:"begyndt"`
	Sidst       time.Time `json:"sidst"`
	Fortalt     time.Time `json:"fortalt,omitzero"` // when somebody was last told; zero = not yet
	Kvitteret   time.Time `json:"kvitteret,omitzero"`
	KvitteretAf string    `json:"kvitteret_af,omitempty"`
	Begrundelse string    `json:"begrundelse,omitempty"`
	Sluttet     time.Time `json:"sluttet,omitzero"` // zero = it stands
}

const alarmKolonner = `id, regel, genstand, tekst, raad, sti, begyndt, sidst, fortalt, kvitteret, kvitteret_af, begrundelse, sluttet`

func scanAlarm(scan func(...any) error) (a Alarm, err error) {
	var begyndt, sidst, fortalt, kvitteret, sluttet int64
	err = scan(&a.ID, &a.Regel, &a.Genstand, &a.Tekst, &a.Raad, &a.Sti, &begyndt, &sidst, &fortalt, &kvitteret, &a.KvitteretAf, &a.Begrundelse, &sluttet)
	a.Begyndt, a.Sidst, a.Fortalt, a.Kvitteret, a.Sluttet = driver.Tid(begyndt), driver.Tid(sidst), driver.Tid(fortalt), driver.Tid(kvitteret), driver.Tid(sluttet)
	return a, err
}

// RejsAlarm notes that a stands: a new one, or the one that stands already, seen again.
func (tx *Tx) RejsAlarm(a Alarm) error {
	nu := driver.Micro(tx.Now())
	_, err := tx.Exec(`INSERT INTO alarm (regel, genstand, tekst, raad, sti, begyndt, sidst) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (regel, genstand) WHERE sluttet = 0 DO UPDATE SET tekst = excluded.tekst, raad = excluded.raad, sti = excluded.sti, sidst = excluded.sidst`,
		a.Regel, ren(a.Genstand), ren(a.Tekst), ren(a.Raad), a.Sti, nu, nu)
	return err
}

// SlutAlarmer ends those that stand and were not seen in this transaction.
func (tx *Tx) SlutAlarmer() error {
	nu := driver.Micro(tx.Now())
	_, err := tx.Exec(`UPDATE alarm SET sluttet = ? WHERE sluttet = 0 AND sidst < ?`, nu, nu)
	return err
}

// StaaendeAlarmer are those that stand, the oldest first.
func (tx *Tx) StaaendeAlarmer() ([]Alarm, error) {
	return all(tx, scanAlarm, `SELECT `+alarmKolonner+` FROM alarm WHERE sluttet = 0 ORDER BY begyndt, id`)
}

// SluttedeAlarmer are the latest that have ended, at most n.
func (tx *Tx) SluttedeAlarmer(n int) ([]Alarm, error) {
	return all(tx, scanAlarm, `SELECT `+alarmKolonner+` FROM alarm WHERE sluttet > 0 ORDER BY sluttet DESC, id DESC LIMIT ?`, n)
}

// UfortalteAlarmer are those that somebody must be told of now: new ones, those that have stood untouched since before, and
// those that have ended after somebody was told of them. At most n.
func (tx *Tx) UfortalteAlarmer(foer time.Time, n int) ([]Alarm, error) {
	return all(tx, scanAlarm, `SELECT `+alarmKolonner+` FROM alarm
		WHERE (sluttet = 0 AND (fortalt = 0 OR (kvitteret = 0 AND fortalt <= ?))) OR (sluttet > 0 AND fortalt > 0 AND slut_fortalt = 0) ORDER BY begyndt, id LIMIT ?`,
		driver.Micro(foer), n)
}

// AlarmFortalt notes that somebody has been told.
func (tx *Tx) AlarmFortalt(a Alarm) error {
	kolonne := "fortalt"
	if !a.Sluttet.IsZero() {
		kolonne = "slut_fortalt"
	}
	_, err := tx.Exec(`UPDATE alarm SET `+kolonne+` = ? WHERE id = ?`, driver.Micro(tx.Now()), a.ID)
	return err
}

// KvitterAlarm notes that a person has taken a standing alarm over; ok is false where there is none.
func (tx *Tx) KvitterAlarm(id int64, hvem, begrundelse string) (ok bool, err error) {
	n, err := tx.Exec(`UPDATE alarm SET kvitteret = ?, kvitteret_af = ?, begrundelse = ? WHERE id = ? AND sluttet = 0`, driver.Micro(tx.Now()), ren(hvem), ren(begrundelse), id)
	return n == 1, err
}

// FejlIRaekken is, for each abonnement, how many attempts have come to nothing at leverancer that have moved since the last
// one that was delivered. It reads every leverance once, as [Tx.Stande] does.
func (tx *Tx) FejlIRaekken() (map[string]int, error) {
	ud := map[string]int{}
	_, err := all(tx, func(scan func(...any) error) (struct{}, error) {
		var id string
		var n int
		err := scan(&id, &n)
		ud[id] = n
		return struct{}{}, err
	}, `WITH sidst AS (SELECT abonnement, MAX(aendret) AS tid FROM leverance WHERE tilstand IN ('Leveret', 'Overdraget') GROUP BY abonnement)
		SELECT l.abonnement, SUM(CASE WHEN l.tilstand = 'UnderLevering' THEN l.forsoeg - 1 ELSE l.forsoeg END) FROM leverance l LEFT JOIN sidst s ON s.abonnement = l.abonnement
		WHERE l.tilstand IN ('UnderLevering', 'Udsat', 'Parkeret') AND l.aendret > COALESCE(s.tid, 0) GROUP BY l.abonnement`)
	return ud, err
}

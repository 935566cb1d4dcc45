package store

import (
	"time"

	"github.com/moxkit/mox"
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
	Gange       int       `json:"gange"`            // how often it has come since; it comes again without ending where it is away for a short while
	Vaek        time.Time `json:"vaek,omitzero"`    // since when its cause is away; zero = it is there
	Fortalt     time.Time `json:"fortalt,omitzero"` // when somebody was last told; zero = not yet
	Kvitteret   time.Time `json:"kvitteret,omitzero"`
	KvitteretAf string    `json:"kvitteret_af,omitempty"`
	Begrundelse string    `json:"begrundelse,omitempty"`
	Sluttet     time.Time `json:"sluttet,omitzero"`      // zero = it stands
	Modtagere   []string  `json:"fortalt_til,omitempty"` // the ways that have told of it
}

const alarmKolonner = `id, regel, genstand, tekst, raad, sti, begyndt, sidst, gange, vaek, fortalt, kvitteret, kvitteret_af, begrundelse, sluttet`

func scanAlarm(scan func(...any) error) (a Alarm, err error) {
	var begyndt, sidst, vaek, fortalt, kvitteret, sluttet int64
	err = scan(&a.ID, &a.Regel, &a.Genstand, &a.Tekst, &a.Raad, &a.Sti, &begyndt, &sidst, &a.Gange, &vaek, &fortalt, &kvitteret, &a.KvitteretAf, &a.Begrundelse, &sluttet)
	a.Begyndt, a.Sidst, a.Vaek, a.Fortalt = driver.Tid(begyndt), driver.Tid(sidst), driver.Tid(vaek), driver.Tid(fortalt)
	a.Kvitteret, a.Sluttet = driver.Tid(kvitteret), driver.Tid(sluttet)
	return a, err
}

// RejsAlarm notes that a is there at nu: the one that stands already, seen again, or a new one. It gives its ID.
func (tx *Tx) RejsAlarm(a Alarm, nu time.Time) (int64, error) {
	tid := driver.Micro(nu)
	id, ok, err := one(tx, tal, `UPDATE alarm SET tekst = ?, raad = ?, sti = ?, sidst = ?, gange = CASE WHEN vaek > 0 THEN gange + 1 ELSE gange END, vaek = 0
		WHERE regel = ? AND genstand = ? AND sluttet = 0 RETURNING id`, ren(a.Tekst), ren(a.Raad), a.Sti, tid, a.Regel, ren(a.Genstand))
	if ok || err != nil {
		return id, err
	}
	return tal(tx.QueryRow(`INSERT INTO alarm (regel, genstand, tekst, raad, sti, begyndt, sidst) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id`,
		a.Regel, ren(a.Genstand), ren(a.Tekst), ren(a.Raad), a.Sti, tid, tid).Scan)
}

// SaetAlarmVaek writes since when a standing alarm's cause is away, and whether that ends it.
func (tx *Tx) SaetAlarmVaek(id int64, vaek, sluttet time.Time) error {
	_, err := tx.Exec(`UPDATE alarm SET vaek = ?, sluttet = ? WHERE id = ? AND sluttet = 0`, driver.Micro(vaek), driver.Micro(sluttet), id)
	return err
}

// StaaendeAlarmer are those that stand, the oldest first.
func (tx *Tx) StaaendeAlarmer() ([]Alarm, error) {
	return tx.medModtagere(all(tx, scanAlarm, `SELECT `+alarmKolonner+` FROM alarm WHERE sluttet = 0 ORDER BY begyndt, id`))
}

// TaelAabneAlarmer counts those that stand and that nobody has acknowledged.
func (tx *Tx) TaelAabneAlarmer() (int64, error) {
	return tal(tx.QueryRow(`SELECT COUNT(*) FROM alarm WHERE sluttet = 0 AND kvitteret = 0`).Scan)
}

// SluttedeAlarmer are the latest that have ended, at most n.
func (tx *Tx) SluttedeAlarmer(n int) ([]Alarm, error) {
	return tx.medModtagere(all(tx, scanAlarm, `SELECT `+alarmKolonner+` FROM alarm WHERE sluttet > 0 ORDER BY sluttet DESC, id DESC LIMIT ?`, n))
}

// medModtagere adds who has been told.
func (tx *Tx) medModtagere(l []Alarm, err error) ([]Alarm, error) {
	for i := range l {
		if err == nil && !l[i].Fortalt.IsZero() {
			l[i].Modtagere, err = all(tx, ord, `SELECT vej FROM alarm_fortalt WHERE alarm = ? ORDER BY vej`, l[i].ID)
		}
	}
	return l, err
}

// UfortalteAlarmer are those that the way vej is to tell of: those that are there, that nobody has acknowledged, and that it
// has not told of since foer (zero = ever); and those that have ended after it told of them. At most n.
func (tx *Tx) UfortalteAlarmer(vej string, foer time.Time, n int) ([]Alarm, error) {
	return all(tx, scanAlarm, `SELECT `+alarmKolonner+` FROM alarm LEFT JOIN alarm_fortalt f ON f.alarm = id AND f.vej = ?
		WHERE (sluttet = 0 AND vaek = 0 AND kvitteret = 0 AND (f.staar IS NULL OR f.staar <= ?)) OR (sluttet > 0 AND f.staar > 0 AND f.slut = 0) ORDER BY begyndt, id LIMIT ?`,
		vej, driver.Micro(foer), n)
}

// AlarmFortalt notes that the way vej has told of a at nu, as it stands in a.
func (tx *Tx) AlarmFortalt(vej string, a Alarm, nu time.Time) error {
	tid := driver.Micro(nu)
	if !a.Sluttet.IsZero() {
		_, err := tx.Exec(`UPDATE alarm_fortalt SET slut = ? WHERE alarm = ? AND vej = ?`, tid, a.ID, vej)
		return err
	}
	_, err := tx.Exec(`INSERT INTO alarm_fortalt (alarm, vej, staar) VALUES (?, ?, ?) ON CONFLICT (alarm, vej) DO UPDATE SET staar = excluded.staar`, a.ID, vej, tid)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`UPDATE alarm SET fortalt = ? WHERE id = ?`, tid, a.ID)
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

// Takt is what has been tried for an abonnement in a space of time.
type Takt struct {
	Forsoeg     int // attempts that ended
	Mislykkedes int // of them: that did not deliver
}

// Takter are the attempts of each abonnement that have ended since then.
func (tx *Tx) Takter(siden time.Time) (map[mox.AbonnementID]Takt, error) {
	ud := map[mox.AbonnementID]Takt{}
	_, err := all(tx, func(scan func(...any) error) (struct{}, error) {
		var id mox.AbonnementID
		var t Takt
		err := scan(&id, &t.Forsoeg, &t.Mislykkedes)
		ud[id] = t
		return struct{}{}, err
	}, `SELECT l.abonnement, COUNT(*), SUM(CASE WHEN f.resultat IN ('accepteret', 'overdraget') THEN 0 ELSE 1 END)
		FROM forsoeg f JOIN leverance l ON l.id = f.leverance WHERE f.afsluttet > 0 AND f.afsluttet >= ? GROUP BY l.abonnement`, driver.Micro(siden))
	return ud, err
}

// NoterHentning notes that somebody asks for the abonnement's work.
func (tx *Tx) NoterHentning(a mox.AbonnementID) error {
	_, err := tx.Exec(`INSERT INTO hentning (abonnement, sidst) VALUES (?, ?) ON CONFLICT (abonnement) DO UPDATE SET sidst = excluded.sidst`, string(a), driver.Micro(tx.Now()))
	return err
}

// Hentninger are when somebody last asked for each abonnement's work.
func (tx *Tx) Hentninger() (map[mox.AbonnementID]time.Time, error) {
	ud := map[mox.AbonnementID]time.Time{}
	_, err := all(tx, func(scan func(...any) error) (struct{}, error) {
		var id mox.AbonnementID
		var sidst int64
		err := scan(&id, &sidst)
		ud[id] = driver.Tid(sidst)
		return struct{}{}, err
	}, `SELECT abonnement, sidst FROM hentning`)
	return ud, err
}

// Delfejl is a part of a process that does not do its work.
type Delfejl struct {
	Inkarnation, Del, Vaert, Tekst string
}

// SaetDelfejl makes l be all that is wrong with the process's parts, and forgets processes that no longer live.
func (tx *Tx) SaetDelfejl(inkarnation string, l []Delfejl) error {
	if _, err := tx.Exec(`DELETE FROM delfejl WHERE inkarnation = ? OR inkarnation NOT IN (SELECT id FROM inkarnation)`, inkarnation); err != nil {
		return err
	}
	for _, d := range l {
		if _, err := tx.Exec(`INSERT INTO delfejl (inkarnation, del, vaert, tekst) VALUES (?, ?, ?, ?)`, inkarnation, d.Del, d.Vaert, ren(d.Tekst)); err != nil {
			return err
		}
	}
	return nil
}

// AndresDelfejl are what is wrong with the parts of the other processes that live.
func (tx *Tx) AndresDelfejl(inkarnation string) ([]Delfejl, error) {
	return all(tx, func(scan func(...any) error) (d Delfejl, err error) {
		err = scan(&d.Inkarnation, &d.Del, &d.Vaert, &d.Tekst)
		return d, err
	}, `SELECT inkarnation, del, vaert, tekst FROM delfejl WHERE inkarnation <> ? AND inkarnation IN (SELECT id FROM inkarnation) ORDER BY vaert, inkarnation, del`, inkarnation)
}

// Inkarnationer is how many processes that share the database show signs of life.
func (tx *Tx) Inkarnationer() (int, error) {
	n, err := tal(tx.QueryRow(`SELECT COUNT(*) FROM inkarnation`).Scan)
	return int(n), err
}

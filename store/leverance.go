package store

import (
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store/driver"
)

// Leverance is one besked to one abonnement in one omgang.
type Leverance struct {
	ID         int64
	Besked     int64 // Besked.Nr
	Abonnement mox.AbonnementID
	Omgang     int
	Orden      string // what it queues up with within the abonnement; "" = nothing
	Raekke     int64  // its place in that queue; 0 = Besked
	Tilstand   mox.LeveranceTilstand
	Blokeret   bool // an earlier one with the same Orden is not solved
	Forsoeg    int  // attempts begun
	Naeste     time.Time
	Ejer       string // who holds the lease while UnderLevering
	LejetTil   time.Time
	Ansvar     mox.Ansvar
	Kode       string
	Aarsag     string
	Frist      time.Time // Overdraget only: it awaits a Kvittering and holds its objekt until then; zero = it does not
	Oprettet   time.Time
	Aendret    time.Time
}

const leveranceKolonner = `l.id, l.besked, l.abonnement, l.omgang, l.orden, l.raekke, l.tilstand, l.blokeret, l.forsoeg, l.naeste, l.ejer, l.lejet_til, l.ansvar, l.kode, l.aarsag, l.frist, l.oprettet, l.aendret`

func scanLeverance(scan func(...any) error) (Leverance, error) {
	var l Leverance
	var felter leveranceFelter
	err := scan(felter.ind(&l)...)
	felter.ud(&l)
	return l, err
}

// leveranceFelter holds what must be converted after the scan.
type leveranceFelter struct {
	blokeret                                   int64
	naeste, lejetTil, frist, oprettet, aendret int64
}

func (f *leveranceFelter) ind(l *Leverance) []any {
	return []any{&l.ID, &l.Besked, &l.Abonnement, &l.Omgang, &l.Orden, &l.Raekke, &l.Tilstand, &f.blokeret, &l.Forsoeg, &f.naeste, &l.Ejer, &f.lejetTil,
		&l.Ansvar, &l.Kode, &l.Aarsag, &f.frist, &f.oprettet, &f.aendret}
}

func (f *leveranceFelter) ud(l *Leverance) {
	l.Blokeret = f.blokeret != 0
	l.Naeste, l.LejetTil, l.Frist = driver.Tid(f.naeste), driver.Tid(f.lejetTil), driver.Tid(f.frist)
	l.Oprettet, l.Aendret = driver.Tid(f.oprettet), driver.Tid(f.aendret)
}

// holder is the condition that a leverance holds back later ones; a partial index repeats it.
const holder = `(tilstand IN ('Afventer', 'UnderLevering', 'Udsat', 'Parkeret', 'Uvis') OR frist > 0)`

// InsertLeverance adds a leverance and sets its ID, and Blokeret when an earlier one with the same Orden is open, or may
// still come from the log. The caller holds the objekt's lock.
func (tx *Tx) InsertLeverance(l *Leverance) error {
	if l.Raekke == 0 {
		l.Raekke = l.Besked
	}
	now := driver.Micro(tx.Now())
	var blokeret int
	err := tx.QueryRow(`INSERT INTO leverance (besked, abonnement, omgang, orden, raekke, tilstand, blokeret, naeste, ansvar, kode, aarsag, oprettet, aendret)
		VALUES (?, ?, ?, ?, ?, ?, CASE WHEN EXISTS (SELECT 1 FROM leverance WHERE abonnement = ? AND orden = ? AND orden <> '' AND raekke < ? AND `+holder+`)
		OR `+venterNy+` THEN 1 ELSE 0 END, ?, ?, ?, ?, ?, ?) RETURNING id, blokeret`,
		l.Besked, string(l.Abonnement), l.Omgang, l.Orden, l.Raekke, string(l.Tilstand), string(l.Abonnement), l.Orden, l.Raekke,
		string(l.Abonnement), l.Orden, l.Raekke, now, string(l.Ansvar), l.Kode, l.Aarsag, now, now).Scan(&l.ID, &blokeret)
	l.Blokeret = blokeret != 0
	return err
}

// InsertLeverancer adds the first omgang of several at once, at most 500. The caller says which are held back, and holds the
// locks.
func (tx *Tx) InsertLeverancer(l []*Leverance) error {
	if len(l) == 0 {
		return nil
	}
	now := driver.Micro(tx.Now())
	args := make([]any, 0, 9*len(l))
	for _, x := range l {
		args = append(args, x.Besked, string(x.Abonnement), x.Orden, x.Besked, string(x.Tilstand), bit(x.Blokeret), now, now, now)
	}
	const raekke = `(?, ?, 1, ?, ?, ?, ?, ?, ?, ?)`
	_, err := tx.Exec(`INSERT INTO leverance (besked, abonnement, omgang, orden, raekke, tilstand, blokeret, naeste, oprettet, aendret) VALUES `+
		raekke+strings.Repeat(`, `+raekke, len(l)-1), args...)
	return err
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Opgave is a leverance with its besked: one piece of work.
type Opgave struct {
	Leverance Leverance
	Besked    Besked
}

func scanOpgave(scan func(...any) error) (Opgave, error) {
	var o Opgave
	var felter leveranceFelter
	err := o.Besked.scan(func(kolonner ...any) error { return scan(kolonner...) }, felter.ind(&o.Leverance)...)
	felter.ud(&o.Leverance)
	return o, err
}

// Klar finds up to n leverancer of the abonnement that can be begun now, the longest waiting first; none while the
// abonnement is paused, and none of a besked that is past its gyldigTil. Locked rows are passed over.
func (tx *Tx) Klar(abonnement mox.AbonnementID, n int) ([]Opgave, error) {
	return all(tx, scanOpgave, `SELECT `+beskedKolonner+`, `+leveranceKolonner+` FROM leverance l JOIN besked b ON b.nr = l.besked
		WHERE l.abonnement = ? AND l.blokeret = 0 AND l.tilstand IN ('Afventer', 'Udsat') AND l.naeste <= ? AND (b.gyldig_til = 0 OR b.gyldig_til > ?)
		AND NOT EXISTS (SELECT 1 FROM abonnementstand a WHERE a.abonnement = l.abonnement AND a.pause = 1)
		ORDER BY l.naeste, l.raekke LIMIT ?`+forUpdateOf(tx), string(abonnement), driver.Micro(tx.Now()), driver.Micro(tx.Now()), n)
}

// forUpdateOf limits the lock to the leverance, where the database has such locks.
func forUpdateOf(tx *Tx) string {
	if tx.ForUpdate() == "" {
		return ""
	}
	return " FOR UPDATE OF l SKIP LOCKED"
}

// ForrestIKoe is the first open leverance of a queue.
func (tx *Tx) ForrestIKoe(abonnement mox.AbonnementID, orden string) (Opgave, bool, error) {
	return one(tx, scanOpgave, `SELECT `+beskedKolonner+`, `+leveranceKolonner+` FROM leverance l JOIN besked b ON b.nr = l.besked WHERE l.id = `+foerste, string(abonnement), orden)
}

// maksVentende is how far back in a queue is looked for a newer registrering.
const maksVentende = 20

// VenterIKoe are those of a queue that wait behind a place in it, the newest first, at most 20.
func (tx *Tx) VenterIKoe(abonnement mox.AbonnementID, orden string, efter int64) ([]Opgave, error) {
	return all(tx, scanOpgave, `SELECT `+beskedKolonner+`, `+leveranceKolonner+` FROM leverance l JOIN besked b ON b.nr = l.besked
		WHERE l.abonnement = ? AND l.orden = ? AND l.raekke > ? AND l.tilstand IN ('Afventer', 'Udsat') ORDER BY l.raekke DESC LIMIT ?`, string(abonnement), orden, efter, maksVentende)
}

const opgaveFor = `SELECT ` + beskedKolonner + `, ` + leveranceKolonner + ` FROM leverance l JOIN besked b ON b.nr = l.besked WHERE l.id = ?`

// OpgaveFor finds a leverance and its besked.
func (tx *Tx) OpgaveFor(id int64) (Opgave, bool, error) { return one(tx, scanOpgave, opgaveFor, id) }

// LaasOpgave finds a leverance and its besked, and keeps both it and the queue of its objekt as they are until the
// transaction ends: whoever changes a leverance's state begins here.
func (tx *Tx) LaasOpgave(id int64) (Opgave, bool, error) {
	if tx.ForUpdate() == "" {
		return tx.OpgaveFor(id) // the only writer
	}
	// The same lock as Lock("objekt/" + its id), without first fetching the id.
	if _, err := tx.Exec(`SELECT pg_advisory_xact_lock(hashtextextended('objekt/' || b.objekt_id, 0)) FROM leverance l JOIN besked b ON b.nr = l.besked WHERE l.id = ?`, id); err != nil {
		return Opgave{}, false, err
	}
	return one(tx, scanOpgave, opgaveFor+` FOR UPDATE OF l`, id)
}

// LaasAlle is LaasOpgave for several: their objekter are locked together, so that two such lists cannot wait for each other.
func (tx *Tx) LaasAlle(opgaver []Opgave) ([]Opgave, error) {
	var navne []string
	for _, o := range opgaver {
		navne = append(navne, "objekt/"+string(o.Besked.ObjektID))
	}
	if err := tx.Lock(navne...); err != nil {
		return nil, err
	}
	var ud []Opgave
	for _, o := range opgaver {
		nu, ok, err := tx.LaasOpgave(o.Leverance.ID)
		if err != nil {
			return nil, err
		}
		if ok {
			ud = append(ud, nu)
		}
	}
	return ud, nil
}

// LeverancerAf are a besked's leverancer in the order they were made.
func (tx *Tx) LeverancerAf(besked int64) ([]Leverance, error) {
	return all(tx, scanLeverance, `SELECT `+leveranceKolonner+` FROM leverance l WHERE l.besked = ? ORDER BY l.id`, besked)
}

// UpdateLeverance writes l's state and what goes with it.
func (tx *Tx) UpdateLeverance(l *Leverance) error {
	l.Aendret = tx.Now()
	_, err := tx.Exec(`UPDATE leverance SET tilstand = ?, blokeret = ?, forsoeg = ?, naeste = ?, ejer = ?, lejet_til = ?, ansvar = ?, kode = ?, aarsag = ?, frist = ?, aendret = ? WHERE id = ?`,
		string(l.Tilstand), bit(l.Blokeret), l.Forsoeg, driver.Micro(l.Naeste), l.Ejer, driver.Micro(l.LejetTil), string(l.Ansvar), ren(l.Kode), ren(l.Aarsag),
		driver.Micro(l.Frist), driver.Micro(l.Aendret), l.ID)
	return err
}

// foerste is the first open leverance of a queue.
const foerste = `(SELECT id FROM leverance WHERE abonnement = ? AND orden = ? AND ` + holder + ` ORDER BY raekke, omgang LIMIT 1)`

// Frigiv lets the first open leverance with the same orden go on, after an earlier one has been solved. It still waits while
// a later one is under delivery, which had begun when this one came from the log, and for older ones that may come from there.
func (tx *Tx) Frigiv(abonnement mox.AbonnementID, orden string) error {
	if orden == "" {
		return nil
	}
	_, err := tx.Exec(`UPDATE leverance SET blokeret = 0 WHERE blokeret = 1 AND id = `+foerste+`
		AND NOT EXISTS (SELECT 1 FROM leverance u WHERE u.abonnement = ? AND u.orden = ? AND u.tilstand = 'UnderLevering')
		AND NOT `+venterHer,
		string(abonnement), orden, string(abonnement), orden, string(abonnement))
	return err
}

// Ordn brings a queue in order after an older leverance may have come into it: what has not been begun waits for the first.
func (tx *Tx) Ordn(abonnement mox.AbonnementID, orden string) error {
	if orden == "" {
		return nil
	}
	if _, err := tx.Exec(`UPDATE leverance SET blokeret = 1 WHERE abonnement = ? AND orden = ? AND `+holder+` AND tilstand <> 'UnderLevering' AND blokeret = 0
		AND (id <> `+foerste+` OR EXISTS (SELECT 1 FROM leverance u WHERE u.abonnement = ? AND u.orden = ? AND u.tilstand = 'UnderLevering'))`,
		string(abonnement), orden, string(abonnement), orden, string(abonnement), orden); err != nil {
		return err
	}
	return tx.Frigiv(abonnement, orden)
}

// Forny moves the end of the leases that ejer still holds, and tells how many.
func (tx *Tx) Forny(ejer string, ids []int64, til time.Time) (int, error) {
	antal := 0
	for _, id := range ids {
		n, err := tx.Exec(`UPDATE leverance SET lejet_til = ? WHERE id = ? AND ejer = ? AND tilstand = 'UnderLevering'`, driver.Micro(til), id, ejer)
		if err != nil {
			return antal, err
		}
		antal += int(n)
	}
	return antal, nil
}

// Udloebne finds leverancer whose lease has ended, at most n. They may have changed when they have been locked.
func (tx *Tx) Udloebne(n int) ([]Opgave, error) {
	return all(tx, scanOpgave, `SELECT `+beskedKolonner+`, `+leveranceKolonner+` FROM leverance l JOIN besked b ON b.nr = l.besked
		WHERE l.tilstand = 'UnderLevering' AND l.lejet_til <= ? ORDER BY l.lejet_til LIMIT ?`, driver.Micro(tx.Now()), n)
}

// EndLejemaal ends at once the leases of earlier incarnations of the process that holds the data folder, named ones too. Leases
// of remote carriers ("fjern/…") are not its to end.
func (tx *Tx) EndLejemaal(inkarnation string) (int64, error) {
	if _, err := tx.Exec(`UPDATE leje SET lejet_til = 0 WHERE ejer <> ? AND ejer NOT LIKE ?`, inkarnation, inkarnation+"/%"); err != nil {
		return 0, err
	}
	return tx.Exec(`UPDATE leverance SET lejet_til = 0 WHERE tilstand = 'UnderLevering' AND ejer NOT LIKE 'fjern/%' AND ejer NOT LIKE ?`, inkarnation+"/%")
}

// Hjerteslag notes that a process lives, and forgets those that have been silent since foer.
func (tx *Tx) Hjerteslag(inkarnation string, foer time.Time) error {
	now := driver.Micro(tx.Now())
	if _, err := tx.Exec(`INSERT INTO inkarnation (id, startet, sidst) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET sidst = excluded.sidst`, inkarnation, now, now); err != nil {
		return err
	}
	_, err := tx.Exec(`DELETE FROM inkarnation WHERE sidst < ?`, driver.Micro(foer))
	return err
}

// EndDoede ends at once the leases, named ones too, of processes that no longer show signs of life. An owner's name begins with the
// process's, which has laengde characters; remote carriers are not among them.
func (tx *Tx) EndDoede(forled string, laengde int) (int64, error) {
	if _, err := tx.Exec(`UPDATE leje SET lejet_til = 0 WHERE lejet_til > 0 AND ejer LIKE ? AND substr(ejer, 1, ?) NOT IN (SELECT id FROM inkarnation)`, forled+"%", laengde); err != nil {
		return 0, err
	}
	return tx.Exec(`UPDATE leverance SET lejet_til = 0 WHERE tilstand = 'UnderLevering' AND lejet_til > 0 AND ejer LIKE ? AND substr(ejer, 1, ?) NOT IN (SELECT id FROM inkarnation)`,
		forled+"%", laengde)
}

// NaesteTid is when the first waiting leverance of the abonnement is due; zero when none waits.
func (tx *Tx) NaesteTid(abonnement mox.AbonnementID) (time.Time, error) {
	n, ok, err := one(tx, tal, `SELECT naeste FROM leverance WHERE abonnement = ? AND blokeret = 0 AND tilstand IN ('Afventer', 'Udsat') ORDER BY naeste LIMIT 1`, string(abonnement))
	if !ok || err != nil {
		return time.Time{}, err
	}
	return driver.Tid(n), nil
}

// Forsoeg is one attempt at a leverance.
type Forsoeg struct {
	Leverance int64
	Nr        int
	Begyndt   time.Time
	Afsluttet time.Time // zero = no outcome known
	Ejer      string
	Resultat  mox.Resultat
	Kode      string
	Tekst     string
	Svar      []byte
	ForSent   bool // the outcome came after the lease had ended, and changed nothing
}

// InsertForsoeg writes an attempt down before it is made.
func (tx *Tx) InsertForsoeg(leverance int64, nr int, ejer string) error {
	_, err := tx.Exec(`INSERT INTO forsoeg (leverance, nr, begyndt, ejer) VALUES (?, ?, ?, ?)`, leverance, nr, driver.Micro(tx.Now()), ejer)
	return err
}

// AfslutForsoeg writes what came of an attempt, as f.Ejer tells it ("" = whoever made it). The first outcome that was known
// stands; ok is false when there was one already, or no such attempt of that owner.
func (tx *Tx) AfslutForsoeg(f Forsoeg) (ok bool, err error) {
	n, err := tx.Exec(`UPDATE forsoeg SET afsluttet = ?, resultat = ?, kode = ?, tekst = ?, svar = ?, for_sent = ? WHERE leverance = ? AND nr = ?
		AND (afsluttet = 0 OR (resultat = 'ukendt' AND ? <> 'ukendt')) AND ? IN ('', ejer)`,
		driver.Micro(tx.Now()), string(f.Resultat), ren(f.Kode), ren(f.Tekst), f.Svar, bit(f.ForSent), f.Leverance, f.Nr, string(f.Resultat), f.Ejer)
	return n == 1, err
}

// SletForsoeg forgets an attempt that was never begun.
func (tx *Tx) SletForsoeg(leverance int64, nr int) error {
	_, err := tx.Exec(`DELETE FROM forsoeg WHERE leverance = ? AND nr = ? AND afsluttet = 0`, leverance, nr)
	return err
}

// ForsoegAf are a leverance's attempts, first to last.
func (tx *Tx) ForsoegAf(leverance int64) ([]Forsoeg, error) {
	return all(tx, func(scan func(...any) error) (Forsoeg, error) {
		f := Forsoeg{Leverance: leverance}
		var begyndt, afsluttet, sent int64
		err := scan(&f.Nr, &begyndt, &afsluttet, &f.Ejer, &f.Resultat, &f.Kode, &f.Tekst, &f.Svar, &sent)
		f.Begyndt, f.Afsluttet, f.ForSent = driver.Tid(begyndt), driver.Tid(afsluttet), sent != 0
		return f, err
	}, `SELECT nr, begyndt, afsluttet, ejer, resultat, kode, tekst, svar, for_sent FROM forsoeg WHERE leverance = ? ORDER BY nr`, leverance)
}

// SaetPause pauses or resumes an abonnement; its backlog is kept.
func (tx *Tx) SaetPause(a mox.AbonnementID, pause bool, begrundelse string) error {
	_, err := tx.Exec(`INSERT INTO abonnementstand (abonnement, pause, begrundelse, aendret) VALUES (?, ?, ?, ?)
		ON CONFLICT (abonnement) DO UPDATE SET pause = excluded.pause, begrundelse = excluded.begrundelse, aendret = excluded.aendret`,
		string(a), bit(pause), ren(begrundelse), driver.Micro(tx.Now()))
	return err
}

// Stand is how an abonnement's backlog looks.
type Stand struct {
	Abonnement   mox.AbonnementID
	Antal        map[mox.LeveranceTilstand]int
	Blokeret     int       // of the open ones: held back by an earlier one
	Aeldste      time.Time // when the oldest open one was made; zero = none open
	AeldsteKlar  time.Time // of those that wait for nobody but the receiver; zero = none
	SidstLeveret time.Time
	Pause        bool
	PauseSiden   time.Time
	PauseFordi   string
}

// Stande gives the backlog of every abonnement that has or had leverancer or a pause.
func (tx *Tx) Stande() (map[mox.AbonnementID]*Stand, error) {
	ud := map[mox.AbonnementID]*Stand{}
	hent := func(id mox.AbonnementID) *Stand {
		if ud[id] == nil {
			ud[id] = &Stand{Abonnement: id, Antal: map[mox.LeveranceTilstand]int{}}
		}
		return ud[id]
	}
	_, err := all(tx, func(scan func(...any) error) (struct{}, error) {
		var id mox.AbonnementID
		var t mox.LeveranceTilstand
		var antal, blokeret int
		var aeldste, klar, nyeste int64
		err := scan(&id, &t, &antal, &blokeret, &aeldste, &klar, &nyeste)
		s := hent(id)
		s.Antal[t] = antal
		if t.Holder() {
			s.Blokeret += blokeret
			if a := driver.Tid(aeldste); s.Aeldste.IsZero() || a.Before(s.Aeldste) {
				s.Aeldste = a
			}
		}
		if k := driver.Tid(klar); !k.IsZero() && (t == mox.Afventer || t == mox.UnderLevering || t == mox.Udsat) && (s.AeldsteKlar.IsZero() || k.Before(s.AeldsteKlar)) {
			s.AeldsteKlar = k
		}
		if t == mox.Leveret {
			s.SidstLeveret = driver.Tid(nyeste)
		}
		return struct{}{}, err
	}, `SELECT abonnement, tilstand, COUNT(*), SUM(blokeret), MIN(oprettet), COALESCE(MIN(CASE WHEN blokeret = 0 THEN oprettet END), 0), MAX(aendret) FROM leverance GROUP BY abonnement, tilstand`)
	if err != nil {
		return nil, err
	}
	_, err = all(tx, func(scan func(...any) error) (struct{}, error) {
		var id mox.AbonnementID
		var pause, siden int64
		var fordi string
		err := scan(&id, &pause, &fordi, &siden)
		if s := hent(id); pause != 0 {
			s.Pause, s.PauseFordi, s.PauseSiden = true, fordi, driver.Tid(siden)
		}
		return struct{}{}, err
	}, `SELECT abonnement, pause, begrundelse, aendret FROM abonnementstand`)
	return ud, err
}

// HarUkendtForsoeg reports whether some attempt at bringing the besked to the abonnement ended without a known outcome, in
// any omgang.
func (tx *Tx) HarUkendtForsoeg(besked int64, a mox.AbonnementID) (bool, error) {
	_, ok, err := one(tx, tal, `SELECT 1 FROM forsoeg f JOIN leverance l ON l.id = f.leverance WHERE l.besked = ? AND l.abonnement = ? AND (f.resultat = 'ukendt' OR f.afsluttet = 0) LIMIT 1`,
		besked, string(a))
	return ok, err
}

// Uafklaret is a leverance that has been tried, and of whose effect nothing is known yet.
type Uafklaret struct {
	Leverance  int64
	ObjektID   mox.ObjektID
	ObjektType mox.ObjektType
}

// Uafklarede are the abonnement's leverancer of which an attempt is under way, or has ended without a known outcome. The latter
// only where the first such attempt ended after siden.
func (tx *Tx) Uafklarede(a mox.AbonnementID, siden time.Time) ([]Uafklaret, error) {
	return all(tx, func(scan func(...any) error) (u Uafklaret, err error) {
		err = scan(&u.Leverance, &u.ObjektID, &u.ObjektType)
		return u, err
	}, `SELECT l.id, b.objekt_id, b.objekttype FROM leverance l JOIN besked b ON b.nr = l.besked WHERE l.abonnement = ? AND l.tilstand = 'UnderLevering' AND l.lejet_til >= 0
		UNION SELECT l.id, b.objekt_id, b.objekttype FROM forsoeg f JOIN leverance l ON l.id = f.leverance JOIN besked b ON b.nr = l.besked
		WHERE f.resultat = 'ukendt' AND f.afsluttet > ? AND l.abonnement = ? AND l.tilstand IN ('Udsat', 'Uvis')
			AND NOT EXISTS (SELECT 1 FROM forsoeg g WHERE g.leverance = l.id AND g.resultat = 'ukendt' AND g.afsluttet <= ?)`,
		string(a), driver.Micro(siden), string(a), driver.Micro(siden))
}

// OverGyldigTil finds waiting leverancer whose besked is past its gyldigTil, at most n. They may have changed when they
// have been locked.
func (tx *Tx) OverGyldigTil(n int) ([]Opgave, error) {
	return all(tx, scanOpgave, `SELECT `+beskedKolonner+`, `+leveranceKolonner+` FROM besked b JOIN leverance l ON l.besked = b.nr
		WHERE b.gyldig_til > 0 AND b.gyldig_til <= ? AND l.tilstand IN ('Afventer', 'Udsat') ORDER BY l.id LIMIT ?`, driver.Micro(tx.Now()), n)
}

// AfgoerForsoeg notes, on a person's word, that no earlier attempt at bringing the besked to the abonnement had effect.
func (tx *Tx) AfgoerForsoeg(besked int64, a mox.AbonnementID) error {
	_, err := tx.Exec(`UPDATE forsoeg SET resultat = 'midlertidig', afsluttet = CASE WHEN afsluttet = 0 THEN ? ELSE afsluttet END
		WHERE (resultat = 'ukendt' OR afsluttet = 0) AND leverance IN (SELECT id FROM leverance WHERE besked = ? AND abonnement = ?)`, driver.Micro(tx.Now()), besked, string(a))
	return err
}

// LeveredeOmgange counts the omgange in which the besked was delivered to the abonnement.
func (tx *Tx) LeveredeOmgange(besked int64, a mox.AbonnementID) (int, error) {
	n, err := tal(tx.QueryRow(`SELECT COUNT(*) FROM leverance WHERE besked = ? AND abonnement = ? AND tilstand = 'Leveret'`, besked, string(a)).Scan)
	return int(n), err
}

// IGang counts the leverancer that move by themselves: under delivery, or ready now or at a stated time.
func (tx *Tx) IGang() (int64, error) {
	return tal(tx.QueryRow(`SELECT COUNT(*) FROM leverance WHERE tilstand = 'UnderLevering' OR (tilstand IN ('Afventer', 'Udsat') AND blokeret = 0)`).Scan)
}

// Ventetider are the times from acceptance to delivery of every delivered leverance, in microseconds, shortest first.
func (tx *Tx) Ventetider() ([]int64, error) {
	return all(tx, tal, `SELECT aendret - oprettet FROM leverance WHERE tilstand = 'Leveret' ORDER BY 1`)
}

// LeverancerOm are the leverancer of the beskeder with this id, whoever sent them.
func (tx *Tx) LeverancerOm(id mox.BeskedID) ([]Leverance, error) {
	return all(tx, scanLeverance, `SELECT `+leveranceKolonner+` FROM besked b JOIN leverance l ON l.besked = b.nr WHERE b.id = ? ORDER BY l.id`, string(id))
}

// OverFrist finds leverancer whose Kvittering has not come in time, at most n. They may have changed when they have been
// locked.
func (tx *Tx) OverFrist(n int) ([]Opgave, error) {
	return all(tx, scanOpgave, `SELECT `+beskedKolonner+`, `+leveranceKolonner+` FROM leverance l JOIN besked b ON b.nr = l.besked
		WHERE l.frist > 0 AND l.frist <= ? ORDER BY l.frist LIMIT ?`, driver.Micro(tx.Now()), n)
}

// Uafsluttede are numbers of beskeder from a sender that some receiver has not ended, oldest first, after the number efter;
// at most n.
func (tx *Tx) Uafsluttede(afsender string, efter int64, n int) ([]int64, error) {
	return all(tx, tal, `SELECT DISTINCT besked FROM leverance JOIN besked b ON b.nr = besked WHERE `+holder+` AND besked > ? AND b.afsender = ? ORDER BY besked LIMIT ?`, efter, afsender, n)
}

package store

import (
	"bytes"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store/driver"
)

// Glemt is what is left of an objekt that has been erased.
type Glemt struct {
	Nr             int64          `json:"nr"`
	ObjektID       mox.ObjektID   `json:"objekt"`
	ObjektType     mox.ObjektType `json:"objekttype"`
	Tid            time.Time      `json:"tid"`
	Hvem           string         `json:"hvem"`
	Begrundelse    string         `json:"begrundelse"`
	Hjemmel        string         `json:"hjemmel"`
	Registreringer int64          `json:"registreringer"` // how many there were
}

const glemtKolonner = `g.nr, g.objekt, g.objekttype, g.tid, g.hvem, g.begrundelse, g.hjemmel, g.registreringer`

func scanGlemt(scan func(...any) error) (g Glemt, err error) {
	var tid int64
	err = scan(&g.Nr, &g.ObjektID, &g.ObjektType, &tid, &g.Hvem, &g.Begrundelse, &g.Hjemmel, &g.Registreringer)
	g.Tid = driver.Tid(tid)
	return g, err
}

// Glemt finds what is left of an objekt; ok is false for one that has not been erased.
func (tx *Tx) Glemt(id mox.ObjektID) (Glemt, bool, error) {
	return one(tx, scanGlemt, `SELECT `+glemtKolonner+` FROM register_glemt g WHERE g.objekt = ?`, string(id))
}

// InsertGlemt writes it, and sets g.Nr, and g.Tid where that is zero. The caller holds the objekt's lock, and has found that
// it is not there.
func (tx *Tx) InsertGlemt(g *Glemt) error {
	if g.Tid.IsZero() {
		g.Tid = tx.Now()
	}
	return tx.QueryRow(`INSERT INTO register_glemt (objekt, objekttype, tid, hvem, begrundelse, hjemmel, registreringer) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING nr`,
		string(g.ObjektID), string(g.ObjektType), driver.Micro(g.Tid), ren(g.Hvem), ren(g.Begrundelse), ren(g.Hjemmel), g.Registreringer).Scan(&g.Nr)
}

// Glemte are the erased objekter before a number (0 = from the newest), the newest first, at most n; aabne are only those that
// some receiver has not confirmed.
func (tx *Tx) Glemte(foer int64, aabne bool, n int) ([]Glemt, error) {
	var w where
	if foer > 0 {
		w.og(`g.nr < ?`, foer)
	}
	if aabne {
		w.og(`g.objekt IN (SELECT m.objekt FROM register_glemt_modtager m WHERE m.slut = '')`)
	}
	return all(tx, scanGlemt, `SELECT `+glemtKolonner+` FROM register_glemt g`+w.sql()+` ORDER BY g.nr DESC LIMIT ?`, append(w.args, n)...)
}

// What a receiver's part in an erasure can come to.
const (
	SlutBekraeftet = "bekraeftet" // the objekt is erased there
	SlutLukket     = "lukket"     // a person has closed it
)

// Sletmodtager is a receiver that has had something of an erased objekt.
type Sletmodtager struct {
	ObjektID   mox.ObjektID
	Abonnement mox.AbonnementID
	System     string
	Besked     int64 // the order; 0 = it had ended when this was put back from another copy
	Frist      time.Time
	Slut       string // "" = it has not ended
	SlutTid    time.Time
	SlutAf     string // the person who said so; "" = the receiver itself
	SlutTekst  string
}

// InsertSletmodtager adds a receiver.
func (tx *Tx) InsertSletmodtager(m Sletmodtager) error {
	_, err := tx.Exec(`INSERT INTO register_glemt_modtager (objekt, abonnement, system, besked, frist, slut, slut_tid, slut_af, slut_tekst) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		string(m.ObjektID), string(m.Abonnement), m.System, m.Besked, driver.Micro(m.Frist), m.Slut, driver.Micro(m.SlutTid), ren(m.SlutAf), ren(m.SlutTekst))
	return err
}

// AfslutSletmodtager notes what came of it; ok is false where that was noted before.
func (tx *Tx) AfslutSletmodtager(m Sletmodtager) (ok bool, err error) {
	n, err := tx.Exec(`UPDATE register_glemt_modtager SET slut = ?, slut_tid = ?, slut_af = ?, slut_tekst = ? WHERE objekt = ? AND abonnement = ? AND slut = ''`,
		m.Slut, driver.Micro(tx.Now()), ren(m.SlutAf), ren(m.SlutTekst), string(m.ObjektID), string(m.Abonnement))
	return n == 1, err
}

// Sletstand is a receiver with the newest leverance of the order to it; Leverance.ID is 0 where there is none any more.
type Sletstand struct {
	Sletmodtager
	Leverance Leverance
}

const sletstand = `SELECT m.objekt, m.abonnement, m.system, m.besked, m.frist, m.slut, m.slut_tid, m.slut_af, m.slut_tekst,
	COALESCE(l.id, 0), COALESCE(l.tilstand, ''), COALESCE(l.kode, ''), COALESCE(l.aarsag, ''), COALESCE(l.forsoeg, 0), COALESCE(l.frist, 0), COALESCE(l.aendret, 0)
	FROM register_glemt_modtager m LEFT JOIN leverance l ON l.besked = m.besked AND l.abonnement = m.abonnement
	AND l.omgang = (SELECT MAX(n.omgang) FROM leverance n WHERE n.besked = m.besked AND n.abonnement = m.abonnement)`

func scanSletstand(scan func(...any) error) (s Sletstand, err error) {
	var frist, slut, lFrist, aendret int64
	l := &s.Leverance
	err = scan(&s.ObjektID, &s.Abonnement, &s.System, &s.Besked, &frist, &s.Slut, &slut, &s.SlutAf, &s.SlutTekst, &l.ID, &l.Tilstand, &l.Kode, &l.Aarsag, &l.Forsoeg, &lFrist, &aendret)
	s.Frist, s.SlutTid, l.Frist, l.Aendret = driver.Tid(frist), driver.Tid(slut), driver.Tid(lFrist), driver.Tid(aendret)
	return s, err
}

// Sletstande are the receivers of an erased objekt, by abonnement.
func (tx *Tx) Sletstande(id mox.ObjektID) ([]Sletstand, error) {
	return all(tx, scanSletstand, sletstand+` WHERE m.objekt = ? ORDER BY m.abonnement`, string(id))
}

// AfsluttedeSletninger are receivers whose leverance of the order has ended, and where that has not been noted; at most n.
func (tx *Tx) AfsluttedeSletninger(n int) ([]Sletstand, error) {
	return all(tx, scanSletstand, sletstand+` WHERE m.slut = '' AND (l.tilstand IN ('Leveret', 'Udloebet', 'Annulleret') OR l.tilstand = 'Overdraget' AND l.frist = 0)
		ORDER BY m.objekt, m.abonnement LIMIT ?`, n)
}

// SletfristTal is how many orders to an abonnement have not been confirmed in time.
type SletfristTal struct {
	Abonnement mox.AbonnementID
	Antal      int
	Aeldste    time.Time // the first frist that has passed
}

// SletningerOverFrist counts them, by abonnement.
func (tx *Tx) SletningerOverFrist() ([]SletfristTal, error) {
	return all(tx, func(scan func(...any) error) (s SletfristTal, err error) {
		var aeldste int64
		err = scan(&s.Abonnement, &s.Antal, &aeldste)
		s.Aeldste = driver.Tid(aeldste)
		return s, err
	}, `SELECT abonnement, COUNT(*), MIN(frist) FROM register_glemt_modtager WHERE slut = '' AND frist < ? GROUP BY abonnement ORDER BY abonnement`, driver.Micro(tx.Now()))
}

// omObjektet leaves out what only tells of deliveries.
const omObjektet = `b.type NOT IN ('Kvittering', 'Fejlbesked', 'Sletning')`

// HarFaaet are the abonnementer that have had a besked about the objekt: it was delivered, or tried, or read in the feed. Each
// is given with the newest configuration version that such a besked was matched with.
func (tx *Tx) HarFaaet(id mox.ObjektID) (ud map[mox.AbonnementID]int64, err error) {
	ud = map[mox.AbonnementID]int64{}
	_, err = all(tx, func(scan func(...any) error) (struct{}, error) {
		var a mox.AbonnementID
		var konfiguration int64
		err := scan(&a, &konfiguration)
		ud[a] = konfiguration
		return struct{}{}, err
	}, `SELECT l.abonnement, MAX(b.konfiguration) FROM besked b JOIN leverance l ON l.besked = b.nr LEFT JOIN feedlaest f ON f.abonnement = l.abonnement
		WHERE b.objekt_id = ? AND `+omObjektet+` AND (l.forsoeg > 0 OR l.tilstand IN ('Leveret', 'Overdraget') OR b.logposition <= f.position) GROUP BY l.abonnement`, string(id))
	return ud, err
}

// NoterFeed notes that the abonnement's feed has been given out up to a position.
func (tx *Tx) NoterFeed(a mox.AbonnementID, position int64) error {
	_, err := tx.Exec(`INSERT INTO feedlaest (abonnement, position) VALUES (?, ?) ON CONFLICT (abonnement) DO UPDATE SET position = excluded.position WHERE feedlaest.position < excluded.position`,
		string(a), position)
	return err
}

// KilderTil are the systems that have told of the objekt, by name.
func (tx *Tx) KilderTil(id mox.ObjektID) ([]string, error) {
	return all(tx, ord, `SELECT b.afsender FROM besked b WHERE b.objekt_id = ? AND b.afsender <> '' AND `+omObjektet+`
		UNION SELECT o.kildesystem FROM objektstand o WHERE o.objekt_id = ? ORDER BY 1`, string(id), string(id))
}

// ErFortalt reports whether there is a besked about the objekt, of that type, or a source's word of it.
func (tx *Tx) ErFortalt(id mox.ObjektID, t mox.ObjektType) (bool, error) {
	_, ok, err := one(tx, tal, `SELECT 1 FROM besked WHERE objekt_id = ? AND objekttype = ? UNION ALL SELECT 1 FROM objektstand WHERE objekt_id = ? AND objekttype = ? LIMIT 1`,
		string(id), string(t), string(id), string(t))
	return ok, err
}

// BeskederOm are all beskeder about an objekt, oldest first, without their content.
func (tx *Tx) BeskederOm(id mox.ObjektID) ([]Besked, error) {
	return all(tx, scanBesked, `SELECT `+strings.Replace(beskedKolonner, "b.indhold,", "NULL,", 1)+` FROM besked b WHERE b.objekt_id = ? ORDER BY b.nr`, string(id))
}

// AabneOm are the leverancer of beskeder about an objekt that have not ended.
func (tx *Tx) AabneOm(id mox.ObjektID) ([]int64, error) {
	return all(tx, tal, `SELECT l.id FROM leverance l JOIN besked b ON b.nr = l.besked WHERE b.objekt_id = ? AND `+strings.NewReplacer("tilstand", "l.tilstand", "frist", "l.frist").Replace(holder)+` ORDER BY l.id`, string(id))
}

// DokumenterOm are the documents that the register's objekt, or a besked about it, refers to.
func (tx *Tx) DokumenterOm(id mox.ObjektID) ([]string, error) {
	return all(tx, ord, `SELECT i.sha256 FROM indhold i WHERE i.sha256 IN (SELECT r.sha256 FROM indhold_ref r JOIN besked b ON b.nr = r.besked WHERE b.objekt_id = ?)
		OR 'urn:mox:indhold:sha256:' || i.sha256 IN (SELECT f.vaerdi FROM register_felt f JOIN register_objekt o ON o.nr = f.objekt WHERE o.uuid = ? AND f.felt = 'Dokument.d.indhold') ORDER BY i.sha256`,
		string(id), string(id))
}

// SletRegisterobjekt erases an objekt of the register with all its registreringer, and tells how many there were.
func (tx *Tx) SletRegisterobjekt(objekt int64) (n int64, err error) {
	if err := tx.hver(objekt, `DELETE FROM register_graense WHERE objekt = ?`, `DELETE FROM register_felt WHERE objekt = ?`); err != nil {
		return 0, err
	}
	if n, err = tx.Exec(`DELETE FROM register_registrering WHERE objekt = ?`, objekt); err != nil {
		return n, err
	}
	return n, tx.hver(objekt, `DELETE FROM register_objekt WHERE nr = ?`)
}

// SletPersonligt erases a besked's content, and all of the rest that tells of more than which besked it was, about which
// objekt, and who was given it when. What recognises a repeat stays.
func (tx *Tx) SletPersonligt(b *Besked) error {
	if err := tx.SletIndhold(b.Nr); err != nil {
		return err
	}
	if b.ID != "" { // else retention has been here
		meta, err := pakMetadata(&mox.Besked{ID: b.ID, Version: b.Version, Type: b.Type, ObjektID: b.ObjektID, ObjektType: b.ObjektType, LivscyklusKode: b.LivscyklusKode,
			Registreringstid: b.Registreringstid, ProcesID: b.ProcesID, ForaarsagetAf: b.ForaarsagetAf, GyldigTil: b.GyldigTil, Kildesystem: b.Kildesystem})
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`UPDATE besked SET metadata = ?, indholdstype = '' WHERE nr = ?`, meta, b.Nr); err != nil {
			return err
		}
	}
	return tx.hver(b.Nr, `DELETE FROM besked_relateret WHERE besked = ?`, `UPDATE kvittering SET begrundelse = '' WHERE besked = ? AND begrundelse <> ''`,
		`UPDATE leverance SET kode = '', aarsag = '' WHERE besked = ? AND kode <> 'glemt'`,
		`UPDATE forsoeg SET kode = '', tekst = '', svar = NULL WHERE leverance IN (SELECT id FROM leverance WHERE besked = ?)`)
}

// fejltekstGlemt is what a Fejl about an erased objekt says.
const fejltekstGlemt = "indholdet er slettet for altid"

// SletFejlOm closes the Fejl about an objekt, its beskeder and their leverancer, and erases what they tell. n is how many
// there were.
func (tx *Tx) SletFejlOm(id mox.ObjektID, hvem string) (n int64, err error) {
	const om = `(objekt_id = ? OR besked > 0 AND besked IN (SELECT nr FROM besked WHERE objekt_id = ?)
		OR leverance > 0 AND leverance IN (SELECT l.id FROM leverance l JOIN besked b ON b.nr = l.besked WHERE b.objekt_id = ?))`
	x := string(id)
	if _, err := tx.Exec(`UPDATE fejl SET status = 'lukket', lukket = ?, lukket_af = ?, lukket_ved = 'glem' WHERE status = 'aaben' AND `+om, driver.Micro(tx.Now()), ren(hvem), x, x, x); err != nil {
		return 0, err
	}
	return tx.Exec(`UPDATE fejl SET raa = NULL, sted = '', finger = '', kode = 'glemt', tekst = ?, raad = '', begrundelse = '' WHERE `+om, fejltekstGlemt, x, x, x)
}

// SletUkendteFejl erases, of the Fejl about no known objekt, what came that names this one; n is how many there were.
func (tx *Tx) SletUkendteFejl(id mox.ObjektID, hvem string) (n int64, err error) {
	fundne, err := all(tx, func(scan func(...any) error) (int64, error) {
		var nr int64
		var raa []byte
		err := scan(&nr, &raa)
		if !bytes.Contains(bytes.ToLower(raa), []byte(id)) {
			nr = 0
		}
		return nr, err
	}, `SELECT id, raa FROM fejl WHERE objekt_id = '' AND raa IS NOT NULL`)
	for _, nr := range fundne {
		if nr == 0 || err != nil {
			continue
		}
		n++
		if _, err = tx.LukFejl(nr, hvem, "glem", ""); err == nil {
			_, err = tx.Exec(`UPDATE fejl SET raa = NULL, sted = '', finger = '', kode = 'glemt', tekst = ?, raad = '' WHERE id = ?`, fejltekstGlemt, nr)
		}
	}
	return n, err
}

// SletStand erases what sources have said of an objekt and what MOX has written of it, and by which keys it is known; but for
// the keys in the systems beholder, which are to be told what to erase. n is how many sources there were.
func (tx *Tx) SletStand(id mox.ObjektID, beholder []string) (n int64, err error) {
	if _, err := tx.Exec(`DELETE FROM ekko WHERE objekt_id = ?`, string(id)); err != nil {
		return 0, err
	}
	for _, tabel := range []string{"identitet", "henvisning"} {
		args := []any{string(id)}
		for _, s := range beholder {
			args = append(args, s)
		}
		if _, err := tx.Exec(`DELETE FROM `+tabel+` WHERE objekt_id = ? AND system NOT IN (''`+strings.Repeat(`, ?`, len(beholder))+`)`, args...); err != nil {
			return 0, err
		}
	}
	return tx.Exec(`DELETE FROM objektstand WHERE objekt_id = ?`, string(id))
}

// GlemNoegler forgets the keys of an erased objekt in a system, unless some receiver of that system has not ended.
func (tx *Tx) GlemNoegler(id mox.ObjektID, system string) error {
	for _, tabel := range []string{"identitet", "henvisning"} {
		if _, err := tx.Exec(`DELETE FROM `+tabel+` WHERE objekt_id = ? AND system = ?
			AND NOT EXISTS (SELECT 1 FROM register_glemt_modtager m WHERE m.objekt = ? AND m.system = ? AND m.slut = '')`, string(id), system, string(id), system); err != nil {
			return err
		}
	}
	return nil
}

// OpgivDokument forgets a document that nothing refers to, and notes that its bytes are to go from the disk. The caller holds
// its lock.
func (tx *Tx) OpgivDokument(sha string) (ok bool, err error) {
	if ok, err = tx.SletDokument(sha, tx.Now().Add(time.Microsecond)); err != nil || !ok {
		return false, err
	}
	_, err = tx.Exec(`INSERT INTO indhold_slettes (sha256, tid) VALUES (?, ?) ON CONFLICT (sha256) DO NOTHING`, sha, driver.Micro(tx.Now()))
	return true, err
}

// OpgivneDokumenter are documents whose bytes are to go from the disk, at most n.
func (tx *Tx) OpgivneDokumenter(n int) ([]string, error) {
	return all(tx, ord, `SELECT sha256 FROM indhold_slettes ORDER BY sha256 LIMIT ?`, n)
}

// DokumentErVaek notes that a document's bytes have gone from the disk, or are a document's again.
func (tx *Tx) DokumentErVaek(sha string) error {
	_, err := tx.Exec(`DELETE FROM indhold_slettes WHERE sha256 = ?`, sha)
	return err
}

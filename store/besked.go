package store

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store/driver"
)

// Besked is a stored besked.
type Besked struct {
	Nr            int64 // MOX's own number; for one objekt it grows in the order of acceptance
	Afsender      string
	Modtaget      time.Time
	Konfiguration int64 // the configuration version it was matched with
	Dybde         int   // length of its foraarsagetAf chain
	Logposition   int64 // 0 = not yet given
	Digest        []byte
	Salt          []byte
	Indholdshash  []byte
	mox.Besked
}

// IndholdSlettet reports whether the content has been erased, by retention or with its objekt.
func (b *Besked) IndholdSlettet() bool { return b.Salt == nil }

// metadata is a besked's fields as they are stored.
type metadata struct {
	Felter    map[string][]string `json:"felter"`
	Relateret []mox.Relateret     `json:"relateret,omitempty"`
}

func pakMetadata(b *mox.Besked) (string, error) {
	m := metadata{Felter: map[string][]string{}, Relateret: b.Relateret}
	for _, f := range mox.Beskedfelter() {
		if v := f.Hent(b); len(v) > 0 {
			m.Felter[f.Navn] = v
		}
	}
	ud, err := json.Marshal(m)
	return string(ud), err
}

func udpakMetadata(s string, b *mox.Besked) error {
	var m metadata
	if err := json.Unmarshal([]byte(s), &m); err != nil {
		return fmt.Errorf("store: besked metadata: %w", err)
	}
	for navn, v := range m.Felter {
		f, ok := mox.BeskedfeltAf(navn)
		if !ok {
			continue // written by a newer program
		}
		if err := f.Saet(b, v); err != nil {
			return fmt.Errorf("store: besked metadata: %w", err)
		}
	}
	b.Relateret = m.Relateret
	return nil
}

// InsertBesked stores b and sets b.Nr. ok is false when the sender has used the id before, or the objekt has been erased and b
// is more than a word about a delivery or about the erasure; then nothing is written.
func (tx *Tx) InsertBesked(b *Besked) (ok bool, err error) {
	meta, err := pakMetadata(&b.Besked)
	if err != nil {
		return false, err
	}
	b.Modtaget = tx.Now()
	ikkeGlemt := string(b.ObjektID)
	if b.UdenRegistrering() {
		ikkeGlemt = ""
	}
	nr, ok, err := one(tx, tal, `INSERT INTO besked (id, afsender, digest, type, objekt_id, objekttype, livscyklus, kildesystem, foraarsaget_af,
		dybde, gyldig_til, registreringstid, metadata, indholdstype, indhold, salt, indholdshash, konfiguration, modtaget)
		SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM register_glemt WHERE objekt = ?)
		ON CONFLICT (afsender, id) DO NOTHING RETURNING nr`,
		string(b.ID), b.Afsender, b.Digest, b.Type, string(b.ObjektID), string(b.ObjektType), string(b.LivscyklusKode), b.Kildesystem,
		string(b.ForaarsagetAf), b.Dybde, driver.Micro(b.GyldigTil), driver.Micro(b.Registreringstid), meta, b.Indholdstype, b.Indhold,
		b.Salt, b.Indholdshash, b.Konfiguration, driver.Micro(b.Modtaget), ikkeGlemt)
	if err != nil || !ok {
		return false, err
	}
	b.Nr = nr
	for _, p := range b.ProcesID {
		if _, err := tx.Exec(`INSERT INTO besked_proces (proces_id, besked) VALUES (?, ?) ON CONFLICT DO NOTHING`, p, nr); err != nil {
			return false, err
		}
	}
	for _, r := range b.Relateret {
		if _, err := tx.Exec(`INSERT INTO besked_relateret (pseudonym, besked, rolle) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`,
			tx.s.Pseudonym(r.ID), nr, r.Rolle); err != nil {
			return false, err
		}
	}
	return true, nil
}

const beskedKolonner = `b.nr, b.afsender, b.digest, b.metadata, b.indholdstype, b.indhold, b.salt, b.indholdshash, b.konfiguration, b.dybde, b.modtaget, b.logposition`

func scanBesked(scan func(...any) error) (Besked, error) {
	var b Besked
	err := b.scan(scan)
	return b, err
}

func (b *Besked) scan(scan func(...any) error, andre ...any) error {
	meta, err := b.scanRaa(scan, andre...)
	if err != nil || meta == nil {
		return err // without metadata the content has been deleted
	}
	return udpakMetadata(*meta, &b.Besked)
}

// scanRaa reads a row, and leaves its metadata as they stand.
func (b *Besked) scanRaa(scan func(...any) error, andre ...any) (meta *string, err error) {
	var modtaget int64
	var position *int64
	if err := scan(append([]any{&b.Nr, &b.Afsender, &b.Digest, &meta, &b.Indholdstype, &b.Indhold, &b.Salt, &b.Indholdshash, &b.Konfiguration,
		&b.Dybde, &modtaget, &position}, andre...)...); err != nil {
		return nil, err
	}
	b.Modtaget = driver.Tid(modtaget)
	if position != nil {
		b.Logposition = *position
	}
	return meta, nil
}

// BeskedFra finds the besked a sender has given an id.
func (tx *Tx) BeskedFra(afsender string, id mox.BeskedID) (Besked, bool, error) {
	return one(tx, scanBesked, `SELECT `+beskedKolonner+` FROM besked b WHERE b.afsender = ? AND b.id = ?`, afsender, string(id))
}

// BeskedNr finds a besked by MOX's own number.
func (tx *Tx) BeskedNr(nr int64) (Besked, bool, error) {
	return one(tx, scanBesked, `SELECT `+beskedKolonner+` FROM besked b WHERE b.nr = ?`, nr)
}

// BeskederMedID finds every besked with the id; two senders may have chosen the same.
func (tx *Tx) BeskederMedID(id mox.BeskedID) ([]Besked, error) {
	return all(tx, scanBesked, `SELECT `+beskedKolonner+` FROM besked b WHERE b.id = ? ORDER BY b.nr`, string(id))
}

// Led is one link of a chain of foraarsagetAf.
type Led struct {
	Nr            int64
	ObjektID      mox.ObjektID
	Kildesystem   string
	ForaarsagetAf mox.BeskedID
}

// Led finds the newest besked with the id, as a link.
func (tx *Tx) Led(id mox.BeskedID) (Led, bool, error) {
	return one(tx, func(scan func(...any) error) (Led, error) {
		var l Led
		err := scan(&l.Nr, &l.ObjektID, &l.Kildesystem, &l.ForaarsagetAf)
		return l, err
	}, `SELECT nr, objekt_id, kildesystem, foraarsaget_af FROM besked WHERE id = ? ORDER BY nr DESC LIMIT 1`, string(id))
}

// BeskederIProces finds every besked that carries the procesID, oldest first.
func (tx *Tx) BeskederIProces(procesID string) ([]Besked, error) {
	return all(tx, scanBesked, `SELECT `+beskedKolonner+` FROM besked b JOIN besked_proces p ON p.besked = b.nr WHERE p.proces_id = ? ORDER BY b.nr`, procesID)
}

// Beskedsoegning selects beskeder; empty fields select all.
type Beskedsoegning struct {
	ID        string
	ObjektID  string
	ProcesID  string
	Afsender  string
	Type      string
	Relateret string // a CPR or CVR URN or a UUID; looked up by its pseudonym
	FoerNr    int64  // only older ones: for paging
	Antal     int
}

// Beskeder finds beskeder, newest first.
func (tx *Tx) Beskeder(s Beskedsoegning) ([]Besked, error) {
	var w where
	w.hvis(s.ID, `b.id = ?`)
	w.hvis(s.ObjektID, `b.objekt_id = ?`)
	w.hvis(s.Afsender, `b.afsender = ?`)
	w.hvis(s.Type, `b.type = ?`)
	w.hvis(s.ProcesID, `b.nr IN (SELECT besked FROM besked_proces WHERE proces_id = ?)`)
	if s.Relateret != "" {
		w.og(`b.nr IN (SELECT besked FROM besked_relateret WHERE pseudonym = ?)`, tx.s.Pseudonym(s.Relateret))
	}
	if s.FoerNr > 0 {
		w.og(`b.nr < ?`, s.FoerNr)
	}
	return all(tx, scanBesked, `SELECT `+beskedKolonner+` FROM besked b`+w.sql()+` ORDER BY b.nr DESC LIMIT ?`, append(w.args, s.Antal)...)
}

// where collects conditions that must all hold. The texts are ours; values are always bound.
type where struct {
	led  []string
	args []any
}

func (w *where) og(led string, args ...any) {
	w.led = append(w.led, led)
	w.args = append(w.args, args...)
}

func (w *where) hvis(v, led string) {
	if v != "" {
		w.og(led, v)
	}
}

func (w *where) sql() string {
	if len(w.led) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.led, " AND ")
}

// UdenPosition finds accepted beskeder that have no logposition yet, at most n. Only Nr and Indholdshash are read: that is
// all the log is about.
func (tx *Tx) UdenPosition(n int) ([]Besked, error) {
	return all(tx, func(scan func(...any) error) (b Besked, err error) {
		err = scan(&b.Nr, &b.Indholdshash)
		return b, err
	}, `SELECT nr, indholdshash FROM besked WHERE logposition IS NULL ORDER BY nr LIMIT ?`, n)
}

// SidstePosition is the newest logposition and its chain link; 0 and nil in an empty log.
func (tx *Tx) SidstePosition() (position int64, kaede []byte, err error) {
	err = tx.QueryRow(`SELECT logposition, kaede FROM besked WHERE logposition IS NOT NULL ORDER BY logposition DESC LIMIT 1`).Scan(&position, &kaede)
	if none(err) {
		return 0, nil, nil
	}
	return position, kaede, err
}

// SaetPosition gives a besked its place in the log.
func (tx *Tx) SaetPosition(nr, position int64, kaede []byte) error {
	_, err := tx.Exec(`UPDATE besked SET logposition = ?, kaede = ? WHERE nr = ? AND logposition IS NULL`, position, kaede, nr)
	return err
}

// GemKonfiguration stores a configuration text, which names nobody in clear, and gives its version; the same text has the
// same version.
func (tx *Tx) GemKonfiguration(sha, indhold string) (int64, error) {
	if _, err := tx.Exec(`INSERT INTO konfiguration (sha256, indhold, oprettet, pseudonym) VALUES (?, ?, ?, 1) ON CONFLICT (sha256) DO NOTHING`,
		sha, indhold, driver.Micro(tx.Now())); err != nil {
		return 0, err
	}
	return tal(tx.QueryRow(`SELECT version FROM konfiguration WHERE sha256 = ?`, sha).Scan)
}

// GemListeversioner stores a configuration that differs from the version grundlag only in the versions of its lists, and
// gives its own; the same has the same version.
func (tx *Tx) GemListeversioner(grundlag int64, lister string) (int64, error) {
	sha := fmt.Sprintf("%d %s", grundlag, lister) // stands where others have the digest of a text: it is unique
	if _, err := tx.Exec(`INSERT INTO konfiguration (sha256, indhold, lister, grundlag, pseudonym, oprettet) VALUES (?, '', ?, ?, 1, ?) ON CONFLICT (sha256) DO NOTHING`,
		sha, lister, grundlag, driver.Micro(tx.Now())); err != nil {
		return 0, err
	}
	return tal(tx.QueryRow(`SELECT version FROM konfiguration WHERE sha256 = ?`, sha).Scan)
}

// Konfiguration reads a stored configuration version.
func (tx *Tx) Konfiguration(version int64) (string, bool, error) {
	return one(tx, ord, `SELECT COALESCE(g.indhold, k.indhold) FROM konfiguration k LEFT JOIN konfiguration g ON g.version = k.grundlag WHERE k.version = ?`, version)
}

// Konfigurationsversion is a stored configuration and when it was first used.
type Konfigurationsversion struct {
	Version  int64
	Oprettet time.Time
	Indhold  string
}

// Konfigurationer are the stored configurations older than the version foer, newest first, at most n; those that differ from
// one of them in the versions of lists only are left out.
func (tx *Tx) Konfigurationer(foer int64, n int) ([]Konfigurationsversion, error) {
	return all(tx, func(scan func(...any) error) (k Konfigurationsversion, err error) {
		var oprettet int64
		err = scan(&k.Version, &oprettet, &k.Indhold)
		k.Oprettet = driver.Tid(oprettet)
		return k, err
	}, `SELECT version, oprettet, indhold FROM konfiguration WHERE version < ? AND grundlag = 0 ORDER BY version DESC LIMIT ?`, foer, n)
}

// Listeversioner are the versions of the lists in a stored configuration version, as they were stored; "" = it has none.
func (tx *Tx) Listeversioner(version int64) (string, error) {
	v, _, err := one(tx, ord, `SELECT lister FROM konfiguration WHERE version = ?`, version)
	return v, err
}

// OmskrivKonfigurationer replaces up to n configuration texts that may name somebody in clear by what ny makes of them, and
// tells how many there were.
func (tx *Tx) OmskrivKonfigurationer(n int, ny func(string) (string, error)) (int, error) {
	versioner, err := all(tx, tal, `SELECT version FROM konfiguration WHERE pseudonym = 0 ORDER BY version LIMIT ?`, n)
	for _, v := range versioner {
		tekst, _, err := tx.Konfiguration(v)
		if err != nil {
			return 0, err
		}
		if tekst, err = ny(tekst); err != nil {
			return 0, fmt.Errorf("konfiguration %d: %w", v, err)
		}
		if _, err := tx.Exec(`UPDATE konfiguration SET indhold = ?, pseudonym = 1 WHERE version = ?`, tekst, v); err != nil {
			return 0, err
		}
	}
	return len(versioner), err
}

// InsertKvittering writes a receipt about the besked nr.
func (tx *Tx) InsertKvittering(nr int64, k mox.Kvittering) error {
	_, err := tx.Exec(`INSERT INTO kvittering (besked, abonnement, art, antal, begrundelse, tid) VALUES (?, ?, ?, ?, ?, ?)`,
		nr, string(k.Abonnement), string(k.Art), k.Antal, ren(k.Begrundelse), driver.Micro(tx.Now()))
	return err
}

// KvitterModtaget writes the first two receipts of every besked: it has been taken in, and sent to so many.
func (tx *Tx) KvitterModtaget(nr int64, antal int) error {
	now := driver.Micro(tx.Now())
	_, err := tx.Exec(`INSERT INTO kvittering (besked, abonnement, art, antal, tid) VALUES (?, '', 'modtaget', 0, ?), (?, '', 'sendt til', ?, ?)`, nr, now, nr, antal, now)
	return err
}

// Kvitteringer are a besked's receipts in the order they were given.
func (tx *Tx) Kvitteringer(nr int64) ([]mox.Kvittering, error) {
	return all(tx, func(scan func(...any) error) (mox.Kvittering, error) {
		var k mox.Kvittering
		var tid int64
		err := scan(&k.BeskedID, &k.Abonnement, &k.Art, &k.Antal, &k.Begrundelse, &tid)
		k.Tid = driver.Tid(tid)
		return k, err
	}, `SELECT b.id, k.abonnement, k.art, k.antal, k.begrundelse, k.tid FROM kvittering k JOIN besked b ON b.nr = k.besked WHERE k.besked = ? ORDER BY k.id`, nr)
}

// Tal counts all beskeder and all kvitteringer.
func (tx *Tx) Tal() (beskeder, kvitteringer int64, err error) {
	if beskeder, err = tal(tx.QueryRow(`SELECT COUNT(*) FROM besked`).Scan); err != nil {
		return 0, 0, err
	}
	kvitteringer, err = tal(tx.QueryRow(`SELECT COUNT(*) FROM kvittering`).Scan)
	return beskeder, kvitteringer, err
}

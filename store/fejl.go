package store

import (
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store/driver"
)

// FejlArt is what a Fejl is about.
type FejlArt string

// The kinds.
const (
	FejlPost      FejlArt = "post"      // a record that could not become a besked
	FejlBesked    FejlArt = "besked"    // a besked that could not be accepted
	FejlLeverance FejlArt = "leverance" // a leverance that could not be made
)

// Fejl is one thing that a person must decide.
type Fejl struct {
	ID          int64
	Art         FejlArt
	Aaben       bool
	Ansvar      mox.Ansvar
	Kode        string
	Tekst       string
	Raad        string
	System      string
	Kilde       string // agent/source of a record
	Sted        string // JSON of the place in the source
	Raa         []byte // as it came
	ObjektID    mox.ObjektID
	Besked      int64
	Leverance   int64
	Antal       int
	Finger      string // the same record coming again is the same Fejl
	Oprettet    time.Time
	Lukket      time.Time
	LukketAf    string
	LukketVed   string
	Begrundelse string
}

const fejlKolonner = `id, art, status, ansvar, kode, tekst, raad, system, kilde, sted, raa, objekt_id, besked, leverance, antal, finger, oprettet, lukket, lukket_af, lukket_ved, begrundelse`

func scanFejl(scan func(...any) error) (Fejl, error) {
	var f Fejl
	var status string
	var oprettet, lukket int64
	err := scan(&f.ID, &f.Art, &status, &f.Ansvar, &f.Kode, &f.Tekst, &f.Raad, &f.System, &f.Kilde, &f.Sted, &f.Raa, &f.ObjektID, &f.Besked,
		&f.Leverance, &f.Antal, &f.Finger, &oprettet, &lukket, &f.LukketAf, &f.LukketVed, &f.Begrundelse)
	f.Aaben, f.Oprettet, f.Lukket = status == "aaben", driver.Tid(oprettet), driver.Tid(lukket)
	return f, err
}

// InsertFejl adds an open Fejl and sets its ID. A record that is already there, by Kilde and Finger, is counted up. What came
// about an erased objekt is not kept.
func (tx *Tx) InsertFejl(f *Fejl) error {
	if f.ObjektID != "" && len(f.Raa) > 0 {
		if _, glemt, err := tx.Glemt(f.ObjektID); err != nil {
			return err
		} else if glemt {
			f.Raa, f.Sted, f.Finger = nil, "", "" // the finger is made of it
		}
	}
	id, _, err := one(tx, tal, `INSERT INTO fejl (art, ansvar, kode, tekst, raad, system, kilde, sted, raa, objekt_id, besked, leverance, finger, oprettet)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (kilde, finger) WHERE status = 'aaben' AND finger <> '' DO UPDATE SET antal = fejl.antal + 1 RETURNING id`,
		string(f.Art), string(f.Ansvar), ren(f.Kode), ren(f.Tekst), ren(f.Raad), ren(f.System), ren(f.Kilde), ren(f.Sted), f.Raa, ren(string(f.ObjektID)),
		f.Besked, f.Leverance, f.Finger, driver.Micro(tx.Now()))
	f.ID, f.Aaben = id, true
	return err
}

// ren is s without what a database cannot keep as text. People and receivers say what they say; it must not keep us from
// writing down what happened.
func ren(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "\ufffd")
}

// LukFejl closes an open Fejl; ok is false when it was closed already.
func (tx *Tx) LukFejl(id int64, af, ved, begrundelse string) (ok bool, err error) {
	n, err := tx.Exec(`UPDATE fejl SET status = 'lukket', lukket = ?, lukket_af = ?, lukket_ved = ?, begrundelse = ? WHERE id = ? AND status = 'aaben'`,
		driver.Micro(tx.Now()), ren(af), ved, ren(begrundelse), id)
	return n == 1, err
}

// LukFejlOm closes every open Fejl about a leverance.
func (tx *Tx) LukFejlOm(leverance int64, af, ved, begrundelse string) error {
	_, err := tx.Exec(`UPDATE fejl SET status = 'lukket', lukket = ?, lukket_af = ?, lukket_ved = ?, begrundelse = ? WHERE leverance = ? AND status = 'aaben'`,
		driver.Micro(tx.Now()), ren(af), ved, ren(begrundelse), leverance)
	return err
}

// FejlMedID finds a Fejl.
func (tx *Tx) FejlMedID(id int64) (Fejl, bool, error) {
	return one(tx, scanFejl, `SELECT `+fejlKolonner+` FROM fejl WHERE id = ?`, id)
}

// Udvalg selects fejl and leverancer for an operator's act. Empty fields select all; what it selects is always shown and
// counted before it is done.
type Udvalg struct {
	Fejl       []int64          `json:"fejl,omitempty"`
	Abonnement mox.AbonnementID `json:"abonnement,omitempty"`
	Art        FejlArt          `json:"art,omitempty"`
	Ansvar     mox.Ansvar       `json:"ansvar,omitempty"`
	Kode       string           `json:"kode,omitempty"`
	System     string           `json:"system,omitempty"`
	ObjektID   mox.ObjektID     `json:"objektID,omitempty"`
	Siden      time.Time        `json:"siden,omitzero"`
	Lukkede    bool             `json:"lukkede,omitempty"` // also closed ones
	EfterID    int64            `json:"efter,omitempty"`   // for paging
	Antal      int              `json:"antal,omitempty"`   // at most; 0 = 500
}

// MaksUdvalg is how many rows one act takes at most.
const MaksUdvalg = 500

func (u Udvalg) where() where {
	var w where
	if !u.Lukkede {
		w.og(`status = 'aaben'`)
	}
	w.hvis(string(u.Art), `art = ?`)
	w.hvis(string(u.Ansvar), `ansvar = ?`)
	w.hvis(u.Kode, `kode = ?`)
	w.hvis(u.System, `system = ?`)
	w.hvis(string(u.ObjektID), `objekt_id = ?`)
	w.hvis(string(u.Abonnement), `leverance IN (SELECT id FROM leverance WHERE abonnement = ?)`)
	if len(u.Fejl) > 0 {
		led := `id IN (?`
		args := []any{u.Fejl[0]}
		for _, id := range u.Fejl[1:] {
			led += `, ?`
			args = append(args, id)
		}
		w.og(led+`)`, args...)
	}
	if !u.Siden.IsZero() {
		w.og(`oprettet >= ?`, driver.Micro(u.Siden))
	}
	if u.EfterID > 0 {
		w.og(`id > ?`, u.EfterID)
	}
	return w
}

// Fejl finds what u selects, oldest first, at most [MaksUdvalg].
func (tx *Tx) Fejl(u Udvalg) ([]Fejl, error) {
	w := u.where()
	n := u.Antal
	if n <= 0 || n > MaksUdvalg {
		n = MaksUdvalg
	}
	return all(tx, scanFejl, `SELECT `+fejlKolonner+` FROM fejl`+w.sql()+` ORDER BY id LIMIT ?`, append(w.args, n)...)
}

// TaelFejl counts what u selects.
func (tx *Tx) TaelFejl(u Udvalg) (int64, error) {
	w := u.where()
	return tal(tx.QueryRow(`SELECT COUNT(*) FROM fejl`+w.sql(), w.args...).Scan)
}

// FejlGruppe is how many open Fejl share responsibility and cause.
type FejlGruppe struct {
	Ansvar   mox.Ansvar `json:"ansvar"`
	Art      FejlArt    `json:"art"`
	Kode     string     `json:"kode"`
	System   string     `json:"system"`
	Antal    int        `json:"antal"`
	Aeldste  time.Time  `json:"aeldste"`
	Eksempel string     `json:"eksempel"`
}

// FejlGrupper groups the open Fejl, the largest group first.
func (tx *Tx) FejlGrupper() ([]FejlGruppe, error) {
	return all(tx, func(scan func(...any) error) (FejlGruppe, error) {
		var g FejlGruppe
		var tid int64
		err := scan(&g.Ansvar, &g.Art, &g.Kode, &g.System, &g.Antal, &tid, &g.Eksempel)
		g.Aeldste = driver.Tid(tid)
		return g, err
	}, `SELECT ansvar, art, kode, system, COUNT(*), MIN(oprettet), MIN(tekst) FROM fejl WHERE status = 'aaben' GROUP BY ansvar, art, kode, system ORDER BY COUNT(*) DESC, ansvar, kode`)
}

// Handling is one thing a person has done.
type Handling struct {
	Tid         time.Time `json:"tid"`
	Hvem        string    `json:"hvem"`
	Hvad        string    `json:"hvad"`
	Maal        string    `json:"maal"` // "fejl 12", "abonnement esdh.sager"
	Antal       int       `json:"antal"`
	Begrundelse string    `json:"begrundelse,omitempty"`
}

// InsertHandling logs an act.
func (tx *Tx) InsertHandling(h Handling) error {
	_, err := tx.Exec(`INSERT INTO handling (tid, hvem, hvad, maal, antal, begrundelse) VALUES (?, ?, ?, ?, ?, ?)`,
		driver.Micro(tx.Now()), ren(h.Hvem), h.Hvad, h.Maal, h.Antal, ren(h.Begrundelse))
	return err
}

// Handlinger are the newest acts; maal selects those about one thing.
func (tx *Tx) Handlinger(maal string, n int) ([]Handling, error) {
	var w where
	w.hvis(maal, `maal = ?`)
	return all(tx, func(scan func(...any) error) (Handling, error) {
		var h Handling
		var tid int64
		err := scan(&tid, &h.Hvem, &h.Hvad, &h.Maal, &h.Antal, &h.Begrundelse)
		h.Tid = driver.Tid(tid)
		return h, err
	}, `SELECT tid, hvem, hvad, maal, antal, begrundelse FROM handling`+w.sql()+` ORDER BY id DESC LIMIT ?`, append(w.args, n)...)
}

// SidsteFejl is the newest Fejl.
func (tx *Tx) SidsteFejl() (Fejl, error) {
	f, _, err := one(tx, scanFejl, `SELECT `+fejlKolonner+` FROM fejl ORDER BY id DESC LIMIT 1`)
	return f, err
}

// FejlOm are all Fejl about a leverance, oldest first.
func (tx *Tx) FejlOm(leverance int64) ([]Fejl, error) {
	return all(tx, scanFejl, `SELECT `+fejlKolonner+` FROM fejl WHERE leverance = ? AND leverance > 0 ORDER BY id`, leverance)
}

// HarPostfejlUdenObjekt reports whether there is an open Fejl about a record of the source whose objekt is not known.
func (tx *Tx) HarPostfejlUdenObjekt(kilde string) (bool, error) {
	_, ok, err := one(tx, tal, `SELECT 1 FROM fejl WHERE status = 'aaben' AND art = 'post' AND kilde = ? AND objekt_id = '' AND kode <> 'for_mange_trukket' LIMIT 1`, kilde)
	return ok, err
}

package store

import (
	"math"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store/driver"
)

// evigt is a time that has not come: what is in force, and what has no end.
const evigt = math.MaxInt64

// Registerraekke is one registrering of an objekt in the register.
type Registerraekke struct {
	Objekt      int64 // the register's number of the objekt
	ObjektID    mox.ObjektID
	ObjektType  mox.ObjektType
	Nr          int64 // 1, 2, 3 …
	Fra, Til    time.Time
	Livscyklus  mox.LivscyklusKode
	Bruger      string
	Note        string
	Pakket      []byte // the content, packed
	Kildesystem string // the system that was followed; "" = written here
	Kildetid    time.Time
	Besked      mox.BeskedID
	Noegle      string // what the caller recognises a repeat by; "" = nothing
	Aftryk      string // what it was used for
	Myndighed   string // this and the next: what the right to it is decided by; see [Registerpost]
	Emne        string
	Foelsomhed  string
}

const registerKolonner = `o.nr, o.uuid, o.objekttype, g.nr, g.fra, g.til, g.livscyklus, g.bruger, g.note, g.indhold, g.kildesystem, g.kildetid, g.besked, g.noegle, g.aftryk, COALESCE(g.myndighed, ''), g.emne, g.foelsomhed`

func scanRegister(scan func(...any) error) (r Registerraekke, err error) {
	var fra, til, kildetid int64
	err = scan(&r.Objekt, &r.ObjektID, &r.ObjektType, &r.Nr, &fra, &til, &r.Livscyklus, &r.Bruger, &r.Note, &r.Pakket, &r.Kildesystem, &kildetid, &r.Besked, &r.Noegle, &r.Aftryk, &r.Myndighed, &r.Emne, &r.Foelsomhed)
	r.Fra, r.Kildetid = driver.Tid(fra), driver.Tid(kildetid)
	if til != evigt {
		r.Til = driver.Tid(til)
	}
	return r, err
}

// RegisterNyeste is the registrering in force of an objekt.
func (tx *Tx) RegisterNyeste(id mox.ObjektID) (Registerraekke, bool, error) {
	return one(tx, scanRegister, `SELECT `+registerKolonner+` FROM register_objekt o JOIN register_registrering g ON g.objekt = o.nr AND g.nr = o.registrering WHERE o.uuid = ?`, string(id))
}

// RegisterNr is the number of the registrering in force of an objekt; 0 where there is none.
func (tx *Tx) RegisterNr(id mox.ObjektID) (int64, error) {
	nr, _, err := one(tx, tal, `SELECT registrering FROM register_objekt WHERE uuid = ?`, string(id))
	return nr, err
}

// RegisterHistorik gives the registreringer of an objekt that were in force at some moment from fra until, but not
// including, til, or at fra where til is the same; the newest first, at most n. The zero time is without bound.
func (tx *Tx) RegisterHistorik(id mox.ObjektID, fra, til time.Time, n int) ([]Registerraekke, error) {
	til_ := int64(evigt)
	if !til.IsZero() {
		til_ = driver.Micro(til)
	}
	fra_ := driver.Micro(fra)
	if !fra.IsZero() && fra_ == til_ {
		til_++
	}
	return all(tx, scanRegister, `SELECT `+registerKolonner+` FROM register_objekt o JOIN register_registrering g ON g.objekt = o.nr
		WHERE o.uuid = ? AND g.fra < ? AND g.til > ? ORDER BY g.nr DESC LIMIT ?`, string(id), til_, fra_, n)
}

// RegisterMedNoegle is the registrering of an objekt that was made with the key.
func (tx *Tx) RegisterMedNoegle(id mox.ObjektID, noegle string) (Registerraekke, bool, error) {
	return one(tx, scanRegister, `SELECT `+registerKolonner+` FROM register_objekt o JOIN register_registrering g ON g.objekt = o.nr WHERE o.uuid = ? AND g.noegle = ? AND g.noegle <> ''`, string(id), noegle)
}

// Registerpost is what the register keeps about an objekt as it stands, beside its registreringer.
type Registerpost struct {
	BVN        string
	Myndighed  string // the owner's CVR number; "" = it does not say
	Emne       string // KLE number
	Foelsomhed string // the reference of foelsomhedsklasse, folded
}

// IndsaetRegister adds a registrering as the newest of its objekt, and the objekt itself where r.Nr is 1; it sets r.Objekt
// then. The caller holds the objekt's lock, and r.Fra is later than that of the one before.
func (tx *Tx) IndsaetRegister(r *Registerraekke, p Registerpost) error {
	fra := driver.Micro(r.Fra)
	var err error
	if r.Nr == 1 {
		err = tx.QueryRow(`INSERT INTO register_objekt (uuid, objekttype, registrering, livscyklus, bvn, myndighed, emne, foelsomhed) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING nr`,
			string(r.ObjektID), string(r.ObjektType), r.Nr, string(r.Livscyklus), p.BVN, p.Myndighed, p.Emne, p.Foelsomhed).Scan(&r.Objekt)
	} else if _, err = tx.Exec(`UPDATE register_registrering SET til = ? WHERE objekt = ? AND nr = ?`, fra, r.Objekt, r.Nr-1); err == nil {
		_, err = tx.Exec(`UPDATE register_objekt SET registrering = ?, livscyklus = ?, bvn = ?, myndighed = ?, emne = ?, foelsomhed = ? WHERE nr = ?`,
			r.Nr, string(r.Livscyklus), p.BVN, p.Myndighed, p.Emne, p.Foelsomhed, r.Objekt)
	}
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO register_registrering (objekt, nr, fra, til, livscyklus, bruger, note, indhold, kildesystem, kildetid, besked, noegle, aftryk, myndighed, emne, foelsomhed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.Objekt, r.Nr, fra, int64(evigt), string(r.Livscyklus), r.Bruger, r.Note, r.Pakket, r.Kildesystem, driver.Micro(r.Kildetid), string(r.Besked), r.Noegle, r.Aftryk, p.Myndighed, p.Emne, p.Foelsomhed)
	r.Myndighed, r.Emne, r.Foelsomhed = p.Myndighed, p.Emne, p.Foelsomhed
	return err
}

// Registerfelt is a value that an objekt is found by, and when it holds.
type Registerfelt struct {
	Felt     string // "Sag.a.titel"
	Vaerdi   string // folded; see [Fold]
	Maaltype string // of a relation
	Fra, Til mox.Tidspunkt
}

// maksVaerdi is how many bytes of a value are indexed; the rest is compared when those agree.
const maksVaerdi = 200

// Fold is a value as it is compared: in lower case.
func Fold(s string) string { return strings.ToLower(s) }

// delt splits a value in what is indexed, and the whole where that is not all.
func delt(v string) (vaerdi string, hele any) {
	if len(v) <= maksVaerdi {
		return v, nil
	}
	return strings.ToValidUTF8(v[:maksVaerdi], ""), v
}

// mikro is a moment of virkning as it is stored.
func mikro(t mox.Tidspunkt) int64 {
	if tid, bundet := t.Tid(); bundet {
		return tid.UnixMicro()
	}
	if t == mox.Uendelig {
		return evigt
	}
	return math.MinInt64
}

// IndsaetRegisterfelter tells that the objekt is found by felter from regfra on.
func (tx *Tx) IndsaetRegisterfelter(objekt int64, felter []Registerfelt, regfra time.Time) error {
	const maks = 50 // rows in one statement
	for len(felter) > 0 {
		nu := felter[:min(len(felter), maks)]
		felter = felter[len(nu):]
		args := make([]any, 0, 9*len(nu))
		for _, f := range nu {
			vaerdi, hele := delt(f.Vaerdi)
			args = append(args, objekt, f.Felt, vaerdi, hele, f.Maaltype, mikro(f.Fra), mikro(f.Til), driver.Micro(regfra), int64(evigt))
		}
		_, err := tx.Exec(`INSERT INTO register_felt (objekt, felt, vaerdi, hele, maaltype, fra, til, regfra, regtil) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`+
			strings.Repeat(`, (?, ?, ?, ?, ?, ?, ?, ?, ?)`, len(nu)-1), args...)
		if err != nil {
			return err
		}
	}
	return nil
}

// LukRegisterfelter tells that the objekt is no longer found by felter.
func (tx *Tx) LukRegisterfelter(objekt int64, felter []Registerfelt, regtil time.Time) error {
	for _, f := range felter {
		vaerdi, _ := delt(f.Vaerdi)
		if _, err := tx.Exec(`UPDATE register_felt SET regtil = ? WHERE objekt = ? AND regtil = ? AND felt = ? AND vaerdi = ? AND fra = ? AND til = ? AND maaltype = ?`,
			driver.Micro(regtil), objekt, int64(evigt), f.Felt, vaerdi, mikro(f.Fra), mikro(f.Til), f.Maaltype); err != nil {
			return err
		}
	}
	return nil
}

// Registerkriterium is one thing an objekt must be found by: one of the felter has a value like Vaerdi.
type Registerkriterium struct {
	Felter   []string
	Vaerdi   string // folded; % stands for anything, \ makes the next sign itself
	Maaltype string // "" = any
}

// Registersoegning is what is asked for. All criteria must hold.
type Registersoegning struct {
	ObjektType     mox.ObjektType
	ObjektID       []mox.ObjektID // none = any
	Kriterier      []Registerkriterium
	Livscyklus     string // "" = any but Slettet
	Bruger         string // who registered; "" = anyone
	VirkFra        mox.Tidspunkt
	VirkTil        mox.Tidspunkt   // what holds at some moment from VirkFra until, but not including, VirkTil; at VirkFra where they are the same
	RegFra, RegTil time.Time       // the same of registreringstid; both zero = what is in force
	Spring, Antal  int             // paging; Antal 0 = all
	Sorteret       bool            // by brugervendtnoegle
	Efter          *Registerplads  // only what comes after this place in the order of brugervendtnoegle; nil = from the first
	Kredse         []Registerkreds // what there is; none = nothing
}

// Registerplads is an objekt's place in the order of brugervendtnoegle and UUID.
type Registerplads struct {
	BVN      string
	ObjektID mox.ObjektID
}

// Soeg finds the UUIDs of what is asked for.
func (tx *Tx) Soeg(s Registersoegning) ([]mox.ObjektID, error) {
	q := soegesql{s: &s}
	q.byg(`o.uuid`)
	return all(tx, func(scan func(...any) error) (id mox.ObjektID, err error) { return id, scan(&id) }, q.sql.String(), q.args...)
}

// SoegPladser finds what is asked for with its place, so that a search can go on from there: what Spring passes over is
// found again each time, what Efter does is not.
func (tx *Tx) SoegPladser(s Registersoegning) ([]Registerplads, error) {
	s.Sorteret = true
	q := soegesql{s: &s}
	q.byg(`o.uuid, o.bvn`)
	return all(tx, func(scan func(...any) error) (p Registerplads, err error) { return p, scan(&p.ObjektID, &p.BVN) }, q.sql.String(), q.args...)
}

// soegesql writes the one query of a search. Only names of columns are in its text; every value is a parameter.
type soegesql struct {
	s    *Registersoegning
	sql  strings.Builder
	args []any
}

func (q *soegesql) skriv(tekst string, args ...any) {
	q.sql.WriteString(tekst)
	q.args = append(q.args, args...)
}

func (q *soegesql) byg(kolonner string) {
	q.skriv(`SELECT `+kolonner+` FROM register_objekt o WHERE o.objekttype = ?`, string(q.s.ObjektType))
	if n := len(q.s.ObjektID); n > 0 {
		q.skriv(` AND o.uuid IN (?` + strings.Repeat(`, ?`, n-1) + `)`)
		for _, id := range q.s.ObjektID {
			q.args = append(q.args, string(id))
		}
	}
	q.registrering()
	for i := range q.s.Kriterier {
		q.kriterium(&q.s.Kriterier[i])
	}
	if p := q.s.Efter; p != nil {
		q.skriv(` AND (o.bvn, o.uuid) > (?, ?)`, p.BVN, string(p.ObjektID))
	}
	if q.s.Sorteret || q.s.Antal > 0 || q.s.Spring > 0 {
		q.skriv(` ORDER BY o.bvn, o.uuid`)
	}
	antal := int64(evigt)
	if q.s.Antal > 0 {
		antal = int64(q.s.Antal)
	}
	if q.s.Antal > 0 || q.s.Spring > 0 {
		q.skriv(` LIMIT ? OFFSET ?`, antal, q.s.Spring)
	}
}

func (q *soegesql) nu() bool { return q.s.RegFra.IsZero() && q.s.RegTil.IsZero() }

// regperiode is the asked registreringstid as half-open bounds.
func (q *soegesql) regperiode() (fra, til int64) {
	fra, til = driver.Micro(q.s.RegFra), evigt
	if !q.s.RegTil.IsZero() {
		til = driver.Micro(q.s.RegTil)
	}
	if fra == til {
		til++
	}
	return fra, til
}

// registrering asks for what the registreringer themselves say.
func (q *soegesql) registrering() {
	if q.nu() {
		if q.s.Livscyklus == "" {
			q.skriv(` AND o.livscyklus <> ?`, string(mox.Slettet))
		} else {
			q.skriv(` AND o.livscyklus = ?`, q.s.Livscyklus)
		}
		if q.s.Bruger != "" {
			q.skriv(` AND EXISTS (SELECT 1 FROM register_registrering g WHERE g.objekt = o.nr AND g.nr = o.registrering AND g.bruger = ?)`, q.s.Bruger)
		}
		q.kredse("o", q.s.Kredse)
		return
	}
	fra, til := q.regperiode()
	q.skriv(` AND EXISTS (SELECT 1 FROM register_registrering g WHERE g.objekt = o.nr AND g.fra < ? AND g.til > ?`, til, fra)
	if q.s.Livscyklus == "" {
		q.skriv(` AND g.livscyklus <> ?`, string(mox.Slettet))
	} else {
		q.skriv(` AND g.livscyklus = ?`, q.s.Livscyklus)
	}
	if q.s.Bruger != "" {
		q.skriv(` AND g.bruger = ?`, q.s.Bruger)
	}
	q.kredse("g", q.s.Kredse)
	q.skriv(`)`)
}

// kriterium asks that the objekt is found by a value. One that few objekter have is looked up first; one that many may
// have is asked of each.
func (q *soegesql) kriterium(k *Registerkriterium) {
	m := moenster(k.Vaerdi)
	if m.udvaelger() {
		q.skriv(` AND o.nr IN (SELECT f.objekt FROM register_felt f WHERE `)
	} else {
		q.skriv(` AND EXISTS (SELECT 1 FROM register_felt f WHERE f.objekt = o.nr AND `)
	}
	q.skriv(`f.felt IN (?` + strings.Repeat(`, ?`, len(k.Felter)-1) + `)`)
	for _, f := range k.Felter {
		q.args = append(q.args, f)
	}
	q.vaerdi(m)
	if q.nu() {
		q.skriv(` AND f.regtil = ?`, int64(evigt))
	} else {
		fra, til := q.regperiode()
		q.skriv(` AND f.regfra < ? AND f.regtil > ?`, til, fra)
		q.sagtAf(fra, til)
	}
	virkFra, virkTil := mikro(q.s.VirkFra), mikro(q.s.VirkTil)
	if virkFra == virkTil && virkTil != evigt {
		virkTil++
	}
	q.skriv(` AND f.fra < ? AND f.til > ?`, virkTil, virkFra)
	if k.Maaltype != "" {
		q.skriv(` AND f.maaltype = ?`, k.Maaltype)
	}
	q.skriv(`)`)
}

func (q *soegesql) vaerdi(m soegemoenster) {
	if m.forled != "" {
		fra := m.forled
		if len(fra) > maksVaerdi {
			fra = strings.ToValidUTF8(fra[:maksVaerdi], "")
		}
		if m.helt && fra == m.forled {
			q.skriv(` AND f.vaerdi = ? AND f.hele IS NULL`, fra)
			return
		}
		if m.helt {
			q.skriv(` AND f.vaerdi = ? AND f.hele = ?`, fra, m.forled)
			return
		}
		q.skriv(` AND f.vaerdi >= ? AND f.vaerdi < ?`, fra, fra+"\U0010FFFF")
	} else if m.helt {
		q.skriv(` AND f.vaerdi = ''`)
		return
	}
	if m.like != "%" {
		q.skriv(` AND COALESCE(f.hele, f.vaerdi) LIKE ? ESCAPE '\'`, m.like)
	}
}

// soegemoenster is a wildcard text: what it begins with, and what SQL calls it.
type soegemoenster struct {
	forled string // literal beginning
	helt   bool   // there is no wildcard: forled is all
	like   string
}

// udvaelger reports whether the index finds what the pattern wants.
func (m soegemoenster) udvaelger() bool { return m.forled != "" || m.helt }

// moenster reads a text in which % stands for anything and \ makes the next sign itself. spec: oio 69
func moenster(v string) soegemoenster {
	m := soegemoenster{helt: true}
	var forled, like strings.Builder
	tegn := func(r rune) {
		if m.helt {
			forled.WriteRune(r)
		}
		if strings.ContainsRune(`%_\`, r) {
			like.WriteByte('\\')
		}
		like.WriteRune(r)
	}
	undtag := false
	for _, r := range v {
		switch {
		case undtag:
			undtag = false
			tegn(r)
		case r == '\\':
			undtag = true
		case r == '%':
			m.helt = false
			like.WriteByte('%')
		default:
			tegn(r)
		}
	}
	if undtag {
		tegn('\\')
	}
	m.forled, m.like = forled.String(), like.String()
	return m
}

// Registerhenvisning is an objekt that says, or has said, a value.
type Registerhenvisning struct {
	ObjektID   mox.ObjektID
	Livscyklus mox.LivscyklusKode // of the objekt now
	Fra        time.Time          // of the newest registrering that said so
}

// RegisterHenvisninger are the registreringer in one of the parts that say the value of the felt, in force at paa or at any
// time, each with its objekt; those of objekter that say it now first.
func (tx *Tx) RegisterHenvisninger(felt, vaerdi string, paa time.Time, kredse []Registerkreds) ([]Registerhenvisning, error) {
	const maks = 1000
	vaerdi, hele := delt(vaerdi)
	if hele == nil {
		hele = ""
	}
	var q soegesql
	q.skriv(`SELECT o.uuid, o.livscyklus, g.fra FROM register_felt f JOIN register_objekt o ON o.nr = f.objekt
		JOIN register_registrering g ON g.objekt = f.objekt AND g.fra < f.regtil AND g.til > f.regfra WHERE f.felt = ? AND f.vaerdi = ? AND COALESCE(f.hele, '') = ?`, felt, vaerdi, hele)
	if !paa.IsZero() {
		q.skriv(` AND g.fra <= ? AND g.til > ?`, driver.Micro(paa), driver.Micro(paa))
	}
	q.kredse("g", kredse)
	q.skriv(` ORDER BY f.regtil DESC, g.fra DESC LIMIT ?`, maks)
	return all(tx, func(scan func(...any) error) (h Registerhenvisning, err error) {
		var fra int64
		err = scan(&h.ObjektID, &h.Livscyklus, &fra)
		h.Fra = driver.Tid(fra)
		return h, err
	}, q.sql.String(), q.args...)
}

// SaetRegistergraenser replaces the moments at which something about the objekt begins or ends to hold.
func (tx *Tx) SaetRegistergraenser(objekt int64, tider []time.Time) error {
	if _, err := tx.Exec(`DELETE FROM register_graense WHERE objekt = ?`, objekt); err != nil {
		return err
	}
	const maks = 200 // rows in one statement
	for len(tider) > 0 {
		nu := tider[:min(len(tider), maks)]
		tider = tider[len(nu):]
		args := make([]any, 0, 2*len(nu))
		for _, t := range nu {
			args = append(args, driver.Micro(t), objekt)
		}
		if _, err := tx.Exec(`INSERT INTO register_graense (tid, objekt) VALUES (?, ?)`+strings.Repeat(`, (?, ?)`, len(nu)-1), args...); err != nil {
			return err
		}
	}
	return nil
}

// Registergraense is a moment that has come.
type Registergraense struct {
	Objekt   int64
	ObjektID mox.ObjektID
	Tid      time.Time
}

// Registergraenser are up to n moments until til that have not been told of, the earliest first.
func (tx *Tx) Registergraenser(til time.Time, n int) ([]Registergraense, error) {
	return all(tx, func(scan func(...any) error) (g Registergraense, err error) {
		var tid int64
		err = scan(&g.Objekt, &g.ObjektID, &tid)
		g.Tid = driver.Tid(tid)
		return g, err
	}, `SELECT g.objekt, o.uuid, g.tid FROM register_graense g JOIN register_objekt o ON o.nr = g.objekt WHERE g.tid <= ? ORDER BY g.tid, g.objekt LIMIT ?`, driver.Micro(til), n)
}

// SletRegistergraense tells that a moment has been told of.
func (tx *Tx) SletRegistergraense(g Registergraense) error {
	_, err := tx.Exec(`DELETE FROM register_graense WHERE tid = ? AND objekt = ?`, driver.Micro(g.Tid), g.Objekt)
	return err
}

// RegisterFulgt is the newest registrering that was followed from a system, if any.
func (tx *Tx) RegisterFulgt(id mox.ObjektID, system string) (Registerraekke, bool, error) {
	return one(tx, scanRegister, `SELECT `+registerKolonner+` FROM register_objekt o JOIN register_registrering g ON g.objekt = o.nr
		WHERE o.uuid = ? AND g.kildesystem = ? ORDER BY g.nr DESC LIMIT 1`, string(id), system)
}

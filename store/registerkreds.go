package store

import (
	"slices"
	"strings"

	"github.com/moxkit/mox"
)

// Registerkreds is a part of the register in the words that its rows are kept in; it is otherwise as [mox.Kreds]. The zero
// value is all of it. Of several, an objekt need only be in one.
type Registerkreds struct {
	Objekttyper []mox.ObjektType
	KLE         []string
	Myndigheder []string
	Foelsomhed  []string // references of foelsomhedsklasse, folded; "" = those without. nil = any
	Andre       bool     // with Foelsomhed: also those that are not among Kendte
	Kendte      []string
}

// alt reports whether it leaves nothing out.
func (k *Registerkreds) alt() bool {
	return len(k.Objekttyper)+len(k.KLE)+len(k.Myndigheder) == 0 && k.Foelsomhed == nil
}

// kredse asks that the row named by the alias is in one of the parts: an objekt as it stands ("o"), or a registrering.
func (q *soegesql) kredse(alias string, kredse []Registerkreds) {
	if slices.ContainsFunc(kredse, func(k Registerkreds) bool { return k.alt() }) {
		return
	}
	q.skriv(` AND (1 = 0`)
	for i := range kredse {
		q.skriv(` OR (1 = 1`)
		q.kreds(&kredse[i], alias)
		q.skriv(`)`)
	}
	q.skriv(`)`)
}

func (q *soegesql) kreds(k *Registerkreds, alias string) {
	typer := make([]string, len(k.Objekttyper))
	for i, t := range k.Objekttyper {
		typer[i] = string(t)
	}
	if len(typer) > 0 {
		q.skriv(` AND `)
		q.blandt("o.objekttype", typer)
	}
	if len(k.Myndigheder) > 0 {
		q.skriv(` AND `)
		q.blandt(alias+".myndighed", k.Myndigheder)
	}
	q.kle(k.KLE, alias+".emne")
	if k.Foelsomhed == nil {
		return
	}
	q.skriv(` AND (`)
	q.blandt(alias+".foelsomhed", k.Foelsomhed)
	if k.Andre {
		q.skriv(` OR NOT `)
		q.blandt(alias+".foelsomhed", k.Kendte)
	}
	q.skriv(`)`)
}

// blandt asks that a column has one of the values. No value is in none.
func (q *soegesql) blandt(kolonne string, vaerdier []string) {
	if len(vaerdier) == 0 {
		q.skriv(`1 = 0`)
		return
	}
	q.skriv(kolonne + ` IN (?` + strings.Repeat(`, ?`, len(vaerdier)-1) + `)`)
	for _, v := range vaerdier {
		q.args = append(q.args, v)
	}
}

// kle asks that a column has one of the numbers, or begins as "27.*" asks.
func (q *soegesql) kle(numre []string, kolonne string) {
	for i, nr := range numre {
		q.skriv([]string{` AND (`, ` OR `}[min(i, 1)])
		if forled, ok := strings.CutSuffix(nr, "*"); ok {
			q.skriv(`substr(`+kolonne+`, 1, ?) = ?`, len(forled), forled)
		} else {
			q.skriv(kolonne+` = ?`, nr)
		}
	}
	if len(numre) > 0 {
		q.skriv(`)`)
	}
}

// Uklar is a registrering whose classification has not been worked out.
type Uklar struct {
	Registerraekke
	Nyeste bool
}

// UklareRegistreringer are at most n registreringer of before their classification was kept.
func (tx *Tx) UklareRegistreringer(n int) ([]Uklar, error) {
	return all(tx, func(scan func(...any) error) (u Uklar, err error) {
		var nyeste int64
		u.Registerraekke, err = scanRegister(func(til ...any) error { return scan(append(til, &nyeste)...) })
		u.Nyeste = u.Nr == nyeste
		return u, err
	}, `SELECT `+registerKolonner+`, o.registrering FROM register_registrering g JOIN register_objekt o ON o.nr = g.objekt WHERE g.myndighed IS NULL ORDER BY g.objekt, g.nr LIMIT ?`, n)
}

// Klassificer tells what the right to a registrering is decided by; nyeste is that the objekt stands so now.
func (tx *Tx) Klassificer(r *Registerraekke, p Registerpost, nyeste bool) error {
	_, err := tx.Exec(`UPDATE register_registrering SET myndighed = ?, emne = ?, foelsomhed = ? WHERE objekt = ? AND nr = ?`, p.Myndighed, p.Emne, p.Foelsomhed, r.Objekt, r.Nr)
	if err != nil || !nyeste {
		return err
	}
	_, err = tx.Exec(`UPDATE register_objekt SET myndighed = ?, emne = ?, foelsomhed = ? WHERE nr = ?`, p.Myndighed, p.Emne, p.Foelsomhed, r.Objekt)
	return err
}

// sagtAf asks that what the alias f says was said by a registrering in one of the parts, in the asked registreringstid: what
// an objekt said when it was outside them finds nothing.
func (q *soegesql) sagtAf(fra, til int64) {
	if slices.ContainsFunc(q.s.Kredse, func(k Registerkreds) bool { return k.alt() }) {
		return
	}
	q.skriv(` AND EXISTS (SELECT 1 FROM register_registrering h WHERE h.objekt = f.objekt AND h.fra < f.regtil AND h.til > f.regfra AND h.fra < ? AND h.til > ?`, til, fra)
	q.kredse("h", q.s.Kredse)
	q.skriv(`)`)
}

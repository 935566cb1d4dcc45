package bench

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/register"
	"github.com/moxkit/mox/store/driver"
)

const (
	mindsteRegister  = 1000
	stoersteRegister = 10_000_000
	grundstamme      = 500  // objekter that are made by Opret; the rest of a larger register are copies of their rows
	kendte           = 2000 // Sager at least that are read and corrected, where there are so many
	ansvarlige       = 100  // of the grundstamme: each has five of its Sager
)

// registermaaling is a register of a size.
type registermaaling struct {
	*maaling
	r     *register.Register
	hvem  register.Hvem
	antal int
	sager []kendt // some of what there is, from end to end
	naest int     // number of the next new Sag
}

// kendt is a Sag that is known to be there.
type kendt struct {
	id   mox.ObjektID
	nr   int    // see sag
	hale string // what the copies have behind what they are found by
}

// personlig reports whether the Sag names a person; see [part].
func (k kendt) personlig() bool { return k.nr%2 == 0 }

// registeret measures the register at each size.
func registeret(ctx context.Context, k *koersel) error {
	for _, n := range k.Objekter {
		del := &koersel{Options: k.Options, ud: k.ud}
		err := del.register(ctx, n)
		if err = errors.Join(err, del.luk()); err != nil {
			return err
		}
	}
	return nil
}

func (k *koersel) register(ctx context.Context, n int) error {
	r, err := k.nytRegister(ctx, n)
	if err != nil {
		return err
	}
	for _, f := range []func(context.Context) error{r.laesninger, r.skrivninger, r.historik, r.virkninger} {
		if err := f(ctx); err != nil {
			return err
		}
	}
	return nil
}

// nytRegister is a register with n objekter.
func (k *koersel) nytRegister(ctx context.Context, n int) (*registermaaling, error) {
	m, err := k.nyMaaling(ctx)
	if err != nil {
		return nil, err
	}
	k.Sig(fmt.Sprintf("register: %d objekter oprettes", n))
	r := &registermaaling{maaling: m, r: register.New(m.d, register.Options{}), hvem: register.Hvem{Navn: "bench", Adgang: register.FuldAdgang()}, antal: n}
	return r, r.fyld(ctx)
}

// sag is a Sag of ordinary size: a relation is drawn from a hundred, the rest of what it is found by is its own.
func sag(nr int) (mox.Registrering, error) {
	t, _ := mox.TypeAf(mox.Sag)
	return mox.Registrering{}.Laeg(t, map[string]string{
		"egenskaber.brugervendtnoegle": noegle(nr), "egenskaber.sagsnummer": noegle(nr), "egenskaber.titel": titel(nr), "egenskaber.beskrivelse": "Ny carport ved Skolegade 12",
		"egenskaber.kassationskode": "B", "egenskaber.hjemmel": "Byggeloven § 16", "tilstande.fremdrift": "Opstaaet",
		"relationer.primaerklasse": "urn:oio:kle:02.34.02", "relationer.ejer": "urn:oio:cvr-nr:12345678", "relationer.ansvarlig": ansvarlig(nr),
		"relationer.primaerpart": part(nr), "relationer.andresager.0": mox.NyUUID(),
	}, mox.Fra(mox.Kl(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))))
}

func noegle(nr int) string    { return fmt.Sprintf("2026-%07d", nr) }
func titel(nr int) string     { return fmt.Sprintf("Carport %07d ved skolen", nr) }
func ansvarlig(nr int) string { return fmt.Sprintf("urn:x:medarbejder:%d", nr%ansvarlige) }

// part is whom a Sag is about: a person as often as a firm.
func part(nr int) string {
	if (kendt{nr: nr}).personlig() {
		return fmt.Sprintf("urn:x:part:%d", nr)
	}
	return fmt.Sprintf("urn:oio:cvr-nr:%08d", 10_000_000+nr)
}

// fyld makes the grundstamme by Opret, and the rest as copies of its rows, in MOX's database and in the raw one.
func (r *registermaaling) fyld(ctx context.Context) error {
	_, err := samtidig(afsendere, func(ctx context.Context, i int) error {
		_, err := r.opret(ctx, i)
		return err
	})(ctx, grundstamme)
	if err != nil {
		return err
	}
	r.naest = r.antal
	if _, _, err := r.gentag(ctx); err != nil {
		return err
	}
	if err := r.kopier(ctx, r.optager.DB); err != nil {
		return err
	}
	db, err := aabn(ctx, r.raaSted)
	if err != nil {
		return err
	}
	if err := errors.Join(r.kopier(ctx, db), db.Close()); err != nil {
		return err
	}
	return r.optager.View(ctx, r.udvaelg)
}

// udvaelg finds some Sager, evenly from the whole register. The step is odd, for Sager that name a person and those that do
// not take turns.
func (r *registermaaling) udvaelg(tx driver.Tx) error {
	rows, err := tx.Query(`SELECT uuid, bvn FROM register_objekt WHERE nr % CAST(? AS BIGINT) = 0`, r.antal/kendte|1)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // rows.Err tells what matters
	for rows.Next() {
		var x kendt
		var bvn string
		if err := rows.Scan(&x.id, &bvn); err != nil {
			return err
		}
		n := len(noegle(0))
		if x.nr, err = strconv.Atoi(bvn[len("2026-"):n]); err != nil {
			return err
		}
		x.hale = bvn[n:]
		r.sager = append(r.sager, x)
	}
	return rows.Err()
}

func (r *registermaaling) opret(ctx context.Context, nr int) (mox.ObjektID, error) {
	s, err := sag(nr)
	if err != nil {
		return "", err
	}
	ud, err := r.r.Opret(ctx, r.hvem, mox.Sag, s)
	return ud.ObjektID, err
}

// kopier fills the register with copies of the grundstamme's rows. What an objekt alone is found by is its own in each copy:
// k is put behind it.
func (r *registermaaling) kopier(ctx context.Context, db driver.DB) error {
	for k := 1; k < r.antal/grundstamme; k++ {
		if err := db.Update(ctx, func(tx driver.Tx) error { return kopi(tx, k) }); err != nil {
			return err
		}
		if k%100 == 0 {
			r.Sig(fmt.Sprintf("register: %d af %d objekter", k*grundstamme, r.antal))
		}
	}
	return db.Update(ctx, efterKopier)
}

func kopi(tx driver.Tx, k int) error {
	hale, skridt := fmt.Sprintf("-%d", k), k*grundstamme
	if _, err := tx.Exec(`INSERT INTO register_objekt (nr, uuid, objekttype, registrering, livscyklus, bvn, myndighed, emne, foelsomhed)`+tx.Schema().Overriding()+`
		SELECT nr + CAST(? AS BIGINT), substr(uuid, 1, 24) || CAST(? AS TEXT), objekttype, registrering, livscyklus, bvn || CAST(? AS TEXT), myndighed, emne, foelsomhed FROM register_objekt WHERE nr <= ?`,
		skridt, fmt.Sprintf("%012x", k), hale, grundstamme); err != nil {
		return err
	}
	if _, err := tx.Exec(`INSERT INTO register_registrering (objekt, nr, fra, til, livscyklus, bruger, note, indhold, besked)
		SELECT objekt + CAST(? AS BIGINT), nr, fra, til, livscyklus, bruger, note, indhold, besked FROM register_registrering WHERE objekt <= ?`, skridt, grundstamme); err != nil {
		return err
	}
	_, err := tx.Exec(`INSERT INTO register_felt (objekt, felt, vaerdi, hele, maaltype, fra, til, regfra, regtil)
		SELECT objekt + CAST(? AS BIGINT), felt, CASE WHEN felt IN ('Sag.a.brugervendtnoegle', 'Sag.a.sagsnummer', 'Sag.a.titel', 'Sag.r.primaerpart', 'Sag.r.andresager', 'Sag.r.ansvarlig')
			THEN vaerdi || CAST(? AS TEXT) ELSE vaerdi END, hele, maaltype, fra, til, regfra, regtil FROM register_felt WHERE objekt <= ?`, skridt, hale, grundstamme)
	return err
}

// efterKopier lets the database know what it now holds.
func efterKopier(tx driver.Tx) error {
	var sidste int64
	if err := tx.QueryRow(`SELECT MAX(nr) FROM register_objekt`).Scan(&sidste); err != nil {
		return err
	}
	if err := tx.Schema().SetCounter("register_objekt", sidste); err != nil {
		return err
	}
	_, err := tx.Exec(`ANALYZE`)
	return err
}

// skrivninger measures Opret and Ret, 16 at a time.
func (r *registermaaling) skrivninger(ctx context.Context) error {
	var nye []mox.Registrering
	err := r.maal(ctx, opgave{navn: "register.opret", stoerrelse: r.antal, vilkaar: map[string]any{"afsendere": afsendere},
		forbered: func(_ context.Context, n int) (err error) {
			nye = make([]mox.Registrering, n)
			for i := range nye {
				if nye[i], err = sag(r.naest); err != nil {
					return err
				}
				r.naest++
			}
			return nil
		},
		tur: samtidig(afsendere, func(ctx context.Context, i int) error {
			_, err := r.r.Opret(ctx, r.hvem, mox.Sag, nye[i])
			return err
		})})
	if err != nil {
		return err
	}
	gang := 0
	return r.maal(ctx, opgave{navn: "register.ret", stoerrelse: r.antal, vilkaar: map[string]any{"afsendere": afsendere},
		forbered: func(context.Context, int) error { gang++; return nil },
		tur: samtidig(afsendere, func(ctx context.Context, i int) error {
			return r.ret(ctx, r.sager[i%len(r.sager)].id, map[string]string{"egenskaber.titel": fmt.Sprintf("Carport, rettet %d %d", gang, i)}, aaret())
		})})
}

// aaret is what a correction is about.
func aaret() mox.Virkning { return mox.Fra(mox.Kl(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))) }

func (r *registermaaling) ret(ctx context.Context, id mox.ObjektID, felter map[string]string, v mox.Virkning) error {
	t, _ := mox.TypeAf(mox.Sag)
	rettelse, err := mox.Registrering{}.Laeg(t, felter, v)
	if err != nil {
		return err
	}
	ud, err := r.r.Ret(ctx, r.hvem, mox.Sag, id, "", rettelse)
	if err == nil && ud.Uaendret {
		err = errors.New("bench: the correction changed nothing")
	}
	return err
}

// historik measures the thousand corrections of one objekt, the last hundred beside the first, and the reading of them all.
func (r *registermaaling) historik(ctx context.Context) error {
	const antal, ende = 1000, 100
	id, err := r.opret(ctx, r.naest)
	if err != nil {
		return err
	}
	r.naest++
	gang := 0
	o := opgave{tur: samtidig(1, func(ctx context.Context, _ int) error {
		gang++
		return r.ret(ctx, id, map[string]string{"egenskaber.titel": fmt.Sprintf("Carport, rettet %d", gang)}, aaret())
	})}
	var foerste, midt loeb
	sidste := loeb{navn: "register.ret.historik", stoerrelse: antal}
	for _, d := range []struct {
		l *loeb
		n int
	}{{&foerste, ende}, {&midt, antal - 2*ende}, {&sidste, ende}} {
		if _, err := r.omgang(ctx, o, d.l, d.n); err != nil {
			return err
		}
	}
	slices.Sort(foerste.tider)
	sidste.vilkaarlig("first_p50_us", procent(foerste.tider, 50))
	sidste.vilkaarlig("database", r.databasenavn())
	if err := r.fortael(&sidste); err != nil {
		return err
	}
	return r.laes(ctx, laesning{"register.historik", r.sager, func(ctx context.Context, _ kendt) (int, error) {
		ud, err := r.r.Laes(ctx, r.hvem, mox.Sag, id, register.Tider{RegTil: time.Now().Add(time.Hour)})
		return len(ud.Versioner), err
	}, `SELECT g.* FROM register_objekt o JOIN register_registrering g ON g.objekt = o.nr WHERE o.uuid = ? ORDER BY g.nr DESC`, func(kendt) []any { return []any{string(id)} }})
}

// virkninger measures corrections of objekter that say many things about many times, and what they fill.
func (r *registermaaling) virkninger(ctx context.Context) error {
	const rettelser = 20
	for _, antal := range []int{10, 100, 1000} {
		id, err := r.medVirkninger(ctx, antal)
		if err != nil {
			return err
		}
		gang := 0
		l := loeb{navn: "register.ret.virkninger", stoerrelse: antal}
		fylder := r.fylder(id)
		foer, err := fylder(ctx)
		if err != nil {
			return err
		}
		if _, err := r.omgang(ctx, opgave{tur: samtidig(1, func(ctx context.Context, i int) error {
			gang++
			return r.ret(ctx, id, map[string]string{"egenskaber.titel": fmt.Sprintf("Rettet %d", gang)}, dag(i%antal))
		})}, &l, rettelser); err != nil {
			return err
		}
		efter, err := fylder(ctx)
		if err != nil {
			return err
		}
		for i, navn := range []string{"register_bytes_per_ret", "besked_bytes_per_ret", "felt_rows_per_ret"} {
			l.vilkaarlig(navn, (efter[i]-foer[i])/rettelser)
		}
		l.vilkaarlig("database", r.databasenavn())
		if err := r.fortael(&l); err != nil {
			return err
		}
	}
	return nil
}

// dag is the virkning of one day.
func dag(nr int) mox.Virkning {
	fra := time.Date(2020, 1, 1+nr, 0, 0, 0, 0, time.UTC)
	return mox.Virkning{Fra: mox.Kl(fra), Til: mox.Kl(fra.AddDate(0, 0, 1))}
}

// medVirkninger makes a Sag whose title is another each day.
func (r *registermaaling) medVirkninger(ctx context.Context, antal int) (mox.ObjektID, error) {
	t, _ := mox.TypeAf(mox.Sag)
	s, err := sag(r.naest)
	if err != nil {
		return "", err
	}
	r.naest++
	navn := t.Egenskaber().Navn
	fast := s.Attributter[navn][0]
	s.Attributter[navn] = nil
	for i := range antal {
		a := mox.Attribut{Felter: maps.Clone(fast.Felter), Virkning: dag(i)}
		a.Felter["titel"] = titel(i)
		s.Attributter[navn] = append(s.Attributter[navn], a)
	}
	ud, err := r.r.Opret(ctx, r.hvem, mox.Sag, s)
	return ud.ObjektID, err
}

// fylder counts the bytes of an objekt in the register and of its beskeder, and the rows it is found by.
func (r *registermaaling) fylder(id mox.ObjektID) func(ctx context.Context) ([3]int64, error) {
	return func(ctx context.Context) (ud [3]int64, err error) {
		return ud, r.optager.View(ctx, func(tx driver.Tx) error {
			return tx.QueryRow(`SELECT (SELECT SUM(LENGTH(g.indhold)) FROM register_registrering g WHERE g.objekt = o.nr), (SELECT SUM(LENGTH(b.indhold)) FROM besked b WHERE b.objekt_id = o.uuid),
				(SELECT COUNT(*) FROM register_felt f WHERE f.objekt = o.nr) FROM register_objekt o WHERE o.uuid = ?`, string(id)).Scan(&ud[0], &ud[1], &ud[2])
		})
	}
}

package bench

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/register"
)

// laesning is a reading that is measured beside the bare query.
type laesning struct {
	navn  string
	vores func(ctx context.Context, i int) (fundet int, err error)
	sql   string
	args  func(i int) []any
}

const evigt = 1<<63 - 1 // how the rows say: in force

// laesninger measures readings, one caller at a time. Raw is the bare query on MOX's own database, over one connection.
func (r *registermaaling) laesninger(ctx context.Context) error {
	for _, l := range []laesning{
		{"register.laes", func(ctx context.Context, i int) (int, error) {
			ud, err := r.r.Laes(ctx, r.hvem, mox.Sag, r.sager[i].id, register.Tider{})
			return len(ud.Versioner), err
		}, `SELECT g.* FROM register_objekt o JOIN register_registrering g ON g.objekt = o.nr AND g.nr = o.registrering WHERE o.uuid = ?`,
			func(i int) []any { return []any{string(r.sager[i].id)} }},
		{"register.soeg.brugervendtnoegle", r.soeg(register.Attributkriterium, "brugervendtnoegle", r.efter(noegle, ""), 0), soegSQL, func(i int) []any { return []any{"Sag.a.brugervendtnoegle", r.efter(noegle, "")(i), evigt} }},
		{"register.soeg.relation", r.soeg(register.Relationkriterium, "ansvarlig", r.efter(ansvarlig, ""), side), soegSQL + sideSQL, func(i int) []any { return []any{"Sag.r.ansvarlig", r.efter(ansvarlig, "")(i), evigt} }},
		{"register.soeg.tekst", r.soeg(register.Attributkriterium, "titel", r.efter(titel, "%"), side),
			`SELECT o.uuid FROM register_felt f JOIN register_objekt o ON o.nr = f.objekt WHERE f.felt = ? AND f.vaerdi >= ? AND f.vaerdi < ? AND f.regtil = ?` + sideSQL,
			func(i int) []any {
				v := strings.ToLower(r.efter(titel, "")(i))
				return []any{"Sag.a.titel", v, v + "\U0010FFFF", evigt}
			}},
		{"register.foerste-side", func(ctx context.Context, _ int) (int, error) {
			ud, err := r.r.Soeg(ctx, r.hvem, mox.Sag, register.Soegning{Maks: side})
			return len(ud), err
		}, `SELECT uuid FROM register_objekt WHERE objekttype = 'Sag' AND livscyklus <> 'Slettet' ORDER BY bvn, uuid LIMIT 20`, func(int) []any { return nil }},
	} {
		if err := r.laes(ctx, l); err != nil {
			return fmt.Errorf("%s: %w", l.navn, err)
		}
	}
	return nil
}

const (
	side    = 20 // of a search that may find many
	sideSQL = ` ORDER BY o.bvn, o.uuid LIMIT 20`
	soegSQL = `SELECT o.uuid FROM register_felt f JOIN register_objekt o ON o.nr = f.objekt WHERE f.felt = ? AND f.vaerdi = ? AND f.regtil = ?`
)

// efter is what the known Sag number i is found by: what f says of it, its own tail, and til.
func (r *registermaaling) efter(f func(nr int) string, til string) func(i int) string {
	return func(i int) string { return f(r.sager[i].nr) + r.sager[i].hale + til }
}

func (r *registermaaling) soeg(slags register.Kriterieslags, navn string, vaerdi func(int) string, maks int) func(context.Context, int) (int, error) {
	return func(ctx context.Context, i int) (int, error) {
		ud, err := r.r.Soeg(ctx, r.hvem, mox.Sag, register.Soegning{Kriterier: []register.Kriterium{{Slags: slags, Navn: navn, Vaerdi: vaerdi(i)}}, Maks: maks})
		return len(ud), err
	}
}

// laes takes turns of ten calls of each, of objekter by lot.
func (r *registermaaling) laes(ctx context.Context, m laesning) error {
	r.Sig(m.navn)
	raa, err := aabnRaa(r.adresse, r.paaPostgres())
	if err != nil {
		return err
	}
	defer func() { _ = raa.Close() }() // only read
	st, err := raa.PrepareContext(ctx, raa.nummereret(m.sql))
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }() // its connection goes
	l := &loeb{navn: m.navn, stoerrelse: r.antal}
	fundet := 0
	for l.antal == 0 || l.vores+l.deres < r.Varighed {
		for range 10 {
			if fundet, err = r.begge(ctx, m, st, l); err != nil {
				return err
			}
		}
	}
	l.vilkaarlig("database", r.databasenavn())
	l.vilkaarlig("fundet", fundet)
	return r.fortael(l)
}

func (r *registermaaling) begge(ctx context.Context, m laesning, st *sql.Stmt, l *loeb) (fundet int, err error) {
	i := rand.IntN(len(r.sager))
	start := time.Now()
	if fundet, err = m.vores(ctx, i); err != nil {
		return 0, err
	}
	if fundet == 0 {
		return 0, errors.New("bench: nothing was found")
	}
	tid := time.Since(start)
	l.vores, l.tider, l.antal = l.vores+tid, append(l.tider, tid), l.antal+1
	start = time.Now()
	rows, err := st.QueryContext(ctx, m.args(i)...)
	if err == nil {
		err = laesAlt(rows)
	}
	l.deres += time.Since(start)
	return fundet, err
}

package bench

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/register"
)

// laesning is a reading that is measured beside the bare query.
type laesning struct {
	navn  string
	sager []kendt // that are read, by lot
	vores func(context.Context, kendt) (fundet int, err error)
	sql   string
	args  func(kendt) []any
}

const evigt = 1<<63 - 1 // how the rows say: in force

// laesninger measures readings, one caller at a time. Raw is the bare query on MOX's own database, over one connection.
func (r *registermaaling) laesninger(ctx context.Context) error {
	for _, l := range []laesning{
		{"register.laes", slices.DeleteFunc(slices.Clone(r.sager), kendt.personlig), r.laesEn, laesSQL, func(k kendt) []any { return []any{string(k.id)} }},
		{"register.soeg.brugervendtnoegle", r.sager, r.soeg(register.Attributkriterium, "brugervendtnoegle", efter(noegle, ""), 0), soegSQL, func(k kendt) []any { return []any{"Sag.a.brugervendtnoegle", efter(noegle, "")(k), evigt} }},
		{"register.soeg.relation", r.sager, r.soeg(register.Relationkriterium, "ansvarlig", efter(ansvarlig, ""), side), soegSQL + sideSQL, func(k kendt) []any { return []any{"Sag.r.ansvarlig", efter(ansvarlig, "")(k), evigt} }},
		{"register.soeg.tekst", r.sager, r.soeg(register.Attributkriterium, "titel", efter(titel, "%"), side),
			`SELECT o.uuid FROM register_felt f JOIN register_objekt o ON o.nr = f.objekt WHERE f.felt = ? AND f.vaerdi >= ? AND f.vaerdi < ? AND f.regtil = ?` + sideSQL,
			func(k kendt) []any {
				v := strings.ToLower(efter(titel, "")(k))
				return []any{"Sag.a.titel", v, v + "\U0010FFFF", evigt}
			}},
		{"register.foerste-side", r.sager, func(ctx context.Context, _ kendt) (int, error) {
			ud, err := r.r.Soeg(ctx, r.hvem, mox.Sag, register.Soegning{Maks: side})
			return len(ud), err
		}, `SELECT uuid FROM register_objekt WHERE objekttype = 'Sag' AND livscyklus <> 'Slettet' ORDER BY bvn, uuid LIMIT 20`, func(kendt) []any { return nil }},
	} {
		if err := r.laes(ctx, l); err != nil {
			return fmt.Errorf("%s: %w", l.navn, err)
		}
	}
	if err := r.laesPersonlige(ctx); err != nil {
		return err
	}
	return r.stroem(ctx)
}

func (r *registermaaling) laesEn(ctx context.Context, k kendt) (int, error) {
	ud, err := r.r.Laes(ctx, r.hvem, mox.Sag, k.id, register.Tider{})
	return len(ud.Versioner), err
}

// laesPersonlige measures readings of objekter that name a person: they are answered when the usage log has been committed.
// Raw is the query, and the same rows of the log.
func (r *registermaaling) laesPersonlige(ctx context.Context) error {
	sager := slices.Collect(func(yield func(kendt) bool) {
		for _, k := range r.sager {
			if k.personlig() && !yield(k) {
				return
			}
		}
	})
	enAf := func() kendt { return sager[rand.IntN(len(sager))] }
	return r.maal(ctx, opgave{navn: "register.laes.person", stoerrelse: r.antal,
		tur: samtidig(1, func(ctx context.Context, _ int) error {
			_, err := r.laesEn(ctx, enAf())
			return err
		}),
		raa: func(ctx context.Context, n int) error {
			for range n {
				if err := r.raa.aabne[0].koer(ctx, saetning{sql: laesSQL, args: []any{string(enAf().id)}}); err != nil {
					return err
				}
			}
			return nil
		}})
}

const (
	side    = 20 // of a search that may find many
	laesSQL = `SELECT g.* FROM register_objekt o JOIN register_registrering g ON g.objekt = o.nr AND g.nr = o.registrering WHERE o.uuid = ?`
	sideSQL = ` ORDER BY o.bvn, o.uuid LIMIT 20`
	soegSQL = `SELECT o.uuid FROM register_felt f JOIN register_objekt o ON o.nr = f.objekt WHERE f.felt = ? AND f.vaerdi = ? AND f.regtil = ?`
)

// efter is what a known Sag is found by: what f says of it, its own tail, and til.
func efter(f func(nr int) string, til string) func(kendt) string {
	return func(k kendt) string { return f(k.nr) + k.hale + til }
}

func (r *registermaaling) soeg(slags register.Kriterieslags, navn string, vaerdi func(kendt) string, maks int) func(context.Context, kendt) (int, error) {
	return func(ctx context.Context, k kendt) (int, error) {
		ud, err := r.r.Soeg(ctx, r.hvem, mox.Sag, register.Soegning{Kriterier: []register.Kriterium{{Slags: slags, Navn: navn, Vaerdi: vaerdi(k)}}, Maks: maks})
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
	k := m.sager[rand.IntN(len(m.sager))]
	start := time.Now()
	if fundet, err = m.vores(ctx, k); err != nil {
		return 0, err
	}
	if fundet == 0 {
		return 0, errors.New("bench: nothing was found")
	}
	tid := time.Since(start)
	l.vores, l.tider, l.antal = l.vores+tid, append(l.tider, tid), l.antal+1
	start = time.Now()
	rows, err := st.QueryContext(ctx, m.args(k)...)
	if err == nil {
		err = laesAlt(rows)
	}
	l.deres += time.Since(start)
	return fundet, err
}

// stroem measures the reading of every Sag, one after the other, with the most memory that was in use meanwhile. Raw is the
// bare query. Those who name a person go into the usage log, which raw does not write.
func (r *registermaaling) stroem(ctx context.Context) error {
	l := &loeb{navn: "register.stroem", stoerrelse: r.antal}
	r.Sig(l.navn)
	var hukommelse runtime.MemStats
	mest, start := uint64(0), time.Now()
	sidst := start
	err := r.r.Stroem(ctx, r.hvem, mox.Sag, register.Soegning{}, func(register.Laest) error {
		if l.antal++; l.antal%mindsteRegister == 0 {
			l.tider = append(l.tider, time.Since(sidst))
			r.optager.tag() // else it is what fills the memory
			runtime.ReadMemStats(&hukommelse)
			mest, sidst = max(mest, hukommelse.HeapInuse), time.Now()
		}
		return nil
	})
	l.vores = time.Since(start)
	if err != nil {
		return err
	}
	raa, err := aabnRaa(r.adresse, r.paaPostgres())
	if err != nil {
		return err
	}
	defer func() { _ = raa.Close() }() // only read
	start = time.Now()
	rows, err := raa.QueryContext(ctx, `SELECT g.* FROM register_objekt o JOIN register_registrering g ON g.objekt = o.nr AND g.nr = o.registrering
		WHERE o.objekttype = 'Sag' AND o.livscyklus <> 'Slettet' ORDER BY o.bvn, o.uuid`)
	if err == nil {
		err = laesAlt(rows)
	}
	if l.deres = time.Since(start); err != nil {
		return err
	}
	l.vilkaarlig("database", r.databasenavn())
	l.vilkaarlig("heap_max_mib", mest>>20)
	l.vilkaarlig("objekter_per_p50", mindsteRegister)
	return r.fortael(l)
}

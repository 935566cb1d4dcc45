package jobcenter

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"time"
)

// runder is how many rounds the users' story has: the first half has new cases, the rest changes.
const runder = 6

// Runder implements [styring.System].
func (s *System) Runder() int { return runder }

// The cases with something of their own, by their number in the story.
const (
	nrUkendtKLE    = 3 // the records system does not know its KLE number
	nrUkendtStatus = 5 // it has the status that nobody remembers the meaning of
)

// Runde implements [styring.System].
func (s *System) Runde(ctx context.Context, nr int) error {
	return s.iTransaktion(ctx, func(tx *sql.Tx) error {
		if nr < runder/2 {
			return s.nye(ctx, tx, nr)
		}
		return s.ret(ctx, tx, nr)
	})
}

// nye opens this round's share of the cases, each with documents.
func (s *System) nye(ctx context.Context, tx *sql.Tx, nr int) error {
	del := (s.antal + runder/2 - 1) / (runder / 2)
	for i := nr * del; i < min((nr+1)*del, s.antal); i++ {
		if err := s.ny(ctx, tx, i); err != nil {
			return err
		}
	}
	return nil
}

// sagen is which case number i is: every second is last year's, whose numbers began at 1 too.
func sagen(i int) (aar, lbnr int) { return 2025 + i%2, i/2 + 1 }

func (s *System) ny(ctx context.Context, tx *sql.Tx, i int) error {
	aar, lbnr := sagen(i)
	rng := rand.New(rand.NewPCG(uint64(i), 7))
	cpr, navn := person(i)
	kle, status := kleNumre()[rng.IntN(3)], "A"
	switch i {
	case nrUkendtKLE:
		kle = "15.99.99"
	case nrUkendtStatus:
		status = "M"
	}
	oprettet := time.Date(aar, time.Month(1+i%10), 1+i%27, 7+i%9, (i*7)%60, 0, 0, time.UTC)
	if _, err := tx.ExecContext(ctx, `INSERT OR IGNORE INTO BORGER (CPRNR, NAVN) VALUES (?, ?)`, cpr, navn); err != nil {
		return err
	}
	for n := range 1 + i%2 { // who has two addresses stands twice in the view
		if _, err := tx.ExecContext(ctx, `INSERT INTO ADRESSE (CPRNR, VEJ, SLAGS) VALUES (?, ?, ?)`, cpr, fmt.Sprintf("Ærøvej %d", i+1), []string{"folkeregister", "c/o"}[n]); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO FORLOEB (AAR, LBNR, EMNE, STATUSKODE, KLENR, SBH_INIT, CPRNR, OPRETTET, AENDRET_UTC) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		aar, lbnr, emner()[rng.IntN(4)], status, kle, initialer()[rng.IntN(3)], cpr, oprettet.In(s.zone).Format(danskTid), oprettet.Format(utcTid))
	if err != nil {
		return err
	}
	if err := brugerlog(ctx, tx, aar, lbnr, "OPRET"); err != nil || i == nrUkendtStatus {
		return err
	}
	return s.dokumenter(ctx, tx, i, oprettet)
}

// dokumenter saves the application and the plan of a case.
func (s *System) dokumenter(ctx context.Context, tx *sql.Tx, i int, tid time.Time) error {
	aar, lbnr := sagen(i)
	for n, d := range []struct{ overskrift, retning string }{{"Ansøgning om tilbud", "I"}, {"Min plan – første udkast", "U"}}[:1+i%2] {
		indhold := fmt.Sprintf("Jobcenter, sag %d-%d\r\n%s\r\nBlåbærgrød på førstesalen, bilag %d.\r\n", aar, lbnr, d.overskrift, n+1)
		if _, err := tx.ExecContext(ctx, `INSERT INTO DOKUMENT (AAR, LBNR, OVERSKRIFT, RETNING, DATO, INDHOLD) VALUES (?, ?, ?, ?, ?, ?)`,
			aar, lbnr, d.overskrift, d.retning, tid.Format("20060102"), []byte(indhold)); err != nil {
			return err
		}
	}
	return nil
}

// ret changes some cases: the subject of one in four, the case worker of one in five; in the last round one in six is closed.
func (s *System) ret(ctx context.Context, tx *sql.Tx, nr int) error {
	for i := range s.antal {
		if i == nrUkendtKLE || i == nrUkendtStatus {
			continue
		}
		aar, lbnr := sagen(i)
		switch {
		case nr == 3 && i%4 == 1:
			if err := s.aendr(ctx, tx, aar, lbnr, "EMNE = EMNE || ' (genoptaget)'", "EMNE"); err != nil {
				return err
			}
		case nr == 4 && i%5 == 2:
			if err := s.aendr(ctx, tx, aar, lbnr, "SBH_INIT = 'ÅSN'", "SBH_INIT"); err != nil {
				return err
			}
		case nr == 5 && i%6 == 0:
			if err := s.aendr(ctx, tx, aar, lbnr, "STATUSKODE = 'L'", "STATUSKODE"); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *System) aendr(ctx context.Context, tx *sql.Tx, aar, lbnr int, saet, hvad string) error {
	_, err := tx.ExecContext(ctx, `UPDATE FORLOEB SET `+saet+`, AENDRET_UTC = ? WHERE AAR = ? AND LBNR = ?`, time.Now().UTC().Format(utcTid), aar, lbnr)
	if err != nil {
		return err
	}
	return brugerlog(ctx, tx, aar, lbnr, hvad)
}

func brugerlog(ctx context.Context, tx *sql.Tx, aar, lbnr int, hvad string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO BRUGERLOG (SAGSNOEGLE, HVAD) VALUES (?, ?)`, fmt.Sprintf("%d-%d", aar, lbnr), hvad)
	return err
}

// person is an invented citizen: a CPR number with the birthday 31 February, which nobody has.
func person(i int) (cpr, navn string) {
	return fmt.Sprintf("3102%02d%04d", 50+i%40, 1000+i), []string{"Åse Prøvesen", "Søren Testgård", "Bodil Øvebjerg", "Jens Afprøve"}[i%4]
}

func kleNumre() []string { return []string{"15.20.00", "15.20.21", "32.24.08"} }
func emner() []string {
	return []string{"Aktivering", "Sygedagpengeopfølgning", "Virksomhedspraktik", "Løntilskud"}
}
func initialer() []string { return []string{"AAJ", "BØR", "KÆP"} }

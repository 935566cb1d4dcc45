// Package jobcenter is an old jobcentre system whose vendor takes no part: there is no interface to it but what a
// municipality can reach by itself, views in its database and a folder that it imports files from.
//
//	view  V_MOX_FORLOEB   one row per case and address of the citizen: a case may be there more than once
//	view  V_MOX_DOKUMENT  the documents; their bytes are in V_MOX_INDHOLD
//	folder ind            files NAME.csv in windows-1252 with a header line, taken in by the night's import (here: often)
//
// Case numbers begin again at 1 each year, so a number alone names two cases. OPRETTET is Danish local time, AENDRET_UTC
// is UTC, and neither says so. Statuses are letters: A active, P paused, L closed, and an M from a migration that nobody
// remembers the meaning of. The import changes the columns that are in the file and have a value, and does not know
// whether it has had the file before.
package jobcenter

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"
	_ "time/tzdata" // the system writes Danish local time, also on machines without a time zone database

	"github.com/moxkit/mox/afproevning/systemer/styring"
)

// skema is the whole database. BRUGERLOG and IMPORTLOG are deliberately without unique keys: what happened twice stands
// there twice.
const skema = `
CREATE TABLE IF NOT EXISTS BORGER (CPRNR TEXT PRIMARY KEY, NAVN TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS ADRESSE (CPRNR TEXT NOT NULL, VEJ TEXT NOT NULL, SLAGS TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS FORLOEB (
	AAR INTEGER NOT NULL, LBNR INTEGER NOT NULL, EMNE TEXT NOT NULL, STATUSKODE TEXT NOT NULL, KLENR TEXT NOT NULL,
	SBH_INIT TEXT NOT NULL, CPRNR TEXT NOT NULL, ESDH_NR TEXT, OPRETTET TEXT NOT NULL, AENDRET_UTC TEXT NOT NULL,
	PRIMARY KEY (AAR, LBNR)
);
CREATE TABLE IF NOT EXISTS DOKUMENT (
	DOKNR INTEGER PRIMARY KEY, AAR INTEGER NOT NULL, LBNR INTEGER NOT NULL, OVERSKRIFT TEXT NOT NULL, RETNING TEXT NOT NULL,
	DATO TEXT NOT NULL, INDHOLD BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS BRUGERLOG (ID INTEGER PRIMARY KEY, SAGSNOEGLE TEXT NOT NULL, HVAD TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS IMPORTLOG (ID INTEGER PRIMARY KEY, SAGSNOEGLE TEXT NOT NULL, HVAD TEXT NOT NULL, FIL TEXT NOT NULL);
CREATE VIEW IF NOT EXISTS V_MOX_FORLOEB AS
	SELECT f.AAR || '-' || f.LBNR AS SAGSNOEGLE, f.EMNE, f.STATUSKODE, f.KLENR, f.SBH_INIT, f.CPRNR, f.ESDH_NR, f.OPRETTET,
		f.AENDRET_UTC, b.NAVN AS BORGER_NAVN, 'TILBUD ' || (f.LBNR % 7) AS TILBUDSKODE
	FROM FORLOEB f JOIN BORGER b ON b.CPRNR = f.CPRNR JOIN ADRESSE a ON a.CPRNR = f.CPRNR;
CREATE VIEW IF NOT EXISTS V_MOX_DOKUMENT AS
	SELECT 'D' || DOKNR AS DOKNR, AAR || '-' || LBNR AS SAGSNOEGLE, OVERSKRIFT, RETNING, DATO, DOKNR AS INDHOLD_REF FROM DOKUMENT;
CREATE VIEW IF NOT EXISTS V_MOX_INDHOLD AS SELECT DOKNR AS INDHOLD_REF, INDHOLD FROM DOKUMENT;`

const (
	importHver = 200 * time.Millisecond
	danskTid   = "02.01.2006 15:04"
	utcTid     = "2006-01-02 15:04:05"
)

// System is the jobcentre system, running.
type System struct {
	dir   string
	antal int
	db    *sql.DB
	zone  *time.Location
	log   *slog.Logger
	stop  context.CancelFunc
	kasse sync.WaitGroup
	mu    sync.Mutex // one import at a time
}

// Start opens the system and lets its import run.
func Start(ctx context.Context, v styring.Valg) (styring.System, error) {
	zone, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		return nil, err
	}
	for _, m := range []string{"laest", "afvist"} {
		if err := os.MkdirAll(filepath.Join(v.Dir, "ind", m), 0o755); err != nil {
			return nil, err
		}
	}
	db, err := styring.Database(filepath.Join(v.Dir, "jobcenter.db"), skema)
	if err != nil {
		return nil, err
	}
	s := &System{dir: v.Dir, antal: v.Antal, db: db, zone: zone, log: slog.New(slog.NewTextHandler(v.Log, nil))}
	ctx, s.stop = context.WithCancel(ctx)
	s.kasse.Go(func() { s.importer(ctx) })
	return s, nil
}

// Adresser implements [styring.System].
func (s *System) Adresser() map[string]string {
	return map[string]string{"JOBCENTER_DB": filepath.Join(s.dir, "jobcenter.db"), "JOBCENTER_IND": filepath.Join(s.dir, "ind")}
}

// Fejl implements [styring.System]: nothing goes wrong here on order; the system is bad enough as it is.
func (s *System) Fejl(_ context.Context, navn string, _ int, _ time.Duration) error {
	return fmt.Errorf("jobcenter: kender ikke fejlen %q", navn)
}

// Rolig implements [styring.System]: it is at rest when it has taken in every file.
func (s *System) Rolig(context.Context) (bool, error) {
	filer, err := filepath.Glob(filepath.Join(s.dir, "ind", "*.csv"))
	return len(filer) == 0, err
}

// Close implements [styring.System].
func (s *System) Close() error {
	s.stop()
	s.kasse.Wait()
	return s.db.Close()
}

// importer takes in files until ctx ends.
func (s *System) importer(ctx context.Context) {
	t := time.NewTicker(importHver)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		if err := s.importerNu(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("import", "fejl", err)
		}
	}
}

func (s *System) iTransaktion(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // no effect after Commit
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

var errUkendt = errors.New("sagen kendes ikke")

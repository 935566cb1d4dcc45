// Package byggesag is a municipality's building-permit system.
//
// It keeps cases and documents in a database of its own and talks to the world by files. What is new it writes to the
// folder ud; what others have to say it reads from the folder ind. Every change of a case or a document is a new
// version of it, numbered from 1.
//
// Files out (ud), each written directly under its final name in several writes, and followed by an empty marker file
// NAME.klar when it is complete:
//
//	sag_000001.csv   cases: windows-1252, semicolons, a header line, CRLF
//	dok_000002.xml   documents: windows-1252; the files they name lie in ud/filer
//
// Files in (ind), which must appear by rename, one record each in windows-1252 with a header line:
//
//	journal_NR_VERSION.csv   NR;VERSION;JOURNALNR
//	afsendt_NR_VERSION.csv   NR;VERSION;AFSENDT;BREVID      AFSENDT is dd-mm-yyyy
//
// NR is a case number or a document number. An answer that was taken in moves to ind/laest, one that could not be read
// to ind/afvist with a text beside it. The system does not know whether it has had an answer before: the same file once
// more is taken in once more.
package byggesag

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
)

// DBFile is the name of the database in the system's folder.
const DBFile = "byggesag.db"

// Errors of the registering methods.
var (
	ErrFindes = errors.New("byggesag: versionen findes allerede")           // the (number, version) is registered already
	ErrNummer = errors.New("byggesag: ukendt nummer eller forkert version") // not the next version of anything known
)

// Options are the settings of a [System]. The zero value can be used.
type Options struct {
	Periode     time.Duration                     // time between the rounds of [System.Run]; 0 = 200 ms
	Skrivepause time.Duration                     // pause between the writes of one export file; 0 = none
	Now         func() time.Time                  // the clock; nil = time.Now
	Log         *slog.Logger                      // where Run reports failed rounds; nil = nowhere
	BrydLinje   func(nr string, version int) bool // names the case lines that are cut off when exported; nil = none
}

// System is one running building-permit system. Its methods may be called from several goroutines.
type System struct {
	dir   string
	opts  Options
	db    *sql.DB
	zone  *time.Location
	mu    sync.Mutex // held for one round out, so that export numbers follow the files
	muInd sync.Mutex // held for one round in
}

// Open opens the system in dir, and makes the folders and the database that are not there.
func Open(dir string, opts Options) (*System, error) {
	if opts.Periode <= 0 {
		opts.Periode = 200 * time.Millisecond
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	zone, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		return nil, err
	}
	for _, sub := range []string{"ud/filer", "ind/laest", "ind/afvist", "arkiv"} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.FromSlash(sub)), 0o755); err != nil {
			return nil, err
		}
	}
	db, err := openDB(filepath.Join(dir, DBFile))
	if err != nil {
		return nil, err
	}
	return &System{dir: dir, opts: opts, db: db, zone: zone}, nil
}

// Close closes the database. Run must have returned.
func (s *System) Close() error { return s.db.Close() }

// Run exports what is new and takes in answers, one round each per period, until ctx ends. A failed round is logged
// and tried again at the next period.
func (s *System) Run(ctx context.Context) error {
	tick := time.NewTicker(s.opts.Periode)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if err := errors.Join(s.ExportNow(ctx), s.ImportNow(ctx)); err != nil && ctx.Err() == nil {
			s.opts.Log.Error("byggesag: runde fejlede", "fejl", err)
		}
	}
}

// Stats counts what the system holds.
type Stats struct {
	Sager         int // cases, each counted once
	Dokumenter    int // documents, each counted once
	Versioner     int // versions of both
	Ueksporterede int // versions that wait for export
	Filer         int // files exported
	Svar          int // answers taken in, repeats included
}

// Stats counts what the system holds now.
func (s *System) Stats(ctx context.Context) (Stats, error) {
	var st Stats
	err := s.db.QueryRowContext(ctx, `SELECT
		(SELECT count(DISTINCT nr) FROM sag), (SELECT count(DISTINCT nr) FROM dokument),
		(SELECT count(*) FROM sag) + (SELECT count(*) FROM dokument),
		(SELECT count(*) FROM sag WHERE eksporteret = 0) + (SELECT count(*) FROM dokument WHERE eksporteret = 0),
		(SELECT count(DISTINCT fil) FROM eksportlog), (SELECT count(*) FROM svarlog)`).
		Scan(&st.Sager, &st.Dokumenter, &st.Versioner, &st.Ueksporterede, &st.Filer, &st.Svar)
	if err != nil {
		return Stats{}, fmt.Errorf("byggesag: optælling: %w", err)
	}
	return st, nil
}

// now is the system's local Danish time, as it stands in its logs.
func (s *System) now() string { return s.opts.Now().In(s.zone).Format(danskTid) }

// Formats of the files: Danish dates, local time.
const (
	danskDato = "02-01-2006"
	danskTid  = "02-01-2006 15:04:05"
)

// Package esdh is a document and records system (in Danish ESDH), as another vendor would sell it to a municipality.
//
// It keeps cases and documents in a database of its own and offers them to other systems by REST and JSON. Ids are
// numbers, dates are dd.mm.yyyy and points in time dd.mm.yyyy HH:MM, in local Danish time.
//
//	POST /oauth/token                       OAuth2 client credentials, by basic authentication or form
//	POST /api/v2/cases                      opens a case; honours Idempotency-Key
//	PUT  /api/v2/cases/{id}                 corrects it by a new revision
//	GET  /api/v2/cases/{id}
//	GET  /api/v2/cases?ourReference=X
//	POST /api/v2/cases/{id}/documents       files a document
//	PUT  /api/v2/documents/{id}             files a new revision of it
//	GET  /api/v2/documents?ourReference=X&revision=N
//	GET  /api/v2/documents/{id}/content
//	GET  /                                  what the case workers see
//	POST /internal/cases/{id}/reopen        the button on that page
//
// A refusal has the body {"code": ..., "message": ...}.
//
// Three habits of the system matter to whoever writes to it. Opening a case twice with one Idempotency-Key opens one
// case; without the header it opens two. Filing a document twice always files two, so one must look first. And a
// correction that is already in place is no correction: it is answered as if it were, and leaves no trace in the log.
//
// A case is closed in one of two ways. A case worker closes it: then it takes neither corrections nor documents. Or a
// revision says that it was withdrawn: then it takes no corrections, but the letters that go with a withdrawal can
// still be filed.
package esdh

import (
	"context"
	"database/sql"
	"fmt"
	"html/template"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"
	_ "time/tzdata" // the system writes Danish local time, also on machines without a time zone database
)

// DBFile is the name of the database in the system's folder.
const DBFile = "esdh.db"

// Options are the settings of a [System]. Without KLE it knows no subject numbers and opens no cases; all other
// fields may be zero.
type Options struct {
	ClientID     string        // "" = mox
	ClientSecret string        // "" = hemmelig-esdh
	TokenLife    time.Duration // how long an access token can be used; 0 = 60 s
	KLE          []string      // the subject numbers the system knows

	// CloseAfterOpen names the cases that a case worker closes as soon as they are opened; nil = none. It is asked
	// once for each case that is opened, and must not call the system.
	CloseAfterOpen func(ourReference string) bool

	Now    func() time.Time // the clock; nil = time.Now
	Logger *slog.Logger     // where the system reports its own failures; nil = nowhere
}

// withDefaults gives o with every field set that has a default.
func (o Options) withDefaults() Options {
	if o.ClientID == "" {
		o.ClientID = "mox"
	}
	if o.ClientSecret == "" {
		o.ClientSecret = "hemmelig-esdh"
	}
	if o.TokenLife <= 0 {
		o.TokenLife = time.Minute
	}
	if o.CloseAfterOpen == nil {
		o.CloseAfterOpen = func(string) bool { return false }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// System is one running records system. Its methods may be called from several goroutines.
type System struct {
	opts   Options
	db     *sql.DB
	zone   *time.Location
	kle    map[string]bool
	tokens *tokens
	page   *template.Template
	down   atomic.Bool
}

// Open opens the system in dir, and makes the folder and the database when they are not there.
func Open(dir string, opts Options) (*System, error) {
	opts = opts.withDefaults()
	zone, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		return nil, err
	}
	page, err := template.New("page").Parse(pageHTML)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	db, err := openDB(filepath.Join(dir, DBFile))
	if err != nil {
		return nil, err
	}
	kle := make(map[string]bool, len(opts.KLE))
	for _, number := range opts.KLE {
		kle[number] = true
	}
	return &System{
		opts: opts, db: db, zone: zone, kle: kle, page: page,
		tokens: &tokens{life: opts.TokenLife, now: opts.Now, ends: make(map[string]time.Time)},
	}, nil
}

// Close closes the database. No request may be under way.
func (s *System) Close() error { return s.db.Close() }

// SetDown makes the API and the token endpoint answer 503 until it is called with false. The case workers' page stays
// up.
func (s *System) SetDown(down bool) { s.down.Store(down) }

// Stats counts what the system holds.
type Stats struct {
	Cases     int
	Closed    int // cases that are closed, in either way
	Documents int // each counted once, whatever its revisions
}

// Stats counts what the system holds now.
func (s *System) Stats(ctx context.Context) (Stats, error) {
	var st Stats
	err := s.db.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM cases),
		(SELECT count(*) FROM cases WHERE closed_by <> ''), (SELECT count(*) FROM documents)`).
		Scan(&st.Cases, &st.Closed, &st.Documents)
	if err != nil {
		return Stats{}, fmt.Errorf("esdh: counting: %w", err)
	}
	return st, nil
}

// Formats of the API.
const (
	dateFormat = "02.01.2006"
	timeFormat = "02.01.2006 15:04"
)

func (s *System) localNow() time.Time { return s.opts.Now().In(s.zone) }

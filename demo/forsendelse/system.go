// Package forsendelse is a mail service, as a third vendor would sell it to a municipality: it prints letters and
// sends them to citizens.
//
// It is called by SOAP 1.1 (document/literal) on POST /ws with basic authentication; GET /ws?wsdl describes it. Three
// operations:
//
//	SendBrev             sends an ordinary letter under the caller's reference
//	FindBrev             says whether a letter with that reference was sent
//	SendRekommanderet    sends a registered letter, which is bound to no reference and cannot be looked up
//
// Neither way of sending asks whether the letter was sent before: two calls are two letters. And a letter that was
// asked for is sent also when the caller hangs up before the answer. What cannot be done is a fault:
//
//	soap:Client.UgyldigAnmodning   the request is not as the WSDL says
//	soap:Client.UkendtModtager     nobody has that CPR number; those that begin with 0000
//	soap:Server.Travlt             too many calls at a time
//	soap:Server.InternFejl         the service itself failed
package forsendelse

import (
	"context"
	"database/sql"
	"fmt"
	"html/template"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
	_ "time/tzdata" // the system writes Danish local time, also on machines without a time zone database
)

// DBFile is the name of the database in the system's folder.
const DBFile = "forsendelse.db"

// Options are the settings of a [System]. The zero value can be used.
type Options struct {
	User          string        // "" = mox
	Password      string        // "" = hemmelig-post
	MaxConcurrent int           // calls at a time; 0 = 32
	Delay         time.Duration // how long every call takes before it has effect; see [System.SetDelay]

	// CrashAfter names the letters whose answer is lost: the letter is sent, and the connection cut without an answer.
	// At most once for each operation, number and revision; nil = none. It must not call the system.
	CrashAfter func(operation, nr string, revision int) bool

	Now    func() time.Time // the clock; nil = time.Now
	Logger *slog.Logger     // where the system reports its own failures; nil = nowhere
}

// withDefaults gives o with every field set that has a default.
func (o Options) withDefaults() Options {
	if o.User == "" {
		o.User = "mox"
	}
	if o.Password == "" {
		o.Password = "hemmelig-post"
	}
	if o.MaxConcurrent <= 0 {
		o.MaxConcurrent = 32
	}
	if o.CrashAfter == nil {
		o.CrashAfter = func(string, string, int) bool { return false }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// System is one running mail service. Its methods may be called from several goroutines.
type System struct {
	opts    Options
	db      *sql.DB
	zone    *time.Location
	side    *template.Template
	delay   atomic.Int64  // a time.Duration
	pladser chan struct{} // one element for each call under way
	lukket  chan struct{} // closed by Close
	luk     sync.Once

	mu      sync.Mutex
	afbrudt map[brevnoegle]bool // the letters whose answer was lost on purpose
}

// Open opens the system in dir, and makes the folder and the database when they are not there.
func Open(dir string, opts Options) (*System, error) {
	opts = opts.withDefaults()
	zone, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		return nil, err
	}
	side, err := template.New("side").Parse(sideHTML)
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
	s := &System{
		opts: opts, db: db, zone: zone, side: side, pladser: make(chan struct{}, opts.MaxConcurrent),
		lukket: make(chan struct{}), afbrudt: make(map[brevnoegle]bool),
	}
	s.SetDelay(opts.Delay)
	return s, nil
}

// Close closes the database. Calls that are still waiting out their delay end without effect.
func (s *System) Close() error {
	s.luk.Do(func() { close(s.lukket) })
	return s.db.Close()
}

// SetDelay sets how long a call takes before it has effect. It counts for the calls that come from now on.
func (s *System) SetDelay(d time.Duration) { s.delay.Store(int64(d)) }

// vent waits out the delay of a call, also when the caller has gone: the letter is in the machine. It fails only when
// the system is closed.
func (s *System) vent() error {
	d := time.Duration(s.delay.Load())
	if d <= 0 {
		return nil
	}
	ur := time.NewTimer(d)
	defer ur.Stop()
	select {
	case <-ur.C:
		return nil
	case <-s.lukket:
		return errLukket
	}
}

// Stats counts what the system has sent.
type Stats struct {
	Breve          int // ordinary letters
	Rekommanderede int // registered letters
}

// Stats counts what the system has sent until now.
func (s *System) Stats(ctx context.Context) (Stats, error) {
	var st Stats
	err := s.db.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM brev), (SELECT count(*) FROM rekommanderet)`).
		Scan(&st.Breve, &st.Rekommanderede)
	if err != nil {
		return Stats{}, fmt.Errorf("forsendelse: optælling: %w", err)
	}
	return st, nil
}

// Formats of dates and times.
const (
	isoDato = "2006-01-02"
	isoTid  = "2006-01-02 15:04:05"
)

func (s *System) now() time.Time { return s.opts.Now().In(s.zone) }

// Package xmljournal is an old records system that takes cases in from files and from nothing else: NAME.xml in the folder
// ind, in ISO 8859-1. A case that it has not seen is made, one that it has is overwritten. A file that was taken in moves to
// ind/indlaest, one that could not be read to ind/fejl. For maintenance the whole folder is moved away.
//
//	<journalsag><eksternid>YD-00001</eksternid><overskrift>…</overskrift><emnekode>32.24.08</emnekode><lukket>0</lukket></journalsag>
package xmljournal

import (
	"context"
	"database/sql"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/text/encoding/charmap"

	"github.com/moxkit/mox/afproevning/systemer/styring"
)

const skema = `
CREATE TABLE IF NOT EXISTS JSAG (JNR INTEGER PRIMARY KEY, EKSTERNID TEXT NOT NULL UNIQUE, OVERSKRIFT TEXT NOT NULL, EMNEKODE TEXT NOT NULL, LUKKET INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS INDLAEST (ID INTEGER PRIMARY KEY, EKSTERNID TEXT NOT NULL, FIL TEXT NOT NULL);`

const indlaesHver = 200 * time.Millisecond

// System is the records system, running.
type System struct {
	dir    string
	db     *sql.DB
	log    *slog.Logger
	stop   context.CancelFunc
	kasse  sync.WaitGroup
	mappen sync.Mutex   // held while the folder is used or away
	glem   atomic.Int64 // so many of the next files are moved away unread: a broken promise
}

// Start opens the system and lets it take files in.
func Start(ctx context.Context, v styring.Valg) (styring.System, error) {
	for _, m := range []string{"indlaest", "fejl"} {
		if err := os.MkdirAll(filepath.Join(v.Dir, "ind", m), 0o755); err != nil {
			return nil, err
		}
	}
	db, err := styring.Database(filepath.Join(v.Dir, "xmljournal.db"), skema)
	if err != nil {
		return nil, err
	}
	s := &System{dir: v.Dir, db: db, log: slog.New(slog.NewTextHandler(v.Log, nil))}
	ctx, s.stop = context.WithCancel(ctx)
	s.kasse.Go(func() { s.indlaes(ctx) })
	return s, nil
}

// Adresser implements [styring.System].
func (s *System) Adresser() map[string]string {
	return map[string]string{"XMLJOURNAL_IND": s.ind(), "XMLJOURNAL_DB": filepath.Join(s.dir, "xmljournal.db")}
}

func (s *System) ind() string { return filepath.Join(s.dir, "ind") }

// Runder implements [styring.System]: it has no users with a story of their own.
func (s *System) Runder() int { return 0 }

// Runde implements [styring.System].
func (s *System) Runde(context.Context, int) error { return nil }

// Fejl implements [styring.System]: "ned" moves the folder away for so long, "glem" loses so many
// files.
func (s *System) Fejl(ctx context.Context, navn string, antal int, varighed time.Duration) error {
	switch navn {
	case "ned":
	case "glem":
		s.glem.Store(int64(antal))
		return nil
	default:
		return fmt.Errorf("xmljournal: kender ikke fejlen %q", navn)
	}
	s.mappen.Lock()
	if err := os.Rename(s.ind(), s.ind()+".vedligehold"); err != nil {
		s.mappen.Unlock()
		return err
	}
	s.kasse.Go(func() {
		defer s.mappen.Unlock()
		t := time.NewTimer(varighed)
		defer t.Stop()
		select {
		case <-ctx.Done():
		case <-t.C:
		}
		if err := os.Rename(s.ind()+".vedligehold", s.ind()); err != nil {
			s.log.Error("mappen kom ikke tilbage", "fejl", err)
		}
	})
	return nil
}

// Rolig implements [styring.System].
func (s *System) Rolig(context.Context) (bool, error) {
	s.mappen.Lock()
	defer s.mappen.Unlock()
	filer, err := filepath.Glob(filepath.Join(s.ind(), "*.xml"))
	return len(filer) == 0, err
}

// Close implements [styring.System].
func (s *System) Close() error {
	s.stop()
	s.kasse.Wait()
	return s.db.Close()
}

func (s *System) indlaes(ctx context.Context) {
	t := time.NewTicker(indlaesHver)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		if err := s.indlaesNu(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("indlæsning", "fejl", err)
		}
	}
}

// indlaesNu takes in what is there, the oldest file first.
func (s *System) indlaesNu(ctx context.Context) error {
	s.mappen.Lock()
	defer s.mappen.Unlock()
	filer, err := filepath.Glob(filepath.Join(s.ind(), "*.xml"))
	if err != nil {
		return err
	}
	alder := map[string]time.Time{}
	for _, f := range filer {
		st, err := os.Stat(f)
		if err != nil {
			return err
		}
		alder[f] = st.ModTime()
	}
	slices.SortStableFunc(filer, func(a, b string) int { return alder[a].Compare(alder[b]) })
	for _, f := range filer {
		til := "indlaest"
		if err := s.indlaesFil(ctx, f); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			til = "fejl"
			s.log.Warn("filen kunne ikke læses", "fil", filepath.Base(f), "fejl", err)
		}
		if err := os.Rename(f, filepath.Join(s.ind(), til, filepath.Base(f))); err != nil {
			return err
		}
	}
	return nil
}

// journalsag is a file.
type journalsag struct {
	XMLName    xml.Name `xml:"journalsag"`
	EksternID  string   `xml:"eksternid"`
	Overskrift string   `xml:"overskrift"`
	Emnekode   string   `xml:"emnekode"`
	Lukket     int      `xml:"lukket"`
}

func (s *System) indlaesFil(ctx context.Context, fil string) error {
	if s.glem.Add(-1) >= 0 {
		return nil
	}
	f, err := os.Open(fil)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // only read
	d := xml.NewDecoder(f)
	d.CharsetReader = func(navn string, r io.Reader) (io.Reader, error) {
		if !strings.EqualFold(navn, "iso-8859-1") {
			return nil, fmt.Errorf("tegnsættet %s kendes ikke her", navn)
		}
		return charmap.ISO8859_1.NewDecoder().Reader(r), nil
	}
	var j journalsag
	if err := d.Decode(&j); err != nil {
		return err
	}
	if j.EksternID == "" {
		return errors.New("eksternid mangler")
	}
	if _, err := s.db.ExecContext(ctx, `INSERT INTO JSAG (EKSTERNID, OVERSKRIFT, EMNEKODE, LUKKET) VALUES (?, ?, ?, ?)
		ON CONFLICT (EKSTERNID) DO UPDATE SET OVERSKRIFT = excluded.OVERSKRIFT, EMNEKODE = excluded.EMNEKODE, LUKKET = excluded.LUKKET`,
		j.EksternID, j.Overskrift, j.Emnekode, j.Lukket); err != nil {
		return err
	}
	_, err = s.db.ExecContext(ctx, `INSERT INTO INDLAEST (EKSTERNID, FIL) VALUES (?, ?)`, j.EksternID, filepath.Base(fil))
	return err
}

// Package arkiv is a records system (ESDH) with a REST interface in Danish, as one vendor of several would sell it.
//
//	POST /rest/sager                    opens a case                       201 {"id": "S-000001", "sagsnummer": "26/000001", …}
//	PUT  /rest/sager/{id}               changes it
//	GET  /rest/sager                    {"sager": […]}, also by ?fremmedReference=&fremmedHaendelse=
//	POST /rest/dokumenter               files a document
//	GET  /rest/dokumenter               {"dokumenter": […]}, also by ?fremmedReference=
//	GET  /rest/log                      one entry for each effect, with who had it
//
// Statuses are numbers: 10 new, 20 under way, 90 closed. A closed case takes no changes but 409. It knows no idempotency
// keys: what is posted twice is there twice, so one must look first. Some answers are 500 although the work was done. Each
// change gives a case a new udgave.
// Points in time are Danish local time without zone. One user logs in by basic authentication.
package arkiv

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"
	_ "time/tzdata" // the system writes Danish local time, also on machines without a time zone database

	"github.com/moxkit/mox/afproevning/systemer/styring"
)

const skema = `
CREATE TABLE IF NOT EXISTS sag (
	lbnr INTEGER PRIMARY KEY, titel TEXT NOT NULL, klassifikation TEXT NOT NULL, status INTEGER NOT NULL, ansvarlig TEXT NOT NULL,
	part TEXT NOT NULL, fremmed_reference TEXT NOT NULL, fremmed_haendelse TEXT NOT NULL, udgave INTEGER NOT NULL, aendret TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS dokument (
	lbnr INTEGER PRIMARY KEY, sag_id TEXT NOT NULL, titel TEXT NOT NULL, dato TEXT NOT NULL, retning TEXT NOT NULL,
	fremmed_reference TEXT NOT NULL, indhold BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS haendelse (
	lbnr INTEGER PRIMARY KEY, operation TEXT NOT NULL, fremmed_reference TEXT NOT NULL, bruger TEXT NOT NULL
);`

// The one user that other systems log in as.
const (
	bruger  = "mox"
	kodeord = "arkiv-hemmelig"
	arkivar = "arkivar" // the system's own users
)

const runder = 6

// System is the records system, running.
type System struct {
	db     *sql.DB
	zone   *time.Location
	lytter *styring.Lytter
	// So many of the next documents are answered as filed, and are not, and so many changes as made: broken promises.
	glem, glemRet atomic.Int64
}

// Start opens the system and its listener.
func Start(_ context.Context, v styring.Valg) (styring.System, error) {
	zone, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		return nil, err
	}
	db, err := styring.Database(filepath.Join(v.Dir, "arkiv.db"), skema)
	if err != nil {
		return nil, err
	}
	s := &System{db: db, zone: zone}
	if s.lytter, err = styring.Lyt(v.Listen, s.ruter()); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// Adresser implements [styring.System].
func (s *System) Adresser() map[string]string { return map[string]string{"ARKIV": s.lytter.Adresse()} }

// Runder implements [styring.System].
func (s *System) Runder() int { return runder }

// Runde implements [styring.System]: in the last two rounds the users change the subject of one case in four and the case
// worker of another, by the number that the case has in the system it came from.
func (s *System) Runde(ctx context.Context, nr int) error {
	saet := map[int]string{4: `titel = titel || ' – bilag scannet'`, 5: `ansvarlig = 'ARK'`}[nr]
	if saet == "" {
		return nil
	}
	l, err := hentSager(ctx, s.db, `WHERE status <> 90`)
	if err != nil {
		return err
	}
	return s.iTransaktion(ctx, func(tx *sql.Tx) error {
		for _, x := range l {
			if !vores(x.FremmedReference, nr) {
				continue
			}
			if _, err := tx.ExecContext(ctx, `UPDATE sag SET `+saet+`, udgave = udgave + 1, aendret = ? WHERE fremmed_reference = ?`, s.nu(), x.FremmedReference); err != nil {
				return err
			}
			if err := s.noter(ctx, tx, "sag.ret", x.FremmedReference, arkivar); err != nil {
				return err
			}
		}
		return nil
	})
}

// vores reports whether the users here change the case in a round. It is never one that the other system's users change:
// which of two changes at once is the right one, only people know.
func vores(reference string, runde int) bool {
	var aar, lbnr int
	if _, err := fmt.Sscanf(reference, "%d-%d", &aar, &lbnr); err != nil {
		return false
	}
	i := 2*(lbnr-1) + aar - 2025
	return i%4 == 3 && i%5 != 2 && (runde == 4 || i%8 == 3)
}

// Fejl implements [styring.System].
func (s *System) Fejl(_ context.Context, navn string, antal int, varighed time.Duration) error {
	switch navn {
	case "ned":
		s.lytter.Ned(varighed)
	case "efter_virkning":
		s.lytter.EfterVirkning(antal)
	case "glem":
		s.glem.Store(int64(antal))
	case "glem_rettelser":
		s.glemRet.Store(int64(antal))
	default:
		return fmt.Errorf("arkiv: kender ikke fejlen %q", navn)
	}
	return nil
}

// Rolig implements [styring.System].
func (s *System) Rolig(context.Context) (bool, error) { return true, nil }

// Close implements [styring.System].
func (s *System) Close() error { return errors.Join(s.lytter.Close(), s.db.Close()) }

func (s *System) nu() string { return time.Now().In(s.zone).Format("2006-01-02T15:04:05") }

// kendteKLE are the subject numbers that the system knows.
func kendteKLE() []string {
	return []string{"15.20.00", "15.20.21", "18.20.02", "32.24.08", "02.34.02", "27.36.04"}
}

func (s *System) ruter() http.Handler {
	m := http.NewServeMux()
	m.Handle("POST /rest/sager", s.kald(s.opret))
	m.Handle("PUT /rest/sager/{id}", s.kald(s.ret))
	m.Handle("GET /rest/sager", s.kald(s.sager))
	m.Handle("POST /rest/dokumenter", s.kald(s.journaliser))
	m.Handle("GET /rest/dokumenter", s.kald(s.dokumenter))
	m.Handle("GET /rest/log", s.kald(s.logbog))
	return m
}

// afslag is an answer that is not a success.
type afslag struct {
	status int
	Kode   string `json:"kode"`
	Besked string `json:"besked"`
}

func (a *afslag) Error() string { return a.Besked }

const maksKrop = 16 << 20

func (s *System) kald(f func(*http.Request) (int, any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, k, _ := r.BasicAuth()
		if subtle.ConstantTimeCompare([]byte(b+":"+k), []byte(bruger+":"+kodeord)) == 0 {
			svar(w, http.StatusUnauthorized, &afslag{Kode: "LOGIN", Besked: "forkert bruger eller kodeord"})
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maksKrop)
		status, v, err := f(r)
		var a *afslag
		switch {
		case errors.As(err, &a):
			svar(w, a.status, a)
		case err != nil:
			svar(w, http.StatusInternalServerError, &afslag{Kode: "FEJL", Besked: "intern fejl"})
		default:
			svar(w, status, v)
		}
	})
}

func svar(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a caller that has gone is told nothing
}

// laes decodes a body that may have no other fields than v.
func laes(r *http.Request, v any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err == nil && d.Decode(&struct{}{}) != io.EOF {
		err = errors.New("mere end ét objekt")
	}
	if err != nil {
		return &afslag{http.StatusBadRequest, "FORM", err.Error()}
	}
	return nil
}

func (s *System) noter(ctx context.Context, tx *sql.Tx, operation, reference, hvem string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO haendelse (operation, fremmed_reference, bruger) VALUES (?, ?, ?)`, operation, reference, hvem)
	return err
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

func kendtKLE(nr string) error {
	if !slices.Contains(kendteKLE(), nr) {
		return &afslag{http.StatusUnprocessableEntity, "KLASSIFIKATION", fmt.Sprintf("klassifikationen %q findes ikke", nr)}
	}
	return nil
}

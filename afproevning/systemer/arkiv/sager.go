package arkiv

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// sag is a case as the interface shows it. What others write has no id, number or time.
type sag struct {
	ID               string `json:"id,omitempty"`
	Sagsnummer       string `json:"sagsnummer,omitempty"`
	Titel            string `json:"titel"`
	Klassifikation   string `json:"klassifikation"`
	Status           int    `json:"status"`
	Ansvarlig        string `json:"ansvarlig"`
	Part             part   `json:"part"`
	FremmedReference string `json:"fremmedReference"`
	FremmedHaendelse string `json:"fremmedHaendelse"`
	Lukket           int    `json:"lukket"`           // 1 where the status says so; only shown
	Udgave           int    `json:"udgave,omitempty"` // 1, and 1 more at each change
	Aendret          string `json:"aendret,omitempty"`
}

type part struct {
	Ident string `json:"ident"`
}

const (
	statusLukket = 90
	sagKolonner  = `lbnr, titel, klassifikation, status, ansvarlig, part, fremmed_reference, fremmed_haendelse, udgave, aendret`
)

func (s *System) opret(r *http.Request) (int, any, error) {
	var n sag
	if err := laes(r, &n); err != nil {
		return 0, nil, err
	}
	if n.Titel == "" || n.FremmedReference == "" {
		return 0, nil, &afslag{http.StatusBadRequest, "FORM", "titel og fremmedReference skal være der"}
	}
	if err := kendtKLE(n.Klassifikation); err != nil {
		return 0, nil, err
	}
	err := s.iTransaktion(r.Context(), func(tx *sql.Tx) error {
		n.Aendret, n.Udgave = s.nu(), 1
		var lbnr int64
		err := tx.QueryRowContext(r.Context(), `INSERT INTO sag (titel, klassifikation, status, ansvarlig, part, fremmed_reference, fremmed_haendelse, udgave, aendret)
			VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?) RETURNING lbnr`, n.Titel, n.Klassifikation, n.Status, n.Ansvarlig, n.Part.Ident, n.FremmedReference, n.FremmedHaendelse, n.Aendret).Scan(&lbnr)
		if err != nil {
			return err
		}
		n.nummerer(lbnr)
		return s.noter(r.Context(), tx, "sag.opret", n.FremmedReference, bruger)
	})
	return http.StatusCreated, n, err
}

// nummerer gives the case the names that others know it by.
func (n *sag) nummerer(lbnr int64) {
	n.ID, n.Sagsnummer = fmt.Sprintf("S-%06d", lbnr), fmt.Sprintf("26/%06d", lbnr)
}

func lbnrAf(id string) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimPrefix(id, "S-"), 10, 64)
	if err != nil {
		return 0, &afslag{http.StatusNotFound, "UKENDT", "sagen findes ikke"}
	}
	return n, nil
}

func (s *System) ret(r *http.Request) (int, any, error) {
	var n sag
	if err := laes(r, &n); err != nil {
		return 0, nil, err
	}
	lbnr, err := lbnrAf(r.PathValue("id"))
	if err != nil {
		return 0, nil, err
	}
	if err := kendtKLE(n.Klassifikation); err != nil {
		return 0, nil, err
	}
	err = s.iTransaktion(r.Context(), func(tx *sql.Tx) error {
		l, err := hentSager(r.Context(), tx, `WHERE lbnr = ?`, lbnr)
		if err != nil {
			return err
		}
		if len(l) == 0 {
			return &afslag{http.StatusNotFound, "UKENDT", "sagen findes ikke"}
		}
		if l[0].Status == statusLukket {
			return &afslag{http.StatusConflict, "LUKKET", "sagen er lukket"}
		}
		n.nummerer(lbnr)
		n.Aendret, n.Udgave = s.nu(), l[0].Udgave+1
		if s.glemRet.Add(-1) >= 0 {
			return nil
		}
		if _, err := tx.ExecContext(r.Context(), `UPDATE sag SET titel = ?, klassifikation = ?, status = ?, ansvarlig = ?, part = ?, fremmed_haendelse = ?, udgave = udgave + 1, aendret = ? WHERE lbnr = ?`,
			n.Titel, n.Klassifikation, n.Status, n.Ansvarlig, n.Part.Ident, n.FremmedHaendelse, n.Aendret, lbnr); err != nil {
			return err
		}
		return s.noter(r.Context(), tx, "sag.ret", n.FremmedReference, bruger)
	})
	return http.StatusOK, n, err
}

func (s *System) sager(r *http.Request) (int, any, error) {
	hvor, args := hvor(r, "fremmed_reference", "fremmed_haendelse")
	l, err := hentSager(r.Context(), s.db, hvor, args...)
	return http.StatusOK, map[string][]sag{"sager": append([]sag{}, l...)}, err
}

// hvor is the condition of a lookup.
func hvor(r *http.Request, kolonner ...string) (sql string, args []any) {
	navne := map[string]string{"fremmed_reference": "fremmedReference", "fremmed_haendelse": "fremmedHaendelse"}
	var led []string
	for _, k := range kolonner {
		if v := r.URL.Query().Get(navne[k]); v != "" {
			led, args = append(led, "CAST("+k+" AS TEXT) = ?"), append(args, v)
		}
	}
	if len(led) == 0 {
		return "ORDER BY lbnr", nil
	}
	return "WHERE " + strings.Join(led, " AND ") + " ORDER BY lbnr", args
}

// laeser is a database or a transaction in it.
type laeser interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func hentSager(ctx context.Context, q laeser, hvor string, args ...any) (ud []sag, err error) {
	rows, err := q.QueryContext(ctx, `SELECT `+sagKolonner+` FROM sag `+hvor, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // rows.Err tells what matters
	for rows.Next() {
		var x sag
		var lbnr int64
		if err := rows.Scan(&lbnr, &x.Titel, &x.Klassifikation, &x.Status, &x.Ansvarlig, &x.Part.Ident, &x.FremmedReference, &x.FremmedHaendelse, &x.Udgave, &x.Aendret); err != nil {
			return nil, err
		}
		x.nummerer(lbnr)
		if x.Status == statusLukket {
			x.Lukket = 1
		}
		ud = append(ud, x)
	}
	return ud, rows.Err()
}

// dokument is a document as the interface shows it; its bytes are only written.
type dokument struct {
	ID               string `json:"id,omitempty"`
	SagID            string `json:"sagId"`
	Titel            string `json:"titel"`
	Dato             string `json:"dato"`
	Retning          string `json:"retning"`
	FremmedReference string `json:"fremmedReference"`
	Filindhold       []byte `json:"filindhold,omitempty"`
	Bytes            int    `json:"bytes"`
	SHA256           string `json:"sha256,omitempty"`
}

func (s *System) journaliser(r *http.Request) (int, any, error) {
	var d dokument
	if err := laes(r, &d); err != nil {
		return 0, nil, err
	}
	lbnr, err := lbnrAf(d.SagID)
	if err != nil {
		return 0, nil, err
	}
	if s.glem.Add(-1) >= 0 {
		d.faerdig(900000, d.Filindhold)
		return http.StatusCreated, d, nil
	}
	err = s.iTransaktion(r.Context(), func(tx *sql.Tx) error {
		if l, err := hentSager(r.Context(), tx, `WHERE lbnr = ?`, lbnr); err != nil || len(l) == 0 {
			return cmpFejl(err, &afslag{http.StatusNotFound, "UKENDT", "sagen findes ikke"})
		}
		var nr int64
		if err := tx.QueryRowContext(r.Context(), `INSERT INTO dokument (sag_id, titel, dato, retning, fremmed_reference, indhold) VALUES (?, ?, ?, ?, ?, ?) RETURNING lbnr`,
			d.SagID, d.Titel, d.Dato, d.Retning, d.FremmedReference, d.Filindhold).Scan(&nr); err != nil {
			return err
		}
		d.faerdig(nr, d.Filindhold)
		return s.noter(r.Context(), tx, "dokument.journaliser", d.FremmedReference, bruger)
	})
	return http.StatusCreated, d, err
}

// cmpFejl is the first error that is one.
func cmpFejl(err, ellers error) error {
	if err != nil {
		return err
	}
	return ellers
}

// faerdig tells of the bytes instead of showing them.
func (d *dokument) faerdig(nr int64, indhold []byte) {
	sum := sha256.Sum256(indhold)
	d.ID, d.Bytes, d.SHA256, d.Filindhold = fmt.Sprintf("D-%06d", nr), len(indhold), hex.EncodeToString(sum[:]), nil
}

func (s *System) dokumenter(r *http.Request) (int, any, error) {
	hvor, args := hvor(r, "fremmed_reference")
	rows, err := s.db.QueryContext(r.Context(), `SELECT lbnr, sag_id, titel, dato, retning, fremmed_reference, indhold FROM dokument `+hvor, args...)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = rows.Close() }() // rows.Err tells what matters
	ud := []dokument{}
	for rows.Next() {
		var d dokument
		var nr int64
		var indhold []byte
		if err := rows.Scan(&nr, &d.SagID, &d.Titel, &d.Dato, &d.Retning, &d.FremmedReference, &indhold); err != nil {
			return 0, nil, err
		}
		d.faerdig(nr, indhold)
		ud = append(ud, d)
	}
	return http.StatusOK, map[string][]dokument{"dokumenter": ud}, rows.Err()
}

// haendelse is one effect, and who had it.
type haendelse struct {
	Operation        string `json:"operation"`
	FremmedReference string `json:"fremmedReference"`
	Bruger           string `json:"bruger"`
}

func (s *System) logbog(r *http.Request) (int, any, error) {
	rows, err := s.db.QueryContext(r.Context(), `SELECT operation, fremmed_reference, bruger FROM haendelse ORDER BY lbnr`)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = rows.Close() }() // rows.Err tells what matters
	ud := []haendelse{}
	for rows.Next() {
		var h haendelse
		if err := rows.Scan(&h.Operation, &h.FremmedReference, &h.Bruger); err != nil {
			return 0, nil, err
		}
		ud = append(ud, h)
	}
	return http.StatusOK, map[string][]haendelse{"haendelser": ud}, rows.Err()
}

package esdh

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// Statuses of a case, as the API knows them.
const (
	statusOpen      = "open"
	statusDecided   = "decided"
	statusWithdrawn = "withdrawn"
)

// What closed a case.
const (
	closedByWorker   = "worker"   // takes neither corrections nor documents
	closedByRevision = "revision" // the withdrawal: takes no corrections
)

// caseBody is what others say about a case. Two that are equal have identical content.
type caseBody struct {
	Title        string `json:"title"`
	Description  string `json:"description"`
	KLE          string `json:"kle"`
	OurReference string `json:"ourReference"`
	Revision     int    `json:"revision"`
	Applicant    person `json:"applicant"`
	CaseWorker   string `json:"caseWorker"`
	Status       string `json:"status"` // "" = open
}

// readCase reads the body of a request about a case.
func readCase(r *http.Request) (b caseBody, raw []byte, err error) {
	if raw, err = readBody(r, &b); err != nil {
		return b, nil, err
	}
	if b.Status == "" {
		b.Status = statusOpen
	}
	return b, raw, b.check()
}

func (b caseBody) check() error {
	switch {
	case b.Title == "":
		return malformed("title is required")
	case b.KLE == "":
		return malformed("kle is required")
	case b.OurReference == "":
		return malformed("ourReference is required")
	case b.Revision < 1:
		return malformed("revision is required, and is 1 or more")
	}
	switch b.Status {
	case statusOpen, statusDecided, statusWithdrawn:
		return b.Applicant.check("applicant")
	}
	return malformed("status is not %s, %s or %s", statusOpen, statusDecided, statusWithdrawn)
}

// closes is what the revision itself makes of the case.
func (b caseBody) closes() string {
	if b.Status == statusWithdrawn {
		return closedByRevision
	}
	return ""
}

func (s *System) checkKLE(number string) error {
	if !s.kle[number] {
		return refuse(http.StatusUnprocessableEntity, codeUnknownKLE, "the subject number %q is not known here", number)
	}
	return nil
}

// caseFile is a case as it stands.
type caseFile struct {
	caseBody
	id       int64
	number   string
	openedAt string
	closedBy string // "", closedByWorker or closedByRevision
}

// caseAnswer is a case as the API shows it.
type caseAnswer struct {
	ID           int64  `json:"id"`
	CaseNumber   string `json:"caseNumber"`
	OurReference string `json:"ourReference"`
	Revision     int    `json:"revision"`
	OpenedAt     string `json:"openedAt"`
	Title        string `json:"title"`
	KLE          string `json:"kle"`
	Status       string `json:"status"`
}

func (c caseFile) answer() caseAnswer {
	return caseAnswer{
		ID: c.id, CaseNumber: c.number, OurReference: c.OurReference, Revision: c.Revision, OpenedAt: c.openedAt,
		Title: c.Title, KLE: c.KLE, Status: c.Status,
	}
}

// openCase is POST /api/v2/cases. Only successes are remembered under the Idempotency-Key: what was refused may be
// tried again with the same key, also with another body.
func (s *System) openCase(r *http.Request) (int, any, error) {
	b, raw, err := readCase(r)
	if err != nil {
		return 0, nil, err
	}
	key := r.Header.Get("Idempotency-Key")
	var answer json.RawMessage
	err = s.inTx(r.Context(), func(tx *sql.Tx) (err error) {
		if answer, err = keptAnswer(r.Context(), tx, key, raw); err != nil || answer != nil {
			return err
		}
		c, err := s.insertCase(r.Context(), tx, b)
		if err != nil {
			return err
		}
		if answer, err = json.Marshal(c.answer()); err != nil {
			return err
		}
		return keepAnswer(r.Context(), tx, key, raw, answer)
	})
	return http.StatusCreated, answer, err
}

// keptAnswer is the answer already given to key, nil when there is none. The key must have come with the same body.
func keptAnswer(ctx context.Context, tx *sql.Tx, key string, body []byte) (answer []byte, err error) {
	if key == "" {
		return nil, nil
	}
	var hash string
	err = tx.QueryRowContext(ctx, `SELECT body_sha256, answer FROM answers WHERE key = ?`, key).Scan(&hash, &answer)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, err
	case hash != hexSHA256(body):
		return nil, refuse(http.StatusUnprocessableEntity, codeKeyReused, "the Idempotency-Key was used with another body")
	}
	return answer, nil
}

func keepAnswer(ctx context.Context, tx *sql.Tx, key string, body, answer []byte) error {
	if key == "" {
		return nil
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO answers (key, body_sha256, answer) VALUES (?,?,?)`, key, hexSHA256(body), answer)
	return err
}

// insertCase opens a case under the next number of the year.
func (s *System) insertCase(ctx context.Context, tx *sql.Tx, b caseBody) (caseFile, error) {
	if err := s.checkKLE(b.KLE); err != nil {
		return caseFile{}, err
	}
	now := s.localNow()
	var serial int
	if err := tx.QueryRowContext(ctx, `INSERT INTO case_counter (year, latest) VALUES (?, 1)
		ON CONFLICT (year) DO UPDATE SET latest = latest + 1 RETURNING latest`, now.Year()).Scan(&serial); err != nil {
		return caseFile{}, err
	}
	c := caseFile{
		caseBody: b, number: fmt.Sprintf("BYG-%d-%05d", now.Year(), serial),
		openedAt: now.Format(timeFormat), closedBy: b.closes(),
	}
	if s.opts.CloseAfterOpen(b.OurReference) {
		c.closedBy = closedByWorker
	}
	if err := tx.QueryRowContext(ctx, `INSERT INTO cases (number, our_reference, revision, title, description, kle,
		applicant_cpr, case_worker, status, opened_at, closed_by) VALUES (?,?,?,?,?,?,?,?,?,?,?) RETURNING id`,
		c.number, b.OurReference, b.Revision, b.Title, b.Description, b.KLE, b.Applicant.CPR, b.CaseWorker, b.Status,
		c.openedAt, c.closedBy).Scan(&c.id); err != nil {
		return caseFile{}, err
	}
	return c, s.record(ctx, tx, entry{opCaseOpen, b.OurReference, b.Revision, c.number, b.Status})
}

// reviseCase is PUT /api/v2/cases/{id}. A revision that is in place already is answered without a new one.
func (s *System) reviseCase(r *http.Request) (int, any, error) {
	id, err := pathID(r)
	if err != nil {
		return 0, nil, err
	}
	b, _, err := readCase(r)
	if err != nil {
		return 0, nil, err
	}
	var c caseFile
	err = s.inTx(r.Context(), func(tx *sql.Tx) (err error) {
		if c, err = loadCase(r.Context(), tx, id); err != nil || c.caseBody == b {
			return err
		}
		if err := c.mayBecome(b); err != nil {
			return err
		}
		if err := s.checkKLE(b.KLE); err != nil {
			return err
		}
		c.caseBody = b
		return s.updateCase(r.Context(), tx, c)
	})
	return http.StatusOK, c.answer(), err
}

// mayBecome says why b cannot correct the case, if it cannot.
func (c caseFile) mayBecome(b caseBody) error {
	switch {
	case c.OurReference != b.OurReference:
		return refuse(http.StatusConflict, codeWrongReference, "%s is the case of %s, not of %s", c.number, c.OurReference, b.OurReference)
	case c.closedBy != "":
		return refuse(http.StatusConflict, codeCaseClosed, "%s is closed", c.number)
	case b.Revision < c.Revision:
		return refuse(http.StatusConflict, codeOldRevision, "%s stands at revision %d", c.number, c.Revision)
	}
	return nil
}

func (s *System) updateCase(ctx context.Context, tx *sql.Tx, c caseFile) error {
	if _, err := tx.ExecContext(ctx, `UPDATE cases SET revision = ?, title = ?, description = ?, kle = ?,
		applicant_cpr = ?, case_worker = ?, status = ?, closed_by = ? WHERE id = ?`,
		c.Revision, c.Title, c.Description, c.KLE, c.Applicant.CPR, c.CaseWorker, c.Status, c.closes(), c.id); err != nil {
		return err
	}
	return s.record(ctx, tx, entry{opCaseRevise, c.OurReference, c.Revision, c.number, c.Status})
}

// reopen lets a closed case take corrections and documents again. It says nothing about the status.
func (s *System) reopen(ctx context.Context, id int64) error {
	res, err := s.db.ExecContext(ctx, `UPDATE cases SET closed_by = '' WHERE id = ?`, id)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil {
		return err
	} else if n == 0 {
		return noCase(id)
	}
	return nil
}

func noCase(id int64) error {
	return refuse(http.StatusNotFound, codeNotFound, "there is no case %d", id)
}

// getCase is GET /api/v2/cases/{id}.
func (s *System) getCase(r *http.Request) (int, any, error) {
	id, err := pathID(r)
	if err != nil {
		return 0, nil, err
	}
	c, err := loadCase(r.Context(), s.db, id)
	return http.StatusOK, c.answer(), err
}

// findCases is GET /api/v2/cases?ourReference=X.
func (s *System) findCases(r *http.Request) (int, any, error) {
	reference := r.URL.Query().Get("ourReference")
	if reference == "" {
		return 0, nil, malformed("ourReference is required")
	}
	cases, err := queryCases(r.Context(), s.db, "WHERE our_reference = ? ORDER BY id", reference)
	if err != nil {
		return 0, nil, err
	}
	found := list[caseAnswer]{Items: []caseAnswer{}}
	for _, c := range cases {
		found.Items = append(found.Items, c.answer())
	}
	return http.StatusOK, found, nil
}

// querier is a database or a transaction in it.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func loadCase(ctx context.Context, q querier, id int64) (caseFile, error) {
	cases, err := queryCases(ctx, q, "WHERE id = ?", id)
	if err != nil {
		return caseFile{}, err
	}
	if len(cases) == 0 {
		return caseFile{}, noCase(id)
	}
	return cases[0], nil
}

// queryCases reads the cases that the clause picks.
func queryCases(ctx context.Context, q querier, clause string, args ...any) ([]caseFile, error) {
	rows, err := q.QueryContext(ctx, `SELECT id, number, our_reference, revision, title, description, kle,
		applicant_cpr, case_worker, status, opened_at, closed_by FROM cases `+clause, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var cases []caseFile
	for rows.Next() {
		var c caseFile
		if err := rows.Scan(&c.id, &c.number, &c.OurReference, &c.Revision, &c.Title, &c.Description, &c.KLE,
			&c.Applicant.CPR, &c.CaseWorker, &c.Status, &c.openedAt, &c.closedBy); err != nil {
			return nil, err
		}
		cases = append(cases, c)
	}
	return cases, rows.Err()
}

func hexSHA256(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

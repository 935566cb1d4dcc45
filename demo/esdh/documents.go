package esdh

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"time"
)

// documentBody is what others say about a document.
type documentBody struct {
	Title        string `json:"title"`
	Type         string `json:"type"`
	Direction    string `json:"direction"`  // in, out or nothing
	LetterDate   string `json:"letterDate"` // dd.mm.yyyy or nothing
	FileName     string `json:"fileName"`
	ContentType  string `json:"contentType"` // "" = application/octet-stream
	Content      []byte `json:"contentBase64"`
	OurReference string `json:"ourReference"`
	Revision     int    `json:"revision"`
	Recipient    person `json:"recipient"`
}

// readDocument reads the body of a request about a document.
func readDocument(r *http.Request) (documentBody, error) {
	var b documentBody
	if _, err := readBody(r, &b); err != nil {
		return b, err
	}
	if b.ContentType == "" {
		b.ContentType = "application/octet-stream"
	}
	return b, b.check()
}

func (b documentBody) check() error {
	switch {
	case len(b.Content) == 0:
		return malformed("contentBase64 is required")
	case b.OurReference == "":
		return malformed("ourReference is required")
	case b.Revision < 1:
		return malformed("revision is required, and is 1 or more")
	case b.Direction != "" && b.Direction != "in" && b.Direction != "out":
		return malformed("direction is not in or out")
	}
	if b.LetterDate != "" {
		if _, err := time.Parse(dateFormat, b.LetterDate); err != nil {
			return malformed("letterDate is not a date (dd.mm.yyyy): %q", b.LetterDate)
		}
	}
	if _, _, err := mime.ParseMediaType(b.ContentType); err != nil {
		return malformed("contentType is not a media type: %q", b.ContentType)
	}
	return b.Recipient.check("recipient")
}

// documentAnswer is one revision of a document as the API shows it.
type documentAnswer struct {
	ID             int64  `json:"id"`
	DocumentNumber string `json:"documentNumber"`
	CaseID         int64  `json:"caseId"`
	CaseNumber     string `json:"caseNumber"`
	OurReference   string `json:"ourReference"`
	Revision       int    `json:"revision"`
	SHA256         string `json:"sha256"`
	RegisteredAt   string `json:"registeredAt"`
	Title          string `json:"title"`
}

// fileDocument is POST /api/v2/cases/{id}/documents. Every call files one more document.
func (s *System) fileDocument(r *http.Request) (int, any, error) {
	caseID, err := pathID(r)
	if err != nil {
		return 0, nil, err
	}
	b, err := readDocument(r)
	if err != nil {
		return 0, nil, err
	}
	var d documentAnswer
	err = s.inTx(r.Context(), func(tx *sql.Tx) (err error) {
		if d, err = newDocument(r.Context(), tx, caseID); err != nil {
			return err
		}
		return s.insertRevision(r.Context(), tx, opDocumentFile, &d, b)
	})
	return http.StatusCreated, d, err
}

// newDocument takes the next document number of a case. Nothing is in the document yet.
func newDocument(ctx context.Context, tx *sql.Tx, caseID int64) (documentAnswer, error) {
	c, err := loadCase(ctx, tx, caseID)
	if err != nil {
		return documentAnswer{}, err
	}
	if err := c.takesDocuments(); err != nil {
		return documentAnswer{}, err
	}
	var before int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM documents WHERE case_id = ?`, caseID).Scan(&before); err != nil {
		return documentAnswer{}, err
	}
	d := documentAnswer{CaseID: caseID, CaseNumber: c.number, DocumentNumber: fmt.Sprintf("%s-%03d", c.number, before+1)}
	err = tx.QueryRowContext(ctx, `INSERT INTO documents (case_id, number) VALUES (?,?) RETURNING id`, caseID, d.DocumentNumber).Scan(&d.ID)
	return d, err
}

// takesDocuments refuses only for a case that a case worker closed: withdrawals are followed by letters.
func (c caseFile) takesDocuments() error {
	if c.closedBy == closedByWorker {
		return refuse(http.StatusConflict, codeCaseClosed, "%s is closed", c.number)
	}
	return nil
}

// insertRevision puts b in place as the latest revision of d, and completes d with it.
func (s *System) insertRevision(ctx context.Context, tx *sql.Tx, operation string, d *documentAnswer, b documentBody) error {
	d.OurReference, d.Revision, d.Title = b.OurReference, b.Revision, b.Title
	d.SHA256 = hexSHA256(b.Content)
	d.RegisteredAt = s.localNow().Format(timeFormat)
	if _, err := tx.ExecContext(ctx, `INSERT INTO document_revisions (document_id, our_reference, revision, title, type,
		direction, letter_date, file_name, content_type, recipient_cpr, sha256, registered_at, content)
		VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)`, d.ID, b.OurReference, b.Revision, b.Title, b.Type,
		b.Direction, b.LetterDate, b.FileName, b.ContentType, b.Recipient.CPR, d.SHA256, d.RegisteredAt, b.Content); err != nil {
		return err
	}
	return s.record(ctx, tx, entry{operation, b.OurReference, b.Revision, d.CaseNumber, d.DocumentNumber + " " + d.SHA256})
}

// reviseDocument is PUT /api/v2/documents/{id}. The latest revision with the same content is answered without a new
// one.
func (s *System) reviseDocument(r *http.Request) (int, any, error) {
	id, err := pathID(r)
	if err != nil {
		return 0, nil, err
	}
	b, err := readDocument(r)
	if err != nil {
		return 0, nil, err
	}
	var d documentAnswer
	err = s.inTx(r.Context(), func(tx *sql.Tx) (err error) {
		if d, err = loadDocument(r.Context(), tx, id); err != nil || d.holds(b) {
			return err
		}
		c, err := loadCase(r.Context(), tx, d.CaseID)
		if err != nil {
			return err
		}
		if err := errors.Join(d.mayBecome(b), c.takesDocuments()); err != nil {
			return err
		}
		return s.insertRevision(r.Context(), tx, opDocumentRevise, &d, b)
	})
	return http.StatusOK, d, err
}

// holds says whether b is in place already.
func (d documentAnswer) holds(b documentBody) bool {
	return d.OurReference == b.OurReference && d.Revision == b.Revision && d.SHA256 == hexSHA256(b.Content)
}

// mayBecome says why b cannot be the next revision, if it cannot.
func (d documentAnswer) mayBecome(b documentBody) error {
	switch {
	case d.OurReference != b.OurReference:
		return refuse(http.StatusConflict, codeWrongReference, "%s is the document of %s, not of %s", d.DocumentNumber, d.OurReference, b.OurReference)
	case b.Revision < d.Revision:
		return refuse(http.StatusConflict, codeOldRevision, "%s stands at revision %d", d.DocumentNumber, d.Revision)
	}
	return nil
}

// findDocuments is GET /api/v2/documents?ourReference=X&revision=N. It finds revisions, also those that have been
// followed by another; without revision it finds all of them.
func (s *System) findDocuments(r *http.Request) (int, any, error) {
	query := r.URL.Query()
	clause, args := "WHERE v.our_reference = ?", []any{query.Get("ourReference")}
	if args[0] == "" {
		return 0, nil, malformed("ourReference is required")
	}
	if query.Has("revision") {
		revision, err := strconv.Atoi(query.Get("revision"))
		if err != nil {
			return 0, nil, malformed("revision is not a number: %q", query.Get("revision"))
		}
		clause, args = clause+" AND v.revision = ?", append(args, revision)
	}
	items, err := queryDocuments(r.Context(), s.db, clause+" ORDER BY v.id", args...)
	return http.StatusOK, list[documentAnswer]{Items: items}, err
}

// serveContent is GET /api/v2/documents/{id}/content: the latest revision of it.
func (s *System) serveContent(w http.ResponseWriter, r *http.Request) {
	id, err := pathID(r)
	if err != nil {
		s.writeError(w, r, err)
		return
	}
	var contentType, fileName string
	var content []byte
	err = s.db.QueryRowContext(r.Context(), `SELECT content_type, file_name, content FROM document_revisions
		WHERE document_id = ? ORDER BY id DESC LIMIT 1`, id).Scan(&contentType, &fileName, &content)
	if errors.Is(err, sql.ErrNoRows) {
		err = noDocument(id)
	}
	if err != nil {
		s.writeError(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", strconv.Itoa(len(content)))
	h.Set("Content-Disposition", disposition(fileName))
	w.Write(content) // a client that is gone does not matter
}

// disposition lets a browser save the content under its file name.
func disposition(fileName string) string {
	if fileName == "" {
		return "attachment"
	}
	return mime.FormatMediaType("attachment", map[string]string{"filename": fileName})
}

func noDocument(id int64) error {
	return refuse(http.StatusNotFound, codeNotFound, "there is no document %d", id)
}

// loadDocument reads the latest revision of a document.
func loadDocument(ctx context.Context, q querier, id int64) (documentAnswer, error) {
	found, err := queryDocuments(ctx, q, "WHERE d.id = ? ORDER BY v.id DESC LIMIT 1", id)
	if err != nil {
		return documentAnswer{}, err
	}
	if len(found) == 0 {
		return documentAnswer{}, noDocument(id)
	}
	return found[0], nil
}

// queryDocuments reads the revisions that the clause picks among document_revisions v, documents d and cases c.
func queryDocuments(ctx context.Context, q querier, clause string, args ...any) ([]documentAnswer, error) {
	rows, err := q.QueryContext(ctx, `SELECT d.id, d.number, c.id, c.number, v.our_reference, v.revision, v.sha256,
		v.registered_at, v.title FROM document_revisions v JOIN documents d ON d.id = v.document_id
		JOIN cases c ON c.id = d.case_id `+clause, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := []documentAnswer{}
	for rows.Next() {
		var d documentAnswer
		if err := rows.Scan(&d.ID, &d.DocumentNumber, &d.CaseID, &d.CaseNumber, &d.OurReference, &d.Revision, &d.SHA256,
			&d.RegisteredAt, &d.Title); err != nil {
			return nil, err
		}
		found = append(found, d)
	}
	return found, rows.Err()
}

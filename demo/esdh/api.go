package esdh

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// maxBody is the greatest request body that is read, in bytes.
const maxBody = 48 << 20

// Codes of refusals.
const (
	codeMalformed      = "MALFORMED"
	codeTooLarge       = "TOO_LARGE"
	codeUnauthorized   = "UNAUTHORIZED"
	codeNotFound       = "NOT_FOUND"
	codeUnknownKLE     = "UNKNOWN_KLE"
	codeKeyReused      = "KEY_REUSED"
	codeCaseClosed     = "CASE_CLOSED"
	codeOldRevision    = "OLD_REVISION"
	codeWrongReference = "WRONG_REFERENCE"
	codeUnavailable    = "UNAVAILABLE"
	codeInternal       = "INTERNAL"
)

// refusal is an answer that is not a success.
type refusal struct {
	status  int
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (r *refusal) Error() string { return r.Code + ": " + r.Message }

func refuse(status int, code, format string, args ...any) error {
	return &refusal{status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

func malformed(format string, args ...any) error {
	return refuse(http.StatusBadRequest, codeMalformed, format, args...)
}

// Handler serves the API and the case workers' page.
func (s *System) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /oauth/token", s.whenUp(http.HandlerFunc(s.serveToken)))
	mux.Handle("/api/", s.whenUp(s.whenAuthorized(s.api())))
	mux.Handle("POST /internal/cases/{id}/reopen", http.NewCrossOriginProtection().Handler(http.HandlerFunc(s.serveReopen)))
	mux.HandleFunc("GET /{$}", s.servePage)
	return mux
}

// api routes the calls that need a token.
func (s *System) api() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /api/v2/cases", s.endpoint(s.openCase))
	mux.Handle("GET /api/v2/cases", s.endpoint(s.findCases))
	mux.Handle("GET /api/v2/cases/{id}", s.endpoint(s.getCase))
	mux.Handle("PUT /api/v2/cases/{id}", s.endpoint(s.reviseCase))
	mux.Handle("POST /api/v2/cases/{id}/documents", s.endpoint(s.fileDocument))
	mux.Handle("GET /api/v2/documents", s.endpoint(s.findDocuments))
	mux.Handle("PUT /api/v2/documents/{id}", s.endpoint(s.reviseDocument))
	mux.HandleFunc("GET /api/v2/documents/{id}/content", s.serveContent)
	return mux
}

// whenUp refuses everything while the system is down.
func (s *System) whenUp(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.down.Load() {
			w.Header().Set("Retry-After", "1")
			s.writeError(w, r, refuse(http.StatusServiceUnavailable, codeUnavailable, "the system is down for maintenance"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// whenAuthorized refuses a request without a token that is in use.
func (s *System) whenAuthorized(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.authorized(r) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="esdh", error="invalid_token"`)
			s.writeError(w, r, refuse(http.StatusUnauthorized, codeUnauthorized, "the access token is missing, unknown or expired"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// endpoint makes a handler of a function that gives the status and body of its answer, or a [*refusal].
func (s *System) endpoint(fn func(r *http.Request) (status int, body any, err error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		status, body, err := fn(r)
		if err != nil {
			s.writeError(w, r, err)
			return
		}
		s.writeJSON(w, status, body)
	})
}

// writeError answers with the refusal in err; any other error is the system's own and is only reported here.
func (s *System) writeError(w http.ResponseWriter, r *http.Request, err error) {
	ref, ok := errors.AsType[*refusal](err)
	if !ok {
		s.opts.Logger.ErrorContext(r.Context(), "esdh: request failed", "method", r.Method, "path", r.URL.Path, "error", err)
		ref = &refusal{http.StatusInternalServerError, codeInternal, "internal error"}
	}
	s.writeJSON(w, ref.status, ref)
}

func (s *System) writeJSON(w http.ResponseWriter, status int, body any) {
	data, err := json.Marshal(body)
	if err != nil {
		s.opts.Logger.Error("esdh: encoding an answer", "error", err)
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	w.Write(data) // a client that is gone does not matter
}

// readBody reads the request body and decodes it into v, which has all the fields the body may have.
func readBody(r *http.Request, v any) (raw []byte, err error) {
	raw, err = io.ReadAll(r.Body)
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, refuse(http.StatusRequestEntityTooLarge, codeTooLarge, "the body is greater than %d bytes", tooLarge.Limit)
	}
	if err != nil {
		return nil, malformed("the body could not be read: %v", err)
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return nil, malformed("the body is not as expected: %v", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, malformed("there is more in the body than one JSON value")
	}
	return raw, nil
}

// pathID is the number in the path. One that is no number is not found.
func pathID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return 0, refuse(http.StatusNotFound, codeNotFound, "there is no %q", r.PathValue("id"))
	}
	return id, nil
}

// person is a citizen, known by CPR number only.
type person struct {
	CPR string `json:"cpr"`
}

// check accepts ten digits, or nobody at all.
func (p person) check(field string) error {
	if p.CPR == "" || len(p.CPR) == 10 && strings.Trim(p.CPR, "0123456789") == "" {
		return nil
	}
	return malformed("%s.cpr is not ten digits", field)
}

// list is the body of every lookup.
type list[T any] struct {
	Items []T `json:"items"` // never nil, so that it is never null
}

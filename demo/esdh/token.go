package esdh

import (
	"crypto/rand"
	"crypto/subtle"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// tokens are the access tokens that are in use.
type tokens struct {
	life time.Duration
	now  func() time.Time

	mu   sync.Mutex
	ends map[string]time.Time
}

// issue makes a token, and forgets those that have ended.
func (t *tokens) issue() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	maps.DeleteFunc(t.ends, func(_ string, end time.Time) bool { return !now.Before(end) })
	token := rand.Text()
	t.ends[token] = now.Add(t.life)
	return token
}

func (t *tokens) valid(token string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	end, known := t.ends[token]
	return known && t.now().Before(end)
}

// tokenAnswer is the answer of the token endpoint (RFC 6749 §5.1).
type tokenAnswer struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"`
}

// tokenError is its refusal (RFC 6749 §5.2).
type tokenError struct {
	Error string `json:"error"`
}

// serveToken is POST /oauth/token.
func (s *System) serveToken(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	w.Header().Set("Cache-Control", "no-store")
	if err := r.ParseForm(); err != nil {
		s.writeJSON(w, http.StatusBadRequest, tokenError{"invalid_request"})
		return
	}
	if !s.knownClient(r) {
		w.Header().Set("WWW-Authenticate", `Basic realm="esdh"`)
		s.writeJSON(w, http.StatusUnauthorized, tokenError{"invalid_client"})
		return
	}
	if r.PostForm.Get("grant_type") != "client_credentials" {
		s.writeJSON(w, http.StatusBadRequest, tokenError{"unsupported_grant_type"})
		return
	}
	s.writeJSON(w, http.StatusOK, tokenAnswer{
		AccessToken: s.tokens.issue(), TokenType: "Bearer", ExpiresIn: int(s.opts.TokenLife.Seconds()),
	})
}

// knownClient says whether the request bears the client's id and secret. In basic authentication both are
// form-encoded first (RFC 6749 §2.3.1), but few clients know; the plain form counts too.
func (s *System) knownClient(r *http.Request) bool {
	id, secret, basic := r.BasicAuth()
	if !basic {
		return s.isClient(r.PostForm.Get("client_id"), r.PostForm.Get("client_secret"))
	}
	if s.isClient(id, secret) {
		return true
	}
	plainID, errID := url.QueryUnescape(id)
	plainSecret, errSecret := url.QueryUnescape(secret)
	return errID == nil && errSecret == nil && s.isClient(plainID, plainSecret)
}

func (s *System) isClient(id, secret string) bool {
	return subtle.ConstantTimeCompare([]byte(id), []byte(s.opts.ClientID))&
		subtle.ConstantTimeCompare([]byte(secret), []byte(s.opts.ClientSecret)) == 1
}

// authorized says whether the request bears a token that is in use.
func (s *System) authorized(r *http.Request) bool {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return ok && strings.EqualFold(scheme, "Bearer") && s.tokens.valid(strings.TrimSpace(token))
}

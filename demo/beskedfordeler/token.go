package beskedfordeler

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"
)

// token is what a token says. It is signed, and nothing is remembered of it.
type token struct {
	Klient   string    `json:"klient"`
	Udloeber time.Time `json:"udloeber"`
}

func (s *System) underskriv(t token) string {
	b, _ := json.Marshal(t) // a struct of text and time
	krop := base64.RawURLEncoding.EncodeToString(b)
	return krop + "." + base64.RawURLEncoding.EncodeToString(s.mac(krop))
}

func (s *System) mac(krop string) []byte {
	m := hmac.New(sha256.New, s.noegle)
	m.Write([]byte(krop))
	return m.Sum(nil)
}

// Reasons why a token does not count.
var (
	errToken    = errors.New("tokenet er ikke udstedt her")
	errUdloebet = errors.New("tokenet er udløbet")
)

// klient finds whom a token stands for.
func (s *System) klient(tekst string) (Klient, error) {
	krop, mac, _ := strings.Cut(tekst, ".")
	given, err := base64.RawURLEncoding.DecodeString(mac)
	if err != nil || !hmac.Equal(given, s.mac(krop)) {
		return Klient{}, errToken
	}
	b, err := base64.RawURLEncoding.DecodeString(krop)
	var t token
	if err != nil || json.Unmarshal(b, &t) != nil {
		return Klient{}, errToken
	}
	if !s.c.Nu().Before(t.Udloeber) {
		return Klient{}, errUdloebet
	}
	k, ok := s.c.Klienter[t.Klient]
	if !ok {
		return Klient{}, errToken
	}
	return k, nil
}

func (s *System) ruter() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("POST /token", s.giv)
	m.HandleFunc("POST /beskedfordeler", s.webservice)
	return m
}

// giv answers a client that asks for a token (RFC 6749 section 4.4).
func (s *System) giv(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	navn, hemmelighed, basic := r.BasicAuth()
	if !basic {
		navn, hemmelighed = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	k, ok := s.c.Klienter[navn]
	switch {
	case !ok || subtle.ConstantTimeCompare([]byte(k.Hemmelighed), []byte(hemmelighed)) != 1:
		svarJSON(w, http.StatusUnauthorized, map[string]any{"error": "invalid_client"})
	case r.PostFormValue("grant_type") != "client_credentials":
		svarJSON(w, http.StatusBadRequest, map[string]any{"error": "unsupported_grant_type"})
	default:
		t := s.underskriv(token{navn, s.c.Nu().Add(s.c.TokenLevetid)})
		svarJSON(w, http.StatusOK, map[string]any{"access_token": t, "token_type": "Bearer", "expires_in": int(s.c.TokenLevetid.Seconds())})
	}
}

func svarJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client has gone if it fails
}

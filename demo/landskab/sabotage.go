package landskab

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
)

// Sabotage breaks a promise on purpose, so that the checker is seen to find it.
type Sabotage string

// The ways.
const (
	Ingen      Sabotage = ""
	Tab        Sabotage = "tab"    // some letters are answered as sent, and are not
	Gentagelse Sabotage = "gentag" // some calls are made twice by somebody on the way
)

// hverNte is how many calls go well for each that is sabotaged.
const hverNte = 10

// esdh sabotages the filing of documents.
func (s Sabotage) esdh(h http.Handler) http.Handler {
	if s != Gentagelse {
		return h
	}
	return hver(h, func(r *http.Request, _ []byte) bool {
		return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/documents")
	}, toGange)
}

// forsendelse sabotages the sending of ordinary letters.
func (s Sabotage) forsendelse(h http.Handler) http.Handler {
	brev := func(_ *http.Request, body []byte) bool { return bytes.Contains(body, []byte("SendBrev")) }
	switch s {
	case Gentagelse:
		return hver(h, brev, toGange)
	case Tab:
		return hver(h, brev, ikke)
	}
	return h
}

// Tab lets some letters from now on be answered as sent, and not be.
func (l *Landskab) Tab() { l.taber.Store(true) }

// medTab is the mail service, with the letters that Tab loses.
func (l *Landskab) medTab(h http.Handler) http.Handler {
	tab := Tab.forsendelse(h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if l.taber.Load() {
			tab.ServeHTTP(w, r)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// hver lets saboteur take every hverNte call that er picks.
func hver(h http.Handler, er func(*http.Request, []byte) bool, saboteur func(http.Handler, http.ResponseWriter, *http.Request, []byte)) http.Handler {
	var nr atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if er(r, body) && nr.Add(1)%hverNte == 0 {
			saboteur(h, w, r, body)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		h.ServeHTTP(w, r)
	})
}

// toGange makes the call twice, and gives the second answer.
func toGange(h http.Handler, w http.ResponseWriter, r *http.Request, body []byte) {
	foerst := r.Clone(r.Context())
	foerst.Body = io.NopCloser(bytes.NewReader(body))
	h.ServeHTTP(httptest.NewRecorder(), foerst)
	r.Body = io.NopCloser(bytes.NewReader(body))
	h.ServeHTTP(w, r)
}

// ikke answers as if the letter had been sent.
func ikke(_ http.Handler, w http.ResponseWriter, _ *http.Request, body []byte) {
	tag := func(navn string) string {
		_, rest, _ := strings.Cut(string(body), navn+">")
		v, _, _ := strings.Cut(rest, "<")
		return v
	}
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	_, _ = io.WriteString(w, `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>`+
		`<SendBrevResponse xmlns="http://forsendelse.example/ws/2019"><ForsendelsesId>F-999999</ForsendelsesId><AfsendtDato>2026-11-23</AfsendtDato><Sagsnummer>`+
		tag("Sagsnummer")+`</Sagsnummer><Revision>`+tag("Revision")+`</Revision></SendBrevResponse></soap:Body></soap:Envelope>`) // the caller has gone if it fails
}

package agent

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/moxkit/mox/connector"
)

// fagsystem is a foreign system with an API of its own: cases with numbers of its own, a log of every effect, a memory of
// the keys it was sent, a lookup, one user, and faults on order. It knows nothing of MOX.
//
//	GET  /api/sager            all cases
//	GET  /api/opslag?nr=…      those with a reference
//	POST /api/sager            make one
//	PUT, PATCH /api/sager/{id} change one
type fagsystem struct {
	*httptest.Server
	mu       sync.Mutex
	naeste   int
	sager    map[string]map[string]any // by id
	effekter []string                  // "POST 2026-1 Carport"; no key is unique here
	noegler  map[string]string         // Idempotency-Key → id
	kroppe   []map[string]any          // of each write that came
	fejl     []fejl                    // of the next writes
	lovlig   map[string]string         // user → password; none = anyone
	maa      func(*http.Request) bool  // what a user may do; nil = all
	staver   func(felt string, v any) any
	tavs     bool // answers without content
}

// fejl is what goes wrong with one write.
type fejl struct {
	virker bool            // it has its effect all the same
	skaer  bool            // the connection is cut, and no answer comes
	status int             // the answer instead of the usual one
	krop   string          // its content
	efter  string          // its Retry-After
	vent   <-chan struct{} // it takes this long
	naaet  chan<- struct{} // tells that it has begun
}

func nytFagsystem(t testing.TB) *fagsystem {
	t.Helper()
	f := &fagsystem{naeste: 100, sager: map[string]map[string]any{}, noegler: map[string]string{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/sager", f.liste)
	mux.HandleFunc("GET /api/opslag", f.opslag)
	mux.HandleFunc("POST /api/sager", f.skriv)
	mux.HandleFunc("PUT /api/sager/{id}", f.skriv)
	mux.HandleFunc("PATCH /api/sager/{id}", f.skriv)
	mux.HandleFunc("DELETE /api/sager/{id}", f.skriv)
	f.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f.lukketInde(w, r) {
			mux.ServeHTTP(w, r)
		}
	}))
	f.Config.SetKeepAlivesEnabled(false) // so that a cut connection is one call's, and is not repeated by the client
	f.Start()
	t.Cleanup(f.Close)
	return f
}

func (f *fagsystem) lukketInde(w http.ResponseWriter, r *http.Request) bool {
	if f.lovlig == nil {
		return true
	}
	bruger, kodeord, _ := r.BasicAuth()
	switch {
	case f.lovlig[bruger] == "" || f.lovlig[bruger] != kodeord:
		w.WriteHeader(http.StatusUnauthorized)
	case f.maa != nil && !f.maa(r):
		w.WriteHeader(http.StatusForbidden)
	default:
		return true
	}
	return false
}

func (f *fagsystem) liste(w http.ResponseWriter, _ *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var alle []map[string]any
	for _, id := range slices.Sorted(maps.Keys(f.sager)) {
		alle = append(alle, f.sager[id])
	}
	svar(w, http.StatusOK, alle)
}

func (f *fagsystem) opslag(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fundet := []map[string]any{}
	for _, s := range f.sager {
		if s["nr"] == r.URL.Query().Get("nr") {
			fundet = append(fundet, s)
		}
	}
	svar(w, http.StatusOK, map[string]any{"items": fundet})
}

func (f *fagsystem) skriv(w http.ResponseWriter, r *http.Request) {
	var krop map[string]any
	if err := json.NewDecoder(r.Body).Decode(&krop); err != nil && r.Method != http.MethodDelete {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	fejl := f.naesteFejl(krop)
	if fejl.naaet != nil {
		fejl.naaet <- struct{}{}
	}
	if fejl.vent != nil {
		<-fejl.vent
	}
	var s map[string]any
	status := http.StatusNotFound
	if fejl.virker || !fejl.skaer && fejl.status == 0 {
		s, status = f.virk(r, krop)
	}
	switch {
	case fejl.skaer:
		panic(http.ErrAbortHandler)
	case fejl.status != 0:
		w.Header().Set("Content-Type", "application/json")
		if fejl.efter != "" {
			w.Header().Set("Retry-After", fejl.efter)
		}
		w.WriteHeader(fejl.status)
		_, _ = io.WriteString(w, fejl.krop)
	case f.tavs && status < 300:
		w.WriteHeader(http.StatusNoContent)
	default:
		svar(w, status, s)
	}
}

func (f *fagsystem) naesteFejl(krop map[string]any) (ud fejl) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.kroppe = append(f.kroppe, krop)
	if len(f.fejl) > 0 {
		ud, f.fejl = f.fejl[0], f.fejl[1:]
	}
	return ud
}

// virk has the effect, unless the same key had it before.
func (f *fagsystem) virk(r *http.Request, krop map[string]any) (map[string]any, int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	noegle := r.Header.Get("Idempotency-Key")
	if id, ok := f.noegler[noegle]; ok && noegle != "" {
		return f.sager[id], http.StatusOK
	}
	id, status := r.PathValue("id"), http.StatusOK
	if r.Method == http.MethodPost {
		f.naeste++
		id, status = fmt.Sprint(f.naeste), http.StatusCreated
		f.sager[id] = map[string]any{"id": id}
	}
	s, ok := f.sager[id]
	if !ok {
		return nil, http.StatusNotFound
	}
	if r.Method == http.MethodDelete {
		delete(f.sager, id)
	}
	for k, v := range krop {
		if f.staver != nil {
			v = f.staver(k, v)
		}
		s[k] = v
	}
	f.noegler[noegle] = id
	f.effekter = append(f.effekter, fmt.Sprintf("%s %v %v", r.Method, s["nr"], s["titel"]))
	return s, status
}

func svar(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a client that has gone needs no answer
}

// gaarGalt has the next writes go wrong, one by one.
func (f *fagsystem) gaarGalt(med ...fejl) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fejl = append(f.fejl, med...)
}

// saet changes a case as a person who works in the system would.
func (f *fagsystem) saet(id string, felter map[string]any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.sager[id] == nil {
		f.sager[id] = map[string]any{"id": id}
	}
	for k, v := range felter {
		f.sager[id][k] = v
	}
}

// slet removes a case as a person who works in the system would.
func (f *fagsystem) slet(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.sager, id)
}

func (f *fagsystem) har(id, felt string) any {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sager[id][felt]
}

// virkninger are the effects so far.
func (f *fagsystem) virkninger() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.effekter)
}

// skrevet are the bodies of the writes so far.
func (f *fagsystem) skrevet() []map[string]any {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.kroppe)
}

// soaptjeneste is a foreign SOAP service that answers each call with what the test says, and remembers what it was asked.
type soaptjeneste struct {
	*httptest.Server
	mu      sync.Mutex
	bedt    []map[string]string
	svarMed func(operation string, felter map[string]string) (status int, krop string)
}

func nySoaptjeneste(t testing.TB, svarMed func(string, map[string]string) (int, string)) *soaptjeneste {
	t.Helper()
	s := &soaptjeneste{svarMed: svarMed}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		root, err2 := connector.ParseXML(string(b))
		if err != nil || err2 != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		kald := root.Kids[0].Kids[0]
		felter, err := kald.Flatten()
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		s.mu.Lock()
		s.bedt = append(s.bedt, felter)
		s.mu.Unlock()
		status, krop := s.svarMed(kald.Name, felter)
		w.Header().Set("Content-Type", "text/xml; charset=utf-8")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>%s</s:Body></s:Envelope>`, krop)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *soaptjeneste) kald() []map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.bedt)
}

func soapfejl(kode, tekst string) (int, string) {
	return http.StatusInternalServerError, fmt.Sprintf(`<s:Fault xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><faultcode>%s</faultcode><faultstring>%s</faultstring></s:Fault>`, kode, tekst)
}

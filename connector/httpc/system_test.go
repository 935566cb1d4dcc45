package httpc

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/moxkit/mox/connector/connectortest"
)

const (
	clientSecret = "hemmelig-klientnøgle"
	password     = "hemmeligt-kodeord"
)

// system is a case system with a REST API: cases to read in the order of seq, and to write.
type system struct {
	t      *testing.T
	server *httptest.Server

	mu        sync.Mutex
	records   []string // JSON objects, in order; the first has seq 1
	inclusive bool     // since gives what is equal too
	limit     int      // most records in an answer; 0 = all
	links     bool     // answers have links.next
	docs      map[string][]byte
	effects   []connectortest.Item
	bodies    map[string]map[string]any // by id
	keys      []string                  // Idempotency-Key of each write
	refuse    bool
	lose      bool
	asked     chan struct{} // not nil: hang
	tokens    int           // issued
	revoked   bool          // the tokens issued so far are refused
	auth      string        // what a request must have; "" = anything
}

func newSystem(t *testing.T) *system {
	s := &system{t: t, docs: map[string][]byte{}, bodies: map[string]map[string]any{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/sager", s.list)
	mux.HandleFunc("GET /api/opslag", s.lookup)
	mux.HandleFunc("POST /api/sager", s.create)
	mux.HandleFunc("GET /api/docs/{id}/content", s.document)
	mux.HandleFunc("POST /token", s.token)
	s.server = httptest.NewServer(s.guard(mux))
	t.Cleanup(func() {
		s.server.CloseClientConnections()
		s.server.Close()
	})
	return s
}

// guard lets in who is logged in, and hangs when told to.
func (s *system) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		asked, auth, revoked := s.asked, s.auth, s.revoked
		s.mu.Unlock()
		if r.URL.Path == "/token" {
			next.ServeHTTP(w, r)
			return
		}
		if asked != nil {
			_, _ = io.Copy(io.Discard, r.Body) // only then does the server see that the client goes away
			asked <- struct{}{}
			<-r.Context().Done()
			return
		}
		if auth != "" && (r.Header.Get("Authorization") != auth || revoked) {
			http.Error(w, "hvem er du?", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *system) token(w http.ResponseWriter, r *http.Request) {
	_, secret, ok := r.BasicAuth()
	if !ok || secret != strings.ReplaceAll(clientSecret, "ø", "%C3%B8") {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintf(w, `{"error":"invalid_client","error_description":%q}`, "ukendt: "+secret)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens++
	s.auth, s.revoked = fmt.Sprintf("Bearer token-%d", s.tokens), false
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"access_token":"token-%d","token_type":"Bearer","expires_in":3600}`, s.tokens)
}

func (s *system) add(items ...connectortest.Item) {
	for _, item := range items {
		s.addRaw(fmt.Sprintf(`{"id":%q,"titel":%q,"seq":%d}`, item.ID, item.Titel, s.next()))
	}
}

func (s *system) next() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.records) + 1
}

func (s *system) addRaw(object string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records = append(s.records, object)
}

// list answers with the records after since, by their place in the list.
func (s *system) list(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	from, _ := strconv.Atoi(r.FormValue("since"))
	if s.inclusive {
		from--
	}
	page, _ := strconv.Atoi(r.FormValue("side"))
	from = min(max(0, from)+page*s.limit, len(s.records))
	found, next := s.records[from:], ""
	if s.limit > 0 && len(found) > s.limit {
		found = found[:s.limit]
		if s.links {
			next = fmt.Sprintf("/api/sager?since=%s&side=%d", r.FormValue("since"), page+1)
		}
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"items":[%s],"links":{"next":%q}}`, strings.Join(found, ","), next)
}

func (s *system) document(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	content, ok := s.docs[r.PathValue("id")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	_, _ = w.Write(content)
}

func (s *system) create(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var body map[string]any
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/problem+json")
	if s.refuse {
		w.WriteHeader(http.StatusConflict)
		fmt.Fprint(w, `{"title":"Konflikt","detail":"Sagen er afsluttet"}`)
		return
	}
	item := connectortest.Item{ID: fmt.Sprint(body["id"]), Titel: fmt.Sprint(body["titel"])}
	s.effects = append(s.effects, item)
	s.keys = append(s.keys, r.Header.Get("Idempotency-Key"))
	s.bodies[r.FormValue("ref")] = body
	if s.lose {
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(http.StatusCreated)
	fmt.Fprintf(w, `{"journalnr":"26/%s","id":%s}`, item.ID, item.ID)
}

// lookup finds by the reference that create was given.
func (s *system) lookup(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	body, ok := s.bodies[r.FormValue("ref")]
	if !ok {
		fmt.Fprint(w, `{"items":[]}`)
		return
	}
	fmt.Fprintf(w, `{"items":[{"journalnr":"26/%s","id":%s}]}`, body["id"], body["id"])
}

func (s *system) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// content gives the document in the body of the call with that reference.
func (s *system) content(ref string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, _ := s.bodies[ref]["dokument"].(string)
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		s.t.Errorf("dokument: %v", err)
	}
	return b
}

func (s *system) hang(*testing.T) <-chan struct{} {
	asked := make(chan struct{}, 10)
	s.set(func() { s.asked = asked })
	return asked
}

func (s *system) away(*testing.T) {
	s.server.CloseClientConnections()
	s.server.Close()
}

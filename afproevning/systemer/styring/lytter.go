package styring

import (
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Lytter is a system's web server with the faults that every system may have: it is down for a while, or it does its work
// and then answers 500 as if it had not.
type Lytter struct {
	server        *http.Server
	adresse       string
	nedeTil       atomic.Int64 // unix nanoseconds
	efterVirkning atomic.Int64
	kasse         sync.WaitGroup
}

// Lyt serves h at the address; "" is a free port on this machine.
func Lyt(adresse string, h http.Handler) (*Lytter, error) {
	if adresse == "" {
		adresse = "127.0.0.1:0"
	}
	ln, err := net.Listen("tcp", adresse)
	if err != nil {
		return nil, err
	}
	l := &Lytter{adresse: ln.Addr().String()}
	l.server = &http.Server{Handler: l.medFejl(h), ReadHeaderTimeout: 10 * time.Second}
	l.kasse.Go(func() { _ = l.server.Serve(ln) }) // ends with ErrServerClosed at Close
	return l, nil
}

// Adresse is host:port.
func (l *Lytter) Adresse() string { return l.adresse }

// Ned lets every call be answered 503 for so long.
func (l *Lytter) Ned(d time.Duration) { l.nedeTil.Store(time.Now().Add(d).UnixNano()) }

// EfterVirkning lets the next n writes be done and then answered 500.
func (l *Lytter) EfterVirkning(n int) { l.efterVirkning.Store(int64(n)) }

// Close ends the server.
func (l *Lytter) Close() error {
	err := l.server.Close()
	l.kasse.Wait()
	return err
}

func (l *Lytter) medFejl(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case time.Now().UnixNano() < l.nedeTil.Load():
			w.Header().Set("Retry-After", "1")
			http.Error(w, `{"besked":"lukket for vedligehold"}`, http.StatusServiceUnavailable)
		case r.Method != http.MethodGet && l.efterVirkning.Add(-1) >= 0:
			h.ServeHTTP(&taber{header: http.Header{}}, r)
			http.Error(w, `{"besked":"intern fejl"}`, http.StatusInternalServerError)
		default:
			h.ServeHTTP(w, r)
		}
	})
}

// taber is an answer that nobody gets.
type taber struct{ header http.Header }

func (t *taber) Header() http.Header         { return t.header }
func (t *taber) Write(b []byte) (int, error) { return len(b), nil }
func (t *taber) WriteHeader(int)             {}

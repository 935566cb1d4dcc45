package forsendelse

import (
	"context"
	"crypto/subtle"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// maxBody is the greatest request body that is read, in bytes.
const maxBody = 48 << 20

var (
	errLukket  = errors.New("forsendelse: systemet er lukket")
	errAfbrudt = errors.New("forsendelse: forbindelsen afbrydes") // the letter is sent, and its answer gets lost
)

// Handler serves the web service and the vendor's own page.
func (s *System) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ws", s.serveWSDL)
	mux.HandleFunc("POST /ws", s.serveSOAP)
	mux.HandleFunc("GET /{$}", s.serveSide)
	return mux
}

// serveWSDL is GET /ws?wsdl. Like most services of its age it describes itself to anybody.
func (s *System) serveWSDL(w http.ResponseWriter, r *http.Request) {
	if !spoergerOmWSDL(r.URL.Query()) {
		http.Error(w, "Brug POST, eller GET /ws?wsdl.", http.StatusNotFound)
		return
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.Write([]byte(wsdl(scheme + "://" + r.Host + "/ws"))) // a caller that is gone does not matter
}

func spoergerOmWSDL(q url.Values) bool {
	for navn := range q {
		if strings.EqualFold(navn, "wsdl") {
			return true
		}
	}
	return false
}

// serveSOAP is POST /ws.
func (s *System) serveSOAP(w http.ResponseWriter, r *http.Request) {
	if !s.kender(r) {
		w.Header().Set("WWW-Authenticate", `Basic realm="forsendelse", charset="UTF-8"`)
		http.Error(w, "Bruger og adgangskode mangler eller er forkert.", http.StatusUnauthorized)
		return
	}
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "text/xml" {
		http.Error(w, "Content-Type skal være text/xml.", http.StatusUnsupportedMediaType)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	svar, err := s.kald(r)
	if errors.Is(err, errAfbrudt) {
		panic(http.ErrAbortHandler) // net/http cuts the connection
	}
	if err != nil {
		s.skrivFault(w, r, err)
		return
	}
	s.skrivKuvert(w, http.StatusOK, svar)
}

// kender says whether the request bears the right user and password.
func (s *System) kender(r *http.Request) bool {
	user, password, _ := r.BasicAuth()
	return subtle.ConstantTimeCompare([]byte(user), []byte(s.opts.User))&
		subtle.ConstantTimeCompare([]byte(password), []byte(s.opts.Password)) == 1
}

// kald carries out one call, if there is room for it. From here on it does not matter whether the caller stays.
func (s *System) kald(r *http.Request) (svar any, err error) {
	select {
	case s.pladser <- struct{}{}:
		defer func() { <-s.pladser }()
	default:
		return nil, &fault{Kode: kodeTravlt, Tekst: "for mange kald på én gang, prøv igen"}
	}
	a, err := laesAnmodning(r.Body)
	if err != nil {
		return nil, err
	}
	udfoer, err := s.operation(a)
	if err != nil {
		return nil, err
	}
	if err := s.vent(); err != nil {
		return nil, err
	}
	return udfoer(context.WithoutCancel(r.Context()))
}

// operation checks a request and gives what is to be done about it.
func (s *System) operation(a anmodning) (udfoer func(context.Context) (any, error), err error) {
	switch a.operation {
	case opSendBrev:
		b, err := laesBrev(a)
		return func(ctx context.Context) (any, error) { return s.sendBrev(ctx, b) }, err
	case opFindBrev:
		reference, err := laesFind(a)
		return func(ctx context.Context) (any, error) { return s.findBrev(ctx, reference) }, err
	case opSendRekommanderet:
		b, err := laesRekommanderet(a)
		return func(ctx context.Context) (any, error) { return s.sendRekommanderet(ctx, b) }, err
	}
	return nil, ugyldig("ukendt operation %s", a.operation)
}

// skrivFault answers with the fault in err; any other error is the system's own and is only reported here.
func (s *System) skrivFault(w http.ResponseWriter, r *http.Request, err error) {
	f, ok := errors.AsType[*fault](err)
	if !ok {
		s.opts.Logger.ErrorContext(r.Context(), "forsendelse: kald fejlede", "fejl", err)
		f = &fault{Kode: kodeIntern, Tekst: "intern fejl"}
	}
	s.skrivKuvert(w, http.StatusInternalServerError, f)
}

package httpc

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/connector/connectortest"
)

func TestSinkConformance(t *testing.T) {
	for name, auth := range map[string]connector.Auth{
		"Basic":  {Basic: &connector.BasicAuth{Bruger: "mox", Kodeord: "env:KODEORD"}},
		"OAuth2": {OAuth2: &connector.OAuth2{ClientID: "mox", ClientSecret: "env:KLIENT", Scopes: connector.Words{"sager"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connectortest.RunSink(t, func(t *testing.T) connectortest.SinkHarness { return sinkHarness(t, auth) })
		})
	}
}

func secrets(ref string) (string, error) {
	return map[string]string{"env:KODEORD": password, "env:KLIENT": clientSecret}[ref], nil
}

func sinkHarness(t *testing.T, auth connector.Auth) connectortest.SinkHarness {
	s := newSystem(t)
	secret := password
	if auth.OAuth2 != nil {
		o := *auth.OAuth2
		o.TokenURL, auth.OAuth2 = s.server.URL+"/token", &o
		s.auth, secret = "Bearer none yet", clientSecret
	}
	c := SinkConfig{
		Type: "http", Method: "POST", URL: s.server.URL + "/api/sager?ref={{key}}", Auth: auth, Indhold: "base64",
		Headers: map[string]string{"X-Version": "{{besked.version}}"},
	}
	open := func(change func(*SinkConfig)) func(*testing.T, connector.Env) connector.Sink {
		return func(t *testing.T, env connector.Env) connector.Sink {
			c := c
			change(&c)
			env.Secret = secrets
			return openSink(t, c, env)
		}
	}
	return connectortest.SinkHarness{
		Open: open(func(c *SinkConfig) {
			c.Opslag = &Lookup{URL: "/api/opslag?ref={{key}}", Fundet: "items.0.id", Svar: "items.0"}
		}),
		OpenPlain:   open(func(*SinkConfig) {}),
		OpenUnknown: open(func(c *SinkConfig) { c.URL += "&x={{findes_ikke}}" }),
		Accepted:    "201",
		Effects: func(*testing.T) []connectortest.Item {
			s.mu.Lock()
			defer s.mu.Unlock()
			return append([]connectortest.Item{}, s.effects...)
		},
		Refuse:     func(*testing.T, connector.Call) { s.set(func() { s.refuse = true }) },
		LoseAnswer: func(*testing.T) { s.set(func() { s.lose = true }) },
		Away:       s.away,
		Hang:       s.hang,
		Document:   func(_ *testing.T, call connector.Call) []byte { return s.content(call.Vars["key"]) },
		Secret:     secret,
	}
}

func openSink(t *testing.T, c SinkConfig, env connector.Env) *Sink {
	t.Helper()
	s, err := NewSink(c, env)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// request is what a server was sent.
type request struct {
	Method, URI, Body, Type, Key, Token string
}

// recorder is a server that keeps what it was sent, and answers as told.
type recorder struct {
	*httptest.Server
	got []request
}

func newRecorder(t *testing.T, answer http.HandlerFunc) *recorder {
	t.Helper()
	r := &recorder{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		r.got = append(r.got, request{
			q.Method, q.RequestURI, string(body), q.Header.Get("Content-Type"), q.Header.Get("Idempotency-Key"), q.Header.Get("X-Token"),
		})
		if answer != nil {
			answer(w, q)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func TestSinkRequests(t *testing.T) {
	t.Parallel()
	endpoint := func(method, url string) *Endpoint { return &Endpoint{method, url} }
	for name, c := range map[string]struct {
		config SinkConfig
		call   connector.Call
		want   request
	}{
		"Nested": {
			SinkConfig{Method: "PUT", URL: "/api/{{key}}"},
			connector.Call{Fields: map[string]any{"sag.titel": "<Å>", "sag.antal": int64(2), "part.0.navn": "A", "part.1.navn": "B", "x": nil, "y": 1.5, "z": true}},
			request{Method: "PUT", URI: "/api/26%2F1%20%C3%A6", Type: "application/json", Body: `{"part":[{"navn":"A"},{"navn":"B"}],"sag":{"antal":2,"titel":"<Å>"},"x":null,"y":1.5,"z":true}`},
		},
		"Query": {
			SinkConfig{Method: "POST", URL: "/api?nr={{key}}"}, connector.Call{},
			request{Method: "POST", URI: "/api?nr=26%2F1+%C3%A6", Type: "application/json", Body: `{}`},
		},
		"Form": {
			SinkConfig{Method: "POST", URL: "/api", Body: "form"}, connector.Call{Fields: map[string]any{"a": "1&2", "b": int64(3), "c": nil}},
			request{Method: "POST", URI: "/api", Type: "application/x-www-form-urlencoded", Body: `a=1%262&b=3`},
		},
		"Key": {
			SinkConfig{Method: "POST", URL: "/api", Noegle: "idempotency-key"}, connector.Call{Key: "k1"},
			request{Method: "POST", URI: "/api", Type: "application/json", Body: "{}", Key: "k1"},
		},
		"Variant": {
			SinkConfig{URL: "/api", Method: "POST", Slet: endpoint("DELETE", "/api/{{key}}")}, connector.Call{Operation: "slet"},
			request{Method: "DELETE", URI: "/api/26%2F1%20%C3%A6"},
		},
		"VariantWithoutItsOwn": {
			SinkConfig{URL: "/api", Method: "POST", Slet: endpoint("DELETE", "/api/{{key}}")}, connector.Call{Operation: "ret"},
			request{Method: "POST", URI: "/api", Type: "application/json", Body: "{}"},
		},
		"SecretHeader": {
			SinkConfig{Method: "POST", URL: "/api", Body: "none", Headers: map[string]string{"X-Token": "env:KODEORD"}}, connector.Call{},
			request{Method: "POST", URI: "/api", Token: password},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRecorder(t, nil)
			c.config.Type, c.config.URL = "http", r.URL+c.config.URL
			s := openSink(t, c.config, connector.Env{Secret: secrets})
			c.call.Vars = map[string]string{"key": "26/1 æ"}
			if _, err := s.Write(t.Context(), c.call); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]request{c.want}, r.got); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSinkRefusesBeforeSending(t *testing.T) {
	t.Parallel()
	document := map[string]connector.Opener{"d": func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader("0123456789")), nil
	}}
	for name, c := range map[string]struct {
		config SinkConfig
		call   connector.Call
		want   string
	}{
		"EmptyKeyInPath":  {SinkConfig{URL: "/api/{{key}}"}, connector.Call{Vars: map[string]string{"key": ""}}, "tom"},
		"DotsInPath":      {SinkConfig{URL: "/api/{{key}}"}, connector.Call{Vars: map[string]string{"key": ".."}}, "stien"},
		"LineInHeader":    {SinkConfig{Headers: map[string]string{"X": "{{key}}"}}, connector.Call{Vars: map[string]string{"key": "a\r\nB: c"}}, "header"},
		"NoKey":           {SinkConfig{Noegle: "Idempotency-Key"}, connector.Call{}, "nøgle"},
		"FieldTwice":      {SinkConfig{}, connector.Call{Fields: map[string]any{"a": "x", "a.b": "y"}}, `"a.b"`},
		"ListWithHole":    {SinkConfig{}, connector.Call{Fields: map[string]any{"a.0": "x", "a.2": "y"}}, `"a"`},
		"ContentNotSet":   {SinkConfig{}, connector.Call{Content: document}, "base64"},
		"ContentTooLarge": {SinkConfig{Indhold: "base64", MaxIndhold: 9}, connector.Call{Content: document}, "max_indhold"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRecorder(t, nil)
			c.config.Type, c.config.Method, c.config.URL = "http", "POST", r.URL+c.config.URL
			_, err := openSink(t, c.config, connector.Env{}).Write(t.Context(), c.call)
			if err == nil || connector.Temporary(err) || connector.Unknown(err) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Write = %v, want a permanent, known error with %q", err, c.want)
			}
			if len(r.got) > 0 {
				t.Errorf("the server was sent %v", r.got)
			}
		})
	}
}

func TestSinkAnswers(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("æ", 1000)
	for name, c := range map[string]struct {
		status                      int
		contentType, body, after    string
		wantText, wantField, wantID string
		wantAfter                   time.Duration
	}{
		"JSON":        {status: 201, contentType: "application/json", body: `{"sag":{"id":7}}`, wantField: "sag.id", wantID: "7"},
		"XML":         {status: 200, contentType: "text/xml", body: `<Svar><id>7</id></Svar>`, wantField: "id", wantID: "7"},
		"Empty":       {status: 204},
		"Problem":     {status: 422, contentType: "application/problem+json", body: `{"title":"x","detail":"Ukendt KLE"}`, wantText: "Ukendt KLE", wantField: "title", wantID: "x"},
		"ErrorObject": {status: 400, contentType: "application/json", body: `{"error":{"message":"Nej"}}`, wantText: "Nej"},
		"Text":        {status: 500, contentType: "text/plain", body: "det\n gik galt", wantText: "det gik galt"},
		"LongText":    {status: 500, contentType: "text/plain", body: long, wantText: strings.Repeat("æ", 299) + "…"},
		"Page":        {status: 502, contentType: "text/html", body: "<html>proxy</html>", wantText: "Bad Gateway"},
		"Redirect":    {status: 302, wantText: "Found"},
		"Seconds":     {status: 503, after: "120", wantText: "Service Unavailable", wantAfter: 2 * time.Minute},
		"Date":        {status: 429, after: "Sun, 01 Mar 2026 12:00:30 GMT", wantText: "Too Many Requests", wantAfter: 30 * time.Second},
		"BrokenJSON":  {status: 200, contentType: "application/json", body: `{"id":`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRecorder(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", c.contentType)
				w.Header().Set("Location", "/et/andet/sted")
				if c.after != "" {
					w.Header().Set("Retry-After", c.after)
				}
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			})
			now := func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }
			s := openSink(t, SinkConfig{Type: "http", Method: "POST", URL: r.URL}, connector.Env{Now: now})
			a, err := s.Write(t.Context(), connector.Call{})
			if err != nil {
				t.Fatal(err)
			}
			if a.Code != fmt.Sprint(c.status) || a.Text != c.wantText || a.After != c.wantAfter || a.Fields[c.wantField] != c.wantID {
				t.Errorf("answer %+v", a)
			}
			if len(r.got) != 1 {
				t.Errorf("%d requests, want 1", len(r.got))
			}
		})
	}
}

func TestSinkLookupIsAnErrorWhenTheAnswerDoesNotTell(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status    int
		body      string
		temporary bool
	}{
		"NotFound":  {404, "{}", true},
		"Forbidden": {403, "{}", false},
		"Down":      {503, "{}", true},
		"Page":      {200, "<html>Log ind</html>", false},
		"Cut":       {200, `{"items":[`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRecorder(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			})
			s := openSink(t, SinkConfig{Type: "http", Method: "POST", URL: r.URL, Opslag: &Lookup{URL: "/x", Fundet: "items.0.id"}}, connector.Env{})
			_, found, err := s.Lookup(t.Context(), connector.Call{})
			if err == nil || found || connector.Temporary(err) != c.temporary || connector.Unknown(err) {
				t.Errorf("Lookup: found = %v, %v", found, err)
			}
		})
	}
	r := newRecorder(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	s := openSink(t, SinkConfig{Type: "http", Method: "POST", URL: r.URL, Opslag: &Lookup{URL: "/x", Fundet: "id", IkkeFundet: []int{404}}}, connector.Env{})
	if _, found, err := s.Lookup(t.Context(), connector.Call{}); found || err != nil {
		t.Errorf("Lookup with ikke_fundet: found = %v, %v", found, err)
	}
}

func TestOAuth2TokenIsKeptAndRenewed(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	s.auth = "Bearer none yet"
	sink := openSink(t, SinkConfig{
		Type: "http", Method: "POST", URL: s.server.URL + "/api/sager",
		Auth: connector.Auth{OAuth2: &connector.OAuth2{TokenURL: s.server.URL + "/token", ClientID: "mox", ClientSecret: "env:KLIENT"}},
	}, connector.Env{Secret: secrets})
	write := func(want string) {
		t.Helper()
		if a, err := sink.Write(t.Context(), connector.Call{Fields: map[string]any{"id": "1"}}); err != nil || a.Code != want {
			t.Fatalf("answer %+v, %v, want %s", a, err, want)
		}
	}
	write("201")
	write("201")
	if s.tokens != 1 {
		t.Errorf("%d tokens after two calls, want 1", s.tokens)
	}
	s.set(func() { s.revoked = true })
	write("201")
	if s.tokens != 2 || len(s.effects) != 3 {
		t.Errorf("%d tokens, %d effects after the token was revoked, want 2, 3", s.tokens, len(s.effects))
	}
}

// A password that is replaced in its file is taken up when the old one is refused; one that is wrong is not tried twice.
func TestReplacedSecretIsReadAgain(t *testing.T) {
	t.Parallel()
	var wanted atomic.Value
	var calls atomic.Int32
	r := newRecorder(t, func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		_, password, _ := r.BasicAuth()
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		switch {
		case password != wanted.Load() && token != wanted.Load():
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.Path == "/token":
			w.Header().Set("Content-Type", "application/json")
			_, _ = fmt.Fprintf(w, `{"access_token": %q, "token_type": "Bearer"}`, password)
		default:
			w.WriteHeader(http.StatusCreated)
		}
	})
	dir := t.TempDir()
	fil := filepath.Join(dir, "hemmelig")
	skriv := func(text string) {
		t.Helper()
		if err := os.WriteFile(fil, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	skriv("gammel")
	wanted.Store("gammel")
	var sinks []connector.Sink
	for _, auth := range []connector.Auth{
		{Basic: &connector.BasicAuth{Bruger: "mox", Kodeord: "file:hemmelig"}}, {Bearer: &connector.BearerAuth{Token: "file:hemmelig"}},
		{OAuth2: &connector.OAuth2{TokenURL: r.URL + "/token", ClientID: "mox", ClientSecret: "file:hemmelig"}},
	} {
		sinks = append(sinks, openSink(t, SinkConfig{Type: "http", Method: "POST", URL: r.URL, Auth: auth}, connector.Env{BaseDir: dir}))
	}
	koder := func(want int) (ud string) {
		t.Helper()
		calls.Store(0)
		for _, s := range sinks {
			a, err := s.Write(t.Context(), connector.Call{})
			if err != nil {
				a.Code = "login"
			}
			ud += a.Code + " "
		}
		if n := int(calls.Load()); n > want {
			t.Errorf("%d calls, want at most %d", n, want)
		}
		return ud
	}
	if got := koder(4); got != "201 201 201 " {
		t.Fatal(got)
	}
	wanted.Store("ny")
	if got := koder(5); got != "401 401 login " { // the token is refused, and with the old secret no other is given, in either way of login
		t.Error(got)
	}
	skriv("ny")
	if got := koder(8); got != "201 201 201 " {
		t.Error(got)
	}
	if err := os.Remove(fil); err != nil {
		t.Fatal(err)
	}
	if got := koder(3); got != "201 201 201 " {
		t.Error(got)
	}
	wanted.Store("nyere")
	if got := koder(5); got != "401 401 login " {
		t.Error(got)
	}
}

// All calls that the old password was refused to are made again with the new one, not only the first that reads it.
func TestReplacedSecretServesAllCallsInFlight(t *testing.T) {
	t.Parallel()
	const calls = 4
	var refused sync.WaitGroup
	refused.Add(calls)
	r := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, password, _ := r.BasicAuth(); password != "ny" {
			refused.Done()
			refused.Wait() // none is answered before all have been sent
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	t.Cleanup(r.Close)
	var password atomic.Value
	password.Store("gammel")
	s := openSink(t, SinkConfig{Type: "http", Method: "POST", URL: r.URL, Auth: connector.Auth{Basic: &connector.BasicAuth{Bruger: "mox", Kodeord: "env:KODEORD"}}},
		connector.Env{Secret: func(string) (string, error) { return password.Load().(string), nil }})
	password.Store("ny")
	var all sync.WaitGroup
	for range calls {
		all.Go(func() {
			if a, err := s.Write(t.Context(), connector.Call{}); err != nil || a.Code != "200" {
				t.Errorf("%s %v", a.Code, err)
			}
		})
	}
	all.Wait()
}

// What the front of a system answers tells nothing of a login.
func TestCheckTellsWhatItDidNotTry(t *testing.T) {
	t.Parallel()
	r := newRecorder(t, func(w http.ResponseWriter, r *http.Request) {
		if _, password, _ := r.BasicAuth(); r.URL.Path == "/laes" && password != "rigtig" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	check := func(password string, tjek *Endpoint, auth bool) error {
		c := SinkConfig{Type: "http", Method: "POST", URL: r.URL, Tjek: tjek}
		if auth {
			c.Auth.Basic = &connector.BasicAuth{Bruger: "mox", Kodeord: "env:KODEORD"}
		}
		return openSink(t, c, connector.Env{Secret: func(string) (string, error) { return password, nil }}).Check(t.Context())
	}
	laes := &Endpoint{Method: "GET", URL: "/laes"}
	if err := check("forkert", nil, true); !errors.Is(err, connector.ErrUntried) {
		t.Error(err)
	}
	if err := errors.Join(check("", nil, false), check("rigtig", laes, true)); err != nil {
		t.Error(err)
	}
	if err := check("forkert", laes, true); err == nil || errors.Is(err, connector.ErrUntried) {
		t.Error(err)
	}
}

func TestOAuth2RefusalIsToldWithoutTheSecret(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	sink := openSink(t, SinkConfig{
		Type: "http", Method: "POST", URL: s.server.URL + "/api/sager",
		Auth: connector.Auth{OAuth2: &connector.OAuth2{TokenURL: s.server.URL + "/token", ClientID: "mox", ClientSecret: "env:FORKERT"}},
	}, connector.Env{Secret: func(string) (string, error) { return "forkert-hemmelighed", nil }})
	for _, err := range []error{sink.Check(t.Context()), func() error { _, err := sink.Write(t.Context(), connector.Call{}); return err }()} {
		if err == nil || connector.Temporary(err) || connector.Unknown(err) ||
			!strings.Contains(err.Error(), "invalid_client") || strings.Contains(err.Error(), "forkert-hemmelighed") {
			t.Errorf("error = %v, want a permanent, known one with invalid_client and no secret", err)
		}
	}
}

func TestCAFileIsTrusted(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it tells of the client that does not trust it
	server.StartTLS()
	t.Cleanup(server.Close)
	dir := t.TempDir()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(filepath.Join(dir, "ca.pem"), ca, 0o600); err != nil {
		t.Fatal(err)
	}
	c := SinkConfig{Type: "http", Method: "POST", URL: server.URL, CA: "ca.pem"}
	if a, err := openSink(t, c, connector.Env{BaseDir: dir}).Write(t.Context(), connector.Call{}); err != nil || a.Code != "204" {
		t.Errorf("answer %+v, %v", a, err)
	}
	c.CA = ""
	_, err := openSink(t, c, connector.Env{}).Write(t.Context(), connector.Call{})
	if !connector.Temporary(err) || connector.Unknown(err) {
		t.Errorf("a certificate that is not trusted: %v, want temporary and known", err)
	}
}

func TestTimeoutIsUnknown(t *testing.T) {
	t.Parallel()
	done := make(chan struct{})
	r := newRecorder(t, func(_ http.ResponseWriter, q *http.Request) {
		select {
		case <-q.Context().Done():
		case <-done:
		}
	})
	t.Cleanup(func() { close(done) })
	s := openSink(t, SinkConfig{Type: "http", Method: "POST", URL: r.URL, Timeout: connector.Duration(50 * time.Millisecond)}, connector.Env{})
	_, err := s.Write(t.Context(), connector.Call{})
	if !connector.Temporary(err) || !connector.Unknown(err) || !strings.Contains(err.Error(), "50ms") {
		t.Errorf("Write = %v, want temporary, unknown, and the limit", err)
	}
}

func TestSinkValidate(t *testing.T) {
	t.Parallel()
	wantPaths(t, SinkConfig{}.Validate(), "opret", "passiver", "ret", "slet", "url")
	wantPaths(t, SinkConfig{Type: "http", Method: "POST", URL: "https://a/{{key}}"}.Validate())
	wantPaths(t, SinkConfig{
		Type: "rest", URL: "https://{{key}}/", Method: "HENT", Body: "form", Indhold: "base64", Opslag: &Lookup{Method: "POST", URL: "https://b/"},
		Ret: &Endpoint{"X", "//b/"}, Tjek: &Endpoint{URL: "/{{key}}"}, Headers: map[string]string{"X": "{{"},
	}.Validate(), "headers.X", "indhold", "method", "opslag.fundet", "opslag.method", "opslag.url", "ret.method", "ret.url", "tjek.url", "type", "url")
}

func TestSinkTemplateNames(t *testing.T) {
	t.Parallel()
	c := SinkConfig{
		URL: "https://a/{{key}}/{{key}}", Ret: &Endpoint{URL: "/{{besked.version}}"}, Headers: map[string]string{"X": "{{noegle}}", "Y": "fast"},
		Opslag: &Lookup{URL: "/?r={{ noegle }}"},
	}
	want := map[string][]string{"url": {"key"}, "ret.url": {"besked.version"}, "headers.X": {"noegle"}, "opslag.url": {"noegle"}}
	if diff := cmp.Diff(want, c.TemplateNames()); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

package esdh

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// clock is a clock that tests set.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// client calls a system under test over HTTP.
type client struct {
	t     testing.TB
	s     *System
	url   string
	token string
	clock *clock
}

// start opens a system at 2026-07-02 10:04 UTC, which is 12:04 in Denmark, and logs in.
func start(t testing.TB, opts Options) *client {
	t.Helper()
	c := &client{t: t, clock: &clock{now: time.Date(2026, 7, 2, 10, 4, 0, 0, time.UTC)}}
	opts.Now = c.clock.Now
	if opts.KLE == nil {
		opts.KLE = []string{"02.34.02", "02.34.04"}
	}
	var err error
	if c.s, err = Open(t.TempDir(), opts); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(c.s.Handler())
	t.Cleanup(func() {
		server.Close()
		if err := c.s.Close(); err != nil {
			t.Error(err)
		}
	})
	c.url = server.URL
	c.login()
	return c
}

func (c *client) login() {
	c.t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {c.s.opts.ClientID}, "client_secret": {c.s.opts.ClientSecret}}
	status, body := c.do(c.request("POST", "/oauth/token", form.Encode(), "Content-Type", "application/x-www-form-urlencoded"))
	var got tokenAnswer
	if err := json.Unmarshal(body, &got); status != 200 || err != nil || got.AccessToken == "" || got.TokenType != "Bearer" {
		c.t.Fatalf("token: %d %s", status, body)
	}
	c.token = got.AccessToken
}

// request makes a request with the token and with headers (names and values in turn).
func (c *client) request(method, path, body string, headers ...string) *http.Request {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func (c *client) do(r *http.Request) (status int, body []byte) {
	c.t.Helper()
	resp, body := c.response(r)
	return resp.StatusCode, body
}

// response makes a call without following redirects.
func (c *client) response(r *http.Request) (*http.Response, []byte) {
	c.t.Helper()
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp, body
}

// call makes a JSON call, demands the status and decodes the answer.
func call[T any](c *client, want int, method, path string, body any, headers ...string) (answer T) {
	c.t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		c.t.Fatal(err)
	}
	status, got := c.do(c.request(method, path, string(data), headers...))
	if status != want {
		c.t.Fatalf("%s %s: status %d, want %d: %s", method, path, status, want, got)
	}
	if err := json.Unmarshal(got, &answer); err != nil {
		c.t.Fatalf("%s %s: %v: %s", method, path, err, got)
	}
	return answer
}

// refused makes a JSON call that must be refused with the status and code.
func (c *client) refused(status int, code, method, path string, body any, headers ...string) {
	c.t.Helper()
	if got := call[refusal](c, status, method, path, body, headers...); got.Code != code || got.Message == "" {
		c.t.Fatalf("%s %s: %+v, want code %s", method, path, got, code)
	}
}

// log gives the lines of the log as "operation reference revision case".
func (c *client) log() []string {
	c.t.Helper()
	rows, err := c.s.db.QueryContext(c.t.Context(), `SELECT operation, our_reference, revision, case_number FROM journallog ORDER BY id`)
	if err != nil {
		c.t.Fatal(err)
	}
	defer rows.Close()
	var lines []string
	for rows.Next() {
		var operation, reference, number string
		var revision int
		if err := rows.Scan(&operation, &reference, &revision, &number); err != nil {
			c.t.Fatal(err)
		}
		lines = append(lines, fmt.Sprintf("%s %s %d %s", operation, reference, revision, number))
	}
	if err := rows.Err(); err != nil {
		c.t.Fatal(err)
	}
	return lines
}

func (c *client) wantLog(want ...string) {
	c.t.Helper()
	if got := c.log(); strings.Join(got, "\n") != strings.Join(want, "\n") {
		c.t.Fatalf("log:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func aCase() caseBody {
	return caseBody{
		Title: "Carport, Prøvevej 7", Description: "Æøå; \"citeret\"", KLE: "02.34.02", OurReference: "2026-01234", Revision: 1,
		Applicant: person{"3299000017"}, CaseWorker: "abc", Status: "open",
	}
}

func TestTokenByBasicAuthentication(t *testing.T) {
	c := start(t, Options{ClientID: "a b", ClientSecret: "p:æ+%", TokenLife: 90 * time.Second})
	for name, login := range map[string][2]string{
		"plain":   {"a b", "p:æ+%"},
		"encoded": {url.QueryEscape("a b"), url.QueryEscape("p:æ+%")},
	} {
		r := c.request("POST", "/oauth/token", "grant_type=client_credentials", "Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth(login[0], login[1])
		status, body := c.do(r)
		var got tokenAnswer
		if err := json.Unmarshal(body, &got); status != 200 || err != nil || got.ExpiresIn != 90 {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
}

func TestTokenRefusals(t *testing.T) {
	c := start(t, Options{})
	for _, tt := range []struct {
		form, want string
		status     int
	}{
		{"grant_type=client_credentials", "invalid_client", 401},
		{"grant_type=client_credentials&client_id=mox&client_secret=gal", "invalid_client", 401},
		{"grant_type=password&client_id=mox&client_secret=hemmelig-esdh", "unsupported_grant_type", 400},
		{"%zz", "invalid_request", 400},
	} {
		resp, body := c.response(c.request("POST", "/oauth/token", tt.form, "Content-Type", "application/x-www-form-urlencoded"))
		if resp.StatusCode != tt.status || !strings.Contains(string(body), `"`+tt.want+`"`) {
			t.Errorf("%s: %d %s", tt.form, resp.StatusCode, body)
		}
		if (resp.Header.Get("WWW-Authenticate") != "") != (tt.status == 401) {
			t.Errorf("%s: WWW-Authenticate %q", tt.form, resp.Header.Get("WWW-Authenticate"))
		}
	}
}

func TestTokenExpires(t *testing.T) {
	c := start(t, Options{})
	c.clock.advance(59 * time.Second)
	call[list[caseAnswer]](c, 200, "GET", "/api/v2/cases?ourReference=x", nil)
	c.clock.advance(time.Second)
	resp, body := c.response(c.request("GET", "/api/v2/cases?ourReference=x", ""))
	if resp.StatusCode != 401 || !strings.HasPrefix(resp.Header.Get("WWW-Authenticate"), "Bearer ") {
		t.Fatalf("%d %v %s", resp.StatusCode, resp.Header, body)
	}
	c.login()
	call[list[caseAnswer]](c, 200, "GET", "/api/v2/cases?ourReference=x", nil)
	if n := len(c.s.tokens.ends); n != 1 {
		t.Errorf("%d tokens are kept, want 1", n)
	}
	for _, header := range []string{"Bearer nonsense", "Basic " + c.token, c.token} {
		c.refused(401, codeUnauthorized, "GET", "/api/v2/cases?ourReference=x", nil, "Authorization", header)
	}
}

func TestDown(t *testing.T) {
	c := start(t, Options{})
	c.s.SetDown(true)
	for _, path := range []string{"/api/v2/cases", "/oauth/token"} {
		resp, body := c.response(c.request("POST", path, "{}"))
		if resp.StatusCode != 503 || resp.Header.Get("Retry-After") != "1" {
			t.Errorf("%s: %d %v %s", path, resp.StatusCode, resp.Header, body)
		}
	}
	if status, body := c.do(c.request("GET", "/", "")); status != 200 || !bytes.Contains(body, []byte("down for maintenance")) {
		t.Errorf("page: %d %s", status, body)
	}
	c.s.SetDown(false)
	call[caseAnswer](c, 201, "POST", "/api/v2/cases", aCase())
}

func TestTooLarge(t *testing.T) {
	c := start(t, Options{})
	r := httptest.NewRequest("POST", "/api/v2/cases", io.LimitReader(zeros{}, maxBody+1))
	r.Header.Set("Authorization", "Bearer "+c.token)
	w := httptest.NewRecorder()
	c.s.Handler().ServeHTTP(w, r)
	if w.Code != 413 || !strings.Contains(w.Body.String(), codeTooLarge) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestPageAndReopen(t *testing.T) {
	c := start(t, Options{CloseAfterOpen: func(ref string) bool { return ref == "2026-00002" }})
	open := aCase()
	open.Title = "<script>alert(1)</script>"
	opened := call[caseAnswer](c, 201, "POST", "/api/v2/cases", open)
	call[documentAnswer](c, 201, "POST", fmt.Sprintf("/api/v2/cases/%d/documents", opened.ID), aDocument())
	closed := aCase()
	closed.OurReference = "2026-00002"
	shut := call[caseAnswer](c, 201, "POST", "/api/v2/cases", closed)

	status, page := c.do(c.request("GET", "/", ""))
	if status != 200 || bytes.Contains(page, []byte("<script>")) || bytes.Contains(page, []byte("3299000017")) {
		t.Fatalf("%d %s", status, page)
	}
	button := fmt.Sprintf(`action="/internal/cases/%d/reopen"`, shut.ID)
	for _, want := range []string{"BYG-2026-00001-001", "BYG-2026-00002", "02.07.2026 12:04", button} {
		if !bytes.Contains(page, []byte(want)) {
			t.Errorf("the page lacks %s:\n%s", want, page)
		}
	}
	if n := bytes.Count(page, []byte("<form")); n != 1 {
		t.Errorf("%d buttons, want 1", n)
	}

	c.token = ""
	fromElsewhere := c.request("POST", fmt.Sprintf("/internal/cases/%d/reopen", shut.ID), "")
	fromElsewhere.Header.Set("Sec-Fetch-Site", "cross-site") // as a browser marks another site's form
	if status, body := c.do(fromElsewhere); status != 403 {
		t.Errorf("another site's form: %d %s", status, body)
	}
	resp, _ := c.response(c.request("POST", fmt.Sprintf("/internal/cases/%d/reopen", shut.ID), ""))
	if resp.StatusCode != 303 || resp.Header.Get("Location") != "/" {
		t.Fatalf("%d %v", resp.StatusCode, resp.Header)
	}
	if _, page := c.do(c.request("GET", "/", "")); bytes.Contains(page, []byte(button)) {
		t.Error("the button is still there")
	}
	c.refused(404, codeNotFound, "POST", "/internal/cases/99/reopen", nil)
	c.refused(404, codeNotFound, "POST", "/internal/cases/x/reopen", nil)
	c.login()
	call[documentAnswer](c, 201, "POST", fmt.Sprintf("/api/v2/cases/%d/documents", shut.ID), aDocument())
}

func TestStatsSurviveReopening(t *testing.T) {
	dir := t.TempDir()
	for want := 1; want <= 2; want++ {
		s, err := Open(dir, Options{KLE: []string{"02.34.02"}})
		if err != nil {
			t.Fatal(err)
		}
		tx, err := s.db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		b := aCase()
		b.Status = statusWithdrawn
		if _, err := s.insertCase(t.Context(), tx, b); err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Stats(t.Context()); err != nil || got != (Stats{Cases: want, Closed: want}) {
			t.Errorf("%+v, %v", got, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func BenchmarkOpenCase(b *testing.B) {
	c := start(b, Options{})
	body, err := json.Marshal(aCase())
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; b.Loop(); i++ {
		status, answer := c.do(c.request("POST", "/api/v2/cases", string(body), "Idempotency-Key", fmt.Sprint(i)))
		if status != 201 {
			b.Fatalf("%d %s", status, answer)
		}
	}
}

package httpc

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/connector/connectortest"
)

func TestSourceConformance(t *testing.T) {
	for name, change := range map[string]func(*system, *SourceConfig){
		"Position":  func(*system, *SourceConfig) {},
		"Inclusive": func(s *system, _ *SourceConfig) { s.inclusive = true },
		"Limited":   func(s *system, _ *SourceConfig) { s.limit = 100 },
		"Pages": func(s *system, c *SourceConfig) {
			s.limit, s.links = 100, true
			c.Side = &Pages{Naeste: "links.next"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connectortest.RunSource(t, func(t *testing.T) connectortest.SourceHarness { return sourceHarness(t, change) })
		})
	}
}

func sourceHarness(t *testing.T, change func(*system, *SourceConfig)) connectortest.SourceHarness {
	s := newSystem(t)
	s.auth = "Bearer " + password
	c := SourceConfig{
		Type: "http", URL: s.server.URL + "/api/sager", Poster: "items", Position: &Position{Param: "since", Felt: "seq", Start: "0"},
		Auth: connector.Auth{Bearer: &connector.BearerAuth{Token: "env:TOKEN"}}, Indhold: "/api/docs/{{ref}}/content",
	}
	change(s, &c)
	return connectortest.SourceHarness{
		Open: func(t *testing.T, env connector.Env) connector.Source {
			env.Secret = func(string) (string, error) { return password, nil }
			return openSource(t, c, env)
		},
		Add:        func(_ *testing.T, items ...connectortest.Item) { s.add(items...) },
		AddBroken:  func(*testing.T) { s.addRaw(fmt.Sprintf(`{"id":"x","id":"y","seq":%d}`, s.next())) },
		AddForeign: func(*testing.T) { s.addRaw(fmt.Sprintf("{\"id\":\"\xE6\",\"seq\":%d}", s.next())) },
		Away:       s.away,
		Hang:       s.hang,
		Put: func(_ *testing.T, content []byte) string {
			s.set(func() { s.docs["bilag 7/2"] = content })
			return "bilag 7/2"
		},
		Outside: []string{"..", "."},
		Secret:  password,
	}
}

func openSource(t *testing.T, c SourceConfig, env connector.Env) *Source {
	t.Helper()
	s, err := NewSource(c, env)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// answers is a source on a server that gives each answer in turn, and the last for ever.
func answers(t *testing.T, c SourceConfig, answers ...string) *Source {
	t.Helper()
	n := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(answers[min(n, len(answers)-1)]))
		n++
	}))
	t.Cleanup(server.Close)
	c.Type, c.URL = "http", server.URL+"/api"
	return openSource(t, c, connector.Env{})
}

func mustRead(t *testing.T, s *Source, position string) connector.Batch {
	t.Helper()
	b, err := s.Read(t.Context(), position)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestListingGivesWhatChanged(t *testing.T) {
	t.Parallel()
	s := answers(t, SourceConfig{Listing: connector.Listing{Eksport: connector.EksportFuld}}, `[{"id":1},{"id":2}]`, `[{"id":1},{"id":2}]`, `[{"id":2}]`, `[]`)
	b := mustRead(t, s, "")
	if len(b.Records) != 2 || !b.Full || b.More {
		t.Errorf("first: %+v", b)
	}
	same := mustRead(t, s, b.Position)
	if len(same.Records) != 0 || same.Full || same.Position != b.Position {
		t.Errorf("the same again: %+v", same)
	}
	changed := mustRead(t, s, same.Position)
	if len(changed.Records) != 1 || !changed.Full {
		t.Errorf("changed: %+v", changed)
	}
	empty := mustRead(t, s, changed.Position)
	if len(empty.Records) != 0 || !empty.Full || empty.Position == changed.Position {
		t.Errorf("empty: %+v", empty)
	}
}

func TestListingWithBrokenRecordIsNotComplete(t *testing.T) {
	t.Parallel()
	s := answers(t, SourceConfig{Listing: connector.Listing{Eksport: connector.EksportFuld}}, `[{"id":1},{"id":1,"id":2}]`)
	if b := mustRead(t, s, ""); b.Full || len(b.Records) != 2 {
		t.Errorf("%+v, want not Full", b)
	}
}

func TestAnswerThatIsNotWholeIsAnError(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ answer, want string }{
		"Cut":     {`{"items":[{"id":1},{"id":`, "slutter"},
		"Page":    {`<html>Log ind</html>`, "JSON"},
		"NoItems": {`{"data":[]}`, `"items"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := answers(t, SourceConfig{Poster: "items"}, c.answer)
			for _, err := range []error{second(s.Read(t.Context(), "")), s.Check(t.Context())} {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("error = %v, want %q", err, c.want)
				}
			}
		})
	}
}

func second(_ connector.Batch, err error) error { return err }

func TestRecordsMustBeInOrder(t *testing.T) {
	t.Parallel()
	s := answers(t, SourceConfig{Position: &Position{Param: "since", Felt: "seq"}}, `[{"seq":3},{"seq":10},{"seq":9}]`)
	if _, err := s.Read(t.Context(), ""); err == nil || connector.Temporary(err) || !strings.Contains(err.Error(), `"seq"`) {
		t.Errorf("Read = %v, want a permanent error that names the field", err)
	}
}

func TestRecordWithoutPositionIsBroken(t *testing.T) {
	t.Parallel()
	s := answers(t, SourceConfig{Position: &Position{Param: "since", Felt: "seq"}}, `[{"seq":3},{"id":"x"},{"seq":4}]`)
	b := mustRead(t, s, "")
	if len(b.Records) != 3 || b.Records[1].Err == nil || b.Records[2].Err != nil {
		t.Errorf("%+v, want the second broken", b.Records)
	}
	if again := mustRead(t, s, b.Position); len(again.Records) != 0 {
		t.Errorf("again: %+v, want nothing", again.Records)
	}
}

func TestXMLRecords(t *testing.T) {
	t.Parallel()
	s := answers(t, SourceConfig{Format: "xml", Poster: "Sager/Sag"}, xml.Header+`<Sager><Sag nr="1"><Navn>Ærø</Navn></Sag></Sager>`, `<Sager/>`)
	b := mustRead(t, s, "")
	want := map[string]string{"@nr": "1", "Navn": "Ærø"}
	if len(b.Records) != 1 || cmp.Diff(want, b.Records[0].Fields) != "" {
		t.Errorf("%+v, want %v", b.Records, want)
	}
	if b := mustRead(t, s, b.Position); len(b.Records) != 0 {
		t.Errorf("%+v, want none", b.Records)
	}
}

func TestPageLinks(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]string{
		"OtherHost": "http://evil.example/api?side=2", "Itself": "/api", "NoAddress": "%zz", "User": "//a:b@evil.example/",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := answers(t, SourceConfig{Poster: "items", Side: &Pages{Naeste: "next"}}, fmt.Sprintf(`{"items":[],"next":%q}`, next))
			if _, err := s.Read(t.Context(), ""); err == nil || strings.Contains(err.Error(), "a:b") {
				t.Errorf("Read = %v, want an error", err)
			}
		})
	}
}

func TestContentByAddress(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	s.docs["7"] = []byte("x")
	source := openSource(t, SourceConfig{Type: "http", URL: s.server.URL + "/api/sager"}, connector.Env{})
	for _, ref := range []string{"/api/docs/7/content", "docs/7/content", s.server.URL + "/api/docs/7/content"} {
		r, err := source.Open(t.Context(), ref)
		if err != nil {
			t.Errorf("Open(%q): %v", ref, err)
			continue
		}
		r.Close()
	}
	for _, ref := range []string{"http://evil.example/", "//evil.example/", "file:///etc/passwd", "https" + strings.TrimPrefix(s.server.URL, "http")} {
		if _, err := source.Open(t.Context(), ref); err == nil || connector.Temporary(err) {
			t.Errorf("Open(%q) = %v, want a permanent error", ref, err)
		}
	}
	if _, err := source.Open(t.Context(), "/api/docs/8/content"); !connector.Temporary(err) {
		t.Errorf("Open of a document that is not there yet = %v, want temporary", err)
	}
}

func TestSourceValidate(t *testing.T) {
	t.Parallel()
	wantPaths(t, SourceConfig{}.Validate(), "url")
	wantPaths(t, SourceConfig{Type: "http", URL: "https://a/b?c=d"}.Validate())
	wantPaths(t, SourceConfig{
		Type: "rest", URL: "https://user:pw@a/{{x}}", Method: "POST", Format: "xml", Position: &Position{}, Side: &Pages{}, Indhold: "http://b/{{id}}",
		Headers: map[string]string{"X": "{{key}}"}, Listing: connector.Listing{Eksport: "fuld"},
		Auth: connector.Auth{Basic: &connector.BasicAuth{Kodeord: "hemmeligt"}, OAuth2: &connector.OAuth2{}},
	}.Validate(), "auth", "auth.basic.bruger", "auth.basic.kodeord", "auth.oauth2.client_id", "auth.oauth2.client_secret", "auth.oauth2.token_url",
		"eksport", "headers.X", "indhold", "method", "position.felt", "position.param", "poster", "side", "side.naeste", "type", "url")
}

func wantPaths(t *testing.T, problems []connector.Problem, want ...string) {
	t.Helper()
	var got []string
	for _, p := range problems {
		got = append(got, p.Path)
		if strings.Contains(p.String(), "hemmeligt") {
			t.Errorf("the problem %s has the secret", p)
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, slices.Compact(got)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

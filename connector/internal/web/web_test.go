package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox/connector"
)

func TestAddress(t *testing.T) {
	t.Parallel()
	const base = "https://system.dk/api/v1"
	for name, c := range map[string]struct{ text, value, want string }{
		"Path":        {"/sager/{{x}}/dok", "26/1 æ?#", "https://system.dk/sager/26%2F1%20%C3%A6%3F%23/dok"},
		"Query":       {"/sager?nr={{x}}&y={{x}}", "a&b=c +", "https://system.dk/sager?nr=a%26b%3Dc+%2B&y=a%26b%3Dc+%2B"},
		"QueryEmpty":  {"/sager?nr={{x}}", "", "https://system.dk/sager?nr="},
		"Relative":    {"v2/{{x}}", "1", "https://system.dk/api/v2/1"},
		"Whole":       {base + "/{{x}}", "1", base + "/1"},
		"PathEmpty":   {"/sager/{{x}}", "", ""},
		"PathUp":      {"/sager/{{x}}", "..", ""},
		"OtherHost":   {"{{x}}", "//evil.dk/", "https://system.dk/api/%2F%2Fevil.dk%2F"},
		"OtherScheme": {"{{x}}", "javascript:alert", ""},
		"Elsewhere":   {"https://evil.dk/{{x}}", "1", ""},
	} {
		a, err := NewAddress(base, c.text)
		if err != nil {
			t.Fatal(err)
		}
		u, err := a.Expand(func(string) (string, bool) { return c.value, true })
		switch {
		case c.want == "" && err == nil:
			t.Errorf("%s: %s, want an error", name, u)
		case c.want == "" && c.value != "" && c.value != "1" && strings.Contains(err.Error(), c.value):
			t.Errorf("%s: the error %v has the value", name, err)
		case c.want != "" && (err != nil || u.String() != c.want):
			t.Errorf("%s: %v, %v; want %s", name, u, err, c.want)
		}
	}
}

func TestOpHasNoValues(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"https://system.dk/api/{{key}}?apikey=x": "POST /api/{{key}}", "https://system.dk": "POST /", "/a?b=c": "POST /a",
	} {
		a, err := NewAddress("https://system.dk/", text)
		if err != nil || a.Op("POST") != want {
			t.Errorf("%s: %s, %v; want %s", text, a.Op("POST"), err, want)
		}
	}
}

// FuzzAddress: whatever the value, the address is at the configured host and below the configured path.
func FuzzAddress(f *testing.F) {
	f.Add("../x")
	f.Add("//evil.dk")
	f.Add("\x00\n")
	f.Fuzz(func(t *testing.T, value string) {
		a, err := NewAddress("https://system.dk/", "/api/sager/{{x}}/dok?nr={{x}}")
		if err != nil {
			t.Fatal(err)
		}
		u, err := a.Expand(func(string) (string, bool) { return value, true })
		if err != nil {
			return
		}
		parts := strings.Split(u.EscapedPath(), "/")
		if u.Host != "system.dk" || len(parts) != 5 || parts[4] != "dok" || u.Query().Get("nr") != value || u.Fragment != "" {
			t.Fatalf("%q made %s", value, u)
		}
		if got, err := url.PathUnescape(parts[3]); err != nil || got != value {
			t.Fatalf("%q became %q, %v", value, got, err)
		}
	})
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "5": 5 * time.Second, "-5": 0, "x": 0, "Sun, 01 Mar 2026 12:01:00 GMT": time.Minute, "Sun, 01 Mar 2026 11:00:00 GMT": 0,
	} {
		if got := RetryAfter(http.Header{"Retry-After": {text}}, now); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestMissingSecretsAndFilesAreToldAtOnce(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]Options{
		"env:": {Auth: connector.Auth{Bearer: &connector.BearerAuth{Token: "env:MOX_TEST_FINDES_IKKE"}}},
		"X-K":  {Headers: map[string]string{"X-K": "file:findes-ikke"}},
		"ca":   {CA: "findes-ikke.pem"},
	} {
		if _, err := New(o, connector.Env{BaseDir: t.TempDir()}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v, want an error that names it", name, err)
		}
	}
}

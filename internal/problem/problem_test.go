package problem_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/problem"
)

// koder reads the constants of type Kode out of the vocabulary, so that a new one without a status is found.
func koder(t *testing.T) []mox.Kode {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "../../error.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var ud []mox.Kode
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Kode") {
			return true
		}
		s, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		ud = append(ud, mox.Kode(s))
		return false
	})
	return ud
}

func TestHverKodeHarEnStatus(t *testing.T) {
	t.Parallel()
	alle := koder(t)
	if len(alle) < 20 {
		t.Fatalf("only %d codes found in error.go", len(alle))
	}
	for _, k := range alle {
		d := problem.Af(&mox.Error{Kode: k})
		if k != mox.KodeIntern && d.Status == http.StatusInternalServerError {
			t.Errorf("%s has no status", k)
		}
		if d.Status != problem.Status(k) || d.Status < 400 || d.Title == "" || d.Kode != k || d.Type != "urn:mox:problem:"+string(k) {
			t.Errorf("%s: %+v", k, d)
		}
	}
	if got := problem.Status("findes-ikke"); got != http.StatusInternalServerError {
		t.Errorf("unknown code: %d", got)
	}
}

// svar sends err through a real server and gives the answer; the caller's test closes it.
func svar(t *testing.T, err error) *http.Response {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { problem.Skriv(w, r, err) }))
	t.Cleanup(s.Close)
	resp, httpErr := s.Client().Get(s.URL)
	if httpErr != nil {
		t.Fatal(httpErr)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

func TestFremOgTilbage(t *testing.T) {
	t.Parallel()
	sendt := &mox.Error{Kode: mox.KodeUgyldig, Op: "accept", Tekst: "beskeden er ugyldig", Raad: "ret den", Err: errors.New("hemmelig årsag"),
		Felter: []mox.Feltfejl{{Sti: "objektID", Regel: "uuid", Tekst: "mangler", Spec: "mox 4"}}}
	resp := svar(t, fmt.Errorf("udenom: %w", sendt))
	if resp.StatusCode != 400 || resp.Header.Get("Content-Type") != problem.Type || resp.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s %v", resp.Status, resp.Header)
	}
	got := problem.Laes("klient", resp)
	want := &mox.Error{Kode: mox.KodeUgyldig, Op: "klient", Tekst: "beskeden er ugyldig", Raad: "ret den", Felter: sendt.Felter}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDokumentetsFelter(t *testing.T) {
	t.Parallel()
	var got map[string]any
	if err := json.NewDecoder(svar(t, mox.E("x", mox.KodeForStor, "for stort").Med("del det")).Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"type": "urn:mox:problem:for_stor", "title": "For stort", "status": 413.0, "detail": "for stort", "message": "for stort", "kode": "for_stor", "raad": "del det"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestIngenCPRNumre(t *testing.T) {
	t.Parallel()
	d := problem.Af(&mox.Error{Kode: mox.KodeUgyldig, Tekst: "010203-1234 kendes ikke", Raad: "spørg 0102031234",
		Felter: []mox.Feltfejl{{Sti: "felter.010203 1234", Tekst: "0102031234"}}})
	b, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(b), "1234") || strings.Contains(string(b), "010203") {
		t.Errorf("%s", b)
	}
}

func TestLangeTekster(t *testing.T) {
	t.Parallel()
	d := problem.Af(mox.E("x", mox.KodeUgyldig, "%s", strings.Repeat("æ", 5000)))
	if len(d.Detail) > 2010 || !strings.HasSuffix(d.Detail, "æ…") {
		t.Errorf("%d bytes", len(d.Detail))
	}
}

func TestAarsagenFortaellesIkke(t *testing.T) {
	t.Parallel()
	for navn, err := range map[string]error{
		"uden kode":  errors.New("SQL logic error at /var/lib/mox"),
		"intern":     mox.E("x", mox.KodeIntern, "panik i /var/lib/mox"),
		"årsag":      &mox.Error{Kode: mox.KodeUtilgaengelig, Tekst: "svarer ikke", Err: errors.New("/var/lib/mox")},
		"tidsfrist":  context.DeadlineExceeded,
		"for stort":  &http.MaxBytesError{Limit: 10},
		"uden tekst": &mox.Error{Kode: mox.KodeKonflikt},
	} {
		d := problem.Af(err)
		b, jsonErr := json.Marshal(d)
		if jsonErr != nil {
			t.Fatal(jsonErr)
		}
		if strings.Contains(string(b), "/var/lib") || d.Detail == "" {
			t.Errorf("%s: %s", navn, b)
		}
	}
}

func TestSvarUdenDokument(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]mox.Kode{401: mox.KodeIkkeLoggetInd, 403: mox.KodeIkkeTilladt, 404: mox.KodeIkkeFundet, 413: mox.KodeForStor,
		502: mox.KodeUtilgaengelig, 503: mox.KodeUtilgaengelig, 418: mox.KodeIntern} {
		w := httptest.NewRecorder()
		http.Error(w, "<html>proxy</html>", status)
		if got := problem.Laes("klient", w.Result()); got.Kode != want || got.Tekst == "" {
			t.Errorf("%d: %+v", status, got)
		}
	}
}

func TestStatuserMedTilbehoer(t *testing.T) {
	t.Parallel()
	if got := svar(t, mox.E("", mox.KodeIkkeLoggetInd, "nej")).Header.Get("WWW-Authenticate"); got == "" {
		t.Error("401 without WWW-Authenticate")
	}
	if got := svar(t, mox.E("", mox.KodeDiskFuld, "fuld")).Header.Get("Retry-After"); got == "" {
		t.Error("507 without Retry-After")
	}
}

func TestDenDerErGaaetFaarIntetSvar(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	w := httptest.NewRecorder()
	problem.Skriv(w, httptest.NewRequestWithContext(ctx, "GET", "/", nil), context.Canceled)
	if w.Body.Len() != 0 {
		t.Errorf("%s", w.Body)
	}
}

// TestSom has the status that HTTP has for it, and all else as its kode has it, also where the error is wrapped.
func TestSom(t *testing.T) {
	t.Parallel()
	e := mox.E("kald", mox.KodeUgyldig, "PUT er ikke en metode her").Med("brug POST")
	d, uden := problem.Af(fmt.Errorf("x: %w", problem.Som(http.StatusMethodNotAllowed, e))), problem.Af(e)
	if uden.Status = http.StatusMethodNotAllowed; !cmp.Equal(d, uden) {
		t.Errorf("%+v", d)
	}
}

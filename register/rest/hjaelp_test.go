package rest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/indhold"
	"github.com/moxkit/mox/register"
	"github.com/moxkit/mox/register/rest"
	"github.com/moxkit/mox/store"
	"github.com/moxkit/mox/store/storetest"
)

// hus is a register on a database of its own, behind a real port.
type hus struct {
	*testing.T
	http *httptest.Server
	d    *distributor.Distributor
	r    *register.Register
	log  *strings.Builder
	hvem auth.Identitet // who calls
}

// paaBegge runs a test on both databases.
func paaBegge(t *testing.T, f func(h *hus)) {
	t.Helper()
	paaBeggeMed(t, nil, register.Options{}, f)
}

func paaBeggeMed(t *testing.T, aftaler mox.Aftaler, o register.Options, f func(h *hus)) {
	t.Helper()
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		f(nytHusMed(t, storetest.SQLite(t), aftaler, o))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		f(nytHusMed(t, storetest.Postgres(t), aftaler, o))
	})
}

func nytHus(t *testing.T, url string) *hus {
	t.Helper()
	return nytHusMed(t, url, nil, register.Options{})
}

func nytHusMed(t *testing.T, url string, aftaler mox.Aftaler, o register.Options) *hus {
	t.Helper()
	s, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	d, err := distributor.New(t.Context(), s, distributor.Options{Aftaler: aftaler})
	if err != nil {
		t.Fatal(err)
	}
	alt, fejl := mox.LaesFilter(map[string]any{"kildesystem": "Register"})
	if len(fejl) > 0 {
		t.Fatal(fejl)
	}
	if err := d.Konfigurer(t.Context(), []mox.Abonnement{{ID: "alt", System: "Alt", Filter: alt, Orden: mox.OrdenObjekt, Plan: mox.Plan{Forsoeg: 3}, Gentages: true}}, nil); err != nil {
		t.Fatal(err)
	}
	lager, err := indhold.Open(filepath.Join(t.TempDir(), "indhold"))
	if err != nil {
		t.Fatal(err)
	}
	h := &hus{T: t, d: d, r: register.New(d, o), log: &strings.Builder{}, hvem: auth.Lokal()}
	indre := http.NewServeMux()
	indre.Handle("/", rest.Handler(h.r, lager, slog.New(slog.NewTextHandler(h.log, nil))))
	indre.Handle(rest.ForvaltningSti, rest.Forvaltning(h.r, nil))
	h.http = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		indre.ServeHTTP(w, r.WithContext(auth.Med(r.Context(), h.hvem)))
	}))
	t.Cleanup(h.http.Close)
	return h
}

// svar is an answer of the register.
type svar struct {
	h      *hus
	hvad   string
	status int
	header http.Header
	tekst  string
	json   any
}

// kald makes a call; headers are "Name: value".
func (h *hus) kald(metode, sti, krop string, headers ...string) svar {
	h.Helper()
	req, err := http.NewRequestWithContext(h.Context(), metode, h.http.URL+sti, strings.NewReader(krop))
	if err != nil {
		h.Fatal(err)
	}
	if krop != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, linje := range headers {
		navn, v, _ := strings.Cut(linje, ": ")
		req.Header.Set(navn, v)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		h.Fatal(err)
	}
	ud := svar{h: h, hvad: metode + " " + sti + " " + krop, status: res.StatusCode, header: res.Header, tekst: string(b)}
	if len(ud.hvad) > 300 {
		ud.hvad = ud.hvad[:300] + "…"
	}
	if metode != http.MethodHead {
		if err := json.Unmarshal(b, &ud.json); err != nil {
			h.Errorf("%s: not JSON: %s", ud.hvad, b)
		}
	}
	return ud
}

// vil demands a status.
func (s svar) vil(status int) svar {
	s.h.Helper()
	if s.status != status {
		s.h.Fatalf("%s: %d, want %d: %s", s.hvad, s.status, status, s.tekst)
	}
	return s
}

// paa finds a value in the answer by its place: "felter.0.sti".
func (s svar) paa(sti string) string {
	v := s.json
	for _, led := range strings.Split(sti, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[led]
		case []any:
			if nr, err := strconv.Atoi(led); err == nil && nr < len(x) {
				v = x[nr]
				continue
			}
			v = nil
		default:
			return ""
		}
	}
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		return x
	case float64, bool:
		return fmt.Sprint(x)
	}
	b, _ := json.Marshal(v)
	return string(b)
}

// er demands a value.
func (s svar) er(sti, vil string) svar {
	s.h.Helper()
	if got := s.paa(sti); got != vil {
		s.h.Errorf("%s: %s is %q, want %q\n%s", s.hvad, sti, got, vil, s.tekst)
	}
	return s
}

// virk is a virkning in JSON.
func virk(fra, til string) string { return `"virkning":{"from":"` + fra + `","to":"` + til + `"}` }

var altid = virk("-infinity", "infinity")

// sag is the body of a new Sag; felter are more members of its attributes, andet more lists.
func sag(bvn, felter, relationer string) string {
	if felter != "" {
		felter += ","
	}
	return `{"attributter":{"sagegenskaber":[{"brugervendtnoegle":"` + bvn + `","sagsnummer":"` + bvn + `","titel":"Sag ` + bvn + `","beskrivelse":"b","kassationskode":"B",` + felter + altid + `}]},` +
		`"tilstande":{"sagfremdrift":[{"fremdrift":"Opstaaet",` + altid + `}]},"relationer":{` + relationer + `}}`
}

func (h *hus) ny(krop string) string {
	h.Helper()
	return h.kald("POST", "/sag/sag", krop).vil(201).paa("uuid")
}

// indre is the one registrering of a read objekt, below its UUID.
func (s svar) indre(id string) svar {
	s.h.Helper()
	m, _ := s.json.(map[string]any)
	l, _ := m[id].([]any)
	if len(l) != 1 {
		s.h.Fatalf("%s: no objekt %s in %s", s.hvad, id, s.tekst)
	}
	ud := s
	ud.json = l[0].(map[string]any)["registreringer"]
	return ud
}

// beskeder are the beskeder the register has sent, in order: livscykluskode and number.
func (h *hus) beskeder() (ud []string) {
	h.Helper()
	for {
		l, err := h.d.Claim(h.Context(), "alt", "proeve", 100, time.Minute)
		if err != nil {
			h.Fatal(err)
		}
		if len(l) == 0 {
			return ud
		}
		for _, a := range l {
			ud = append(ud, fmt.Sprintf("%s %s", a.Besked.LivscyklusKode, a.Besked.RegistreringID))
			if _, err := h.d.Done(h.Context(), distributor.Afslutning{Leverance: a.Leverance, Forsoeg: a.Forsoeg, Ejer: "proeve", Udfald: mox.Udfald{Resultat: mox.ResAccepteret}}); err != nil {
				h.Fatal(err)
			}
		}
	}
}

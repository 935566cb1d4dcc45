package agent_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox/agent"
)

// livesystem answers with posts, and its own idea of the time.
func livesystem(t *testing.T, poster []map[string]any, ur time.Duration) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", time.Now().Add(ur).UTC().Format(http.TimeFormat))
		if r.URL.Path == "/lukket" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(poster)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

const livemap = `map: sag
objekttype: Sag
felter:
  - {felt: nr, sti: egenskaber.sagsnummer, kraevet: ja}
  - {felt: nr, sti: egenskaber.brugervendtnoegle}
  - {felt: titel, sti: egenskaber.titel, kraevet: ja}
  - {sti: egenskaber.beskrivelse, fast: "-"}
  - {sti: egenskaber.kassationskode, fast: B}
  - {felt: status, sti: tilstande.fremdrift, koder: {NY: Opstaaet}}
`

func liveagent(t *testing.T, adresse string) *agent.Agent {
	t.Helper()
	yaml := "agent: fag\nsystem: Fag\nacts_as: svc-mox\nsources:\n  - name: sager\n    from: {type: http, url: \"" + adresse + "\", eksport: fuld}\n    start: baseline\n    key: nr\n    objekttype: Sag\n    map: sag.yaml\n"
	return liveagentAf(t, yaml)
}

func liveagentAf(t *testing.T, yaml string) *agent.Agent {
	t.Helper()
	dir := t.TempDir()
	for fil, tekst := range map[string]string{"agent.yaml": yaml, "sag.yaml": livemap, "kodeord": "x"} {
		if err := os.WriteFile(filepath.Join(dir, fil), []byte(tekst), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	spec, fejl := agent.Load(filepath.Join(dir, "agent.yaml"))
	if spec == nil {
		t.Fatal(fejl)
	}
	a, err := agent.New(spec, nil, agent.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() }) // nothing was written
	return a
}

// Each assumption that does not hold is told with its own colour, and the others stay green.
func TestLive(t *testing.T) {
	t.Parallel()
	post := func(nr, titel, status string) map[string]any {
		return map[string]any{"nr": nr, "titel": titel, "status": status}
	}
	gode := []map[string]any{post("1", "Carport på Åvej", "NY"), post("2", "Udestue", "NY"), post("3", "Skur", "NY")}
	med := func(andre ...map[string]any) []map[string]any {
		return append(append([]map[string]any{}, gode...), andre...)
	}
	for navn, c := range map[string]struct {
		poster []map[string]any
		sti    string
		ur     time.Duration
		vil    map[string]agent.Lys // what is not green
		siger  string
	}{
		"alt er i orden":              {poster: gode, vil: map[string]agent.Lys{"certifikat": agent.Gul}},
		"ikke lukket ind":             {sti: "/lukket", vil: map[string]agent.Lys{"adgang": agent.Roed, "certifikat": agent.Gul}},
		"ingen poster":                {poster: []map[string]any{}, vil: map[string]agent.Lys{"poster": agent.Gul, "certifikat": agent.Gul}},
		"en ukendt kode":              {poster: med(post("4", "Hegn", "LUKKET")), vil: map[string]agent.Lys{"koder": agent.Gul, "certifikat": agent.Gul}, siger: "LUKKET"},
		"mest ukendte koder":          {poster: []map[string]any{post("4", "Hegn", "X"), post("5", "Mur", "Y")}, vil: map[string]agent.Lys{"koder": agent.Roed, "certifikat": agent.Gul}},
		"en uden titel":               {poster: med(post("4", "", "NY")), vil: map[string]agent.Lys{"oversættelse": agent.Gul, "certifikat": agent.Gul}, siger: "titel"},
		"samme nøgle to gange":        {poster: med(post("1", "En anden", "NY")), vil: map[string]agent.Lys{"nøgle": agent.Gul, "certifikat": agent.Gul}},
		"uden nøgle":                  {poster: []map[string]any{{"titel": "A", "status": "NY"}}, vil: map[string]agent.Lys{"nøgle": agent.Roed, "certifikat": agent.Gul}},
		"forkert tegnsæt":             {poster: med(post("4", "BlÃ¥ port", "NY")), vil: map[string]agent.Lys{"tegnsæt": agent.Roed, "certifikat": agent.Gul}, siger: "titel"},
		"uret går en time bagud":      {poster: gode, ur: -time.Hour, vil: map[string]agent.Lys{"ur": agent.Gul, "certifikat": agent.Gul}, siger: "1h0m"},
		"uret går forud":              {poster: gode, ur: 10 * time.Minute, vil: map[string]agent.Lys{"ur": agent.Gul, "certifikat": agent.Gul}},
		"et CPR-nummer er ingen kode": {poster: med(post("4", "Hegn", "010170-0001")), vil: map[string]agent.Lys{"koder": agent.Gul, "certifikat": agent.Gul}},
	} {
		t.Run(navn, func(t *testing.T) {
			t.Parallel()
			tjek := liveagent(t, livesystem(t, c.poster, c.ur)+c.sti).Live(t.Context())
			fik, tekst := map[string]agent.Lys{}, ""
			for _, x := range tjek {
				tekst += x.Tekst + "\n"
				if x.Lys != agent.Groen {
					fik[x.Hvad] = x.Lys
					if x.Raad == "" {
						t.Errorf("%s har intet råd", x.Hvad)
					}
				}
			}
			if len(fik) != len(c.vil) || !strings.Contains(tekst, c.siger) || strings.Contains(tekst, "0001") {
				t.Errorf("%v, skulle være %v:\n%s", fik, c.vil, tekst)
			}
			for hvad, lys := range c.vil {
				if fik[hvad] != lys {
					t.Errorf("%s er %q, skulle være %q", hvad, fik[hvad], lys)
				}
			}
		})
	}
}

// A sink whose login only the front of its system could tell of is yellow, and what shows it is asked for; with tjek it is tried.
func TestLiveSinkLogin(t *testing.T) {
	t.Parallel()
	for tjek, vil := range map[string]agent.Lys{"": agent.Gul, "tjek: {method: GET, url: /sager}": agent.Groen, "tjek: {method: GET, url: /lukket}": agent.Roed} {
		yaml := "agent: fag\nsystem: Fag\nacts_as: svc-mox\nsinks:\n  - name: sager\n    filter: {objekttype: Sag}\n    map: sag.yaml\n    gentag: naturlig\n    to:\n      type: http\n" +
			"      url: \"" + livesystem(t, nil, 0) + "\"\n      method: PUT\n      auth: {basic: {bruger: mox, kodeord: \"file:kodeord\"}}\n      " + tjek + "\n"
		adgang := liveagentAf(t, yaml).Live(t.Context())[0]
		if adgang.Hvad != "adgang" || adgang.Lys != vil || vil == agent.Gul && !strings.Contains(adgang.Raad, "tjek:") {
			t.Errorf("%q: %+v, want %s", tjek, adgang, vil)
		}
	}
}

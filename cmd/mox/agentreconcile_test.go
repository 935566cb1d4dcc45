package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/moxkit/mox/agent"
)

const afstemAgent = `agent: fritid
system: Fritid
acts_as: svc-mox
sources:
  - name: sager
    from: {type: http, url: "ADRESSE", eksport: fuld}
    start: alt
    key: SAGSNR
    objekttype: Sag
    map: maps/sag.yaml
    interval: 1h
`

const afstemFelter = `  - {felt: SAGSNR, sti: egenskaber.brugervendtnoegle}
  - {sti: egenskaber.beskrivelse, fast: "Sag fra Fritid"}
`

// TestAgentReconcile holds a system against a running MOX: once they are the same, and then not, in the words of the terminal and
// with an exit code.
func TestAgentReconcile(t *testing.T) {
	t.Parallel()
	var sager atomic.Value
	sager.Store(`[{"SAGSNR": "F-1", "TITEL": "Hal", "STATUS": "NY"}, {"SAGSNR": "F-2", "TITEL": "Bad", "STATUS": "NY"}]`)
	system := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(sager.Load().(string)))
	}))
	t.Cleanup(system.Close)
	dir := t.TempDir()
	for navn, tekst := range map[string]string{"agent.yaml": strings.Replace(afstemAgent, "ADRESSE", system.URL, 1), "maps/sag.yaml": mapTabel + afstemFelter, "mox.yaml": "agenter: [agent.yaml]\n"} {
		fil := filepath.Join(dir, navn)
		if err := os.MkdirAll(filepath.Dir(fil), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(fil, []byte(tekst), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	fil := filepath.Join(dir, "agent.yaml")
	kald := func(args ...string) (int, string) {
		kode, ud, fejl := moxKommando(t, append([]string{"agent", "reconcile", fil, "sager", "--dir", dir}, args...)...)
		return kode, ud + fejl
	}
	if kode, ud := kald(); kode != exitServer {
		t.Errorf("MOX is not running: %d %s", kode, ud)
	}
	koer(t, "serve", "--json", "--dir", dir, "--listen", "127.0.0.1:0")
	tick, frist := time.NewTicker(50*time.Millisecond), time.After(time.Minute)
	defer tick.Stop()
	for kode, ud := kald(); kode != exitOK || !strings.Contains(ud, "2 er ens"); kode, ud = kald() { // until the agent has read the system
		select {
		case <-tick.C:
		case <-frist:
			t.Fatalf("they are never the same: %d %s", kode, ud)
		}
	}
	sager.Store(`[{"SAGSNR": "F-1", "TITEL": "Hal 2", "STATUS": "NY"}, {"SAGSNR": "F-3", "TITEL": "Til 0101010101", "STATUS": "NY"}]`)
	kode, ud := kald()
	for _, s := range []string{"Fritid, fritid/sager: 2 poster læst", "0 er ens", "1 kender MOX ikke", "1 afviger", "1 lever i MOX, men mangler i systemet", "F-1  afviger  egenskaber.titel", "F-2  mangler", "ikke ens"} {
		if kode != exitFejl || !strings.Contains(ud, s) {
			t.Errorf("%d: %q is not in\n%s", kode, s, ud)
		}
	}
	_, raa, _ := moxKommando(t, "agent", "reconcile", fil, "sager", "--dir", dir, "--json")
	var a agent.Afstemning
	if err := json.NewDecoder(strings.NewReader(raa)).Decode(&a); err != nil || len(a.Poster) != 3 || !a.Fuld || strings.Contains(raa, "0101010101") {
		t.Errorf("%v: %s", err, raa)
	}
	if kode, _, _ := moxKommando(t, "agent", "reconcile", fil, "andre", "--dir", dir); kode != exitFundet {
		t.Errorf("%d", kode)
	}
}
